//! The cameras by their ids: where each one's video and tracks are published, and how it fares.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use razz_base::{CameraId, DetectFrom, DetectRate, RecordMode, StreamId, Transport};
use tokio::sync::watch;

use crate::health::Health;
use crate::lock;
use crate::recording::RecordingHealth;
use crate::renditions::Renditions;
use crate::run_context::RunContext;
use crate::stream::Stream;
use crate::sub::SubStream;
use crate::tracks::Tracks;

/// What a camera is set to, as everybody may know it: nothing here is secret.
#[derive(Clone, PartialEq, Debug)]
pub struct CameraSettings {
    /// What people call it.
    pub name: String,
    /// Its URL without credentials.
    pub address: String,
    /// How its video travels.
    pub transport: Transport,
    /// Which certificate is taken of it, as the config has it; `None` where it is not reached over TLS.
    pub certificate: Option<String>,
    /// Whether it has a user name and password.
    pub credentials: bool,
    /// The URL of its sub-stream without credentials.
    pub sub_address: Option<String>,
    /// Which of its streams is detected on.
    pub detect_from: DetectFrom,
    /// How often to detect.
    pub detect_rate: DetectRate,
    /// What it weighs while capacity is short.
    pub priority: f64,
    /// What of it is recorded, where anything is.
    pub record: RecordMode,
    /// With [`RecordMode::Visits`]: how long before and after one, in µs.
    pub around_us: [i64; 2],
}

/// One camera, as those who subscribe to it see it.
pub struct Camera {
    /// Its number.
    pub id: CameraId,
    /// Its video.
    pub stream: Arc<Stream>,
    /// Its track frames.
    pub tracks: Arc<Tracks>,
    /// Its numbers.
    pub health: Arc<Health>,
    /// What names it in the log.
    pub context: RunContext,
    /// The smaller stream that it sends besides.
    pub sub: Arc<SubStream>,
    /// What razz encodes of its pictures.
    pub renditions: Arc<Renditions>,
    /// Whether its footage is kept.
    pub recording: RecordingHealth,
    settings: Mutex<Arc<CameraSettings>>,
    stopped: watch::Sender<bool>,
}

impl Camera {
    /// A camera of which nothing was published. `ring_bytes` bounds the GOP that is kept at hand,
    /// `wall_us` is now, in UTC µs.
    pub fn new(
        id: CameraId,
        settings: CameraSettings,
        ring_bytes: usize,
        wall_us: i64,
    ) -> Arc<Self> {
        Arc::new(Self {
            id,
            stream: Arc::new(Stream::new(StreamId::main(id), ring_bytes)),
            tracks: Arc::new(Tracks::new(id)),
            health: Arc::new(Health::new(wall_us)),
            context: RunContext::new(id),
            sub: Arc::new(SubStream::new(id)),
            renditions: Arc::new(Renditions::new(id)),
            recording: RecordingHealth::default(),
            settings: Mutex::new(Arc::new(settings)),
            stopped: watch::channel(false).0,
        })
    }

    /// The settings in force.
    pub fn settings(&self) -> Arc<CameraSettings> {
        Arc::clone(&lock(&self.settings))
    }

    /// Other settings are in force.
    pub fn set_settings(&self, settings: CameraSettings) {
        *lock(&self.settings) = Arc::new(settings);
    }

    /// Ends the work on this camera.
    pub fn stop(&self) {
        self.stopped.send_replace(true);
    }

    /// Waits until the work on this camera shall end.
    pub async fn stopped(&self) {
        // An error cannot be: the sender lives as long as `self`.
        let _ = self.stopped.subscribe().wait_for(|stopped| *stopped).await;
    }

    /// Whether the work on this camera shall end.
    pub fn is_stopped(&self) -> bool {
        *self.stopped.borrow()
    }

    /// How many browsers watch.
    pub fn viewer_count(&self) -> usize {
        self.health.delivery.viewers.load(Ordering::Relaxed)
    }
}

/// Every camera by its id.
pub struct Cameras {
    all: RwLock<BTreeMap<CameraId, Arc<Camera>>>,
    changes: watch::Sender<u64>,
}

impl Default for Cameras {
    fn default() -> Self {
        Self { all: RwLock::default(), changes: watch::channel(0).0 }
    }
}

impl Cameras {
    /// What people call a camera, whether it is there or not.
    pub fn name_of(&self, id: CameraId) -> String {
        let camera = self.find(id).map(|camera| camera.settings().name.clone());
        camera.unwrap_or_else(|| format!("camera {id}"))
    }

    /// The camera of this id.
    pub fn find(&self, id: CameraId) -> Option<Arc<Camera>> {
        self.read().get(&id).cloned()
    }

    /// All of them, by id.
    pub fn list(&self) -> Vec<Arc<Camera>> {
        self.read().values().cloned().collect()
    }

    /// Adds one, in place of any of the same id, which is stopped.
    pub fn insert(&self, camera: Arc<Camera>) {
        let old = {
            let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
            all.insert(camera.id, camera)
        };
        if let Some(old) = old {
            old.stop();
        }
        self.changes.send_modify(|changes| *changes += 1);
    }

    /// Stops and forgets one.
    pub fn remove(&self, id: CameraId) {
        let old = {
            let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
            all.remove(&id)
        };
        if let Some(old) = old {
            old.stop();
            self.changes.send_modify(|changes| *changes += 1);
        }
    }

    /// Changes whenever a camera is added, replaced or removed.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<CameraId, Arc<Camera>>> {
        self.all.read().unwrap_or_else(PoisonError::into_inner)
    }
}
