//! Rules, what they would have found, and the alerts that they raised.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use jiff::tz::TimeZone;
use razz_access::Grant;
use razz_access::grant::Rank;
use razz_alert::{Occasion, Rule, When, rehearse};
use razz_base::CameraId;
use razz_facts::database::{Filter, Kind};
use razz_rules::{Inbox, InboxError, Wanted, occasions};
use razz_store::archive::{Archive, Moment};
use razz_store::index::GapReason;
use serde::Deserialize;

use super::App;
use super::cameras::change_off_thread;
use super::problem::{JsonBody, Problem, QueryParameters};
use super::recordings::{moment, moment_or};
use crate::wire::{self, ProblemKind};

const WEEK_US: i64 = 7 * 86_400_000_000;
/// Alerts of an answer where nothing else is said, and at most.
const ALERTS: usize = 100;
const MOST_ALERTS: usize = 1000;
/// Facts that a rehearsal goes over: a week of a busy crossroads has 300,000.
const MOST_FACTS: usize = 1_000_000;
/// What is open at the beginning of a rehearsal began before it: so long is looked back, in µs.
const BEFORE_US: i64 = 3_600_000_000;

/// `GET /api/rules`.
pub(super) async fn list(
    State(app): State<App>,
    Extension(grant): Extension<Grant>,
) -> Json<wire::Rules> {
    Json(answer(&app, &grant))
}

fn answer(app: &App, grant: &Grant) -> wire::Rules {
    let rules = app.rules.rules();
    let in_sight =
        |rule: &&Rule| rule.camera.map_or(grant.scope.is_all(), |camera| grant.scope.sees(camera));
    wire::Rules {
        rules: rules.iter().filter(in_sight).map(Into::into).collect(),
        channels: app.control.channels().iter().map(|channel| channel.name().to_owned()).collect(),
        editable: app.control.has_file() && grant.rank >= Rank::Admin,
    }
}

/// `PUT /api/rules`.
pub(super) async fn change(
    State(app): State<App>,
    Extension(grant): Extension<Grant>,
    JsonBody(body): JsonBody<wire::RulesEdit>,
) -> Result<Json<wire::Rules>, Problem> {
    let mut rules = Vec::new();
    for (n, rule) in body.rules.iter().enumerate() {
        let draft = rule.draft().and_then(|draft| {
            Rule::new(draft.clone()).map(|_| draft).map_err(|error| error.to_string())
        });
        rules.push(draft.map_err(|error| Problem::invalid_key(&format!("rules[{n}]"), &error))?);
    }
    change_off_thread(&app, move |control| control.set_rules(&rules)).await?;
    Ok(Json(answer(&app, &grant)))
}

/// `POST /api/rules/rehearse`.
pub(super) async fn try_out(
    State(app): State<App>,
    Extension(grant): Extension<Grant>,
    JsonBody(body): JsonBody<wire::RehearsalRequest>,
) -> Result<Json<wire::Rehearsal>, Problem> {
    let draft = body.rule.draft().map_err(|error| Problem::invalid_key("rule", &error))?;
    let rule =
        Rule::new(draft).map_err(|error| Problem::invalid_key("rule", &error.to_string()))?;
    let span = [moment("from", &body.from)?.near_us(), moment("to", &body.to)?.near_us()];
    let mut cameras = app.in_sight(&grant, None)?;
    cameras.retain(|id| rule.camera.is_none_or(|camera| camera == *id));
    let (facts, clock) = (Arc::clone(&app.facts), app.clock);
    let archive = app.recorder.as_ref().and_then(|recorder| recorder.archive().cloned());
    let began = clock.nanos();
    let until_us = span[1].min(clock.wall_us());
    let work = move || -> Result<_, String> {
        let recorded = || archive.ok_or("nothing is recorded, so there is no past to try it on");
        let past = match rule.when {
            When::Appears => appeared(&*recorded()?, &cameras, span)?,
            When::CameraOffline | When::RecordingStopped => {
                missed(&*recorded()?, &cameras, rule.when, [span[0], until_us])?
            }
            _ => happened(&facts, &cameras, &rule, span)?,
        };
        let mut found = rehearse(rule, past, TimeZone::system(), until_us);
        // What began before is no alert of this span.
        let before = found.alerts.iter().filter(|alert| alert.since_us < span[0]).count();
        found.alerts.retain(|alert| alert.since_us >= span[0]);
        found.count = found.count.saturating_sub(before as u64);
        found.alerts.reverse();
        found.alerts.truncate(ALERTS);
        Ok(found)
    };
    let found = tokio::task::spawn_blocking(work).await;
    let found = found.map_err(|_| Problem::internal("the rule could not be tried"))?;
    let found = found.map_err(|error| Problem::new(ProblemKind::Conflict, &error))?;
    let info = |alert: &razz_alert::Alert| {
        wire::AlertInfo::new(alert, &app.cameras.name_of(alert.camera), None)
    };
    Ok(Json(wire::Rehearsal {
        count: found.count,
        sent: found.sent,
        alerts: found.alerts.iter().map(info).collect(),
        took_ms: (clock.nanos().saturating_sub(began) as f64 / 1e5).round() / 10.0,
    }))
}

/// Crossings, visits and how many were there, as they were kept.
fn happened(
    facts: &razz_facts::Facts,
    cameras: &[CameraId],
    rule: &Rule,
    span: [i64; 2],
) -> Result<Vec<Occasion>, String> {
    let from_us = span[0] - BEFORE_US;
    let kind = match rule.when {
        When::Crossing | When::Speed => Some(Kind::Crossing),
        When::Enters | When::Leaves | When::Dwell => Some(Kind::Visit),
        _ => None,
    };
    let wants_counts = matches!(rule.when, When::Occupancy | When::Absence);
    let read = facts.read(|database| {
        let mut versions = database.versions(None)?;
        versions.retain(|version| {
            cameras.contains(&version.camera)
                && rule.area.as_ref().is_none_or(|area| *version.name == **area)
        });
        let mut counts = Vec::new();
        if wants_counts {
            counts = database.occupancies(&versions, [from_us, span[1]])?;
        }
        let filter = Filter {
            from_us,
            until_us: span[1],
            class: None,
            kind,
            before: None,
            limit: if wants_counts { 1 } else { MOST_FACTS },
        };
        Ok((database.rows(&versions, &filter)?.facts, counts))
    });
    let (mut found, counts) = read
        .map_err(|error| error.to_string())?
        .ok_or_else(|| facts.error().unwrap_or_else(|| "counting has not begun yet".to_owned()))?;
    if wants_counts {
        found.clear();
    }
    let counts = counts.into_iter().map(|change| {
        occasions::of_occupancy(change.camera, change.area, change.at, change.classes)
    });
    Ok(occasions::in_order(&found, counts.collect()))
}

/// Who came into the picture, by the visits that are recorded.
fn appeared(
    archive: &Archive,
    cameras: &[CameraId],
    span: [i64; 2],
) -> Result<Vec<Occasion>, String> {
    let mut all = Vec::new();
    for id in cameras {
        let visits = archive.visits(*id, None, span.map(Moment::Wall), MOST_FACTS);
        for stored in visits.map_err(|error| error.to_string())? {
            let visit = stored.visit;
            all.push(Occasion::Appeared {
                camera: *id,
                class: visit.class.into(),
                track: visit.track,
                at_us: visit.from.wall_us,
                media: visit.from.time,
            });
        }
    }
    Ok(occasions::in_order(&[], all))
}

/// When cameras were away, or were not recorded though they were there, by the gaps in what is recorded and their
/// reasons. One that no footage follows goes on.
fn missed(
    archive: &Archive,
    cameras: &[CameraId],
    when: When,
    [from_us, until_us]: [i64; 2],
) -> Result<Vec<Occasion>, String> {
    let is_one = |reason: GapReason| match when {
        When::CameraOffline => reason == GapReason::CameraGone,
        _ => matches!(
            reason,
            GapReason::NoKey
                | GapReason::Format
                | GapReason::DiskSlow
                | GapReason::DiskFull
                | GapReason::DiskGone
        ),
    };
    let occasion = |camera, at_us, is_over| match when {
        When::CameraOffline => Occasion::CameraState { camera, at_us, online: is_over },
        _ => Occasion::RecordingState { camera, at_us, recording: is_over },
    };
    let mut all = Vec::new();
    for &camera in cameras {
        let [from, until] = [from_us - BEFORE_US, until_us].map(Moment::Wall);
        let coverage = archive.coverage(camera, from, until).map_err(|error| error.to_string())?;
        for hole in coverage.holes.iter().filter(|hole| is_one(hole.reason)) {
            all.push(occasion(camera, hole.from.wall_us, false));
            // Until there is footage again: another gap may follow, such as that razz was not running.
            let footage = coverage.stretches.iter().map(|stretch| stretch.from.wall_us);
            all.extend(
                footage
                    .filter(|from| (hole.from.wall_us..until_us).contains(from))
                    .min()
                    .map(|from| occasion(camera, from, true)),
            );
        }
    }
    Ok(occasions::in_order(&[], all))
}

/// What `GET /api/alerts` is asked for.
#[derive(Deserialize)]
pub(super) struct AlertsQuery {
    from: Option<String>,
    to: Option<String>,
    limit: Option<usize>,
    before: Option<String>,
}

/// `GET /api/alerts`.
pub(super) async fn alerts(
    State(app): State<App>,
    Extension(grant): Extension<Grant>,
    QueryParameters(query): QueryParameters<AlertsQuery>,
) -> Result<Json<wire::Alerts>, Problem> {
    let now_us = app.clock.wall_us();
    let from = moment_or("from", query.from.as_deref(), now_us - WEEK_US)?;
    let to = moment_or("to", query.to.as_deref(), i64::MAX)?;
    let before = match &query.before {
        None => None,
        Some(text) => {
            let parts = text.split_once('_').and_then(|(at, id)| Some((at.parse().ok()?, id)));
            let said = || Problem::bad_request("`before` is `next` of another answer");
            parts.map(|(at, id): (i64, &str)| (at, id.to_owned())).ok_or_else(said).map(Some)?
        }
    };
    let cameras = app.in_sight(&grant, None)?;
    let limit = query.limit.unwrap_or(ALERTS).clamp(1, MOST_ALERTS);
    let wanted = Wanted {
        from_us: from.near_us(),
        until_us: to.near_us(),
        before,
        cameras: cameras.clone(),
        limit,
    };
    let (mut kept, open) =
        ask(&app, move |inbox| Ok((inbox.list(&wanted)?, inbox.open_alerts(&cameras)?))).await?;
    let more = kept.len() > limit;
    kept.truncate(limit);
    let next = kept.last().filter(|_| more);
    let next = next.map(|last| format!("{}_{}", last.alert.since_us, last.alert.id));
    let info = |kept: &razz_rules::Kept| {
        wire::AlertInfo::new(
            &kept.alert,
            &app.cameras.name_of(kept.alert.camera),
            kept.acknowledged.as_ref(),
        )
    };
    Ok(Json(wire::Alerts { alerts: kept.iter().map(info).collect(), next, open }))
}

/// `POST /api/alerts/{id}/acknowledge`.
pub(super) async fn acknowledge(
    State(app): State<App>,
    Extension(grant): Extension<Grant>,
    Path(id): Path<String>,
) -> Result<Json<wire::AlertInfo>, Problem> {
    let by = grant.who.noted().unwrap_or_default();
    let now_us = app.clock.wall_us();
    let scope = grant.scope.clone();
    let found = ask(&app, move |inbox| {
        let found = inbox.find(&id)?.filter(|kept| scope.sees(kept.alert.camera));
        match found {
            None => Ok(None),
            Some(_) => {
                inbox.acknowledge(&id, &by, now_us)?;
                inbox.find(&id)
            }
        }
    });
    let unknown = || Problem::new(ProblemKind::NotFound, "there is no such alert");
    let kept = found.await?.ok_or_else(unknown)?;
    let name = app.cameras.name_of(kept.alert.camera);
    Ok(Json(wire::AlertInfo::new(&kept.alert, &name, kept.acknowledged.as_ref())))
}

async fn ask<T: Send + 'static>(
    app: &App,
    ask: impl FnOnce(&Inbox) -> Result<T, InboxError> + Send + 'static,
) -> Result<T, Problem> {
    let rules = Arc::clone(&app.rules);
    let done = tokio::task::spawn_blocking(move || rules.inbox(ask)).await;
    let done = done.map_err(|_| Problem::internal("the alerts could not be read"))?;
    let done = done.map_err(|error| Problem::internal(&error.to_string()))?;
    done.ok_or_else(|| Problem::new(ProblemKind::Busy, "rules are not looked at yet"))
}
