//! What the handlers behind the guard say no to, and how.

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
