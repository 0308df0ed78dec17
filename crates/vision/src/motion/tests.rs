//! Pictures whose motion is known.

use super::*;

pub(super) const WIDTH: usize = 640;
pub(super) const HEIGHT: usize = 360;

/// A number from 0 to 1 that has nothing to do with its neighbours' (a hash of the place).
fn random(x: i64, y: i64, seed: i64) -> f64 {
    let mut h = ((x * 73_856_093) ^ (y * 19_349_663) ^ (seed * 83_492_791)) as u64;
    h = (h ^ h >> 31).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    h = (h ^ h >> 27).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (h >> 40) as f64 / (1 << 24) as f64
}

/// Smooth noise of one size of detail.
fn detail(x: f64, y: f64, size: f64, seed: i64) -> f64 {
    let (x, y) = (x / size, y / size);
    let (left, top) = (x.floor(), y.floor());
    let ease = |v: f64| v * v * (3.0 - 2.0 * v);
    let (along, down) = (ease(x - left), ease(y - top));
    let at = |dx: i64, dy: i64| random(left as i64 + dx, top as i64 + dy, seed);
    let upper = at(0, 0) + (at(1, 0) - at(0, 0)) * along;
    let lower = at(0, 1) + (at(1, 1) - at(0, 1)) * along;
    upper + (lower - upper) * down
}

/// A scene without end, as bright as a street: walls, windows, leaves.
fn scene(x: f64, y: f64, seed: i64) -> f64 {
    30.0 + 90.0 * detail(x, y, 70.0, seed)
        + 60.0 * detail(x, y, 22.0, seed + 1)
        + 40.0 * detail(x, y, 9.0, seed + 2)
}

/// A picture of the scene after `pose`, with something else where `object` says so.
pub(super) fn picture(pose: &Affine, object: impl Fn(f64, f64) -> Option<f64>) -> Vec<u8> {
    let back = pose.inverse().unwrap();
    (0..WIDTH * HEIGHT)
        .map(|i| {
            let [x, y] = [(i % WIDTH) as f64 + 0.5, (i / WIDTH) as f64 + 0.5];
            let [u, v] = back.apply([x, y]);
            object(x, y).unwrap_or_else(|| scene(u, v, 1)).round().clamp(0.0, 255.0) as u8
        })
        .collect()
}

pub(super) fn luma(samples: &[u8]) -> Plane<'_> {
    Plane { data: samples, stride: WIDTH, width: WIDTH, height: HEIGHT }
}

pub(super) fn nothing(_: f64, _: f64) -> Option<f64> {
    None
}

/// The largest difference between two motions at the corners of the picture.
fn apart(a: &Affine, b: &Affine) -> f64 {
    let (w, h) = (WIDTH as f64, HEIGHT as f64);
    [[0.0, 0.0], [w, 0.0], [0.0, h], [w, h]]
        .map(|corner| {
            let ([ax, ay], [bx, by]) = (a.apply(corner), b.apply(corner));
            (ax - bx).hypot(ay - by)
        })
        .into_iter()
        .fold(0.0, f64::max)
}

const CENTRE: [f64; 2] = [WIDTH as f64 / 2.0, HEIGHT as f64 / 2.0];

#[test]
fn motions_are_found_to_a_fraction_of_a_pixel() {
    for (step, bound) in [
        (Affine::translation(1.0, 0.0), 0.1),
        (Affine::translation(-7.3, 2.6), 0.1),
        (Affine::translation(31.0, -17.5), 0.1),
        (Affine::translation(110.0, 40.0), 0.1),
        (Affine::similarity(CENTRE, 0.02, 1.0, [0.0, 0.0]), 0.2),
        (Affine::similarity(CENTRE, -0.05, 1.0, [4.0, 9.0]), 0.2),
        (Affine::similarity(CENTRE, 0.0, 1.03, [0.0, 0.0]), 0.2),
        (Affine::similarity(CENTRE, 0.01, 0.97, [-12.0, 3.0]), 0.2),
        (Affine::new([1.008, 0.006, -6.0, -0.004, 0.992, 4.0]), 0.3),
    ] {
        let mut estimator = MotionEstimator::default();
        let (mut pose, mut told) = (Affine::IDENTITY, Affine::IDENTITY);
        for n in 0..4 {
            let samples = picture(&pose, nothing);
            let motion = estimator.look(luma(&samples), &[]);
            if n == 0 {
                assert_eq!(motion, CameraMotion::Unknown(MotionUnknown::First));
            } else {
                let motion = motion.affine().unwrap_or_else(|| panic!("{step:?}: {motion:?}"));
                let off = apart(&motion, &step);
                assert!(off < bound, "picture {n} of {step:?}: {off} px off, {motion:?}");
                told = told.then(&motion);
            }
            pose = pose.then(&step);
        }
        let whole = pose.then(&step.inverse().unwrap());
        let off = apart(&told, &whole);
        assert!(off < 3.0 * bound, "three times {step:?}: {off} px off");
    }
}

#[test]
fn a_pan_too_slow_to_see_between_two_pictures_is_seen_in_the_long_run() {
    let step = Affine::translation(0.12, -0.06);
    let mut estimator = MotionEstimator::default();
    let (mut pose, mut told) = (Affine::IDENTITY, Affine::IDENTITY);
    for n in 0..50 {
        let samples = picture(&pose, nothing);
        if let Some(motion) = estimator.look(luma(&samples), &[]).affine() {
            told = told.then(&motion);
        }
        // Never behind by more than what counts as standing still: 0.2 of two pixels, and a bit.
        let off = apart(&told, &pose);
        assert!(off < 0.6, "picture {n}: {off}");
        pose = pose.then(&step);
    }
}

#[test]
fn objects_that_move_are_not_the_camera() {
    // A wall of traffic over 40 % of the picture, going its own way.
    for step in [Affine::IDENTITY, Affine::translation(-9.0, 1.5)] {
        for boxed in [false, true] {
            let mut estimator = MotionEstimator::default();
            let mut pose = Affine::IDENTITY;
            let top = HEIGHT as f64 * 0.5;
            let bottom = HEIGHT as f64 * 0.9;
            let objects = [Rect::new(0.0, top, WIDTH as f64, bottom)];
            for n in 0..4 {
                let drive = 14.0 * f64::from(n);
                let samples = picture(&pose, |x, y| {
                    (top..bottom).contains(&y).then(|| scene(x - drive, y, 77))
                });
                let known: &[Rect] = if boxed { &objects } else { &[] };
                let motion = estimator.look(luma(&samples), known);
                if n > 0 {
                    let motion = motion.affine().unwrap_or_else(|| panic!("{step:?}: {motion:?}"));
                    let off = apart(&motion, &step);
                    assert!(off < 0.4, "picture {n}, boxes {boxed}, {step:?}: {off} px off");
                }
                pose = pose.then(&step);
            }
        }
    }
}

#[test]
fn a_camera_that_stands_still_does_so_in_noise_and_changing_light() {
    let clean = picture(&Affine::IDENTITY, nothing);
    for light in [0.0, 0.4] {
        let mut estimator = MotionEstimator::default();
        for n in 0..150 {
            let mut samples = clean.clone();
            for (i, sample) in samples.iter_mut().enumerate() {
                // Six levels either way, other ones in each picture.
                let noise = 12.0 * random(i as i64, n, 9) - 6.0;
                let lit = f64::from(*sample) + noise + light * n as f64;
                *sample = lit.round().clamp(0.0, 255.0) as u8;
            }
            let motion = estimator.look(luma(&samples), &[]);
            if n > 0 {
                assert_eq!(motion, CameraMotion::Still, "picture {n}, {light} levels a picture");
            }
        }
    }
}

#[test]
fn what_cannot_be_told_says_why() {
    let here = picture(&Affine::IDENTITY, nothing);
    let grey = vec![90; WIDTH * HEIGHT];
    let elsewhere = picture(&Affine::IDENTITY, |x, y| Some(255.0 - scene(x + 9e4, y, 5)));
    let everything = [Rect::new(0.0, 0.0, WIDTH as f64, HEIGHT as f64)];
    let first = CameraMotion::Unknown(MotionUnknown::First);
    let none = CameraMotion::Unknown(MotionUnknown::TooFewPoints);
    let (still, cut) = (CameraMotion::Still, CameraMotion::Unknown(MotionUnknown::Cut));
    for (name, pictures, objects, want, and_then) in [
        ("a cut", [&here, &elsewhere], &[][..], cut, still),
        ("a wall", [&grey, &grey], &[], none, none),
        // Of the last picture nothing but the crowd was seen.
        ("a crowd", [&here, &here], &everything, none, none),
        ("the same again", [&here, &here], &[], still, still),
    ] {
        let mut estimator = MotionEstimator::default();
        assert_eq!(estimator.look(luma(pictures[0]), objects), first, "{name}");
        assert_eq!(estimator.look(luma(pictures[1]), objects), want, "{name}");
        assert_eq!(estimator.look(luma(pictures[1]), &[]), and_then, "after {name}");
        assert_eq!(
            estimator.look(luma(&here), &[]).affine().is_some(),
            name != "a wall" && name != "a cut"
        );
        assert_eq!(estimator.look(luma(&here), &[]), still, "it goes on after {name}");
        let half = Plane { data: &here, stride: WIDTH, width: WIDTH / 2, height: HEIGHT };
        assert_eq!(estimator.look(half, &[]), first, "{name}, then another size");
    }
}

#[test]
fn pictures_too_small_to_tell_are_no_trouble() {
    for (width, height) in [(1, 1), (8, 8), (16, 400), (31, 17), (400, 3)] {
        let samples: Vec<u8> = (0..width * height).map(|i| (i * 97 % 251) as u8).collect();
        let plane = Plane { data: &samples, stride: width, width, height };
        let mut estimator = MotionEstimator::default();
        for _ in 0..3 {
            let motion = estimator.look(plane, &[Rect::new(f64::NAN, 0.0, 1.0, 2.0)]);
            assert!(matches!(motion, CameraMotion::Unknown(_) | CameraMotion::Still));
        }
    }
}
