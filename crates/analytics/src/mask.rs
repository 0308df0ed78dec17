//! Parts of a picture in which nothing is to be detected.

use razz_base::{ClassId, Rect, Size};

use crate::Anchor;
use crate::geometry::Polygon;

/// A part of the picture, and whose detections are dropped there.
#[derive(Clone, PartialEq, Debug)]
pub struct Mask {
    outline: Polygon,
    anchor: Anchor,
    classes: Vec<ClassId>,
}

impl Mask {
    /// Of the corners of a zone that was checked, three or more, in shares of the picture. `classes` are those that are
    /// dropped; none: all. An object is where the `anchor` of its box is.
    pub fn new(corners: &[[f64; 2]], anchor: Anchor, classes: Vec<ClassId>) -> Self {
        Self { outline: Polygon::new(corners.to_vec()), anchor, classes }
    }

    /// Whether an object of this class with this box, in pixels of a picture of this size, is in it. An edge that two masks
    /// share belongs to one of them, so that nothing slips through between them.
    pub fn covers(&self, class: ClassId, bbox: Rect, size: Size) -> bool {
        let of_it = self.classes.is_empty() || self.classes.contains(&class);
        let y = match self.anchor {
            Anchor::Foot => bbox.bottom,
            Anchor::Center => bbox.center()[1],
            Anchor::Head => bbox.top,
        };
        let share = |pixels: f64, of: u32| (pixels / f64::from(of.max(1))).clamp(0.0, LAST);
        of_it && self.outline.contains([share(bbox.center()[0], size.width), share(y, size.height)])
    }
}

/// What lies on or beyond the last edge of the picture is in a mask that reaches it: feet are often cut off.
const LAST: f64 = 1.0 - 1e-9;

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size::new(1000, 500);

    fn rect(corners: [f64; 4]) -> Rect {
        let [left, top, right, bottom] = corners;
        Rect::new(left, top, right, bottom)
    }

    #[test]
    fn what_stands_in_it_is_covered() {
        let (person, car) = (ClassId(0), ClassId(2));
        let lower_left = [[0.0, 0.5], [0.5, 0.5], [0.5, 1.0], [0.0, 1.0]];
        for (what, anchor, classes, class, bbox, expected) in [
            ("the foot in it", Anchor::Foot, vec![], person, [100.0, 100.0, 140.0, 300.0], true),
            (
                "only the head in it",
                Anchor::Foot,
                vec![],
                person,
                [490.0, 300.0, 530.0, 400.0],
                false,
            ),
            (
                "the head, where that counts",
                Anchor::Head,
                vec![],
                person,
                [100.0, 300.0, 140.0, 480.0],
                true,
            ),
            ("another class", Anchor::Foot, vec![car], person, [100.0, 100.0, 140.0, 300.0], false),
            ("this class", Anchor::Foot, vec![car], car, [100.0, 100.0, 140.0, 300.0], true),
            ("cut off below", Anchor::Foot, vec![], person, [100.0, 300.0, 140.0, 500.0], true),
            ("cut off beyond", Anchor::Foot, vec![], person, [-40.0, 300.0, 20.0, 520.0], true),
        ] {
            let mask = Mask::new(&lower_left, anchor, classes);
            assert_eq!(mask.covers(class, rect(bbox), SIZE), expected, "{what}");
        }
    }

    #[test]
    fn two_that_share_an_edge_leave_no_gap() {
        let left =
            Mask::new(&[[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [0.0, 1.0]], Anchor::Foot, vec![]);
        let right =
            Mask::new(&[[0.5, 0.0], [1.0, 0.0], [1.0, 1.0], [0.5, 1.0]], Anchor::Foot, vec![]);
        for x in 0..=1000 {
            let foot = rect([f64::from(x), 200.0, f64::from(x), 400.0]);
            let in_each = [&left, &right].map(|mask| mask.covers(ClassId(0), foot, SIZE));
            assert_eq!(in_each.iter().filter(|is_in| **is_in).count(), 1, "{x}");
        }
    }
}
