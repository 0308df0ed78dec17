//! YOLO11 on real pictures and clips against the detections of the reference implementation.

use std::path::Path;

use razz_base::Detection;
use razz_vision::{Decoder, Detector, DetectorSettings, EngineChoice, ModelSource};

use crate::ENGINES;
use crate::support::{mp4, note, read_json, read_png, reference, unmatched};

fn detector(model: &Path, engine: EngineChoice, confidence: f32) -> Detector {
    let settings = DetectorSettings { engine, confidence, threads: 2, ..Default::default() };
    let detector = Detector::load(ModelSource::File(model), &settings).unwrap();
    for line in detector.notes() {
        note(&line.to_string());
    }
    detector
}

pub(crate) fn every_box_on_png_frames(data: &Path) {
    let want = read_json(&data.join("frames/yolo11n.json"));
    for engine in ENGINES {
        let mut detector = detector(&data.join("models/yolo11n.onnx"), engine, 0.1);
        assert_eq!(detector.class_names().len(), 80);
        let (mut boxes, mut out) = (0, Vec::new());
        let (mut worst_score, mut worst_iou) = (0f64, 1f64);
        for (name, rows) in want["images"].as_object().unwrap() {
            let want = reference(rows);
            let frame = read_png(&data.join("frames").join(name));
            detector.detect_rgb(&frame.data, frame.size, &mut out).unwrap();
            // Scores at the limit of 0.1 may fall on either side.
            let missing = unmatched(&want, &out, 0.11, 0.01, 0.98);
            let invented = unmatched(&out, &want, 0.11, 0.01, 0.98);
            assert!(
                missing.is_empty() && invented.is_empty(),
                "{} {name}: missing {missing:#?}, not in the reference {invented:#?}",
                detector.engine_name()
            );
            for one in want.iter().filter(|one| one.score >= 0.11) {
                let best = out
                    .iter()
                    .filter(|d| d.class == one.class)
                    .max_by(|a, b| a.bbox.iou(&one.bbox).total_cmp(&b.bbox.iou(&one.bbox)))
                    .unwrap();
                worst_score = worst_score.max((best.score - one.score).abs());
                worst_iou = worst_iou.min(best.bbox.iou(&one.bbox));
                boxes += 1;
            }
        }
        assert!(boxes > 100, "{boxes}");
        note(&format!(
            "{}: all {boxes} boxes of 10 frames agree; largest score difference {worst_score:.4}, \
             smallest IoU {worst_iou:.4}",
            detector.engine_name()
        ));
    }
}

pub(crate) fn clips_agree_with_room(data: &Path) {
    for engine in ENGINES {
        let mut detector = detector(&data.join("models/yolo11n.onnx"), engine, 0.1);
        for clip in ["people-walking", "cars"] {
            let units = mp4::read(&data.join(format!("clips/{clip}.mp4")));
            let want = read_json(&data.join(format!("clips/{clip}.yolo11n.json")));
            let want = want["frames"].as_array().unwrap();
            assert_eq!(units.len(), want.len());
            let mut decoder = Decoder::new();
            let (mut total, mut alone) = (0, 0);
            let mut out: Vec<Detection> = Vec::new();
            for (i, unit) in units.iter().enumerate() {
                let wanted = i % 15 == 0;
                let picture = decoder.decode(unit, wanted).unwrap();
                assert_eq!(picture.is_some(), wanted, "{clip} frame {i}");
                let Some(picture) = picture else { continue };
                assert_eq!(picture.key, unit.key);
                detector.detect(&picture, &mut out).unwrap();
                let want = reference(&want[i]);
                alone += unmatched(&want, &out, 0.25, 0.05, 0.9).len();
                total += want.iter().filter(|one| one.score >= 0.25).count();
            }
            note(&format!(
                "{} {clip}: {} of {total} boxes agree within 0.05 and IoU 0.9",
                detector.engine_name(),
                total - alone
            ));
            // The reference's decoder upsamples chroma by repetition, ours interpolates.
            assert!(alone * 20 <= total, "{clip}: {alone} of {total} differ");
        }
    }
}

pub(crate) fn a_wide_model_takes_pictures_as_well(data: &Path) {
    let mut wide = detector(&data.join("models/yolo11n-384x640.onnx"), EngineChoice::Rten, 0.25);
    assert_eq!((wide.input_size().width, wide.input_size().height), (640, 384));
    let want = read_json(&data.join("frames/yolo11n.json"));
    let frame = read_png(&data.join("frames/people-walking-1.png"));
    let mut out = Vec::new();
    wide.detect_rgb(&frame.data, frame.size, &mut out).unwrap();
    let want = reference(&want["images"]["people-walking-1.png"]);
    let total = want.iter().filter(|one| one.score >= 0.5).count();
    let alone = unmatched(&want, &out, 0.5, 0.1, 0.9).len();
    assert!(total > 3 && alone * 10 <= total, "{alone} of {total} differ");
}
