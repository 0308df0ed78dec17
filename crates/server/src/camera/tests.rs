//! A camera's own thread with a real decoder, detector and tracker, fed by hand.

use std::time::Duration;

use bytes::Bytes;
use razz_base::{
    Codec, FrameKey, MediaTime, RunId, Size, TrackId, TrackSource, TrackState, WallQuality,
    WallTime,
};
use razz_scene::{Canvas, DEMO_MODEL, EncodedFrame, Encoder, Rate, Street};
use razz_vision::{Detector, DetectorSettings, EngineChoice, ModelSource};

use super::*;

#[path = "../../../vision/tests/support/mp4.rs"]
#[allow(unreachable_pub, reason = "shared with the tests of vision")]
mod mp4;

const WITHIN: Duration = Duration::from_secs(60);

/// A camera without a network: what is fed to it comes back as track frames.
struct Bench {
    camera: Arc<Camera>,
    frames: broadcast::Receiver<Arc<Published>>,
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
        let pool = Pool::start("test".to_owned(), Some(load), 1, clock);
        let begun = Clock::start();
        while !matches!(pool.state(), ModelState::Ready { .. }) {
            assert!(begun.uptime() < WITHIN, "the model is {:?}", pool.state());
            std::thread::sleep(Duration::from_millis(5));
        }
        let settings = config::Camera {
            id: CameraId::new(1).unwrap(),
            name: "Test".to_owned(),
            source: config::Source::new("rtsp://127.0.0.1/", None, None, config::Transport::Tcp)
                .unwrap(),
            detect_fps: razz_base::DetectRate::PerSecond(6.0),
        };
        let tracker = config::Tracker {
            kind: config::TrackerKind::Hybrid,
            embedder: config::EmbedderChoice::Builtin,
            publish_lost_ms: 500,
        };
        let telemetry = Telemetry::default();
        let analysis = Analysis { tracker, idle, pool, telemetry };
        let camera = Camera::start(settings, 1 << 24, analysis, UnitSink::nowhere(), clock);
        let frames = camera.subscribe_frames();
        Self { camera, frames, clock, fed: 0 }
    }

    /// Feeds a frame, the next at 30 per second, and waits for its tracks.
    fn feed(&mut self, frame: &EncodedFrame) -> Arc<Published> {
        let time = MediaTime::from_90k(self.fed * 3000);
        self.fed += 1;
        let au = AccessUnit {
            // Received later than now: so that a frame waits for its detection, however slow the machine.
            received: self.clock.mono().plus_us(60_000_000),
            ..access_unit(frame.annex_b.clone(), time.as_90k(), frame.idr)
        };
        self.camera.handle_access_unit(au, false);
        let begun = Clock::start();
        loop {
            match self.frames.try_recv() {
                Ok(published) if published.frame.key.time == time => return published,
                Ok(_) => {}
                Err(broadcast::error::TryRecvError::Empty) => {
                    assert!(begun.uptime() < WITHIN, "no tracks of frame {}", self.fed - 1);
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Feeds all; answers how many the detector looked at.
    fn feed_all(&mut self, frames: &[EncodedFrame]) -> u64 {
        let before = self.camera.status().frame_count;
        for frame in frames {
            self.feed(frame);
        }
        self.camera.status().frame_count - before
    }
}

/// An access unit of camera 1.
fn access_unit(annex_b: Vec<u8>, ticks: i64, idr: bool) -> AccessUnit {
    AccessUnit {
        key: FrameKey { camera: CameraId::new(1).unwrap(), time: MediaTime::from_90k(ticks) },
        run: RunId(1),
        codec: Codec::H264,
        data: Bytes::from(annex_b),
        idr,
        lost_packets: 0,
        size: Size::new(1280, 720),
        wall: WallTime { us: 0, quality: WallQuality::Arrival },
        received: razz_base::MonoTime::from_us(0),
    }
}

/// The pictures of a street at the given frames of its period.
fn film(frames: impl Iterator<Item = u64>) -> Vec<EncodedFrame> {
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
fn without_idle_the_detector_never_rests() {
    let pictures = film((0..120).map(|_| 200));
    let looks = Bench::of_street(false).feed_all(&pictures);
    assert!(looks >= 12, "{looks} looks in 4 s");
}

/// A street with people, and what YOLO11 sees in it. `None`, and a line that says so, without the
/// test data.
#[allow(clippy::print_stderr, reason = "tests report to people")]
fn people_walking(test: &str) -> Option<(Bench, Vec<EncodedFrame>)> {
    let Some(data) = std::env::var_os("RAZZ_TESTDATA").map(std::path::PathBuf::from) else {
        eprintln!("{test}: skipped, since RAZZ_TESTDATA does not name the test data's folder");
        return None;
    };
    let model = data.join("models/yolo11n.onnx");
    let settings = DetectorSettings::default();
    let load = move |_| Ok(Detector::load(ModelSource::File(&model), &settings).unwrap());
    let frames = mp4::read(&data.join("clips/people-walking.mp4"));
    let frames = frames
        .into_iter()
        .map(|au| EncodedFrame { annex_b: au.data.to_vec(), idr: au.idr, reorder: 0 })
        .collect();
    Some((Bench::new(Arc::new(load), false), frames))
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
fn a_person_who_walks_behind_another_keeps_the_id() {
    let test = "a_person_who_walks_behind_another_keeps_the_id";
    let Some((mut bench, frames)) = people_walking(test) else { return };
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

#[test]
fn after_two_seconds_without_detections_people_are_known_again_by_their_looks() {
    let test = "after_two_seconds_without_detections_people_are_known_again_by_their_looks";
    let Some((mut bench, frames)) = people_walking(test) else { return };
    // Four people who walk away, on the last frame that the detector sees and on one after: in a
    // blue jacket, a dark suit, a dark hood, with long hair.
    let before = [(666.0, 432.0), (799.0, 417.0), (943.0, 413.0), (1085.0, 426.0)];
    let after = [(531.0, 424.0), (626.0, 412.0), (846.0, 413.0), (939.0, 427.0)];
    let mut known = Vec::new();
    for (n, frame) in frames.iter().enumerate().take(271) {
        bench.camera.vision.blind((201..261).contains(&n));
        let published = bench.feed(frame);
        match n {
            200 => known = before.map(|(x, y)| person_at(&published, x, y)).to_vec(),
            // Half a second later what is predicted is no longer shown.
            220..261 => assert_eq!(published.frame.tracks.len(), 0, "frame {n}"),
            270 => {
                let again = after.map(|(x, y)| person_at(&published, x, y));
                let same = known.iter().zip(&again).filter(|(was, is)| {
                    let (Some(was), Some(is)) = (was, is) else { return false };
                    was.0 == is.0 && is.1 == TrackSource::DeepSort
                });
                assert!(same.count() >= 3, "{known:?}, then {again:?}");
            }
            _ => {}
        }
    }
}
