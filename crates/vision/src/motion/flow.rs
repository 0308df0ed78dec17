//! Where a window of one picture went in the next: pyramidal Lucas-Kanade.
//!
//! Bouguet, "Pyramidal Implementation of the Lucas Kanade Feature Tracker" (2000), with the
//! gradients of the earlier picture only (Baker and Matthews, "Lucas-Kanade 20 Years On", 2004,
//! section 3.2: inverse compositional), so that a round only samples the later one. Gradients lose
//! their mean over the window, which makes a change of brightness that is the same all over the
//! window harmless.

use super::gray::{Gray, LEVELS, Pyramid};
use crate::simd::{Eight, vectorised};

/// Columns and rows of the window: a vector of f32 is one row.
pub(super) const WINDOW: usize = 8;
const PIXELS: f32 = (WINDOW * WINDOW) as f32;
/// Pixels that a window keeps from the edge, for its gradients and to be moved at all.
pub(super) const MARGIN: usize = 2;
/// Rounds at the finest level; two or three do where there is something to hold on to.
const ROUNDS: usize = 8;
/// Rounds at coarser levels, which need not be exact.
const COARSE_ROUNDS: usize = 4;
/// A round that moves less is the last one, in pixels of its level.
const ENOUGH: f32 = 0.01;
/// Pixels of a level that it can correct; further off it has found something else.
const REACH: f32 = 6.0;
/// The least worth of a window at a coarse level, per pixel, in squared levels of 255: below it the
/// guess from the level above stands.
const LEAST: f32 = 1.0;

/// Where a window went.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Step {
    /// Pixels of the finest level, right and down.
    pub(super) by: [f32; 2],
    /// How different what lies there is: mean difference in levels of 255, brightness aside.
    pub(super) residual: f32,
}

/// Follows the window around `middle` (of the finest level, pixel corners at whole numbers) from
/// one picture to another of the same size, from where `guess` puts it. `None` when it left the
/// picture, or was not found.
pub(super) fn follow(
    from: &Pyramid,
    to: &Pyramid,
    middle: [usize; 2],
    guess: [f32; 2],
) -> Option<Step> {
    let least = LEAST * (WINDOW * WINDOW) as f32 * from.unit() * from.unit();
    let mut by = guess.map(|v| v / (1 << (LEVELS - 1)) as f32);
    for level in (1..LEVELS).rev() {
        let (from, to) = (&from.levels[level], &to.levels[level]);
        // Half a pixel of a coarse level does not matter; it is only a guess.
        let origin = middle.map(|v| (v >> level).saturating_sub(WINDOW / 2));
        if let Some(window) = Window::cut(from, origin, least)
            && let Some((found, _)) = window.search(to, by, COARSE_ROUNDS)
        {
            by = found;
        }
        by = by.map(|v| 2.0 * v);
    }
    let origin = middle.map(|v| v - WINDOW / 2);
    let window = Window::cut(&from.levels[0], origin, 0.0)?;
    let (by, residual) = window.search(&to.levels[0], by, ROUNDS)?;
    Some(Step { by, residual: residual / from.unit() })
}

/// The first round of [`follow`] at the finest level, from where `guess` puts the window: enough to
/// see that it is still there, and much cheaper. The residual is that of the guess.
pub(super) fn glance(
    from: &Pyramid,
    to: &Pyramid,
    middle: [usize; 2],
    guess: [f32; 2],
) -> Option<Step> {
    let window = Window::cut(&from.levels[0], middle.map(|v| v - WINDOW / 2), 0.0)?;
    let (by, residual) = window.search(&to.levels[0], guess, 1)?;
    Some(Step { by, residual: residual / from.unit() })
}

type Samples = [Eight; WINDOW];

/// A window of the earlier picture, ready to be looked for.
struct Window {
    origin: [f32; 2],
    samples: Samples,
    /// Gradients without their mean.
    across: Samples,
    down: Samples,
    /// The inverse of the sum of their products: xx, xy, yy.
    inverse: [f32; 3],
}

impl Window {
    /// `None` where it does not fit, or its gradients are worth less than `least`.
    fn cut(gray: &Gray, [left, top]: [usize; 2], least: f32) -> Option<Self> {
        if gray.width < WINDOW + 2 || gray.height < WINDOW + 2 {
            return None;
        }
        let left = left.clamp(1, gray.width - WINDOW - 1);
        let top = top.clamp(1, gray.height - WINDOW - 1);
        let mut window = Self {
            origin: [left as f32, top as f32],
            samples: [Eight::default(); WINDOW],
            across: [Eight::default(); WINDOW],
            down: [Eight::default(); WINDOW],
            inverse: [0.0; 3],
        };
        let [xx, xy, yy] = differentiate(gray, left, top, &mut window);
        let area = xx * yy - xy * xy;
        let smaller = (xx + yy) / 2.0 - (((xx - yy) / 2.0).powi(2) + xy * xy).sqrt();
        // Also refuses what is flat.
        if area.is_nan() || area <= 0.0 || smaller < least {
            return None;
        }
        window.inverse = [yy / area, -xy / area, xx / area];
        Some(window)
    }

    /// Looks for the window in `gray`, from `by`, in at most so many rounds. The residual is that
    /// before the last round.
    fn search(&self, gray: &Gray, mut by: [f32; 2], rounds: usize) -> Option<([f32; 2], f32)> {
        let start = by;
        let mut residual = f32::INFINITY;
        for _ in 0..rounds {
            let [x, y] = [self.origin[0] + by[0], self.origin[1] + by[1]];
            let fits = |v: f32, len: usize| v >= 0.0 && v < (len - WINDOW) as f32;
            if !fits(x, gray.width) || !fits(y, gray.height) {
                return None;
            }
            let off = compare(self, gray, [x, y]);
            residual = off.residual;
            let [xx, xy, yy] = self.inverse;
            let step = [xx * off.across + xy * off.down, xy * off.across + yy * off.down];
            by = [by[0] - step[0], by[1] - step[1]];
            if by.iter().zip(start).any(|(a, b)| (a - b).abs() > REACH) {
                return None;
            }
            if step[0].abs().max(step[1].abs()) < ENOUGH {
                break;
            }
        }
        Some((by, residual))
    }
}

/// How what lies at a place differs from a window.
struct Off {
    /// Sums of the differences times the gradients.
    across: f32,
    down: f32,
    residual: f32,
}

/// A row of a window.
#[inline(always)]
fn load(gray: &Gray, left: usize, y: usize) -> Eight {
    Eight::of(&gray.data[y * gray.width + left..])
}

/// A row of a window that begins `along` of a pixel to the right.
#[inline(always)]
fn blend(gray: &Gray, left: usize, y: usize, along: Eight) -> Eight {
    let here = load(gray, left, y);
    here + (load(gray, left + 1, y) - here) * along
}

vectorised! {
    /// Fills in samples and gradients, and answers the sums of the products of the gradients.
    fn differentiate(gray: &Gray, left: usize, top: usize, window: &mut Window) -> [f32; 3] {
        let half = Eight::splat(0.5);
        let mut sums = [Eight::default(); 2];
        for r in 0..WINDOW {
            let y = top + r;
            window.samples[r] = load(gray, left, y);
            window.across[r] = (load(gray, left + 1, y) - load(gray, left - 1, y)) * half;
            window.down[r] = (load(gray, left, y + 1) - load(gray, left, y - 1)) * half;
            sums = [sums[0] + window.across[r], sums[1] + window.down[r]];
        }
        let means = sums.map(|lanes| Eight::splat(lanes.sum() / PIXELS));
        let mut products = [Eight::default(); 3];
        for r in 0..WINDOW {
            let (across, down) = (window.across[r] - means[0], window.down[r] - means[1]);
            (window.across[r], window.down[r]) = (across, down);
            products = [
                products[0] + across * across,
                products[1] + across * down,
                products[2] + down * down,
            ];
        }
        products.map(Eight::sum)
    }
}

vectorised! {
    /// Compares a window with what lies at `at` (left, top), which with a pixel more on the right
    /// and below is inside of `gray`.
    fn compare(window: &Window, gray: &Gray, at: [f32; 2]) -> Off {
        let [left, top] = at.map(|v| v as usize);
        let [along, between] = [at[0] - left as f32, at[1] - top as f32].map(Eight::splat);
        let mut differences = [Eight::default(); WINDOW];
        let mut sums = [Eight::default(); 3];
        let mut upper = blend(gray, left, top, along);
        for (r, out) in differences.iter_mut().enumerate() {
            let lower = blend(gray, left, top + r + 1, along);
            let difference = upper + (lower - upper) * between - window.samples[r];
            *out = difference;
            sums = [
                sums[0] + difference * window.across[r],
                sums[1] + difference * window.down[r],
                sums[2] + difference,
            ];
            upper = lower;
        }
        let [across, down, all] = sums.map(Eight::sum);
        let mean = Eight::splat(all / PIXELS);
        let mut residual = Eight::default();
        for difference in differences {
            residual = residual + (difference - mean).abs();
        }
        Off { across, down, residual: residual.sum() / PIXELS }
    }
}
