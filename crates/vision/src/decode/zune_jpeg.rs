//! MJPEG by zune-jpeg, which razz has in itself.

use std::panic::{AssertUnwindSafe, catch_unwind};

use razz_base::Size;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::codec::{Codec, Out, Pixels};
use crate::picture::{Plane, Planes};

/// Decodes JPEG files, each by itself.
#[derive(Default)]
pub(super) struct ZuneJpeg {
    /// Of the picture before, for the next.
    samples: Vec<u8>,
}

/// A decoded picture: Y, Cb and Cr of each pixel by turns, or Y alone.
struct Interleaved<'a> {
    width: usize,
    height: usize,
    samples: &'a [u8],
    is_grey: bool,
}

impl ZuneJpeg {
    /// Width and height, and whether it is grey.
    fn read(&mut self, data: &[u8]) -> Result<(usize, usize, bool), String> {
        // What is cut off is an error, not a grey rest.
        let options = DecoderOptions::new_fast().set_strict_mode(true);
        let mut decoder = JpegDecoder::new_with_options(ZCursor::new(data), options);
        decoder.decode_headers().map_err(|error| error.to_string())?;
        let is_grey = decoder.input_colorspace() == Some(ColorSpace::Luma);
        let out = if is_grey { ColorSpace::Luma } else { ColorSpace::YCbCr };
        decoder.set_options(options.jpeg_set_out_colorspace(out));
        let info = decoder.info().ok_or("it has no size")?;
        let (width, height) = (usize::from(info.width), usize::from(info.height));
        let size = width * height * if is_grey { 1 } else { 3 };
        self.samples.resize(size, 0);
        decoder.decode_into(&mut self.samples).map_err(|error| error.to_string())?;
        Ok((width, height, is_grey))
    }
}

impl Codec for ZuneJpeg {
    fn decode(&mut self, data: &[u8], tag: u64, out: Out<'_>) -> Result<(), String> {
        // The crate asserts what its author holds for impossible; with damaged files nobody knows.
        let read = catch_unwind(AssertUnwindSafe(|| self.read(data)));
        let (width, height, is_grey) =
            read.unwrap_or_else(|_| Err("the decoder failed".to_owned()))?;
        out(tag, &Interleaved { width, height, samples: &self.samples, is_grey });
        Ok(())
    }

    fn restart(&mut self) -> Result<(), String> {
        Ok(())
    }

    fn drain(&mut self, _: Out<'_>) {}

    fn orders(&self) -> bool {
        false
    }
}

impl Interleaved<'_> {
    fn push_luma(&self, out: &mut Vec<u8>) {
        if self.is_grey {
            out.extend_from_slice(self.samples);
        } else {
            out.extend(self.samples.chunks_exact(3).map(|pixel| pixel[0]));
        }
    }

    /// Cb (1) or Cr (2): each sample is the mean of four pixels.
    fn push_chroma(&self, which: usize, out: &mut Vec<u8>) {
        let (width, height) = (self.width.div_ceil(2), self.height.div_ceil(2));
        if self.is_grey {
            out.resize(out.len() + width * height, 128);
            return;
        }
        let row = 3 * self.width;
        for y in 0..height {
            let above = &self.samples[2 * y * row..][..row];
            // The last row of an odd height stands for itself twice, and so does the last column.
            let below = &self.samples[(2 * y + 1).min(self.height - 1) * row..][..row];
            let pairs = above.chunks(6).zip(below.chunks(6));
            out.extend(pairs.map(|(above, below)| {
                let sum = |pair: &[u8]| {
                    let left = u16::from(pair[which]);
                    left + pair.get(3 + which).map_or(left, |right| u16::from(*right))
                };
                ((sum(above) + sum(below) + 2) / 4) as u8
            }));
        }
    }
}

impl Pixels for Interleaved<'_> {
    fn size(&self) -> Size {
        Size::new(self.width as u32, self.height as u32)
    }

    fn luma<'a>(&'a self, room: &'a mut Vec<u8>) -> Plane<'a> {
        room.clear();
        self.push_luma(room);
        Plane { data: room, stride: self.width, width: self.width, height: self.height }
    }

    fn copy_into(&self, planes: &mut Planes) {
        planes.rewrite(|out| {
            self.push_luma(out);
            self.push_chroma(1, out);
            self.push_chroma(2, out);
        });
    }
}
