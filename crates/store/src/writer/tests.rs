use razz_base::RunId;

use super::*;
use crate::check::{Differences, Done};
use crate::segmenter::tests::units;
use crate::temporary::Folder;

/// A folder of recordings and their index, gone at the end.
struct Place(Folder);

impl Place {
    fn new(name: &str) -> Self {
        Self(Folder::new(&format!("writer-{name}")))
    }

    fn writer(&self) -> (Writer, usize) {
        let root = Root::open(&self.0.path().join("footage")).unwrap();
        let (index, _) = Index::open(&self.0.path().join("recordings.db")).unwrap();
        Writer::open(root, index, Durability::Each, MonoTime::from_us(0)).unwrap()
    }
}

fn camera() -> CameraId {
    CameraId::new(1).unwrap()
}

fn beyond() -> (MediaTime, MediaTime) {
    (MediaTime::from_90k(i64::MIN), MediaTime::from_90k(i64::MAX))
}

fn spans(writer: &Writer) -> Vec<Span> {
    let (from, until) = beyond();
    writer.index().spans(camera(), from, until).unwrap()
}

fn gaps(writer: &Writer) -> Vec<(i64, GapReason)> {
    let (from, until) = beyond();
    let gaps = writer.index().gaps(camera(), from, until).unwrap();
    gaps.iter().map(|gap| (gap.until.since_90k(gap.from) / 3000, gap.reason)).collect()
}

/// Hands over pictures `range` of the camera, in real time.
fn feed(writer: &mut Writer, range: std::ops::Range<usize>) {
    let all = units(range.end as i64, 30);
    for (n, unit) in all.iter().enumerate().skip(range.start) {
        writer.take(MonoTime::from_us(n as i64 * 33_333), unit);
    }
}

#[test]
fn what_was_fed_is_listed_and_on_the_disk() {
    let place = Place::new("listed");
    let (mut writer, found) = place.writer();
    assert_eq!(found, 0);
    feed(&mut writer, 0..2000);
    writer.stop(MonoTime::from_us(66_000_000));
    let spans = spans(&writer);
    assert_eq!(spans.iter().map(|span| span.frames).sum::<u64>(), 2000);
    assert!(spans.len() >= 2 && spans.iter().all(|span| span.ended), "{spans:?}");
    assert!(spans.windows(2).all(|pair| pair[0].until == pair[1].from));
    assert_eq!(gaps(&writer), []);
    for span in &spans {
        let scanned = writer.root.scan(camera(), span.name).unwrap();
        let entry = writer.index().entry(camera(), span.name).unwrap().unwrap();
        assert_eq!(entry.fragments, Fragments::of(&scanned));
        assert_eq!((span.bytes, scanned.whole), (scanned.length, scanned.length));
    }
    assert_eq!(writer.status(camera()).unwrap().frames, 2000);
}

#[test]
fn after_a_crash_what_is_whole_is_there_and_the_hole_has_a_reason() {
    let place = Place::new("crash");
    let (mut writer, _) = place.writer();
    feed(&mut writer, 0..75);
    let name = writer.cameras[&camera()].open.as_ref().unwrap().recording.name;
    let path = writer.root.path_of(camera(), name);
    // No word of farewell, and half of something at the end.
    std::mem::forget(writer);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, [&whole[..], &whole[900..1300]].concat()).unwrap();
    let (mut writer, found) = place.writer();
    assert_eq!(found, 1);
    // What follows the key picture of the last second was not written yet.
    assert_eq!(spans(&writer)[0].frames, 61);
    assert_eq!(std::fs::read(&path).unwrap(), whole);
    feed(&mut writer, 600..700);
    writer.stop(MonoTime::from_us(0));
    assert_eq!(gaps(&writer), [(539, GapReason::Crash)]);
}

#[test]
fn an_index_that_is_gone_is_made_from_the_files() {
    let place = Place::new("check");
    let (mut writer, _) = place.writer();
    feed(&mut writer, 0..4000);
    writer.stop(MonoTime::from_us(0));
    let before = spans(&writer);
    drop(writer);
    std::fs::remove_file(place.0.path().join("recordings.db")).unwrap();
    let (writer, _) = place.writer();
    assert_eq!(spans(&writer), []);
    let check = || {
        let differences = Differences::look(&writer.root, writer.index()).unwrap();
        differences.take_in(&writer.root, writer.index(), |_| {}).unwrap()
    };
    assert_eq!(check(), Done { added: before.len(), ..Done::default() });
    assert_eq!(spans(&writer), before);
    // A file that somebody has taken away is not listed any more.
    std::fs::remove_file(writer.root.path_of(camera(), before[0].name)).unwrap();
    assert_eq!(check(), Done { removed: 1, ..Done::default() });
    assert_eq!(check(), Done::default());
    assert_eq!(spans(&writer), before[1..]);
}

#[test]
fn a_disk_that_is_gone_for_a_while_leaves_a_gap_and_nothing_else() {
    let place = Place::new("gone");
    let (mut writer, _) = place.writer();
    feed(&mut writer, 0..60);
    // The folder is not ours any more when the next file begins: as after an unmount.
    let marker = place.0.path().join("footage/razz-recordings");
    std::fs::rename(&marker, place.0.path().join("away")).unwrap();
    writer.skip(MonoTime::from_us(2_000_000), camera(), GapReason::DiskSlow);
    feed(&mut writer, 60..150);
    let status = writer.status(camera()).unwrap();
    assert!(matches!(status.stopped, Some((GapReason::DiskGone, _))), "{status:?}");
    assert!(status.error.as_ref().unwrap().contains("unmounted"), "{status:?}");
    std::fs::rename(place.0.path().join("away"), &marker).unwrap();
    feed(&mut writer, 150..300);
    let status = writer.status(camera()).unwrap();
    assert!(status.stopped.is_none() && status.error.is_none(), "{status:?}");
    writer.stop(MonoTime::from_us(0));
    let gaps = gaps(&writer);
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert_eq!(gaps[0].1, GapReason::DiskGone);
    let recorded: u64 = spans(&writer).iter().map(|span| span.frames).sum();
    assert_eq!(recorded + gaps[0].0 as u64, 300, "every picture is there or in the gap");
}

#[test]
fn what_a_camera_that_stalls_has_sent_is_written() {
    let place = Place::new("stalls");
    let (mut writer, _) = place.writer();
    feed(&mut writer, 0..40);
    assert_eq!(writer.status(camera()).unwrap().frames, 31, "the rest is gathered");
    writer.tick(MonoTime::from_us(40 * 33_333 + IDLE_US));
    assert_eq!(writer.status(camera()).unwrap().frames, 40);
    // It comes back by another run, after a minute.
    for unit in units(1900, 30).iter().skip(1830) {
        let unit = AccessUnit { run: RunId(2), ..unit.clone() };
        writer.take(MonoTime::from_us(61_000_000), &unit);
    }
    writer.stop(MonoTime::from_us(0));
    assert_eq!(gaps(&writer), [(1790, GapReason::CameraGone)]);
    assert_eq!(spans(&writer).len(), 2);
}

#[test]
fn what_stalls_within_a_run_leaves_a_hole_in_the_file_and_in_the_index() {
    let place = Place::new("hole");
    let (mut writer, _) = place.writer();
    feed(&mut writer, 0..40);
    writer.tick(MonoTime::from_us(40 * 33_333 + IDLE_US));
    feed(&mut writer, 130..200);
    writer.stop(MonoTime::from_us(0));
    let span = spans(&writer)[0];
    let entry = writer.index().entry(camera(), span.name).unwrap().unwrap();
    let scanned = writer.root.scan(camera(), span.name).unwrap();
    assert_eq!(entry.fragments, Fragments::of(&scanned));
    let times =
        entry.fragments.places(span.from, entry.header).map(|place| (place.from, place.until));
    let in_file = scanned.fragments.iter().map(|found| (found.summary.from, found.summary.until));
    assert!(times.eq(in_file));
}
