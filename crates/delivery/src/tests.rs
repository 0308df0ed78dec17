//! The shards on real sockets, against a peer of the same library on others.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use bytes::Bytes;
use razz_base::{
    AccessUnit, CameraId, Codec, DetectRate, FrameKey, MediaTime, RunId, Size, StreamFormat,
    WallQuality, WallTime,
};
use razz_hub::CameraSettings;
use razz_viewer::framing::{self, Deframer};
use str0m::media::{Direction, KeyframeRequestKind, MediaKind};
use str0m::net::{DatagramRecv, Protocol, Receive, TcpType};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};

use super::*;

mod leaving;
mod notices;
mod renditions;

/// Just below the wrap of 32 bits, so that every test crosses it.
const START: i64 = (1 << 33) - 40 * FRAME;
const FRAME: i64 = 3000;
/// When frame 0 was captured, by the camera's clock, in UTC µs.
const CAPTURED_US: i64 = 1_750_000_000_123_456;
const WITHIN: Duration = Duration::from_secs(20);

/// x265, 640x360: Main profile, level 2.1.
const H265_SPS: &[u8] = &[
    0, 0, 0, 1, 0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00,
    0x00, 0x03, 0x00, 0x3f, 0xa0, 0x05, 0x02, 0x01, 0x71, 0xf2, 0xe5, 0xba, 0x4a, 0x4c, 0x2f,
];

/// What such a camera sends.
fn h265() -> Arc<StreamFormat> {
    let mut format = (*StreamFormat::new(Codec::H265, Size::new(640, 360))).clone();
    format.parameter_sets = Bytes::from_static(H265_SPS);
    Arc::new(format)
}

struct House {
    camera: Arc<Camera>,
    viewers: Viewers,
    clock: Clock,
}

fn house(limits: config::Viewers) -> House {
    house_at(bind("127.0.0.1:0".parse().unwrap()).unwrap(), limits)
}

fn house_at(ports: Ports, limits: config::Viewers) -> House {
    let clock = Clock::start();
    let viewers = Viewers::start(ports, &[], limits, Telemetry::default(), clock).unwrap();
    House { camera: camera(clock), viewers, clock }
}

fn camera(clock: Clock) -> Arc<Camera> {
    let settings = CameraSettings {
        name: "Test".to_owned(),
        address: "rtsp://127.0.0.1:1/".to_owned(),
        transport: razz_base::Transport::Tcp,
        certificate: None,
        credentials: false,
        sub_address: None,
        detect_from: razz_base::DetectFrom::Main,
        detect_rate: DetectRate::Off,
        priority: 1.0,
        record: razz_base::RecordMode::Always,
        around_us: [0; 2],
    };
    Camera::new(CameraId::new(1).unwrap(), settings, 1 << 20, clock.wall_us())
}

fn limits() -> config::Viewers {
    config::Viewers {
        max: 4,
        max_per_camera: 3,
        max_per_token: 3,
        ring_bytes: 1 << 20,
        replay_mbps: 50,
        adapt: true,
        quality: razz_base::Quality::Auto,
        turn: Vec::new(),
    }
}

/// When frame `n` was captured, in UTC µs.
fn captured_us(n: i64) -> i64 {
    CAPTURED_US + n * FRAME * 100 / 9
}

impl House {
    /// Frame `n` of the camera; every 30th is an IDR.
    fn frame(&self, n: i64) {
        self.camera.stream.publish(self.access_unit(n));
    }

    fn access_unit(&self, n: i64) -> AccessUnit {
        let idr = n % 30 == 0;
        let mut data = Vec::new();
        if idr {
            data.extend(b"\0\0\0\x01\x67\x42\xc0\x1f\x8c\x8d\x40\x50\x1e\x80");
            data.extend(b"\0\0\0\x01\x68\xce\x3c\x80");
            data.extend(b"\0\0\0\x01\x65\x88");
        } else {
            data.extend(b"\0\0\0\x01\x41\x9a");
        }
        data.extend([n as u8 | 0x80; 2500]);
        AccessUnit {
            key: FrameKey { camera: self.camera.id, time: MediaTime::from_90k(START + n * FRAME) },
            run: RunId(1),
            format: StreamFormat::new(Codec::H264, Size::new(640, 360)),
            data: Bytes::from(data),
            idr,
            lost_packets: 0,
            wall: WallTime { us: captured_us(n), quality: WallQuality::SenderReport },
            received: self.clock.mono(),
        }
    }
}

/// How a peer is connected.
enum Wire {
    Udp(UdpSocket),
    Tcp { stream: TcpStream, deframer: Deframer, arrived: Vec<Vec<u8>> },
}

impl Wire {
    fn udp() -> Self {
        Self::Udp(UdpSocket::bind("127.0.0.1:0").unwrap())
    }

    fn tcp(server: SocketAddr) -> Self {
        let stream = TcpStream::connect(server).unwrap();
        Self::Tcp { stream, deframer: Deframer::new(2048), arrived: Vec::new() }
    }

    /// Over TCP with a receive buffer that does not grow.
    fn tcp_with_little_room(server: SocketAddr) -> Self {
        use std::os::fd::AsRawFd as _;
        let wire = Self::tcp(server);
        let Self::Tcp { stream, .. } = &wire else { unreachable!("it is TCP") };
        let bytes: libc::c_int = 1 << 16;
        // SAFETY: the descriptor is open, and the option is read from a live `c_int` of this size.
        #[allow(unsafe_code)]
        let outcome = unsafe {
            let (value, length) = (std::ptr::from_ref(&bytes).cast(), size_of_val(&bytes));
            let length = length as libc::socklen_t;
            libc::setsockopt(stream.as_raw_fd(), libc::SOL_SOCKET, libc::SO_RCVBUF, value, length)
        };
        assert_eq!(outcome, 0);
        wire
    }

    fn local(&self) -> SocketAddr {
        match self {
            Self::Udp(socket) => socket.local_addr().unwrap(),
            Self::Tcp { stream, .. } => stream.local_addr().unwrap(),
        }
    }

    fn proto(&self) -> Protocol {
        match self {
            Self::Udp(_) => Protocol::Udp,
            Self::Tcp { .. } => Protocol::Tcp,
        }
    }

    fn candidate(&self) -> Candidate {
        let candidate = match self {
            Self::Udp(_) => Candidate::host(self.local(), Protocol::Udp),
            Self::Tcp { .. } => {
                Candidate::builder().tcp().host(self.local()).tcptype(TcpType::Active).build()
            }
        };
        candidate.unwrap()
    }

    fn send(&mut self, datagram: &[u8], to: SocketAddr) {
        match self {
            Self::Udp(socket) => {
                let _ = socket.send_to(datagram, to);
            }
            Self::Tcp { stream, .. } => {
                let mut framed = Vec::new();
                assert!(framing::frame(datagram, &mut framed));
                let _ = stream.write_all(&framed);
            }
        }
    }

    /// A datagram and where it came from, if one comes in time.
    fn receive(&mut self, most: Duration) -> Option<(Vec<u8>, SocketAddr)> {
        let most = most.max(Duration::from_millis(1));
        match self {
            Self::Udp(socket) => {
                socket.set_read_timeout(Some(most)).unwrap();
                let mut buffer = [0; 2000];
                let (length, source) = socket.recv_from(&mut buffer).ok()?;
                Some((buffer[..length].to_vec(), source))
            }
            Self::Tcp { stream, deframer, arrived } => {
                if arrived.is_empty() {
                    stream.set_read_timeout(Some(most)).unwrap();
                    let mut buffer = [0; 4000];
                    let length = stream.read(&mut buffer).ok()?;
                    deframer.push(&buffer[..length], |d| arrived.push(d.to_vec())).unwrap();
                    if arrived.is_empty() {
                        return None;
                    }
                }
                Some((arrived.remove(0), stream.peer_addr().unwrap()))
            }
        }
    }
}

/// A browser, as far as we need one.
struct Peer {
    rtc: Rtc,
    clock: Clock,
    wire: Wire,
    connected: bool,
    ssrc: Option<str0m::rtp::Ssrc>,
    /// Extended sequence number and RTP timestamp of every packet.
    packets: Vec<(u64, u32)>,
    /// And its payload type.
    payload_types: Vec<u8>,
    /// The header extensions of every packet.
    told: Vec<str0m::rtp::ExtensionValues>,
}

impl Peer {
    fn new(clock: Clock) -> (Self, str0m::change::SdpPendingOffer, String) {
        Self::over(Wire::udp(), clock)
    }

    fn over(wire: Wire, clock: Clock) -> (Self, str0m::change::SdpPendingOffer, String) {
        Self::configured(wire, clock, RtcConfig::new())
    }

    fn configured(
        wire: Wire,
        clock: Clock,
        config: RtcConfig,
    ) -> (Self, str0m::change::SdpPendingOffer, String) {
        let mut rtc: Rtc = config.set_rtp_mode(true).build(clock.instant(clock.mono()));
        rtc.add_local_candidate(wire.candidate());
        let mut change = rtc.sdp_api();
        change.add_media(MediaKind::Video, Direction::RecvOnly, None, None, None);
        let (offer, pending) = change.apply().unwrap();
        let peer = Self {
            rtc,
            clock,
            wire,
            connected: false,
            ssrc: None,
            packets: Vec::new(),
            payload_types: Vec::new(),
            told: Vec::new(),
        };
        (peer, pending, offer.to_sdp_string())
    }

    async fn join(house: &House) -> (Self, SessionId) {
        Self::join_over(Wire::udp(), house).await
    }

    async fn join_over(wire: Wire, house: &House) -> (Self, SessionId) {
        Self::join_configured(wire, house, RtcConfig::new()).await
    }

    async fn join_configured(wire: Wire, house: &House, config: RtcConfig) -> (Self, SessionId) {
        let (mut peer, pending, offer) = Self::configured(wire, house.clock, config);
        let opened = house
            .viewers
            .open(&house.camera, offer, Demand::default(), &Opener::default())
            .await
            .unwrap();
        assert!(opened.answer.contains("a=sendonly"), "{}", opened.answer);
        let answer = str0m::change::SdpAnswer::from_sdp_string(&opened.answer).unwrap();
        peer.rtc.sdp_api().accept_answer(pending, answer).unwrap();
        peer.run("the connection", |peer| peer.connected);
        (peer, opened.id)
    }

    /// Runs until `done`; fails after a while.
    fn run(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let end = self.now() + WITHIN;
        while !done(self) {
            assert!(self.now() < end, "{what} did not come; {} packets", self.packets.len());
            self.step(Duration::from_millis(20));
        }
    }

    fn now(&self) -> Instant {
        self.clock.instant(self.clock.mono())
    }

    fn step(&mut self, most: Duration) {
        let timeout = loop {
            match self.rtc.poll_output().unwrap() {
                Output::Timeout(at) => break at,
                Output::Transmit(out) => {
                    assert_eq!(out.proto, self.wire.proto());
                    self.wire.send(&out.contents, out.destination);
                }
                Output::Event(Event::Connected) => self.connected = true,
                Output::Event(Event::RtpPacket(packet)) => {
                    self.ssrc = Some(packet.header.ssrc);
                    self.packets.push((*packet.seq_no, packet.header.timestamp));
                    self.payload_types.push(*packet.header.payload_type);
                    self.told.push(packet.header.ext_vals.clone());
                }
                Output::Event(_) => {}
            }
        };
        let wait = timeout.saturating_duration_since(self.now()).min(most);
        let Some((datagram, source)) = self.wire.receive(wait) else {
            self.rtc.handle_input(Input::Timeout(self.now())).unwrap();
            return;
        };
        let Ok(contents) = DatagramRecv::try_from(&datagram[..]) else { return };
        let (proto, destination) = (self.wire.proto(), self.wire.local());
        let receive = Receive { proto, source, destination, contents };
        self.rtc.handle_input(Input::Receive(self.now(), receive)).unwrap();
    }

    /// The frames whose packets came, in order, each once.
    fn frames(&self) -> Vec<i64> {
        let mut frames: Vec<i64> = self
            .packets
            .iter()
            .map(|(_, timestamp)| i64::from(timestamp.wrapping_sub(START as u32)) / FRAME)
            .collect();
        frames.dedup();
        frames
    }

    fn sequence_is_whole(&self) -> bool {
        self.packets.windows(2).all(|pair| pair[1].0 == pair[0].0 + 1)
    }
}

#[tokio::test]
async fn a_viewer_gets_the_current_gop_with_its_timestamps_and_then_what_comes() {
    let house = house(limits());
    for n in 0..50 {
        house.frame(n);
    }
    let (mut peer, _) = Peer::join(&house).await;
    for n in 50..70 {
        // One after the other, as a camera sends: what overruns the socket's buffer at the very end
        // nobody misses, so nobody asks for it again.
        peer.run("the frame before", |peer| peer.frames().last() == Some(&(n - 1)));
        house.frame(n);
    }
    peer.run("the last frame", |peer| peer.frames().last() == Some(&69));
    // From the IDR at 30 on, over the wrap at 40, none twice, none missing.
    assert_eq!(peer.frames(), (30..70).collect::<Vec<_>>());
    assert!(peer.sequence_is_whole());
    assert!(peer.packets[0].0 < 65_536, "the SRTP rollover counter starts at 0");
    assert_eq!(house.camera.viewer_count(), 1);
}

#[tokio::test]
async fn pli_is_answered_from_the_ring_but_not_twice_a_second() {
    let house = house(limits());
    // A whole GOP first: when the next IDR is due has to be known.
    for n in 0..35 {
        house.frame(n);
    }
    let (mut peer, _) = Peer::join(&house).await;
    peer.run("the ring", |peer| peer.frames().last() == Some(&34));
    peer.run("the ring's last packets", |peer| peer.packets.len() == 5 * 3 + 1);
    let before = peer.packets.len();
    let ask = |peer: &mut Peer| {
        let ssrc = peer.ssrc.expect("packets came");
        let mut api = peer.rtc.direct_api();
        let stream = api.stream_rx(&ssrc).expect("the peer knows the stream it receives");
        stream.request_keyframe(KeyframeRequestKind::Pli);
    };
    // The replay at the start was less than a second ago: this one goes unanswered for now.
    ask(&mut peer);
    let end = peer.now() + Duration::from_millis(1100);
    while peer.now() < end {
        peer.step(Duration::from_millis(20));
    }
    assert_eq!(peer.packets.len(), before, "a replay within the same second");
    ask(&mut peer);
    peer.run("the replay", |peer| peer.packets.len() == 2 * before);
    assert_eq!(peer.frames(), (30..35).chain(30..35).collect::<Vec<_>>());
    assert!(peer.sequence_is_whole(), "timestamps step back, sequence numbers go on");
    let delivery = &house.camera.health.delivery;
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    assert_eq!((count(&delivery.keyframe_requests), count(&delivery.replays)), (2, 2));
    peer.run("the sum of a second", |_| count(&delivery.plis) == 2);
    let received: u64 = peer.packets.len() as u64;
    let bytes = count(&delivery.bytes);
    assert!(bytes > 100 * received, "{bytes} bytes for {received} packets");
}

#[tokio::test]
async fn garbage_on_the_port_disturbs_nobody() {
    let house = house(limits());
    house.frame(0);
    let (mut peer, _) = Peer::join(&house).await;
    let rude = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port: SocketAddr = house.viewers.udp;
    let mut byte = 7u8;
    for n in 1..300 {
        let garbage: Vec<u8> = (0..n % 97 * 17)
            .map(|_| {
                byte = byte.wrapping_mul(31).wrapping_add(n as u8);
                byte
            })
            .collect();
        // First bytes of STUN, DTLS, RTP, RTCP and of nothing.
        for kind in [0u8, 22, 128, 200, 255] {
            let mut datagram = vec![kind, 1];
            datagram.extend(&garbage);
            rude.send_to(&datagram, port).unwrap();
        }
        if n % 10 == 0 {
            house.frame(n / 10);
        }
    }
    peer.run("frame 29", |peer| peer.frames().last() == Some(&29));
    assert!(peer.sequence_is_whole());
}

#[tokio::test]
async fn sessions_end_when_told_and_places_are_limited() {
    let house = house(limits());
    let mut open = Vec::new();
    for _ in 0..3 {
        let (_, _, offer) = Peer::new(house.clock);
        open.push(
            house
                .viewers
                .open(&house.camera, offer, Demand::default(), &Opener::default())
                .await
                .unwrap()
                .id,
        );
    }
    let (_, _, offer) = Peer::new(house.clock);
    let refused = house
        .viewers
        .open(&house.camera, offer.clone(), Demand::default(), &Opener::default())
        .await;
    assert!(matches!(refused, Err(OpenError::Full(3, "viewers.max_per_camera"))), "{refused:?}");
    assert!(house.viewers.close(open[0]).await);
    assert!(!house.viewers.close(open[0]).await, "it is gone");
    assert!(house.viewers.ice(open[0]).await.is_none());
    assert!(house.viewers.ice(open[1]).await.is_some());
    assert_eq!((house.viewers.count(), house.camera.viewer_count()), (2, 2));
    house.viewers.open(&house.camera, offer, Demand::default(), &Opener::default()).await.unwrap();
    house.viewers.stop().await;
    assert_eq!((house.viewers.count(), house.camera.viewer_count()), (0, 0));
}

#[tokio::test]
async fn offers_that_cannot_be_answered_are_refused() {
    let house = house(limits());
    let (_, _, good) = Peer::new(house.clock);
    let no_h264 = good.replace("H264/90000", "H269/90000");
    for (offer, fits) in [
        (String::new(), false),
        ("hello".to_owned(), false),
        ("v=0\r\n".to_owned(), false),
        // Cut off before a payload type has a name, and before the peer is named.
        (good[..good.find("a=rtpmap").unwrap()].to_owned(), false),
        (good[..good.find("a=ice-pwd").unwrap()].to_owned(), false),
        (good.replace("a=fingerprint", "a=fingerprinx"), false),
        (no_h264, false),
        (good.replace("a=recvonly", "a=sendrecv"), true),
        (good.clone() + "\r\n\r\n", true),
        (good, true),
    ] {
        let outcome = house
            .viewers
            .open(&house.camera, offer.clone(), Demand::default(), &Opener::default())
            .await;
        assert_eq!(outcome.is_ok(), fits, "{outcome:?} for {offer}");
        if let Ok(opened) = outcome {
            house.viewers.close(opened.id).await;
        }
    }
    assert_eq!(house.viewers.count(), 0);
}

#[tokio::test]
async fn a_viewer_without_udp_watches_over_tcp() {
    let house = house(limits());
    for n in 0..50 {
        house.frame(n);
    }
    let (mut peer, id) = Peer::join_over(Wire::tcp(house.viewers.udp), &house).await;
    for n in 50..70 {
        peer.run("the frame before", |peer| peer.frames().last() == Some(&(n - 1)));
        house.frame(n);
    }
    peer.run("the last frame", |peer| peer.frames().last() == Some(&69));
    assert_eq!(peer.frames(), (30..70).collect::<Vec<_>>());
    assert!(peer.sequence_is_whole());
    // The session's end is the connection's.
    assert!(house.viewers.close(id).await);
    let Wire::Tcp { stream, .. } = &mut peer.wire else { unreachable!("it is TCP") };
    stream.set_read_timeout(Some(WITHIN)).unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).expect("the server closes it");
}

#[tokio::test]
async fn a_slow_reader_over_tcp_goes_on_at_an_idr_and_hurts_only_itself() {
    let house = house(limits());
    house.frame(0);
    let (mut quick, _) = Peer::join(&house).await;
    let (mut slow, _) =
        Peer::join_over(Wire::tcp_with_little_room(house.viewers.udp), &house).await;
    quick.run("the first frame", |peer| !peer.packets.is_empty());
    slow.run("the first frame", |peer| !peer.packets.is_empty());
    // It reads nothing, while more is sent than its own buffer, the system's and the server's hold,
    // and longer than the server waits for a reader.
    let waits = || house.viewers.counters().waits.load(Ordering::Relaxed);
    let (mut n, end) = (0, quick.now() + 3 * WITHIN);
    while waits() == 0 {
        assert!(quick.now() < end, "the slow one was never made to wait; {n} frames");
        n += 1;
        house.frame(n);
        quick.run("the frame", |peer| peer.frames().last() == Some(&n));
    }
    assert_eq!(quick.frames(), (0..=n).collect::<Vec<_>>());
    // It reads again: what comes last is whole from an IDR on, and not all came.
    let last = n;
    let end = slow.now() + WITHIN;
    while slow.frames().last() != Some(&n) || n < last + 90 {
        assert!(slow.now() < end, "{:?} of {n}", slow.frames().last());
        n += 1;
        house.frame(n);
        let patience = slow.now() + Duration::from_millis(60);
        while slow.frames().last() != Some(&n) && slow.now() < patience {
            slow.step(Duration::from_millis(1));
        }
    }
    let frames = slow.frames();
    let gap = frames.windows(2).rposition(|pair| pair[1] != pair[0] + 1).expect("not all came");
    assert_eq!(
        frames[gap + 1] % 30,
        0,
        "it goes on at an IDR: {:?}",
        &frames[gap.saturating_sub(2)..gap + 5]
    );
}

#[tokio::test]
async fn strangers_over_tcp_are_shown_out() {
    let house = house(limits());
    house.frame(0);
    let (mut peer, _) = Peer::join(&house).await;
    for words in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        &[0, 3, 1, 2, 3],
        &[0xff; 4000],
        // A check for nobody we know.
        b"\0\x1c\0\x01\0\x08\x21\x12\xa4\x42abcdefghijkl\0\x06\0\x03x:y\0",
    ] {
        let mut stream = TcpStream::connect(house.viewers.udp).unwrap();
        stream.write_all(words).unwrap();
        stream.set_read_timeout(Some(WITHIN)).unwrap();
        let mut rest = Vec::new();
        // Closed, or reset since not all was read.
        let _ = stream.read_to_end(&mut rest);
        assert!(rest.is_empty(), "{rest:?} for {words:?}");
    }
    house.frame(1);
    peer.run("frame 1", |peer| peer.frames().last() == Some(&1));
}

#[tokio::test]
async fn a_flood_for_nobody_leaves_a_viewer_undisturbed() {
    let house = house(limits());
    house.frame(0);
    let (mut peer, _) = Peer::join(&house).await;
    peer.run("the first frame", |peer| peer.frames().last() == Some(&0));
    let (port, sent) = (house.viewers.udp, Arc::new(AtomicU64::new(0)));
    const FORGED: u64 = 40_000;
    let flood = {
        let sent = Arc::clone(&sent);
        std::thread::spawn(move || {
            // STUN for unknown names, DTLS, RTP and RTCP, from many ports.
            let sockets: Vec<_> =
                (0..50).map(|_| UdpSocket::bind("127.0.0.1:0").unwrap()).collect();
            let stun = b"\0\x01\0\x08\x21\x12\xa4\x42abcdefghijkl\0\x06\0\x03x:y\0";
            while sent.load(Ordering::Relaxed) < FORGED {
                for socket in &sockets {
                    for datagram in [&stun[..], &[22; 200], &[128; 1200], &[200; 60]] {
                        let _ = socket.send_to(datagram, port);
                        sent.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        })
    };
    let mut n = 0;
    while sent.load(Ordering::Relaxed) < FORGED {
        n += 1;
        house.frame(n);
        peer.run("the frame", |peer| peer.frames().last() == Some(&n));
    }
    flood.join().unwrap();
    assert!(peer.sequence_is_whole(), "nothing was lost and nothing sent twice");
    assert_eq!(peer.frames(), (0..=n).collect::<Vec<_>>());
    let counters = house.viewers.counters();
    assert!(counters.strays.load(Ordering::Relaxed) > 0);
    assert_eq!(house.viewers.count(), 1);
}

#[tokio::test]
async fn exactly_as_many_get_in_as_there_are_places_when_many_ask_at_once() {
    // All places, and those of one camera.
    places(config::Viewers { max: 40, max_per_camera: 1000, ..limits() }).await;
    places(config::Viewers { max: 1000, max_per_camera: 40, ..limits() }).await;
}

async fn places(limits: config::Viewers) {
    let house = house(limits);
    let (_, _, offer) = Peer::new(house.clock);
    let asked: Vec<_> = (0..200)
        .map(|_| {
            let (viewers, camera, offer) =
                (house.viewers.clone(), Arc::clone(&house.camera), offer.clone());
            tokio::spawn(async move {
                viewers.open(&camera, offer, Demand::default(), &Opener::default()).await
            })
        })
        .collect();
    let mut opened = 0;
    for asked in asked {
        match asked.await.unwrap() {
            Ok(_) => opened += 1,
            Err(error) => assert!(matches!(error, OpenError::Full(..)), "{error}"),
        }
    }
    assert_eq!(opened, 40, "exactly as many as there are places");
    assert_eq!(house.viewers.count(), 40);
    assert_eq!(house.camera.viewer_count(), 40);
}
