//! Pages of other origins may look at nothing and change nothing here: the browser that runs them
//! may reach addresses that their author does not (cross-site request forgery).

use axum::http::{HeaderMap, Uri, header};

/// Whether the page that sent the request came from here, or none did. Browsers send `Origin` with
/// every request that may change something (Fetch standard, section 3.2); programs do not.
pub(super) fn is_same_origin(headers: &HeaderMap) -> bool {
    // What the browser itself says counts most (Fetch Metadata): a proxy may rewrite `Host`.
    if let Some(site) = headers.get("sec-fetch-site") {
        return [&b"same-origin"[..], b"none"].contains(&site.as_bytes());
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let text = |value: &axum::http::HeaderValue| value.to_str().ok().map(str::to_owned);
    let (Some(origin), Some(host)) = (text(origin), headers.get(header::HOST).and_then(text))
    else {
        return false;
    };
    // "null" (a file, a sandbox) is nobody's origin, and no URI with an authority.
    let authority = origin.parse::<Uri>().ok().and_then(|uri| uri.authority().cloned());
    authority.is_some_and(|authority| authority.as_str().eq_ignore_ascii_case(&host))
        && origin.contains("://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_browser_says_of_the_site_counts_most() {
        for (site, same) in
            [("same-origin", true), ("none", true), ("same-site", false), ("cross-site", false)]
        {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, "127.0.0.1:8003".parse().unwrap());
            headers.insert(header::ORIGIN, "https://behind-a-proxy.example".parse().unwrap());
            headers.insert("sec-fetch-site", site.parse().unwrap());
            assert_eq!(is_same_origin(&headers), same, "{site}");
        }
    }

    #[test]
    fn only_our_own_pages_may_ask() {
        for (origin, host, same) in [
            (None, "127.0.0.1:8003", true),
            (Some("http://127.0.0.1:8003"), "127.0.0.1:8003", true),
            (Some("https://razz.example"), "razz.example", true),
            (Some("https://RAZZ.example"), "razz.example", true),
            (Some("http://127.0.0.1:8004"), "127.0.0.1:8003", false),
            (Some("http://evil.example"), "127.0.0.1:8003", false),
            (Some("http://127.0.0.1:8003.evil.example"), "127.0.0.1:8003", false),
            (Some("null"), "127.0.0.1:8003", false),
            (Some("null"), "null", false),
            (Some(""), "127.0.0.1:8003", false),
            (Some("\u{fffd}"), "127.0.0.1:8003", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            if let Some(origin) = origin {
                let value = axum::http::HeaderValue::from_bytes(origin.as_bytes()).unwrap();
                headers.insert(header::ORIGIN, value);
            }
            assert_eq!(is_same_origin(&headers), same, "{origin:?} at {host}");
        }
    }
}
