//! Room is made: what [`crate::space`] says may go is taken off the disk and out of the index.

use std::collections::HashMap;

use razz_base::{CameraId, MediaTime};

use crate::check::CheckError;
use crate::disk::Root;
use crate::index::{Index, IndexError, Span, Times};
use crate::space::{self, Candidate, Importance, Limits, Plan, Room};

/// A disk is never filled to the last byte, whatever is set: the index has to be written too.
const FLOOR: u64 = 16 << 20;
/// The rate of recording is that of so long, in µs.
const RATE_US: i64 = 86_400_000_000;

/// How full it is after room was made.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Kept {
    /// What recordings take, and what is free.
    pub room: Room,
    /// Files that went.
    pub removed: usize,
    /// Bytes that would have to go besides, and may not.
    pub lacking: u64,
    /// For how many days there is room at the rate of the last one; `None` where that is not known.
    pub days: Option<f64>,
}

/// Takes away what has no room any more at `now_us` (UTC, µs since 1970): footage in which nobody was first.
///
/// # Errors
/// When the disk or the index does not answer. What was taken away until then is gone.
pub fn make_room(
    root: &Root,
    index: &Index,
    limits: &Limits,
    now_us: i64,
) -> Result<Kept, CheckError> {
    let mut room = Room { used: index.bytes()?, free: root.free()? };
    let limits = Limits { keep_free: limits.keep_free.max(FLOOR), ..*limits };
    let cameras = index.cameras()?;
    let rate = rate(index, &cameras, now_us)?;
    let (mut plan, mut removed) = (Plan::default(), 0);
    if is_due(index, &cameras, &limits, room, now_us)? {
        let files = candidates(index)?;
        plan = space::plan(&files, &limits, room, now_us);
        let named = |file: &Candidate| ((file.camera, file.span.name), file.span);
        let spans: HashMap<_, _> = files.iter().map(named).collect();
        for (camera, name) in &plan.remove {
            let Some(span) = spans.get(&(*camera, *name)) else { continue };
            if remove(root, index, *camera, span)? {
                removed += 1;
                room.used = room.used.saturating_sub(span.bytes);
                room.free += span.bytes;
            }
        }
    }
    let days = rate.and_then(|rate| space::days_of_room(&limits, room, rate));
    Ok(Kept { room, removed, lacking: plan.lacking, days })
}

/// Whether anything may have to go, by the oldest files: to look at all of them takes a second for a million.
fn is_due(
    index: &Index,
    cameras: &[CameraId],
    limits: &Limits,
    room: Room,
    now_us: i64,
) -> Result<bool, IndexError> {
    if limits.owed(room) > 0 {
        return Ok(true);
    }
    let Some(before_us) = limits.before_us(now_us) else { return Ok(false) };
    for camera in cameras {
        if index.oldest(*camera)?.is_some_and(|oldest| oldest.wall.us < before_us) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Every file, and what it is worth.
fn candidates(index: &Index) -> Result<Vec<Candidate>, IndexError> {
    let (visited, locked, nothing) = (index.visited()?, index.locked()?, Times::default());
    let of = |(camera, span): (CameraId, Span)| {
        let [visited, locked] = [&visited, &locked].map(|all| all.get(&camera).unwrap_or(&nothing));
        Candidate { camera, span, importance: importance(visited, locked, &span) }
    };
    Ok(index.all()?.into_iter().map(of).collect())
}

/// By what is locked, and by who was there.
fn importance(visited: &Times, locked: &Times, span: &Span) -> Importance {
    if locked.overlap(span.from, span.until) {
        Importance::Locked
    } else if visited.overlap(span.from, span.until) {
        Importance::Visit
    } else {
        Importance::Quiet
    }
}

/// Takes a file away; `false` where somebody has locked it since it was looked at.
fn remove(root: &Root, index: &Index, camera: CameraId, span: &Span) -> Result<bool, CheckError> {
    // Nobody can lock it meanwhile.
    index.at_once(|index| {
        if !index.locks(camera, span.from, span.until)?.is_empty() {
            return Ok(false);
        }
        root.remove(camera, span.name)?;
        index.give_way(camera, *span)?;
        Ok(true)
    })
}

/// In bytes a second, over the last day or what there is of it.
fn rate(index: &Index, cameras: &[CameraId], now_us: i64) -> Result<Option<f64>, IndexError> {
    let (mut bytes, mut oldest) = (0, now_us);
    // Media time may be an hour away from the time of day.
    let from = MediaTime::from_wall_us(now_us - RATE_US - 3_600_000_000);
    for camera in cameras {
        let spans = index.spans(*camera, from, MediaTime::from_90k(i64::MAX))?;
        for span in spans.iter().filter(|span| now_us - span.wall.us < RATE_US) {
            bytes += span.bytes;
            oldest = oldest.min(span.wall.us);
        }
    }
    let seconds = (now_us - oldest) as f64 / 1e6;
    // Of less than a minute nothing follows.
    Ok((seconds > 60.0).then(|| bytes as f64 / seconds))
}

#[cfg(test)]
mod tests {
    use razz_base::{AccessUnit, MonoTime, WallQuality, WallTime};

    use super::*;
    use crate::index::GapReason;
    use crate::name::FileName;
    use crate::segmenter::tests::units;
    use crate::temporary::Folder;
    use crate::writer::{Durability, Writer};

    #[test]
    fn who_was_there_and_what_is_locked_makes_footage_worth_more() {
        let times =
            |spans: &[[i64; 2]]| Times::of(spans.iter().map(|span| span.map(MediaTime::from_90k)));
        let (visited, locked) = (times(&[[100, 401], [600, 700]]), times(&[[500, 510]]));
        for (from, until, expected) in [
            (0, 100, Importance::Quiet),
            (0, 101, Importance::Visit),
            (401, 500, Importance::Quiet),
            (401, 501, Importance::Locked),
            (100, 700, Importance::Locked),
            (510, 600, Importance::Quiet),
        ] {
            let wall = WallTime { us: 0, quality: WallQuality::Arrival };
            let [from, until] = [from, until].map(MediaTime::from_90k);
            let name = FileName::at_us(0);
            let span = Span { name, from, until, wall, bytes: 0, frames: 1, ended: true };
            assert_eq!(importance(&visited, &locked, &span), expected, "{from} to {until}");
        }
    }

    /// All of it is written, and the last file not ended.
    fn recorded(folder: &Folder, units: &[AccessUnit]) -> (Writer, Index) {
        let root = Root::open(&folder.path().join("footage")).unwrap();
        let database = folder.path().join("recordings.db");
        let index = Index::open(&database).unwrap().0;
        let start = MonoTime::from_us(0);
        let mut writer = Writer::open(root, index, Durability::Each, start).unwrap().0;
        for (n, unit) in units.iter().enumerate() {
            writer.take(MonoTime::from_us(n as i64 * 33_333), unit);
        }
        (writer, Index::open(&database).unwrap().0)
    }

    #[test]
    fn the_oldest_files_go_with_their_rows_and_what_is_written_stays() {
        let folder = Folder::new("keep");
        let all = units(9000, 30);
        let (writer, index) = recorded(&folder, &all);
        let root = writer.root().clone();
        let (camera, now_us) = (all[0].key.camera, all[8999].wall.us);
        let bytes = |limits| make_room(&root, &index, &limits, now_us);
        let before = bytes(Limits::default()).unwrap();
        assert_eq!(before.removed, 0);
        assert!(before.days.is_some_and(|days| days > 0.0), "{before:?}");
        let files = root.files(camera).unwrap().len();
        assert!(files >= 5, "{files}");
        let after = bytes(Limits { max_bytes: Some(before.room.used / 2), ..Limits::default() });
        let after = after.unwrap();
        assert!(after.room.used <= before.room.used / 2 && after.removed > 0, "{after:?}");
        assert_eq!(root.files(camera).unwrap().len(), files - after.removed);
        assert_eq!(index.all().unwrap().len(), files - after.removed);
        // Nothing is left before it, so nothing is missing.
        let beyond = all[0].key.time.plus_90k(-1);
        let gaps = index.gaps(camera, beyond, all[8999].key.time).unwrap();
        assert!(gaps.iter().all(|gap| gap.reason != GapReason::Deleted), "{gaps:?}");
        // By their age alone: none is a day old, and a day later all are but the one that is written.
        let days = Limits { keep_days: [Some(1); 3], ..Limits::default() };
        assert_eq!(bytes(days).unwrap().removed, 0);
        let left = index.all().unwrap().len();
        let later = make_room(&root, &index, &days, now_us + 86_400_000_000).unwrap();
        assert_eq!((later.removed, later.room.used, later.lacking), (left - 1, 0, 0));
        // The file that is written stays whatever is asked.
        let last = bytes(Limits { max_bytes: Some(0), ..Limits::default() }).unwrap();
        assert_eq!(root.files(camera).unwrap().len(), 1);
        assert!(last.lacking > 0 || last.room.used == 0, "{last:?}");
    }

    #[test]
    fn what_is_locked_stays_and_is_lacking() {
        let folder = Folder::new("keep-locked");
        let all = units(9000, 30);
        let (mut writer, index) = recorded(&folder, &all);
        writer.stop(MonoTime::from_us(0));
        let (root, camera) = (writer.root(), all[0].key.camera);
        let files: Vec<Span> = index.all().unwrap().into_iter().map(|(_, span)| span).collect();
        assert!(files.len() >= 5, "{files:?}");
        let limits = Limits { max_bytes: Some(0), keep_days: [Some(0); 3], ..Limits::default() };
        let now_us = all[8999].wall.us + 1_000_000;
        // A moment of the second, and from within the third to within the fourth.
        let moment = |span: &Span, later| span.dated(span.from.plus_90k(later));
        let lock = |from, until| index.lock(camera, [from, until], "", "anna", now_us).unwrap();
        let one = lock(moment(&files[1], 90_000), moment(&files[1], 90_001));
        lock(moment(&files[2], 90_000), moment(&files[3], 90_000));
        // As if it was locked after the plan was made.
        assert!(!remove(root, &index, camera, &files[1]).unwrap());
        let kept = make_room(root, &index, &limits, now_us).unwrap();
        let left = |from: usize| -> u64 { files[from..4].iter().map(|file| file.bytes).sum() };
        let stays = |from: usize| files[from..4].iter().map(|file| file.name).collect::<Vec<_>>();
        assert_eq!((kept.removed, kept.lacking), (files.len() - 3, left(1)));
        assert_eq!(kept.room.used, left(1));
        assert_eq!(root.files(camera).unwrap(), stays(1));
        // Nobody wants the second any more.
        assert!(index.unlock(camera, one.id).unwrap());
        let kept = make_room(root, &index, &limits, now_us).unwrap();
        assert_eq!((kept.removed, kept.lacking), (1, left(2)));
        // Where nobody can say what is locked, nothing goes.
        std::fs::write(folder.path().join(crate::index::LOCKS), "{").unwrap();
        let error = make_room(root, &index, &limits, now_us).unwrap_err().to_string();
        assert!(error.contains("nothing recorded gives way"), "{error}");
        assert_eq!(root.files(camera).unwrap(), stays(2));
    }
}
