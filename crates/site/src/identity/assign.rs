//! Camera by camera: which track is which identity now.

use std::collections::BTreeMap;

use razz_base::CameraId;

use super::evidence::{self, Evidence};
use super::solver::{Change, Identity, Solver};
use super::{IdentityId, TrackKey};
use crate::assignment::{self, FORBIDDEN};
use crate::filter::Motion;
use crate::matrix::{minus, norm};

/// Working memory of one step; tracks and identities by index.
pub(super) struct Step {
    /// The tracks that hold their place, by camera.
    pub(super) cameras: Vec<(CameraId, Vec<usize>)>,
    /// By track: other cameras' tracks near it, with the evidence.
    pub(super) near: Vec<Vec<(usize, Evidence)>>,
    /// By track: who it is now.
    who: Vec<Option<usize>>,
    /// By track: what that is worth, and what the next best is.
    worth: Vec<(f64, f64)>,
    /// By identity: tracks of it, and some that were.
    held: Vec<Vec<usize>>,
    solver: assignment::Solver,
}

impl Solver {
    /// Who is where at the start of a step, and the evidence of all pairs that are near each other.
    pub(super) fn prepare(&self) -> Step {
        let mut cameras: BTreeMap<CameraId, Vec<usize>> = BTreeMap::new();
        let mut active: Vec<(f64, usize)> = Vec::new();
        for (index, track) in self.tracks.iter().enumerate() {
            if let Some(last) =
                track.last().filter(|last| self.now_us - last.at_us <= self.settings.hold_us)
            {
                cameras.entry(track.key.camera).or_default().push(index);
                active.push((last.place.at[0], index));
            }
        }
        // By x, so that each is compared with its neighbours only.
        active.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut near: Vec<Vec<(usize, Evidence)>> = vec![Vec::new(); self.tracks.len()];
        for (n, (x, a)) in active.iter().enumerate() {
            for (_, b) in
                active[n + 1..].iter().take_while(|(other, _)| other - x <= self.settings.gate_m)
            {
                if let Some(found) = self.compare(*a, *b) {
                    near[*a].push((*b, found));
                    near[*b].push((*a, found));
                }
            }
        }
        // Sums are the same whatever the order of cameras and people was.
        near.iter_mut().for_each(|list| list.sort_by_key(|(other, _)| *other));
        let place = |id: IdentityId| self.identities.binary_search_by_key(&id, |i| i.id).ok();
        let who: Vec<Option<usize>> =
            self.tracks.iter().map(|track| track.identity.and_then(place)).collect();
        let mut held = vec![Vec::new(); self.identities.len()];
        for &index in cameras.values().flatten() {
            if let Some(identity) = who[index] {
                held[identity].push(index);
            }
        }
        Step {
            cameras: cameras.into_iter().collect(),
            near,
            worth: vec![(0.0, 0.0); who.len()],
            who,
            held,
            solver: assignment::Solver::default(),
        }
    }

    fn compare(&self, a: usize, b: usize) -> Option<Evidence> {
        let (left, right) = (&self.tracks[a], &self.tracks[b]);
        let (x, y) = (left.last()?, right.last()?);
        if left.key.camera == right.key.camera
            || norm(minus(x.place.at, y.place.at)) > self.settings.gate_m
        {
            return None;
        }
        let since_us = self.now_us - self.settings.window_us;
        let mut found = evidence::compare(left, right, since_us, &self.settings);
        if self.constraints.forbids(left.key, right.key) {
            found.nats = -100.0;
        }
        (found.steps > 0).then_some(found)
    }

    /// Assigns one camera's tracks, the other cameras' standing as they do.
    pub(super) fn assign(&self, camera: usize, step: &mut Step) {
        let rows = step.cameras[camera].1.clone();
        let scores: Vec<Vec<(usize, f64)>> =
            rows.iter().map(|row| self.scores(*row, step)).collect();
        let mut columns: Vec<usize> =
            scores.iter().flatten().map(|(identity, _)| *identity).collect();
        columns.sort_unstable();
        columns.dedup();
        let mut values = vec![FORBIDDEN; rows.len() * columns.len()];
        for (n, scores) in scores.iter().enumerate() {
            for (identity, score) in scores {
                if let Ok(col) = columns.binary_search(identity) {
                    values[n * columns.len() + col] = *score;
                }
            }
        }
        let value = |row: usize, col: usize| values[row * columns.len() + col];
        let solved = step.solver.solve(rows.len(), columns.len(), value).to_vec();
        for (n, &row) in rows.iter().enumerate() {
            let identity = assignment::column(&solved, n).map(|col| columns[col]);
            let of = |wanted: bool| {
                let all = scores[n].iter().filter(|(i, _)| (Some(*i) == identity) == wanted);
                all.map(|(_, score)| *score).fold(f64::NEG_INFINITY, f64::max)
            };
            step.who[row] = identity;
            step.worth[row] = (of(true).max(0.0), of(false).max(0.0));
            if let Some(identity) = identity.filter(|identity| !step.held[*identity].contains(&row))
            {
                step.held[identity].push(row);
            }
        }
    }

    /// What each identity near a track is worth for it, in nats. Nobody is worth 0.
    fn scores(&self, row: usize, step: &Step) -> Vec<(usize, f64)> {
        let s = &self.settings;
        let track = &self.tracks[row];
        let mut sums: BTreeMap<usize, (f64, u32)> = BTreeMap::new();
        for (other, found) in &step.near[row] {
            if let Some(identity) = step.who[*other] {
                let sum = sums.entry(identity).or_default();
                sum.0 += found.nats;
                sum.1 += 1;
            }
        }
        // Several cameras say more than one, and less than as many independent ones.
        let of = |(identity, (sum, count)): (&usize, &(f64, u32))| {
            (*identity, sum / f64::from(*count).sqrt())
        };
        let mut scores: Vec<(usize, f64)> = sums.iter().map(of).collect();
        let mut contented = false;
        let own = track
            .identity
            .and_then(|own| self.identities.binary_search_by_key(&own, |i| i.id).ok());
        if let Some(own) = own {
            let others = self.in_others(own, track.key.camera, step);
            let alone = !sums.contains_key(&own);
            if alone {
                // Nobody contradicts, or somebody far away does.
                scores.push((own, if others { -s.most_nats } else { 0.0 }));
            }
            // Alone, its whole identity may join another one: nothing is torn.
            let alone_s = (self.now_us - self.identities[own].born_us) as f64 / 1e6 / s.alone_s;
            let loyalty = if alone && !others { alone_s.min(1.0) } else { track.loyalty };
            for (_, score) in scores.iter_mut().filter(|(other, _)| *other == own) {
                contented = *score >= 0.0;
                *score += s.stick_nats * loyalty;
            }
        }
        // Who is nobody yet, or not who it seemed to be, may be one that was lost.
        if let Some(last) = track.last().filter(|_| !contented) {
            for (index, identity) in self.identities.iter().enumerate() {
                let lost = own != Some(index)
                    && identity.seen >= s.known_steps
                    && self.now_us - identity.seen_us <= s.lost_us
                    && !self.in_others(index, track.key.camera, step);
                let nats = if lost {
                    evidence::nats(&identity.motion.place(), &last.place, s.birth_m2, s)
                } else {
                    0.0
                };
                if nats > 0.0 {
                    scores.push((index, nats));
                }
            }
        }
        if let Some(never) = track.never {
            scores.retain(|(index, _)| self.identities[*index].id != never);
        }
        scores
    }

    /// Whether another camera has a track of an identity.
    fn in_others(&self, identity: usize, camera: CameraId, step: &Step) -> bool {
        let mut held = step.held[identity].iter();
        held.any(|row| step.who[*row] == Some(identity) && self.camera(*row) != camera)
    }

    /// Makes what was assigned so, and identities for the tracks that are nobody's.
    pub(super) fn decide(&mut self, step: &Step, out: &mut Vec<Change>) {
        let rows = || step.cameras.iter().flat_map(|(_, rows)| rows.iter().copied());
        let who = |row: usize| step.who[row].map(|index| self.identities[index].id);
        let changes: Vec<(usize, Option<IdentityId>)> = rows()
            .map(|row| (row, who(row)))
            .filter(|(row, now)| now.is_none() || *now != self.tracks[*row].identity)
            .collect();
        let mut made: Vec<(usize, IdentityId)> = Vec::new();
        for (row, now) in changes {
            let Some(last) = self.tracks[row].last().copied() else { continue };
            let (was, key) = (self.tracks[row].identity, self.tracks[row].key);
            let identity =
                now.or_else(|| self.made_beside(row, &made, step)).unwrap_or_else(|| {
                    let id = IdentityId(self.next_id);
                    self.next_id += 1;
                    self.identities.push(Identity {
                        id,
                        motion: Motion::new(&last.place),
                        born_us: self.now_us,
                        seen_us: self.now_us,
                        seen: 0,
                        birth: last.place,
                        lost: None,
                    });
                    id
                });
            if now.is_none() {
                made.push((row, identity));
            }
            let from_us = self.turning_point(row, was, identity, step);
            let track = &mut self.tracks[row];
            track.identity = Some(identity);
            track.joined_us = self.now_us;
            let (nats, rival_nats) = step.worth[row];
            out.push(Change::Joined { track: key, identity, was, from_us, nats, rival_nats });
        }
    }

    /// Who appears in several cameras at once is one: an identity that was made in this very step for a track of another
    /// camera that is rather the same person.
    fn made_beside(
        &self,
        row: usize,
        made: &[(usize, IdentityId)],
        step: &Step,
    ) -> Option<IdentityId> {
        let free = |id: IdentityId| {
            made.iter().all(|(r, i)| *i != id || self.camera(*r) != self.camera(row))
        };
        let near = step.near[row].iter().filter(|(_, found)| found.nats > 0.0);
        let mut ids = near.filter_map(|(other, _)| made.iter().find(|(r, _)| r == other));
        ids.find(|(_, id)| free(*id)).map(|(_, id)| *id)
    }

    /// Since when a track rather was the new identity than the one before: where the sum of both parts is best. Not
    /// before the window: what is older is final.
    fn turning_point(
        &self,
        row: usize,
        was: Option<IdentityId>,
        now: IdentityId,
        step: &Step,
    ) -> i64 {
        let track = &self.tracks[row];
        let Some(was) = was else { return track.first_us };
        let oldest_us = (self.now_us - self.settings.window_us).max(track.first_us);
        // By step: how much better the new one fits.
        let mut gains: BTreeMap<i64, f64> = BTreeMap::new();
        for (other, _) in &step.near[row] {
            let sign = match step.who[*other].map(|index| self.identities[index].id) {
                Some(id) if id == now => 1.0,
                Some(id) if id == was => -1.0,
                _ => continue,
            };
            evidence::both(track, &self.tracks[*other], oldest_us, |x, y| {
                let nats =
                    evidence::nats(&x.place, &y.place, self.settings.crowd_m2, &self.settings);
                *gains.entry(x.at_us).or_default() += sign * nats;
            });
        }
        let (mut best, mut sum, mut from_us) = (0.0, 0.0, self.now_us);
        for (at_us, gain) in gains.iter().rev() {
            sum += gain;
            if sum > best {
                (best, from_us) = (sum, *at_us);
            }
        }
        from_us
    }

    /// Tracks that are one identity now, with their indices.
    pub(super) fn rows_of(&self, id: IdentityId, step: &Step) -> Vec<(usize, TrackKey)> {
        let rows = step.cameras.iter().flat_map(|(_, rows)| rows.iter().copied());
        rows.filter(|row| self.tracks[*row].identity == Some(id))
            .map(|row| (row, self.tracks[row].key))
            .collect()
    }
}
