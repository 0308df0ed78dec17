//! What must hold for any bytes that a camera sends or a file holds. Shared by fuzz targets and tests.
#![allow(dead_code, unreachable_pub)]

use bytes::Bytes;
use razz_base::{Codec, MonoTime};
use razz_media::h264::{Sps, has_b_slice, nal_units, slice_type};
use razz_media::h265;
use razz_media::jpeg::{Header, check_scan, is_jpeg};
use razz_media::mp4::Mp4;
use razz_media::rtp;
use razz_media::rtp::receive::{Received, Receiver, Settings};

// The depacketisers of the project, from the simulation.
#[path = "../tests/sim/src/depacketize.rs"]
mod depacketize;
#[path = "../tests/sim/src/depacketize_h265.rs"]
mod depacketize_h265;

/// `data` as an Annex B byte stream, and each NAL unit as a parameter set.
pub fn nal_sps(data: &[u8]) {
    let mut covered = 0;
    for nal in nal_units(data) {
        covered += 3 + nal.len();
        assert!(!nal.windows(3).any(|window| window == [0, 0, 1]), "a start code in {nal:02x?}");
        assert!(nal.last().is_some_and(|last| *last != 0), "empty, or a zero at the end");
        let _ = slice_type(nal);
        if let Ok(sps) = Sps::parse(nal) {
            assert!((1..=16_880).contains(&sps.size.width), "{sps:?}");
            assert!((1..=33_760).contains(&sps.size.height), "{sps:?}");
            assert!(sps.max_num_reorder_frames.is_none_or(|frames| frames <= 16), "{sps:?}");
            assert!(sps.frame_rate.is_none_or(|rate| rate > 0.0 && rate.is_finite()), "{sps:?}");
            assert!(!sps.profile_name().is_empty());
            let _ = sps.may_reorder();
        }
        if let Ok(sps) = h265::Sps::parse(nal) {
            assert!((1..=16_888).contains(&sps.size.width), "{sps:?}");
            assert!((1..=16_888).contains(&sps.size.height), "{sps:?}");
            assert!(sps.max_num_reorder_pics <= 15 && sps.id <= 15, "{sps:?}");
            assert!((8..=16).contains(&sps.bit_depth), "{sps:?}");
            assert!(sps.size.width <= sps.coded.width && sps.size.height <= sps.coded.height);
            assert!(sps.max_dec_pic_buffering > sps.max_num_reorder_pics, "{sps:?}");
            assert!(
                sps.coding_tree_block.is_none_or(|side| [16, 32, 64].contains(&side)),
                "{sps:?}"
            );
            assert!(sps.pixel_aspect.width > 0 && sps.pixel_aspect.height > 0, "{sps:?}");
            assert!(sps.profile_tier_level.profile <= 31, "{sps:?}");
            assert!(!sps.profile_tier_level.profile_name().is_empty());
        }
    }
    assert!(covered <= data.len());
    let _ = has_b_slice(data);
    let _ = h265::can_start(data);
}

/// `data` as an MP4 file, and each of its pictures.
pub fn mp4(data: &[u8]) {
    let Ok(mut clip) = Mp4::open(std::io::Cursor::new(data)) else { return };
    let mut annex_b = Vec::new();
    for index in 0..clip.samples().len().min(100) {
        if clip.read(index, &mut annex_b).is_ok() {
            assert!(annex_b.is_empty() || annex_b.starts_with(&[0, 0, 0, 1]));
        }
    }
    assert!(clip.frame_rate().is_none_or(|rate| rate > 0.0 && rate.is_finite()));
    assert!(clip.pixel_aspect().width > 0 && clip.pixel_aspect().height > 0);
    let shown = clip.orientation().shown(clip.size());
    assert!(shown == clip.size() || clip.orientation().swaps_sides());
    assert!(clip.missing().is_none_or(|missing| missing.to_string().contains("cut short")));
}

/// The first byte of `data` chooses the largest payload; the rest is an access unit.
pub fn packetize(data: &[u8]) {
    let Some((max, annex_b)) = data.split_first() else { return };
    let max = usize::from(*max) * 5;
    let packetize = |codec: Codec| {
        let payloads = rtp::packetize(codec, annex_b, max);
        for (index, payload) in payloads.iter().enumerate() {
            assert!(payload.data.len() <= max.max(rtp::MIN_MAX_PAYLOAD));
            assert_eq!(payload.marker, index + 1 == payloads.len());
        }
        payloads
    };
    let payloads = packetize(Codec::H264);
    let got = depacketize::depacketize(payloads.iter().map(|payload| &payload.data[..]));
    let sent: Vec<Vec<u8>> = nal_units(annex_b)
        .filter(|nal| nal[0] & 0x80 == 0 && matches!(nal[0] & 0x1F, 1..=8 | 13..=23))
        .map(<[u8]>::to_vec)
        .collect();
    assert_eq!(got, Ok(sent));
    let payloads = packetize(Codec::H265);
    let got = depacketize_h265::depacketize_h265(payloads.iter().map(|payload| &payload.data[..]));
    let sent: Vec<Vec<u8>> =
        nal_units(annex_b).filter(|nal| is_sent_h265(nal)).map(<[u8]>::to_vec).collect();
    assert_eq!(got, Ok(sent));
}

/// Whether a NAL unit of H.265 may and need be sent: layer 0, a temporal id, not empty, and of a type
/// that decoders know and need.
fn is_sent_h265(nal: &[u8]) -> bool {
    let kind = nal[0] >> 1 & 0x3F;
    nal.len() > 2
        && nal[0] & 0x81 == 0
        && matches!(nal[1], 1..=7)
        && matches!(kind, 0..=9 | 16..=21 | 32..=34 | 39 | 40)
}

/// `data` as what comes from a camera: a byte for the coding, then events. Each begins with a byte of
/// what it is (RTP, RTP, RTCP, or time alone) and how many ms passed, and the length in two.
pub fn receive(data: &[u8]) -> Vec<Received> {
    // The bound of a unit twice, of packets that wait, and of parameter sets in front.
    const MAX_HELD: usize = (16 + 4 + 1) << 20;
    let Some((first, mut rest)) = data.split_first() else { return Vec::new() };
    let mut receiver = Receiver::new(Settings {
        codec: match first & 5 {
            0 => Codec::H264,
            1 => Codec::H265,
            _ => Codec::Mjpeg,
        },
        payload_type: 96,
        clock_rate: if first & 2 == 0 { 90_000 } else { 1000 },
        parameter_sets: Vec::new(),
        picture_size: None,
    });
    let mut all = Vec::new();
    let (mut now, mut last) = (MonoTime::from_us(0), MonoTime::from_us(0));
    let mut drain = |receiver: &mut Receiver, now: MonoTime| {
        while let Some(received) = receiver.poll() {
            if let Received::Unit { data, received, .. } = &received {
                assert!(data.len() < MAX_HELD);
                if first & 4 == 0 {
                    assert!(data.starts_with(&[0, 0, 0, 1]));
                    assert!(nal_units(data).next().is_some());
                } else {
                    assert!(is_jpeg(data) && data.ends_with(&[0xFF, 0xD9]));
                    let _ = (Header::read(data), check_scan(data));
                }
                assert!((last..=now).contains(received), "{last:?} {received:?} {now:?}");
                last = *received;
            }
            all.push(received);
        }
        assert!(receiver.held_bytes() < MAX_HELD);
    };
    while let [kind, high, low, after @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(after.len());
        let (packet, after) = after.split_at(length);
        rest = after;
        let until = now.plus_us(i64::from(kind >> 2) * 1000);
        now = run_timers(&mut receiver, now, until, &mut drain);
        match kind & 3 {
            0 | 1 => receiver.handle_rtp(now, Bytes::copy_from_slice(packet)),
            2 => receiver.handle_rtcp(now, packet),
            _ => receiver.handle_timeout(now),
        }
        drain(&mut receiver, now);
    }
    let end = now.plus_us(10_000_000);
    run_timers(&mut receiver, now, end, &mut drain);
    assert_eq!(receiver.deadline(), None, "what waits is over after ten seconds");
    all
}

/// Lets time pass, with every timer that is due on the way; answers `until`.
fn run_timers(
    receiver: &mut Receiver,
    mut now: MonoTime,
    until: MonoTime,
    drain: &mut impl FnMut(&mut Receiver, MonoTime),
) -> MonoTime {
    while let Some(due) = receiver.deadline().filter(|due| *due <= until) {
        now = now.max(due);
        receiver.handle_timeout(now);
        drain(receiver, now);
        assert!(receiver.deadline().is_none_or(|next| next > due), "a timer that never passes");
    }
    until
}
