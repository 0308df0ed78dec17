//! The offsets of all cameras from those of their pairs: least squares over the graph.

use nalgebra::{DMatrix, DVector};
use razz_base::CameraId;

/// What one pair's offset is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct PairEstimate {
    /// The first camera.
    pub a: CameraId,
    /// The second.
    pub b: CameraId,
    /// Times of the second minus those of the first for one moment, in µs.
    pub ahead_us: f64,
    /// Standard deviation, in µs.
    pub sd_us: f64,
}

/// What one camera's times are ahead by.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct CameraOffset {
    /// The camera.
    pub camera: CameraId,
    /// Its times minus the right ones, in µs: take it off.
    pub ahead_us: f64,
    /// Standard deviation, in µs. Never below what is common to all cameras, which nothing they see tells.
    pub sd_us: f64,
    /// How far the pairs of this camera are from the solution, in µs (root of the mean square): cameras that contradict
    /// each other show here.
    pub residual_us: f64,
}

/// Solves for all cameras of `bounds` (camera, bound of its clock in µs) at once. The bounds count as three standard
/// deviations, so that cameras without pairs stay where they are, and the common error is shared fairly.
pub fn solve_offsets(bounds: &[(CameraId, i64)], pairs: &[PairEstimate]) -> Vec<CameraOffset> {
    let count = bounds.len();
    let place = |camera: CameraId| bounds.iter().position(|(other, _)| *other == camera);
    let mut normal = DMatrix::<f64>::zeros(count, count);
    let mut right = DVector::<f64>::zeros(count);
    for (n, (_, bound_us)) in bounds.iter().enumerate() {
        let sd_us = (*bound_us as f64 / 3.0).max(1_000.0);
        normal[(n, n)] += 1.0 / (sd_us * sd_us);
    }
    for pair in pairs {
        let (Some(a), Some(b)) = (place(pair.a), place(pair.b)) else { continue };
        let weight = 1.0 / pair.sd_us.max(1_000.0).powi(2);
        normal[(a, a)] += weight;
        normal[(b, b)] += weight;
        normal[(a, b)] -= weight;
        normal[(b, a)] -= weight;
        right[a] -= weight * pair.ahead_us;
        right[b] += weight * pair.ahead_us;
    }
    let Some(factor) = normal.cholesky() else { return Vec::new() };
    let (solution, covariance) = (factor.solve(&right), factor.inverse());
    let residual = |n: usize| {
        let own =
            pairs.iter().filter_map(|pair| Some((place(pair.a)?, place(pair.b)?, pair.ahead_us)));
        let own = own.filter(|(a, b, _)| *a == n || *b == n);
        let (sum, count) = own.fold((0.0, 0), |(sum, count), (a, b, ahead)| {
            (sum + (solution[b] - solution[a] - ahead).powi(2), count + 1)
        });
        if count == 0 { 0.0 } else { (sum / f64::from(count)).sqrt() }
    };
    let all = bounds.iter().enumerate();
    all.map(|(n, (camera, _))| CameraOffset {
        camera: *camera,
        ahead_us: solution[n],
        sd_us: covariance[(n, n)].sqrt(),
        residual_us: residual(n),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_agree_with_all_pairs_and_move_the_less_certain() {
        let id = |n| CameraId::new(n).unwrap();
        let bounds = [(id(1), 15_000), (id(2), 300_000), (id(3), 300_000), (id(4), 300_000)];
        let pair = |a, b, ahead_us| PairEstimate { a: id(a), b: id(b), ahead_us, sd_us: 10_000.0 };
        let pairs = [pair(1, 2, 200_000.0), pair(2, 3, -350_000.0), pair(3, 1, 150_000.0)];
        let solved = solve_offsets(&bounds, &pairs);
        for (n, want) in [0.0, 200_000.0, -150_000.0, 0.0].into_iter().enumerate() {
            assert!((solved[n].ahead_us - want).abs() < 6_000.0, "{:?}", solved[n]);
        }
        assert!(solved[1].sd_us < 15_000.0 && solved[3].sd_us > 90_000.0);
        assert!(solved[1].residual_us < 6_000.0);
        // One pair contradicts the others.
        let odd = [pairs[0], pairs[1], pair(3, 1, 450_000.0)];
        assert!(solve_offsets(&bounds, &odd)[2].residual_us > 60_000.0);
    }
}
