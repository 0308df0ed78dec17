//! What tracks teach about a plane: a small smooth correction on the ground.
//!
//! Four clicked points leave distortion, slope and the bias of feet; people whom several cameras see at once show what
//! is left. The correction is a polynomial of the second order in the place: an affine map bends nothing, and higher
//! orders run away at the rim of what was walked on.

use nalgebra::{SMatrix, SVector};

use crate::matrix::{Point, minus, norm};

/// Terms of the polynomial: 1, x, y, x², xy, y².
const TERMS: usize = 6;

/// How strongly no correction is preferred, in samples: by term, constant first. Slopes need a few dozen people's
/// steps, bends a few hundred.
const RIDGE: [f64; TERMS] = [1.0, 8.0, 8.0, 40.0, 40.0, 40.0];

/// Rounds of reweighting; the weights are those of Cauchy, so that a wrong pair counts little.
const REWEIGHTINGS: usize = 6;

/// A correction of places on the ground.
#[derive(Clone, PartialEq, Debug)]
pub struct Warp {
    /// Middle and half width of what it was learned on: the polynomial is in (place − middle) / half width.
    middle: Point,
    half_width: f64,
    /// The shift in metres, by term and axis.
    shift: [[f64; 2]; TERMS],
}

/// A place as the plane has it, and where it should be.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct WarpSample {
    /// Before the correction.
    pub from: Point,
    /// After it.
    pub to: Point,
    /// How much it counts; 1 for a usual one.
    pub weight: f64,
}

impl Warp {
    /// The correction that changes nothing, on a plane with that middle and half width (metres).
    pub fn identity(middle: Point, half_width: f64) -> Self {
        Self { middle, half_width: half_width.max(1e-6), shift: [[0.0; 2]; TERMS] }
    }

    /// The correction that takes the samples' places nearest to where they should be: least squares with Cauchy
    /// weights of the scale `scale_m` and a preference for no correction. `None` without samples.
    pub fn fit(samples: &[WarpSample], scale_m: f64) -> Option<Self> {
        let total: f64 = samples.iter().map(|sample| sample.weight).sum();
        if samples.is_empty() || total <= 0.0 || !total.is_finite() {
            return None;
        }
        let mean =
            |axis: usize| samples.iter().map(|s| s.weight * s.from[axis]).sum::<f64>() / total;
        let middle = [mean(0), mean(1)];
        let spread =
            samples.iter().map(|s| s.weight * norm(minus(s.from, middle)).powi(2)).sum::<f64>();
        let mut warp = Self::identity(middle, 2.0 * (spread / total).sqrt());
        for _ in 0..REWEIGHTINGS {
            let mut normal = SMatrix::<f64, TERMS, TERMS>::from_diagonal(&SVector::from(RIDGE));
            let mut right = SMatrix::<f64, TERMS, 2>::zeros();
            for sample in samples {
                let residual = norm(minus(sample.to, warp.apply(sample.from))) / scale_m;
                let weight = sample.weight / (1.0 + residual * residual);
                let terms = SVector::from(warp.terms(sample.from));
                let wanted = minus(sample.to, sample.from);
                normal += weight * terms * terms.transpose();
                right += weight * terms * nalgebra::RowVector2::new(wanted[0], wanted[1]);
            }
            let solved = normal.cholesky()?.solve(&right);
            warp.shift = std::array::from_fn(|term| [solved[(term, 0)], solved[(term, 1)]]);
        }
        Some(warp)
    }

    /// Where a place really is. Outside of what it was learned on the correction stays that of the rim.
    pub fn apply(&self, at: Point) -> Point {
        let terms = self.terms(at);
        let shift = |axis: usize| (0..TERMS).map(|t| terms[t] * self.shift[t][axis]).sum::<f64>();
        [at[0] + shift(0), at[1] + shift(1)]
    }

    /// The place that the correction takes to `at`, by fixed-point iteration; `None` where that does not settle, which
    /// is far outside of where anybody walked.
    pub fn inverse(&self, at: Point) -> Option<Point> {
        let mut from = at;
        for _ in 0..20 {
            let miss = minus(at, self.apply(from));
            from = [from[0] + miss[0], from[1] + miss[1]];
        }
        (norm(minus(at, self.apply(from))) < 0.01).then_some(from)
    }

    fn terms(&self, at: Point) -> [f64; TERMS] {
        let [x, y] = minus(at, self.middle).map(|v| (v / self.half_width).clamp(-2.0, 2.0));
        [1.0, x, y, x * x, x * y, y * y]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(bend: impl Fn(Point) -> Point) -> Vec<WarpSample> {
        let grid = (0..400).map(|n| [f64::from(n % 20) * 0.5 - 5.0, f64::from(n / 20) * 0.4]);
        grid.map(|from| WarpSample { from, to: bend(from), weight: 1.0 }).collect()
    }

    #[test]
    fn a_bend_is_learned_and_undone() {
        let bend = |[x, y]: Point| [x + 0.3 + 0.02 * y + 0.01 * x * x, y - 0.2 + 0.03 * x];
        let warp = Warp::fit(&samples(bend), 0.3).unwrap();
        for at in [[0.0, 0.0], [-4.0, 7.0], [3.0, 2.0]] {
            let error = norm(minus(warp.apply(at), bend(at)));
            assert!(error < 0.12, "{at:?} {error}");
            let back = warp.inverse(warp.apply(at)).unwrap();
            assert!(norm(minus(back, at)) < 1e-3);
        }
    }

    #[test]
    fn wrong_pairs_count_little_and_nothing_is_learned_from_nothing() {
        let mut some = samples(|[x, y]| [x + 0.2, y]);
        for sample in some.iter_mut().step_by(7) {
            sample.to = [sample.to[0] + 6.0, sample.to[1] - 4.0];
        }
        let moved = Warp::fit(&some, 0.3).unwrap().apply([1.0, 3.0]);
        assert!(norm(minus(moved, [1.2, 3.0])) < 0.1, "{moved:?}");
        assert_eq!(Warp::fit(&[], 0.3), None);
    }
}
