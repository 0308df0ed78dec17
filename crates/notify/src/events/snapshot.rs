//! Pictures of what came: a JPEG of the object with some of what is around it, bounded in size.

use bytes::Bytes;
use razz_base::Rect;
use razz_vision::Picture;

/// Longest side in pixels.
const MAX_SIDE: u32 = 960;
/// What is shown around the object, as a share of its size on each side.
const MARGIN: f64 = 0.25;
/// Least width and height of what is shown, in pixels: a small object needs its surroundings.
const LEAST: f64 = 160.0;
/// Qualities that are tried, until the picture is small enough.
const QUALITIES: [u8; 3] = [85, 60, 35];
/// Most bytes.
const MAX_BYTES: usize = 192 << 10;

/// The part of `picture` around `bbox`, or all of it. `None` where it cannot be made small enough.
pub(crate) fn jpeg(picture: Picture, bbox: Option<Rect>) -> Option<Bytes> {
    let mut picture = match bbox {
        Some(bbox) => picture.crop(&around(&bbox))?,
        None => picture,
    };
    while picture.size.width.max(picture.size.height) > MAX_SIDE {
        picture = picture.halved();
    }
    QUALITIES.iter().find_map(|quality| {
        let jpeg = razz_vision::encode_jpeg(&picture, *quality).ok()?;
        (jpeg.len() <= MAX_BYTES).then(|| Bytes::from(jpeg))
    })
}

fn around(bbox: &Rect) -> Rect {
    let [cx, cy] = bbox.center();
    let side = |length: f64| (length * (1.0 + 2.0 * MARGIN)).max(LEAST);
    Rect::from_center(cx, cy, side(bbox.width()), side(bbox.height()))
}

#[cfg(test)]
mod tests {
    use razz_base::{CameraId, FrameKey, MediaTime, MonoTime, Size, WallQuality, WallTime};
    use razz_vision::{Colour, Plane};

    use super::*;

    /// A picture full of noise, which is the hardest to make small.
    fn noise(width: usize, height: usize) -> Picture {
        let mut state = 1u32;
        let mut plane = |width: usize, height: usize| -> Vec<u8> {
            let mut next = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            };
            (0..width * height).map(|_| next()).collect()
        };
        let (chroma_width, chroma_height) = (width.div_ceil(2), height.div_ceil(2));
        let planes =
            [(width, height), (chroma_width, chroma_height), (chroma_width, chroma_height)]
                .map(|(width, height)| (plane(width, height), width, height));
        let planes = planes.each_ref().map(|(data, width, height)| Plane {
            data,
            stride: *width,
            width: *width,
            height: *height,
        });
        Picture::from_planes(
            FrameKey { camera: CameraId::new(1).unwrap(), time: MediaTime::from_90k(0) },
            WallTime { us: 0, quality: WallQuality::Arrival },
            MonoTime::from_us(0),
            Size::new(width as u32, height as u32),
            Colour::unstated(height as u32),
            planes,
        )
        .unwrap()
    }

    /// Width and height from the start of frame (ITU-T T.81 section B.2.2).
    fn size(jpeg: &[u8]) -> (u16, u16) {
        let at = jpeg.windows(2).position(|w| w == [0xff, 0xc0]).unwrap() + 5;
        let number = |at: usize| u16::from_be_bytes([jpeg[at], jpeg[at + 1]]);
        (number(at + 2), number(at))
    }

    #[test]
    fn snapshots_show_the_object_and_are_bounded() {
        for (picture, bbox, expected) in [
            ((640, 360), None, Some((640, 360))),
            ((1920, 1080), None, Some((960, 540))),
            ((3840, 2160), None, Some((960, 540))),
            // The box and a quarter of it on each side.
            ((1280, 720), Some(Rect::new(400.0, 200.0, 600.0, 600.0)), Some((300, 600))),
            // Small ones with what is around them, at even places; at the edge as much as there is.
            ((1280, 720), Some(Rect::new(600.0, 300.0, 610.0, 310.0)), Some((162, 162))),
            ((1280, 720), Some(Rect::new(-10.0, 0.0, 10.0, 20.0)), Some((80, 90))),
            ((1280, 720), Some(Rect::new(2000.0, 0.0, 2100.0, 20.0)), None),
        ] {
            let jpeg = jpeg(noise(picture.0, picture.1), bbox);
            assert_eq!(jpeg.as_deref().map(size), expected, "{picture:?} {bbox:?}");
            assert!(jpeg.is_none_or(|jpeg| jpeg.len() <= MAX_BYTES));
        }
    }
}
