//! The areas of a camera, made ready for pictures of one shape.

use razz_base::{MediaTime, Size};

use crate::geometry::{Point, Polygon, Polyline};
use crate::{Area, Shape};

/// An edge of a zone this near to the picture's border, in shares, is meant to be the border.
const AT_BORDER: f64 = 0.005;
/// How far a zone that is drawn up to the border goes on beyond it, in picture heights.
const BEYOND_BORDER: f64 = 10.0;

/// An area in picture heights.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Form {
    Line(Polyline),
    Zone(Polygon),
}

/// An area that is ready to be asked.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Ready {
    pub(crate) area: Area,
    pub(crate) form: Form,
    /// Whether it is in force now.
    pub(crate) active: bool,
}

/// All areas of a camera, by id and version, so that the order in which they were given means nothing.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Layout {
    /// Width to height of the pictures.
    aspect: f64,
    pub(crate) areas: Vec<Ready>,
}

impl Layout {
    pub(crate) fn new(areas: Vec<Area>, aspect: f64) -> Self {
        let mut areas: Vec<_> = areas
            .into_iter()
            .map(|area| Ready { form: form(&area, aspect), area, active: false })
            .collect();
        areas.sort_by_key(|ready| (ready.area.id(), ready.area.version));
        areas.dedup_by_key(|ready| (ready.area.id(), ready.area.version));
        Self { aspect, areas }
    }

    pub(crate) fn aspect(&self) -> f64 {
        self.aspect
    }

    /// Makes the areas ready for pictures of another size; whether their shape is another.
    pub(crate) fn fit(&mut self, size: Size) -> bool {
        let aspect = f64::from(size.width.max(1)) / f64::from(size.height.max(1));
        if aspect == self.aspect {
            return false;
        }
        self.aspect = aspect;
        for ready in &mut self.areas {
            ready.form = form(&ready.area, aspect);
        }
        true
    }

    /// The areas that come into force or go out of it at a time, by their places.
    pub(crate) fn switch(&mut self, time: MediaTime) -> Vec<(usize, bool)> {
        let mut switched = Vec::new();
        for (place, ready) in self.areas.iter_mut().enumerate() {
            let active = ready.area.validity.contains(time);
            if std::mem::replace(&mut ready.active, active) != active {
                switched.push((place, active));
            }
        }
        switched
    }

    /// From picture heights to shares of the picture.
    pub(crate) fn shares(&self, p: Point) -> [f64; 2] {
        [p[0] / self.aspect, p[1]]
    }
}

fn form(area: &Area, aspect: f64) -> Form {
    let heights = |p: &[f64; 2]| [p[0] * aspect, p[1]];
    match area.shape() {
        Shape::Line { points, .. } => {
            Form::Line(Polyline::new(points.iter().map(heights).collect()))
        }
        Shape::Zone { points } => {
            let outline = beyond_border(points);
            Form::Zone(Polygon::new(outline.iter().map(heights).collect()))
        }
    }
}

/// An outline whose edges on the picture's border are moved outwards: nobody leaves a zone at the
/// border, since nobody can be seen beyond it, and who stands there is no less inside.
fn beyond_border(points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let count = points.len();
    // How an edge moves: outwards by so much, or not at all.
    let moves = |index: usize| -> [f64; 2] {
        let (a, b) = (points[index % count], points[(index + 1) % count]);
        let mut by = [0.0; 2];
        for axis in 0..2 {
            let at = |border: f64| {
                (a[axis] - border).abs() <= AT_BORDER && (b[axis] - border).abs() <= AT_BORDER
            };
            if at(0.0) {
                by[axis] = -BEYOND_BORDER;
            } else if at(1.0) {
                by[axis] = BEYOND_BORDER;
            }
        }
        by
    };
    let mut out = Vec::with_capacity(2 * count);
    for (index, point) in points.iter().enumerate() {
        let (before, after) = (moves(index + count - 1), moves(index));
        let moved = |by: [f64; 2]| [point[0] + by[0], point[1] + by[1]];
        if before == after {
            out.push(moved(before));
        } else if before != [0.0; 2] && after != [0.0; 2] {
            // A corner of the picture moves away from both of its borders.
            out.push(moved([before[0] + after[0], before[1] + after[1]]));
        } else {
            out.extend([moved(before), moved(after)]);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AreaId;
    use crate::geometry::Standing;

    #[test]
    fn a_zone_drawn_up_to_the_border_goes_on_beyond_it() {
        let zone = |points: &[[f64; 2]]| {
            let area = Area::zone(AreaId(1), "hall", points.to_vec()).unwrap();
            match form(&area, 2.0) {
                Form::Zone(polygon) => polygon,
                Form::Line(_) => panic!("a zone"),
            }
        };
        // Beyond doubt, for somebody half a picture high.
        let is_in = |zone: &Polygon, p| zone.standing(p, 0.05) == Standing::Inside;
        let lower = zone(&[[0.2, 0.5], [0.8, 0.5], [1.0, 1.0], [0.0, 1.0]]);
        for (p, inside) in [([1.0, 1.0], true), ([1.0, 1.3], true), ([1.0, 0.4], false)] {
            assert_eq!(is_in(&lower, p), inside, "{p:?}");
        }
        let middle = zone(&[[0.2, 0.5], [0.8, 0.5], [0.8, 0.9], [0.2, 0.9]]);
        assert!(!is_in(&middle, [1.0, 1.0]) && is_in(&middle, [1.0, 0.8]));
        let whole = zone(&[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]);
        assert!(is_in(&whole, [0.0, 0.0]) && is_in(&whole, [2.0, 1.2]));
    }
}
