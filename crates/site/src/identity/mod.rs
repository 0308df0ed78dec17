//! Identities: which tracks of which cameras are one object.
//!
//! [`Solver::step`] takes what all cameras see at one moment. Camera by camera it assigns tracks to identities so that
//! the evidence of the last two seconds is greatest (an optimal assignment, the other cameras' standing as they do),
//! makes identities for who is nobody's, joins identities that are one, and finds those again that were lost.
//! `docs/design/identity.md` has the rules and what they measure.

mod assign;
mod constraint;
mod evidence;
mod join;
mod settings;
mod solver;
mod tracks;

use std::fmt;

use razz_base::{CameraId, TrackId};

pub use constraint::Constraints;
pub use settings::Settings;
pub use solver::{Change, Identity, Solver};
pub use tracks::Observation;

/// Who somebody is, over all cameras; given once and never again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct IdentityId(pub u64);

impl fmt::Display for IdentityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A track of a camera.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TrackKey {
    /// The camera.
    pub camera: CameraId,
    /// Its track.
    pub track: TrackId,
}

impl fmt::Display for TrackKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "camera {} track {}", self.camera, self.track.short())
    }
}
