//! The sequence parameter set: profile, tier and level, size, colour, and whether pictures are reordered.

use razz_base::{PixelAspect, Size};

use super::nal::HEADER;
use super::{NalType, nal_type};
use crate::bits::{Bits, OutOfBits, SpsError};
use crate::colour::Colour;

mod rest;

/// What a decoder must master (section 7.3.3, annex A).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ProfileTierLevel {
    /// The least demanding profile that the stream says it keeps to, as `profile-id` in SDP (RFC 7798
    /// section 7.1): 1 Main, 2 Main 10, 3 Main Still Picture, 4 range extensions, ... 0 to 31.
    pub profile: u8,
    /// High tier; else Main tier. They differ in the bit rates that they allow.
    pub high_tier: bool,
    /// `general_level_idc`, as `level-id` in SDP: thirty times the level, so 93 is level 3.1.
    pub level: u8,
}

/// A sequence parameter set (section 7.3.2.2.1), as far as razz needs it.
#[derive(Clone, PartialEq, Debug)]
pub struct Sps {
    /// `sps_seq_parameter_set_id`, 0 to 15.
    pub id: u8,
    /// What a decoder must master.
    pub profile_tier_level: ProfileTierLevel,
    /// Size of the pictures after cropping, in luma samples.
    pub size: Size,
    /// Size before cropping: whole coding blocks.
    pub coded: Size,
    /// `chroma_format_idc`: 0 monochrome, 1 for 4:2:0, 2 for 4:2:2, 3 for 4:4:4.
    pub chroma_format: u8,
    /// Bits per luma sample, 8 to 16.
    pub bit_depth: u8,
    /// How many pictures may stand before another in decode order and after it in output order
    /// (`sps_max_num_reorder_pics` of the highest sub-layer), 0 to 15. Above 0 there may be B-frames,
    /// and decoders hold pictures back whether there are or not.
    pub max_num_reorder_pics: u8,
    /// How many pictures a decoder must keep at a time (`sps_max_dec_pic_buffering_minus1` of the highest
    /// sub-layer, plus one), 1 to 16.
    pub max_dec_pic_buffering: u8,
    /// Width and height of a coding tree block in luma samples: 16, 32 or 64. `None` where the parameter
    /// set ends before it, or names another.
    pub coding_tree_block: Option<u32>,
    /// How to turn the samples into RGB.
    pub colour: Colour,
    /// The shape of its pixels, square where the VUI says nothing of it.
    pub pixel_aspect: PixelAspect,
    /// What follows the order of pictures ended early or made no sense from some point on; the values
    /// after that point are those of a parameter set that does not give them. Players go on with such a
    /// stream, so this is no error.
    pub rest_damaged: bool,
}

/// The largest width and height in luma samples: the root of 8 * 35651584, level 6.2's (A.4.1).
const MAX_SIDE: u32 = 16_888;

fn in_range(name: &'static str, value: u32, min: u32, max: u32) -> Result<u32, SpsError> {
    if (min..=max).contains(&value) { Ok(value) } else { Err(SpsError::Range { name, value }) }
}

impl Sps {
    /// Reads a NAL unit of type 33, without start code, with emulation prevention bytes.
    ///
    /// # Errors
    /// When it is not an SPS, ends before the order of pictures, has a value outside its range up to
    /// there, or has no picture left after cropping. Damage after that is no error; see
    /// [`Sps::rest_damaged`].
    pub fn parse(nal: &[u8]) -> Result<Self, SpsError> {
        if nal_type(nal) != Some(NalType::Sps) {
            return Err(SpsError::NotAnSps(nal_type(nal).map(NalType::as_u8)));
        }
        let mut bits = Bits::new(&nal[HEADER..]);
        bits.u(4)?; // sps_video_parameter_set_id
        let sub_layers = in_range("sps_max_sub_layers_minus1", bits.u(3)?, 0, 6)?;
        bits.flag()?; // sps_temporal_id_nesting_flag
        let profile_tier_level = ProfileTierLevel::read(&mut bits, sub_layers)?;
        let id = in_range("sps_seq_parameter_set_id", bits.ue()?, 0, 15)? as u8;
        let chroma_format = in_range("chroma_format_idc", bits.ue()?, 0, 3)? as u8;
        if chroma_format == 3 {
            bits.flag()?; // separate_colour_plane_flag
        }
        let width = in_range("pic_width_in_luma_samples", bits.ue()?, 1, MAX_SIDE)?;
        let height = in_range("pic_height_in_luma_samples", bits.ue()?, 1, MAX_SIDE)?;
        let coded = Size::new(width, height);
        let size = read_cropped(&mut bits, coded, chroma_format)?;
        let bit_depth = 8 + in_range("bit_depth_luma_minus8", bits.ue()?, 0, 8)? as u8;
        in_range("bit_depth_chroma_minus8", bits.ue()?, 0, 8)?;
        let minus4 = in_range("log2_max_pic_order_cnt_lsb_minus4", bits.ue()?, 0, 12)?;
        let (max_dec_pic_buffering, max_num_reorder_pics) = read_ordering(&mut bits, sub_layers)?;
        let mut rest = rest::Rest::default();
        let rest_damaged = rest.read(&mut bits, 4 + minus4).is_err();
        Ok(Self {
            id,
            profile_tier_level,
            size,
            coded,
            chroma_format,
            bit_depth,
            max_num_reorder_pics,
            max_dec_pic_buffering,
            coding_tree_block: rest.coding_tree_block,
            colour: rest.vui.colour(size.height),
            pixel_aspect: rest.vui.pixel_aspect(),
            rest_damaged,
        })
    }

    /// Whether a picture may be shown before one that comes earlier: there may be B-frames.
    pub fn may_reorder(&self) -> bool {
        self.max_num_reorder_pics > 0
    }
}

/// Which sequence parameter set a NAL unit of type 33 is, 0 to 15, also where the rest of it cannot be
/// read. `None` when it is none.
pub fn sps_id(nal: &[u8]) -> Option<u8> {
    if nal_type(nal) != Some(NalType::Sps) {
        return None;
    }
    let mut bits = Bits::new(&nal[HEADER..]);
    bits.u(4).ok()?; // sps_video_parameter_set_id
    let sub_layers = bits.u(3).ok().filter(|sub_layers| *sub_layers <= 6)?;
    bits.flag().ok()?; // sps_temporal_id_nesting_flag
    ProfileTierLevel::read(&mut bits, sub_layers).ok()?;
    bits.ue().ok().filter(|id| *id <= 15).map(|id| id as u8)
}

impl ProfileTierLevel {
    /// The profile in words (annex A).
    pub fn profile_name(self) -> &'static str {
        match self.profile {
            1 => "Main",
            2 => "Main 10",
            3 => "Main Still Picture",
            4 => "Format Range Extensions",
            5 => "High Throughput",
            9 => "Screen Content Coding",
            11 => "High Throughput Screen Content Coding",
            _ => "unknown",
        }
    }

    /// `profile_tier_level(1, sub_layers)` (section 7.3.3).
    fn read(bits: &mut Bits<'_>, sub_layers: u32) -> Result<Self, OutOfBits> {
        bits.u(2)?; // general_profile_space
        let high_tier = bits.flag()?;
        let profile_idc = bits.u(5)? as u8;
        let compatible = bits.u(32)?;
        skip(bits, 48)?; // source and constraint flags
        let level = bits.u8()?;
        let mut present = Vec::with_capacity(sub_layers as usize);
        for _ in 0..sub_layers {
            present.push((bits.flag()?, bits.flag()?));
        }
        if sub_layers > 0 {
            skip(bits, 2 * (8 - sub_layers))?; // reserved_zero_2bits
        }
        for (profile, level) in present {
            skip(bits, 88 * u32::from(profile) + 8 * u32::from(level))?;
        }
        // Flag j stands j bits from the left; Main streams often say Main 10 as well, and the other
        // way round (A.3.2): what plays on more decoders counts.
        let says = |profile: u8| compatible >> (31 - profile) & 1 == 1;
        let profile = (1..=2).find(|profile| says(*profile)).unwrap_or(profile_idc);
        Ok(Self { profile, high_tier, level })
    }
}

fn skip(bits: &mut Bits<'_>, count: u32) -> Result<(), OutOfBits> {
    (0..count).try_for_each(|_| bits.flag().map(drop))
}

/// The conformance window (section 7.4.3.2.1), and what it leaves of `coded`.
fn read_cropped(bits: &mut Bits<'_>, coded: Size, chroma_format: u8) -> Result<Size, SpsError> {
    // conformance_window_flag
    if !bits.flag()? {
        return Ok(coded);
    }
    // SubWidthC and SubHeightC (table 6-1).
    let (across, down) = match chroma_format {
        1 => (2, 2),
        2 => (2, 1),
        _ => (1, 1),
    };
    let mut left = |side: u32, unit: u64| -> Result<u32, SpsError> {
        let cut = unit * (u64::from(bits.ue()?) + u64::from(bits.ue()?));
        let kept = u64::from(side).checked_sub(cut).filter(|kept| *kept > 0);
        kept.map(|kept| kept as u32).ok_or(SpsError::Cropping)
    };
    Ok(Size::new(left(coded.width, across)?, left(coded.height, down)?))
}

/// How many pictures are kept, and how many are reordered, of the highest sub-layer: the last that stands
/// there.
fn read_ordering(bits: &mut Bits<'_>, sub_layers: u32) -> Result<(u8, u8), SpsError> {
    let all = bits.flag()?; // sps_sub_layer_ordering_info_present_flag
    let (mut buffered, mut reorder) = (0, 0);
    for _ in if all { 0 } else { sub_layers }..=sub_layers {
        buffered = in_range("sps_max_dec_pic_buffering_minus1", bits.ue()?, 0, 15)?;
        reorder = in_range("sps_max_num_reorder_pics", bits.ue()?, 0, buffered)?;
        bits.ue()?; // sps_max_latency_increase_plus1
    }
    Ok((buffered as u8 + 1, reorder as u8))
}

#[cfg(test)]
mod tests;
