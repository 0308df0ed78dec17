//! Who dwells in a zone: an alert for each who stays too long.

use std::collections::VecDeque;

use razz_base::TrackId;

use super::{Context, Visitor, Watch, tell};
use crate::alert::id;
use crate::condition::{Change, Condition};
use crate::judge::Stay;
use crate::{Event, EventKind, State};

impl Watch {
    /// Somebody is in the zone, or is not any more. `room` says whether one more may be remembered.
    /// Returns whether it was left out.
    pub(crate) fn visit(
        &mut self,
        at_us: i64,
        new: Stay,
        room: bool,
        context: &mut Context<'_>,
    ) -> bool {
        self.news_us = self.news_us.max(at_us);
        let known = self.visitors.get(&new.track);
        let same = known.is_some_and(|known| known.media == new.media);
        match (new.here, same) {
            (true, true) => {
                if let Some(visitor) = self.visitors.get_mut(&new.track) {
                    visitor.alert.class = Some(new.class);
                }
                return false;
            }
            (false, true) => {
                self.end_visit(new.track, at_us, context);
                return false;
            }
            (false, false) => return false,
            (true, false) => {}
        }
        if known.is_some_and(|known| known.from_us > new.from_us) {
            return false;
        }
        self.end_visit(new.track, new.from_us, context);
        if !room {
            // Whoever came first may be one whose end was never told.
            let oldest = self.visitors.iter().min_by_key(|(_, visitor)| visitor.from_us);
            let Some((&track, _)) = oldest else { return true };
            self.end_visit(track, at_us, context);
        }
        let mut alert = self.draft(context.rule, new.from_us, Some(new.track));
        (alert.class, alert.since_media) = (Some(new.class), Some(new.media));
        let mut condition = Condition::new();
        condition.begin(new.from_us, context.timing());
        let (media, from_us) = (new.media, new.from_us);
        self.visitors.insert(new.track, Visitor { media, from_us, condition, alert });
        false
    }

    fn end_visit(&mut self, track: TrackId, at_us: i64, context: &mut Context<'_>) {
        if let Some(visitor) = self.visitors.get_mut(&track) {
            let change = visitor.condition.end(at_us, context.timing());
            self.change_visit(track, change, at_us, context);
        }
        self.visitors.remove(&track);
    }

    pub(super) fn change_visit(
        &mut self,
        track: TrackId,
        change: Option<Change>,
        at_us: i64,
        context: &mut Context<'_>,
    ) {
        self.sum_up(at_us, context);
        let cooling = self.cools(at_us, context.rule);
        let Some(visitor) = self.visitors.get_mut(&track) else { return };
        let alert = &mut visitor.alert;
        match change {
            // Everybody who comes in may stay: that is no news.
            None | Some(Change::Withdrawn) => {}
            Some(Change::Pending { since_us }) => {
                // From the beginning of the rule's window on: there is no picture of that.
                if since_us != alert.since_us {
                    (alert.since_us, alert.since_media) = (since_us, None);
                    alert.id = id(&self.key, since_us, Some(track));
                }
            }
            Some(Change::Fired { .. }) => {
                (alert.state, alert.until_us) = (State::Firing, None);
                alert.held_us = at_us.saturating_sub(alert.since_us);
                let send = !cooling;
                if send {
                    (alert.sends, self.sent_us) = (1, Some(at_us));
                    self.alert = Some(alert.clone());
                } else {
                    self.more = self.more.saturating_add(1);
                }
                tell(context.events, EventKind::Fired, at_us, alert, send);
            }
            Some(Change::Resolved { until_us }) => {
                self.resolve_visit(track, until_us, at_us, context.events);
            }
        }
    }

    fn resolve_visit(
        &mut self,
        track: TrackId,
        until_us: i64,
        at_us: i64,
        events: &mut VecDeque<Event>,
    ) {
        let Some(visitor) = self.visitors.get_mut(&track) else { return };
        // Where it was sent last, the watch's copy knows more: what the summaries told.
        let sent = self.alert.as_mut().filter(|sent| sent.id == visitor.alert.id);
        let alert = sent.unwrap_or(&mut visitor.alert);
        (alert.state, alert.until_us) = (State::Resolved, Some(until_us));
        tell(events, EventKind::Resolved, at_us, alert, false);
        visitor.alert = alert.clone();
    }

    /// Nobody is here any more.
    pub(super) fn clear_visitors(&mut self, at_us: i64, events: &mut VecDeque<Event>) {
        while let Some(mut entry) = self.visitors.first_entry() {
            let (track, change) = (*entry.key(), entry.get_mut().condition.drop_at(at_us));
            if let Some(Change::Resolved { until_us }) = change {
                self.resolve_visit(track, until_us, at_us, events);
            }
            self.visitors.remove(&track);
        }
    }
}
