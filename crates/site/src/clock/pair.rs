//! What two cameras' clocks differ by, from people whom both see.
//!
//! A camera whose times are late by δ shows a walker where he was δ ago: its place is behind the other camera's by
//! δ · velocity. What planes disagree by does not turn with the walker, so that both come apart in one regression
//! (after Albl et al., *On the two-view geometry of unsynchronized cameras*, CVPR 2017, on the ground plane):
//!
//! place in b − place in a = A · (1, x, y) − δ · velocity + noise.

use nalgebra::{SMatrix, SVector};

use crate::matrix::{Point, dot, minus};

/// Unknowns: three of the plane's difference for each axis, and δ.
const UNKNOWNS: usize = 7;

/// Seconds after which a meeting counts half for the estimate.
const HALF_LIFE_S: f64 = 300.0;

/// Meetings of one second err alike, so that so many of them are worth one.
const CORRELATED: f64 = 14.0;

/// Slower than this nobody tells the time, in m/s.
const SLOWEST: f64 = 0.3;

/// Sums of so many seconds of traffic each are compared with the long run to notice a slip, the last five of them.
const BLOCK_S: f64 = 10.0;
const BLOCKS: usize = 5;

/// A slip is noticed where it is so many standard deviations and so many µs.
const SLIP_SDS: f64 = 4.0;
const SLIP_US: f64 = 90_000.0;

/// One person at one moment, by two cameras' frames of the same stated time.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Meeting {
    /// When, by the site's line, in µs.
    pub at_us: i64,
    /// Where the first camera sees them, in metres.
    pub a: Point,
    /// Where the second does.
    pub b: Point,
    /// How fast they go, in m/s.
    pub velocity: Point,
    /// Variance of one axis of b − a, in m².
    pub variance: f64,
}

/// How far the second camera's times are ahead of the first's.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct OffsetEstimate {
    /// Times of the second camera minus those of the first for one moment, in µs.
    pub ahead_us: f64,
    /// Its standard deviation, in µs.
    pub sd_us: f64,
}

/// Two clocks that moved against each other.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Slip {
    /// When it was noticed, in µs.
    pub at_us: i64,
    /// By how much the second camera's times are ahead of what they were, in µs.
    pub by_us: f64,
    /// How sure that is, in standard deviations.
    pub sds: f64,
}

/// Sums of one block of traffic: δ alone, the plane's difference taken off.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
struct Block {
    seconds: f64,
    speed2: f64,
    product: f64,
}

/// The estimator of one pair of cameras.
#[derive(Clone, PartialEq, Debug)]
pub struct PairOffset {
    normal: SMatrix<f64, UNKNOWNS, UNKNOWNS>,
    right: SVector<f64, UNKNOWNS>,
    /// Sum of squared residuals in units of their variance, and their number, forgetting alike.
    squares: f64,
    count: f64,
    last_us: Option<i64>,
    /// What blocks are compared with: the solution from before the blocks, so that a slip does not hide itself.
    solution: SVector<f64, UNKNOWNS>,
    /// Solutions since, oldest first.
    newer: Vec<SVector<f64, UNKNOWNS>>,
    /// Oldest first; the last is being filled.
    blocks: Vec<Block>,
    /// Blocks that were filled since all began.
    blocks_done: usize,
}

impl Default for PairOffset {
    fn default() -> Self {
        // Planes agree within half a metre and a twentieth a metre, clocks within a second.
        let one = |sd: f64| 1.0 / (sd * sd);
        let prior = [one(0.5), one(0.05), one(0.05), one(0.5), one(0.05), one(0.05), one(1.0)];
        Self {
            normal: SMatrix::from_diagonal(&SVector::from(prior)),
            right: SVector::zeros(),
            squares: 1.0,
            count: 1.0,
            last_us: None,
            solution: SVector::zeros(),
            newer: Vec::new(),
            blocks: vec![Block::default()],
            blocks_done: 0,
        }
    }
}

impl PairOffset {
    /// Takes a meeting; answers a slip when it is noticed, once for each. Meetings come in order of time.
    pub fn handle_meeting(&mut self, meeting: &Meeting) -> Option<Slip> {
        let speed = dot(meeting.velocity, meeting.velocity).sqrt();
        let usable = speed.is_finite()
            && meeting.variance > 0.0
            && meeting.a.iter().chain(&meeting.b).all(|v| v.is_finite());
        if !usable || speed < SLOWEST {
            return None;
        }
        let passed_s =
            self.last_us.map_or(0.0, |last| (meeting.at_us - last) as f64 / 1e6).max(0.0);
        self.last_us = Some(meeting.at_us);
        self.forget(passed_s);
        let difference = minus(meeting.b, meeting.a);
        let mut misses = [0.0; 2];
        for axis in 0..2 {
            let mut row = SVector::<f64, UNKNOWNS>::zeros();
            row[3 * axis] = 1.0;
            row[3 * axis + 1] = meeting.a[0];
            row[3 * axis + 2] = meeting.a[1];
            row[6] = -meeting.velocity[axis];
            misses[axis] = difference[axis] - row.dot(&self.solution);
            let miss2 = misses[axis] * misses[axis] / meeting.variance;
            // A pair that is none (Cauchy's weights), and meetings of one second that err alike.
            let weight = 1.0 / (meeting.variance * CORRELATED * (1.0 + miss2 / 9.0));
            self.normal += weight * row * row.transpose();
            self.right += weight * difference[axis] * row;
            self.squares += miss2.min(9.0);
            self.count += 1.0;
        }
        self.fill(meeting, misses, passed_s)
    }

    /// The offset; `None` until walkers in several directions have narrowed it to 150 ms.
    pub fn estimate(&self) -> Option<OffsetEstimate> {
        let factor = self.normal.cholesky()?;
        let solution = factor.solve(&self.right);
        let variance = factor.inverse()[(6, 6)] * (self.squares / self.count).max(1.0);
        let found = OffsetEstimate { ahead_us: solution[6] * 1e6, sd_us: variance.sqrt() * 1e6 };
        (found.sd_us < 150_000.0).then_some(found)
    }

    fn forget(&mut self, passed_s: f64) {
        if passed_s > 0.0 {
            let kept = 0.5_f64.powf(passed_s.min(60.0) / HALF_LIFE_S);
            self.normal *= kept;
            self.right *= kept;
            self.squares *= kept;
            self.count *= kept;
            let prior = Self::default().normal;
            self.normal += (1.0 - kept) * prior;
        }
    }

    /// Adds to the block at hand, and compares when it is full.
    fn fill(&mut self, meeting: &Meeting, misses: [f64; 2], passed_s: f64) -> Option<Slip> {
        let variance = meeting.variance * CORRELATED * (self.squares / self.count).max(1.0);
        // What is left of the place at the long run's δ, as a change of δ.
        let block = self.blocks.last_mut()?;
        block.seconds += passed_s.min(1.0);
        block.speed2 += dot(meeting.velocity, meeting.velocity) / variance;
        let size = 1.0 + dot(misses, misses) / (9.0 * variance);
        block.product -= dot(meeting.velocity, misses) / (variance * size);
        if block.seconds < BLOCK_S {
            return None;
        }
        let (speed2, product) = self
            .blocks
            .iter()
            .fold((0.0, 0.0), |sum, block| (sum.0 + block.speed2, sum.1 + block.product));
        let (change_us, sd_us) = (product / speed2 * 1e6, 1e6 / speed2.sqrt());
        let known = self.estimate().map_or(f64::INFINITY, |estimate| estimate.sd_us);
        let sd_us = sd_us.hypot(known);
        // A slip is told from what is known; at first that is nothing.
        let slipped = self.blocks_done > 2 * BLOCKS
            && change_us.abs() > SLIP_US
            && change_us.abs() > SLIP_SDS * sd_us;
        if slipped {
            let found =
                Slip { at_us: meeting.at_us, by_us: change_us, sds: change_us.abs() / sd_us };
            self.start_anew(change_us);
            return Some(found);
        }
        if let Some(factor) = self.normal.cholesky() {
            self.newer.push(factor.solve(&self.right));
        }
        // At first there is nothing but the newest.
        if self.newer.len() > BLOCKS || self.blocks_done < BLOCKS {
            self.solution = self.newer.remove(0);
        }
        self.blocks_done += 1;
        self.blocks.push(Block::default());
        if self.blocks.len() > BLOCKS {
            self.blocks.remove(0);
        }
        None
    }

    /// Keeps what is known of the planes and forgets the offset, which is another one now.
    fn start_anew(&mut self, change_us: f64) {
        self.solution[6] += change_us / 1e6;
        let planes = self.solution;
        let fresh = Self::default();
        self.normal *= 0.05;
        self.normal += fresh.normal;
        self.right = self.normal * planes;
        self.blocks = fresh.blocks;
        self.newer.clear();
        self.blocks_done = 0;
    }
}
