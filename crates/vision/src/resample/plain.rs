//! A line of the result, one pixel after the other: for machines without AVX2, for what is too
//! narrow for eight at once, and for tests to compare with.

use super::Line;
use super::taps::{ColumnTaps, Columns};
use crate::colour::YuvToRgb;

/// Computes a line of the result from one line of luma, Cb and Cr each.
pub(super) fn convert(
    lines: [Line<'_>; 3],
    columns: &Columns,
    colour: &YuvToRgb,
    out: [&mut [f32]; 3],
) {
    let [first, second, third] = out;
    let [luma, cb, cr] = lines;
    let out = first.iter_mut().zip(second).zip(third);
    for (at, ((first, second), third)) in out.enumerate() {
        let cb = pick(cb, &columns.chroma, at);
        let cr = pick(cr, &columns.chroma, at);
        [*first, *second, *third] = colour.pixel(pick(luma, &columns.luma, at), cb, cr);
    }
}

/// The sample at one place of a line.
#[inline(always)]
fn pick(line: Line<'_>, columns: &ColumnTaps, at: usize) -> f32 {
    let ([left, right], weights) = columns.pairs[at];
    let blend = |row: &[u8]| {
        let pair = [row[left as usize], row[right as usize]].map(i32::from);
        // At most 255 * 2^14, which f32 holds exactly.
        (pair[0] * i32::from(weights[0]) + pair[1] * i32::from(weights[1])) as f32
    };
    blend(line.upper) * line.weights[0] + blend(line.lower) * line.weights[1]
}
