//! What goes over the wire to browsers and scripts: field names, order and rounding are the
//! contract's. TypeScript in `web/src/wire` is written from these structs.
//!
//! Only this folder knows the formats; a change that is not an addition breaks pages in the field.

mod access;
mod camera;
mod clock;
mod detector;
mod event;
mod probe;
mod problem;
mod round;
mod stats;
mod track;
#[cfg(test)]
mod typescript;
mod viewer;

pub(crate) use self::access::{CompatPort, Me, TokenInfo, UserInfo, ViewToken};
pub(crate) use self::camera::{
    CameraInfo, CameraState, CameraStatus, FirstPacket, FrameRates, Latency,
};
pub(crate) use self::clock::Ping;
pub(crate) use self::detector::{Candidate, DetectorInfo, DetectorPreview};
pub(crate) use self::event::{Event, EventTrack};
pub(crate) use self::probe::CameraProbe;
pub(crate) use self::problem::{Problem, ProblemKind};
pub(crate) use self::stats::{Delivery, ModelState, Stats};
pub(crate) use self::track::{TrackMessage, TrackStats};
pub(crate) use self::viewer::ViewerSession;
