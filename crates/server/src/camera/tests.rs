//! A camera's own thread with a real decoder, detector and tracker, fed by hand.

use std::time::{Duration, Instant};

use bytes::Bytes;
use razz_base::{FrameKey, MediaTime, RunId, Size, WallQuality, WallTime};
use razz_scene::{Canvas, DEMO_MODEL, EncodedFrame, Encoder, Rate, Street};
use razz_vision::{Detector, DetectorSettings, EngineChoice, ModelSource};

use super::*;

const WITHIN: Duration = Duration::from_secs(60);

/// A camera without a network: what is fed to it comes back as track frames.
struct Bench {
    camera: Arc<Camera>,
    frames: broadcast::Receiver<Arc<Published>>,
    clock: Clock,
    /// Access units fed so far.
    fed: i64,
    _units: UnitSource,
}

impl Bench {
    /// One whose detector knows the street.
    fn new(idle: bool) -> Self {
        let clock = Clock::start();
        let pool = Pool::start(
            "demo".to_owned(),
            Some(Box::new(|| {
                let source = ModelSource::Bytes { name: "demo", data: DEMO_MODEL };
                let settings = DetectorSettings {
                    engine: EngineChoice::Rten,
                    threads: 1,
                    ..DetectorSettings::default()
                };
                Detector::load(source, &settings).map_err(|error| error.to_string())
            })),
        );
        let begun = Instant::now();
        while !matches!(pool.state(), ModelState::Ready { .. }) {
            assert!(begun.elapsed() < WITHIN, "the model is {:?}", pool.state());
            std::thread::sleep(Duration::from_millis(5));
        }
        let settings = config::Camera {
            id: CameraId::new(1).unwrap(),
            name: "Test".to_owned(),
            source: config::Source::new("rtsp://127.0.0.1/", None, None, config::Transport::Tcp)
                .unwrap(),
            detect_fps: config::DetectFps::Rate(6.0),
        };
        let tracker = config::Tracker {
            kind: config::TrackerKind::Hybrid,
            embedder: config::EmbedderChoice::Builtin,
            publish_lost_ms: 500,
        };
        let (sink, units) = units();
        let analysis = Analysis { tracker, idle };
        let camera = Camera::start(settings, 1 << 24, analysis, &pool, sink, clock);
        let frames = camera.subscribe_frames();
        Self { camera, frames, clock, fed: 0, _units: units }
    }

    /// Feeds a frame, the next at 30 per second, and waits for its tracks.
    fn feed(&mut self, frame: &EncodedFrame) -> Arc<Published> {
        let time = MediaTime::from_90k(self.fed * 3000);
        self.fed += 1;
        let au = AccessUnit {
            key: FrameKey { camera: self.camera.id, time },
            run: RunId(1),
            data: Bytes::from(frame.annex_b.clone()),
            idr: frame.idr,
            lost_packets: 0,
            size: Size::new(640, 360),
            wall: WallTime { us: self.clock.wall_us(), quality: WallQuality::Arrival },
            received: self.clock.mono(),
        };
        self.camera.handle_access_unit(au, false);
        let begun = Instant::now();
        loop {
            match self.frames.try_recv() {
                Ok(published) if published.frame.key.time == time => return published,
                Ok(_) => {}
                Err(broadcast::error::TryRecvError::Empty) => {
                    assert!(begun.elapsed() < WITHIN, "no tracks of frame {}", self.fed - 1);
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
    let mut bench = Bench::new(true);
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
    let looks = Bench::new(false).feed_all(&pictures);
    assert!(looks >= 12, "{looks} looks in 4 s");
}
