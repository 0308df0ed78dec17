//! When nothing moves, the detector need not look again: the picture that it saw last answers.

use razz_base::{Detection, MediaTime};

/// When a camera counts as idle, and what it does then.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Idle {
    /// Detections per second while nothing moves. Raising it finds sooner what came without moving
    /// (a light that goes on), and costs inference.
    pub rate: f64,
    /// The share of the picture, 0 to 1, that has to change before something moves. Raising it
    /// sleeps through smaller things.
    pub changed: f64,
    /// How long nothing may have moved before the camera is idle, in µs. Raising it costs inference
    /// after each movement.
    pub after_us: i64,
}

impl Default for Idle {
    /// Once a second, after two seconds in which less than 1 in 1000 of the picture changed: a
    /// person of 20 x 50 pixels in 1280 x 720.
    fn default() -> Self {
        Self { rate: 1.0, changed: 0.001, after_us: 2_000_000 }
    }
}

/// How a camera idles.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Idling {
    /// All of its pictures are decoded, and the detector looks once in a while.
    AllFrames,
    /// Only key frames are decoded.
    KeyFrames,
}

/// Whether two detections of the same object may be said to be of the same place.
const SAME_PLACE: f64 = 0.7;

/// What such detectors find is sure enough to start a track.
const SURE: f64 = 0.5;

/// Remembers what the detector saw last and for how long nothing has moved since.
#[derive(Debug, Default)]
pub(super) struct Stillness {
    /// What the detector found last, and on which picture.
    seen: Option<(MediaTime, Vec<Detection>)>,
    /// The last picture on which something moved.
    moved: Option<MediaTime>,
}

impl Stillness {
    /// The detector found this. What it found and did not find before counts as movement: a box
    /// that comes and goes is not confirmed by looking at the same picture twice.
    pub(super) fn detected(&mut self, time: MediaTime, detections: &[Detection]) {
        let before = self.seen.take().map(|(_, before)| before).unwrap_or_default();
        if !(covered(&before, detections) && covered(detections, &before)) {
            self.moved = Some(time);
        }
        let mut seen = before;
        seen.clear();
        seen.extend_from_slice(detections);
        self.seen = Some((time, seen));
    }

    /// Forgets everything: the next picture is of another life.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// What the detector would find on the picture of `time`, of which the share `changed` differs
    /// from the one that it saw last; `None` when it has to look.
    pub(super) fn answer(
        &mut self,
        settings: &Idle,
        time: MediaTime,
        changed: Option<f64>,
    ) -> Option<&[Detection]> {
        let (seen_at, seen) = self.seen.as_ref()?;
        // Not measured is not still, and so is NaN.
        if !changed.is_some_and(|changed| changed <= settings.changed) {
            self.moved = Some(time);
            return None;
        }
        let again = looks_again(settings, *seen_at, time);
        (self.is_rested(settings, time) && !again).then_some(seen.as_slice())
    }

    /// What the detector found last.
    pub(super) fn seen(&self) -> Option<&[Detection]> {
        self.seen.as_ref().map(|(_, seen)| seen.as_slice())
    }

    /// Whether the detector is to look again at the picture of `time`, though nothing moved.
    pub(super) fn looks_again(&self, settings: &Idle, time: MediaTime) -> bool {
        self.seen.as_ref().is_none_or(|(seen_at, _)| looks_again(settings, *seen_at, time))
    }

    /// The last picture on which something moved.
    pub(super) fn moved(&self) -> Option<MediaTime> {
        self.moved
    }

    /// Whether nothing has moved for long enough, by what the detector saw.
    pub(super) fn is_rested(&self, settings: &Idle, time: MediaTime) -> bool {
        let still_us = self.moved.map_or(i64::MAX, |moved| time.since_us(moved));
        self.seen.is_some() && still_us >= settings.after_us
    }
}

/// Whether it is time to look again. A tenth early is on time: pictures do not fall on the grid.
fn looks_again(settings: &Idle, seen_at: MediaTime, time: MediaTime) -> bool {
    time.since_us(seen_at) as f64 >= 0.9e6 / settings.rate.max(0.001)
}

/// Whether each sure detection of `some` has its like among `others`.
fn covered(some: &[Detection], others: &[Detection]) -> bool {
    some.iter().filter(|detection| detection.score >= SURE).all(|one| {
        others
            .iter()
            .any(|other| one.class == other.class && one.bbox.iou(&other.bbox) >= SAME_PLACE)
    })
}

#[cfg(test)]
mod tests {
    use razz_base::{ClassId, Rect};

    use super::*;

    fn at(ms: i64) -> MediaTime {
        MediaTime::from_90k(ms * 90)
    }

    fn found(left: f64, score: f64) -> Detection {
        Detection { bbox: Rect::new(left, 0.0, left + 50.0, 100.0), class: ClassId(0), score }
    }

    #[test]
    fn a_still_picture_answers_until_it_is_time_to_look_again() {
        let settings = Idle::default();
        let mut still = Stillness::default();
        assert_eq!(still.answer(&settings, at(0), Some(0.0)), None, "nothing was seen yet");
        still.detected(at(0), &[found(0.0, 0.9)]);
        // The first finding is news.
        for (ms, changed, answers) in [
            (200, Some(0.0), false),
            (1990, Some(0.0), false),
            (2010, Some(0.0), false), // seen two seconds ago: time to look again
        ] {
            assert_eq!(still.answer(&settings, at(ms), changed).is_some(), answers, "{ms}");
        }
        still.detected(at(2010), &[found(1.0, 0.9), found(300.0, 0.3)]);
        for (ms, changed, answers) in [
            (2200, Some(0.0), true),
            (2400, Some(0.0009), true),
            (2600, Some(0.002), false), // something moves
            (2800, Some(0.0), false),
            (4700, Some(0.0), false),
        ] {
            assert_eq!(still.answer(&settings, at(ms), changed).is_some(), answers, "{ms}");
        }
        still.detected(at(4700), &[found(1.0, 0.9)]);
        assert_eq!(still.answer(&settings, at(4800), Some(0.0)).map(<[_]>::len), Some(1));
        assert_eq!(still.answer(&settings, at(4900), None), None);
        still.forget();
        assert_eq!(still.answer(&settings, at(9000), Some(0.0)), None);
    }

    #[test]
    fn a_box_that_comes_and_goes_is_movement() {
        let settings = Idle::default();
        for (before, after, moved) in [
            (vec![found(0.0, 0.9)], vec![found(2.0, 0.8)], false),
            (vec![found(0.0, 0.9)], vec![], true),
            (vec![], vec![found(0.0, 0.9)], true),
            (vec![], vec![found(0.0, 0.3)], false),
            (vec![found(0.0, 0.9)], vec![found(0.0, 0.3)], false),
            (vec![found(0.0, 0.9)], vec![found(40.0, 0.9)], true),
        ] {
            let mut still = Stillness::default();
            still.detected(at(0), &before);
            still.detected(at(3000), &after);
            let answer = still.answer(&settings, at(3100), Some(0.0));
            assert_eq!(answer.is_none(), moved, "{before:?} then {after:?}");
        }
    }
}
