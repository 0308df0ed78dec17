//! One track of the hybrid tracker: its motion, what is known of its looks, its life.

use razz_base::{Detection, Embedding, MediaTime, Rect, Size, TrackSource};

use super::NOMINAL_RATE;
use crate::kalman::{POSITION_WEIGHT, VELOCITY_WEIGHT, Xywh, to_xywh};
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

/// A box this close to the picture's border, as a part of the picture's width or height, is cut off
/// there: a pixel or two of a detector's input.
const BORDER: f64 = 0.004;

/// Who was seen once is looked for this many times its width or height away, whichever is larger,
/// and may be so many times as large or small there.
const LEAP: f64 = 1.5;
const ALIKE: f64 = 1.3;

/// Which edges of a box (left, top, right, bottom) are the picture's, not the object's.
fn cut_edges(bbox: &Rect, picture: Option<Size>) -> [bool; 4] {
    let Some(size) = picture else { return [false; 4] };
    let (width, height) = (f64::from(size.width), f64::from(size.height));
    let (x, y) = (BORDER * width, BORDER * height);
    [bbox.left <= x, bbox.top <= y, bbox.right >= width - x, bbox.bottom >= height - y]
}

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

    /// Mean cosine distance between the looks themselves; 0 for one alone. Looks that differ among
    /// themselves as much as strangers do belong to a detector's whim, or to two people.
    pub(super) fn spread(&self) -> f64 {
        let (mut sum, mut pairs) = (0.0, 0.0);
        for (place, look) in self.looks.iter().enumerate() {
            for other in &self.looks[..place] {
                sum += 1.0 - look.similarity(other);
                pairs += 1.0;
            }
        }
        if pairs > 0.0 { sum / pairs } else { 0.0 }
    }

    /// Mean cosine distance to the more similar half of the looks; infinite for an empty gallery.
    /// One similar look among many is chance, or a neighbour's that slipped in; all of them would
    /// ask of everybody to be seen from one side only.
    pub(super) fn distance(&self, look: &Embedding) -> f64 {
        let mut distances: Vec<f64> = self.looks.iter().map(|l| 1.0 - l.similarity(look)).collect();
        let half = distances.len().div_ceil(2);
        if half == 0 {
            return f64::INFINITY;
        }
        distances.sort_unstable_by(f64::total_cmp);
        distances[..half].iter().sum::<f64>() / half as f64
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
    /// The errors of the last two predictions that were matched without a gap, the later one last:
    /// x and y, in standard deviations.
    pub(super) errors: [Option<[f64; 2]>; 2],
    /// Where it was last matched, in today's picture.
    pub(super) seen: Rect,
    /// Which of its edges the picture's border cut off then.
    pub(super) cut: [bool; 4],
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
    pub(super) fn new(detection: &Detection, at: MediaTime, picture: Option<Size>) -> Self {
        let filter = Xywh::new(to_xywh(&detection.bbox));
        Self {
            id: 0,
            state: State::Tentative,
            filter,
            bbox: filter.bbox(),
            errors: [None; 2],
            seen: detection.bbox,
            cut: cut_edges(&detection.bbox, picture),
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

    /// Predicts the state from the last update's time to the next one's, with process noise of
    /// `calm` times the nominal one, velocities changing `agility` times that.
    pub(super) fn advance(&mut self, from: MediaTime, to: MediaTime, calm: f64, agility: f64) {
        let (moved, grown) = self.shares(from, to);
        let frames = to.since_secs(from) * NOMINAL_RATE;
        let noise = [POSITION_WEIGHT * calm, VELOCITY_WEIGHT * calm * agility];
        self.filter.advance(frames, moved * NOMINAL_RATE, grown * NOMINAL_RATE, noise);
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
        let velocity = filter.edge_velocity().map(|v| v * NOMINAL_RATE * slowed);
        (filter.bbox_after(moved * NOMINAL_RATE, grown * NOMINAL_RATE), velocity)
    }

    /// The standard deviation of the predicted place, x and y, in pixels.
    pub(super) fn doubt(&self) -> [f64; 2] {
        [self.filter.axes[0].pos_var.sqrt(), self.filter.axes[1].pos_var.sqrt()]
    }

    /// Takes a detection of its own, by motion and overlap; its place is as uncertain as `noise`
    /// times ByteTrack's measurements.
    pub(super) fn take(
        &mut self,
        detection: &Detection,
        at: MediaTime,
        noise: f64,
        picture: Option<Size>,
    ) {
        if let Some(us) = &mut self.probation_us {
            *us += if self.state == State::Tracked { at.since_us(self.matched_at) } else { 0 };
            if *us >= PROBATION_US {
                self.probation_us = None;
            }
        }
        self.place(detection, at, noise, picture);
    }

    /// Takes a detection that looks like it.
    pub(super) fn recover(
        &mut self,
        detection: &Detection,
        at: MediaTime,
        noise: f64,
        picture: Option<Size>,
    ) {
        self.probation_us = Some(0);
        self.place(detection, at, noise, picture);
    }

    /// Whether a track that was seen once could be this detection, which does not overlap with it:
    /// about as large, and not further away than [`LEAP`] of its own lengths.
    pub(super) fn could_be_after_birth(&self, to: &Detection, picture: Option<Size>) -> bool {
        let cut = cut_edges(&to.bbox, picture);
        let size = |bbox: &Rect| [bbox.width(), bbox.height()];
        let (from, to) = (&self.seen, &to.bbox);
        let ([w, h], [w2, h2]) = (size(from), size(to));
        // What the border cuts off may be any part of it.
        let alike = |axis: usize, a: f64, b: f64| {
            let partial = |edges: &[bool; 4]| edges[axis] || edges[axis + 2];
            let (was, is) = (partial(&self.cut), partial(&cut));
            let grew = was || b <= ALIKE * a;
            let shrank = is || a <= ALIKE * b;
            grew && shrank
        };
        let ([x, y], [x2, y2]) = (from.center(), to.center());
        let reach = LEAP * w.max(h).max(w2).max(h2);
        alike(0, w, w2) && alike(1, h, h2) && (x2 - x).hypot(y2 - y) <= reach
    }

    /// Takes the second detection of its life, far from the first: that is how fast it goes.
    pub(super) fn follow(
        &mut self,
        detection: &Detection,
        at: MediaTime,
        noise: f64,
        picture: Option<Size>,
    ) {
        let (before, frames) = (self.seen, at.since_secs(self.matched_at) * NOMINAL_RATE);
        let cut = self.cut;
        self.place(detection, at, noise, picture);
        self.errors = [None; 2];
        let now = detection.bbox.to_array();
        let then = before.to_array();
        let edges: [f64; 4] = std::array::from_fn(|edge| (now[edge] - then[edge]) / frames);
        for axis in [0, 1] {
            let velocity = match [cut[axis], cut[axis + 2]] {
                [true, false] => edges[axis + 2],
                [false, true] => edges[axis],
                _ => f64::midpoint(edges[axis], edges[axis + 2]),
            };
            let std = POSITION_WEIGHT * noise;
            self.filter.restart(axis, to_xywh(&detection.bbox), std, velocity);
        }
        self.bbox = self.filter.bbox();
    }

    fn place(&mut self, detection: &Detection, at: MediaTime, noise: f64, picture: Option<Size>) {
        let measured = to_xywh(&detection.bbox);
        let std = POSITION_WEIGHT * noise;
        let error = (self.missed_us == 0).then(|| self.filter.surprise(measured, std));
        self.errors = [self.errors[1], error];
        self.filter.correct(measured, std);
        let frames = at.since_secs(self.matched_at) * NOMINAL_RATE;
        self.come_in(detection, std, frames, picture);
        self.bbox = self.filter.bbox();
        self.seen = detection.bbox;
        self.state = State::Tracked;
        self.score = detection.score;
        self.class.add(detection.class, detection.score);
        self.matched_at = at;
        self.missed_us = 0;
    }

    /// Where an edge comes off the picture's border, the object is wholly in the picture for the
    /// first time. So far its box grew at the speed of its other edge while its middle kept half
    /// of that; now it moves at all of it and grows no more. A filter that is not told lags behind
    /// by most of a second at six detections a second. Who moves less from look to look than a
    /// detection errs needs none of this, and would only be made to tremble at the border.
    fn come_in(&mut self, to: &Detection, std: f64, frames: f64, picture: Option<Size>) {
        let cut = cut_edges(&to.bbox, picture);
        let velocity = self.filter.edge_velocity();
        let measured = to_xywh(&to.bbox);
        for axis in [0, 1] {
            let (near, far) = (axis, axis + 2);
            let inward = match ([self.cut[near], self.cut[far]], [cut[near], cut[far]]) {
                ([true, false], [false, false]) => velocity[far],
                ([false, true], [false, false]) => -velocity[near],
                _ => continue,
            };
            if inward * frames <= 2.0 * std * measured[axis + 2] {
                continue;
            }
            let velocity = if self.cut[near] { inward } else { -inward };
            self.filter.restart(axis, measured, std, velocity);
            self.errors = [None; 2];
        }
        self.cut = cut;
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
        // The last four are kept; the better half of them are the last two.
        let [own, before] = [0.0, 0.5].map(|angle: f64| 1.0 - angle.cos());
        assert!((gallery.distance(&look(0.5 * 99.0)) - (own + before) / 2.0).abs() < 1e-4);
        assert!(gallery.spread() > 0.3);
        // Vectors of another model start over.
        gallery.add(&Embedding::normalised(&[1.0, 0.0, 0.0]).unwrap(), 4);
        assert_eq!(gallery.len(), 1);
    }
}
