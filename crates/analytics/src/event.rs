//! What comes out: facts about areas, each with its key and its revision.

use std::sync::Arc;

use razz_base::{CameraId, ClassId, Direction, MediaTime, TrackId};

use crate::{AreaId, Speed};

/// What a fact is about: the same fact has the same key however often it is told, live, after a
/// restart, and recomputed from the record. A store that replaces by key counts nothing twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EventKey {
    /// Whose picture.
    pub camera: CameraId,
    /// Which area.
    pub area: AreaId,
    /// Which drawing of it.
    pub version: u32,
    /// When it happened: a crossing's interpolated moment, a visit's beginning as it was first told, the
    /// moment since which an occupancy holds.
    pub time: MediaTime,
    /// Whose fact; `None` for an occupancy, which is nobody's alone.
    pub track: Option<TrackId>,
}

/// One fact as it is known now.
#[derive(Clone, PartialEq, Debug)]
pub struct Event {
    /// Which fact.
    pub key: EventKey,
    /// What people call the area.
    pub area_name: Arc<str>,
    /// 0: told as it was seen. From 1: a correction of what was told (or not told) before; the highest
    /// revision of a key is the truth.
    pub revision: u32,
    /// What is so.
    pub fact: Fact,
}

/// What is so about an area.
#[derive(Clone, PartialEq, Debug)]
pub enum Fact {
    /// Somebody crossed the line.
    Crossing(Crossing),
    /// Somebody is, or was, in the zone.
    Visit(Visit),
    /// How many are in the zone from now on.
    Occupancy(Occupancy),
    /// Nothing: what was told under this key was wrong.
    Retracted,
}

/// A committed change of side, on the line.
#[derive(Clone, PartialEq, Debug)]
pub struct Crossing {
    /// Which way.
    pub direction: Direction,
    /// What crossed: the class it was seen as with the most confidence.
    pub class: ClassId,
    /// Where the anchor passed the line, in shares of the picture.
    pub place: [f64; 2],
    /// The sightings that the moment was interpolated between.
    pub between: [MediaTime; 2],
    /// Nobody saw it for longer than 2 s or 3 heights around the crossing: counted, and no reason for an
    /// alarm by itself.
    pub bridged: bool,
    /// The track that the object had before, where the crossing rests on two joined tracks.
    pub joined_from: Option<TrackId>,
    /// How fast, where a plane says so well enough.
    pub speed: Option<Speed>,
}

/// Why a visit is over.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum VisitEnd {
    /// It left over the edge.
    Left,
    /// It was not seen any more; it may still be there.
    Lost,
    /// The area is not in force any more, or was drawn anew.
    AreaClosed,
}

/// Somebody's time in a zone.
#[derive(Clone, PartialEq, Debug)]
pub struct Visit {
    /// What it is: the class it was seen as with the most confidence, over the visit.
    pub class: ClassId,
    /// Since when.
    pub from: MediaTime,
    /// Whether it came in over the edge; otherwise it was there when it was first seen.
    pub entered: bool,
    /// Until when and why it is over; `None` while it goes on.
    pub end: Option<(MediaTime, VisitEnd)>,
    /// The track that saw the last of it: another than the key's where tracks were joined.
    pub last_track: TrackId,
}

impl Visit {
    /// How long it took, in seconds; `None` while it goes on.
    pub fn dwell_secs(&self) -> Option<f64> {
        self.end.map(|(to, _)| to.since_secs(self.from))
    }
}

/// How many are in a zone.
#[derive(Clone, PartialEq, Debug)]
pub struct Occupancy {
    /// All of the classes that count.
    pub count: u32,
    /// By class, those that are there, in order.
    pub classes: Vec<(ClassId, u32)>,
}
