//! NAL unit headers, and where a decoder can begin.

use crate::h264::nal_units;

/// Bytes of a NAL unit header (section 7.3.1.2; RFC 7798 section 1.1.4).
pub(crate) const HEADER: usize = 2;

/// What a NAL unit holds: its `nal_unit_type` (table 7-1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum NalType {
    /// 0 to 9: a slice of a picture that others may be needed for.
    Slice(u8),
    /// 16 to 18: a slice of a broken link access (BLA) picture.
    Bla(u8),
    /// 19 and 20: a slice of an IDR.
    Idr(u8),
    /// 21: a slice of a clean random access (CRA) picture.
    Cra,
    /// 32: video parameter set.
    Vps,
    /// 33: sequence parameter set.
    Sps,
    /// 34: picture parameter set.
    Pps,
    /// 35: access unit delimiter.
    Aud,
    /// 39 and 40: supplemental enhancement information before and after the slices.
    Sei(u8),
    /// Any other type, 0 to 63: ends of sequence and stream, filler, reserved, and what RFC 7798 uses
    /// for aggregation and fragmentation.
    Other(u8),
}

impl NalType {
    /// From the first byte of a NAL unit header.
    pub fn from_header(first: u8) -> Self {
        match first >> 1 & 0x3F {
            kind @ 0..=9 => Self::Slice(kind),
            kind @ 16..=18 => Self::Bla(kind),
            kind @ 19..=20 => Self::Idr(kind),
            21 => Self::Cra,
            32 => Self::Vps,
            33 => Self::Sps,
            34 => Self::Pps,
            35 => Self::Aud,
            kind @ 39..=40 => Self::Sei(kind),
            other => Self::Other(other),
        }
    }

    /// The `nal_unit_type`, 0 to 63.
    pub fn as_u8(self) -> u8 {
        match self {
            Self::Slice(kind)
            | Self::Bla(kind)
            | Self::Idr(kind)
            | Self::Sei(kind)
            | Self::Other(kind) => kind,
            Self::Cra => 21,
            Self::Vps => 32,
            Self::Sps => 33,
            Self::Pps => 34,
            Self::Aud => 35,
        }
    }

    /// Whether it carries coded picture data of a kind that is defined.
    pub fn is_vcl(self) -> bool {
        matches!(self, Self::Slice(_) | Self::Bla(_) | Self::Idr(_) | Self::Cra)
    }

    /// Whether decoding can begin at its picture: an intra random access point (IRAP), which is an IDR,
    /// CRA or BLA picture.
    pub fn is_irap(self) -> bool {
        matches!(self, Self::Bla(_) | Self::Idr(_) | Self::Cra)
    }

    /// Whether its picture may refer to one before the intra random access point that it follows in
    /// decode order: a random access skipped leading (RASL) picture, not to be decoded where decoding
    /// began at that point.
    pub fn is_rasl(self) -> bool {
        matches!(self, Self::Slice(8 | 9))
    }

    /// Whether its picture is shown before the intra random access point that it follows in decode order,
    /// and is decodable from there: a random access decodable leading (RADL) picture.
    pub fn is_radl(self) -> bool {
        matches!(self, Self::Slice(6 | 7))
    }

    /// Whether it belongs to a picture that is decodable alone, and nothing after it in decode order
    /// looks back past it.
    ///
    /// An IDR always is one. After a CRA or BLA picture, "skipped" leading pictures (RASL) may come
    /// that look back; they are shown before it, so there are none where the stream never `reorders`
    /// (section 3.131: what is shown after it may not look back).
    pub fn is_key(self, reorders: bool) -> bool {
        match self {
            Self::Idr(_) => true,
            Self::Cra | Self::Bla(_) => !reorders,
            _ => false,
        }
    }
}

/// The type of a NAL unit (without start code); `None` when it is shorter than its header.
pub fn nal_type(nal: &[u8]) -> Option<NalType> {
    (nal.len() >= HEADER).then(|| NalType::from_header(nal[0]))
}

/// Whether a NAL unit has a header that decoders of one layer take (section 7.4.2.2): forbidden bit
/// clear, layer 0, `nuh_temporal_id_plus1` not 0, and something behind it.
pub fn is_well_formed(nal: &[u8]) -> bool {
    matches!(nal, [first, second, _, ..] if first & 0x81 == 0 && second >> 3 == 0 && second & 7 != 0)
}

/// What kind of picture an access unit holds: the type of its first slice. `None` without a slice.
pub fn picture_type(annex_b: &[u8]) -> Option<NalType> {
    nal_units(annex_b).filter_map(nal_type).find(|kind| kind.is_vcl())
}

/// Whether a decoder that knows nothing can begin with this access unit of a stream that does not
/// reorder: VPS, SPS and PPS stand in front, and its first slice is a key picture's first.
///
/// When the packets that a loss took are the very first ones of a run, nothing but this tells.
pub fn can_start(annex_b: &[u8]) -> bool {
    let (mut vps, mut sps, mut pps) = (false, false, false);
    for nal in nal_units(annex_b) {
        match nal_type(nal) {
            Some(NalType::Vps) => vps = true,
            // Each is read by means of the one before.
            Some(NalType::Sps) => sps = vps,
            Some(NalType::Pps) => pps = sps,
            Some(kind) if kind.is_vcl() => {
                // Section 7.3.6.1: first_slice_segment_in_pic_flag comes first.
                let first = nal.get(HEADER).is_some_and(|byte| byte & 0x80 != 0);
                return pps && first && kind.is_key(false);
            }
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_go_both_ways() {
        for first in 0..=255u8 {
            assert_eq!(NalType::from_header(first).as_u8(), first >> 1 & 0x3F);
        }
        for (nal, expected) in [
            (&[0x40, 0x01][..], Some(NalType::Vps)),
            (&[0x42, 0x01], Some(NalType::Sps)),
            (&[0x44, 0x01], Some(NalType::Pps)),
            (&[0x26, 0x01], Some(NalType::Idr(19))),
            (&[0x28, 0x01], Some(NalType::Idr(20))),
            (&[0x2A, 0x01], Some(NalType::Cra)),
            (&[0x02, 0x01], Some(NalType::Slice(1))),
            (&[0x4E, 0x01], Some(NalType::Sei(39))),
            (&[0x62, 0x01], Some(NalType::Other(49))),
            (&[0x40], None),
            (&[], None),
        ] {
            assert_eq!(nal_type(nal), expected, "{nal:02x?}");
        }
    }

    #[test]
    fn headers_that_are_none_are_told() {
        for (nal, expected) in [
            (&[0x40, 0x01, 0x0C][..], true),
            (&[0x02, 0x07, 0x0C], true),
            (&[0xC0, 0x01, 0x0C], false),
            // Layer 32 and 1, temporal id −1, nothing behind the header.
            (&[0x41, 0x01, 0x0C], false),
            (&[0x40, 0x09, 0x0C], false),
            (&[0x40, 0x00, 0x0C], false),
            (&[0x40, 0x01], false),
            (&[], false),
        ] {
            assert_eq!(is_well_formed(nal), expected, "{nal:02x?}");
        }
    }

    #[test]
    fn key_pictures() {
        for kind in 0..64u8 {
            let keys =
                [false, true].map(|reorders| NalType::from_header(kind << 1).is_key(reorders));
            let expected = match kind {
                16..=18 | 21 => [true, false],
                19 | 20 => [true, true],
                _ => [false, false],
            };
            assert_eq!(keys, expected, "{kind}");
        }
    }

    #[test]
    fn where_decoding_begins_and_what_is_left_out_then() {
        for kind in 0..64u8 {
            let found = NalType::from_header(kind << 1);
            let told = (found.is_irap(), found.is_rasl(), found.is_radl());
            let expected = match kind {
                16..=21 => (true, false, false),
                8 | 9 => (false, true, false),
                6 | 7 => (false, false, true),
                _ => (false, false, false),
            };
            assert_eq!(told, expected, "{kind}");
        }
        for (annex_b, expected) in [
            (&[0, 0, 1, 0x46, 1, 0x50, 0, 0, 1, 0x2A, 1, 0xAF][..], Some(NalType::Cra)),
            (&[0, 0, 0, 1, 0x10, 1, 0xD0, 0, 0, 1, 0x02, 1, 0x40], Some(NalType::Slice(8))),
            (&[0, 0, 1, 0x42, 1, 0xAF], None),
            (&[], None),
        ] {
            assert_eq!(picture_type(annex_b), expected, "{annex_b:02x?}");
        }
    }

    #[test]
    fn a_key_picture_with_its_parameter_sets_can_start() {
        let [vps, sps, pps, sei, aud]: [&[u8]; 5] =
            [&[0x40, 1, 1], &[0x42, 1, 1], &[0x44, 1, 1], &[0x4E, 1, 1], &[0x46, 1, 0x50]];
        // The first slice of a picture, and a later one.
        let [idr, rest, cra, p]: [&[u8]; 4] =
            [&[0x26, 1, 0xAF], &[0x26, 1, 0x2F], &[0x2A, 1, 0xAF], &[0x02, 1, 0xD0]];
        for (nals, expected) in [
            (&[vps, sps, pps, idr][..], true),
            (&[aud, vps, sps, pps, sei, idr, rest], true),
            (&[vps, sps, pps, cra], true),
            (&[vps, sps, pps, rest], false),
            (&[vps, sps, pps, p], false),
            (&[sps, pps, idr], false),
            (&[vps, pps, idr], false),
            (&[vps, sps, idr], false),
            (&[pps, sps, vps, idr], false),
            (&[idr, vps, sps, pps], false),
            (&[vps, sps, pps, &[0x26, 1]], false),
            (&[vps, sps, pps], false),
            (&[], false),
        ] {
            let annex_b: Vec<u8> =
                nals.iter().flat_map(|nal| [&[0, 0, 1], *nal].concat()).collect();
            assert_eq!(can_start(&annex_b), expected, "{nals:02x?}");
        }
    }
}
