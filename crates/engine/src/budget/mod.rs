//! One budget of CPU time for decoding and detection: how much of each camera the machine carries.
//!
//! It is told what a picture costs to decode and to detect on, how often pictures and key frames
//! come, and what each camera wants. While all of that fits, everybody gets all. When it does not,
//! every camera gets the same share of the detections that it wants (by its priority), and no more is
//! decoded than these detections need; `share` says what that costs and in which order things give
//! way. No clock, no thread: time and costs are handed in.

mod account;
mod share;

use std::collections::BTreeMap;

use razz_base::{AccessUnit, CameraId, DetectRate, MonoTime};

use self::account::Account;
use self::share::Plan;

/// With more than this many access units waiting, decoding is behind.
pub(crate) const BEHIND: usize = 3;

/// How much of a camera may be decoded and detected on.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Allowance {
    /// Detections per second on average.
    pub rate: f64,
    /// How much of each GOP is decoded; `None`: all of it.
    pub decode: Option<GopShare>,
}

impl Allowance {
    /// As much as is wanted.
    pub const UNLIMITED: Self = Self { rate: f64::INFINITY, decode: None };
}

/// How much of each GOP is decoded.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct GopShare {
    /// Within this share of the GOP, from its IDR on, its detections lie. Raising it spreads them out,
    /// and more has to be decoded to reach the last of them.
    pub window: f64,
    /// How long a GOP is, in µs of media time.
    pub gop_us: i64,
}

/// How often the plan is made anew.
const PLAN_EVERY_US: i64 = 1_000_000;
/// This share of the cores is planned for. The rest is for what comes in bursts.
const PLANNED: f64 = 0.95;
/// However busy the machine is with other things, this share of the cores is planned for: whoever
/// asks for nothing gets nothing.
const LEAST_PLANNED: f64 = 0.15;
/// How often it is looked whether too many are decoded at once.
const LOOK_EVERY_US: i64 = 100_000;
/// Those that are decoded at the same time may want so much of what is planned for: more is made up
/// for when there are fewer.
const CROWDED: f64 = 1.0;
/// So much more or less than its share does a camera get, to make up for what it did not get or had
/// too much of.
const LEAST_BOOST: f64 = 0.3;
const MOST_BOOST: f64 = 2.0;
/// The machine is behind when more than this share of the pictures comes late to the decoder, or is
/// not looked at before the next one.
const LATE: f64 = 0.1;
/// With more than this share of the cores idle it is not the machine that is behind: work came in a
/// bunch, as where GOPs begin together.
const IDLE: f64 = 0.12;
/// Pictures that have to come in a while before that is judged.
const ENOUGH: u32 = 10;
/// After it was behind it is not asked for more for so long, twice as long each time.
const HOLD_US: i64 = 4_000_000;
const LONGEST_HOLD_US: i64 = 60_000_000;
/// When it is not behind, so much of a core is tried in addition each time, per core.
const STEP: f64 = 0.03;
/// Everything is allowed again when it fits into this share of what is planned for.
const FITS_AGAIN: f64 = 0.93;
/// Less than so much more of the share is not worth a new plan for every camera.
const DEADBAND: f64 = 0.05;
/// A share grows by at most this factor each time.
const GROWTH: f64 = 1.25;

/// Who catches up for longer than that lets another one do so as well.
const LONGEST_CATCH_UP_US: i64 = 1_000_000;

/// How many pictures came somewhere, and how many of them too late.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    pictures: u32,
    late: u32,
}

impl Tally {
    fn count(&mut self, late: bool) {
        self.pictures += 1;
        self.late += u32::from(late);
    }

    fn is_behind(&self) -> bool {
        self.pictures >= ENOUGH && f64::from(self.late) > LATE * f64::from(self.pictures)
    }
}

/// What the machine has and what its cameras cost.
#[derive(Debug)]
pub struct Budget {
    cores: f64,
    /// Cores that the detector may use at most.
    detector_cores: f64,
    /// Cores that are planned for, by what was found to be too much.
    limit: f64,
    /// No more than that is tried before.
    hold_until: MonoTime,
    hold_us: i64,
    /// Cores that the rest of the server uses.
    others: f64,
    /// Cores that nobody uses; `None` while that is not known.
    idle: Option<f64>,
    /// CPU time of one detection.
    detection_us: Option<f64>,
    cameras: BTreeMap<CameraId, Account>,
    /// Those that catch up with what they kept, and since when.
    catching_up: BTreeMap<CameraId, MonoTime>,
    /// What everybody gets; `None`: all.
    plan: Option<Plan>,
    planned_at: MonoTime,
    looked_at: MonoTime,
    /// What happened since.
    spent_us: f64,
    arrivals: Tally,
    offers: Tally,
    /// Something changed that does not wait for the next plan.
    urgent: bool,
}

impl Budget {
    /// Of a machine with so many cores, of which the detector may use some.
    pub fn new(cores: f64, detector_cores: f64, now: MonoTime) -> Self {
        let cores = cores.max(0.1);
        Self {
            cores,
            detector_cores: detector_cores.clamp(0.1, cores),
            limit: PLANNED * cores,
            hold_until: now,
            hold_us: HOLD_US,
            others: 0.0,
            idle: None,
            detection_us: None,
            cameras: BTreeMap::new(),
            catching_up: BTreeMap::new(),
            plan: None,
            planned_at: now,
            looked_at: now,
            spent_us: 0.0,
            arrivals: Tally::default(),
            offers: Tally::default(),
            urgent: false,
        }
    }

    // ---- what happened ----

    /// A camera takes part, or wants something else from now on. `priority` is its weight: raising it
    /// takes from the others while capacity is short.
    pub fn join(&mut self, camera: CameraId, wanted: DetectRate, priority: f64) {
        self.cameras.insert(camera, Account::new(wanted, priority));
        self.catching_up.remove(&camera);
        self.urgent = true;
    }

    /// A camera is gone.
    pub fn leave(&mut self, camera: CameraId) {
        self.urgent |= self.cameras.remove(&camera).is_some();
        self.catching_up.remove(&camera);
    }

    /// An access unit of a camera is next at its decoder, `queued` more wait behind it.
    pub fn arrived(&mut self, au: &AccessUnit, queued: usize, now: MonoTime) {
        let Some(account) = self.cameras.get_mut(&au.key.camera) else { return };
        let passed_us = account.passed_us(au);
        self.urgent |= account.arrived(au, now);
        self.arrivals.count(queued > BEHIND);
        let Some(plan) = self.plan else { return };
        let account = &mut self.cameras.get_mut(&au.key.camera).expect("it is there");
        let allowed = plan.allowance(account.wanted_rate(), account.priority(), account.gop_us());
        account.earn(&allowed, passed_us);
        if au.idr {
            let behind = account.behind(&allowed);
            self.boost(au.key.camera, behind, &plan);
        }
        if au.idr || now.since_us(self.looked_at) >= LOOK_EVERY_US {
            self.looked_at = now;
            self.stop_most_ahead(&plan, now);
        }
    }

    /// From this IDR on a camera gets more or less than its share, by how far it is behind it more
    /// than the others are.
    fn boost(&mut self, camera: CameraId, behind: f64, plan: &Plan) {
        let others = self.cameras.values().filter(|account| account.gop_us().is_some());
        let behind_of = |account: &Account| {
            let (wanted, priority) = (account.wanted_rate(), account.priority());
            account.behind(&plan.allowance(wanted, priority, account.gop_us()))
        };
        let (count, sum) =
            others.map(behind_of).fold((0.0, 0.0), |(count, sum), one| (count + 1.0, sum + one));
        let mean = sum / f64::max(count, 1.0);
        if let Some(account) = self.cameras.get_mut(&camera) {
            account.boost = (1.0 + behind - mean).clamp(LEAST_BOOST, MOST_BOOST);
        }
    }

    /// Where too many cameras are decoded at the same time, since their GOPs happen to begin together,
    /// those rest that have had the most of what they are given.
    fn stop_most_ahead(&mut self, plan: &Plan, now: MonoTime) {
        let detection = self.detection_us.unwrap_or(0.0) / 1e6;
        let usual_us = self.usual_us();
        let mut wanted = 0.0;
        let mut ahead = Vec::new();
        for (id, account) in &self.cameras {
            let Some(costs) = account.costs(usual_us, detection, now) else { continue };
            if !account.is_decoding() {
                continue;
            }
            let allowed = plan.allowance(costs.wanted, costs.priority, costs.gop_us);
            let cores = costs.while_decoding(&allowed);
            wanted += cores;
            if let Some(gop_us) = costs.gop_us
                && account.in_gop_us() as f64 > costs.least_window() * gop_us as f64
            {
                ahead.push((account.behind(&allowed), *id, cores));
            }
        }
        ahead.sort_by(|a, b| a.0.total_cmp(&b.0));
        let there = CROWDED * self.there();
        for (_, id, cores) in ahead {
            if wanted <= there {
                return;
            }
            wanted -= cores;
            if let Some(account) = self.cameras.get_mut(&id) {
                account.stop();
            }
        }
    }

    /// What decoding a picture costs of which that is not known.
    fn usual_us(&self) -> f64 {
        let known: Vec<f64> = self.cameras.values().filter_map(Account::frame_us).collect();
        known.iter().sum::<f64>() / known.len().max(1) as f64
    }

    /// Cores that are planned for.
    fn there(&self) -> f64 {
        (self.limit - self.others).max(LEAST_PLANNED * self.cores)
    }

    /// A camera's picture was decoded for so much CPU time.
    pub fn decoded(&mut self, camera: CameraId, key: bool, cpu_us: f64) {
        self.spent_us += cpu_us;
        if let Some(account) = self.cameras.get_mut(&camera) {
            self.urgent |= account.decoded(key, cpu_us);
        }
    }

    /// The detector looked at a picture of a camera.
    pub fn looked(&mut self, camera: CameraId) {
        if let Some(account) = self.cameras.get_mut(&camera) {
            account.answered(true);
        }
    }

    /// A picture of a camera was due, and nothing had moved on it, so that the detector did not have to
    /// look.
    pub fn unchanged(&mut self, camera: CameraId) {
        if let Some(account) = self.cameras.get_mut(&camera) {
            account.answered(false);
        }
    }

    /// Whether only key frames of a camera are decoded from now on, since nothing moves there.
    pub fn dozes(&mut self, camera: CameraId, dozes: bool) {
        if let Some(account) = self.cameras.get_mut(&camera) {
            self.urgent |= account.dozes(dozes);
        }
    }

    /// Whether a camera may decode what it kept while it dozed: as many as there are cores may at a
    /// time.
    pub fn may_catch_up(&mut self, camera: CameraId, now: MonoTime) -> bool {
        self.catching_up.retain(|_, since| now.since_us(*since) < LONGEST_CATCH_UP_US);
        let has_place = self.catching_up.contains_key(&camera);
        if !has_place && self.catching_up.len() >= (self.cores as usize).max(1) {
            return false;
        }
        self.catching_up.entry(camera).or_insert(now);
        true
    }

    /// It has done so.
    pub fn caught_up(&mut self, camera: CameraId) {
        self.catching_up.remove(&camera);
    }

    /// So many pictures were looked at for so much CPU time in all.
    pub fn detected(&mut self, pictures: u64, cpu_us: f64) {
        self.spent_us += cpu_us;
        if pictures > 0 {
            let each = cpu_us / pictures as f64;
            self.urgent |= self.detection_us.is_none();
            // The more there are, the more they say.
            let weight = (pictures as f64 / 50.0).min(0.5);
            let old = self.detection_us.unwrap_or(each);
            self.detection_us = Some(old + weight * (each - old));
        }
    }

    /// A picture was offered to the detector; `lost`: in place of one that it had no time for.
    pub fn offered(&mut self, lost: bool) {
        self.offers.count(lost);
    }

    /// The rest of the server uses so many cores.
    pub fn others_use(&mut self, cores: f64) {
        self.others += 0.5 * (cores.max(0.0) - self.others);
    }

    /// Of all cores so many were idle since it was said last; `None`: that cannot be told.
    pub fn idle(&mut self, cores: Option<f64>) {
        self.idle = cores.map(|cores| {
            let old = self.idle.unwrap_or(cores);
            old + 0.5 * (cores.max(0.0) - old)
        });
    }

    // ---- what follows ----

    /// Whether [`Self::plan`] wants to be called.
    pub fn is_due(&self, now: MonoTime) -> bool {
        self.urgent || now.since_us(self.planned_at) >= PLAN_EVERY_US
    }

    /// Says anew what each camera gets.
    pub fn plan(&mut self, now: MonoTime) {
        self.urgent = false;
        let elapsed_us = now.since_us(self.planned_at);
        if elapsed_us >= PLAN_EVERY_US {
            self.judge(elapsed_us, now);
        }
        let usual_us = self.usual_us();
        let detection = self.detection_us.unwrap_or(0.0) / 1e6;
        let costs: Vec<share::Costs> = self
            .cameras
            .values()
            .filter_map(|account| account.costs(usual_us, detection, now))
            .collect();
        self.plan = self.share(&costs);
    }

    fn share(&self, costs: &[share::Costs]) -> Option<Plan> {
        let limits =
            share::Limits { cores: self.there(), detector_cores: PLANNED * self.detector_cores };
        let room = if self.plan.is_some() { FITS_AGAIN } else { 1.0 };
        if limits.hold(costs, None, room) {
            return None;
        }
        let best = share::best(costs, &limits);
        let Some(old) = self.plan else { return Some(best) };
        // Less at once, more step by step, and neither for nothing.
        let small = best.share <= (1.0 + DEADBAND) * old.share;
        if best.keys_only() || old.keys_only() {
            return Some(best);
        }
        if small && limits.hold(costs, Some(&old), 1.0) {
            return Some(old);
        }
        Some(Plan { share: best.share.min(GROWTH * old.share.max(0.02)), ..best })
    }

    /// Finds out whether what is planned for is there.
    fn judge(&mut self, elapsed_us: i64, now: MonoTime) {
        let spent = self.spent_us / elapsed_us as f64;
        let is_idle = self.idle.is_some_and(|idle| idle > IDLE * self.cores);
        let behind = !is_idle && (self.arrivals.is_behind() || self.offers.is_behind());
        let most = PLANNED * self.cores;
        if behind {
            // It did what it could.
            let could = (spent + self.others).max(LEAST_PLANNED * self.cores);
            self.limit = (0.97 * self.limit).min(could.max(0.8 * self.limit));
            self.limit = self.limit.max(LEAST_PLANNED * self.cores);
            if now >= self.hold_until {
                self.hold_until = now.plus_us(self.hold_us);
                self.hold_us = (2 * self.hold_us).min(LONGEST_HOLD_US);
            }
        } else if self.limit < most && now >= self.hold_until {
            self.limit = (self.limit + STEP * self.cores).min(most);
        } else if self.limit >= most {
            self.hold_us = HOLD_US;
        }
        self.planned_at = now;
        self.spent_us = 0.0;
        (self.arrivals, self.offers) = (Tally::default(), Tally::default());
    }

    /// What a camera gets.
    pub fn allowance(&self, camera: CameraId) -> Allowance {
        let (Some(plan), Some(account)) = (&self.plan, self.cameras.get(&camera)) else {
            return Allowance::UNLIMITED;
        };
        let weight = account.priority() * account.boost;
        let mut allowed = plan.allowance(account.wanted_rate(), weight, account.gop_us());
        if let (true, Some(share)) = (account.is_stopped(), &mut allowed.decode) {
            share.window = 0.0;
        }
        allowed
    }

    /// Cores that decoding all of a camera takes; `None` while that is not known.
    pub fn decode_cores(&self, camera: CameraId, now: MonoTime) -> Option<f64> {
        let account = self.cameras.get(&camera)?;
        account.frame_us()?;
        let costs = share::Costs { dozes: false, ..account.costs(0.0, 0.0, now)? };
        Some(costs.of(&Allowance::UNLIMITED)[0])
    }

    /// How many cameras like those that send now would get all that they want; `None` while it is not
    /// known what they cost.
    pub fn cameras_that_fit(&self, now: MonoTime) -> Option<f64> {
        let detection = self.detection_us? / 1e6;
        let usual_us = self.usual_us();
        let (mut count, mut cores, mut detector) = (0.0, 0.0, 0.0);
        for account in self.cameras.values() {
            let Some(costs) = account.costs(usual_us, detection, now) else { continue };
            account.frame_us()?;
            let [decoding, detection] = costs.of(&Allowance::UNLIMITED);
            count += 1.0;
            cores += decoding + detection;
            detector += detection;
        }
        let by_cores = self.there() / cores;
        let by_detector = PLANNED * self.detector_cores / detector;
        (count > 0.0 && cores > 0.0).then(|| count * by_cores.min(by_detector))
    }

    /// What one detection costs, in µs of CPU; `None` before one was measured.
    pub fn detection_us(&self) -> Option<f64> {
        self.detection_us
    }

    /// Whether somebody gets less than all.
    pub fn is_short(&self) -> bool {
        self.plan.is_some()
    }
}

#[cfg(test)]
mod tests;
