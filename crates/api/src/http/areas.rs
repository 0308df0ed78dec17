//! Lines and zones: which there are, what they are to be, and what one would have counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use futures_util::stream;
use razz_access::Grant;
use razz_access::grant::Rank;
use razz_base::CameraId;
use razz_config::AreaEdit;
use razz_facts::{PastError, PreviewRequest, Version};
use serde::Deserialize;
use tokio::sync::{Semaphore, mpsc};

use super::App;
use super::cameras::change_off_thread;
use super::problem::{JsonBody, Problem};
use super::recordings::{moment, recorder};
use crate::wire::{self, ProblemKind};

/// How many previews are counted at a time: video comes first.
static PREVIEWS: Semaphore = Semaphore::const_new(2);
const LINES: &str = "application/x-ndjson";

/// What `GET /api/areas` is asked for.
#[derive(Deserialize)]
pub(super) struct ListQuery {
    camera: Option<String>,
}

/// `GET /api/areas`.
pub(super) async fn list(
    State(app): State<App>,
    Extension(grant): Extension<Grant>,
    Query(query): Query<ListQuery>,
) -> Result<Json<wire::Areas>, Problem> {
    let only = match &query.camera {
        Some(camera) => Some(app.camera(camera)?.id),
        None => None,
    };
    answer(&app, &grant, only).await.map(Json)
}

async fn answer(app: &App, grant: &Grant, only: Option<CameraId>) -> Result<wire::Areas, Problem> {
    let facts = Arc::clone(&app.facts);
    let versions =
        tokio::task::spawn_blocking(move || facts.read(|database| database.versions(only)));
    let versions = versions.await.ok().and_then(Result::ok).flatten().unwrap_or_default();
    let in_force = |area: &&razz_config::Area| {
        let same = |version: &&Version| {
            version.until.is_none() && version.camera == area.camera && *version.name == *area.name
        };
        versions.iter().find(same)
    };
    let in_sight = |area: &&razz_config::Area| {
        grant.scope.sees(area.camera) && only.is_none_or(|only| only == area.camera)
    };
    let areas = app.facts.areas();
    let areas = areas.iter().filter(in_sight);
    let areas = areas.map(|area| wire::AreaInfo::new(area, in_force(&area)));
    let masks = app.control.masks();
    let masks = masks.iter().filter(in_sight).map(wire::AreaInfo::mask);
    let areas = areas.chain(masks).collect();
    let editable = app.control.has_file() && grant.rank >= Rank::Admin;
    let moved = app.facts.feed().moved();
    let moved = moved.iter().filter(|(camera, _)| {
        grant.scope.sees(**camera) && only.is_none_or(|only| only == **camera)
    });
    let moved = moved.map(|(camera, moved)| wire::CameraMoved::new(*camera, moved)).collect();
    Ok(wire::Areas { areas, editable, moved })
}

/// `POST /api/areas/{camera}/right`: the areas are right as they are, though the camera was moved.
pub(super) async fn find_right(
    State(app): State<App>,
    Extension(grant): Extension<Grant>,
    Path(camera): Path<String>,
) -> Result<Json<wire::Areas>, Problem> {
    let id = app.camera(&camera)?.id;
    app.facts.find_right(id);
    answer(&app, &grant, Some(id)).await.map(Json)
}

/// `PUT /api/areas/{camera}`.
pub(super) async fn change(
    State(app): State<App>,
    Extension(grant): Extension<Grant>,
    Path(camera): Path<String>,
    JsonBody(body): JsonBody<wire::AreasEdit>,
) -> Result<Json<wire::Areas>, Problem> {
    let id = app.camera(&camera)?.id;
    let mut edits: Vec<AreaEdit> = Vec::new();
    for (n, area) in body.areas.into_iter().enumerate() {
        let drawing =
            area.drawing().map_err(|error| Problem::invalid_key(&format!("areas[{n}]"), &error))?;
        let name = area.name.trim().to_owned();
        if edits.iter().any(|other| other.name == name) {
            let said = format!(
                "another area of the camera is called {name:?} as well; give each its own name"
            );
            return Err(Problem::invalid_key(&format!("areas[{n}]"), &said));
        }
        edits.push(AreaEdit {
            name,
            was: area.was.filter(|was| *was != area.name),
            shape: drawing.shape,
            is_mask: area.mask.is_some(),
            anchor: drawing.anchor,
            classes: drawing.classes,
        });
    }
    change_off_thread(&app, move |control| control.set_areas(id, &edits)).await?;
    answer(&app, &grant, Some(id)).await.map(Json)
}

/// `POST /api/areas/preview`: as one answer, or as lines of JSON that grow.
pub(super) async fn preview(
    State(app): State<App>,
    Extension(grant): Extension<Grant>,
    headers: HeaderMap,
    JsonBody(body): JsonBody<wire::AreaPreviewRequest>,
) -> Result<Response, Problem> {
    let unknown = || Problem::unknown_camera(&body.camera_id.to_string());
    let camera = CameraId::new(body.camera_id).filter(|camera| grant.scope.sees(*camera));
    let camera = app.cameras.find(camera.ok_or_else(unknown)?).ok_or_else(unknown)?.id;
    if body.area.mask.is_some() {
        return Err(Problem::invalid_key(
            "area",
            "a mask counts nothing: nothing is detected in it",
        ));
    }
    let drawing = body.area.drawing().map_err(|error| Problem::invalid_key("area", &error))?;
    drawing.check(&body.area.name).map_err(|error| Problem::invalid_key("area", &error))?;
    let (from, until) = (moment("from", &body.from)?, moment("to", &body.to)?);
    let span = [from, until];
    let request = PreviewRequest { camera, drawing, from, until };
    let archive = recorder(&app).ok().and_then(|recorder| recorder.archive().cloned());
    let archive = archive.ok_or_else(nothing_recorded)?;
    let wants_lines = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains(LINES));
    let busy = || Problem::internal("previews have ended");
    let permit = PREVIEWS.acquire().await.map_err(|_| busy())?;
    let (began, clock) = (app.clock.nanos(), app.clock);
    let took_ms = move || clock.nanos().saturating_sub(began) as f64 / 1e6;
    // Who has gone wants no more of it.
    let gone = Gone(Arc::new(AtomicBool::new(false)));
    let is_gone = Arc::clone(&gone.0);
    if !wants_lines {
        let work = move || {
            let _permit = permit;
            razz_facts::preview(&archive, &request, |_| !is_gone.load(Ordering::Relaxed))
        };
        let counted = tokio::task::spawn_blocking(work).await;
        drop(gone);
        let counted = counted.map_err(|_| Problem::internal("the area could not be counted"))?;
        let counted = counted.map_err(failed)?;
        return Ok(Json(wire::AreaPreview::new(&counted, span, took_ms())).into_response());
    }
    let (lines, received) = mpsc::channel(4);
    let line = move |preview: &razz_facts::Preview| {
        let mut line = serde_json::to_vec(&wire::AreaPreview::new(preview, span, took_ms()))
            .unwrap_or_default();
        line.push(b'\n');
        Bytes::from(line)
    };
    tokio::task::spawn_blocking(move || {
        let _permit = permit;
        let each = |preview: &razz_facts::Preview| lines.blocking_send(Ok(line(preview))).is_ok();
        match razz_facts::preview(&archive, &request, each) {
            Ok(preview) => drop(lines.blocking_send(Ok(line(&preview)))),
            Err(error) => drop(lines.blocking_send(Err(std::io::Error::other(error.to_string())))),
        }
    });
    let lines = stream::unfold(received, |mut received| async move {
        received.recv().await.map(|line| (line, received))
    });
    Ok(([(header::CONTENT_TYPE, LINES)], Body::from_stream(lines)).into_response())
}

/// Whoever asked is gone when this is dropped.
struct Gone(Arc<AtomicBool>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

pub(super) fn nothing_recorded() -> Problem {
    let detail = "nothing is recorded, so there is no past to count: name a folder as `path` in [record] of the \
                  config file and start razz anew";
    Problem::new(ProblemKind::Conflict, detail)
}

pub(super) fn failed(error: PastError) -> Problem {
    Problem::internal(&error.to_string())
}
