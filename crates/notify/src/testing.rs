//! A receiver of the tests' own that fails, hangs, and shows what came.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, channel};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use razz_base::EventKind;
use razz_observe::clock::Clock;

use crate::delivery::{Receiver, run};
use crate::events::{Event, Queue};
use crate::message::{EventAlert, Message};

pub(crate) const WITHIN: Duration = Duration::from_secs(20);
/// Tries of an event.
pub(crate) const TRIES: u32 = 4;
/// What a snapshot is.
pub(crate) const JPEG: &[u8] = b"\xff\xd8\xff";

/// What the server does with a request.
#[derive(Clone, Copy)]
pub(crate) enum Manner {
    Answer(u16),
    /// Neither answers nor closes.
    Hang,
    /// Closes at once.
    Close,
}

/// A request as it came: its first line, header lines with names in lower case, and the body.
pub(crate) struct Came {
    pub(crate) line: String,
    pub(crate) head: Vec<String>,
    pub(crate) body: Vec<u8>,
}

impl Came {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.iter().find_map(|line| line.strip_prefix(&format!("{name}: ")))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A server that treats one request after the other as told; answers its address and what comes.
pub(crate) fn server(manners: Vec<Manner>) -> (String, mpsc::Receiver<Came>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
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
    let mut first = String::new();
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line if first.is_empty() => line.clone_into(&mut first),
            line => {
                let (name, value) = line.split_once(": ").unwrap_or((line, ""));
                head.push(format!("{}: {value}", name.to_ascii_lowercase()));
            }
        }
    }
    let length = head.iter().find_map(|line| line.strip_prefix("content-length: "))?;
    let mut body = vec![0; length.parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    Some(Came { line: first, head, body })
}

/// An event with a snapshot.
pub(crate) fn event(n: u32, kind: EventKind) -> Event {
    let message = Message {
        id: format!("1-{n}"),
        kind,
        timestamp: 1_700_000_000.5,
        camera_id: 1,
        camera_name: "Gate".to_owned(),
        track: None,
        alert: None,
        fact: None,
        link: None,
        error: None,
    };
    Event { message, snapshot: Some(Bytes::from_static(JPEG)) }
}

/// Somebody crossed a line, with a link and a snapshot.
pub(crate) fn alert() -> Event {
    let mut event = event(0, EventKind::AlertFiring);
    event.message.link =
        Some("https://razz.example/playback.html?at=90k:90000&camera=1".to_owned());
    event.message.alert = Some(EventAlert {
        id: "abc-1-1".to_owned(),
        rule: "Zaun über Nacht".to_owned(),
        state: "firing",
        words: "Somebody crossed Fence of Gate in (+2 more)".to_owned(),
        area: Some("Fence".to_owned()),
        class: Some("person".to_owned()),
        since: 1_700_000_000.0,
        until: None,
        count: 3,
    });
    event
}

/// Delivers these, then ends; answers delivered, dropped, failures.
pub(crate) fn deliver(queue: &Arc<Queue>, receiver: impl Receiver, events: Vec<Event>) -> [u64; 3] {
    let count = events.len() as u64;
    events.into_iter().for_each(|event| queue.push(Arc::new(event)));
    let runs = {
        let queue = Arc::clone(queue);
        thread::spawn(move || run(&receiver, &queue, TRIES))
    };
    let tally = &queue.tally;
    let begun = Clock::start();
    let read =
        || [&tally.delivered, &tally.dropped, &tally.failures].map(|c| c.load(Ordering::Relaxed));
    while read()[..2].iter().sum::<u64>() < count {
        assert!(begun.uptime() < WITHIN, "{:?}", read());
        thread::sleep(Duration::from_millis(5));
    }
    queue.close();
    runs.join().unwrap();
    read()
}
