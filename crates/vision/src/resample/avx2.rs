//! A line of the result, eight pixels at a time, with AVX2 and FMA.
#![allow(unsafe_code, reason = "loads and stores by pointer")]

use std::arch::x86_64::{
    __m128i, __m256, __m256i, _mm_loadu_si128, _mm256_cvtepi32_ps, _mm256_fmadd_ps,
    _mm256_load_si256, _mm256_madd_epi16, _mm256_max_ps, _mm256_min_ps, _mm256_mul_ps,
    _mm256_set_m128i, _mm256_set1_ps, _mm256_shuffle_epi8, _mm256_storeu_ps,
};

use super::Line;
use super::taps::{ColumnTaps, Columns, GROUP, Group};
use crate::colour::YuvToRgb;

/// Computes a line of the result from one line of luma, Cb and Cr each.
///
/// # Panics
/// If a line is shorter than the tables say, or the output is not as long as they say.
#[target_feature(enable = "avx2,fma")]
pub(super) fn convert(
    lines: [Line<'_>; 3],
    columns: &Columns,
    colour: &YuvToRgb,
    out: [&mut [f32]; 3],
) {
    let Columns { luma, chroma } = columns;
    // The loads below rely on this, and the stores on the next.
    for (line, taps) in lines.iter().zip([luma, chroma, chroma]) {
        assert!(line.upper.len() == taps.line && line.lower.len() == taps.line);
    }
    assert!(out.iter().all(|out| out.len() == luma.pairs.len()));
    assert!(luma.pairs.len() == chroma.pairs.len());
    let [y, cb, cr] = lines.map(|line| (line, line.weights.map(|w| _mm256_set1_ps(w))));
    let planes = [0, 1, 2].map(|i| {
        [colour.luma[i], colour.cb[i], colour.cr[i], colour.bias[i], colour.low[i], colour.high[i]]
            .map(|v| _mm256_set1_ps(v))
    });
    let [first, second, third] = out;
    let out = [first.as_mut_ptr(), second.as_mut_ptr(), third.as_mut_ptr()];
    for (of_luma, of_chroma) in luma.groups.iter().zip(&chroma.groups) {
        // SAFETY: the groups are of these tables, and the lines as long as the tables say.
        let (y, cb, cr) = unsafe {
            (pick(y, luma, of_luma), pick(cb, chroma, of_chroma), pick(cr, chroma, of_chroma))
        };
        for (plane, out) in planes.iter().zip(out) {
            let [of_luma_, of_cb, of_cr, bias, low, high] = *plane;
            let value = _mm256_fmadd_ps(cr, of_cr, bias);
            let value = _mm256_fmadd_ps(cb, of_cb, value);
            let value = _mm256_fmadd_ps(y, of_luma_, value);
            let value = _mm256_min_ps(_mm256_max_ps(value, low), high);
            // SAFETY: `at + GROUP <= pairs.len()`, which is how long `out` is.
            unsafe { _mm256_storeu_ps(out.add(of_luma.at as usize), value) };
        }
    }
    const { assert!(GROUP == 8) };
}

/// The samples at eight places of a line, whose weights come with it.
///
/// # Safety
/// `group` is one of `taps.groups`, and both rows of the line have `taps.line` bytes: then 16 bytes
/// from either offset of the group lie inside them, as [`Group`]s are made.
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn pick(
    (line, [upper, lower]): (Line<'_>, [__m256; 2]),
    taps: &ColumnTaps,
    group: &Group,
) -> __m256 {
    debug_assert!(group.offset.iter().all(|offset| *offset as usize + 16 <= taps.line));
    let [low, high] = group.offset.map(|offset| offset as usize);
    // SAFETY: inside a row, by the function's own condition.
    let halves = |row: &[u8]| unsafe {
        let at = |offset: usize| _mm_loadu_si128(row.as_ptr().add(offset).cast::<__m128i>());
        _mm256_set_m128i(at(high), at(low))
    };
    // SAFETY: both arrays are 32 bytes long and aligned by the struct.
    let (shuffle, weights) = unsafe {
        (
            _mm256_load_si256(group.shuffle.as_ptr().cast::<__m256i>()),
            _mm256_load_si256(group.weights.as_ptr().cast::<__m256i>()),
        )
    };
    let blend = |row: &[u8]| {
        let pairs = _mm256_shuffle_epi8(halves(row), shuffle);
        _mm256_cvtepi32_ps(_mm256_madd_epi16(pairs, weights))
    };
    _mm256_fmadd_ps(blend(line.lower), lower, _mm256_mul_ps(blend(line.upper), upper))
}
