//! The facts in SQLite: what was crossed and visited, how many were there, and sums by quarters of an hour.
//!
//! All of it but the drawings can be made anew from the record, as far back as that goes. A fact replaces the one with
//! its key (area, time, track) unless that has a higher revision, and sums follow in the same transaction: however often
//! the same is told, it is counted once.

mod areas;
mod forget;
mod query;
mod rows;
mod spent;
mod state;
mod view;
mod write;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::names::Names;

pub use query::{AreaFacts, BUCKETS_S, Dwell, Occupancy, Range, Series};
pub use rows::{Change, Cursor, Filter, Kind, Rows};
pub(crate) use spent::TimeSpent;
pub(crate) use state::State;
pub(crate) use view::Drawn;
pub(crate) use write::Commit;

/// The version of the tables. Others are refused: drawings cannot be made anew.
const VERSION: i64 = 1;
/// Another process may be reading.
const WAIT: Duration = Duration::from_secs(5);

/// `time`, `begins`, `ends` and what has `90k` in its name are media time, `wall` UTC in µs since 1970; `quarter` is UTC
/// in quarters of an hour. `direction`: 0 in, 1 out. `end`: 0 left, 1 lost, 2 the area was closed.
/// `sum.kind`: 0 crossed in, 1 crossed out, 2 visits that began. `dwell.bucket`: see [`query::BUCKETS_S`].
/// `view`: what a camera saw when its areas were drawn, in levels of brightness row by row, and the drawings.
/// `spent`: ticks during which `people` were in the zone. `watched`: spans in which somebody looked.
const TABLES: &str = "
CREATE TABLE class (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE area (
  id INTEGER PRIMARY KEY,
  camera INTEGER NOT NULL, area INTEGER NOT NULL, version INTEGER NOT NULL,
  name TEXT NOT NULL, drawing TEXT NOT NULL,
  begins INTEGER, ends INTEGER, counted INTEGER NOT NULL,
  UNIQUE (camera, area, version)
) STRICT;
CREATE TABLE crossing (
  area INTEGER NOT NULL, time INTEGER NOT NULL, track INTEGER NOT NULL,
  revision INTEGER NOT NULL, retracted INTEGER NOT NULL, wall INTEGER NOT NULL,
  direction INTEGER NOT NULL, class INTEGER NOT NULL, x REAL NOT NULL, y REAL NOT NULL,
  seen_before INTEGER NOT NULL, seen_after INTEGER NOT NULL,
  bridged INTEGER NOT NULL, joined_from INTEGER, speed REAL, speed_error REAL,
  PRIMARY KEY (area, time, track)
) STRICT, WITHOUT ROWID;
CREATE INDEX crossing_in_time ON crossing (wall, area);
CREATE TABLE visit (
  area INTEGER NOT NULL, time INTEGER NOT NULL, track INTEGER NOT NULL,
  revision INTEGER NOT NULL, retracted INTEGER NOT NULL, wall INTEGER NOT NULL,
  class INTEGER NOT NULL, from_90k INTEGER NOT NULL, entered INTEGER NOT NULL,
  end_90k INTEGER, end_wall INTEGER, end INTEGER, last_track INTEGER NOT NULL,
  PRIMARY KEY (area, time, track)
) STRICT, WITHOUT ROWID;
CREATE INDEX visit_in_time ON visit (wall, area);
CREATE TABLE occupancy (
  area INTEGER NOT NULL, time INTEGER NOT NULL, wall INTEGER NOT NULL,
  people INTEGER NOT NULL, classes TEXT NOT NULL,
  PRIMARY KEY (area, time)
) STRICT, WITHOUT ROWID;
CREATE INDEX occupancy_in_time ON occupancy (area, wall);
CREATE TABLE sum (
  area INTEGER NOT NULL, quarter INTEGER NOT NULL, kind INTEGER NOT NULL, class INTEGER NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY (area, quarter, kind, class)
) STRICT, WITHOUT ROWID;
CREATE TABLE dwell (
  area INTEGER NOT NULL, quarter INTEGER NOT NULL, class INTEGER NOT NULL, bucket INTEGER NOT NULL,
  n INTEGER NOT NULL, ticks INTEGER NOT NULL,
  PRIMARY KEY (area, quarter, class, bucket)
) STRICT, WITHOUT ROWID;
CREATE TABLE spent (
  area INTEGER NOT NULL, quarter INTEGER NOT NULL, people INTEGER NOT NULL, ticks INTEGER NOT NULL,
  PRIMARY KEY (area, quarter, people)
) STRICT, WITHOUT ROWID;
CREATE TABLE watched (
  area INTEGER NOT NULL, begins INTEGER NOT NULL, ends INTEGER NOT NULL,
  PRIMARY KEY (area, begins)
) STRICT, WITHOUT ROWID;
CREATE TABLE state (
  camera INTEGER PRIMARY KEY, time INTEGER NOT NULL, wall INTEGER NOT NULL, snapshot BLOB NOT NULL
) STRICT;
CREATE TABLE view (
  camera INTEGER PRIMARY KEY, width INTEGER NOT NULL, luma BLOB NOT NULL, drawings TEXT NOT NULL
) STRICT;
";

/// Why facts cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum FactsError {
    /// SQLite says so.
    #[error("the facts in {path} cannot be used: {error}")]
    Sqlite {
        /// The database.
        path: PathBuf,
        /// Its words.
        error: rusqlite::Error,
    },
    /// Made by another razz.
    #[error(
        "the facts in {path} are of version {found}, and this razz knows version {VERSION}: start the razz \
         that made them, or move the file away to count anew"
    )]
    Version {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
    },
    /// The folder.
    #[error("the folder of {path} cannot be made: {error}")]
    Folder {
        /// The database.
        path: PathBuf,
        /// The system's words.
        error: std::io::Error,
    },
}

/// The database.
#[derive(Debug)]
pub struct Database {
    sqlite: Connection,
    path: PathBuf,
    /// So many names of classes are known to be in it.
    classes: usize,
}

impl Database {
    /// The one at `path`, which is made where it is not there.
    ///
    /// # Errors
    /// When it cannot be made or read.
    pub fn open(path: &Path) -> Result<Self, FactsError> {
        if let Some(folder) = path.parent() {
            let made = std::fs::create_dir_all(folder);
            made.map_err(|error| FactsError::Folder { path: path.to_owned(), error })?;
        }
        let database = Self::connect(path, OpenFlags::default())?;
        let version = database.sqlite.pragma_query_value(None, "user_version", |row| row.get(0));
        match database.of(version)? {
            VERSION => Ok(database),
            0 => {
                let begin = format!("BEGIN; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;");
                database.of(database.sqlite.execute_batch(&begin))?;
                Ok(database)
            }
            found => Err(FactsError::Version { path: path.to_owned(), found }),
        }
    }

    /// The one at `path`, which is there, only to read it.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open_to_read(path: &Path) -> Result<Self, FactsError> {
        Self::connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
    }

    /// Another connection to the same database.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn another(&self) -> Result<Self, FactsError> {
        Self::connect(&self.path, OpenFlags::default())
    }

    fn connect(path: &Path, flags: OpenFlags) -> Result<Self, FactsError> {
        let of = |error| FactsError::Sqlite { path: path.to_owned(), error };
        let sqlite = Connection::open_with_flags(path, flags).map_err(of)?;
        sqlite.busy_timeout(WAIT).map_err(of)?;
        if !flags.contains(OpenFlags::SQLITE_OPEN_READ_ONLY) {
            sqlite.pragma_update(None, "journal_mode", "wal").map_err(of)?;
        }
        // What a power cut takes is made anew from the record; a process that is killed loses nothing.
        sqlite.pragma_update(None, "synchronous", "normal").map_err(of)?;
        sqlite.set_prepared_statement_cache_capacity(64);
        Ok(Self { sqlite, path: path.to_owned(), classes: 0 })
    }

    fn of<T>(&self, outcome: rusqlite::Result<T>) -> Result<T, FactsError> {
        outcome.map_err(|error| FactsError::Sqlite { path: self.path.clone(), error })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What classes are called.
    pub(crate) fn names(&self) -> Result<Names, FactsError> {
        self.of((|| {
            let mut statement = self.sqlite.prepare_cached("SELECT name FROM class ORDER BY id")?;
            let names = statement.query_map([], |row| row.get::<_, String>(0))?;
            let names = names.collect::<rusqlite::Result<Vec<_>>>()?;
            Ok(Names::new(names.into_iter().map(Arc::from).collect()))
        })())
    }
}

#[cfg(test)]
mod tests;
