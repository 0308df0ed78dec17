//! Decoded pixels with their frame key.

use std::sync::Arc;

use razz_base::{FrameKey, MonoTime, PixelAspect, Rect, Size, WallTime};
use razz_media::Orientation;
use razz_media::h264::Colour;

/// One decoded picture: planar YCbCr 4:2:0, 8 bits, with the key of its access unit.
///
/// Cheap to clone: the pixels are shared.
#[derive(Clone, Debug)]
pub struct Picture {
    /// The access unit's camera and media time.
    pub key: FrameKey,
    /// When the camera took it.
    pub wall: WallTime,
    /// When the access unit's last packet was in.
    pub received: MonoTime,
    /// Width and height in pixels, after cropping (H.264 section 7.4.2.1.1).
    pub size: Size,
    /// How the planes are meant: matrix and range of the sequence parameter set.
    pub colour: Colour,
    /// The shape of its pixels: square but for anamorphic video. Boxes are in these pixels all the
    /// same.
    pub pixel_aspect: PixelAspect,
    pub(crate) planes: Arc<Planes>,
}

/// One plane of samples, row after row.
#[derive(Clone, Copy, Debug)]
pub struct Plane<'a> {
    /// At least `stride * (height - 1) + width` samples.
    pub data: &'a [u8],
    /// Samples from one row to the next.
    pub stride: usize,
    /// Samples a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

impl<'a> Plane<'a> {
    /// The samples of row `y`.
    ///
    /// # Panics
    /// If `y` is not a row of the plane.
    pub fn row(&self, y: usize) -> &'a [u8] {
        assert!(y < self.height, "row {y} of {}", self.height);
        &self.data[y * self.stride..][..self.width]
    }
}

/// Luma, then Cb, then Cr, without padding.
#[derive(Debug, Default)]
pub(crate) struct Planes(Vec<u8>);

impl Planes {
    #[cfg(test)]
    pub(crate) fn into_samples(self) -> Vec<u8> {
        self.0
    }

    pub(crate) fn from_planes(planes: [Plane<'_>; 3]) -> Self {
        let mut copy = Self::default();
        copy.fill(planes);
        copy
    }

    /// Has `write` put the samples of all planes in; the old allocation is used again where it is large
    /// enough.
    pub(crate) fn rewrite(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.0.clear();
        write(&mut self.0);
    }

    /// Copies the planes in; the old allocation is used again where it is large enough.
    pub(crate) fn fill(&mut self, planes: [Plane<'_>; 3]) {
        self.0.clear();
        for plane in planes {
            for y in 0..plane.height {
                self.0.extend_from_slice(plane.row(y));
            }
        }
    }
}

impl Picture {
    /// A picture from planes of any stride; the samples are copied. The chroma planes have half
    /// the width and height of `size`, rounded up. `None` if a plane does not fit `size`, or the
    /// size is empty.
    pub fn from_planes(
        key: FrameKey,
        wall: WallTime,
        received: MonoTime,
        size: Size,
        colour: Colour,
        planes: [Plane<'_>; 3],
    ) -> Option<Self> {
        let (width, height) = (size.width as usize, size.height as usize);
        let (chroma_width, chroma_height) = (width.div_ceil(2), height.div_ceil(2));
        let want = [(width, height), (chroma_width, chroma_height), (chroma_width, chroma_height)];
        let fits = planes.iter().zip(want).all(|(plane, (width, height))| {
            width > 0
                && height > 0
                && (plane.width, plane.height) == (width, height)
                && plane.stride >= width
                && plane.data.len() >= plane.stride * (height - 1) + width
        });
        if !fits {
            return None;
        }
        let planes = Arc::new(Planes::from_planes(planes));
        let pixel_aspect = PixelAspect::default();
        Some(Self { key, wall, received, size, colour, pixel_aspect, planes })
    }

    /// The brightness samples.
    pub fn luma(&self) -> Plane<'_> {
        let (width, height) = (self.size.width as usize, self.size.height as usize);
        Plane { data: &self.planes.0[..width * height], stride: width, width, height }
    }

    /// The blue-difference samples, half as many in each direction, rounded up.
    pub fn cb(&self) -> Plane<'_> {
        self.chroma(0)
    }

    /// The red-difference samples, half as many in each direction, rounded up.
    pub fn cr(&self) -> Plane<'_> {
        self.chroma(1)
    }

    fn chroma(&self, which: usize) -> Plane<'_> {
        let luma = (self.size.width * self.size.height) as usize;
        let (width, height) =
            (self.size.width.div_ceil(2) as usize, self.size.height.div_ceil(2) as usize);
        let data = &self.planes.0[luma + which * width * height..][..width * height];
        Plane { data, stride: width, width, height }
    }

    /// As it is shown, where it is stored otherwise.
    #[must_use]
    pub fn turned(&self, orientation: Orientation) -> Self {
        let turn = |plane: Plane<'_>| {
            let stored = Size::new(plane.width as u32, plane.height as u32);
            orientation.turn(plane.data, plane.stride, stored, 1)
        };
        let planes = [turn(self.luma()), turn(self.cb()), turn(self.cr())].concat();
        let pixel_aspect = match orientation.swaps_sides() {
            true => self.pixel_aspect.swapped(),
            false => self.pixel_aspect,
        };
        let size = orientation.shown(self.size);
        Self { size, pixel_aspect, planes: Arc::new(Planes(planes)), ..self.clone() }
    }

    /// The part inside `rect`, moved outward to even places, since chroma has half the resolution.
    /// `None` where it is empty.
    #[must_use]
    pub fn crop(&self, rect: &Rect) -> Option<Self> {
        let rect = rect.clipped(self.size);
        let even = |edge: f64| edge as u32 / 2 * 2; // a clipped edge is not negative
        let (left, top) = (even(rect.left), even(rect.top));
        let (right, bottom) = (even(rect.right.ceil() + 1.0), even(rect.bottom.ceil() + 1.0));
        let size = Size::new(
            right.min(self.size.width).saturating_sub(left),
            bottom.min(self.size.height).saturating_sub(top),
        );
        if !rect.is_finite() || rect.area() <= 0.0 || size.width == 0 || size.height == 0 {
            return None;
        }
        let (left, top) = (left as usize, top as usize);
        let (width, height) = (size.width as usize, size.height as usize);
        let part = |plane: Plane<'_>, shift: u32| {
            let (left, top) = (left >> shift, top >> shift);
            let (width, height) = (width.div_ceil(1 << shift), height.div_ceil(1 << shift));
            (top..top + height)
                .flat_map(|y| plane.row(y)[left..left + width].to_vec())
                .collect::<Vec<u8>>()
        };
        let planes = [part(self.luma(), 0), part(self.cb(), 1), part(self.cr(), 1)].concat();
        Some(Self { size, planes: Arc::new(Planes(planes)), ..self.clone() })
    }

    /// Half as wide and half as high, rounded up: each sample is the mean of up to four.
    #[must_use]
    pub fn halved(&self) -> Self {
        let half = |plane: Plane<'_>| {
            let (width, height) = (plane.width.div_ceil(2), plane.height.div_ceil(2));
            let mut out = Vec::with_capacity(width * height);
            for y in 0..height {
                let rows = [plane.row(2 * y), plane.row((2 * y + 1).min(plane.height - 1))];
                for x in 0..width {
                    let columns = [2 * x, (2 * x + 1).min(plane.width - 1)];
                    let sum: u16 =
                        rows.iter().flat_map(|row| columns.map(|x| u16::from(row[x]))).sum();
                    out.push(((sum + 2) / 4) as u8);
                }
            }
            out
        };
        let planes = [half(self.luma()), half(self.cb()), half(self.cr())].concat();
        let size = Size::new(self.size.width.div_ceil(2), self.size.height.div_ceil(2));
        Self { size, planes: Arc::new(Planes(planes)), ..self.clone() }
    }
}
