//! The way out of a shard: datagrams of one frame to one viewer leave in one system call (UDP
//! segmentation offload), or go to its TCP connection.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use quinn_udp::{UdpSockRef, UdpSocketState};
use razz_viewer::{Outlet, Route};
use str0m::net::Protocol;

use super::Counters;
use super::connection::Connection;

/// The kernel takes no more bytes in one call than fit one IP packet's length.
const MAX_BATCH_BYTES: usize = 60_000;

/// The socket as a shard uses it.
pub(crate) struct Sender {
    pub(crate) socket: std::net::UdpSocket,
    pub(crate) io: UdpSocketState,
    pub(crate) is_ipv6: bool,
    /// Whether datagrams are to leave from the very address that the viewer sent to: only where the
    /// socket is bound to all of them.
    pub(crate) choose_source: bool,
}

/// Datagrams of equal size to one address, gathered until another is due.
pub(crate) struct Batch {
    bytes: Vec<u8>,
    /// Size of each but the last, which may be smaller.
    segment: usize,
    count: usize,
    closed: bool,
    destination: SocketAddr,
    source: IpAddr,
}

impl Batch {
    pub(crate) fn new() -> Self {
        let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
        Self {
            bytes: Vec::with_capacity(MAX_BATCH_BYTES),
            segment: 0,
            count: 0,
            closed: false,
            destination: nowhere,
            source: nowhere.ip(),
        }
    }

    fn takes(&self, route: &Route, length: usize, most: usize) -> bool {
        self.count > 0
            && self.count < most
            && !self.closed
            && length <= self.segment
            && self.bytes.len() + length <= MAX_BATCH_BYTES
            && self.destination == route.destination
            && self.source == route.source.ip()
    }

    /// Where a datagram of `length` bytes is to be written.
    fn add(&mut self, route: &Route, length: usize) -> &mut [u8] {
        if self.count == 0 {
            self.segment = length;
            self.destination = route.destination;
            self.source = route.source.ip();
            self.closed = false;
        }
        self.closed |= length < self.segment;
        self.count += 1;
        let begin = self.bytes.len();
        self.bytes.resize(begin + length, 0);
        &mut self.bytes[begin..]
    }
}

/// The way out for one session.
pub(crate) struct SessionOutlet<'a> {
    pub(crate) sender: &'a Sender,
    pub(crate) batch: &'a mut Batch,
    pub(crate) connections: &'a [Arc<Connection>],
    pub(crate) counters: &'a Counters,
    /// Datagrams handed over.
    pub(crate) handed: usize,
    /// Bytes of the datagrams that were taken.
    pub(crate) sent_bytes: usize,
}

impl SessionOutlet<'_> {
    /// Sends what was gathered.
    pub(crate) fn finish(&mut self) {
        let batch = &mut *self.batch;
        if batch.count == 0 {
            return;
        }
        let destination = match batch.destination {
            SocketAddr::V4(v4) if self.sender.is_ipv6 => {
                SocketAddr::new(v4.ip().to_ipv6_mapped().into(), v4.port())
            }
            other => other,
        };
        let choose = self.sender.choose_source && !batch.source.is_unspecified();
        let transmit = quinn_udp::Transmit {
            destination,
            ecn: None,
            contents: &batch.bytes,
            segment_size: (batch.count > 1).then_some(batch.segment),
            src_ip: choose.then_some(batch.source),
        };
        let sender = self.sender;
        let mut outcome = sender.io.try_send(UdpSockRef::from(&sender.socket), &transmit);
        if choose
            && matches!(&outcome, Err(error) if error.kind() != std::io::ErrorKind::WouldBlock)
        {
            // An advertised address is the NAT's, not one of this host.
            let transmit = quinn_udp::Transmit { src_ip: None, ..transmit };
            outcome = sender.io.try_send(UdpSockRef::from(&sender.socket), &transmit);
        }
        let count = batch.count as u64;
        // UDP may lose: the peer asks again. What the system refuses is counted.
        let counter = if outcome.is_ok() {
            self.sent_bytes += batch.bytes.len();
            &self.counters.sent
        } else {
            &self.counters.unsent
        };
        counter.fetch_add(count, Ordering::Relaxed);
        self.counters.sends.fetch_add(1, Ordering::Relaxed);
        batch.bytes.clear();
        batch.count = 0;
    }

    fn connection(&self, destination: SocketAddr) -> Option<&Arc<Connection>> {
        self.connections.iter().find(|connection| connection.peer == destination)
    }
}

impl Outlet for SessionOutlet<'_> {
    fn send(&mut self, route: Route, length: usize, write: &mut dyn FnMut(&mut [u8])) {
        self.handed += 1;
        if route.proto == Protocol::Udp {
            if !self.batch.takes(&route, length, self.sender.io.max_gso_segments()) {
                self.finish();
            }
            write(self.batch.add(&route, length));
            return;
        }
        let mut datagram = vec![0; length];
        write(&mut datagram);
        let taken =
            self.connection(route.destination).is_some_and(|connection| connection.send(&datagram));
        let counter = if taken {
            self.sent_bytes += length;
            &self.counters.sent
        } else {
            &self.counters.unsent
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    fn has_room(&mut self, proto: Protocol, destination: SocketAddr) -> bool {
        proto == Protocol::Udp
            || self.connection(destination).is_some_and(|connection| connection.has_room())
    }
}
