//! What is told of a camera as it happens, to MQTT and to webhooks: one JSON object an event.

use razz_base::{CameraId, EventKind, MediaTime};
use serde::{Serialize, Serializer};

/// An event. Times are UNIX seconds.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Message {
    /// Names the event: one that is delivered twice has the same.
    pub id: String,
    /// What happened.
    #[serde(rename = "type", serialize_with = "by_name")]
    pub kind: EventKind,
    /// When: of a track, the wall time of the frame on which it was seen last.
    pub timestamp: f64,
    /// Where.
    pub camera_id: u32,
    /// What people call it.
    pub camera_name: String,
    /// Of track events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub track: Option<EventTrack>,
    /// Of alerts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert: Option<EventAlert>,
    /// Of lines and zones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fact: Option<EventFact>,
    /// Of alerts, lines and zones: where the app shows it, if it is known where people reach the app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Why a camera is offline, without credentials, or why it is not recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The track of an event.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct EventTrack {
    /// As in every track message.
    pub track_id: u64,
    /// The class by its name.
    pub class: String,
    /// The best score so far, 0 to 1.
    pub confidence: f64,
    /// Where it was seen last: left, top, right, bottom in pixels of `frame_size`.
    pub bbox: [f64; 4],
    /// Width and height that `bbox` refers to.
    pub frame_size: [u32; 2],
    /// The frame that `bbox` belongs to.
    pub rtp_timestamp: u32,
    /// When it was seen first.
    pub first_seen: f64,
    /// When it was seen last.
    pub last_seen: f64,
}

/// The alert of an event.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct EventAlert {
    /// The same from its beginning to its end.
    pub id: String,
    /// The rule's name.
    pub rule: String,
    /// `firing` or `resolved`.
    pub state: &'static str,
    /// What is the matter, as a sentence.
    pub words: String,
    /// At which line or in which zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area: Option<String>,
    /// What it is about, where that is one class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Since when it is so.
    pub since: f64,
    /// Until when it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<f64>,
    /// How often it happened, with what is gathered in it.
    pub count: u32,
}

/// What was counted.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct EventFact {
    /// The line or zone.
    pub area: String,
    /// Who, as in track messages.
    pub track_id: u64,
    /// What it is.
    pub class: String,
    /// When it passed over the line, or the visit began.
    pub at: f64,
    /// The frame of that, as the recording has it: 90 kHz ticks.
    pub media_time: String,
    /// Of a crossing: `in` or `out`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<&'static str>,
    /// Of a visit: whether it came in over the edge; otherwise it was seen in the zone first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entered: Option<bool>,
    /// Of a visit that is over: how long it took, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dwell_s: Option<f64>,
    /// Of a visit that is over: `left`, `lost`, or `closed` where the zone was changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<&'static str>,
    /// Of what has the same area, time and track the highest is the truth.
    pub revision: u32,
    /// It turned out to be wrong, and is counted no more.
    pub retracted: bool,
}

/// Where the app shows a moment of a camera (`web/src/pages/playback/moment.ts`).
pub(crate) fn playback_link(
    app: &str,
    camera: CameraId,
    media: Option<MediaTime>,
    wall_us: i64,
) -> String {
    let at = match media.map(MediaTime::as_90k) {
        Some(ticks @ 0..) => format!("90k:{ticks}"),
        _ => format!("{:.3}", wall_us as f64 / 1e6),
    };
    format!("{app}/playback.html?at={at}&camera={camera}")
}

fn by_name<S: Serializer>(kind: &EventKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.name())
}
