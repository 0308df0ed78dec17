//! A rule tried on the past, before it is saved.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::{Alert, Alerts, Event, EventKind, LATE_US, Occasion, Rule};

/// Most alerts of a rehearsal that are kept: more than anybody looks through.
pub const MAX_REHEARSED: usize = 1_000;

/// What a rule would have done.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Rehearsal {
    /// How many alerts would have fired.
    pub count: u64,
    /// How many messages would have been sent.
    pub sent: u64,
    /// The last [`MAX_REHEARSED`] that fired, in that order, as they were at the end.
    pub alerts: Vec<Alert>,
}

/// What a rule would have done with these occasions, by the very machine that runs live. They come in the
/// order in which they became known or in that of their times; a visit is told when it begins and when it
/// ends. `until_us` is where the past ends: what is so then is still open.
pub fn rehearse(
    rule: Rule,
    occasions: impl IntoIterator<Item = Occasion>,
    zone: TimeZone,
    until_us: i64,
) -> Rehearsal {
    let mut rehearsal = Rehearsal::default();
    let mut kept = Kept::default();
    // One rule has its name alone.
    let Ok(mut alerts) = Alerts::new(vec![rule], zone) else { return rehearsal };
    let note = |alerts: &mut Alerts, kept: &mut Kept, rehearsal: &mut Rehearsal| {
        while let Some(event) = alerts.poll() {
            rehearsal.sent += u64::from(event.send);
            rehearsal.count += u64::from(kept.note(event));
        }
    };
    for occasion in occasions {
        alerts.handle(&occasion);
        note(&mut alerts, &mut kept, &mut rehearsal);
    }
    alerts.handle_time(until_us.saturating_add(LATE_US));
    note(&mut alerts, &mut kept, &mut rehearsal);
    rehearsal.alerts = kept.order.iter().filter_map(|id| kept.alerts.remove(id)).collect();
    rehearsal
}

/// The alerts that fired last, by id.
#[derive(Default)]
struct Kept {
    alerts: BTreeMap<Arc<str>, Alert>,
    order: VecDeque<Arc<str>>,
}

impl Kept {
    /// Returns whether it is an alert that was not known.
    fn note(&mut self, event: Event) -> bool {
        if let Some(known) = self.alerts.get_mut(&event.alert.id) {
            *known = event.alert;
            return false;
        }
        if event.kind != EventKind::Fired {
            return false;
        }
        self.order.push_back(event.alert.id.clone());
        self.alerts.insert(event.alert.id.clone(), event.alert);
        if self.order.len() > MAX_REHEARSED
            && let Some(oldest) = self.order.pop_front()
        {
            self.alerts.remove(&oldest);
        }
        true
    }
}
