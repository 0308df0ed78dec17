use super::*;
use crate::temporary::Folder;

fn camera(number: u32) -> CameraId {
    CameraId::new(number).unwrap()
}

/// So many seconds in.
fn dated(second: i64) -> Dated {
    Dated { time: MediaTime::from_90k(second * 90_000), wall_us: second * 1_000_000 + 7 }
}

fn open(folder: &Folder) -> Index {
    Index::open(&folder.path().join("recordings.db")).unwrap().0
}

fn add(index: &Index, number: u32, from: i64, until: i64) -> Lock {
    let span = [from, until].map(dated);
    index.lock(camera(number), span, "a note", "anna", 1_796_047_380_000_000).unwrap()
}

fn all(index: &Index, number: u32) -> Vec<i64> {
    let [from, until] = [i64::MIN, i64::MAX].map(MediaTime::from_90k);
    index.locks(camera(number), from, until).unwrap().iter().map(|lock| lock.id).collect()
}

#[test]
fn what_was_locked_is_found_by_its_times_until_it_is_unlocked() {
    let folder = Folder::new("locks");
    let index = open(&folder);
    assert_eq!(all(&index, 1), [0; 0]);
    let first = add(&index, 1, 100, 200);
    let [_, other, third] =
        [add(&index, 1, 150, 400), add(&index, 2, 0, 900), add(&index, 1, 50, 60)];
    assert_eq!((first.id, first.from, first.until), (1, dated(100), dated(200)));
    assert_eq!((first.note.as_str(), first.by.as_str()), ("a note", "anna"));
    for (from, until, expected) in [
        (0, 1000, &[4, 1, 2][..]),
        (60, 100, &[]),
        (59, 100, &[4]),
        (200, 201, &[2]),
        (199, 200, &[1, 2]),
        (400, 500, &[]),
    ] {
        let [from, until] = [from, until].map(|second| dated(second).time);
        let found = index.locks(camera(1), from, until).unwrap();
        let found: Vec<i64> = found.iter().map(|lock| lock.id).collect();
        assert_eq!(found, expected, "{from} to {until}");
    }
    // By camera and number, once; no number is given again.
    assert!(!index.unlock(camera(1), other.id).unwrap());
    assert!(index.unlock(camera(1), third.id).unwrap());
    assert!(!index.unlock(camera(1), third.id).unwrap());
    assert_eq!(add(&index, 1, 0, 1).id, 5);
    assert_eq!((all(&index, 1), all(&index, 2)), (vec![5, 1, 2], vec![3]));
    let locked = index.locked().unwrap();
    let is_locked = |from, until| locked[&camera(1)].overlap(dated(from).time, dated(until).time);
    assert!(is_locked(0, 5) && is_locked(399, 500) && !is_locked(1, 100) && !is_locked(400, 900));
}

#[test]
fn what_is_no_lock_is_not_made() {
    let folder = Folder::new("locks-limits");
    let index = open(&folder);
    let long = "ä".repeat(NOTE_CHARS);
    let longer = format!("{long}!");
    for (from, until, note, expected) in [
        (1, 2, long.as_str(), None),
        (1, 2, &longer, Some("the note has 501 characters; no more than 500 are kept")),
        (2, 2, "", Some("a lock has to end after it begins")),
        (3, 2, "", Some("a lock has to end after it begins")),
    ] {
        let made = index.lock(camera(1), [from, until].map(dated), note, "", 0);
        assert_eq!(made.err().map(|error| error.to_string()).as_deref(), expected);
    }
    assert_eq!(all(&index, 1), [1]);
}

#[test]
fn locks_outlive_the_index() {
    let folder = Folder::new("locks-anew");
    let index = open(&folder);
    let made = add(&index, 3, 100, 200);
    index.put_writer(false).unwrap();
    drop(index);
    for bytes in [Some(b"no database at all".to_vec()), None] {
        let path = folder.path().join("recordings.db");
        match bytes {
            Some(bytes) => fs::write(&path, bytes).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let (index, is_new) = Index::open(&path).unwrap();
        assert!(is_new);
        let found = index.locks(camera(3), dated(0).time, dated(900).time).unwrap();
        assert_eq!(found, std::slice::from_ref(&made));
    }
    assert!(!folder.path().join("locks.json.new").exists());
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_and_stays_as_it_is() {
    let folder = Folder::new("locks-damaged");
    let index = open(&folder);
    add(&index, 1, 100, 200);
    let path = folder.path().join(LOCKS);
    let whole = fs::read_to_string(&path).unwrap();
    for (text, said) in [
        (String::new(), "EOF while parsing"),
        (whole[..whole.len() / 2].to_owned(), "EOF while parsing"),
        (whole.replace("\"version\": 1", "\"version\": 2"), "its version is 2"),
        (whole.replace("\"note\"", "\"nota\""), "unknown field `nota`"),
        (whole.replace("\"camera\": 1", "\"camera\": 0"), "has no camera"),
        (whole.replace("\"ends_90k\": 18000000", "\"ends_90k\": 5"), "ends before it begins"),
    ] {
        assert_ne!(text, whole);
        fs::write(&path, &text).unwrap();
        let beyond = [i64::MIN, i64::MAX].map(MediaTime::from_90k);
        let errors = [
            index.locks(camera(1), beyond[0], beyond[1]).err().map(|error| error.to_string()),
            index.locked().err().map(|error| error.to_string()),
            index.unlock(camera(1), 1).err().map(|error| error.to_string()),
            index
                .lock(camera(1), [dated(1), dated(2)], "", "", 0)
                .err()
                .map(|error| error.to_string()),
        ];
        for error in errors {
            let error = error.unwrap();
            assert!(error.contains(said) && error.contains("locks.json"), "{error}");
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    // What people write is taken, whatever number comes next.
    fs::write(&path, whole.replace("\"id\": 1", "\"id\": 70")).unwrap();
    assert_eq!(add(&index, 1, 5, 6).id, 71);
    assert_eq!(all(&index, 1), [71, 70]);
}

#[test]
fn those_who_lock_at_the_same_time_do_not_undo_one_another() {
    let folder = Folder::new("locks-threads");
    let index = open(&folder);
    let threads: Vec<_> = (1..=4)
        .map(|number| {
            let index = index.another().unwrap();
            std::thread::spawn(move || (0..10).for_each(|n| drop(add(&index, number, n, n + 1))))
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let mut ids: Vec<i64> = (1..=4).flat_map(|number| all(&index, number)).collect();
    ids.sort_unstable();
    assert!(ids.into_iter().eq(1..=40));
}
