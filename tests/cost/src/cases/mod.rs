//! The paths that are guarded: those every picture, every frame and every viewer's packet takes.

mod media;
mod track;
mod viewer;
mod vision;

/// One path on fixed input.
pub(crate) struct Case {
    /// What its figure is filed under.
    pub(crate) name: &'static str,
    /// Rounds that are done before anything is counted: lists and tables grow to their size.
    warm_up: u32,
    /// Rounds that are counted. More of them even out what does not happen in every round.
    pub(crate) rounds: u32,
    /// Makes the input and what works on it; the closure is one round.
    begin: fn() -> Box<dyn FnMut()>,
}

impl Case {
    /// The round, warmed up.
    pub(crate) fn prepare(&self) -> Box<dyn FnMut()> {
        let mut round = (self.begin)();
        for _ in 0..self.warm_up {
            round();
        }
        round
    }
}

/// All of them, in the order in which they are checked.
pub(crate) const CASES: &[Case] = &[
    Case { name: "packetise-h264-idr", warm_up: 1, rounds: 4, begin: media::packetise_h264_idr },
    Case { name: "packetise-h264-p", warm_up: 1, rounds: 4, begin: media::packetise_h264_p },
    Case { name: "packetise-h265-idr", warm_up: 1, rounds: 4, begin: media::packetise_h265_idr },
    Case { name: "find-b-slices", warm_up: 1, rounds: 4, begin: media::find_b_slices },
    Case { name: "contents-h264-p", warm_up: 1, rounds: 4, begin: media::contents_h264_p },
    Case { name: "ring-take-gop", warm_up: 2, rounds: 4, begin: media::ring_take_gop },
    Case { name: "ring-replay", warm_up: 2, rounds: 4, begin: media::ring_replay },
    Case { name: "assign-35", warm_up: 2, rounds: 20, begin: track::assign_35 },
    Case { name: "bytetrack-35", warm_up: 200, rounds: 111, begin: track::bytetrack_35 },
    Case { name: "hybrid-35", warm_up: 200, rounds: 111, begin: track::hybrid_35 },
    Case { name: "hybrid-peek-35", warm_up: 2, rounds: 4, begin: track::hybrid_peek_35 },
    Case { name: "glance-720p", warm_up: 2, rounds: 4, begin: vision::glance_720p },
    Case { name: "camera-motion-720p", warm_up: 8, rounds: 4, begin: vision::camera_motion_720p },
    Case { name: "letterbox-720p-640", warm_up: 1, rounds: 4, begin: vision::letterbox_720p_640 },
    Case { name: "letterbox-720p-416", warm_up: 1, rounds: 4, begin: vision::letterbox_720p_416 },
    Case { name: "head-street", warm_up: 1, rounds: 4, begin: vision::head_street },
    Case { name: "head-crowd", warm_up: 1, rounds: 4, begin: vision::head_crowd },
    Case { name: "viewer-p", warm_up: 60, rounds: 60, begin: viewer::p_frames },
    Case { name: "viewer-idr", warm_up: 60, rounds: 60, begin: viewer::idr_frames },
];

/// The same numbers every time (xorshift).
struct Random(u64);

impl Random {
    fn new() -> Self {
        Self(0x9E37_79B9_7F4A_7C15)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 32
    }

    /// From 0 to 1, without 1.
    fn share(&mut self) -> f32 {
        (self.next() >> 8) as f32 / (1 << 24) as f32
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_case_runs_and_has_its_own_name() {
        let names: BTreeSet<&str> = CASES.iter().map(|case| case.name).collect();
        assert_eq!(names.len(), CASES.len());
        for case in CASES {
            // Cases assert that they did what they are for.
            let mut round = case.prepare();
            (0..case.rounds).for_each(|_| round());
        }
    }
}
