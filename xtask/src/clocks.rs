//! Time is an argument: one file reads the clocks, everything else is told what time it is.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The file that may.
const READER: &str = "crates/server/src/clock.rs";

/// Where nobody else may. The test camera in `scene` paces itself and is left out.
const WATCHED: [&str; 7] = [
    "crates/base/src",
    "crates/media/src",
    "crates/track/src",
    "crates/engine/src",
    "crates/vision/src",
    "crates/server/src",
    "crates/viewer/src",
];

/// Calls that read a clock.
const READS: [&str; 3] = ["Instant::now", "SystemTime::now", "Utc::now"];

/// Every clock read outside [`READER`], with file and line.
pub(crate) fn only_one_file_reads(root: &Path) -> io::Result<Vec<String>> {
    let mut broken = Vec::new();
    for folder in WATCHED {
        for file in rust_files(&root.join(folder))? {
            let name = file.strip_prefix(root).unwrap_or(&file).display().to_string();
            if name == READER {
                continue;
            }
            for (line, read) in reads(&fs::read_to_string(&file)?) {
                broken.push(format!("{name}:{line} calls {read}; only {READER} reads clocks, take the time as an argument"));
            }
        }
    }
    Ok(broken)
}

fn rust_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Line numbers from 1 and the call. Comments do not count, nor does the unit-test module, which by
/// the house's order stands at the end of its file.
fn reads(source: &str) -> Vec<(usize, &'static str)> {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let end = lines
        .windows(2)
        .position(|pair| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod "))
        .unwrap_or(lines.len());
    lines[..end]
        .iter()
        .enumerate()
        .filter(|(_, line)| !line.starts_with("//"))
        .filter_map(|(index, line)| {
            READS.into_iter().find(|read| line.contains(read)).map(|read| (index + 1, read))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_are_found_where_they_count() {
        for (source, found) in [
            ("let now = Instant::now();", &[(1, "Instant::now")][..]),
            ("\n  let t = std::time::SystemTime::now();", &[(2, "SystemTime::now")]),
            ("let t = tokio::time::Instant::now();", &[(1, "Instant::now")]),
            ("// Instant::now is read elsewhere", &[]),
            ("/// Like `Instant::now`.", &[]),
            ("let f = Instant::now;", &[(1, "Instant::now")]),
            ("fn a() {}\n#[cfg(test)]\nmod tests {\n let t = Instant::now();\n}", &[]),
            ("#[cfg(test)]\nuse x;\nlet t = Instant::now();", &[(3, "Instant::now")]),
            ("fn now(at: MonoTime) -> MonoTime { at }", &[]),
        ] {
            assert_eq!(reads(source), found, "{source}");
        }
    }
}
