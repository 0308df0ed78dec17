//! Tracks on the frames between those that were used: the whole file is at hand, so a box lies
//! between the matches before and after it.

use std::collections::{BTreeMap, HashMap};

use razz_base::Rect;

use super::ResultLine;
use super::motion::CameraMotion;
use super::pass::Tracked;

/// The longest time without a match that is bridged: by then two boxes say little about what was
/// between them. In seconds.
const LONGEST_GAP_S: f64 = 1.5;

/// Adds rows for the frames without one.
///
/// Between two matches of a track its box is interpolated, on top of the camera's motion. Who was
/// not found on the next frame that was used left about halfway: until there the box is where the
/// tracker predicted it, or goes on as it went before. At the end of the file it does so to the
/// last frame.
pub(super) fn fill(tracked: &mut Tracked, motion: &CameraMotion, stride: u64, frame_rate: f64) {
    let mut tracks: BTreeMap<u64, Vec<ResultLine>> = BTreeMap::new();
    for row in &tracked.rows {
        tracks.entry(row.id).or_default().push(*row);
    }
    let predicted: HashMap<(u64, u64), ResultLine> =
        tracked.predicted.drain(..).map(|row| ((row.id, row.frame), row)).collect();
    let longest_gap = ((LONGEST_GAP_S * frame_rate) as u64).max(stride);
    let last_used = tracked.length.saturating_sub(1) / stride * stride + 1;
    let mut rows = Vec::new();
    for (id, matches) in &tracks {
        for (index, own) in matches.iter().enumerate() {
            let next = matches.get(index + 1);
            if let Some(next) = next.filter(|next| next.frame - own.frame <= longest_gap) {
                rows.extend(between(*own, *next, motion));
                continue;
            }
            let last = match own.frame == last_used {
                true => tracked.length,
                false => own.frame + (stride - 1) / 2,
            };
            let before = index.checked_sub(1).map(|before| matches[before]);
            rows.extend((own.frame + 1..=last).map(|frame| match predicted.get(&(*id, frame)) {
                Some(row) => *row,
                None => beyond(before, *own, frame, motion),
            }));
        }
    }
    tracked.rows.extend(rows);
    // Stable: on the frames used the tracker's own order stays.
    tracked.rows.sort_by_key(|row| row.frame);
}

/// The rows between two matches of a track.
fn between(
    a: ResultLine,
    b: ResultLine,
    motion: &CameraMotion,
) -> impl Iterator<Item = ResultLine> {
    // What the camera's motion alone does not explain is spread evenly.
    let carried = motion.carry(a.bbox, a.frame, b.frame).to_array();
    let rest: [f64; 4] = std::array::from_fn(|i| b.bbox.to_array()[i] - carried[i]);
    (a.frame + 1..b.frame).map(move |frame| {
        let share = (frame - a.frame) as f64 / (b.frame - a.frame) as f64;
        let bbox = moved_by(motion.carry(a.bbox, a.frame, frame), rest.map(|v| v * share));
        let score = a.score + (b.score - a.score) * share;
        ResultLine { frame, id: a.id, bbox, score }
    })
}

/// The row after the last match, going on as from the one before it.
fn beyond(
    before: Option<ResultLine>,
    last: ResultLine,
    frame: u64,
    motion: &CameraMotion,
) -> ResultLine {
    let bbox = motion.carry(last.bbox, last.frame, frame);
    let Some(before) = before else { return ResultLine { frame, bbox, ..last } };
    let carried = motion.carry(before.bbox, before.frame, last.frame).to_array();
    let share = (frame - last.frame) as f64 / (last.frame - before.frame) as f64;
    let step = std::array::from_fn(|i| (last.bbox.to_array()[i] - carried[i]) * share);
    ResultLine { frame, bbox: moved_by(bbox, step), ..last }
}

fn moved_by(bbox: Rect, step: [f64; 4]) -> Rect {
    let [left, top, right, bottom] = std::array::from_fn(|i| bbox.to_array()[i] + step[i]);
    Rect::new(left, top, right, bottom)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(frame: u64, id: u64, left: f64) -> ResultLine {
        ResultLine { frame, id, bbox: Rect::new(left, 0.0, left + 10.0, 20.0), score: 0.5 }
    }

    fn filled(
        rows: &[ResultLine],
        predicted: &[ResultLine],
        length: u64,
        stride: u64,
    ) -> Vec<(u64, u64, f64)> {
        let (rows, predicted) = (rows.to_vec(), predicted.to_vec());
        let mut tracked = Tracked { rows, predicted, length };
        fill(&mut tracked, &CameraMotion::default(), stride, 10.0);
        tracked.rows.iter().map(|row| (row.frame, row.id, row.bbox.left)).collect()
    }

    #[test]
    fn boxes_lie_between_their_neighbours() {
        let rows = [row(1, 1, 0.0), row(4, 2, 7.0), row(4, 1, 30.0)];
        let want = [(1, 1, 0.0), (2, 1, 10.0), (3, 1, 20.0), (4, 2, 7.0), (4, 1, 30.0)];
        assert_eq!(filled(&rows, &[], 4, 3), want);
    }

    #[test]
    fn who_is_gone_left_halfway_and_the_end_is_predicted() {
        // Track 1 is not found on frame 6; track 2 lives to the end, frame 8.
        let rows = [row(1, 1, 0.0), row(1, 2, 0.0), row(6, 2, 10.0)];
        let predicted = [row(2, 1, 5.0), row(4, 1, 5.0), row(8, 2, 99.0)];
        let got = filled(&rows, &predicted, 8, 5);
        let of = |id| got.iter().filter(move |r| r.1 == id).map(|r| (r.0, r.2)).collect::<Vec<_>>();
        assert_eq!(of(1), [(1, 0.0), (2, 5.0), (3, 0.0)]);
        assert_eq!(of(2)[5..], [(6, 10.0), (7, 12.0), (8, 99.0)]);
    }

    #[test]
    fn long_gaps_and_single_frames_stay() {
        // 1.5 s at 10 frames a second.
        for (gap, rows) in [(15, 16), (16, 2)] {
            let ends = [row(1, 1, 0.0), row(1 + gap, 1, 0.0)];
            assert_eq!(filled(&ends, &[], 1 + gap, 1).len(), rows, "{gap}");
        }
        assert_eq!(filled(&[], &[], 0, 5), []);
        assert_eq!(filled(&[row(1, 1, 0.0)], &[], 1, 5).len(), 1);
    }
}
