//! What a picture goes through before the model, and the model's output after it.

use std::hint::black_box;

use razz_base::{CameraId, FrameKey, MediaTime, MonoTime, Size, WallQuality, WallTime};
use razz_vision::inside::DenseHead;
use razz_vision::{
    ChannelOrder, Colour, Glance, InputFormat, Letterbox, Matrix, MotionEstimator, Picture,
    Placement, Plane, Values,
};

use super::Random;

/// Candidates of YOLO11 at 640x640.
const CANDIDATES: usize = 8400;

/// 720p: blocks of changing grey, shifted by the frame's number.
fn picture(frame: usize) -> Picture {
    let camera = CameraId::new(1).expect("1 is not 0");
    let key = FrameKey { camera, time: MediaTime::from_90k(frame as i64 * 3000) };
    let wall = WallTime { us: 0, quality: WallQuality::Arrival };
    let colour = Colour { matrix: Matrix::Bt709, full_range: false, stated: true };
    let (width, height) = (1280, 720);
    let luma: Vec<u8> = (0..width * height)
        .map(|i| {
            let (x, y) = ((i % width + 3 * frame) / 16, i / width / 16);
            (16 + (x * 37 + y * 61) % 200) as u8
        })
        .collect();
    let chroma = vec![120; width / 2 * height / 2];
    let plane = |data, width, height| Plane { data, stride: width, width, height };
    let planes = [
        plane(&luma, width, height),
        plane(&chroma, width / 2, height / 2),
        plane(&chroma, width / 2, height / 2),
    ];
    let size = Size::new(width as u32, height as u32);
    Picture::from_planes(key, wall, MonoTime::from_us(0), size, colour, planes)
        .expect("planes of the right size")
}

/// Whether anything changed against the picture before.
pub(super) fn glance_720p() -> Box<dyn FnMut()> {
    let pictures = [picture(0), picture(1)];
    let (mut before, mut now, mut round) = (Glance::default(), Glance::default(), 0);
    Box::new(move || {
        now.take(black_box(&pictures[round % 2]));
        black_box(before.changed(&now));
        std::mem::swap(&mut before, &mut now);
        round += 1;
    })
}

/// A camera that pans to and fro by three pixels a picture.
pub(super) fn camera_motion_720p() -> Box<dyn FnMut()> {
    let pictures = [picture(0), picture(1)];
    let (mut motion, mut round) = (MotionEstimator::default(), 0);
    Box::new(move || {
        black_box(motion.look(pictures[round % 2].luma(), &[]));
        round += 1;
    })
}

fn letterbox(target: Size, format: InputFormat) -> Box<dyn FnMut()> {
    let (picture, mut letterbox) = (picture(0), Letterbox::new(target, format));
    Box::new(move || _ = black_box(letterbox.picture(black_box(&picture))))
}

pub(super) fn letterbox_720p_640() -> Box<dyn FnMut()> {
    letterbox(Size::new(640, 640), InputFormat::default())
}

/// As the models of the YOLOX family want it.
pub(super) fn letterbox_720p_416() -> Box<dyn FnMut()> {
    let format = InputFormat {
        order: ChannelOrder::Bgr,
        values: Values::Byte,
        placement: Placement::TopLeft,
    };
    letterbox(Size::new(416, 416), format)
}

fn head(classes: usize, values: Vec<f32>, at_least: usize) -> Box<dyn FnMut()> {
    let mut head = DenseHead::new(classes, CANDIDATES, 0.25, 0.7).expect("a dense head");
    let mut found = Vec::new();
    Box::new(move || {
        assert!(head.read(black_box(&values), &mut found));
        assert!(found.len() >= at_least, "only {} boxes", found.len());
    })
}

/// 80 classes: about 200 candidates anywhere, the rest as unsure as they are.
pub(super) fn head_street() -> Box<dyn FnMut()> {
    let mut random = Random::new();
    let value = |i: usize| {
        let value = random.share();
        match i / CANDIDATES {
            0 | 1 => value * 640.0,
            2 | 3 => 40.0,
            _ if value > 0.9997 => value,
            _ => value * 0.2,
        }
    };
    head(80, (0..84 * CANDIDATES).map(value).collect(), 50)
}

/// A hundred objects with 84 candidates each, all of them sure enough: suppression is at work.
pub(super) fn head_crowd() -> Box<dyn FnMut()> {
    let mut random = Random::new();
    let mut values = vec![0.0; 5 * CANDIDATES];
    for i in 0..CANDIDATES {
        let (x, y) = (i / 84 % 10 * 62 + 40, i / 840 * 62 + 40);
        values[i] = x as f32 + 6.0 * random.share();
        values[CANDIDATES + i] = y as f32 + 6.0 * random.share();
        values[2 * CANDIDATES + i] = 50.0 + 6.0 * random.share();
        values[3 * CANDIDATES + i] = 50.0 + 6.0 * random.share();
        values[4 * CANDIDATES + i] = 0.3 + 0.6 * random.share();
    }
    head(1, values, 100)
}
