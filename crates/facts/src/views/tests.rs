//! Cameras that are moved, at night, and back.

use std::sync::{Arc, Mutex};

use razz_hub::facts::Moment;
use razz_observe::clock::Clock;
use razz_vision::{Plane, View};

use super::*;
use crate::testing::{BEGIN_US, Folder, camera, door, hall};
use crate::{Recordings, Settings};

/// Blots of many sizes without end, moved to the right; none of it in the dark.
fn picture(n: i64, shift: Option<f64>) -> Seen {
    let blots = |x: f64, y: f64| {
        let waves = [(9.0, 7.0, 0.3), (23.0, 31.0, 1.1), (53.0, 41.0, 2.3), (5.0, 6.0, 0.9)];
        let wave = |(a, b, c): (f64, f64, f64)| (x / a + c).sin() * (y / b - c).cos() * 28.0;
        128.0 + waves.into_iter().map(wave).sum::<f64>()
    };
    let sample = |i: usize| {
        let (x, y) = ((i % 640) as f64, (i / 640) as f64);
        shift.map_or(20, |shift| blots(x - shift + 0.02 * y * y.sin(), y) as u8)
    };
    let luma: Vec<u8> = (0..640 * 360).map(sample).collect();
    let at = Moment { time: MediaTime::from_90k(n * 90_000), wall_us: BEGIN_US + n * 1_000_000 };
    Seen { at, view: View::of(Plane { data: &luma, stride: 640, width: 640, height: 360 }) }
}

struct World {
    _folder: Folder,
    shared: Shared,
    shows: Arc<Mutex<Option<Seen>>>,
    n: i64,
}

impl World {
    fn new(areas: &[(&str, Drawing)]) -> Self {
        let folder = Folder::new();
        let shows: Arc<Mutex<Option<Seen>>> = Arc::default();
        let newest = Arc::clone(&shows);
        let settings = Settings {
            path: folder.path().join("facts.sqlite"),
            areas: list(areas),
            recordings: Box::new(|| Recordings::None),
            views: Box::new(move |_| lock(&newest).clone()),
            days: None,
        };
        let shared = Shared::new(settings, Arc::default(), Clock::start());
        Self { _folder: folder, shared, shows, n: 0 }
    }

    /// What is said after a look at another picture.
    fn look(&mut self, views: &mut Views, shift: Option<f64>) -> Option<Moved> {
        self.n += 15;
        *lock(&self.shows) = Some(picture(self.n, shift));
        views.look(&self.shared).unwrap();
        self.shared.feed.moved().get(&camera()).copied()
    }

    fn draw(&self, areas: &[(&str, Drawing)]) {
        lock(&self.shared.areas).list = Arc::new(list(areas));
    }
}

fn list(areas: &[(&str, Drawing)]) -> Vec<razz_config::Area> {
    let area = |(name, drawing): &(&str, Drawing)| razz_config::Area {
        camera: camera(),
        name: (*name).to_owned(),
        shape: drawing.shape.clone(),
        anchor: drawing.anchor,
        classes: drawing.classes.clone(),
    };
    areas.iter().map(area).collect()
}

#[test]
fn a_camera_that_was_moved_is_said_so_until_it_is_back() {
    let mut world = World::new(&[("Door", door())]);
    let mut views = Views::default();
    let mut look = |shift| world.look(&mut views, shift);
    assert_eq!(look(Some(0.0)), None, "as it was drawn");
    assert_eq!(look(Some(3.0)), None, "less than a hundredth of the width");
    assert_eq!(look(Some(20.0)), None, "once may be somebody who leans on it");
    let moved = look(Some(20.0)).expect("twice in a row");
    assert!((moved.by - 20.0 / 640.0).abs() < 0.004, "{moved:?}");
    assert!((moved.motion.apply([0.5, 0.5])[0] - 0.5 - 20.0 / 640.0).abs() < 0.004, "{moved:?}");
    assert_eq!(moved.since_us, BEGIN_US + 45_000_000, "since it was seen first");
    assert_eq!(look(None), Some(moved), "at night nothing can be told");
    let further = look(Some(30.0)).unwrap();
    assert!(further.by > moved.by && further.since_us == moved.since_us, "{further:?}");
    assert_eq!(look(Some(1.0)), None, "back");
    assert_eq!(look(Some(-20.0)), None);
    assert!(look(Some(-20.0)).is_some());
}

#[test]
fn what_was_drawn_and_what_was_seen_outlive_a_restart() {
    let mut world = World::new(&[("Door", door())]);
    assert_eq!(world.look(&mut Views::default(), Some(0.0)), None);
    // Moved while nobody looked.
    let mut views = Views::default();
    assert_eq!(world.look(&mut views, Some(25.0)), None);
    assert!(world.look(&mut views, Some(25.0)).is_some());
}

#[test]
fn areas_that_are_drawn_on_the_picture_of_now_are_right() {
    for (what, areas, expected) in [
        ("another beside the old one", vec![("Door", door()), ("Hall", hall())], true),
        ("all anew", vec![("Hall", hall())], false),
        ("another name", vec![("Gate", door())], true),
        ("none", vec![], false),
    ] {
        let mut world = World::new(&[("Door", door())]);
        let mut views = Views::default();
        world.look(&mut views, Some(0.0));
        for _ in 0..2 {
            world.look(&mut views, Some(25.0));
        }
        world.draw(&areas);
        for _ in 0..3 {
            let is_moved = world.look(&mut views, Some(25.0)).is_some();
            assert_eq!(is_moved, expected, "{what}");
        }
    }
}

#[test]
fn areas_that_somebody_finds_right_are_right() {
    let mut world = World::new(&[("Door", door())]);
    let mut views = Views::default();
    world.look(&mut views, Some(0.0));
    world.look(&mut views, Some(25.0));
    assert!(world.look(&mut views, Some(25.0)).is_some());
    lock(&world.shared.right).insert(camera());
    for _ in 0..3 {
        assert_eq!(world.look(&mut views, Some(25.0)), None);
    }
    // From there on.
    world.look(&mut views, Some(0.0));
    assert!(world.look(&mut views, Some(0.0)).is_some());
}
