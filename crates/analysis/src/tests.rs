//! A camera's own thread with a real decoder, detector and tracker, fed by hand.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use razz_base::{
    AccessUnit, CameraId, Codec, DetectRate, FrameKey, MediaTime, RunId, Size, StreamFormat,
    TrackId, TrackSource, TrackState, WallQuality, WallTime,
};
use razz_scene::{Canvas, DEMO_MODEL, EncodedFrame, Encoder, Rate, Street};
use razz_vision::{Detector, DetectorSettings, EngineChoice, ModelSource};

use razz_config as config;
use razz_hub::tracks::{self, Frames};
use razz_hub::{Camera, CameraSettings, Policy, Published};
use razz_media::h264;
use razz_observe::clock::Clock;
use razz_observe::telemetry::Telemetry;

use super::*;
use crate::inbox::Result;
use crate::pool::Capacity;

mod renditions;
mod sub;

#[path = "../../vision/tests/support/mp4.rs"]
#[allow(unreachable_pub, reason = "shared with the tests of vision")]
mod mp4;

const WITHIN: Duration = Duration::from_secs(60);

/// Gives ids from 1 on, until another has taken over.
#[derive(Default)]
struct Counted {
    highest: AtomicU64,
    taken_over: AtomicBool,
    /// Breaks the camera's thread, once.
    broken: AtomicBool,
}

impl TrackIds for Counted {
    fn after(&self) -> TrackId {
        TrackId(self.highest.load(Ordering::Relaxed))
    }

    fn give(&self, highest: TrackId) -> Given {
        if self.taken_over.load(Ordering::Relaxed) {
            return Given::Refused;
        }
        assert!(!self.broken.swap(false, Ordering::Relaxed), "a broken invariant");
        self.highest.fetch_max(highest.0, Ordering::Relaxed);
        Given::Yes
    }
}

/// A camera without a network: what is fed to it comes back as track frames.
struct Bench {
    pool: Arc<Pool>,
    camera: Arc<Camera>,
    analysis: CameraAnalysis,
    settings: AnalysisSettings,
    track_ids: Arc<Counted>,
    frames: tracks::Subscription,
    /// While set, the detector's results count as empty.
    blind: Arc<AtomicBool>,
    clock: Clock,
    /// Access units fed so far.
    fed: i64,
}

impl Bench {
    /// One whose detector knows the street.
    fn of_street(idle: bool) -> Self {
        let source = ModelSource::Bytes { name: "demo", data: DEMO_MODEL };
        let settings =
            DetectorSettings { engine: EngineChoice::Rten, threads: 1, ..Default::default() };
        Self::new(Arc::new(move |_| Ok(Detector::load(source, &settings).unwrap())), idle)
    }

    fn new(load: Load, idle: bool) -> Self {
        let clock = Clock::start();
        // What is looked at shall not depend on how busy the machine is.
        let capacity = Capacity::new(64.0, 64.0, clock);
        let pool = Pool::start_with("test".to_owned(), Some(load), 1, capacity, clock);
        let begun = Clock::start();
        while !matches!(pool.state(), ModelState::Ready { .. }) {
            assert!(begun.uptime() < WITHIN, "the model is {:?}", pool.state());
            std::thread::sleep(Duration::from_millis(5));
        }
        Self::at(pool, 1, idle, clock)
    }

    /// Another camera at the same detector.
    fn beside(&self, id: u32) -> Self {
        Self::at(Arc::clone(&self.pool), id, false, self.clock)
    }

    fn at(pool: Arc<Pool>, id: u32, idle: bool, clock: Clock) -> Self {
        let blind = Arc::new(AtomicBool::new(false));
        let shown = CameraSettings {
            name: "Test".to_owned(),
            address: "rtsp://127.0.0.1/".to_owned(),
            transport: razz_base::Transport::Tcp,
            certificate: None,
            credentials: false,
            sub_address: None,
            detect_from: razz_base::DetectFrom::Main,
            detect_rate: DetectRate::PerSecond(6.0),
            priority: 1.0,
            record: razz_base::RecordMode::Always,
            around_us: [0; 2],
        };
        let camera = Camera::new(CameraId::new(id).unwrap(), shown, 1 << 24, clock.wall_us());
        let settings = AnalysisSettings {
            rate: DetectRate::PerSecond(6.0),
            from: razz_base::DetectFrom::Main,
            priority: 1.0,
            masks: Vec::new(),
            tracker: config::Tracker {
                kind: config::TrackerKind::Hybrid,
                embedder: config::EmbedderChoice::Builtin,
                publish_lost_ms: 500,
            },
            idle,
            decoders: razz_vision::Decoders::builtin(),
            pool: Arc::clone(&pool),
            telemetry: Telemetry::default(),
            pictures: Arc::default(),
        };
        let track_ids = Arc::new(Counted::default());
        let is_blind = Arc::clone(&blind);
        let filter = move |result| match result {
            Result::Done { picture, looked, .. } if is_blind.load(Ordering::Relaxed) => {
                Result::Done { picture, detections: Vec::new(), looked }
            }
            result => result,
        };
        let analysis = {
            let track_ids = Arc::clone(&track_ids) as Arc<dyn TrackIds>;
            CameraAnalysis::start_filtered(&camera, settings.clone(), track_ids, clock, filter)
        };
        let policy = Policy::Lossless { max_bytes: 1 << 24 };
        let frames = camera.tracks.subscribe(Frames::Every, policy);
        Self { pool, camera, analysis, settings, track_ids, frames, blind, clock, fed: 0 }
    }

    /// Publishes a frame, the next at 30 per second.
    fn publish(&mut self, frame: &EncodedFrame) -> MediaTime {
        let time = MediaTime::from_90k(self.fed * 3000);
        self.fed += 1;
        let au = access_unit(frame.annex_b.clone(), time.as_90k(), frame.idr);
        self.camera.stream.publish(AccessUnit {
            key: FrameKey { camera: self.camera.id, time },
            // Received later than now: so that a frame waits for its detection, however slow the machine.
            received: self.clock.mono().plus_us(60_000_000),
            ..au
        });
        time
    }

    /// Feeds a frame, the next at 30 per second, and waits for its tracks.
    fn feed(&mut self, frame: &EncodedFrame) -> Arc<Published> {
        let time = self.publish(frame);
        loop {
            let next = self.frames.next_within(WITHIN);
            let next = next.unwrap_or_else(|| panic!("no tracks of frame {}", self.fed - 1));
            if next.item.frame.key.time == time {
                return next.item;
            }
        }
    }

    /// Feeds all; answers how many the detector looked at.
    fn feed_all(&mut self, frames: &[EncodedFrame]) -> u64 {
        let before = self.detected();
        for frame in frames {
            self.feed(frame);
        }
        self.detected() - before
    }

    fn detected(&self) -> u64 {
        self.camera.health.analysis().detected.total()
    }
}

/// An access unit of camera 1.
fn access_unit(annex_b: Vec<u8>, ticks: i64, idr: bool) -> AccessUnit {
    AccessUnit {
        key: FrameKey { camera: CameraId::new(1).unwrap(), time: MediaTime::from_90k(ticks) },
        run: RunId(1),
        format: StreamFormat::new(Codec::H264, Size::new(1280, 720)),
        data: Bytes::from(annex_b),
        idr,
        lost_packets: 0,
        wall: WallTime { us: 0, quality: WallQuality::Arrival },
        received: razz_base::MonoTime::from_us(0),
    }
}

/// The pictures of a street at the given frames of its period.
pub(crate) fn film(frames: impl Iterator<Item = u64>) -> Vec<EncodedFrame> {
    let street = Street::new(3);
    let mut encoder = Encoder::with_size(Size::new(640, 360), Rate::Constant, 30).unwrap();
    let mut canvas = Canvas::new();
    let mut last = None;
    frames
        .map(|frame| {
            if last.replace(frame) != Some(frame) {
                street.render(frame, &mut canvas);
            }
            encoder.encode(&canvas).unwrap()
        })
        .collect()
}

#[test]
fn a_detector_rests_while_nothing_moves_and_wakes_when_something_does() {
    let pictures = film((0..270).map(|_| 200).chain(200..320));
    let (still, moving) = pictures.split_at(270);
    let mut bench = Bench::of_street(true);
    bench.feed_all(&still[..120]);
    let boxes = |published: &Published| published.frame.tracks.len();
    let before = boxes(&bench.feed(&still[120]));
    let resting = bench.feed_all(&still[121..]);
    assert!((3..=8).contains(&resting), "{resting} looks in 5 s of a still picture");
    let after = boxes(&bench.feed(&still[269]));
    assert!(before > 0 && after == before, "{before} boxes before, {after} after resting");
    let first = bench.feed_all(&moving[..30]);
    assert!(first >= 1, "not awake a second after something moved");
    let awake = bench.feed_all(&moving[30..]);
    assert!(awake >= 9, "{awake} looks in 3 s of movement");
}

#[test]
fn an_analysis_whose_camera_was_taken_over_shows_no_more_tracks() {
    let pictures = film(200..320);
    let mut bench = Bench::of_street(false);
    let tracks: usize =
        pictures[..60].iter().map(|frame| bench.feed(frame).frame.tracks.len()).sum();
    assert!(tracks > 0);
    bench.track_ids.taken_over.store(true, Ordering::Relaxed);
    for frame in &pictures[60..90] {
        let time = bench.fed * 3000;
        bench.fed += 1;
        let au = access_unit(frame.annex_b.clone(), time, frame.idr);
        bench.camera.stream.publish(AccessUnit { received: bench.clock.mono(), ..au });
    }
    let begun = Clock::start();
    // Its thread ends, and with it its subscription.
    while bench.camera.stream.subscribers() > 0 {
        assert!(begun.uptime() < WITHIN, "it goes on");
        std::thread::sleep(Duration::from_millis(5));
    }
    while let Some(late) = bench.frames.try_next() {
        assert!(late.item.frame.tracks.is_empty(), "{:?}", late.item.frame.key);
    }
}

#[test]
fn a_panic_in_one_cameras_thread_begins_it_anew_and_disturbs_no_other() {
    let pictures = film(200..320);
    let mut one = Bench::of_street(false);
    let mut two = one.beside(2);
    let ids = |bench: &mut Bench, frames: &[EncodedFrame]| {
        let ids = frames.iter().flat_map(|frame| bench.feed(frame).frame.tracks.to_vec());
        ids.map(|track| track.id).collect::<BTreeSet<TrackId>>()
    };
    let before = ids(&mut one, &pictures[..60]);
    assert!(!before.is_empty() && !ids(&mut two, &pictures[..30]).is_empty());
    one.track_ids.broken.store(true, Ordering::Relaxed);
    let video = one.camera.stream.subscribe(Policy::Lossless { max_bytes: 1 << 24 });
    // Its thread breaks on one of these, and what waits for it is lost with it.
    let begun = Clock::start();
    while one.camera.health.snapshot(one.clock.mono()).restarts == 0 {
        one.publish(&pictures[(one.fed % 60) as usize]);
        assert!(begun.uptime() < WITHIN, "it goes on");
        std::thread::sleep(Duration::from_millis(5));
    }
    // The other one is as before: each of its frames has its tracks, meanwhile too.
    assert!(!ids(&mut two, &pictures[30..120]).is_empty());
    // After a second it begins anew, at the next IDR, with ids of its own.
    let mut anew = BTreeSet::new();
    while anew.is_empty() {
        one.publish(&pictures[(one.fed % 60) as usize]);
        assert!(begun.uptime() < WITHIN, "no tracks after the panic");
        std::thread::sleep(Duration::from_millis(5));
        let frames = std::iter::from_fn(|| one.frames.try_next());
        let tracks = frames.flat_map(|frame| frame.item.frame.tracks.to_vec());
        anew = tracks.map(|track| track.id).filter(|id| !before.contains(id)).collect();
    }
    assert!(before.last() < anew.first(), "{before:?}, then {anew:?}");
    assert_eq!(two.camera.health.snapshot(two.clock.mono()).restarts, 0);
    // Video takes no notice.
    let times = std::iter::from_fn(|| video.try_next());
    let times: Vec<i64> = times.map(|unit| unit.item.au.key.time.as_90k()).collect();
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] == 3000), "{times:?}");
}

/// Two seconds of intra refresh, whose only IDR was before razz came: from a recovery point on, as
/// ingest marks it, and from the middle on, as a camera with an IDR every minute has it.
#[test]
fn a_camera_without_idr_gets_detections() {
    let stream = include_bytes!("../../vision/tests/data/refresh-cabac.h264");
    let mut frames = Vec::new();
    let mut annex_b = Vec::new();
    for nal in h264::nal_units(stream) {
        annex_b.extend_from_slice(&[&[0, 0, 0, 1], nal].concat());
        if h264::nal_type(nal).is_some_and(h264::NalType::is_vcl) {
            let idr = h264::recovery_point(&annex_b).is_some();
            frames.push(EncodedFrame { annex_b: std::mem::take(&mut annex_b), idr, reorder: 0 });
        }
    }
    assert_eq!(frames.iter().skip(1).filter(|frame| frame.idr).count(), 2);
    frames.remove(0);
    for marked in [true, false] {
        let mut bench = Bench::of_street(false);
        for frame in &mut frames {
            frame.idr &= marked;
        }
        if !marked {
            // The hub begins at a key frame; this one is lost on its way.
            let mut lost = film(std::iter::once(200));
            lost[0].annex_b.truncate(200);
            bench.publish(&lost[0]);
        }
        for frame in &frames {
            bench.publish(frame);
        }
        let begun = Clock::start();
        while bench.detected() == 0 {
            assert!(begun.uptime() < WITHIN, "nothing is detected, marked {marked}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn the_scenes_camera_without_key_frames_has_tracks() {
    let plain = film(200..260);
    let without = razz_scene::camera::without_key_frames(&plain).unwrap();
    let tracks = |frames: &[EncodedFrame]| -> usize {
        let mut bench = Bench::of_street(false);
        frames.iter().map(|frame| bench.feed(frame).frame.tracks.len()).sum()
    };
    let (with, without) = (tracks(&plain), tracks(&without));
    assert!(with > 0 && without > 0, "{with} boxes with key frames, {without} without");
}

#[test]
fn without_idle_the_detector_never_rests() {
    let pictures = film((0..120).map(|_| 200));
    let looks = Bench::of_street(false).feed_all(&pictures);
    assert!(looks >= 12, "{looks} looks in 4 s");
}

/// A street with people, and what YOLO11 sees in it: outside data, which `docs/testing.md` describes.
fn people_walking() -> (Bench, Vec<EncodedFrame>) {
    let data = std::env::var_os("RAZZ_TESTDATA").map(std::path::PathBuf::from);
    let data = data.expect("RAZZ_TESTDATA names the folder of the outside test data");
    let model = data.join("models/yolo11n.onnx");
    let settings = DetectorSettings::default();
    let load = move |_| Ok(Detector::load(ModelSource::File(&model), &settings).unwrap());
    let frames = mp4::read(&data.join("clips/people-walking.mp4"));
    let frames = frames
        .into_iter()
        .map(|au| EncodedFrame { annex_b: au.data.to_vec(), idr: au.idr, reorder: 0 })
        .collect();
    (Bench::new(Arc::new(load), false), frames)
}

/// The person whose box holds a point, and how the box came about.
fn person_at(published: &Published, x: f64, y: f64) -> Option<(TrackId, TrackSource, TrackState)> {
    let holds = |bbox: &razz_base::Rect| {
        (bbox.left..bbox.right).contains(&x) && (bbox.top..bbox.bottom).contains(&y)
    };
    let tracks = published.frame.tracks.iter().filter(|track| holds(&track.bbox));
    // Of several the one in the middle of which the point lies.
    let off = |track: &&razz_base::Track| {
        let [cx, cy] = track.bbox.center();
        (cx - x).hypot(cy - y)
    };
    let nearest = tracks.min_by(|a, b| off(a).total_cmp(&off(b)))?;
    Some((nearest.id, nearest.source, nearest.state))
}

#[test]
#[ignore = "needs RAZZ_TESTDATA: YOLO11 and a clip of people who walk behind each other"]
fn people_of_a_real_street_keep_their_ids() {
    a_person_who_walks_behind_another_keeps_the_id();
    after_two_seconds_without_detections_people_are_known_again_by_their_looks();
}

fn a_person_who_walks_behind_another_keeps_the_id() {
    let (mut bench, frames) = people_walking();
    // A woman with long hair is hidden by a man with a beard for over two seconds.
    let mut before = None;
    let mut hidden = 0;
    for (n, frame) in frames.iter().enumerate().take(131) {
        let published = bench.feed(frame);
        match n {
            20 => before = person_at(&published, 942.0, 427.0),
            60..110 => {
                let id = before.map(|(id, _, _)| id);
                hidden += usize::from(published.frame.tracks.iter().all(|t| Some(t.id) != id));
            }
            130 => {
                let after = person_at(&published, 757.0, 420.0);
                assert!(hidden > 30, "she was out of sight on {hidden} frames only");
                let (was, is) = (before.expect("she is seen"), after.expect("she is seen again"));
                assert_eq!(was.0, is.0, "{was:?}, then {is:?}");
                assert_eq!((was.1, is.1), (TrackSource::ByteTrack, TrackSource::DeepSort));
            }
            _ => {}
        }
    }
}

fn after_two_seconds_without_detections_people_are_known_again_by_their_looks() {
    let (mut bench, frames) = people_walking();
    // Four people who walk away, on the last frame that the detector sees and on one after: in a
    // blue jacket, a dark suit, a dark hood, with long hair.
    let before = [(666.0, 432.0), (799.0, 417.0), (943.0, 413.0), (1085.0, 426.0)];
    let after = [(531.0, 424.0), (626.0, 412.0), (846.0, 413.0), (939.0, 427.0)];
    let (mut known, mut most, mut said) = (Vec::new(), 0, String::new());
    for (n, frame) in frames.iter().enumerate().take(277) {
        bench.blind.store((201..261).contains(&n), Ordering::Relaxed);
        let published = bench.feed(frame);
        match n {
            200 => known = before.map(|(x, y)| person_at(&published, x, y)).to_vec(),
            // Half a second later what is predicted is no longer shown.
            220..261 => assert_eq!(published.frame.tracks.len(), 0, "frame {n}"),
            // On which frame after that they are detected again depends on the machine.
            266..=276 => {
                let again = after.map(|(x, y)| person_at(&published, x, y));
                let same = known.iter().zip(&again).filter(|(was, is)| {
                    let (Some(was), Some(is)) = (was, is) else { return false };
                    was.0 == is.0 && is.1 == TrackSource::DeepSort
                });
                most = most.max(same.count());
                said = format!("{known:?}, then {again:?}");
            }
            _ => {}
        }
    }
    assert!(most >= 3, "{said}");
}
