//! What the machine has for decoding and detection, as it is measured while it runs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::thread;

use razz_base::{CameraId, MonoTime};
use razz_engine::Budget;
use razz_hub::lock;
use razz_observe::clock::Clock;
use razz_observe::cpu_usage::StageTimes;
use razz_observe::process;

/// The budget, and what it is told of the threads that it does not see.
pub(crate) struct Capacity {
    budget: Mutex<Budget>,
    readings: Mutex<Readings>,
    /// Pictures that the detector has looked at.
    pictures: AtomicU64,
}

/// What was read last.
struct Readings {
    at: MonoTime,
    detection_s: f64,
    others_s: f64,
    /// Idle time of the machine's processors, where it is known.
    idle_s: Option<f64>,
    pictures: u64,
    /// Whether a model was being loaded.
    loading: bool,
}

/// How often the threads' times are read, at most.
const READ_EVERY_US: i64 = 1_000_000;

impl Capacity {
    /// Of this machine, of which the detector has so many threads.
    pub(super) fn of_this_machine(detector_threads: usize, clock: Clock) -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from) as f64;
        Self::new(cores, detector_threads as f64, clock)
    }

    /// Of a machine with so many cores, of which the detector may use some.
    pub(crate) fn new(cores: f64, detector_cores: f64, clock: Clock) -> Self {
        let now = clock.mono();
        let readings = Readings {
            at: now,
            detection_s: 0.0,
            others_s: 0.0,
            idle_s: None,
            pictures: 0,
            loading: true,
        };
        Self {
            budget: Mutex::new(Budget::new(cores, detector_cores, now)),
            readings: Mutex::new(readings),
            pictures: AtomicU64::new(0),
        }
    }

    pub(super) fn budget(&self) -> MutexGuard<'_, Budget> {
        lock(&self.budget)
    }

    /// The detector looked at a picture of each of these cameras.
    pub(super) fn looked(&self, cameras: &[CameraId]) {
        self.pictures.fetch_add(cameras.len() as u64, Ordering::Relaxed);
        let mut budget = self.budget();
        cameras.iter().for_each(|camera| budget.looked(*camera));
    }

    /// Makes the plan anew; answers whether capacity is short. `loading`: a model is being loaded,
    /// which looks like detection to those who count CPU time.
    pub(super) fn plan(&self, times: &StageTimes, loading: bool, now: MonoTime) -> bool {
        // One thread reads at a time; the others go by the plan before.
        if let Ok(mut readings) = self.readings.try_lock() {
            let passed_us = now.since_us(readings.at);
            if passed_us >= READ_EVERY_US {
                self.read(&mut readings, times, loading, passed_us, now);
            }
            self.budget().plan(now);
        }
        self.budget().is_short()
    }

    fn read(
        &self,
        before: &mut Readings,
        times: &StageTimes,
        loading: bool,
        passed_us: i64,
        now: MonoTime,
    ) {
        let seconds = times.seconds();
        let sum = |names: &[&str]| -> f64 {
            let named = seconds.iter().filter(|(name, _)| names.contains(name));
            named.map(|(_, seconds)| seconds).sum()
        };
        let detection_s = sum(&["prepare", "infer", "read"]);
        let others_s = sum(&["embed", "track", "renditions", "viewers", "runtime"]);
        let idle_s = process::idle_seconds();
        let pictures = self.pictures.load(Ordering::Relaxed);
        let first = std::mem::replace(
            before,
            Readings { at: now, detection_s, others_s, idle_s, pictures, loading },
        );
        let mut budget = self.budget();
        let passed_s = passed_us as f64 / 1e6;
        let idle = idle_s.zip(first.idle_s).map(|(now, before)| (now - before) / passed_s);
        budget.idle(idle);
        budget.others_use((others_s - first.others_s) / passed_s);
        // What loading a model takes is spent, and says nothing of a picture.
        let looked = if loading || first.loading { 0 } else { pictures - first.pictures };
        budget.detected(looked, 1e6 * (detection_s - first.detection_s).max(0.0));
    }
}

#[cfg(test)]
mod tests {
    use razz_base::DetectRate;

    use super::*;

    #[test]
    fn what_is_not_a_detection_says_nothing_of_what_one_costs() {
        let clock = Clock::start();
        let capacity = Capacity::of_this_machine(2, clock);
        let times = StageTimes::default();
        let camera = CameraId::new(1).expect("1 is a number of a camera");
        capacity.budget().join(camera, DetectRate::PerSecond(5.0), 1.0);
        let at = |s: i64| clock.mono().plus_us(s * 1_000_000);
        for (second, loading, ended_ms, pictures, known) in [
            (2, true, 3000, 0, None),
            // It was loading until now.
            (4, false, 200, 10, None),
            (6, false, 200, 10, Some(20_000.0)),
            (7, true, 5000, 10, Some(20_000.0)),
        ] {
            times.inference_ended(ended_ms * 1_000_000);
            (0..pictures).for_each(|_| capacity.looked(&[camera]));
            capacity.plan(&times, loading, at(second));
            let costs = capacity.budget().detection_us();
            let near = |known: f64| costs.is_some_and(|costs| (costs - known).abs() < 1.0);
            assert!(known.map_or(costs.is_none(), near), "{second} s: {costs:?}");
        }
    }
}
