//! Drops what is detected where nothing is to be.

use razz_analytics::{Mask, Shape};
use razz_base::{ClassNames, Detection, Size};
use razz_config::Area;

/// The masks of a camera.
pub(crate) struct Masks {
    areas: Vec<Area>,
    /// The same for the classes of a model, once there is one.
    of: Option<(ClassNames, Vec<Mask>)>,
}

impl Masks {
    pub(crate) fn new(areas: Vec<Area>) -> Self {
        Self { areas, of: None }
    }

    /// Leaves out what is in them. Boxes are in pixels of a picture of this size.
    pub(crate) fn apply(
        &mut self,
        detections: &mut Vec<Detection>,
        size: Size,
        names: &ClassNames,
    ) {
        if self.areas.is_empty() {
            return;
        }
        if self.of.as_ref().is_none_or(|(of, _)| !of.is_same(names)) {
            let masks = self.areas.iter().filter_map(|area| mask(area, names)).collect();
            self.of = Some((names.clone(), masks));
        }
        if let Some((_, masks)) = &self.of {
            detections
                .retain(|found| !masks.iter().any(|it| it.covers(found.class, found.bbox, size)));
        }
    }
}

/// `None` where the model knows none of its classes.
fn mask(area: &Area, names: &ClassNames) -> Option<Mask> {
    let classes: Vec<_> = area.classes.iter().filter_map(|class| names.find(class)).collect();
    let Shape::Zone { points } = &area.shape else { return None };
    let is_of_none = classes.is_empty() && !area.classes.is_empty();
    (!is_of_none).then(|| Mask::new(points, area.anchor, classes))
}

#[cfg(test)]
mod tests {
    use razz_analytics::Anchor;
    use razz_base::{CameraId, ClassId, Rect};

    use super::*;

    #[test]
    fn what_is_in_a_mask_is_left_out() {
        let names = ClassNames::new(["person", "car"].map(str::to_owned));
        let found = |class, left: f64| Detection {
            bbox: Rect::new(left, 10.0, left + 20.0, 50.0),
            class: ClassId(class),
            score: 0.9,
        };
        let all = [found(0, 10.0), found(1, 10.0), found(0, 80.0)];
        let left_half = |classes: &[&str]| Area {
            camera: CameraId::new(1).unwrap(),
            name: "Left".to_owned(),
            shape: Shape::Zone { points: vec![[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [0.0, 1.0]] },
            anchor: Anchor::Foot,
            classes: classes.iter().map(|class| (*class).to_owned()).collect(),
        };
        for (what, masks, expected) in [
            ("no mask", vec![], vec![0, 1, 2]),
            ("all classes", vec![left_half(&[])], vec![2]),
            ("one class", vec![left_half(&["car"])], vec![0, 2]),
            (
                "one that the model does not know, and not all others",
                vec![left_half(&["bat"])],
                vec![0, 1, 2],
            ),
            ("two masks", vec![left_half(&["car"]), left_half(&["person", "bat"])], vec![2]),
        ] {
            let mut masks = Masks::new(masks);
            let mut detections = all.to_vec();
            masks.apply(&mut detections, Size::new(100, 100), &names);
            let expected: Vec<Detection> = expected.into_iter().map(|n: usize| all[n]).collect();
            assert_eq!(detections, expected, "{what}");
        }
        // Another model numbers its classes otherwise.
        let mut masks = Masks::new(vec![left_half(&["car"])]);
        masks.apply(&mut all.to_vec(), Size::new(100, 100), &names);
        let mut detections = all.to_vec();
        let other = ClassNames::new(["car", "person"].map(str::to_owned));
        masks.apply(&mut detections, Size::new(100, 100), &other);
        assert_eq!(detections, [all[1], all[2]]);
    }
}
