//! Channels against servers of the test's own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, channel};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use razz_base::EventKind;
use razz_config as config;
use razz_config::redact::Secret;

use super::mail::{Security, Server};
use super::*;
use crate::delivery::Receiver;
use crate::events::Queue;
use crate::testing::{Came, JPEG, Manner, WITHIN, alert, deliver, server};

const LINK: &str = "https://razz.example/playback.html?at=90k:90000&camera=1";
const WORDS: &str = "Somebody crossed Fence of Gate in (+2 more)";
const TITLE: &str = "Zaun über Nacht";

fn ntfy(address: &str, snapshots: bool) -> Ntfy {
    let settings = config::Ntfy {
        url: Secret::new(format!("{address}/topic")),
        token: Some(Secret::new("tk_hunter2")),
        priority: 5,
        snapshots,
    };
    Ntfy::new(settings, WITHIN)
}

fn telegram(address: &str, snapshots: bool) -> Telegram {
    let settings = config::Telegram {
        token: Secret::new("123:hunter2"),
        chat: "-100".to_owned(),
        api: address.to_owned(),
        snapshots,
    };
    Telegram::new(settings, WITHIN)
}

fn apprise(address: &str) -> Apprise {
    Apprise::new(config::Apprise { url: Secret::new(format!("{address}/notify/key")) }, WITHIN)
}

/// Tells an alert; answers delivered, dropped, failures, and what came.
fn tell<R: Receiver>(
    manners: Vec<Manner>,
    receiver: impl FnOnce(&str) -> R,
) -> ([u64; 3], Vec<Came>) {
    let (address, requests) = server(manners);
    let queue = Queue::new("channel".to_owned(), vec![EventKind::AlertFiring]);
    let counts = deliver(&queue, receiver(&address), vec![alert()]);
    (counts, requests.try_iter().collect())
}

#[test]
fn each_is_tried_until_it_is_taken_or_refused() {
    use Manner::{Answer, Close};
    for (manners, expected) in [
        (vec![Answer(200)], [1, 0, 0]),
        (vec![Answer(503), Close, Answer(429), Answer(200)], [1, 0, 3]),
        (vec![Answer(403)], [0, 1, 1]),
        (vec![Answer(500), Answer(500), Answer(500), Answer(500)], [0, 1, 4]),
    ] {
        let tries = manners.len();
        for (name, (counts, came)) in [
            ("ntfy", tell(manners.clone(), |address| ntfy(address, false))),
            ("telegram", tell(manners.clone(), |address| telegram(address, false))),
            ("apprise", tell(manners.clone(), apprise)),
        ] {
            assert_eq!((counts, came.len()), (expected, tries), "{name}");
        }
    }
}

#[test]
fn ntfy_has_text_or_a_picture_with_text() {
    let (_, came) = tell(vec![Manner::Answer(200)], |address| ntfy(address, false));
    let title = format!("=?UTF-8?B?{}?=", STANDARD.encode(TITLE));
    let expected = [
        ("title", title.as_str()),
        ("priority", "5"),
        ("tags", "rotating_light"),
        ("click", LINK),
        ("authorization", "Bearer tk_hunter2"),
    ];
    assert_eq!((came[0].line.as_str(), came[0].text().as_str()), ("POST /topic HTTP/1.1", WORDS));
    for (name, value) in expected {
        assert_eq!(came[0].header(name), Some(value));
    }
    let (_, came) = tell(vec![Manner::Answer(200)], |address| ntfy(address, true));
    assert_eq!((came[0].line.as_str(), &came[0].body[..]), ("PUT /topic HTTP/1.1", JPEG));
    for (name, value) in
        expected.into_iter().chain([("filename", "picture.jpg"), ("message", WORDS)])
    {
        assert_eq!(came[0].header(name), Some(value));
    }
    // A server that takes no pictures.
    let manners = vec![Manner::Answer(400), Manner::Answer(200)];
    let (counts, came) = tell(manners, |address| ntfy(address, true));
    assert_eq!((counts, came.len()), ([1, 0, 0], 2));
    assert_eq!(came[1].text(), WORDS);
}

#[test]
fn telegram_has_a_picture_with_text_or_text() {
    let text = format!("{TITLE}\n{WORDS}\n{LINK}");
    let (_, came) = tell(vec![Manner::Answer(200)], |address| telegram(address, false));
    assert_eq!(came[0].line, "POST /bot123:hunter2/sendMessage HTTP/1.1");
    let body = came[0].json();
    assert_eq!((&body["chat_id"], &body["text"]), (&"-100".into(), &text.as_str().into()));
    let manners = vec![Manner::Answer(400), Manner::Answer(200)];
    let (counts, came) = tell(manners, |address| telegram(address, true));
    assert_eq!((counts, came.len()), ([1, 0, 0], 2));
    assert_eq!(came[0].line, "POST /bot123:hunter2/sendPhoto HTTP/1.1");
    let boundary = came[0]
        .header("content-type")
        .and_then(|kind| kind.strip_prefix("multipart/form-data; boundary="))
        .unwrap();
    let part =
        |head: &str| format!("--{boundary}\r\nContent-Disposition: form-data; name={head}\r\n\r\n");
    let mut expected = format!(
        "{}-100\r\n{}{text}\r\n{}",
        part("\"chat_id\""),
        part("\"caption\""),
        part("\"photo\"; filename=\"picture.jpg\"\r\nContent-Type: image/jpeg")
    )
    .into_bytes();
    expected.extend(JPEG);
    expected.extend(format!("\r\n--{boundary}--\r\n").into_bytes());
    assert!(came[0].body == expected, "{}", came[0].text());
    assert_eq!(came[1].json()["text"], text);
}

#[test]
fn apprise_has_title_and_text() {
    let (_, came) = tell(vec![Manner::Answer(200)], apprise);
    assert_eq!(came[0].line, "POST /notify/key HTTP/1.1");
    let expected = serde_json::json!({
        "title": TITLE, "body": format!("{WORDS}\n{LINK}"), "type": "warning"
    });
    assert_eq!(came[0].json(), expected);
}

#[test]
fn a_servers_address_says_how_it_is_reached() {
    use Security::{Open, StartTls, Wrapped};
    for (address, host, port, security, user) in [
        ("smtps://u%40h:p%2Fw@mail.example", "mail.example", 465, Wrapped, Some(("u@h", "p/w"))),
        ("smtp://mail.example", "mail.example", 587, StartTls, None),
        ("smtp://mail.example:25", "mail.example", 25, StartTls, None),
        ("smtp://localhost", "localhost", 25, Open, None),
        ("smtp://127.0.0.1:2525", "127.0.0.1", 2525, Open, None),
        ("smtp://[::1]", "::1", 25, Open, None),
        ("smtps://localhost", "localhost", 465, Wrapped, None),
        ("smtp://localhost.example", "localhost.example", 587, StartTls, None),
        ("smtp://10.0.0.1", "10.0.0.1", 587, StartTls, None),
    ] {
        let credentials = user.map(|(user, password)| (user.to_owned(), password.to_owned()));
        let expected = Server { host: host.to_owned(), port, security, credentials };
        assert_eq!(Server::read(address), Some(expected), "{address}");
    }
    assert_eq!(Server::read("https://mail.example"), None);
}

/// A mail server for one connection: answers what it was told, line by line. `refuses`: the command that
/// it refuses with this status.
fn post_office(refuses: Option<(&'static str, u16)>) -> (u16, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (told, lines) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            serve(&stream.unwrap(), refuses, &told);
        }
    });
    (port, lines)
}

fn serve(mut stream: &TcpStream, refuses: Option<(&str, u16)>, told: &mpsc::Sender<String>) {
    stream.write_all(b"220 test\r\n").unwrap();
    let mut is_text = false;
    for line in BufReader::new(stream).lines() {
        let Ok(line) = line else { return };
        let command = line.split([' ', ':']).next().unwrap_or_default();
        let refusal = refuses.filter(|(refused, _)| *refused == command && !is_text);
        let answer = match (refusal, command) {
            (Some((_, status)), _) => format!("{status} hunter2 is wrong\r\n"),
            (None, _) if is_text && line != "." => String::new(),
            (None, ".") => "250 kept\r\n".to_owned(),
            (None, "EHLO") => "250-test\r\n250-8BITMIME\r\n250 AUTH PLAIN\r\n".to_owned(),
            (None, "AUTH") => "235 hello\r\n".to_owned(),
            (None, "DATA") => "354 go on\r\n".to_owned(),
            (None, "QUIT") => "221 bye\r\n".to_owned(),
            (None, _) => "250 fine\r\n".to_owned(),
        };
        is_text = line == "DATA" && answer.starts_with('3') || is_text && line != ".";
        let _ = told.send(line);
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn mail(port: u16, security: Security) -> Mail {
    let settings = config::Mail {
        server: Secret::new("unused"),
        to: vec!["one@example.org".to_owned(), "two@example.org".to_owned()],
        from: None,
    };
    let credentials = Some(("razz@example.org".to_owned(), "hunter2".to_owned()));
    let host = "127.0.0.1".to_owned();
    let server = Server { host, port, security, credentials };
    Mail::by(server, &settings, Duration::from_secs(20)).unwrap()
}

fn post(refuses: Option<(&'static str, u16)>, security: Security) -> ([u64; 3], Vec<String>) {
    let (port, lines) = post_office(refuses);
    let queue = Queue::new("mail".to_owned(), vec![EventKind::AlertFiring]);
    let counts = deliver(&queue, mail(port, security), vec![alert()]);
    (counts, lines.try_iter().collect())
}

#[test]
fn a_mail_has_the_alert_in_it() {
    let (counts, lines) = post(None, Security::Open);
    assert_eq!(counts, [1, 0, 0]);
    let login = STANDARD.encode("\0razz@example.org\0hunter2");
    for line in [
        format!("AUTH PLAIN {login}").as_str(),
        "MAIL FROM:<razz@example.org>",
        "RCPT TO:<one@example.org>",
        "RCPT TO:<two@example.org>",
        "From: razz@example.org",
        "To: one@example.org, two@example.org",
        "Subject: Zaun =?utf-8?b?w7xiZXI=?= Nacht",
        "Message-ID: <1-0@example.org>",
        "Content-Type: text/plain; charset=utf-8",
        WORDS,
        LINK,
    ] {
        let there = lines.iter().any(|told| told == line || told.starts_with(&format!("{line} ")));
        assert!(there, "{line} in {lines:#?}");
    }
}

#[test]
fn a_mail_is_tried_until_it_is_taken_or_refused() {
    for (refuses, expected) in [
        (("RCPT", 550), [0, 1, 1]),
        (("AUTH", 535), [0, 1, 1]),
        (("MAIL", 451), [0, 1, 4]),
        (("DATA", 421), [0, 1, 4]),
    ] {
        let (counts, lines) = post(Some(refuses), Security::Open);
        assert_eq!(counts, expected, "{refuses:?}: {lines:#?}");
    }
}

#[test]
fn without_tls_nothing_is_said_to_a_server_elsewhere() {
    let (counts, lines) = post(None, Security::StartTls);
    assert_eq!(counts, [0, 1, 4]);
    assert!(!lines.iter().any(|line| line.starts_with("AUTH") || line.starts_with("MAIL")));
}
