//! What happens before the cameras, told to those outside who subscribe: an MQTT broker, webhooks, and
//! people by mail and on their phones.
//!
//! `events` makes visits and changes of state out of track frames, `alerts` events out of what rules find;
//! [`mqtt`], `webhook` and `channels` deliver them, all but MQTT by `delivery`. Each delivery has a bounded queue of its own and a thread of its own, so that a broker or an
//! address that hangs costs nothing but its own events.

mod alerts;
mod channels;
mod delivery;
mod events;
pub mod message;
pub mod mqtt;
#[cfg(test)]
mod testing;
mod webhook;

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use razz_base::{CameraId, EventKind, FrameKey};
use razz_config::{Channel, Config};
use razz_hub::Cameras;
use razz_hub::alerts::Alerts;
use razz_hub::facts::Facts;
use razz_observe::clock::Clock;
use razz_vision::Picture;

use crate::alerts::{Route, Teller};
use crate::delivery::{PATIENCE, Receiver};
use crate::events::{Counted, Subscribers, Summary};
pub use crate::events::{Event, Queue};

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
/// the cameras of the settings in force, `facts` is where what is counted is published, and `alerts`
/// where it is what rules find.
///
/// # Errors
/// Where somebody cannot be told for a reason that no time will cure.
pub fn start(
    config: &Config,
    cameras: &Arc<Cameras>,
    wanted: impl Fn() -> Vec<CameraId> + Send + 'static,
    pictures: Arc<dyn PictureSource>,
    facts: Arc<Facts>,
    alerts: Arc<Alerts>,
    clock: Clock,
) -> Result<Events, String> {
    let mut events = Events::default();
    let mut routes = Vec::new();
    let counted = facts.listen();
    let summary = Arc::<Summary>::default();
    if let Some(settings) = &config.mqtt {
        let queue = Queue::new("mqtt".to_owned(), EventKind::ALL.map(|(_, kind)| kind).to_vec());
        routes.push(Route {
            channel: Channel::Mqtt,
            queue: Arc::clone(&queue),
            wants_pictures: settings.snapshots,
        });
        let thread = mqtt::start(settings.clone(), queue, Arc::clone(&summary), facts)?;
        events.farewell = Arc::new(Mutex::new(Some(thread)));
    }
    for (n, settings) in (1..).zip(&config.webhooks) {
        // Not the address, which may be secret.
        let queue = Queue::new(format!("webhook{n}"), settings.events.clone());
        let hook = webhook::Hook::new(settings.clone(), clock, PATIENCE.answer);
        delivery::start(hook, Arc::clone(&queue))?;
        let wants_pictures = settings.snapshots;
        routes.push(Route { channel: Channel::Webhook, queue, wants_pictures });
    }
    start_channels(&config.alert, &mut routes)?;
    events.queues = routes.iter().map(|route| Arc::clone(&route.queue)).collect();
    if !routes.is_empty() {
        let link = config.alert.link.clone();
        let teller = Teller::new(routes, Arc::clone(&pictures), link, &config.rules, clock);
        tokio::spawn(teller.follow(alerts.listen()));
    }
    let of_facts = [EventKind::LineCrossed, EventKind::ZoneEntered, EventKind::ZoneLeft];
    let wants_facts = events.queues.iter().filter(|queue| queue.wants(&of_facts));
    let queues: Vec<_> = wants_facts.cloned().collect();
    if !queues.is_empty() {
        let (cameras, link) = (Arc::clone(cameras), config.alert.link.clone());
        tokio::spawn(Counted { queues, cameras, link, clock }.follow(counted));
    }
    if config.mqtt.is_some() || !config.webhooks.is_empty() {
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

/// Starts telling people.
fn start_channels(settings: &razz_config::Alert, routes: &mut Vec<Route>) -> Result<(), String> {
    let answer = PATIENCE.answer;
    if let Some(mail) = &settings.mail {
        let mail = channels::Mail::new(mail, answer)?;
        routes.push(route(Channel::Mail, false, mail)?);
    }
    if let Some(ntfy) = settings.ntfy.clone() {
        let wants_pictures = ntfy.snapshots;
        let ntfy = channels::Ntfy::new(ntfy, answer);
        routes.push(route(Channel::Ntfy, wants_pictures, ntfy)?);
    }
    if let Some(telegram) = settings.telegram.clone() {
        let wants_pictures = telegram.snapshots;
        let telegram = channels::Telegram::new(telegram, answer);
        routes.push(route(Channel::Telegram, wants_pictures, telegram)?);
    }
    if let Some(apprise) = settings.apprise.clone() {
        let apprise = channels::Apprise::new(apprise, answer);
        routes.push(route(Channel::Apprise, false, apprise)?);
    }
    Ok(())
}

/// A way to people, with a thread and a queue that takes nothing but alerts.
fn route(channel: Channel, wants_pictures: bool, receiver: impl Receiver) -> Result<Route, String> {
    let queue = Queue::new(channel.name().to_owned(), vec![EventKind::AlertFiring]);
    delivery::start(receiver, Arc::clone(&queue))?;
    Ok(Route { channel, queue, wants_pictures })
}
