//! Where objects spend their time, and where they pass: a grid over the picture, for each class.
//!
//! What is counted is the anchor, not the box: a box covers what lies behind an object as well. Seconds
//! per cell and tracks per cell are two maps: a queue shows in one, a passage in the other. Who has not moved
//! for five minutes (a parked car) is counted apart, or nothing else would be seen.
//!
//! A map has no snapshot: what was not taken by a restart is counted anew from the record.

use std::collections::BTreeMap;

use razz_base::{ClassId, TrackFrame, TrackId, TrackState};

use crate::Anchor;
use crate::geometry::{Point, distance};
use crate::settings::SECOND;
use crate::sighting::Outline;

/// Between two sightings further apart than this nobody knows where an object was.
const LONGEST_STEP_TICKS: i64 = SECOND;
/// Who stayed within this many heights of one place ...
const STILL_HEIGHTS: f64 = 0.5;
/// ... for this long is parked.
const PARKED_TICKS: i64 = 300 * SECOND;
/// A track that was not seen for so long is a new one when it comes back.
const FORGET_TICKS: i64 = 10 * SECOND;

/// What was counted in a cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct HeatCell {
    /// Time that objects were in it, in 90 kHz ticks: whole numbers, so that sums do not depend on their
    /// order.
    pub ticks: i64,
    /// The same of parked ones.
    pub parked_ticks: i64,
    /// Tracks that came into it.
    pub tracks: u32,
}

impl HeatCell {
    /// Time that objects were in it and not parked, in seconds.
    pub fn seconds(&self) -> f64 {
        self.ticks as f64 / SECOND as f64
    }
}

/// A cell of a class: class, row from the top, column from the left.
pub type HeatKey = (ClassId, u16, u16);

/// A heat map that grows.
///
/// ```
/// use razz_analytics::Heat;
///
/// let mut heat = Heat::default();
/// // for every track frame: heat.handle(&frame);
/// // every quarter of an hour, to be stored and summed up over any range:
/// let quarter = heat.take();
/// assert!(quarter.is_empty());
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct Heat {
    columns: u16,
    rows: u16,
    cells: BTreeMap<HeatKey, HeatCell>,
    tracks: BTreeMap<TrackId, Trail>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
struct Trail {
    time: i64,
    cell: (u16, u16),
    /// Where and since when it stands.
    still: (i64, Point),
}

impl Default for Heat {
    /// 96 by 54 cells: 20 pixels each in a picture of 1920x1080.
    fn default() -> Self {
        Self::new(96, 54)
    }
}

impl Heat {
    /// A grid; one of 0 cells is one of 1.
    pub fn new(columns: u16, rows: u16) -> Self {
        Self {
            columns: columns.max(1),
            rows: rows.max(1),
            cells: BTreeMap::new(),
            tracks: BTreeMap::new(),
        }
    }

    /// Takes the next frame: matched tracks whose foot is in the picture.
    pub fn handle(&mut self, frame: &TrackFrame) {
        let now = frame.key.time.as_90k();
        self.tracks
            .retain(|_, trail| (0..FORGET_TICKS).contains(&(now.saturating_sub(trail.time))));
        let aspect = f64::from(frame.size.width.max(1)) / f64::from(frame.size.height.max(1));
        for track in frame.tracks.iter().filter(|track| track.state == TrackState::Matched) {
            let Some(outline) = Outline::new(&track.bbox, frame.size) else { continue };
            let foot = outline.anchor(Anchor::Foot);
            let Some(cell) = self.cell([foot[0] / aspect, foot[1]]) else { continue };
            let before = self.tracks.get(&track.id).copied();
            let near =
                |trail: &Trail| distance(trail.still.1, foot) <= STILL_HEIGHTS * outline.height();
            let still = before.filter(near).map_or((now, foot), |trail| trail.still);
            let entry = self.cells.entry((track.class, cell.1, cell.0)).or_default();
            if before.is_none_or(|trail| trail.cell != cell) {
                entry.tracks += 1;
            }
            let step = before.map_or(0, |trail| now - trail.time);
            if step <= LONGEST_STEP_TICKS {
                if now - still.0 >= PARKED_TICKS {
                    entry.parked_ticks += step;
                } else {
                    entry.ticks += step;
                }
            }
            self.tracks.insert(track.id, Trail { time: now, cell, still });
        }
    }

    /// Columns and rows.
    pub fn size(&self) -> (u16, u16) {
        (self.columns, self.rows)
    }

    /// The cells that anything was counted in.
    pub fn cells(&self) -> &BTreeMap<HeatKey, HeatCell> {
        &self.cells
    }

    /// Hands out what was counted and begins anew; who is there now is not counted as new.
    pub fn take(&mut self) -> BTreeMap<HeatKey, HeatCell> {
        std::mem::take(&mut self.cells)
    }

    fn cell(&self, [x, y]: [f64; 2]) -> Option<(u16, u16)> {
        let inside = (0.0..=1.0).contains(&x) && (0.0..=1.0).contains(&y);
        let place = |share: f64, count: u16| ((share * f64::from(count)) as u16).min(count - 1);
        inside.then(|| (place(x, self.columns), place(y, self.rows)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::offline::{Clip, TrackRow, frames};
    use razz_base::{Rect, Size};

    #[test]
    fn time_is_where_feet_are_and_a_passer_by_is_one_track() {
        // One stands for two seconds, one walks through the upper row of a 4 by 4 grid.
        let row = |frame: u32, id: u64, x: f64, y: f64| TrackRow {
            frame,
            id,
            bbox: Rect::new(x - 10.0, y - 60.0, x + 10.0, y),
            confidence: 0.9,
        };
        let both = |f: u32| [row(f, 1, 350.0, 390.0), row(f, 2, 5.0 * f64::from(f), 70.0)];
        let rows: Vec<_> = (1..=61).flat_map(both).collect();
        let clip = Clip { rows: &rows, size: Size::new(400, 400), fps: 30.0 };
        let mut heat = Heat::new(4, 4);
        for frame in frames(clip).unwrap() {
            heat.handle(&frame);
        }
        let person = ClassId(0);
        let stood = heat.cells()[&(person, 3, 3)];
        assert_eq!((stood.seconds(), stood.tracks), (2.0, 1));
        let passed = (0..4).map(|column| heat.cells()[&(person, 0, column)]);
        assert_eq!(passed.clone().map(|cell| cell.tracks).sum::<u32>(), 4);
        assert_eq!(passed.map(|cell| cell.ticks).sum::<i64>(), 2 * SECOND);
        assert_eq!(heat.take().len(), 5);
        assert!(heat.cells().is_empty());
    }

    #[test]
    fn a_parked_car_is_counted_apart() {
        let parked = |frame| TrackRow {
            frame,
            id: 1,
            bbox: Rect::new(100.0, 100.0, 200.0, 150.0),
            confidence: 0.9,
        };
        let rows: Vec<_> = (1..=601).map(parked).collect();
        let clip = Clip { rows: &rows, size: Size::new(400, 400), fps: 1.0 };
        let mut heat = Heat::new(1, 1);
        for frame in frames(clip).unwrap() {
            heat.handle(&frame);
        }
        let cell = heat.cells()[&(ClassId(0), 0, 0)];
        assert_eq!((cell.ticks, cell.parked_ticks), (299 * SECOND, 301 * SECOND));
    }
}
