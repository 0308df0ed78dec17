//! The way that every object took, in few points. As heat maps, paths have no snapshot: those that had not
//! ended at a restart come anew from the record.

use std::collections::{BTreeMap, VecDeque};

use razz_base::{ClassId, MediaTime, TrackFrame, TrackId, TrackState};

use crate::Anchor;
use crate::class_votes::ClassVotes;
use crate::geometry::{Point, distance};
use crate::settings::SECOND;
use crate::sighting::Outline;

/// A point is kept when the object has gone this many of its heights since the last one that was.
const STEP_HEIGHTS: f64 = 0.25;
/// Most points of a path; when it is full, every second one goes and steps are twice as long.
const MAX_POINTS: usize = 128;
/// A track that was not seen for so long has ended.
const FORGET_TICKS: i64 = 10 * SECOND;

/// A point of a path.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct PathPoint {
    /// When.
    pub time: MediaTime,
    /// Where the foot was, in shares of the picture.
    pub at: [f64; 2],
}

/// Where a track was, from its first sighting to its last.
#[derive(Clone, PartialEq, Debug)]
pub struct Path {
    /// Whose.
    pub track: TrackId,
    /// What it was seen as with the most confidence.
    pub class: ClassId,
    /// In the order of time: one or more, 129 at most.
    pub points: Vec<PathPoint>,
}

/// The paths of the tracks of one camera: frames in, a path out for every track that ended.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Paths {
    growing: BTreeMap<TrackId, Growing>,
    ended: VecDeque<Path>,
}

#[derive(Clone, PartialEq, Debug)]
struct Growing {
    points: Vec<PathPoint>,
    newest: PathPoint,
    /// Of the last point that was kept, in picture heights.
    kept: Point,
    step_heights: f64,
    votes: ClassVotes,
}

impl Paths {
    /// Takes the next frame.
    pub fn handle(&mut self, frame: &TrackFrame) {
        let time = frame.key.time;
        self.end(|newest| time.since_90k(newest) >= FORGET_TICKS);
        let aspect = f64::from(frame.size.width.max(1)) / f64::from(frame.size.height.max(1));
        for track in frame.tracks.iter().filter(|track| track.state == TrackState::Matched) {
            let Some(outline) = Outline::new(&track.bbox, frame.size) else { continue };
            let foot = outline.anchor(Anchor::Foot);
            let point = PathPoint { time, at: [foot[0] / aspect, foot[1]] };
            let path = self.growing.entry(track.id).or_insert_with(|| Growing {
                points: vec![point],
                newest: point,
                kept: foot,
                step_heights: STEP_HEIGHTS,
                votes: ClassVotes::default(),
            });
            path.votes.add(track.class, track.confidence);
            path.newest = point;
            if distance(path.kept, foot) >= path.step_heights * outline.height() {
                path.kept = foot;
                path.points.push(point);
            }
            if path.points.len() >= MAX_POINTS {
                let mut place = 0;
                path.points.retain(|_| {
                    place += 1;
                    place % 2 == 1
                });
                path.step_heights *= 2.0;
            }
        }
    }

    /// The next path that ended.
    pub fn poll_path(&mut self) -> Option<Path> {
        self.ended.pop_front()
    }

    /// Nothing comes any more: all paths end.
    pub fn finish(&mut self) {
        self.end(|_| true);
    }

    fn end(&mut self, over: impl Fn(MediaTime) -> bool) {
        let ended = &mut self.ended;
        self.growing.retain(|track, path| {
            if !over(path.newest.time) {
                return true;
            }
            let mut points = std::mem::take(&mut path.points);
            if points.last() != Some(&path.newest) {
                points.push(path.newest);
            }
            let class = path.votes.winner().unwrap_or_default();
            ended.push_back(Path { track: *track, class, points });
            false
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::offline::{Clip, TrackRow, frames};
    use razz_base::{Rect, Size};

    #[test]
    fn a_path_has_its_ends_and_few_points_between() {
        for (length, most) in [(2, 2), (100, 60), (5_000, 129)] {
            let row = |frame: u32| {
                let x = 5.0 * f64::from(frame);
                TrackRow { frame, id: 3, bbox: Rect::new(x, 0.0, x + 20.0, 40.0), confidence: 0.9 }
            };
            let rows: Vec<_> = (1..=length).map(row).collect();
            let clip = Clip { rows: &rows, size: Size::new(1000, 100), fps: 30.0 };
            let mut paths = Paths::default();
            for frame in frames(clip).unwrap() {
                paths.handle(&frame);
            }
            assert_eq!(paths.poll_path(), None);
            paths.finish();
            let path = paths.poll_path().unwrap();
            assert!(path.points.len() <= most, "{length}: {}", path.points.len());
            let ends = [path.points[0], path.points[path.points.len() - 1]];
            let x = |frame: u32| (5.0 * f64::from(frame) + 10.0) / 1000.0;
            assert!((ends[0].at[0] - x(1)).abs() < 1e-9);
            assert!((ends[1].at[0] - x(length)).abs() < 1e-9);
            assert!(path.points.is_sorted_by_key(|point| point.time));
        }
    }
}
