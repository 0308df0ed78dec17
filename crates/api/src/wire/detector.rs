//! The detector's settings, and what they would find on a picture.

use razz_analysis::detector::Preview;
use razz_base::{ClassNames, Detection, Size};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use ts_rs::TS;

use super::probe::jpeg_url;
use super::round::round;

/// `GET /api/detector`: what is set, and which models there are.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "DetectorInfo.ts")]
pub struct DetectorInfo {
    /// The model's name, or the path of its file.
    pub model: String,
    /// The models that may be chosen: the one that is set, the demo's, those in razz's folder.
    pub models: Vec<String>,
    /// Detections below this score are dropped, 0 to 1.
    pub confidence: f64,
    /// Of two boxes of a class that overlap more than this, the weaker is dropped, 0 to 1.
    pub iou: f64,
    /// The classes to report, by the model's names; none for all.
    pub classes: Vec<String>,
    /// Whether it can be changed here; not without a config file, as in the demo.
    pub editable: bool,
}

/// `POST /api/detector/preview`: a picture, and every box on it that a threshold decides about.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "DetectorPreview.ts")]
pub struct DetectorPreview {
    /// What looked at it.
    pub model: String,
    /// What ran the model, such as `ort/cpu`.
    pub engine: String,
    /// Width and height of the picture in pixels.
    pub size: [u32; 2],
    /// The picture, as a `data:` URL.
    #[serde(serialize_with = "data_url")]
    #[ts(type = "string")]
    #[schemars(with = "String")]
    pub picture: Vec<u8>,
    /// All of the model's classes.
    pub classes: Vec<String>,
    /// Whether `iou` decides anything: some models leave no doubles.
    pub overlaps: bool,
    /// The score from which there are candidates.
    pub least: f64,
    /// At most so many detections are kept of a picture, the best.
    #[ts(type = "number")]
    pub most: usize,
    /// Best first.
    pub candidates: Vec<Candidate>,
}

impl DetectorPreview {
    /// What `model` found on a picture of `size`.
    pub fn new(model: String, size: Size, preview: Preview) -> Self {
        let Preview { engine, jpeg, classes, overlaps, least, candidates } = preview;
        Self {
            model,
            engine,
            size: [size.width, size.height],
            picture: jpeg,
            overlaps,
            least: f64::from(least),
            most: razz_vision::MOST_DETECTIONS,
            candidates: candidates.iter().map(|one| Candidate::new(one, &classes)).collect(),
            classes: classes.iter().map(str::to_owned).collect(),
        }
    }
}

/// A box that the thresholds keep or drop.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "Candidate.ts")]
pub struct Candidate {
    /// What it is.
    pub class: String,
    /// Its score, 0 to 1.
    pub confidence: f64,
    /// Left, top, right, bottom in pixels, where the model places it: it may reach beyond the
    /// picture.
    pub bbox: [f64; 4],
}

impl Candidate {
    /// One of the detector's, by the model's names.
    pub fn new(detection: &Detection, names: &ClassNames) -> Self {
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
