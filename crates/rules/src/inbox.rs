//! The alerts that were raised, in SQLite, with who has seen to them, and where looking goes on after a restart.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use razz_alert::{Alert, Direction, State, When};
use razz_base::{CameraId, MediaTime, TrackId};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

const VERSION: i64 = 1;
const WAIT: Duration = Duration::from_secs(5);

/// Times are UTC in µs since 1970, but for `since_media`, which is media time.
const TABLES: &str = "
CREATE TABLE alert (
  id TEXT PRIMARY KEY, rule TEXT NOT NULL, looks_for TEXT NOT NULL, state INTEGER NOT NULL,
  camera INTEGER NOT NULL, area TEXT, class TEXT, outwards INTEGER, measured REAL, held INTEGER NOT NULL,
  since INTEGER NOT NULL, since_media INTEGER, until INTEGER, count INTEGER NOT NULL, more INTEGER NOT NULL,
  sends INTEGER NOT NULL, track INTEGER, seen_by TEXT, seen_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_in_time ON alert (since, id);
CREATE TABLE machine (one INTEGER PRIMARY KEY CHECK (one = 1), snapshot BLOB NOT NULL) STRICT;
";

/// Why alerts cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum InboxError {
    /// SQLite says so.
    #[error("the alerts in {path} cannot be used: {error}")]
    Sqlite {
        /// The database.
        path: PathBuf,
        /// Its words.
        error: rusqlite::Error,
    },
    /// Made by another razz.
    #[error(
        "the alerts in {path} are of version {found}, and this razz knows version {VERSION}: move the file away to \
         begin anew"
    )]
    Version {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
    },
}

/// An alert, and who has seen to it.
#[derive(Clone, PartialEq, Debug)]
pub struct Kept {
    /// It.
    pub alert: Alert,
    /// Who, and when in UTC µs since 1970.
    pub acknowledged: Option<(String, i64)>,
}

/// Which alerts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// That began from then on, in UTC µs since 1970.
    pub from_us: i64,
    /// Until just before then.
    pub until_us: i64,
    /// Before this one: when it began, and its id.
    pub before: Option<(i64, String)>,
    /// At these cameras.
    pub cameras: Vec<CameraId>,
    /// So many at most.
    pub limit: usize,
}

/// The database.
#[derive(Debug)]
pub struct Inbox {
    sqlite: Connection,
    path: PathBuf,
}

impl Inbox {
    /// The one at `path`, which is made where it is not there.
    ///
    /// # Errors
    /// When it cannot be made or read.
    pub fn open(path: &Path) -> Result<Self, InboxError> {
        let of = |error| InboxError::Sqlite { path: path.to_owned(), error };
        let sqlite = Connection::open(path).map_err(of)?;
        sqlite.busy_timeout(WAIT).map_err(of)?;
        sqlite.pragma_update(None, "journal_mode", "wal").map_err(of)?;
        sqlite.pragma_update(None, "synchronous", "normal").map_err(of)?;
        let found: i64 =
            sqlite.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(of)?;
        match found {
            VERSION => {}
            0 => {
                let make = format!("BEGIN; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;");
                sqlite.execute_batch(&make).map_err(of)?;
            }
            found => return Err(InboxError::Version { path: path.to_owned(), found }),
        }
        Ok(Self { sqlite, path: path.to_owned() })
    }

    fn of<T>(&self, outcome: rusqlite::Result<T>) -> Result<T, InboxError> {
        outcome.map_err(|error| InboxError::Sqlite { path: self.path.clone(), error })
    }

    /// Writes alerts by their ids as they are now, takes those away that are none any more, and keeps where looking goes
    /// on: all of it, or nothing.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put(
        &mut self,
        alerts: &BTreeMap<Arc<str>, Option<Alert>>,
        snapshot: &[u8],
    ) -> Result<(), InboxError> {
        let outcome = (|| {
            let transaction = self.sqlite.transaction()?;
            for (id, alert) in alerts {
                match alert {
                    Some(alert) => put(&transaction, alert)?,
                    None => drop(transaction.execute("DELETE FROM alert WHERE id = ?1", [&**id])?),
                }
            }
            transaction.execute("INSERT OR REPLACE INTO machine VALUES (1, ?1)", [snapshot])?;
            transaction.commit()
        })();
        self.of(outcome)
    }

    /// Where looking goes on; `None` at first.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn snapshot(&self) -> Result<Option<Vec<u8>>, InboxError> {
        let row = self.sqlite.query_row("SELECT snapshot FROM machine", [], |row| row.get(0));
        self.of(row.optional())
    }

    /// Alerts that fired, the newest first; one more than wanted says that there are older ones.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn list(&self, wanted: &Wanted) -> Result<Vec<Kept>, InboxError> {
        self.of((|| {
            let cameras = list(&wanted.cameras);
            let mut statement = self.sqlite.prepare_cached(
                "SELECT * FROM alert WHERE since >= ?1 AND since < ?2 AND state > 0 \
                 AND camera IN (SELECT value FROM json_each(?3)) AND (?4 IS NULL OR (since, id) < (?4, ?5)) \
                 ORDER BY since DESC, id DESC LIMIT ?6",
            )?;
            let (since, id) = wanted.before.clone().unzip();
            let limit = i64::try_from(wanted.limit).unwrap_or(i64::MAX).saturating_add(1);
            let arguments = params![wanted.from_us, wanted.until_us, cameras, since, id, limit];
            let mut kept = Vec::new();
            for row in statement.query_map(arguments, read)? {
                kept.extend(row?);
            }
            Ok(kept)
        })())
    }

    /// How many fire, or were seen to by nobody.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open_alerts(&self, cameras: &[CameraId]) -> Result<u64, InboxError> {
        let count = self.sqlite.query_row(
            "SELECT count(*) FROM alert WHERE state > 0 AND seen_at IS NULL \
             AND camera IN (SELECT value FROM json_each(?1))",
            [list(cameras)],
            |row| row.get::<_, i64>(0),
        );
        self.of(count).map(|count| count.unsigned_abs())
    }

    /// An alert.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn find(&self, id: &str) -> Result<Option<Kept>, InboxError> {
        let row = self.sqlite.query_row("SELECT * FROM alert WHERE id = ?1", [id], read);
        self.of(row.optional()).map(Option::flatten)
    }

    /// Somebody has seen to an alert; who did so first stays.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn acknowledge(&self, id: &str, by: &str, now_us: i64) -> Result<(), InboxError> {
        let written = self.sqlite.execute(
            "UPDATE alert SET seen_by = ?2, seen_at = ?3 WHERE id = ?1 AND seen_at IS NULL",
            params![id, by, now_us],
        );
        self.of(written).map(drop)
    }

    /// Takes away what began before then and is over.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn forget_before(&self, us: i64) -> Result<(), InboxError> {
        let written = self.sqlite.execute("DELETE FROM alert WHERE since < ?1 AND state = 2", [us]);
        self.of(written).map(drop)
    }
}

/// As SQLite's `json_each` takes it.
fn list(cameras: &[CameraId]) -> String {
    let ids: Vec<String> = cameras.iter().map(ToString::to_string).collect();
    format!("[{}]", ids.join(","))
}

const STATES: [State; 3] = [State::Pending, State::Firing, State::Resolved];

fn put(sqlite: &Connection, alert: &Alert) -> rusqlite::Result<()> {
    let mut statement = sqlite.prepare_cached(
        "INSERT INTO alert VALUES \
         (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, NULL, NULL) \
         ON CONFLICT (id) DO UPDATE SET state = excluded.state, class = excluded.class, \
         measured = excluded.measured, held = excluded.held, until = excluded.until, \
         count = excluded.count, more = excluded.more, sends = excluded.sends, track = excluded.track",
    )?;
    let state = STATES.iter().position(|state| *state == alert.state).unwrap_or(2);
    statement
        .execute(params![
            &*alert.id,
            &*alert.rule,
            alert.when.as_str(),
            state as i64,
            alert.camera.as_u32(),
            alert.area.as_deref(),
            alert.class.as_deref(),
            alert.direction.map(|direction| direction == Direction::Out),
            alert.measured,
            alert.held_us,
            alert.since_us,
            alert.since_media.map(MediaTime::as_90k),
            alert.until_us,
            alert.count,
            alert.more,
            alert.sends,
            alert.track.map(|track| track.0 as i64),
        ])
        .map(drop)
}

/// `None`: of a razz that knew more.
fn read(row: &Row<'_>) -> rusqlite::Result<Option<Kept>> {
    let when = When::from_str(row.get_ref(2)?.as_str()?).ok();
    let state = STATES.get(usize::from(row.get::<_, u8>(3)?)).copied();
    let camera = CameraId::new(row.get(4)?);
    let Some(((when, state), camera)) = when.zip(state).zip(camera) else { return Ok(None) };
    let text = |at| row.get::<_, Option<String>>(at).map(|text| text.map(Into::into));
    let alert = Alert {
        id: row.get::<_, String>(0)?.into(),
        rule: row.get::<_, String>(1)?.into(),
        when,
        state,
        camera,
        area: text(5)?,
        class: text(6)?,
        direction: row
            .get::<_, Option<bool>>(7)?
            .map(|outwards| if outwards { Direction::Out } else { Direction::In }),
        measured: row.get(8)?,
        held_us: row.get(9)?,
        since_us: row.get(10)?,
        since_media: row.get::<_, Option<i64>>(11)?.map(MediaTime::from_90k),
        until_us: row.get(12)?,
        count: row.get(13)?,
        more: row.get(14)?,
        sends: row.get(15)?,
        track: row.get::<_, Option<i64>>(16)?.map(|track| TrackId(track as u64)),
    };
    let acknowledged = row.get::<_, Option<String>>(17)?.zip(row.get::<_, Option<i64>>(18)?);
    Ok(Some(Kept { alert, acknowledged }))
}
