//! The head of YOLO11 (and YOLOv8): candidates to detections.
//!
//! The output is `[1, 4 + classes, candidates]`: for each candidate cx, cy, width, height in pixels
//! of the model input, then one score per class, 0 to 1. A candidate counts for its best class
//! only; of one class, what overlaps a better one by more than the limit is dropped.

use std::cmp::Ordering;

use razz_base::{ClassId, Detection, Rect, Size};

use crate::input::Geometry;

/// What is said about heads of another kind.
pub(crate) const KNOWN: &str = "known is the head of YOLO11 and YOLOv8 detection: one f32 output [1, 4 + classes, candidates], e.g. [1, 84, 8400]";

/// At most so many detections a picture, the best ones (Ultralytics' `max_det`).
const MOST: usize = 300;
/// Candidates worked on at a time: their best scores stay in the first-level cache.
const BLOCK: usize = 1024;

/// A value is NaN or infinite.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct NotFinite;

/// What counts as a detection.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// Scores above this count.
    pub(crate) confidence: f32,
    /// An overlap (intersection over union) above this with a better one of its class drops it.
    pub(crate) iou: f32,
    /// For each class whether it counts; empty for all.
    pub(crate) classes: Vec<bool>,
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    score: f32,
    class: u16,
    left: f32,
    top: f32,
    right: f32,
    bottom: f32,
}

/// Reads outputs of one shape; keep it, so that it allocates once.
#[derive(Debug)]
pub(crate) struct Head {
    classes: usize,
    candidates: usize,
    best: Vec<f32>,
    class: Vec<u32>,
    found: Vec<Candidate>,
    kept: Vec<Candidate>,
}

impl Head {
    /// For an output of `shape`; `None` when it is another kind of head.
    pub(crate) fn new(shape: &[usize]) -> Option<Self> {
        let &[1, rows, candidates] = shape else { return None };
        // Class ids are 16 bits. A transposed head has more rows than columns.
        if !(5..=4 + usize::from(u16::MAX)).contains(&rows) || rows >= candidates {
            return None;
        }
        Some(Self {
            classes: rows - 4,
            candidates,
            best: vec![0.0; BLOCK],
            class: vec![0; BLOCK],
            found: Vec::new(),
            kept: Vec::with_capacity(MOST),
        })
    }

    /// How many classes it has.
    pub(crate) fn classes(&self) -> usize {
        self.classes
    }

    /// Adds the detections of `data`, an output of this head's shape, to `out`, best first, in
    /// pixels of a picture of `size` and clipped to it.
    pub(crate) fn read(
        &mut self,
        data: &[f32],
        rules: &Rules,
        geometry: Geometry,
        size: Size,
        out: &mut Vec<Detection>,
    ) -> Result<(), NotFinite> {
        self.collect(data, rules)?;
        self.suppress(rules.iou);
        for candidate in &self.kept {
            let Candidate { left, top, right, bottom, .. } = *candidate;
            let bbox = Rect::new(left.into(), top.into(), right.into(), bottom.into());
            let bbox = geometry.to_picture(bbox).clipped(size);
            // What lies wholly in the border is nowhere in the picture.
            if bbox.area() > 0.0 {
                let class = ClassId(candidate.class);
                out.push(Detection { bbox, class, score: candidate.score.into() });
            }
        }
        Ok(())
    }

    /// The candidates that count, best first.
    fn collect(&mut self, data: &[f32], rules: &Rules) -> Result<(), NotFinite> {
        let n = self.candidates;
        assert_eq!(data.len(), (4 + self.classes) * n, "an output of another shape");
        let (boxes, scores) = data.split_at(4 * n);
        self.found.clear();
        for from in (0..n).step_by(BLOCK) {
            let block = from..(from + BLOCK).min(n);
            let best = &mut self.best[..block.len()];
            let class = &mut self.class[..block.len()];
            best.fill(f32::NEG_INFINITY);
            class.fill(0);
            let mut exponents = 0;
            for (id, row) in scores.chunks_exact(n).enumerate() {
                let row = &row[block.clone()];
                for ((score, best), class) in row.iter().zip(&mut *best).zip(&mut *class) {
                    let better = *score > *best;
                    *best = if better { *score } else { *best };
                    *class = if better { id as u32 } else { *class };
                    exponents |= u32::from(score.to_bits() & EXPONENT == EXPONENT);
                }
            }
            if exponents != 0 {
                return Err(NotFinite);
            }
            for (i, (score, class)) in block.zip(best.iter().zip(&*class)) {
                let counts = rules.classes.is_empty() || rules.classes[*class as usize];
                if *score > rules.confidence && counts {
                    let [cx, cy, w, h] = [0, 1, 2, 3].map(|row| boxes[row * n + i]);
                    if ![cx, cy, w, h].iter().all(|v| v.is_finite()) {
                        return Err(NotFinite);
                    }
                    self.found.push(Candidate {
                        score: *score,
                        class: *class as u16,
                        left: cx - w / 2.0,
                        top: cy - h / 2.0,
                        right: cx + w / 2.0,
                        bottom: cy + h / 2.0,
                    });
                }
            }
        }
        // Stable: among equals the earlier candidate comes first, as in the reference.
        self.found.sort_by(|a, b| b.score.partial_cmp(&a.score).unwrap_or(Ordering::Equal));
        Ok(())
    }

    /// Greedy suppression within each class.
    fn suppress(&mut self, limit: f32) {
        self.kept.clear();
        for candidate in &self.found {
            if self.kept.len() == MOST {
                break;
            }
            let overlaps = |kept: &Candidate| {
                kept.class == candidate.class && overlap(kept, candidate) > limit
            };
            if !self.kept.iter().any(overlaps) {
                self.kept.push(*candidate);
            }
        }
    }
}

/// All ones: NaN or infinite (IEEE 754 section 3.4).
const EXPONENT: u32 = 0x7f80_0000;

fn overlap(a: &Candidate, b: &Candidate) -> f32 {
    let width = (a.right.min(b.right) - a.left.max(b.left)).max(0.0);
    let height = (a.bottom.min(b.bottom) - a.top.max(b.top)).max(0.0);
    let area = |c: &Candidate| (c.right - c.left).max(0.0) * (c.bottom - c.top).max(0.0);
    let intersection = width * height;
    let union = area(a) + area(b) - intersection;
    if union > 0.0 { intersection / union } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Placement;

    const SIZE: Size = Size::new(640, 640);

    fn rules(confidence: f32) -> Rules {
        Rules { confidence, iou: 0.5, classes: Vec::new() }
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

    fn read(data: &[f32], rules: &Rules) -> Vec<(u16, u32, [i64; 4])> {
        let mut out = Vec::new();
        let geometry = Geometry::new(SIZE, SIZE, Placement::Centred);
        Head::new(&[1, 6, 2000]).unwrap().read(data, rules, geometry, SIZE, &mut out).unwrap();
        out.iter()
            .map(|d| {
                let bbox = d.bbox.to_array().map(|v| v.round() as i64);
                (d.class.0, (d.score * 100.0).round() as u32, bbox)
            })
            .collect()
    }

    #[test]
    fn shapes_of_heads() {
        for (shape, classes) in [
            (&[1, 84, 8400][..], Some(80)),
            (&[1, 5, 2100], Some(1)),
            (&[1, 8400, 84], None),
            (&[1, 25200, 85], None),
            (&[1, 4, 8400], None),
            (&[2, 84, 8400], None),
            (&[84, 8400], None),
            (&[1, 300, 6], None),
            (&[1, 512], None),
            (&[], None),
        ] {
            assert_eq!(Head::new(shape).map(|head| head.classes()), classes, "{shape:?}");
        }
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
    fn at_most_300() {
        let set: Vec<_> = (0..400)
            .map(|i| (i, [(i % 20 * 30) as f32, (i / 20 * 30) as f32, 10.0, 10.0], [0.5, 0.0]))
            .collect();
        assert_eq!(read(&output(&set), &rules(0.25)).len(), 300);
    }

    #[test]
    fn what_is_not_finite_is_refused() {
        let geometry = Geometry::new(SIZE, SIZE, Placement::Centred);
        for (row, value) in [(5, f32::NAN), (4, f32::INFINITY), (0, f32::NAN)] {
            let mut data = output(&[(7, [100.0, 100.0, 40.0, 40.0], [0.9, 0.0])]);
            data[row * 2000 + 7] = value;
            let mut out = Vec::new();
            let mut head = Head::new(&[1, 6, 2000]).unwrap();
            let read = head.read(&data, &rules(0.25), geometry, SIZE, &mut out);
            assert_eq!((read, out.len()), (Err(NotFinite), 0), "row {row}: {value}");
        }
    }
}
