//! What went wrong elsewhere with zones, with the right answer. Each row names who reported it.
//!
//! People are 100 pixels high, so that the band reaches 10 pixels beyond an edge on either side.

mod scenes;

use razz_analytics::{Analytics, AreaId, Fact, Settings, Validity, VisitEnd};
use razz_base::{Rect, TrackId};
use scenes::{PERSON, Scene, camera, final_facts, hall, visits};

/// A zone in the middle.
const HALL: [[f64; 2]; 4] = [[0.2, 0.4], [0.8, 0.4], [0.8, 0.8], [0.2, 0.8]];

/// A name, what happens, the zone, and the visits in seconds from and to.
type ZoneRow<'a> = (&'a str, Scene, &'a [[f64; 2]], &'a [[f64; 2]]);

#[test]
fn visits_are_stays_not_frames() {
    let thirty = |length| Scene::new(30, length);
    let inside = |f: i64| [500.0, 600.0 + (f % 2) as f64];
    let rows: &[ZoneRow] = &[
        // From 300 at 120 pixels a second: in at 400, out at 800.
        (
            "one walks through",
            thirty(200).with(1, 0..200, |f| [500.0, 300.0 + 4.0 * f as f64]),
            &HALL,
            &[[0.83, 4.17]],
        ),
        (
            "one is there from the first frame on",
            thirty(90).with(1, 0..90, inside),
            &HALL,
            &[[0.0, 2.97]],
        ),
        (
            "Frigate#14221: who stands still is still there",
            thirty(600).with(1, 0..600, |_| [500.0, 600.0]),
            &HALL,
            &[[0.0, 19.97]],
        ),
        (
            "Frigate#3738: shaking at the edge is one visit",
            thirty(300).with(1, 0..300, |f| {
                let y = 420.0 + 26.0 * f64::from((f % 20 < 10) as u8);
                [500.0, y - 24.0]
            }),
            &HALL,
            &[[0.0, 9.97]],
        ),
        (
            "Frigate#6680: hidden for half a second is one visit",
            thirty(120).with(1, 0..50, inside).with(1, 65..120, inside),
            &HALL,
            &[[0.0, 3.97]],
        ),
        (
            "a new id in the same place is one visit",
            thirty(150).with(1, 0..50, inside).with(2, 80..150, inside),
            &HALL,
            &[[0.0, 4.97]],
        ),
        (
            "back within a second is one visit, later is another",
            thirty(500).with(1, 0..500, |f| {
                let out = (100..120).contains(&f) || (300..400).contains(&f);
                if out { [500.0, 380.0] } else { [500.0, 420.0] }
            }),
            &HALL,
            &[[0.0, 9.98], [13.32, 16.63]],
        ),
        ("Frigate#1246: one stray box is no visit", thirty(60).with(1, 30..31, inside), &HALL, &[]),
        (
            "opendatacam#655: through the closing edge as well",
            thirty(200).with(1, 0..200, |f| [100.0 + 4.0 * f as f64, 600.0]),
            &HALL,
            &[[0.83, 5.83]],
        ),
        (
            "a zone up to the border goes on beyond it",
            thirty(90).with_box(1, PERSON, 0..90, |f| {
                let top = 850.0 + 2.0 * f as f64;
                Rect::new(480.0, top.min(990.0), 520.0, (top + 100.0).min(1000.0))
            }),
            &[[0.2, 0.9], [0.8, 0.9], [0.8, 1.0], [0.2, 1.0]],
            &[[0.0, 2.97]],
        ),
        (
            "a zone smaller than the band has visits as well",
            thirty(90).with(1, 0..90, |f| [500.0, 590.0 + 0.5 * f as f64]),
            &[[0.45, 0.6], [0.55, 0.6], [0.55, 0.615], [0.45, 0.615]],
            &[[0.67, 1.67]],
        ),
    ];
    for (name, scene, zone, want) in rows {
        let found = scene.visits(zone);
        assert_eq!(found, *want, "{name}");
    }
}

#[test]
fn a_visit_is_told_when_it_begins_and_when_it_ends() {
    let scene = Scene::new(30, 300).with(1, 0..200, |f| [500.0, 300.0 + 4.0 * f.min(100) as f64]);
    let told = scene.told(vec![hall(&HALL)]);
    let told: Vec<_> = told.iter().filter(|event| event.key.track.is_some()).collect();
    let [begun, ended] = &told[..] else { panic!("{told:?}") };
    assert_eq!((begun.key, begun.revision, ended.revision), (ended.key, 0, 1));
    let (Fact::Visit(begun), Fact::Visit(ended)) = (&begun.fact, &ended.fact) else { panic!() };
    assert!(begun.entered && begun.end.is_none());
    assert_eq!(ended.end, Some((scene.time(199), VisitEnd::Lost)));
    assert!((ended.dwell_secs().unwrap() - (199.0 - 25.0) / 30.0).abs() < 0.01);
}

#[test]
fn who_was_lost_and_is_seen_to_have_left_has_left() {
    // Hidden for two seconds in the hall, and seen again outside of it.
    let scene = Scene::new(30, 300)
        .with(1, 0..60, |_| [500.0, 600.0])
        .with(1, 120..180, |f| [500.0, 820.0 + f as f64 - 120.0]);
    let facts = final_facts(&scene.told(vec![hall(&HALL)]));
    let [visit] = &visits(&facts)[..] else { panic!("{facts:?}") };
    // Between the two sightings, where the way between them passes the edge: 200 of 221 pixels.
    let (end, why) = visit.end.unwrap();
    assert_eq!(why, VisitEnd::Left);
    assert!(end > scene.time(59) && end < scene.time(121));
}

#[test]
fn a_bumped_camera_begins_no_visit_in_the_past() {
    let scene =
        Scene::new(30, 200).with(1, 0..200, |f| [500.0, if f < 100 { 200.0 } else { 600.0 }]);
    let mut analytics = Analytics::new(camera(), vec![hall(&HALL)], Settings::default());
    for (index, frame) in scene.frames().iter().enumerate() {
        if index == 100 {
            analytics.handle_camera_moved();
        }
        analytics.handle(frame).unwrap();
    }
    analytics.finish();
    let told: Vec<_> = std::iter::from_fn(|| analytics.poll_event()).collect();
    let facts = final_facts(&told);
    let [visit] = &visits(&facts)[..] else { panic!("{facts:?}") };
    assert_eq!((visit.from, visit.entered), (scene.time(100), false));
}

#[test]
fn a_joined_visit_takes_back_what_was_told_of_its_parts() {
    let inside = |_: i64| [500.0, 600.0];
    let scene = Scene::new(30, 400).with(1, 0..50, inside).with(2, 100..200, inside);
    let told = scene.told(vec![hall(&HALL)]);
    let retracted: Vec<_> = told.iter().filter(|event| event.fact == Fact::Retracted).collect();
    assert_eq!(retracted.len(), 1);
    assert_eq!(retracted[0].key.track, Some(TrackId::new(1, 2)));
    let facts = final_facts(&told);
    let [visit] = &visits(&facts)[..] else { panic!("{facts:?}") };
    assert_eq!(visit.last_track, TrackId::new(1, 2));
    assert_eq!((visit.from, visit.end.unwrap().0), (scene.time(0), scene.time(199)));
}

#[test]
fn occupancy_is_who_is_there_now() {
    // One all the time, one who comes and goes, one who is lost without a trace.
    let scene = Scene::new(30, 300)
        .with(1, 0..300, |_| [500.0, 600.0])
        .with(2, 0..200, |f| [600.0, 200.0 + 4.0 * f as f64])
        .with(3, 100..150, |_| [400.0, 500.0]);
    let told = scene.told(vec![hall(&HALL)]);
    let counts: Vec<_> = told
        .iter()
        .filter_map(|event| match &event.fact {
            Fact::Occupancy(occupancy) if event.key.time < scene.time(300) => {
                Some((event.key.time.as_90k() / 3000, occupancy.count))
            }
            _ => None,
        })
        .collect();
    // On frame 50 the foot is on the upper edge, which belongs to the zone, and on frame 150 on the lower one,
    // which does not; who was lost on frame 149 is there for a second more.
    assert_eq!(counts, [(0, 1), (50, 2), (100, 3), (150, 2), (179, 1)]);
}

#[test]
fn occupancy_ends_when_nobody_looks_and_is_0_from_the_start() {
    // supervision#1855, Frigate#3819.
    let scene = Scene::new(30, 900).with(1, 30..60, |_| [500.0, 600.0]);
    let mut analytics = Analytics::new(camera(), vec![hall(&HALL)], Settings::default());
    let mut counts = Vec::new();
    for (index, mut frame) in scene.frames().into_iter().enumerate() {
        frame.detected = index < 60;
        analytics.handle(&frame).unwrap();
        while let Some(event) = analytics.poll_event() {
            if let Fact::Occupancy(occupancy) = event.fact {
                counts.push((event.key.time.as_90k() / 3000, occupancy.count));
            }
        }
    }
    assert_eq!(counts, [(0, 0), (30, 1), (59 + 300, 0)]);
    assert_eq!(analytics.occupancy(AreaId(2)), []);
}

#[test]
fn time_alone_ends_what_a_camera_that_is_away_leaves() {
    let scene = Scene::new(30, 60).with(1, 0..60, |_| [500.0, 600.0]);
    let mut analytics = Analytics::new(camera(), vec![hall(&HALL)], Settings::default());
    for frame in scene.frames() {
        analytics.handle(&frame).unwrap();
    }
    assert_eq!(analytics.occupancy(AreaId(2)), [(PERSON, 1)]);
    while analytics.poll_event().is_some() {}
    analytics.handle_time(scene.time(89)).unwrap();
    let event = analytics.poll_event().expect("a second later the visit is over");
    assert!(
        matches!(&event.fact, Fact::Visit(v) if v.end == Some((scene.time(59), VisitEnd::Lost)))
    );
    analytics.handle_time(scene.time(359)).unwrap();
    let event = analytics.poll_event().expect("and ten seconds later nobody is known to be there");
    assert!(matches!(&event.fact, Fact::Occupancy(occupancy) if occupancy.count == 0));
    assert!(analytics.handle(&scene.frames()[59]).is_err());
}

#[test]
fn an_area_is_watched_in_its_time_only() {
    let scene = Scene::new(30, 300).with(1, 0..300, |_| [500.0, 600.0]);
    let mut area = hall(&HALL);
    area.validity = Validity { from: Some(scene.time(60)), until: Some(scene.time(120)) };
    let facts = final_facts(&scene.told(vec![area]));
    let [visit] = &visits(&facts)[..] else { panic!("{facts:?}") };
    assert_eq!(visit.from, scene.time(60));
    assert_eq!(visit.end, Some((scene.time(119), VisitEnd::AreaClosed)));
    let last = facts.values().rfind(|e| e.key.track.is_none()).unwrap();
    assert!(matches!(&last.fact, Fact::Occupancy(o) if o.count == 0));
    assert_eq!(last.key.time, scene.time(120));
}
