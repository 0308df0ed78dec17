//! The state of the machine as bytes, so that a restart goes on where it stopped.
//!
//! A restored machine answers everything as the one that the snapshot was taken of. Numbers are little-endian,
//! f64 by their bits; one list of fields writes and reads each type.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use razz_base::{CameraId, MediaTime, TrackId};

use crate::alert::{WatchKey, hash};
use crate::condition::{Condition, Phase};
use crate::machine::TIMES_US;
use crate::watch::{Visitor, Watch};
use crate::{
    Alert, Alerts, Direction, MAX_CAMERAS, MAX_VISITORS, MAX_WAITING, MAX_WATCHES, Occasion, Rule,
    State, When,
};

/// What a snapshot begins with; the last number counts the formats.
const MAGIC: [u8; 6] = [b'R', b'Z', b'A', b'L', 0, 1];

/// Why bytes are no snapshot. Without one a machine begins anew: what is so then fires once more.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Something else, or written by another version of razz.
    #[error("these bytes are no snapshot of alerts of this version: begin without one")]
    Foreign,
    /// Cut short, or changed.
    #[error("the snapshot of alerts is damaged at byte {offset}: begin without one")]
    Damaged {
        /// Where.
        offset: usize,
    },
}

impl Alerts {
    /// The state, without the events that were not polled yet: poll them first. Rules and time zone are no
    /// part of it. 0.2 kB for each watch and visitor, and up to 4 kB more where much happens.
    pub fn snapshot(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        let rules = self.rules.iter().map(|(name, rule)| (name.clone(), rule.fingerprint()));
        rules.collect::<Vec<_>>().put(&mut out);
        self.clock_us.put(&mut out);
        self.waiting.values().cloned().collect::<Vec<_>>().put(&mut out);
        self.watches.values().cloned().collect::<Vec<_>>().put(&mut out);
        let cameras = self.cameras.iter().map(|(camera, state)| (*camera, *state));
        cameras.collect::<Vec<_>>().put(&mut out);
        out
    }

    /// Goes on where the machine stopped that the snapshot was taken of; what this one knew is forgotten.
    /// What was open of rules that are not there any more, or watch for something else, is over.
    pub fn restore(&mut self, snapshot: &[u8]) -> Result<(), SnapshotError> {
        let rest = snapshot.strip_prefix(&MAGIC).ok_or(SnapshotError::Foreign)?;
        let mut reader = Reader { rest, whole: snapshot.len() };
        let state = reader.state();
        let damaged = SnapshotError::Damaged { offset: reader.whole - reader.rest.len() };
        let state = state.filter(|_| reader.rest.is_empty()).ok_or(damaged)?;
        let known = |name: &Arc<str>| {
            let fingerprint = self.rules.get(name).map(Rule::fingerprint);
            fingerprint.is_some() && state.rules.get(name).copied() == fingerprint
        };
        let (watches, gone): (Vec<_>, Vec<_>) =
            state.watches.into_iter().partition(|watch| known(&watch.key.rule));
        self.clock_us = state.clock_us;
        self.cameras = state.cameras;
        self.events.clear();
        for mut watch in gone {
            watch.clear(state.clock_us, &mut self.events);
        }
        self.arrived = state.waiting.len() as u64;
        self.waiting =
            (0..).zip(state.waiting).map(|(at, item)| ((item.at_us(), at), item)).collect();
        self.set_watches(watches);
        Ok(())
    }
}

impl Rule {
    /// What it watches for, as a number that is the same in every process.
    fn fingerprint(&self) -> u64 {
        let mut bytes = Vec::new();
        (self.when, self.camera, self.area.clone(), self.direction).put(&mut bytes);
        (self.above, self.below, self.for_us).put(&mut bytes);
        let texts = self.classes.iter().map(|class| class.as_str().into());
        texts.collect::<Vec<Arc<str>>>().put(&mut bytes);
        Arc::<str>::from(self.schedule.to_string()).put(&mut bytes);
        hash(&bytes)
    }
}

struct Saved {
    rules: BTreeMap<Arc<str>, u64>,
    clock_us: i64,
    waiting: Vec<Occasion>,
    watches: Vec<Watch>,
    cameras: BTreeMap<CameraId, (i64, bool)>,
}

/// What is left to read.
struct Reader<'a> {
    rest: &'a [u8],
    whole: usize,
}

impl Reader<'_> {
    fn state(&mut self) -> Option<Saved> {
        let rules: Vec<(Arc<str>, u64)> = Plain::take(self)?;
        let clock_us = Plain::take(self)?;
        let waiting: Vec<Occasion> = Plain::take(self)?;
        let watches: Vec<Watch> = Plain::take(self)?;
        let cameras: Vec<_> = Plain::take(self)?;
        let visitors: usize = watches.iter().map(|watch| watch.visitors.len()).sum();
        let times = [clock_us].into_iter().chain(waiting.iter().map(Occasion::at_us));
        let sane = times.into_iter().all(|time| TIMES_US.contains(&time))
            && waiting.len() <= MAX_WAITING
            && watches.len() <= MAX_WATCHES
            && visitors <= MAX_VISITORS
            && cameras.len() <= MAX_CAMERAS;
        sane.then(|| Saved {
            rules: rules.into_iter().collect(),
            clock_us,
            waiting,
            watches,
            cameras: cameras.into_iter().collect(),
        })
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

numbers!(u8, u32, u64, i64, f64);

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
    TrackId { 0 }
    WatchKey { rule, camera, area }
    Condition { phase, flaps, ended_us }
    Visitor { media, from_us, condition, alert }
    Alert {
        id, rule, when, state, camera, area, class, direction, measured, held_us, since_us,
        since_media, until_us, count, more, sends, track,
    }
    Watch {
        key, sent_us, more, alert, pending, condition, holds, blind, class, measured, began,
        found_us, news_us, visitors, remembered, timer_us,
    }
}

/// A choice by its number, and the fields that it has.
macro_rules! choices {
    ($($name:ident { $($number:literal $variant:ident { $($field:ident),* })* })*) => {$(
        impl Plain for $name {
            fn put(&self, out: &mut Vec<u8>) {
                match self { $(
                    Self::$variant { $($field),* } => {
                        out.push($number);
                        $($field.put(out);)*
                    }
                )* }
            }
            fn take(reader: &mut Reader<'_>) -> Option<Self> {
                match u8::take(reader)? {
                    $($number => Some(Self::$variant { $($field: Plain::take(reader)?),* }),)*
                    _ => None,
                }
            }
        }
    )*};
}

choices! {
    State { 0 Pending {} 1 Firing {} 2 Resolved {} }
    Direction { 0 In {} 1 Out {} }
    When {
        0 Crossing {} 1 Enters {} 2 Leaves {} 3 Dwell {} 4 Occupancy {} 5 Appears {} 6 Absence {}
        7 Speed {} 8 CameraOffline {} 9 RecordingStopped {}
    }
    Phase {
        0 Off {}
        1 Closed { opens_us }
        2 Pending { since_us, due_us, closes_us }
        3 Firing { since_us, closes_us }
        4 Held { since_us, ended_us, due_us, closes_us }
    }
    Occasion {
        0 Crossing { camera, area, class, direction, at_us, media, track, bridged, speed_mps }
        1 Visit { camera, area, class, track, media, from_us, entered, until_us, left }
        2 Occupancy { camera, area, at_us, media, classes, total }
        3 Appeared { camera, class, track, at_us, media }
        4 CameraState { camera, at_us, online }
        5 RecordingState { camera, at_us, recording }
        6 Retracted { camera, area, track, media, at_us }
        7 Gone { camera, area, at_us }
    }
}

impl Plain for CameraId {
    fn put(&self, out: &mut Vec<u8>) {
        self.as_u32().put(out);
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        Self::new(u32::take(reader)?)
    }
}

impl Plain for MediaTime {
    fn put(&self, out: &mut Vec<u8>) {
        self.as_90k().put(out);
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        i64::take(reader).map(Self::from_90k)
    }
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

impl Plain for Arc<str> {
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u32).put(out);
        out.extend(self.as_bytes());
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        let length = u32::take(reader)? as usize;
        let (text, rest) = reader.rest.split_at_checked(length)?;
        let text = std::str::from_utf8(text).ok()?.into();
        reader.rest = rest;
        Some(text)
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

impl<T: Plain + Clone> Plain for VecDeque<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.iter().cloned().collect::<Vec<_>>().put(out);
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        Vec::take(reader).map(Self::from)
    }
}

impl<K: Plain + Clone + Ord, V: Plain + Clone> Plain for BTreeMap<K, V> {
    fn put(&self, out: &mut Vec<u8>) {
        self.iter().map(|(key, value)| (key.clone(), value.clone())).collect::<Vec<_>>().put(out);
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        Vec::take(reader).map(|entries| entries.into_iter().collect())
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
