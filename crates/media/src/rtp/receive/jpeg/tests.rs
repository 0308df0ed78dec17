//! Packets of MJPEG in, pictures out, by tables.

use bytes::Bytes;
use razz_base::{MonoTime, Size};

use super::*;
use crate::jpeg::Header;

/// What comes of packets written down as words:
///
/// `@T` from here on at T ms and with timestamp 90 T; `OFFSET+LENGTH` a part of the scan, with `*` its marker,
/// with `qN` before it Q from here on; `-` a lost packet; `!` silence of a second.
///
/// Answers the pictures as `T:LENGTH` of the scan, with ` -N` for the packets lost before them; and counts.
fn assembled(size: Option<Size>, words: &str) -> (String, Vec<(&'static str, u64)>, Vec<Bytes>) {
    let mut assembler = JpegAssembler::new(size);
    let mut counts = Counts::default();
    let (mut now, mut timestamp, mut lost, mut quality) = (0, 0, 0, 75u8);
    for word in words.split_whitespace() {
        if let Some(ms) = word.strip_prefix('@') {
            now = ms.parse::<i64>().unwrap();
            timestamp = 90 * now;
            assembler.handle_timeout(MonoTime::from_us(1000 * now));
        } else if let Some(q) = word.strip_prefix('q') {
            quality = q.parse().unwrap();
        } else if word == "-" {
            lost += 1;
        } else if word == "!" {
            assembler.handle_timeout(MonoTime::from_us(1000 * now + 1_000_000));
        } else {
            let (part, marker) = word.strip_suffix('*').map_or((word, false), |part| (part, true));
            let (offset, length) = part.split_once('+').unwrap();
            let offset: u32 = offset.parse().unwrap();
            let [_, o1, o2, o3] = offset.to_be_bytes();
            let mut payload = vec![0, o1, o2, o3, 1, quality, 80, 45];
            if quality >= 128 && offset == 0 {
                payload.extend_from_slice(&[0, 0, 0, 128]);
                payload.extend_from_slice(&[3; 128]);
            }
            payload.resize(payload.len() + length.parse::<usize>().unwrap(), 0x55);
            let packet = InOrder {
                lost: std::mem::take(&mut lost),
                jumped: false,
                marker,
                timestamp,
                payload: payload.into(),
                padded: false,
                received: MonoTime::from_us(1000 * now),
            };
            assembler.handle(packet, &mut counts);
        }
        assert!(assembler.held_bytes() <= MAX_UNIT);
    }
    let (mut said, mut files) = (Vec::new(), Vec::new());
    while let Some(unit) = assembler.poll() {
        assert!(Header::read(&unit.data).is_some());
        let scan = unit.data.iter().rev().skip(2).take_while(|byte| **byte == 0x55).count();
        let lost =
            if unit.lost_packets > 0 { format!(" -{}", unit.lost_packets) } else { String::new() };
        said.push(format!("{}:{scan}{lost}", unit.timestamp / 90));
        files.push(unit.data);
    }
    let counted = counts.iter().map(|(oddity, count)| (oddity.name(), count)).collect();
    (said.join(", "), counted, files)
}

#[test]
fn pictures_are_handed_on_whole_or_not_at_all() {
    for (words, expected, counted) in [
        (
            "@0 0+99 99+99* @40 0+99* @80 0+80 80+3* @120 0+9*",
            "0:198, 40:99, 80:83, 120:9",
            &[][..],
        ),
        // The first waits until it is known what markers are worth, the last then does not.
        ("@0 0+99 99+99*", "", &[]),
        ("@0 0+99 99+99* @9", "0:198", &[]),
        ("@0 0+9* @40 0+9*", "0:9, 40:9", &[]),
        // A packet is missing: in the middle, at the end, at the beginning, and a whole picture.
        (
            "@0 0+9* @40 0+9* @80 0+9 - 18+9* @120 0+9*",
            "0:9, 40:9, 120:9 -1",
            &[("jpeg_incomplete", 1)],
        ),
        (
            "@0 0+9* @40 0+9* @80 0+9 9+9 - @120 0+9*",
            "0:9, 40:9, 120:9 -1",
            &[("jpeg_incomplete", 1)],
        ),
        ("@0 0+9* @40 0+9* @80 - 9+9 18+9* @120 0+9*", "0:9, 40:9, 120:9 -1", &[]),
        ("@0 0+9* @40 0+9* - - @80 0+9*", "0:9, 40:9, 80:9 -2", &[]),
        // Lost behind the marker of the first picture.
        ("@0 0+9* - @80 0+9* @120 0+9*", "0:9, 80:9 -1, 120:9", &[]),
        // Under way at PLAY.
        ("@0 9+9 18+9* @40 0+9* @80 0+9*", "40:9, 80:9", &[]),
        ("@0 9+9 - 27+9* @40 0+9* @80 0+9*", "40:9, 80:9", &[]),
        // A hole that no number tells of.
        (
            "@0 0+9* @40 0+9* @80 0+9 18+9* @120 0+9*",
            "0:9, 40:9, 120:9 -1",
            &[("jpeg_incomplete", 1)],
        ),
        // The camera breaks a picture off.
        ("@0 0+9* @40 0+9* @80 0+9 @120 0+9*", "0:9, 40:9, 120:9 -1", &[("jpeg_incomplete", 1)]),
        // It never sends markers.
        ("@0 0+9 9+9 @40 0+8 @80 0+7 !", "0:18, 40:8, 80:7", &[]),
        // It sends them on every packet.
        (
            "@0 0+9* 9+9* 18+9* @40 0+9* 9+9* @80 0+9* 9+9* !",
            "0:27, 40:18, 80:18",
            &[("marker_early", 4)],
        ),
        // Small pictures first, so that its markers seem to be right.
        (
            "@0 0+9* @40 0+9* @80 0+9* 9+9* @120 0+9* 9+9* !",
            "0:9, 40:9, 80:9, 120:18",
            &[("marker_early", 2)],
        ),
        // Two pictures of one time.
        ("@0 0+9* @40 0+9* 0+8*", "0:9, 40:9, 40:8", &[("same_timestamp", 1)]),
        // Another Q in the middle of a picture is another picture's.
        (
            "@0 0+9* @40 0+9* @80 0+9 q60 9+9* @120 0+9*",
            "0:9, 40:9, 120:9 -1",
            &[("jpeg_incomplete", 1)],
        ),
        ("q255 @0 0+9 9+9* @40 0+9*", "0:18, 40:9", &[]),
        ("q0 @0 0+9* q75 @40 0+9* @80 0+9*", "40:9 -1, 80:9", &[("jpeg_quality", 1)]),
        ("q110 @0 0+9* @40 0+9* @80", "0:9, 40:9", &[("jpeg_quality", 2)]),
    ] {
        let (said, counts, _) = assembled(None, words);
        assert_eq!(said, expected, "{words}");
        assert_eq!(counts, counted, "{words}");
    }
}

#[test]
fn the_file_has_the_size_and_the_tables_of_its_picture() {
    let (_, _, files) = assembled(Some(Size::new(640, 358)), "q255 @0 0+9* @40");
    let [file] = &files[..] else { panic!("one picture") };
    let header = Header::read(file).unwrap();
    assert_eq!((header.size, header.chroma_format), (Size::new(640, 358), 1));
    assert!(
        file.windows(68)
            .any(|window| window[..5] == [0xFF, 0xDB, 0, 67, 0] && window[5..] == [3; 63])
    );
    assert!(file.ends_with(&[0x55, 0xFF, 0xD9]));
}

#[test]
fn a_picture_that_grows_for_ever_is_dropped() {
    let mut assembler = JpegAssembler::new(None);
    let mut counts = Counts::default();
    let part = vec![0x55; 60_000];
    for n in 0..200u32 {
        let [_, o1, o2, o3] = (n * 60_000).to_be_bytes();
        let payload = [&[0, o1, o2, o3, 1, 75, 80, 45], &part[..]].concat().into();
        let packet = InOrder {
            lost: 0,
            jumped: false,
            marker: false,
            timestamp: 0,
            payload,
            padded: false,
            received: MonoTime::default(),
        };
        assembler.handle(packet, &mut counts);
        assert!(assembler.held_bytes() <= MAX_UNIT);
    }
    assert_eq!(counts.of(Oddity::UnitTooLarge), 1);
    assert!(assembler.poll().is_none());
}
