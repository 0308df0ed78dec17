//! Where a track's next box is expected: what is stored is how far it was from there.

use razz_base::Size;

/// Steps of a pixel in which boxes are stored.
pub(super) const PER_PIXEL: i64 = 4;
/// How much of what a box was off is believed to be due to the track's speed.
///
/// More follows turns at once, and takes the detector's noise for motion. Of real detectors 1 takes 1 % more bytes
/// than this, and 0.1 3 %; where the noise of each frame is its own, less is better.
const BELIEVED: f64 = 0.4;
/// After so long (10 s) without a box nothing is known of the speed.
const FORGET_90K: i64 = 900_000;

/// Left, top, width and height of a track's newest box, and how fast they change.
///
/// Encoder and decoder have to come to the same numbers to the last bit: sums, products and quotients of IEEE 754
/// doubles are the same everywhere.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Motion {
    /// In quarter pixels.
    at: [i64; 4],
    /// In quarter pixels a tick.
    speed: [f64; 4],
    /// When that was, in ticks.
    time: i64,
    boxes: u32,
}

impl Motion {
    /// Of a track on a picture of `size`: its first box is expected in the middle.
    pub(super) fn new(size: Size) -> Self {
        let middle = |side: u32| i64::from(side) * PER_PIXEL / 2;
        Self { at: [middle(size.width), middle(size.height), 0, 0], ..Self::default() }
    }

    /// Where a box at `time` is expected.
    pub(super) fn expected(&self, time: i64) -> [i64; 4] {
        let passed = self.passed(time);
        std::array::from_fn(|n| self.at[n].saturating_add((self.speed[n] * passed).round() as i64))
    }

    /// A box was there.
    pub(super) fn observe(&mut self, time: i64, found: [i64; 4]) {
        let passed = self.passed(time);
        if passed > 0.0 {
            // The second box is all that is known of the speed.
            let believed = if self.boxes == 1 { 1.0 } else { BELIEVED };
            for (n, speed) in self.speed.iter_mut().enumerate() {
                let moved = (found[n] - self.at[n]) as f64;
                *speed += believed * (moved / passed - *speed);
            }
            self.boxes = 2;
        } else {
            (self.speed, self.boxes) = ([0.0; 4], 1);
        }
        (self.at, self.time) = (found, time);
    }

    /// Ticks since the newest box; 0 where there is none that tells anything.
    fn passed(&self, time: i64) -> f64 {
        let passed = time.saturating_sub(self.time);
        if self.boxes > 0 && passed < FORGET_90K { passed as f64 } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_steadily_is_where_it_is_expected() {
        let mut motion = Motion::new(Size::new(640, 360));
        assert_eq!(motion.expected(7), [1280, 720, 0, 0]);
        let at = |n: i64| [100 + 40 * n, 500 - 8 * n, 80, 160 + n];
        for n in 0..20 {
            let time = 1_000_000_000 + n * 18_000;
            if n >= 2 {
                assert_eq!(motion.expected(time), at(n), "{n}");
            }
            motion.observe(time, at(n));
        }
        // A while later it has gone on; after a long one it is where it was.
        let last = 1_000_000_000 + 19 * 18_000;
        assert_eq!(motion.expected(last + 5 * 18_000), at(24));
        assert_eq!(motion.expected(last + FORGET_90K), at(19));
        motion.observe(last + FORGET_90K, at(0));
        assert_eq!(motion.expected(last + FORGET_90K + 3000), at(0));
    }
}
