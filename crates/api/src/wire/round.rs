//! Numbers as they are sent: as many digits as mean something, and never NaN or infinity, which
//! JSON does not have.

/// `value` to `digits` decimals; 0 where it is not finite. Never `-0`.
pub(super) fn round(value: f64, digits: i32) -> f64 {
    let scale = 10f64.powi(digits);
    let rounded = (value * scale).round() / scale;
    // Adding 0 turns -0 into 0.
    if rounded.is_finite() { rounded + 0.0 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_finite() {
        for (value, digits, text) in [
            (12.34, 1, "12.3"),
            (12.35, 1, "12.4"),
            (-0.04, 1, "0.0"),
            (0.12345, 3, "0.123"),
            (1_699_545_321.123_456, 3, "1699545321.123"),
            (f64::NAN, 1, "0.0"),
            (f64::NEG_INFINITY, 1, "0.0"),
            (f64::MAX, 1, "0.0"),
        ] {
            assert_eq!(format!("{:?}", round(value, digits)), text, "{value}");
        }
    }
}
