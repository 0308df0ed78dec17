//! The thread that looks.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::tz::TimeZone;
use razz_alert::{Alert, Alerts, Event, EventKind, Occasion, When};
use razz_base::{CameraId, CameraState, DetectRate, RecordMode};
use razz_engine::presence::{Change, Presence, PresenceSettings};
use razz_hub::alerts::AlertNews;
use razz_hub::facts::News;
use razz_hub::tracks::{Frames, Subscription};
use razz_hub::{Camera, Cameras, Policy, lock};
use tokio::sync::broadcast::error::RecvError;
use tracing::{error, warn};

use crate::{Inbox, InboxError, Shared, occasions};

/// How often cameras are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Where looking goes on is kept so often at least, in µs.
const KEEP_US: i64 = 10_000_000;
/// Alerts are kept for so long after they are over, in µs: 400 days, as facts are.
const KEPT_US: i64 = 400 * 86_400_000_000;
/// What could not be kept is tried again after so long, in µs.
const AGAIN_US: i64 = 2_000_000;
const FORGET_US: i64 = 3_600_000_000;

pub(crate) struct Watch<'a> {
    shared: &'a Shared,
    cameras: &'a Cameras,
    alerts: Alerts,
    inbox: Inbox,
    known: HashMap<CameraId, Known>,
    generation: u64,
    /// Alerts as they are now that are not in the inbox yet; `None` takes one away.
    unkept: BTreeMap<Arc<str>, Option<Alert>>,
    kept_us: i64,
    /// 0, or for how long nothing is tried since it failed.
    patience_us: i64,
    forgot_us: i64,
}

/// A camera as rules were told of it.
struct Known {
    camera: Arc<Camera>,
    online: Option<bool>,
    recording: Option<bool>,
    /// Who is in the picture, where a rule asks.
    seen: Option<(Subscription, Presence)>,
}

impl<'a> Watch<'a> {
    /// Looks until it is told to stop.
    pub(crate) fn run(shared: &'a Shared, cameras: &'a Cameras) -> Result<(), InboxError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let Ok(runtime) = runtime else {
            error!("rules are not looked at: the system gives nothing to wait with");
            return Ok(());
        };
        let mut watch = Self::open(shared, cameras)?;
        runtime.block_on(watch.look());
        Ok(())
    }

    fn open(shared: &'a Shared, cameras: &'a Cameras) -> Result<Self, InboxError> {
        let inbox = Inbox::open(&shared.path)?;
        let (generation, rules) = {
            let rules = lock(&shared.rules);
            (rules.0, Arc::clone(&rules.1))
        };
        // Names that stand twice are refused where rules are read.
        let alerts = Alerts::new(rules.to_vec(), TimeZone::system());
        let mut alerts = alerts.or_else(|_| Alerts::new(Vec::new(), TimeZone::system()));
        if let (Ok(alerts), Some(snapshot)) = (&mut alerts, inbox.snapshot()?)
            && let Err(error) = alerts.restore(&snapshot)
        {
            warn!("rules begin anew: {error}");
        }
        let Ok(alerts) = alerts else { unreachable!("no rules are fine rules") };
        *lock(&shared.inbox) = Some(Inbox::open(&shared.path)?);
        Ok(Self {
            shared,
            cameras,
            alerts,
            inbox,
            known: HashMap::new(),
            generation,
            unkept: BTreeMap::new(),
            kept_us: 0,
            patience_us: 0,
            forgot_us: 0,
        })
    }

    async fn look(&mut self) {
        let mut news = self.shared.feed.listen();
        for now in self.shared.feed.now() {
            self.handle(occasions::of_now(&now));
        }
        let mut looked = tokio::time::interval(LOOK_EVERY);
        looked.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while !self.shared.stop.load(Ordering::Acquire) {
            tokio::select! {
                heard = news.recv() => match heard {
                    Ok(News::Fact(fact)) => self.handle(Some(occasions::of_fact(&fact))),
                    Ok(News::Now(now) | News::Occupancy(now)) => self.handle(occasions::of_now(&now)),
                    Ok(News::Areas) => self.say_all(),
                    Err(RecvError::Lagged(missed)) => {
                        warn!("{missed} facts came too fast for the rules");
                        self.say_all();
                    }
                    Err(RecvError::Closed) => return,
                },
                _ = looked.tick() => {
                    self.follow_rules();
                    self.follow_cameras();
                }
            }
            let now_us = self.shared.clock.wall_us();
            self.alerts.handle_time(now_us);
            self.tell(now_us);
        }
        self.tell(i64::MAX);
    }

    fn handle(&mut self, occasion: Option<Occasion>) {
        if let Some(occasion) = occasion {
            self.alerts.handle(&occasion);
        }
    }

    /// How it is at every zone, once more.
    fn say_all(&mut self) {
        for now in self.shared.feed.now() {
            self.handle(occasions::of_now(&now));
        }
    }

    fn follow_rules(&mut self) {
        let (generation, rules) = {
            let rules = lock(&self.shared.rules);
            (rules.0, Arc::clone(&rules.1))
        };
        if generation == self.generation {
            return;
        }
        self.generation = generation;
        if let Err(error) = self.alerts.set_rules(rules.to_vec()) {
            warn!("the rules stay as they were: {error}");
        }
        self.say_all();
        // They are told of cameras once more.
        self.known.clear();
    }

    fn follow_cameras(&mut self) {
        let here = self.cameras.list();
        let now_us = self.shared.clock.wall_us();
        let gone: Vec<CameraId> = self
            .known
            .iter()
            .filter(|(_, known)| !here.iter().any(|camera| Arc::ptr_eq(camera, &known.camera)))
            .map(|(id, _)| *id)
            .collect();
        for id in gone {
            self.known.remove(&id);
            self.alerts.handle(&Occasion::Gone { camera: id, area: None, at_us: now_us });
        }
        let asks = self.alerts.rules().any(|rule| rule.when == When::Appears);
        for camera in here.into_iter().filter(|camera| !camera.id.is_ad_hoc()) {
            let known = self.known.entry(camera.id).or_insert_with(|| Known {
                camera: Arc::clone(&camera),
                online: None,
                recording: None,
                seen: None,
            });
            for occasion in known.look(&camera, asks, self.shared.records, now_us) {
                self.alerts.handle(&occasion);
            }
        }
    }

    /// Tells what became of alerts, and keeps it. What cannot be kept is told all the same and tried again: that a disk is
    /// full is what somebody wants to hear of.
    fn tell(&mut self, now_us: i64) {
        let events: Vec<Event> = std::iter::from_fn(|| self.alerts.poll()).collect();
        for Event { kind, alert, .. } in &events {
            let kept = (*kind != EventKind::Withdrawn).then(|| alert.clone());
            self.unkept.insert(Arc::clone(&alert.id), kept);
        }
        let again_us = if self.unkept.is_empty() { KEEP_US } else { self.patience_us };
        if now_us.saturating_sub(self.kept_us) >= again_us {
            self.keep(now_us);
        }
        for event in events {
            self.publish(event);
        }
    }

    fn keep(&mut self, now_us: i64) {
        self.kept_us = now_us;
        let written = self.inbox.put(&self.unkept, &self.alerts.snapshot()).and_then(|()| {
            self.unkept.clear();
            let is_due = now_us != i64::MAX && now_us - self.forgot_us >= FORGET_US;
            if is_due {
                self.forgot_us = now_us;
                self.inbox.forget_before(now_us - KEPT_US)?;
            }
            Ok(())
        });
        match written {
            Ok(()) => self.patience_us = 0,
            Err(error) => {
                if self.patience_us == 0 {
                    error!("alerts are told and cannot be kept: {error}");
                }
                self.patience_us = AGAIN_US;
            }
        }
    }

    fn publish(&self, event: Event) {
        let Event { kind, alert, send, .. } = event;
        let rule = self.alerts.rules().find(|rule| *rule.name == *alert.rule);
        let send = rule.filter(|_| send).map(|rule| rule.notify.clone()).unwrap_or_default();
        let camera_name = self.cameras.name_of(alert.camera);
        let acknowledged =
            self.inbox.find(&alert.id).ok().flatten().and_then(|kept| kept.acknowledged);
        let words = alert.words(&camera_name);
        let news = AlertNews { kind, alert, words, camera_name, send, acknowledged };
        self.shared.told.publish(Arc::new(news));
    }
}

impl Known {
    /// What has changed about the camera.
    fn look(
        &mut self,
        camera: &Arc<Camera>,
        asks: bool,
        records: bool,
        at_us: i64,
    ) -> Vec<Occasion> {
        let id = camera.id;
        let mut found = Vec::new();
        let online = camera.health.ingest().state == CameraState::Online;
        if self.online.replace(online) != Some(online) {
            found.push(Occasion::CameraState { camera: id, at_us, online });
        }
        let wanted = records && camera.settings().record != RecordMode::Off;
        // What a camera that is away does not send is no fault of recording.
        let recording = wanted.then(|| camera.recording.not_recorded().is_none() || !online);
        if let Some(recording) = recording
            && self.recording != Some(recording)
        {
            found.push(Occasion::RecordingState { camera: id, at_us, recording });
        }
        self.recording = recording;
        if !asks {
            self.seen = None;
            return found;
        }
        let (subscription, presence) = self.seen.get_or_insert_with(|| {
            let policy = Policy::Lossless { max_bytes: 4 << 20 };
            let settings = match camera.settings().detect_rate {
                DetectRate::PerSecond(rate) => PresenceSettings::at_rate(rate),
                DetectRate::Off | DetectRate::Max => PresenceSettings::default(),
            };
            (camera.tracks.subscribe(Frames::Detected, policy), Presence::new(settings))
        });
        while let Some(received) = subscription.try_next() {
            let published = received.item;
            for change in presence.handle(&published.frame) {
                if let Change::Started(visit) = change {
                    found.push(Occasion::Appeared {
                        camera: id,
                        class: published.names.name(visit.class).into(),
                        track: visit.track,
                        at_us: visit.first.us,
                        media: visit.last_time,
                    });
                }
            }
        }
        found
    }
}
