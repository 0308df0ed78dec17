//! What is told of a camera as it happens, to MQTT and to webhooks: one JSON object an event.

use razz_base::EventKind;
use serde::{Serialize, Serializer};

/// An event. Times are UNIX seconds.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(crate) struct Event {
    /// Names the event: one that is delivered twice has the same.
    pub(crate) id: String,
    /// What happened.
    #[serde(rename = "type", serialize_with = "by_name")]
    pub(crate) kind: EventKind,
    /// When: of a track, the wall time of the frame on which it was seen last.
    pub(crate) timestamp: f64,
    /// Where.
    pub(crate) camera_id: u32,
    /// What people call it.
    pub(crate) camera_name: String,
    /// Of track events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) track: Option<EventTrack>,
    /// Why a camera is offline, without credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
}

/// The track of an event.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(crate) struct EventTrack {
    /// As in every track message.
    pub(crate) track_id: u64,
    /// The class by its name.
    pub(crate) class: String,
    /// The best score so far, 0 to 1.
    pub(crate) confidence: f64,
    /// Where it was seen last: left, top, right, bottom in pixels of `frame_size`.
    pub(crate) bbox: [f64; 4],
    /// Width and height that `bbox` refers to.
    pub(crate) frame_size: [u32; 2],
    /// The frame that `bbox` belongs to.
    pub(crate) rtp_timestamp: u32,
    /// When it was seen first.
    pub(crate) first_seen: f64,
    /// When it was seen last.
    pub(crate) last_seen: f64,
}

fn by_name<S: Serializer>(kind: &EventKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.name())
}
