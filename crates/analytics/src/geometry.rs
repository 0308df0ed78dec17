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

/// Of the depth of a zone, the band is this at most: who stands in the middle of a small zone is in it.
const BAND_OF_DEPTH: f64 = 0.5;

/// Where a motion passed something.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Passing {
    /// The share of the motion that was done by then, 0 to 1.
    pub(crate) share: f64,
    /// Whether the line is there; otherwise its extension was passed.
    pub(crate) on_line: bool,
}

/// A piece of a line or an outline, with what every question about it needs.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Segment {
    from: Point,
    to: Point,
    along: Point,
    per_length: f64,
    per_length_squared: f64,
}

impl Segment {
    fn new(from: Point, to: Point) -> Self {
        let along = minus(to, from);
        let squared = dot(along, along);
        Self {
            from,
            to,
            along,
            per_length: 1.0 / squared.sqrt(),
            per_length_squared: 1.0 / squared,
        }
    }

    /// The distance of a point to the right of the straight line that the segment is a piece of, and the
    /// share of the way along the segment next to which it lies.
    fn locate(&self, p: Point) -> (f64, f64) {
        let off = minus(p, self.from);
        let side = cross(self.along, off) * self.per_length;
        (side, dot(self.along, off) * self.per_length_squared)
    }
}

/// A line of one or more segments, which goes on straight beyond both of its ends so that every
/// point of the picture has a side.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Polyline {
    segments: Vec<Segment>,
}

impl Polyline {
    /// From two points or more, no two neighbours equal.
    pub(crate) fn new(points: Vec<Point>) -> Self {
        debug_assert!(points.len() >= 2, "a line that was validated has two points");
        Self { segments: points.windows(2).map(|ends| Segment::new(ends[0], ends[1])).collect() }
    }

    /// The distance to the line or its extension: positive to the right of the way from the first
    /// point to the last, negative to the left.
    pub(crate) fn signed_distance(&self, p: Point) -> f64 {
        let last = self.segments.len() - 1;
        // The distance to the nearest segment, and to the straight line that it is a piece of.
        let mut nearest = (f64::INFINITY, 0.0_f64);
        for (index, segment) in self.segments.iter().enumerate() {
            let (side, share) = segment.locate(p);
            let away = if share < 0.0 && index > 0 {
                distance(p, segment.from)
            } else if share > 1.0 && index < last {
                distance(p, segment.to)
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
        let last = self.segments.len() - 1;
        let mut found: Option<Passing> = None;
        for (index, segment) in self.segments.iter().enumerate() {
            let (before, after) = (segment.locate(p).0, segment.locate(q).0);
            if (before < 0.0) == (after < 0.0) {
                continue;
            }
            let share = before / (before - after);
            let place = segment.locate(between(p, q, share)).1;
            // The first end belongs to the line and the last does not, so that of two lines laid end
            // to end exactly one is passed.
            let on_line = (0.0..1.0).contains(&place);
            let extended = (place < 0.0 && index == 0) || (place >= 1.0 && index == last);
            if (on_line || extended) && found.is_none_or(|f| share >= f.share) {
                found = Some(Passing { share, on_line });
            }
        }
        found.unwrap_or_else(|| {
            // Rounding hid a passing at a corner between two segments: by the distances, which have
            // different signs.
            let (before, after) = (self.signed_distance(p).abs(), self.signed_distance(q).abs());
            let whole = before + after;
            let share = if whole > 0.0 { before / whole } else { 1.0 };
            Passing { share, on_line: last > 0 }
        })
    }
}

/// Where a point lies to a polygon.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    /// Inside, and far enough from the edge for it to be beyond doubt.
    Inside,
    /// Inside, near the edge.
    InsideNearEdge,
    /// Outside, near the edge. Of two zones laid side by side a point on their edge is inside one.
    OutsideNearEdge,
    /// Outside beyond doubt.
    Outside,
}

/// A polygon without crossing edges.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Polygon {
    edges: Vec<Segment>,
    /// The smallest and the largest x and y.
    low: Point,
    high: Point,
    /// How far from the edge a point of it can be, at least.
    depth: f64,
}

impl Polygon {
    /// Points tried in each direction to find how deep a polygon is.
    const DEPTH_STEPS: u32 = 24;

    /// From three points or more; the last edge closes it.
    pub(crate) fn new(points: Vec<Point>) -> Self {
        debug_assert!(points.len() >= 3, "a zone that was validated has three points");
        let before = points.iter().cycle().skip(points.len() - 1);
        let (mut low, mut high) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
        for point in &points {
            for axis in 0..2 {
                low[axis] = low[axis].min(point[axis]);
                high[axis] = high[axis].max(point[axis]);
            }
        }
        let edges = before.zip(&points).map(|(a, b)| Segment::new(*a, *b)).collect();
        let mut polygon = Self { edges, low, high, depth: 0.0 };
        polygon.depth = polygon.find_depth();
        polygon
    }

    /// The distance of the deepest of a grid of points.
    fn find_depth(&self) -> f64 {
        let steps = Self::DEPTH_STEPS;
        let at = |axis: usize, step: u32| {
            let share = (f64::from(step) + 0.5) / f64::from(steps);
            self.low[axis] + (self.high[axis] - self.low[axis]) * share
        };
        let grid = (0..steps).flat_map(|i| (0..steps).map(move |j| [at(0, i), at(1, j)]));
        grid.filter(|p| self.contains(*p)).map(|p| self.to_edge(p)).fold(0.0, f64::max)
    }

    /// Where a point stands, if a doubt reaches `band` from the edge: less in a zone so small that nobody
    /// would be beyond doubt in it.
    pub(crate) fn standing(&self, p: Point, band: f64) -> Standing {
        let band = band.min(BAND_OF_DEPTH * self.depth);
        let far = |axis: usize| p[axis] < self.low[axis] - band || p[axis] > self.high[axis] + band;
        if far(0) || far(1) {
            return Standing::Outside;
        }
        let near = self.to_edge(p) < band;
        match (self.contains(p), near) {
            (true, false) => Standing::Inside,
            (true, true) => Standing::InsideNearEdge,
            (false, true) => Standing::OutsideNearEdge,
            (false, false) => Standing::Outside,
        }
    }

    /// Whether a point is inside, by the parity of the edges to its right (of a shared edge the point
    /// belongs to one side only).
    pub(crate) fn contains(&self, p: Point) -> bool {
        let mut inside = false;
        for Segment { from, to, along, .. } in &self.edges {
            if (from[1] > p[1]) != (to[1] > p[1]) {
                inside ^= p[0] < from[0] + (p[1] - from[1]) * along[0] / along[1];
            }
        }
        inside
    }

    /// The distance to the edge.
    fn to_edge(&self, p: Point) -> f64 {
        let mut nearest = f64::INFINITY;
        for edge in &self.edges {
            let share = edge.locate(p).1.clamp(0.0, 1.0);
            let off = minus(p, between(edge.from, edge.to, share));
            nearest = nearest.min(dot(off, off));
        }
        nearest.sqrt()
    }

    /// The share of a motion from `p` to `q`, of which one is inside, at which the edge was passed
    /// last.
    pub(crate) fn passing(&self, p: Point, q: Point) -> f64 {
        let motion = minus(q, p);
        let mut last: Option<f64> = None;
        for Segment { from, along, .. } in &self.edges {
            let turn = cross(motion, *along);
            if turn == 0.0 {
                continue;
            }
            let to_edge = minus(*from, p);
            let (share, place) = (cross(to_edge, *along) / turn, cross(to_edge, motion) / turn);
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
            for (p, to_edge, standing) in [
                ([0.25, 0.25], 0.25, Standing::Inside),
                ([0.75, 0.75], 0.25, Standing::Outside),
                ([2.0, 0.25], 1.0, Standing::Outside),
                ([0.5, 0.5], 0.0, Standing::OutsideNearEdge),
                ([0.05, 0.9], 0.05, Standing::InsideNearEdge),
                ([-0.05, 0.9], 0.05, Standing::OutsideNearEdge),
                ([-0.15, 0.9], 0.15, Standing::Outside),
            ] {
                assert!((polygon.to_edge(p) - to_edge).abs() < 1e-12, "{p:?}");
                assert_eq!(polygon.standing(p, 0.1), standing, "{p:?}");
            }
            // A band as wide as the zone is deep leaves half of it.
            assert_eq!(polygon.standing([0.25, 0.25], 9.0), Standing::Inside);
            assert!((polygon.passing([0.25, 0.25], [0.25, -0.25]) - 0.5).abs() < 1e-12);
            assert!(polygon.depth > 0.2 && polygon.depth < 0.3);
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
