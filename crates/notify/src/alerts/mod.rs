//! Alerts as events: what rules found, told by the ways that each rule names.
//!
//! ```text
//! hub: alerts ─► follow ─┬─► MQTT, webhooks   that it fires, and that it is over
//!                        └─► channels         that it fires
//! ```

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use razz_alert::{Alert, EventKind as Became, Rule, State, When};
use razz_base::{EventKind, FrameKey};
use razz_config::Channel;
use razz_hub::alerts::AlertNews;
use razz_observe::clock::Clock;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tracing::warn;

use crate::PictureSource;
use crate::events::{Event, Queue, jpeg};
use crate::message::{EventAlert, Message, playback_link};

/// Most alerts of which it is remembered who was told that they fire.
const MAX_OPEN: usize = 4096;

/// A way that alerts go.
pub(crate) struct Route {
    pub(crate) channel: Channel,
    pub(crate) queue: Arc<Queue>,
    pub(crate) wants_pictures: bool,
}

impl Route {
    /// Whether it is told that an alert is over.
    fn keeps_state(&self) -> bool {
        matches!(self.channel, Channel::Mqtt | Channel::Webhook)
    }
}

/// Tells alerts.
pub(crate) struct Teller {
    routes: Vec<Route>,
    pictures: Arc<dyn PictureSource>,
    link: Option<String>,
    clock: Clock,
    open: Open,
}

impl Teller {
    /// `rules` are those in force before anything is heard; `link` is where people reach the app.
    pub(crate) fn new(
        routes: Vec<Route>,
        pictures: Arc<dyn PictureSource>,
        link: Option<String>,
        rules: &[Rule],
        clock: Clock,
    ) -> Self {
        let open = Open::new(rules, clock.wall_us());
        Self { routes, pictures, link, clock, open }
    }

    /// Tells what comes, for ever.
    pub(crate) async fn follow(mut self, mut news: Receiver<Arc<AlertNews>>) {
        loop {
            match news.recv().await {
                Ok(news) => self.handle(&news).await,
                Err(RecvError::Lagged(missed)) => warn!("{missed} alerts came too fast to be told"),
                Err(RecvError::Closed) => return,
            }
        }
    }

    async fn handle(&mut self, news: &AlertNews) {
        let (kind, ways) = match news.kind {
            Became::Fired | Became::Summary if !news.send.is_empty() => {
                self.open.note(news);
                (EventKind::AlertFiring, news.send.clone())
            }
            Became::Resolved => (EventKind::AlertResolved, self.open.close(&news.alert)),
            _ => return,
        };
        let is_over = kind == EventKind::AlertResolved;
        let is_told = |route: &&Route| {
            ways.iter().any(|way| way == route.channel.name()) && (!is_over || route.keeps_state())
        };
        let routes: Vec<&Route> = self.routes.iter().filter(is_told).collect();
        if routes.is_empty() {
            return;
        }
        let wants_picture = !is_over && routes.iter().any(|route| route.wants_pictures);
        let snapshot = if wants_picture { self.snapshot(&news.alert).await } else { None };
        let message = self.message(kind, news);
        // Pictures take room in queues: who sends none gets none.
        let plain = Arc::new(Event { message: message.clone(), snapshot: None });
        let event = Arc::new(Event { message, snapshot });
        for route in routes {
            route.queue.push(Arc::clone(if route.wants_pictures { &event } else { &plain }));
        }
    }

    fn message(&self, kind: EventKind, news: &AlertNews) -> Message {
        let alert = &news.alert;
        let told = match kind {
            EventKind::AlertResolved => format!("end-{}", alert.until_us.unwrap_or_default()),
            _ => alert.sends.to_string(),
        };
        Message {
            id: format!("{}-{told}", alert.id),
            kind,
            timestamp: self.clock.wall_us() as f64 / 1e6,
            camera_id: alert.camera.as_u32(),
            camera_name: news.camera_name.clone(),
            track: None,
            alert: Some(EventAlert {
                id: alert.id.to_string(),
                rule: alert.rule.to_string(),
                state: alert.state.as_str(),
                words: news.words.clone(),
                area: alert.area.as_deref().map(str::to_owned),
                class: alert.class.as_deref().map(str::to_owned),
                since: alert.since_us as f64 / 1e6,
                until: alert.until_us.map(|us| us as f64 / 1e6),
                count: alert.count,
            }),
            fact: None,
            link: self
                .link
                .as_deref()
                .map(|app| playback_link(app, alert.camera, alert.since_media, alert.since_us)),
            error: None,
        }
    }

    /// The picture in which it began; where that is gone already, the newest.
    async fn snapshot(&self, alert: &Alert) -> Option<Bytes> {
        if alert.when == When::CameraOffline {
            return None; // what it showed before is no picture of that
        }
        let began = alert.since_media.map(|time| FrameKey { camera: alert.camera, time });
        let picture = began.and_then(|frame| self.pictures.of(frame));
        let picture = picture.or_else(|| self.pictures.newest(alert.camera))?;
        let jpeg = tokio::task::spawn_blocking(move || jpeg(picture, None));
        jpeg.await.ok().flatten()
    }
}

/// Who was told that an alert fires, and so is told that it is over.
struct Open {
    ways: HashMap<Arc<str>, Vec<String>>,
    /// Their ids, the oldest first; some may be closed.
    order: VecDeque<Arc<str>>,
    /// Of alerts from before the start: the ways of each rule.
    rules: HashMap<Arc<str>, Vec<String>>,
    started_us: i64,
}

impl Open {
    fn new(rules: &[Rule], started_us: i64) -> Self {
        let ways = rules.iter().map(|rule| (rule.name.as_str().into(), rule.notify.clone()));
        Self { ways: HashMap::new(), order: VecDeque::new(), rules: ways.collect(), started_us }
    }

    /// It was sent.
    fn note(&mut self, news: &AlertNews) {
        // A summary may be of an alert that is over, which was told before.
        if news.alert.state == State::Resolved && news.kind == Became::Summary {
            return;
        }
        let id = &news.alert.id;
        if self.ways.insert(Arc::clone(id), news.send.clone()).is_none() {
            self.order.push_back(Arc::clone(id));
        }
        if self.order.len() > MAX_OPEN
            && let Some(oldest) = self.order.pop_front()
        {
            self.ways.remove(&oldest);
        }
    }

    /// It is over: the ways by which it was sent.
    fn close(&mut self, alert: &Alert) -> Vec<String> {
        if let Some(ways) = self.ways.remove(&alert.id) {
            self.order.retain(|id| *id != alert.id);
            return ways;
        }
        let is_older = alert.sends > 0 && alert.since_us < self.started_us;
        let ways = is_older.then(|| self.rules.get(&alert.rule)).flatten();
        ways.cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
