//! The demo's detector on the demo's own two streets, which it never saw in training: encoded,
//! decoded and shrunk as at work.
#![expect(clippy::print_stdout, reason = "the counts, for who asks with --nocapture")]

#[path = "../examples/render_dataset/halve.rs"]
mod halve;

use std::time::{Duration, Instant};

use openh264::decoder::Decoder;
use razz_base::Rect;
use razz_scene::{Canvas, DEMO_MODEL, Encoder, Rate, Street};
use rten::{Model, RunOptions, ThreadPool, ValueView};
use rten_tensor::prelude::*;

const WIDTH: usize = 640;
const HEIGHT: usize = 384;
/// Grey above and below the picture, as letterboxing lays it there.
const BORDER: usize = 12;
const PLACES: usize = 5040;
const CONFIDENCE: f32 = 0.4;

struct Found {
    bbox: Rect,
    class: u16,
    score: f32,
}

/// Red, green and blue planes, 0 to 1, of a picture of 640x360 on grey.
fn letterboxed(rgb: &[u8]) -> Vec<f32> {
    let mut out = vec![114.0 / 255.0; 3 * WIDTH * HEIGHT];
    for (i, pixel) in rgb.chunks_exact(3).enumerate() {
        for (channel, value) in pixel.iter().enumerate() {
            out[channel * WIDTH * HEIGHT + BORDER * WIDTH + i] = f32::from(*value) / 255.0;
        }
    }
    out
}

/// Boxes in pixels of the street, after non-maximum suppression within each class.
fn detections(output: &[f32]) -> Vec<Found> {
    let at = |row: usize, place: usize| output[row * PLACES + place];
    let mut found: Vec<Found> = (0..PLACES)
        .filter_map(|place| {
            let best = (0..80).max_by(|a, b| at(4 + a, place).total_cmp(&at(4 + b, place)))?;
            let score = at(4 + best, place);
            let [cx, cy, w, h] = [0, 1, 2, 3].map(|row| f64::from(at(row, place)) * 2.0);
            let bbox = Rect::from_center(cx, cy - 2.0 * BORDER as f64, w, h);
            let bbox = bbox.clipped(Street::SIZE);
            (score >= CONFIDENCE).then_some(Found { bbox, class: best as u16, score })
        })
        .collect();
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<Found> = Vec::new();
    for one in found {
        if kept.iter().all(|other| other.class != one.class || other.bbox.iou(&one.bbox) <= 0.7) {
            kept.push(one);
        }
    }
    kept
}

#[test]
fn people_and_cars_of_the_demo_are_found_and_nothing_else() {
    assert!(DEMO_MODEL.len() <= 4 << 20, "{} bytes", DEMO_MODEL.len());
    let model = Model::load(DEMO_MODEL.to_vec()).unwrap();
    let (input, output) = (model.node_id("images").unwrap(), model.node_id("output0").unwrap());
    let threads = std::sync::Arc::new(ThreadPool::with_num_threads(1));
    let mut canvas = Canvas::new();
    let mut rgb = vec![0; WIDTH * 360 * 3];
    let (mut expected, mut right, mut wrong, mut pictures) = (0, 0, 0, 0);
    let mut quickest = Duration::MAX;
    for seed in [1, 2] {
        let street = Street::new(seed);
        for start in (20..Street::PERIOD).step_by(100) {
            let mut encoder = Encoder::new(Rate::Constant, 60).unwrap();
            let mut decoder = Decoder::new().unwrap();
            for frame in start..start + 3 {
                street.render(frame, &mut canvas);
                let encoded = encoder.encode(&canvas).unwrap();
                halve::halve(&decoder.decode(&encoded.annex_b).unwrap().unwrap(), &mut rgb);
            }
            let image = letterboxed(&rgb);
            let view = ValueView::from_shape([1, 3, HEIGHT, WIDTH], image.as_slice()).unwrap();
            let options = RunOptions::default().with_thread_pool(Some(threads.clone()));
            let begun = Instant::now();
            let [value] = model.run_n(vec![(input, view.into())], [output], Some(options)).unwrap();
            quickest = quickest.min(begun.elapsed());
            let tensor = value.as_tensor_view::<f32>().unwrap();
            assert_eq!(tensor.shape(), [1, 84, PLACES]);
            let output = tensor.to_contiguous();
            let found = detections(output.data());
            let truths = street.truth(start + 2);
            let mut taken = vec![false; found.len()];
            for truth in &truths {
                let clear = truth.visible >= 0.6 && truth.inside >= 0.9;
                if !clear || ![0, 2, 5].contains(&truth.class.0) {
                    continue;
                }
                expected += 1;
                let hit = (0..found.len()).find(|i| {
                    !taken[*i]
                        && found[*i].class == truth.class.0
                        && found[*i].bbox.iou(&truth.bbox) >= 0.5
                });
                if let Some(hit) = hit {
                    taken[hit] = true;
                    right += 1;
                }
            }
            // An alarm is false where nothing of that class is, be it hidden.
            wrong += found
                .iter()
                .filter(|one| {
                    truths
                        .iter()
                        .all(|truth| truth.class.0 != one.class || truth.bbox.iou(&one.bbox) < 0.3)
                })
                .count();
            pictures += 1;
        }
    }
    println!("{right} of {expected} found, {wrong} false in {pictures}; {quickest:?} on one core");
    assert!(expected > 100, "{expected} clear objects");
    // 138 of 163 when the model was made, and no false alarm.
    assert!(right * 100 >= expected * 80, "{right} of {expected} found");
    assert!(wrong * 10 <= pictures * 3, "{wrong} false alarms in {pictures} pictures");
}
