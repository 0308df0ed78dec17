//! The machine of one camera: which access units are decoded, which pictures go to the detector,
//! and which track frames go out when.

use std::collections::VecDeque;

use razz_base::{
    AccessUnit, Affine, CameraId, DetectRate, Detection, Embedding, MediaTime, MonoTime, Rect,
    Size, TrackFrame, WallTime,
};
use razz_media::Contents;
use razz_track::{Tracker, Update};

mod beside;
mod doze;
mod due;
mod idle;
mod idling;
mod motion;
mod publish;
mod ration;
mod sizes;

use beside::Beside;
use doze::Doze;
use idle::Stillness;
pub use idle::{Idle, Idling};
use motion::Motion;
use ration::{Ration, Turn};

use crate::budget::{Allowance, BEHIND};

/// What the machine is told once.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Settings {
    /// How often to detect.
    pub rate: DetectRate,
    /// How long a frame waits for a detection that runs on it or before it, in µs since its last
    /// packet was in. Raising it turns more predictions into matches for those who follow every
    /// frame, and delays their messages while the detector is slow.
    pub wait_us: i64,
    /// Access units that may wait for the decoder. Raising it rides out longer hiccups of the
    /// machine, at the price of memory; past it everything up to the next IDR is skipped.
    pub decode_queue: usize,
    /// Track ids begin above this one: those up to it were given by an earlier life of the camera.
    pub ids_after: u64,
    /// Detect less often while nothing moves; `None`: never.
    pub idle: Option<Idle>,
    /// Whether [`Input::Moved`] comes for every frame decoded. A frame then waits for it before its
    /// tracks are published.
    pub camera_motion: bool,
    /// Whether tracks are published on the frames of another stream than the one that is decoded: those
    /// of [`Input::Passing`]. The access units' times are then places on that stream's timeline.
    pub beside: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rate: DetectRate::PerSecond(6.0),
            wait_us: 150_000,
            decode_queue: 90,
            ids_after: 0,
            idle: Some(Idle::default()),
            camera_motion: false,
            beside: false,
        }
    }
}

/// A frame as the machine knows it: times and size, no bytes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Frame {
    /// Its place on the camera's timeline.
    pub time: MediaTime,
    /// When the camera took it.
    pub wall: WallTime,
    /// When its last packet was in.
    pub received: MonoTime,
    /// The size that boxes refer to.
    pub size: Size,
}

impl From<&AccessUnit> for Frame {
    fn from(au: &AccessUnit) -> Self {
        Self { time: au.key.time, wall: au.wall, received: au.received, size: au.size() }
    }
}

/// What happened.
#[derive(Debug)]
pub enum Input<'a> {
    /// An access unit is next at the decoder; `queued` more wait behind it. Answered by
    /// [`Output::Decode`], [`Output::Skip`] or [`Output::Rest`].
    AccessUnit {
        /// Its frame.
        frame: Frame,
        /// Whether decoding can start here.
        idr: bool,
        /// Whether its camera sends pictures out of decode order (B-frames), so that the picture
        /// that comes out of the decoder is that of another access unit.
        reorders: bool,
        /// How many wait behind it.
        queued: usize,
        /// Whether an IDR is among those.
        idr_waits: bool,
    },
    /// A frame that viewers see and that is not decoded, with [`Settings::beside`].
    Passing {
        /// The frame.
        frame: Frame,
    },
    /// What the access unit that comes next is made of, and its bytes in all. Without this it is
    /// decoded whatever else is.
    Contents {
        /// What it is made of.
        contents: Contents,
        /// Its size.
        bytes: usize,
    },
    /// So much may be decoded and detected on from now on; everything, until this is said.
    Allowed(Allowance),
    /// Whether there is a detector at all, or will be in a moment: there is until this is said.
    /// Without one nothing is decoded.
    Detector {
        /// Whether there is.
        there: bool,
    },
    /// Whether pictures stand alone from now on, so that none leans on another (MJPEG): they do not until
    /// this is said. Then only pictures that are wanted are decoded.
    StandAlone(bool),
    /// How the camera moved from the frame decoded before to this one, in pixels of the picture.
    /// Comes before [`Input::Decoded`], and with [`Settings::camera_motion`] for every frame that
    /// could be decoded, wanted or not.
    Moved {
        /// The frame.
        time: MediaTime,
        /// Takes points of the frame before to this one.
        step: Affine,
    },
    /// The decoder put out the picture of this frame.
    Decoded {
        /// The picture's own frame.
        frame: Frame,
        /// The share of it, 0 to 1, that differs from the picture whose detections came last;
        /// `None` when that was not measured.
        changed: Option<f64>,
    },
    /// There is time for one of the access units that are kept, which are to be decoded up to the
    /// present: while [`Camera::is_catching_up`]. Answered by [`Output::DecodeHeld`].
    CatchUp,
    /// The access unit handed in last could not be decoded; the decoder waits for the next IDR.
    DecodeFailed,
    /// The answer to [`Output::Offer`]: the picture is in the detector's slot.
    Offered {
        /// Which picture.
        time: MediaTime,
        /// Whether it gave way to this one that waited there. Where not, the detector has taken that
        /// one, if there was one.
        replaced: bool,
    },
    /// The answer to [`Output::Freshen`].
    Freshened {
        /// Which picture.
        time: MediaTime,
        /// Whether it is in the slot now. Where not, the detector has taken the one that waited.
        done: bool,
    },
    /// The detector took the picture of this time out of the slot.
    DetectionStarted {
        /// Which picture.
        time: MediaTime,
    },
    /// The detector is done with the picture of this time.
    Detections {
        /// Which picture.
        time: MediaTime,
        /// What it found.
        detections: &'a [Detection],
    },
    /// The detector failed on the picture of this time, or dropped it.
    DetectionFailed {
        /// Which picture.
        time: MediaTime,
    },
    /// The vectors that [`Output::Embed`] asked for, in its order.
    Embeddings(&'a [Option<Embedding>]),
    /// Time passed.
    Timeout,
}

/// Who a track frame is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Audience {
    /// Those who want one message per detection.
    PerDetection,
    /// Those who want one message per frame.
    EveryFrame,
    /// Both.
    All,
}

/// What is to be done.
#[derive(Clone, PartialEq, Debug)]
pub enum Output {
    /// Decode the access unit handed in last. The pixels are needed only if `want`.
    Decode {
        /// Whether the picture will be offered.
        want: bool,
    },
    /// Pass over the access unit handed in last.
    Skip,
    /// Pass over the access unit handed in last, as one that capacity does not reach, or that stands alone
    /// and is not wanted. Decoding goes on at an IDR, for which the decoder may stay as it is.
    Rest,
    /// Keep the access unit handed in last: its picture may be wanted later. Whatever is kept is not
    /// wanted any more once another is decoded, skipped or rested at.
    Hold,
    /// Decode the access unit of this time that is kept, and forget those before it.
    DecodeHeld {
        /// Its time.
        time: MediaTime,
        /// Whether the picture will be offered.
        want: bool,
    },
    /// Pass over the access unit handed in last: nobody wants its picture, and none leans on it.
    Leave,
    /// A frame was due for detection and is passed over, since decoding is behind or a newer one is
    /// looked at.
    Missed,
    /// Put the picture decoded last into the detector's slot, in place of any that waits there and
    /// then will not be detected, and answer with [`Input::Offered`].
    Offer {
        /// Its time.
        time: MediaTime,
    },
    /// The picture decoded last is newer than the one that waits in the detector's slot: put it there
    /// instead, if that one still waits, and answer with [`Input::Freshened`]. No detection is lost.
    Freshen {
        /// Its time.
        time: MediaTime,
        /// The picture that waits.
        waiting: MediaTime,
    },
    /// Compute embeddings of these boxes of the picture whose detections came last.
    Embed {
        /// Which picture.
        time: MediaTime,
        /// Where, in pixels.
        boxes: Vec<Rect>,
    },
    /// The picture decoded last was due for detection, but nothing has moved since the detector
    /// last looked, so what it found then was taken for this picture as well.
    Unchanged,
    /// Send this out.
    Publish {
        /// The tracks.
        frame: TrackFrame,
        /// When the frame's last packet was in.
        received: MonoTime,
        /// To whom.
        audience: Audience,
    },
}

/// The machine of one camera.
pub struct Camera {
    id: CameraId,
    settings: Settings,
    tracker: Box<dyn Tracker>,
    /// The decoder lost its references; nothing is decoded until an IDR.
    needs_idr: bool,
    /// It is waited for since decoding is behind.
    leaps: bool,
    /// A frame that was due was passed over since decoding fell behind.
    passed: bool,
    detector: bool,
    reorders: bool,
    alone: bool,
    ration: Ration,
    /// Where the next detection is due, while all that is wanted is allowed.
    next_due: Option<MediaTime>,
    /// At the decoder, which will say how the camera moved.
    moving: Option<Frame>,
    motion: Motion,
    /// With [`Settings::beside`].
    beside: Option<Beside>,
    /// At the decoder, and due for detection.
    decoding: Option<Frame>,
    /// In the slot of the detector, by its owner's last answer.
    offered: Option<Frame>,
    /// On its way into the slot, until its owner answers.
    proposed: Option<Frame>,
    /// Taken out of the slot by the detector, oldest first.
    running: VecDeque<Frame>,
    /// Boxes at the embedder: the picture whose update waits for vectors, and whether the detector
    /// saw it.
    embedding: Option<(Frame, bool)>,
    stillness: Stillness,
    doze: Doze,
    /// Due while the camera dozed, oldest first: they are answered when what is under way is done.
    unanswered: VecDeque<Frame>,
    /// Frames not yet published to those who follow every frame, in media-time order.
    pending: VecDeque<Frame>,
    /// The last frame published to those who follow every frame.
    published: Option<MediaTime>,
    /// When something last went out to those who want one message per detection.
    per_detection_at: Option<MonoTime>,
    /// The last frame that went out to them.
    per_detection: Option<MediaTime>,
    outputs: VecDeque<Output>,
}

impl std::fmt::Debug for Camera {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Camera")
            .field("id", &self.id)
            .field("offered", &self.offered.map(|f| f.time))
            .field("running", &self.running.len())
            .field("pending", &self.pending.len())
            .finish_non_exhaustive()
    }
}

/// With more than this many it goes on at the newest IDR that waits, if one does.
const FAR_BEHIND: usize = 8;

impl Camera {
    /// A machine at rest, waiting for an IDR.
    pub fn new(id: CameraId, settings: Settings, tracker: Box<dyn Tracker>) -> Self {
        Self {
            id,
            settings,
            tracker,
            needs_idr: true,
            leaps: false,
            passed: false,
            detector: true,
            reorders: false,
            alone: false,
            ration: Ration::new(settings.rate),
            next_due: None,
            moving: None,
            motion: Motion::default(),
            beside: settings.beside.then(Beside::default),
            decoding: None,
            offered: None,
            proposed: None,
            running: VecDeque::new(),
            embedding: None,
            stillness: Stillness::default(),
            doze: Doze::default(),
            unanswered: VecDeque::new(),
            pending: VecDeque::new(),
            published: None,
            per_detection_at: None,
            per_detection: None,
            outputs: VecDeque::new(),
        }
    }

    // ---- in ----

    /// Takes in what happened at `now`. Call [`Self::poll`] until it is empty afterwards.
    pub fn handle(&mut self, input: Input<'_>, now: MonoTime) {
        match input {
            Input::AccessUnit { frame, idr, reorders, queued, idr_waits } => {
                self.doze.arrived(frame.time, idr);
                self.handle_access_unit(frame, idr, reorders, queued, idr_waits, now);
            }
            Input::Passing { frame } => self.handle_passing(frame),
            Input::Contents { contents, bytes } => self.doze.is_next(contents, bytes),
            Input::CatchUp => self.catch_up(),
            Input::Allowed(allowance) => self.ration.allow(allowance),
            Input::Detector { there } => self.detector = there,
            Input::StandAlone(alone) => self.alone = alone,
            Input::Moved { time, step } => {
                self.moving.take_if(|frame| frame.time == time);
                self.motion.add(time, step);
            }
            Input::Decoded { frame, changed } => self.handle_decoded(frame, changed, now),
            Input::DecodeFailed => {
                self.needs_idr = true;
                self.moving = None;
                self.decoding = None;
                self.stillness.forget();
                self.give_up_held();
                self.doze.forget();
            }
            Input::Offered { time, replaced } => {
                if let Some(frame) = self.proposed.take_if(|frame| frame.time == time) {
                    let before = self.offered.replace(frame);
                    self.running.extend(before.filter(|_| !replaced));
                }
            }
            Input::Freshened { time, done } => {
                if let Some(frame) = self.proposed.take_if(|frame| frame.time == time) {
                    if done {
                        self.offered = Some(frame);
                    } else {
                        self.running.extend(self.offered.take());
                    }
                }
            }
            Input::DetectionStarted { time } => {
                self.running.extend(self.offered.take_if(|frame| frame.time == time));
            }
            Input::Detections { time, detections } => self.handle_detections(time, detections, now),
            Input::DetectionFailed { time } => {
                self.running.retain(|frame| frame.time != time);
                self.offered.take_if(|frame| frame.time == time);
                self.answer_unanswered(now);
            }
            Input::Embeddings(vectors) => {
                if let Some((frame, detected)) = self.embedding.take() {
                    self.tracker.resume(vectors);
                    self.publish_updated(frame, detected, now);
                    self.answer_unanswered(now);
                }
            }
            Input::Timeout => {}
        }
        self.publish_due(now);
    }

    fn handle_access_unit(
        &mut self,
        frame: Frame,
        idr: bool,
        reorders: bool,
        queued: usize,
        idr_waits: bool,
        now: MonoTime,
    ) {
        self.reorders = reorders;
        self.moving = None;
        self.decoding = None;
        self.beside.iter_mut().for_each(|beside| beside.see_access_unit(frame.time));
        if self.settings.rate == DetectRate::Off || !self.detector {
            // What follows leans on it.
            self.needs_idr = true;
            self.give_up_held();
            self.outputs.push_back(Output::Skip);
            return;
        }
        if !reorders && self.beside.is_none() {
            self.await_turn(frame);
        }
        // Nothing leans on what lies before an IDR that is here already.
        let leap = idr_waits && queued > FAR_BEHIND && !self.doze.is_asleep();
        if leap || queued > self.settings.decode_queue {
            self.needs_idr = true;
            self.leaps = true;
            self.give_up_held();
        }
        if self.needs_idr && (leap || !idr) {
            if self.leaps {
                self.pass_over(frame);
            }
            self.outputs.push_back(Output::Skip);
            return;
        }
        // Which picture of a camera with B-frames is due is known only when it is decoded.
        match if reorders { Turn::Decode } else { self.ration.turn(frame.time, idr) } {
            Turn::Decode => {}
            Turn::Rest => {
                self.rest_dozing(frame);
                self.outputs.push_back(Output::Rest);
                return;
            }
            Turn::BeginAnew => {
                self.needs_idr = true;
                self.give_up_held();
                self.outputs.push_back(Output::Skip);
                return;
            }
        }
        self.needs_idr = false;
        self.leaps = false;
        if self.doze(frame, idr, now) {
            return;
        }
        // Behind by a few frames, the newest picture is still to come. Who does not catch up by the
        // next one that is due will not: then an older one is better than none.
        let behind = queued > BEHIND;
        self.passed &= behind;
        let due = self.is_due(frame.time);
        // Of pictures that stand alone those that are due are as good as key frames.
        let wanted = !self.alone && (self.doze.is_asleep() || self.doze.wants(frame.time));
        if due && behind && !self.passed && !wanted {
            self.pass_over(frame);
        } else if !reorders && (due || wanted || (self.offered.is_some() && !behind && !self.alone))
        {
            self.decoding = Some(frame);
        }
        if self.alone && self.decoding.is_none() {
            // Nothing leans on it; to freshen the picture that waits would cost decoding each.
            self.outputs.push_back(Output::Rest);
            return;
        }
        let leant_on = reorders || idr || self.doze.is_referenced();
        if !leant_on && self.decoding.is_none() && self.stands_still(frame) {
            self.outputs.push_back(Output::Leave);
            return;
        }
        if !reorders && self.settings.camera_motion {
            self.moving = Some(frame);
        }
        // With reordering, which picture comes out is known only then.
        self.outputs.push_back(Output::Decode { want: reorders || self.decoding.is_some() });
    }

    /// A frame that is due will not be detected on.
    fn pass_over(&mut self, frame: Frame) {
        if !self.reorders && self.is_due(frame.time) {
            self.passed = true;
            self.advance_due(frame.time);
            self.outputs.push_back(Output::Missed);
        }
    }

    fn handle_decoded(&mut self, frame: Frame, changed: Option<f64>, now: MonoTime) {
        if self.reorders {
            if self.beside.is_none() {
                self.await_turn(frame);
            }
        } else if self.decoding.take().is_none_or(|wanted| wanted.time != frame.time) {
            return;
        }
        if self.doze.takes_wanted(frame.time) {
            return self.handle_wanted_picture(frame, changed);
        }
        if self.doze.is_asleep() {
            return self.handle_key_picture(frame, changed, now);
        }
        if !self.is_due(frame.time) {
            // The newest picture is looked at, whenever the detector comes to it.
            if let Some(waiting) = self.offered {
                self.proposed = Some(frame);
                self.outputs.push_back(Output::Freshen { time: frame.time, waiting: waiting.time });
            }
            return;
        }
        self.advance_due(frame.time);
        if self.answer_unchanged(frame, changed, now) {
            return;
        }
        self.proposed = Some(frame);
        self.outputs.push_back(Output::Offer { time: frame.time });
    }

    /// Takes what the detector found last for this picture too, if nothing has moved since; answers
    /// whether it did.
    fn answer_unchanged(&mut self, frame: Frame, changed: Option<f64>, now: MonoTime) -> bool {
        let Some(idle) = &self.settings.idle else { return false };
        let same = self.stillness.answer(idle, frame.time, changed).is_some();
        // Updates come in media-time order: what is under way would come after this one.
        if !same || self.is_under_way() {
            return false;
        }
        self.repeat_seen(frame, now);
        true
    }

    /// Takes what the detector found last for this frame too.
    fn repeat_seen(&mut self, frame: Frame, now: MonoTime) {
        let Some(seen) = self.stillness.seen() else { return };
        self.outputs.push_back(Output::Unchanged);
        self.motion.tell(self.tracker.as_mut(), frame.time);
        self.tracker.see_picture(frame.size);
        self.beside.iter_mut().for_each(|beside| beside.see_picture(frame));
        let update = self.tracker.update(frame.time, seen);
        let boxes = wanted_boxes(&update, seen);
        self.conclude(frame, false, boxes, now);
    }

    fn handle_detections(&mut self, time: MediaTime, detections: &[Detection], now: MonoTime) {
        // It may be done before anybody said that it began.
        self.running.extend(self.offered.take_if(|frame| frame.time == time));
        let Some(at) = self.running.iter().position(|frame| frame.time == time) else {
            return; // of an earlier life of this machine
        };
        // Results come in the order of the pictures: of one before it none will come.
        let frame = self.running.drain(..=at).next_back().expect("there is at least this one");
        self.stillness.detected(time, detections);
        self.motion.tell(self.tracker.as_mut(), time);
        self.tracker.see_picture(frame.size);
        self.beside.iter_mut().for_each(|beside| beside.see_picture(frame));
        let update = self.tracker.update(time, detections);
        self.conclude(frame, true, wanted_boxes(&update, detections), now);
        self.doze_detected(time);
        self.answer_unanswered(now);
    }

    /// Publishes what an update made of a frame, once the vectors of `boxes` are there.
    fn conclude(&mut self, frame: Frame, detected: bool, boxes: Option<Vec<Rect>>, now: MonoTime) {
        let Some(boxes) = boxes else {
            return self.publish_updated(frame, detected, now);
        };
        self.embedding = Some((frame, detected));
        self.outputs.push_back(Output::Embed { time: frame.time, boxes });
    }

    // ---- out ----

    /// What is to be done next, in order; `None` when all is said.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Timeout`] is wanted, if nothing else happens before.
    pub fn poll_timeout(&self) -> Option<MonoTime> {
        let head = self.pending.front()?;
        Some(head.received.plus_us(self.settings.wait_us))
    }
}

/// The boxes whose vectors an update asks for, if it does.
fn wanted_boxes(update: &Update, detections: &[Detection]) -> Option<Vec<Rect>> {
    match update {
        Update::Done => None,
        Update::NeedEmbeddings(wanted) => {
            Some(wanted.iter().map(|i| detections[*i].bbox).collect())
        }
    }
}

#[cfg(test)]
mod tests;
