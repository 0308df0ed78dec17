//! What people said of identities; the solver obeys it.

use super::{IdentityId, TrackKey};

/// Corrections in force. They are few, and looked through at every step.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Constraints {
    /// Pairs of identities that are one.
    pub same: Vec<(IdentityId, IdentityId)>,
    /// Pairs of tracks that are not one.
    pub apart: Vec<(TrackKey, TrackKey)>,
    /// Tracks that are not who they were from a time on (µs).
    pub cuts: Vec<(TrackKey, i64)>,
}

impl Constraints {
    /// Whether two tracks must not be one.
    pub(super) fn forbids(&self, a: TrackKey, b: TrackKey) -> bool {
        self.apart.iter().any(|pair| *pair == (a, b) || *pair == (b, a))
    }
}
