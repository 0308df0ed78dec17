//! How recording fares, for the API, metrics and those who are told.

use std::collections::BTreeMap;

use razz_base::CameraId;
use razz_store::index::GapReason;
use razz_store::keep::Kept;

/// What becomes of a camera's footage now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Recording {
    /// Nothing is to be recorded.
    #[default]
    Off,
    /// It is written.
    Recording,
    /// Only visits are, and nobody is there.
    Waiting,
    /// It should be, and is not.
    Stopped(GapReason),
}

/// How a camera's recording fares.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct CameraRecording {
    /// What becomes of its footage now.
    pub state: Recording,
    /// What the disk said last, while it is stopped for that.
    pub error: Option<String>,
    /// Bytes written since start.
    pub bytes: u64,
    /// Pictures written since start.
    pub frames: u64,
    /// Pictures given up since start because the disk was slower than the cameras.
    pub given_up: u64,
}

/// How recording fares.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RecorderStatus {
    /// Why nothing at all can be recorded; `None` while it can.
    pub error: Option<String>,
    /// How full it is.
    pub kept: Kept,
    /// Each camera.
    pub cameras: BTreeMap<CameraId, CameraRecording>,
}
