//! What is too old is taken away.

use super::{Database, FactsError};

const DAY_US: i64 = 86_400_000_000;
const QUARTER_US: i64 = 900_000_000;

impl Database {
    /// Takes away what happened before this day in UTC began; visits go by their ends, drawings stay. Day by day, so that
    /// those who count never wait for long.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn forget_before(&mut self, us: i64) -> Result<(), FactsError> {
        let until = us - us.rem_euclid(DAY_US);
        let oldest = self.sqlite.query_row(
            "SELECT min(wall) FROM (SELECT min(wall) AS wall FROM crossing \
             UNION ALL SELECT min(wall) FROM visit \
             UNION ALL SELECT (SELECT min(wall) FROM occupancy WHERE area = id) FROM area \
             UNION ALL SELECT (SELECT min(begins) FROM watched WHERE area = id) FROM area \
             UNION ALL SELECT (SELECT min(quarter) FROM sum WHERE area = id) * ?1 FROM area \
             UNION ALL SELECT (SELECT min(quarter) FROM spent WHERE area = id) * ?1 FROM area)",
            [QUARTER_US],
            |row| row.get::<_, Option<i64>>(0),
        );
        let Some(oldest) = self.of(oldest)? else { return Ok(()) };
        let mut day = oldest - oldest.rem_euclid(DAY_US);
        while day < until {
            day += DAY_US;
            self.forget_until(day)?;
        }
        Ok(())
    }

    fn forget_until(&mut self, us: i64) -> Result<(), FactsError> {
        let quarter = us / QUARTER_US;
        let outcome = (|| {
            let transaction = self.sqlite.transaction()?;
            transaction.execute("DELETE FROM crossing WHERE wall < ?1", [us])?;
            // One that nobody saw the end of is taken away with the day on which it began.
            let visits = "DELETE FROM visit WHERE wall < ?1 AND coalesce(end_wall, wall) < ?1";
            transaction.execute(visits, [us])?;
            for (table, time, before) in [
                ("occupancy", "wall", us),
                ("sum", "quarter", quarter),
                ("dwell", "quarter", quarter),
                ("spent", "quarter", quarter),
                ("watched", "ends", us),
            ] {
                // By area, as the tables are in order.
                let each = format!(
                    "DELETE FROM {table} WHERE area IN (SELECT id FROM area) AND {time} < ?1"
                );
                transaction.execute(&each, [before])?;
            }
            // A span that goes on to this day is as long as it is still.
            let cut = "UPDATE OR REPLACE watched SET begins = ?1 WHERE begins < ?1";
            transaction.execute(cut, [us])?;
            transaction.commit()
        })();
        self.of(outcome)
    }
}
