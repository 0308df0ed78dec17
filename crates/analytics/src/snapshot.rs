//! The state of a machine as bytes, so that a restart goes on where it stopped.
//!
//! A restored machine answers every further frame as the one that the snapshot was taken of, bit for bit.
//! Numbers are little-endian, f64 by their bits; one list of fields writes and reads each type.

use std::collections::BTreeMap;

use razz_base::plain::{Plain, Reader};
use razz_base::{CameraId, ClassId, TrackId, plain_choices, plain_fields};

use crate::class_votes::ClassVotes;
use crate::layout::Layout;
use crate::line::{Change, LineState, Seen, Side};
use crate::object::{AreaState, Object, OpenCrossing};
use crate::published::Published;
use crate::settings::{FORGET_TICKS, FURTHEST_TICKS};
use crate::speed::SpeedWindow;
use crate::zone::{OpenVisit, ZoneState};
use crate::{Analytics, Area, AreaId, Plane, Settings, Speed, VisitEnd};

/// What a snapshot begins with; the last number counts the formats.
const MAGIC: [u8; 6] = [b'R', b'Z', b'A', b'N', 0, 1];

/// Every time of a snapshot is within so many ticks of 1970.
const FURTHEST: i64 = FURTHEST_TICKS + 2 * FORGET_TICKS;

/// Why bytes are no snapshot. Without one, a machine begins anew: nothing is counted wrongly by that, and
/// who was crossing at that moment is not counted.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Something else, or written by another version of razz.
    #[error("these bytes are no snapshot of analytics of this version: begin without one")]
    Foreign,
    /// Cut short, or changed.
    #[error("the snapshot is damaged at byte {offset}: begin without one")]
    Damaged {
        /// Where.
        offset: usize,
    },
    /// Of another camera.
    #[error("the snapshot is of camera {found}, not of camera {expected}")]
    OtherCamera {
        /// Whose it is.
        found: CameraId,
        /// Whose was expected.
        expected: CameraId,
    },
}

impl Analytics {
    /// The state, without the events that were not polled yet: poll them first. The areas, the settings and
    /// the plane are not part of it. About 0.6 kB for each track that was seen in the last 10 s, and 0.2 kB for
    /// each of its areas.
    pub fn snapshot(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        self.camera.as_u32().put(&mut out);
        self.now.put(&mut out);
        self.layout.aspect().put(&mut out);
        let areas: Vec<_> = (self.layout.areas.iter().zip(&self.occupancy))
            .map(|(ready, told)| {
                (
                    (ready.area.id(), ready.area.version),
                    ready.area.fingerprint(),
                    ready.active,
                    told.clone(),
                )
            })
            .collect();
        areas.put(&mut out);
        let tracks: Vec<_> = self.tracks.iter().map(|(id, object)| (*id, object.clone())).collect();
        tracks.put(&mut out);
        out
    }

    /// The machine that a snapshot was taken of. Areas that were not part of it, or were drawn differently,
    /// begin anew; visits in areas that are gone are not ended.
    pub fn restore(
        camera: CameraId,
        areas: Vec<Area>,
        settings: Settings,
        plane: Option<Plane>,
        snapshot: &[u8],
    ) -> Result<Self, SnapshotError> {
        if !snapshot.starts_with(&MAGIC) {
            return Err(SnapshotError::Foreign);
        }
        let mut reader = Reader::new(snapshot, MAGIC.len(), -FURTHEST..=FURTHEST);
        let state = State::read(&mut reader).filter(|_| reader.is_empty());
        let state = state.ok_or(SnapshotError::Damaged { offset: reader.offset() })?;
        if state.camera != camera {
            return Err(SnapshotError::OtherCamera { found: state.camera, expected: camera });
        }
        let mut analytics = Self::new(camera, Vec::new(), settings);
        analytics.plane = plane;
        analytics.now = state.now;
        analytics.layout = Layout::new(areas, state.aspect);
        let mut places = Vec::new();
        for ready in &mut analytics.layout.areas {
            let here = ((ready.area.id(), ready.area.version), ready.area.fingerprint());
            let place = state.areas.iter().position(|area| (area.0, area.1) == here);
            ready.active = place.is_some_and(|place| state.areas[place].2);
            analytics.occupancy.push(place.and_then(|place| state.areas[place].3.clone()));
            places.push(place);
        }
        for (id, mut object) in state.tracks {
            let states = places.iter().zip(&analytics.layout.areas).map(|(place, ready)| {
                let fresh = || AreaState::new(&ready.form);
                place.map_or_else(fresh, |place| object.areas[place].clone())
            });
            object.areas = states.collect();
            analytics.tracks.insert(id, object);
        }
        Ok(analytics)
    }
}

/// An area: id and version, fingerprint, whether it is in force, and the occupancy that was told last.
type AreaSnapshot = ((AreaId, u32), u64, bool, Option<Vec<(ClassId, u32)>>);

struct State {
    camera: CameraId,
    now: Option<i64>,
    aspect: f64,
    areas: Vec<AreaSnapshot>,
    tracks: BTreeMap<TrackId, Object>,
}

impl State {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let camera = CameraId::new(u32::take(reader)?)?;
        let now = <Option<i64> as Plain>::take(reader)?;
        let aspect = f64::take(reader)?;
        let areas: Vec<AreaSnapshot> = Vec::take(reader)?;
        let tracks: Vec<(TrackId, Object)> = Vec::take(reader)?;
        // States are told apart by the forms of their areas, which have to be as many and the same.
        let fits = tracks.iter().all(|(_, object)| object.areas.len() == areas.len());
        let sane = fits && aspect.is_finite() && aspect > 0.0;
        sane.then(|| Self { camera, now, aspect, areas, tracks: tracks.into_iter().collect() })
    }
}

plain_fields! {
    AreaId { 0 }
    Seen { side, time, at }
    Change { time, place, on_line, between, bridged }
    LineState { committed, first, newest, touched, change, first_committed }
    ZoneState { inside, first, newest, passed, visit, visits }
    OpenVisit { key_time, key_track, from, entered, left, last_inside, votes, published }
    Speed { mps, error_mps }
    SpeedWindow { seen }
    OpenCrossing { area, version, track, to, change, joined_from, speed, published }
    Object {
        joined_from, sightings, since, first, last, velocity, height, first_height, votes, missed,
        present, join_decided, due, ground, areas, crossings,
    }
}

plain_choices! {
    Side { 0 Left {} 1 Right {} }
    VisitEnd { 0 Left {} 1 Lost {} 2 AreaClosed {} }
    Published {
        0 Nothing {}
        1 Open { revision, class }
        2 Ended { revision, class, end }
        3 Retracted { revision }
    }
}

impl Plain for ClassVotes {
    fn put(&self, out: &mut Vec<u8>) {
        self.votes().put(out);
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        Plain::take(reader).map(Self::from_votes)
    }
}

impl Plain for AreaState {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Line(state) => (0_u8.put(out), state.put(out)).1,
            Self::Zone(state) => (1_u8.put(out), state.put(out)).1,
        }
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        match u8::take(reader)? {
            0 => LineState::take(reader).map(Self::Line),
            1 => ZoneState::take(reader).map(Self::Zone),
            _ => None,
        }
    }
}
