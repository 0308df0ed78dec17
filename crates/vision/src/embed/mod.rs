//! Pictures and boxes to embeddings, for re-identification.

mod histogram;
mod network;

use razz_base::{Embedding, Rect};

use crate::picture::Picture;

pub use histogram::HistogramEmbedder;
pub use network::OnnxEmbedder;

/// Turns what is in a box into a unit vector of appearance.
pub trait Embedder: Send {
    /// One embedding per box, in order; `None` for a box that holds too little of the picture, or
    /// where the embedder failed.
    fn embed(&mut self, picture: &Picture, boxes: &[Rect]) -> Vec<Option<Embedding>>;

    /// The cosine distance up to which two embeddings, taken shortly after one another, are those of
    /// the same object; measured in `tests/appearance.rs`.
    fn same_within(&self) -> f64;
}

/// The embedder that needs no model file.
pub fn builtin_embedder() -> Box<dyn Embedder> {
    Box::new(HistogramEmbedder::default())
}

/// The whole pixels of `bbox` inside the picture as start and span, columns then rows; `None` when
/// fewer than `least` remain in a direction.
fn pixels(picture: &Picture, bbox: &Rect, least: usize) -> Option<[(usize, usize); 2]> {
    if !bbox.is_finite() {
        return None;
    }
    let inside = bbox.clipped(picture.size);
    // Clipped, so not negative and not past the picture.
    let line = |low: f64, high: f64| (low.floor() as usize, high.ceil() as usize);
    let [columns, rows] = [line(inside.left, inside.right), line(inside.top, inside.bottom)];
    let span = |(low, high): (usize, usize)| {
        (high.saturating_sub(low) >= least.max(1)).then(|| (low, high - low))
    };
    Some([span(columns)?, span(rows)?])
}
