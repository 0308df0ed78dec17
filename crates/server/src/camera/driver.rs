//! Where the engine meets its hands: one thread per camera that decodes, offers pictures to the
//! detector, tracks, and publishes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use razz_base::{AccessUnit, ClassNames, DetectRate, Detection, MediaTime, MonoTime, Rect, RunId};
use razz_engine::{Audience, Frame, Input, Output};
use razz_vision::{CameraMotion, Decoder, Embedder, Glance, MotionEstimator, Picture, Plane};
use tracing::span::EnteredSpan;
use tracing::{debug, error, info, warn};

use super::pool::Pool;
use super::worker::Found;
use super::{Analysis, Camera, Published, lock};
use razz_config as config;
use razz_observe::clock::Clock;
use razz_observe::cpu_usage::Stage;
use razz_observe::telemetry::Journeys;

/// What reaches the camera's thread.
enum Message {
    AccessUnit {
        au: AccessUnit,
        reorders: bool,
        /// Others before it were dropped.
        after_gap: bool,
    },
    /// The detector has said something.
    Result,
    DetectionStarted(MediaTime),
    Detections(Found),
    DetectionFailed(MediaTime),
    StartAnew,
    #[cfg(test)]
    Blind(bool),
    #[cfg(test)]
    Panic,
}

/// The way into the camera's thread. Its length is bounded by the engine, which skips to the next
/// IDR when too many access units wait, and by the pool, which has one picture of a camera at most.
#[derive(Clone)]
pub(crate) struct Mailbox {
    sender: Sender<Message>,
    /// What the detector says goes before access units that wait.
    results: Sender<Message>,
    waiting: Arc<Waiting>,
}

pub(super) struct Inbox {
    receiver: Receiver<Message>,
    results: Receiver<Message>,
    waiting: Arc<Waiting>,
}

/// What is in a mailbox.
#[derive(Default)]
struct Waiting {
    /// Access units.
    units: AtomicUsize,
    /// Those of them at which decoding can begin.
    idrs: AtomicUsize,
    /// Some were dropped since the last one.
    gap: AtomicBool,
}

#[cfg(test)]
impl Inbox {
    /// Whether the picture that was next at the detector could be looked at; `None` while nobody
    /// has said.
    pub(super) fn answered(&self) -> Option<bool> {
        self.results.try_iter().find_map(|message| match message {
            Message::Detections(_) => Some(true),
            Message::DetectionFailed(_) => Some(false),
            _ => None,
        })
    }
}

/// A mailbox and the end that the camera's thread reads.
pub(super) fn mailbox() -> (Mailbox, Inbox) {
    let (sender, receiver) = mpsc::channel();
    let (results, said) = mpsc::channel();
    let waiting = Arc::new(Waiting::default());
    let inbox = Inbox { receiver, results: said, waiting: Arc::clone(&waiting) };
    (Mailbox { sender, results, waiting }, inbox)
}

/// Past this many waiting access units new ones are dropped at the door: the thread hangs.
const MAX_QUEUED: usize = 600;

impl Mailbox {
    pub(super) fn access_unit(&self, au: AccessUnit, reorders: bool) {
        let Waiting { units, idrs, gap } = &*self.waiting;
        if units.fetch_add(1, Ordering::Relaxed) >= MAX_QUEUED {
            units.fetch_sub(1, Ordering::Relaxed);
            gap.store(true, Ordering::Relaxed);
            return;
        }
        idrs.fetch_add(usize::from(au.idr), Ordering::Relaxed);
        let after_gap = gap.swap(false, Ordering::Relaxed);
        self.send(Message::AccessUnit { au, reorders, after_gap });
    }

    pub(super) fn detection_started(&self, time: MediaTime) {
        self.tell(Message::DetectionStarted(time));
    }

    pub(super) fn detections(
        &self,
        picture: Picture,
        detections: Vec<Detection>,
        looked: (MonoTime, MonoTime),
    ) {
        self.tell(Message::Detections((picture, detections, looked)));
    }

    pub(super) fn detection_failed(&self, time: MediaTime) {
        self.tell(Message::DetectionFailed(time));
    }

    /// The settings are others now.
    pub(super) fn start_anew(&self) {
        self.send(Message::StartAnew);
    }

    /// From now on, until taken back, the detector's results count as empty.
    #[cfg(test)]
    pub(super) fn blind(&self, blind: bool) {
        self.send(Message::Blind(blind));
    }

    /// A broken invariant in the camera's thread.
    #[cfg(test)]
    pub(super) fn panic(&self) {
        self.send(Message::Panic);
    }

    fn tell(&self, result: Message) {
        let _ = self.results.send(result);
        self.send(Message::Result);
    }

    fn send(&self, message: Message) {
        // An error means that the camera is gone.
        let _ = self.sender.send(message);
    }
}

/// Starts the camera's thread. It ends when the camera is dropped. A panic restarts its work from
/// the next IDR and touches no other camera.
pub(super) fn spawn(camera: &Arc<Camera>, inbox: Inbox, clock: Clock) {
    let id = camera.id;
    let camera = Arc::downgrade(camera);
    thread::Builder::new()
        .name(format!("camera{id}"))
        .spawn(move || {
            let watched = camera.clone();
            keep_alive(
                || Driver::new(&camera, clock)?.run(&inbox),
                || {
                    if let Some(camera) = watched.upgrade() {
                        let _in = camera.span().entered();
                        error!("this camera's analysis panicked; it starts anew");
                        camera.status().restarts += 1;
                    }
                    thread::sleep(PAUSE_AFTER_PANIC);
                },
            );
        })
        .expect("the system gives us a thread per camera");
}

/// What breaks at once again shall not keep a core busy.
const PAUSE_AFTER_PANIC: Duration = Duration::from_secs(1);

/// Does `work` until it answers `None`, anew after each panic, which `panicked` hears of.
fn keep_alive(mut work: impl FnMut() -> Option<()>, mut panicked: impl FnMut()) {
    loop {
        match catch_unwind(AssertUnwindSafe(&mut work)) {
            Ok(None) => return,
            Ok(Some(())) => {}
            Err(_) => panicked(),
        }
    }
}

struct Driver<'a> {
    camera: &'a Weak<Camera>,
    engine: razz_engine::Camera,
    decoder: Decoder,
    embedder: Box<dyn Embedder>,
    pool: Arc<Pool>,
    clock: Clock,
    wanted: f64,
    /// Whether the engine knows of a detector.
    detector: bool,
    /// What classes are called before there is a model: never seen, for there are no tracks then.
    unknown: ClassNames,
    /// The RTSP session that the last access unit came by.
    run: Option<RunId>,
    /// The span of the camera's run, in which everything here is logged.
    entered: Option<EnteredSpan>,
    /// Decoded last and wanted, until it is offered.
    picture: Option<Picture>,
    /// The picture whose detections came last, until its tracks are out.
    detected: Option<Picture>,
    /// How the picture whose detections came last looked, while the engine wants to know whether
    /// anything has moved since.
    seen: Option<Glance>,
    glance: Glance,
    /// How the camera moves, for a tracker that has use for it.
    motion: Option<MotionEstimator>,
    /// The boxes published last: what may move by itself.
    objects: Vec<Rect>,
    /// What is noted of the frames under way, where somebody wants it.
    journeys: Option<Journeys>,
}

impl<'a> Driver<'a> {
    /// `None` when the camera is gone.
    fn new(camera: &'a Weak<Camera>, clock: Clock) -> Option<Self> {
        let strong = camera.upgrade()?;
        let entered = strong.span().entered();
        let (camera_settings, Analysis { tracker, idle, pool, telemetry }) =
            lock(&strong.settings).clone();
        let rate = camera_settings.detect_fps;
        let wanted = match rate {
            DetectRate::Off => 0.0,
            DetectRate::PerSecond(rate) => rate,
            DetectRate::Max => 30.0,
        };
        // The others are the originals, which do not know of it.
        let motion = (tracker.kind == config::TrackerKind::Hybrid).then(MotionEstimator::default);
        let settings = razz_engine::Settings {
            rate,
            camera_motion: motion.is_some(),
            idle: idle.then(razz_engine::Idle::default),
            ids_after: strong.highest_id.load(Ordering::Relaxed),
            ..razz_engine::Settings::default()
        };
        let decoder = match Decoder::new() {
            Ok(decoder) => decoder,
            Err(error) => panic!("openh264 gives no decoder: {error}"),
        };
        let embedder = build_embedder(&tracker);
        let tracker = build_tracker(&tracker, wanted, embedder.same_within());
        Some(Self {
            camera,
            engine: razz_engine::Camera::new(strong.id, settings, tracker),
            decoder,
            embedder,
            pool,
            clock,
            wanted,
            detector: true,
            unknown: ClassNames::new([]),
            run: None,
            entered: Some(entered),
            picture: None,
            detected: None,
            seen: idle.then(Glance::default),
            glance: Glance::default(),
            motion,
            objects: Vec::new(),
            journeys: telemetry.journeys(),
        })
    }

    /// `None` when the camera is gone; `Some` when it has other settings now.
    fn run(&mut self, inbox: &Inbox) -> Option<()> {
        loop {
            let now = self.clock.mono();
            // Woken now and then in any case, to see whether the camera is gone.
            let wait = self.engine.poll_timeout().map_or(Duration::from_secs(1), |t| now.until(t));
            let message = match inbox.results.try_recv() {
                Ok(result) => Some(result),
                Err(_) => match inbox.receiver.recv_timeout(wait) {
                    Ok(message) => Some(message),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => return None,
                },
            };
            let camera = self.camera.upgrade()?;
            let begun = self.clock.thread_cpu_nanos();
            let now = self.clock.mono();
            let mut detected = None;
            match message {
                None => self.engine.handle(Input::Timeout, now),
                Some(Message::Result) => {}
                Some(Message::AccessUnit { au, reorders, after_gap }) => {
                    if let Some(journeys) = &mut self.journeys {
                        journeys.taken(au.received, now);
                    }
                    let Waiting { units, idrs, .. } = &*inbox.waiting;
                    let queued = units.fetch_sub(1, Ordering::Relaxed) - 1;
                    let own = usize::from(au.idr);
                    let idr_waits = idrs.fetch_sub(own, Ordering::Relaxed) > own;
                    if after_gap {
                        self.begin_at_idr();
                    }
                    self.handle_access_unit(&camera, &au, reorders, (queued, idr_waits));
                }
                Some(Message::DetectionStarted(time)) => {
                    self.engine.handle(Input::DetectionStarted { time }, now);
                }
                Some(Message::Detections((picture, detections, looked))) => {
                    let time = picture.key.time;
                    detected = Some(picture.key);
                    if let Some(journeys) = &mut self.journeys {
                        journeys.looked(time, looked, now);
                    }
                    if let Some(seen) = &mut self.seen {
                        seen.take(&picture);
                    }
                    *lock(&camera.detected) = Some(picture.clone());
                    self.detected = Some(picture);
                    {
                        let mut status = camera.status();
                        status.detected.count(now);
                        status.frame_count += 1;
                    }
                    self.engine.handle(Input::Detections { time, detections: &detections }, now);
                }
                Some(Message::DetectionFailed(time)) => {
                    self.engine.handle(Input::DetectionFailed { time }, now);
                }
                Some(Message::StartAnew) => return Some(()),
                #[cfg(test)]
                Some(Message::Panic) => panic!("a test wants it so"),
                #[cfg(test)]
                Some(Message::Blind(blind)) => self.engine.handle(Input::Blind(blind), now),
            }
            self.follow(&camera);
            if let (Some(journeys), Some(key)) = (&mut self.journeys, detected) {
                journeys.tracked(key, || self.clock.mono());
            }
            self.spent(Stage::Camera, begun);
        }
    }

    /// What this thread did since `begun` was for `stage`.
    fn spent(&self, stage: Stage, begun: u64) {
        self.pool.work().add(stage, self.clock.thread_cpu_nanos() - begun);
    }

    /// What comes next may lean on what was never received.
    fn begin_at_idr(&mut self) {
        self.decoder.reset();
        self.engine.handle(Input::DecodeFailed, self.clock.mono());
    }

    /// How many wait behind it, and whether an IDR is among them.
    fn handle_access_unit(
        &mut self,
        camera: &Camera,
        au: &AccessUnit,
        reorders: bool,
        (queued, idr_waits): (usize, bool),
    ) {
        if self.run != Some(au.run) {
            // Another RTSP session.
            self.run = Some(au.run);
            // The old one is left before the new one is entered.
            self.entered = None;
            self.entered = Some(camera.span().entered());
            self.begin_at_idr();
        }
        let there = self.pool.has_detector();
        if self.detector != there {
            self.detector = there;
            self.engine.handle(Input::Detector { there }, self.clock.mono());
        }
        let frame =
            Frame { time: au.key.time, wall: au.wall, received: au.received, size: au.size };
        let input = Input::AccessUnit { frame, idr: au.idr, reorders, queued, idr_waits };
        self.engine.handle(input, self.clock.mono());
        while let Some(output) = self.engine.poll() {
            match output {
                Output::Decode { want } => self.decode(camera, au, want),
                other => self.obey(camera, other),
            }
        }
    }

    fn decode(&mut self, camera: &Camera, au: &AccessUnit, want: bool) {
        let mut moved: Option<CameraMotion> = None;
        let (clock, begun) = (self.clock, self.clock.thread_cpu_nanos());
        let mut looked = 0;
        let mut look = |luma: Plane<'_>| {
            let begun = clock.thread_cpu_nanos();
            moved = self.motion.as_mut().map(|motion| motion.look(luma, &self.objects));
            looked = clock.thread_cpu_nanos() - begun;
        };
        let decoded = self.decoder.decode_and_look(au, want, &mut look);
        self.pool.work().add(Stage::Motion, looked);
        self.spent(Stage::Decode, begun + looked);
        match decoded {
            Ok(picture) => {
                let now = self.clock.mono();
                camera.status().decoded.count(now);
                // Of the picture that comes out; without B-frames that is always this one's.
                let time = picture.as_ref().map_or(au.key.time, |picture| picture.key.time);
                if let Some(motion) = moved {
                    // What cannot be told counts as standing still.
                    let step = motion.affine().unwrap_or_default();
                    self.engine.handle(Input::Moved { time, step }, now);
                }
                let Some(picture) = picture else { return };
                if let Some(journeys) = &mut self.journeys {
                    journeys.decoded(time, au.run, now);
                }
                let decoded = Frame {
                    time: picture.key.time,
                    wall: picture.wall,
                    received: picture.received,
                    size: picture.size,
                };
                let changed = self.seen.as_ref().and_then(|seen| {
                    self.glance.take(&picture);
                    seen.changed(&self.glance)
                });
                *lock(&camera.picture) = Some(picture.clone());
                self.picture = Some(picture);
                self.engine.handle(Input::Decoded { frame: decoded, changed }, now);
            }
            Err(error) => {
                debug!(frame = %au.key, "not decoded: {error}");
                self.engine.handle(Input::DecodeFailed, self.clock.mono());
            }
        }
    }

    /// Does all that the engine asks for.
    fn follow(&mut self, camera: &Camera) {
        while let Some(output) = self.engine.poll() {
            self.obey(camera, output);
        }
    }

    fn obey(&mut self, camera: &Camera, output: Output) {
        match output {
            Output::Offer { time, replaces } => {
                if replaces.is_some() {
                    camera.status().skipped.count(self.clock.mono());
                }
                let picture = self.picture.take().filter(|picture| picture.key.time == time);
                let picture = picture.expect("the picture offered is the one decoded last");
                if let Some(journeys) = &mut self.journeys {
                    journeys.offered(time, || self.clock.mono());
                }
                self.pool.offer(picture, self.wanted, &camera.vision);
            }
            Output::Freshen { time, waiting } => {
                let picture = self.picture.take().filter(|picture| picture.key.time == time);
                let picture = picture.expect("the picture that is fresher is the one decoded last");
                if self.pool.freshen(waiting, picture) {
                    if let Some(journeys) = &mut self.journeys {
                        journeys.freshened(waiting, time, || self.clock.mono());
                    }
                    self.engine.handle(Input::Freshened { time }, self.clock.mono());
                }
            }
            Output::Embed { time, boxes } => {
                let of_time = |picture: &Picture| picture.key.time == time;
                // Of one that was not detected on, since nothing had moved, it is the one decoded
                // last.
                let picture = self.detected.take().filter(of_time);
                let picture = picture.or_else(|| self.picture.take().filter(of_time));
                let picture = picture.expect("vectors are asked of the picture updated with last");
                let begun = self.clock.thread_cpu_nanos();
                let vectors = self.embedder.embed(&picture, &boxes);
                self.spent(Stage::Embed, begun);
                self.engine.handle(Input::Embeddings(&vectors), self.clock.mono());
            }
            Output::Publish { frame, received, audience } => {
                self.publish(camera, frame, received, audience);
            }
            Output::Unchanged => camera.status().unchanged.count(self.clock.mono()),
            Output::Missed => camera.status().skipped.count(self.clock.mono()),
            Output::Decode { .. } | Output::Skip => {}
        }
    }

    fn publish(
        &mut self,
        camera: &Camera,
        frame: razz_base::TrackFrame,
        received: razz_base::MonoTime,
        audience: Audience,
    ) {
        let now = self.clock.mono();
        frame.tracks.iter().for_each(|track| camera.note_id(track.id.0));
        self.objects.clear();
        self.objects.extend(frame.tracks.iter().map(|track| track.bbox));
        let (fps, frame_count) = {
            let mut status = camera.status();
            if frame.detected {
                status.tracks_us.add(now.since_us(received) as f64);
            }
            (status.detected.per_second(now), status.frame_count)
        };
        let traced = frame.detected.then_some((frame.key, frame.tracks.len()));
        let published = Arc::new(Published {
            frame,
            received,
            fps,
            frame_count,
            names: self.pool.names().cloned().unwrap_or_else(|| self.unknown.clone()),
            json: std::sync::OnceLock::new(),
        });
        if audience != Audience::EveryFrame {
            camera.newest.send_replace(Some(Arc::clone(&published)));
        }
        if audience != Audience::PerDetection {
            // An error means that nobody listens.
            let _ = camera.frames.send(published);
        }
        if let (Some(journeys), Some((key, tracks))) = (&mut self.journeys, traced) {
            journeys.published(key, tracks, now, || self.clock.mono());
        }
    }
}

/// `wanted` is the camera's detections per second: between two of them no box may vanish.
/// `same_within` is the embedder's.
fn build_tracker(
    settings: &config::Tracker,
    wanted: f64,
    same_within: f64,
) -> Box<dyn razz_track::Tracker> {
    let kind = match settings.kind {
        config::TrackerKind::Hybrid => razz_track::Kind::Hybrid,
        config::TrackerKind::ByteTrack => razz_track::Kind::ByteTrack,
        config::TrackerKind::DeepSort => razz_track::Kind::DeepSort,
    };
    let between_us = if wanted > 0.0 { (1.5e6 / wanted) as i64 } else { 0 };
    let publish_lost_us =
        i64::try_from(settings.publish_lost_ms * 1000).unwrap_or(i64::MAX).max(between_us);
    let usual = razz_track::Reid::default();
    let reid = razz_track::Reid {
        max_distance: same_within,
        widest_distance: same_within + usual.widest_distance - usual.max_distance,
        ..usual
    };
    razz_track::build(
        kind,
        &razz_track::Settings { publish_lost_us, reid, ..razz_track::Settings::default() },
    )
}

/// The configured embedder; the built-in one when that cannot be loaded, and the log says why.
fn build_embedder(settings: &config::Tracker) -> Box<dyn Embedder> {
    if let config::EmbedderChoice::File(path) = &settings.embedder {
        match razz_vision::OnnxEmbedder::load(path, razz_vision::EngineChoice::Auto, 1) {
            Ok(embedder) => {
                info!(path = %path.display(), "embedder is ready");
                return Box::new(embedder);
            }
            Err(error) => warn!("{error}; the built-in descriptor takes its place"),
        }
    }
    razz_vision::builtin_embedder()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_panics_begins_anew_until_the_camera_is_gone() {
        let (mut begun, mut panics) = (0, 0);
        keep_alive(
            || {
                begun += 1;
                assert!(begun % 2 == 0, "a broken invariant");
                (begun < 6).then_some(())
            },
            || panics += 1,
        );
        assert_eq!((begun, panics), (6, 3));
    }
}
