//! Fits a picture into a model's input, the rest filled with grey.
//!
//! Where it lies and with which values is [`crate::input`]'s to say; the pixels come from
//! [`crate::resample`].

use razz_base::{PixelAspect, Size};

use crate::colour::YuvToRgb;
use crate::input::{Geometry, InputFormat};
use crate::picture::Picture;
use crate::resample::{Columns, Rows, Sampler, Window};

/// A model's input buffer and the tables that fill it from pictures of one size; they are made
/// anew when the size changes.
///
/// One pass goes from the planes of a picture to the three planes of the model input: colours by
/// the stream's own matrix and range, bilinear without antialiasing, the model's values. A picture
/// of the same size as the last one costs no allocation.
#[derive(Debug)]
pub struct Letterbox {
    target: Size,
    format: InputFormat,
    source: Option<(Size, PixelAspect)>,
    geometry: Geometry,
    columns: Columns,
    rows: Rows,
    sampler: Sampler,
    /// Three planes, `3 * height * width`; the border is written once a size.
    canvas: Vec<f32>,
}

impl Letterbox {
    /// For a model input of `target`, all of it border at first.
    ///
    /// # Panics
    /// If `target` is empty.
    pub fn new(target: Size, format: InputFormat) -> Self {
        assert!(target.width > 0 && target.height > 0, "a model input without pixels");
        let mut letterbox = Self {
            target,
            format,
            source: None,
            geometry: Geometry::new(target, target, format.placement),
            columns: Columns::default(),
            rows: Rows::default(),
            sampler: Sampler::default(),
            canvas: vec![0.0; 3 * target.width as usize * target.height as usize],
        };
        letterbox.clear();
        letterbox
    }

    /// The model's input size.
    pub fn target(&self) -> Size {
        self.target
    }

    /// The model input as it stands: three planes of `width * height` values each, row after row
    /// (NCHW of a batch of one).
    pub fn canvas(&self) -> &[f32] {
        &self.canvas
    }

    /// Fills the model input from a picture, and says where it lies.
    pub fn picture(&mut self, picture: &Picture) -> Geometry {
        self.fit(picture.size, picture.pixel_aspect);
        let window = self.window();
        let colour = YuvToRgb::in_format(picture.colour, self.format);
        self.sampler.picture(picture, &self.columns, &self.rows, &colour, &mut self.canvas, window);
        self.geometry
    }

    /// Fills the model input from 8-bit RGB, three bytes a pixel, row after row. Values are rounded
    /// to whole 255ths, as OpenCV does, so that results can be compared box for box. Not fast: for
    /// files and tests.
    ///
    /// # Panics
    /// If `rgb` is shorter than a picture of `size`, or `size` is empty.
    pub fn rgb(&mut self, rgb: &[u8], size: Size) -> Geometry {
        self.fit(size, PixelAspect::default());
        let window = self.window();
        let size = (size.width as usize, size.height as usize);
        let (columns, rows, canvas) = (&self.columns, &self.rows, &mut self.canvas);
        self.sampler.rgb(rgb, size, columns, rows, self.format, canvas, window);
        self.geometry
    }

    fn window(&self) -> Window {
        Window {
            left: self.geometry.left,
            top: self.geometry.top,
            width: self.target.width as usize,
            height: self.target.height as usize,
        }
    }

    fn fit(&mut self, source: Size, aspect: PixelAspect) {
        if self.source == Some((source, aspect)) {
            return;
        }
        let geometry = Geometry::anamorphic(source, aspect, self.target, self.format.placement);
        let (width, height) = (source.width as usize, source.height as usize);
        self.columns.fit(0, width, width, geometry.width);
        self.rows.fit(0, height, height, geometry.height);
        self.clear();
        self.geometry = geometry;
        self.source = Some((source, aspect));
    }

    /// Border everywhere.
    fn clear(&mut self) {
        let area = self.target.width as usize * self.target.height as usize;
        for (plane, grey) in self.canvas.chunks_exact_mut(area).zip(self.format.border()) {
            plane.fill(grey);
        }
    }
}

#[cfg(test)]
mod tests {
    use razz_base::{CameraId, FrameKey, MediaTime, MonoTime, WallQuality, WallTime};
    use razz_media::h264::{Colour, Matrix};

    use super::*;
    use crate::colour::luma_weights;
    use crate::input::{ChannelOrder, Placement, Values};
    use crate::picture::Plane;

    /// What the model families here want.
    const FORMATS: [InputFormat; 4] = [
        format(ChannelOrder::Rgb, Values::Unit, Placement::Centred),
        format(ChannelOrder::Bgr, Values::Byte, Placement::TopLeft),
        format(ChannelOrder::Rgb, Values::Unit, Placement::Stretched),
        format(ChannelOrder::Rgb, Values::ImageNet, Placement::Stretched),
    ];

    const fn format(order: ChannelOrder, values: Values, placement: Placement) -> InputFormat {
        InputFormat { order, values, placement }
    }

    /// Red, green and blue at 0 to 1 in a format, from its definition.
    fn formatted(format: InputFormat, rgb: [f64; 3]) -> [f64; 3] {
        let [r, g, b] = match format.values {
            Values::Unit => rgb,
            Values::Byte => rgb.map(|v| 255.0 * v),
            Values::ImageNet => {
                [(rgb[0] - 0.485) / 0.229, (rgb[1] - 0.456) / 0.224, (rgb[2] - 0.406) / 0.225]
            }
        };
        if format.order == ChannelOrder::Rgb { [r, g, b] } else { [b, g, r] }
    }

    /// Samples without any pattern, from a seed (xorshift).
    fn noise(seed: u32, count: usize) -> Vec<u8> {
        let mut state = seed | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            (state >> 8) as u8
        };
        (0..count).map(|_| next()).collect()
    }

    fn picture(width: u32, height: u32, colour: Colour) -> Picture {
        let (w, h) = (width as usize, height as usize);
        let (cw, ch) = (w.div_ceil(2), h.div_ceil(2));
        let samples = [noise(1, w * h), noise(2, cw * ch), noise(3, cw * ch)];
        let plane =
            |i: usize, width, height| Plane { data: &samples[i], stride: width, width, height };
        let key = FrameKey { camera: CameraId::new(1).unwrap(), time: MediaTime::from_90k(0) };
        let wall = WallTime { us: 0, quality: WallQuality::Arrival };
        Picture::from_planes(
            key,
            wall,
            MonoTime::from_us(0),
            Size::new(width, height),
            colour,
            [plane(0, w, h), plane(1, cw, ch), plane(2, cw, ch)],
        )
        .unwrap()
    }

    /// Between the samples around (x, y), edges repeated.
    fn bilinear(plane: Plane<'_>, x: f64, y: f64) -> f64 {
        let x = x.clamp(0.0, (plane.width - 1) as f64);
        let y = y.clamp(0.0, (plane.height - 1) as f64);
        let at = |dx: usize, dy: usize| {
            let column = (x as usize + dx).min(plane.width - 1);
            let row = (y as usize + dy).min(plane.height - 1);
            let weight = |v: f64, d: usize| if d == 0 { 1.0 - v.fract() } else { v.fract() };
            f64::from(plane.row(row)[column]) * weight(x, dx) * weight(y, dy)
        };
        at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1)
    }

    /// The slow twin: every pixel of the model input on its own, in f64, from the definitions.
    fn twin(picture: &Picture, target: Size, format: InputFormat) -> Vec<f64> {
        let geometry = Geometry::new(picture.size, target, format.placement);
        let (red, blue) = luma_weights(picture.colour.matrix);
        let green = 1.0 - red - blue;
        let (black, luma_span, chroma_span) =
            if picture.colour.full_range { (0.0, 255.0, 255.0) } else { (16.0, 219.0, 224.0) };
        let (width, height) = (target.width as usize, target.height as usize);
        let grey = formatted(format, [114.0 / 255.0; 3]);
        let mut canvas: Vec<f64> =
            grey.iter().flat_map(|v| std::iter::repeat_n(*v, width * height)).collect();
        for row in 0..geometry.height {
            for column in 0..geometry.width {
                let scale = |n: u32, m: usize| f64::from(n) / m as f64;
                let x = (column as f64 + 0.5) * scale(picture.size.width, geometry.width) - 0.5;
                let y = (row as f64 + 0.5) * scale(picture.size.height, geometry.height) - 0.5;
                let luma = (bilinear(picture.luma(), x, y) - black) / luma_span;
                let chroma =
                    |plane| (bilinear(plane, x / 2.0, (y - 0.5) / 2.0) - 128.0) / chroma_span;
                let (cb, cr) = (chroma(picture.cb()), chroma(picture.cr()));
                let r = luma + 2.0 * (1.0 - red) * cr;
                let b = luma + 2.0 * (1.0 - blue) * cb;
                let g = (luma - red * r - blue * b) / green;
                let values = formatted(format, [r, g, b].map(|v| v.clamp(0.0, 1.0)));
                for (i, value) in values.into_iter().enumerate() {
                    let at = (i * height + geometry.top + row) * width + geometry.left + column;
                    canvas[at] = value;
                }
            }
        }
        canvas
    }

    #[test]
    fn the_pass_equals_its_slow_twin() {
        let colours = [
            Colour { matrix: Matrix::Bt709, full_range: false, stated: true },
            Colour { matrix: Matrix::Bt601, full_range: true, stated: true },
            Colour { matrix: Matrix::Bt2020, full_range: false, stated: true },
        ];
        // Down, up, the same size, odd sizes, one column; and the size changes between them.
        let sizes =
            [(320, 180), (330, 186), (64, 48), (160, 160), (97, 131), (2, 100), (321, 3), (8, 8)];
        for target in [Size::new(160, 160), Size::new(161, 95)] {
            for format in FORMATS {
                let mut letterbox = Letterbox::new(target, format);
                for (width, height) in sizes {
                    for colour in colours {
                        let picture = picture(width, height, colour);
                        letterbox.picture(&picture);
                        let want = twin(&picture, target, format);
                        let worst = furthest(letterbox.canvas(), &want);
                        // f32 weights near a large position are off by a millionth of a sample.
                        let [bound, ..] = format.values.scale_and_offset().0.map(|v| v * 1e-4);
                        let what = format!("{width}x{height} {colour:?} {format:?} {target:?}");
                        assert!(worst < f64::from(bound), "{what}: {worst}");
                    }
                }
            }
        }
    }

    /// The largest difference between two canvases.
    fn furthest(a: &[f32], b: &[f64]) -> f64 {
        assert_eq!(a.len(), b.len());
        a.iter().zip(b).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn rgb_takes_the_same_path() {
        let (size, target) = (Size::new(90, 50), Size::new(64, 64));
        let data = noise(7, 90 * 50 * 3);
        for format in FORMATS {
            let mut letterbox = Letterbox::new(target, format);
            let geometry = letterbox.rgb(&data, size);
            let channels = [0, 1, 2].map(|channel| -> Vec<u8> {
                data.iter().skip(channel).step_by(3).copied().collect()
            });
            let [step] = [format.values.scale_and_offset().0[1] / 255.0].map(f64::from);
            let mut uneven = 0;
            for row in 0..geometry.height {
                for column in 0..geometry.width {
                    let x = (column as f64 + 0.5) * 90.0 / geometry.width as f64 - 0.5;
                    let y = (row as f64 + 0.5) * 50.0 / geometry.height as f64 - 0.5;
                    let rgb = [0, 1, 2].map(|i| {
                        let plane = Plane { data: &channels[i], stride: 90, width: 90, height: 50 };
                        bilinear(plane, x, y).round() / 255.0
                    });
                    for (plane, want) in formatted(format, rgb).into_iter().enumerate() {
                        let at = (plane * 64 + geometry.top + row) * 64 + geometry.left + column;
                        // Weights in f32 may fall on the other side of a half.
                        let off = (f64::from(letterbox.canvas()[at]) - want).abs() / step;
                        uneven += usize::from(off > 1e-3);
                        assert!(off < 1.03, "{format:?} {plane} {row} {column}: {off}");
                    }
                }
            }
            assert!(uneven < 10, "{format:?}: {uneven} values differ");
        }
    }
}
