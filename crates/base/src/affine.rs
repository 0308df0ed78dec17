//! How a picture moved: an affine map of its points.

use crate::Rect;

/// x' = a11 x + a12 y + tx, y' = a21 x + a22 y + ty, in pixels.
///
/// As a motion it takes a point of an earlier picture to where that point lies in a later one.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Affine {
    /// a11, a12, tx, a21, a22, ty.
    pub rows: [f64; 6],
}

impl Default for Affine {
    /// [`Affine::IDENTITY`].
    fn default() -> Self {
        Self::IDENTITY
    }
}

impl Affine {
    /// Nothing moved.
    pub const IDENTITY: Self = Self::new([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);

    /// From a11, a12, tx, a21, a22, ty.
    pub const fn new(rows: [f64; 6]) -> Self {
        Self { rows }
    }

    /// Everything moved by so many pixels to the right and down.
    pub const fn translation(x: f64, y: f64) -> Self {
        Self::new([1.0, 0.0, x, 0.0, 1.0, y])
    }

    /// Turned by `angle` (radians, from x towards y) and scaled about `center`, which then moves by
    /// `by`.
    pub fn similarity(center: [f64; 2], angle: f64, scale: f64, by: [f64; 2]) -> Self {
        let (sin, cos) = angle.sin_cos();
        let (a, b) = (scale * cos, scale * sin);
        let [x, y] = center;
        Self::new([a, -b, x - a * x + b * y + by[0], b, a, y - b * x - a * y + by[1]])
    }

    /// Where a point goes.
    pub fn apply(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let [a11, a12, tx, a21, a22, ty] = self.rows;
        [a11 * x + a12 * y + tx, a21 * x + a22 * y + ty]
    }

    /// The upright box around where a box goes.
    pub fn apply_to_rect(&self, rect: &Rect) -> Rect {
        let corners = [
            [rect.left, rect.top],
            [rect.right, rect.top],
            [rect.left, rect.bottom],
            [rect.right, rect.bottom],
        ];
        let around = Rect::new(f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY);
        corners.iter().map(|corner| self.apply(*corner)).fold(around, |r, [x, y]| {
            Rect::new(r.left.min(x), r.top.min(y), r.right.max(x), r.bottom.max(y))
        })
    }

    /// First this motion, then `next`.
    #[must_use]
    pub fn then(&self, next: &Self) -> Self {
        let [a11, a12, tx, a21, a22, ty] = next.rows;
        let [b11, b12, sx, b21, b22, sy] = self.rows;
        Self::new([
            a11 * b11 + a12 * b21,
            a11 * b12 + a12 * b22,
            a11 * sx + a12 * sy + tx,
            a21 * b11 + a22 * b21,
            a21 * b12 + a22 * b22,
            a21 * sx + a22 * sy + ty,
        ])
    }

    /// The way back; `None` where everything was squashed to a line, or a number is not finite.
    pub fn inverse(&self) -> Option<Self> {
        let [a11, a12, tx, a21, a22, ty] = self.rows;
        let area = a11 * a22 - a12 * a21;
        let [b11, b12, b21, b22] = [a22 / area, -a12 / area, -a21 / area, a11 / area];
        let inverse = Self::new([b11, b12, -b11 * tx - b12 * ty, b21, b22, -b21 * tx - b22 * ty]);
        inverse.is_finite().then_some(inverse)
    }

    /// The same motion in a picture that is `factor` times as large, pixel corners at whole numbers.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        let [a11, a12, tx, a21, a22, ty] = self.rows;
        Self::new([a11, a12, factor * tx, a21, a22, factor * ty])
    }

    /// Whether no number is NaN or infinite.
    pub fn is_finite(&self) -> bool {
        self.rows.iter().all(|v| v.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: Affine, b: Affine) -> bool {
        a.rows.iter().zip(b.rows).all(|(a, b)| (a - b).abs() < 1e-9)
    }

    #[test]
    fn motions_follow_one_another_and_go_back() {
        let turn = Affine::similarity([640.0, 360.0], 0.1, 1.2, [5.0, -3.0]);
        let slide = Affine::translation(10.0, 20.0);
        for [a, b] in [[turn, slide], [slide, turn], [turn, turn]] {
            let both = a.then(&b);
            for point in [[0.0, 0.0], [640.0, 360.0], [-7.0, 900.0]] {
                let [want, got] = [b.apply(a.apply(point)), both.apply(point)];
                assert!((want[0] - got[0]).hypot(want[1] - got[1]) < 1e-9, "{point:?}");
            }
            assert!(close(both.then(&both.inverse().unwrap()), Affine::IDENTITY));
        }
        assert_eq!(turn.apply([640.0, 360.0]).map(f64::round), [645.0, 357.0]);
    }

    #[test]
    fn what_has_no_way_back_says_so() {
        for rows in [
            [0.0; 6],
            [1.0, 2.0, 0.0, 2.0, 4.0, 0.0],
            [f64::NAN, 0.0, 0.0, 0.0, 1.0, 0.0],
            [1.0, 0.0, f64::INFINITY, 0.0, 1.0, 0.0],
        ] {
            assert_eq!(Affine::new(rows).inverse(), None, "{rows:?}");
        }
    }

    #[test]
    fn a_motion_found_in_a_small_picture_holds_in_the_large_one() {
        let small = Affine::similarity([80.0, 45.0], 0.02, 0.99, [1.5, -2.0]);
        let point = [12.0, 70.0];
        let [x, y] = small.apply(point).map(|v| 4.0 * v);
        let large = small.scaled(4.0).apply(point.map(|v| 4.0 * v));
        assert!((large[0] - x).hypot(large[1] - y) < 1e-9);
    }

    #[test]
    fn boxes_stay_upright_and_cover() {
        let quarter = Affine::similarity([0.0, 0.0], std::f64::consts::FRAC_PI_2, 2.0, [0.0; 2]);
        let moved = quarter.apply_to_rect(&Rect::new(1.0, 2.0, 3.0, 5.0));
        let want = Rect::new(-10.0, 2.0, -4.0, 6.0);
        for (got, want) in moved.to_array().into_iter().zip(want.to_array()) {
            assert!((got - want).abs() < 1e-9, "{moved:?}");
        }
    }
}
