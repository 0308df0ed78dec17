//! When frames came: how late against the fastest of them, and how long none came.

use razz_base::MonoTime;

/// A picture that stands for longer than this is frozen.
const FREEZE_US: i64 = 500_000;

/// The whole frames of one viewer.
#[derive(Clone, Debug, Default)]
pub(super) struct Timing {
    /// The media time of the newest frame and when it came.
    newest: Option<(i64, MonoTime)>,
    /// The least that arrival and media time were ever apart, in µs.
    fastest: Option<i64>,
    /// How far they were apart for each frame.
    apart: Vec<i64>,
    pub(super) freezes: u32,
    pub(super) longest_us: i64,
}

impl Timing {
    /// What was until now does not count, but for how fast a frame can come.
    pub(super) fn begin(&mut self) {
        (self.freezes, self.longest_us) = (0, 0);
        self.apart.clear();
    }

    /// A whole frame of this RTP timestamp came.
    pub(super) fn handle_frame(&mut self, now: MonoTime, timestamp: u32) {
        let time = match self.newest {
            Some((newest, at)) => {
                self.pause(now.since_us(at));
                newest + i64::from(timestamp.wrapping_sub(newest as u32) as i32)
            }
            None => i64::from(timestamp),
        };
        self.newest = Some((time, now));
        let apart = now.as_us() - time * 100 / 9;
        self.fastest = Some(self.fastest.map_or(apart, |fastest| fastest.min(apart)));
        self.apart.push(apart);
    }

    /// It is over; what stood at last counts too.
    pub(super) fn end(&mut self, now: MonoTime) {
        if let Some((_, at)) = self.newest {
            self.pause(now.since_us(at));
        }
    }

    fn pause(&mut self, us: i64) {
        self.freezes += u32::from(us > FREEZE_US);
        self.longest_us = self.longest_us.max(us);
    }

    /// How much later than the fastest frames came, in ms.
    pub(super) fn late_ms(&self) -> impl Iterator<Item = f64> {
        let fastest = self.fastest.unwrap_or_default();
        self.apart.iter().map(move |apart| (apart - fastest) as f64 / 1e3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_frames_and_pauses_are_told_apart() {
        let mut timing = Timing::default();
        // (media time in ms, came at ms); the timestamp wraps around in between.
        for (n, (media, at)) in [(0, 40), (33, 60), (66, 700), (99, 701)].into_iter().enumerate() {
            if n == 1 {
                timing.begin();
            }
            let timestamp = (u32::MAX - 3_000).wrapping_add(media * 90);
            timing.handle_frame(MonoTime::from_us(at * 1000), timestamp);
        }
        assert_eq!((timing.freezes, timing.longest_us), (1, 640_000));
        assert_eq!(timing.late_ms().map(f64::round).collect::<Vec<_>>(), [0.0, 607.0, 575.0]);
        timing.end(MonoTime::from_us(1_500_000));
        assert_eq!((timing.freezes, timing.longest_us), (2, 799_000));
        timing.begin();
        assert_eq!((timing.freezes, timing.late_ms().count()), (0, 0));
    }
}
