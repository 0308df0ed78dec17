//! Pages of other sites that may show cameras (`access.embed_origins`): what of razz they may read
//! (CORS). They send tokens where clients sign in; cookies never count for them.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::assets;
use razz_access::policy::Need;

/// What scripts may read of an answer beside its body: WHEP's session, and the frame of a snapshot.
const EXPOSED: &str = "Location, ETag, Link, Retry-After, WWW-Authenticate, X-Rtp-Timestamp, Razz-From, Razz-Until, Razz-Time";
const METHODS: &str = "GET, POST, PATCH, DELETE";
const HEADERS: &str = "Authorization, Content-Type, If-Match, X-Razz-Request";

/// Whether the page that sent the request is of a listed origin.
pub(super) fn is_listed(origins: &[String], headers: &HeaderMap) -> bool {
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    origin.is_some_and(|origin| origins.iter().any(|listed| listed == origin))
}

/// Whether pages of listed origins may use what has this need: video, tracks, recordings and what the
/// player looks at; or the files that it is made of.
pub(super) fn is_open(need: Need, path: &str) -> bool {
    matches!(need, Need::Watch | Need::Session | Need::Recording) || is_file(path)
}

/// The player, and what pages show of razz by an address.
pub(super) fn is_file(path: &str) -> bool {
    ["/player.js", "/icon.svg"].contains(&path)
        || (path.starts_with("/assets/") && assets::is_there(path))
}

/// The method that a browser asks about before it sends it (Fetch standard, section 4.8).
pub(super) fn preflight_of(parts: &Parts) -> Option<Method> {
    let asked = parts.headers.get(header::ACCESS_CONTROL_REQUEST_METHOD)?;
    let method = Method::from_bytes(asked.as_bytes()).ok()?;
    (parts.method == Method::OPTIONS).then_some(method)
}

/// Lets a browser send what it asked about.
pub(super) fn preflight() -> Response {
    const ANSWER: [(HeaderName, &str); 3] = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    (StatusCode::NO_CONTENT, ANSWER, Body::empty()).into_response()
}

/// Lets the page of the listed origin that sent `request` read the answer.
pub(super) fn allow(origin: HeaderValue, response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
}
