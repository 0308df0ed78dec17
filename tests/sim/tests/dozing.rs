//! A camera at which nothing moves is decoded at its key frames only, and when something does move,
//! nothing of it is missed: the server's driver with a decoder that insists on every reference.

use razz_base::{DetectRate, Rect};
use razz_engine::{Allowance, Audience, GopShare, Idling, Settings};
use razz_sim::dozing::{Costs, Dozing, Footage, Outcome, number};

const KEY_FRAMES: Option<Idling> = Some(Idling::KeyFrames);
const ALL_FRAMES: Option<Idling> = Some(Idling::AllFrames);

fn settings() -> Settings {
    Settings { rate: DetectRate::PerSecond(5.0), ..Settings::default() }
}

fn run(footage: Footage, pictures: i64) -> Outcome {
    let mut camera = Dozing::new(footage, settings(), Costs::default());
    camera.run_to(pictures);
    camera.finish()
}

/// A person who stands still, and one who comes at picture `from` and walks.
fn comes_at(from: i64) -> impl Fn(i64) -> Vec<Rect> {
    move |n| {
        let standing = Rect::from_center(200.0, 300.0, 40.0, 100.0);
        let walking = Rect::from_center(600.0 + 3.0 * (n - from) as f64, 300.0, 40.0, 100.0);
        if n < from { vec![standing] } else { vec![standing, walking] }
    }
}

/// Sizes that grow when that one comes, or do not.
fn sizes(from: i64, grow: bool) -> Box<dyn Fn(i64) -> usize> {
    Box::new(move |n| 400 + (n as usize * 37) % 60 + if grow && n >= from { 900 } else { 0 })
}

/// Every frame is published once to those who follow every frame, in order, none later than the
/// settings say, and not one is left out.
fn assert_published(outcome: &Outcome, pictures: i64, fps: i64, name: &str) {
    let every: Vec<i64> = outcome
        .published
        .iter()
        .filter(|(_, _, audience)| *audience != Audience::PerDetection)
        .map(|(frame, _, _)| number(frame, fps))
        .collect();
    assert_eq!(every, (0..pictures).collect::<Vec<_>>(), "{name}");
    let detected: Vec<i64> = outcome
        .published
        .iter()
        .filter(|(_, _, audience)| *audience != Audience::EveryFrame)
        .map(|(frame, _, _)| number(frame, fps))
        .collect();
    assert!(detected.is_sorted_by(|a, b| a < b), "{name}: {detected:?}");
}

#[test]
fn while_nothing_moves_only_key_frames_are_decoded_and_all_else_goes_on() {
    for (gop, fps) in [(15, 30), (30, 30), (60, 30), (50, 25), (120, 30), (25, 12)] {
        let pictures = 40 * fps;
        let footage =
            Footage { gop, fps, objects: Box::new(comes_at(i64::MAX)), ..Footage::default() };
        let outcome = run(footage, pictures);
        let name = format!("GOP {gop} at {fps} a second");
        assert_eq!(outcome.idled(pictures), KEY_FRAMES, "{name}: {:?}", outcome.idling);
        // From the second GOP of stillness on.
        let from = 2 * fps + 3 * gop;
        let late: Vec<i64> = outcome.decoded.iter().copied().filter(|n| *n >= from).collect();
        let keys: Vec<i64> = (0..pictures).filter(|n| n % gop == 0 && *n >= from).collect();
        assert_eq!(late, keys, "{name}");
        assert_published(&outcome, pictures, fps, &name);
        // The detector looks once a second, or at each key frame where they are rarer.
        let looked = outcome.looked.iter().filter(|(n, _)| *n >= from).count() as f64;
        let seconds = (pictures - from) as f64 / fps as f64;
        let usual = seconds / (gop as f64 / fps as f64).max(1.0);
        assert!((0.8 * usual..=1.2 * usual + 1.0).contains(&looked), "{name}: {looked}, {usual}");
        // Those who want detections have theirs at their rate.
        let [detected, unchanged, skipped] = outcome.counted;
        let rate = (detected + unchanged) as f64 / 40.0;
        assert!((4.8..5.2).contains(&rate) && skipped == 0, "{name}: {:?}", outcome.counted);
    }
}

#[test]
fn who_comes_in_the_middle_of_a_gop_is_seen_on_the_very_picture_that_grew() {
    for gop in [15, 30, 60, 120] {
        for into in [1, gop / 2, gop - 1] {
            let from = 8 * gop.max(60) + into;
            let footage = Footage {
                gop,
                objects: Box::new(comes_at(from)),
                bytes: sizes(from, true),
                ..Footage::default()
            };
            let outcome = run(footage, from + 200);
            let name = format!("GOP {gop}, {into} into it");
            assert_eq!(outcome.idled(from - 1), KEY_FRAMES, "{name}: {:?}", outcome.idling);
            let (first, done) = *outcome.looked.iter().find(|(n, _)| *n >= from).unwrap();
            // Or one that came while it waited for the detector.
            assert!((from..=from + 1).contains(&first), "{name}: {first} instead of {from}");
            // What was kept is decoded at 2 ms a picture, and the detector takes 60 ms.
            let late_us = done.as_us() - from * 1_000_000 / 30;
            assert!(late_us <= 2000 * (into + 20) + 60_000 + 1000, "{name}: {late_us} µs");
            // From the key frame on nothing was left out, and nothing is from there on.
            let gop_began = from / gop * gop;
            let decoded: Vec<i64> =
                outcome.decoded.iter().copied().filter(|n| *n >= gop_began).collect();
            let awake = (gop_began..from + 60).collect::<Vec<_>>();
            assert_eq!(decoded[..awake.len()], awake, "{name}");
            assert_published(&outcome, from + 200, 30, &name);
            // The one who came is followed from then on, on every picture.
            let tracks =
                outcome.published.iter().filter(|(frame, _, _)| number(frame, 30) > from + 30);
            let lost = tracks.filter(|(frame, _, _)| frame.tracks.len() < 2).count();
            assert_eq!(lost, 0, "{name}");
        }
    }
}

#[test]
fn who_comes_without_a_word_from_the_sizes_is_seen_on_the_next_key_frame() {
    for gop in [15, 30, 60, 120] {
        let from = 8 * gop.max(60) + gop / 3;
        // They walk through within ten seconds.
        let objects =
            move |n: i64| if n < from + 300 { comes_at(from)(n) } else { comes_at(n + 1)(n) };
        let footage = Footage {
            gop,
            objects: Box::new(objects),
            bytes: sizes(from, false),
            ..Footage::default()
        };
        let name = format!("GOP {gop}");
        let key = (from / gop + 1) * gop;
        let until = key + 30 * 700;
        let outcome = run(footage, until);
        assert_eq!(outcome.idled(from), KEY_FRAMES, "{name}");
        let first = outcome.looked.iter().find(|(n, _)| *n >= from).unwrap().0;
        assert_eq!(first, key, "{name}");
        // For ten minutes it is not relied on the sizes again, and then it is.
        let minutes = |m: i64| key + 1800 * m;
        for (at, idling) in [(1, ALL_FRAMES), (5, ALL_FRAMES), (9, ALL_FRAMES), (11, KEY_FRAMES)] {
            assert_eq!(outcome.idled(minutes(at)), idling, "{name}, after {at} minutes");
        }
        assert_eq!(outcome.decoded_of(minutes(1)..minutes(9)), 8 * 1800, "{name}");
        assert_published(&outcome, until, 30, &name);
    }
}

#[test]
fn what_only_the_detector_sees_wakes_the_camera_and_what_was_kept_is_decoded() {
    // Too small to count as movement.
    let from = 610;
    let small = move |n: i64| match n < from {
        true => comes_at(i64::MAX)(n),
        false => {
            vec![Rect::from_center(200.0, 300.0, 40.0, 100.0), Rect::new(9.0, 9.0, 29.0, 29.0)]
        }
    };
    let outcome = run(Footage { objects: Box::new(small), ..Footage::default() }, 1200);
    assert_eq!(outcome.idled(620), KEY_FRAMES);
    let looked: Vec<i64> = outcome.looked.iter().map(|(n, _)| *n).filter(|n| *n >= from).collect();
    // On the key frame, and once more on the newest picture when that had been looked at.
    assert!(looked[0] == 630 && (631..634).contains(&looked[1]), "{looked:?}");
    let decoded: Vec<i64> = outcome.decoded.iter().copied().filter(|n| *n >= 630).collect();
    assert_eq!(decoded[..60], (630..690).collect::<Vec<_>>());
    assert_published(&outcome, 1200, 30, "small");
    assert_eq!(outcome.idled(1200), KEY_FRAMES, "its sizes are still relied on");
}

#[test]
fn sizes_that_grow_for_nothing_cost_a_few_seconds_of_decoding() {
    let footage = Footage {
        objects: Box::new(comes_at(i64::MAX)),
        bytes: Box::new(|n| if n == 615 { 4000 } else { 400 + (n as usize * 37) % 60 }),
        ..Footage::default()
    };
    let outcome = run(footage, 1200);
    assert!(outcome.looked.iter().any(|(n, _)| *n == 615), "{:?}", outcome.looked);
    assert_eq!(outcome.idled(640), ALL_FRAMES);
    assert_eq!(outcome.idled(720), KEY_FRAMES, "{:?}", outcome.idling);
    let [_, _, skipped] = outcome.counted;
    assert!(skipped <= 1, "{:?}", outcome.counted);
}

#[test]
fn what_cannot_be_relied_on_is_decoded_in_full() {
    let still = || Footage { objects: Box::new(comes_at(i64::MAX)), ..Footage::default() };
    for (name, footage) in [
        ("GOPs of ten seconds", Footage { gop: 300, ..still() }),
        ("no second IDR", Footage { gop: 100_000, ..still() }),
        ("B-frames", Footage { reorders_from: 0, ..still() }),
        ("GOPs of 30 MB", Footage { bytes: Box::new(|_| 1 << 20), ..still() }),
    ] {
        let outcome = run(footage, 900);
        assert!(outcome.idling.iter().all(|(_, idling)| *idling != KEY_FRAMES), "{name}");
        assert_eq!(outcome.decoded_of(0..900), 900, "{name}");
    }
}

#[test]
fn after_a_new_run_or_a_loss_it_begins_as_at_the_start() {
    // In the middle of a GOP that is not decoded.
    for (name, lost, run_changes) in [("a loss", 945, i64::MAX), ("a run", i64::MAX, 945)] {
        let footage = Footage {
            objects: Box::new(comes_at(i64::MAX)),
            lost: Box::new(move |n| n == lost),
            run: Box::new(move |n| u32::from(n >= run_changes)),
            ..Footage::default()
        };
        let outcome = run(footage, 1500);
        assert_eq!(outcome.idled(940), KEY_FRAMES, "{name}");
        assert_eq!(outcome.idled(1500), KEY_FRAMES, "{name}: {:?}", outcome.idling);
        if run_changes < 1500 {
            // Nothing is decodable before the next IDR; then two GOPs and two seconds are watched.
            assert_eq!(outcome.decoded_of(945..960), 0, "{name}");
            assert_eq!(outcome.decoded_of(960..1020), 60, "{name}");
        }
    }
    // Who comes behind the loss is seen as soon as pictures can be decoded.
    let footage = Footage {
        objects: Box::new(comes_at(950)),
        bytes: sizes(950, true),
        lost: Box::new(|n| n == 945),
        ..Footage::default()
    };
    let outcome = run(footage, 1200);
    let first = outcome.looked.iter().find(|(n, _)| *n >= 950).unwrap().0;
    assert_eq!(first, 960, "{:?}", outcome.looked);
}

#[test]
fn a_stream_that_begins_to_have_b_frames_is_decoded_in_full() {
    // At a key frame, in the middle of a GOP, and while what was kept is decoded at 8 ms a picture.
    for (from, comes) in [(900, i64::MAX), (915, i64::MAX), (917, 916)] {
        let footage = Footage {
            objects: Box::new(comes_at(comes)),
            bytes: sizes(comes, true),
            reorders_from: from,
            ..Footage::default()
        };
        let costs = Costs { decode_us: 8000, ..Costs::default() };
        let mut camera = Dozing::new(footage, settings(), costs);
        camera.run_to(1200);
        let outcome = camera.finish();
        assert_eq!(outcome.idled(890), KEY_FRAMES, "{from}");
        assert_eq!(outcome.decoded_of(930..1200), 270, "{from}: {:?}", outcome.decoded);
        assert_ne!(outcome.idled(1199), KEY_FRAMES, "{from}");
    }
}

#[test]
fn a_decoder_that_is_slow_goes_on_at_the_next_key_frame() {
    // 30 ms a picture: what was kept of a GOP of two seconds takes most of two more.
    let from = 8 * 60 + 50;
    let footage = Footage {
        gop: 60,
        objects: Box::new(comes_at(from)),
        bytes: sizes(from, true),
        ..Footage::default()
    };
    let costs = Costs { decode_us: 30_000, ..Costs::default() };
    let mut camera = Dozing::new(footage, settings(), costs);
    camera.run_to(900);
    let outcome = camera.finish();
    let (first, done) = *outcome.looked.iter().find(|(n, _)| *n >= from).unwrap();
    assert!((from..=from + 70).contains(&first), "{first}");
    let late_us = done.as_us() - from * 1_000_000 / 30;
    assert!(late_us < 2_600_000, "{late_us} µs");
    assert_published(&outcome, 900, 30, "slow");
}

#[test]
fn while_capacity_is_short_what_was_kept_is_decoded_only_as_far_as_it_reaches() {
    // One detection a second, at the IDR: the rest of the GOP is not decoded, whatever its sizes say.
    let allowance =
        Allowance { rate: 1.0, decode: Some(GopShare { window: 0.2, gop_us: 1_000_000 }) };
    let from = 30 * 30 + 15;
    let footage = Footage {
        objects: Box::new(comes_at(from)),
        bytes: sizes(from, true),
        ..Footage::default()
    };
    let mut camera = Dozing::new(footage, settings(), Costs::default());
    camera.allow(allowance);
    camera.run_to(1500);
    let outcome = camera.finish();
    assert!(outcome.decoded.iter().all(|n| n % 30 < 7), "{:?}", outcome.decoded);
    let first = outcome.looked.iter().find(|(n, _)| *n >= from).unwrap().0;
    assert_eq!(first, 31 * 30);
}

#[test]
fn pictures_that_none_leans_on_are_left_out_where_nobody_wants_them() {
    for every in [2, 3] {
        let moving =
            |n: i64| vec![Rect::from_center(300.0 + (7 * n % 500) as f64, 300.0, 60.0, 120.0)];
        let footage = Footage {
            objects: Box::new(moving),
            unreferenced: Box::new(move |n| n % 30 % every != 0),
            ..Footage::default()
        };
        let outcome = run(footage, 600);
        // Those that are due are decoded all the same: every sixth.
        let expected: Vec<i64> = (0..600).filter(|n| n % 30 % every == 0 || n % 6 == 0).collect();
        let kept = expected.iter().filter(|n| outcome.decoded.contains(n)).count();
        assert_eq!(kept, expected.len(), "one of {every}");
        // And while one waits for the detector, newer ones take its place.
        assert!(outcome.decoded.len() <= expected.len() + 120, "{}", outcome.decoded.len());
        assert_published(&outcome, 600, 30, "unreferenced");
        let [detected, _, skipped] = outcome.counted;
        assert!(detected >= 98 && skipped == 0, "{:?}", outcome.counted);
    }
}

#[test]
fn with_detection_off_nothing_is_decoded() {
    let off = Settings { rate: DetectRate::Off, ..Settings::default() };
    let mut camera = Dozing::new(Footage::default(), off, Costs::default());
    camera.run_to(600);
    let outcome = camera.finish();
    assert!(outcome.decoded.is_empty() && outcome.idling.is_empty(), "{outcome:?}");
}
