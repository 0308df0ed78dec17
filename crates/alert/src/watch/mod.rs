//! One rule at one camera and area: its alert, what is so there, and what was sent of it when.

mod lasting;
mod visitors;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use jiff::tz::TimeZone;
use razz_base::{MediaTime, TrackId};

use crate::alert::{WatchKey, id};
use crate::condition::{Change, Condition, HOLD_US, Timing};
use crate::judge::Occurrence;
use crate::{Alert, Event, EventKind, Rule, State, When};

/// Most occurrences of a watch that are remembered, so that one that is told again is counted once: more
/// than a busy line has between a crossing and the last correction of it. 16 bytes each.
const MAX_REMEMBERED: usize = 256;

/// So long after the last news and the cooldown a watch where nothing is the matter is forgotten, in µs:
/// until then a correction of what was counted may come.
const KEEP_US: i64 = 600_000_000;

/// What a watch works with.
pub(crate) struct Context<'a> {
    pub(crate) rule: &'a Rule,
    pub(crate) zone: &'a TimeZone,
    pub(crate) events: &'a mut VecDeque<Event>,
}

impl<'a> Context<'a> {
    fn timing(&self) -> Timing<'a> {
        let dwell = self.rule.above.unwrap_or(0.0) * 1e6;
        let (for_us, hold_us) = match self.rule.when {
            // Who was in a zone is not gone for good before a grace of its own.
            When::Dwell => (dwell as i64, 0),
            _ => (self.rule.for_us, HOLD_US),
        };
        Timing { for_us, hold_us, schedule: &self.rule.schedule, zone: self.zone }
    }
}

fn tell(events: &mut VecDeque<Event>, kind: EventKind, at_us: i64, alert: &Alert, send: bool) {
    events.push_back(Event { kind, at_us, alert: alert.clone(), send });
}

/// Somebody in a zone.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Visitor {
    pub(crate) media: MediaTime,
    pub(crate) from_us: i64,
    pub(crate) condition: Condition,
    pub(crate) alert: Alert,
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Watch {
    pub(crate) key: WatchKey,
    /// When something was sent last: the cooldown counts from then.
    pub(crate) sent_us: Option<i64>,
    /// How often it happened since, unsent.
    pub(crate) more: u32,
    /// The alert that was sent last, which counts what happens within the cooldown.
    pub(crate) alert: Option<Alert>,
    /// An alert that may fire, and was told so.
    pub(crate) pending: Option<Alert>,
    pub(crate) condition: Condition,
    /// Whether what the rule looks for is so, as far as is known.
    pub(crate) holds: bool,
    /// The camera is offline: what is so in its picture is not known.
    pub(crate) blind: bool,
    /// What was found last, and since when the condition is so.
    pub(crate) class: Option<Arc<str>>,
    pub(crate) measured: Option<f64>,
    pub(crate) began: Option<(i64, MediaTime)>,
    /// The time of the last finding; older ones change nothing any more.
    pub(crate) found_us: Option<i64>,
    /// The time of the last news.
    pub(crate) news_us: i64,
    pub(crate) visitors: BTreeMap<TrackId, Visitor>,
    pub(crate) remembered: VecDeque<(TrackId, MediaTime)>,
    /// When the machine is to look at it, as it is in the machine's list.
    pub(crate) timer_us: Option<i64>,
}

/// What a watch does by itself.
enum Timer {
    Summary,
    Condition,
    Visitor(TrackId),
    Forget,
}

impl Watch {
    pub(crate) fn new(key: WatchKey, blind: bool) -> Self {
        Self {
            key,
            sent_us: None,
            more: 0,
            alert: None,
            pending: None,
            condition: Condition::new(),
            holds: false,
            blind,
            class: None,
            measured: None,
            began: None,
            found_us: None,
            news_us: i64::MIN,
            visitors: BTreeMap::new(),
            remembered: VecDeque::new(),
            timer_us: None,
        }
    }

    /// Something happened, and is over with that.
    pub(crate) fn occur(&mut self, new: Occurrence, context: &mut Context<'_>) {
        let name = (new.track, new.media);
        let (rule, at_us) = (context.rule, new.at_us);
        self.news_us = self.news_us.max(at_us);
        if !rule.schedule.contains(at_us, context.zone) || self.remembered.contains(&name) {
            return;
        }
        if self.remembered.len() >= MAX_REMEMBERED {
            self.remembered.pop_front();
        }
        self.remembered.push_back(name);
        self.sum_up(at_us, context);
        let cooling = self.cools(at_us, context.rule);
        if let Some(alert) = self.alert.as_mut().filter(|_| cooling) {
            alert.count = alert.count.saturating_add(1);
            alert.until_us = alert.until_us.max(Some(at_us));
            self.more = self.more.saturating_add(1);
            alert.more = self.more;
            tell(context.events, EventKind::Merged, at_us, alert, false);
            return;
        }
        let mut alert = self.draft(rule, at_us, Some(new.track));
        alert.since_media = Some(new.media);
        (alert.class, alert.direction) = (Some(new.class), new.direction);
        (alert.measured, alert.sends) = (new.measured, 1);
        alert.state = State::Firing;
        self.sent_us = Some(at_us);
        tell(context.events, EventKind::Fired, at_us, &alert, true);
        (alert.state, alert.until_us) = (State::Resolved, Some(at_us));
        tell(context.events, EventKind::Resolved, at_us, &alert, false);
        self.alert = Some(alert);
    }

    /// There was no such occurrence: it is counted no more. What was sent is sent.
    pub(crate) fn retract(
        &mut self,
        name: (TrackId, MediaTime),
        at_us: i64,
        context: &mut Context<'_>,
    ) {
        let Some(index) = self.remembered.iter().position(|&known| known == name) else { return };
        self.remembered.remove(index);
        self.sum_up(at_us, context);
        if let Some(alert) = self.alert.as_mut().filter(|alert| alert.count > 1 && self.more > 0) {
            alert.count -= 1;
            self.more -= 1;
            alert.more = self.more;
            tell(context.events, EventKind::Merged, at_us, alert, false);
        }
    }

    /// Nothing is so here any more: the camera, the area or the rule is gone.
    pub(crate) fn clear(&mut self, at_us: i64, events: &mut VecDeque<Event>) {
        (self.holds, self.found_us) = (false, None);
        self.news_us = self.news_us.max(at_us);
        match self.condition.drop_at(at_us) {
            Some(Change::Resolved { until_us }) => self.resolve(until_us, at_us, events),
            _ => self.withdraw(at_us, events),
        }
        self.clear_visitors(at_us, events);
    }

    /// When it does something by itself.
    pub(crate) fn due_us(&self, rule: &Rule) -> Option<i64> {
        self.timer(rule).map(|(due, _)| due)
    }

    /// Does what is due first. Returns whether nothing is left to remember.
    pub(crate) fn elapse(&mut self, context: &mut Context<'_>) -> bool {
        match self.timer(context.rule) {
            None => {}
            Some((_, Timer::Forget)) => return true,
            Some((due, Timer::Summary)) => self.sum_up(due, context),
            Some((due, Timer::Condition)) => {
                let change = self.condition.elapse(context.timing());
                self.change(change, due, context);
            }
            Some((due, Timer::Visitor(track))) => {
                if let Some(visitor) = self.visitors.get_mut(&track) {
                    let change = visitor.condition.elapse(context.timing());
                    self.change_visit(track, change, due, context);
                }
            }
        }
        false
    }

    /// What is due first, and when; at the same time in this order.
    fn timer(&self, rule: &Rule) -> Option<(i64, Timer)> {
        let cooled = self.sent_us.map(|sent| sent.saturating_add(rule.cooldown_us));
        let summary = cooled.filter(|_| self.more > 0).map(|at| (at, Timer::Summary));
        let condition = self.condition.due_us().map(|at| (at, Timer::Condition));
        let due = |(track, visitor): (&TrackId, &Visitor)| {
            visitor.condition.due_us().map(|at| (at, Timer::Visitor(*track)))
        };
        let visitors = self.visitors.iter().filter_map(due).min_by_key(|(at, _)| *at);
        let idle =
            self.more == 0 && !self.holds && self.condition.is_off() && self.visitors.is_empty();
        let forget = cooled.unwrap_or(i64::MIN).max(self.news_us).saturating_add(KEEP_US);
        let forget = idle.then_some((forget, Timer::Forget));
        [summary, condition, visitors, forget].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    /// Sends how many more there were, where the cooldown is over.
    fn sum_up(&mut self, now_us: i64, context: &mut Context<'_>) {
        let Some(sent) = self.sent_us.filter(|_| self.more > 0) else { return };
        let due = sent.saturating_add(context.rule.cooldown_us);
        if due > now_us {
            return;
        }
        self.sent_us = Some(due);
        let more = std::mem::take(&mut self.more);
        if let Some(alert) = &mut self.alert {
            alert.sends = alert.sends.saturating_add(1);
            alert.more = more;
            tell(context.events, EventKind::Summary, due, alert, true);
            alert.more = 0;
        }
    }

    /// Whether something was sent so lately that nothing is to be sent then.
    fn cools(&self, at_us: i64, rule: &Rule) -> bool {
        self.sent_us.is_some_and(|sent| at_us < sent.saturating_add(rule.cooldown_us))
    }

    fn draft(&self, rule: &Rule, since_us: i64, track: Option<TrackId>) -> Alert {
        Alert {
            id: id(&self.key, since_us, track),
            rule: self.key.rule.clone(),
            when: rule.when,
            state: State::Pending,
            camera: self.key.camera,
            area: self.key.area.clone(),
            class: None,
            direction: None,
            measured: None,
            held_us: 0,
            since_us,
            since_media: None,
            until_us: None,
            count: 1,
            more: 0,
            sends: 0,
            track,
        }
    }
}
