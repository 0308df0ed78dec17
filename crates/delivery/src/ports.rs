//! The one port of all viewers, UDP and TCP on the same number, and the thread that receives there
//! and hands on to the shards.

use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use quinn_udp::{RecvMeta, UdpSockRef, UdpSocketState};
use razz_observe::cpu_usage::VIEWER_THREAD;
use str0m::net::Protocol;
use tokio::io::Interest;
use tracing::{debug, error, info, warn};

use super::addresses::Addresses;
use super::inbox::{Datagram, MAX_DATAGRAM, ShardHandle};
use super::send::Sender;
use super::{Shared, tcp};

/// With GRO the system puts several datagrams of one sender into one buffer.
const BUFFER: usize = 1 << 16;

/// What the system may hold for us in either direction. Raising it rides out longer hiccups.
const SOCKET_BUFFER: usize = 8 << 20;

/// Above so many datagrams within [`COUNT_OVER_US`] the thread rests for as long between two looks: to wake up
/// for each of them costs more than to read it. They are reports, which nobody waits for; what a viewer asks for
/// again is half of that later. While somebody joins, which takes several round trips, it does not rest.
const BUSY: usize = 100;
const COUNT_OVER_US: i64 = 100_000;
const REST: Duration = Duration::from_millis(4);
const NO_REST_US: i64 = 20_000;

/// How often candidates are looked up anew: interfaces and names change.
const LOOK_UP_EVERY: Duration = Duration::from_secs(60);

/// How often to try for a number that is free for both UDP and TCP.
const TRIES: usize = 16;

/// The port, bound.
pub struct Ports {
    udp: UdpSocket,
    tcp: Option<TcpListener>,
}

/// Binds the one port of all viewers. A port left to the system is one that is free for TCP as well;
/// a given one that another program has for TCP is used for UDP alone, and the log says so.
pub fn bind(address: SocketAddr) -> io::Result<Ports> {
    let mut tries = if address.port() == 0 { TRIES } else { 1 };
    loop {
        tries -= 1;
        let udp = UdpSocket::bind(address)?;
        udp.set_nonblocking(true)?;
        let tcp = TcpListener::bind(udp.local_addr()?);
        match tcp {
            Ok(tcp) => {
                tcp.set_nonblocking(true)?;
                return Ok(Ports { udp, tcp: Some(tcp) });
            }
            Err(_) if tries > 0 => {}
            Err(error) => {
                warn!("no ICE over TCP at {}: {error}", udp.local_addr()?);
                return Ok(Ports { udp, tcp: None });
            }
        }
    }
}

impl Ports {
    /// As bound.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.udp.local_addr()
    }

    pub(crate) fn has_tcp(&self) -> bool {
        self.tcp.is_some()
    }

    /// The way out for a shard.
    pub(crate) fn sender(&self) -> io::Result<Sender> {
        let local = self.address()?;
        Ok(Sender {
            io: UdpSocketState::new(UdpSockRef::from(&self.udp))?,
            socket: self.udp.try_clone()?,
            is_ipv6: local.is_ipv6(),
            choose_source: local.ip().is_unspecified(),
        })
    }

    /// Starts the thread.
    pub(crate) fn start(
        self,
        shards: Arc<[ShardHandle]>,
        shared: Arc<Shared>,
        addresses: Addresses,
        max_viewers: usize,
    ) -> io::Result<()> {
        let io = UdpSocketState::new(UdpSockRef::from(&self.udp))?;
        for outcome in [
            io.set_send_buffer_size(UdpSockRef::from(&self.udp), SOCKET_BUFFER),
            io.set_recv_buffer_size(UdpSockRef::from(&self.udp), SOCKET_BUFFER),
        ] {
            if let Err(error) = outcome {
                debug!("UDP buffers stay as they are: {error}");
            }
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name(format!("{VIEWER_THREAD}-ports")).spawn(move || {
            runtime.block_on(async move {
                if addresses.may_change() {
                    tokio::spawn(look_up(addresses, Arc::clone(&shared)));
                }
                if let Some(tcp) = self.tcp {
                    match tokio::net::TcpListener::from_std(tcp) {
                        Ok(listener) => {
                            // Two tries each, and some that never become a viewer.
                            let most = 2 * max_viewers + 64;
                            let (shards, shared) = (Arc::clone(&shards), Arc::clone(&shared));
                            tokio::spawn(tcp::accept(listener, shards, shared, most));
                        }
                        Err(error) => error!("no ICE over TCP: {error}"),
                    }
                }
                receive(self.udp, io, &shards, &shared).await;
            });
        })?;
        Ok(())
    }
}

/// Keeps the candidates current.
async fn look_up(addresses: Addresses, shared: Arc<Shared>) {
    let addresses = Arc::new(addresses);
    loop {
        tokio::time::sleep(LOOK_UP_EVERY).await;
        let (addresses, old) = (Arc::clone(&addresses), shared.settings());
        // Names are looked up by blocking calls.
        let new = tokio::task::spawn_blocking(move || addresses.resolve(&old)).await;
        if let Ok(new) = new {
            let mut settings =
                shared.settings.write().unwrap_or_else(std::sync::PoisonError::into_inner);
            if new.udp != settings.udp {
                info!(candidates = ?new.udp, "viewers are told other addresses from now on");
                *settings = Arc::new(new);
            }
        }
    }
}

async fn receive(socket: UdpSocket, io: UdpSocketState, shards: &[ShardHandle], shared: &Shared) {
    let local = socket.local_addr().ok();
    let socket = match tokio::net::UdpSocket::from_std(socket) {
        Ok(socket) => socket,
        Err(error) => {
            error!("no viewers can be served: {error}");
            return;
        }
    };
    let mut buffers = vec![vec![0; BUFFER]; quinn_udp::BATCH_SIZE];
    let mut meta = [RecvMeta::default(); quinn_udp::BATCH_SIZE];
    let mut since = shared.clock.mono();
    let (mut counted, mut is_busy, mut rests, mut joined) = (0, false, false, since);
    loop {
        if rests {
            // On the thread, not in the runtime: there every datagram would wake it.
            std::thread::sleep(REST);
            // There is always something to read after that: connections get their turn all the same.
            tokio::task::yield_now().await;
        }
        if let Err(error) = socket.readable().await {
            error!("UDP socket: {error}");
            return;
        }
        let received = socket.try_io(Interest::READABLE, || {
            let mut slices: Vec<IoSliceMut<'_>> =
                buffers.iter_mut().map(|buffer| IoSliceMut::new(buffer)).collect();
            io.recv(UdpSockRef::from(&socket), &mut slices, &mut meta)
        });
        let now = shared.clock.mono();
        if now.since_us(since) >= COUNT_OVER_US {
            is_busy = counted * COUNT_OVER_US as usize > BUSY * now.since_us(since) as usize;
            (counted, since) = (0, now);
        }
        let Ok(count) = received else { continue };
        counted += count;
        for (buffer, meta) in buffers.iter().zip(&meta[..count]) {
            let source = SocketAddr::new(meta.addr.ip().to_canonical(), meta.addr.port());
            let port = local.map_or(0, |local| local.port());
            let destination = meta.dst_ip.map(|ip| SocketAddr::new(ip.to_canonical(), port));
            for datagram in buffer[..meta.len].chunks(meta.stride.max(1)) {
                if is_handshake(datagram) {
                    joined = now;
                }
                hand_on(source, destination, datagram, shards, shared);
            }
        }
        rests = is_busy && count < buffers.len() && now.since_us(joined) > NO_REST_US;
    }
}

/// DTLS (RFC 7983 section 7): after the handshake hardly any comes.
fn is_handshake(datagram: &[u8]) -> bool {
    matches!(datagram.first(), Some(20..=63))
}

fn hand_on(
    source: SocketAddr,
    destination: Option<SocketAddr>,
    datagram: &[u8],
    shards: &[ShardHandle],
    shared: &Shared,
) {
    let found =
        (datagram.len() <= MAX_DATAGRAM).then(|| shared.demux().find(source, datagram)).flatten();
    let shard = found.and_then(|id| Some((id, shards.get(usize::from(id as u8))?)));
    let Some((id, shard)) = shard else {
        shared.counters.strays.fetch_add(1, Ordering::Relaxed);
        return;
    };
    let contents = datagram.to_vec();
    let datagram =
        Datagram { id, proto: Protocol::Udp, source, destination, contents, connection: None };
    shard.datagram(datagram, &shared.counters);
}
