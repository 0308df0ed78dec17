//! What an embedder can tell apart.

use std::collections::BTreeMap;

use razz_base::{Embedding, Rect};
use razz_vision::{Embedder, Picture};

use super::note;

/// Cosine similarities, ascending.
pub struct Similarities {
    pub same: Vec<f64>,
    pub different: Vec<f64>,
}

impl Similarities {
    /// The share of pairs of one of each in which the same person is the more similar.
    pub fn area(&self) -> f64 {
        let wins: usize = self.same.iter().map(|s| self.different.partition_point(|d| d < s)).sum();
        wins as f64 / (self.same.len() * self.different.len()) as f64
    }

    /// The value below which `part` of the values lie.
    pub fn quantile(values: &[f64], part: f64) -> f64 {
        values[((values.len() - 1) as f64 * part) as usize]
    }
}

/// The same person one second later, and different people in one frame, of pictures at three a
/// second with the people in each by number.
pub fn measure(
    embedder: &mut dyn Embedder,
    footage: impl Iterator<Item = (Picture, Vec<(usize, Rect)>)>,
) -> Similarities {
    let mut seen: Vec<BTreeMap<usize, Embedding>> = Vec::new();
    let mut result = Similarities { same: Vec::new(), different: Vec::new() };
    for (picture, people) in footage {
        let boxes: Vec<Rect> = people.iter().map(|(_, bbox)| *bbox).collect();
        let embeddings = embedder.embed(&picture, &boxes);
        assert_eq!(embeddings.len(), boxes.len());
        let now: BTreeMap<usize, Embedding> = people
            .iter()
            .zip(embeddings)
            .filter_map(|((id, _), embedding)| Some((*id, embedding?)))
            .collect();
        for (id, one) in &now {
            result.different.extend(now.range(id + 1..).map(|(_, other)| one.similarity(other)));
        }
        if let Some(before) = seen.len().checked_sub(3).map(|at| &seen[at]) {
            let both = now.iter().filter_map(|(id, one)| Some(one.similarity(before.get(id)?)));
            result.same.extend(both);
        }
        seen.push(now);
    }
    result.same.sort_by(f64::total_cmp);
    result.different.sort_by(f64::total_cmp);
    result
}

/// Says what was measured.
pub fn report(name: &str, s: &Similarities) {
    let line = |values: &[f64]| {
        let q = |part| Similarities::quantile(values, part);
        format!("{:.2} / {:.2} / {:.2} ({})", q(0.05), q(0.5), q(0.95), values.len())
    };
    note(&format!(
        "{name}: cosine similarity, 5 / 50 / 95 %: same person after 1 s {}, different people of a \
         frame {}; same above different {:.3}",
        line(&s.same),
        line(&s.different),
        s.area()
    ));
}
