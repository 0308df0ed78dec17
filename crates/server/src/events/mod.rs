//! What happens before the cameras, for those outside who are to be told: visits that begin and end,
//! cameras that come and go, how many of what are there.
//!
//! ```text
//! track frames ─► watch (one task per camera) ─► board   what is so now: MQTT's retained topics
//!                                            └─► queues  what happened: MQTT, each webhook
//! ```
//!
//! Nothing here is waited for: a queue that is full gives up its oldest events and counts them. Where
//! nobody is to be told, none of it runs.

mod board;
mod queue;
mod snapshot;
mod watch;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use razz_base::CameraId;

use crate::camera::{Camera, Cameras};
use crate::{mqtt, webhook, wire};
use razz_base::EventKind;
use razz_config::Config;
use razz_observe::clock::Clock;

pub(crate) use self::board::{Board, Row};
pub(crate) use self::queue::Queue;

/// How often it is looked for cameras that were added.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Something that happened.
#[derive(Debug)]
pub(crate) struct Event {
    /// As it is told.
    pub(crate) message: wire::Event,
    /// What it looked like: a JPEG of the object, or of the whole picture.
    pub(crate) snapshot: Option<Bytes>,
}

/// Who is to be told, and what is so now.
struct Hub {
    board: Arc<Board>,
    queues: Vec<Arc<Queue>>,
    /// Whether any of them wants pictures.
    snapshots: bool,
    /// Classes that are counted from the start; where there are none, those that were seen.
    classes: Vec<String>,
    clock: Clock,
}

impl Hub {
    fn tell(&self, event: Event) {
        let event = Arc::new(event);
        for queue in &self.queues {
            queue.push(Arc::clone(&event));
        }
    }
}

/// Those who are told, as they run.
#[derive(Clone, Default)]
pub(crate) struct Events {
    queues: Vec<Arc<Queue>>,
    /// To be waited for at the end: the broker is told.
    farewell: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Events {
    /// Those who are told.
    pub(crate) fn queues(&self) -> &[Arc<Queue>] {
        &self.queues
    }

    /// Nobody is told anything more but, in half a second, that we end.
    pub(crate) async fn stop(&self) {
        self.queues.iter().for_each(|queue| queue.close());
        let farewell = self.farewell.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(farewell) = farewell {
            let _ = tokio::task::spawn_blocking(move || farewell.join()).await;
        }
    }
}

/// Starts telling those whom `config` names; where it names nobody, nothing is begun. `wanted` are
/// the cameras of the settings in force.
///
/// # Errors
/// Where somebody cannot be told for a reason that no time will cure.
pub(crate) fn start(
    config: &Config,
    cameras: &Arc<Cameras>,
    wanted: impl Fn() -> Vec<CameraId> + Send + 'static,
    clock: Clock,
) -> Result<Events, String> {
    let mut events = Events::default();
    let board = Arc::<Board>::default();
    if let Some(settings) = &config.mqtt {
        let queue = Queue::new("mqtt".to_owned(), EventKind::ALL.map(|(_, kind)| kind).to_vec());
        events.queues.push(Arc::clone(&queue));
        let thread = mqtt::start(settings.clone(), queue, Arc::clone(&board))?;
        events.farewell = Arc::new(Mutex::new(Some(thread)));
    }
    for (n, settings) in (1..).zip(&config.webhooks) {
        // Not the address, which may be secret.
        let queue = Queue::new(format!("webhook{n}"), settings.events.clone());
        events.queues.push(Arc::clone(&queue));
        webhook::start(settings.clone(), queue, clock)?;
    }
    if !events.queues.is_empty() {
        let hub = Hub {
            board,
            queues: events.queues.clone(),
            snapshots: config.mqtt.as_ref().is_some_and(|mqtt| mqtt.snapshots)
                || config.webhooks.iter().any(|webhook| webhook.snapshots),
            classes: config.detector.classes.clone(),
            clock,
        };
        tokio::spawn(follow(Arc::new(hub), Arc::clone(cameras), wanted));
    }
    Ok(events)
}

/// Watches the cameras that `wanted` names, for ever.
async fn follow(hub: Arc<Hub>, cameras: Arc<Cameras>, wanted: impl Fn() -> Vec<CameraId> + Send) {
    let mut known: HashMap<CameraId, Weak<Camera>> = HashMap::new();
    loop {
        let wanted = wanted();
        for id in &wanted {
            let Some(camera) = cameras.find(*id) else { continue };
            let same = known.get(id).is_some_and(|known| known.as_ptr() == Arc::as_ptr(&camera));
            if !same {
                known.insert(*id, Arc::downgrade(&camera));
                tokio::spawn(watch::watch(camera, Arc::clone(&hub)));
            }
        }
        known.retain(|id, _| wanted.contains(id));
        hub.board.keep(&wanted);
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
