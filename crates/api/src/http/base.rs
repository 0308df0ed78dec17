//! razz in a folder of an address: a proxy in front may take the folder off or leave it on, so paths
//! are taken with it and without, and references to other paths are relative.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Router};
use razz_config::Base;

/// Marks a request whose path had the folder.
#[derive(Clone, Copy, Debug)]
pub(super) struct InFolder;

/// Marks a request for the folder without the slash behind it: relative addresses in its page would
/// lead out of it.
#[derive(Clone, Debug)]
pub(super) struct WithoutSlash {
    /// The folder's last name.
    name: String,
}

/// `router` for paths with the folder as well.
pub(super) fn under(base: &Base, router: Router) -> Router {
    if base.is_root() {
        return router;
    }
    // Around the router, so that it looks for the route of what is left.
    Router::new()
        .fallback_service(router)
        .layer(middleware::from_fn_with_state(base.clone(), take_off))
}

async fn take_off(State(base): State<Base>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if path == base.prefix() {
        let name = path.rsplit('/').next().unwrap_or_default().to_owned();
        request.extensions_mut().insert(WithoutSlash { name });
    } else if let Some(uri) = base.strip(path).and_then(|rest| with_path(request.uri(), rest)) {
        *request.uri_mut() = uri;
        request.extensions_mut().insert(InFolder);
    }
    next.run(request).await
}

/// `uri` with another path, and what else it had.
fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(format!("{path}{query}")).ok()?);
    Uri::from_parts(parts).ok()
}

/// Leads from the folder without a slash to the one with it.
pub(super) async fn add_slash(
    without: Option<Extension<WithoutSlash>>,
    request: Request,
    next: Next,
) -> Response {
    let Some(Extension(WithoutSlash { name })) = without else { return next.run(request).await };
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    let headers = [
        (header::LOCATION, format!("{name}/{query}")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (StatusCode::TEMPORARY_REDIRECT, headers, Body::empty()).into_response()
}

/// The reference that leads from a page at the path `here` to the path `there` (RFC 3986 section 4.2).
/// It holds in whatever folder a proxy shows the two.
pub(super) fn reference(here: &str, there: &str) -> String {
    let folder = here.rfind('/').map_or("", |at| &here[..=at]);
    let mut shared = 0;
    for (at, _) in there.match_indices('/') {
        if folder.get(..=at) == there.get(..=at) {
            shared = at + 1;
        } else {
            break;
        }
    }
    let up = "../".repeat(folder[shared.min(folder.len())..].matches('/').count());
    let rest = &there[shared..];
    let first = rest.split('/').next().unwrap_or_default();
    // Nothing would be the page itself, and a name with a colon would begin another address.
    let dot = if up.is_empty() && (first.is_empty() || first.contains(':')) { "./" } else { "" };
    format!("{up}{dot}{rest}")
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    #[test]
    fn references_lead_where_they_should_in_every_folder() {
        for (here, there, expected) in [
            ("/whep/1", "/whep/1/abc", "1/abc"),
            ("/whep/camera1", "/whep/1/abc", "1/abc"),
            ("/whep/a%2Fb", "/whep/1/abc", "1/abc"),
            ("/api/users", "/api/users/ann", "users/ann"),
            ("/api/users", "/api/users/a:b", "users/a:b"),
            ("/x/y", "/x/a:b", "./a:b"),
            ("/", "/sign-in.html", "sign-in.html"),
            ("/settings.html", "/sign-in.html", "sign-in.html"),
            ("/settings.html", "/", "./"),
            ("/a/b/c", "/sign-in.html", "../../sign-in.html"),
            ("/a/b/c", "/", "../../"),
            ("/a/b/c", "/a/", "../"),
            ("/a/b/", "/a/b/c", "c"),
            ("//evil.example/x", "/", "../../"),
            ("/api/nothing", "/dashboard.html", "../dashboard.html"),
            ("/apis/x", "/api/x", "../api/x"),
        ] {
            let reference = reference(here, there);
            assert_eq!(reference, expected, "{here} to {there}");
            for folder in ["", "/razz", "/home/razz"] {
                let base = Url::parse(&format!("https://razz.example{folder}{here}")).unwrap();
                let led = base.join(&reference).unwrap();
                assert_eq!(led.path(), format!("{folder}{there}"), "{folder}{here} to {there}");
                assert_eq!(led.host_str(), Some("razz.example"));
            }
        }
    }

    #[test]
    fn a_path_is_changed_and_nothing_else() {
        for (uri, path, expected) in [
            ("/razz/api?x=%2F&y", "/api", "/api?x=%2F&y"),
            ("/razz/", "/", "/"),
            ("http://localhost:8003/razz/x?y", "/x", "http://localhost:8003/x?y"),
            ("/razz//evil.example/", "//evil.example/", "//evil.example/"),
        ] {
            let changed = with_path(&uri.parse().unwrap(), path).unwrap();
            assert_eq!(changed.to_string(), expected, "{uri}");
        }
    }
}
