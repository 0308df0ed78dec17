//! The camera's motion on real clips, whose camera stands: as it is, and moved on purpose.

mod support;

use razz_base::{Affine, Rect};
use razz_vision::{CameraMotion, Decoder, MotionEstimator, MotionUnknown, Picture, Plane};
use support::{mp4, note, read_json, reference, testdata};

const CLIPS: [&str; 2] = ["people-walking", "cars"];

/// Pictures of a clip and the boxes of what was detected in each.
fn footage(data: &std::path::Path, clip: &str, frames: usize) -> Vec<(Picture, Vec<Rect>)> {
    let boxes = read_json(&data.join(format!("clips/{clip}.yolo11n.json")));
    let units = mp4::read(&data.join(format!("clips/{clip}.mp4")));
    let mut decoder = Decoder::new().unwrap();
    units
        .iter()
        .zip(boxes["frames"].as_array().unwrap())
        .take(frames)
        .map(|(unit, rows)| {
            let picture = decoder.decode(unit, true).unwrap().unwrap();
            let boxes = reference(rows).iter().filter(|d| d.score > 0.25).map(|d| d.bbox).collect();
            (picture, boxes)
        })
        .collect()
}

#[test]
fn a_camera_on_a_pole_stands_still() {
    let Some(data) = testdata("a_camera_on_a_pole_stands_still") else { return };
    for clip in CLIPS {
        let footage = footage(&data, clip, 400);
        for boxed in [true, false] {
            let mut estimator = MotionEstimator::default();
            let (mut still, mut farthest) = (0, 0.0f64);
            let mut before: &[Rect] = &[];
            for (n, (picture, boxes)) in footage.iter().enumerate() {
                match estimator.look(picture.luma(), if boxed { before } else { &[] }) {
                    CameraMotion::Still => still += 1,
                    CameraMotion::Moved(step) => {
                        farthest = farthest.max(apart(&step, &Affine::IDENTITY, 1280.0, 720.0));
                    }
                    CameraMotion::Unknown(why) => {
                        assert_eq!((n, why), (0, MotionUnknown::First), "{clip}");
                    }
                }
                before = boxes;
            }
            let share = f64::from(still) / (footage.len() - 1) as f64;
            note(&format!("{clip}, boxes {boxed}: still {share:.3}, farthest {farthest:.2} px"));
            assert!(share > 0.85 && farthest < 2.0, "{clip}: still {share}, {farthest} px");
        }
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

#[test]
fn a_camera_that_is_moved_on_purpose_is_followed() {
    let Some(data) = testdata("a_camera_that_is_moved_on_purpose_is_followed") else { return };
    let centre = [VIEW.0 as f64 / 2.0, VIEW.1 as f64 / 2.0];
    for clip in CLIPS {
        let footage = footage(&data, clip, 13);
        for (name, step) in [
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
                    let motion = motion.affine().unwrap_or_else(|| panic!("{clip} {name} {n}"));
                    let off = apart(&motion, &step, VIEW.0 as f64, VIEW.1 as f64);
                    (sum, worst) = (sum + off, worst.max(off));
                    told = told.then(&motion);
                }
            }
            let mean = sum / (footage.len() - 1) as f64;
            let whole = apart(&told, &pose, VIEW.0 as f64, VIEW.1 as f64);
            note(&format!(
                "{clip} moved {name}: {mean:.2} px off at the corners, {worst:.2} at worst, \
                 {whole:.2} after {} pictures",
                footage.len()
            ));
            assert!(mean < 0.5 && worst < 1.5 && whole < 3.0, "{clip} {name}");
        }
    }
}
