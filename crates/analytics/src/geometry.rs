//! Lines and polygons as they are asked: how far is this point, on which side, and where was it passed.
//!
//! Lengths are in picture heights: x and y in pixels, both divided by the height of the picture. A
//! picture of another size and the same proportions has the same numbers.

/// A point in picture heights, y downwards.
pub(crate) type Point = [f64; 2];

pub(crate) fn minus(a: Point, b: Point) -> Point {
    [a[0] - b[0], a[1] - b[1]]
}

pub(crate) fn length(v: Point) -> f64 {
    // Not `hypot`, whose last bit differs between C libraries: facts are equal bit for bit everywhere.
    (v[0] * v[0] + v[1] * v[1]).sqrt()
}

pub(crate) fn distance(a: Point, b: Point) -> f64 {
    length(minus(a, b))
}

/// The point that lies the share `t` of the way from `a` to `b`.
pub(crate) fn between(a: Point, b: Point, t: f64) -> Point {
    [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])]
}

/// Positive where `v` points to the right of `u` in a picture, whose y grows downwards.
pub(crate) fn cross(u: Point, v: Point) -> f64 {
    u[0] * v[1] - u[1] * v[0]
}

fn dot(u: Point, v: Point) -> f64 {
    u[0] * v[0] + u[1] * v[1]
}

/// Where a motion passed something.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Passing {
    /// The share of the motion that was done by then, 0 to 1.
    pub(crate) share: f64,
    /// Whether the line is there; otherwise its extension was passed.
    pub(crate) on_line: bool,
}

/// A line of one or more segments, which goes on straight beyond both of its ends so that every
/// point of the picture has a side.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Polyline {
    points: Vec<Point>,
}

impl Polyline {
    /// From two points or more, no two neighbours equal.
    pub(crate) fn new(points: Vec<Point>) -> Self {
        debug_assert!(points.len() >= 2, "a line that was validated has two points");
        Self { points }
    }

    /// The distance to the line or its extension: positive to the right of the way from the first
    /// point to the last, negative to the left.
    pub(crate) fn signed_distance(&self, p: Point) -> f64 {
        let last = self.points.len() - 2;
        // (distance, distance to the segment's own straight line, signed) of the nearest segment.
        let mut nearest = (f64::INFINITY, 0.0_f64);
        for (index, ends) in self.points.windows(2).enumerate() {
            let (along, from_start) = (minus(ends[1], ends[0]), minus(p, ends[0]));
            let side = cross(along, from_start) / length(along);
            let share = dot(along, from_start) / dot(along, along);
            let away = if share < 0.0 && index > 0 {
                distance(p, ends[0])
            } else if share > 1.0 && index < last {
                distance(p, ends[1])
            } else {
                side.abs()
            };
            // At a corner both segments are equally far; the one that is seen less edge-on knows the
            // side (the outer side of a sharp corner lies beyond the end of both).
            if away < nearest.0 || (away == nearest.0 && side.abs() > nearest.1.abs()) {
                nearest = (away, side);
            }
        }
        nearest.0.copysign(nearest.1)
    }

    /// Where a motion from `p` to `q`, points on different sides, passed the line or its extension:
    /// the last time, if it passed several segments.
    pub(crate) fn passing(&self, p: Point, q: Point) -> Passing {
        let motion = minus(q, p);
        let last = self.points.len() - 2;
        let mut found: Option<Passing> = None;
        for (index, ends) in self.points.windows(2).enumerate() {
            let along = minus(ends[1], ends[0]);
            let (before, after) =
                (cross(along, minus(p, ends[0])), cross(along, minus(q, ends[0])));
            if (before < 0.0) == (after < 0.0) {
                continue;
            }
            let share = before / (before - after);
            let at = minus(between(p, q, share), ends[0]);
            let place = dot(along, at) / dot(along, along);
            // The first end belongs to the line and the last does not, so that of two lines laid end
            // to end exactly one is passed.
            let on_line = (0.0..1.0).contains(&place);
            let extended = (place < 0.0 && index == 0) || (place >= 1.0 && index == last);
            if (on_line || extended) && found.is_none_or(|f| share >= f.share) {
                found = Some(Passing { share, on_line });
            }
        }
        found.unwrap_or_else(|| {
            // Rounding hid a passing at a corner: by the distances, which have different signs.
            let (before, after) = (self.signed_distance(p).abs(), self.signed_distance(q).abs());
            let whole = before + after;
            let share = if whole > 0.0 { before / whole } else { 1.0 };
            let on_line = length(motion) > 0.0 && self.points.len() > 2;
            Passing { share, on_line }
        })
    }
}

/// A polygon without crossing edges.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Polygon {
    points: Vec<Point>,
    /// How far from the edge a point of it can be, at least.
    depth: f64,
}

impl Polygon {
    /// Points tried in each direction to find how deep a polygon is.
    const DEPTH_STEPS: u32 = 24;

    /// From three points or more; the last edge closes it.
    pub(crate) fn new(points: Vec<Point>) -> Self {
        debug_assert!(points.len() >= 3, "a zone that was validated has three points");
        let mut polygon = Self { points, depth: 0.0 };
        polygon.depth = polygon.find_depth();
        polygon
    }

    fn edges(&self) -> impl Iterator<Item = (Point, Point)> {
        let before = self.points.iter().cycle().skip(self.points.len() - 1);
        before.zip(&self.points).map(|(a, b)| (*a, *b))
    }

    /// The distance of the deepest of a grid of points.
    fn find_depth(&self) -> f64 {
        let (mut low, mut high) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
        for point in &self.points {
            for axis in 0..2 {
                low[axis] = low[axis].min(point[axis]);
                high[axis] = high[axis].max(point[axis]);
            }
        }
        let steps = Self::DEPTH_STEPS;
        let at = |axis: usize, step: u32| {
            low[axis] + (high[axis] - low[axis]) * (f64::from(step) + 0.5) / f64::from(steps)
        };
        let grid = (0..steps).flat_map(|i| (0..steps).map(move |j| (i, j)));
        grid.map(|(i, j)| self.signed_distance([at(0, i), at(1, j)])).fold(0.0, f64::max)
    }

    /// How far from the edge a point of it can be, in picture heights: found on a grid, so a little
    /// less than it is; 0 of a sliver that no point of the grid falls into.
    pub(crate) fn depth(&self) -> f64 {
        self.depth
    }

    /// Whether a point is inside, by the parity of the edges to its right (of a shared edge the point
    /// belongs to one side only).
    pub(crate) fn contains(&self, p: Point) -> bool {
        let mut inside = false;
        for (a, b) in self.edges() {
            if (a[1] > p[1]) != (b[1] > p[1]) {
                let x = a[0] + (p[1] - a[1]) * (b[0] - a[0]) / (b[1] - a[1]);
                inside ^= p[0] < x;
            }
        }
        inside
    }

    /// The distance to the edge: positive inside, negative outside.
    pub(crate) fn signed_distance(&self, p: Point) -> f64 {
        let mut nearest = f64::INFINITY;
        for (a, b) in self.edges() {
            let (along, from_start) = (minus(b, a), minus(p, a));
            let share = (dot(along, from_start) / dot(along, along)).clamp(0.0, 1.0);
            let off = minus(from_start, [share * along[0], share * along[1]]);
            nearest = nearest.min(dot(off, off));
        }
        let nearest = nearest.sqrt();
        if self.contains(p) { nearest } else { -nearest }
    }

    /// The share of a motion from `p` to `q`, of which one is inside, at which the edge was passed
    /// last.
    pub(crate) fn passing(&self, p: Point, q: Point) -> f64 {
        let motion = minus(q, p);
        let mut last: Option<f64> = None;
        for (a, b) in self.edges() {
            let along = minus(b, a);
            let turn = cross(motion, along);
            if turn == 0.0 {
                continue;
            }
            let to_edge = minus(a, p);
            let (share, place) = (cross(to_edge, along) / turn, cross(to_edge, motion) / turn);
            let there = (0.0..=1.0).contains(&share) && (0.0..=1.0).contains(&place);
            if there && last.is_none_or(|l| share > l) {
                last = Some(share);
            }
        }
        last.unwrap_or(0.5)
    }
}

/// Whether the segments `a`–`b` and `c`–`d` have a point in common.
pub(crate) fn segments_meet(a: Point, b: Point, c: Point, d: Point) -> bool {
    let side = |p: Point, q: Point, r: Point| cross(minus(q, p), minus(r, p));
    let (abc, abd) = (side(a, b, c), side(a, b, d));
    let (cda, cdb) = (side(c, d, a), side(c, d, b));
    if ((abc > 0.0 && abd < 0.0) || (abc < 0.0 && abd > 0.0))
        && ((cda > 0.0 && cdb < 0.0) || (cda < 0.0 && cdb > 0.0))
    {
        return true;
    }
    let within = |p: Point, q: Point, r: Point| {
        (0..2).all(|i| r[i] >= p[i].min(q[i]) && r[i] <= p[i].max(q[i]))
    };
    (abc == 0.0 && within(a, b, c))
        || (abd == 0.0 && within(a, b, d))
        || (cda == 0.0 && within(c, d, a))
        || (cdb == 0.0 && within(c, d, b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn right_of_the_way_is_positive() {
        let line = Polyline::new(vec![[0.0, 1.0], [1.0, 1.0]]);
        for (p, want) in [
            ([0.5, 1.25], 0.25),
            ([0.5, 0.5], -0.5),
            // Beyond both ends the line goes on straight.
            ([-3.0, 1.5], 0.5),
            ([7.0, 0.0], -1.0),
            ([0.5, 1.0], 0.0),
        ] {
            assert_eq!(line.signed_distance(p), want, "{p:?}");
        }
    }

    #[test]
    fn a_bent_line_has_one_side_all_along() {
        // A sharp hook: right, then back to the left below it.
        let hook = Polyline::new(vec![[0.0, 0.0], [1.0, 0.0], [0.0, 0.2]]);
        for (p, right) in [
            ([0.5, 0.05], true),
            ([0.5, -0.1], false),
            // Around the corner, beyond the end of both segments.
            ([1.2, 0.01], false),
            ([1.1, 0.2], false),
            ([0.5, 0.3], false),
            ([-5.0, 0.1], true),
        ] {
            assert_eq!(hook.signed_distance(p) > 0.0, right, "{p:?}");
        }
    }

    #[test]
    fn a_line_is_passed_where_it_is() {
        let line = Polyline::new(vec![[0.0, 1.0], [1.0, 1.0]]);
        for (p, q, share, on_line) in [
            ([0.5, 0.9], [0.5, 1.3], 0.25, true),
            ([1.5, 0.9], [1.5, 1.3], 0.25, false),
            // The first end belongs to it, the last does not.
            ([0.0, 0.5], [0.0, 1.5], 0.5, true),
            ([1.0, 0.5], [1.0, 1.5], 0.5, false),
        ] {
            let passing = line.passing(p, q);
            assert!((passing.share - share).abs() < 1e-12, "{p:?} {passing:?}");
            assert_eq!(passing.on_line, on_line, "{p:?}");
        }
        let bent = Polyline::new(vec![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]);
        assert!(bent.passing([1.5, 0.5], [0.5, 0.5]).on_line);
        assert!(bent.passing([0.5, -0.5], [0.5, 0.5]).on_line);
        assert!(!bent.passing([-0.5, -0.5], [-0.5, 0.5]).on_line);
    }

    #[test]
    fn inside_a_polygon_is_positive() {
        // The letter L, drawn either way round.
        let corners =
            [[0.0, 0.0], [1.0, 0.0], [1.0, 0.5], [0.5, 0.5], [0.5, 1.0], [0.0, 1.0]].to_vec();
        let reversed: Vec<_> = corners.iter().rev().copied().collect();
        for points in [corners, reversed] {
            let polygon = Polygon::new(points);
            for (p, want) in [
                ([0.25, 0.25], 0.25),
                ([0.75, 0.75], -0.25),
                ([2.0, 0.25], -1.0),
                ([0.5, 0.5], 0.0),
                ([0.1, 0.9], 0.1),
            ] {
                assert!((polygon.signed_distance(p) - want).abs() < 1e-12, "{p:?}");
            }
            assert!((polygon.passing([0.25, 0.25], [0.25, -0.25]) - 0.5).abs() < 1e-12);
            assert!(polygon.depth() > 0.2 && polygon.depth() < 0.3);
        }
    }

    #[test]
    fn segments_that_touch_meet() {
        for (c, d, meet) in [
            ([0.5, -1.0], [0.5, 1.0], true),
            ([0.5, 0.0], [0.5, 1.0], true),
            ([0.5, 0.1], [0.5, 1.0], false),
            ([0.25, 0.0], [0.75, 0.0], true),
            ([1.5, 0.0], [2.5, 0.0], false),
            ([0.0, 1.0], [1.0, 1.0], false),
        ] {
            assert_eq!(segments_meet([0.0, 0.0], [1.0, 0.0], c, d), meet, "{c:?} {d:?}");
        }
    }
}
