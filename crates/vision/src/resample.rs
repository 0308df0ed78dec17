//! The one pass from the planes to the model's input: bilinear, YCbCr to RGB, scaled, planar f32.
//!
//! Bilinear is OpenCV's `INTER_LINEAR`: no antialiasing, pixel centres at +0.5, edges repeated.
//! Chroma is interpolated where it lies, at the same places as luma and in the same pass: H.264
//! chroma of type 0 (section E.2.1, the default) sits on every second luma column, and halfway
//! between two luma rows. Rows are blended first (cheap, in memory order), then columns are picked
//! from the blended row; the places and weights come from tables, so a frame costs no division and
//! no allocation.

use crate::colour::YuvToRgb;
use crate::input::InputFormat;
use crate::picture::{Picture, Plane};

/// Where each sample of the result lies between two samples of the source, in one direction.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Taps {
    /// The first source sample that is used.
    first: usize,
    /// How many source samples are used, from `first`.
    span: usize,
    /// For each result sample the left (upper) source sample, from `first`.
    index: Vec<u32>,
    /// The weight of its right (lower) neighbour, 0 to 1; 0 at the last one.
    weight: Vec<f32>,
}

impl Taps {
    /// One pair for each of `places`, in samples of a line of which only `low..=high` may be used.
    fn new(places: impl Iterator<Item = f64>, low: usize, high: usize) -> Self {
        let mut taps = Self { first: low, ..Self::default() };
        for place in places {
            let place = place.clamp(low as f64, high as f64);
            // As OpenCV: the weight is an f32 and 0 on the last sample.
            let index = (place.floor() as usize).min(high);
            taps.index.push((index - low) as u32);
            taps.weight.push(if index == high { 0.0 } else { (place - index as f64) as f32 });
        }
        taps.span = taps.index.iter().max().map_or(0, |max| *max as usize + 2).min(high - low + 1);
        taps
    }

    /// The two source samples and the second one's weight.
    fn pair(&self, at: usize) -> (usize, usize, f32) {
        let upper = self.index[at] as usize;
        let lower = (upper + 1).min(self.span - 1);
        (self.first + upper, self.first + lower, self.weight[at])
    }
}

/// The taps of luma and of chroma in one direction.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Axis {
    luma: Taps,
    chroma_columns: Taps,
    chroma_rows: Taps,
}

impl Axis {
    /// From luma samples `start..start + span` of a line of `len` to `target` samples. The span is
    /// not empty and lies inside the line.
    pub(crate) fn new(start: usize, span: usize, len: usize, target: usize) -> Self {
        debug_assert!(span > 0 && start + span <= len);
        let scale = span as f64 / target as f64;
        let places = || (0..target).map(move |i| (i as f64 + 0.5) * scale - 0.5);
        let (low, high) = (start, start + span - 1);
        let chroma_high = (high / 2).min(len.div_ceil(2) - 1);
        let start = start as f64;
        let luma = Taps::new(places().map(|p| start + p), low, high);
        // Chroma sample i lies at luma column 2i, and at luma row 2i + 0.5.
        let column = places().map(|p| (start + p) / 2.0);
        let row = places().map(|p| (start + p - 0.5) / 2.0);
        Self {
            luma,
            chroma_columns: Taps::new(column, low / 2, chroma_high),
            chroma_rows: Taps::new(row, low / 2, chroma_high),
        }
    }

    /// Samples of the result.
    fn len(&self) -> usize {
        self.luma.index.len()
    }
}

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

/// The pass and the rows it blends into; keep it, so that it allocates once.
#[derive(Debug, Default)]
pub(crate) struct Sampler {
    rows: [Vec<f32>; 3],
}

impl Sampler {
    /// Samples `picture` at `columns` and `rows` into `window` of `canvas`, three planes R, G, B of
    /// `window.width * window.height`.
    ///
    /// # Panics
    /// If the window does not fit the canvas, or the axes were made for another size.
    pub(crate) fn picture(
        &mut self,
        picture: &Picture,
        columns: &Axis,
        rows: &Axis,
        colour: &YuvToRgb,
        canvas: &mut [f32],
        window: Window,
    ) {
        let (luma, cb, cr) = (picture.luma(), picture.cb(), picture.cr());
        let area = window.width * window.height;
        let (red, rest) = canvas.split_at_mut(area);
        let (green, blue) = rest.split_at_mut(area);
        for at in 0..rows.len() {
            blend(luma, rows.luma.pair(at), &columns.luma, &mut self.rows[0]);
            blend(cb, rows.chroma_rows.pair(at), &columns.chroma_columns, &mut self.rows[1]);
            blend(cr, rows.chroma_rows.pair(at), &columns.chroma_columns, &mut self.rows[2]);
            let from = (window.top + at) * window.width + window.left;
            let line = from..from + columns.len();
            convert(
                &self.rows,
                columns,
                colour,
                [&mut red[line.clone()], &mut green[line.clone()], &mut blue[line]],
            );
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
        columns: &Axis,
        rows: &Axis,
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
                    let (left, right, along) = columns.luma.pair(i);
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

/// Blends two rows of a plane, as far as `columns` needs them, and repeats the last sample once, so
/// that every sample has a right neighbour.
#[inline(always)]
fn blend(plane: Plane<'_>, rows: (usize, usize, f32), columns: &Taps, out: &mut Vec<f32>) {
    let (upper, lower, weight) = rows;
    let used = columns.first..columns.first + columns.span;
    let (upper, lower) = (&plane.row(upper)[used.clone()], &plane.row(lower)[used]);
    out.clear();
    out.extend(upper.iter().zip(lower).map(|(a, b)| {
        let (a, b) = (f32::from(*a), f32::from(*b));
        a + (b - a) * weight
    }));
    let last = out[out.len() - 1];
    out.push(last);
}

/// Picks the columns from the blended rows and converts them.
#[inline(always)]
fn convert(rows: &[Vec<f32>; 3], columns: &Axis, colour: &YuvToRgb, out: [&mut [f32]; 3]) {
    let [red, green, blue] = out;
    let luma = columns.luma.index.iter().zip(&columns.luma.weight);
    let chroma = columns.chroma_columns.index.iter().zip(&columns.chroma_columns.weight);
    let out = red.iter_mut().zip(green).zip(blue);
    for (((luma, chroma), ((r, g), b)), _) in luma.zip(chroma).zip(out).zip(0..) {
        let pick = |row: &[f32], (index, weight): (&u32, &f32)| {
            let pair = &row[*index as usize..][..2];
            pair[0] + (pair[1] - pair[0]) * weight
        };
        let rgb =
            colour.pixel(pick(&rows[0], luma), pick(&rows[1], chroma), pick(&rows[2], chroma));
        [*r, *g, *b] = rgb;
    }
}
