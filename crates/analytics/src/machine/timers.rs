//! What happens without a sighting: somebody is not present any more, a visit is over, a track goes on in
//! another, a track is forgotten.

use razz_base::TrackId;

use super::Analytics;
use crate::VisitEnd;
use crate::join::continuation;
use crate::layout::Form;
use crate::object::{AreaState, Object, OpenCrossing};
use crate::publish::Publisher;
use crate::published::Published;
use crate::settings::{FORGET_TICKS, JOIN_DECISION_TICKS};
use crate::zone::{OpenVisit, ZoneState};

impl Analytics {
    /// Runs what is due until `until`, in the order in which it is due.
    pub(super) fn run_timers(&mut self, until: i64) {
        loop {
            let next = self.tracks.iter().map(|(id, object)| (object.due, *id)).min();
            let Some((due, id)) = next.filter(|(due, _)| *due <= until) else {
                return;
            };
            self.run_timers_of(id, due, due < until);
        }
    }

    pub(super) fn run_timers_of(&mut self, id: TrackId, now: i64, count: bool) {
        let grace = self.grace();
        let Some(object) = self.tracks.get_mut(&id) else { return };
        if object.present && object.present_until() <= now {
            object.present = false;
            // What is due at the very time of a frame is counted with the frame.
            if count {
                self.count(now);
            }
        }
        self.end_visits(id, |visit, last| {
            Object::visit_over(visit, last, grace).is_some_and(|over| over <= now)
        });
        let Some(object) = self.tracks.get_mut(&id) else { return };
        if object.last.0 + FORGET_TICKS <= now {
            self.forget(id);
            return;
        }
        if !object.join_decided && object.last.0 + JOIN_DECISION_TICKS <= now {
            object.join_decided = true;
            object.set_due(grace);
            if self.settings.join
                && let Some(next) = continuation(&self.tracks, id)
            {
                self.join(id, next);
            }
            return;
        }
        object.set_due(grace);
    }

    pub(super) fn end_visits(&mut self, id: TrackId, over: impl Fn(&OpenVisit, i64) -> bool) {
        let Some(object) = self.tracks.get_mut(&id) else { return };
        let last = object.last.0;
        let publisher = Publisher { camera: self.camera };
        for (ready, state) in self.layout.areas.iter().zip(&mut object.areas) {
            if let AreaState::Zone(ZoneState { visit: Some(visit), .. }) = state
                && over(visit, last)
            {
                let end = match visit.left {
                    Some(left) => (left, VisitEnd::Left),
                    None => (visit.last_inside, VisitEnd::Lost),
                };
                self.batch.extend(publisher.visit(ready, visit, Some(end), id));
            }
        }
    }

    /// Puts the track `ended` before the track `next`: they are one object.
    pub(super) fn join(&mut self, ended: TrackId, next: TrackId) {
        let grace = self.grace();
        let publisher = Publisher { camera: self.camera };
        let (Some(mut before), Some(after)) =
            (self.tracks.remove(&ended), self.tracks.get_mut(&next))
        else {
            return;
        };
        after.joined_from = Some(ended);
        after.since = before.since;
        after.sightings = after.sightings.saturating_add(before.sightings);
        after.votes.merge(&before.votes);
        let later = std::mem::take(&mut after.crossings);
        for crossing in before.crossings.drain(..) {
            after.keep(crossing);
        }
        let states = before.areas.iter_mut().zip(&mut after.areas);
        for (ready, (before_state, state)) in self.layout.areas.iter().zip(states) {
            match (&ready.form, before_state, state) {
                (Form::Line(line), AreaState::Line(before), AreaState::Line(state)) => {
                    if let Some(crossed) = state.continue_from(before, line, after.first_height) {
                        after.crossings.push(OpenCrossing {
                            area: ready.area.id(),
                            version: ready.area.version,
                            track: next,
                            to: crossed.to,
                            change: crossed.change,
                            joined_from: Some(ended),
                            speed: None,
                            published: Published::Nothing,
                        });
                    }
                }
                (Form::Zone(_), AreaState::Zone(before), AreaState::Zone(state)) => {
                    if let Some(continued) = state.continue_from(before) {
                        let absorbed = continued.absorbed;
                        let taken_back = absorbed.and_then(|v| publisher.no_visit(ready, &v));
                        self.batch.extend(taken_back);
                        // It goes on; if it is over by now, its timer says so next.
                        if let Some(visit) = &mut state.visit {
                            self.batch.extend(publisher.visit(ready, visit, None, next));
                        }
                    }
                }
                _ => {}
            }
        }
        let class = after.class();
        for crossing in later {
            after.keep(crossing);
        }
        for crossing in after.crossings.iter_mut().filter(|c| c.published == Published::Nothing) {
            self.batch.extend(publisher.crossing(&self.layout, crossing, class, true));
        }
        after.set_due(grace);
    }

    /// Forgets a track; its facts are final.
    pub(super) fn forget(&mut self, id: TrackId) {
        self.end_visits(id, |visit, _| matches!(visit.published, Published::Open { .. }));
        if let Some(mut object) = self.tracks.remove(&id)
            && object.is_believed()
        {
            let (publisher, class) = (Publisher { camera: self.camera }, object.class());
            for crossing in &mut object.crossings {
                self.batch.extend(publisher.crossing(&self.layout, crossing, class, true));
            }
        }
    }
}
