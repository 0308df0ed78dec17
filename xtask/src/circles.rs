//! Circles: sets of modules that all reach one another.

use std::collections::{BTreeMap, BTreeSet};

use crate::modules::Arrow;

/// Every set of two or more members that reach one another along `arrows`.
pub(crate) fn circles<'a>(arrows: &[&'a Arrow]) -> Vec<BTreeSet<&'a str>> {
    let mut next: BTreeMap<&'a str, BTreeSet<&'a str>> = BTreeMap::new();
    for arrow in arrows {
        next.entry(&arrow.from).or_default().insert(&arrow.to);
    }
    let reached: BTreeMap<&'a str, BTreeSet<&'a str>> =
        next.keys().map(|&from| (from, reachable(from, &next))).collect();
    let mut found: Vec<BTreeSet<&'a str>> = Vec::new();
    for (&member, beyond) in &reached {
        if !beyond.contains(member) || found.iter().any(|circle| circle.contains(member)) {
            continue;
        }
        found.push(
            beyond
                .iter()
                .copied()
                .filter(|other| reached.get(other).is_some_and(|back| back.contains(member)))
                .collect(),
        );
    }
    found
}

fn reachable<'a>(from: &'a str, next: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut waiting = vec![from];
    while let Some(at) = waiting.pop() {
        for &to in next.get(at).into_iter().flatten() {
            if reached.insert(to) {
                waiting.push(to);
            }
        }
    }
    reached
}
