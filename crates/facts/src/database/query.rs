//! What dashboards ask: counts, dwell and occupancy over a range, in steps.

use std::collections::BTreeMap;
use std::sync::Arc;

use razz_base::{CLOCK_RATE, CameraId};
use rusqlite::params;

use super::{Database, FactsError};
use crate::counter::QUARTER_US;
use crate::drawing::Version;
use crate::names::Names;

mod time;

/// Upper edges of the classes of dwell, in seconds; the last class has none.
pub const BUCKETS_S: [f64; 25] = [
    1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0, 300.0, 450.0,
    600.0, 900.0, 1200.0, 1800.0, 2700.0, 3600.0, 7200.0, 14_400.0, 28_800.0,
];
/// Ranges up to this are counted row by row, to the microsecond; longer ones by whole quarters of an hour.
const EXACT_US: i64 = 2 * 86_400_000_000 + QUARTER_US;

/// Which class of dwell a time belongs to.
pub(super) fn bucket(ticks: i64) -> i64 {
    let seconds = ticks as f64 / CLOCK_RATE as f64;
    BUCKETS_S.partition_point(|edge| *edge <= seconds) as i64
}

/// What happened at one area.
#[derive(Clone, PartialEq, Debug)]
pub struct AreaFacts {
    /// Whose picture.
    pub camera: CameraId,
    /// What people call it.
    pub area: Arc<str>,
    /// A zone; otherwise a line.
    pub is_zone: bool,
    /// Crossed in, crossed out, visits that began.
    pub counts: [u64; 3],
    /// The same by class.
    pub classes: BTreeMap<Arc<str>, [u64; 3]>,
    /// How long visits took.
    pub dwell: Option<Dwell>,
    /// How many were there.
    pub occupancy: Option<Occupancy>,
    /// In steps.
    pub series: Series,
}

/// How long the visits took that are over.
#[derive(Clone, PartialEq, Debug)]
pub struct Dwell {
    /// How many.
    pub count: u64,
    /// In seconds.
    pub mean_s: f64,
    /// Half of them took no longer, in seconds.
    pub p50_s: f64,
    /// Nine of ten took no longer, in seconds.
    pub p90_s: f64,
    /// How many by class of time, see [`BUCKETS_S`].
    pub histogram: Vec<u64>,
}

/// How many were there, by time that was watched.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Occupancy {
    /// On average.
    pub mean: f64,
    /// In 95 of 100 s there were no more.
    pub p95: u32,
    /// The most.
    pub most: u32,
    /// So long was watched, in seconds.
    pub watched_s: f64,
}

/// Counts in steps.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Series {
    /// When each step begins, in UTC µs since 1970.
    pub at_us: Vec<i64>,
    /// Crossed in, crossed out, visits that began.
    pub counts: [Vec<u64>; 3],
    /// How many were there on average, where it was watched.
    pub mean: Vec<Option<f64>>,
    /// The most.
    pub most: Vec<Option<u32>>,
    /// The share of the step that was watched.
    pub watched: Vec<f64>,
}

/// A range in steps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Range {
    /// From when, in UTC µs since 1970.
    pub from_us: i64,
    /// Until just before when.
    pub until_us: i64,
    /// Of a step, in µs.
    pub step_us: i64,
}

impl Range {
    fn is_exact(&self) -> bool {
        self.until_us - self.from_us <= EXACT_US
    }

    /// When the steps begin: multiples of their length.
    fn steps(&self) -> Vec<i64> {
        let step = self.step_us.max(1_000_000);
        let first = self.from_us.div_euclid(step);
        let behind = (self.until_us - 1).div_euclid(step) + 1;
        (first..behind.max(first)).map(|n| n * step).collect()
    }

    fn step_of(&self, wall_us: i64) -> Option<usize> {
        let step = self.step_us.max(1_000_000);
        let n = wall_us.div_euclid(step) - self.from_us.div_euclid(step);
        usize::try_from(n).ok()
    }

    /// Quarters of an hour that it touches.
    fn quarters(&self) -> [i64; 2] {
        let behind = (self.until_us - 1).div_euclid(QUARTER_US) + 1;
        [self.from_us.div_euclid(QUARTER_US), behind]
    }
}

/// One area while it is added up.
struct Adding<'a> {
    range: Range,
    names: &'a Names,
    counts: [u64; 3],
    classes: BTreeMap<Arc<str>, [u64; 3]>,
    series: [Vec<u64>; 3],
    /// By class of dwell: how many, and how long together.
    dwell: Vec<(i64, i64)>,
    /// Single times, where they are known.
    ticks: Vec<i64>,
}

impl Adding<'_> {
    fn count(&mut self, wall_us: i64, kind: u8, class: u16, n: i64) {
        let (Ok(n), kind) = (u64::try_from(n), usize::from(kind.min(2))) else { return };
        self.counts[kind] += n;
        self.classes.entry(self.names.name(razz_base::ClassId(class))).or_default()[kind] += n;
        let step = self.range.step_of(wall_us).and_then(|step| self.series[kind].get_mut(step));
        step.into_iter().for_each(|step| *step += n);
    }

    fn dwell(self) -> Option<Dwell> {
        let (count, ticks) =
            self.dwell.iter().fold((0, 0), |sum, bucket| (sum.0 + bucket.0, sum.1 + bucket.1));
        if count <= 0 {
            return None;
        }
        let seconds = |ticks: f64| ticks / CLOCK_RATE as f64;
        let mut exact = self.ticks;
        exact.sort_unstable();
        let share = |share: f64| match exact.len() {
            0 => percentile(&self.dwell, share),
            n => seconds(exact[((n as f64 * share).ceil() as usize).clamp(1, n) - 1] as f64),
        };
        Some(Dwell {
            count: count as u64,
            mean_s: seconds(ticks as f64 / count as f64),
            p50_s: share(0.5),
            p90_s: share(0.9),
            histogram: self.dwell.iter().map(|(n, _)| u64::try_from(*n).unwrap_or(0)).collect(),
        })
    }
}

/// In seconds, by straight lines within the classes of dwell.
fn percentile(buckets: &[(i64, i64)], share: f64) -> f64 {
    let count: i64 = buckets.iter().map(|(n, _)| n).sum();
    let (wanted, mut below) = (count as f64 * share, 0.0);
    for (at, (n, ticks)) in buckets.iter().enumerate().filter(|(_, (n, _))| *n > 0) {
        let n = *n as f64;
        if below + n >= wanted {
            let low = if at == 0 { 0.0 } else { BUCKETS_S[at - 1] };
            // Of the last class nothing but its mean is known.
            let high = match BUCKETS_S.get(at) {
                Some(high) => *high,
                None => return *ticks as f64 / n / CLOCK_RATE as f64,
            };
            return low + (high - low) * (wanted - below) / n;
        }
        below += n;
    }
    0.0
}

impl Database {
    /// What happened at the areas that these versions are of: by area, in the order of the versions.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn facts(&self, versions: &[Version], range: Range) -> Result<Vec<AreaFacts>, FactsError> {
        let names = self.names()?;
        let mut areas: Vec<(&Version, Vec<&Version>)> = Vec::new();
        for version in versions {
            let key =
                |other: &Version| (other.camera, other.area) == (version.camera, version.area);
            match areas.iter_mut().find(|(first, _)| key(first)) {
                Some((_, all)) => all.push(version),
                None => areas.push((version, vec![version])),
            }
        }
        let each = areas.iter().map(|(first, all)| self.area_facts(first, all, range, &names));
        self.of(each.collect())
    }

    fn area_facts(
        &self,
        first: &Version,
        versions: &[&Version],
        range: Range,
        names: &Names,
    ) -> rusqlite::Result<AreaFacts> {
        let at_us = range.steps();
        let empty = || vec![0; at_us.len()];
        let mut adding = Adding {
            range,
            names,
            counts: [0; 3],
            classes: BTreeMap::new(),
            series: [empty(), empty(), empty()],
            dwell: vec![(0, 0); BUCKETS_S.len() + 1],
            ticks: Vec::new(),
        };
        for version in versions {
            if range.is_exact() {
                self.add_rows(version.row, &mut adding)?;
            } else {
                self.add_sums(version.row, &mut adding)?;
            }
        }
        let rows: Vec<i64> = versions.iter().map(|version| version.row).collect();
        let is_zone = versions.iter().any(|version| version.is_zone());
        let watched = self.watched(&rows, range)?;
        let time = match (is_zone, range.is_exact()) {
            (false, _) => time::Time::none(&at_us),
            (true, true) => time::of_changes(&self.changes(&rows, range)?, &watched, range),
            (true, false) => time::of_sums(&self.spent(&rows, range)?, range),
        };
        let (counts, classes) = (adding.counts, std::mem::take(&mut adding.classes));
        let series = Series {
            counts: std::mem::take(&mut adding.series),
            mean: time.mean,
            most: time.most,
            watched: time::shares(&watched, range),
            at_us,
        };
        let (camera, area) = (first.camera, versions.last().map_or(&first.name, |one| &one.name));
        let dwell = adding.dwell().filter(|_| is_zone);
        let occupancy = time.all.filter(|_| is_zone);
        let area = Arc::clone(area);
        Ok(AreaFacts { camera, area, is_zone, counts, classes, dwell, occupancy, series })
    }

    fn add_rows(&self, row: i64, adding: &mut Adding<'_>) -> rusqlite::Result<()> {
        let Range { from_us, until_us, .. } = adding.range;
        let mut crossings = self.sqlite.prepare_cached(
            "SELECT wall, direction, class FROM crossing INDEXED BY crossing_in_time \
             WHERE wall >= ?2 AND wall < ?3 AND area = ?1 AND NOT retracted",
        )?;
        let mut found = crossings.query(params![row, from_us, until_us])?;
        while let Some(row) = found.next()? {
            adding.count(row.get(0)?, row.get::<_, u8>(1)?, row.get(2)?, 1);
        }
        let mut visits = self.sqlite.prepare_cached(
            "SELECT wall, class, end_90k - from_90k FROM visit INDEXED BY visit_in_time \
             WHERE wall >= ?2 AND wall < ?3 AND area = ?1 AND NOT retracted",
        )?;
        let mut found = visits.query(params![row, from_us, until_us])?;
        while let Some(row) = found.next()? {
            adding.count(row.get(0)?, 2, row.get(1)?, 1);
            if let Some(ticks) = row.get::<_, Option<i64>>(2)? {
                adding.ticks.push(ticks);
                let (n, sum) = &mut adding.dwell[bucket(ticks) as usize];
                (*n, *sum) = (*n + 1, *sum + ticks);
            }
        }
        Ok(())
    }

    fn add_sums(&self, row: i64, adding: &mut Adding<'_>) -> rusqlite::Result<()> {
        let [first, behind] = adding.range.quarters();
        let mut sums = self.sqlite.prepare_cached(
            "SELECT quarter, kind, class, n FROM sum WHERE area = ?1 AND quarter >= ?2 AND quarter < ?3",
        )?;
        let mut found = sums.query(params![row, first, behind])?;
        while let Some(row) = found.next()? {
            let wall_us = row.get::<_, i64>(0)? * QUARTER_US;
            adding.count(wall_us, row.get(1)?, row.get(2)?, row.get(3)?);
        }
        let mut dwell = self.sqlite.prepare_cached(
            "SELECT bucket, sum(n), sum(ticks) FROM dwell \
             WHERE area = ?1 AND quarter >= ?2 AND quarter < ?3 GROUP BY bucket",
        )?;
        let mut found = dwell.query(params![row, first, behind])?;
        while let Some(row) = found.next()? {
            let bucket = adding.dwell.get_mut(usize::from(row.get::<_, u8>(0)?));
            if let Some((n, ticks)) = bucket {
                (*n, *ticks) = (*n + row.get::<_, i64>(1)?, *ticks + row.get::<_, i64>(2)?);
            }
        }
        Ok(())
    }

    /// Spans that were watched, in order and apart.
    fn watched(&self, rows: &[i64], range: Range) -> rusqlite::Result<Vec<[i64; 2]>> {
        let mut spans = Vec::new();
        for row in rows {
            let mut statement = self.sqlite.prepare_cached(
                "SELECT begins, ends FROM watched WHERE area = ?1 AND begins < ?3 AND ends > ?2",
            )?;
            let found = statement
                .query_map(params![row, range.from_us, range.until_us], |row| {
                    Ok([row.get(0)?, row.get(1)?])
                })?;
            spans.extend(found.collect::<rusqlite::Result<Vec<[i64; 2]>>>()?);
        }
        spans.sort_unstable();
        Ok(time::joined(spans))
    }

    /// How many were in the zone from when on; the first is the last one before the range.
    fn changes(&self, rows: &[i64], range: Range) -> rusqlite::Result<Vec<(i64, u32)>> {
        let mut changes = Vec::new();
        for row in rows {
            let mut before = self.sqlite.prepare_cached(
                "SELECT wall, people FROM occupancy WHERE area = ?1 AND wall <= ?2 ORDER BY wall DESC LIMIT 1",
            )?;
            let mut within = self.sqlite.prepare_cached(
                "SELECT wall, people FROM occupancy WHERE area = ?1 AND wall > ?2 AND wall < ?3 ORDER BY wall",
            )?;
            let both = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
            let first = before.query_map(params![row, range.from_us], both)?;
            changes.extend(first.collect::<rusqlite::Result<Vec<_>>>()?);
            let more = within.query_map(params![row, range.from_us, range.until_us], both)?;
            changes.extend(more.collect::<rusqlite::Result<Vec<_>>>()?);
        }
        changes.sort_by_key(|(wall_us, _)| *wall_us);
        Ok(changes)
    }

    /// How long so many were in the zone, by quarter of an hour: quarter, people, ticks.
    fn spent(&self, rows: &[i64], range: Range) -> rusqlite::Result<Vec<(i64, u32, i64)>> {
        let [first, behind] = range.quarters();
        let mut spent = Vec::new();
        for row in rows {
            let mut statement = self.sqlite.prepare_cached(
                "SELECT quarter, people, ticks FROM spent WHERE area = ?1 AND quarter >= ?2 AND quarter < ?3",
            )?;
            let found = statement.query_map(params![row, first, behind], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?;
            spent.extend(found.collect::<rusqlite::Result<Vec<_>>>()?);
        }
        Ok(spent)
    }
}
