//! Fits a picture into a model's input: scaled to fit, centred, the rest filled with grey.
//!
//! The geometry is Ultralytics' `LetterBox` (see [`Letterbox::new`]); the pixels come from
//! [`crate::resample`].

use razz_base::{Rect, Size};

use crate::colour::YuvToRgb;
use crate::picture::Picture;
use crate::resample::{Axis, Sampler, Window};

/// The grey of the border, 114 of 255, as models were trained with.
const BORDER: f32 = 114.0 / 255.0;

/// Where a picture of one size lies in a model input of another.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Geometry {
    /// Model pixels per picture pixel.
    pub(crate) scale: f64,
    /// Columns of grey on the left.
    pub(crate) left: usize,
    /// Rows of grey above.
    pub(crate) top: usize,
    /// The picture's size in the model input.
    pub(crate) width: usize,
    pub(crate) height: usize,
}

impl Geometry {
    /// scale = min(target / picture); size rounded (half to even, as Python); half the missing
    /// pixels on the left and above, rounded after subtracting 0.1.
    pub(crate) fn new(picture: Size, target: Size) -> Self {
        let [w, h] = [picture.width, picture.height].map(|v| f64::from(v.max(1)));
        let [target_w, target_h] = [target.width, target.height].map(f64::from);
        let scale = (target_h / h).min(target_w / w);
        let fit = |v: f64, limit: f64| (v * scale).round_ties_even().clamp(1.0, limit);
        let (width, height) = (fit(w, target_w), fit(h, target_h));
        let pad = |missing: f64| (missing / 2.0 - 0.1).round_ties_even().max(0.0) as usize;
        Self {
            scale,
            left: pad(target_w - width),
            top: pad(target_h - height),
            width: width as usize,
            height: height as usize,
        }
    }

    /// From model pixels to picture pixels; not clipped.
    pub(crate) fn to_picture(self, bbox: Rect) -> Rect {
        let x = |v: f64| (v - self.left as f64) / self.scale;
        let y = |v: f64| (v - self.top as f64) / self.scale;
        Rect::new(x(bbox.left), y(bbox.top), x(bbox.right), y(bbox.bottom))
    }
}

/// The model input and the tables that fill it from pictures of one size; they are made anew when
/// the size changes.
#[derive(Debug)]
pub(crate) struct Letterbox {
    target: Size,
    source: Option<Size>,
    geometry: Geometry,
    columns: Axis,
    rows: Axis,
    sampler: Sampler,
    /// Planar R, G, B, 0 to 1, `3 * height * width`; the border is written once a size.
    canvas: Vec<f32>,
}

impl Letterbox {
    /// For a model input of `target`, which is not empty.
    pub(crate) fn new(target: Size) -> Self {
        Self {
            target,
            source: None,
            geometry: Geometry::new(target, target),
            columns: Axis::default(),
            rows: Axis::default(),
            sampler: Sampler::default(),
            canvas: vec![BORDER; 3 * target.width as usize * target.height as usize],
        }
    }

    /// The model's input size.
    pub(crate) fn target(&self) -> Size {
        self.target
    }

    /// The model input as it stands.
    pub(crate) fn canvas(&self) -> &[f32] {
        &self.canvas
    }

    /// Fills the model input from a picture.
    pub(crate) fn picture(&mut self, picture: &Picture) -> Geometry {
        self.fit(picture.size);
        let window = self.window();
        let colour = YuvToRgb::new(picture.colour);
        self.sampler.picture(picture, &self.columns, &self.rows, &colour, &mut self.canvas, window);
        self.geometry
    }

    /// Fills the model input from interleaved 8-bit RGB of `size`.
    pub(crate) fn rgb(&mut self, rgb: &[u8], size: Size) -> Geometry {
        self.fit(size);
        let window = self.window();
        let size = (size.width as usize, size.height as usize);
        self.sampler.rgb(rgb, size, &self.columns, &self.rows, &mut self.canvas, window);
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

    fn fit(&mut self, source: Size) {
        if self.source == Some(source) {
            return;
        }
        let geometry = Geometry::new(source, self.target);
        let (width, height) = (source.width as usize, source.height as usize);
        self.columns = Axis::new(0, width, width, geometry.width);
        self.rows = Axis::new(0, height, height, geometry.height);
        self.canvas.fill(BORDER);
        self.geometry = geometry;
        self.source = Some(source);
    }
}

#[cfg(test)]
mod tests {
    use razz_base::{CameraId, FrameKey, MediaTime, MonoTime, WallQuality, WallTime};
    use razz_media::h264::{Colour, Matrix};

    use super::*;
    use crate::colour::luma_weights;
    use crate::picture::Plane;

    #[test]
    fn geometry_as_the_reference() {
        // By Ultralytics' LetterBox: new size, then left and top.
        for (picture, target, want) in [
            ((1280, 720), (640, 640), (640, 360, 0, 140)),
            ((1920, 1080), (640, 640), (640, 360, 0, 140)),
            ((810, 1080), (640, 640), (480, 640, 80, 0)),
            ((100, 50), (640, 640), (640, 320, 0, 160)),
            ((1280, 720), (640, 384), (640, 360, 0, 12)),
            ((640, 480), (640, 384), (512, 384, 64, 0)),
            // An odd number of missing rows: the smaller half is above.
            ((1280, 718), (640, 640), (640, 359, 0, 140)),
            ((1, 4000), (640, 640), (1, 640, 319, 0)),
        ] {
            let geometry =
                Geometry::new(Size::new(picture.0, picture.1), Size::new(target.0, target.1));
            let got = (geometry.width, geometry.height, geometry.left, geometry.top);
            assert_eq!(got, want, "{picture:?} in {target:?}");
        }
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
    fn twin(picture: &Picture, target: Size) -> Vec<f64> {
        let geometry = Geometry::new(picture.size, target);
        let (red, blue) = luma_weights(picture.colour.matrix);
        let green = 1.0 - red - blue;
        let (black, luma_span, chroma_span) =
            if picture.colour.full_range { (0.0, 255.0, 255.0) } else { (16.0, 219.0, 224.0) };
        let (width, height) = (target.width as usize, target.height as usize);
        let mut canvas = vec![114.0 / 255.0; 3 * width * height];
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
                for (i, value) in [r, g, b].into_iter().enumerate() {
                    let at = (i * height + geometry.top + row) * width + geometry.left + column;
                    canvas[at] = value.clamp(0.0, 1.0);
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
        let mut letterbox = Letterbox::new(Size::new(160, 160));
        // Down, up, the same size, odd sizes, one column; and the size changes between them.
        for (width, height) in
            [(320, 180), (330, 186), (64, 48), (160, 160), (97, 131), (2, 100), (321, 3), (8, 8)]
        {
            for colour in colours {
                let picture = picture(width, height, colour);
                letterbox.picture(&picture);
                let want = twin(&picture, letterbox.target());
                let worst = letterbox
                    .canvas()
                    .iter()
                    .zip(&want)
                    .map(|(a, b)| (f64::from(*a) - b).abs())
                    .fold(0.0, f64::max);
                // f32 weights near a large position are off by a millionth of a sample.
                assert!(worst < 1e-4, "{width}x{height} {colour:?}: {worst}");
            }
        }
    }

    #[test]
    fn rgb_takes_the_same_path() {
        let (size, target) = (Size::new(90, 50), Size::new(64, 64));
        let data = noise(7, 90 * 50 * 3);
        let mut letterbox = Letterbox::new(target);
        let geometry = letterbox.rgb(&data, size);
        let mut uneven = 0;
        for channel in 0..3 {
            let samples: Vec<u8> = data.iter().skip(channel).step_by(3).copied().collect();
            let plane = Plane { data: &samples, stride: 90, width: 90, height: 50 };
            for row in 0..geometry.height {
                for column in 0..geometry.width {
                    let x = (column as f64 + 0.5) * 90.0 / geometry.width as f64 - 0.5;
                    let y = (row as f64 + 0.5) * 50.0 / geometry.height as f64 - 0.5;
                    let want = bilinear(plane, x, y).round() / 255.0;
                    let at = (channel * 64 + geometry.top + row) * 64 + geometry.left + column;
                    let got = f64::from(letterbox.canvas()[at]);
                    // Weights in f32 may fall on the other side of a half.
                    let off = ((got - want) * 255.0).abs();
                    uneven += usize::from(off > 1e-3);
                    assert!(off < 1.001, "{channel} {row} {column}");
                }
            }
        }
        assert!(uneven < 10, "{uneven} values differ");
    }

    #[test]
    fn boxes_find_back() {
        let geometry = Geometry::new(Size::new(1280, 720), Size::new(640, 640));
        let bbox = geometry.to_picture(Rect::new(10.0, 150.0, 20.0, 490.0));
        assert_eq!(bbox, Rect::new(20.0, 20.0, 40.0, 700.0));
    }
}
