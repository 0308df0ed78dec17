//! Webhooks: what happens before the cameras, posted to an address.
//!
//! One thread each, so that an address that hangs delays nobody but itself ([`delivery`](crate::delivery)).
//!
//! The body is the event as JSON. `X-Razz-Timestamp` is the time of sending in UNIX seconds, and with a
//! secret `X-Razz-Signature` is `sha256=` and the hexadecimal HMAC-SHA256 (RFC 2104) of the timestamp, a
//! full stop and the body: who checks both cannot be fed old messages.

#[cfg(test)]
mod tests;

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ureq::Agent;

use crate::delivery::{Outcome, Receiver, agent, outcome};
use crate::events::Event;
use razz_config as config;
use razz_observe::clock::Clock;

/// An address that events are posted to.
pub(crate) struct Hook {
    settings: config::Webhook,
    key: Option<hmac::Key>,
    agent: Agent,
    clock: Clock,
}

impl Hook {
    /// `answer`: how long an answer may take.
    pub(crate) fn new(settings: config::Webhook, clock: Clock, answer: Duration) -> Self {
        let secret = settings.secret.as_ref();
        let key =
            secret.map(|secret| hmac::Key::new(hmac::HMAC_SHA256, secret.reveal().as_bytes()));
        Self { settings, key, agent: agent(answer), clock }
    }

    fn body(&self, event: &Event) -> String {
        let mut body = serde_json::json!(event.message);
        if let (Some(jpeg), true) = (&event.snapshot, self.settings.snapshots) {
            body["snapshot_jpeg"] = STANDARD.encode(jpeg).into();
        }
        body.to_string()
    }
}

impl Receiver for Hook {
    fn send(&self, event: &Event) -> Outcome {
        let body = self.body(event);
        let timestamp = (self.clock.wall_us() / 1_000_000).to_string();
        let mut request = self
            .agent
            .post(self.settings.url.reveal())
            .header("content-type", "application/json")
            .header("x-razz-event", event.message.kind.name())
            .header("x-razz-delivery", &event.message.id)
            .header("x-razz-timestamp", &timestamp);
        if let Some(key) = &self.key {
            request = request.header("x-razz-signature", signature(key, &timestamp, &body));
        }
        outcome(request.send(body.as_str()))
    }
}

/// What `X-Razz-Signature` says.
fn signature(key: &hmac::Key, timestamp: &str, body: &str) -> String {
    let mut context = hmac::Context::with_key(key);
    for part in [timestamp, ".", body] {
        context.update(part.as_bytes());
    }
    format!("sha256={}", base16ct::lower::encode_string(context.sign().as_ref()))
}
