//! The heads of RT-DETR, D-FINE and RF-DETR: a few hundred queries, each a box or nothing.
//!
//! Four forms of them are about. *Raw*: class logits `[batch, queries, classes]`, or scores that some
//! exports make of them, beside boxes `[batch, queries, 4]` (cx, cy, width, height as parts of the
//! picture). *Joined*, as Ultralytics
//! exports RT-DETR: such a box and the scores, 0 to 1, in one `[batch, queries, 4 + classes]`.
//! *Ranked*, as it exports it since 8.4: such a box, its score and its class, `[batch, boxes, 6]`.
//! *Selected*, with the authors' post-processing inside: labels and scores `[batch, queries]` and
//! boxes `[batch, queries, 4]` (left, top, right, bottom, in pixels of the size that the model is
//! told). Nothing overlaps, so nothing is suppressed. A query counts for its best class only, where
//! the form leaves a choice.

use super::beside::Beside;
use super::yolox::best;
use super::{Candidate, Family, Place, Rules, Unreadable, part};
use crate::engine::{Elements, Tensor};

/// Reads one of the four forms. Numbers of outputs are their places among the model's outputs.
#[derive(Debug)]
pub(crate) enum Query {
    /// Logits and boxes.
    Raw {
        logits: usize,
        boxes: usize,
        classes: usize,
        family: Family,
        /// Whether the logits are scores already, 0 to 1.
        scored: bool,
        /// What there is beside them.
        beside: Option<Beside>,
    },
    /// Boxes and scores in one.
    Joined { classes: usize },
    /// Boxes, score and class in one.
    Ranked,
    /// Labels, boxes and scores.
    Selected { labels: usize, boxes: usize, scores: usize },
}

impl Query {
    pub(super) fn family(&self) -> Family {
        match self {
            Self::Raw { family, .. } => *family,
            Self::Joined { .. } | Self::Ranked | Self::Selected { .. } => Family::RtDetr,
        }
    }

    pub(super) fn classes(&self) -> Option<usize> {
        match self {
            Self::Raw { classes, .. } | Self::Joined { classes } => Some(*classes),
            Self::Ranked | Self::Selected { .. } => None,
        }
    }

    pub(super) fn beside(&self) -> Option<Beside> {
        match self {
            Self::Raw { beside, .. } => *beside,
            Self::Joined { .. } | Self::Ranked | Self::Selected { .. } => None,
        }
    }

    pub(super) fn collect(
        &self,
        outputs: &[Tensor<'_>],
        place: &Place,
        rules: &Rules,
        found: &mut Vec<Candidate>,
    ) -> Result<(), Unreadable> {
        match *self {
            Self::Raw { logits, boxes, classes, scored, .. } => {
                let (logits, queries, _) =
                    part(outputs.get(logits), place.index, None, Some(classes))?;
                let (boxes, ..) = part(outputs.get(boxes), place.index, Some(queries), Some(4))?;
                // Compared as logits, so that only what counts costs an exponential.
                let least = match scored {
                    true => rules.confidence,
                    false => (rules.confidence / (1.0 - rules.confidence)).ln(),
                };
                for (scores, bbox) in logits.chunks_exact(classes).zip(boxes.as_chunks::<4>().0) {
                    let (class, logit) = finite(scores, bbox)?;
                    if logit > least && rules.counts(class) {
                        let score = if scored { logit } else { 1.0 / (1.0 + (-logit).exp()) };
                        found.push(whole_picture(place, *bbox, class, score));
                    }
                }
            }
            Self::Joined { classes } => {
                let (data, ..) = part(outputs.first(), place.index, None, Some(4 + classes))?;
                for row in data.chunks_exact(4 + classes) {
                    let Some((bbox, scores)) = row.split_first_chunk::<4>() else {
                        return Err(Unreadable::Shape);
                    };
                    let (class, score) = finite(scores, bbox)?;
                    if score > rules.confidence && rules.counts(class) {
                        found.push(whole_picture(place, *bbox, class, score));
                    }
                }
            }
            Self::Ranked => {
                let (data, ..) = part(outputs.first(), place.index, None, Some(6))?;
                for row in data.as_chunks::<6>().0 {
                    if !row.iter().all(|v| v.is_finite()) {
                        return Err(Unreadable::NotFinite);
                    }
                    let [cx, cy, w, h, score, class] = *row;
                    // Saturates; a class below 0 is none.
                    if score > rules.confidence && class >= 0.0 && rules.counts(class as usize) {
                        let bbox = [cx, cy, w, h];
                        found.push(whole_picture(place, bbox, class as usize, score));
                    }
                }
            }
            Self::Selected { labels, boxes, scores } => {
                let (boxes, queries, _) = part(outputs.get(boxes), place.index, None, Some(4))?;
                let scores = line(outputs.get(scores), place.index, queries)?;
                let labels = line(outputs.get(labels), place.index, queries)?;
                for (index, bbox) in boxes.as_chunks::<4>().0.iter().enumerate() {
                    let score = scores.float(index)?;
                    if !score.is_finite() || !bbox.iter().all(|v| v.is_finite()) {
                        return Err(Unreadable::NotFinite);
                    }
                    let Some(class) = labels.class(index) else { continue };
                    if score > rules.confidence && rules.counts(class.into()) {
                        let [left, top, right, bottom] = *bbox;
                        found.push(Candidate { score, class, left, top, right, bottom });
                    }
                }
            }
        }
        Ok(())
    }
}

/// The best class and its score, if all are numbers.
fn finite(scores: &[f32], bbox: &[f32; 4]) -> Result<(usize, f32), Unreadable> {
    let finite = scores.iter().chain(bbox).all(|v| v.is_finite());
    if finite { Ok(best(scores)) } else { Err(Unreadable::NotFinite) }
}

/// A candidate of a box in parts of the model input.
fn whole_picture(place: &Place, [cx, cy, w, h]: [f32; 4], class: usize, score: f32) -> Candidate {
    let (wide, high) = (place.input.width as f32, place.input.height as f32);
    Candidate {
        score,
        class: class as u16,
        left: (cx - w / 2.0) * wide,
        top: (cy - h / 2.0) * high,
        right: (cx + w / 2.0) * wide,
        bottom: (cy + h / 2.0) * high,
    }
}

/// One picture's line of an output `[batch, queries]`.
#[derive(Clone, Copy)]
enum Line<'a> {
    F32(&'a [f32]),
    I64(&'a [i64]),
    I32(&'a [i32]),
}

fn line<'a>(
    output: Option<&Tensor<'a>>,
    index: usize,
    queries: usize,
) -> Result<Line<'a>, Unreadable> {
    let output = output.ok_or(Unreadable::Shape)?;
    let &[batch, columns] = output.shape else { return Err(Unreadable::Shape) };
    if index >= batch || columns != queries {
        return Err(Unreadable::Shape);
    }
    let range = index * queries..(index + 1) * queries;
    let line = match output.values {
        Elements::F32(values) => values.get(range).map(Line::F32),
        Elements::I64(values) => values.get(range).map(Line::I64),
        Elements::I32(values) => values.get(range).map(Line::I32),
        Elements::Other => None,
    };
    line.ok_or(Unreadable::Shape)
}

impl Line<'_> {
    fn float(self, at: usize) -> Result<f32, Unreadable> {
        match self {
            Self::F32(values) => Ok(values[at]),
            _ => Err(Unreadable::Shape),
        }
    }

    /// `None` for what is no class.
    fn class(self, at: usize) -> Option<u16> {
        match self {
            Self::F32(values) => (0.0..=65535.0).contains(&values[at]).then(|| values[at] as u16),
            Self::I64(values) => u16::try_from(values[at]).ok(),
            Self::I32(values) => u16::try_from(values[at]).ok(),
        }
    }
}
