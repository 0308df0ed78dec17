//! A folder, a camera, people who walk: for tests.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use razz_analytics::{Anchor, InSide, Shape};
use razz_base::{
    CameraId, ClassId, ClassNames, FrameKey, MediaTime, Rect, Size, Track, TrackFrame, TrackId,
    TrackSource, TrackState, WallQuality, WallTime,
};

use crate::drawing::Drawing;

/// 2026-11-30 14:00 UTC, in µs.
pub(crate) const BEGIN_US: i64 = 1_796_047_200_000_000;

pub(crate) fn camera() -> CameraId {
    CameraId::new(1).unwrap()
}

/// A folder of its own that goes with it.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("razz-facts-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A line across the middle: who goes down goes in.
pub(crate) fn door() -> Drawing {
    // To the right of the way from right to left is up, so that left is down.
    let shape = Shape::Line { points: vec![[0.0, 0.5], [1.0, 0.5]], inside: InSide::Right };
    Drawing { shape, anchor: Anchor::Foot, classes: Vec::new() }
}

/// The lower half.
pub(crate) fn hall() -> Drawing {
    let points = vec![[0.0, 0.5], [1.0, 0.5], [1.0, 1.0], [0.0, 1.0]];
    Drawing { shape: Shape::Zone { points }, anchor: Anchor::Foot, classes: Vec::new() }
}

/// Somebody at a place of a picture of 640 by 480.
pub(crate) fn person(id: u64, x: f64, foot: f64) -> Track {
    Track {
        id: TrackId(id),
        bbox: Rect::new(x - 20.0, foot - 100.0, x + 20.0, foot),
        class: ClassId(0),
        confidence: 0.9,
        source: TrackSource::ByteTrack,
        state: TrackState::Matched,
        age_us: 0,
        velocity: [0.0; 4],
    }
}

/// A frame so long after the beginning.
pub(crate) fn frame(ms: i64, tracks: Vec<Track>) -> TrackFrame {
    let wall_us = BEGIN_US + ms * 1000;
    TrackFrame {
        key: FrameKey { camera: camera(), time: MediaTime::from_wall_us(wall_us) },
        wall: WallTime { us: wall_us, quality: WallQuality::Arrival },
        size: Size::new(640, 480),
        detected: true,
        tracks: tracks.into(),
    }
}

/// Five frames a second for so long, in which somebody comes every ten seconds, goes down through the middle, stays for
/// some seconds, goes up again and is gone.
pub(crate) fn walkers(from_s: i64, seconds: i64) -> Vec<TrackFrame> {
    let at = |n: i64| {
        let now = f64::from(i32::try_from(n).unwrap()) / 5.0 + from_s as f64;
        let mut tracks = Vec::new();
        for id in 0..=(now / 10.0) as u64 {
            let age = now - id as f64 * 10.0;
            let foot = match age {
                age if age < 4.0 => 130.0 + 50.0 * age,
                age if age < 8.0 => 330.0,
                age if age < 12.0 => 330.0 - 50.0 * (age - 8.0),
                _ => continue,
            };
            tracks.push(person(id + 1, 100.0 + (id % 5) as f64 * 90.0, foot));
        }
        frame(from_s * 1000 + n * 200, tracks)
    };
    (0..seconds * 5).map(at).collect()
}

pub(crate) fn names() -> ClassNames {
    ClassNames::coco()
}
