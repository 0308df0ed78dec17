//! Every route × whose page asks × by which name: what a page of another site gets, with a cookie, without
//! sign-in, and where access is open on purpose.

use super::offers::OFFER;
use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

const EVIL: &str = "https://evil.example";

/// How razz is set up, and who asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Setting {
    /// Nobody signs in, and only this machine reaches razz.
    Closed,
    /// Nobody signs in, and other machines reach razz: somebody wanted that.
    Open,
    /// The same, and the pages that may watch are listed.
    OpenToSome,
    /// Clients sign in; the browser has an admin's cookie.
    Cookie,
    /// Clients sign in; the browser is in an open network.
    Neighbour,
}

const SETTINGS: [Setting; 5] =
    [Setting::Closed, Setting::Open, Setting::OpenToSome, Setting::Cookie, Setting::Neighbour];

/// Whose page asks: the headers that its browser sends, and what becomes of it in each setting, at the
/// RTSPtoWebRTC port. `+` as if no page asked, `o` refused as a page of another site, `s` sign in.
type Page = (&'static [(&'static str, &'static str)], bool, &'static str);

/// The second says whether it is a page of razz itself, or none, for the app's port.
const PAGES: [Page; 11] = [
    (&[], true, "+++s+"),
    (&[("origin", "http://razz.example:8003")], true, "+++s+"),
    (&[("origin", "http://razz.example:8003"), ("sec-fetch-site", "same-origin")], true, "+++s+"),
    (&[("sec-fetch-site", "none")], true, "+++s+"),
    (&[("origin", "http://localhost:3000"), ("sec-fetch-site", "cross-site")], false, "+++o+"),
    (&[("origin", "https://old.example")], false, "+++o+"),
    (&[("origin", EVIL)], false, "o+oo+"),
    (&[("origin", EVIL), ("sec-fetch-site", "cross-site")], false, "o+oo+"),
    (&[("origin", "http://razz.example:8003"), ("sec-fetch-site", "same-site")], false, "+++o+"),
    (&[("origin", "http://evil.example:8083"), ("sec-fetch-site", "same-origin")], true, "o+os+"),
    (&[("origin", "null")], false, "o+oo+"),
];

impl World {
    async fn ask_as(
        &self,
        setting: Setting,
        port: Port,
        (method, path): (&str, &str),
        headers: &[(&'static str, &str)],
    ) -> Answer {
        let asker = match setting {
            Setting::Closed | Setting::Open | Setting::OpenToSome => Asker::Off,
            Setting::Cookie => Asker::Admin,
            Setting::Neighbour => Asker::Neighbour,
        };
        let mut request = self.request(asker, method, path);
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let mut app = if asker == Asker::Off { self.off.clone() } else { self.on.clone() };
        app.open = matches!(setting, Setting::Open | Setting::OpenToSome);
        if matches!(setting, Setting::Closed | Setting::OpenToSome) {
            app.compat.origins = vec!["https://old.example".to_owned()];
        }
        let router = match port {
            Port::App => router(app),
            Port::Compat => compat_router(app),
        };
        Answer::of(router.oneshot(request).await.unwrap()).await
    }
}

#[tokio::test]
async fn pages_of_other_sites_watch_only_where_that_is_wanted() {
    let world = World::new("old-pages");
    for (method, route, _) in COMPAT {
        let path = route.replace("{stream}", "camera1");
        for (headers, _, letters) in PAGES {
            for (setting, letter) in SETTINGS.into_iter().zip(letters.chars()) {
                let answer = world.ask_as(setting, Port::Compat, (method, &path), headers).await;
                let what = format!("{setting:?} {method} {path} {headers:?}: {answer:?}");
                assert_eq!(answer.letter(), letter, "{what}");
                // Who may not watch does not learn what is here, nor who may ask.
                let readable = answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN);
                let may_read = letter != 'o' || setting == Setting::Cookie;
                assert_eq!(readable, may_read, "{what}");
                assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
                let asked = world.ask_as(setting, Port::Compat, ("OPTIONS", &path), headers).await;
                let may_ask = asked.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN);
                assert_eq!((asked.status, may_ask), (204, may_read), "{what}");
            }
        }
    }
}

#[tokio::test]
async fn on_the_apps_port_pages_of_other_sites_change_nothing_and_read_nothing() {
    let world = World::new("foreign-pages");
    let routes = app_routes();
    for rule in &routes.rules {
        let path = rule.path.replace("{camera}", "1").replace("{session}", SESSION);
        let path = path.replace("{name}", "nobody").replace("{id}", "nothing");
        let safe = ["GET", "OPTIONS"].contains(&rule.method.as_str());
        for (headers, own, _) in PAGES {
            for setting in SETTINGS {
                let asked = (rule.method.as_str(), path.as_str());
                let answer = world.ask_as(setting, Port::App, asked, headers).await;
                let what = format!("{setting:?} {asked:?} {headers:?}: {answer:?}");
                assert!(
                    !answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN),
                    "{what}"
                );
                let nothing_needed = rule.need == Need::Nothing;
                let expected = match setting {
                    _ if !own && !safe => 'o',
                    Setting::Cookie if !own && !nothing_needed => 'o',
                    // It has rights of its own, which the other table is about.
                    Setting::Neighbour => continue,
                    _ => '+',
                };
                assert_eq!(answer.letter(), expected, "{what}");
                // By a name that is not razz's own, a page that is taken for razz's own learns nothing.
                if !matches!(setting, Setting::Cookie | Setting::Neighbour) {
                    let foreign = [headers, &[("host", "evil.example:8003")]].concat();
                    let answer = world.ask_as(setting, Port::App, asked, &foreign).await;
                    assert_eq!(answer.status, 421, "{what}: by another name: {answer:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn what_may_be_said_once_is_refused_twice() {
    let world = World::new("twice");
    let user = &[("remote-user", "admin"), ("remote-user", "one")][..];
    for (asker, path, headers, status) in [
        (Asker::Proxied, "/api/users", &[][..], 200),
        (Asker::Proxied, "/api/users", user, 400),
        (Asker::Proxied, "/api/users", &[("remote-user", "one")], 403),
        // From anybody else the header means nothing, once or twice.
        (Asker::Anonymous, "/api/users", user, 401),
        (Asker::Token, "/api/cameras", &[("authorization", "Bearer x")], 400),
        (
            Asker::Admin,
            "/api/cameras",
            &[("origin", EVIL), ("origin", "http://razz.example:8003")],
            400,
        ),
        (
            Asker::Admin,
            "/api/cameras",
            &[("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site")],
            400,
        ),
        (
            Asker::View,
            "/ws/tracking/1",
            &[("sec-websocket-key", "a"), ("sec-websocket-key", "b")],
            400,
        ),
        (Asker::ViewInQuery, "/api/cameras/1/status", &[], 200),
        (Asker::Anonymous, "/api/cameras/1/status?token=a&token=b", &[], 400),
    ] {
        let mut request = world.request(asker, "GET", path);
        for (name, value) in headers {
            // The first of the two stands there already, where who asks sends it.
            if path == "/api/users" && *value == "one" && headers.len() == 1 {
                request.headers_mut().remove(*name);
            }
            request.headers_mut().append(*name, value.parse().unwrap());
        }
        let answer = world.ask(asker, Port::App, request).await;
        assert_eq!(answer.status, status, "{asker:?} {path} {headers:?}: {answer:?}");
    }
}

fn by_url(world: &World, origin: Option<&str>, url: &str, offer: &str) -> HttpRequest<Body> {
    let mut request = world.request(Asker::Off, "POST", "/stream");
    let kind = "application/x-www-form-urlencoded".parse().unwrap();
    request.headers_mut().insert(header::CONTENT_TYPE, kind);
    if let Some(origin) = origin {
        request.headers_mut().insert(header::ORIGIN, origin.parse().unwrap());
    }
    let offer = BASE64.encode(offer);
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("url", url)
        .append_pair("sdp64", &offer)
        .finish();
    *request.body_mut() = Body::from(form);
    request
}

#[tokio::test]
async fn nobody_is_connected_to_before_the_offer_the_page_and_the_address_are_good() {
    let mut world = World::new("ad-hoc");
    world.off.compat.allow_adhoc = true;
    let good = "rtsp://127.0.0.1:1/other";
    for (open, origin, url, offer, status, words, dialled) in [
        (false, None, good, "v=0\r\n", 400, "bad-offer", false),
        (false, None, good, "", 400, "bad-offer", false),
        (false, None, "rtsp://169.254.169.254/x", OFFER, 400, "metadata", false),
        // A name, as far as `url` knows, that leads there all the same.
        (false, None, "rtsp://2852039166/x", OFFER, 400, "metadata", false),
        (false, None, "rtsp://[64:ff9b:1::a9fe:a9fe]/x", OFFER, 400, "metadata", false),
        (false, Some(EVIL), good, OFFER, 403, "cross-origin", false),
        (true, Some(EVIL), good, OFFER, 403, "cross-origin", false),
        (true, Some("null"), good, OFFER, 403, "cross-origin", false),
        (true, Some("http://192.168.1.5:8123"), good, OFFER, 503, "too many ad-hoc", true),
        (false, Some("http://localhost:3000"), good, OFFER, 503, "too many ad-hoc", true),
        (false, None, good, OFFER, 503, "too many ad-hoc", true),
        // A configured camera is no dial.
        (true, Some(EVIL), "rtsp://127.0.0.1:1/a", "v=0\r\n", 400, "bad-offer", false),
    ] {
        world.off.open = open;
        world.dialled.lock().unwrap().clear();
        let request = by_url(&world, origin, url, offer);
        let answer = world.ask(Asker::Off, Port::Compat, request).await;
        let what = format!("{open} {origin:?} {url} {offer:.9}: {answer:?}");
        let said = answer.body.contains(words) || (words == "bad-offer" && status == 400);
        assert!(answer.status == status && said, "{what}");
        let asked = std::mem::take(&mut *world.dialled.lock().unwrap());
        assert_eq!(!asked.is_empty(), dialled, "{what}");
    }
}

#[tokio::test]
async fn the_last_connections_are_for_who_is_signed_in() {
    let world = World::new("reserve");
    let rows = APP.into_iter().chain(FILES).map(|row| (Port::App, row));
    for (port, (method, route, letters)) in rows.chain(COMPAT.map(|row| (Port::Compat, row))) {
        let path = route.replace("{camera}", "1").replace("{session}", SESSION);
        let path = path.replace("{name}", "nobody").replace("{id}", "nothing");
        for (asker, served) in [
            (Asker::Admin, port == Port::App),
            (Asker::Token, true),
            (Asker::Proxied, port == Port::App),
            (Asker::View, false),
            (Asker::Neighbour, false),
            (Asker::Anonymous, false),
            // Not from this machine.
            (Asker::Off, false),
        ] {
            // The sign-in with its page, and whether razz is well: what everybody may have.
            let served = served || letters == "+++++++++++";
            let mut request = world.request(asker, method, &path);
            request.extensions_mut().insert(crate::connections::Reserved);
            let answer = world.ask(asker, port, request).await;
            let crowded = answer.status == 503 && answer.body.contains("connections as it takes");
            let closes = answer.headers.get(header::CONNECTION).is_some_and(|it| it == "close");
            let preflight = port == Port::Compat && method == "OPTIONS";
            assert!(preflight || crowded != served, "{asker:?} {method} {path}: {answer:?}");
            assert!(!crowded || closes, "{asker:?} {method} {path}: {answer:?}");
        }
    }
    let mut here = world.request(Asker::Off, "GET", "/api/stats");
    let address: SocketAddr = "127.0.0.1:4711".parse().unwrap();
    here.extensions_mut().insert(ConnectInfo(address));
    here.extensions_mut().insert(crate::connections::Reserved);
    assert_eq!(world.ask(Asker::Off, Port::App, here).await.status, 200);
}

#[tokio::test]
async fn browsers_are_told_to_use_tls_where_that_is_set_and_true() {
    let mut world = World::new("hsts");
    for (tls, hsts_s, said) in [
        (false, None, None),
        (true, None, None),
        (false, Some(86_400), None),
        (true, Some(86_400), Some("max-age=86400")),
    ] {
        (world.off.tls, world.off.hsts_s) = (tls, hsts_s);
        for port in [Port::App, Port::Compat] {
            let answer = world.ask(Asker::Off, port, world.request(Asker::Off, "GET", "/")).await;
            let got = answer.headers.get(header::STRICT_TRANSPORT_SECURITY);
            assert_eq!(got.map(|it| it.to_str().unwrap()), said, "{tls} {port:?}");
        }
    }
}
