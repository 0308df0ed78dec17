//! The state of the machine as bytes, so that a restart goes on where it stopped.
//!
//! A restored machine answers everything as the one that the snapshot was taken of. Numbers are little-endian,
//! f64 by their bits; one list of fields writes and reads each type.

use std::collections::BTreeMap;
use std::sync::Arc;

use razz_base::plain::{Plain, Reader, put_all};
use razz_base::{CameraId, plain_choices, plain_fields};

use crate::alert::{WatchKey, hash};
use crate::condition::{Condition, Phase};
use crate::machine::TIMES_US;
use crate::watch::{Visitor, Watch};
use crate::{
    Alert, Alerts, MAX_CAMERAS, MAX_VISITORS, MAX_WAITING, MAX_WATCHES, Occasion, Rule, State, When,
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
        put_all(self.waiting.values(), &mut out);
        put_all(self.watches.values(), &mut out);
        self.cameras.put(&mut out);
        out
    }

    /// Goes on where the machine stopped that the snapshot was taken of; what this one knew is forgotten.
    /// What was open of rules that are not there any more, or watch for something else, is over.
    pub fn restore(&mut self, snapshot: &[u8]) -> Result<(), SnapshotError> {
        if !snapshot.starts_with(&MAGIC) {
            return Err(SnapshotError::Foreign);
        }
        // Some are times of a camera, which may be any; those of the day are looked at below.
        let mut reader = Reader::new(snapshot, MAGIC.len(), i64::MIN..=i64::MAX);
        let state = Saved::read(&mut reader).filter(|_| reader.is_empty());
        let state = state.ok_or(SnapshotError::Damaged { offset: reader.offset() })?;
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

impl Saved {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let rules = Plain::take(reader)?;
        let clock_us = Plain::take(reader)?;
        let waiting: Vec<Occasion> = Plain::take(reader)?;
        let watches: Vec<Watch> = Plain::take(reader)?;
        let cameras: BTreeMap<_, _> = Plain::take(reader)?;
        let visitors: usize = watches.iter().map(|watch| watch.visitors.len()).sum();
        let times = [clock_us].into_iter().chain(waiting.iter().map(Occasion::at_us));
        let sane = times.into_iter().all(|time| TIMES_US.contains(&time))
            && waiting.len() <= MAX_WAITING
            && watches.len() <= MAX_WATCHES
            && visitors <= MAX_VISITORS
            && cameras.len() <= MAX_CAMERAS;
        sane.then_some(Self { rules, clock_us, waiting, watches, cameras })
    }
}

plain_fields! {
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

plain_choices! {
    State { 0 Pending {} 1 Firing {} 2 Resolved {} }
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
