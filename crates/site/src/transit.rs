//! Who leaves one camera's view and comes to another's: learned times of the way, and looks.
//!
//! For every pair of an exit and an entry the times that people took are counted in 48 bins from half a second to ten
//! minutes, evenly in the logarithm (after Makris, Ellis and Black, *Bridging the gaps between cameras*, CVPR 2004), over
//! the times that chance would give. An arrival is one of those who left where the posterior is 0.95 and three times the
//! next; below that it is "probable", and never joined.

use std::collections::BTreeMap;

use razz_base::{CameraId, Embedding};

use crate::identity::IdentityId;

/// Bins of a link, and the times that they begin and end at, in seconds.
const BINS: usize = 48;
const TIMES_S: [f64; 2] = [0.5, 600.0];

/// Links kept at most; those that were used least go first.
const MOST_LINKS: usize = 4_096;

/// Transits after which a link is believed: before, its histogram is mostly what chance would give.
const BELIEVED: f64 = 20.0;

/// The posterior that joins, that which is worth saying, and the distance to the next best.
const CERTAIN: f64 = 0.95;
const PROBABLE: f64 = 0.5;
const MARGIN: f64 = 3.0;

/// Cosine distances of one person and of two, as mean and standard deviation, for an embedder that nothing is known of:
/// those of one under another light reach those of two.
const SAME_LOOKS: [f64; 2] = [0.22, 0.10];
const OTHER_LOOKS: [f64; 2] = [0.45, 0.13];

/// A place where people leave or enter a camera's view.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Zone {
    /// The camera.
    pub camera: CameraId,
    /// Which of its zones.
    pub zone: u8,
}

/// Somebody who left and was not seen since.
#[derive(Clone, PartialEq, Debug)]
pub struct Exit {
    /// Who.
    pub identity: IdentityId,
    /// Where.
    pub zone: Zone,
    /// When, in µs.
    pub at_us: i64,
    /// What they look like, where looks are on.
    pub look: Option<Embedding>,
}

/// Somebody who comes.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// Where.
    pub zone: Zone,
    /// When, in µs.
    pub at_us: i64,
    /// What they look like, where looks are on.
    pub look: Option<Embedding>,
}

/// Who an arrival is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Arrival {
    /// Certainly that one.
    Same {
        /// Who.
        identity: IdentityId,
        /// How sure, 0 to 1.
        posterior: f64,
    },
    /// Perhaps that one; a person may say so.
    Probable {
        /// Who.
        identity: IdentityId,
        /// How sure, 0 to 1.
        posterior: f64,
    },
    /// Somebody new, as far as is known.
    New,
}

#[derive(Clone, PartialEq, Debug)]
struct Link {
    counts: [f64; BINS],
    total: f64,
}

/// The times of all ways of one site.
#[derive(Clone, PartialEq, Debug)]
pub struct Transit {
    links: BTreeMap<(Zone, Zone), Link>,
    /// How many who enter a zone were not seen before: arrivals by chance a second.
    chance_per_s: f64,
}

impl Default for Transit {
    fn default() -> Self {
        Self { links: BTreeMap::new(), chance_per_s: 1.0 / 60.0 }
    }
}

impl Transit {
    /// How many people come by themselves, a second and zone. Raising it joins less.
    pub fn set_chance(&mut self, per_s: f64) {
        self.chance_per_s = per_s.max(1e-6);
    }

    /// Learns a way that was taken: known by looks, by overlap or from a person.
    pub fn learn(&mut self, from: Zone, to: Zone, seconds: f64) {
        let Some(bin) = bin(seconds) else { return };
        if !self.links.contains_key(&(from, to)) && self.links.len() >= MOST_LINKS {
            let least = self.links.iter().min_by(|a, b| a.1.total.total_cmp(&b.1.total));
            if let Some(key) = least.map(|(key, _)| *key) {
                self.links.remove(&key);
            }
        }
        let link = self.links.entry((from, to)).or_insert(Link { counts: [0.0; BINS], total: 0.0 });
        // A neighbouring time is as good as half of the same.
        for (offset, weight) in [(-1, 0.25), (0, 0.5), (1, 0.25)] {
            let bin = (bin as i64 + offset).clamp(0, BINS as i64 - 1);
            link.counts[bin as usize] += weight;
        }
        link.total += 1.0;
    }

    /// Whether a link is known: enough transits, and a peak that chance does not make (3 σ).
    pub fn is_linked(&self, from: Zone, to: Zone) -> bool {
        self.links.get(&(from, to)).is_some_and(|link| {
            let usual = link.total / BINS as f64;
            let peak = link.counts.iter().copied().fold(0.0, f64::max);
            link.total >= BELIEVED && peak > usual + 3.0 * usual.sqrt().max(0.5)
        })
    }

    /// Who an arrival is, of those who left.
    pub fn decide(&self, entry: &Entry, exits: &[Exit]) -> Arrival {
        let mut weights: Vec<(f64, IdentityId)> = exits
            .iter()
            .map(|exit| (self.density(exit, entry) * looks(exit, entry), exit.identity))
            .filter(|(weight, _)| *weight > 0.0)
            .collect();
        weights.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let total = weights.iter().map(|(weight, _)| weight).sum::<f64>() + self.chance_per_s;
        let Some(&(best, identity)) = weights.first() else { return Arrival::New };
        let posterior = best / total;
        let next = weights.get(1).map_or(0.0, |(weight, _)| *weight);
        if posterior >= CERTAIN && best >= MARGIN * next {
            Arrival::Same { identity, posterior }
        } else if posterior >= PROBABLE {
            Arrival::Probable { identity, posterior }
        } else {
            Arrival::New
        }
    }

    /// How likely one who left comes then, per second.
    fn density(&self, exit: &Exit, entry: &Entry) -> f64 {
        let seconds = (entry.at_us - exit.at_us) as f64 / 1e6;
        let (Some(bin), Some(link)) = (bin(seconds), self.links.get(&(exit.zone, entry.zone)))
        else {
            return 0.0;
        };
        // With few transits the histogram leans on an even one (Laplace), and the link on there being none.
        let share = (link.counts[bin] + 0.2) / (link.total + 0.2 * BINS as f64);
        share / width_s(bin) * (link.total / (link.total + BELIEVED / 2.0))
    }
}

/// How many times likelier two looks are of one than of two; 1 where one is missing.
fn looks(exit: &Exit, entry: &Entry) -> f64 {
    let (Some(a), Some(b)) = (&exit.look, &entry.look) else { return 1.0 };
    if a.as_slice().len() != b.as_slice().len() {
        return 1.0;
    }
    let distance = 1.0 - a.similarity(b);
    let normal = |[mean, sd]: [f64; 2]| (-((distance - mean) / sd).powi(2) / 2.0).exp() / sd;
    // Nearer than the usual distance of one person is no evidence against him.
    let same = if distance < SAME_LOOKS[0] { 1.0 / SAME_LOOKS[1] } else { normal(SAME_LOOKS) };
    (same / normal(OTHER_LOOKS).max(1e-6)).clamp(1e-3, 50.0)
}

fn bin(seconds: f64) -> Option<usize> {
    let share = (seconds / TIMES_S[0]).ln() / (TIMES_S[1] / TIMES_S[0]).ln();
    (0.0..1.0).contains(&share).then_some((share * BINS as f64) as usize)
}

fn width_s(bin: usize) -> f64 {
    let edge = |n: usize| TIMES_S[0] * (TIMES_S[1] / TIMES_S[0]).powf(n as f64 / BINS as f64);
    edge(bin + 1) - edge(bin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(camera: u32) -> Zone {
        Zone { camera: CameraId::new(camera).unwrap(), zone: 0 }
    }

    fn exit(id: u64, at_s: i64, look: Option<[f32; 3]>) -> Exit {
        let look = look.and_then(|values| Embedding::normalised(&values));
        Exit { identity: IdentityId(id), zone: zone(1), at_us: at_s * 1_000_000, look }
    }

    #[test]
    fn who_comes_is_decided_by_the_way_and_by_looks() {
        let mut transit = Transit::default();
        for n in 0..60 {
            transit.learn(zone(1), zone(2), 9.0 + f64::from(n % 5) * 0.5);
        }
        transit.set_chance(0.002);
        assert!(transit.is_linked(zone(1), zone(2)) && !transit.is_linked(zone(2), zone(1)));
        let (red, blue) = (Some([1.0, 0.0, 0.1]), Some([0.0, 1.0, 0.1]));
        let entry = |at_s: i64, look: Option<[f32; 3]>| Entry {
            zone: zone(2),
            at_us: at_s * 1_000_000,
            look: look.and_then(|values| Embedding::normalised(&values)),
        };
        let name = |arrival| match arrival {
            Arrival::Same { identity, .. } => ("same", identity.0),
            Arrival::Probable { identity, .. } => ("probable", identity.0),
            Arrival::New => ("new", 0),
        };
        for (case, exits, entry, want) in [
            ("the only one, on time", vec![exit(1, 100, None)], entry(110, None), ("same", 1)),
            ("the only one, far too late", vec![exit(1, 100, None)], entry(400, None), ("new", 0)),
            ("before leaving", vec![exit(1, 100, None)], entry(90, None), ("new", 0)),
            (
                "two at once",
                vec![exit(1, 100, None), exit(2, 100, None)],
                entry(110, None),
                ("new", 0),
            ),
            (
                "two at once, looks tell",
                vec![exit(1, 100, red), exit(2, 100, blue)],
                entry(110, blue),
                ("same", 2),
            ),
            (
                "two in uniform",
                vec![exit(1, 100, red), exit(2, 101, red)],
                entry(110, red),
                ("probable", 2),
            ),
            ("another's looks", vec![exit(1, 100, red)], entry(110, blue), ("new", 0)),
            ("nobody left", vec![], entry(110, red), ("new", 0)),
        ] {
            assert_eq!(name(transit.decide(&entry, &exits)), want, "{case}");
        }
    }

    #[test]
    fn ways_are_bounded() {
        let mut transit = Transit::default();
        for n in 1..6000 {
            transit.learn(zone(n), zone(n + 1), 5.0);
        }
        assert_eq!(transit.links.len(), MOST_LINKS);
        assert!(bin(0.4).is_none() && bin(601.0).is_none() && bin(f64::NAN).is_none());
    }
}
