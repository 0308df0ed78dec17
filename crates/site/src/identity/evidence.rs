//! How likely two tracks are one object, from where both were over the last seconds.
//!
//! The logarithm of how much likelier two places are if they are of one object (a normal distribution by both places'
//! covariances) than if they are of two (anywhere on the floor that a person has to himself).

use std::f64::consts::TAU;

use super::Settings;
use super::tracks::{Sample, TrackMemory};
use crate::matrix::{Sym2, minus};
use crate::plane::Place;

/// The nats of one pair of places: positive where they are rather one object's than two's that share `floor_m2`.
pub(super) fn nats(a: &Place, b: &Place, floor_m2: f64, settings: &Settings) -> f64 {
    open_nats(a, b, floor_m2, settings).clamp(-settings.most_nats, settings.most_nats)
}

/// The same without a bound: for who was lost, where how far matters.
pub(super) fn open_nats(a: &Place, b: &Place, floor_m2: f64, settings: &Settings) -> f64 {
    let bias = Sym2::round(settings.bias_m).times(2.0);
    let cov = a.cov.plus(b.cov).plus(bias);
    floor_m2.ln() - cov.distance2(minus(a.at, b.at)) / 2.0 - (TAU * cov.det().sqrt()).ln()
}

/// Evidence of a pair of tracks.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Evidence {
    /// For (positive) or against their being one.
    pub(super) nats: f64,
    /// Steps that both were seen at.
    pub(super) steps: u32,
}

/// The evidence of two tracks over the steps that both were seen at: the mean of what each says, since a plane's error
/// stays for seconds and does not average out. Less than a second of it counts less.
pub(super) fn compare(
    a: &TrackMemory,
    b: &TrackMemory,
    since_us: i64,
    settings: &Settings,
) -> Evidence {
    let (mut sum, mut steps, mut first_us, mut last_us) = (0.0, 0_u32, i64::MAX, i64::MIN);
    both(a, b, since_us, |x, y| {
        sum += nats(&x.place, &y.place, settings.crowd_m2, settings);
        steps += 1;
        first_us = first_us.min(x.at_us);
        last_us = last_us.max(x.at_us);
    });
    if steps == 0 {
        return Evidence::default();
    }
    let seconds = (last_us - first_us) as f64 / 1e6 + 0.1;
    Evidence { nats: sum / f64::from(steps) * seconds / (seconds + settings.half_s), steps }
}

/// Calls `each` with the samples of the same steps, newest first.
pub(super) fn both(
    a: &TrackMemory,
    b: &TrackMemory,
    since_us: i64,
    mut each: impl FnMut(&Sample, &Sample),
) {
    let (mut left, mut right) =
        (a.samples.iter().rev().peekable(), b.samples.iter().rev().peekable());
    while let (Some(x), Some(y)) = (left.peek(), right.peek()) {
        if x.at_us.min(y.at_us) < since_us {
            return;
        }
        match x.at_us.cmp(&y.at_us) {
            std::cmp::Ordering::Greater => left.next(),
            std::cmp::Ordering::Less => right.next(),
            std::cmp::Ordering::Equal => {
                each(x, y);
                left.next();
                right.next()
            }
        };
    }
}
