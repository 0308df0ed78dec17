//! One track of the hybrid tracker: its motion, what is known of its looks, its life.

use razz_base::{Detection, Embedding, MediaTime, Rect, TrackSource};

use crate::kalman::{Xywh, to_xywh};
use crate::publish::ClassVotes;

/// A lost object is expected to keep its velocity this long, in seconds ...
const COAST_S: f64 = 0.5;
/// ... and to come to rest with this time constant after that: nobody walks straight for ever,
/// and a box that flies away meets strangers.
const SLOW_DOWN_S: f64 = 0.5;
/// Time without a look at the scene (a reconnecting camera) counts as this much of being missed:
/// nobody looked for the object, so its absence says little. In microseconds.
const MISSED_STEP_US: i64 = 500_000;
/// After re-identification, so long must ByteTrack's stages match the track by themselves until
/// it is theirs again. In microseconds.
const PROBATION_US: i64 = 1_000_000;
/// A new look at least this similar to a kept one replaces it.
const SAME_LOOK: f64 = 0.95;

/// Where a track stands in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    /// Seen once; not published.
    Tentative,
    /// Matched on the last update.
    Tracked,
    /// Not matched on the last update.
    Lost,
}

/// The last looks of a track.
#[derive(Clone, Debug, Default)]
pub(super) struct Gallery {
    looks: Vec<Embedding>,
    /// The place that the next look takes when all are taken.
    oldest: usize,
}

impl Gallery {
    pub(super) fn len(&self) -> usize {
        self.looks.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.looks.is_empty()
    }

    /// Keeps a look among `most` at most.
    pub(super) fn add(&mut self, look: &Embedding, most: usize) {
        // Another length is another model: what is kept cannot be compared with any more.
        if self.looks.first().is_some_and(|l| l.as_slice().len() != look.as_slice().len()) {
            self.looks.clear();
            self.oldest = 0;
        }
        if let Some(same) = self.looks.iter_mut().find(|l| l.similarity(look) > SAME_LOOK) {
            *same = look.clone();
        } else if self.looks.len() < most.max(1) {
            self.looks.push(look.clone());
        } else {
            let place = self.oldest % self.looks.len();
            self.looks[place] = look.clone();
            self.oldest = place + 1;
        }
    }

    /// Cosine distance to the most similar look; infinite for an empty gallery.
    pub(super) fn distance(&self, look: &Embedding) -> f64 {
        let distances = self.looks.iter().map(|l| 1.0 - l.similarity(look));
        distances.fold(f64::INFINITY, f64::min)
    }
}

/// One object.
#[derive(Clone, Debug)]
pub(super) struct Tracklet {
    /// 0 while tentative.
    pub(super) id: u64,
    pub(super) state: State,
    pub(super) filter: Xywh,
    /// The filter's box at the last update.
    pub(super) bbox: Rect,
    /// Where it was last matched, in today's picture.
    pub(super) seen: Rect,
    pub(super) score: f64,
    pub(super) class: ClassVotes,
    pub(super) born_at: MediaTime,
    pub(super) matched_at: MediaTime,
    /// For how long it was looked for in vain, in microseconds.
    pub(super) missed_us: i64,
    /// While it lives by re-identification: for how long ByteTrack has matched it since.
    pub(super) probation_us: Option<i64>,
    pub(super) gallery: Gallery,
    /// When its looks were last asked for.
    pub(super) sampled_at: Option<MediaTime>,
}

/// For how many seconds' worth of its velocity an object has moved `age_s` after it was seen.
fn travelled(age_s: f64) -> f64 {
    if age_s <= COAST_S {
        return age_s;
    }
    COAST_S + SLOW_DOWN_S * (1.0 - (-(age_s - COAST_S) / SLOW_DOWN_S).exp())
}

impl Tracklet {
    pub(super) fn new(detection: &Detection, at: MediaTime) -> Self {
        let filter = Xywh::new(to_xywh(&detection.bbox));
        Self {
            id: 0,
            state: State::Tentative,
            filter,
            bbox: filter.bbox(),
            seen: detection.bbox,
            score: detection.score,
            class: ClassVotes::new(detection.class, detection.score),
            born_at: at,
            matched_at: at,
            missed_us: 0,
            probation_us: None,
            gallery: Gallery::default(),
            sampled_at: None,
        }
    }

    /// How much of motion and of growth passes between two times, in seconds.
    fn shares(&self, from: MediaTime, to: MediaTime) -> (f64, f64) {
        let (a, b) = (from.since_secs(self.matched_at), to.since_secs(self.matched_at));
        let moved = travelled(b) - travelled(a);
        // What is lost keeps its size: while something slides in front of it, its visible part
        // shrinks, and a filter that goes on shrinking never meets it again.
        (moved, if self.state == State::Lost { 0.0 } else { moved })
    }

    /// Predicts the state from the last update's time to the next one's.
    pub(super) fn advance(&mut self, from: MediaTime, to: MediaTime, frame_rate: f64) {
        let (moved, grown) = self.shares(from, to);
        let frames = to.since_secs(from) * frame_rate;
        self.filter.advance(frames, moved * frame_rate, grown * frame_rate);
        self.bbox = self.filter.bbox();
    }

    /// Moves with the picture.
    pub(super) fn warp(&mut self, affine: [f64; 6]) {
        self.filter.warp(affine);
        self.bbox = self.filter.bbox();
        let [x, y] = self.seen.center();
        let [a11, a12, tx, a21, a22, ty] = affine;
        let (w, h) = (self.seen.width(), self.seen.height());
        let (x, y) = (a11 * x + a12 * y + tx, a21 * x + a22 * y + ty);
        self.seen = Rect::from_center(x, y, w, h);
    }

    /// The box at `at`, after the camera moved by `affine` since the last update at `from`, and
    /// the velocity of its edges in pixels per second.
    pub(super) fn look_ahead(
        &self,
        from: MediaTime,
        at: MediaTime,
        frame_rate: f64,
        affine: Option<[f64; 6]>,
    ) -> (Rect, [f64; 4]) {
        let (moved, grown) = self.shares(from, at);
        let mut filter = self.filter;
        if let Some(affine) = affine {
            filter.warp(affine);
        }
        let age_s = at.since_secs(self.matched_at);
        let slowed = (-(age_s - COAST_S).max(0.0) / SLOW_DOWN_S).exp();
        if self.state == State::Lost {
            for axis in &mut filter.axes[2..] {
                axis.vel = 0.0;
            }
        }
        let velocity = filter.edge_velocity().map(|v| v * frame_rate * slowed);
        (filter.bbox_after(moved * frame_rate, grown * frame_rate), velocity)
    }

    /// Takes a detection of its own, by motion and overlap.
    pub(super) fn take(&mut self, detection: &Detection, at: MediaTime) {
        if let Some(us) = &mut self.probation_us {
            *us += if self.state == State::Tracked { at.since_us(self.matched_at) } else { 0 };
            if *us >= PROBATION_US {
                self.probation_us = None;
            }
        }
        self.place(detection, at);
    }

    /// Takes a detection that looks like it.
    pub(super) fn recover(&mut self, detection: &Detection, at: MediaTime) {
        self.probation_us = Some(0);
        self.place(detection, at);
    }

    fn place(&mut self, detection: &Detection, at: MediaTime) {
        self.filter.correct(to_xywh(&detection.bbox));
        self.bbox = self.filter.bbox();
        self.seen = detection.bbox;
        self.state = State::Tracked;
        self.score = detection.score;
        self.class.add(detection.class, detection.score);
        self.matched_at = at;
        self.missed_us = 0;
    }

    /// Got nothing on an update that came `passed_us` after the one before.
    pub(super) fn miss(&mut self, passed_us: i64) {
        self.state = State::Lost;
        self.missed_us += passed_us.min(MISSED_STEP_US);
    }

    pub(super) fn source(&self) -> TrackSource {
        match self.probation_us {
            Some(_) => TrackSource::DeepSort,
            None => TrackSource::ByteTrack,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_comes_to_rest() {
        let rest = COAST_S + SLOW_DOWN_S;
        for (age, low, high) in [
            (0.0, 0.0, 0.0),
            (0.2, 0.2, 0.2),
            (COAST_S, COAST_S, COAST_S),
            (60.0, 0.99 * rest, rest),
        ] {
            assert!((low..=high).contains(&travelled(age)), "{age}: {}", travelled(age));
        }
    }

    #[test]
    fn a_gallery_stays_small_and_varied() {
        let look = |angle: f32| Embedding::normalised(&[angle.cos(), angle.sin()]).unwrap();
        let mut gallery = Gallery::default();
        assert_eq!(gallery.distance(&look(0.0)), f64::INFINITY);
        for _ in 0..100 {
            gallery.add(&look(0.01), 4);
        }
        assert_eq!(gallery.len(), 1);
        for i in 0..100 {
            gallery.add(&look(0.5 * i as f32), 4);
        }
        assert_eq!(gallery.len(), 4);
        assert!(gallery.distance(&look(0.5 * 99.0)) < 1e-6);
        // Vectors of another model start over.
        gallery.add(&Embedding::normalised(&[1.0, 0.0, 0.0]).unwrap(), 4);
        assert_eq!(gallery.len(), 1);
    }
}
