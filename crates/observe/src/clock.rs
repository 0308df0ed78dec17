//! The one place that looks at clocks. Everything else gets time as an argument.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use razz_base::MonoTime;

/// Monotonic time since the process began, and wall time beside it.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// Starts counting now.
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// Monotonic time, for deadlines.
    pub fn mono(&self) -> MonoTime {
        MonoTime::from_us(self.start.elapsed().as_micros() as i64)
    }

    /// Nanoseconds since the process began, for measuring what takes less than a microsecond.
    pub fn nanos(&self) -> u64 {
        self.start.elapsed().as_nanos() as u64
    }

    /// The same moment for libraries that speak `Instant`.
    pub fn instant(&self, at: MonoTime) -> Instant {
        self.start + Duration::from_micros(at.as_us().max(0) as u64)
    }

    /// UTC microseconds since 1970.
    pub fn wall_us(&self) -> i64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_micros() as i64)
    }

    /// CPU time of all threads of this process, in nanoseconds.
    pub fn process_cpu_nanos(&self) -> u64 {
        cpu_nanos(libc::CLOCK_PROCESS_CPUTIME_ID)
    }

    /// CPU time of the calling thread, in nanoseconds.
    pub fn thread_cpu_nanos(&self) -> u64 {
        cpu_nanos(libc::CLOCK_THREAD_CPUTIME_ID)
    }

    /// Since the process began.
    pub fn uptime(&self) -> Duration {
        self.start.elapsed()
    }
}

/// 0 where the system has no such clock.
fn cpu_nanos(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: clock_gettime writes to the timespec that it is given, which lives until it returns.
    #[allow(unsafe_code)]
    let outcome = unsafe { libc::clock_gettime(clock, &raw mut time) };
    if outcome != 0 {
        return 0;
    }
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_grows_with_work() {
        let clock = Clock::start();
        let before = clock.process_cpu_nanos();
        while clock.process_cpu_nanos() - before < 1_000_000 {
            assert!(clock.uptime() < Duration::from_secs(60), "no CPU time passes");
            std::hint::black_box(clock.nanos());
        }
    }
}
