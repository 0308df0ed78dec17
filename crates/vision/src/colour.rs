//! From a stream's YCbCr to RGB, by its own matrix and range.
//!
//! Rec. ITU-T H.273 section 8.3 (equations 38 to 40 for the matrix, 25 to 34 for the range), for
//! 8-bit samples. Everything is linear, so one 3x4 matrix does it; only the clamp comes after.

use razz_media::h264::{Colour, Matrix};

use crate::input::InputFormat;

/// The luma weights of red and blue (H.273 table 4).
pub(crate) fn luma_weights(matrix: Matrix) -> (f64, f64) {
    match matrix {
        Matrix::Bt601 => (0.299, 0.114),
        Matrix::Bt709 => (0.2126, 0.0722),
        Matrix::Bt2020 => (0.2627, 0.0593),
    }
}

/// Samples to the three planes of a model's input: three weights and an offset for each plane, then
/// a clamp.
#[derive(Clone, Copy, Debug)]
pub(crate) struct YuvToRgb {
    /// Of luma, for each plane.
    pub(crate) luma: [f32; 3],
    /// Of Cb.
    pub(crate) cb: [f32; 3],
    /// Of Cr.
    pub(crate) cr: [f32; 3],
    /// Added.
    pub(crate) bias: [f32; 3],
    /// What black is: nothing is lower.
    pub(crate) low: [f32; 3],
    /// What white is: nothing is higher.
    pub(crate) high: [f32; 3],
}

impl YuvToRgb {
    /// Samples 0..=255 to red, green and blue at 0..=1.
    pub(crate) fn new(colour: Colour) -> Self {
        Self::in_format(colour, InputFormat::default())
    }

    /// Samples 0..=255 to the values and the order that a model wants.
    pub(crate) fn in_format(colour: Colour, format: InputFormat) -> Self {
        let (red, blue) = luma_weights(colour.matrix);
        let green = 1.0 - red - blue;
        let range = Range::new(colour.full_range);
        // R = Y + 2(1-Kr) Cr, B = Y + 2(1-Kb) Cb, and Y = Kr R + Kg G + Kb B.
        let cb = [0.0, -2.0 * (1.0 - blue) * blue / green, 2.0 * (1.0 - blue)];
        let cr = [2.0 * (1.0 - red), -2.0 * (1.0 - red) * red / green, 0.0];
        let (scale, offset) = format.values.scale_and_offset();
        let mut out = Self {
            luma: [0.0; 3],
            cb: [0.0; 3],
            cr: [0.0; 3],
            bias: [0.0; 3],
            low: [0.0; 3],
            high: [0.0; 3],
        };
        for (i, plane) in format.planes().into_iter().enumerate() {
            let bias = -range.black * range.luma - 128.0 * range.chroma * (cb[i] + cr[i]);
            let by = f64::from(scale[i]);
            out.luma[plane] = (range.luma * by) as f32;
            out.cb[plane] = (cb[i] * range.chroma * by) as f32;
            out.cr[plane] = (cr[i] * range.chroma * by) as f32;
            out.bias[plane] = (bias * by + f64::from(offset[i])) as f32;
            out.low[plane] = offset[i];
            out.high[plane] = scale[i] + offset[i];
        }
        out
    }

    /// One pixel.
    #[inline(always)]
    pub(crate) fn pixel(&self, y: f32, cb: f32, cr: f32) -> [f32; 3] {
        [0, 1, 2].map(|i| {
            let v = self.luma[i] * y + (self.cb[i] * cb + (self.cr[i] * cr + self.bias[i]));
            v.max(self.low[i]).min(self.high[i])
        })
    }
}

/// Samples to JPEG's YCbCr: full range, BT.601 (JFIF 1.02, ITU-T T.871 section 7).
#[derive(Clone, Copy, Debug)]
pub(crate) struct YuvToJpeg {
    /// Rows: Y, Cb, Cr of the result. Columns: Y, Cb, Cr of the source, and an offset.
    rows: [[f32; 4]; 3],
}

impl YuvToJpeg {
    pub(crate) fn new(colour: Colour) -> Self {
        let rgb = YuvToRgb::new(colour);
        let (red, blue) = luma_weights(Matrix::Bt601);
        let weights = [red as f32, (1.0 - red - blue) as f32, blue as f32];
        // Each column of the RGB matrix, taken through BT.601: all of it linear.
        let through = |rgb: [f32; 3]| -> [f32; 3] {
            let y: f32 = rgb.iter().zip(weights).map(|(v, w)| v * w).sum();
            let cb = (rgb[2] - y) / (2.0 * (1.0 - weights[2]));
            let cr = (rgb[0] - y) / (2.0 * (1.0 - weights[0]));
            [y * 255.0, cb * 255.0, cr * 255.0]
        };
        let columns = [through(rgb.luma), through(rgb.cb), through(rgb.cr), through(rgb.bias)];
        let mut rows = [[0.0; 4]; 3];
        for (i, row) in rows.iter_mut().enumerate() {
            for (j, column) in columns.iter().enumerate() {
                row[j] = column[i];
            }
            row[3] += if i == 0 { 0.0 } else { 128.0 };
        }
        Self { rows }
    }

    /// One pixel, rounded and clamped.
    #[inline(always)]
    pub(crate) fn pixel(&self, y: f32, cb: f32, cr: f32) -> [u8; 3] {
        // `as` saturates, and the addition rounds.
        self.rows.map(|[a, b, c, d]| (a * y + b * cb + c * cr + d + 0.5) as u8)
    }
}

struct Range {
    /// The sample value of black.
    black: f64,
    /// 1 / (white - black).
    luma: f64,
    /// 1 / the span of chroma.
    chroma: f64,
}

impl Range {
    fn new(full: bool) -> Self {
        if full {
            Self { black: 0.0, luma: 1.0 / 255.0, chroma: 1.0 / 255.0 }
        } else {
            Self { black: 16.0, luma: 1.0 / 219.0, chroma: 1.0 / 224.0 }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::{ChannelOrder, Values};

    const fn colour(matrix: Matrix, full_range: bool) -> Colour {
        Colour { matrix, full_range, stated: true }
    }

    const ALL: [Colour; 6] = [
        colour(Matrix::Bt601, false),
        colour(Matrix::Bt601, true),
        colour(Matrix::Bt709, false),
        colour(Matrix::Bt709, true),
        colour(Matrix::Bt2020, false),
        colour(Matrix::Bt2020, true),
    ];

    /// RGB 0..=1 to samples, straight from the standard's equations.
    fn samples(colour: Colour, [r, g, b]: [f64; 3]) -> [f64; 3] {
        let (kr, kb) = luma_weights(colour.matrix);
        let y = kr * r + (1.0 - kr - kb) * g + kb * b;
        let cb = 0.5 * (b - y) / (1.0 - kb);
        let cr = 0.5 * (r - y) / (1.0 - kr);
        if colour.full_range {
            [255.0 * y, 255.0 * cb + 128.0, 255.0 * cr + 128.0]
        } else {
            [219.0 * y + 16.0, 224.0 * cb + 128.0, 224.0 * cr + 128.0]
        }
    }

    #[test]
    fn every_matrix_and_range_comes_back() {
        for source in ALL {
            let to_rgb = YuvToRgb::new(source);
            for rgb in [
                [0.0, 0.0, 0.0],
                [1.0, 1.0, 1.0],
                [1.0, 0.0, 0.0],
                [0.0, 1.0, 0.0],
                [0.0, 0.0, 1.0],
                [0.2, 0.7, 0.4],
            ] {
                let [y, cb, cr] = samples(source, rgb).map(|v| v as f32);
                let back = to_rgb.pixel(y, cb, cr);
                for (a, b) in back.iter().zip(rgb) {
                    assert!((f64::from(*a) - b).abs() < 1e-5, "{source:?} {rgb:?} {back:?}");
                }
                let want = samples(colour(Matrix::Bt601, true), rgb);
                let jpeg = YuvToJpeg::new(source).pixel(y, cb, cr);
                for (a, b) in jpeg.iter().zip(want) {
                    assert!((f64::from(*a) - b).abs() <= 1.0, "{source:?} {jpeg:?} {want:?}");
                }
            }
        }
    }

    #[test]
    fn impossible_samples_are_clamped() {
        let format = InputFormat {
            values: Values::Byte,
            order: ChannelOrder::Bgr,
            ..InputFormat::default()
        };
        for source in ALL {
            let [unit, bytes] = [YuvToRgb::new(source), YuvToRgb::in_format(source, format)];
            for y in [0.0, 255.0] {
                for cb in [0.0, 255.0] {
                    for cr in [0.0, 255.0] {
                        let [r, g, b] = unit.pixel(y, cb, cr);
                        let back = bytes.pixel(y, cb, cr);
                        assert!([r, g, b].iter().all(|v| (0.0..=1.0).contains(v)), "{r} {g} {b}");
                        assert!(back.iter().all(|v| (0.0..=255.0).contains(v)), "{back:?}");
                        for (a, b) in back.iter().zip([b, g, r]) {
                            assert!((a - 255.0 * b).abs() < 1e-3, "{back:?}: {r} {g} {b}");
                        }
                    }
                }
            }
        }
    }
}
