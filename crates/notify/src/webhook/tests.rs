//! Webhooks against a server of the test's own that fails, hangs, and checks what comes.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::*;
use crate::events::Queue;
use crate::testing::{Came, Manner, WITHIN, deliver, event, server};
use razz_base::EventKind;
use razz_config::redact::Secret;

/// A hook with all patience.
fn hook(address: &str, change: impl FnOnce(&mut config::Webhook)) -> (Arc<Queue>, Hook) {
    patient(address, Duration::from_secs(20), change)
}

/// A hook that waits so long for an answer.
fn patient(
    address: &str,
    answer: Duration,
    change: impl FnOnce(&mut config::Webhook),
) -> (Arc<Queue>, Hook) {
    let mut settings = config::Webhook {
        url: Secret::new(format!("{address}/hook?token=hunter2")),
        events: EventKind::ALL.map(|(_, kind)| kind).to_vec(),
        secret: None,
        snapshots: false,
    };
    change(&mut settings);
    let queue = Queue::new("webhook1".to_owned(), settings.events.clone());
    (queue, Hook::new(settings, Clock::start(), answer))
}

fn online(events: u32) -> Vec<Event> {
    (0..events).map(|n| event(n, EventKind::CameraOnline)).collect()
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
        let (queue, hook) = patient(&url, Duration::from_secs(if hangs { 2 } else { 20 }), |_| ());
        assert_eq!(deliver(&queue, hook, online(events)), expected);
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
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let (queue, hook) = hook(&url, |_| ());
    assert_eq!(deliver(&queue, hook, online(1)), [0, 1, 4]);
    assert!(!queue.tally.up.load(Ordering::Relaxed));
}

#[test]
fn the_signature_is_that_of_timestamp_and_body() {
    let (url, requests) = server(vec![Manner::Answer(200)]);
    let (queue, hook) = hook(&url, |settings| {
        settings.secret = Some(Secret::new("s3cret"));
        settings.snapshots = true;
    });
    deliver(&queue, hook, online(1));
    let came = requests.recv_timeout(WITHIN).unwrap();
    let timestamp = came.header("x-razz-timestamp").unwrap();
    let signed = came.header("x-razz-signature").unwrap().strip_prefix("sha256=").unwrap();
    // Checked with a key of its own, as the receiver would.
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"s3cret");
    let tag: Vec<u8> =
        (0..32).map(|n| u8::from_str_radix(&signed[2 * n..2 * n + 2], 16).unwrap()).collect();
    let message = format!("{timestamp}.{}", came.text());
    hmac::verify(&key, message.as_bytes(), &tag).expect("the signature is right");
    let other = message.replace("Gate", "Yard");
    assert!(hmac::verify(&key, other.as_bytes(), &tag).is_err(), "it signs the body");
    let body = came.json();
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
    let (queue, hook) = hook(&url, |settings| settings.events = vec![EventKind::CameraOnline]);
    queue.push(Arc::new(event(7, EventKind::TrackStarted)));
    assert_eq!(deliver(&queue, hook, online(1)), [1, 0, 0]);
    let came = requests.recv_timeout(WITHIN).unwrap();
    assert_eq!(came.header("x-razz-delivery"), Some("1-0"));
    assert_eq!(came.header("x-razz-signature"), None, "without a secret nothing is signed");
}

#[test]
fn an_alert_says_which_and_where_to_look() {
    let (url, requests) = server(vec![Manner::Answer(200)]);
    let (queue, hook) = hook(&url, |_| ());
    assert_eq!(deliver(&queue, hook, vec![crate::testing::alert()]), [1, 0, 0]);
    let body = requests.recv_timeout(WITHIN).unwrap().json();
    assert_eq!(
        body,
        serde_json::json!({
            "id": "1-0", "type": "alert_firing", "timestamp": 1_700_000_000.5,
            "camera_id": 1, "camera_name": "Gate",
            "alert": {
                "id": "abc-1-1", "rule": "Zaun über Nacht", "state": "firing",
                "words": "Somebody crossed Fence of Gate in (+2 more)",
                "area": "Fence", "class": "person", "since": 1_700_000_000.0, "count": 3
            },
            "link": "https://razz.example/playback.html?at=90k:90000&camera=1"
        })
    );
}
