//! Areas that change while objects are watched: drawn anew, in force and out of it, elsewhere in the
//! picture. None of that is anything that an object did.

use razz_base::MediaTime;

use super::Analytics;
use crate::{Area, VisitEnd};

use crate::layout::{Layout, Ready};
use crate::object::AreaState;
use crate::publish::Publisher;
use crate::published::Published;
use crate::zone::ZoneState;

impl Analytics {
    /// Puts other areas in the place of those that were; those with the same id and version go on. What
    /// changes sides because a line was moved has not crossed it: new drawings begin anew.
    pub fn handle_areas(&mut self, areas: Vec<Area>) {
        let mut layout = Layout::new(areas, self.layout.aspect());
        let same = |a: &Ready, b: &Ready| {
            (a.area.id(), a.area.version) == (b.area.id(), b.area.version)
                && a.area.fingerprint() == b.area.fingerprint()
        };
        let places: Vec<Option<usize>> = layout
            .areas
            .iter()
            .map(|new| self.layout.areas.iter().position(|old| same(old, new)))
            .collect();
        let now = self.now.unwrap_or(i64::MIN);
        for place in 0..self.layout.areas.len() {
            if !places.contains(&Some(place)) {
                self.close_area(place, now);
            }
        }
        for (new, place) in layout.areas.iter_mut().zip(&places) {
            new.active = place.is_some_and(|place| self.layout.areas[place].active);
        }
        let take = |states: &[AreaState]| -> Vec<AreaState> {
            let each = layout.areas.iter().zip(&places);
            each.map(|(ready, place)| match place {
                Some(place) => states[*place].clone(),
                None => AreaState::new(&ready.form),
            })
            .collect()
        };
        for object in self.tracks.values_mut() {
            object.areas = take(&object.areas);
        }
        self.occupancy = places.iter().map(|p| p.and_then(|p| self.occupancy[p].take())).collect();
        self.layout = layout;
        self.publish();
    }

    /// The camera was moved: objects lie elsewhere in the picture now, and nobody crossed anything by
    /// that. Sides are found anew, visits go on where somebody is found inside again.
    pub fn handle_camera_moved(&mut self) {
        for object in self.tracks.values_mut() {
            for state in &mut object.areas {
                match state {
                    AreaState::Line(line) => *line = Default::default(),
                    AreaState::Zone(zone) => {
                        (zone.inside, zone.first) = (None, None);
                        (zone.newest, zone.passed) = (None, None);
                    }
                }
            }
        }
    }

    pub(super) fn switch_areas(&mut self, time: MediaTime) {
        for (place, active) in self.layout.switch(time) {
            if !active {
                let until = self.layout.areas[place].area.validity.until;
                let end = until.filter(|until| *until <= time).unwrap_or(time);
                self.close_area(place, end.as_90k());
            }
            let form = &self.layout.areas[place].form;
            for object in self.tracks.values_mut() {
                object.areas[place] = AreaState::new(form);
            }
        }
    }

    /// Ends what goes on in an area that is not in force any more.
    pub(super) fn close_area(&mut self, place: usize, now: i64) {
        let publisher = Publisher { camera: self.camera };
        let ready = &self.layout.areas[place];
        for (id, object) in &mut self.tracks {
            if let AreaState::Zone(ZoneState { visit: Some(visit), .. }) = &mut object.areas[place]
                && matches!(visit.published, Published::Open { .. })
            {
                let end = match visit.left {
                    Some(left) => (left, VisitEnd::Left),
                    None => (visit.last_inside, VisitEnd::AreaClosed),
                };
                self.batch.extend(publisher.visit(ready, visit, Some(end), *id));
            }
        }
        if self.occupancy[place].take().is_some_and(|told| !told.is_empty()) {
            self.batch.push(publisher.occupancy(ready, now, &[]));
        }
    }

    /// Pictures of another shape: where objects were seen is elsewhere now, on which side is not.
    pub(super) fn forget_places(&mut self) {
        for object in self.tracks.values_mut() {
            for state in &mut object.areas {
                match state {
                    AreaState::Line(line) => {
                        (line.first, line.newest, line.change) = (None, None, None);
                    }
                    AreaState::Zone(zone) => (zone.newest, zone.passed) = (None, None),
                }
            }
        }
    }
}
