//! What stands before the first fragment: brands, and a movie without pictures.

use razz_base::{CLOCK_RATE, Codec, StreamFormat};

use super::TRACK;
use super::boxes::Boxes;
use crate::h264::{self, nal_units, without_emulation_prevention};
use crate::h265;

/// Why a stream cannot be written as MP4.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CannotHold {
    /// A player could not begin.
    #[error("no parameter sets came with the stream yet")]
    NoParameterSets,
    /// Sides are stored in 16 bits.
    #[error("its pictures are wider or higher than 65,535 samples")]
    TooLarge,
}

/// No rotation, no scaling (section 8.2.2.3).
const UPRIGHT: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];
/// Undetermined (ISO 639-2), as three times five bits.
const NO_LANGUAGE: u16 = 0x55C4;
/// A length before each NAL unit has four bytes.
const LENGTH_BYTES_LESS_ONE: u8 = 3;
/// Samples of MJPEG in `esds` (ISO/IEC 14496-1 table 5).
const OBJECT_IS_JPEG: u8 = 0x6C;

/// Everything before the first fragment of a file of this format.
///
/// # Errors
/// When the format cannot be said in MP4.
pub fn header(format: &StreamFormat) -> Result<Vec<u8>, CannotHold> {
    let entry = sample_entry(format)?;
    let mut out = Vec::new();
    let mut boxes = Boxes(&mut out);
    boxes.put(b"ftyp", |boxes| {
        boxes.bytes(b"iso6");
        boxes.u32(0);
        boxes.bytes(b"iso6iso5mp41");
    });
    boxes.put(b"moov", |boxes| {
        boxes.full(b"mvhd", 0, 0, |boxes| {
            boxes.zeros(8);
            boxes.u32(CLOCK_RATE as u32);
            // Its length is not known.
            boxes.u32(0);
            boxes.u32(0x1_0000);
            boxes.u16(0x100);
            boxes.zeros(10);
            UPRIGHT.into_iter().for_each(|value| boxes.u32(value));
            boxes.zeros(24);
            boxes.u32(TRACK + 1);
        });
        boxes.put(b"trak", |boxes| track(boxes, format, &entry));
        boxes.put(b"mvex", |boxes| {
            boxes.full(b"trex", 0, 0, |boxes| {
                boxes.u32(TRACK);
                boxes.u32(1);
                boxes.zeros(12);
            });
        });
    });
    Ok(out)
}

fn track(boxes: &mut Boxes<'_>, format: &StreamFormat, entry: &[u8]) {
    let shown = format.pixel_aspect.shown(format.size);
    // Enabled, in the movie, in its preview.
    boxes.full(b"tkhd", 0, 7, |boxes| {
        boxes.zeros(8);
        boxes.u32(TRACK);
        boxes.zeros(24);
        UPRIGHT.into_iter().for_each(|value| boxes.u32(value));
        boxes.u32(shown.width.min(0xFFFF) << 16);
        boxes.u32(shown.height.min(0xFFFF) << 16);
    });
    boxes.put(b"mdia", |boxes| {
        boxes.full(b"mdhd", 0, 0, |boxes| {
            boxes.zeros(8);
            boxes.u32(CLOCK_RATE as u32);
            boxes.u32(0);
            boxes.u16(NO_LANGUAGE);
            boxes.u16(0);
        });
        boxes.full(b"hdlr", 0, 0, |boxes| {
            boxes.u32(0);
            boxes.bytes(b"vide");
            boxes.zeros(12);
            boxes.bytes(b"camera\0");
        });
        boxes.put(b"minf", |boxes| {
            boxes.full(b"vmhd", 0, 1, |boxes| boxes.zeros(8));
            boxes.put(b"dinf", |boxes| {
                boxes.full(b"dref", 0, 0, |boxes| {
                    boxes.u32(1);
                    // In this file.
                    boxes.full(b"url ", 0, 1, |_| {});
                });
            });
            boxes.put(b"stbl", |boxes| {
                boxes.full(b"stsd", 0, 0, |boxes| {
                    boxes.u32(1);
                    boxes.bytes(entry);
                });
                // All samples are in fragments.
                boxes.full(b"stts", 0, 0, |boxes| boxes.u32(0));
                boxes.full(b"stsc", 0, 0, |boxes| boxes.u32(0));
                boxes.full(b"stsz", 0, 0, |boxes| boxes.zeros(8));
                boxes.full(b"stco", 0, 0, |boxes| boxes.u32(0));
            });
        });
    });
}

/// The description of the samples (14496-12 section 12.1.3).
fn sample_entry(format: &StreamFormat) -> Result<Vec<u8>, CannotHold> {
    let side = |side: u32| u16::try_from(side).map_err(|_| CannotHold::TooLarge);
    let (width, height) = (side(format.size.width)?, side(format.size.height)?);
    let (kind, configuration) = match format.codec {
        Codec::H264 => (b"avc1", h264_configuration(format)?),
        Codec::H265 => (b"hvc1", h265_configuration(format)?),
        Codec::Mjpeg => (b"mp4v", jpeg_configuration()),
    };
    let mut out = Vec::new();
    Boxes(&mut out).put(kind, |boxes| {
        boxes.zeros(6);
        boxes.u16(1);
        boxes.zeros(16);
        boxes.u16(width);
        boxes.u16(height);
        // 72 dots an inch, one picture a sample, no name, 24 bits, no colour table: what all files say.
        boxes.u32(72 << 16);
        boxes.u32(72 << 16);
        boxes.u32(0);
        boxes.u16(1);
        boxes.zeros(32);
        boxes.u16(24);
        boxes.u16(0xFFFF);
        boxes.bytes(&configuration);
        let aspect = format.pixel_aspect;
        if !aspect.is_square() {
            boxes.put(b"pasp", |boxes| {
                boxes.u32(aspect.width);
                boxes.u32(aspect.height);
            });
        }
    });
    Ok(out)
}

/// `avcC` (14496-15 section 5.3.3.1).
fn h264_configuration(format: &StreamFormat) -> Result<Vec<u8>, CannotHold> {
    let of = |wanted| {
        let is = move |nal: &&[u8]| h264::nal_type(nal) == Some(wanted);
        nal_units(&format.parameter_sets).filter(is).collect::<Vec<_>>()
    };
    let (sequence, picture) = (of(h264::NalType::Sps), of(h264::NalType::Pps));
    let Some([_, profile, constraints, level, ..]) = sequence.first() else {
        return Err(CannotHold::NoParameterSets);
    };
    if picture.is_empty() {
        return Err(CannotHold::NoParameterSets);
    }
    let mut out = Vec::new();
    Boxes(&mut out).put(b"avcC", |boxes| {
        boxes.bytes(&[1, *profile, *constraints, *level, 0xFC | LENGTH_BYTES_LESS_ONE]);
        sets(boxes, 0xE0, 0x1F, &sequence);
        sets(boxes, 0, 0xFF, &picture);
        if matches!(profile, 100 | 110 | 122 | 144) {
            let depth = 0xF8 | format.samples.bit_depth.saturating_sub(8);
            boxes.bytes(&[0xFC | format.samples.chroma_format, depth, depth, 0]);
        }
    });
    Ok(out)
}

/// So many of `most`, with the bits that stand before their number.
fn sets(boxes: &mut Boxes<'_>, before: u8, most: usize, sets: &[&[u8]]) {
    let sets = &sets[..sets.len().min(most)];
    boxes.u8(before | sets.len() as u8);
    sets.iter().for_each(|set| behind_length(boxes, set));
}

fn behind_length(boxes: &mut Boxes<'_>, set: &[u8]) {
    let set = &set[..set.len().min(usize::from(u16::MAX))];
    boxes.u16(set.len() as u16);
    boxes.bytes(set);
}

/// `hvcC` (14496-15 section 8.3.3.1).
fn h265_configuration(format: &StreamFormat) -> Result<Vec<u8>, CannotHold> {
    use h265::NalType::{Pps, Sps, Vps};
    let of = |wanted| {
        let is = move |nal: &&[u8]| h265::nal_type(nal) == Some(wanted);
        nal_units(&format.parameter_sets).filter(is).collect::<Vec<_>>()
    };
    let arrays = [(Vps, of(Vps)), (Sps, of(Sps)), (Pps, of(Pps))];
    if arrays.iter().any(|(_, sets)| sets.is_empty()) {
        return Err(CannotHold::NoParameterSets);
    }
    // Behind the unit's header and a byte: general profile, tier and level, 12 bytes (H.265 section 7.3.3).
    let sps = without_emulation_prevention(arrays[1].1[0]);
    let (Some(first), Some(general)) = (sps.get(2), sps.get(3..15)) else {
        return Err(CannotHold::NoParameterSets);
    };
    let (layers, nested) = ((first >> 1 & 7) + 1, first & 1);
    let depth = 0xF8 | format.samples.bit_depth.saturating_sub(8);
    let mut out = Vec::new();
    Boxes(&mut out).put(b"hvcC", |boxes| {
        boxes.u8(1);
        boxes.bytes(general);
        // Nothing is known of segments, of parallel decoding, nor of the frame rate.
        boxes.bytes(&[0xF0, 0, 0xFC, 0xFC | format.samples.chroma_format, depth, depth, 0, 0]);
        boxes.u8(layers << 3 | nested << 2 | LENGTH_BYTES_LESS_ONE);
        boxes.u8(arrays.len() as u8);
        for (kind, sets) in &arrays {
            // More may stand in the stream.
            boxes.u8(kind.as_u8());
            boxes.u16(sets.len() as u16);
            sets.iter().for_each(|set| behind_length(boxes, set));
        }
    });
    Ok(out)
}

/// `esds` (14496-14 section 5.6, 14496-1 section 7.2.6).
fn jpeg_configuration() -> Vec<u8> {
    let mut out = Vec::new();
    Boxes(&mut out).full(b"esds", 0, 0, |boxes| {
        // ES_Descriptor, of 21 bytes; then its decoder's configuration of 13, and one byte of the layer below.
        boxes.bytes(&[3, 21, 0, 1, 0]);
        boxes.bytes(&[4, 13, OBJECT_IS_JPEG, 0x11]);
        boxes.zeros(11);
        boxes.bytes(&[6, 1, 2]);
    });
    out
}
