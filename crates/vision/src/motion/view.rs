//! What a camera sees, small enough to be kept, by which it is noticed that somebody moved the camera.

use razz_base::Affine;

use super::MotionEstimator;
use super::gray::Pyramid;
use crate::picture::Plane;

/// A small picture, about 320 columns wide.
#[derive(Clone, PartialEq, Eq)]
pub struct View {
    width: usize,
    luma: Vec<u8>,
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "View({}x{})", self.width, self.height())
    }
}

impl View {
    /// Of a picture's luma.
    pub fn of(luma: Plane<'_>) -> Self {
        let mut pyramid = Pyramid::default();
        pyramid.take(luma);
        let (finest, unit) = (&pyramid.levels[0], pyramid.unit());
        let level = |cell: &u16| (f32::from(*cell) / unit).round().min(255.0) as u8;
        Self { width: finest.width, luma: finest.data.iter().map(level).collect() }
    }

    /// From what was kept: `None` where that is no picture.
    pub fn from_luma(width: usize, luma: Vec<u8>) -> Option<Self> {
        (width > 0 && luma.len() >= width && luma.len().is_multiple_of(width))
            .then_some(Self { width, luma })
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.luma.len() / self.width.max(1)
    }

    /// Its samples row by row.
    pub fn luma(&self) -> &[u8] {
        &self.luma
    }

    /// Where what was seen in this view is in a `later` one, in shares of the picture's width and height; `None` where
    /// that cannot be told: it is night, somebody stands before the camera, the picture has another size, or it is
    /// another scene.
    pub fn moved_to(&self, later: &Self) -> Option<Affine> {
        let mut estimator = MotionEstimator::default();
        estimator.look(self.plane(), &[]);
        let motion = estimator.look(later.plane(), &[]).affine()?;
        let [a11, a12, tx, a21, a22, ty] = motion.rows;
        let (width, height) = (self.width as f64, self.height() as f64);
        let tall = height / width;
        Some(Affine::new([a11, a12 * tall, tx / width, a21 / tall, a22, ty / height]))
    }

    fn plane(&self) -> Plane<'_> {
        let (width, height) = (self.width, self.height());
        Plane { data: &self.luma, stride: width, width, height }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{HEIGHT, WIDTH, luma, nothing, picture};
    use super::*;

    fn seen(pose: &Affine) -> View {
        View::of(luma(&picture(pose, nothing)))
    }

    #[test]
    fn a_camera_that_was_moved_is_measured_in_shares() {
        let (w, h) = (WIDTH as f64, HEIGHT as f64);
        let before = seen(&Affine::IDENTITY);
        assert_eq!((before.width(), before.height()), (320, 180));
        for (what, pose) in [
            ("not at all", Affine::IDENTITY),
            ("a little", Affine::translation(0.015 * w, 0.0)),
            ("by a tenth", Affine::translation(-0.1 * w, 0.06 * h)),
            ("turned", Affine::similarity([w / 2.0, h / 2.0], 0.05, 1.0, [6.0, 3.0])),
            ("zoomed", Affine::similarity([w / 2.0, h / 2.0], 0.0, 1.04, [0.0, 0.0])),
        ] {
            let moved = before.moved_to(&seen(&pose)).unwrap_or_else(|| panic!("{what}"));
            for [x, y] in [[0.2, 0.3], [0.8, 0.3], [0.5, 0.9]] {
                let [u, v] = pose.apply([x * w, y * h]);
                let [mx, my] = moved.apply([x, y]);
                let off = (mx - u / w).hypot((my - v / h) * h / w);
                assert!(off < 0.003, "{what}: {off} off at {x} {y}");
            }
        }
    }

    #[test]
    fn of_another_scene_or_size_nothing_is_told() {
        let before = seen(&Affine::IDENTITY);
        assert_eq!(before.moved_to(&seen(&Affine::translation(9_000.0, 7_000.0))), None);
        let dark = View::from_luma(320, vec![16; 320 * 180]).unwrap();
        assert_eq!(before.moved_to(&dark), None);
        let taller = View::from_luma(320, vec![99; 320 * 240]).unwrap();
        assert_eq!(before.moved_to(&taller), None);
        for (width, samples) in [(0, 4), (3, 4), (5, 4), (4, 0)] {
            assert_eq!(View::from_luma(width, vec![0; samples]), None, "{width} {samples}");
        }
        let kept = View::from_luma(before.width(), before.luma().to_vec());
        assert_eq!(kept, Some(before));
    }
}
