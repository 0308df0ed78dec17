//! Where counting goes on from after a restart.

use razz_base::{CameraId, MediaTime};
use razz_hub::facts::Moment;
use rusqlite::{OptionalExtension as _, Transaction, params};

use super::{Database, FactsError};

/// The state of a camera's counter after a frame.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct State {
    /// The frame.
    pub(crate) last: Moment,
    /// The machine.
    pub(crate) snapshot: Vec<u8>,
}

impl Database {
    /// The newest state of a camera; `None` where it was never counted at.
    pub(crate) fn state(&self, camera: CameraId) -> Result<Option<State>, FactsError> {
        let row = self.sqlite.query_row(
            "SELECT time, wall, snapshot FROM state WHERE camera = ?1",
            [camera.as_u32()],
            |row| {
                let time = MediaTime::from_90k(row.get(0)?);
                Ok(State { last: Moment { time, wall_us: row.get(1)? }, snapshot: row.get(2)? })
            },
        );
        self.of(row.optional())
    }
}

pub(super) fn put(
    transaction: &Transaction<'_>,
    camera: CameraId,
    state: &State,
) -> rusqlite::Result<()> {
    let mut statement = transaction.prepare_cached(
        "INSERT OR REPLACE INTO state (camera, time, wall, snapshot) VALUES (?1, ?2, ?3, ?4)",
    )?;
    let State { last, snapshot } = state;
    statement
        .execute(params![camera.as_u32(), last.time.as_90k(), last.wall_us, snapshot])
        .map(drop)
}
