//! WHEP, the core of draft-ietf-wish-whep: POST an offer, PATCH candidates, DELETE the session.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};

use super::caller::Caller;
use super::problem::{Payload, Problem};
use super::{App, base, turn};
use crate::wire::{ProblemKind, Quality, ViewerEdit, ViewerSession};
use razz_access::Grant;
use razz_delivery::{Demand, SessionId};
use serde::Deserialize;

const SDP: &str = "application/sdp";
const ACCEPT_POST: HeaderName = HeaderName::from_static("accept-post");
const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");
const SDP_FRAGMENT: &str = "application/trickle-ice-sdpfrag";
const MERGE_PATCH: &str = "application/merge-patch+json";
const PATCHES: &str = "application/trickle-ice-sdpfrag, application/merge-patch+json";

/// What a viewer wants from the start, in the query of the address that it offers to: WHEP leaves the
/// address to the server.
#[derive(Clone, Copy, Default, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    quality: Quality,
    width: Option<u32>,
    height: Option<u32>,
}

/// `POST /whep/{camera}`: section 4.2 of the draft, the client offers.
pub(super) async fn post(
    State(app): State<App>,
    Path(camera): Path<String>,
    Extension(grant): Extension<Grant>,
    Extension(caller): Extension<Caller>,
    here: Uri,
    headers: HeaderMap,
    Payload(body): Payload,
) -> Result<Response, Problem> {
    let camera = app.camera(&camera)?;
    require_type(&headers, SDP)?;
    require_accepts(&headers)?;
    let offer = String::from_utf8(body.into())
        .map_err(|_| Problem::bad_request("the offer is not UTF-8"))?;
    let Query(wanted) = Query::<Wanted>::try_from_uri(&here)
        .map_err(|error| Problem::bad_request(&error.body_text()))?;
    let edit = ViewerEdit {
        quality: Some(Some(wanted.quality)),
        width: Some(wanted.width),
        height: Some(wanted.height),
    };
    let mut demand = Demand::default();
    edit.change().map_err(Problem::bad_request)?.apply(&mut demand);
    let opened = app.open_session(&camera, offer, demand, &grant, caller).await?;
    // Relative (RFC 9110 section 10.2.2): a proxy may show razz in a folder.
    let session = format!("/whep/{}/{:032x}", camera.id, opened.id);
    let location = base::reference(here.path(), &session);
    let answer_headers = [
        (header::CONTENT_TYPE, SDP.to_owned()),
        (header::LOCATION, location),
        (header::ETAG, etag(&opened.ice)),
        (ACCEPT_PATCH, PATCHES.to_owned()),
    ];
    let mut response = (StatusCode::CREATED, answer_headers, opened.answer).into_response();
    let now_s = u64::try_from(app.clock.wall_us() / 1_000_000).unwrap_or_default();
    // Who uses the TURN server for what can be told by the camera alone.
    for link in turn::links(&app.turn, &camera.id.stream_id(), now_s) {
        response.headers_mut().append(header::LINK, link);
    }
    Ok(response)
}

/// `PATCH` a session: candidates of the client, which need no work, since we are ICE-lite on a known
/// address and learn the client's from its checks; or, with `If-Match: *`, new ICE credentials (RFC
/// 9725 section 4.3.2), answered with ours. As a merge patch (RFC 7396): what the viewer wants to be sent
/// from now on, answered as `GET` is.
pub(super) async fn patch(
    State(app): State<App>,
    Path((camera, session)): Path<(String, String)>,
    headers: HeaderMap,
    Payload(body): Payload,
) -> Result<Response, Problem> {
    app.camera(&camera)?;
    let id = parse_session(&session)?;
    if is_type(&headers, MERGE_PATCH) {
        let edit: ViewerEdit = serde_json::from_slice(&body)
            .map_err(|error| Problem::bad_request(&error.to_string()))?;
        let change = edit.change().map_err(Problem::bad_request)?;
        let status = app.viewers.demand(id, change).await.ok_or_else(Problem::unknown_session)?;
        return Ok(Json(ViewerSession::from(status)).into_response());
    }
    require_type(&headers, SDP_FRAGMENT)?;
    let ice = app.viewers.ice(id).await.ok_or_else(Problem::unknown_session)?;
    let fragment = String::from_utf8(body.into())
        .map_err(|_| Problem::bad_request("the SDP fragment is not UTF-8"))?;
    let plausible = fragment.lines().all(|line| {
        line.is_empty() || line.split_once('=').is_some_and(|(kind, _)| kind.len() == 1)
    });
    if !plausible {
        return Err(Problem::bad_request("the body is no SDP fragment (RFC 8840)"));
    }
    let if_match = headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok());
    match if_match {
        Some("*") => {
            let restarted = app.viewers.restart_ice(id, fragment).await?;
            let answer_headers = [
                (header::CONTENT_TYPE, SDP_FRAGMENT.to_owned()),
                (header::ETAG, etag(&restarted.ice)),
            ];
            Ok((StatusCode::OK, answer_headers, restarted.fragment).into_response())
        }
        Some(tag) if tag != etag(&ice) => {
            let detail = "If-Match does not name the session's ETag";
            Err(Problem::new(ProblemKind::PreconditionFailed, detail))
        }
        _ => Ok((StatusCode::NO_CONTENT, [(header::ETAG, etag(&ice))]).into_response()),
    }
}

/// `GET` a session: how it goes, in JSON. WHEP leaves this open.
pub(super) async fn get(
    State(app): State<App>,
    Path((camera, session)): Path<(String, String)>,
) -> Result<Json<ViewerSession>, Problem> {
    app.camera(&camera)?;
    let status = app.viewers.ask(parse_session(&session)?).await;
    status.map(|status| Json(status.into())).ok_or_else(Problem::unknown_session)
}

/// `DELETE` a session: the viewer leaves.
pub(super) async fn delete(
    State(app): State<App>,
    Path((camera, session)): Path<(String, String)>,
) -> Result<Response, Problem> {
    app.camera(&camera)?;
    if app.viewers.close(parse_session(&session)?).await {
        Ok(StatusCode::OK.into_response())
    } else {
        Err(Problem::unknown_session())
    }
}

/// `OPTIONS` where sessions are opened: what can be posted here.
pub(super) async fn endpoint_options() -> Response {
    let headers = [(header::ALLOW, "POST, OPTIONS"), (ACCEPT_POST, SDP)];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// `OPTIONS` of a session.
pub(super) async fn session_options() -> Response {
    let headers = [(header::ALLOW, "GET, PATCH, DELETE, OPTIONS"), (ACCEPT_PATCH, PATCHES)];
    (StatusCode::NO_CONTENT, headers).into_response()
}

fn is_type(headers: &HeaderMap, wanted: &str) -> bool {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = given.and_then(|given| given.split(';').next()).map(str::trim);
    kind.is_some_and(|kind| kind.eq_ignore_ascii_case(wanted))
}

fn require_type(headers: &HeaderMap, wanted: &'static str) -> Result<(), Problem> {
    if is_type(headers, wanted) { Ok(()) } else { Err(Problem::media_type(wanted)) }
}

/// A client that names what it takes has to take SDP.
fn require_accepts(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(accept) = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()) else {
        return Ok(());
    };
    let takes = accept.split(',').filter_map(|kind| kind.split(';').next()).any(|kind| {
        let kind = kind.trim();
        ["*/*", "application/*", SDP].iter().any(|taken| kind.eq_ignore_ascii_case(taken))
    });
    if takes {
        Ok(())
    } else {
        Err(Problem::new(ProblemKind::NotAcceptable, "answers are application/sdp"))
    }
}

/// Names the ICE session: the tag changes when ICE is restarted.
fn etag(ice: &str) -> String {
    format!("\"{ice}\"")
}

fn parse_session(text: &str) -> Result<SessionId, Problem> {
    session_id(text).ok_or_else(Problem::unknown_session)
}

/// The session that a path names.
pub(super) fn session_id(text: &str) -> Option<SessionId> {
    // from_str_radix would take a sign.
    let digits = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
    SessionId::from_str_radix(text, 16).ok().filter(|_| digits)
}
