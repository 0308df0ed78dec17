//! How fast a session may send: a bucket of bytes that fills with time.

use razz_base::MonoTime;

/// What may go out at once: a large key frame of the live stream.
pub const BURST_BYTES: i64 = 262_144;
/// And at least: the packets of a small frame.
pub const LEAST_BURST_BYTES: i64 = 4_096;

/// A bucket of bytes. A packet may go out while anything is in it, so a large one can leave it
/// owing.
#[derive(Debug)]
pub struct Pacer {
    bytes_per_ms: i64,
    burst: i64,
    allowance: i64,
    at: MonoTime,
}

impl Pacer {
    /// A full bucket that fills at `bits_per_second`, at least 1 Mbit/s.
    pub fn new(bits_per_second: u64, now: MonoTime) -> Self {
        let bytes_per_ms = bytes_per_ms(bits_per_second).max(125);
        Self { bytes_per_ms, burst: BURST_BYTES, allowance: BURST_BYTES, at: now }
    }

    /// From now on it fills at `bits_per_second`, and so many bytes may go out at once.
    pub fn set_rate(&mut self, bits_per_second: u64, burst: i64) {
        self.bytes_per_ms = bytes_per_ms(bits_per_second);
        self.burst = burst.clamp(LEAST_BURST_BYTES, BURST_BYTES);
        self.allowance = self.allowance.min(self.burst);
    }

    /// Whether something may go out now.
    pub fn allows(&mut self, now: MonoTime) -> bool {
        let passed_us = now.since_us(self.at).clamp(0, 1_000_000);
        let earned = passed_us * self.bytes_per_ms / 1000;
        if earned > 0 {
            self.allowance = (self.allowance + earned).min(self.burst);
            self.at = now;
        }
        self.allowance > 0
    }

    /// So many bytes went out.
    pub fn take(&mut self, bytes: usize) {
        self.allowance -= bytes as i64;
    }

    /// When something may go out again.
    pub fn ready_at(&self) -> MonoTime {
        let missing_ms = (1 - self.allowance).max(0) / self.bytes_per_ms + 1;
        self.at.plus_us(missing_ms * 1000)
    }
}

fn bytes_per_ms(bits_per_second: u64) -> i64 {
    i64::try_from(bits_per_second / 8000).unwrap_or(i64::MAX >> 32).clamp(8, 1 << 30)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_queue_goes_out_at_the_rate() {
        // (Mbit/s, bytes, ms that it takes at least and at most)
        for (mbps, bytes, least_ms, most_ms) in
            [(50, 3_000_000, 430, 450), (10, 1_000_000, 585, 605), (50, 200_000, 0, 0)]
        {
            let mut now = MonoTime::from_us(5_000_000);
            let start = now;
            let mut pacer = Pacer::new(mbps * 1_000_000, now);
            let mut left = bytes;
            while left > 0 {
                if pacer.allows(now) {
                    pacer.take(1000);
                    left -= 1000;
                } else {
                    assert!(pacer.ready_at() > now);
                    now = pacer.ready_at();
                }
            }
            let took_ms = now.since_us(start) / 1000;
            assert!((least_ms..=most_ms).contains(&took_ms), "{mbps} {bytes}: {took_ms}");
        }
    }

    #[test]
    fn time_that_stands_still_earns_nothing() {
        let now = MonoTime::from_us(0);
        let mut pacer = Pacer::new(1_000_000, now);
        pacer.take(BURST_BYTES as usize + 1);
        for _ in 0..100 {
            assert!(!pacer.allows(now));
        }
        assert!(pacer.allows(now.plus_us(20_000)));
    }
}
