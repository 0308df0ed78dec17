//! Takes the frames of a sequence through a tracker.

use razz_base::{Detection, Embedding, MediaTime, Rect, Size, TrackState};
use razz_track::{ByteTrack, DeepSort, Kind, Settings, Update, build};

use super::ResultLine;
use super::detections::{Seen, Sequence};
use super::motion::CameraMotion;
use super::npy::Embeddings;
use crate::progress::Progress;

/// What is to be tracked, and how.
pub(super) struct Pass<'a> {
    pub(super) sequence: &'a Sequence,
    pub(super) settings: &'a Settings,
    pub(super) kind: Kind,
    pub(super) embeddings: Option<&'a Embeddings>,
    pub(super) motion: &'a CameraMotion,
    /// How large its pictures are, if that is known.
    pub(super) picture: Option<Size>,
    /// Every so many frames one is used, from the first on.
    pub(super) stride: u64,
    /// Whether predictions are wanted for the frames between.
    pub(super) fill: bool,
}

/// What a tracker put out.
#[derive(Debug, Default)]
pub(super) struct Tracked {
    /// On the frames used, by frame, as the tracker orders them.
    pub(super) rows: Vec<ResultLine>,
    /// What the tracker expects on the frames after a used one, until the next.
    pub(super) predicted: Vec<ResultLine>,
    /// How many frames there are.
    pub(super) length: u64,
}

impl Pass<'_> {
    /// Does it.
    pub(super) fn run(&self) -> Tracked {
        let mut tracked = match self.kind {
            Kind::Hybrid => self.hybrid(),
            Kind::ByteTrack => self.bytetrack(),
            Kind::DeepSort => self.deepsort(),
        };
        tracked.length = self.sequence.length;
        tracked
    }

    fn seen(&self, frame: u64) -> &[Seen] {
        self.sequence.frames.get(&frame).map_or(&[], Vec::as_slice)
    }

    fn used(&self) -> impl Iterator<Item = u64> {
        let mut progress = Progress::new("tracking", "frames", self.sequence.length);
        (1..=self.sequence.length)
            .step_by(self.stride as usize)
            .inspect(move |frame| progress.step(frame - 1))
    }

    /// The original has frames for a clock: one used is one step, whatever lies between.
    fn bytetrack(&self) -> Tracked {
        let mut tracked = Tracked::default();
        let mut tracker = ByteTrack::new(self.settings);
        let mut detections: Vec<Detection> = Vec::new();
        for frame in self.used() {
            detections.clear();
            detections.extend(self.seen(frame).iter().map(|seen| seen.detection));
            tracker.update(&detections);
            tracked.rows.extend(tracker.outputs().map(|o| ResultLine {
                frame,
                id: o.id,
                bbox: o.bbox,
                score: o.score,
            }));
        }
        tracked
    }

    fn deepsort(&self) -> Tracked {
        let mut tracked = Tracked::default();
        let mut tracker = DeepSort::new(&self.settings.deepsort);
        let mut detections: Vec<(Detection, Option<Embedding>)> = Vec::new();
        for frame in self.used() {
            detections.clear();
            let look = |seen: &Seen| (seen.detection, self.embedding(seen));
            detections.extend(self.seen(frame).iter().map(look));
            tracker.update(&detections);
            tracked.rows.extend(tracker.outputs().map(|o| ResultLine {
                frame,
                id: o.id,
                bbox: o.bbox,
                score: o.score,
            }));
        }
        tracked
    }

    fn hybrid(&self) -> Tracked {
        let mut tracked = Tracked::default();
        let mut tracker = build(self.kind, self.settings);
        if let Some(size) = self.picture {
            tracker.see_picture(size);
        }
        let mut detections: Vec<Detection> = Vec::new();
        for used in self.used() {
            if let Some(affine) = self.motion.step_before(used).filter(|_| used > 1) {
                tracker.move_camera(affine);
            }
            let seen = self.seen(used);
            detections.clear();
            detections.extend(seen.iter().map(|seen| seen.detection));
            if let Update::NeedEmbeddings(wanted) = tracker.update(self.time(used), &detections) {
                let looks: Vec<_> = wanted.iter().map(|i| self.embedding(&seen[*i])).collect();
                tracker.resume(&looks);
            }
            for track in tracker.peek(self.time(used)) {
                if track.state == TrackState::Matched {
                    tracked.rows.push(row(used, track.id.0, track.bbox, track.confidence));
                }
            }
            for frame in used + 1..(used + self.stride).min(self.sequence.length + 1) {
                if let Some(affine) = self.motion.step_before(frame) {
                    tracker.move_camera(affine);
                }
                if self.fill {
                    let tracks = tracker.peek(self.time(frame));
                    tracked
                        .predicted
                        .extend(tracks.iter().map(|t| row(frame, t.id.0, t.bbox, t.confidence)));
                }
            }
        }
        tracked
    }

    fn embedding(&self, seen: &Seen) -> Option<Embedding> {
        self.embeddings?.get(seen.place).cloned()
    }

    fn time(&self, frame: u64) -> MediaTime {
        MediaTime::from_90k((frame as f64 * 90_000.0 / self.settings.frame_rate) as i64)
    }
}

fn row(frame: u64, id: u64, bbox: Rect, score: f64) -> ResultLine {
    ResultLine { frame, id, bbox, score }
}
