//! The head of YOLOX as its authors export it: cells that are still to be decoded.
//!
//! The output is `[batch, cells, 5 + classes]`. Cells lie row after row on three grids, one per
//! stride of 8, 16 and 32 pixels, the finest first. A cell's centre is (x + column, y + row), its
//! size (e^w, e^h), both in strides; its score for a class is that class's times objectness, both
//! 0 to 1 (YOLOX's `YOLOXHead.decode_outputs` and `postprocess`). A cell counts for its best class
//! only.

use razz_base::Size;

use super::{Candidate, Place, Rules, Unreadable, part};
use crate::engine::Tensor;

const STRIDES: [usize; 3] = [8, 16, 32];
/// x, y, log width, log height, objectness.
const BEFORE_CLASSES: usize = 5;
/// e^20 strides: wider than any picture. Larger values are pixels, of a head that is decoded.
const WIDEST_LOG: f32 = 20.0;

/// Reads `[batch, cells, 5 + classes]`.
#[derive(Debug)]
pub(crate) struct Yolox {
    classes: usize,
}

impl Yolox {
    /// `None` when `data`, `rows` by `columns` of a first run, is not such a head for an input of
    /// this size.
    pub(super) fn new(data: &[f32], rows: usize, columns: usize, input: Size) -> Option<Self> {
        let sane = (BEFORE_CLASSES + 1..=BEFORE_CLASSES + usize::from(u16::MAX)).contains(&columns);
        if !sane || rows != cells(input) {
            return None;
        }
        let undecoded = |cell: &[f32]| {
            cell[2] < WIDEST_LOG && cell[3] < WIDEST_LOG && (0.0..=1.0).contains(&cell[4])
        };
        // NaN is another error's to name.
        let is_one = data
            .chunks_exact(columns)
            .all(|cell| undecoded(cell) || cell[2..5].iter().any(|v| !v.is_finite()));
        is_one.then_some(Self { classes: columns - BEFORE_CLASSES })
    }

    pub(super) fn classes(&self) -> usize {
        self.classes
    }

    pub(super) fn collect(
        &self,
        outputs: &[Tensor<'_>],
        place: &Place,
        rules: &Rules,
        found: &mut Vec<Candidate>,
    ) -> Result<(), Unreadable> {
        let columns = BEFORE_CLASSES + self.classes;
        let rows = cells(place.input);
        let (data, ..) = part(outputs.first(), place.index, Some(rows), Some(columns))?;
        let mut cells = data.chunks_exact(columns);
        for stride in STRIDES {
            let [wide, high] = grid(place.input, stride);
            for at in 0..wide * high {
                let Some(cell) = cells.next() else { return Err(Unreadable::Shape) };
                let objectness = cell[4];
                if !objectness.is_finite() {
                    return Err(Unreadable::NotFinite);
                }
                // No class scores more than 1.
                if objectness <= rules.confidence {
                    continue;
                }
                if !cell.iter().all(|v| v.is_finite()) {
                    return Err(Unreadable::NotFinite);
                }
                let (class, best) = best(&cell[BEFORE_CLASSES..]);
                let score = objectness * best;
                if score <= rules.confidence || !rules.counts(class) {
                    continue;
                }
                let pixels = stride as f32;
                let [cx, cy] = [cell[0] + (at % wide) as f32, cell[1] + (at / wide) as f32];
                let [half_w, half_h] = [cell[2], cell[3]].map(|log| log.exp() / 2.0);
                let [left, top, right, bottom] =
                    [cx - half_w, cy - half_h, cx + half_w, cy + half_h].map(|v| v * pixels);
                if !(right - left).is_finite() || !(bottom - top).is_finite() {
                    return Err(Unreadable::NotFinite);
                }
                let class = class as u16;
                found.push(Candidate { score, class, left, top, right, bottom });
            }
        }
        Ok(())
    }
}

/// Columns and rows of the grid of a stride.
fn grid(input: Size, stride: usize) -> [usize; 2] {
    [input.width as usize / stride, input.height as usize / stride]
}

/// The cells of all grids.
pub(super) fn cells(input: Size) -> usize {
    STRIDES.iter().map(|stride| grid(input, *stride).iter().product::<usize>()).sum()
}

/// The first of the largest, and how large it is.
pub(super) fn best(scores: &[f32]) -> (usize, f32) {
    let first = (0, f32::NEG_INFINITY);
    scores.iter().enumerate().fold(
        first,
        |best, (class, score)| {
            if *score > best.1 { (class, *score) } else { best }
        },
    )
}
