//! How far two lists of detections of the same pictures agree.

use razz_base::Detection;
use serde_json::{Value, json};

use super::quantiles::rounded;

/// Boxes that score at least this are compared.
const LEAST: f64 = 0.25;

/// Both ways round: what one has and the other has not counts as much as the reverse.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Agreement {
    boxes: usize,
    /// With a partner of the same class that overlaps by 0.9 and more.
    near: usize,
    /// By 0.99 and more.
    exact: usize,
    /// Of partners.
    scores_apart: f64,
    most_apart: f64,
}

impl Agreement {
    /// Adds a picture. Each box is the partner of one at most, of the one that it overlaps most.
    pub(super) fn add(&mut self, ours: &[Detection], theirs: &[Detection]) {
        for (a, b) in [(ours, theirs), (theirs, ours)] {
            let mut free = vec![true; b.len()];
            for one in a.iter().filter(|one| one.score >= LEAST) {
                self.boxes += 1;
                let partners = (0..b.len()).filter(|&i| free[i] && b[i].class == one.class);
                let overlap = |i: &usize| b[*i].bbox.iou(&one.bbox);
                let best = partners.max_by(|a, b| overlap(a).total_cmp(&overlap(b)));
                let Some(partner) = best.filter(|i| overlap(i) >= 0.9) else { continue };
                free[partner] = false;
                self.near += 1;
                self.exact += usize::from(overlap(&partner) >= 0.99);
                let apart = (b[partner].score - one.score).abs();
                self.scores_apart += apart;
                self.most_apart = self.most_apart.max(apart);
            }
        }
    }

    /// Of all boxes, in percent.
    fn percent(&self, of: usize) -> f64 {
        100.0 * of as f64 / self.boxes.max(1) as f64
    }

    fn mean_apart(&self) -> f64 {
        self.scores_apart / self.near.max(1) as f64
    }

    /// In a line.
    pub(super) fn line(&self) -> String {
        format!(
            "{:.1} % of {} boxes have a partner with IoU 0.9, {:.1} % with 0.99; scores differ by \
             {:.4} on average, {:.4} at most",
            self.percent(self.near),
            self.boxes,
            self.percent(self.exact),
            self.mean_apart(),
            self.most_apart
        )
    }

    /// For scripts.
    pub(super) fn json(&self) -> Value {
        json!({
            "boxes": self.boxes,
            "iou_90_percent": rounded(self.percent(self.near), 2),
            "iou_99_percent": rounded(self.percent(self.exact), 2),
            "confidence_difference": rounded(self.mean_apart(), 5),
            "confidence_difference_max": rounded(self.most_apart, 5),
        })
    }
}

#[cfg(test)]
mod tests {
    use razz_base::{ClassId, Rect};

    use super::*;

    fn found(left: f64, class: u16, score: f64) -> Detection {
        let bbox = Rect::new(left, 0.0, left + 100.0, 100.0);
        Detection { bbox, class: ClassId(class), score }
    }

    #[test]
    fn partners_are_of_one_class_and_overlap() {
        let reference = [found(0.0, 0, 0.9), found(300.0, 0, 0.5), found(600.0, 0, 0.2)];
        for (ours, boxes, near, exact) in [
            (&reference[..], 4, 4, 4),
            (&[found(2.0, 0, 0.8), found(300.0, 0, 0.5)], 4, 4, 2),
            (&[found(0.0, 1, 0.9), found(300.0, 0, 0.5)], 4, 2, 2),
            (&[], 2, 0, 0),
            (&[found(0.0, 0, 0.9), found(0.0, 0, 0.9), found(300.0, 0, 0.5)], 5, 4, 4),
        ] {
            let mut agreement = Agreement::default();
            agreement.add(ours, &reference);
            let got = (agreement.boxes, agreement.near, agreement.exact);
            assert_eq!(got, (boxes, near, exact), "{ours:?}");
        }
        let mut agreement = Agreement::default();
        agreement.add(&[found(2.0, 0, 0.8), found(300.0, 0, 0.5)], &reference);
        assert!((agreement.mean_apart() - 0.05).abs() < 1e-9);
        assert!(
            (agreement.json()["confidence_difference_max"].as_f64().unwrap() - 0.1).abs() < 1e-9
        );
    }
}
