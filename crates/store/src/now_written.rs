//! What is written now, for those who read beside the writers: a file's row in the index says what is in it once it has
//! ended, and a block of tracks is on the disk once it is full.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use razz_base::{CLOCK_RATE, CameraId};

use crate::index::Entry;
use crate::tracks::{self, Recorded};

/// Track frames are kept for so long, in ticks: longer than a block is gathered.
const KEPT_90K: i64 = 30 * CLOCK_RATE;

/// Shared by the writers of a folder and those who read it.
#[derive(Clone, Debug, Default)]
pub struct NowWritten(Arc<State>);

#[derive(Debug, Default)]
struct State {
    files: Mutex<HashMap<CameraId, Entry>>,
    tracks: Mutex<HashMap<CameraId, VecDeque<Recorded>>>,
}

impl NowWritten {
    /// The file of a camera that is being written, with all that is on the disk of it.
    pub fn file(&self, camera: CameraId) -> Option<Entry> {
        locked(&self.0.files).get(&camera).cloned()
    }

    /// The track frames of the last half minute, oldest first.
    pub fn tracks(&self, camera: CameraId) -> Vec<Recorded> {
        let tracks = locked(&self.0.tracks);
        tracks.get(&camera).map(|frames| frames.iter().cloned().collect()).unwrap_or_default()
    }

    /// A track frame came. Those that are not kept, since detection did not run on them or they are no later than the
    /// one before, are not told of either.
    pub fn add_tracks(&self, recorded: Recorded) {
        let key = recorded.frame.key;
        let mut tracks = locked(&self.0.tracks);
        let frames = tracks.entry(key.camera).or_default();
        let is_late = frames.back().is_some_and(|newest| key.time <= newest.frame.key.time);
        if !recorded.frame.detected || is_late {
            return;
        }
        // As it will be read once it is in a block: what is recorded does not change by that.
        frames.push_back(Recorded { frame: tracks::as_stored(&recorded.frame), ..recorded });
        let is_old = |first: &Recorded| key.time.since_90k(first.frame.key.time) > KEPT_90K;
        while frames.front().is_some_and(is_old) {
            frames.pop_front();
        }
    }

    pub(crate) fn change_files(&self, change: impl FnOnce(&mut HashMap<CameraId, Entry>)) {
        change(&mut locked(&self.0.files));
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
