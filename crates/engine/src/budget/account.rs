//! What is known of one camera: what it wants, what its pictures cost and how often they come.

use razz_base::{AccessUnit, DetectRate, MediaTime, MonoTime};

use super::Allowance;
use super::share::Costs;

/// A camera that sent nothing for so long costs nothing.
const AWAY_US: i64 = 2_000_000;
/// Until two IDRs have come a GOP is taken to be so long: short, so that a camera that joins does not
/// take everything until it is known.
const USUAL_GOP_US: i64 = 2_000_000;
/// Longer ones are not counted on: nobody knows whether another IDR comes.
const LONGEST_GOP_US: i64 = 60_000_000;
/// What a camera got too little is made up for within so long, or within a GOP.
const SETTLE_S: f64 = 5.0;
/// So much does each picture count that the detector looked at, or did not have to; the second in a row
/// that it looked at counts more.
const ANSWERED: f64 = 0.04;
const MOVES: f64 = 0.25;
/// How often pictures come, until that is known.
const USUAL_FPS: f64 = 25.0;
/// So much does a new measurement count at least; the first ones, more.
const NEW: f64 = 0.01;
const NEW_KEY: f64 = 0.1;

/// A mean in which what is newer counts more.
#[derive(Clone, Copy, Debug, Default)]
struct Mean {
    of: f64,
    count: u32,
}

impl Mean {
    fn add(&mut self, value: f64, weight: f64) {
        self.count = self.count.saturating_add(1);
        self.of += weight.max(1.0 / f64::from(self.count)) * (value - self.of);
    }

    fn get(self) -> Option<f64> {
        (self.count > 0).then_some(self.of)
    }
}

#[derive(Debug)]
pub(super) struct Account {
    wanted: DetectRate,
    priority: f64,
    /// CPU time of decoding a key frame, and any other.
    key_us: Mean,
    other_us: Mean,
    /// Between two pictures, in µs of media time.
    interval_us: Mean,
    /// Where the GOP at hand began, if at an IDR.
    gop: Option<MediaTime>,
    gop_us: Option<i64>,
    reorders: bool,
    /// Its pictures stand alone, and those that are not wanted are not decoded.
    alone: bool,
    /// Only its key frames are decoded.
    dozes: bool,
    /// Whether the access unit before was decoded, and the one at hand.
    decodes: bool,
    decoded: bool,
    /// It is to rest until the next IDR.
    stopped: bool,
    /// Detections that it is behind what it was given.
    owed: f64,
    /// Of its pictures that were due, the share that the detector had to look at.
    looked: f64,
    looked_last: bool,
    /// What it is given times this makes up for that, from its last IDR on.
    pub(super) boost: f64,
    newest: Option<MediaTime>,
    arrived_at: Option<MonoTime>,
}

impl Account {
    pub(super) fn new(wanted: DetectRate, priority: f64) -> Self {
        Self {
            wanted,
            priority: priority.clamp(0.01, 100.0),
            key_us: Mean::default(),
            other_us: Mean::default(),
            interval_us: Mean::default(),
            gop: None,
            gop_us: None,
            reorders: false,
            alone: false,
            dozes: false,
            decodes: false,
            decoded: false,
            stopped: false,
            owed: 0.0,
            looked: 1.0,
            looked_last: false,
            boost: 1.0,
            newest: None,
            arrived_at: None,
        }
    }

    /// How much media time passes up to `au`, in µs.
    pub(super) fn passed_us(&self, au: &AccessUnit) -> i64 {
        self.newest.map_or(0, |newest| au.key.time.since_us(newest)).clamp(0, LONGEST_GOP_US)
    }

    /// In so much time it is given its share.
    pub(super) fn earn(&mut self, allowed: &Allowance, passed_us: i64) {
        let most = 2.0 * allowed.rate * self.settle_s();
        let earned = allowed.rate * passed_us as f64 / 1e6;
        self.owed = (self.owed + earned).clamp(-most, most);
    }

    /// A picture that was due has its detections; whether the detector had to look.
    pub(super) fn answered(&mut self, looked: bool) {
        self.owed -= 1.0;
        // While nothing moves it looks once in a while; twice in a row, something moves.
        let moves = looked && self.looked_last;
        self.looked_last = looked;
        let weight = if moves { MOVES } else { ANSWERED };
        self.looked += weight * (f64::from(u8::from(looked)) - self.looked);
    }

    /// Whether only its key frames are decoded from now on; answers whether that is news.
    pub(super) fn dozes(&mut self, dozes: bool) -> bool {
        std::mem::replace(&mut self.dozes, dozes) != dozes
    }

    /// In so many seconds it is to get what it is owed.
    fn settle_s(&self) -> f64 {
        (self.gop_us().unwrap_or(0) as f64 / 1e6).max(SETTLE_S)
    }

    /// How far it is behind its share; 1: by all that it is given in the time in which that is settled.
    pub(super) fn behind(&self, allowed: &Allowance) -> f64 {
        self.owed / (allowed.rate * self.settle_s()).max(0.1)
    }

    /// Answers whether that is news: it was away, or its GOPs are of another kind.
    pub(super) fn arrived(&mut self, au: &AccessUnit, now: MonoTime) -> bool {
        let time = au.key.time;
        let mut news = self.is_away(now);
        if let Some(newest) = self.newest {
            let passed_us = time.since_us(newest) as f64;
            if (1000.0..1_000_000.0).contains(&passed_us) && !au.format.reorders {
                self.interval_us.add(passed_us, NEW);
            }
        }
        self.reorders = au.format.reorders;
        self.alone = au.codec().stands_alone();
        self.decodes = std::mem::take(&mut self.decoded) || au.idr;
        if au.idr {
            self.stopped = false;
            news |= self.gop.is_none();
            if let Some(begun) = self.gop.replace(time) {
                let gop_us = time.since_us(begun).max(1);
                let old = self.gop_us.replace(gop_us);
                news |= old.is_none_or(|old| gop_us > 2 * old || old > 2 * gop_us);
            }
        }
        self.newest = Some(time);
        self.arrived_at = Some(now);
        news
    }

    /// Answers whether nothing was known of it before.
    pub(super) fn decoded(&mut self, key: bool, cpu_us: f64) -> bool {
        self.decoded = true;
        let (known, weight) =
            if key { (&mut self.key_us, NEW_KEY) } else { (&mut self.other_us, NEW) };
        // One that took ever so long does not say much.
        let most_us = known.get().map_or(cpu_us, |old| 4.0 * old.max(100.0));
        known.add(cpu_us.min(most_us), weight);
        known.count == 1
    }

    /// Whether it is being decoded, and not about to rest.
    pub(super) fn is_decoding(&self) -> bool {
        self.decodes && !self.stopped
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// It rests until the next IDR.
    pub(super) fn stop(&mut self) {
        self.stopped = true;
    }

    /// How much of its GOP has come, in µs.
    pub(super) fn in_gop_us(&self) -> i64 {
        self.gop.zip(self.newest).map_or(0, |(gop, newest)| newest.since_us(gop))
    }

    fn is_away(&self, now: MonoTime) -> bool {
        self.arrived_at.is_none_or(|at| now.since_us(at) > AWAY_US)
    }

    pub(super) fn priority(&self) -> f64 {
        self.priority
    }

    fn fps(&self) -> f64 {
        self.interval_us.get().map_or(USUAL_FPS, |us| 1e6 / us.max(1000.0))
    }

    /// What decoding one picture costs on average.
    pub(super) fn frame_us(&self) -> Option<f64> {
        self.other_us.get().or(self.key_us.get())
    }

    pub(super) fn wanted_rate(&self) -> f64 {
        match self.wanted {
            DetectRate::Off => 0.0,
            DetectRate::PerSecond(rate) => rate,
            DetectRate::Max => self.fps(),
        }
    }

    /// How long its GOPs are; `None` where decoding cannot stop before the end of a GOP, since no IDR
    /// would come to go on at.
    pub(super) fn gop_us(&self) -> Option<i64> {
        let begun = self.gop.filter(|_| !self.reorders)?;
        let so_far_us = self.newest.map_or(0, |newest| newest.since_us(begun));
        let gop_us = self.gop_us.unwrap_or(USUAL_GOP_US);
        (gop_us <= LONGEST_GOP_US && so_far_us <= 2 * LONGEST_GOP_US).then_some(gop_us)
    }

    /// What it costs; `None` while it costs nothing. `usual_us` is what a picture costs of which that
    /// is not known, `detection` what a detection costs, in seconds.
    pub(super) fn costs(&self, usual_us: f64, detection: f64, now: MonoTime) -> Option<Costs> {
        // Before its first IDR nothing is decoded of it.
        let waits = self.gop.is_none() && self.frame_us().is_none();
        if waits || self.is_away(now) || self.wanted == DetectRate::Off {
            return None;
        }
        let other_us = self.frame_us().unwrap_or(usual_us);
        let wanted = self.wanted_rate();
        // What stands alone is decoded as if it came no more often than it is wanted.
        let pictures = self.fps().min(wanted.max(0.1));
        let (fps, gop_us) = match self.alone {
            true => (pictures, Some((1e6 / pictures) as i64)),
            false => (self.fps(), self.gop_us()),
        };
        Some(Costs {
            wanted,
            priority: self.priority,
            fps,
            gop_us,
            dozes: self.dozes,
            key: self.key_us.get().unwrap_or(other_us) / 1e6,
            other: other_us / 1e6,
            detection: detection * self.looked,
        })
    }
}
