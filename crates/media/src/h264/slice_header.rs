//! The beginning of a slice header: enough to see where a picture begins.

use super::{NalType, Sps, nal_type};
use crate::bits::{Bits, OutOfBits};

/// The first numbers of a slice header (section 7.3.3), which need no parameter set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SliceStart {
    /// `first_mb_in_slice`: 0 where a picture begins.
    pub(crate) first_mb: u32,
    /// `pic_parameter_set_id`, 0 to 255.
    pub(crate) pps: u8,
}

/// What tells one picture from the next (section 7.4.1.2.4), as far as cameras set it: slices of one
/// picture have it equal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PictureId {
    /// `frame_num`.
    pub(crate) frame_num: u32,
    /// Whether it is a field of its own, and if so whether the bottom one.
    pub(crate) field: Option<Field>,
    /// `idr_pic_id`, of an IDR.
    pub(crate) idr: Option<u32>,
    /// `pic_order_cnt_lsb`, where the type of picture order is 0.
    pub(crate) order: Option<u32>,
}

/// `bottom_field_flag`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Field {
    Top,
    Bottom,
}

impl SliceStart {
    /// Reads it from a NAL unit of type 1 or 5, or the first bytes of one.
    pub(crate) fn read(nal: &[u8]) -> Option<Self> {
        let mut bits = slice_bits(nal)?;
        let first_mb = bits.ue().ok()?;
        bits.ue().ok()?; // slice_type
        let pps = u8::try_from(bits.ue().ok()?).ok()?;
        Some(Self { first_mb, pps })
    }
}

impl PictureId {
    /// Reads it from a NAL unit of type 1 or 5 that goes by `sps`, or the first bytes of one.
    pub(crate) fn read(nal: &[u8], sps: &Sps) -> Option<Self> {
        // With 4:4:4 a colour_plane_id may come in between; no camera sends that.
        if sps.chroma_format == 3 {
            return None;
        }
        let idr = nal_type(nal) == Some(NalType::Idr);
        Self::after_start(slice_bits(nal)?, sps, idr).ok()
    }

    fn after_start(mut bits: Bits<'_>, sps: &Sps, idr: bool) -> Result<Self, OutOfBits> {
        bits.ue()?; // first_mb_in_slice
        bits.ue()?; // slice_type
        bits.ue()?; // pic_parameter_set_id
        let frame_num = bits.u(u32::from(sps.log2_max_frame_num))?;
        // field_pic_flag, bottom_field_flag
        let field = match !sps.frame_mbs_only && bits.flag()? {
            true if bits.flag()? => Some(Field::Bottom),
            true => Some(Field::Top),
            false => None,
        };
        let idr = if idr { Some(bits.ue()?) } else { None };
        let order = match sps.log2_max_poc_lsb {
            Some(length) => Some(bits.u(u32::from(length))?),
            None => None,
        };
        Ok(Self { frame_num, field, idr, order })
    }

    /// Whether `next` is the other field of the same frame (section 3.30, complementary fields): the
    /// second of an IDR is none itself.
    pub(crate) fn is_other_field(&self, next: &Self) -> bool {
        let opposite = match (self.field, next.field) {
            (Some(first), Some(second)) => first != second,
            _ => false,
        };
        opposite
            && self.frame_num == next.frame_num
            && next.idr.is_none_or(|id| self.idr == Some(id))
    }
}

/// The `frame_num` of a slice (a NAL unit of type 1 or 5) that goes by `sps`; `None` where it cannot be read.
pub fn frame_num(nal: &[u8], sps: &Sps) -> Option<u32> {
    PictureId::read(nal, sps).map(|id| id.frame_num)
}

fn slice_bits(nal: &[u8]) -> Option<Bits<'_>> {
    matches!(nal_type(nal), Some(NalType::Slice | NalType::Idr)).then(|| Bits::new(&nal[1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Baseline, 640x480, picture order type 2, `frame_num` of 4 bits: no fields.
    const PROGRESSIVE: &[u8] = b"\x67\x42\xc0\x1f\x8c\x8d\x40\x50\x1e\x80";

    /// That `Sps` with other values.
    fn sps(frame_mbs_only: bool, log2_max_poc_lsb: Option<u8>) -> Sps {
        let sps = Sps::parse(PROGRESSIVE).unwrap();
        Sps { frame_mbs_only, log2_max_poc_lsb, log2_max_frame_num: 4, ..sps }
    }

    /// A NAL unit of this header byte and these bits.
    fn nal(header: u8, bits: &str) -> Vec<u8> {
        let bits: Vec<u8> = bits.bytes().filter(|bit| *bit != b' ').map(|bit| bit - b'0').collect();
        let bytes = bits
            .chunks(8)
            .map(|byte| byte.iter().enumerate().map(|(place, bit)| bit << (7 - place)).sum::<u8>());
        std::iter::once(header).chain(bytes).collect()
    }

    #[test]
    fn slice_headers_are_read() {
        let id = |frame_num, field, idr, order| Some(PictureId { frame_num, field, idr, order });
        use Field::{Bottom, Top};
        // (header, bits, fields possible, bits of picture order, start, id)
        for (header, bits, fields, order, start, expected) in [
            (0x41, "1 00110 1 0101", false, None, Some((0, 0)), id(5, None, None, None)),
            (0x65, "1 0001000 1 0000 011", false, None, Some((0, 0)), id(0, None, Some(2), None)),
            (
                0x41,
                "010 1 011 1111 0011",
                false,
                Some(4),
                Some((1, 2)),
                id(15, None, None, Some(3)),
            ),
            (0x41, "1 1 1 0001 0 0011", true, Some(4), Some((0, 0)), id(1, None, None, Some(3))),
            (
                0x41,
                "1 1 1 0001 10 0011",
                true,
                Some(4),
                Some((0, 0)),
                id(1, Some(Top), None, Some(3)),
            ),
            (0x65, "1 1 1 0001 11 1", true, None, Some((0, 0)), id(1, Some(Bottom), Some(0), None)),
            // A pic_parameter_set_id of 256; cut off; no slice.
            (0x41, "1 1 00000000100000001 0000", false, None, None, id(0, None, None, None)),
            (0x41, "", false, None, None, None),
            (0x67, "1 00110 1 0101", false, None, None, None),
            (0x42, "1 00110 1 0101", false, None, None, None),
        ] {
            let nal = nal(header, bits);
            let start = start.map(|(first_mb, pps)| SliceStart { first_mb, pps });
            assert_eq!(SliceStart::read(&nal), start, "{bits}");
            assert_eq!(PictureId::read(&nal, &sps(!fields, order)), expected, "{bits}");
        }
        let colour = Sps { chroma_format: 3, ..sps(true, None) };
        assert_eq!(PictureId::read(&nal(0x41, "1 00110 1 0101"), &colour), None);
    }

    #[test]
    fn fields_of_one_frame_are_told() {
        let id = |frame_num, field, idr| PictureId { frame_num, field, idr, order: None };
        use Field::{Bottom, Top};
        let first = id(3, Some(Top), None);
        for (first, next, differs, other_field) in [
            (first, first, false, false),
            (first, id(3, Some(Bottom), None), true, true),
            (id(3, Some(Bottom), None), first, true, true),
            // An IDR's second field is a P field, or an IDR of the same id.
            (id(0, Some(Top), Some(1)), id(0, Some(Bottom), None), true, true),
            (id(0, Some(Top), Some(1)), id(0, Some(Bottom), Some(1)), true, true),
            (id(0, Some(Top), Some(1)), id(0, Some(Bottom), Some(2)), true, false),
            (id(0, Some(Top), None), id(0, Some(Bottom), Some(2)), true, false),
            (first, id(4, Some(Bottom), None), true, false),
            (first, id(3, None, None), true, false),
            (id(3, None, None), id(4, None, None), true, false),
        ] {
            assert_eq!(first != next, differs, "{first:?} {next:?}");
            assert_eq!(first.is_other_field(&next), other_field, "{first:?} {next:?}");
        }
    }
}
