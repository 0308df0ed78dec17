use proptest::prelude::*;

use super::*;

/// What is read, in words.
fn told(datagram: &[u8]) -> Vec<String> {
    let mut told = Vec::new();
    read(datagram, |message| {
        told.push(match message {
            Message::Report(block) => format!("{block:?}"),
            Message::Nack { ssrc, items } => {
                format!("nack of {ssrc}: {:?}", lacking(items).collect::<Vec<_>>())
            }
            Message::KeyFrame => "key frame".to_owned(),
            Message::Arrivals(arrivals) => format!("arrivals from {}", arrivals.first),
            Message::Remb(bits) => format!("remb {bits}"),
            Message::Time(time) => format!("{time:?}"),
        });
    });
    told
}

/// A packet of `kind` and `format` with these words behind its header.
fn packet(kind: u8, format: u8, words: &[u32]) -> Vec<u8> {
    let mut out = vec![0x80 | format, kind];
    out.extend((words.len() as u16).to_be_bytes());
    words.iter().for_each(|word| out.extend(word.to_be_bytes()));
    out
}

#[test]
fn what_receivers_say_is_read() {
    let report = [7, 42, 0x10FF_FFFE, 0x0001_8000, 90, 0xAABB_CCDD, 65_536];
    for (datagram, expected) in [
        (
            packet(RECEIVER_REPORT, 1, &report),
            vec![
                "ReportBlock { ssrc: 42, lost: -2, highest: 98304, last_report: 2864434397, \
                 since: 65536 }",
            ],
        ),
        (
            // One packet of each: with reduced size, and compound.
            [
                packet(RECEIVER_REPORT, 0, &[7]),
                packet(TRANSPORT_FEEDBACK, NACK, &[7, 42, 0xFFFF_8001, 0x0010_0000]),
                packet(PAYLOAD_FEEDBACK, PLI, &[7, 42]),
                packet(PAYLOAD_FEEDBACK, FIR, &[7, 0, 42, 0x0100_0000]),
            ]
            .concat(),
            vec!["nack of 42: [65535, 0, 15, 16]", "key frame", "key frame"],
        ),
        (
            // "REMB", one SSRC, exponent 2 and mantissa 250,000.
            packet(PAYLOAD_FEEDBACK, APPLICATION, &[7, 0, 0x5245_4D42, 0x010B_D090, 42]),
            vec!["remb 1000000"],
        ),
        (packet(PAYLOAD_FEEDBACK, APPLICATION, &[7, 0, 0x5245_4D43, 0x010B_D090, 42]), vec![]),
        (packet(203, 1, &[7]), vec![]),
        (
            // Another block before it.
            packet(EXTENDED_REPORT, 0, &[7, 0x0100_0001, 0, 0x0400_0002, 0x1111_2222, 0x3333_4444]),
            vec!["PeerTime { ssrc: 7, middle: 572666675 }"],
        ),
        (packet(EXTENDED_REPORT, 0, &[7, 0x0400_0001, 0x1111_2222]), vec![]),
        (b"\x80".to_vec(), vec![]),
        (vec![0x40, 201, 0, 0], vec![]),
        // Longer than it is.
        (vec![0x80, 201, 0, 9, 0, 0, 0, 7], vec![]),
    ] {
        assert_eq!(told(&datagram), expected, "{datagram:x?}");
    }
}

/// The reported times of packets from `first` on, in µs.
fn times(first: u16, count: u16, chunks: &[u16], deltas: &[u8]) -> Vec<(u16, Option<i64>)> {
    let mut body = vec![0; 8];
    body.extend(first.to_be_bytes());
    body.extend(count.to_be_bytes());
    body.extend([0, 0, 2, 0]);
    chunks.iter().for_each(|chunk| body.extend(chunk.to_be_bytes()));
    body.extend(deltas);
    let Some(arrivals) = arrivals(&body) else { return Vec::new() };
    let mut times = Vec::new();
    arrivals.each(arrivals.reference_us(None), |number, at| times.push((number, at)));
    times
}

#[test]
fn arrival_times_are_read_from_every_kind_of_chunk() {
    let at = |ticks: i64| Some(128_000 + ticks * TICK_US);
    for (first, count, chunks, deltas, expected) in [
        // A run of three with small times.
        (
            65_534,
            3,
            &[0x2003][..],
            &[4, 0, 8][..],
            vec![(65_534, at(4)), (65_535, at(4)), (0, at(12))],
        ),
        // A run that never came.
        (5, 2, &[0x0002], &[], vec![(5, None), (6, None)]),
        // One bit each: the first and the third of three.
        (1, 3, &[0x8000 | 0x2800], &[1, 1], vec![(1, at(1)), (2, None), (3, at(2))]),
        // Two bits each: large and negative times.
        (
            1,
            3,
            &[0xC000 | 0b10_01_10 << 8],
            &[0x01, 0x00, 3, 0xFF, 0xFE],
            vec![(1, at(256)), (2, at(259)), (3, at(257))],
        ),
        // Times that are missing end it, chunks that are missing say nothing.
        (1, 3, &[0x2003], &[4], vec![(1, at(4))]),
        (1, 30, &[0x2003], &[4], vec![]),
    ] {
        assert_eq!(times(first, count, chunks, deltas), expected, "{first} {count} {chunks:x?}");
    }
}

#[test]
fn the_time_of_reports_goes_on_when_its_bits_begin_anew() {
    for (reference, near, expected) in [
        (2, None, 2),
        (2, Some(1), 2),
        (1, Some(1 << 24), (1 << 24) + 1),
        ((1 << 24) - 1, Some(1 << 24), (1 << 24) - 1),
        (0, Some((1 << 24) - 1), 1 << 24),
    ] {
        let arrivals = Arrivals { first: 0, count: 0, reference, rest: &[] };
        let near = near.map(|near| near * REFERENCE_US);
        assert_eq!(arrivals.reference_us(near), expected * REFERENCE_US, "{reference} {near:?}");
    }
}

#[test]
fn our_report_has_our_name_behind_it() {
    for name in ["", "abc", "razz-1", "a name of some length that nobody has"] {
        let report =
            SenderReport { ssrc: 42, ntp: 7 << 32, rtp_timestamp: 9, packets: 3, octets: 5 };
        let mut out = Vec::new();
        write(report, name, None, &mut out);
        assert_eq!(out.len() % 4, 0);
        assert_eq!(out[..8], [0x80, 200, 0, 6, 0, 0, 0, 42]);
        assert_eq!(out[28..30], [0x81, 202]);
        let words = usize::from(u16::from_be_bytes([out[30], out[31]]));
        assert_eq!(32 + 4 * words, out.len(), "{name}");
        assert_eq!(out[36..38], [1, name.len() as u8]);
        assert_eq!(&out[38..38 + name.len()], name.as_bytes());
        assert_eq!(out.last(), Some(&0), "the item ends");
        let plain = out.clone();
        let time = PeerTime { ssrc: 7, middle: 8 };
        write(report, name, Some((time, 9)), &mut out);
        let words = [42, 0x0500_0003, 7, 8, 9];
        assert_eq!(out[plain.len()..], packet(EXTENDED_REPORT, 0, &words));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn anything_may_come(
        kind in prop_oneof![Just(200u8), Just(201), Just(205), Just(206), any::<u8>()],
        format in 0..32u8,
        padded in any::<bool>(),
        body in prop::collection::vec(any::<u8>(), 0..120),
    ) {
        let words = body.len() / 4;
        let mut datagram = vec![0x80 | u8::from(padded) << 5 | format, kind, 0, words as u8];
        datagram.extend(&body);
        read(&datagram, |message| match message {
            Message::Nack { items, .. } => assert!(lacking(items).count() <= 17 * 30),
            Message::Arrivals(arrivals) => {
                let mut count = 0;
                arrivals.each(arrivals.reference_us(None), |_, _| count += 1);
                assert!(count <= usize::from(u16::MAX));
            }
            _ => {}
        });
    }
}
