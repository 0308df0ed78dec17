//! What happens before the cameras, told to those outside who subscribe: an MQTT broker, webhooks.
//!
//! `events` makes visits and changes of state out of track frames; [`mqtt`] and `webhook` deliver
//! them. Each delivery has a bounded queue of its own and a thread of its own, so that a broker or an
//! address that hangs costs nothing but its own events.

mod events;
pub mod message;
pub mod mqtt;
mod webhook;

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use razz_base::{CameraId, EventKind, FrameKey};
use razz_config::Config;
use razz_hub::Cameras;
use razz_observe::clock::Clock;
use razz_vision::Picture;

pub use crate::events::{Event, Queue};
use crate::events::{Subscribers, Summary};

/// Where pictures of what comes are taken from.
pub trait PictureSource: Send + Sync {
    /// The picture of this very frame, if it is one of the newest.
    fn of(&self, frame: FrameKey) -> Option<Picture>;
    /// The newest picture of a camera.
    fn newest(&self, camera: CameraId) -> Option<Picture>;
}

/// Those who are told, as they run.
#[derive(Clone, Default)]
pub struct Events {
    queues: Vec<Arc<Queue>>,
    /// To be waited for at the end: the broker is told.
    farewell: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Events {
    /// Those who are told.
    pub fn queues(&self) -> &[Arc<Queue>] {
        &self.queues
    }

    /// Nobody is told anything more but, in half a second, that we end.
    pub async fn stop(&self) {
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
pub fn start(
    config: &Config,
    cameras: &Arc<Cameras>,
    wanted: impl Fn() -> Vec<CameraId> + Send + 'static,
    pictures: Arc<dyn PictureSource>,
    clock: Clock,
) -> Result<Events, String> {
    let mut events = Events::default();
    let summary = Arc::<Summary>::default();
    if let Some(settings) = &config.mqtt {
        let queue = Queue::new("mqtt".to_owned(), EventKind::ALL.map(|(_, kind)| kind).to_vec());
        events.queues.push(Arc::clone(&queue));
        let thread = mqtt::start(settings.clone(), queue, Arc::clone(&summary))?;
        events.farewell = Arc::new(Mutex::new(Some(thread)));
    }
    for (n, settings) in (1..).zip(&config.webhooks) {
        // Not the address, which may be secret.
        let queue = Queue::new(format!("webhook{n}"), settings.events.clone());
        events.queues.push(Arc::clone(&queue));
        webhook::start(settings.clone(), queue, clock)?;
    }
    if !events.queues.is_empty() {
        let wants_pictures = config.mqtt.as_ref().is_some_and(|mqtt| mqtt.snapshots)
            || config.webhooks.iter().any(|webhook| webhook.snapshots);
        let subscribers = Subscribers {
            summary,
            queues: events.queues.clone(),
            pictures: wants_pictures.then_some(pictures),
            classes: config.detector.classes.clone(),
            clock,
        };
        tokio::spawn(events::follow(Arc::new(subscribers), Arc::clone(cameras), wanted));
    }
    Ok(events)
}
