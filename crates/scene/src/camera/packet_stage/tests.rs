use std::sync::OnceLock;

use openh264::decoder::Decoder;
use openh264::formats::YUVSource;
use razz_base::Size;

use super::super::packet::Kind;
use super::*;
use crate::Footage;

const SSRC: u32 = 0x0A0B_0C0D;
const FIRST_SEQUENCE: u16 = 1000;
/// Pictures from one IDR to the next.
const LOOP: usize = 6;

/// Pictures in one slice each, and in several.
fn footage(in_slices: bool) -> &'static Footage {
    static MADE: [OnceLock<Footage>; 2] = [OnceLock::new(), OnceLock::new()];
    let size = Size::new(320, 180);
    MADE[usize::from(in_slices)].get_or_init(|| {
        if in_slices {
            Footage::clip_in_slices(1, 0, LOOP as u64, size, 700).unwrap()
        } else {
            Footage::clip(1, 0, LOOP as u64, size).unwrap()
        }
    })
}

/// An RTP packet of version 2, read.
#[derive(Clone, PartialEq, Debug)]
struct Read {
    first: u8,
    marker: bool,
    payload_type: u8,
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
    payload: Vec<u8>,
    delay_ms: u128,
    of_picture: bool,
}

impl Read {
    fn new(packet: &Packet) -> Self {
        assert_eq!(packet.kind, Kind::Rtp);
        let bytes = &packet.bytes;
        let word = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        let mut start = 12 + usize::from(bytes[0] & 15) * 4;
        if bytes[0] & 0x10 != 0 {
            start += 4 + usize::from(u16::from_be_bytes([bytes[start + 2], bytes[start + 3]])) * 4;
        }
        let padding = if bytes[0] & 0x20 != 0 { *bytes.last().unwrap() } else { 0 };
        let end = bytes.len().saturating_sub(usize::from(padding));
        Self {
            first: bytes[0],
            marker: bytes[1] & 0x80 != 0,
            payload_type: bytes[1] & 0x7F,
            sequence: u16::from_be_bytes([bytes[2], bytes[3]]),
            timestamp: word(4),
            ssrc: word(8),
            payload: bytes.get(start..end).unwrap_or(&[]).to_vec(),
            delay_ms: packet.delay.as_millis(),
            of_picture: packet.of_picture,
        }
    }

    fn kind(&self) -> Option<u8> {
        self.payload.first().map(|header| header & 31)
    }
}

/// The packets of so many pictures, by picture.
fn run(quirks: Quirks, udp: bool, in_slices: bool, count: usize) -> Vec<Vec<Packet>> {
    let mut stage = PacketStage::new(SSRC, FIRST_SEQUENCE, Dice::new(1, 1));
    (0..count)
        .map(|index| {
            let frame = footage(in_slices).packets(index).unwrap();
            let picture = Picture {
                annex_b: &frame.encoded.annex_b,
                payloads: &frame.payloads,
                idr: frame.encoded.idr,
                timestamp: 3000 * index as u32,
                udp,
            };
            stage.packets(quirks, &picture)
        })
        .collect()
}

fn read(quirks: impl Into<Quirks>, udp: bool) -> Vec<Vec<Read>> {
    let pictures = run(quirks.into(), udp, false, 3 * LOOP);
    pictures.iter().map(|packets| packets.iter().map(Read::new).collect()).collect()
}

/// What a receiver makes of packets: those of the stream in the order of their numbers, each once,
/// and of them the NAL units by timestamp, those that are no picture's left out.
fn received(packets: &[Packet], payload_type: u8) -> Vec<(u32, Vec<Vec<u8>>)> {
    let mut order: Vec<(u128, usize, Read)> = Vec::new();
    for (at, packet) in packets.iter().enumerate() {
        if packet.bytes.len() >= 12 && packet.bytes[0] >> 6 == 2 {
            let read = Read::new(packet);
            if read.ssrc == SSRC && read.payload_type == payload_type && read.of_picture {
                order.push((u128::from(read.sequence), at, read));
            }
        }
    }
    order.sort_by_key(|(sequence, at, _)| (*sequence, *at));
    let mut units: Vec<(u32, Vec<Vec<u8>>)> = Vec::new();
    let mut fragment: Vec<u8> = Vec::new();
    for (_, _, packet) in order {
        if units.last().is_none_or(|(timestamp, _)| *timestamp != packet.timestamp) {
            units.push((packet.timestamp, Vec::new()));
        }
        let nals = &mut units.last_mut().unwrap().1;
        let payload = &packet.payload;
        match payload[0] & 31 {
            24 => {
                let mut rest = &payload[1..];
                while let Some((length, after)) = rest.split_first_chunk() {
                    let (nal, after) = after.split_at(usize::from(u16::from_be_bytes(*length)));
                    nals.push(nal.to_vec());
                    rest = after;
                }
            }
            28 => {
                if payload[1] & 0x80 != 0 {
                    fragment = vec![payload[0] & 0xE0 | payload[1] & 31];
                }
                fragment.extend_from_slice(&payload[2..]);
                if payload[1] & 0x40 != 0 {
                    nals.push(std::mem::take(&mut fragment));
                }
            }
            // Some packets hold a byte stream.
            0 | 7 if payload.windows(4).any(|four| four == START_CODE) => {
                nals.extend(nal_units(&[&START_CODE, &payload[..]].concat()).map(<[u8]>::to_vec));
            }
            _ => nals.push(payload.clone()),
        }
    }
    units
}

/// Slices of every picture arrive whole and in order, whatever the quirk, over both transports.
#[test]
fn no_quirk_takes_a_slice_from_a_receiver_that_deals_with_it() {
    for in_slices in [false, true] {
        let slices = |quirks: Quirks, udp: bool| {
            let payload_type = if quirks.has(Quirk::PayloadTypeOther) { 97 } else { PAYLOAD_TYPE };
            let pictures = run(quirks, udp, in_slices, 40);
            let units = received(&pictures.concat(), payload_type);
            let only_slices = |(timestamp, nals): (u32, Vec<Vec<u8>>)| {
                (timestamp, nals.into_iter().filter(|nal| is_slice(nal)).collect::<Vec<_>>())
            };
            units.into_iter().map(only_slices).filter(|(_, n)| !n.is_empty()).collect::<Vec<_>>()
        };
        let plain = slices(Quirks::NONE, false);
        assert_eq!(plain.len(), 40);
        for quirk in Quirk::ALL {
            for udp in [false, true] {
                let slices = slices((*quirk).into(), udp);
                let rewritten = matches!(
                    quirk,
                    Quirk::NoKeyFrame
                        | Quirk::OneKeyFrame
                        | Quirk::ParameterSetsOtherId
                        | Quirk::ParameterSetsAlternate
                );
                assert_eq!(slices.len(), 40, "{quirk:?}");
                assert!(rewritten || slices == plain, "{quirk:?} {udp}");
            }
        }
    }
}

/// What packets there are besides those of pictures, and how they are numbered.
#[test]
fn odd_packets_stand_among_the_others_with_and_without_numbers() {
    // (quirk, whether a packet is odd, whether it has a number of its own)
    type IsOdd = fn(&Read) -> bool;
    let rows: &[(Quirk, IsOdd, bool)] = &[
        (Quirk::RtpEmptyNumbered, |p| p.payload.is_empty(), true),
        (Quirk::RtpEmptyBetween, |p| p.payload.is_empty(), false),
        (Quirk::RtpPaddingOnlyNumbered, |p| p.payload.is_empty() && p.first == 0xA0, true),
        (Quirk::RtpPaddingOnlyBetween, |p| p.payload.is_empty() && p.first == 0xA0, false),
        (Quirk::RtpPaddingTooLong, |p| p.payload.is_empty() && p.first == 0xA0, true),
        (Quirk::UnknownPayloadTypeNumbered, |p| p.payload_type == 120, true),
        (Quirk::UnknownPayloadTypeBetween, |p| p.payload_type == 120, false),
        (Quirk::NonsenseNalsNumbered, |p| !p.of_picture && p.payload.len() == 41, true),
        (Quirk::NonsenseNalsBetween, |p| !p.of_picture && p.payload.len() == 41, false),
        (Quirk::ReservedNals, |p| matches!(p.kind(), Some(14..=23)), true),
        (Quirk::StraySource, |p| p.ssrc != SSRC, false),
        (Quirk::StraySourceFirst, |p| p.ssrc != SSRC, false),
        (Quirk::FragmentTailFirst, |p| p.kind() == Some(28) && !p.of_picture, true),
        (Quirk::DelimiterOwnTimestamp, |p| p.kind() == Some(9) && p.marker, true),
        (Quirk::InformationOwnTimestamp, |p| p.kind() == Some(6) && p.marker, true),
        (Quirk::DelimiterInFront, |p| p.kind() == Some(9) && !p.marker, true),
        (Quirk::ParameterSetsOwnTimestamp, |p| matches!(p.kind(), Some(7 | 8)) && p.marker, true),
    ];
    for (quirk, is_odd, numbered) in rows {
        let packets = read(*quirk, false).concat();
        let odd: Vec<&Read> = packets.iter().filter(|packet| is_odd(packet)).collect();
        assert!(!odd.is_empty(), "{quirk:?}");
        assert!(odd.iter().all(|packet| !packet.of_picture), "{quirk:?}");
        // Without the odd ones the numbers have gaps where those had their own.
        let counted = packets.iter().filter(|packet| *numbered || packet.of_picture);
        let sequences: Vec<u16> = counted.map(|packet| packet.sequence).collect();
        let without_gap = (FIRST_SEQUENCE..).take(sequences.len()).collect::<Vec<_>>();
        assert_eq!(sequences, without_gap, "{quirk:?}");
    }
    let kinds: Vec<u8> = run(Quirk::NonsenseNalsNumbered.into(), false, false, 95)
        .concat()
        .iter()
        .map(Read::new)
        .filter(|packet| !packet.of_picture)
        .filter_map(|packet| packet.kind())
        .collect();
    let types = [0, 24, 25, 26, 27, 28, 29, 30, 31];
    assert_eq!(kinds, [&types[..], &types, &types[..1]].concat());
}

#[test]
fn odd_headers() {
    let packets = |quirk: Quirk| read(quirk, false).concat();
    assert!(packets(Quirk::RtpPadded).iter().all(|p| p.first == 0xA0 && !p.payload.is_empty()));
    assert!(packets(Quirk::RtpExtended).iter().all(|p| p.first == 0x90));
    assert!(packets(Quirk::RtpContributors).iter().all(|p| p.first == 0x82));
    assert!(packets(Quirk::PayloadTypeOther).iter().all(|p| p.payload_type == 97));
    for (quirk, is_odd) in [
        (Quirk::RtpShort, (|p| p.bytes.len() == 6) as fn(&Packet) -> bool),
        (Quirk::RtpVersion, |p| p.bytes[0] >> 6 == 1),
    ] {
        let packets = run(quirk.into(), false, false, 18).concat();
        assert_eq!(packets.iter().filter(|packet| is_odd(packet)).count(), 4, "{quirk:?}");
    }
}

#[test]
fn markers_stand_where_the_quirk_says() {
    let marked = |quirks: Quirks| -> Vec<Vec<bool>> {
        let pictures = run(quirks, false, true, 3);
        pictures.iter().map(|p| p.iter().map(|p| Read::new(p).marker).collect()).collect()
    };
    let plain = marked(Quirks::NONE);
    assert!(
        plain.iter().all(|p| p.len() > 1 && p.iter().filter(|m| **m).count() == 1),
        "{plain:?}"
    );
    for picture in marked(Quirk::MarkerEveryPacket.into()) {
        assert!(picture.iter().all(|marker| *marker));
    }
    for picture in marked(Quirk::MarkerNever.into()) {
        assert!(picture.iter().all(|marker| !marker));
    }
    let slices = marked(Quirk::MarkerEverySlice.into());
    // Parameter sets, then slices that fit a packet each.
    assert!(!slices[0][0] && slices[0][1..].iter().all(|marker| *marker), "{slices:?}");
    let sets = marked(Quirk::MarkerOnParameterSets.into());
    assert!(sets[0][0] && !sets[0][1] && sets[1] == plain[1], "{sets:?}");
}

#[test]
fn parameter_sets_travel_as_the_quirk_says() {
    let kinds = |quirk: Quirk, at: usize| -> Vec<u8> {
        read(quirk, false)[at].iter().filter_map(Read::kind).collect()
    };
    let plain: Vec<u8> = read(Quirks::NONE, false)[0].iter().filter_map(Read::kind).collect();
    assert_eq!(plain[0], 24);
    assert_eq!(kinds(Quirk::ParameterSetsApart, 0)[..2], [7, 8]);
    assert_eq!(kinds(Quirk::ParameterSetsTogether, 0)[..2], [24, 24]);
    assert_eq!(kinds(Quirk::ParameterSetsInSdpOnly, 0)[..], plain[1..]);
    assert_eq!(kinds(Quirk::ParameterSetsEveryPicture, 1)[0], 24);
    assert_eq!(kinds(Quirk::ParameterSetsOwnTimestamp, 0)[..2], [7, 8]);
    let small = read(Quirk::WholePictureTogether, false);
    assert!(
        small[1..LOOP].iter().any(|packets| packets.len() == 1 && packets[0].kind() == Some(24))
    );

    let whole = read(Quirk::FragmentsWhole, false);
    assert!(whole.concat().iter().all(|packet| packet.kind() == Some(28)));
    assert!(whole[0][..2].iter().all(|packet| packet.payload[1] & 0xC0 == 0xC0));
    let inside = &read(Quirk::StartCodesInside, false)[0][0];
    assert_eq!(inside.kind(), Some(7));
    assert!(inside.payload.windows(5).any(|five| five[..4] == START_CODE && five[4] & 31 == 8));
    let front = &read(Quirk::StartCodesInFront, false)[0][..2];
    assert!(front.iter().all(|packet| packet.payload[..4] == START_CODE && !packet.marker));
    for packets in read(Quirk::FillerLast, false) {
        let marked: Vec<Option<u8>> =
            packets.iter().filter(|packet| packet.marker).map(Read::kind).collect();
        assert_eq!(marked, [Some(12)]);
    }

    let units = |quirk: Quirk| {
        let packets = run(quirk.into(), false, false, LOOP + 1).concat();
        received(&packets, PAYLOAD_TYPE)
    };
    let ids = |nals: &[Vec<u8>]| -> Vec<u8> {
        let sets = nals.iter().filter(|nal| nal[0] & 31 == 7);
        sets.map(|sps| Sps::parse(sps).unwrap().id).collect()
    };
    assert_eq!(ids(&units(Quirk::ParameterSetsSpare)[0].1), [0, 1, 1, 2]);
    assert_eq!(ids(&units(Quirk::ParameterSetsOtherId)[0].1), [3, 0]);
    let without = units(Quirk::NoKeyFrame);
    let types = |nals: &[Vec<u8>]| nals.iter().map(|nal| nal[0] & 31).collect::<Vec<_>>();
    assert_eq!(types(&without[0].1), [7, 8, 6, 1]);
    assert_eq!(types(&without[1].1), [1]);
    assert_eq!(types(&without[LOOP].1), [7, 8, 6, 1]);
    let one = units(Quirk::OneKeyFrame);
    assert_eq!(types(&one[0].1), [7, 8, 5]);
    assert_eq!(types(&one[1].1), [1]);
    assert_eq!(types(&one[LOOP].1), [7, 8, 6, 1]);
}

#[test]
fn packets_are_doubled_swapped_delayed_and_sized() {
    let sequences = |quirk: Quirk, udp: bool| -> Vec<u16> {
        read(quirk, udp).concat().iter().map(|packet| packet.sequence).collect()
    };
    let plain: Vec<u16> =
        read(Quirks::NONE, false).concat().iter().map(|packet| packet.sequence).collect();
    let all = sequences(Quirk::DoublesAll, false);
    assert!(all.chunks(2).all(|pair| pair[0] == pair[1]) && all.len() == 2 * plain.len());
    let tenth = sequences(Quirk::DoublesTenth, false);
    assert_eq!(tenth.len(), plain.len() + plain.len() / 10);
    assert_eq!(tenth[9], tenth[10]);
    let later = sequences(Quirk::DoublesLater, false);
    assert_eq!(later.len(), plain.len() + plain.len() / 10);
    assert!(later.windows(3).any(|three| three[0] == three[2]), "{later:?}");

    let swapped = sequences(Quirk::SwappedNeighbours, true);
    let backwards = swapped.windows(2).filter(|pair| pair[1] < pair[0]).count();
    assert!(backwards >= 3, "{swapped:?}");
    assert_eq!(sequences(Quirk::SwappedNeighbours, false), plain, "over UDP only");
    let alone = read(Quirk::SwappedNeighbours, true).concat();
    assert!(alone.iter().any(|packet| packet.delay_ms == 40));
    let late = read(Quirk::LateTenth, true).concat();
    let delays: Vec<usize> = (0..late.len()).filter(|at| late[*at].delay_ms == 20).collect();
    assert!(delays.iter().all(|at| at % 10 == 9) && delays.len() == late.len() / 10);
    assert!(read(Quirk::LateTenth, false).concat().iter().all(|packet| packet.delay_ms == 0));

    let longest = |quirk: Quirk, udp: bool| {
        read(quirk, udp).concat().iter().map(|packet| packet.payload.len()).max().unwrap()
    };
    assert!(longest(Quirk::SmallPackets, true) <= 200);
    assert!(longest(Quirk::LargePackets, false) > MAX_PAYLOAD);
    assert!(longest(Quirk::LargePackets, true) <= MAX_PAYLOAD);

    let jumps = run(Quirk::SequenceJump.into(), false, false, 40).concat();
    let sequences: Vec<u16> = jumps.iter().map(|packet| Read::new(packet).sequence).collect();
    let steps = sequences.windows(2).map(|pair| pair[1] - pair[0]);
    assert_eq!(steps.filter(|step| *step != 1).collect::<Vec<_>>(), [5001]);
}

/// What a decoder shows of what a receiver gets.
fn shown(quirks: Quirks, in_slices: bool) -> Vec<Vec<u8>> {
    let packets = run(quirks, false, in_slices, 2 * LOOP).concat();
    let mut decoder = Decoder::new().unwrap();
    let units = received(&packets, PAYLOAD_TYPE).into_iter().map(|(_, nals)| nals);
    let annex_b = units.map(|nals| [&START_CODE[..], &nals.join(&START_CODE[..])].concat());
    annex_b.filter_map(|unit| Some(decoder.decode(&unit).unwrap()?.y().to_vec())).collect()
}

#[test]
fn pictures_are_the_same_whatever_parameter_sets_they_use() {
    for in_slices in [false, true] {
        let plain = shown(Quirks::NONE, in_slices);
        assert_eq!(plain.len(), 2 * LOOP);
        for quirk in [
            Quirk::ParameterSetsOtherId,
            Quirk::ParameterSetsAlternate,
            Quirk::ParameterSetsSpare,
            Quirk::ParameterSetsEveryPicture,
            Quirk::StartCodesInside,
            Quirk::StartCodesInFront,
            Quirk::WholePictureTogether,
            Quirk::FragmentsWhole,
        ] {
            assert!(shown(quirk.into(), in_slices) == plain, "{quirk:?} {in_slices}");
        }
    }
    // Without its second PPS every second picture cannot be decoded.
    let packets = run(Quirk::ParameterSetsAlternate.into(), false, false, LOOP).concat();
    let units = received(&packets, PAYLOAD_TYPE);
    let sets = units[0].1.iter().filter(|nal| nal[0] & 31 == 8).count();
    let plain = received(&run(Quirks::NONE, false, false, LOOP).concat(), PAYLOAD_TYPE);
    let changed = units.iter().zip(&plain).filter(|(a, b)| a.1.last() != b.1.last()).count();
    assert_eq!((sets, changed), (2, LOOP / 2));
}
