//! What some heads give beside their boxes, classes and scores: masks, key points, an angle.

use std::fmt;

/// What a head gives beside its boxes, and what becomes of it here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Beside {
    /// The shape of each object, by this many numbers: passed over.
    Masks(usize),
    /// The key points of each object, by this many numbers: passed over.
    KeyPoints(usize),
    /// By how much its box is turned: the upright box around that is taken.
    Angle,
}

impl Beside {
    /// How many numbers of a candidate it is.
    pub(super) fn numbers(self) -> usize {
        match self {
            Self::Masks(numbers) | Self::KeyPoints(numbers) => numbers,
            Self::Angle => 1,
        }
    }
}

impl fmt::Display for Beside {
    /// What a log says of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Masks(_) => {
                "the model gives masks beside its boxes: boxes are used, masks are not"
            }
            Self::KeyPoints(_) => {
                "the model gives key points (poses) beside its boxes: boxes are used, key points are \
                 not"
            }
            Self::Angle => {
                "the model gives rotated boxes: of each the upright box around it is used, its angle \
                 is not"
            }
        })
    }
}

/// The upright box around one of this centre and size, turned by so many radians: left, top, right,
/// bottom.
pub(super) fn upright([cx, cy, w, h]: [f32; 4], radians: f32) -> [f32; 4] {
    let (sin, cos) = (radians.sin().abs(), radians.cos().abs());
    let [half_w, half_h] = [w * cos + h * sin, w * sin + h * cos].map(|side| side / 2.0);
    [cx - half_w, cy - half_h, cx + half_w, cy + half_h]
}

#[cfg(test)]
mod tests {
    use std::f32::consts::{FRAC_PI_2, FRAC_PI_4, PI};

    use super::*;

    #[test]
    fn the_upright_box_around_a_turned_one() {
        // A square of 10 by its corners is 14.14 wide.
        let diagonal = [50.0 - 7.07, 50.0 - 7.07, 50.0 + 7.07, 50.0 + 7.07];
        for (size, radians, want) in [
            ([20.0, 10.0], 0.0, [40.0, 45.0, 60.0, 55.0]),
            ([20.0, 10.0], FRAC_PI_2, [45.0, 40.0, 55.0, 60.0]),
            ([20.0, 10.0], -FRAC_PI_2, [45.0, 40.0, 55.0, 60.0]),
            ([20.0, 10.0], PI, [40.0, 45.0, 60.0, 55.0]),
            ([10.0, 10.0], FRAC_PI_4, diagonal),
            ([10.0, 10.0], 3.0 * FRAC_PI_4, diagonal),
            ([10.0, 10.0], -FRAC_PI_4, diagonal),
        ] {
            let got = upright([50.0, 50.0, size[0], size[1]], radians);
            let near = got.iter().zip(want).all(|(got, want)| (got - want).abs() < 0.01);
            assert!(near, "{size:?} by {radians}: {got:?}, {want:?}");
        }
    }
}
