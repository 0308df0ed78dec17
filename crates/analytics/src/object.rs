//! What is remembered of one object.

use razz_base::{ClassId, Track, TrackId};

use crate::class_votes::ClassVotes;
use crate::geometry::{Point, minus};
use crate::layout::{Form, Ready};
use crate::line::{Change, LineState, Side};
use crate::published::Published;
use crate::settings::{
    CONFIRM_SIGHTINGS, CONFIRM_TICKS, FORGET_TICKS, HEIGHT_TICKS, JOIN_DECISION_TICKS,
    MAX_OPEN_FACTS, PRESENT_TICKS, UNWATCHED_TICKS, VELOCITY_TICKS,
};
use crate::sighting::Outline;
use crate::speed::SpeedWindow;
use crate::zone::{OpenVisit, ZoneState};
use crate::{Anchor, AreaId};

/// About one area.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum AreaState {
    Line(LineState),
    Zone(ZoneState),
}

impl AreaState {
    pub(crate) fn new(form: &Form) -> Self {
        match form {
            Form::Line(_) => Self::Line(LineState::default()),
            Form::Zone(_) => Self::Zone(ZoneState::default()),
        }
    }
}

/// A crossing whose class is not final, or which was not told yet.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct OpenCrossing {
    pub(crate) area: AreaId,
    pub(crate) version: u32,
    pub(crate) track: TrackId,
    pub(crate) to: Side,
    pub(crate) change: Change,
    pub(crate) joined_from: Option<TrackId>,
    pub(crate) speed: Option<crate::Speed>,
    pub(crate) published: Published,
}

/// An object: a track, with what it took over from the track that it continues.
///
/// At most 0.6 kB, 0.22 kB for each area, and 2.3 kB of facts that are not final.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Object {
    /// The track that it continues.
    pub(crate) joined_from: Option<TrackId>,
    /// Matched sightings, with those of the tracks before.
    pub(crate) sightings: u32,
    /// When the first track of the object was seen first; to be believed.
    pub(crate) since: i64,
    /// The first sighting of this track: time and foot.
    pub(crate) first: (i64, Point),
    /// The last sighting of this track.
    pub(crate) last: (i64, Point),
    /// Smoothed, of the foot: picture heights per tick.
    pub(crate) velocity: [f64; 2],
    /// Smoothed, in picture heights.
    pub(crate) height: f64,
    /// The height at the first sighting.
    pub(crate) first_height: f64,
    pub(crate) votes: ClassVotes,
    /// The first frame that was looked at and had no match for it, since the last match.
    pub(crate) missed: Option<i64>,
    pub(crate) present: bool,
    /// Whether it was decided which track goes on in its place, or that none does.
    pub(crate) join_decided: bool,
    /// The next timer that is due.
    pub(crate) due: i64,
    pub(crate) ground: SpeedWindow,
    /// In the order of the layout.
    pub(crate) areas: Vec<AreaState>,
    /// The oldest first.
    pub(crate) crossings: Vec<OpenCrossing>,
}

impl Object {
    /// A track that was seen for the first time.
    pub(crate) fn new(time: i64, outline: &Outline, areas: &[Ready]) -> Self {
        let (foot, height) = (outline.anchor(Anchor::Foot), outline.height());
        Self {
            joined_from: None,
            sightings: 0,
            since: time,
            first: (time, foot),
            last: (time, foot),
            velocity: [0.0; 2],
            height,
            first_height: height,
            votes: ClassVotes::default(),
            missed: None,
            present: true,
            join_decided: false,
            due: time,
            ground: SpeedWindow::default(),
            areas: areas.iter().map(|ready| AreaState::new(&ready.form)).collect(),
            crossings: Vec::new(),
        }
    }

    /// Takes what every sighting tells, whatever the areas.
    pub(crate) fn see(&mut self, time: i64, outline: &Outline, track: &Track) {
        let foot = outline.anchor(Anchor::Foot);
        let passed = (time - self.last.0) as f64;
        if passed > 0.0 {
            let step = minus(foot, self.last.1);
            let share = if self.sightings == 1 { 1.0 } else { passed / (passed + VELOCITY_TICKS) };
            for (velocity, step) in self.velocity.iter_mut().zip(step) {
                *velocity += share * (step / passed - *velocity);
            }
            self.height += passed / (passed + HEIGHT_TICKS) * (outline.height() - self.height);
        }
        if !outline.is_cut(Anchor::Foot) {
            self.ground.see(time, foot);
        }
        self.last = (time, foot);
        self.sightings = self.sightings.saturating_add(1);
        self.votes.add(track.class, track.confidence);
        (self.missed, self.present, self.join_decided) = (None, true, false);
    }

    /// Whether it was seen often and long enough to be told of.
    pub(crate) fn is_believed(&self) -> bool {
        self.sightings >= CONFIRM_SIGHTINGS && self.last.0 - self.since >= CONFIRM_TICKS
    }

    pub(crate) fn class(&self) -> ClassId {
        self.votes.winner().unwrap_or_default()
    }

    /// Until when it is present if it is not seen again.
    pub(crate) fn present_until(&self) -> i64 {
        match self.missed {
            Some(missed) => missed.max(self.last.0 + PRESENT_TICKS),
            None => self.last.0 + UNWATCHED_TICKS,
        }
    }

    /// When its visit is over, if it is told to go on and nothing changes.
    pub(crate) fn visit_over(visit: &OpenVisit, last: i64, grace: i64) -> Option<i64> {
        match visit.published {
            Published::Open { .. } => Some(visit.left.unwrap_or(last) + grace),
            _ => None,
        }
    }

    /// Finds the next timer.
    pub(crate) fn set_due(&mut self, grace: i64) {
        let mut due = self.last.0 + FORGET_TICKS;
        if !self.join_decided {
            due = due.min(self.last.0 + JOIN_DECISION_TICKS);
        }
        if self.present {
            due = due.min(self.present_until());
        }
        for state in &self.areas {
            if let AreaState::Zone(ZoneState { visit: Some(visit), .. }) = state
                && let Some(over) = Self::visit_over(visit, self.last.0, grace)
            {
                due = due.min(over);
            }
        }
        self.due = due;
    }

    /// Keeps a crossing until its class is final; the oldest of too many is final.
    pub(crate) fn keep(&mut self, crossing: OpenCrossing) {
        if self.crossings.len() >= MAX_OPEN_FACTS {
            self.crossings.remove(0);
        }
        self.crossings.push(crossing);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_per_track_is_as_said() {
        let window = 12 * size_of::<(i64, Point)>();
        assert!(size_of::<Object>() + window <= 600);
        assert!(size_of::<AreaState>() <= 220);
        assert!(MAX_OPEN_FACTS * size_of::<OpenCrossing>() <= 2_300);
    }
}
