//! What comes out: alerts, and what becomes of them.

use std::sync::Arc;

use razz_base::{CameraId, MediaTime, TrackId};

use crate::{Direction, When};

/// Where an alert stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum State {
    /// It is so, and was not for long enough yet.
    Pending,
    /// It is so.
    Firing,
    /// It is over.
    Resolved,
}

impl State {
    /// As the API writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Firing => "firing",
            Self::Resolved => "resolved",
        }
    }
}

/// Something that a rule found.
#[derive(Clone, PartialEq, Debug)]
pub struct Alert {
    /// Its name: the same live, after a restart and in a rehearsal. Letters, digits and hyphens.
    pub id: Arc<str>,
    /// The rule's name.
    pub rule: Arc<str>,
    /// What the rule looks for.
    pub when: When,
    /// Where it stands.
    pub state: State,
    /// At which camera.
    pub camera: CameraId,
    /// At which line or in which zone.
    pub area: Option<Arc<str>>,
    /// What it is about, where that is one class.
    pub class: Option<Arc<str>>,
    /// Which way over the line.
    pub direction: Option<Direction>,
    /// Occupancy: how many were there when it fired. Speed: metres a second.
    pub measured: Option<f64>,
    /// For how long it had been so when it fired, in µs.
    pub held_us: i64,
    /// Since when it is so (not: when it fired), UTC µs since 1970.
    pub since_us: i64,
    /// The picture in which that began, where there is one.
    pub since_media: Option<MediaTime>,
    /// Until when it was so.
    pub until_us: Option<i64>,
    /// How often it happened: 1, and each time more within the cooldown.
    pub count: u32,
    /// Of these how many were not sent yet; in a summary, how many it tells of.
    pub more: u32,
    /// How often it was sent, with the summaries.
    pub sends: u32,
    /// Who, where it is about one.
    pub track: Option<TrackId>,
}

/// What became of an alert.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum EventKind {
    /// It may fire, when it stays so.
    Pending,
    /// It does not: it was soon over, or is counted with an alert that fired before. Forget it.
    Withdrawn,
    /// It fires.
    Fired,
    /// Its count changed: it happened again within the cooldown, or one that was counted was retracted.
    Merged,
    /// The cooldown is over; this is how many more there were in it.
    Summary,
    /// It is over.
    Resolved,
}

/// What became of an alert, and the alert as it is now.
#[derive(Clone, PartialEq, Debug)]
pub struct Event {
    /// What became of it.
    pub kind: EventKind,
    /// When, by the times of the occasions.
    pub at_us: i64,
    /// As it is now; replaces what was told under its id.
    pub alert: Alert,
    /// Whether people are to be told: when it fires and by summaries, at most once in a cooldown.
    pub send: bool,
}

/// Whose an alert is: one rule at one camera and area.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct WatchKey {
    pub(crate) rule: Arc<str>,
    pub(crate) camera: CameraId,
    pub(crate) area: Option<Arc<str>>,
}

/// An alert's id: hashes of the names, and what tells it from others of the rule.
pub(crate) fn id(key: &WatchKey, since_us: i64, track: Option<TrackId>) -> Arc<str> {
    let rule = hash(key.rule.as_bytes());
    let area = key.area.as_ref().map_or(0, |area| hash(area.as_bytes()) as u32);
    let track = track.map_or(0, |track| track.0);
    format!("{rule:016x}-{since_us}-{}-{area:08x}-{track}", key.camera).into()
}

/// FNV-1a: it is written down in ids and snapshots, so it must be the same in every version of Rust.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
