//! How many were in a zone, by time.

use std::collections::BTreeMap;

use razz_base::CLOCK_RATE;

use super::{Occupancy, Range};
use crate::counter::QUARTER_US;

/// Of a range, and of each of its steps.
pub(super) struct Time {
    pub(super) all: Option<Occupancy>,
    pub(super) mean: Vec<Option<f64>>,
    pub(super) most: Vec<Option<u32>>,
}

impl Time {
    /// Of a line, where nobody is.
    pub(super) fn none(steps: &[i64]) -> Self {
        Self { all: None, mean: vec![None; steps.len()], most: vec![None; steps.len()] }
    }

    /// From how long so many were there, in seconds, in all and in each step.
    fn of(steps: Vec<BTreeMap<u32, f64>>) -> Self {
        let mut all: BTreeMap<u32, f64> = BTreeMap::new();
        for (people, seconds) in steps.iter().flatten() {
            *all.entry(*people).or_default() += seconds;
        }
        let mean = |spent: &BTreeMap<u32, f64>| {
            let seconds: f64 = spent.values().sum();
            let people: f64 = spent.iter().map(|(people, s)| f64::from(*people) * s).sum();
            (seconds > 0.0).then(|| people / seconds)
        };
        let most = |spent: &BTreeMap<u32, f64>| spent.keys().next_back().copied();
        let occupancy = mean(&all).map(|mean| {
            let watched_s = all.values().sum::<f64>();
            let mut below = 0.0;
            let p95 = all.iter().find(|(_, seconds)| {
                below += **seconds;
                below >= 0.95 * watched_s
            });
            let (p95, most) = (p95.map_or(0, |(people, _)| *people), most(&all).unwrap_or(0));
            Occupancy { mean, p95, most, watched_s }
        });
        Self {
            all: occupancy,
            mean: steps.iter().map(mean).collect(),
            most: steps.iter().map(most).collect(),
        }
    }
}

/// Spans that touch become one.
pub(super) fn joined(spans: Vec<[i64; 2]>) -> Vec<[i64; 2]> {
    let mut all: Vec<[i64; 2]> = Vec::new();
    for span in spans {
        match all.last_mut() {
            Some(last) if span[0] <= last[1] => last[1] = last[1].max(span[1]),
            _ => all.push(span),
        }
    }
    all
}

/// The share of each step that was watched, of what of it is past.
pub(super) fn shares(watched: &[[i64; 2]], range: Range) -> Vec<f64> {
    let steps = range.steps();
    let mut shares = Vec::with_capacity(steps.len());
    for begins in steps {
        let span = [begins.max(range.from_us), (begins + range.step_us).min(range.until_us)];
        let seen: i64 = overlaps(watched, span).map(|[from, until]| until - from).sum();
        let all = (span[1] - span[0]).max(1);
        shares.push((seen as f64 / all as f64).clamp(0.0, 1.0));
    }
    shares
}

fn overlaps(spans: &[[i64; 2]], within: [i64; 2]) -> impl Iterator<Item = [i64; 2]> {
    let first = spans.partition_point(|span| span[1] <= within[0]);
    let over = spans[first..].iter().take_while(move |span| span[0] < within[1]);
    over.map(move |span| [span[0].max(within[0]), span[1].min(within[1])])
}

/// From how many there were from when on.
pub(super) fn of_changes(changes: &[(i64, u32)], watched: &[[i64; 2]], range: Range) -> Time {
    let mut steps = vec![BTreeMap::new(); range.steps().len()];
    for (n, (from, people)) in changes.iter().enumerate() {
        let until = changes.get(n + 1).map_or(range.until_us, |(next, _)| *next);
        let span = [(*from).max(range.from_us), until.min(range.until_us)];
        for [mut from, until] in overlaps(watched, span) {
            while from < until {
                let Some(step) = range.step_of(from).filter(|step| *step < steps.len()) else {
                    break;
                };
                let ends = (from.div_euclid(range.step_us) + 1) * range.step_us;
                let part = ends.min(until) - from;
                *steps[step].entry(*people).or_default() += part as f64 / 1e6;
                from += part;
            }
        }
    }
    Time::of(steps)
}

/// From quarters of an hour.
pub(super) fn of_sums(spent: &[(i64, u32, i64)], range: Range) -> Time {
    let mut steps = vec![BTreeMap::new(); range.steps().len()];
    for (quarter, people, ticks) in spent {
        let step = range.step_of(*quarter * QUARTER_US).and_then(|step| steps.get_mut(step));
        if let Some(step) = step.filter(|_| *ticks > 0) {
            *step.entry(*people).or_default() += *ticks as f64 / CLOCK_RATE as f64;
        }
    }
    Time::of(steps)
}
