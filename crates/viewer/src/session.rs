//! One viewer session: a peer connection, and what is on its way to it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use razz_base::{Codec, MediaTime, MonoTime, RunId, StreamKind};
use razz_media::ring::Unit;
use str0m::media::{Mid, Pt};
use str0m::net::{DatagramRecv, Protocol, Receive};
use str0m::rtp::Extension;
use str0m::{IceCreds, Input, Rtc, RtcConfig};
use tracing::{debug, trace};

use crate::congestion::Congestion;
use crate::error::OfferError;
use crate::format::{self, Video};
use crate::offer::Offer;
use crate::pace::Pacer;
use crate::queue::Queue;
use crate::rtp::Sender;
use crate::rtp::layout::Layout;
use crate::settings::{Outlet, Request, Route, SessionSettings};
use crate::{SessionId, dtls, sdp, short};

mod adapt;
mod connection;
mod loss;

use adapt::Adaptation;

pub use str0m::RtcError;

/// A viewer with more than this waiting for it jumps to the next IDR.
const MAX_QUEUED_BYTES: usize = 32 << 20;
/// So much later than its pace an access unit may go out; a viewer further behind jumps to the next
/// IDR.
const MAX_BEHIND_US: i64 = 2_000_000;
/// Packets written before it is looked again whether there is room for more.
const WRITE_AT_ONCE: usize = 48;
/// The soonest that the peer connection is woken again.
const SOONEST_US: i64 = 1_000;
/// How soon to look again whether a connection without room has some.
const ROOM_RETRY_US: i64 = 10_000;
/// An IDR so near is worth waiting for.
const NEAR_IDR_US: i64 = 500_000;
/// A session that is not connected by then is given up.
const CONNECT_WITHIN_US: i64 = 30_000_000;
/// How often the extensions for playout delay and capture time are sent besides with IDRs: the
/// receiver remembers the first and interpolates the other (draft-ietf-avtext-abs-capture-time
/// calls for sparse sending), and packets of equal size leave in one system call.
const EXTENSIONS_EVERY_US: i64 = 1_000_000;

/// An answered offer.
pub struct Answered {
    /// The session.
    pub session: Session,
    /// The complete answer: no candidates follow.
    pub answer: String,
}

/// What happened to a session so far.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Counts {
    /// GOPs replayed, the first included.
    pub replays: u64,
    /// Times that it was made to wait for the next IDR: congestion, too far behind, units dropped.
    pub waits: u64,
    /// Key frames asked for.
    pub keyframe_requests: u64,
    /// Generic NACKs received (RFC 4585 section 6.2.1), summed up once a second.
    pub nacks: u64,
    /// Picture loss indications received (RFC 4585 section 6.3.1), summed up once a second.
    pub plis: u64,
}

/// One peer.
pub struct Session {
    /// Its name.
    pub id: SessionId,
    /// The connection: ICE, DTLS, and the data channel that some pages open. Media goes its own way.
    rtc: Rtc,
    epoch: Instant,
    /// Our ICE user fragment, by which first datagrams find the session.
    ufrag: String,
    /// The camera sends something by now that was not agreed on.
    outdated: bool,
    /// As last answered.
    offer: Offer,
    /// Candidates whose datagrams are ours.
    udp: Vec<SocketAddr>,
    tcp: Vec<SocketAddr>,
    created: MonoTime,
    /// When the peer connection wants to be woken.
    rtc_deadline: MonoTime,
    media: Media,
    /// Where the keys of the handshake will be.
    agreed: dtls::Agreed,
    /// The way of media, once there are keys.
    sender: Option<Sender>,
    connected: bool,
    /// Nothing is sent until an IDR comes.
    needs_idr: bool,
    queue: Queue,
    pacer: Pacer,
    replay_bytes_per_ms: i64,
    /// Where media goes: the pair of addresses that ICE has chosen.
    path: Option<Route>,
    /// The peer may have chosen another one.
    path_is_stale: bool,
    /// No room there until then, as far as we know.
    blocked_until: Option<MonoTime>,
    last_replay: Option<MonoTime>,
    extensions_at: Option<MonoTime>,
    congestion: Congestion,
    /// Which of the camera's encodings is sent.
    adapt: Adaptation,
    /// Whether the path has a say in that.
    adapts: bool,
    /// The newest access unit of which something was sent.
    sent: Option<MediaTime>,
    /// The newest access unit that was queued: a replay may run ahead of what is on its way here.
    newest: Option<MediaTime>,
    /// The newest access unit of the last replay: what is sent up to there waits for no fault of the path.
    replaying: Option<MediaTime>,
    /// µs until the next IDR, as was answered last.
    next_idr_us: Option<i64>,
    /// What the next flush returns at once.
    request: Option<Request>,
    /// The RTSP session that the last access unit came by.
    run: Option<RunId>,
    ended: bool,
    counts: Counts,
}

/// Where media stands in the peer connection.
struct Media {
    mid: Mid,
    pt: Pt,
    layout: Layout,
    /// Packets that the library was asked to send: see [`Session::find_path`].
    asked: u64,
}

impl Session {
    /// Answers an offer to watch a camera that sends `video`.
    ///
    /// # Errors
    /// When the offer is not SDP, is incomplete, or does not take what the camera sends.
    pub fn answer(
        id: SessionId,
        offer: &str,
        video: Video,
        settings: &SessionSettings,
        now: MonoTime,
    ) -> Result<Answered, OfferError> {
        let offer = Offer::read(offer, video)?;
        let parsed = sdp::parse_offer(offer.text())?;
        let credentials = IceCreds::new();
        let ufrag = credentials.ufrag.clone();
        let mut config = format::enable(RtcConfig::new(), video)
            .set_crypto_provider(dtls::crypto())
            .set_ice_lite(true)
            .set_rtp_mode(true)
            .set_local_ice_credentials(credentials)
            .set_extension(12, Extension::PlayoutDelay)
            .set_extension(13, Extension::AbsoluteCaptureTime);
        if let Some(certificate) = &settings.certificate {
            config = config.set_dtls_cert(certificate.clone());
        }
        let mut rtc = config.build(instant(settings.epoch, now));
        let agreed = dtls::prepared().unwrap_or_default();
        for candidate in settings.candidates() {
            rtc.add_local_candidate(candidate);
        }
        let answer = sdp::accept(&mut rtc, parsed)?;
        let mid = Mid::from(sdp::video_mid(&answer).unwrap_or_default());
        let pt = format::choose(&rtc, mid, video)?;
        let answer = offer.answer(&answer);
        let other = format::choose_other(&rtc, mid, video);
        let layout = Layout::agreed(&mut rtc, mid, (video.codec(), pt), other)
            .ok_or_else(|| OfferError::Bad("its video section takes no video".to_owned()))?;
        let media = Media { mid, pt, layout, asked: 0 };
        let session = Self {
            id,
            rtc,
            epoch: settings.epoch,
            ufrag,
            outdated: false,
            offer,
            udp: settings.udp.clone(),
            tcp: settings.tcp.clone(),
            created: now,
            rtc_deadline: now,
            media,
            agreed,
            sender: None,
            connected: false,
            needs_idr: true,
            queue: Queue::default(),
            pacer: Pacer::new(settings.replay_bits_per_second, now),
            replay_bytes_per_ms: (settings.replay_bits_per_second / 8000).max(125) as i64,
            path: None,
            path_is_stale: false,
            blocked_until: None,
            last_replay: None,
            extensions_at: None,
            congestion: Congestion::default(),
            adapt: Adaptation::new(now),
            adapts: settings.adapt,
            sent: None,
            newest: None,
            replaying: None,
            next_idr_us: None,
            request: None,
            run: None,
            ended: false,
            counts: Counts::default(),
        };
        Ok(Answered { session, answer })
    }

    // ---- getters ----

    /// Our ICE user fragment: what stands first in the user name of the peer's checks.
    pub fn ufrag(&self) -> &str {
        &self.ufrag
    }

    /// Whether video of this codec was agreed on: the camera's, and that of our own encodings.
    pub fn takes(&self, codec: Codec) -> bool {
        self.media.layout.takes(codec)
    }

    /// The payload type that the camera's video is sent as.
    pub fn payload_type(&self) -> u8 {
        *self.media.pt
    }

    /// Whether the session is over.
    pub fn is_over(&self) -> bool {
        self.ended || !self.rtc.is_alive()
    }

    /// Whether media can flow.
    pub fn is_connected(&self) -> bool {
        self.connected
    }

    /// Whether nothing is sent until the next IDR comes.
    pub fn waits_for_idr(&self) -> bool {
        self.connected && self.needs_idr
    }

    /// What happened so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// When [`Self::handle_timeout`] and [`Self::flush`] are wanted.
    pub fn deadline(&self) -> MonoTime {
        if !self.connected {
            return self.rtc_deadline.min(self.created.plus_us(CONNECT_WITHIN_US + 1));
        }
        let soonest = self.rtc_deadline.min(self.judge_deadline());
        let (Some(sender), Some(_)) = (&self.sender, self.path) else { return soonest };
        // Nothing of media goes out before there is room.
        if let Some(until) = self.blocked_until {
            return soonest.min(until);
        }
        let soonest = soonest.min(sender.deadline()).min(self.pad_deadline());
        if self.queue.is_empty() { soonest } else { soonest.min(self.pacer.ready_at()) }
    }

    // ---- in ----

    /// Takes a datagram that came from `source` to our address `destination`, which may be another
    /// than the candidate's (behind a NAT). False when it is not for this session.
    ///
    /// # Errors
    /// When the session cannot go on.
    pub fn handle_datagram(
        &mut self,
        now: MonoTime,
        proto: Protocol,
        source: SocketAddr,
        destination: Option<SocketAddr>,
        datagram: &[u8],
    ) -> Result<bool, RtcError> {
        if is_media(datagram) {
            return Ok(self.handle_media(now, source, datagram));
        }
        let Ok(contents) = DatagramRecv::try_from(datagram) else { return Ok(false) };
        let ours = if proto == Protocol::Udp { &self.udp } else { &self.tcp };
        let Some(first) = ours.first() else { return Ok(false) };
        let known = destination.and_then(|to| ours.iter().find(|address| **address == to));
        // The candidate of the same family at least.
        let alike = ours.iter().find(|address| address.is_ipv4() == source.is_ipv4());
        let destination = *known.or(alike).unwrap_or(first);
        let receive = Receive { proto, source, destination, contents };
        let input = Input::Receive(instant(self.epoch, now), receive);
        if !self.rtc.accepts(&input) {
            return Ok(false);
        }
        match self.rtc.handle_input(input) {
            Ok(()) => {
                // The peer nominates with the checks by which it keeps the path alive.
                self.path_is_stale |= self.connected && matches!(datagram.first(), Some(0..=3));
                Ok(true)
            }
            // Anybody can send garbage in the peer's name: it ends nothing while there is a way on.
            Err(error) if self.rtc.is_alive() => {
                trace!(session = %short(self.id), "a datagram is passed over: {error}");
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Takes an access unit of its camera.
    pub fn handle_unit(&mut self, now: MonoTime, unit: &Arc<Unit>) {
        self.handle_unit_of(now, StreamKind::Main, unit);
    }

    /// Takes an access unit of one of the camera's encodings; what is not wanted is passed over.
    pub fn handle_unit_of(&mut self, now: MonoTime, kind: StreamKind, unit: &Arc<Unit>) {
        let sound_idr = unit.au.idr && unit.au.lost_packets == 0;
        if !self.admits(kind, sound_idr, unit.au.key.time) || !self.can_send(unit) {
            return;
        }
        if self.run != Some(unit.au.run) {
            // Another RTSP session: its first frames may lean on what was never received.
            self.run = Some(unit.au.run);
            self.needs_idr = true;
        }
        let known = self.newest.is_some_and(|newest| unit.au.key.time <= newest);
        if !self.connected || known || (self.needs_idr && !sound_idr) {
            return;
        }
        self.needs_idr = false;
        if self.queue.bytes() > MAX_QUEUED_BYTES {
            self.wait_for_idr(now, "too far behind");
            return;
        }
        self.enqueue(now, Arc::clone(unit));
    }

    /// Access units were dropped on their way here.
    pub fn handle_gap(&mut self, now: MonoTime) {
        self.wait_for_idr(now, "access units were dropped before it");
    }

    /// Answers [`Request::NextIdr`]: µs of media time until the next IDR is due, if known. Where it is
    /// not near, the next flush requests a replay.
    pub fn handle_next_idr(&mut self, next_idr_us: Option<i64>) {
        self.next_idr_us = next_idr_us;
        let near = next_idr_us.is_some_and(|us| us < NEAR_IDR_US);
        self.request = (!near).then_some(Request::Replay);
    }

    /// Answers [`Request::Replay`]: the current GOP from its IDR on, which is sent with the timestamps
    /// it had; `None` where it is not whole, or damaged, and the session goes on with what comes live.
    pub fn handle_replay(&mut self, now: MonoTime, units: Option<Vec<Arc<Unit>>>) {
        let Some(units) = units.filter(|_| self.sends(StreamKind::Main)) else { return };
        if !units.iter().all(|unit| self.can_send(unit)) {
            return;
        }
        let bytes: usize = units.iter().map(|unit| unit.bytes() / 2).sum();
        let waits_us = self.next_idr_us.take();
        if waits_us.is_some_and(|us| self.takes_us(bytes).is_some_and(|replay| replay > us)) {
            // The next IDR is there sooner than the replay would be; until then what is lost may still be sent
            // again.
            return;
        }
        self.replaying = units.last().map(|unit| unit.au.key.time);
        self.queue.clear();
        self.last_replay = Some(now);
        self.needs_idr = units.is_empty();
        self.counts.replays += 1;
        for unit in units {
            self.run = Some(unit.au.run);
            self.enqueue(now, unit);
        }
    }

    /// Time passed.
    ///
    /// # Errors
    /// When the session cannot go on.
    pub fn handle_timeout(&mut self, now: MonoTime) -> Result<(), RtcError> {
        if !self.connected && now.since_us(self.created) > CONNECT_WITHIN_US {
            debug!(session = %short(self.id), "viewer did not connect in time");
            self.ended = true;
        }
        if now >= self.rtc_deadline {
            self.rtc.handle_input(Input::Timeout(instant(self.epoch, now)))?;
        }
        Ok(())
    }

    /// Restarts ICE with the credentials of the peer's SDP fragment (RFC 8445 section 2.4, RFC 9725
    /// section 4.3.2); media goes on over the old path until the new one is found. Answers the
    /// fragment for the peer. [`Self::ufrag`] is another from now on.
    ///
    /// # Errors
    /// When the fragment has no credentials, or none that are new.
    pub fn restart_ice(&mut self, fragment: &str) -> Result<String, OfferError> {
        let (ufrag, password) = sdp::credentials(fragment)
            .ok_or_else(|| OfferError::Bad("the fragment has no ICE credentials".to_owned()))?;
        let text = sdp::with_credentials(self.offer.text(), ufrag, password)
            .ok_or_else(|| OfferError::Bad("the ICE credentials are not new".to_owned()))?;
        let answer = sdp::accept(&mut self.rtc, sdp::parse_offer(&text)?)?;
        let answer = self.offer.answer(&answer);
        self.offer.restarted(text);
        let Some((ufrag, _)) = sdp::credentials(&answer) else {
            return Err(OfferError::Bad("no new credentials came about".to_owned()));
        };
        self.ufrag = ufrag.to_owned();
        Ok(sdp::fragment(&answer))
    }

    // ---- out ----

    /// Writes what may go out now and hands every datagram to `outlet`. With a request it has
    /// stopped half-way: answer that and call again, until there is none. A request that stays
    /// unanswered is not repeated.
    ///
    /// # Errors
    /// When the session cannot go on.
    pub fn flush(
        &mut self,
        now: MonoTime,
        outlet: &mut dyn Outlet,
    ) -> Result<Option<Request>, RtcError> {
        if self.request.is_none() {
            self.find_path(now)?;
            self.drain(now, outlet)?;
            self.adapt(now);
        }
        if let Some(request) = self.request.take() {
            return Ok(Some(request));
        }
        if self.outdated {
            self.close(now, outlet);
            return Ok(None);
        }
        let (Some(route), Some(sender)) = (self.path, &mut self.sender) else { return Ok(None) };
        self.blocked_until = None;
        if outlet.has_room(route.proto, route.destination) {
            sender.flush(now, route, outlet);
        } else {
            self.blocked_until = Some(now.plus_us(ROOM_RETRY_US));
        }
        while self.pacer.allows(now) {
            let Some(due) = self.queue.due() else { break };
            if now > due {
                self.wait_for_idr(now, "too far behind");
                break;
            }
            if self.blocked_until.is_some() || !outlet.has_room(route.proto, route.destination) {
                self.blocked_until = Some(now.plus_us(ROOM_RETRY_US));
                break;
            }
            for _ in 0..WRITE_AT_ONCE {
                if !self.write_next(now, route, outlet) || !self.pacer.allows(now) {
                    break;
                }
            }
        }
        if self.blocked_until.is_none() {
            self.pad(now, route, outlet);
        }
        Ok(self.request.take())
    }

    /// Writes the next packet of the queue; false when there is none.
    fn write_next(&mut self, now: MonoTime, route: Route, outlet: &mut dyn Outlet) -> bool {
        let Some((unit, n)) = self.queue.next() else { return false };
        let (Some(payload), Some(sender)) = (unit.payloads.get(n), &mut self.sender) else {
            return true;
        };
        let mut times = false;
        if n == 0 {
            let stale = self.extensions_at.is_none_or(|at| now.since_us(at) >= EXTENSIONS_EVERY_US);
            times = unit.au.idr || stale;
            if times {
                self.extensions_at = Some(now);
            }
            self.sent = Some(unit.au.key.time);
            self.congestion.note_sent();
        }
        self.pacer.take(payload.data.len());
        sender.send(now, route, &unit, n, times, outlet);
        true
    }

    /// Ends it from our side: the peer is told.
    pub fn close(&mut self, now: MonoTime, outlet: &mut dyn Outlet) {
        if self.rtc.close().is_ok() {
            // Nothing is wanted of the camera any more, and all that is left goes out.
            while self.drain(now, outlet).is_ok() && self.request.take().is_some() {}
        }
        self.ended = true;
    }

    /// Whether `unit` is of a codec that was agreed on. If not the session ends, and the viewer's
    /// next offer is answered for what the camera sends now.
    fn can_send(&mut self, unit: &Unit) -> bool {
        if !self.takes(unit.au.codec()) && !self.outdated {
            debug!(session = %short(self.id), "the camera has changed its codec; the viewer ends");
            self.outdated = true;
        }
        !self.outdated
    }

    fn enqueue(&mut self, now: MonoTime, unit: Arc<Unit>) {
        self.newest = Some(unit.au.key.time);
        let bytes = self.queue.bytes() + unit.bytes();
        // Twice the time that it and what is before it need at the pace.
        let paced_us = 2000 * bytes as i64 / self.replay_bytes_per_ms;
        self.queue.push(unit, now, now.plus_us(MAX_BEHIND_US + paced_us));
    }
}

/// RTP or RTCP, not STUN or DTLS (RFC 7983 section 7).
fn is_media(datagram: &[u8]) -> bool {
    matches!(datagram.first(), Some(128..=191))
}

fn instant(epoch: Instant, at: MonoTime) -> Instant {
    epoch + Duration::from_micros(at.as_us().max(0).unsigned_abs())
}
