//! The decoder: keys, order, size changes, losses, garbage; and snapshots.

mod support;

use openh264::encoder::{Encoder, EncoderConfig, IntraFramePeriod};
use openh264::formats::YUVBuffer;
use razz_base::{AccessUnit, Codec, Size, StreamFormat};
use razz_media::Contents;
use razz_media::h264::{NalType, nal_type, nal_units};
use razz_scene::Street;
use razz_vision::{DecodeError, Decoder, Decoders, Picture, Plane, encode_jpeg};
use support::street::film;
use support::{access_unit, mp4, note, on_each_decoder, units_of};

on_each_decoder!(
    wanted_pictures_carry_their_own_key,
    every_picture_is_looked_at_wanted_or_not,
    old_pictures_stay_as_they_were,
    b_frames_come_out_in_output_order_with_their_own_keys,
    the_size_may_change_in_mid_stream,
    nothing_smeared_comes_out_after_a_loss,
    an_idr_cut_short_gives_no_picture,
    garbage_is_an_error,
    scribbled_streams_never_panic,
    a_street_decodes_whole,
    what_none_leans_on_can_be_left_out,
);

/// Frames of a bright square that walks over a dark ground, an IDR every `gop`.
fn stream(size: Size, frames: usize, gop: u32, first_ticks: i64) -> Vec<AccessUnit> {
    let config = EncoderConfig::new().intra_frame_period(IntraFramePeriod::from_num_frames(gop));
    let api = openh264::OpenH264API::from_source();
    let mut encoder = Encoder::with_api_config(api, config).unwrap();
    let (width, height) = (size.width as usize, size.height as usize);
    (0..frames)
        .map(|n| {
            let mut yuv = vec![128u8; width * height * 3 / 2];
            for (i, luma) in yuv[..width * height].iter_mut().enumerate() {
                let (x, y) = (i % width, i / width);
                // Ground with texture, so that references matter.
                *luma = 40 + (x * 7 + y * 13) as u8 % 32;
                if (4 * n..4 * n + 24).contains(&x) && (8..32).contains(&y) {
                    *luma = 220;
                }
            }
            let bits = encoder.encode(&YUVBuffer::from_vec(yuv, width, height)).unwrap().to_vec();
            let idr = nal_units(&bits).any(|nal| nal_type(nal) == Some(NalType::Idr));
            access_unit(bits, first_ticks + 3000 * n as i64, idr)
        })
        .collect()
}

const SIZE: Size = Size::new(160, 96);

/// Where the square's left edge is.
fn square(picture: &Picture) -> usize {
    picture.luma().row(20).iter().position(|luma| *luma > 150).unwrap()
}

fn wanted_pictures_carry_their_own_key(decoders: &Decoders) {
    let units = stream(SIZE, 20, 10, 500);
    assert_eq!(units.iter().filter(|unit| unit.idr).count(), 2);
    let mut decoder = decoders.decoder();
    for (n, unit) in units.iter().enumerate() {
        let wanted = n % 3 == 0;
        let picture = decoder.decode(unit, wanted).unwrap();
        assert_eq!(picture.is_some(), wanted, "frame {n}");
        let Some(picture) = picture else { continue };
        assert_eq!(
            (picture.key, picture.wall, picture.received),
            (unit.key, unit.wall, unit.received)
        );
        assert_eq!(picture.size, SIZE);
        assert!(square(&picture).abs_diff(4 * n) <= 1, "frame {n}: {}", square(&picture));
    }
    assert_eq!((decoder.counts().decoded, decoder.counts().failed), (20, 0));
}

fn every_picture_is_looked_at_wanted_or_not(decoders: &Decoders) {
    let units = stream(SIZE, 20, 10, 500);
    let mut decoder = decoders.decoder();
    for (n, unit) in units.iter().enumerate() {
        let mut looks = Vec::new();
        let mut look = |luma: Plane<'_>| {
            let row = luma.row(20);
            looks.push((luma.width, luma.height, row.iter().position(|v| *v > 150).unwrap()));
        };
        let picture = decoder.decode_and_look(unit, n % 3 == 0, &mut look).unwrap();
        assert_eq!(picture.is_some(), n % 3 == 0);
        let [(width, height, left)] = looks[..] else { panic!("frame {n}: {looks:?}") };
        assert_eq!((width, height), (160, 96));
        assert!(left.abs_diff(4 * n) <= 1, "frame {n}: {left}");
    }
    // With B-frames they are looked at in output order, each when it comes out.
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/b-frames.mp4");
    let mut decoder = decoders.decoder();
    let mut looked = 0;
    for unit in mp4::read(path.as_ref()) {
        let rows = |luma: Plane<'_>| -> Vec<u8> {
            (0..luma.height).flat_map(|y| luma.row(y).to_vec()).collect()
        };
        let mut seen = None;
        let mut look = |luma: Plane<'_>| seen = Some(rows(luma));
        let picture = decoder.decode_and_look(&unit, true, &mut look).unwrap();
        looked += usize::from(seen.is_some());
        assert!(seen == picture.map(|picture| rows(picture.luma())));
    }
    assert!(looked > 10);
}

fn old_pictures_stay_as_they_were(decoders: &Decoders) {
    let units = stream(SIZE, 12, 100, 0);
    let mut decoder = decoders.decoder();
    let pictures: Vec<Picture> =
        units.iter().map(|unit| decoder.decode(unit, true).unwrap().unwrap()).collect();
    for (n, picture) in pictures.iter().enumerate() {
        assert!(square(picture).abs_diff(4 * n) <= 1, "frame {n}");
    }
}

fn b_frames_come_out_in_output_order_with_their_own_keys(decoders: &Decoders) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/b-frames.mp4");
    let units = mp4::read(path.as_ref());
    assert!(units.windows(2).any(|pair| pair[1].key.time < pair[0].key.time), "has B-frames");
    let first = units.iter().map(|unit| unit.key.time).min().unwrap();
    for stride in [1, 2] {
        let mut decoder = decoders.decoder();
        let mut pictures = Vec::new();
        for (i, unit) in units.iter().enumerate() {
            pictures.extend(decoder.decode(unit, i % stride == 0).unwrap());
        }
        pictures.extend(decoder.flush());
        assert_eq!(pictures.len(), 30 / stride);
        assert!(pictures.windows(2).all(|pair| pair[0].key.time < pair[1].key.time));
        for picture in &pictures {
            let n = picture.key.time.since_90k(first) / 3600;
            let luma = i64::from(picture.luma().row(24)[32]);
            assert!((luma - (30 + 6 * n)).abs() <= 2, "frame {n} has luma {luma}");
        }
        assert_eq!(decoder.counts().dropped, 0);
    }
}

fn the_size_may_change_in_mid_stream(decoders: &Decoders) {
    let sizes = [SIZE, Size::new(320, 192), Size::new(96, 64), SIZE];
    let mut decoder = decoders.decoder();
    for (i, size) in sizes.into_iter().enumerate() {
        for (n, unit) in stream(size, 6, 100, 90_000 * i as i64).iter().enumerate() {
            let picture = decoder.decode(unit, true).unwrap().unwrap();
            assert_eq!((picture.size, picture.key), (size, unit.key));
            assert!(square(&picture).abs_diff(4 * n) <= 1);
        }
    }
    assert_eq!(decoder.counts().failed, 0);
}

fn nothing_smeared_comes_out_after_a_loss(decoders: &Decoders) {
    let units = stream(SIZE, 30, 10, 0);
    for (told, name) in [(true, "told"), (false, "not told")] {
        let mut decoder = decoders.decoder();
        let mut good = 0;
        for (n, unit) in units.iter().enumerate() {
            // Frames 4 and 5 never arrive.
            if n == 4 || n == 5 {
                continue;
            }
            let mut unit = unit.clone();
            unit.lost_packets = if told && n == 6 { 3 } else { 0 };
            match decoder.decode(&unit, true) {
                Ok(Some(picture)) => {
                    assert!(!(6..10).contains(&n), "{name}: frame {n} refers to what is lost");
                    assert!(square(&picture).abs_diff(4 * n) <= 1, "{name}: frame {n}");
                    good += 1;
                }
                Ok(None) => assert!(decoder.is_waiting() && (7..10).contains(&n), "{n}"),
                Err(error) => {
                    assert_eq!(n, 6, "{name}: {error}");
                    let lost = matches!(error, DecodeError::Lost { packets: 3, .. });
                    assert!(lost == told && error.to_string().contains("camera 1"), "{error}");
                }
            }
        }
        let counts = decoder.counts();
        assert_eq!((good, counts.failed, counts.waited), (24, 1, 3), "{name}");
    }
}

fn an_idr_cut_short_gives_no_picture(decoders: &Decoders) {
    let units = stream(SIZE, 12, 10, 0);
    for keep in [0.3, 0.6, 0.9] {
        let mut decoder = decoders.decoder();
        let whole = &units[0].data;
        let part = whole.slice(..(whole.len() as f64 * keep) as usize);
        let torn = AccessUnit { data: part, ..units[0].clone() };
        assert!(matches!(decoder.decode(&torn, true), Err(DecodeError::Damaged { .. })), "{keep}");
        for unit in &units[1..10] {
            assert!(decoder.decode(unit, true).unwrap().is_none());
        }
        assert!(decoder.decode(&units[10], true).unwrap().is_some());
    }
}

fn garbage_is_an_error(decoders: &Decoders) {
    let good = stream(SIZE, 3, 100, 0);
    for (data, idr) in [
        (vec![], true),
        (vec![0; 100], true),
        (vec![0xff; 1000], true),
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), true),
        (vec![0, 0, 0, 1], true),
        (vec![0, 0, 1, 0x67], true),
        (vec![0, 0, 1, 0x67, 0, 0, 0], true),
        (vec![0, 0, 1, 0x65], true),
        (vec![0, 0, 1, 0x65, 0x88, 0x84, 0, 1, 2, 3, 4, 5], true),
        (vec![0, 0, 1, 0x41, 0x9a, 1, 2, 3, 4], false),
    ] {
        let mut decoder = decoders.decoder();
        if !idr {
            decoder.decode(&good[0], false).unwrap();
        }
        let error = decoder.decode(&access_unit(data.clone(), 9, idr), true).unwrap_err();
        assert!(error.to_string().contains("camera 1 at 9_90k, run 1"), "{data:?}: {error}");
        // And it recovers.
        let next = access_unit(good[0].data.to_vec(), 3000, true);
        assert!(decoder.decode(&next, true).unwrap().is_some());
    }
}

/// Each is an SPS that can be read, and a slice that is never looked at.
#[test]
fn what_is_not_decoded_here_is_named() {
    for (profile, bits, says) in [
        // Profile, then from seq_parameter_set_id on, by section 7.3.2.1.1.
        (100, "1 1 1 1 0 0 1 011 010 0 00110 00100 1 1 0 0 1", "monochrome"),
        (122, "1 011 1 1 0 0 1 011 010 0 00110 00100 1 1 0 0 1", "4:2:0"),
        (110, "1 010 011 011 0 0 1 011 010 0 00110 00100 1 1 0 0 1", "8 bits"),
        (77, "1 1 011 010 0 00110 00100 0 0 1 0 0 1", "interlaced"),
        (100, "1 010 1 1 0 1 00000000 1 011 010 0 00110 00100 1 1 0 0 1", "scaling matrix"),
    ] {
        let mut bits: Vec<u8> = bits.bytes().filter(|b| *b != b' ').map(|b| b - b'0').collect();
        bits.resize(bits.len().next_multiple_of(8), 0);
        let mut data = vec![0, 0, 0, 1, 0x67, profile, 0, 31];
        data.extend(bits.chunks(8).map(|b| b.iter().fold(0, |byte, bit| byte << 1 | bit)));
        data.extend([0, 0, 0, 1, 0x65, 0x88, 0x84]);
        let error = Decoder::new().decode(&access_unit(data, 0, true), true).unwrap_err();
        let named = matches!(error, DecodeError::Unsupported { .. });
        assert!(named && error.to_string().contains(says), "{says}: {error}");
    }
}

fn scribbled_streams_never_panic(decoders: &Decoders) {
    let units = stream(SIZE, 12, 6, 0);
    let mut state = 1u32;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % below
    };
    let (mut pictures, mut errors) = (0, 0);
    for _ in 0..60 {
        let mut decoder = decoders.decoder();
        for unit in &units {
            let mut data = unit.data.to_vec();
            if random(3) == 0 {
                for _ in 0..1 + random(4) {
                    let at = random(data.len());
                    data[at] = random(256) as u8;
                }
            }
            if random(9) == 0 {
                data.truncate(random(data.len()));
            }
            let unit = AccessUnit { data: data.into(), ..unit.clone() };
            match decoder.decode(&unit, true) {
                Ok(picture) => pictures += usize::from(picture.is_some()),
                Err(_) => errors += 1,
            }
        }
    }
    note(&format!("{pictures} pictures, {errors} errors"));
    assert!(pictures > 50 && errors > 50, "{pictures} {errors}");
}

#[test]
fn decoders_move_between_threads() {
    fn is_send<T: Send>(_: &T) {}
    is_send(&Decoder::new());
    let picture = Decoder::new().decode(&stream(SIZE, 1, 1, 0)[0], true).unwrap().unwrap();
    let shared = picture.clone();
    std::thread::spawn(move || assert_eq!(square(&shared), square(&picture))).join().unwrap();
}

#[test]
fn snapshots_are_jpeg() {
    let picture = Decoder::new().decode(&stream(SIZE, 1, 1, 0)[0], true).unwrap().unwrap();
    let jpeg = encode_jpeg(&picture, 85).unwrap();
    assert!(jpeg.starts_with(&[0xff, 0xd8, 0xff, 0xe0]) && jpeg.ends_with(&[0xff, 0xd9]));
    // The frame header (SOF0): height, width, three components, chroma halved both ways.
    let frame = jpeg.windows(2).position(|m| m == [0xff, 0xc0]).unwrap();
    assert_eq!(jpeg[frame + 5..frame + 10], [0, 96, 0, 160, 3]);
    assert_eq!(jpeg[frame + 11], 0x22);
    assert!(encode_jpeg(&picture, 10).unwrap().len() < jpeg.len());
    for quality in [0, 255] {
        assert!(encode_jpeg(&picture, quality).is_ok());
    }
}

fn a_street_decodes_whole(decoders: &Decoders) {
    let units = film(&Street::new(1), 0..90);
    assert_eq!(units.iter().filter(|unit| unit.idr).count(), 2);
    let mut decoder = decoders.decoder();
    for unit in &units {
        let picture = decoder.decode(unit, true).unwrap().unwrap();
        assert_eq!((picture.key, picture.size), (unit.key, Street::SIZE));
    }
    assert_eq!((decoder.counts().decoded, decoder.counts().failed), (90, 0));
}

/// H.264 in three temporal layers, and H.265 whose last picture before an IDR is one that none leans on.
fn layered() -> [Vec<AccessUnit>; 2] {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/layers.h264");
    let h264 = units_of(&std::fs::read(data).unwrap());
    let clip = concat!(env!("CARGO_MANIFEST_DIR"), "/src/decode/clips/main10.h265");
    let clip = std::fs::read(clip).unwrap();
    // Every picture of it has one slice, after parameter sets or nothing.
    let (mut h265, mut data, mut sets) = (Vec::new(), Vec::new(), Vec::new());
    for nal in [&clip[..], &clip[..]].into_iter().flat_map(nal_units) {
        data.extend_from_slice(&[0, 0, 0, 1]);
        data.extend_from_slice(nal);
        let kind = razz_media::h265::nal_type(nal).unwrap();
        if !kind.is_vcl() {
            sets.clone_from(&data);
            continue;
        }
        let n = h265.len();
        if n % 12 == 11 {
            let header = data.len() - nal.len();
            assert_eq!(data[header], 0x02, "TRAIL_R becomes TRAIL_N");
            data[header] = 0x00;
        }
        let format = StreamFormat::new(Codec::H265, Size::default());
        let mut format = StreamFormat::clone(&format);
        format.parameter_sets = sets.clone().into();
        let unit = access_unit(std::mem::take(&mut data), 6000 * n as i64, kind.is_key(false));
        h265.push(AccessUnit { format: format.into(), ..unit });
    }
    [h264, h265]
}

fn what_none_leans_on_can_be_left_out(decoders: &Decoders) {
    let samples = |picture: Picture| {
        let planes = [picture.luma(), picture.cb(), picture.cr()];
        let rows = |plane: &Plane<'_>| -> Vec<u8> {
            (0..plane.height).flat_map(|y| plane.row(y).to_vec()).collect()
        };
        planes.iter().map(rows).collect::<Vec<_>>()
    };
    for (units, least) in layered().into_iter().zip([15, 1]) {
        let mut decoder = decoders.decoder();
        let all: Vec<_> =
            units.iter().map(|au| samples(decoder.decode(au, true).unwrap().unwrap())).collect();
        for every in [1000, 5, 7] {
            let (mut decoder, mut left_out) = (decoders.decoder(), 0);
            for (n, (au, expected)) in units.iter().zip(&all).enumerate() {
                let wanted = n % every == every - 1;
                if !Contents::of(au).referenced && !wanted {
                    left_out += 1;
                    continue;
                }
                let picture = decoder.decode(au, true).unwrap().unwrap();
                assert!(samples(picture) == *expected, "{:?}, picture {n}", au.codec());
            }
            assert!(left_out >= least, "{:?}: {left_out} left out", units[0].codec());
        }
    }
}
