//! Pages of other origins may look at nothing and change nothing here: the browser that runs them
//! may reach addresses that their author does not (cross-site request forgery).

use axum::http::{HeaderMap, HeaderValue, header};
use url::Url;

use super::host;
use razz_access::hosts::Host;

/// The default ports of HTTP and HTTPS, which browsers leave out.
const USUAL_PORTS: [u16; 2] = [80, 443];

/// Whether the page that sent the request came from here, or none did. Browsers send `Origin` with
/// every request that may change something (Fetch standard, section 3.2); programs do not. `port` is
/// the one at which the request was taken.
pub(super) fn is_same_origin(headers: &HeaderMap, port: u16) -> bool {
    // What the browser itself says counts most (Fetch Metadata): a proxy may rewrite `Host`.
    if let Some(site) = headers.get("sec-fetch-site") {
        return [&b"same-origin"[..], b"none"].contains(&site.as_bytes());
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Some(origin) = Origin::read(origin) else { return false };
    let named = headers.get_all(header::HOST).iter().filter_map(|host| host.to_str().ok());
    // A page of another site cannot send the second without asking first, and is told no.
    named.chain(host::forwarded(headers)).any(|name| origin.is_at(name, port))
}

/// Whether the page that sent the request says that it came over TLS.
pub(super) fn is_secure(headers: &HeaderMap) -> bool {
    headers.get(header::ORIGIN).and_then(Origin::read).is_some_and(|origin| origin.secure)
}

/// The origin of a page that came over HTTP or HTTPS.
pub(super) struct Origin {
    pub(super) host: Host,
    port: u16,
    secure: bool,
}

impl Origin {
    /// "null" (a file, a sandbox) is nobody's origin.
    pub(super) fn read(value: &HeaderValue) -> Option<Self> {
        let url = Url::parse(value.to_str().ok()?).ok()?;
        let host = Host::parse(url.host_str()?).ok()?;
        let secure = match url.scheme() {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        Some(Self { host, port: url.port_or_known_default()?, secure })
    }

    /// Whether a page of this origin asks `name` for itself. Where the name has no port, or a default one,
    /// although razz listens at another, a proxy has left the port out or put its own there (`Host $host`,
    /// `Host $host:$server_port`), and which one browsers see cannot be told. Then the host alone counts:
    /// cookies are not told apart by port either (RFC 6265 section 8.5).
    fn is_at(&self, name: &str, listening: u16) -> bool {
        let Ok((host, port)) = Host::parse_with_port(name) else { return false };
        let usual = |port: &u16| USUAL_PORTS.contains(port);
        let told = port.filter(|port| !usual(port) || usual(&listening));
        let port = told.or_else(|| usual(&listening).then_some(if self.secure { 443 } else { 80 }));
        host == self.host && port.is_none_or(|port| port == self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let value = |text: &str| HeaderValue::from_bytes(text.as_bytes()).unwrap();
        lines.iter().map(|(name, text)| (name.parse().unwrap(), value(text))).collect()
    }

    #[test]
    fn what_the_browser_says_of_the_site_counts_most() {
        for (site, same) in
            [("same-origin", true), ("none", true), ("same-site", false), ("cross-site", false)]
        {
            let headers = headers(&[
                ("host", "127.0.0.1:8003"),
                ("origin", "https://behind-a-proxy.example"),
                ("sec-fetch-site", site),
            ]);
            assert_eq!(is_same_origin(&headers, 8003), same, "{site}");
        }
    }

    #[test]
    fn only_our_own_pages_may_ask() {
        for (origin, host, same) in [
            ("http://127.0.0.1:8003", "127.0.0.1:8003", true),
            ("https://razz.example", "razz.example", true),
            ("https://RAZZ.example", "razz.example.", true),
            ("http://[::1]:8003", "[::1]:8003", true),
            ("http://127.0.0.1:8004", "127.0.0.1:8003", false),
            ("http://127.0.0.1", "127.0.0.1:8003", false),
            ("http://evil.example", "127.0.0.1:8003", false),
            ("http://127.0.0.1:8003.evil.example", "127.0.0.1:8003", false),
            ("ftp://127.0.0.1:8003", "127.0.0.1:8003", false),
            ("null", "127.0.0.1:8003", false),
            ("null", "null", false),
            ("", "127.0.0.1:8003", false),
            ("\u{fffd}", "127.0.0.1:8003", false),
            // Proxies at other ports: `Host $host`, `Host $host:$server_port`, `Host $http_host`.
            ("http://razz.example:8080", "razz.example", true),
            ("https://razz.example:8443", "razz.example", true),
            ("https://razz.example", "razz.example:443", true),
            ("http://razz.example:8080", "razz.example:80", true),
            ("http://razz.example:8080", "razz.example:8080", true),
            ("http://razz.example:8080", "razz.example:8081", false),
            ("http://evil.example:8080", "razz.example", false),
            ("http://razz.example.evil.example", "razz.example", false),
            ("http://sub.razz.example:8080", "razz.example", false),
        ] {
            let headers = headers(&[("host", host), ("origin", origin)]);
            assert_eq!(is_same_origin(&headers, 8003), same, "{origin} at {host}");
        }
        assert!(is_same_origin(&headers(&[("host", "razz.example")]), 8003));
    }

    #[test]
    fn at_a_default_port_no_proxy_has_left_another_out() {
        for (port, origin, host, same) in [
            (443, "https://razz.example", "razz.example", true),
            (443, "https://razz.example", "razz.example:443", true),
            (443, "https://razz.example:8443", "razz.example", false),
            (80, "http://razz.example", "razz.example", true),
            (80, "http://razz.example:8080", "razz.example", false),
            (80, "http://razz.example:8080", "razz.example:8080", true),
        ] {
            let headers = headers(&[("host", host), ("origin", origin)]);
            assert_eq!(is_same_origin(&headers, port), same, "{origin} at {host}, port {port}");
        }
    }

    #[test]
    fn a_proxy_that_asks_by_another_name_says_by_which_it_was_asked() {
        for (origin, forwarded, same) in [
            ("https://razz.example", "razz.example", true),
            ("https://razz.example:8443", "razz.example:8443", true),
            ("https://razz.example", "inner.example, razz.example", true),
            ("https://evil.example", "razz.example", false),
            ("https://razz.example", "", false),
            ("https://razz.example", "a b", false),
        ] {
            let headers = headers(&[
                ("host", "127.0.0.1:8003"),
                ("origin", origin),
                ("x-forwarded-host", forwarded),
            ]);
            assert_eq!(is_same_origin(&headers, 8003), same, "{origin}, {forwarded}");
        }
    }

    #[test]
    fn a_page_says_whether_it_came_over_tls() {
        for (origin, secure) in [
            ("https://razz.example:8443", true),
            ("http://razz.example", false),
            ("null", false),
            ("wss://razz.example", false),
        ] {
            assert_eq!(is_secure(&headers(&[("origin", origin)])), secure, "{origin}");
        }
        assert!(!is_secure(&HeaderMap::new()));
    }
}
