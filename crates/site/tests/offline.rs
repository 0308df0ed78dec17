//! Recorded tracks of two cameras that look at one floor from two sides, with planes that are a little wrong.

mod dice;

use std::collections::BTreeSet;

use dice::Dice;
use razz_base::{CameraId, Rect, Size, TrackId};
use razz_site::identity::{IdentityId, Settings};
use razz_site::offline::{Camera, Recording, TrackedBox, identify};
use razz_site::plane::{Click, Plane};

const SIZE: Size = Size::new(640, 480);
const FRAMES: i64 = 500;

/// A plane from four clicks; `turned` looks from the other side, `off_m` is what its clicks on the map are wrong by.
fn plane(turned: bool, off_m: f64) -> Plane {
    let click = |(x, y, gx, gy): (f64, f64, f64, f64)| {
        let ground_m = if turned { [-gx + off_m, 10.0 - gy] } else { [gx + off_m, gy] };
        Click { image_px: [x, y], ground_m }
    };
    let corners = [
        (120.0, 440.0, -2.0, 1.0),
        (520.0, 440.0, 2.0, 1.0),
        (220.0, 200.0, -2.0, 6.0),
        (420.0, 200.0, 2.0, 6.0),
    ];
    Plane::fit(&corners.map(click), SIZE).unwrap().plane
}

/// Where person `n` is: up and down a lane of their own.
fn person(n: u32, frame: i64) -> [f64; 2] {
    let turn = frame as f64 / 25.0 * 0.6 + 2.0 * f64::from(n);
    [1.3 * (f64::from(n) - 1.0), 5.0 + 1.3 * turn.sin()]
}

/// What a camera sees of three people, whose tracks break every eight seconds, each at another time.
fn camera(id: u32, turned: bool, off_m: f64) -> Camera {
    let truth = plane(turned, 0.0);
    let mut dice = Dice::new(u64::from(id));
    let mut boxes = Vec::new();
    for frame in 0..FRAMES {
        for n in 0..3 {
            let foot = truth.to_image(person(n, frame)).unwrap();
            let height = truth.px_per_m(foot).unwrap() * 1.7;
            let [x, y] = foot.map(|v| v + 0.01 * height * dice.normal());
            let bbox = Rect::new(x - height / 6.0, y - height, x + height / 6.0, y);
            let broken = (frame + 30 * i64::from(n) + 45 * i64::from(id)) / 200;
            boxes.push(TrackedBox {
                frame,
                track: TrackId(broken as u64 * 3 + u64::from(n)),
                bbox,
            });
        }
    }
    Camera { id: CameraId::new(id).unwrap(), plane: plane(turned, off_m), boxes }
}

fn ids(labels: &[Vec<Option<IdentityId>>]) -> BTreeSet<IdentityId> {
    labels.iter().flatten().flatten().copied().collect()
}

#[test]
fn people_keep_their_ids_over_cameras_and_broken_tracks() {
    let cameras = vec![camera(1, false, 0.0), camera(2, true, 0.3)];
    let recording = Recording { fps: 25.0, cameras, metric: true };
    let labels = identify(&recording, &Settings::default());
    assert_eq!(ids(&labels).len(), 3);
    let mut of_person: Vec<BTreeSet<Option<IdentityId>>> = vec![BTreeSet::new(); 3];
    for (camera, labels) in recording.cameras.iter().zip(&labels) {
        // A track that breaks is somebody of its own for 0.6 s; at the very end nothing says any more who.
        for (b, id) in camera.boxes.iter().zip(labels).filter(|(b, _)| b.frame < FRAMES - 25) {
            of_person[(b.track.0 % 3) as usize].insert(*id);
        }
    }
    assert!(of_person.iter().all(|ids| ids.len() == 1), "{of_person:?}");
    let mut turned = recording.clone();
    turned.cameras.reverse();
    let again = identify(&turned, &Settings::default());
    assert_eq!(ids(&again).len(), 3);
}

#[test]
fn what_only_one_of_two_sees_is_nobody() {
    let mut first = camera(1, false, 0.0);
    let at = first.plane.to_image([0.65, 4.2]).unwrap();
    let poster = Rect::new(at[0] - 12.0, at[1] - 60.0, at[0] + 12.0, at[1]);
    first.boxes.extend((0..FRAMES).map(|frame| TrackedBox {
        frame,
        track: TrackId(99),
        bbox: poster,
    }));
    let cameras = vec![first, camera(2, true, 0.0)];
    let labels = identify(&Recording { fps: 25.0, cameras, metric: true }, &Settings::default());
    let of_poster = labels[0].iter().rev().take(FRAMES as usize).flatten().count();
    assert_eq!(of_poster, 0);
    assert_eq!(ids(&labels).len(), 3);
}

#[test]
fn nothing_seen_is_nobody_and_no_panic() {
    let empty = Camera { boxes: Vec::new(), ..camera(1, false, 0.0) };
    let recording = Recording { fps: 25.0, cameras: vec![empty], metric: false };
    assert_eq!(identify(&recording, &Settings::default()), vec![vec![]]);
    let none = Recording { fps: 25.0, cameras: Vec::new(), metric: true };
    assert!(identify(&none, &Settings::default()).is_empty());
}
