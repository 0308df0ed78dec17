//! What players make of a file: which track, how it is turned and stretched, when its pictures are
//! shown, and what is there of a file that is cut off.

use super::*;

fn times(clip: &Mp4<Cursor<Vec<u8>>>) -> Vec<i64> {
    clip.samples().iter().map(|sample| sample.time_90k).collect()
}

#[test]
fn a_track_is_turned_by_its_matrix_and_by_that_of_the_file() {
    let upright = [1, 0, 0, 1];
    for (matrix, movie_matrix, want) in [
        (upright, upright, Orientation::Upright),
        ([0, 1, -1, 0], upright, Orientation::Turned90),
        ([-1, 0, 0, -1], upright, Orientation::Turned180),
        ([0, -1, 1, 0], upright, Orientation::Turned270),
        ([-1, 0, 0, 1], upright, Orientation::Mirrored),
        ([0, 1, 1, 0], upright, Orientation::Transposed),
        // Twice as wide, and zeros, which some writers leave.
        ([2, 0, 0, 1], upright, Orientation::Upright),
        ([0; 4], upright, Orientation::Upright),
        // By something else than right angles.
        ([1, 1, -1, 1], upright, Orientation::Upright),
        (upright, [0, 1, -1, 0], Orientation::Turned90),
        ([0, 1, -1, 0], [0, 1, -1, 0], Orientation::Turned180),
        ([0, 1, -1, 0], [0, -1, 1, 0], Orientation::Upright),
    ] {
        let shape = Shape { matrix, movie_matrix, movie_timescale: Some(1000), ..ordinary() };
        let clip = open(&file(&shape)).unwrap();
        assert_eq!(clip.orientation(), want, "{matrix:?} {movie_matrix:?}");
        assert_eq!(clip.size(), Size::new(64, 48), "as it is stored");
    }
}

/// 704x576 by its SPS, pixels of 16 to 11.
const ANAMORPHIC: &[u8] =
    &[0x67, 0x42, 0xc0, 0x1e, 0xda, 0x02, 0xc0, 0x49, 0xbf, 0xf0, 0x01, 0, 0, 0xb0, 0x08];

#[test]
fn the_shape_of_pixels_by_the_file_then_the_screen_then_the_stream() {
    let aspect = |width, height| PixelAspect::new(width, height).unwrap();
    let sd = aspect(16, 11);
    for (pasp, screen, sps, want) in [
        (None, [0, 0], SPS, aspect(1, 1)),
        (None, [64, 48], SPS, aspect(1, 1)),
        (Some([4, 3]), [64, 48], SPS, aspect(4, 3)),
        (Some([4, 3]), [64, 48], ANAMORPHIC, aspect(4, 3)),
        (Some([1, 1]), [64, 48], ANAMORPHIC, aspect(1, 1)),
        (Some([0, 0]), [64, 48], ANAMORPHIC, sd),
        (Some([99, 1]), [64, 48], SPS, aspect(1, 1)),
        (None, [128, 48], SPS, aspect(2, 1)),
        (None, [128, 48], ANAMORPHIC, aspect(2, 1)),
        (None, [64, 48], ANAMORPHIC, sd),
        (None, [0, 0], ANAMORPHIC, sd),
    ] {
        let clip = open(&file(&Shape { pasp, screen, sps, ..ordinary() })).unwrap();
        let got = clip.pixel_aspect();
        let same = u64::from(got.width) * u64::from(want.height)
            == u64::from(got.height) * u64::from(want.width);
        assert!(same, "{pasp:?} {screen:?}: {got:?}, {want:?}");
    }
}

#[test]
fn the_track_that_players_show_is_read() {
    // The pictures of the track that is meant have other times than those of the others.
    let real = || Shape { timescale: 15, ..ordinary() };
    let one = |codec| Shape {
        codec,
        sizes: vec![6],
        runs: vec![1, 1, 1],
        chunks: vec![0],
        syncs: None,
        ..ordinary()
    };
    let sound = || Shape { handler: b"soun", ..ordinary() };
    for (what, before) in [
        ("nothing before it", vec![]),
        ("sound", vec![sound()]),
        ("a cover as JPEG", vec![one(b"jpeg")]),
        ("a cover as PNG", vec![one(b"png ")]),
        ("a cover as H.264", vec![one(b"avc1")]),
        ("a cover as H.265", vec![one(b"hvc1")]),
        ("a track that is switched off", vec![Shape { enabled: false, ..ordinary() }]),
        ("the same as H.265", vec![Shape { codec: b"hvc1", ..ordinary() }]),
        ("several of them", vec![sound(), one(b"jpeg"), one(b"avc1"), sound()]),
    ] {
        let clip = open(&file(&Shape { before, ..real() })).unwrap();
        assert_eq!(times(&clip), [0, 6000, 12_000, 18_000], "{what}");
    }
    // Of two that are alike the first; one picture where there is no more; the codec's name where
    // there is nothing else.
    let clip = open(&file(&Shape { before: vec![ordinary()], ..real() })).unwrap();
    assert_eq!(times(&clip), [0, 3000, 6000, 9000]);
    assert_eq!(times(&open(&file(&one(b"avc1"))).unwrap()), [0]);
    let vp9 = Shape { codec: b"vp09", before: vec![one(b"jpeg")], ..ordinary() };
    assert!(said(&file(&vp9)).contains("its video is VP9"));
}

#[test]
fn edit_lists_move_and_cut() {
    let none = u32::MAX;
    // Lengths in thousandths of a second, times in thirtieths; a picture lasts 33.3 thousandths.
    for (edits, want) in [
        // As recorders write them: all of it, from the first picture on.
        (vec![134, 0, 1], [Some(0), Some(3000), Some(6000), Some(9000)]),
        // Of no length: fragments were to follow.
        (vec![0, 0, 1], [Some(0), Some(3000), Some(6000), Some(9000)]),
        // Half a second of nothing in front.
        (vec![500, none, 1, 134, 0, 1], [Some(45_000), Some(48_000), Some(51_000), Some(54_000)]),
        // The first two are needed for the others only; with nothing in front as well.
        (vec![67, 2, 1], [None, None, Some(0), Some(3000)]),
        (vec![500, none, 1, 67, 2, 1], [None, None, Some(45_000), Some(48_000)]),
        // The end is cut off, and a piece in the middle.
        (vec![67, 0, 1], [Some(0), Some(3000), None, None]),
        (vec![33, 0, 1, 67, 2, 1], [Some(0), None, Some(2970), Some(5970)]),
        // The second half first.
        (vec![67, 2, 1, 66, 0, 1], [Some(6030), Some(9030), Some(0), Some(3000)]),
    ] {
        let shape = Shape { edits: Some(edits.clone()), movie_timescale: Some(1000), ..ordinary() };
        let clip = open(&file(&shape)).unwrap();
        let shown: Vec<Option<i64>> =
            times(&clip).into_iter().map(|time| (time >= 0).then_some(time)).collect();
        assert_eq!(shown, want, "{edits:?}");
        // Decoders are given all of them, and tell them apart by their times.
        let mut all = times(&clip);
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 4, "{edits:?}");
    }
}

#[test]
fn pictures_need_not_come_at_a_steady_rate() {
    let shape = Shape { durations: vec![1, 1, 1, 9, 2, 2], ..ordinary() };
    let clip = open(&file(&shape)).unwrap();
    assert_eq!(times(&clip), [0, 3000, 30_000, 36_000]);
    assert_eq!(clip.frame_rate(), Some(7.5));
    // What is cut off has no part in it.
    let shape = Shape { edits: Some(vec![9, 10, 1]), ..shape };
    let clip = open(&file(&shape)).unwrap();
    assert_eq!(clip.frame_rate(), Some(15.0));
}

#[test]
fn of_a_file_that_is_cut_off_what_is_there_is_read() {
    // Two, and one that lacks a byte, and one behind it.
    let whole = file(&ordinary());
    let pictures_of = |missing: usize, from_90k| Missing::Pictures { missing, of: 4, from_90k };
    for (cut, count, missing) in [
        (0, 4, None),
        (1, 3, Some(pictures_of(1, 9000))),
        (6, 3, Some(pictures_of(1, 9000))),
        (7, 2, Some(pictures_of(2, 6000))),
        (17, 1, Some(pictures_of(3, 3000))),
    ] {
        let mut clip = open(&whole[..whole.len() - cut]).unwrap();
        assert_eq!((clip.samples().len(), clip.missing()), (count, missing), "{cut}");
        assert_eq!(pictures(&mut clip)[0], annex_b(&[SPS, PPS, &[0x65, 1]]), "{cut}");
    }
    let said = pictures_of(3, 3000).to_string();
    assert!(said.contains("3 of its 4 pictures are missing, from 0.0 s on"), "{said}");
    // A hole: what looks back into it is left out, up to the next picture that does not.
    let hole = Shape { chunks: vec![5000, 18], syncs: Some(vec![1, 4]), ..ordinary() };
    let clip = open(&file(&hole)).unwrap();
    assert_eq!((times(&clip), clip.missing()), (vec![9000], Some(pictures_of(3, 0))));
    // Something else behind a whole file, as of a disk that was not cleared.
    for tail in [&[0, 0, 0, 3, 1, 2, 3, 4][..], &[0, 0, 0, 1, 9, 9, 9, 9, 0]] {
        let clip = open(&[&whole[..], tail].concat()).unwrap();
        let torn = matches!(clip.missing(), Some(Missing::After { offset, .. }) if offset == whole.len() as u64);
        assert!(clip.samples().len() == 4 && torn, "{:?}", clip.missing());
    }
    assert_eq!(open(&[&whole[..], &[0; 64]].concat()).unwrap().missing(), None);
}

/// The start of a fragmented file, and fragments of two pictures each.
fn fragmented() -> (Vec<u8>, impl Fn(u32) -> Vec<u8>) {
    let head = fragmented_head();
    let run = |data_offset: u32, time: u32| {
        let header = atom(b"tfhd", &words(&[0x2_0000, 1]));
        let time = atom(b"tfdt", &words(&[0, time]));
        let trun = atom(b"trun", &words(&[0x205, 2, data_offset, 0, 6, 7]));
        atom(b"moof", &atom(b"traf", &[header, time, trun].concat()))
    };
    let length = run(0, 0).len() as u32;
    let fragment = move |time| [run(length + 8, time), atom(b"mdat", &SAMPLES[..13])].concat();
    (head, fragment)
}

#[test]
fn a_last_fragment_that_is_not_whole_takes_nothing_from_the_others() {
    let (head, fragment) = fragmented();
    let (first, second) = (fragment(0), fragment(2));
    let at = head.len() + first.len();
    let whole = [head.clone(), first, second].concat();
    assert_eq!(open(&whole).unwrap().missing(), None);
    let pictures_of = |missing: usize, from_90k| Missing::Pictures { missing, of: 4, from_90k };
    for end in at + 1..whole.len() {
        let clip = open(&whole[..end]).unwrap();
        let want = match (whole.len() - end, end - at) {
            // A few bytes are no box's header.
            (_, 1..8) => (2, None),
            (1..8, _) => (3, Some(pictures_of(1, 9000))),
            (8..21, _) => (2, Some(pictures_of(2, 6000))),
            // Up to the end of the moof.
            (21.., _) if end >= whole.len() - 21 => (2, Some(pictures_of(2, 6000))),
            _ => {
                let what = "its index is not whole";
                (2, Some(Missing::After { offset: at as u64, what }))
            }
        };
        assert_eq!(
            (clip.samples().len(), clip.missing()),
            want,
            "{} bytes less",
            whole.len() - end
        );
    }
    // One in the middle that makes no sense, and good ones behind it.
    let mut broken = fragment(2);
    let tfhd = broken.windows(4).position(|kind| kind == b"tfhd").unwrap();
    broken[tfhd..tfhd + 4].copy_from_slice(b"xxxx");
    let clip = open(&[head.clone(), fragment(0), broken.clone(), fragment(4)].concat()).unwrap();
    assert_eq!(times(&clip), [0, 3000, 12_000, 15_000]);
    assert!(matches!(clip.missing(), Some(Missing::After { .. })));
    // None but that one.
    assert!(said(&[head, broken].concat()).contains("a fragment has no header"));
}

#[test]
fn h265_is_read_with_its_parameter_sets_in_front() {
    // Twelve pictures of x265 with B-frames, by FFmpeg.
    let mut clip = open(include_bytes!("h265.mp4")).unwrap();
    assert_eq!((clip.codec(), clip.size()), (Codec::H265, Size::new(128, 96)));
    assert_eq!((clip.samples().len(), clip.frame_rate()), (12, Some(10.0)));
    let kinds = |annex_b: &[u8]| -> Vec<u8> {
        annex_b_units(annex_b).filter_map(h265::nal_type).map(h265::NalType::as_u8).collect()
    };
    let mut annex_b = Vec::new();
    clip.read(0, &mut annex_b).unwrap();
    assert_eq!(kinds(&annex_b)[..3], [32, 33, 34]);
    assert!(kinds(&annex_b).last().is_some_and(|kind| (19..=20).contains(kind)));
    clip.read(1, &mut annex_b).unwrap();
    assert_eq!(kinds(&annex_b), [1]);
    let mut shown: Vec<i64> = times(&clip);
    shown.sort_unstable();
    assert!(shown.windows(2).all(|pair| pair[1] - pair[0] == 9000), "{shown:?}");
}
