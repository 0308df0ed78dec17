//! Viewers: browsers' WebRTC sessions, all over one port, UDP and TCP.
//!
//! ```text
//! WHEP, RTSPtoWebRTC ──► Viewers (handle) ─────────► shard 0..n: sessions, deadlines, sending
//! hub: the streams that a shard has viewers of ───►    ▲
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
mod connection;
mod inbox;
mod openers;
mod ports;
mod rungs;
mod send;
mod shard;
mod tcp;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

pub use razz_viewer::SessionId;
use razz_viewer::demux::Demux;
pub use razz_viewer::{Demand, Why};
use razz_viewer::{OfferError, Session, SessionSettings, Video, short};
use tokio::sync::oneshot;

use razz_base::{CameraState, Quality, Size, StreamKind};
use razz_config as config;
use razz_hub::Camera;
use razz_observe::clock::Clock;
use razz_observe::telemetry::Telemetry;

#[cfg(test)]
mod tests;

pub use openers::Opener;
pub use ports::{Ports, bind};

/// Why a viewer was not let in.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No answer to this offer.
    #[error("{0}")]
    Offer(#[from] OfferError),
    /// The camera's video cannot be given to browsers.
    #[error("{0}")]
    Unsupported(String),
    /// The setting says no more.
    #[error("all {0} places for viewers are taken (setting `{1}`)")]
    Full(usize, &'static str),
    /// So many sessions of the opener are connecting.
    #[error("{0} sessions of this token or address have not connected yet; wait until they have")]
    Connecting(usize),
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
pub struct Opened {
    /// Its number.
    pub id: SessionId,
    /// The complete answer: no candidates follow.
    pub answer: String,
    /// Names its ICE session, until ICE is restarted.
    pub ice: String,
}

/// ICE was restarted.
#[derive(Debug)]
pub struct Restarted {
    /// Our SDP fragment.
    pub fragment: String,
    /// Names the ICE session from now on.
    pub ice: String,
}

/// What became of a session.
#[derive(Clone, PartialEq, Debug)]
pub struct SessionStatus {
    /// Nothing is sent until the camera's next key frame comes: the path lost too much, or the viewer
    /// was too far behind.
    pub waiting: bool,
    /// How often that was so.
    pub waits: u64,
    /// GOPs sent again, the first included.
    pub replays: u64,
    /// Key frames that the viewer asked for.
    pub keyframe_requests: u64,
    /// Which of the camera's encodings is sent.
    pub sending: StreamKind,
    /// Why that is not the camera's own; `None` where it is.
    pub why: Option<Why>,
    /// What the viewer chose.
    pub quality: Quality,
    /// Bits a second that the path carries; `None` while that is not known.
    pub estimate: Option<u64>,
    /// The share of packets, 0 to 1, that were lost over the last second; `None` while that is not known.
    pub loss: Option<f32>,
    /// How often another encoding was sent than before.
    pub switches: u64,
    /// What there is for this viewer, from the most bits to the fewest.
    pub encodings: Vec<Encoding>,
}

/// One encoding that there is for a viewer.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Encoding {
    /// Which.
    pub kind: StreamKind,
    /// Width and height of its pictures, in square pixels.
    pub size: Size,
    /// Bits that it takes in a second.
    pub bits_per_second: u64,
}

/// What a viewer wants to be changed; what is `None` stays.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DemandChange {
    /// What it chooses.
    pub quality: Option<Quality>,
    /// The pixels of the screen that the picture is shown in; `Some(None)`: not known any more.
    pub place: Option<Option<Size>>,
}

impl DemandChange {
    /// Changes `demand` so.
    pub fn apply(self, demand: &mut Demand) {
        demand.quality = self.quality.unwrap_or(demand.quality);
        demand.place = self.place.unwrap_or(demand.place);
    }
}

/// What a shard is asked.
enum Command {
    Open {
        id: SessionId,
        place: Place,
        offer: String,
        demand: Demand,
        reply: oneshot::Sender<Result<Opened, OpenError>>,
    },
    Demand {
        id: SessionId,
        change: DemandChange,
        reply: oneshot::Sender<Option<SessionStatus>>,
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
        reply: oneshot::Sender<Option<SessionStatus>>,
    },
    Stop {
        reply: oneshot::Sender<bool>,
    },
}

/// What all shards and the ports share.
struct Shared {
    /// What sessions have in common; candidates may change when a host name resolves to another
    /// address.
    settings: RwLock<Arc<SessionSettings>>,
    demux: Mutex<Demux>,
    /// Places taken: sessions, and such as are being opened.
    places: Arc<AtomicUsize>,
    openers: Arc<openers::Openers>,
    counters: Counters,
    /// The most that viewers are sent.
    quality: Quality,
    telemetry: Telemetry,
    clock: Clock,
}

impl Shared {
    fn settings(&self) -> Arc<SessionSettings> {
        Arc::clone(&self.settings.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn demux(&self) -> MutexGuard<'_, Demux> {
        self.demux.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is counted over all viewers since start.
#[derive(Default)]
pub struct Counters {
    /// Datagrams sent.
    pub sent: AtomicU64,
    /// System calls that it took.
    pub sends: AtomicU64,
    /// Datagrams that the system, or a TCP connection, did not take.
    pub unsent: AtomicU64,
    /// Datagrams received that were for no session.
    pub strays: AtomicU64,
    /// Datagrams dropped because a shard had too many waiting.
    pub dropped: AtomicU64,
    /// GOPs replayed.
    pub replays: AtomicU64,
    /// Times that a viewer had to wait for the next IDR.
    pub waits: AtomicU64,
    /// Key frames asked for.
    pub keyframe_requests: AtomicU64,
}

/// The way to the viewer sessions.
#[derive(Clone)]
pub struct Viewers {
    shards: Arc<[inbox::ShardHandle]>,
    shared: Arc<Shared>,
    limits: config::Viewers,
    /// Where media flows, as bound.
    pub udp: SocketAddr,
}

impl Viewers {
    /// Starts a shard per core and the thread that receives for them.
    pub fn start(
        ports: Ports,
        advertise: &[String],
        limits: config::Viewers,
        telemetry: Telemetry,
        clock: Clock,
    ) -> std::io::Result<Self> {
        let udp = ports.address()?;
        let count = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let settings = SessionSettings {
            epoch: clock.instant(razz_base::MonoTime::from_us(0)),
            certificate: str0m::crypto::from_feature_flags().dtls_provider.generate_certificate(),
            udp: Vec::new(),
            tcp: Vec::new(),
            replay_bits_per_second: limits.replay_mbps * 1_000_000,
            adapt: limits.adapt,
        };
        let addresses = addresses::Addresses::new(udp, advertise, ports.has_tcp());
        let settings = addresses.resolve(&settings);
        tracing::info!(udp = %udp, candidates = ?settings.udp, shards = count, "viewers");
        let shared = Arc::new(Shared {
            settings: RwLock::new(Arc::new(settings)),
            demux: Mutex::default(),
            places: Arc::default(),
            openers: Arc::default(),
            counters: Counters::default(),
            quality: limits.quality,
            telemetry,
            clock,
        });
        let shards = (0..count.min(usize::from(u8::MAX)))
            .map(|n| shard::start(n, ports.sender()?, Arc::clone(&shared)))
            .collect::<std::io::Result<Arc<[_]>>>()?;
        ports.start(Arc::clone(&shards), Arc::clone(&shared), addresses, limits.max)?;
        Ok(Self { shards, shared, limits, udp })
    }

    /// Whether an offer can be answered at all. Nothing is opened, and nobody is sent anything.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, offer: &str) -> Result<(), OpenError> {
        let settings = self.shared.settings();
        let answered =
            Session::answer(0, offer, Video::default(), &settings, self.shared.clock.mono());
        Ok(answered.map(drop)?)
    }

    /// Answers an offer of `opener`. Where all places are taken a session that does not connect gives
    /// way.
    pub async fn open(
        &self,
        camera: &Arc<Camera>,
        offer: String,
        demand: Demand,
        opener: &Opener,
    ) -> Result<Opened, OpenError> {
        {
            let ingest = camera.health.ingest();
            if ingest.state == CameraState::Unsupported {
                let advice = ingest.advice.first().or(ingest.last_error.as_ref());
                return Err(OpenError::Unsupported(advice.cloned().unwrap_or_default()));
            }
        }
        let shard = (0..self.shards.len()).min_by_key(|n| self.shards[*n].load()).unwrap_or(0);
        // The last byte says which shard has it.
        let id = rand::random::<SessionId>() & !0xFF | shard as SessionId;
        let now = self.shared.clock.mono();
        let entry = self.shared.openers.enter(id, camera.id, opener, now)?;
        let mut place = match Place::take(&self.shared.places, camera, &self.limits) {
            Err(OpenError::Full(most, setting)) => {
                let here = (setting == PER_CAMERA).then_some(camera.id);
                let other = self.shared.openers.gives_way(here, opener, now);
                let other = other.ok_or(OpenError::Full(most, setting))?;
                tracing::debug!(session = %short(other), "gives its place up: it has not connected");
                self.close(other).await;
                Place::take(&self.shared.places, camera, &self.limits)?
            }
            taken => taken?,
        };
        place.entry = Some(entry);
        let (reply, answer) = oneshot::channel();
        self.shards[shard].command(Command::Open { id, place, offer, demand, reply })?;
        answer.await.map_err(|_| OpenError::Stopping)?
    }

    /// Restarts a session's ICE with the peer's SDP fragment; answers ours.
    pub async fn restart_ice(
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
    pub async fn close(&self, id: SessionId) -> bool {
        let Some(shard) = self.shard_of(id) else { return false };
        let (reply, answer) = oneshot::channel();
        shard.command(Command::Close { id, reply }).is_ok() && answer.await.unwrap_or(false)
    }

    /// The name of a session's current ICE session; `None` when there is no session of this id.
    pub async fn ice(&self, id: SessionId) -> Option<String> {
        let (reply, answer) = oneshot::channel();
        self.shard_of(id)?.command(Command::Ice { id, reply }).ok()?;
        answer.await.ok().flatten()
    }

    /// How a session goes; `None` when there is none of this id.
    pub async fn ask(&self, id: SessionId) -> Option<SessionStatus> {
        let (reply, answer) = oneshot::channel();
        self.shard_of(id)?.command(Command::Ask { id, reply }).ok()?;
        answer.await.ok().flatten()
    }

    /// Changes what a viewer wants; answers how its session goes, `None` when there is none of this id.
    pub async fn demand(&self, id: SessionId, change: DemandChange) -> Option<SessionStatus> {
        let (reply, answer) = oneshot::channel();
        self.shard_of(id)?.command(Command::Demand { id, change, reply }).ok()?;
        answer.await.ok().flatten()
    }

    fn shard_of(&self, id: SessionId) -> Option<&inbox::ShardHandle> {
        self.shards.get(usize::from(id as u8))
    }

    /// Ends every session: the peers are told.
    pub async fn stop(&self) {
        for shard in self.shards.iter() {
            let (reply, answer) = oneshot::channel();
            if shard.command(Command::Stop { reply }).is_ok() {
                let _ = answer.await;
            }
        }
    }

    /// How many sessions there are, those being opened included.
    pub fn count(&self) -> usize {
        self.shared.places.load(Ordering::Relaxed)
    }

    /// What was counted.
    pub fn counters(&self) -> &Counters {
        &self.shared.counters
    }
}

/// A viewer's place, at a camera and among all; free again when it is dropped.
struct Place {
    camera: Arc<Camera>,
    all: Arc<AtomicUsize>,
    /// Whose it is.
    entry: Option<openers::Entry>,
}

/// The setting that bounds the viewers of a camera.
const PER_CAMERA: &str = "viewers.max_per_camera";

impl Place {
    /// Takes one, if there is one: never more than the settings allow, however many ask at once.
    fn take(
        all: &Arc<AtomicUsize>,
        camera: &Arc<Camera>,
        limits: &config::Viewers,
    ) -> Result<Self, OpenError> {
        let one_more = |taken: usize| (taken < limits.max).then_some(taken + 1);
        all.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_more)
            .map_err(|_| OpenError::Full(limits.max, "viewers.max"))?;
        if !camera.health.delivery.take_place(limits.max_per_camera) {
            all.fetch_sub(1, Ordering::SeqCst);
            return Err(OpenError::Full(limits.max_per_camera, PER_CAMERA));
        }
        Ok(Self { camera: Arc::clone(camera), all: Arc::clone(all), entry: None })
    }

    /// The session has connected.
    fn connected(&self) {
        if let Some(entry) = &self.entry {
            entry.connected();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.camera.health.delivery.give_place_back();
        self.all.fetch_sub(1, Ordering::SeqCst);
    }
}
