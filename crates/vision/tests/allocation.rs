//! From planes to boxes nothing is allocated once the lists have grown to the pictures: a counting
//! allocator says so. (Engines allocate as they please; the decoder's pictures are reused, see
//! `Decoder`.)

use razz_base::{CameraId, FrameKey, MediaTime, MonoTime, Size, WallQuality, WallTime};
use razz_counting::allocations;
use razz_vision::inside::DenseHead;
use razz_vision::{
    ChannelOrder, Colour, Glance, InputFormat, Letterbox, Matrix, MotionEstimator, Picture,
    Placement, Plane, Values,
};

/// A random number from 0 to 1 (linear congruential).
fn random(state: &mut u32) -> f32 {
    *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    (*state >> 8) as f32 / (1 << 24) as f32
}

/// Blocks of changing grey, shifted by the frame's number.
fn picture(size: Size, frame: usize) -> Picture {
    let camera = CameraId::new(1).unwrap();
    let key = FrameKey { camera, time: MediaTime::from_90k(frame as i64 * 3000) };
    let wall = WallTime { us: 0, quality: WallQuality::Arrival };
    let colour = Colour { matrix: Matrix::Bt709, full_range: false, stated: true };
    let (width, height) = (size.width as usize, size.height as usize);
    let luma: Vec<u8> = (0..width * height)
        .map(|i| {
            let (x, y) = ((i % width + 3 * frame) / 16, i / width / 16);
            (16 + (x * 37 + y * 61) % 200) as u8
        })
        .collect();
    let chroma = vec![120; width.div_ceil(2) * height.div_ceil(2)];
    let plane = |data, width, height| Plane { data, stride: width, width, height };
    let half = [width.div_ceil(2), height.div_ceil(2)];
    let planes = [
        plane(&luma, width, height),
        plane(&chroma, half[0], half[1]),
        plane(&chroma, half[0], half[1]),
    ];
    Picture::from_planes(key, wall, MonoTime::from_us(0), size, colour, planes).unwrap()
}

#[test]
fn pixels_reach_the_models_input_without_allocating() {
    let yolox = InputFormat {
        order: ChannelOrder::Bgr,
        values: Values::Byte,
        placement: Placement::TopLeft,
    };
    for (from, to, format) in [
        (Size::new(1280, 720), Size::new(640, 640), InputFormat::default()),
        (Size::new(1280, 720), Size::new(640, 384), InputFormat::default()),
        (Size::new(641, 359), Size::new(640, 640), InputFormat::default()),
        (Size::new(1280, 720), Size::new(416, 416), yolox),
    ] {
        let pictures: Vec<Picture> = (0..6).map(|frame| picture(from, frame)).collect();
        let mut letterbox = Letterbox::new(to, format);
        letterbox.picture(&pictures[0]);
        for picture in &pictures {
            let during = allocations(|| _ = std::hint::black_box(letterbox.picture(picture)));
            assert_eq!(during, 0, "{from:?} to {to:?}");
        }
    }
}

#[test]
fn whether_anything_moves_is_told_without_allocating() {
    let pictures: Vec<Picture> = (0..8).map(|frame| picture(Size::new(1280, 720), frame)).collect();
    let (mut glance, mut before) = (Glance::default(), Glance::default());
    let mut motion = MotionEstimator::default();
    for round in 0..4 {
        for picture in &pictures {
            let during = allocations(|| {
                before.take(picture);
                glance.take(picture);
                std::hint::black_box(before.changed(&glance));
                std::hint::black_box(motion.look(picture.luma(), &[]));
            });
            assert!(round < 2 || during == 0, "{during} allocations in round {round}");
        }
    }
}

#[test]
fn a_head_is_read_without_allocating() {
    const CANDIDATES: usize = 8400;
    let mut state = 1;
    let outputs: Vec<Vec<f32>> = (0..6)
        .map(|_| {
            let value = |i: usize| {
                let value = random(&mut state);
                match i / CANDIDATES {
                    0 | 1 => value * 640.0,
                    2 | 3 => 40.0,
                    _ if value > 0.9997 => value,
                    _ => value * 0.2,
                }
            };
            (0..84 * CANDIDATES).map(value).collect()
        })
        .collect();
    let mut head = DenseHead::new(80, CANDIDATES, 0.25, 0.7).unwrap();
    let mut found = Vec::new();
    for round in 0..3 {
        for output in &outputs {
            let during = allocations(|| assert!(head.read(output, &mut found)));
            assert!(found.len() > 50, "only {} boxes", found.len());
            assert!(round < 1 || during == 0, "{during} allocations in round {round}");
        }
    }
}
