//! A camera as the API tells of it: what it is, and how it fares.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use ts_rs::TS;

use super::recording::RecordMode;
use super::rendition::RenditionsStatus;
use super::round::round;
use razz_base::CameraId;
use razz_config::redact;
use razz_hub::CameraSettings;

/// `GET /api/cameras/{id}`; `GET /api/cameras` is a list of these.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "CameraInfo.ts")]
pub struct CameraInfo {
    /// Its number.
    pub id: u32,
    /// What people call it.
    pub name: String,
    /// `camera` and its number, as RTSPtoWebRTC pages name it.
    pub stream_id: String,
    /// Without credentials.
    pub url: String,
    /// Detections per second; 0: none; `"max"`: every frame that capacity allows.
    pub detect_fps: DetectFps,
    /// What it weighs while the machine cannot detect as often as all cameras want.
    pub priority: f64,
    /// What it is doing.
    pub state: CameraState,
    /// How its video travels.
    pub transport: Transport,
    /// Which certificate is taken of an `rtsps://` camera: `pinned`, `checked`, or `sha256:…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub certificate: Option<String>,
    /// Whether it has a user name and password, which are never told.
    pub credentials: bool,
    /// Address of the smaller stream that it sends besides, without credentials; absent where none is
    /// known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    #[schemars(with = "String")]
    pub sub_url: Option<String>,
    /// Which stream is detected on.
    pub detect_from: DetectFrom,
    /// What of it is recorded, where anything is.
    pub record: RecordMode,
}

impl CameraInfo {
    /// From a camera's settings and what it is doing.
    pub fn new(id: CameraId, camera: &CameraSettings, state: razz_base::CameraState) -> Self {
        Self {
            id: id.as_u32(),
            name: camera.name.clone(),
            stream_id: id.stream_id(),
            url: camera.address.clone(),
            detect_fps: camera.detect_rate.into(),
            priority: camera.priority,
            state: state.into(),
            transport: camera.transport.into(),
            certificate: camera.certificate.clone(),
            credentials: camera.credentials,
            sub_url: camera.sub_address.clone(),
            detect_from: camera.detect_from.into(),
            record: camera.record.into(),
        }
    }
}

/// Detections per second, or `"max"`.
#[derive(Clone, Copy, PartialEq, Debug, TS)]
#[ts(export_to = "DetectFps.ts", type = "number | \"max\"")]
pub enum DetectFps {
    /// Per second; 0: none.
    Rate(f64),
    /// Every frame that capacity allows.
    Max,
}

impl From<razz_base::DetectRate> for DetectFps {
    fn from(rate: razz_base::DetectRate) -> Self {
        match rate {
            razz_base::DetectRate::Off => Self::Rate(0.0),
            razz_base::DetectRate::PerSecond(fps) => Self::Rate(fps),
            razz_base::DetectRate::Max => Self::Max,
        }
    }
}

impl Serialize for DetectFps {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            // 6, not 6.0: as people write it.
            Self::Rate(fps) if fps.fract() == 0.0 => serializer.serialize_u64(fps as u64),
            Self::Rate(fps) => serializer.serialize_f64(fps),
            Self::Max => serializer.serialize_str("max"),
        }
    }
}

impl JsonSchema for DetectFps {
    fn schema_name() -> Cow<'static, str> {
        "DetectFps".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Detections per second, or `\"max\"`.",
            "oneOf": [{"type": "number"}, {"type": "string", "enum": ["max"]}],
        })
    }
}

/// Which of a camera's streams is detected on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export_to = "DetectFrom.ts")]
pub enum DetectFrom {
    /// That of `url`, which viewers see.
    Main,
    /// That of `sub_url`.
    Sub,
}

impl From<razz_base::DetectFrom> for DetectFrom {
    fn from(from: razz_base::DetectFrom) -> Self {
        match from {
            razz_base::DetectFrom::Main => Self::Main,
            razz_base::DetectFrom::Sub => Self::Sub,
        }
    }
}

/// How video travels from a camera.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export_to = "Transport.ts")]
pub enum Transport {
    /// Within the RTSP connection.
    Tcp,
    /// As packets of its own.
    Udp,
    /// Within two HTTP connections.
    Http,
}

impl From<razz_base::Transport> for Transport {
    fn from(transport: razz_base::Transport) -> Self {
        match transport {
            razz_base::Transport::Tcp => Self::Tcp,
            razz_base::Transport::Udp => Self::Udp,
            razz_base::Transport::Http => Self::Http,
        }
    }
}

/// What a camera is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export_to = "CameraState.ts")]
pub enum CameraState {
    /// Being dialled.
    Connecting,
    /// Video comes in.
    Online,
    /// Connected, but no video for 5 s.
    Stalled,
    /// Cannot be reached; tried again and again.
    Offline,
    /// Sends what razz cannot use; `advice` says what to change.
    Unsupported,
}

impl From<razz_base::CameraState> for CameraState {
    fn from(state: razz_base::CameraState) -> Self {
        use razz_base::CameraState as Known;
        match state {
            Known::Connecting => Self::Connecting,
            Known::Online => Self::Online,
            Known::Stalled => Self::Stalled,
            Known::Offline => Self::Offline,
            Known::Unsupported => Self::Unsupported,
        }
    }
}

/// How a camera is analysed while nothing moves.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "Idle.ts")]
pub enum Idle {
    /// All of its frames are decoded, and the detector looks once in a while.
    AllFrames,
    /// Only key frames are decoded.
    KeyFrames,
}

impl From<razz_hub::health::Idle> for Idle {
    fn from(idle: razz_hub::health::Idle) -> Self {
        match idle {
            razz_hub::health::Idle::AllFrames => Self::AllFrames,
            razz_hub::health::Idle::KeyFrames => Self::KeyFrames,
        }
    }
}

/// `GET /api/cameras/{id}/status`. What is not known is null.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "CameraStatus.ts")]
pub struct CameraStatus {
    /// What it is doing.
    pub state: CameraState,
    /// UNIX seconds since when it is in this state.
    #[serde(serialize_with = "thousandths")]
    pub since: f64,
    /// Such as `H264`.
    pub codec: Option<String>,
    /// Such as `High`.
    pub profile: Option<String>,
    /// Width and height in pixels.
    pub size: Option<[u32; 2]>,
    /// Width and height of its pixels, such as 12 and 11, where they are not square: the picture is
    /// shown as much wider than `size`. Absent for square ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub pixel_aspect: Option<[u32; 2]>,
    /// Frames from one IDR to the next, by the last whole GOP.
    pub gop_frames: Option<u32>,
    /// Whether frames are reordered, which WebRTC cannot show.
    pub b_frames: Option<bool>,
    /// What decodes it, such as `openh264` or `ffmpeg hevc`; null before the first picture.
    pub decoder: Option<String>,
    /// Frames per second at each step.
    pub fps: FrameRates,
    /// Pictures a second that shall be detected on, as configured; with `"max"` all of them.
    #[serde(serialize_with = "tenths")]
    pub detect_fps_wanted: f64,
    /// Of these, those that were: detected on, or seen to be unchanged. Less than wanted: capacity
    /// is short, and `advice` says so.
    #[serde(serialize_with = "tenths")]
    pub detect_fps_got: f64,
    /// Whether it gets less than it wants, since the machine cannot decode and detect all that all
    /// cameras want.
    pub short: bool,
    /// Milliseconds of CPU a second that decoding all of its pictures takes; absent while that is not
    /// known.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "optional_tenths")]
    #[ts(optional)]
    #[schemars(with = "f64")]
    pub decode_ms: Option<f64>,
    /// How it is analysed while nothing moves; absent while something does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    #[schemars(with = "Idle")]
    pub idle: Option<Idle>,
    /// From a frame's last packet in to its tracks out.
    pub latency_ms: Option<Latency>,
    /// From a frame's last packet in to its first packet out to the first of its viewers; absent
    /// while nobody watches.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    #[schemars(with = "FirstPacket")]
    pub first_packet_us: Option<FirstPacket>,
    /// From a frame's last packet in to its last packet out to the last of its viewers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    #[schemars(with = "FirstPacket")]
    pub last_packet_us: Option<FirstPacket>,
    /// Runs after the first.
    pub reconnects: u32,
    /// RTP packets lost on the way to us, since start.
    #[ts(type = "number")]
    pub lost_packets: u64,
    /// What the camera does that RTSP, RTP or its codec do not allow: how often since start, by kind.
    /// Each cost itself and no more. Absent where there is nothing of the kind.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[ts(as = "Option<BTreeMap<String, u32>>", optional)]
    #[schemars(with = "BTreeMap<String, u32>")]
    pub oddities: BTreeMap<&'static str, u64>,
    /// Of the video as it comes in.
    pub bitrate_kbps: u32,
    /// Viewer sessions now.
    pub viewers: usize,
    /// The last thing that went wrong.
    #[serde(serialize_with = "redacted")]
    pub last_error: Option<String>,
    /// What to change on the camera.
    pub advice: Vec<String>,
    /// Its smaller stream; absent where the settings name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    #[schemars(with = "SubStatus")]
    pub sub: Option<SubStatus>,
    /// What razz encodes of its pictures for viewers; absent while nobody wants any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    #[schemars(with = "RenditionsStatus")]
    pub renditions: Option<RenditionsStatus>,
}

/// How a camera's smaller stream fares. What is not known is null.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "SubStatus.ts")]
pub struct SubStatus {
    /// Whether it is asked for: `detect_from = "sub"`, and there is a detector.
    pub wanted: bool,
    /// Whether its video comes in.
    pub online: bool,
    /// Whether it is what is detected on now. While it does not come, the main stream is.
    pub used: bool,
    /// Why it does not come.
    #[serde(serialize_with = "redacted")]
    pub error: Option<String>,
    /// What to change on the camera.
    pub advice: Vec<String>,
    /// Such as `H264`.
    pub codec: Option<String>,
    /// Width and height in pixels.
    pub size: Option<[u32; 2]>,
    /// Frames per second.
    #[serde(serialize_with = "tenths")]
    pub fps: f64,
    /// Runs after the first.
    pub reconnects: u32,
    /// RTP packets lost on the way to us, since start.
    #[ts(type = "number")]
    pub lost_packets: u64,
    /// How its pictures are placed among the frames of the main stream; null while they are not.
    pub mapping: Option<SubMapping>,
}

/// How pictures of the smaller stream are placed among the frames of the main stream.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "SubMapping.ts")]
pub struct SubMapping {
    /// By what: `pictures` (those of both were compared), `sender_reports`, or `arrival`.
    #[ts(type = "\"pictures\" | \"sender_reports\" | \"arrival\"")]
    pub by: &'static str,
    /// How far that may be off, in milliseconds: boxes are so near their frame.
    #[serde(serialize_with = "tenths")]
    pub error_ms: f64,
}

/// Frames per second over the last 5 s.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, TS, JsonSchema)]
#[ts(export_to = "FrameRates.ts")]
pub struct FrameRates {
    /// From the camera.
    #[serde(serialize_with = "tenths")]
    pub received: f64,
    /// Decoded.
    #[serde(serialize_with = "tenths")]
    pub decoded: f64,
    /// Detected on.
    #[serde(serialize_with = "tenths")]
    pub detected: f64,
    /// That detection was asked for.
    #[serde(serialize_with = "tenths")]
    pub wanted: f64,
    /// Wanted, and passed over for a newer one.
    #[serde(serialize_with = "tenths")]
    pub skipped: f64,
    /// Answered by the detection before, since nothing had moved.
    #[serde(serialize_with = "tenths")]
    pub unchanged: f64,
}

/// Milliseconds that half and 95 of 100 took at most.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "Latency.ts")]
pub struct Latency {
    /// The median.
    #[serde(serialize_with = "tenths")]
    pub p50: f64,
    /// The 95th percentile.
    #[serde(serialize_with = "tenths")]
    pub p95: f64,
}

/// Microseconds that half, and 99 of 100, of the frames stay under.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "FirstPacket.ts")]
pub struct FirstPacket {
    /// Half of them.
    #[serde(serialize_with = "tenths")]
    pub p50: f64,
    /// 99 of 100.
    #[serde(serialize_with = "tenths")]
    pub p99: f64,
}

fn optional_tenths<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    value.map(|value| round(value, 1)).serialize(serializer)
}

fn tenths<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(round(*value, 1))
}

fn thousandths<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(round(*value, 3))
}

/// Whatever an error may quote, no credential leaves with it.
fn redacted<S: Serializer>(error: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    error.as_deref().map(redact::text).serialize(serializer)
}

#[cfg(test)]
pub(super) mod tests {

    use super::*;

    pub(crate) fn online() -> CameraStatus {
        CameraStatus {
            state: CameraState::Online,
            since: 1_699_545_000.0,
            codec: Some("H264".to_owned()),
            profile: Some("High".to_owned()),
            size: Some([1280, 720]),
            pixel_aspect: None,
            gop_frames: Some(60),
            b_frames: Some(false),
            decoder: Some("ffmpeg h264".to_owned()),
            fps: FrameRates {
                received: 30.0,
                decoded: 29.96,
                detected: 6.0,
                wanted: 6.0,
                skipped: f64::NAN,
                unchanged: 0.0,
            },
            detect_fps_wanted: 6.0,
            detect_fps_got: 5.96,
            short: false,
            decode_ms: None,
            idle: None,
            latency_ms: Some(Latency { p50: 41.0, p95: 55.23 }),
            first_packet_us: None,
            last_packet_us: None,
            reconnects: 0,
            lost_packets: 0,
            oddities: BTreeMap::new(),
            bitrate_kbps: 2480,
            viewers: 3,
            last_error: None,
            advice: vec![],
            sub: None,
            renditions: None,
        }
    }

    #[test]
    fn a_status_reads_as_the_contract_says() {
        let expected = concat!(
            r#"{"state":"online","since":1699545000.0,"codec":"H264","profile":"High","#,
            r#""size":[1280,720],"gop_frames":60,"b_frames":false,"decoder":"ffmpeg h264","#,
            r#""fps":{"received":30.0,"decoded":30.0,"detected":6.0,"wanted":6.0,"skipped":0.0,"unchanged":0.0},"#,
            r#""detect_fps_wanted":6.0,"detect_fps_got":6.0,"short":false,"#,
            r#""latency_ms":{"p50":41.0,"p95":55.2},"reconnects":0,"lost_packets":0,"#,
            r#""bitrate_kbps":2480,"viewers":3,"last_error":null,"advice":[]}"#,
        );
        assert_eq!(serde_json::to_string(&online()).unwrap(), expected);
    }

    #[test]
    fn the_smaller_streams_status_stands_behind_and_tells_no_password() {
        let sub = SubStatus {
            wanted: true,
            online: true,
            used: true,
            error: Some("rtsp://u:hunter2@h/2 refused".to_owned()),
            advice: vec![],
            codec: Some("H265".to_owned()),
            size: Some([640, 360]),
            fps: 14.96,
            reconnects: 1,
            lost_packets: 0,
            mapping: Some(SubMapping { by: "pictures", error_ms: 24.04 }),
        };
        let json = serde_json::to_string(&CameraStatus { sub: Some(sub), ..online() }).unwrap();
        let expected = concat!(
            r#""advice":[],"sub":{"wanted":true,"online":true,"used":true,"#,
            r#""error":"rtsp://***@h/2 refused","advice":[],"codec":"H265","size":[640,360],"#,
            r#""fps":15.0,"reconnects":1,"lost_packets":0,"#,
            r#""mapping":{"by":"pictures","error_ms":24.0}}}"#,
        );
        assert!(json.ends_with(expected), "{json}");
    }

    #[test]
    fn no_error_carries_a_password_out() {
        let last_error = Some("rtsp://u:hunter2@h/s refused".to_owned());
        let status = CameraStatus { last_error, latency_ms: None, ..online() };
        let json = serde_json::to_string(&status).unwrap();
        assert!(json.contains(r#""latency_ms":null"#), "{json}");
        assert!(json.contains(r#""last_error":"rtsp://***@h/s refused""#), "{json}");
    }

    #[test]
    fn a_camera_reads_as_the_contract_says() {
        use razz_base::{CameraState, DetectRate};
        for (rate, state, shown, state_shown) in [
            (DetectRate::PerSecond(6.0), CameraState::Online, "6", "online"),
            (DetectRate::Off, CameraState::Connecting, "0", "connecting"),
            (DetectRate::PerSecond(0.5), CameraState::Stalled, "0.5", "stalled"),
            (DetectRate::Max, CameraState::Offline, "\"max\"", "offline"),
            (DetectRate::PerSecond(7.0), CameraState::Unsupported, "7", "unsupported"),
        ] {
            let settings = CameraSettings {
                name: "Gate".to_owned(),
                address: "rtsp://10.0.0.5/stream1".to_owned(),
                transport: razz_base::Transport::Tcp,
                certificate: None,
                credentials: true,
                sub_address: None,
                detect_from: razz_base::DetectFrom::Main,
                detect_rate: rate,
                priority: 1.0,
                record: razz_base::RecordMode::Always,
                around_us: [0; 2],
            };
            let info = CameraInfo::new(CameraId::new(1).unwrap(), &settings, state);
            let expected = format!(
                r#"{{"id":1,"name":"Gate","stream_id":"camera1","url":"rtsp://10.0.0.5/stream1","detect_fps":{shown},"priority":1.0,"state":"{state_shown}","transport":"tcp","credentials":true,"detect_from":"main","record":"always"}}"#
            );
            assert_eq!(serde_json::to_string(&info).unwrap(), expected);
            let settings = CameraSettings { certificate: Some("pinned".to_owned()), ..settings };
            let info = CameraInfo::new(CameraId::new(1).unwrap(), &settings, state);
            let json = serde_json::to_string(&info).unwrap();
            assert!(json.contains(r#""transport":"tcp","certificate":"pinned""#), "{json}");
            let settings = CameraSettings {
                sub_address: Some("rtsp://10.0.0.5/stream2".to_owned()),
                detect_from: razz_base::DetectFrom::Sub,
                ..settings
            };
            let info = CameraInfo::new(CameraId::new(1).unwrap(), &settings, state);
            let json = serde_json::to_string(&info).unwrap();
            let said =
                r#""sub_url":"rtsp://10.0.0.5/stream2","detect_from":"sub","record":"always"}"#;
            assert!(json.ends_with(said), "{json}");
        }
    }
}
