//! A picture's luma made small, and smaller still: what motion is measured on.

use crate::picture::Plane;
use crate::simd::vectorised;

/// About how many columns the finest level has: enough for a tenth of a pixel, little enough for
/// the caches.
const COLUMNS: usize = 320;
/// A cell of this many samples squared still sums up in 16 bits.
const MOST: usize = 16;
/// Levels, each half as wide as the one before: eight columns of the coarsest are 64 of the finest.
pub(super) const LEVELS: usize = 4;

/// One level: brightness in units that are the same on all levels of a picture.
#[derive(Clone, Debug, Default)]
pub(super) struct Gray {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) data: Vec<u16>,
}

/// A small picture at several sizes, finest first; keep it, so that it allocates once.
#[derive(Clone, Debug, Default)]
pub(super) struct Pyramid {
    pub(super) levels: [Gray; LEVELS],
    /// Picture pixels per pixel of the finest level, across and down.
    pub(super) factor: usize,
    sums: Vec<u16>,
}

impl Pyramid {
    /// Takes a picture in.
    pub(super) fn take(&mut self, luma: Plane<'_>) {
        let factor = factor(luma.width);
        self.factor = factor;
        let (width, height) = (luma.width / factor, luma.height / factor);
        let finest = &mut self.levels[0];
        (finest.width, finest.height) = (width, height);
        finest.data.resize(width * height, 0);
        self.sums.resize(width * factor, 0);
        for (y, out) in finest.data.chunks_exact_mut(width).enumerate() {
            for i in 0..factor {
                let row = &luma.row(y * factor + i)[..width * factor];
                if i == 0 { start(row, &mut self.sums) } else { add(row, &mut self.sums) }
            }
            gather(&self.sums, factor, out);
        }
        for level in 1..LEVELS {
            let [fine, coarse] = &mut self.levels[level - 1..=level] else { unreachable!() };
            coarse.halve(fine);
        }
    }

    /// Units of brightness in one level of 255.
    pub(super) fn unit(&self) -> f32 {
        (self.factor * self.factor) as f32
    }

    /// Whether both are of pictures of one size.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let size = |p: &Self| (p.factor, p.levels[0].width, p.levels[0].height);
        size(self) == size(other)
    }
}

/// Picture pixels per pixel of the finest level.
fn factor(width: usize) -> usize {
    ((width + COLUMNS / 2) / COLUMNS).clamp(1, MOST)
}

impl Gray {
    pub(super) fn row(&self, y: usize) -> &[u16] {
        &self.data[y * self.width..][..self.width]
    }

    /// Half of `fine` in both directions.
    fn halve(&mut self, fine: &Self) {
        let (width, height) = (fine.width / 2, fine.height / 2);
        (self.width, self.height) = (width, height);
        self.data.resize(width * height, 0);
        if width == 0 {
            return;
        }
        for (y, out) in self.data.chunks_exact_mut(width).enumerate() {
            average(fine.row(2 * y), fine.row(2 * y + 1), out);
        }
    }
}

vectorised! {
    fn start(row: &[u8], sums: &mut [u16]) {
        for (sum, sample) in sums.iter_mut().zip(row) {
            *sum = u16::from(*sample);
        }
    }
}

vectorised! {
    fn add(row: &[u8], sums: &mut [u16]) {
        for (sum, sample) in sums.iter_mut().zip(row) {
            *sum += u16::from(*sample);
        }
    }
}

vectorised! {
    /// Adds up so many neighbours each.
    fn gather(sums: &[u16], factor: usize, out: &mut [u16]) {
        match factor {
            1 => out.copy_from_slice(sums),
            // 1280, 1920 and 3840 columns; and what is half of 1280.
            2 => gather_cells::<2>(sums, out),
            4 => gather_cells::<4>(sums, out),
            6 => gather_cells::<6>(sums, out),
            12 => gather_cells::<12>(sums, out),
            _ => {
                for (cell, out) in sums.chunks_exact(factor).zip(out) {
                    *out = cell.iter().sum();
                }
            }
        }
    }
}

#[inline(always)]
fn gather_cells<const N: usize>(sums: &[u16], out: &mut [u16]) {
    let (cells, _) = sums.as_chunks::<N>();
    for (cell, out) in cells.iter().zip(out) {
        *out = cell.iter().sum();
    }
}

vectorised! {
    fn average(upper: &[u16], lower: &[u16], out: &mut [u16]) {
        let (upper, _) = upper.as_chunks::<2>();
        let (lower, _) = lower.as_chunks::<2>();
        for ((a, b), out) in upper.iter().zip(lower).zip(out) {
            let sum = u32::from(a[0]) + u32::from(a[1]) + u32::from(b[0]) + u32::from(b[1]);
            *out = ((sum + 2) / 4) as u16;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_sums_and_levels_are_means() {
        for (width, height, want) in [
            (1280, 720, (4, 320, 180)),
            (1920, 1080, (6, 320, 180)),
            (640, 480, (2, 320, 240)),
            (352, 288, (1, 352, 288)),
            (1000, 77, (3, 333, 25)),
            (6000, 64, (16, 375, 4)),
            (3, 2, (1, 3, 2)),
        ] {
            let samples: Vec<u8> = (0..width * height).map(|i| (i * 7 / 3 % 251) as u8).collect();
            let mut pyramid = Pyramid::default();
            // Another size before leaves nothing behind.
            let small = Plane { data: &samples, stride: 2, width: 2, height: 2 };
            pyramid.take(small);
            pyramid.take(Plane { data: &samples, stride: width, width, height });
            let finest = &pyramid.levels[0];
            assert_eq!((pyramid.factor, finest.width, finest.height), want);
            let k = pyramid.factor;
            for y in 0..finest.height {
                for (x, got) in finest.row(y).iter().enumerate() {
                    let cell = (0..k * k).map(|i| (x * k + i % k, y * k + i / k));
                    let sum: u64 = cell.map(|(x, y)| u64::from(samples[y * width + x])).sum();
                    assert_eq!(u64::from(*got), sum, "{width}x{height} at {x}, {y}");
                }
            }
            for level in 1..LEVELS {
                let [fine, coarse] = [&pyramid.levels[level - 1], &pyramid.levels[level]];
                assert_eq!((coarse.width, coarse.height), (fine.width / 2, fine.height / 2));
                for y in 0..coarse.height {
                    for (x, got) in coarse.row(y).iter().enumerate() {
                        let four = [(0, 0), (0, 1), (1, 0), (1, 1)]
                            .map(|(dy, dx)| f64::from(fine.row(2 * y + dy)[2 * x + dx]));
                        let mean = four.iter().sum::<f64>() / 4.0;
                        assert!((f64::from(*got) - mean).abs() <= 0.5);
                    }
                }
            }
        }
    }
}
