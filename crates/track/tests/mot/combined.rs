//! HOTA of whole sets, and by how much a tracker is better than both settings of ByteTrack.
#![allow(dead_code, unreachable_pub, reason = "each test and example uses its own part")]

use std::collections::BTreeMap;

use razz_track::Settings;

use super::hota::{self, Row, Tally};
use super::pass::Pass;
use super::{Case, Result};

/// Combined HOTA of each set.
pub type Scores = BTreeMap<String, f64>;

/// Scores what `rows` says for each case, on the frames of a pass.
fn combined(
    cases: &[Case],
    pass: &Pass,
    rows: impl Fn(&Case) -> Option<BTreeMap<u64, Vec<Row>>>,
) -> Scores {
    let mut sets: BTreeMap<String, Tally> = BTreeMap::new();
    for case in cases.iter().filter(|case| case.is_scored()) {
        let Some(rows) = rows(case) else { continue };
        let tally = hota::score(case, &hota::truth(case), pass.frames(case), &rows);
        sets.entry(case.set.clone()).or_default().add(&tally);
    }
    sets.into_iter().map(|(set, tally)| (set, tally.scores()[0])).collect()
}

/// A result as rows.
pub fn rows(result: Result) -> BTreeMap<u64, Vec<Row>> {
    result.into_iter().map(|(frame, boxes)| (frame, boxes.into_iter().collect())).collect()
}

/// Of the references of one name.
pub fn of_references(cases: &[Case], name: &str) -> Scores {
    combined(cases, &Pass::default(), |case| case.reference(name).map(rows))
}

/// Asserts that the hybrid tracker on every `stride`-th frame is better by these margins than the
/// better of ByteTrack's two settings.
pub fn assert_margins(cases: &[Case], stride: u64, margins: &[(&str, f64)]) {
    let scores = |pass: &Pass| combined(cases, pass, |case| Some(pass.run(case).rows));
    let [a, b] = [(0.5, 0.8), (0.6, 0.9)].map(|(track_threshold, match_threshold)| {
        let settings = Settings { track_threshold, match_threshold, ..Settings::default() };
        scores(&Pass { kind: None, settings, stride, ..Pass::default() })
    });
    let ours = scores(&Pass { stride, ..Pass::default() });
    for (set, margin) in margins {
        let (better, ours) = (a[*set].max(b[*set]), ours[*set]);
        assert!(ours >= better + margin, "1/{stride} {set}: {ours:.2} after {better:.2}");
    }
}
