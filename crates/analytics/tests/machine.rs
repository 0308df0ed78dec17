//! What is done to the machine itself: areas drawn anew, a camera that is bumped, pictures of another size,
//! frames in disorder, and days of it.

mod scenes;

use razz_analytics::{Analytics, Fact, InputError, Settings};
use razz_base::{CameraId, FrameKey, MediaTime, Rect, Size, TrackFrame};
use scenes::{PERSON, SIZE, Scene, camera, door};

/// From left to right through the middle: down is in.
const MIDDLE: [[f64; 2]; 2] = [[0.1, 0.5], [0.9, 0.5]];

/// Down through the middle at 120 pixels a second, at 30 frames a second.
fn down(frame: i64) -> [f64; 2] {
    [300.0, 400.0 + 4.0 * frame as f64]
}

#[test]
fn drawing_and_moving_are_no_crossings() {
    let still = Scene::new(30, 120).with(1, 0..120, |_| [300.0, 450.0]);
    let frames = still.frames();
    let run = |change: &dyn Fn(&mut Analytics)| {
        let mut analytics = Analytics::new(camera(), vec![door(&MIDDLE)], Settings::default());
        for (index, frame) in frames.iter().enumerate() {
            if index == 60 {
                change(&mut analytics);
            }
            analytics.handle(frame).unwrap();
        }
        analytics.finish();
        std::iter::from_fn(|| analytics.poll_event()).count()
    };
    // The line is drawn anew on the other side of who stands there, with a version and without.
    for version in [1, 2] {
        let moved = |analytics: &mut Analytics| {
            let mut area = door(&[[0.1, 0.4], [0.9, 0.4]]);
            area.version = version;
            analytics.handle_areas(vec![area]);
        };
        assert_eq!(run(&moved), 0);
    }
    // Frigate#21664: the camera is bumped, and everybody is somewhere else in the picture.
    let mut analytics = Analytics::new(camera(), vec![door(&MIDDLE)], Settings::default());
    for (index, frame) in frames.iter().enumerate() {
        let mut frame = frame.clone();
        if index >= 60 {
            frame.tracks = frame
                .tracks
                .iter()
                .map(|t| {
                    let mut t = t.clone();
                    t.bbox = Rect::new(
                        t.bbox.left,
                        t.bbox.top + 100.0,
                        t.bbox.right,
                        t.bbox.bottom + 100.0,
                    );
                    t
                })
                .collect();
        }
        if index == 60 {
            analytics.handle_camera_moved();
        }
        analytics.handle(&frame).unwrap();
    }
    assert_eq!(analytics.poll_event(), None);
}

#[test]
fn another_size_of_picture_is_no_crossing() {
    // Frigate#8488, homebridge-camera-ui#367: areas are shares of the picture, whatever its size.
    let scene = Scene::new(30, 60).with(1, 0..60, down);
    let mut analytics = Analytics::new(camera(), vec![door(&MIDDLE)], Settings::default());
    for (index, mut frame) in scene.frames().into_iter().enumerate() {
        let size = [SIZE, Size::new(500, 500), Size::new(2000, 1000)][index / 20];
        frame.tracks = frame
            .tracks
            .iter()
            .map(|t| {
                let mut t = t.clone();
                t.bbox = t.bbox.scaled(SIZE, size);
                t
            })
            .collect();
        frame.size = size;
        analytics.handle(&frame).unwrap();
    }
    assert!(matches!(analytics.poll_event().map(|e| e.fact), Some(Fact::Crossing(_))));
    assert_eq!(analytics.poll_event(), None);
}

#[test]
fn frames_out_of_order_are_refused_and_change_nothing() {
    let frames = Scene::new(30, 60).with(1, 0..60, down).frames();
    let mut analytics = Analytics::new(camera(), vec![door(&MIDDLE)], Settings::default());
    analytics.handle(&frames[30]).unwrap();
    let before = analytics.clone();
    for old in [&frames[30], &frames[3]] {
        let error = analytics.handle(old).unwrap_err();
        assert!(matches!(error, InputError::OutOfOrder { .. }), "{error}");
        assert!(error.to_string().starts_with("camera 1: the frame at "), "{error}");
    }
    let other = TrackFrame {
        key: FrameKey { camera: CameraId::new(2).unwrap(), ..frames[40].key },
        ..frames[40].clone()
    };
    assert!(matches!(analytics.handle(&other), Err(InputError::OtherCamera { .. })));
    for time in [i64::MAX, i64::MIN] {
        let key = FrameKey { time: MediaTime::from_90k(time), ..frames[40].key };
        assert!(analytics.handle(&TrackFrame { key, ..frames[40].clone() }).is_err());
    }
    assert!(analytics == before);
}

#[test]
fn memory_is_bounded() {
    // Ids that are used once each, for an hour.
    let mut analytics = Analytics::new(camera(), vec![door(&MIDDLE)], Settings::default());
    let mut largest = 0;
    for second in 0..3600 {
        let scene = Scene::new(1, 1);
        let tracks = (0..20)
            .map(|i| scenes::track(20 * second as u64 + i, PERSON, Rect::new(0.0, 0.0, 9.0, 99.0)));
        let time = MediaTime::from_90k(90_000 * second);
        let frame = TrackFrame {
            key: FrameKey { camera: camera(), time },
            tracks: tracks.collect(),
            ..scene.frames()[0].clone()
        };
        analytics.handle(&frame).unwrap();
        if second % 60 == 59 {
            largest = largest.max(analytics.snapshot().len());
        }
    }
    assert!(largest < 220 * 1_000, "{largest} bytes for 200 tracks");
}
