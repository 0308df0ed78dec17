//! Decoding from recovery points: streams of an encoder with intra refresh, without their IDR.

mod support;

use razz_base::{AccessUnit, Size};
use razz_media::h264::{Grey, recovery_point};
use razz_vision::{Decoder, Decoders, Picture};
use support::{Random, access_unit, note, on_each_decoder, units_of};

on_each_decoder!(
    from_a_recovery_point_on_pictures_are_as_from_the_beginning,
    a_loss_heals_at_the_next_recovery_point,
    i_pictures_do_where_nothing_else_ever_comes,
    damaged_streams_never_panic,
);

const STREAMS: [(&str, &[u8]); 2] = [
    ("CABAC", include_bytes!("data/refresh-cabac.h264")),
    ("CAVLC", include_bytes!("data/refresh-cavlc.h264")),
];

/// What comes out for each access unit; nothing where there was an error.
fn decode<'a>(
    decoder: &mut Decoder,
    units: impl IntoIterator<Item = &'a AccessUnit>,
) -> Vec<Option<Picture>> {
    units.into_iter().map(|au| decoder.decode(au, true).ok().flatten()).collect()
}

/// The largest difference between samples of two pictures.
fn difference(a: &Picture, b: &Picture) -> u8 {
    assert_eq!((a.key, a.size), (b.key, b.size));
    let (a, b) = (a.luma(), b.luma());
    let rows = (0..a.height).flat_map(|y| a.row(y).iter().zip(b.row(y)));
    rows.map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}

/// The recovery points after the first access unit, and after how many frames the picture is whole.
fn recovery_points(units: &[AccessUnit]) -> Vec<(usize, usize)> {
    let point = |(n, au): (usize, &AccessUnit)| Some((n, recovery_point(&au.data)? as usize));
    units.iter().enumerate().skip(1).filter_map(point).collect()
}

fn from_a_recovery_point_on_pictures_are_as_from_the_beginning(decoders: &Decoders) {
    for (name, stream) in STREAMS {
        let units = units_of(stream);
        assert_eq!((units.len(), units.iter().filter(|au| au.idr).count()), (60, 1), "{name}");
        let mut decoder = decoders.decoder();
        let whole = decode(&mut decoder, &units);
        assert!(whole.iter().all(Option::is_some), "{name}: {:?}", decoder.counts());
        let points = recovery_points(&units);
        assert!(points.len() >= 2, "{name}: {points:?}");
        for (start, frames) in points {
            // Three access units come before it, which cannot be decoded.
            let mut decoder = decoders.decoder();
            let late = decode(&mut decoder, &units[start - 3..]);
            let counts = decoder.counts();
            assert_eq!((counts.failed, counts.waited), (0, 3), "{name} from {start}: {counts:?}");
            let end = (start + frames).min(units.len());
            assert_eq!(counts.recovering as usize, end - start, "{name} from {start}");
            assert_eq!(decoder.is_recovering(), start + frames >= units.len());
            let mut largest = 0;
            for (n, picture) in (start - 3..).zip(&late) {
                assert_eq!(picture.is_some(), n >= start + frames, "{name} from {start}: {n}");
                let pair = whole[n].as_ref().zip(picture.as_ref());
                largest = largest.max(pair.map_or(0, |(a, b)| difference(a, b)));
            }
            note(&format!("{name} from {start}, whole after {frames}: {largest} of 255 off"));
            assert_eq!(largest, 0, "{name} from {start}");
        }
    }
}

fn a_loss_heals_at_the_next_recovery_point(decoders: &Decoders) {
    for (name, stream) in STREAMS {
        let units = units_of(stream);
        let whole = decode(&mut decoders.decoder(), &units);
        let points = recovery_points(&units);
        let (start, frames) = points[0];
        // Before a recovery point, and right before it.
        for lost in [start - 5, start - 1] {
            let mut arrived = units.clone();
            arrived.remove(lost);
            arrived[lost].lost_packets = 2;
            let mut decoder = decoders.decoder();
            let pictures = decode(&mut decoder, &arrived);
            let counts = decoder.counts();
            assert!(counts.failed <= 1, "{name} without {lost}: {counts:?}");
            for (n, picture) in (0..).zip(pictures) {
                let n = if n < lost { n } else { n + 1 };
                let expected = n < lost || n >= start + frames;
                assert_eq!(picture.is_some(), expected, "{name} without {lost}: {n}");
                if let (Some(a), Some(b)) = (&whole[n], &picture) {
                    assert_eq!(difference(a, b), 0, "{name} without {lost}: {n}");
                }
            }
        }
    }
}

/// A NAL unit of a header and bits written out, in Annex B.
fn nal(header: &[u8], bits: &[&str]) -> Vec<u8> {
    let bits: Vec<u8> =
        bits.concat().bytes().filter(|bit| *bit != b' ').map(|bit| bit - b'0').collect();
    let bytes = bits
        .chunks(8)
        .map(|eight| (0..).zip(eight).fold(0, |byte, (n, bit)| byte | bit << (7 - n)));
    [&[0, 0, 0, 1], header, &bytes.collect::<Vec<u8>>()].concat()
}

fn i_pictures_do_where_nothing_else_ever_comes(decoders: &Decoders) {
    // The three types of picture order, and both ways of coding.
    for order in ["1 1", "010 0 1 1 1", "011"] {
        for cabac in ["0", "1"] {
            let name = format!("order {order}, cabac {cabac}");
            // Baseline, frame_num of 4 bits, four reference frames, 160x96.
            let sps = ["1 1", order, "00101 0 0001010 00110 1 1 0 0 1"];
            let pps = ["1 1", cabac, "0 1 1 1 0 00 1 1 1 1 0 0 1"];
            let sets = [nal(&[0x67, 66, 0, 31], &sps), nal(&[0x68], &pps)].concat();
            // frame_num 9, and a picture order where there is one.
            let p = nal(&[0x41], &["1 00110 1 1001 0100 1 1 1"]);
            // P pictures never do, however many; their parameter sets are kept.
            let mut decoder = decoders.decoder();
            let first = access_unit([&sets[..], &p].concat(), 0, false);
            for _ in 0..300 {
                assert!(decoder.decode(&first, true).unwrap().is_none(), "{name}");
            }
            assert_eq!((decoder.counts().waited, decoder.is_waiting()), (300, true), "{name}");
            let grey = Grey::for_slice(&p[4..], &sets).unwrap();
            assert_eq!((grey.pictures.len(), grey.frame_num), (4, 9), "{name}");
            for n in 1..4 {
                let au = access_unit(grey.pictures[n].clone(), 3000 * n as i64, false);
                let picture =
                    decoder.decode(&au, true).unwrap().unwrap_or_else(|| panic!("{name}: {n}"));
                assert_eq!(picture.size, Size::new(160, 96), "{name}");
                let luma = picture.luma();
                let is_grey = |y| luma.row(y).iter().all(|luma| *luma == 128);
                assert!((0..luma.height).all(is_grey), "{name}");
            }
            // Before so many an I picture is passed over: an IDR may be on its way.
            let mut hasty = decoders.decoder();
            let i_picture = access_unit(grey.pictures[1].clone(), 3000, false);
            assert!(hasty.decode(&first, true).unwrap().is_none(), "{name}");
            assert!(hasty.decode(&i_picture, true).unwrap().is_none(), "{name}");
            assert!(hasty.is_waiting(), "{name}");
        }
    }
}

fn damaged_streams_never_panic(decoders: &Decoders) {
    let mut random = Random(0x2545_F491_4F6C_DD1D);
    let mut random = move |below: usize| random.below(below);
    let mut decoded = 0;
    for round in 0..1500 {
        let units = units_of(STREAMS[round % 2].1);
        let (start, _) = recovery_points(&units)[0];
        let mut decoder = decoders.decoder();
        for au in &units[start..start + 4] {
            let mut data = au.data.to_vec();
            match random(4) {
                0 => data.truncate(random(data.len())),
                1 | 2 => {
                    for _ in 0..=random(4) {
                        let at = random(data.len().min(120));
                        data[at] = random(256) as u8;
                    }
                }
                _ => {}
            }
            let damaged = AccessUnit { data: data.into(), ..au.clone() };
            decoded += u32::from(decoder.decode(&damaged, true).is_ok() && !decoder.is_waiting());
        }
    }
    assert!(decoded > 100, "{decoded}");
}
