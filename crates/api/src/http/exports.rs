//! Recorded footage as files to hand out: asked for, made in the background, fetched.

use std::fs::File;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use razz_access::Grant;
use razz_access::grant::Rank;
use razz_base::CameraId;
use razz_export::{AddError, Entry, Export, ExportError, Exports, Request, State as Progress};
use razz_store::archive::{Archive, Moment};

use super::problem::{JsonBody, Problem};
use super::ranges;
use super::recordings::{moment, read, recorder};
use super::{App, base};
use crate::wire::{self, ProblemKind};

/// `GET /api/exports`: those whose cameras are all in sight.
pub(super) async fn list(
    State(app): State<App>,
    Extension(grant): Extension<Grant>,
) -> Json<wire::Exports> {
    let exports = app.exports.iter().flat_map(|exports| exports.list());
    let exports = exports.filter(|export| is_seen(export, &grant));
    Json(wire::Exports { exports: exports.map(|export| (&export).into()).collect() })
}

/// `POST /api/exports`.
pub(super) async fn add(
    State(app): State<App>,
    Extension(grant): Extension<Grant>,
    here: Uri,
    JsonBody(body): JsonBody<wire::NewExport>,
) -> Result<Response, Problem> {
    let exports = exports(&app)?;
    let mut cameras = Vec::new();
    for number in &body.cameras {
        let id = CameraId::new(*number).filter(|id| grant.scope.sees(*id));
        let known = id.filter(|id| app.cameras.find(*id).is_some());
        cameras.push(known.ok_or_else(|| Problem::unknown_camera(&number.to_string()))?);
    }
    let blur = match body.blur() {
        None => None,
        Some(Some(blur)) => Some(blur),
        Some(None) => {
            let said = "`except` names cameras by their numbers, from 1";
            return Err(Problem::invalid_key("blur", said));
        }
    };
    let (from, to) = (moment("from", &body.from)?, moment("to", &body.to)?);
    let first = cameras.first().copied();
    let wall = move |archive: &Archive| match first {
        Some(camera) => Ok([wall_us(archive, camera, from)?, wall_us(archive, camera, to)?]),
        None => Ok([from.near_us(), to.near_us()]),
    };
    let [from_us, until_us] = read(&recorder(&app)?, wall).await?;
    let request = Request {
        cameras,
        from_us,
        until_us,
        format: body.format.into(),
        boxes: body.boxes.unwrap_or(true),
        labels: body.labels.unwrap_or(true),
        blur,
        name: body.name.unwrap_or_default(),
        by: grant.who.noted(),
    };
    let added = tokio::task::spawn_blocking(move || exports.add(request)).await;
    let added = added.map_err(|_| Problem::internal("the export could not be taken on"))??;
    let location = base::reference(here.path(), &format!("/api/exports/{}", added.id));
    let answer = Json(wire::ExportInfo::from(&added));
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], answer).into_response())
}

fn wall_us(
    archive: &Archive,
    camera: CameraId,
    at: Moment,
) -> Result<i64, razz_store::archive::ReadError> {
    match at {
        Moment::Wall(us) => Ok(us),
        Moment::Media(time) => archive.wall_us(camera, time),
    }
}

/// `GET /api/exports/{id}`.
pub(super) async fn get(
    State(app): State<App>,
    Extension(grant): Extension<Grant>,
    Path(id): Path<String>,
) -> Result<Json<wire::ExportInfo>, Problem> {
    Ok(Json((&find(&app, &grant, &id)?).into()))
}

/// `GET /api/exports/{id}/file`, with byte ranges.
pub(super) async fn file(
    State(app): State<App>,
    Extension(grant): Extension<Grant>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let export = find(&app, &grant, &id)?;
    let path = exports(&app)?.file(export.id).ok_or_else(|| {
        let said = match export.state {
            Progress::Failed => "the export failed, so there is no file",
            _ => "the export is not done yet",
        };
        Problem::new(ProblemKind::NotFound, said)
    })?;
    let opened = tokio::task::spawn_blocking(move || {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        std::io::Result::Ok((file, length))
    });
    let opened = opened.await.map_err(|_| Problem::internal("the file cannot be opened"))?;
    let (file, length) = opened.map_err(|error| Problem::internal(&error.to_string()))?;
    let request = &export.request;
    exports(&app)?.note_download(&Entry {
        what: "download",
        by: grant.who.noted().as_deref(),
        cameras: &request.cameras,
        span_us: [request.from_us, request.until_us],
        format: request.format.name(),
    });
    let kind = match export.file.rsplit_once('.').map_or("", |(_, end)| end) {
        "mp4" => "video/mp4",
        "zip" => "application/zip",
        "json" => "application/json",
        "vtt" => "text/vtt; charset=utf-8",
        "csv" => "text/csv; charset=utf-8",
        _ => "text/plain; charset=utf-8",
    };
    let said = [
        (header::CONTENT_TYPE.as_str(), kind.to_owned()),
        // Names are of letters that need no quoting.
        (header::CONTENT_DISPOSITION.as_str(), format!("attachment; filename=\"{}\"", export.file)),
    ];
    Ok(ranges::answer(&headers, file, length, &said))
}

/// `DELETE /api/exports/{id}`: by who asked for it, or an admin.
pub(super) async fn remove(
    State(app): State<App>,
    Extension(grant): Extension<Grant>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let export = find(&app, &grant, &id)?;
    let who = grant.who.noted();
    if grant.rank < Rank::Admin && export.request.by != who {
        let said = "an export is deleted by who asked for it, or by an admin";
        return Err(Problem::new(ProblemKind::Forbidden, said));
    }
    let exports = exports(&app)?;
    let removed = tokio::task::spawn_blocking(move || exports.remove(export.id, who.as_deref()));
    match removed.await {
        Ok(true) => Ok(StatusCode::NO_CONTENT),
        Ok(false) => Err(unknown(&id)),
        Err(_) => Err(Problem::internal("the export could not be deleted")),
    }
}

fn exports(app: &App) -> Result<Arc<Exports>, Problem> {
    // Where nothing is recorded it says how to.
    recorder(app)?;
    app.exports.clone().ok_or_else(|| Problem::internal("nothing can be exported"))
}

fn find(app: &App, grant: &Grant, id: &str) -> Result<Export, Problem> {
    let exports = exports(app)?;
    let export = id.parse().ok().and_then(|id| exports.get(id));
    export.filter(|export| is_seen(export, grant)).ok_or_else(|| unknown(id))
}

fn is_seen(export: &Export, grant: &Grant) -> bool {
    export.request.cameras.iter().all(|camera| grant.scope.sees(*camera))
}

fn unknown(id: &str) -> Problem {
    let id: String = id.chars().take(40).collect();
    let said = format!("there is no export {id:?}; GET /api/exports lists them");
    Problem::new(ProblemKind::NotFound, &said)
}

impl From<AddError> for Problem {
    fn from(error: AddError) -> Self {
        let said = error.to_string();
        match error {
            AddError::Request(error) => Self::invalid_key(error.key, &error.message),
            AddError::Export(ExportError::Nothing | ExportError::NoTracks) => {
                Self::new(ProblemKind::NotFound, &said)
            }
            AddError::Export(
                ExportError::TooLarge { .. }
                | ExportError::NotDecodable { .. }
                | ExportError::NoPlayer,
            ) => Self::bad_request(&said),
            AddError::Export(_) => Self::internal(&said),
            AddError::Busy | AddError::NotReady => Self::new(ProblemKind::Busy, &said),
        }
    }
}
