//! Signing in and out, users and tokens.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use razz_base::CameraId;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::caller::Caller;
use super::guard;
use super::problem::{JsonBody, Problem};
use super::{App, base};
use crate::wire::{
    self, NewPassword, NewToken, NewUser, NewViewToken, ProblemKind, SetUp, SignIn, UserEdit,
};
use razz_access::grant::Grant;
use razz_access::{Access, AccessError, SIGN_IN_S};

/// So many passwords are hashed at a time: each takes 19 MiB and a core.
static HASHING: Semaphore = Semaphore::const_new(4);

/// How long to wait for one's turn: others' wrong passwords take 20 ms each.
const TURN: Duration = Duration::from_secs(5);

/// `GET /api/me`.
pub(super) async fn me(State(app): State<App>, grant: Option<Extension<Grant>>) -> Json<wire::Me> {
    Json(who(&app, grant.as_deref()))
}

fn who(app: &App, grant: Option<&Grant>) -> wire::Me {
    wire::Me::new(app.access.is_on(), app.access.needs_set_up(), grant)
}

/// `POST /api/sign-in`.
pub(super) async fn sign_in(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    JsonBody(body): JsonBody<SignIn>,
) -> Result<Response, Problem> {
    let attempt = app.access.attempt(&body.name, caller.address)?;
    // Before a place to hash in is taken: whoever waits keeps nobody else from signing in.
    tokio::time::sleep(attempt.wait()).await;
    let cookie = hashing(&app, move |access| access.sign_in(&attempt, &body.password)).await?;
    Ok(signed_in(&app, &cookie, caller))
}

/// `POST /api/set-up`.
pub(super) async fn set_up(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    JsonBody(body): JsonBody<SetUp>,
) -> Result<Response, Problem> {
    let cookie =
        hashing(&app, move |access| access.set_up(&body.token, &body.name, &body.password)).await?;
    Ok(signed_in(&app, &cookie, caller))
}

/// `POST /api/sign-out`.
pub(super) async fn sign_out(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let Some(cookie) = guard::cookie(&headers) {
        off_thread(&app, move |access| access.sign_out(&cookie)).await?;
    }
    let taken_back = [(header::SET_COOKIE, guard::set_cookie("", 0, caller, &app.base))];
    Ok((StatusCode::NO_CONTENT, taken_back).into_response())
}

/// `PUT /api/me/password`.
pub(super) async fn change_password(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Extension(grant): Extension<Grant>,
    JsonBody(body): JsonBody<NewPassword>,
) -> Result<Response, Problem> {
    let attempt = app.access.attempt_of_own(grant.who.user().ok_or(AccessError::Off)?)?;
    let changed =
        hashing(&app, move |access| access.change_password(&attempt, &body.current, &body.new));
    Ok(signed_in(&app, &changed.await?, caller))
}

fn signed_in(app: &App, cookie: &str, caller: Caller) -> Response {
    let given = [(header::SET_COOKIE, guard::set_cookie(cookie, SIGN_IN_S, caller, &app.base))];
    (StatusCode::NO_CONTENT, given).into_response()
}

/// `GET /api/users`.
pub(super) async fn users(State(app): State<App>) -> Result<Json<Vec<wire::UserInfo>>, Problem> {
    Ok(Json(app.access.users()?.into_iter().map(Into::into).collect()))
}

/// `POST /api/users`.
pub(super) async fn add_user(
    State(app): State<App>,
    here: Uri,
    JsonBody(user): JsonBody<NewUser>,
) -> Result<Response, Problem> {
    know_cameras(&app, user.cameras.as_ref(), None)?;
    let user = hashing(&app, move |access| access.add_user(user.into())).await?;
    let location = base::reference(here.path(), &format!("/api/users/{}", user.name));
    let location = [(header::LOCATION, location)];
    Ok((StatusCode::CREATED, location, Json(wire::UserInfo::from(user))).into_response())
}

/// `PUT /api/users/{name}`.
pub(super) async fn change_user(
    State(app): State<App>,
    Path(name): Path<String>,
    JsonBody(edit): JsonBody<UserEdit>,
) -> Result<Json<wire::UserInfo>, Problem> {
    if let Some(Some(wanted)) = &edit.cameras {
        // A camera that is gone may stay in the list where it was.
        let before = app.access.users()?.into_iter().find(|user| user.name == name);
        know_cameras(&app, Some(wanted), before.and_then(|user| user.cameras.0).as_ref())?;
    }
    let user = hashing(&app, move |access| access.change_user(&name, edit.into())).await?;
    Ok(Json(user.into()))
}

/// `DELETE /api/users/{name}`.
pub(super) async fn remove_user(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    off_thread(&app, move |access| access.remove_user(&name)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /api/tokens`.
pub(super) async fn tokens(State(app): State<App>) -> Result<Json<Vec<wire::TokenInfo>>, Problem> {
    Ok(Json(app.access.tokens()?.into_iter().map(Into::into).collect()))
}

/// `POST /api/tokens`: the only answer in which the token stands.
pub(super) async fn add_token(
    State(app): State<App>,
    here: Uri,
    JsonBody(token): JsonBody<NewToken>,
) -> Result<Response, Problem> {
    know_cameras(&app, token.cameras.as_ref(), None)?;
    let (made, said) = off_thread(&app, move |access| access.add_token(token.into())).await?;
    let location = base::reference(here.path(), &format!("/api/tokens/{}", made.id));
    let location = [(header::LOCATION, location)];
    let info = wire::TokenInfo { token: Some(said), ..made.into() };
    Ok((StatusCode::CREATED, location, Json(info)).into_response())
}

/// `DELETE /api/tokens/{id}`.
pub(super) async fn remove_token(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    off_thread(&app, move |access| access.remove_token(&id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/view-tokens`.
pub(super) async fn add_view_token(
    State(app): State<App>,
    Extension(grant): Extension<Grant>,
    JsonBody(wanted): JsonBody<NewViewToken>,
) -> Result<Response, Problem> {
    let cameras = wanted.cameras.clone();
    let (token, expires) = app.access.view_token(&grant, wanted.into())?;
    // Only now: what is out of sight is not told apart from what is not there.
    know_cameras(&app, Some(&cameras), None)?;
    let made = wire::ViewToken { token, cameras, expires, compat: app.compat_port };
    Ok((StatusCode::CREATED, Json(made)).into_response())
}

/// Refuses numbers that are no camera's and not among those of `before`.
fn know_cameras(
    app: &App,
    wanted: Option<&BTreeSet<u32>>,
    before: Option<&BTreeSet<u32>>,
) -> Result<(), Problem> {
    let Some(wanted) = wanted else { return Ok(()) };
    let set = app.control.wanted_cameras();
    let known = |id: &u32| {
        before.is_some_and(|before| before.contains(id))
            || CameraId::new(*id)
                .is_some_and(|id| set.contains(&id) || app.cameras.find(id).is_some())
    };
    match wanted.iter().find(|id| !known(id)) {
        None => Ok(()),
        Some(id) => Err(Problem::invalid_key(
            "cameras",
            &format!("`cameras`: there is no camera {id}; GET /api/cameras lists them"),
        )),
    }
}

/// A password is hashed: a few at a time, in the order in which they came, and who waits too long is
/// asked to come again.
async fn hashing<T: Send + 'static>(
    app: &App,
    work: impl FnOnce(&Access) -> Result<T, AccessError> + Send + 'static,
) -> Result<T, Problem> {
    let Ok(Ok(_turn)) = timeout(TURN, HASHING.acquire()).await else {
        let detail = "others are signing in; try again in a few seconds";
        return Err(Problem::new(ProblemKind::Busy, detail));
    };
    off_thread(app, work).await
}

/// Files are written, and the runtime's threads have sockets to serve.
async fn off_thread<T: Send + 'static>(
    app: &App,
    work: impl FnOnce(&Access) -> Result<T, AccessError> + Send + 'static,
) -> Result<T, Problem> {
    let access = std::sync::Arc::clone(&app.access);
    let done = tokio::task::spawn_blocking(move || work(&access)).await;
    Ok(done.map_err(|_| Problem::internal("the users could not be changed"))??)
}
