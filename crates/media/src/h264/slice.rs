//! The slice type, from the first two numbers of a slice header: enough to see B-frames.

use super::{NalType, nal_type, nal_units};
use crate::bits::{Bits, OutOfBits};

/// How the macroblocks of a slice may be predicted (table 7-6).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SliceType {
    /// From earlier pictures.
    P,
    /// From two pictures, one of which is usually shown later: decode order is not output order.
    B,
    /// From nothing but itself.
    I,
    /// Switching P.
    Sp,
    /// Switching I.
    Si,
}

/// A slice header that cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SliceError {
    /// Too short.
    #[error("slice header: {0}")]
    Truncated(#[from] OutOfBits),
    /// A `slice_type` that table 7-6 does not have.
    #[error("slice header: slice_type {0} is not 0 to 9")]
    Type(u32),
}

/// The slice type of a NAL unit (without start code); `None` when it holds no slice header.
///
/// # Errors
/// When the header ends early or names a type that does not exist.
pub fn slice_type(nal: &[u8]) -> Result<Option<SliceType>, SliceError> {
    // Partitions B and C (types 3 and 4) begin otherwise; partition A carries the header.
    let Some(NalType::Slice | NalType::PartitionA | NalType::Idr) = nal_type(nal) else {
        return Ok(None);
    };
    // Section 7.3.3: first_mb_in_slice, slice_type.
    let mut bits = Bits::new(&nal[1..]);
    bits.ue()?;
    let number = bits.ue()?;
    // 5 to 9 add only that all slices of the picture share the type.
    match number {
        0 | 5 => Ok(Some(SliceType::P)),
        1 | 6 => Ok(Some(SliceType::B)),
        2 | 7 => Ok(Some(SliceType::I)),
        3 | 8 => Ok(Some(SliceType::Sp)),
        4 | 9 => Ok(Some(SliceType::Si)),
        other => Err(SliceError::Type(other)),
    }
}

/// Whether a decoder that knows nothing can begin with this access unit: an SPS and a PPS stand in
/// front, and its first slice is an IDR's and begins at the first macroblock.
///
/// When the packets that a loss took are the very first ones of a run, nothing but this tells.
pub fn can_start(annex_b: &[u8]) -> bool {
    let (mut sps, mut pps) = (false, false);
    for nal in nal_units(annex_b) {
        match nal_type(nal) {
            Some(NalType::Sps) => sps = true,
            // A PPS is read by means of its SPS.
            Some(NalType::Pps) => pps = sps,
            Some(NalType::Idr) => return pps && Bits::new(&nal[1..]).ue() == Ok(0),
            Some(kind) if kind.is_vcl() => return false,
            _ => {}
        }
    }
    false
}

/// Whether any slice of an access unit is a B slice. False when it has no slices.
///
/// # Errors
/// When a slice header before the first B slice cannot be read.
pub fn has_b_slice(annex_b: &[u8]) -> Result<bool, SliceError> {
    for nal in nal_units(annex_b) {
        if slice_type(nal)? == Some(SliceType::B) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slice_types_of_a_few_headers() {
        for (nal, expected) in [
            // first_mb 0 ("1"), slice_type 7 ("0001000"): the usual IDR.
            (&[0x65, 0b1000_1000, 0x80][..], Ok(Some(SliceType::I))),
            // slice_type 5 ("00110").
            (&[0x41, 0b1001_1000], Ok(Some(SliceType::P))),
            // slice_type 0 ("1") and 1 ("010").
            (&[0x41, 0b1100_0000], Ok(Some(SliceType::P))),
            (&[0x01, 0b1010_0000], Ok(Some(SliceType::B))),
            // slice_type 6 ("00111").
            (&[0x01, 0b1001_1100], Ok(Some(SliceType::B))),
            (&[0x67, 0x42], Ok(None)),
            (&[], Ok(None)),
            (&[0x41], Err(SliceError::Truncated(OutOfBits { at_bit: 0 }))),
            // slice_type 10 ("0001011").
            (&[0x41, 0b1000_1011], Err(SliceError::Type(10))),
        ] {
            assert_eq!(slice_type(nal), expected, "{nal:02x?}");
        }
    }

    #[test]
    fn an_emulation_prevention_byte_in_the_header_is_skipped() {
        // first_mb_in_slice 2^23 - 1, 23 zeros in front ("0"*23 "1" "0"*23), then slice_type 1
        // ("010"): 00 00 01 00 00 00 80 before escaping.
        let escaped = [0x01, 0x00, 0x00, 0x03, 0x01, 0x00, 0x00, 0x03, 0x00, 0x80];
        assert_eq!(slice_type(&escaped), Ok(Some(SliceType::B)));
    }

    #[test]
    fn one_b_slice_is_enough() {
        let p = [0, 0, 1, 0x41, 0b1100_0000];
        let b = [0, 0, 0, 1, 0x01, 0b1010_0000];
        assert_eq!(has_b_slice(&[&p[..], &p[..]].concat()), Ok(false));
        assert_eq!(has_b_slice(&[&p[..], &b[..]].concat()), Ok(true));
        assert_eq!(has_b_slice(&[]), Ok(false));
    }

    #[test]
    fn an_idr_with_its_parameter_sets_can_start() {
        let [sps, pps, sei, aud]: [&[u8]; 4] = [&[0x67, 1], &[0x68, 1], &[0x06, 1], &[0x09, 1]];
        // first_mb_in_slice 0 and 1.
        let [idr, rest, p]: [&[u8]; 3] = [&[0x65, 0x88], &[0x65, 0x42], &[0x41, 0x9A]];
        for (nals, expected) in [
            (&[sps, pps, idr][..], true),
            (&[aud, sps, pps, sei, idr, rest], true),
            (&[sps, pps, rest], false),
            (&[sps, pps, p], false),
            (&[sps, idr], false),
            (&[pps, idr], false),
            (&[pps, sps, idr], false),
            (&[idr, sps, pps], false),
            (&[sps, pps, &[0x65]], false),
            (&[sps, pps], false),
            (&[], false),
        ] {
            let annex_b: Vec<u8> =
                nals.iter().flat_map(|nal| [&[0, 0, 1], *nal].concat()).collect();
            assert_eq!(can_start(&annex_b), expected, "{nals:02x?}");
        }
    }
}
