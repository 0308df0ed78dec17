//! The encodings that razz makes of one camera's pictures: who wants which, and where they are published.
//!
//! ```text
//! viewers ─► Want (counted), IDR asked for ─► Renditions ─► the maker: a thread, while anything is wanted
//! viewers ◄──────────── Stream of the rung ◄─────────────────┘
//! ```
//!
//! Nothing is made that nobody wants, and what is made is made once for all who want it.

use std::sync::{Arc, Mutex};

use razz_base::{
    AccessUnit, CameraId, Decodable, MediaTime, MonoTime, Rung, Size, StreamFormat, StreamId,
    StreamKind,
};

use crate::health::Rate;
use crate::lock;
use crate::stream::Stream;
use crate::window::Amounts;

const RUNGS: usize = Rung::ALL.len();

/// What makes renditions when they are wanted.
type Start = Box<dyn Fn(Making) + Send + Sync>;

/// Names one life of the maker: what an earlier one does is passed over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Making(u64);

/// The renditions of one camera.
pub struct Renditions {
    streams: [Arc<Stream>; RUNGS],
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What starts a maker, and what that can decode; `None` where nobody makes any.
    start: Option<(Arc<Start>, Decodable)>,
    /// The life of the maker.
    life: u64,
    /// A maker is at work.
    running: bool,
    wants: [usize; RUNGS],
    /// Of which an IDR is asked for, of a picture after this one.
    idr: [Option<MediaTime>; RUNGS],
    made: [Made; RUNGS],
    /// CPU time that went into decoding for them, in ns.
    decoding: Amounts,
}

/// The numbers of one rung.
#[derive(Debug, Default)]
struct Made {
    size: Size,
    pictures: Rate,
    idrs: u64,
    bytes: Amounts,
    /// CPU time, in ns.
    encoding: Amounts,
    memory_bytes: u64,
}

/// One rendition that is made, at one moment.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct RenditionSnapshot {
    /// Which.
    pub rung: Rung,
    /// Width and height of its pictures; 0 by 0 before the first.
    pub size: Size,
    /// Viewers that want it.
    pub viewers: usize,
    /// Pictures a second.
    pub fps: f64,
    /// Pictures since start.
    pub pictures: u64,
    /// Key pictures since start.
    pub idrs: u64,
    /// Bits a second.
    pub bitrate: f64,
    /// Bytes since start.
    pub bytes: u64,
    /// Cores that scaling and encoding take, over the last seconds.
    pub cores: f64,
    /// CPU seconds that went into it since start.
    pub cpu_seconds: f64,
    /// Memory that its encoder takes, about, in bytes; 0 while it is not made.
    pub memory_bytes: u64,
}

/// What is made of one camera, at one moment.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RenditionsSnapshot {
    /// Those that are made or were, from the most bits to the fewest.
    pub rungs: Vec<RenditionSnapshot>,
    /// Cores that decoding for them takes, beside that for detection.
    pub decode_cores: f64,
    /// CPU seconds that went into that since start.
    pub decode_cpu_seconds: f64,
}

/// What the maker is to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Order {
    /// Which rungs are wanted.
    pub wanted: [bool; RUNGS],
    /// Of which an IDR is asked for: the next picture after this one.
    pub idr: [Option<MediaTime>; RUNGS],
}

/// One picture of a rung that was made.
#[derive(Clone, Copy, Debug)]
pub struct MadePicture {
    /// When.
    pub now: MonoTime,
    /// CPU time that it took, in ns.
    pub cpu_nanos: u64,
    /// Memory that its encoder takes, about, in bytes.
    pub memory_bytes: u64,
}

impl Renditions {
    pub(crate) fn new(camera: CameraId) -> Self {
        let stream = |rung| {
            let id = StreamId { camera, kind: StreamKind::Rendition(rung) };
            // Whoever comes gets an IDR of their own: none has to be kept.
            Arc::new(Stream::new(id, 0))
        };
        Self { streams: Rung::ALL.map(stream), state: Mutex::default() }
    }

    // ---- who wants them ----

    /// The stream of a rung: silent while nobody wants it.
    pub fn stream(&self, rung: Rung) -> &Arc<Stream> {
        &self.streams[rung as usize]
    }

    /// Whether renditions of video of this format can be made at all.
    pub fn can_make(&self, format: &StreamFormat) -> bool {
        let state = lock(&self.state);
        state.start.as_ref().is_some_and(|(_, decodable)| format.not_decoded(*decodable).is_none())
    }

    /// Has a rung made for as long as what is returned lives.
    pub fn want(self: &Arc<Self>, rung: Rung) -> Want {
        let start = {
            let mut state = lock(&self.state);
            state.wants[rung as usize] += 1;
            state.ask(rung, None);
            state.begin()
        };
        if let Some((start, making)) = start {
            start(making);
        }
        Want { renditions: Arc::clone(self), rung }
    }

    /// Asks for an IDR of a rung, as soon as may be, of a picture after that of `after`.
    pub fn want_idr(&self, rung: Rung, after: Option<MediaTime>) {
        lock(&self.state).ask(rung, after);
    }

    // ---- who makes them ----

    /// From now on `start` is called when something is wanted and nothing is made; it has to return at
    /// once. What was made by others until now is over. Answers what [`Self::close`] takes.
    pub fn serve(
        &self,
        decodable: Decodable,
        start: impl Fn(Making) + Send + Sync + 'static,
    ) -> Making {
        let start: Start = Box::new(start);
        let (making, begun) = {
            let mut state = lock(&self.state);
            state.end();
            state.start = Some((Arc::new(start), decodable));
            (Making(state.life), state.begin())
        };
        if let Some((start, making)) = begun {
            start(making);
        }
        making
    }

    /// Nobody makes any from now on, unless others have taken over since.
    pub fn close(&self, making: Making) {
        let mut state = lock(&self.state);
        if state.life == making.0 {
            state.end();
            state.start = None;
        }
    }

    /// What is to be done now; what is asked for once is told once. `None`: another maker has taken over,
    /// or none is wanted any more.
    pub fn order(&self, making: Making) -> Option<Order> {
        let mut state = lock(&self.state);
        if state.life != making.0 {
            return None;
        }
        let wanted = state.wants.map(|wants| wants > 0);
        let mut idr = [None; RUNGS];
        for (rung, wanted) in wanted.iter().enumerate() {
            // Who asks before they want it is told of it later.
            idr[rung] = wanted.then(|| state.idr[rung].take()).flatten();
        }
        Some(Order { wanted, idr })
    }

    /// The maker stops, unless something is wanted again. Answers whether it does.
    pub fn rest(&self, making: Making) -> bool {
        let mut state = lock(&self.state);
        let over = state.life != making.0;
        let idle = state.wants.iter().all(|wants| *wants == 0);
        if !over && idle {
            state.stop();
        }
        over || idle
    }

    /// The maker did not come about: the next who wants something has it tried again.
    pub fn failed(&self, making: Making) {
        let mut state = lock(&self.state);
        if state.life == making.0 {
            state.stop();
        }
    }

    /// The encoder of a rung is gone.
    pub fn dropped(&self, rung: Rung) {
        lock(&self.state).made[rung as usize].memory_bytes = 0;
    }

    /// Publishes a picture of a rung.
    pub fn publish(&self, rung: Rung, au: AccessUnit, made: MadePicture) {
        let (bytes, idr, size) = (au.data.len(), au.idr, au.size());
        self.stream(rung).publish(au);
        let mut state = lock(&self.state);
        let numbers = &mut state.made[rung as usize];
        numbers.size = size;
        numbers.pictures.count(made.now);
        numbers.idrs += u64::from(idr);
        numbers.bytes.add(made.now, bytes as u64);
        numbers.encode(made);
    }

    /// A picture of a rung was left out to keep its bit rate.
    pub fn left_out(&self, rung: Rung, made: MadePicture) {
        lock(&self.state).made[rung as usize].encode(made);
    }

    /// CPU time went into decoding for renditions.
    pub fn decoded(&self, now: MonoTime, cpu_nanos: u64) {
        lock(&self.state).decoding.add(now, cpu_nanos);
    }

    /// All of it, read at one moment.
    pub fn snapshot(&self, now: MonoTime) -> RenditionsSnapshot {
        let mut state = lock(&self.state);
        let mut rungs = Vec::new();
        for rung in Rung::ALL {
            let viewers = state.wants[rung as usize];
            let made = &mut state.made[rung as usize];
            if viewers > 0 || made.pictures.total() > 0 {
                rungs.push(made.snapshot(rung, viewers, now));
            }
        }
        let decode_cores = state.decoding.per_second(now) / 1e9;
        let decode_cpu_seconds = state.decoding.total() as f64 / 1e9;
        RenditionsSnapshot { rungs, decode_cores, decode_cpu_seconds }
    }
}

impl State {
    /// The latest of all who ask is good for all of them.
    fn ask(&mut self, rung: Rung, after: Option<MediaTime>) {
        let after = after.unwrap_or(MediaTime::from_90k(i64::MIN));
        let asked = &mut self.idr[rung as usize];
        *asked = Some(asked.map_or(after, |asked| asked.max(after)));
    }

    /// What is to be called for a maker to begin, if one is missing.
    fn begin(&mut self) -> Option<(Arc<Start>, Making)> {
        let (start, _) = self.start.as_ref()?;
        if self.running || self.wants.iter().all(|wants| *wants == 0) {
            return None;
        }
        self.running = true;
        Some((Arc::clone(start), Making(self.life)))
    }

    fn end(&mut self) {
        self.life += 1;
        self.stop();
    }

    fn stop(&mut self) {
        self.running = false;
        self.made.iter_mut().for_each(|made| made.memory_bytes = 0);
    }
}

impl Made {
    fn encode(&mut self, made: MadePicture) {
        self.encoding.add(made.now, made.cpu_nanos);
        self.memory_bytes = made.memory_bytes;
    }

    fn snapshot(&mut self, rung: Rung, viewers: usize, now: MonoTime) -> RenditionSnapshot {
        RenditionSnapshot {
            rung,
            size: self.size,
            viewers,
            fps: self.pictures.per_second(now),
            pictures: self.pictures.total(),
            idrs: self.idrs,
            bitrate: 8.0 * self.bytes.per_second(now),
            bytes: self.bytes.total(),
            cores: self.encoding.per_second(now) / 1e9,
            cpu_seconds: self.encoding.total() as f64 / 1e9,
            memory_bytes: self.memory_bytes,
        }
    }
}

/// A rung is made while this lives.
pub struct Want {
    renditions: Arc<Renditions>,
    rung: Rung,
}

impl Drop for Want {
    fn drop(&mut self) {
        lock(&self.renditions.state).wants[self.rung as usize] -= 1;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use razz_base::Codec;

    use super::*;

    fn renditions() -> Arc<Renditions> {
        Arc::new(Renditions::new(CameraId::new(1).unwrap()))
    }

    #[test]
    fn what_is_wanted_is_made_once_and_no_longer_than_that() {
        let renditions = renditions();
        let format = StreamFormat::new(Codec::H264, Size::new(1280, 720));
        assert!(!renditions.can_make(&format));
        let early = renditions.want(Rung::P360);
        let begun = Arc::new(Mutex::new(Vec::new()));
        let starts = Arc::clone(&begun);
        renditions.serve(Decodable::default(), move |making| lock(&starts).push(making));
        assert!(renditions.can_make(&format));
        let making = *lock(&begun).last().expect("it was wanted before there was a maker");
        let again = renditions.want(Rung::P360);
        assert_eq!(lock(&begun).len(), 1, "one makes for all");
        let mut expected = Order::default();
        expected.wanted[Rung::P360 as usize] = true;
        let at = MediaTime::from_90k(3000);
        renditions.want_idr(Rung::P360, Some(at));
        expected.idr[Rung::P360 as usize] = Some(at);
        assert_eq!(renditions.order(making), Some(expected), "all asked at once: one IDR");
        expected.idr = Default::default();
        assert_eq!(renditions.order(making), Some(expected));
        renditions.want_idr(Rung::P180, None);
        assert_eq!(
            renditions.order(making),
            Some(expected),
            "of what nobody watches there is none"
        );
        drop(early);
        assert!(!renditions.rest(making), "one is left");
        drop(again);
        assert_eq!(renditions.order(making), Some(Order::default()));
        assert!(renditions.rest(making));
        let _later = renditions.want(Rung::P180);
        assert_eq!(lock(&begun).len(), 2);
        // It did not come about.
        let making = *lock(&begun).last().expect("it was called");
        renditions.failed(making);
        let _and_later = renditions.want(Rung::P360);
        assert_eq!(lock(&begun).len(), 3);
    }

    #[test]
    fn another_maker_takes_over() {
        let renditions = renditions();
        let started = Arc::new(AtomicUsize::new(0));
        let making = Arc::new(Mutex::new(None));
        for _ in 0..2 {
            let (started, making) = (Arc::clone(&started), Arc::clone(&making));
            renditions.serve(Decodable::default(), move |life| {
                started.fetch_add(1, Ordering::Relaxed);
                *lock(&making) = Some(life);
            });
        }
        let _want = renditions.want(Rung::Full);
        let first = lock(&making).unwrap();
        assert!(renditions.order(first).is_some());
        renditions.close(first);
        assert_eq!(renditions.order(first), None);
        assert!(renditions.rest(first));
        let making_again = Arc::clone(&making);
        renditions.serve(Decodable::default(), move |life| *lock(&making_again) = Some(life));
        let second = lock(&making).unwrap();
        renditions.close(first);
        assert!(second != first && renditions.order(second).is_some());
        assert_eq!(started.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn its_numbers_are_those_of_the_last_seconds() {
        let renditions = renditions();
        let _want = renditions.want(Rung::P360);
        let at = |ms: i64| MonoTime::from_us(ms * 1000);
        for n in 0..300 {
            renditions.left_out(
                Rung::P360,
                MadePicture { now: at(n * 33), cpu_nanos: 330_000, memory_bytes: 3 },
            );
            renditions.decoded(at(n * 33), 3_300_000);
        }
        let RenditionsSnapshot { rungs, decode_cores, decode_cpu_seconds } =
            renditions.snapshot(at(300 * 33));
        let [rung] = rungs[..] else { panic!("{rungs:?}") };
        assert_eq!((rung.rung, rung.viewers, rung.pictures), (Rung::P360, 1, 0));
        assert!((rung.cores - 0.01).abs() < 0.001, "{rung:?}");
        assert!((decode_cores - 0.1).abs() < 0.01, "{decode_cores}");
        assert!((rung.cpu_seconds - 0.099).abs() < 1e-9);
        assert!((decode_cpu_seconds - 0.99).abs() < 1e-9);
        assert_eq!(renditions.snapshot(at(60_000)).rungs[0].cores, 0.0);
        assert_eq!(rung.memory_bytes, 3);
        renditions.dropped(Rung::P360);
        assert_eq!(renditions.snapshot(at(60_000)).rungs[0].memory_bytes, 0);
    }
}
