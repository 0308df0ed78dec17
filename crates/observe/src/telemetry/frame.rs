//! The journey of a detected frame, from the last packet in to its tracks out.

use std::sync::Arc;

use opentelemetry::Context;
use opentelemetry::KeyValue;
use razz_base::{CameraId, FrameKey, MediaTime, MonoTime, RunId};

use super::{CAMERA, Inner, RUN};

/// The attribute with the frame's RTP timestamp as viewers see it.
const RTP_TIMESTAMP: &str = "razz.rtp_timestamp";
/// Frames of a camera that are looked at or wait for it: the engine has two at most.
const MOST: usize = 4;

/// The frames of one camera that are under way; held by the camera's thread.
pub struct Journeys {
    inner: Arc<Inner>,
    /// Of frames that are to be traced, the part that has added up: at 1 the next one is.
    owed: f64,
    /// When the access unit in hand was received and taken up.
    taken: (MonoTime, MonoTime),
    /// Decoded last.
    decoded: Option<Journey>,
    /// Offered to the detector, oldest first.
    offered: Vec<Journey>,
}

#[derive(Clone)]
struct Journey {
    time: MediaTime,
    run: RunId,
    received: MonoTime,
    /// Taken up by the camera's thread; what lies before is ingest.
    taken: MonoTime,
    decoded: MonoTime,
    offered: MonoTime,
    /// Looked at, from and to.
    looked: (MonoTime, MonoTime),
    /// The detections are in the tracker's hands.
    tracking: MonoTime,
}

impl Journeys {
    /// `owed` between 0 and 1: where a camera begins, so that not all are traced at once.
    pub(super) fn new(inner: Arc<Inner>, owed: f64) -> Self {
        let never = MonoTime::from_us(0);
        Self { inner, owed, taken: (never, never), decoded: None, offered: Vec::new() }
    }

    /// An access unit is taken up that was received at `received`.
    pub fn taken(&mut self, received: MonoTime, at: MonoTime) {
        self.taken = (received, at);
    }

    /// The picture of `time` is decoded.
    pub fn decoded(&mut self, time: MediaTime, run: RunId, at: MonoTime) {
        let (received, taken) = self.taken;
        let looked = (at, at);
        let decoded = at;
        self.decoded = Some(Journey {
            time,
            run,
            received,
            taken,
            decoded,
            offered: at,
            looked,
            tracking: at,
        });
    }

    /// The picture of `time` is offered to the detector: here it is chosen or not.
    pub fn offered(&mut self, time: MediaTime, at: impl FnOnce() -> MonoTime) {
        self.owed += self.inner.frames;
        if self.owed < 1.0 {
            return;
        }
        let Some(journey) = self.decoded.take().filter(|journey| journey.time == time) else {
            return;
        };
        self.owed -= 1.0;
        if self.offered.len() == MOST {
            self.offered.remove(0);
        }
        self.offered.push(Journey { offered: at(), ..journey });
    }

    /// The picture of `time` took the place of the one of `waiting`, and its place here.
    pub fn freshened(
        &mut self,
        waiting: MediaTime,
        time: MediaTime,
        at: impl FnOnce() -> MonoTime,
    ) {
        let waiting = self.offered.iter_mut().find(|journey| journey.time == waiting);
        let newer = self.decoded.take().filter(|journey| journey.time == time);
        if let (Some(waiting), Some(newer)) = (waiting, newer) {
            *waiting = Journey { offered: at(), ..newer };
        }
    }

    /// The detector has looked at the picture of `time`, and the tracker goes on.
    pub fn looked(&mut self, time: MediaTime, looked: (MonoTime, MonoTime), at: MonoTime) {
        if let Some(journey) = self.offered.iter_mut().find(|journey| journey.time == time) {
            journey.looked = looked;
            journey.tracking = at;
        }
    }

    /// The tracks of a detected frame went out, from and to.
    pub fn published(
        &mut self,
        frame: FrameKey,
        tracks: usize,
        begun: MonoTime,
        ended: impl FnOnce() -> MonoTime,
    ) {
        if let Some(journey) = self.take(frame.time) {
            self.tell(&journey, frame.camera, Some((begun, tracks)), ended());
        }
    }

    /// The tracker is done with the detections of a frame. If its tracks did not go out by now, they
    /// went out before as a prediction, and the detections correct later frames only.
    pub fn tracked(&mut self, frame: FrameKey, ended: impl FnOnce() -> MonoTime) {
        if let Some(journey) = self.take(frame.time) {
            self.tell(&journey, frame.camera, None, ended());
        }
    }

    fn take(&mut self, time: MediaTime) -> Option<Journey> {
        let at = self.offered.iter().position(|journey| journey.time == time)?;
        // Those before it are overtaken: their pictures gave way.
        self.offered.drain(..at);
        Some(self.offered.remove(0))
    }

    /// `published`: from when, and how many tracks; `None`: it was too late for that.
    fn tell(
        &self,
        journey: &Journey,
        camera: CameraId,
        published: Option<(MonoTime, usize)>,
        ended: MonoTime,
    ) {
        let attributes = || {
            vec![
                KeyValue::new(CAMERA, i64::from(camera.as_u32())),
                KeyValue::new(RUN, i64::from(journey.run.0)),
                KeyValue::new(RTP_TIMESTAMP, i64::from(journey.time.rtp_timestamp())),
            ]
        };
        let mut whole = attributes();
        whole.push(KeyValue::new("razz.late", published.is_none()));
        whole.extend(published.map(|(_, tracks)| KeyValue::new("razz.tracks", tracks as i64)));
        let now = self.inner.now();
        let root = self.inner.builder("frame", now.wall(journey.received), whole);
        let root = Inner::under(self.inner.end(root, &Context::new(), now.wall(ended)));
        let part = |name, parent: &Context, begun, ended| {
            let span = self.inner.builder(name, now.wall(begun), attributes());
            self.inner.end(span, parent, now.wall(ended))
        };
        part("ingest", &root, journey.received, journey.taken);
        part("decode", &root, journey.taken, journey.decoded);
        let detect = part("detect", &root, journey.offered, journey.tracking);
        part("infer", &Inner::under(detect), journey.looked.0, journey.looked.1);
        let tracked = published.map_or(ended, |(begun, _)| begun);
        part("track", &root, journey.tracking, tracked);
        if published.is_some() {
            part("publish", &root, tracked, ended);
        }
    }
}
