//! How far a long work is, on stderr, where that is a terminal.

use std::io::{self, IsTerminal, Write};

use razz_base::MonoTime;

use razz_observe::clock::Clock;

/// Nothing is shown before, and nothing more often.
const EVERY_US: i64 = 250_000;

/// A line that is written over; gone when it is dropped.
pub struct Progress {
    clock: Clock,
    doing: &'static str,
    unit: Unit,
    total: u64,
    /// What was done before this began; `None` until that is known.
    from: Option<u64>,
    shown: Option<MonoTime>,
    terminal: bool,
}

/// What is counted.
enum Unit {
    /// Things of a name.
    Of(&'static str),
    /// Bytes, shown in megabytes and as a bar.
    Bytes,
}

impl Progress {
    /// `doing` so many of `unit`.
    pub fn new(doing: &'static str, unit: &'static str, total: u64) -> Self {
        Self::of(doing, Unit::Of(unit), total, Some(0))
    }

    /// `doing` so many bytes; what is reported first was there before.
    pub fn bytes(doing: &'static str, total: u64) -> Self {
        Self::of(doing, Unit::Bytes, total, None)
    }

    fn of(doing: &'static str, unit: Unit, total: u64, from: Option<u64>) -> Self {
        let terminal = io::stderr().is_terminal();
        Self { clock: Clock::start(), doing, unit, total, from, shown: None, terminal }
    }

    /// So many are done.
    pub fn step(&mut self, done: u64) {
        if !self.terminal {
            return;
        }
        let now = self.clock.mono();
        self.from.get_or_insert(done);
        if now.since_us(self.shown.unwrap_or_default()) >= EVERY_US {
            self.shown = Some(now);
            let line = self.line(done, now);
            // When stderr is closed there is nobody left to tell.
            let _ = write!(io::stderr(), "\r\x1b[K{line}");
        }
    }

    fn line(&self, done: u64, now: MonoTime) -> String {
        let Self { doing, unit, total, .. } = self;
        let percent = 100 * done / (*total).max(1);
        let now_done = done.saturating_sub(self.from.unwrap_or_default()).max(1);
        let left_s =
            now.as_us() as f64 / 1e6 * (*total - done.min(*total)) as f64 / now_done as f64;
        match unit {
            Unit::Of(unit) => {
                format!("{doing}: {done} of {total} {unit} ({percent} %), {left_s:.0} s left")
            }
            Unit::Bytes => {
                let full = (percent as usize / 5).min(20);
                let bar = format!("{}{}", "#".repeat(full), ".".repeat(20 - full));
                let [done, total] = [done, *total].map(|bytes| bytes as f64 / 1e6);
                format!(
                    "{doing} [{bar}] {percent} %, {done:.1} of {total:.1} MB, {left_s:.0} s left"
                )
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown.is_some() {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_and_how_long() {
        let progress = Progress::new("detecting", "frames", 400);
        let at = MonoTime::from_us(10_000_000);
        for (done, line) in [
            (100, "detecting: 100 of 400 frames (25 %), 30 s left"),
            (400, "detecting: 400 of 400 frames (100 %), 0 s left"),
            (500, "detecting: 500 of 400 frames (125 %), 0 s left"),
        ] {
            assert_eq!(progress.line(done, at), line);
        }
        assert!(progress.line(0, at).starts_with("detecting: 0 of 400 frames (0 %), "));
        // Half of it was there before: 2.5 MB in 10 s, 2.5 MB to go.
        let mut progress = Progress::bytes("fetching", 10_000_000);
        progress.from = Some(5_000_000);
        assert_eq!(
            progress.line(7_500_000, at),
            "fetching [###############.....] 75 %, 7.5 of 10.0 MB, 10 s left"
        );
    }
}
