//! What a frame costs: decode, letterbox, head, and the whole of detection with each engine.
//!
//! Needs `RAZZ_TESTDATA`. One process loads one ONNX Runtime library; name it in `ORT_DYLIB_PATH`.

#[path = "../tests/support/mod.rs"]
mod support;

use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use razz_base::Rect;
use razz_vision::engine::library_candidates;
use razz_vision::{
    Decoder, Detector, DetectorSettings, Embedder, EngineChoice, ModelSource, OnnxEmbedder,
    Picture, builtin_embedder, encode_jpeg,
};
use support::{mp4, testdata};

fn bench(c: &mut Criterion) {
    let Some(data) = testdata("bench") else { return };
    let units = mp4::read(&data.join("clips/people-walking.mp4"));
    let mut decoder = Decoder::new().unwrap();
    let picture = decoder.decode(&units[0], true).unwrap().unwrap();
    decoding(c, &units);
    detecting(c, &data.join("models/yolo11n.onnx"), &picture);
    embedding(c, &data.join("models/osnet_x0_25_msmt17.onnx"), &picture);
    c.bench_function("jpeg 720p, quality 85", |b| b.iter(|| encode_jpeg(&picture, 85).unwrap()));
}

fn decoding(c: &mut Criterion, units: &[razz_base::AccessUnit]) {
    let mut group = c.benchmark_group("decode 60 frames of 720p");
    group.sample_size(10).measurement_time(Duration::from_secs(6));
    for (name, want) in [("copied out", true), ("for reference only", false)] {
        group.bench_function(name, |b| {
            b.iter(|| {
                let mut decoder = Decoder::new().unwrap();
                for unit in &units[..60] {
                    decoder.decode(unit, want).unwrap();
                }
            });
        });
    }
    group.finish();
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
