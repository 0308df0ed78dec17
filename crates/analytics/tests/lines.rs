//! What went wrong elsewhere with lines, with the right answer. Each row names who reported it.
//!
//! People are 100 pixels high, so that the band reaches 10 pixels beyond a line on either side.

mod scenes;

use razz_analytics::{Analytics, Anchor, Area, AreaId, Direction, Fact, InSide, Settings};
use razz_base::{ClassId, MediaTime, Rect, TrackId};
use scenes::{CAR, PERSON, Scene, camera, door, final_facts, in_and_out};

/// From left to right through the middle: down is in.
const MIDDLE: [[f64; 2]; 2] = [[0.1, 0.5], [0.9, 0.5]];
/// The right half of it.
const RIGHT_HALF: [[f64; 2]; 2] = [[0.5, 0.5], [0.9, 0.5]];

fn whole(v: f64) -> f64 {
    v.round()
}

/// A name, what happens, the line, and how many go in and out over it.
type LineRow<'a> = (&'a str, Scene, &'a [[f64; 2]], (usize, usize));

/// Down through the middle at 120 pixels a second, at 30 frames a second.
fn down(frame: i64) -> [f64; 2] {
    [300.0, 400.0 + 4.0 * frame as f64]
}

#[test]
fn lines_count_who_crosses_and_nobody_else() {
    let still =
        |y: f64, shake: f64| move |f: i64| [300.0, y + shake * if f % 2 == 0 { 1.0 } else { -1.0 }];
    let walk = |speed: f64| move |f: i64| [300.0, 400.0 + speed * f as f64];
    let there_and_back = |far: f64| {
        move |f: i64| [300.0, 450.0 + (50.0 + far) * (1.0 - ((f - 60) as f64 / 60.0).abs())]
    };
    let thirty = |length| Scene::new(30, length);
    let rows: &[LineRow] = &[
        ("one walks in", thirty(60).with(1, 0..60, down), &MIDDLE, (1, 0)),
        (
            "one walks out",
            thirty(60).with(1, 0..60, |f| [300.0, 600.0 - 4.0 * f as f64]),
            &MIDDLE,
            (0, 1),
        ),
        (
            "ultralytics#16115: direction does not depend on how the line lies",
            thirty(60).with(1, 0..60, |f| [400.0 + 4.0 * f as f64, 300.0]),
            &[[0.5, 0.9], [0.5, 0.1]],
            (1, 0),
        ),
        (
            "opendatacam: an exactly vertical line counts",
            thirty(60).with(1, 0..60, |f| [400.0 + 4.0 * f as f64, 300.0]),
            &[[0.5, 0.1], [0.5, 0.9]],
            (0, 1),
        ),
        (
            "DL Streamer, open-nvr: a foot exactly on the line, boxes in whole numbers",
            thirty(60).with(1, 0..60, |f| [300.0, whole(400.0 + 5.0 * f as f64)]),
            &MIDDLE,
            (1, 0),
        ),
        (
            "exactly on the line for two seconds, then on",
            thirty(120).with(1, 0..120, |f| {
                let f = if f < 20 { f } else { (f - 60).max(20) };
                [300.0, 400.0 + 5.0 * f as f64]
            }),
            &MIDDLE,
            (1, 0),
        ),
        (
            "exactly on the line, then back",
            thirty(60).with(1, 0..60, |f| [300.0, 500.0 - 3.0 * (f - 30).abs() as f64]),
            &MIDDLE,
            (0, 0),
        ),
        (
            "supervision#1540, #2600, opendatacam#501: flicker of somebody who stands on the line",
            thirty(300).with(1, 0..300, still(500.0, 8.0)),
            &MIDDLE,
            (0, 0),
        ),
        (
            "supervision#2600: flicker and then back where it came from",
            thirty(120).with(1, 0..120, |f| match f {
                0..=24 => [300.0, 400.0 + 4.0 * f as f64],
                25..=80 => [300.0, 500.0 + if f % 2 == 0 { 6.0 } else { -6.0 }],
                _ => [300.0, 500.0 - 3.0 * (f - 80) as f64],
            }),
            &MIDDLE,
            (0, 0),
        ),
        (
            "flicker and then on",
            thirty(120).with(1, 0..120, |f| match f {
                0..=24 => [300.0, 400.0 + 4.0 * f as f64],
                25..=80 => [300.0, 500.0 + if f % 2 == 0 { 6.0 } else { -6.0 }],
                _ => [300.0, 500.0 + 3.0 * (f - 80) as f64],
            }),
            &MIDDLE,
            (1, 0),
        ),
        (
            "Roode#133: a U-turn within the band is nothing",
            thirty(120).with(1, 0..120, there_and_back(8.0)),
            &MIDDLE,
            (0, 0),
        ),
        (
            "beyond it one in and one out",
            thirty(120).with(1, 0..120, there_and_back(15.0)),
            &MIDDLE,
            (1, 1),
        ),
        (
            "supervision#210, #518: not where the line is not",
            thirty(60).with(1, 0..60, down),
            &RIGHT_HALF,
            (0, 0),
        ),
        (
            "around the end of the line and back through it",
            thirty(240).with(1, 0..240, |f| {
                let (x, y) = match f {
                    0..=59 => (300.0, 400.0 + 3.5 * f as f64),
                    60..=119 => (300.0 + 5.0 * (f - 60) as f64, 610.0),
                    _ => (600.0, 610.0 - 3.5 * (f - 120) as f64),
                };
                [x, y]
            }),
            &RIGHT_HALF,
            (0, 1),
        ),
        (
            "opendatacam#204: four new ids for a car that stands on the line",
            [0, 1, 2, 3].into_iter().fold(thirty(240), |scene, i| {
                scene.with(i as u64 + 1, 60 * i..60 * i + 60, still(502.0, 3.0))
            }),
            &MIDDLE,
            (0, 0),
        ),
        (
            "opendatacam#204: an id that changes on the line is one car",
            thirty(60).with(1, 0..25, down).with(2, 26..60, down),
            &MIDDLE,
            (1, 0),
        ),
        (
            "ByteTrack#237: a new id after 20 frames behind a bus is one person",
            thirty(90).with(1, 0..16, down).with(2, 36..90, down),
            &MIDDLE,
            (1, 0),
        ),
        (
            "ultralytics#3823: and three ids are one as well",
            thirty(90).with(1, 0..22, down).with(2, 24..40, down).with(3, 44..90, down),
            &MIDDLE,
            (1, 0),
        ),
        (
            "two people are two, also where one ends and one begins",
            thirty(220)
                .with(1, 0..20, down)
                .with(2, 180..220, |f| [300.0, 530.0 + 4.0 * (f - 180) as f64]),
            &MIDDLE,
            (0, 0),
        ),
        (
            "ultralytics#14291: side by side at the same instant",
            thirty(60).with(1, 0..60, down).with(2, 0..60, |f| [360.0, 400.0 + 4.0 * f as f64]),
            &MIDDLE,
            (2, 0),
        ),
        (
            "ultralytics#25492: fast, and seen five times a second",
            Scene::new(5, 20).with(1, 0..20, walk(31.0)),
            &MIDDLE,
            (1, 0),
        ),
        (
            "everything-presence-lite#198: a flash of one frame is nobody",
            thirty(60).with(1, 10..11, still(450.0, 0.0)).with(1, 11..12, still(550.0, 0.0)),
            &MIDDLE,
            (0, 0),
        ),
        (
            "the band is in heights: far away people are small",
            thirty(60).with_box(1, PERSON, 0..60, |f| {
                let y = 494.0 + 0.2 * f as f64;
                Rect::new(300.0, y - 20.0, 308.0, y)
            }),
            &MIDDLE,
            (1, 0),
        ),
        (
            "opendatacam#166: a truck that grows while it stands is not the neighbour's",
            thirty(90).with_box(1, CAR, 0..90, |f| {
                let grow = f as f64;
                Rect::new(400.0 - grow, 440.0 - 2.0 * grow, 500.0 + grow, 490.0)
            }),
            &MIDDLE,
            (0, 0),
        ),
        (
            "a corner of a line is one line",
            thirty(60).with(1, 0..60, down),
            &[[0.1, 0.3], [0.31, 0.5], [0.9, 0.5]],
            (1, 0),
        ),
        (
            "at the picture's lower border feet are cut off: nothing is known of them",
            thirty(90).with_box(1, PERSON, 0..90, |f| {
                let top = 850.0 + 3.0 * f as f64;
                Rect::new(300.0, top.min(995.0), 340.0, (top + 100.0).min(1000.0))
            }),
            &[[0.1, 0.995], [0.9, 0.995]],
            (0, 0),
        ),
    ];
    for (name, scene, line, want) in rows {
        assert_eq!(scene.crossings(line), *want, "{name}");
        // What is the same for the camera is the same for us: the line the other way round swaps.
        let reversed: Vec<_> = line.iter().rev().copied().collect();
        assert_eq!(scene.crossings(&reversed), (want.1, want.0), "{name}, reversed");
    }
}

#[test]
fn lines_laid_end_to_end_count_once() {
    // supervision#1451: through the very point that two lines share.
    let scene = Scene::new(30, 60).with(1, 0..60, |f| [500.0, 400.0 + 4.0 * f as f64]);
    let lines = [[[0.1, 0.5], [0.5, 0.5]], [[0.5, 0.5], [0.9, 0.5]]];
    let count: usize = lines.iter().map(|line| scene.crossings(line).0).sum();
    assert_eq!(count, 1);
}

#[test]
fn a_crossing_is_dated_to_the_line_at_any_rate() {
    for (fps, step) in [(30, 1), (30, 5), (30, 7), (10, 1), (5, 1)] {
        // At 100 pixels a second from 400: at the line after 1.013 s.
        let scene = Scene::new(fps, 4 * fps).with(1, 0..4 * fps, |f| {
            let f = f - f % step;
            [300.0, 398.7 + 100.0 * f as f64 / fps as f64]
        });
        let kept = scene.frames().into_iter().step_by(step as usize);
        let mut analytics = Analytics::new(camera(), vec![door(&MIDDLE)], Settings::default());
        kept.for_each(|frame| analytics.handle(&frame).unwrap());
        let event = analytics.poll_event().expect("a crossing");
        assert_eq!(event.key.time, MediaTime::from_90k(91_170), "{fps} / {step}");
        assert_eq!(&*event.area_name, "door");
        assert_eq!(event.key.track, Some(TrackId::new(1, 1)));
        let Fact::Crossing(crossing) = event.fact else { panic!("a crossing") };
        assert!((crossing.place[1] - 0.5).abs() < 1e-12 && !crossing.bridged);
        assert_eq!((crossing.direction, crossing.class), (Direction::In, PERSON));
    }
}

#[test]
fn an_area_says_which_point_of_a_box_counts() {
    // Somebody sits down: the head goes over the line, the feet stay where they are.
    let scene = Scene::new(30, 90).with_box(1, PERSON, 0..90, |f| {
        let top = 400.0 + 2.0 * f.clamp(20, 60) as f64;
        Rect::new(300.0, top, 340.0, 560.0)
    });
    for (anchor, want) in [(Anchor::Foot, 0), (Anchor::Center, 0), (Anchor::Head, 1)] {
        let mut area = door(&MIDDLE);
        area.anchor = anchor;
        assert_eq!(in_and_out(&final_facts(&scene.told(vec![area]))), (want, 0), "{anchor:?}");
    }
    // Somebody whose middle goes over it.
    let scene = Scene::new(30, 90).with(1, 0..90, |f| [300.0, 510.0 + 2.0 * f.min(40) as f64]);
    for (anchor, want) in [(Anchor::Foot, 0), (Anchor::Center, 1), (Anchor::Head, 0)] {
        let mut area = door(&MIDDLE);
        area.anchor = anchor;
        assert_eq!(in_and_out(&final_facts(&scene.told(vec![area]))), (want, 0), "{anchor:?}");
    }
}

#[test]
fn two_lines_crossed_between_two_frames_come_in_their_order() {
    // Savant#189, prop-geo#16.
    let line = |id: u32, y: f64| {
        Area::line(AreaId(id), &format!("{y}"), vec![[0.1, y], [0.9, y]], InSide::Right).unwrap()
    };
    let scene = Scene::new(2, 10).with(1, 0..10, |f| [300.0, 100.0 + 80.0 * f as f64]);
    // The later one has the lower number.
    let told = scene.told(vec![line(1, 0.55), line(2, 0.52)]);
    let names: Vec<_> = told.iter().map(|event| event.area_name.to_string()).collect();
    assert_eq!(names, ["0.52", "0.55"]);
}

#[test]
fn a_joined_crossing_is_a_correction_that_says_so() {
    let scene = Scene::new(30, 180).with(1, 0..16, down).with(2, 36..90, down);
    let told = scene.told(vec![door(&MIDDLE)]);
    let [event] = &told[..] else { panic!("{told:?}") };
    assert_eq!(event.revision, 1);
    let Fact::Crossing(crossing) = &event.fact else { panic!("{event:?}") };
    assert_eq!(crossing.joined_from, Some(TrackId::new(1, 1)));
    // Interpolated between the last sighting of one and the first of the other.
    assert_eq!(event.key.time, scene.time(25));
    assert_eq!(crossing.between, [scene.time(15), scene.time(36)]);
}

#[test]
fn only_what_was_seen_counts() {
    // Predicted boxes run over the line and end there; the object turned around.
    let scene = Scene::new(30, 90)
        .with(1, 0..40, down)
        .predicted(1, 20..40)
        .with(1, 40..80, |f| [300.0, 480.0 - 2.0 * (f - 40) as f64]);
    assert_eq!(scene.crossings(&MIDDLE), (0, 0));
    // supervision#2578: an id that several share at once has one place only, the first.
    let scene =
        Scene::new(30, 60).with(0, 0..60, |_| [300.0, 450.0]).with(0, 0..60, |_| [300.0, 550.0]);
    assert_eq!(scene.crossings(&MIDDLE), (0, 0));
    // Out of every reason: boxes that are no boxes.
    let odd = [f64::NAN, f64::INFINITY, 1e300, -1e300];
    let scene = odd.into_iter().enumerate().fold(Scene::new(30, 60), |scene, (i, odd)| {
        scene.with_box(i as u64, PERSON, 0..60, move |f| {
            if f % 3 == 0 {
                Rect::new(odd, 0.0, odd, 900.0)
            } else {
                Rect::new(0.0, 10.0, 9.0, 0.0)
            }
        })
    });
    assert_eq!(scene.crossings(&MIDDLE), (0, 0));
}

#[test]
fn classes_are_decided_by_all_that_was_seen() {
    // DL Streamer#858, kerberos#158, deepstream-occupancy-analytics#65: a car that is a person on the
    // very frame of the crossing is a car, for a line of cars, and no person, for a line of people.
    let scene = Scene::new(30, 60).with(1, 0..24, down).with(1, 24..28, down).with(1, 28..60, down);
    let as_class = |wanted: Vec<ClassId>| {
        let mut scene = scene.clone();
        for (frame, tracks) in &mut scene.frames {
            let person = (24..28).contains(frame);
            tracks.iter_mut().for_each(|t| t.class = if person { PERSON } else { CAR });
        }
        let mut area = door(&MIDDLE);
        area.classes = wanted;
        in_and_out(&final_facts(&scene.told(vec![area])))
    };
    assert_eq!(as_class(vec![CAR]), (1, 0));
    assert_eq!(as_class(vec![PERSON]), (0, 0));
    assert_eq!(as_class(Vec::new()), (1, 0));
}

#[test]
fn a_class_that_turns_out_otherwise_is_corrected() {
    // Taken for a person until after the crossing, and a car for most of its time.
    let mut scene = Scene::new(30, 200).with(1, 0..200, |f| down(f.min(60)));
    for (frame, tracks) in &mut scene.frames {
        tracks.iter_mut().for_each(|t| t.class = if *frame < 40 { PERSON } else { CAR });
    }
    let of = |classes: Vec<ClassId>| {
        let mut area = door(&MIDDLE);
        area.classes = classes;
        let told = scene.told(vec![area]);
        told.iter().map(|event| (event.revision, event.fact.clone())).collect::<Vec<_>>()
    };
    let class = |fact: &Fact| match fact {
        Fact::Crossing(crossing) => Some(crossing.class),
        _ => None,
    };
    let all: Vec<_> = of(Vec::new()).iter().map(|(r, fact)| (*r, class(fact))).collect();
    assert_eq!(all, [(0, Some(PERSON)), (1, Some(CAR))]);
    let people: Vec<_> = of(vec![PERSON]).iter().map(|(r, fact)| (*r, class(fact))).collect();
    assert_eq!(people, [(0, Some(PERSON)), (1, None)]);
    let cars: Vec<_> = of(vec![CAR]).iter().map(|(r, fact)| (*r, class(fact))).collect();
    assert_eq!(cars.last(), Some(&(cars[0].0, Some(CAR))));
}
