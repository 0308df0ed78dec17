//! Which track frame goes out when: every frame once and in order, as soon as its tracks are known or it
//! has waited long enough for them.

use std::sync::Arc;

use razz_base::{DetectRate, FrameKey, MonoTime, Track, TrackFrame};

use super::beside::Beside;
use super::{Audience, Camera, Frame, Output};

/// Frames that may wait to be published; past it the oldest goes out as a prediction.
const MAX_PENDING: usize = 256;

impl Camera {
    /// Puts a frame in line. Frames come in media-time order; one that does not is never published.
    pub(super) fn await_turn(&mut self, frame: Frame) {
        let last = self.pending.back().map(|frame| frame.time).or(self.published);
        if last.is_none_or(|last| frame.time > last) {
            self.pending.push_back(frame);
        }
    }

    /// The tracks of the frame that the tracker was just updated with.
    pub(super) fn publish_updated(&mut self, frame: Frame, detected: bool, now: MonoTime) {
        let frame = match &self.beside {
            None => frame,
            Some(beside) => match beside.nearest(frame.time) {
                Some(nearest) => nearest,
                None => return, // nobody sees anything yet
            },
        };
        while self.pending.front().is_some_and(|head| head.time < frame.time) {
            self.publish_predicted_head(now);
        }
        let in_turn = self.pending.front().is_some_and(|head| head.time == frame.time);
        let audience = if in_turn {
            self.pending.pop_front();
            self.published = Some(frame.time);
            Audience::All
        } else if self.per_detection.is_some_and(|last| frame.time <= last) {
            // Everyone has had this frame, or a later one: the result corrects later frames only.
            return;
        } else {
            // Those who follow every frame have had this frame as a prediction: it was late.
            Audience::PerDetection
        };
        self.per_detection_at = Some(now);
        self.publish(frame, detected, audience);
    }

    /// Publishes as predictions what need not wait any longer.
    pub(super) fn publish_due(&mut self, now: MonoTime) {
        let embedding = self.embedding.map(|(frame, _)| frame);
        let kept = self.doze.held_ends().map(|(oldest, _)| oldest);
        let kept = kept.filter(|_| self.is_catching_up());
        let held = [embedding, self.offered, self.proposed, self.decoding, self.moving, kept];
        let held = held.iter().flatten().chain(&self.running);
        let early_90k = self.beside.as_ref().map_or(0, Beside::half_interval_90k);
        let barrier = held.map(|frame| frame.time.plus_90k(-early_90k)).min();
        while let Some(head) = self.pending.front() {
            let awaited = self.awaits_picture(head.time)
                || barrier.is_some_and(|barrier| head.time >= barrier);
            let in_time = now.since_us(head.received) < self.settings.wait_us;
            if awaited && in_time && self.pending.len() <= MAX_PENDING {
                break;
            }
            self.publish_predicted_head(now);
        }
    }

    fn publish_predicted_head(&mut self, now: MonoTime) {
        let Some(frame) = self.pending.pop_front() else { return };
        self.published = Some(frame.time);
        // Those who want one message per detection hear from us at their rate even while the
        // detector does not keep up.
        let silence_us = match self.settings.rate {
            DetectRate::PerSecond(rate) => (1.25e6 / rate) as i64,
            DetectRate::Off | DetectRate::Max => 200_000,
        };
        let silent = self.per_detection_at.is_none_or(|at| now.since_us(at) >= silence_us);
        let audience = if silent {
            self.per_detection_at = Some(now);
            Audience::All
        } else {
            Audience::EveryFrame
        };
        self.publish(frame, false, audience);
    }

    /// The tracks of a frame, as far as they are inside its picture: the tracker does not know where
    /// that ends.
    fn visible_tracks(&mut self, frame: Frame) -> Arc<[Track]> {
        self.motion.tell(self.tracker.as_mut(), frame.time);
        let mut tracks = self.tracker.peek(frame.time);
        if let Some(beside) = &self.beside {
            beside.carry_over(&mut tracks, frame);
        }
        tracks.retain_mut(|track| {
            track.id.0 += self.settings.ids_after;
            track.bbox = track.bbox.clipped(frame.size);
            track.bbox.area() > 0.0
        });
        tracks.into()
    }

    fn publish(&mut self, frame: Frame, detected: bool, audience: Audience) {
        if audience != Audience::EveryFrame {
            self.per_detection = Some(frame.time);
        }
        let track_frame = TrackFrame {
            key: FrameKey { camera: self.id, time: frame.time },
            wall: frame.wall,
            size: frame.size,
            detected,
            tracks: self.visible_tracks(frame),
        };
        self.outputs.push_back(Output::Publish {
            frame: track_frame,
            received: frame.received,
            audience,
        });
    }
}
