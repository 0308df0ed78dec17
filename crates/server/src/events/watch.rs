//! One camera watched: its published tracks become visits, its state becomes news.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use razz_base::{ClassNames, FrameKey, TrackId};
use razz_engine::presence::{Change, Presence, Terms, Visit};

use super::{Event, Hub, snapshot};
use crate::camera::{Camera, Published};
use crate::wire;
use razz_base::DetectRate;
use razz_base::{CameraState, EventKind};

/// How often it is looked whether the camera is still there when no track frames come.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// So long after the last track frame, and the time of a visit's end, everybody is gone.
const SILENCE_US: i64 = 3_000_000;
/// Snapshots kept for the end of a visit; of further visits only the beginning has one.
const MAX_KEPT: usize = 64;

/// Watches until the camera is stopped.
pub(super) async fn watch(camera: Arc<Camera>, hub: Arc<Hub>) {
    let mut watch = Watch::new(camera, hub);
    let mut newest = watch.camera.subscribe_newest();
    let camera = Arc::clone(&watch.camera);
    loop {
        let published = tokio::select! {
            () = camera.stopped() => break,
            Ok(()) = newest.changed() => newest.borrow_and_update().clone(),
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
    hub: Arc<Hub>,
    rate: DetectRate,
    terms: Terms,
    presence: Presence,
    names: Option<ClassNames>,
    /// Of visits under way.
    snapshots: HashMap<TrackId, Bytes>,
    /// As it was told.
    online: bool,
    /// When the last track frame came, by the mono clock.
    heard: razz_base::MonoTime,
}

impl Watch {
    fn new(camera: Arc<Camera>, hub: Arc<Hub>) -> Self {
        let rate = camera.settings().detect_fps;
        let terms = terms(&rate);
        let heard = hub.clock.mono();
        let watch = Self {
            camera,
            hub,
            rate,
            terms,
            presence: Presence::new(terms),
            names: None,
            snapshots: HashMap::new(),
            online: false,
            heard,
        };
        watch.write(false);
        watch
    }

    /// A track frame.
    async fn handle(&mut self, published: &Published) {
        self.heard = self.hub.clock.mono();
        self.names = Some(published.names.clone());
        self.look_at_state();
        let changes = self.presence.handle(&published.frame);
        self.tell(changes).await;
    }

    /// None came for a while.
    async fn look(&mut self) {
        let rate = self.camera.settings().detect_fps;
        if rate != self.rate {
            let changes = self.presence.end_all();
            self.tell(changes).await;
            (self.terms, self.rate) = (terms(&rate), rate);
            self.presence = Presence::new(self.terms);
        }
        self.look_at_state();
        let silence = self.hub.clock.mono().since_us(self.heard);
        if silence > self.terms.gone_us + SILENCE_US {
            let changes = self.presence.end_all();
            self.tell(changes).await;
        }
        self.write(true);
    }

    fn look_at_state(&mut self) {
        let (state, since_us, error) = {
            let status = self.camera.status();
            (status.state, status.since_us, status.last_error.clone())
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
        self.hub.tell(Event { message, snapshot: None });
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
                        self.hub.board.change(self.camera.id, |row| row.snapshot = Some(newest));
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
            self.hub.tell(Event { message, snapshot });
        }
        self.write(true);
    }

    fn message(
        &self,
        id: String,
        kind: EventKind,
        at_us: i64,
        track: Option<wire::EventTrack>,
        error: Option<String>,
    ) -> wire::Event {
        wire::Event {
            id,
            kind,
            timestamp: at_us as f64 / 1e6,
            camera_id: self.camera.id.as_u32(),
            camera_name: self.camera.settings().name.clone(),
            track,
            error,
        }
    }

    fn track(&self, visit: &Visit) -> wire::EventTrack {
        wire::EventTrack {
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
        if !self.hub.snapshots {
            return None;
        }
        let key = FrameKey { camera: self.camera.id, time: visit.last_time };
        let (picture, bbox) = match self.camera.picture_of(key) {
            Some(picture) => (picture, Some(visit.bbox)),
            None => (self.camera.newest_picture()?, None),
        };
        let jpeg = tokio::task::spawn_blocking(move || snapshot::jpeg(picture, bbox));
        jpeg.await.ok().flatten()
    }

    /// Writes the camera's row; `seen` keeps the classes that were counted before.
    fn write(&self, seen: bool) {
        let mut counts: BTreeMap<String, usize> =
            self.hub.classes.iter().map(|class| (class.clone(), 0)).collect();
        for (class, count) in self.presence.counts() {
            *counts.entry(self.name(class)).or_default() += count;
        }
        let name = self.camera.settings().name.clone();
        self.hub.board.change(self.camera.id, |row| {
            if seen {
                for class in row.counts.keys() {
                    counts.entry(class.clone()).or_insert(0);
                }
            }
            (row.name, row.online, row.counts) = (name, self.online, counts);
        });
    }
}

fn terms(rate: &DetectRate) -> Terms {
    match rate {
        DetectRate::PerSecond(rate) => Terms::at_rate(*rate),
        DetectRate::Off | DetectRate::Max => Terms::default(),
    }
}
