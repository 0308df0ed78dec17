//! Tracks beside the footage: what was detected, frame by frame, and who visited.
//!
//! ```text
//! track frames ─► TrackWriter ─► blocks of 10 s in ROOT/CAMERA/2026-11-29.tracks
//!                     └─► visits and counts for the index
//! a range of media time ─► read ─► the track frames in it
//! ```
//!
//! Only the frames that detection ran on are kept, each under its frame's media time; between two of them a player
//! interpolates, which is better than what was shown live, when the later one was not known yet.

use razz_base::{ClassNames, Track, TrackFrame};

pub mod block;
mod blocks;
mod cells;
mod columns;
pub mod day;
mod decode;
mod header;
mod journal;
mod lives;
mod motion;
mod read;
pub mod visit;
pub mod writer;

pub use blocks::Placed;
pub use cells::Cells;
pub use header::{BlockError, Header};
pub use read::read;
pub use visit::{MinuteCount, Moment, Seen, Visit};
pub use writer::{TrackStatus, TrackWriter, Written};

/// The tracks of a frame, and what their classes are called: a class is a number in one model's list only.
#[derive(Clone, PartialEq, Debug)]
pub struct Recorded {
    /// The frame and its tracks.
    pub frame: TrackFrame,
    /// The names of their classes. Of a frame that was read these are the names that its block has.
    pub classes: ClassNames,
}

impl Recorded {
    /// What a track's class is called.
    pub fn class(&self, track: &Track) -> &str {
        self.classes.name(track.class)
    }
}

/// The frame as it comes back from a block: what is decided by it live is decided the same by the record. Velocities,
/// which no block has, stay as they were.
pub fn as_stored(frame: &TrackFrame) -> TrackFrame {
    let mut tracks: Vec<Track> = frame.tracks.iter().map(block::as_stored).collect();
    tracks.sort_by_key(|track| track.id);
    tracks.dedup_by_key(|track| track.id);
    TrackFrame { tracks: tracks.into(), ..frame.clone() }
}

#[cfg(test)]
pub(crate) mod tests;
