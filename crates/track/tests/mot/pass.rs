//! Takes a case through a tracker.
#![allow(dead_code, unreachable_pub, reason = "each test and example uses its own part")]

use std::collections::BTreeMap;

use razz_base::{Detection, Embedding, MediaTime, Rect, TrackState};
use razz_track::{ByteTrack, Kind, Settings, Update, build};

use super::Case;
use super::hota::Row;

/// Which tracker runs how.
#[derive(Clone, Debug)]
pub struct Pass {
    /// `None` is the original ByteTrack with frames for a clock.
    pub kind: Option<Kind>,
    pub settings: Settings,
    /// The frames `first`, `first + stride` … are used.
    pub first: u64,
    pub stride: u64,
    /// The camera's motion is used where it is given.
    pub camera: bool,
    /// Embeddings are handed out where they are given.
    pub looks: bool,
    /// Which slightly disturbed copy of the detections is used; 0 is the detections themselves.
    pub copy: u64,
}

impl Default for Pass {
    fn default() -> Self {
        Self {
            kind: Some(Kind::Hybrid),
            settings: Settings::default(),
            first: 1,
            stride: 1,
            camera: true,
            looks: false,
            copy: 0,
        }
    }
}

/// SplitMix64.
struct Random(u64);

impl Random {
    /// Between −1 and 1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }
}

/// A copy in which every hundredth detection is missing, edges are moved by up to a hundredth of
/// the box and scores by up to 0.02: as good as the original, and free of its coincidences.
fn disturbed(detection: &Detection, random: &mut Random) -> Option<Detection> {
    if random.next() > 0.98 {
        return None;
    }
    let Detection { bbox, score, .. } = *detection;
    let (w, h) = (0.01 * bbox.width(), 0.01 * bbox.height());
    let mut edge = |at: f64, by: f64| at + by * random.next();
    let bbox =
        Rect::new(edge(bbox.left, w), edge(bbox.top, h), edge(bbox.right, w), edge(bbox.bottom, h));
    Some(Detection { bbox, score: (score + 0.02 * random.next()).clamp(0.0, 1.0), ..*detection })
}

/// What came out.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The matched boxes by frame.
    pub rows: BTreeMap<u64, Vec<Row>>,
    /// Sum over the matched boxes of their overlap with the nearest detection, and their number.
    pub fit: [f64; 2],
    /// Embeddings asked for.
    pub asked: u64,
    /// Tracks found again by their looks.
    pub reidentified: u64,
}

impl Pass {
    /// The frames that are used.
    pub fn frames(&self, case: &Case) -> impl Iterator<Item = u64> + use<> {
        (self.first..=case.length).step_by(self.stride as usize)
    }

    /// Takes the case through.
    pub fn run(&self, case: &Case) -> Outcome {
        let mut random = Random(self.copy ^ (case.length << 20));
        let mut out = Outcome::default();
        let mut given = |frame: u64| -> Vec<(usize, Detection)> {
            let lines = case.detections.get(&frame).into_iter().flatten();
            let copy = |(line, d): &(usize, Detection)| match self.copy {
                0 => Some((*line, *d)),
                _ => disturbed(d, &mut random).map(|d| (*line, d)),
            };
            lines.filter_map(copy).collect()
        };
        let Some(kind) = self.kind else {
            let mut tracker = ByteTrack::new(&self.settings);
            for frame in self.frames(case) {
                let detections: Vec<_> = given(frame).iter().map(|d| d.1).collect();
                tracker.update(&detections);
                out.take(frame, tracker.outputs().map(|o| (o.id, o.bbox)).collect(), &detections);
            }
            return out;
        };
        let mut tracker = build(kind, &self.settings);
        tracker.see_picture(case.picture);
        let motion = if self.camera { case.camera_motion() } else { BTreeMap::new() };
        let looks = if self.looks { case.embeddings() } else { None };
        let mut last = self.first;
        for frame in self.frames(case) {
            for (_, affine) in motion.range(last + 1..frame + 1) {
                tracker.move_camera(*affine);
            }
            last = frame;
            let at = MediaTime::from_90k((frame as f64 * 90_000.0 / case.frame_rate) as i64);
            let given = given(frame);
            let detections: Vec<_> = given.iter().map(|d| d.1).collect();
            if let Update::NeedEmbeddings(wanted) = tracker.update(at, &detections) {
                let look = |i: &usize| Embedding::normalised(&looks.as_ref()?[given[*i].0]);
                tracker.resume(&wanted.iter().map(look).collect::<Vec<_>>());
            }
            let tracks = tracker.peek(at);
            let matched = tracks.iter().filter(|t| t.state == TrackState::Matched);
            out.take(frame, matched.map(|t| (t.id.0, t.bbox)).collect(), &detections);
        }
        let counts = tracker.counts();
        (out.asked, out.reidentified) = (counts.embeddings_asked, counts.reidentified);
        out
    }
}

impl Outcome {
    fn take(&mut self, frame: u64, rows: Vec<Row>, detections: &[Detection]) {
        for (_, bbox) in &rows {
            self.fit[0] += detections.iter().map(|d| d.bbox.iou(bbox)).fold(0.0, f64::max);
            self.fit[1] += 1.0;
        }
        self.rows.insert(frame, rows);
    }
}
