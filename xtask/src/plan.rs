//! `xtask/floor-plan.toml`: what is allowed, as people wrote it down.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::Deserialize;

/// Where the plan stands, from the root of the repository.
pub(crate) const FILE: &str = "xtask/floor-plan.toml";

/// Module name to the modules that it may name.
pub(crate) type Table = BTreeMap<String, Vec<String>>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    pub(crate) limits: Limits,
    pub(crate) clock: Clock,
    pub(crate) world: World,
    #[serde(default)]
    pub(crate) circles: Circles,
    #[serde(default)]
    pub(crate) words: Words,
    /// By package name.
    pub(crate) crates: BTreeMap<String, Room>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limits {
    /// The share of all Rust lines in `crates/` that one crate may hold.
    pub(crate) largest_crate_percent: f64,
    /// A file with more lines fails.
    pub(crate) longest_file: usize,
    /// A file with more lines is named.
    pub(crate) long_file: usize,
    /// A crate with this many modules has a table of the arrows between them.
    pub(crate) table_from_modules: usize,
    /// Crates that are still too large.
    #[serde(default)]
    pub(crate) too_large_not_yet: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Clock {
    /// The files that may read clocks.
    pub(crate) readers: Vec<String>,
    /// Folders of crates that may, each with the reason.
    #[serde(default)]
    pub(crate) exempt: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct World {
    /// Packages that open sockets, run tasks, decode or infer.
    pub(crate) packages: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Circles {
    /// Folder to those of its modules that still stand in a circle.
    #[serde(default)]
    pub(crate) not_yet: Table,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Words {
    /// Files and folders that still use a banned word.
    #[serde(default)]
    pub(crate) not_yet: Vec<String>,
}

/// One crate of the house.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Room {
    /// Every crate that it stands on has a lower one.
    pub(crate) floor: u8,
    /// What it is for, and why it may have what it has beneath it.
    pub(crate) why: String,
    /// Our own crates that are beneath it, directly or not.
    #[serde(default)]
    pub(crate) on: Vec<String>,
    /// Bytes and times in, values out: nothing of [`World`] beneath it, and it compiles for wasm.
    #[serde(default)]
    pub(crate) pure: bool,
    /// The packages of [`World`] that are beneath it.
    #[serde(default)]
    pub(crate) besides: Vec<String>,
    pub(crate) modules: Option<Table>,
}

impl Plan {
    pub(crate) fn open(root: &Path) -> io::Result<Self> {
        Self::parse(&fs::read_to_string(root.join(FILE))?)
    }

    pub(crate) fn parse(text: &str) -> io::Result<Self> {
        toml::from_str(text).map_err(|error| io::Error::other(format!("{FILE}: {error}")))
    }

    /// What the plan says that cannot be.
    pub(crate) fn contradictions(&self) -> Vec<String> {
        let mut broken = Vec::new();
        for (name, room) in &self.crates {
            if room.why.trim().is_empty() {
                broken.push(format!("{FILE}: {name} has no reason (`why`)"));
            }
            for below in &room.on {
                match self.crates.get(below) {
                    None => broken.push(format!("{FILE}: {name} stands on {below}, which has no entry")),
                    Some(other) if other.floor >= room.floor => broken.push(format!(
                        "{FILE}: {name} on floor {} stands on {below} on floor {}; it must be a lower one",
                        room.floor, other.floor
                    )),
                    Some(_) => {}
                }
            }
            for package in &room.besides {
                if !self.world.packages.contains(package) {
                    broken.push(format!(
                        "{FILE}: {name} besides {package}, which world.packages does not name"
                    ));
                }
            }
            if room.pure && !room.besides.is_empty() {
                broken.push(format!("{FILE}: {name} is pure, so it has nothing besides"));
            }
        }
        for (folder, reason) in &self.clock.exempt {
            if reason.trim().is_empty() {
                broken.push(format!("{FILE}: clock.exempt: {folder} has no reason"));
            }
        }
        broken
    }
}
