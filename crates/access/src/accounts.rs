//! Signing in and out, and what admins do with users and tokens. What writes the users file blocks:
//! it is not for the runtime's own threads.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::PoisonError;
use std::time::Duration;

use super::grant::{Grant, Rank, Role, Scope};
use super::limit::Trier;
use super::store::{ApiToken, Records, SignIn, StoreError, User};
use super::{Access, On, identify, password, secret, view};

/// How long a sign-in lasts, in seconds.
pub const SIGN_IN_S: i64 = 14 * 86_400;
/// So many browsers may be signed in as one user; the oldest gives way.
const SIGN_INS_EACH: usize = 32;
/// Longest name of a user or a token, in characters.
const LONGEST_NAME: usize = 64;
/// Most users, and most tokens.
const MOST: usize = 1000;
/// Longest life of a view token in seconds.
const LONGEST_VIEW_S: i64 = 86_400;
/// Life of a view token that asks for none.
const USUAL_VIEW_S: i64 = 3600;
/// Longest life of an API token in days.
const LONGEST_TOKEN_DAYS: i64 = 3650;

/// Why something about accounts is not done.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// There are no accounts.
    #[error("access control is off on this server, so there is nobody to sign in and no token")]
    Off,
    /// Which of the two is wrong is not told.
    #[error("the name or the password is wrong")]
    Wrong,
    /// Too many tries.
    #[error("too many tries to sign in; wait {} s", .0.as_secs().max(1))]
    TooOften(Duration),
    /// The link was used, or is of an earlier start.
    #[error(
        "this set-up link is not valid (any more); start razz again for a new one, or use `razz users add`"
    )]
    NoSetUp,
    /// There is no such user.
    #[error("there is no user {0:?}")]
    UnknownUser(String),
    /// There is no such token.
    #[error("there is no token {0:?}")]
    UnknownToken(String),
    /// The name is taken.
    #[error("there is a user {0:?} already")]
    Taken(String),
    /// Nobody could change anything any more.
    #[error("this is the last admin; make another one first")]
    LastAdmin,
    /// More than are wanted.
    #[error("there are {MOST} already; remove some first")]
    Full,
    /// A key of what was sent cannot be so.
    #[error("{1}")]
    Invalid(&'static str, String),
    /// The cameras are not in sight of who asks.
    #[error("a view token shows no more than its maker sees")]
    OutOfSight,
    /// The file.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A password that is about to be tried, and was counted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attempt {
    name: String,
    trier: Trier,
    wait: Duration,
}

impl Attempt {
    /// How long to wait before it is made: many have tried this name.
    pub fn wait(&self) -> Duration {
        self.wait
    }
}

/// A user to be.
#[derive(Clone)]
pub struct NewUser {
    /// How they sign in.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// What they see; `None`: all.
    pub cameras: Option<BTreeSet<u32>>,
    /// `None`: they come through a trusted proxy only.
    pub password: Option<String>,
}

/// What changes about a user; what is `None` stays.
#[derive(Clone, Default)]
pub struct UserEdit {
    /// What they may do.
    pub role: Option<Role>,
    /// What they see; `Some(None)`: all.
    pub cameras: Option<Option<BTreeSet<u32>>>,
    /// Signs them out everywhere.
    pub password: Option<String>,
}

/// An API token to be.
#[derive(Clone)]
pub struct NewToken {
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// What it sees; `None`: all.
    pub cameras: Option<BTreeSet<u32>>,
    /// Days until it ends; `None`: never.
    pub days: Option<i64>,
}

/// A view token to be.
#[derive(Clone)]
pub struct NewViewToken {
    /// The cameras.
    pub cameras: BTreeSet<u32>,
    /// Seconds in which watching may begin: 1 to 86400; `None`: 3600.
    pub seconds: Option<i64>,
}

impl Access {
    fn accounts(&self) -> Result<&On, AccessError> {
        self.on.as_ref().ok_or(AccessError::Off)
    }

    /// A token with which the first admin can be made, once; `None` where there is an admin.
    pub fn begin_set_up(&self) -> Option<String> {
        let on = self.on.as_ref()?;
        if has_admin(&on.store.records()) {
            return None;
        }
        let token = secret::new();
        *on.set_up() = Some(secret::digest(&token));
        Some(token)
    }

    /// Whether there is no admin yet.
    pub fn needs_set_up(&self) -> bool {
        self.on.as_ref().is_some_and(|on| !has_admin(&on.store.records()))
    }

    /// Makes the first admin and answers the cookie of their sign-in.
    pub fn set_up(&self, token: &str, name: &str, password: &str) -> Result<String, AccessError> {
        let on = self.accounts()?;
        let given = secret::digest(token);
        if on.set_up().as_ref() != Some(&given) {
            return Err(AccessError::NoSetUp);
        }
        let user = NewUser {
            name: name.to_owned(),
            role: Role::Admin,
            cameras: None,
            password: Some(password.to_owned()),
        };
        let user = on.make_user(user)?;
        let name = user.name.clone();
        let expires = self.now_s() + SIGN_IN_S;
        let cookie = on.store.update(|records| {
            if has_admin(records) {
                return Err(AccessError::NoSetUp);
            }
            records.users.retain(|kept| kept.name != user.name);
            records.users.push(user);
            Ok(sign_in(records, &name, expires))
        })?;
        *on.set_up() = None;
        tracing::info!("the first admin is {name:?}; the set-up link is used up");
        Ok(cookie)
    }

    /// Counts a try to sign in as `name` from `address`; [`Self::sign_in`] makes it, once
    /// [`Attempt::wait`] is over.
    pub fn attempt(&self, name: &str, address: IpAddr) -> Result<Attempt, AccessError> {
        if name.chars().count() > LONGEST_NAME {
            return Err(AccessError::Wrong);
        }
        self.count(Trier::Stranger(name.to_owned(), address), name)
    }

    /// The same of who is signed in as `name` and says what their password is. What strangers try
    /// does not count for it.
    pub fn attempt_of_own(&self, name: &str) -> Result<Attempt, AccessError> {
        self.count(Trier::SignedIn(name.to_owned()), name)
    }

    fn count(&self, trier: Trier, name: &str) -> Result<Attempt, AccessError> {
        let counted = self.accounts()?.limiter().take(&trier, self.clock.mono());
        let wait = counted.map_err(AccessError::TooOften)?;
        Ok(Attempt { name: name.to_owned(), trier, wait })
    }

    /// Whether `password` is that of the user whose name is tried; answers what is kept of it. A right
    /// one does not count as a try.
    fn verified(&self, attempt: &Attempt, password: &str) -> Result<String, AccessError> {
        let on = self.accounts()?;
        if password.len() > password::LONGEST {
            return Err(AccessError::Wrong);
        }
        let name = attempt.name.as_str();
        let kept = on.store.records().user(name).and_then(|user| user.password.clone());
        let right = match &kept {
            Some(kept) => password::verify(password, kept),
            None => {
                // As long as the other way, so that nobody learns which names there are.
                password::hash(password, on.cost);
                false
            }
        };
        if !right {
            if let Trier::Stranger(_, address) = attempt.trier {
                tracing::warn!("a sign-in from {address} was refused");
            }
            return Err(AccessError::Wrong);
        }
        on.limiter().give_back(&attempt.trier, self.clock.mono());
        kept.ok_or(AccessError::Wrong)
    }

    /// Signs a user in; answers the cookie.
    pub fn sign_in(&self, attempt: &Attempt, password: &str) -> Result<String, AccessError> {
        let kept = self.verified(attempt, password)?;
        let (now_s, name) = (self.now_s(), attempt.name.clone());
        self.accounts()?.store.update(|records| {
            // The file may have been changed since.
            let same = |user: &User| user.password.as_ref() == Some(&kept);
            if !records.user(&name).is_some_and(same) {
                return Err(AccessError::Wrong);
            }
            records.sign_ins.retain(|sign_in| sign_in.expires > now_s);
            Ok(sign_in(records, &name, now_s + SIGN_IN_S))
        })
    }

    /// Ends the sign-in with this cookie.
    pub fn sign_out(&self, cookie: &str) -> Result<(), AccessError> {
        let digest = secret::digest(cookie);
        self.accounts()?.store.update(|records| {
            records.sign_ins.retain(|sign_in| sign_in.digest != digest);
            Ok(())
        })
    }

    /// The users.
    pub fn users(&self) -> Result<Vec<User>, AccessError> {
        Ok(self.accounts()?.store.records().users.clone())
    }

    /// Adds a user.
    pub fn add_user(&self, user: NewUser) -> Result<User, AccessError> {
        let on = self.accounts()?;
        on.store.add_user(on.make_user(user)?)
    }

    /// Changes a user. Another password signs them out everywhere and ends their view tokens.
    pub fn change_user(&self, name: &str, edit: UserEdit) -> Result<User, AccessError> {
        let on = self.accounts()?;
        let password = edit.password.as_deref().map(|word| on.make_password(word)).transpose()?;
        on.store.change_user(name, edit, password)
    }

    /// Changes a user's own password, given the one they have ([`Self::attempt_of_own`]); answers the
    /// cookie of the one sign-in that is left.
    pub fn change_password(
        &self,
        attempt: &Attempt,
        current: &str,
        new: &str,
    ) -> Result<String, AccessError> {
        let name = attempt.name.as_str();
        self.verified(attempt, current).map_err(|error| match error {
            AccessError::Wrong => {
                AccessError::Invalid("current", "`current` is not your password".to_owned())
            }
            error => error,
        })?;
        self.change_user(name, UserEdit { password: Some(new.to_owned()), ..UserEdit::default() })?;
        let expires = self.now_s() + SIGN_IN_S;
        self.accounts()?.store.update(|records| Ok(sign_in(records, name, expires)))
    }

    /// Removes a user, with their sign-ins.
    pub fn remove_user(&self, name: &str) -> Result<(), AccessError> {
        self.accounts()?.store.remove_user(name)
    }

    /// The API tokens.
    pub fn tokens(&self) -> Result<Vec<ApiToken>, AccessError> {
        Ok(self.accounts()?.store.records().tokens.clone())
    }

    /// Makes an API token; answers it and, this once, what it reads.
    pub fn add_token(&self, token: NewToken) -> Result<(ApiToken, String), AccessError> {
        let on = self.accounts()?;
        let name = token.name.trim().to_owned();
        if name.is_empty()
            || name.chars().count() > LONGEST_NAME
            || name.chars().any(char::is_control)
        {
            let expected = format!("`name` expects one line of 1 to {LONGEST_NAME} characters");
            return Err(AccessError::Invalid("name", expected));
        }
        if token.days.is_some_and(|days| !(1..=LONGEST_TOKEN_DAYS).contains(&days)) {
            let expected = format!("`days` expects a whole number from 1 to {LONGEST_TOKEN_DAYS}");
            return Err(AccessError::Invalid("days", expected));
        }
        let cameras = scope(token.role, token.cameras)?;
        let said = format!("razz_{}", secret::new());
        let made = ApiToken {
            id: secret::new()[..12].to_owned(),
            name,
            role: token.role,
            cameras,
            expires: token.days.map(|days| self.now_s() + days * 86_400),
            digest: secret::digest(&said),
        };
        on.store.update(|records| {
            if records.tokens.len() >= MOST {
                return Err(AccessError::Full);
            }
            records.tokens.push(made.clone());
            Ok(())
        })?;
        Ok((made, said))
    }

    /// Ends an API token.
    pub fn remove_token(&self, id: &str) -> Result<(), AccessError> {
        self.accounts()?.store.update(|records| {
            let before = records.tokens.len();
            records.tokens.retain(|token| token.id != id);
            let gone = records.tokens.len() < before;
            if gone { Ok(()) } else { Err(AccessError::UnknownToken(shown(id))) }
        })
    }

    /// Takes `cameras` that were removed from every user and token, and ends the view tokens for
    /// those `lately` removed, each at a time in UNIX seconds: what has their number next is another
    /// camera. Who saw no other camera sees none then. Says whether no user and no token lists them
    /// any more.
    pub fn forget_cameras(&self, lately: &BTreeMap<u32, i64>, cameras: &BTreeSet<u32>) -> bool {
        let Some(on) = &self.on else { return false };
        on.removed.write().unwrap_or_else(PoisonError::into_inner).clone_from(lately);
        match on.store.forget_cameras(cameras) {
            Ok(()) => true,
            Err(error) => {
                tracing::error!("users and tokens still list cameras that were removed: {error}");
                false
            }
        }
    }

    /// The highest number of a camera that a user or token lists; 0 where none is listed.
    pub fn highest_camera(&self) -> u32 {
        let Some(on) = &self.on else { return 0 };
        let records = on.store.records();
        scopes(&records).filter_map(|scope| scope.0.as_ref()?.last().copied()).max().unwrap_or(0)
    }

    /// A view token on behalf of `grant`'s account, and until when watching may begin, in UNIX
    /// seconds.
    pub fn view_token(
        &self,
        grant: &Grant,
        wanted: NewViewToken,
    ) -> Result<(String, i64), AccessError> {
        let on = self.accounts()?;
        let seconds = wanted.seconds.unwrap_or(USUAL_VIEW_S);
        if !(1..=LONGEST_VIEW_S).contains(&seconds) {
            let expected = format!("`seconds` expects a whole number from 1 to {LONGEST_VIEW_S}");
            return Err(AccessError::Invalid("seconds", expected));
        }
        if wanted.cameras.is_empty() || wanted.cameras.len() > 100 {
            let expected = "`cameras` expects 1 to 100 numbers of cameras".to_owned();
            return Err(AccessError::Invalid("cameras", expected));
        }
        let asked = Scope(Some(wanted.cameras.clone()));
        let by = identify::voucher(&on.store.records(), &grant.who);
        let may = grant.rank >= Rank::Viewer && grant.scope.includes(&asked);
        let by = by.filter(|_| may).ok_or(AccessError::OutOfSight)?;
        let made = self.now_s();
        let until = made + seconds;
        let claims = view::Claims { cameras: wanted.cameras, until, by, made };
        // There is an account, so the file was written once and has a key.
        Ok((view::sign(&claims, &on.store.records().view_key()), until))
    }
}

impl On {
    fn make_user(&self, user: NewUser) -> Result<User, AccessError> {
        let password = user.password.as_deref().map(|word| self.make_password(word)).transpose()?;
        checked_user(user, password)
    }

    fn make_password(&self, word: &str) -> Result<String, AccessError> {
        make_password(word, self.cost)
    }
}

/// What is kept of a new password.
pub fn make_password(word: &str, cost: password::Cost) -> Result<String, AccessError> {
    let (shortest, longest) = (password::SHORTEST, password::LONGEST);
    if word.chars().count() < shortest || word.len() > longest {
        let expected = format!("`password` expects {shortest} characters at least");
        return Err(AccessError::Invalid("password", expected));
    }
    Ok(password::hash(word, cost))
}

/// The user that `user` describes, with what is kept of their password.
pub fn checked_user(user: NewUser, password: Option<String>) -> Result<User, AccessError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_@+".contains(c);
    let length = user.name.chars().count();
    // `.` and `..` lead elsewhere in an address, `-x` is an option of many a command.
    let begins_well = user.name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    if !(1..=LONGEST_NAME).contains(&length) || !user.name.chars().all(plain) || !begins_well {
        let expected = format!(
            "`name` expects 1 to {LONGEST_NAME} letters, digits or any of . - _ @ +, no blanks, and a \
             letter, a digit or _ first"
        );
        return Err(AccessError::Invalid("name", expected));
    }
    let cameras = scope(user.role, user.cameras)?;
    Ok(User { name: user.name, role: user.role, cameras, password, generation: generation() })
}

/// What tells an account from others that have had its name, and from itself under another password.
fn generation() -> String {
    secret::new()[..12].to_owned()
}

/// An admin sees every camera: they could give themselves the sight of it anyway.
fn scope(role: Role, cameras: Option<BTreeSet<u32>>) -> Result<Scope, AccessError> {
    match (role, cameras) {
        (Role::Admin, Some(_)) => {
            let expected = "`cameras` is for viewers: an admin sees all".to_owned();
            Err(AccessError::Invalid("cameras", expected))
        }
        (_, cameras) if cameras.as_ref().is_some_and(|listed| listed.contains(&0)) => {
            let expected = "`cameras` expects numbers of cameras, from 1".to_owned();
            Err(AccessError::Invalid("cameras", expected))
        }
        (_, cameras) => Ok(Scope(cameras)),
    }
}

impl super::Store {
    /// Adds a user.
    pub fn add_user(&self, user: User) -> Result<User, AccessError> {
        self.update(|records| {
            if records.user(&user.name).is_some() {
                return Err(AccessError::Taken(user.name.clone()));
            }
            if records.users.len() >= MOST {
                return Err(AccessError::Full);
            }
            records.users.push(user.clone());
            Ok(user)
        })
    }

    /// Changes a user; `password` is what is kept of the new one.
    pub fn change_user(
        &self,
        name: &str,
        edit: UserEdit,
        password: Option<String>,
    ) -> Result<User, AccessError> {
        self.update(|records| {
            let had_admin = has_admin(records);
            let unknown = || AccessError::UnknownUser(shown(name));
            let user = records.users.iter_mut().find(|user| user.name == name);
            let user = user.ok_or_else(unknown)?;
            let role = edit.role.unwrap_or(user.role);
            let kept = if role == Role::Admin { None } else { user.cameras.0.clone() };
            let cameras = scope(role, edit.cameras.unwrap_or(kept))?;
            (user.role, user.cameras) = (role, cameras);
            let new_password = password.is_some();
            if new_password {
                user.password = password;
                user.generation = generation();
            }
            let changed = user.clone();
            if had_admin && !has_admin(records) {
                return Err(AccessError::LastAdmin);
            }
            if new_password {
                records.sign_ins.retain(|sign_in| sign_in.user != name);
            }
            Ok(changed)
        })
    }

    /// Removes a user, with their sign-ins.
    pub fn remove_user(&self, name: &str) -> Result<(), AccessError> {
        self.update(|records| {
            let had_admin = has_admin(records);
            let before = records.users.len();
            records.users.retain(|user| user.name != name);
            if records.users.len() == before {
                return Err(AccessError::UnknownUser(shown(name)));
            }
            if had_admin && !has_admin(records) {
                return Err(AccessError::LastAdmin);
            }
            records.sign_ins.retain(|sign_in| sign_in.user != name);
            Ok(())
        })
    }

    /// Takes cameras from every user and token that lists them.
    fn forget_cameras(&self, cameras: &BTreeSet<u32>) -> Result<(), StoreError> {
        let lists_any =
            |scope: &Scope| scope.0.as_ref().is_some_and(|listed| !listed.is_disjoint(cameras));
        // The file is not written for nothing.
        if !scopes(&self.records()).any(lists_any) {
            return Ok(());
        }
        self.update(|records| {
            let users = records.users.iter_mut().map(|user| &mut user.cameras);
            let tokens = records.tokens.iter_mut().map(|token| &mut token.cameras);
            // A list that is empty then stays one: without a list all cameras would be in sight.
            for listed in users.chain(tokens).filter_map(|scope| scope.0.as_mut()) {
                listed.retain(|id| !cameras.contains(id));
            }
            Ok(())
        })
    }

    /// The users.
    pub fn users(&self) -> Vec<User> {
        self.records().users.clone()
    }
}

/// What every user and token sees.
fn scopes(records: &Records) -> impl Iterator<Item = &Scope> {
    let tokens = records.tokens.iter().map(|token| &token.cameras);
    records.users.iter().map(|user| &user.cameras).chain(tokens)
}

fn has_admin(records: &Records) -> bool {
    records.users.iter().any(|user| user.role == Role::Admin)
}

/// Notes a sign-in of `name` and answers its cookie.
fn sign_in(records: &mut Records, name: &str, expires: i64) -> String {
    let cookie = secret::new();
    let theirs = records.sign_ins.iter().filter(|sign_in| sign_in.user == name).count();
    if theirs >= SIGN_INS_EACH
        && let Some(oldest) = records.sign_ins.iter().position(|sign_in| sign_in.user == name)
    {
        records.sign_ins.remove(oldest);
    }
    let digest = secret::digest(&cookie);
    records.sign_ins.push(SignIn { user: name.to_owned(), digest, expires });
    cookie
}

/// As much of `text` as an error quotes.
fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}
