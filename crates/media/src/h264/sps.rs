//! The sequence parameter set: profile, size, colour, rate, and whether pictures may be reordered.
//!
//! It is our own, not the crate h264-reader's, since many cameras send a VUI that is cut short or makes
//! no sense. h264-reader refuses such a parameter set as a whole; players show the stream, and so does
//! razz, which keeps what came before (see [`Sps::vui_damaged`]). The bit reader below it serves H.265
//! and slice headers as well, and all of it is fuzzed.

use razz_base::{PixelAspect, Size};

use super::{NalType, nal_type};
use crate::bits::{Bits, OutOfBits, SpsError};
use crate::colour::Colour;
use crate::vui::VuiHead;

/// A sequence parameter set (section 7.3.2.1.1), as far as razz needs it.
#[derive(Clone, PartialEq, Debug)]
pub struct Sps {
    /// `profile_idc`.
    pub profile_idc: u8,
    /// `constraint_set0_flag` (highest bit) to `constraint_set5_flag`, and two zero bits.
    pub constraint_flags: u8,
    /// `level_idc`: ten times the level (level 1b apart).
    pub level_idc: u8,
    /// `seq_parameter_set_id`, 0 to 31.
    pub id: u8,
    /// Size of the pictures after cropping, in luma samples.
    pub size: Size,
    /// Size before cropping: whole macroblocks.
    pub coded: Size,
    /// `chroma_format_idc`: 0 monochrome, 1 for 4:2:0, 2 for 4:2:2, 3 for 4:4:4.
    pub chroma_format: u8,
    /// Bits per luma sample, 8 to 14.
    pub bit_depth: u8,
    /// How to turn the samples into RGB.
    pub colour: Colour,
    /// The shape of its pixels, square where the VUI says nothing of it.
    pub pixel_aspect: PixelAspect,
    /// Frames per second by the VUI timing; `None` when it is absent. Cameras often leave it out,
    /// and sometimes it is wrong.
    pub frame_rate: Option<f64>,
    /// Bits of `frame_num`, 4 to 16.
    pub log2_max_frame_num: u8,
    /// How picture order is coded, 0 to 2; with 2, output order is decode order.
    pub pic_order_cnt_type: u8,
    /// Bits of `pic_order_cnt_lsb`, 4 to 16; `None` unless the type is 0.
    pub log2_max_poc_lsb: Option<u8>,
    /// Whether slice headers have `delta_pic_order_cnt`: type 1, without
    /// `delta_pic_order_always_zero_flag`.
    pub order_deltas: bool,
    /// `max_num_ref_frames`.
    pub max_num_ref_frames: u32,
    /// `gaps_in_frame_num_value_allowed_flag`: reference pictures may be left out on purpose.
    pub gaps_in_frame_num: bool,
    /// False for interlaced coding (fields or macroblock-adaptive).
    pub frame_mbs_only: bool,
    /// How many pictures may stand before another in decode order and after it in output order
    /// (`max_num_reorder_frames`), 0 to 16; `None` when the VUI does not say.
    pub max_num_reorder_frames: Option<u8>,
    /// The VUI ended early or made no sense from some point on; the values after that point are
    /// those of an absent VUI. Players go on with such a stream, so this is no error.
    pub vui_damaged: bool,
}

/// The largest width and height in macroblocks: level 6.2 allows the root of 8 * 139264 (A.3.1).
const MAX_SIDE_MBS: u32 = 1055;

/// Which sequence parameter set a NAL unit of type 7 is, 0 to 31, also where the rest of it cannot be
/// read. `None` when it is none.
pub fn sps_id(nal: &[u8]) -> Option<u8> {
    if nal_type(nal) != Some(NalType::Sps) {
        return None;
    }
    let mut bits = Bits::new(&nal[1..]);
    bits.u(24).ok()?; // profile_idc, constraint flags, level_idc
    bits.ue().ok().filter(|id| *id <= 31).map(|id| id as u8)
}

fn in_range(name: &'static str, value: u32, max: u32) -> Result<u32, SpsError> {
    if value <= max { Ok(value) } else { Err(SpsError::Range { name, value }) }
}

impl Sps {
    /// Reads a NAL unit of type 7, without start code, with emulation prevention bytes.
    ///
    /// # Errors
    /// When it is not an SPS, ends before its VUI, has a value outside its range, or has no
    /// picture left after cropping. A damaged VUI is no error; see [`Sps::vui_damaged`].
    pub fn parse(nal: &[u8]) -> Result<Self, SpsError> {
        if nal_type(nal) != Some(NalType::Sps) {
            return Err(SpsError::NotAnSps(nal_type(nal).map(NalType::as_u8)));
        }
        let mut bits = Bits::new(&nal[1..]);
        let profile_idc = bits.u8()?;
        let constraint_flags = bits.u8()?;
        let level_idc = bits.u8()?;
        let id = in_range("seq_parameter_set_id", bits.ue()?, 31)? as u8;
        let format = Format::read(&mut bits, profile_idc)?;
        let log2_max_frame_num = 4 + in_range("log2_max_frame_num_minus4", bits.ue()?, 12)? as u8;
        let pic_order_cnt_type = in_range("pic_order_cnt_type", bits.ue()?, 2)? as u8;
        let (log2_max_poc_lsb, order_deltas) = read_picture_order(&mut bits, pic_order_cnt_type)?;
        let max_num_ref_frames = in_range("max_num_ref_frames", bits.ue()?, 16)?;
        let gaps_in_frame_num = bits.flag()?; // gaps_in_frame_num_value_allowed_flag
        let side = MAX_SIDE_MBS - 1;
        let width_mbs = 1 + in_range("pic_width_in_mbs_minus1", bits.ue()?, side)?;
        let height_units = 1 + in_range("pic_height_in_map_units_minus1", bits.ue()?, side)?;
        let frame_mbs_only = bits.flag()?;
        if !frame_mbs_only {
            bits.flag()?; // mb_adaptive_frame_field_flag
        }
        bits.flag()?; // direct_8x8_inference_flag
        // A map unit of a stream that may hold fields is a pair of macroblocks (7.4.2.1.1).
        let field_factor = if frame_mbs_only { 1 } else { 2 };
        let coded = Size::new(16 * width_mbs, 16 * height_units * field_factor);
        let size = read_cropped(&mut bits, coded, &format, field_factor)?;

        let mut vui = Vui::default();
        let vui_damaged = bits.flag().and_then(|present| match present {
            true => vui.read(&mut bits),
            false => Ok(()),
        });
        Ok(Self {
            profile_idc,
            constraint_flags,
            level_idc,
            id,
            size,
            coded,
            chroma_format: format.chroma_format,
            bit_depth: format.bit_depth,
            colour: vui.head.colour(size.height),
            pixel_aspect: vui.head.pixel_aspect(),
            frame_rate: vui.frame_rate,
            log2_max_frame_num,
            pic_order_cnt_type,
            log2_max_poc_lsb,
            order_deltas,
            max_num_ref_frames,
            gaps_in_frame_num,
            frame_mbs_only,
            max_num_reorder_frames: vui.max_num_reorder_frames,
            vui_damaged: vui_damaged.is_err(),
        })
    }

    fn constraint_set(&self, index: u32) -> bool {
        self.constraint_flags >> (7 - index) & 1 == 1
    }

    /// The profile's name (Annex A, and RFC 6184 table 5 for Constrained Baseline).
    pub fn profile_name(&self) -> &'static str {
        let set = |index| self.constraint_set(index);
        match self.profile_idc {
            66 if set(1) => "Constrained Baseline",
            66 => "Baseline",
            77 if set(0) => "Constrained Baseline",
            77 => "Main",
            88 if set(0) && set(1) => "Constrained Baseline",
            88 if set(0) => "Baseline",
            88 => "Extended",
            100 if set(4) && set(5) => "Constrained High",
            100 if set(4) => "Progressive High",
            100 => "High",
            110 if set(3) => "High 10 Intra",
            110 => "High 10",
            122 if set(3) => "High 4:2:2 Intra",
            122 => "High 4:2:2",
            244 if set(3) => "High 4:4:4 Intra",
            244 => "High 4:4:4 Predictive",
            44 => "CAVLC 4:4:4 Intra",
            83 => "Scalable Baseline",
            86 => "Scalable High",
            118 => "Multiview High",
            128 => "Stereo High",
            _ => "unknown",
        }
    }

    /// `profile-level-id` of SDP (RFC 6184 section 8.1): profile, constraint flags, level.
    pub fn profile_level_id(&self) -> u32 {
        u32::from_be_bytes([0, self.profile_idc, self.constraint_flags, self.level_idc])
    }

    /// Whether output order may differ from decode order, as with B-frames.
    ///
    /// False is a promise. True may only mean that the stream does not say: most cameras send no
    /// B-frames and no promise either. Then [`has_b_slice`](super::has_b_slice) decides, frame by
    /// frame.
    pub fn may_reorder(&self) -> bool {
        // Type 2 forbids it (7.4.2.1.1); Baseline has no B slices (A.2.1); with constraint_set3
        // these profiles have I slices only (A.2.8 to A.2.11).
        let intra_only = matches!(self.profile_idc, 100 | 110 | 122 | 244)
            && self.constraint_set(3)
            || self.profile_idc == 44;
        let baseline = self.profile_name().ends_with("Baseline");
        !(self.pic_order_cnt_type == 2
            || baseline
            || intra_only
            || self.max_num_reorder_frames == Some(0))
    }
}

/// Sample format: what the High profiles add to the front of an SPS.
struct Format {
    chroma_format: u8,
    separate_planes: bool,
    bit_depth: u8,
}

impl Format {
    fn read(bits: &mut Bits<'_>, profile_idc: u8) -> Result<Self, SpsError> {
        if !matches!(
            profile_idc,
            100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135
        ) {
            return Ok(Self { chroma_format: 1, separate_planes: false, bit_depth: 8 });
        }
        let chroma_format = in_range("chroma_format_idc", bits.ue()?, 3)? as u8;
        let separate_planes = chroma_format == 3 && bits.flag()?;
        let bit_depth = 8 + in_range("bit_depth_luma_minus8", bits.ue()?, 6)? as u8;
        in_range("bit_depth_chroma_minus8", bits.ue()?, 6)?;
        bits.flag()?; // qpprime_y_zero_transform_bypass_flag
        if bits.flag()? {
            for index in 0..if chroma_format == 3 { 12 } else { 8 } {
                if bits.flag()? {
                    skip_scaling_list(bits, if index < 6 { 16 } else { 64 })?;
                }
            }
        }
        Ok(Self { chroma_format, separate_planes, bit_depth })
    }

    /// Luma samples per unit of cropping, across and down (table 6-1, equations 7-19 to 7-22).
    fn crop_unit(&self, field_factor: u32) -> (u32, u32) {
        let (across, down) = match self.chroma_format {
            1 => (2, 2),
            2 => (2, 1),
            // 4:4:4 (with or without separate planes) and monochrome.
            _ => (1, 1),
        };
        debug_assert!(!self.separate_planes || self.chroma_format == 3);
        (across, down * field_factor)
    }
}

/// Section 7.3.2.1.1.1, for its length only.
fn skip_scaling_list(bits: &mut Bits<'_>, length: u32) -> Result<(), OutOfBits> {
    let (mut last, mut next) = (8i32, 8i32);
    for _ in 0..length {
        if next != 0 {
            // delta_scale; wrapping, so that values out of range do no harm.
            next = last.wrapping_add(bits.se()?).rem_euclid(256);
        }
        if next != 0 {
            last = next;
        }
    }
    Ok(())
}

/// What follows `pic_order_cnt_type`; answers `log2_max_poc_lsb`, and whether slices have deltas.
fn read_picture_order(bits: &mut Bits<'_>, kind: u8) -> Result<(Option<u8>, bool), SpsError> {
    match kind {
        0 => {
            let minus4 = in_range("log2_max_pic_order_cnt_lsb_minus4", bits.ue()?, 12)?;
            Ok((Some(4 + minus4 as u8), false))
        }
        1 => {
            let always_zero = bits.flag()?; // delta_pic_order_always_zero_flag
            bits.se()?; // offset_for_non_ref_pic
            bits.se()?; // offset_for_top_to_bottom_field
            let cycle = in_range("num_ref_frames_in_pic_order_cnt_cycle", bits.ue()?, 255)?;
            for _ in 0..cycle {
                bits.se()?; // offset_for_ref_frame
            }
            Ok((None, !always_zero))
        }
        _ => Ok((None, false)),
    }
}

/// `frame_cropping_flag` and what it brings; answers the cropped size.
fn read_cropped(
    bits: &mut Bits<'_>,
    coded: Size,
    format: &Format,
    field_factor: u32,
) -> Result<Size, SpsError> {
    if !bits.flag()? {
        return Ok(coded);
    }
    let (across, down) = format.crop_unit(field_factor);
    let (left, right, top, bottom) = (bits.ue()?, bits.ue()?, bits.ue()?, bits.ue()?);
    let remaining = |side: u32, first: u32, second: u32, unit: u32| {
        let cropped = (u64::from(first) + u64::from(second)) * u64::from(unit);
        u64::from(side).checked_sub(cropped).filter(|left| *left > 0).map(|left| left as u32)
    };
    let width = remaining(coded.width, left, right, across).ok_or(SpsError::Cropping)?;
    let height = remaining(coded.height, top, bottom, down).ok_or(SpsError::Cropping)?;
    Ok(Size::new(width, height))
}

/// The video usability information (section E.1.1), as far as razz needs it.
#[derive(Default)]
struct Vui {
    head: VuiHead,
    frame_rate: Option<f64>,
    max_num_reorder_frames: Option<u8>,
}

impl Vui {
    /// Fills in what it reads, so that what came before an error stands.
    fn read(&mut self, bits: &mut Bits<'_>) -> Result<(), OutOfBits> {
        self.head.read(bits)?;
        // timing_info_present_flag
        if bits.flag()? {
            let (num_units_in_tick, time_scale) = (bits.u(32)?, bits.u(32)?);
            bits.flag()?; // fixed_frame_rate_flag
            if num_units_in_tick > 0 && time_scale > 0 {
                // A tick is a field's time (E.2.1).
                self.frame_rate =
                    Some(f64::from(time_scale) / (2.0 * f64::from(num_units_in_tick)));
            }
        }
        let nal_hrd = bits.flag()?;
        if nal_hrd {
            skip_hrd(bits)?;
        }
        let vcl_hrd = bits.flag()?;
        if vcl_hrd {
            skip_hrd(bits)?;
        }
        if nal_hrd || vcl_hrd {
            bits.flag()?; // low_delay_hrd_flag
        }
        bits.flag()?; // pic_struct_present_flag
        // bitstream_restriction_flag
        if bits.flag()? {
            bits.flag()?; // motion_vectors_over_pic_boundaries_flag
            for _ in 0..4 {
                // max_bytes_per_pic_denom, max_bits_per_mb_denom, log2_max_mv_length_horizontal
                // and _vertical
                bits.ue()?;
            }
            let reorder = bits.ue()?;
            let buffering = bits.ue()?;
            // E.2.1: reorder frames are at most the buffer's, and that at most 16.
            if reorder > buffering || buffering > 16 {
                return Err(bits.error());
            }
            self.max_num_reorder_frames = Some(reorder as u8);
        }
        Ok(())
    }
}

/// `hrd_parameters()` (section E.1.2), for its length only.
fn skip_hrd(bits: &mut Bits<'_>) -> Result<(), OutOfBits> {
    let count = bits.ue()?; // cpb_cnt_minus1
    if count > 31 {
        return Err(bits.error());
    }
    bits.u(8)?; // bit_rate_scale, cpb_size_scale
    for _ in 0..=count {
        bits.ue()?; // bit_rate_value_minus1
        bits.ue()?; // cpb_size_value_minus1
        bits.flag()?; // cbr_flag
    }
    bits.u(20)?; // three delay lengths, time_offset_length
    Ok(())
}

#[cfg(test)]
mod tests;
