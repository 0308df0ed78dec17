//! The one door to every tracker: detections in, tracks out.

use razz_base::{Detection, Embedding, MediaTime, Track};

/// Most detections that one update uses; of more, the best scored.
pub const MAX_DETECTIONS: usize = 1000;

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
    /// Embeddings asked for.
    pub embeddings_asked: u64,
    /// Lost tracks found again by their looks.
    pub reidentified: u64,
}

/// Tracks objects through the detections of one camera.
///
/// Classes: a track's class is the one it was detected as most (recent detections weigh more).
/// Ids count from 1 and are never used twice. No call panics, whatever the numbers.
pub trait Tracker: Send {
    /// Takes the detections of the picture at `at`; an empty slice says that nothing was there.
    ///
    /// Time runs forward: an update at the last one's time or before it is ignored and counted.
    /// While embeddings are awaited, a new update finishes the old one without them first.
    fn update(&mut self, at: MediaTime, detections: &[Detection]) -> Update;

    /// Finishes an update that needed embeddings, one per index asked for, in that order; `None`
    /// (or a missing end) where one could not be computed. Without such an update it does nothing.
    fn resume(&mut self, embeddings: &[Option<Embedding>]);

    /// The tracks to publish at `at`, by id, changing nothing. At the time of the last update the
    /// matched ones are as matched (age 0) and the rest predicted; later all are predicted; a time
    /// before the last update counts as its time. While embeddings are awaited, what is matched so
    /// far is there, and what may become a track is not.
    fn peek(&self, at: MediaTime) -> Vec<Track>;

    /// Says how the picture moved from the last update to the next one: x' = A x + t in pixels,
    /// as `[a11, a12, tx, a21, a22, ty]`. Called more than once in between, the motions follow one
    /// another; [`Tracker::peek`] shows tracks moved by what was said so far. Not finite, or for a tracker without use for it, it is ignored.
    fn move_camera(&mut self, affine: [f64; 6]) {
        let _ = affine;
    }

    /// What was seen and refused so far.
    fn counts(&self) -> Counts;
}

/// The detections of one update that can be used, with their places in the caller's slice.
#[derive(Clone, Debug, Default)]
pub(crate) struct Intake {
    pub(crate) detections: Vec<Detection>,
    pub(crate) places: Vec<usize>,
}

impl Intake {
    /// Keeps what is finite and has a height, scores limited to 0..1, [`MAX_DETECTIONS`] at most,
    /// in the order given. Returns how many were refused.
    pub(crate) fn take(&mut self, detections: &[Detection]) -> u64 {
        self.detections.clear();
        self.places.clear();
        for (place, detection) in detections.iter().enumerate() {
            let Detection { bbox, score, .. } = detection;
            // Past 1e9 pixels a square leaves what f64 can tell apart.
            let sane = bbox.to_array().iter().all(|v| v.abs() < 1e9) && score.is_finite();
            if sane && bbox.width() >= 0.0 && bbox.height() > 0.0 {
                self.detections.push(Detection { score: score.clamp(0.0, 1.0), ..*detection });
                self.places.push(place);
            }
        }
        if self.places.len() > MAX_DETECTIONS {
            let mut order: Vec<usize> = (0..self.places.len()).collect();
            let score = |i: &usize| self.detections[*i].score;
            order.sort_by(|a, b| score(b).total_cmp(&score(a)));
            order.truncate(MAX_DETECTIONS);
            order.sort_unstable();
            self.detections = order.iter().map(|&i| self.detections[i]).collect();
            self.places = order.iter().map(|&i| self.places[i]).collect();
        }
        (detections.len() - self.places.len()) as u64
    }
}

#[cfg(test)]
mod tests {
    use razz_base::{ClassId, Rect};

    use super::*;

    #[test]
    fn only_sane_detections_are_taken() {
        let at =
            |l, t, r, b, score| Detection { bbox: Rect::new(l, t, r, b), class: ClassId(0), score };
        let given = [
            at(0.0, 0.0, 1.0, 1.0, 0.5),
            at(f64::NAN, 0.0, 1.0, 1.0, 0.5),
            at(0.0, f64::INFINITY, 1.0, 1.0, 0.5),
            at(0.0, 0.0, 0.0, 1.0, 7.0),
            at(0.0, 0.0, 1.0, 0.0, 0.5),
            at(2.0, 0.0, 1.0, 1.0, 0.5),
            at(0.0, 0.0, 1.0, 1.0, f64::NAN),
            at(0.0, 0.0, 1e300, 1.0, 0.5),
        ];
        let mut intake = Intake::default();
        assert_eq!(intake.take(&given), 6);
        assert_eq!(intake.places, [0, 3]);
        assert_eq!(intake.detections[1].score, 1.0);
        let many: Vec<_> =
            (0..10_000).map(|i| at(0.0, 0.0, 1.0, 1.0, f64::from(i % 100) / 100.0)).collect();
        assert_eq!(intake.take(&many), 10_000 - MAX_DETECTIONS as u64);
        assert!(intake.detections.iter().all(|d| d.score >= 0.9));
        assert!(intake.places.windows(2).all(|w| w[0] < w[1]));
    }
}
