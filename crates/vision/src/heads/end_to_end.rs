//! The head of YOLO26 and YOLOv10, and of any export with suppression inside: final boxes.
//!
//! The output is `[batch, boxes, 6]`: left, top, right, bottom in pixels of the model input, score,
//! class. Rows without a box have score 0.

use super::{Candidate, Place, Rules, Unreadable, part};
use crate::engine::Tensor;

/// Left, top, right, bottom, score, class.
pub(super) const COLUMNS: usize = 6;

/// Reads `[batch, boxes, 6]`.
#[derive(Debug)]
pub(crate) struct EndToEnd;

impl EndToEnd {
    pub(super) fn collect(
        &self,
        outputs: &[Tensor<'_>],
        place: &Place,
        rules: &Rules,
        found: &mut Vec<Candidate>,
    ) -> Result<(), Unreadable> {
        let (data, _, _) = part(outputs.first(), place.index, None, Some(COLUMNS))?;
        for row in data.as_chunks::<COLUMNS>().0 {
            if !row.iter().all(|v| v.is_finite()) {
                return Err(Unreadable::NotFinite);
            }
            let [left, top, right, bottom, score, class] = *row;
            // Saturates; a class below 0 is none.
            if score > rules.confidence && class >= 0.0 && rules.counts(class as usize) {
                let class = class as u16;
                found.push(Candidate { score, class, left, top, right, bottom });
            }
        }
        Ok(())
    }
}
