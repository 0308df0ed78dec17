//! What the built-in embedder can tell apart, on the people of a street.

mod support;

use razz_base::Rect;
use razz_scene::Street;
use razz_vision::{Decoder, builtin_embedder};
use support::appearance::{Similarities, measure, report};
use support::street::film;

/// People of whom nothing is hidden, by number, and near nobody else.
fn people(street: &Street, frame: u64) -> Vec<(usize, Rect)> {
    let truths = street.truth(frame);
    let alone = |bbox: &Rect| truths.iter().filter(|t| t.bbox.iou(bbox) > 0.05).count() == 1;
    truths
        .iter()
        .filter(|t| t.class.0 == 0 && t.visible > 0.9 && t.inside > 0.99 && alone(&t.bbox))
        .map(|t| (t.object as usize, t.bbox))
        .collect()
}

#[test]
fn people_of_a_street_are_told_apart() {
    for street in [1, 2].map(Street::new) {
        let frames = || (0..Street::PERIOD).step_by(10);
        let mut decoder = Decoder::new();
        let units = film(&street, frames());
        let footage = units.iter().zip(frames()).map(|(unit, frame)| {
            (decoder.decode(unit, true).unwrap().unwrap(), people(&street, frame))
        });
        let found = measure(builtin_embedder().as_mut(), footage);
        report(&format!("builtin, street {}", street.seed()), &found);
        assert!(found.same.len() > 40 && found.different.len() > 60);
        // What was reached when this was written, less a little.
        assert!(found.area() > 0.95, "{}", found.area());
        assert!(Similarities::quantile(&found.same, 0.05) > 0.5);
        assert!(Similarities::quantile(&found.different, 0.5) < 0.6);
    }
}
