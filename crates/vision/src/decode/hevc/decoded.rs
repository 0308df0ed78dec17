//! A decoded picture: whether it is whole, and its samples in 8 bits.

use std::sync::Arc;

use razz_base::{FrameKey, MonoTime, PixelAspect, Size, WallTime};
use razz_media::Colour;
use razz_media::h265::Sps;

use super::HevcError;
use crate::picture::{Picture, Planes};

/// Samples of the largest picture, before cropping: cameras of 12 megapixels have fewer.
const MOST_SAMPLES: u64 = 4096 * 4096;
/// Bytes of all pictures that a stream has a decoder keep: 16 of 3840x2160.
const MOST_BYTES: u64 = 400 << 20;
/// How far the deblocking filter reaches into a block, in samples (section 8.7.2.5.7: three; chroma one).
const FILTERED: usize = 4;

/// What the sequence parameter set says of an access unit's picture.
#[derive(Clone, Debug)]
pub(super) struct Format {
    size: Size,
    coded: Size,
    /// Side of a coding tree block.
    block: usize,
    colour: Colour,
    pixel_aspect: PixelAspect,
}

impl Format {
    /// Refuses what is not decoded here.
    pub(super) fn new(sps: &Sps) -> Result<Self, HevcError> {
        let unsupported = |what: String| Err(HevcError::Unsupported(what));
        let samples = u64::from(sps.coded.width) * u64::from(sps.coded.height);
        // One and a half planes of two bytes a sample.
        let bytes = samples * 3 * u64::from(sps.max_dec_pic_buffering);
        match sps {
            Sps { chroma_format: 0, .. } => unsupported("monochrome video".to_owned()),
            Sps { chroma_format: 2.., .. } => unsupported("chroma other than 4:2:0".to_owned()),
            Sps { bit_depth: 11.., .. } => unsupported("more than 10 bits a sample".to_owned()),
            _ if samples > MOST_SAMPLES || bytes > MOST_BYTES => unsupported(format!(
                "H.265 of {}x{} with {} pictures kept",
                sps.coded.width, sps.coded.height, sps.max_dec_pic_buffering
            )),
            Sps { coding_tree_block: None, .. } => {
                Err(super::damaged("a sequence parameter set ends early"))
            }
            Sps { coding_tree_block: Some(block), .. } => Ok(Self {
                size: sps.size,
                coded: sps.coded,
                block: *block as usize,
                colour: sps.colour,
                pixel_aspect: sps.pixel_aspect,
            }),
        }
    }

    /// Whether a picture is of the size that it should have.
    pub(super) fn fits(&self, picture: &rusty_h265::Picture) -> bool {
        let (left, top, width, height) = picture.crop;
        let size = |size: Size| (size.width as usize, size.height as usize);
        (width, height) == size(self.size)
            && (picture.width(), picture.height()) == size(self.coded)
            && left + width <= picture.width()
            && top + height <= picture.height()
            && picture.chroma_format_idc == 1
    }

    /// Whether a coding tree block was in no slice: rusty_h265 sets all of its samples to 0 then, and
    /// says nothing. No camera's block has a chroma of 0 throughout, which is no colour that a screen has
    /// (and beyond what limited range allows).
    pub(super) fn lacks_blocks(&self, picture: &rusty_h265::Picture) -> bool {
        let (across, down) = (picture.width(), picture.height());
        (0..down).step_by(self.block).any(|top| {
            (0..across).step_by(self.block).any(|left| {
                picture.planes.iter().enumerate().all(|(index, plane)| {
                    let shift = usize::from(index > 0);
                    let inside = |from: usize, whole: usize| {
                        let to = (from + self.block).min(whole);
                        // The picture's edges are not filtered.
                        let first = if from == 0 { 0 } else { from + FILTERED };
                        let last = if to == whole { to } else { to - FILTERED };
                        (first >> shift, last >> shift)
                    };
                    let (first, last) = inside(left, across);
                    let (upper, lower) = inside(top, down);
                    (upper..lower).all(|y| plane.row(y)[first..last].iter().all(|s| *s == 0))
                })
            })
        })
    }
}

/// A picture in output order; its samples are copied when they are asked for only.
#[derive(Debug)]
pub struct Decoded {
    tag: u64,
    format: Format,
    picture: Arc<rusty_h265::Picture>,
}

impl Decoded {
    pub(super) fn new(tag: u64, format: Format, picture: Arc<rusty_h265::Picture>) -> Self {
        Self { tag, format, picture }
    }

    /// What came with its own access unit.
    pub fn tag(&self) -> u64 {
        self.tag
    }

    /// Width and height in pixels, after cropping.
    pub fn size(&self) -> Size {
        self.format.size
    }

    /// With its samples copied; 10 bits are rounded to 8.
    pub fn picture(&self, key: FrameKey, wall: WallTime, received: MonoTime) -> Picture {
        let mut planes = Planes::default();
        self.write(&mut planes);
        let Format { size, colour, pixel_aspect, .. } = self.format;
        Picture { key, wall, received, size, colour, pixel_aspect, planes: Arc::new(planes) }
    }

    /// Puts the samples into `planes`: 4:2:0 in 8 bits, 10 bits rounded to 8.
    pub(crate) fn write(&self, planes: &mut Planes) {
        planes.rewrite(|out| self.append(out));
    }

    /// Appends the samples of luma, then Cb, then Cr, as [`Decoded::write`] has them.
    fn append(&self, out: &mut Vec<u8>) {
        let (_, _, width, height) = self.picture.crop;
        out.reserve(width * height + 2 * (width.div_ceil(2) * height.div_ceil(2)));
        (0..3).for_each(|index| self.append_plane(index, out));
    }

    /// Appends the samples of luma (0), Cb (1) or Cr (2) in 8 bits.
    pub(crate) fn append_plane(&self, index: usize, out: &mut Vec<u8>) {
        let (left, top, width, height) = self.picture.crop;
        let plane = &self.picture.planes[index];
        let shift = usize::from(index > 0);
        // Cropping is by whole chroma samples (section 7.4.3.2.1).
        let (left, top) = (left >> shift, top >> shift);
        let (width, height) = (width.div_ceil(1 << shift), height.div_ceil(1 << shift));
        let depth = match index {
            0 => self.picture.bit_depth_luma,
            _ => self.picture.bit_depth_chroma,
        };
        let excess = u32::from(depth.saturating_sub(8));
        let half = (1 << excess) >> 1;
        for y in top..top + height {
            let row = &plane.row(y)[left..left + width];
            if excess == 0 {
                // What does not fit is none of the crate's 8-bit samples.
                out.extend(row.iter().map(|sample| *sample as u8));
            } else {
                out.extend(row.iter().map(|sample| ((sample + half) >> excess).min(255) as u8));
            }
        }
    }
}
