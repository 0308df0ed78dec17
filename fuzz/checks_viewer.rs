//! What must hold for anything that a page or a stranger sends. Shared by fuzz targets and tests.
#![allow(dead_code, unreachable_pub)]

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::Instant;

use razz_base::MonoTime;
use razz_media::h265::ProfileTierLevel;
use razz_viewer::demux::Demux;
use razz_viewer::framing::Deframer;
use razz_viewer::offer::Offer;
use razz_viewer::rtp::rtcp;
use razz_viewer::{Answered, Outlet, Route, Session, SessionSettings, Video, sdp};
use str0m::net::Protocol;

#[derive(Default)]
struct Sink(usize);

impl Outlet for Sink {
    fn send(&mut self, _: Route, length: usize, write: &mut dyn FnMut(&mut [u8])) {
        let mut datagram = vec![0; length];
        write(&mut datagram);
        assert!(!datagram.is_empty());
        self.0 += datagram.len();
    }

    fn has_room(&mut self, _: Protocol, _: SocketAddr) -> bool {
        true
    }
}

fn terms() -> &'static SessionSettings {
    static TERMS: OnceLock<SessionSettings> = OnceLock::new();
    TERMS.get_or_init(|| SessionSettings {
        epoch: Instant::now(),
        certificate: str0m::crypto::from_feature_flags().dtls_provider.generate_certificate(),
        udp: vec![SocketAddr::from(([127, 0, 0, 1], 8189))],
        tcp: vec![SocketAddr::from(([127, 0, 0, 1], 8189))],
        replay_bits_per_second: 50_000_000,
        adapt: false,
    })
}

const H264: Video = Video::H264 { high: true };
const H265: Video = Video::H265(ProfileTierLevel { profile: 1, high_tier: false, level: 93 });

fn answered(offer: &str, video: Video) -> Option<Answered> {
    Session::answer(1, offer, video, terms(), MonoTime::from_us(0)).ok()
}

/// `data` as an SDP offer, and as the fragment of an ICE restart of what it offered.
pub fn offer(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    read(text);
    let _ = sdp::fragment(text);
    let _ = sdp::credentials(text);
    for video in [H264, H265] {
        if let Some(answered) = answered(text, video) {
            restarts(text, video, answered);
        }
    }
}

/// What the library gets of an offer is one section, whatever the offer was.
fn read(text: &str) {
    for video in [H264, H265] {
        let Ok(offer) = Offer::read(text, video) else { continue };
        assert_eq!(sections(offer.text()), 1, "{}", offer.text());
        let _ = offer.answer(text);
        assert_eq!(sections(&offer.answer("v=0\r\nm=video 9 x\r\n")), sections(text));
    }
}

fn sections(text: &str) -> usize {
    text.lines().filter(|line| line.starts_with("m=")).count()
}

/// What was answered to `text` may be restarted by other credentials, and by no others.
fn restarts(text: &str, video: Video, Answered { mut session, answer }: Answered) {
    assert_eq!(sections(&answer), sections(text), "{answer}");
    let sent = answer.matches("\r\na=sendonly\r\n").count();
    assert_eq!(sent, 1, "one section is sent into: {answer}");
    assert!(answer.contains("a=ice-lite"), "{answer}");
    assert!(!answer.contains("a=sendrecv") && !answer.contains("a=recvonly"), "{answer}");
    let before = session.ufrag().to_owned();
    // The same credentials once more restart nothing.
    let offer = Offer::read(text, video).expect("it was answered");
    assert!(session.restart_ice(offer.text()).is_err());
    assert_eq!(session.ufrag(), before);
}

/// `data` as a peer's reports, once they are decrypted.
pub fn reports(data: &[u8]) {
    rtcp::read(data, |message| match message {
        rtcp::Message::Nack { items, .. } => {
            assert!(rtcp::lacking(items).count() <= 17 * (data.len() / 4));
        }
        rtcp::Message::Arrivals(arrivals) => {
            for near in [None, Some(0), Some(i64::from(u32::MAX) * 1000), Some(-5_000_000)] {
                let reference = arrivals.reference_us(near);
                let (mut next, mut count) = (arrivals.first, 0);
                arrivals.each(reference, |number, at| {
                    assert_eq!(number, next, "in order");
                    assert!(at.is_none_or(|at| (at - reference).abs() < 1 << 40));
                    next = next.wrapping_add(1);
                    count += 1;
                });
                assert!(count <= usize::from(u16::MAX));
            }
        }
        _ => {}
    });
}

/// `data` as datagrams, each behind its length, into the tables and into a session.
pub fn mux(data: &[u8]) {
    static OFFER: &str = include_str!("corpus/offer/str0m");
    let Some(Answered { mut session, .. }) = answered(OFFER, H264) else {
        panic!("the corpus has an offer that can be answered");
    };
    let mut demux = Demux::default();
    demux.insert(1, session.ufrag().to_owned());
    let source = SocketAddr::from(([127, 0, 0, 1], 5000));
    let mut now = MonoTime::from_us(0);
    let mut sink = Sink::default();
    let mut received = 0;
    let mut over = false;
    let _ = Deframer::new(2048).push(data, |datagram| {
        received += datagram.len();
        now = now.plus_us(1000);
        let found = demux.find(source, datagram);
        assert!(found.is_none_or(|id| id == 1));
        for proto in [Protocol::Udp, Protocol::Tcp] {
            over |= over
                || session.handle_datagram(now, proto, source, None, datagram).is_err()
                || match session.flush(now, &mut sink) {
                    Ok(request) => {
                        assert_eq!(request, None, "nobody has proved to be the peer");
                        false
                    }
                    Err(_) => true,
                };
        }
    });
    // Nobody who does not know the password gets more than was sent: this is no amplifier.
    assert!(sink.0 <= received, "{} bytes out for {received} in", sink.0);
}
