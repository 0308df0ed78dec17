//! `GET` of a WHEP session: what became of it, for the player that holds it.

use schemars::JsonSchema;
use serde::Serialize;
use ts_rs::TS;

/// `GET /whep/{camera}/{session}`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "ViewerSession.ts")]
pub struct ViewerSession {
    /// Nothing is sent until the camera's next key frame comes: the path lost too much, or the viewer
    /// was too far behind.
    pub waiting: bool,
    /// How often that was so.
    #[ts(type = "number")]
    pub waits: u64,
    /// GOPs sent again, the first included.
    #[ts(type = "number")]
    pub replays: u64,
    /// Key frames that the viewer asked for.
    #[ts(type = "number")]
    pub keyframe_requests: u64,
}

impl From<razz_delivery::SessionStatus> for ViewerSession {
    fn from(status: razz_delivery::SessionStatus) -> Self {
        let razz_delivery::SessionStatus { waiting, waits, replays, keyframe_requests } = status;
        Self { waiting, waits, replays, keyframe_requests }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_as_the_documentation_says() {
        let session = ViewerSession { waiting: true, waits: 2, replays: 1, keyframe_requests: 3 };
        assert_eq!(
            serde_json::to_string(&session).unwrap(),
            r#"{"waiting":true,"waits":2,"replays":1,"keyframe_requests":3}"#
        );
    }
}
