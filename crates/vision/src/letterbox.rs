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
