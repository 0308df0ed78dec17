//! MQTT: what happens before the cameras, told to a broker.
//!
//! A thread of its own, with a runtime of its own, so that a broker that hangs, is gone or answers
//! nonsense costs video nothing. What *is* stands in retained topics (`topics`, and `discovery` for Home
//! Assistant): it is compared with what the broker was told last, at most twice a second, and told whole
//! on every connection; what stands there and is no more is taken back (`leftovers`). What *happens*
//! waits in a bounded [`Queue`] until the broker has acknowledged it (QoS 1, so that an event may come
//! twice and carries an id).

mod areas;
mod connection;
mod discovery;
mod ids;
mod leftovers;
mod retained;
mod topics;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bytes::Bytes;
use rumqttc::{AsyncClient, EventLoop, PublishOptions, QoS, SubscribeFilter};
use tokio::sync::mpsc;
use tracing::{info, warn};

use self::areas::Areas;
pub use self::connection::check_authorities;
use self::connection::{Link, connect, options};
use self::leftovers::Leftovers;
use crate::events::{Event, Queue, Snapshot, Summary};
use razz_config as config;
use razz_hub::facts::Facts;

/// How often waiting events are looked for.
const TICK: Duration = Duration::from_millis(100);
/// Retained topics are compared on every so-manieth tick: no topic changes more often than that.
const COMPARE_EVERY: u32 = 5;
/// Messages that may wait for their acknowledgement. More: faster where the broker is far away.
const WINDOW: usize = 32;
/// So many connections in a row may end between the wish to read and the broker's answer, before no more
/// is read: some brokers hang up on who may only write.
const READ_TRIES: u32 = 3;
/// So long the broker may take to be told that we end.
const FAREWELL: Duration = Duration::from_millis(500);

/// Starts the thread. It ends soon after the queue is closed.
///
/// # Errors
/// Where the certificates cannot be read, or the system gives no thread.
pub(crate) fn start(
    settings: config::Mqtt,
    queue: Arc<Queue>,
    summary: Arc<Summary>,
    facts: Arc<Facts>,
) -> Result<JoinHandle<()>, String> {
    let options = options(&settings)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("MQTT cannot be started: {error}"))?;
    thread::Builder::new()
        .name("mqtt".to_owned())
        .spawn(move || {
            let (client, events) = AsyncClient::builder(options).capacity(2 * WINDOW).build();
            let publisher = Publisher {
                settings,
                queue,
                summary,
                client,
                up: false,
                said: false,
                told: BTreeMap::new(),
                leftovers: Leftovers::default(),
                areas: Areas::new(facts),
                reading: Reading::default(),
                window: VecDeque::new(),
            };
            runtime.block_on(publisher.run(events));
        })
        .map_err(|error| format!("MQTT cannot be started: {error}"))
}

/// Decides what goes out.
struct Publisher {
    settings: config::Mqtt,
    queue: Arc<Queue>,
    summary: Arc<Summary>,
    client: AsyncClient,
    up: bool,
    /// Whether the log has it that the broker cannot be reached.
    said: bool,
    /// What the broker was told on this connection, by topic.
    told: BTreeMap<String, Bytes>,
    /// What the broker was told on others.
    leftovers: Leftovers,
    areas: Areas,
    reading: Reading,
    /// Messages that are not acknowledged yet, in the order in which they were handed over.
    window: VecDeque<Waiting>,
}

/// How it stands with reading at the broker.
#[derive(Default)]
struct Reading {
    /// On this connection it was asked for.
    asked: bool,
    /// On this connection it was answered.
    answered: bool,
    /// Connections in a row that ended in between.
    broken: u32,
}

struct Waiting {
    /// Once it is out.
    number: Option<u16>,
    /// To be told again when the connection breaks. What is retained is told again in any case.
    event: Option<Arc<Event>>,
}

impl Publisher {
    async fn run(mut self, events: EventLoop) {
        let (links, mut news) = mpsc::unbounded_channel();
        let connection = tokio::spawn(connect(events, links));
        let mut tick = tokio::time::interval(TICK);
        let mut ticks: u32 = 0;
        while !self.queue.is_closed() {
            tokio::select! {
                Some(link) = news.recv() => self.handle(link),
                _ = tick.tick() => {
                    ticks = ticks.wrapping_add(1);
                    if self.up && ticks.is_multiple_of(COMPARE_EVERY) {
                        self.tell_state();
                    }
                    self.tell_events();
                }
            }
        }
        // An orderly end sends no last will, so it is said here.
        if self.up && self.publish(topics::status(&self.settings), true, "offline".into(), None) {
            let acknowledged = async {
                while !self.window.is_empty()
                    && let Some(link) = news.recv().await
                {
                    self.handle(link);
                }
            };
            let _ = tokio::time::timeout(FAREWELL, acknowledged).await;
            let _ = self.client.try_disconnect();
            let _ = tokio::time::timeout(TICK, connection).await;
        }
    }

    fn handle(&mut self, link: Link) {
        let tally = &self.queue.tally;
        match link {
            Link::Up => {
                info!("MQTT: {}:{} answers", self.settings.host, self.settings.port);
                tally.up.store(true, Ordering::Relaxed);
                (self.up, self.said) = (true, false);
                self.told.clear();
                self.leftovers = Leftovers::default();
                (self.reading.asked, self.reading.answered) = (false, false);
                self.tell_state();
            }
            Link::Down(why) => {
                tally.up.store(false, Ordering::Relaxed);
                tally.failures.fetch_add(1, Ordering::Relaxed);
                if !self.said {
                    let config::Mqtt { host, port, .. } = &self.settings;
                    warn!("MQTT: {host}:{port} cannot be reached: {why}; it is tried again");
                    self.said = true;
                }
                if self.up && self.reading.asked && !self.reading.answered {
                    self.reading.broken += 1;
                    if self.reading.broken == READ_TRIES {
                        info!(
                            "MQTT: the broker hangs up when razz wants to read its own topics; what \
                               is left there from before stays"
                        );
                    }
                }
                self.up = false;
                for waiting in self.window.drain(..).rev() {
                    if let Some(event) = waiting.event {
                        self.queue.push_front(event);
                    }
                }
            }
            Link::Sent(number) => {
                if let Some(first) = self.window.iter_mut().find(|w| w.number.is_none()) {
                    first.number = Some(number);
                }
            }
            Link::Listening => (self.reading.answered, self.reading.broken) = (true, 0),
            Link::Heard(topic, payload) => {
                self.leftovers.handle(&self.settings, &topic, &payload);
            }
            Link::Acked(number) => {
                let at = self.window.iter().position(|w| w.number == Some(number));
                if let Some(waiting) = at.and_then(|at| self.window.remove(at))
                    && waiting.event.is_some()
                {
                    tally.delivered.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }

    /// Tells what is so now where it differs from what was told, and takes back what is no more.
    fn tell_state(&mut self) {
        let snapshot = self.summary.read();
        self.listen(&snapshot);
        self.areas.look(&snapshot.rows);
        let counts = self.leftovers.counts();
        let wanted = retained::all(&self.settings, &snapshot.rows, counts, &self.areas);
        let server = discovery::server_topic(&self.settings);
        let first = server.and_then(|topic| wanted.get_key_value(&topic));
        for (topic, payload) in first.into_iter().chain(&wanted) {
            if self.told.get(topic) != Some(payload) {
                if !self.publish(topic.clone(), true, payload.clone(), None) {
                    return; // the rest the next time
                }
                self.told.insert(topic.clone(), payload.clone());
            }
        }
        let before = self.leftovers.gone(&self.settings, &snapshot, &self.areas, &wanted);
        let told = self.told.keys().filter(|topic| !wanted.contains_key(*topic)).cloned();
        let gone: BTreeSet<_> = told.chain(before).collect();
        for topic in gone {
            // An empty message takes a retained one away (MQTT 3.1.1 section 3.3.1.3).
            if !self.publish(topic.clone(), true, Bytes::new(), None) {
                return;
            }
            self.told.remove(&topic);
            self.leftovers.forget(&topic);
        }
    }

    /// Asks for what the broker still has from before. Where it does not let us read, nothing comes.
    fn listen(&mut self, snapshot: &Snapshot) {
        if self.reading.broken >= READ_TRIES {
            return;
        }
        let filter = |path| SubscribeFilter::new(path, QoS::AtMostOnce);
        if !self.reading.asked {
            let filters = Leftovers::filters(&self.settings).map(filter);
            self.reading.asked = self.client.try_subscribe_many(filters).is_ok();
        }
        let fresh = self.leftovers.unlistened(&self.settings, snapshot);
        if fresh.is_empty() {
            return;
        }
        let (cameras, filters): (Vec<_>, Vec<_>) = fresh.into_iter().unzip();
        if self.client.try_subscribe_many(filters.into_iter().map(filter)).is_ok() {
            self.leftovers.listen(cameras);
        }
    }

    fn tell_events(&mut self) {
        // A picture and its event.
        while self.up && self.window.len() + 2 <= WINDOW {
            let Some(event) = self.queue.pop() else { return };
            let message = &event.message;
            let camera = message.camera_id;
            let mut told = serde_json::json!(message);
            let topic = topics::event_snapshot(&self.settings, message);
            if let (Some(jpeg), Some(topic), true) =
                (&event.snapshot, topic, self.settings.snapshots)
            {
                told["snapshot_topic"] = topic.clone().into();
                self.publish(topic, false, jpeg.clone(), None);
            }
            let topic = topics::event(&self.settings, camera);
            let payload = Bytes::from(told.to_string());
            if !self.publish(topic, false, payload, Some(Arc::clone(&event))) {
                self.queue.push_front(event);
                return;
            }
        }
    }

    /// Hands a message over; false where too many wait.
    fn publish(
        &mut self,
        topic: String,
        retain: bool,
        payload: Bytes,
        event: Option<Arc<Event>>,
    ) -> bool {
        if self.window.len() >= WINDOW {
            return false;
        }
        let options = PublishOptions::new(QoS::AtLeastOnce).retain(retain);
        let handed = self.client.try_publish(topic, payload, options);
        if handed.is_ok() {
            self.window.push_back(Waiting { number: None, event });
        }
        handed.is_ok()
    }
}
