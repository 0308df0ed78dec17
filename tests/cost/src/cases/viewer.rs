//! One viewer's share of a frame: its packets are written, encrypted and handed out, and the timers
//! that fall due until the next frame are served.

use std::hint::black_box;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::time::{Duration, Instant};

use razz_base::MonoTime;
use razz_media::ring::Unit;
use razz_viewer::{Answered, Outlet, Request, Route, Session, SessionSettings, Video};
use str0m::change::SdpAnswer;
use str0m::media::{Direction, MediaKind};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Input, Output, Rtc, RtcConfig};

use super::media::unit;

const SERVER: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 1), 8189));
const PEER: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 2), 5000));

const FRAME_US: i64 = 33_333;

/// Keeps what is sent while the peer takes part, and only counts afterwards.
#[derive(Default)]
struct Wire {
    kept: Vec<Vec<u8>>,
    counts_only: bool,
    packets: usize,
    place: Vec<u8>,
}

impl Outlet for Wire {
    fn send(&mut self, _: Route, length: usize, write: &mut dyn FnMut(&mut [u8])) {
        self.packets += 1;
        if self.counts_only {
            // The place that it leaves from is there already.
            self.place.resize(length.max(self.place.len()), 0);
            write(&mut self.place[..length]);
            black_box(&self.place);
        } else {
            let mut datagram = vec![0; length];
            write(&mut datagram);
            self.kept.push(datagram);
        }
    }

    fn has_room(&mut self, _: Protocol, _: SocketAddr) -> bool {
        true
    }
}

/// A session that is connected, at a simulated time.
struct Viewer {
    session: Session,
    wire: Wire,
    now: MonoTime,
}

impl Viewer {
    /// Connects a peer of the library's own, which falls silent afterwards.
    fn connected() -> Self {
        // Where simulated time lies on the library's clock is of no matter: only differences count.
        let epoch = Instant::now();
        let mut now = MonoTime::from_us(0);
        let mut peer = RtcConfig::new().build(epoch);
        let candidate = Candidate::host(PEER, Protocol::Udp).expect("an address");
        peer.add_local_candidate(candidate);
        let mut change = peer.sdp_api();
        change.add_media(MediaKind::Video, Direction::RecvOnly, None, None, None);
        let (offer, pending) = change.apply().expect("a section is new");
        let terms = SessionSettings {
            epoch,
            certificate: None,
            udp: vec![SERVER],
            tcp: Vec::new(),
            replay_bits_per_second: 50_000_000,
            adapt: false,
        };
        let Answered { mut session, answer } =
            Session::answer(1, &offer.to_sdp_string(), Video::default(), &terms, now)
                .expect("an answer");
        let answer = SdpAnswer::from_sdp_string(&answer).expect("SDP");
        peer.sdp_api().accept_answer(pending, answer).expect("an answer to the offer");
        let mut wire = Wire::default();
        while !session.is_connected() {
            now = now.plus_us(1000);
            assert!(now < MonoTime::from_us(10_000_000), "no connection within ten seconds");
            session.handle_timeout(now).expect("a session that goes on");
            flush(&mut session, now, &mut wire);
            let at = epoch + Duration::from_micros(now.as_us().unsigned_abs());
            peer.handle_input(Input::Timeout(at)).expect("a peer that goes on");
            exchange(&mut peer, at, &mut session, now, &mut wire);
        }
        wire.counts_only = true;
        Self { session, wire, now }
    }

    /// Takes a frame, and serves the session until the next is due.
    fn frame(&mut self, unit: &Arc<Unit>) {
        let sent = self.wire.packets;
        let next = self.now.plus_us(FRAME_US);
        self.session.handle_unit(self.now, unit);
        flush(&mut self.session, self.now, &mut self.wire);
        while self.session.deadline() < next {
            self.now = self.now.max(self.session.deadline());
            self.session.handle_timeout(self.now).expect("a session that goes on");
            flush(&mut self.session, self.now, &mut self.wire);
        }
        self.now = next;
        let sent = self.wire.packets - sent;
        assert!(sent >= unit.payloads.len(), "{sent} of {} packets", unit.payloads.len());
    }
}

/// Sends what there is. The camera has no picture to replay: the session is served live frames only.
fn flush(session: &mut Session, now: MonoTime, wire: &mut Wire) {
    while let Some(request) = session.flush(now, wire).expect("a session that goes on") {
        match request {
            Request::NextIdr { .. } => session.handle_next_idr(None),
            Request::Replay => session.handle_replay(now, None),
            Request::KeyFrame { kind, .. } => unreachable!("{kind:?}: it does not adapt"),
        }
    }
}

/// What either end has for the other arrives.
fn exchange(peer: &mut Rtc, at: Instant, session: &mut Session, now: MonoTime, wire: &mut Wire) {
    let mut poll = |peer: &mut Rtc| {
        loop {
            match peer.poll_output().expect("a peer that goes on") {
                Output::Timeout(_) => break,
                Output::Transmit(out) => {
                    session
                        .handle_datagram(now, Protocol::Udp, PEER, Some(SERVER), &out.contents)
                        .expect("a session that goes on");
                }
                Output::Event(_) => {}
            }
        }
    };
    poll(peer);
    for datagram in wire.kept.drain(..) {
        let contents = datagram.as_slice().try_into().expect("a datagram of WebRTC");
        let receive = Receive { proto: Protocol::Udp, source: SERVER, destination: PEER, contents };
        peer.handle_input(Input::Receive(at, receive)).expect("a peer that goes on");
        poll(peer);
    }
}

/// The first frame is a key frame, the others are of one kind.
fn frames(idr: bool) -> Box<dyn FnMut()> {
    let mut viewer = Viewer::connected();
    let units: Vec<Arc<Unit>> = (0..120).map(|n| unit(n, n == 0 || idr)).collect();
    let mut coming = units.into_iter();
    Box::new(move || {
        let unit = coming.next().expect("a frame for every round");
        viewer.frame(&unit);
    })
}

pub(super) fn p_frames() -> Box<dyn FnMut()> {
    frames(false)
}

pub(super) fn idr_frames() -> Box<dyn FnMut()> {
    frames(true)
}
