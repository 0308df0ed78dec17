//! DeepSORT behind the common door: it wants the embedding of every detection that it uses.

use razz_base::{Detection, Embedding, MediaTime, Track, TrackSource};

use super::{DeepSort, State};
use crate::publish::{Sighting, publish};
use crate::tracker::{Intake, LONGEST_GAP_US};
use crate::{Counts, DeepSortSettings, Settings, Tracker, Update};

/// The original DeepSORT with one update for one frame, whatever the time between them: its
/// lifetimes and its noise count updates. Its tracks carry the source `deepsort` throughout.
#[derive(Debug)]
pub struct DeepSortTracker {
    inner: DeepSort,
    frame_rate: f64,
    min_confidence: f64,
    publish_lost_us: i64,
    /// Seconds between the last two updates: what one step of the filter is worth.
    step_s: Option<f64>,
    /// Detections of the update that waits for embeddings, as places in `intake`.
    pending: Option<Vec<usize>>,
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
            step_s: None,
            pending: None,
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
        let Some(before) = self.intake.accept(at, detections) else { return Update::Done };
        if at.since_us(before) > LONGEST_GAP_US {
            self.inner.forget();
        }
        self.step_s = (at > before).then(|| at.since_secs(before));
        let (taken, places) = (&self.intake.detections, &self.intake.places);
        let wanted: Vec<usize> =
            (0..taken.len()).filter(|&i| taken[i].score >= self.min_confidence).collect();
        if wanted.is_empty() {
            self.inner.update_at(at, &[]);
            return Update::Done;
        }
        self.intake.counts.embeddings_asked += wanted.len() as u64;
        let asked = wanted.iter().map(|&i| places[i]).collect();
        self.pending = Some(wanted);
        Update::NeedEmbeddings(asked)
    }

    fn resume(&mut self, embeddings: &[Option<Embedding>]) {
        let (Some(wanted), Some(at)) = (self.pending.take(), self.intake.last) else { return };
        let look = |place: usize| embeddings.get(place).cloned().flatten();
        let detections: Vec<_> = wanted
            .iter()
            .enumerate()
            .map(|(place, &i)| (self.intake.detections[i], look(place)))
            .collect();
        self.inner.update_at(at, &detections);
    }

    fn peek_into(&self, at: MediaTime, out: &mut Vec<Track>) {
        let Some(last) = self.intake.last else { return };
        let at = at.max(last);
        let steps = at.since_secs(last) / self.step_s();
        let confirmed = self.inner.tracks.iter().filter(|t| t.state == State::Confirmed);
        let sightings = confirmed.map(|track| Sighting {
            id: track.id,
            bbox: track.filter.bbox_after(steps),
            class: track.class.winner(),
            confidence: track.score,
            source: TrackSource::DeepSort,
            matched_at: track.matched_at,
            velocity: track.filter.edge_velocity().map(|v| v / self.step_s()),
        });
        publish(out, at, self.publish_lost_us, sightings);
    }

    fn counts(&self) -> Counts {
        self.intake.counts
    }
}
