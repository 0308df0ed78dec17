//! The detector's settings, and what they would find on a picture.

use razz_base::{ClassNames, Detection};
use serde::{Serialize, Serializer};
use ts_rs::TS;

use super::probe::jpeg_url;
use super::round::round;

/// `GET /api/detector`: what is set, and which models there are.
#[derive(Clone, PartialEq, Debug, Serialize, TS)]
#[ts(export_to = "DetectorInfo.ts")]
pub(crate) struct DetectorInfo {
    /// The model's name, or the path of its file.
    pub(crate) model: String,
    /// The models that may be chosen: the one that is set, the demo's, those in razz's folder.
    pub(crate) models: Vec<String>,
    /// Detections below this score are dropped, 0 to 1.
    pub(crate) confidence: f64,
    /// Of two boxes of a class that overlap more than this, the weaker is dropped, 0 to 1.
    pub(crate) iou: f64,
    /// The classes to report, by the model's names; none for all.
    pub(crate) classes: Vec<String>,
    /// Whether it can be changed here; not without a config file, as in the demo.
    pub(crate) editable: bool,
}

/// `POST /api/detector/preview`: a picture, and every box on it that a threshold decides about.
#[derive(Clone, PartialEq, Debug, Serialize, TS)]
#[ts(export_to = "DetectorPreview.ts")]
pub(crate) struct DetectorPreview {
    /// What looked at it.
    pub(crate) model: String,
    /// What ran the model, such as `ort/cpu`.
    pub(crate) engine: String,
    /// Width and height of the picture in pixels.
    pub(crate) size: [u32; 2],
    /// The picture, as a `data:` URL.
    #[serde(serialize_with = "data_url")]
    #[ts(type = "string")]
    pub(crate) picture: Vec<u8>,
    /// All of the model's classes.
    pub(crate) classes: Vec<String>,
    /// Whether `iou` decides anything: some models leave no doubles.
    pub(crate) overlaps: bool,
    /// The score from which there are candidates.
    pub(crate) least: f64,
    /// At most so many detections are kept of a picture, the best.
    #[ts(type = "number")]
    pub(crate) most: usize,
    /// Best first.
    pub(crate) candidates: Vec<Candidate>,
}

/// A box that the thresholds keep or drop.
#[derive(Clone, PartialEq, Debug, Serialize, TS)]
#[ts(export_to = "Candidate.ts")]
pub(crate) struct Candidate {
    /// What it is.
    pub(crate) class: String,
    /// Its score, 0 to 1.
    pub(crate) confidence: f64,
    /// Left, top, right, bottom in pixels, where the model places it: it may reach beyond the
    /// picture.
    pub(crate) bbox: [f64; 4],
}

impl Candidate {
    /// One of the detector's, by the model's names.
    pub(crate) fn new(detection: &Detection, names: &ClassNames) -> Self {
        Self {
            class: names.name(detection.class).to_owned(),
            confidence: round(detection.score, 4),
            bbox: detection.bbox.to_array().map(|edge| round(edge, 2)),
        }
    }
}

fn data_url<S: Serializer>(jpeg: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    jpeg_url(jpeg).serialize(serializer)
}
