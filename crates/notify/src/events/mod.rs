//! What happens before the cameras, for those outside who are to be told: visits that begin and end,
//! cameras that come and go, how many of what are there, who crosses lines and visits zones.
//!
//! ```text
//! track frames ─► watch (one task per camera) ─► summary   what is so now: MQTT's retained topics
//!                                            └─► queues  what happened: MQTT, each webhook
//! hub: facts   ─► facts ────────────────────────► queues
//! ```
//!
//! Nothing here is waited for: a queue that is full gives up its oldest events and counts them. Where
//! nobody is to be told, none of it runs.

mod facts;
mod queue;
mod snapshot;
mod summary;
mod watch;

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use razz_base::CameraId;

use crate::PictureSource;
use crate::message::Message;
use razz_hub::{Camera, Cameras};
use razz_observe::clock::Clock;

pub(crate) use self::facts::Counted;
pub use self::queue::Queue;
pub(crate) use self::snapshot::jpeg;
pub(crate) use self::summary::{CameraSummary, Snapshot, Summary};

/// Something that happened.
#[derive(Debug)]
pub struct Event {
    /// As it is told.
    pub message: Message,
    /// What it looked like: a JPEG of the object, or of the whole picture.
    pub snapshot: Option<Bytes>,
}

/// Who is to be told, and what is so now.
pub(crate) struct Subscribers {
    pub(crate) summary: Arc<Summary>,
    pub(crate) queues: Vec<Arc<Queue>>,
    /// Where pictures of what comes are taken from, if anybody wants them.
    pub(crate) pictures: Option<Arc<dyn PictureSource>>,
    /// Classes that are counted from the start; where there are none, those that were seen.
    pub(crate) classes: Vec<String>,
    pub(crate) clock: Clock,
}

impl Subscribers {
    fn tell(&self, event: Event) {
        let event = Arc::new(event);
        for queue in &self.queues {
            queue.push(Arc::clone(&event));
        }
    }
}

/// Watches the cameras that `wanted` names, for ever.
pub(crate) async fn follow(
    subscribers: Arc<Subscribers>,
    cameras: Arc<Cameras>,
    wanted: impl Fn() -> Vec<CameraId> + Send,
) {
    let mut known: HashMap<CameraId, Weak<Camera>> = HashMap::new();
    let mut changes = cameras.changes();
    loop {
        let wanted = wanted();
        for id in &wanted {
            let Some(camera) = cameras.find(*id) else { continue };
            let same = known.get(id).is_some_and(|known| known.as_ptr() == Arc::as_ptr(&camera));
            if !same {
                known.insert(*id, Arc::downgrade(&camera));
                tokio::spawn(watch::watch(camera, Arc::clone(&subscribers)));
            }
        }
        known.retain(|id, _| wanted.contains(id));
        subscribers.summary.keep(&wanted);
        if changes.changed().await.is_err() {
            return;
        }
    }
}
