//! Every path against the plain one.

use razz_base::{CameraId, FrameKey, MediaTime, MonoTime, Size, WallQuality, WallTime};
use razz_media::h264::{Colour, Matrix};

use super::*;
use crate::input::{ChannelOrder, InputFormat, Placement, Values};

/// A picture of noise (a linear congruential generator), from planes with `padding` more samples a
/// row than they need.
fn picture(size: Size, padding: usize, colour: Colour) -> Picture {
    let (width, height) = (size.width as usize, size.height as usize);
    let chroma = (width.div_ceil(2), height.div_ceil(2));
    let mut state = 7u32;
    let samples = [(width, height), chroma, chroma].map(|(width, height)| -> Vec<u8> {
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        (0..(width + padding) * height).map(|_| next()).collect()
    });
    let plane = |i: usize, (width, height): (usize, usize)| Plane {
        data: &samples[i],
        stride: width + padding,
        width,
        height,
    };
    Picture::from_planes(
        FrameKey { camera: CameraId::new(1).unwrap(), time: MediaTime::from_90k(0) },
        WallTime { us: 0, quality: WallQuality::Arrival },
        MonoTime::from_us(0),
        size,
        colour,
        [plane(0, (width, height)), plane(1, chroma), plane(2, chroma)],
    )
    .unwrap()
}

/// The part of a line that is sampled: start and span.
type Sampled = (usize, usize);

fn sampled(
    path: Path,
    picture: &Picture,
    parts: [Sampled; 2],
    target: Size,
    to: &YuvToRgb,
) -> Vec<f32> {
    let mut sampler = Sampler { path, ..Sampler::default() };
    let (mut columns, mut rows) = (Columns::default(), Rows::default());
    let (width, height) = (target.width as usize, target.height as usize);
    // A table that served another size before serves this one.
    for target in [(3 * width, 3 * height), (width, height)] {
        columns.fit(parts[0].0, parts[0].1, picture.size.width as usize, target.0);
        rows.fit(parts[1].0, parts[1].1, picture.size.height as usize, target.1);
    }
    let window = Window { left: 2, top: 1, width: width + 5, height: height + 3 };
    let mut canvas = vec![-7.0; 3 * window.width * window.height];
    sampler.picture(picture, &columns, &rows, to, &mut canvas, window);
    let outside = canvas.iter().filter(|v| **v == -7.0).count();
    assert_eq!(outside, canvas.len() - 3 * width * height, "it writes its window and no more");
    canvas
}

#[test]
fn every_path_gives_what_the_plain_one_gives() {
    let path = Path::detect();
    let colours = [Matrix::Bt601, Matrix::Bt709, Matrix::Bt2020]
        .iter()
        .flat_map(|matrix| [false, true].map(|full_range| (*matrix, full_range)))
        .map(|(matrix, full_range)| Colour { matrix, full_range, stated: true });
    let formats = [
        InputFormat::default(),
        InputFormat {
            order: ChannelOrder::Bgr,
            values: Values::Byte,
            placement: Placement::TopLeft,
        },
        InputFormat { values: Values::ImageNet, ..InputFormat::default() },
    ];
    let whole = |size: Size| [(0, size.width as usize), (0, size.height as usize)];
    let size = |(width, height): (u32, u32)| Size::new(width, height);
    for colour in colours {
        for format in formats {
            let to = YuvToRgb::in_format(colour, format);
            for (from, parts, target) in [
                // Halved, as 720p in 640 wide; enlarged; the same; odd sizes; tails of 1 to 7.
                ((64, 36), None, (32, 18)),
                ((64, 36), None, (90, 50)),
                ((64, 36), None, (64, 36)),
                ((77, 31), None, (33, 19)),
                ((131, 9), None, (79, 21)),
                // A third, more than a quarter, an eleventh of the width.
                ((192, 20), None, (64, 7)),
                ((240, 20), None, (51, 9)),
                ((704, 12), None, (64, 8)),
                // Too narrow for eight at once, in the picture or in the result.
                ((17, 40), None, (40, 40)),
                ((31, 4), None, (8, 4)),
                ((33, 4), None, (9, 4)),
                ((64, 8), None, (7, 8)),
                ((1, 1), None, (16, 16)),
                // Crops, at both ends of the lines too.
                ((200, 90), Some([(0, 21), (0, 40)]), (32, 64)),
                ((200, 90), Some([(191, 9), (51, 39)]), (32, 64)),
                ((201, 91), Some([(100, 101), (3, 9)]), (32, 64)),
                ((400, 20), Some([(3, 395), (3, 9)]), (16, 8)),
            ] {
                for padding in [0, 13] {
                    let picture = picture(size(from), padding, colour);
                    let parts = parts.unwrap_or(whole(picture.size));
                    let [fast, plain] = [path, Path::Plain]
                        .map(|path| sampled(path, &picture, parts, size(target), &to));
                    // Sums are added in another order: a few units in the last place.
                    let bound = 2e-6 * to.high[0];
                    for (at, (a, b)) in fast.iter().zip(&plain).enumerate() {
                        let what = format!("{from:?} {parts:?} {target:?} {colour:?} {format:?}");
                        assert!((a - b).abs() <= bound, "{path:?} {what} at {at}: {a}, {b}");
                    }
                }
            }
        }
    }
}
