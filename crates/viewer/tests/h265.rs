//! H.265 from a camera's ring to a peer of the library's own, whose depacketiser is not ours; and
//! which offers take it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use razz_base::{
    AccessUnit, CameraId, Codec, FrameKey, MediaTime, MonoTime, RunId, Size, StreamFormat,
    WallQuality, WallTime,
};
use razz_media::h264::nal_units;
use razz_media::h265::{NalType, ProfileTierLevel, nal_type};
use razz_media::ring::{GopRing, Unit};
use razz_media::rtp::MAX_PAYLOAD;
use razz_viewer::{Answered, OfferError, Outlet, Request, Session, SessionSettings, Video};
use str0m::change::SdpAnswer;
use str0m::media::{Direction, Frequency, MediaKind};
use str0m::net::{Protocol, Receive, Transmit};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};

const SERVER: ([u8; 4], u16) = ([192, 0, 2, 1], 8189);
const PEER: ([u8; 4], u16) = ([192, 0, 2, 2], 5000);
const MAIN_3_1: Video = Video::H265(ProfileTierLevel { profile: 1, high_tier: false, level: 93 });

#[derive(Default)]
struct Captured(Vec<Vec<u8>>);

impl Outlet for Captured {
    fn send(&mut self, transmit: Transmit) {
        self.0.push(transmit.contents.to_vec());
    }

    fn has_room(&mut self, _: Protocol, _: SocketAddr) -> bool {
        true
    }
}

fn settings(epoch: Instant) -> SessionSettings {
    SessionSettings {
        epoch,
        certificate: None,
        udp: vec![SocketAddr::from(SERVER)],
        tcp: Vec::new(),
        replay_bits_per_second: 50_000_000,
    }
}

/// The NAL units of frame `n`: an IDR with its parameter sets every tenth, in two slices of which one
/// fits a packet; between them pictures of two sub-layers.
fn frame(n: i64) -> Vec<Vec<u8>> {
    let body = |header: &[u8], length: usize| {
        let filling = (0..length).map(|at| (at as i64 * 7 + n) as u8 | 0x40);
        header.iter().copied().chain(filling).collect::<Vec<u8>>()
    };
    if n % 10 == 0 {
        vec![
            body(&[0x40, 1, 0x0C], 20),
            body(&[0x42, 1, 0x01], 40),
            body(&[0x44, 1, 0xC1], 4),
            body(&[0x4E, 1, 0x05], 30),
            body(&[0x26, 1, 0xAF], 9000),
            body(&[0x26, 1, 0x2F], 600),
        ]
    } else {
        vec![body(&[0x02, 1 + (n % 2) as u8, 0xD0], 2500)]
    }
}

fn unit(n: i64, codec: Codec, now: MonoTime) -> Arc<Unit> {
    // With a delimiter, which is not sent.
    let mut data = vec![0, 0, 0, 1, 0x46, 1, 0x50];
    for nal in frame(n) {
        data.extend([0, 0, 0, 1]);
        data.extend(nal);
    }
    let au = AccessUnit {
        key: FrameKey {
            camera: CameraId::new(1).unwrap(),
            time: MediaTime::from_90k((1 << 32) - 9000 + n * 3000),
        },
        run: RunId(1),
        format: StreamFormat::new(codec, Size::new(640, 360)),
        data: data.into(),
        idr: n % 10 == 0,
        lost_packets: 0,
        wall: WallTime { us: now.as_us(), quality: WallQuality::Arrival },
        received: now,
    };
    Arc::new(Unit::new(au, MAX_PAYLOAD))
}

/// Both ends in one thread, with a network of no delay between them.
struct Call {
    ring: GopRing,
    session: Session,
    peer: Rtc,
    epoch: Instant,
    now_us: i64,
    way: Captured,
    /// RTP timestamp and NAL units of each frame that the peer got.
    got: Vec<(u32, Vec<Vec<u8>>)>,
}

impl Call {
    fn new() -> Self {
        let epoch = Instant::now();
        let mut peer: Rtc = RtcConfig::new().build(epoch);
        let candidate = Candidate::host(SocketAddr::from(PEER), Protocol::Udp).unwrap();
        peer.add_local_candidate(candidate);
        let mut change = peer.sdp_api();
        change.add_media(MediaKind::Video, Direction::RecvOnly, None, None, None);
        let (offer, pending) = change.apply().unwrap();
        let now = MonoTime::from_us(0);
        let Answered { session, answer } =
            Session::answer(1, &offer.to_sdp_string(), MAIN_3_1, &settings(epoch), now).unwrap();
        let answer = SdpAnswer::from_sdp_string(&answer).unwrap();
        peer.sdp_api().accept_answer(pending, answer).unwrap();
        let (ring, way) = (GopRing::new(1 << 20), Captured::default());
        Self { ring, session, peer, epoch, now_us: 0, way, got: Vec::new() }
    }

    fn now(&self) -> MonoTime {
        MonoTime::from_us(self.now_us)
    }

    fn at(&self) -> Instant {
        self.epoch + Duration::from_micros(self.now_us as u64)
    }

    /// A millisecond passes, and what is on its way arrives.
    fn step(&mut self) {
        self.now_us += 1000;
        let now = self.now();
        self.session.handle_timeout(now).unwrap();
        self.flush();
        self.peer.handle_input(Input::Timeout(self.at())).unwrap();
        self.poll_peer();
        for datagram in std::mem::take(&mut self.way.0) {
            let receive = Receive {
                proto: Protocol::Udp,
                source: SocketAddr::from(SERVER),
                destination: SocketAddr::from(PEER),
                contents: datagram.as_slice().try_into().unwrap(),
            };
            self.peer.handle_input(Input::Receive(self.at(), receive)).unwrap();
            self.poll_peer();
        }
    }

    fn flush(&mut self) {
        let now = self.now();
        while let Some(request) = self.session.flush(now, &mut self.way).unwrap() {
            match request {
                Request::NextIdr { after } => {
                    self.session.handle_next_idr(self.ring.next_idr_in(after));
                }
                Request::Replay => self.session.handle_replay(now, self.ring.replay()),
            }
        }
    }

    fn poll_peer(&mut self) {
        let now = self.now();
        loop {
            match self.peer.poll_output().unwrap() {
                Output::Timeout(_) => break,
                Output::Transmit(out) => {
                    let (from, to) = (SocketAddr::from(PEER), SocketAddr::from(SERVER));
                    let proto = Protocol::Udp;
                    self.session
                        .handle_datagram(now, proto, from, Some(to), &out.contents)
                        .unwrap();
                }
                Output::Event(Event::MediaData(data)) => {
                    let time = data.time.rebase(Frequency::NINETY_KHZ).numer() as u32;
                    let nals = nal_units(&data.data).map(<[u8]>::to_vec);
                    // A slice that fits a packet is a sample of its own to the library.
                    match self.got.last_mut().filter(|(last, _)| *last == time) {
                        Some((_, so_far)) => so_far.extend(nals),
                        None => self.got.push((time, nals.collect())),
                    }
                }
                Output::Event(_) => {}
            }
        }
    }

    fn take(&mut self, n: i64) {
        let unit = unit(n, Codec::H265, self.now());
        self.ring.push(Arc::clone(&unit));
        let now = self.now();
        self.session.handle_unit(now, &unit);
    }

    fn connect(&mut self) {
        for _ in 0..5000 {
            if self.session.is_connected() {
                return;
            }
            self.step();
        }
        panic!("no connection");
    }
}

#[test]
fn what_the_camera_sent_arrives_from_the_ring_and_live_over_the_wrap() {
    let mut call = Call::new();
    for n in 0..14 {
        call.take(n);
    }
    call.connect();
    for n in 14..45 {
        for _ in 0..33 {
            call.step();
        }
        call.take(n);
    }
    for _ in 0..500 {
        call.step();
    }
    let times: Vec<u32> = (10..45).map(|n| ((1i64 << 32) - 9000 + n * 3000) as u32).collect();
    // The peer's own jitter buffer lets the last frame go when the next one is there.
    assert!(call.got.len() >= times.len() - 1, "{} of {}", call.got.len(), times.len());
    for ((time, nals), (n, expected)) in call.got.iter().zip((10..).zip(&times)) {
        assert_eq!(time, expected, "frame {n}");
        let heads = |nals: &[Vec<u8>]| -> Vec<(usize, [u8; 3])> {
            nals.iter().map(|nal| (nal.len(), [nal[0], nal[1], nal[2]])).collect()
        };
        assert_eq!(heads(nals), heads(&frame(n)), "frame {n}");
        assert!(*nals == frame(n), "frame {n} has other contents");
    }
}

#[test]
fn a_camera_that_turns_to_h264_ends_the_session() {
    let mut call = Call::new();
    call.take(0);
    call.connect();
    assert!(!call.session.is_over());
    let now = call.now();
    call.session.handle_unit(now, &unit(1, Codec::H264, now));
    call.flush();
    assert!(call.session.is_over());
    assert!(!call.way.0.is_empty(), "the peer is told");
}

/// An offer of one video section with these lines for payload type 96.
fn offer(formats: &[&str]) -> String {
    let numbers: Vec<String> = (96..96 + formats.len()).map(|pt| pt.to_string()).collect();
    let mut out = format!(
        "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n\
         m=video 9 UDP/TLS/RTP/SAVPF {}\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\n\
         a=ice-pwd:0123456789abcdef01234567\r\na=fingerprint:sha-256 {}\r\na=setup:actpass\r\n\
         a=mid:0\r\na=recvonly\r\na=rtcp-mux\r\n",
        numbers.join(" "),
        ["AB"; 32].join(":"),
    );
    for (format, pt) in formats.iter().zip(&numbers) {
        let (name, parameters) = format.split_once(' ').unwrap_or((format, ""));
        out += &format!("a=rtpmap:{pt} {name}/90000\r\na=rtcp-fb:{pt} nack pli\r\n");
        if !parameters.is_empty() {
            out += &format!("a=fmtp:{pt} {parameters}\r\n");
        }
    }
    out
}

#[test]
fn offers_that_take_h265_and_those_that_do_not() {
    const H264: &str =
        "H264 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f";
    const MAIN_6: &str = "H265 level-id=180;profile-id=1;tier-flag=0;tx-mode=SRST";
    const MAIN_3: &str = "H265 level-id=90;profile-id=1;tier-flag=0;tx-mode=SRST";
    const MAIN_10: &str = "H265 level-id=180;profile-id=2;tier-flag=0;tx-mode=SRST";
    let sends = |profile, level| Video::H265(ProfileTierLevel { profile, high_tier: false, level });
    let main = |payload_type: u8| Ok(payload_type);
    let no = |profile| Err(OfferError::NoH265 { profile });
    for (formats, video, expected) in [
        (&[MAIN_6][..], sends(1, 93), main(96)),
        (&[H264, MAIN_6], sends(1, 180), main(97)),
        (&["VP8", MAIN_10, MAIN_6], sends(1, 93), main(98)),
        (&[MAIN_10, MAIN_6], sends(2, 93), main(96)),
        // The tiers differ in bit rates only.
        (
            &[MAIN_6],
            Video::H265(ProfileTierLevel { profile: 1, high_tier: true, level: 120 }),
            main(96),
        ),
        // Without a level, or without anything, nothing is said of what it takes.
        (&["H265 profile-id=1"], sends(1, 153), main(96)),
        (&["H265"], sends(1, 153), main(96)),
        (&[MAIN_3], sends(1, 90), main(96)),
        (&[MAIN_3], sends(1, 123), Err(OfferError::H265Level { sent: 123, taken: 90 })),
        (&[MAIN_3, MAIN_6], sends(1, 123), main(97)),
        (&[H264], sends(1, 93), no("Main")),
        (&[MAIN_10, H264], sends(1, 93), no("Main")),
        (&[MAIN_6, H264], sends(2, 93), no("Main 10")),
        (&["H265 sprop-max-don-diff=2"], sends(1, 93), no("Main")),
        (&[MAIN_6], Video::H264 { high: false }, Err(OfferError::NoH264)),
        (&[MAIN_6, H264], Video::H264 { high: true }, main(97)),
    ] {
        let now = MonoTime::from_us(0);
        let outcome = Session::answer(1, &offer(formats), video, &settings(Instant::now()), now);
        let answered = outcome.map(|answered| {
            let section = answered.answer.lines().find(|line| line.starts_with("m=video")).unwrap();
            section.split(' ').nth(3).unwrap().parse::<u8>().unwrap()
        });
        assert_eq!(answered, expected, "{formats:?} for {video:?}");
    }
}

#[test]
fn the_refusals_name_the_cameras_setting() {
    for (error, words) in [
        (OfferError::NoH265 { profile: "Main" }, &["H.265 (Main profile)", "to H.264"][..]),
        (
            OfferError::H265Level { sent: 153, taken: 123 },
            &["level 5.1", "4.1 at most", "resolution", "to H.264"],
        ),
    ] {
        let said = error.to_string();
        assert!(words.iter().all(|words| said.contains(words)), "{said}");
    }
}

#[test]
fn a_delimiter_is_no_part_of_what_is_sent() {
    let unit = unit(0, Codec::H265, MonoTime::from_us(0));
    let delimiters = nal_units(&unit.au.data).filter(|nal| nal_type(nal) == Some(NalType::Aud));
    assert_eq!(delimiters.count(), 1);
    assert!(unit.payloads.iter().all(|payload| payload.data[0] != 0x46));
}
