//! Identities of recorded tracks: what `razz site` does with a folder of text files.

use std::collections::BTreeMap;

use razz_base::{CameraId, Rect, Size, TrackId};

use crate::identity::{Change, IdentityId, Observation, Settings, Solver, TrackKey};
use crate::matrix::{Point, minus, norm};
use crate::plane::{Foot, HeightModel, Place, Plane, Warp, WarpSample};

/// Steps a second that decisions are made at.
const STEPS_PER_S: f64 = 12.5;

/// A box of a track on one frame.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct TrackedBox {
    /// Frame number, the same in all cameras at the same time.
    pub frame: i64,
    /// The track.
    pub track: TrackId,
    /// Where, in pixels.
    pub bbox: Rect,
}

/// A camera with its plane and its tracks.
#[derive(Clone, PartialEq, Debug)]
pub struct Camera {
    /// Which.
    pub id: CameraId,
    /// Its plane.
    pub plane: Plane,
    /// Its tracks, in any order.
    pub boxes: Vec<TrackedBox>,
}

/// Cameras that were recorded together.
#[derive(Clone, PartialEq, Debug)]
pub struct Recording {
    /// Frames a second.
    pub fps: f64,
    /// The cameras.
    pub cameras: Vec<Camera>,
    /// Whether the planes are in metres; else their unit is found from how tall people are.
    pub metric: bool,
}

/// How tall people are, in metres, where nothing else tells the scale of a map.
const BODY_M: f64 = 1.7;

struct View {
    id: CameraId,
    plane: Plane,
    boxes: Vec<TrackedBox>,
    feet: Vec<Foot>,
    places: Vec<Option<Place>>,
}

/// Site-wide ids: by camera, in its boxes' order; `None` where a box is nobody's.
pub fn identify(recording: &Recording, settings: &Settings) -> Vec<Vec<Option<IdentityId>>> {
    let mut views: Vec<View> = recording.cameras.iter().map(view).collect();
    if !recording.metric {
        rescale(&mut views);
    }
    for round in 0..LEARN_ROUNDS {
        place(&mut views);
        learn(&mut views, recording.fps, round);
    }
    place(&mut views);
    solve(&views, recording.fps, settings)
}

const LEARN_ROUNDS: usize = 6;

fn view(camera: &Camera) -> View {
    let size: Size = camera.plane.size();
    let rects: Vec<Rect> = camera.boxes.iter().map(|b| b.bbox).collect();
    let heights = HeightModel::fit(&rects, size);
    let mut frames: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for (n, b) in camera.boxes.iter().enumerate() {
        frames.entry(b.frame).or_default().push(n);
    }
    let foot = |(n, b): (usize, &Rect)| {
        let others = frames[&camera.boxes[n].frame].iter().filter(|m| **m != n).map(|m| rects[*m]);
        Foot::of(b, size, heights.as_ref()).among(b, others)
    };
    let feet = rects.iter().enumerate().map(foot).collect();
    View {
        id: camera.id,
        plane: camera.plane.clone(),
        boxes: camera.boxes.clone(),
        feet,
        places: Vec::new(),
    }
}

/// Finds the scale of the map by how tall people are.
fn rescale(views: &mut [View]) {
    let mut units: Vec<f64> = Vec::new();
    for view in views.iter() {
        for (foot, b) in view.feet.iter().zip(&view.boxes).step_by(7) {
            if let Some(px) = view.plane.px_per_m(foot.at_px).filter(|_| !foot.hidden) {
                units.push(b.bbox.height() / px);
            }
        }
    }
    units.sort_by(f64::total_cmp);
    if let Some(tall) = units.get(units.len() / 2) {
        for view in views {
            view.plane = view.plane.scaled(BODY_M / tall);
        }
    }
}

fn place(views: &mut [View]) {
    for view in views {
        view.places = view.feet.iter().map(|foot| foot.place(&view.plane)).collect();
    }
}

/// Learns where planes disagree from people whom several cameras see.
fn learn(views: &mut [View], fps: f64, round: usize) {
    // Pieces of tracks of half a second at a time, and which of two cameras are each other's nearest.
    let every = (fps / 2.0).round().max(1.0) as i64;
    let gate = if round < 2 { 2.0 } else { 1.2 };
    let mut at: BTreeMap<i64, Vec<Vec<(usize, Point)>>> = BTreeMap::new();
    for (v, view) in views.iter().enumerate() {
        for (n, b) in view.boxes.iter().enumerate() {
            if b.frame.rem_euclid(every) == 0
                && let Some(place) = &view.places[n]
                && place.cov.largest_sd() < 1.0
            {
                let all = at.entry(b.frame).or_insert_with(|| vec![Vec::new(); views.len()]);
                all[v].push((n, place.at));
            }
        }
    }
    let mut samples: Vec<Vec<WarpSample>> = vec![Vec::new(); views.len()];
    for all in at.values() {
        for a in 0..views.len() {
            for (n, p) in &all[a] {
                let mut sum = [0.0; 2];
                let mut weight = 0.0;
                for b in (0..views.len()).filter(|b| *b != a) {
                    let nearest = |to: Point, from: &Vec<(usize, Point)>| {
                        from.iter()
                            .map(|(m, q)| (norm(minus(*q, to)), *m, *q))
                            .min_by(|x, y| x.0.total_cmp(&y.0))
                    };
                    if let Some((d, _, q)) = nearest(*p, &all[b])
                        && d < gate
                        && nearest(q, &all[a]).is_some_and(|(_, m, _)| m == *n)
                    {
                        sum = [sum[0] + q[0], sum[1] + q[1]];
                        weight += 1.0;
                    }
                }
                if weight > 0.0 {
                    let target =
                        [(sum[0] + p[0]) / (weight + 1.0), (sum[1] + p[1]) / (weight + 1.0)];
                    let place = views[a].places[*n].expect("it was placed");
                    let plain = views[a].plane.with_warp(None);
                    let from = plain.to_ground(views[a].feet[*n].at_px, views[a].feet[*n].sd_px);
                    if let Some(from) = from {
                        let w = 0.04 / (0.04 + place.cov.largest_sd().powi(2));
                        samples[a].push(WarpSample { from: from.at, to: target, weight: w });
                    }
                }
            }
        }
    }
    for (v, view) in views.iter_mut().enumerate() {
        if let Some(warp) = Warp::fit(&samples[v], 0.3) {
            view.plane = view.plane.with_warp(Some(warp));
        }
    }
}

fn solve(views: &[View], fps: f64, settings: &Settings) -> Vec<Vec<Option<IdentityId>>> {
    let every = (fps / STEPS_PER_S).round().max(1.0) as i64;
    let us = |frame: i64| (frame as f64 * 1e6 / fps).round() as i64;
    let mut steps: BTreeMap<i64, Vec<Observation>> = BTreeMap::new();
    for view in views {
        for ((b, place), foot) in view.boxes.iter().zip(&view.places).zip(&view.feet) {
            if b.frame.rem_euclid(every) == 0
                && let Some(place) = *place
            {
                let key = TrackKey { camera: view.id, track: b.track };
                steps.entry(b.frame).or_default().push(Observation {
                    key,
                    place,
                    mixed: foot.mixed,
                });
            }
        }
    }
    let mut solver = Solver::new(*settings);
    let mut spans: BTreeMap<TrackKey, Vec<(i64, IdentityId)>> = BTreeMap::new();
    let mut into: BTreeMap<IdentityId, IdentityId> = BTreeMap::new();
    let mut out = Vec::new();
    for (frame, observations) in &steps {
        solver.step(us(*frame), observations, &mut out);
        for change in out.drain(..) {
            match change {
                Change::Joined { track, identity, from_us, .. } => {
                    let spans = spans.entry(track).or_default();
                    spans.retain(|(from, _)| *from < from_us);
                    spans.push((from_us, identity));
                }
                Change::Merged { gone, into: other, .. } => {
                    into.insert(gone, other);
                }
            }
        }
    }
    let resolve = |mut id: IdentityId| {
        while let Some(next) = into.get(&id) {
            id = *next;
        }
        id
    };
    let label = |key: TrackKey, at_us: i64| {
        let spans = spans.get(&key)?;
        let n = spans.partition_point(|(from, _)| *from <= at_us);
        Some(resolve(spans[n.saturating_sub(1)].1))
    };
    let mut seen: BTreeMap<IdentityId, Seen> = BTreeMap::new();
    for (frame, observations) in &steps {
        let at_us = us(*frame);
        let who: Vec<Option<IdentityId>> =
            observations.iter().map(|s| label(s.key, at_us)).collect();
        for (observation, id) in observations.iter().zip(&who) {
            let Some(id) = *id else { continue };
            let others = views.iter().filter(|view| view.id != observation.key.camera);
            let looked_at = others.into_iter().any(|view| looks_at(view, observation.place.at));
            let beside = observations.iter().zip(&who);
            let confirmed = beside
                .into_iter()
                .any(|(s, i)| *i == Some(id) && s.key.camera != observation.key.camera);
            let seen = seen.entry(id).or_default();
            seen.all += 1;
            seen.looked_at += u32::from(looked_at);
            seen.confirmed += u32::from(confirmed);
        }
    }
    let real = |id: &IdentityId| seen.get(id).is_some_and(|seen| !seen.is_phantom());
    let all = views.iter();
    all.map(|view| {
        let ids = view
            .boxes
            .iter()
            .map(|b| label(TrackKey { camera: view.id, track: b.track }, us(b.frame)));
        ids.map(|id| id.filter(real)).collect()
    })
    .collect()
}

/// How often an identity was seen.
#[derive(Default)]
struct Seen {
    all: u32,
    /// Where another camera looked at the place as well.
    looked_at: u32,
    /// Where another camera saw it as well.
    confirmed: u32,
}

/// A person is this many pixels for a metre at least, or no detector finds them.
const DETECTABLE_PX_PER_M: f64 = 12.0;

/// Observations by a second camera that make an identity real, in shares of those where one looked.
const CONFIRMED_SHARE: f64 = 0.05;

impl Seen {
    /// What one camera sees where others look, and they do not, is a mirror, a poster or a false detection.
    fn is_phantom(&self) -> bool {
        let looked = f64::from(self.looked_at);
        looked > 0.5 * f64::from(self.all) && f64::from(self.confirmed) < CONFIRMED_SHARE * looked
    }
}

/// Whether a camera would see a person at a place.
fn looks_at(view: &View, at: Point) -> bool {
    let margin = f64::from(view.plane.size().height) * 0.05;
    view.plane.to_image(at).filter(|_| view.plane.sees(at, margin)).is_some_and(|px| {
        view.plane.px_per_m(px).is_some_and(|px_per_m| px_per_m >= DETECTABLE_PX_PER_M)
    })
}
