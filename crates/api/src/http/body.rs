//! Bodies of requests, taken in before their handlers are asked: bounded in size and in time.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tokio::time::timeout;

use super::problem::Problem;

/// Offers are a few kilobytes; nothing that is posted here is larger.
pub(super) const MOST: usize = 64 << 10;

/// How long a body may take to come: 64 KiB are through in that time at 17 kbit/s.
pub(super) const TIME: Duration = Duration::from_secs(30);

/// Takes in the body; the request goes on with all of it. One that announces itself as too large is
/// answered before it comes.
pub(super) async fn take_in(request: Request, next: Next) -> Response {
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let length = announced.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > MOST as u64) {
        return last(Problem::too_large(MOST));
    }
    let (parts, body) = request.into_parts();
    let body = match timeout(TIME, Limited::new(body, MOST).collect()).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => return last(Problem::too_large(MOST)),
        Ok(Err(_)) => return last(Problem::bad_request("the body breaks off")),
        Err(_) => return last(Problem::too_slow(TIME)),
    };
    next.run(Request::from_parts(parts, Body::from(body))).await
}

/// The last answer of its connection: what is left of the body would be taken for a request.
fn last(problem: Problem) -> Response {
    let mut response = problem.into_response();
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}
