//! Symmetric 2 by 2 matrices and points of the plane, as much of them as the filters need.

/// A point or a vector on the ground, in metres.
pub type Point = [f64; 2];

/// A symmetric 2 by 2 matrix: a covariance of a place, in square metres.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Sym2 {
    /// Variance along x.
    pub xx: f64,
    /// Covariance of x and y.
    pub xy: f64,
    /// Variance along y.
    pub yy: f64,
}

impl Sym2 {
    /// The same standard deviation in all directions.
    pub const fn round(sd: f64) -> Self {
        Self { xx: sd * sd, xy: 0.0, yy: sd * sd }
    }

    /// J diag(a, b) Jᵀ: independent variances `a` and `b`, taken through the linear map `j` (row by row).
    pub fn through(j: [f64; 4], a: f64, b: f64) -> Self {
        let [p, q, r, s] = j;
        Self { xx: p * p * a + q * q * b, xy: p * r * a + q * s * b, yy: r * r * a + s * s * b }
    }

    /// The sum of both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { xx: self.xx + other.xx, xy: self.xy + other.xy, yy: self.yy + other.yy }
    }

    /// Every entry times `factor`.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        Self { xx: self.xx * factor, xy: self.xy * factor, yy: self.yy * factor }
    }

    /// Determinant.
    pub fn det(self) -> f64 {
        self.xx * self.yy - self.xy * self.xy
    }

    /// The inverse; `None` where there is none.
    pub fn inverse(self) -> Option<Self> {
        let det = self.det();
        let inverse = Self { xx: self.yy / det, xy: -self.xy / det, yy: self.xx / det };
        (det > 0.0 && det.is_finite()).then_some(inverse)
    }

    /// The product with a vector.
    pub fn apply(self, [x, y]: Point) -> Point {
        [self.xx * x + self.xy * y, self.xy * x + self.yy * y]
    }

    /// dᵀ S⁻¹ d: the squared Mahalanobis distance of `d`; infinite where the matrix has no inverse.
    pub fn distance2(self, d: Point) -> f64 {
        self.inverse().map_or(f64::INFINITY, |inverse| dot(inverse.apply(d), d))
    }

    /// The standard deviation along the worst direction.
    pub fn largest_sd(self) -> f64 {
        let (mean, half) = ((self.xx + self.yy) / 2.0, (self.xx - self.yy) / 2.0);
        (mean + half.hypot(self.xy)).max(0.0).sqrt()
    }
}

/// a − b.
pub(crate) fn minus(a: Point, b: Point) -> Point {
    [a[0] - b[0], a[1] - b[1]]
}

/// The scalar product.
pub(crate) fn dot(a: Point, b: Point) -> f64 {
    a[0] * b[0] + a[1] * b[1]
}

/// The length.
pub(crate) fn norm(a: Point) -> f64 {
    a[0].hypot(a[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covariances_go_through_maps_and_measure_distances() {
        let turned = Sym2::through([0.0, -1.0, 1.0, 0.0], 4.0, 9.0);
        assert_eq!(turned, Sym2 { xx: 9.0, xy: 0.0, yy: 4.0 });
        assert_eq!(turned.largest_sd(), 3.0);
        assert_eq!(turned.distance2([3.0, 2.0]), 2.0);
        assert_eq!(Sym2::default().distance2([1.0, 0.0]), f64::INFINITY);
        let skew = Sym2 { xx: 2.0, xy: 1.0, yy: 2.0 };
        assert!((skew.largest_sd() - 3f64.sqrt()).abs() < 1e-12);
        assert!((skew.distance2([1.0, 1.0]) - 2.0 / 3.0).abs() < 1e-12);
    }
}
