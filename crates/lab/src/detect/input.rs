//! What `razz detect` looks at: a clip, or pictures. Their content says what they are.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use razz_base::Size;
use razz_media::Orientation;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::terminal::Failure;

/// Names that a folder's pictures end in.
const ENDINGS: [&str; 3] = ["png", "jpg", "jpeg"];
/// The first bytes of a PNG file (RFC 2083 section 3.1) and of a JPEG file.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
const JPEG: &[u8] = &[0xFF, 0xD8, 0xFF];

/// What was given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Input {
    /// An MP4 file.
    Clip(PathBuf),
    /// Pictures, at least one.
    Images(Vec<PathBuf>),
}

impl Input {
    /// Finds out what the paths are; a folder stands for the pictures in it, by name.
    ///
    /// # Errors
    /// When a path is not there, a folder holds no picture, or a clip is not alone.
    pub(super) fn find(paths: &[PathBuf]) -> Result<Self, Failure> {
        let refused = |path: &Path, what: &str| {
            Err(Failure::Refused(format!("--input {}: {what}", path.display())))
        };
        let mut images = Vec::new();
        for path in paths {
            if path.is_dir() {
                let inside = folder(path);
                if inside.is_empty() {
                    return refused(path, "there is no .png, .jpg or .jpeg in this folder");
                }
                images.extend(inside);
                continue;
            }
            let mut start = Vec::new();
            let read = File::open(path).and_then(|file| file.take(8).read_to_end(&mut start));
            if let Err(error) = read {
                return refused(path, &format!("cannot be read: {error}"));
            }
            if start.starts_with(PNG) || start.starts_with(JPEG) {
                images.push(path.clone());
            } else if paths.len() == 1 {
                return Ok(Self::Clip(path.clone()));
            } else {
                return refused(path, "this is no PNG or JPEG; a clip has to be the only input");
            }
        }
        Ok(Self::Images(images))
    }
}

/// The pictures in a folder, by name.
fn folder(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut images: Vec<PathBuf> = entries
        .filter(|path| {
            let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
            path.is_file() && ending.is_some_and(|e| ENDINGS.contains(&e.as_str()))
        })
        .collect();
    images.sort();
    images
}

/// An 8-bit RGB picture, three bytes a pixel, row after row.
#[derive(Debug)]
pub(super) struct Image {
    pub(super) size: Size,
    pub(super) rgb: Vec<u8>,
}

impl Image {
    /// As it is shown, by its EXIF block.
    fn turned(self, exif: &[u8]) -> Self {
        match Orientation::from_exif(exif) {
            Orientation::Upright => self,
            turned => Self {
                size: turned.shown(self.size),
                rgb: turned.turn(&self.rgb, 3 * self.size.width as usize, self.size, 3),
            },
        }
    }
}

/// Reads a PNG or JPEG file, turned as its EXIF block says. Transparency is left away, grey becomes
/// colour.
///
/// # Errors
/// When it cannot be read or is damaged.
pub(super) fn read_image(path: &Path) -> Result<Image, Failure> {
    let wrong = |what: String| Failure::Refused(format!("{}: {what}", path.display()));
    let data = fs::read(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let image = if data.starts_with(PNG) { png(&data) } else { jpeg(&data) };
    image.map_err(|error| {
        let lines: Vec<&str> = error.split_whitespace().collect();
        wrong(format!("this picture cannot be decoded: {}", lines.join(" ")))
    })
}

fn png(data: &[u8]) -> Result<Image, String> {
    let said = |error: png::DecodingError| error.to_string();
    let mut decoder = png::Decoder::new(std::io::Cursor::new(data));
    // Palettes written out, 16 bits cut to 8.
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(said)?;
    let bytes = reader.output_buffer_size().ok_or("it is too large")?;
    let mut pixels = vec![0; bytes];
    let frame = reader.next_frame(&mut pixels).map_err(said)?;
    pixels.truncate(frame.buffer_size());
    let rgb = match frame.color_type {
        png::ColorType::Rgb => pixels,
        png::ColorType::Rgba => pixels.chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect(),
        png::ColorType::Grayscale => pixels.iter().flat_map(|grey| [*grey; 3]).collect(),
        png::ColorType::GrayscaleAlpha => {
            pixels.chunks_exact(2).flat_map(|pixel| [pixel[0]; 3]).collect()
        }
        png::ColorType::Indexed => return Err("its palette is missing".to_owned()),
    };
    let exif = reader.info().exif_metadata.as_deref().unwrap_or_default();
    Ok(Image { size: Size::new(frame.width, frame.height), rgb }.turned(exif))
}

fn jpeg(data: &[u8]) -> Result<Image, String> {
    let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(data), options);
    let rgb = decoder.decode().map_err(|error| error.to_string())?;
    let (width, height) = decoder.dimensions().ok_or("it has no size")?;
    let side = |side: usize| u32::try_from(side).map_err(|_| "it is too large".to_owned());
    let image = Image { size: Size::new(side(width)?, side(height)?), rgb };
    Ok(image.turned(decoder.exif().map_or(&[], Vec::as_slice)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png_file(kind: png::ColorType, depth: png::BitDepth, pixels: &[u8]) -> Vec<u8> {
        let mut data = Vec::new();
        let mut encoder = png::Encoder::new(&mut data, 2, 1);
        encoder.set_color(kind);
        encoder.set_depth(depth);
        if kind == png::ColorType::Indexed {
            encoder.set_palette(vec![9, 8, 7, 1, 2, 3]);
        }
        encoder.write_header().unwrap().write_image_data(pixels).unwrap();
        data
    }

    #[test]
    fn every_kind_of_png_becomes_rgb() {
        use png::{BitDepth, ColorType};
        for (kind, depth, pixels, rgb) in [
            (ColorType::Rgb, BitDepth::Eight, &[1, 2, 3, 4, 5, 6][..], [1, 2, 3, 4, 5, 6]),
            (ColorType::Rgba, BitDepth::Eight, &[1, 2, 3, 0, 4, 5, 6, 255], [1, 2, 3, 4, 5, 6]),
            (ColorType::Grayscale, BitDepth::Eight, &[7, 8], [7, 7, 7, 8, 8, 8]),
            (ColorType::Grayscale, BitDepth::One, &[0b1000_0000], [255, 255, 255, 0, 0, 0]),
            (ColorType::Grayscale, BitDepth::Sixteen, &[7, 9, 8, 9], [7, 7, 7, 8, 8, 8]),
            (ColorType::GrayscaleAlpha, BitDepth::Eight, &[7, 0, 8, 0], [7, 7, 7, 8, 8, 8]),
            (ColorType::Indexed, BitDepth::Eight, &[1, 0], [1, 2, 3, 9, 8, 7]),
        ] {
            let image = png(&png_file(kind, depth, pixels)).unwrap();
            assert_eq!((image.size, &image.rgb[..]), (Size::new(2, 1), &rgb[..]), "{kind:?}");
        }
    }

    /// An EXIF block with an orientation and nothing else.
    fn exif(orientation: u8) -> Vec<u8> {
        let mut block = b"MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
        block.extend([orientation, 0, 0, 0, 0, 0, 0]);
        block
    }

    /// Bright at the top left, dark at the bottom right: an 8x16 JPEG with an EXIF block, as cameras
    /// write it, right behind the start.
    fn photo(block: &[u8]) -> Vec<u8> {
        let (width, height) = (8u16, 16u16);
        let brightness = |at: usize| 250 - 10 * ((at / 8) + (at % 8)) as u8;
        let grey: Vec<u8> = (0..128).map(brightness).collect();
        let mut data = Vec::new();
        let encoder = jpeg_encoder::Encoder::new(&mut data, 100);
        encoder.encode(&grey, width, height, jpeg_encoder::ColorType::Luma).unwrap();
        let mut whole = data[..2].to_vec();
        if !block.is_empty() {
            whole.extend([0xFF, 0xE1]);
            whole.extend((8 + block.len() as u16).to_be_bytes());
            whole.extend(b"Exif\0\0");
            whole.extend(block);
        }
        whole.extend(&data[2..]);
        whole
    }

    #[test]
    fn photos_are_turned_by_their_exif_block() {
        // Where the bright corner is, from 0 at the top left, clockwise.
        for (orientation, corner) in
            [(0, 0), (1, 0), (2, 1), (3, 2), (4, 3), (5, 0), (6, 1), (7, 2), (8, 3), (9, 0)]
        {
            let block = if orientation == 0 { Vec::new() } else { exif(orientation) };
            let Image { size, rgb } = jpeg(&photo(&block)).unwrap();
            let want = if (5..9).contains(&orientation) { (16, 8) } else { (8, 16) };
            assert_eq!((size.width, size.height), want, "{orientation}");
            let (right, bottom) = (size.width as usize - 1, size.height as usize - 1);
            let corners = [(0, 0), (right, 0), (right, bottom), (0, bottom)];
            let brightness = corners.map(|(x, y)| rgb[3 * (y * (right + 1) + x)]);
            let brightest = (0..4).max_by_key(|at| brightness[*at]).unwrap();
            assert_eq!(brightest, corner, "{orientation}: {brightness:?}");
        }
        // A PNG has it in a chunk of its own (PNG, third edition, section 11.3.4.5).
        let plain = png_file(png::ColorType::Rgb, png::BitDepth::Eight, &[1, 2, 3, 4, 5, 6]);
        let mut chunk = b"eXIf".to_vec();
        chunk.extend(exif(3));
        let mut turned = plain[..33].to_vec();
        turned.extend((chunk.len() as u32 - 4).to_be_bytes());
        turned.extend(&chunk);
        turned.extend(crc(&chunk).to_be_bytes());
        turned.extend(&plain[33..]);
        assert_eq!(png(&turned).unwrap().rgb, [4, 5, 6, 1, 2, 3]);
    }

    /// The check sum of a PNG chunk (annex D).
    fn crc(data: &[u8]) -> u32 {
        !data.iter().fold(!0u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                if crc & 1 == 1 { 0xEDB8_8320 ^ crc >> 1 } else { crc >> 1 }
            })
        })
    }

    #[test]
    fn damaged_pictures_are_errors() {
        let whole = png_file(png::ColorType::Rgb, png::BitDepth::Eight, &[1, 2, 3, 4, 5, 6]);
        for length in [0, 8, 20, whole.len() / 2] {
            assert!(png(&whole[..length]).is_err(), "{length}");
        }
        for data in [&[][..], &[0xFF, 0xD8, 0xFF], &[0xFF, 0xD8, 0xFF, 0xE0, 0, 9, 9]] {
            assert!(jpeg(data).is_err(), "{data:?}");
        }
    }
}
