//! Which access units are recorded where only visits are: those while somebody is seen, from a while before to a while
//! after. Pure.
//!
//! What is not recorded yet is held in memory, from a key picture on, since what comes before somebody is known only
//! when somebody has come. A recording ends at a key picture, so that the next can begin with it.

use std::collections::VecDeque;
use std::sync::Arc;

use razz_base::MediaTime;
use razz_media::ring::Unit;

/// How much later than its picture a detection may come and still have all that is before it, in ticks.
const LATE_90K: i64 = 3 * 90_000;
/// What is held at most, in bytes. Where that is less than asked for, the oldest goes.
const MOST: usize = 64 << 20;

/// The window of one camera.
#[derive(Debug)]
pub(crate) struct Window {
    before_90k: i64,
    after_90k: i64,
    held: VecDeque<Arc<Unit>>,
    bytes: usize,
    /// When somebody was seen last.
    seen: Option<MediaTime>,
    /// When somebody was seen first of whom nothing is recorded yet.
    came: Option<MediaTime>,
    open: bool,
}

/// What became of an access unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Taken {
    /// It is held.
    Held,
    /// It is to be recorded, with what is held before it.
    Recorded,
    /// It is held, and what was recorded ends before it.
    Ended,
}

impl Window {
    /// With so much before and after each visit, in µs.
    pub(crate) fn new(around_us: [i64; 2]) -> Self {
        let [before_90k, after_90k] = around_us.map(|us| us.saturating_mul(9) / 100);
        let (held, bytes, seen, came) = (VecDeque::new(), 0, None, None);
        Self { before_90k, after_90k, held, bytes, seen, came, open: false }
    }

    /// Somebody is in the picture of this time.
    pub(crate) fn see(&mut self, time: MediaTime) {
        self.seen = self.seen.max(Some(time));
        // What is said late may be of what is recorded.
        let over = |unit: &Arc<Unit>| time.plus_90k(self.after_90k) < unit.au.key.time;
        if !self.open && self.came.is_none() && !self.held.front().is_some_and(over) {
            self.came = Some(time);
        }
    }

    /// Whether it records.
    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    /// Takes the next access unit; what is to be recorded goes to `out`.
    pub(crate) fn push(&mut self, unit: Arc<Unit>, out: &mut Vec<Arc<Unit>>) -> Taken {
        let time = unit.au.key.time;
        let wanted = self.seen.is_some_and(|seen| time.since_90k(seen) <= self.after_90k);
        if self.open && (wanted || !unit.au.idr) {
            out.push(unit);
            return Taken::Recorded;
        }
        let ended = std::mem::take(&mut self.open);
        self.hold(unit);
        if let Some(came) = self.came.take() {
            self.open(came, out);
        }
        match (self.open, ended) {
            (true, _) => Taken::Recorded,
            (false, true) => Taken::Ended,
            (false, false) => Taken::Held,
        }
    }

    /// The stream has a hole: what is held is of no use to what comes.
    pub(crate) fn clear(&mut self) {
        self.held.clear();
        (self.bytes, self.open) = (0, false);
    }

    fn hold(&mut self, unit: Arc<Unit>) {
        // Nothing before a key picture can be decoded.
        if self.held.is_empty() && !unit.au.idr {
            return;
        }
        let least = unit.au.key.time.plus_90k(-self.before_90k - LATE_90K);
        self.bytes += unit.bytes();
        self.held.push_back(unit);
        while let Some(next) = self.next_key()
            && (self.held[next].au.key.time <= least || self.bytes > MOST)
        {
            self.drop_first(next);
        }
        if self.bytes > MOST {
            self.clear();
        }
    }

    /// Where the second key picture is.
    fn next_key(&self) -> Option<usize> {
        self.held.iter().skip(1).position(|unit| unit.au.idr).map(|at| at + 1)
    }

    fn drop_first(&mut self, count: usize) {
        for unit in self.held.drain(..count) {
            self.bytes -= unit.bytes();
        }
    }

    /// Recording begins, at the last key picture that is early enough.
    fn open(&mut self, came: MediaTime, out: &mut Vec<Arc<Unit>>) {
        let from = came.plus_90k(-self.before_90k);
        let early = |unit: &Arc<Unit>| unit.au.idr && unit.au.key.time <= from;
        let first = self.held.iter().rposition(early).unwrap_or(0);
        self.open = !self.held.is_empty();
        out.extend(self.held.drain(..).skip(first));
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{time, unit_at};

    /// Picture `n` of ten a second, a key picture every two seconds.
    fn unit(n: i64) -> Arc<Unit> {
        Arc::new(Unit::new(unit_at(n, n % 20 == 0), 1200))
    }

    /// The pictures that are recorded of 0 to `count`, in runs; somebody is in the pictures `seen`, which is known
    /// `late` pictures later.
    fn recorded(window: &mut Window, count: i64, seen: &[i64], late: i64) -> Vec<(i64, i64)> {
        let mut runs: Vec<(i64, i64)> = Vec::new();
        let mut ended = true;
        for n in 0..count {
            if seen.contains(&(n - late)) {
                window.see(unit(n - late).au.key.time);
            }
            let mut out = Vec::new();
            let taken = window.push(unit(n), &mut out);
            assert_eq!(taken == Taken::Recorded, !out.is_empty());
            if taken == Taken::Ended {
                ended = true;
            }
            for unit in out {
                let n = unit.au.key.time.since_90k(time(0)) / 9000;
                match runs.last_mut() {
                    Some(run) if !ended => run.1 = n,
                    _ => {
                        assert!(unit.au.idr, "{n} begins a file");
                        runs.push((n, n));
                    }
                }
                ended = false;
            }
        }
        runs
    }

    #[test]
    fn a_visit_is_recorded_from_before_it_to_after_it() {
        let seconds = |pre: i64, post: i64| [pre * 1_000_000, post * 1_000_000];
        for (around, seen, late, expected) in [
            // From the key picture at or before five seconds before, to the first one ten seconds after.
            (seconds(5, 10), vec![130], 5, vec![(80, 239)]),
            (seconds(5, 10), vec![130], 30, vec![(80, 239)]),
            (seconds(0, 0), vec![130], 5, vec![(120, 139)]),
            // What there is.
            (seconds(5, 1), vec![10], 0, vec![(0, 39)]),
            // One recording for those who come again in time, two for those who do not.
            (seconds(5, 10), vec![130, 220], 5, vec![(80, 339)]),
            (seconds(2, 2), vec![130, 220], 5, vec![(100, 159), (200, 259)]),
            // It never begins before the end of the one before.
            (seconds(20, 2), vec![130, 165], 5, vec![(0, 159), (160, 199)]),
            (seconds(5, 10), vec![], 0, vec![]),
        ] {
            let mut window = Window::new(around);
            assert_eq!(recorded(&mut window, 500, &seen, late), expected, "{around:?} {seen:?}");
        }
    }

    #[test]
    fn what_is_held_is_bounded() {
        let mut window = Window::new([2_000_000, 2_000_000]);
        assert_eq!(recorded(&mut window, 1000, &[], 0), []);
        // Two seconds and the three that a detection may take, from a key picture on.
        assert!((50..=70).contains(&window.held.len()), "{}", window.held.len());
        let bytes: usize = window.held.iter().map(|unit| unit.bytes()).sum();
        assert_eq!(window.bytes, bytes);
        assert!(window.held[0].au.idr);
        window.clear();
        assert!(!window.is_open() && window.bytes == 0);
    }
}
