//! Locks: spans of a camera's footage that never give way.
//!
//! They cannot be made from the footage. So they do not stand in the database, which may be lost, but in a file of
//! their own beside it, which people can read: [`LOCKS`]. It is read whenever it matters and replaced as a whole,
//! within a transaction of the database, so that one at a time changes it and nothing is taken away meanwhile. One that
//! cannot be read is an error, and nothing gives way until it can be.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use razz_base::{CameraId, MediaTime};
use serde::{Deserialize, Serialize};

use super::{Dated, Index, IndexError, Times};
use crate::disk::sync_folder;

/// The file, beside the database.
pub const LOCKS: &str = "locks.json";
/// A note has no more characters.
pub const NOTE_CHARS: usize = 500;
/// The version of the file.
const VERSION: u32 = 1;

/// A span of a camera's footage that never gives way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lock {
    /// Its number, which no other lock of this folder ever has.
    pub id: i64,
    /// Whose footage.
    pub camera: CameraId,
    /// It is locked from then on.
    pub from: Dated,
    /// Until before then.
    pub until: Dated,
    /// What somebody has written about it; no more than [`NOTE_CHARS`] characters.
    pub note: String,
    /// Who has made it.
    pub by: String,
    /// When it was made, in UTC µs since 1970.
    pub made_us: i64,
}

/// Why a lock was not made.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// It ends where it begins, or before that.
    #[error("a lock has to end after it begins")]
    Empty,
    /// The note is too long.
    #[error("the note has {0} characters; no more than {NOTE_CHARS} are kept")]
    NoteTooLong(usize),
    /// The locks that there are cannot be read, or not be written.
    #[error(transparent)]
    Index(#[from] IndexError),
}

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Locks {
    version: u32,
    /// Numbers from here on were never given.
    next_id: i64,
    locks: Vec<Written>,
}

impl Default for Locks {
    fn default() -> Self {
        Self { version: VERSION, next_id: 1, locks: Vec::new() }
    }
}

/// A lock in the file: media time at 90 kHz, wall time in UTC µs since 1970.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: i64,
    camera: u32,
    begins_90k: i64,
    ends_90k: i64,
    wall_begins_us: i64,
    wall_ends_us: i64,
    note: String,
    by: String,
    made_us: i64,
}

impl Index {
    /// Locks the footage of a camera between two moments, recorded or yet to be. `by` is who does so, `now_us` when: UTC, in
    /// µs since 1970. Spans may overlap: each is unlocked by itself.
    ///
    /// # Errors
    /// When it is no span, the note is too long, or the locks cannot be read or written.
    pub fn lock(
        &self,
        camera: CameraId,
        [from, until]: [Dated; 2],
        note: &str,
        by: &str,
        now_us: i64,
    ) -> Result<Lock, LockError> {
        let chars = note.chars().count();
        if chars > NOTE_CHARS {
            return Err(LockError::NoteTooLong(chars));
        }
        if until.time <= from.time {
            return Err(LockError::Empty);
        }
        self.at_once(|index| {
            let mut locks = index.read_locks()?;
            let (note, by, made_us) = (note.to_owned(), by.to_owned(), now_us);
            let lock = Lock { id: locks.next_id, camera, from, until, note, by, made_us };
            locks.next_id += 1;
            locks.locks.push((&lock).into());
            index.write_locks(&locks)?;
            Ok(lock)
        })
    }

    /// Takes a lock away: what nobody else has locked may give way again. `false` where the camera has none of that number.
    ///
    /// # Errors
    /// When the locks cannot be read or written.
    pub fn unlock(&self, camera: CameraId, id: i64) -> Result<bool, IndexError> {
        self.at_once(|index| {
            let mut locks = index.read_locks()?;
            let before = locks.locks.len();
            locks.locks.retain(|lock| (lock.camera, lock.id) != (camera.as_u32(), id));
            let is_there = locks.locks.len() < before;
            if is_there {
                index.write_locks(&locks)?;
            }
            Ok(is_there)
        })
    }

    /// The locks of a camera that have something between these times, oldest first by their beginnings.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn locks(
        &self,
        camera: CameraId,
        from: MediaTime,
        until: MediaTime,
    ) -> Result<Vec<Lock>, IndexError> {
        let mut locks = self.all_locks()?;
        locks.retain(|lock| {
            lock.camera == camera && lock.until.time > from && lock.from.time < until
        });
        locks.sort_by_key(|lock| (lock.from.time, lock.id));
        Ok(locks)
    }

    /// What is locked of each camera.
    ///
    /// # Errors
    /// When the locks cannot be read.
    pub fn locked(&self) -> Result<BTreeMap<CameraId, Times>, IndexError> {
        let mut spans: BTreeMap<CameraId, Vec<[MediaTime; 2]>> = BTreeMap::new();
        for lock in self.all_locks()? {
            spans.entry(lock.camera).or_default().push([lock.from.time, lock.until.time]);
        }
        Ok(spans.into_iter().map(|(camera, spans)| (camera, Times::of(spans))).collect())
    }

    /// What is locked of one camera.
    pub(super) fn locked_of(&self, camera: CameraId) -> Result<Times, IndexError> {
        Ok(self.locked()?.remove(&camera).unwrap_or_default())
    }

    /// The locks of every camera, in the order in which they were made.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn all_locks(&self) -> Result<Vec<Lock>, IndexError> {
        Ok(self.read_locks()?.locks.into_iter().filter_map(Written::lock).collect())
    }

    fn locks_path(&self) -> PathBuf {
        self.path.with_file_name(LOCKS)
    }

    fn locks_error(&self, why: impl ToString) -> IndexError {
        IndexError::Locks { path: self.locks_path(), why: why.to_string() }
    }

    fn read_locks(&self) -> Result<Locks, IndexError> {
        let unreadable = |why: String| {
            self.locks_error(format!("{why}; nothing recorded gives way until it can be read"))
        };
        let text = match fs::read_to_string(self.locks_path()) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Locks::default()),
            Err(error) => return Err(unreadable(error.to_string())),
        };
        let mut locks: Locks =
            serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))?;
        if locks.version != VERSION {
            let why = format!("its version is {}, and {VERSION} is known", locks.version);
            return Err(unreadable(why));
        }
        if !locks.locks.iter().all(Written::is_lock) {
            return Err(unreadable("a lock has no camera, or ends before it begins".to_owned()));
        }
        let most = locks.locks.iter().map(|lock| lock.id).max().unwrap_or(0);
        locks.next_id = locks.next_id.max(most.saturating_add(1));
        Ok(locks)
    }

    fn write_locks(&self, locks: &Locks) -> Result<(), IndexError> {
        let text = serde_json::to_string_pretty(locks).map_err(|error| self.locks_error(error))?;
        replace(&self.locks_path(), &format!("{text}\n")).map_err(|error| self.locks_error(error))
    }
}

impl Written {
    /// Whether it makes sense.
    fn is_lock(&self) -> bool {
        self.begins_90k < self.ends_90k && CameraId::new(self.camera).is_some()
    }

    fn lock(self) -> Option<Lock> {
        let dated = |ticks, wall_us| Dated { time: MediaTime::from_90k(ticks), wall_us };
        Some(Lock {
            id: self.id,
            camera: CameraId::new(self.camera)?,
            from: dated(self.begins_90k, self.wall_begins_us),
            until: dated(self.ends_90k, self.wall_ends_us),
            note: self.note,
            by: self.by,
            made_us: self.made_us,
        })
    }
}

impl From<&Lock> for Written {
    fn from(lock: &Lock) -> Self {
        Self {
            id: lock.id,
            camera: lock.camera.as_u32(),
            begins_90k: lock.from.time.as_90k(),
            ends_90k: lock.until.time.as_90k(),
            wall_begins_us: lock.from.wall_us,
            wall_ends_us: lock.until.wall_us,
            note: lock.note.clone(),
            by: lock.by.clone(),
            made_us: lock.made_us,
        }
    }
}

/// Writes a file as a whole or not at all, also when the power is cut.
fn replace(path: &Path, text: &str) -> Result<(), Box<dyn std::error::Error>> {
    let new = path.with_extension("json.new");
    let mut file = File::create(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    sync_folder(folder.unwrap_or(Path::new(".")))?;
    Ok(())
}

#[cfg(test)]
mod tests;
