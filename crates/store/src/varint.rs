//! Numbers in as few bytes as they need: seven bits each, the lowest first, the high bit on all but the last (LEB128).

/// Appends a number.
pub(crate) fn put(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Takes a number from the front; `None`, and nothing taken, where there is none.
pub(crate) fn take(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for (n, byte) in rest.iter().enumerate().take(10) {
        let bits = u64::from(byte & 0x7F);
        if n == 9 && bits > 1 {
            return None;
        }
        number |= bits << (7 * n);
        if byte & 0x80 == 0 {
            *rest = &rest[n + 1..];
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_take_as_many_bytes_as_they_need() {
        for (number, bytes) in
            [(0, 1), (127, 1), (128, 2), (16_383, 2), (16_384, 3), (u64::MAX, 10)]
        {
            let mut out = Vec::new();
            put(number, &mut out);
            assert_eq!((out.len(), take(&mut &out[..])), (bytes, Some(number)), "{number}");
        }
        for none in [&[][..], &[0x80], &[0xFF; 10], &[0x80, 0x80]] {
            assert_eq!(take(&mut &none[..]), None, "{none:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_numbers_come_out_as_they_went_in(numbers in prop::collection::vec(any::<u64>(), 0..20)) {
            let mut out = Vec::new();
            numbers.iter().for_each(|number| put(*number, &mut out));
            let mut rest = &out[..];
            let got: Vec<u64> = std::iter::from_fn(|| take(&mut rest)).collect();
            prop_assert_eq!(got, numbers);
            prop_assert!(rest.is_empty());
        }
    }
}
