//! How many lines of Rust there are, in which crate and in which file.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use crate::files::{self, Package};
use crate::plan::{FILE, Limits};

/// The lines of one crate.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub(crate) struct Lines {
    pub(crate) src: usize,
    /// `src`, `tests`, `benches` and `examples`.
    pub(crate) all: usize,
}

/// The lines of every room, by package name.
pub(crate) fn of_rooms(root: &Path, packages: &[Package]) -> io::Result<BTreeMap<String, Lines>> {
    let mut lines = BTreeMap::new();
    for package in packages.iter().filter(|package| package.is_room()) {
        let mut sum = Lines::default();
        for (folder, is_src) in
            [("src", true), ("tests", false), ("benches", false), ("examples", false)]
        {
            for file in files::below(root, &format!("{}/{folder}", package.folder), "rs")? {
                let count = lines_of(root, &file)?;
                sum.all += count;
                sum.src += if is_src { count } else { 0 };
            }
        }
        lines.insert(package.name.clone(), sum);
    }
    Ok(lines)
}

/// A part of the whole in percent.
#[allow(clippy::cast_precision_loss, reason = "numbers of lines")]
pub(crate) fn percent(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 }
}

/// The crates that hold more than their share, and exceptions that are no longer needed.
pub(crate) fn too_large(lines: &BTreeMap<String, Lines>, limits: &Limits) -> Vec<String> {
    let whole = lines.values().map(|lines| lines.all).sum();
    let mut broken = Vec::new();
    for (name, lines) in lines {
        let share = percent(lines.all, whole);
        let excepted = limits.too_large_not_yet.contains(name);
        let large = share > limits.largest_crate_percent;
        if large && !excepted {
            broken.push(format!(
                "{name} holds {share:.1} % of the Rust lines in crates/; at most {} % may stand in one crate",
                limits.largest_crate_percent
            ));
        } else if !large && excepted {
            broken.push(format!(
                "{FILE}: limits.too_large_not_yet: {name} is no longer too large; take it out"
            ));
        }
    }
    for name in limits.too_large_not_yet.iter().filter(|name| !lines.contains_key(*name)) {
        broken.push(format!("{FILE}: limits.too_large_not_yet: there is no crate {name}"));
    }
    broken
}

/// Files with more than `least` lines, the longest first.
pub(crate) fn long_files(
    root: &Path,
    files: &[String],
    least: usize,
) -> io::Result<Vec<(usize, String)>> {
    let mut long = Vec::new();
    for file in files {
        let count = lines_of(root, file)?;
        if count > least {
            long.push((count, file.clone()));
        }
    }
    long.sort_by(|a, b| b.cmp(a));
    Ok(long)
}

fn lines_of(root: &Path, file: &str) -> io::Result<usize> {
    Ok(fs::read_to_string(root.join(file))?.lines().count())
}
