//! Exponential backoff with jitter.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(30);

/// Pauses that double from a quarter of a second to half a minute, each cut by up to a half at
/// random, so that what failed together is not tried again together.
#[derive(Debug)]
pub struct Backoff {
    next: Duration,
    seed: u64,
}

impl Backoff {
    /// From the shortest pause on; `seed` decides what is cut.
    pub fn new(seed: u64) -> Self {
        Self { next: FIRST, seed }
    }

    /// The pause before the next try.
    pub fn next_pause(&mut self) -> Duration {
        let whole = self.next;
        self.next = (self.next * 2).min(LONGEST);
        whole.mul_f64(1.0 - self.random() / 2.0)
    }

    /// The next pause is the first again.
    pub fn reset(&mut self) {
        self.next = FIRST;
    }

    /// 0 to 1, by splitmix64 (Steele, Lea, Flood 2014).
    fn random(&mut self) -> f64 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) as f64 / u64::MAX as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_with_jitter_up_to_half_a_minute() {
        for seed in 0..50 {
            let mut backoff = Backoff::new(seed);
            let mut whole = FIRST;
            for _ in 0..12 {
                let pause = backoff.next_pause();
                assert!(pause <= whole && pause >= whole / 2, "{pause:?} of {whole:?}");
                whole = (whole * 2).min(LONGEST);
            }
            backoff.reset();
            assert!(backoff.next_pause() <= FIRST);
        }
    }
}
