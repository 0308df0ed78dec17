//! Which values of a model's outputs are scores, and how far they reach: a model whose scores do not
//! lie from 0 to 1 is another than it is taken for, or lacks its last step.

use super::query::Query;
use super::{Head, end_to_end};
use crate::engine::{Elements, Tensor};

/// Rounding of 16-bit floats and of quantised models may pass 0 and 1 by so much.
const SLACK: f32 = 0.01;

/// Scores that are none.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Outside {
    /// The place of the output that holds them.
    pub(crate) output: usize,
    /// The least.
    pub(crate) least: f32,
    /// The largest.
    pub(crate) most: f32,
}

impl Head {
    /// Its scores for the pictures of a run, where they do not lie from 0 to 1. Those that are no
    /// numbers are another error's to name.
    pub(crate) fn scores_outside(&self, outputs: &[Tensor<'_>]) -> Option<Outside> {
        match self {
            Self::Dense(dense) => {
                let &[_, rows, columns] = outputs.get(dense.output())?.shape else { return None };
                reach(outputs, dense.output(), rows * columns, |at| {
                    (4..4 + dense.classes()).contains(&(at / columns.max(1)))
                })
            }
            Self::EndToEnd(head) => {
                let score = |at| at == end_to_end::SCORE;
                reach(outputs, head.output, head.columns(), score)
            }
            Self::Yolox(yolox) => reach(outputs, 0, 5 + yolox.classes(), |at| at >= 4),
            Self::Nas(nas) => reach(outputs, nas.scores, nas.classes, |_| true),
            Self::Query(Query::Raw { logits, classes, scored, .. }) => {
                // Else they become scores here.
                if *scored { reach(outputs, *logits, *classes, |_| true) } else { None }
            }
            Self::Query(Query::Joined { classes }) => reach(outputs, 0, 4 + classes, |at| at >= 4),
            Self::Query(Query::Ranked) => reach(outputs, 0, 6, |at| at == 4),
            Self::Query(Query::Selected { scores, .. }) => reach(outputs, *scores, 1, |_| true),
        }
    }
}

/// How far values of an output reach, where that is outside; `is_score` by the place in each
/// `period`.
fn reach(
    outputs: &[Tensor<'_>],
    output: usize,
    period: usize,
    is_score: impl Fn(usize) -> bool,
) -> Option<Outside> {
    let Elements::F32(values) = outputs.get(output)?.values else { return None };
    let scores = values.chunks(period.max(1)).flat_map(|values| {
        values.iter().enumerate().filter(|(at, _)| is_score(*at)).map(|(_, value)| *value)
    });
    let (least, most) = scores
        .filter(|value| value.is_finite())
        .fold((0f32, 0f32), |(least, most), value| (least.min(value), most.max(value)));
    let inside = least >= -SLACK && most <= 1.0 + SLACK;
    (!inside).then_some(Outside { output, least, most })
}
