//! Does what a camera's machine says, with hands that are given to it.
//!
//! [`Camera`] says what is to be done; the [`Driver`] has it done by its [`Hands`] and hands the
//! outcome back. The server's hands are a decoder, the detector's pool and the hub; the simulation's
//! follow a seed. So what runs in a test is what runs in the server.

use std::collections::VecDeque;

use razz_base::{
    AccessUnit, Affine, Detection, Embedding, MediaTime, MonoTime, Rect, RunId, TrackFrame,
};
use razz_media::{Contents, PictureKind};

use crate::budget::Allowance;
use crate::camera::{Audience, Camera, Frame, Idling, Input, Output};

/// What a driver works with.
pub trait Hands {
    /// A decoded picture.
    type Picture;

    /// Which frame a picture shows.
    fn frame(picture: &Self::Picture) -> Frame;
    /// What time it is.
    fn now(&self) -> MonoTime;
    /// Another RTSP session begins.
    fn begin_run(&mut self, run: RunId);
    /// What comes next may lean on what was never decoded: forget what was.
    fn reset_decoder(&mut self);
    /// Whether decoding can begin at this access unit: at an IDR, and at a recovery point when nothing
    /// that came before is known.
    fn begins_at(&mut self, au: &AccessUnit) -> bool {
        au.idr
    }
    /// Decodes the next access unit; its pixels are needed only if `want`. `None`: it could not be
    /// decoded, and nothing can until the next IDR or recovery point.
    fn decode(&mut self, au: &AccessUnit, want: bool) -> Option<Decoded<Self::Picture>>;
    /// Whether there is a detector, or will be in a moment.
    fn has_detector(&self) -> bool;
    /// How much of the camera may be decoded and detected on from the access unit `au` on, behind which
    /// `queued` more wait.
    fn allowance(&mut self, _au: &AccessUnit, _queued: usize) -> Allowance {
        Allowance::UNLIMITED
    }
    /// Puts a picture into the detector's slot; says whether one that waited there gave way.
    fn offer(&mut self, picture: Self::Picture) -> bool;
    /// Puts a picture into the detector's slot in place of the one of `waiting`, if that one still
    /// waits; says whether it did.
    fn freshen(&mut self, waiting: MediaTime, picture: Self::Picture) -> bool;
    /// How the objects in `boxes` look, in their order; `None` where that cannot be said.
    fn embed(&mut self, picture: &Self::Picture, boxes: &[Rect]) -> Vec<Option<Embedding>>;
    /// Sends a track frame out.
    fn publish(&mut self, frame: TrackFrame, received: MonoTime, audience: Audience);
    /// Counts a picture.
    fn count(&mut self, counted: Counted);
    /// The camera idles so from now on; `None`: something moves.
    fn idles(&mut self, _idling: Option<Idling>) {}
    /// Whether what was kept may be decoded now; not while others do so, since decoding all at once would
    /// keep everything else waiting.
    fn may_catch_up(&mut self) -> bool {
        true
    }
    /// What was kept is decoded, or not wanted any more.
    fn caught_up(&mut self) {}
}

/// How long what was kept is decoded at a stretch: then what has come in meanwhile has its turn.
const CATCH_UP_US: i64 = 20_000;
/// Who may not catch up yet asks again after so long.
const ASK_AGAIN_US: i64 = 10_000;

/// What came out of the decoder.
#[derive(Clone, Debug)]
pub struct Decoded<P> {
    /// A picture, if one came out that is wanted.
    pub picture: Option<P>,
    /// How the camera moved since the frame before, where that is measured.
    pub step: Option<Affine>,
    /// The share of the picture that differs from the one whose detections came last, where that is
    /// measured.
    pub changed: Option<f64>,
}

/// What is counted of pictures.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Counted {
    /// The detector looked at it.
    Detected,
    /// It was due for detection, and nothing had moved.
    Unchanged,
    /// It was due for detection and never looked at: it gave way to a newer one, or decoding was
    /// behind.
    Skipped,
}

/// What happens to a camera.
#[derive(Debug)]
pub enum Event<'a, P> {
    /// The next access unit.
    AccessUnit {
        /// The unit.
        au: &'a AccessUnit,
        /// Others before it were dropped.
        after_gap: bool,
        /// How many wait behind it.
        queued: usize,
        /// Whether an IDR is among those.
        idr_waits: bool,
    },
    /// The next access unit of the stream that viewers see, while another one is decoded.
    Passing(&'a AccessUnit),
    /// The detector took the picture of this time out of its slot.
    DetectionStarted(MediaTime),
    /// The detector is done with a picture.
    Detections {
        /// Which.
        picture: P,
        /// What it found.
        detections: Vec<Detection>,
    },
    /// The detector failed on the picture of this time, or dropped it.
    DetectionFailed(MediaTime),
    /// Time passed.
    Timeout,
}

/// The machine of one camera, and the hands that do what it says.
pub struct Driver<H: Hands> {
    camera: Camera,
    hands: H,
    /// Decoded last, until it is offered.
    decoded: Option<H::Picture>,
    /// The picture whose detections came last, until its tracks are out.
    detected: Option<H::Picture>,
    run: Option<RunId>,
    /// Whether the machine knows of a detector.
    detector: bool,
    /// Whether the machine knows pictures to stand alone.
    alone: bool,
    /// What the machine knows to be allowed.
    allowance: Allowance,
    /// Whether the access unit before was passed over.
    skipped: bool,
    /// Kept since the picture decoded last, oldest first.
    held: VecDeque<AccessUnit>,
    /// Whether decoding began at an IDR: then what none leans on can be left out.
    whole: bool,
    /// How the camera idles, as far as the hands know.
    idling: Option<Idling>,
    /// While what was kept is to be decoded: when it goes on.
    catches_up_at: Option<MonoTime>,
}

impl<H: Hands> Driver<H> {
    /// Drives `camera` with `hands`.
    pub fn new(camera: Camera, hands: H) -> Self {
        Self {
            camera,
            hands,
            decoded: None,
            detected: None,
            run: None,
            detector: true,
            alone: false,
            allowance: Allowance::UNLIMITED,
            skipped: false,
            held: VecDeque::new(),
            whole: false,
            idling: None,
            catches_up_at: None,
        }
    }

    /// The hands.
    pub fn hands(&mut self) -> &mut H {
        &mut self.hands
    }

    /// When [`Event::Timeout`] is wanted, if nothing else happens before.
    pub fn poll_timeout(&self) -> Option<MonoTime> {
        [self.camera.poll_timeout(), self.catches_up_at].into_iter().flatten().min()
    }

    /// Takes in what happened, and does all that follows from it.
    pub fn handle(&mut self, event: Event<'_, H::Picture>) {
        match event {
            Event::AccessUnit { au, after_gap, queued, idr_waits } => {
                self.handle_access_unit(au, after_gap, queued, idr_waits);
            }
            Event::Passing(au) => self.tell(Input::Passing { frame: Frame::from(au) }),
            Event::DetectionStarted(time) => self.tell(Input::DetectionStarted { time }),
            Event::Detections { picture, detections } => {
                let time = H::frame(&picture).time;
                self.detected = Some(picture);
                self.hands.count(Counted::Detected);
                self.tell(Input::Detections { time, detections: &detections });
            }
            Event::DetectionFailed(time) => self.tell(Input::DetectionFailed { time }),
            Event::Timeout => self.tell(Input::Timeout),
        }
        self.follow(None);
        self.catch_up();
        let idling = self.camera.idling();
        if std::mem::replace(&mut self.idling, idling) != idling {
            self.hands.idles(idling);
        }
    }

    /// Decodes what was kept, if it is wanted now, for a while.
    fn catch_up(&mut self) {
        if !self.camera.is_catching_up() {
            if self.catches_up_at.take().is_some() {
                self.hands.caught_up();
            }
            return;
        }
        let begun = self.hands.now();
        if !self.hands.may_catch_up() {
            self.catches_up_at = Some(begun.plus_us(ASK_AGAIN_US));
            return;
        }
        while self.camera.is_catching_up() && self.hands.now().since_us(begun) < CATCH_UP_US {
            self.tell(Input::CatchUp);
            self.follow(None);
        }
        match self.camera.is_catching_up() {
            true => self.catches_up_at = Some(begun),
            false => {
                self.catches_up_at = None;
                self.hands.caught_up();
            }
        }
    }

    fn tell(&mut self, input: Input<'_>) {
        let now = self.hands.now();
        self.camera.handle(input, now);
    }

    fn handle_access_unit(
        &mut self,
        au: &AccessUnit,
        after_gap: bool,
        queued: usize,
        idr_waits: bool,
    ) {
        let new_run = self.run.replace(au.run) != Some(au.run);
        if new_run {
            self.hands.begin_run(au.run);
        }
        if new_run || after_gap {
            self.reset_decoder();
            self.tell(Input::DecodeFailed);
        }
        let there = self.hands.has_detector();
        if std::mem::replace(&mut self.detector, there) != there {
            self.tell(Input::Detector { there });
        }
        let alone = au.codec().stands_alone();
        if std::mem::replace(&mut self.alone, alone) != alone {
            self.tell(Input::StandAlone(alone));
        }
        let allowance = self.hands.allowance(au, queued);
        if std::mem::replace(&mut self.allowance, allowance) != allowance {
            self.tell(Input::Allowed(allowance));
        }
        let frame = Frame::from(au);
        let (idr, reorders) = (self.hands.begins_at(au), au.format.reorders);
        let contents = self.contents(au, idr);
        self.tell(Input::Contents { contents, bytes: au.data.len() });
        self.tell(Input::AccessUnit { frame, idr, reorders, queued, idr_waits });
        self.follow(Some(au));
    }

    /// What is in `au`; of a key frame nobody asks.
    fn contents(&self, au: &AccessUnit, idr: bool) -> Contents {
        if idr {
            return Contents { kind: PictureKind::Intra, ..Contents::default() };
        }
        let mut contents = Contents::of(au);
        if au.lost_packets > 0 {
            contents.kind = PictureKind::None;
        }
        // One field may lean on the other; and a picture that becomes whole bit by bit on all others.
        contents.referenced |= au.format.samples.interlaced || !self.whole;
        contents
    }

    /// Does all that the machine asks for; `au` is the access unit in hand.
    fn follow(&mut self, au: Option<&AccessUnit>) {
        while let Some(output) = self.camera.poll() {
            match output {
                Output::Decode { want } => {
                    self.held.clear();
                    self.decode(au.expect("what is to be decoded is in hand"), want);
                }
                Output::Hold => {
                    self.held.push_back(au.expect("what is to be kept is in hand").clone());
                }
                Output::DecodeHeld { time, want } => {
                    let at = self.held.iter().take_while(|held| held.key.time < time).count();
                    let held = self.held.drain(..=at).next_back();
                    self.decode(&held.expect("what is to be decoded was kept"), want);
                }
                Output::Offer { time } => {
                    let picture = self.take_decoded(time);
                    let replaced = self.hands.offer(picture);
                    if replaced {
                        self.hands.count(Counted::Skipped);
                    }
                    self.tell(Input::Offered { time, replaced });
                }
                Output::Freshen { time, waiting } => {
                    let picture = self.take_decoded(time);
                    let done = self.hands.freshen(waiting, picture);
                    self.tell(Input::Freshened { time, done });
                }
                Output::Embed { time, boxes } => self.embed(time, &boxes),
                Output::Publish { frame, received, audience } => {
                    self.hands.publish(frame, received, audience);
                }
                Output::Unchanged => self.hands.count(Counted::Unchanged),
                Output::Missed => self.hands.count(Counted::Skipped),
                Output::Leave => {}
                Output::Rest => self.held.clear(),
                Output::Skip => {
                    self.held.clear();
                    // A recovery point leans on what was passed over, for a decoder that goes on.
                    if !std::mem::replace(&mut self.skipped, true) {
                        self.reset_decoder();
                    }
                }
            }
        }
    }

    fn reset_decoder(&mut self) {
        self.held.clear();
        self.whole = false;
        self.hands.reset_decoder();
    }

    fn decode(&mut self, au: &AccessUnit, want: bool) {
        self.skipped = false;
        let Some(Decoded { picture, step, changed }) = self.hands.decode(au, want) else {
            self.whole = false;
            self.held.clear();
            return self.tell(Input::DecodeFailed);
        };
        self.whole |= au.idr;
        // Of the picture that comes out; without B-frames that is always this one's.
        let frame = picture.as_ref().map(H::frame);
        if let Some(step) = step {
            let time = frame.map_or(au.key.time, |frame| frame.time);
            self.tell(Input::Moved { time, step });
        }
        if let Some(frame) = frame {
            self.decoded = picture;
            self.tell(Input::Decoded { frame, changed });
        }
    }

    fn take_decoded(&mut self, time: MediaTime) -> H::Picture {
        let of_time = |picture: &H::Picture| H::frame(picture).time == time;
        let picture = self.decoded.take().filter(of_time);
        picture.expect("the machine names the picture decoded last")
    }

    fn embed(&mut self, time: MediaTime, boxes: &[Rect]) {
        let of_time = |picture: &&H::Picture| H::frame(picture).time == time;
        // Of one that was not detected on, since nothing had moved, it is the one decoded last; of one
        // that was not even decoded, the one on which its boxes were found.
        let pictures = [&self.detected, &self.decoded];
        let picture = pictures.into_iter().flatten().find(of_time).or(self.detected.as_ref());
        let picture =
            picture.expect("the machine asks about the picture that it updated with last");
        let vectors = self.hands.embed(picture, boxes);
        self.tell(Input::Embeddings(&vectors));
    }
}
