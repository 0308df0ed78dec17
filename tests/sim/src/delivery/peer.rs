//! The browser's end: receives, asks again for what is missing, asks for a key frame when that does
//! not help, and notes when each frame was whole.

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

use razz_base::{MonoTime, StreamKind};
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::media::{Direction, KeyframeRequestKind, MediaKind};
use str0m::net::{DatagramRecv, Protocol, Receive};
use str0m::rtp::Ssrc;
use str0m::{Candidate, Event, IceConnectionState, Input, Output, Rtc, RtcConfig};

use super::{FrameInfo, PEER, Payloads, SERVER};

/// A picture that stands still for so long makes the peer ask for a key frame.
const STUCK_US: i64 = 300_000;

/// What the peer was told by its library.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PeerEvent {
    /// DTLS is up.
    Connected,
    /// No path any more.
    Disconnected,
}

/// A picture on the screen.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// Since when.
    pub at: MonoTime,
    /// Which of the camera's pictures.
    pub picture: u64,
    /// In which encoding.
    pub kind: StreamKind,
}

/// The browser's end.
pub struct Peer {
    rtc: Rtc,
    epoch: Instant,
    pending: Option<SdpPendingOffer>,
    answer: String,
    deadline: MonoTime,
    ssrc: Option<Ssrc>,
    /// Packets of frames that are not whole.
    partial: BTreeMap<u64, HashSet<usize>>,
    /// When each frame was whole.
    pub whole: BTreeMap<u64, MonoTime>,
    /// The newest frame that could be decoded: an IDR, or one whose predecessor could; and the picture
    /// that it shows.
    decoded: Option<(u64, u64)>,
    /// Whole frames that were not decoded, by the picture that they show.
    undecoded: BTreeMap<(u64, u64), FrameInfo>,
    /// What was shown.
    pub shown: Vec<Shown>,
    /// When that was.
    decoded_at: MonoTime,
    /// The longest that the picture stood still since the first one, in µs.
    pub longest_still_us: i64,
    asked_at: MonoTime,
    /// Key frames asked for.
    pub asked: u64,
    /// What it was told, with when.
    pub told: Vec<(MonoTime, PeerEvent)>,
    /// Datagrams on their way out.
    pub sent: Vec<Vec<u8>>,
}

impl Peer {
    /// A peer, and its offer.
    pub fn new(epoch: Instant, now: MonoTime) -> (Self, String) {
        let mut rtc = RtcConfig::new().set_rtp_mode(true).build(instant(epoch, now));
        if let Ok(candidate) = Candidate::host(PEER, Protocol::Udp) {
            rtc.add_local_candidate(candidate);
        }
        let mut change = rtc.sdp_api();
        change.add_media(MediaKind::Video, Direction::RecvOnly, None, None, None);
        let (offer, pending) = change.apply().unwrap_or_else(|| unreachable!("a section is new"));
        let peer = Self {
            rtc,
            epoch,
            pending: Some(pending),
            answer: String::new(),
            deadline: now,
            ssrc: None,
            partial: BTreeMap::new(),
            whole: BTreeMap::new(),
            decoded: None,
            undecoded: BTreeMap::new(),
            shown: Vec::new(),
            decoded_at: now,
            longest_still_us: 0,
            asked_at: now,
            asked: 0,
            told: Vec::new(),
            sent: Vec::new(),
        };
        (peer, offer.to_sdp_string())
    }

    /// Takes the answer.
    pub fn accept(&mut self, answer: &str) {
        let parsed = SdpAnswer::from_sdp_string(answer).unwrap_or_else(|error| panic!("{error}"));
        let pending = self.pending.take().unwrap_or_else(|| unreachable!("there is an offer"));
        let outcome = self.rtc.sdp_api().accept_answer(pending, parsed);
        outcome.unwrap_or_else(|error| panic!("{error}: {answer}"));
        self.answer = answer.to_owned();
    }

    /// New ICE credentials as an SDP fragment.
    pub fn restart_ice(&mut self) -> String {
        let mut change = self.rtc.sdp_api();
        let credentials = change.ice_restart(true);
        let (_, pending) = change.apply().unwrap_or_else(|| unreachable!("ICE restarts"));
        self.pending = Some(pending);
        format!("a=ice-ufrag:{}\r\na=ice-pwd:{}\r\n", credentials.ufrag, credentials.pass)
    }

    /// Takes the server's fragment for it.
    pub fn accept_fragment(&mut self, fragment: &str) {
        let answer = razz_viewer::sdp::credentials(fragment).and_then(|(ufrag, password)| {
            razz_viewer::sdp::with_credentials(&self.answer, ufrag, password)
        });
        self.accept(&answer.unwrap_or_else(|| panic!("no new credentials in {fragment}")));
    }

    /// When [`Self::handle_timeout`] is wanted.
    pub fn deadline(&self) -> MonoTime {
        self.deadline
    }

    /// Takes a datagram.
    pub fn handle_datagram(&mut self, now: MonoTime, datagram: &[u8], payloads: &Payloads) {
        let Ok(contents) = DatagramRecv::try_from(datagram) else { return };
        let (source, destination) = (SERVER, PEER);
        let receive = Receive { proto: Protocol::Udp, source, destination, contents };
        self.input(now, |at| Input::Receive(at, receive), payloads);
    }

    /// Time passed.
    pub fn handle_timeout(&mut self, now: MonoTime, payloads: &Payloads) {
        if now >= self.deadline {
            self.input(now, Input::Timeout, payloads);
        }
        self.ask_when_stuck(now, payloads);
    }

    fn ask_when_stuck(&mut self, now: MonoTime, payloads: &Payloads) {
        let still_us = now.since_us(self.decoded_at);
        let Some(ssrc) = self.ssrc else { return };
        if still_us < STUCK_US || now.since_us(self.asked_at) < STUCK_US {
            return;
        }
        self.asked_at = now;
        self.asked += 1;
        if let Some(stream) = self.rtc.direct_api().stream_rx(&ssrc) {
            stream.request_keyframe(KeyframeRequestKind::Pli);
        }
        self.input(now, Input::Timeout, payloads);
    }

    fn input<'a>(
        &mut self,
        now: MonoTime,
        input: impl FnOnce(Instant) -> Input<'a>,
        payloads: &Payloads,
    ) {
        if !self.rtc.is_alive() || self.rtc.handle_input(input(instant(self.epoch, now))).is_err() {
            self.give_up(now);
            return;
        }
        loop {
            let Ok(output) = self.rtc.poll_output() else {
                self.give_up(now);
                return;
            };
            match output {
                Output::Timeout(at) => {
                    let wait = at.saturating_duration_since(instant(self.epoch, now));
                    // Looks at its picture every 50 ms besides.
                    let wait = wait.min(Duration::from_millis(50));
                    self.deadline = now.plus_us(wait.as_micros().max(1000) as i64);
                    return;
                }
                Output::Transmit(transmit) => self.sent.push(transmit.contents.to_vec()),
                Output::Event(Event::Connected) => self.told.push((now, PeerEvent::Connected)),
                Output::Event(Event::IceConnectionStateChange(
                    IceConnectionState::Disconnected,
                )) => self.told.push((now, PeerEvent::Disconnected)),
                Output::Event(Event::RtpPacket(packet)) => {
                    self.ssrc = Some(packet.header.ssrc);
                    if let Some((frame, index)) = payloads.find(&packet.payload) {
                        self.note(now, frame, index, payloads);
                    }
                }
                Output::Event(_) => {}
            }
        }
    }

    /// The library sees no way on, as after a handshake that nobody answered.
    fn give_up(&mut self, now: MonoTime) {
        self.rtc.disconnect();
        self.deadline = now.plus_us(1_000_000);
    }

    fn note(&mut self, now: MonoTime, frame: u64, index: usize, payloads: &Payloads) {
        if self.whole.contains_key(&frame) {
            // A replay of what was there, which may be what the decoder waited for.
            self.decode(now);
            return;
        }
        let Some(info) = payloads.info(frame) else { return };
        let packets = self.partial.entry(frame).or_default();
        packets.insert(index);
        if packets.len() == info.packets {
            self.partial.remove(&frame);
            self.whole.insert(frame, now);
            self.undecoded.insert((info.picture, frame), info);
            self.decode(now);
        }
    }

    /// Goes on from the newest frame that was decoded, or from a later IDR that is whole.
    fn decode(&mut self, now: MonoTime) {
        let before = self.decoded;
        let is_later = |picture: u64, decoded: Option<(u64, u64)>| {
            decoded.is_none_or(|(_, shown)| picture > shown)
        };
        let newest_idr = self
            .undecoded
            .iter()
            .rfind(|((picture, _), info)| info.leans_on.is_none() && is_later(*picture, before))
            .map(|(key, info)| (*key, *info));
        let mut next = newest_idr.or_else(|| self.successor());
        while let Some(((picture, frame), info)) = next {
            self.undecoded = self.undecoded.split_off(&(picture, frame));
            self.undecoded.remove(&(picture, frame));
            self.decoded = Some((frame, picture));
            self.shown.push(Shown { at: now, picture, kind: info.kind });
            next = self.successor();
        }
        if self.decoded != before {
            if before.is_some() {
                let still_us = now.since_us(self.decoded_at);
                self.longest_still_us = self.longest_still_us.max(still_us);
            }
            self.decoded_at = now;
        }
    }

    fn successor(&self) -> Option<((u64, u64), FrameInfo)> {
        let (decoded, _) = self.decoded?;
        let leans = |(_, info): &(&(u64, u64), &FrameInfo)| info.leans_on == Some(decoded);
        self.undecoded.iter().find(leans).map(|(key, info)| (*key, *info))
    }
}

fn instant(epoch: Instant, at: MonoTime) -> Instant {
    epoch + Duration::from_micros(at.as_us().max(0).unsigned_abs())
}
