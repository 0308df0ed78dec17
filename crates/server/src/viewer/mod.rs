//! Viewers: browsers' WebRTC sessions, all over one port, UDP and TCP.
//!
//! ```text
//! WHEP, RTSPtoWebRTC ──► Viewers (handle) ─────────► shard 0..n: sessions, deadlines, sending
//! cameras ─── access units ───────────────────────►    ▲
//! UDP socket, TCP connections ──► ports: demux ────────┘
//! ```
//!
//! There is one shard per core, each a thread with sessions of its own. One more thread receives for
//! all of them: what viewers send is little beside what they get, one socket finds every session
//! wherever its datagrams come from (with `SO_REUSEPORT` the kernel would choose the shard by
//! address, before anybody knows whose address it is), and a flood that is meant for nobody is
//! thrown away there without a shard noticing. Sending needs no handing on: every shard writes to
//! the same socket.

mod addresses;
mod dispatch;
mod ports;
mod send;
mod shard;
mod tcp;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use razz_media::ring::Unit;
pub(crate) use razz_viewer::SessionId;
use razz_viewer::demux::Demux;
use razz_viewer::{OfferError, Terms};
use tokio::sync::oneshot;

use crate::camera::{Camera, UnitSink};
use crate::wire::ViewerSession;
use dispatch::Dispatch;
use razz_base::CameraState;
use razz_config as config;
use razz_observe::clock::Clock;
use razz_observe::telemetry::Telemetry;

#[cfg(test)]
mod tests;

pub(crate) use ports::{Ports, bind};

/// Why a viewer was not let in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// No answer to this offer.
    #[error("{0}")]
    Offer(#[from] OfferError),
    /// The camera's video cannot be given to browsers.
    #[error("{0}")]
    Unsupported(String),
    /// The setting says no more.
    #[error("all {0} places for viewers are taken (setting `{1}`)")]
    Full(usize, &'static str),
    /// More at once than can be served.
    #[error("the server is busy with other viewers")]
    Busy,
    /// The server is going down.
    #[error("the server is stopping")]
    Stopping,
    /// There is no such session (any more).
    #[error("the session has ended, or never was")]
    Unknown,
}

/// A session that was opened.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) id: SessionId,
    /// The complete answer: no candidates follow.
    pub(crate) answer: String,
    /// Names its ICE session, until ICE is restarted.
    pub(crate) ice: String,
}

/// ICE was restarted.
#[derive(Debug)]
pub(crate) struct Restarted {
    /// Our SDP fragment.
    pub(crate) fragment: String,
    /// Names the ICE session from now on.
    pub(crate) ice: String,
}

/// What a shard is asked.
enum Command {
    Open {
        id: SessionId,
        camera: Arc<Camera>,
        offer: String,
        reply: oneshot::Sender<Result<Opened, OpenError>>,
    },
    RestartIce {
        id: SessionId,
        fragment: String,
        reply: oneshot::Sender<Result<Restarted, OpenError>>,
    },
    Close {
        id: SessionId,
        reply: oneshot::Sender<bool>,
    },
    Ice {
        id: SessionId,
        reply: oneshot::Sender<Option<String>>,
    },
    Ask {
        id: SessionId,
        reply: oneshot::Sender<Option<ViewerSession>>,
    },
    Stop {
        reply: oneshot::Sender<bool>,
    },
}

/// What all shards and the ports share.
struct Shared {
    /// What sessions have in common; candidates may change when a host name resolves to another
    /// address.
    terms: RwLock<Arc<Terms>>,
    demux: Mutex<Demux>,
    total: AtomicUsize,
    counters: Counters,
    telemetry: Telemetry,
    clock: Clock,
}

impl Shared {
    fn terms(&self) -> Arc<Terms> {
        Arc::clone(&self.terms.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn demux(&self) -> MutexGuard<'_, Demux> {
        self.demux.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is counted over all viewers since start.
#[derive(Default)]
pub(crate) struct Counters {
    /// Datagrams sent.
    pub(crate) sent: AtomicU64,
    /// System calls that it took.
    pub(crate) sends: AtomicU64,
    /// Datagrams that the system, or a TCP connection, did not take.
    pub(crate) unsent: AtomicU64,
    /// Datagrams received that were for no session.
    pub(crate) strays: AtomicU64,
    /// Datagrams dropped because a shard had too many waiting.
    pub(crate) dropped: AtomicU64,
    /// GOPs replayed.
    pub(crate) replays: AtomicU64,
    /// Times that a viewer had to wait for the next IDR.
    pub(crate) waits: AtomicU64,
    /// Key frames asked for.
    pub(crate) keyframe_requests: AtomicU64,
}

/// The way to the viewer sessions.
#[derive(Clone)]
pub(crate) struct Viewers {
    shards: Arc<[shard::Way]>,
    shared: Arc<Shared>,
    limits: config::Viewers,
    /// Places taken, sessions and such as are being opened.
    places: Arc<AtomicUsize>,
    /// Where media flows, as bound.
    pub(crate) udp: SocketAddr,
}

impl Viewers {
    /// Starts a shard per core and the thread that receives for them.
    pub(crate) fn start(
        ports: Ports,
        advertise: &[String],
        limits: config::Viewers,
        telemetry: Telemetry,
        clock: Clock,
    ) -> std::io::Result<Self> {
        let udp = ports.address()?;
        let count = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let terms = Terms {
            epoch: clock.instant(razz_base::MonoTime::from_us(0)),
            certificate: str0m::crypto::from_feature_flags().dtls_provider.generate_certificate(),
            udp: Vec::new(),
            tcp: Vec::new(),
            replay_bits_per_second: limits.replay_mbps * 1_000_000,
        };
        let addresses = addresses::Addresses::new(udp, advertise, ports.has_tcp());
        let terms = addresses.resolve(&terms);
        tracing::info!(udp = %udp, candidates = ?terms.udp, shards = count, "viewers");
        let shared = Arc::new(Shared {
            terms: RwLock::new(Arc::new(terms)),
            demux: Mutex::default(),
            total: AtomicUsize::new(0),
            counters: Counters::default(),
            telemetry,
            clock,
        });
        let shards = (0..count.min(usize::from(u8::MAX)))
            .map(|n| shard::start(n, ports.sender()?, Arc::clone(&shared)))
            .collect::<std::io::Result<Arc<[_]>>>()?;
        ports.start(Arc::clone(&shards), Arc::clone(&shared), addresses, limits.max)?;
        let places = Arc::default();
        Ok(Self { shards, shared, limits, places, udp })
    }

    /// The way of access units to the shards.
    pub(crate) fn unit_sink(&self) -> UnitSink {
        let shards = Arc::clone(&self.shards);
        UnitSink::new(move |unit: &Arc<Unit>| {
            let dispatch = Arc::new(Dispatch::new(unit, shards.len()));
            shards.iter().for_each(|shard| shard.unit(&dispatch));
        })
    }

    /// Answers an offer.
    pub(crate) async fn open(
        &self,
        camera: &Arc<Camera>,
        offer: String,
    ) -> Result<Opened, OpenError> {
        let limits = &self.limits;
        {
            let status = camera.status();
            if status.state == CameraState::Unsupported {
                let advice = status.advice.first().or(status.last_error.as_ref());
                return Err(OpenError::Unsupported(advice.cloned().unwrap_or_default()));
            }
        }
        // Many may ask at once: those who wait for their answer count.
        let _place = Place::take(&self.places);
        let waiting = self.places.load(Ordering::Relaxed);
        if self.count() + waiting > limits.max {
            return Err(OpenError::Full(limits.max, "viewers.max"));
        }
        if camera.viewer_count() >= limits.max_per_camera {
            return Err(OpenError::Full(limits.max_per_camera, "viewers.max_per_camera"));
        }
        let shard = (0..self.shards.len()).min_by_key(|n| self.shards[*n].load()).unwrap_or(0);
        // The last byte says which shard has it.
        let id = rand::random::<SessionId>() & !0xFF | shard as SessionId;
        let (camera, (reply, answer)) = (Arc::clone(camera), oneshot::channel());
        self.shards[shard].command(Command::Open { id, camera, offer, reply })?;
        answer.await.map_err(|_| OpenError::Stopping)?
    }

    /// Restarts a session's ICE with the peer's SDP fragment; answers ours.
    pub(crate) async fn restart_ice(
        &self,
        id: SessionId,
        fragment: String,
    ) -> Result<Restarted, OpenError> {
        let shard = self.shard_of(id).ok_or(OpenError::Unknown)?;
        let (reply, answer) = oneshot::channel();
        shard.command(Command::RestartIce { id, fragment, reply })?;
        answer.await.map_err(|_| OpenError::Stopping)?
    }

    /// Ends a session; false when there is none of this id.
    pub(crate) async fn close(&self, id: SessionId) -> bool {
        let Some(shard) = self.shard_of(id) else { return false };
        let (reply, answer) = oneshot::channel();
        shard.command(Command::Close { id, reply }).is_ok() && answer.await.unwrap_or(false)
    }

    /// The name of a session's current ICE session; `None` when there is no session of this id.
    pub(crate) async fn ice(&self, id: SessionId) -> Option<String> {
        let (reply, answer) = oneshot::channel();
        self.shard_of(id)?.command(Command::Ice { id, reply }).ok()?;
        answer.await.ok().flatten()
    }

    /// How a session goes; `None` when there is none of this id.
    pub(crate) async fn ask(&self, id: SessionId) -> Option<ViewerSession> {
        let (reply, answer) = oneshot::channel();
        self.shard_of(id)?.command(Command::Ask { id, reply }).ok()?;
        answer.await.ok().flatten()
    }

    fn shard_of(&self, id: SessionId) -> Option<&shard::Way> {
        self.shards.get(usize::from(id as u8))
    }

    /// Ends every session: the peers are told.
    pub(crate) async fn stop(&self) {
        for shard in self.shards.iter() {
            let (reply, answer) = oneshot::channel();
            if shard.command(Command::Stop { reply }).is_ok() {
                let _ = answer.await;
            }
        }
    }

    /// How many sessions there are.
    pub(crate) fn count(&self) -> usize {
        self.shared.total.load(Ordering::Relaxed)
    }

    /// What was counted.
    pub(crate) fn counters(&self) -> &Counters {
        &self.shared.counters
    }
}

/// Counts while it lives.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(places: &'a AtomicUsize) -> Self {
        places.fetch_add(1, Ordering::Relaxed);
        Self(places)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
