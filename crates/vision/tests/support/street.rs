//! Streets of `scene`: painted, as H.264, and what is true about them.

use razz_base::{AccessUnit, Detection, Rect, Size};
use razz_scene::{Canvas, DEMO_MODEL, Encoder, Rate, Street, Truth};
use razz_vision::{Detector, DetectorSettings, EngineChoice, ModelSource};

use super::{Rgb, access_unit};

/// The demo's detector, which knows streets.
pub fn detector(engine: EngineChoice, confidence: f32) -> Detector {
    let settings = DetectorSettings { engine, confidence, threads: 2, ..Default::default() };
    let model = ModelSource::Bytes { name: "demo.onnx", data: DEMO_MODEL };
    Detector::load(model, &settings).unwrap()
}

/// A frame of a street as it is painted.
pub fn painted(street: &Street, frame: u64) -> Rgb {
    let mut canvas = Canvas::new();
    street.render(frame, &mut canvas);
    let data = canvas.rgba().chunks_exact(4).flat_map(|pixel| &pixel[..3]).copied().collect();
    Rgb { size: canvas.size(), data }
}

/// These frames of a street as H.264 of full size, at 30 per second, an IDR every two seconds.
pub fn film(street: &Street, frames: impl Iterator<Item = u64>) -> Vec<AccessUnit> {
    let mut encoder = Encoder::with_size(Size::new(1280, 720), Rate::Constant, 60).unwrap();
    let mut canvas = Canvas::new();
    let unit = |(n, frame): (usize, u64)| {
        street.render(frame, &mut canvas);
        let encoded = encoder.encode(&canvas).unwrap();
        access_unit(encoded.annex_b, 3000 * n as i64, encoded.idr)
    };
    frames.enumerate().map(unit).collect()
}

/// Whether an object can be asked for: most of it is in the picture and can be seen.
pub fn is_clear(truth: &Truth) -> bool {
    truth.visible >= 0.6 && truth.inside >= 0.9
}

/// The boxes of all that can be seen.
pub fn boxes(street: &Street, frame: u64) -> Vec<Rect> {
    let truths = street.truth(frame);
    truths.iter().filter(|truth| truth.visible > 0.2).map(|truth| truth.bbox).collect()
}

/// Average precision of a class at an overlap of 0.5 over several pictures, each with its detections
/// and its truth: the area below the highest precision at each recall or more. What cannot be seen
/// clearly is neither missed nor false.
pub fn average_precision(pictures: &[(Vec<Detection>, Vec<Truth>)], class: u16) -> f64 {
    let of_class = |truth: &&Truth| truth.class.0 == class;
    let mut wanted = 0;
    // Score, and whether it is right.
    let mut found: Vec<(f64, bool)> = Vec::new();
    for (detections, truths) in pictures {
        let mut clear: Vec<&Truth> =
            truths.iter().filter(of_class).filter(|truth| is_clear(truth)).collect();
        wanted += clear.len();
        let mut detections: Vec<&Detection> =
            detections.iter().filter(|one| one.class.0 == class).collect();
        detections.sort_by(|a, b| b.score.total_cmp(&a.score));
        for one in detections {
            let fits = |truth: &&Truth| truth.bbox.iou(&one.bbox) >= 0.5;
            if let Some(at) = clear.iter().position(fits) {
                clear.swap_remove(at);
                found.push((one.score, true));
            } else if !truths.iter().filter(of_class).any(|t| !is_clear(t) && fits(&t)) {
                found.push((one.score, false));
            }
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut right = 0;
    let mut curve: Vec<(f64, f64)> = Vec::new();
    for (count, (_, is_right)) in found.iter().enumerate() {
        right += usize::from(*is_right);
        curve.push((right as f64 / wanted as f64, right as f64 / (count + 1) as f64));
    }
    let (mut area, mut highest, mut recall) = (0.0, 0.0f64, 0.0);
    for (at, precision) in curve.iter().rev() {
        if recall > 0.0 {
            area += (recall - at) * highest;
        }
        (highest, recall) = (highest.max(*precision), *at);
    }
    area + recall * highest
}
