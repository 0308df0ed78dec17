//! The embedder without a model: colours and edges in horizontal stripes.

use razz_base::{Embedding, Rect};

use super::{Embedder, pixels};
use crate::picture::{Picture, Plane};

/// Samples across and down a box.
const COLUMNS: usize = 24;
const ROWS: usize = 64;
/// Stripes from head to foot.
const STRIPES: usize = 6;
/// Bins of brightness; of colour, in each direction; of edge direction.
const LUMA_BINS: usize = 8;
const CHROMA_BINS: usize = 7;
const EDGE_BINS: usize = 4;
const STRIPE: usize = LUMA_BINS + CHROMA_BINS * CHROMA_BINS + EDGE_BINS;
/// A box with fewer pixels in a direction says nothing.
const LEAST_PX: usize = 8;

/// Colour and edge histograms of horizontal stripes of a box.
#[derive(Debug, Default)]
pub struct HistogramEmbedder {
    samples: Vec<[f32; 3]>,
    values: Vec<f32>,
}

impl Embedder for HistogramEmbedder {
    fn embed(&mut self, picture: &Picture, boxes: &[Rect]) -> Vec<Option<Embedding>> {
        boxes
            .iter()
            .map(|bbox| {
                let [columns, rows] = pixels(picture, bbox, LEAST_PX)?;
                self.sample(picture, columns, rows);
                self.describe();
                Embedding::normalised(&self.values)
            })
            .collect()
    }
}

impl HistogramEmbedder {
    fn sample(&mut self, picture: &Picture, columns: (usize, usize), rows: (usize, usize)) {
        let (luma, cb, cr) = (picture.luma(), picture.cb(), picture.cr());
        let at = |(start, span): (usize, usize), i: usize, n: usize| {
            start + (2 * i + 1) * span / (2 * n)
        };
        let chroma = |plane: Plane<'_>, x: usize, y: usize| f32::from(plane.row(y / 2)[x / 2]);
        self.samples.clear();
        for row in 0..ROWS {
            let y = at(rows, row, ROWS);
            for column in 0..COLUMNS {
                let x = at(columns, column, COLUMNS);
                self.samples.push([f32::from(luma.row(y)[x]), chroma(cb, x, y), chroma(cr, x, y)]);
            }
        }
    }

    fn describe(&mut self) {
        self.values.clear();
        self.values.resize(STRIPES * STRIPE, 0.0);
        for row in 0..ROWS {
            let stripe = &mut self.values[row * STRIPES / ROWS * STRIPE..][..STRIPE];
            for column in 0..COLUMNS {
                let [y, cb, cr] = self.samples[row * COLUMNS + column];
                soft(&mut stripe[..LUMA_BINS], y / 256.0, 1.0);
                let (_, rest) = stripe.split_at_mut(LUMA_BINS);
                let u = ((cb - 80.0) / 96.0).clamp(0.0, 0.999) * CHROMA_BINS as f32;
                soft(&mut rest[u as usize * CHROMA_BINS..][..CHROMA_BINS], (cr - 80.0) / 96.0, 1.0);
            }
        }
        for value in &mut self.values {
            *value = value.sqrt();
        }
    }
}

/// Adds `weight` to the two bins around `place`, 0 to 1.
fn soft(bins: &mut [f32], place: f32, weight: f32) {
    let last = bins.len() - 1;
    let place = (place.clamp(0.0, 1.0) * bins.len() as f32 - 0.5).clamp(0.0, last as f32);
    let (low, part) = (place as usize, place.fract());
    bins[low] += weight * (1.0 - part);
    bins[(low + 1).min(last)] += weight * part;
}
