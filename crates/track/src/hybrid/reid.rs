//! Re-identification on demand: when it is worth an embedding, and what the embedding decides.

use razz_base::{Detection, Embedding, MediaTime, Rect};

use super::track::{State, Tracklet};
use crate::assignment::{Assigned, Costs, Solver};
use crate::{ClassRule, Reid};

/// A gallery is refreshed no sooner than this after the last time, even when it is about to be
/// needed. In microseconds.
const SOONEST_REFRESH_US: i64 = 300_000;
/// So many tracks are considered for one refresh.
const CANDIDATES_PER_REFRESH: usize = 8;
/// A box covered to this share by one in front of it shows too much of the other.
const COVERED: f64 = 0.4;
/// Who was seen for less than this is not looked for: mostly it was nobody. In microseconds.
const LIVED_US: i64 = 500_000;
/// By what factor a height may have changed at once (a quarter more per second), and at most.
const SIZES: f64 = 2.0;
const MOST_SIZES: f64 = 3.0;
/// A gallery whose looks differ on average by more than the widest limit times this is of nobody;
/// one person from all sides comes to more than the limit itself.
const STRANGERS: f64 = 2.0;
/// How far a track reaches at once, in box heights.
const REACH: f64 = 1.0;
/// How far it reaches at most.
const FARTHEST: f64 = 8.0;

/// Why an embedding was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Purpose {
    /// The detection belongs to no track, or to the tentative one given: it may be a lost one.
    Find(Option<usize>),
    /// The detection was matched with this track, whose gallery is to be refreshed.
    Refresh(usize),
}

/// An embedding asked for: of which detection (of those taken in), why.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Ask {
    pub(super) detection: usize,
    pub(super) purpose: Purpose,
}

/// Seconds since the track was last matched.
fn lost_s(track: &Tracklet, at: MediaTime) -> f64 {
    at.since_secs(track.matched_at).max(0.0)
}

/// Whether a lost track could be this detection, by class, size and the way it would have come.
/// The way is measured from where it was last seen and from where it is predicted; the shorter
/// counts.
pub(super) fn plausible(
    settings: &Reid,
    classes: &ClassRule,
    track: &Tracklet,
    detection: &Detection,
    at: MediaTime,
) -> bool {
    if track.state != State::Lost
        || track.gallery.is_empty()
        || track.matched_at.since_us(track.born_at) < LIVED_US
        || !classes.allows(track.class.winner(), detection.class)
    {
        return false;
    }
    let (lost_s, found) = (lost_s(track, at), detection.bbox);
    // Half-hidden people are half as tall, and who comes nearer grows.
    let (before, now) = (track.seen.height().max(1.0), found.height().max(1.0));
    let most = (SIZES + 0.25 * lost_s).min(MOST_SIZES);
    if now > before * most || before > now * most {
        return false;
    }
    let way = |from: &Rect| {
        let ([ax, ay], [bx, by]) = (from.center(), found.center());
        (ax - bx).hypot(ay - by)
    };
    let reach = (REACH + settings.reach_per_s * lost_s).min(FARTHEST);
    way(&track.seen).min(way(&track.bbox)) <= reach * (before * now).sqrt()
}

/// Largest cosine distance at which a track lost for `lost_s` is found again.
fn limit(settings: &Reid, lost_s: f64) -> f64 {
    let widened = settings.max_distance + settings.widen_per_s * lost_s;
    widened.min(settings.widest_distance.max(settings.max_distance))
}

/// Share of `bbox` that the boxes in front of it hide (the one that hides most), and whether any
/// comes near it. In front is who stands lower in the picture.
fn company(tracks: &[Tracklet], own: usize, bbox: &Rect) -> (f64, bool) {
    let (mut covered, mut near): (f64, bool) = (0.0, false);
    let margin = bbox.width() * 0.5;
    for (i, other) in tracks.iter().enumerate() {
        if i == own || other.state != State::Tracked {
            continue;
        }
        let o = &other.bbox;
        let width = bbox.right.min(o.right) - bbox.left.max(o.left);
        let height = bbox.bottom.min(o.bottom) - bbox.top.max(o.top);
        near |= width > -margin && height > 0.0;
        if width > 0.0 && height > 0.0 && o.bottom > bbox.bottom {
            covered = covered.max(width * height / bbox.area().max(1e-9));
        }
    }
    (covered, near)
}

/// How much a track's gallery wants the detection it was just matched with: `None` for not at
/// all, more is more urgent.
fn urgency(settings: &Reid, tracks: &[Tracklet], own: usize, at: MediaTime) -> Option<f64> {
    let track = &tracks[own];
    let since_us = track.sampled_at.map_or(i64::MAX, |sampled| at.since_us(sampled));
    let filled = 2 * track.gallery.len() >= settings.gallery;
    let wait_us = settings.refresh_us.saturating_mul(if filled { 3 } else { 1 });
    let due = track.gallery.is_empty() || since_us >= wait_us;
    let (covered, near) = company(tracks, own, &track.seen);
    if covered > COVERED || !(due || near) {
        return None;
    }
    // Without any look first, then who is about to be hidden, then who waits longest.
    let base = if track.gallery.is_empty() { 1e9 } else { since_us as f64 / 1e6 };
    Some(if near { base + 10.0 } else { base })
}

/// Adds the detections whose looks the galleries want, the most urgent ones, at most
/// `refresh_per_update`. `matched` holds (track, detection) of this update.
pub(super) fn ask_refresh(
    settings: &Reid,
    tracks: &mut [Tracklet],
    matched: &[(usize, usize)],
    at: MediaTime,
    urgent: &mut Vec<(f64, Ask)>,
    asks: &mut Vec<Ask>,
) {
    urgent.clear();
    for &(track, detection) in matched {
        let waited_us = tracks[track].sampled_at.map_or(i64::MAX, |sampled| at.since_us(sampled));
        let sought = || asks.iter().any(|ask| ask.detection == detection);
        if tracks[track].id != 0 && waited_us >= SOONEST_REFRESH_US && !sought() {
            let ask = Ask { detection, purpose: Purpose::Refresh(track) };
            urgent.push((waited_us as f64, ask));
        }
    }
    // Looking at a track's company costs a pass over all tracks: only for who waits longest.
    let candidates = CANDIDATES_PER_REFRESH * settings.refresh_per_update;
    if urgent.len() > candidates {
        urgent.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        urgent.truncate(candidates);
    }
    urgent.retain_mut(|(rank, ask)| {
        let Purpose::Refresh(track) = ask.purpose else { return false };
        urgency(settings, tracks, track, at).inspect(|u| *rank = *u).is_some()
    });
    urgent.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.detection.cmp(&b.1.detection)));
    for (_, ask) in urgent.iter().take(settings.refresh_per_update) {
        if let Purpose::Refresh(track) = ask.purpose {
            tracks[track].sampled_at = Some(at);
        }
        asks.push(*ask);
    }
}

/// Which lost track (first) is which of the asked detections (second, an index into `asks`), by
/// optimal assignment of the distances relative to their limits.
pub(super) fn identify(
    settings: &Reid,
    classes: &ClassRule,
    tracks: &[Tracklet],
    detections: &[Detection],
    asks: &[Ask],
    embeddings: &[Option<Embedding>],
    at: MediaTime,
) -> Vec<(usize, usize)> {
    let look = |ask: usize| embeddings.get(ask).and_then(Option::as_ref);
    let wanted = |ask: &usize| matches!(asks[*ask].purpose, Purpose::Find(_));
    let found: Vec<usize> =
        (0..asks.len()).filter(wanted).filter(|&ask| look(ask).is_some()).collect();
    if found.is_empty() {
        return Vec::new();
    }
    let could_be = |track: &Tracklet, ask: usize| {
        plausible(settings, classes, track, &detections[asks[ask].detection], at)
    };
    let lost: Vec<usize> = (0..tracks.len())
        .filter(|&track| found.iter().any(|&ask| could_be(&tracks[track], ask)))
        .filter(|&track| tracks[track].gallery.spread() <= STRANGERS * settings.widest_distance)
        .collect();
    let mut costs = Costs::default();
    costs.fill(lost.len(), found.len(), |row, col| {
        let (track, ask) = (&tracks[lost[row]], found[col]);
        match look(ask) {
            Some(look) if could_be(track, ask) => {
                track.gallery.distance(look) / limit(settings, lost_s(track, at)).max(1e-9)
            }
            _ => f64::INFINITY,
        }
    });
    let mut assigned = Assigned::default();
    Solver::default().assign_below(&costs, 1.0, &mut assigned);
    assigned.pairs.iter().map(|&(row, col)| (lost[row], found[col])).collect()
}

#[cfg(test)]
mod tests {
    use razz_base::ClassId;

    use super::*;

    #[test]
    fn a_lost_track_is_looked_for_within_reach() {
        let person = |x: f64, h: f64, class| Detection {
            bbox: Rect::from_center(x, 300.0, 50.0, h),
            class: ClassId(class),
            score: 0.9,
        };
        let mut track = Tracklet::new(&person(0.0, 100.0, 0), MediaTime::from_90k(-90_000), None);
        track.matched_at = MediaTime::from_90k(0);
        track.gallery.add(&Embedding::normalised(&[1.0]).unwrap(), 8);
        track.miss(100_000);
        let check_for = |track: &Tracklet, detection: &Detection, seconds: i64| {
            let at = MediaTime::from_90k(seconds * 90_000);
            plausible(&Reid::default(), &ClassRule::Same, track, detection, at)
        };
        let check = |detection: &Detection, seconds| check_for(&track, detection, seconds);
        for (x, height, class, seconds, expected) in [
            (50.0, 100.0, 0, 1, true),
            (50.0, 100.0, 1, 1, false),
            (240.0, 100.0, 0, 1, true),
            (260.0, 100.0, 0, 1, false),
            (390.0, 100.0, 0, 2, true),
            (50.0, 220.0, 0, 1, true),
            (50.0, 230.0, 0, 1, false),
            (50.0, 30.0, 0, 1, false),
        ] {
            let detection = person(x, height, class);
            assert_eq!(check(&detection, seconds), expected, "{x} {height} {class} {seconds}");
        }
        let glimpsed = Tracklet { born_at: track.matched_at, ..track.clone() };
        assert!(!check_for(&glimpsed, &person(50.0, 100.0, 0), 1));
    }

    #[test]
    fn the_limit_widens_and_ends() {
        let settings = Reid::default();
        for (lost, expected) in [(0.0, 0.2), (1.0, 0.24), (2.5, 0.27), (60.0, 0.27)] {
            assert!((limit(&settings, lost) - expected).abs() < 1e-12, "{lost}");
        }
    }
}
