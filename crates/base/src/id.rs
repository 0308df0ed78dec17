//! Ids of cameras, runs and tracks, and the key that names a frame.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use crate::MediaTime;

/// A camera's number, from 1. As a stream id it reads `camera1`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CameraId(NonZeroU32);

/// What is not a camera id.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a camera id is an integer from 1 (or \"camera1\" as a stream id)")]
pub struct ParseCameraIdError;

impl CameraId {
    /// `None` for 0.
    pub fn new(id: u32) -> Option<Self> {
        NonZeroU32::new(id).map(Self)
    }

    /// The number.
    pub fn as_u32(self) -> u32 {
        self.0.get()
    }

    /// The id that RTSPtoWebRTC pages use: `camera1`.
    pub fn stream_id(self) -> String {
        format!("camera{self}")
    }
}

impl fmt::Display for CameraId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for CameraId {
    type Err = ParseCameraIdError;

    /// Accepts `1` and `camera1`; no sign, no leading zero, no space, so that one camera has one
    /// name.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix("camera").unwrap_or(text);
        if !digits.bytes().all(|b| b.is_ascii_digit()) || digits.starts_with('0') {
            return Err(ParseCameraIdError);
        }
        digits.parse().ok().and_then(Self::new).ok_or(ParseCameraIdError)
    }
}

/// One unbroken RTSP session of a camera; counts up with each reconnection.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct RunId(pub u32);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A track's number within its camera, from 1, never used twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TrackId(pub u64);

impl fmt::Display for TrackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The name of a frame everywhere: access unit, picture, detections and tracks share it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FrameKey {
    /// The camera.
    pub camera: CameraId,
    /// The frame's place on the camera's timeline.
    pub time: MediaTime,
}

impl fmt::Display for FrameKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "camera {} at {}", self.camera, self.time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn camera_ids_have_one_spelling_each() {
        for (text, id) in [
            ("1", Some(1)),
            ("camera1", Some(1)),
            ("camera4294967295", Some(u32::MAX)),
            ("", None),
            ("0", None),
            ("camera0", None),
            ("01", None),
            ("+1", None),
            ("-1", None),
            (" 1", None),
            ("camera", None),
            ("cameracamera1", None),
            ("Camera1", None),
            ("4294967296", None),
            ("1/../2", None),
            ("１", None),
        ] {
            assert_eq!(text.parse::<CameraId>().ok().map(CameraId::as_u32), id, "{text:?}");
        }
        assert_eq!(CameraId::new(7).unwrap().stream_id(), "camera7");
    }
}
