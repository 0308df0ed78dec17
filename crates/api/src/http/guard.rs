//! The one place that every request passes: who asks, from where, and whether they may.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{
    ConnectInfo, FromRequestParts as _, MatchedPath, RawPathParams, Request, State,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::base::{self, InFolder};
use super::caller::Caller;
use super::pages::Pages;
use super::problem::Problem;
use super::routes::{self, Rule};
use super::{Port, embed, host, origin, whep};
use crate::connections::Reserved;
use crate::wire::ProblemKind;
use razz_access::grant::{Grant, Who};
use razz_access::hosts::Hosts;
use razz_access::policy::{Need, Subject, Verdict, decide};
use razz_access::{Access, Credentials};
use razz_config::Base;

/// Our own pages send it with everything that changes something: pages of other origins cannot,
/// without asking first (Fetch standard, section 3.2.2), and are told no.
pub(super) const OUR_PAGE: &str = "x-razz-request";

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const COOKIE_NAME: &str = "razz_session";

/// What the guard works with.
#[derive(Clone)]
pub(super) struct Gate {
    pub(super) access: Arc<Access>,
    pub(super) hosts: Arc<Hosts>,
    pub(super) embed_origins: Arc<[String]>,
    pub(super) rules: Arc<[Rule]>,
    pub(super) port: Port,
    /// The TCP port behind it.
    pub(super) number: u16,
    pub(super) base: Base,
    /// Whether there are pages written for RTSPtoWebRTC, which come from anywhere and open the tracking
    /// WebSocket here.
    pub(super) old_pages: bool,
    /// Which pages of other sites may watch where nothing is shown for it.
    pub(super) pages: Pages,
    /// Whether connections to this port are TLS.
    pub(super) tls: bool,
}

/// Marks an answer of the guard's own: the handler was not asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refused;

/// Lets a request through to its handler, with the [`Grant`] and the [`Caller`] as extensions, or
/// answers in its place.
pub(super) async fn guard(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let embedding = gate.embedding(&parts);
    let reserved = parts.extensions.get::<Reserved>().is_some();
    let mut response = match admit(&gate, &mut parts, embedding.is_some()).await {
        Ok(()) => {
            let mut response = next.run(Request::from_parts(parts, body)).await;
            if gate.access.is_on() {
                // What one may see is for nobody else's cache.
                let headers = response.headers_mut();
                headers
                    .entry(header::CACHE_CONTROL)
                    .or_insert(HeaderValue::from_static("no-store"));
            }
            response
        }
        Err(mut response) => {
            response.extensions_mut().insert(Refused);
            if reserved {
                // The place is for somebody else.
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(header::CONNECTION, close);
            }
            *response
        }
    };
    if gate.port == Port::App && !gate.embed_origins.is_empty() {
        response.headers_mut().append(header::VARY, HeaderValue::from_static("origin"));
    }
    if let Some(origin) = embedding {
        embed::allow(origin, &mut response);
    }
    response
}

impl Gate {
    /// What a method of the request's route needs.
    fn need(&self, parts: &Parts, method: &Method) -> Option<Need> {
        let matched = parts.extensions.get::<MatchedPath>();
        routes::need(&self.rules, matched, method, parts.uri.path())
    }

    /// The origin of a page that may show cameras, where it asks for what that takes.
    fn embedding(&self, parts: &Parts) -> Option<HeaderValue> {
        if self.port != Port::App || !embed::is_listed(&self.embed_origins, &parts.headers) {
            return None;
        }
        let method = embed::preflight_of(parts).unwrap_or_else(|| parts.method.clone());
        let need = self.need(parts, &method)?;
        let origin = parts.headers.get(header::ORIGIN).cloned();
        origin.filter(|_| embed::is_open(need, parts.uri.path()))
    }
}

/// `embedding`: a page of a listed origin asks, for what it may use.
async fn admit(gate: &Gate, parts: &mut Parts, embedding: bool) -> Result<(), Box<Response>> {
    let refuse = |problem: Problem| Err(Box::new(problem.into_response()));
    let hosts = host::of(parts).map_err(|problem| Box::new(problem.into_response()))?;
    if let Some(repeated) = repeated(gate, parts) {
        let detail = format!("there is more than one {repeated}, and which counts cannot be told");
        return refuse(Problem::bad_request(&detail));
    }
    // Where clients sign in, a page that has taken a name of its own for razz has no cookie for it. The
    // other port tells pages of every site the same.
    if !gate.access.is_on() && gate.port == Port::App {
        host::require_own(&gate.hosts, &hosts, &parts.headers)
            .map_err(|problem| Box::new(problem.into_response()))?;
    }
    if embedding && embed::preflight_of(parts).is_some() {
        return Err(Box::new(embed::preflight()));
    }
    let Some(need) = gate.need(parts, &parts.method) else {
        return refuse(Problem::method());
    };
    let safe = [Method::GET, Method::HEAD, Method::OPTIONS].contains(&parts.method);
    let same_origin = origin::is_same_origin(&parts.headers, gate.number);
    if gate.port == Port::App && !safe && !same_origin && !embedding {
        return refuse(Problem::cross_origin());
    }
    let (caller, mut credentials) = read(gate, parts, same_origin);
    // A page elsewhere may lead here, and may make nothing else of what the browser adds by itself.
    let foreign = !same_origin && need != Need::Page;
    let had = credentials.cookie.is_some() || credentials.proxied.is_some();
    if foreign || gate.port == Port::Compat {
        (credentials.cookie, credentials.proxied) = (None, None);
    }
    let grant = gate.access.identify(&credentials);
    let ambient = grant.as_ref().is_some_and(|grant| grant.who.is_ambient());
    if ambient && !safe && !parts.headers.contains_key(OUR_PAGE) {
        return refuse(Problem::not_our_page());
    }
    let reserved = parts.extensions.get::<Reserved>().is_some();
    if reserved && need != Need::Nothing && !has_reserve(caller, grant.as_ref()) {
        return refuse(Problem::crowded());
    }
    let unproven = grant.as_ref().filter(|grant| grant.who.is_unproven());
    if unproven.is_some() && gate.port == Port::Compat && !gate.pages.may_watch(&parts.headers) {
        return refuse(Problem::foreign_page());
    }
    if let Some(Grant { who, .. }) = unproven
        && gate.port == Port::App
    {
        if *who != Who::Anybody && need != Need::Nothing {
            // A page's own name may lead here from a browser in that network as well.
            host::require_own(&gate.hosts, &hosts, &parts.headers)
                .map_err(|problem| Box::new(problem.into_response()))?;
        }
        let socket = parts.headers.contains_key(header::SEC_WEBSOCKET_KEY);
        let old_page = gate.old_pages && gate.pages.may_watch(&parts.headers);
        if socket && foreign && !embedding && !old_page {
            return refuse(Problem::foreign_page());
        }
    }
    let (camera, session) = named(parts).await;
    let own = |grant: &Grant| {
        let id = session.as_deref().and_then(whep::session_id);
        id.is_some_and(|id| gate.access.owns(id, grant))
    };
    let subject = Subject {
        camera: camera.as_deref().and_then(|camera| camera.parse().ok()),
        own: need == Need::Session && grant.as_ref().is_some_and(own),
    };
    match decide(need, grant.as_ref(), subject) {
        Verdict::Granted => {}
        Verdict::SignIn if need == Need::Page && safe => return Err(Box::new(sign_in_page(parts))),
        Verdict::SignIn if foreign && had => return refuse(Problem::cross_origin()),
        Verdict::SignIn => return refuse(Problem::sign_in()),
        Verdict::Forbidden => {
            let detail = "whoever you are signed in as may not do this; an admin may";
            return refuse(Problem::new(ProblemKind::Forbidden, detail));
        }
        Verdict::UnknownCamera => {
            return refuse(Problem::unknown_camera(camera.as_deref().unwrap_or_default()));
        }
        Verdict::UnknownSession => return refuse(Problem::unknown_session()),
    }
    parts.extensions.insert(caller);
    if let Some(grant) = grant {
        parts.extensions.insert(grant);
    }
    Ok(())
}

/// Whether who asks may have one of the last connections: who is signed in, and, where nobody signs in,
/// this machine. What everybody may have, the sign-in and `/healthz` among it, they have there too.
fn has_reserve(caller: Caller, grant: Option<&Grant>) -> bool {
    match grant.map(|grant| &grant.who) {
        Some(Who::SignedIn(..) | Who::Proxied(_) | Who::Token(_)) => true,
        Some(Who::Anybody) => caller.address.is_loopback(),
        Some(Who::Embedded(..) | Who::Neighbour(_)) | None => false,
    }
}

/// What a request may say once and says twice. A proxy that reads the first and a server that reads the
/// last would let in whoever writes both.
fn repeated(gate: &Gate, parts: &Parts) -> Option<String> {
    const ONCE: [HeaderName; 8] = [
        header::AUTHORIZATION,
        header::ORIGIN,
        HeaderName::from_static("sec-fetch-site"),
        header::ACCESS_CONTROL_REQUEST_METHOD,
        header::CONTENT_TYPE,
        header::IF_MATCH,
        header::SEC_WEBSOCKET_KEY,
        HeaderName::from_static(OUR_PAGE),
    ];
    let is_repeated = |name: &HeaderName| parts.headers.get_all(name).iter().nth(1).is_some();
    let user = peer(parts).and_then(|peer| gate.access.user_header(peer));
    let user = user.and_then(|name| HeaderName::from_bytes(name.as_bytes()).ok());
    if let Some(name) = ONCE.into_iter().chain(user).find(is_repeated) {
        return Some(format!("header {name}"));
    }
    let tokens = url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
        .filter(|(key, _)| key == "token");
    (tokens.count() > 1).then(|| "`token` in the address".to_owned())
}

/// The other end of the connection.
fn peer(parts: &Parts) -> Option<IpAddr> {
    parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip())
}

/// The camera and the viewer session that the path names, as written.
async fn named(parts: &mut Parts) -> (Option<String>, Option<String>) {
    // Escapes that are no UTF-8 name nothing.
    let Ok(params) = RawPathParams::from_request_parts(parts, &()).await else {
        return (None, None);
    };
    let find =
        |name: &str| params.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned());
    (find("camera"), find("session"))
}

/// Leads to the sign-in, and from there back here.
fn sign_in_page(parts: &Parts) -> Response {
    let here = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let next = utf8_percent_encode(here, NON_ALPHANUMERIC);
    let page = base::reference(parts.uri.path(), "/sign-in.html");
    let headers = [
        (header::LOCATION, format!("{page}?next={next}")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (StatusCode::SEE_OTHER, headers, Body::empty()).into_response()
}

/// Where a request comes from, and what it carries that may say who sent it.
fn read(gate: &Gate, parts: &Parts, same_origin: bool) -> (Caller, Credentials) {
    let headers = &parts.headers;
    let peer = peer(parts);
    let proxy = peer.filter(|peer| gate.access.is_proxy(*peer));
    let address = match proxy {
        Some(_) => forwarded_for(headers, |address| gate.access.is_proxy(address)),
        None => peer,
    };
    let caller = Caller {
        address: address.unwrap_or(IpAddr::from([0, 0, 0, 0])).to_canonical(),
        // One of our own pages knows best how it came here, also where no proxy is listed.
        tls: gate.tls
            || (proxy.is_some() && is_forwarded_tls(headers))
            || (same_origin && origin::is_secure(headers)),
        in_folder: !gate.base.is_root()
            && (parts.extensions.get::<InFolder>().is_some() || is_forwarded(headers)),
    };
    let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
    let proxied = proxy
        .and_then(|proxy| gate.access.user_header(proxy))
        .and_then(|name| headers.get(name))
        .and_then(text)
        .filter(|name| !name.is_empty());
    let query = parts.uri.query().unwrap_or_default();
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    let credentials = Credentials {
        bearer: bearer(headers),
        query: pairs.find(|(key, _)| key == "token").map(|(_, token)| token.into_owned()),
        cookie: cookie(headers),
        proxied,
        address,
    };
    (caller, credentials)
}

/// Whether a proxy says that the client came to it over TLS: the outermost of several. Traefik says
/// `wss` of a WebSocket.
fn is_forwarded_tls(headers: &HeaderMap) -> bool {
    let proto = headers.get(FORWARDED_PROTO).and_then(|proto| proto.to_str().ok());
    let outermost = proto.and_then(|proto| proto.split(',').next()).map(str::trim);
    outermost.is_some_and(|proto| ["https", "wss"].iter().any(|it| proto.eq_ignore_ascii_case(it)))
}

/// Whether a proxy stands in front, as most say of themselves.
fn is_forwarded(headers: &HeaderMap) -> bool {
    [FORWARDED_FOR, FORWARDED_PROTO, header::FORWARDED, header::VIA]
        .iter()
        .any(|name| headers.contains_key(name))
}

/// The client's address in `X-Forwarded-For`: the last one that is no listed proxy, since everything
/// before it is hearsay.
fn forwarded_for(headers: &HeaderMap, is_proxy: impl Fn(IpAddr) -> bool) -> Option<IpAddr> {
    let lists = headers.get_all(FORWARDED_FOR);
    let entries: Vec<&str> =
        lists.iter().flat_map(|list| list.to_str().unwrap_or("?").split(',')).collect();
    for entry in entries.iter().rev() {
        // What is no address hides who is behind it.
        let address: IpAddr = entry.trim().parse().ok()?;
        if !is_proxy(address) {
            return Some(address);
        }
    }
    None
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

/// The cookie of a sign-in.
pub(super) fn cookie(headers: &HeaderMap) -> Option<String> {
    let lists = headers.get_all(header::COOKIE).iter();
    let mut cookies = lists.filter_map(|list| list.to_str().ok()).flat_map(|list| list.split(';'));
    cookies.find_map(|cookie| {
        let (name, value) = cookie.trim().split_once('=')?;
        (name == COOKIE_NAME && !value.is_empty()).then(|| value.to_owned())
    })
}

/// What sets the cookie of a sign-in for `seconds`, or with an empty value and 0 takes it back. No
/// script reads it (`HttpOnly`), no other site's form or script sends it (`SameSite=Lax`), and where razz
/// has a folder, neither its neighbours nor another razz beside it get it.
pub(super) fn set_cookie(value: &str, seconds: i64, caller: Caller, base: &Base) -> HeaderValue {
    let secure = if caller.tls { "; Secure" } else { "" };
    let path = if caller.in_folder { base.as_str() } else { "/" };
    let text = format!(
        "{COOKIE_NAME}={value}; Path={path}; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}"
    );
    let mut value = HeaderValue::from_str(&text).expect("base64url fits a header");
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(HeaderName, &str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn the_last_address_that_no_proxy_has_is_the_clients() {
        let is_proxy = |address: IpAddr| address.to_string().starts_with("10.");
        for (list, client) in [
            ("203.0.113.7", Some("203.0.113.7")),
            ("192.0.2.1, 203.0.113.7", Some("203.0.113.7")),
            ("192.0.2.1, 203.0.113.7, 10.0.0.2", Some("203.0.113.7")),
            ("2001:db8::7,10.0.0.2", Some("2001:db8::7")),
            ("10.0.0.3, 10.0.0.2", None),
            ("192.0.2.1, unknown", None),
            ("192.0.2.1, 203.0.113.7:4711", None),
            ("", None),
        ] {
            let headers = headers(&[(FORWARDED_FOR, list)]);
            let got = forwarded_for(&headers, is_proxy).map(|address| address.to_string());
            assert_eq!(got.as_deref(), client, "{list}");
        }
        assert_eq!(forwarded_for(&HeaderMap::new(), is_proxy), None);
    }

    #[test]
    fn tokens_and_cookies_are_found_among_others() {
        for (value, token) in [
            ("Bearer abc", Some("abc")),
            ("bearer  abc", Some("abc")),
            ("Basic abc", None),
            ("abc", None),
            ("", None),
        ] {
            let headers = headers(&[(header::AUTHORIZATION, value)]);
            assert_eq!(bearer(&headers).as_deref(), token, "{value}");
        }
        for (value, found) in [
            ("razz_session=abc", Some("abc")),
            ("a=b; razz_session=abc; c=d", Some("abc")),
            ("a=razz_session=abc", None),
            ("xrazz_session=abc", None),
            ("razz_session=", None),
            ("razz_session", None),
        ] {
            let headers = headers(&[(header::COOKIE, value)]);
            assert_eq!(cookie(&headers).as_deref(), found, "{value}");
        }
    }

    #[test]
    fn the_cookie_is_kept_from_scripts_and_other_sites() {
        let base = Base::parse("/razz/").unwrap();
        let cookie = |tls, in_folder| {
            let caller = Caller { address: IpAddr::from([127, 0, 0, 1]), tls, in_folder };
            set_cookie("abc", 60, caller, &base)
        };
        let plain = cookie(false, false);
        assert_eq!(plain, "razz_session=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=60");
        assert!(cookie(true, false).to_str().unwrap().ends_with("; Secure"));
        assert!(cookie(false, true).to_str().unwrap().contains("; Path=/razz/; "));
        assert!(!format!("{plain:?}").contains("abc"), "headers of secrets print nothing");
    }

    #[test]
    fn a_proxy_says_whether_its_client_came_over_tls() {
        for (proto, tls) in [
            ("https", true),
            ("HTTPS", true),
            ("wss", true),
            ("https, http", true),
            ("http, https", false),
            ("http", false),
            ("", false),
            ("httpsx", false),
        ] {
            assert_eq!(is_forwarded_tls(&headers(&[(FORWARDED_PROTO, proto)])), tls, "{proto}");
        }
        assert!(!is_forwarded_tls(&HeaderMap::new()));
    }
}
