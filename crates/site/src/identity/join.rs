//! Identities that are one, that took each other's tracks, or that were lost and are here again.

use std::collections::{BTreeMap, BTreeSet};

use razz_base::CameraId;

use super::IdentityId;
use super::assign::Step;
use super::evidence;
use super::solver::{Change, Solver};
use crate::filter::Motion;
use crate::plane::Place;

/// Steps that two tracks have to be compared at before their identities are joined for it.
const STEPS_TO_MERGE: u32 = 10;

impl Solver {
    /// Counts who is seen beside whom by one camera.
    pub(super) fn note_apart(&mut self, step: &Step) {
        let most = self.settings.apart_steps + 1;
        for (_, rows) in &step.cameras {
            let seen = rows.iter().filter(|row| self.tracks[**row].last_us() == self.now_us);
            let ids: Vec<IdentityId> = seen.filter_map(|row| self.tracks[*row].identity).collect();
            for (n, a) in ids.iter().enumerate() {
                for b in &ids[n + 1..] {
                    let steps = self.apart.entry((*a.min(b), *a.max(b))).or_default();
                    *steps = (*steps + 1).min(most);
                }
            }
        }
    }

    /// Joins whom a person said to be one.
    pub(super) fn obey_same(&mut self, out: &mut Vec<Change>) {
        for (a, b) in self.constraints.same.clone() {
            let known =
                |id: IdentityId| self.identities.binary_search_by_key(&id, |i| i.id).is_ok();
            if a != b && known(a) && known(b) {
                let (into, gone) = (a.min(b), a.max(b));
                self.rename(gone, into);
                out.push(Change::Merged { gone, into, at_us: self.now_us, nats: f64::INFINITY });
            }
        }
    }

    /// Joins identities that are one: no camera has both, and all cameras' tracks of the one are where those of the other
    /// are.
    pub(super) fn merge(&mut self, step: &Step, out: &mut Vec<Change>) {
        let mut sums: BTreeMap<(IdentityId, IdentityId), (f64, u32)> = BTreeMap::new();
        let mut in_camera: BTreeSet<(IdentityId, CameraId)> = BTreeSet::new();
        for row in step.cameras.iter().flat_map(|(_, rows)| rows.iter().copied()) {
            let Some(a) = self.tracks[row].identity else { continue };
            in_camera.insert((a, self.camera(row)));
            for (other, found) in step.near[row].iter().filter(|(other, _)| *other > row) {
                let Some(b) = self.tracks[*other].identity.filter(|b| *b != a) else { continue };
                if found.steps >= STEPS_TO_MERGE {
                    let sum = sums.entry((a.min(b), a.max(b))).or_default();
                    sum.0 += found.nats;
                    sum.1 += 1;
                }
            }
        }
        let nats = |(sum, count): &(f64, u32)| sum / f64::from(*count).sqrt();
        let mut wanted: Vec<(f64, IdentityId, IdentityId)> =
            sums.iter().map(|((a, b), sum)| (nats(sum), *a, *b)).collect();
        wanted.retain(|(nats, _, _)| *nats >= self.settings.merge_nats);
        wanted.sort_by(|x, y| y.0.total_cmp(&x.0).then((x.1, x.2).cmp(&(y.1, y.2))));
        for (nats, into, gone) in wanted {
            let known =
                |id: IdentityId| self.identities.binary_search_by_key(&id, |i| i.id).is_ok();
            let cameras: Vec<CameraId> =
                in_camera.iter().filter(|(id, _)| *id == gone).map(|(_, camera)| *camera).collect();
            let clash = cameras.iter().any(|camera| in_camera.contains(&(into, *camera)));
            if clash || !known(into) || !known(gone) || self.forbidden(into, gone) {
                continue;
            }
            if self.steps_apart(into, gone) > self.settings.apart_steps {
                self.take_over(into, gone, step, nats, out);
                continue;
            }
            self.rename(gone, into);
            in_camera.extend(cameras.into_iter().map(|camera| (into, camera)));
            out.push(Change::Merged { gone, into, at_us: self.now_us, nats });
        }
    }

    /// Two that are known to be two stand on one spot: one of them was taken for the other. Its tracks go to the one
    /// whose own have been his for longer, and it is lost since they came together.
    fn take_over(
        &mut self,
        a: IdentityId,
        b: IdentityId,
        step: &Step,
        nats: f64,
        out: &mut Vec<Change>,
    ) {
        let standing = |id: IdentityId| -> i64 {
            let rows = self.rows_of(id, step);
            rows.iter().map(|(row, _)| self.now_us - self.tracks[*row].joined_us).sum()
        };
        let (keeps, loses) = if standing(a) >= standing(b) { (a, b) } else { (b, a) };
        let mut oldest: Option<(i64, Place)> = None;
        for (row, key) in self.rows_of(loses, step) {
            let track = &mut self.tracks[row];
            let Some(first) = track.samples.front().copied() else { continue };
            if oldest.is_none_or(|(us, _)| first.at_us < us) {
                oldest = Some((first.at_us, first.place));
            }
            let from_us = first.at_us.max(track.joined_us);
            track.identity = Some(keeps);
            track.joined_us = self.now_us;
            out.push(Change::Joined {
                track: key,
                identity: keeps,
                was: Some(loses),
                from_us,
                nats,
                rival_nats: 0.0,
            });
        }
        if let (Ok(index), Some((at_us, place))) =
            (self.identities.binary_search_by_key(&loses, |i| i.id), oldest)
        {
            let identity = &mut self.identities[index];
            let was = Motion::new(&place);
            identity.lost = Some((at_us, was));
            identity.motion = was;
            identity.motion.predict((self.now_us - at_us) as f64 / 1e6, true);
        }
    }

    /// Who has just appeared may be one that was lost: where he could be, and nobody else could, he is.
    pub(super) fn revive(&mut self, step: &Step, out: &mut Vec<Change>) {
        let s = self.settings;
        let rows = step.cameras.iter().flat_map(|(_, rows)| rows);
        let active: BTreeSet<IdentityId> =
            rows.filter_map(|row| self.tracks[*row].identity).collect();
        let mut pairs: Vec<(f64, IdentityId, IdentityId)> = Vec::new();
        let is_young = |born_us: i64| self.now_us - born_us <= s.young_us;
        for young in
            self.identities.iter().filter(|i| active.contains(&i.id) && is_young(i.born_us))
        {
            for lost in self
                .identities
                .iter()
                .filter(|i| !active.contains(&i.id) && i.born_us < young.born_us)
            {
                let (lost_us, was) = lost.lost.unwrap_or((lost.seen_us, lost.motion));
                let possible = lost.seen >= s.known_steps
                    && self.now_us - lost_us <= s.lost_us
                    && young.born_us >= lost_us - s.window_us
                    && self.steps_apart(lost.id, young.id) <= s.apart_steps
                    && !self.forbidden(lost.id, young.id);
                if !possible {
                    continue;
                }
                // Where both were when the one became the other, if that is known, else where they are now.
                let nats = if lost.lost.is_some() {
                    let mut then = was;
                    then.predict((young.born_us - lost_us).abs() as f64 / 1e6, true);
                    evidence::open_nats(&then.place(), &young.birth, s.birth_m2, &s)
                } else {
                    evidence::open_nats(&was.place(), &young.motion.place(), s.birth_m2, &s)
                };
                if nats > 0.0 {
                    pairs.push((nats, young.id, lost.id));
                }
            }
        }
        pairs.sort_by(|x, y| y.0.total_cmp(&x.0).then((x.1, x.2).cmp(&(y.1, y.2))));
        let mut settled: BTreeSet<IdentityId> = BTreeSet::new();
        for (n, (nats, young, lost)) in pairs.iter().enumerate() {
            let open = |id: &IdentityId| !settled.contains(id);
            if !open(young) || !open(lost) {
                continue;
            }
            let rivals = pairs
                .iter()
                .enumerate()
                .filter(|(m, (_, y, l))| *m != n && (y == young || l == lost));
            let rivals =
                rivals.filter(|(_, (_, y, l))| open(y) && open(l)).map(|(_, (nats, _, _))| *nats);
            if *nats < s.revive_nats || nats - rivals.fold(0.0, f64::max) < s.revive_nats {
                continue;
            }
            settled.extend([*young, *lost]);
            self.rename(*young, *lost);
            out.push(Change::Merged { gone: *young, into: *lost, at_us: self.now_us, nats: *nats });
        }
    }
}
