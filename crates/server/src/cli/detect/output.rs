//! The JSON that `razz detect` writes and `razz track` reads.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What the numbers of a detection are, in their order.
pub(crate) const COLUMNS: [&str; 6] = ["class", "confidence", "x1", "y1", "x2", "y2"];

/// A file as others may have written it: what is needed to track what stands in it.
#[derive(Debug, Deserialize)]
pub(crate) struct Written {
    /// [`COLUMNS`], where it says so.
    pub(crate) columns: Option<Vec<String>>,
    /// Frames per second of the clip.
    pub(crate) frame_rate: Option<f64>,
    /// The detections of each frame of a clip.
    pub(crate) frames: Option<Vec<Vec<[f64; 6]>>>,
    /// Or those of each picture, by name.
    pub(crate) images: Option<BTreeMap<String, Vec<[f64; 6]>>>,
}
