//! The fuzz targets' checks, run by an ordinary compiler: on their corpora, on those with bytes
//! changed, and on random bytes.

use std::path::Path;

use proptest::prelude::*;

#[path = "../../../fuzz/checks_viewer.rs"]
mod checks;

/// The files of a target's corpus.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let files = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{folder:?} is empty");
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// A file of the corpus with bytes changed, put in or cut away, or lines doubled or taken out.
fn changed(target: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let edits = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..5u8), 0..6);
    (prop::sample::select(corpus(target)), edits).prop_map(|(mut bytes, edits)| {
        for (place, value, kind) in edits {
            let at = place.index(bytes.len() + 1);
            match kind {
                0 if at < bytes.len() => bytes[at] = value,
                1 => bytes.insert(at, value),
                2 => bytes.truncate(at),
                _ => {
                    let mut lines: Vec<Vec<u8>> =
                        bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
                    if !lines.is_empty() {
                        let line = lines.remove(place.index(lines.len()));
                        if kind == 3 {
                            lines.insert(usize::from(value) % (lines.len() + 1), line.clone());
                            lines.push(line);
                        }
                    }
                    bytes = lines.concat();
                }
            }
        }
        bytes
    })
}

#[test]
fn the_corpora_pass() {
    corpus("offer").iter().for_each(|bytes| checks::offer(bytes));
    corpus("mux").iter().for_each(|bytes| checks::mux(bytes));
    corpus("reports").iter().for_each(|bytes| checks::reports(bytes));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn offers_may_be_anything(
        bytes in prop_oneof![9 => changed("offer"), 1 => prop::collection::vec(any::<u8>(), 0..200)],
    ) {
        checks::offer(&bytes);
    }

    #[test]
    fn reports_may_be_anything(
        bytes in prop_oneof![changed("reports"), prop::collection::vec(any::<u8>(), 0..400)],
    ) {
        checks::reports(&bytes);
    }

    #[test]
    fn datagrams_may_be_anything(
        bytes in prop_oneof![changed("mux"), prop::collection::vec(any::<u8>(), 0..400)],
    ) {
        checks::mux(&bytes);
    }
}
