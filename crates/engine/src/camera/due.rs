//! When a frame is due for detection.

use razz_base::{CLOCK_RATE, DetectRate, MediaTime};

use super::Camera;

impl Camera {
    /// What the camera gets of what it wants.
    pub(super) fn rate(&self) -> DetectRate {
        let allowed = self.ration.rate();
        match self.settings.rate {
            DetectRate::Max if allowed.is_finite() => DetectRate::PerSecond(allowed),
            DetectRate::PerSecond(rate) => DetectRate::PerSecond(rate.min(allowed)),
            rate => rate,
        }
    }

    pub(super) fn is_due(&self, time: MediaTime) -> bool {
        if self.ration.is_short() && !self.reorders {
            return self.ration.is_due(time);
        }
        match self.rate() {
            DetectRate::Off => false,
            DetectRate::Max => true,
            // A quarter of the interval early is on time: frames do not fall on the grid.
            DetectRate::PerSecond(rate) => self
                .next_due
                .is_none_or(|due| time.since_90k(due) >= -(interval_90k(rate) / 4).min(1500)),
        }
    }

    /// Moves on by one interval on the grid, so that the mean rate is exact; starts a new grid when
    /// the camera was away.
    pub(super) fn advance_due(&mut self, time: MediaTime) {
        if self.ration.is_short() && !self.reorders {
            return self.ration.spend(time);
        }
        let DetectRate::PerSecond(rate) = self.rate() else { return };
        let interval = interval_90k(rate);
        let due = self.next_due.unwrap_or(time);
        let on_grid = time.since_90k(due).abs() <= interval;
        self.next_due = Some(if on_grid { due } else { time }.plus_90k(interval));
    }
}

/// Between two detections.
pub(super) fn interval_90k(rate: f64) -> i64 {
    (CLOCK_RATE as f64 / rate.max(0.001)) as i64
}
