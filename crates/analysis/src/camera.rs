//! A camera's thread: it takes access units and detections, and lets the driver do what follows.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use razz_base::{ClassNames, DetectFrom, DetectRate, MonoTime, RunId, StreamKind};
use razz_config as config;
use razz_engine::{Driver, Event};
use razz_hub::renditions::Making;
use razz_hub::{Camera, Received, Renditions, SubDetection, SubStream, lock};
use razz_media::ring::Unit;
use razz_observe::clock::Clock;
use razz_observe::cpu_usage::{CAMERA_THREAD, Stage};
use razz_vision::{Glance, MotionEstimator};
use tracing::error;

use crate::alive::{PAUSE_AFTER_PANIC, keep_alive};
use crate::hands::ServerHands;
use crate::inbox::{Inbox, Mailbox, Message, Reply, Result};
use crate::masks::Masks;
use crate::renditions;
use crate::settings::AnalysisSettings;
use crate::sub::{Placed, Sub};
use crate::track_ids::{Given, TrackIds};
use crate::trackers::{build_embedder, build_tracker};

/// The analysis of one camera. Dropping it ends its thread.
pub struct CameraAnalysis {
    settings: Arc<Mutex<AnalysisSettings>>,
    mailbox: Mailbox,
    renditions: Arc<Renditions>,
    /// Has the renditions made; as long as this is theirs, nobody else has.
    serving: Making,
}

impl CameraAnalysis {
    /// Starts the camera's thread.
    pub fn start(
        camera: &Camera,
        settings: AnalysisSettings,
        track_ids: Arc<dyn TrackIds>,
        clock: Clock,
    ) -> Self {
        Self::start_filtered(camera, settings, track_ids, clock, |result| result)
    }

    /// The same, with the detector's results as `filter` leaves them.
    pub(crate) fn start_filtered(
        camera: &Camera,
        settings: AnalysisSettings,
        track_ids: Arc<dyn TrackIds>,
        clock: Clock,
        filter: impl Fn(Result) -> Result + Send + Sync + 'static,
    ) -> Self {
        let settings = Arc::new(Mutex::new(settings));
        let mailbox = Mailbox::default();
        let thread = Thread {
            context: camera.context.clone(),
            tracks: Arc::clone(&camera.tracks),
            health: Arc::clone(&camera.health),
            settings: Arc::clone(&settings),
            track_ids,
            sub_stream: Arc::clone(&camera.sub),
            sub: Mutex::default(),
            inbox: Inbox::new(&mailbox, &camera.stream, &camera.sub.stream),
            reply: mailbox.reply(filter),
            clock,
        };
        thread::Builder::new()
            .name(format!("{CAMERA_THREAD}{}", camera.id))
            .spawn(move || thread.run())
            .expect("the system gives us a thread per camera");
        let serving = renditions::serve(camera, &settings, clock);
        Self { settings, mailbox, renditions: Arc::clone(&camera.renditions), serving }
    }

    /// Changes how pictures are looked at. Decoding, detection and tracking start anew at the next
    /// IDR.
    pub fn reconfigure(&self, settings: AnalysisSettings) {
        *lock(&self.settings) = settings;
        self.mailbox.start_anew();
    }
}

impl Drop for CameraAnalysis {
    fn drop(&mut self) {
        self.renditions.close(self.serving);
        self.mailbox.stop();
    }
}

/// How often a sub-stream is looked at that brings nothing.
const LOOK_AT_SUB_EVERY: Duration = Duration::from_millis(250);
/// How long the thread waits when the machine wants nothing.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

struct Thread {
    context: razz_hub::RunContext,
    tracks: Arc<razz_hub::Tracks>,
    health: Arc<razz_hub::Health>,
    settings: Arc<Mutex<AnalysisSettings>>,
    track_ids: Arc<dyn TrackIds>,
    sub_stream: Arc<SubStream>,
    /// What is known of both streams, from one driver to the next.
    sub: Mutex<Option<Sub>>,
    inbox: Inbox,
    reply: Reply,
    clock: Clock,
}

impl Thread {
    /// Works until the camera is gone. A panic restarts its work from the next IDR and touches no
    /// other camera.
    fn run(self) {
        keep_alive(
            || self.drive(self.driver()),
            || {
                let _in = self.context.span().entered();
                error!("this camera's analysis panicked; it starts anew");
                self.health.count_restart();
                thread::sleep(PAUSE_AFTER_PANIC);
            },
        );
    }

    fn driver(&self) -> Driver<ServerHands> {
        let entered = self.context.span().entered();
        let AnalysisSettings {
            rate,
            from,
            priority,
            masks,
            tracker,
            idle,
            decoders,
            pool,
            telemetry,
            pictures,
        } = lock(&self.settings).clone();
        let sub = match (from, rate) {
            (DetectFrom::Sub, DetectRate::PerSecond(_) | DetectRate::Max) => {
                let known = lock(&self.sub).take();
                let begin = || Sub::new(Arc::clone(&self.sub_stream), decoders.clone());
                Some(known.unwrap_or_else(begin))
            }
            (DetectFrom::Main, _) | (_, DetectRate::Off) => {
                *lock(&self.sub) = None;
                self.sub_stream.want(false);
                self.sub_stream.set_detection(SubDetection::default());
                None
            }
        };
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
            beside: sub.as_ref().is_some_and(Sub::is_used),
            idle: idle.then(razz_engine::Idle::default),
            ids_after: self.track_ids.after().0,
            ..razz_engine::Settings::default()
        };
        // Of this life of the camera nothing is known yet.
        self.health.analysis().idle = None;
        let (decodable, decoder) = (decoders.decodable(), decoders.decoder());
        pool.admit(self.context.camera(), rate, priority);
        let embedder = build_embedder(&tracker);
        let tracker = build_tracker(&tracker, wanted, embedder.same_within());
        let machine = razz_engine::Camera::new(self.context.camera(), settings, tracker);
        let hands = ServerHands {
            context: self.context.clone(),
            tracks: Arc::clone(&self.tracks),
            health: Arc::clone(&self.health),
            pictures,
            pool,
            reply: Arc::clone(&self.reply),
            decoder,
            decodable,
            embedder,
            wanted,
            weight: wanted * priority,
            masks: Masks::new(masks),
            motion,
            seen: idle.then(Glance::default),
            glance: Glance::default(),
            objects: Vec::new(),
            decoded_size: None,
            sub,
            journeys: telemetry.journeys(),
            unknown: ClassNames::new([]),
            run: RunId::default(),
            entered: Some(entered),
            track_ids: Arc::clone(&self.track_ids),
            given: Given::Yes,
            clock: self.clock,
        };
        Driver::new(machine, hands)
    }

    /// `None` when the camera is gone; `Some` when it has other settings now, or another of its streams is
    /// detected on.
    fn drive(&self, mut driver: Driver<ServerHands>) -> Option<()> {
        loop {
            let now = self.clock.mono();
            let longest =
                if driver.hands().sub.is_some() { LOOK_AT_SUB_EVERY } else { LONGEST_WAIT };
            let wait = driver.poll_timeout().map_or(longest, |at| now.until(at).min(longest));
            let message = self.inbox.next(wait);
            let begun = self.clock.thread_cpu_nanos();
            let mut anew = false;
            match message {
                Message::Stop => {
                    self.sub_stream.want(false);
                    return None;
                }
                Message::StartAnew => anew = true,
                Message::Timeout => driver.handle(Event::Timeout),
                Message::Result(Result::Started(time)) => {
                    driver.handle(Event::DetectionStarted(time));
                }
                Message::Result(Result::Failed(time)) => {
                    driver.handle(Event::DetectionFailed(time));
                }
                Message::Result(Result::Done { picture, mut detections, looked }) => {
                    let key = picture.key;
                    driver.hands().mask(&picture, &mut detections);
                    driver.hands().looked(&picture, looked);
                    driver.handle(Event::Detections { picture, detections });
                    driver.hands().tracked(key);
                }
                Message::AccessUnit { unit, queued, idr_waits } => {
                    let kind = unit.source.kind;
                    anew = take_unit(&mut driver, kind, &unit, queued, idr_waits);
                }
            }
            anew = anew || follow_sub(&mut driver, self.clock.mono());
            driver.hands().spent(Stage::Camera, begun);
            match driver.hands().given {
                Given::Yes => {}
                // The next tracker gives those of another epoch.
                Given::Last => anew = true,
                // Another camera has the id now, and this one has been stopped.
                Given::Refused => return None,
            }
            if anew {
                *lock(&self.sub) = driver.hands().sub.take();
                return Some(());
            }
        }
    }
}

/// An access unit of one of the streams is here. Answers whether another stream is detected on from now on.
fn take_unit(
    driver: &mut Driver<ServerHands>,
    kind: StreamKind,
    unit: &Received<Unit>,
    queued: usize,
    idr_waits: bool,
) -> bool {
    let (au, after_gap) = (&unit.item.au, unit.gap.is_some());
    let hands = driver.hands();
    let now = hands.clock.mono();
    // What has no decoder is passed over; the status says so.
    let is_decoded = au.format.not_decoded(hands.decodable).is_none();
    match (&mut hands.sub, kind) {
        (Some(sub), StreamKind::Sub) => {
            if is_decoded && sub.see_sub(au, after_gap, now) {
                // The next driver begins with it.
                return true;
            }
            decode_sub(driver, queued, now);
        }
        (None, StreamKind::Sub) => {}
        (sub, StreamKind::Main | StreamKind::Rendition(_)) => {
            let passing = sub.as_mut().is_some_and(|sub| {
                sub.see_main(au, now);
                sub.is_used()
            });
            if passing {
                // Those of the sub-stream that were taken before it go first: it may wait for them.
                decode_sub(driver, 0, now);
                driver.handle(Event::Passing(au));
            } else if is_decoded {
                driver.handle(Event::AccessUnit { au, after_gap, queued, idr_waits });
            }
        }
    }
    false
}

/// Decodes what the main stream has come up to; `queued` more of the sub-stream wait to be looked at.
fn decode_sub(driver: &mut Driver<ServerHands>, queued: usize, now: MonoTime) {
    while let Some((placed, behind)) = driver.hands().sub.as_mut().and_then(|sub| sub.next(now)) {
        let Placed { au, after_gap } = &placed;
        let queued = behind + queued;
        driver.handle(Event::AccessUnit { au, after_gap: *after_gap, queued, idr_waits: false });
    }
}

/// Time passed for the sub-stream. Answers whether another stream is detected on from now on.
fn follow_sub(driver: &mut Driver<ServerHands>, now: MonoTime) -> bool {
    let hands = driver.hands();
    let wanted = hands.pool.has_detector();
    let Some(sub) = &mut hands.sub else { return false };
    let given_up = sub.handle_timeout(wanted, now);
    decode_sub(driver, 0, now);
    given_up
}
