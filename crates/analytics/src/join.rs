//! Which track goes on where another broke off.
//!
//! People are hidden by people, and trackers then give the same person another id. Two tracks are one
//! object's where the second begins soon after the first ended, near where it would have been, as large and of
//! the same class, and where each is the other's best.

use std::collections::BTreeMap;

use razz_base::TrackId;

use crate::geometry::distance;
use crate::object::Object;
use crate::settings::{JOIN_COAST_TICKS, JOIN_HEIGHT_RATIO, JOIN_HEIGHTS, JOIN_TICKS};

/// The track that goes on in the place of `ended`, which was not seen for long enough for every
/// candidate to be known.
pub(crate) fn continuation(tracks: &BTreeMap<TrackId, Object>, ended: TrackId) -> Option<TrackId> {
    let before = tracks.get(&ended)?;
    let later = tracks.iter().filter(|(_, object)| object.joined_from.is_none());
    let (next, _) = best(later.filter_map(|(id, after)| Some((*id, cost(before, after)?))))?;
    let after = tracks.get(&next)?;
    let earlier = tracks.iter().filter_map(|(id, other)| Some((*id, cost(other, after)?)));
    (best(earlier)?.0 == ended).then_some(next)
}

fn best(candidates: impl Iterator<Item = (TrackId, f64)>) -> Option<(TrackId, f64)> {
    candidates.min_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)))
}

/// How far `after` began from where `before` would have been then, in heights; `None` where they are not
/// one object.
fn cost(before: &Object, after: &Object) -> Option<f64> {
    let gap = after.first.0 - before.last.0;
    if !(1..=JOIN_TICKS).contains(&gap) || !after.is_believed() {
        return None;
    }
    if before.class() != after.class() {
        return None;
    }
    let ratio = after.first_height / before.height;
    if !(1.0 / JOIN_HEIGHT_RATIO..=JOIN_HEIGHT_RATIO).contains(&ratio) {
        return None;
    }
    let coast = (gap as f64).min(JOIN_COAST_TICKS);
    let there = [
        before.last.1[0] + coast * before.velocity[0],
        before.last.1[1] + coast * before.velocity[1],
    ];
    let off = distance(there, after.first.1).min(distance(before.last.1, after.first.1));
    let off = off / ((before.height + after.first_height) / 2.0);
    (off <= JOIN_HEIGHTS).then_some(off)
}
