//! What is known of a camera's health: its state, its rates over the last seconds, its delays.

use std::collections::VecDeque;
use std::sync::atomic::AtomicU64;

use razz_base::{CameraId, MonoTime, Size};
use razz_viewer::Video;

use crate::metrics;
use razz_base::CameraState;

/// Events per second over the last five seconds.
#[derive(Debug, Default)]
pub(crate) struct Rate {
    times: VecDeque<MonoTime>,
    total: u64,
}

const RATE_WINDOW_US: i64 = 5_000_000;

impl Rate {
    /// One event at `now`.
    pub(crate) fn count(&mut self, now: MonoTime) {
        self.forget(now);
        self.times.push_back(now);
        self.total += 1;
    }

    /// Events since start.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    fn forget(&mut self, now: MonoTime) {
        while self.times.front().is_some_and(|t| now.since_us(*t) > RATE_WINDOW_US) {
            self.times.pop_front();
        }
    }

    /// Events per second, by the intervals between those of the last five seconds: right from the
    /// second event on, and falling while none comes.
    pub(crate) fn per_second(&mut self, now: MonoTime) -> f64 {
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
}

/// Quantiles over the newest samples.
#[derive(Debug, Default)]
pub(crate) struct Quantiles {
    samples: VecDeque<f64>,
}

const SAMPLES: usize = 512;

impl Quantiles {
    /// One sample.
    pub(crate) fn add(&mut self, value: f64) {
        if self.samples.len() == SAMPLES {
            self.samples.pop_front();
        }
        self.samples.push_back(value);
    }

    /// The values below which the given fractions of the samples lie; `None` without samples.
    pub(crate) fn at<const N: usize>(&self, fractions: [f64; N]) -> Option<[f64; N]> {
        let mut sorted: Vec<f64> = self.samples.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().checked_sub(1)?;
        Some(fractions.map(|q| sorted[(q * last as f64).round() as usize]))
    }
}

/// Delays in µs: the newest ones exactly, all of them in buckets.
#[derive(Debug)]
pub(crate) struct Delays {
    pub(crate) newest: Quantiles,
    pub(crate) all: prometheus::Histogram,
}

impl Delays {
    fn new(all: prometheus::Histogram) -> Self {
        Self { newest: Quantiles::default(), all }
    }

    /// One delay, in µs.
    pub(crate) fn add(&mut self, us: f64) {
        self.newest.add(us);
        self.all.observe(us / 1e6);
    }
}

/// What a camera's viewers were sent and asked for since the camera started, all sessions together.
#[derive(Debug, Default)]
pub(crate) struct Delivery {
    /// Bytes of datagrams that the system took, SRTP and all else.
    pub(crate) bytes: AtomicU64,
    /// Generic NACKs (RFC 4585 section 6.2.1).
    pub(crate) nacks: AtomicU64,
    /// Picture loss indications (RFC 4585 section 6.3.1).
    pub(crate) plis: AtomicU64,
    /// Key frames asked for, by PLI or FIR.
    pub(crate) keyframe_requests: AtomicU64,
    /// GOPs replayed.
    pub(crate) replays: AtomicU64,
    /// Times that a viewer had to wait for the next IDR.
    pub(crate) waits: AtomicU64,
}

/// The numbers of one camera.
#[derive(Debug)]
pub(crate) struct Status {
    pub(crate) state: CameraState,
    /// Wall time of the last change of state, in UTC µs.
    pub(crate) since_us: i64,
    pub(crate) last_error: Option<String>,
    pub(crate) advice: Vec<String>,
    pub(crate) codec: Option<String>,
    pub(crate) profile: Option<String>,
    /// What an offer has to take.
    pub(crate) video: Video,
    pub(crate) size: Option<Size>,
    pub(crate) b_frames: bool,
    pub(crate) gop_frames: Option<u32>,
    /// Runs that brought pictures.
    pub(crate) runs: u32,
    pub(crate) lost_packets: u64,
    /// RTCP sender reports, which tell the camera's wall clock.
    pub(crate) sender_reports: u64,
    pub(crate) received: Rate,
    pub(crate) decoded: Rate,
    pub(crate) detected: Rate,
    /// Pictures that were due for detection, on which nothing had moved since the last one.
    pub(crate) unchanged: Rate,
    /// Pictures that were due for detection and had to give way to newer ones.
    pub(crate) skipped: Rate,
    /// Bytes of the last seconds' access units.
    pub(crate) bytes: VecDeque<(MonoTime, usize)>,
    /// Bytes of access units since start.
    pub(crate) bytes_total: u64,
    /// From a detected frame's last packet in to its tracks out.
    pub(crate) tracks_us: Delays,
    /// From a frame's last packet in to its first packet out to the first viewer.
    pub(crate) first_packet_us: Delays,
    /// From a frame's last packet in to its last packet out to the last viewer, in µs.
    pub(crate) last_packet_us: Quantiles,
    /// Frames detected since start.
    pub(crate) frame_count: u64,
    /// Panics of this camera's own work, each followed by its restart.
    pub(crate) restarts: u32,
}

impl Status {
    pub(crate) fn new(camera: CameraId, wall_us: i64) -> Self {
        Self {
            state: CameraState::Connecting,
            since_us: wall_us,
            last_error: None,
            advice: Vec::new(),
            codec: None,
            profile: None,
            video: Video::default(),
            size: None,
            b_frames: false,
            gop_frames: None,
            runs: 0,
            lost_packets: 0,
            sender_reports: 0,
            received: Rate::default(),
            decoded: Rate::default(),
            detected: Rate::default(),
            unchanged: Rate::default(),
            skipped: Rate::default(),
            bytes: VecDeque::new(),
            bytes_total: 0,
            tracks_us: Delays::new(metrics::tracks(camera)),
            first_packet_us: Delays::new(metrics::first_packet(camera)),
            last_packet_us: Quantiles::default(),
            frame_count: 0,
            restarts: 0,
        }
    }

    /// Notes an access unit of `bytes`.
    pub(crate) fn count_bytes(&mut self, now: MonoTime, bytes: usize) {
        self.bytes.push_back((now, bytes));
        self.bytes_total += bytes as u64;
        self.forget_bytes(now);
    }

    fn forget_bytes(&mut self, now: MonoTime) {
        while self.bytes.front().is_some_and(|(t, _)| now.since_us(*t) > RATE_WINDOW_US) {
            self.bytes.pop_front();
        }
    }

    /// Bits per second of the last seconds.
    pub(crate) fn bitrate(&mut self, now: MonoTime) -> f64 {
        self.forget_bytes(now);
        let Some((first, _)) = self.bytes.front() else { return 0.0 };
        let bits = 8.0 * self.bytes.iter().map(|(_, bytes)| *bytes as f64).sum::<f64>();
        bits / (now.since_us(*first) as f64 / 1e6).max(0.2)
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
}
