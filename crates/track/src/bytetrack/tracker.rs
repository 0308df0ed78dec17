//! ByteTrack behind the common door: media time becomes frames at the nominal rate.

use razz_base::{Detection, Embedding, MediaTime, Track, TrackSource};

use super::{ByteTrack, State};
use crate::publish::{Sighting, publish};
use crate::tracker::{Intake, LONGEST_GAP_US};
use crate::{Counts, Settings, Tracker, Update};

/// The original ByteTrack on a clock: the time between two updates is rounded to whole frames at
/// the nominal rate, at least one, and tracks are predicted once for each. At the nominal rate
/// this is the original frame by frame; at a lower one lifetimes stay the same in seconds.
#[derive(Debug)]
pub struct ByteTrackTracker {
    inner: ByteTrack,
    frame_rate: f64,
    publish_lost_us: i64,
    intake: Intake,
}

impl ByteTrackTracker {
    /// See [`Settings`].
    pub fn new(settings: &Settings) -> Self {
        Self {
            inner: ByteTrack::new(settings),
            frame_rate: settings.frame_rate,
            publish_lost_us: settings.publish_lost_us,
            intake: Intake::default(),
        }
    }
}

impl Tracker for ByteTrackTracker {
    fn update(&mut self, at: MediaTime, detections: &[Detection]) -> Update {
        if let Some(before) = self.intake.accept(at, detections) {
            if at.since_us(before) > LONGEST_GAP_US {
                self.inner.forget();
            }
            let frames = (at.since_secs(before) * self.frame_rate).round() as u64;
            self.inner.update_after(frames, at, &self.intake.detections);
        }
        Update::Done
    }

    fn resume(&mut self, _: &[Option<Embedding>]) {}

    fn peek_into(&self, at: MediaTime, out: &mut Vec<Track>) {
        let Some(last) = self.intake.last else { return };
        let at = at.max(last);
        let steps = at.since_secs(last) * self.frame_rate;
        let seen = self.inner.tracked.iter().filter(|t| t.activated);
        let sightings = seen.chain(&self.inner.lost).map(|track| {
            let mut filter = track.filter;
            if track.state != State::Tracked {
                filter.axes[3].vel = 0.0;
            }
            Sighting {
                id: track.id,
                bbox: filter.bbox_after(steps),
                class: track.class.winner(),
                confidence: track.score,
                source: TrackSource::ByteTrack,
                matched_at: track.matched_at,
                velocity: filter.edge_velocity().map(|v| v * self.frame_rate),
            }
        });
        publish(out, at, self.publish_lost_us, sightings);
    }

    fn counts(&self) -> Counts {
        self.intake.counts
    }
}
