//! Which pictures of a GOP are decoded and detected on while capacity is short.
//!
//! A picture leans on all before it, back to the IDR. So what can be saved lies at the end of a GOP:
//! it is decoded from its IDR on as far as its detections reach, and from there on the camera rests
//! until the next IDR.

use razz_base::{CLOCK_RATE, DetectRate, MediaTime};

use super::due::interval_90k;
use crate::budget::Allowance;

/// Who rests for longer than so many GOPs, and than [`LONGEST_REST_US`], has no IDR to wait for.
const LONGEST_REST_GOPS: i64 = 3;
const LONGEST_REST_US: i64 = 10_000_000;

/// What is to be done with an access unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Turn {
    /// Decode it.
    Decode,
    /// Pass over it; the decoder goes on at an IDR.
    Rest,
    /// No IDR has come for too long: decode from wherever decoding can begin.
    BeginAnew,
}

/// Spends what a camera is allowed.
#[derive(Debug)]
pub(super) struct Ration {
    /// Between two detections, where the camera gets all that it wants, in 90 kHz ticks.
    least_interval_90k: i64,
    allowance: Allowance,
    /// Detections allowed so far and not spent.
    owed: f64,
    /// The newest access unit.
    newest: Option<MediaTime>,
    /// Where the GOP at hand began.
    gop: Option<MediaTime>,
    /// Detections left in it.
    left: u32,
    next_due: MediaTime,
    interval_90k: i64,
    resting: bool,
}

impl Ration {
    /// Of a camera that wants so many detections, and may have them.
    pub(super) fn new(wanted: DetectRate) -> Self {
        let least_interval_90k = match wanted {
            DetectRate::PerSecond(rate) => interval_90k(rate),
            DetectRate::Off | DetectRate::Max => 1,
        };
        Self {
            least_interval_90k,
            allowance: Allowance::UNLIMITED,
            owed: 0.0,
            newest: None,
            gop: None,
            left: 0,
            next_due: MediaTime::from_90k(0),
            interval_90k: 1,
            resting: false,
        }
    }

    /// From now on so much is allowed.
    pub(super) fn allow(&mut self, allowance: Allowance) {
        if self.allowance == allowance {
            return;
        }
        if self.allowance.decode.is_none() {
            self.owed = 0.0;
        }
        self.allowance = allowance;
        if let Some(time) = self.newest.filter(|_| !self.resting) {
            self.plan(time);
        }
    }

    /// Detections per second that are allowed.
    pub(super) fn rate(&self) -> f64 {
        self.allowance.rate
    }

    /// Whether it says which pictures are due, rather than the grid of the camera's rate.
    pub(super) fn is_short(&self) -> bool {
        self.allowance.decode.is_some()
    }

    /// The next access unit; `idr`: decoding can begin at it.
    pub(super) fn turn(&mut self, time: MediaTime, idr: bool) -> Turn {
        let Some(share) = self.allowance.decode else {
            self.newest = Some(time);
            if idr {
                self.gop = Some(time);
                self.resting = false;
            }
            return self.rest_or_decode(time);
        };
        let passed_us = self.newest.map_or(0, |newest| time.since_us(newest));
        let most = (self.allowance.rate * share.gop_us as f64 / 1e6).max(1.0);
        let earned = self.allowance.rate * passed_us.clamp(0, 60_000_000) as f64 / 1e6;
        self.owed = (self.owed + earned).clamp(-most, most);
        self.newest = Some(time);
        if idr {
            self.gop = Some(time);
            self.plan(time);
            self.resting = self.left == 0;
        } else if self.left == 0 {
            self.resting = true;
        }
        self.rest_or_decode(time)
    }

    fn rest_or_decode(&self, time: MediaTime) -> Turn {
        if !self.resting {
            return Turn::Decode;
        }
        let gop_us = self.allowance.decode.map_or(0, |share| share.gop_us);
        let longest_us = LONGEST_REST_US.max(LONGEST_REST_GOPS * gop_us);
        match self.gop {
            Some(gop) if time.since_us(gop) <= longest_us => Turn::Rest,
            _ => Turn::BeginAnew,
        }
    }

    /// Says how the rest of the GOP is spent, from the picture of `time` on.
    fn plan(&mut self, time: MediaTime) {
        let (Some(share), Some(gop)) = (self.allowance.decode, self.gop) else { return };
        let at_us = time.since_us(gop);
        let rest_us = (share.gop_us - at_us).max(0) as f64;
        let window_us = share.window * share.gop_us as f64 - at_us as f64;
        // What is earned until the next IDR is spent before it. A little less than one is one: sums
        // of many small steps are not exact.
        let left = self.owed + self.allowance.rate * rest_us / 1e6 + 0.01;
        // An IDR is there for everybody who may detect at all.
        self.left = if at_us > 0 && window_us <= 0.0 { 0 } else { left.max(0.0) as u32 };
        // Who has more to come takes a longer time, not shorter intervals.
        let usual_90k = CLOCK_RATE as f64 * share.window / self.allowance.rate.max(1e-3);
        let even_90k = rest_us.max(1.0) * CLOCK_RATE as f64 / 1e6 / f64::from(self.left.max(1));
        self.interval_90k = self.least_interval_90k.max(usual_90k.min(even_90k) as i64);
        // Not sooner after the detection before than it would have come.
        let soonest = self.next_due.min(time.plus_90k(self.interval_90k));
        self.next_due = if at_us > 0 { soonest.max(time) } else { time };
    }

    /// Whether the picture of `time` is due for detection.
    pub(super) fn is_due(&self, time: MediaTime) -> bool {
        let early_90k = (self.interval_90k / 4).min(1500);
        self.left > 0 && time.since_90k(self.next_due) >= -early_90k
    }

    /// The picture of `time` was due, and had its turn.
    pub(super) fn spend(&mut self, time: MediaTime) {
        self.left = self.left.saturating_sub(1);
        self.owed -= 1.0;
        let on_grid = time.since_90k(self.next_due).abs() <= self.interval_90k;
        let due = if on_grid { self.next_due } else { time };
        self.next_due = due.plus_90k(self.interval_90k);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::GopShare;

    const FRAME_90K: i64 = 3000;

    /// Frames of 30 a second decoded and due, by their numbers.
    struct Spent {
        decoded: Vec<i64>,
        due: Vec<i64>,
    }

    fn spend(ration: &mut Ration, frames: std::ops::Range<i64>, gop: i64) -> Spent {
        let mut spent = Spent { decoded: Vec::new(), due: Vec::new() };
        for n in frames {
            let time = MediaTime::from_90k(n * FRAME_90K);
            if ration.turn(time, n % gop == 0) != Turn::Decode {
                continue;
            }
            spent.decoded.push(n);
            if ration.is_short() && ration.is_due(time) {
                ration.spend(time);
                spent.due.push(n);
            }
        }
        spent
    }

    fn share(rate: f64, window: f64, gop: i64) -> Allowance {
        Allowance { rate, decode: Some(GopShare { window, gop_us: gop * 1_000_000 / 30 }) }
    }

    #[test]
    fn a_gop_is_decoded_as_far_as_its_detections_reach() {
        for (rate, window, gop, due, decoded) in [
            // Evenly over the GOP.
            (2.0, 1.0, 30, vec![0, 15, 30, 45], 32),
            (5.0, 1.0, 30, vec![0, 6, 12, 18, 24, 30, 36, 42, 48, 54], 50),
            // At the pace that was wanted, in the first part of it.
            (1.0, 0.2, 60, vec![0, 6], 7),
            (2.0, 0.4, 60, vec![0, 6, 12, 18], 19),
            // One for each key frame, and for every second one.
            (1.0, 0.0, 30, vec![0, 30], 2),
            (0.5, 0.0, 30, vec![30], 1),
            (0.1, 0.0, 300, vec![0], 1),
        ] {
            let mut ration = Ration::new(DetectRate::PerSecond(5.0));
            ration.allow(share(rate, window, gop));
            let spent = spend(&mut ration, 0..60, gop);
            assert_eq!(spent.due, due, "{rate} a second in {window} of {gop}");
            assert_eq!(spent.decoded.len(), decoded, "{rate} a second in {window} of {gop}");
        }
    }

    #[test]
    fn detections_come_to_the_rate_whatever_the_gop() {
        for gop in [12, 30, 47, 60, 300] {
            for rate in [0.3, 0.9, 1.0, 1.7, 2.44, 4.9] {
                let mut ration = Ration::new(DetectRate::PerSecond(5.0));
                ration.allow(share(rate, 1.0, gop));
                let got = spend(&mut ration, 0..18_000, gop).due.len() as f64 / 600.0;
                assert!((got - rate).abs() < 0.02 * rate, "{got} instead of {rate}, GOP {gop}");
            }
        }
    }

    #[test]
    fn another_allowance_takes_effect_within_the_gop() {
        let mut ration = Ration::new(DetectRate::PerSecond(5.0));
        ration.allow(share(5.0, 1.0, 300));
        assert_eq!(spend(&mut ration, 0..100, 300).due.len(), 17);
        ration.allow(share(1.0, 0.2, 300));
        let spent = spend(&mut ration, 100..300, 300);
        assert!(spent.due.len() <= 1 && spent.decoded.len() <= 1, "{:?}", spent.decoded);
        // What was not decoded cannot be taken up again before the next IDR.
        ration.allow(share(5.0, 1.0, 300));
        assert_eq!(spend(&mut ration, 250..300, 300).decoded, []);
        assert!(spend(&mut ration, 300..330, 300).due.len() >= 5);
        ration.allow(Allowance::UNLIMITED);
        assert_eq!(spend(&mut ration, 330..360, 300).decoded.len(), 30);
    }

    #[test]
    fn who_rests_where_no_idr_comes_begins_anew() {
        let mut ration = Ration::new(DetectRate::PerSecond(5.0));
        ration.allow(share(1.0, 0.2, 60));
        spend(&mut ration, 0..60, 60);
        let turn = |ration: &mut Ration, n| ration.turn(MediaTime::from_90k(n * FRAME_90K), false);
        assert_eq!(turn(&mut ration, 200), Turn::Rest);
        assert_eq!(turn(&mut ration, 301), Turn::BeginAnew);
    }
}
