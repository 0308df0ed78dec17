//! Pages of other sites where nobody is asked who they are: which of them may watch, and which may have
//! razz connect to a camera. The browser that shows such a page reaches addresses that its author does
//! not.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::{HeaderMap, header};

use super::App;
use super::origin::Origin;
use razz_access::hosts::{Host, Hosts};

/// Every page.
const EVERY: &str = "*";

/// Whose pages may watch without anything to show for it.
#[derive(Clone)]
pub(super) struct Pages {
    hosts: Arc<Hosts>,
    /// `compat.origins` and `access.embed_origins`.
    listed: Arc<[String]>,
    /// Whether pages that are neither this machine's nor listed may.
    others: bool,
}

impl Pages {
    pub(super) fn of(app: &App) -> Self {
        let named = &app.compat.origins;
        let every = named.iter().any(|origin| origin == EVERY);
        let listed = named.iter().chain(app.embed_origins.iter()).cloned().collect();
        // Where other machines may watch without signing in, somebody wanted that; old pages there come
        // from anywhere, until somebody says which.
        let others = every || (named.is_empty() && (app.access.is_on() || app.open));
        Self { hosts: Arc::clone(&app.hosts), listed, others }
    }

    /// Whether the page that sent the request may watch, if one did: a program names no origin.
    pub(super) fn may_watch(&self, headers: &HeaderMap) -> bool {
        self.others || self.is_known(headers, |_| false)
    }

    /// Whether it may have razz connect to an address that it chooses. Pages of the networks around may
    /// as well, if others may watch; whoever wrote a page of the internet is not in them.
    pub(super) fn may_dial(&self, headers: &HeaderMap) -> bool {
        let every = self.listed.iter().any(|origin| origin == EVERY);
        every || self.is_known(headers, |host| self.others && is_private(host))
    }

    /// The pages that may watch, as `frame-ancestors` names them; `None`: all.
    pub(super) fn ancestors(&self) -> Option<String> {
        const OWN: &str = "'self' http://localhost:* https://localhost:* http://*.localhost:* \
                           https://*.localhost:* http://127.0.0.1:* https://127.0.0.1:*";
        let listed = self.listed.iter().map(String::as_str);
        let all: Vec<&str> = std::iter::once(OWN).chain(listed).collect();
        (!self.others).then(|| all.join(" "))
    }

    /// Whether the request's origin is this machine, razz's own name, listed, or what `more` says; or
    /// there is none.
    fn is_known(&self, headers: &HeaderMap, more: impl Fn(&Host) -> bool) -> bool {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let Some(origin) = origins.next() else { return true };
        if origins.next().is_some() {
            return false;
        }
        let is_listed = |text: &str| self.listed.iter().any(|listed| listed == text);
        origin.to_str().is_ok_and(is_listed)
            || Origin::read(origin).is_some_and(|o| self.hosts.list(&o.host) || more(&o.host))
    }
}

/// Whether a page of this host comes from a machine nearby: by a number that means none elsewhere
/// (RFC 1918, RFC 4193, RFC 3927), or a name that is looked up nowhere else (RFC 6762 section 3, RFC
/// 8375, and single labels, which no site has).
fn is_private(host: &Host) -> bool {
    match host {
        Host::Address(IpAddr::V4(v4)) => v4.is_private() || v4.is_link_local(),
        Host::Address(IpAddr::V6(v6)) => v6.is_unique_local() || v6.is_unicast_link_local(),
        Host::Name(name) => {
            !name.contains('.') || name.ends_with(".local") || name.ends_with(".home.arpa")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(listed: &[&str], others: bool) -> Pages {
        let hosts = Arc::new(Hosts::new(["razz.example", "192.168.1.20"], true));
        Pages { hosts, listed: listed.iter().map(|it| (*it).to_owned()).collect(), others }
    }

    fn from(origin: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::ORIGIN, origin.parse().unwrap())])
    }

    #[test]
    fn whose_pages_watch_and_whose_dial() {
        let closed = pages(&["https://home.example", "http://192.168.1.5:8123"], false);
        let open = pages(&[], true);
        let every = pages(&["*"], true);
        // Watching: closed, open; dialling: closed, open, every.
        for (origin, expected) in [
            ("http://localhost:3000", "+++++"),
            ("http://127.0.0.1:8083", "+++++"),
            ("http://[::1]", "+++++"),
            ("https://a.localhost", "+++++"),
            ("http://razz.example:8083", "+++++"),
            ("http://192.168.1.20:8083", "+++++"),
            ("https://home.example", "+++-+"),
            ("http://192.168.1.5:8123", "+++++"),
            ("http://192.168.1.5", "-+-++"),
            ("http://[fd00::5]:80", "-+-++"),
            ("http://nas", "-+-++"),
            ("http://nas.local:5000", "-+-++"),
            ("http://nas.local.evil.example", "-+--+"),
            ("https://evil.example", "-+--+"),
            ("http://evil.example:8083", "-+--+"),
            ("http://localhost.evil.example", "-+--+"),
            ("http://203.0.113.7", "-+--+"),
            // Of every other address it counts that a page may have it.
            ("http://[2001:db8::1]", "-+--+"),
            ("https://home.example:444", "-+--+"),
            ("null", "-+--+"),
            ("file://", "-+--+"),
            ("", "-+--+"),
        ] {
            let headers = from(origin);
            let got: String = [
                closed.may_watch(&headers),
                open.may_watch(&headers),
                closed.may_dial(&headers),
                open.may_dial(&headers),
                every.may_dial(&headers),
            ]
            .map(|may| if may { '+' } else { '-' })
            .iter()
            .collect();
            assert_eq!(got, expected, "{origin}");
        }
        let nobody = HeaderMap::new();
        assert!(closed.may_watch(&nobody) && closed.may_dial(&nobody), "a program");
        let mut two = from("http://localhost");
        two.append(header::ORIGIN, "https://evil.example".parse().unwrap());
        assert!(!closed.may_watch(&two) && !open.may_dial(&two));
    }

    #[test]
    fn frames_are_for_whom_watching_is() {
        assert_eq!(pages(&[], true).ancestors(), None);
        let listed = pages(&["https://home.example"], false).ancestors().unwrap();
        assert!(listed.starts_with("'self' http://localhost:* "), "{listed}");
        assert!(listed.ends_with(" http://127.0.0.1:* https://127.0.0.1:* https://home.example"));
    }
}
