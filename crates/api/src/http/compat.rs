//! The endpoints of RTSPtoWebRTC, for pages and clients written for that server.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::{Extension, Json};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::json;
use tokio::time::timeout;
use tracing::warn;

use super::App;
use super::caller::Caller;
use super::pages::Pages;
use super::problem::Problem;
use super::routes::Routes;
use super::{assets, dial};
use crate::wire;
use razz_access::Grant;
use razz_access::policy::Need;
use razz_config::{Source, Transport};
use razz_delivery::Demand;
use razz_hub::Camera;

/// How long the name of a camera may be looked up.
const LOOK_UP: Duration = Duration::from_secs(5);

/// Each with what it needs: whose camera is meant the form says, so the handlers look.
pub(super) fn routes() -> Routes {
    Routes::default()
        .on(Method::GET, "/", Need::Stream, index)
        .on(Method::GET, "/stream/codec/{stream}", Need::Stream, codec)
        .on(Method::POST, "/stream/receiver/{stream}", Need::Stream, receiver)
        .on(Method::GET, "/stream/player/{stream}", Need::Stream, player)
        .on(Method::POST, "/stream", Need::Stream, stream)
        .on(Method::GET, "/static", Need::Stream, heartbeat)
        .on(Method::GET, "/static/", Need::Stream, heartbeat)
}

/// Whose pages may read the answers.
#[derive(Clone)]
pub(super) struct Cors {
    pages: Pages,
    /// Where tokens are asked for, the page that has one may read what it opens.
    sign_in: bool,
}

impl Cors {
    pub(super) fn of(app: &App) -> Self {
        Self { pages: Pages::of(app), sign_in: app.access.is_on() }
    }
}

/// As open as the original, and without credentials: there is nothing here that a cookie opens. Pages
/// that may not watch do not learn what is here either.
pub(super) async fn permissive_cors(
    State(cors): State<Cors>,
    request: Request,
    next: Next,
) -> Response {
    let open = cors.sign_in || cors.pages.may_watch(request.headers());
    let mut response = if request.method() == Method::OPTIONS {
        StatusCode::NO_CONTENT.into_response()
    } else {
        next.run(request).await
    };
    const CORS: [(HeaderName, &str); 3] = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "POST, GET, OPTIONS, PUT, DELETE"),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "Accept, Content-Type, Content-Length, Accept-Encoding, X-CSRF-Token, Authorization, x-access-token",
        ),
    ];
    for (name, value) in CORS.into_iter().filter(|_| open) {
        response.headers_mut().insert(name, header::HeaderValue::from_static(value));
    }
    response.headers_mut().append(header::VARY, header::HeaderValue::from_static("origin"));
    response
}

/// Clients of the original look for the reason of a failure under `error`, where razz says `detail`.
pub(super) async fn errors_as_original(mut response: Response) -> Response {
    let Some(problem) = response.extensions_mut().remove::<wire::Problem>() else {
        return response;
    };
    let mut body = json!(problem);
    body["error"] = problem.detail.unwrap_or(problem.title).into();
    response.headers_mut().remove(header::CONTENT_LENGTH);
    *response.body_mut() = Body::from(body.to_string());
    response
}

/// Where the original has the files of its page. Home Assistant's client asks for it to learn whether
/// the server is there; for `/streams`, which only RTSPtoWeb has, it gets 404.
async fn heartbeat() -> StatusCode {
    StatusCode::OK
}

/// The original leads to the player of its first stream. Relative: a proxy may have a folder for it.
async fn index(
    State(app): State<App>,
    Extension(grant): Extension<Grant>,
    RawQuery(query): RawQuery,
) -> Response {
    let cameras = app.cameras.list();
    let first = cameras.iter().find(|camera| grant.scope.sees(camera.id));
    // A token goes along.
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    match first {
        Some(camera) => {
            let stream = camera.id.stream_id();
            Redirect::temporary(&format!("stream/player/{stream}{query}")).into_response()
        }
        None => Problem::not_found("/").into_response(),
    }
}

/// Which media tracks a stream has; unknown streams get an empty 200, as the original gives.
async fn codec(
    State(app): State<App>,
    Extension(grant): Extension<Grant>,
    Path(stream): Path<String>,
) -> Response {
    match find(&app, &grant, &stream) {
        Some(_) => Json(json!([{"Type": "video"}])).into_response(),
        None => StatusCode::OK.into_response(),
    }
}

#[derive(Deserialize)]
struct Receiver {
    suuid: String,
    data: String,
}

/// An offer in, the bare answer out, both base64. What fails is an empty 200, as the original gives;
/// the reason is in the log.
async fn receiver(
    State(app): State<App>,
    Extension(grant): Extension<Grant>,
    Extension(caller): Extension<Caller>,
    form: Result<Form<Receiver>, FormRejection>,
) -> Response {
    let form = match form {
        Ok(Form(form)) => form,
        Err(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            return Problem::from(error).into_response();
        }
        Err(error) => {
            warn!("/stream/receiver: {}", error.body_text());
            return StatusCode::OK.into_response();
        }
    };
    let Some(camera) = find(&app, &grant, &form.suuid) else {
        warn!("/stream/receiver: there is no stream {:?}", shortened(&form.suuid, 40));
        return StatusCode::OK.into_response();
    };
    match answer(&app, &grant, caller, &camera, &form.data).await {
        Ok(answer) => answer.into_response(),
        Err(error) => {
            warn!(
                camera = camera.id.as_u32(),
                run = camera.context.run(),
                "/stream/receiver: {error}"
            );
            StatusCode::OK.into_response()
        }
    }
}

#[derive(Deserialize)]
struct StreamForm {
    url: String,
    sdp64: String,
}

/// The same by URL: of a configured camera, or of any if the setting allows it.
async fn stream(
    State(app): State<App>,
    Extension(grant): Extension<Grant>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    form: Result<Form<StreamForm>, FormRejection>,
) -> Response {
    let form = match form {
        Ok(Form(form)) => form,
        Err(error) => return Problem::from(error).into_response(),
    };
    let source = match Source::new(&form.url, None, None, Transport::default()) {
        Ok(source) => Source { reach: app.control.reach(), ..source },
        Err(error) => return Problem::bad_request(&format!("url: {error}")).into_response(),
    };
    let here = app.control.cameras_at(&source);
    let visible = here.into_iter().filter(|id| grant.scope.sees(*id));
    let known = visible.filter_map(|id| app.cameras.find(id)).next();
    let camera = match known {
        Some(camera) => camera,
        // Who sees only some cameras shall not see another by its address.
        None if app.compat.allow_adhoc && grant.scope.is_all() => {
            if grant.who.is_unproven() && !Pages::of(&app).may_dial(&headers) {
                return Problem::foreign_page().into_response();
            }
            match ad_hoc(&app, source, &form.sdp64).await {
                Ok(camera) => camera,
                Err(problem) => return problem.into_response(),
            }
        }
        None => {
            let why = if app.compat.allow_adhoc {
                "and others are for who sees every camera"
            } else {
                "and `compat.allow_adhoc` is off"
            };
            let url = shortened(&source.to_string(), 200);
            let detail = format!("no configured camera has this URL ({url}), {why}");
            return Problem::bad_request(&detail).into_response();
        }
    };
    match answer(&app, &grant, caller, &camera, &form.sdp64).await {
        Ok(answer) => Json(json!({"tracks": ["video"], "sdp64": answer})).into_response(),
        Err(error) => {
            warn!(camera = camera.id.as_u32(), run = camera.context.run(), "/stream: {error}");
            Problem::bad_request(&error).into_response()
        }
    }
}

/// Starts the camera at an address that is in no file: for an offer that can be answered, at an address
/// that a camera may have, and one at a time. What is refused has connected to nobody.
async fn ad_hoc(app: &App, source: Source, offer: &str) -> Result<Arc<Camera>, Problem> {
    let offer = decoded(offer).map_err(|error| Problem::bad_request(&error))?;
    app.viewers.check(&offer)?;
    let found = timeout(LOOK_UP, razz_ingest::addresses_of(&source)).await;
    let found = found.map_err(|_| Problem::not_ready("url: its name is not found in time"))?;
    let found = found.map_err(|error| Problem::bad_request(&format!("url: {error}")))?;
    let addresses = found.iter().map(|address| address.ip()).collect();
    let busy = "another camera at this address is being connected to; try again in a few seconds";
    let dial = dial::begin(addresses).await.ok_or_else(|| Problem::not_ready(busy))?;
    let here = app.control.cameras_at(&source);
    // Whoever had the turn before may have started the very same.
    if let Some(camera) = here.into_iter().find_map(|id| app.cameras.find(id)) {
        return Ok(camera);
    }
    let camera = app.control.start_adhoc(source);
    let camera = camera.ok_or_else(|| Problem::not_ready("too many ad-hoc cameras"))?;
    dial.until_answered(Arc::clone(&camera));
    Ok(camera)
}

/// A form turns the plus signs of base64 into spaces when the page did not escape them.
fn decoded(offer: &str) -> Result<String, String> {
    let offer = BASE64
        .decode(offer.replace(' ', "+").trim())
        .map_err(|error| format!("the offer is not base64: {error}"))?;
    String::from_utf8(offer).map_err(|_| "the offer is not UTF-8".to_owned())
}

async fn answer(
    app: &App,
    grant: &Grant,
    caller: Caller,
    camera: &Arc<Camera>,
    offer: &str,
) -> Result<String, String> {
    let offer = decoded(offer)?;
    let opened = app.open_session(camera, offer, Demand::default(), grant, caller).await;
    let opened = opened.map_err(|error| error.to_string())?;
    Ok(BASE64.encode(opened.answer))
}

async fn player(
    State(app): State<App>,
    Extension(grant): Extension<Grant>,
    Path(stream): Path<String>,
) -> Response {
    match find(&app, &grant, &stream) {
        Some(_) => assets::page("compat-player.html")
            .unwrap_or_else(|| Problem::not_found("compat-player.html").into_response()),
        None => Problem::unknown_camera(&stream).into_response(),
    }
}

/// The camera of this stream id, which is `camera1` here, and nothing else; as if it were not there
/// where it is out of sight.
fn find(app: &App, grant: &Grant, stream: &str) -> Option<Arc<Camera>> {
    let id = stream.strip_prefix("camera")?.parse().ok()?;
    app.cameras.find(id).filter(|_| grant.scope.sees(id))
}

fn shortened(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}
