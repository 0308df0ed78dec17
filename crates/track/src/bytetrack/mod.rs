//! The original ByteTrack (Zhang et al., "ByteTrack: Multi-Object Tracking by Associating Every
//! Detection Box", ECCV 2022), frame by frame and id for id, on box lists alone.
//!
//! A frame goes through it in this order:
//! 1. Confirmed and lost tracks are predicted. Detections above the track threshold are associated
//!    with them by overlap × score.
//! 2. Tracks that were there on the frame before and got nothing take from the low-scored
//!    detections (above 0.1) by overlap alone; who gets nothing again is lost.
//! 3. Tracks seen once only, which are not predicted, take from what is left of the trusted
//!    detections, or die.
//! 4. What is still left starts tracks if it scores 0.1 above the track threshold.
//! 5. Tracks lost for too long go, one frame late; of a tracked and a lost track on the same spot
//!    the longer-lived stays.
//!
//! The corners of the original that decide ids are marked where they stand.

mod tracker;

use razz_base::{ClassId, Detection, MediaTime, Rect};

pub use tracker::ByteTrackTracker;

use crate::assignment::{Assigned, Costs, Solver};
use crate::kalman::{Xyah, to_xyah};
use crate::overlap::iou_of_pixels;
use crate::publish::ClassVotes;
use crate::{ClassRule, MAX_DETECTIONS, Settings};

/// Below this score a detection counts for nothing.
const LOW_THRESHOLD: f64 = 0.1;
/// A new track scores this much above the track threshold.
const NEW_TRACK_MARGIN: f64 = 0.1;
/// Limits of the second and the third association, and of two tracks that are one.
const SECOND_LIMIT: f64 = 0.5;
const UNCONFIRMED_LIMIT: f64 = 0.7;
const DUPLICATE_LIMIT: f64 = 0.15;
/// Most steps of the filter in one update, however long the gap and the lifetime.
const MOST_STEPS: u64 = 1000;
/// Most lost tracks that are kept; of more, the longest lost go.
const MAX_LOST: usize = 2 * MAX_DETECTIONS;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Tracked,
    Lost,
    /// Lost for too long on the last frame; it has this one frame of grace.
    Removed,
}

/// A track as the original keeps it.
#[derive(Clone, Debug)]
struct Tracklet {
    id: u64,
    filter: Xyah,
    bbox: Rect,
    state: State,
    /// Seen more than once, or born on the first frame.
    activated: bool,
    /// In the original's list of removed tracks, which is never emptied: at its next loss such a
    /// track goes at once.
    was_removed: bool,
    frame: u64,
    start_frame: u64,
    score: f64,
    class: ClassVotes,
    matched_at: MediaTime,
}

impl Tracklet {
    fn step(&mut self) {
        // The original stops the height of a track that is not tracked.
        if self.state != State::Tracked {
            self.filter.axes[3].vel = 0.0;
        }
        self.filter.step();
        self.bbox = self.filter.bbox();
    }

    fn take(&mut self, detection: &Detection, frame: u64, at: MediaTime) {
        self.filter.correct(to_xyah(&detection.bbox));
        self.bbox = self.filter.bbox();
        self.state = State::Tracked;
        self.activated = true;
        self.frame = frame;
        self.score = detection.score;
        self.class.add(detection.class, detection.score);
        self.matched_at = at;
    }

    fn lived(&self) -> u64 {
        self.frame - self.start_frame
    }
}

/// A track on a frame on which it was matched.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Output {
    /// Counts from 1 in the order of birth.
    pub id: u64,
    /// The filter's box.
    pub bbox: Rect,
    /// Score of the detection it was matched with.
    pub score: f64,
    /// What it was mostly detected as.
    pub class: ClassId,
}

/// The original tracker, with frames for a clock.
#[derive(Clone, Debug)]
pub struct ByteTrack {
    track_threshold: f64,
    match_threshold: f64,
    max_frames_lost: u64,
    classes: ClassRule,
    frame: u64,
    last_id: u64,
    tracked: Vec<Tracklet>,
    lost: Vec<Tracklet>,
    work: Work,
}

/// Lists that live for one update, kept for their storage.
#[derive(Clone, Debug, Default)]
struct Work {
    high: Vec<usize>,
    low: Vec<usize>,
    /// Indices into `tracked`.
    confirmed: Vec<usize>,
    unconfirmed: Vec<usize>,
    second: Vec<usize>,
    found: Vec<usize>,
    dead: Vec<bool>,
    dead_lost: Vec<bool>,
    costs: Costs,
    solver: Solver,
    assigned: Assigned,
}

/// The original's cost: 1 − overlap, times the score where scores are fused in.
fn cost(track: &Tracklet, detection: &Detection, fused: bool, classes: &ClassRule) -> f64 {
    if !classes.allows(track.class.winner(), detection.class) {
        return f64::INFINITY;
    }
    let distance = 1.0 - iou_of_pixels(&track.bbox, &detection.bbox);
    if fused { 1.0 - (1.0 - distance) * detection.score } else { distance }
}

impl ByteTrack {
    /// With `track_threshold`, `match_threshold`, `track_buffer`, `frame_rate` and `classes` of
    /// the settings. A lost track lives for ⌊frame_rate / 30 × track_buffer⌋ frames.
    pub fn new(settings: &Settings) -> Self {
        let frames = settings.frame_rate / 30.0 * f64::from(settings.track_buffer);
        Self {
            track_threshold: settings.track_threshold,
            match_threshold: settings.match_threshold,
            max_frames_lost: frames as u64,
            classes: settings.classes.clone(),
            frame: 0,
            last_id: 0,
            tracked: Vec::new(),
            lost: Vec::new(),
            work: Work::default(),
        }
    }

    /// The next frame. The order of detections decides the numbering of new tracks. A box without
    /// height or with a number that is not finite must not be among them (it would make a track
    /// that nothing ever matches).
    pub fn update(&mut self, detections: &[Detection]) {
        self.update_after(1, MediaTime::default(), detections);
    }

    /// A frame `frames` after the last one (at least 1), those between not having been looked at:
    /// tracks are predicted once per frame, and only a frame that was looked at can lose them.
    pub(crate) fn update_after(&mut self, frames: u64, at: MediaTime, detections: &[Detection]) {
        self.frame = self.frame.saturating_add(frames.max(1));
        let mut work = std::mem::take(&mut self.work);
        self.split(detections, &mut work);
        // More steps than a lifetime would only blow up what is about to be removed.
        for _ in 0..frames.clamp(1, self.max_frames_lost.clamp(1, MOST_STEPS)) {
            for track in self.tracked.iter_mut().filter(|t| t.activated).chain(&mut self.lost) {
                track.step();
            }
        }
        self.associate_high(detections, at, &mut work);
        self.associate_low(detections, at, &mut work);
        self.associate_unconfirmed(detections, at, &mut work);
        self.start_tracks(detections, at, &work);
        self.settle(&work);
        self.drop_duplicates(&mut work);
        self.work = work;
    }

    /// Ends all tracks. Frames and ids count on.
    pub(crate) fn forget(&mut self) {
        self.tracked.clear();
        self.lost.clear();
    }

    /// The tracks matched on the last frame, in the original's order.
    pub fn outputs(&self) -> impl Iterator<Item = Output> {
        self.tracked.iter().filter(|t| t.activated).map(|t| Output {
            id: t.id,
            bbox: t.bbox,
            score: t.score,
            class: t.class.winner(),
        })
    }

    fn split(&self, detections: &[Detection], work: &mut Work) {
        let limit = self.track_threshold;
        work.high.clear();
        work.low.clear();
        for (i, detection) in detections.iter().enumerate() {
            // A score equal to the threshold is neither, as in the original.
            if detection.score > limit {
                work.high.push(i);
            } else if detection.score > LOW_THRESHOLD && detection.score < limit {
                work.low.push(i);
            }
        }
        work.confirmed.clear();
        work.unconfirmed.clear();
        for (i, track) in self.tracked.iter().enumerate() {
            let list = if track.activated { &mut work.confirmed } else { &mut work.unconfirmed };
            list.push(i);
        }
    }

    /// Confirmed, then lost tracks with the trusted detections. Leaves those of `tracked` that
    /// got nothing in `second`, and what is left of the detections in `high`.
    fn associate_high(&mut self, detections: &[Detection], at: MediaTime, work: &mut Work) {
        let Work { high, confirmed, second, found, costs, solver, assigned, .. } = work;
        let known = confirmed.len();
        {
            let (tracked, lost, classes) = (&self.tracked, &self.lost, &self.classes);
            costs.fill(known + lost.len(), high.len(), |row, col| {
                let track = confirmed.get(row).map_or_else(|| &lost[row - known], |&i| &tracked[i]);
                cost(track, &detections[high[col]], true, classes)
            });
        }
        solver.assign_below(costs, self.match_threshold, assigned);
        found.clear();
        for &(row, col) in &assigned.pairs {
            let detection = &detections[high[col]];
            if row < known {
                self.tracked[confirmed[row]].take(detection, self.frame, at);
            } else {
                self.lost[row - known].take(detection, self.frame, at);
                found.push(row - known);
            }
        }
        second.clear();
        second.extend(assigned.rows.iter().filter(|&&row| row < known).map(|&row| confirmed[row]));
        keep_only(high, &assigned.cols);
    }

    fn associate_low(&mut self, detections: &[Detection], at: MediaTime, work: &mut Work) {
        let Work { low, second, costs, solver, assigned, .. } = work;
        let (tracked, classes) = (&self.tracked, &self.classes);
        costs.fill(second.len(), low.len(), |row, col| {
            cost(&tracked[second[row]], &detections[low[col]], false, classes)
        });
        solver.assign_below(costs, SECOND_LIMIT, assigned);
        for &(row, col) in &assigned.pairs {
            self.tracked[second[row]].take(&detections[low[col]], self.frame, at);
        }
        for &row in &assigned.rows {
            self.tracked[second[row]].state = State::Lost;
        }
    }

    fn associate_unconfirmed(&mut self, detections: &[Detection], at: MediaTime, work: &mut Work) {
        let Work { high, unconfirmed, costs, solver, assigned, .. } = work;
        let (tracked, classes) = (&self.tracked, &self.classes);
        costs.fill(unconfirmed.len(), high.len(), |row, col| {
            cost(&tracked[unconfirmed[row]], &detections[high[col]], true, classes)
        });
        solver.assign_below(costs, UNCONFIRMED_LIMIT, assigned);
        for &(row, col) in &assigned.pairs {
            self.tracked[unconfirmed[row]].take(&detections[high[col]], self.frame, at);
        }
        for &row in &assigned.rows {
            self.tracked[unconfirmed[row]].state = State::Removed;
        }
        keep_only(high, &assigned.cols);
    }

    /// Appends the new tracks to `tracked`.
    fn start_tracks(&mut self, detections: &[Detection], at: MediaTime, work: &Work) {
        for detection in work.high.iter().map(|&i| &detections[i]) {
            if detection.score < self.track_threshold + NEW_TRACK_MARGIN {
                continue;
            }
            self.last_id += 1;
            let filter = Xyah::new(to_xyah(&detection.bbox));
            self.tracked.push(Tracklet {
                id: self.last_id,
                filter,
                bbox: filter.bbox(),
                state: State::Tracked,
                activated: self.frame == 1,
                was_removed: false,
                frame: self.frame,
                start_frame: self.frame,
                score: detection.score,
                class: ClassVotes::new(detection.class, detection.score),
                matched_at: at,
            });
        }
    }

    /// Sorts every track into the list that it now belongs to, in the original's order: tracked
    /// ones as before, then new ones (from `newest`), then those found again; lost ones as before,
    /// then those lost just now.
    fn settle(&mut self, work: &Work) {
        let (frame, limit) = (self.frame, self.max_frames_lost);
        // Found again, in the order of the association, which is that of the lost list.
        for &place in &work.found {
            self.tracked.push(self.lost[place].clone());
        }
        self.lost.retain(|t| t.state != State::Tracked);
        // A track that had its frame of grace is in the removed list by now and goes; one that
        // has just been lost too long is put there only after the list was consulted.
        self.lost.retain_mut(|track| {
            let stays = !track.was_removed;
            if frame - track.frame > limit {
                track.state = State::Removed;
                track.was_removed = true;
            }
            stays
        });
        for track in self.tracked.iter().filter(|t| t.state == State::Lost && !t.was_removed) {
            self.lost.push(track.clone());
        }
        self.tracked.retain(|t| t.state == State::Tracked);
        if self.lost.len() > MAX_LOST {
            self.lost.drain(..self.lost.len() - MAX_LOST);
        }
    }

    /// Of a tracked and a lost track on the same spot the longer-lived stays, in doubt the lost.
    fn drop_duplicates(&mut self, work: &mut Work) {
        let Work { dead, dead_lost, .. } = work;
        dead.clear();
        dead.resize(self.tracked.len(), false);
        dead_lost.clear();
        dead_lost.resize(self.lost.len(), false);
        for (p, tracked) in self.tracked.iter().enumerate() {
            for (q, lost) in self.lost.iter().enumerate() {
                if 1.0 - iou_of_pixels(&tracked.bbox, &lost.bbox) < DUPLICATE_LIMIT
                    && self.classes.allows(tracked.class.winner(), lost.class.winner())
                {
                    if tracked.lived() > lost.lived() {
                        dead_lost[q] = true;
                    } else {
                        dead[p] = true;
                    }
                }
            }
        }
        retain_living(&mut self.tracked, dead);
        retain_living(&mut self.lost, dead_lost);
    }
}

/// Reduces `list` to the entries at `places`, which ascend.
fn keep_only(list: &mut Vec<usize>, places: &[usize]) {
    for (to, &from) in places.iter().enumerate() {
        list[to] = list[from];
    }
    list.truncate(places.len());
}

fn retain_living(tracks: &mut Vec<Tracklet>, dead: &[bool]) {
    let mut dead = dead.iter();
    tracks.retain(|_| !dead.next().copied().unwrap_or(false));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(x: f64, score: f64) -> Detection {
        Detection { bbox: Rect::new(x, 100.0, x + 50.0, 250.0), class: ClassId(0), score }
    }

    fn ids(tracker: &ByteTrack) -> Vec<u64> {
        tracker.outputs().map(|o| o.id).collect()
    }

    #[test]
    fn only_the_first_frame_confirms_at_once() {
        let mut tracker = ByteTrack::new(&Settings::default());
        tracker.update(&[person(0.0, 0.9)]);
        assert_eq!(ids(&tracker), [1]);
        tracker.update(&[person(0.0, 0.9), person(300.0, 0.9)]);
        assert_eq!(ids(&tracker), [1]);
        tracker.update(&[person(0.0, 0.9), person(300.0, 0.9)]);
        assert_eq!(ids(&tracker), [1, 2]);
    }

    #[test]
    fn thresholds_are_exclusive_where_the_original_is() {
        for (score, born) in [(0.6, true), (0.59, false), (0.5, false), (0.3, false)] {
            let mut tracker = ByteTrack::new(&Settings::default());
            tracker.update(&[person(0.0, score)]);
            assert_eq!(ids(&tracker).len(), usize::from(born), "{score}");
        }
    }

    #[test]
    fn a_gap_of_31_survives_a_buffer_of_30_once() {
        for (gap, first) in [(29, [1]), (31, [1]), (32, [2])] {
            let mut tracker = ByteTrack::new(&Settings::default());
            for _ in 0..5 {
                tracker.update(&[person(0.0, 0.9)]);
            }
            for _ in 0..gap {
                tracker.update(&[]);
            }
            tracker.update(&[person(0.0, 0.9)]);
            tracker.update(&[person(0.0, 0.9)]);
            assert_eq!(ids(&tracker), first, "gap {gap}");
            if gap == 31 {
                // Saved in its frame of grace: at the next loss it goes at once.
                tracker.update(&[]);
                for _ in 0..3 {
                    tracker.update(&[person(0.0, 0.9)]);
                }
                assert_eq!(ids(&tracker), [2]);
            }
        }
    }

    #[test]
    fn classes_keep_to_themselves_unless_told_otherwise() {
        for (classes, id) in [(ClassRule::Same, 2), (ClassRule::Any, 1)] {
            let mut tracker = ByteTrack::new(&Settings { classes, ..Settings::default() });
            tracker.update(&[person(0.0, 0.9)]);
            for _ in 0..2 {
                tracker.update(&[Detection { class: ClassId(2), ..person(0.0, 0.9) }]);
            }
            assert_eq!(ids(&tracker), [id]);
        }
    }
}
