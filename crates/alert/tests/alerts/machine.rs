//! What becomes of occasions, as tables.

use crate::told::{
    SECOND, appeared, camera, crossing, crowd, door, loiter, machine, occupancy, online, recording,
    retracted, rule, shorts, told, visit,
};
use razz_alert::{Direction, Draft, Occasion, Rule, When};

fn check(name: &str, rule: Rule, occasions: &[Occasion], until: f64, expected: &[&str]) {
    let mut alerts = machine(vec![rule]);
    let events = told(&mut alerts, occasions, until);
    assert_eq!(shorts(&events), expected, "{name}");
}

#[test]
fn moments_fire_and_merge() {
    use Direction::{In, Out};
    let minute = |draft: &mut Draft| draft.cooldown_us = 60 * SECOND;
    check(
        "each without a cooldown",
        door(|_| ()),
        &[crossing(0.0, 1, In), crossing(1.0, 2, Out)],
        100.0,
        &["0 Fired!", "0 Resolved", "1 Fired!", "1 Resolved"],
    );
    check(
        "gathered until the cooldown is over, which begins anew with what is sent",
        door(minute),
        &[
            crossing(0.0, 1, In),
            crossing(1.0, 2, In),
            crossing(59.0, 3, In),
            crossing(60.0, 4, In),
            crossing(200.0, 5, In),
        ],
        300.0,
        &[
            "0 Fired!",
            "0 Resolved",
            "1 Merged 2+1",
            "59 Merged 3+2",
            "60 Summary 3+2!",
            "60 Merged 4+1",
            "120 Summary 4+1!",
            "200 Fired!",
            "200 Resolved",
        ],
    );
    check(
        "only that way",
        door(|draft| draft.direction = Some(Out)),
        &[crossing(0.0, 1, In), crossing(1.0, 2, Out)],
        100.0,
        &["1 Fired!", "1 Resolved"],
    );
    check(
        "told again, it is counted once",
        door(minute),
        &[crossing(0.0, 1, In), crossing(0.0, 1, In), crossing(1.0, 2, In), crossing(1.0, 2, Out)],
        10.0,
        &["0 Fired!", "0 Resolved", "1 Merged 2+1"],
    );
    check(
        "retracted, it is counted no more, and nothing is left to sum up",
        door(minute),
        &[crossing(0.0, 1, In), crossing(1.0, 2, In), retracted(5.0, "door", 2, 1.0)],
        100.0,
        &["0 Fired!", "0 Resolved", "1 Merged 2+1", "5 Merged 1+0"],
    );
    check(
        "outside the schedule nothing",
        door(|draft| draft.schedule = "Mo 12:00-12:01".parse().unwrap()),
        &[crossing(-1.0, 1, In), crossing(0.0, 2, In), crossing(60.0, 3, In)],
        100.0,
        &["0 Fired!", "0 Resolved"],
    );
    check(
        "other classes",
        door(|draft| draft.classes = vec!["car".into()]),
        &[crossing(0.0, 1, In)],
        9.0,
        &[],
    );
    check(
        "another camera",
        door(|draft| draft.camera = Some(camera(2))),
        &[crossing(0.0, 1, In)],
        9.0,
        &[],
    );
    check(
        "another area",
        door(|draft| draft.area = Some("gate".into())),
        &[crossing(0.0, 1, In)],
        9.0,
        &[],
    );
}

#[test]
fn a_bridged_crossing_is_no_alarm() {
    let mut bridged = crossing(0.0, 1, Direction::In);
    let Occasion::Crossing { bridged: mark, .. } = &mut bridged else { unreachable!() };
    *mark = true;
    check("bridged", door(|_| ()), &[bridged], 10.0, &[]);
}

#[test]
fn coming_leaving_appearing_and_speed() {
    let hall = |name, when| rule(name, when, |draft| draft.area = Some("hall".into()));
    let visits = [
        visit(0.0, 1, "person", None),
        visit(0.0, 1, "person", Some((100.0, true))),
        visit(100.0, 2, "person", Some((101.0, false))),
    ];
    let both = &["0 Fired!", "0 Resolved", "100 Fired!", "100 Resolved"];
    check(
        "comes in, also where both are told at once",
        hall("in", When::Enters),
        &visits,
        200.0,
        both,
    );
    check("leaves over the edge", hall("out", When::Leaves), &visits, 200.0, &both[2..]);
    let appears = rule("dogs", When::Appears, |draft| draft.classes = vec!["dog".into()]);
    let pets = [appeared(0.0, 1, "dog"), appeared(1.0, 2, "cat"), appeared(2.0, 1, "dog")];
    check("appears", appears, &pets[..2], 9.0, &["0 Fired!", "0 Resolved"]);

    let fast = rule("fast", When::Speed, |draft| draft.above = Some(8.0));
    let at_speed = |second: f64, speed| {
        let mut crossing = crossing(second, second as u64, Direction::In);
        let Occasion::Crossing { speed_mps, .. } = &mut crossing else { unreachable!() };
        *speed_mps = speed;
        crossing
    };
    let cars = [at_speed(1.0, None), at_speed(2.0, Some(8.0)), at_speed(3.0, Some(8.5))];
    check("speed", fast, &cars, 9.0, &["3 Fired!", "3 Resolved"]);
}

#[test]
fn what_lasts() {
    let half = |draft: &mut Draft| draft.for_us = 30 * SECOND;
    check(
        "more than 5 is 6",
        crowd(|_| ()),
        &[occupancy(0.0, 5, 0), occupancy(10.0, 6, 0), occupancy(20.0, 5, 0)],
        100.0,
        &["10 Fired!", "25 Resolved"],
    );
    check(
        "long enough, and too short",
        crowd(half),
        &[
            occupancy(0.0, 6, 0),
            occupancy(40.0, 0, 0),
            occupancy(50.0, 6, 0),
            occupancy(79.0, 5, 0),
        ],
        200.0,
        &["0 Pending", "30 Fired!", "45 Resolved", "50 Pending", "79 Withdrawn"],
    );
    check(
        "within the cooldown it is the same alert",
        crowd(|draft| (half(draft), draft.cooldown_us = 600 * SECOND).0),
        &[
            occupancy(0.0, 6, 0),
            occupancy(40.0, 0, 0),
            occupancy(150.0, 6, 0),
            occupancy(200.0, 0, 0),
        ],
        1_000.0,
        &[
            "0 Pending",
            "30 Fired!",
            "45 Resolved",
            "150 Pending",
            "180 Withdrawn",
            "180 Merged 2+1",
            "205 Resolved",
            "630 Summary 2+1!",
        ],
    );
    check(
        "only the rule's classes",
        crowd(|draft| draft.classes = vec!["car".into()]),
        &[occupancy(0.0, 9, 5), occupancy(1.0, 0, 6)],
        3.9,
        &[],
    );
    check(
        "fewer than 2",
        crowd(|draft| (draft.above, draft.below) = (None, Some(2.0))),
        &[occupancy(0.0, 2, 0), occupancy(10.0, 1, 0), occupancy(20.0, 3, 0)],
        100.0,
        &["10 Fired!", "25 Resolved"],
    );
    let absence = rule("empty", When::Absence, |draft| {
        (draft.area, draft.for_us) = (Some("hall".into()), 60 * SECOND)
    });
    check(
        "nobody there, and nobody knows while the camera is offline",
        absence,
        &[
            occupancy(0.0, 0, 0),
            online(50.0, false),
            occupancy(60.0, 0, 0),
            online(100.0, true),
            occupancy(170.0, 1, 0),
        ],
        300.0,
        &["0 Pending", "50 Withdrawn", "100 Pending", "160 Fired!", "175 Resolved"],
    );
    let offline = rule("offline", When::CameraOffline, |draft| draft.for_us = 10 * SECOND);
    check(
        "a camera that flaps is held for longer",
        offline,
        &[
            online(0.0, false),
            online(20.0, true),
            online(24.0, false),
            online(30.0, true),
            online(39.0, false),
            online(60.0, true),
        ],
        300.0,
        &["0 Pending", "10 Fired!", "80 Resolved"],
    );
    let stopped = rule("stopped", When::RecordingStopped, |_| ());
    check(
        "recording",
        stopped,
        &[recording(0.0, false), recording(9.0, true)],
        99.0,
        &["0 Fired!", "14 Resolved"],
    );
}

#[test]
fn a_condition_that_began_before_the_window_fires_at_its_beginning() {
    check(
        "from the window's beginning on",
        crowd(|draft| {
            (draft.for_us, draft.schedule) = (30 * SECOND, "12:10-13:00".parse().unwrap())
        }),
        &[occupancy(0.0, 6, 0), occupancy(1000.0, 0, 0)],
        2_000.0,
        &["600 Pending", "630 Fired!", "1005 Resolved"],
    );
    check(
        "dwelling as well",
        loiter(|draft| draft.schedule = "12:10-13:00".parse().unwrap()),
        &[visit(0.0, 1, "person", None), visit(0.0, 1, "person", Some((800.0, true)))],
        2_000.0,
        &["660 Fired!", "800 Resolved"],
    );
}

#[test]
fn each_who_dwells_is_an_alert_and_one_is_sent() {
    let mut alerts = machine(vec![loiter(|draft| draft.cooldown_us = 600 * SECOND)]);
    let visits = [
        visit(0.0, 1, "person", None),
        visit(10.0, 2, "person", None),
        visit(20.0, 3, "person", None),
        visit(20.0, 3, "person", Some((79.0, true))),
        visit(0.0, 1, "person", Some((90.0, true))),
        visit(10.0, 2, "person", Some((100.0, false))),
    ];
    let events = told(&mut alerts, &visits, 1_000.0);
    let told = ["60 Fired!", "70 Fired", "90 Resolved", "100 Resolved", "660 Summary 1+1!"];
    assert_eq!(shorts(&events), told);
    let tracks: Vec<_> = events.iter().map(|event| event.alert.track.unwrap().0).collect();
    assert_eq!(tracks, [1, 2, 1, 2, 1]);
    assert_eq!(events[2].alert.words("Shop"), "Somebody was in hall of Shop for 90 s");
    assert_eq!(events[4].alert.words("Shop"), "Somebody was in hall of Shop for 90 s (+1 more)");
}

#[test]
fn a_visit_is_judged_by_its_own_times() {
    check(
        "the end is told after the alert was due, and was before it",
        loiter(|_| ()),
        &[
            visit(0.0, 1, "person", None),
            crossing(61.0, 9, Direction::In),
            visit(0.0, 1, "person", Some((59.0, true))),
        ],
        100.0,
        &[],
    );
    check(
        "it turns out to be a car",
        loiter(|draft| draft.classes = vec!["person".into()]),
        &[visit(0.0, 1, "person", None), visit(0.0, 1, "car", None)],
        100.0,
        &[],
    );
    check(
        "it was none",
        loiter(|_| ()),
        &[visit(0.0, 1, "person", None), retracted(70.0, "hall", 1, 0.0)],
        100.0,
        &["60 Fired!", "70 Resolved"],
    );
}
