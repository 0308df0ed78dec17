//! The head of YOLO11 and YOLOv8: a candidate per cell, all of them given.
//!
//! The output is `[batch, 4 + classes, candidates]`: for each candidate cx, cy, width, height in
//! pixels of the model input, then one score per class, 0 to 1. A candidate counts for its best
//! class only. Behind the scores, heads for other tasks give more rows: numbers of a mask, key points,
//! or the angle in radians by which the box is turned.

use super::beside::{Beside, upright};
use super::{Candidate, Place, Rules, Unreadable, not_finite, part};
use crate::engine::Tensor;
use crate::simd::vectorised;

/// Candidates worked on at a time: their best scores stay in the first-level cache.
const BLOCK: usize = 1024;

/// Reads `[batch, 4 + classes + others, candidates]`.
#[derive(Debug)]
pub(crate) struct Dense {
    output: usize,
    classes: usize,
    beside: Option<Beside>,
    best: Vec<f32>,
    class: Vec<u32>,
}

impl Dense {
    /// `None` when `rows` and `columns` are not those of such a head.
    pub(super) fn new(rows: usize, columns: usize) -> Option<Self> {
        // Class ids are 16 bits. A transposed head has more rows than columns.
        let sane = (5..=4 + usize::from(u16::MAX)).contains(&rows) && rows < columns;
        sane.then(|| Self {
            output: 0,
            classes: rows - 4,
            beside: None,
            best: vec![0.0; BLOCK],
            class: vec![0; BLOCK],
        })
    }

    /// The same with something beside boxes and scores; `output` is its place among the model's.
    pub(super) fn with(output: usize, rows: usize, columns: usize, beside: Beside) -> Option<Self> {
        let plain = Self::new(rows.checked_sub(beside.numbers())?, columns)?;
        (rows < columns).then_some(Self { output, beside: Some(beside), ..plain })
    }

    pub(super) fn output(&self) -> usize {
        self.output
    }

    pub(super) fn beside(&self) -> Option<Beside> {
        self.beside
    }

    pub(super) fn classes(&self) -> usize {
        self.classes
    }

    pub(super) fn collect(
        &mut self,
        outputs: &[Tensor<'_>],
        place: &Place,
        rules: &Rules,
        found: &mut Vec<Candidate>,
    ) -> Result<(), Unreadable> {
        let rows = 4 + self.classes + self.beside.map_or(0, Beside::numbers);
        let (data, _, n) = part(outputs.get(self.output), place.index, Some(rows), None)?;
        let (boxes, rest) = data.split_at(4 * n);
        let (scores, rest) = rest.split_at(self.classes * n);
        let angles = (self.beside == Some(Beside::Angle)).then_some(rest);
        for from in (0..n).step_by(BLOCK) {
            let block = from..(from + BLOCK).min(n);
            let best = &mut self.best[..block.len()];
            let class = &mut self.class[..block.len()];
            best.fill(f32::NEG_INFINITY);
            class.fill(0);
            let mut exponents = 0;
            for (id, row) in scores.chunks_exact(n).enumerate() {
                exponents |= improve(best, class, id as u32, &row[block.clone()]);
            }
            if exponents != 0 {
                return Err(Unreadable::NotFinite);
            }
            for (i, (score, class)) in block.zip(best.iter().zip(&*class)) {
                if *score > rules.confidence && rules.counts(*class as usize) {
                    let [cx, cy, w, h] = [0, 1, 2, 3].map(|row| boxes[row * n + i]);
                    if ![cx, cy, w, h].iter().all(|v| v.is_finite()) {
                        return Err(Unreadable::NotFinite);
                    }
                    let [left, top, right, bottom] = match angles.map(|angles| angles[i]) {
                        None => [cx - w / 2.0, cy - h / 2.0, cx + w / 2.0, cy + h / 2.0],
                        Some(angle) if angle.is_finite() => upright([cx, cy, w, h], angle),
                        Some(_) => return Err(Unreadable::NotFinite),
                    };
                    let (score, class) = (*score, *class as u16);
                    found.push(Candidate { score, class, left, top, right, bottom });
                }
            }
        }
        Ok(())
    }
}

vectorised! {
    /// Takes the scores of class `id` where they are better than the best so far. Not 0 when one is
    /// NaN or infinite.
    fn improve(best: &mut [f32], class: &mut [u32], id: u32, scores: &[f32]) -> u32 {
        let mut exponents = 0;
        for ((score, best), class) in scores.iter().zip(best).zip(class) {
            let better = *score > *best;
            *best = if better { *score } else { *best };
            *class = if better { id } else { *class };
            exponents |= not_finite(*score);
        }
        exponents
    }
}

#[cfg(test)]
mod tests {
    use razz_base::{Detection, Size};

    use super::super::{Head, Reader};
    use super::*;
    use crate::input::{Geometry, Placement};

    const SIZE: Size = Size::new(640, 640);

    fn rules(confidence: f32) -> Rules {
        Rules { confidence, iou: 0.5, classes: Vec::new(), candidates: false }
    }

    /// An output of two classes and 2,000 candidates, of which these are not zero: candidate,
    /// box as cx, cy, w, h, the two scores.
    fn output(set: &[(usize, [f32; 4], [f32; 2])]) -> Vec<f32> {
        let mut data = vec![0.0; 6 * 2000];
        for (i, bbox, scores) in set {
            for (row, value) in bbox.iter().chain(scores).enumerate() {
                data[row * 2000 + i] = *value;
            }
        }
        data
    }

    fn try_read(data: &[f32], rules: &Rules, out: &mut Vec<Detection>) -> Result<(), Unreadable> {
        let geometry = Geometry::new(SIZE, SIZE, Placement::Centred);
        let place = Place { index: 0, geometry, input: SIZE, picture: SIZE };
        let head = Head::Dense(Dense::new(6, 2000).unwrap());
        Reader::new(head).read(&[Tensor::f32(&[1, 6, 2000], data)], &place, rules, out)
    }

    fn read(data: &[f32], rules: &Rules) -> Vec<(u16, u32, [i64; 4])> {
        let mut out = Vec::new();
        try_read(data, rules, &mut out).unwrap();
        out.iter()
            .map(|d| {
                let bbox = d.bbox.to_array().map(|v| v.round() as i64);
                (d.class.0, (d.score * 100.0).round() as u32, bbox)
            })
            .collect()
    }

    #[test]
    fn best_class_only_and_best_first() {
        let data = output(&[
            (3, [100.0, 100.0, 20.0, 40.0], [0.4, 0.6]),
            (1999, [300.0, 300.0, 20.0, 20.0], [0.9, 0.1]),
            (1024, [500.0, 500.0, 20.0, 20.0], [0.2, 0.25]),
        ]);
        let want = [(0, 90, [290, 290, 310, 310]), (1, 60, [90, 80, 110, 120])];
        assert_eq!(read(&data, &rules(0.25)), want);
        let only = Rules { classes: vec![true, false], ..rules(0.25) };
        assert_eq!(read(&data, &only), want[..1]);
    }

    #[test]
    fn overlaps_are_dropped_within_a_class() {
        let near = [104.0, 100.0, 40.0, 40.0];
        let data = output(&[
            (0, [100.0, 100.0, 40.0, 40.0], [0.9, 0.0]),
            (1, near, [0.8, 0.0]),
            (2, near, [0.0, 0.7]),
            (3, [130.0, 100.0, 40.0, 40.0], [0.6, 0.0]),
        ]);
        let kept: Vec<_> = read(&data, &rules(0.25)).iter().map(|d| (d.0, d.1)).collect();
        assert_eq!(kept, [(0, 90), (1, 70), (0, 60)]);
    }

    #[test]
    fn boxes_are_clipped_and_those_outside_dropped() {
        let data = output(&[
            (0, [10.0, 10.0, 40.0, 40.0], [0.9, 0.0]),
            (1, [700.0, 10.0, 40.0, 40.0], [0.8, 0.0]),
        ]);
        assert_eq!(read(&data, &rules(0.25)), [(0, 90, [0, 0, 30, 30])]);
    }

    #[test]
    fn candidates_are_all_that_scores_enough_as_the_model_places_it() {
        let data = output(&[
            (0, [10.0, 10.0, 40.0, 40.0], [0.9, 0.0]),
            (1, [11.0, 10.0, 40.0, 40.0], [0.8, 0.0]),
            (2, [700.0, 10.0, 40.0, 40.0], [0.7, 0.0]),
            (3, [10.0, 10.0, 40.0, 40.0], [0.2, 0.0]),
        ]);
        let all = Rules { candidates: true, ..rules(0.25) };
        let want =
            [(0, 90, [-10, -10, 30, 30]), (0, 80, [-9, -10, 31, 30]), (0, 70, [680, -10, 720, 30])];
        assert_eq!(read(&data, &all), want);
        let set: Vec<_> = (0..2000).map(|i| (i, [100.0, 100.0, 40.0, 40.0], [0.5, 0.0])).collect();
        assert_eq!(read(&output(&set), &all).len(), 2000);
    }

    #[test]
    fn at_most_300() {
        let set: Vec<_> = (0..400)
            .map(|i| (i, [(i % 20 * 30) as f32, (i / 20 * 30) as f32, 10.0, 10.0], [0.5, 0.0]))
            .collect();
        assert_eq!(read(&output(&set), &rules(0.25)).len(), 300);
    }

    #[test]
    fn what_is_not_finite_is_refused() {
        for (row, value) in [(5, f32::NAN), (4, f32::INFINITY), (0, f32::NAN)] {
            let mut data = output(&[(7, [100.0, 100.0, 40.0, 40.0], [0.9, 0.0])]);
            data[row * 2000 + 7] = value;
            let mut out = Vec::new();
            let read = try_read(&data, &rules(0.25), &mut out);
            assert_eq!((read, out.len()), (Err(Unreadable::NotFinite), 0), "row {row}: {value}");
        }
    }
}
