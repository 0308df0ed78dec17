//! A viewer's TCP connection as its session sees it: a bounded queue of framed datagrams.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use razz_viewer::framing;
use tokio::sync::{Notify, mpsc};

/// Bytes on their way into a connection from which on media waits. Raising it delays a slow
/// viewer's picture by as much; lowering it costs throughput on long paths.
const ROOM_BYTES: usize = 128 << 10;
/// What is never exceeded: reports and checks go out when there is no room for media.
const MAX_BYTES: usize = 256 << 10;
/// Datagrams that may wait.
pub(crate) const MAX_WAITING: usize = 512;

/// A connection as its session sees it.
pub(crate) struct Connection {
    pub(crate) peer: SocketAddr,
    pub(crate) waiting: mpsc::Sender<Vec<u8>>,
    pub(crate) bytes: Arc<AtomicUsize>,
    pub(crate) closed: Notify,
}

impl Connection {
    /// Queues a datagram; false when the connection takes no more.
    pub(crate) fn send(&self, datagram: &[u8]) -> bool {
        if self.bytes.load(Ordering::Relaxed) + datagram.len() > MAX_BYTES {
            return false;
        }
        let mut framed = Vec::with_capacity(datagram.len() + 2);
        if !framing::frame(datagram, &mut framed) {
            return false;
        }
        let length = framed.len();
        self.bytes.fetch_add(length, Ordering::Relaxed);
        let taken = self.waiting.try_send(framed).is_ok();
        if !taken {
            self.bytes.fetch_sub(length, Ordering::Relaxed);
        }
        taken
    }

    /// Whether media may be queued.
    pub(crate) fn has_room(&self) -> bool {
        self.bytes.load(Ordering::Relaxed) < ROOM_BYTES
    }

    /// Ends the connection.
    pub(crate) fn close(&self) {
        self.closed.notify_one();
    }
}
