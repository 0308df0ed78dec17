//! Where a box stands: its foot in the picture, and how well that is known.

use razz_base::{Rect, Size};

use super::{Place, Plane};
use crate::matrix::Point;

/// Standard deviation of a foot, in heights of the box: across, and down. Measured on the ground-truth boxes of three
/// public scenes, whose cross-view distances are 0.14 to 0.37 m for people of 1.7 m.
const FOOT_SD: [f64; 2] = [0.02, 0.03];

/// The same for a foot that is not seen and was put where a body of usual height would end.
const HIDDEN_FOOT_SD: [f64; 2] = [0.03, 0.08];

/// How much less sure a foot is in a box that another one covers whole, in standard deviations.
const COVERED_SD: f64 = 2.0;

/// A box that ends so near to the lower border, in shares of the picture's height, is cut off by it.
const BORDER: f64 = 0.008;

/// A box lower than this share of the height that people have there ends where something stands before them.
const HIDDEN_BELOW: f64 = 0.6;

/// How tall people are in one camera's picture: a plane through (foot's x, foot's y, height), all in pixels.
///
/// On flat ground the height of an upright body is linear in the place of its foot, zero at the horizon (Hoiem et al.,
/// *Putting objects in perspective*, CVPR 2006, equation 5).
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct HeightModel {
    /// height = base + across · x + down · y.
    base: f64,
    across: f64,
    down: f64,
}

impl HeightModel {
    /// Boxes that it takes at least.
    pub const FEWEST: usize = 50;

    /// From boxes that are not cut off, by least squares with Cauchy weights. `None` from too few of them, or where
    /// people would be shorter the nearer they are.
    pub fn fit(boxes: &[Rect], size: Size) -> Option<Self> {
        let whole: Vec<&Rect> = boxes.iter().filter(|b| !is_cut(b, size)).collect();
        if whole.len() < Self::FEWEST {
            return None;
        }
        let mut heights: Vec<f64> = whole.iter().map(|b| b.height()).collect();
        heights.sort_by(f64::total_cmp);
        let median = heights[heights.len() / 2];
        let mut model = Self { base: median, across: 0.0, down: 0.0 };
        for _ in 0..12 {
            let mut normal = nalgebra::Matrix3::from_diagonal_element(1e-6);
            let mut right = nalgebra::Vector3::zeros();
            for b in &whole {
                let [x, y] = bottom(b);
                let terms = nalgebra::Vector3::new(1.0, x, y);
                let expected = model.at([x, y]).max(0.2 * median);
                let miss = (b.height() - expected) / (0.1 * expected);
                // By relative error: those far away are as good as those that are near.
                let weight = 1.0 / (1.0 + miss * miss) / (expected * expected);
                normal += weight * terms * terms.transpose();
                right += weight * b.height() * terms;
            }
            let solved = normal.cholesky()?.solve(&right);
            model = Self { base: solved[0], across: solved[1], down: solved[2] };
        }
        (model.down > 0.0 && model.down < 10.0).then_some(model)
    }

    /// The height of a body that stands at a point of the picture, in pixels; not positive above the horizon.
    pub fn at(&self, [x, y]: Point) -> f64 {
        self.base + self.across * x + self.down * y
    }

    /// The foot of a body whose head is at a point of the picture.
    pub fn foot_below(&self, [x, top]: Point) -> Point {
        // foot − top = base + across · x + down · foot.
        let slope = 1.0 - self.down;
        if slope > 0.05 {
            [x, (top + self.base + self.across * x) / slope]
        } else {
            [x, top + self.at([x, top]).max(0.0)]
        }
    }
}

/// Where a box meets the ground, in pixels.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Foot {
    /// The point.
    pub at_px: Point,
    /// Standard deviation across and down.
    pub sd_px: [f64; 2],
    /// Whether the foot itself is hidden, and stands where a body of usual height would end.
    pub hidden: bool,
    /// What share of this box or of another one both have in common, the largest: where trackers confuse two.
    pub mixed: f64,
}

impl Foot {
    /// The foot of a box in a picture of `size`: the middle of its bottom. Where the border cuts the bottom off, or the
    /// box is much lower than people are there, it is where a body of usual height would end, if that is known.
    pub fn of(bbox: &Rect, size: Size, heights: Option<&HeightModel>) -> Self {
        let at_px = bottom(bbox);
        let height = bbox.height();
        let seen = Self { at_px, sd_px: FOOT_SD.map(|sd| sd * height), hidden: false, mixed: 0.0 };
        let Some(model) = heights else { return seen };
        let expected = model.at(at_px);
        let cut = is_cut_below(bbox, size);
        if expected <= 0.0 || !(cut || height < HIDDEN_BELOW * expected) {
            return seen;
        }
        let below = model.foot_below([at_px[0], bbox.top]);
        if below[1] <= at_px[1] || bbox.top <= BORDER * f64::from(size.height) {
            // Cut at both ends, or no shorter than others: nothing to go by.
            let sd_px = if cut { HIDDEN_FOOT_SD.map(|sd| sd * height) } else { seen.sd_px };
            return Self { sd_px, ..seen };
        }
        Self {
            at_px: below,
            sd_px: HIDDEN_FOOT_SD.map(|sd| sd * (below[1] - bbox.top)),
            hidden: true,
            mixed: 0.0,
        }
    }

    /// The same, less sure by how much of the box the others of its picture cover: what stands in front hides feet,
    /// and trackers confuse boxes that overlap.
    #[must_use]
    pub fn among(mut self, bbox: &Rect, others: impl Iterator<Item = Rect>) -> Self {
        let (mut covered, mut mixed) = (0.0_f64, 0.0_f64);
        for other in others {
            covered = covered.max(cover(bbox, &other));
            mixed = mixed.max(cover(bbox, &other)).max(cover(&other, bbox));
        }
        self.mixed = mixed;
        self.sd_px = self.sd_px.map(|sd| sd * (1.0 + COVERED_SD * covered));
        self
    }

    /// Its place on the ground.
    pub fn place(&self, plane: &Plane) -> Option<Place> {
        plane.to_ground(self.at_px, self.sd_px)
    }
}

/// What share of a box another one covers.
fn cover(bbox: &Rect, other: &Rect) -> f64 {
    let width = bbox.right.min(other.right) - bbox.left.max(other.left);
    let height = bbox.bottom.min(other.bottom) - bbox.top.max(other.top);
    if width <= 0.0 || height <= 0.0 { 0.0 } else { (width * height / bbox.area()).min(1.0) }
}

fn bottom(bbox: &Rect) -> Point {
    [(bbox.left + bbox.right) / 2.0, bbox.bottom]
}

fn is_cut_below(bbox: &Rect, size: Size) -> bool {
    bbox.bottom >= f64::from(size.height) * (1.0 - BORDER)
}

fn is_cut(bbox: &Rect, size: Size) -> bool {
    let (width, height) = (f64::from(size.width), f64::from(size.height));
    is_cut_below(bbox, size)
        || bbox.top <= height * BORDER
        || bbox.left <= width * BORDER
        || bbox.right >= width * (1.0 - BORDER)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size::new(640, 480);

    /// People 0.5 px high for every pixel below the horizon at y = 80.
    fn walkers() -> Vec<Rect> {
        let foot = (0..120).map(|n| [100.0 + 3.0 * f64::from(n), 150.0 + f64::from(n * 37 % 300)]);
        foot.map(|[x, y]| Rect::new(x - 10.0, y - 0.5 * (y - 80.0), x + 10.0, y)).collect()
    }

    #[test]
    fn heights_are_learned_from_walkers() {
        let model = HeightModel::fit(&walkers(), SIZE).unwrap();
        for (y, height) in [(180.0, 50.0), (380.0, 150.0)] {
            assert!((model.at([320.0, y]) - height).abs() < 0.5, "{y}");
        }
        let foot = model.foot_below([320.0, 230.0]);
        assert!((foot[1] - 380.0).abs() < 1.0, "{foot:?}");
        assert_eq!(HeightModel::fit(&walkers()[..40], SIZE), None);
    }

    #[test]
    fn a_foot_is_where_the_body_ends() {
        let model = HeightModel::fit(&walkers(), SIZE).unwrap();
        for (name, bbox, want, hidden) in [
            ("whole", Rect::new(300.0, 230.0, 340.0, 380.0), 380.0, false),
            ("behind a counter", Rect::new(300.0, 230.0, 340.0, 290.0), 380.0, true),
            ("cut off by the border", Rect::new(300.0, 290.0, 340.0, 480.0), 500.0, true),
            ("cut off at both ends", Rect::new(300.0, 0.0, 340.0, 480.0), 480.0, false),
            ("a tall one", Rect::new(300.0, 200.0, 340.0, 380.0), 380.0, false),
        ] {
            let foot = Foot::of(&bbox, SIZE, Some(&model));
            assert!((foot.at_px[1] - want).abs() < 1.5, "{name}: {foot:?}");
            assert_eq!(foot.hidden, hidden, "{name}");
            let plain = Foot::of(&bbox, SIZE, None);
            assert_eq!((plain.at_px[1], plain.hidden), (bbox.bottom, false), "{name}");
        }
    }
}
