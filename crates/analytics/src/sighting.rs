//! One matched sighting of a track, in the numbers that areas are asked with.

use razz_base::{Rect, Size};

use crate::Anchor;
use crate::geometry::Point;
use crate::settings::CUT_SHARE;

/// Where an object was seen.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Sighting {
    /// In 90 kHz ticks.
    pub(crate) time: i64,
    /// The anchor, in picture heights.
    pub(crate) at: Point,
    /// How high the object is, in picture heights: smoothed, and more than nothing.
    pub(crate) height: f64,
}

/// Heights below this, in picture heights, are this: a tenth of a pixel.
pub(crate) const SMALLEST_HEIGHT: f64 = 1e-4;

/// Boxes further from the picture than this, in picture heights, are no sighting. NaN is none either.
const FURTHEST: f64 = 1_000.0;

/// A box in picture heights.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Outline {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

impl Outline {
    /// `None` for a box with a number that is not finite, turned inside out, or far outside of the picture.
    pub(crate) fn new(bbox: &Rect, size: Size) -> Option<Self> {
        let scale = f64::from(size.height.max(1));
        let near = bbox.to_array().iter().all(|v| (v / scale).abs() <= FURTHEST);
        let sane = near && bbox.width() >= 0.0 && bbox.height() >= 0.0;
        sane.then(|| Self {
            left: bbox.left / scale,
            top: bbox.top / scale,
            right: bbox.right / scale,
            bottom: bbox.bottom / scale,
        })
    }

    pub(crate) fn height(&self) -> f64 {
        (self.bottom - self.top).max(SMALLEST_HEIGHT)
    }

    /// The anchor.
    pub(crate) fn anchor(&self, anchor: Anchor) -> Point {
        let x = (self.left + self.right) / 2.0;
        let y = match anchor {
            Anchor::Foot => self.bottom,
            Anchor::Center => (self.top + self.bottom) / 2.0,
            Anchor::Head => self.top,
        };
        [x, y]
    }

    /// Whether the edge that the anchor is on is the picture's border, so that the anchor is not the
    /// object's.
    pub(crate) fn is_cut(&self, anchor: Anchor) -> bool {
        // A box that reaches far beyond the border was completed by who made it.
        let (below, above) = ((self.bottom - 1.0).abs() <= CUT_SHARE, self.top.abs() <= CUT_SHARE);
        match anchor {
            Anchor::Foot => below,
            Anchor::Center => below || above,
            Anchor::Head => above,
        }
    }
}
