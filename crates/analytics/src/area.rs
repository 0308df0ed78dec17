//! What people draw on a picture: lines that are crossed and zones that are visited.
//!
//! Points are shares of the picture: 0, 0 is its upper left corner and 1, 1 its lower right. What is
//! valid is decided here once; everything after trusts it.

use std::sync::Arc;

use razz_base::{ClassId, MediaTime};

use crate::geometry::{cross, length, minus, segments_meet};

/// An area's number, unique within its camera; it keeps it when it is edited.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AreaId(pub u32);

/// Which side of a line counts as in, seen on the way from its first point to its last.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum InSide {
    /// Who goes from left to right goes in.
    #[default]
    Right,
    /// Who goes from right to left goes in.
    Left,
}

/// The point of a box that stands for where its object is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Anchor {
    /// The middle of the lower edge, where feet and wheels are.
    #[default]
    Foot,
    /// The middle of the box: for boats, drones, and cameras that look straight down.
    Center,
    /// The middle of the upper edge: for crowds, of which only heads are seen.
    Head,
}

/// A line or a zone.
#[derive(Clone, PartialEq, Debug)]
pub enum Shape {
    /// Two points or more, crossed on any of its segments.
    Line {
        /// In the order that decides left and right.
        points: Vec<[f64; 2]>,
        /// The side that counts as in.
        inside: InSide,
    },
    /// Three points or more; the last is joined with the first.
    Zone {
        /// In either direction.
        points: Vec<[f64; 2]>,
    },
}

/// When an area is in force: from `from` on, until just before `until`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Validity {
    /// `None`: as long as there have been pictures.
    pub from: Option<MediaTime>,
    /// `None`: still.
    pub until: Option<MediaTime>,
}

impl Validity {
    /// Whether a time lies in it.
    pub fn contains(&self, time: MediaTime) -> bool {
        self.from.is_none_or(|from| time >= from) && self.until.is_none_or(|until| time < until)
    }
}

/// A line or zone of a camera that was checked when it was made.
#[derive(Clone, PartialEq, Debug)]
pub struct Area {
    id: AreaId,
    name: Arc<str>,
    shape: Shape,
    /// Counts up with each edit: what was counted says by which drawing.
    pub version: u32,
    /// The classes that count; empty: all.
    pub classes: Vec<ClassId>,
    /// Where an object is.
    pub anchor: Anchor,
    /// When this drawing is in force.
    pub validity: Validity,
}

/// Why a drawing is no area.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[error("area {name:?}: {fault}")]
pub struct AreaError {
    /// The area's name.
    pub name: String,
    /// What is wrong with it.
    pub fault: AreaFault,
}

/// What is wrong with a drawing. Points and edges are counted from 1.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum AreaFault {
    /// Not a shape yet.
    #[error("{have} points are not enough: a {shape} needs {need} or more")]
    TooFewPoints {
        /// `line` or `zone`.
        shape: &'static str,
        /// How many it has.
        have: usize,
        /// How many it needs.
        need: usize,
    },
    /// More points than anybody draws.
    #[error("{have} points are too many: leave some out, {most} are enough for any outline")]
    TooManyPoints {
        /// How many it has.
        have: usize,
        /// How many it may have.
        most: usize,
    },
    /// Not in the picture; pixels instead of shares look like that.
    #[error(
        "point {point} is at ({x}, {y}), outside of the picture: give shares of its width and height, 0 to 1, not pixels"
    )]
    Outside {
        /// Which.
        point: usize,
        /// Its x.
        x: f64,
        /// Its y.
        y: f64,
    },
    /// Two points in the same place, which gives an edge without a direction.
    #[error("points {first} and {second} are in the same place: remove one of them")]
    SamePoint {
        /// Which.
        first: usize,
        /// And which other.
        second: usize,
    },
    /// Two edges of it cross or touch.
    #[error(
        "the edges from point {first} and from point {second} cross: move or reorder the points so that the outline never meets itself"
    )]
    CrossesItself {
        /// The edge that begins at this point.
        first: usize,
        /// The edge that begins at this one.
        second: usize,
    },
    /// All points on one straight line.
    #[error("its points lie on a straight line, so that nothing is inside: move one of them")]
    NoInside,
}

impl Area {
    /// Most points of an area. Every object is compared with every edge on every frame.
    pub const MAX_POINTS: usize = 64;
    /// Points that are nearer than this, in shares, are one point: a twentieth of a pixel in a
    /// picture that is 2,000 wide.
    const SAME_POINT: f64 = 2.5e-5;

    /// A line through `points`, in force always, for every class, crossed by feet.
    ///
    /// ```
    /// use razz_analytics::{Area, AreaId, InSide};
    ///
    /// let door = [[0.1, 0.8], [0.6, 0.8]].to_vec();
    /// assert!(Area::line(AreaId(1), "door", door, InSide::Right).is_ok());
    ///
    /// let pixels = [[192.0, 864.0], [1152.0, 864.0]].to_vec();
    /// let error = Area::line(AreaId(1), "door", pixels, InSide::Right).unwrap_err().to_string();
    /// assert!(error.starts_with("area \"door\": point 1 is at (192, 864), outside of the picture"));
    /// ```
    pub fn line(
        id: AreaId,
        name: &str,
        points: Vec<[f64; 2]>,
        inside: InSide,
    ) -> Result<Self, AreaError> {
        check(&points, "line", 2).map_err(|fault| AreaError { name: name.to_owned(), fault })?;
        Ok(Self::new(id, name, Shape::Line { points, inside }))
    }

    /// A zone with `points` as its corners, in force always, for every class, entered by feet.
    pub fn zone(id: AreaId, name: &str, mut points: Vec<[f64; 2]>) -> Result<Self, AreaError> {
        // Many tools close an outline by repeating its first point.
        if points.len() > 3 && points.first() == points.last() {
            points.pop();
        }
        check(&points, "zone", 3).map_err(|fault| AreaError { name: name.to_owned(), fault })?;
        Ok(Self::new(id, name, Shape::Zone { points }))
    }

    fn new(id: AreaId, name: &str, shape: Shape) -> Self {
        Self {
            id,
            name: name.into(),
            shape,
            version: 1,
            classes: Vec::new(),
            anchor: Anchor::Foot,
            validity: Validity::default(),
        }
    }

    /// Its number.
    pub fn id(&self) -> AreaId {
        self.id
    }

    /// What people call it.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Its drawing.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// A number that another drawing does not have: what was seen with one says nothing about the other.
    pub(crate) fn fingerprint(&self) -> u64 {
        let (kind, points) = match &self.shape {
            Shape::Line { points, inside: InSide::Right } => (0, points),
            Shape::Line { points, inside: InSide::Left } => (1, points),
            Shape::Zone { points } => (2, points),
        };
        let anchor = self.anchor as u64;
        let numbers = points.iter().flatten().map(|v| v.to_bits());
        // FNV-1a, a number at a time.
        [kind, anchor].into_iter().chain(numbers).fold(0xcbf2_9ce4_8422_2325, |hash, number| {
            (hash ^ number).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23)
        })
    }

    /// Whether objects of a class count.
    pub fn accepts(&self, class: ClassId) -> bool {
        self.classes.is_empty() || self.classes.contains(&class)
    }
}

fn check(points: &[[f64; 2]], shape: &'static str, need: usize) -> Result<(), AreaFault> {
    let have = points.len();
    if have < need {
        return Err(AreaFault::TooFewPoints { shape, have, need });
    }
    if have > Area::MAX_POINTS {
        return Err(AreaFault::TooManyPoints { have, most: Area::MAX_POINTS });
    }
    // NaN is in no range.
    let outside = |p: &[f64; 2]| !p.iter().all(|v| (0.0..=1.0).contains(v));
    if let Some(index) = points.iter().position(outside) {
        let [x, y] = points[index];
        return Err(AreaFault::Outside { point: index + 1, x, y });
    }
    let closed = shape == "zone";
    let edges = if closed { have } else { have - 1 };
    let edge = |i: usize| (points[i], points[(i + 1) % have]);
    let same = |a: [f64; 2], b: [f64; 2]| {
        (a[0] - b[0]).abs() < Area::SAME_POINT && (a[1] - b[1]).abs() < Area::SAME_POINT
    };
    for i in 0..edges {
        let (a, b) = edge(i);
        if same(a, b) {
            return Err(AreaFault::SamePoint { first: i + 1, second: (i + 1) % have + 1 });
        }
    }
    if closed && points.iter().all(|p| off_line(points[0], points[1], *p) < Area::SAME_POINT) {
        return Err(AreaFault::NoInside);
    }
    for i in 0..edges {
        for j in i + 1..edges {
            let (a, b) = edge(i);
            let (c, d) = edge(j);
            let meet = if j == i + 1 {
                // Neighbours share `b`; they may not lie on one another.
                folds_back(a, b, d)
            } else if closed && i == 0 && j == edges - 1 {
                folds_back(c, d, b)
            } else {
                segments_meet(a, b, c, d)
            };
            if meet {
                return Err(AreaFault::CrossesItself { first: i + 1, second: j + 1 });
            }
        }
    }
    Ok(())
}

/// Whether the way from `a` to `b` turns back on itself towards `c`.
fn folds_back(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> bool {
    let (to, on) = (minus(b, a), minus(c, b));
    cross(to, on) == 0.0 && to[0] * on[0] + to[1] * on[1] < 0.0
}

/// The distance of `c` from the straight line through `a` and `b`.
fn off_line(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> f64 {
    let along = minus(b, a);
    (cross(along, minus(c, a)) / length(along)).abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(points: &[[f64; 2]]) -> Result<Area, String> {
        Area::zone(AreaId(1), "hall", points.to_vec()).map_err(|e| e.to_string())
    }

    fn line(points: &[[f64; 2]]) -> Result<Area, String> {
        Area::line(AreaId(1), "door", points.to_vec(), InSide::Right).map_err(|e| e.to_string())
    }

    #[test]
    fn faults_say_what_and_where() {
        let square = [[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8]];
        assert!(zone(&square).is_ok());
        // Closed by repeating the first point.
        let closed = zone(&[square[0], square[1], square[2], square[3], square[0]]).unwrap();
        assert_eq!(closed.shape(), zone(&square).unwrap().shape());
        for (result, said) in [
            (line(&[]), "0 points are not enough: a line needs 2 or more"),
            (line(&[[0.5, 0.5]]), "1 points are not enough"),
            (zone(&square[..2]), "2 points are not enough: a zone needs 3 or more"),
            (line(&[[0.1, 0.1], [0.1, 0.1]]), "points 1 and 2 are in the same place"),
            (line(&[[0.1, 0.1], [0.1, 1.01]]), "point 2 is at (0.1, 1.01), outside"),
            (line(&[[f64::NAN, 0.1], [0.1, 1.0]]), "point 1 is at (NaN, 0.1), outside"),
            (line(&[[-0.01, 0.1], [0.1, 1.0]]), "point 1 is at (-0.01, 0.1), outside"),
            (
                zone(&[[0.2, 0.2], [0.8, 0.8], [0.8, 0.2], [0.2, 0.8]]),
                "the edges from point 1 and from point 3 cross",
            ),
            (zone(&[[0.1, 0.1], [0.2, 0.2], [0.3, 0.3]]), "its points lie on a straight line"),
            (zone(&[[0.1, 0.1], [0.9, 0.1], [0.1, 0.1]]), "points 3 and 1 are in the same place"),
            (
                line(&[[0.1, 0.5], [0.9, 0.5], [0.5, 0.5]]),
                "the edges from point 1 and from point 2 cross",
            ),
            (
                line(&[[0.1, 0.5], [0.9, 0.5], [0.9, 0.9], [0.5, 0.1]]),
                "the edges from point 1 and from point 3 cross",
            ),
            (line(&vec![[0.5, 0.5]; 65]), "65 points are too many"),
        ] {
            let error = result.expect_err(said);
            assert!(error.contains(said), "{error:?} does not say {said:?}");
            assert!(error.starts_with("area \""), "{error}");
        }
    }

    #[test]
    fn an_area_is_in_force_in_its_time_only() {
        let time = MediaTime::from_90k;
        let validity = Validity { from: Some(time(10)), until: Some(time(20)) };
        for (at, contained) in [(9, false), (10, true), (19, true), (20, false)] {
            assert_eq!(validity.contains(time(at)), contained, "{at}");
        }
        assert!(Validity::default().contains(time(i64::MIN)));
    }
}
