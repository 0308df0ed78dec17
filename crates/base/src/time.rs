//! The four clocks, of which three are types here; presentation time lives in the browser.

use std::fmt;
use std::time::Duration;

/// Ticks per second of [`MediaTime`]: the RTP clock rate of video (RFC 6184 section 8.2.1).
pub const CLOCK_RATE: i64 = 90_000;

/// A camera's 90 kHz timeline, unwrapped to 64 bits and continuous across runs.
///
/// It begins at the wall clock of the camera's first frame, in ticks since 1970 (UTC), and never
/// runs backwards, also across restarts of the process. From there it goes by the camera's clock:
/// it names frames and does not tell the time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct MediaTime(i64);

impl MediaTime {
    /// From 90 kHz ticks.
    pub const fn from_90k(ticks: i64) -> Self {
        Self(ticks)
    }

    /// The place of a wall clock's UTC microseconds since 1970; 1970 for times before it.
    pub const fn from_wall_us(us: i64) -> Self {
        let us = if us < 0 { 0 } else { us };
        // 1 µs = 9/100 ticks; in two steps, so that no clock overflows.
        Self(us / 100 * 9 + us % 100 * 9 / 100)
    }

    /// In 90 kHz ticks.
    pub const fn as_90k(self) -> i64 {
        self.0
    }

    /// The low 32 bits: what stands in the RTP header to viewers and in every track message.
    pub const fn rtp_timestamp(self) -> u32 {
        self.0 as u32
    }

    /// Ticks passed since `earlier`; negative when `earlier` is later.
    pub const fn since_90k(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Microseconds passed since `earlier`; negative when `earlier` is later.
    pub const fn since_us(self, earlier: Self) -> i64 {
        // 1 tick = 100/9 µs.
        self.since_90k(earlier).saturating_mul(100) / 9
    }

    /// Seconds passed since `earlier`; negative when `earlier` is later.
    pub fn since_secs(self, earlier: Self) -> f64 {
        self.since_90k(earlier) as f64 / CLOCK_RATE as f64
    }

    /// This time and `ticks` more.
    #[must_use]
    pub const fn plus_90k(self, ticks: i64) -> Self {
        Self(self.0.saturating_add(ticks))
    }
}

impl fmt::Display for MediaTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_90k", self.0)
    }
}

/// Local monotonic microseconds since some start; for deadlines only.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct MonoTime(i64);

impl MonoTime {
    /// From microseconds.
    pub const fn from_us(us: i64) -> Self {
        Self(us)
    }

    /// In microseconds.
    pub const fn as_us(self) -> i64 {
        self.0
    }

    /// Microseconds passed since `earlier`; negative when `earlier` is later.
    pub const fn since_us(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The time from `self` until `later`, zero when that is past.
    pub fn until(self, later: Self) -> Duration {
        Duration::from_micros(later.since_us(self).max(0) as u64)
    }

    /// This time and `us` microseconds more.
    #[must_use]
    pub const fn plus_us(self, us: i64) -> Self {
        Self(self.0.saturating_add(us))
    }
}

/// How a [`WallTime`] came to be.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum WallQuality {
    /// From the camera's RTCP sender reports, which are sane.
    SenderReport,
    /// From arrival at this host, jitter smoothed out.
    Arrival,
}

/// Wall time of a frame: UTC microseconds since 1970, with its quality.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WallTime {
    /// UTC microseconds since 1970.
    pub us: i64,
    /// Where the value comes from.
    pub quality: WallQuality,
}

impl WallTime {
    /// UNIX seconds, as track messages carry them.
    pub fn as_secs(self) -> f64 {
        self.us as f64 / 1e6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rtp_timestamp_is_the_low_32_bits() {
        for (ticks, rtp) in [(0, 0), (1 << 32, 0), ((1 << 32) + 7, 7), (-1, u32::MAX)] {
            assert_eq!(MediaTime::from_90k(ticks).rtp_timestamp(), rtp, "{ticks}");
        }
    }

    #[test]
    fn the_wall_clock_has_a_place_on_the_timeline() {
        for (us, ticks) in [
            (0, 0),
            (-5, 0),
            (99, 8),
            (100, 9),
            (1_000_000, 90_000),
            (1_700_000_000_000_001, 153_000_000_000_000),
        ] {
            assert_eq!(MediaTime::from_wall_us(us).as_90k(), ticks, "{us}");
        }
        assert!(MediaTime::from_wall_us(i64::MAX).as_90k() > 0);
    }

    #[test]
    fn differences_have_their_unit() {
        let (a, b) = (MediaTime::from_90k(90_000), MediaTime::from_90k(93_000));
        assert_eq!(b.since_90k(a), 3000);
        assert_eq!(b.since_us(a), 33_333);
        assert_eq!(a.since_us(b), -33_333);
        assert!((b.since_secs(a) - 1.0 / 30.0).abs() < 1e-12);
        let now = MonoTime::from_us(10);
        assert_eq!(now.until(now.plus_us(5)), Duration::from_micros(5));
        assert_eq!(now.plus_us(5).until(now), Duration::ZERO);
    }
}
