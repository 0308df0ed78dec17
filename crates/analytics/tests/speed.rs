//! Speeds on a road as a camera on a mast sees it, with boxes in whole pixels.

mod scenes;

use razz_analytics::{Analytics, Fact, Plane, PlanePoint, Settings};
use razz_base::{Rect, TrackId};
use scenes::{CAR, SIZE, Scene, camera, door};

/// Where a place on the ground (metres to the right, metres away) is in a picture of 1000x1000: the camera
/// is 6 m up, looks down at 20°, and sees 53° from top to bottom.
fn see([right, away]: [f64; 2]) -> [f64; 2] {
    let (sin, cos) = 20.0_f64.to_radians().sin_cos();
    let (depth, down) = (away * cos + 6.0 * sin, 6.0 * cos - away * sin);
    [500.0 + 1000.0 * right / depth, 500.0 + 1000.0 * down / depth]
}

fn plane() -> Plane {
    let corners = [[-4.0, 10.0], [4.0, 10.0], [4.0, 40.0], [-4.0, 40.0]];
    let point = |ground| PlanePoint { picture: see(ground).map(|v| v / 1000.0), ground };
    Plane::new(&corners.map(point), SIZE).unwrap()
}

/// A car whose wheels are at `from + velocity × t`.
fn drive(from: [f64; 2], velocity: [f64; 2]) -> Scene {
    Scene::new(30, 90).with_box(1, CAR, 0..90, |frame| {
        let t = frame as f64 / 30.0;
        let [x, y] = see([from[0] + t * velocity[0], from[1] + t * velocity[1]]);
        let [_, far] = see([from[0], from[1] + t * velocity[1] + 2.0]);
        let half = 3.0 * (y - far).max(2.0);
        Rect::new((x - half).round(), (y - half).round(), (x + half).round(), y.round())
    })
}

#[test]
fn speeds_are_right_near_and_far_along_and_across() {
    for (from, velocity) in [
        ([0.0, 12.0], [0.0, 5.0]),
        ([-3.0, 35.0], [0.0, -8.0]),
        ([2.0, 38.0], [0.0, -4.0]),
        ([-4.0, 15.0], [2.5, 0.0]),
        ([-6.0, 30.0], [4.0, 0.0]),
        ([-3.0, 12.0], [1.0, 6.0]),
    ] {
        let mut analytics = Analytics::new(camera(), Vec::new(), Settings::default());
        analytics.set_plane(Some(plane()));
        let truth = f64::hypot(velocity[0], velocity[1]);
        let mut said = 0;
        for frame in drive(from, velocity).frames() {
            analytics.handle(&frame).unwrap();
            if let Some(speed) = analytics.speed(TrackId::new(1, 1)) {
                said += 1;
                let off = (speed.mps - truth).abs();
                // Three standard deviations; and 10 % of whole pixels, 40 m away.
                assert!(off <= 3.0 * speed.error_mps && off <= 0.1 * truth, "{from:?} {speed:?}");
            }
        }
        assert!(said >= 60, "{from:?}: said {said} times");
    }
}

#[test]
fn a_crossing_has_its_speed_if_there_is_a_plane() {
    let line = [[0.1, see([0.0, 20.0])[1] / 1000.0], [0.9, see([0.0, 20.0])[1] / 1000.0]];
    for with_plane in [false, true] {
        let mut analytics = Analytics::new(camera(), vec![door(&line)], Settings::default());
        analytics.set_plane(with_plane.then(plane));
        for frame in drive([0.0, 12.0], [0.0, 5.0]).frames() {
            analytics.handle(&frame).unwrap();
        }
        let Some(Fact::Crossing(crossing)) = analytics.poll_event().map(|event| event.fact) else {
            panic!("a crossing");
        };
        assert_eq!(crossing.speed.is_some(), with_plane);
        assert!(crossing.speed.is_none_or(|speed| (speed.mps - 5.0).abs() < 0.15));
    }
}

#[test]
fn nothing_is_said_where_nothing_is_known() {
    let speed = |scene: Scene| {
        let mut analytics = Analytics::new(camera(), Vec::new(), Settings::default());
        analytics.set_plane(Some(plane()));
        scene.frames().iter().for_each(|frame| analytics.handle(frame).unwrap());
        analytics.speed(TrackId::new(1, 1))
    };
    // Seen for a third of a second; above the horizon; so far away that a pixel is metres.
    let short = Scene::new(30, 10).with(1, 0..10, |f| [500.0, 600.0 + f as f64]);
    let sky = Scene::new(30, 60).with(1, 0..60, |f| [500.0 + f as f64, 100.0]);
    let far = Scene::new(30, 60).with(1, 0..60, |f| [500.0, 143.0 + (7 * f % 5) as f64]);
    assert_eq!([short, sky, far].map(speed), [None; 3]);
    // Who stands still has a speed of 0, as well as it can be known.
    let still = speed(Scene::new(30, 60).with(1, 0..60, |_| [500.0, 700.0])).unwrap();
    assert!(still.mps < 1e-9 && still.error_mps < 1e-9, "{still:?}");
}
