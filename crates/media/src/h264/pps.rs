//! The picture parameter set, as far as which it is.

use super::{NalType, nal_type};
use crate::bits::Bits;

/// Which picture parameter set a NAL unit of type 8 is, and which sequence parameter set it goes by
/// (section 7.3.2.2): ids of 0 to 255 and 0 to 31. `None` when it is none, or has other ids.
pub fn pps_ids(nal: &[u8]) -> Option<(u8, u8)> {
    if nal_type(nal) != Some(NalType::Pps) {
        return None;
    }
    let mut bits = Bits::new(&nal[1..]);
    let id = u8::try_from(bits.ue().ok()?).ok()?;
    let sps = u8::try_from(bits.ue().ok()?).ok().filter(|sps| *sps <= 31)?;
    // At least entropy_coding_mode_flag follows.
    bits.flag().ok()?;
    Some((id, sps))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_picture_parameter_sets() {
        for (nal, expected) in [
            // ue(0) ue(0): "1" "1"; ue(1) ue(2): "010" "011"; as the encoders write them.
            (&[0x68, 0xCE, 0x3C, 0x80][..], Some((0, 0))),
            (&[0x68, 0b0100_1110], Some((1, 2))),
            // 255 is "00000000100000000", 256 is "00000000100000001".
            (&[0x68, 0b0000_0000, 0b1000_0000, 0b0110_0000], Some((255, 0))),
            (&[0x68, 0b0000_0000, 0b1000_0000, 0b1110_0000], None),
            // A sequence parameter set 32: "00000100001".
            (&[0x68, 0b1000_0010, 0b0001_1100], None),
            (&[0x68, 0b1100_0000], Some((0, 0))),
            (&[0x68], None),
            (&[0x68, 0], None),
            (&[0x67, 0xCE, 0x3C, 0x80], None),
            (&[], None),
        ] {
            assert_eq!(pps_ids(nal), expected, "{nal:02x?}");
        }
    }
}
