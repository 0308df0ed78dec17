//! What lasts at a watch: found, pending, firing, over.

use std::collections::VecDeque;

use super::{Context, Watch, tell};
use crate::condition::Change;
use crate::judge::Finding;
use crate::{Alert, Event, EventKind, Rule, State};

impl Watch {
    /// What the rule looks for is so from now on, or is not.
    pub(crate) fn find(&mut self, at_us: i64, new: Finding, context: &mut Context<'_>) {
        if self.found_us.is_some_and(|found| at_us < found) {
            return;
        }
        self.found_us = Some(at_us);
        self.news_us = self.news_us.max(at_us);
        self.holds = new.holds;
        if new.holds {
            (self.class, self.measured) = (new.class, new.measured);
        }
        if self.condition.is_off() {
            self.began = new.media.map(|media| (at_us, media));
        }
        self.weigh(at_us, context);
    }

    /// What is so in the camera's picture is not known from now on, or is again.
    pub(crate) fn set_blind(&mut self, blind: bool, at_us: i64, context: &mut Context<'_>) {
        self.blind = blind;
        self.news_us = self.news_us.max(at_us);
        if !blind && self.condition.is_off() {
            self.began = None;
        }
        self.weigh(at_us, context);
    }

    fn weigh(&mut self, at_us: i64, context: &mut Context<'_>) {
        let timing = context.timing();
        let change = match self.holds && !self.blind {
            true => self.condition.begin(at_us, timing),
            false => self.condition.end(at_us, timing),
        };
        self.change(change, at_us, context);
    }

    pub(super) fn change(&mut self, change: Option<Change>, at_us: i64, context: &mut Context<'_>) {
        match change {
            None => {}
            // What fires at once is not told as pending before.
            Some(Change::Pending { .. }) if context.rule.for_us == 0 => {}
            Some(Change::Pending { since_us }) => {
                let alert = self.begun(since_us, context.rule);
                tell(context.events, EventKind::Pending, at_us, &alert, false);
                self.pending = Some(alert);
            }
            Some(Change::Withdrawn) => self.withdraw(at_us, context.events),
            Some(Change::Fired { since_us }) => self.fire(since_us, at_us, context),
            Some(Change::Resolved { until_us }) => self.resolve(until_us, at_us, context.events),
        }
    }

    pub(super) fn withdraw(&mut self, at_us: i64, events: &mut VecDeque<Event>) {
        if let Some(mut alert) = self.pending.take() {
            (alert.state, alert.until_us) = (State::Resolved, Some(at_us.max(alert.since_us)));
            tell(events, EventKind::Withdrawn, at_us, &alert, false);
        }
    }

    pub(super) fn resolve(&mut self, until_us: i64, at_us: i64, events: &mut VecDeque<Event>) {
        if let Some(alert) = &mut self.alert {
            (alert.state, alert.until_us) = (State::Resolved, Some(until_us));
            tell(events, EventKind::Resolved, at_us, alert, false);
        }
    }

    fn fire(&mut self, since_us: i64, at_us: i64, context: &mut Context<'_>) {
        self.sum_up(at_us, context);
        let cooling = self.cools(at_us, context.rule);
        if let Some(mut alert) = self.alert.take().filter(|_| cooling) {
            self.withdraw(at_us, context.events);
            self.more = self.more.saturating_add(1);
            alert.count = alert.count.saturating_add(1);
            (alert.class, alert.measured) = (self.class.clone(), self.measured);
            (alert.more, alert.state, alert.until_us) = (self.more, State::Firing, None);
            tell(context.events, EventKind::Merged, at_us, &alert, false);
            self.alert = Some(alert);
            return;
        }
        let pending = self.pending.take();
        let mut alert = pending.unwrap_or_else(|| self.begun(since_us, context.rule));
        (alert.class, alert.measured) = (self.class.clone(), self.measured);
        (alert.state, alert.held_us, alert.sends) = (State::Firing, context.rule.for_us, 1);
        self.sent_us = Some(at_us);
        tell(context.events, EventKind::Fired, at_us, &alert, true);
        self.alert = Some(alert);
    }

    /// An alert of what is so since then.
    fn begun(&self, since_us: i64, rule: &Rule) -> Alert {
        let mut alert = self.draft(rule, since_us, None);
        (alert.class, alert.measured) = (self.class.clone(), self.measured);
        let began = self.began.filter(|(at, _)| *at == since_us);
        alert.since_media = began.map(|(_, media)| media);
        alert
    }
}
