//! From what a request carries to who asks. Pure: the records and the time are arguments.

use std::collections::BTreeMap;
use std::net::IpAddr;

use razz_base::CameraId;

use super::grant::{Account, Grant, Rank, Scope, Voucher, Who};
use super::store::{ApiToken, Records, User};
use super::{secret, view};
use razz_config::Network;

/// What a request carries that may say who sent it.
#[derive(Clone, Default)]
pub struct Credentials {
    /// `Authorization: Bearer`: an API token or a view token.
    pub bearer: Option<String>,
    /// `?token=`, a view token: addresses are logged and handed on, so nothing that lasts goes there.
    pub query: Option<String>,
    /// The cookie of a sign-in.
    pub cookie: Option<String>,
    /// The user whom a listed proxy names.
    pub proxied: Option<String>,
    /// Where the client is; `None` where that cannot be told.
    pub address: Option<IpAddr>,
}

/// Who carries these credentials at `now`, UNIX seconds. `removed` are cameras that are gone, and
/// since when. Where several say so the first of the list
/// counts; a token that is not valid is not made good by a cookie beside it.
pub(super) fn identify(
    records: &Records,
    open_networks: &[Network],
    removed: &BTreeMap<u32, i64>,
    credentials: &Credentials,
    now: i64,
) -> Option<Grant> {
    let found = if let Some(token) = &credentials.bearer {
        of_token(records, removed, token, now)
    } else if let Some(token) = &credentials.query {
        of_view_token(records, removed, token, now)
    } else {
        let signed_in = credentials.cookie.as_ref().and_then(|cookie| {
            let digest = secret::digest(cookie);
            let sign_in = records.sign_ins.iter().find(|sign_in| sign_in.digest == digest)?;
            renew(records, &Who::SignedIn(sign_in.user.clone(), digest), now)
        });
        let proxied = || renew(records, &Who::Proxied(credentials.proxied.clone()?), now);
        signed_in.or_else(proxied)
    };
    found.or_else(|| {
        let address = credentials.address?;
        let open = open_networks.iter().any(|network| network.contains(address));
        let who = Who::Neighbour(address);
        open.then_some(Grant { who, rank: Rank::Guest, scope: Scope::ALL })
    })
}

/// What `who` may do as things are at `now`; `None` when they may nothing any more. Of the holder of
/// a view token, and of a neighbour, that is for [`holds`] to say.
fn renew(records: &Records, who: &Who, now: i64) -> Option<Grant> {
    match who {
        Who::SignedIn(name, digest) => {
            let valid = records.sign_ins.iter().any(|sign_in| {
                sign_in.digest == *digest && sign_in.user == *name && sign_in.expires > now
            });
            records.user(name).filter(|_| valid).map(|user| of_user(user, who.clone()))
        }
        Who::Proxied(name) => records.user(name).map(|user| of_user(user, who.clone())),
        Who::Token(id) => {
            let token = records.tokens.iter().find(|token| token.id == *id)?;
            of_api_token(token, now)
        }
        Who::Anybody | Who::Embedded(..) | Who::Neighbour(_) => None,
    }
}

/// Whether what `grant` once allowed, to watch `camera`, is still allowed at `now`. A view token says
/// until when watching may begin: it goes on while the account behind the token sees the camera.
pub(super) fn holds(records: &Records, grant: &Grant, camera: CameraId, now: i64) -> bool {
    match &grant.who {
        Who::Anybody | Who::Neighbour(_) => true,
        Who::Embedded(by, _) => {
            vouched_scope(records, by, now).is_some_and(|scope| scope.sees(camera))
        }
        who => renew(records, who, now).is_some_and(|grant| grant.scope.sees(camera)),
    }
}

/// What an account may do now; `None` where it is gone, or `grant` is of none.
pub(super) fn renewed(records: &Records, grant: &Grant, now: i64) -> Option<Grant> {
    grant.who.account().and_then(|_| renew(records, &grant.who, now))
}

fn of_user(user: &User, who: Who) -> Grant {
    Grant { who, rank: user.role.into(), scope: user.cameras.clone() }
}

fn of_api_token(token: &ApiToken, now: i64) -> Option<Grant> {
    let who = Who::Token(token.id.clone());
    let valid = token.expires.is_none_or(|expires| expires > now);
    valid.then(|| Grant { who, rank: token.role.into(), scope: token.cameras.clone() })
}

fn of_token(
    records: &Records,
    removed: &BTreeMap<u32, i64>,
    token: &str,
    now: i64,
) -> Option<Grant> {
    if token.starts_with(view::MARK) {
        return of_view_token(records, removed, token, now);
    }
    let digest = secret::digest(token);
    of_api_token(records.tokens.iter().find(|token| token.digest == digest)?, now)
}

/// What a view token opens: its cameras, but those that were removed (`removed` says when) since it
/// was made. The rest must be in sight of the account behind it.
fn of_view_token(
    records: &Records,
    removed: &BTreeMap<u32, i64>,
    token: &str,
    now: i64,
) -> Option<Grant> {
    let key = records.view_key();
    if key.is_empty() {
        return None;
    }
    let (mut claims, signature) = view::read(token, &key)?;
    claims.cameras.retain(|id| removed.get(id).is_none_or(|at| *at < claims.made));
    if claims.cameras.is_empty() {
        return None;
    }
    let scope = Scope(Some(claims.cameras));
    let vouched = vouched_scope(records, &claims.by, now)?;
    let who = Who::Embedded(claims.by, signature);
    (claims.until > now && vouched.includes(&scope)).then_some(Grant {
        who,
        rank: Rank::Embedded,
        scope,
    })
}

/// What the account sees that vouches for a view token; `None` when it does so no more: it is gone, is
/// another of the same name, has another password, or its user has signed out.
fn vouched_scope(records: &Records, by: &Voucher, now: i64) -> Option<Scope> {
    match &by.account {
        Account::User(name) => {
            let user = records.user(name).filter(|user| user.generation == by.generation)?;
            let is_in_force = |id: &String| {
                records.sign_ins.iter().any(|sign_in| {
                    sign_in.user == *name
                        && sign_in.expires > now
                        && sign_in_id(&sign_in.digest) == id
                })
            };
            by.sign_in.as_ref().is_none_or(is_in_force).then(|| user.cameras.clone())
        }
        Account::Token(id) => renew(records, &Who::Token(id.clone()), now).map(|grant| grant.scope),
    }
}

/// On whose word view tokens of `who` stand; `None` where there is no account.
pub(super) fn voucher(records: &Records, who: &Who) -> Option<Voucher> {
    let account = who.account()?;
    let user = who.user().map(|name| records.user(name));
    let generation = match user {
        Some(user) => user?.generation.clone(),
        None => String::new(),
    };
    let sign_in = match who {
        Who::SignedIn(_, digest) => Some(sign_in_id(digest).to_owned()),
        _ => None,
    };
    Some(Voucher { account, generation, sign_in })
}

/// As much of a sign-in's digest as tells it from others: 96 bits.
fn sign_in_id(digest: &str) -> &str {
    digest.get(..16).unwrap_or(digest)
}

#[cfg(test)]
mod tests {
    use super::super::grant::Role;
    use super::super::store::{SignIn, Store, StoreError};
    use super::super::testing::Folder;
    use super::*;

    const NOW: i64 = 1_700_000_000;

    fn only(id: u32) -> Scope {
        Scope(Some([id].into()))
    }

    /// The admin ann; the viewer bob, who sees camera 1; a token that sees camera 2.
    fn records() -> Records {
        let folder = Folder::new("identify");
        let store = Store::open(&folder.path("users.json")).unwrap();
        let user = |name: &str, role, cameras| User {
            name: name.to_owned(),
            role,
            cameras,
            password: None,
            generation: String::new(),
        };
        let filled: Result<(), StoreError> = store.update(|records| {
            records.users =
                vec![user("ann", Role::Admin, Scope::ALL), user("bob", Role::Viewer, only(1))];
            for (name, cookie, expires) in [
                ("ann", "cookie-a", NOW + 1),
                ("bob", "cookie-b", NOW),
                ("eve", "cookie-e", NOW + 1),
            ] {
                let digest = secret::digest(cookie);
                records.sign_ins.push(SignIn { user: name.to_owned(), digest, expires });
            }
            for (id, token, expires) in [
                ("1", "token-1", None),
                ("2", "token-2", Some(NOW)),
                ("3", "token-3", Some(NOW + 1)),
            ] {
                records.tokens.push(ApiToken {
                    id: id.to_owned(),
                    name: id.to_owned(),
                    role: Role::Viewer,
                    cameras: only(2),
                    expires,
                    digest: secret::digest(token),
                });
            }
            Ok(())
        });
        filled.unwrap();
        (*store.records()).clone()
    }

    /// An account of an older razz, or an API token.
    fn plainly(account: Account) -> Voucher {
        Voucher { account, generation: String::new(), sign_in: None }
    }

    fn view(records: &Records, camera: u32, until: i64, by: Account) -> String {
        let by = plainly(by);
        let claims = view::Claims { cameras: [camera].into(), until, by, made: NOW - 10 };
        view::sign(&claims, &records.view_key())
    }

    #[test]
    fn who_carries_what() {
        let records = records();
        let bob = || Account::User("bob".to_owned());
        let good = view(&records, 1, NOW + 1, bob());
        let network = ["10.0.0.0/8".parse().unwrap()];
        let none = Credentials::default;
        let bearer = |token: &str| Credentials { bearer: Some(token.to_owned()), ..none() };
        let query = |token: &str| Credentials { query: Some(token.to_owned()), ..none() };
        let cookie = |cookie: &str| Credentials { cookie: Some(cookie.to_owned()), ..none() };
        let proxied = |name: &str| Credentials { proxied: Some(name.to_owned()), ..none() };
        let from = |address: &str| Credentials { address: address.parse().ok(), ..none() };
        for (what, credentials, rank) in [
            ("nothing", none(), None),
            ("a cookie", cookie("cookie-a"), Some(Rank::Admin)),
            ("a cookie whose time is over", cookie("cookie-b"), None),
            ("a cookie of someone who is gone", cookie("cookie-e"), None),
            ("a cookie that is none", cookie("cookie-x"), None),
            ("a digest for a cookie", cookie(&secret::digest("cookie-a")), None),
            ("an API token", bearer("token-1"), Some(Rank::Viewer)),
            ("one whose time is over", bearer("token-2"), None),
            ("one whose time is to come", bearer("token-3"), Some(Rank::Viewer)),
            ("one that is none", bearer("token-4"), None),
            ("an API token in the query", query("token-1"), None),
            ("a view token", query(&good), Some(Rank::Embedded)),
            ("a view token as bearer", bearer(&good), Some(Rank::Embedded)),
            ("one that is over", query(&view(&records, 1, NOW, bob())), None),
            ("one for more than its maker sees", query(&view(&records, 2, NOW + 1, bob())), None),
            (
                "one of nobody",
                query(&view(&records, 1, NOW + 1, Account::User("eve".to_owned()))),
                None,
            ),
            (
                "one of a token that is over",
                query(&view(&records, 2, NOW + 1, Account::Token("2".to_owned()))),
                None,
            ),
            ("a proxy's word", proxied("bob"), Some(Rank::Viewer)),
            ("a proxy's word for nobody", proxied("eve"), None),
            ("an open network", from("10.1.2.3"), Some(Rank::Guest)),
            ("the same, mapped", from("::ffff:10.1.2.3"), Some(Rank::Guest)),
            ("another network", from("11.1.2.3"), None),
            (
                "a bad token beside a good cookie",
                Credentials { bearer: Some("x".to_owned()), ..cookie("cookie-a") },
                None,
            ),
            (
                "a bad token in an open network",
                Credentials { bearer: Some("x".to_owned()), ..from("10.1.2.3") },
                Some(Rank::Guest),
            ),
            (
                "a cookie in an open network",
                Credentials { cookie: Some("cookie-a".to_owned()), ..from("10.1.2.3") },
                Some(Rank::Admin),
            ),
        ] {
            let grant = identify(&records, &network, &BTreeMap::new(), &credentials, NOW);
            assert_eq!(grant.map(|grant| grant.rank), rank, "{what}");
        }
    }

    #[test]
    fn a_view_token_opens_no_camera_that_was_removed_since() {
        let records = records();
        let by = plainly(Account::User("ann".to_owned()));
        let sees = |made, removed: &[(u32, i64)]| {
            let (cameras, until) = ([1, 2].into(), NOW + 1);
            let claims = view::Claims { cameras, until, by: by.clone(), made };
            let token = view::sign(&claims, &records.view_key());
            let removed = removed.iter().copied().collect();
            let credentials = Credentials { bearer: Some(token), ..Credentials::default() };
            identify(&records, &[], &removed, &credentials, NOW).map(|grant| grant.scope)
        };
        let both = Some(Scope(Some([1, 2].into())));
        assert_eq!(sees(NOW - 10, &[]), both);
        assert_eq!(sees(NOW - 10, &[(3, NOW), (1, NOW - 11)]), both, "made after it");
        for made in [0, NOW - 12, NOW - 11] {
            assert_eq!(sees(made, &[(1, NOW - 11)]), Some(only(2)), "{made}");
        }
        assert_eq!(sees(NOW - 10, &[(1, NOW), (2, NOW)]), None, "no list is not every camera");
    }

    #[test]
    fn what_was_begun_ends_with_the_right_to_it() {
        let records = records();
        let (one, two) = (CameraId::new(1).unwrap(), CameraId::new(2).unwrap());
        let ann = Who::SignedIn("ann".to_owned(), secret::digest("cookie-a"));
        let bob = Who::Proxied("bob".to_owned());
        let embedded = |by: Account| Who::Embedded(plainly(by), "signature".to_owned());
        for (who, camera, now, goes_on) in [
            (Who::Anybody, one, NOW, true),
            (ann.clone(), one, NOW, true),
            (ann, one, NOW + 1, false),
            (Who::SignedIn("ann".to_owned(), secret::digest("cookie-b")), one, NOW, false),
            (bob.clone(), one, NOW, true),
            (bob, two, NOW, false),
            (Who::Token("3".to_owned()), two, NOW, true),
            (Who::Token("3".to_owned()), two, NOW + 1, false),
            (Who::Token("9".to_owned()), two, NOW, false),
            // A view token's own time counts for the beginning only.
            (embedded(Account::User("bob".to_owned())), one, NOW + 9999, true),
            (embedded(Account::User("bob".to_owned())), two, NOW, false),
            (embedded(Account::User("eve".to_owned())), one, NOW, false),
            (Who::Neighbour([10, 0, 0, 1].into()), one, NOW, true),
        ] {
            let grant = Grant { who, rank: Rank::Viewer, scope: Scope::ALL };
            assert_eq!(holds(&records, &grant, camera, now), goes_on, "{grant:?} {camera} {now}");
        }
    }
}
