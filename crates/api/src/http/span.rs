//! A span for each request, where requests are traced.

use axum::extract::{FromRequestParts as _, MatchedPath, RawPathParams, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;

use razz_observe::telemetry::Telemetry;

/// Answers by `next`, and notes how long it took if this request was chosen.
pub(super) async fn trace(
    State(telemetry): State<Telemetry>,
    request: Request,
    next: Next,
) -> Response {
    let Some(span) = telemetry.request() else { return next.run(request).await };
    let (mut parts, body) = request.into_parts();
    let method = name(&parts.method);
    let route = parts.extensions.get::<MatchedPath>().cloned();
    let params = RawPathParams::from_request_parts(&mut parts, &()).await.ok();
    let camera = params.and_then(|params| {
        params
            .iter()
            .find(|(name, _)| *name == "camera")
            .and_then(|(_, camera)| camera.parse().ok())
    });
    let response = next.run(Request::from_parts(parts, body)).await;
    let route = route.as_ref().map(MatchedPath::as_str);
    span.end(method, route, camera, response.status().as_u16());
    response
}

/// As OpenTelemetry's conventions for HTTP want it: what is no known method goes by one name.
fn name(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("_OTHER")
}
