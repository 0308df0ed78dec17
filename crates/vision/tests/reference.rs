//! Detections against those of the reference implementation, with every engine that is there.

mod support;

use razz_base::Detection;
use razz_vision::engine::library_candidates;
use razz_vision::{Decoder, Detector, DetectorSettings, EngineChoice, ModelSource, Picture};
use support::{mp4, note, read_json, read_png, reference, testdata, unmatched};

/// rten, and ONNX Runtime where it is found.
fn engines() -> Vec<EngineChoice> {
    let mut engines = vec![EngineChoice::Rten];
    if library_candidates().is_empty() {
        note("no ONNX Runtime library is found here, only rten is tested");
    } else {
        engines.push(EngineChoice::Ort);
    }
    engines
}

fn detector(model: &std::path::Path, engine: EngineChoice, confidence: f32) -> Detector {
    let settings = DetectorSettings { engine, confidence, threads: 2, ..Default::default() };
    let detector = Detector::load(ModelSource::File(model), &settings).unwrap();
    for line in detector.notes() {
        note(&line.to_string());
    }
    detector
}

#[test]
fn every_box_on_png_frames() {
    let Some(data) = testdata("every_box_on_png_frames") else { return };
    let want = read_json(&data.join("frames/yolo11n.json"));
    for engine in engines() {
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

#[test]
fn clips_agree_with_room() {
    let Some(data) = testdata("clips_agree_with_room") else { return };
    for engine in engines() {
        let mut detector = detector(&data.join("models/yolo11n.onnx"), engine, 0.1);
        for clip in ["people-walking", "cars"] {
            let units = mp4::read(&data.join(format!("clips/{clip}.mp4")));
            let want = read_json(&data.join(format!("clips/{clip}.yolo11n.json")));
            let want = want["frames"].as_array().unwrap();
            assert_eq!(units.len(), want.len());
            let mut decoder = Decoder::new().unwrap();
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

#[test]
fn a_wide_model_takes_pictures_as_well() {
    let Some(data) = testdata("a_wide_model_takes_pictures_as_well") else { return };
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

/// Frames of the clips were written as PNG by another decoder; ours must show the same colours.
#[test]
fn colours_are_those_of_the_png_frames() {
    let Some(data) = testdata("colours_are_those_of_the_png_frames") else { return };
    for clip in ["people-walking", "cars"] {
        let frames: Vec<_> =
            (1..=5).map(|i| read_png(&data.join(format!("frames/{clip}-{i}.png")))).collect();
        let mut decoder = Decoder::new().unwrap();
        let mut best = vec![(f64::INFINITY, [0f64; 3]); frames.len()];
        let mut rgb = Vec::new();
        for unit in mp4::read(&data.join(format!("clips/{clip}.mp4"))) {
            let picture = decoder.decode(&unit, true).unwrap().unwrap();
            for (frame, best) in frames.iter().zip(&mut best) {
                // A coarse look at brightness finds the frame, a close one compares.
                if rough_difference(&picture, &frame.data) > 6.0 {
                    continue;
                }
                picture.write_rgb(&mut rgb);
                let difference = mean_difference(&rgb, &frame.data);
                if difference.iter().sum::<f64>() < best.0 {
                    *best = (difference.iter().sum(), difference);
                }
            }
        }
        for (i, (_, difference)) in best.iter().enumerate() {
            note(&format!("{clip}-{}: mean difference of R, G, B {difference:.2?} of 255", i + 1));
            assert!(difference.iter().all(|d| *d < 2.0), "{clip}-{}: {difference:?}", i + 1);
        }
    }
}

fn rough_difference(picture: &Picture, rgb: &[u8]) -> f64 {
    let luma = picture.luma();
    let (mut sum, mut count) = (0.0, 0);
    for y in (0..luma.height).step_by(16) {
        for x in (0..luma.width).step_by(16) {
            let [r, g, b] = [0, 1, 2].map(|i| f64::from(rgb[(y * luma.width + x) * 3 + i]));
            let want = 16.0 + 219.0 / 255.0 * (0.2126 * r + 0.7152 * g + 0.0722 * b);
            sum += (f64::from(luma.row(y)[x]) - want).abs();
            count += 1;
        }
    }
    sum / f64::from(count)
}

fn mean_difference(a: &[u8], b: &[u8]) -> [f64; 3] {
    let mut sums = [0u64; 3];
    for (a, b) in a.chunks_exact(3).zip(b.chunks_exact(3)) {
        for i in 0..3 {
            sums[i] += u64::from(a[i].abs_diff(b[i]));
        }
    }
    sums.map(|sum| sum as f64 / (a.len() / 3) as f64)
}
