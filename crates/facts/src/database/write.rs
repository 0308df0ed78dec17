//! What was counted goes into the database, in one transaction with the sums that follow from it.

use razz_analytics::{Direction, Event, Fact, VisitEnd};
use razz_base::CameraId;
use rusqlite::{OptionalExtension as _, Transaction, params};

use super::query::bucket;
use super::spent::{self, TimeSpent};
use super::{Database, FactsError, state};
use crate::counter::{DatedEvent, QUARTER_US};
use crate::names::Names;

/// What is to be written of one camera.
#[derive(Debug)]
pub(crate) struct Commit {
    /// Which one.
    pub(crate) camera: CameraId,
    /// What was told, with the row of its area.
    pub(crate) told: Vec<(i64, DatedEvent)>,
    /// Where counting goes on from, and how the time until then was spent: written together, so that no time counts
    /// twice.
    pub(crate) time: Option<TimeSpent>,
}

impl Database {
    /// Writes all of it, or nothing.
    pub(crate) fn commit(&mut self, commits: &[Commit], names: &Names) -> Result<(), FactsError> {
        let outcome = (|| {
            let transaction = self.sqlite.transaction()?;
            let all = names.all();
            for (number, name) in all.iter().enumerate().skip(self.classes) {
                let mut add = transaction
                    .prepare_cached("INSERT OR IGNORE INTO class (id, name) VALUES (?1, ?2)")?;
                add.execute(params![number as i64, &**name])?;
            }
            for commit in commits {
                for (row, told) in &commit.told {
                    put(&transaction, *row, told)?;
                }
                if let Some(time) = &commit.time {
                    spent::add(&transaction, time)?;
                    if let Some(state) = &time.state {
                        state::put(&transaction, commit.camera, state)?;
                    }
                }
            }
            transaction.commit()?;
            self.classes = all.len();
            Ok(())
        })();
        self.of(outcome)
    }
}

/// What a row adds to the sums.
struct Counted {
    revision: u32,
    /// `None`: it was retracted.
    adds: Option<Adds>,
}

struct Adds {
    quarter: i64,
    class: i64,
    kind: i64,
    /// Of a visit that is over.
    dwell_ticks: Option<i64>,
}

fn put(transaction: &Transaction<'_>, row: i64, told: &DatedEvent) -> rusqlite::Result<()> {
    let event = &told.event;
    if let Fact::Occupancy(occupancy) = &event.fact {
        let classes: Vec<(u16, u32)> =
            occupancy.classes.iter().map(|(class, count)| (class.0, *count)).collect();
        let classes = serde_json::to_string(&classes).unwrap_or_default();
        let mut statement = transaction.prepare_cached(
            "INSERT OR REPLACE INTO occupancy (area, time, wall, people, classes) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        let time = event.key.time.as_90k();
        statement.execute(params![row, time, told.at.wall_us, occupancy.count, classes])?;
        return Ok(());
    }
    for (table, kind) in [("crossing", "direction"), ("visit", "2")] {
        let may_be_this = match event.fact {
            Fact::Crossing(_) => table == "crossing",
            Fact::Visit(_) => table == "visit",
            Fact::Occupancy(_) | Fact::Retracted => true,
        };
        if !may_be_this {
            continue;
        }
        let before = before(transaction, table, kind, row, event)?;
        // Of what was never told nothing is to be taken back.
        let is_nothing = before.is_none() && event.fact == Fact::Retracted;
        if is_nothing || before.as_ref().is_some_and(|before| before.revision > event.revision) {
            continue;
        }
        if let Some(adds) = before.and_then(|before| before.adds) {
            add(transaction, row, &adds, -1)?;
        }
        let adds = write(transaction, table, row, told)?;
        if let Some(adds) = adds {
            add(transaction, row, &adds, 1)?;
        }
    }
    Ok(())
}

fn before(
    transaction: &Transaction<'_>,
    table: &str,
    kind: &str,
    row: i64,
    event: &Event,
) -> rusqlite::Result<Option<Counted>> {
    let dwell = if table == "visit" { "end_90k - from_90k" } else { "NULL" };
    let mut statement = transaction.prepare_cached(&format!(
        "SELECT revision, retracted, wall, class, {kind}, {dwell} FROM {table} \
         WHERE area = ?1 AND time = ?2 AND track = ?3"
    ))?;
    let track = event.key.track.map_or(0, |track| track.0 as i64);
    let found = statement.query_row(params![row, event.key.time.as_90k(), track], |row| {
        let adds = Adds {
            quarter: row.get::<_, i64>(2)?.div_euclid(QUARTER_US),
            class: row.get(3)?,
            kind: row.get(4)?,
            dwell_ticks: row.get(5)?,
        };
        let retracted: bool = row.get(1)?;
        Ok(Counted { revision: row.get(0)?, adds: (!retracted).then_some(adds) })
    });
    found.optional()
}

/// Writes the row; what it adds to the sums.
fn write(
    transaction: &Transaction<'_>,
    table: &str,
    row: i64,
    told: &DatedEvent,
) -> rusqlite::Result<Option<Adds>> {
    let event = &told.event;
    let (time, revision) = (event.key.time.as_90k(), event.revision);
    let track = event.key.track.map_or(0, |track| track.0 as i64);
    let (wall, quarter) = (told.at.wall_us, told.at.wall_us.div_euclid(QUARTER_US));
    match &event.fact {
        Fact::Crossing(crossing) => {
            let direction = match crossing.direction {
                Direction::In => 0,
                Direction::Out => 1,
            };
            let mut statement = transaction.prepare_cached(
                "INSERT OR REPLACE INTO crossing VALUES \
                 (?1, ?2, ?3, ?4, 0, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            )?;
            let [before, after] = crossing.between.map(|time| time.as_90k());
            statement.execute(params![
                row,
                time,
                track,
                revision,
                wall,
                direction,
                crossing.class.0,
                crossing.place[0],
                crossing.place[1],
                before,
                after,
                crossing.bridged,
                crossing.joined_from.map(|track| track.0 as i64),
                crossing.speed.map(|speed| speed.mps),
                crossing.speed.map(|speed| speed.error_mps),
            ])?;
            let class = crossing.class.0.into();
            Ok(Some(Adds { quarter, class, kind: direction, dwell_ticks: None }))
        }
        Fact::Visit(visit) => {
            let mut statement = transaction.prepare_cached(
                "INSERT OR REPLACE INTO visit VALUES \
                 (?1, ?2, ?3, ?4, 0, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )?;
            let why = visit.end.map(|(_, why)| match why {
                VisitEnd::Left => 0,
                VisitEnd::Lost => 1,
                VisitEnd::AreaClosed => 2,
            });
            statement.execute(params![
                row,
                time,
                track,
                revision,
                wall,
                visit.class.0,
                visit.from.as_90k(),
                visit.entered,
                visit.end.map(|(end, _)| end.as_90k()),
                told.end.map(|end| end.wall_us),
                why,
                visit.last_track.0 as i64,
            ])?;
            let dwell_ticks = visit.end.map(|(end, _)| end.since_90k(visit.from));
            Ok(Some(Adds { quarter, class: visit.class.0.into(), kind: 2, dwell_ticks }))
        }
        Fact::Retracted => {
            transaction.execute(
                &format!(
                    "UPDATE {table} SET retracted = 1, revision = ?4 WHERE area = ?1 AND time = ?2 AND track = ?3"
                ),
                params![row, time, track, revision],
            )?;
            Ok(None)
        }
        Fact::Occupancy(_) => Ok(None),
    }
}

/// Adds `times` of it to the sums.
fn add(transaction: &Transaction<'_>, row: i64, adds: &Adds, times: i64) -> rusqlite::Result<()> {
    let mut sum = transaction.prepare_cached(
        "INSERT INTO sum (area, quarter, kind, class, n) VALUES (?1, ?2, ?3, ?4, ?5) \
         ON CONFLICT DO UPDATE SET n = n + excluded.n",
    )?;
    sum.execute(params![row, adds.quarter, adds.kind, adds.class, times])?;
    if let Some(ticks) = adds.dwell_ticks {
        let mut dwell = transaction.prepare_cached(
            "INSERT INTO dwell (area, quarter, class, bucket, n, ticks) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
             ON CONFLICT DO UPDATE SET n = n + excluded.n, ticks = ticks + excluded.ticks",
        )?;
        let (bucket, ticks) = (bucket(ticks), times * ticks);
        dwell.execute(params![row, adds.quarter, adds.class, bucket, times, ticks])?;
    }
    Ok(())
}
