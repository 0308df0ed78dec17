//! How other programs decide that somebody crossed a line or is in a zone, written anew from how their
//! documentation and source say they do it.

use razz_base::Rect;

use super::truth::depth;
use super::{Crossing, Line, Stay, Track, along, foot, meet, right_of};

/// A rule for lines.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Rule {
    /// supervision `LineZone`: these anchors within the strip of the line, all on one side, for N frames.
    LineZone { corners: bool, frames: usize },
    /// DL Streamer `gvaanalytics`: centre or lower middle, in whole pixels, strictly on the other side.
    DlStreamer { centre: bool },
    /// ultralytics `ObjectCounter`: the centre's way meets the line, once per id for ever.
    Ultralytics,
    /// OpenDataCam: the centre's way over up to five frames meets the line at 5° or more, once per id.
    OpenDataCam,
    /// The foot changes its side between two sightings.
    FootSign,
    /// The box touches the line and did not before.
    AnyOverlap,
}

impl Rule {
    pub const ALL: [(&'static str, Self); 9] = [
        ("LineZone, 4 corners", Self::LineZone { corners: true, frames: 1 }),
        ("LineZone, foot, N = 1", Self::LineZone { corners: false, frames: 1 }),
        ("LineZone, foot, N = 5", Self::LineZone { corners: false, frames: 5 }),
        ("DL Streamer, centre", Self::DlStreamer { centre: true }),
        ("DL Streamer, foot", Self::DlStreamer { centre: false }),
        ("ultralytics", Self::Ultralytics),
        ("OpenDataCam", Self::OpenDataCam),
        ("foot changes sign", Self::FootSign),
        ("any overlap", Self::AnyOverlap),
    ];

    /// The crossings of a track.
    pub fn crossings(self, track: &Track, line: &Line) -> Vec<Crossing> {
        match self {
            Self::LineZone { corners, frames } => line_zone(track, line, corners, frames),
            Self::DlStreamer { centre } => {
                let whole = |bbox: &Rect| anchor(bbox, centre).map(f64::trunc);
                sign_changes(track, line, whole)
            }
            Self::FootSign => sign_changes(track, line, foot),
            Self::Ultralytics => ways(track, line, 1, 0.0),
            Self::OpenDataCam => ways(track, line, 5, 5.0),
            Self::AnyOverlap => overlaps(track, line),
        }
    }
}

fn anchor(bbox: &Rect, centre: bool) -> [f64; 2] {
    if centre { bbox.center() } else { foot(bbox) }
}

fn line_zone(track: &Track, line: &Line, corners: bool, frames: usize) -> Vec<Crossing> {
    let mut found = Vec::new();
    let mut states: Vec<bool> = Vec::new();
    for (frame, bbox) in track {
        let anchors = if corners {
            vec![
                [bbox.left, bbox.top],
                [bbox.right, bbox.top],
                [bbox.left, bbox.bottom],
                [bbox.right, bbox.bottom],
            ]
        } else {
            vec![foot(bbox)]
        };
        let in_strip = anchors.iter().all(|p| (0.0..=1.0).contains(&along(line, *p)));
        let right: Vec<bool> = anchors.iter().map(|p| right_of(line, *p) > 0.0).collect();
        if !in_strip || right.iter().any(|side| *side != right[0]) {
            continue;
        }
        states.push(right[0]);
        let newest = &states[states.len().saturating_sub(frames + 1)..];
        // The state changed N sightings ago and has been the same since.
        let settled = newest.len() == frames + 1
            && newest[1..].iter().all(|side| *side == newest[frames])
            && newest[0] != newest[frames];
        if settled {
            let place = if corners { bbox.center() } else { foot(bbox) };
            found.push(Crossing { frame: f64::from(*frame), place, to_right: right[0] });
        }
    }
    found
}

fn sign_changes(track: &Track, line: &Line, at: impl Fn(&Rect) -> [f64; 2]) -> Vec<Crossing> {
    let steps = track.windows(2).filter_map(|pair| {
        let sighting = |i: usize| (f64::from(pair[i].0), at(&pair[i].1));
        let (p, q) = (sighting(0), sighting(1));
        let (before, after) = (right_of(line, p.1), right_of(line, q.1));
        let (frame, place) = meet(line, p, q);
        let crossed = before * after < 0.0 && (0.0..=1.0).contains(&along(line, place));
        crossed.then_some(Crossing { frame, place, to_right: after > 0.0 })
    });
    steps.collect()
}

/// The centre's way from up to `back` sightings ago meets the line; once per id.
fn ways(track: &Track, line: &Line, back: usize, degrees: f64) -> Vec<Crossing> {
    for index in 1..track.len() {
        let sighting = |i: usize| (f64::from(track[i].0), track[i].1.center());
        let (p, q) = (sighting(index.saturating_sub(back)), sighting(index));
        let (before, after) = (right_of(line, p.1), right_of(line, q.1));
        if before * after >= 0.0 {
            continue;
        }
        let (frame, place) = meet(line, p, q);
        let direction = |a: [f64; 2], b: [f64; 2]| (b[1] - a[1]).atan2(b[0] - a[0]).to_degrees();
        let angle = (direction(p.1, q.1) - direction(line[0], line[1])).rem_euclid(180.0);
        if (0.0..=1.0).contains(&along(line, place)) && angle.min(180.0 - angle) >= degrees {
            return vec![Crossing { frame, place, to_right: after > 0.0 }];
        }
    }
    Vec::new()
}

fn overlaps(track: &Track, line: &Line) -> Vec<Crossing> {
    let touches = |bbox: &Rect| {
        // Liang–Barsky: a part of the line lies in the box.
        let (mut from, mut to) = (0.0_f64, 1.0_f64);
        let limits = [(bbox.left, bbox.right), (bbox.top, bbox.bottom)];
        for (axis, (low, high)) in limits.into_iter().enumerate() {
            let (start, step) = (line[0][axis], line[1][axis] - line[0][axis]);
            if step == 0.0 {
                if start < low || start > high {
                    return false;
                }
                continue;
            }
            let (a, b) = ((low - start) / step, (high - start) / step);
            (from, to) = (from.max(a.min(b)), to.min(a.max(b)));
        }
        from <= to
    };
    let steps = track.windows(2).filter(|pair| touches(&pair[1].1) && !touches(&pair[0].1));
    let crossing = |pair: &[(u32, Rect)]| {
        let (place, before) = (pair[1].1.center(), pair[0].1.center());
        let to_right = right_of(line, place) >= right_of(line, before);
        Crossing { frame: f64::from(pair[1].0), place, to_right }
    };
    steps.map(crossing).collect()
}

/// A rule for zones.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum ZoneRule {
    /// Inside from the first sighting inside to the last before one outside.
    Raw,
    /// Inside after three sightings inside; out at once (Frigate).
    Inertia,
    /// Any sighting inside; out after a second without one.
    Grace,
}

impl ZoneRule {
    pub const ALL: [(&'static str, Self); 3] = [
        ("inside or not", Self::Raw),
        ("inside on 3 frames (Frigate)", Self::Inertia),
        ("inside, 1 s of grace", Self::Grace),
    ];

    /// The stays of a track.
    pub fn stays(self, track: &Track, zone: &[[f64; 2]], fps: f64) -> Vec<Stay> {
        let mut stays: Vec<Stay> = Vec::new();
        let (mut inside, mut run) = (false, 0);
        for (frame, bbox) in track {
            let frame = f64::from(*frame);
            let within = depth(zone, foot(bbox)) > 0.0;
            run = if within { run + 1 } else { 0 };
            match self {
                Self::Raw | Self::Inertia => {
                    let needed = if self == Self::Inertia { 3 } else { 1 };
                    if within && (inside || run >= needed) {
                        match stays.last_mut().filter(|_| inside) {
                            Some(last) => last[1] = frame,
                            None => stays.push([frame, frame]),
                        }
                        inside = true;
                    } else if !within {
                        inside = false;
                    }
                }
                Self::Grace => match stays.last_mut() {
                    Some(last) if within && frame - last[1] <= fps => last[1] = frame,
                    _ if within => stays.push([frame, frame]),
                    _ => {}
                },
            }
        }
        stays
    }
}
