//! MQTT: what happens before the cameras, told to a broker.
//!
//! A thread of its own, with a runtime of its own, so that a broker that hangs, is gone or answers
//! nonsense costs video nothing. What *is* stands in retained topics (`topics`, and `discovery` for Home
//! Assistant): it is compared with what the broker was told last, at most twice a second, and told whole
//! on every connection; what stands there and is no more is taken back (`leftovers`). What *happens*
//! waits in a bounded [`Queue`] until the broker has acknowledged it (QoS 1, so that an event may come
//! twice and carries an id).

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
use rumqttc::{
    AsyncClient, EventLoop, LastWill, MqttOptions, Outgoing, Packet, PublishOptions, QoS,
    SubscribeFilter, TlsConfiguration, Transport,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::sync::mpsc;
use tracing::{info, warn};

use self::leftovers::Leftovers;
use crate::events::{Event, Queue, Snapshot, Summary};
use razz_base::Backoff;
use razz_config as config;

/// How often waiting events are looked for.
const TICK: Duration = Duration::from_millis(100);
/// Retained topics are compared on every so-manieth tick: no topic changes more often than that.
const COMPARE_EVERY: u32 = 5;
/// Messages that may wait for their acknowledgement. More: faster where the broker is far away.
const WINDOW: usize = 32;
/// A broker that is silent for twice this is gone, and so are we for the broker at 1.5 times it.
const KEEP_ALIVE_S: u16 = 10;
/// Largest packets in and out. What is subscribed to is small, unless somebody else writes there; snapshots
/// are the largest that is sent.
const MAX_PACKET: (usize, usize) = (1 << 20, 1 << 20);
/// So many connections in a row may end between the wish to read and the broker's answer, before no more
/// is read: some brokers hang up on who may only write.
const READ_TRIES: u32 = 3;
/// So long the broker may take to be told that we end.
const FAREWELL: Duration = Duration::from_millis(500);

/// What the connection tells the publisher.
enum Link {
    Up,
    Down(String),
    /// A message went out under this number.
    Sent(u16),
    Acked(u16),
    /// The broker has taken note of what we want to hear, or refused it.
    Listening,
    /// What a topic said before this connection.
    Heard(String, Bytes),
}

/// Starts the thread. It ends soon after the queue is closed.
///
/// # Errors
/// Where the certificates cannot be read, or the system gives no thread.
pub(crate) fn start(
    settings: config::Mqtt,
    queue: Arc<Queue>,
    summary: Arc<Summary>,
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
                reading: Reading::default(),
                window: VecDeque::new(),
            };
            runtime.block_on(publisher.run(events));
        })
        .map_err(|error| format!("MQTT cannot be started: {error}"))
}

fn options(settings: &config::Mqtt) -> Result<MqttOptions, String> {
    // Always the same: the broker ends a connection of ours that it still believes in.
    let client = format!("razz-{}", settings.prefix.replace('/', "-"));
    let mut options = MqttOptions::new(client, (settings.host.clone(), settings.port));
    options.set_keep_alive(KEEP_ALIVE_S);
    options.set_clean_session(true);
    options.set_inflight(2 * WINDOW as u16);
    options.set_max_packet_size(MAX_PACKET.0, MAX_PACKET.1);
    let will = LastWill::new(topics::status(settings), "offline", QoS::AtLeastOnce, true);
    options.set_last_will(will);
    if let Some((username, password)) = &settings.credentials {
        options.set_credentials(username, password.reveal().to_owned());
    }
    if settings.tls {
        options.set_transport(Transport::Tls(tls(settings)?));
    }
    Ok(options)
}

/// Reads the certificates that the broker's may come from, where the settings name any.
///
/// # Errors
/// Says which file cannot be read, or has none in it.
pub fn check_authorities(settings: &config::Mqtt) -> Result<(), String> {
    if settings.tls { tls(settings).map(drop) } else { Ok(()) }
}

fn tls(settings: &config::Mqtt) -> Result<TlsConfiguration, String> {
    let mut roots = rustls::RootCertStore::empty();
    match &settings.ca {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(file) => {
            let wrong = |why: &dyn std::fmt::Display| {
                format!("{} (`ca` of [mqtt]): {why}; name a PEM file", file.display())
            };
            let found = CertificateDer::pem_file_iter(file).map_err(|error| wrong(&error))?;
            for certificate in found {
                let certificate = certificate.map_err(|error| wrong(&error))?;
                roots.add(certificate).map_err(|error| wrong(&error))?;
            }
            if roots.is_empty() {
                return Err(wrong(&"has no certificate"));
            }
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS of [mqtt]: {error}"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConfiguration::Rustls(Arc::new(config)))
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
        let wanted = retained::all(&self.settings, &snapshot.rows, self.leftovers.counts());
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
        let before = self.leftovers.gone(&self.settings, &snapshot, &wanted);
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
            if let (Some(jpeg), Some(track), true) =
                (&event.snapshot, &message.track, self.settings.snapshots)
            {
                let topic = topics::event_snapshot(&self.settings, camera, track.track_id);
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

/// Keeps up the connection, for ever, with pauses that grow while it fails.
async fn connect(mut events: EventLoop, links: mpsc::UnboundedSender<Link>) {
    let mut backoff = Backoff::new(rand::random());
    loop {
        let link = match events.poll().await {
            Ok(rumqttc::Event::Incoming(Packet::ConnAck(_))) => {
                backoff.reset();
                Link::Up
            }
            Ok(rumqttc::Event::Incoming(Packet::PubAck(ack))) => Link::Acked(ack.pkid),
            Ok(rumqttc::Event::Incoming(Packet::SubAck(_))) => Link::Listening,
            // Our own come back as well, but not as retained ones (MQTT 3.1.1 section 3.3.1.3).
            Ok(rumqttc::Event::Incoming(Packet::Publish(heard))) if heard.retain => {
                let Ok(topic) = std::str::from_utf8(&heard.topic) else { continue };
                Link::Heard(topic.to_owned(), heard.payload)
            }
            Ok(rumqttc::Event::Outgoing(Outgoing::Publish(number))) => Link::Sent(number),
            Ok(rumqttc::Event::Outgoing(Outgoing::Disconnect)) => return,
            Ok(_) => continue,
            Err(error) => {
                // Before the pause: what was under way goes back into the queue at once.
                if links.send(Link::Down(error.to_string())).is_err() {
                    return;
                }
                tokio::time::sleep(backoff.next_pause()).await;
                // By now the publisher has taken back all that it handed over.
                events.clean();
                events.reset_session_state();
                continue;
            }
        };
        if links.send(link).is_err() {
            return; // the publisher is gone
        }
    }
}
