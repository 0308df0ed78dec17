//! What must hold for any bytes that a file of a recording or of its tracks holds. Shared by fuzz targets and tests.
#![allow(dead_code, unreachable_pub)]

use std::io::Cursor;

use razz_base::{CameraId, Track};
use razz_media::mp4::write::{Checked, checked};
use razz_store::index::Entry;
use razz_store::name::FileName;
use razz_store::scan::scan;
use razz_store::tracks::block::{decode, encode};
use razz_store::tracks::{Header, Recorded};

/// An odd first byte of `data` makes the checksums right of the file that is the rest. Answers how many fragments are
/// whole.
pub fn recording(data: &[u8]) -> usize {
    let Some((kind, file)) = data.split_first() else { return 0 };
    let mut file = file.to_vec();
    if kind & 1 != 0 {
        seal_fragments(&mut file);
    }
    if let Checked::Whole(summary) = checked(&file) {
        assert!(summary.bytes <= file.len() && summary.from <= summary.until, "{summary:?}");
    }
    let Ok(scanned) = scan(&mut Cursor::new(&file)) else { return 0 };
    assert_eq!(scanned.length, file.len() as u64);
    let mut at = scanned.header;
    for found in &scanned.fragments {
        assert_eq!(found.offset, at);
        at += found.summary.bytes as u64;
        assert_eq!(checked(&file[found.offset as usize..]), Checked::Whole(found.summary));
    }
    assert_eq!(scanned.whole, at);
    assert!(at <= scanned.length);
    if let Some(entry) = Entry::of(FileName::at_us(0), &scanned) {
        let places = entry.fragments.places(entry.span.from, entry.header);
        let places: Vec<(u64, u64)> = places.map(|place| (place.offset, place.bytes)).collect();
        let found = scanned.fragments.iter();
        let found = found.map(|found| (found.offset, found.summary.bytes as u64));
        assert!(found.eq(places));
    }
    scanned.fragments.len()
}

/// Writes the checksum of each fragment where it has to stand.
fn seal_fragments(file: &mut [u8]) {
    let (mut at, mut begin) = (0, 0);
    while let Some(head) = file.get(at..at + 8) {
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let kind = [head[4], head[5], head[6], head[7]];
        let Some(end) = at.checked_add(length.max(8)).filter(|end| *end <= file.len()) else {
            return;
        };
        if &kind == b"free" && length == 16 {
            let checksum = crc32fast::hash(&file[begin..at]);
            file[at + 12..end].copy_from_slice(&checksum.to_be_bytes());
        }
        if matches!(&kind, b"free" | b"moov") {
            begin = end;
        }
        at = end;
    }
}

/// The first byte of `data` says what the rest is: a block, a block whose checksums are made right, or the frames and
/// boxes of one, in a byte and two, and its columns. Answers how many frames there are.
pub fn track_block(data: &[u8]) -> usize {
    let Some((kind, rest)) = data.split_first() else { return 0 };
    let mut block = rest.to_vec();
    match kind % 3 {
        0 => {}
        1 => seal_block(&mut block),
        _ => match rest {
            [frames, high, low, columns @ ..] => block = packed(*frames, [*high, *low], columns),
            _ => return 0,
        },
    }
    let camera = CameraId::new(1).expect("1 is an id");
    let Ok(frames) = decode(&block, camera) else { return 0 };
    let header = Header::parse(&block).expect("what has frames has a header");
    assert_eq!(frames.len(), header.frames);
    assert_eq!(frames.iter().map(|frame| frame.frame.tracks.len()).sum::<usize>(), header.boxes);
    let times = || frames.iter().map(|frame| frame.frame.key.time);
    assert!(times().zip(times().skip(1)).all(|(before, after)| before < after));
    assert_eq!(times().next().zip(times().next_back()), Some((header.from, header.until)));
    for track in frames.iter().flat_map(|frame| frame.frame.tracks.iter()) {
        assert!(track.bbox.is_finite() && track.velocity.iter().all(|edge| edge.is_finite()));
        assert!((0.0..=1.0).contains(&track.confidence));
    }
    let (_, again) = encode(&frames).expect("what was a block is one");
    let again = decode(&again, camera).expect("what was written is read");
    assert_eq!(again.len(), frames.len());
    for (again, frame) in again.iter().zip(&frames) {
        let (a, b) = (&again.frame, &frame.frame);
        assert_eq!((a.key, a.wall, a.size, a.detected), (b.key, b.wall, b.size, b.detected));
        let tracks = |of: &Recorded| -> Vec<(Track, String)> {
            let named = |track: &Track| {
                let plain = Track { class: Default::default(), confidence: 0.0, ..track.clone() };
                (plain, of.class(track).to_owned())
            };
            of.frame.tracks.iter().map(named).collect()
        };
        assert_eq!(tracks(again), tracks(frame));
        // A block of the first version has twice as many steps of confidence.
        for (a, b) in a.tracks.iter().zip(b.tracks.iter()) {
            assert!((a.confidence - b.confidence).abs() <= 1.0 / 256.0);
        }
    }
    frames.len()
}

/// Where the checksum of the body is in a header, and where the names begin.
const BODY_CHECKSUM: usize = 64;
const NAMES: usize = 68;

/// Writes both checksums of a block where they have to stand.
fn seal_block(block: &mut [u8]) {
    let Some(length) = block.get(4..6) else { return };
    let header = usize::from(u16::from_be_bytes([length[0], length[1]]));
    if header < NAMES + 4 || header > block.len() {
        return;
    }
    let bytes = u32::from_be_bytes([block[6], block[7], block[8], block[9]]) as usize;
    let body = &block[header..header + bytes.min(block.len() - header)];
    let checksum = crc32fast::hash(body).to_be_bytes();
    block[BODY_CHECKSUM..NAMES].copy_from_slice(&checksum);
    let checksum = crc32fast::hash(&block[..header - 4]).to_be_bytes();
    block[header - 4..header].copy_from_slice(&checksum);
}

/// A block of these columns, whose last frame is at the time 1000 and whose first is at 0, or that is the one.
fn packed(frames: u8, boxes: [u8; 2], columns: &[u8]) -> Vec<u8> {
    const CLASSES: &[u8] = b"\x06person\x03car";
    let body = zstd::bulk::compress(columns, 1).expect("there is memory");
    let mut block = b"rzt\x01".to_vec();
    block.extend_from_slice(&((NAMES + CLASSES.len() + 4) as u16).to_be_bytes());
    block.extend_from_slice(&(body.len() as u32).to_be_bytes());
    block.extend_from_slice(&(columns.len() as u32).to_be_bytes());
    let until: i64 = if frames > 1 { 1000 } else { 0 };
    [0, until, 0].iter().for_each(|number| block.extend_from_slice(&number.to_be_bytes()));
    block.extend_from_slice(&u32::from(frames).to_be_bytes());
    block.extend_from_slice(&u32::from(u16::from_be_bytes(boxes)).to_be_bytes());
    block.extend_from_slice(&[0; 18 + 4]);
    block.extend_from_slice(CLASSES);
    block.extend_from_slice(&[0; 4]);
    block.extend_from_slice(&body);
    seal_block(&mut block);
    block
}
