//! razz's own tracker: ByteTrack's stages on a filter of width and height, in media time, with
//! re-identification on demand.
//!
//! An update goes through it in this order:
//! 1. All tracks are predicted to the time of the picture; the noise grows as if the filter had
//!    run once per nominal frame. If the camera moved, they move along.
//! 2. ByteTrack's three associations: trusted detections with tracked and lately lost tracks,
//!    faint ones with what was there before, the rest of the trusted with tentative tracks.
//! 3. A trusted detection that is still left, or that only a tentative track took, may be a track
//!    lost for longer. If one of its class and size could have come here in that time, its
//!    embedding is asked for. So are those of a few matched detections, to know their tracks'
//!    looks in good time. Here the update stops until [`Tracker::resume`].
//! 4. Looks decide (optimal assignment within limits that widen with time); what is left starts
//!    tentative tracks; old and doubled tracks go.
//!
//! A track's life: tentative (seen once) → tracked ⇄ lost → gone. Lost tracks are found by motion
//! for `track_buffer`, by looks for `reid.lifetime_us`.

mod reid;
mod track;

use razz_base::{Detection, Embedding, MediaTime, Track};

use self::reid::{Ask, Purpose};
use self::track::{State, Tracklet};
use crate::assignment::{Assigned, Costs, Solver};
use crate::overlap::iou_of_pixels;
use crate::publish::{Sighting, publish};
use crate::tracker::Intake;
use crate::{Counts, MAX_DETECTIONS, Settings, Tracker, Update};

/// Below this score a detection counts for nothing.
const LOW_THRESHOLD: f64 = 0.1;
/// A new track scores this much above the track threshold.
const NEW_TRACK_MARGIN: f64 = 0.1;
/// Limits of the second and the third association, and of two tracks that are one.
const SECOND_LIMIT: f64 = 0.5;
const TENTATIVE_LIMIT: f64 = 0.7;
const DUPLICATE_LIMIT: f64 = 0.15;
/// Most tracks kept, tracked and lost; of more, the longest unseen go.
const MAX_TRACKS: usize = 2 * MAX_DETECTIONS;

/// The hybrid tracker. See [`Settings`].
#[derive(Debug)]
pub struct Hybrid {
    settings: Settings,
    /// Times of the last update and, in microseconds, between it and the one before.
    last: Option<MediaTime>,
    passed_us: i64,
    last_id: u64,
    tracks: Vec<Tracklet>,
    /// How the picture moved since the last update.
    camera: Option<[f64; 6]>,
    /// Embeddings are awaited; what they are for stands in `work`.
    pending: bool,
    counts: Counts,
    intake: Intake,
    work: Work,
}

/// Lists that live for one update, kept for their storage.
#[derive(Debug, Default)]
struct Work {
    /// Trusted detections not yet taken.
    high: Vec<usize>,
    low: Vec<usize>,
    rows: Vec<usize>,
    left: Vec<usize>,
    /// (track, detection) of this update.
    matched: Vec<(usize, usize)>,
    asks: Vec<Ask>,
    urgent: Vec<(f64, Ask)>,
    dead: Vec<bool>,
    costs: Costs,
    solver: Solver,
    assigned: Assigned,
}

impl Hybrid {
    /// With all settings but `deepsort`.
    pub fn new(settings: &Settings) -> Self {
        Self {
            settings: settings.clone(),
            last: None,
            passed_us: 0,
            last_id: 0,
            tracks: Vec::new(),
            camera: None,
            pending: false,
            counts: Counts::default(),
            intake: Intake::default(),
            work: Work::default(),
        }
    }

    /// For how long motion alone finds a lost track, in microseconds.
    fn buffer_us(&self) -> i64 {
        i64::from(self.settings.track_buffer) * 1_000_000 / 30
    }

    fn predict(&mut self, from: MediaTime, to: MediaTime) {
        let camera = self.camera.take();
        for track in &mut self.tracks {
            track.advance(from, to, self.settings.frame_rate);
            if let Some(affine) = camera {
                track.warp(affine);
            }
        }
    }

    /// Associates the tracks in `rows` with the detections in `cols`; both lose what is joined.
    fn associate(
        &mut self,
        at: MediaTime,
        rows: &mut Vec<usize>,
        cols: &mut Vec<usize>,
        limit: f64,
        fused: bool,
    ) {
        let Work { costs, solver, assigned, matched, .. } = &mut self.work;
        let (tracks, detections) = (&mut self.tracks, &self.intake.detections);
        let classes = &self.settings.classes;
        costs.fill(rows.len(), cols.len(), |row, col| {
            let (track, detection) = (&tracks[rows[row]], &detections[cols[col]]);
            if !classes.allows(track.class.winner(), detection.class) {
                return f64::INFINITY;
            }
            let overlap = iou_of_pixels(&track.bbox, &detection.bbox);
            1.0 - if fused { overlap * detection.score } else { overlap }
        });
        solver.assign_below(costs, limit, assigned);
        for &(row, col) in &assigned.pairs {
            matched.push((rows[row], cols[col]));
            // A tentative track stays so until it is known that it is no lost one.
            let track = &mut tracks[rows[row]];
            let tentative = track.state == State::Tentative;
            track.take(&detections[cols[col]], at);
            if tentative {
                track.state = State::Tentative;
            }
        }
        keep_only(rows, &assigned.rows);
        keep_only(cols, &assigned.cols);
    }

    /// ByteTrack's stages. Leaves what is left of the trusted detections in `work.high`.
    fn associate_all(&mut self, at: MediaTime) {
        let mut rows = std::mem::take(&mut self.work.rows);
        let mut left = std::mem::take(&mut self.work.left);
        let mut high = std::mem::take(&mut self.work.high);
        let mut low = std::mem::take(&mut self.work.low);
        high.clear();
        low.clear();
        for (i, detection) in self.intake.detections.iter().enumerate() {
            if detection.score > self.settings.track_threshold {
                high.push(i);
            } else if detection.score > LOW_THRESHOLD {
                low.push(i);
            }
        }
        self.work.matched.clear();
        let buffer_us = self.buffer_us();
        let places = |keep: &dyn Fn(&Tracklet) -> bool, list: &mut Vec<usize>, of: &[Tracklet]| {
            list.clear();
            list.extend((0..of.len()).filter(|&i| keep(&of[i])));
        };
        let known = |t: &Tracklet| match t.state {
            State::Tracked => true,
            State::Lost => t.missed_us <= buffer_us,
            State::Tentative => false,
        };
        places(&known, &mut rows, &self.tracks);
        self.associate(at, &mut rows, &mut high, self.settings.match_threshold, true);
        left.clear();
        left.extend(rows.iter().filter(|&&i| self.tracks[i].state == State::Tracked));
        self.associate(at, &mut left, &mut low, SECOND_LIMIT, false);
        places(&|t| t.state == State::Tentative, &mut rows, &self.tracks);
        self.associate(at, &mut rows, &mut high, TENTATIVE_LIMIT, true);
        // Missed are all that were not matched at this time; tentative ones die of it.
        self.tracks.iter_mut().filter(|t| t.matched_at != at).for_each(|t| {
            if t.state == State::Tentative {
                t.missed_us = i64::MAX;
            } else {
                t.miss(self.passed_us);
            }
        });
        (self.work.rows, self.work.left, self.work.high, self.work.low) = (rows, left, high, low);
    }

    /// Fills `work.asks` with the embeddings that are worth their price, by detection.
    fn ask(&mut self, at: MediaTime) {
        let Work { high, matched, asks, urgent, .. } = &mut self.work;
        let Settings { reid, classes, .. } = &self.settings;
        asks.clear();
        if !reid.enabled {
            return;
        }
        let detections = &self.intake.detections;
        if self.tracks.iter().any(|t| t.state == State::Lost && !t.gallery.is_empty()) {
            let sought = |detection: usize| {
                let detection = &detections[detection];
                self.tracks.iter().any(|t| reid::plausible(reid, classes, t, detection, at))
            };
            let fresh = high.iter().map(|&detection| (detection, None));
            let tentative = matched.iter().filter(|m| self.tracks[m.0].state == State::Tentative);
            let tentative = tentative.map(|&(track, detection)| (detection, Some(track)));
            asks.extend(
                fresh
                    .chain(tentative)
                    .filter(|(detection, _)| sought(*detection))
                    .map(|(detection, track)| Ask { detection, purpose: Purpose::Find(track) }),
            );
        }
        reid::ask_refresh(reid, &mut self.tracks, matched, at, urgent, asks);
        asks.sort_unstable_by_key(|ask| ask.detection);
    }

    /// The rest of an update: looks decide, tracks start and end.
    fn finish(&mut self, at: MediaTime, embeddings: &[Option<Embedding>]) {
        self.pending = false;
        let (most, detections) = (self.settings.reid.gallery, &self.intake.detections);
        let asks = std::mem::take(&mut self.work.asks);
        let Settings { reid, classes, .. } = &self.settings;
        let pairs = reid::identify(reid, classes, &self.tracks, detections, &asks, embeddings, at);
        for &(track, ask) in &pairs {
            self.tracks[track].recover(&detections[asks[ask].detection], at);
            self.counts.reidentified += 1;
            match asks[ask].purpose {
                // It was the lost one all along.
                Purpose::Find(Some(tentative)) => self.tracks[tentative].missed_us = i64::MAX,
                _ => self.work.high.retain(|&d| d != asks[ask].detection),
            }
        }
        let newest = self.tracks.len();
        let least = self.settings.track_threshold + NEW_TRACK_MARGIN;
        for &d in self.work.high.iter().filter(|&&d| detections[d].score >= least) {
            self.tracks.push(Tracklet::new(&detections[d], at));
        }
        // Every look that was paid for is kept, by the track that holds its detection now.
        for (place, ask) in asks.iter().enumerate() {
            let Some(look) = embeddings.get(place).and_then(Option::as_ref) else { continue };
            let bbox = detections[ask.detection].bbox;
            let owner = match (pairs.iter().find(|pair| pair.1 == place), ask.purpose) {
                (Some(&(track, _)), _) => Some(track),
                (None, Purpose::Refresh(track) | Purpose::Find(Some(track))) => Some(track),
                (None, Purpose::Find(None)) => {
                    (newest..self.tracks.len()).find(|&i| self.tracks[i].seen == bbox)
                }
            };
            if let Some(owner) = owner {
                self.tracks[owner].gallery.add(look, most);
                self.tracks[owner].sampled_at = Some(at);
            }
        }
        self.work.asks = asks;
        self.settle(at);
    }

    /// Confirms, removes, and tells doubled tracks apart.
    fn settle(&mut self, at: MediaTime) {
        let first = self.counts.updates == 1;
        let buffer_us = self.buffer_us();
        let reid = &self.settings.reid;
        self.tracks.retain(|t| {
            let by_looks = reid.enabled && !t.gallery.is_empty();
            t.missed_us <= if by_looks { buffer_us.max(reid.lifetime_us) } else { buffer_us }
        });
        for track in &mut self.tracks {
            // The first picture's tracks count at once, as in ByteTrack.
            if track.state == State::Tentative && (first || track.born_at != at) {
                track.state = State::Tracked;
            }
            if track.id == 0 && track.state == State::Tracked {
                self.last_id += 1;
                track.id = self.last_id;
            }
        }
        self.drop_duplicates();
        if self.tracks.len() > MAX_TRACKS {
            self.tracks.sort_by_key(|t| std::cmp::Reverse(t.matched_at));
            self.tracks.truncate(MAX_TRACKS);
        }
    }

    /// Of a tracked and a lost track on the same spot the longer-lived stays, in doubt the lost.
    fn drop_duplicates(&mut self) {
        let dead = &mut self.work.dead;
        dead.clear();
        dead.resize(self.tracks.len(), false);
        let (tracks, classes) = (&self.tracks, &self.settings.classes);
        let buffer_us = i64::from(self.settings.track_buffer) * 1_000_000 / 30;
        for (q, lost) in tracks.iter().enumerate().filter(|(_, t)| t.state == State::Lost) {
            // Where a track lost for longer would stand is a guess, and says nothing.
            if lost.missed_us > buffer_us {
                continue;
            }
            for (p, other) in tracks.iter().enumerate().filter(|(_, t)| t.state != State::Lost) {
                if 1.0 - iou_of_pixels(&other.bbox, &lost.bbox) < DUPLICATE_LIMIT
                    && classes.allows(other.class.winner(), lost.class.winner())
                {
                    let lived = |t: &Tracklet| t.matched_at.since_90k(t.born_at);
                    dead[if lived(other) > lived(lost) { q } else { p }] = true;
                }
            }
        }
        let mut dead = dead.iter();
        self.tracks.retain(|_| !dead.next().copied().unwrap_or(false));
    }
}

impl Tracker for Hybrid {
    fn update(&mut self, at: MediaTime, detections: &[Detection]) -> Update {
        if self.pending {
            self.resume(&[]);
        }
        if self.last.is_some_and(|last| at <= last) {
            self.counts.stale_updates += 1;
            return Update::Done;
        }
        self.counts.updates += 1;
        self.counts.refused_detections += self.intake.take(detections);
        let from = self.last.replace(at).unwrap_or(at);
        self.passed_us = at.since_us(from);
        self.predict(from, at);
        self.associate_all(at);
        self.ask(at);
        if self.work.asks.is_empty() {
            self.finish(at, &[]);
            return Update::Done;
        }
        self.pending = true;
        self.counts.embeddings_asked += self.work.asks.len() as u64;
        let place = |ask: &Ask| self.intake.places[ask.detection];
        Update::NeedEmbeddings(self.work.asks.iter().map(place).collect())
    }

    fn resume(&mut self, embeddings: &[Option<Embedding>]) {
        if let (true, Some(at)) = (self.pending, self.last) {
            self.finish(at, embeddings);
        }
    }

    fn peek(&self, at: MediaTime) -> Vec<Track> {
        let Some(last) = self.last else {
            return Vec::new();
        };
        let at = at.max(last);
        let mut out = Vec::with_capacity(self.tracks.len());
        for track in self.tracks.iter().filter(|t| t.id != 0) {
            if at.since_us(track.matched_at) > self.settings.publish_lost_us {
                continue;
            }
            let (bbox, velocity) =
                track.look_ahead(last, at, self.settings.frame_rate, self.camera);
            let sighting = Sighting {
                id: track.id,
                bbox,
                class: track.class.winner(),
                confidence: track.score,
                source: track.source(),
                matched_at: track.matched_at,
                velocity,
            };
            publish(&mut out, at, self.settings.publish_lost_us, sighting);
        }
        out.sort_unstable_by_key(|t| t.id);
        out
    }

    fn move_camera(&mut self, affine: [f64; 6]) {
        let [a11, a12, tx, a21, a22, ty] = affine;
        // What squashes the picture to a line or blows it up is no camera's motion.
        let zoom = (a11 * a22 - a12 * a21).abs();
        let sane = affine.iter().all(|v| v.is_finite()) && (0.01..100.0).contains(&zoom);
        if !sane || tx.abs().max(ty.abs()) > 1e6 {
            return;
        }
        let [b11, b12, sx, b21, b22, sy] = self.camera.unwrap_or([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
        self.camera = Some([
            a11 * b11 + a12 * b21,
            a11 * b12 + a12 * b22,
            a11 * sx + a12 * sy + tx,
            a21 * b11 + a22 * b21,
            a21 * b12 + a22 * b22,
            a21 * sx + a22 * sy + ty,
        ]);
    }

    fn counts(&self) -> Counts {
        self.counts
    }
}

/// Reduces `list` to the entries at `places`, which ascend.
fn keep_only(list: &mut Vec<usize>, places: &[usize]) {
    for (to, &from) in places.iter().enumerate() {
        list[to] = list[from];
    }
    list.truncate(places.len());
}
