//! What a lens does to straight lines.

use crate::matrix::Point;

/// Rounds of the fixed-point iteration that takes distortion off; each gains about a digit.
const UNDISTORT_ROUNDS: usize = 25;

/// A lens: focal lengths, principal point and the distortion of Brown (1971) in OpenCV's order.
///
/// Only `k[0]` is ever estimated from clicks ([`Plane::fit`](super::Plane::fit)); the others are for calibrations that
/// come with them.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Lens {
    /// Focal lengths in pixels, across and down.
    pub focal_px: [f64; 2],
    /// Where the optical axis meets the picture, in pixels.
    pub centre_px: [f64; 2],
    /// Radial coefficients k1, k2, k3.
    pub k: [f64; 3],
    /// Tangential coefficients p1, p2.
    pub p: [f64; 2],
}

impl Lens {
    /// A lens with one radial coefficient, as is estimated where nothing else is known: its focal length is the width
    /// of the picture (53° across), which only sets the scale of `k1`.
    pub fn radial(size_px: [f64; 2], k1: f64) -> Self {
        Self {
            focal_px: [size_px[0]; 2],
            centre_px: size_px.map(|side| side / 2.0),
            k: [k1, 0.0, 0.0],
            p: [0.0; 2],
        }
    }

    /// Where a point would be without distortion, in pixels. Where the distortion folds over itself (far outside of
    /// what it was calibrated for) there is no such point, and the answer is `None`.
    pub fn undistort(&self, at_px: Point) -> Option<Point> {
        let seen = self.normalised(at_px);
        let mut point = seen;
        for _ in 0..UNDISTORT_ROUNDS {
            let (radial, tangential) = self.distortion(point);
            if radial <= 0.1 {
                return None;
            }
            let next = [(seen[0] - tangential[0]) / radial, (seen[1] - tangential[1]) / radial];
            let moved = (next[0] - point[0]).abs() + (next[1] - point[1]).abs();
            point = next;
            if moved < 1e-10 {
                break;
            }
        }
        let [x, y] = self.distort_normalised(point);
        let close = (x - seen[0]).hypot(y - seen[1]) < 1e-3;
        close.then(|| self.pixels(point))
    }

    /// Where the lens shows the point that a camera without distortion has at `at_px`.
    pub fn distort(&self, at_px: Point) -> Point {
        self.pixels(self.distort_normalised(self.normalised(at_px)))
    }

    fn normalised(&self, [u, v]: Point) -> Point {
        [(u - self.centre_px[0]) / self.focal_px[0], (v - self.centre_px[1]) / self.focal_px[1]]
    }

    fn pixels(&self, [x, y]: Point) -> Point {
        [x * self.focal_px[0] + self.centre_px[0], y * self.focal_px[1] + self.centre_px[1]]
    }

    fn distort_normalised(&self, point: Point) -> Point {
        let (radial, tangential) = self.distortion(point);
        [point[0] * radial + tangential[0], point[1] * radial + tangential[1]]
    }

    /// The radial factor and the tangential shift at a point.
    fn distortion(&self, [x, y]: Point) -> (f64, Point) {
        let r2 = x * x + y * y;
        let radial = 1.0 + r2 * (self.k[0] + r2 * (self.k[1] + r2 * self.k[2]));
        let [p1, p2] = self.p;
        let shift = [
            2.0 * p1 * x * y + p2 * (r2 + 2.0 * x * x),
            p1 * (r2 + 2.0 * y * y) + 2.0 * p2 * x * y,
        ];
        (radial, shift)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distortion_is_taken_off_as_it_was_put_on() {
        for (k, p) in [
            ([0.0; 3], [0.0; 2]),
            ([-0.3, 0.12, 0.0], [0.0002, 0.005]),
            ([-0.15, 0.05, 0.0], [0.001, 0.004]),
            ([0.2, 0.0, 0.0], [0.0; 2]),
        ] {
            let lens = Lens { focal_px: [800.0, 790.0], centre_px: [380.0, 290.0], k, p };
            for at in [[380.0, 290.0], [0.0, 0.0], [768.0, 576.0], [100.0, 500.0]] {
                let back = lens.undistort(lens.distort(at)).unwrap();
                assert!((back[0] - at[0]).hypot(back[1] - at[1]) < 1e-2, "{k:?} {at:?} {back:?}");
            }
        }
    }

    #[test]
    fn where_a_lens_folds_there_is_no_point() {
        let lens = Lens::radial([1000.0, 1000.0], -2.0);
        assert!(lens.undistort([500.0, 500.0]).is_some());
        assert_eq!(lens.undistort([0.0, 0.0]), None);
    }
}
