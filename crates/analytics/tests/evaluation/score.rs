//! Compares what was counted with what happened.

use super::{Crossing, Stay};

/// Sums over gates.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Tally {
    pub truth: usize,
    pub counted: usize,
    pub matched: usize,
    /// Of counted and true, by gate and direction.
    pub off: usize,
}

impl Tally {
    pub fn add(&mut self, other: &Self) {
        self.truth += other.truth;
        self.counted += other.counted;
        self.matched += other.matched;
        self.off += other.off;
    }

    pub fn f1(&self) -> f64 {
        percent(2 * self.matched, self.truth + self.counted)
    }

    pub fn precision(&self) -> f64 {
        percent(self.matched, self.counted)
    }

    pub fn recall(&self) -> f64 {
        percent(self.matched, self.truth)
    }

    pub fn bias(&self) -> f64 {
        100.0 * (self.counted as f64 - self.truth as f64) / self.truth.max(1) as f64
    }

    pub fn error(&self) -> f64 {
        percent(self.off, self.truth)
    }
}

fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

/// Whether two crossings may be the same: direction, 1.5 s, a quarter of the picture's height.
fn alike(a: &Crossing, b: &Crossing, fps: f64, height: f64) -> Option<f64> {
    let apart = (a.place[0] - b.place[0]).hypot(a.place[1] - b.place[1]);
    let late = (a.frame - b.frame).abs() / fps;
    (a.to_right == b.to_right && late <= 1.5 && apart <= 0.25 * height)
        .then_some(late + apart / height)
}

/// Pairs, the most alike first.
pub fn pairs(
    truth: &[Crossing],
    counted: &[Crossing],
    fps: f64,
    height: f64,
) -> Vec<(usize, usize)> {
    let mut all: Vec<(f64, usize, usize)> = Vec::new();
    for (i, a) in truth.iter().enumerate() {
        for (j, b) in counted.iter().enumerate() {
            all.extend(alike(a, b, fps, height).map(|cost| (cost, i, j)));
        }
    }
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut left, mut right) = (vec![false; truth.len()], vec![false; counted.len()]);
    all.retain(|(_, i, j)| {
        let free = !left[*i] && !right[*j];
        if free {
            (left[*i], right[*j]) = (true, true);
        }
        free
    });
    all.into_iter().map(|(_, i, j)| (i, j)).collect()
}

/// One gate. Crossings that were counted and belong to what is ignored are left out.
pub fn gate(
    truth: &[Crossing],
    ignored: &[Crossing],
    counted: &[Crossing],
    fps: f64,
    height: f64,
) -> Tally {
    let matched = pairs(truth, counted, fps, height);
    let is_matched = |j: &usize| matched.iter().any(|(_, m)| m == j);
    let rest: Vec<Crossing> =
        (0..counted.len()).filter(|j| !is_matched(j)).map(|j| counted[j]).collect();
    let excused = pairs(ignored, &rest, fps, height);
    let mut off = 0;
    for to_right in [false, true] {
        let count = |all: &[Crossing]| all.iter().filter(|c| c.to_right == to_right).count();
        let out = excused.iter().filter(|(_, j)| rest[*j].to_right == to_right).count();
        off += (count(counted) - out).abs_diff(count(truth));
    }
    Tally {
        truth: truth.len(),
        counted: counted.len() - excused.len(),
        matched: matched.len(),
        off,
    }
}

/// Sums over zones.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ZoneTally {
    pub truth: Vec<f64>,
    pub counted: Vec<f64>,
    pub off: usize,
    /// Sums over frames: of |counted − true|, and of true.
    pub occupancy_off: f64,
    pub occupancy: f64,
}

impl ZoneTally {
    /// One zone's stays, in seconds.
    pub fn add_stays(&mut self, truth: &[Stay], counted: &[Stay], fps: f64) {
        let secs = |stay: &Stay| (stay[1] - stay[0]) / fps;
        self.truth.extend(truth.iter().map(secs));
        self.counted.extend(counted.iter().map(secs));
        self.off += truth.len().abs_diff(counted.len());
    }

    pub fn add(&mut self, other: &Self) {
        self.truth.extend(&other.truth);
        self.counted.extend(&other.counted);
        self.off += other.off;
        self.occupancy_off += other.occupancy_off;
        self.occupancy += other.occupancy;
    }

    pub fn bias(&self) -> f64 {
        100.0 * (self.counted.len() as f64 / self.truth.len().max(1) as f64 - 1.0)
    }

    pub fn error(&self) -> f64 {
        percent(self.off, self.truth.len())
    }

    pub fn occupancy_error(&self) -> f64 {
        100.0 * self.occupancy_off / self.occupancy.max(1.0)
    }

    /// Medians of the true dwell and of the counted, in seconds.
    pub fn dwell(&self) -> [f64; 2] {
        [&self.truth, &self.counted].map(|dwells| {
            let mut sorted = dwells.clone();
            sorted.sort_by(f64::total_cmp);
            sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
        })
    }
}
