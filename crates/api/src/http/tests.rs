//! Every route × everybody who may ask, through the very router that serves: who is let in, who has to
//! sign in, who is refused. A route that the tables do not know fails.

mod answers;
mod door;
mod fixed;
mod offers;
mod pages;
mod proxies;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path as FilePath;
use std::sync::Mutex;

use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request as HttpRequest, header};
use tower::ServiceExt as _;

use self::fixed::FixedSettings;
use super::guard::{OUR_PAGE, Refused};
use super::*;
use razz_access::grant::{Account, Rank, Role, Scope, Voucher, Who};
use razz_access::testing::{Folder, access};
use razz_access::{NewToken, NewUser, NewViewToken};
use razz_analysis::Pool;
use razz_config::Config;
use razz_delivery as viewer;
use razz_facts::Recordings;
use razz_hub::CameraSettings;
use razz_rules::Sources;

const PASSWORD: &str = "correct horse";
const HOST: &str = "razz.example:8003";
/// A viewer session that nobody has.
const SESSION: &str = "000102030405060708090a0b0c0d0e0f";

/// Who asks, in the order of the tables' columns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Asker {
    /// Anybody of a razz without access control.
    Off,
    /// Nobody.
    Anonymous,
    /// An admin, signed in.
    Admin,
    /// A viewer who sees every camera.
    Viewer,
    /// A viewer who sees camera 1.
    One,
    /// A viewer who sees camera 2.
    Other,
    /// An API token with the role of a viewer, for camera 1.
    Token,
    /// A view token for camera 1, as a header and in the query.
    View,
    ViewInQuery,
    /// A client in an open network.
    Neighbour,
    /// The admin, as a listed proxy says.
    Proxied,
}

const ASKERS: [Asker; 11] = [
    Asker::Off,
    Asker::Anonymous,
    Asker::Admin,
    Asker::Viewer,
    Asker::One,
    Asker::Other,
    Asker::Token,
    Asker::View,
    Asker::ViewInQuery,
    Asker::Neighbour,
    Asker::Proxied,
];

/// `+` let in, `s` sign in, `r` led to the sign-in page, `x` forbidden, `c` no such camera, `v` no
/// such viewer session. Columns as [`ASKERS`].
type Row = (&'static str, &'static str, &'static str);

const APP: [Row; 65] = [
    ("POST", "/whep/{camera}", "+s+++c+++++"),
    ("OPTIONS", "/whep/{camera}", "+++++++++++"),
    ("GET", "/whep/{camera}/{session}", "+s+vvcvvvv+"),
    ("PATCH", "/whep/{camera}/{session}", "+s+vvcvvvv+"),
    ("DELETE", "/whep/{camera}/{session}", "+s+vvcvvvv+"),
    ("OPTIONS", "/whep/{camera}/{session}", "+++++++++++"),
    ("GET", "/ws/tracking/{camera}", "+s+++c+++++"),
    ("GET", "/ws/playback", "+s+++++xxx+"),
    ("GET", "/ws/facts", "+s+++++xx++"),
    ("GET", "/api/areas", "+s+++++xx++"),
    ("PUT", "/api/areas/{camera}", "+s+xxxxxxx+"),
    ("POST", "/api/areas/preview", "+s+++++xxx+"),
    ("POST", "/api/areas/{camera}/right", "+s+xxxxxxx+"),
    ("GET", "/api/facts", "+s+++++xxx+"),
    ("GET", "/api/facts/rows", "+s+++++xxx+"),
    ("GET", "/api/facts.csv", "+s+++++xxx+"),
    ("GET", "/api/heat", "+s+++++xxx+"),
    ("GET", "/api/rules", "+s+++++xxx+"),
    ("PUT", "/api/rules", "+s+xxxxxxx+"),
    ("POST", "/api/rules/rehearse", "+s+++++xxx+"),
    ("GET", "/api/alerts", "+s+++++xxx+"),
    ("POST", "/api/alerts/{id}/acknowledge", "+s+++++xxx+"),
    ("GET", "/api/cameras", "+s+++++xx++"),
    ("POST", "/api/cameras", "+s+xxxxxxx+"),
    ("POST", "/api/cameras/test", "+s+xxxxxxx+"),
    ("GET", "/api/cameras/{camera}", "+s+++c+xx++"),
    ("PUT", "/api/cameras/{camera}", "+s+xxxxxxx+"),
    ("DELETE", "/api/cameras/{camera}", "+s+xxxxxxx+"),
    ("GET", "/api/cameras/{camera}/status", "+s+++c+++++"),
    ("GET", "/api/cameras/{camera}/tracks", "+s+++c+++++"),
    ("GET", "/api/cameras/{camera}/snapshot.jpg", "+s+++c+++++"),
    ("GET", "/api/recordings", "+s+++++xxx+"),
    ("GET", "/api/recordings/{camera}/fragments", "+s+++c+xxx+"),
    ("GET", "/api/recordings/{camera}/picture.jpg", "+s+++c+xxx+"),
    ("GET", "/api/recordings/{camera}/tracks", "+s+++c+xxx+"),
    ("GET", "/api/recordings/{camera}/video.mp4", "+s+++c+xxx+"),
    ("GET", "/api/visits", "+s+++++xxx+"),
    ("POST", "/api/recordings/{camera}/locks", "+s+++c+xxx+"),
    ("DELETE", "/api/recordings/{camera}/locks/{id}", "+s+++c+xxx+"),
    ("GET", "/api/exports", "+s+++++xxx+"),
    ("POST", "/api/exports", "+s+++++xxx+"),
    ("GET", "/api/exports/{id}", "+s+++++xxx+"),
    ("DELETE", "/api/exports/{id}", "+s+++++xxx+"),
    ("GET", "/api/exports/{id}/file", "+s+++++xxx+"),
    ("GET", "/api/detector", "+s+xxxxxxx+"),
    ("PUT", "/api/detector", "+s+xxxxxxx+"),
    ("POST", "/api/detector/preview", "+s+xxxxxxx+"),
    ("GET", "/api/stats", "+s+++++xx++"),
    ("GET", "/api/openapi.json", "+s+++++xx++"),
    ("GET", "/metrics", "+s++xxxxxx+"),
    ("GET", "/healthz", "+++++++++++"),
    ("GET", "/readyz", "+++++++++++"),
    ("GET", "/api/me", "+++++++++++"),
    ("PUT", "/api/me/password", "+s++++xxxx+"),
    ("POST", "/api/sign-in", "+++++++++++"),
    ("POST", "/api/sign-out", "+s++++xxxx+"),
    ("POST", "/api/set-up", "+++++++++++"),
    ("GET", "/api/users", "+s+xxxxxxx+"),
    ("POST", "/api/users", "+s+xxxxxxx+"),
    ("PUT", "/api/users/{name}", "+s+xxxxxxx+"),
    ("DELETE", "/api/users/{name}", "+s+xxxxxxx+"),
    ("GET", "/api/tokens", "+s+xxxxxxx+"),
    ("POST", "/api/tokens", "+s+xxxxxxx+"),
    ("DELETE", "/api/tokens/{id}", "+s+xxxxxxx+"),
    ("POST", "/api/view-tokens", "+s+++++xxx+"),
];

/// Whose camera is meant the form says: the handlers look, and a test below looks at them. What a
/// browser adds by itself counts for nothing here.
const COMPAT: [Row; 7] = [
    ("GET", "/", "+sssss++++s"),
    ("GET", "/stream/codec/{stream}", "+sssss++++s"),
    ("POST", "/stream/receiver/{stream}", "+sssss++++s"),
    ("GET", "/stream/player/{stream}", "+sssss++++s"),
    ("POST", "/stream", "+sssss++++s"),
    ("GET", "/static", "+sssss++++s"),
    ("GET", "/static/", "+sssss++++s"),
];

/// What is no route: files of the app, and nothing.
const FILES: [Row; 9] = [
    ("GET", "/", "+r+++++rr++"),
    ("GET", "/index.html", "+r+++++rr++"),
    ("GET", "/settings.html", "+r+++++rr++"),
    ("GET", "/camera-viewer.html", "+r+++++rr++"),
    ("GET", "/compat-player.html", "+r+++++rr++"),
    ("GET", "/sign-in.html", "+++++++++++"),
    ("GET", "/player.js", "+++++++++++"),
    ("GET", "/api/nothing", "+s+++++++++"),
    ("GET", "/assets/../settings.html", "+s+++++++++"),
];

/// What counts at nothing, and looks by no rules.
fn counting(folder: &Folder, cameras: &Arc<Cameras>, clock: Clock) -> (Arc<Facts>, Arc<Rules>) {
    let none = Box::new(|| Recordings::None);
    let file = |name: &str| folder.path(name);
    let settings = razz_facts::Settings {
        path: file("facts.sqlite"),
        areas: Vec::new(),
        recordings: none,
        views: Box::new(|_| None),
        days: None,
    };
    let facts = Facts::start(settings, Arc::clone(cameras), Arc::default(), clock);
    let facts = facts.unwrap();
    let sources = Sources { feed: Arc::clone(facts.feed()), told: Arc::default(), records: false };
    let rules =
        Rules::start(&file("alerts.sqlite"), Vec::new(), Arc::clone(cameras), sources, clock);
    (facts, rules.unwrap())
}

/// A razz with cameras 1 and 2, and everybody who may ask.
struct World {
    off: App,
    on: App,
    dialled: Arc<Mutex<Vec<String>>>,
    _folder: Folder,
}

impl World {
    fn new(name: &str) -> Self {
        let text = "[access]\nopen_networks = [\"10.0.0.0/8\"]\ntrusted_proxies = [\"192.0.2.0/24\"]\n\
                    user_header = \"Remote-User\"\n\
                    [[camera]]\nid = 1\nurl = \"rtsp://127.0.0.1:1/a\"\ndetect_fps = 0\n\
                    [[camera]]\nid = 2\nurl = \"rtsp://127.0.0.1:1/b\"\ndetect_fps = 0\n";
        let config = Config::parse(text, "razz.toml", FilePath::new("."), &|_| None).unwrap();
        let folder = Folder::new(name);
        let clock = Clock::start();
        let ports = viewer::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let viewers =
            Viewers::start(ports, &[], config.viewers.clone(), Telemetry::default(), clock)
                .unwrap();
        let cameras = Arc::<Cameras>::default();
        for camera in &config.cameras {
            let settings = CameraSettings {
                name: camera.name.clone(),
                address: camera.source.to_string(),
                transport: razz_base::Transport::Tcp,
                certificate: None,
                credentials: false,
                sub_address: camera.sub.as_ref().map(ToString::to_string),
                detect_from: camera.detect_from,
                detect_rate: camera.detect_fps,
                priority: 1.0,
                record: razz_base::RecordMode::Always,
                around_us: [0; 2],
            };
            cameras.insert(Camera::new(camera.id, settings, 1 << 20, clock.wall_us()));
        }
        let pool = Pool::start("demo".to_owned(), None, 1, clock);
        let dialled = Arc::<Mutex<Vec<String>>>::default();
        let control = FixedSettings { config: config.clone(), pool, dialled: Arc::clone(&dialled) };
        let control = Arc::new(control);
        let (facts, rules) = counting(&folder, &cameras, clock);
        let app = |access| App {
            cameras: Arc::clone(&cameras),
            control: Arc::clone(&control) as _,
            pictures: Arc::default(),
            viewers: viewers.clone(),
            recorder: None,
            exports: None,
            facts: Arc::clone(&facts),
            rules: Arc::clone(&rules),
            viewer_limits: config.viewers.clone(),
            usage: Usage::default(),
            events: Events::default(),
            open: false,
            compat: config.compat.clone(),
            compat_port: Some(wire::CompatPort { port: 8083, tls: false }),
            turn: Vec::new().into(),
            decoders: Decoders::builtin(),
            clock,
            access,
            hosts: Arc::new(Hosts::new(["razz.example"], false)),
            embed_origins: vec!["https://home.example".to_owned()].into(),
            tls: false,
            hsts_s: None,
            port: 8003,
            base: config::Base::default(),
            telemetry: Telemetry::default(),
        };
        let on = access(&folder, config.access.clone());
        for (name, role, cameras) in [
            ("admin", Role::Admin, None),
            ("viewer", Role::Viewer, None),
            ("one", Role::Viewer, Some([1].into())),
            ("other", Role::Viewer, Some([2].into())),
        ] {
            let (name, password) = (name.to_owned(), Some(PASSWORD.to_owned()));
            on.add_user(NewUser { name, role, cameras, password }).unwrap();
        }
        Self { off: app(Access::off(clock)), on: app(on), dialled, _folder: folder }
    }

    fn cookie(&self, name: &str) -> String {
        let from = [127, 0, 0, 1].into();
        format!("razz_session={}", self.on.access.sign_in_from(from, name, PASSWORD).unwrap())
    }

    fn token(&self) -> String {
        let cameras = Some([1].into());
        let token = NewToken { name: "t".to_owned(), role: Role::Viewer, cameras, days: Some(1) };
        self.on.access.add_token(token).unwrap().1
    }

    fn view_token(&self) -> String {
        let who = Who::Proxied("one".to_owned());
        let grant = Grant { who, rank: Rank::Viewer, scope: Scope(Some([1].into())) };
        let wanted = NewViewToken { cameras: [1].into(), seconds: None };
        self.on.access.view_token(&grant, wanted).unwrap().0
    }

    /// A request as `asker` sends it: from a page of ours where a browser would be at work.
    fn request(&self, asker: Asker, method: &str, path: &str) -> HttpRequest<Body> {
        let mut path = path.to_owned();
        let mut headers: Vec<(&str, String)> = Vec::new();
        let cookie = |name: &str| vec![("cookie", self.cookie(name)), (OUR_PAGE, "1".to_owned())];
        let bearer = |token: String| vec![("authorization", format!("Bearer {token}"))];
        let mut from = "203.0.113.7";
        match asker {
            Asker::Off | Asker::Anonymous => {}
            Asker::Admin => headers = cookie("admin"),
            Asker::Viewer => headers = cookie("viewer"),
            Asker::One => headers = cookie("one"),
            Asker::Other => headers = cookie("other"),
            Asker::Token => headers = bearer(self.token()),
            Asker::View => headers = bearer(self.view_token()),
            Asker::ViewInQuery => write!(path, "?token={}", self.view_token()).unwrap(),
            Asker::Neighbour => from = "10.1.2.3",
            Asker::Proxied => {
                from = "192.0.2.1";
                headers = vec![
                    ("remote-user", "admin".to_owned()),
                    ("x-forwarded-for", "203.0.113.7".to_owned()),
                    (OUR_PAGE, "1".to_owned()),
                ];
            }
        }
        let mut request = HttpRequest::builder().method(method).uri(path).header("host", HOST);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let address = SocketAddr::new(from.parse().unwrap(), 4711);
        request.extension(ConnectInfo(address)).body(Body::empty()).unwrap()
    }

    async fn ask(&self, asker: Asker, port: Port, request: HttpRequest<Body>) -> Answer {
        let app = if asker == Asker::Off { &self.off } else { &self.on };
        let router = match port {
            Port::App => router(app.clone()),
            Port::Compat => compat_router(app.clone()),
        };
        Answer::of(router.oneshot(request).await.unwrap()).await
    }

    async fn row(&self, port: Port, (method, path, expected): Row) {
        let path = path
            .replace("{camera}", "1")
            .replace("{session}", SESSION)
            .replace("{stream}", "camera1")
            .replace("{name}", "nobody")
            .replace("{id}", "nothing");
        assert_eq!(expected.chars().count(), ASKERS.len(), "{method} {path}");
        for (asker, expected) in ASKERS.into_iter().zip(expected.chars()) {
            let request = self.request(asker, method, &path);
            let answer = self.ask(asker, port, request).await;
            assert_eq!(answer.letter(), expected, "{asker:?} {method} {path}: {answer:?}");
        }
    }
}

#[derive(Debug)]
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
    refused: bool,
}

impl Answer {
    async fn of(response: Response) -> Self {
        let refused = response.extensions().get::<Refused>().is_some();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        let body = String::from_utf8_lossy(&body).into_owned();
        Self { status: parts.status.as_u16(), headers: parts.headers, body, refused }
    }

    fn letter(&self) -> char {
        let kind = |kind: &str| self.body.contains(&format!("urn:razz:problem:{kind}\""));
        match self.status {
            _ if !self.refused => '+',
            303 => 'r',
            401 if kind("sign-in") => 's',
            403 if kind("forbidden") => 'x',
            403 if kind("cross-origin") => 'o',
            404 if kind("unknown-camera") => 'c',
            404 if kind("unknown-session") => 'v',
            405 => 'm',
            _ => '?',
        }
    }
}

fn known(rows: &[Row]) -> BTreeSet<(String, String)> {
    rows.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect()
}

fn routed(routes: &Routes) -> BTreeSet<(String, String)> {
    let rules = routes.rules.iter();
    rules.map(|rule| (rule.method.to_string(), rule.path.to_owned())).collect()
}

#[tokio::test]
async fn every_route_is_open_to_whom_it_should_be() {
    // A route that is not in the tables has not been thought about.
    assert_eq!(routed(&app_routes()), known(&APP));
    assert_eq!(routed(&compat::routes()), known(&COMPAT));
    let world = World::new("routes");
    for row in APP.into_iter().chain(FILES) {
        world.row(Port::App, row).await;
    }
    for row in COMPAT {
        world.row(Port::Compat, row).await;
    }
}

#[tokio::test]
async fn a_method_that_a_route_does_not_take_reaches_no_handler() {
    let world = World::new("methods");
    for (_, path, _) in APP {
        let path = path.replace("{camera}", "1").replace("{session}", SESSION);
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"] {
            let takes = APP.iter().any(|(taken, route, _)| {
                let route = route.replace("{camera}", "1").replace("{session}", SESSION);
                *taken == method && route == path
            });
            if !takes {
                let request = world.request(Asker::Admin, method, &path);
                let answer = world.ask(Asker::Admin, Port::App, request).await;
                assert_eq!(answer.letter(), 'm', "{method} {path}: {answer:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_viewer_sees_its_own_cameras_and_no_others() {
    let world = World::new("lists");
    for (asker, cameras) in [
        (Asker::Admin, "[1,2]"),
        (Asker::Viewer, "[1,2]"),
        (Asker::One, "[1]"),
        (Asker::Other, "[2]"),
        (Asker::Token, "[1]"),
        (Asker::Neighbour, "[1,2]"),
    ] {
        let list = world.request(asker, "GET", "/api/cameras");
        let list = world.ask(asker, Port::App, list).await.body;
        let list: serde_json::Value = serde_json::from_str(&list).unwrap();
        let ids: Vec<_> = list.as_array().unwrap().iter().map(|camera| &camera["id"]).collect();
        assert_eq!(serde_json::to_string(&ids).unwrap(), cameras, "{asker:?}");
        let stats = world.request(asker, "GET", "/api/stats");
        let stats = world.ask(asker, Port::App, stats).await.body;
        let stats: serde_json::Value = serde_json::from_str(&stats).unwrap();
        let ids: Vec<u32> =
            stats["cameras"].as_object().unwrap().keys().map(|id| id.parse().unwrap()).collect();
        assert_eq!(serde_json::to_string(&ids).unwrap(), cameras, "{asker:?}");
        assert!(list.to_string().len() < 2000 && !list.to_string().contains("password"));
    }
    // RTSPtoWebRTC's endpoints, where whose camera is meant is the handler's to find out.
    for (asker, stream, seen) in [
        (Asker::Token, "camera1", true),
        (Asker::Token, "camera2", false),
        (Asker::View, "camera1", true),
        (Asker::ViewInQuery, "camera2", false),
        (Asker::Neighbour, "camera2", true),
        (Asker::Neighbour, "camera3", false),
    ] {
        let codec = world.request(asker, "GET", &format!("/stream/codec/{stream}"));
        let codec = world.ask(asker, Port::Compat, codec).await;
        assert_eq!((codec.status, codec.body.is_empty()), (200, !seen), "{asker:?} {stream}");
        let player = world.request(asker, "GET", &format!("/stream/player/{stream}"));
        let player = world.ask(asker, Port::Compat, player).await;
        assert_eq!(player.status, if seen { 200 } else { 404 }, "{asker:?} {stream}");
    }
    let form = |body: &str| {
        let mut request = world.request(Asker::Token, "POST", "/stream");
        let kind = "application/x-www-form-urlencoded".parse().unwrap();
        request.headers_mut().insert(header::CONTENT_TYPE, kind);
        *request.body_mut() = Body::from(body.to_owned());
        request
    };
    for (url, said) in [
        ("rtsp://127.0.0.1:1/a", "not UTF-8"),
        ("RTSP://user:hunter2@127.0.0.1:1/a", "not UTF-8"),
        ("rtsp://127.0.0.1:1/b", "no configured camera has this URL (rtsp://127.0.0.1:1/b)"),
        (
            "rtsp://u:hunter2@127.0.0.1:1/c",
            "no configured camera has this URL (rtsp://127.0.0.1:1/c)",
        ),
        ("rtsp://127.0.0.1:1/a?pwd=hunter2&x=1", "this URL (rtsp://127.0.0.1:1/a?pwd=***&x=1)"),
        ("file:///etc/passwd", "url: file:// is not supported"),
        ("http://127.0.0.1:1/a", "url: http:// is not supported"),
        ("", "url: expected an address that begins with rtsp://"),
    ] {
        let url = url::form_urlencoded::byte_serialize(url.as_bytes()).collect::<String>();
        let body = format!("url={url}&sdp64=%2F%2F8%3D");
        let answer = world.ask(Asker::Token, Port::Compat, form(&body)).await;
        assert!(answer.status == 400 && answer.body.contains(said), "{url}: {answer:?}");
        assert!(!answer.body.contains("hunter2"), "{url}: {answer:?}");
    }
}

#[tokio::test]
async fn a_viewer_session_is_its_openers() {
    let world = World::new("sessions");
    let camera = "1".parse().unwrap();
    let id = whep::session_id(SESSION).unwrap();
    let path = format!("/whep/1/{SESSION}");
    let user = |name: &str| Who::Proxied(name.to_owned());
    let account = Account::User("one".to_owned());
    let by = Voucher { account, generation: String::new(), sign_in: None };
    for (opener, asker, letter) in [
        (user("one"), Asker::One, '+'),
        (user("one"), Asker::Viewer, 'v'),
        (user("one"), Asker::Token, 'v'),
        (user("one"), Asker::Neighbour, 'v'),
        (user("one"), Asker::Admin, '+'),
        (Who::Neighbour([10, 1, 2, 3].into()), Asker::Neighbour, '+'),
        (Who::Neighbour([10, 1, 2, 4].into()), Asker::Neighbour, 'v'),
        (Who::Embedded(by, "x".to_owned()), Asker::View, 'v'),
    ] {
        let grant = Grant { who: opener, rank: Rank::Viewer, scope: Scope::ALL };
        world.on.access.opened(id, camera, &grant);
        for method in ["PATCH", "DELETE"] {
            let answer = world.ask(asker, Port::App, world.request(asker, method, &path)).await;
            assert_eq!(answer.letter(), letter, "{grant:?} {asker:?}: {answer:?}");
        }
        // Under another camera's name it is no session of theirs either.
        let elsewhere = path.replace("/1/", "/2/");
        let answer = world.ask(asker, Port::App, world.request(asker, "DELETE", &elsewhere)).await;
        assert_ne!(answer.status, 200, "{grant:?} {asker:?}");
    }
}

#[tokio::test]
async fn pages_of_other_origins_make_nothing_of_a_cookie() {
    let world = World::new("origins");
    let post = ("POST", "/api/view-tokens");
    let socket = ("GET", "/ws/tracking/1");
    let page = ("GET", "/settings.html");
    let own = &[("origin", "http://razz.example:8003")][..];
    let foreign = &[("origin", "http://evil.example")][..];
    let same_site = &[("sec-fetch-site", "same-site")][..];
    let null = &[("origin", "null")][..];
    for (asker, (method, path), headers, letter) in [
        (Asker::Admin, post, own, '+'),
        (Asker::Admin, post, foreign, 'o'),
        (Asker::Admin, post, same_site, 'o'),
        (Asker::Admin, post, null, 'o'),
        (Asker::Admin, socket, own, '+'),
        (Asker::Admin, socket, foreign, 'o'),
        (Asker::Admin, socket, same_site, 'o'),
        (Asker::Admin, socket, null, 'o'),
        // A link from elsewhere leads here, signed in or not.
        (Asker::Admin, page, &[("sec-fetch-site", "cross-site")][..], '+'),
        (Asker::Proxied, socket, foreign, 'o'),
        (Asker::Proxied, post, foreign, 'o'),
        // A token is shown by the page itself, which therefore knows it.
        (Asker::View, socket, foreign, '+'),
        (Asker::ViewInQuery, socket, foreign, '+'),
        // Old pages on a trusted network's machines, wherever they come from.
        (Asker::Neighbour, socket, foreign, '+'),
        (Asker::Neighbour, ("POST", "/whep/1"), foreign, 'o'),
    ] {
        let mut request = world.request(asker, method, path);
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let answer = world.ask(asker, Port::App, request).await;
        assert_eq!(answer.letter(), letter, "{asker:?} {method} {path} {headers:?}: {answer:?}");
        assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
    }
    // Without the header of our own pages a cookie changes nothing, whatever else is right.
    for (asker, letter) in [(Asker::Admin, 'o'), (Asker::Proxied, 'o'), (Asker::Token, '+')] {
        let mut request = world.request(asker, post.0, post.1);
        request.headers_mut().remove(OUR_PAGE);
        let answer = world.ask(asker, Port::App, request).await;
        assert_eq!(answer.letter(), letter, "{asker:?}: {answer:?}");
    }
    // The other port is open to every origin, and never with credentials.
    let mut request = world.request(Asker::Anonymous, "GET", "/stream/codec/camera1");
    request.headers_mut().insert(header::ORIGIN, "http://evil.example".parse().unwrap());
    let answer = world.ask(Asker::Anonymous, Port::Compat, request).await;
    assert_eq!(
        (answer.status, &answer.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN]),
        (401, &"*".parse().unwrap())
    );
    assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
}

#[tokio::test]
async fn only_a_listed_proxy_is_believed() {
    let world = World::new("proxies");
    for (peer, forwarded, path, letter) in [
        // A proxy's user counts from that proxy alone.
        ("192.0.2.9", "203.0.113.7", "/api/users", '+'),
        ("203.0.113.9", "203.0.113.7", "/api/users", 's'),
        ("10.0.0.9", "203.0.113.7", "/api/users", 'x'),
    ] {
        let mut request = world.request(Asker::Proxied, "GET", path);
        request.headers_mut().insert("x-forwarded-for", forwarded.parse().unwrap());
        let address = SocketAddr::new(peer.parse().unwrap(), 1);
        request.extensions_mut().insert(ConnectInfo(address));
        let answer = world.ask(Asker::Proxied, Port::App, request).await;
        assert_eq!(answer.letter(), letter, "{peer} {forwarded}: {answer:?}");
    }
    for (peer, forwarded, letter) in [
        ("192.0.2.9", Some("10.1.2.3"), '+'),
        ("192.0.2.9", Some("10.1.2.3, 203.0.113.7"), 's'),
        ("192.0.2.9", Some("10.1.2.3, nonsense"), 's'),
        ("192.0.2.9", None, 's'),
        ("203.0.113.9", Some("10.1.2.3"), 's'),
        ("10.1.2.3", None, '+'),
    ] {
        let mut request = world.request(Asker::Anonymous, "GET", "/api/cameras");
        if let Some(forwarded) = forwarded {
            request.headers_mut().insert("x-forwarded-for", forwarded.parse().unwrap());
        }
        let address = SocketAddr::new(peer.parse().unwrap(), 1);
        request.extensions_mut().insert(ConnectInfo(address));
        let answer = world.ask(Asker::Anonymous, Port::App, request).await;
        assert_eq!(answer.letter(), letter, "{peer} {forwarded:?}: {answer:?}");
    }
}

#[tokio::test]
async fn no_answer_holds_what_opens_a_door() {
    let world = World::new("silence");
    let (cookie, token) = (world.cookie("admin"), world.token());
    let digests = std::fs::read_to_string(world._folder.path("razz.users.json")).unwrap();
    let mut secrets = vec![PASSWORD.to_owned(), token, cookie.replace("razz_session=", "")];
    let kept: serde_json::Value = serde_json::from_str(&digests).unwrap();
    secrets.push(kept["view_key"].as_str().unwrap().to_owned());
    for (list, key) in [("users", "password"), ("tokens", "digest"), ("sign_ins", "digest")] {
        let held = kept[list].as_array().unwrap().iter();
        secrets.extend(held.filter_map(|entry| entry[key].as_str()).map(str::to_owned));
    }
    assert!(secrets.len() > 8 && secrets.iter().all(|secret| secret.len() > 10));
    for (method, path, _) in APP.into_iter().chain(FILES) {
        if method != "GET" {
            continue;
        }
        let path = path.replace("{camera}", "1");
        let mut request = world.request(Asker::Anonymous, "GET", &path);
        request.headers_mut().insert("cookie", cookie.parse().unwrap());
        let answer = world.ask(Asker::Admin, Port::App, request).await;
        let all = format!("{} {:?}", answer.body, answer.headers);
        for secret in &secrets {
            assert!(!all.contains(secret.as_str()), "{path} shows a secret");
        }
        // Neither does the file hold what it was made of.
    }
    for secret in &secrets[..3] {
        assert!(!digests.contains(secret.as_str()), "the users file holds a secret as it is");
    }
}
