//! WHEP, the core of draft-ietf-wish-whep: POST an offer, PATCH candidates, DELETE the session.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::App;
use super::problem::{Payload, Problem};
use crate::viewer::SessionId;
use crate::wire::ProblemKind;

const SDP: &str = "application/sdp";
const SDP_FRAGMENT: &str = "application/trickle-ice-sdpfrag";

/// `POST /whep/{camera}`: section 4.2 of the draft, the client offers.
pub(super) async fn post(
    State(app): State<App>,
    Path(camera): Path<String>,
    headers: HeaderMap,
    Payload(body): Payload,
) -> Result<Response, Problem> {
    let camera = app.camera(&camera)?;
    require_type(&headers, SDP)?;
    let offer = String::from_utf8(body.into())
        .map_err(|_| Problem::bad_request("the offer is not UTF-8"))?;
    let opened = app.viewers.open(&camera, offer).await?;
    let location = format!("/whep/{}/{:032x}", camera.id, opened.id);
    let answer_headers = [
        (header::CONTENT_TYPE, SDP.to_owned()),
        (header::LOCATION, location),
        (header::ETAG, etag(opened.id)),
    ];
    Ok((StatusCode::CREATED, answer_headers, opened.answer).into_response())
}

/// `PATCH` a session: candidates of the client. We are ICE-lite on a known address and learn the
/// client's from its checks, so they need no work. An ICE restart is refused (section 4.4.2 allows
/// it).
pub(super) async fn patch(
    State(app): State<App>,
    Path((camera, session)): Path<(String, String)>,
    headers: HeaderMap,
    Payload(body): Payload,
) -> Result<Response, Problem> {
    app.camera(&camera)?;
    let id = parse_session(&session)?;
    require_type(&headers, SDP_FRAGMENT)?;
    if !app.viewers.exists(id).await {
        return Err(Problem::unknown_session());
    }
    let if_match = headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok());
    match if_match {
        Some("*") => {
            let detail = "this session cannot restart ICE; DELETE it and POST a new offer";
            return Err(Problem::new(ProblemKind::NoIceRestart, detail));
        }
        Some(tag) if tag != etag(id) => {
            let detail = "If-Match does not name the session's ETag";
            return Err(Problem::new(ProblemKind::PreconditionFailed, detail));
        }
        _ => {}
    }
    let fragment = std::str::from_utf8(&body)
        .map_err(|_| Problem::bad_request("the SDP fragment is not UTF-8"))?;
    let plausible = fragment.lines().all(|line| {
        line.is_empty() || line.split_once('=').is_some_and(|(kind, _)| kind.len() == 1)
    });
    if !plausible {
        return Err(Problem::bad_request("the body is no SDP fragment (RFC 8840)"));
    }
    Ok(StatusCode::NO_CONTENT.into_response())
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

/// `OPTIONS`: what can be posted here.
pub(super) async fn options() -> Response {
    (StatusCode::NO_CONTENT, [("Accept-Post", SDP), ("Accept-Patch", SDP_FRAGMENT)]).into_response()
}

/// Every other method.
pub(super) async fn not_allowed() -> Problem {
    Problem::method()
}

fn require_type(headers: &HeaderMap, wanted: &'static str) -> Result<(), Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = given.and_then(|given| given.split(';').next()).map(str::trim);
    if kind.is_some_and(|kind| kind.eq_ignore_ascii_case(wanted)) {
        Ok(())
    } else {
        Err(Problem::media_type(wanted))
    }
}

fn etag(id: SessionId) -> String {
    // Names the ICE session, which lives as long as the session: there are no restarts.
    format!("\"{:08x}\"", id as u32)
}

fn parse_session(text: &str) -> Result<SessionId, Problem> {
    if text.len() != 32 {
        return Err(Problem::unknown_session());
    }
    SessionId::from_str_radix(text, 16).map_err(|_| Problem::unknown_session())
}
