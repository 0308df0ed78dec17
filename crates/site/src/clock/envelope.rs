//! The lower envelope of arrivals: where frames would arrive if none were late.
//!
//! A frame may be delayed on its way and never arrives early, so the smallest differences between arrival and timestamp
//! are the line, and what is above it is jitter (Moon, Skelly and Towsley, *Estimation and removal of clock skew from
//! network delay measurements*, INFOCOM 1999). Minima of one second each are kept, so that a rate that is a lie shows as
//! a slope within seconds, and a drift of a quartz within minutes.

use std::collections::VecDeque;

use super::nominal_us;

/// Minima kept: one a second for the last ten seconds and one for every ten seconds of the last ten minutes.
const SHORT: usize = 10;
const LONG: usize = 60;

/// Long minima that a rate takes: a minute of them.
const LONG_ENOUGH: usize = 7;

/// How fast a quartz may run wrong.
const DRIFT: f64 = 500e-6;

/// Minima that rise by more than this per second, one after the other, are no jitter but a rate that is wrong.
const WRONG_RATE: f64 = 3_000e-6;

/// Minima in a row that a wrong rate takes.
const WRONG_RATE_SECONDS: usize = 4;

/// Seconds of arrivals until the line is as good as it gets: what was held back before the first frame has come by then.
const SETTLE_S: f64 = 3.0;

/// What the line may be wrong by before that, in µs: a group of pictures that was kept for new clients.
const UNSETTLED_US: f64 = 2_500_000.0;

/// The smallest difference of a stretch of time.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Minimum {
    /// On the timeline, in µs.
    x_us: f64,
    /// Arrival minus timeline, in µs.
    off_us: f64,
    /// Which stretch, by arrival.
    bin: i64,
}

/// RTP time on this host's clock by the earliest arrivals.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Envelope {
    /// RTP time and arrival that both scales begin at.
    origin: Option<(i64, i64)>,
    /// Timeline: x = from.1 + rate · (nominal µs − from.0).
    from: (f64, f64),
    rate: f64,
    /// The line's height over the timeline, and at which x that was.
    off_us: f64,
    off_at_us: f64,
    /// What it was raised by since a frame was on it.
    raised_us: f64,
    short: VecDeque<Minimum>,
    long: VecDeque<Minimum>,
    /// Latest arrival, relative.
    now_us: f64,
    /// Whether the rate is from sender reports.
    reported: bool,
}

impl Envelope {
    /// Takes a frame's RTP time and arrival (UTC µs).
    pub fn handle_frame(&mut self, rtp_extended: i64, arrival_us: i64) {
        let Some(origin) = self.origin else {
            *self = Self { origin: Some((rtp_extended, arrival_us)), rate: 1.0, ..Self::default() };
            return;
        };
        let now_us = (arrival_us - origin.1) as f64;
        self.now_us = self.now_us.max(now_us);
        let x_us = self.x_us(rtp_extended);
        let off_us = now_us - x_us;
        // Once the rate is known, little of a quartz's drift is left.
        let drift = if self.long.len() > LONG_ENOUGH { DRIFT / 5.0 } else { DRIFT };
        let rise_us = drift * (x_us - self.off_at_us).max(0.0);
        if off_us <= self.off_us + rise_us {
            (self.off_us, self.off_at_us, self.raised_us) = (off_us, x_us, 0.0);
        } else {
            self.off_us += rise_us;
            self.raised_us += rise_us;
            self.off_at_us = self.off_at_us.max(x_us);
        }
        let found = Minimum { x_us, off_us, bin: (now_us / 1e6) as i64 };
        if note(&mut self.short, found, SHORT) {
            let long = Minimum { bin: found.bin / 10, ..found };
            note(&mut self.long, long, LONG);
            self.correct_rate();
        } else if let Some(last) = self.long.back_mut().filter(|last| off_us < last.off_us) {
            (last.x_us, last.off_us) = (x_us, off_us);
        }
    }

    /// Takes the rate that sender reports have, and keeps the line where it is.
    pub fn set_rate(&mut self, rate: f64) {
        // Reports and arrivals that contradict: the reports speak of another clock than the video's.
        let by_arrival = self.long_slope().map(|slope| self.rate + slope);
        if by_arrival.is_none_or(|by_arrival| (by_arrival - rate).abs() < 2.0 * DRIFT) {
            self.reported = true;
            self.change_rate(rate);
        }
    }

    /// Where a frame would arrive if it were not late (UTC µs); `None` before the first frame.
    pub fn earliest_us(&self, rtp_extended: i64) -> Option<i64> {
        let origin = self.origin?;
        let x_us = self.x_us(rtp_extended);
        Some(origin.1.saturating_add((x_us + self.off_us).round() as i64))
    }

    /// What the line may be wrong by, in µs: what all frames of the last seconds came late by, what it was raised by
    /// since a frame was on it, and more in its first seconds.
    pub fn uncertainty_us(&self) -> f64 {
        let recent = self.short.iter().rev().take(3).map(|m| m.off_us - self.off_us);
        let late_us = recent.fold(f64::INFINITY, f64::min);
        let late_us = if late_us.is_finite() { late_us.max(0.0) } else { 0.0 };
        let seconds = self.now_us / 1e6;
        let start_us = if seconds < SETTLE_S { UNSETTLED_US } else { 0.0 };
        late_us + self.raised_us + start_us
    }

    /// How fast timestamps are taken to run: µs of ours per nominal µs.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    fn x_us(&self, rtp: i64) -> f64 {
        let ticks = self.origin.map_or(0, |origin| rtp.saturating_sub(origin.0));
        self.from.1 + self.rate * (nominal_us(ticks) - self.from.0)
    }

    /// Minima one after the other that rise or fall together are a wrong rate.
    fn correct_rate(&mut self) {
        let whole = self.short.len().saturating_sub(1);
        if whole > WRONG_RATE_SECONDS {
            let tail: Vec<Minimum> =
                self.short.iter().take(whole).rev().take(WRONG_RATE_SECONDS + 1).copied().collect();
            let slopes = tail
                .windows(2)
                .map(|w| (w[0].off_us - w[1].off_us) / (w[0].x_us - w[1].x_us).max(1.0));
            let (least, most) =
                slopes.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, m), s| (l.min(s), m.max(s)));
            // All of one sign and size: jitter goes up and down.
            let steady = least > WRONG_RATE || most < -WRONG_RATE;
            if steady && most - least < 0.5 * (most.abs().max(least.abs())) + 0.01 {
                let (new, old) = (tail[0], tail[WRONG_RATE_SECONDS]);
                let slope = (new.off_us - old.off_us) / (new.x_us - old.x_us).max(1.0);
                self.restart(self.rate + slope);
                return;
            }
        }
        if !self.reported
            && let Some(slope) = self.long_slope()
            && slope.abs() < 4.0 * DRIFT
        {
            self.change_rate(self.rate + 0.2 * slope);
        }
    }

    /// How the long minima rise, in µs per µs, by least squares; from a minute on.
    fn long_slope(&self) -> Option<f64> {
        let points: Vec<Minimum> = self.long.iter().copied().collect();
        if points.len() < LONG_ENOUGH {
            return None;
        }
        let count = points.len() as f64;
        let x = points.iter().map(|p| p.x_us).sum::<f64>() / count;
        let y = points.iter().map(|p| p.off_us).sum::<f64>() / count;
        let xx: f64 = points.iter().map(|p| (p.x_us - x).powi(2)).sum();
        let xy: f64 = points.iter().map(|p| (p.x_us - x) * (p.off_us - y)).sum();
        (xx > 0.0).then(|| xy / xx)
    }

    /// Another rate from now on; the line stays where it is, and the minima are seen by the new rate.
    fn change_rate(&mut self, rate: f64) {
        let rate = rate.clamp(0.5, 2.0);
        let Some(last) = self.short.back().copied() else {
            self.rate = rate;
            return;
        };
        let pivot_us = last.x_us;
        let nominal = self.from.0 + (pivot_us - self.from.1) / self.rate;
        let stretch = rate / self.rate;
        for minimum in self.short.iter_mut().chain(&mut self.long) {
            let arrived = minimum.x_us + minimum.off_us;
            minimum.x_us = pivot_us + (minimum.x_us - pivot_us) * stretch;
            minimum.off_us = arrived - minimum.x_us;
        }
        self.off_at_us = pivot_us + (self.off_at_us - pivot_us) * stretch;
        self.from = (nominal, pivot_us);
        self.rate = rate;
    }

    /// Another rate that makes the old line worthless: it begins anew at the minima as the new rate sees them.
    fn restart(&mut self, rate: f64) {
        self.reported = false;
        self.change_rate(rate);
        self.long.clear();
        let lowest = self.short.iter().min_by(|a, b| a.off_us.total_cmp(&b.off_us)).copied();
        if let Some(lowest) = lowest {
            (self.off_us, self.off_at_us) = (lowest.off_us, self.off_at_us.max(lowest.x_us));
        }
    }
}

/// Keeps the minimum of each stretch; whether a new one began.
fn note(minima: &mut VecDeque<Minimum>, found: Minimum, most: usize) -> bool {
    match minima.back_mut() {
        Some(last) if last.bin >= found.bin => {
            if found.off_us < last.off_us {
                *last = Minimum { bin: last.bin, ..found };
            }
            false
        }
        _ => {
            minima.push_back(found);
            if minima.len() > most {
                minima.pop_front();
            }
            true
        }
    }
}
