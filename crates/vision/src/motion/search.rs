//! A large jump of the whole picture, found by trying: for when following from where the points
//! were finds nothing.

use super::gray::{LEVELS, Pyramid};
use crate::simd::vectorised;

/// The level that is searched: a pixel of it is eight of the finest.
const LEVEL: usize = LEVELS - 1;
/// The part of the picture's width and height that it may have jumped by.
const FAR: usize = 3;

/// By how many pixels of the finest level, right and down, `to` fits `from` best; `None` when the
/// pictures are too small.
pub(super) fn jump(from: &Pyramid, to: &Pyramid) -> Option<[f32; 2]> {
    let [a, b] = [&from.levels[LEVEL], &to.levels[LEVEL]];
    let (far_x, far_y) = (a.width / FAR, a.height / FAR);
    if far_x == 0 || far_y == 0 {
        return None;
    }
    // A change of light shall not decide.
    let light = mean(&b.data) - mean(&a.data);
    let mut best = (f32::INFINITY, [0, 0]);
    for dy in -(far_y as isize)..=far_y as isize {
        for dx in -(far_x as isize)..=far_x as isize {
            let span = |d: isize, len: usize| {
                let (from, to) = (d.min(0).unsigned_abs(), d.max(0).unsigned_abs());
                (from, to, len - d.unsigned_abs())
            };
            let (ax, bx, width) = span(dx, a.width);
            let (ay, by, height) = span(dy, a.height);
            let mut sum = 0.0;
            for y in 0..height {
                sum += difference(
                    &a.row(ay + y)[ax..ax + width],
                    &b.row(by + y)[bx..bx + width],
                    light,
                );
            }
            let off = sum / (width * height) as f32;
            if off < best.0 {
                best = (off, [dx, dy]);
            }
        }
    }
    Some(best.1.map(|v| v as f32 * (1 << LEVEL) as f32))
}

/// How different two pictures of one size are as they lie: mean difference in levels of 255, a
/// change of light aside.
pub(super) fn distance(from: &Pyramid, to: &Pyramid) -> f32 {
    let [a, b] = [&from.levels[LEVEL].data, &to.levels[LEVEL].data];
    if a.is_empty() {
        return 0.0;
    }
    difference(a, b, mean(b) - mean(a)) / (a.len() as f32 * from.unit())
}

fn mean(samples: &[u16]) -> f32 {
    samples.iter().map(|v| f32::from(*v)).sum::<f32>() / samples.len().max(1) as f32
}

vectorised! {
    /// The sum of absolute differences, `b` being lighter by `light`.
    fn difference(a: &[u16], b: &[u16], light: f32) -> f32 {
        let (a_eights, a_rest) = a.as_chunks::<8>();
        let (b_eights, b_rest) = b.as_chunks::<8>();
        let off = |a: u16, b: u16| (f32::from(b) - f32::from(a) - light).abs();
        let mut sums = [0.0f32; 8];
        for (a, b) in a_eights.iter().zip(b_eights) {
            for i in 0..8 {
                sums[i] += off(a[i], b[i]);
            }
        }
        let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| off(*a, *b)).sum();
        sums.iter().sum::<f32>() + rest
    }
}
