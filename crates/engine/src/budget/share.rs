//! What a share of the wanted detections costs, and which share fits.
//!
//! In which order things give way, as the share of the wanted detections that a camera gets goes down:
//!
//! 1. From all down to half of them they are spread evenly over the GOP, and nothing is decoded after
//!    the last one. So the rate of detection gives way first, decoding with it.
//! 2. From [`EVEN`] down to [`COMPACT`] they move together, towards the IDR, up to the pace that the
//!    camera wanted: now decoding gives way faster than detection.
//! 3. Below that both give way alike, down to one detection a second.
//! 4. Then down to one for each key frame, where GOPs are longer than a second.
//! 5. When not even all key frames can be decoded, a share of them.

use super::{Allowance, GopShare};

/// As long as a camera gets this share of what it wants its detections are spread evenly.
const EVEN: f64 = 0.5;
/// Below this share they come at the pace that was wanted, and then none until the next IDR.
const COMPACT: f64 = 0.3;
/// Every camera keeps so many detections a second, or all that it wants, until decoding key frames
/// alone does not fit.
const KEPT: f64 = 1.0;

/// What one camera costs.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Costs {
    /// Detections per second.
    pub(super) wanted: f64,
    pub(super) priority: f64,
    /// Pictures per second.
    pub(super) fps: f64,
    /// `None` where all has to be decoded.
    pub(super) gop_us: Option<i64>,
    /// Only its key frames are decoded, since nothing moves.
    pub(super) dozes: bool,
    /// Seconds of CPU to decode a key frame, and any other picture.
    pub(super) key: f64,
    pub(super) other: f64,
    /// Seconds of CPU to detect on a picture.
    pub(super) detection: f64,
}

impl Costs {
    /// Cores that decoding takes, and those that detection takes.
    pub(super) fn of(&self, allowance: &Allowance) -> [f64; 2] {
        let rate = allowance.rate.min(self.wanted);
        let detection = rate * self.detection;
        let gop_s = self.gop_us.map_or(1.0, |us| us.max(1000) as f64 / 1e6);
        let pictures = if self.dozes { 1.0 } else { (gop_s * self.fps).max(1.0) };
        let Some(share) = allowance.decode else {
            return [(self.key + (pictures - 1.0) * self.other) / gop_s, detection];
        };
        let each = rate * gop_s;
        if each <= 1.0 {
            return [rate * self.key, detection];
        }
        // Up to the last of its detections.
        let others = match self.dozes {
            true => 0.0,
            false => share.window.min(1.0) * (1.0 - 1.0 / each) * pictures,
        };
        [(self.key + others * self.other) / gop_s, detection]
    }
}

impl Costs {
    /// Cores that are wanted while it is decoded.
    pub(super) fn while_decoding(&self, allowance: &Allowance) -> f64 {
        let window = allowance.decode.map_or(1.0, |share| share.window).max(1e-3);
        let pace = (allowance.rate / window).min(self.wanted);
        let others = if self.dozes { 0.0 } else { self.fps * self.other };
        others + pace * self.detection
    }

    /// The share of a GOP in which the detections fit that every camera keeps.
    pub(super) fn least_window(&self) -> f64 {
        KEPT.min(self.wanted) / self.wanted.max(1e-3)
    }
}

/// What everybody gets while capacity is short.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Plan {
    /// Of what is wanted, at priority 1.
    pub(super) share: f64,
    /// From 1, [`KEPT`] a second, down to 0, one for each key frame.
    pub(super) kept: f64,
    /// Of the key frames.
    pub(super) keys: f64,
}

impl Plan {
    /// Whether cameras get as little as a detection a second, or less.
    pub(super) fn keys_only(&self) -> bool {
        self.kept < 1.0
    }

    /// What a camera gets that wants so much and has GOPs of that length.
    pub(super) fn allowance(&self, wanted: f64, priority: f64, gop_us: Option<i64>) -> Allowance {
        let share = (self.share * priority).min(1.0);
        let least = wanted.min(KEPT);
        let Some(gop_us) = gop_us else {
            return Allowance { rate: (share * wanted).max(least), decode: None };
        };
        let per_key = least.min(1e6 / gop_us.max(1) as f64);
        let kept = self.keys * (per_key + self.kept * (least - per_key));
        let rate = (share * wanted).max(kept);
        let of_wanted = if wanted > 0.0 { rate / wanted } else { 1.0 };
        let slope = (1.0 - COMPACT) / (EVEN - COMPACT);
        let between = COMPACT + slope * (of_wanted - COMPACT);
        let window = if of_wanted < COMPACT { of_wanted } else { between.min(1.0) };
        Allowance { rate, decode: Some(GopShare { window, gop_us }) }
    }
}

/// What there is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) cores: f64,
    pub(super) detector_cores: f64,
}

impl Limits {
    /// Whether all cameras fit into the share `room` of it; without a plan, each with all it wants.
    pub(super) fn hold(&self, cameras: &[Costs], plan: Option<&Plan>, room: f64) -> bool {
        let (mut all, mut detector) = (0.0, 0.0);
        for camera in cameras {
            let allowance = plan.map_or(Allowance::UNLIMITED, |plan| {
                plan.allowance(camera.wanted, camera.priority, camera.gop_us)
            });
            let [decoding, detection] = camera.of(&allowance);
            all += decoding + detection;
            detector += detection;
        }
        all <= room * self.cores && detector <= room * self.detector_cores
    }
}

/// The most that fits.
pub(super) fn best(cameras: &[Costs], limits: &Limits) -> Plan {
    let least_priority = cameras.iter().map(|camera| camera.priority).fold(1.0, f64::min);
    let fits = |plan: &Plan| limits.hold(cameras, Some(plan), 1.0);
    let kept = Plan { share: 0.0, kept: 1.0, keys: 1.0 };
    if fits(&kept) {
        let share = highest(1.0 / least_priority, |share| fits(&Plan { share, ..kept }));
        return Plan { share, ..kept };
    }
    let per_key = Plan { kept: 0.0, ..kept };
    if fits(&per_key) {
        let kept = highest(1.0, |kept| fits(&Plan { kept, ..per_key }));
        return Plan { kept, ..per_key };
    }
    let keys = highest(1.0, |keys| fits(&Plan { keys, ..per_key }));
    // Where no more than some cameras' whole decoding fits, the others are not given up for it.
    Plan { keys: keys.max(0.05), ..per_key }
}

/// The highest number up to `most` of which `fits` is true; it is true of all below it as well.
fn highest(most: f64, fits: impl Fn(f64) -> bool) -> f64 {
    if fits(most) {
        return most;
    }
    let (mut low, mut high) = (0.0, most);
    for _ in 0..30 {
        let middle = f64::midpoint(low, high);
        if fits(middle) { low = middle } else { high = middle }
    }
    low
}
