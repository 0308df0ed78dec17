//! How one receiver is told: a thread that takes events out of its [`Queue`], tries each until it is taken,
//! refused or given up, and counts what became of it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use tracing::{debug, warn};
use ureq::Agent;
use ureq::http::Response;

use crate::events::{Event, Queue};
use razz_base::Backoff;
use razz_observe::http_client::client;

/// How hard a receiver is tried.
#[derive(Clone, Copy)]
pub(crate) struct Patience {
    /// For one answer.
    pub(crate) answer: Duration,
    /// Tries of one event. The pauses between them double from a quarter of a second to half a
    /// minute, so that ten are about two minutes.
    pub(crate) tries: u32,
}

pub(crate) const PATIENCE: Patience = Patience { answer: Duration::from_secs(10), tries: 10 };

/// How a try went. What it says goes to the log, so it names no address, which may be secret.
#[derive(Debug)]
pub(crate) enum Outcome {
    Delivered,
    /// Worth another try.
    Failed(String),
    /// The receiver does not want it.
    Refused(u16),
}

/// Takes events: an address, or a server that passes them on.
pub(crate) trait Receiver: Send + 'static {
    /// Tells it, once.
    fn send(&self, event: &Event) -> Outcome;
}

/// Starts the thread. It ends soon after the queue is closed.
///
/// # Errors
/// Where the system gives no thread.
pub(crate) fn start(receiver: impl Receiver, queue: Arc<Queue>) -> Result<(), String> {
    let name = queue.name.clone();
    thread::Builder::new()
        .name(name.clone())
        .spawn(move || run(&receiver, &queue, PATIENCE.tries))
        .map_err(|error| format!("{name} cannot be started: {error}"))?;
    Ok(())
}

/// Tells what comes, until the queue is closed.
pub(crate) fn run(receiver: &impl Receiver, queue: &Queue, tries: u32) {
    let mut backoff = Backoff::new(rand::random());
    while let Some(event) = queue.wait() {
        deliver(receiver, queue, tries, &mut backoff, &event);
    }
}

/// Tries until it is delivered, refused, or given up.
fn deliver(
    receiver: &impl Receiver,
    queue: &Queue,
    tries: u32,
    backoff: &mut Backoff,
    event: &Event,
) {
    let (name, tally) = (&queue.name, &queue.tally);
    for tried in 1..=tries {
        let outcome = receiver.send(event);
        tally.up.store(matches!(outcome, Outcome::Delivered), Ordering::Relaxed);
        match outcome {
            Outcome::Delivered => {
                tally.delivered.fetch_add(1, Ordering::Relaxed);
                backoff.reset();
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
                if tried < tries && queue.pause(backoff.next_pause()) {
                    return;
                }
            }
        }
    }
    tally.dropped.fetch_add(1, Ordering::Relaxed);
}

/// What asks receivers by HTTP.
pub(crate) fn agent(answer: Duration) -> Agent {
    client()
        // Nobody else is handed what was meant for this address.
        .max_redirects(0)
        .timeout_global(Some(answer))
        .build()
        .new_agent()
}

/// What an answer by HTTP means.
pub(crate) fn outcome<T>(answer: Result<Response<T>, ureq::Error>) -> Outcome {
    match answer {
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
