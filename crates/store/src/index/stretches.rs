//! Stretches of footage without a hole, so that a timeline of months reads few rows and not one for each minute.
//!
//! Each hour and each day of a camera has its own, made from the rows of the files that end in it. When a file comes or
//! goes, those of its hour and its day are made anew, and no others. Reading joins whole days and hours, and the files'
//! rows where the span begins and ends within an hour: the answer is what all the files' rows would have given.

use razz_base::{CLOCK_RATE, CameraId, MediaTime};
use rusqlite::{Row, params};

use super::{Index, IndexError, JOINED_90K, Span};

/// Times are media time at 90 kHz, those of `wall` UTC in µs since 1970. `level`: 0 for what ends in an hour, 1 for what
/// ends in a day, both counted from the beginning of media time.
pub(super) const TABLES: &str = "
CREATE TABLE stretch (
  camera INTEGER NOT NULL, level INTEGER NOT NULL, ends INTEGER NOT NULL, begins INTEGER NOT NULL,
  wall_begins INTEGER NOT NULL, wall_ends INTEGER NOT NULL, bytes INTEGER NOT NULL,
  PRIMARY KEY (camera, level, ends)
) STRICT, WITHOUT ROWID;
";

const HOUR_90K: i64 = 3600 * CLOCK_RATE;
const HOURS_A_DAY: i64 = 24;
const HOURS: i64 = 0;
const DAYS: i64 = 1;

/// Both names of a moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Dated {
    /// By the camera's frames.
    pub time: MediaTime,
    /// UTC, in µs since 1970.
    pub wall_us: i64,
}

/// Footage without a hole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stretch {
    /// Its first picture.
    pub from: Dated,
    /// Behind its last one.
    pub until: Dated,
    /// Its length, in bytes.
    pub bytes: u64,
}

impl Stretch {
    /// A file by itself.
    pub(crate) fn of(span: &Span) -> Self {
        let (from, until) = (span.dated(span.from), span.dated(span.until));
        Self { from, until, bytes: span.bytes }
    }

    /// Adds the next in the order of their ends: to the last where it follows that without a hole.
    pub(crate) fn join(self, stretches: &mut Vec<Self>) {
        match stretches.last_mut() {
            Some(last) if self.from.time.since_90k(last.until.time) <= JOINED_90K => {
                last.until = self.until;
                last.bytes += self.bytes;
            }
            _ => stretches.push(self),
        }
    }
}

impl Index {
    /// The footage of a camera between these times, oldest first: of the files that have ended and have something in
    /// between, as a whole.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn stretches(
        &self,
        camera: CameraId,
        from: MediaTime,
        until: MediaTime,
    ) -> Result<Vec<Stretch>, IndexError> {
        self.unchanged(|index| {
            let (mut found, mut rest) = (Vec::new(), from);
            // Whatever ends in these lies between the times.
            let hours = from.as_90k().div_euclid(HOUR_90K) + 1..until.as_90k().div_euclid(HOUR_90K);
            if !hours.is_empty() {
                let day = |hour: i64| hour.div_euclid(HOURS_A_DAY) * HOURS_A_DAY;
                let first_day = day(hours.start + HOURS_A_DAY - 1).min(hours.end);
                let days_end = day(hours.end).max(first_day);
                let [hour, first_day, days_end, end] =
                    [hours.start, first_day, days_end, hours.end].map(|hour| hour * HOUR_90K);
                index.join_files(camera, [from.as_90k() + 1, hour], &mut found)?;
                index.join_level(camera, HOURS, [hour, first_day], &mut found)?;
                index.join_level(camera, DAYS, [first_day, days_end], &mut found)?;
                index.join_level(camera, HOURS, [days_end, end], &mut found)?;
                rest = MediaTime::from_90k(end - 1);
            }
            for span in index.spans(camera, rest, until)?.iter().filter(|span| span.ended) {
                Stretch::of(span).join(&mut found);
            }
            Ok(found)
        })
    }

    /// What all files that have ended take, in bytes.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn bytes(&self) -> Result<u64, IndexError> {
        let sum = self.rows(
            "SELECT coalesce(sum(bytes), 0) FROM stretch WHERE level = ?1",
            [DAYS],
            |row| row.get::<_, i64>(0),
        )?;
        Ok(sum.first().map_or(0, |bytes| *bytes as u64))
    }

    /// The cameras of which there are files that have ended.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn cameras(&self) -> Result<Vec<CameraId>, IndexError> {
        let cameras =
            self.rows("SELECT DISTINCT camera FROM stretch WHERE level = ?1", [DAYS], |row| {
                Ok(CameraId::new(row.get(0)?))
            })?;
        Ok(cameras.into_iter().flatten().collect())
    }

    /// Makes all stretches anew from the rows of the files: whatever they were is put right.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn rebuild_stretches(&self) -> Result<(), IndexError> {
        self.at_once(|index| {
            index.of(index.database.execute("DELETE FROM stretch", []))?;
            let cameras = index.rows("SELECT DISTINCT camera FROM recording", [], |row| {
                Ok(CameraId::new(row.get(0)?))
            })?;
            for camera in cameras.into_iter().flatten() {
                let (mut hours, mut found, mut hour) = (Vec::new(), Vec::new(), None);
                index.each_file(camera, [i64::MIN, i64::MAX], |file| {
                    let its = file.until.time.as_90k().div_euclid(HOUR_90K);
                    if hour.replace(its) != Some(its) {
                        hours.append(&mut found);
                    }
                    file.join(&mut found);
                })?;
                hours.append(&mut found);
                index.put_stretches(camera, HOURS, &hours)?;
                for day in hours.chunk_by(|one, next| day_of(one) == day_of(next)) {
                    day.iter().for_each(|one| one.join(&mut found));
                    index.put_stretches(camera, DAYS, &std::mem::take(&mut found))?;
                }
            }
            Ok(())
        })
    }

    /// A file that ends at this time has come or gone: its hour and its day are made anew.
    pub(super) fn remake_stretches(
        &self,
        camera: CameraId,
        ends: MediaTime,
    ) -> Result<(), IndexError> {
        let hour = ends.as_90k().div_euclid(HOUR_90K);
        let day = hour.div_euclid(HOURS_A_DAY) * HOURS_A_DAY;
        for (level, from, hours) in [(HOURS, hour, 1), (DAYS, day, HOURS_A_DAY)] {
            let range = [from, from + hours].map(|hour| hour.saturating_mul(HOUR_90K));
            let mut found = Vec::new();
            match level {
                HOURS => self.join_files(camera, range, &mut found)?,
                _ => self.join_level(camera, HOURS, range, &mut found)?,
            }
            let statement = self.database.prepare_cached(
                "DELETE FROM stretch WHERE camera = ?1 AND level = ?2 AND ends >= ?3 AND ends < ?4",
            );
            self.of(statement.and_then(|mut statement| {
                statement.execute(params![camera.as_u32(), level, range[0], range[1]])
            }))?;
            self.put_stretches(camera, level, &found)?;
        }
        Ok(())
    }

    fn put_stretches(
        &self,
        camera: CameraId,
        level: i64,
        stretches: &[Stretch],
    ) -> Result<(), IndexError> {
        let statement = self.database.prepare_cached(
            "INSERT OR REPLACE INTO stretch (camera, level, ends, begins, wall_begins, wall_ends, bytes) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        );
        self.of(statement.and_then(|mut statement| {
            for one in stretches {
                statement.execute(params![
                    camera.as_u32(),
                    level,
                    one.until.time.as_90k(),
                    one.from.time.as_90k(),
                    one.from.wall_us,
                    one.until.wall_us,
                    one.bytes as i64,
                ])?;
            }
            Ok(())
        }))
    }

    /// Of the files of a camera that end within `range`, in ticks.
    fn join_files(
        &self,
        camera: CameraId,
        range: [i64; 2],
        found: &mut Vec<Stretch>,
    ) -> Result<(), IndexError> {
        self.each_file(camera, range, |file| file.join(found))
    }

    fn each_file(
        &self,
        camera: CameraId,
        [from, until]: [i64; 2],
        mut take: impl FnMut(Stretch),
    ) -> Result<(), IndexError> {
        let statement = self.database.prepare_cached(
            "SELECT begins, ends, wall, bytes FROM recording \
             WHERE camera = ?1 AND ends >= ?2 AND ends < ?3 AND ended = 1 ORDER BY ends, begins, name",
        );
        self.of(statement.and_then(|mut statement| {
            let mut rows = statement.query(params![camera.as_u32(), from, until])?;
            while let Some(row) = rows.next()? {
                let [begins, ends] = [row.get(0)?, row.get(1)?].map(MediaTime::from_90k);
                let wall_us: i64 = row.get(2)?;
                take(Stretch {
                    from: Dated { time: begins, wall_us },
                    until: Dated { time: ends, wall_us: wall_us + ends.since_us(begins) },
                    bytes: row.get::<_, i64>(3)? as u64,
                });
            }
            Ok(())
        }))
    }

    fn join_level(
        &self,
        camera: CameraId,
        level: i64,
        [from, until]: [i64; 2],
        found: &mut Vec<Stretch>,
    ) -> Result<(), IndexError> {
        let statement = self.database.prepare_cached(
            "SELECT begins, ends, wall_begins, wall_ends, bytes FROM stretch \
             WHERE camera = ?1 AND level = ?2 AND ends >= ?3 AND ends < ?4 ORDER BY ends",
        );
        self.of(statement.and_then(|mut statement| {
            let mut rows = statement.query(params![camera.as_u32(), level, from, until])?;
            while let Some(row) = rows.next()? {
                stretch(row)?.join(found);
            }
            Ok(())
        }))
    }
}

fn stretch(row: &Row<'_>) -> rusqlite::Result<Stretch> {
    let [begins, ends] = [row.get(0)?, row.get(1)?].map(MediaTime::from_90k);
    Ok(Stretch {
        from: Dated { time: begins, wall_us: row.get(2)? },
        until: Dated { time: ends, wall_us: row.get(3)? },
        bytes: row.get::<_, i64>(4)? as u64,
    })
}

/// The day that it ends in.
fn day_of(stretch: &Stretch) -> i64 {
    stretch.until.time.as_90k().div_euclid(HOUR_90K).div_euclid(HOURS_A_DAY)
}

#[cfg(test)]
mod tests;
