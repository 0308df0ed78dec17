//! How the camera moved from frame to frame, and how much of it the tracker has been told.

use std::collections::VecDeque;

use razz_base::{Affine, MediaTime};
use razz_track::Tracker;

/// Steps remembered: more than frames can wait for a detection.
const MOST: usize = 512;

/// A camera that has not moved for so long does not begin to with a jerk.
const STILL_US: i64 = 500_000;

/// The camera's way, and the frame up to which the tracker knows it.
///
/// Detections come late, and frames after theirs may have been published by then: so the tracker is
/// taken to a frame, onward or back, before it is asked or told about that frame.
#[derive(Debug, Default)]
pub(super) struct Motion {
    /// Steps that are not nothing, each from the frame before to the frame of that time, in
    /// media-time order.
    steps: VecDeque<(MediaTime, Affine)>,
    /// The frame that the tracker was taken to.
    told: Option<MediaTime>,
}

impl Motion {
    /// The camera moved by `step` from the frame before to the frame of `time`. What is out of
    /// order or has no way back is passed over.
    pub(super) fn add(&mut self, time: MediaTime, step: Affine) {
        let in_order = self.steps.back().is_none_or(|(last, _)| *last < time);
        if step == Affine::IDENTITY || !in_order || step.inverse().is_none() {
            return;
        }
        if self.steps.len() == MOST {
            self.steps.pop_front();
        }
        self.steps.push_back((time, step));
    }

    /// Whether the camera has not moved for [`STILL_US`] before `time`.
    pub(super) fn is_still(&self, time: MediaTime) -> bool {
        self.steps.back().is_none_or(|(last, _)| time.since_us(*last) > STILL_US)
    }

    /// Takes the tracker to the frame of `time`.
    pub(super) fn tell(&mut self, tracker: &mut dyn Tracker, time: MediaTime) {
        // Before the first frame it knows of nothing has to be told.
        let told = self.told.replace(time).unwrap_or(time);
        let between = |from: MediaTime, to: MediaTime| {
            let steps = self.steps.iter().filter(|(at, _)| from < *at && *at <= to);
            steps.fold(Affine::IDENTITY, |motion, (_, step)| motion.then(step))
        };
        let motion =
            if told <= time { Some(between(told, time)) } else { between(time, told).inverse() };
        if let Some(motion) = motion.filter(|motion| *motion != Affine::IDENTITY) {
            tracker.move_camera(motion.rows);
        }
    }
}

#[cfg(test)]
mod tests {
    use razz_base::{Detection, Embedding, Track};
    use razz_track::{Counts, Update};

    use super::*;

    /// Adds up what it is told.
    struct Listener(Affine, usize);

    impl Tracker for Listener {
        fn update(&mut self, _: MediaTime, _: &[Detection]) -> Update {
            Update::Done
        }
        fn resume(&mut self, _: &[Option<Embedding>]) {}
        fn peek_into(&self, _: MediaTime, _: &mut Vec<Track>) {}
        fn move_camera(&mut self, affine: [f64; 6]) {
            self.0 = self.0.then(&Affine::new(affine));
            self.1 += 1;
        }
        fn counts(&self) -> Counts {
            Counts::default()
        }
    }

    fn at(n: i64) -> MediaTime {
        MediaTime::from_90k(3000 * n)
    }

    #[test]
    fn the_tracker_is_taken_on_and_back() {
        let mut motion = Motion::default();
        let mut listener = Listener(Affine::IDENTITY, 0);
        let turn = Affine::similarity([640.0, 360.0], 0.01, 1.01, [3.0, 0.0]);
        for n in 1..=10 {
            motion.add(at(n), if n == 7 { turn } else { Affine::translation(n as f64, 0.0) });
        }
        motion.tell(&mut listener, at(2));
        assert_eq!(listener.1, 0, "it begins there");
        for (to, shift) in [(4, 7.0), (4, 7.0), (6, 18.0), (3, 3.0), (2, 0.0), (5, 12.0)] {
            motion.tell(&mut listener, at(to));
            let [x, y] = listener.0.apply([0.0, 0.0]);
            assert!((x - shift).abs() < 1e-9 && y.abs() < 1e-9, "to {to}: {x}, {y}");
        }
        // There and back over a turn.
        motion.tell(&mut listener, at(9));
        let there = listener.0.apply([0.0, 0.0]);
        assert!(there[1].abs() > 1.0, "{there:?}");
        motion.tell(&mut listener, at(5));
        let [x, y] = listener.0.apply([0.0, 0.0]);
        assert!((x - 12.0).abs() < 1e-9 && y.abs() < 1e-9, "{x}, {y}");
    }

    #[test]
    fn what_makes_no_sense_is_passed_over() {
        let mut motion = Motion::default();
        let mut listener = Listener(Affine::IDENTITY, 0);
        motion.tell(&mut listener, at(0));
        motion.add(at(5), Affine::translation(1.0, 0.0));
        motion.add(at(4), Affine::translation(100.0, 0.0));
        motion.add(at(6), Affine::new([0.0; 6]));
        motion.add(at(7), Affine::new([f64::NAN; 6]));
        motion.add(at(8), Affine::IDENTITY);
        motion.tell(&mut listener, at(9));
        assert_eq!(listener.0, Affine::translation(1.0, 0.0));
        for n in 20..5000 {
            motion.add(at(n), Affine::translation(1.0, 0.0));
        }
        assert_eq!(motion.steps.len(), MOST);
    }
}
