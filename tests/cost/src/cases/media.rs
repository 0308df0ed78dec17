//! From access units to packets, and the ring that keeps them for who joins.

use std::hint::black_box;
use std::sync::Arc;

use razz_base::{
    AccessUnit, CameraId, Codec, FrameKey, MediaTime, MonoTime, RunId, Size, StreamFormat,
    WallQuality, WallTime,
};
use razz_media::h264::has_b_slice;
use razz_media::ring::{GopRing, Unit};
use razz_media::rtp::{MAX_PAYLOAD, packetize};
use razz_media::{Contents, PictureKind};

use super::Random;

/// Bytes of a key frame and of another at 720p30 with 2.5 Mbit/s.
pub(super) const IDR_BYTES: usize = 60_000;
pub(super) const P_BYTES: usize = 9_600;

const GOP_FRAMES: i64 = 60;

/// An access unit of NAL units (header, length) filled with bytes that look like coded video: evenly
/// spread, with the emulation prevention that zeros need.
fn annex_b(nals: &[(&[u8], usize)]) -> Vec<u8> {
    let mut random = Random::new();
    let mut out = Vec::new();
    for (header, length) in nals {
        out.extend_from_slice(&[0, 0, 0, 1]);
        out.extend_from_slice(header);
        let mut zeros = 0;
        for _ in header.len()..*length {
            let byte = random.next() as u8;
            if zeros >= 2 && byte <= 3 {
                out.push(3);
                zeros = 0;
            }
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            out.push(byte);
        }
        out.push(0x80);
    }
    out
}

/// SPS, PPS and one slice, of type P (first_mb_in_slice 0, slice_type 5) so that the next is looked for.
fn h264_idr() -> Vec<u8> {
    annex_b(&[(&[0x67], 24), (&[0x68], 4), (&[0x65, 0xB8], IDR_BYTES)])
}

fn h264_p() -> Vec<u8> {
    annex_b(&[(&[0x41, 0xB8], P_BYTES)])
}

fn packetise(codec: Codec, data: Vec<u8>, packets: usize) -> Box<dyn FnMut()> {
    assert_eq!(packetize(codec, &data, MAX_PAYLOAD).len(), packets);
    Box::new(move || _ = black_box(packetize(codec, black_box(&data), MAX_PAYLOAD)))
}

pub(super) fn packetise_h264_idr() -> Box<dyn FnMut()> {
    packetise(Codec::H264, h264_idr(), 52)
}

pub(super) fn packetise_h264_p() -> Box<dyn FnMut()> {
    packetise(Codec::H264, h264_p(), 9)
}

pub(super) fn packetise_h265_idr() -> Box<dyn FnMut()> {
    let data = annex_b(&[
        (&[0x40, 1, 0x0C], 24),
        (&[0x42, 1, 0x01], 40),
        (&[0x44, 1, 0xC1], 8),
        (&[0x26, 1, 0xAF], IDR_BYTES),
    ]);
    packetise(Codec::H265, data, 52)
}

pub(super) fn find_b_slices() -> Box<dyn FnMut()> {
    let data = h264_idr();
    Box::new(move || assert_eq!(has_b_slice(black_box(&data)), Ok(false)))
}

pub(super) fn contents_h264_p() -> Box<dyn FnMut()> {
    let mut au = unit(1, false).au.clone();
    // first_mb_in_slice 0, slice_type 5.
    au.data = annex_b(&[(&[0x41, 0x9A], P_BYTES)]).into();
    let expected = Contents { kind: PictureKind::Predicted, bytes: P_BYTES + 1, referenced: true };
    Box::new(move || assert_eq!(Contents::of(black_box(&au)), expected))
}

/// Frame `n` of a camera with 30 a second; a key frame or another.
pub(super) fn unit(n: i64, idr: bool) -> Arc<Unit> {
    let au = AccessUnit {
        key: FrameKey {
            camera: CameraId::new(1).expect("1 is not 0"),
            time: MediaTime::from_90k(n * 3000),
        },
        run: RunId(1),
        format: StreamFormat::new(Codec::H264, Size::new(1280, 720)),
        data: if idr { h264_idr() } else { h264_p() }.into(),
        idr,
        lost_packets: 0,
        wall: WallTime { us: 0, quality: WallQuality::Arrival },
        received: MonoTime::from_us(n * 100_000 / 3),
    };
    Arc::new(Unit::new(au, MAX_PAYLOAD))
}

fn gops(count: i64) -> Vec<Arc<Unit>> {
    (0..count * GOP_FRAMES).map(|n| unit(n, n % GOP_FRAMES == 0)).collect()
}

/// A round is a GOP: 60 frames.
pub(super) fn ring_take_gop() -> Box<dyn FnMut()> {
    let mut coming = gops(6).into_iter();
    let mut ring = GopRing::new(64 << 20);
    Box::new(move || {
        for _ in 0..GOP_FRAMES {
            ring.push(coming.next().expect("a frame for every push"));
        }
        assert_eq!(ring.no_replay(), None);
    })
}

pub(super) fn ring_replay() -> Box<dyn FnMut()> {
    let mut ring = GopRing::new(64 << 20);
    gops(1).into_iter().for_each(|unit| ring.push(unit));
    Box::new(move || {
        let replay = black_box(ring.replay());
        assert_eq!(replay.map(|units| units.len()), Some(GOP_FRAMES as usize));
    })
}
