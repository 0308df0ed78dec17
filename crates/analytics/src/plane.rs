//! From the picture to metres on the ground, with how far it may be off.
//!
//! The ground is flat, and four points or more of it are known both in the picture and in metres. The map
//! between two views of a plane is a homography (Hartley and Zisserman, Multiple View Geometry, 2nd edition,
//! section 4.1: the direct linear transformation; 4.4.4: its normalisation).

use razz_base::Size;

/// How far a click on a picture is off, in pixels: one standard deviation in each direction.
const CLICK_PX: f64 = 3.0;

/// A point of the ground that is known both ways.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct PlanePoint {
    /// In shares of the picture.
    pub picture: [f64; 2],
    /// In metres, from any origin, with axes at right angles.
    pub ground: [f64; 2],
}

/// Why points give no plane.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum PlaneError {
    /// Too few or too many.
    #[error(
        "a plane needs {least} to {most} points that are known in the picture and in metres, not {have}"
    )]
    Points {
        /// How many there are.
        have: usize,
        /// How many are needed.
        least: usize,
        /// How many are used.
        most: usize,
    },
    /// A number that is none.
    #[error("point {point} has a coordinate that is not a finite number")]
    NotANumber {
        /// Which, from 1.
        point: usize,
    },
    /// Three of four on a line, all in one place, or the like.
    #[error(
        "the points do not fix a plane: give four corners of something large on the ground, no three of them on a line"
    )]
    Degenerate,
}

/// A place on the ground.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct GroundPlace {
    /// In metres.
    pub at: [f64; 2],
    /// Standard deviation, in metres, from the clicks that the plane was made of.
    pub error_m: f64,
}

/// The ground as a camera sees it.
#[derive(Clone, PartialEq, Debug)]
pub struct Plane {
    map: Homography,
    /// The map that would have come of it, had one coordinate of one click been off by [`CLICK_PX`].
    shaken: Vec<Homography>,
}

impl Plane {
    /// Fewest points.
    pub const MIN_POINTS: usize = 4;
    /// Most points: more make no better plane than these, and each costs.
    pub const MAX_POINTS: usize = 16;

    /// From points, clicked in a picture of `size`.
    ///
    /// ```
    /// use razz_analytics::{Plane, PlanePoint};
    /// use razz_base::Size;
    ///
    /// // A parking bay of 2.5 by 5 metres.
    /// let corner = |picture, ground| PlanePoint { picture, ground };
    /// let bay = [
    ///     corner([0.30, 0.80], [0.0, 0.0]),
    ///     corner([0.70, 0.80], [2.5, 0.0]),
    ///     corner([0.60, 0.40], [2.5, 5.0]),
    ///     corner([0.40, 0.40], [0.0, 5.0]),
    /// ];
    /// let plane = Plane::new(&bay, Size::new(1920, 1080)).unwrap();
    /// let middle = plane.to_ground([0.5, 0.8]).unwrap();
    /// assert!((middle.at[0] - 1.25).abs() < 1e-6 && middle.error_m < 0.05);
    /// // Above the horizon there is no ground.
    /// assert!(plane.to_ground([0.5, -0.5]).is_none());
    /// ```
    pub fn new(points: &[PlanePoint], size: Size) -> Result<Self, PlaneError> {
        let (least, most) = (Self::MIN_POINTS, Self::MAX_POINTS);
        if !(least..=most).contains(&points.len()) {
            return Err(PlaneError::Points { have: points.len(), least, most });
        }
        let finite = |p: &PlanePoint| p.picture.iter().chain(&p.ground).all(|v| v.is_finite());
        if let Some(point) = points.iter().position(|p| !finite(p)) {
            return Err(PlaneError::NotANumber { point: point + 1 });
        }
        let map = Homography::fit(points).ok_or(PlaneError::Degenerate)?;
        let pixel = [1.0 / f64::from(size.width.max(1)), 1.0 / f64::from(size.height.max(1))];
        let mut shaken = Vec::with_capacity(2 * points.len());
        for index in 0..points.len() {
            for (axis, pixel) in pixel.into_iter().enumerate() {
                let mut moved = points.to_vec();
                moved[index].picture[axis] += CLICK_PX * pixel;
                shaken.push(Homography::fit(&moved).ok_or(PlaneError::Degenerate)?);
            }
        }
        Ok(Self { map, shaken })
    }

    /// Where on the ground a point of the picture is, in shares; `None` at and above the horizon.
    pub fn to_ground(&self, picture: [f64; 2]) -> Option<GroundPlace> {
        let at = self.map.apply(picture)?;
        let mut variance = 0.0;
        for shaken in &self.shaken {
            let moved = shaken.apply(picture)?;
            variance += (moved[0] - at[0]).powi(2) + (moved[1] - at[1]).powi(2);
        }
        Some(GroundPlace { at, error_m: variance.sqrt() })
    }

    /// The map, and those that it might as well be.
    pub(crate) fn maps(&self) -> impl Iterator<Item = &Homography> {
        std::iter::once(&self.map).chain(&self.shaken)
    }
}

/// From shares of the picture to metres.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Homography {
    rows: [[f64; 3]; 3],
}

impl Homography {
    /// By least squares of the algebraic error, on normalised points; positive below the horizon.
    fn fit(points: &[PlanePoint]) -> Option<Self> {
        let (from, to) = (
            Normalisation::of(points.iter().map(|p| p.picture))?,
            Normalisation::of(points.iter().map(|p| p.ground))?,
        );
        // The normal equations of two rows a point in eight unknowns, the ninth being 1: no sane point
        // of the ground has its middle on the horizon.
        let mut equations = [[0.0; 9]; 8];
        for point in points {
            let ([x, y], [u, v]) = (from.apply(point.picture), to.apply(point.ground));
            for row in [
                [x, y, 1.0, 0.0, 0.0, 0.0, -u * x, -u * y, u],
                [0.0, 0.0, 0.0, x, y, 1.0, -v * x, -v * y, v],
            ] {
                for i in 0..8 {
                    for j in 0..9 {
                        equations[i][j] += row[i] * row[j];
                    }
                }
            }
        }
        let h = solve(equations)?;
        let normalised = [[h[0], h[1], h[2]], [h[3], h[4], h[5]], [h[6], h[7], 1.0]];
        let rows = multiply(&multiply(&to.inverse(), &normalised), &from.matrix());
        let map = Self { rows };
        // All points that are known lie before the camera.
        points.iter().all(|p| map.apply(p.picture).is_some()).then_some(map)
    }

    pub(crate) fn apply(&self, [x, y]: [f64; 2]) -> Option<[f64; 2]> {
        let [u, v, w] = self.rows.map(|row| row[0] * x + row[1] * y + row[2]);
        // `w` is 1 at the middle of the points; close to 0 is the horizon.
        (w > 1e-6).then(|| [u / w, v / w])
    }
}

/// Moves points to their middle and scales them to a mean distance of about 1.
struct Normalisation {
    middle: [f64; 2],
    scale: f64,
}

impl Normalisation {
    fn of(points: impl Iterator<Item = [f64; 2]> + Clone) -> Option<Self> {
        let count = points.clone().count() as f64;
        let sum = points.clone().fold([0.0; 2], |sum, p| [sum[0] + p[0], sum[1] + p[1]]);
        let middle = sum.map(|v| v / count);
        let away = |p: [f64; 2]| crate::geometry::distance(p, middle);
        let spread = points.map(away).sum::<f64>() / count;
        (spread > 0.0).then(|| Self { middle, scale: 1.0 / spread })
    }

    fn apply(&self, p: [f64; 2]) -> [f64; 2] {
        [self.scale * (p[0] - self.middle[0]), self.scale * (p[1] - self.middle[1])]
    }

    fn matrix(&self) -> [[f64; 3]; 3] {
        let Self { middle: [x, y], scale } = *self;
        [[scale, 0.0, -scale * x], [0.0, scale, -scale * y], [0.0, 0.0, 1.0]]
    }

    fn inverse(&self) -> [[f64; 3]; 3] {
        let Self { middle: [x, y], scale } = *self;
        [[1.0 / scale, 0.0, x], [0.0, 1.0 / scale, y], [0.0, 0.0, 1.0]]
    }
}

fn multiply(a: &[[f64; 3]; 3], b: &[[f64; 3]; 3]) -> [[f64; 3]; 3] {
    let cell = |i: usize, j: usize| (0..3).map(|k| a[i][k] * b[k][j]).sum();
    [0, 1, 2].map(|i| [0, 1, 2].map(|j| cell(i, j)))
}

/// Gaussian elimination with pivoting; `None` where there is no one solution.
fn solve(mut m: [[f64; 9]; 8]) -> Option<[f64; 8]> {
    for column in 0..8 {
        let pivot =
            (column..8).max_by(|a, b| m[*a][column].abs().total_cmp(&m[*b][column].abs()))?;
        // Points are normalised: sane ones have pivots of about 1, three on a line far less.
        if m[pivot][column].abs() < 1e-9 {
            return None;
        }
        m.swap(column, pivot);
        for row in column + 1..8 {
            let above = m[column];
            let factor = m[row][column] / above[column];
            for (value, above) in m[row].iter_mut().zip(above).skip(column) {
                *value -= factor * above;
            }
        }
    }
    let mut h = [0.0; 8];
    for row in (0..8).rev() {
        let known: f64 = (row + 1..8).map(|j| m[row][j] * h[j]).sum();
        h[row] = (m[row][8] - known) / m[row][row];
    }
    Some(h)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size::new(1920, 1080);

    fn point(picture: [f64; 2], ground: [f64; 2]) -> PlanePoint {
        PlanePoint { picture, ground }
    }

    #[test]
    fn points_that_fix_no_plane_are_refused() {
        let line = [0.1, 0.2, 0.3, 0.4].map(|v| point([v, v], [v, v]));
        assert_eq!(Plane::new(&line, SIZE), Err(PlaneError::Degenerate));
        let one = [point([0.5, 0.5], [1.0, 1.0]); 4];
        assert_eq!(Plane::new(&one, SIZE), Err(PlaneError::Degenerate));
        let three = &line[..3];
        let error = Plane::new(three, SIZE).unwrap_err().to_string();
        assert!(error.contains("4 to 16 points"), "{error}");
        let mut odd = line;
        odd[2].ground[0] = f64::NAN;
        assert_eq!(Plane::new(&odd, SIZE), Err(PlaneError::NotANumber { point: 3 }));
    }

    #[test]
    fn more_points_make_it_surer() {
        // A camera 5 m up that looks down at 30°, focal length 1 picture height.
        let see = |x: f64, y: f64| {
            let (sin, cos) = (30.0_f64.to_radians().sin(), 30.0_f64.to_radians().cos());
            let (depth, down) = (y * cos + 5.0 * sin, 5.0 * cos - y * sin);
            let aspect = 1920.0 / 1080.0;
            [0.5 + x / depth / aspect, 0.5 + down / depth]
        };
        let corners = [
            [-3.0, 5.0],
            [3.0, 5.0],
            [3.0, 15.0],
            [-3.0, 15.0],
            [0.0, 10.0],
            [-3.0, 10.0],
            [3.0, 10.0],
        ];
        let points: Vec<_> = corners.iter().map(|g| point(see(g[0], g[1]), *g)).collect();
        let four = Plane::new(&points[..4], SIZE).unwrap();
        let seven = Plane::new(&points, SIZE).unwrap();
        for at in [[0.0, 6.0], [1.0, 12.0], [-2.0, 18.0]] {
            let (a, b) = (four.to_ground(see(at[0], at[1])), seven.to_ground(see(at[0], at[1])));
            let (a, b) = (a.unwrap(), b.unwrap());
            for place in [a, b] {
                assert!(crate::geometry::distance(place.at, at) < 1e-6, "{place:?}");
            }
            assert!(b.error_m < a.error_m && a.error_m < 0.5, "{a:?} {b:?}");
        }
        assert!(four.to_ground([0.5, -0.1]).is_none());
    }
}
