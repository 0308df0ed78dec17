//! Which rules make sense, and what is said of the others.

use razz_alert::{Direction, Draft, MAX_SPAN_US, Rule, When};

#[test]
fn rules_that_make_sense() {
    for when in When::ALL {
        assert_eq!(when.as_str().parse(), Ok(when));
        let mut draft = Draft::new("rule", when);
        match when {
            When::Appears | When::CameraOffline | When::RecordingStopped => {}
            When::Speed => draft.above = Some(8.3),
            _ => draft.area = Some("hall".into()),
        }
        match when {
            When::Dwell => draft.above = Some(60.0),
            When::Occupancy => draft.above = Some(0.0),
            When::Absence => draft.for_us = 1,
            _ => {}
        }
        let rule = Rule::new(draft.clone()).unwrap();
        assert_eq!((rule.when, &*rule.name), (when, "rule"));
        assert_eq!(rule.into_draft(), draft);
    }
    assert!("crossings".parse::<When>().unwrap_err().to_string().contains("crossing, enters"));
}

#[test]
fn errors_say_which_rule_and_what_to_do() {
    type Change = fn(&mut Draft);
    let cases: &[(When, Change, &str)] = &[
        (When::Crossing, |_| (), "crossing needs `area`"),
        (When::Speed, |rule| rule.area = Some(" ".into()), "speed needs `area`"),
        (When::Occupancy, |rule| rule.area = Some("a".into()), "occupancy needs `above`"),
        (When::Dwell, |rule| rule.area = Some("a".into()), "dwell needs `above`, in seconds"),
        (When::Speed, |_| (), "speed needs `above`, in metres a second"),
        (When::Absence, |rule| rule.area = Some("a".into()), "absence needs `for`"),
        (When::Appears, |rule| rule.area = Some("a".into()), "appears does not take `area`"),
        (
            When::CameraOffline,
            |rule| rule.classes = vec!["a".into()],
            "camera_offline does not take `classes`",
        ),
        (
            When::Enters,
            |rule| rule.direction = Some(Direction::In),
            "enters does not take `direction`",
        ),
        (When::Crossing, |rule| rule.for_us = 1, "crossing does not take `for`"),
        (When::Dwell, |rule| rule.for_us = 1, "dwell does not take `for`"),
        (When::Dwell, |rule| rule.below = Some(1.0), "dwell does not take `below`"),
        (
            When::Speed,
            |rule| rule.above = Some(f64::NAN),
            "`above` is NaN; it has to be a number above 0",
        ),
        (When::Speed, |rule| rule.above = Some(-1.0), "`above` is -1"),
        (
            When::Dwell,
            |rule| (rule.area, rule.above) = (Some("a".into()), Some(1e12)),
            "of 366 days at most",
        ),
        (
            When::Occupancy,
            |rule| (rule.area, rule.below) = (Some("a".into()), Some(0.0)),
            "`below` is 0; it has to be a number above 0",
        ),
        (
            When::Occupancy,
            |rule| (rule.area, rule.above, rule.below) = (Some("a".into()), Some(3.0), Some(4.0)),
            "more than 3 or fewer than 4 is every number",
        ),
        (When::CameraOffline, |rule| rule.for_us = -1, "`for` has to be from 0 to 366 days"),
        (When::Appears, |rule| rule.cooldown_us = MAX_SPAN_US + 1, "`cooldown` has to be"),
        (When::Appears, |rule| rule.notify = vec![" ".into()], "`notify` is a list"),
        (When::Appears, |rule| rule.classes = vec!["a".into(); 1_001], "`classes` is a list"),
    ];
    for (when, change, words) in cases {
        let mut draft = Draft::new("night", *when);
        change(&mut draft);
        let error = Rule::new(draft).unwrap_err().to_string();
        assert!(error.starts_with("rule \"night\": ") && error.contains(words), "{error}");
    }
    for name in ["", " night", &"n".repeat(61)] {
        let error = Rule::new(Draft::new(name, When::Appears)).unwrap_err().to_string();
        assert!(error.contains("a name has 1 to 60 characters"), "{error}");
    }
}
