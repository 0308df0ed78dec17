//! The front door: by which name razz is asked, what every answer tells browsers, what pages of
//! listed origins may do, and how long a body may take.

use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Bytes, HttpBody};
use axum::http::{Uri, Version};
use hyper::body::Frame;
use tokio::time::timeout;

use super::*;

const LISTED: &str = "https://home.example";

/// A request without anything but what is given.
fn bare(method: &str, target: &str, headers: &[(&str, &str)]) -> HttpRequest<Body> {
    let uri: Uri = target.parse().unwrap();
    let mut request = HttpRequest::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let from: SocketAddr = "203.0.113.7:4711".parse().unwrap();
    request.extension(ConnectInfo(from)).body(Body::empty()).unwrap()
}

/// The path of a row of the tables.
fn path_of(route: &str) -> String {
    route
        .replace("{camera}", "1")
        .replace("{session}", SESSION)
        .replace("{stream}", "camera1")
        .replace("{name}", "nobody")
        .replace("{id}", "nothing")
}

fn every_row() -> impl Iterator<Item = (Port, Row)> {
    let app = APP.into_iter().chain(FILES).map(|row| (Port::App, row));
    app.chain(COMPAT.into_iter().map(|row| (Port::Compat, row)))
}

#[tokio::test]
async fn without_sign_in_no_route_answers_to_a_name_of_somebody_else() {
    let world = World::new("hosts");
    for (port, (method, route, _)) in every_row() {
        let path = path_of(route);
        for (host, own) in [
            ("localhost:8003", true),
            ("127.0.0.1:9", true),
            ("[::1]", true),
            ("RAZZ.example.", true),
            ("evil.example:8003", false),
            ("razz.example.evil.example", false),
            ("192.168.1.20", false),
        ] {
            let request = bare(method, &path, &[("host", host)]);
            let answer = world.ask(Asker::Off, port, request).await;
            // RTSPtoWebRTC's pages ask by any name, and are told no more than pages of every site are.
            let refused = !own && port == Port::App;
            assert_eq!(answer.status == 421, refused, "{host} {method} {path}: {answer:?}");
            if refused {
                assert!(answer.body.contains("urn:razz:problem:foreign-host\""), "{answer:?}");
                assert!(answer.body.contains("`hosts` in [access]"), "{answer:?}");
            }
            // With a cookie for one name only, the name does not matter.
            let request = bare(method, &path, &[("host", host)]);
            let answer = world.ask(Asker::Anonymous, port, request).await;
            assert_ne!(answer.status, 421, "{host} {method} {path}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn a_request_names_one_host_in_one_way() {
    let world = World::new("host");
    let upgrade = [
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let with = |host: &'static str| [&[("host", host)], &upgrade[..]].concat();
    let list = "/api/cameras";
    for (target, headers, status) in [
        (list, vec![], 400),
        (list, vec![("host", "")], 400),
        (list, vec![("host", "localhost"), ("host", "localhost")], 400),
        (list, vec![("host", "localhost"), ("host", "evil.example")], 400),
        (list, vec![("host", "localhost, evil.example")], 400),
        (list, vec![("host", "evil.example@localhost")], 400),
        (list, vec![("host", "localhost:8003:9")], 400),
        (list, vec![("host", "localhost\u{e4}")], 400),
        (list, vec![("host", "localhost")], 200),
        (list, vec![("host", "evil.example"), ("x-forwarded-host", "localhost")], 421),
        (list, vec![("host", "localhost"), ("x-forwarded-host", "razz.example:8080")], 200),
        (list, vec![("host", "localhost"), ("x-forwarded-host", "evil.example")], 421),
        (list, vec![("host", "localhost"), ("x-forwarded-host", "localhost, evil.example")], 421),
        (list, vec![("host", "localhost"), ("x-forwarded-host", "a b")], 400),
        (list, vec![("host", "localhost"), ("x-forwarded-host", "")], 200),
        ("http://localhost/api/cameras", vec![("host", "localhost")], 200),
        ("http://localhost/api/cameras", vec![("host", "evil.example")], 421),
        ("http://evil.example/api/cameras", vec![("host", "localhost")], 421),
        ("http://u@localhost/api/cameras", vec![("host", "localhost")], 400),
        ("/ws/tracking/1", with("evil.example"), 421),
    ] {
        let answer = world.ask(Asker::Off, Port::App, bare("GET", target, &headers)).await;
        assert_eq!(answer.status, status, "{target} {headers:?}: {answer:?}");
    }
    // Whoever speaks HTTP/1.0 is no browser, and may not know the header.
    for (headers, status) in [(&[][..], 200), (&[("host", "evil.example")][..], 421)] {
        let mut request = bare("GET", list, headers);
        *request.version_mut() = Version::HTTP_10;
        assert_eq!(world.ask(Asker::Off, Port::App, request).await.status, status);
    }
}

#[tokio::test]
async fn an_open_network_is_open_to_its_machines_and_not_to_names_that_lead_there() {
    let world = World::new("neighbours");
    for (path, by_own, by_foreign) in [
        ("/api/cameras", 200, 421),
        ("/", 200, 421),
        ("/player.js", 200, 200),
        ("/healthz", 200, 200),
    ] {
        for (host, status) in [("razz.example", by_own), ("evil.example", by_foreign)] {
            let mut request = world.request(Asker::Neighbour, "GET", path);
            request.headers_mut().insert("host", host.parse().unwrap());
            let answer = world.ask(Asker::Neighbour, Port::App, request).await;
            assert_eq!(answer.status, status, "{host} {path}: {answer:?}");
        }
    }
    // Who has signed in there is asked nothing more.
    let mut request = world.request(Asker::Admin, "GET", "/api/cameras");
    request.headers_mut().insert("host", "evil.example".parse().unwrap());
    let neighbour = SocketAddr::new("10.1.2.3".parse().unwrap(), 1);
    request.extensions_mut().insert(ConnectInfo(neighbour));
    assert_eq!(world.ask(Asker::Admin, Port::App, request).await.status, 200);
}

#[tokio::test]
async fn every_kind_of_answer_tells_browsers_what_it_is() {
    let world = World::new("headers");
    let mut statuses = BTreeSet::new();
    let rows = every_row().flat_map(|(port, (method, route, _))| {
        let foreign = (port, method, route, "evil.example");
        [(port, method, route, HOST), foreign, (port, "PROPFIND", route, HOST)]
    });
    let nowhere = [(Port::App, "GET", "/nowhere", HOST), (Port::Compat, "GET", "/nowhere", HOST)];
    for (port, method, route, host) in rows.chain(nowhere) {
        for asker in [Asker::Off, Asker::Anonymous, Asker::Admin, Asker::Other] {
            let path = path_of(route);
            let mut request = world.request(asker, method, &path);
            request.headers_mut().insert("host", host.parse().unwrap());
            let answer = world.ask(asker, port, request).await;
            statuses.insert(answer.status);
            let what = format!("{asker:?} {method} {path}: {answer:?}");
            let value = |name: &str| {
                let mut values = answer.headers.get_all(name).iter();
                let first = values.next().map(|value| value.to_str().unwrap());
                assert!(values.next().is_none(), "{name} twice: {what}");
                first.unwrap_or_default()
            };
            let policy = value("content-security-policy");
            assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{what}");
            assert!(policy.contains("base-uri 'none'; form-action 'self'"), "{what}");
            assert_eq!(
                policy.ends_with("; frame-ancestors 'self' https://home.example"),
                port == Port::App,
                "{what}"
            );
            assert_eq!(value("x-content-type-options"), "nosniff", "{what}");
            assert_eq!(value("referrer-policy"), "same-origin", "{what}");
            assert!(value("permissions-policy").contains("camera=()"), "{what}");
            let elsewhere = port == Port::Compat
                || ["/player.js", "/api/cameras/1/snapshot.jpg"].contains(&path.as_str());
            let resources = if elsewhere { "cross-origin" } else { "same-origin" };
            assert_eq!(value("cross-origin-resource-policy"), resources, "{what}");
        }
    }
    // Good answers, redirects, and errors of many kinds were among them.
    assert!([200, 204, 303, 400, 401, 403, 404, 405, 421].iter().all(|it| statuses.contains(it)));
}

#[tokio::test]
async fn without_listed_origins_old_browsers_frame_nothing_either() {
    let mut world = World::new("frames");
    let ask = async |world: &World| {
        let request = world.request(Asker::Off, "GET", "/");
        world.ask(Asker::Off, Port::App, request).await.headers
    };
    assert!(!ask(&world).await.contains_key(header::X_FRAME_OPTIONS));
    world.off.embed_origins = Vec::new().into();
    world.off.tls = true;
    let headers = ask(&world).await;
    assert_eq!(headers[header::X_FRAME_OPTIONS], "SAMEORIGIN");
    assert_eq!(headers["cross-origin-opener-policy"], "same-origin");
    let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.ends_with("frame-ancestors 'self'"), "{policy}");
}

#[tokio::test]
async fn pages_of_listed_origins_use_the_player_and_nothing_else() {
    let world = World::new("embed");
    for (port, (method, route, _)) in every_row() {
        let path = path_of(route);
        let open = port == Port::App
            && ["/whep/", "/ws/tracking/", "/player.js", "/api/cameras/1/", "/api/recordings/1/"]
                .iter()
                .any(|it| path.starts_with(it))
            && method != "OPTIONS";
        for origin in [LISTED, "https://evil.example", "https://home.example.evil.example", "null"]
        {
            let listed = open && origin == LISTED;
            for asker in [Asker::Off, Asker::Anonymous, Asker::View, Asker::Admin] {
                let mut request = world.request(asker, method, &path);
                request.headers_mut().insert("origin", origin.parse().unwrap());
                let answer = world.ask(asker, port, request).await;
                let allowed = answer.headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN);
                let what = format!("{origin} {asker:?} {method} {path}: {answer:?}");
                if port == Port::App {
                    assert_eq!(allowed.is_some_and(|it| it == LISTED), listed, "{what}");
                    assert_eq!(allowed.is_some(), listed, "{what}");
                    assert!(
                        answer.headers.get_all("vary").iter().any(|it| it == "origin"),
                        "{what}"
                    );
                }
                assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
                // A cookie counts for nothing there.
                if asker == Asker::Admin && listed && path != "/player.js" {
                    assert_eq!(answer.letter(), 'o', "{what}");
                }
            }
            let mut request = world.request(Asker::Anonymous, "OPTIONS", &path);
            let headers = request.headers_mut();
            headers.insert("origin", origin.parse().unwrap());
            headers.insert("access-control-request-method", method.parse().unwrap());
            let answer = world.ask(Asker::Anonymous, port, request).await;
            let allows = answer.status == 204
                && answer
                    .headers
                    .get(header::ACCESS_CONTROL_ALLOW_ORIGIN)
                    .is_some_and(|it| it == LISTED)
                && answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_METHODS);
            assert_eq!(allows, listed, "{origin} preflight of {method} {path}: {answer:?}");
        }
    }
    // Sessions are opened from there, by a view token or where nobody signs in.
    for (asker, origin, letter) in [
        (Asker::View, LISTED, '+'),
        (Asker::Off, LISTED, '+'),
        (Asker::Anonymous, LISTED, 's'),
        (Asker::View, "https://evil.example", 'o'),
        (Asker::Off, "https://evil.example", 'o'),
    ] {
        let mut request = world.request(asker, "POST", "/whep/1");
        request.headers_mut().insert("origin", origin.parse().unwrap());
        let answer = world.ask(asker, Port::App, request).await;
        assert_eq!(answer.letter(), letter, "{asker:?} {origin}: {answer:?}");
    }
}

#[tokio::test]
async fn pages_of_other_sites_open_the_websocket_only_where_old_pages_are_served() {
    let mut world = World::new("sockets");
    for (old_pages, origin, asker, letter) in [
        (true, "https://evil.example", Asker::Off, 'o'),
        (true, "null", Asker::Off, 'o'),
        (true, "http://localhost:3000", Asker::Off, '+'),
        (true, "https://evil.example", Asker::Neighbour, '+'),
        (false, "http://localhost:3000", Asker::Off, 'o'),
        (false, "https://evil.example", Asker::Off, 'o'),
        (false, "https://evil.example", Asker::Neighbour, 'o'),
        (false, "null", Asker::Off, 'o'),
        (false, "http://razz.example:8003", Asker::Off, '+'),
        (false, LISTED, Asker::Off, '+'),
        (false, LISTED, Asker::Neighbour, '+'),
        (false, "https://evil.example", Asker::View, '+'),
    ] {
        for app in [&mut world.on, &mut world.off] {
            app.compat_port = old_pages.then_some(wire::CompatPort { port: 8083, tls: false });
        }
        let mut request = world.request(asker, "GET", "/ws/tracking/1");
        let headers = request.headers_mut();
        headers.insert("origin", origin.parse().unwrap());
        headers.insert("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==".parse().unwrap());
        let answer = world.ask(asker, Port::App, request).await;
        assert_eq!(answer.letter(), letter, "{old_pages} {origin} {asker:?}: {answer:?}");
    }
}

/// A body that is announced and never comes.
struct Never;

impl HttpBody for Never {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        Poll::Pending
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let world = World::new("bodies");
    // From here on: the hash of a password takes real time.
    tokio::time::pause();
    for (port, method, path) in [
        (Port::App, "POST", "/whep/1"),
        (Port::App, "PATCH", "/whep/1/000102030405060708090a0b0c0d0e0f"),
        (Port::App, "POST", "/api/sign-in"),
        (Port::App, "PUT", "/api/detector"),
        (Port::App, "GET", "/api/stats"),
        (Port::Compat, "POST", "/stream"),
    ] {
        let mut request = world.request(Asker::Off, method, path);
        *request.body_mut() = Body::new(Never);
        let mut answer = pin!(world.ask(Asker::Off, port, request));
        let early = body::TIME - Duration::from_secs(1);
        assert!(timeout(early, &mut answer).await.is_err(), "{method} {path}: too early");
        let answer = timeout(Duration::from_secs(2), answer).await.expect("an answer in time");
        assert_eq!(answer.status, 408, "{method} {path}: {answer:?}");
        assert!(answer.body.contains("urn:razz:problem:too-slow\""), "{answer:?}");
        assert_eq!(answer.headers[header::CONNECTION], "close");
    }
}
