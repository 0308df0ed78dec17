//! What a session needs of the server around it: the camera, the way out, and what all sessions have
//! in common.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use razz_base::MediaTime;
use razz_media::ring::Unit;
use str0m::Candidate;
use str0m::config::DtlsCert;
use str0m::net::{Protocol, TcpType, Transmit};
use tracing::warn;

use crate::format::Video;

/// The camera as a session sees it.
pub trait Feed: Send + Sync {
    /// The current GOP from its IDR on, if it is whole and undamaged.
    fn replay(&self) -> Option<Vec<Arc<Unit>>>;
    /// µs of media time until the next IDR is due, if known.
    fn next_idr_us(&self, now: MediaTime) -> Option<i64>;
    /// What it sends.
    fn video(&self) -> Video;
}

/// Where a session's datagrams go.
pub trait Outlet {
    /// Sends one. What cannot be sent is lost, as on any network.
    fn send(&mut self, transmit: Transmit);
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

/// Why an offer has no answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OfferError {
    /// Not SDP, or an offer that cannot be answered.
    #[error("the offer cannot be answered: {0}")]
    Bad(String),
    /// The offer has no H.264 that fits.
    #[error("the offer has no video section with H.264 in packetization mode 1")]
    NoH264,
    /// The camera sends H.265, and the offer has none of its profile.
    #[error(
        "the camera sends H.265 ({profile} profile), which this browser does not take: set the \
         camera's video codec to H.264, or use a browser that plays H.265 over WebRTC"
    )]
    NoH265 {
        /// The camera's.
        profile: &'static str,
    },
    /// The camera's H.265 is of a higher level than the offer takes.
    #[error(
        "the camera sends H.265 of level {}, and this browser takes {} at most: lower the camera's \
         resolution or frame rate, or set its video codec to H.264",
        f32::from(*sent) / 30.0,
        f32::from(*taken) / 30.0
    )]
    H265Level {
        /// The camera's, times thirty.
        sent: u8,
        /// The offer's, times thirty.
        taken: u8,
    },
}
