use std::io::Cursor;

use razz_media::mp4::write::Summary;

use super::*;
use crate::scan::scan;
use crate::segmenter::tests::{recorded, units};
use crate::temporary::Folder;

fn camera(number: u32) -> CameraId {
    CameraId::new(number).unwrap()
}

fn database(folder: &Folder) -> PathBuf {
    folder.path().join("recordings.db")
}

/// A minute, the `n`th.
fn entry(n: i64) -> Entry {
    let mut fragments = Fragments::default();
    for second in 0..60 {
        let from = MediaTime::from_90k(second * 90_000);
        let wall = WallTime { us: 0, quality: WallQuality::SenderReport };
        let bytes = 1000 + second as usize;
        let (until, key) = (from.plus_90k(90_000), second % 2 == 0);
        fragments.push(from, &Summary { bytes, from, until, wall, frames: 30, key });
    }
    let at = |n: i64| MediaTime::from_90k(n * 60 * 90_000);
    let span = Span {
        name: FileName::at_us(n * 60_000_000),
        from: at(n),
        until: at(n + 1),
        wall: WallTime { us: n * 60_000_000, quality: WallQuality::SenderReport },
        bytes: 700 + 60 * 1000 + 59 * 30,
        frames: 1800,
        ended: true,
    };
    Entry { span, run: RunId(3), header: 700, fragments }
}

#[test]
fn what_was_put_is_found_by_its_times() {
    let folder = Folder::new("index-times");
    let (index, is_new) = Index::open(&database(&folder)).unwrap();
    assert!(is_new);
    index
        .at_once(|index| {
            (0..10).try_for_each(|n| index.put(camera(1), &entry(n)))?;
            index.put(camera(2), &entry(4))
        })
        .unwrap();
    let minute = |n: i64| MediaTime::from_90k(n * 60 * 90_000);
    for (from, until, expected) in [
        (minute(3), minute(5), &[3, 4][..]),
        (minute(3).plus_90k(1), minute(5).plus_90k(1), &[3, 4, 5]),
        (minute(-9), minute(1), &[0]),
        (minute(10), minute(99), &[]),
        (minute(9).plus_90k(7), minute(9).plus_90k(8), &[9]),
    ] {
        let names: Vec<i64> = index
            .spans(camera(1), from, until)
            .unwrap()
            .iter()
            .map(|span| span.name.as_ms() / 60_000)
            .collect();
        assert_eq!(names, expected, "{from} to {until}");
    }
    assert_eq!(index.spans(camera(2), minute(0), minute(99)).unwrap(), [entry(4).span]);
    assert_eq!(index.entry(camera(1), entry(7).span.name).unwrap(), Some(entry(7)));
    index.remove(camera(1), entry(7).span.name).unwrap();
    assert_eq!(index.entry(camera(1), entry(7).span.name).unwrap(), None);
    // Open once more: it is all there.
    drop(index);
    let (index, is_new) = Index::open(&database(&folder)).unwrap();
    assert!(!is_new);
    assert_eq!(index.spans(camera(1), minute(0), minute(99)).unwrap().len(), 9);
}

#[test]
fn a_files_fragments_stand_where_the_index_says() {
    let file = recorded(&units(150, 30));
    let scanned = scan(&mut Cursor::new(&file)).unwrap();
    let entry = Entry::of(FileName::at_us(0), &scanned).unwrap();
    assert_eq!((entry.span.frames, entry.span.bytes), (150, file.len() as u64));
    let places: Vec<Place> = entry.fragments.places(entry.span.from, entry.header).collect();
    assert_eq!(places.len(), scanned.fragments.len());
    for (place, found) in places.iter().zip(&scanned.fragments) {
        let summary = found.summary;
        assert_eq!((place.offset, place.bytes), (found.offset, summary.bytes as u64));
        assert_eq!((place.from, place.until), (summary.from, summary.until));
        assert_eq!((place.frames, place.key), (summary.frames, summary.key));
    }
    let bytes = entry.fragments.0.len() as f64 / places.len() as f64;
    assert!(bytes < 7.0, "{bytes} bytes a fragment");
    // Bytes that make no sense end the list.
    let torn = Fragments(entry.fragments.0[..entry.fragments.0.len() - 1].to_vec());
    assert_eq!(torn.places(entry.span.from, entry.header).count(), places.len() - 1);
}

#[test]
fn files_that_were_not_ended_are_known_after_a_start() {
    let folder = Folder::new("index-ended");
    let (index, _) = Index::open(&database(&folder)).unwrap();
    let mut open = entry(5);
    open.span.ended = false;
    index.put(camera(1), &entry(4)).unwrap();
    index.put(camera(1), &open).unwrap();
    drop(index);
    let (index, _) = Index::open(&database(&folder)).unwrap();
    assert_eq!(index.not_ended().unwrap(), [(camera(1), open.span.name)]);
    index.put(camera(1), &entry(5)).unwrap();
    assert_eq!(index.not_ended().unwrap(), []);
}

#[test]
fn gaps_have_their_reasons() {
    let folder = Folder::new("index-gaps");
    let (index, _) = Index::open(&database(&folder)).unwrap();
    let at = MediaTime::from_90k;
    for (n, reason) in (0..).zip(GapReason::ALL) {
        index.put_gap(camera(1), Gap { from: at(n * 10), until: at(n * 10 + 5), reason }).unwrap();
    }
    let found = index.gaps(camera(1), at(0), at(1000)).unwrap();
    assert!(found.iter().map(|gap| gap.reason).eq(GapReason::ALL));
    // One that lasts on becomes longer.
    let longer = Gap { from: at(110), until: at(2000), reason: GapReason::DiskFull };
    index.put_gap(camera(1), longer).unwrap();
    assert_eq!(index.gaps(camera(1), at(106), at(9999)).unwrap(), [longer]);
    let names: std::collections::BTreeSet<_> = GapReason::ALL.map(GapReason::name).into();
    assert_eq!(names.len(), GapReason::ALL.len());
}

#[test]
fn what_is_no_index_of_ours_is_made_anew() {
    let folder = Folder::new("index-anew");
    for damage in [0, 1, 2] {
        let (index, _) = Index::open(&database(&folder)).unwrap();
        index.put(camera(1), &entry(1)).unwrap();
        match damage {
            0 => index.database.pragma_update(None, "user_version", VERSION + 1).unwrap(),
            _ => {
                drop(index);
                let bytes = match damage {
                    1 => b"no database at all".to_vec(),
                    _ => std::fs::read(database(&folder)).unwrap()[..5000].to_vec(),
                };
                std::fs::write(database(&folder), bytes).unwrap();
            }
        }
        let (index, is_new) = Index::open(&database(&folder)).unwrap();
        assert!(is_new, "damage {damage}");
        let all = index.spans(camera(1), MediaTime::from_90k(0), MediaTime::from_90k(i64::MAX));
        assert_eq!(all.unwrap(), [], "damage {damage}");
    }
}

#[test]
fn what_gave_way_is_one_gap_and_nothing_before_what_is_kept() {
    let folder = Folder::new("index-way");
    let (index, _) = Index::open(&database(&folder)).unwrap();
    let all: Vec<Entry> = (0..6).map(entry).collect();
    all.iter().for_each(|entry| index.put(camera(1), entry).unwrap());
    let beyond = (MediaTime::from_90k(i64::MIN), MediaTime::from_90k(i64::MAX));
    let gone = |n: usize| index.give_way(camera(1), all[n].span).unwrap();
    let gaps = || index.gaps(camera(1), beyond.0, beyond.1).unwrap();
    // In the middle: a hole, which grows.
    for n in [2, 3] {
        gone(n);
        let found: Vec<_> = gaps().iter().map(|gap| (gap.from, gap.until, gap.reason)).collect();
        assert_eq!(found, [(all[2].span.from, all[n].span.until, GapReason::Deleted)]);
    }
    assert_eq!(index.oldest(camera(1)).unwrap(), Some(all[0].span));
    // The oldest: nothing is kept before what is left, nor any gap.
    gone(0);
    assert_eq!(gaps().len(), 1);
    gone(1);
    assert_eq!((gaps(), index.oldest(camera(1)).unwrap()), (vec![], Some(all[4].span)));
    assert_eq!(index.all().unwrap().len(), 2);
}

#[test]
fn damage_is_found_after_a_writer_that_did_not_end_and_when_it_is_met() {
    let folder = Folder::new("index-damage");
    let path = database(&folder);
    let beyond = [i64::MIN, i64::MAX].map(MediaTime::from_90k);
    for has_ended in [false, true] {
        let (index, is_new) = Index::open(&path).unwrap();
        assert!(is_new);
        index.put_writer(has_ended).unwrap();
        index.at_once(|index| (0..2000).try_for_each(|n| index.put(camera(1), &entry(n)))).unwrap();
        drop(index);
        assert!(!Index::open(&path).unwrap().1, "it is sound");
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2 / 4096 * 4096;
        bytes[middle..middle + 40 * 4096].fill(0xA5);
        std::fs::write(&path, bytes).unwrap();
        let (index, is_new) = Index::open(&path).unwrap();
        assert_eq!(is_new, !has_ended);
        if has_ended {
            let read = |n| index.entry(camera(1), entry(n).span.name);
            let error = (0..2000).find_map(|n| read(n).err()).unwrap();
            assert!(error.to_string().contains("malformed"), "{error}");
            drop(index);
            assert!(Index::open(&path).unwrap().1, "it is known to be damaged");
        }
        drop(std::fs::remove_file(&path));
    }
    // It is new, and nothing says otherwise any more.
    let index = Index::open(&path).unwrap().0;
    assert_eq!(index.spans(camera(1), beyond[0], beyond[1]).unwrap(), []);
    drop(index);
    assert!(!Index::open(&path).unwrap().1);
}
