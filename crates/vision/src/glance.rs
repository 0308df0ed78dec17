//! Whether anything moved between two pictures, at a glance.

use crate::picture::{Picture, Plane};

/// Cells of the grid, across and down: a cell of 1280x720 is 16 pixels wide and high.
const GRID: (usize, usize) = (80, 45);

/// Levels of 255 by which a cell's mean has to change. Sensor noise and the encoder's touch-ups
/// average out over a cell to less than 2; a person in dull clothes makes 5 and more.
const LEVELS: i32 = 4;

/// Fractions of a level that means are kept in.
const FINE: u32 = 16;

/// The brightness of a picture on a coarse grid: enough to see that something moved, and a
/// hundredth of the work of looking at what.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Glance {
    /// Mean luma of each cell in sixteenths of a level, row by row; empty before the first picture.
    cells: Vec<u16>,
    /// Sums of a row of cells while they are made.
    sums: Vec<u32>,
}

impl Glance {
    /// Takes a picture in, in place of any before.
    pub fn take(&mut self, picture: &Picture) {
        self.take_luma(picture.luma());
    }

    /// As [`Self::take`], of a picture's luma as it lies in the decoder.
    pub fn take_luma(&mut self, luma: Plane<'_>) {
        let (columns, rows) = (GRID.0.min(luma.width), GRID.1.min(luma.height));
        self.cells.clear();
        for row in 0..rows {
            let lines = row * luma.height / rows..(row + 1) * luma.height / rows;
            self.sums.clear();
            self.sums.resize(columns, 0);
            for y in lines.clone() {
                let line = luma.row(y);
                for (column, sum) in self.sums.iter_mut().enumerate() {
                    let span = column * luma.width / columns..(column + 1) * luma.width / columns;
                    *sum += line[span].iter().map(|sample| u32::from(*sample)).sum::<u32>();
                }
            }
            for (column, sum) in self.sums.iter().enumerate() {
                let width = (column + 1) * luma.width / columns - column * luma.width / columns;
                let mean = u64::from(*sum) * u64::from(FINE) / (width * lines.len()) as u64;
                self.cells.push(mean as u16); // at most 255 * 16
            }
        }
    }

    /// Mean luma of each cell in sixteenths of a level, row by row; empty before the first picture.
    pub(crate) fn cells(&self) -> &[u16] {
        &self.cells
    }

    /// The share of the grid, 0 to 1, on which the two pictures differ, a change of the light that
    /// is the same everywhere aside; `None` when there is nothing to compare.
    pub fn changed(&self, other: &Self) -> Option<f64> {
        if self.cells.is_empty() || self.cells.len() != other.cells.len() {
            return None;
        }
        let differences = || {
            let pairs = self.cells.iter().zip(&other.cells);
            pairs.map(|(a, b)| i32::from(*b) - i32::from(*a))
        };
        // The median by counting: what most cells did is the light, not movement.
        let mut counts = [0usize; 511];
        for difference in differences() {
            counts[(difference.div_euclid(FINE as i32) + 255) as usize] += 1;
        }
        let mut below = 0;
        let median = counts.iter().position(|count| {
            below += count;
            2 * below >= self.cells.len()
        })?;
        let light = (median as i32 - 255) * FINE as i32 + FINE as i32 / 2;
        let limit = LEVELS * FINE as i32;
        // The light explains at most a change; it never makes one.
        let light = if light.abs() < FINE as i32 { 0 } else { light };
        let changed = differences().filter(|difference| (difference - light).abs() > limit).count();
        Some(changed as f64 / self.cells.len() as f64)
    }
}

#[cfg(test)]
mod tests {
    use razz_base::{CameraId, FrameKey, MediaTime, MonoTime, Size, WallQuality, WallTime};
    use razz_media::h264::Colour;

    use super::*;

    /// A picture whose luma is `sample(x, y)`.
    fn picture(width: usize, height: usize, sample: impl Fn(usize, usize) -> u8) -> Picture {
        let luma: Vec<u8> = (0..width * height).map(|i| sample(i % width, i / width)).collect();
        let (w, h) = (width.div_ceil(2), height.div_ceil(2));
        let grey = vec![128; w * h];
        let plane = |data, width, height| Plane { data, stride: width, width, height };
        Picture::from_planes(
            FrameKey { camera: CameraId::new(1).unwrap(), time: MediaTime::from_90k(0) },
            WallTime { us: 0, quality: WallQuality::Arrival },
            MonoTime::from_us(0),
            Size::new(width as u32, height as u32),
            Colour::unstated(height as u32),
            [plane(&luma, width, height), plane(&grey, w, h), plane(&grey, w, h)],
        )
        .unwrap()
    }

    fn glance(picture: &Picture) -> Glance {
        let mut glance = Glance::default();
        glance.take(picture);
        glance
    }

    /// A textured wall.
    fn wall(x: usize, y: usize) -> u8 {
        (60 + (x / 7 * 13 + y / 5 * 29) % 90) as u8
    }

    /// Noise of up to 6 levels each way that no two seeds share.
    fn noise(x: usize, y: usize, seed: u64) -> i32 {
        let mut h = (x as u64) << 32 ^ (y as u64) << 8 ^ seed;
        h = (h ^ h >> 31).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        h = (h ^ h >> 27).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (h >> 40) as i32 % 7 - 3 + (h >> 20) as i32 % 4
    }

    fn noisy(x: usize, y: usize, seed: u64) -> u8 {
        (i32::from(wall(x, y)) + noise(x, y, seed)).clamp(0, 255) as u8
    }

    #[test]
    fn noise_and_light_are_not_movement_and_a_small_thing_is() {
        for (width, height) in [(1280, 720), (1920, 1080), (641, 361), (352, 288)] {
            let before = glance(&picture(width, height, |x, y| noisy(x, y, 1)));
            let changed = |sample: &dyn Fn(usize, usize) -> u8| {
                before.changed(&glance(&picture(width, height, sample))).unwrap()
            };
            assert_eq!(changed(&|x, y| noisy(x, y, 2)), 0.0, "noise at {width}x{height}");
            for light in [3, 9, -11] {
                let lit = changed(&|x, y| (i32::from(noisy(x, y, 3)) + light) as u8);
                assert_eq!(lit, 0.0, "{light} levels of light at {width}x{height}");
            }
            // A person a fourteenth of the picture high.
            let (w, h) = (width / 64, height / 14);
            let person = changed(&|x, y| {
                let there = (width / 3..width / 3 + w).contains(&x)
                    && (height / 2..height / 2 + h).contains(&y);
                if there { 30 } else { noisy(x, y, 4) }
            });
            assert!(person > 0.001, "{person} at {width}x{height}");
            let all = changed(&|x, y| noisy(x + 40, y + 30, 5));
            assert!(all > 0.3, "the camera was turned: {all} at {width}x{height}");
        }
    }

    #[test]
    fn there_is_nothing_to_compare_with_before_the_first_picture_or_at_another_grid() {
        let [small, large] = [picture(40, 30, wall), picture(1280, 720, wall)].map(|p| glance(&p));
        assert_eq!(Glance::default().changed(&small), None);
        assert_eq!(small.changed(&Glance::default()), None);
        assert_eq!(small.changed(&large), None);
        assert_eq!(small.changed(&small), Some(0.0));
        assert_eq!(glance(&picture(1, 1, wall)).cells.len(), 1);
    }
}
