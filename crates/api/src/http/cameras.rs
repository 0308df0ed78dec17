//! Cameras added, changed and removed while everything runs: in the config file, and at once.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use razz_base::{CameraId, DetectFrom};
use serde::Deserialize;
use tokio::sync::Semaphore;

use super::problem::{JsonBody, Problem, QueryParameters};
use super::{App, api, base};
use crate::control::{ChangeError, Control};
use crate::wire::{self, CameraEdit, CameraProbe, ProblemKind};

/// `POST /api/cameras`.
pub(super) async fn add(
    State(app): State<App>,
    here: Uri,
    JsonBody(edit): JsonBody<CameraEdit>,
) -> Result<Response, Problem> {
    let id = change_off_thread(&app, move |control| control.add_camera(&edit.into())).await?;
    let camera = app.camera(&id.to_string())?;
    let location = base::reference(here.path(), &format!("/api/cameras/{id}"));
    let location = [(header::LOCATION, location)];
    Ok((StatusCode::CREATED, location, Json(api::info(&camera))).into_response())
}

/// `PUT /api/cameras/{id}`.
pub(super) async fn change(
    State(app): State<App>,
    Path(camera): Path<String>,
    JsonBody(edit): JsonBody<CameraEdit>,
) -> Result<Response, Problem> {
    let id = id_of(&camera)?;
    if edit.id.is_some_and(|said| said != id) {
        return Err(Problem::bad_request(&format!(
            "`id` is not {id}; a camera keeps its number: add another and remove this one"
        )));
    }
    change_off_thread(&app, move |control| control.change_camera(id, &edit.into())).await?;
    Ok(Json(api::info(&*app.camera(&camera)?)).into_response())
}

/// `DELETE /api/cameras/{id}`.
pub(super) async fn remove(
    State(app): State<App>,
    Path(camera): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = id_of(&camera)?;
    change_off_thread(&app, move |control| control.remove_camera(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What `POST /api/cameras/test` looks at.
#[derive(Deserialize)]
pub(super) struct TestQuery {
    /// `main`, the default, or `sub`.
    stream: Option<String>,
}

/// `POST /api/cameras/test`: looks at a stream of a camera as it would be, and changes nothing.
pub(super) async fn test(
    State(app): State<App>,
    QueryParameters(TestQuery { stream }): QueryParameters<TestQuery>,
    JsonBody(edit): JsonBody<CameraEdit>,
) -> Result<Json<wire::CameraProbe>, Problem> {
    let stream = match stream.as_deref() {
        None | Some("main") => DetectFrom::Main,
        Some("sub") => DetectFrom::Sub,
        Some(_) => return Err(Problem::bad_request("`stream` is main or sub")),
    };
    let source = move |control: &dyn Control| control.source_of(&edit.into(), stream);
    let source = change_off_thread(&app, source).await?;
    // Each holds a connection and up to 32 MB for a while.
    let Ok(_turn) = LOOKS.try_acquire() else {
        let detail = "other cameras are being looked at; try again in a few seconds";
        return Err(Problem::new(ProblemKind::Conflict, detail));
    };
    Ok(Json(CameraProbe::look(source, None, app.decoders.clone(), app.clock).await))
}

/// How many cameras are looked at at a time.
static LOOKS: Semaphore = Semaphore::const_new(3);

/// Files are written, and the runtime's threads have sockets to serve.
pub(super) async fn change_off_thread<T: Send + 'static>(
    app: &App,
    change: impl FnOnce(&dyn Control) -> Result<T, ChangeError> + Send + 'static,
) -> Result<T, Problem> {
    let control = std::sync::Arc::clone(&app.control);
    let changed = tokio::task::spawn_blocking(move || change(&*control)).await;
    Ok(changed.map_err(|_| Problem::internal("the settings could not be changed"))??)
}

fn id_of(camera: &str) -> Result<u32, Problem> {
    let id: Result<CameraId, _> = camera.parse();
    id.map(CameraId::as_u32).map_err(|_| Problem::unknown_camera(camera))
}
