//! DeepSORT behind the common door: it wants the embedding of every detection that it uses.

use razz_base::{Detection, Embedding, MediaTime, Track, TrackSource};

use super::{DeepSort, State};
use crate::publish::{Sighting, publish};
use crate::tracker::Intake;
use crate::{Counts, DeepSortSettings, Settings, Tracker, Update};

/// The original DeepSORT with one update for one frame, whatever the time between them: its
/// lifetimes and its noise count updates. Its tracks carry the source `deepsort` throughout.
#[derive(Debug)]
pub struct DeepSortTracker {
    inner: DeepSort,
    frame_rate: f64,
    min_confidence: f64,
    publish_lost_us: i64,
    last: Option<MediaTime>,
    /// Seconds between the last two updates: what one step of the filter is worth.
    step_s: Option<f64>,
    /// Detections of the update that waits for embeddings, as places in `intake`.
    pending: Option<Vec<usize>>,
    counts: Counts,
    intake: Intake,
}

impl DeepSortTracker {
    /// See [`Settings`].
    pub fn new(settings: &Settings) -> Self {
        let gallery = settings.deepsort.gallery.clamp(1, 1000);
        Self {
            inner: DeepSort::new(&DeepSortSettings { gallery, ..settings.deepsort.clone() }),
            frame_rate: settings.frame_rate,
            min_confidence: settings.deepsort.min_confidence,
            publish_lost_us: settings.publish_lost_us,
            last: None,
            step_s: None,
            pending: None,
            counts: Counts::default(),
            intake: Intake::default(),
        }
    }

    fn step_s(&self) -> f64 {
        self.step_s.unwrap_or(1.0 / self.frame_rate)
    }
}

impl Tracker for DeepSortTracker {
    fn update(&mut self, at: MediaTime, detections: &[Detection]) -> Update {
        self.resume(&[]);
        if self.last.is_some_and(|last| at <= last) {
            self.counts.stale_updates += 1;
            return Update::Done;
        }
        self.step_s = self.last.map(|last| at.since_secs(last));
        self.last = Some(at);
        self.counts.updates += 1;
        self.counts.refused_detections += self.intake.take(detections);
        let (taken, places) = (&self.intake.detections, &self.intake.places);
        let wanted: Vec<usize> =
            (0..taken.len()).filter(|&i| taken[i].score >= self.min_confidence).collect();
        if wanted.is_empty() {
            self.inner.update_at(at, &[]);
            return Update::Done;
        }
        self.counts.embeddings_asked += wanted.len() as u64;
        let asked = wanted.iter().map(|&i| places[i]).collect();
        self.pending = Some(wanted);
        Update::NeedEmbeddings(asked)
    }

    fn resume(&mut self, embeddings: &[Option<Embedding>]) {
        let (Some(wanted), Some(at)) = (self.pending.take(), self.last) else { return };
        let look = |place: usize| embeddings.get(place).cloned().flatten();
        let detections: Vec<_> = wanted
            .iter()
            .enumerate()
            .map(|(place, &i)| (self.intake.detections[i], look(place)))
            .collect();
        self.inner.update_at(at, &detections);
    }

    fn peek(&self, at: MediaTime) -> Vec<Track> {
        let Some(last) = self.last else {
            return Vec::new();
        };
        let at = at.max(last);
        let steps = at.since_secs(last) / self.step_s();
        let mut out = Vec::with_capacity(self.inner.tracks.len());
        for track in self.inner.tracks.iter().filter(|t| t.state == State::Confirmed) {
            let sighting = Sighting {
                id: track.id,
                bbox: track.filter.bbox_after(steps),
                class: track.class.winner(),
                confidence: track.score,
                source: TrackSource::DeepSort,
                matched_at: track.matched_at,
                velocity: track.filter.edge_velocity().map(|v| v / self.step_s()),
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
