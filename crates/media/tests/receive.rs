//! Packets to access units: what was sent comes back over loss, disorder and doubles, and nothing that
//! comes does harm.

// The checks of the fuzz target, which seeds go through as well.
#[path = "../../../fuzz/checks_media.rs"]
mod checks;

use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;
use proptest::prelude::*;
use razz_base::{Codec, MonoTime};
use razz_media::h264::{NalType, nal_type, nal_units};
use razz_media::rtp::packetize;
use razz_media::rtp::receive::{Oddity, Received, Receiver, Settings};

/// 640x480, `frame_num` of 4 bits, picture order type 2.
const H264_SPS: &[u8] = &[0x67, 66, 0xC0, 31, 0xDA, 0x02, 0x80, 0xF6, 0x40];
const H264_PPS: &[u8] = &[0x68, 0xCE, 0x3C, 0x80];
/// x265, 640x360.
const H265_SPS: &[u8] = &[
    0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00, 0x03,
    0x00, 0x3f, 0xa0, 0x05, 0x02, 0x01, 0x71, 0xf2, 0xe5, 0xba, 0x4a, 0x4c, 0x2f,
];
const H265_VPS: &[u8] = &[0x40, 1, 0x0C, 1, 0xFF];
const H265_PPS: &[u8] = &[0x44, 1, 0xC1, 0x72];

/// Bytes as the payload of a NAL unit: no start code inside, no zero at the end (section 7.4.1).
fn escaped(header: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut nal = header.to_vec();
    let mut zeros = 0;
    for byte in payload {
        if zeros >= 2 && *byte <= 3 {
            nal.push(3);
            zeros = 0;
        }
        zeros = if *byte == 0 { zeros + 1 } else { 0 };
        nal.push(*byte);
    }
    nal.push(0x80);
    nal
}

/// A picture to send: whether it is a key picture, and the payloads of its slices.
type Sent = (bool, Vec<Vec<u8>>);

/// The NAL units of a picture, the `index`th of its stream.
fn nals(codec: Codec, index: usize, (key, slices): &Sent) -> Vec<Vec<u8>> {
    let mut nals: Vec<Vec<u8>> = match (codec, key) {
        (_, false) => Vec::new(),
        (Codec::H264, true) => vec![H264_SPS.to_vec(), H264_PPS.to_vec()],
        (Codec::H265, true) => vec![H265_VPS.to_vec(), H265_SPS.to_vec(), H265_PPS.to_vec()],
        (Codec::Mjpeg, true) => unreachable!("it has no NAL units"),
    };
    nals.extend(slices.iter().enumerate().map(|(place, payload)| match codec {
        Codec::H264 => {
            // first_mb_in_slice 0 or 1, slice_type 0, pic_parameter_set_id 0, frame_num, idr_pic_id 0.
            let frame_num = if *key { 0 } else { 1 + (index % 15) as u16 };
            let (first_mb, length) = if place == 0 { (1, 1) } else { (0b010, 3) };
            let bits = ((first_mb << 2 | 0b11) << 4 | frame_num) << 1 | 1;
            let [high, low] = (bits << (16 - length - 7)).to_be_bytes();
            escaped(&[if *key { 0x65 } else { 0x41 }, high, low, 0xFF], payload)
        }
        Codec::H265 => {
            let first = if place == 0 { 0xFF } else { 0x7F };
            escaped(&[if *key { 0x26 } else { 0x02 }, 1, first], payload)
        }
        Codec::Mjpeg => unreachable!("it has no NAL units"),
    }));
    nals
}

fn packet(sequence: u16, timestamp: u32, marker: bool, payload: &[u8]) -> Bytes {
    let [s0, s1] = sequence.to_be_bytes();
    let [t0, t1, t2, t3] = timestamp.to_be_bytes();
    let marker = if marker { 0xE0 } else { 0x60 };
    [&[0x80, marker, s0, s1, t0, t1, t2, t3, 0, 0, 0, 7][..], payload].concat().into()
}

fn receiver(codec: Codec) -> Receiver {
    let (payload_type, clock_rate, parameter_sets) = (96, 90_000, Vec::new());
    Receiver::new(Settings { codec, payload_type, clock_rate, parameter_sets, picture_size: None })
}

/// What the network does to a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fate {
    Arrives,
    Lost,
    /// So many ms late, which may be after those behind it.
    Late(u8),
    /// Once more, so many ms late.
    Twice(u8),
}

fn fate(losses: bool) -> impl Strategy<Value = Fate> {
    let late = 1..40u8;
    prop_oneof![
        80 => Just(Fate::Arrives),
        if losses { 6 } else { 0 } => Just(Fate::Lost),
        4 => late.clone().prop_map(Fate::Late),
        4 => late.prop_map(Fate::Twice),
    ]
}

fn picture() -> impl Strategy<Value = Sent> {
    let length = prop_oneof![Just(8), Just(300), Just(6000)];
    let slice = length.prop_flat_map(|length: usize| {
        prop::collection::vec(prop_oneof![1 => 0..=3u8, 3 => any::<u8>()], 0..length)
    });
    (prop::bool::weighted(0.2), prop::collection::vec(slice, 1..5))
}

/// An access unit that came: timestamp, NAL units, lost packets.
type Came = (i64, Vec<Vec<u8>>, u32);

/// The packets of some pictures, 40 ms apart, over a network; what comes of them, and how many packets
/// the network lost.
fn transfer(
    codec: Codec,
    pictures: &[Vec<Vec<u8>>],
    fates: &[Fate],
    start: (u16, u32),
) -> (Receiver, Vec<Came>, u64) {
    // Due in µs, and what arrives then.
    let mut network: BTreeMap<(i64, usize), Bytes> = BTreeMap::new();
    let (mut count, mut lost) = (0usize, 0);
    for (index, nals) in pictures.iter().enumerate() {
        let annex_b: Vec<u8> =
            nals.iter().flat_map(|nal| [&[0, 0, 0, 1][..], nal].concat()).collect();
        let payloads = packetize(codec, &annex_b, 400);
        for (place, payload) in payloads.iter().enumerate() {
            // The first and the last packet arrive: what is lost before and behind cannot be known.
            let first = count == 0;
            let last = index + 1 == pictures.len() && payload.marker;
            let fate = if first || last { Fate::Arrives } else { fates[count % fates.len()] };
            let timestamp = start.1.wrapping_add(3600 * index as u32);
            let sequence = start.0.wrapping_add(count as u16);
            let packet = packet(sequence, timestamp, payload.marker, &payload.data);
            let sent_us = 40_000 * index as i64 + 100 * place as i64;
            let late = |ms: u8| sent_us + 1000 * i64::from(ms);
            match fate {
                Fate::Arrives => drop(network.insert((sent_us, count), packet)),
                Fate::Lost => lost += 1,
                Fate::Late(ms) => drop(network.insert((late(ms), count), packet)),
                Fate::Twice(ms) => {
                    network.insert((sent_us, count), packet.clone());
                    network.insert((late(ms), count), packet);
                }
            }
            count += 1;
        }
    }
    let mut receiver = receiver(codec);
    let mut units = Vec::new();
    let mut drain = |receiver: &mut Receiver| {
        while let Some(received) = receiver.poll() {
            let Received::Unit { rtp_extended, data, lost_packets, .. } = received else {
                panic!("{received:?}");
            };
            let nals = nal_units(&data).map(<[u8]>::to_vec).collect();
            units.push((rtp_extended, nals, lost_packets));
        }
    };
    for ((due_us, _), packet) in network {
        let now = MonoTime::from_us(due_us);
        while let Some(due) = receiver.deadline().filter(|due| *due < now) {
            receiver.handle_timeout(due);
            drain(&mut receiver);
        }
        receiver.handle_rtp(now, packet);
        drain(&mut receiver);
    }
    while let Some(due) = receiver.deadline() {
        receiver.handle_timeout(due);
        drain(&mut receiver);
    }
    (receiver, units, lost)
}

/// Whether all of `part` is in `whole`, in order.
fn is_subsequence(part: &[Vec<u8>], whole: &[Vec<u8>]) -> bool {
    let mut rest = whole.iter();
    part.iter().all(|nal| rest.any(|other| other == nal))
}

fn is_set(codec: Codec, nal: &[u8]) -> bool {
    match codec {
        Codec::H264 => matches!(nal[0] & 0x1F, 7 | 8),
        Codec::H265 => matches!(nal[0] >> 1, 32..=34),
        Codec::Mjpeg => false,
    }
}

fn codec() -> impl Strategy<Value = Codec> {
    prop::sample::select(vec![Codec::H264, Codec::H265])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn what_arrives_whole_comes_back_as_it_was(
        codec in codec(),
        sent in prop::collection::vec(picture(), 2..20),
        fates in prop::collection::vec(fate(false), 1..200),
        start in any::<(u16, u32)>(),
    ) {
        let pictures: Vec<_> =
            sent.iter().enumerate().map(|(index, picture)| nals(codec, index, picture)).collect();
        let (receiver, units, _) = transfer(codec, &pictures, &fates, start);
        let times: Vec<i64> = units.iter().map(|(time, ..)| time - i64::from(start.1)).collect();
        let expected: Vec<i64> = (0..pictures.len() as i64).map(|index| 3600 * index).collect();
        prop_assert_eq!(times, expected);
        for ((_, nals, lost), picture) in units.into_iter().zip(pictures) {
            prop_assert_eq!(nals, picture);
            prop_assert_eq!(lost, 0);
        }
        prop_assert_eq!(receiver.lost_packets(), 0);
        for (oddity, count) in receiver.counts().iter() {
            let network = matches!(oddity, Oddity::Duplicate | Oddity::Reordered);
            prop_assert!(network || count == 0, "{} {}", oddity.name(), count);
        }
    }

    #[test]
    fn what_is_lost_is_said_and_the_rest_comes_whole(
        codec in codec(),
        sent in prop::collection::vec(picture(), 2..20),
        fates in prop::collection::vec(fate(true), 1..200),
        start in any::<(u16, u32)>(),
    ) {
        let pictures: Vec<_> =
            sent.iter().enumerate().map(|(index, picture)| nals(codec, index, picture)).collect();
        let (receiver, units, lost) = transfer(codec, &pictures, &fates, start);
        prop_assert_eq!(receiver.lost_packets(), lost);
        let place = |time: i64| ((time - i64::from(start.1)) / 3600) as usize;
        let mut next = 0;
        let mut missing = false;
        let mut damaged_before = false;
        for (time, nals, lost) in units {
            let place = place(time);
            prop_assert!(place >= next, "picture {place} after {next}");
            // A picture of which nothing came is missed before it or behind it.
            missing |= place > next && !damaged_before;
            // Parameter sets of a key picture that was lost stand in front of the next one.
            let slices = |nals: &[Vec<u8>]| {
                nals.iter().filter(|nal| !is_set(codec, nal)).cloned().collect::<Vec<_>>()
            };
            let whole = slices(&pictures[place]);
            let nals = slices(&nals);
            prop_assert!(is_subsequence(&nals, &whole), "picture {place}");
            prop_assert!(lost > 0 || !missing, "before picture {place}");
            // That its end is missing may show with the next picture only.
            missing = lost == 0 && nals != whole;
            (damaged_before, next) = (lost > 0, place + 1);
        }
        prop_assert!(!missing || next < pictures.len(), "the last picture");
    }
}

/// The access units of an Annex B stream in which each picture is one slice, as their NAL units.
fn access_units(stream: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let mut units = vec![Vec::new()];
    for nal in nal_units(stream).filter(|nal| nal_type(nal) != Some(NalType::Aud)) {
        units.last_mut().unwrap().push(nal.to_vec());
        if nal_type(nal).is_some_and(NalType::is_vcl) {
            units.push(Vec::new());
        }
    }
    units.retain(|unit| !unit.is_empty());
    // As they come: parameter sets in front of x264's SEI.
    units.iter_mut().for_each(|unit| unit.sort_by_key(|nal| !is_set(Codec::H264, nal)));
    units
}

/// OpenH264's and x264's pictures come as they were, whatever the camera makes of markers, and even with
/// a clock that stands still.
#[test]
fn pictures_of_real_encoders_are_told_apart_without_markers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    for (name, pictures) in [("copy", 60), ("b-frames", 40), ("index-first", 40)] {
        let stream = std::fs::read(folder.join(name).with_extension("h264")).unwrap();
        let sent = access_units(&stream);
        assert_eq!(sent.len(), pictures);
        for (markers, ticks) in
            [("right", 3000), ("none", 3000), ("all", 3000), ("right", 0), ("none", 0), ("all", 0)]
        {
            let mut receiver = receiver(Codec::H264);
            let (mut now, mut sequence) = (MonoTime::from_us(0), 0u16);
            let mut came: Vec<Vec<Vec<u8>>> = Vec::new();
            let mut drain = |receiver: &mut Receiver| {
                while let Some(Received::Unit { data, lost_packets: 0, .. }) = receiver.poll() {
                    came.push(nal_units(&data).map(<[u8]>::to_vec).collect());
                }
            };
            for (index, nals) in sent.iter().enumerate() {
                let annex_b: Vec<u8> =
                    nals.iter().flat_map(|nal| [&[0, 0, 0, 1][..], nal].concat()).collect();
                for payload in packetize(Codec::H264, &annex_b, 1180).iter() {
                    let marker = markers == "all" || payload.marker && markers == "right";
                    let packet = packet(sequence, ticks * index as u32, marker, &payload.data);
                    sequence += 1;
                    now = now.plus_us(100);
                    receiver.handle_rtp(now, packet);
                    drain(&mut receiver);
                }
                now = now.plus_us(30_000);
                receiver.handle_timeout(now);
                drain(&mut receiver);
            }
            receiver.handle_timeout(now.plus_us(1_000_000));
            drain(&mut receiver);
            assert_eq!(came.len(), sent.len(), "{name}, markers {markers}, {ticks} ticks");
            assert!(came == sent, "{name}, markers {markers}, {ticks} ticks");
        }
    }
}

/// Random numbers that are the same in every run (xorshift64).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as usize % bound
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }
}

/// A random stream of packets, some of them changed, as the fuzz target takes it; whether its order is
/// left as it was.
fn random_stream(seed: u64) -> (Vec<u8>, bool) {
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let codec = if random.one_in(2) { Codec::H264 } else { Codec::H265 };
    // Changes of the header may change the order, those of the payload may not.
    let headers = random.one_in(2);
    let changed_one_in = [3, 10, 50][random.below(3)];
    let markers = random.below(4);
    let (mut sequence, mut timestamp) =
        (random.below(1 << 16) as u16, random.below(1 << 32) as u32);
    let mut data = vec![u8::from(codec == Codec::H265)];
    let record = |data: &mut Vec<u8>, ms: usize, kind: u8, packet: &[u8]| {
        data.push(kind | (ms as u8) << 2);
        data.extend_from_slice(&(packet.len() as u16).to_be_bytes());
        data.extend_from_slice(packet);
    };
    for index in 0..2 + random.below(12) {
        let slices = (0..1 + random.below(3)).map(|_| {
            let length = [4, 40, 900][random.below(3)];
            (0..length).map(|_| random.below(256) as u8).collect()
        });
        let picture = (index % 5 == 0, slices.collect());
        let annex_b: Vec<u8> = nals(codec, index, &picture)
            .iter()
            .flat_map(|nal| [&[0, 0, 0, 1][..], nal].concat())
            .collect();
        for payload in packetize(codec, &annex_b, 300).iter() {
            let marker = match markers {
                0 => false,
                1 => random.one_in(2),
                _ => payload.marker,
            };
            let mut packet = packet(sequence, timestamp, marker, &payload.data).to_vec();
            sequence = sequence.wrapping_add(1);
            if random.one_in(changed_one_in) {
                let from = if headers { 0 } else { 12 };
                match random.below(7) {
                    0 => packet.truncate(from + random.below(packet.len() - from + 1)),
                    1 => packet.extend((0..random.below(20)).map(|byte| byte as u8)),
                    2 => continue,
                    3 => record(&mut data, random.below(4), 0, &packet),
                    4 if headers => packet[4..12].rotate_left(random.below(8)),
                    _ => {
                        for _ in 0..1 + random.below(3) {
                            let at = from + random.below((packet.len() - from).min(8));
                            packet[at] = random.below(256) as u8;
                        }
                    }
                }
            }
            record(&mut data, random.below(3), 0, &packet);
            if random.one_in(30) {
                let length = random.below(40);
                let mut report: Vec<u8> = (0..length).map(|_| random.below(256) as u8).collect();
                if length > 28 {
                    report[..4].copy_from_slice(&[0x80, 200, 0, 6]);
                }
                record(&mut data, random.below(3), 2, &report);
            }
        }
        record(&mut data, random.below(60), 3, &[]);
        timestamp = timestamp.wrapping_add(3600);
    }
    (data, !headers)
}

#[test]
fn ten_thousand_random_streams_do_no_harm() {
    let (mut units, mut whole) = (0, 0);
    for seed in 0..10_000 {
        let (data, ordered) = random_stream(seed);
        let received = checks::receive(&data);
        let times: Vec<i64> = received
            .iter()
            .filter_map(|received| match received {
                Received::Unit { rtp_extended, .. } => Some(*rtp_extended),
                _ => None,
            })
            .collect();
        assert!(!ordered || times.is_sorted(), "seed {seed}: {times:?}");
        units += times.len();
        whole += received
            .iter()
            .filter(|received| matches!(received, Received::Unit { lost_packets: 0, .. }))
            .count();
    }
    // It is not by dropping everything that it does no harm: of some 75,000 pictures most come, and
    // most of those whole.
    assert!(units > 50_000 && whole > units / 2, "{units} units, {whole} whole");
}
