//! The receiving side of RTP: packets of a camera's video in, access units out.
//!
//! A [`Receiver`] is the machine for one video of a session. It has no clock and no socket:
//!
//! ```
//! use bytes::Bytes;
//! use razz_base::{Codec, MonoTime};
//! use razz_media::rtp::receive::{Receiver, Settings};
//!
//! let mut receiver = Receiver::new(Settings {
//!     codec: Codec::H264,
//!     payload_type: 96,
//!     clock_rate: 90_000,
//!     parameter_sets: Vec::new(),
//!     picture_size: None,
//! });
//! let now = MonoTime::from_us(0);
//! receiver.handle_rtp(now, Bytes::from_static(&[0x80, 0xE0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0x65, 0x88]));
//! // Nobody knows yet whether this camera's marker bits are right, but a first picture does not wait.
//! assert!(receiver.poll().is_some());
//! ```
//!
//! It takes whatever comes: each packet that cannot be used costs itself and a count by kind
//! ([`Counts`]), never the run. In the order in which a packet walks through:
//!
//! 1. `packet` reads the header, `admission` knows which packets are the video's;
//! 2. `source` puts them in order;
//! 3. `depacketize` takes NAL units out of them;
//! 4. `assemble` puts access units together: `picture` says where one begins, `trust` what marker bits
//!    are worth, `parameter_sets` what stands in front of key pictures.
//!
//! Of MJPEG, which has no NAL units, `jpeg` does 3 and 4; `video` is whichever of them it takes.
//!
//! Section numbers are those of RFC 3550, RFC 6184 (H.264), RFC 7798 (H.265) and RFC 2435 (JPEG), and of
//! the standards.

mod admission;
mod assemble;
mod counts;
mod depacketize;
mod jpeg;
mod nal_list;
mod other_codec;
mod packet;
mod parameter_sets;
mod picture;
mod reports;
mod rtcp;
mod source;
mod trust;
mod video;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use bytes::Bytes;
use razz_base::{CLOCK_RATE, Codec, MonoTime, Size};

use admission::{Admission, Admitted};
pub use counts::{Counts, Oddity};
use other_codec::OtherCodec;
use packet::Packet;
use reports::Reports;
use rtcp::Report;
use source::{InOrder, Source};
use video::Video;

/// What stands before each NAL unit of an access unit (Annex B of both standards).
const START_CODE: [u8; 4] = [0, 0, 0, 1];

/// The bytes of an access unit, at most. The largest that cameras send have about 1 MB; raising it costs
/// that memory at a camera that goes mad.
const MAX_UNIT: usize = 8 << 20;

/// The pieces that it may come in, each of which costs some bytes of its own.
const MAX_PIECES: usize = 16 << 10;

/// What is known of a video before its packets come, from its section of the SDP.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// How it is coded.
    pub codec: Codec,
    /// The RTP payload type of its packets.
    pub payload_type: u8,
    /// Ticks of its RTP timestamps in a second: 90,000 for video, by the RFCs.
    pub clock_rate: u32,
    /// Its parameter sets (`sprop-parameter-sets`; `sprop-vps`, `-sps` and `-pps`): NAL units without
    /// start codes. Those that the packets bring take their places.
    pub parameter_sets: Vec<Bytes>,
    /// Width and height, where the SDP says them (`a=framesize`, `a=x-dimensions`): of MJPEG the packets have
    /// no room for sides of more than 2040 pixels.
    pub picture_size: Option<Size>,
}

/// What comes of the packets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Received {
    /// An access unit.
    Unit {
        /// Its RTP timestamp in ticks of 90 kHz, unwrapped: it goes on over the wrap of 32 bits.
        rtp_extended: i64,
        /// Its NAL units behind start codes of four bytes (Annex B). A key picture (an IDR, H.265's
        /// other random access pictures, a recovery point) has all known parameter sets in front. Of
        /// MJPEG a file, of which nothing is missing.
        data: Bytes,
        /// Packets that are missing before it or inside it; at least 1 when something is, however that
        /// was noticed.
        lost_packets: u32,
        /// When its last packet arrived.
        received: MonoTime,
    },
    /// The camera's RTCP sender report: the wall time of an RTP timestamp.
    SenderReport {
        /// The RTP timestamp, on the timeline of the access units'.
        rtp_extended: i64,
        /// Seconds since 1900, and 2^-32 of them (RFC 3550 section 4).
        ntp: u64,
    },
    /// Another source (SSRC) has taken the place of the one before for good; timestamps begin anew.
    NewSource,
    /// The packets are of this coding, not of the one in the SDP; said once, when it is plain.
    OtherCodec(Codec),
}

/// Receives one video of a session.
///
/// After each `handle_*`, call [`poll`](Self::poll) until it answers `None`.
#[derive(Debug)]
pub struct Receiver {
    clock_rate: u32,
    admission: Admission,
    /// `None` before the first packet.
    source: Option<Source>,
    /// Lost of sources before this one.
    lost_before: u64,
    reports: Reports,
    /// A report that came before the first packet: source, timestamp, wall time.
    early_report: Option<(u32, u32, u64)>,
    other_codec: OtherCodec,
    video: Video,
    codec: Codec,
    picture_size: Option<Size>,
    counts: Counts,
    /// Something with a timestamp was handed on.
    has_spoken: bool,
    out: VecDeque<Received>,
}

impl Receiver {
    /// A receiver that has seen no packet yet.
    pub fn new(settings: Settings) -> Self {
        let Settings { codec, payload_type, clock_rate, parameter_sets, picture_size } = settings;
        // An SDP that says 0 says nothing.
        let clock_rate = if clock_rate == 0 { CLOCK_RATE as u32 } else { clock_rate };
        let mut counts = Counts::default();
        Self {
            clock_rate,
            admission: Admission::new(payload_type),
            source: None,
            lost_before: 0,
            reports: Reports::default(),
            early_report: None,
            other_codec: OtherCodec::new(codec),
            video: Video::new(codec, clock_rate, &parameter_sets, picture_size, &mut counts),
            codec,
            picture_size,
            counts,
            has_spoken: false,
            out: VecDeque::new(),
        }
    }

    /// Tells it what an earlier session showed: this camera's marker bits do not end pictures. Its first
    /// picture then waits for the next one, or for silence.
    pub fn distrust_markers(&mut self) {
        self.video.distrust_markers();
    }

    /// Whether this camera's marker bits do not end pictures, as far as is known by now.
    pub fn distrusts_markers(&self) -> bool {
        self.video.distrusts_markers()
    }

    /// How often which oddity came.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Packets that never came, or too late.
    pub fn lost_packets(&self) -> u64 {
        self.lost_before + self.source.as_ref().map_or(0, Source::lost_packets)
    }

    /// Takes a packet that came where RTP packets come.
    pub fn handle_rtp(&mut self, now: MonoTime, packet: Bytes) {
        if packet::is_rtcp(&packet, self.admission.payload_type()) {
            self.counts.add(Oddity::RtcpAmongRtp);
            return self.handle_rtcp(now, &packet);
        }
        match Packet::parse(packet) {
            Err(oddity) => self.counts.add(oddity),
            Ok((packet, Some(oddity))) => {
                self.counts.add(oddity);
                self.skip(packet);
            }
            Ok((packet, None)) => self.handle_packet(now, packet),
        }
        // Only now: a packet that was in time, and is handled late, shall not find its place gone.
        self.handle_timeout(now);
    }

    /// Takes a compound packet that came where RTCP packets come.
    pub fn handle_rtcp(&mut self, now: MonoTime, packet: &[u8]) {
        let Self { counts, admission, .. } = self;
        let mut sent = Vec::new();
        let mut ended = Vec::new();
        rtcp::read(packet, counts, |report| match report {
            Report::Sender { ssrc, ntp, timestamp } => sent.push((ssrc, timestamp, ntp)),
            Report::Bye { ssrc } => ended.push(ssrc),
        });
        ended.into_iter().for_each(|ssrc| admission.handle_bye(ssrc, counts));
        sent.into_iter().for_each(|report| self.take_report(report));
        self.handle_timeout(now);
    }

    /// Does what is due by `now`.
    pub fn handle_timeout(&mut self, now: MonoTime) {
        if let Some(source) = &mut self.source {
            source.handle_timeout(now);
            self.take_in_order();
        }
        if !self.more_will_come() {
            self.video.handle_timeout(now);
            self.hand_on();
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due next, if no packet comes before.
    pub fn deadline(&self) -> Option<MonoTime> {
        match self.source.as_ref().and_then(Source::deadline) {
            Some(deadline) => Some(deadline),
            None if self.more_will_come() => None,
            None => self.video.deadline(),
        }
    }

    /// What came of the packets so far, in order.
    pub fn poll(&mut self) -> Option<Received> {
        self.out.pop_front()
    }

    /// Bytes of video that it keeps, not counting what was not yet polled.
    pub fn held_bytes(&self) -> usize {
        let source = self.source.as_ref().map_or(0, Source::held_bytes);
        self.admission.held_bytes() + source + self.video.held_bytes()
    }

    /// The picture in hand is surely not over: packets wait for one before them, or a NAL unit has
    /// begun.
    fn more_will_come(&self) -> bool {
        self.source.as_ref().is_some_and(Source::is_waiting) || self.video.is_unfinished()
    }

    fn handle_packet(&mut self, now: MonoTime, packet: Packet) {
        let sequence = packet.sequence;
        match self.admission.admit(now, packet, &mut self.counts) {
            Admitted::No => {}
            Admitted::OtherType => self.skip_number(sequence),
            Admitted::Packet(packet) => self.take(now, packet),
            Admitted::Held { packets, new_source, stray_before } => {
                if new_source {
                    self.end_source(stray_before);
                }
                packets.into_iter().for_each(|(came, packet)| self.take(came, packet));
            }
        }
    }

    /// A packet that cannot be used has a number of the video's, which is not lost then.
    fn skip(&mut self, packet: Packet) {
        if self.admission.ssrc() == Some(packet.ssrc) {
            self.skip_number(packet.sequence);
        }
    }

    fn skip_number(&mut self, sequence: u16) {
        if let Some(source) = &mut self.source {
            source.handle_taken(sequence);
            self.take_in_order();
        }
    }

    /// Takes a packet of the video.
    fn take(&mut self, now: MonoTime, packet: Packet) {
        let source = self.source.get_or_insert_with(|| Source::new(&packet));
        source.handle(now, packet, &mut self.counts);
        if let Some(report) = self.early_report.take() {
            self.take_report(report);
        }
        self.take_in_order();
    }

    fn take_in_order(&mut self) {
        while let Some(packet) = self.source.as_mut().and_then(Source::poll) {
            self.take_next(packet);
        }
        self.hand_on();
    }

    /// Takes the next packet in order.
    fn take_next(&mut self, packet: InOrder) {
        if let Some(codec) = self.other_codec.look(&packet.payload) {
            self.switch_to(codec);
        }
        self.video.handle(packet, &mut self.counts);
    }

    /// Goes by what comes, not by what the SDP says: from the packet at hand on, everything is of
    /// `codec`. The parameter sets of the SDP were of the other one.
    fn switch_to(&mut self, codec: Codec) {
        self.counts.add(Oddity::OtherCodec);
        self.codec = codec;
        self.video = Video::new(codec, self.clock_rate, &[], self.picture_size, &mut self.counts);
        self.out.push_back(Received::OtherCodec(codec));
    }

    /// Puts the access units that are complete where they are polled.
    fn hand_on(&mut self) {
        while let Some(unit) = self.video.poll() {
            self.has_spoken = true;
            self.out.push_back(Received::Unit {
                rtp_extended: self.to_90k(unit.timestamp),
                data: unit.data,
                lost_packets: unit.lost_packets,
                received: unit.received,
            });
        }
    }

    fn take_report(&mut self, (ssrc, timestamp, ntp): (u32, u32, u64)) {
        let (Some(media), Some(source)) = (self.admission.ssrc(), &self.source) else {
            self.early_report = Some((ssrc, timestamp, ntp));
            return;
        };
        if self.reports.is_own(media, ssrc, &mut self.counts) {
            let rtp_extended = self.to_90k(source.extend(timestamp));
            self.has_spoken = true;
            self.out.push_back(Received::SenderReport { rtp_extended, ntp });
        }
    }

    /// The source ends and another takes its place. Of one that was a single stray packet nothing is
    /// handed on any more.
    fn end_source(&mut self, stray: bool) {
        if let Some(source) = self.source.as_mut().filter(|_| !stray) {
            source.hand_on_all();
            self.take_in_order();
        }
        self.lost_before = self.lost_packets();
        self.source = None;
        self.reports = Reports::default();
        self.video.handle_new_source(self.codec, stray, &mut self.counts);
        self.hand_on();
        if self.has_spoken {
            self.out.push_back(Received::NewSource);
        }
    }

    fn to_90k(&self, timestamp: i64) -> i64 {
        if i64::from(self.clock_rate) == CLOCK_RATE {
            return timestamp;
        }
        (i128::from(timestamp) * i128::from(CLOCK_RATE) / i128::from(self.clock_rate)) as i64
    }
}
