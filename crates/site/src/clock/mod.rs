//! Clocks: every camera's frames on one line of time, each with a bound.
//!
//! A camera's timestamps say how far its frames are apart, at best; its sender reports what its own clock shows, if it is
//! set; arrival when a frame was there at the latest. None is believed alone and none refused as a whole:
//!
//! 1. [`ReportLine`]: a line from RTP time to the camera's clock through its last sender reports. Its slope says how fast
//!    timestamps run, its steps when the camera's clock was set; its height (which may be wrong by an hour) only what the
//!    camera's clock is wrong by.
//! 2. [`Envelope`]: the camera's time on ours by the earliest arrivals. A frame may come late, and never early.
//! 3. [`CameraClock`]: both together, minus the delay between the light and the arrival, of which only a range is known
//!    until something measures it.
//! 4. [`PairOffset`] and [`solve_offsets`]: what is left between two cameras that see the same people, from how their
//!    places differ along the way they go.

mod camera;
mod envelope;
mod graph;
mod pair;
mod report;

pub use camera::{CameraClock, ClockEvent, Latency};
pub use envelope::Envelope;
pub use graph::{CameraOffset, PairEstimate, solve_offsets};
pub use pair::{Meeting, OffsetEstimate, PairOffset, Slip};
pub use report::{ReportLine, Reported};

/// A moment on the site's line: UTC microseconds since 1970 by this host's clock, and how wrong that may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SiteTime {
    /// UTC µs since 1970.
    pub us: i64,
    /// The true moment is within so many µs of it, before or after.
    pub bound_us: i64,
}

/// What a frame's time stands on, most exact first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum TimeSource {
    /// A clock that the camera was shown, which gives the whole delay.
    Card,
    /// What this camera and others see at once.
    Content,
    /// Sender reports for the rate, arrival for the height.
    Reports,
    /// Arrival alone.
    Arrival,
}

/// When a frame was taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FrameTime {
    /// The moment.
    pub at: SiteTime,
    /// What it stands on.
    pub source: TimeSource,
}

/// Microseconds of an RTP time at the nominal 90 kHz; 1 tick = 100/9 µs.
fn nominal_us(ticks: i64) -> f64 {
    ticks as f64 * 100.0 / 9.0
}
