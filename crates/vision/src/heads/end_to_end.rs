//! The head of YOLO26 and YOLOv10, and of any export with suppression inside: final boxes.
//!
//! The output is `[batch, boxes, 6]`: left, top, right, bottom in pixels of the model input, score,
//! class. Rows without a box have score 0. Heads for other tasks have more columns behind these: numbers
//! of a mask, key points, or the angle in radians by which the box is turned, which then is given as
//! centre, width and height (Ultralytics' `OBB.postprocess`).

use super::beside::{Beside, upright};
use super::{Candidate, Place, Rules, Unreadable, part};
use crate::engine::Tensor;

/// Left, top, right, bottom, score, class.
pub(super) const COLUMNS: usize = 6;
/// The column of the score.
pub(super) const SCORE: usize = 4;

/// Reads `[batch, boxes, 6 + others]`.
#[derive(Debug, Default)]
pub(crate) struct EndToEnd {
    /// Its place among the model's outputs.
    pub(super) output: usize,
    pub(super) beside: Option<Beside>,
}

impl EndToEnd {
    pub(super) fn columns(&self) -> usize {
        COLUMNS + self.beside.map_or(0, Beside::numbers)
    }

    pub(super) fn collect(
        &self,
        outputs: &[Tensor<'_>],
        place: &Place,
        rules: &Rules,
        found: &mut Vec<Candidate>,
    ) -> Result<(), Unreadable> {
        let columns = self.columns();
        let (data, ..) = part(outputs.get(self.output), place.index, None, Some(columns))?;
        for row in data.chunks_exact(columns) {
            let Some((&[x, y, z, w, score, class], rest)) = row.split_first_chunk::<COLUMNS>()
            else {
                return Err(Unreadable::Shape);
            };
            let angle = if self.beside == Some(Beside::Angle) { rest[0] } else { 0.0 };
            if ![x, y, z, w, score, class, angle].iter().all(|v| v.is_finite()) {
                return Err(Unreadable::NotFinite);
            }
            // Saturates; a class below 0 is none.
            if score > rules.confidence && class >= 0.0 && rules.counts(class as usize) {
                let [left, top, right, bottom] = match self.beside {
                    Some(Beside::Angle) => upright([x, y, z, w], angle),
                    _ => [x, y, z, w],
                };
                let class = class as u16;
                found.push(Candidate { score, class, left, top, right, bottom });
            }
        }
        Ok(())
    }
}
