//! The fuzz targets' checks, run by an ordinary compiler: on their corpora, on those with bytes changed, and on random
//! bytes.

use proptest::prelude::*;

#[path = "../../../fuzz/checks_store.rs"]
mod checks;
#[path = "../../../fuzz/corpus.rs"]
mod corpus;

use corpus::corpus;

/// A file of the corpus with a few bytes changed, put in or cut away.
fn changed(target: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let seeds: Vec<Vec<u8>> = corpus(target).into_iter().map(|(_, bytes)| bytes).collect();
    let edits = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4u8), 0..6);
    (prop::sample::select(seeds), edits).prop_map(|(mut bytes, edits)| {
        for (place, value, kind) in edits {
            let at = place.index(bytes.len() + 1);
            match kind {
                0 | 1 if at < bytes.len() => bytes[at] = value,
                2 => bytes.insert(at, value),
                _ => bytes.truncate(at),
            }
        }
        bytes
    })
}

#[test]
fn the_corpora_pass() {
    for (name, bytes) in corpus("recording") {
        assert!(checks::recording(&bytes) > 0, "{name} has no fragment");
    }
    for (name, bytes) in corpus("track_block") {
        assert!(checks::track_block(&bytes) > 0, "{name} has no frame");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    #[test]
    fn recording_takes_anything(
        bytes in prop_oneof![changed("recording"), prop::collection::vec(any::<u8>(), 0..200)],
    ) {
        checks::recording(&bytes);
    }

    #[test]
    fn track_block_takes_anything(
        bytes in prop_oneof![changed("track_block"), prop::collection::vec(any::<u8>(), 0..200)],
    ) {
        checks::track_block(&bytes);
    }
}
