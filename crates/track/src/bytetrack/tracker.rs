//! ByteTrack behind the common door: media time becomes frames at the nominal rate.

use razz_base::{Detection, Embedding, MediaTime, Track, TrackSource};

use super::{ByteTrack, State};
use crate::publish::{Sighting, publish};
use crate::tracker::Intake;
use crate::{Counts, Settings, Tracker, Update};

/// The original ByteTrack on a clock: the time between two updates is rounded to whole frames at
/// the nominal rate, at least one, and tracks are predicted once for each. At the nominal rate
/// this is the original frame by frame; at a lower one lifetimes stay the same in seconds.
#[derive(Debug)]
pub struct ByteTrackTracker {
    inner: ByteTrack,
    frame_rate: f64,
    publish_lost_us: i64,
    last: Option<MediaTime>,
    counts: Counts,
    intake: Intake,
}

impl ByteTrackTracker {
    /// See [`Settings`].
    pub fn new(settings: &Settings) -> Self {
        Self {
            inner: ByteTrack::new(settings),
            frame_rate: settings.frame_rate,
            publish_lost_us: settings.publish_lost_us,
            last: None,
            counts: Counts::default(),
            intake: Intake::default(),
        }
    }
}

impl Tracker for ByteTrackTracker {
    fn update(&mut self, at: MediaTime, detections: &[Detection]) -> Update {
        let frames = match self.last {
            Some(last) if at <= last => {
                self.counts.stale_updates += 1;
                return Update::Done;
            }
            Some(last) => ((at.since_secs(last) * self.frame_rate).round() as u64).max(1),
            None => 1,
        };
        self.last = Some(at);
        self.counts.updates += 1;
        self.counts.refused_detections += self.intake.take(detections);
        self.inner.update_after(frames, at, &self.intake.detections);
        Update::Done
    }

    fn resume(&mut self, _: &[Option<Embedding>]) {}

    fn peek(&self, at: MediaTime) -> Vec<Track> {
        let Some(last) = self.last else {
            return Vec::new();
        };
        let at = at.max(last);
        let steps = at.since_secs(last) * self.frame_rate;
        let seen = self.inner.tracked.iter().filter(|t| t.activated);
        let mut out = Vec::with_capacity(self.inner.tracked.len() + self.inner.lost.len());
        for track in seen.chain(&self.inner.lost) {
            let mut filter = track.filter;
            if track.state != State::Tracked {
                filter.axes[3].vel = 0.0;
            }
            let sighting = Sighting {
                id: track.id,
                bbox: filter.bbox_after(steps),
                class: track.class.winner(),
                confidence: track.score,
                source: TrackSource::ByteTrack,
                matched_at: track.matched_at,
                velocity: filter.edge_velocity().map(|v| v * self.frame_rate),
            };
            if sighting.bbox.width() >= 0.0 && sighting.bbox.height() >= 0.0 {
                publish(&mut out, at, self.publish_lost_us, sighting);
            }
        }
        out.sort_unstable_by_key(|t| t.id);
        out
    }

    fn counts(&self) -> Counts {
        self.counts
    }
}
