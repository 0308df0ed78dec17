//! A server with many cameras on a few cores: the real driver, scheduler and budget, with pictures that
//! cost a seeded time to decode and to detect on.
//!
//! Each camera has a thread of its own, the detector has workers at low priority, and one thread sends
//! the video on. Nothing of the costs is known to the budget but what the threads measure.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use razz_base::{
    AccessUnit, CameraId, Codec, DetectRate, Embedding, FrameKey, MediaTime, MonoTime, Rect, RunId,
    Size, StreamFormat, TrackFrame, WallQuality, WallTime,
};
use razz_engine::{
    Allowance, Audience, Budget, Camera, Counted, Decoded, Driver, Event, Frame, Hands, Idle,
    Idling, Scheduler, Settings,
};

use crate::cores::{NICE_10, NORMAL, Processor, TaskId};
use crate::random::Random;

/// A camera and what it costs.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Pictures from one IDR to the next.
    pub gop: i64,
    /// Pictures per second.
    pub fps: i64,
    /// Detections per second.
    pub wanted: f64,
    /// Its weight.
    pub priority: f64,
    /// What decoding a picture costs, on average.
    pub decode_us: f64,
    /// From when to when it sends, in µs.
    pub sends_us: (i64, i64),
    /// From when to when something moves in front of it, in µs. Before and after, it idles.
    pub moves_us: (i64, i64),
}

impl Load {
    fn moves(&self, at_us: i64) -> bool {
        (self.moves_us.0..self.moves_us.1).contains(&at_us)
    }
}

impl Default for Load {
    /// 720p30 with openh264, for ever.
    fn default() -> Self {
        Self {
            gop: 30,
            fps: 30,
            wanted: 5.0,
            priority: 1.0,
            decode_us: 4300.0,
            sends_us: (0, i64::MAX),
            moves_us: (0, i64::MAX),
        }
    }
}

/// A machine.
#[derive(Clone, Debug)]
pub struct Hardware {
    /// How many cores.
    pub cores: usize,
    /// What a detection costs, on average.
    pub detect_us: f64,
    /// So many other programs want all that they can get, from when to when in µs.
    pub others: Vec<(usize, i64, i64)>,
    /// Whether there is a budget.
    pub budget: bool,
    /// Whether the GOPs of all cameras begin together, as of cameras that are switched on together.
    pub together: bool,
}

impl Default for Hardware {
    fn default() -> Self {
        Self { cores: 2, detect_us: 20_000.0, others: Vec::new(), budget: true, together: false }
    }
}

/// What became of a camera's pictures.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// When each detection was done, and of which media time the picture is.
    pub detections: Vec<(MonoTime, MediaTime)>,
    /// When each picture was decoded.
    pub decoded: Vec<MonoTime>,
    /// When what was found last was taken for another frame, since nothing had moved.
    pub unchanged: Vec<MonoTime>,
    /// Frames published to those who follow every one.
    pub published: u64,
    /// How often the decoder was made anew.
    pub resets: u64,
    /// How long the frames took to the thread that sends them, in µs.
    pub sent_after_us: Vec<i64>,
}

impl Outcome {
    /// Detections per second from one moment to another, in seconds.
    pub fn rate(&self, from_s: i64, to_s: i64) -> f64 {
        per_second(self.detections.iter().map(|(at, _)| at), from_s, to_s)
    }

    /// Pictures decoded per second.
    pub fn decoded_rate(&self, from_s: i64, to_s: i64) -> f64 {
        per_second(&self.decoded, from_s, to_s)
    }

    /// Frames per second that were answered since nothing had moved.
    pub fn unchanged_rate(&self, from_s: i64, to_s: i64) -> f64 {
        per_second(&self.unchanged, from_s, to_s)
    }

    /// From `at_us` until a picture taken later was detected on, in µs.
    pub fn first_after(&self, at_us: i64) -> Option<i64> {
        let taken_us = |time: &MediaTime| time.since_us(MediaTime::from_90k(0));
        let mut later = self.detections.iter().filter(|(_, time)| taken_us(time) >= at_us);
        later.next().map(|(at, _)| at.as_us() - at_us)
    }
}

fn per_second<'a>(times: impl IntoIterator<Item = &'a MonoTime>, from_s: i64, to_s: i64) -> f64 {
    let within = |at: &&MonoTime| (from_s * 1_000_000..to_s * 1_000_000).contains(&at.as_us());
    times.into_iter().filter(within).count() as f64 / (to_s - from_s) as f64
}

/// What the threads share.
struct Shared {
    now: MonoTime,
    random: Random,
    budget: Option<Budget>,
    scheduler: Scheduler,
    slots: BTreeMap<CameraId, Frame>,
}

struct CameraHands {
    id: CameraId,
    load: Load,
    shared: Rc<RefCell<Shared>>,
    /// What was done since it was last asked, in µs of CPU.
    cost_us: f64,
    /// Decoded last; `None` after a reset.
    decoded: Option<MediaTime>,
    /// Whether something moved on the picture that the detector saw last.
    seen_moving: Option<bool>,
    outcome: Outcome,
}

impl Hands for CameraHands {
    type Picture = Frame;

    fn frame(picture: &Frame) -> Frame {
        *picture
    }

    fn now(&self) -> MonoTime {
        // What it has done by then takes its time.
        self.shared.borrow().now.plus_us(self.cost_us as i64)
    }

    fn begin_run(&mut self, _run: RunId) {}

    fn reset_decoder(&mut self) {
        self.outcome.resets += 1;
        self.decoded = None;
    }

    fn allowance(&mut self, au: &AccessUnit, queued: usize) -> Allowance {
        let mut shared = self.shared.borrow_mut();
        let now = shared.now;
        let Some(budget) = &mut shared.budget else { return Allowance::UNLIMITED };
        budget.arrived(au, queued, now);
        if budget.is_due(now) {
            budget.plan(now);
        }
        budget.allowance(self.id)
    }

    fn decode(&mut self, au: &AccessUnit, want: bool) -> Option<Decoded<Frame>> {
        let time = au.key.time;
        let before = time.plus_90k(-90_000 / self.load.fps);
        assert!(au.idr || self.decoded == Some(before), "{} leans on what is not there", au.key);
        self.decoded = Some(time);
        let mut shared = self.shared.borrow_mut();
        let cost_us = self.load.decode_us * shared.random.between(80, 121) as f64 / 100.0;
        self.cost_us += cost_us;
        self.outcome.decoded.push(shared.now);
        if let Some(budget) = &mut shared.budget {
            budget.decoded(self.id, au.idr, cost_us);
        }
        let frame = Frame { time, wall: au.wall, received: au.received, size: au.size() };
        let moves = self.load.moves(au.received.as_us());
        let changed = self.seen_moving.map(|seen| if moves || seen { 0.05 } else { 0.0 });
        Some(Decoded { picture: want.then_some(frame), step: None, changed })
    }

    fn has_detector(&self) -> bool {
        true
    }

    fn offer(&mut self, picture: Frame) -> bool {
        let mut shared = self.shared.borrow_mut();
        let lost = shared.slots.insert(self.id, picture).is_some();
        // The scheduler shares by what is wanted, and by the same weights.
        shared.scheduler.offer(self.id, self.load.wanted * self.load.priority);
        if let Some(budget) = &mut shared.budget {
            budget.offered(lost);
        }
        lost
    }

    fn freshen(&mut self, waiting: MediaTime, picture: Frame) -> bool {
        let mut shared = self.shared.borrow_mut();
        let slot = shared.slots.get_mut(&self.id).filter(|slot| slot.time == waiting);
        slot.is_some_and(|slot| {
            *slot = picture;
            true
        })
    }

    fn embed(&mut self, _: &Frame, boxes: &[Rect]) -> Vec<Option<Embedding>> {
        vec![None; boxes.len()]
    }

    fn publish(&mut self, _: TrackFrame, _: MonoTime, audience: Audience) {
        self.outcome.published += u64::from(audience != Audience::PerDetection);
    }

    fn count(&mut self, counted: Counted) {
        if counted == Counted::Unchanged {
            let mut shared = self.shared.borrow_mut();
            self.outcome.unchanged.push(shared.now);
            if let Some(budget) = &mut shared.budget {
                budget.unchanged(self.id);
            }
        }
    }

    fn may_catch_up(&mut self) -> bool {
        let now = self.now();
        let budget = &mut self.shared.borrow_mut().budget;
        budget.as_mut().is_none_or(|budget| budget.may_catch_up(self.id, now))
    }

    fn caught_up(&mut self) {
        if let Some(budget) = &mut self.shared.borrow_mut().budget {
            budget.caught_up(self.id);
        }
    }

    fn idles(&mut self, idling: Option<Idling>) {
        if let Some(budget) = &mut self.shared.borrow_mut().budget {
            budget.dozes(self.id, idling == Some(Idling::KeyFrames));
        }
    }
}

/// What the detector says of a camera's picture.
#[derive(Clone, Copy, Debug)]
enum Said {
    Started(MediaTime),
    Done(Frame),
}

struct CameraThread {
    id: CameraId,
    load: Load,
    task: TaskId,
    driver: Driver<CameraHands>,
    units: VecDeque<AccessUnit>,
    said: VecDeque<Said>,
    /// The number of the next picture that it sends, and when that is.
    next: (i64, i64),
    joined: bool,
}

impl CameraThread {
    /// Takes in what is next; answers what that costs.
    fn take(&mut self) -> f64 {
        if let Some(said) = self.said.pop_front() {
            let event = match said {
                Said::Started(time) => Event::DetectionStarted(time),
                Said::Done(picture) => {
                    let moves = self.load.moves(picture.received.as_us());
                    self.driver.hands().seen_moving = Some(moves);
                    Event::Detections { picture, detections: Vec::new() }
                }
            };
            self.driver.handle(event);
        } else if let Some(au) = self.units.pop_front() {
            let queued = self.units.len();
            let idr_waits = self.units.iter().any(|au| au.idr);
            self.driver.handle(Event::AccessUnit { au: &au, after_gap: false, queued, idr_waits });
        } else {
            let now = self.driver.hands().now();
            if self.driver.poll_timeout().is_none_or(|at| at > now) {
                return 0.0;
            }
            self.driver.handle(Event::Timeout);
        }
        // What the thread does besides.
        std::mem::take(&mut self.driver.hands().cost_us) + 10.0
    }
}

struct Worker {
    task: TaskId,
    looks_at: Option<(usize, Frame, f64)>,
}

/// One step of the simulation.
const STEP_US: i64 = 500;
/// What sending a frame on costs.
const SEND_US: f64 = 100.0;

/// Runs a machine with cameras for so many seconds.
pub fn run(hardware: &Hardware, loads: &[Load], seconds: i64, seed: u64) -> Vec<Outcome> {
    let cores = hardware.cores as f64;
    let start = MonoTime::from_us(0);
    let shared = Rc::new(RefCell::new(Shared {
        now: start,
        random: Random::new(seed),
        budget: hardware.budget.then(|| Budget::new(cores, cores, start)),
        scheduler: Scheduler::new(),
        slots: BTreeMap::new(),
    }));
    let mut processor = Processor::new(hardware.cores);
    let format = StreamFormat::new(Codec::H264, Size::new(1280, 720));
    let mut random = Random::new(seed ^ 0x51);
    let mut cameras: Vec<CameraThread> = loads
        .iter()
        .zip(1..)
        .map(|(load, n)| {
            let id = CameraId::new(n).expect("1 and above");
            let settings = Settings {
                rate: DetectRate::PerSecond(load.wanted),
                idle: (load.moves_us != (0, i64::MAX)).then(Idle::default),
                ..Settings::default()
            };
            let tracker = razz_track::build(razz_track::Kind::ByteTrack, &Default::default());
            let hands = CameraHands {
                id,
                load: *load,
                shared: Rc::clone(&shared),
                cost_us: 0.0,
                decoded: None,
                seen_moving: None,
                outcome: Outcome::default(),
            };
            // Cameras have clocks and GOPs of their own.
            let first_us = load.sends_us.0 + random.between(0, 1_000_000 / load.fps);
            CameraThread {
                id,
                load: *load,
                task: processor.add(NORMAL),
                driver: Driver::new(Camera::new(id, settings, tracker), hands),
                units: VecDeque::new(),
                said: VecDeque::new(),
                next: (if hardware.together { 0 } else { random.between(0, load.gop) }, first_us),
                joined: false,
            }
        })
        .collect();
    let mut workers: Vec<Worker> = (0..hardware.cores)
        .map(|_| Worker { task: processor.add(NICE_10), looks_at: None })
        .collect();
    let sender = processor.add(NORMAL);
    let mut sending: VecDeque<(usize, i64)> = VecDeque::new();
    let most_others = hardware.others.iter().map(|other| other.0).sum();
    let others: Vec<TaskId> = (0..most_others).map(|_| processor.add(NORMAL)).collect();

    let mut now_us = 0;
    let mut used_us = 0.0;
    while now_us < seconds * 1_000_000 {
        shared.borrow_mut().now = MonoTime::from_us(now_us);
        if now_us > 0 && now_us % 1_000_000 == 0 {
            let used = std::mem::replace(&mut used_us, processor.used_us());
            let idle = cores - (used_us - used) / 1e6;
            if let Some(budget) = &mut shared.borrow_mut().budget {
                budget.idle(Some(idle));
            }
        }
        let wanted: usize = hardware
            .others
            .iter()
            .filter(|(_, from, to)| (*from..*to).contains(&now_us))
            .map(|other| other.0)
            .sum();
        for (n, task) in others.iter().enumerate() {
            match (n < wanted, processor.is_done(*task)) {
                (true, true) => processor.want(*task, 1e12),
                (false, false) => processor.cancel(*task),
                _ => {}
            }
        }
        for (n, camera) in cameras.iter_mut().enumerate() {
            let sends = (camera.load.sends_us.0..camera.load.sends_us.1).contains(&now_us);
            if sends != camera.joined {
                camera.joined = sends;
                let mut shared = shared.borrow_mut();
                if let Some(budget) = &mut shared.budget {
                    match sends {
                        true => budget.join(
                            camera.id,
                            DetectRate::PerSecond(camera.load.wanted),
                            camera.load.priority,
                        ),
                        false => budget.leave(camera.id),
                    }
                }
            }
            while sends && camera.next.1 <= now_us {
                let (number, at_us) = camera.next;
                camera.units.push_back(access_unit(camera, number, &format));
                camera.next = (number + 1, at_us + 1_000_000 / camera.load.fps);
                sending.push_back((n, now_us));
                if processor.is_done(sender) {
                    processor.want(sender, SEND_US);
                }
            }
            if processor.is_done(camera.task) {
                let cost_us = camera.take();
                processor.want(camera.task, cost_us);
            }
        }
        for worker in workers.iter_mut().filter(|worker| worker.looks_at.is_none()) {
            let cost_us = begin(&shared, worker, &mut cameras, hardware.detect_us);
            processor.want(worker.task, cost_us);
        }
        processor.pass(STEP_US as f64, |task| {
            if task == sender {
                if let Some((n, at_us)) = sending.pop_front() {
                    let hands = cameras[n].driver.hands();
                    hands.outcome.sent_after_us.push(now_us + STEP_US - at_us);
                }
                return if sending.is_empty() { 0.0 } else { SEND_US };
            }
            if let Some(camera) = cameras.iter_mut().find(|camera| camera.task == task) {
                return camera.take();
            }
            let Some(worker) = workers.iter_mut().find(|worker| worker.task == task) else {
                return 0.0;
            };
            if let Some((n, picture, cost_us)) = worker.looks_at.take() {
                let mut shared = shared.borrow_mut();
                if let Some(budget) = &mut shared.budget {
                    budget.looked(cameras[n].id);
                    budget.detected(1, cost_us);
                }
                cameras[n].said.push_back(Said::Done(picture));
                let done = (shared.now, picture.time);
                cameras[n].driver.hands().outcome.detections.push(done);
            }
            begin(&shared, worker, &mut cameras, hardware.detect_us)
        });
        now_us += STEP_US;
    }
    cameras.iter_mut().map(|camera| std::mem::take(&mut camera.driver.hands().outcome)).collect()
}

/// A worker takes the picture of the camera whose turn it is; answers what looking at it costs.
fn begin(
    shared: &RefCell<Shared>,
    worker: &mut Worker,
    cameras: &mut [CameraThread],
    detect_us: f64,
) -> f64 {
    let mut shared = shared.borrow_mut();
    let Some(id) = shared.scheduler.take(|_| true) else { return 0.0 };
    let Some(picture) = shared.slots.remove(&id) else { return 0.0 };
    let cost_us = detect_us * shared.random.between(85, 116) as f64 / 100.0;
    let n = id.as_u32() as usize - 1;
    worker.looks_at = Some((n, picture, cost_us));
    cameras[n].said.push_back(Said::Started(picture.time));
    cost_us
}

/// A P slice: a few bytes where nothing moves, and many where something does.
const STILL: &[u8] = &[0, 0, 1, 0x41, 0b1001_1000, 9, 9, 9];
const MOVING: &[u8] = {
    const SLICE: [u8; 1500] = {
        let mut slice = [9; 1500];
        (slice[0], slice[1], slice[2], slice[3], slice[4]) = (0, 0, 1, 0x41, 0b1001_1000);
        slice
    };
    &SLICE
};

fn access_unit(camera: &CameraThread, number: i64, format: &Arc<StreamFormat>) -> AccessUnit {
    let at_us = camera.next.1;
    let time = MediaTime::from_90k((number + 1_000_000) * 90_000 / camera.load.fps);
    AccessUnit {
        key: FrameKey { camera: camera.id, time },
        run: RunId(0),
        format: Arc::clone(format),
        data: Bytes::from_static(if camera.load.moves(at_us) { MOVING } else { STILL }),
        idr: number % camera.load.gop == 0,
        lost_packets: 0,
        wall: WallTime { us: at_us, quality: WallQuality::Arrival },
        received: MonoTime::from_us(at_us),
    }
}
