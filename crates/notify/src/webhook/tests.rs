//! Webhooks against a server of the test's own that fails, hangs, and checks what comes.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

use bytes::Bytes;

use super::*;
use crate::message::Message;
use razz_base::EventKind;
use razz_config::redact::Secret;

const WITHIN: Duration = Duration::from_secs(20);

/// What the server does with a request.
#[derive(Clone, Copy)]
enum Manner {
    Answer(u16),
    /// Neither answers nor closes.
    Hang,
    /// Closes at once.
    Close,
}

/// A request as it came: header lines in lower case, and the body.
struct Came {
    head: Vec<String>,
    body: String,
}

impl Came {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.iter().find_map(|line| line.strip_prefix(&format!("{name}: ")))
    }
}

/// A server that treats one request after the other as told; answers its address and what comes.
fn server(manners: Vec<Manner>) -> (String, Receiver<Came>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/hook?token=hunter2", listener.local_addr().unwrap());
    let (came, requests) = channel();
    thread::spawn(move || {
        let mut hung = Vec::new();
        for manner in manners {
            let (stream, _) = listener.accept().unwrap();
            let Some(request) = read(&stream) else { continue };
            came.send(request).unwrap();
            match manner {
                Manner::Answer(status) => {
                    let answer = format!(
                        "HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                    );
                    (&stream).write_all(answer.as_bytes()).unwrap();
                }
                Manner::Hang => hung.push(stream),
                Manner::Close => {}
            }
        }
    });
    (address, requests)
}

fn read(stream: &TcpStream) -> Option<Came> {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => {
                let (name, value) = line.split_once(": ").unwrap_or((line, ""));
                head.push(format!("{}: {value}", name.to_ascii_lowercase()));
            }
        }
    }
    let length = head.iter().find_map(|line| line.strip_prefix("content-length: "))?;
    let mut body = vec![0; length.parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    Some(Came { head, body: String::from_utf8(body).ok()? })
}

fn event(n: u32, kind: EventKind) -> Arc<Event> {
    let message = Message {
        id: format!("1-{n}"),
        kind,
        timestamp: 1_700_000_000.5,
        camera_id: 1,
        camera_name: "Gate".to_owned(),
        track: None,
        error: None,
    };
    Arc::new(Event { message, snapshot: Some(Bytes::from_static(b"\xff\xd8\xff")) })
}

/// A hook with all patience.
fn hook(url: String, change: impl FnOnce(&mut config::Webhook)) -> (Arc<Queue>, Hook) {
    patient(url, Duration::from_secs(20), change)
}

/// A hook that waits so long for an answer.
fn patient(
    url: String,
    answer: Duration,
    change: impl FnOnce(&mut config::Webhook),
) -> (Arc<Queue>, Hook) {
    let mut settings = config::Webhook {
        url: Secret::new(url),
        events: EventKind::ALL.map(|(_, kind)| kind).to_vec(),
        secret: None,
        snapshots: false,
    };
    change(&mut settings);
    let queue = Queue::new("webhook1".to_owned(), settings.events.clone());
    let patience = Patience { answer, tries: 4 };
    let hook = Hook::new(settings, Arc::clone(&queue), Clock::start(), patience);
    (queue, hook)
}

/// Delivers events 0 to `events`, then ends; answers delivered, dropped, failures.
fn deliver(queue: &Arc<Queue>, hook: Hook, events: u32) -> [u64; 3] {
    for n in 0..events {
        queue.push(event(n, EventKind::CameraOnline));
    }
    let runs = thread::spawn(move || hook.run());
    let tally = &queue.tally;
    let begun = Clock::start();
    let read =
        || [&tally.delivered, &tally.dropped, &tally.failures].map(|c| c.load(Ordering::Relaxed));
    while read()[..2].iter().sum::<u64>() < u64::from(events) {
        assert!(begun.uptime() < WITHIN, "{:?}", read());
        thread::sleep(Duration::from_millis(5));
    }
    queue.close();
    runs.join().unwrap();
    read()
}

#[test]
fn an_event_is_tried_until_it_is_taken_or_given_up() {
    use Manner::{Answer, Close, Hang};
    for (manners, events, expected) in [
        (vec![Answer(200)], 1, [1, 0, 0]),
        (vec![Answer(500), Answer(503), Answer(204)], 1, [1, 0, 2]),
        (vec![Hang, Answer(200)], 1, [1, 0, 1]),
        (vec![Close, Answer(429), Answer(201)], 1, [1, 0, 2]),
        (vec![Answer(500), Answer(500), Answer(500), Answer(500)], 1, [0, 1, 4]),
        // Not wanted: no second try, and the next event goes on.
        (vec![Answer(410), Answer(200)], 2, [1, 1, 1]),
        (vec![Answer(302)], 1, [0, 1, 1]),
        (vec![Answer(500), Answer(200), Answer(200)], 2, [2, 0, 1]),
    ] {
        let tries = manners.len();
        // Only who hangs is given up, and nobody else for being slow.
        let hangs = manners.iter().any(|manner| matches!(manner, Hang));
        let (url, requests) = server(manners);
        let (queue, hook) = patient(url, Duration::from_secs(if hangs { 2 } else { 20 }), |_| ());
        assert_eq!(deliver(&queue, hook, events), expected);
        let came: Vec<Came> = requests.try_iter().collect();
        assert_eq!(came.len(), tries);
        // A second try is the same event.
        assert_eq!(came[0].header("x-razz-delivery"), Some("1-0"));
        let last = came.last().unwrap();
        let expected = format!("1-{}", events - 1);
        assert_eq!(last.header("x-razz-delivery"), Some(expected.as_str()));
        assert_eq!(last.header("content-type"), Some("application/json"));
    }
}

#[test]
fn nobody_there_is_given_up_in_the_end() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let (queue, hook) = hook(url, |_| ());
    assert_eq!(deliver(&queue, hook, 1), [0, 1, 4]);
    assert!(!queue.tally.up.load(Ordering::Relaxed));
}

#[test]
fn the_signature_is_that_of_timestamp_and_body() {
    let (url, requests) = server(vec![Manner::Answer(200)]);
    let (queue, hook) = hook(url, |settings| {
        settings.secret = Some(Secret::new("s3cret"));
        settings.snapshots = true;
    });
    deliver(&queue, hook, 1);
    let came = requests.recv_timeout(WITHIN).unwrap();
    let timestamp = came.header("x-razz-timestamp").unwrap();
    let signed = came.header("x-razz-signature").unwrap().strip_prefix("sha256=").unwrap();
    // Checked with a key of its own, as the receiver would.
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"s3cret");
    let tag: Vec<u8> =
        (0..32).map(|n| u8::from_str_radix(&signed[2 * n..2 * n + 2], 16).unwrap()).collect();
    let message = format!("{timestamp}.{}", came.body);
    hmac::verify(&key, message.as_bytes(), &tag).expect("the signature is right");
    let other = message.replace("Gate", "Yard");
    assert!(hmac::verify(&key, other.as_bytes(), &tag).is_err(), "it signs the body");
    let body: serde_json::Value = serde_json::from_str(&came.body).unwrap();
    assert_eq!(body["type"], "camera_online");
    assert_eq!((&body["id"], &body["camera_id"]), (&"1-0".into(), &1.into()));
    assert_eq!(body["snapshot_jpeg"], "/9j/");
}

#[test]
fn the_signature_of_a_known_message() {
    // By: printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac key
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"key");
    let expected = "sha256=a438e398bfafc57e4396bb7fc2304422f0f768e965d073ca313cb52e22e6ad03";
    assert_eq!(signature(&key, "1700000000", "{\"a\":1}"), expected);
}

#[test]
fn only_what_is_asked_for_is_told() {
    let (url, requests) = server(vec![Manner::Answer(200)]);
    let (queue, hook) = hook(url, |settings| settings.events = vec![EventKind::CameraOnline]);
    queue.push(event(7, EventKind::TrackStarted));
    assert_eq!(deliver(&queue, hook, 1), [1, 0, 0]);
    let came = requests.recv_timeout(WITHIN).unwrap();
    assert_eq!(came.header("x-razz-delivery"), Some("1-0"));
    assert_eq!(came.header("x-razz-signature"), None, "without a secret nothing is signed");
}
