//! Streams to test with: NAL units have names, and so do the access units that come of them.
//!
//! | name | NAL unit of H.264 |
//! |---|---|
//! | `S` `V` | SPS for frames, SPS for fields; both have id 0 |
//! | `Q` `Q1` `Q256` | PPS of that id, by SPS 0 |
//! | `D` `E` `R` `F` | access unit delimiter, SEI, SEI with a recovery point, filler |
//! | `I3` `i3` | first and later slice of an IDR with `idr_pic_id` 3 |
//! | `P3` `p3` | first and later slice of a P picture with `frame_num` 3 |
//! | `T3` `B3` | slice of a top and a bottom field with `frame_num` 3 |

use bytes::Bytes;
use razz_base::{Codec, MonoTime};

use crate::h264::nal_units;
use crate::rtp::receive::{Received, Receiver, Settings};

/// The bits as bytes, the last of which is filled up with zeros.
fn bits(bits: &str) -> Vec<u8> {
    let bits: Vec<u8> = bits.bytes().filter(|bit| *bit != b' ').map(|bit| bit - b'0').collect();
    bits.chunks(8)
        .map(|byte| byte.iter().enumerate().map(|(place, bit)| bit << (7 - place)).sum())
        .collect()
}

/// `ue(v)`.
fn ue(number: u32) -> String {
    let digits = format!("{:b}", number + 1);
    "0".repeat(digits.len() - 1) + &digits
}

/// Baseline, 640x480 (or 640x960 of fields), `frame_num` of 4 bits, picture order type 2.
fn sps(frames_only: bool) -> Vec<u8> {
    let last = if frames_only { "1 1 0 0 1" } else { "0 0 1 0 0 1" };
    let rest = format!("1 1 011 010 0 {} {} {last}", ue(39), ue(29));
    [&[0x67, 66, 0xC0, 31][..], &bits(&rest)].concat()
}

fn slice(header: u8, first_mb: u32, frame_num: u32, more: &str) -> Vec<u8> {
    let header_bits = format!("{} 00110 1 {frame_num:04b} {more}", ue(first_mb));
    [&[header][..], &bits(&header_bits), &[0xAB, 0xCD, 0x80]].concat()
}

/// The NAL unit of this name.
pub(super) fn nal(name: &str) -> Vec<u8> {
    let (kind, number) = name.split_at(1);
    let number: u32 = if number.is_empty() { 0 } else { number.parse().unwrap() };
    match kind {
        "S" => sps(true),
        "V" => sps(false),
        "Q" => [&[0x68][..], &bits(&format!("{} 1 0 0 1 1", ue(number))), &[0x80]].concat(),
        "D" => vec![0x09, 0xF0],
        "E" => vec![0x06, 1, 1, 0x12, 0x80],
        "R" => vec![0x06, 6, 1, 0xC4, 0x80],
        "F" => vec![0x0C, 0xFF, 0x80],
        "I" => slice(0x65, 0, 0, &ue(number)),
        "i" => slice(0x65, 60, 0, &ue(number)),
        "P" => slice(0x41, 0, number, ""),
        "p" => slice(0x41, 60, number, ""),
        "T" => slice(0x41, 0, number, "10"),
        "B" => slice(0x41, 0, number, "11"),
        _ => panic!("no NAL unit is called {name}"),
    }
}

/// Names of all that are used, to tell them again.
const NAMES: &[&str] = &[
    "S", "V", "Q", "Q1", "Q256", "D", "E", "R", "F", "I0", "i0", "I1", "I2", "P0", "P1", "P2",
    "P3", "P4", "P5", "P6", "P7", "P8", "P9", "p1", "p2", "p3", "p4", "p5", "T1", "B1", "T2", "B2",
    "T3", "B3", "T4", "B4",
];

/// The names of the NAL units in an access unit, `?` for what has none.
pub(super) fn names(annex_b: &[u8]) -> String {
    let name = |bytes: &[u8]| NAMES.iter().find(|name| nal(name) == bytes).unwrap_or(&"?");
    nal_units(annex_b).map(name).copied().collect::<Vec<_>>().join(" ")
}

/// An RTP packet and when it arrives.
#[derive(Clone, Debug)]
pub(super) struct Packet {
    pub(super) ms: i64,
    pub(super) sequence: u16,
    pub(super) timestamp: u32,
    pub(super) marker: bool,
    pub(super) ssrc: u32,
    pub(super) payload: Vec<u8>,
}

impl Packet {
    pub(super) fn bytes(&self) -> Bytes {
        let [s0, s1] = self.sequence.to_be_bytes();
        let [t0, t1, t2, t3] = self.timestamp.to_be_bytes();
        let [c0, c1, c2, c3] = self.ssrc.to_be_bytes();
        let marker = if self.marker { 0xE0 } else { 0x60 };
        let header = [0x80, marker, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3];
        [&header[..], &self.payload].concat().into()
    }
}

/// The packets that a line describes: `@40` is a time in ms (and 90 ticks each, unless `t` says
/// otherwise), a name is a packet with that NAL unit, `*` behind it its marker; `-` is one that is lost,
/// `x` and a hexadecimal payload any other. `t3000` sets the timestamp, `n7` the next sequence number,
/// `c9` the source.
pub(super) fn packets(line: &str) -> Vec<Packet> {
    let (mut ms, mut sequence, mut timestamp, mut ssrc) = (0, 100u16, 0u32, 7);
    let mut packets = Vec::new();
    for word in line.split_whitespace() {
        let (name, marker) = match word.strip_suffix('*') {
            Some(name) => (name, true),
            None => (word, false),
        };
        let number = || name[1..].parse::<u32>().unwrap();
        let payload = match name.as_bytes()[0] {
            b'@' => {
                ms = i64::from(number());
                timestamp = number().wrapping_mul(90);
                continue;
            }
            b't' => {
                timestamp = number();
                continue;
            }
            b'n' => {
                sequence = number() as u16;
                continue;
            }
            b'c' => {
                ssrc = number();
                continue;
            }
            b'-' => {
                sequence = sequence.wrapping_add(1);
                continue;
            }
            b'x' => hex(&name[1..]),
            _ => nal(name),
        };
        packets.push(Packet { ms, sequence, timestamp, marker, ssrc, payload });
        sequence = sequence.wrapping_add(1);
    }
    packets
}

pub(super) fn hex(digits: &str) -> Vec<u8> {
    (0..digits.len() / 2)
        .map(|byte| u8::from_str_radix(&digits[2 * byte..2 * byte + 2], 16).unwrap())
        .collect()
}

/// A receiver of H.264 that knows the parameter sets of these names.
pub(super) fn receiver(sets: &str) -> Receiver {
    Receiver::new(Settings {
        codec: Codec::H264,
        payload_type: 96,
        clock_rate: 90_000,
        parameter_sets: sets.split_whitespace().map(|name| nal(name).into()).collect(),
        picture_size: None,
    })
}

/// Lets packets arrive, with all timers in between; what came of them as `ms: names`, with `-n` for
/// lost packets, and `new source`.
pub(super) fn run(receiver: &mut Receiver, packets: &[Packet]) -> Vec<String> {
    let mut out = Vec::new();
    let drain = |receiver: &mut Receiver, now: MonoTime, out: &mut Vec<String>| {
        let ms = now.as_us() / 1000;
        while let Some(received) = receiver.poll() {
            out.push(match received {
                Received::Unit { data, lost_packets: 0, .. } => format!("{ms}: {}", names(&data)),
                Received::Unit { data, lost_packets, .. } => {
                    format!("{ms}: {} -{lost_packets}", names(&data))
                }
                Received::NewSource => format!("{ms}: new source"),
                other => format!("{ms}: {other:?}"),
            });
        }
    };
    let wait = |receiver: &mut Receiver, until: Option<MonoTime>, out: &mut Vec<String>| {
        while let Some(due) = receiver.deadline().filter(|due| until.is_none_or(|end| *due < end)) {
            receiver.handle_timeout(due);
            drain(receiver, due, out);
            assert!(receiver.deadline() != Some(due), "a deadline that does not pass");
        }
    };
    for packet in packets {
        let now = MonoTime::from_us(packet.ms * 1000);
        wait(receiver, Some(now), &mut out);
        receiver.handle_rtp(now, packet.bytes());
        drain(receiver, now, &mut out);
    }
    wait(receiver, None, &mut out);
    out
}

/// Parameter sets known by SDP, packets, what comes of them, counts.
type Case<'a> = (&'a str, &'a str, &'a [&'a str], &'a [(&'a str, u64)]);

pub(super) fn check(rows: &[Case<'_>]) {
    for (sets, line, expected, counted) in rows {
        let mut receiver = receiver(sets);
        let units = run(&mut receiver, &packets(line));
        assert_eq!(units, *expected, "{line}");
        let counts: Vec<_> = receiver.counts().iter().collect();
        let counts: Vec<_> = counts.iter().map(|(oddity, count)| (oddity.name(), *count)).collect();
        assert_eq!(counts, *counted, "{line}");
    }
}
