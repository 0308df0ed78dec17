//! The endpoints of RTSPtoWebRTC, for pages and clients written for that server.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, RawQuery, Request, State};
use axum::http::{HeaderName, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::{Extension, Json};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::json;
use tracing::warn;

use super::App;
use super::assets;
use super::problem::Problem;
use super::routes::Routes;
use crate::wire;
use razz_access::Grant;
use razz_access::policy::Need;
use razz_config::{Source, Transport};
use razz_hub::Camera;

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

/// As open as the original, and without credentials: there is nothing here that a cookie opens.
pub(super) async fn permissive_cors(request: Request, next: Next) -> Response {
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
    for (name, value) in CORS {
        response.headers_mut().insert(name, header::HeaderValue::from_static(value));
    }
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
    match answer(&app, &grant, &camera, &form.data).await {
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
            if let Some(Err(forbidden)) = source.check_literal() {
                return Problem::bad_request(&format!("url: {forbidden}")).into_response();
            }
            match app.control.start_adhoc(source) {
                Some(camera) => camera,
                None => return Problem::not_ready("too many ad-hoc cameras").into_response(),
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
    match answer(&app, &grant, &camera, &form.sdp64).await {
        Ok(answer) => Json(json!({"tracks": ["video"], "sdp64": answer})).into_response(),
        Err(error) => {
            warn!(camera = camera.id.as_u32(), run = camera.context.run(), "/stream: {error}");
            Problem::bad_request(&error).into_response()
        }
    }
}

async fn answer(
    app: &App,
    grant: &Grant,
    camera: &Arc<Camera>,
    offer: &str,
) -> Result<String, String> {
    // A form turns the plus signs of base64 into spaces when the page did not escape them.
    let offer = BASE64
        .decode(offer.replace(' ', "+").trim())
        .map_err(|error| format!("the offer is not base64: {error}"))?;
    let offer = String::from_utf8(offer).map_err(|_| "the offer is not UTF-8".to_owned())?;
    let opened = app.viewers.open(camera, offer).await.map_err(|error| error.to_string())?;
    app.access.opened(opened.id, camera.id, grant);
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
