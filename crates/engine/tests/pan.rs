//! A camera on a pole that swings from side to side, at six detections a second: who is who, and
//! where on every frame.

use std::collections::BTreeSet;

use razz_base::{
    Affine, CameraId, ClassId, Detection, MediaTime, MonoTime, Rect, Size, WallQuality, WallTime,
};
use razz_engine::{Camera, Frame, Input, Output, Settings};

const FRAME_US: i64 = 33_333;

fn frame(n: i64) -> Frame {
    Frame {
        time: MediaTime::from_90k(3000 * n),
        wall: WallTime { us: n * FRAME_US, quality: WallQuality::Arrival },
        received: MonoTime::from_us(n * FRAME_US),
        size: Size::new(1280, 720),
    }
}

/// From the ground to the picture of frame `n`: stands, turns by 30 to 45 px a frame, stands, turns
/// back, zooms a little.
fn pose(n: i64) -> Affine {
    let turned = |n: i64| match n % 60 {
        n @ 0..10 => 0.0 * n as f64,
        n @ 10..30 => 30.0 * (n - 10) as f64 + if n > 20 { 15.0 * (n - 20) as f64 } else { 0.0 },
        n @ 30..40 => 735.0 + 0.0 * n as f64,
        n => 735.0 - 36.75 * (n - 40) as f64,
    };
    let zoom = 1.0 + 0.05 * (n as f64 / 25.0).sin();
    Affine::similarity([640.0, 360.0], 0.0, zoom, [-turned(n), 0.0])
}

/// Where six people are in the picture of frame `n`, always in sight: they walk to and fro.
fn people(n: i64) -> Vec<Rect> {
    (0..6)
        .map(|i| {
            let walked = 25.0 * (n as f64 / (12.0 + f64::from(i)) + f64::from(i)).sin();
            let center = [810.0 + 75.0 * f64::from(i) + walked, 300.0 + 60.0 * f64::from(i % 3)];
            pose(n).apply_to_rect(&Rect::from_center(center[0], center[1], 50.0, 140.0))
        })
        .collect()
}

struct Outcome {
    /// Ids that were ever published.
    ids: usize,
    /// Mean overlap of a person with the nearest box, over all people and frames.
    overlap: f64,
}

/// Runs `frames` frames past a detector that takes 100 ms.
fn swing(frames: i64, camera_motion: bool) -> Outcome {
    let tracker = razz_track::build(razz_track::Kind::Hybrid, &razz_track::Settings::default());
    let settings = Settings { camera_motion, ..Settings::default() };
    let mut camera = Camera::new(CameraId::new(1).unwrap(), settings, tracker);
    let mut running: Option<(i64, i64)> = None;
    let (mut ids, mut overlaps) = (BTreeSet::new(), Vec::new());
    for n in 0..frames {
        let now = frame(n).received;
        if let Some((of, until)) = running.filter(|(_, until)| *until <= n) {
            let detection = |bbox| Detection { bbox, class: ClassId(0), score: 0.9 };
            let detections: Vec<Detection> = people(of).into_iter().map(detection).collect();
            assert_eq!(until, n);
            running = None;
            camera.handle(Input::Detections { time: frame(of).time, detections: &detections }, now);
        }
        let input = Input::AccessUnit {
            frame: frame(n),
            idr: n % 60 == 0,
            reorders: false,
            queued: 0,
            idr_waits: false,
        };
        camera.handle(input, now);
        while let Some(output) = camera.poll() {
            match output {
                Output::Decode { .. } => {
                    if camera_motion {
                        let step = pose(n - 1).inverse().unwrap().then(&pose(n));
                        camera.handle(Input::Moved { time: frame(n).time, step }, now);
                    }
                    camera.handle(Input::Decoded { frame: frame(n), changed: None }, now);
                }
                Output::Offer { time } => {
                    camera.handle(Input::Offered { time, replaced: false }, now);
                    assert_eq!(running, None, "a detector with time to spare");
                    running = Some((time.as_90k() / 3000, n + 3));
                    camera.handle(Input::DetectionStarted { time }, now);
                }
                Output::Publish { frame, .. } => {
                    ids.extend(frame.tracks.iter().map(|track| track.id));
                    let at = frame.key.time.as_90k() / 3000;
                    // Once they had the time to be known.
                    for person in people(at).iter().filter(|_| at > 10) {
                        let best = frame.tracks.iter().map(|track| track.bbox.iou(person));
                        overlaps.push(best.fold(0.0, f64::max));
                    }
                }
                Output::Embed { .. } => camera.handle(Input::Embeddings(&[]), now),
                Output::Freshen { .. } => unreachable!("the detector takes a picture at once"),
                Output::Skip
                | Output::Rest
                | Output::Hold
                | Output::DecodeHeld { .. }
                | Output::Leave
                | Output::Missed
                | Output::Unchanged => {}
            }
        }
    }
    Outcome { ids: ids.len(), overlap: overlaps.iter().sum::<f64>() / overlaps.len() as f64 }
}

#[test]
fn who_knows_how_the_camera_swings_keeps_every_id() {
    let knows = swing(240, true);
    let does_not = swing(240, false);
    assert_eq!(knows.ids, 6);
    assert!(does_not.ids >= 12, "{} ids for six people", does_not.ids);
    let (with, without) = (knows.overlap, does_not.overlap);
    assert!(with > 0.8 && with > without + 0.3, "overlap {with:.2} with, {without:.2} without");
}
