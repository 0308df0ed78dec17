//! What is remembered of a camera's track: where it was over the last seconds, and who it is.

use std::collections::VecDeque;

use super::{IdentityId, Settings, TrackKey};
use crate::plane::Place;

/// Samples kept of a track at most: two seconds at 12.5 a second, and some.
const MOST_SAMPLES: usize = 32;

/// A track at one step.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Observation {
    /// The track.
    pub key: TrackKey,
    /// Where its object stands.
    pub place: Place,
    /// What share of its box or of another one's in its picture both have in common, 0 to 1: how likely the camera's
    /// tracker takes one for the other.
    pub mixed: f64,
}

/// A place at a time.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Sample {
    pub(super) at_us: i64,
    pub(super) place: Place,
}

/// A track that is or was.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct TrackMemory {
    pub(super) key: TrackKey,
    /// Oldest first.
    pub(super) samples: VecDeque<Sample>,
    pub(super) first_us: i64,
    /// Who it is, once that was decided.
    pub(super) identity: Option<IdentityId>,
    /// Since when it is.
    pub(super) joined_us: i64,
    /// How far it is still believed to be who it was, 0 to 1: less after it was mixed up with others.
    pub(super) loyalty: f64,
    /// Who it is not, since a person said so.
    pub(super) never: Option<IdentityId>,
}

impl TrackMemory {
    pub(super) fn new(key: TrackKey, at_us: i64) -> Self {
        Self {
            key,
            samples: VecDeque::new(),
            first_us: at_us,
            identity: None,
            joined_us: at_us,
            loyalty: 0.0,
            never: None,
        }
    }

    pub(super) fn push(
        &mut self,
        at_us: i64,
        passed_s: f64,
        observation: &Observation,
        settings: &Settings,
    ) {
        let mixed =
            (observation.mixed - settings.mixed_from).max(0.0) / (1.0 - settings.mixed_from);
        let grown = (self.loyalty + passed_s / settings.settle_s).min(1.0);
        self.loyalty = grown.min(1.0 - mixed).max(0.0);
        self.samples.push_back(Sample { at_us, place: observation.place });
        let oldest_us = at_us - settings.window_us;
        while self.samples.len() > MOST_SAMPLES
            || self.samples.front().is_some_and(|s| s.at_us < oldest_us)
        {
            self.samples.pop_front();
        }
    }

    pub(super) fn last(&self) -> Option<&Sample> {
        self.samples.back()
    }

    pub(super) fn last_us(&self) -> i64 {
        self.last().map_or(self.first_us, |sample| sample.at_us)
    }
}
