//! Occasions in one line each, and what a machine says of them.

use jiff::tz::TimeZone;
use razz_alert::{Alert, Alerts, Direction, Draft, Event, EventKind, Occasion, Rule, When};
use razz_base::{CameraId, MediaTime, TrackId};

pub(crate) const SECOND: i64 = 1_000_000;
/// Monday, 2026-11-30, 12:00 UTC: second 0 of the tests.
pub(crate) const NOON: i64 = 1_796_040_000 * SECOND;

pub(crate) fn camera(id: u32) -> CameraId {
    CameraId::new(id).unwrap()
}

pub(crate) fn at(second: f64) -> i64 {
    NOON + (second * 1e6) as i64
}

fn media(at_us: i64) -> MediaTime {
    MediaTime::from_wall_us(at_us)
}

pub(crate) fn rule(name: &str, when: When, change: impl FnOnce(&mut Draft)) -> Rule {
    let mut draft = Draft::new(name, when);
    change(&mut draft);
    Rule::new(draft).unwrap()
}

pub(crate) fn crossing(second: f64, track: u64, direction: Direction) -> Occasion {
    Occasion::Crossing {
        camera: camera(1),
        area: "door".into(),
        class: "person".into(),
        direction,
        at_us: at(second),
        media: media(at(second)),
        track: TrackId(track),
        bridged: false,
        speed_mps: None,
    }
}

/// A visit to the hall; `ends`: when, and whether over the edge.
pub(crate) fn visit(from: f64, track: u64, class: &str, ends: Option<(f64, bool)>) -> Occasion {
    Occasion::Visit {
        camera: camera(1),
        area: "hall".into(),
        class: class.into(),
        track: TrackId(track),
        media: media(at(from)),
        from_us: at(from),
        entered: true,
        until_us: ends.map(|(until, _)| at(until)),
        left: ends.is_some_and(|(_, left)| left),
    }
}

pub(crate) fn occupancy(second: f64, people: u32, cars: u32) -> Occasion {
    Occasion::Occupancy {
        camera: camera(1),
        area: "hall".into(),
        at_us: at(second),
        media: media(at(second)),
        classes: vec![("person".into(), people), ("car".into(), cars)],
        total: people + cars,
    }
}

pub(crate) fn appeared(second: f64, track: u64, class: &str) -> Occasion {
    Occasion::Appeared {
        camera: camera(1),
        class: class.into(),
        track: TrackId(track),
        at_us: at(second),
        media: media(at(second)),
    }
}

pub(crate) fn online(second: f64, online: bool) -> Occasion {
    Occasion::CameraState { camera: camera(1), at_us: at(second), online }
}

pub(crate) fn recording(second: f64, recording: bool) -> Occasion {
    Occasion::RecordingState { camera: camera(1), at_us: at(second), recording }
}

pub(crate) fn retracted(second: f64, area: &str, track: u64, when: f64) -> Occasion {
    Occasion::Retracted {
        camera: camera(1),
        area: area.into(),
        track: TrackId(track),
        media: media(at(when)),
        at_us: at(second),
    }
}

pub(crate) fn machine(rules: Vec<Rule>) -> Alerts {
    Alerts::new(rules, TimeZone::UTC).unwrap()
}

pub(crate) fn polled(alerts: &mut Alerts) -> Vec<Event> {
    std::iter::from_fn(|| alerts.poll()).collect()
}

/// Hands the occasions over at their own times, and the time whenever it is due, until that second.
pub(crate) fn told(alerts: &mut Alerts, occasions: &[Occasion], until: f64) -> Vec<Event> {
    let mut told = Vec::new();
    let mut pass = |alerts: &mut Alerts, now: i64| {
        while let Some(due) = alerts.next_due().filter(|&due| due <= now) {
            alerts.handle_time(due);
            told.extend(polled(alerts));
        }
        alerts.handle_time(now);
        told.extend(polled(alerts));
    };
    for occasion in occasions {
        pass(alerts, occasion.at_us());
        alerts.handle(occasion);
    }
    pass(alerts, at(until));
    told
}

/// An event in short: `s` second, kind, count and what more, `!` where it is sent.
pub(crate) fn short(event: &Event) -> String {
    let Event { kind, at_us, alert, send } = event;
    let second = (at_us - NOON) as f64 / 1e6;
    let Alert { count, more, .. } = alert;
    let numbers = match kind {
        EventKind::Merged | EventKind::Summary => format!(" {count}+{more}"),
        _ => String::new(),
    };
    format!("{second} {kind:?}{numbers}{}", if *send { "!" } else { "" })
}

pub(crate) fn shorts(events: &[Event]) -> Vec<String> {
    events.iter().map(short).collect()
}

pub(crate) fn door(change: impl FnOnce(&mut Draft)) -> Rule {
    rule("door", When::Crossing, |draft| {
        draft.area = Some("door".into());
        change(draft);
    })
}

pub(crate) fn crowd(change: impl FnOnce(&mut Draft)) -> Rule {
    rule("crowd", When::Occupancy, |draft| {
        draft.area = Some("hall".into());
        draft.above = Some(5.0);
        change(draft);
    })
}

pub(crate) fn loiter(change: impl FnOnce(&mut Draft)) -> Rule {
    rule("loiter", When::Dwell, |draft| {
        draft.area = Some("hall".into());
        draft.above = Some(60.0);
        change(draft);
    })
}
