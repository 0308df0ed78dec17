//! Ground planes: from a camera's picture to metres on the map and back, each with how far to trust it.
//!
//! A homography takes points of the picture (without the lens's distortion) to the plane; its Jacobian takes pixel
//! noise to metres (Hartley and Zisserman, *Multiple View Geometry*, 2nd edition, sections 4.1 and 5.2). A [`Warp`] on
//! top of it is what was learned from people that several cameras see.

mod fit;
mod foot;
mod lens;
mod warp;

pub use fit::{Click, FitError, Fitted};
pub use foot::{Foot, HeightModel};
pub use lens::Lens;
pub use warp::{Warp, WarpSample};

use nalgebra::Matrix3;
use razz_base::Size;

use crate::matrix::{Point, Sym2};

/// Nearer to the horizon than so many pixels a point has no place: half a pixel of noise would be half the way to it.
const HORIZON_MARGIN_PX: f64 = 4.0;

/// A place that pixel noise spreads by more than so many metres (standard deviation) is none: people pass each other
/// nearer than that.
const LARGEST_SD_M: f64 = 1.0;

/// Where something stands, and how well that is known.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Place {
    /// On the map, in metres.
    pub at: Point,
    /// Its covariance, in square metres.
    pub cov: Sym2,
}

/// Why no plane could be made of the numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PlaneError {
    /// A number that is NaN or infinite.
    #[error("a plane's numbers have to be finite")]
    NotFinite,
    /// The map squashes the picture to a line.
    #[error("the homography has no inverse: three of the points lie on a line")]
    Singular,
}

/// A camera's plane: picture to ground and ground to picture.
#[derive(Clone, PartialEq, Debug)]
pub struct Plane {
    /// Undistorted pixels to metres, signed so that what is below the horizon has a positive third coordinate.
    to_ground: Matrix3<f64>,
    to_image: Matrix3<f64>,
    lens: Option<Lens>,
    warp: Option<Warp>,
    size: Size,
}

impl Plane {
    /// From a homography, row by row, that takes pixels of a picture of `size` to units of `unit_m` metres on the
    /// ground. Below the horizon is where the bottom of the picture lies.
    pub fn from_homography(
        rows: [[f64; 3]; 3],
        unit_m: f64,
        size: Size,
        lens: Option<Lens>,
    ) -> Result<Self, PlaneError> {
        let scaled = [rows[0].map(|v| v * unit_m), rows[1].map(|v| v * unit_m), rows[2]];
        let mut to_ground = Matrix3::from_fn(|row, col| scaled[row][col]);
        if to_ground.iter().any(|v| !v.is_finite()) || !unit_m.is_finite() || unit_m <= 0.0 {
            return Err(PlaneError::NotFinite);
        }
        let largest = to_ground.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
        to_ground /= largest.max(f64::MIN_POSITIVE);
        let bottom = [f64::from(size.width) / 2.0, f64::from(size.height)];
        let bottom = lens.and_then(|lens| lens.undistort(bottom)).unwrap_or(bottom);
        let depth =
            to_ground[(2, 0)] * bottom[0] + to_ground[(2, 1)] * bottom[1] + to_ground[(2, 2)];
        if depth < 0.0 {
            to_ground = -to_ground;
        }
        let to_image = to_ground.try_inverse().ok_or(PlaneError::Singular)?;
        if to_image.iter().any(|v| !v.is_finite()) {
            return Err(PlaneError::Singular);
        }
        Ok(Self { to_ground, to_image, lens, warp: None, size })
    }

    /// From a pinhole camera: intrinsic matrix, lens, rotation (row by row) and translation in units of `unit_m`
    /// metres, with the ground at z = 0 (Zhang, IEEE TPAMI 22(11), 2000, equation 2).
    pub fn from_pinhole(
        rotation: [[f64; 3]; 3],
        translation: [f64; 3],
        skew: f64,
        lens: Lens,
        unit_m: f64,
        size: Size,
    ) -> Result<Self, PlaneError> {
        let [fx, fy] = lens.focal_px;
        let [cx, cy] = lens.centre_px;
        let intrinsic = Matrix3::new(fx, skew, cx, 0.0, fy, cy, 0.0, 0.0, 1.0);
        let pose = Matrix3::from_fn(|row, col| match col {
            2 => translation[row],
            _ => rotation[row][col],
        });
        let to_ground = (intrinsic * pose).try_inverse().ok_or(PlaneError::Singular)?;
        let rows = [0, 1, 2].map(|row| [0, 1, 2].map(|col| to_ground[(row, col)]));
        Self::from_homography(rows, unit_m, size, Some(lens))
    }

    /// The same plane on a map of another scale: every metre becomes `factor` metres. What was learned is dropped.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        let scale = Matrix3::new(factor, 0.0, 0.0, 0.0, factor, 0.0, 0.0, 0.0, 1.0);
        let to_ground = scale * self.to_ground;
        let to_image = to_ground.try_inverse().unwrap_or(self.to_image);
        Self { to_ground, to_image, warp: None, ..self.clone() }
    }

    /// The same plane with what was learned from tracks put on top of it, or taken off.
    #[must_use]
    pub fn with_warp(&self, warp: Option<Warp>) -> Self {
        Self { warp, ..self.clone() }
    }

    /// What was learned, where something was.
    pub fn warp(&self) -> Option<&Warp> {
        self.warp.as_ref()
    }

    /// The size of the pictures that pixels refer to.
    pub fn size(&self) -> Size {
        self.size
    }

    /// How far below the horizon a point lies, in pixels; negative above it. Infinite for a camera that looks straight
    /// down.
    pub fn below_horizon_px(&self, at_px: Point) -> f64 {
        let Some([u, v]) = self.undistorted(at_px) else { return f64::NEG_INFINITY };
        let [a, b, c] = [0, 1, 2].map(|col| self.to_ground[(2, col)]);
        (a * u + b * v + c) / a.hypot(b)
    }

    /// The place of a point of the picture, with the covariance that independent pixel noise `sd_px` (across, down)
    /// gives it. `None` near and above the horizon, and where the noise spreads it by more than a metre.
    pub fn to_ground(&self, at_px: Point, sd_px: [f64; 2]) -> Option<Place> {
        if self.below_horizon_px(at_px) < HORIZON_MARGIN_PX {
            return None;
        }
        let at = self.map(at_px)?;
        let jacobian = self.jacobian(at_px)?;
        let cov = Sym2::through(jacobian, sd_px[0] * sd_px[0], sd_px[1] * sd_px[1]);
        let sane = at[0].is_finite() && at[1].is_finite() && cov.largest_sd() <= LARGEST_SD_M;
        sane.then_some(Place { at, cov })
    }

    /// Where a place on the ground is in the picture, inside or outside of its borders; `None` behind the camera.
    pub fn to_image(&self, at: Point) -> Option<Point> {
        let [x, y] = self.warp.as_ref().map_or(Some(at), |warp| warp.inverse(at))?;
        let [u, v, w] = [0, 1, 2]
            .map(|r| self.to_image[(r, 0)] * x + self.to_image[(r, 1)] * y + self.to_image[(r, 2)]);
        let point = [u / w, v / w];
        // The inverse of a map with w > 0 below the horizon has w > 0 for what is in front of the camera.
        if w <= 0.0 || !point[0].is_finite() || !point[1].is_finite() {
            return None;
        }
        Some(self.lens.map_or(point, |lens| lens.distort(point)))
    }

    /// Whether the camera sees the place, `margin_px` inside of its picture.
    pub fn sees(&self, at: Point, margin_px: f64) -> bool {
        self.to_image(at).is_some_and(|[u, v]| {
            let (width, height) = (f64::from(self.size.width), f64::from(self.size.height));
            (margin_px..=width - margin_px).contains(&u)
                && (margin_px..=height - margin_px).contains(&v)
        })
    }

    /// Pixels that a metre across the line of sight has at a point of the picture.
    pub fn px_per_m(&self, at_px: Point) -> Option<f64> {
        // A pixel across is the map's shortest direction, but for cameras that look straight down.
        let [a, b, c, d] = self.jacobian(at_px)?;
        let across = a.hypot(c).min(b.hypot(d));
        (across > 0.0).then(|| 1.0 / across)
    }

    fn undistorted(&self, at_px: Point) -> Option<Point> {
        self.lens.map_or(Some(at_px), |lens| lens.undistort(at_px))
    }

    fn map(&self, at_px: Point) -> Option<Point> {
        let [u, v] = self.undistorted(at_px)?;
        let [x, y, w] = [0, 1, 2].map(|r| {
            self.to_ground[(r, 0)] * u + self.to_ground[(r, 1)] * v + self.to_ground[(r, 2)]
        });
        let at = [x / w, y / w];
        Some(self.warp.as_ref().map_or(at, |warp| warp.apply(at)))
    }

    /// Metres per pixel, row by row. By differences: a lens and a warp have no short derivative.
    fn jacobian(&self, [u, v]: Point) -> Option<[f64; 4]> {
        const HALF_PX: f64 = 0.25;
        let (right, left) = (self.map([u + HALF_PX, v])?, self.map([u - HALF_PX, v])?);
        let (down, up) = (self.map([u, v + HALF_PX])?, self.map([u, v - HALF_PX])?);
        let slope = |a: Point, b: Point, axis: usize| (a[axis] - b[axis]) / (2.0 * HALF_PX);
        Some([slope(right, left, 0), slope(down, up, 0), slope(right, left, 1), slope(down, up, 1)])
    }
}
