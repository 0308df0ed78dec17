//! How large a camera's pictures are while nothing moves, and whether one stands out.
//!
//! An encoder spends next to nothing on a picture that is like the one before, so where something
//! begins to move its pictures grow. How much they vary while nothing moves differs from camera to
//! camera: with noise, with the rate control, and with their place in the GOP (the first ones after a
//! key frame may be twice the others). So a picture stands out by the measure of the camera's own still
//! pictures: by one and a half times the distance between their median and their largest. The largest
//! of one whole GOP and more has seen what comes with every GOP; the median does not mind a few that
//! were large. Very even sizes say that least bytes decide: a flicker of a few bytes is not movement.
//!
//! What moves slowly, or is small, adds little to each picture, but to all of them. So the mean of a
//! few pictures in a row is held against such means in the same manner: it varies much less.

use std::collections::VecDeque;

use razz_base::MediaTime;

/// So many pictures make a mean: a quarter of a second at 30 a second.
const MEAN_OF: usize = 8;
/// Pictures remembered: a GOP of five seconds at 60 a second.
const MOST: usize = 320;
/// From so many on they say something.
const ENOUGH: usize = 20;

/// By how much what is compared has to stand out.
struct Limit {
    /// Of the distance from the median to the largest.
    spread: f64,
    /// Of the median.
    share: f64,
    bytes: f64,
}

/// Of one picture. A person far away whom x264 codes makes 100 bytes and more of a picture.
const ONE: Limit = Limit { spread: 1.5, share: 0.4, bytes: 80.0 };
/// Of the mean of a few.
const MEAN: Limit = Limit { spread: 1.25, share: 0.25, bytes: 25.0 };

impl Limit {
    /// The least that stands out among `usual`.
    fn over(&self, usual: impl Iterator<Item = f64>) -> f64 {
        let mut usual: Vec<f64> = usual.collect();
        let largest = usual.iter().copied().fold(0.0, f64::max);
        let middle = usual.len() / 2;
        let median = match usual.len() {
            0 => return f64::INFINITY,
            _ => *usual.select_nth_unstable_by(middle, f64::total_cmp).1,
        };
        let by = (self.spread * (largest - median)).max(self.share * median).max(self.bytes);
        median + by
    }
}

#[derive(Clone, Copy, Debug)]
struct Size {
    time: MediaTime,
    bytes: f64,
    /// Of this one and those before it.
    mean: Option<f64>,
}

/// The sizes of a camera's predicted pictures since something moved last.
#[derive(Debug, Default)]
pub(super) struct Sizes {
    usual: VecDeque<Size>,
}

impl Sizes {
    /// A picture of so many bytes is among the usual ones from now on: what stays is not news.
    pub(super) fn add(&mut self, time: MediaTime, bytes: usize) {
        let mean = self.mean_with(bytes);
        if self.usual.len() == MOST {
            self.usual.pop_front();
        }
        self.usual.push_back(Size { time, bytes: bytes as f64, mean });
    }

    /// Whether a picture of so many bytes, which is the next one, stands out.
    pub(super) fn stands_out(&self, bytes: usize) -> bool {
        if !self.knows() {
            return false;
        }
        // Those just before may be larger for the same reason.
        let usual = || self.usual.iter().take(self.usual.len() - MEAN_OF);
        let mean = self.mean_with(bytes);
        bytes as f64 > ONE.over(usual().map(|size| size.bytes))
            || mean.is_some_and(|mean| mean > MEAN.over(usual().filter_map(|size| size.mean)))
    }

    fn mean_with(&self, bytes: usize) -> Option<f64> {
        let before = self.usual.iter().rev().take(MEAN_OF - 1).map(|size| size.bytes);
        let sum = bytes as f64 + before.sum::<f64>();
        (self.usual.len() >= MEAN_OF - 1).then(|| sum / MEAN_OF as f64)
    }

    /// Something moved up to `time`: the pictures up to it were not usual.
    pub(super) fn moved(&mut self, time: MediaTime) {
        while self.usual.front().is_some_and(|size| size.time <= time) {
            self.usual.pop_front();
        }
    }

    /// Whether there are enough to tell.
    pub(super) fn knows(&self) -> bool {
        self.usual.len() >= ENOUGH
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of those that stand out.
    fn stand_out(sizes: impl IntoIterator<Item = usize>) -> Vec<usize> {
        let mut known = Sizes::default();
        let mut out = Vec::new();
        for (n, bytes) in sizes.into_iter().enumerate() {
            if known.stands_out(bytes) {
                out.push(n);
            }
            known.add(MediaTime::from_90k(3000 * n as i64), bytes);
        }
        out
    }

    /// A number that looks random, up to `most`.
    fn noise(n: usize, most: usize) -> usize {
        let mixed = (n as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mixed = (mixed ^ mixed >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (mixed >> 33) as usize % (most + 1)
    }

    /// Every picture alike; noise; what x264 makes of a still street, large after the key frame and
    /// smaller from there; and a rate control that gives a GOP more towards its end.
    const STILL: [fn(usize) -> usize; 4] = [
        |_| 36,
        |n| 3000 + noise(n, 900),
        |n| 400 + 1300 / (1 + n % 60) + noise(n, 200),
        |n| 3000 + 55 * (n % 60) + noise(n, 300),
    ];

    #[test]
    fn still_pictures_do_not_stand_out() {
        for (kind, size) in STILL.into_iter().enumerate() {
            let found = stand_out((0..3000).map(size));
            // In the first GOP it has seen nothing like it.
            let later: Vec<_> = found.iter().filter(|n| **n >= 70).collect();
            assert!(later.is_empty(), "{kind}: {later:?}");
        }
    }

    #[test]
    fn what_begins_to_move_stands_out_at_once_or_by_the_mean_of_a_few() {
        // (kind, more bytes from picture 500 on, noticed within so many pictures)
        for (kind, more, within) in [
            (0, 120, 1),
            // A lamp's flicker.
            (0, 20, 0),
            (0, 40, 8),
            (1, 2500, 1),
            (1, 1100, 8),
            (2, 3000, 1),
            (3, 6000, 1),
            (3, 3500, 8),
        ] {
            let size = |n| STILL[kind](n) + if n >= 500 { more } else { 0 };
            let found = stand_out((0..600).map(size));
            let after = found.iter().find(|n| **n >= 500).map_or(0, |n| n - 499);
            let name = format!("{kind}: {more} bytes more, at {found:?}");
            assert!(found.iter().all(|n| *n < 70 || *n >= 500), "{name}");
            assert!(after <= within && (after > 0) == (within > 0), "{name}");
        }
    }

    #[test]
    fn what_moved_is_not_usual_and_what_stays_is() {
        let time = |n: usize| MediaTime::from_90k(3000 * n as i64);
        let mut known = Sizes::default();
        (0..100).for_each(|n| known.add(time(n), 5000));
        known.moved(time(99));
        assert!(!known.knows() && !known.stands_out(100_000));
        (100..200).for_each(|n| known.add(time(n), 1000 + noise(n, 50)));
        assert!(known.stands_out(2000));
        (200..200 + MOST).for_each(|n| known.add(time(n), 2000 + noise(n, 50)));
        assert!(!known.stands_out(2000) && known.usual.len() == MOST);
    }
}
