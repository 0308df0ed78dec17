//! The pages, embedded in the binary.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use axum::Extension;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

use super::base;
use super::inline::Inline;
use super::problem::Problem;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct Dist;

/// The page that plays an export without a server; `None` where the pages were built without it.
pub(crate) fn offline_page() -> Option<Cow<'static, [u8]>> {
    Dist::get("offline/index.html").map(|file| file.data)
}

/// What people see where there is nothing. A page without scripts and styles: it is at any path.
const NOWHERE: &str = "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width\">
<meta name=\"color-scheme\" content=\"dark light\">
<title>razz: not found</title>
<h1>There is nothing here</h1>
<p>Perhaps you look for one of these:</p>
<ul>
<li><a href=\"./\">Live</a>
<li><a href=\"./dashboard.html\">Dashboard</a>
<li><a href=\"./settings.html\">Settings</a>
<li><a href=\"./troubleshooting.html\">Troubleshooting</a>
</ul>
</html>
";

/// The file of this path; `/` is the app.
pub(super) async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return Problem::method().into_response();
    }
    name_of(uri.path()).and_then(page).unwrap_or_else(|| nowhere(uri.path(), &headers))
}

/// A page for who asks for pages, as browsers do, and the problem for everybody else.
fn nowhere(path: &str, headers: &HeaderMap) -> Response {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    if !accepted.into_iter().any(|kinds| kinds.contains("text/html")) {
        return Problem::not_found(path).into_response();
    }
    let headers = [
        (header::CONTENT_TYPE, with_charset("text/html")),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::VARY, header::ACCEPT.to_string()),
    ];
    let page = NOWHERE.replace("\"./", &format!("\"{}", base::reference(path, "/")));
    (StatusCode::NOT_FOUND, headers, page).into_response()
}

/// Whether there is a file at this path.
pub(super) fn is_there(path: &str) -> bool {
    name_of(path).is_some_and(|name| file(name).is_some())
}

/// The folder that `RAZZ_WEB` names, from which the pages are read instead: who works on them sees a
/// change without building razz anew.
fn folder() -> Option<&'static Path> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    FOLDER.get_or_init(|| std::env::var_os("RAZZ_WEB").map(PathBuf::from)).as_deref()
}

/// The content of the file of this name, which is one that [`name_of`] lets pass.
fn file(name: &str) -> Option<Cow<'static, [u8]>> {
    match folder() {
        Some(folder) => std::fs::read(folder.join(name)).ok().map(Cow::Owned),
        None => Dist::get(name).map(|file| file.data),
    }
}

/// The file that a path means, if it can mean one. Files may be read from the disk, where `..` would
/// lead about.
fn name_of(path: &str) -> Option<&str> {
    let name = path.strip_prefix('/')?;
    let name = if name.is_empty() { "index.html" } else { name };
    let plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', '\0']);
    name.split('/').all(plain).then_some(name)
}

/// An embedded file as an answer.
pub(super) fn page(path: &str) -> Option<Response> {
    let content = file(path)?;
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    // The names of what the build puts into assets/ carry a hash of their content.
    let cache = if path.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let headers = [
        (header::CONTENT_TYPE, with_charset(kind.as_ref())),
        (header::CACHE_CONTROL, cache.to_owned()),
    ];
    let inline = match path {
        // It is one file, so that it can be copied.
        "compat-player.html" => Inline::of(&String::from_utf8_lossy(&content)),
        _ => Inline::default(),
    };
    Some((StatusCode::OK, headers, Extension(inline), content).into_response())
}

fn with_charset(kind: &str) -> String {
    if kind.starts_with("text/") { format!("{kind}; charset=utf-8") } else { kind.to_owned() }
}
