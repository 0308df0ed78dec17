//! What follows the order of pictures in a sequence parameter set, up to the colour: read for where the
//! next value stands, and kept as far as it makes sense.

use crate::bits::{Bits, OutOfBits};
use crate::vui::VuiHead;

/// `num_short_term_ref_pic_sets` is at most this (section 7.4.3.2.1).
const MOST_SETS: u32 = 64;
/// `num_long_term_ref_pics_sps` is at most this (section 7.4.3.2.1).
const MOST_LONG_TERM: u32 = 32;
/// Pictures of a reference picture set: no more than a decoder keeps beside the one that it decodes.
const MOST_PICTURES: u32 = 16;

/// The values after the order of pictures.
#[derive(Default)]
pub(super) struct Rest {
    pub(super) coding_tree_block: Option<u32>,
    pub(super) vui: VuiHead,
}

impl Rest {
    /// Fills in what it reads, so that what came before an error stands. `poc_bits` is the length of
    /// `pic_order_cnt_lsb`.
    pub(super) fn read(&mut self, bits: &mut Bits<'_>, poc_bits: u32) -> Result<(), OutOfBits> {
        let smallest = 3 + at_most(bits, 3)?; // log2_min_luma_coding_block_size_minus3
        let log2 = smallest + at_most(bits, 3)?; // log2_diff_max_min_luma_coding_block_size
        // CtbLog2SizeY is 4 to 6 in all profiles of version 1 (section A.3.2).
        if !(4..=6).contains(&log2) {
            return Err(bits.error());
        }
        self.coding_tree_block = Some(1 << log2);
        for _ in 0..4 {
            // log2_min_luma_transform_block_size_minus2, log2_diff_max_min_luma_transform_block_size,
            // max_transform_hierarchy_depth_inter and _intra
            bits.ue()?;
        }
        // scaling_list_enabled_flag, sps_scaling_list_data_present_flag
        if bits.flag()? && bits.flag()? {
            skip_scaling_lists(bits)?;
        }
        bits.u(2)?; // amp_enabled_flag, sample_adaptive_offset_enabled_flag
        // pcm_enabled_flag
        if bits.flag()? {
            bits.u(8)?; // pcm_sample_bit_depth_luma_minus1 and _chroma_minus1
            bits.ue()?; // log2_min_pcm_luma_coding_block_size_minus3
            bits.ue()?; // log2_diff_max_min_pcm_luma_coding_block_size
            bits.flag()?; // pcm_loop_filter_disabled_flag
        }
        skip_short_term_sets(bits)?;
        // long_term_ref_pics_present_flag
        if bits.flag()? {
            for _ in 0..at_most(bits, MOST_LONG_TERM)? {
                bits.u(poc_bits)?; // lt_ref_pic_poc_lsb_sps
                bits.flag()?; // used_by_curr_pic_lt_sps_flag
            }
        }
        bits.u(2)?; // sps_temporal_mvp_enabled_flag, strong_intra_smoothing_enabled_flag
        // vui_parameters_present_flag
        match bits.flag()? {
            true => self.vui.read(bits),
            false => Ok(()),
        }
    }
}

fn at_most(bits: &mut Bits<'_>, most: u32) -> Result<u32, OutOfBits> {
    let value = bits.ue()?;
    if value <= most { Ok(value) } else { Err(bits.error()) }
}

/// `scaling_list_data()` (section 7.3.4), for its length only.
fn skip_scaling_lists(bits: &mut Bits<'_>) -> Result<(), OutOfBits> {
    for size in 0..4 {
        for _ in 0..if size == 3 { 2 } else { 6 } {
            // scaling_list_pred_mode_flag
            if !bits.flag()? {
                bits.ue()?; // scaling_list_pred_matrix_id_delta
                continue;
            }
            if size > 1 {
                bits.se()?; // scaling_list_dc_coef_minus8
            }
            for _ in 0..64.min(1 << (4 + (size << 1))) {
                bits.se()?; // scaling_list_delta_coef
            }
        }
    }
    Ok(())
}

/// All of `st_ref_pic_set()` (section 7.3.7): each may be written as the difference from the one before
/// it, so that the pictures of each must be known for the length of the next.
fn skip_short_term_sets(bits: &mut Bits<'_>) -> Result<(), OutOfBits> {
    let mut before: Vec<i32> = Vec::new();
    for index in 0..at_most(bits, MOST_SETS)? {
        // inter_ref_pic_set_prediction_flag
        before = if index > 0 && bits.flag()? {
            read_difference(bits, &before)?
        } else {
            read_pictures(bits)?
        };
        if before.len() > MOST_PICTURES as usize {
            return Err(bits.error());
        }
    }
    Ok(())
}

/// How far the pictures of a set are in order of output: those before, the nearest first, then those
/// after, the nearest first (equations 7-65 to 7-68).
fn read_pictures(bits: &mut Bits<'_>) -> Result<Vec<i32>, OutOfBits> {
    // num_negative_pics, num_positive_pics
    let (before, after) = (at_most(bits, MOST_PICTURES)?, at_most(bits, MOST_PICTURES)?);
    let mut distances = Vec::new();
    for (count, sign) in [(before, -1), (after, 1)] {
        let mut distance = 0;
        for _ in 0..count {
            distance += sign * (1 + at_most(bits, 0x7FFF)? as i32); // delta_poc_s0_minus1, _s1_minus1
            distances.push(distance);
            bits.flag()?; // used_by_curr_pic_s0_flag, _s1_flag
        }
    }
    Ok(distances)
}

/// A set that is written as the difference from `reference` (equations 7-61 and 7-62).
fn read_difference(bits: &mut Bits<'_>, reference: &[i32]) -> Result<Vec<i32>, OutOfBits> {
    let negative = bits.flag()?; // delta_rps_sign
    let distance = 1 + at_most(bits, 0x7FFF)? as i32; // abs_delta_rps_minus1
    let shift = if negative { -distance } else { distance };
    let mut distances = Vec::new();
    // The picture that the reference set is of comes last.
    for from in reference.iter().chain([&0]) {
        let used = bits.flag()?; // used_by_curr_pic_flag
        let kept = used || bits.flag()?; // use_delta_flag
        if kept && from + shift != 0 {
            distances.push(from + shift);
        }
    }
    distances.sort_by_key(|distance| (*distance > 0, distance.abs()));
    Ok(distances)
}

#[cfg(test)]
mod tests;
