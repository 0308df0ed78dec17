//! HTTP: the app, the API, WHEP and the tracking WebSocket on one address, the RTSPtoWebRTC
//! endpoints on another.

mod accounts;
mod api;
mod areas;
mod assets;
mod base;
mod body;
mod caller;
mod cameras;
mod compat;
mod detector;
mod dial;
mod embed;
mod exports;
mod facts;
mod guard;
mod headers;
mod host;
mod inline;
mod locks;
mod openapi;
mod origin;
mod pages;
mod problem;
mod ranges;
mod recordings;
mod routes;
mod rules;
mod span;
#[cfg(test)]
mod tests;
mod turn;
mod whep;

pub(crate) use assets::offline_page;

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Path, State, WebSocketUpgrade};
use axum::http::{Method, StatusCode};
use axum::middleware;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Router};
use tower_http::catch_panic::CatchPanicLayer;

use self::caller::Caller;
use self::guard::Gate;
use self::headers::Headers;
use self::pages::Pages;
use self::problem::{Problem, QueryParameters};
use self::routes::Routes;
use crate::control::Control;
use crate::facts_feed;
use crate::playback_feed;
use crate::track_feed::{self, FeedQuery};
use crate::wire;
use razz_access::grant::Who;
use razz_access::hosts::Hosts;
use razz_access::policy::Need;
use razz_access::{Access, Grant, network_of_client};
use razz_analysis::Pictures;
use razz_base::CameraId;
use razz_config as config;
use razz_delivery::{Demand, OpenError, Opened, Opener, Viewers};
use razz_export::Exports;
use razz_facts::Facts;
use razz_hub::{Camera, Cameras};
use razz_notify::Events;
use razz_observe::clock::Clock;
use razz_observe::process::Usage;
use razz_observe::telemetry::Telemetry;
use razz_recorder::Recorder;
use razz_rules::Rules;
use razz_vision::Decoders;

/// What the handlers work on.
#[derive(Clone)]
pub struct App {
    /// The cameras.
    pub cameras: Arc<Cameras>,
    /// The settings, and who changes them.
    pub control: Arc<dyn Control>,
    /// The newest pictures of every camera.
    pub pictures: Arc<Pictures>,
    /// What decodes.
    pub decoders: Decoders,
    /// What records; `None`: nothing is recorded.
    pub recorder: Option<Arc<Recorder>>,
    /// What makes files of recordings; `None`: nothing is recorded.
    pub exports: Option<Arc<Exports>>,
    /// What counts at lines and zones.
    pub facts: Arc<Facts>,
    /// What looks at that by the rules.
    pub rules: Arc<Rules>,
    /// The viewers' sessions.
    pub viewers: Viewers,
    /// How many there may be.
    pub viewer_limits: config::Viewers,
    /// What the process costs.
    pub usage: Usage,
    /// Subscribers to events.
    pub events: Events,
    /// Whether other machines reach razz and nobody signs in: somebody wanted that.
    pub open: bool,
    /// Settings of the RTSPtoWebRTC endpoints.
    pub compat: config::Compat,
    /// Where [`compat_router`] is at work; `None`: nowhere.
    pub compat_port: Option<wire::CompatPort>,
    /// TURN servers that viewers are told of.
    pub turn: Arc<[config::Turn]>,
    /// The clocks.
    pub clock: Clock,
    /// Who may do what.
    pub access: Arc<Access>,
    /// By which names it is asked.
    pub hosts: Arc<Hosts>,
    /// Origins whose pages may show cameras.
    pub embed_origins: Arc<[String]>,
    /// Whether clients come over TLS.
    pub tls: bool,
    /// For how many seconds browsers that came over TLS are told to come by nothing else.
    pub hsts_s: Option<u64>,
    /// The TCP port of [`router`].
    pub port: u16,
    /// The folder in which proxies show [`router`].
    pub base: config::Base,
    /// Traces requests.
    pub telemetry: Telemetry,
}

/// Which of the two addresses a request came in on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Port {
    /// The app's.
    App,
    /// RTSPtoWebRTC's. It is open to pages of every origin, so what a browser sends by itself (cookies,
    /// what a proxy adds) counts for nothing there.
    Compat,
}

impl App {
    /// Answers the offer of a viewer, and remembers whose session it is.
    async fn open_session(
        &self,
        camera: &Arc<Camera>,
        offer: String,
        demand: Demand,
        grant: &Grant,
        caller: Caller,
    ) -> Result<Opened, OpenError> {
        let (who, most) = match &grant.who {
            Who::Anybody | Who::Neighbour(_) => (None, None),
            Who::SignedIn(name, _) | Who::Proxied(name) => (Some(format!("user {name}")), None),
            Who::Token(id) => (Some(format!("token {id}")), None),
            Who::Embedded(_, signature) => {
                (Some(format!("view {signature}")), Some(self.viewer_limits.max_per_token))
            }
        };
        let address = Some(caller.address).filter(|address| !address.is_unspecified());
        let opener = Opener { who, address: address.map(network_of_client), most };
        let opened = self.viewers.open(camera, offer, demand, &opener).await?;
        self.access.opened(opened.id, camera.id, grant);
        Ok(opened)
    }

    /// The cameras in sight; of those whose ids are asked for, with commas between, where any are.
    fn in_sight(&self, grant: &Grant, asked: Option<&str>) -> Result<Vec<CameraId>, Problem> {
        let each = |name: &str| name.trim().parse().map_err(|_| Problem::unknown_camera(name));
        let asked: Option<Vec<CameraId>> =
            asked.map(|list| list.split(',').map(each).collect()).transpose()?;
        let wanted = |id: &CameraId| {
            grant.scope.sees(*id) && asked.as_ref().is_none_or(|asked| asked.contains(id))
        };
        Ok(self.cameras.list().iter().map(|camera| camera.id).filter(wanted).collect())
    }

    /// The camera that a path names, as `1` or `camera1`.
    fn camera(&self, name: &str) -> Result<Arc<Camera>, Problem> {
        name.parse()
            .ok()
            .and_then(|id| self.cameras.find(id))
            .ok_or_else(|| Problem::unknown_camera(name))
    }
}

/// Everything on `server.listen`.
pub fn router(app: App) -> Router {
    let headers = Headers::new(Port::App, &app);
    let base = app.base.clone();
    let router = guarded(app_routes(), Port::App, app)
        .layer(middleware::from_fn(base::add_slash))
        .layer(middleware::from_fn_with_state(headers, headers::put));
    base::under(&base, router)
}

/// Everything on `server.compat_listen`.
pub fn compat_router(app: App) -> Router {
    let headers = Headers::new(Port::Compat, &app);
    let cors = compat::Cors::of(&app);
    guarded(compat::routes(), Port::Compat, app)
        .layer(middleware::map_response(compat::errors_as_original))
        .layer(middleware::from_fn_with_state(cors, compat::permissive_cors))
        .layer(middleware::from_fn_with_state(headers, headers::put))
}

/// The routes of the app, each with what it needs.
fn app_routes() -> Routes {
    let (get, post, put) = (Method::GET, Method::POST, Method::PUT);
    let routes = Routes::default()
        .on(post.clone(), "/whep/{camera}", Need::Watch, whep::post)
        .on(Method::OPTIONS, "/whep/{camera}", Need::Nothing, whep::endpoint_options)
        .on(get.clone(), "/whep/{camera}/{session}", Need::Session, whep::get)
        .on(Method::PATCH, "/whep/{camera}/{session}", Need::Session, whep::patch)
        .on(Method::DELETE, "/whep/{camera}/{session}", Need::Session, whep::delete)
        .on(Method::OPTIONS, "/whep/{camera}/{session}", Need::Nothing, whep::session_options)
        .on(get.clone(), "/ws/tracking/{camera}", Need::Watch, tracking)
        .on(get.clone(), "/ws/playback", Need::Recordings, playback)
        .on(get.clone(), "/ws/facts", Need::List, counted)
        .on(get.clone(), "/api/areas", Need::List, areas::list)
        .on(put.clone(), "/api/areas/{camera}", Need::Admin, areas::change)
        .on(post.clone(), "/api/areas/{camera}/right", Need::Admin, areas::find_right)
        .on(post.clone(), "/api/areas/preview", Need::Recordings, areas::preview)
        .on(get.clone(), "/api/facts", Need::Recordings, facts::sums)
        .on(get.clone(), "/api/facts/rows", Need::Recordings, facts::rows)
        .on(get.clone(), "/api/facts.csv", Need::Recordings, facts::table)
        .on(get.clone(), "/api/heat", Need::Recordings, facts::heat)
        .on(get.clone(), "/api/rules", Need::Recordings, rules::list)
        .on(put.clone(), "/api/rules", Need::Admin, rules::change)
        .on(post.clone(), "/api/rules/rehearse", Need::Recordings, rules::try_out)
        .on(get.clone(), "/api/alerts", Need::Recordings, rules::alerts)
        .on(post.clone(), "/api/alerts/{id}/acknowledge", Need::Recordings, rules::acknowledge)
        .on(get.clone(), "/api/cameras", Need::List, api::cameras)
        .on(post.clone(), "/api/cameras", Need::Admin, cameras::add)
        .on(post.clone(), "/api/cameras/test", Need::Admin, cameras::test)
        .on(get.clone(), "/api/cameras/{camera}", Need::Details, api::camera)
        .on(put.clone(), "/api/cameras/{camera}", Need::Admin, cameras::change)
        .on(Method::DELETE, "/api/cameras/{camera}", Need::Admin, cameras::remove)
        .on(get.clone(), "/api/cameras/{camera}/status", Need::Watch, api::status)
        .on(get.clone(), "/api/cameras/{camera}/tracks", Need::Watch, api::tracks)
        .on(get.clone(), "/api/cameras/{camera}/snapshot.jpg", Need::Watch, api::snapshot)
        .on(get.clone(), "/api/recordings", Need::Recordings, recordings::list)
        .on(
            get.clone(),
            "/api/recordings/{camera}/fragments",
            Need::Recording,
            recordings::fragments,
        )
        .on(get.clone(), "/api/recordings/{camera}/video.mp4", Need::Recording, recordings::video)
        .on(get.clone(), "/api/visits", Need::Recordings, recordings::visits)
        .on(get.clone(), "/api/recordings/{camera}/tracks", Need::Recording, recordings::tracks)
        .on(
            get.clone(),
            "/api/recordings/{camera}/picture.jpg",
            Need::Recording,
            recordings::picture,
        )
        .on(post.clone(), "/api/recordings/{camera}/locks", Need::Recording, locks::add)
        .on(Method::DELETE, "/api/recordings/{camera}/locks/{id}", Need::Recording, locks::remove)
        .on(get.clone(), "/api/exports", Need::Recordings, exports::list)
        .on(post.clone(), "/api/exports", Need::Recordings, exports::add)
        .on(get.clone(), "/api/exports/{id}", Need::Recordings, exports::get)
        .on(Method::DELETE, "/api/exports/{id}", Need::Recordings, exports::remove)
        .on(get.clone(), "/api/exports/{id}/file", Need::Recordings, exports::file)
        .on(get.clone(), "/api/detector", Need::Admin, detector::get)
        .on(put.clone(), "/api/detector", Need::Admin, detector::change)
        .on(post.clone(), "/api/detector/preview", Need::Admin, detector::preview)
        .on(get.clone(), "/api/stats", Need::List, api::stats)
        .on(get.clone(), "/api/openapi.json", Need::List, openapi::get)
        .on(get.clone(), "/metrics", Need::Overview, api::metrics)
        .on(get.clone(), "/healthz", Need::Nothing, api::healthz)
        .on(get.clone(), "/readyz", Need::Nothing, api::readyz);
    routes
        .on(get.clone(), "/api/me", Need::Nothing, accounts::me)
        .on(put.clone(), "/api/me/password", Need::User, accounts::change_password)
        .on(post.clone(), "/api/sign-in", Need::Nothing, accounts::sign_in)
        .on(post.clone(), "/api/sign-out", Need::User, accounts::sign_out)
        .on(post.clone(), "/api/set-up", Need::Nothing, accounts::set_up)
        .on(get.clone(), "/api/users", Need::Admin, accounts::users)
        .on(post.clone(), "/api/users", Need::Admin, accounts::add_user)
        .on(put, "/api/users/{name}", Need::Admin, accounts::change_user)
        .on(Method::DELETE, "/api/users/{name}", Need::Admin, accounts::remove_user)
        .on(get, "/api/tokens", Need::Admin, accounts::tokens)
        .on(post.clone(), "/api/tokens", Need::Admin, accounts::add_token)
        .on(Method::DELETE, "/api/tokens/{id}", Need::Admin, accounts::remove_token)
        .on(post, "/api/view-tokens", Need::Issue, accounts::add_view_token)
}

/// Routes behind the guard; what is no route is a file of the app, or nothing.
fn guarded(routes: Routes, port: Port, app: App) -> Router {
    let gate = Gate {
        access: Arc::clone(&app.access),
        hosts: Arc::clone(&app.hosts),
        embed_origins: Arc::clone(&app.embed_origins),
        rules: routes.rules.into(),
        port,
        number: app.port,
        base: app.base.clone(),
        old_pages: app.compat_port.is_some(),
        pages: Pages::of(&app),
        tls: app.tls,
    };
    let router = match port {
        Port::App => routes.router.fallback(assets::serve),
        Port::Compat => routes.router.fallback(|| async { StatusCode::NOT_FOUND }),
    };
    let telemetry = app.telemetry.clone();
    let router = router
        .layer(DefaultBodyLimit::max(body::MOST))
        .layer(middleware::from_fn(body::take_in))
        .layer(middleware::from_fn_with_state(gate, guard::guard))
        .layer(CatchPanicLayer::custom(problem::panicked))
        .with_state(app);
    if !telemetry.is_on() {
        return router;
    }
    router.layer(middleware::from_fn_with_state(telemetry, span::trace))
}

/// `GET /ws/playback`.
async fn playback(
    State(app): State<App>,
    Extension(grant): Extension<Grant>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let recorder = recordings::recorder(&app)?;
    let upgrade = upgrade.map_err(|error| Problem::bad_request(&error.body_text()))?;
    // Requests are short.
    let upgrade = upgrade.max_message_size(4096).max_frame_size(4096);
    let (access, cameras) = (Arc::clone(&app.access), Arc::clone(&app.cameras));
    let allowed = move |id| cameras.find(id).is_some() && access.looks_back(&grant, id);
    let serve = move |socket| playback_feed::serve(socket, recorder, allowed);
    Ok(upgrade.on_upgrade(serve).into_response())
}

/// `GET /ws/facts`.
async fn counted(
    State(app): State<App>,
    Extension(grant): Extension<Grant>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let upgrade = upgrade.map_err(|error| Problem::bad_request(&error.body_text()))?;
    // Clients have nothing to say.
    let upgrade = upgrade.max_message_size(4096).max_frame_size(4096);
    let (access, cameras) = (Arc::clone(&app.access), Arc::clone(&app.cameras));
    let allowed = move |id| cameras.find(id).is_some() && access.holds(&grant, id);
    let (feed, alerts) = (Arc::clone(app.facts.feed()), Arc::clone(app.rules.told()));
    let serve = move |socket| facts_feed::serve(socket, feed, alerts, allowed);
    Ok(upgrade.on_upgrade(serve).into_response())
}

async fn tracking(
    State(app): State<App>,
    Path(camera): Path<String>,
    Extension(grant): Extension<Grant>,
    QueryParameters(query): QueryParameters<FeedQuery>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let camera = app.camera(&camera)?;
    let settings = query.resolve().map_err(|error| Problem::bad_request(&error))?;
    let upgrade = upgrade.map_err(|error| Problem::bad_request(&error.body_text()))?;
    // Clients have little to say: {"ping": t}.
    let upgrade = upgrade.max_message_size(4096).max_frame_size(4096);
    let (access, id) = (Arc::clone(&app.access), camera.id);
    let allowed = move || access.holds(&grant, id);
    let upgraded = upgrade
        .on_upgrade(move |socket| track_feed::serve(socket, camera, settings, app.clock, allowed));
    Ok(upgraded.into_response())
}
