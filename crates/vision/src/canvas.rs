//! A picture to draw on, and its encoding: for exports with boxes burned in.

use razz_base::{MediaTime, Size};
use razz_media::h264::{Colour, Matrix};

use crate::picture::Picture;
use crate::rendition::encoder::Aim;
use crate::rendition::{Encoded, Encoder, RenditionError, Scaled, Scaler};

/// Black and no colour, of samples that have not the full range.
const BLACK: u8 = 16;
const NO_COLOUR: u8 = 128;

/// A picture of planar YCbCr 4:2:0 whose samples may be changed. Both sides are even.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Canvas {
    size: Size,
    colour: Colour,
    planes: [Vec<u8>; 3],
}

impl Canvas {
    /// A black one. Odd sides lose a row or a column.
    pub fn new(size: Size, matrix: Matrix) -> Self {
        let size = Size::new((size.width & !1).max(2), (size.height & !1).max(2));
        let luma = (size.width * size.height) as usize;
        let planes = [vec![BLACK; luma], vec![NO_COLOUR; luma / 4], vec![NO_COLOUR; luma / 4]];
        Self { size, colour: Colour { matrix, full_range: false, stated: true }, planes }
    }

    /// Width and height in pixels.
    pub fn size(&self) -> Size {
        self.size
    }

    /// How the samples are meant: never of full range, which some players take for the other.
    pub fn colour(&self) -> Colour {
        self.colour
    }

    /// Luma, Cb and Cr, row after row without padding; the latter two have half the width and height.
    pub fn planes_mut(&mut self) -> [&mut [u8]; 3] {
        let [y, u, v] = &mut self.planes;
        [y, u, v]
    }

    /// Luma, Cb and Cr.
    pub fn planes(&self) -> [&[u8]; 3] {
        let [y, u, v] = &self.planes;
        [y, u, v]
    }

    /// All black again.
    pub fn clear(&mut self) {
        let [y, u, v] = self.planes_mut();
        y.fill(BLACK);
        u.fill(NO_COLOUR);
        v.fill(NO_COLOUR);
    }

    /// Puts a picture there, scaled to `size`. All sides are even, and what lies outside is left out.
    ///
    /// # Errors
    /// When it cannot be scaled.
    pub fn put(
        &mut self,
        picture: &Picture,
        place: (u32, u32),
        size: Size,
        scaling: &mut Scaling,
    ) -> Result<(), RenditionError> {
        let size = Size::new((size.width & !1).max(2), (size.height & !1).max(2));
        let scaled = scaling.scaler.scale(picture, size)?;
        let full_range = picture.colour.full_range;
        for (n, (from, to)) in scaled.planes.iter().zip(&mut self.planes).enumerate() {
            let half = u32::from(n > 0);
            let width = (self.size.width >> half) as usize;
            let (left, top) = ((place.0 >> half) as usize, (place.1 >> half) as usize);
            let from_width = (size.width >> half) as usize;
            let rows = to.chunks_exact_mut(width).skip(top);
            for (row, from) in rows.zip(from.chunks_exact(from_width)) {
                let Some(row) = row.get_mut(left..) else { break };
                let count = row.len().min(from.len());
                if full_range {
                    let table = &scaling.narrowed[usize::from(n > 0)];
                    let narrow = row[..count].iter_mut().zip(from);
                    narrow.for_each(|(to, from)| *to = table[usize::from(*from)]);
                } else {
                    row[..count].copy_from_slice(&from[..count]);
                }
            }
        }
        Ok(())
    }
}

/// What scaling keeps from one picture to the next.
#[derive(Debug)]
pub struct Scaling {
    scaler: Scaler,
    /// Samples of the full range in the narrow one: luma, chroma (ITU-T H.264 equations E-4 to E-9).
    narrowed: [[u8; 256]; 2],
}

impl Default for Scaling {
    fn default() -> Self {
        let table = |zero: f64, span: f64| {
            let mut table = [0; 256];
            for (n, sample) in table.iter_mut().enumerate() {
                *sample = ((n as f64 - zero) * span / 255.0 + zero + 0.5) as u8;
            }
            table
        };
        let mut luma = table(0.0, 219.0);
        luma.iter_mut().for_each(|sample| *sample += BLACK);
        Self { scaler: Scaler::default(), narrowed: [luma, table(128.0, 224.0)] }
    }
}

/// Encodes every picture that it is given as H.264, Constrained Baseline.
#[derive(Debug)]
pub struct VideoEncoder {
    encoder: Encoder,
    size: Size,
    key_every_90k: i64,
    key: Option<MediaTime>,
}

impl VideoEncoder {
    /// For pictures like `canvas`, about `fps` a second, with a key picture each `key_every_90k` ticks of media time.
    ///
    /// # Errors
    /// When the encoder does not take pictures of that size.
    pub fn new(canvas: &Canvas, fps: f64, key_every_90k: i64) -> Result<Self, RenditionError> {
        let aim = Aim { bits_per_second: None, fps };
        let encoder = Encoder::new(&aim, canvas.colour)?;
        Ok(Self { encoder, size: canvas.size, key_every_90k, key: None })
    }

    /// The picture that is taken at `time`, later than the one before.
    ///
    /// # Errors
    /// When it is of another size, or the encoder fails.
    pub fn encode(
        &mut self,
        canvas: &Canvas,
        time: MediaTime,
    ) -> Result<Option<Encoded>, RenditionError> {
        if canvas.size != self.size {
            return Err(RenditionError::Scale("it has another size than the one before".into()));
        }
        if self.key.is_none_or(|key| time.since_90k(key) >= self.key_every_90k) {
            self.encoder.force_idr();
        }
        let scaled = Scaled { size: canvas.size, planes: canvas.planes() };
        let coded = self.encoder.encode(scaled, time)?;
        if coded.as_ref().is_some_and(|(_, idr)| *idr) {
            self.key = Some(time);
        }
        Ok(coded.map(|(annex_b, idr)| Encoded { annex_b, idr, size: canvas.size }))
    }
}

#[cfg(test)]
mod tests {
    use razz_base::{CameraId, FrameKey, MonoTime, WallQuality, WallTime};

    use super::*;
    use crate::picture::Plane;

    fn picture(size: Size, luma: u8, full_range: bool) -> Picture {
        let plane = |size: Size, value: u8| {
            (vec![value; (size.width * size.height) as usize], size.width as usize)
        };
        let half = Size::new(size.width / 2, size.height / 2);
        let planes = [(size, luma), (half, 128), (half, 200)].map(|(size, value)| {
            let (data, width) = plane(size, value);
            (data, width, size.height as usize)
        });
        let of = |n: usize| {
            let (data, width, height) = &planes[n];
            Plane { data, stride: *width, width: *width, height: *height }
        };
        Picture::from_planes(
            FrameKey { camera: CameraId::new(1).unwrap(), time: MediaTime::from_90k(0) },
            WallTime { us: 0, quality: WallQuality::Arrival },
            MonoTime::from_us(0),
            size,
            Colour { matrix: Matrix::Bt709, full_range, stated: true },
            [of(0), of(1), of(2)],
        )
        .unwrap()
    }

    #[test]
    fn a_picture_is_put_where_it_belongs() {
        let mut canvas = Canvas::new(Size::new(64, 33), Matrix::Bt709);
        assert_eq!(canvas.size(), Size::new(64, 32));
        let mut scaling = Scaling::default();
        // The full range becomes the narrow one: 255 is 235 there.
        for (full_range, luma, expected) in [(false, 200, 200), (true, 255, 235), (true, 0, 16)] {
            canvas.clear();
            let picture = picture(Size::new(32, 16), luma, full_range);
            canvas.put(&picture, (48, 8), Size::new(32, 16), &mut scaling).unwrap();
            let [y, u, v] = canvas.planes();
            for at_y in 0..32 {
                for x in 0..64 {
                    let inside = x >= 48 && (8..24).contains(&at_y);
                    let expected = if inside { expected } else { BLACK };
                    assert_eq!(y[at_y * 64 + x], expected, "{x}, {at_y}");
                }
            }
            assert_eq!((u[4 * 32 + 24], u[0]), (128, 128));
            assert_eq!((v[4 * 32 + 24], v[4 * 32 + 23]), (if full_range { 191 } else { 200 }, 128));
        }
    }

    #[test]
    fn every_picture_is_encoded_with_a_key_picture_each_second() {
        let mut canvas = Canvas::new(Size::new(160, 90), Matrix::Bt709);
        let mut encoder = VideoEncoder::new(&canvas, 30.0, 90_000).unwrap();
        let mut keys = Vec::new();
        for n in 0..75i64 {
            // Noise, of which encoders that keep a bit rate leave pictures out.
            let noise = |at: usize| (at as u32).wrapping_mul(2_654_435_761 + n as u32 * 97) >> 24;
            for (at, sample) in canvas.planes_mut()[0].iter_mut().enumerate() {
                *sample = noise(at) as u8;
            }
            let time = MediaTime::from_90k(n * 3000);
            let encoded = encoder.encode(&canvas, time).unwrap().expect("none is left out");
            if encoded.idr {
                keys.push(n);
            }
        }
        assert_eq!(keys, [0, 30, 60]);
        let other = Canvas::new(Size::new(80, 90), Matrix::Bt709);
        assert!(encoder.encode(&other, MediaTime::from_90k(999_999)).is_err());
    }
}
