use std::io::Cursor;

use bytes::Bytes;
use proptest::prelude::*;
use razz_base::{
    AccessUnit, CameraId, Codec, FrameKey, MediaTime, MonoTime, PixelAspect, RunId, Size,
    StreamFormat, WallQuality, WallTime,
};

use super::*;
use crate::mp4::Mp4;

/// x264, 640x360, High; and its picture parameter set.
const SPS: &[u8] = &[
    0x67, 0x64, 0, 0x1E, 0xAC, 0xD9, 0x40, 0xA0, 0x2F, 0xF9, 0x70, 0x11, 0, 0, 3, 0, 1, 0, 0, 3, 0,
    0x3C, 0x0F, 0x16, 0x2D, 0x96,
];
const PPS: &[u8] = &[0x68, 0xEB, 0xE3, 0xCB, 0x22, 0xC0];
/// x265, 640x360, Main.
const H265_SETS: [&[u8]; 3] = [
    &[
        0x40, 1, 0x0C, 1, 0xFF, 0xFF, 1, 0x60, 0, 0, 3, 0, 0x90, 0, 0, 3, 0, 0, 3, 0, 0x3F, 0x95,
        0x98, 9,
    ],
    &[
        0x42, 1, 1, 1, 0x60, 0, 0, 3, 0, 0x90, 0, 0, 3, 0, 0, 3, 0, 0x3F, 0xA0, 5, 2, 1, 0x71,
        0xF2, 0xE5, 0xBA, 0x4A, 0x4C, 0x2F,
    ],
    &[0x44, 1, 0xC1, 0x72, 0xB4, 0x62, 0x40],
];
/// 2026-11-29 14:03 UTC, in 90 kHz ticks.
const BEGIN: i64 = 1_795_960_980 * 90_000;

fn annex_b(nals: &[&[u8]]) -> Vec<u8> {
    nals.iter().flat_map(|nal| [&[0, 0, 0, 1], *nal].concat()).collect()
}

fn format(codec: Codec) -> StreamFormat {
    let sets = match codec {
        Codec::H264 => annex_b(&[SPS, PPS]),
        Codec::H265 => annex_b(&H265_SETS),
        Codec::Mjpeg => Vec::new(),
    };
    let format = (*StreamFormat::new(codec, Size::new(640, 360))).clone();
    StreamFormat { parameter_sets: Bytes::from(sets), ..format }
}

fn unit(codec: Codec, ticks: i64, idr: bool, length: usize) -> AccessUnit {
    let filling = vec![0xA5; length];
    let slice = match (codec, idr) {
        (Codec::H264, true) => [&[0x65], &filling[..]].concat(),
        (Codec::H264, false) => [&[0x41], &filling[..]].concat(),
        (Codec::H265, true) => [&[0x26, 1], &filling[..]].concat(),
        (Codec::H265, false) => [&[2, 1], &filling[..]].concat(),
        (Codec::Mjpeg, _) => [&[0xFF, 0xD8], &filling[..], &[0xFF, 0xD9]].concat(),
    };
    let data = match (codec, idr) {
        (Codec::Mjpeg, _) => slice,
        (_, false) => annex_b(&[&slice]),
        // With a message in front, which has to stay.
        (Codec::H264, true) => annex_b(&[SPS, PPS, &[6, 5, 1, 0x42, 0x80], &slice]),
        (Codec::H265, true) => {
            let [vps, sps, pps] = H265_SETS;
            annex_b(&[vps, sps, pps, &[0x4E, 1, 5, 1, 0x42, 0x80], &slice])
        }
    };
    AccessUnit {
        key: FrameKey {
            camera: CameraId::new(1).unwrap(),
            time: MediaTime::from_90k(BEGIN + ticks),
        },
        run: RunId(1),
        format: format(codec).into(),
        data: data.into(),
        idr,
        lost_packets: 0,
        wall: WallTime { us: 1_795_960_980_000_000, quality: WallQuality::SenderReport },
        received: MonoTime::from_us(0),
    }
}

/// A file of these units, a fragment for each group of `sizes`.
fn file(units: &[AccessUnit], sizes: &[usize]) -> Vec<u8> {
    let mut out = header(&units[0].format).unwrap();
    let mut writer = FragmentWriter::default();
    let mut sizes = sizes.iter().cycle();
    let mut left = *sizes.next().unwrap();
    for unit in units {
        if left == 0 {
            writer.finish(unit.key.time, &mut out);
            left = *sizes.next().unwrap();
        }
        assert!(writer.push(unit));
        left -= 1;
    }
    let last = units.iter().map(|unit| unit.key.time).max().unwrap();
    writer.finish(last.plus_90k(3000), &mut out);
    out
}

/// The times, from the first, and the bytes of what our reader finds.
fn read(file: &[u8]) -> Vec<(i64, bool, Vec<u8>)> {
    let mut mp4 = Mp4::open(Cursor::new(file)).unwrap();
    assert_eq!(mp4.missing(), None);
    let samples = mp4.samples().to_vec();
    let first = samples.iter().map(|sample| sample.time_90k).min().unwrap();
    let read = |(index, sample): (usize, &crate::mp4::Sample)| {
        let mut annex_b = Vec::new();
        mp4.read(index, &mut annex_b).unwrap();
        (sample.time_90k - first, sample.sync, annex_b)
    };
    samples.iter().enumerate().map(read).collect()
}

/// What was written, in the same words.
fn written(units: &[AccessUnit]) -> Vec<(i64, bool, Vec<u8>)> {
    let first = units.iter().map(|unit| unit.key.time).min().unwrap();
    let of = |unit: &AccessUnit| (unit.key.time.since_90k(first), unit.idr, unit.data.to_vec());
    units.iter().map(of).collect()
}

#[test]
fn what_was_written_is_read_whatever_the_codec() {
    for codec in [Codec::H264, Codec::H265] {
        let units: Vec<AccessUnit> =
            (0..20).map(|n| unit(codec, n * 3000 + n % 3, n % 10 == 0, 30 + n as usize)).collect();
        assert_eq!(read(&file(&units, &[1, 9])), written(&units), "{codec:?}");
    }
}

#[test]
fn a_samples_time_is_its_media_time() {
    let units: Vec<AccessUnit> = (0..3).map(|n| unit(Codec::H264, n * 3003, n == 0, 9)).collect();
    let file = file(&units, &[3]);
    let at = file.windows(4).position(|kind| kind == b"tfdt").unwrap();
    let time = u64::from_be_bytes(file[at + 8..at + 16].try_into().unwrap());
    assert_eq!(time as i64, units[0].key.time.as_90k());
    assert_eq!(at + 8, header(&units[0].format).unwrap().len() + TIME_AT);
    let at = file.windows(4).position(|kind| kind == b"prft").unwrap();
    let [ntp, media] =
        [12, 20].map(|from| u64::from_be_bytes(file[at + from..at + from + 8].try_into().unwrap()));
    assert_eq!(razz_base::ntp::to_unix_us(ntp), units[0].wall.us);
    assert_eq!(media as i64, units[0].key.time.as_90k());
}

#[test]
fn pictures_out_of_order_are_shown_at_their_times() {
    // As they are decoded: I P B B P B B.
    let times = [0, 9000, 3000, 6000, 18_000, 12_000, 15_000];
    let units: Vec<AccessUnit> =
        times.iter().map(|time| unit(Codec::H264, *time, *time == 0, 20)).collect();
    for sizes in [&[7][..], &[1, 6], &[2], &[3, 1]] {
        let got = read(&file(&units, sizes));
        let got_times: Vec<i64> = got.iter().map(|(time, ..)| *time).collect();
        assert_eq!(got_times, times, "{sizes:?}");
    }
}

#[test]
fn formats_that_cannot_be_held_are_refused_in_words() {
    let none = StreamFormat { parameter_sets: Bytes::new(), ..format(Codec::H264) };
    let half = StreamFormat { parameter_sets: annex_b(&[SPS]).into(), ..format(Codec::H264) };
    let short = [H265_SETS[0], &[0x42, 1, 1], H265_SETS[2]];
    let short = StreamFormat { parameter_sets: annex_b(&short).into(), ..format(Codec::H265) };
    let large = StreamFormat { size: Size::new(70_000, 2), ..format(Codec::Mjpeg) };
    for (format, error) in [
        (none, CannotHold::NoParameterSets),
        (half, CannotHold::NoParameterSets),
        (short, CannotHold::NoParameterSets),
        (large, CannotHold::TooLarge),
    ] {
        assert_eq!(header(&format), Err(error));
    }
}

#[test]
fn the_shape_of_pixels_stands_in_the_file() {
    let aspect = PixelAspect::new(16, 11).unwrap();
    let mut units = vec![unit(Codec::H264, 0, true, 9)];
    units[0].format = StreamFormat { pixel_aspect: aspect, ..format(Codec::H264) }.into();
    let mp4 = Mp4::open(Cursor::new(file(&units, &[1]))).unwrap();
    assert_eq!((mp4.pixel_aspect(), mp4.size()), (aspect, Size::new(640, 360)));
}

#[test]
fn a_file_that_was_cut_short_is_whole_up_to_its_last_checksum() {
    let units: Vec<AccessUnit> =
        (0..9).map(|n| unit(Codec::H264, n * 3000, n % 3 == 0, 25)).collect();
    let file = file(&units, &[3]);
    let header = header(&units[0].format).unwrap().len();
    let mut ends = vec![header];
    while let Checked::Whole(summary) = checked(&file[*ends.last().unwrap()..]) {
        let n = (ends.len() - 1) as i64 * 3;
        let at = |n: i64| MediaTime::from_90k(BEGIN + n * 3000);
        let Summary { from, until, wall, frames, key, bytes } = summary;
        assert_eq!((from, until, frames, key), (at(n), at(n + 3), 3, true));
        assert_eq!(wall, units[n as usize].wall);
        ends.push(ends.last().unwrap() + bytes);
    }
    assert_eq!((ends.len(), ends.last()), (4, Some(&file.len())));
    for cut in header..file.len() {
        let begin = *ends.iter().rev().find(|end| **end <= cut).unwrap();
        assert_eq!(checked(&file[begin..cut]), Checked::Short, "cut at {cut}");
    }
    for at in ends[0]..ends[1] {
        let mut damaged = file[ends[0]..ends[1]].to_vec();
        damaged[at - ends[0]] ^= 1;
        assert!(!matches!(checked(&damaged), Checked::Whole(_)), "byte {at}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_stream_comes_out_as_it_went_in(
        steps in prop::collection::vec((1..200_000i64, 1..400usize, any::<bool>()), 1..60),
        sizes in prop::collection::vec(1..12usize, 1..8),
        is_h265 in any::<bool>(),
    ) {
        let codec = if is_h265 { Codec::H265 } else { Codec::H264 };
        let mut ticks = 0;
        let units: Vec<AccessUnit> = steps
            .iter()
            .enumerate()
            .map(|(n, (step, length, idr))| {
                ticks += step;
                unit(codec, ticks, *idr || n == 0, *length)
            })
            .collect();
        prop_assert_eq!(read(&file(&units, &sizes)), written(&units));
    }

    #[test]
    fn nothing_is_too_odd_to_be_checked(data in prop::collection::vec(any::<u8>(), 0..80)) {
        prop_assert!(!matches!(checked(&data), Checked::Whole(_)));
    }
}
