//! What many samples come to.

use serde_json::{Value, json};

/// Of a set of samples, in their unit.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Quantiles {
    pub(super) least: f64,
    pub(super) p50: f64,
    pub(super) p95: f64,
    pub(super) p99: f64,
    pub(super) most: f64,
}

impl Quantiles {
    /// All zero for no samples.
    pub(super) fn of(mut samples: Vec<f64>) -> Self {
        samples.sort_by(f64::total_cmp);
        let at = |q: f64| {
            let index = (q * samples.len().saturating_sub(1) as f64).round() as usize;
            samples.get(index).copied().unwrap_or_default()
        };
        Self { least: at(0.0), p50: at(0.5), p95: at(0.95), p99: at(0.99), most: at(1.0) }
    }

    /// With one decimal.
    pub(super) fn json(&self) -> Value {
        self.rounded_json(1)
    }

    /// With so many decimals.
    pub(super) fn rounded_json(&self, decimals: i32) -> Value {
        let round = |value: f64| rounded(value, decimals);
        json!({
            "min": round(self.least), "p50": round(self.p50), "p95": round(self.p95),
            "p99": round(self.p99), "max": round(self.most),
        })
    }
}

/// `value` with so many decimals.
pub(super) fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10f64.powi(decimals);
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_a_ramp_and_of_nothing() {
        let of = Quantiles::of((0..=100).rev().map(f64::from).collect());
        assert_eq!([of.least, of.p50, of.p95, of.p99, of.most], [0.0, 50.0, 95.0, 99.0, 100.0]);
        assert_eq!(Quantiles::of(Vec::new()), Quantiles::default());
        assert_eq!(Quantiles::of(vec![1.2345]).rounded_json(2)["p95"], 1.23);
    }
}
