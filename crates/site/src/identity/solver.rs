//! The solver: its state and the order of one step.

use std::collections::BTreeMap;

use razz_base::CameraId;

use super::tracks::TrackMemory;
use super::{Constraints, IdentityId, Observation, Settings, TrackKey};
use crate::filter::Motion;
use crate::matrix::Sym2;
use crate::plane::Place;

/// Rounds over all cameras in one step; each can only better the whole.
const ROUNDS: usize = 2;

/// Tracks that are remembered at most; those not seen for longest go first.
const MOST_TRACKS: usize = 8_192;

/// Identities that are remembered at most; likewise.
const MOST_IDENTITIES: usize = 4_096;

/// Somebody, as the solver knows them.
#[derive(Clone, PartialEq, Debug)]
pub struct Identity {
    /// Who.
    pub id: IdentityId,
    /// Where and how fast.
    pub motion: Motion,
    /// When it was first seen.
    pub born_us: i64,
    /// When it was last seen by any camera.
    pub seen_us: i64,
    /// How often it was seen, over all cameras.
    pub seen: u32,
    /// Where it was first seen.
    pub(super) birth: Place,
    /// When and how it was last known for sure, where its tracks turned out to be another's.
    pub(super) lost: Option<(i64, Motion)>,
}

/// What the solver decided, with the numbers behind it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Change {
    /// From a time on the track is that identity.
    Joined {
        /// The track.
        track: TrackKey,
        /// Who it is.
        identity: IdentityId,
        /// Who it was before that time, if anybody.
        was: Option<IdentityId>,
        /// From when, in µs; never before what is final.
        from_us: i64,
        /// Evidence for it, in nats; 0 for one who is new.
        nats: f64,
        /// Evidence for the next best, in nats; 0 for nobody.
        rival_nats: f64,
    },
    /// All that was `gone` is `into`.
    Merged {
        /// The identity that is no more.
        gone: IdentityId,
        /// The one that goes on.
        into: IdentityId,
        /// When, in µs.
        at_us: i64,
        /// Evidence for it, in nats; infinite where a person said so.
        nats: f64,
    },
}

/// The solver of one site. Steps come in order of time; the order of the observations of a step does not matter.
#[derive(Clone, PartialEq, Debug)]
pub struct Solver {
    pub(super) settings: Settings,
    pub(super) constraints: Constraints,
    pub(super) now_us: i64,
    /// By key.
    pub(super) tracks: Vec<TrackMemory>,
    /// By id.
    pub(super) identities: Vec<Identity>,
    pub(super) next_id: u64,
    /// Steps that one camera saw two identities at, by pair: who was seen beside himself is two.
    pub(super) apart: BTreeMap<(IdentityId, IdentityId), u32>,
}

impl Solver {
    /// Nobody yet.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            constraints: Constraints::default(),
            now_us: i64::MIN,
            tracks: Vec::new(),
            identities: Vec::new(),
            next_id: 1,
            apart: BTreeMap::new(),
        }
    }

    /// What people said, from the next step on.
    pub fn set_constraints(&mut self, constraints: Constraints) {
        self.constraints = constraints;
    }

    /// Everybody that is known now, by id.
    pub fn identities(&self) -> &[Identity] {
        &self.identities
    }

    /// Who a track is.
    pub fn identity_of(&self, key: TrackKey) -> Option<IdentityId> {
        let index = self.tracks.binary_search_by_key(&key, |track| track.key).ok()?;
        self.tracks[index].identity
    }

    /// The next identity's number.
    pub fn next_id(&self) -> IdentityId {
        IdentityId(self.next_id)
    }

    /// Whether one camera saw both beside each other for longer than a mix-up lasts.
    pub fn seen_beside(&self, a: IdentityId, b: IdentityId) -> bool {
        self.steps_apart(a, b) > self.settings.apart_steps
    }

    /// The tracks that are an identity now, by key.
    pub fn members(&self, id: IdentityId) -> impl Iterator<Item = TrackKey> {
        let held = |track: &&TrackMemory| self.now_us - track.last_us() <= self.settings.hold_us;
        self.tracks
            .iter()
            .filter(move |track| track.identity == Some(id))
            .filter(held)
            .map(|track| track.key)
    }

    /// Takes what all cameras see at one time; appends what was decided to `out`. A time that is not after the last is
    /// ignored, and so is a second observation of one track.
    pub fn step(&mut self, at_us: i64, observations: &[Observation], out: &mut Vec<Change>) {
        if at_us <= self.now_us {
            return;
        }
        let first = self.now_us == i64::MIN;
        let passed_s = if first { 0.0 } else { (at_us - self.now_us) as f64 / 1e6 };
        for identity in &mut self.identities {
            let unseen = self.now_us - identity.seen_us > self.settings.hold_us;
            identity.motion.predict(passed_s, unseen);
        }
        self.now_us = at_us;
        self.see(observations, passed_s);
        self.cut();
        let mut step = self.prepare();
        for _ in 0..ROUNDS {
            for camera in 0..step.cameras.len() {
                self.assign(camera, &mut step);
            }
        }
        self.decide(&step, out);
        self.follow();
        self.note_apart(&step);
        self.obey_same(out);
        self.merge(&step, out);
        self.revive(&step, out);
        self.forget();
    }

    fn see(&mut self, observations: &[Observation], passed_s: f64) {
        for observation in observations {
            let found = self.tracks.binary_search_by_key(&observation.key, |track| track.key);
            let index = found.unwrap_or_else(|index| {
                self.tracks.insert(index, TrackMemory::new(observation.key, self.now_us));
                index
            });
            let track = &mut self.tracks[index];
            if track.samples.back().is_none_or(|last| last.at_us < self.now_us) {
                track.push(self.now_us, passed_s, observation, &self.settings);
            }
        }
    }

    /// Tracks that a person cut are nobody's from that step on.
    fn cut(&mut self) {
        let (now_us, cuts) = (self.now_us, &self.constraints.cuts);
        for (key, at_us) in cuts {
            if let Ok(index) = self.tracks.binary_search_by_key(key, |track| track.key) {
                let track = &mut self.tracks[index];
                let due = *at_us <= now_us && track.never.is_none();
                if let Some(id) = track.identity.filter(|_| due) {
                    track.never = Some(id);
                    track.identity = None;
                    track.first_us = now_us;
                    track.samples.retain(|sample| sample.at_us >= now_us);
                }
            }
        }
    }

    /// Corrects everybody's motion by what was seen.
    fn follow(&mut self) {
        let bias = Sym2::round(self.settings.bias_m);
        for track in &self.tracks {
            let (Some(id), Some(last)) = (track.identity, track.last()) else { continue };
            if last.at_us != self.now_us {
                continue;
            }
            if let Ok(index) = self.identities.binary_search_by_key(&id, |i| i.id) {
                let identity = &mut self.identities[index];
                identity.lost = None;
                identity.motion.correct(&Place { cov: last.place.cov.plus(bias), ..last.place });
                identity.seen_us = self.now_us;
                identity.seen += 1;
            }
        }
    }

    fn forget(&mut self) {
        let (now_us, s) = (self.now_us, self.settings);
        self.tracks.retain(|track| now_us - track.last_us() <= s.forget_us);
        while self.tracks.len() > MOST_TRACKS {
            let oldest = (0..self.tracks.len()).min_by_key(|n| self.tracks[*n].last_us());
            self.tracks.remove(oldest.unwrap_or(0));
        }
        let tracks = &self.tracks;
        let held = |id: IdentityId| tracks.iter().any(|track| track.identity == Some(id));
        self.identities.retain(|i| now_us - i.seen_us <= s.forget_us || held(i.id));
        while self.identities.len() > MOST_IDENTITIES {
            let oldest = (0..self.identities.len()).min_by_key(|n| self.identities[*n].seen_us);
            self.identities.remove(oldest.unwrap_or(0));
        }
        let known = |id: &IdentityId| self.identities.binary_search_by_key(id, |i| i.id).is_ok();
        self.apart.retain(|(a, b), _| known(a) && known(b));
    }

    /// Makes one identity another one: all its tracks, and when it was seen.
    pub(super) fn rename(&mut self, gone: IdentityId, into: IdentityId) {
        for track in self.tracks.iter_mut().filter(|track| track.identity == Some(gone)) {
            track.identity = Some(into);
        }
        let Ok(from) = self.identities.binary_search_by_key(&gone, |i| i.id) else { return };
        let from = self.identities.remove(from);
        if let Ok(index) = self.identities.binary_search_by_key(&into, |i| i.id) {
            let kept = &mut self.identities[index];
            if from.seen_us > kept.seen_us || kept.lost.is_some() {
                kept.motion = from.motion;
                kept.lost = None;
            }
            kept.seen_us = kept.seen_us.max(from.seen_us);
            kept.seen += from.seen;
        }
        // Who was seen beside the one was seen beside the other.
        let beside: Vec<_> = self.apart.iter().map(|(pair, steps)| (*pair, *steps)).collect();
        for ((a, b), steps) in beside {
            let other = if a == gone { b } else { a };
            if (a == gone || b == gone) && other != into {
                *self.apart.entry((other.min(into), other.max(into))).or_default() += steps;
            }
        }
        self.apart.retain(|(a, b), _| *a != gone && *b != gone);
    }

    /// Steps that one camera saw both at.
    pub(super) fn steps_apart(&self, a: IdentityId, b: IdentityId) -> u32 {
        self.apart.get(&(a.min(b), a.max(b))).copied().unwrap_or(0)
    }

    /// Whether a person said that a track of the one is not a track of the other.
    pub(super) fn forbidden(&self, a: IdentityId, b: IdentityId) -> bool {
        let who = |key: TrackKey| self.identity_of(key);
        self.constraints.apart.iter().any(|(x, y)| {
            let pair = (who(*x), who(*y));
            pair == (Some(a), Some(b)) || pair == (Some(b), Some(a))
        })
    }

    /// The camera of a track, by index.
    pub(super) fn camera(&self, row: usize) -> CameraId {
        self.tracks[row].key.camera
    }
}
