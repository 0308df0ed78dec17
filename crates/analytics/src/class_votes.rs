//! Which class an object is, by the detections of all of its time.

use razz_base::ClassId;

/// The confidence with which each class was seen, summed up; four classes at most, of more the least seen
/// is forgotten.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(crate) struct ClassVotes {
    votes: [(ClassId, f64); 4],
}

impl ClassVotes {
    pub(crate) fn add(&mut self, class: ClassId, confidence: f64) {
        let confidence = if confidence > 0.0 { confidence } else { 0.0 };
        // No vote is ever exactly nothing, so that even a detection without confidence has a class.
        let weight = confidence + 1e-9;
        let slot = self.votes.iter_mut().find(|vote| vote.1 > 0.0 && vote.0 == class);
        if let Some(vote) = slot {
            vote.1 += weight;
        } else if let Some(least) = self.votes.iter_mut().min_by(|a, b| a.1.total_cmp(&b.1)) {
            *least = (class, weight);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (class, weight) in other.votes.iter().filter(|vote| vote.1 > 0.0) {
            self.add(*class, *weight);
        }
    }

    /// The class with the most confidence; of several the lowest. `None` before the first vote.
    pub(crate) fn winner(&self) -> Option<ClassId> {
        let voted = self.votes.iter().filter(|vote| vote.1 > 0.0);
        let best = voted.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        best.map(|vote| vote.0)
    }

    /// For a snapshot.
    pub(crate) fn votes(&self) -> [(ClassId, f64); 4] {
        self.votes
    }

    /// From a snapshot.
    pub(crate) fn from_votes(votes: [(ClassId, f64); 4]) -> Self {
        Self { votes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_confidence_wins_not_the_last_word() {
        let (car, truck) = (ClassId(2), ClassId(7));
        let mut votes = ClassVotes::default();
        assert_eq!(votes.winner(), None);
        votes.add(car, 0.0);
        assert_eq!(votes.winner(), Some(car));
        for (class, confidence) in [(truck, 0.4), (car, 0.9), (truck, 0.4)] {
            votes.add(class, confidence);
        }
        assert_eq!(votes.winner(), Some(car));
        for other in 10..20 {
            votes.add(ClassId(other), f64::NAN);
        }
        assert_eq!(votes.winner(), Some(car));
        let mut more = ClassVotes::default();
        more.add(truck, 0.3);
        votes.merge(&more);
        assert_eq!(votes.winner(), Some(truck));
    }
}
