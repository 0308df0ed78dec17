//! From what is known of an object to the events that say so, each with its revision.

use razz_base::{CameraId, ClassId, MediaTime, TrackId};

use crate::layout::{Layout, Ready};
use crate::line::Side;
use crate::object::OpenCrossing;
use crate::published::Published;
use crate::zone::OpenVisit;
use crate::{
    Crossing, Direction, Event, EventKey, Fact, InSide, Occupancy, Shape, Visit, VisitEnd,
};

/// Writes events.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Publisher {
    pub(crate) camera: CameraId,
}

impl Publisher {
    /// Tells of a crossing, or corrects what was told, where there is anything new; `late` for one that
    /// was found afterwards.
    pub(crate) fn crossing(
        &self,
        layout: &Layout,
        crossing: &mut OpenCrossing,
        class: ClassId,
        late: bool,
    ) -> Option<Event> {
        let here = |r: &&Ready| (r.area.id(), r.area.version) == (crossing.area, crossing.version);
        let ready = layout.areas.iter().find(here)?;
        let told = crossing.published;
        let accepted = ready.area.accepts(class);
        let revision = told.next_revision().max(u32::from(late));
        let key = self.key(ready, crossing.change.time, Some(crossing.track));
        let tell = |fact| Some(Event { key, area_name: ready.area.name().clone(), revision, fact });
        match told {
            Published::Open { class: before, .. } if accepted && before == class => None,
            Published::Nothing | Published::Retracted { .. } if !accepted => None,
            _ if !accepted => {
                crossing.published = Published::Retracted { revision };
                tell(Fact::Retracted)
            }
            _ => {
                crossing.published = Published::Open { revision, class };
                let to_right = crossing.to == Side::Right;
                let right_is_in =
                    matches!(ready.area.shape(), Shape::Line { inside: InSide::Right, .. });
                tell(Fact::Crossing(Crossing {
                    direction: if to_right == right_is_in { Direction::In } else { Direction::Out },
                    class,
                    place: layout.shares(crossing.change.place),
                    between: crossing.change.between.map(MediaTime::from_90k),
                    bridged: crossing.change.bridged,
                    joined_from: crossing.joined_from,
                    speed: crossing.speed,
                }))
            }
        }
    }

    /// Tells that a visit goes on or is over, where that is new.
    pub(crate) fn visit(
        &self,
        ready: &Ready,
        visit: &mut OpenVisit,
        end: Option<(i64, VisitEnd)>,
        track: TrackId,
    ) -> Option<Event> {
        let class = visit.votes.winner().unwrap_or_default();
        let accepted = ready.area.accepts(class);
        let revision = visit.published.next_revision();
        let key = self.key(ready, visit.key_time, Some(visit.key_track));
        let tell = |fact| Some(Event { key, area_name: ready.area.name().clone(), revision, fact });
        match (visit.published, end) {
            (Published::Nothing | Published::Retracted { .. }, _) if !accepted => return None,
            (_, _) if !accepted => {
                visit.published = Published::Retracted { revision };
                return tell(Fact::Retracted);
            }
            // While it goes on its class may waver: the end decides.
            (Published::Open { .. }, None) => return None,
            (Published::Ended { class: before, end: told, .. }, Some(end))
                if before == class && told == end =>
            {
                return None;
            }
            (_, None) => visit.published = Published::Open { revision, class },
            (_, Some(end)) => visit.published = Published::Ended { revision, class, end },
        }
        tell(Fact::Visit(Visit {
            class,
            from: MediaTime::from_90k(visit.from),
            entered: visit.entered,
            end: end.map(|(time, why)| (MediaTime::from_90k(time), why)),
            last_track: track,
        }))
    }

    /// Takes back a visit that turned out to be a part of another.
    pub(crate) fn no_visit(&self, ready: &Ready, visit: &OpenVisit) -> Option<Event> {
        if matches!(visit.published, Published::Nothing | Published::Retracted { .. }) {
            return None;
        }
        Some(Event {
            key: self.key(ready, visit.key_time, Some(visit.key_track)),
            area_name: ready.area.name().clone(),
            revision: visit.published.next_revision(),
            fact: Fact::Retracted,
        })
    }

    /// Tells how many are in a zone.
    pub(crate) fn occupancy(&self, ready: &Ready, time: i64, classes: &[(ClassId, u32)]) -> Event {
        Event {
            key: self.key(ready, time, None),
            area_name: ready.area.name().clone(),
            revision: 0,
            fact: Fact::Occupancy(Occupancy {
                count: classes.iter().map(|(_, count)| count).sum(),
                classes: classes.to_vec(),
            }),
        }
    }

    fn key(&self, ready: &Ready, time: i64, track: Option<TrackId>) -> EventKey {
        EventKey {
            camera: self.camera,
            area: ready.area.id(),
            version: ready.area.version,
            time: MediaTime::from_90k(time),
            track,
        }
    }
}
