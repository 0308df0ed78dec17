//! The camera's motion on streets, whose camera stands: as it is, and moved on purpose.

mod support;

use razz_base::Rect;
use razz_scene::Street;
use razz_vision::{Decoder, Picture};
use support::motion::{assert_followed, assert_still};
use support::street::{boxes, film};

fn footage(seed: u64, frames: std::ops::Range<u64>) -> Vec<(Picture, Vec<Rect>)> {
    let street = Street::new(seed);
    let mut decoder = Decoder::new();
    let units = film(&street, frames.clone());
    let decoded = units.iter().map(|unit| decoder.decode(unit, true).unwrap().unwrap());
    decoded.zip(frames.map(|frame| boxes(&street, frame))).collect()
}

#[test]
fn a_camera_on_a_pole_stands_still() {
    for seed in [1, 2] {
        assert_still(&format!("street {seed}"), &footage(seed, 100..250), 0.85);
    }
}

#[test]
fn a_camera_that_is_moved_on_purpose_is_followed() {
    for seed in [1, 2] {
        assert_followed(&format!("street {seed}"), &footage(seed, 100..113));
    }
}
