//! Both ends of a call in one thread: a session with its camera's ring, and a peer of the library's
//! own, whose depacketiser is not ours.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use razz_base::{
    AccessUnit, CameraId, Codec, FrameKey, MediaTime, MonoTime, RunId, Size, StreamFormat,
    WallQuality, WallTime,
};
use razz_media::h264::nal_units;
use razz_media::h265::ProfileTierLevel;
use razz_media::ring::{GopRing, Unit};
use razz_media::rtp::MAX_PAYLOAD;
use razz_viewer::{Answered, Outlet, Request, Route, Session, SessionSettings, Video};
use str0m::change::SdpAnswer;
use str0m::media::{Direction, Frequency, KeyframeRequestKind, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};

const SERVER: ([u8; 4], u16) = ([192, 0, 2, 1], 8189);
const PEER: ([u8; 4], u16) = ([192, 0, 2, 2], 5000);
pub(crate) const MAIN_3_1: Video =
    Video::H265(ProfileTierLevel { profile: 1, high_tier: false, level: 93 });

#[derive(Default)]
pub(crate) struct Captured(pub(crate) Vec<Vec<u8>>);

impl Outlet for Captured {
    fn send(&mut self, _: Route, length: usize, write: &mut dyn FnMut(&mut [u8])) {
        let mut datagram = vec![0; length];
        write(&mut datagram);
        self.0.push(datagram);
    }

    fn has_room(&mut self, _: Protocol, _: SocketAddr) -> bool {
        true
    }
}

pub(crate) fn settings(epoch: Instant) -> SessionSettings {
    SessionSettings {
        epoch,
        certificate: None,
        udp: vec![SocketAddr::from(SERVER)],
        tcp: Vec::new(),
        replay_bits_per_second: 50_000_000,
        adapt: false,
    }
}

/// The NAL units of frame `n` in H.264: an IDR with its parameter sets every tenth.
pub(crate) fn h264_frame(n: i64) -> Vec<Vec<u8>> {
    let body = |header: u8, length: usize| {
        let filling = (0..length).map(|at| (at as i64 * 5 + n) as u8 | 0x40);
        std::iter::once(header).chain(filling).collect::<Vec<u8>>()
    };
    if n % 10 == 0 {
        vec![body(0x67, 20), body(0x68, 4), body(0x65, 5000)]
    } else {
        vec![body(0x41, 1500)]
    }
}

/// The NAL units of frame `n` in H.265: an IDR with its parameter sets every tenth, in two slices of which one
/// fits a packet; between them pictures of two sub-layers.
pub(crate) fn frame(n: i64) -> Vec<Vec<u8>> {
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

/// The media time of frame `n`; the RTP timestamp wraps at the third.
pub(crate) fn time(n: i64) -> MediaTime {
    MediaTime::from_90k((1 << 32) - 9000 + n * 3000)
}

pub(crate) fn unit(n: i64, codec: Codec, now: MonoTime) -> Arc<Unit> {
    let is_h264 = codec == Codec::H264;
    // With a delimiter, which is not sent.
    let mut data =
        if is_h264 { vec![0, 0, 0, 1, 0x09, 0xF0] } else { vec![0, 0, 0, 1, 0x46, 1, 0x50] };
    for nal in if is_h264 { h264_frame(n) } else { frame(n) } {
        data.extend([0, 0, 0, 1]);
        data.extend(nal);
    }
    let au = AccessUnit {
        key: FrameKey { camera: CameraId::new(1).unwrap(), time: time(n) },
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
pub(crate) struct Call {
    ring: GopRing,
    pub(crate) session: Session,
    peer: Rtc,
    epoch: Instant,
    mid: Mid,
    now_us: i64,
    /// On its way to the peer.
    pub(crate) sent: Captured,
    /// Everything that the session has requested.
    pub(crate) requests: Vec<Request>,
    /// RTP timestamp and NAL units of each frame that the peer got.
    pub(crate) got: Vec<(u32, Vec<Vec<u8>>)>,
    /// The payload types of what it got, each once.
    pub(crate) payload_types: BTreeSet<u8>,
}

impl Call {
    pub(crate) fn new() -> Self {
        Self::with(RtcConfig::new())
    }

    /// With a peer that offers what `config` says.
    pub(crate) fn with(config: RtcConfig) -> Self {
        let epoch = Instant::now();
        let mut peer: Rtc = config.build(epoch);
        let candidate = Candidate::host(SocketAddr::from(PEER), Protocol::Udp).unwrap();
        peer.add_local_candidate(candidate);
        let mut change = peer.sdp_api();
        let mid = change.add_media(MediaKind::Video, Direction::RecvOnly, None, None, None);
        let (offer, pending) = change.apply().unwrap();
        let now = MonoTime::from_us(0);
        let Answered { session, answer } =
            Session::answer(1, &offer.to_sdp_string(), MAIN_3_1, &settings(epoch), now).unwrap();
        let answer = SdpAnswer::from_sdp_string(&answer).unwrap();
        peer.sdp_api().accept_answer(pending, answer).unwrap();
        let (ring, sent) = (GopRing::new(1 << 20), Captured::default());
        Self {
            ring,
            session,
            peer,
            epoch,
            mid,
            now_us: 0,
            sent,
            requests: Vec::new(),
            got: Vec::new(),
            payload_types: BTreeSet::new(),
        }
    }

    pub(crate) fn now(&self) -> MonoTime {
        MonoTime::from_us(self.now_us)
    }

    fn at(&self) -> Instant {
        self.epoch + Duration::from_micros(self.now_us as u64)
    }

    /// A millisecond passes, and what is on its way arrives.
    pub(crate) fn step(&mut self) {
        self.now_us += 1000;
        let now = self.now();
        self.session.handle_timeout(now).unwrap();
        self.flush();
        self.peer.handle_input(Input::Timeout(self.at())).unwrap();
        self.poll_peer();
        for datagram in std::mem::take(&mut self.sent.0) {
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

    pub(crate) fn flush(&mut self) {
        let now = self.now();
        while let Some(request) = self.session.flush(now, &mut self.sent).unwrap() {
            self.requests.push(request);
            match request {
                Request::NextIdr { after } => {
                    self.session.handle_next_idr(self.ring.next_idr_in(after));
                }
                Request::Replay => self.session.handle_replay(now, self.ring.replay()),
                Request::KeyFrame { kind, .. } => unreachable!("{kind:?}: it does not adapt"),
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
                    self.payload_types.insert(*data.pt);
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

    pub(crate) fn take(&mut self, n: i64) {
        self.take_as(n, Codec::H265);
    }

    pub(crate) fn take_as(&mut self, n: i64, codec: Codec) {
        let unit = unit(n, codec, self.now());
        self.ring.push(Arc::clone(&unit));
        let now = self.now();
        self.session.handle_unit(now, &unit);
    }

    pub(crate) fn connect(&mut self) {
        for _ in 0..5000 {
            if self.session.is_connected() {
                return;
            }
            self.step();
        }
        panic!("no connection");
    }

    /// The peer asks for a key frame, which the session takes and is not flushed yet.
    pub(crate) fn request_keyframe(&mut self) {
        let mut direct = self.peer.direct_api();
        let stream = direct.stream_rx_by_mid(self.mid, None).unwrap();
        stream.request_keyframe(KeyframeRequestKind::Pli);
        self.peer.handle_input(Input::Timeout(self.at())).unwrap();
        self.poll_peer();
    }
}
