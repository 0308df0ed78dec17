//! Wall time of frames: from sender reports where they are sane, else from arrival.

use razz_base::{WallQuality, WallTime};

use super::media::Fit;

/// A report whose time is further than this from its arrival is not believed: the camera's clock
/// is not set, or the report was held back.
const MAX_REPORT_ERROR_US: i64 = 2_000_000;

/// A report that contradicts the reports before by more than this must be confirmed by the next.
const MAX_REPORT_JUMP_US: i64 = 200_000;

/// How fast a camera's clock may run slow against ours: quartz is ten times better.
const MAX_DRIFT_PPM: i64 = 500;

/// A delay that grew by more than this...
const DELAY_STEP_US: i64 = 1_000_000;

/// ...and stays so for this long is the new delay.
const DELAY_CONFIRM_US: i64 = 5_000_000;

/// A delay that grew by more than this is a timestamp jump, known at once.
const DELAY_JUMP_US: i64 = 15_000_000;

/// Tells when the camera took each frame, within one run.
///
/// - From sender reports (RFC 3550 section 6.4.1), once one came that is sane: within 2 s of its
///   own arrival, in line with the reports before it (within 200 ms; else the next report has to
///   confirm the change), and giving frames a time within 2 s of the one their arrival suggests.
/// - Else from arrival with the jitter smoothed out: the smallest delay of recent frames, since a
///   frame may come late but never early. Frames then keep the distances of their timestamps.
///
/// A frame's wall time is never later than its arrival. It may step when reports begin, are
/// corrected or stop being sane; [`WallTime::quality`] says which source it has.
#[derive(Clone, Debug, Default)]
pub struct WallClock {
    /// Wall time minus RTP time by the reports.
    reported: Option<Reported>,
    /// A report's difference that needs the next one to confirm it.
    unconfirmed_us: Option<i64>,
    arrival: Option<Arrival>,
    /// What was known before timestamps jumped, should that have been an odd one.
    before: Option<Box<WallClock>>,
}

#[derive(Clone, Copy, Debug)]
struct Reported {
    offset_us: i64,
    /// Whether it gave the last frame a time close to its arrival.
    sane: bool,
}

/// The smallest arrival time minus RTP time, with a slow rise for drifting clocks.
#[derive(Clone, Copy, Debug)]
struct Arrival {
    offset_us: i64,
    /// When `offset_us` last changed.
    at_us: i64,
    /// Since when frames come with a much longer delay.
    late_since_us: Option<i64>,
}

/// Microseconds of an RTP time; 1 tick = 100/9 µs.
fn rtp_us(rtp_extended: i64) -> i64 {
    let us = i128::from(rtp_extended) * 100 / 9;
    us.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

/// Whether two times are within `limit_us` of each other.
fn close(a_us: i64, b_us: i64, limit_us: i64) -> bool {
    a_us.abs_diff(b_us) <= limit_us as u64
}

impl WallClock {
    /// For a new run.
    pub fn new() -> Self {
        Self::default()
    }

    /// A frame's timestamp fits those before it like this; call it before [`Self::frame`]. What sender
    /// reports said of timestamps before a jump does not hold behind it, but again where those go on.
    pub fn handle_fit(&mut self, fit: Fit) {
        match fit {
            Fit::Steady => {}
            Fit::Jumped { again } => {
                let before = self.before.take().filter(|_| again);
                let known = std::mem::take(self);
                self.before = Some(before.unwrap_or_else(|| Box::new(known)));
            }
            Fit::Returned => {
                if let Some(before) = self.before.take() {
                    *self = *before;
                }
            }
        }
    }

    /// Takes a sender report: it pairs the RTP time `rtp_extended` with `ntp_unix_us` on the
    /// camera's clock, and arrived at `now_wall_us` on ours (both UTC microseconds since 1970).
    pub fn sender_report(&mut self, rtp_extended: i64, ntp_unix_us: i64, now_wall_us: i64) {
        if !close(ntp_unix_us, now_wall_us, MAX_REPORT_ERROR_US) {
            return;
        }
        let offset_us = ntp_unix_us.saturating_sub(rtp_us(rtp_extended));
        let fits = |other_us| close(offset_us, other_us, MAX_REPORT_JUMP_US);
        let believed = match self.reported {
            None => true,
            Some(reported) => fits(reported.offset_us) || self.unconfirmed_us.is_some_and(fits),
        };
        if believed {
            self.reported = Some(Reported { offset_us, sane: true });
            self.unconfirmed_us = None;
        } else {
            self.unconfirmed_us = Some(offset_us);
        }
    }

    /// The wall time of the frame with the RTP time `rtp_extended` that arrived at
    /// `arrival_wall_us`.
    pub fn frame(&mut self, rtp_extended: i64, arrival_wall_us: i64) -> WallTime {
        let rtp_us = rtp_us(rtp_extended);
        let by_arrival_us = self.smooth_arrival(rtp_us, arrival_wall_us);
        if let Some(reported) = &mut self.reported {
            let us = rtp_us.saturating_add(reported.offset_us);
            // Some cameras' reports speak of another clock than their video's.
            reported.sane = close(us, by_arrival_us, MAX_REPORT_ERROR_US);
            if reported.sane {
                return WallTime {
                    us: us.min(arrival_wall_us),
                    quality: WallQuality::SenderReport,
                };
            }
        }
        WallTime { us: by_arrival_us.min(arrival_wall_us), quality: WallQuality::Arrival }
    }

    /// Whether frames have their wall time from sender reports now.
    pub fn has_sane_reports(&self) -> bool {
        self.reported.is_some_and(|reported| reported.sane)
    }

    fn smooth_arrival(&mut self, rtp_us: i64, arrival_us: i64) -> i64 {
        let offset_us = arrival_us.saturating_sub(rtp_us);
        let fresh = Arrival { offset_us, at_us: arrival_us, late_since_us: None };
        let arrival = self.arrival.get_or_insert(fresh);
        let late_us = offset_us.saturating_sub(arrival.offset_us);
        if late_us <= 0 || late_us > DELAY_JUMP_US {
            *arrival = fresh;
        } else if late_us > DELAY_STEP_US {
            let since_us = *arrival.late_since_us.get_or_insert(arrival_us);
            if arrival_us.saturating_sub(since_us) >= DELAY_CONFIRM_US {
                *arrival = fresh;
            }
        } else {
            let passed_us = arrival_us.saturating_sub(arrival.at_us).clamp(0, 1 << 40);
            let rise_us = (passed_us * MAX_DRIFT_PPM / 1_000_000).min(late_us);
            // Below a microsecond the time adds up until there is one.
            if rise_us > 0 {
                arrival.offset_us += rise_us;
                arrival.at_us = arrival_us;
            }
            arrival.late_since_us = None;
        }
        rtp_us.saturating_add(arrival.offset_us)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 1_700_000_000_000_000;

    /// Frame `n` of 25 a second: RTP time and true wall time.
    fn frame(n: i64) -> (i64, i64) {
        (1000 + n * 3600, DAY + n * 40_000)
    }

    #[test]
    fn what_reports_said_outlives_an_odd_timestamp_and_no_jump() {
        const OFF: i64 = 4 * 3600 * 90_000;
        let once = Fit::Jumped { again: false };
        let again = Fit::Jumped { again: true };
        // What becomes of the frames after a report: how each fits, whether it is off, and whether it
        // still has its time from the report.
        for (name, frames) in [
            (
                "one odd timestamp",
                &[(once, true, false), (Fit::Returned, false, true), (Fit::Steady, false, true)][..],
            ),
            (
                "two of them",
                &[(once, true, false), (again, true, false), (Fit::Returned, false, true)],
            ),
            (
                "a jump",
                &[(once, true, false), (Fit::Steady, true, false), (Fit::Steady, true, false)],
            ),
            (
                "two jumps, the second not back to the start",
                &[(once, true, false), (once, false, false), (Fit::Returned, true, false)],
            ),
        ] {
            let mut clock = WallClock::new();
            let (rtp, wall_us) = frame(0);
            clock.sender_report(rtp, wall_us, wall_us);
            for (number, (fit, is_off, reported)) in frames.iter().enumerate() {
                let (rtp, wall_us) = frame(number as i64 + 1);
                clock.handle_fit(*fit);
                let time = clock.frame(rtp + i64::from(*is_off) * OFF, wall_us + 5000);
                let expected =
                    if *reported { WallQuality::SenderReport } else { WallQuality::Arrival };
                assert_eq!(time.quality, expected, "{name}, frame {number}");
                assert_eq!(time.us, wall_us + if *reported { 0 } else { 5000 }, "{name}");
            }
        }
    }

    #[test]
    fn arrival_loses_its_jitter() {
        let mut clock = WallClock::new();
        let jitter_us = [10_000, 60_000, 0, 35_000, 90_000, 5_000, 400_000, 20_000];
        for n in 0..250 {
            let (rtp, taken) = frame(n);
            let arrival = taken + 20_000 + jitter_us[n as usize % jitter_us.len()];
            let wall = clock.frame(rtp, arrival);
            assert_eq!(wall.quality, WallQuality::Arrival);
            assert!(wall.us <= arrival);
            if n >= 2 {
                // Within what the drift allowance adds between two frames without jitter.
                assert!((wall.us - taken - 20_000).abs() < 400, "{n}: {}", wall.us - taken);
            }
        }
    }

    #[test]
    fn a_drifting_clock_is_followed() {
        // The camera's clock runs 200 ppm slow or fast for an hour.
        for ppm in [-200, 200] {
            let mut clock = WallClock::new();
            for n in 0..90_000i64 {
                let (rtp, _) = frame(n);
                let arrival = DAY + n * 40_000 + n * 40 * ppm / 1000 + 20_000;
                let wall = clock.frame(rtp, arrival);
                assert!((arrival - wall.us).abs() < 1000, "{ppm} {n}: {}", arrival - wall.us);
            }
        }
    }

    #[test]
    fn a_burst_after_a_stall_keeps_its_distances() {
        let mut clock = WallClock::new();
        for n in 0..200 {
            let (rtp, taken) = frame(n);
            // Frames 50 to 124 all arrive when frame 125 does.
            let arrival = if (50..125).contains(&n) { frame(125).1 } else { taken };
            let wall = clock.frame(rtp, arrival);
            assert!((wall.us - taken).abs() < 2000, "{n}: {}", wall.us - taken);
        }
    }

    #[test]
    fn a_lasting_longer_delay_is_taken_over() {
        for (longer_us, within_frames) in [(3_000_000, 125), (60_000_000, 0)] {
            let mut clock = WallClock::new();
            for n in 0..100 {
                let (rtp, taken) = frame(n);
                clock.frame(rtp, taken);
            }
            for n in 100..400 {
                let (rtp, taken) = frame(n);
                let arrival = taken + longer_us;
                let wall = clock.frame(rtp, arrival);
                let taken_over = (wall.us - arrival).abs() < 1000;
                assert_eq!(taken_over, n - 100 >= within_frames, "{longer_us} {n}");
            }
        }
    }

    #[test]
    fn sane_reports_are_exact() {
        let mut clock = WallClock::new();
        for n in 0..100 {
            let (rtp, taken) = frame(n);
            if n == 10 {
                clock.sender_report(rtp + 900, taken + 10_000, taken + 60_000);
            }
            let wall = clock.frame(rtp, taken + 50_000);
            if n < 10 {
                assert_eq!(wall.quality, WallQuality::Arrival);
            } else {
                assert_eq!(wall, WallTime { us: taken, quality: WallQuality::SenderReport });
            }
            assert_eq!(clock.has_sane_reports(), n >= 10);
        }
    }

    #[test]
    fn reports_that_cannot_be_are_ignored() {
        // Name, error of the reports' clock in µs, error of their RTP time in ticks.
        for (name, ntp_error_us, rtp_error) in [
            ("clock never set", -DAY, 0),
            ("an hour ahead (time zone)", 3_600_000_000, 0),
            ("three seconds behind", -3_000_000, 0),
            ("RTP time of another clock", 0, 987_654_321),
        ] {
            let mut clock = WallClock::new();
            for n in 0..100 {
                let (rtp, taken) = frame(n);
                if n % 25 == 0 {
                    clock.sender_report(rtp + rtp_error, taken + ntp_error_us, taken + 20_000);
                }
                let wall = clock.frame(rtp, taken + 20_000);
                let expected = WallTime { us: taken + 20_000, quality: WallQuality::Arrival };
                assert_eq!(wall, expected, "{name} {n}");
            }
        }
    }

    #[test]
    fn one_report_that_jumps_is_ignored_two_are_believed() {
        let mut clock = WallClock::new();
        let mut error_us = |n: i64, report_error_us: i64| {
            let (rtp, taken) = frame(n);
            clock.sender_report(rtp, taken + report_error_us, taken + 20_000);
            let wall = clock.frame(rtp, taken + 1_000_000);
            assert_eq!(wall.quality, WallQuality::SenderReport);
            wall.us - taken
        };
        assert_eq!(error_us(0, 0), 0);
        assert_eq!(error_us(25, 150_000), 150_000);
        // One stray.
        assert_eq!(error_us(50, 900_000), 150_000);
        assert_eq!(error_us(75, 0), 0);
        // The camera's clock was set.
        assert_eq!(error_us(100, -600_000), 0);
        assert_eq!(error_us(125, -610_000), -610_000);
    }

    #[test]
    fn a_frame_is_never_taken_after_it_arrived() {
        let mut clock = WallClock::new();
        let (rtp, taken) = frame(0);
        clock.sender_report(rtp, taken + 1_000_000, taken);
        let wall = clock.frame(rtp, taken + 30_000);
        assert_eq!(wall, WallTime { us: taken + 30_000, quality: WallQuality::SenderReport });
    }

    #[test]
    fn nonsense_does_not_overflow() {
        let values = [i64::MIN, -1, 0, 1, DAY, i64::MAX];
        let mut clock = WallClock::new();
        for a in values {
            for b in values {
                for c in values {
                    clock.sender_report(a, b, c);
                    clock.frame(b, a);
                    clock.frame(a, c);
                }
            }
        }
    }
}
