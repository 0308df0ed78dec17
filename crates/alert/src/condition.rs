//! One condition through its states: off, outside the schedule, pending, firing, held.

use jiff::tz::TimeZone;

use crate::Schedule;

/// So long a condition has to be gone before its alert is over, in µs. Raising it makes fewer, longer
/// alerts of what comes and goes.
pub const HOLD_US: i64 = 5_000_000;
/// A condition that comes back so soon flaps: each time its hold is twice as long, in µs.
pub const FLAP_US: i64 = 60_000_000;
/// How often the hold doubles at most: to 160 s.
const MOST_FLAPS: u8 = 5;

/// Where a condition stands, and since when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Phase {
    /// It is not so.
    Off,
    /// It is so, outside the schedule, which opens then.
    Closed { opens_us: Option<i64> },
    /// It is so, and fires when it is due.
    Pending { since_us: i64, due_us: i64, closes_us: Option<i64> },
    /// It is so for long enough, and fires.
    Firing { since_us: i64, closes_us: Option<i64> },
    /// It is not so any more, and its alert is over when nothing comes until it is due.
    Held { since_us: i64, ended_us: i64, due_us: i64, closes_us: Option<i64> },
}

/// What became of a condition's alert.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Change {
    Pending { since_us: i64 },
    Withdrawn,
    Fired { since_us: i64 },
    Resolved { until_us: i64 },
}

/// How a condition is judged.
#[derive(Clone, Copy)]
pub(crate) struct Timing<'a> {
    /// How long it has to be so.
    pub(crate) for_us: i64,
    /// How long it has to be gone; 0 where that was settled before.
    pub(crate) hold_us: i64,
    pub(crate) schedule: &'a Schedule,
    pub(crate) zone: &'a TimeZone,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Condition {
    pub(crate) phase: Phase,
    /// How often it came back soon.
    pub(crate) flaps: u8,
    /// When it fired and was gone last.
    pub(crate) ended_us: Option<i64>,
}

impl Condition {
    pub(crate) const fn new() -> Self {
        Self { phase: Phase::Off, flaps: 0, ended_us: None }
    }

    pub(crate) fn is_off(&self) -> bool {
        self.phase == Phase::Off
    }

    /// It is so from then on. Nothing new where that was known.
    pub(crate) fn begin(&mut self, at_us: i64, timing: Timing<'_>) -> Option<Change> {
        match self.phase {
            Phase::Closed { .. } | Phase::Pending { .. } | Phase::Firing { .. } => return None,
            Phase::Off | Phase::Held { .. } => {}
        }
        let soon = self.ended_us.is_some_and(|ended| at_us.saturating_sub(ended) <= FLAP_US);
        self.flaps = if soon { (self.flaps + 1).min(MOST_FLAPS) } else { 0 };
        if let Phase::Held { since_us, closes_us, .. } = self.phase {
            self.phase = Phase::Firing { since_us, closes_us };
            return None;
        }
        if timing.schedule.contains(at_us, timing.zone) {
            return Some(self.open(at_us, timing));
        }
        self.close(at_us, timing);
        None
    }

    /// It is not so any more from then on.
    pub(crate) fn end(&mut self, at_us: i64, timing: Timing<'_>) -> Option<Change> {
        match self.phase {
            Phase::Off | Phase::Held { .. } => None,
            Phase::Closed { .. } => {
                self.phase = Phase::Off;
                None
            }
            Phase::Pending { .. } => {
                self.phase = Phase::Off;
                Some(Change::Withdrawn)
            }
            Phase::Firing { since_us, closes_us } => {
                let ended_us = at_us.max(since_us);
                self.ended_us = Some(ended_us);
                let hold = timing.hold_us.saturating_mul(1 << self.flaps.min(MOST_FLAPS));
                if hold == 0 {
                    self.phase = Phase::Off;
                    return Some(Change::Resolved { until_us: ended_us });
                }
                let due_us = ended_us.saturating_add(hold);
                self.phase = Phase::Held { since_us, ended_us, due_us, closes_us };
                None
            }
        }
    }

    /// It is over at once, whatever was held: nobody looks for it any more.
    pub(crate) fn drop_at(&mut self, at_us: i64) -> Option<Change> {
        match std::mem::replace(&mut self.phase, Phase::Off) {
            Phase::Off | Phase::Closed { .. } => None,
            Phase::Pending { .. } => Some(Change::Withdrawn),
            Phase::Firing { since_us, .. } => {
                Some(Change::Resolved { until_us: at_us.max(since_us) })
            }
            Phase::Held { ended_us, .. } => Some(Change::Resolved { until_us: ended_us }),
        }
    }

    /// When it changes by itself.
    pub(crate) fn due_us(&self) -> Option<i64> {
        match self.phase {
            Phase::Off => None,
            Phase::Closed { opens_us } => opens_us,
            Phase::Firing { closes_us, .. } => closes_us,
            Phase::Pending { due_us, closes_us, .. } | Phase::Held { due_us, closes_us, .. } => {
                Some(closes_us.map_or(due_us, |closes| closes.min(due_us)))
            }
        }
    }

    /// What it does by itself when it is [due](Self::due_us), at that time.
    pub(crate) fn elapse(&mut self, timing: Timing<'_>) -> Option<Change> {
        let now = self.due_us()?;
        match self.phase {
            Phase::Off => None,
            Phase::Closed { .. } => Some(self.open(now, timing)),
            // The end of a window is outside it: what would be due then is not.
            Phase::Pending { closes_us, .. } if closes_us == Some(now) => {
                self.close(now, timing);
                Some(Change::Withdrawn)
            }
            Phase::Pending { since_us, closes_us, .. } => {
                self.phase = Phase::Firing { since_us, closes_us };
                Some(Change::Fired { since_us })
            }
            Phase::Firing { .. } => {
                self.close(now, timing);
                Some(Change::Resolved { until_us: now })
            }
            Phase::Held { ended_us, .. } => {
                self.phase = Phase::Off;
                Some(Change::Resolved { until_us: ended_us })
            }
        }
    }

    /// It is so, and the rule watches from then on.
    fn open(&mut self, now: i64, timing: Timing<'_>) -> Change {
        let closes_us = timing.schedule.next_change(now, timing.zone);
        let due_us = now.saturating_add(timing.for_us);
        self.phase = Phase::Pending { since_us: now, due_us, closes_us };
        Change::Pending { since_us: now }
    }

    /// It is so, and the rule does not watch from then on.
    fn close(&mut self, now: i64, timing: Timing<'_>) {
        self.phase = Phase::Closed { opens_us: timing.schedule.next_change(now, timing.zone) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;
    const HOUR: i64 = 3_600 * SECOND;

    /// Runs a condition that holds from and until these times; says what became of it, with the times.
    fn run(schedule: &str, for_us: i64, holds: &[(i64, i64)]) -> Vec<(i64, Change)> {
        let (schedule, zone) = (schedule.parse().unwrap(), TimeZone::UTC);
        let timing = Timing { for_us, hold_us: HOLD_US, schedule: &schedule, zone: &zone };
        let mut condition = Condition::new();
        let mut changes = Vec::new();
        let inputs = holds.iter().flat_map(|&(from, to)| [(from, true), (to, false)]);
        for (at, holds) in inputs.chain([(48 * HOUR, false)]) {
            while let Some(due) = condition.due_us().filter(|&due| due <= at) {
                changes.extend(condition.elapse(timing).map(|change| (due, change)));
            }
            let change =
                if holds { condition.begin(at, timing) } else { condition.end(at, timing) };
            changes.extend(change.map(|change| (at, change)));
        }
        changes
    }

    #[test]
    fn through_its_states() {
        use Change::{Fired, Pending, Resolved, Withdrawn};
        let s = SECOND;
        for (name, schedule, for_us, holds, changes) in [
            (
                "long enough",
                "",
                30 * s,
                &[(0, 60 * s)][..],
                vec![
                    (0, Pending { since_us: 0 }),
                    (30 * s, Fired { since_us: 0 }),
                    (65 * s, Resolved { until_us: 60 * s }),
                ],
            ),
            (
                "too short",
                "",
                30 * s,
                &[(0, 29 * s)],
                vec![(0, Pending { since_us: 0 }), (29 * s, Withdrawn)],
            ),
            (
                "at once",
                "",
                0,
                &[(0, s)],
                vec![
                    (0, Pending { since_us: 0 }),
                    (0, Fired { since_us: 0 }),
                    (6 * s, Resolved { until_us: s }),
                ],
            ),
            (
                "back within the hold, which grows",
                "",
                0,
                &[(0, 10 * s), (14 * s, 20 * s), (29 * s, 30 * s)],
                vec![
                    (0, Pending { since_us: 0 }),
                    (0, Fired { since_us: 0 }),
                    (50 * s, Resolved { until_us: 30 * s }),
                ],
            ),
            (
                "begun before the window",
                "09:00-10:00",
                60 * s,
                &[(8 * HOUR, 9 * HOUR + 90 * s)],
                vec![
                    (9 * HOUR, Pending { since_us: 9 * HOUR }),
                    (9 * HOUR + 60 * s, Fired { since_us: 9 * HOUR }),
                    (9 * HOUR + 95 * s, Resolved { until_us: 9 * HOUR + 90 * s }),
                ],
            ),
            (
                "longer than the window, and into the next",
                "09:00-10:00",
                60 * s,
                &[(8 * HOUR, 33 * HOUR + 30 * s)],
                vec![
                    (9 * HOUR, Pending { since_us: 9 * HOUR }),
                    (9 * HOUR + 60 * s, Fired { since_us: 9 * HOUR }),
                    (10 * HOUR, Resolved { until_us: 10 * HOUR }),
                    (33 * HOUR, Pending { since_us: 33 * HOUR }),
                    (33 * HOUR + 30 * s, Withdrawn),
                ],
            ),
            (
                "due at the window's end",
                "09:00-10:00",
                60 * s,
                &[(10 * HOUR - 60 * s, 11 * HOUR)],
                vec![
                    (10 * HOUR - 60 * s, Pending { since_us: 10 * HOUR - 60 * s }),
                    (10 * HOUR, Withdrawn),
                ],
            ),
            ("outside", "09:00-10:00", 0, &[(11 * HOUR, 12 * HOUR)], vec![]),
            (
                "held at the window's end",
                "09:00-10:00",
                0,
                &[(10 * HOUR - 4 * s, 10 * HOUR - 2 * s)],
                vec![
                    (10 * HOUR - 4 * s, Pending { since_us: 10 * HOUR - 4 * s }),
                    (10 * HOUR - 4 * s, Fired { since_us: 10 * HOUR - 4 * s }),
                    (10 * HOUR, Resolved { until_us: 10 * HOUR - 2 * s }),
                ],
            ),
        ] {
            assert_eq!(run(schedule, for_us, holds), changes, "{name}");
        }
    }
}
