//! Into how many workers the threads of inference are divided; holds only counters.

use std::collections::BTreeSet;

use razz_base::{CameraId, MonoTime};

/// How long is looked at before anything is decided.
const WINDOW_US: i64 = 4_000_000;
/// Capacity is short when more than this share of the pictures offered is never looked at.
const SHORT: f64 = 0.02;
/// Few workers would do when these are busy for less than this share of the time.
const CALM: f64 = 0.35;
/// At most so many workers: each has its own copy of the model.
const MOST_WORKERS: usize = 8;
/// It has to be calm for this long before threads are put together again.
const CALM_US: i64 = 20_000_000;
const LONGEST_CALM_US: i64 = 3_600_000_000;

/// How many workers there should be.
///
/// One worker with all threads answers soonest, and a camera has a picture at one worker at most, so
/// it is what one camera needs. But threads that share a picture wait for each other, the more so
/// while one of them lacks its core because a frame is decoded there. So when pictures of several
/// cameras go by unlooked at, each camera's pictures get fewer threads and more of them are looked
/// at at the same time. When work is little again, threads are put together again.
#[derive(Debug)]
pub struct Crew {
    threads: usize,
    most: usize,
    workers: usize,
    window: Window,
    /// How long it has been calm.
    calm_us: i64,
    /// How long it has to be; twice as long each time that it was too short.
    calm_wanted_us: i64,
}

#[derive(Debug)]
struct Window {
    since: MonoTime,
    cameras: BTreeSet<CameraId>,
    offered: usize,
    lost: usize,
    busy_us: i64,
    /// Whether fewer were offered than wanted, since capacity is short.
    rationed: bool,
}

impl Window {
    fn new(since: MonoTime) -> Self {
        Self { since, cameras: BTreeSet::new(), offered: 0, lost: 0, busy_us: 0, rationed: false }
    }
}

impl Crew {
    /// One worker with all `threads`, from `now` on.
    pub fn new(threads: usize, now: MonoTime) -> Self {
        Self {
            threads: threads.max(1),
            most: threads.clamp(1, MOST_WORKERS),
            workers: 1,
            window: Window::new(now),
            calm_us: 0,
            calm_wanted_us: CALM_US,
        }
    }

    /// How many workers there are.
    pub fn workers(&self) -> usize {
        self.workers
    }

    /// How many threads each of so many workers has.
    pub fn threads_each(&self, workers: usize) -> usize {
        (self.threads / workers.max(1)).max(1)
    }

    /// A picture of `camera` waits; `lost`: in place of one that nobody looked at.
    pub fn offered(&mut self, camera: CameraId, lost: bool) {
        self.window.cameras.insert(camera);
        self.window.offered += 1;
        self.window.lost += usize::from(lost);
    }

    /// Cameras offer less than they want, since capacity is short.
    pub fn rationed(&mut self) {
        self.window.rationed = true;
    }

    /// A worker was busy for so long.
    pub fn worked(&mut self, busy_us: i64) {
        self.window.busy_us += busy_us;
    }

    /// How many workers there should be instead, if it should be another number. Said once in a
    /// while; [`changed`](Self::changed) or [`stay`](Self::stay) is the answer.
    pub fn wanted(&mut self, now: MonoTime) -> Option<usize> {
        let elapsed_us = now.since_us(self.window.since);
        if elapsed_us < WINDOW_US {
            return None;
        }
        let Window { cameras, offered, lost, busy_us, rationed, .. } =
            std::mem::replace(&mut self.window, Window::new(now));
        let short = rationed || lost as f64 > SHORT * offered as f64;
        if short && cameras.len() > self.workers {
            self.calm_us = 0;
            let more = (2 * self.workers).min(cameras.len()).min(self.most);
            return (more > self.workers).then_some(more);
        }
        let busy = busy_us as f64 / (elapsed_us as f64 * self.workers as f64);
        // Who has no camera helps nobody, and keeps its threads from the others.
        let calm = (!short && busy < CALM) || cameras.len() < self.workers;
        self.calm_us = if calm { self.calm_us + elapsed_us } else { 0 };
        let fewer = self.workers / 2;
        (fewer > 0 && self.calm_us >= self.calm_wanted_us).then_some(fewer)
    }

    /// From now on there are so many.
    pub fn changed(&mut self, workers: usize, now: MonoTime) {
        if workers < self.workers {
            self.calm_down();
        }
        self.workers = workers;
        self.calm_us = 0;
        self.window = Window::new(now);
    }

    /// Another number cannot be had: more is not asked for again, fewer not soon.
    pub fn stay(&mut self) {
        self.most = self.workers;
        self.calm_us = 0;
        self.calm_down();
    }

    /// It takes longer the next time, in case it was calm for too short a time.
    fn calm_down(&mut self) {
        self.calm_wanted_us = (2 * self.calm_wanted_us).min(LONGEST_CALM_US);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u32) -> CameraId {
        CameraId::new(n).unwrap()
    }

    /// Seconds of a crew whose cameras offer five pictures a second each, of which so many are lost,
    /// and whose workers are busy for so many milliseconds a second in all.
    struct Run {
        crew: Crew,
        at_s: i64,
    }

    impl Run {
        fn new(threads: usize) -> Self {
            Self { crew: Crew::new(threads, MonoTime::from_us(0)), at_s: 0 }
        }

        fn seconds(&mut self, seconds: i64, cameras: u32, lost: usize, busy_ms: i64) {
            for _ in 0..seconds {
                self.at_s += 1;
                for camera in 1..=cameras {
                    (0..5).for_each(|n| self.crew.offered(id(camera), n < lost));
                }
                self.crew.worked(1000 * busy_ms);
                let now = MonoTime::from_us(1_000_000 * self.at_s);
                if let Some(workers) = self.crew.wanted(now) {
                    assert_ne!(workers, self.crew.workers());
                    self.crew.changed(workers, now);
                }
            }
        }
    }

    #[test]
    fn threads_are_divided_when_several_cameras_lose_pictures() {
        for (threads, cameras, lost, workers) in [
            (2, 6, 1, 2),
            (2, 6, 0, 1),
            // One camera has nobody to share with.
            (2, 1, 3, 1),
            (1, 6, 3, 1),
            (3, 6, 3, 3),
            (7, 3, 3, 3),
            (31, 40, 3, 8),
        ] {
            let mut run = Run::new(threads);
            run.seconds(30, cameras, lost, 900);
            let name = format!("{threads} threads, {cameras} cameras that lose {lost} of 5");
            assert_eq!(run.crew.workers(), workers, "{name}");
            assert!(workers * run.crew.threads_each(workers) <= threads, "{name}");
        }
    }

    #[test]
    fn threads_are_put_together_when_work_is_little() {
        let mut run = Run::new(2);
        run.seconds(12, 6, 1, 1900);
        assert_eq!(run.crew.workers(), 2);
        // Still enough to do, if nothing is lost any more.
        run.seconds(60, 6, 0, 1400);
        assert_eq!(run.crew.workers(), 2);
        run.seconds(19, 6, 0, 300);
        assert_eq!(run.crew.workers(), 2);
        run.seconds(5, 6, 0, 300);
        assert_eq!(run.crew.workers(), 1);
        // Again, and then one camera is left that wants all it can get.
        run.seconds(8, 6, 2, 1900);
        assert_eq!(run.crew.workers(), 2);
        run.seconds(20, 1, 3, 1000);
        assert_eq!(run.crew.workers(), 2, "it waits longer than the first time");
        run.seconds(24, 1, 3, 1000);
        assert_eq!(run.crew.workers(), 1);
        run.seconds(1, 0, 0, 0);
        assert_eq!(run.crew.workers(), 1);
    }

    #[test]
    fn what_is_rationed_is_short_though_nothing_is_lost() {
        let mut run = Run::new(2);
        for _ in 0..10 {
            run.crew.rationed();
            run.seconds(1, 6, 0, 900);
        }
        assert_eq!(run.crew.workers(), 2);
    }

    #[test]
    fn what_cannot_be_had_is_not_asked_for_again() {
        let mut run = Run::new(4);
        run.crew.stay();
        run.seconds(100, 6, 3, 900);
        assert_eq!(run.crew.workers(), 1);
    }
}
