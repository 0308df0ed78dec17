//! What must hold for any input: parsers do not panic, packetising loses nothing, time never runs
//! backwards, the ring stays within its bytes.

// The depacketisers of the project, from the simulation.
#[allow(unreachable_pub)]
#[path = "../../../tests/sim/src/depacketize.rs"]
mod depacketize;

#[allow(unreachable_pub)]
#[path = "../../../tests/sim/src/depacketize_h265.rs"]
mod depacketize_h265;

use std::sync::Arc;

use bytes::Bytes;
use depacketize::depacketize;
use depacketize_h265::depacketize_h265;
use proptest::prelude::*;
use razz_base::{
    AccessUnit, CameraId, Codec, FrameKey, MediaTime, MonoTime, RunId, Size, StreamFormat,
    WallQuality, WallTime,
};
use razz_media::h264::{Sps, has_b_slice, nal_units, slice_type};
use razz_media::h265;
use razz_media::ring::{GopRing, NoReplay, Unit};
use razz_media::rtp::{MIN_MAX_PAYLOAD, packetize};
use razz_media::timeline::{Timeline, WallClock};

/// Makes bytes a legal NAL unit: no start code inside, no zero at the end (section 7.4.1).
fn escape(header: u8, payload: &[u8]) -> Vec<u8> {
    let mut nal = vec![header];
    let mut zeros = usize::from(header == 0);
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

/// Bytes in which zeros, ones and threes are common.
fn payload(max: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop_oneof![2 => 0..=3u8, 3 => any::<u8>()], 0..max)
}

fn nal() -> impl Strategy<Value = Vec<u8>> {
    let length = prop_oneof![Just(8), Just(40), Just(400), Just(4000)];
    let header = prop_oneof![
        3 => prop::sample::select(vec![0x67u8, 0x68, 0x06, 0x65, 0x41, 0x01]),
        1 => any::<u8>()
    ];
    (header, length.prop_flat_map(payload)).prop_map(|(header, bytes)| escape(header, &bytes))
}

/// NAL units with the start codes and padding that stand before each.
fn stream() -> impl Strategy<Value = (Vec<Vec<u8>>, Vec<u8>)> {
    prop::collection::vec((nal(), 2..6usize), 0..8).prop_map(|parts| {
        let mut bytes = Vec::new();
        for (nal, zeros) in &parts {
            bytes.resize(bytes.len() + zeros, 0);
            bytes.push(1);
            bytes.extend_from_slice(nal);
        }
        (parts.into_iter().map(|(nal, _)| nal).collect(), bytes)
    })
}

/// An access unit of H.265 of which all is sent, and its bytes.
fn h265_stream() -> impl Strategy<Value = (Vec<Vec<u8>>, Vec<u8>)> {
    let kind = prop::sample::select(vec![0x40u8, 0x42, 0x44, 0x4E, 0x26, 0x28, 0x2A, 0x02, 0x00]);
    let length = prop_oneof![Just(8), Just(40), Just(400), Just(4000)];
    let nal =
        (kind, 1..=7u8, length.prop_flat_map(payload)).prop_map(|(first, temporal, bytes)| {
            let mut nal = escape(temporal, &bytes);
            nal.insert(0, first);
            nal
        });
    prop::collection::vec(nal, 0..8).prop_map(|nals| {
        let bytes = nals.iter().flat_map(|nal| [&[0, 0, 0, 1][..], nal].concat()).collect();
        (nals, bytes)
    })
}

/// The NAL units that must reach the viewer (rtp module, "What is left out").
fn is_sent(nal: &[u8]) -> bool {
    nal[0] & 0x80 == 0 && matches!(nal[0] & 0x1F, 1..=8 | 13..=23)
}

fn access_unit(time: i64, run: u32, idr: bool, lost_packets: u32, bytes: usize) -> AccessUnit {
    let mut data = if idr {
        vec![0, 0, 1, 0x67, 1, 0, 0, 1, 0x68, 1, 0, 0, 1, 0x65, 0x88]
    } else {
        vec![0, 0, 1, 0x41, 0x9A]
    };
    data.resize(data.len() + bytes, 0xAA);
    AccessUnit {
        key: FrameKey { camera: CameraId::new(1).unwrap(), time: MediaTime::from_90k(time) },
        run: RunId(run),
        format: StreamFormat::new(Codec::H264, Size::new(64, 64)),
        data: Bytes::from(data),
        idr,
        lost_packets,
        wall: WallTime { us: 0, quality: WallQuality::Arrival },
        received: MonoTime::from_us(0),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nal_units_come_apart_as_they_were_put_together((nals, bytes) in stream()) {
        let found: Vec<Vec<u8>> = nal_units(&bytes).map(<[u8]>::to_vec).collect();
        prop_assert_eq!(found, nals);
    }

    #[test]
    fn packetising_loses_nothing((nals, bytes) in stream(), max in 0..2000usize) {
        let payloads = packetize(Codec::H264, &bytes, max);
        let sent: Vec<Vec<u8>> = nals.into_iter().filter(|nal| is_sent(nal)).collect();
        let got = depacketize(payloads.iter().map(|payload| &payload.data[..]));
        prop_assert_eq!(got.map_err(TestCaseError::fail)?, sent);
        for (index, payload) in payloads.iter().enumerate() {
            prop_assert!(payload.data.len() <= max.max(MIN_MAX_PAYLOAD));
            prop_assert_eq!(payload.marker, index + 1 == payloads.len());
        }
    }

    #[test]
    fn any_bytes_packetise_to_legal_payloads(bytes in payload(3000), max in 0..100usize) {
        let payloads = packetize(Codec::H264, &bytes, max);
        let got = depacketize(payloads.iter().map(|payload| &payload.data[..]));
        let sent: Vec<Vec<u8>> =
            nal_units(&bytes).filter(|nal| is_sent(nal)).map(<[u8]>::to_vec).collect();
        prop_assert_eq!(got.map_err(TestCaseError::fail)?, sent);
    }

    #[test]
    fn packetising_h265_loses_nothing((nals, bytes) in h265_stream(), max in 0..2000usize) {
        let payloads = packetize(Codec::H265, &bytes, max);
        let got = depacketize_h265(payloads.iter().map(|payload| &payload.data[..]));
        prop_assert_eq!(got.map_err(TestCaseError::fail)?, nals);
        for (index, payload) in payloads.iter().enumerate() {
            prop_assert!(payload.data.len() <= max.max(MIN_MAX_PAYLOAD));
            prop_assert_eq!(payload.marker, index + 1 == payloads.len());
        }
    }

    #[test]
    fn h265_parsers_take_any_bytes(bytes in payload(300)) {
        let _ = h265::can_start(&bytes);
        let _ = h265::Sps::parse(&bytes);
        if let Ok(sps) = h265::Sps::parse(&[&[0x42, 1][..], &bytes].concat()) {
            prop_assert!((1..=16_888).contains(&sps.size.width));
            prop_assert!((1..=16_888).contains(&sps.size.height));
            prop_assert!(sps.max_num_reorder_pics <= 15);
        }
    }

    #[test]
    fn parsers_take_any_bytes(bytes in payload(300), header in any::<u8>()) {
        let _ = has_b_slice(&bytes);
        let _ = slice_type(&bytes);
        let nal = escape(header, &bytes);
        let _ = slice_type(&nal);
        let _ = Sps::parse(&bytes);
        if let Ok(sps) = Sps::parse(&[&[0x67][..], &bytes].concat()) {
            prop_assert!((1..=16_880).contains(&sps.size.width));
            // Fields: twice as many lines.
            prop_assert!((1..=33_760).contains(&sps.size.height));
            prop_assert!(sps.max_num_reorder_frames.is_none_or(|frames| frames <= 16));
            prop_assert!(sps.frame_rate.is_none_or(|rate| rate > 0.0 && rate.is_finite()));
        }
    }

    #[test]
    fn media_time_never_runs_backwards(
        start in -(1i64 << 40)..1 << 40,
        steps in prop::collection::vec((rtp(), any::<bool>(), any::<i64>()), 1..60),
        reordering in any::<bool>(),
    ) {
        let mut timeline = Timeline::new(MediaTime::from_90k(start));
        timeline.set_reordering(reordering);
        let mut times: Vec<i64> = Vec::new();
        let mut clock = WallClock::new();
        let mut rtp = 0i64;
        for (step, run, now) in steps {
            rtp = match step {
                Rtp::By(ticks) => rtp.saturating_add(ticks),
                Rtp::At(ticks) => ticks,
            };
            if run && now % 3 == 0 {
                timeline.start_run();
            }
            let time = timeline.place(rtp, MonoTime::from_us(now)).time.as_90k();
            if reordering {
                prop_assert!(times.iter().rev().take(8).all(|other| *other != time));
                let newest = times.iter().copied().max().unwrap_or(start);
                prop_assert!(time >= newest - 90_000 / 4);
            } else {
                prop_assert!(times.last().is_none_or(|last| *last < time));
            }
            times.push(time);
            clock.sender_report(rtp, now, time);
            prop_assert!(clock.frame(rtp, now).us <= now);
        }
    }

    #[test]
    fn media_time_keeps_up_with_a_well_behaved_clock(
        // Frame interval in ms, and what happens to the camera's clock after some frames.
        interval_ms in 20..200i64,
        steps in prop::collection::vec((1..50i64, -(1i64 << 40)..1 << 40, any::<bool>()), 1..8),
    ) {
        let mut timeline = Timeline::new(MediaTime::from_90k(0));
        let (mut now_ms, mut rtp, mut last) = (0, 0, 0);
        for (frames, jump, run) in steps {
            for _ in 0..frames {
                now_ms += interval_ms;
                rtp += interval_ms * 90;
                last = timeline.place(rtp, MonoTime::from_us(now_ms * 1000)).time.as_90k();
            }
            rtp += jump;
            if run {
                timeline.start_run();
            }
        }
        // The first frame is at 0. Each jump or run adds at most one interval as it was measured
        // (at most 200 ms) or, undetected, the second that is no jump yet.
        let passed = (now_ms - interval_ms) * 90;
        prop_assert!((last - passed).abs() <= 7 * 90_000, "{last} {passed}");
    }

    #[test]
    fn the_ring_is_bounded_and_replays_without_gaps(
        frames in prop::collection::vec(
            (prop::bool::weighted(0.1), prop::bool::weighted(0.03), prop::bool::weighted(0.02),
             0..4000usize),
            1..200),
        max_bytes in 0..60_000usize,
    ) {
        let mut ring = GopRing::new(max_bytes);
        // What a plain reading of the rules says the replay is.
        let mut expected: Result<Vec<i64>, NoReplay> = Err(NoReplay::NoIdr);
        let (mut run, mut bytes) = (0, 0);
        for (index, (idr, lost, new_run, length)) in frames.into_iter().enumerate() {
            let time = index as i64 * 3000;
            if new_run {
                run += 1;
                expected = Err(NoReplay::NoIdr);
            }
            let unit = Unit::new(access_unit(time, run, idr, lost.into(), length), 1180);
            if idr {
                expected = Ok(Vec::new());
                bytes = 0;
            }
            bytes += unit.bytes();
            expected = match expected {
                Err(NoReplay::NoIdr) => Err(NoReplay::NoIdr),
                _ if lost => Err(NoReplay::Damaged),
                Ok(_) if bytes > max_bytes => Err(NoReplay::TooLong),
                Ok(mut times) => {
                    times.push(time);
                    Ok(times)
                }
                Err(reason) => Err(reason),
            };
            ring.push(Arc::new(unit));
            prop_assert!(ring.bytes() <= max_bytes);
            let times = ring.replay().map(|units| {
                units.iter().map(|unit| unit.au.key.time.as_90k()).collect::<Vec<_>>()
            });
            prop_assert_eq!(ring.no_replay(), expected.as_ref().err().copied());
            prop_assert_eq!(times, expected.as_ref().ok().cloned());
        }
    }
}

/// The next RTP timestamp: near the one before, or anywhere.
#[derive(Clone, Copy, Debug)]
enum Rtp {
    By(i64),
    At(i64),
}

fn rtp() -> impl Strategy<Value = Rtp> {
    prop_oneof![
        6 => (-30_000..30_000i64).prop_map(Rtp::By),
        2 => (-(1i64 << 33)..1 << 33).prop_map(Rtp::By),
        1 => any::<i64>().prop_map(Rtp::At),
    ]
}
