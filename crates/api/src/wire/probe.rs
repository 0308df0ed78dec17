//! What a look at a camera found.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use ts_rs::TS;

use super::round::round;
use razz_config::Source;
use razz_config::redact;
use razz_ingest::probe::{self, Found};
use razz_ingest::report::Recorder;
use razz_observe::clock::Clock;
use razz_vision::Decoders;

/// `POST /api/cameras/test`, and `razz doctor --camera URL --json`. What is not known is null.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "CameraProbe.ts")]
pub struct CameraProbe {
    /// Whether razz can use the camera as it is.
    pub ok: bool,
    /// Why not.
    #[serde(serialize_with = "redacted")]
    pub error: Option<String>,
    /// Its address, without credentials.
    pub url: String,
    /// Such as `H264`.
    pub codec: Option<String>,
    /// Such as `High`.
    pub profile: Option<String>,
    /// Width and height in pixels.
    pub size: Option<[u32; 2]>,
    /// Width and height of its pixels, such as 12 and 11, where they are not square.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub pixel_aspect: Option<[u32; 2]>,
    /// Frames per second.
    #[serde(serialize_with = "tenths")]
    pub fps: Option<f64>,
    /// Frames from one IDR to the next.
    pub gop_frames: Option<u32>,
    /// Whether frames are reordered, which WebRTC cannot show.
    pub b_frames: Option<bool>,
    /// Whether it tells its wall clock (RTCP sender reports).
    pub sender_reports: Option<bool>,
    /// Of the video.
    pub bitrate_kbps: Option<u32>,
    /// RTP packets lost while it was looked at.
    #[ts(type = "number")]
    pub lost_packets: u64,
    /// The certificate of a camera that is reached over TLS, as the key `certificate` takes it.
    pub certificate: Option<String>,
    /// What it does otherwise than the standards say, each of which razz copes with.
    pub quirks: Vec<Quirk>,
    /// What to change on the camera.
    pub advice: Vec<String>,
    /// Its newest picture, as a `data:` URL.
    #[serde(serialize_with = "data_url", skip_serializing_if = "Option::is_none")]
    #[ts(as = "Option<String>", optional)]
    #[schemars(with = "String")]
    pub picture: Option<Vec<u8>>,
}

/// Something that a camera does otherwise than the standards say.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "Quirk.ts")]
pub struct Quirk {
    /// Its name among the `oddities` of a camera's status.
    pub name: String,
    /// How often it came.
    #[ts(type = "number")]
    pub count: u64,
    /// What it is, and what razz makes of it.
    pub meaning: String,
}

/// JPEG quality of the picture.
const PICTURE_QUALITY: u8 = 80;

impl CameraProbe {
    /// Looks at a camera; it is touched by nothing else here. A recorder writes down what is said.
    pub async fn look(
        source: Source,
        recorder: Option<Arc<Recorder>>,
        decoders: Decoders,
        clock: Clock,
    ) -> Self {
        let url = source.to_string();
        let mut found =
            probe::look(source, probe::LOOK, recorder, decoders.decodable(), clock).await;
        let gop = std::mem::take(&mut found.gop);
        let picture = tokio::task::spawn_blocking(move || {
            let picture = razz_vision::decode_newest(&decoders, &gop)?;
            razz_vision::encode_jpeg(&picture, PICTURE_QUALITY).ok()
        });
        Self::new(url, found, picture.await.ok().flatten())
    }

    /// What was found at `url`, with `picture` as a JPEG.
    fn new(url: String, found: Found, picture: Option<Vec<u8>>) -> Self {
        let Found { error, advice, format, health, certificate, .. } = found;
        let seen = health.received.total > 0;
        Self {
            ok: error.is_none(),
            error,
            url,
            codec: health.codec().map(str::to_owned),
            profile: format.as_ref().map(|format| format.profile.to_owned()),
            size: format.as_ref().map(|format| [format.size.width, format.size.height]),
            pixel_aspect: format.as_ref().and_then(|format| format.stated_aspect()),
            fps: seen.then_some(health.received.per_second),
            gop_frames: health.gop_frames,
            b_frames: seen.then_some(health.reorders()),
            sender_reports: seen.then_some(health.sender_reports > 0),
            bitrate_kbps: seen.then(|| (health.bitrate / 1e3).round() as u32),
            lost_packets: health.lost_packets,
            quirks: health.oddities.iter().map(|(name, count)| Quirk::new(name, *count)).collect(),
            certificate: certificate.map(|certificate| certificate.to_string()),
            advice,
            picture,
        }
    }
}

impl Quirk {
    fn new(name: &str, count: u64) -> Self {
        let meaning = razz_ingest::oddity_meaning(name).unwrap_or_default();
        Self { name: name.to_owned(), count, meaning: meaning.to_owned() }
    }
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
