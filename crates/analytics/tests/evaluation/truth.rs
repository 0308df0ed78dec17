//! What truly happened, by a rule that is not ours: the labelled foot of somebody, on every frame, is
//! on one side by so much and later on the other side by so much.

use super::{Crossing, Line, Stay, Track, along, foot, meet, right_of};

/// Committed changes of side of a labelled foot by a share of its height, on the line.
pub fn crossings(track: &Track, line: &Line, share: f64) -> Vec<Crossing> {
    let mut found = Vec::new();
    let mut side: Option<bool> = None;
    for (index, (_, bbox)) in track.iter().enumerate() {
        let away = right_of(line, foot(bbox));
        if away.abs() < share * bbox.height() {
            continue;
        }
        let right = away > 0.0;
        if side.replace(right) == Some(!right) {
            // The last step over the line before that.
            let step =
                (1..=index).rev().find(|i| (right_of(line, foot(&track[i - 1].1)) > 0.0) != right);
            let Some(step) = step else { continue };
            let sighting = |i: usize| (f64::from(track[i].0), foot(&track[i].1));
            let (frame, place) = meet(line, sighting(step - 1), sighting(step));
            if (0.0..=1.0).contains(&along(line, place)) {
                found.push(Crossing { frame, place, to_right: right });
            }
        }
    }
    found
}

/// The distance into a polygon, negative outside.
pub fn depth(zone: &[[f64; 2]], p: [f64; 2]) -> f64 {
    let mut inside = false;
    let mut nearest = f64::INFINITY;
    for (i, b) in zone.iter().enumerate() {
        let a = zone[(i + zone.len() - 1) % zone.len()];
        if (a[1] > p[1]) != (b[1] > p[1])
            && p[0] < a[0] + (p[1] - a[1]) * (b[0] - a[0]) / (b[1] - a[1])
        {
            inside = !inside;
        }
        let t = along(&[a, *b], p).clamp(0.0, 1.0);
        let q = [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])];
        nearest = nearest.min((p[0] - q[0]).hypot(p[1] - q[1]));
    }
    if inside { nearest } else { -nearest }
}

/// Stays in a zone of a labelled foot: in and out by a share of its height, absences of up to a second
/// left out of account, and gaps in the labels as well.
pub fn stays(track: &Track, zone: &[[f64; 2]], share: f64, fps: f64) -> Vec<Stay> {
    let mut stays: Vec<Stay> = Vec::new();
    let mut inside = false;
    // The last frames on which the foot was outside and inside at all.
    let (mut out, mut within): (Option<f64>, Option<f64>) = (None, None);
    for (frame, bbox) in track {
        let frame = f64::from(*frame);
        let away = depth(zone, foot(bbox));
        if !inside && away >= share * bbox.height() {
            inside = true;
            let begun = out.unwrap_or(f64::from(track[0].0));
            match stays.last_mut() {
                Some(last) if begun - last[1] <= fps => last[1] = frame,
                _ => stays.push([begun, frame]),
            }
        } else if inside && away <= -share * bbox.height() {
            inside = false;
            if let (Some(last), Some(within)) = (stays.last_mut(), within) {
                last[1] = within;
            }
        }
        if away > 0.0 {
            within = Some(frame);
        } else {
            out = Some(frame);
        }
        if inside && let Some(last) = stays.last_mut() {
            last[1] = frame;
        }
    }
    stays
}
