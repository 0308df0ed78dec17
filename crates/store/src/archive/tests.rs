use razz_base::{MonoTime, RunId};

use super::*;
use crate::index::{GapReason, LockError};
use crate::now_written::NowWritten;
use crate::segmenter::tests::units;
use crate::temporary::Folder;
use crate::writer::{Durability, Writer};

fn camera() -> CameraId {
    CameraId::new(1).unwrap()
}

/// Pictures from `first` to `last`, 30 a second, the camera away for the ten seconds before the 1200th, whose run's
/// clock is three seconds behind from then on.
fn written(folder: &Folder, last: usize) -> (Writer, Archive) {
    let database = folder.path().join("recordings.db");
    let root = Root::open(&folder.path().join("footage")).unwrap();
    let index = Index::open(&database).unwrap().0;
    let started = MonoTime::from_us(0);
    let (mut writer, _) = Writer::open(root.clone(), index, Durability::Each, started).unwrap();
    let index = Index::open(&database).unwrap().0;
    let now_written = NowWritten::default();
    writer.tell(now_written.clone());
    let archive = Archive::new(root, index, now_written);
    for (n, mut unit) in units(last as i64, 30).into_iter().enumerate() {
        let now = MonoTime::from_us(n as i64 * 33_333);
        if (900..1200).contains(&n) {
            continue;
        }
        if n >= 1200 {
            unit.run = RunId(unit.run.0 + 1);
            unit.wall.us += 3_000_000;
        }
        writer.take(now, &unit);
    }
    (writer, archive)
}

#[test]
fn where_there_is_footage_and_where_there_is_none() {
    let folder = Folder::new("archive");
    let (mut writer, archive) = written(&folder, 3000);
    let first = units(1, 30)[0].clone();
    let at = |n: i64| first.key.time.plus_90k(n * 3000);
    let wall = |n: i64| first.wall.us + n * 100_000 / 3 + if n >= 1200 { 3_000_000 } else { 0 };
    let whole = (Moment::Media(at(-1000)), Moment::Media(at(9000)));
    // What is written now counts as far as it is on the disk.
    let coverage = archive.coverage(camera(), whole.0, whole.1).unwrap();
    let times: Vec<_> =
        coverage.stretches.iter().map(|one| (one.from.time, one.until.time)).collect();
    assert_eq!(times, [(at(0), at(900)), (at(1200), at(2971))]);
    assert_eq!(coverage.holes.len(), 1);
    let hole = coverage.holes[0];
    assert_eq!((hole.from.time, hole.until.time), (at(900), at(1200)));
    assert_eq!(hole.reason, GapReason::CameraGone);
    assert!((hole.until.wall_us - wall(1200)).abs() <= 20, "{hole:?}");
    writer.stop(MonoTime::from_us(100_000_000));
    let coverage = archive.coverage(camera(), whole.0, whole.1).unwrap();
    let [oldest, newest] = coverage.kept.unwrap();
    assert_eq!((oldest.time, newest.time), (at(0), at(3000)));
    assert!((newest.wall_us - wall(3000)).abs() <= 20);
    // By the time of day, and by frames.
    for (from, until, stretches, holes) in [
        (Moment::Wall(wall(100)), Moment::Wall(wall(200)), 1, 0),
        (Moment::Wall(wall(1000)), Moment::Wall(wall(1100)), 0, 1),
        (Moment::Wall(wall(1000)), Moment::Wall(wall(1300)), 1, 1),
        (Moment::Media(at(899)), Moment::Media(at(1201)), 2, 1),
        (Moment::Wall(wall(5000)), Moment::Wall(wall(6000)), 0, 0),
    ] {
        let coverage = archive.coverage(camera(), from, until).unwrap();
        let found = (coverage.stretches.len(), coverage.holes.len());
        assert_eq!(found, (stretches, holes), "{from:?} {until:?}");
    }
    // The clock was wrong by three seconds in the second run, and the frames' times were not.
    for n in [0, 450, 1230, 2400] {
        let time = archive.media_time(camera(), Moment::Wall(wall(n))).unwrap();
        assert!(time.since_90k(at(n)).abs() <= 2, "{n}: {}", time.since_90k(at(n)));
    }
}

#[test]
fn a_span_is_read_from_files_that_ended_and_the_one_that_is_written() {
    let folder = Folder::new("archive-read");
    let (_writer, archive) = written(&folder, 3000);
    let first = units(1, 30)[0].key.time;
    let at = |n: i64| first.plus_90k(n * 3000);
    for (from, until, begins, ends) in
        [(10, 40, 0, 60), (1000, 1300, 1200, 1320), (2900, 2960, 2880, 2970)]
    {
        let (from, until) = (Moment::Media(at(from)), Moment::Media(at(until)));
        let footage = archive.footage(camera(), from, until, Wanted::All).unwrap().unwrap();
        assert_eq!((footage.from, footage.until), (at(begins), at(ends)), "{from:?}");
        let clip = archive.clip(camera(), from, until).unwrap().unwrap();
        assert_eq!((clip.from, clip.until), (at(begins), at(ends)), "{from:?}");
    }
    let beyond = (Moment::Media(at(5000)), Moment::Media(at(6000)));
    assert_eq!(archive.footage(camera(), beyond.0, beyond.1, Wanted::All).unwrap(), None);
}

#[test]
fn a_hole_whose_reason_is_lost_is_a_hole_all_the_same() {
    let folder = Folder::new("archive-lost");
    let (mut writer, archive) = written(&folder, 3000);
    writer.stop(MonoTime::from_us(100_000_000));
    let beyond = [i64::MIN, i64::MAX].map(|ticks| Moment::Media(MediaTime::from_90k(ticks)));
    let before = archive.coverage(camera(), beyond[0], beyond[1]).unwrap();
    drop((writer, archive));
    // Made anew from the files, an index has no gaps.
    let database = folder.path().join("recordings.db");
    std::fs::remove_file(&database).unwrap();
    let root = Root::open(&folder.path().join("footage")).unwrap();
    let index = Index::open(&database).unwrap().0;
    let differences = crate::check::Differences::look(&root, &index).unwrap();
    differences.take_in(&root, &index, |_| {}).unwrap();
    let archive = Archive::new(root, index, NowWritten::default());
    let after = archive.coverage(camera(), beyond[0], beyond[1]).unwrap();
    assert_eq!(after.stretches, before.stretches);
    let [(was, is)] = before.holes.iter().zip(&after.holes).collect::<Vec<_>>()[..] else {
        panic!("{after:?}")
    };
    assert_eq!((is.from.time, is.until.time), (was.from.time, was.until.time));
    assert_eq!((was.reason, is.reason), (GapReason::CameraGone, GapReason::Unknown));
}

#[test]
fn a_hole_that_the_span_cuts_has_the_time_of_day_of_the_files_at_its_ends() {
    let folder = Folder::new("archive-cut");
    let (mut writer, archive) = written(&folder, 3000);
    let first = units(1, 30)[0].clone();
    let at = |n: i64| first.key.time.plus_90k(n * 3000);
    for is_written in [true, false] {
        let (from, until) = (Moment::Media(at(1000)), Moment::Media(at(1100)));
        let coverage = archive.coverage(camera(), from, until).unwrap();
        assert_eq!(coverage.stretches, []);
        let [hole] = coverage.holes[..] else { panic!("{coverage:?}") };
        assert_eq!((hole.from.time, hole.until.time), (at(900), at(1200)));
        assert!((hole.from.wall_us - first.wall.us - 30_000_000).abs() <= 20, "{hole:?}");
        assert!((hole.until.wall_us - first.wall.us - 43_000_000).abs() <= 20, "{hole:?}");
        if is_written {
            writer.stop(MonoTime::from_us(100_000_000));
        }
    }
}

#[test]
fn what_is_locked_has_both_times_and_shows_in_visits() {
    let folder = Folder::new("archive-lock");
    let (_writer, archive) = written(&folder, 3000);
    let first = units(1, 30)[0].clone();
    let at = |n: i64| first.key.time.plus_90k(n * 3000);
    let wall = |n: i64| first.wall.us + n * 100_000 / 3 + if n >= 1200 { 3_000_000 } else { 0 };
    let visit = |from: i64, until: i64| {
        let moment = |n: i64| tracks::Moment { time: at(n), wall_us: wall(n) };
        tracks::Visit {
            camera: camera(),
            track: razz_base::TrackId::new(7, from as u64),
            class: "person".to_owned(),
            from: moment(from),
            until: moment(until),
            best: moment(from),
            bbox: razz_base::Rect::new(0.0, 0.0, 10.0, 10.0),
            size: razz_base::Size::new(640, 360),
            confidence: 0.5,
            cells: tracks::Cells::default(),
            matched: 9,
        }
    };
    [visit(100, 200), visit(1300, 1400)]
        .iter()
        .for_each(|visit| archive.index().put_visit(visit).unwrap());
    let beyond = [i64::MIN, i64::MAX].map(|ticks| Moment::Media(MediaTime::from_90k(ticks)));
    let locked = || {
        let visits = archive.visits(camera(), None, beyond, 9).unwrap();
        visits.iter().map(|one| one.locked).collect::<Vec<_>>()
    };
    assert_eq!(locked(), [false, false]);
    // By either name, at footage, behind it, in the file that is written now, and in what is to come.
    for (n, (from, until)) in
        [(150, 160), (880, 900), (1390, 1500), (2960, 2990)].iter().enumerate()
    {
        let by_media = [*from, *until].map(|n| Moment::Media(at(n)));
        let by_wall = [*from, *until]
            .map(|n| Moment::Wall(if n == 900 { wall(n - 1) + 33_333 } else { wall(n) }));
        for span in [by_media, by_wall] {
            let lock = archive.lock(camera(), span, "note", "anna", 5).unwrap();
            for (dated, n) in [(lock.from, *from), (lock.until, *until)] {
                assert!(dated.time.since_90k(at(n)).abs() <= 4, "{n}: {lock:?}");
                assert!((dated.wall_us - wall(n)).abs() <= 40, "{n}: {lock:?}");
            }
        }
        let [from, until] = [*from, *until].map(|n| Moment::Wall(wall(n)));
        assert_eq!(archive.locks(camera(), from, until).unwrap().len(), 2);
        assert_eq!(archive.locks(camera(), beyond[0], beyond[1]).unwrap().len(), 2 * n + 2);
    }
    assert_eq!(locked(), [true, true]);
    let all = archive.locks(camera(), beyond[0], beyond[1]).unwrap();
    for lock in &all[..2] {
        assert!(archive.unlock(camera(), lock.id).unwrap());
    }
    assert_eq!(locked(), [false, true]);
    assert_eq!(archive.locks(CameraId::new(2).unwrap(), beyond[0], beyond[1]).unwrap(), []);
    let empty = [Moment::Media(at(10)); 2];
    assert!(matches!(archive.lock(camera(), empty, "", "", 5), Err(LockError::Empty)));
}
