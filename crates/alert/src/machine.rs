//! The machine: occasions and the time in, events out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::RangeInclusive;
use std::sync::Arc;

use jiff::tz::TimeZone;
use razz_base::CameraId;

use crate::alert::WatchKey;
use crate::watch::{Context, Watch};
use crate::{Alert, Event, Occasion, Rule, RuleError, State, When};

/// So late facts are told: a crossing when somebody is beyond the line, the end of a visit after its grace,
/// each after detection. What lasts is judged so long after its time, when nothing before it is expected any
/// more, in µs. Raising it makes rehearsals right for later facts, and alerts later.
pub const LATE_US: i64 = 3_000_000;

/// Most watches (a rule at a camera and area) where something is the matter or was lately; each has one
/// alert. More are left out and [counted](Alerts::left_out). 20 rules for each of 100 areas; 5 kB for each at
/// most.
pub const MAX_WATCHES: usize = 2_000;
/// Most visitors of zones with a rule for dwelling, each of whom may be an alert: those of ten crowded
/// cameras. Of more, a zone forgets who came first. 0.5 kB for each.
pub const MAX_VISITORS: usize = 4_000;
/// Most cameras whose being offline is remembered.
pub const MAX_CAMERAS: usize = 10_000;
/// Most occasions that wait for those before them; of more, the first is judged at once. 5,000 a second.
pub const MAX_WAITING: usize = 16_384;

/// A clock that was so far ahead of what it says now was wrong, in µs.
const BACK_US: i64 = 60_000_000;
/// Times from 1970 to 2200; a clock that says another is wrong, and would be rung through day by day.
pub(crate) const TIMES_US: RangeInclusive<i64> = 0..=7_258_118_400_000_000;
/// Most events that are made before they are polled; a clock that jumps by years makes many.
const MAX_EVENTS: usize = 4_096;

/// Rules, what is so, and the alerts that come of it. It looks at no clock and speaks to nobody: hand it
/// [occasions](Self::handle) and [the time](Self::handle_time), and [poll](Self::poll) what becomes of them.
#[derive(Clone, Debug)]
pub struct Alerts {
    pub(crate) zone: TimeZone,
    pub(crate) rules: BTreeMap<Arc<str>, Rule>,
    /// The latest time that is known.
    pub(crate) clock_us: i64,
    /// What is to be judged in the order of its times: by time and arrival.
    pub(crate) waiting: BTreeMap<(i64, u64), Occasion>,
    pub(crate) arrived: u64,
    pub(crate) watches: BTreeMap<WatchKey, Watch>,
    /// When to look at which watch.
    pub(crate) timers: BTreeSet<(i64, WatchKey)>,
    pub(crate) visitors: usize,
    /// Whether a camera is online, and since when.
    pub(crate) cameras: BTreeMap<CameraId, (i64, bool)>,
    pub(crate) events: VecDeque<Event>,
    pub(crate) left_out: u64,
}

impl Alerts {
    /// Rules of different names, and the time zone that their schedules go by.
    pub fn new(rules: Vec<Rule>, zone: TimeZone) -> Result<Self, RuleError> {
        Rule::check_names(&rules)?;
        Ok(Self {
            zone,
            rules: rules.into_iter().map(|rule| (rule.shared_name().clone(), rule)).collect(),
            clock_us: 0,
            waiting: BTreeMap::new(),
            arrived: 0,
            watches: BTreeMap::new(),
            timers: BTreeSet::new(),
            visitors: 0,
            cameras: BTreeMap::new(),
            events: VecDeque::new(),
            left_out: 0,
        })
    }

    /// The rules, by name.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.values()
    }

    /// The alerts that are pending or firing.
    pub fn open(&self) -> impl Iterator<Item = &Alert> {
        self.watches.values().flat_map(|watch| {
            let visitors = watch.visitors.values().map(|visitor| &visitor.alert);
            let mine = watch.alert.iter().filter(|alert| alert.when != When::Dwell);
            let firing = mine.chain(visitors).filter(|alert| alert.state == State::Firing);
            firing.chain(&watch.pending)
        })
    }

    /// How many occasions were left out: of times before 1970 or after 2200, or past a bound of this machine.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Something happened. Hand occasions over in the order in which they become known; each is judged by its
    /// own time. What happens at a moment is judged now, what lasts when its time is [`LATE_US`] ago.
    pub fn handle(&mut self, occasion: &Occasion) {
        let at_us = occasion.at_us();
        if !TIMES_US.contains(&at_us) {
            self.left_out += 1;
            return;
        }
        self.clock_us = self.clock_us.max(at_us);
        if occasion.waits() {
            self.waiting.insert((at_us, self.arrived), occasion.clone());
            self.arrived += 1;
        }
        self.run();
        self.judge_moment(occasion);
    }

    /// It is so late, in UTC µs since 1970. What has waited long enough is judged, and alerts fire and end
    /// by themselves; call it at [`next_due`](Self::next_due).
    pub fn handle_time(&mut self, now_us: i64) {
        if !TIMES_US.contains(&now_us) {
            return;
        }
        // A clock that was put back by more than its steps are: what was later was wrong.
        if now_us > self.clock_us || self.clock_us - now_us > BACK_US {
            self.clock_us = now_us;
        }
        self.run();
    }

    /// When to call [`handle_time`](Self::handle_time) next, if nothing happens before.
    pub fn next_due(&self) -> Option<i64> {
        let timer = self.timers.first().map(|(at, _)| *at);
        let waiting = self.waiting.first_key_value().map(|((at, _), _)| *at);
        let first = [timer, waiting].into_iter().flatten().min()?;
        Some(first.saturating_add(LATE_US))
    }

    /// What became of alerts, one after the other. Poll until there is none.
    pub fn poll(&mut self) -> Option<Event> {
        if self.events.is_empty() {
            self.run();
        }
        self.events.pop_front()
    }

    /// Other rules. One that [watches the same](Rule::watches_the_same) under its name goes on; what is open
    /// of the others is over. A new rule knows nothing of what is so already: hand over what is so once
    /// more (occupancies, camera states, visits that go on); to the other rules that is no news.
    pub fn set_rules(&mut self, rules: Vec<Rule>) -> Result<(), RuleError> {
        Rule::check_names(&rules)?;
        let rules: BTreeMap<_, _> =
            rules.into_iter().map(|rule| (rule.shared_name().clone(), rule)).collect();
        let stays =
            |old: &Rule| rules.get(old.shared_name()).is_some_and(|new| new.watches_the_same(old));
        let gone: Vec<_> = self
            .rules
            .values()
            .filter(|old| !stays(old))
            .map(|old| old.shared_name().clone())
            .collect();
        let keys: Vec<_> =
            self.watches.keys().filter(|key| gone.contains(&key.rule)).cloned().collect();
        for key in keys {
            let now = self.clock_us;
            self.touch(&key, |watch, context| watch.clear(now, context.events));
            self.forget(&key);
        }
        self.rules = rules;
        // Another cooldown is over at another time.
        let keys: Vec<_> = self.watches.keys().cloned().collect();
        keys.iter().for_each(|key| self.touch(key, |_, _| ()));
        Ok(())
    }

    /// Judges what waits and does what is due, in the order of times, as far as nothing before it is expected.
    fn run(&mut self) {
        while self.events.len() < MAX_EVENTS {
            let settled = self.clock_us.saturating_sub(LATE_US);
            let timer = self.timers.first().map(|(at, _)| *at);
            let first = self.waiting.first_key_value().map(|((at, _), _)| *at);
            let settled = match first {
                Some(at) if self.waiting.len() > MAX_WAITING => settled.max(at),
                _ => settled,
            };
            match (timer, first) {
                (Some(at), _) if at <= settled && first.is_none_or(|first| at <= first) => {
                    if let Some((_, key)) = self.timers.first().cloned() {
                        self.elapse(&key);
                    }
                }
                (_, Some(at)) if at <= settled => {
                    if let Some((_, occasion)) = self.waiting.pop_first() {
                        self.judge(&occasion);
                    }
                }
                _ => return,
            }
        }
    }

    fn elapse(&mut self, key: &WatchKey) {
        let mut over = true;
        self.touch(key, |watch, context| over = watch.elapse(context));
        if over {
            self.forget(key);
        }
    }

    fn forget(&mut self, key: &WatchKey) {
        if let Some(watch) = self.watches.remove(key) {
            self.visitors = self.visitors.saturating_sub(watch.visitors.len());
            if let Some(at) = watch.timer_us {
                self.timers.remove(&(at, watch.key));
            }
        }
    }

    /// What happens at a moment, to the rules that look for it.
    fn judge_moment(&mut self, occasion: &Occasion) {
        let hits: Vec<_> = (self.rules.values())
            .filter_map(|rule| Some((rule.shared_name().clone(), rule.occurrence(occasion)?)))
            .collect();
        let camera = occasion.camera();
        for (rule, (area, occurrence)) in hits {
            self.make(WatchKey { rule, camera, area }, |watch, context| {
                watch.occur(occurrence, context);
            });
        }
        if let Occasion::Retracted { camera, area, track, media, at_us } = occasion {
            for key in self.keys(*camera, Some(area)) {
                self.touch(&key, |watch, context| watch.retract((*track, *media), *at_us, context));
            }
        }
    }

    /// What lasts, to the rules that look for it.
    fn judge(&mut self, occasion: &Occasion) {
        let (camera, at_us) = (occasion.camera(), occasion.at_us());
        match occasion {
            Occasion::CameraState { online, .. } => self.see(camera, at_us, *online),
            Occasion::Gone { area, .. } => {
                if area.is_none() {
                    self.cameras.remove(&camera);
                }
                for key in self.keys(camera, area.as_ref()) {
                    self.touch(&key, |watch, context| watch.clear(at_us, context.events));
                }
            }
            _ => {}
        }
        let found: Vec<_> = (self.rules.values())
            .filter_map(|rule| Some((rule.shared_name().clone(), rule.finding(occasion)?)))
            .collect();
        for (rule, (area, finding)) in found {
            let key = WatchKey { rule, camera, area };
            // That nothing is the matter is not worth remembering.
            if finding.holds || self.watches.contains_key(&key) {
                self.make(key, |watch, context| watch.find(at_us, finding, context));
            }
        }
        let stays: Vec<_> = (self.rules.values())
            .filter_map(|rule| Some((rule.shared_name().clone(), rule.stay(occasion)?)))
            .collect();
        for (rule, (area, stay)) in stays {
            let key = WatchKey { rule, camera, area: Some(area) };
            if stay.here || self.watches.contains_key(&key) {
                let room = self.visitors < MAX_VISITORS;
                let mut left_out = false;
                self.make(key, |watch, context| {
                    left_out = watch.visit(at_us, stay, room, context);
                });
                self.left_out += u64::from(left_out);
            }
        }
    }

    /// A camera is online or not: while it is not, nobody knows who is in its zones.
    fn see(&mut self, camera: CameraId, at_us: i64, online: bool) {
        let known = self.cameras.get(&camera);
        if known.is_some_and(|(known, _)| at_us < *known)
            || known.is_none() && self.cameras.len() >= MAX_CAMERAS
        {
            return;
        }
        self.cameras.insert(camera, (at_us, online));
        let of_zones = |key: &WatchKey| {
            let when = self.rules.get(&key.rule).map(|rule| rule.when);
            key.camera == camera && matches!(when, Some(When::Occupancy | When::Absence))
        };
        let keys: Vec<_> = self.watches.keys().filter(|key| of_zones(key)).cloned().collect();
        for key in keys {
            self.touch(&key, |watch, context| watch.set_blind(!online, at_us, context));
        }
    }

    /// The watches of a camera, of one area or of all.
    fn keys(&self, camera: CameraId, area: Option<&Arc<str>>) -> Vec<WatchKey> {
        let mine = |key: &&WatchKey| {
            key.camera == camera && area.is_none_or(|area| key.area.as_ref() == Some(area))
        };
        self.watches.keys().filter(mine).cloned().collect()
    }

    /// Takes these watches for those that there are.
    pub(crate) fn set_watches(&mut self, watches: Vec<Watch>) {
        self.timers.clear();
        self.visitors = watches.iter().map(|watch| watch.visitors.len()).sum();
        self.watches = watches.into_iter().map(|watch| (watch.key.clone(), watch)).collect();
        let keys: Vec<_> = self.watches.keys().cloned().collect();
        keys.iter().for_each(|key| self.touch(key, |_, _| ()));
    }

    /// Changes a watch, which is made if there is none.
    fn make(&mut self, key: WatchKey, change: impl FnOnce(&mut Watch, &mut Context<'_>)) {
        if !self.watches.contains_key(&key) {
            if self.watches.len() >= MAX_WATCHES {
                self.left_out += 1;
                return;
            }
            let in_the_picture = (self.rules.get(&key.rule))
                .is_some_and(|rule| matches!(rule.when, When::Occupancy | When::Absence));
            let offline = self.cameras.get(&key.camera).is_some_and(|(_, online)| !online);
            self.watches.insert(key.clone(), Watch::new(key.clone(), in_the_picture && offline));
        }
        self.touch(&key, change);
    }

    /// Changes a watch that is there, and sets its timer anew.
    fn touch(&mut self, key: &WatchKey, change: impl FnOnce(&mut Watch, &mut Context<'_>)) {
        let (Some(watch), Some(rule)) = (self.watches.get_mut(key), self.rules.get(&key.rule))
        else {
            return;
        };
        if let Some(at) = watch.timer_us.take() {
            self.timers.remove(&(at, key.clone()));
        }
        let before = watch.visitors.len();
        let mut context = Context { rule, zone: &self.zone, events: &mut self.events };
        change(watch, &mut context);
        self.visitors = (self.visitors + watch.visitors.len()).saturating_sub(before);
        watch.timer_us = watch.due_us(rule);
        if let Some(at) = watch.timer_us {
            self.timers.insert((at, key.clone()));
        }
    }
}
