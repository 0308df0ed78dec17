//! Grey pictures for a decoder that begins at an IDR only, so that it can begin at a recovery point;
//! and slices renumbered to go on from them.

use super::bit_writer::BitWriter;
use super::cabac::{Context, Encoder};
use super::{
    NalType, Sps, nal_type, nal_units, pps_ids, with_emulation_prevention,
    without_emulation_prevention,
};
use crate::bits::{Bits, OutOfBits};

/// `slice_type` 7: all slices of the picture are I slices (table 7-6).
const I_SLICES: u32 = 7;
/// Of a picture at level 5.2 (table A-1).
const MOST_MACROBLOCKS: u32 = 36_864;

/// What a decoder is shown before a picture at which only a recovery point stands.
///
/// The grey pictures are as many as the stream refers back to at most, since a slice may name any of
/// them; the first is an IDR.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grey {
    /// An access unit each in Annex B, without parameter sets.
    pub pictures: Vec<Vec<u8>>,
    /// Bits of `frame_num`, for [`with_frame_num`].
    pub log2_max_frame_num: u8,
    /// `frame_num` of the picture that they were made for.
    pub frame_num: u32,
}

impl Grey {
    /// For the picture that begins with `slice` (type 1), by its parameter sets among `sets`, an
    /// Annex B stream. Of several with one id the last counts.
    ///
    /// `None` where they are not there or cannot be read, and for what has no grey pictures here:
    /// interlaced, other than 8-bit 4:2:0, with slice groups, larger than level 5.2 allows.
    pub fn for_slice(slice: &[u8], sets: &[u8]) -> Option<Self> {
        if nal_type(slice) != Some(NalType::Slice) {
            return None;
        }
        let mut bits = Bits::new(&slice[1..]);
        bits.ue().ok()?; // first_mb_in_slice
        bits.ue().ok()?; // slice_type
        let id = bits.ue().ok()?;
        let of_id = |nal: &&[u8]| pps_ids(nal).is_some_and(|(pps, _)| u32::from(pps) == id);
        let pps = Pps::parse(nal_units(sets).filter(of_id).last()?)?;
        let of_pps = |sps: &Sps| u32::from(sps.id) == pps.sps;
        let sps = nal_units(sets).filter_map(|nal| Sps::parse(nal).ok()).filter(of_pps).last()?;
        if !sps.frame_mbs_only || sps.chroma_format != 1 || sps.bit_depth != 8 {
            return None;
        }
        if (sps.coded.width / 16) * (sps.coded.height / 16) > MOST_MACROBLOCKS {
            return None;
        }
        let frame_num = bits.u(u32::from(sps.log2_max_frame_num)).ok()?;
        let order = match sps.log2_max_poc_lsb {
            Some(length) => bits.u(u32::from(length)).ok()?,
            None => 0,
        };
        // One fewer than there are numbers, so that the first real picture has one of its own.
        let count = sps.max_num_ref_frames.clamp(1, (1 << sps.log2_max_frame_num) - 1);
        let pictures = (0..count).map(|n| picture(&sps, &pps, n, order, count)).collect();
        Some(Self { pictures, log2_max_frame_num: sps.log2_max_frame_num, frame_num })
    }

    /// What to add to each `frame_num` for the pictures to go on from these.
    pub fn shift(&self) -> u32 {
        (self.pictures.len() as u32).wrapping_sub(self.frame_num)
    }
}

/// A slice (a NAL unit of type 1, or 2 of data partitioning) with `shift` added to its `frame_num`,
/// modulo `MaxFrameNum`; and what `frame_num` was. `None` when it ends before.
pub fn with_frame_num(slice: &[u8], log2_max_frame_num: u8, shift: u32) -> Option<(Vec<u8>, u32)> {
    let mut plain = without_emulation_prevention(slice);
    let mut bits = Bits::new(slice.get(1..)?);
    for _ in 0..3 {
        bits.ue().ok()?; // first_mb_in_slice, slice_type, pic_parameter_set_id
    }
    // The NAL unit header comes before what is read here.
    let start = 8 + bits.error().at_bit;
    let length = u32::from(log2_max_frame_num);
    let old = bits.u(length).ok()?;
    let new = old.wrapping_add(shift) & ((1 << length) - 1);
    for n in 0..length {
        let at = start + n as usize;
        let mask = 0x80 >> (at % 8);
        let byte = plain.get_mut(at / 8)?;
        if new >> (length - 1 - n) & 1 == 1 {
            *byte |= mask;
        } else {
            *byte &= !mask;
        }
    }
    Some((with_emulation_prevention(&plain), old))
}

/// What a slice header needs of a picture parameter set (section 7.3.2.2).
struct Pps {
    id: u32,
    sps: u32,
    cabac: bool,
    bottom_field_order: bool,
    qp: i32,
    deblocking_control: bool,
    redundant_pictures: bool,
}

impl Pps {
    fn parse(nal: &[u8]) -> Option<Self> {
        Self::read(&mut Bits::new(nal.get(1..)?)).ok().flatten()
    }

    fn read(bits: &mut Bits<'_>) -> Result<Option<Self>, OutOfBits> {
        let (id, sps) = (bits.ue()?, bits.ue()?);
        let (cabac, bottom_field_order) = (bits.flag()?, bits.flag()?);
        // num_slice_groups_minus1
        if bits.ue()? > 0 {
            return Ok(None);
        }
        bits.ue()?; // num_ref_idx_l0_default_active_minus1
        bits.ue()?; // num_ref_idx_l1_default_active_minus1
        bits.u(3)?; // weighted_pred_flag, weighted_bipred_idc
        let qp = bits.se()?; // pic_init_qp_minus26
        bits.se()?; // pic_init_qs_minus26
        bits.se()?; // chroma_qp_index_offset
        let deblocking_control = bits.flag()?;
        bits.flag()?; // constrained_intra_pred_flag
        let redundant_pictures = bits.flag()?;
        let qp = qp.clamp(-26, 25) + 26;
        Ok(Some(Self {
            id,
            sps,
            cabac,
            bottom_field_order,
            qp,
            deblocking_control,
            redundant_pictures,
        }))
    }
}

/// Grey picture `n` of `count`, of which number 0 is an IDR; `order` is the `pic_order_cnt_lsb` of the
/// picture after them.
fn picture(sps: &Sps, pps: &Pps, n: u32, order: u32, count: u32) -> Vec<u8> {
    let idr = n == 0;
    let mut bits = BitWriter::default();
    // nal_ref_idc 3.
    bits.u(8, if idr { 0x65 } else { 0x61 });
    // slice_header() (section 7.3.3).
    bits.ue(0); // first_mb_in_slice
    bits.ue(I_SLICES);
    bits.ue(pps.id);
    bits.u(u32::from(sps.log2_max_frame_num), n);
    if idr {
        bits.ue(0); // idr_pic_id
    }
    if let Some(length) = sps.log2_max_poc_lsb {
        // They stand just before the picture that follows, at two for each frame. An IDR should have order
        // 0 (section 8.2.1), and no decoder insists on it; those that put pictures in order would take a
        // step back after it for B-frames.
        bits.u(u32::from(length), order.wrapping_sub(2 * (count - n)) & ((1 << length) - 1));
    }
    // delta_pic_order_cnt_bottom, or delta_pic_order_cnt[0] and [1]
    let has_lsb = sps.log2_max_poc_lsb.is_some();
    let deltas = u32::from(sps.order_deltas)
        + u32::from(pps.bottom_field_order && (has_lsb || sps.order_deltas));
    for _ in 0..deltas {
        bits.ue(0);
    }
    if pps.redundant_pictures {
        bits.ue(0); // redundant_pic_cnt
    }
    // dec_ref_pic_marking(): no_output_of_prior_pics_flag and long_term_reference_flag, or
    // adaptive_ref_pic_marking_mode_flag
    bits.u(if idr { 2 } else { 1 }, 0);
    bits.ue(0); // slice_qp_delta
    if pps.deblocking_control {
        bits.ue(1); // disable_deblocking_filter_idc
    }
    let (across, down) = (sps.coded.width / 16, sps.coded.height / 16);
    if pps.cabac {
        while !bits.is_aligned() {
            bits.flag(true); // cabac_alignment_one_bit
        }
        grey_cabac(&mut bits, across, down, pps.qp);
    } else {
        for _ in 0..across * down {
            // mb_type 3 (I_16x16_2_0_0), intra_chroma_pred_mode 0 (DC), mb_qp_delta 0, and a
            // coeff_token without coefficients: "00100", "1", "1", "1".
            bits.u(8, 0b0010_0111);
        }
        bits.flag(true); // rbsp_stop_one_bit
    }
    let mut annex_b = vec![0, 0, 0, 1];
    annex_b.extend_from_slice(&with_emulation_prevention(bits.bytes()));
    annex_b
}

/// The same macroblocks, arithmetically coded (section 9.3), with the slice's end.
fn grey_cabac(bits: &mut BitWriter, across: u32, down: u32, qp: i32) {
    let context = |mn| Context::new(mn, qp);
    // Table 9-13, ctxIdx 3 to 10, in I slices.
    let mut mb_type =
        [(20, -15), (2, 54), (3, 74), (-28, 127), (-23, 104), (-6, 53), (-1, 54), (7, 51)]
            .map(context);
    // Table 9-16, ctxIdx 64 and 60.
    let (mut chroma_mode, mut qp_delta) = (context((-9, 83)), context((0, 41)));
    // Table 9-18, ctxIdx 85 to 88, in I slices.
    let mut coded_block = [(-17, 123), (-12, 115), (-16, 122), (-11, 115)].map(context);
    let mut encoder = Encoder::new(bits);
    for row in 0..down {
        for column in 0..across {
            let (left, above) = (usize::from(column > 0), usize::from(row > 0));
            // mb_type I_16x16_2_0_0 is "1 0 0 0 1 0" (table 9-36). The first bin goes by the
            // neighbours that are not I_NxN (section 9.3.3.1.1.3); the second is a terminate bin;
            // the last two go by the fourth (section 9.3.3.1.2).
            encoder.decision(&mut mb_type[left + above], true);
            encoder.terminate(false);
            for (context, bin) in [(3, false), (4, false), (6, true), (7, false)] {
                encoder.decision(&mut mb_type[context], bin);
            }
            encoder.decision(&mut chroma_mode, false);
            encoder.decision(&mut qp_delta, false);
            // coded_block_flag of Intra16x16DCLevel: neighbours that are not there count as coded
            // (section 9.3.3.1.1.9).
            encoder.decision(&mut coded_block[(1 - left) + 2 * (1 - above)], false);
            // end_of_slice_flag
            encoder.terminate(row + 1 == down && column + 1 == across);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::h264::{PictureId, SliceType, slice_type};

    /// High, 1280x720, of an x264 file: frame_num of 4 bits, picture order of 6.
    const SPS: &[u8] = &[
        0x67, 0x64, 0x00, 0x1f, 0xac, 0xd9, 0x40, 0x50, 0x05, 0xbb, 0x01, 0x6a, 0x02, 0x02, 0x02,
        0x80, 0x00, 0x00, 0x03, 0x00, 0x80, 0x00, 0x00, 0x1e, 0x07, 0x8c, 0x18,
    ];

    /// PPS `id` of SPS 0 by hand.
    fn pps(id: u32, cabac: bool) -> Vec<u8> {
        let mut bits = BitWriter::default();
        bits.u(8, 0x68);
        bits.ue(id);
        bits.ue(0);
        bits.flag(cabac);
        bits.flag(false);
        (0..3).for_each(|_| bits.ue(0));
        bits.u(3, 0);
        (0..3).for_each(|_| bits.ue(0));
        bits.u(3, 0b100);
        bits.flag(true);
        bits.bytes().to_vec()
    }

    /// A P slice with the fields up to the picture order, and bytes that want protection.
    fn slice(pps: u32, sps: &Sps, frame_num: u32) -> Vec<u8> {
        let mut bits = BitWriter::default();
        bits.u(8, 0x41);
        bits.ue(0);
        bits.ue(5);
        bits.ue(pps);
        bits.u(u32::from(sps.log2_max_frame_num), frame_num);
        bits.u(u32::from(sps.log2_max_poc_lsb.unwrap()), 20);
        bits.u(32, 0);
        bits.u(24, 1);
        bits.flag(true);
        with_emulation_prevention(bits.bytes())
    }

    fn annex_b(nals: &[&[u8]]) -> Vec<u8> {
        nals.iter().flat_map(|nal| [&[0, 0, 1], *nal].concat()).collect()
    }

    #[test]
    fn grey_pictures_are_numbered_towards_the_first_real_one() {
        let sps = Sps::parse(SPS).unwrap();
        assert_eq!(sps.coded, razz_base::Size::new(1280, 720));
        for cabac in [false, true] {
            let sets = annex_b(&[SPS, &pps(0, !cabac), &pps(3, cabac)]);
            let first = slice(3, &sps, 9);
            let grey = Grey::for_slice(&first, &sets).unwrap();
            assert_eq!(grey.pictures.len() as u32, sps.max_num_ref_frames);
            let parts = grey.pictures.iter().map(Vec::as_slice).chain([&first[..]]);
            let (shifted, old) =
                with_frame_num(&first, grey.log2_max_frame_num, grey.shift()).unwrap();
            assert_eq!(old, 9);
            for (n, annex_b) in parts.take(grey.pictures.len()).enumerate() {
                let nal = nal_units(annex_b).next().unwrap();
                let id = PictureId::read(nal, &sps).unwrap();
                assert_eq!((id.frame_num, id.idr), (n as u32, (n == 0).then_some(0)));
                assert_eq!(slice_type(nal), Ok(Some(SliceType::I)));
            }
            let id = PictureId::read(&shifted, &sps).unwrap();
            assert_eq!((id.frame_num, id.order), (grey.pictures.len() as u32, Some(20)));
        }
    }

    #[test]
    fn only_the_number_changes_and_wraps() {
        let sps = Sps::parse(SPS).unwrap();
        let length = sps.log2_max_frame_num;
        let max = 1u32 << length;
        for (old, shift, new) in
            [(0, 0, 0), (9, 1, 10), (max - 1, 1, 0), (0, 1u32.wrapping_sub(9), max - 8)]
        {
            let (shifted, read) = with_frame_num(&slice(0, &sps, old), length, shift).unwrap();
            assert_eq!(read, old);
            assert_eq!(shifted, slice(0, &sps, new), "{old} by {shift}");
        }
        for end in 0..3 {
            assert_eq!(with_frame_num(&slice(300, &sps, 0)[..end], length, 1), None);
        }
    }

    #[test]
    fn without_its_parameter_sets_there_is_none() {
        let sps = Sps::parse(SPS).unwrap();
        let first = slice(1, &sps, 0);
        for sets in
            [vec![], annex_b(&[SPS]), annex_b(&[SPS, &pps(0, true)]), annex_b(&[&pps(1, true)])]
        {
            assert_eq!(Grey::for_slice(&first, &sets), None);
        }
        let whole = annex_b(&[SPS, &pps(1, true)]);
        assert!(Grey::for_slice(&first, &whole).is_some());
        assert_eq!(Grey::for_slice(&[0x65, 0x88, 0x80], &whole), None);
        assert_eq!(Grey::for_slice(&[], &whole), None);
        for end in 0..whole.len() {
            Grey::for_slice(&first, &whole[..end]);
        }
    }
}
