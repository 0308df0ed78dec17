//! HOTA (Luiten et al., "HOTA: A Higher Order Metric for Evaluating Multi-Object Tracking", IJCV
//! 2021), with what MOTChallenge and KITTI leave out before they score. The same numbers as
//! TrackEval's, in a fraction of the time, so that settings can be chosen on all sets at once.
#![allow(dead_code, unreachable_pub, reason = "each test and example uses its own part")]

use std::collections::BTreeMap;
use std::fs;

use razz_base::Rect;
use razz_track::assignment::{Assigned, Costs, Solver};

use super::Case;

/// Localisation thresholds: 0.05, 0.10, … 0.95.
const LEVELS: usize = 19;
/// What TrackEval adds to comparisons.
const EPS: f64 = f64::EPSILON;

/// A box with the track it belongs to.
pub type Row = (u64, Rect);

/// What is true on one frame.
#[derive(Clone, Default)]
pub struct Truth {
    /// Boxes to be found.
    wanted: Vec<Row>,
    /// Boxes of which it does not matter whether they are found (distractors, hidden cars).
    indifferent: Vec<Rect>,
    /// Boxes that are neither, though a result may match them (MOT17's other classes).
    other: Vec<Rect>,
    /// Regions in which nobody looked.
    unlabelled: Vec<Rect>,
}

/// Sums over one sequence or several.
#[derive(Clone, Copy, Default, Debug)]
pub struct Tally {
    found: [f64; LEVELS],
    missed: [f64; LEVELS],
    wrong: [f64; LEVELS],
    associated: [f64; LEVELS],
}

impl Tally {
    /// Sums of both.
    pub fn add(&mut self, other: &Tally) {
        for level in 0..LEVELS {
            self.found[level] += other.found[level];
            self.missed[level] += other.missed[level];
            self.wrong[level] += other.wrong[level];
            self.associated[level] += other.associated[level];
        }
    }

    /// HOTA, DetA and AssA in percent.
    pub fn scores(&self) -> [f64; 3] {
        let mut sums = [0.0; 3];
        for level in 0..LEVELS {
            let found = self.found[level];
            let all = found + self.missed[level] + self.wrong[level];
            let detection = found / all.max(1.0);
            let association = self.associated[level] / found.max(1.0);
            for (sum, score) in
                sums.iter_mut().zip([(detection * association).sqrt(), detection, association])
            {
                *sum += 100.0 * score / LEVELS as f64;
            }
        }
        sums
    }
}

/// The ground truth of a sequence, by frame.
pub fn truth(case: &Case) -> BTreeMap<u64, Truth> {
    let mut out: BTreeMap<u64, Truth> = BTreeMap::new();
    let number = |text: &str| text.trim().parse::<f64>().unwrap_or_else(|_| panic!("{text:?}"));
    if case.set.starts_with("kitti") {
        let text = fs::read_to_string(case.folder.join("gt/label_02.txt")).expect("label_02.txt");
        for line in text.lines() {
            let v: Vec<&str> = line.split(' ').collect();
            let frame = out.entry(number(v[0]) as u64 + 1).or_default();
            let bbox = Rect::new(number(v[6]), number(v[7]), number(v[8]), number(v[9]));
            let hidden = number(v[3]) > 0.0 || number(v[4]) > 2.0;
            match v[2].to_lowercase().as_str() {
                "dontcare" => frame.unlabelled.push(bbox),
                "car" if !hidden => frame.wanted.push((number(v[1]) as u64, bbox)),
                "car" | "van" => frame.indifferent.push(bbox),
                _ => {}
            }
        }
        return out;
    }
    let mot15 = case.set.starts_with("mot15");
    let text = fs::read_to_string(case.folder.join("gt/gt.txt")).expect("gt.txt");
    for line in text.lines() {
        let v: Vec<f64> = line.split(',').map(number).collect();
        let frame = out.entry(v[0] as u64).or_default();
        let bbox = Rect::new(v[2], v[3], v[2] + v[4], v[3] + v[5]);
        let (counts, class) = (v[6] != 0.0, v[7] as i64);
        if counts && (mot15 || class == 1) {
            frame.wanted.push((v[1] as u64, bbox));
        } else if !mot15 && [2, 7, 8, 12].contains(&class) {
            frame.indifferent.push(bbox);
        } else if !mot15 {
            frame.other.push(bbox);
        }
    }
    out
}

/// Share of `a` that lies in `b`.
fn share_within(a: &Rect, b: &Rect) -> f64 {
    let width = a.right.min(b.right) - a.left.max(b.left);
    let height = a.bottom.min(b.bottom) - a.top.max(b.top);
    if width <= 0.0 || height <= 0.0 { 0.0 } else { width * height / a.area() }
}

/// A result without the boxes that the benchmarks do not score.
fn scored(truth: &Truth, set: &str, rows: &[Row], solver: &mut Solver) -> Vec<Row> {
    let kitti = set.starts_with("kitti");
    // Streets have cars, and no boxes that are no people's.
    let cars = kitti || set == "street";
    let usual = |r: &Row| cars || (r.1.area() > 100.0 && r.1.width() / r.1.height() <= 1.6);
    let rows: Vec<Row> = rows.iter().copied().filter(usual).collect();
    let wanted: Vec<Rect> = truth.wanted.iter().map(|r| r.1).collect();
    let all: Vec<Rect> =
        wanted.iter().chain(&truth.indifferent).chain(&truth.other).copied().collect();
    let (mut costs, mut assigned) = (Costs::default(), Assigned::default());
    costs.fill(rows.len(), all.len(), |row, col| {
        let overlap = rows[row].1.iou(&all[col]);
        if overlap < 0.5 - EPS { 1.0 } else { 1.0 - overlap }
    });
    solver.assign_below(&costs, 1.0, &mut assigned);
    let indifferent = wanted.len()..wanted.len() + truth.indifferent.len();
    let drop: Vec<usize> =
        assigned.pairs.iter().filter(|p| indifferent.contains(&p.1)).map(|p| p.0).collect();
    let unseen = |row: usize| {
        kitti
            && assigned.rows.contains(&row)
            && (rows[row].1.height() <= 25.0 + EPS
                || truth.unlabelled.iter().any(|u| share_within(&rows[row].1, u) > 0.5 + EPS))
    };
    let kept = |row: &usize| !drop.contains(row) && !unseen(*row);
    (0..rows.len()).filter(kept).map(|row| rows[row]).collect()
}

/// Scores the boxes of the frames given.
pub fn score(
    case: &Case,
    truth: &BTreeMap<u64, Truth>,
    frames: impl Iterator<Item = u64>,
    result: &BTreeMap<u64, Vec<Row>>,
) -> Tally {
    let nothing = Truth::default();
    let mut solver = Solver::default();
    let mut number = [BTreeMap::new(), BTreeMap::new()];
    let mut lengths = [Vec::new(), Vec::new()];
    let mut place = |side: usize, id: u64| -> usize {
        let next = number[side].len();
        let place = *number[side].entry(id).or_insert(next);
        lengths[side].resize(number[side].len(), 0.0);
        lengths[side][place] += 1.0;
        place
    };
    // (true track, found track, overlap) of every pair that overlaps, by frame.
    let mut pairs = Vec::new();
    for frame in frames {
        let truth = truth.get(&frame).unwrap_or(&nothing);
        let rows = result.get(&frame).map_or(&[][..], Vec::as_slice);
        let rows = scored(truth, &case.set, rows, &mut solver);
        let a: Vec<usize> = truth.wanted.iter().map(|r| place(0, r.0)).collect();
        let b: Vec<usize> = rows.iter().map(|r| place(1, r.0)).collect();
        let overlaps: Vec<f64> = truth
            .wanted
            .iter()
            .flat_map(|t| rows.iter().map(|r| t.1.iou(&r.1)).collect::<Vec<_>>())
            .collect();
        pairs.push((a, b, overlaps));
    }
    let [true_len, found_len] = &lengths;
    let at = |a: usize, b: usize| a * found_len.len() + b;
    let mut potential = vec![0.0; true_len.len() * found_len.len()];
    for (a, b, overlaps) in &pairs {
        let row_sum = |r: usize| overlaps[r * b.len()..(r + 1) * b.len()].iter().sum::<f64>();
        let rows: Vec<f64> = (0..a.len()).map(row_sum).collect();
        let col_sum = |c: usize| (0..a.len()).map(|r| overlaps[r * b.len() + c]).sum::<f64>();
        let cols: Vec<f64> = (0..b.len()).map(col_sum).collect();
        for (r, &ta) in a.iter().enumerate() {
            for (c, &tb) in b.iter().enumerate() {
                let overlap = overlaps[r * b.len() + c];
                let all = rows[r] + cols[c] - overlap;
                if all > EPS {
                    potential[at(ta, tb)] += overlap / all;
                }
            }
        }
    }
    let mut out = Tally::default();
    let mut joined = vec![BTreeMap::<(usize, usize), f64>::new(); LEVELS];
    let (mut costs, mut assigned) = (Costs::default(), Assigned::default());
    for (a, b, overlaps) in &pairs {
        costs.fill(a.len(), b.len(), |r, c| {
            let p = potential[at(a[r], b[c])];
            1.0 - p / (true_len[a[r]] + found_len[b[c]] - p) * overlaps[r * b.len() + c]
        });
        solver.assign_below(&costs, 1.0, &mut assigned);
        for (level, joined) in joined.iter_mut().enumerate() {
            let least = 0.05 * (level + 1) as f64 - EPS;
            let mut found = 0.0;
            for &(r, c) in &assigned.pairs {
                if overlaps[r * b.len() + c] >= least {
                    found += 1.0;
                    *joined.entry((a[r], b[c])).or_default() += 1.0;
                }
            }
            out.found[level] += found;
            out.missed[level] += a.len() as f64 - found;
            out.wrong[level] += b.len() as f64 - found;
        }
    }
    for (level, joined) in joined.iter().enumerate() {
        for (&(a, b), &count) in joined {
            out.associated[level] += count * count / (true_len[a] + found_len[b] - count);
        }
    }
    out
}
