//! What adds up over the last seconds.

use std::collections::VecDeque;

use razz_base::MonoTime;

/// What is told of the last seconds is told of so many.
pub(crate) const WINDOW_US: i64 = 5_000_000;
/// What came in less than this says little of a second.
const LEAST_US: i64 = 200_000;

/// Amounts such as bytes, each with its time: all of them added up, and those of the last seconds by the
/// second.
#[derive(Debug, Default)]
pub(crate) struct Amounts {
    last: VecDeque<(MonoTime, u64)>,
    total: u64,
}

impl Amounts {
    /// So much more, at `now`.
    pub(crate) fn add(&mut self, now: MonoTime, amount: u64) {
        self.last.push_back((now, amount));
        self.total += amount;
        self.forget(now);
    }

    /// All of it, since start.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// A second's worth, by the last seconds; 0 of none.
    pub(crate) fn per_second(&mut self, now: MonoTime) -> f64 {
        self.forget(now);
        let Some((first, _)) = self.last.front() else { return 0.0 };
        let sum: u64 = self.last.iter().map(|(_, amount)| amount).sum();
        sum as f64 / (now.since_us(*first).max(LEAST_US) as f64 / 1e6)
    }

    fn forget(&mut self, now: MonoTime) {
        while self.last.front().is_some_and(|(at, _)| now.since_us(*at) > WINDOW_US) {
            self.last.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seconds_worth_is_that_of_the_last_ones() {
        let at = |ms: i64| MonoTime::from_us(ms * 1000);
        let mut amounts = Amounts::default();
        assert_eq!(amounts.per_second(at(0)), 0.0);
        amounts.add(at(0), 1000);
        // Of a moment as if it had been a fifth of a second.
        assert_eq!(amounts.per_second(at(0)), 5000.0);
        (1..=100).for_each(|n| amounts.add(at(n * 100), 100));
        assert_eq!(amounts.per_second(at(10_000)), 5100.0 / 5.0);
        assert_eq!((amounts.per_second(at(20_000)), amounts.total()), (0.0, 11_000));
    }
}
