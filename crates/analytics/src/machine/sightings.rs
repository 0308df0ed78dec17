//! A matched sighting: what it says about every area.

use razz_base::Track;

use super::Analytics;
use crate::VisitEnd;
use crate::layout::Form;
use crate::line::Crossed;
use crate::object::{AreaState, Object, OpenCrossing};
use crate::publish::Publisher;
use crate::published::Published;
use crate::settings::MAX_TRACKS;
use crate::sighting::{Outline, Sighting};
use crate::zone::ZoneChange;

impl Analytics {
    /// Takes a sighting of a track on the frame at `now`.
    pub(super) fn see(&mut self, now: i64, track: &Track, outline: &Outline) {
        let grace = self.grace();
        let object = self
            .tracks
            .entry(track.id)
            .or_insert_with(|| Object::new(now, outline, &self.layout.areas));
        if object.sightings > 0 && object.last.0 >= now {
            // The same id twice in one frame is no second sighting.
            return;
        }
        object.see(now, outline, track);
        let believed = object.is_believed();
        let publisher = Publisher { camera: self.camera };
        let mut found: Vec<(usize, Crossed)> = Vec::new();
        for (place, (ready, state)) in self.layout.areas.iter().zip(&mut object.areas).enumerate() {
            if !ready.active {
                continue;
            }
            let anchor = ready.area.anchor;
            let sighting =
                Sighting { time: now, at: outline.anchor(anchor), height: object.height };
            match (&ready.form, state) {
                (Form::Line(line), AreaState::Line(state)) => {
                    if !outline.is_cut(anchor)
                        && let Some(crossed) = state.handle(line, &sighting, self.settings.band)
                    {
                        found.push((place, crossed));
                    }
                }
                (Form::Zone(zone), AreaState::Zone(state)) => {
                    let change = state.handle(zone, &sighting, self.settings.band, grace, track.id);
                    if let Some(visit) = &mut state.visit
                        && visit.left.is_none()
                    {
                        visit.votes.add(track.class, track.confidence);
                    }
                    if !believed {
                        continue;
                    }
                    if let Some(ZoneChange::Began { before: Some(mut before) }) = change
                        && let Some(left) = before.left
                    {
                        let end = Some((left, VisitEnd::Left));
                        self.batch.extend(publisher.visit(ready, &mut before, end, track.id));
                    }
                    let Some(visit) = &mut state.visit else { continue };
                    let end = match (visit.left, visit.published) {
                        // Lost for longer than the grace, and now seen to have left.
                        (Some(left), Published::Ended { .. }) => Some((left, VisitEnd::Left)),
                        // It may come back within the grace.
                        (Some(_), Published::Open { .. } | Published::Retracted { .. }) => continue,
                        // It goes on, or was over before the track was believed and is published now.
                        (None, _) | (_, Published::Nothing) => None,
                    };
                    self.batch.extend(publisher.visit(ready, visit, end, track.id));
                }
                _ => unreachable!("states are made from the forms of their areas"),
            }
        }
        let speed = if found.is_empty() {
            None
        } else {
            object.ground.speed(self.plane.as_ref(), self.layout.aspect())
        };
        for (place, crossed) in found {
            let area = &self.layout.areas[place].area;
            object.keep(OpenCrossing {
                area: area.id(),
                version: area.version,
                track: track.id,
                to: crossed.to,
                change: crossed.change,
                joined_from: None,
                speed,
                published: Published::Nothing,
            });
        }
        if believed {
            let class = object.class();
            for crossing in
                object.crossings.iter_mut().filter(|c| c.published == Published::Nothing)
            {
                self.batch.extend(publisher.crossing(&self.layout, crossing, class, false));
            }
        }
        object.set_due(grace);
        if self.tracks.len() > MAX_TRACKS {
            let oldest = self.tracks.iter().min_by_key(|(id, object)| (object.last.0, **id));
            if let Some(id) = oldest.map(|(id, _)| *id) {
                self.forget(id);
            }
        }
    }
}
