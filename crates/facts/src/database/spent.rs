//! How time was spent: how long so many people were in a zone, and when somebody looked.

use rusqlite::{Transaction, params};

use super::state::State;
use crate::counter::{Spent, Watched};

/// How time was spent up to a state, by rows of areas.
#[derive(Debug)]
pub(crate) struct TimeSpent {
    /// `None` where counting does not go on from there.
    pub(crate) state: Option<State>,
    pub(crate) spent: Spent,
    pub(crate) watched: Vec<(i64, Watched)>,
}

pub(super) fn add(transaction: &Transaction<'_>, time: &TimeSpent) -> rusqlite::Result<()> {
    let mut spent = transaction.prepare_cached(
        "INSERT INTO spent (area, quarter, people, ticks) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT DO UPDATE SET ticks = ticks + excluded.ticks",
    )?;
    for ((row, quarter, people), ticks) in &time.spent {
        spent.execute(params![row, quarter, people, ticks])?;
    }
    let mut longer = transaction
        .prepare_cached("UPDATE watched SET ends = max(ends, ?3) WHERE area = ?1 AND ends = ?2")?;
    let mut add = transaction.prepare_cached(
        "INSERT OR REPLACE INTO watched (area, begins, ends) VALUES (?1, ?2, ?3)",
    )?;
    for (row, span) in &time.watched {
        let (from, until) = (span.from.wall_us, span.until.wall_us);
        // The first span goes on from the one that is kept.
        if longer.execute(params![row, from, until])? == 0 {
            add.execute(params![row, from, until])?;
        }
    }
    Ok(())
}
