//! The clock of one camera: timestamps, sender reports and arrivals in, times with bounds out.

use super::envelope::Envelope;
use super::report::{ReportLine, Reported};
use super::{FrameTime, SiteTime, TimeSource};

/// How fast a time may be corrected without being a step, per µs.
const SLEW: f64 = 0.005;

/// A correction of more than this is a step, and said.
const STEP_US: f64 = 50_000.0;

/// What arrival is worth on a quiet network, in µs.
const JITTER_US: f64 = 5_000.0;

/// Events kept that nobody asked for.
const MOST_EVENTS: usize = 64;

/// The delay from the light to the arrival: what is known of it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Latency {
    /// The middle of what it may be, in µs.
    pub us: i64,
    /// It is within so many µs of it.
    pub bound_us: i64,
    /// Where that comes from.
    pub source: TimeSource,
}

impl Default for Latency {
    /// Nothing is known but what cameras on a LAN do: exposure, encoding and sending take up to 200 ms.
    fn default() -> Self {
        Self { us: 100_000, bound_us: 100_000, source: TimeSource::Arrival }
    }
}

/// What a clock did that somebody should know.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum ClockEvent {
    /// The camera's own clock was set by so many µs; times of frames go on undisturbed.
    CameraSet(i64),
    /// Times of frames jump by so many µs from here on.
    Stepped(i64),
}

/// Tells when each frame of a camera was taken. One per camera; a new run calls [`Self::handle_jump`].
#[derive(Clone, PartialEq, Debug, Default)]
pub struct CameraClock {
    reports: ReportLine,
    envelope: Envelope,
    latency: Latency,
    /// What the last frame's time is off its line so as not to jump, in µs.
    slewed_us: f64,
    last: Option<(i64, i64)>,
    events: Vec<ClockEvent>,
}

impl CameraClock {
    /// A camera of which only that much is known.
    pub fn new(latency: Latency) -> Self {
        Self { latency, ..Self::default() }
    }

    /// Something measured the delay: a clock shown to the camera, or what it sees together with others.
    pub fn set_latency(&mut self, latency: Latency) {
        self.latency = latency;
    }

    /// What is known of the delay.
    pub fn latency(&self) -> Latency {
        self.latency
    }

    /// Timestamps begin anew (a new run, or a jump): nothing that was known of them holds any more.
    pub fn handle_jump(&mut self) {
        self.reports = ReportLine::default();
        self.envelope = Envelope::default();
        self.slewed_us = 0.0;
        self.last = None;
    }

    /// Takes a sender report: the camera's clock showed `clock_us` at the RTP time `rtp_extended` (both unwrapped).
    pub fn handle_report(&mut self, rtp_extended: i64, clock_us: i64) {
        if let Reported::Stepped(us) = self.reports.handle_report(rtp_extended, clock_us) {
            self.say(ClockEvent::CameraSet(us));
        }
        if let Some(rate) = self.reports.rate() {
            self.envelope.set_rate(rate);
        }
    }

    /// When the frame with the RTP time `rtp_extended`, which arrived at `arrival_us` (UTC µs), was taken.
    pub fn handle_frame(&mut self, rtp_extended: i64, arrival_us: i64) -> FrameTime {
        self.envelope.handle_frame(rtp_extended, arrival_us);
        let earliest_us =
            self.envelope.earliest_us(rtp_extended).unwrap_or(arrival_us).min(arrival_us);
        let plain_us = earliest_us.saturating_sub(self.latency.us);
        self.slew(rtp_extended, plain_us);
        let us = plain_us.saturating_add(self.slewed_us.round() as i64);
        self.last = Some((rtp_extended, us));
        let unsure_us = self.envelope.uncertainty_us() + self.slewed_us.abs() + JITTER_US;
        let bound_us = self.latency.bound_us.saturating_add(unsure_us.ceil() as i64);
        let source = match self.latency.source {
            TimeSource::Arrival if self.reports.rate().is_some() => TimeSource::Reports,
            source => source,
        };
        FrameTime { at: SiteTime { us, bound_us }, source }
    }

    /// What the camera's own clock is ahead of ours by, in µs (negative: behind): how wrong it is set, to tell its
    /// owner. `None` without reports.
    pub fn camera_ahead_us(&self) -> Option<i64> {
        let (rtp, us) = self.last?;
        Some(self.reports.clock_us(rtp)?.saturating_sub(us))
    }

    /// What happened since this was last asked, oldest first.
    pub fn poll_event(&mut self) -> Option<ClockEvent> {
        (!self.events.is_empty()).then(|| self.events.remove(0))
    }

    /// Takes small corrections slowly, so that a walker's speed is not disturbed, and large ones at once.
    fn slew(&mut self, rtp: i64, plain_us: i64) {
        let Some((last_rtp, last_us)) = self.last else { return };
        let passed_us = super::nominal_us(rtp.saturating_sub(last_rtp)) * self.envelope.rate();
        if passed_us <= 0.0 {
            return;
        }
        let jump_us = plain_us.saturating_sub(last_us) as f64 - passed_us;
        if jump_us.abs() > STEP_US {
            self.say(ClockEvent::Stepped(jump_us.round() as i64));
            self.slewed_us = 0.0;
        } else {
            let most_us = SLEW * passed_us;
            self.slewed_us = jump_us.clamp(-most_us, most_us) - jump_us;
        }
    }

    fn say(&mut self, event: ClockEvent) {
        if self.events.len() < MOST_EVENTS {
            self.events.push(event);
        }
    }
}
