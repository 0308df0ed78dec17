//! Room is made: what [`crate::space`] says may go is taken off the disk and out of the index.

use std::collections::HashMap;

use razz_base::{CameraId, MediaTime};

use crate::check::CheckError;
use crate::disk::Root;
use crate::index::{Index, IndexError, Span, Visited};
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
    let mut plan = Plan::default();
    if is_due(index, &cameras, &limits, room, now_us)? {
        let files = candidates(index)?;
        plan = space::plan(&files, &limits, room, now_us);
        let named = |file: &Candidate| ((file.camera, file.span.name), file.span);
        let spans: HashMap<_, _> = files.iter().map(named).collect();
        for (camera, name) in &plan.remove {
            let Some(span) = spans.get(&(*camera, *name)) else { continue };
            root.remove(*camera, *name)?;
            index.give_way(*camera, *span)?;
            room.used = room.used.saturating_sub(span.bytes);
            room.free += span.bytes;
        }
    }
    let days = rate.and_then(|rate| space::days_of_room(&limits, room, rate));
    Ok(Kept { room, removed: plan.remove.len(), lacking: plan.lacking, days })
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
    let visited = index.visited()?;
    let of = |(camera, span): (CameraId, Span)| {
        let visits = visited.get(&camera).map_or(&[][..], Vec::as_slice);
        Candidate { camera, span, importance: importance(visits, &span) }
    };
    Ok(index.all()?.into_iter().map(of).collect())
}

/// By who was there, of visits oldest first by their ends.
fn importance(visits: &[Visited], span: &Span) -> Importance {
    let after = visits.partition_point(|visit| visit.until < span.from);
    let there = visits[after..].iter().filter(|visit| visit.from < span.until);
    there.fold(Importance::Quiet, |most, visit| match visit.locked {
        true => Importance::Locked,
        false => most.max(Importance::Visit),
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
    use razz_base::{MonoTime, WallQuality, WallTime};

    use super::*;
    use crate::index::GapReason;
    use crate::name::FileName;
    use crate::segmenter::tests::units;
    use crate::temporary::Folder;
    use crate::writer::{Durability, Writer};

    #[test]
    fn who_was_there_makes_footage_worth_more() {
        let at = |n: i64| MediaTime::from_90k(n);
        let visit = |from, until, locked| Visited { from: at(from), until: at(until), locked };
        let visits = [visit(100, 150, false), visit(140, 400, false), visit(500, 510, true)];
        let span = |from, until| {
            let wall = WallTime { us: 0, quality: WallQuality::Arrival };
            let (from, until, name) = (at(from), at(until), FileName::at_us(0));
            Span { name, from, until, wall, bytes: 0, frames: 1, ended: true }
        };
        for (from, until, expected) in [
            (0, 100, Importance::Quiet),
            (0, 101, Importance::Visit),
            (200, 300, Importance::Visit),
            (401, 500, Importance::Quiet),
            (401, 501, Importance::Locked),
            (100, 600, Importance::Locked),
            (511, 600, Importance::Quiet),
        ] {
            assert_eq!(importance(&visits, &span(from, until)), expected, "{from} to {until}");
        }
    }

    #[test]
    fn the_oldest_files_go_with_their_rows_and_what_is_written_stays() {
        let folder = Folder::new("keep");
        let root = Root::open(&folder.path().join("footage")).unwrap();
        let database = folder.path().join("recordings.db");
        let index = Index::open(&database).unwrap().0;
        let start = MonoTime::from_us(0);
        let mut writer = Writer::open(root.clone(), index, Durability::Each, start).unwrap().0;
        let all = units(9000, 30);
        for (n, unit) in all.iter().enumerate() {
            writer.take(MonoTime::from_us(n as i64 * 33_333), unit);
        }
        let index = Index::open(&database).unwrap().0;
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
}
