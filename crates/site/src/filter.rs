//! The motion of one identity on the ground: a Kalman filter of constant velocity.
//!
//! State x, y, vx, vy; the acceleration is white noise (Bar-Shalom, Li and Kirubarajan, *Estimation with Applications to
//! Tracking and Navigation*, 2001, section 6.2.2).

use nalgebra::{Matrix2, Matrix2x4, Matrix4, Vector2, Vector4};

use crate::matrix::{Point, Sym2};
use crate::plane::Place;

/// Standard deviation of the acceleration, in m/s² over a second: people start, stop and turn within one.
const ACCELERATION: f64 = 1.2;

/// Standard deviation of a speed that nothing is known of, in m/s: people walk at 1.4.
const FIRST_SPEED_SD: f64 = 1.2;

/// Feet of one camera err alike for about a second, so that ten a second are not ten times as good.
const CORRELATED: f64 = 3.0;

/// A place that is further off than so many squared standard deviations is a blunder, and counts less the further.
const BLUNDER: f64 = 9.0;

/// How fast what is not seen comes to rest, in seconds: it may as well have turned.
const REST_S: f64 = 1.5;

/// Where something is, how fast it goes, and how well both are known.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Motion {
    state: Vector4<f64>,
    cov: Matrix4<f64>,
}

impl Motion {
    /// At rest at a first place, as far as is known.
    pub fn new(place: &Place) -> Self {
        let Place { at, cov } = place;
        let mut start = Matrix4::zeros();
        let first = [[cov.xx, cov.xy], [cov.xy, cov.yy]];
        for (row, values) in first.iter().enumerate() {
            for (col, value) in values.iter().enumerate() {
                start[(row, col)] = *value;
            }
        }
        start[(2, 2)] = FIRST_SPEED_SD * FIRST_SPEED_SD;
        start[(3, 3)] = start[(2, 2)];
        Self { state: Vector4::new(at[0], at[1], 0.0, 0.0), cov: start }
    }

    /// `seconds` later, with nothing seen since. `unseen` when nothing was seen before either: then it comes to rest.
    pub fn predict(&mut self, seconds: f64, unseen: bool) {
        if seconds <= 0.0 {
            return;
        }
        let kept = if unseen { (-seconds / REST_S).exp() } else { 1.0 };
        let moved = if unseen { REST_S * (1.0 - kept) } else { seconds };
        let mut step = Matrix4::identity();
        for axis in 0..2 {
            step[(axis, axis + 2)] = moved;
            step[(axis + 2, axis + 2)] = kept;
        }
        self.state = step * self.state;
        self.cov = step * self.cov * step.transpose();
        let q = ACCELERATION * ACCELERATION;
        let (q1, q2, q3) = (q * seconds, q * seconds.powi(2) / 2.0, q * seconds.powi(3) / 3.0);
        for axis in 0..2 {
            self.cov[(axis, axis)] += q3;
            self.cov[(axis, axis + 2)] += q2;
            self.cov[(axis + 2, axis)] += q2;
            self.cov[(axis + 2, axis + 2)] += q1;
        }
        // What is not seen still walks no faster than people do.
        if unseen {
            for axis in 2..4 {
                let excess =
                    (FIRST_SPEED_SD * FIRST_SPEED_SD / self.cov[(axis, axis)]).min(1.0).sqrt();
                for other in 0..4 {
                    self.cov[(axis, other)] *= excess;
                    self.cov[(other, axis)] *= excess;
                }
            }
        }
    }

    /// Takes a place that was seen.
    pub fn correct(&mut self, place: &Place) {
        let observe = Matrix2x4::new(1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0);
        let innovation = Vector2::from(place.at) - observe * self.state;
        let prior = observe * self.cov * observe.transpose();
        let Sym2 { xx, xy, yy } = place.cov.times(CORRELATED);
        let noise = Matrix2::new(xx, xy, xy, yy);
        let Some(inverse) = (prior + noise).try_inverse() else { return };
        let surprise = (innovation.transpose() * inverse * innovation)[0];
        let inflate = if surprise > BLUNDER { surprise / BLUNDER } else { 1.0 };
        let Some(inverse) = (prior + noise * inflate).try_inverse() else { return };
        let gain = self.cov * observe.transpose() * inverse;
        self.state += gain * innovation;
        self.cov -= gain * observe * self.cov;
        self.cov = (self.cov + self.cov.transpose()) * 0.5;
    }

    /// Where it is, in metres.
    pub fn at(&self) -> Point {
        [self.state[0], self.state[1]]
    }

    /// How fast it goes, in metres a second.
    pub fn velocity(&self) -> Point {
        [self.state[2], self.state[3]]
    }

    /// How well its place is known.
    pub fn cov(&self) -> Sym2 {
        Sym2 { xx: self.cov[(0, 0)], xy: self.cov[(0, 1)], yy: self.cov[(1, 1)] }
    }

    /// The same in a frame that moved: what a merged identity takes over.
    pub fn place(&self) -> Place {
        Place { at: self.at(), cov: self.cov() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(at: Point, sd: f64) -> Place {
        Place { at, cov: Sym2::round(sd) }
    }

    #[test]
    fn a_walker_is_followed_and_predicted() {
        let mut motion = Motion::new(&seen([0.0, 0.0], 0.2));
        for step in 1..40 {
            motion.predict(0.1, false);
            let wobble = if step % 2 == 0 { 0.1 } else { -0.1 };
            motion.correct(&seen([0.14 * f64::from(step), wobble], 0.2));
        }
        let [vx, vy] = motion.velocity();
        assert!((vx - 1.4).abs() < 0.2 && vy.abs() < 0.2, "{vx} {vy}");
        let known = motion.cov().largest_sd();
        assert!(known < 0.25, "{known}");
        motion.predict(1.0, false);
        assert!((motion.at()[0] - 6.86).abs() < 0.3, "{:?}", motion.at());
        assert!(motion.cov().largest_sd() > 2.0 * known);
    }

    #[test]
    fn a_blunder_hardly_moves_it() {
        let mut motion = Motion::new(&seen([0.0, 0.0], 0.2));
        for _ in 0..30 {
            motion.predict(0.1, false);
            motion.correct(&seen([0.0, 0.0], 0.2));
        }
        motion.predict(0.1, false);
        motion.correct(&seen([8.0, 0.0], 0.2));
        assert!(motion.at()[0] < 0.4, "{:?}", motion.at());
    }

    #[test]
    fn what_is_not_seen_comes_to_rest() {
        let mut motion = Motion::new(&seen([0.0, 0.0], 0.2));
        for step in 1..30 {
            motion.predict(0.1, false);
            motion.correct(&seen([0.14 * f64::from(step), 0.0], 0.2));
        }
        let left = motion.at()[0];
        for _ in 0..100 {
            motion.predict(0.1, true);
        }
        let gone = motion.at()[0] - left;
        assert!((1.5..2.5).contains(&gone), "{gone}");
        let sd = motion.cov().largest_sd();
        assert!((2.0..12.0).contains(&sd), "{sd}");
    }
}
