//! The one motion that most points agree on, in spite of those that follow something else.
//!
//! RANSAC (Fischler and Bolles, 1981) over similarities, which two points make; then least squares
//! over those that agree, weighted by Tukey's biweight. A camera that turns or zooms makes a
//! similarity, so an affine motion is only taken where it explains the points much better: its two
//! more parameters cost half a pixel at the corners of the picture.

use razz_base::Affine;

/// A point and where it went, in pixels of the finest level, pixel corners at whole numbers.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Pair {
    pub(super) from: [f64; 2],
    pub(super) to: [f64; 2],
}

impl Pair {
    /// How far the motion misses it.
    fn off(&self, motion: &Affine) -> f64 {
        let [x, y] = motion.apply(self.from);
        (x - self.to[0]).hypot(y - self.to[1])
    }
}

/// Pairs of points tried at most. With 40 % that agree, 64 miss one time in 70,000.
const TRIES: usize = 64;
/// Points this close to where a motion puts them agree with it, in pixels.
const AGREES: f64 = 0.35;
/// Pairs of points closer together than this say little about turning and scale.
const APART: f64 = 24.0;
/// Between two pictures no camera turns or zooms by more.
const SCALES: std::ops::Range<f64> = 0.8..1.25;
/// Rounds of weighted least squares.
const ROUNDS: usize = 8;
/// The least scale of Tukey's weights, in pixels: below it points are as good as they get.
const FINEST: f64 = 0.03;
/// An affine motion needs so many points.
const AFFINE_POINTS: usize = 24;
/// And they have to be spread this widely in their narrowest direction: standard deviation in
/// pixels.
const AFFINE_SPREAD: f64 = 24.0;
/// What an affine motion may leave unexplained of what a similarity does.
const AFFINE_GAIN: f64 = 0.75;

/// Finds the motion; keep it, so that it allocates once.
#[derive(Clone, Debug)]
pub(super) struct Fit {
    /// Of the points that agree with the motion, in the order given.
    agreeing: Vec<Pair>,
    /// How far they are off.
    off: Vec<f64>,
    random: u32,
}

impl Default for Fit {
    fn default() -> Self {
        Self { agreeing: Vec::new(), off: Vec::new(), random: 0x9E37_79B9 }
    }
}

impl Fit {
    /// The motion of most of `pairs`, and how many agree with it; `None` when no two agree.
    pub(super) fn find(&mut self, pairs: &[Pair]) -> Option<(Affine, usize)> {
        let (mut motion, mut best) = (None, 0.0);
        let mut tries = TRIES;
        let mut tried = 0;
        while tried < tries {
            tried += 1;
            let (a, b) = (self.pick(pairs.len())?, self.pick(pairs.len())?);
            let Some(candidate) = similarity(&pairs[a], &pairs[b]) else { continue };
            let agree = agreement(pairs, &candidate);
            // Two always agree with the motion that they make.
            if agree > best && agree > 2.5 {
                (motion, best) = (Some(candidate), agree);
                // With this share agreeing, so many tries find two of them 999 times of 1000.
                let share = agree / pairs.len() as f64;
                let miss = (1.0 - share * share).max(1e-9).ln();
                tries = tries.min((-6.9 / miss).ceil() as usize + 4);
            }
        }
        let mut motion = motion?;
        for _ in 0..ROUNDS {
            // A little further out, so that a poor start can get better.
            self.gather(pairs, &motion, 2.0 * AGREES);
            let scale = self.scale(&motion);
            let Some(moments) = Moments::new(&self.agreeing, &motion, scale) else { break };
            let Some(better) = moments.similarity() else { break };
            motion = better;
        }
        motion = self.affine(pairs, &motion).unwrap_or(motion);
        let agree = count(pairs, &motion, AGREES);
        Some((motion, agree))
    }

    /// The affine motion that explains `pairs` much better, if there is one. It begins with those
    /// that agree with `motion` and takes in more as they come to agree.
    fn affine(&mut self, pairs: &[Pair], motion: &Affine) -> Option<Affine> {
        let mut affine = *motion;
        // What a similarity misses may be far off at the picture's edges.
        for reach in [8.0, 6.0, 4.0, 3.0, 2.0, 2.0, 2.0] {
            self.gather(pairs, &affine, reach * AGREES);
            if self.agreeing.len() < AFFINE_POINTS {
                return None;
            }
            let scale = self.scale(&affine);
            affine = Moments::new(&self.agreeing, &affine, scale)?.affine()?;
        }
        let unexplained = |motion: &Affine| pairs.len() as f64 - agreement(pairs, motion);
        (unexplained(&affine) < AFFINE_GAIN * unexplained(motion)).then_some(affine)
    }

    /// The pairs that `motion` misses by less than `reach`.
    fn gather(&mut self, pairs: &[Pair], motion: &Affine, reach: f64) {
        self.agreeing.clear();
        self.agreeing.extend(pairs.iter().filter(|pair| pair.off(motion) < reach));
    }

    /// How far points that agree are off, as a standard deviation told from their median: what
    /// creeps along (people far away) shall not pull at the motion.
    fn scale(&mut self, motion: &Affine) -> f64 {
        self.off.clear();
        self.off.extend(self.agreeing.iter().map(|pair| pair.off(motion)));
        let middle = self.off.len() / 2;
        if middle == 0 {
            return FINEST;
        }
        // In two dimensions half lie within 1.1774 standard deviations (Rayleigh).
        let (_, median, _) = self.off.select_nth_unstable_by(middle, f64::total_cmp);
        (*median / 1.1774).max(FINEST)
    }

    /// A number below `limit` (xorshift: Marsaglia, 2003); `None` when there is none.
    fn pick(&mut self, limit: usize) -> Option<usize> {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        (self.random as usize).checked_rem(limit)
    }
}

/// How well pairs agree with a motion: 1 for each that it hits, less the further off, 0 past
/// [`AGREES`] (MSAC: Torr and Zisserman, 2000).
fn agreement(pairs: &[Pair], motion: &Affine) -> f64 {
    let [a11, a12, tx, a21, a22, ty] = motion.rows;
    let one = |pair: &Pair| {
        let [x, y] = pair.from;
        let dx = a11 * x + a12 * y + tx - pair.to[0];
        let dy = a21 * x + a22 * y + ty - pair.to[1];
        (1.0 - (dx * dx + dy * dy) / (AGREES * AGREES)).max(0.0)
    };
    pairs.iter().map(one).sum()
}

/// How many of `pairs` lie within `limit` of where `motion` puts them.
pub(super) fn count(pairs: &[Pair], motion: &Affine, limit: f64) -> usize {
    let [a11, a12, tx, a21, a22, ty] = motion.rows;
    let agrees = |pair: &&Pair| {
        let [x, y] = pair.from;
        let dx = a11 * x + a12 * y + tx - pair.to[0];
        let dy = a21 * x + a22 * y + ty - pair.to[1];
        dx * dx + dy * dy < limit * limit
    };
    pairs.iter().filter(agrees).count()
}

/// The similarity through two pairs; `None` where they are too close or it is no camera's.
fn similarity(one: &Pair, other: &Pair) -> Option<Affine> {
    let v = [other.from[0] - one.from[0], other.from[1] - one.from[1]];
    let w = [other.to[0] - one.to[0], other.to[1] - one.to[1]];
    let length = v[0] * v[0] + v[1] * v[1];
    if length < APART * APART {
        return None;
    }
    let a = (v[0] * w[0] + v[1] * w[1]) / length;
    let b = (v[0] * w[1] - v[1] * w[0]) / length;
    if !SCALES.contains(&a.hypot(b)) {
        return None;
    }
    let [x, y] = one.from;
    Some(Affine::new([a, -b, one.to[0] - a * x + b * y, b, a, one.to[1] - b * x - a * y]))
}

/// What weighted least squares need to know of points: how many, where they were and went on the
/// mean, and the products of their distances from there.
struct Moments {
    total: f64,
    from: [f64; 2],
    to: [f64; 2],
    xx: f64,
    xy: f64,
    yy: f64,
    /// Of where they went (first index) with where they were.
    cross: [[f64; 2]; 2],
}

impl Moments {
    /// Weighted by how far they are from where `motion` puts them; `None` when too few count.
    fn new(pairs: &[Pair], motion: &Affine, scale: f64) -> Option<Self> {
        let weight = |pair: &Pair| {
            let u = pair.off(motion) / (4.685 * scale);
            if u < 1.0 { (1.0 - u * u).powi(2) } else { 0.0 }
        };
        let mut total = 0.0;
        let (mut from, mut to) = ([0.0; 2], [0.0; 2]);
        for pair in pairs {
            let w = weight(pair);
            total += w;
            for i in 0..2 {
                from[i] += w * pair.from[i];
                to[i] += w * pair.to[i];
            }
        }
        if total < 2.0 {
            return None;
        }
        let (from, to) = (from.map(|v| v / total), to.map(|v| v / total));
        let mut moments = Self { total, from, to, xx: 0.0, xy: 0.0, yy: 0.0, cross: [[0.0; 2]; 2] };
        for pair in pairs {
            let w = weight(pair);
            let [x, y] = [pair.from[0] - from[0], pair.from[1] - from[1]];
            moments.xx += w * x * x;
            moments.xy += w * x * y;
            moments.yy += w * y * y;
            let off = [pair.to[0] - to[0], pair.to[1] - to[1]];
            for (row, off) in moments.cross.iter_mut().zip(off) {
                row[0] += w * off * x;
                row[1] += w * off * y;
            }
        }
        Some(moments)
    }

    fn similarity(&self) -> Option<Affine> {
        let length = self.xx + self.yy;
        if length < APART * APART {
            return None;
        }
        let [[xx, xy], [yx, yy]] = self.cross;
        let (a, b) = ((xx + yy) / length, (yx - xy) / length);
        self.with([[a, -b], [b, a]])
    }

    fn affine(&self) -> Option<Affine> {
        let Self { xx, xy, yy, .. } = *self;
        let narrow = (xx + yy) / 2.0 - (((xx - yy) / 2.0).powi(2) + xy * xy).sqrt();
        if narrow < self.total * AFFINE_SPREAD * AFFINE_SPREAD {
            return None;
        }
        let area = xx * yy - xy * xy;
        self.with(self.cross.map(|[x, y]| [(x * yy - y * xy) / area, (y * xx - x * xy) / area]))
    }

    /// The motion with this linear part that takes mean to mean.
    fn with(&self, [[a11, a12], [a21, a22]]: [[f64; 2]; 2]) -> Option<Affine> {
        let [x, y] = self.from;
        let shift = [self.to[0] - a11 * x - a12 * y, self.to[1] - a21 * x - a22 * y];
        let motion = Affine::new([a11, a12, shift[0], a21, a22, shift[1]]);
        motion.is_finite().then_some(motion)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points of a grid over 320x180, moved by `motion`; every `stray`-th of each hundred moves with
    /// an object of its own instead.
    fn pairs(motion: &Affine, strays: usize, noise: f64) -> Vec<Pair> {
        let object = Affine::translation(9.0, -4.0);
        (0..200)
            .map(|i| {
                let from = [(i % 20 * 16 + 8) as f64, (i / 20 * 17 + 6) as f64];
                let motion = if i * 37 % 100 < strays { &object } else { motion };
                let [x, y] = motion.apply(from);
                // A deterministic spread in [-noise, noise].
                let jitter = |k: usize| noise * ((i * k % 101) as f64 / 50.0 - 1.0);
                Pair { from, to: [x + jitter(17), y + jitter(53)] }
            })
            .collect()
    }

    /// The largest difference at the corners of the picture.
    fn apart(a: &Affine, b: &Affine) -> f64 {
        [[0.0, 0.0], [320.0, 0.0], [0.0, 180.0], [320.0, 180.0]]
            .map(|corner| {
                let ([ax, ay], [bx, by]) = (a.apply(corner), b.apply(corner));
                (ax - bx).hypot(ay - by)
            })
            .into_iter()
            .fold(0.0, f64::max)
    }

    #[test]
    fn most_points_decide() {
        let centre = [160.0, 90.0];
        for motion in [
            Affine::IDENTITY,
            Affine::translation(-13.25, 4.5),
            Affine::similarity(centre, 0.03, 1.02, [2.0, 1.0]),
            Affine::similarity(centre, -0.05, 0.95, [0.0, 0.0]),
            Affine::new([1.003, 0.004, -3.0, -0.002, 0.998, 5.0]),
        ] {
            let affine = motion.rows[0] != motion.rows[4];
            for (strays, noise, bound) in [(0, 0.0, 1e-6), (20, 0.1, 0.05), (45, 0.2, 0.15)] {
                // That an object moves as one, and the rest not quite, speaks for the object.
                if affine && strays > 20 {
                    continue;
                }
                let pairs = pairs(&motion, strays, noise);
                let (found, agree) = Fit::default().find(&pairs).unwrap();
                let off = apart(&found, &motion);
                assert!(off < bound, "{motion:?}, {strays} % strays: {off}, {found:?}");
                let want = pairs.len() * (100 - strays) / 100;
                assert!(agree.abs_diff(want) <= 4, "{agree} of {want} agree");
            }
        }
    }

    #[test]
    fn what_cannot_be_fitted_is_none() {
        let mut fit = Fit::default();
        let one = Pair { from: [5.0, 5.0], to: [6.0, 5.0] };
        assert_eq!(fit.find(&[]), None);
        assert_eq!(fit.find(&[one]), None);
        assert_eq!(fit.find(&[one; 40]), None, "all in one place");
        let nan = Pair { from: [100.0, 5.0], to: [f64::NAN, 5.0] };
        assert_eq!(fit.find(&[one, nan]), None);
    }
}
