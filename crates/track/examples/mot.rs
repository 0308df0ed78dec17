//! Tracks the sequences of the outside data and writes MOTChallenge text, to be scored.
//!
//! `RAZZ_TESTDATA=… cargo run --release -p razz-track --example mot -- OUT KIND [KEY=VALUE …]`
//! writes `OUT/<set>/<sequence>.txt`. KIND is hybrid, bytetrack, deepsort, or `original` for
//! ByteTrack with frames for a clock. Keys: `stride=K` uses every K-th frame, `fill=1` also puts
//! out the frames between, `camera=1` uses the camera's motion where it is given, `rate=F` takes
//! F frames per second for every sequence's rate, `looks=1` hands out the embeddings where they
//! are given; `track`, `match`, `buffer` are the thresholds.
#![allow(clippy::print_stdout, reason = "a command-line tool")]

#[path = "../tests/mot/mod.rs"]
mod mot;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::{fs, path::Path};

use razz_base::{Embedding, MediaTime, Rect, Track, TrackSource, TrackState};
use razz_track::{ByteTrack, Settings, Update, build};

fn line(out: &mut String, frame: u64, id: u64, bbox: &Rect, score: f64) {
    let (x, y, w, h) = (bbox.left, bbox.top, bbox.width(), bbox.height());
    let _ = writeln!(out, "{frame},{id},{x:.4},{y:.4},{w:.4},{h:.4},{score:.4},-1,-1,-1");
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [out, kind, options @ ..] = &args[..] else {
        panic!("usage: mot OUT KIND [KEY=VALUE …]")
    };
    let options: HashMap<&str, f64> = options
        .iter()
        .map(|o| o.split_once('=').map(|(k, v)| (k, v.parse().unwrap())).unwrap())
        .collect();
    let option = |key: &str, default: f64| options.get(key).copied().unwrap_or(default);
    let settings = Settings {
        track_threshold: option("track", 0.5),
        match_threshold: option("match", 0.8),
        track_buffer: option("buffer", 30.0) as u32,
        publish_lost_us: option("publish", 500_000.0) as i64,
        ..Settings::default()
    };
    let stride = option("stride", 1.0) as u64;
    for case in mot::outside_cases() {
        let rate = option("rate", case.frame_rate);
        let time = |frame: u64| MediaTime::from_90k((frame as f64 * 90_000.0 / rate) as i64);
        let motion =
            if option("camera", 0.0) > 0.0 { case.camera_motion() } else { Default::default() };
        let looks = if option("looks", 0.0) > 0.0 { case.embeddings() } else { None };
        let mut text = String::new();
        if kind == "original" {
            let mut tracker = ByteTrack::new(&settings);
            for frame in (1..=case.length).step_by(stride as usize) {
                tracker.update(&case.frame(frame));
                for o in tracker.outputs() {
                    line(&mut text, frame, o.id, &o.bbox, o.score);
                }
            }
        } else {
            let mut tracker = build(kind.parse().unwrap(), &settings);
            let mut by_looks = 0;
            for frame in 1..=case.length {
                if let Some(affine) = motion.get(&frame).filter(|_| frame > 1) {
                    tracker.move_camera(*affine);
                }
                let detected = (frame - 1) % stride == 0;
                if detected {
                    let update = tracker.update(time(frame), &case.frame(frame));
                    if let Update::NeedEmbeddings(wanted) = update {
                        let lines = &case.detections[&frame];
                        let look = |i: &usize| Embedding::normalised(&looks.as_ref()?[lines[*i].0]);
                        tracker.resume(&wanted.iter().map(look).collect::<Vec<_>>());
                    }
                }
                let tracks = tracker.peek(time(frame));
                by_looks += tracks.iter().filter(|t| t.source == TrackSource::DeepSort).count();
                // Predicted boxes on frames without detections only: references hold matched ones.
                let shown = |t: &&Track| t.state == TrackState::Matched;
                if detected {
                    for t in tracks.iter().filter(shown) {
                        line(&mut text, frame, t.id.0, &t.bbox, t.confidence);
                    }
                } else if option("fill", 0.0) > 0.0 {
                    let newest = (stride as f64 * 1e6 / rate) as i64;
                    for t in tracks.iter().filter(|t| t.age_us < newest) {
                        line(&mut text, frame, t.id.0, &t.bbox, t.confidence);
                    }
                }
            }
            if option("verbose", 0.0) > 0.0 {
                println!(
                    "{}/{}: {:?}, {by_looks} boxes by looks",
                    case.set,
                    case.name,
                    tracker.counts()
                );
            }
        }
        let folder = Path::new(out).join(&case.set);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{}.txt", case.name)), text).unwrap();
    }
}
