//! What holds whatever happens, tried on days that nobody thought of.

use std::collections::BTreeMap;

use crate::told::{NOON, SECOND, polled, rule};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use razz_alert::{
    Alert, Alerts, Direction, Event, EventKind, LATE_US, Occasion, Rule, Schedule, State, When,
    rehearse,
};
use razz_base::{CameraId, MediaTime, TrackId};

const COOLDOWN_US: i64 = 90 * SECOND;

/// Two rules of each kind, one always and one in windows.
fn rules() -> Vec<Rule> {
    let windows: Schedule = "12:10-12:20; 12:30-12:40; 13:00-23:00".parse().unwrap();
    When::ALL
        .into_iter()
        .flat_map(|when| {
            [false, true].map(|scheduled| {
                rule(&format!("{when} {scheduled}"), when, |draft| {
                    draft.cooldown_us = COOLDOWN_US;
                    if scheduled {
                        draft.schedule = windows.clone();
                    }
                    match when {
                        When::Appears | When::CameraOffline => {}
                        When::RecordingStopped => draft.for_us = 20 * SECOND,
                        When::Speed => draft.above = Some(5.0),
                        _ => draft.area = Some("hall".into()),
                    }
                    match when {
                        When::Dwell => draft.above = Some(40.0),
                        When::Occupancy => (draft.above, draft.for_us) = (Some(2.0), 10 * SECOND),
                        When::Absence => draft.for_us = 30 * SECOND,
                        _ => {}
                    }
                })
            })
        })
        .collect()
}

/// What happens next: after how long it is known, how long that was after it happened, what it is, of
/// which track and camera, how much; and after how long the time is told.
type Step = (i64, i64, u8, u64, u32, u32, Option<i64>);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (
        prop_oneof![0..SECOND, 0..60 * SECOND],
        0..=LATE_US,
        0_u8..10,
        1_u64..6,
        1_u32..3,
        0_u32..5,
        prop::option::of(0..40 * SECOND),
    );
    prop::collection::vec(step, 1..120)
}

/// The occasions with the times at which they become known.
fn day(steps: &[Step]) -> Vec<(i64, Occasion)> {
    let mut known_us = NOON;
    let mut visits = BTreeMap::new();
    let mut day = Vec::new();
    let mut facts = Vec::new();
    for &(after, late, kind, track, camera, amount, _) in steps {
        known_us += after;
        let at_us = known_us - late;
        let camera = CameraId::new(camera).unwrap();
        let (area, media) = ("hall".into(), MediaTime::from_wall_us(at_us));
        let (class, person) = (["person", "car"][track as usize % 2].into(), TrackId(track));
        let occasion = match kind {
            0 | 1 => Occasion::Crossing {
                camera,
                area,
                class,
                direction: [Direction::In, Direction::Out][kind as usize],
                at_us,
                media,
                track: person,
                bridged: amount == 4,
                speed_mps: (amount > 0).then_some(4.0 * f64::from(amount)),
            },
            2 | 3 => {
                // Begins, and ends at the next time.
                let begun = visits.remove(&(camera, track));
                let (from_us, media) = begun.unwrap_or((at_us, media));
                let until_us = begun.map(|_| at_us.max(from_us));
                if begun.is_none() {
                    visits.insert((camera, track), (at_us, media));
                }
                let entered = amount != 0;
                let left = begun.is_some() && amount != 1;
                let track = person;
                Occasion::Visit {
                    camera,
                    area,
                    class,
                    track,
                    media,
                    from_us,
                    entered,
                    until_us,
                    left,
                }
            }
            4 | 5 => Occasion::Occupancy {
                camera,
                area,
                at_us,
                media,
                classes: vec![("person".into(), amount)],
                total: amount,
            },
            9 if facts.len() > amount as usize => {
                // One of the last facts was none.
                let (camera, track, media) = facts[facts.len() - 1 - amount as usize];
                Occasion::Retracted { camera, area, track, media, at_us }
            }
            6 => Occasion::Appeared { camera, class, track: person, at_us, media },
            7 => Occasion::CameraState { camera, at_us, online: amount > 1 },
            _ if amount == 4 => Occasion::Gone { camera, area: Some(area), at_us },
            _ => Occasion::RecordingState { camera, at_us, recording: amount > 1 },
        };
        if let Occasion::Crossing { camera, track, media, .. }
        | Occasion::Visit { camera, track, media, .. } = &occasion
        {
            facts.push((*camera, *track, *media));
        }
        day.push((known_us, occasion));
    }
    day
}

/// What became of alerts in the end, and what was sent when.
#[derive(PartialEq, Debug, Default)]
struct Outcome {
    alerts: BTreeMap<String, Alert>,
    sent: Vec<(i64, EventKind, String)>,
}

impl Outcome {
    fn note(&mut self, event: Event) {
        let id = event.alert.id.to_string();
        if event.send {
            self.sent.push((event.at_us, event.kind, id.clone()));
            self.sent.sort();
        }
        if event.kind == EventKind::Withdrawn {
            self.alerts.remove(&id);
        } else {
            self.alerts.insert(id, event.alert);
        }
    }
}

/// As a server would: told the time now and then, restarted at some steps.
fn live(rules: &[Rule], steps: &[Step], restarts: &[usize], until_us: i64) -> Outcome {
    let mut alerts = Alerts::new(rules.to_vec(), TimeZone::UTC).unwrap();
    let mut outcome = Outcome::default();
    let day = day(steps);
    for (index, (known_us, occasion)) in day.iter().enumerate() {
        alerts.handle(occasion);
        polled(&mut alerts).into_iter().for_each(|event| outcome.note(event));
        if let Some(after) = steps[index].6 {
            let next = day.get(index + 1).map_or(until_us, |(next, _)| *next);
            alerts.handle_time((known_us + after).min(next));
            polled(&mut alerts).into_iter().for_each(|event| outcome.note(event));
        }
        if restarts.contains(&index) {
            let snapshot = alerts.snapshot();
            alerts = Alerts::new(rules.to_vec(), TimeZone::UTC).unwrap();
            alerts.restore(&snapshot).unwrap();
        }
    }
    alerts.handle_time(until_us + LATE_US);
    polled(&mut alerts).into_iter().for_each(|event| outcome.note(event));
    outcome
}

fn end_of(steps: &[Step]) -> i64 {
    NOON + steps.iter().map(|step| step.0).sum::<i64>() + 60 * SECOND
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// A rehearsal, which is never told the time, says what happened live, with restarts.
    #[test]
    fn a_rehearsal_equals_what_happened(
        steps in steps(),
        restarts in prop::collection::vec(0_usize..120, 0..4),
    ) {
        let rules = rules();
        let until_us = end_of(&steps);
        let happened = live(&rules, &steps, &restarts, until_us);
        let occasions = || day(&steps).into_iter().map(|(_, occasion)| occasion);
        for rule in rules {
            let name = rule.name.clone();
            let rehearsal = rehearse(rule, occasions(), TimeZone::UTC, until_us);
            let mut alerts = rehearsal.alerts;
            alerts.sort_by(|a, b| a.id.cmp(&b.id));
            let mine = |alert: &&Alert| *alert.rule == *name && alert.state != State::Pending;
            let live: Vec<_> = happened.alerts.values().filter(mine).cloned().collect();
            prop_assert_eq!(alerts, live, "{}", name);
            let id = |id: &String| &*happened.alerts[id].rule == name.as_str();
            let sent = happened.sent.iter().filter(|(_, _, sent)| id(sent)).count();
            prop_assert_eq!(rehearsal.sent, sent as u64, "{}", name);
        }
    }

    /// What lasts is judged in the order of its times, whatever the order in which it is known.
    #[test]
    fn what_lasts_does_not_depend_on_the_order_of_arrival(steps in steps()) {
        let until_us = end_of(&steps);
        let known: Vec<_> = day(&steps).into_iter().map(|(_, occasion)| occasion).collect();
        let mut sorted = known.clone();
        sorted.sort_by_key(Occasion::at_us);
        for rule in rules().into_iter().filter(|rule| !rule.when.is_instant()) {
            let rehearsed =
                [known.clone(), sorted.clone()].map(|day| rehearse(rule.clone(), day, TimeZone::UTC, until_us));
            prop_assert_eq!(&rehearsed[0], &rehearsed[1], "{}", rule.name);
        }
    }

    /// Nothing is sent twice in a cooldown, and every alert is told in an order that makes sense.
    #[test]
    fn one_message_a_cooldown(steps in steps(), restarts in prop::collection::vec(0_usize..120, 0..4)) {
        let happened = live(&rules(), &steps, &restarts, end_of(&steps));
        let mut last = BTreeMap::new();
        for (at_us, _, id) in &happened.sent {
            let alert = &happened.alerts[id];
            let place = (alert.rule.clone(), alert.camera, alert.area.clone());
            if let Some(before) = last.insert(place.clone(), *at_us) {
                prop_assert!(at_us - before >= COOLDOWN_US, "{place:?}: {before} {at_us}");
            }
        }
    }

    /// When it is over, so is its alert; and nothing fires outside its schedule.
    #[test]
    fn every_alert_ends(steps in steps()) {
        let mut alerts = Alerts::new(rules(), TimeZone::UTC).unwrap();
        let mut states = BTreeMap::<_, State>::new();
        let schedules: BTreeMap<_, _> =
            rules().into_iter().map(|rule| (rule.name.clone(), rule.schedule.clone())).collect();
        let mut now = NOON;
        let ends = [1_u32, 2].map(|camera| {
            let camera = CameraId::new(camera).unwrap();
            Occasion::Gone { camera, area: None, at_us: end_of(&steps) }
        });
        let day = day(&steps).into_iter().chain(ends.map(|end| (end.at_us(), end)));
        for (known_us, occasion) in day {
            alerts.handle(&occasion);
            now = known_us;
            if occasion.at_us() == end_of(&steps) {
                alerts.handle_time(now + LATE_US);
            }
            for event in polled(&mut alerts) {
                let before = states.insert(event.alert.id.clone(), event.alert.state);
                let fits = match event.kind {
                    EventKind::Pending => before.is_none() || before == Some(State::Resolved),
                    EventKind::Withdrawn => before == Some(State::Pending),
                    EventKind::Fired => before != Some(State::Firing),
                    EventKind::Merged | EventKind::Summary => before.is_some(),
                    EventKind::Resolved => before == Some(State::Firing),
                };
                prop_assert!(fits, "{before:?} {event:?}");
                if event.kind == EventKind::Fired {
                    let schedule = &schedules[&*event.alert.rule];
                    prop_assert!(schedule.contains(event.at_us, &TimeZone::UTC), "{event:?}");
                }
                let until_us = event.alert.until_us.unwrap_or(i64::MAX);
                prop_assert!(until_us >= event.alert.since_us, "{event:?}");
            }
        }
        alerts.handle_time(now + 3_600 * SECOND);
        let late = polled(&mut alerts);
        prop_assert!(late.iter().all(|event| event.kind == EventKind::Summary), "{late:?}");
        prop_assert!(states.values().all(|state| *state == State::Resolved), "{states:?}");
        prop_assert_eq!(alerts.open().count(), 0);
        prop_assert_eq!(alerts.next_due(), None, "and all is forgotten");
    }

    /// No bytes make it panic: neither when they are read nor when it goes on from them.
    #[test]
    fn any_snapshot(
        steps in steps(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        length in any::<prop::sample::Index>(),
        cut in any::<bool>(),
    ) {
        let mut alerts = Alerts::new(rules(), TimeZone::UTC).unwrap();
        let day = day(&steps);
        day.iter().for_each(|(_, occasion)| alerts.handle(occasion));
        let mut bytes = alerts.snapshot();
        for (place, byte) in changes {
            *place.get_mut(&mut bytes) = byte;
        }
        if cut {
            bytes.truncate(length.index(bytes.len()));
        }
        let mut alerts = Alerts::new(rules(), TimeZone::UTC).unwrap();
        if alerts.restore(&bytes).is_ok() {
            day.iter().for_each(|(_, occasion)| alerts.handle(occasion));
            alerts.handle_time(end_of(&steps));
            std::iter::from_fn(|| alerts.poll()).take(100_000).for_each(|event| {
                event.alert.words("Shop");
            });
        }
    }

    /// A change is where the answer changes, and nowhere before; on every day of two years in a zone with
    /// summer time, minute by minute around the change.
    #[test]
    fn the_next_change_is_the_next(
        windows in prop::collection::vec((0_usize..7, 0..96, 1..96), 1..4),
        start in 0_i64..730 * 24 * 60,
    ) {
        let days = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];
        let clock = |quarter: i32| format!("{:02}:{:02}", quarter / 4 % 24, quarter % 4 * 15);
        let window = |(day, from, length): &(usize, i32, i32)| {
            format!("{} {}-{}", days[*day], clock(*from), clock(from + length))
        };
        let text = windows.iter().map(window).collect::<Vec<_>>().join(", ");
        let schedule: Schedule = text.parse().unwrap();
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let start = NOON + start * 60 * SECOND;
        let change = schedule.next_change(start, &zone).unwrap();
        let here = schedule.contains(start, &zone);
        prop_assert!(change > start);
        prop_assert_ne!(schedule.contains(change, &zone), here, "{}", text);
        prop_assert_eq!(schedule.contains(change - 1, &zone), here, "{}", text);
        let quarter = 900 * SECOND;
        let mut between = (start / quarter + 1) * quarter;
        while between < change {
            prop_assert_eq!(schedule.contains(between, &zone), here, "{} {:?}", text, Timestamp::from_microsecond(between));
            between += quarter;
        }
    }
}
