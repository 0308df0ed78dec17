//! What a frame costs: decode, letterbox, head, and the whole of detection with each engine.
//!
//! Needs `RAZZ_TESTDATA`; H.265 is measured where `ffmpeg` with libx265 is installed. One process loads one ONNX Runtime library; name it in `ORT_DYLIB_PATH`.

#[path = "../tests/support/mod.rs"]
mod support;

#[path = "../../../fuzz/checks_vision.rs"]
mod checks;

use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use razz_base::{MonoTime, Rect, Rung, Size, WallQuality, WallTime};
use razz_vision::engine::library_candidates;
use razz_vision::inside::{DenseHead, HevcDecoder};
use razz_vision::{
    ChannelOrder, Decoder, Decoders, Detector, DetectorSettings, Embedder, EngineChoice,
    InputFormat, Letterbox, ModelSource, MotionEstimator, OnnxEmbedder, Picture, Placement, Plane,
    Rendition, Values, builtin_embedder, encode_jpeg,
};
use support::{mp4, outside_data};

const WALL: WallTime = WallTime { us: 0, quality: WallQuality::Arrival };

fn bench(c: &mut Criterion) {
    let data = outside_data();
    let units = mp4::read(&data.join("clips/people-walking.mp4"));
    let mut decoder = Decoder::new();
    let picture = decoder.decode(&units[0], true).unwrap().unwrap();
    decoding(c, &units);
    decoding_hevc(c, &data.join("clips/people-walking.mp4"));
    letterboxing(c, &picture);
    reading_heads(c);
    renditions(c, &units);
    motion(c, &units);
    around_the_model(c, &picture);
    detecting(c, &data.join("models/yolo11n.onnx"), &picture);
    embedding(c, &data.join("models/osnet_x0_25_msmt17.onnx"), &picture);
    c.bench_function("jpeg 720p, quality 85", |b| b.iter(|| encode_jpeg(&picture, 85).unwrap()));
}

/// 720p scaled and encoded; of 180p every second picture is taken.
fn renditions(c: &mut Criterion, units: &[razz_base::AccessUnit]) {
    let mut decoder = Decoder::new();
    let decoded = units[..60].iter().filter_map(|unit| decoder.decode(unit, true).unwrap());
    let pictures: Vec<Picture> = decoded.collect();
    let mut group = c.benchmark_group("60 pictures of 720p as");
    group.sample_size(10).measurement_time(Duration::from_secs(4));
    for rung in [Rung::Full, Rung::P360, Rung::P180] {
        group.bench_function(rung.name(), |b| {
            b.iter(|| {
                let mut rendition = Rendition::new(rung);
                for picture in &pictures {
                    black_box(rendition.encode(picture).unwrap());
                }
            });
        });
    }
    group.finish();
}

fn decoding(c: &mut Criterion, units: &[razz_base::AccessUnit]) {
    let mut group = c.benchmark_group("decode 60 frames of 720p");
    group.sample_size(10).measurement_time(Duration::from_secs(6));
    let decoders = [("openh264", Decoders::builtin()), ("at hand", Decoders::at_hand())];
    for (library, decoders) in decoders {
        for (name, want) in [("copied out", true), ("for reference only", false)] {
            group.bench_function(format!("{name}, {library}"), |b| {
                b.iter(|| {
                    let mut decoder = decoders.decoder();
                    for unit in &units[..60] {
                        decoder.decode(unit, want).unwrap();
                    }
                });
            });
        }
    }
    group.finish();
}

/// The same clip as x265 writes it at 1.5 Mbit/s. For libavcodec beside it, run
/// `ffmpeg -threads 1 -benchmark -i people-walking.h265 -f null -` on the file that this leaves.
fn decoding_hevc(c: &mut Criterion, clip: &Path) {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("people-walking.h265");
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-i"])
        .arg(clip)
        .args(["-frames:v", "60", "-an", "-c:v", "libx265", "-preset", "superfast"])
        .args(["-x265-params", "log-level=none:bframes=0:bitrate=1500:keyint=60"])
        .arg(&path)
        .status();
    if !made.is_ok_and(|status| status.success()) {
        return;
    }
    let units = checks::access_units(&std::fs::read(&path).unwrap());
    assert_eq!(units.len(), 60);
    let mut group = c.benchmark_group("decode 60 frames of 720p");
    group.sample_size(10).measurement_time(Duration::from_secs(6));
    group.bench_function("H.265, copied out", |b| {
        b.iter(|| {
            let mut decoder = HevcDecoder::new();
            for (at, unit) in units.iter().enumerate() {
                for due in decoder.decode(unit, at as u64).unwrap() {
                    black_box(due.picture(support::key(0), WALL, MonoTime::from_us(0)));
                }
            }
        });
    });
    group.finish();
}

/// From the decoder's planes to the model's input.
fn letterboxing(c: &mut Criterion, picture: &Picture) {
    let mut group = c.benchmark_group("letterbox 720p");
    let yolox = InputFormat {
        order: ChannelOrder::Bgr,
        values: Values::Byte,
        placement: Placement::TopLeft,
    };
    for (name, target, format) in [
        ("to 640x640", Size::new(640, 640), InputFormat::default()),
        ("to 640x384", Size::new(640, 384), InputFormat::default()),
        ("to 416x416, BGR", Size::new(416, 416), yolox),
        ("to 1280x736", Size::new(1280, 736), InputFormat::default()),
    ] {
        let mut letterbox = Letterbox::new(target, format);
        group.bench_function(name, |b| b.iter(|| letterbox.picture(picture)));
    }
    group.finish();
}

/// A random number from 0 to 1 (linear congruential).
fn random(state: &mut u32) -> f32 {
    *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    (*state >> 8) as f32 / (1 << 24) as f32
}

/// What comes after the model, without a model.
fn reading_heads(c: &mut Criterion) {
    const CANDIDATES: usize = 8400;
    let mut state = 1;
    // A hundred objects with 84 candidates each, all of them sure enough.
    let mut crowd = vec![0.0; 5 * CANDIDATES];
    for i in 0..CANDIDATES {
        let (x, y) = (i / 84 % 10 * 62 + 40, i / 840 * 62 + 40);
        crowd[i] = x as f32 + 6.0 * random(&mut state);
        crowd[CANDIDATES + i] = y as f32 + 6.0 * random(&mut state);
        crowd[2 * CANDIDATES + i] = 50.0 + 6.0 * random(&mut state);
        crowd[3 * CANDIDATES + i] = 50.0 + 6.0 * random(&mut state);
        crowd[4 * CANDIDATES + i] = 0.3 + 0.6 * random(&mut state);
    }
    // A street: about 200 candidates, the rest as unsure as they are.
    let street: Vec<f32> = (0..84 * CANDIDATES)
        .map(|i| {
            let value = random(&mut state);
            match i / CANDIDATES {
                0 | 1 => value * 640.0,
                2 | 3 => 40.0,
                _ if value > 0.9997 => value,
                _ => value * 0.2,
            }
        })
        .collect();
    let mut out = Vec::new();
    let mut group = c.benchmark_group("after the model");
    let mut head = DenseHead::new(80, CANDIDATES, 0.25, 0.7).unwrap();
    group.bench_function("a street's 84x8400: head and suppression", |b| {
        b.iter(|| assert!(head.read(&street, &mut out)));
    });
    let mut head = DenseHead::new(1, CANDIDATES, 0.25, 0.7).unwrap();
    group.bench_function("suppression of 8400 candidates of 100 objects", |b| {
        b.iter(|| assert!(head.read(&crowd, &mut out)));
    });
    group.finish();
}

/// How the camera moves, 720p: standing, and panning over a still picture.
fn motion(c: &mut Criterion, units: &[razz_base::AccessUnit]) {
    let mut decoder = Decoder::new();
    let pictures: Vec<Picture> =
        units[..8].iter().map(|unit| decoder.decode(unit, true).unwrap().unwrap()).collect();
    let mut group = c.benchmark_group("camera motion at 720p");
    let mut estimator = MotionEstimator::default();
    let mut at = 0;
    group.bench_function("standing", |b| {
        b.iter(|| {
            at = (at + 1) % 14;
            // To and fro through the clip, so that nobody jumps.
            estimator.look(pictures[at.min(14 - at)].luma(), &[])
        });
    });
    let luma = pictures[0].luma();
    group.bench_function("panning by 12 px a picture", |b| {
        b.iter(|| {
            at = (at + 1) % 8;
            let view =
                Plane { data: &luma.data[12 * at.min(8 - at)..], width: 1232, height: 719, ..luma };
            estimator.look(view, &[])
        });
    });
    group.finish();
}

/// Letterbox, head and suppression alone: a model that only hands out a constant.
fn around_the_model(c: &mut Criterion, picture: &Picture) {
    let mut state = 1;
    let output: Vec<f32> = (0..84 * 8400)
        .map(|i| {
            let random = random(&mut state);
            // Boxes anywhere, 40 wide and high; about 200 candidates above 0.25.
            match i / 8400 {
                0 | 1 => random * 640.0,
                2 | 3 => 40.0,
                _ => {
                    if random > 0.9997 {
                        random
                    } else {
                        random * 0.2
                    }
                }
            }
        })
        .collect();
    let model = support::onnx::constant(&[1, 3, 640, 640], 1, &[1, 84, 8400], &output);
    let source = ModelSource::Bytes { name: "constant", data: &model };
    let settings =
        DetectorSettings { engine: EngineChoice::Rten, threads: 1, ..Default::default() };
    let mut detector = Detector::load(source, &settings).unwrap();
    let mut out = Vec::new();
    c.bench_function("letterbox 720p to 640x640, head, suppression", |b| {
        b.iter(|| detector.detect(picture, &mut out).unwrap());
    });
    // One column of pixels: next to no letterbox.
    let column = vec![0; 3 * 4000];
    c.bench_function("head and suppression", |b| {
        b.iter(|| detector.detect_rgb(&column, Size::new(1, 4000), &mut out).unwrap());
    });
}

fn detecting(c: &mut Criterion, model: &Path, picture: &Picture) {
    let mut engines = vec![EngineChoice::Rten];
    if !library_candidates().is_empty() {
        engines.push(EngineChoice::Ort);
    }
    let mut group = c.benchmark_group("detect 720p, YOLO11n 640");
    group.sample_size(20).measurement_time(Duration::from_secs(6));
    for threads in [1, 2] {
        for engine in &engines {
            let settings = DetectorSettings { engine: *engine, threads, ..Default::default() };
            let mut detector = Detector::load(ModelSource::File(model), &settings).unwrap();
            let name = format!("{}, {threads} threads", detector.engine_name());
            let mut out = Vec::new();
            group.bench_function(name, |b| {
                b.iter(|| detector.detect(picture, &mut out).unwrap());
            });
        }
    }
    group.finish();
}

fn embedding(c: &mut Criterion, model: &Path, picture: &Picture) {
    let boxes = [Rect::new(343.0, 212.0, 517.0, 681.0), Rect::new(584.0, 320.0, 638.0, 506.0)];
    let mut builtin = builtin_embedder();
    c.bench_function("embed 2 boxes, builtin", |b| b.iter(|| builtin.embed(picture, &boxes)));
    let mut network = OnnxEmbedder::load(model, EngineChoice::Rten, 1).unwrap();
    c.bench_function("embed 2 boxes, OSNet on rten", |b| b.iter(|| network.embed(picture, &boxes)));
}

criterion_group!(benches, bench);
criterion_main!(benches);
