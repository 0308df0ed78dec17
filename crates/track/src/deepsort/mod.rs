//! The original DeepSORT (Wojke, Bewley, Paulus, "Simple Online and Realtime Tracking with a Deep
//! Association Metric", ICIP 2017), frame by frame and id for id, on given embeddings.
//!
//! 1. Every track is predicted one frame on.
//! 2. Confirmed tracks are matched by looks, those seen most recently first (the cascade): cosine
//!    distance to the nearest look in the gallery, within the Mahalanobis gate of the filter.
//! 3. Unconfirmed tracks, and confirmed ones missed once, are matched by overlap.
//! 4. Unmatched detections start tracks, which are confirmed after `n_init` frames in a row.
//!
//! The order in which detections are left over decides the numbering of new tracks, so the lists
//! are kept in the original's order throughout.

mod tracker;

use razz_base::{ClassId, Detection, Embedding, MediaTime, Rect};

pub use tracker::DeepSortTracker;

use crate::assignment::{Costs, Solver};
use crate::kalman::{Xyah, to_xyah};
use crate::publish::ClassVotes;
use crate::{DeepSortSettings, MAX_DETECTIONS};

/// 95 % quantile of the chi-square distribution with four degrees of freedom.
const GATE: f64 = 9.4877;
/// What a pair outside of the gate costs.
const GATED_COST: f64 = 1e5;
/// Costs above a limit count as the limit and this.
const CLAMP: f64 = 1e-5;
/// Most tracks kept; of more, the newest go.
const MAX_TRACKS: usize = 2 * MAX_DETECTIONS;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Tentative,
    Confirmed,
    Deleted,
}

#[derive(Clone, Debug)]
struct Tracklet {
    id: u64,
    filter: Xyah,
    bbox: Rect,
    state: State,
    hits: u32,
    /// Frames since the last match.
    missed: u32,
    /// Looks, the newest last; those of a tentative track count once it is confirmed.
    gallery: Vec<Embedding>,
    score: f64,
    class: ClassVotes,
    matched_at: MediaTime,
}

/// A track that was confirmed and seen on this frame or the one before.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Output {
    /// Counts from 1 in the order of birth.
    pub id: u64,
    /// The filter's box.
    pub bbox: Rect,
    /// Score of the detection it was last matched with.
    pub score: f64,
    /// What it was mostly detected as.
    pub class: ClassId,
}

/// The original tracker, with frames for a clock.
#[derive(Clone, Debug)]
pub struct DeepSort {
    settings: DeepSortSettings,
    last_id: u64,
    tracks: Vec<Tracklet>,
    costs: Costs,
    solver: Solver,
    joined: Vec<(usize, usize)>,
}

/// What a stage joined, and what it left in the original's order.
#[derive(Default)]
struct Stage {
    pairs: Vec<(usize, usize)>,
    tracks: Vec<usize>,
    detections: Vec<usize>,
}

impl DeepSort {
    /// See [`DeepSortSettings`]; `min_confidence` is applied here too.
    pub fn new(settings: &DeepSortSettings) -> Self {
        Self {
            settings: settings.clone(),
            last_id: 0,
            tracks: Vec::new(),
            costs: Costs::default(),
            solver: Solver::default(),
            joined: Vec::new(),
        }
    }

    /// The next frame: detections with their looks, whose order decides the numbering of new
    /// tracks. One without a look is matched by overlap alone.
    pub fn update(&mut self, detections: &[(Detection, Option<Embedding>)]) {
        self.update_at(MediaTime::default(), detections);
    }

    pub(crate) fn update_at(
        &mut self,
        at: MediaTime,
        detections: &[(Detection, Option<Embedding>)],
    ) {
        for track in &mut self.tracks {
            track.filter.step();
            track.bbox = track.filter.bbox();
            track.missed = track.missed.saturating_add(1);
        }
        let usable: Vec<usize> = (0..detections.len())
            .filter(|&i| detections[i].0.score >= self.settings.min_confidence)
            .collect();
        let by_looks = self.cascade(detections, usable);
        let (missed_once, lost): (Vec<usize>, Vec<usize>) =
            by_looks.tracks.iter().partition(|&&i| self.tracks[i].missed == 1);
        let unconfirmed =
            (0..self.tracks.len()).filter(|&i| self.tracks[i].state != State::Confirmed);
        let candidates: Vec<usize> = unconfirmed.chain(missed_once).collect();
        let by_overlap = self.match_by_overlap(detections, &candidates, by_looks.detections);

        for &(track, detection) in by_looks.pairs.iter().chain(&by_overlap.pairs) {
            self.take(track, &detections[detection], at);
        }
        for &track in lost.iter().chain(&by_overlap.tracks) {
            self.miss(track);
        }
        for &detection in &by_overlap.detections {
            self.start(&detections[detection], at);
        }
        self.tracks.retain(|t| t.state != State::Deleted);
        self.tracks.truncate(MAX_TRACKS);
        for track in &mut self.tracks {
            let surplus = track.gallery.len().saturating_sub(self.settings.gallery);
            track.gallery.drain(..surplus);
        }
    }

    /// Ends all tracks. Ids count on.
    pub(crate) fn forget(&mut self) {
        self.tracks.clear();
    }

    /// The tracks that the original puts out after a frame, in its order.
    pub fn outputs(&self) -> impl Iterator<Item = Output> {
        self.tracks
            .iter()
            .filter(|t| t.state == State::Confirmed && t.missed <= 1)
            .map(|t| Output { id: t.id, bbox: t.bbox, score: t.score, class: t.class.winner() })
    }

    /// The matching cascade: confirmed tracks by looks, by the time since they were seen.
    fn cascade(
        &mut self,
        detections: &[(Detection, Option<Embedding>)],
        mut left: Vec<usize>,
    ) -> Stage {
        let mut out = Stage::default();
        let confirmed: Vec<usize> =
            (0..self.tracks.len()).filter(|&i| self.tracks[i].state == State::Confirmed).collect();
        let mut level: Vec<usize> = Vec::new();
        let oldest = confirmed.iter().map(|&i| self.tracks[i].missed).max().unwrap_or(0);
        for age in 1..=oldest.min(self.settings.max_age) {
            if left.is_empty() {
                break;
            }
            level.clear();
            level.extend(confirmed.iter().filter(|&&i| self.tracks[i].missed == age));
            if level.is_empty() {
                continue;
            }
            let tracks = &self.tracks;
            self.costs.fill(level.len(), left.len(), |row, col| {
                let (track, (detection, look)) = (&tracks[level[row]], &detections[left[col]]);
                let Some(look) = look else { return GATED_COST };
                if track.filter.distance(to_xyah(&detection.bbox)) > GATE {
                    return GATED_COST;
                }
                let distances = track.gallery.iter().map(|kept| 1.0 - kept.similarity(look));
                distances.fold(f64::INFINITY, f64::min)
            });
            let limit = self.settings.max_cosine_distance;
            let stage = self.match_within(limit, &level, &left);
            out.pairs.extend(stage.pairs);
            left = stage.detections;
        }
        let taken = |track: &usize| out.pairs.iter().any(|pair| pair.0 == *track);
        out.tracks = confirmed.into_iter().filter(|track| !taken(track)).collect();
        out.detections = left;
        out
    }

    fn match_by_overlap(
        &mut self,
        detections: &[(Detection, Option<Embedding>)],
        candidates: &[usize],
        left: Vec<usize>,
    ) -> Stage {
        let tracks = &self.tracks;
        self.costs.fill(candidates.len(), left.len(), |row, col| {
            let track = &tracks[candidates[row]];
            // The original leaves tracks to the cascade that were missed before.
            if track.missed > 1 {
                return GATED_COST;
            }
            1.0 - track.bbox.iou(&detections[left[col]].0.bbox)
        });
        self.match_within(self.settings.max_iou_distance, candidates, &left)
    }

    /// Optimal assignment of `self.costs` clamped just above the limit. What is left comes in the
    /// original's order: first what the assignment left out, then the pairs that it joined above
    /// the limit.
    fn match_within(&mut self, limit: f64, tracks: &[usize], detections: &[usize]) -> Stage {
        let mut out = Stage::default();
        let clamp = |cost: f64| if cost > limit { limit + CLAMP } else { cost };
        let mut clamped = Costs::default();
        let costs = &self.costs;
        clamped.fill(costs.rows(), costs.cols(), |row, col| clamp(costs.at(row, col)));
        self.solver.assign_all(&clamped, &mut self.joined);
        let joined = &self.joined;
        let has_row = |row: usize| joined.iter().any(|pair| pair.0 == row);
        let has_col = |col: usize| joined.iter().any(|pair| pair.1 == col);
        out.detections.extend(
            detections.iter().enumerate().filter(|(col, _)| !has_col(*col)).map(|(_, &d)| d),
        );
        out.tracks
            .extend(tracks.iter().enumerate().filter(|(row, _)| !has_row(*row)).map(|(_, &t)| t));
        for &(row, col) in joined {
            if clamped.at(row, col) > limit {
                out.tracks.push(tracks[row]);
                out.detections.push(detections[col]);
            } else {
                out.pairs.push((tracks[row], detections[col]));
            }
        }
        out
    }

    fn take(&mut self, track: usize, found: &(Detection, Option<Embedding>), at: MediaTime) {
        let (detection, look) = found;
        let track = &mut self.tracks[track];
        track.filter.correct(to_xyah(&detection.bbox));
        track.bbox = track.filter.bbox();
        track.gallery.extend(look.clone());
        track.hits = track.hits.saturating_add(1);
        track.missed = 0;
        if track.state == State::Tentative && track.hits >= self.settings.n_init {
            track.state = State::Confirmed;
        }
        track.score = detection.score;
        track.class.add(detection.class, detection.score);
        track.matched_at = at;
    }

    fn miss(&mut self, track: usize) {
        let track = &mut self.tracks[track];
        if track.state == State::Tentative || track.missed > self.settings.max_age {
            track.state = State::Deleted;
        }
    }

    fn start(&mut self, found: &(Detection, Option<Embedding>), at: MediaTime) {
        let (detection, look) = found;
        self.last_id += 1;
        let filter = Xyah::new(to_xyah(&detection.bbox));
        self.tracks.push(Tracklet {
            id: self.last_id,
            filter,
            bbox: filter.bbox(),
            state: State::Tentative,
            hits: 1,
            missed: 0,
            gallery: look.clone().into_iter().collect(),
            score: detection.score,
            class: ClassVotes::new(detection.class, detection.score),
            matched_at: at,
        });
    }
}
