//! Footage that never gives way, as somebody wants it.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use razz_access::Grant;
use razz_access::grant::Rank;
use razz_base::MediaTime;
use razz_recorder::Recorder;
use razz_store::archive::{Archive, Moment};
use razz_store::index::{Lock, LockError};
use tracing::info;

use super::problem::{JsonBody, Problem};
use super::recordings::{moment, read, recorder};
use super::{App, base};
use crate::wire::{self, ProblemKind};

/// `POST /api/recordings/{camera}/locks`.
pub(super) async fn add(
    State(app): State<App>,
    Extension(grant): Extension<Grant>,
    Path(camera): Path<String>,
    here: Uri,
    JsonBody(body): JsonBody<wire::NewLock>,
) -> Result<Response, Problem> {
    let (recorder, id) = (recorder(&app)?, app.camera(&camera)?.id);
    let span = [moment("from", &body.from)?, moment("to", &body.to)?];
    let (by, now_us) = (grant.who.noted().unwrap_or_default(), app.clock.wall_us());
    let note = body.note.unwrap_or_default();
    let lock = move |archive: &Archive| archive.lock(id, span, note.trim(), &by, now_us);
    let lock = write(&recorder, lock).await?;
    let lock = lock.map_err(|error| match error {
        LockError::Empty => Problem::invalid_key("to", &error.to_string()),
        LockError::NoteTooLong(_) => Problem::invalid_key("note", &error.to_string()),
        LockError::Index(error) => Problem::internal(&error.to_string()),
    })?;
    info!(camera = %id, by = %lock.by, "footage is locked");
    let path = format!("/api/recordings/{id}/locks/{}", lock.id);
    let location = [(header::LOCATION, base::reference(here.path(), &path))];
    Ok((StatusCode::CREATED, location, Json(wire::RecordingLock::from(&lock))).into_response())
}

/// `DELETE /api/recordings/{camera}/locks/{id}`: by who made it, or an admin.
pub(super) async fn remove(
    State(app): State<App>,
    Extension(grant): Extension<Grant>,
    Path((camera, lock)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let (recorder, id) = (recorder(&app)?, app.camera(&camera)?.id);
    let unknown = || Problem::new(ProblemKind::NotFound, "the camera has no such lock");
    let number: i64 = lock.parse().map_err(|_| unknown())?;
    let all = [i64::MIN, i64::MAX].map(|ticks| Moment::Media(MediaTime::from_90k(ticks)));
    let locks: Vec<Lock> =
        read(&recorder, move |archive| archive.locks(id, all[0], all[1])).await?;
    let found = locks.into_iter().find(|lock| lock.id == number).ok_or_else(unknown)?;
    if grant.rank < Rank::Admin && found.by != grant.who.noted().unwrap_or_default() {
        let said = "footage is unlocked by who locked it, or by an admin";
        return Err(Problem::new(ProblemKind::Forbidden, said));
    }
    if !write(&recorder, move |archive| archive.unlock(id, number))
        .await?
        .map_err(|error| Problem::internal(&error.to_string()))?
    {
        return Err(unknown());
    }
    info!(camera = %id, "footage that {} had locked is unlocked", found.by);
    Ok(StatusCode::NO_CONTENT)
}

/// Off the runtime's threads; an error where the folder of the recordings could not be opened yet.
async fn write<T: Send + 'static>(
    recorder: &Arc<Recorder>,
    work: impl FnOnce(&Archive) -> T + Send + 'static,
) -> Result<T, Problem> {
    let archive = recorder.archive().cloned();
    let archive =
        archive.ok_or_else(|| Problem::new(ProblemKind::Busy, "recordings cannot be read now"))?;
    let done = tokio::task::spawn_blocking(move || work(&archive)).await;
    done.map_err(|_| Problem::internal("the lock could not be written"))
}
