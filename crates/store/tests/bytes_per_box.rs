//! How many bytes a box takes in a block of tracks: `cargo test -p razz-store --test bytes_per_box -- --nocapture`.
#![allow(clippy::print_stderr, reason = "what was measured is said")]

use std::path::{Path, PathBuf};

use razz_base::{
    CameraId, ClassId, ClassNames, FrameKey, MediaTime, Rect, Size, Track, TrackFrame, TrackId,
    TrackSource, TrackState, WallQuality, WallTime,
};
use razz_store::tracks::{Recorded, block};

/// 2026-11-30 14:03 UTC, in µs.
const BEGIN_US: i64 = 1_796_047_380_000_000;
/// As long is a block, in frames' times.
const BLOCK_US: i64 = 10_000_000;

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn noise(&mut self) -> f64 {
        (0..12).map(|_| self.roll()).sum::<f64>() - 6.0
    }
}

fn track(id: u64, bbox: Rect, confidence: f64) -> Track {
    Track {
        id: TrackId::new(1_796_047_380, id),
        bbox,
        class: ClassId(0),
        confidence,
        source: TrackSource::ByteTrack,
        state: TrackState::Matched,
        age_us: 0,
        velocity: [0.0; 4],
    }
}

/// A frame `us` after the beginning, whose wall time is that of an arrival with some jitter left.
fn frame(us: i64, size: Size, jitter_us: i64, tracks: Vec<Track>) -> Recorded {
    let ticks = BEGIN_US / 100 * 9 + (us * 9 + 50) / 100;
    Recorded {
        frame: TrackFrame {
            key: FrameKey { camera: CameraId::new(1).unwrap(), time: MediaTime::from_90k(ticks) },
            wall: WallTime { us: BEGIN_US + us + jitter_us, quality: WallQuality::Arrival },
            size,
            detected: true,
            tracks: tracks.into(),
        },
        classes: ClassNames::coco(),
    }
}

/// People who walk to and fro for two minutes, found `rate` times a second by a detector whose edges are off by a
/// pixel or so, each time otherwise.
fn walkers(count: u64, rate: i64) -> Vec<Recorded> {
    let size = Size::new(1280, 720);
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let mut people: Vec<[f64; 5]> = (0..count)
        .map(|_| {
            let height = 60.0 + 200.0 * dice.roll();
            let (x, y) = (dice.roll() * 1280.0, 100.0 + dice.roll() * 600.0);
            [x, y, (dice.roll() - 0.5) * height, height, 0.4 + 0.5 * dice.roll()]
        })
        .collect();
    let mut frames = Vec::new();
    for n in 0..120 * rate {
        let mut tracks = Vec::new();
        for (id, [x, y, speed, height, confidence]) in (1..).zip(&mut people) {
            let height = *height;
            *speed += dice.noise() * height * 0.05;
            *x += *speed / rate as f64;
            *y += dice.noise() / rate as f64;
            if *x < 0.0 || *x > 1280.0 {
                *speed = -*speed;
            }
            let mut edge = |at: f64| at + dice.noise() * 0.006 * height;
            let bbox = Rect::new(
                edge(*x - height * 0.2),
                edge(*y - height),
                edge(*x + height * 0.2),
                edge(*y),
            );
            let confidence = (*confidence + dice.noise() * 0.03).clamp(0.0, 1.0);
            let mut track = track(id, bbox.clipped(size), confidence);
            if dice.roll() < 0.05 {
                (track.state, track.age_us) = (TrackState::Predicted, 1_000_000 / rate);
            }
            tracks.push(track);
        }
        let jitter = (dice.noise() * 300.0) as i64;
        frames.push(frame(n * 1_000_000 / rate, size, jitter, tracks));
    }
    frames
}

/// What ByteTrack puts out for a sequence of MOTChallenge: frame, id, left, top, width, height, confidence; of it each
/// `step`th frame.
fn sequence(folder: &Path, step: u64) -> Vec<Recorded> {
    let info = std::fs::read_to_string(folder.join("seqinfo.ini")).unwrap();
    let number = |name: &str| -> f64 {
        let line = info.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim_start_matches('=').trim().parse().unwrap()
    };
    let rate = number("frameRate");
    let size = Size::new(number("imWidth") as u32, number("imHeight") as u32);
    let text = std::fs::read_to_string(folder.join("reference/byte_050_08_b30.txt")).unwrap();
    let mut frames: std::collections::BTreeMap<u64, Vec<Track>> = std::collections::BTreeMap::new();
    for line in text.lines() {
        let numbers: Vec<f64> = line.split(',').map(|number| number.parse().unwrap()).collect();
        let &[n, id, left, top, width, height, confidence, ..] = &numbers[..] else {
            panic!("{line}")
        };
        if (n as u64).is_multiple_of(step) {
            let bbox = Rect::new(left, top, left + width, top + height);
            frames.entry(n as u64).or_default().push(track(id as u64, bbox, confidence));
        }
    }
    let at = |n: u64| (n as f64 * 1e6 / rate) as i64;
    frames.into_iter().map(|(n, tracks)| frame(at(n), size, 0, tracks)).collect()
}

/// Bytes per box of these frames in blocks of ten seconds, headers and all, and the boxes.
fn bytes_per_box(frames: &[Recorded]) -> (f64, usize) {
    let (mut bytes, mut boxes) = (0, 0);
    let slot = |frame: &Recorded| (frame.frame.wall.us - BEGIN_US).max(0) / BLOCK_US;
    for block in frames.chunk_by(|before, after| slot(before) == slot(after)) {
        let (header, block) = block::encode(block).unwrap();
        bytes += block.len();
        boxes += header.boxes;
    }
    (bytes as f64 / boxes as f64, boxes)
}

#[test]
fn a_box_of_a_person_on_a_street_takes_a_few_bytes() {
    for (count, rate, most) in
        [(1, 5, 10.5), (3, 5, 6.2), (10, 5, 4.7), (10, 30, 4.0), (50, 6, 4.0)]
    {
        let (bytes, boxes) = bytes_per_box(&walkers(count, rate));
        eprintln!("{count} people, {rate} detections a second: {bytes:.2} bytes a box of {boxes}");
        assert!(bytes <= most, "{count} people at {rate}: {bytes}");
    }
}

#[test]
#[ignore = "needs RAZZ_TESTDATA: ByteTrack's output on MOT17"]
fn a_box_of_a_real_tracker_takes_a_few_bytes() {
    let folder = std::env::var_os("RAZZ_TESTDATA").map(PathBuf::from);
    let folder = folder.expect("RAZZ_TESTDATA names the folder of the outside test data");
    for step in [1, 5] {
        let (mut bytes, mut boxes) = (0.0, 0);
        for set in ["mot17_yolov10", "mot17_frcnn", "mot17val_yolox"] {
            for name in ["MOT17-02", "MOT17-09", "MOT17-11"] {
                let (each, count) =
                    bytes_per_box(&sequence(&folder.join("mot").join(set).join(name), step));
                eprintln!("{set}/{name}, each {step}. frame: {each:.2} bytes a box of {count}");
                bytes += each * count as f64;
                boxes += count;
            }
        }
        let each = bytes / boxes as f64;
        eprintln!("each {step}. frame: {each:.2} bytes a box of {boxes}");
        assert!(each <= if step == 1 { 3.6 } else { 5.6 }, "{each}");
    }
}
