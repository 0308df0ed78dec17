//! Parameter sets in front of key pictures; timestamps and sender reports.

use bytes::Bytes;
use razz_base::{Codec, MonoTime};

use super::stream::nal;
use super::{Packet, check, packets, receiver, run};
use crate::rtp::receive::{Oddity, Received, Receiver, Settings};

#[test]
fn key_pictures_have_all_parameter_sets_in_front() {
    check(&[
        // Those of the SDP; those of packets; one of each; behind the delimiter, before SEI.
        ("S Q", "@0 I0* @40 P1* @80 I1*", &["0: S Q I0", "48: P1", "80: S Q I1"], &[]),
        ("", "@0 S Q I0* @40 I1*", &["0: S Q I0", "48: S Q I1"], &[]),
        ("S", "@0 D E Q I0* @40 I1*", &["0: D S Q E I0", "48: S Q I1"], &[]),
        // Several ids; those that are kept out stay where they are, once.
        ("S Q", "@0 Q1 I0* @40 I1*", &["0: S Q Q1 I0", "48: S Q Q1 I1"], &[]),
        (
            "S Q",
            "@0 Q256 I0* @40 I1*",
            &["0: S Q Q256 I0", "48: S Q I1"],
            &[("parameter_set_kept_out", 1)],
        ),
        // One that changes takes its place.
        ("S Q", "@0 I0* @40 V I1*", &["0: S Q I0", "48: V Q I1"], &[]),
        // A recovery point makes a key picture; other pictures have what came with them.
        ("S Q", "@0 R P1* @40 P2* @80 Q P3*", &["0: S Q R P1", "48: P2", "80: Q P3"], &[]),
        // One amid a picture says nothing of the next.
        ("S Q", "@0 P1 R p1 @40 P2", &["40: P1 R p1", "100: P2"], &[]),
        ("Q256", "@0 P1*", &["0: P1"], &[("parameter_set_kept_out", 1)]),
    ]);
}

#[test]
fn parameter_sets_of_an_sdp_that_has_start_codes() {
    let sets = [nal("S"), nal("Q")].map(|nal| [&[0, 0, 0, 1][..], &nal].concat()).concat();
    let mut receiver = Receiver::new(Settings {
        codec: Codec::H264,
        payload_type: 96,
        clock_rate: 90_000,
        parameter_sets: vec![sets.into()],
        picture_size: None,
    });
    assert_eq!(run(&mut receiver, &packets("@0 I0*")), ["0: S Q I0"]);
}

/// Timestamps and reports of a receiver for packets at this clock rate: `(sequence, timestamp)`, or a
/// report `(source, timestamp)`.
enum Event {
    Packet(u16, u32),
    Report(u32, u32),
}
use Event::{Packet as P, Report as R};

fn timeline(clock_rate: u32, events: &[Event]) -> Vec<(char, i64)> {
    let mut receiver = Receiver::new(Settings {
        codec: Codec::H264,
        payload_type: 96,
        clock_rate,
        parameter_sets: Vec::new(),
        picture_size: None,
    });
    let mut out = Vec::new();
    let mut now = MonoTime::from_us(0);
    for event in events {
        now = now.plus_us(40_000);
        match *event {
            P(sequence, timestamp) => {
                let payload = vec![0x41, 0x9A, 1];
                let (ms, marker, ssrc) = (0, true, 7);
                let packet = Packet { ms, sequence, timestamp, marker, ssrc, payload };
                receiver.handle_rtp(now, packet.bytes());
            }
            R(ssrc, timestamp) => {
                let words = [0x80C8_0006, ssrc, 0xE000_0000, 1, timestamp, 0, 0];
                let report: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
                receiver.handle_rtcp(now, &report);
            }
        }
        // Each picture on its own.
        receiver.handle_timeout(now.plus_us(30_000));
        while let Some(received) = receiver.poll() {
            out.push(match received {
                Received::Unit { rtp_extended, received, .. } => {
                    assert_eq!(received, now);
                    ('u', rtp_extended)
                }
                Received::SenderReport { rtp_extended, ntp } => {
                    assert_eq!(ntp, 0xE000_0000_0000_0001);
                    ('r', rtp_extended)
                }
                other => panic!("{other:?}"),
            });
        }
    }
    out
}

#[test]
fn timestamps_and_reports_are_on_one_timeline() {
    let wrap = 1i64 << 32;
    for (clock_rate, events, expected) in [
        (
            90_000,
            &[P(1, u32::MAX - 2999), P(2, 0), P(3, 3000), R(7, 3600), R(7, u32::MAX)][..],
            &[
                ('u', wrap - 3000),
                ('u', wrap),
                ('u', wrap + 3000),
                ('r', wrap + 3600),
                ('r', wrap - 1),
            ][..],
        ),
        // A jump forth and back.
        (
            90_000,
            &[P(1, 1000), P(2, 1_000_000_000), P(3, 4000)],
            &[('u', 1000), ('u', 1_000_000_000), ('u', 4000)],
        ),
        // A report before the first packet waits for it; of several the last one.
        (90_000, &[R(7, 500), R(7, 900), P(1, 1000)], &[('r', 900), ('u', 1000)]),
        // One of another source.
        (90_000, &[P(1, 1000), R(9, 1000), R(0, 2000)], &[('u', 1000), ('r', 2000)]),
        // Other clock rates; 0 says nothing.
        (
            1000,
            &[P(1, 1000), P(2, 1040), R(7, 1040)],
            &[('u', 90_000), ('u', 93_600), ('r', 93_600)],
        ),
        (0, &[P(1, 1000)], &[('u', 1000)]),
    ] {
        assert_eq!(timeline(clock_rate, events), expected);
    }
}

#[test]
fn rtcp_among_rtp_is_taken_for_what_it_is() {
    let mut receiver = receiver("S Q");
    for packet in packets("@0 P1*") {
        receiver.handle_rtp(MonoTime::from_us(0), packet.bytes());
    }
    assert!(matches!(receiver.poll(), Some(Received::Unit { .. })));
    let words = [0x80C8_0006u32, 7, 0xE000_0000, 0, 900, 0, 0];
    let report: Bytes = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    receiver.handle_rtp(MonoTime::from_us(1000), report);
    let expected = Received::SenderReport { rtp_extended: 900, ntp: 0xE000_0000 << 32 };
    assert_eq!(receiver.poll(), Some(expected));
    assert_eq!(receiver.counts().of(Oddity::RtcpAmongRtp), 1);
}
