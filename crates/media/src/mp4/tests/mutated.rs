//! Ten thousand files that were changed at random places: whatever they say, they are read or refused.

use super::*;

/// A file with most of what the parser knows.
fn rich() -> Vec<u8> {
    let cover = Shape {
        codec: b"jpeg",
        sizes: vec![6],
        runs: vec![1, 1, 1],
        chunks: vec![0],
        ..ordinary()
    };
    file(&Shape {
        shown: Some(vec![1, 1, 1, 2, 1, 0, 1, 1]),
        edits: Some(vec![500, u32::MAX, 1, 134, 1, 1]),
        movie_timescale: Some(1000),
        matrix: [0, 1, -1, 0],
        pasp: Some([4, 3]),
        screen: [128, 48],
        before: vec![cover],
        ..ordinary()
    })
}

fn fragments() -> Vec<u8> {
    let trex = atom(b"trex", &words(&[0, 1, 1, 1, 0, 0x1_0000]));
    let shape = Shape { mvex: atom(b"mvex", &trex), ..ordinary() };
    let header = atom(b"tfhd", &words(&[0x2_0000, 1]));
    let time = atom(b"tfdt", &words(&[0, 9]));
    let trun = atom(b"trun", &words(&[0x305, 2, 80, 0, 1, 6, 1, 7]));
    let moof = atom(b"moof", &atom(b"traf", &[header, time, trun].concat()));
    [file(&shape), moof, atom(b"mdat", &SAMPLES[..13])].concat()
}

#[test]
fn whatever_a_file_says_it_is_read_or_refused() {
    let seeds = [file(&ordinary()), rich(), fragments()];
    let mut state = 20_261_129_u64;
    let mut random = move |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let (mut read, mut refused, mut torn) = (0, 0, 0);
    for round in 0..10_000 {
        let mut data = seeds[round % seeds.len()].clone();
        for _ in 0..=random(6) {
            let at = random(data.len());
            match random(8) {
                0 => data.truncate(at.max(1)),
                1 => data.insert(at, random(256) as u8),
                2 => drop(data.remove(at)),
                // Lengths, counts and offsets at their limits.
                3 => {
                    let limit = [0, 1, 0x7FFF_FFFF, 0x8000_0000, u32::MAX][random(5)];
                    let end = data.len().min(at + 4);
                    data[at..end].copy_from_slice(&limit.to_be_bytes()[..end - at]);
                }
                4 => data[at] ^= 1 << random(8),
                _ => data[at] = random(256) as u8,
            }
            if data.is_empty() {
                data.push(0);
            }
        }
        let Ok(mut clip) = open(&data) else {
            refused += 1;
            continue;
        };
        read += 1;
        torn += usize::from(clip.missing().is_some());
        // What is left of a file of a few hundred bytes lies inside it.
        let mut unit = Vec::new();
        for index in 0..clip.samples().len().min(50) {
            if clip.read(index, &mut unit).is_ok() {
                assert!(unit.is_empty() || unit.starts_with(&[0, 0, 0, 1]));
                assert!(unit.len() <= 4 * data.len() + 64, "{} from {}", unit.len(), data.len());
            }
        }
        assert!(clip.frame_rate().is_none_or(|rate| rate > 0.0 && rate.is_finite()));
        let aspect = clip.pixel_aspect();
        assert!(aspect.width > 0 && aspect.height > 0);
        let _ =
            (clip.orientation(), clip.size(), clip.missing().map(|missing| missing.to_string()));
    }
    assert!(read > 1000 && refused > 1000 && torn > 100, "{read} {refused} {torn}");
}
