//! The users file: users, API tokens and sign-ins, beside the config. Passwords are kept as argon2id
//! hashes, everything else that opens a door as a digest.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};

use super::grant::{Role, Scope};
use super::secret;
use razz_config::atomic;

/// Who may read the file: its owner.
const MODE: u32 = 0o600;

/// A user.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// How they sign in; unique.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// What they see; an admin sees all.
    pub cameras: Scope,
    /// argon2id, as a PHC string; without one only a trusted proxy can vouch for them.
    pub(super) password: Option<String>,
    /// Drawn anew when the account is made and with each new password: view tokens of one before do not
    /// count. Empty in files of an older razz.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) generation: String,
}

impl User {
    /// The same with a password, as it is kept.
    pub fn with_password(self, kept: String) -> Self {
        Self { password: Some(kept), ..self }
    }

    /// Whether they may sign in by themselves.
    pub fn has_password(&self) -> bool {
        self.password.is_some()
    }
}

/// An API token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiToken {
    /// Names it where it may be seen.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// What it sees.
    pub cameras: Scope,
    /// In UNIX seconds; `None`: never.
    pub expires: Option<i64>,
    /// Of the token itself.
    pub(super) digest: String,
}

/// A user's sign-in on one browser.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignIn {
    pub(super) user: String,
    /// Of the cookie.
    pub(super) digest: String,
    /// In UNIX seconds.
    pub(super) expires: i64,
}

/// What the file holds. It shows nothing of itself: there is no `Debug`.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Records {
    pub(super) users: Vec<User>,
    pub(super) tokens: Vec<ApiToken>,
    pub(super) sign_ins: Vec<SignIn>,
    /// Signs view tokens; base64url.
    view_key: String,
}

impl Records {
    /// The user of this name.
    pub(super) fn user(&self, name: &str) -> Option<&User> {
        self.users.iter().find(|user| user.name == name)
    }

    /// The key that signs view tokens; empty before there is one.
    pub(super) fn view_key(&self) -> Vec<u8> {
        BASE64.decode(&self.view_key).unwrap_or_default()
    }
}

/// Why the users file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Not to be read.
    #[error("the users file {0} cannot be read ({1}); give it back to the user that razz runs as")]
    Read(String, io::Error),
    /// Not to be understood.
    #[error("{0}:{1}:{2}: not a users file; put a copy back, or remove it and set up anew")]
    Form(String, usize, usize),
    /// Others can read it.
    #[error("the users file {0} can be read by others; chmod 600 it")]
    Exposed(String),
    /// Not to be written.
    #[error(
        "the users file {0} cannot be written ({1}); name another place with `access.users_file`"
    )]
    Write(String, io::Error),
}

/// Tells whether the file has been replaced.
type FileVersion = Option<(SystemTime, u64)>;

/// The file and what it says.
pub struct Store {
    path: PathBuf,
    kept: RwLock<(Arc<Records>, FileVersion)>,
    /// Held while the file is changed: who reads does not wait for the disk.
    changing: Mutex<()>,
}

impl Store {
    /// Reads the file at `path`; one that is not there holds nobody.
    ///
    /// # Errors
    /// When it can be read by others, or not by us.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let stamp = stamp(path);
        let records = Arc::new(load(path)?);
        Ok(Self {
            path: path.to_owned(),
            kept: RwLock::new((records, stamp)),
            changing: Mutex::default(),
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it says, as last read.
    pub(super) fn records(&self) -> Arc<Records> {
        Arc::clone(&self.kept.read().unwrap_or_else(PoisonError::into_inner).0)
    }

    /// Reads it anew if another program (`razz users`) has written it. True if it has.
    ///
    /// # Errors
    /// As [`Self::open`]; what was read before stays in force.
    pub fn refresh(&self) -> Result<bool, StoreError> {
        let stamp = stamp(&self.path);
        if self.kept.read().unwrap_or_else(PoisonError::into_inner).1 == stamp {
            return Ok(false);
        }
        self.keep(load(&self.path)?, stamp);
        Ok(true)
    }

    fn keep(&self, records: Records, stamp: FileVersion) {
        *self.kept.write().unwrap_or_else(PoisonError::into_inner) = (Arc::new(records), stamp);
    }

    /// Changes the file, one change at a time over all programs. What `work` refuses changes nothing.
    ///
    /// # Errors
    /// What `work` says, or the disk's.
    pub(super) fn update<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut Records) -> Result<T, E>,
    ) -> Result<T, E> {
        let name = || self.path.display().to_string();
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let folder =
            self.path.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // Locked until it is closed; no file of its own is left behind.
        let lock = File::open(folder).and_then(|folder| folder.lock().map(|()| folder));
        let _lock = lock.map_err(|error| StoreError::Write(name(), error))?;
        let mut records = load(&self.path)?;
        let outcome = work(&mut records)?;
        if records.view_key.is_empty() {
            records.view_key = BASE64.encode(secret::random());
        }
        let text = serde_json::to_string_pretty(&records).expect("strings always serialise");
        atomic::replace(&self.path, format!("{text}\n"), Permissions::from_mode(MODE))
            .map_err(|error| StoreError::Write(name(), error))?;
        self.keep(records, stamp(&self.path));
        Ok(outcome)
    }
}

fn stamp(path: &Path) -> FileVersion {
    let data = fs::metadata(path).ok()?;
    Some((data.modified().ok()?, std::os::unix::fs::MetadataExt::ino(&data)))
}

fn load(path: &Path) -> Result<Records, StoreError> {
    let name = || path.display().to_string();
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Records::default()),
        Err(error) => return Err(StoreError::Read(name(), error)),
    };
    let mode = fs::metadata(path).map_err(|error| StoreError::Read(name(), error))?;
    if mode.permissions().mode() & 0o077 != 0 {
        return Err(StoreError::Exposed(name()));
    }
    // serde's words might quote what is in it.
    serde_json::from_str(&text).map_err(|e| StoreError::Form(name(), e.line(), e.column()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Folder;

    fn user(name: &str) -> User {
        User {
            name: name.to_owned(),
            role: Role::Viewer,
            cameras: Scope(Some([1].into())),
            password: Some("$argon2id$…".to_owned()),
            generation: String::new(),
        }
    }

    fn add(store: &Store, name: &str) {
        let added: Result<(), StoreError> = store.update(|records| {
            records.users.push(user(name));
            Ok(())
        });
        added.unwrap();
    }

    #[test]
    fn what_is_written_is_read_by_its_owner_alone() {
        let folder = Folder::new("store");
        let path = folder.path("razz.users.json");
        let store = Store::open(&path).unwrap();
        assert!(store.records().users.is_empty() && !path.exists());
        add(&store, "ann");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, MODE);
        assert!(Store::open(&path).unwrap().records().user("ann") == Some(&user("ann")));
        assert_eq!(store.records().view_key().len(), 32);
        assert_eq!(fs::read_dir(folder.path("")).unwrap().count(), 1, "nothing is left behind");
    }

    #[test]
    fn changes_of_two_programs_are_both_kept_and_noticed() {
        let folder = Folder::new("store-two");
        let path = folder.path("razz.users.json");
        let (one, two) = (Store::open(&path).unwrap(), Store::open(&path).unwrap());
        add(&one, "ann");
        add(&two, "bob");
        assert!(one.records().user("bob").is_none());
        assert!(one.refresh().unwrap() && !one.refresh().unwrap());
        assert!(one.records().user("ann").is_some() && one.records().user("bob").is_some());
        let key = one.records().view_key();
        add(&one, "eve");
        assert_eq!(one.records().view_key(), key, "the key stays");
    }

    #[test]
    fn what_is_refused_changes_nothing() {
        let folder = Folder::new("store-refused");
        let path = folder.path("razz.users.json");
        let store = Store::open(&path).unwrap();
        add(&store, "ann");
        let before = fs::read(&path).unwrap();
        let refused: Result<(), StoreError> = store.update(|records| {
            records.users.clear();
            Err(StoreError::Exposed("x".to_owned()))
        });
        assert!(refused.is_err() && store.records().users.len() == 1);
        assert_eq!(fs::read(&path).unwrap(), before);
    }

    #[test]
    fn a_file_that_is_none_or_is_open_to_others_is_refused_without_a_word_of_it() {
        let folder = Folder::new("store-bad");
        let path = folder.path("razz.users.json");
        let put = |text: &str, mode: u32| {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            Store::open(&path).map(|_| ()).unwrap_err().to_string()
        };
        for text in ["hunter2", "{\"users\": [\"hunter2\"]}", "{\"hunter2\": 1}", ""] {
            let said = put(text, 0o600);
            assert!(said.contains("not a users file") && !said.contains("hunter2"), "{said}");
        }
        for mode in [0o644, 0o640, 0o604] {
            let said = put("{}", mode);
            assert!(said.contains("chmod 600"), "{said}");
        }
        let store = Store::open(&folder.path("nowhere/users.json")).unwrap();
        let written: Result<(), StoreError> = store.update(|_| Ok(()));
        assert!(matches!(written, Err(StoreError::Write(..))));
    }
}
