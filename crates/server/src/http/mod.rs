//! HTTP: the app, the API, WHEP and the tracking WebSocket on one address, the RTSPtoWebRTC
//! endpoints on another.

mod api;
mod assets;
mod cameras;
mod compat;
mod origin;
mod problem;
mod turn;
mod whep;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State, WebSocketUpgrade};
use axum::http::header;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get, post};
use tower_http::catch_panic::CatchPanicLayer;

use self::problem::Problem;
use crate::camera::{Camera, Cameras};
use crate::clock::Clock;
use crate::config;
use crate::events::Events;
use crate::feed;
use crate::live::Live;
use crate::process::Usage;
use crate::viewer::Viewers;

/// Offers are a few kilobytes; nothing that is posted here is larger.
const MAX_BODY: usize = 64 << 10;

/// What the handlers work on.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) cameras: Arc<Cameras>,
    pub(crate) live: Arc<Live>,
    pub(crate) viewers: Viewers,
    pub(crate) usage: Usage,
    pub(crate) events: Events,
    pub(crate) compat: config::Compat,
    /// TURN servers that viewers are told of.
    pub(crate) turn: Arc<[config::Turn]>,
    pub(crate) clock: Clock,
}

impl App {
    /// The camera that a path names, as `1` or `camera1`.
    fn camera(&self, name: &str) -> Result<Arc<Camera>, Problem> {
        name.parse()
            .ok()
            .and_then(|id| self.cameras.find(id))
            .ok_or_else(|| Problem::unknown_camera(name))
    }
}

/// Everything on `server.listen`.
pub(crate) fn router(app: App) -> Router {
    Router::new()
        .route(
            "/whep/{camera}",
            post(whep::post).options(whep::endpoint_options).fallback(whep::not_allowed),
        )
        .route(
            "/whep/{camera}/{session}",
            axum::routing::delete(whep::delete)
                .patch(whep::patch)
                .options(whep::session_options)
                .fallback(whep::not_allowed),
        )
        .route("/ws/tracking/{camera}", any(tracking))
        .route("/api/cameras", get(api::cameras).post(cameras::add))
        .route("/api/cameras/test", post(cameras::test))
        .route(
            "/api/cameras/{camera}",
            get(api::camera).put(cameras::change).delete(cameras::remove),
        )
        .route("/api/cameras/{camera}/status", get(api::status))
        .route("/api/cameras/{camera}/tracks", get(api::tracks))
        .route("/api/cameras/{camera}/snapshot.jpg", get(api::snapshot))
        .route("/api/stats", get(api::stats))
        .route("/metrics", get(api::metrics))
        .route("/healthz", get(api::healthz))
        .route("/readyz", get(api::readyz))
        .fallback(assets::serve)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn(refuse_oversize))
        .layer(middleware::from_fn(origin::check))
        .layer(CatchPanicLayer::custom(problem::panicked))
        .with_state(app)
}

/// Everything on `server.compat_listen`.
pub(crate) fn compat_router(app: App) -> Router {
    compat::router(app)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn(refuse_oversize))
        .layer(CatchPanicLayer::custom(problem::panicked))
}

/// Answers a body that announces itself as too large before it comes; one that does not is cut off
/// where it is read.
async fn refuse_oversize(request: Request, next: Next) -> Response {
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let length = announced.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > MAX_BODY as u64) {
        return Problem::too_large(MAX_BODY).into_response();
    }
    next.run(request).await
}

async fn tracking(
    State(app): State<App>,
    Path(camera): Path<String>,
    Query(wish): Query<feed::Wish>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let camera = app.camera(&camera)?;
    let terms = wish.resolve().map_err(|error| Problem::bad_request(&error))?;
    let upgrade = upgrade.map_err(|error| Problem::bad_request(&error.body_text()))?;
    // Clients have little to say: {"ping": t}.
    let upgrade = upgrade.max_message_size(4096).max_frame_size(4096);
    let upgraded = upgrade.on_upgrade(move |socket| feed::serve(socket, camera, terms, app.clock));
    Ok(upgraded.into_response())
}
