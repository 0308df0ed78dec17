//! Losses, doubles, disorder, other sources, and packets that are none.

use bytes::Bytes;
use razz_base::{Codec, MonoTime};

use super::{Packet, check, packets, receiver, run};
use crate::rtp::receive::{MAX_UNIT, Oddity, Received, Receiver, Settings};

#[test]
fn a_unit_with_a_hole_has_its_whole_nal_units() {
    check(&[
        // A slice is missing.
        (
            "S Q",
            "@0 P1* @40 P2* @80 P3 - p3* @200 P4*",
            &["0: P1", "48: P2", "130: P3 p3 -1", "200: P4"],
            &[],
        ),
        // The middle of a slice is missing: it is not handed on; the other slice is.
        (
            "S Q",
            "@0 P1* @40 P2* @80 x5C81E6 - x5C41E6 p3* @200 P4*",
            &["0: P1", "48: P2", "130: p3 -1", "200: P4"],
            &[("fragment_without_start", 1)],
        ),
        // Of the picture there is nothing left: the next says so.
        (
            "S Q",
            "@0 P1* @40 P2* @80 x5C81E6 - x5C41E6* @200 P4*",
            &["0: P1", "48: P2", "200: P4 -1"],
            &[("fragment_without_start", 1)],
        ),
        // Three pictures are missing.
        (
            "S Q",
            "@0 P1* @40 P2* @80 P3* - - - @240 P7* @320 P8*",
            &["0: P1", "48: P2", "80: P3", "290: P7 -3", "320: P8"],
            &[],
        ),
        // A slice without its end, nothing lost: it is not handed on either.
        (
            "S Q",
            "@0 P1* @40 P2* @80 x5C81E6 @120 P4* @160 P5*",
            &["0: P1", "48: P2", "120: P4 -1", "160: P5"],
            &[("fragment_unfinished", 1)],
        ),
        // The same with the start once more.
        (
            "S Q",
            "@0 P1* @40 P2* @80 x5C81E6ABCDEFABCDEF x5C81E6ABCDEFABCDEF x5C4180* @120 P4*",
            &["0: P1", "48: P2", "80: ? -1", "120: P4"],
            &[("fragment_unfinished", 1)],
        ),
        // The tail of a picture that was under way at PLAY is no loss.
        (
            "S Q",
            "@0 x5C01E6 x5C41E6* @40 I0* @80 P1*",
            &["40: S Q I0", "88: P1"],
            &[("fragment_without_start", 2)],
        ),
    ]);
}

#[test]
fn packets_find_their_places() {
    check(&[
        // Two change places, one comes twice.
        (
            "S Q",
            "@0 P1* @40 n102 p2* n101 P2 n103 @80 P3* @120 P4* n104 P4*",
            &["0: P1", "48: P2 p2", "80: P3", "120: P4"],
            &[("duplicate", 1), ("reordered", 1)],
        ),
        // One comes after it was given up.
        (
            "S Q",
            "@0 P1* n102 @40 P3* n103 @100 P4* n101 P2* n104 @140 P5*",
            &["0: P1", "90: P3 -1", "100: P4", "140: P5"],
            &[("late_packet", 1)],
        ),
        // The sequence numbers wrap, jump, and stray.
        ("S Q", "n65535 @0 P1* @40 P2* @80 P3*", &["0: P1", "48: P2", "80: P3"], &[]),
        (
            "S Q",
            "@0 P1* @40 P2* n30000 @80 P3* @120 P4* @160 P5*",
            &["0: P1", "48: P2", "120: P3", "120: P4", "160: P5"],
            &[("sequence_jump", 1)],
        ),
        (
            "S Q",
            "@0 P1* @40 P2* n30000 P9* n102 @80 P3*",
            &["0: P1", "48: P2", "80: P3"],
            &[("stray_sequence", 1)],
        ),
    ]);
}

#[test]
fn other_sources() {
    check(&[
        (
            "S Q",
            "@0 P1* @40 P2* c9 n500 P9* c7 n102 @80 P3*",
            &["0: P1", "48: P2", "80: P3"],
            &[("foreign_ssrc", 1)],
        ),
        // For good: nothing of it is lost, and of its markers nothing is known.
        (
            "S Q",
            "@0 P1* @40 P2* @80 P3 c9 n500 @120 I0* @160 P1* @200 P2* @240 P3* @280 P4*",
            &[
                "0: P1",
                "48: P2",
                "240: P3",
                "240: new source",
                "240: S Q I0",
                "240: P1",
                "240: P2",
                "240: P3",
                "280: P4",
            ],
            &[("new_source", 1)],
        ),
    ]);
}

/// What comes of one odd packet between others.
#[test]
fn odd_packets_cost_themselves() {
    let rtp = |payload: &[u8]| -> Vec<u8> {
        let header = [0x80, 0x60, 0, 103, 0, 0, 0x38, 0x40, 0, 0, 0, 7];
        [&header[..], payload].concat()
    };
    let with_byte = |at: usize, byte: u8| {
        let mut packet = rtp(&[0x41, 0x9A, 1]);
        packet[at] = byte;
        packet
    };
    // (packet, whether it takes a sequence number, count)
    for (odd, in_sequence, oddity) in [
        (vec![], false, Oddity::RtpTooShort),
        (vec![0x80, 0x60, 0, 1, 2, 3], false, Oddity::RtpTooShort),
        (with_byte(0, 0x00), false, Oddity::RtpVersion),
        (with_byte(0, 0x40), false, Oddity::RtpVersion),
        (with_byte(0, 0xC0), false, Oddity::RtpVersion),
        (with_byte(0, 0x8F), false, Oddity::RtpCsrc),
        (with_byte(0, 0x90), false, Oddity::RtpExtension),
        (with_byte(0, 0xA0), true, Oddity::PaddingOnly),
        (rtp(&[]), true, Oddity::EmptyPayload),
        (with_byte(1, 0x61), false, Oddity::UnknownPayloadType),
        (with_byte(1, 200), false, Oddity::RtcpLength),
        (rtp(&[0x60, 1]), true, Oddity::UnknownNalType),
        (rtp(&[0x7E, 1]), true, Oddity::UnknownNalType),
        (rtp(&[0x7F, 1]), true, Oddity::UnknownNalType),
        (rtp(&[0x42, 1]), true, Oddity::DataPartition),
        (rtp(&[0x41]), true, Oddity::EmptyNal),
        (rtp(&[0xC1, 1]), true, Oddity::NalHeader),
        (rtp(&[0x78, 0]), true, Oddity::AggregateCut),
        (rtp(&[0x78, 0xFF, 0xFF, 1]), true, Oddity::AggregateCut),
        (rtp(&[0x7C]), true, Oddity::FragmentTooShort),
    ] {
        let mut odd = odd;
        if oddity == Oddity::PaddingOnly {
            *odd.last_mut().unwrap() = 3;
        }
        let mut receiver = receiver("S Q");
        let before = packets("@0 P1* @40 P2* @80 P3*");
        let mut units = run(&mut receiver, &before);
        receiver.handle_rtp(MonoTime::from_us(120_000), odd.clone().into());
        let after: Vec<Packet> = packets("@160 P4* @200 P5*")
            .into_iter()
            .map(|packet| {
                let sequence = packet.sequence + 3 + u16::from(in_sequence);
                Packet { sequence, ..packet }
            })
            .collect();
        units.extend(run(&mut receiver, &after));
        let expected = ["0: P1", "48: P2", "80: P3", "160: P4", "200: P5"];
        assert_eq!(units, expected, "{odd:02x?}");
        assert_eq!(receiver.counts().of(oddity), 1, "{odd:02x?} {oddity:?}");
        assert_eq!(receiver.lost_packets(), 0, "{odd:02x?}");
    }
}

#[test]
fn the_other_coding_is_said_and_taken() {
    let mut receiver = receiver("S Q");
    let sps = [
        0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00,
        0x03, 0x00, 0x3f, 0xa0, 0x05, 0x02, 0x01, 0x71, 0xf2, 0xe5, 0xba, 0x4a, 0x4c, 0x2f,
    ];
    let h265 = [&sps[..], &[0x26, 1, 0xAF, 1], &[0x02, 1, 0xD0, 1], &[0x02, 1, 0xD0, 2]].repeat(10);
    let (mut said, mut units) = (0, 0);
    for (sequence, payload) in h265.iter().enumerate() {
        let packet = Packet {
            ms: sequence as i64,
            sequence: sequence as u16,
            timestamp: sequence as u32 * 3000,
            marker: true,
            ssrc: 7,
            payload: payload.to_vec(),
        };
        receiver.handle_rtp(MonoTime::from_us(packet.ms * 1000), packet.bytes());
        while let Some(received) = receiver.poll() {
            match received {
                Received::OtherCodec(codec) => {
                    assert_eq!(codec, Codec::H265);
                    said += 1;
                }
                Received::Unit { data, .. } => {
                    assert_eq!(said, 1, "nothing is handed on before it is plain");
                    assert!(matches!(data[4..], [0x42 | 0x26 | 0x02, ..]), "{data:02x?}");
                    units += 1;
                }
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!((said, receiver.counts().of(Oddity::OtherCodec)), (1, 1));
    assert_eq!(units, 30, "thirty pictures, and a parameter set before every third");
}

#[test]
fn memory_is_bounded() {
    // A picture without end, of slices and of one slice; parameter sets and SEI without end.
    let slice = [&super::stream::nal("p1")[..], &[0xAA; 1400]].concat();
    let start = [&[0x5C, 0x81][..], &[0xAA; 1400]].concat();
    let fragment = [&[0x5C, 0x01][..], &[0xAA; 1400]].concat();
    let sei = [&[0x06, 5][..], &[0xAA; 1400]].concat();
    let tiny = vec![0x5C, 0x01, 0xAA];
    for (first, payload, bound, oddity) in [
        (&slice, &slice, MAX_UNIT, Oddity::UnitTooLarge),
        (&start, &fragment, MAX_UNIT, Oddity::UnitTooLarge),
        (&start, &tiny, MAX_UNIT, Oddity::UnitTooLarge),
        (&sei, &sei, 64 << 10, Oddity::WaitingDropped),
    ] {
        let mut receiver = receiver("S Q");
        for sequence in 0..20_000u32 {
            let payload = if sequence == 0 { first } else { payload };
            let packet = Packet {
                ms: 0,
                sequence: sequence as u16,
                timestamp: 0,
                marker: false,
                ssrc: 7,
                payload: payload.clone(),
            };
            receiver.handle_rtp(MonoTime::from_us(0), packet.bytes());
            assert_eq!(receiver.poll(), None);
            assert!(receiver.held_bytes() <= bound + 2000, "{}", receiver.held_bytes());
        }
        assert!(receiver.counts().of(oddity) > 0, "{oddity:?}");
        // The next picture comes as if nothing had been, but for what is missing.
        let units = run(&mut receiver, &packets("n20000 @40 P2 @80 P3"));
        let lost = if oddity == Oddity::WaitingDropped { "" } else { " -1" };
        let last: Vec<_> = units.iter().rev().take(2).rev().collect();
        assert!(last[0].ends_with(&format!("P2{lost}")), "{units:?}");
        assert!(last[1].ends_with(": P3"), "{units:?}");
    }
}

#[test]
fn h265_is_received() {
    let sps: &[u8] = &[
        0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00,
        0x03, 0x00, 0x3f, 0xa0, 0x05, 0x02, 0x01, 0x71, 0xf2, 0xe5, 0xba, 0x4a, 0x4c, 0x2f,
    ];
    let (vps, pps): (&[u8], &[u8]) = (&[0x40, 1, 0x0C, 1, 0xFF], &[0x44, 1, 0xC1, 0x72]);
    let (cra, rest, p): (&[u8], &[u8], &[u8]) =
        (&[0x2A, 1, 0xAF, 1], &[0x2A, 1, 0x2F, 1], &[0x02, 1, 0xD0, 1]);
    let (aud, suffix): (&[u8], &[u8]) = (&[0x46, 1, 0x50], &[0x50, 1, 9, 1]);
    let mut receiver = Receiver::new(Settings {
        codec: Codec::H265,
        payload_type: 96,
        clock_rate: 90_000,
        parameter_sets: vec![Bytes::copy_from_slice(pps)],
        picture_size: None,
    });
    // (timestamp, marker, payload)
    let packets: &[(u32, bool, &[u8])] = &[
        (0, false, vps),
        (0, true, sps),
        (0, false, aud),
        (0, true, cra),
        (0, true, rest),
        (0, true, suffix),
        (3000, true, p),
        // Two that share a timestamp, a filler, another layer.
        (3000, true, p),
        (6000, true, &[0x4C, 1, 0xFF, 1]),
        (6000, true, &[0x02, 9, 0xD0, 1]),
        (6000, true, cra),
        (9000, true, p),
    ];
    let mut units = Vec::new();
    for (sequence, (timestamp, marker, payload)) in packets.iter().enumerate() {
        let packet = Packet {
            ms: i64::from(*timestamp / 90),
            sequence: sequence as u16,
            timestamp: *timestamp,
            marker: *marker,
            ssrc: 7,
            payload: payload.to_vec(),
        };
        receiver.handle_rtp(MonoTime::from_us(packet.ms * 1000), packet.bytes());
        while let Some(received) = receiver.poll() {
            let Received::Unit { data, lost_packets: 0, rtp_extended, .. } = received else {
                panic!("{received:?}");
            };
            units.push((rtp_extended, data.to_vec()));
        }
    }
    let annex_b =
        |nals: &[&[u8]]| nals.iter().flat_map(|nal| [&[0, 0, 0, 1], *nal].concat()).collect();
    let expected: [(i64, Vec<u8>); 4] = [
        (0, annex_b(&[aud, vps, sps, pps, cra, rest, suffix])),
        (3000, annex_b(&[p])),
        (3000, annex_b(&[p])),
        (6000, annex_b(&[vps, sps, pps, cra])),
    ];
    assert_eq!(units, expected);
    let counts = receiver.counts();
    for (oddity, count) in [
        (Oddity::MarkerEarly, 1),
        (Oddity::SameTimestamp, 1),
        (Oddity::Filler, 1),
        (Oddity::OtherLayer, 1),
    ] {
        assert_eq!(counts.of(oddity), count, "{oddity:?}");
    }
}
