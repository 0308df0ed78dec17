//! One camera at which mostly nothing moves, with the server's driver: what is decoded and when, what
//! the detector sees, and what is published.
//!
//! The decoder insists on every reference, and takes its time; so does the detector.

use bytes::Bytes;
use razz_base::{
    AccessUnit, CameraId, ClassId, Codec, Detection, Embedding, FrameKey, MediaTime, MonoTime,
    Rect, RunId, Size, StreamFormat, TrackFrame, WallQuality, WallTime,
};
use razz_engine::{
    Allowance, Audience, Camera, Counted, Decoded, Driver, Event, Frame, Hands, Idling, Settings,
};
use razz_track::{Kind, build};

/// A camera, and what happens in front of it.
pub struct Footage {
    /// Pictures from one IDR to the next.
    pub gop: i64,
    /// Pictures per second.
    pub fps: i64,
    /// Bytes of the slice of a predicted picture.
    pub bytes: Box<dyn Fn(i64) -> usize>,
    /// The objects on a picture.
    pub objects: Box<dyn Fn(i64) -> Vec<Rect>>,
    /// Whether no other picture leans on this one.
    pub unreferenced: Box<dyn Fn(i64) -> bool>,
    /// Whether packets before it were lost.
    pub lost: Box<dyn Fn(i64) -> bool>,
    /// Which of the camera's runs it belongs to.
    pub run: Box<dyn Fn(i64) -> u32>,
    /// From which picture on its stream may have B-frames.
    pub reorders_from: i64,
}

impl Default for Footage {
    /// Thirty pictures a second, an IDR every second, and nothing to see.
    fn default() -> Self {
        Self {
            gop: 30,
            fps: 30,
            bytes: Box::new(|n| 400 + (n as usize * 37) % 60),
            objects: Box::new(|_| Vec::new()),
            unreferenced: Box::new(|_| false),
            lost: Box::new(|_| false),
            run: Box::new(|_| 0),
            reorders_from: i64::MAX,
        }
    }
}

/// How long things take, in µs.
#[derive(Clone, Copy, Debug)]
pub struct Costs {
    /// A picture at the decoder.
    pub decode_us: i64,
    /// A picture at the detector.
    pub detect_us: i64,
}

impl Default for Costs {
    fn default() -> Self {
        Self { decode_us: 2000, detect_us: 60_000 }
    }
}

/// What became of the pictures, by their numbers.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// In the order of decoding.
    pub decoded: Vec<i64>,
    /// What the detector looked at, and when it was done.
    pub looked: Vec<(i64, MonoTime)>,
    /// What was published, when, and to whom.
    pub published: Vec<(TrackFrame, MonoTime, Audience)>,
    /// From which picture on it idled how.
    pub idling: Vec<(i64, Option<Idling>)>,
    /// Pictures detected on, unchanged and skipped.
    pub counted: [i64; 3],
}

impl Outcome {
    /// How the camera idled when this picture had come.
    pub fn idled(&self, n: i64) -> Option<Idling> {
        self.idling.iter().rev().find(|(from, _)| *from <= n).and_then(|(_, idling)| *idling)
    }

    /// How many pictures of these were decoded.
    pub fn decoded_of(&self, numbers: std::ops::Range<i64>) -> usize {
        self.decoded.iter().filter(|n| numbers.contains(n)).count()
    }
}

struct DozingHands {
    footage: Footage,
    costs: Costs,
    now: MonoTime,
    /// The newest access unit.
    newest: i64,
    /// What the decoder can decode next besides an IDR.
    next: Option<i64>,
    /// What the detector saw last.
    seen: Option<i64>,
    slot: Option<Frame>,
    detector: Option<(Frame, MonoTime)>,
    allowance: Allowance,
    outcome: Outcome,
}

fn time_of(n: i64, fps: i64) -> MediaTime {
    MediaTime::from_90k((n + 1_000_000) * 90_000 / fps)
}

impl DozingHands {
    fn number(&self, time: MediaTime) -> i64 {
        let n = (time.as_90k() * self.footage.fps + 45_000) / 90_000 - 1_000_000;
        assert_eq!(time_of(n, self.footage.fps), time, "no frame has this time");
        n
    }

    fn begin_detection(&mut self) -> Option<MediaTime> {
        if self.detector.is_some() {
            return None;
        }
        let frame = self.slot.take()?;
        self.detector = Some((frame, self.now.plus_us(self.costs.detect_us)));
        Some(frame.time)
    }
}

impl Hands for DozingHands {
    type Picture = Frame;

    fn frame(picture: &Frame) -> Frame {
        *picture
    }

    fn now(&self) -> MonoTime {
        self.now
    }

    fn begin_run(&mut self, _: RunId) {}

    fn reset_decoder(&mut self) {
        self.next = None;
    }

    fn decode(&mut self, au: &AccessUnit, want: bool) -> Option<Decoded<Frame>> {
        let n = self.number(au.key.time);
        self.now = self.now.plus_us(self.costs.decode_us);
        if au.lost_packets > 0 && !au.idr {
            self.next = None;
            return None;
        }
        // What lies between may be left out if nothing leans on it.
        let leans_well = self.next.is_some_and(|next| {
            next <= n && (next..n).all(|between| (self.footage.unreferenced)(between))
        });
        assert!(au.idr || leans_well, "picture {n} leans on what was not decoded");
        self.next = Some(if (self.footage.unreferenced)(n) { self.next? } else { n + 1 });
        self.outcome.decoded.push(n);
        let objects = &self.footage.objects;
        let changed = self.seen.map(|seen| {
            // Where a box was and is not, or the other way round.
            let (before, after) = (objects(seen), objects(n));
            let missing = |some: &[Rect], others: &[Rect]| {
                let gone = some.iter().filter(|one| !others.iter().any(|o| o.iou(one) > 0.95));
                gone.map(Rect::area).sum::<f64>()
            };
            (missing(&before, &after) + missing(&after, &before)) / (1280.0 * 720.0)
        });
        Some(Decoded { picture: want.then(|| Frame::from(au)), step: None, changed })
    }

    fn has_detector(&self) -> bool {
        true
    }

    fn allowance(&mut self, _: &AccessUnit, _: usize) -> Allowance {
        self.allowance
    }

    fn offer(&mut self, picture: Frame) -> bool {
        self.slot.replace(picture).is_some()
    }

    fn freshen(&mut self, waiting: MediaTime, picture: Frame) -> bool {
        let waits = self.slot.is_some_and(|slot| slot.time == waiting);
        if waits {
            self.slot = Some(picture);
        }
        waits
    }

    fn embed(&mut self, _: &Frame, boxes: &[Rect]) -> Vec<Option<Embedding>> {
        vec![None; boxes.len()]
    }

    fn publish(&mut self, frame: TrackFrame, _: MonoTime, audience: Audience) {
        self.outcome.published.push((frame, self.now, audience));
    }

    fn count(&mut self, counted: Counted) {
        let place = match counted {
            Counted::Detected => 0,
            Counted::Unchanged => 1,
            Counted::Skipped => 2,
        };
        self.outcome.counted[place] += 1;
    }

    fn idles(&mut self, idling: Option<Idling>) {
        self.outcome.idling.push((self.newest, idling));
    }
}

/// A camera's driver in simulated time.
pub struct Dozing {
    driver: Driver<DozingHands>,
    next: i64,
}

impl Dozing {
    /// With these settings and the hybrid tracker.
    pub fn new(footage: Footage, settings: Settings, costs: Costs) -> Self {
        let id = CameraId::new(1).expect("1 is a number of a camera");
        let hands = DozingHands {
            footage,
            costs,
            now: MonoTime::from_us(0),
            newest: -1,
            next: None,
            seen: None,
            slot: None,
            detector: None,
            allowance: Allowance::UNLIMITED,
            outcome: Outcome::default(),
        };
        let tracker = build(Kind::Hybrid, &razz_track::Settings::default());
        Self { driver: Driver::new(Camera::new(id, settings, tracker), hands), next: 0 }
    }

    /// So much is allowed from now on.
    pub fn allow(&mut self, allowance: Allowance) {
        self.driver.hands().allowance = allowance;
    }

    /// Up to the arrival of so many pictures.
    pub fn run_to(&mut self, pictures: i64) {
        while self.next < pictures {
            let fps = self.driver.hands().footage.fps;
            let at = MonoTime::from_us(self.next * 1_000_000 / fps);
            self.pass_until(at);
            let n = self.next;
            self.next += 1;
            let hands = self.driver.hands();
            hands.now = hands.now.max(at);
            hands.newest = n;
            let au = access_unit(&hands.footage, n, at);
            // Those that have come meanwhile wait behind it.
            let waiting = (hands.now.since_us(at) * fps / 1_000_000).max(0);
            let gop = hands.footage.gop;
            let event = Event::AccessUnit {
                au: &au,
                after_gap: false,
                queued: waiting as usize,
                idr_waits: (n + 1..=n + waiting).any(|n| n % gop == 0),
            };
            self.driver.handle(event);
            self.begin_detection();
        }
    }

    /// What became of the pictures, once all is done.
    pub fn finish(mut self) -> Outcome {
        let end = self.driver.hands().now.plus_us(2_000_000);
        self.pass_until(end);
        std::mem::take(&mut self.driver.hands().outcome)
    }

    fn pass_until(&mut self, end: MonoTime) {
        loop {
            let timeout = self.driver.poll_timeout();
            let hands = self.driver.hands();
            let done = hands.detector.map(|(_, at)| at);
            let next = [done, timeout].into_iter().flatten().map(|at| at.max(hands.now)).min();
            let Some(now) = next.filter(|next| *next < end) else { return };
            hands.now = now;
            if done.is_some_and(|done| done <= now) {
                self.finish_detection();
            } else {
                self.driver.handle(Event::Timeout);
            }
            self.begin_detection();
        }
    }

    fn begin_detection(&mut self) {
        if let Some(time) = self.driver.hands().begin_detection() {
            self.driver.handle(Event::DetectionStarted(time));
        }
    }

    fn finish_detection(&mut self) {
        let hands = self.driver.hands();
        let Some((picture, _)) = hands.detector.take() else { return };
        let n = hands.number(picture.time);
        hands.seen = Some(n);
        let found = (hands.footage.objects)(n);
        let detection = |bbox| Detection { bbox, class: ClassId(0), score: 0.9 };
        let detections = found.into_iter().map(detection).collect();
        hands.outcome.looked.push((n, hands.now));
        self.driver.handle(Event::Detections { picture, detections });
    }
}

fn access_unit(footage: &Footage, n: i64, at: MonoTime) -> AccessUnit {
    let idr = n % footage.gop == 0;
    let header = match (idr, (footage.unreferenced)(n)) {
        // first_mb_in_slice 0, slice_type 7 (I) or 5 (P).
        (true, _) => [0x65, 0b1000_1000],
        (false, true) => [0x01, 0b1001_1000],
        (false, false) => [0x41, 0b1001_1000],
    };
    let bytes = if idr { 30_000 } else { (footage.bytes)(n).max(3) };
    let mut data = vec![0, 0, 0, 1];
    data.extend_from_slice(&header);
    data.resize(4 + bytes, 0xA5);
    let mut format = StreamFormat::new(Codec::H264, Size::new(1280, 720));
    if n >= footage.reorders_from {
        format = std::sync::Arc::new(StreamFormat { reorders: true, ..(*format).clone() });
    }
    AccessUnit {
        key: FrameKey {
            camera: CameraId::new(1).expect("1 is a number of a camera"),
            time: time_of(n, footage.fps),
        },
        run: RunId((footage.run)(n)),
        format,
        data: Bytes::from(data),
        idr,
        lost_packets: u32::from((footage.lost)(n)),
        wall: WallTime { us: at.as_us(), quality: WallQuality::Arrival },
        received: at,
    }
}

/// The number of the picture of a published frame.
pub fn number(frame: &TrackFrame, fps: i64) -> i64 {
    (frame.key.time.as_90k() * fps + 45_000) / 90_000 - 1_000_000
}
