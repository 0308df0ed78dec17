//! The one place that looks at clocks. Everything else gets time as an argument.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use razz_base::MonoTime;

/// Monotonic time since the process began, and wall time beside it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    /// Starts counting now.
    pub(crate) fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// Monotonic time, for deadlines.
    pub(crate) fn mono(&self) -> MonoTime {
        MonoTime::from_us(self.start.elapsed().as_micros() as i64)
    }

    /// The same moment for libraries that speak `Instant`.
    pub(crate) fn instant(&self, at: MonoTime) -> Instant {
        self.start + Duration::from_micros(at.as_us().max(0) as u64)
    }

    /// UTC microseconds since 1970.
    pub(crate) fn wall_us(&self) -> i64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_micros() as i64)
    }

    /// Since the process began.
    pub(crate) fn uptime(&self) -> Duration {
        self.start.elapsed()
    }
}
