//! From detections to tracks, with 35 boxes on the picture.

use std::hint::black_box;

use razz_base::{ClassId, Detection, Embedding, MediaTime, Rect};
use razz_track::assignment::{Assigned, Costs, Solver};
use razz_track::{Kind, Settings, Tracker, Update, build};

use super::Random;

const PEOPLE: usize = 35;

/// The scene repeats after so many frames.
const FRAMES: usize = 37 * 20;

/// People who walk up and down their lanes; every tenth detection is faint, every 37th missing.
fn scene(frame: usize) -> Vec<Detection> {
    let seen = |i: &usize| !(frame + 7 * i).is_multiple_of(37);
    let person = |i: usize| {
        let (lane, place) = (i % 20, i / 20);
        let phase = frame as f64 / 20.0 + i as f64;
        let x = 60.0 + 90.0 * lane as f64 + 30.0 * phase.sin();
        let y = 100.0 + 38.0 * place as f64;
        let score = if (frame + i).is_multiple_of(10) { 0.35 } else { 0.9 };
        Detection { bbox: Rect::from_center(x, y, 35.0, 90.0), class: ClassId(0), score }
    };
    (0..PEOPLE).filter(seen).map(person).collect()
}

/// Costs of all kinds, a fifth of them too high, so that it is one group.
pub(super) fn assign_35() -> Box<dyn FnMut()> {
    let mut random = Random::new();
    let matrices: Vec<Costs> = (0..20)
        .map(|_| {
            let mut costs = Costs::default();
            costs.fill(PEOPLE, PEOPLE, |_, _| f64::from(random.share()));
            costs
        })
        .collect();
    let (mut solver, mut assigned, mut round) = (Solver::default(), Assigned::default(), 0);
    Box::new(move || {
        let costs = &matrices[round % matrices.len()];
        solver.assign_below(black_box(costs), 0.8, &mut assigned);
        assert_eq!(assigned.pairs.len(), PEOPLE);
        round += 1;
    })
}

fn step(
    tracker: &mut dyn Tracker,
    frame: usize,
    detections: &[Detection],
    looks: &[Option<Embedding>],
) {
    let at = MediaTime::from_90k(frame as i64 * 3000);
    if let Update::NeedEmbeddings(wanted) = tracker.update(at, black_box(detections)) {
        tracker.resume(&looks[..wanted.len()]);
    }
}

/// What a detector could ask for at most, all alike.
fn looks() -> Vec<Option<Embedding>> {
    vec![Embedding::normalised(&[1.0; 128]); PEOPLE]
}

fn update(kind: Kind) -> Box<dyn FnMut()> {
    let frames: Vec<Vec<Detection>> = (0..FRAMES).map(scene).collect();
    let (mut tracker, looks) = (build(kind, &Settings::default()), looks());
    let mut frame = 0;
    Box::new(move || {
        step(&mut *tracker, frame, &frames[frame % FRAMES], &looks);
        frame += 1;
    })
}

pub(super) fn bytetrack_35() -> Box<dyn FnMut()> {
    update(Kind::ByteTrack)
}

pub(super) fn hybrid_35() -> Box<dyn FnMut()> {
    update(Kind::Hybrid)
}

/// Where everybody is half a frame after the last detections.
pub(super) fn hybrid_peek_35() -> Box<dyn FnMut()> {
    let (mut tracker, looks) = (build(Kind::Hybrid, &Settings::default()), looks());
    for frame in 0..60 {
        step(&mut *tracker, frame, &scene(frame), &looks);
    }
    let (between, mut tracks) = (MediaTime::from_90k(59 * 3000 + 1500), Vec::new());
    Box::new(move || {
        tracks.clear();
        black_box(&tracker).peek_into(between, &mut tracks);
        assert!(tracks.len() > 30, "{} tracks", tracks.len());
    })
}
