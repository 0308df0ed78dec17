//! One viewer of the load: joins, receives, counts, leaves.

use std::cell::RefCell;
use std::io::IoSliceMut;
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::Duration;

use quinn_udp::{RecvMeta, UdpSockRef, UdpSocketState};
use razz_base::MonoTime;
use razz_scene::{Link, LinkQuality};
use str0m::change::SdpAnswer;
use str0m::media::{Direction, KeyframeRequestKind, MediaKind};
use str0m::net::{DatagramRecv, Protocol, Receive};
use str0m::rtp::Ssrc;
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::sync::watch;

use super::frames::{Counted, Frames};
use super::timing::Timing;
use super::whep::Target;
use razz_observe::clock::Clock;

/// Viewers ask for a key frame when they have none after this time, or after a gap, as browsers do.
const KEYFRAME_AFTER_US: i64 = 1_000_000;

/// What the load is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// Viewers come.
    Joining,
    /// What is received counts.
    Measuring,
    /// Viewers leave.
    Over,
}

/// What a viewer saw.
#[derive(Clone, Debug, Default)]
pub(super) struct Outcome {
    /// From the offer to the first whole IDR.
    pub(super) join_us: Option<i64>,
    /// While measured.
    pub(super) measured: Counted,
    /// How long that was.
    pub(super) measured_us: i64,
    /// When the frames came, while measured.
    pub(super) timing: Timing,
    /// What its network path was like.
    pub(super) path: Option<LinkQuality>,
    /// Why it came to nothing.
    pub(super) error: Option<String>,
}

thread_local! {
    // With GRO the system puts several datagrams into one buffer.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; 1 << 16]);
}

struct Peer {
    clock: Clock,
    rtc: Rtc,
    socket: UdpSocket,
    io: UdpSocketState,
    local: SocketAddr,
    /// The network between the socket and this viewer, with the address that all comes from; none where it is that
    /// of the machine.
    link: Option<(Link, SocketAddr)>,
    frames: Frames,
    ssrc: Option<Ssrc>,
    /// A key frame is asked for then.
    ask_at: MonoTime,
    first_idr: Option<MonoTime>,
}

/// Watches until `until`, or until the load is over; notes in `media` where the server's comes from. `path` is what
/// the network to it is like.
pub(super) async fn watch(
    target: &Target,
    path: Option<LinkQuality>,
    clock: Clock,
    until: Option<MonoTime>,
    mut phase: watch::Receiver<Phase>,
    media: &OnceLock<SocketAddr>,
) -> Outcome {
    let mut outcome = Outcome { path, ..Outcome::default() };
    if let Err(error) = watch_or_fail(target, clock, until, &mut phase, media, &mut outcome).await {
        outcome.error = Some(error);
    }
    outcome
}

async fn watch_or_fail(
    target: &Target,
    clock: Clock,
    until: Option<MonoTime>,
    phase: &mut watch::Receiver<Phase>,
    media: &OnceLock<SocketAddr>,
    outcome: &mut Outcome,
) -> Result<(), String> {
    let start = clock.mono();
    let (mut peer, location) = Peer::join(target, outcome.path, clock).await?;
    let mut base: Option<(MonoTime, Counted)> = None;
    let mut now_phase = *phase.borrow_and_update();
    let ended = loop {
        let now = clock.mono();
        if now_phase == Phase::Measuring && base.is_none() {
            base = Some((now, peer.frames.counted()));
            peer.frames.timing.begin();
        }
        if now_phase == Phase::Over || until.is_some_and(|until| now >= until) {
            break Ok(());
        }
        let timeout = match peer.drain() {
            Ok(timeout) => timeout,
            Err(error) => break Err(error),
        };
        let arrival = peer.link.as_ref().and_then(|(link, _)| link.next_arrival());
        let timeout = [until, arrival].into_iter().flatten().fold(timeout, MonoTime::min);
        tokio::select! {
            readable = peer.socket.readable() => {
                if let Err(error) = readable.map_err(|e| e.to_string()).and_then(|()| peer.receive(media)) {
                    break Err(error);
                }
            }
            _ = phase.changed() => now_phase = *phase.borrow_and_update(),
            () = tokio::time::sleep(now.until(timeout)) => {
                if let Err(error) = peer.arrive().and_then(|()| peer.pass_time()) {
                    break Err(error);
                }
            }
        }
    };
    outcome.join_us = peer.first_idr.map(|at| at.since_us(start));
    if let Some((at, before)) = base {
        outcome.measured = difference(peer.frames.counted(), before);
        outcome.measured_us = clock.mono().since_us(at);
        peer.frames.timing.end(clock.mono());
        outcome.timing = std::mem::take(&mut peer.frames.timing);
    }
    if let Some(location) = location {
        let _ = target.delete(&location).await;
    }
    ended
}

fn difference(now: Counted, before: Counted) -> Counted {
    Counted {
        frames: now.frames - before.frames,
        idrs: now.idrs - before.idrs,
        broken: now.broken - before.broken,
        gaps: now.gaps - before.gaps,
        lost: now.lost - before.lost,
        packets: now.packets - before.packets,
        bytes: now.bytes - before.bytes,
    }
}

impl Peer {
    async fn join(
        target: &Target,
        path: Option<LinkQuality>,
        clock: Clock,
    ) -> Result<(Self, Option<String>), String> {
        let in_words = |error: std::io::Error| error.to_string();
        let local = local_address(target.address).map_err(in_words)?;
        let socket = std::net::UdpSocket::bind((local, 0)).map_err(in_words)?;
        socket.set_nonblocking(true).map_err(in_words)?;
        let io = UdpSocketState::new(UdpSockRef::from(&socket)).map_err(in_words)?;
        // Room for a replay that comes while others have the processor.
        let _ = io.set_recv_buffer_size(UdpSockRef::from(&socket), 1 << 21);
        let socket = UdpSocket::from_std(socket).map_err(in_words)?;
        let local = socket.local_addr().map_err(in_words)?;
        let now = clock.mono();
        let mut rtc = RtcConfig::new()
            .clear_codecs()
            .enable_h264(true)
            .set_rtp_mode(true)
            .build(clock.instant(now));
        let candidate = Candidate::host(local, Protocol::Udp).map_err(|error| error.to_string())?;
        rtc.add_local_candidate(candidate);
        let mut change = rtc.sdp_api();
        change.add_media(MediaKind::Video, Direction::RecvOnly, None, None, None);
        let (offer, pending) = change.apply().ok_or("no offer came about")?;
        let answer = target.post(&offer.to_sdp_string()).await?;
        let location = answer.location;
        let answer = SdpAnswer::from_sdp_string(&answer.body).map_err(|error| error.to_string())?;
        rtc.sdp_api().accept_answer(pending, answer).map_err(|error| error.to_string())?;
        let peer = Self {
            clock,
            rtc,
            socket,
            io,
            local,
            // By its port every viewer has other luck.
            link: path.map(|path| (Link::new(path, local.port().into()), target.address)),
            frames: Frames::default(),
            ssrc: None,
            ask_at: now.plus_us(10 * KEYFRAME_AFTER_US),
            first_idr: None,
        };
        Ok((peer, location))
    }

    /// Sends what is to be sent; answers when to come back.
    fn drain(&mut self) -> Result<MonoTime, String> {
        loop {
            match self.rtc.poll_output().map_err(|error| error.to_string())? {
                Output::Timeout(at) => {
                    if !self.rtc.is_alive() {
                        return Err("the connection has ended".to_owned());
                    }
                    let now = self.clock.mono();
                    let wait = at.saturating_duration_since(self.clock.instant(now));
                    let wait = wait.min(Duration::from_millis(500));
                    return Ok(now.plus_us(wait.as_micros() as i64));
                }
                Output::Transmit(transmit) => {
                    // What is lost is sent again.
                    let _ = self.socket.try_send_to(&transmit.contents, transmit.destination);
                }
                Output::Event(Event::RtpPacket(packet)) => {
                    let now = self.clock.mono();
                    if self.ssrc.replace(packet.header.ssrc).is_none() {
                        self.ask_at = now.plus_us(KEYFRAME_AFTER_US);
                    }
                    let before = self.frames.counted();
                    self.frames.handle_packet(
                        now,
                        *packet.seq_no,
                        packet.header.timestamp,
                        packet.header.marker,
                        &packet.payload,
                    );
                    self.follow(now, before);
                }
                Output::Event(_) => {}
            }
        }
    }

    fn follow(&mut self, now: MonoTime, before: Counted) {
        let counted = self.frames.counted();
        if counted.idrs > before.idrs {
            self.first_idr.get_or_insert(now);
            self.ask_at = MonoTime::from_us(i64::MAX / 2);
        }
        if counted.gaps > before.gaps {
            self.ask_at = self.ask_at.min(now);
        }
    }

    fn receive(&mut self, media: &OnceLock<SocketAddr>) -> Result<(), String> {
        BUFFER.with_borrow_mut(|buffer| {
            loop {
                let mut meta = [RecvMeta::default()];
                let received = self.socket.try_io(Interest::READABLE, || {
                    let mut slices = [IoSliceMut::new(buffer)];
                    self.io.recv(UdpSockRef::from(&self.socket), &mut slices, &mut meta)
                });
                let [meta] = meta;
                match received {
                    Ok(_) => drop(media.set(meta.addr)), // The first that comes is as good as any.
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return Ok(()),
                    Err(_) => continue, // Such as a port that nobody listens at: ICE will tell.
                }
                for datagram in buffer[..meta.len].chunks(meta.stride.max(1)) {
                    if let Some((link, from)) = &mut self.link {
                        link.send(self.clock.mono(), datagram.to_vec());
                        *from = meta.addr;
                    } else {
                        self.take(meta.addr, datagram)?;
                    }
                }
            }
        })
    }

    /// Takes what has come through the link.
    fn arrive(&mut self) -> Result<(), String> {
        let now = self.clock.mono();
        while let Some((link, from)) = &mut self.link
            && let Some(datagram) = link.receive(now)
        {
            let from = *from;
            self.take(from, &datagram)?;
        }
        Ok(())
    }

    fn take(&mut self, source: SocketAddr, datagram: &[u8]) -> Result<(), String> {
        let Ok(contents) = DatagramRecv::try_from(datagram) else { return Ok(()) };
        let receive = Receive { proto: Protocol::Udp, source, destination: self.local, contents };
        let input = Input::Receive(self.clock.instant(self.clock.mono()), receive);
        self.rtc.handle_input(input).map_err(|error| error.to_string())?;
        self.drain().map(drop)
    }

    fn pass_time(&mut self) -> Result<(), String> {
        let now = self.clock.mono();
        let before = self.frames.counted();
        self.frames.give_up(now);
        self.follow(now, before);
        if now >= self.ask_at
            && let Some(ssrc) = self.ssrc
            && let Some(stream) = self.rtc.direct_api().stream_rx(&ssrc)
        {
            stream.request_keyframe(KeyframeRequestKind::Pli);
            self.ask_at = now.plus_us(KEYFRAME_AFTER_US);
        }
        let input = Input::Timeout(self.clock.instant(now));
        self.rtc.handle_input(input).map_err(|error| error.to_string())
    }
}

/// The address of this host from which `server` is reached.
fn local_address(server: SocketAddr) -> std::io::Result<std::net::IpAddr> {
    let any: SocketAddr = if server.is_ipv4() {
        SocketAddr::from(([0, 0, 0, 0], 0))
    } else {
        SocketAddr::from(([0u16; 8], 0))
    };
    // Connecting a datagram socket sends nothing; it only chooses the way.
    let probe = std::net::UdpSocket::bind(any)?;
    probe.connect(server)?;
    Ok(probe.local_addr()?.ip())
}
