//! The thread of the viewers: one UDP socket, every session, and the deadlines between them.

use std::collections::{BTreeSet, HashMap};
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _, UdpSocket};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use quinn_udp::{RecvMeta, UdpSockRef, UdpSocketState};
use razz_base::{CameraId, MonoTime};
use razz_media::ring::Unit;
use str0m::change::SdpOffer;
use str0m::config::DtlsCert;
use str0m::net::{DatagramRecv, Protocol, Receive};
use str0m::rtp::Extension;
use str0m::{Candidate, IceCreds, Rtc, RtcConfig};
use tokio::io::Interest;
use tokio::sync::mpsc;
use tracing::{debug, error, info, warn};

use super::demux::Demux;
use super::session::{Session, Transmit, short};
use super::{Command, OpenError, Opened, SessionId, sdp};
use crate::camera::{Camera, UnitSource};
use crate::clock::Clock;

/// Binds the one UDP port of all viewers, with buffers that take a key frame for many of them.
pub(crate) fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(address)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Datagrams are at most an Ethernet frame; what is larger is not for us.
const MAX_DATAGRAM: usize = 2048;

/// What the system may hold for us in either direction. Raising it rides out longer hiccups.
const SOCKET_BUFFER: usize = 4 << 20;

/// The thread's state.
pub(super) struct Service {
    socket: UdpSocket,
    io: UdpSocketState,
    /// Where browsers are told to send to.
    candidates: Vec<SocketAddr>,
    certificate: Option<DtlsCert>,
    sessions: HashMap<SessionId, Session>,
    by_camera: HashMap<CameraId, Vec<SessionId>>,
    demux: Demux,
    deadlines: BTreeSet<(MonoTime, SessionId)>,
    /// The deadline under which a session stands in `deadlines`.
    deadline_of: HashMap<SessionId, MonoTime>,
    total: Arc<AtomicUsize>,
    clock: Clock,
    /// Datagrams that the system did not take.
    unsent: u64,
}

impl Service {
    pub(super) fn new(
        socket: UdpSocket,
        advertise: &[String],
        total: Arc<AtomicUsize>,
        clock: Clock,
    ) -> io::Result<Self> {
        let io = UdpSocketState::new(UdpSockRef::from(&socket))?;
        for outcome in [
            io.set_send_buffer_size(UdpSockRef::from(&socket), SOCKET_BUFFER),
            io.set_recv_buffer_size(UdpSockRef::from(&socket), SOCKET_BUFFER),
        ] {
            if let Err(error) = outcome {
                debug!("UDP buffers stay as they are: {error}");
            }
        }
        let local = socket.local_addr()?;
        let candidates = candidates(local, advertise);
        info!(udp = %local, ?candidates, "viewers");
        Ok(Self {
            socket,
            io,
            candidates,
            certificate: str0m::crypto::from_feature_flags().dtls_provider.generate_certificate(),
            sessions: HashMap::new(),
            by_camera: HashMap::new(),
            demux: Demux::default(),
            deadlines: BTreeSet::new(),
            deadline_of: HashMap::new(),
            total,
            clock,
            unsent: 0,
        })
    }

    /// Serves until the command channel closes.
    pub(super) async fn run(
        mut self,
        mut commands: mpsc::Receiver<Command>,
        mut units: UnitSource,
    ) {
        let socket = match self.socket.try_clone().and_then(tokio::net::UdpSocket::from_std) {
            Ok(socket) => socket,
            Err(error) => {
                error!("no viewers can be served: {error}");
                return;
            }
        };
        let mut buffers = vec![[0; MAX_DATAGRAM]; quinn_udp::BATCH_SIZE];
        loop {
            let wait = match self.deadlines.first() {
                Some((at, _)) => self.clock.mono().until(*at),
                None => std::time::Duration::from_secs(3600),
            };
            tokio::select! {
                biased;
                command = commands.recv() => match command {
                    Some(command) => self.handle_command(command),
                    None => break,
                },
                readable = socket.readable() => {
                    if let Err(error) = readable {
                        error!("UDP socket: {error}");
                        break;
                    }
                    self.receive(&socket, &mut buffers);
                }
                unit = units.receiver.recv() => {
                    if units.overrun.swap(false, Ordering::Relaxed) {
                        warn!("viewers did not keep up with the cameras; all wait for key frames");
                        for session in self.sessions.values_mut() {
                            session.handle_gap();
                        }
                    }
                    if let Some(unit) = unit {
                        self.deliver(&unit);
                    }
                }
                () = tokio::time::sleep(wait) => {}
            }
            self.handle_deadlines();
        }
    }

    // ---- commands ----

    fn handle_command(&mut self, command: Command) {
        match command {
            Command::Open { camera, offer, reply } => {
                let outcome = self.open(camera, &offer);
                // The one who asked may be gone: the session then expires by itself.
                let _ = reply.send(outcome);
            }
            Command::Close { id, reply } => {
                let known = self.sessions.contains_key(&id);
                self.close(id);
                let _ = reply.send(known);
            }
            Command::Stop { reply } => {
                for id in self.sessions.keys().copied().collect::<Vec<_>>() {
                    self.close(id);
                }
                let _ = reply.send(true);
            }
            Command::Exists { id, reply } => {
                let _ = reply.send(self.sessions.contains_key(&id));
            }
        }
    }

    fn open(&mut self, camera: Arc<Camera>, offer: &str) -> Result<Opened, OpenError> {
        let offer = SdpOffer::from_sdp_string(&sdp::only_receiving(offer))
            .map_err(|error| OpenError::BadOffer(sdp::in_words(&error)))?;
        let credentials = IceCreds::new();
        let mut config = RtcConfig::new()
            .set_ice_lite(true)
            .set_rtp_mode(true)
            .set_local_ice_credentials(credentials.clone())
            .clear_codecs()
            .enable_h264(true)
            .set_extension(12, Extension::PlayoutDelay);
        debug_assert!(!config.codec_config().params().is_empty());
        if let Some(certificate) = &self.certificate {
            config = config.set_dtls_cert(certificate.clone());
        }
        let now = self.clock.mono();
        let mut rtc: Rtc = config.build(self.clock.instant(now));
        for address in &self.candidates {
            match Candidate::host(*address, Protocol::Udp) {
                Ok(candidate) => {
                    rtc.add_local_candidate(candidate);
                }
                Err(error) => warn!("{address} is no ICE candidate: {error}"),
            }
        }
        let answer = rtc
            .sdp_api()
            .accept_offer(offer)
            .map_err(|error| OpenError::BadOffer(sdp::in_words(&error)))?
            .to_sdp_string();
        let id = rand::random();
        let mut session =
            Session::new(id, credentials.ufrag.clone(), Arc::clone(&camera), rtc, self.clock);
        if !sdp::video_mid(&answer).is_some_and(|mid| session.set_outlet(mid)) {
            return Err(OpenError::NoH264);
        }
        debug!(session = %short(id), camera = %camera.id, "viewer offered");
        self.demux.insert(id, credentials.ufrag);
        self.by_camera.entry(camera.id).or_default().push(id);
        self.schedule(id, session.deadline());
        self.sessions.insert(id, session);
        self.total.store(self.sessions.len(), Ordering::Relaxed);
        Ok(Opened { id, answer })
    }

    fn close(&mut self, id: SessionId) {
        if let Some(session) = self.sessions.get_mut(&id) {
            let (socket, io, unsent) = (&self.socket, &self.io, &mut self.unsent);
            session.close(&mut |transmit| send(socket, io, transmit, unsent));
        }
        self.remove(id);
    }

    fn remove(&mut self, id: SessionId) {
        let Some(session) = self.sessions.remove(&id) else { return };
        self.demux.remove(id, &session.ufrag);
        if let Some(at) = self.deadline_of.remove(&id) {
            self.deadlines.remove(&(at, id));
        }
        if let Some(ids) = self.by_camera.get_mut(&session.camera.id) {
            ids.retain(|other| *other != id);
        }
        self.total.store(self.sessions.len(), Ordering::Relaxed);
    }

    // ---- media and datagrams ----

    fn deliver(&mut self, unit: &Arc<Unit>) {
        let camera = unit.au.key.camera;
        for id in self.by_camera.get(&camera).cloned().unwrap_or_default() {
            self.with(id, |session, send| {
                session.handle_unit(unit);
                session.flush(send)
            });
        }
    }

    fn receive(&mut self, socket: &tokio::net::UdpSocket, buffers: &mut [[u8; MAX_DATAGRAM]]) {
        let mut meta = [RecvMeta::default(); quinn_udp::BATCH_SIZE];
        let received = socket.try_io(Interest::READABLE, || {
            let mut slices: Vec<IoSliceMut<'_>> =
                buffers.iter_mut().map(|buffer| IoSliceMut::new(buffer)).collect();
            self.io.recv(UdpSockRef::from(&self.socket), &mut slices, &mut meta)
        });
        let Ok(count) = received else { return };
        for (buffer, meta) in buffers.iter().zip(&meta[..count]) {
            // With GRO several datagrams of one sender come in one buffer.
            for datagram in buffer[..meta.len].chunks(meta.stride.max(1)) {
                self.handle_datagram(meta, datagram);
            }
        }
    }

    fn handle_datagram(&mut self, meta: &RecvMeta, datagram: &[u8]) {
        let source = meta.addr;
        let Some(id) = self.demux.find(source, datagram) else { return };
        let Ok(contents) = DatagramRecv::try_from(datagram) else { return };
        let destination = self.destination(meta.dst_ip);
        let receive = Receive { proto: Protocol::Udp, source, destination, contents };
        let at = self.clock.instant(self.clock.mono());
        let mut proved = false;
        self.with(id, |session, send| {
            proved = session.handle_datagram(receive, at)?;
            session.flush(send)
        });
        if proved && self.sessions.contains_key(&id) {
            self.demux.learn(id, source);
        }
    }

    /// The candidate of ours that a datagram was sent to.
    fn destination(&self, ip: Option<IpAddr>) -> SocketAddr {
        let found = ip.and_then(|ip| self.candidates.iter().find(|c| c.ip() == ip));
        // Behind a NAT the address that the browser sent to is not the one that we see.
        *found.unwrap_or(&self.candidates[0])
    }

    fn handle_deadlines(&mut self) {
        let now = self.clock.mono();
        while let Some((at, id)) = self.deadlines.first().copied() {
            if at > now {
                break;
            }
            self.deadlines.pop_first();
            self.deadline_of.remove(&id);
            self.with(id, |session, send| {
                session.handle_timeout(now)?;
                session.flush(send)
            });
        }
    }

    /// Runs `work` on a session. One that fails or panics ends, and no other notices.
    fn with<F>(&mut self, id: SessionId, work: F)
    where
        F: FnOnce(&mut Session, &mut dyn FnMut(&Transmit)) -> Result<(), str0m::RtcError>,
    {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let (socket, io, unsent) = (&self.socket, &self.io, &mut self.unsent);
        let mut send = |transmit: &Transmit| send(socket, io, transmit, unsent);
        let outcome = catch_unwind(AssertUnwindSafe(|| work(session, &mut send)));
        let over = match outcome {
            Ok(Ok(())) => session.is_over(),
            Ok(Err(error)) => {
                debug!(session = %short(id), camera = %session.camera.id, "viewer ends: {error}");
                true
            }
            Err(_) => {
                error!(session = %short(id), camera = %session.camera.id, "viewer session panicked");
                true
            }
        };
        if over {
            self.remove(id);
        } else {
            let deadline = session.deadline();
            self.schedule(id, deadline);
        }
    }

    fn schedule(&mut self, id: SessionId, at: MonoTime) {
        match self.deadline_of.insert(id, at) {
            Some(old) if old == at => return,
            Some(old) => {
                self.deadlines.remove(&(old, id));
            }
            None => {}
        }
        self.deadlines.insert((at, id));
    }
}

fn send(socket: &UdpSocket, io: &UdpSocketState, transmit: &Transmit, unsent: &mut u64) {
    let outcome = io.try_send(
        UdpSockRef::from(socket),
        &quinn_udp::Transmit {
            destination: transmit.destination,
            ecn: None,
            contents: &transmit.contents,
            segment_size: None,
            src_ip: None,
        },
    );
    // UDP may lose: the peer asks again. What the system refuses is counted.
    if outcome.is_err() {
        *unsent += 1;
    }
}

/// The addresses at which browsers find us: what is configured to be advertised, resolved, else the
/// one we are bound to, or for an unspecified address every one of this host but loopback.
fn candidates(local: SocketAddr, advertise: &[String]) -> Vec<SocketAddr> {
    let mut found: Vec<SocketAddr> = Vec::new();
    for name in advertise {
        match (name.as_str(), local.port()).to_socket_addrs() {
            Ok(addresses) => found.extend(addresses),
            Err(error) => warn!("server.advertise: {name} does not resolve: {error}"),
        }
    }
    if local.ip().is_unspecified() {
        let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
        let mut usable: Vec<SocketAddr> = interfaces
            .iter()
            .map(|interface| SocketAddr::new(interface.ip(), local.port()))
            .filter(|address| local.is_ipv6() || address.is_ipv4())
            .filter(|address| !is_link_local(address.ip()))
            .collect();
        // Loopback last: only a browser on this host can use it.
        usable.sort_by_key(|address| address.ip().is_loopback());
        found.extend(usable);
    } else {
        found.push(local);
    }
    found.dedup();
    if found.is_empty() {
        found.push(local);
    }
    found
}

fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}
