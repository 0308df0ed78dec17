//! Suppression: of one class, what overlaps a better one by more than a limit is dropped.

use super::Candidate;

/// Greedy suppression within each class. `found` is sorted, best first; `kept` is overwritten with
/// the best, at most `most`.
pub(super) fn suppress(found: &[Candidate], limit: f32, most: usize, kept: &mut Vec<Candidate>) {
    kept.clear();
    for candidate in found {
        if kept.len() == most {
            break;
        }
        let overlaps =
            |kept: &Candidate| kept.class == candidate.class && overlap(kept, candidate) > limit;
        if !kept.iter().any(overlaps) {
            kept.push(*candidate);
        }
    }
}

/// Intersection over union.
fn overlap(a: &Candidate, b: &Candidate) -> f32 {
    let width = (a.right.min(b.right) - a.left.max(b.left)).max(0.0);
    let height = (a.bottom.min(b.bottom) - a.top.max(b.top)).max(0.0);
    let area = |c: &Candidate| (c.right - c.left).max(0.0) * (c.bottom - c.top).max(0.0);
    let intersection = width * height;
    let union = area(a) + area(b) - intersection;
    if union > 0.0 { intersection / union } else { 0.0 }
}
