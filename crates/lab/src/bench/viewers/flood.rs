//! Forged datagrams at a steady rate, to the port that a server takes media on: what comes over the
//! internet to any open UDP port, and more of it.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use razz_observe::clock::Clock;

/// Sent in bursts of as long.
const BURST: Duration = Duration::from_millis(2);
/// They come from so many ports.
const PORTS: usize = 64;

/// A flood under way.
pub(super) struct Flood {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<u64>,
}

/// Begins to send `rate` datagrams a second to `target`; `None` where there is nothing to send, or
/// nowhere to send it.
pub(super) fn start(rate: u32, target: Option<SocketAddr>, clock: Clock) -> Option<Flood> {
    let target = target.filter(|_| rate > 0)?;
    let stop = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stop);
    let thread = std::thread::spawn(move || pour(rate, target, clock, &told));
    Some(Flood { stop, thread })
}

impl Flood {
    /// Ends it; answers how many were sent.
    pub(super) fn stop(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap_or_default()
    }
}

fn pour(rate: u32, target: SocketAddr, clock: Clock, stop: &AtomicBool) -> u64 {
    let any: SocketAddr =
        if target.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0u16; 8], 0).into() };
    let sockets: Vec<UdpSocket> = (0..PORTS).filter_map(|_| UdpSocket::bind(any).ok()).collect();
    if sockets.is_empty() {
        return 0;
    }
    let forged = forged();
    let (start, mut sent) = (clock.mono(), 0u64);
    while !stop.load(Ordering::Relaxed) {
        let due = clock.mono().since_us(start).unsigned_abs() * u64::from(rate) / 1_000_000;
        while sent < due {
            // Every port sends every kind.
            let n = sent as usize;
            let datagram = &forged[n % forged.len()];
            // What the system does not take is no datagram of the flood, nor worth waiting for.
            let _ = sockets[n / forged.len() % sockets.len()].send_to(datagram, target);
            sent += 1;
        }
        std::thread::sleep(BURST);
    }
    sent
}

/// One of each protocol on such a port (RFC 7983 section 7), and of none: a check for a name that
/// nobody has, a DTLS handshake record, RTP, RTCP.
fn forged() -> [Vec<u8>; 5] {
    let mut check = b"\0\x01\0\x08\x21\x12\xa4\x42".to_vec();
    check.extend(rand::random::<[u8; 12]>());
    check.extend(b"\0\x06\0\x03x:y\0");
    let with = |head: &[u8], length: usize| {
        let mut datagram = head.to_vec();
        datagram.resize_with(length, rand::random);
        datagram
    };
    [
        check,
        with(&[22, 254, 253, 0, 0], 200),
        with(&[0x80, 96], 1200),
        with(&[0x81, 206, 0, 2], 60),
        with(&[255], 100),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_its_rate_and_ends() {
        let clock = Clock::start();
        let sink = UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = sink.local_addr().ok();
        assert!(start(0, to, clock).is_none() && start(9, None, clock).is_none());
        let began = clock.mono();
        let flood = start(2_000, to, clock).expect("it has a rate and a target");
        sink.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut buffer = [0; 2048];
        let mut kinds = std::collections::BTreeSet::new();
        for _ in 0..400 {
            let length = sink.recv(&mut buffer).unwrap();
            kinds.insert(length);
        }
        let sent = flood.stop();
        assert_eq!(kinds.into_iter().collect::<Vec<_>>(), [28, 60, 100, 200, 1200]);
        let most = clock.mono().since_us(began).unsigned_abs() * 2_000 / 1_000_000;
        assert!((400..=most).contains(&sent), "{sent} of at most {most}");
    }
}
