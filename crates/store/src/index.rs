//! What is recorded, in SQLite: so that nothing has to look into files to draw a timeline, or to find a frame.
//!
//! It can be made from the files at any time, so it need not survive a power cut to the last row: a file's row is
//! written when it begins, and once more when it ends; of one that did not end, [`Root::mend`](crate::disk::Root::mend)
//! says what is in it. What somebody has locked cannot be made from the files, and stands in a file beside it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use razz_base::{CLOCK_RATE, CameraId, MediaTime, RunId, WallQuality, WallTime};
use rusqlite::{Connection, ErrorCode, Params, Row, Transaction, TransactionBehavior, params};

use crate::name::FileName;
use crate::scan::Scanned;

mod fragments;
mod gap;
mod locks;
mod stretches;
mod times;
mod tracks;

pub use fragments::{Fragments, Place};
pub use gap::{Gap, GapReason};
pub use locks::{LOCKS, Lock, LockError, NOTE_CHARS};
pub use stretches::{Dated, Stretch};
pub use times::Times;
pub use tracks::{Density, RebuildError, StoredVisit};

/// The version of the tables. Another one is made anew from the files.
const VERSION: i64 = 4;
/// Footage that goes on after no more than this is one stretch, in ticks: files follow one another without a break, and
/// a picture may come late.
const JOINED_90K: i64 = CLOCK_RATE;
/// Files that hold the same time, as after a clock was set back, are no longer than this, in ticks.
const OVERLAP_90K: i64 = 3600 * CLOCK_RATE;
/// Behind the name of the database: a file that says that it is damaged.
const DAMAGED: &str = "-damaged";
/// Another process may be reading.
const WAIT: Duration = Duration::from_secs(5);

/// Times are media time at 90 kHz, but for `name` and `wall`: UTC, in ms and µs since 1970. `quality`: 1 by the
/// camera's sender reports, 0 by arrival. `ended`: 0 while a file is written, and while there is a
/// writer. `fragments`: see [`Fragments`].
const TABLES: &str = "
CREATE TABLE recording (
  id INTEGER PRIMARY KEY,
  camera INTEGER NOT NULL, name INTEGER NOT NULL,
  begins INTEGER NOT NULL, ends INTEGER NOT NULL,
  wall INTEGER NOT NULL, quality INTEGER NOT NULL, run INTEGER NOT NULL,
  header INTEGER NOT NULL, bytes INTEGER NOT NULL, frames INTEGER NOT NULL,
  ended INTEGER NOT NULL, fragments BLOB NOT NULL,
  UNIQUE (camera, name)
) STRICT;
CREATE INDEX recording_in_time ON recording (camera, ends, begins, name, bytes, frames, wall, quality, ended);
CREATE INDEX recording_not_ended ON recording (camera, name) WHERE ended = 0;
CREATE TABLE gap (
  camera INTEGER NOT NULL, begins INTEGER NOT NULL, ends INTEGER NOT NULL, reason INTEGER NOT NULL,
  PRIMARY KEY (camera, begins)
) STRICT, WITHOUT ROWID;
CREATE TABLE writer (ended INTEGER NOT NULL) STRICT;
INSERT INTO writer VALUES (1);
";

/// Why the index cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// SQLite says so.
    #[error("{path}: {error}; `razz record check` makes it anew from the files")]
    Sqlite {
        /// The database.
        path: PathBuf,
        /// Its words.
        error: rusqlite::Error,
    },
    /// The file of locks cannot be read or written.
    #[error("{path}: {why}")]
    Locks {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

/// A file, without what is in it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Span {
    /// Its name.
    pub name: FileName,
    /// Its first picture.
    pub from: MediaTime,
    /// Behind its last one.
    pub until: MediaTime,
    /// When the first was taken.
    pub wall: WallTime,
    /// Its length, in bytes.
    pub bytes: u64,
    /// Its pictures.
    pub frames: u64,
    /// Nothing more is written to it.
    pub ended: bool,
}

impl Span {
    /// When a frame of it was taken.
    pub(crate) fn dated(&self, time: MediaTime) -> Dated {
        Dated { time, wall_us: self.wall.us + time.since_us(self.from) }
    }
}

/// What a file's row says.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// As it is listed.
    pub span: Span,
    /// The RTSP session that it came by.
    pub run: RunId,
    /// Bytes before its first fragment.
    pub header: u64,
    /// What is in it.
    pub fragments: Fragments,
}

impl Entry {
    /// Of a file that was looked through; `None` where it has no picture.
    pub fn of(name: FileName, scanned: &Scanned) -> Option<Self> {
        let (first, last) = (scanned.fragments.first()?, scanned.fragments.last()?);
        let span = Span {
            name,
            from: first.summary.from,
            until: last.summary.until,
            wall: first.summary.wall,
            bytes: scanned.whole,
            frames: scanned.fragments.iter().map(|found| u64::from(found.summary.frames)).sum(),
            ended: true,
        };
        let (run, header) = (RunId(0), scanned.header);
        Some(Self { span, run, header, fragments: Fragments::of(scanned) })
    }
}

/// The database.
#[derive(Debug)]
pub struct Index {
    database: Connection,
    path: PathBuf,
}

impl Index {
    /// The index at `path`, which is made where it is not there. Answers besides whether it is new, or was of another
    /// version or damaged: then it is empty, and has to be filled from the files.
    ///
    /// It is looked through for damage where a writer had not ended: that takes a second for a million files. Damage that
    /// shows later is an error, and a file beside says so, by which it is made anew when it is opened next.
    ///
    /// # Errors
    /// When it cannot be made, or the one that is there cannot be read now: it may be sound.
    pub fn open(path: &Path) -> Result<(Self, bool), IndexError> {
        let of = |error| IndexError::Sqlite { path: path.to_owned(), error };
        match Self::try_open(path) {
            Ok(Some(index)) => return Ok((index, false)),
            Ok(None) => {}
            Err(error) if is_damage(&error) => {}
            Err(error) => return Err(of(error)),
        }
        for suffix in ["", "-wal", "-shm", DAMAGED] {
            // Where it is not there, or cannot be taken away, what follows says so.
            let _ = std::fs::remove_file(beside(path, suffix));
        }
        let database = connect(path).map_err(of)?;
        database.execute_batch(TABLES).map_err(of)?;
        database.execute_batch(stretches::TABLES).map_err(of)?;
        database.execute_batch(tracks::TABLES).map_err(of)?;
        database.pragma_update(None, "user_version", VERSION).map_err(of)?;
        Ok((Self { database, path: path.to_owned() }, true))
    }

    /// Another connection to the same database, for another thread. It was found sound when this one was opened.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn another(&self) -> Result<Self, IndexError> {
        let database = self.of(connect(&self.path))?;
        Ok(Self { database, path: self.path.clone() })
    }

    fn try_open(path: &Path) -> rusqlite::Result<Option<Self>> {
        if !path.is_file() || beside(path, DAMAGED).exists() {
            return Ok(None);
        }
        let database = connect(path)?;
        let version: i64 = database.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if version != VERSION {
            return Ok(None);
        }
        let has_ended =
            database.query_row("SELECT ended FROM writer", [], |row| row.get::<_, bool>(0))?;
        if !has_ended {
            let found: String =
                database.pragma_query_value(None, "quick_check", |row| row.get(0))?;
            if found != "ok" {
                return Ok(None);
            }
        }
        Ok(Some(Self { database, path: path.to_owned() }))
    }

    /// Writing begins, or has ended: what a process leaves that has not said so is looked through for damage.
    ///
    /// # Errors
    /// When the database does not take it.
    pub(crate) fn put_writer(&self, has_ended: bool) -> Result<(), IndexError> {
        self.of(self.database.execute("UPDATE writer SET ended = ?1", [has_ended]).map(drop))
    }

    fn of<T>(&self, outcome: rusqlite::Result<T>) -> Result<T, IndexError> {
        outcome.map_err(|error| {
            if is_damage(&error) {
                // Where this cannot be written nothing can, and the error is said all the same.
                let _ = std::fs::write(beside(&self.path, DAMAGED), format!("{error}\n"));
            }
            IndexError::Sqlite { path: self.path.clone(), error }
        })
    }

    fn rows<T>(
        &self,
        query: &str,
        of: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, IndexError> {
        let statement = self.database.prepare_cached(query);
        self.of(statement.and_then(|mut statement| statement.query_map(of, read)?.collect()))
    }

    /// Writes a file's row, or writes it anew.
    ///
    /// # Errors
    /// When the database does not take it.
    pub fn put(&self, camera: CameraId, entry: &Entry) -> Result<(), IndexError> {
        self.at_once(|index| {
            let before = index.ended_at(camera, entry.span.name)?;
            index.put_row(camera, entry)?;
            let now = entry.span.ended.then_some(entry.span.until);
            if let Some(before) = before.filter(|before| Some(*before) != now) {
                index.remake_stretches(camera, before)?;
            }
            now.map_or(Ok(()), |now| index.remake_stretches(camera, now))
        })
    }

    fn put_row(&self, camera: CameraId, entry: &Entry) -> Result<(), IndexError> {
        let Entry { span, run, header, fragments } = entry;
        let written = self.database.prepare_cached(
            "INSERT OR REPLACE INTO recording (camera, name, begins, ends, wall, quality, run, header, bytes, frames, \
             ended, fragments) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        );
        self.of(written.and_then(|mut statement| {
            statement.execute(params![
                camera.as_u32(),
                span.name.as_ms(),
                span.from.as_90k(),
                span.until.as_90k(),
                span.wall.us,
                span.wall.quality == WallQuality::SenderReport,
                run.0,
                *header as i64,
                span.bytes as i64,
                span.frames as i64,
                span.ended,
                fragments.0,
            ])
        }))?;
        Ok(())
    }

    /// Where a file ends; `None` of one that has not ended, or is not known.
    fn ended_at(&self, camera: CameraId, name: FileName) -> Result<Option<MediaTime>, IndexError> {
        let ends = self.rows(
            "SELECT ends FROM recording WHERE camera = ?1 AND name = ?2 AND ended = 1",
            params![camera.as_u32(), name.as_ms()],
            |row| Ok(MediaTime::from_90k(row.get(0)?)),
        )?;
        Ok(ends.first().copied())
    }

    /// A file is gone.
    ///
    /// # Errors
    /// When the database does not take it.
    pub fn remove(&self, camera: CameraId, name: FileName) -> Result<(), IndexError> {
        self.at_once(|index| {
            let before = index.ended_at(camera, name)?;
            index.of(index.database.execute(
                "DELETE FROM recording WHERE camera = ?1 AND name = ?2",
                params![camera.as_u32(), name.as_ms()],
            ))?;
            before.map_or(Ok(()), |before| index.remake_stretches(camera, before))
        })
    }

    /// Writes a gap; one that begins at the same time becomes this one.
    ///
    /// # Errors
    /// When the database does not take it.
    pub fn put_gap(&self, camera: CameraId, gap: Gap) -> Result<(), IndexError> {
        let written = self.database.execute(
            "INSERT OR REPLACE INTO gap (camera, begins, ends, reason) VALUES (?1, ?2, ?3, ?4)",
            params![camera.as_u32(), gap.from.as_90k(), gap.until.as_90k(), gap.reason as i64],
        );
        self.of(written.map(drop))
    }

    /// The files of a camera that have something between these times, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn spans(
        &self,
        camera: CameraId,
        from: MediaTime,
        until: MediaTime,
    ) -> Result<Vec<Span>, IndexError> {
        let statement = self.database.prepare_cached(
            "SELECT name, begins, ends, wall, quality, bytes, frames, ended FROM recording \
             WHERE camera = ?1 AND ends > ?2 ORDER BY ends, begins, name",
        );
        let (until, beyond) = (until.as_90k(), until.plus_90k(OVERLAP_90K).as_90k());
        self.of(statement.and_then(|mut statement| {
            let mut rows = statement.query(params![camera.as_u32(), from.as_90k()])?;
            let mut spans = Vec::new();
            while let Some(row) = rows.next()? {
                let begins: i64 = row.get(1)?;
                if begins < until {
                    spans.push(span(row)?);
                } else if begins >= beyond {
                    // What comes after is later still.
                    break;
                }
            }
            Ok(spans)
        }))
    }

    /// The first file of a camera that ends at this time or later.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn ending_from(
        &self,
        camera: CameraId,
        time: MediaTime,
    ) -> Result<Option<Span>, IndexError> {
        let first = self.rows(
            "SELECT name, begins, ends, wall, quality, bytes, frames, ended FROM recording \
             WHERE camera = ?1 AND ends >= ?2 AND ended = 1 ORDER BY ends, begins, name LIMIT 1",
            params![camera.as_u32(), time.as_90k()],
            span,
        )?;
        Ok(first.first().copied())
    }

    /// The newest file of a camera.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn newest(&self, camera: CameraId) -> Result<Option<Span>, IndexError> {
        let newest = self.rows(
            "SELECT name, begins, ends, wall, quality, bytes, frames, ended FROM recording \
             WHERE camera = ?1 ORDER BY ends DESC LIMIT 1",
            params![camera.as_u32()],
            span,
        )?;
        Ok(newest.first().copied())
    }

    /// The oldest file of a camera.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn oldest(&self, camera: CameraId) -> Result<Option<Span>, IndexError> {
        let oldest = self.rows(
            "SELECT name, begins, ends, wall, quality, bytes, frames, ended FROM recording \
             WHERE camera = ?1 ORDER BY ends LIMIT 1",
            params![camera.as_u32()],
            span,
        )?;
        Ok(oldest.first().copied())
    }

    /// Every file of every camera.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn all(&self) -> Result<Vec<(CameraId, Span)>, IndexError> {
        let read = |row: &Row<'_>| Ok((CameraId::new(row.get(8)?), span(row)?));
        let rows = self.rows(
            "SELECT name, begins, ends, wall, quality, bytes, frames, ended, camera FROM recording",
            [],
            read,
        )?;
        Ok(rows.into_iter().filter_map(|(camera, span)| Some((camera?, span))).collect())
    }

    /// A file has given way to newer footage: its row goes, and what is missing now has its reason, unless nothing is
    /// left before it.
    ///
    /// # Errors
    /// When the database does not take it.
    pub fn give_way(&self, camera: CameraId, gone: Span) -> Result<(), IndexError> {
        self.at_once(|index| {
            index.remove(camera, gone.name)?;
            let Some(oldest) = index.oldest(camera)? else {
                return index.forget_gaps(camera, gone.until);
            };
            if oldest.from >= gone.until {
                return index.forget_gaps(camera, oldest.from);
            }
            // One gap with what went before it.
            let before = index.gaps(camera, gone.from.plus_90k(-JOINED_90K), gone.until)?;
            let before = before.iter().find(|gap| {
                gap.reason == GapReason::Deleted
                    && gap.until.since_90k(gone.from).abs() < JOINED_90K
            });
            let from = before.map_or(gone.from, |gap| gap.from);
            index.put_gap(camera, Gap { from, until: gone.until, reason: GapReason::Deleted })
        })
    }

    /// Gaps that end before anything that is kept say nothing.
    fn forget_gaps(&self, camera: CameraId, until: MediaTime) -> Result<(), IndexError> {
        let gone = self.database.execute(
            "DELETE FROM gap WHERE camera = ?1 AND ends <= ?2",
            params![camera.as_u32(), until.as_90k()],
        );
        self.of(gone.map(drop))
    }

    /// The gaps of a camera between these times, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn gaps(
        &self,
        camera: CameraId,
        from: MediaTime,
        until: MediaTime,
    ) -> Result<Vec<Gap>, IndexError> {
        let read = |row: &Row<'_>| -> rusqlite::Result<Option<Gap>> {
            let reason = GapReason::ALL.get(row.get::<_, i64>(2)? as usize).copied();
            let [from, until] = [row.get(0)?, row.get(1)?].map(MediaTime::from_90k);
            Ok(reason.map(|reason| Gap { from, until, reason }))
        };
        let gaps = self.rows(
            "SELECT begins, ends, reason FROM gap WHERE camera = ?1 AND ends > ?2 AND begins < ?3 ORDER BY begins",
            params![camera.as_u32(), from.as_90k(), until.as_90k()],
            read,
        )?;
        Ok(gaps.into_iter().flatten().collect())
    }

    /// All that is known of one file.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn entry(&self, camera: CameraId, name: FileName) -> Result<Option<Entry>, IndexError> {
        let read = |row: &Row<'_>| {
            Ok(Entry {
                span: span(row)?,
                run: RunId(row.get(8)?),
                header: row.get::<_, i64>(9)? as u64,
                fragments: Fragments(row.get(10)?),
            })
        };
        let found = self.rows(
            "SELECT name, begins, ends, wall, quality, bytes, frames, ended, run, header, fragments FROM recording \
             WHERE camera = ?1 AND name = ?2",
            params![camera.as_u32(), name.as_ms()],
            read,
        )?;
        Ok(found.into_iter().next())
    }

    /// The files that were being written when the process before ended.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn not_ended(&self) -> Result<Vec<(CameraId, FileName)>, IndexError> {
        let read = |row: &Row<'_>| Ok((row.get::<_, u32>(0)?, row.get::<_, i64>(1)?));
        let rows = self.rows("SELECT camera, name FROM recording WHERE ended = 0", [], read)?;
        let named = |(camera, ms): (u32, i64)| {
            Some((CameraId::new(camera)?, FileName::at_us(ms.saturating_mul(1000))))
        };
        Ok(rows.into_iter().filter_map(named).collect())
    }

    /// Does `work` as a whole or not at all, while nobody else writes; within other work it is a part of that.
    ///
    /// # Errors
    /// When it fails, or the database does not take it.
    pub fn at_once<T, E: From<IndexError>>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.within(TransactionBehavior::Immediate, work)
    }

    /// Does `work`, which only reads, as if nobody wrote meanwhile.
    ///
    /// # Errors
    /// When it fails, or the database does not answer.
    pub fn unchanged<T, E: From<IndexError>>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.within(TransactionBehavior::Deferred, work)
    }

    fn within<T, E: From<IndexError>>(
        &self,
        behavior: TransactionBehavior,
        work: impl FnOnce(&Self) -> Result<T, E>,
    ) -> Result<T, E> {
        if !self.database.is_autocommit() {
            return work(self);
        }
        let transaction = self.of(Transaction::new_unchecked(&self.database, behavior))?;
        let done = work(self)?;
        self.of(transaction.commit())?;
        Ok(done)
    }
}

fn span(row: &Row<'_>) -> rusqlite::Result<Span> {
    let by_reports: bool = row.get(4)?;
    let quality = if by_reports { WallQuality::SenderReport } else { WallQuality::Arrival };
    Ok(Span {
        name: FileName::at_us(row.get::<_, i64>(0)?.saturating_mul(1000)),
        from: MediaTime::from_90k(row.get(1)?),
        until: MediaTime::from_90k(row.get(2)?),
        wall: WallTime { us: row.get(3)?, quality },
        bytes: row.get::<_, i64>(5)? as u64,
        frames: row.get::<_, i64>(6)? as u64,
        ended: row.get(7)?,
    })
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Whether the file itself is at fault, not who else has it open, nor what the system allows.
fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let database = Connection::open(path)?;
    database.busy_timeout(WAIT)?;
    database.pragma_update(None, "journal_mode", "WAL")?;
    // A power cut may take the newest rows, and never more: they are made anew from the files.
    database.pragma_update(None, "synchronous", "NORMAL")?;
    Ok(database)
}

#[cfg(test)]
mod tests;
