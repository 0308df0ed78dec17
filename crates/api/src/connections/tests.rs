//! Clients that are slow, silent or many, over a pipe under a clock that stands still, and over the
//! network.

use std::net::IpAddr;
use std::pin::pin;

use axum::routing::{get, post};
use tokio::io::{DuplexStream, duplex};
use tokio::time::advance;

use super::timed::{HEAD, IDLE, STALL};
use super::*;

const HERE: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 4711);
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

fn router() -> Router {
    let slow = || async {
        sleep(Duration::from_secs(300)).await;
        "at last"
    };
    let large = || async { vec![b'x'; 8 << 20] };
    let echo = |body: String| async move { body };
    Router::new()
        .route("/", get(|| async { "fine" }))
        .route("/slow", get(slow))
        .route("/large", get(large))
        .route("/echo", post(echo))
}

/// The client's end of a connection, and the limits that it counts in.
fn connect() -> (DuplexStream, Arc<Limits>) {
    let limits = Limits::new(10, 10, Vec::new());
    let (client, server) = duplex(64 << 10);
    let lease = limits.enter(HERE.ip()).unwrap();
    tokio::spawn(speak(server, HERE, router(), lease));
    (client, limits)
}

/// What comes until the server closes, which has to be after `limit`.
async fn rest(client: &mut DuplexStream, limit: Duration) -> String {
    let mut said = Vec::new();
    {
        let mut reading = pin!(client.read_to_end(&mut said));
        let early = timeout(limit - Duration::from_millis(500), &mut reading).await;
        assert!(early.is_err(), "closed before {limit:?}");
        let _ = timeout(Duration::from_secs(1), reading).await.expect("closed in time");
    }
    String::from_utf8_lossy(&said).into_owned()
}

/// One answer with the body `body`.
async fn answer(client: &mut DuplexStream, body: &str) {
    let mut said = Vec::new();
    while !said.ends_with(body.as_bytes()) {
        assert!(
            client.read_buf(&mut said).await.unwrap() > 0,
            "{}",
            String::from_utf8_lossy(&said)
        );
    }
    assert!(said.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&said));
}

#[tokio::test(start_paused = true)]
async fn who_never_asks_and_who_never_ends_asking_is_hung_up_on() {
    for (sent, told) in [
        (&b""[..], false),
        (b"G", true),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n", true),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: b\r\n\r", true),
    ] {
        let (mut client, limits) = connect();
        client.write_all(sent).await.unwrap();
        let said = rest(&mut client, HEAD).await;
        assert_eq!(said.starts_with("HTTP/1.1 408 ") && said.contains("too-slow"), told, "{said}");
        assert_eq!(said.is_empty(), !told, "{said}");
        assert_eq!(limits.open_now(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_that_drips_has_no_longer() {
    let (mut client, _) = connect();
    client.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n").await.unwrap();
    let mut seconds = 0;
    while client.write_all(b"X-Drip: 1\r\n").await.is_ok() && seconds < 100 {
        seconds += 1;
        sleep(Duration::from_secs(1)).await;
    }
    assert!((9..13).contains(&seconds), "{seconds}");
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_kept_for_a_while_and_each_request_has_its_own_time() {
    let (mut client, limits) = connect();
    for _ in 0..3 {
        client.write_all(REQUEST).await.unwrap();
        answer(&mut client, "fine").await;
        // Longer than a head may take, and shorter than an idle connection is kept.
        sleep(IDLE - Duration::from_secs(5)).await;
    }
    client.write_all(REQUEST).await.unwrap();
    answer(&mut client, "fine").await;
    let said = rest(&mut client, IDLE).await;
    assert!(said.is_empty(), "{said}");
    assert_eq!(limits.open_now(), 0);

    // The second head has ten seconds from its first byte.
    let (mut client, _) = connect();
    client.write_all(REQUEST).await.unwrap();
    answer(&mut client, "fine").await;
    sleep(Duration::from_secs(60)).await;
    client.write_all(b"GET / HT").await.unwrap();
    let said = rest(&mut client, HEAD).await;
    assert!(said.starts_with("HTTP/1.1 408 "), "{said}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_may_take_its_time() {
    let (mut client, _) = connect();
    client.write_all(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    answer(&mut client, "at last").await;
}

#[tokio::test(start_paused = true)]
async fn who_does_not_read_its_answer_is_hung_up_on() {
    let (mut client, limits) = connect();
    client.write_all(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    sleep(STALL + Duration::from_secs(2)).await;
    assert_eq!(limits.open_now(), 0);
    // Who reads slowly gets all of it.
    let (mut client, _) = connect();
    client.write_all(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut got = 0;
    while got < 8 << 20 {
        sleep(Duration::from_secs(5)).await;
        let mut some = vec![0; 256 << 10];
        let read = client.read(&mut some).await.unwrap();
        assert!(read > 0, "{got}");
        got += read;
    }
}

#[tokio::test(start_paused = true)]
async fn several_requests_at_once_are_answered_in_turn() {
    let (mut client, _) = connect();
    let two =
        [REQUEST, REQUEST, b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n"].concat();
    client.write_all(&two).await.unwrap();
    advance(Duration::from_secs(5)).await;
    client.write_all(b"echo").await.unwrap();
    let mut said = Vec::new();
    while !said.ends_with(b"echo") {
        assert!(client.read_buf(&mut said).await.unwrap() > 0);
    }
    assert_eq!(String::from_utf8_lossy(&said).matches("HTTP/1.1 200 ").count(), 3);
}

/// A listener with these limits, and where it is.
async fn listen(limits: &Arc<Limits>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, None, router(), Arc::clone(limits)));
    address
}

/// All that is said to a request, until the connection is closed.
async fn ask(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said).await;
    String::from_utf8_lossy(&said).into_owned()
}

#[tokio::test]
async fn who_finds_no_room_is_told_so() {
    const LAST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    for (most, of_one, said) in
        [(3, 10, "server.connections`"), (10, 3, "connections_per_address`")]
    {
        let limits = Limits::new(most, of_one, Vec::new());
        let address = listen(&limits).await;
        let mut silent = Vec::new();
        for _ in 0..3 {
            silent.push(TcpStream::connect(address).await.unwrap());
        }
        let refused = ask(address, LAST).await;
        assert!(refused.starts_with("HTTP/1.1 503 ") && refused.contains(said), "{refused}");
        assert!(
            refused.contains("\r\nRetry-After: ") && refused.contains("\r\nConnection: close\r\n")
        );
        let body = refused.split("\r\n\r\n").nth(1).unwrap();
        assert!(refused.contains(&format!("Content-Length: {}\r\n", body.len())), "{refused}");
        silent.pop();
        let answered = timeout(Duration::from_secs(5), async {
            loop {
                let answer = ask(address, LAST).await;
                if answer.starts_with("HTTP/1.1 200 ") {
                    return;
                }
            }
        });
        answered.await.expect("the place is free again");
    }
}
