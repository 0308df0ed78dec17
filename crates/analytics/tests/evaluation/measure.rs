//! What we count, in the words of the evaluation.

use razz_analytics::offline::{Clip, CountedOccupancy, Counts, TrackRow, count};
use razz_analytics::{Area, AreaId, Direction, InSide, Settings};

use super::sequences::Sequence;
use super::{Crossing, Line, Stay};

/// Gates and zones of a sequence.
pub const PER_SEQUENCE: usize = 24;

fn shares(sequence: &Sequence, points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let size = [f64::from(sequence.size.width), f64::from(sequence.size.height)];
    points.iter().map(|p| [p[0] / size[0], p[1] / size[1]]).collect()
}

fn ours(sequence: &Sequence, rows: &[TrackRow], areas: Vec<Area>, settings: Settings) -> Counts {
    let clip = Clip { rows, size: sequence.size, fps: sequence.fps };
    count(clip, areas, settings).expect("a clip that can be counted")
}

/// Areas are named by their index.
fn index(name: &str) -> usize {
    name.parse().expect("a number as its name")
}

/// By gate.
pub fn our_crossings(
    sequence: &Sequence,
    rows: &[TrackRow],
    gates: &[Line],
    settings: Settings,
) -> Vec<Vec<Crossing>> {
    let area = |(index, line): (usize, &Line)| {
        let points = shares(sequence, line);
        Area::line(AreaId(index as u32), &index.to_string(), points, InSide::Right).expect("a line")
    };
    let counts = ours(sequence, rows, gates.iter().enumerate().map(area).collect(), settings);
    let mut by_gate = vec![Vec::new(); gates.len()];
    for crossing in counts.crossings {
        let [x, y] = crossing.place;
        by_gate[index(&crossing.area)].push(Crossing {
            frame: f64::from(crossing.frame),
            place: [x * f64::from(sequence.size.width), y * f64::from(sequence.size.height)],
            to_right: crossing.direction == Direction::In,
        });
    }
    by_gate
}

/// Visits and occupancy of zones in pixels.
pub fn our_zones(
    sequence: &Sequence,
    rows: &[TrackRow],
    zones: &[Vec<[f64; 2]>],
    settings: Settings,
) -> (Vec<Vec<Stay>>, Vec<CountedOccupancy>) {
    let area = |(index, zone): (usize, &Vec<[f64; 2]>)| {
        let points = shares(sequence, zone);
        Area::zone(AreaId(index as u32), &index.to_string(), points).expect("a zone")
    };
    let counts = ours(sequence, rows, zones.iter().enumerate().map(area).collect(), settings);
    let mut by_zone = vec![Vec::new(); zones.len()];
    for visit in counts.visits {
        by_zone[index(&visit.area)].push([f64::from(visit.from_frame), f64::from(visit.to_frame)]);
    }
    (by_zone, counts.occupancy)
}

/// By zone.
pub fn our_stays(
    sequence: &Sequence,
    rows: &[TrackRow],
    zones: &[Vec<[f64; 2]>],
    settings: Settings,
) -> Vec<Vec<Stay>> {
    our_zones(sequence, rows, zones, settings).0
}
