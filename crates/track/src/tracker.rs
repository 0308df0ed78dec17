//! The one door to every tracker: detections in, tracks out.

use razz_base::{Detection, Embedding, MediaTime, Size, Track};

/// Most detections that one update uses; of more, the best scored.
pub const MAX_DETECTIONS: usize = 1000;

/// After so long without an update (a camera that was away) nobody is taken for who stood there
/// before, by motion at least. In microseconds of media time.
pub(crate) const LONGEST_GAP_US: i64 = 6_000_000;

/// What an update needs before it is done.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use = "an update that needs embeddings is finished by `resume`"]
pub enum Update {
    /// Nothing.
    Done,
    /// The embeddings of these detections (indices into the slice that was handed in, ascending).
    NeedEmbeddings(Vec<usize>),
}

/// What a tracker has seen and what it would not take.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Updates done.
    pub updates: u64,
    /// Updates ignored because their time was not after the last one's.
    pub stale_updates: u64,
    /// Detections not used because a number was not finite, the box had a negative size or no
    /// height, or there were too many at once.
    pub refused_detections: u64,
    /// Scores outside of 0 to 1, which count as the nearer of the two.
    pub limited_scores: u64,
    /// Camera motions not used because a number was not finite or no camera moves so.
    pub refused_motions: u64,
    /// Embeddings asked for.
    pub embeddings_asked: u64,
    /// Lost tracks found again by their looks.
    pub reidentified: u64,
}

/// Tracks objects through the detections of one camera.
///
/// Classes: a track's class is the one it was detected as most (recent detections weigh more).
/// Ids count from 1 and are never used twice; they survive 6 seconds without an update, not more.
/// No call panics, whatever the numbers.
pub trait Tracker: Send {
    /// Takes the detections of the picture at `at`; an empty slice says that nothing was there.
    ///
    /// Time runs forward: an update at the last one's time or before it is ignored and counted.
    /// While embeddings are awaited, a new update finishes the old one without them first.
    fn update(&mut self, at: MediaTime, detections: &[Detection]) -> Update;

    /// Finishes an update that needed embeddings, one per index asked for, in that order; `None`
    /// (or a missing end) where one could not be computed. Without such an update it does nothing.
    fn resume(&mut self, embeddings: &[Option<Embedding>]);

    /// Appends the tracks to publish at `at`, by id, changing nothing. At the time of the last update the
    /// matched ones are as matched (age 0) and the rest predicted; later all are predicted; a time
    /// before the last update counts as its time. While embeddings are awaited, what is matched so
    /// far is there, and what may become a track is not.
    fn peek_into(&self, at: MediaTime, out: &mut Vec<Track>);

    /// What [`Tracker::peek_into`] appends, in a list of its own.
    fn peek(&self, at: MediaTime) -> Vec<Track> {
        let mut out = Vec::new();
        self.peek_into(at, &mut out);
        out
    }

    /// Says how the picture moved from the last update to the next one: x' = A x + t in pixels,
    /// as `[a11, a12, tx, a21, a22, ty]`. Called more than once in between, the motions follow one
    /// another; [`Tracker::peek`] shows tracks moved by what was said so far. Only the hybrid
    /// tracker has a use for it. One that is not finite, or turns the picture into a line, is
    /// ignored and counted.
    fn move_camera(&mut self, affine: [f64; 6]) {
        let _ = affine;
    }

    /// Says how large the pictures are from now on: a box at the picture's border is cut off there,
    /// and that its border edge stands still says nothing about how the object moves. Only the
    /// hybrid tracker has a use for it; without it every edge is taken for the object's own.
    fn see_picture(&mut self, size: Size) {
        let _ = size;
    }

    /// What was seen and refused so far.
    fn counts(&self) -> Counts;
}

/// Where an update enters: its time, the detections that can be used, and what was counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Intake {
    /// The time of the last update.
    pub(crate) last: Option<MediaTime>,
    /// What can be used of its detections, in the order given.
    pub(crate) detections: Vec<Detection>,
    /// Their places in the caller's slice.
    pub(crate) places: Vec<usize>,
    pub(crate) counts: Counts,
    order: Vec<usize>,
}

impl Intake {
    /// Takes an update, and returns the time before: that of the last update, or its own if it is
    /// the first. `None` if it is not after the last one; then nothing is taken.
    pub(crate) fn accept(&mut self, at: MediaTime, given: &[Detection]) -> Option<MediaTime> {
        if self.last.is_some_and(|last| at <= last) {
            self.counts.stale_updates += 1;
            return None;
        }
        self.counts.updates += 1;
        self.take(given);
        Some(self.last.replace(at).unwrap_or(at))
    }

    /// Keeps what is finite and has a height, scores limited to 0..1, [`MAX_DETECTIONS`] at most.
    fn take(&mut self, given: &[Detection]) {
        self.detections.clear();
        self.places.clear();
        for (place, detection) in given.iter().enumerate() {
            let Detection { bbox, score, .. } = *detection;
            // Past 1e9 pixels a square leaves what f64 can tell apart.
            let sane = bbox.to_array().iter().all(|v| v.abs() < 1e9) && score.is_finite();
            if sane && bbox.width() >= 0.0 && bbox.height() > 0.0 {
                let limited = score.clamp(0.0, 1.0);
                self.counts.limited_scores += u64::from(limited != score);
                self.detections.push(Detection { score: limited, ..*detection });
                self.places.push(place);
            }
        }
        if self.places.len() > MAX_DETECTIONS {
            self.keep_best();
        }
        self.counts.refused_detections += (given.len() - self.places.len()) as u64;
    }

    /// Of too many keeps those that score best; of equal ones the earlier.
    fn keep_best(&mut self) {
        let Self { detections, places, order, .. } = self;
        order.clear();
        order.extend(0..places.len());
        let score = |i: &usize| detections[*i].score;
        order.sort_unstable_by(|a, b| score(b).total_cmp(&score(a)).then(a.cmp(b)));
        order.truncate(MAX_DETECTIONS);
        order.sort_unstable();
        for (to, &from) in order.iter().enumerate() {
            detections[to] = detections[from];
            places[to] = places[from];
        }
        detections.truncate(MAX_DETECTIONS);
        places.truncate(MAX_DETECTIONS);
    }
}

#[cfg(test)]
mod tests {
    use razz_base::{ClassId, Rect};

    use super::*;

    #[test]
    fn only_sane_detections_are_taken() {
        let detection =
            |l, t, r, b, score| Detection { bbox: Rect::new(l, t, r, b), class: ClassId(0), score };
        let given = [
            detection(0.0, 0.0, 1.0, 1.0, 0.5),
            detection(f64::NAN, 0.0, 1.0, 1.0, 0.5),
            detection(0.0, f64::INFINITY, 1.0, 1.0, 0.5),
            detection(0.0, 0.0, 0.0, 1.0, 7.0),
            detection(0.0, 0.0, 1.0, 0.0, 0.5),
            detection(2.0, 0.0, 1.0, 1.0, 0.5),
            detection(0.0, 0.0, 1.0, 1.0, f64::NAN),
            detection(0.0, 0.0, 1e300, 1.0, 0.5),
        ];
        let mut intake = Intake::default();
        let at = |n: i64| MediaTime::from_90k(n);
        assert_eq!(intake.accept(at(5), &given), Some(at(5)));
        assert_eq!((intake.counts.refused_detections, intake.counts.limited_scores), (6, 1));
        assert_eq!(intake.places, [0, 3]);
        assert_eq!(intake.detections[1].score, 1.0);
        let many: Vec<_> = (0..10_000)
            .map(|i| detection(0.0, 0.0, 1.0, 1.0, f64::from(i % 100) / 100.0))
            .collect();
        assert_eq!(intake.accept(at(9), &many), Some(at(5)));
        assert_eq!(intake.counts.refused_detections, 6 + 10_000 - MAX_DETECTIONS as u64);
        assert_eq!(intake.detections.len(), MAX_DETECTIONS);
        assert!(intake.detections.iter().all(|d| d.score >= 0.9));
        assert!(intake.places.windows(2).all(|w| w[0] < w[1]));
        // Once more, and from the past: nothing is taken.
        for n in [9, 3] {
            assert_eq!(intake.accept(at(n), &given), None);
        }
        assert_eq!((intake.counts.updates, intake.counts.stale_updates), (2, 2));
        assert_eq!(intake.detections.len(), MAX_DETECTIONS);
    }
}
