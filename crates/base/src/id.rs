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
    /// From this number on ids are those of ad-hoc cameras, which stand in no config file and are
    /// gone with the process.
    pub const FIRST_AD_HOC: u32 = 1_000_000_000;

    /// `None` for 0.
    pub fn new(id: u32) -> Option<Self> {
        NonZeroU32::new(id).map(Self)
    }

    /// The number.
    pub fn as_u32(self) -> u32 {
        self.0.get()
    }

    /// Whether it is the id of an ad-hoc camera.
    pub fn is_ad_hoc(self) -> bool {
        self.as_u32() >= Self::FIRST_AD_HOC
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

/// A track's id, unique within its camera for ever: the epoch of the process that gave it and a
/// number from 1, as the one integer `epoch * 1_000_000 + number`.
///
/// An epoch is given to one process only, so no process repeats the ids of another. With epochs up
/// to nine billion an id stays below 2^53 and is exact as a JSON number. People are shown the
/// number alone.
///
/// ```
/// use razz_base::TrackId;
///
/// let id = TrackId::new(3, 17);
/// assert_eq!((id.0, id.epoch(), id.short()), (3_000_017, 3, 17));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TrackId(pub u64);

impl TrackId {
    /// How many ids an epoch has; the first, number 0, is given to no track.
    pub const PER_EPOCH: u64 = 1_000_000;

    /// The id of `number` in `epoch`.
    ///
    /// # Panics
    /// When `number` does not fit the epoch: it would be an id of another one.
    pub const fn new(epoch: u64, number: u64) -> Self {
        assert!(number < Self::PER_EPOCH, "a track's number belongs to one epoch");
        Self(epoch * Self::PER_EPOCH + number)
    }

    /// The epoch that it was given in.
    pub const fn epoch(self) -> u64 {
        self.0 / Self::PER_EPOCH
    }

    /// Its number within the epoch, which is what people are shown.
    pub const fn short(self) -> u64 {
        self.0 % Self::PER_EPOCH
    }
}

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
    fn a_track_id_is_its_epoch_and_its_number() {
        for (epoch, number, id) in
            [(0, 1, 1), (0, 999_999, 999_999), (1, 0, 1_000_000), (7, 12, 7_000_012)]
        {
            let made = TrackId::new(epoch, number);
            assert_eq!((made.0, made.epoch(), made.short()), (id, epoch, number));
        }
        // Seconds since 1970 are an epoch as well: exact in JSON until the year 2255.
        assert!(TrackId::new(9_007_199_253, 999_999).0 < 1 << 53);
    }

    #[test]
    #[should_panic(expected = "belongs to one epoch")]
    fn a_number_beyond_its_epoch_is_refused() {
        TrackId::new(0, TrackId::PER_EPOCH);
    }

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
