//! What encoder and decoder of a block know of its tracks, which has to be the same in both at every box.

use std::collections::HashMap;

use razz_base::{MediaTime, Size, TrackId, TrackSource};

use super::motion::Motion;

/// A track, as far as the block has come.
#[derive(Debug)]
pub(super) struct Life {
    pub(super) id: TrackId,
    pub(super) motion: Motion,
    /// Of its last box, in 1/256.
    pub(super) confidence: i64,
    /// Of its last box: the place among the block's names.
    pub(super) class: u64,
    /// Since when it is predicted, and how many µs before that it was matched; `None` where it was not yet.
    matched: Option<(MediaTime, i64)>,
}

impl Life {
    /// How long ago a box at `time` was matched, as far as one can know.
    pub(super) fn expected_age_us(&self, time: MediaTime) -> i64 {
        self.matched.map_or(0, |(at, us)| time.since_us(at).wrapping_add(us))
    }

    /// A box at `time` was matched so many µs ago.
    pub(super) fn aged(&mut self, time: MediaTime, age_us: i64) {
        if age_us != self.expected_age_us(time) || age_us == 0 {
            self.matched = Some((time, age_us));
        }
    }
}

/// All tracks of a block, and which of them the newest frame has.
#[derive(Debug, Default)]
pub(super) struct Lives {
    pub(super) all: Vec<Life>,
    by_id: HashMap<TrackId, usize>,
    /// Places in `all`, in the order of the tracks' ids.
    pub(super) present: Vec<usize>,
}

impl Lives {
    /// The place of a track that the block has already.
    pub(super) fn find(&self, id: TrackId) -> Option<usize> {
        self.by_id.get(&id).copied()
    }

    /// A track that is new to the block, on a picture of `size`; its place.
    pub(super) fn add(&mut self, id: TrackId, size: Size) -> usize {
        let place = self.all.len();
        let motion = Motion::new(size);
        self.all.push(Life { id, motion, confidence: 0, class: 0, matched: None });
        self.by_id.insert(id, place);
        place
    }

    /// The newest frame has these besides.
    pub(super) fn join(&mut self, begun: &[usize]) {
        if !begun.is_empty() {
            self.present.extend_from_slice(begun);
            self.present.sort_unstable_by_key(|place| self.all[*place].id);
        }
    }
}

/// In the flags of a frame: its wall time is by the camera's sender reports.
pub(super) const FRAME_BY_REPORTS: u64 = 1;
/// Its size is another than that of the frame before.
pub(super) const FRAME_RESIZED: u64 = 2;
/// Detection did not run on it.
pub(super) const FRAME_NOT_DETECTED: u64 = 4;

/// In the flags of a box: it was predicted, not matched.
pub(super) const BOX_PREDICTED: u64 = 1;
/// Its track is kept alive by re-identification.
pub(super) const BOX_DEEP_SORT: u64 = 2;
/// Its class is another than that of the track's last box.
pub(super) const BOX_RECLASSED: u64 = 4;

/// Of each box in the flags' terms.
pub(super) fn source_of(flags: u64) -> TrackSource {
    if flags & BOX_DEEP_SORT == 0 { TrackSource::ByteTrack } else { TrackSource::DeepSort }
}
