//! YOLOX on real clips against its raw output, decoded slowly and plainly.

use std::path::Path;

use razz_base::{Detection, Rect, Size};
use razz_vision::engine::{self, Engine, EngineError, EngineOptions, Tensor, Trial};
use razz_vision::{
    Decoder, Detector, DetectorSettings, Device, EngineChoice, Family, ModelSource, Precision,
};

use crate::ENGINES;
use crate::support::{mp4, note, unmatched};

/// Runs a model as it is.
struct Raw(Box<dyn Engine>);

struct Anything;

impl Trial for Anything {
    fn check(&mut self, _: &mut dyn Engine) -> Result<bool, EngineError> {
        Ok(true)
    }

    fn run(&mut self, _: &mut dyn Engine) -> Result<(), EngineError> {
        Ok(())
    }
}

impl Raw {
    fn open(model: &Path, choice: EngineChoice) -> Self {
        let options =
            EngineOptions { choice, precision: Precision::F32, threads: 2, device: Device::Usual };
        let model = std::fs::read(model).unwrap();
        Self(engine::open(&model, &options, None, &mut Vec::new(), &mut Anything).unwrap())
    }

    fn run(&mut self, input: &[f32], shape: &[usize]) -> Vec<f32> {
        let mut values = Vec::new();
        let mut read = |outputs: &[Tensor<'_>]| values = outputs[0].as_f32().unwrap().to_vec();
        self.0.run(&[Tensor::f32(shape, input)], &mut read).unwrap();
        values
    }
}

const SIDE: usize = 416;

/// YOLOX's `preproc`, a pixel at a time: scaled to fit at the top left of grey, bilinear, B, G, R
/// from 0 to 255.
fn yolox_input(rgb: &[u8], size: Size) -> (Vec<f32>, f64) {
    let (w, h) = (size.width as usize, size.height as usize);
    let ratio = (SIDE as f64 / w as f64).min(SIDE as f64 / h as f64);
    let (new_w, new_h) = ((w as f64 * ratio) as usize, (h as f64 * ratio) as usize);
    let mut input = vec![114.0; 3 * SIDE * SIDE];
    for plane in 0..3 {
        let at = |x: usize, y: usize| f32::from(rgb[(y * w + x) * 3 + (2 - plane)]);
        for row in 0..new_h {
            for column in 0..new_w {
                let place = |i: usize, old: usize, new: usize| {
                    ((i as f64 + 0.5) * old as f64 / new as f64 - 0.5).clamp(0.0, (old - 1) as f64)
                };
                let (x, y) = (place(column, w, new_w), place(row, h, new_h));
                let (x0, y0) = (x as usize, y as usize);
                let (x1, y1) = ((x0 + 1).min(w - 1), (y0 + 1).min(h - 1));
                // OpenCV's weights are f32.
                let between = |a: f32, b: f32, at: f64| a + (b - a) * at.fract() as f32;
                let top = between(at(x0, y0), at(x1, y0), x);
                let bottom = between(at(x0, y1), at(x1, y1), x);
                input[(plane * SIDE + row) * SIDE + column] = between(top, bottom, y).round();
            }
        }
    }
    (input, ratio)
}

/// YOLOX's decoding and class-wise suppression, slow and plain: every cell, every class, in f64.
fn yolox_boxes(
    output: &[f32],
    ratio: f64,
    size: Size,
    confidence: f64,
    iou: f64,
) -> Vec<Detection> {
    let mut cells = Vec::new();
    for stride in [8, 16, 32] {
        for row in 0..SIDE / stride {
            for column in 0..SIDE / stride {
                cells.push((column as f64, row as f64, stride as f64));
            }
        }
    }
    assert_eq!(output.len(), cells.len() * 85);
    let mut all = Vec::new();
    for (cell, (column, row, stride)) in output.chunks(85).zip(cells) {
        let value = |i: usize| f64::from(cell[i]);
        let (cx, cy) = ((value(0) + column) * stride, (value(1) + row) * stride);
        let (w, h) = (value(2).exp() * stride, value(3).exp() * stride);
        let mut class = 0;
        for c in 1..80 {
            if cell[5 + c] > cell[5 + class] {
                class = c;
            }
        }
        let score = value(4) * value(5 + class);
        if score > confidence {
            let bbox = Rect::new(cx - w / 2.0, cy - h / 2.0, cx + w / 2.0, cy + h / 2.0);
            all.push(Detection { bbox, class: razz_base::ClassId(class as u16), score });
        }
    }
    all.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<Detection> = Vec::new();
    for one in all {
        if !kept.iter().any(|k| k.class == one.class && k.bbox.iou(&one.bbox) > iou) {
            kept.push(one);
        }
    }
    for one in &mut kept {
        let [left, top, right, bottom] = one.bbox.to_array().map(|v| v / ratio);
        one.bbox = Rect::new(left, top, right, bottom).clipped(size);
    }
    kept
}

pub(crate) fn yolox_nano_by_its_raw_output(data: &Path) {
    let model = data.join("models/yolox_nano.onnx");
    for engine in ENGINES {
        let mut raw = Raw::open(&model, engine);
        let settings =
            DetectorSettings { engine, threads: 2, confidence: 0.1, ..Default::default() };
        let mut detector = Detector::load(ModelSource::File(&model), &settings).unwrap();
        assert_eq!(detector.family(), Family::Yolox);
        assert_eq!(detector.input_size(), Size::new(416, 416));
        assert_eq!(detector.class_names().len(), 80);
        for clip in ["people-walking", "cars"] {
            let units = mp4::read(&data.join(format!("clips/{clip}.mp4")));
            let mut decoder = Decoder::new();
            let (mut boxes, mut alone, mut from_planes, mut frames) = (0, Vec::new(), 0, 0);
            let (mut rgb, mut out) = (Vec::new(), Vec::new());
            for (i, unit) in units.iter().enumerate() {
                let Some(picture) = decoder.decode(unit, i % 40 == 0).unwrap() else { continue };
                picture.write_rgb(&mut rgb);
                let (input, ratio) = yolox_input(&rgb, picture.size);
                let output = raw.run(&input, &[1, 3, SIDE, SIDE]);
                let want = yolox_boxes(&output, ratio, picture.size, 0.1, 0.7);
                detector.detect_rgb(&rgb, picture.size, &mut out).unwrap();
                // Scores at the limit of 0.1 may fall on either side.
                alone.extend(unmatched(&want, &out, 0.11, 0.005, 0.99));
                alone.extend(unmatched(&out, &want, 0.11, 0.005, 0.99));
                boxes += want.iter().filter(|one| one.score >= 0.11).count();
                // From the planes, without the detour over whole values of RGB.
                detector.detect(&picture, &mut out).unwrap();
                from_planes += unmatched(&want, &out, 0.25, 0.05, 0.9).len();
                frames += 1;
            }
            note(&format!(
                "YOLOX nano on {}, {clip}: all {boxes} boxes of {frames} frames but {} as the \
                 plain decoder has them; from the planes {from_planes} differ by more than 0.05 or \
                 IoU 0.9",
                detector.engine_name(),
                alone.len()
            ));
            assert!(boxes > 40 && alone.is_empty(), "{boxes} boxes, {alone:#?}");
            assert!(from_planes * 50 <= boxes, "{from_planes} of {boxes}");
        }
    }
}
