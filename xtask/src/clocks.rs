//! Time is an argument: the plan names the files that read the clocks, everything else is told what
//! time it is.

use std::fs;
use std::io;
use std::path::Path;

use crate::files::{self, Package};
use crate::plan::{Clock, FILE};
use crate::source::Source;

/// Calls that read a clock.
const READS: [[&str; 2]; 3] = [["Instant", "now"], ["SystemTime", "now"], ["Utc", "now"]];

/// Every clock read outside the readers and the exempt crates, and entries of the plan that are no
/// longer needed.
pub(crate) fn check(root: &Path, packages: &[Package], clock: &Clock) -> io::Result<Vec<String>> {
    let mut broken = Vec::new();
    let mut needed: Vec<&str> = Vec::new();
    for package in packages.iter().filter(|package| package.is_room()) {
        for file in files::below(root, &format!("{}/src", package.folder), "rs")? {
            let source = Source::read(&fs::read_to_string(root.join(&file))?)
                .map_err(|error| io::Error::other(format!("{file}: {error}")))?;
            let found = reads(&source);
            let reader = clock.readers.iter().find(|reader| **reader == file);
            let exempt = clock.exempt.keys().find(|folder| **folder == package.folder);
            if let Some(allowed) = reader.or(exempt) {
                if !found.is_empty() {
                    needed.push(allowed);
                }
                continue;
            }
            for (line, read) in found {
                broken.push(format!(
                    "{file}:{line} calls {read}; only {} may read clocks, take the time as an argument",
                    clock.readers.join(", ")
                ));
            }
        }
    }
    for entry in clock.readers.iter().chain(clock.exempt.keys()) {
        if !needed.contains(&entry.as_str()) {
            broken.push(format!("{FILE}: clock: {entry} reads no clock; take it out"));
        }
    }
    Ok(broken)
}

/// Line and call, tests left out.
fn reads(source: &Source) -> Vec<(usize, String)> {
    let own = source.paths.iter().filter(|path| !path.test).filter_map(|path| {
        READS
            .into_iter()
            .find(|read| path.segments.windows(2).any(|pair| pair == read))
            .map(|read| (path.line, read.join("::")))
    });
    let inside = source.children.iter().filter_map(|child| child.body.as_ref()).flat_map(reads);
    own.chain(inside).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Tree;

    #[test]
    fn reads_are_found_where_they_count() {
        for (source, found) in [
            ("fn a() { let now = Instant::now(); }", &[(1, "Instant::now")][..]),
            ("\nfn a() { let t = std::time::SystemTime::now(); }", &[(2, "SystemTime::now")]),
            ("fn a() { let t = tokio::time::Instant::now(); }", &[(1, "Instant::now")]),
            ("// Instant::now is read elsewhere", &[]),
            ("/// Like `Instant::now`.\nfn a() {}", &[]),
            ("fn a() { let f = Instant::now; }", &[(1, "Instant::now")]),
            ("fn a() { print(\"Instant::now\"); }", &[]),
            ("fn a() { log!(\"at {:?}\", Instant::now()); }", &[(1, "Instant::now")]),
            ("mod b {\n fn a() { Instant::now(); } }", &[(2, "Instant::now")]),
            ("fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() { Instant::now(); }\n}", &[]),
            ("#[cfg(test)]\nuse x;\nfn a() { Instant::now(); }", &[(3, "Instant::now")]),
            ("fn now(at: MonoTime) -> MonoTime { at }", &[]),
        ] {
            let read = reads(&Source::read(source).expect("Rust"));
            let read: Vec<_> = read.iter().map(|(line, name)| (*line, name.as_str())).collect();
            assert_eq!(read, found, "{source}");
        }
    }

    #[test]
    fn readers_and_exempt_crates_are_kept_true() {
        let reading = "fn a() { Instant::now(); }";
        let tree = Tree::new(&[
            ("crates/a/src/lib.rs", "mod clock; mod b;"),
            ("crates/a/src/clock.rs", reading),
            ("crates/a/src/b.rs", reading),
            ("crates/c/src/lib.rs", reading),
            ("crates/d/src/lib.rs", ""),
        ]);
        let packages: Vec<Package> = ["a", "c", "d"]
            .map(|name| Package { name: name.to_owned(), folder: format!("crates/{name}") })
            .into();
        let clock = |readers: &[&str], exempt: &[&str]| Clock {
            readers: readers.iter().map(ToString::to_string).collect(),
            exempt: exempt.iter().map(|f| ((*f).to_owned(), "it measures".to_owned())).collect(),
        };
        for (clock, broken) in [
            (clock(&["crates/a/src/clock.rs", "crates/a/src/b.rs"], &["crates/c"]), &[][..]),
            (clock(&["crates/a/src/clock.rs"], &["crates/c"]), &["crates/a/src/b.rs:1 calls"]),
            (clock(&[], &["crates/a"]), &["crates/c/src/lib.rs:1 calls Instant::now"]),
            (clock(&[], &["crates/a", "crates/c", "crates/d"]), &["crates/d reads no clock"]),
            (
                clock(&["crates/e/src/lib.rs"], &["crates/a", "crates/c"]),
                &["crates/e/src/lib.rs reads no"],
            ),
        ] {
            let lines = check(tree.root(), &packages, &clock).expect("readable");
            assert_eq!(lines.len(), broken.len(), "{lines:?}");
            for (line, expected) in lines.iter().zip(broken) {
                assert!(line.contains(expected), "{line}");
            }
        }
    }
}
