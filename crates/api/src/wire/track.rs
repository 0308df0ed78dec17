//! The message of `/ws/tracking/{camera_id}` and answer of `/api/cameras/{id}/tracks`.

use razz_base::{CameraId, ClassNames, Rect, Size, StreamFormat, Track, TrackFrame, WallTime};
use schemars::JsonSchema;
use serde::Serialize;
use ts_rs::TS;

use super::round::round;

/// The tracks of one frame.
///
/// `camera_id` to `stats` are what pages in the field rely on; the rest was added behind.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "TrackMessage.ts")]
pub struct TrackMessage {
    /// The camera's number.
    pub camera_id: u32,
    /// Wall time of the frame, UNIX seconds.
    pub timestamp: f64,
    /// The objects.
    pub tracks: Vec<TrackEntry>,
    /// Beside the tracks in every message.
    pub stats: TrackStats,
    /// The low 32 bits of media time, as on the video's RTP packets; null while there is no frame.
    pub rtp_timestamp: Option<u32>,
    /// Width and height that boxes refer to; null until they are known.
    pub frame_size: Option<[u32; 2]>,
    /// The whole media time in 90 kHz ticks, as text: with the camera the frame's name for ever.
    /// It begins at the time since 1970. Null while there is no frame.
    pub media_time: Option<String>,
    /// Width and height of the camera's pixels, such as 12 and 11, where they are not square: the
    /// picture is shown as much wider than `frame_size`. Boxes are in pixels of `frame_size` all the
    /// same. Absent for square ones, which nearly all are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub pixel_aspect: Option<[u32; 2]>,
    /// The objects were found in the camera's smaller stream (`detect_from = "sub"`): `tracks` are near
    /// this frame, by so many milliseconds at most as far as is known, and not exact. Absent where they
    /// are exact.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    #[schemars(with = "f64")]
    pub near_ms: Option<f64>,
}

/// One object on one frame.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "TrackEntry.ts")]
pub struct TrackEntry {
    /// The same object has the same id, and no other of this camera ever has it. People are shown
    /// `track_id % 1000000`.
    #[ts(type = "number")]
    pub track_id: u64,
    /// Left, top, right, bottom in pixels of `frame_size`.
    pub bbox: [f64; 4],
    /// The score of the last matched detection, 0 to 1.
    pub confidence: f64,
    /// The middle of `bbox` as x, y.
    pub center: [f64; 2],
    /// How the track is kept alive.
    pub source: TrackSource,
    /// The name of its class.
    pub class: String,
    /// How the box was obtained.
    pub state: TrackState,
    /// Milliseconds since the track was last matched.
    #[ts(type = "number")]
    pub age_ms: u64,
    /// Pixels per second of the left, top, right and bottom edge.
    pub velocity: [f64; 4],
}

/// How a track is kept alive: by motion and overlap, or by re-identification.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export_to = "TrackSource.ts")]
pub enum TrackSource {
    /// By motion and overlap.
    ByteTrack,
    /// By re-identification.
    DeepSort,
}

/// How the box was obtained: by a detection of this very frame, or by the motion model.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export_to = "TrackState.ts")]
pub enum TrackState {
    /// By a detection.
    Matched,
    /// By the motion model.
    Predicted,
}

/// What stands beside the tracks in every message.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, TS, JsonSchema)]
#[ts(export_to = "TrackStats.ts")]
pub struct TrackStats {
    /// Detections per second over the last 5 s.
    pub fps: f64,
    /// Entries of `tracks`.
    pub active_tracks: usize,
    /// Frames detected since start.
    #[ts(type = "number")]
    pub frame_count: u64,
    /// From the frame's last packet in to this message out, in milliseconds; 0 without a frame.
    pub latency_ms: f64,
    /// Messages that this client was too slow for.
    #[ts(type = "number")]
    pub skipped: u64,
}

impl TrackMessage {
    /// The same, for a client that has skipped so many frames.
    pub fn with_skipped(mut self, skipped: u64) -> Self {
        self.stats.skipped = skipped;
        self
    }

    /// The same, of a stream of this format.
    pub fn of_format(mut self, format: Option<&StreamFormat>) -> Self {
        self.pixel_aspect = format.and_then(StreamFormat::stated_aspect);
        self
    }

    /// The same, of objects that were found so near the frame, in ms; `None`: on this very frame.
    pub fn near(mut self, near_ms: Option<f64>) -> Self {
        self.near_ms = near_ms.map(|ms| round(ms, 0));
        self
    }

    /// The message for a frame. Counts `stats.active_tracks` itself.
    pub fn new(frame: &TrackFrame, names: &ClassNames, stats: TrackStats) -> Self {
        // A box that is not finite is nowhere: there is nothing to send of it.
        let finite = frame.tracks.iter().filter(|track| track.bbox.is_finite());
        let tracks: Vec<_> = finite.map(|track| TrackEntry::new(track, names)).collect();
        let Size { width, height } = frame.size;
        Self {
            camera_id: frame.key.camera.as_u32(),
            timestamp: seconds(frame.wall),
            stats: stats.rounded(tracks.len()),
            tracks,
            rtp_timestamp: Some(frame.key.time.rtp_timestamp()),
            frame_size: Some([width, height]),
            media_time: Some(frame.key.time.as_90k().to_string()),
            pixel_aspect: None,
            near_ms: None,
        }
    }

    /// The message while there is no frame to speak of: detection is off, or the camera is away.
    /// `size` is the last known one.
    pub fn without_frame(
        camera: CameraId,
        now: WallTime,
        size: Option<Size>,
        stats: TrackStats,
    ) -> Self {
        Self {
            camera_id: camera.as_u32(),
            timestamp: seconds(now),
            tracks: Vec::new(),
            stats: stats.rounded(0),
            rtp_timestamp: None,
            frame_size: size.map(|size| [size.width, size.height]),
            media_time: None,
            pixel_aspect: None,
            near_ms: None,
        }
    }

    /// As a text message.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("numbers, strings and lists always serialise")
    }

    /// As a binary message: MessagePack with the same names.
    pub fn to_msgpack(&self) -> Vec<u8> {
        rmp_serde::to_vec_named(self).expect("numbers, strings and lists always serialise")
    }
}

impl TrackEntry {
    fn new(track: &Track, names: &ClassNames) -> Self {
        let bbox = track.bbox.to_array().map(|edge| round(edge, 1));
        let [left, top, right, bottom] = bbox;
        Self {
            track_id: track.id.0,
            bbox,
            confidence: round(track.confidence, 3),
            // Of the box as sent, so that both agree.
            center: Rect::new(left, top, right, bottom).center().map(|v| round(v, 2)),
            source: track.source.into(),
            class: names.name(track.class).to_owned(),
            state: track.state.into(),
            age_ms: (track.age_us.max(0) as u64 + 500) / 1000,
            velocity: track.velocity.map(|v| round(v, 1)),
        }
    }
}

impl TrackStats {
    fn rounded(self, active_tracks: usize) -> Self {
        let (fps, latency_ms) = (round(self.fps, 1), round(self.latency_ms, 1));
        Self { fps, latency_ms, active_tracks, ..self }
    }
}

/// UNIX seconds to the millisecond.
fn seconds(wall: WallTime) -> f64 {
    round(wall.as_secs(), 3)
}

impl From<razz_base::TrackSource> for TrackSource {
    fn from(source: razz_base::TrackSource) -> Self {
        match source {
            razz_base::TrackSource::ByteTrack => Self::ByteTrack,
            razz_base::TrackSource::DeepSort => Self::DeepSort,
        }
    }
}

impl From<razz_base::TrackState> for TrackState {
    fn from(state: razz_base::TrackState) -> Self {
        match state {
            razz_base::TrackState::Matched => Self::Matched,
            razz_base::TrackState::Predicted => Self::Predicted,
        }
    }
}

#[cfg(test)]
mod tests {
    use razz_base::{ClassId, Codec, FrameKey, MediaTime, PixelAspect, TrackId, WallQuality};

    use super::*;

    const WALL: WallTime = WallTime { us: 1_699_545_321_123_456, quality: WallQuality::Arrival };

    fn camera(id: u32) -> CameraId {
        CameraId::new(id).unwrap()
    }

    fn frame() -> TrackFrame {
        let walker = Track {
            id: TrackId(1),
            bbox: Rect::new(10.04, 20.0, 50.06, 99.96),
            class: ClassId(0),
            confidence: 0.950_04,
            source: razz_base::TrackSource::ByteTrack,
            state: razz_base::TrackState::Matched,
            age_us: 0,
            velocity: [12.34, -0.01, 12.35, f64::NAN],
        };
        let car = Track {
            id: TrackId(7),
            class: ClassId(2),
            confidence: 0.5,
            source: razz_base::TrackSource::DeepSort,
            state: razz_base::TrackState::Predicted,
            age_us: 166_667,
            ..walker.clone()
        };
        let nowhere = Track { bbox: Rect::new(f64::NAN, 0.0, 1.0, 1.0), ..walker.clone() };
        TrackFrame {
            key: FrameKey {
                camera: camera(10),
                time: MediaTime::from_90k((5 << 32) + 2_839_113_041),
            },
            wall: WALL,
            size: Size::new(1280, 720),
            detected: true,
            tracks: vec![walker, nowhere, car].into(),
        }
    }

    fn stats() -> TrackStats {
        TrackStats { fps: 5.19, active_tracks: 0, frame_count: 1523, latency_ms: 24.06, skipped: 2 }
    }

    #[test]
    fn a_frame_reads_as_the_contract_says() {
        let message = TrackMessage::new(&frame(), &ClassNames::coco(), stats());
        let expected = concat!(
            r#"{"camera_id":10,"timestamp":1699545321.123,"tracks":["#,
            r#"{"track_id":1,"bbox":[10.0,20.0,50.1,100.0],"confidence":0.95,"center":[30.05,60.0],"#,
            r#""source":"bytetrack","class":"person","state":"matched","age_ms":0,"#,
            r#""velocity":[12.3,0.0,12.4,0.0]},"#,
            r#"{"track_id":7,"bbox":[10.0,20.0,50.1,100.0],"confidence":0.5,"center":[30.05,60.0],"#,
            r#""source":"deepsort","class":"car","state":"predicted","age_ms":167,"#,
            r#""velocity":[12.3,0.0,12.4,0.0]}],"#,
            r#""stats":{"fps":5.2,"active_tracks":2,"frame_count":1523,"latency_ms":24.1,"skipped":2},"#,
            r#""rtp_timestamp":2839113041,"frame_size":[1280,720],"media_time":"24313949521"}"#,
        );
        assert_eq!(message.to_json(), expected);
    }

    #[test]
    fn without_a_frame_there_is_null() {
        for (size, frame_size) in [(None, "null"), (Some(Size::new(640, 360)), "[640,360]")] {
            let message = TrackMessage::without_frame(camera(1), WALL, size, TrackStats::default());
            let expected = format!(
                "{}{frame_size},\"media_time\":null}}",
                concat!(
                    r#"{"camera_id":1,"timestamp":1699545321.123,"tracks":[],"#,
                    r#""stats":{"fps":0.0,"active_tracks":0,"frame_count":0,"latency_ms":0.0,"#,
                    r#""skipped":0},"rtp_timestamp":null,"frame_size":"#,
                )
            );
            assert_eq!(message.to_json(), expected);
        }
    }

    #[test]
    fn pixels_that_are_not_square_are_said() {
        let format = StreamFormat::new(Codec::H264, Size::new(704, 576));
        let message = TrackMessage::without_frame(camera(1), WALL, None, TrackStats::default());
        assert!(!message.clone().of_format(Some(&format)).to_json().contains("pixel_aspect"));
        let pixel_aspect = PixelAspect { width: 12, height: 11 };
        let format = StreamFormat { pixel_aspect, ..(*format).clone() };
        let json = message.of_format(Some(&format)).to_json();
        assert!(json.ends_with(r#""media_time":null,"pixel_aspect":[12,11]}"#), "{json}");
    }

    #[test]
    fn what_is_near_and_not_exact_is_said() {
        let message = TrackMessage::new(&frame(), &ClassNames::coco(), stats());
        assert!(!message.to_json().contains("near"));
        let json = message.near(Some(41.7)).to_json();
        assert!(json.ends_with(r#""media_time":"24313949521","near_ms":42.0}"#), "{json}");
    }

    #[test]
    fn msgpack_holds_the_same_as_json() {
        for message in [
            TrackMessage::new(&frame(), &ClassNames::coco(), stats()),
            TrackMessage::without_frame(camera(3), WALL, None, stats()),
        ] {
            let json: serde_json::Value = serde_json::from_str(&message.to_json()).unwrap();
            let msgpack: serde_json::Value = rmp_serde::from_slice(&message.to_msgpack()).unwrap();
            assert_eq!(msgpack, json);
        }
    }
}
