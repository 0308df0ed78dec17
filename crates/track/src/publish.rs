//! From a tracker's own state to the [`Track`]s that leave it.

use razz_base::{ClassId, MediaTime, Rect, Track, TrackId, TrackSource, TrackState};

/// The classes a track was detected as, with fading weights, four at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClassVotes {
    votes: [(ClassId, f64); 4],
    winner: ClassId,
}

impl ClassVotes {
    /// A first detection.
    pub(crate) fn new(class: ClassId, score: f64) -> Self {
        Self { votes: [(class, score), (class, 0.0), (class, 0.0), (class, 0.0)], winner: class }
    }

    /// One more detection; it takes about 14 to halve the weight of the old ones.
    pub(crate) fn add(&mut self, class: ClassId, score: f64) {
        for vote in &mut self.votes {
            vote.1 *= 0.95;
        }
        if let Some(vote) = self.votes.iter_mut().find(|v| v.0 == class) {
            vote.1 += score;
        } else if let Some(least) = self.votes.iter_mut().min_by(|a, b| a.1.total_cmp(&b.1)) {
            *least = (class, score);
        }
        let mut best = self.votes[0];
        for vote in &self.votes[1..] {
            if vote.1 > best.1 {
                best = *vote;
            }
        }
        self.winner = best.0;
    }

    /// The class with the most weight.
    pub(crate) fn winner(&self) -> ClassId {
        self.winner
    }
}

/// One track as a tracker sees it at some time.
pub(crate) struct Sighting {
    pub(crate) id: u64,
    pub(crate) bbox: Rect,
    pub(crate) class: ClassId,
    pub(crate) confidence: f64,
    pub(crate) source: TrackSource,
    pub(crate) matched_at: MediaTime,
    pub(crate) velocity: [f64; 4],
}

/// Appends, by id, the tracks that are to be seen: finite, no older than `publish_lost_us`.
pub(crate) fn publish(
    out: &mut Vec<Track>,
    at: MediaTime,
    publish_lost_us: i64,
    sightings: impl Iterator<Item = Sighting>,
) {
    let start = out.len();
    out.extend(sightings.filter_map(|s| {
        let age_us = at.since_us(s.matched_at).max(0);
        let sane = s.bbox.is_finite() && s.velocity.iter().all(|v| v.is_finite());
        // A filter may shrink a box to less than nothing.
        let there = s.bbox.width() >= 0.0 && s.bbox.height() >= 0.0;
        (age_us <= publish_lost_us && sane && there).then_some(Track {
            id: TrackId(s.id),
            bbox: s.bbox,
            class: s.class,
            confidence: s.confidence,
            source: s.source,
            state: if age_us == 0 { TrackState::Matched } else { TrackState::Predicted },
            age_us,
            velocity: s.velocity,
        })
    }));
    out[start..].sort_unstable_by_key(|track| track.id);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_seen_most_wins_and_old_votes_fade() {
        let (car, truck) = (ClassId(2), ClassId(7));
        let mut votes = ClassVotes::new(car, 0.9);
        for _ in 0..5 {
            votes.add(car, 0.9);
        }
        votes.add(truck, 0.6);
        assert_eq!(votes.winner(), car);
        for _ in 0..30 {
            votes.add(truck, 0.6);
        }
        assert_eq!(votes.winner(), truck);
        for class in 10..30 {
            votes.add(ClassId(class), 0.1);
        }
        assert_eq!(votes.winner(), truck);
    }
}
