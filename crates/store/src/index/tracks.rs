//! Visits, and how many tracks there were when. Both can be made anew from the files of tracks.

use std::collections::BTreeMap;

use razz_base::{CameraId, MediaTime, Rect, Size, TrackId};
use rusqlite::{Row, params};

use super::{Index, IndexError, Times};
use crate::disk::{DiskError, Root};
use crate::tracks::day::Day;
use crate::tracks::visit::Visitors;
use crate::tracks::{Cells, MinuteCount, Moment, Seen, Visit, day};

/// Times are media time at 90 kHz, those of `wall` UTC in µs since 1970. Boxes are in quarter pixels.
///
/// `density` has rows of minutes (`level` 0) and of hours (1), which begin at `at`, in UNIX seconds. `tracks`:
/// different tracks seen in it, those that were there at its beginning among them. `began`: those that were not seen before. So
/// what several rows have together is the `tracks` of the first and the `began` of the others.
pub(super) const TABLES: &str = "
CREATE TABLE visit (
  id INTEGER PRIMARY KEY,
  camera INTEGER NOT NULL, track INTEGER NOT NULL, class TEXT NOT NULL,
  begins INTEGER NOT NULL, ends INTEGER NOT NULL, wall_begins INTEGER NOT NULL, wall_ends INTEGER NOT NULL,
  best INTEGER NOT NULL, best_wall INTEGER NOT NULL,
  box_left INTEGER NOT NULL, box_top INTEGER NOT NULL, box_right INTEGER NOT NULL, box_bottom INTEGER NOT NULL,
  width INTEGER NOT NULL, height INTEGER NOT NULL,
  confidence REAL NOT NULL, matched INTEGER NOT NULL, cells BLOB NOT NULL,
  UNIQUE (camera, begins, track)
) STRICT;
CREATE INDEX visit_in_time ON visit (camera, ends);
CREATE TABLE density (
  camera INTEGER NOT NULL, level INTEGER NOT NULL, at INTEGER NOT NULL, class TEXT NOT NULL,
  tracks INTEGER NOT NULL, began INTEGER NOT NULL,
  PRIMARY KEY (camera, level, at, class)
) STRICT, WITHOUT ROWID;
";

/// The levels of `density`, and how many seconds a row of them is.
const LEVELS: [(i64, i64); 2] = [(0, 60), (1, 3600)];
/// Buckets that are as long or longer are made of hours.
const HOURS_FROM_S: i64 = 7200;
/// No more buckets are made.
const MOST_POINTS: i64 = 10_000;
/// So long is a block of tracks, in µs.
const BLOCK_US: i64 = 10_000_000;
/// Visits of a camera that are not locked, where `?2` is what is locked.
const NOT_LOCKED: &str = "camera = ?1 AND NOT EXISTS (SELECT 1 FROM json_each(?2) AS span \
    WHERE begins < json_extract(span.value, '$[1]') AND ends >= json_extract(span.value, '$[0]'))";
/// Steps of a pixel in which boxes are kept.
const PER_PIXEL: f64 = 4.0;

/// A visit, as it is listed.
#[derive(Clone, PartialEq, Debug)]
pub struct StoredVisit {
    /// Its number. Another one after the index was made anew.
    pub id: i64,
    /// Footage of it is locked: neither that nor the visit is taken away.
    pub locked: bool,
    /// What it was.
    pub visit: Visit,
}

/// How many tracks there were, over time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Density {
    /// When the first bucket begins, in UNIX seconds: at what was asked for, or before that.
    pub from: i64,
    /// How long each of them is, in seconds.
    pub step: i64,
    /// Of each class the tracks in each bucket. One that goes on through several is counted in each of them.
    pub classes: BTreeMap<String, Vec<u32>>,
}

/// What was counted of a class until now.
struct Counted {
    class: String,
    /// The bucket that it has got something of last.
    newest: Option<i64>,
    counts: Vec<u32>,
}

/// Why visits could not be made from the files.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The disk.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The index.
    #[error(transparent)]
    Index(#[from] IndexError),
}

impl Index {
    /// Writes a visit. One of the same track that began at the same time becomes this one.
    ///
    /// # Errors
    /// When the database does not take it.
    pub fn put_visit(&self, visit: &Visit) -> Result<(), IndexError> {
        let written = self.database.prepare_cached(
            "INSERT INTO visit (camera, track, class, begins, ends, wall_begins, wall_ends, best, best_wall, box_left, \
             box_top, box_right, box_bottom, width, height, confidence, matched, cells) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18) \
             ON CONFLICT (camera, begins, track) DO UPDATE SET class = excluded.class, ends = excluded.ends, \
             wall_begins = excluded.wall_begins, wall_ends = excluded.wall_ends, best = excluded.best, \
             best_wall = excluded.best_wall, box_left = excluded.box_left, box_top = excluded.box_top, \
             box_right = excluded.box_right, box_bottom = excluded.box_bottom, width = excluded.width, \
             height = excluded.height, confidence = excluded.confidence, matched = excluded.matched, \
             cells = excluded.cells",
        );
        let [left, top, right, bottom] =
            visit.bbox.to_array().map(|edge| (edge * PER_PIXEL).round() as i64);
        self.of(written.and_then(|mut statement| {
            statement.execute(params![
                visit.camera.as_u32(),
                visit.track.0 as i64,
                visit.class,
                visit.from.time.as_90k(),
                visit.until.time.as_90k(),
                visit.from.wall_us,
                visit.until.wall_us,
                visit.best.time.as_90k(),
                visit.best.wall_us,
                left,
                top,
                right,
                bottom,
                visit.size.width,
                visit.size.height,
                visit.confidence,
                visit.matched,
                visit.cells.as_bytes(),
            ])
        }))?;
        Ok(())
    }

    /// Adds what was counted in a minute to its row, and to that of its hour.
    ///
    /// # Errors
    /// When the database does not take it.
    pub fn put_minute(&self, camera: CameraId, minute: &MinuteCount) -> Result<(), IndexError> {
        for ((level, seconds), tracks) in
            LEVELS.into_iter().zip([minute.tracks, minute.new_in_hour])
        {
            let at = minute.at - minute.at.rem_euclid(seconds);
            let written = self.database.prepare_cached(
                "INSERT INTO density (camera, level, at, class, tracks, began) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
                 ON CONFLICT (camera, level, at, class) DO UPDATE SET tracks = tracks + excluded.tracks, \
                 began = began + excluded.began",
            );
            self.of(written.and_then(|mut statement| {
                statement.execute(params![
                    camera.as_u32(),
                    level,
                    at,
                    minute.class,
                    tracks,
                    minute.began
                ])
            }))?;
        }
        Ok(())
    }

    /// Writes all that came of a camera's frames, as a whole or not at all.
    ///
    /// # Errors
    /// When the database does not take it.
    pub fn put_seen(&self, camera: CameraId, seen: &Seen) -> Result<(), IndexError> {
        if seen.is_empty() {
            return Ok(());
        }
        self.at_once(|index| index.put_all(camera, seen))
    }

    fn put_all(&self, camera: CameraId, seen: &Seen) -> Result<(), IndexError> {
        seen.visits.iter().try_for_each(|visit| self.put_visit(visit))?;
        seen.minutes.iter().try_for_each(|minute| self.put_minute(camera, minute))
    }

    /// The visits of a camera between these times, of one class or of all: the newest `limit`, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn visits(
        &self,
        camera: CameraId,
        class: Option<&str>,
        from: MediaTime,
        until: MediaTime,
        limit: usize,
    ) -> Result<Vec<StoredVisit>, IndexError> {
        let mut visits = self.rows(
            "SELECT id, track, class, begins, ends, wall_begins, wall_ends, best, best_wall, box_left, \
             box_top, box_right, box_bottom, width, height, confidence, matched, cells FROM visit \
             WHERE camera = ?1 AND ends >= ?2 AND begins < ?3 AND (?4 IS NULL OR class = ?4) \
             ORDER BY ends DESC, id DESC LIMIT ?5",
            params![
                camera.as_u32(),
                from.as_90k(),
                until.as_90k(),
                class,
                i64::try_from(limit).unwrap_or(i64::MAX)
            ],
            |row| visit(camera, row),
        )?;
        visits.reverse();
        if !visits.is_empty() {
            let locked = self.locked_of(camera)?;
            for StoredVisit { locked: is_locked, visit, .. } in &mut visits {
                *is_locked = locked.overlap(visit.from.time, visit.until.time.plus_90k(1));
            }
        }
        Ok(visits)
    }

    /// When somebody was there, camera by camera, by the frames' times.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn visited(&self) -> Result<BTreeMap<CameraId, Times>, IndexError> {
        let read = |row: &Row<'_>| {
            let [from, until] = [row.get(1)?, row.get(2)?].map(MediaTime::from_90k);
            // The last frame is a part of it.
            Ok((CameraId::new(row.get(0)?), [from, until.plus_90k(1)]))
        };
        let mut spans: BTreeMap<CameraId, Vec<_>> = BTreeMap::new();
        for (camera, span) in self.rows("SELECT camera, begins, ends FROM visit", [], read)? {
            if let Some(camera) = camera {
                spans.entry(camera).or_default().push(span);
            }
        }
        Ok(spans.into_iter().map(|(camera, spans)| (camera, Times::of(spans))).collect())
    }

    /// How many tracks of each class there were between two times in UNIX seconds, in at most one bucket more than
    /// `points`. They are of minutes where a bucket is less than two hours, and of hours otherwise.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn density(
        &self,
        camera: CameraId,
        from: i64,
        until: i64,
        points: usize,
    ) -> Result<Density, IndexError> {
        let points = i64::try_from(points).unwrap_or(MOST_POINTS).clamp(1, MOST_POINTS);
        let span = until.saturating_sub(from).max(1);
        let wanted = span.saturating_sub(1) / points + 1;
        let (level, unit) = LEVELS[usize::from(wanted >= HOURS_FROM_S)];
        let step = (wanted.saturating_sub(1) / unit).saturating_add(1).saturating_mul(unit);
        // Buckets begin at the same times wherever one looks from.
        let from = from.saturating_sub(from.rem_euclid(step));
        let buckets = (until.saturating_sub(from).max(1) - 1) / step + 1;
        let mut classes: Vec<Counted> = Vec::new();
        let statement = self.database.prepare_cached(
            "SELECT at, class, tracks, began FROM density WHERE camera = ?1 AND level = ?2 AND at >= ?3 AND at < ?4 \
             ORDER BY at",
        );
        self.of(statement.and_then(|mut statement| {
            let mut rows = statement.query(params![camera.as_u32(), level, from, until])?;
            while let Some(row) = rows.next()? {
                let bucket = row.get::<_, i64>(0)?.saturating_sub(from) / step;
                let class = row.get_ref(1)?.as_str()?;
                let known = classes.iter().position(|one| one.class == class);
                let known = known.unwrap_or_else(|| {
                    let counts = vec![0; buckets as usize];
                    classes.push(Counted { class: class.to_owned(), newest: None, counts });
                    classes.len() - 1
                });
                let counted = &mut classes[known];
                let is_first = counted.newest.replace(bucket) != Some(bucket);
                let tracks: u32 = row.get(if is_first { 2 } else { 3 })?;
                if let Some(count) = counted.counts.get_mut(bucket as usize) {
                    *count = count.saturating_add(tracks);
                }
            }
            Ok(())
        }))?;
        let classes = classes.into_iter().map(|one| (one.class, one.counts)).collect();
        Ok(Density { from, step, classes })
    }

    /// Takes away tracks that were over at `us` (UTC, µs since 1970) or before: the files of days in which nothing is
    /// locked, visits that are not locked, and counts. How many files.
    ///
    /// # Errors
    /// When the locks cannot be read, a file cannot be taken away, or the database does not take it.
    pub fn forget_tracks(
        &self,
        root: &Root,
        camera: CameraId,
        us: i64,
    ) -> Result<usize, RebuildError> {
        let mut locks = self.all_locks()?;
        locks.retain(|lock| lock.camera == camera);
        // The last block of a day goes on into the next.
        let has_lock = |day: Day| {
            locks.iter().any(|lock| {
                let begins_us = lock.from.wall_us.saturating_sub(BLOCK_US);
                begins_us < day.end_us() && day.begin_us() < lock.until.wall_us
            })
        };
        let removed = day::remove_if(root, camera, |day| day.end_us() <= us && !has_lock(day))?;
        self.remove_tracks_before(camera, us)?;
        Ok(removed)
    }

    /// Takes away what was over at `us` (UTC, µs since 1970) or before: visits that are not locked, and counts.
    ///
    /// # Errors
    /// When the database does not take it.
    pub fn remove_tracks_before(&self, camera: CameraId, us: i64) -> Result<(), IndexError> {
        self.at_once(|index| {
            let locked = index.locked_of(camera)?.to_json();
            index.of(index.database.execute(
                &format!("DELETE FROM visit WHERE {NOT_LOCKED} AND wall_ends <= ?3"),
                params![camera.as_u32(), locked, us],
            ))?;
            for (level, seconds) in LEVELS {
                index.of(index.database.execute(
                    "DELETE FROM density WHERE camera = ?1 AND level = ?2 AND at <= ?3",
                    params![camera.as_u32(), level, us.div_euclid(1_000_000) - seconds],
                ))?;
            }
            Ok(())
        })
    }

    /// Makes the visits and counts of a camera anew from its files of tracks, as a whole or not at all: for an index
    /// that is new. A day of five people takes about a second, in which nobody else can write. How many visits there
    /// were.
    ///
    /// # Errors
    /// When a file cannot be read, or the database does not take it.
    pub fn rebuild_tracks(&self, root: &Root, camera: CameraId) -> Result<usize, RebuildError> {
        self.at_once(|index| {
            let of = |outcome: rusqlite::Result<usize>| index.of(outcome);
            let camera_only = params![camera.as_u32()];
            of(index.database.execute("DELETE FROM density WHERE camera = ?1", camera_only))?;
            let locked = index.locked_of(camera)?.to_json();
            of(index.database.execute(
                &format!("DELETE FROM visit WHERE {NOT_LOCKED}"),
                params![camera.as_u32(), locked],
            ))?;
            let mut files = Vec::new();
            for day in day::days(root, camera)? {
                let file = day::DayFile::of(root, camera, day);
                files.push((file.blocks()?, file));
            }
            // By media time, which wall clocks, by which the days are named, may contradict.
            files.sort_by_key(|(blocks, _)| blocks.first().map(|block| block.header.from));
            let (mut visitors, mut count) = (Visitors::new(camera), 0);
            let mut put = |seen: &mut Seen| {
                count += seen.visits.len();
                index.put_all(camera, &std::mem::take(seen))
            };
            let mut seen = Seen::default();
            for (blocks, file) in files {
                for block in blocks {
                    for recorded in file.frames(&block)? {
                        visitors.take(&recorded, &mut seen);
                    }
                    put(&mut seen)?;
                }
            }
            visitors.finish(&mut seen);
            put(&mut seen)?;
            Ok(count)
        })
    }
}

fn visit(camera: CameraId, row: &Row<'_>) -> rusqlite::Result<StoredVisit> {
    let moment = |time: usize, wall: usize| -> rusqlite::Result<Moment> {
        Ok(Moment { time: MediaTime::from_90k(row.get(time)?), wall_us: row.get(wall)? })
    };
    let edge = |n: usize| -> rusqlite::Result<f64> { Ok(row.get::<_, i64>(n)? as f64 / PER_PIXEL) };
    let visit = Visit {
        camera,
        track: TrackId(row.get::<_, i64>(1)? as u64),
        class: row.get(2)?,
        from: moment(3, 5)?,
        until: moment(4, 6)?,
        best: moment(7, 8)?,
        bbox: Rect::new(edge(9)?, edge(10)?, edge(11)?, edge(12)?),
        size: Size::new(row.get(13)?, row.get(14)?),
        confidence: row.get(15)?,
        matched: row.get(16)?,
        cells: Cells::from_bytes(row.get(17)?),
    };
    Ok(StoredVisit { id: row.get(0)?, locked: false, visit })
}

#[cfg(test)]
mod tests;
