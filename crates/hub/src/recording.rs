//! Whether a camera's footage is kept, for those who tell of it: the recorder writes it, others look.

use std::sync::Mutex;

use razz_base::MediaTime;

use crate::lock;

/// That a camera should be recorded and is not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotRecorded {
    /// Why, in words for people.
    pub why: String,
    /// Since when, in UTC µs since 1970.
    pub since_us: i64,
}

/// What became of a camera's footage since start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Kept {
    /// Bytes that were written.
    pub bytes: u64,
    /// Pictures that were.
    pub frames: u64,
    /// Pictures that were given up because the disk was slower than the cameras.
    pub given_up: u64,
}

/// Which track frames of a camera are kept: those from the one to the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TracksKept {
    /// The first one since recording began.
    pub from: MediaTime,
    /// The last one that outlives the process.
    pub until: MediaTime,
}

/// How a camera's recording fares.
#[derive(Debug, Default)]
pub struct RecordingHealth(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    not_recorded: Option<NotRecorded>,
    kept: Kept,
    tracks: Option<TracksKept>,
}

impl RecordingHealth {
    /// It should be recorded and is not, for this reason.
    pub fn stopped(&self, why: &str, now_us: i64) {
        let state = &mut lock(&self.0).not_recorded;
        let since_us = state.as_ref().map_or(now_us, |before| before.since_us);
        *state = Some(NotRecorded { why: why.to_owned(), since_us });
    }

    /// It is recorded, or is not to be.
    pub fn fine(&self) {
        lock(&self.0).not_recorded = None;
    }

    /// So much was written so far.
    pub fn count(&self, kept: Kept) {
        lock(&self.0).kept = kept;
    }

    /// That it is not recorded, as was told last.
    pub fn not_recorded(&self) -> Option<NotRecorded> {
        lock(&self.0).not_recorded.clone()
    }

    /// What was written so far.
    pub fn kept(&self) -> Kept {
        lock(&self.0).kept
    }

    /// Track frames are kept up to this one.
    pub fn keep_tracks(&self, until: MediaTime) {
        let tracks = &mut lock(&self.0).tracks;
        let from = tracks.map_or(until, |tracks| tracks.from);
        *tracks = Some(TracksKept { from, until });
    }

    /// No track frames are kept from now on.
    pub fn drop_tracks(&self) {
        lock(&self.0).tracks = None;
    }

    /// Which track frames are kept; `None`: none is so far.
    pub fn tracks_kept(&self) -> Option<TracksKept> {
        lock(&self.0).tracks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_not_recorded_since_the_first_word_of_it() {
        let health = RecordingHealth::default();
        assert_eq!(health.not_recorded(), None);
        health.stopped("the disk is full", 7);
        health.stopped("the disk is gone", 9);
        let expected = NotRecorded { why: "the disk is gone".to_owned(), since_us: 7 };
        assert_eq!(health.not_recorded(), Some(expected));
        health.fine();
        assert_eq!(health.not_recorded(), None);
        let at = MediaTime::from_90k;
        for (until, from) in [(5, 5), (7, 5), (7, 5)] {
            health.keep_tracks(at(until));
            let expected = TracksKept { from: at(from), until: at(until) };
            assert_eq!(health.tracks_kept(), Some(expected));
        }
        health.drop_tracks();
        assert_eq!(health.tracks_kept(), None);
        let kept = Kept { bytes: 3, frames: 2, given_up: 1 };
        health.count(kept);
        assert_eq!(health.kept(), kept);
    }
}
