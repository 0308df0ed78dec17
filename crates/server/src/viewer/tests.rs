//! The service on a real socket, against a peer of the same library on another.

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use bytes::Bytes;
use razz_base::{AccessUnit, FrameKey, MediaTime, RunId, Size, WallQuality, WallTime};
use str0m::media::{Direction, KeyframeRequestKind, MediaKind};
use str0m::net::{DatagramRecv, Protocol, Receive};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};

use super::*;
use crate::camera::{self, UnitSink};

/// Just below the wrap of 32 bits, so that every test crosses it.
const START: i64 = (1 << 33) - 40 * FRAME;
const FRAME: i64 = 3000;
const WITHIN: Duration = Duration::from_secs(20);

struct House {
    camera: Arc<Camera>,
    viewers: Viewers,
    clock: Clock,
    _sink: UnitSink,
}

fn house(limits: config::Viewers) -> House {
    let clock = Clock::start();
    let (sink, source) = camera::units();
    let socket = bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let viewers = Viewers::start(socket, &[], limits, source, clock).unwrap();
    let source =
        config::Source::new("rtsp://127.0.0.1:1/", None, None, config::Transport::Tcp).unwrap();
    let camera = Camera::blind(source, sink.clone(), clock);
    House { camera, viewers, clock, _sink: sink }
}

fn limits() -> config::Viewers {
    config::Viewers { max: 4, max_per_camera: 3, ring_bytes: 1 << 20, turn: Vec::new() }
}

impl House {
    /// Frame `n` of the camera; every 30th is an IDR.
    fn frame(&self, n: i64) {
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
        self.camera.handle_access_unit(
            AccessUnit {
                key: FrameKey {
                    camera: self.camera.id,
                    time: MediaTime::from_90k(START + n * FRAME),
                },
                run: RunId(1),
                data: Bytes::from(data),
                idr,
                lost_packets: 0,
                size: Size::new(640, 360),
                wall: WallTime { us: 0, quality: WallQuality::Arrival },
                received: self.clock.mono(),
            },
            false,
        );
    }
}

/// A browser, as far as we need one.
struct Peer {
    rtc: Rtc,
    clock: Clock,
    socket: UdpSocket,
    connected: bool,
    ssrc: Option<str0m::rtp::Ssrc>,
    /// Extended sequence number and RTP timestamp of every packet.
    packets: Vec<(u64, u32)>,
}

impl Peer {
    fn new(clock: Clock) -> (Self, str0m::change::SdpPendingOffer, String) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut rtc: Rtc = RtcConfig::new().set_rtp_mode(true).build(clock.instant(clock.mono()));
        let local = socket.local_addr().unwrap();
        rtc.add_local_candidate(Candidate::host(local, Protocol::Udp).unwrap());
        let mut change = rtc.sdp_api();
        change.add_media(MediaKind::Video, Direction::RecvOnly, None, None, None);
        let (offer, pending) = change.apply().unwrap();
        let peer = Self { rtc, clock, socket, connected: false, ssrc: None, packets: Vec::new() };
        (peer, pending, offer.to_sdp_string())
    }

    async fn join(house: &House) -> (Self, SessionId) {
        let (mut peer, pending, offer) = Self::new(house.clock);
        let opened = house.viewers.open(&house.camera, offer).await.unwrap();
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
                    let _ = self.socket.send_to(&out.contents, out.destination);
                }
                Output::Event(Event::Connected) => self.connected = true,
                Output::Event(Event::RtpPacket(packet)) => {
                    self.ssrc = Some(packet.header.ssrc);
                    self.packets.push((*packet.seq_no, packet.header.timestamp));
                }
                Output::Event(_) => {}
            }
        };
        let wait = timeout.saturating_duration_since(self.now()).min(most);
        self.socket.set_read_timeout(Some(wait.max(Duration::from_millis(1)))).unwrap();
        let mut buffer = [0; 2000];
        let input = match self.socket.recv_from(&mut buffer) {
            Ok((length, source)) => {
                let Ok(contents) = DatagramRecv::try_from(&buffer[..length]) else { return };
                let destination = self.socket.local_addr().unwrap();
                let receive = Receive { proto: Protocol::Udp, source, destination, contents };
                Input::Receive(self.now(), receive)
            }
            Err(_) => Input::Timeout(self.now()),
        };
        self.rtc.handle_input(input).unwrap();
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
        open.push(house.viewers.open(&house.camera, offer).await.unwrap().id);
    }
    let (_, _, offer) = Peer::new(house.clock);
    let refused = house.viewers.open(&house.camera, offer.clone()).await;
    assert!(matches!(refused, Err(OpenError::Full(3, "viewers.max_per_camera"))), "{refused:?}");
    assert!(house.viewers.close(open[0]).await);
    assert!(!house.viewers.close(open[0]).await, "it is gone");
    assert!(!house.viewers.exists(open[0]).await);
    assert!(house.viewers.exists(open[1]).await);
    assert_eq!((house.viewers.count(), house.camera.viewer_count()), (2, 2));
    house.viewers.open(&house.camera, offer).await.unwrap();
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
        (good[..good.len() / 2].to_owned(), false),
        (good.replace("a=fingerprint", "a=fingerprinx"), false),
        (no_h264, false),
        (good.replace("a=recvonly", "a=sendrecv"), true),
        (good.clone() + "\r\n\r\n", true),
        (good, true),
    ] {
        let outcome = house.viewers.open(&house.camera, offer.clone()).await;
        assert_eq!(outcome.is_ok(), fits, "{outcome:?} for {offer}");
        if let Ok(opened) = outcome {
            house.viewers.close(opened.id).await;
        }
    }
    assert_eq!(house.viewers.count(), 0);
}
