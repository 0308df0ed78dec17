use razz_analytics::{Direction, VisitEnd};
use razz_base::MediaTime;
use razz_hub::facts::What;

use super::*;
use crate::counter::{Counter, DatedEvent};
use crate::drawing::{Drawing, Version};
use crate::testing::{BEGIN_US, Folder, camera, door, hall, names, walkers};

fn drawn(list: &[(&str, Drawing)]) -> Vec<(String, Drawing)> {
    list.iter().map(|(name, drawing)| ((*name).to_owned(), drawing.clone())).collect()
}

fn open(folder: &Folder) -> Database {
    Database::open(&folder.path().join("facts.sqlite")).unwrap()
}

/// What a counter has to write.
fn commit(counter: &mut Counter) -> Commit {
    let with_row = |told: DatedEvent| {
        let row = counter.version(&told.event.key).map(|version| version.row);
        row.map(|row| (row, told))
    };
    let told: Vec<DatedEvent> = counter.clone().take_told();
    let told = told.into_iter().filter_map(with_row).collect();
    counter.take_told();
    let (spent, watched) = counter.take_time();
    let rows: Vec<i64> = counter.rows();
    let watched = watched.iter().flat_map(|span| rows.iter().map(|row| (*row, *span))).collect();
    let last = counter.last().unwrap();
    let state = Some(State { last, snapshot: counter.snapshot() });
    Commit { camera: camera(), told, time: Some(TimeSpent { state, spent, watched }) }
}

fn range(from_s: i64, until_s: i64, step_s: i64) -> Range {
    let us = |seconds: i64| BEGIN_US + seconds * 1_000_000;
    Range { from_us: us(from_s), until_us: us(until_s), step_us: step_s * 1_000_000 }
}

/// Two minutes of people, counted and written in pieces of so many frames, each `times` times.
fn fill(database: &mut Database, pieces: usize, times: usize) {
    database.set_areas(camera(), &drawn(&[("Door", door()), ("Hall", hall())]), None).unwrap();
    let versions = database.versions(Some(camera())).unwrap();
    let mut all = Names::default();
    let mut counter = Counter::new(camera(), versions.clone(), &mut all);
    for frames in walkers(0, 120).chunks(pieces) {
        let mut written = None;
        for _ in 0..times {
            // Counted again from the state that is kept, as after a kill.
            if let (Some(state), true) = (database.state(camera()).unwrap(), written.is_some()) {
                let State { last, snapshot } = state;
                let restored =
                    Counter::restore(camera(), versions.clone(), &mut all, &snapshot, Some(last));
                counter = restored.unwrap();
            }
            for frame in frames {
                counter.take(&mut all, frame, &names());
            }
            let commit = commit(&mut counter);
            database.commit(std::slice::from_ref(&commit), &all).unwrap();
            written = Some(commit);
        }
    }
}

#[test]
fn what_is_counted_is_found_however_it_was_written() {
    let folders = [Folder::new(), Folder::new(), Folder::new()];
    let mut found = Vec::new();
    for (folder, (pieces, times)) in folders.iter().zip([(600, 1), (7, 1), (7, 2)]) {
        let mut database = open(folder);
        fill(&mut database, pieces, times);
        let versions = database.versions(None).unwrap();
        let exact = database.facts(&versions, range(0, 3600, 900)).unwrap();
        let summed = database.facts(&versions, range(0, 3 * 86_400, 900)).unwrap();
        let filter = Filter {
            from_us: BEGIN_US,
            until_us: BEGIN_US + 3_600_000_000,
            class: None,
            kind: None,
            before: None,
            limit: 1000,
        };
        found.push((exact, summed, database.rows(&versions, &filter).unwrap()));
    }
    assert_eq!(found[0], found[1]);
    assert_eq!(found[0], found[2]);
    let (exact, summed, rows) = &found[0];
    let [door, hall] = &exact[..] else { panic!("two areas") };
    // Twelve come; the last is still inside.
    assert_eq!((door.counts, hall.counts), ([12, 11, 0], [0, 0, 12]));
    assert_eq!(door.classes.iter().next().unwrap(), (&"person".into(), &[12, 11, 0]));
    assert_eq!(door.series.counts[0].iter().sum::<u64>(), 12);
    assert_eq!(door.series.at_us.len(), 4);
    let dwell = hall.dwell.as_ref().unwrap();
    assert!((dwell.p50_s - 7.6).abs() < 0.3, "{dwell:?}");
    assert_eq!((dwell.count, dwell.histogram.iter().sum::<u64>()), (11, 11));
    let occupancy = hall.occupancy.unwrap();
    assert!((occupancy.mean - 0.75).abs() < 0.06 && occupancy.most == 1, "{occupancy:?}");
    assert!((occupancy.watched_s - 119.8).abs() < 0.5, "{occupancy:?}");
    assert!((hall.series.watched[0] - 119.8 / 900.0).abs() < 0.01, "{:?}", hall.series.watched);
    // By quarters of an hour the counts are the same, and the rest nearly.
    for (exact, summed) in exact.iter().zip(summed) {
        assert_eq!((exact.counts, &exact.classes), (summed.counts, &summed.classes));
    }
    let by_sums = summed[1].dwell.as_ref().unwrap();
    assert!((by_sums.p50_s - dwell.p50_s).abs() < 2.0 && by_sums.count == 11, "{by_sums:?}");
    let by_sums = summed[1].occupancy.unwrap();
    assert!((by_sums.mean - occupancy.mean).abs() < 0.01, "{by_sums:?}");
    assert_eq!(rows.facts.len(), 35);
    let newest = rows.facts.iter().find(|fact| matches!(fact.what, What::Visit { .. })).unwrap();
    assert!(matches!(newest.what, What::Visit { entered: true, end: None }), "{newest:?}");
    let ended = |fact: &&razz_hub::facts::Fact| {
        matches!(fact.what, What::Visit { end: Some((_, VisitEnd::Left)), .. })
    };
    assert_eq!(rows.facts.iter().filter(ended).count(), 11);
}

#[test]
fn rows_come_in_pages_and_by_kind_and_class() {
    let folder = Folder::new();
    let mut database = open(&folder);
    fill(&mut database, 50, 1);
    let versions = database.versions(None).unwrap();
    let all = Filter {
        from_us: BEGIN_US,
        until_us: BEGIN_US + 3_600_000_000,
        class: Some("person".to_owned()),
        kind: None,
        before: None,
        limit: 4,
    };
    let pages = |versions: &[Version]| {
        let (mut seen, mut filter) = (Vec::new(), all.clone());
        loop {
            let page = database.rows(versions, &filter).unwrap();
            assert!(page.facts.len() <= 4);
            seen.extend(page.facts);
            match page.next {
                Some(next) => filter.before = Some(next),
                None => return seen,
            }
        }
    };
    let seen = pages(&versions);
    // Of many areas they are read in another order.
    assert_eq!(seen, pages(&[&versions[..], &versions, &versions].concat()));
    assert_eq!(seen.len(), 35);
    let whole = Filter { limit: 1000, ..all.clone() };
    assert_eq!(seen, database.rows(&versions, &whole).unwrap().facts);
    let crossings = Filter { kind: Some(Kind::Crossing), ..whole.clone() };
    let crossings = database.rows(&versions, &crossings).unwrap().facts;
    let outs = crossings
        .iter()
        .filter(|fact| matches!(fact.what, What::Crossing { direction: Direction::Out, .. }));
    assert_eq!((crossings.len(), outs.count()), (23, 11));
    let nobody = Filter { class: Some("car".to_owned()), ..whole };
    assert_eq!(database.rows(&versions, &nobody).unwrap(), Rows::default());
}

#[test]
fn drawings_follow_one_another_and_names_stay_with_them() {
    let folder = Folder::new();
    let mut database = open(&folder);
    let at = |n| Some(MediaTime::from_90k(n));
    /// Number, version, name, from, until.
    type Line = (u32, u32, String, Option<i64>, Option<i64>);
    let summary = |database: &Database| -> Vec<Line> {
        let versions = database.versions(Some(camera())).unwrap();
        let ticks = |time: Option<MediaTime>| time.map(MediaTime::as_90k);
        let each = |one: &Version| {
            (one.area, one.version, one.name.to_string(), ticks(one.from), ticks(one.until))
        };
        versions.iter().map(each).collect()
    };
    let both = drawn(&[("Door", door()), ("Hall", hall())]);
    assert!(database.set_areas(camera(), &both, at(10)).unwrap());
    assert!(!database.set_areas(camera(), &both, at(20)).unwrap(), "they are the same");
    let name = str::to_owned;
    let first = [
        (1, 0, name("Door"), None, Some(10)),
        (1, 1, name("Door"), Some(10), None),
        (2, 0, name("Hall"), None, Some(10)),
        (2, 1, name("Hall"), Some(10), None),
    ];
    assert_eq!(summary(&database), first);
    // Another name for the same drawing, and another drawing under the same name.
    let others = drawn(&[("Gate", door()), ("Hall", door())]);
    assert!(database.set_areas(camera(), &others, at(30)).unwrap());
    let second = [
        (1, 0, name("Gate"), None, Some(10)),
        (1, 1, name("Gate"), Some(10), None),
        (2, 0, name("Hall"), None, Some(10)),
        (2, 1, name("Hall"), Some(10), Some(30)),
        (2, 2, name("Hall"), Some(30), None),
    ];
    assert_eq!(summary(&database), second);
    assert!(database.set_areas(camera(), &[], at(40)).unwrap());
    assert!(database.set_areas(camera(), &drawn(&[("Hall", hall())]), at(50)).unwrap());
    let last = summary(&database);
    assert_eq!(last[4], (2, 2, name("Hall"), Some(30), Some(40)));
    assert_eq!(last[6], (3, 1, name("Hall"), Some(50), None));
}

#[test]
fn another_version_of_the_tables_is_refused_and_kept() {
    let folder = Folder::new();
    drop(open(&folder));
    let path = folder.path().join("facts.sqlite");
    let sqlite = Connection::open(&path).unwrap();
    sqlite.pragma_update(None, "user_version", 9).unwrap();
    drop(sqlite);
    let error = Database::open(&path).unwrap_err().to_string();
    assert!(error.contains("version 9") && error.contains("move the file away"), "{error}");
    assert!(path.exists());
}

#[test]
fn what_is_too_old_is_taken_away_and_the_rest_adds_up() {
    const DAY_US: i64 = 86_400_000_000;
    let folder = Folder::new();
    let mut database = open(&folder);
    fill(&mut database, 900, 1);
    let rows = |database: &Database| {
        let count = |table| {
            let each = format!("SELECT count(*) FROM {table}");
            database.sqlite.query_row(&each, [], |row| row.get::<_, i64>(0)).unwrap()
        };
        ["crossing", "visit", "occupancy", "sum", "dwell", "spent", "watched", "area"].map(count)
    };
    let before = rows(&database);
    assert!(before.iter().all(|count| *count > 0), "{before:?}");
    // Everything happened on one day; nothing of it is older than its beginning.
    let day = BEGIN_US - BEGIN_US.rem_euclid(DAY_US);
    for us in [BEGIN_US - 30 * DAY_US, day, day + DAY_US - 1] {
        database.forget_before(us).unwrap();
        assert_eq!(rows(&database), before);
    }
    // The second half a day later: it stays as it was.
    let later = "UPDATE crossing SET wall = wall + ?1 WHERE wall >= ?2";
    let half = BEGIN_US + 60_000_000;
    database.sqlite.execute(later, [DAY_US, half]).unwrap();
    let stays: i64 = database
        .sqlite
        .query_row("SELECT count(*) FROM crossing WHERE wall > ?1", [day + DAY_US], |row| {
            row.get(0)
        })
        .unwrap();
    database.forget_before(day + DAY_US).unwrap();
    let [crossings, visits, occupancy, sums, dwell, spent, watched, areas] = rows(&database);
    assert!(crossings == stays && stays > 0 && stays < before[0], "{crossings} of {before:?}");
    assert_eq!([visits, occupancy, sums, dwell, spent, watched, areas - before[7]], [0; 7]);
    database.forget_before(day + 3 * DAY_US).unwrap();
    assert_eq!(rows(&database)[0], 0);
}
