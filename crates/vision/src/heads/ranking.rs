//! Ranking: candidates in the order of their scores.

use super::Candidate;

/// Places of candidates, best first; keep it, so that it allocates once.
#[derive(Debug, Default)]
pub(super) struct Ranking {
    /// The score turned into a number that is less the better it is, above the place: numbers are
    /// quicker to sort than candidates, and of equal scores the first comes first.
    keys: Vec<u64>,
}

impl Ranking {
    /// Ranks `found`, whatever was ranked before.
    pub(super) fn rank(&mut self, found: &[Candidate]) {
        self.keys.clear();
        let key = |(at, candidate): (usize, &Candidate)| {
            u64::from(!ascending(candidate.score)) << 32 | at as u64
        };
        self.keys.extend(found.iter().enumerate().map(key));
        self.keys.sort_unstable();
    }

    /// The places, best first.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        self.keys.iter().map(|key| *key as u32 as usize)
    }
}

/// A number that is greater the greater `value` is: the order of [`f32::total_cmp`].
fn ascending(value: f32) -> u32 {
    const SIGN: u32 = 1 << 31;
    let bits = value.to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn best_first_and_of_equals_the_first() {
        let scores = [0.5, 0.9, -0.5, 0.0, 0.5, 1e-30, 0.9, -1.0];
        let candidate =
            |score| Candidate { score, class: 0, left: 0.0, top: 0.0, right: 0.0, bottom: 0.0 };
        let mut ranking = Ranking::default();
        ranking.rank(&scores.map(candidate));
        assert_eq!(ranking.iter().collect::<Vec<_>>(), [1, 6, 0, 4, 5, 3, 2, 7]);
        ranking.rank(&[]);
        assert_eq!(ranking.iter().count(), 0);
    }
}
