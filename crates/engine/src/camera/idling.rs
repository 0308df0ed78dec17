//! What a camera does while it dozes: which access units are kept, how those that are due are answered
//! without a picture, and how it catches up when it wakes.

use razz_base::{DetectRate, MediaTime, MonoTime};

use super::idle::{Idle, Idling};
use super::{Camera, Frame, Output};

/// Frames that were due and wait for the detector to be done with one before them.
const MOST_UNANSWERED: usize = 16;

impl Camera {
    /// How the camera idles; `None` while something moves, or nothing is decoded.
    pub fn idling(&self) -> Option<Idling> {
        let idle = self.settings.idle.as_ref().filter(|_| !self.needs_idr)?;
        if self.doze.is_asleep() {
            return Some(Idling::KeyFrames);
        }
        let newest = self.doze.newest()?;
        self.stillness.is_rested(idle, newest).then_some(Idling::AllFrames)
    }

    /// Whether [`Input::CatchUp`](super::Input::CatchUp) is wanted.
    pub fn is_catching_up(&self) -> bool {
        self.doze.is_catching_up()
    }

    /// Whether something is at the detector, or on its way there or back: updates of the tracker come in
    /// media-time order.
    pub(super) fn is_under_way(&self) -> bool {
        self.offered.is_some() || !self.running.is_empty() || self.embedding.is_some()
    }

    /// Does with an access unit what a dozing camera does; `false`: it is to be decoded.
    pub(super) fn doze(&mut self, frame: Frame, idr: bool, now: MonoTime) -> bool {
        let Some(idle) = self.settings.idle.filter(|_| !self.reorders) else {
            // The stream became another one.
            let goes_on = idr || self.doze.is_awake();
            self.give_up_held();
            if !goes_on {
                self.needs_idr = true;
                self.outputs.push_back(Output::Skip);
            }
            return !goes_on;
        };
        if self.doze.is_catching_up() {
            if idr && self.doze.leaves(frame.time) {
                self.doze.go_on_at(frame.time);
                return false;
            }
            self.outputs.push_back(Output::Hold);
            if !self.doze.hold(frame) {
                // It never will: then rather the next IDR.
                self.needs_idr = true;
                self.leaps = true;
                self.give_up_held();
            }
            return true;
        }
        if idr {
            let rested = self.stillness.is_rested(&idle, frame.time);
            let moved = self.stillness.moved();
            if rested && self.doze.may_begin(frame.time, moved, idle.after_us) {
                self.doze.begin();
            }
            self.doze.drop_held();
            return false;
        }
        if !self.doze.is_asleep() {
            return false;
        }
        self.outputs.push_back(Output::Hold);
        let has_room = self.doze.hold(frame);
        if self.doze.stands_out() {
            self.wake(frame.time, Some(frame.time));
        } else {
            self.answer_dozing(&idle, frame, now);
            if !has_room {
                self.wake(frame.time, None);
            }
        }
        true
    }

    /// Capacity does not reach to the access unit at hand, nor to those after it up to the next IDR.
    pub(super) fn rest_dozing(&mut self, frame: Frame) {
        self.doze.drop_held();
        if self.doze.is_catching_up() {
            self.give_up_held();
        } else if self.doze.is_asleep() && self.doze.stands_out() {
            self.wake(frame.time, None);
        }
    }

    /// What is kept will not be decoded.
    pub(super) fn give_up_held(&mut self) {
        self.doze.give_up();
        self.miss_unanswered();
    }

    fn miss_unanswered(&mut self) {
        let missed = self.unanswered.drain(..).map(|_| Output::Missed);
        self.outputs.extend(missed);
    }

    /// Decoding goes on with every picture; the one of `wanted` is looked at.
    fn wake(&mut self, time: MediaTime, wanted: Option<MediaTime>) {
        self.doze.wake(time, wanted);
        self.miss_unanswered();
    }

    /// A frame that is not decoded: if it is due, it has what the detector found last.
    fn answer_dozing(&mut self, idle: &Idle, frame: Frame, now: MonoTime) {
        // Who wants to be looked at less often than that waits for the next key frame.
        let waits = self.looks_seldom(idle) && self.stillness.looks_again(idle, frame.time);
        if waits || !self.is_due(frame.time) {
            return;
        }
        self.advance_due(frame.time);
        self.answer_later(frame);
        self.answer_unanswered(now);
    }

    fn answer_later(&mut self, frame: Frame) {
        if self.unanswered.len() == MOST_UNANSWERED {
            self.unanswered.pop_front();
            self.outputs.push_back(Output::Missed);
        }
        self.unanswered.push_back(frame);
    }

    /// Answers the frames that were due, once nothing before them is under way.
    pub(super) fn answer_unanswered(&mut self, now: MonoTime) {
        while self.doze.is_asleep() && !self.is_under_way() {
            let Some(frame) = self.unanswered.pop_front() else { return };
            self.repeat_seen(frame, now);
        }
    }

    fn looks_seldom(&self, idle: &Idle) -> bool {
        matches!(self.rate(), DetectRate::PerSecond(rate) if rate < idle.rate)
    }

    /// The picture of a key frame while the camera dozes.
    pub(super) fn handle_key_picture(&mut self, frame: Frame, changed: Option<f64>, now: MonoTime) {
        let Some(idle) = self.settings.idle else { return };
        let due = self.is_due(frame.time);
        let same = self.stillness.answer(&idle, frame.time, changed).is_some();
        if self.stillness.moved() == Some(frame.time) {
            self.doze.suspect(frame.time);
            self.wake(frame.time, None);
            return self.look_at(frame);
        }
        if self.is_under_way() {
            // The detector has not come to the key frame before.
            if let Some(waiting) = self.offered {
                self.proposed = Some(frame);
                self.outputs.push_back(Output::Freshen { time: frame.time, waiting: waiting.time });
            } else if due {
                self.advance_due(frame.time);
                self.answer_later(frame);
            }
        } else if same {
            if due {
                self.advance_due(frame.time);
                self.repeat_seen(frame, now);
            }
        } else if due || !self.looks_seldom(&idle) {
            self.look_at(frame);
        }
    }

    /// The picture that the camera was woken for.
    pub(super) fn handle_wanted_picture(&mut self, frame: Frame, changed: Option<f64>) {
        if let Some(idle) = &self.settings.idle {
            self.stillness.answer(idle, frame.time, changed);
        }
        if self.stillness.moved() == Some(frame.time) {
            self.doze.was_right();
        }
        self.look_at(frame);
    }

    /// Has the detector look at the picture decoded last, due or not. It counts as one that was.
    fn look_at(&mut self, frame: Frame) {
        self.advance_due(frame.time);
        self.proposed = Some(frame);
        self.outputs.push_back(Output::Offer { time: frame.time });
    }

    /// What the detector found on the picture of `time` is in the tracks.
    pub(super) fn doze_detected(&mut self, time: MediaTime) {
        let before = self.unanswered.iter().take_while(|frame| frame.time <= time).count();
        let missed = self.unanswered.drain(..before).map(|_| Output::Missed);
        self.outputs.extend(missed);
        if self.doze.is_asleep() && self.stillness.moved() == Some(time) {
            let newest = self.doze.held_ends().map(|(_, newest)| newest.time);
            self.wake(newest.unwrap_or(time), newest);
        }
    }

    /// The next of the access units that were kept.
    pub(super) fn catch_up(&mut self) {
        while let Some(held) = self.doze.next_held() {
            let frame = held.frame;
            let later =
                !self.doze.is_wanting() && (self.is_due(frame.time) || self.offered.is_some());
            let want = later || self.doze.wants(frame.time);
            if !want && !held.referenced && self.stands_still(frame) {
                continue;
            }
            if want {
                self.decoding = Some(frame);
            }
            if self.settings.camera_motion {
                self.moving = Some(frame);
            }
            self.outputs.push_back(Output::DecodeHeld { time: frame.time, want });
            return;
        }
    }

    /// Whether nobody asks how the camera moved to this frame.
    pub(super) fn stands_still(&self, frame: Frame) -> bool {
        !self.settings.camera_motion || self.motion.is_still(frame.time)
    }
}
