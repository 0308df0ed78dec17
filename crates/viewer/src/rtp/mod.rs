//! Media on its way to one viewer: RTP packets with their numbers, encryption, what is sent again, and what
//! the viewer reports of them.
//!
//! The library that makes connections has a path of its own for media. It spends three microseconds a packet
//! on queues, maps, clocks and copies around a cipher that takes a third of one; with as many viewers as there
//! are cameras times people, that is most of what a server does. Here an access unit's packets are written one
//! after the other: a header, the payload that all viewers share encrypted straight to where it leaves from,
//! a number to recognize it by. What was sent is not kept a packet at a time, but as the access units that
//! there are anyway.
//!
//! 1. `srtp` encrypts;
//! 2. [`rtcp`] reads and writes reports;
//! 3. `estimate` says what the path carries;
//! 4. `layout` is what was agreed on: numbers, and header extensions;
//! 5. `Sender` is the stream.

pub(crate) mod estimate;
mod history;
pub(crate) mod layout;
pub mod rtcp;
pub(crate) mod srtp;

use std::collections::VecDeque;
use std::sync::Arc;

use razz_base::{MonoTime, ntp};
use razz_media::ring::Unit;
use razz_media::rtp::rtcp::SenderReport;

use crate::settings::{Outlet, Route};
use estimate::Estimator;
use history::{History, Kept};
use layout::{Header, Layout, MAX_HEADER};
use srtp::{Keys, Srtp};

/// How often we report.
const REPORT_EVERY_US: i64 = 1_000_000;
/// The peer's reports are summed up over so long.
const SUM_UP_US: i64 = 1_000_000;
/// The most packets asked for again that wait to be sent again.
const MOST_LACKING: usize = 1_024;
/// A packet is not sent again within half a round trip after it was: whoever asks so soon cannot know. As long as
/// none is known it is taken for this.
const ROUND_TRIP_US: i64 = 60_000;
const LONGEST_ROUND_TRIP_US: i64 = 400_000;
/// Of the bytes that went out in the last second so many may be sent again in any case.
const RESENT_AT_LEAST: f64 = 20_000.0;
/// A packet of this size is worth to be sent again as padding.
const PADDING_PAYLOAD: usize = 400;
/// Padding without any payload has as many bytes (RFC 3550 section 5.1).
const PADDING: usize = 255;

/// What the peer has said since it was asked last.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Heard {
    /// It needs a key frame.
    pub(crate) key_frame: bool,
    /// How often it asked for packets again, and for key frames.
    pub(crate) nacks: u64,
    pub(crate) plis: u64,
    /// The share of packets lost, by its reports of a second.
    pub(crate) loss: Option<f32>,
    /// What it thinks it can receive, in bits a second.
    pub(crate) remb: Option<u64>,
}

/// A stream of packets to one viewer.
pub(crate) struct Sender {
    layout: Layout,
    srtp: Srtp,
    /// What the path carries, where the peer tells when packets arrive.
    estimator: Option<Estimator>,
    history: History,
    /// The number of the next packet, and of the next that is sent again. Both start below 65536: the
    /// rollover counter starts at 0 (RFC 3711 section 3.3.1).
    next: u64,
    next_again: u64,
    /// Asked for again.
    lacking: VecDeque<u16>,
    /// What was sent again lately, and when.
    again: VecDeque<(u64, MonoTime)>,
    /// Bytes that went out within about a second: of media, and again.
    spent: Spent,
    /// Of all bytes that share may be sent again.
    again_share: f64,
    sent: usize,
    heard: Heard,
    reports: Reports,
    /// Packets and bytes of payload sent.
    packets: u32,
    bytes: u32,
    report_at: MonoTime,
    /// Our clock of the day less the monotonic one, in µs.
    wall_us: Option<i64>,
    /// The newest media time, and when it came.
    newest: Option<(u32, MonoTime)>,
    /// Round trip of our last report and the peer's on it, in µs.
    round_trip_us: Option<i64>,
    /// The peer's newest word of its own time, and when that came.
    peer_time: Option<(rtcp::PeerTime, MonoTime)>,
    scratch: Vec<u8>,
}

/// What the peer's reports add up to.
#[derive(Default)]
struct Reports {
    /// Packets lost and the highest number at the last sum, and when that was.
    before: Option<(i32, u32, MonoTime)>,
    /// Whether it has reported at all.
    any: bool,
}

/// Bytes that went out, forgotten over a second.
struct Spent {
    at: MonoTime,
    media: f64,
    again: f64,
}

impl Spent {
    fn fade(&mut self, now: MonoTime) {
        let passed = now.since_us(self.at);
        if passed > 0 {
            let left = (-(passed as f64) / 1e6).exp();
            (self.at, self.media, self.again) = (now, self.media * left, self.again * left);
        }
    }
}

impl Sender {
    /// A stream as agreed on in `layout`, protected by `keys`. `None` where those do not fit their profile.
    pub(crate) fn new(layout: Layout, keys: &Keys, now: MonoTime, adapts: bool) -> Option<Self> {
        let estimator = (adapts && layout.tells_arrivals()).then(|| Estimator::new(now));
        let layout = if estimator.is_some() { layout } else { layout.without_number() };
        Some(Self {
            layout,
            srtp: Srtp::new(keys).ok()?,
            estimator,
            history: History::default(),
            next: u64::from(rand::random::<u16>() >> 1),
            next_again: u64::from(rand::random::<u16>() >> 1),
            lacking: VecDeque::new(),
            again: VecDeque::new(),
            spent: Spent { at: now, media: 0.0, again: 0.0 },
            again_share: 0.0,
            sent: 0,
            heard: Heard::default(),
            reports: Reports::default(),
            packets: 0,
            bytes: 0,
            report_at: now,
            wall_us: None,
            newest: None,
            round_trip_us: None,
            peer_time: None,
            scratch: Vec::new(),
        })
    }

    pub(crate) fn estimator(&self) -> Option<&Estimator> {
        self.estimator.as_ref()
    }

    /// What the peer has said.
    pub(crate) fn hear(&mut self) -> Heard {
        std::mem::take(&mut self.heard)
    }

    /// Round trip by the peer's reports, in µs.
    pub(crate) fn round_trip_us(&self) -> Option<i64> {
        self.round_trip_us
    }

    /// Of all bytes this share may be sent again.
    pub(crate) fn allow_again(&mut self, share: f64) {
        self.again_share = share;
    }

    /// What was sent so far is not sent again: it is late.
    pub(crate) fn forget(&mut self) {
        self.history.clear();
        self.lacking.clear();
        if let Some(estimator) = &mut self.estimator {
            estimator.begin_anew();
        }
    }

    /// Bytes that went out since this was asked last, but for padding.
    pub(crate) fn take_sent(&mut self) -> usize {
        std::mem::take(&mut self.sent)
    }

    /// When something is due that nothing else leads to.
    pub(crate) fn deadline(&self) -> MonoTime {
        self.report_at
    }

    // ---- out ----

    /// Sends packet `n` of `unit`; `times`: with the extensions for capture time and playout delay. The
    /// packets of a unit follow one another.
    pub(crate) fn send(
        &mut self,
        now: MonoTime,
        route: Route,
        unit: &Arc<Unit>,
        n: usize,
        times: bool,
        outlet: &mut dyn Outlet,
    ) {
        let Some(payload) = unit.payloads.get(n) else { return };
        let index = self.next;
        self.next += 1;
        if n == 0 || self.history.is_other(unit) {
            let wall_us = unit.au.wall.us - unit.au.received.as_us();
            self.wall_us.get_or_insert(wall_us);
            self.newest = Some((unit.au.key.time.rtp_timestamp(), unit.au.received));
            self.history.push(Kept { unit: Arc::clone(unit), n, first: index, times, at: now });
        }
        self.history.extend(index);
        let header = self.media_header(unit, n, index, times);
        self.packets = self.packets.wrapping_add(1);
        self.bytes = self.bytes.wrapping_add(payload.data.len() as u32);
        let bytes = self.write(now, route, header, index, &payload.data, outlet);
        self.sent += bytes;
        self.spent.fade(now);
        self.spent.media += bytes as f64;
    }

    /// The header of a packet of media, the same each time.
    fn media_header(&self, unit: &Unit, n: usize, index: u64, times: bool) -> Header {
        Header {
            payload_type: self.layout.of(unit.au.codec()).media,
            ssrc: self.layout.ssrc,
            sequence: index as u16,
            timestamp: unit.au.key.time.rtp_timestamp(),
            marker: unit.payloads.get(n).is_some_and(|payload| payload.marker),
            padded: false,
            // Where nothing is known of the stream yet, its section is.
            named: self.layout.again.is_none() || !self.reports.any,
            captured_us: (times && n == 0).then_some(unit.au.wall.us),
        }
    }

    fn write(
        &mut self,
        now: MonoTime,
        route: Route,
        header: Header,
        index: u64,
        payload: &[u8],
        outlet: &mut dyn Outlet,
    ) -> usize {
        let mut bytes = [0; MAX_HEADER];
        let (length, number_at) = self.layout.write(header, &mut bytes);
        let whole = length + payload.len() + self.srtp.overhead();
        if let (Some(at), Some(estimator)) = (number_at, &mut self.estimator) {
            bytes[at..at + 2].copy_from_slice(&estimator.sent(now, whole).to_be_bytes());
        }
        let srtp = &self.srtp;
        outlet.send(route, whole, &mut |out| {
            if srtp.protect(index, header.ssrc, &bytes[..length], payload, out).is_err() {
                // Of another length than was asked for: nothing of it may leave in the clear.
                out.fill(0);
            }
        });
        whole
    }

    /// Sends again what is asked for, and our report where that is due.
    pub(crate) fn flush(&mut self, now: MonoTime, route: Route, outlet: &mut dyn Outlet) {
        let round_trip_us = self.round_trip_us.unwrap_or(ROUND_TRIP_US);
        let waits_us = round_trip_us.min(LONGEST_ROUND_TRIP_US) / 2;
        while self.again.front().is_some_and(|(_, at)| now.since_us(*at) >= waits_us) {
            self.again.pop_front();
        }
        while let Some(sequence) = self.lacking.pop_front() {
            self.send_again(now, route, sequence, outlet);
        }
        if now >= self.report_at {
            self.report_at = now.plus_us(REPORT_EVERY_US);
            self.history.expire(now);
            self.report(now, route, outlet);
        }
    }

    fn send_again(&mut self, now: MonoTime, route: Route, sequence: u16, outlet: &mut dyn Outlet) {
        let behind = u64::from((self.next as u16).wrapping_sub(sequence));
        let Some(index) = self.next.checked_sub(behind) else { return };
        let Some(kept) = self.history.find(now, index) else { return };
        self.spent.fade(now);
        let most = self.again_share * (self.spent.media + self.spent.again);
        let is_recent = self.again.iter().any(|(recent, _)| *recent == index);
        if is_recent || self.spent.again > most.max(RESENT_AT_LEAST * self.again_share) {
            return;
        }
        let kept = kept.clone();
        self.again.push_back((index, now));
        let bytes = self.write_again(now, route, &kept, index, outlet);
        self.sent += bytes;
        self.spent.again += bytes as f64;
    }

    /// Sends a packet again, under a number of its own where that was agreed on (RFC 4588 section 4), else
    /// bit for bit: encrypting something else under the same number would give the key away.
    fn write_again(
        &mut self,
        now: MonoTime,
        route: Route,
        kept: &Kept,
        index: u64,
        outlet: &mut dyn Outlet,
    ) -> usize {
        let n = kept.n + (index - kept.first) as usize;
        let Some(payload) = kept.unit.payloads.get(n) else { return 0 };
        let header = self.media_header(&kept.unit, n, index, kept.times);
        let Some(ssrc) = self.layout.again else {
            return self.write(now, route, header, index, &payload.data, outlet);
        };
        let payload_type = self.layout.of(kept.unit.au.codec()).again;
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        scratch.extend_from_slice(&header.sequence.to_be_bytes());
        scratch.extend_from_slice(&payload.data);
        let again = self.next_again;
        self.next_again += 1;
        let header =
            Header { payload_type, ssrc, sequence: again as u16, captured_us: None, ..header };
        let bytes = self.write(now, route, header, again, &scratch, outlet);
        self.scratch = scratch;
        bytes
    }

    /// Sends about so many bytes that are nothing new, all at once: the newest large packet, or as much
    /// padding. Answers how many bytes they were: none where the peer would not know them for that by their
    /// SSRC.
    pub(crate) fn pad(
        &mut self,
        now: MonoTime,
        route: Route,
        bytes: usize,
        outlet: &mut dyn Outlet,
    ) -> usize {
        let Some(ssrc) = self.layout.again else { return 0 };
        let large = self.history.newest(|payload| payload.data.len() >= PADDING_PAYLOAD);
        let mut sent = 0;
        while sent < bytes {
            sent += if let Some((kept, index)) = &large {
                self.write_again(now, route, kept, *index, outlet)
            } else {
                let mut padding = [0; PADDING];
                padding[PADDING - 1] = PADDING as u8;
                let again = self.next_again;
                self.next_again += 1;
                let header = Header {
                    payload_type: self.layout.codec.again,
                    ssrc,
                    sequence: again as u16,
                    timestamp: self.newest.map_or(0, |(timestamp, _)| timestamp),
                    marker: false,
                    padded: true,
                    named: !self.reports.any,
                    captured_us: None,
                };
                self.write(now, route, header, again, &padding, outlet)
            };
        }
        sent
    }

    /// Our report: which media time belongs to which time of the day (RFC 3550 section 6.4.1).
    fn report(&mut self, now: MonoTime, route: Route, outlet: &mut dyn Outlet) {
        let (Some(wall_us), Some((timestamp, received))) = (self.wall_us, self.newest) else {
            return;
        };
        let since_us = now.since_us(received);
        let report = SenderReport {
            ssrc: self.layout.ssrc,
            ntp: ntp::from_unix_us(wall_us + now.as_us()),
            rtp_timestamp: timestamp.wrapping_add((since_us * 9 / 100) as u32),
            packets: self.packets,
            octets: self.bytes,
        };
        let since = |at| ((now.since_us(at).max(0) << 16) / 1_000_000) as u32;
        let heard = self.peer_time.map(|(time, at)| (time, since(at)));
        let mut scratch = std::mem::take(&mut self.scratch);
        rtcp::write(report, &self.layout.cname, heard, &mut scratch);
        if self.srtp.protect_rtcp(&mut scratch).is_ok() {
            outlet.send(route, scratch.len(), &mut |out| out.copy_from_slice(&scratch));
        }
        self.scratch = scratch;
    }

    // ---- in ----

    /// Takes a datagram of RTCP; false where it is not the peer's.
    pub(crate) fn handle_rtcp(&mut self, now: MonoTime, datagram: &[u8]) -> bool {
        let mut scratch = std::mem::take(&mut self.scratch);
        let is_theirs = self.srtp.unprotect_rtcp(datagram, &mut scratch).is_ok();
        if is_theirs {
            rtcp::read(&scratch, |message| self.handle(now, message));
        }
        self.scratch = scratch;
        is_theirs
    }

    fn handle(&mut self, now: MonoTime, message: rtcp::Message<'_>) {
        match message {
            rtcp::Message::KeyFrame => {
                self.heard.key_frame = true;
                self.heard.plis += 1;
            }
            rtcp::Message::Nack { ssrc, items } if ssrc == self.layout.ssrc => {
                self.heard.nacks += 1;
                for sequence in rtcp::lacking(items) {
                    if self.lacking.len() < MOST_LACKING {
                        self.lacking.push_back(sequence);
                    }
                }
            }
            rtcp::Message::Nack { .. } => {}
            rtcp::Message::Time(time) => self.peer_time = Some((time, now)),
            rtcp::Message::Remb(bits) => self.heard.remb = Some(bits),
            rtcp::Message::Arrivals(arrivals) => {
                if let Some(estimator) = &mut self.estimator {
                    estimator.arrived(now, &arrivals);
                }
            }
            rtcp::Message::Report(block) if block.ssrc == self.layout.ssrc => {
                self.handle_report(now, block);
            }
            rtcp::Message::Report(_) => {}
        }
    }

    fn handle_report(&mut self, now: MonoTime, block: rtcp::ReportBlock) {
        self.reports.any = true;
        if let Some(wall_us) = self.wall_us.filter(|_| block.last_report != 0) {
            let middle = (ntp::from_unix_us(wall_us + now.as_us()) >> 16) as u32;
            let took = middle.wrapping_sub(block.last_report).wrapping_sub(block.since);
            // More than half of the range is a time before the report.
            self.round_trip_us = (took < 1 << 31)
                .then(|| (i64::from(took) * 1_000_000) >> 16)
                .or(self.round_trip_us);
        }
        let newest = (block.lost, block.highest, now);
        let Some((lost, highest, at)) = self.reports.before else {
            self.reports.before = Some(newest);
            return;
        };
        let expected = block.highest.wrapping_sub(highest);
        if now.since_us(at) < SUM_UP_US || expected == 0 || expected > 1 << 31 {
            return;
        }
        self.reports.before = Some(newest);
        let lost = block.lost.saturating_sub(lost).max(0);
        self.heard.loss = Some((lost as f32 / expected as f32).min(1.0));
    }

    /// Time passes.
    pub(crate) fn handle_timeout(&mut self, now: MonoTime) {
        if let Some(estimator) = &mut self.estimator {
            estimator.handle_timeout(now);
        }
    }
}

#[cfg(test)]
mod tests;
