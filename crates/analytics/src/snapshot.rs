//! The state of a machine as bytes, so that a restart goes on where it stopped.
//!
//! A restored machine answers every further frame as the one that the snapshot was taken of, bit for bit.
//! Numbers are little-endian, f64 by their bits; one list of fields writes and reads each type.

use std::collections::BTreeMap;

use razz_base::{CameraId, ClassId, TrackId};

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
        let rest = snapshot.strip_prefix(&MAGIC).ok_or(SnapshotError::Foreign)?;
        let mut reader = Reader { rest, whole: snapshot.len() };
        let state = reader.state();
        let damaged = SnapshotError::Damaged { offset: reader.whole - reader.rest.len() };
        let state = state.filter(|_| reader.rest.is_empty()).ok_or(damaged)?;
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

/// What is left to read.
struct Reader<'a> {
    rest: &'a [u8],
    whole: usize,
}

impl Reader<'_> {
    fn state(&mut self) -> Option<State> {
        let camera = CameraId::new(u32::take(self)?)?;
        let now = <Option<i64> as Plain>::take(self)?;
        let aspect = f64::take(self)?;
        let areas: Vec<AreaSnapshot> = Vec::take(self)?;
        let tracks: Vec<(TrackId, Object)> = Vec::take(self)?;
        // States are told apart by the forms of their areas, which have to be as many and the same.
        let fits = tracks.iter().all(|(_, object)| object.areas.len() == areas.len());
        let sane = fits && aspect.is_finite() && aspect > 0.0;
        sane.then(|| State { camera, now, aspect, areas, tracks: tracks.into_iter().collect() })
    }

    fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*bytes)
    }
}

/// A value as bytes.
trait Plain: Sized {
    fn put(&self, out: &mut Vec<u8>);
    fn take(reader: &mut Reader<'_>) -> Option<Self>;
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Plain for $number {
            fn put(&self, out: &mut Vec<u8>) {
                out.extend(self.to_le_bytes());
            }
            fn take(reader: &mut Reader<'_>) -> Option<Self> {
                reader.bytes().map(Self::from_le_bytes)
            }
        }
    )*};
}

numbers!(u8, u16, u32, u64, f64);

/// Every i64 of a snapshot is a time.
impl Plain for i64 {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.to_le_bytes());
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        let time = reader.bytes().map(Self::from_le_bytes)?;
        let furthest = FURTHEST_TICKS + 2 * FORGET_TICKS;
        (-furthest..=furthest).contains(&time).then_some(time)
    }
}

/// A struct by the list of its fields.
macro_rules! fields {
    ($($name:ident { $($field:tt),* $(,)? })*) => {$(
        impl Plain for $name {
            fn put(&self, out: &mut Vec<u8>) {
                $(self.$field.put(out);)*
            }
            fn take(reader: &mut Reader<'_>) -> Option<Self> {
                Some(Self { $($field: Plain::take(reader)?),* })
            }
        }
    )*};
}

fields! {
    AreaId { 0 }
    ClassId { 0 }
    TrackId { 0 }
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

/// A choice by its number.
macro_rules! choices {
    ($($name:ident { $($variant:ident = $number:literal),* })*) => {$(
        impl Plain for $name {
            fn put(&self, out: &mut Vec<u8>) {
                out.push(match self { $(Self::$variant => $number),* });
            }
            fn take(reader: &mut Reader<'_>) -> Option<Self> {
                match u8::take(reader)? {
                    $($number => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    )*};
}

choices! {
    Side { Left = 0, Right = 1 }
    VisitEnd { Left = 0, Lost = 1, AreaClosed = 2 }
}

impl Plain for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        match u8::take(reader)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
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

impl Plain for Published {
    fn put(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Nothing => 0_u8.put(out),
            Self::Open { revision, class } => (1_u8, (revision, class)).put(out),
            Self::Ended { revision, class, end } => (2_u8, (revision, class), end).put(out),
            Self::Retracted { revision } => (3_u8, revision).put(out),
        }
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        let kind = u8::take(reader)?;
        let (revision, class) = match kind {
            0 => return Some(Self::Nothing),
            1 | 2 => Plain::take(reader)?,
            _ => (u32::take(reader)?, ClassId::default()),
        };
        match kind {
            1 => Some(Self::Open { revision, class }),
            2 => Some(Self::Ended { revision, class, end: Plain::take(reader)? }),
            3 => Some(Self::Retracted { revision }),
            _ => None,
        }
    }
}

impl<T: Plain> Plain for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        match bool::take(reader)? {
            true => T::take(reader).map(Some),
            false => Some(None),
        }
    }
}

impl<T: Plain> Plain for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u32).put(out);
        self.iter().for_each(|value| value.put(out));
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        // A length is only believed as far as there are bytes.
        (0..u32::take(reader)?).map(|_| T::take(reader)).collect()
    }
}

impl<T: Plain, const N: usize> Plain for [T; N] {
    fn put(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|value| value.put(out));
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        let values: Option<Vec<T>> = (0..N).map(|_| T::take(reader)).collect();
        values?.try_into().ok()
    }
}

macro_rules! tuples {
    ($(($($name:ident $index:tt),*))*) => {$(
        impl<$($name: Plain),*> Plain for ($($name,)*) {
            fn put(&self, out: &mut Vec<u8>) {
                $(self.$index.put(out);)*
            }
            fn take(reader: &mut Reader<'_>) -> Option<Self> {
                Some(($($name::take(reader)?,)*))
            }
        }
    )*};
}

tuples! { (A 0, B 1) (A 0, B 1, C 2) (A 0, B 1, C 2, D 3) }
