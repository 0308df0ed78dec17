//! One object and one zone: since when it is there, and when it left.
//!
//! As with lines, in and out are committed a band beyond the edge and dated back to the last passing of
//! the edge. A visit goes on over an absence of up to the grace, and over any gap in which the track was not
//! seen and did not leave.

use razz_base::TrackId;

use crate::class_votes::ClassVotes;
use crate::geometry::{Point, Polygon, Standing};
use crate::published::Published;
use crate::sighting::Sighting;

/// A visit as it is known.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct OpenVisit {
    /// Of its key: the time it was first published to begin, and its first track.
    pub(crate) key_time: i64,
    pub(crate) key_track: TrackId,
    pub(crate) from: i64,
    pub(crate) entered: bool,
    /// It left over the edge at this time, and may come back within the grace.
    pub(crate) left: Option<i64>,
    /// When it was last seen inside.
    pub(crate) last_inside: i64,
    pub(crate) votes: ClassVotes,
    /// What was last published of it.
    pub(crate) published: Published,
}

/// What is remembered of an object about a zone: 220 bytes.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct ZoneState {
    /// In or out, committed.
    pub(crate) inside: Option<bool>,
    /// When it was seen first.
    pub(crate) first: Option<i64>,
    /// The newest sighting and whether it was inside.
    pub(crate) newest: Option<(i64, Point, bool)>,
    /// The last passing of the edge since a side was committed.
    pub(crate) passed: Option<i64>,
    /// The visit that goes on, or the last one.
    pub(crate) visit: Option<OpenVisit>,
    /// Visits begun by this track: only its first can continue one of another track.
    pub(crate) visits: u32,
}

/// What a sighting changed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum ZoneChange {
    /// A new visit began; the one before is handed back and is final.
    Began { before: Option<OpenVisit> },
    /// The same visit goes on after it seemed to be over.
    Resumed,
    /// It left over the edge.
    Left,
}

impl ZoneState {
    /// Takes a sighting.
    pub(crate) fn handle(
        &mut self,
        zone: &Polygon,
        sighting: &Sighting,
        band: f64,
        grace: i64,
        track: TrackId,
    ) -> Option<ZoneChange> {
        let standing = zone.standing(sighting.at, band * sighting.height);
        let now_inside = matches!(standing, Standing::Inside | Standing::InsideNearEdge);
        let first = *self.first.get_or_insert(sighting.time);
        if let Some((time, at, was_inside)) = self.newest
            && was_inside != now_inside
        {
            let share = zone.passing(at, sighting.at);
            self.passed = Some(time + (share * (sighting.time - time) as f64).round() as i64);
        }
        self.newest = Some((sighting.time, sighting.at, now_inside));
        let committed = match standing {
            Standing::Inside => true,
            Standing::Outside => false,
            // Near the edge it is where it was.
            Standing::InsideNearEdge | Standing::OutsideNearEdge => {
                if self.inside == Some(true) {
                    self.stay(sighting.time);
                }
                return None;
            }
        };
        let before = self.inside.replace(committed);
        let passed = self.passed.take();
        match (before, committed) {
            (Some(true), true) => {
                self.stay(sighting.time);
                None
            }
            (None, true) => Some(self.come(passed, first, sighting.time, grace, track)),
            (Some(false), true) => {
                Some(self.come(passed, sighting.time, sighting.time, grace, track))
            }
            (Some(true), false) => {
                let visit = self.visit.as_mut().filter(|visit| visit.left.is_none())?;
                visit.left = Some(passed.unwrap_or(visit.last_inside).max(visit.from));
                Some(ZoneChange::Left)
            }
            (_, false) => {
                // After a camera moved it is found outside of where it was inside.
                let visit = self.visit.as_mut().filter(|visit| visit.left.is_none())?;
                visit.left = Some(visit.last_inside);
                Some(ZoneChange::Left)
            }
        }
    }

    fn stay(&mut self, time: i64) {
        if let Some(visit) = &mut self.visit {
            visit.last_inside = time;
        }
    }

    fn come(
        &mut self,
        passed: Option<i64>,
        otherwise: i64,
        now: i64,
        grace: i64,
        track: TrackId,
    ) -> ZoneChange {
        let from = passed.unwrap_or(otherwise);
        if let Some(visit) = &mut self.visit
            && visit.left.is_none_or(|left| from - left <= grace)
        {
            visit.left = None;
            visit.last_inside = now;
            return ZoneChange::Resumed;
        }
        let visit = OpenVisit {
            key_time: from,
            key_track: track,
            from,
            entered: passed.is_some(),
            left: None,
            last_inside: now,
            votes: ClassVotes::default(),
            published: Published::Nothing,
        };
        self.visits = self.visits.saturating_add(1);
        ZoneChange::Began { before: self.visit.replace(visit) }
    }

    /// Where its anchor is counted: inside as it was seen last, without any band.
    pub(crate) fn is_inside_now(&self) -> bool {
        self.newest.is_some_and(|(_, _, inside)| inside)
    }

    /// Puts what an earlier track of the same object knew before what this one knows. Answers whether
    /// the earlier one's visit goes on in this one, and with the visit of this track that turned out to be
    /// no visit of its own.
    pub(crate) fn continue_from(&mut self, earlier: &Self) -> Option<Continued> {
        let old = earlier.visit.filter(|visit| visit.left.is_none())?;
        match self.visit {
            Some(new) if self.visits == 1 && !new.entered => {
                let mut votes = old.votes;
                votes.merge(&new.votes);
                self.visit =
                    Some(OpenVisit { left: new.left, last_inside: new.last_inside, votes, ..old });
                Some(Continued { absorbed: Some(new) })
            }
            None if self.inside.is_none() => {
                // Not committed yet: it is where it was.
                (self.inside, self.visit, self.visits) = (Some(true), Some(old), 1);
                Some(Continued { absorbed: None })
            }
            _ => None,
        }
    }
}

/// A visit goes on in a later track.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Continued {
    /// What the later track took for a visit of its own.
    pub(crate) absorbed: Option<OpenVisit>,
}
