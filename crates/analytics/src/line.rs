//! One object and one line: on which side it is, and when it went over.
//!
//! A side is *committed* when a sighting lies at least a band beyond the line, in the object's own
//! heights. From one committed side to the other is one crossing, at the moment of the last change of
//! sides before it, whatever happened inside the band: shaking boxes, standing on the line, a step back.

use crate::geometry::{Point, Polyline, between, distance};
use crate::settings::{BRIDGED_HEIGHTS, BRIDGED_TICKS, FIRST_SIDE_SHARE};
use crate::sighting::Sighting;

/// A side of a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Side {
    Left,
    Right,
}

/// A sighting that had a side.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Seen {
    pub(crate) side: Side,
    pub(crate) time: i64,
    pub(crate) at: Point,
}

/// A change of sides, not yet a crossing.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Change {
    pub(crate) time: i64,
    pub(crate) place: Point,
    /// On the line, not on its extension.
    pub(crate) on_line: bool,
    /// Of the sightings before and after.
    pub(crate) between: [i64; 2],
    pub(crate) bridged: bool,
}

/// A crossing that was found.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Crossed {
    /// The side that it went to.
    pub(crate) to: Side,
    pub(crate) change: Change,
}

/// What is remembered of an object about a line: 220 bytes.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct LineState {
    pub(crate) committed: Option<Side>,
    /// The first sighting that had a side, and the newest.
    pub(crate) first: Option<Seen>,
    pub(crate) newest: Option<Seen>,
    /// When it was exactly on the line since then, the last time.
    pub(crate) touched: Option<i64>,
    /// The last change of sides since a side was committed.
    pub(crate) change: Option<Change>,
    /// The side that was committed first, with the last change before that: where the object was before
    /// is known later, if its track is joined with an earlier one.
    pub(crate) first_committed: Option<(Side, Option<Change>)>,
}

impl LineState {
    /// Takes a sighting; answers with a crossing if it commits one.
    pub(crate) fn handle(
        &mut self,
        line: &Polyline,
        sighting: &Sighting,
        band: f64,
    ) -> Option<Crossed> {
        let away = line.signed_distance(sighting.at);
        let side = match away {
            // Exactly on the line is on no side: boxes have whole numbers more often than one thinks.
            0.0 => {
                self.touched = Some(sighting.time);
                return None;
            }
            away if away > 0.0 => Side::Right,
            _ => Side::Left,
        };
        let seen = Seen { side, time: sighting.time, at: sighting.at };
        if let Some(before) = self.newest.filter(|newest| newest.side != side) {
            self.change = Some(change(line, &before, &seen, self.touched, sighting.height));
        }
        self.touched = None;
        self.first = self.first.or(Some(seen));
        self.newest = Some(seen);
        let band = if self.committed.is_none() { FIRST_SIDE_SHARE * band } else { band };
        if away.abs() < band * sighting.height {
            return None;
        }
        let change = self.change.take();
        match self.committed.replace(side) {
            None => {
                self.first_committed = Some((side, change));
                None
            }
            Some(before) if before == side => None,
            Some(_) => crossed(side, change),
        }
    }

    /// Puts what is known of an earlier track of the same object before what is known of this one.
    /// Answers with the crossing that happened between the two, if one did.
    pub(crate) fn continue_from(
        &mut self,
        earlier: &Self,
        line: &Polyline,
        height: f64,
    ) -> Option<Crossed> {
        let across = match (earlier.newest, self.first) {
            (Some(before), Some(after)) if before.side != after.side => {
                Some(change(line, &before, &after, None, height))
            }
            _ => None,
        };
        let until_then = across.or(earlier.change);
        let was = earlier.committed?;
        match self.first_committed {
            Some((side, change)) if side != was => crossed(side, change.or(until_then)),
            Some(_) => None,
            None => {
                self.committed = Some(was);
                self.first_committed = earlier.first_committed.or(Some((was, None)));
                self.change = self.change.or(until_then);
                self.newest = self.newest.or(earlier.newest);
                None
            }
        }
    }
}

fn crossed(to: Side, change: Option<Change>) -> Option<Crossed> {
    // Beyond the ends of the line the side changes silently.
    change.filter(|change| change.on_line).map(|change| Crossed { to, change })
}

fn change(
    line: &Polyline,
    before: &Seen,
    after: &Seen,
    touched: Option<i64>,
    height: f64,
) -> Change {
    let passing = line.passing(before.at, after.at);
    let gap = after.time - before.time;
    let interpolated = before.time + (passing.share * gap as f64).round() as i64;
    let bridged = gap > BRIDGED_TICKS || distance(before.at, after.at) > BRIDGED_HEIGHTS * height;
    Change {
        time: touched.unwrap_or(interpolated),
        place: between(before.at, after.at, passing.share),
        on_line: passing.on_line,
        between: [before.time, after.time],
        bridged,
    }
}
