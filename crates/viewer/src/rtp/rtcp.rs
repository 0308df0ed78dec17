//! RTCP as a sender of one video stream needs it: what receivers report, and our own reports.
//!
//! Compound packets and single ones (RFC 5506) are read alike; what is not understood is passed over.

use razz_media::rtp::rtcp::{RECEIVER_REPORT, SENDER_REPORT, SenderReport, packets};

/// Packet types (RFC 4585 section 6.1, RFC 3611 section 2).
const TRANSPORT_FEEDBACK: u8 = 205;
const PAYLOAD_FEEDBACK: u8 = 206;
const EXTENDED_REPORT: u8 = 207;
/// Formats of feedback (RFC 4585 section 6, RFC 5104 section 4.3.1,
/// draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1).
const NACK: u8 = 1;
const TRANSPORT_WIDE: u8 = 15;
const PLI: u8 = 1;
const FIR: u8 = 4;
const APPLICATION: u8 = 15;
/// Blocks of extended reports: a receiver's time, and our answer to it (RFC 3611 sections 4.4 and 4.5).
const RECEIVER_TIME: u8 = 4;
const SINCE_RECEIVER_TIME: u8 = 5;
/// Bytes of a report block.
const BLOCK: usize = 24;

/// A report of the peer's on the streams that it receives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReportBlock {
    /// The stream that it speaks of.
    pub ssrc: u32,
    /// Packets lost so far; below zero where more came than were expected, since some came twice.
    pub lost: i32,
    /// The highest sequence number, with the rollovers above 16 bits.
    pub highest: u32,
    /// The middle of the time in our last report to it, in units of 1/65,536 s; 0: there was none.
    pub last_report: u32,
    /// How long ago that was there, in the same units.
    pub since: u32,
}

/// When packets arrived.
#[derive(Clone, Copy, Debug)]
pub struct Arrivals<'a> {
    /// The number of the first packet.
    pub first: u16,
    /// Of how many packets it speaks.
    count: u16,
    /// In units of 64 ms.
    reference: u32,
    /// The status chunks, and the arrival times behind them.
    rest: &'a [u8],
}

/// What the peer says.
#[derive(Clone, Copy, Debug)]
pub enum Message<'a> {
    /// It reports on a stream.
    Report(ReportBlock),
    /// Packets of a stream that it lacks: each a sequence number and a mask of those after it.
    Nack {
        /// The stream.
        ssrc: u32,
        /// For [`lacking`].
        items: &'a [u8],
    },
    /// It needs a key frame.
    KeyFrame,
    /// When packets of all streams arrived.
    Arrivals(Arrivals<'a>),
    /// Bits a second that it thinks it can receive.
    Remb(u64),
    /// Its time: it receives only, and learns the round trip from our answer.
    Time(PeerTime),
}

/// The time of a receiver.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PeerTime {
    /// Its SSRC.
    pub ssrc: u32,
    /// The middle of it, in units of 1/65,536 s.
    pub middle: u32,
}

/// Hands out what a decrypted datagram of RTCP says.
pub fn read(datagram: &[u8], mut take: impl FnMut(Message<'_>)) {
    for packet in packets(datagram).map_while(Result::ok) {
        let bytes = packet.bytes;
        let padding = if packet.padded { bytes.last().copied().unwrap_or(0) } else { 0 };
        let Some(end) = bytes.len().checked_sub(usize::from(padding)) else { continue };
        let Some(body) = bytes.get(4..end) else { continue };
        match (packet.kind, packet.count) {
            (SENDER_REPORT, _) => reports(body.get(24..), &mut take),
            (RECEIVER_REPORT, _) => reports(body.get(4..), &mut take),
            (TRANSPORT_FEEDBACK, NACK) => {
                if let (Some(ssrc), Some(items)) = (word(body, 4), body.get(8..)) {
                    take(Message::Nack { ssrc, items });
                }
            }
            (TRANSPORT_FEEDBACK, TRANSPORT_WIDE) => {
                // The padding may be announced or not: what is behind the last time is not read.
                arrivals(&bytes[4..]).map(Message::Arrivals).into_iter().for_each(&mut take);
            }
            (PAYLOAD_FEEDBACK, PLI | FIR) => take(Message::KeyFrame),
            (EXTENDED_REPORT, _) => {
                peer_time(body).map(Message::Time).into_iter().for_each(&mut take)
            }
            (PAYLOAD_FEEDBACK, APPLICATION) => {
                remb(body).map(Message::Remb).into_iter().for_each(&mut take);
            }
            _ => {}
        }
    }
}

/// The sequence numbers that a NACK names, in its order (RFC 4585 section 6.2.1).
pub fn lacking(items: &[u8]) -> impl Iterator<Item = u16> + '_ {
    items.chunks_exact(4).flat_map(|item| {
        let first = u16::from_be_bytes([item[0], item[1]]);
        let mask = u16::from_be_bytes([item[2], item[3]]);
        let others = (0..16).filter(move |bit| mask >> bit & 1 == 1);
        std::iter::once(first).chain(others.map(move |bit| first.wrapping_add(bit + 1)))
    })
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn reports(blocks: Option<&[u8]>, take: &mut impl FnMut(Message<'_>)) {
    for block in blocks.unwrap_or_default().chunks_exact(BLOCK) {
        let at = |at: usize| word(block, at).unwrap_or(0);
        take(Message::Report(ReportBlock {
            ssrc: at(0),
            // A signed number of 24 bits.
            lost: (at(4) << 8) as i32 >> 8,
            highest: at(8),
            last_report: at(16),
            since: at(20),
        }));
    }
}

fn arrivals(body: &[u8]) -> Option<Arrivals<'_>> {
    let head = body.get(8..16)?;
    Some(Arrivals {
        first: u16::from_be_bytes([head[0], head[1]]),
        count: u16::from_be_bytes([head[2], head[3]]),
        reference: u32::from_be_bytes([0, head[4], head[5], head[6]]),
        rest: &body[16..],
    })
}

fn peer_time(body: &[u8]) -> Option<PeerTime> {
    let ssrc = word(body, 0)?;
    let mut blocks = &body[4..];
    while let Some(head) = word(blocks, 0) {
        let length = 4 + 4 * (head & 0xFFFF) as usize;
        if head >> 24 == u32::from(RECEIVER_TIME) && length == 12 {
            return Some(PeerTime {
                ssrc,
                middle: word(blocks, 4)? << 16 | word(blocks, 8)? >> 16,
            });
        }
        blocks = blocks.get(length..)?;
    }
    None
}

/// draft-alvestrand-rmcat-remb-03 section 2.2: an exponent of 6 bits and a mantissa of 18.
fn remb(body: &[u8]) -> Option<u64> {
    let rate = word(body, 12).filter(|_| body.get(8..12) == Some(b"REMB"))?;
    let (exponent, mantissa) = (rate >> 18 & 0x3F, u64::from(rate & 0x3_FFFF));
    Some(mantissa.checked_shl(exponent).unwrap_or(u64::MAX).max(mantissa))
}

/// The time in a report on arrivals counts in so many µs, those of single packets in these.
const REFERENCE_US: i64 = 64_000;
const TICK_US: i64 = 250;
/// The reference time has 24 bits.
const REFERENCES: i64 = 1 << 24;

impl Arrivals<'_> {
    /// The reference time in µs nearest to `near`, which is a time of the peer's too; of itself it begins
    /// anew after 12 days.
    pub fn reference_us(&self, near: Option<i64>) -> i64 {
        let reference = i64::from(self.reference);
        let Some(near) = near else { return reference * REFERENCE_US };
        let near = near.div_euclid(REFERENCE_US);
        let ahead = (reference - near).rem_euclid(REFERENCES);
        let ahead = if ahead >= REFERENCES / 2 { ahead - REFERENCES } else { ahead };
        (near + ahead) * REFERENCE_US
    }

    /// Hands out when each packet arrived, in µs from `reference_us` on, in order; `None`: not yet.
    pub fn each(&self, reference_us: i64, mut take: impl FnMut(u16, Option<i64>)) {
        // The times stand behind the chunks, whose number shows only when they are walked over.
        let mut chunks = 0;
        let mut packets = 0;
        while packets < usize::from(self.count) {
            let Some(chunk) = self.chunk(chunks) else { return };
            packets += chunk_packets(chunk);
            chunks += 1;
        }
        let mut times = &self.rest[2 * chunks..];
        let (mut number, mut at) = (self.first, reference_us);
        let mut left = usize::from(self.count);
        for chunk in (0..chunks).filter_map(|n| self.chunk(n)) {
            let packets = chunk_packets(chunk).min(left);
            left -= packets;
            for n in 0..packets {
                let delta = match (status(chunk, n), times) {
                    (1, [delta, rest @ ..]) => {
                        times = rest;
                        Some(i64::from(*delta))
                    }
                    (2, [high, low, rest @ ..]) => {
                        times = rest;
                        Some(i64::from(i16::from_be_bytes([*high, *low])))
                    }
                    (1 | 2, _) => return,
                    _ => None,
                };
                at += delta.unwrap_or(0) * TICK_US;
                take(number, delta.map(|_| at));
                number = number.wrapping_add(1);
            }
        }
    }

    fn chunk(&self, n: usize) -> Option<u16> {
        Some(u16::from_be_bytes(self.rest.get(2 * n..2 * n + 2)?.try_into().ok()?))
    }
}

/// How many packets a status chunk speaks of: a run of one status, or 14 of one bit, or 7 of two.
fn chunk_packets(chunk: u16) -> usize {
    match chunk >> 14 {
        0 | 1 => usize::from(chunk & 0x1FFF).max(1),
        2 => 14,
        _ => 7,
    }
}

/// The status of its packet `n`: 1 and 2 are received, with times of one and of two bytes.
fn status(chunk: u16, n: usize) -> u16 {
    match chunk >> 14 {
        0 | 1 => chunk >> 13 & 3,
        2 => chunk >> (13 - n) & 1,
        _ => chunk >> (12 - 2 * n) & 3,
    }
}

/// Writes our report with our name behind it, and the answer to the newest time of the receiver, `heard` so long
/// ago, in units of 1/65,536 s.
pub fn write(report: SenderReport, cname: &str, heard: Option<(PeerTime, u32)>, out: &mut Vec<u8>) {
    out.clear();
    report.write(cname, out);
    if let Some((time, since)) = heard {
        out.extend_from_slice(&[0x80, EXTENDED_REPORT, 0, 5]);
        out.extend_from_slice(&report.ssrc.to_be_bytes());
        out.extend_from_slice(&[SINCE_RECEIVER_TIME, 0, 0, 3]);
        for word in [time.ssrc, time.middle, since] {
            out.extend_from_slice(&word.to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests;
