//! razz's own tracker: ByteTrack's stages on a filter of width and height, in media time, with
//! re-identification on demand. `docs/design/tracking.md` says why, and what each part is worth.
//!
//! An update goes through it in this order:
//! 1. All tracks are predicted to the time of the picture; the noise grows as if the filter had
//!    run once per nominal frame. If the camera moved, they move along.
//! 2. Three associations: trusted detections with tracked and lately lost tracks, faint ones with
//!    what got nothing, the rest of the trusted with tentative tracks. Boxes are compared the more
//!    generously the less the filter knows where its box is.
//! 3. A trusted detection that is still left, or that only a tentative track took, may be a track
//!    lost for longer. If one of its class and size could have come here in that time, its
//!    embedding is asked for. So are those of a few matched detections, to know their tracks'
//!    looks in good time. Here the update stops until [`Tracker::resume`].
//! 4. Looks decide (optimal assignment within limits that widen with time); what is left starts
//!    tentative tracks; old and doubled tracks go.
//!
//! A track's life: tentative (seen once) → tracked ⇄ lost → gone. Lost tracks are found by motion
//! for `track_buffer` times `patience`, by looks for `reid.lifetime_us`.

mod noise;
mod reid;
mod track;

use razz_base::{Affine, Detection, Embedding, MediaTime, Rect, Size, Track};

use self::noise::SceneNoise;
use self::reid::{Ask, Purpose};
use self::track::{State, Tracklet};
use crate::assignment::{Assigned, Costs, Solver};
use crate::overlap::iou_of_pixels;
use crate::publish::{Sighting, publish};
use crate::tracker::{Intake, LONGEST_GAP_US};
use crate::{Counts, MAX_DETECTIONS, Settings, Tracker, Update};

/// Frames per second that the filter's noise is stated for, whatever rate detections come at.
const NOMINAL_RATE: f64 = 30.0;
/// Below this score a detection counts for nothing.
const LOW_THRESHOLD: f64 = 0.1;
/// A new track scores this much above the track threshold.
const NEW_TRACK_MARGIN: f64 = 0.1;
/// Limits of the second association, and of two tracks that are one.
const SECOND_LIMIT: f64 = 0.5;
const DUPLICATE_LIMIT: f64 = 0.15;
/// Whoever was seen once so long ago could be anywhere.
const LEAP_US: i64 = 300_000;
/// Most tracks kept, tracked and lost; of more, the longest unseen go.
const MAX_TRACKS: usize = 2 * MAX_DETECTIONS;

/// The hybrid tracker. See [`Settings`].
#[derive(Debug)]
pub struct Hybrid {
    settings: Settings,
    picture: Option<Size>,
    /// Microseconds between the last update and the one before.
    passed_us: i64,
    last_id: u64,
    tracks: Vec<Tracklet>,
    noise: SceneNoise,
    /// How the picture moved since the last update.
    camera: Option<[f64; 6]>,
    /// Embeddings are awaited; what they are for stands in `work`.
    pending: bool,
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
    /// Of every row of an association: its widened box, by how much it is wider to each side, and
    /// what is added to its costs.
    shapes: Vec<(Rect, [f64; 2], f64)>,
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
            picture: None,
            passed_us: 0,
            last_id: 0,
            tracks: Vec::new(),
            noise: SceneNoise::default(),
            camera: None,
            pending: false,
            intake: Intake::default(),
            work: Work::default(),
        }
    }

    /// For how long motion alone finds a lost track, in microseconds.
    fn buffer_us(&self) -> i64 {
        (f64::from(self.settings.track_buffer) / 30.0 * self.settings.hybrid.patience * 1e6) as i64
    }

    fn predict(&mut self, from: MediaTime, to: MediaTime) {
        let camera = self.camera.take();
        let calm = self.noise.factor();
        let agility = self.settings.hybrid.agility;
        for track in &mut self.tracks {
            track.advance(from, to, calm, agility);
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
        faint: bool,
    ) {
        let Work { costs, solver, assigned, matched, shapes, .. } = &mut self.work;
        let (tracks, detections) = (&mut self.tracks, &self.intake.detections);
        let Settings { classes, hybrid, .. } = &self.settings;
        shapes.clear();
        shapes.extend(rows.iter().map(|&row| {
            let track = &tracks[row];
            // A lost track's doubt is large: widened by it, it would reach for its neighbours'.
            if track.state == State::Lost {
                let extra = if faint { limit - hybrid.lost_faint_threshold } else { 0.0 };
                return (track.bbox, [0.0; 2], extra);
            }
            let wider = track.doubt().map(|doubt| hybrid.widening * doubt);
            (widened(&track.bbox, wider), wider, 0.0)
        }));
        costs.fill(rows.len(), cols.len(), |row, col| {
            let (detection, (shape, wider, extra)) = (&detections[cols[col]], &shapes[row]);
            let overlap = iou_of_pixels(shape, &widened(&detection.bbox, *wider));
            if overlap <= 0.0 || !classes.allows(tracks[rows[row]].class.winner(), detection.class)
            {
                return f64::INFINITY;
            }
            1.0 - if faint { overlap } else { overlap * detection.score } + extra
        });
        solver.assign_below(costs, limit, assigned);
        for &(row, col) in &assigned.pairs {
            matched.push((rows[row], cols[col]));
            // A tentative track stays so until it is known that it is no lost one.
            let track = &mut tracks[rows[row]];
            let tentative = track.state == State::Tentative;
            let detection = &detections[cols[col]];
            // What is faint has met the box closely before it was taken; that vouches for its place.
            let noise = if faint { 1.0 } else { hybrid.noise_of(detection) };
            track.take(detection, at, noise, self.picture);
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
        let limit = self.settings.match_threshold;
        self.associate(at, &mut rows, &mut high, limit, false);
        self.associate(at, &mut rows, &mut low, SECOND_LIMIT, true);
        places(&|t| t.state == State::Tentative, &mut rows, &self.tracks);
        self.associate(at, &mut rows, &mut high, limit, false);
        if (self.settings.hybrid.instant_after_us..LEAP_US).contains(&self.passed_us) {
            self.follow_newborn(at, &mut high);
        }
        self.learn_noise();
        // Missed are all that were not matched at this time; tentative ones die of it.
        self.tracks.iter_mut().filter(|t| t.matched_at != at).for_each(|t| {
            if t.state == State::Tentative {
                t.missed_us = i64::MAX;
            } else {
                t.miss(self.passed_us);
            }
        });
        (self.work.rows, self.work.high, self.work.low) = (rows, high, low);
    }

    /// Who was first seen on the last update may have gone further than its own width since, and
    /// then overlaps with nothing: its speed is not known yet. It is followed where there is no
    /// doubt: a detection that nobody wants, of its class and about its size, and no other such
    /// pair within reach of either.
    fn follow_newborn(&mut self, at: MediaTime, high: &mut Vec<usize>) {
        let Self { tracks, intake, settings, work, picture, passed_us, .. } = self;
        let detections = &intake.detections;
        let first = work.matched.len();
        let newborn = |track: &Tracklet| {
            track.born_at == track.matched_at && at.since_us(track.born_at) == *passed_us
        };
        let near = |track: &Tracklet, detection: usize| {
            let detection = &detections[detection];
            settings.classes.allows(track.class.winner(), detection.class)
                && track.could_be_after_birth(detection, *picture)
        };
        for (place, track) in tracks.iter().enumerate().filter(|(_, track)| newborn(track)) {
            let mut theirs = high.iter().copied().filter(|&detection| near(track, detection));
            let (Some(detection), None) = (theirs.next(), theirs.next()) else { continue };
            let rivals = tracks.iter().filter(|other| newborn(other) && near(other, detection));
            if rivals.count() == 1 {
                work.matched.push((place, detection));
            }
        }
        for &(track, detection) in &work.matched[first..] {
            let found = &detections[detection];
            tracks[track].follow(found, at, settings.hybrid.noise_of(found), *picture);
            high.retain(|&other| other != detection);
        }
    }

    fn learn_noise(&mut self) {
        for &(track, _) in &self.work.matched {
            if let [Some(earlier), Some(later)] = self.tracks[track].errors {
                self.noise.observe(earlier[0], later[0]);
                self.noise.observe(earlier[1], later[1]);
            }
        }
        self.noise.settle(self.settings.hybrid.calming);
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
            let found = &detections[asks[ask].detection];
            let noise = self.settings.hybrid.noise_of(found);
            self.tracks[track].recover(found, at, noise, self.picture);
            self.intake.counts.reidentified += 1;
            match asks[ask].purpose {
                // It was the lost one all along.
                Purpose::Find(Some(tentative)) => self.tracks[tentative].missed_us = i64::MAX,
                _ => self.work.high.retain(|&d| d != asks[ask].detection),
            }
        }
        let newest = self.tracks.len();
        let least = self.settings.track_threshold + NEW_TRACK_MARGIN;
        for &d in self.work.high.iter().filter(|&&d| detections[d].score >= least) {
            self.tracks.push(Tracklet::new(&detections[d], at, self.picture));
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
        let first = self.intake.counts.updates == 1;
        let buffer_us = self.buffer_us();
        let Settings { reid, hybrid, .. } = &self.settings;
        // At a high rate a second look costs nothing, and one detection alone says little.
        let instant = self.passed_us >= hybrid.instant_after_us;
        self.tracks.retain(|t| {
            let by_looks = reid.enabled && !t.gallery.is_empty();
            t.missed_us <= if by_looks { buffer_us.max(reid.lifetime_us) } else { buffer_us }
        });
        for track in &mut self.tracks {
            // The first picture's tracks count at once, as in ByteTrack.
            let at_once = first || (instant && track.score >= hybrid.instant_score);
            if track.state == State::Tentative && (at_once || track.born_at != at) {
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
        let buffer_us = self.buffer_us();
        let dead = &mut self.work.dead;
        dead.clear();
        dead.resize(self.tracks.len(), false);
        let (tracks, classes) = (&self.tracks, &self.settings.classes);
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
        let Some(from) = self.intake.accept(at, detections) else { return Update::Done };
        self.passed_us = at.since_us(from);
        let longest_us = LONGEST_GAP_US.max(self.settings.reid.lifetime_us);
        self.tracks.retain(|t| at.since_us(t.matched_at) <= longest_us);
        self.predict(from, at);
        self.associate_all(at);
        self.ask(at);
        if self.work.asks.is_empty() {
            self.finish(at, &[]);
            return Update::Done;
        }
        self.pending = true;
        self.intake.counts.embeddings_asked += self.work.asks.len() as u64;
        let place = |ask: &Ask| self.intake.places[ask.detection];
        Update::NeedEmbeddings(self.work.asks.iter().map(place).collect())
    }

    fn resume(&mut self, embeddings: &[Option<Embedding>]) {
        if let (true, Some(at)) = (self.pending, self.intake.last) {
            self.finish(at, embeddings);
        }
    }

    fn peek_into(&self, at: MediaTime, out: &mut Vec<Track>) {
        let Some(last) = self.intake.last else { return };
        let at = at.max(last);
        let publish_lost_us = self.settings.publish_lost_us;
        let fresh = |t: &&Tracklet| t.id != 0 && at.since_us(t.matched_at) <= publish_lost_us;
        let sightings = self.tracks.iter().filter(fresh).map(|track| {
            let (bbox, velocity) = track.look_ahead(last, at, self.camera);
            Sighting {
                id: track.id,
                bbox,
                class: track.class.winner(),
                confidence: track.score,
                source: track.source(),
                matched_at: track.matched_at,
                velocity,
            }
        });
        publish(out, at, publish_lost_us, sightings);
    }

    fn move_camera(&mut self, affine: [f64; 6]) {
        let [a11, a12, tx, a21, a22, ty] = affine;
        // What squashes the picture to a line or blows it up is no camera's motion.
        let zoom = (a11 * a22 - a12 * a21).abs();
        let sane = affine.iter().all(|v| v.is_finite()) && (0.01..100.0).contains(&zoom);
        if !sane || tx.abs().max(ty.abs()) > 1e6 {
            self.intake.counts.refused_motions += 1;
            return;
        }
        let so_far = Affine::new(self.camera.unwrap_or(Affine::IDENTITY.rows));
        self.camera = Some(so_far.then(&Affine::new(affine)).rows);
    }

    fn see_picture(&mut self, size: Size) {
        self.picture = Some(size);
    }

    fn counts(&self) -> Counts {
        self.intake.counts
    }
}

/// The box, wider by `by` pixels on either side and higher on either end.
fn widened(bbox: &Rect, [x, y]: [f64; 2]) -> Rect {
    Rect::new(bbox.left - x, bbox.top - y, bbox.right + x, bbox.bottom + y)
}

/// Reduces `list` to the entries at `places`, which ascend.
fn keep_only(list: &mut Vec<usize>, places: &[usize]) {
    for (to, &from) in places.iter().enumerate() {
        list[to] = list[from];
    }
    list.truncate(places.len());
}
