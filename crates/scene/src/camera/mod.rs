//! An RTSP camera with several mounts, on threads of the standard library.
//!
//! ```no_run
//! use std::net::TcpListener;
//! use razz_scene::camera::{CameraOptions, Mount, RtspCamera};
//! use razz_scene::{Cache, Footage};
//!
//! let footage = Footage::street(1, Cache::find(), |_| {})?;
//! let listener = TcpListener::bind("127.0.0.1:0")?;
//! let mounts = vec![Mount::new("camera1", footage)];
//! let camera = RtspCamera::start(listener, mounts, CameraOptions::default())?;
//! assert!(camera.url("camera1").is_some());
//! # Ok::<(), std::io::Error>(())
//! ```

mod asking;
mod audio;
mod authentication;
mod bitstream;
mod connection;
mod description;
mod dialogue;
mod faults;
mod keep_alive;
mod packet;
mod packet_stage;
mod player;
mod quirk;
mod rtcp;
mod transport;

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub use self::authentication::{Authentication, Credentials};
pub use self::bitstream::without_key_frames;
pub use self::faults::{Description, FaultHandle, Faults};
pub use self::quirk::{Area, Outcome, Over, Quirk, Quirks};
use crate::Footage;
use crate::dice::Dice;

/// How often the listener is asked for new connections.
const ACCEPT_INTERVAL: Duration = Duration::from_millis(10);

/// One address of a camera: `rtsp://host:port/PATH`.
pub struct Mount {
    path: String,
    footage: Footage,
    alternative: Option<Footage>,
    faults: FaultHandle,
}

impl Mount {
    /// `path` without slashes around it, as `camera1`.
    pub fn new(path: impl Into<String>, footage: Footage) -> Self {
        let path = path.into().trim_matches('/').to_owned();
        Self { path, footage, alternative: None, faults: FaultHandle::default() }
    }

    /// What is played while [`Faults::alternative`] is set.
    #[must_use]
    pub fn with_alternative(mut self, footage: Footage) -> Self {
        self.alternative = Some(footage);
        self
    }

    /// Sets this mount's faults, also while the camera runs.
    pub fn faults(&self) -> FaultHandle {
        self.faults.clone()
    }
}

/// How a camera treats its clients.
#[derive(Clone, Debug)]
pub struct CameraOptions {
    /// Who may watch; `None`: everybody.
    pub credentials: Option<Credentials>,
    /// How they prove it.
    pub authentication: Authentication,
    /// After so long without a sign of life a UDP session ends, and with the keep-alive quirks that
    /// name a method any session; told to clients as `timeout`.
    pub session_timeout: Duration,
    /// Connections at once; further ones are closed at once.
    pub max_clients: usize,
    /// For repeatable faults, SSRCs and timestamps; `None`: others each time.
    pub seed: Option<u64>,
}

impl Default for CameraOptions {
    fn default() -> Self {
        Self {
            credentials: None,
            authentication: Authentication::default(),
            session_timeout: Duration::from_secs(60),
            max_clients: 32,
            seed: None,
        }
    }
}

/// What all connections of a camera see.
struct Shared {
    mounts: Vec<Mount>,
    options: CameraOptions,
    port: u16,
    start: Instant,
    stop: AtomicBool,
}

impl Shared {
    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// The mount of a request's path, which may name its medium as well.
    fn find(&self, path: &str) -> Option<(usize, &Mount)> {
        let path = path.trim_matches('/');
        let mut controls = [description::CONTROL, description::AUDIO_CONTROL].into_iter();
        let base = controls.find_map(|control| path.strip_suffix(control)).unwrap_or(path);
        let base = base.trim_end_matches('/');
        self.mounts.iter().enumerate().find(|(_, mount)| mount.path == base)
    }

    /// The mount that [`Quirk::Redirect301`] sends the clients of mount `from` to.
    fn other(&self, from: usize) -> &Mount {
        let other = self.mounts.iter().enumerate().find(|(index, _)| *index != from);
        other.map_or(&self.mounts[from], |(_, mount)| mount)
    }

    /// Where in its loop a mount is: all who begin to watch at the same time see the same.
    fn position(&self, now: Instant, mount: usize) -> usize {
        let footage = &self.mounts[mount].footage;
        let passed = now.saturating_duration_since(self.start).as_secs_f64();
        let frames = (passed * f64::from(footage.fps())) as usize;
        frames.checked_rem(footage.total()).unwrap_or(0)
    }
}

/// A running camera; dropping it stops it.
pub struct RtspCamera {
    shared: Arc<Shared>,
    address: SocketAddr,
    acceptor: Option<JoinHandle<()>>,
}

impl RtspCamera {
    /// Serves the mounts on the listener until stopped. Each client has a thread of its own.
    pub fn start(
        listener: TcpListener,
        mounts: Vec<Mount>,
        options: CameraOptions,
    ) -> io::Result<Self> {
        let address = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        let seed = options.seed.unwrap_or_else(|| RandomState::new().hash_one(address));
        let shared = Arc::new(Shared {
            mounts,
            options,
            port: address.port(),
            start: Instant::now(),
            stop: AtomicBool::new(false),
        });
        let acceptor = {
            let shared = Arc::clone(&shared);
            std::thread::Builder::new()
                .name("rtsp camera".to_owned())
                .spawn(move || accept(&shared, &listener, seed))?
        };
        Ok(Self { shared, address, acceptor: Some(acceptor) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of a mount, without credentials; `None` for a mount that is not there.
    pub fn url(&self, path: &str) -> Option<String> {
        let (_, mount) = self.shared.find(path)?;
        let ip = match self.address.ip() {
            ip if !ip.is_unspecified() => ip,
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        };
        Some(format!("rtsp://{}/{}", SocketAddr::new(ip, self.address.port()), mount.path))
    }

    /// The faults of a mount; `None` for a mount that is not there.
    pub fn faults(&self, path: &str) -> Option<FaultHandle> {
        self.shared.find(path).map(|(_, mount)| mount.faults())
    }

    /// Closes all connections and the listener, and waits until that is done.
    pub fn stop(mut self) {
        self.shut();
    }

    fn shut(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(acceptor) = self.acceptor.take() {
            // A panic of that thread has been printed; nothing hangs on its result.
            let _ = acceptor.join();
        }
    }
}

impl Drop for RtspCamera {
    fn drop(&mut self) {
        self.shut();
    }
}

fn accept(shared: &Arc<Shared>, listener: &TcpListener, seed: u64) {
    let mut clients: Vec<JoinHandle<()>> = Vec::new();
    let mut number = 0;
    while !shared.is_stopped() {
        clients.retain(|client| !client.is_finished());
        let Ok((stream, _)) = listener.accept() else {
            // Nobody there, or too many open files: in both cases later.
            std::thread::sleep(ACCEPT_INTERVAL);
            continue;
        };
        if clients.len() >= shared.options.max_clients {
            continue;
        }
        number += 1;
        let dice = Dice::new(seed, 1000 + number);
        let serving = Arc::clone(shared);
        let client = std::thread::Builder::new()
            .name(format!("rtsp client {number}"))
            .spawn(move || connection::serve(&serving, stream, dice));
        // Without a thread the stream is dropped, which closes the connection.
        clients.extend(client);
    }
    for client in clients {
        // Its panic has been printed by its thread; the others are still to be waited for.
        let _ = client.join();
    }
}
