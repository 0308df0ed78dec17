//! The JSON that `razz detect` writes and `razz track` reads.

use std::collections::BTreeMap;

use razz_base::Detection;
use serde::{Deserialize, Serialize};

/// What the numbers of a detection are, in their order.
pub const COLUMNS: [&str; 6] = ["class", "confidence", "x1", "y1", "x2", "y2"];

/// A detection: class, confidence, left, top, right, bottom in pixels.
pub type BoxLine = (u16, f64, f64, f64, f64, f64);

/// As it stands in the file: the confidence with four decimals, the box with two.
pub(super) fn row(detection: &Detection) -> BoxLine {
    let cents = |v: f64| (v * 100.0).round() / 100.0;
    let [left, top, right, bottom] = detection.bbox.to_array().map(cents);
    let confidence = (detection.score * 1e4).round() / 1e4;
    (detection.class.0, confidence, left, top, right, bottom)
}

/// A file as it is written.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub(super) struct Detected {
    /// The model's file.
    pub(super) model: String,
    /// The clip's file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) clip: Option<String>,
    /// The model's input: a side, or height and width.
    #[serde(serialize_with = "side_or_sides")]
    pub(super) imgsz: Vec<u32>,
    /// Confidence above which a detection counts.
    pub(super) conf: f64,
    /// Overlap above which the weaker of two boxes is dropped.
    pub(super) iou: f64,
    /// What ran the model.
    pub(super) engine: String,
    /// How exactly.
    pub(super) precision: String,
    /// Of the clip, a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) frame_rate: Option<f64>,
    /// Every so many frames one was looked at; not there for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stride: Option<u32>,
    #[serde(rename = "columns")]
    pub(super) columns: Columns,
    /// The detections of each frame of a clip; null for one that was not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) frames: Option<Vec<Option<Vec<BoxLine>>>>,
    /// Or those of each picture, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) images: Option<BTreeMap<String, Vec<BoxLine>>>,
}

/// Always [`COLUMNS`].
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub(super) struct Columns([&'static str; 6]);

impl Default for Columns {
    fn default() -> Self {
        Self(COLUMNS)
    }
}

fn side_or_sides<S: serde::Serializer>(sides: &[u32], serializer: S) -> Result<S::Ok, S::Error> {
    match sides {
        [side] => side.serialize(serializer),
        sides => sides.serialize(serializer),
    }
}

/// A file as others may have written it: what is needed to track what stands in it.
#[derive(Debug, Deserialize)]
pub struct Written {
    /// [`COLUMNS`], where it says so.
    pub columns: Option<Vec<String>>,
    /// Frames per second of the clip.
    pub frame_rate: Option<f64>,
    /// Every so many frames one was looked at.
    pub stride: Option<u32>,
    /// The detections of each frame of a clip.
    pub frames: Option<Vec<Option<Vec<[f64; 6]>>>>,
    /// Or those of each picture, by name.
    pub images: Option<BTreeMap<String, Vec<[f64; 6]>>>,
}

#[cfg(test)]
mod tests {
    use razz_base::{ClassId, Rect};

    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let bbox = Rect::new(1.005, 2.0, 3.456_789, 4.0);
        let detection = Detection { bbox, class: ClassId(2), score: 0.863_249 };
        let detected = Detected {
            model: "m.onnx".to_owned(),
            clip: Some("c.mp4".to_owned()),
            imgsz: vec![640],
            conf: 0.25,
            iou: 0.7,
            engine: "rten".to_owned(),
            precision: "f32".to_owned(),
            frame_rate: Some(30.0),
            stride: Some(2),
            frames: Some(vec![Some(vec![row(&detection)]), None]),
            ..Detected::default()
        };
        let text = serde_json::to_string(&detected).unwrap();
        assert_eq!(
            text,
            "{\"model\":\"m.onnx\",\"clip\":\"c.mp4\",\"imgsz\":640,\"conf\":0.25,\"iou\":0.7,\
             \"engine\":\"rten\",\"precision\":\"f32\",\"frame_rate\":30.0,\"stride\":2,\
             \"columns\":[\"class\",\"confidence\",\"x1\",\"y1\",\"x2\",\"y2\"],\
             \"frames\":[[[2,0.8632,1.0,2.0,3.46,4.0]],null]}"
        );
        let written: Written = serde_json::from_str(&text).unwrap();
        assert_eq!(written.columns.unwrap(), COLUMNS);
        assert_eq!(written.frames.unwrap().len(), 2);
        let wide = Detected { imgsz: vec![384, 640], ..Detected::default() };
        assert!(serde_json::to_string(&wide).unwrap().contains("\"imgsz\":[384,640]"));
    }
}
