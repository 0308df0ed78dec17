//! What the camera's motion is taken for: a camera that stands, and one that is moved on purpose.

use razz_base::{Affine, Rect};
use razz_vision::{CameraMotion, MotionEstimator, MotionUnknown, Picture, Plane};

use super::note;

/// Pictures of a camera that stands, and the boxes of what moves in each.
pub type Footage = [(Picture, Vec<Rect>)];

/// Asserts that a camera which stands is taken for one: on more than `least` of the pictures, and
/// never further off than two pixels at the corners.
pub fn assert_still(name: &str, footage: &Footage, least: f64) {
    let size = footage[0].0.size;
    for boxed in [true, false] {
        let mut estimator = MotionEstimator::default();
        let (mut still, mut farthest) = (0, 0.0f64);
        let mut before: &[Rect] = &[];
        for (n, (picture, boxes)) in footage.iter().enumerate() {
            match estimator.look(picture.luma(), if boxed { before } else { &[] }) {
                CameraMotion::Still => still += 1,
                CameraMotion::Moved(step) => {
                    let (width, height) = (f64::from(size.width), f64::from(size.height));
                    farthest = farthest.max(apart(&step, &Affine::IDENTITY, width, height));
                }
                CameraMotion::Unknown(why) => {
                    assert_eq!((n, why), (0, MotionUnknown::First), "{name}");
                }
            }
            before = boxes;
        }
        let share = f64::from(still) / (footage.len() - 1) as f64;
        note(&format!("{name}, boxes {boxed}: still {share:.3}, farthest {farthest:.2} px"));
        assert!(share > least && farthest < 2.0, "{name}: still {share}, {farthest} px");
    }
}

/// The part of a picture that is looked at, so that its edges stay out of sight.
const VIEW: (usize, usize) = (960, 540);

/// The middle of `luma` after `pose`.
fn moved(luma: Plane<'_>, pose: &Affine) -> Vec<u8> {
    let back = pose.inverse().unwrap();
    let (left, top) = ((luma.width - VIEW.0) / 2, (luma.height - VIEW.1) / 2);
    let at = |x: usize, y: usize| f64::from(luma.row(y)[x]);
    (0..VIEW.0 * VIEW.1)
        .map(|i| {
            let [x, y] = back.apply([(i % VIEW.0) as f64 + 0.5, (i / VIEW.0) as f64 + 0.5]);
            let x = (x - 0.5 + left as f64).clamp(0.0, (luma.width - 2) as f64);
            let y = (y - 0.5 + top as f64).clamp(0.0, (luma.height - 2) as f64);
            let (column, row) = (x as usize, y as usize);
            let along =
                |row: usize| at(column, row) + (at(column + 1, row) - at(column, row)) * x.fract();
            (along(row) + (along(row + 1) - along(row)) * y.fract()).round() as u8
        })
        .collect()
}

/// The largest difference between two motions at the corners of a picture.
fn apart(a: &Affine, b: &Affine, width: f64, height: f64) -> f64 {
    [[0.0, 0.0], [width, 0.0], [0.0, height], [width, height]]
        .map(|corner| {
            let ([ax, ay], [bx, by]) = (a.apply(corner), b.apply(corner));
            (ax - bx).hypot(ay - by)
        })
        .into_iter()
        .fold(0.0, f64::max)
}

/// Asserts that steps of all kinds are found again, made on purpose from picture to picture.
pub fn assert_followed(name: &str, footage: &Footage) {
    let centre = [VIEW.0 as f64 / 2.0, VIEW.1 as f64 / 2.0];
    for (kind, step) in [
        ("slowly", Affine::translation(0.9, -0.4)),
        ("across", Affine::translation(-20.7, 4.2)),
        ("fast", Affine::translation(60.0, -22.0)),
        ("turned", Affine::similarity(centre, 0.01, 1.0, [0.0, 0.0])),
        ("zoomed", Affine::similarity(centre, 0.0, 1.01, [2.0, 0.0])),
        ("all of it", Affine::similarity(centre, -0.004, 0.995, [7.0, 3.0])),
    ] {
        let mut estimator = MotionEstimator::default();
        let (mut pose, mut told) = (Affine::IDENTITY, Affine::IDENTITY);
        let (mut sum, mut worst) = (0.0, 0.0f64);
        for (n, (picture, boxes)) in footage.iter().enumerate() {
            // To and fro.
            let step = if n / 3 % 2 == 0 { step } else { step.inverse().unwrap() };
            let step = if n == 0 { Affine::IDENTITY } else { step };
            pose = pose.then(&step);
            let samples = moved(picture.luma(), &pose);
            let luma = Plane { data: &samples, stride: VIEW.0, width: VIEW.0, height: VIEW.1 };
            let shift = Affine::translation(-160.0, -90.0).then(&pose);
            let boxes: Vec<Rect> = boxes.iter().map(|b| shift.apply_to_rect(b)).collect();
            let motion = estimator.look(luma, &boxes);
            if n > 0 {
                let motion = motion.affine().unwrap_or_else(|| panic!("{name} {kind} {n}"));
                let off = apart(&motion, &step, VIEW.0 as f64, VIEW.1 as f64);
                (sum, worst) = (sum + off, worst.max(off));
                told = told.then(&motion);
            }
        }
        let mean = sum / (footage.len() - 1) as f64;
        let whole = apart(&told, &pose, VIEW.0 as f64, VIEW.1 as f64);
        note(&format!(
            "{name} moved {kind}: {mean:.2} px off at the corners, {worst:.2} at worst, \
             {whole:.2} after {} pictures",
            footage.len()
        ));
        assert!(mean < 0.5 && worst < 1.5 && whole < 3.0, "{name} {kind}");
    }
}
