//! How much process noise a scene needs, learned from the prediction errors.
//!
//! In a filter whose noises are right, the errors of successive predictions are uncorrelated (R. K.
//! Mehra, "On the identification of variances and adaptive Kalman filtering", IEEE Transactions on
//! Automatic Control 15(2), 1970). Where they alternate in sign the gain is too high: the filter
//! runs after the detector's noise, its velocities point anywhere, and who is hidden for a moment
//! is looked for in the wrong place. Then the process noise is lowered, for all tracks alike, until
//! the errors stop alternating.
//!
//! It is never raised above what the settings say: errors that agree in sign come from agile
//! objects, but as well from boxes that shrink while something slides in front of them, and a
//! filter that follows those loses more than it gains (measured on every set of the evaluation).

/// Errors remembered, about; more of them fade.
const MEMORY: f64 = 2000.0;
/// With fewer than this nothing is concluded.
const LEAST: f64 = 50.0;
/// Of one update so many count at most, so that a crowd is not learned from faster than it moves.
const MOST_AT_ONCE: f64 = 40.0;
/// The noise is lowered to e⁻² of its standard deviation at most.
const CALMEST: f64 = -2.0;
/// One wild error counts as four standard deviations.
const WILD: f64 = 16.0;

/// The scene's process noise relative to the settings.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SceneNoise {
    /// Sums over pairs of successive errors: products, squares of the later one, their number.
    products: f64,
    squares: f64,
    samples: f64,
    /// Samples since the last conclusion.
    fresh: f64,
    /// Natural logarithm of the factor.
    log: f64,
}

impl SceneNoise {
    /// Two successive prediction errors of one track, each in its own standard deviations.
    pub(super) fn observe(&mut self, earlier: f64, later: f64) {
        self.products += (later * earlier).clamp(-WILD, WILD);
        self.squares += (later * later).min(WILD);
        self.samples += 1.0;
        self.fresh += 1.0;
    }

    /// Concludes from what was observed; once per update.
    pub(super) fn settle(&mut self, rate: f64) {
        let fresh = std::mem::take(&mut self.fresh).min(MOST_AT_ONCE);
        if self.samples > MEMORY {
            let fade = MEMORY / self.samples;
            self.products *= fade;
            self.squares *= fade;
            self.samples = MEMORY;
        }
        if self.samples > LEAST && self.squares > 0.0 {
            let correlation = self.products / self.squares;
            let log = self.log + rate * fresh * correlation;
            self.log = if log.is_finite() { log.clamp(CALMEST, 0.0) } else { 0.0 };
        }
    }

    /// What the standard deviations of the process noise are to be multiplied by, e⁻² to 1.
    pub(super) fn factor(&self) -> f64 {
        self.log.exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kalman::Axis;

    /// Follows one coordinate with the filter that the noise tunes; the factor at the end.
    fn followed(truth: impl Fn(f64) -> f64, detector_noise: f64) -> f64 {
        let (mut noise, mut seed) = (SceneNoise::default(), 1_u64);
        let mut axis = Axis::new(truth(0.0), 0.1, 0.06);
        let mut before: Option<f64> = None;
        for i in 1..3000 {
            let q = noise.factor();
            axis.advance(4.0, 4.0, 0.05 * q, q / 160.0);
            // A linear congruential generator (Knuth's MMIX) is random enough.
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let random = (seed >> 11) as f64 / (1_u64 << 53) as f64 * 2.0 - 1.0;
            let measured = truth(f64::from(i)) + detector_noise * random;
            let error = axis.surprise(measured, 0.05);
            if let Some(before) = before {
                noise.observe(before, error);
            }
            before = Some(error);
            axis.correct(measured, 0.05);
            noise.settle(0.01);
        }
        noise.factor()
    }

    #[test]
    fn a_noisy_detector_calms_the_filters_and_a_dancer_does_not() {
        for (name, factor, low, high) in [
            ("who walks straight, seen badly", followed(|i| 0.3 * i, 0.15), 0.1, 0.5),
            ("who dances, seen well", followed(|i| (i / 3.0).sin(), 0.005), 0.95, 1.0),
        ] {
            assert!((low..=high).contains(&factor), "{name}: {factor}");
        }
    }

    #[test]
    fn nothing_is_concluded_from_little_or_from_nonsense() {
        let mut noise = SceneNoise::default();
        for _ in 0..20 {
            noise.observe(1.0, -1.0);
            noise.settle(0.01);
        }
        assert_eq!(noise.factor(), 1.0);
        for value in [f64::NAN, f64::INFINITY] {
            let mut noise = SceneNoise::default();
            for _ in 0..200 {
                noise.observe(value, -value);
                noise.settle(0.01);
            }
            assert!((0.1..=1.0).contains(&noise.factor()), "{value}: {}", noise.factor());
        }
    }
}
