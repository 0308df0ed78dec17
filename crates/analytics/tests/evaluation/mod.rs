//! Counting, measured: sequences with ground truth, gates and zones from a seed, a truth rule that is not
//! ours, other programs' rules, and scores.
#![allow(dead_code, unreachable_pub, reason = "each test and example uses its own part")]

pub mod drawings;
pub mod measure;
pub mod peers;
pub mod score;
pub mod sequences;
pub mod truth;

/// A crossing as anybody's rule tells it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Crossing {
    /// Frame, with fractions.
    pub frame: f64,
    /// Where, in pixels.
    pub place: [f64; 2],
    /// To the right of the line.
    pub to_right: bool,
}

/// A stay as anybody's rule tells it: first and last frame.
pub type Stay = [f64; 2];

/// A line in pixels.
pub type Line = [[f64; 2]; 2];

/// Boxes of one id, in the order of frames.
pub type Track = Vec<(u32, razz_base::Rect)>;

/// The foot of a box.
pub fn foot(bbox: &razz_base::Rect) -> [f64; 2] {
    [(bbox.left + bbox.right) / 2.0, bbox.bottom]
}

/// The distance to the right of the line through two points.
pub fn right_of(line: &Line, p: [f64; 2]) -> f64 {
    let [a, b] = line;
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    (dx * (p[1] - a[1]) - dy * (p[0] - a[0])) / dx.hypot(dy)
}

/// The place along the line, 0 at its first end and 1 at its last.
pub fn along(line: &Line, p: [f64; 2]) -> f64 {
    let [a, b] = line;
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    (dx * (p[0] - a[0]) + dy * (p[1] - a[1])) / (dx * dx + dy * dy)
}

/// Where and when the way between two sightings meets the line's straight extension.
pub fn meet(line: &Line, p: (f64, [f64; 2]), q: (f64, [f64; 2])) -> (f64, [f64; 2]) {
    let (before, after) = (right_of(line, p.1), right_of(line, q.1));
    let t = if before == after { 0.5 } else { (before / (before - after)).clamp(0.0, 1.0) };
    let between = |a: f64, b: f64| a + t * (b - a);
    (between(p.0, q.0), [between(p.1[0], q.1[0]), between(p.1[1], q.1[1])])
}
