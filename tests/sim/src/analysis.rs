//! A driver for the engine: a decoder that breaks where references are missing, and a detector
//! that takes its time and sees where things were when the frame was taken.

use razz_base::{CameraId, ClassId, Detection, Embedding, MediaTime, MonoTime, Rect, TrackFrame};
use razz_engine::{Audience, Camera, Frame, Input, Output, Settings};
use razz_track::{Kind, build};

use crate::ingest::Received;
use crate::random::Random;

/// Where the objects are, `at_us` after the start. They walk back and forth in lanes of their own.
pub fn objects(at_us: i64) -> Vec<Rect> {
    const LANES: i64 = 4;
    (0..LANES)
        .map(|lane| {
            // 400 px there and back, at 30 to 90 px a second.
            let speed = 30 + 20 * lane;
            let way = (at_us as f64 / 1e6 * speed as f64 + 100.0 * lane as f64) % 800.0;
            let x = 100.0 + if way < 400.0 { way } else { 800.0 - way };
            Rect::from_center(x, 50.0 + 80.0 * lane as f64, 40.0, 70.0)
        })
        .collect()
}

/// A track frame as it was published.
#[derive(Clone, Debug)]
pub struct Published {
    /// What.
    pub frame: TrackFrame,
    /// To whom.
    pub audience: Audience,
    /// When.
    pub at: MonoTime,
    /// When the frame's last packet was in.
    pub received: MonoTime,
}

/// The engine of one camera and the hands around it.
pub struct Analysis {
    engine: Camera,
    random: Random,
    /// How long the detector takes: from, to, in µs.
    detect_us: (i64, i64),
    /// Frames not yet forgotten: media time and when it was taken.
    taken: Vec<(MediaTime, i64)>,
    slot: Option<MediaTime>,
    detector: Option<(MediaTime, MonoTime)>,
    embedder: Option<(MediaTime, Vec<Rect>, MonoTime)>,
    decoder_broken: bool,
    /// What was published so far.
    pub published: Vec<Published>,
    /// Detections finished so far.
    pub detected: u64,
}

impl Analysis {
    /// An engine with these settings, the hybrid tracker, and a detector that takes `detect_us`.
    pub fn new(id: CameraId, settings: Settings, detect_us: (i64, i64), seed: u64) -> Self {
        let tracker = build(Kind::Hybrid, &razz_track::Settings::default());
        Self {
            engine: Camera::new(id, settings, tracker),
            random: Random::new(seed),
            detect_us,
            taken: Vec::new(),
            slot: None,
            detector: None,
            embedder: None,
            decoder_broken: true,
            published: Vec::new(),
            detected: 0,
        }
    }

    /// Lets time pass up to the arrival of an access unit, then takes it in. It was taken at
    /// `taken_us`.
    pub fn access_unit(&mut self, received: &Received, taken_us: i64) {
        let au = &received.au;
        self.pass_until(au.received);
        self.taken.push((au.key.time, taken_us));
        let frame =
            Frame { time: au.key.time, wall: au.wall, received: au.received, size: au.size };
        let input =
            Input::AccessUnit { frame, idr: au.idr, reorders: false, queued: 0, idr_waits: false };
        self.engine.handle(input, au.received);
        if au.lost_packets > 0 {
            self.decoder_broken = true;
        } else if au.idr {
            self.decoder_broken = false;
        }
        self.act(au.received, Some(frame));
    }

    /// Does what is due up to `end`.
    pub fn pass_until(&mut self, end: MonoTime) {
        loop {
            let detected = self.detector.map(|(_, at)| at);
            let embedded = self.embedder.as_ref().map(|(_, _, at)| *at);
            let timeout = self.engine.poll_timeout();
            let next = [detected, embedded, timeout].into_iter().flatten().min();
            let Some(now) = next.filter(|next| *next <= end) else { return };
            if detected == Some(now) {
                self.finish_detection(now);
            } else if embedded == Some(now) {
                self.finish_embedding(now);
            } else {
                self.engine.handle(Input::Timeout, now);
            }
            self.act(now, None);
        }
    }

    fn taken_us(&self, time: MediaTime) -> i64 {
        let found = self.taken.iter().rev().find(|(other, _)| *other == time);
        found.unwrap_or_else(|| panic!("the engine names {time}, which no frame has")).1
    }

    fn finish_detection(&mut self, now: MonoTime) {
        let Some((time, _)) = self.detector.take() else { return };
        let detections: Vec<Detection> = objects(self.taken_us(time))
            .into_iter()
            .map(|bbox| Detection { bbox, class: ClassId(0), score: 0.9 })
            .collect();
        self.detected += 1;
        if self.random.chance(0.01) {
            self.engine.handle(Input::DetectionFailed { time }, now);
        } else {
            self.engine.handle(Input::Detections { time, detections: &detections }, now);
        }
    }

    fn finish_embedding(&mut self, now: MonoTime) {
        let Some((time, boxes, _)) = self.embedder.take() else { return };
        let truth = objects(self.taken_us(time));
        let vectors: Vec<Option<Embedding>> = boxes
            .iter()
            .map(|bbox| {
                // Each object looks like nothing but itself.
                let looks: Vec<f32> =
                    truth.iter().map(|object| f32::from(object.iou(bbox) > 0.9)).collect();
                Embedding::normalised(&looks)
            })
            .collect();
        self.engine.handle(Input::Embeddings(&vectors), now);
    }

    /// Does what the engine says; `decoding` is the frame handed in last.
    fn act(&mut self, now: MonoTime, decoding: Option<Frame>) {
        loop {
            match self.engine.poll() {
                Some(Output::Decode { .. }) => {
                    let frame = decoding.unwrap_or_else(|| panic!("decode what?"));
                    let input = if self.decoder_broken && self.random.chance(0.5) {
                        Input::DecodeFailed
                    } else {
                        Input::Decoded { frame, changed: None }
                    };
                    self.engine.handle(input, now);
                }
                Some(Output::Skip | Output::Missed | Output::Unchanged) => {}
                Some(Output::Offer { time, replaces }) => {
                    assert_eq!(self.slot, replaces, "the slot holds another picture");
                    self.slot = Some(time);
                }
                Some(Output::Freshen { time, waiting }) => {
                    if self.slot == Some(waiting) {
                        self.slot = Some(time);
                        self.engine.handle(Input::Freshened { time }, now);
                    }
                }
                Some(Output::Embed { time, boxes }) => {
                    self.embedder = Some((time, boxes, now.plus_us(10_000)));
                }
                Some(Output::Publish { frame, received, audience }) => {
                    self.published.push(Published { frame, audience, at: now, received });
                }
                None => break,
            }
        }
        if self.detector.is_none()
            && self.embedder.is_none()
            && let Some(time) = self.slot.take()
        {
            let takes_us = self.random.between(self.detect_us.0, self.detect_us.1);
            self.detector = Some((time, now.plus_us(takes_us)));
            self.engine.handle(Input::DetectionStarted { time }, now);
            self.act(now, None);
        }
    }
}
