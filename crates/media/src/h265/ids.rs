//! Which video and picture parameter set a NAL unit is.

use super::nal::HEADER;
use super::{NalType, nal_type};
use crate::bits::Bits;

/// Which video parameter set a NAL unit of type 32 is (section 7.3.2.1), 0 to 15. `None` when it is
/// none.
pub fn vps_id(nal: &[u8]) -> Option<u8> {
    (nal_type(nal) == Some(NalType::Vps)).then(|| nal.get(HEADER).map(|byte| byte >> 4))?
}

/// Which picture parameter set a NAL unit of type 34 is, and which sequence parameter set it goes by
/// (section 7.3.2.3.1): ids of 0 to 63 and 0 to 15. `None` when it is none, or has other ids.
pub fn pps_ids(nal: &[u8]) -> Option<(u8, u8)> {
    if nal_type(nal) != Some(NalType::Pps) {
        return None;
    }
    let mut bits = Bits::new(&nal[HEADER..]);
    let id = bits.ue().ok().filter(|id| *id <= 63)?;
    let sps = bits.ue().ok().filter(|sps| *sps <= 15)?;
    // At least dependent_slice_segments_enabled_flag follows.
    bits.flag().ok()?;
    Some((id as u8, sps as u8))
}

/// By which picture parameter set a slice goes, 0 to 63, and whether it is its picture's first (section
/// 7.3.6.1). `None` when it is no slice.
pub fn slice_start(nal: &[u8]) -> Option<(u8, bool)> {
    let kind = nal_type(nal).filter(|kind| kind.is_vcl())?;
    let mut bits = Bits::new(&nal[HEADER..]);
    let first = bits.flag().ok()?; // first_slice_segment_in_pic_flag
    if kind.is_irap() {
        bits.flag().ok()?; // no_output_of_prior_pics_flag
    }
    let pps = bits.ue().ok().filter(|pps| *pps <= 63)?;
    Some((pps as u8, first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_parameter_sets() {
        for (nal, vps, pps) in [
            (&[0x40, 1, 0x0C, 1][..], Some(0), None),
            (&[0x40, 1, 0xFC, 1], Some(15), None),
            (&[0x40, 1], None, None),
            (&[0x40], None, None),
            (&[0x44, 1, 0xC1, 0x72], None, Some((0, 0))),
            (&[0x44, 1, 0b0100_1110], None, Some((1, 2))),
            // 63 is "0000001000000", 64 "0000001000001", 16 "000010001".
            (&[0x44, 1, 0b0000_0010, 0b0000_0110], None, Some((63, 0))),
            (&[0x44, 1, 0b0000_0010, 0b0000_1110], None, None),
            (&[0x44, 1, 0b1000_0100, 0b0110_0000], None, None),
            (&[0x44, 1], None, None),
            (&[0x42, 1, 0xC1], None, None),
            (&[], None, None),
        ] {
            assert_eq!(vps_id(nal), vps, "{nal:02x?}");
            assert_eq!(pps_ids(nal), pps, "{nal:02x?}");
        }
    }

    #[test]
    fn slices_name_their_parameter_set() {
        for (nal, expected) in [
            // An IDR's has one more flag in front.
            (&[0x26, 1, 0b1010_0000][..], Some((0, true))),
            (&[0x26, 1, 0b0001_0000], Some((1, false))),
            (&[0x02, 1, 0b1101_0000], Some((0, true))),
            (&[0x02, 1, 0b0011_0000], Some((2, false))),
            (&[0x10, 1, 0b1000_0001, 0b0000_0000], Some((63, true))),
            (&[0x10, 1, 0b1000_0001, 0b0000_0100], None),
            (&[0x42, 1, 0b1010_0000], None),
            (&[0x02, 1], None),
            (&[], None),
        ] {
            assert_eq!(slice_start(nal), expected, "{nal:02x?}");
        }
    }
}
