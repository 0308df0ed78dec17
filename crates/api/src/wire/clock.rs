//! The little exchange by which a WebSocket client learns the clock offset.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Number;
use ts_rs::TS;

use super::round::round;

/// `{"ping": t}`: what a client may send.
#[derive(Clone, PartialEq, Debug, Deserialize, TS, JsonSchema)]
#[ts(export_to = "Ping.ts")]
pub struct Ping {
    /// Any number; it comes back as it is.
    #[ts(type = "number")]
    pub ping: Number,
}

/// The answer to `{"ping": t}`.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "Pong.ts")]
pub(super) struct Pong {
    /// What the ping held.
    #[ts(type = "number")]
    pub pong: Number,
    /// UNIX seconds.
    pub server_time: f64,
}

impl Ping {
    /// Reads a text message; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The answer as JSON. `now_us` is UTC in microseconds since 1970.
    pub fn answer(self, now_us: i64) -> String {
        let pong = Pong { pong: self.ping, server_time: round(now_us as f64 / 1e6, 6) };
        serde_json::to_string(&pong).expect("numbers always serialise")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ping_is_answered_with_its_own_number() {
        for (text, answer) in [
            (r#"{"ping": 12}"#, Some(r#"{"pong":12,"server_time":1699545321.5}"#)),
            (r#"{"ping": 12.25}"#, Some(r#"{"pong":12.25,"server_time":1699545321.5}"#)),
            (r#"{"ping":-1,"more":true}"#, Some(r#"{"pong":-1,"server_time":1699545321.5}"#)),
            (r#"{"ping": "x"}"#, None),
            (r#"{"ping": 1e999}"#, None),
            (r#"{"pong": 1}"#, None),
            ("ping", None),
            ("", None),
        ] {
            let answered = Ping::parse(text).map(|ping| ping.answer(1_699_545_321_500_000));
            assert_eq!(answered.as_deref(), answer, "{text}");
        }
    }
}
