//! Restarts, other rules, wrong clocks, bounds and rehearsals.

use crate::told::{
    NOON, SECOND, appeared, at, camera, crossing, crowd, door, loiter, machine, occupancy, polled,
    rule, shorts, told, visit,
};
use jiff::tz::TimeZone;
use razz_alert::{
    Direction, EventKind, MAX_VISITORS, MAX_WATCHES, Occasion, RuleFault, State, When, rehearse,
};
use razz_base::TrackId;

#[test]
fn what_is_gone_is_over() {
    let rules = vec![crowd(|_| ()), loiter(|_| ()), rule("offline", When::CameraOffline, |_| ())];
    for area in [None, Some("hall".into())] {
        let mut alerts = machine(rules.clone());
        let begin = [visit(0.0, 1, "person", None), occupancy(0.0, 6, 0)];
        assert_eq!(shorts(&told(&mut alerts, &begin, 100.0)), ["0 Fired!", "60 Fired!"]);
        assert_eq!(alerts.open().count(), 2);
        let gone = [Occasion::Gone { camera: camera(1), area, at_us: at(100.0) }];
        assert_eq!(shorts(&told(&mut alerts, &gone, 200.0)), ["100 Resolved", "100 Resolved"]);
        assert_eq!(alerts.open().count(), 0);
    }
}

#[test]
fn rules_that_watch_the_same_go_on() {
    let mut alerts = machine(vec![crowd(|_| ()), loiter(|_| ())]);
    let begin = [visit(0.0, 1, "person", None), occupancy(0.0, 6, 0)];
    told(&mut alerts, &begin, 100.0);
    // Whom they tell is no reason to begin anew; another limit is.
    let told_else =
        crowd(|draft| (draft.notify, draft.cooldown_us) = (vec!["push".into()], 9 * SECOND));
    alerts.set_rules(vec![told_else, loiter(|draft| draft.above = Some(61.0))]).unwrap();
    let events = polled(&mut alerts);
    assert_eq!(shorts(&events), ["100 Resolved"]);
    assert_eq!(&*events[0].alert.rule, "loiter");
    // The new rule is told what is so; to the other it is no news.
    let again = [visit(0.0, 1, "person", None), occupancy(100.0, 6, 0)];
    let events = told(&mut alerts, &again, 200.0);
    assert_eq!(shorts(&events), ["61 Fired!"]);
    let error = alerts.set_rules(vec![crowd(|_| ()), crowd(|_| ())]).unwrap_err();
    assert_eq!(error.fault, RuleFault::NameTwice);
    assert_eq!(alerts.rules().count(), 2);
}

#[test]
fn a_restart_neither_repeats_nor_forgets() {
    let rules = vec![crowd(|draft| draft.for_us = 30 * SECOND), loiter(|_| ())];
    let mut alerts = machine(rules.clone());
    told(&mut alerts, &[visit(0.0, 1, "person", None), occupancy(0.0, 6, 0)], 50.0);
    let snapshot = alerts.snapshot();
    let mut restarted = machine(rules);
    restarted.restore(&snapshot).unwrap();
    assert_eq!(restarted.snapshot(), snapshot);
    assert_eq!(restarted.open().count(), 1);
    let end = [occupancy(70.0, 0, 0)];
    assert_eq!(shorts(&told(&mut restarted, &end, 100.0)), ["60 Fired!", "75 Resolved"]);
    // With other rules what was open is over.
    let mut other = machine(vec![crowd(|_| ())]);
    other.restore(&snapshot).unwrap();
    assert_eq!(shorts(&polled(&mut other)), ["50 Resolved"]);
    assert_eq!(other.open().count(), 0);
    assert!(other.restore(b"something else").unwrap_err().to_string().contains("no snapshot"));
    let cut = other.restore(&snapshot[..snapshot.len() - 1]).unwrap_err();
    assert!(cut.to_string().contains("damaged at byte"), "{cut}");
}

#[test]
fn a_clock_that_was_wrong_is_put_back() {
    let mut alerts = machine(vec![crowd(|draft| draft.for_us = 30 * SECOND)]);
    alerts.handle_time(NOON + 365 * 86_400 * SECOND);
    alerts.handle_time(NOON);
    let events = told(&mut alerts, &[occupancy(0.0, 6, 0), occupancy(10.0, 0, 0)], 100.0);
    assert_eq!(shorts(&events), ["0 Pending", "10 Withdrawn"]);
    // A little back is a step of the clock, and nothing happens twice.
    alerts.handle_time(at(90.0));
    assert_eq!(alerts.poll(), None);
}

#[test]
fn times_without_a_calendar_are_left_out() {
    let mut alerts = machine(vec![door(|_| ()), crowd(|_| ())]);
    for at_us in [i64::MIN, -1, i64::MAX] {
        let gone = Occasion::Gone { camera: camera(1), area: None, at_us };
        alerts.handle(&gone);
        alerts.handle_time(at_us);
    }
    assert_eq!((alerts.left_out(), alerts.next_due(), alerts.poll()), (3, None, None));
}

#[test]
fn a_clock_that_jumps_by_years_takes_no_memory() {
    let mut alerts = machine(vec![crowd(|draft| draft.schedule = "08:00-18:00".parse().unwrap())]);
    alerts.handle(&occupancy(0.0, 6, 0));
    alerts.handle_time(NOON + 50 * 365 * 86_400 * SECOND);
    let events = std::iter::from_fn(|| alerts.poll());
    assert_eq!(events.filter(|event| event.kind == EventKind::Fired).count(), 1 + 50 * 365);
}

#[test]
fn watches_and_visitors_are_bounded() {
    let mut alerts = machine(vec![rule("any", When::Appears, |_| ()), loiter(|_| ())]);
    for index in 1..=MAX_WATCHES as u32 + 5 {
        let Occasion::Appeared { class, track, at_us, media, .. } = appeared(0.0, 1, "dog") else {
            unreachable!()
        };
        alerts.handle(&Occasion::Appeared { camera: camera(index), class, track, at_us, media });
    }
    assert_eq!(alerts.left_out(), 5);
    assert_eq!(polled(&mut alerts).len(), 2 * MAX_WATCHES);
    // Watches where nothing is the matter are forgotten, and there is room again.
    alerts.handle_time(at(700.0));
    assert_eq!(
        alerts.snapshot().len(),
        machine(vec![rule("any", When::Appears, |_| ()), loiter(|_| ())]).snapshot().len()
    );
    for index in 0..MAX_VISITORS as u64 + 3 {
        alerts.handle(&visit(700.0 + 0.01 * index as f64, index, "person", None));
    }
    alerts.handle_time(at(900.0));
    assert_eq!(polled(&mut alerts).len(), MAX_VISITORS, "all but the first three fire");
    assert_eq!(alerts.left_out(), 5);
}

#[test]
fn a_rehearsal_says_what_the_machine_would() {
    let rule = crowd(|draft| (draft.for_us, draft.cooldown_us) = (30 * SECOND, 600 * SECOND));
    let occasions: Vec<_> = (0..100)
        .flat_map(|n| {
            let start = f64::from(n) * 200.0;
            [occupancy(start, 6, 0), occupancy(start + 50.0, 0, 0)]
        })
        .chain([occupancy(30_000.0, 7, 0)])
        .collect();
    let rehearsal = rehearse(rule.clone(), occasions.clone(), TimeZone::UTC, at(30_100.0));
    let events = told(&mut machine(vec![rule]), &occasions, 30_103.0);
    let fired = events.iter().filter(|event| event.kind == EventKind::Fired).count();
    assert_eq!(rehearsal.count, fired as u64);
    assert_eq!(rehearsal.sent, events.iter().filter(|event| event.send).count() as u64);
    let last = rehearsal.alerts.last().unwrap();
    assert_eq!((last.state, last.since_us), (State::Firing, at(30_000.0)));
    assert_eq!(last, &events.last().unwrap().alert);
    assert_eq!(last.words("Shop"), "7 people in hall of Shop for 30 s");
}

#[test]
fn ids_stay_the_same_from_version_to_version() {
    let mut alerts = machine(vec![door(|_| ()), crowd(|_| ())]);
    let events = told(&mut alerts, &[crossing(0.0, 17, Direction::In), occupancy(1.0, 6, 0)], 10.0);
    let ids: Vec<_> = events.iter().map(|event| event.alert.id.to_string()).collect();
    assert_eq!(ids[0], "dc55f66762014ee9-1796040000000000-1-62014ee9-17");
    assert_eq!(ids[2], "0c295b9f09f1034e-1796040001000000-1-741226f2-0");
    assert_eq!(events[0].alert.track, Some(TrackId(17)));
}
