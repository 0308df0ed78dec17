//! What was counted: sums for charts, the facts one by one, where objects stood.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use razz_access::Grant;
use razz_base::TrackId;
use razz_facts::database::{Cursor, Database, Filter, Kind, Range, Rows};
use razz_facts::{FactsError, Version};
use razz_store::archive::Moment;
use serde::Deserialize;

use super::App;
use super::areas::{failed, nothing_recorded};
use super::problem::{Problem, QueryParameters};
use super::recordings::{moment, moment_or, recorder};
use crate::wire::{self, ProblemKind};

const DAY_US: i64 = 86_400_000_000;
const MINUTE_S: u32 = 60;
const QUARTER_S: u32 = 900;
/// Steps that an answer has at most: 35 days of quarters of an hour.
const MOST_STEPS: i64 = 4_000;
/// Rows of an answer where nothing else is said, and at most.
const ROWS: usize = 100;
const MOST_ROWS: usize = 1000;
/// Rows of a table at most: a day of a busy crossroads has 50,000.
const MOST_TABLE_ROWS: usize = 1_000_000;

/// What facts are asked for.
#[derive(Deserialize)]
pub(super) struct FactsQuery {
    /// Ids with commas between; all of them where it is left out.
    camera: Option<String>,
    area: Option<String>,
    class: Option<String>,
    from: Option<String>,
    to: Option<String>,
    step: Option<u32>,
    kind: Option<String>,
    limit: Option<usize>,
    before: Option<String>,
}

impl FactsQuery {
    /// From when until when, which is the last day where nothing else is said.
    fn span(&self, now_us: i64) -> Result<[i64; 2], Problem> {
        let from = moment_or("from", self.from.as_deref(), now_us - DAY_US)?;
        let span = [from, moment_or("to", self.to.as_deref(), now_us)?].map(Moment::near_us);
        match span[0] < span[1] {
            true => Ok(span),
            false => Err(Problem::bad_request("`from` has to be before `to`")),
        }
    }

    fn range(&self, now_us: i64) -> Result<Range, Problem> {
        let [from_us, until_us] = self.span(now_us)?;
        let step = self.step.unwrap_or(3600);
        let is_short = until_us - from_us <= 2 * DAY_US;
        let fits = step > 0 && step.is_multiple_of(if is_short { MINUTE_S } else { QUARTER_S });
        if !fits {
            let said = "`step` is a multiple of 900 seconds; of 60 for two days at most";
            return Err(Problem::bad_request(said));
        }
        let step_us = i64::from(step) * 1_000_000;
        if (until_us - from_us) / step_us > MOST_STEPS {
            let said = format!("`step` is too small: an answer has {MOST_STEPS} steps at most");
            return Err(Problem::bad_request(&said));
        }
        Ok(Range { from_us, until_us, step_us })
    }

    fn filter(&self, now_us: i64, most: usize) -> Result<Filter, Problem> {
        let [from_us, until_us] = self.span(now_us)?;
        let kind = match self.kind.as_deref() {
            None => None,
            Some("crossing") => Some(Kind::Crossing),
            Some("visit") => Some(Kind::Visit),
            Some(_) => return Err(Problem::bad_request("`kind` is crossing or visit")),
        };
        let before = self.before.as_deref().map(cursor).transpose()?;
        let limit = self.limit.unwrap_or(ROWS).clamp(1, most);
        Ok(Filter { from_us, until_us, class: self.class.clone(), kind, before, limit })
    }
}

/// As [`wire::FactRows::next`] has it.
fn cursor(text: &str) -> Result<Cursor, Problem> {
    let mut numbers = text.split('-');
    let mut next = || numbers.next().and_then(|number| number.parse::<u64>().ok());
    let found = next().zip(next()).zip(next()).map(|((wall_us, track), row)| Cursor {
        wall_us: wall_us.cast_signed(),
        track: TrackId(track),
        row: row.cast_signed(),
    });
    found.ok_or_else(|| Problem::bad_request("`before` is `next` of another answer"))
}

/// Off the runtime's threads, at the areas that are asked for.
async fn ask<T: Send + 'static>(
    app: &App,
    grant: &Grant,
    query: &FactsQuery,
    ask: impl FnOnce(&Database, &[Version]) -> Result<T, FactsError> + Send + 'static,
) -> Result<T, Problem> {
    let (cameras, area) = (app.in_sight(grant, query.camera.as_deref())?, query.area.clone());
    let facts = Arc::clone(&app.facts);
    let done = tokio::task::spawn_blocking(move || {
        facts.read(|database| {
            let mut versions = database.versions(None)?;
            versions.retain(|version| {
                cameras.contains(&version.camera)
                    && area.as_ref().is_none_or(|area| *version.name == **area)
            });
            ask(database, &versions)
        })
    });
    let done = done.await.map_err(|_| Problem::internal("the facts could not be read"))?;
    let done = done.map_err(|error| Problem::internal(&error.to_string()))?;
    done.ok_or_else(|| {
        let why = app.facts.error();
        let said = why.unwrap_or_else(|| "counting has not begun yet".to_owned());
        Problem::new(ProblemKind::Busy, &said)
    })
}

/// `GET /api/facts`.
pub(super) async fn sums(
    State(app): State<App>,
    Extension(grant): Extension<Grant>,
    QueryParameters(query): QueryParameters<FactsQuery>,
) -> Result<Json<wire::Facts>, Problem> {
    let range = query.range(app.clock.wall_us())?;
    let work = move |database: &Database, versions: &[Version]| database.facts(versions, range);
    let mut areas = ask(&app, &grant, &query, work).await?;
    if let Some(class) = &query.class {
        areas.iter_mut().for_each(|area| area.classes.retain(|name, _| **name == **class));
    }
    Ok(Json(wire::Facts {
        from: range.from_us as f64 / 1e6,
        to: range.until_us as f64 / 1e6,
        step_s: u32::try_from(range.step_us / 1_000_000).unwrap_or(u32::MAX),
        areas: areas.iter().map(Into::into).collect(),
    }))
}

/// `GET /api/facts/rows`.
pub(super) async fn rows(
    State(app): State<App>,
    Extension(grant): Extension<Grant>,
    QueryParameters(query): QueryParameters<FactsQuery>,
) -> Result<Json<wire::FactRows>, Problem> {
    let filter = query.filter(app.clock.wall_us(), MOST_ROWS)?;
    let work = move |database: &Database, versions: &[Version]| database.rows(versions, &filter);
    let Rows { facts, next } = ask(&app, &grant, &query, work).await?;
    let next = next.map(|next| format!("{}-{}-{}", next.wall_us, next.track.0, next.row));
    Ok(Json(wire::FactRows { rows: facts.iter().map(Into::into).collect(), next }))
}

/// `GET /api/facts.csv`: the same as a table.
pub(super) async fn table(
    State(app): State<App>,
    Extension(grant): Extension<Grant>,
    QueryParameters(query): QueryParameters<FactsQuery>,
) -> Result<Response, Problem> {
    let mut filter = query.filter(app.clock.wall_us(), MOST_TABLE_ROWS)?;
    filter.limit = query.limit.unwrap_or(MOST_TABLE_ROWS).clamp(1, MOST_TABLE_ROWS);
    let cameras = Arc::clone(&app.cameras);
    let work = move |database: &Database, versions: &[Version]| {
        let rows = database.rows(versions, &filter)?;
        let mut text = String::from(HEADER);
        for fact in &rows.facts {
            // A string takes everything.
            let _ = line(&mut text, &fact.into(), &cameras.name_of(fact.camera));
        }
        Ok(text)
    };
    let text = ask(&app, &grant, &query, work).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"facts.csv\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, text).into_response())
}

const HEADER: &str = "time,kind,camera_id,camera,area,direction,class,track_id,end,dwell_s,why,entered,x,y,\
                      bridged,speed_mps,speed_error_mps,media_time,revision\n";

fn line(text: &mut String, row: &wire::FactRow, camera: &str) -> std::fmt::Result {
    let kind = match row.kind {
        wire::FactKind::Crossing => "crossing",
        wire::FactKind::Visit => "visit",
    };
    let direction = match row.direction {
        Some(wire::FactDirection::In) => "in",
        Some(wire::FactDirection::Out) => "out",
        None => "",
    };
    let why = match row.end {
        Some(wire::FactEnd::Left) => "left",
        Some(wire::FactEnd::Lost) => "lost",
        Some(wire::FactEnd::Closed) => "closed",
        None => "",
    };
    let number = |number: Option<f64>| number.map(|number| number.to_string()).unwrap_or_default();
    let [x, y] = row.place.map_or([None; 2], |place| place.map(Some));
    let at = |moment: &wire::Moment| time(moment.unix);
    writeln!(
        text,
        "{},{kind},{},{},{},{direction},{},{},{},{},{why},{},{},{},{},{},{},{},{}",
        at(&row.at),
        row.camera_id,
        quoted(camera),
        quoted(&row.area),
        quoted(&row.class),
        row.track_id,
        row.to.as_ref().map(at).unwrap_or_default(),
        number(row.dwell_s),
        row.entered.map(|entered| entered.to_string()).unwrap_or_default(),
        number(x),
        number(y),
        row.bridged,
        number(row.speed_mps),
        number(row.speed_error_mps),
        row.at.media_time,
        row.revision,
    )
}

/// RFC 3339, in UTC, to the millisecond.
fn time(unix: f64) -> String {
    let ms = jiff::Timestamp::from_millisecond((unix * 1e3).round() as i64);
    ms.map(|time| format!("{time:.3}")).unwrap_or_default()
}

/// As RFC 4180 has it; and nothing that a table calculates.
fn quoted(text: &str) -> String {
    let safe = match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    };
    match safe.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", safe.replace('"', "\"\"")),
        false => safe,
    }
}

/// What `GET /api/heat` is asked for.
#[derive(Deserialize)]
pub(super) struct HeatQuery {
    camera: String,
    from: String,
    to: String,
    class: Option<String>,
}

/// `GET /api/heat`.
pub(super) async fn heat(
    State(app): State<App>,
    Extension(grant): Extension<Grant>,
    QueryParameters(query): QueryParameters<HeatQuery>,
) -> Result<Json<wire::Heat>, Problem> {
    let camera = app.camera(&query.camera)?.id;
    if !grant.scope.sees(camera) {
        return Err(Problem::unknown_camera(&query.camera));
    }
    let span = [moment("from", &query.from)?, moment("to", &query.to)?];
    let archive = recorder(&app).ok().and_then(|recorder| recorder.archive().cloned());
    let archive = archive.ok_or_else(nothing_recorded)?;
    let work = move || razz_facts::heat(&archive, camera, span, query.class.as_deref());
    let found = tokio::task::spawn_blocking(work).await;
    let found = found.map_err(|_| Problem::internal("the map could not be made"))?;
    let map = found.map_err(failed)?;
    Ok(Json(wire::Heat {
        columns: map.columns.into(),
        rows: map.rows.into(),
        seconds: map.seconds.iter().map(|seconds| (seconds * 10.0).round() / 10.0).collect(),
        tracks: map.tracks,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_quoted_and_calculate_nothing() {
        for (text, expected) in [
            ("Door", "Door"),
            ("Door, left", "\"Door, left\""),
            ("the \"Door\"", "\"the \"\"Door\"\"\""),
            ("=1+1", "'=1+1"),
            ("", ""),
        ] {
            assert_eq!(quoted(text), expected);
        }
        assert_eq!(time(1_796_047_380.12), "2026-11-30T14:03:00.120Z");
    }

    #[test]
    fn a_cursor_comes_back() {
        let found = cursor("1796047380000000-18446744073709551615-3").unwrap();
        assert_eq!(
            (found.wall_us, found.track, found.row),
            (1_796_047_380_000_000, TrackId(u64::MAX), 3)
        );
        for wrong in ["", "1-2", "1-2-x", "-1-2-3"] {
            assert!(cursor(wrong).is_err(), "{wrong}");
        }
    }
}
