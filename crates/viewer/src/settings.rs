//! What a session needs of the server around it: answers to its requests, the way out, and what all
//! sessions have in common.

use std::net::SocketAddr;
use std::time::Instant;

use razz_base::{MediaTime, StreamKind};
use str0m::Candidate;
use str0m::config::DtlsCert;
use str0m::net::{Protocol, TcpType};
use tracing::warn;

/// What a session asks about its camera in the middle of a flush. Whoever drives it answers at once
/// and flushes again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Request {
    /// How long it is until the next IDR is due; answered by
    /// [`Session::handle_next_idr`](crate::Session::handle_next_idr).
    NextIdr {
        /// The time is counted from this access unit on.
        after: MediaTime,
    },
    /// The current GOP; answered by [`Session::handle_replay`](crate::Session::handle_replay).
    Replay,
    /// An IDR of an encoding that razz makes, as soon as may be; there is no answer.
    KeyFrame {
        /// Which encoding.
        kind: StreamKind,
        /// One of a picture after this one: what was sent already is of no use.
        after: Option<MediaTime>,
    },
}

/// Where datagrams go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Route {
    /// Over UDP or TCP.
    pub proto: Protocol,
    /// Our address.
    pub source: SocketAddr,
    /// The viewer's.
    pub destination: SocketAddr,
}

/// Where a session's datagrams go.
pub trait Outlet {
    /// Sends one of `length` bytes; `write` fills all of them where they leave from, once. What cannot be sent
    /// is lost, as on any network.
    fn send(&mut self, route: Route, length: usize, write: &mut dyn FnMut(&mut [u8]));
    /// Whether media may be sent there now. Where not, it waits in the session, and when that takes
    /// too long the session jumps to the next IDR.
    fn has_room(&mut self, proto: Protocol, destination: SocketAddr) -> bool;
}

/// What all sessions of a server have in common.
#[derive(Clone)]
pub struct SessionSettings {
    /// The `Instant` of mono time 0.
    pub epoch: Instant,
    /// Shared, since making one takes longer than a handshake.
    pub certificate: Option<DtlsCert>,
    /// Where browsers are told to send to over UDP.
    pub udp: Vec<SocketAddr>,
    /// Where they may connect to over TCP (RFC 6544, passive).
    pub tcp: Vec<SocketAddr>,
    /// How fast a replay goes out. Raising it brings a viewer to the live picture sooner, and
    /// overruns slower links.
    pub replay_bits_per_second: u64,
    /// Whether a viewer whose path does not carry the camera's stream gets a smaller one, where there is
    /// one ([`Session::set_steps`](crate::Session::set_steps)).
    pub adapt: bool,
}

impl SessionSettings {
    /// The ICE candidates of the answer.
    pub(crate) fn candidates(&self) -> Vec<Candidate> {
        let udp = self.udp.iter().map(|address| Candidate::host(*address, Protocol::Udp));
        let tcp = self.tcp.iter().map(|address| {
            // The browser connects to us (RFC 6544 section 4.5).
            Candidate::builder().tcp().host(*address).tcptype(TcpType::Passive).build()
        });
        let mut all = Vec::new();
        for candidate in udp.chain(tcp) {
            match candidate {
                Ok(candidate) => all.push(candidate),
                Err(error) => warn!("an address of ours is no ICE candidate: {error}"),
            }
        }
        all
    }
}
