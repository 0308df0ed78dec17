//! The head of YOLO-NAS as its authors export it without their post-processing: boxes and scores,
//! each of every cell, in outputs of their own.
//!
//! The outputs are `[batch, cells, 4]`, left, top, right and bottom in pixels of the model input, and
//! `[batch, cells, classes]`, a score for each class, 0 to 1 (super-gradients' `NDFLHeads`). A cell
//! counts for its best class only.

use super::yolox::{best, cells};
use super::{Candidate, Place, Rules, Unreadable, part};
use crate::engine::Tensor;

/// Reads boxes and scores; their numbers are their places among the model's outputs.
#[derive(Debug)]
pub(crate) struct Nas {
    pub(super) boxes: usize,
    pub(super) scores: usize,
    pub(super) classes: usize,
}

impl Nas {
    pub(super) fn collect(
        &self,
        outputs: &[Tensor<'_>],
        place: &Place,
        rules: &Rules,
        found: &mut Vec<Candidate>,
    ) -> Result<(), Unreadable> {
        let rows = Some(cells(place.input));
        let (boxes, ..) = part(outputs.get(self.boxes), place.index, rows, Some(4))?;
        let (scores, ..) = part(outputs.get(self.scores), place.index, rows, Some(self.classes))?;
        for (scores, bbox) in scores.chunks_exact(self.classes).zip(boxes.as_chunks::<4>().0) {
            if !scores.iter().all(|v| v.is_finite()) {
                return Err(Unreadable::NotFinite);
            }
            let (class, score) = best(scores);
            if score > rules.confidence && rules.counts(class) {
                if !bbox.iter().all(|v| v.is_finite()) {
                    return Err(Unreadable::NotFinite);
                }
                let [left, top, right, bottom] = *bbox;
                found.push(Candidate { score, class: class as u16, left, top, right, bottom });
            }
        }
        Ok(())
    }
}
