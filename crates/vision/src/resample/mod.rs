//! The one pass from the planes to the model's input: bilinear, YCbCr to RGB, scaled, planar f32.
//!
//! Bilinear is OpenCV's `INTER_LINEAR`: no antialiasing, pixel centres at +0.5, edges repeated.
//! Chroma is interpolated where it lies, at the same places as luma and in the same pass. For each
//! row of the result and each of the three planes, the two samples left and right of every place
//! are blended in the row above and in the row below (in whole numbers, with weights in 2^-14),
//! then those two are blended (in f32), then three planes become three colours. The places and
//! weights come from tables ([`taps`]), so a frame costs no division and no allocation.
//!
//! A line's arithmetic is written twice: in [`plain`] for any machine, and in [`avx2`] for what
//! nearly every server has; tests hold the second against the first.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod plain;
mod taps;

use crate::colour::YuvToRgb;
use crate::input::{InputFormat, Values};
use crate::picture::{Picture, Plane};

use taps::Taps;
pub(crate) use taps::{Columns, Rows};

/// Where the pass writes: a window of each of the three planes of a canvas.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// Columns of the canvas left of the window.
    pub(crate) left: usize,
    /// Rows of the canvas above it.
    pub(crate) top: usize,
    /// Columns of the canvas.
    pub(crate) width: usize,
    /// Rows of the canvas.
    pub(crate) height: usize,
}

/// What computes a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Path {
    Plain,
    #[cfg(target_arch = "x86_64")]
    Avx2,
}

impl Path {
    /// The fastest one that this machine has.
    fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if crate::simd::has_avx2() {
            return Self::Avx2;
        }
        Self::Plain
    }
}

/// The samples that one row of the result needs of a plane: the rows above and below it, and the
/// weight of each, in 2^-14 (what the sums of [`taps`] are in).
#[derive(Clone, Copy, Debug)]
struct Line<'a> {
    upper: &'a [u8],
    lower: &'a [u8],
    weights: [f32; 2],
}

/// The pass, and the rows it compacts; keep it, so that it allocates once.
#[derive(Debug)]
pub(crate) struct Sampler {
    path: Path,
    /// Rows above and below of each plane, where only picked samples of them are used.
    picked: [[Vec<u8>; 2]; 3],
}

impl Default for Sampler {
    fn default() -> Self {
        Self { path: Path::detect(), picked: Default::default() }
    }
}

impl Sampler {
    /// Samples `picture` at `columns` and `rows` into `window` of `canvas`, three planes of
    /// `window.width * window.height` in the order and with the values that `colour` gives.
    ///
    /// # Panics
    /// If the window does not fit the canvas, or the tables were made for another size.
    pub(crate) fn picture(
        &mut self,
        picture: &Picture,
        columns: &Columns,
        rows: &Rows,
        colour: &YuvToRgb,
        canvas: &mut [f32],
        window: Window,
    ) {
        let planes = [picture.luma(), picture.cb(), picture.cr()];
        let area = window.width * window.height;
        let (first, rest) = canvas.split_at_mut(area);
        let (second, third) = rest.split_at_mut(area);
        for at in 0..rows.len() {
            let from = (window.top + at) * window.width + window.left;
            let range = from..from + columns.len();
            let out = [&mut first[range.clone()], &mut second[range.clone()], &mut third[range]];
            let [luma, cb, cr] = &mut self.picked;
            let lines = [
                line(planes[0], &rows.luma, at, &columns.luma, luma),
                line(planes[1], &rows.chroma, at, &columns.chroma, cb),
                line(planes[2], &rows.chroma, at, &columns.chroma, cr),
            ];
            #[cfg(target_arch = "x86_64")]
            if self.path == Path::Avx2 && columns.in_groups() {
                // SAFETY: `Path::detect` found AVX2 and FMA.
                #[allow(unsafe_code)]
                unsafe {
                    avx2::convert(lines, columns, colour, out);
                }
                continue;
            }
            plain::convert(lines, columns, colour, out);
        }
    }

    /// The same from interleaved 8-bit RGB, `width * height * 3` bytes, in a model's `format`.
    /// Values are rounded to whole 255ths as OpenCV does, so that results can be compared box for
    /// box.
    #[allow(clippy::too_many_arguments, reason = "the same as above, and a format")]
    pub(crate) fn rgb(
        &mut self,
        rgb: &[u8],
        size: (usize, usize),
        columns: &Columns,
        rows: &Rows,
        format: InputFormat,
        canvas: &mut [f32],
        window: Window,
    ) {
        let (width, _) = size;
        let area = window.width * window.height;
        let (scale, offset) = format.values.scale_and_offset();
        for at in 0..rows.len() {
            let (upper, lower, weight) = rows.luma.pair(at);
            let (upper, lower) = (&rgb[upper * width * 3..], &rgb[lower * width * 3..]);
            let from = (window.top + at) * window.width + window.left;
            for (channel, plane) in format.planes().into_iter().enumerate() {
                let (scale, offset) = (scale[channel], offset[channel]);
                let line = &mut canvas[plane * area + from..][..columns.len()];
                for (i, out) in line.iter_mut().enumerate() {
                    let (left, right, along) = columns.luma.taps.pair(i);
                    let at = |row: &[u8], x: usize| f32::from(row[x * 3 + channel]);
                    let top = at(upper, left) + (at(upper, right) - at(upper, left)) * along;
                    let bottom = at(lower, left) + (at(lower, right) - at(lower, left)) * along;
                    let value = (top + (bottom - top) * weight + 0.5).floor() / 255.0;
                    *out = value * scale + offset;
                }
            }
        }
    }
}

/// The two rows of `plane` that result row `at` lies between, compacted where `columns` wants it.
#[inline]
fn line<'a>(
    plane: Plane<'a>,
    rows: &Taps,
    at: usize,
    columns: &taps::ColumnTaps,
    picked: &'a mut [Vec<u8>; 2],
) -> Line<'a> {
    let (upper, lower, weight) = rows.pair(at);
    let weights = [(1.0 - weight) * taps::UNIT, weight * taps::UNIT];
    let (upper, lower) = (plane.row(upper), plane.row(lower));
    if !columns.is_picked() {
        return Line { upper, lower, weights };
    }
    let [above, below] = picked;
    columns.pick(upper, above);
    columns.pick(lower, below);
    Line { upper: above, lower: below, weights }
}

impl Picture {
    /// The picture as 8-bit RGB, three bytes a pixel, row after row; chroma is interpolated where
    /// it lies. `rgb` is overwritten. Not fast: for files, tests and offline use.
    pub fn write_rgb(&self, rgb: &mut Vec<u8>) {
        let (width, height) = (self.size.width as usize, self.size.height as usize);
        let mut planar = vec![0f32; 3 * width * height];
        let (mut columns, mut rows) = (Columns::default(), Rows::default());
        columns.fit(0, width, width, width);
        rows.fit(0, height, height, height);
        let format = InputFormat { values: Values::Byte, ..InputFormat::default() };
        Sampler::default().picture(
            self,
            &columns,
            &rows,
            &YuvToRgb::in_format(self.colour, format),
            &mut planar,
            Window { left: 0, top: 0, width, height },
        );
        rgb.clear();
        rgb.reserve(3 * width * height);
        let (red, rest) = planar.split_at(width * height);
        let (green, blue) = rest.split_at(width * height);
        for ((r, g), b) in red.iter().zip(green).zip(blue) {
            // Already clamped to 0..=255; `as` cannot wrap.
            rgb.extend([r, g, b].map(|v| v.round() as u8));
        }
    }
}

#[cfg(test)]
mod tests;
