//! Suppression: of one class, what overlaps a better one by more than a limit is dropped.

use razz_base::Size;

use super::{Candidate, MOST_DETECTIONS};

/// Parts of the width and of the height of the model input.
const CELLS: usize = 64;
/// Bits for all that is kept.
const WORDS: usize = MOST_DETECTIONS.div_ceil(64);

/// Greedy suppression within each class; keep it, so that it allocates once.
///
/// Who is kept is filed under the columns and rows in which the centre of a box has to lie to
/// overlap it by more than the limit. So a candidate is compared with its near neighbours only,
/// however many are kept elsewhere.
#[derive(Debug)]
pub(super) struct Suppressor {
    kept: Vec<Candidate>,
    columns: Axis,
    rows: Axis,
}

impl Suppressor {
    pub(super) fn new() -> Self {
        Self {
            kept: Vec::with_capacity(MOST_DETECTIONS),
            columns: Axis::default(),
            rows: Axis::default(),
        }
    }

    /// The best of `ranked` (best first) that stay, at most [`MOST_DETECTIONS`]. `input` is the
    /// size of the model input, `limit` an intersection over union.
    pub(super) fn suppress<'a>(
        &mut self,
        ranked: impl Iterator<Item = &'a Candidate>,
        input: Size,
        limit: f32,
    ) -> &[Candidate] {
        self.kept.clear();
        self.columns.clear(input.width, limit);
        self.rows.clear(input.height, limit);
        for candidate in ranked {
            let Candidate { left, top, right, bottom, class, .. } = *candidate;
            let (column, row) = (self.columns.at(left, right), self.rows.at(top, bottom));
            let doubles =
                |kept: &Candidate| kept.class == class && overlap(kept, candidate) > limit;
            if both(column, row).any(|place| doubles(&self.kept[place])) {
                continue;
            }
            self.columns.file(self.kept.len(), left, right);
            self.rows.file(self.kept.len(), top, bottom);
            self.kept.push(*candidate);
            if self.kept.len() == MOST_DETECTIONS {
                break;
            }
        }
        &self.kept
    }
}

/// A set of places among what is kept.
type Places = [u64; WORDS];

/// The places in both sets.
fn both(a: &Places, b: &Places) -> impl Iterator<Item = usize> {
    a.iter().zip(b).enumerate().flat_map(|(word, (a, b))| {
        let mut bits = a & b;
        std::iter::from_fn(move || {
            let place = bits.trailing_zeros() as usize;
            // Takes the lowest bit away.
            bits &= bits.checked_sub(1)?;
            Some(64 * word + place)
        })
    })
}

/// One axis of the model input, and who can be overlapped from each of its cells.
#[derive(Debug)]
struct Axis {
    cells: Box<[Places; CELLS]>,
    cells_per_pixel: f32,
    /// How far from a kept box's centre the centre of its double can be, in sides of the kept box.
    reach: f32,
}

impl Default for Axis {
    fn default() -> Self {
        Self { cells: Box::new([[0; WORDS]; CELLS]), cells_per_pixel: 0.0, reach: 0.0 }
    }
}

impl Axis {
    /// Empties it.
    ///
    /// Two boxes overlap along each axis at least by the share by which they overlap in all. For
    /// intervals of lengths k and c that overlap by more than the share t, the distance d of their
    /// centres is, if one holds the other, |k - c| / 2 at most, with c < k / t; if not, less than
    /// (k + c) / 2 (1 - t) / (1 + t). Either is less than k (1 - t) / 2t.
    fn clear(&mut self, pixels: u32, limit: f32) {
        self.cells.fill([0; WORDS]);
        self.cells_per_pixel = CELLS as f32 / pixels as f32;
        // A little more, for what is rounded. Infinite for a limit of 0.
        self.reach = (1.01 * (1.0 - limit) / (2.0 * limit) + 0.01).max(0.0);
    }

    fn cell(&self, pixel: f32) -> usize {
        // Saturates; what lies beyond the input counts for its outermost cells.
        ((pixel * self.cells_per_pixel) as usize).min(CELLS - 1)
    }

    /// Who can be overlapped by a box that has its centre between `from` and `to`.
    fn at(&self, from: f32, to: f32) -> &Places {
        &self.cells[self.cell((from + to) / 2.0)]
    }

    /// Files a box that is kept at `place`.
    fn file(&mut self, place: usize, from: f32, to: f32) {
        let (centre, reach) = ((from + to) / 2.0, (to - from).max(0.0) * self.reach);
        let cells = self.cell(centre - reach)..=self.cell(centre + reach);
        for places in &mut self.cells[cells] {
            places[place / 64] |= 1 << (place % 64);
        }
    }
}

/// Intersection over union.
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

    /// Each with every one before it: plain, slow, obviously right.
    fn plain(ranked: &[Candidate], limit: f32) -> Vec<Candidate> {
        let mut kept: Vec<Candidate> = Vec::new();
        for candidate in ranked {
            let doubles =
                |k: &Candidate| k.class == candidate.class && overlap(k, candidate) > limit;
            if kept.len() < MOST_DETECTIONS && !kept.iter().any(doubles) {
                kept.push(*candidate);
            }
        }
        kept
    }

    #[test]
    fn the_same_stay_as_by_comparing_all() {
        let mut suppressor = Suppressor::new();
        let mut state = 5u32;
        // 0 to 1, linear congruential.
        let mut random = || {
            state = 1_664_525u32.wrapping_mul(state).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32
        };
        let (mut dropped, mut all) = (0, 0);
        for round in 0..400 {
            let input = [Size::new(640, 384), Size::new(64, 640), Size::new(1, 1)][round % 3];
            let limit = [0.0, 0.05, 0.3, 0.5, 0.7, 0.9, 0.999, 1.0][round % 8];
            // From sizes alike to any, some upside down, some beyond the input; rather crowded.
            let spread = [0.02, 0.3, 1.0][round / 3 % 3];
            let ranked: Vec<Candidate> = (0..500)
                .map(|_| {
                    let mut interval = |side: u32| {
                        let side = side as f32;
                        let centre = side * (1.4 * random() - 0.2);
                        let length = side * (0.1 + spread * (random() - 0.5));
                        (centre - length / 2.0, centre + length / 2.0)
                    };
                    let ((left, right), (top, bottom)) =
                        (interval(input.width), interval(input.height));
                    let class = (random() * 2.0) as u16;
                    Candidate { score: 0.5, class, left, top, right, bottom }
                })
                .collect();
            let want = plain(&ranked, limit);
            let kept = suppressor.suppress(ranked.iter(), input, limit);
            assert_eq!(format!("{kept:?}"), format!("{want:?}"), "{input:?} {limit}");
            all += ranked.len();
            dropped += ranked.len() - want.len();
        }
        assert!((all / 10..all * 9 / 10).contains(&dropped), "{dropped} of {all}");
    }
}
