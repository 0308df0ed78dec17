//! The fuzz targets' checks on their corpus, and on every beginning and many mutations of it, without a
//! fuzzer.

#[path = "../../../fuzz/checks_rtsp.rs"]
mod checks;

use std::fs;
use std::path::Path;

fn each(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut count = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        count += 1;
        check(&bytes);
        for at in 0..bytes.len() {
            check(&bytes[..at]);
            for value in [0, b'\n', b'$', 0xFF, bytes[at] ^ 1] {
                let mut changed = bytes.clone();
                changed[at] = value;
                check(&changed);
            }
        }
    }
    assert!(count >= 2, "{} has {count} files", folder.display());
}

#[test]
fn dialogues() {
    each("rtsp", checks::rtsp);
}

#[test]
fn session_descriptions() {
    each("sdp", checks::sdp);
}
