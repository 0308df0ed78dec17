//! Files made on the spot: whole, fragmented, and wrong in every way that was thought of.

mod mutated;
mod playback;

use std::io::Cursor;

use super::*;

fn atom(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut data = (8 + content.len() as u32).to_be_bytes().to_vec();
    data.extend_from_slice(kind);
    data.extend_from_slice(content);
    data
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

const SPS: &[u8] = &[0x67, 1, 2];
const PPS: &[u8] = &[0x68, 3];

/// `avc1` with 4-byte lengths, 64x48.
fn entry(shape: &Shape) -> Vec<u8> {
    let sps = shape.sps;
    let mut content = vec![0; 78];
    content[24..28].copy_from_slice(&[0, 64, 0, 48]);
    let mut config = vec![1, 0x64, 0, 10, 0xFF, 0xE1];
    config.extend([0, sps.len() as u8]);
    config.extend(sps);
    config.extend([1, 0, PPS.len() as u8]);
    config.extend(PPS);
    content.extend(atom(b"avcC", &config));
    if let Some(aspect) = shape.pasp {
        content.extend(atom(b"pasp", &words(&aspect)));
    }
    atom(shape.codec, &content)
}

/// What a test file differs in from an ordinary one.
struct Shape {
    codec: &'static [u8; 4],
    handler: &'static [u8; 4],
    timescale: u32,
    sizes: Vec<u32>,
    /// `stsc`: first chunk, samples, description.
    runs: Vec<u32>,
    /// Chunk offsets from the start of the samples.
    chunks: Vec<u32>,
    /// `stts`: count, duration.
    durations: Vec<u32>,
    /// `ctts`: count, offset.
    shown: Option<Vec<u32>>,
    syncs: Option<Vec<u32>>,
    /// `elst`: duration, time, rate.
    edits: Option<Vec<u32>>,
    mvex: Vec<u8>,
    wide_offsets: bool,
    sps: &'static [u8],
    pasp: Option<[u32; 2]>,
    /// a, b, c and d of the track's matrix and of the file's, 1 being 1.
    matrix: [i32; 4],
    movie_matrix: [i32; 4],
    /// Of the file; without it there is no `mvhd`.
    movie_timescale: Option<u32>,
    /// Width and height on the screen.
    screen: [u32; 2],
    enabled: bool,
    /// Tracks that stand before this one.
    before: Vec<Shape>,
}

/// Four pictures of 6, 7, 5 and 6 bytes at 30 a second; the first and the third are IDRs.
fn ordinary() -> Shape {
    Shape {
        codec: b"avc1",
        handler: b"vide",
        timescale: 30,
        sizes: vec![6, 7, 5, 6],
        runs: vec![1, 3, 1, 2, 1, 1],
        chunks: vec![0, 18],
        durations: vec![4, 1],
        shown: None,
        syncs: Some(vec![1, 3]),
        edits: None,
        mvex: Vec::new(),
        wide_offsets: false,
        sps: SPS,
        pasp: None,
        matrix: [1, 0, 0, 1],
        movie_matrix: [1, 0, 0, 1],
        movie_timescale: None,
        screen: [0, 0],
        enabled: true,
        before: Vec::new(),
    }
}

/// Each a NAL unit behind its length.
const SAMPLES: &[u8] =
    &[0, 0, 0, 2, 0x65, 1, 0, 0, 0, 3, 0x41, 2, 2, 0, 0, 0, 1, 0x65, 0, 0, 0, 2, 0x41, 4];

fn list(first: &[u32], count: usize, values: &[u32]) -> Vec<u8> {
    words(&[first, &[count as u32], values].concat())
}

/// Nine numbers; the last is a 2.30 fixed-point one.
fn matrix([a, b, c, d]: [i32; 4]) -> Vec<u32> {
    let fixed = |v: i32| (v << 16) as u32;
    vec![fixed(a), fixed(b), 0, fixed(c), fixed(d), 0, 0, 0, 1 << 30]
}

fn movie(shape: &Shape, samples_at: u32) -> Vec<u8> {
    let mut content = Vec::new();
    if let Some(timescale) = shape.movie_timescale {
        let times = [0, 0, 0, timescale, 0, 0x1_0000, 0x100_0000, 0, 0];
        let last = [0, 0, 0, 0, 0, 0, 9];
        content.extend(atom(
            b"mvhd",
            &words(&[&times, &matrix(shape.movie_matrix)[..], &last].concat()),
        ));
    }
    for (id, track) in (1..).zip(shape.before.iter().chain([shape])) {
        content.extend(trak(track, id, samples_at));
    }
    content.extend(&shape.mvex);
    atom(b"moov", &content)
}

fn trak(shape: &Shape, id: u32, samples_at: u32) -> Vec<u8> {
    let offsets: Vec<u32> = shape.chunks.iter().map(|offset| offset + samples_at).collect();
    let chunks = if shape.wide_offsets {
        let wide: Vec<u32> = offsets.iter().flat_map(|offset| [0, *offset]).collect();
        atom(b"co64", &list(&[0], offsets.len(), &wide))
    } else {
        atom(b"stco", &list(&[0], offsets.len(), &offsets))
    };
    let mut table = atom(b"stsd", &[words(&[0, 1]), entry(shape)].concat());
    table.extend(atom(b"stts", &list(&[0], shape.durations.len() / 2, &shape.durations)));
    for (kind, values, width) in [(b"ctts", &shape.shown, 2), (b"stss", &shape.syncs, 1)] {
        if let Some(values) = values {
            table.extend(atom(kind, &list(&[0], values.len() / width, values)));
        }
    }
    table.extend(atom(b"stsc", &list(&[0], shape.runs.len() / 3, &shape.runs)));
    table.extend(atom(b"stsz", &list(&[0, 0], shape.sizes.len(), &shape.sizes)));
    table.extend(chunks);
    let handler = [words(&[0, 0]), shape.handler.to_vec(), vec![0; 13]].concat();
    let media = [
        atom(b"mdhd", &words(&[0, 0, 0, shape.timescale, 0, 0])),
        atom(b"hdlr", &handler),
        atom(b"minf", &atom(b"stbl", &table)),
    ];
    let mut header = vec![u32::from(shape.enabled), 0, 0, id, 0, 0, 0, 0, 0, 0];
    header.extend(matrix(shape.matrix));
    header.extend(shape.screen.map(|side| side << 16));
    let mut track = atom(b"tkhd", &words(&header));
    if let Some(edits) = &shape.edits {
        track.extend(atom(b"edts", &atom(b"elst", &list(&[0], edits.len() / 3, edits))));
    }
    track.extend(atom(b"mdia", &media.concat()));
    atom(b"trak", &track)
}

/// The whole file, its samples at the end.
fn file(shape: &Shape) -> Vec<u8> {
    let head = atom(b"ftyp", b"isom\0\0\0\0");
    let at = (head.len() + movie(shape, 0).len() + 8) as u32;
    [head, movie(shape, at), atom(b"mdat", SAMPLES)].concat()
}

fn open(data: &[u8]) -> Result<Mp4<Cursor<Vec<u8>>>, Mp4Error> {
    Mp4::open(Cursor::new(data.to_vec()))
}

fn said(data: &[u8]) -> String {
    match open(data) {
        Ok(_) => panic!("it is read"),
        Err(error) => error.to_string(),
    }
}

fn pictures(clip: &mut Mp4<Cursor<Vec<u8>>>) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for index in 0..clip.samples().len() {
        let mut annex_b = vec![9; 3];
        clip.read(index, &mut annex_b).unwrap();
        all.push(annex_b);
    }
    all
}

fn annex_b(units: &[&[u8]]) -> Vec<u8> {
    units.iter().flat_map(|unit| [&[0, 0, 0, 1], *unit].concat()).collect()
}

#[test]
fn pictures_come_with_their_times_and_parameter_sets() {
    for wide_offsets in [false, true] {
        let mut clip = open(&file(&Shape { wide_offsets, ..ordinary() })).unwrap();
        let samples: Vec<_> = clip.samples().iter().map(|s| (s.time_90k, s.sync)).collect();
        assert_eq!(samples, [(0, true), (3000, false), (6000, true), (9000, false)]);
        assert_eq!((clip.size(), clip.frame_rate()), (Size::new(64, 48), Some(30.0)));
        assert_eq!(
            pictures(&mut clip),
            [
                annex_b(&[SPS, PPS, &[0x65, 1]]),
                annex_b(&[&[0x41, 2, 2]]),
                annex_b(&[SPS, PPS, &[0x65]]),
                annex_b(&[&[0x41, 4]]),
            ]
        );
        assert!(clip.read(4, &mut Vec::new()).is_err());
    }
}

#[test]
fn times_follow_reordering_and_edits() {
    let shown = |offsets: [i32; 4]| {
        Some(offsets.iter().flat_map(|offset| [1, *offset as u32]).collect::<Vec<u32>>())
    };
    let none = u32::MAX;
    for (shown, edits, want) in [
        (shown([1, 2, 0, 1]), None, [3000, 9000, 6000, 12_000]),
        (shown([1, 2, 0, 1]), Some(vec![4, 1, 1]), [0, 6000, 3000, 9000]),
        (shown([0, 1, -1, 0]), None, [0, 6000, 3000, 9000]),
        // The first is cut off; an empty edit stands in front.
        (None, Some(vec![9, none, 1, 3, 1, 1]), [-3000, 0, 3000, 6000]),
        (None, Some(vec![]), [0, 3000, 6000, 9000]),
    ] {
        let clip = open(&file(&Shape { shown, edits, ..ordinary() })).unwrap();
        let times: Vec<i64> = clip.samples().iter().map(|sample| sample.time_90k).collect();
        assert_eq!(times, want);
    }
}

#[test]
fn without_a_list_of_idrs_all_are() {
    let clip = open(&file(&Shape { syncs: None, ..ordinary() })).unwrap();
    assert!(clip.samples().iter().all(|sample| sample.sync));
    let clip = open(&file(&Shape { syncs: Some(vec![]), ..ordinary() })).unwrap();
    assert!(clip.samples().iter().all(|sample| !sample.sync));
}

/// The start of a file whose pictures come in fragments.
fn fragmented_head() -> Vec<u8> {
    let trex = atom(b"trex", &words(&[0, 1, 1, 1, 0, 0x1_0000]));
    let empty = Shape {
        sizes: vec![],
        runs: vec![],
        chunks: vec![],
        durations: vec![],
        syncs: None,
        mvex: atom(b"mvex", &trex),
        ..ordinary()
    };
    [atom(b"ftyp", b"iso5\0\0\0\0"), movie(&empty, 0)].concat()
}

#[test]
fn fragments_are_read() {
    let head = fragmented_head();
    // Track 1: base is the moof, first sample's flags and every sample's size stand in the run;
    // track 2 is somebody else's.
    let run = |data_offset: u32, time: u32| {
        let of = |track| atom(b"tfhd", &words(&[0x2_0000, track]));
        let time = atom(b"tfdt", &words(&[0, time]));
        let trun = atom(b"trun", &words(&[0x205, 2, data_offset, 0, 6, 7]));
        let other = atom(b"traf", &[of(2), trun.clone()].concat());
        atom(b"moof", &[other, atom(b"traf", &[of(1), time, trun].concat())].concat())
    };
    let length = run(0, 0).len() as u32;
    let fragment = |time| [run(length + 8, time), atom(b"mdat", &SAMPLES[..13])].concat();
    let data = [head, fragment(0), fragment(10)].concat();
    let mut clip = open(&data).unwrap();
    let samples: Vec<_> = clip.samples().iter().map(|s| (s.time_90k, s.sync)).collect();
    assert_eq!(samples, [(0, true), (3000, false), (30_000, true), (33_000, false)]);
    let pictures = pictures(&mut clip);
    assert_eq!(pictures[..2], pictures[2..]);
    assert_eq!(pictures[0], annex_b(&[SPS, PPS, &[0x65, 1]]));
}

#[test]
fn parameter_sets_of_a_picture_are_not_doubled() {
    let mut data = file(&ordinary());
    let at = data.len() - SAMPLES.len();
    data[at + 4] = 0x67;
    let mut clip = open(&data).unwrap();
    assert_eq!(pictures(&mut clip)[0], annex_b(&[&[0x67, 1]]));
}

#[test]
fn what_cannot_be_read_is_named() {
    let shape = ordinary;
    let whole = file(&shape());
    let without_index = [atom(b"ftyp", b"isom"), atom(b"mdat", SAMPLES)].concat();
    let flv = b"FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00".to_vec();
    for (data, want) in [
        (Vec::new(), "this is not an MP4 file"),
        (vec![0; 64], "this is not an MP4 file"),
        (b"\x1A\x45\xDF\xA3\x01\x00\x00\x00\x00\x00\x00\x1F\x42".to_vec(), "this is not an MP4"),
        (b"RIFF\x10\x00\x00\x00AVI LIST".to_vec(), "this is not an MP4 file"),
        (flv, "this is not an MP4 file"),
        (
            without_index,
            "the file is cut short (its index is missing, which most programs write when",
        ),
        (
            whole[..whole.len() - 24].to_vec(),
            "the file is cut short (none of its pictures is there)",
        ),
        (whole[..200].to_vec(), "the file is cut short (its index is not whole)"),
        (file(&Shape { handler: b"soun", ..shape() }), "this MP4 file has no video"),
        (
            file(&Shape { codec: b"vp09", ..shape() }),
            "its video is VP9, not H.264 or H.265; convert",
        ),
        (
            file(&Shape { codec: b"hvc1", ..shape() }),
            "the file is damaged: its video is not described",
        ),
        (file(&Shape { codec: b"xyz1", ..shape() }), "its video is \"xyz1\", not H.264"),
        (file(&Shape { timescale: 0, ..shape() }), "the file is damaged: its time has no scale"),
        (file(&Shape { chunks: vec![0], ..shape() }), "the file is damaged: its index says not"),
        (file(&Shape { runs: vec![1, 3, 7, 2, 1, 1], ..shape() }), "the file is damaged: a pic"),
    ] {
        let said = said(&data);
        assert!(said.starts_with(want), "{said}");
    }
}

#[test]
fn a_few_bytes_cannot_speak_of_endless_pictures() {
    let mut data = file(&ordinary());
    let at = data.windows(4).position(|kind| kind == b"stsz").unwrap();
    // The same size for each of four billion, all in the first chunk.
    data[at + 8..at + 16].copy_from_slice(&words(&[1, u32::MAX]));
    let at = data.windows(4).position(|kind| kind == b"stsc").unwrap();
    data[at + 16..at + 20].copy_from_slice(&words(&[u32::MAX]));
    let said = said(&data);
    assert!(said.contains("more pictures than any clip"), "{said}");
}

#[test]
fn lengths_that_do_not_fit_are_an_error() {
    let mut data = file(&ordinary());
    let at = data.len() - SAMPLES.len();
    data[at + 3] = 200;
    let mut clip = open(&data).unwrap();
    let said = clip.read(0, &mut Vec::new()).unwrap_err().to_string();
    assert!(said.contains("do not fit"), "{said}");
}
