//! One camera as the rest of the server sees it: access units go in, track frames and pictures
//! come out, and its status can be asked at any time.

mod driver;
mod pool;
mod status;
mod worker;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard};

use bytes::Bytes;
use razz_base::{AccessUnit, CameraId, ClassNames, Codec, FrameKey, MonoTime, RunId, TrackFrame};
use razz_media::ring::{GopRing, Unit};
use razz_media::rtp::MAX_PAYLOAD;
use razz_vision::{Decoder, Picture};
use tokio::sync::{broadcast, watch};
use tracing::{Span, error_span, info, warn};

use razz_base::CameraState;
use razz_config as config;
use razz_observe::clock::Clock;
use razz_observe::telemetry::Telemetry;

pub(crate) use pool::{Load, ModelState, Part, Pool};
pub(crate) use status::{Delivery, Status};
pub(crate) use worker::yield_to_video;

/// Track frames that a slow reader may lag behind before it skips to the newest. A test hears of
/// every frame, however late its thread comes to run.
const FRAME_BACKLOG: usize = if cfg!(test) { 4096 } else { 32 };

/// A track frame on its way to those who listen.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    pub(crate) frame: TrackFrame,
    /// When the frame's last packet was in.
    pub(crate) received: MonoTime,
    /// Detections per second over the last five seconds.
    pub(crate) fps: f64,
    /// Frames detected since start.
    pub(crate) frame_count: u64,
    /// The names of the classes in `frame`.
    pub(crate) names: ClassNames,
    /// The message as JSON, made once for all who listen.
    pub(crate) json: OnceLock<Bytes>,
}

/// The way of access units to the viewers, shared by all cameras.
#[derive(Clone)]
pub(crate) struct UnitSink(Arc<TakeUnit>);

type TakeUnit = dyn Fn(&Arc<Unit>) + Send + Sync;

impl UnitSink {
    /// `take` must not wait: what it cannot take it drops and counts.
    pub(crate) fn new(take: impl Fn(&Arc<Unit>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(take))
    }

    /// For cameras that nobody can watch.
    pub(crate) fn nowhere() -> Self {
        Self::new(|_| ())
    }
}

/// Every camera by its id.
#[derive(Default)]
pub(crate) struct Cameras(RwLock<BTreeMap<CameraId, Arc<Camera>>>);

impl Cameras {
    /// The camera of this id.
    pub(crate) fn find(&self, id: CameraId) -> Option<Arc<Camera>> {
        self.read().get(&id).cloned()
    }

    /// All of them, by id.
    pub(crate) fn list(&self) -> Vec<Arc<Camera>> {
        self.read().values().cloned().collect()
    }

    /// Adds one, in place of any of the same id, which is stopped and whose track ids are not given
    /// again.
    pub(crate) fn insert(&self, camera: Arc<Camera>) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = all.insert(camera.id, Arc::clone(&camera)) {
            old.stop();
            camera.note_id(old.highest_id.load(Ordering::Relaxed));
        }
    }

    /// Stops and forgets one.
    pub(crate) fn remove(&self, id: CameraId) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = all.remove(&id) {
            old.stop();
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<CameraId, Arc<Camera>>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How every camera's pictures are looked at.
#[derive(Clone)]
pub(crate) struct Analysis {
    pub(crate) tracker: config::Tracker,
    /// Whether to detect less often while nothing moves.
    pub(crate) idle: bool,
    /// Detects.
    pub(crate) pool: Arc<Pool>,
    /// Traces frames.
    pub(crate) telemetry: Telemetry,
}

/// One camera.
pub(crate) struct Camera {
    pub(crate) id: CameraId,
    /// Where it is. For another address there is another camera.
    pub(crate) source: config::Source,
    settings: Mutex<(Arc<config::Camera>, Analysis)>,
    /// The greatest track id so far: no number is given twice, whoever gives them.
    highest_id: AtomicU64,
    clock: Clock,
    status: Mutex<Status>,
    ring: Mutex<GopRing>,
    units: UnitSink,
    vision: driver::Mailbox,
    /// The newest track frame of a detection.
    newest: watch::Sender<Option<Arc<Published>>>,
    /// Track frames of every frame.
    frames: broadcast::Sender<Arc<Published>>,
    picture: Mutex<Option<Picture>>,
    /// The picture whose detections came last.
    detected: Mutex<Option<Picture>>,
    viewers: AtomicUsize,
    delivery: Delivery,
    /// The RTSP session under way or tried last, from 1; 0 before the first.
    run: AtomicU32,
    stop: watch::Sender<bool>,
}

impl Camera {
    /// Starts the camera's thread for decoding and tracking; ingest is another's work.
    pub(crate) fn start(
        settings: config::Camera,
        ring_bytes: usize,
        analysis: Analysis,
        units: UnitSink,
        clock: Clock,
    ) -> Arc<Self> {
        let (vision, inbox) = driver::mailbox();
        let camera = Arc::new(Self {
            id: settings.id,
            source: settings.source.clone(),
            highest_id: AtomicU64::new(0),
            clock,
            status: Mutex::new(Status::new(settings.id, clock.wall_us())),
            settings: Mutex::new((Arc::new(settings), analysis)),
            ring: Mutex::new(GopRing::new(ring_bytes)),
            units,
            vision,
            newest: watch::channel(None).0,
            frames: broadcast::channel(FRAME_BACKLOG).0,
            picture: Mutex::new(None),
            detected: Mutex::new(None),
            viewers: AtomicUsize::new(0),
            delivery: Delivery::default(),
            run: AtomicU32::new(0),
            stop: watch::channel(false).0,
        });
        driver::spawn(&camera, inbox, clock);
        camera
    }

    /// One without detection, for the tests of those who feed cameras and those who watch them.
    #[cfg(test)]
    pub(crate) fn blind(source: config::Source, units: UnitSink, clock: Clock) -> Arc<Self> {
        let settings = config::Camera {
            id: CameraId::new(1).expect("1 is an id"),
            name: "Test".to_owned(),
            source,
            detect_fps: razz_base::DetectRate::Off,
        };
        let tracker = config::Tracker {
            kind: config::TrackerKind::Hybrid,
            embedder: config::EmbedderChoice::Builtin,
            publish_lost_ms: 500,
        };
        let pool = Pool::start("none".to_owned(), None, 1, clock);
        let telemetry = Telemetry::default();
        let analysis = Analysis { tracker, idle: false, pool, telemetry };
        Self::start(settings, 1 << 24, analysis, units, clock)
    }

    /// Lets the camera's thread panic, amid its work.
    #[cfg(test)]
    pub(crate) fn panic(&self) {
        self.vision.panic();
    }

    // ---- for the log ----

    /// The RTSP session under way or tried last, from 1; 0 before the first.
    pub(crate) fn run(&self) -> u32 {
        self.run.load(Ordering::Relaxed)
    }

    /// What is logged in here carries the camera's id and run.
    pub(crate) fn span(&self) -> Span {
        // Of the highest level, so that no filter takes the id away from a line that it lets pass.
        error_span!("run", camera = self.id.as_u32(), run = self.run())
    }

    // ---- from ingest ----

    /// An RTSP session is about to be tried.
    pub(crate) fn handle_dial(&self, run: RunId) {
        self.run.store(run.0, Ordering::Relaxed);
    }

    /// An RTSP session brings its first access unit.
    pub(crate) fn handle_run_begun(&self) {
        self.status().runs += 1;
    }

    /// An RTSP session is over: its pictures are not what new viewers came to see.
    pub(crate) fn handle_run_ended(&self) {
        self.ring().clear();
    }

    /// Takes an access unit to the viewers first, then to the decoder.
    pub(crate) fn handle_access_unit(&self, au: AccessUnit, reorders: bool) {
        let now = self.clock.mono();
        let mut gop_frames = None;
        if !reorders {
            let unit = Arc::new(Unit::new(au.clone(), MAX_PAYLOAD));
            {
                let mut ring = self.ring();
                ring.push(Arc::clone(&unit));
                gop_frames = ring.gop_frames();
            }
            // Who comes later finds it in the ring.
            if self.viewer_count() > 0 {
                (self.units.0)(&unit);
            }
        }
        {
            let mut status = self.status();
            status.received.count(now);
            status.count_bytes(now, au.data.len());
            status.lost_packets += u64::from(au.lost_packets);
            status.size = Some(au.size);
            status.b_frames = reorders;
            if !reorders {
                status.gop_frames = gop_frames;
            }
        }
        // There is no decoder for another codec; the status says so.
        if au.codec == Codec::H264 {
            self.vision.access_unit(au, reorders);
        }
    }

    /// Changes the state, and notes when; says it in the log, in whose span ingest runs.
    pub(crate) fn set_state(&self, state: CameraState, error: Option<String>, advice: Vec<String>) {
        let mut status = self.status();
        if status.state != state {
            status.since_us = self.clock.wall_us();
            match &error {
                Some(error) => warn!(state = state_name(state), "{error}"),
                None => info!("camera is {}", state_name(state)),
            }
        }
        status.state = state;
        if error.is_some() {
            status.last_error = error;
        }
        status.advice = advice;
    }

    /// Changes what can be changed without touching the video. Decoding, detection and tracking
    /// start anew at the next IDR.
    pub(crate) fn reconfigure(&self, settings: config::Camera, analysis: Analysis) {
        *lock(&self.settings) = (Arc::new(settings), analysis);
        self.vision.start_anew();
    }

    /// The settings in force.
    pub(crate) fn settings(&self) -> Arc<config::Camera> {
        Arc::clone(&lock(&self.settings).0)
    }

    /// Notes that a track id is in use.
    fn note_id(&self, id: u64) {
        self.highest_id.fetch_max(id, Ordering::Relaxed);
    }

    /// Ends the work on this camera.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Waits until the work on this camera shall end.
    pub(crate) async fn stopped(&self) {
        // An error cannot be: the sender lives as long as `self`.
        let _ = self.stop.subscribe().wait_for(|stop| *stop).await;
    }

    // ---- for viewers ----

    /// What a new viewer gets at once: the current GOP, if it is whole.
    pub(crate) fn replay(&self) -> Option<Vec<Arc<Unit>>> {
        self.ring().replay()
    }

    /// The newest picture of a camera that nobody decodes: the current GOP, decoded now.
    pub(crate) fn decode_ring(&self) -> Option<Picture> {
        let units = self.replay()?;
        if units.iter().any(|unit| unit.au.codec != Codec::H264) {
            return None;
        }
        let mut decoder = Decoder::new().ok()?;
        let last = units.len().checked_sub(1)?;
        let mut newest = None;
        for (n, unit) in units.iter().enumerate() {
            newest = decoder.decode(&unit.au, n == last).ok()?;
        }
        newest
    }

    /// The ring, locked: never across sending or waiting.
    pub(crate) fn ring(&self) -> MutexGuard<'_, GopRing> {
        lock(&self.ring)
    }

    /// Counts viewers of this camera.
    pub(crate) fn viewers(&self) -> &AtomicUsize {
        &self.viewers
    }

    /// What viewers of this camera were sent and asked for.
    pub(crate) fn delivery(&self) -> &Delivery {
        &self.delivery
    }

    // ---- for the feed and the API ----

    /// The newest track frame of a detection, and its successors.
    pub(crate) fn subscribe_newest(&self) -> watch::Receiver<Option<Arc<Published>>> {
        self.newest.subscribe()
    }

    /// The track frames of every frame from now on.
    pub(crate) fn subscribe_frames(&self) -> broadcast::Receiver<Arc<Published>> {
        self.frames.subscribe()
    }

    /// The picture decoded last, if any.
    pub(crate) fn newest_picture(&self) -> Option<Picture> {
        lock(&self.picture).clone()
    }

    /// The picture of this very frame, if it is one of the newest.
    pub(crate) fn picture_of(&self, frame: FrameKey) -> Option<Picture> {
        let of_frame = |picture: &Picture| picture.key == frame;
        let detected = lock(&self.detected).clone().filter(of_frame);
        detected.or_else(|| self.newest_picture().filter(of_frame))
    }

    /// The status, locked.
    pub(crate) fn status(&self) -> MutexGuard<'_, Status> {
        lock(&self.status)
    }

    /// How many browsers watch.
    pub(crate) fn viewer_count(&self) -> usize {
        self.viewers.load(Ordering::Relaxed)
    }
}

fn state_name(state: CameraState) -> String {
    format!("{state:?}").to_lowercase()
}

/// Locks; a panic elsewhere while the lock was held leaves numbers that are still good to read.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
