//! The server's own driver of a camera with seeded hands: a decoder that breaks where references are
//! missing, and a detector that takes its time and sees where things were when the frame was taken.

use std::collections::HashMap;

use razz_base::{
    AccessUnit, CameraId, ClassId, Detection, Embedding, MediaTime, MonoTime, Rect, RunId,
    TrackFrame,
};
use razz_engine::{Audience, Camera, Counted, Decoded, Driver, Event, Frame, Hands, Settings};
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

/// The picture of a frame: in a simulation, no more than its times.
pub type Picture = Frame;

/// Hands that follow a seed: a decoder that breaks where references are missing, and a detector that
/// takes its time.
pub struct SeededHands {
    now: MonoTime,
    random: Random,
    /// How long the detector takes: from, to, in µs.
    detect_us: (i64, i64),
    /// Frames not yet forgotten: media time and when it was taken.
    taken: Vec<(MediaTime, i64)>,
    slot: Option<Picture>,
    detector: Option<(Picture, MonoTime)>,
    decoder_broken: bool,
    published: Vec<Published>,
    /// Pictures put into the slot where none, or an older one, had been due before.
    offered: u64,
    /// Pictures that the detector failed on.
    failed: u64,
    counted: HashMap<Counted, u64>,
}

impl SeededHands {
    fn taken_us(&self, time: MediaTime) -> i64 {
        let found = self.taken.iter().rev().find(|(other, _)| *other == time);
        found.unwrap_or_else(|| panic!("{time} is named, which no frame has")).1
    }

    /// The detector takes what waits, if it has nothing to do.
    fn begin_detection(&mut self) -> Option<MediaTime> {
        if self.detector.is_some() {
            return None;
        }
        let picture = self.slot.take()?;
        let takes_us = self.random.between(self.detect_us.0, self.detect_us.1);
        self.detector = Some((picture, self.now.plus_us(takes_us)));
        Some(picture.time)
    }
}

impl Hands for SeededHands {
    type Picture = Picture;

    fn frame(picture: &Picture) -> Frame {
        *picture
    }

    fn now(&self) -> MonoTime {
        self.now
    }

    fn begin_run(&mut self, _run: RunId) {}

    fn reset_decoder(&mut self) {
        self.decoder_broken = true;
    }

    fn decode(&mut self, au: &AccessUnit, want: bool) -> Option<Decoded<Picture>> {
        if au.lost_packets > 0 {
            self.decoder_broken = true;
        } else if au.idr {
            self.decoder_broken = false;
        }
        if self.decoder_broken && self.random.chance(0.5) {
            return None;
        }
        Some(Decoded { picture: want.then(|| Frame::from(au)), step: None, changed: None })
    }

    fn has_detector(&self) -> bool {
        true
    }

    fn offer(&mut self, picture: Picture) -> bool {
        // The detector may take what waits at the very moment that another picture is decoded.
        if self.detector.is_none() && self.random.chance(0.5) {
            self.begin_detection();
        }
        self.offered += 1;
        self.slot.replace(picture).is_some()
    }

    fn freshen(&mut self, waiting: MediaTime, picture: Picture) -> bool {
        let waits = self.slot.is_some_and(|slot| slot.time == waiting);
        if waits {
            self.slot = Some(picture);
        }
        waits
    }

    fn embed(&mut self, picture: &Picture, boxes: &[Rect]) -> Vec<Option<Embedding>> {
        let truth = objects(self.taken_us(picture.time));
        let looks = boxes.iter().map(|bbox| {
            // Each object looks like nothing but itself.
            let looks: Vec<f32> =
                truth.iter().map(|object| f32::from(object.iou(bbox) > 0.9)).collect();
            Embedding::normalised(&looks)
        });
        looks.collect()
    }

    fn publish(&mut self, frame: TrackFrame, received: MonoTime, audience: Audience) {
        self.published.push(Published { frame, audience, at: self.now, received });
    }

    fn count(&mut self, counted: Counted) {
        *self.counted.entry(counted).or_default() += 1;
    }
}

/// The server's driver of one camera, in simulated time.
pub struct Analysis {
    driver: Driver<SeededHands>,
}

impl Analysis {
    /// A driver with these settings, the hybrid tracker, and a detector that takes `detect_us`.
    pub fn new(id: CameraId, settings: Settings, detect_us: (i64, i64), seed: u64) -> Self {
        let tracker = build(Kind::Hybrid, &razz_track::Settings::default());
        let hands = SeededHands {
            now: MonoTime::default(),
            random: Random::new(seed),
            detect_us,
            taken: Vec::new(),
            slot: None,
            detector: None,
            decoder_broken: true,
            published: Vec::new(),
            offered: 0,
            failed: 0,
            counted: HashMap::new(),
        };
        Self { driver: Driver::new(Camera::new(id, settings, tracker), hands) }
    }

    /// Lets time pass up to the arrival of an access unit, then takes it in. It was taken at
    /// `taken_us`.
    pub fn access_unit(&mut self, received: &Received, taken_us: i64) {
        let au = &received.au;
        self.pass_until(au.received);
        let hands = self.driver.hands();
        hands.now = au.received;
        hands.taken.push((au.key.time, taken_us));
        let event = Event::AccessUnit { au, after_gap: false, queued: 0, idr_waits: false };
        self.driver.handle(event);
        self.begin_detection();
    }

    /// Does what is due up to `end`.
    pub fn pass_until(&mut self, end: MonoTime) {
        loop {
            let timeout = self.driver.poll_timeout();
            let hands = self.driver.hands();
            let detected = hands.detector.map(|(_, at)| at);
            let next = [detected, timeout].into_iter().flatten().min();
            let Some(now) = next.filter(|next| *next <= end) else { return };
            hands.now = now.max(hands.now);
            if detected == Some(now) {
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
        let detections = objects(hands.taken_us(picture.time))
            .into_iter()
            .map(|bbox| Detection { bbox, class: ClassId(0), score: 0.9 })
            .collect();
        let failed = hands.random.chance(0.01);
        hands.failed += u64::from(failed);
        self.driver.handle(match failed {
            true => Event::DetectionFailed(picture.time),
            false => Event::Detections { picture, detections },
        });
    }

    /// What was published so far.
    pub fn published(&mut self) -> &[Published] {
        &self.driver.hands().published
    }

    /// How many pictures were offered to the detector, and on how many of them it failed.
    pub fn offered(&mut self) -> (u64, u64) {
        let hands = self.driver.hands();
        (hands.offered, hands.failed)
    }

    /// How many pictures were counted so.
    pub fn counted(&mut self, counted: Counted) -> u64 {
        self.driver.hands().counted.get(&counted).copied().unwrap_or_default()
    }
}
