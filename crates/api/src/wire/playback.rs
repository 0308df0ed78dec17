//! Footage of several cameras over one WebSocket.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a client asks for on `/ws/playback`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "PlaybackRequest.ts")]
pub struct PlaybackRequest {
    /// The client's number for it: what is answered has it, too.
    pub id: u32,
    /// The camera; absent where `cancel` is said.
    #[serde(default)]
    #[ts(optional)]
    pub camera_id: Option<u32>,
    /// The first moment: UNIX seconds, or `90k:` and a media time.
    #[serde(default)]
    #[ts(optional)]
    pub from: Option<String>,
    /// Behind the last moment, likewise.
    #[serde(default)]
    #[ts(optional)]
    pub to: Option<String>,
    /// Key pictures alone.
    #[serde(default)]
    #[ts(optional)]
    pub keys: Option<bool>,
    /// What was asked for under this number is no longer wanted.
    #[serde(default)]
    #[ts(optional)]
    pub cancel: Option<bool>,
}

/// What becomes of a request on `/ws/playback`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export_to = "PlaybackState.ts")]
pub enum PlaybackState {
    /// It follows.
    Begin,
    /// All of it was sent.
    End,
    /// Nothing is recorded in that time.
    Nothing,
    /// It cannot be had.
    Failed,
}

/// An answer on `/ws/playback`. The footage itself comes in binary messages: four bytes with the number, big-endian, and
/// a part of what `GET /api/recordings/{camera}/fragments` answers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "PlaybackAnswer.ts")]
pub struct PlaybackAnswer {
    /// The request; null where it could not be understood.
    pub id: Option<u32>,
    /// What becomes of it.
    pub state: PlaybackState,
    /// Media time of the first picture, where it begins.
    pub from: Option<String>,
    /// Media time behind the last one.
    pub until: Option<String>,
    /// Why it failed.
    pub detail: Option<String>,
}

impl PlaybackAnswer {
    /// Of a request, without more to say.
    pub fn new(id: u32, state: PlaybackState) -> Self {
        Self { id: Some(id), state, from: None, until: None, detail: None }
    }

    /// It cannot be had.
    pub fn failed(id: Option<u32>, detail: &str) -> Self {
        let detail = Some(detail.to_owned());
        Self { id, state: PlaybackState::Failed, from: None, until: None, detail }
    }
}
