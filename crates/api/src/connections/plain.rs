//! Answers to who has no request yet, written as they go over the wire.

use std::time::Duration;

use crate::wire::{Problem, ProblemKind};

/// To who takes too long to ask.
pub(super) fn too_slow(most: Duration) -> String {
    let detail = format!("a request's head has to be here within {} s", most.as_secs());
    answer("408 Request Timeout", ProblemKind::TooSlow, &detail, "")
}

/// To who finds no room.
pub(super) fn full(detail: &str) -> String {
    answer("503 Service Unavailable", ProblemKind::Busy, detail, "Retry-After: 10\r\n")
}

fn answer(status: &str, kind: ProblemKind, detail: &str, headers: &str) -> String {
    let body = Problem::new(kind, detail).to_json();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n\
         X-Content-Type-Options: nosniff\r\nContent-Security-Policy: default-src 'none'\r\n\
         {headers}Connection: close\r\n\r\n{body}",
        Problem::MEDIA_TYPE,
        body.len(),
    )
}
