//! Webhooks: what happens before the cameras, posted to an address.
//!
//! One thread each, so that an address that hangs delays nobody but itself. Events wait in a bounded
//! [`Queue`]; one that cannot be delivered is tried again with growing pauses, then given up.
//!
//! The body is the event as JSON. `X-Razz-Timestamp` is the time of sending in UNIX seconds, and with a
//! secret `X-Razz-Signature` is `sha256=` and the hexadecimal HMAC-SHA256 (RFC 2104) of the timestamp, a
//! full stop and the body: who checks both cannot be fed old messages.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tracing::{debug, warn};
use ureq::Agent;

use crate::events::{Event, Queue};
use razz_base::Backoff;
use razz_config as config;
use razz_observe::clock::Clock;
use razz_observe::http_client::client;

/// How hard an address is tried.
#[derive(Clone, Copy)]
struct Patience {
    /// For one answer.
    answer: Duration,
    /// Tries of one event. The pauses between them double from a quarter of a second to half a
    /// minute, so that ten are about two minutes.
    tries: u32,
}

const PATIENCE: Patience = Patience { answer: Duration::from_secs(10), tries: 10 };

/// Starts the thread. It ends soon after the queue is closed.
///
/// # Errors
/// Where the system gives no thread.
pub(crate) fn start(
    settings: config::Webhook,
    queue: Arc<Queue>,
    clock: Clock,
) -> Result<(), String> {
    let name = queue.name.clone();
    thread::Builder::new()
        .name(name.clone())
        .spawn(move || Hook::new(settings, queue, clock, PATIENCE).run())
        .map_err(|error| format!("{name} cannot be started: {error}"))?;
    Ok(())
}

/// How a try went.
enum Outcome {
    Delivered,
    /// Worth another try.
    Failed(String),
    /// The address does not want it.
    Refused(u16),
}

struct Hook {
    settings: config::Webhook,
    key: Option<hmac::Key>,
    queue: Arc<Queue>,
    agent: Agent,
    clock: Clock,
    patience: Patience,
    backoff: Backoff,
}

impl Hook {
    fn new(settings: config::Webhook, queue: Arc<Queue>, clock: Clock, patience: Patience) -> Self {
        let agent = client()
            // Nobody else is handed what was meant for this address.
            .max_redirects(0)
            .timeout_global(Some(patience.answer))
            .build()
            .new_agent();
        let secret = settings.secret.as_ref();
        let key =
            secret.map(|secret| hmac::Key::new(hmac::HMAC_SHA256, secret.reveal().as_bytes()));
        let backoff = Backoff::new(rand::random());
        Self { settings, key, queue, agent, clock, patience, backoff }
    }

    fn run(mut self) {
        while let Some(event) = self.queue.wait() {
            self.deliver(&event);
        }
    }

    /// Tries until it is delivered, refused, or given up.
    fn deliver(&mut self, event: &Event) {
        let body = self.body(event);
        let name = Arc::clone(&self.queue);
        let (name, tally) = (&name.name, &name.tally);
        for tried in 1..=self.patience.tries {
            let outcome = self.post(event, &body);
            tally.up.store(matches!(outcome, Outcome::Delivered), Ordering::Relaxed);
            match outcome {
                Outcome::Delivered => {
                    tally.delivered.fetch_add(1, Ordering::Relaxed);
                    self.backoff.reset();
                    return;
                }
                Outcome::Refused(status) => {
                    warn!(to = name, "an event is refused with status {status}; it is given up");
                    tally.failures.fetch_add(1, Ordering::Relaxed);
                    break;
                }
                Outcome::Failed(why) => {
                    tally.failures.fetch_add(1, Ordering::Relaxed);
                    if tried == 1 {
                        warn!(to = name, "an event is not delivered: {why}; it is tried again");
                    } else {
                        debug!(to = name, tried, "an event is not delivered: {why}");
                    }
                    if tried < self.patience.tries && self.queue.pause(self.backoff.next_pause()) {
                        return;
                    }
                }
            }
        }
        tally.dropped.fetch_add(1, Ordering::Relaxed);
    }

    fn body(&self, event: &Event) -> String {
        let mut body = serde_json::json!(event.message);
        if let (Some(jpeg), true) = (&event.snapshot, self.settings.snapshots) {
            body["snapshot_jpeg"] = STANDARD.encode(jpeg).into();
        }
        body.to_string()
    }

    fn post(&self, event: &Event, body: &str) -> Outcome {
        let timestamp = (self.clock.wall_us() / 1_000_000).to_string();
        let mut request = self
            .agent
            .post(self.settings.url.reveal())
            .header("content-type", "application/json")
            .header("x-razz-event", event.message.kind.name())
            .header("x-razz-delivery", &event.message.id)
            .header("x-razz-timestamp", &timestamp);
        if let Some(key) = &self.key {
            request = request.header("x-razz-signature", signature(key, &timestamp, body));
        }
        match request.send(body) {
            // The address may stand in the error's words, and may be secret.
            Err(ureq::Error::Timeout(_)) => Outcome::Failed("no answer in time".to_owned()),
            Err(ureq::Error::Io(error)) => Outcome::Failed(error.kind().to_string()),
            Err(ureq::Error::HostNotFound) => Outcome::Failed("host not found".to_owned()),
            Err(ureq::Error::ConnectionFailed) => Outcome::Failed("no connection".to_owned()),
            Err(_) => Outcome::Failed("no connection, or no answer that is HTTP".to_owned()),
            Ok(response) => match response.status().as_u16() {
                200..=299 => Outcome::Delivered,
                status @ (408 | 425 | 429 | 500..) => Outcome::Failed(format!("status {status}")),
                status => Outcome::Refused(status),
            },
        }
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
