//! What a look at a camera found.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Serialize, Serializer};
use ts_rs::TS;

use super::round::round;
use razz_config::redact;

/// `POST /api/cameras/test`, and `razz doctor --camera URL --json`. What is not known is null.
#[derive(Clone, PartialEq, Debug, Serialize, TS)]
#[ts(export_to = "CameraProbe.ts")]
pub(crate) struct CameraProbe {
    /// Whether razz can use the camera as it is.
    pub(crate) ok: bool,
    /// Why not.
    #[serde(serialize_with = "redacted")]
    pub(crate) error: Option<String>,
    /// Its address, without credentials.
    pub(crate) url: String,
    /// Such as `H264`.
    pub(crate) codec: Option<String>,
    /// Such as `High`.
    pub(crate) profile: Option<String>,
    /// Width and height in pixels.
    pub(crate) size: Option<[u32; 2]>,
    /// Frames per second.
    #[serde(serialize_with = "tenths")]
    pub(crate) fps: Option<f64>,
    /// Frames from one IDR to the next.
    pub(crate) gop_frames: Option<u32>,
    /// Whether frames are reordered, which WebRTC cannot show.
    pub(crate) b_frames: Option<bool>,
    /// Whether it tells its wall clock (RTCP sender reports).
    pub(crate) sender_reports: Option<bool>,
    /// Of the video.
    pub(crate) bitrate_kbps: Option<u32>,
    /// RTP packets lost while it was looked at.
    #[ts(type = "number")]
    pub(crate) lost_packets: u64,
    /// What to change on the camera.
    pub(crate) advice: Vec<String>,
    /// Its newest picture, as a `data:` URL.
    #[serde(serialize_with = "data_url", skip_serializing_if = "Option::is_none")]
    #[ts(as = "Option<String>", optional)]
    pub(crate) picture: Option<Vec<u8>>,
}

fn tenths<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    value.map(|value| round(value, 1)).serialize(serializer)
}

fn redacted<S: Serializer>(error: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    error.as_deref().map(redact::text).serialize(serializer)
}

fn data_url<S: Serializer>(jpeg: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
    jpeg.as_deref().map(jpeg_url).serialize(serializer)
}

/// A JPEG as a `data:` URL.
pub(super) fn jpeg_url(jpeg: &[u8]) -> String {
    format!("data:image/jpeg;base64,{}", BASE64.encode(jpeg))
}
