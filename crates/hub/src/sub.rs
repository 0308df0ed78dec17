//! The smaller stream that a camera sends besides: its video, its numbers, and whether anybody wants it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use razz_base::{CameraId, CameraState, MonoTime, StreamFormat, StreamId, StreamKind};
use tokio::sync::watch;

use crate::health::Rate;
use crate::lock;
use crate::run_context::RunContext;
use crate::stream::Stream;

/// The sub-stream of a camera. Its media time is its own; whoever wants its pictures' places on the main
/// stream's timeline finds them out.
pub struct SubStream {
    /// Its video. No GOP is kept at hand: who reads it does so from the start.
    pub stream: Arc<Stream>,
    /// What names it in the log.
    pub context: RunContext,
    health: Arc<Mutex<SubHealth>>,
    wanted: watch::Sender<bool>,
}

/// The numbers of a sub-stream.
#[derive(Debug, Default)]
pub struct SubHealth {
    /// What the camera is doing about it.
    pub state: CameraState,
    /// What went wrong last, without credentials; of a stream that comes in: nothing.
    pub error: Option<String>,
    /// What to change on the camera or in its settings.
    pub advice: Vec<String>,
    /// What its video is.
    pub format: Option<Arc<StreamFormat>>,
    /// RTSP sessions that brought pictures.
    pub runs: u32,
    /// RTP packets lost on the way to us.
    pub lost_packets: u64,
    /// RTCP sender reports.
    pub sender_reports: u64,
    /// What the camera does that RTSP, RTP or its codec do not allow: how often, by kind.
    pub oddities: BTreeMap<&'static str, u64>,
    /// Access units.
    pub received: Rate,
    /// Bytes of access units since start.
    pub bytes: u64,
    /// How detection uses it.
    pub detection: SubDetection,
}

/// How detection uses a sub-stream.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct SubDetection {
    /// Whether it is what is detected on now; else the main stream is.
    pub used: bool,
    /// By what its pictures are placed on the main stream's timeline, and how far that may be off, in ms;
    /// `None` while that is not known.
    pub mapping: Option<(&'static str, f64)>,
}

/// The numbers of a sub-stream at one moment; each as in [`SubHealth`].
#[derive(Clone, PartialEq, Debug)]
#[expect(missing_docs, reason = "each number is described where it is written")]
pub struct SubSnapshot {
    pub wanted: bool,
    pub state: CameraState,
    pub error: Option<String>,
    pub advice: Vec<String>,
    pub format: Option<Arc<StreamFormat>>,
    pub reconnects: u32,
    pub lost_packets: u64,
    pub sender_reports: u64,
    pub oddities: BTreeMap<&'static str, u64>,
    /// Frames per second.
    pub received: f64,
    pub bytes: u64,
    pub detection: SubDetection,
}

impl SubStream {
    pub(crate) fn new(camera: CameraId) -> Self {
        Self {
            stream: Arc::new(Stream::new(StreamId { camera, kind: StreamKind::Sub }, 0)),
            context: RunContext::sub(camera),
            health: Arc::default(),
            wanted: watch::channel(false).0,
        }
    }

    /// Its numbers, locked.
    pub fn health(&self) -> MutexGuard<'_, SubHealth> {
        lock(&self.health)
    }

    /// The use that is made of it is this one now.
    pub fn set_detection(&self, detection: SubDetection) {
        self.health().detection = detection;
    }

    /// Says whether its video is wanted.
    pub fn want(&self, wanted: bool) {
        self.wanted.send_if_modified(|known| std::mem::replace(known, wanted) != wanted);
    }

    /// Whether its video is wanted, as that changes.
    pub fn wanted(&self) -> watch::Receiver<bool> {
        self.wanted.subscribe()
    }

    /// All of it, read at one moment.
    pub fn snapshot(&self, now: MonoTime) -> SubSnapshot {
        let wanted = *self.wanted.borrow();
        let mut health = self.health();
        SubSnapshot {
            wanted,
            state: health.state,
            error: health.error.clone(),
            advice: health.advice.clone(),
            format: health.format.clone(),
            reconnects: health.runs.saturating_sub(1),
            lost_packets: health.lost_packets,
            sender_reports: health.sender_reports,
            oddities: health.oddities.clone(),
            received: health.received.per_second(now),
            bytes: health.bytes,
            detection: health.detection,
        }
    }
}
