//! Pictures on which decoders of JPEG are tried.
//!
//! Decoders may round differently (Rec. ITU-T T.81 says how exact they have to be, not what comes out), so
//! there are no checksums: the pictures have blocks of one brightness each, and what a decoder makes of a
//! block may be off by next to nothing. All four ways to store colour are among them, with restart
//! markers and without.

use bytes::Bytes;
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use razz_base::{Codec as Coding, Size, StreamFormat};

use super::Decoder;
use super::clips::access_unit;
use super::codec::Codec;
use crate::picture::{Picture, Plane};

/// What it is called in the list of clips.
pub(super) const NAME: &str = "blocks.mjpeg";

/// So far may a sample be from what it should be.
const OFF: u8 = 3;
/// Width and height: not a multiple of what is coded at a time.
const SIZE: (usize, usize) = (120, 72);
/// Width and height of what has one brightness.
const BLOCK: usize = 16;

/// How colour is stored, and MCUs between two restart markers.
const PICTURES: [(Option<SamplingFactor>, u16); 8] = [
    (Some(SamplingFactor::F_2_2), 0),
    (Some(SamplingFactor::F_2_1), 0),
    (Some(SamplingFactor::F_1_1), 0),
    (None, 0),
    (Some(SamplingFactor::F_2_2), 2),
    (Some(SamplingFactor::F_2_1), 1),
    (Some(SamplingFactor::F_1_1), 5),
    (None, 3),
];

/// Whether a library's decoder decodes them right.
pub(super) fn try_out(codec: Box<dyn Codec>) -> Result<(), String> {
    decode(&mut Decoder::of(codec, String::new(), Coding::Mjpeg, false)).map(drop)
}

/// Decodes all of them; how many came out, all of them right.
pub(super) fn decode(decoder: &mut Decoder) -> Result<usize, String> {
    let format = StreamFormat::new(Coding::Mjpeg, Size::new(SIZE.0 as u32, SIZE.1 as u32));
    for (n, (factor, restarts)) in PICTURES.into_iter().enumerate() {
        let file = Bytes::from(file(n, factor, restarts)?);
        let unit = access_unit(file, true, n as i64, &format);
        let picture = decoder.decode(&unit, true).map_err(|error| error.to_string())?;
        let picture = picture.or_else(|| decoder.flush().pop());
        let picture =
            picture.ok_or_else(|| format!("picture {n} of the clip {NAME} is missing"))?;
        check(n, factor.is_some(), &picture)
            .map_err(|what| format!("picture {n} of the clip {NAME}: {what}"))?;
    }
    Ok(PICTURES.len())
}

/// The brightness of a block of picture `n`.
fn luma(n: usize, x: usize, y: usize) -> u8 {
    (20 + (x / BLOCK * 53 + y / BLOCK * 29 + n * 17) % 216) as u8
}

/// The colour of all of picture `n`.
fn chroma(n: usize) -> [u8; 2] {
    [(100 + 5 * n) as u8, (170 - 7 * n) as u8]
}

fn file(n: usize, factor: Option<SamplingFactor>, restarts: u16) -> Result<Vec<u8>, String> {
    let mut samples = Vec::new();
    for y in 0..SIZE.1 {
        for x in 0..SIZE.0 {
            samples.push(luma(n, x, y));
            if factor.is_some() {
                samples.extend(chroma(n));
            }
        }
    }
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, 95);
    encoder.set_restart_interval(restarts);
    let kind = match factor {
        Some(factor) => {
            encoder.set_sampling_factor(factor);
            ColorType::Ycbcr
        }
        None => ColorType::Luma,
    };
    let (width, height) = (SIZE.0 as u16, SIZE.1 as u16);
    encoder.encode(&samples, width, height, kind).map_err(|error| error.to_string())?;
    Ok(file)
}

fn check(n: usize, in_colour: bool, picture: &Picture) -> Result<(), String> {
    let size = picture.size;
    if (size.width as usize, size.height as usize) != SIZE {
        return Err(format!("it has {}x{}", size.width, size.height));
    }
    let plane = picture.luma();
    for y in 0..SIZE.1 {
        for (x, found) in plane.row(y).iter().enumerate() {
            let expected = luma(n, x, y);
            if found.abs_diff(expected) > OFF {
                return Err(format!("brightness {found} instead of {expected} at {x}, {y}"));
            }
        }
    }
    let expected = if in_colour { chroma(n) } else { [128; 2] };
    let wrong = |plane: Plane<'_>, expected: u8| {
        (0..plane.height)
            .flat_map(|y| plane.row(y).iter().copied())
            .find(|found| found.abs_diff(expected) > OFF)
    };
    for (plane, expected) in [picture.cb(), picture.cr()].into_iter().zip(expected) {
        if let Some(found) = wrong(plane, expected) {
            return Err(format!("colour {found} instead of {expected}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::Decoders;

    /// Decoders of this machine, and the file of a picture in each way to store colour.
    fn check_cut(decoders: &Decoders) {
        let format = StreamFormat::new(Coding::Mjpeg, Size::new(SIZE.0 as u32, SIZE.1 as u32));
        for name in decoders.candidates(Coding::Mjpeg) {
            let mut right = 0;
            for (n, (factor, restarts)) in PICTURES.into_iter().enumerate() {
                let whole = file(n, factor, restarts).unwrap();
                let mut decoder = decoders.decoder_named(Coding::Mjpeg, &name).unwrap();
                for (at, length) in (0..whole.len() - 2).step_by(7).enumerate() {
                    // Cut off, with the end of a picture as it is written behind what came.
                    let cut = Bytes::from([&whole[..length], &[0xFF, 0xD9]].concat());
                    let unit = access_unit(cut, true, at as i64, &format);
                    if let Ok(Some(picture)) = decoder.decode(&unit, true) {
                        // Only what is missing of nothing.
                        check(n, factor.is_some(), &picture)
                            .unwrap_or_else(|what| panic!("{name}, {n}, {length}: {what}"));
                        right += 1;
                    }
                }
                // The next one is right again.
                let unit = access_unit(Bytes::from(whole), true, 1_000_000, &format);
                let picture = decoder.decode(&unit, true).unwrap().unwrap();
                check(n, factor.is_some(), &picture).unwrap();
            }
            assert!(right < 8, "{name}: {right}");
        }
    }

    #[test]
    fn pictures_that_are_cut_off_are_not_there() {
        check_cut(&Decoders::builtin());
    }

    #[test]
    #[ignore = "needs libavcodec: `apt install libavcodec-extra`"]
    fn nor_are_they_with_libavcodec() {
        check_cut(&Decoders::at_hand());
    }
}
