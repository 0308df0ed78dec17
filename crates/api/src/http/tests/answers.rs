//! What the handlers behind the guard say no to, and how.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::offers::OFFER;
use super::*;

/// `body` as `asker` sends it to `path`.
async fn send(world: &World, asker: Asker, method: &str, path: &str, body: &str) -> Answer {
    let mut request = world.request(asker, method, path);
    let json = "application/json".parse().unwrap();
    request.headers_mut().insert(header::CONTENT_TYPE, json);
    *request.body_mut() = Body::from(body.to_owned());
    world.ask(asker, Port::App, request).await
}

#[tokio::test]
async fn nobody_is_given_the_sight_of_a_camera_that_is_not_there() {
    let world = World::new("sight");
    let user = |name: &str, cameras: &str| {
        format!(
            r#"{{"name": "{name}", "role": "viewer", "cameras": {cameras}, "password": "a long word"}}"#
        )
    };
    let token =
        |cameras: &str| format!(r#"{{"name": "t", "role": "viewer", "cameras": {cameras}}}"#);
    let view = |cameras: &str| format!(r#"{{"cameras": {cameras}}}"#);
    for (asker, method, path, body, status) in [
        (Asker::Admin, "POST", "/api/users", user("ann", "[1, 2]"), 201),
        (Asker::Admin, "POST", "/api/users", user("bob", "null"), 201),
        (Asker::Admin, "POST", "/api/users", user("cid", "[1, 99]"), 422),
        (Asker::Admin, "PUT", "/api/users/ann", view("[2]"), 200),
        (Asker::Admin, "PUT", "/api/users/ann", view("[2, 3]"), 422),
        (Asker::Admin, "PUT", "/api/users/ann", view("null"), 200),
        (Asker::Admin, "POST", "/api/tokens", token("[2]"), 201),
        (Asker::Admin, "POST", "/api/tokens", token("[0]"), 422),
        (Asker::Admin, "POST", "/api/tokens", token("[99]"), 422),
        (Asker::Admin, "POST", "/api/view-tokens", view("[1]"), 201),
        (Asker::Admin, "POST", "/api/view-tokens", view("[1, 99]"), 422),
        // Who sees some cameras does not learn which others there are.
        (Asker::One, "POST", "/api/view-tokens", view("[2]"), 403),
        (Asker::One, "POST", "/api/view-tokens", view("[99]"), 403),
    ] {
        let answer = send(&world, asker, method, path, &body).await;
        assert_eq!(answer.status, status, "{method} {path} {body}: {answer:?}");
        if status == 422 {
            assert!(answer.body.contains(r#""key":"cameras""#), "{body}: {answer:?}");
        }
    }
    // A camera that is gone stays in a user's list, and does not stand in the way of other changes.
    let gone = Some([1, 99].into());
    let (name, password) = ("dan".to_owned(), Some(PASSWORD.to_owned()));
    world
        .on
        .access
        .add_user(NewUser { name, role: Role::Viewer, cameras: gone, password })
        .unwrap();
    let answer = send(&world, Asker::Admin, "PUT", "/api/users/dan", &view("[2, 99]")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test]
async fn a_view_token_says_where_pages_of_other_sites_find_it_used() {
    let mut world = World::new("compat");
    let body = r#"{"cameras": [1]}"#;
    let answer = send(&world, Asker::Admin, "POST", "/api/view-tokens", body).await;
    assert!(answer.body.contains(r#""compat":{"port":8083,"tls":false}"#), "{answer:?}");
    world.on.compat_port = None;
    let answer = send(&world, Asker::Admin, "POST", "/api/view-tokens", body).await;
    assert!(answer.body.contains(r#""compat":null"#), "{answer:?}");
}

#[tokio::test]
async fn clients_of_rtsptowebrtc_tell_the_server_and_its_errors() {
    let world = World::new("clients");
    // Home Assistant's client asks for the streams of RTSPtoWeb first: razz is not that server.
    for (path, status) in [("/static", 200), ("/static/", 200), ("/streams", 404)] {
        for asker in [Asker::Off, Asker::Neighbour] {
            let answer = world.ask(asker, Port::Compat, world.request(asker, "GET", path)).await;
            assert_eq!((answer.status, answer.body.as_str()), (status, ""), "{path}: {answer:?}");
        }
        let asker = Asker::Anonymous;
        let answer = world.ask(asker, Port::Compat, world.request(asker, "GET", path)).await;
        let problem: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!((answer.status, &problem["error"]), (401, &problem["detail"]), "{answer:?}");
    }
    for (asker, kind, body, status, said) in [
        (Asker::Off, "text/plain", "", 415, "Content-Type"),
        (Asker::Off, "application/x-www-form-urlencoded", "url=a", 400, "sdp64"),
        (Asker::Off, "application/x-www-form-urlencoded", "url=a&sdp64=b", 400, "rtsp://"),
        (Asker::Anonymous, "application/x-www-form-urlencoded", "url=a&sdp64=b", 401, "token"),
    ] {
        let mut request = world.request(asker, "POST", "/stream");
        request.headers_mut().insert(header::CONTENT_TYPE, kind.parse().unwrap());
        *request.body_mut() = Body::from(body);
        let answer = world.ask(asker, Port::Compat, request).await;
        let problem: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.headers[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(problem["error"], problem["detail"], "{answer:?}");
        assert!(problem["error"].as_str().unwrap().contains(said), "{answer:?}");
    }
    let answer = world.ask(Asker::Off, Port::App, world.request(Asker::Off, "GET", "/api/x")).await;
    assert!(!answer.body.contains("\"error\""), "on the other port `detail` is enough: {answer:?}");
}

#[tokio::test]
async fn a_camera_by_its_address_is_no_way_into_the_network() {
    let mut world = World::new("adhoc");
    let ours = "rtsp://127.0.0.1:1/a";
    for (allowed, asker, url, status, said) in [
        (false, Asker::Off, ours, 400, "not UTF-8"),
        (false, Asker::Off, "rtsp://10.0.0.5/x", 400, "and `compat.allow_adhoc` is off"),
        (false, Asker::Off, "rtsp://169.254.169.254/", 400, "no configured camera has this URL"),
        // The world has no room for another camera: it got as far as that.
        (true, Asker::Off, "rtsp://10.0.0.5/x", 503, "too many ad-hoc cameras"),
        (true, Asker::Neighbour, "rtsp://10.0.0.5/x", 503, "too many ad-hoc cameras"),
        (true, Asker::Off, "rtsp://169.254.169.254/", 400, "url: 169.254.169.254 "),
        (true, Asker::Off, "rtsp://[fd00:ec2::254]/", 400, "url: fd00:ec2::254 "),
        // Who sees some cameras gets no others, and does not learn which there are.
        (true, Asker::Token, ours, 400, "not UTF-8"),
        (true, Asker::Token, "rtsp://127.0.0.1:1/b", 400, "others are for who sees every camera"),
        (true, Asker::Token, "rtsp://127.0.0.1:1/c", 400, "others are for who sees every camera"),
    ] {
        (world.off.compat.allow_adhoc, world.on.compat.allow_adhoc) = (allowed, allowed);
        let mut request = world.request(asker, "POST", "/stream");
        let kind = "application/x-www-form-urlencoded".parse().unwrap();
        request.headers_mut().insert(header::CONTENT_TYPE, kind);
        let url_encoded: String = url::form_urlencoded::byte_serialize(url.as_bytes()).collect();
        let bad = said == "not UTF-8" || !allowed;
        let offer = if bad { "//8=".to_owned() } else { STANDARD.encode(OFFER) };
        let offer: String = url::form_urlencoded::byte_serialize(offer.as_bytes()).collect();
        *request.body_mut() = Body::from(format!("url={url_encoded}&sdp64={offer}"));
        let answer = world.ask(asker, Port::Compat, request).await;
        assert_eq!(answer.status, status, "{allowed} {asker:?} {url}: {answer:?}");
        assert!(answer.body.contains(said), "{allowed} {asker:?} {url}: {answer:?}");
    }
}

#[tokio::test]
async fn a_wrong_own_password_is_said_of_its_key() {
    let world = World::new("own");
    let body = format!(r#"{{"current": "not it at all", "new": "{PASSWORD} and more"}}"#);
    let answer = send(&world, Asker::One, "PUT", "/api/me/password", &body).await;
    assert_eq!(answer.status, 422, "{answer:?}");
    assert!(answer.body.contains(r#""key":"current""#), "{answer:?}");
}

#[tokio::test]
async fn where_nothing_is_browsers_get_a_page_and_scripts_a_problem() {
    let world = World::new("nowhere");
    for (accept, kind) in [
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"),
        ("application/json", "application/problem+json"),
        ("*/*", "application/problem+json"),
    ] {
        for path in ["/nowhere.html", "/dashboard", "/api/nothing"] {
            let mut request = world.request(Asker::Off, "GET", path);
            request.headers_mut().insert(header::ACCEPT, accept.parse().unwrap());
            let answer = world.ask(Asker::Off, Port::App, request).await;
            assert_eq!(answer.status, 404, "{path}");
            assert_eq!(answer.headers[header::CONTENT_TYPE], kind, "{path} {accept}");
        }
    }
}

#[tokio::test]
async fn odd_names_in_paths_open_nothing() {
    let world = World::new("odd");
    let unicode = "%C3%A9%F0%9F%93%B7".repeat(1700);
    let odd = [
        "..",
        "%2e%2e",
        "..%2f..%2f..%2fetc%2fpasswd",
        "%2Fetc%2Fpasswd",
        "..%5c..%5cwindows",
        "%5c",
        "%00",
        "1%00",
        "1%0d%0aSet-Cookie:%20a=b",
        "1%2f..%2f2",
        "1%20",
        "+1",
        "01",
        "-1",
        "0",
        "4294967297",
        "camera",
        "camera01",
        "Camera1",
        "%EF%BC%91",
        "%ff%fe",
        "%",
        "%zz",
        "1;a=b",
        "*",
        unicode.as_str(),
    ];
    let ports = [(Port::App, APP.as_slice()), (Port::Compat, COMPAT.as_slice())];
    for (port, rows) in ports {
        for (method, route, _) in rows {
            for name in ["{camera}", "{session}", "{stream}", "{name}", "{id}"] {
                if !route.contains(name) || *method == "OPTIONS" {
                    continue;
                }
                for odd in odd {
                    let path = route
                        .replace(name, odd)
                        .replace("{camera}", "1")
                        .replace("{session}", SESSION);
                    for asker in [Asker::Off, Asker::Anonymous, Asker::Admin, Asker::Neighbour] {
                        let mut request = world.request(asker, method, &path);
                        let kind = "application/json".parse().unwrap();
                        request.headers_mut().insert(header::CONTENT_TYPE, kind);
                        *request.body_mut() = Body::from("{}");
                        let answer = world.ask(asker, port, request).await;
                        // The original answers what it does not know with an empty 200.
                        let fine = match answer.status {
                            200 => port == Port::Compat && answer.body.is_empty(),
                            303 => asker == Asker::Anonymous,
                            status => (400..500).contains(&status),
                        };
                        assert!(fine, "{asker:?} {method} {path:.80}: {answer:?}");
                        assert!(answer.body.len() < 1000, "{asker:?} {method} {path:.80}");
                        assert!(!answer.headers.contains_key(header::SET_COOKIE));
                    }
                }
            }
        }
    }
}
