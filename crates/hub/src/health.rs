//! The numbers of one camera: what came in, what was made of it, what went out.
//!
//! Each part is written by one room and read by all: [`IngestHealth`] by whoever takes the camera's
//! video in, [`AnalysisHealth`] by whoever detects and tracks, [`DeliveryHealth`] by whoever sends to
//! viewers. [`Health::snapshot`] reads all of them once, so that what is reported together belongs
//! together.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use razz_base::{CameraState, MediaTime, MonoTime, Size, StreamFormat};

use crate::lock;
use crate::window::{Amounts, WINDOW_US};

/// Events per second over the last five seconds.
#[derive(Debug, Default)]
pub struct Rate {
    times: VecDeque<MonoTime>,
    total: u64,
}

impl Rate {
    /// One event at `now`.
    pub fn count(&mut self, now: MonoTime) {
        self.forget(now);
        self.times.push_back(now);
        self.total += 1;
    }

    /// Events since start.
    pub fn total(&self) -> u64 {
        self.total
    }

    fn forget(&mut self, now: MonoTime) {
        while let Some(first) = self.times.front() {
            // Of what comes as seldom as that, two that came in turn are what there is to tell by.
            let seldom = self.times.len() == 2 && {
                let last = self.times[1];
                now.since_us(last) <= 2 * last.since_us(*first)
            };
            if now.since_us(*first) <= WINDOW_US || seldom {
                return;
            }
            self.times.pop_front();
        }
    }

    /// Events per second, by the intervals between those of the last five seconds: right from the
    /// second event on, and falling while none comes.
    pub fn per_second(&mut self, now: MonoTime) -> f64 {
        self.forget(now);
        let (Some(first), Some(last)) = (self.times.front(), self.times.back()) else {
            return 0.0;
        };
        let intervals = (self.times.len() - 1) as f64;
        if intervals == 0.0 {
            return 0.0;
        }
        let span = last.since_us(*first) as f64;
        let silence = now.since_us(*last) as f64;
        let mean = span / intervals;
        let span = if silence > 2.0 * mean { span + silence } else { span };
        intervals / (span / 1e6).max(1e-6)
    }

    fn read(&mut self, now: MonoTime) -> Counted {
        Counted { total: self.total, per_second: self.per_second(now) }
    }
}

/// What a [`Rate`] is at one moment.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Counted {
    /// Events since start.
    pub total: u64,
    /// Events per second over the last five seconds.
    pub per_second: f64,
}

/// Quantiles over the newest samples.
#[derive(Debug, Default)]
pub struct Quantiles {
    samples: VecDeque<f64>,
}

const SAMPLES: usize = 512;

impl Quantiles {
    /// One sample.
    pub fn add(&mut self, value: f64) {
        if self.samples.len() == SAMPLES {
            self.samples.pop_front();
        }
        self.samples.push_back(value);
    }

    /// The values below which the given fractions of the samples lie; `None` without samples.
    pub fn at<const N: usize>(&self, fractions: [f64; N]) -> Option<[f64; N]> {
        let mut sorted: Vec<f64> = self.samples.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().checked_sub(1)?;
        Some(fractions.map(|q| sorted[(q * last as f64).round() as usize]))
    }
}

/// How many samples fell into which bucket since start.
#[derive(Clone, PartialEq, Debug)]
pub struct Histogram {
    /// Up to which value each bucket reaches, the value included; growing.
    pub bounds: Arc<[f64]>,
    /// Samples of each bucket, and in one more at the end those above all bounds.
    pub counts: Vec<u64>,
    /// The samples added up.
    pub sum: f64,
}

impl Histogram {
    /// So many buckets, the first up to `least`, each twice as wide as the one before.
    pub fn doubling(least: f64, buckets: usize) -> Self {
        let bounds: Arc<[f64]> = (0..buckets).map(|n| least * 2f64.powi(n as i32)).collect();
        let counts = vec![0; bounds.len() + 1];
        Self { bounds, counts, sum: 0.0 }
    }

    /// One sample.
    pub fn add(&mut self, value: f64) {
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        self.counts[bucket] += 1;
        self.sum += value;
    }

    /// Samples since start.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }
}

/// Delays: the newest ones exactly, all of them in buckets.
#[derive(Debug)]
pub struct Delays {
    newest_us: Quantiles,
    all_seconds: Histogram,
}

impl Delays {
    fn new(all_seconds: Histogram) -> Self {
        Self { newest_us: Quantiles::default(), all_seconds }
    }

    /// One delay, in µs.
    pub fn add(&mut self, us: f64) {
        self.newest_us.add(us);
        self.all_seconds.add(us / 1e6);
    }
}

/// What came in.
#[derive(Debug, Default)]
pub struct IngestHealth {
    /// What the camera is doing.
    pub state: CameraState,
    /// Wall time of the last change of state, in UTC µs.
    pub since_us: i64,
    /// What went wrong last, without credentials.
    pub last_error: Option<String>,
    /// What to change on the camera or in its settings.
    pub advice: Vec<String>,
    /// What the camera offers where razz cannot take it, such as `MPEG-4`.
    pub refused_codec: Option<String>,
    /// What the video is.
    pub format: Option<Arc<StreamFormat>>,
    /// Frames from one IDR to the next, by the last whole GOP.
    pub gop_frames: Option<u32>,
    /// RTSP sessions that brought pictures.
    pub runs: u32,
    /// RTP packets lost on the way to us.
    pub lost_packets: u64,
    /// RTCP sender reports, which tell the camera's wall clock.
    pub sender_reports: u64,
    /// What the camera does that RTSP, RTP or its codec do not allow: how often, by kind.
    pub oddities: BTreeMap<&'static str, u64>,
    /// Access units.
    pub received: Rate,
    /// Bytes of access units.
    bytes: Amounts,
}

impl IngestHealth {
    /// Notes what the camera did wrong.
    pub fn count_oddities(&mut self, news: Vec<(&'static str, u64)>) {
        for (kind, count) in news {
            *self.oddities.entry(kind).or_default() += count;
        }
    }

    /// Notes an access unit of `bytes`.
    pub fn count_bytes(&mut self, now: MonoTime, bytes: usize) {
        self.bytes.add(now, bytes as u64);
    }

    /// Bits per second of the last seconds.
    pub fn bitrate(&mut self, now: MonoTime) -> f64 {
        8.0 * self.bytes.per_second(now)
    }
}

/// What was made of it.
#[derive(Debug)]
pub struct AnalysisHealth {
    /// What decodes the stream, such as `openh264`; `None` before the first access unit.
    pub decoder: Option<String>,
    /// Frames decoded.
    pub decoded: Rate,
    /// Frames that the detector looked at.
    pub detected: Rate,
    /// Frames due for detection on which nothing had moved since the last one.
    pub unchanged: Rate,
    /// Frames due for detection that had to give way to newer ones.
    pub skipped: Rate,
    /// From a detected frame's last packet in to its tracks out.
    pub tracks: Delays,
    /// What it costs.
    pub load: CameraLoad,
    /// How it idles; `None` while something moves.
    pub idle: Option<Idle>,
}

/// How a camera is analysed while nothing moves.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Idle {
    /// All of its frames are decoded, and the detector looks once in a while.
    AllFrames,
    /// Only key frames are decoded.
    KeyFrames,
}

/// What analysing a camera costs, and whether that can be had.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct CameraLoad {
    /// Cores that decoding all of its pictures takes; `None` while that is not known.
    pub decode_cores: Option<f64>,
    /// It gets less than it wants, since the machine cannot do all that all cameras want.
    pub short: bool,
}

/// What went out to viewers since the camera started, all sessions together.
#[derive(Debug)]
pub struct DeliveryHealth {
    /// Viewer sessions now.
    pub viewers: AtomicUsize,
    /// Bytes of datagrams that the system took, SRTP and all else.
    pub bytes: AtomicU64,
    /// Generic NACKs (RFC 4585 section 6.2.1).
    pub nacks: AtomicU64,
    /// Picture loss indications (RFC 4585 section 6.3.1).
    pub plis: AtomicU64,
    /// Key frames asked for, by PLI or FIR.
    pub keyframe_requests: AtomicU64,
    /// GOPs replayed.
    pub replays: AtomicU64,
    /// Times that a viewer had to wait for the next IDR.
    pub waits: AtomicU64,
    delays: Mutex<DeliveryDelays>,
}

/// How long frames take to viewers.
#[derive(Debug)]
struct DeliveryDelays {
    /// From a frame's last packet in to its first packet out to the first viewer.
    first_packet: Delays,
    /// From a frame's last packet in to its last packet out to the last viewer, in µs.
    last_packet_us: Quantiles,
    /// The newest frames, each with the two delays in µs: several threads send each of them.
    newest: VecDeque<(MediaTime, f64, f64)>,
}

/// A frame that so many newer ones came after is sent.
const SENT_AFTER: usize = 16;

impl DeliveryHealth {
    /// A thread has sent the frame of `time` to its viewers: the first packet left `first_us` after
    /// the frame had come in, the last one `last_us` after. With the first of all threads and the
    /// last of all of them the frame counts, once newer ones have been sent.
    pub fn frame_sent(&self, time: MediaTime, first_us: f64, last_us: f64) {
        let mut delays = lock(&self.delays);
        if let Some(known) = delays.newest.iter_mut().find(|(known, ..)| *known == time) {
            known.1 = known.1.min(first_us);
            known.2 = known.2.max(last_us);
            return;
        }
        delays.newest.push_back((time, first_us, last_us));
        if delays.newest.len() > SENT_AFTER
            && let Some((_, first_us, last_us)) = delays.newest.pop_front()
        {
            delays.first_packet.add(first_us);
            delays.last_packet_us.add(last_us);
        }
    }

    /// Takes a place for a viewer of this camera, if less than `max` are taken.
    pub fn take_place(&self, max: usize) -> bool {
        let one_more = |taken: usize| (taken < max).then_some(taken + 1);
        self.viewers.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_more).is_ok()
    }

    /// Gives the place of a viewer back.
    pub fn give_place_back(&self) {
        self.viewers.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The numbers of one camera.
#[derive(Debug)]
pub struct Health {
    ingest: Mutex<IngestHealth>,
    analysis: Mutex<AnalysisHealth>,
    /// What went out.
    pub delivery: DeliveryHealth,
    restarts: AtomicU32,
}

impl Health {
    /// Of a camera that has done nothing yet, at `wall_us` in UTC µs.
    pub fn new(wall_us: i64) -> Self {
        let delays = DeliveryDelays {
            // 50 µs to 0.2 s.
            first_packet: Delays::new(Histogram::doubling(50e-6, 13)),
            last_packet_us: Quantiles::default(),
            newest: VecDeque::new(),
        };
        Self {
            ingest: Mutex::new(IngestHealth { since_us: wall_us, ..IngestHealth::default() }),
            analysis: Mutex::new(AnalysisHealth {
                decoder: None,
                decoded: Rate::default(),
                detected: Rate::default(),
                unchanged: Rate::default(),
                skipped: Rate::default(),
                load: CameraLoad::default(),
                idle: None,
                // 2 ms to 4 s.
                tracks: Delays::new(Histogram::doubling(2e-3, 12)),
            }),
            delivery: DeliveryHealth {
                viewers: AtomicUsize::new(0),
                bytes: AtomicU64::new(0),
                nacks: AtomicU64::new(0),
                plis: AtomicU64::new(0),
                keyframe_requests: AtomicU64::new(0),
                replays: AtomicU64::new(0),
                waits: AtomicU64::new(0),
                delays: Mutex::new(delays),
            },
            restarts: AtomicU32::new(0),
        }
    }

    /// What came in, locked.
    pub fn ingest(&self) -> MutexGuard<'_, IngestHealth> {
        lock(&self.ingest)
    }

    /// What was made of it, locked.
    pub fn analysis(&self) -> MutexGuard<'_, AnalysisHealth> {
        lock(&self.analysis)
    }

    /// What the camera is doing.
    pub fn state(&self) -> CameraState {
        self.ingest().state
    }

    /// A panic ended a piece of this camera's work, which begins anew.
    pub fn count_restart(&self) {
        self.restarts.fetch_add(1, Ordering::Relaxed);
    }

    /// All of it, read at one moment.
    pub fn snapshot(&self, now: MonoTime) -> Snapshot {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let sent = &self.delivery;
        let (first_packet_us, last_packet_us, first_packet) = {
            let delays = lock(&sent.delays);
            let first = delays.first_packet.newest_us.at([0.5, 0.99]);
            let all = delays.first_packet.all_seconds.clone();
            (first, delays.last_packet_us.at([0.5, 0.99]), all)
        };
        let mut analysis = self.analysis();
        let mut ingest = self.ingest();
        Snapshot {
            state: ingest.state,
            since_us: ingest.since_us,
            last_error: ingest.last_error.clone(),
            advice: ingest.advice.clone(),
            refused_codec: ingest.refused_codec.clone(),
            format: ingest.format.clone(),
            gop_frames: ingest.gop_frames,
            runs: ingest.runs,
            lost_packets: ingest.lost_packets,
            sender_reports: ingest.sender_reports,
            oddities: ingest.oddities.clone(),
            received: ingest.received.read(now),
            received_bytes: ingest.bytes.total(),
            bitrate: ingest.bitrate(now),
            decoder: analysis.decoder.clone(),
            decoded: analysis.decoded.read(now),
            detected: analysis.detected.read(now),
            unchanged: analysis.unchanged.read(now),
            skipped: analysis.skipped.read(now),
            load: analysis.load,
            // What is known of a camera that sends nothing is old.
            idle: analysis.idle.filter(|_| ingest.state == CameraState::Online),
            tracks_us: analysis.tracks.newest_us.at([0.5, 0.95]),
            tracks: analysis.tracks.all_seconds.clone(),
            restarts: self.restarts.load(Ordering::Relaxed),
            viewers: sent.viewers.load(Ordering::Relaxed),
            sent_bytes: read(&sent.bytes),
            nacks: read(&sent.nacks),
            plis: read(&sent.plis),
            keyframe_requests: read(&sent.keyframe_requests),
            replays: read(&sent.replays),
            waits: read(&sent.waits),
            first_packet_us,
            first_packet,
            last_packet_us,
        }
    }
}

/// The numbers of one camera at one moment; each as where it is written.
#[derive(Clone, PartialEq, Debug)]
#[expect(missing_docs, reason = "each number is described where it is written")]
pub struct Snapshot {
    pub state: CameraState,
    pub since_us: i64,
    pub last_error: Option<String>,
    pub advice: Vec<String>,
    pub refused_codec: Option<String>,
    pub format: Option<Arc<StreamFormat>>,
    pub gop_frames: Option<u32>,
    pub runs: u32,
    pub lost_packets: u64,
    pub sender_reports: u64,
    pub oddities: BTreeMap<&'static str, u64>,
    pub received: Counted,
    pub received_bytes: u64,
    pub bitrate: f64,
    pub decoder: Option<String>,
    pub decoded: Counted,
    pub detected: Counted,
    pub unchanged: Counted,
    pub skipped: Counted,
    pub load: CameraLoad,
    pub idle: Option<Idle>,
    /// p50 and p95.
    pub tracks_us: Option<[f64; 2]>,
    /// In seconds.
    pub tracks: Histogram,
    pub restarts: u32,
    pub viewers: usize,
    pub sent_bytes: u64,
    pub nacks: u64,
    pub plis: u64,
    pub keyframe_requests: u64,
    pub replays: u64,
    pub waits: u64,
    /// p50 and p99.
    pub first_packet_us: Option<[f64; 2]>,
    /// In seconds.
    pub first_packet: Histogram,
    /// p50 and p99.
    pub last_packet_us: Option<[f64; 2]>,
}

impl Snapshot {
    /// Size of the pictures, once known.
    pub fn size(&self) -> Option<Size> {
        self.format.as_ref().map(|format| format.size)
    }

    /// Whether pictures are reordered (B-frames); false while that is not known.
    pub fn reorders(&self) -> bool {
        self.format.as_ref().is_some_and(|format| format.reorders)
    }

    /// The codec's name: of the video that comes in, or of what razz cannot take.
    pub fn codec(&self) -> Option<&str> {
        let coming_in = self.format.as_ref().map(|format| format.codec.name());
        coming_in.or(self.refused_codec.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_follows_the_events() {
        let mut rate = Rate::default();
        assert_eq!(rate.per_second(MonoTime::from_us(0)), 0.0);
        for n in 0..150 {
            rate.count(MonoTime::from_us(n * 33_333));
        }
        let end = 149 * 33_333;
        assert!((rate.per_second(MonoTime::from_us(end)) - 30.0).abs() < 0.1);
        assert!(rate.per_second(MonoTime::from_us(end + 2_000_000)) < 25.0);
        assert_eq!(rate.per_second(MonoTime::from_us(end + 6_000_000)), 0.0);
        assert_eq!(rate.total(), 150);
    }

    #[test]
    fn what_comes_every_few_seconds_has_a_rate_in_between_too() {
        for every_us in [2_000_000, 3_000_000, 4_000_000, 5_000_000] {
            let mut rate = Rate::default();
            for n in 0..5 {
                rate.count(MonoTime::from_us(n * every_us));
            }
            let last = 4 * every_us;
            for after in [0.1, 0.5, 0.99] {
                let now = MonoTime::from_us(last + (after * every_us as f64) as i64);
                let found = rate.per_second(now);
                let real = 1e6 / every_us as f64;
                assert!((found - real).abs() < 0.01, "every {every_us} µs, {after}: {found}");
            }
            assert_eq!(rate.per_second(MonoTime::from_us(last + 3 * every_us + 5_000_000)), 0.0);
        }
    }

    #[test]
    fn quantiles_of_a_ramp() {
        let mut quantiles = Quantiles::default();
        assert_eq!(quantiles.at([0.5]), None);
        for n in 0..=100 {
            quantiles.add(f64::from(n));
        }
        assert_eq!(quantiles.at([0.5, 0.95, 1.0]), Some([50.0, 95.0, 100.0]));
        for _ in 0..SAMPLES {
            quantiles.add(7.0);
        }
        assert_eq!(quantiles.at([0.0, 1.0]), Some([7.0, 7.0]));
    }

    #[test]
    fn a_frames_first_packet_is_the_first_of_all_threads_and_its_last_the_last() {
        // Three threads send each frame; the second is first, the third last.
        let health = Health::new(0);
        for n in 0..SENT_AFTER as i64 {
            let time = MediaTime::from_90k(3000 * n);
            for (first_us, last_us) in [(200.0, 700.0), (100.0, 300.0), (400.0, 900.0)] {
                health.delivery.frame_sent(time, first_us, last_us);
            }
        }
        let now = MonoTime::from_us(0);
        assert_eq!(health.snapshot(now).first_packet_us, None, "none has newer ones behind it");
        health.delivery.frame_sent(MediaTime::from_90k(1 << 20), 1.0, 1.0);
        let snapshot = health.snapshot(now);
        assert_eq!(snapshot.first_packet_us, Some([100.0, 100.0]));
        assert_eq!(snapshot.last_packet_us, Some([900.0, 900.0]));
        assert_eq!(snapshot.first_packet.count(), 1);
    }

    #[test]
    fn as_many_places_are_given_as_there_are() {
        let health = Health::new(0);
        let given = (0..10).filter(|_| health.delivery.take_place(3)).count();
        assert_eq!(given, 3);
        health.delivery.give_place_back();
        assert!(health.delivery.take_place(3));
        assert!(!health.delivery.take_place(3));
    }

    #[test]
    fn a_histogram_counts_each_sample_once() {
        let mut histogram = Histogram::doubling(1.0, 3);
        assert_eq!(*histogram.bounds, [1.0, 2.0, 4.0]);
        for sample in [0.5, 1.0, 1.5, 4.0, 4.1, 100.0] {
            histogram.add(sample);
        }
        assert_eq!(histogram.counts, [2, 1, 1, 2]);
        assert_eq!((histogram.count(), histogram.sum), (6, 111.1));
    }
}
