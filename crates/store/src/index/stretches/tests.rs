use proptest::prelude::*;
use razz_base::{RunId, WallQuality, WallTime};

use super::*;
use crate::index::{Entry, Fragments};
use crate::name::FileName;
use crate::temporary::Folder;

/// Ten seconds, in which the times of these tests are counted.
const STEP_90K: i64 = 10 * CLOCK_RATE;
/// All of them lie in the three days from here on, in steps.
const FIRST: i64 = 20_000 * 8640;
const LAST: i64 = FIRST + 3 * 8640;

fn camera() -> CameraId {
    CameraId::new(1).unwrap()
}

fn at(step: i64) -> MediaTime {
    MediaTime::from_90k(step * STEP_90K)
}

/// A file by its name's number, of these steps; its camera's clock is a quarter of a second wrong each hour.
fn entry(name: i64, from: i64, steps: i64, ended: bool) -> Entry {
    let wall = WallTime {
        us: from * 10_000_000 + (from - FIRST) * 250_000 / 360,
        quality: WallQuality::Arrival,
    };
    let bytes = 1000 + 7 * from.unsigned_abs() % 100;
    let (from, until) = (at(from), at(from + if ended { steps } else { 0 }));
    let name = FileName::at_us(name * 1000);
    let span = Span { name, from, until, wall, bytes, frames: 300, ended };
    Entry { span, run: RunId(1), header: 900, fragments: Fragments::default() }
}

#[derive(Clone, Debug)]
enum Change {
    Put {
        name: i64,
        from: i64,
        steps: i64,
        ended: bool,
    },
    /// So many files that follow one another.
    PutRow {
        name: i64,
        from: i64,
        files: i64,
    },
    Remove(i64),
    GiveWay(i64),
}

fn changes() -> impl Strategy<Value = Change> {
    // Around the midnights, where both hours and days begin, and anywhere.
    let midnight = (1..3i64, -20..20i64).prop_map(|(day, step)| FIRST + day * 8640 + step);
    let from = prop_oneof![midnight, FIRST..LAST - 400].boxed();
    let put = (0..60i64, from.clone(), prop_oneof![Just(6i64), 1..300i64], any::<bool>());
    let row = (0..60i64, from, 2..30i64);
    prop_oneof![
        put.prop_map(|(name, from, steps, ended)| Change::Put { name, from, steps, ended }),
        row.prop_map(|(name, from, files)| Change::PutRow { name, from, files }),
        (0..60i64).prop_map(Change::Remove),
        (0..60i64).prop_map(Change::GiveWay),
    ]
}

fn apply(index: &Index, change: &Change) {
    let name = |number: i64| FileName::at_us(number * 1000);
    match *change {
        Change::Put { name, from, steps, ended } => {
            index.put(camera(), &entry(name, from, steps, ended)).unwrap();
        }
        Change::PutRow { name, from, files } => (0..files).for_each(|n| {
            let entry = entry((name + n) % 60, from + n * 6, 6, true);
            index.put(camera(), &entry).unwrap();
        }),
        Change::Remove(number) => index.remove(camera(), name(number)).unwrap(),
        Change::GiveWay(number) => {
            if let Some(entry) = index.entry(camera(), name(number)).unwrap() {
                index.give_way(camera(), entry.span).unwrap();
            }
        }
    }
}

/// The table as it stands.
fn table(index: &Index) -> Vec<[i64; 7]> {
    let read = |row: &Row<'_>| {
        let mut all = [0; 7];
        for (n, each) in all.iter_mut().enumerate() {
            *each = row.get(n)?;
        }
        Ok(all)
    };
    index.rows("SELECT * FROM stretch ORDER BY camera, level, ends", [], read).unwrap()
}

/// What the files' rows say, each of them looked at.
fn by_files(index: &Index, from: MediaTime, until: MediaTime) -> Vec<Stretch> {
    let mut spans: Vec<Span> = index.all().unwrap().into_iter().map(|(_, span)| span).collect();
    spans.retain(|span| span.ended && span.until > from && span.from < until);
    spans.sort_by_key(|span| (span.until, span.from, span.name));
    let mut found = Vec::new();
    spans.iter().for_each(|span| Stretch::of(span).join(&mut found));
    found
}

#[test]
fn files_that_follow_one_another_are_one_stretch() {
    let folder = Folder::new("stretches");
    let index = Index::open(&folder.path().join("recordings.db")).unwrap().0;
    // Two days and a half, a file a minute.
    let files: Vec<Entry> = (0..3600).map(|n| entry(n, FIRST + 4000 + n * 6, 6, true)).collect();
    index.at_once(|index| files.iter().try_for_each(|file| index.put(camera(), file))).unwrap();
    let [whole, _] = [[i64::MIN, i64::MAX], [FIRST, LAST]];
    let [begin, end] = whole.map(MediaTime::from_90k);
    let sum = |from: usize, until: usize| -> u64 {
        files[from..until].iter().map(|file| file.span.bytes).sum()
    };
    let stretch = |from: usize, until: usize| {
        let (first, last) = (files[from].span, files[until - 1].span);
        let (from_, until_) = (first.dated(first.from), last.dated(last.until));
        Stretch { from: from_, until: until_, bytes: sum(from, until) }
    };
    assert_eq!(index.stretches(camera(), begin, end).unwrap(), [stretch(0, 3600)]);
    assert_eq!(index.bytes().unwrap(), sum(0, 3600));
    // Whole files count, whatever the span cuts.
    let cut = |from: i64, until: i64| {
        let [from, until] = [from, until].map(|step| at(FIRST + 4000 + step));
        index.stretches(camera(), from, until).unwrap()
    };
    assert_eq!(cut(3, 6 * 3000 + 1), [stretch(0, 3001)]);
    assert_eq!(cut(6, 12), [stretch(1, 2)]);
    assert_eq!(cut(-9, 0), []);
    // The oldest give way: the front becomes shorter. One in the middle: there are two.
    files[..100].iter().for_each(|file| index.give_way(camera(), file.span).unwrap());
    index.give_way(camera(), files[2000].span).unwrap();
    let two = [stretch(100, 2000), stretch(2001, 3600)];
    assert_eq!(index.stretches(camera(), begin, end).unwrap(), two);
    // It is found again.
    index.put(camera(), &files[2000]).unwrap();
    assert_eq!(index.stretches(camera(), begin, end).unwrap(), [stretch(100, 3600)]);
    // Two and a half days are seven days and hours at most, and no more.
    assert!(table(&index).len() <= 3600 / 60 + 1 + 4, "{}", table(&index).len());
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 32, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_comes_and_goes_the_stretches_are_those_of_the_files(
        changes in prop::collection::vec(changes(), 1..40),
        spans in prop::collection::vec((FIRST - 10..LAST, 0..9000i64, -1..2i64, -1..2i64), 20),
    ) {
        let folder = Folder::new("stretches-property");
        let index = Index::open(&folder.path().join("recordings.db")).unwrap().0;
        for change in &changes {
            apply(&index, change);
        }
        let kept = table(&index);
        index.rebuild_stretches().unwrap();
        prop_assert_eq!(kept, table(&index));
        let [begin, end] = [i64::MIN, i64::MAX].map(MediaTime::from_90k);
        let all = by_files(&index, begin, end);
        let bytes: u64 = all.iter().map(|one| one.bytes).sum();
        prop_assert_eq!(index.bytes().unwrap(), bytes);
        prop_assert_eq!(index.stretches(camera(), begin, end).unwrap(), all);
        for (from, steps, early, late) in spans {
            let (from, until) = (at(from).plus_90k(early), at(from + steps).plus_90k(late));
            let expected = by_files(&index, from, until);
            prop_assert_eq!(index.stretches(camera(), from, until).unwrap(), expected);
            let names: Vec<FileName> =
                index.spans(camera(), from, until).unwrap().iter().map(|span| span.name).collect();
            let mut expected: Vec<Span> = index.all().unwrap().into_iter().map(|(_, span)| span).collect();
            expected.retain(|span| span.until > from && span.from < until);
            expected.sort_by_key(|span| (span.until, span.from, span.name));
            prop_assert!(expected.iter().map(|span| span.name).eq(names));
        }
    }
}
