use razz_base::MonoTime;

use super::*;
use crate::index::Dated;
use crate::temporary::Folder;
use crate::tracks::tests::{BEGIN_US, camera, frame, street, track};
use crate::tracks::{Recorded, TrackWriter};

fn open(folder: &Folder) -> Index {
    Index::open(&folder.path().join("recordings.db")).unwrap().0
}

fn beyond() -> (MediaTime, MediaTime) {
    (MediaTime::from_90k(i64::MIN), MediaTime::from_90k(i64::MAX))
}

fn all(index: &Index) -> Vec<StoredVisit> {
    let (from, until) = beyond();
    index.visits(camera(), None, from, until, usize::MAX).unwrap()
}

/// The `n`th visit: it begins with the minute and lasts for half of it.
fn visit(n: i64) -> Visit {
    let at = |second: i64| Moment {
        time: MediaTime::from_wall_us(BEGIN_US + (n * 60 + second) * 1_000_000),
        wall_us: BEGIN_US + (n * 60 + second) * 1_000_000,
    };
    let mut cells = Cells::default();
    cells.add(&Rect::new(0.0, 0.0, 90.0, 90.0), Size::new(100, 100));
    Visit {
        camera: camera(),
        track: TrackId::new(1_796_047_380, n as u64 + 1),
        class: if n % 3 == 0 { "car".into() } else { "person".into() },
        from: at(0),
        until: at(30),
        best: at(20),
        bbox: Rect::new(-1.25, 20.5, 100.75, 200.0),
        size: Size::new(1280, 720),
        confidence: 0.875,
        cells,
        matched: 150,
    }
}

fn minute(at: i64, class: &str, tracks: u32, began: u32, new_in_hour: u32) -> MinuteCount {
    MinuteCount { at, class: class.into(), tracks, began, new_in_hour }
}

#[test]
fn visits_are_found_by_time_and_class() {
    let folder = Folder::new("index-visits");
    let index = open(&folder);
    (0..10).for_each(|n| index.put_visit(&visit(n)).unwrap());
    assert_eq!(all(&index)[4].visit, visit(4));
    let second = |second: i64| MediaTime::from_wall_us(BEGIN_US + second * 1_000_000);
    let (begin, end) = beyond();
    for (class, from, until, limit, expected) in [
        (None, begin, end, 100, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9][..]),
        (None, begin, end, 3, &[7, 8, 9]),
        (Some("car"), begin, end, 100, &[0, 3, 6, 9]),
        (Some("car"), begin, second(500), 2, &[3, 6]),
        (Some("dog"), begin, end, 100, &[]),
        (None, second(60), second(120), 100, &[1]),
        (None, second(30), second(61), 100, &[0, 1]),
        (None, second(31), second(60), 100, &[]),
    ] {
        let found = index.visits(camera(), class, from, until, limit).unwrap();
        let found: Vec<i64> =
            found.iter().map(|found| found.visit.track.short() as i64 - 1).collect();
        assert_eq!(found, expected, "{class:?} {from} {until} {limit}");
    }
    assert_eq!(index.visits(CameraId::new(2).unwrap(), None, begin, end, 9).unwrap(), []);
}

/// A second, counted from the beginning.
fn dated(second: i64) -> Dated {
    let wall_us = BEGIN_US + second * 1_000_000;
    Dated { time: MediaTime::from_wall_us(wall_us), wall_us }
}

#[test]
fn a_visit_that_is_put_twice_is_one_and_is_kept_while_footage_of_it_is_locked() {
    let folder = Folder::new("index-locked");
    let index = open(&folder);
    (0..5).for_each(|n| index.put_visit(&visit(n)).unwrap());
    let id = all(&index)[2].id;
    let longer = Visit { matched: 200, ..visit(2) };
    index.put_visit(&longer).unwrap();
    assert_eq!(all(&index)[2], StoredVisit { id, locked: false, visit: longer.clone() });
    // From the last frame of the second visit until the first of the third, and a moment of the third by itself.
    let lock = |from, until| index.lock(camera(), [from, until].map(dated), "", "", 0).unwrap();
    let first = lock(90, 120);
    let second = lock(125, 126);
    let locked = |index: &Index| all(index).iter().map(|one| one.locked).collect::<Vec<_>>();
    assert_eq!(locked(&index), [false, true, true, false, false]);
    assert!(index.unlock(camera(), first.id).unwrap());
    assert_eq!(locked(&index), [false, false, true, false, false]);
    let rows: Vec<MinuteCount> =
        (0..5).map(|n| minute(BEGIN_US / 1_000_000 + n * 60, "person", 1, 1, 1)).collect();
    rows.iter().for_each(|minute| index.put_minute(camera(), minute).unwrap());
    index.remove_tracks_before(camera(), BEGIN_US + 210_000_000).unwrap();
    let left = all(&index);
    assert_eq!(left.iter().map(|left| left.visit.matched).collect::<Vec<_>>(), [200, 150]);
    let density =
        index.density(camera(), rows[0].at, rows[4].at + 60, 5).unwrap().classes.remove("person");
    assert_eq!(density.unwrap(), [0, 0, 0, 1, 1]);
    // Nothing holds it any more.
    assert!(index.unlock(camera(), second.id).unwrap());
    index.remove_tracks_before(camera(), BEGIN_US + 210_000_000).unwrap();
    assert_eq!(all(&index).iter().map(|left| left.visit.matched).collect::<Vec<_>>(), [150]);
}

#[test]
fn the_tracks_of_days_in_which_something_is_locked_are_kept() {
    const DAY_S: i64 = 86_400;
    let folder = Folder::new("index-forget");
    let index = open(&folder);
    let root = Root::open(&folder.path().join("footage")).unwrap();
    // Four days, of which the second is locked, and the last moment of it.
    let midnight = -(BEGIN_US / 1_000_000 % DAY_S);
    for day in 0..4 {
        let file = day::DayFile::of(&root, camera(), Day::at_us(dated(day * DAY_S).wall_us));
        file.append(&root, b"tracks").unwrap();
    }
    let span = [midnight + DAY_S + 60, midnight + 2 * DAY_S];
    let lock = index.lock(camera(), span.map(dated), "", "", 0).unwrap();
    let before_us = dated(midnight + 3 * DAY_S).wall_us;
    let forget = || index.forget_tracks(&root, camera(), before_us).unwrap();
    let days = || day::days(&root, camera()).unwrap().len();
    assert_eq!((forget(), days()), (2, 2));
    // A lock that begins with a day needs the block before it too.
    assert!(index.unlock(camera(), lock.id).unwrap());
    let span = [midnight + 2 * DAY_S + 5, midnight + 2 * DAY_S + 6];
    let lock = index.lock(camera(), span.map(dated), "", "", 0).unwrap();
    assert_eq!((forget(), days()), (0, 2));
    assert!(index.unlock(camera(), lock.id).unwrap());
    assert_eq!((forget(), days()), (1, 1));
}

#[test]
fn how_many_there_were_is_by_minutes_or_by_hours() {
    let folder = Folder::new("index-density");
    let index = open(&folder);
    let noon = 1_796_040_000 / 3600 * 3600;
    // Somebody who stays for five hours; each hour two others, for a minute each; and a car, once.
    for n in 0..300 {
        let other = u32::from(n % 60 == 10 || n % 60 == 40);
        let new_in_hour = other + u32::from(n % 60 == 0);
        let began = other + u32::from(n == 0);
        let count = minute(noon + n * 60, "person", 1 + other, began, new_in_hour);
        index.put_minute(camera(), &count).unwrap();
    }
    index.put_minute(camera(), &minute(noon + 7200, "car", 1, 1, 1)).unwrap();
    let hour = 3600;
    for (from, until, points, begins, step, people, cars) in [
        (0, 300, 5, 0, 60, &[1, 1, 1, 1, 1][..], None),
        (600, 720, 2, 600, 60, &[2, 1], None),
        (0, hour, 4, 0, 900, &[2, 1, 2, 1], None),
        (0, 5 * hour, 5, 0, hour, &[3, 3, 3, 3, 3], Some(&[0, 0, 1, 0, 0][..])),
        // Hours from here on.
        (0, 5 * hour, 2, 0, 3 * hour, &[7, 5], Some(&[1, 0])),
        (0, 4 * hour, 1, 0, 4 * hour, &[9], Some(&[1])),
        // Buckets stand where they stand.
        (59, 121, 2, 0, 60, &[1, 1, 1], None),
        (0, 1, 100, 0, 60, &[1], None),
    ] {
        let density = index.density(camera(), noon + from, noon + until, points).unwrap();
        let what = format!("{from} to {until} in {points}");
        assert_eq!((density.from - noon, density.step), (begins, step), "{what}");
        assert_eq!(density.classes.get("person").map(Vec::as_slice), Some(people), "{what}");
        assert_eq!(density.classes.get("car").map(Vec::as_slice), cars, "{what}");
    }
    for (from, until, points) in [
        (i64::MIN, i64::MAX, 400),
        (i64::MAX, i64::MIN, 0),
        (i64::MAX, i64::MAX, usize::MAX),
        (i64::MIN, i64::MIN, 1),
    ] {
        let density = index.density(camera(), from, until, points).unwrap();
        assert!(density.step >= 60, "{density:?}");
    }
}

#[test]
fn what_was_counted_before_a_restart_is_added() {
    let folder = Folder::new("index-restart");
    let index = open(&folder);
    index.put_minute(camera(), &minute(3600, "person", 2, 2, 2)).unwrap();
    index.put_minute(camera(), &minute(3600, "person", 3, 1, 3)).unwrap();
    let density = index.density(camera(), 3600, 3660, 1).unwrap();
    assert_eq!(density.classes["person"], [5]);
}

#[test]
fn an_index_that_is_gone_is_made_from_the_files_of_tracks() {
    let folder = Folder::new("index-rebuild");
    let index = open(&folder);
    let root = Root::open(&folder.path().join("footage")).unwrap();
    let mut writer = TrackWriter::new(root.clone());
    // People on a street for two minutes, then nobody, then others; a car that is a truck now and then.
    let mut frames = street(5, 5, 120);
    let later = |second: i64, id: u64| {
        let mut recorded = frame(second * 1_000_000, vec![track(id, second as f64, 30.0)]);
        let class = if second % 4 == 0 { "truck" } else { "car" };
        recorded.classes = razz_base::ClassNames::new([class.to_owned()]);
        recorded
    };
    frames.extend((150..400).map(|second| later(second, 100 + second as u64 / 60)));
    let mut put = |recorded: &Recorded| {
        let now = MonoTime::from_us(recorded.frame.wall.us - BEGIN_US);
        if let Some(written) = writer.take(now, recorded) {
            index.put_seen(written.camera, &written.seen).unwrap();
        }
    };
    frames.iter().for_each(&mut put);
    writer.stop().iter().for_each(|written| {
        index.put_seen(written.camera, &written.seen).unwrap();
    });
    let density = |index: &Index, points: usize| {
        let second = BEGIN_US / 1_000_000;
        index.density(camera(), second, second + 600, points).unwrap()
    };
    let (visits, before) = (all(&index), density(&index, 10));
    assert_eq!(visits.len(), 5 + 5);
    assert_eq!(before.classes["car"].iter().sum::<u32>(), 5, "{before:?}");
    drop(index);
    std::fs::remove_file(folder.path().join("recordings.db")).unwrap();
    let index = open(&folder);
    assert_eq!(all(&index), []);
    for _ in 0..2 {
        assert_eq!(index.rebuild_tracks(&root, camera()).unwrap(), visits.len());
        assert_eq!(density(&index, 10), before);
        for (made, was) in all(&index).iter().zip(&visits) {
            // Boxes and confidences were stored in steps.
            let (made, was) = (&made.visit, &was.visit);
            assert!((made.confidence - was.confidence).abs() <= 1.0 / 256.0);
            if made.best == was.best {
                for (made, was) in made.bbox.to_array().iter().zip(was.bbox.to_array()) {
                    assert!((made - was).abs() <= 0.25, "{made} {was}");
                }
            }
            assert_eq!(
                (made.track, &made.class, made.from, made.until, made.matched),
                (was.track, &was.class, was.from, was.until, was.matched)
            );
        }
    }
}
