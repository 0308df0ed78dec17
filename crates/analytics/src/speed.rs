//! How fast something moves over the ground, and how far that may be off.

use crate::geometry::Point;
use crate::plane::Plane;
use crate::settings::SECOND;

/// A speed over the ground.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Speed {
    /// In metres a second.
    pub mps: f64,
    /// Its standard deviation, from the plane and from the boxes, in metres a second.
    pub error_mps: f64,
}

/// The newest sightings over at most this long: a walker's step swings his box back and forth within less.
const WINDOW_TICKS: i64 = SECOND;
/// Over less than this nothing is said.
const LEAST_TICKS: i64 = SECOND / 2;
/// Sightings that are kept, no closer than this lets them be.
const KEPT: usize = 12;
const SPACING_TICKS: i64 = WINDOW_TICKS / KEPT as i64;
/// A speed that may be off by more than this share of it is not told ...
const WORST_SHARE: f64 = 0.2;
/// ... unless it is off by no more than this: of somebody who stands that is enough to know.
const GOOD_ENOUGH_MPS: f64 = 0.1;

/// Where something was seen over the last second, at most 12 times.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct SpeedWindow {
    /// Time and foot in picture heights, oldest first.
    pub(crate) seen: Vec<(i64, Point)>,
}

impl SpeedWindow {
    /// Takes a sighting whose foot was seen.
    pub(crate) fn see(&mut self, time: i64, foot: Point) {
        self.seen.retain(|(seen, _)| time - seen <= WINDOW_TICKS);
        if self.seen.last().is_none_or(|(seen, _)| time - seen >= SPACING_TICKS) {
            self.seen.push((time, foot));
        }
    }

    /// The slope of the places on the ground over time by least squares. `None` without a plane, over too
    /// short a time, above the horizon, and where it is too uncertain.
    pub(crate) fn speed(&self, plane: Option<&Plane>, aspect: f64) -> Option<Speed> {
        let plane = plane?;
        let (first, last) = (self.seen.first()?, self.seen.last()?);
        if self.seen.len() < 3 || last.0 - first.0 < LEAST_TICKS {
            return None;
        }
        let middle = self.seen.iter().map(|(time, _)| (time - first.0) as f64).sum::<f64>()
            / self.seen.len() as f64;
        let secs = |time: i64| ((time - first.0) as f64 - middle) / SECOND as f64;
        let spread: f64 = self.seen.iter().map(|(time, _)| secs(*time) * secs(*time)).sum();
        let mut told: Option<[f64; 2]> = None;
        let mut variance = 0.0;
        for map in plane.maps() {
            let mut slope = [0.0; 2];
            let mut mean = [0.0; 2];
            for (time, [x, y]) in &self.seen {
                let at = map.apply([x / aspect, *y])?;
                for axis in 0..2 {
                    slope[axis] += secs(*time) * at[axis] / spread;
                    mean[axis] += at[axis] / self.seen.len() as f64;
                }
            }
            let Some(told) = told else {
                // What the line leaves over is the boxes' shaking.
                let mut left = 0.0;
                for (time, [x, y]) in &self.seen {
                    let at = map.apply([x / aspect, *y])?;
                    for axis in 0..2 {
                        left += (at[axis] - mean[axis] - slope[axis] * secs(*time)).powi(2);
                    }
                }
                variance += left / (self.seen.len() as f64 - 2.0) / spread;
                told = Some(slope);
                continue;
            };
            variance += (slope[0] - told[0]).powi(2) + (slope[1] - told[1]).powi(2);
        }
        let mps = crate::geometry::length(told?);
        let error_mps = variance.sqrt();
        (error_mps <= (WORST_SHARE * mps).max(GOOD_ENOUGH_MPS)).then_some(Speed { mps, error_mps })
    }
}
