//! Behind a reverse proxy: in a folder that it takes off or leaves on, at another port, with TLS in
//! front.

use url::Url;

use super::*;

const FOLDER: &str = "/razz/";

/// A world whose clients see razz in [`FOLDER`].
fn in_folder(name: &str) -> World {
    let mut world = World::new(name);
    for app in [&mut world.on, &mut world.off] {
        app.base = config::Base::parse(FOLDER).unwrap();
    }
    world
}

fn json(mut request: HttpRequest<Body>, body: &str) -> HttpRequest<Body> {
    request.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
    *request.body_mut() = Body::from(body.to_owned());
    request
}

#[tokio::test]
async fn paths_are_taken_with_the_folder_and_without() {
    let world = in_folder("folder");
    let rows = APP.into_iter().chain(FILES).filter(|(_, path, _)| !path.contains(".."));
    for row in rows {
        world.row(Port::App, row).await;
        let (method, path, expected) = row;
        let path = format!("/razz{path}").leak();
        world.row(Port::App, (method, path, expected)).await;
    }
    // Neither the other port nor a razz without a folder has one.
    let request = world.request(Asker::Off, "GET", "/razz/stream/codec/camera1");
    assert_eq!(world.ask(Asker::Off, Port::Compat, request).await.status, 404);
    let request = world.request(Asker::Off, "GET", "/razzle/api/cameras");
    assert_eq!(world.ask(Asker::Off, Port::App, request).await.status, 404);
    let world = World::new("no-folder");
    let request = world.request(Asker::Off, "GET", "/razz/api/cameras");
    assert_eq!(world.ask(Asker::Off, Port::App, request).await.status, 404);
}

#[tokio::test]
async fn the_folder_without_its_slash_leads_into_it() {
    let world = in_folder("slash");
    for (method, path, location) in [
        ("GET", "/razz", "razz/"),
        ("HEAD", "/razz", "razz/"),
        ("GET", "/razz?a=b&c", "razz/?a=b&c"),
    ] {
        let request = world.request(Asker::Anonymous, method, path);
        let answer = world.ask(Asker::Anonymous, Port::App, request).await;
        assert_eq!(answer.status, 307, "{path}: {answer:?}");
        assert_eq!(answer.headers[header::LOCATION], location, "{path}");
        assert!(answer.headers.contains_key(header::CONTENT_SECURITY_POLICY), "{path}");
    }
}

/// Every answer that leads to another path leads there wherever a proxy shows razz.
#[tokio::test]
async fn locations_are_relative() {
    let plain = World::new("locations");
    let folder = in_folder("locations-folder");
    let offer = |world: &World, path: &str| {
        let mut request = world.request(Asker::Admin, "POST", path);
        request.headers_mut().insert(header::CONTENT_TYPE, "application/sdp".parse().unwrap());
        *request.body_mut() = Body::from(offers::OFFER);
        request
    };
    let user = |name: &str| {
        format!(
            r#"{{"name": "{name}", "role": "viewer", "cameras": null, "password": "a long word"}}"#
        )
    };
    let token = r#"{"name": "t", "role": "viewer", "cameras": null}"#;
    for (world, at) in [(&plain, ""), (&folder, ""), (&folder, "/razz")] {
        let path = |path: &str| format!("{at}{path}");
        let post =
            |to: &str, body: &str| json(world.request(Asker::Admin, "POST", &path(to)), body);
        let get = |asker, to: &str| world.request(asker, "GET", &path(to));
        // The names of users differ: one razz is asked in both ways.
        let named = format!("ann@home{}", at.len());
        for (asker, port, request, here, start) in [
            (
                Asker::Admin,
                Port::App,
                offer(world, &path("/whep/camera1")),
                "/whep/camera1",
                "/whep/1/",
            ),
            (
                Asker::Admin,
                Port::App,
                post("/api/users", &user(&named)),
                "/api/users",
                "/api/users/ann@home",
            ),
            (Asker::Admin, Port::App, post("/api/tokens", token), "/api/tokens", "/api/tokens/"),
            (
                Asker::Anonymous,
                Port::App,
                get(Asker::Anonymous, "/"),
                "/",
                "/sign-in.html?next=%2F",
            ),
            (
                Asker::Anonymous,
                Port::App,
                get(Asker::Anonymous, "/camera-viewer.html?camera=1"),
                "/camera-viewer.html",
                "/sign-in.html?next=%2Fcamera%2Dviewer%2Ehtml%3Fcamera%3D1",
            ),
            // A proxy takes the folder of this one off.
            (
                Asker::Off,
                Port::Compat,
                world.request(Asker::Off, "GET", "/"),
                "/",
                "/stream/player/camera1",
            ),
        ] {
            let answer = world.ask(asker, port, request).await;
            let location = answer
                .headers
                .get(header::LOCATION)
                .unwrap_or_else(|| panic!("{here}: {answer:?}"));
            let location = location.to_str().unwrap();
            assert!(!location.starts_with('/') && !location.contains("://"), "{here}: {location}");
            for seen in ["https://razz.example", "https://razz.example/razz", "http://h:1/a/b"] {
                let led = Url::parse(&format!("{seen}{here}")).unwrap().join(location).unwrap();
                assert!(
                    led.as_str().starts_with(&format!("{seen}{start}")),
                    "{here}: {location} is {led}"
                );
            }
        }
    }
    plain.on.viewers.stop().await;
    folder.on.viewers.stop().await;
}

#[tokio::test]
async fn where_nothing_is_the_links_lead_to_the_app() {
    let world = in_folder("links");
    for (path, link) in [
        ("/nowhere", "href=\"./dashboard.html\""),
        ("/razz/nowhere", "href=\"./dashboard.html\""),
        ("/razz/a/b/nowhere", "href=\"../../dashboard.html\""),
        ("/razz/nowhere", "href=\"./\""),
        ("/a/nowhere", "href=\"../\""),
    ] {
        let mut request = world.request(Asker::Off, "GET", path);
        request.headers_mut().insert(header::ACCEPT, "text/html".parse().unwrap());
        let answer = world.ask(Asker::Off, Port::App, request).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.body.contains(link), "{path}: {link}: {}", answer.body);
    }
}

#[tokio::test]
async fn the_cookie_is_for_the_folder_and_for_tls_where_the_page_is() {
    let (plain, folder) = (World::new("cookie"), in_folder("cookie-folder"));
    // A proxy that is not listed, and one that is.
    let (stranger, listed) = ("203.0.113.9", "192.0.2.1");
    let proto =
        |proto: &'static str| [("x-forwarded-for", "203.0.113.7"), ("x-forwarded-proto", proto)];
    let page = |origin: &'static str| [("origin", origin)];
    let https = page("https://razz.example");
    let http = page("http://razz.example:8080");
    let none: [(&str, &str); 0] = [];
    for (world, at, from, headers, path, secure) in [
        (&plain, "", stranger, &none[..], "/", false),
        (&plain, "", stranger, &https[..], "/", true),
        (&plain, "", stranger, &http[..], "/", false),
        (&plain, "", stranger, &proto("https")[..], "/", false),
        (&plain, "", listed, &proto("https")[..], "/", true),
        (&plain, "", listed, &proto("http")[..], "/", false),
        (&folder, "", stranger, &none[..], "/", false),
        (&folder, "/razz", stranger, &none[..], FOLDER, false),
        (&folder, "/razz", stranger, &https[..], FOLDER, true),
        // The folder was taken off on the way.
        (&folder, "", listed, &proto("https")[..], FOLDER, true),
    ] {
        for (route, body) in [
            ("/api/sign-in", format!(r#"{{"name": "viewer", "password": "{PASSWORD}"}}"#)),
            ("/api/sign-out", String::new()),
        ] {
            let asker = if body.is_empty() { Asker::Viewer } else { Asker::Anonymous };
            let mut request = json(world.request(asker, "POST", &format!("{at}{route}")), &body);
            request.headers_mut().insert("host", "razz.example".parse().unwrap());
            for (name, value) in headers {
                request.headers_mut().insert(*name, value.parse().unwrap());
            }
            let peer = SocketAddr::new(from.parse().unwrap(), 1);
            request.extensions_mut().insert(ConnectInfo(peer));
            let answer = world.ask(asker, Port::App, request).await;
            assert_eq!(answer.status, 204, "{at}{route} {headers:?}: {answer:?}");
            let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
            let what = format!("{at}{route} {headers:?}: {cookie}");
            assert!(cookie.contains(&format!("; Path={path}; ")), "{what}");
            assert_eq!(cookie.ends_with("; Secure"), secure, "{what}");
        }
    }
}

/// As browsers ask over plain HTTP, where they say nothing of the site.
#[tokio::test]
async fn a_proxy_at_another_port_may_leave_the_port_out() {
    let world = World::new("ports");
    let post = ("POST", "/api/view-tokens");
    let offer = ("POST", "/whep/1");
    let socket = ("GET", "/ws/tracking/1");
    for (asker, (method, path), host, forwarded, origin, letter) in [
        (Asker::Admin, post, "razz.example", None, "http://razz.example:8080", '+'),
        (Asker::Admin, socket, "razz.example", None, "http://razz.example:8080", '+'),
        (Asker::Admin, socket, "razz.example", None, "https://razz.example:8443", '+'),
        (Asker::Admin, socket, "razz.example:80", None, "http://razz.example:8080", '+'),
        (Asker::Off, offer, "razz.example", None, "http://razz.example:8080", '+'),
        (Asker::Off, socket, "razz.example", None, "http://razz.example:8080", '+'),
        (Asker::Neighbour, offer, "razz.example", None, "http://razz.example:8080", '+'),
        // Another name is another site, whichever port it has.
        (Asker::Admin, post, "razz.example", None, "http://evil.example:8080", 'o'),
        (Asker::Admin, socket, "razz.example", None, "http://evil.example", 'o'),
        (Asker::Off, offer, "razz.example", None, "http://evil.example", 'o'),
        // A browser that came straight here has named the port.
        (Asker::Admin, post, "razz.example:8003", None, "http://razz.example:8080", 'o'),
        (Asker::Admin, socket, "razz.example:8003", None, "http://razz.example", 'o'),
        // A proxy that asks by another name.
        (Asker::Admin, socket, "127.0.0.1:8003", Some("razz.example"), "https://razz.example", '+'),
        (Asker::Admin, post, "127.0.0.1:8003", Some("razz.example"), "https://evil.example", 'o'),
        (Asker::Admin, socket, "127.0.0.1:8003", None, "https://razz.example", 'o'),
        (Asker::Off, offer, "localhost", Some("razz.example"), "http://razz.example:8080", '+'),
    ] {
        let mut request = world.request(asker, method, path);
        let headers = request.headers_mut();
        headers.insert("host", host.parse().unwrap());
        headers.insert("origin", origin.parse().unwrap());
        if let Some(forwarded) = forwarded {
            headers.insert("x-forwarded-host", forwarded.parse().unwrap());
        }
        let answer = world.ask(asker, Port::App, request).await;
        let what = format!("{asker:?} {method} {path} {host} {forwarded:?} {origin}: {answer:?}");
        assert_eq!(answer.letter(), letter, "{what}");
    }
    // A name that leads to the proxy is no name of razz, though the proxy asks by one.
    for (path, method) in [("/api/cameras", "GET"), ("/whep/1", "POST"), ("/ws/tracking/1", "GET")]
    {
        let mut request = world.request(Asker::Off, method, path);
        let headers = request.headers_mut();
        headers.insert("host", "127.0.0.1:8003".parse().unwrap());
        headers.insert("x-forwarded-host", "evil.example".parse().unwrap());
        headers.insert("origin", "http://evil.example".parse().unwrap());
        assert_eq!(world.ask(Asker::Off, Port::App, request).await.status, 421, "{path}");
    }
}

#[tokio::test]
async fn the_apis_description_names_the_folder() {
    let world = in_folder("openapi");
    let request = world.request(Asker::Off, "GET", "/razz/api/openapi.json");
    let body = world.ask(Asker::Off, Port::App, request).await.body;
    let document: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(document["servers"][0]["url"], "/razz");
}

#[tokio::test]
async fn no_route_has_the_name_of_a_folder_that_may_be_set() {
    let routes = app_routes();
    for rule in &routes.rules {
        let first = rule.path.split('/').nth(1).unwrap();
        assert!(config::Base::parse(&format!("/{first}/")).is_err(), "{}", rule.path);
    }
}
