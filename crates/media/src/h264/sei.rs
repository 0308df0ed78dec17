//! Supplemental enhancement information: recovery points.

use super::{NalType, nal_type, nal_units};
use crate::bits::{Bits, OutOfBits};

/// `payloadType` of a recovery point (section D.1.1).
const RECOVERY_POINT: u32 = 6;

/// From which frame on the picture is right when decoding begins at this access unit, if it says so: its
/// `recovery_frame_cnt` (section D.2.8), 0 when that is this frame itself.
///
/// Streams without IDR have recovery points instead: I pictures, or P pictures of which a part is
/// refreshed at a time (intra refresh).
pub fn recovery_point(annex_b: &[u8]) -> Option<u32> {
    nal_units(annex_b)
        // Section 7.4.1.2.3: before the first slice.
        .take_while(|nal| !nal_type(nal).is_some_and(NalType::is_vcl))
        .find_map(recovery_point_of)
}

/// The same of one NAL unit; `None` when it is not a SEI, or has no recovery point.
pub(crate) fn recovery_point_of(nal: &[u8]) -> Option<u32> {
    if nal_type(nal) != Some(NalType::Sei) {
        return None;
    }
    find(&nal[1..]).ok().flatten()
}

/// Reads the messages of a SEI (section 7.3.2.3.1).
fn find(payload: &[u8]) -> Result<Option<u32>, OutOfBits> {
    let mut bits = Bits::new(payload);
    loop {
        let (kind, size) = (read_number(&mut bits)?, read_number(&mut bits)?);
        if kind == RECOVERY_POINT {
            // Section D.1.8: recovery_frame_cnt comes first. It is below MaxFrameNum, 2^16 at most.
            return Ok(bits.ue().ok().filter(|count| *count < 1 << 16));
        }
        // After the last message only the trailing bits are left, which end this.
        bits.skip_bytes(size)?;
    }
}

/// `payloadType` or `payloadSize`: bytes of 255 each, and the rest.
fn read_number(bits: &mut Bits<'_>) -> Result<u32, OutOfBits> {
    let mut number = 0u32;
    loop {
        let byte = bits.u8()?;
        number = number.saturating_add(u32::from(byte));
        if byte != 0xFF {
            return Ok(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovery_points_are_found() {
        let long = [&[0x06, 5, 0xFF, 1][..], &[0xAA; 256], &[6, 1, 0xC4, 0x80]].concat();
        let emulation = [0x06, 5, 5, 0, 0, 3, 1, 0, 0, 3, 6, 1, 0xC4, 0x80];
        for (nal, expected) in [
            // recovery_frame_cnt 0: "1", exact_match_flag "1", broken_link_flag "0", ...
            (&[0x06, 6, 1, 0xC4, 0x80][..], Some(0)),
            // 1 ("010"), 29 ("000011110").
            (&[0x06, 6, 1, 0b0101_0010, 0x80], Some(1)),
            (&[0x06, 6, 2, 0b0000_1111, 0b0100_0100, 0x80], Some(29)),
            // After a buffering period, a picture timing, a long message, one with emulation prevention.
            (&[0x06, 0, 2, 0xC0, 0x10, 1, 1, 0x12, 6, 1, 0xC4, 0x80], Some(0)),
            (&long, Some(0)),
            (&emulation, Some(0)),
            // None; cut off; out of range; another NAL unit type.
            (&[0x06, 1, 1, 0x12, 0x80], None),
            (&[0x06, 5, 200, 1, 2, 3], None),
            (&[0x06, 6, 1], None),
            (&[0x06, 6], None),
            (&[0x06, 0xFF, 0xFF], None),
            (&[0x06, 6, 5, 0, 0, 0x80, 0, 0x80, 0x80], None),
            (&[0x67, 6, 1, 0xC4, 0x80], None),
            (&[0x06], None),
            (&[], None),
        ] {
            assert_eq!(recovery_point_of(nal), expected, "{nal:02x?}");
        }
    }

    #[test]
    fn of_an_access_unit_what_stands_before_the_slices() {
        let [sps, sei, point, p]: [&[u8]; 4] =
            [&[0x67, 1], &[0x06, 1, 1, 0x12, 0x80], &[0x06, 6, 1, 0xC4, 0x80], &[0x41, 0x9A]];
        for (nals, expected) in [
            (&[sps, sei, point, p][..], Some(0)),
            (&[point, p], Some(0)),
            (&[sei, p], None),
            (&[p, point], None),
            (&[p], None),
            (&[], None),
        ] {
            let annex_b: Vec<u8> =
                nals.iter().flat_map(|nal| [&[0, 0, 1], *nal].concat()).collect();
            assert_eq!(recovery_point(&annex_b), expected, "{nals:02x?}");
        }
    }
}
