//! One viewer session: a peer connection, and what is on its way to it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use razz_base::{Codec, MediaTime, MonoTime, RunId};
use razz_media::ring::Unit;
use razz_media::rtp::Payload;
use str0m::change::SdpOffer;
use str0m::config::DtlsCert;
use str0m::media::{MediaTime as RtcTime, Mid, Pt};
use str0m::net::{DatagramRecv, Protocol, Receive, TcpType, Transmit};
use str0m::rtp::{AbsCaptureTime, Extension, ExtensionValues, RtpWrite, SeqNo};
use str0m::{Candidate, Event, IceConnectionState, IceCreds, Input, Output, Rtc, RtcConfig};
use tracing::{debug, trace, warn};

use crate::format::{self, Video};
use crate::pace::Pacer;
use crate::{SessionId, sdp, short};

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
/// At most one replay for a key frame request in this time.
const REPLAY_EVERY_US: i64 = 1_000_000;
/// An IDR so near is worth waiting for.
const NEAR_IDR_US: i64 = 500_000;
/// A session that is not connected by then is given up.
const CONNECT_WITHIN_US: i64 = 30_000_000;
/// How often the peer's reports are summed up.
const REPORT_EVERY: Duration = Duration::from_secs(1);
/// A report of this share of packets lost is heavy. Wi-Fi loses a few in a hundred and lives; two
/// heavy reports in a row are a path that cannot carry the video.
const HEAVY_LOSS: f32 = 0.2;
/// Heavy reports from which on the path counts as congested, and the most that are remembered.
const CONGESTED_STRIKES: u8 = 2;
const MAX_STRIKES: u8 = 3;
/// Packets kept for retransmission: for as long, in number, and the share of all bytes that may be
/// retransmissions. The age covers the five requests that browsers make for a packet at 200 ms of
/// round trip; the share lets a burst of 200 ms be asked for again within its second.
const RESEND_WITHIN: Duration = Duration::from_millis(1200);
const RESEND_PACKETS: usize = 4096;
const RESEND_SHARE: f32 = 0.4;
/// The share on a congested path, where every byte more makes it worse.
const RESEND_SHARE_CONGESTED: f32 = 0.02;
/// How often the extensions for playout delay and capture time are sent besides with IDRs: the
/// receiver remembers the first and interpolates the other (draft-ietf-avtext-abs-capture-time
/// calls for sparse sending), and packets of equal size leave in one system call.
const EXTENSIONS_EVERY_US: i64 = 1_000_000;

/// The camera as a session sees it.
pub trait Feed: Send + Sync {
    /// The current GOP from its IDR on, if it is whole and undamaged.
    fn replay(&self) -> Option<Vec<Arc<Unit>>>;
    /// µs of media time until the next IDR is due, if known.
    fn next_idr_us(&self, now: MediaTime) -> Option<i64>;
    /// What it sends.
    fn video(&self) -> Video;
}

/// Where a session's datagrams go.
pub trait Outlet {
    /// Sends one. What cannot be sent is lost, as on any network.
    fn send(&mut self, transmit: Transmit);
    /// Whether media may be sent there now. Where not, it waits in the session, and when that takes
    /// too long the session jumps to the next IDR.
    fn has_room(&mut self, proto: Protocol, destination: SocketAddr) -> bool;
}

/// What all sessions of a server have in common.
#[derive(Clone)]
pub struct Terms {
    /// The `Instant` of mono time 0.
    pub epoch: Instant,
    /// Shared, since making one takes longer than a handshake.
    pub certificate: Option<DtlsCert>,
    /// Where browsers are told to send to over UDP.
    pub udp: Vec<SocketAddr>,
    /// Where they may connect to over TCP (RFC 6544, passive).
    pub tcp: Vec<SocketAddr>,
    /// How fast a replay goes out. Raising it brings a viewer to the live picture sooner, and
    /// overruns slower links.
    pub replay_bits_per_second: u64,
}

/// Why an offer has no answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OfferError {
    /// Not SDP, or an offer that cannot be answered.
    #[error("the offer cannot be answered: {0}")]
    Bad(String),
    /// The offer has no H.264 that fits.
    #[error("the offer has no video section with H.264 in packetization mode 1")]
    NoH264,
    /// The camera sends H.265, and the offer has none of its profile.
    #[error(
        "the camera sends H.265 ({profile} profile), which this browser does not take: set the \
         camera's video codec to H.264, or use a browser that plays H.265 over WebRTC"
    )]
    NoH265 {
        /// The camera's.
        profile: &'static str,
    },
    /// The camera's H.265 is of a higher level than the offer takes.
    #[error(
        "the camera sends H.265 of level {}, and this browser takes {} at most: lower the camera's \
         resolution or frame rate, or set its video codec to H.264",
        f32::from(*sent) / 30.0,
        f32::from(*taken) / 30.0
    )]
    H265Level {
        /// The camera's, times thirty.
        sent: u8,
        /// The offer's, times thirty.
        taken: u8,
    },
}

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
    feed: Arc<dyn Feed>,
    rtc: Rtc,
    epoch: Instant,
    /// Our ICE user fragment, by which first datagrams find the session.
    ufrag: String,
    /// What was agreed on; nothing else can be sent.
    codec: Codec,
    /// The camera sends something else by now.
    outdated: bool,
    /// As last answered, without candidates: an ICE restart is a new offer that differs in its
    /// credentials only.
    offer: String,
    /// Candidates whose datagrams are ours.
    udp: Vec<SocketAddr>,
    tcp: Vec<SocketAddr>,
    created: MonoTime,
    /// When the peer connection wants to be woken.
    rtc_deadline: MonoTime,
    media: Media,
    connected: bool,
    /// Nothing is sent until an IDR comes.
    needs_idr: bool,
    queue: VecDeque<Queued>,
    queued_bytes: usize,
    /// The next packet of the unit at the head.
    next_payload: usize,
    pacer: Pacer,
    replay_bytes_per_ms: i64,
    /// Where the last packet of media went.
    path: Option<(Protocol, SocketAddr)>,
    /// No room there until then, as far as we know.
    blocked_until: Option<MonoTime>,
    last_replay: Option<MonoTime>,
    extensions_at: Option<MonoTime>,
    /// Heavy losses reported one after the other.
    strikes: u8,
    /// Whether media went out since the last report.
    flowing: bool,
    /// The newest access unit that was queued: a replay may run ahead of what is on its way here.
    newest: Option<MediaTime>,
    /// The RTSP session that the last access unit came by.
    run: Option<RunId>,
    ended: bool,
    counts: Counts,
}

/// Where media goes in the peer connection.
#[derive(Clone, Copy)]
struct Media {
    mid: Mid,
    pt: Pt,
    /// Counts per viewer and starts below 65536: the SRTP rollover counter starts at 0 (RFC 3711
    /// section 3.3.1).
    seq: u64,
}

struct Queued {
    unit: Arc<Unit>,
    /// It goes out by then, or the session is too far behind.
    due: MonoTime,
}

impl Session {
    /// Answers an offer.
    ///
    /// # Errors
    /// When the offer is not SDP, is incomplete, or does not take what the camera sends.
    pub fn answer(
        id: SessionId,
        offer: &str,
        feed: Arc<dyn Feed>,
        terms: &Terms,
        now: MonoTime,
    ) -> Result<Answered, OfferError> {
        let offer = sdp::only_receiving(offer);
        let parsed = parse_offer(&offer)?;
        let credentials = IceCreds::new();
        let ufrag = credentials.ufrag.clone();
        let video = feed.video();
        let mut config = format::enable(RtcConfig::new(), video)
            .set_ice_lite(true)
            .set_rtp_mode(true)
            .set_stats_interval(Some(REPORT_EVERY))
            .set_local_ice_credentials(credentials)
            .set_extension(12, Extension::PlayoutDelay)
            .set_extension(13, Extension::AbsoluteCaptureTime);
        if let Some(certificate) = &terms.certificate {
            config = config.set_dtls_cert(certificate.clone());
        }
        let mut rtc = config.build(instant(terms.epoch, now));
        for candidate in candidates(terms) {
            rtc.add_local_candidate(candidate);
        }
        let answer = accept(&mut rtc, parsed)?;
        let mid = Mid::from(sdp::video_mid(&answer).unwrap_or_default());
        let pt = format::choose(&rtc, mid, video)?;
        let media = Media { mid, pt, seq: u64::from(rand::random::<u16>() >> 1) };
        let session = Self {
            id,
            feed,
            rtc,
            epoch: terms.epoch,
            ufrag,
            codec: video.codec(),
            outdated: false,
            offer: sdp::without_candidates(&offer),
            udp: terms.udp.clone(),
            tcp: terms.tcp.clone(),
            created: now,
            rtc_deadline: now,
            media,
            connected: false,
            needs_idr: true,
            queue: VecDeque::new(),
            queued_bytes: 0,
            next_payload: 0,
            pacer: Pacer::new(terms.replay_bits_per_second, now),
            replay_bytes_per_ms: (terms.replay_bits_per_second / 8000).max(125) as i64,
            path: None,
            blocked_until: None,
            last_replay: None,
            extensions_at: None,
            strikes: 0,
            flowing: false,
            newest: None,
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

    /// Whether the session is over.
    pub fn is_over(&self) -> bool {
        self.ended || !self.rtc.is_alive()
    }

    /// Whether media can flow.
    pub fn is_connected(&self) -> bool {
        self.connected
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
        if self.queue.is_empty() {
            return self.rtc_deadline;
        }
        let ready = self.blocked_until.unwrap_or_else(|| self.pacer.ready_at());
        self.rtc_deadline.min(ready)
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
            Ok(()) => Ok(true),
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
        if !self.takes(unit) {
            return;
        }
        if self.run != Some(unit.au.run) {
            // Another RTSP session: its first frames may lean on what was never received.
            self.run = Some(unit.au.run);
            self.needs_idr = true;
        }
        let sound_idr = unit.au.idr && unit.au.lost_packets == 0;
        let known = self.newest.is_some_and(|newest| unit.au.key.time <= newest);
        if !self.connected || known || (self.needs_idr && !sound_idr) {
            return;
        }
        self.needs_idr = false;
        if self.queued_bytes > MAX_QUEUED_BYTES {
            self.wait_for_idr("too far behind");
            return;
        }
        self.enqueue(now, Arc::clone(unit));
    }

    /// Access units were dropped on their way here.
    pub fn handle_gap(&mut self) {
        self.wait_for_idr("access units were dropped before it");
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
        let offer = sdp::with_credentials(&self.offer, ufrag, password)
            .ok_or_else(|| OfferError::Bad("the ICE credentials are not new".to_owned()))?;
        let answer = accept(&mut self.rtc, parse_offer(&offer)?)?;
        self.offer = offer;
        let Some((ufrag, _)) = sdp::credentials(&answer) else {
            return Err(OfferError::Bad("no new credentials came about".to_owned()));
        };
        self.ufrag = ufrag.to_owned();
        Ok(sdp::fragment(&answer))
    }

    // ---- out ----

    /// Writes what may go out now and hands every datagram to `outlet`.
    ///
    /// # Errors
    /// When the session cannot go on.
    pub fn flush(&mut self, now: MonoTime, outlet: &mut dyn Outlet) -> Result<(), RtcError> {
        self.drain(now, outlet)?;
        if self.outdated {
            self.close(now, outlet);
            return Ok(());
        }
        self.blocked_until = None;
        while self.pacer.allows(now) {
            let Some(head) = self.queue.front() else { break };
            if now > head.due {
                self.wait_for_idr("too far behind");
                break;
            }
            if let Some((proto, destination)) = self.path
                && !outlet.has_room(proto, destination)
            {
                self.blocked_until = Some(now.plus_us(ROOM_RETRY_US));
                break;
            }
            for _ in 0..WRITE_AT_ONCE {
                if !self.write_next(now) || !self.pacer.allows(now) {
                    break;
                }
            }
            // What was written goes out once the library has seen that it is there.
            self.rtc.handle_input(Input::Timeout(instant(self.epoch, now)))?;
            self.drain(now, outlet)?;
        }
        Ok(())
    }

    /// Writes the next packet of the queue; false when there is none.
    fn write_next(&mut self, now: MonoTime) -> bool {
        let Some(head) = self.queue.front() else { return false };
        let unit = Arc::clone(&head.unit);
        if let Some(payload) = unit.payloads.get(self.next_payload) {
            let first = self.next_payload == 0;
            self.next_payload += 1;
            self.pacer.take(payload.data.len());
            self.write(now, &unit, payload, first);
        }
        if self.next_payload >= unit.payloads.len() {
            self.queue.pop_front();
            self.queued_bytes -= unit.bytes();
            self.next_payload = 0;
        }
        true
    }

    /// Ends it from our side: the peer is told.
    pub fn close(&mut self, now: MonoTime, outlet: &mut dyn Outlet) {
        if self.rtc.close().is_ok() {
            let _ = self.drain(now, outlet);
        }
        self.ended = true;
    }

    fn write(&mut self, now: MonoTime, unit: &Unit, payload: &Payload, first: bool) {
        let mut direct = self.rtc.direct_api();
        let Some(stream) = direct.stream_tx_by_mid(self.media.mid, None) else { return };
        let mut ext_vals = ExtensionValues::default();
        let stale = self.extensions_at.is_none_or(|at| now.since_us(at) >= EXTENSIONS_EVERY_US);
        if first && (unit.au.idr || stale) {
            self.extensions_at = Some(now);
            // Play at once, and let the page hold playback back if it wants to.
            ext_vals.play_delay_min = Some(RtcTime::from_hundredths(0));
            ext_vals.play_delay_max = Some(RtcTime::from_hundredths(50));
            let captured = Duration::from_micros(unit.au.wall.us.max(0).unsigned_abs());
            ext_vals.abs_capture_time = Some(AbsCaptureTime {
                capture_time: SystemTime::UNIX_EPOCH + captured,
                clock_offset: None,
            });
        }
        let write = RtpWrite::new(
            self.media.pt,
            SeqNo::from(self.media.seq),
            unit.au.key.time.rtp_timestamp(),
            instant(self.epoch, unit.au.received),
            Arc::clone(&payload.data),
        )
        .marker(payload.marker)
        .ext_vals(ext_vals)
        .nackable(true);
        self.media.seq += 1;
        self.flowing = true;
        stream.write_rtp(write);
    }

    fn drain(&mut self, now: MonoTime, outlet: &mut dyn Outlet) -> Result<(), RtcError> {
        loop {
            match self.rtc.poll_output()? {
                Output::Timeout(at) => {
                    let wait = at.saturating_duration_since(instant(self.epoch, now));
                    let wait_us = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX / 2);
                    // Time passes between two calls, whatever the library wishes.
                    self.rtc_deadline = now.plus_us(wait_us.max(SOONEST_US));
                    return Ok(());
                }
                Output::Transmit(transmit) => {
                    // RTP, not STUN or DTLS (RFC 7983 section 7).
                    if matches!(transmit.contents.first(), Some(128..=191)) {
                        self.path = Some((transmit.proto, transmit.destination));
                    }
                    outlet.send(transmit);
                }
                Output::Event(event) => self.handle_event(now, event),
            }
        }
    }

    fn handle_event(&mut self, now: MonoTime, event: Event) {
        match event {
            Event::Connected => {
                self.connected = true;
                debug!(session = %short(self.id), "viewer connected");
                self.allow_resends(RESEND_SHARE);
                self.start_replay(now);
            }
            Event::IceConnectionStateChange(IceConnectionState::Disconnected) | Event::Closed => {
                debug!(session = %short(self.id), "viewer is gone");
                self.ended = true;
            }
            Event::KeyframeRequest(_) => self.answer_keyframe_request(now),
            Event::MediaEgressStats(stats) => {
                // The library counts since the session began; never back.
                self.counts.nacks = self.counts.nacks.max(stats.nacks);
                self.counts.plis = self.counts.plis.max(stats.plis);
                if let Some(loss) = stats.loss {
                    self.handle_loss(loss);
                }
            }
            _ => {}
        }
    }

    /// PLI and FIR are answered from the ring: cameras do not listen to them over RTSP.
    fn answer_keyframe_request(&mut self, now: MonoTime) {
        self.counts.keyframe_requests += 1;
        if self.is_congested() || self.blocked_until.is_some() {
            // A replay would be more bytes where there is no room for those that there are.
            self.wait_for_idr("a key frame is asked for on a congested path");
            return;
        }
        let recent = self.last_replay.is_some_and(|at| now.since_us(at) < REPLAY_EVERY_US);
        let next_idr_us = self.newest.and_then(|newest| self.feed.next_idr_us(newest));
        let near = next_idr_us.is_some_and(|us| us < NEAR_IDR_US);
        if !recent && !near {
            self.start_replay(now);
        }
    }

    /// The peer reports this share of packets lost over the last second.
    fn handle_loss(&mut self, loss: f32) {
        let was = self.is_congested();
        if loss >= HEAVY_LOSS {
            self.strikes = (self.strikes + 1).min(MAX_STRIKES);
            if self.is_congested() {
                self.wait_for_idr("congested path");
            }
        } else if self.flowing {
            self.strikes = self.strikes.saturating_sub(1);
        }
        self.flowing = false;
        match (was, self.is_congested()) {
            (false, true) => self.allow_resends(RESEND_SHARE_CONGESTED),
            (true, false) => self.allow_resends(RESEND_SHARE),
            _ => {}
        }
    }

    fn is_congested(&self) -> bool {
        self.strikes >= CONGESTED_STRIKES
    }

    fn allow_resends(&mut self, share: f32) {
        let mut direct = self.rtc.direct_api();
        if let Some(stream) = direct.stream_tx_by_mid(self.media.mid, None) {
            stream.set_rtx_cache(RESEND_PACKETS, RESEND_WITHIN, Some(share));
        }
    }

    /// Sends the current GOP from its IDR on, with the timestamps it had.
    fn start_replay(&mut self, now: MonoTime) {
        let Some(units) = self.feed.replay() else { return };
        if !units.iter().all(|unit| self.takes(unit)) {
            return;
        }
        self.drop_queue();
        self.last_replay = Some(now);
        self.needs_idr = units.is_empty();
        self.counts.replays += 1;
        for unit in units {
            self.run = Some(unit.au.run);
            self.enqueue(now, unit);
        }
    }

    /// Whether `unit` is of the codec that was agreed on. If not the session ends, and the viewer's
    /// next offer is answered for what the camera sends now.
    fn takes(&mut self, unit: &Unit) -> bool {
        if unit.au.codec != self.codec && !self.outdated {
            debug!(session = %short(self.id), "the camera has changed its codec; the viewer ends");
            self.outdated = true;
        }
        !self.outdated
    }

    fn wait_for_idr(&mut self, why: &str) {
        if !self.needs_idr {
            debug!(session = %short(self.id), "viewer waits for the next key frame: {why}");
            self.counts.waits += 1;
        }
        self.drop_queue();
        self.needs_idr = true;
    }

    fn enqueue(&mut self, now: MonoTime, unit: Arc<Unit>) {
        self.newest = Some(unit.au.key.time);
        self.queued_bytes += unit.bytes();
        // Twice the time that what is before it needs at the pace.
        let paced_us = 2000 * self.queued_bytes as i64 / self.replay_bytes_per_ms;
        self.queue.push_back(Queued { unit, due: now.plus_us(MAX_BEHIND_US + paced_us) });
    }

    fn drop_queue(&mut self) {
        self.queue.clear();
        self.queued_bytes = 0;
        self.next_payload = 0;
    }
}

fn instant(epoch: Instant, at: MonoTime) -> Instant {
    epoch + Duration::from_micros(at.as_us().max(0).unsigned_abs())
}

fn parse_offer(offer: &str) -> Result<SdpOffer, OfferError> {
    SdpOffer::from_sdp_string(offer).map_err(|error| OfferError::Bad(sdp::in_words(&error)))
}

/// Some offers that contradict themselves, such as one payload type for two codecs, make the library
/// panic: that is their sender's trouble alone.
fn accept(rtc: &mut Rtc, offer: SdpOffer) -> Result<String, OfferError> {
    let outcome = catch_unwind(AssertUnwindSafe(|| rtc.sdp_api().accept_offer(offer)));
    match outcome {
        Ok(Ok(answer)) => Ok(answer.to_sdp_string()),
        Ok(Err(error)) => Err(OfferError::Bad(sdp::in_words(&error))),
        Err(_) => {
            rtc.disconnect();
            Err(OfferError::Bad("it contradicts itself".to_owned()))
        }
    }
}

fn candidates(terms: &Terms) -> Vec<Candidate> {
    let udp = terms.udp.iter().map(|address| Candidate::host(*address, Protocol::Udp));
    let tcp = terms.tcp.iter().map(|address| {
        // The browser connects to us (RFC 6544 section 4.5).
        Candidate::builder().tcp().host(*address).tcptype(TcpType::Passive).build()
    });
    let mut all = Vec::new();
    for candidate in udp.chain(tcp) {
        match candidate {
            Ok(candidate) => all.push(candidate),
            Err(error) => warn!("an address of ours is no ICE candidate: {error}"),
        }
    }
    all
}
