//! The fuzz targets' checks, run by an ordinary compiler: on their corpora, and on those with bytes
//! changed.

#[path = "../../../fuzz/checks_vision.rs"]
mod checks;
#[path = "../../../fuzz/corpus.rs"]
mod corpus;

use corpus::corpus;

#[test]
fn the_corpora_pass() {
    for (name, bytes) in corpus("hevc") {
        assert!(checks::hevc(&bytes) >= 3, "{name} gives too few pictures");
    }
}

/// Bytes are changed, put in and taken out, most of them among the parameter sets in front.
#[test]
fn hevc_takes_anything() {
    let seeds = corpus("hevc");
    let mut state = 1u64;
    let mut below = |end: usize| {
        // An xorshift generator: the numbers are the same in every run.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize % end
    };
    for round in 0..600 {
        let mut bytes = seeds[round % seeds.len()].1.clone();
        for _ in 0..=below(6) {
            let end = if below(2) == 0 { bytes.len().min(120) } else { bytes.len() };
            let at = below(end);
            match below(4) {
                0 => bytes[at] = below(256) as u8,
                1 => bytes.insert(at, below(256) as u8),
                2 => drop(bytes.remove(at)),
                _ => bytes[at] ^= 1 << below(8),
            }
        }
        checks::hevc(&bytes);
    }
}
