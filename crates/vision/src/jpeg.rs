//! A picture as JPEG, for snapshots.
//!
//! JPEG (JFIF) is full-range BT.601 whatever the video was, so the samples go through one linear
//! conversion of both matrix and range.

use jpeg_encoder::{Encoder, ImageBuffer, JpegColorType, SamplingFactor};

use crate::colour::YuvToJpeg;
use crate::picture::{Picture, Plane};

/// Why there is no JPEG.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum JpegError {
    /// JPEG's sides have 16 bits.
    #[error("a picture of {width}x{height} is too large for JPEG, which ends at 65535")]
    TooLarge {
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
    },
    /// The encoder failed.
    #[error("JPEG: {0}")]
    Encoder(String),
}

/// Encodes `picture` with 4:2:0 chroma. `quality` is 1 to 100; 85 is a good snapshot, and raising
/// it costs bytes. A value outside is taken for the nearest.
///
/// # Errors
/// When the picture is wider or higher than 65535.
pub fn encode_jpeg(picture: &Picture, quality: u8) -> Result<Vec<u8>, JpegError> {
    let (width, height) = (picture.size.width, picture.size.height);
    let too_large = || JpegError::TooLarge { width, height };
    let source = Source {
        picture,
        width: u16::try_from(width).map_err(|_| too_large())?,
        height: u16::try_from(height).map_err(|_| too_large())?,
        colour: YuvToJpeg::new(picture.colour),
    };
    let mut jpeg = Vec::new();
    let mut encoder = Encoder::new(&mut jpeg, quality.clamp(1, 100));
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder.encode_image(source).map_err(|error| JpegError::Encoder(error.to_string()))?;
    Ok(jpeg)
}

struct Source<'a> {
    picture: &'a Picture,
    width: u16,
    height: u16,
    colour: YuvToJpeg,
}

impl ImageBuffer for Source<'_> {
    fn get_jpeg_color_type(&self) -> JpegColorType {
        JpegColorType::Ycbcr
    }

    fn width(&self) -> u16 {
        self.width
    }

    fn height(&self) -> u16 {
        self.height
    }

    fn fill_buffers(&self, y: u16, buffers: &mut [Vec<u8>; 4]) {
        let y = usize::from(y);
        let luma = self.picture.luma().row(y);
        let (cb, cr) = (ChromaRow::new(self.picture.cb(), y), ChromaRow::new(self.picture.cr(), y));
        for (x, luma) in luma.iter().enumerate() {
            let pixel = self.colour.pixel(f32::from(*luma), cb.at(x), cr.at(x));
            for (buffer, value) in buffers.iter_mut().zip(pixel) {
                buffer.push(value);
            }
        }
    }
}

/// Chroma at luma places: a row lies halfway between two luma rows, a column on every second luma
/// column (H.264 section E.2.1, type 0).
struct ChromaRow<'a> {
    near: &'a [u8],
    far: &'a [u8],
}

impl<'a> ChromaRow<'a> {
    fn new(plane: Plane<'a>, y: usize) -> Self {
        let near = (y / 2).min(plane.height - 1);
        let far = if y.is_multiple_of(2) {
            near.saturating_sub(1)
        } else {
            (near + 1).min(plane.height - 1)
        };
        Self { near: plane.row(near), far: plane.row(far) }
    }

    fn at(&self, x: usize) -> f32 {
        let column = |i: usize| {
            let i = i.min(self.near.len() - 1);
            0.75 * f32::from(self.near[i]) + 0.25 * f32::from(self.far[i])
        };
        if x.is_multiple_of(2) { column(x / 2) } else { 0.5 * (column(x / 2) + column(x / 2 + 1)) }
    }
}
