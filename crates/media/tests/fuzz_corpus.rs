//! The fuzz targets' checks, run by an ordinary compiler: on their corpora, on those with bytes
//! changed, and on random bytes.

use proptest::prelude::*;

#[path = "../../../fuzz/checks_media.rs"]
mod checks;
#[path = "../../../fuzz/corpus.rs"]
mod corpus;

use corpus::corpus;

/// A file of the corpus with a few bytes changed, put in or cut away.
fn changed(target: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let seeds: Vec<Vec<u8>> = corpus(target).into_iter().map(|(_, bytes)| bytes).collect();
    let edits = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3u8), 0..6);
    (prop::sample::select(seeds), edits).prop_map(|(mut bytes, edits)| {
        for (place, value, kind) in edits {
            let at = place.index(bytes.len() + 1);
            match kind {
                0 if at < bytes.len() => bytes[at] = value,
                1 => bytes.insert(at, value),
                _ => bytes.truncate(at),
            }
        }
        bytes
    })
}

#[test]
fn the_corpora_pass() {
    corpus("nal_sps").iter().for_each(|(_, bytes)| checks::nal_sps(bytes));
    corpus("packetize").iter().for_each(|(_, bytes)| checks::packetize(bytes));
    corpus("receive").iter().for_each(|(name, bytes)| {
        assert!(!checks::receive(bytes).is_empty(), "{name} gives nothing");
    });
    corpus("mp4").iter().for_each(|(_, bytes)| checks::mp4(bytes));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    #[test]
    fn nal_sps_takes_anything(
        bytes in prop_oneof![changed("nal_sps"), prop::collection::vec(any::<u8>(), 0..200)],
    ) {
        checks::nal_sps(&bytes);
    }

    #[test]
    fn packetize_takes_anything(
        bytes in prop_oneof![changed("packetize"), prop::collection::vec(any::<u8>(), 0..200)],
    ) {
        checks::packetize(&bytes);
    }

    #[test]
    fn receive_takes_anything(
        bytes in prop_oneof![changed("receive"), prop::collection::vec(any::<u8>(), 0..2000)],
    ) {
        checks::receive(&bytes);
    }

    #[test]
    fn mp4_takes_anything(
        bytes in prop_oneof![changed("mp4"), prop::collection::vec(any::<u8>(), 0..200)],
    ) {
        checks::mp4(&bytes);
    }
}
