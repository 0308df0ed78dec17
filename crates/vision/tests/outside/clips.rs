//! Real clips: decoded whole and in their colours, their cameras' motion, their people's looks.

use std::path::Path;

use razz_base::{Detection, Rect};
use razz_vision::{Decoder, Embedder, EngineChoice, OnnxEmbedder, Picture, builtin_embedder};

use crate::support::appearance::{Similarities, measure, report};
use crate::support::motion::{assert_followed, assert_still};
use crate::support::{mean_difference, mp4, note, read_json, read_png, reference};

const CLIPS: [&str; 2] = ["people-walking", "cars"];

pub(crate) fn real_clips_decode_whole(data: &Path) {
    for clip in ["people-walking", "people-walking.counter", "cars"] {
        let units = mp4::read(&data.join(format!("clips/{clip}.mp4")));
        let mut decoder = Decoder::new();
        for unit in &units {
            let picture = decoder.decode(unit, true).unwrap().unwrap();
            assert_eq!(picture.key, unit.key);
        }
        assert_eq!(decoder.counts().decoded, units.len() as u64);
    }
}

/// Frames of the clips were written as PNG by another decoder; ours must show the same colours.
pub(crate) fn colours_are_those_of_the_png_frames(data: &Path) {
    for clip in ["people-walking", "cars"] {
        let frames: Vec<_> =
            (1..=5).map(|i| read_png(&data.join(format!("frames/{clip}-{i}.png")))).collect();
        let mut decoder = Decoder::new();
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

/// Pictures of a clip and the boxes of what was detected in each.
fn footage(data: &Path, clip: &str, frames: usize) -> Vec<(Picture, Vec<Rect>)> {
    let boxes = read_json(&data.join(format!("clips/{clip}.yolo11n.json")));
    let units = mp4::read(&data.join(format!("clips/{clip}.mp4")));
    let mut decoder = Decoder::new();
    units
        .iter()
        .zip(boxes["frames"].as_array().unwrap())
        .take(frames)
        .map(|(unit, rows)| {
            let picture = decoder.decode(unit, true).unwrap().unwrap();
            let boxes = reference(rows).iter().filter(|d| d.score > 0.25).map(|d| d.bbox).collect();
            (picture, boxes)
        })
        .collect()
}

pub(crate) fn cameras_on_poles_stand_still(data: &Path) {
    for clip in CLIPS {
        assert_still(clip, &footage(data, clip, 400), 0.85);
    }
}

pub(crate) fn cameras_that_are_moved_on_purpose_are_followed(data: &Path) {
    for clip in CLIPS {
        assert_followed(clip, &footage(data, clip, 13));
    }
}

/// Frames looked at: one in ten, so three a second.
const STEP: usize = 10;

/// People of the reference by overlap from frame to frame: an id for each box, as long as it is not
/// near another.
fn people(frames: &[Vec<Detection>]) -> Vec<Vec<(usize, Rect)>> {
    let mut alive: Vec<(usize, Rect)> = Vec::new();
    let mut next = 0;
    frames
        .iter()
        .map(|boxes| {
            let mut now = Vec::new();
            for one in boxes.iter().filter(|one| one.class.0 == 0 && one.score > 0.5) {
                let near = |r: &Rect| r.iou(&one.bbox);
                let crowded =
                    boxes.iter().filter(|o| o.class.0 == 0 && near(&o.bbox) > 0.05).count() > 1;
                let best = alive.iter().max_by(|a, b| near(&a.1).total_cmp(&near(&b.1)));
                let id = match best {
                    Some((id, bbox)) if near(bbox) > 0.7 => *id,
                    _ => {
                        next += 1;
                        next
                    }
                };
                now.push((id, one.bbox, crowded));
            }
            alive = now.iter().map(|(id, bbox, _)| (*id, *bbox)).collect();
            now.into_iter().filter(|(_, _, crowded)| !crowded).map(|(id, b, _)| (id, b)).collect()
        })
        .collect()
}

fn similarities(embedder: &mut dyn Embedder, data: &Path) -> Similarities {
    let want = read_json(&data.join("clips/people-walking.yolo11n.json"));
    let frames: Vec<_> = want["frames"].as_array().unwrap().iter().map(reference).collect();
    let people = people(&frames);
    let mut decoder = Decoder::new();
    let units = mp4::read(&data.join("clips/people-walking.mp4"));
    let footage = units.iter().enumerate().filter_map(|(i, unit)| {
        let picture = decoder.decode(unit, i % STEP == 0).unwrap()?;
        Some((picture, people[i].clone()))
    });
    measure(embedder, footage)
}

pub(crate) fn the_builtin_embedder_tells_people_apart(data: &Path) {
    let found = similarities(builtin_embedder().as_mut(), data);
    report("builtin", &found);
    assert!(found.same.len() > 40 && found.different.len() > 200);
    assert!(found.area() > 0.97, "{}", found.area());
    assert!(Similarities::quantile(&found.same, 0.05) > 0.7);
    assert!(Similarities::quantile(&found.different, 0.5) < 0.4);
}

pub(crate) fn osnet_tells_people_apart(data: &Path) {
    let model = data.join("models/osnet_x0_25_msmt17.onnx");
    let mut osnet = OnnxEmbedder::load(&model, EngineChoice::Rten, 2).unwrap();
    let found = similarities(&mut osnet, data);
    report("OSNet x0.25", &found);
    assert!(found.area() > 0.9, "{}", found.area());
}
