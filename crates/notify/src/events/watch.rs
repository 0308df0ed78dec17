//! One camera watched: its published tracks become visits, its state becomes news.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use razz_base::{ClassNames, FrameKey, TrackId};
use razz_engine::presence::{Change, Presence, PresenceSettings, Visit};

use super::{Event, Subscribers, snapshot};
use crate::message::{EventTrack, Message};
use razz_base::DetectRate;
use razz_base::{CameraState, EventKind};
use razz_hub::tracks::Frames;
use razz_hub::{Camera, Policy, Published};

/// How often it is looked whether the camera is still there when no track frames come.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// So long after the last track frame, and the time of a visit's end, everybody is gone.
const SILENCE_US: i64 = 3_000_000;
/// Snapshots kept for the end of a visit; of further visits only the beginning has one.
const MAX_KEPT: usize = 64;

/// Watches until the camera is stopped.
pub(crate) async fn watch(camera: Arc<Camera>, subscribers: Arc<Subscribers>) {
    let mut watch = Watch::new(camera, subscribers);
    let newest = watch.camera.tracks.subscribe(Frames::Detected, Policy::Newest);
    let camera = Arc::clone(&watch.camera);
    loop {
        let published = tokio::select! {
            () = camera.stopped() => break,
            received = newest.next() => match received {
                Some(received) => Some(received.item),
                None => break,
            },
            () = tokio::time::sleep(LOOK_EVERY) => None,
        };
        match published {
            Some(published) => watch.handle(&published).await,
            None => watch.look().await,
        }
    }
    let changes = watch.presence.end_all();
    watch.tell(changes).await;
}

struct Watch {
    camera: Arc<Camera>,
    subscribers: Arc<Subscribers>,
    rate: DetectRate,
    settings: PresenceSettings,
    presence: Presence,
    names: Option<ClassNames>,
    /// Of visits under way.
    snapshots: HashMap<TrackId, Bytes>,
    /// As it was told.
    online: bool,
    /// That it is not recorded, as it was told.
    not_recorded: bool,
    /// When the last track frame came, by the mono clock.
    heard: razz_base::MonoTime,
}

impl Watch {
    fn new(camera: Arc<Camera>, subscribers: Arc<Subscribers>) -> Self {
        let rate = camera.settings().detect_rate;
        let settings = settings(&rate);
        let heard = subscribers.clock.mono();
        let watch = Self {
            camera,
            subscribers,
            rate,
            settings,
            presence: Presence::new(settings),
            names: None,
            snapshots: HashMap::new(),
            online: false,
            not_recorded: false,
            heard,
        };
        watch.write(false);
        watch
    }

    /// A track frame.
    async fn handle(&mut self, published: &Published) {
        self.heard = self.subscribers.clock.mono();
        self.names = Some(published.names.clone());
        self.look_at_state();
        self.look_at_recording();
        let changes = self.presence.handle(&published.frame);
        self.tell(changes).await;
    }

    /// None came for a while.
    async fn look(&mut self) {
        let rate = self.camera.settings().detect_rate;
        if rate != self.rate {
            let changes = self.presence.end_all();
            self.tell(changes).await;
            (self.settings, self.rate) = (settings(&rate), rate);
            self.presence = Presence::new(self.settings);
        }
        self.look_at_state();
        self.look_at_recording();
        let silence = self.subscribers.clock.mono().since_us(self.heard);
        if silence > self.settings.gone_us + SILENCE_US {
            let changes = self.presence.end_all();
            self.tell(changes).await;
        }
        self.write(true);
    }

    fn look_at_state(&mut self) {
        let (state, since_us, error) = {
            let ingest = self.camera.health.ingest();
            (ingest.state, ingest.since_us, ingest.last_error.clone())
        };
        // A camera whose video browsers cannot be given may still be watched by the detector, but
        // nobody sees it: it is not online.
        let online = state == CameraState::Online;
        if online == self.online {
            return;
        }
        self.online = online;
        self.write(true);
        let kind = if online { EventKind::CameraOnline } else { EventKind::CameraOffline };
        let error = if online { None } else { error };
        let id = format!("{}-{since_us}", self.camera.id);
        let message = self.message(id, kind, since_us, None, error);
        self.subscribers.tell(Event { message, snapshot: None });
    }

    fn look_at_recording(&mut self) {
        let news = self.camera.recording.not_recorded();
        if news.is_some() == self.not_recorded {
            return;
        }
        self.not_recorded = news.is_some();
        let now_us = self.subscribers.clock.wall_us();
        let (kind, at_us, why) = match news {
            Some(news) => (EventKind::RecordingStopped, news.since_us, Some(news.why)),
            None => (EventKind::RecordingResumed, now_us, None),
        };
        let id = format!("{}-{}-{at_us}", self.camera.id, kind.name());
        let message = self.message(id, kind, at_us, None, why);
        self.subscribers.tell(Event { message, snapshot: None });
    }

    async fn tell(&mut self, changes: Vec<Change>) {
        if changes.is_empty() {
            return;
        }
        for change in changes {
            let (kind, visit, snapshot) = match change {
                Change::Started(visit) => {
                    let snapshot = self.take_snapshot(&visit).await;
                    if let Some(jpeg) = &snapshot {
                        if self.snapshots.len() < MAX_KEPT {
                            self.snapshots.insert(visit.track, jpeg.clone());
                        }
                        let newest = jpeg.clone();
                        self.subscribers
                            .summary
                            .change(self.camera.id, |entry| entry.snapshot = Some(newest));
                    }
                    (EventKind::TrackStarted, visit, snapshot)
                }
                Change::Ended(visit) => {
                    let snapshot = self.snapshots.remove(&visit.track);
                    (EventKind::TrackEnded, visit, snapshot)
                }
            };
            let ends = if kind == EventKind::TrackEnded { "-end" } else { "" };
            let id = format!("{}-{}-{}{ends}", self.camera.id, visit.track, visit.first.us);
            let track = self.track(&visit);
            let message = self.message(id, kind, visit.last.us, Some(track), None);
            self.subscribers.tell(Event { message, snapshot });
        }
        self.write(true);
    }

    fn message(
        &self,
        id: String,
        kind: EventKind,
        at_us: i64,
        track: Option<EventTrack>,
        error: Option<String>,
    ) -> Message {
        Message {
            id,
            kind,
            timestamp: at_us as f64 / 1e6,
            camera_id: self.camera.id.as_u32(),
            camera_name: self.camera.settings().name.clone(),
            track,
            alert: None,
            fact: None,
            link: None,
            error,
        }
    }

    fn track(&self, visit: &Visit) -> EventTrack {
        EventTrack {
            track_id: visit.track.0,
            class: self.name(visit.class),
            confidence: visit.confidence,
            bbox: visit.bbox.to_array(),
            frame_size: [visit.size.width, visit.size.height],
            rtp_timestamp: visit.last_time.rtp_timestamp(),
            first_seen: visit.first.as_secs(),
            last_seen: visit.last.as_secs(),
        }
    }

    fn name(&self, class: razz_base::ClassId) -> String {
        self.names.as_ref().map_or("", |names| names.name(class)).to_owned()
    }

    /// The object as it was on the very frame of its box; of a frame that is gone already, the whole
    /// newest picture.
    async fn take_snapshot(&self, visit: &Visit) -> Option<Bytes> {
        let pictures = self.subscribers.pictures.as_ref()?;
        let key = FrameKey { camera: self.camera.id, time: visit.last_time };
        let (picture, bbox) = match pictures.of(key) {
            Some(picture) => {
                // It may be one of the camera's smaller stream.
                let bbox = visit.bbox.scaled(visit.size, picture.size);
                (picture, Some(bbox))
            }
            None => (pictures.newest(self.camera.id)?, None),
        };
        let jpeg = tokio::task::spawn_blocking(move || snapshot::jpeg(picture, bbox));
        jpeg.await.ok().flatten()
    }

    /// Writes the camera's entry; `seen` keeps the classes that were counted before.
    fn write(&self, seen: bool) {
        let mut counts: BTreeMap<String, usize> =
            self.subscribers.classes.iter().map(|class| (class.clone(), 0)).collect();
        for (class, count) in self.presence.counts() {
            *counts.entry(self.name(class)).or_default() += count;
        }
        let classes = match (&self.subscribers.classes[..], &self.names) {
            ([], Some(names)) => names.iter().map(str::to_owned).collect(),
            (configured, _) => configured.to_vec(),
        };
        let name = self.camera.settings().name.clone();
        self.subscribers.summary.change(self.camera.id, |entry| {
            if seen {
                for class in entry.counts.keys() {
                    counts.entry(class.clone()).or_insert(0);
                }
            }
            (entry.name, entry.online, entry.counts) = (name, self.online, counts);
            entry.classes = classes;
        });
    }
}

fn settings(rate: &DetectRate) -> PresenceSettings {
    match rate {
        DetectRate::PerSecond(rate) => PresenceSettings::at_rate(*rate),
        DetectRate::Off | DetectRate::Max => PresenceSettings::default(),
    }
}
