//! Every check that needs only the files: what they found, and what they have to show.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use crate::arrows::{self, Circle};
use crate::files::{self, Package};
use crate::modules::{Level, Modules};
use crate::plan::{FILE, Plan};
use crate::sizes::{self, Lines};
use crate::{clocks, words};

/// Folders with Rust beside the packages of the workspace.
const BESIDE: [&str; 1] = ["fuzz"];

/// What the files say.
pub(crate) struct House {
    packages: Vec<Package>,
    lines: BTreeMap<String, Lines>,
    /// Package name, how many modules it has at the top, and the levels of its modules. A package
    /// with a library and a program has both, the library first.
    levels: Vec<(String, Vec<Level>)>,
    /// Lines and name of every file that is longer than the plan likes.
    long_files: Vec<(usize, String)>,
    sources: Vec<String>,
    documents: Vec<String>,
}

impl House {
    pub(crate) fn read(root: &Path, plan: &Plan) -> io::Result<Self> {
        let packages = files::packages(root)?;
        let mut levels = Vec::new();
        let mut sources = Vec::new();
        let mut documents = files::below(root, "docs", "md")?;
        for package in &packages {
            for root_file in package.roots(root) {
                levels.push((package.name.clone(), Modules::read(root, &root_file)?.levels()));
            }
            sources.extend(files::below(root, &package.folder, "rs")?);
            documents.extend(files::below(root, &package.folder, "md")?);
        }
        for folder in BESIDE {
            sources.extend(files::below(root, folder, "rs")?);
        }
        for name in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"] {
            if root.join(name).is_file() {
                documents.push(name.to_owned());
            }
        }
        let long_files = sizes::long_files(root, &sources, plan.limits.long_file)?;
        let lines = sizes::of_rooms(root, &packages)?;
        Ok(Self { packages, lines, levels, long_files, sources, documents })
    }

    /// What breaks the plan, one line each, those with several places more.
    pub(crate) fn broken(&self, root: &Path, plan: &Plan) -> io::Result<Vec<String>> {
        let mut broken = plan.contradictions();
        broken.extend(self.rooms_without_entry(plan));
        for (package, levels) in self.tops() {
            let Some(room) = plan.crates.get(package) else { continue };
            let modules = levels.members.len() - 1;
            if room.modules.is_some() || modules >= plan.limits.table_from_modules {
                broken.extend(arrows::against_table(package, levels, room.modules.as_ref()));
            }
        }
        broken.extend(arrows::against_exceptions(&self.circles(), &plan.circles.not_yet));
        broken.extend(sizes::too_large(&self.lines, &plan.limits));
        for (lines, file) in &self.long_files {
            if *lines > plan.limits.longest_file {
                broken.push(format!(
                    "{file} has {lines} lines; at most {} may stand in one file",
                    plan.limits.longest_file
                ));
            }
        }
        broken.extend(words::check(root, &self.sources, &self.documents, &plan.words.not_yet)?);
        broken.extend(clocks::check(root, &self.packages, &plan.clock)?);
        Ok(broken)
    }

    fn rooms_without_entry(&self, plan: &Plan) -> Vec<String> {
        let rooms = || self.packages.iter().filter(|package| package.is_room());
        let missing = rooms()
            .filter(|package| !plan.crates.contains_key(&package.name))
            .map(|package| format!("{FILE}: [crates.{}] is missing", package.name));
        let gone = plan
            .crates
            .keys()
            .filter(|name| !rooms().any(|package| package.name == **name))
            .map(|name| format!("{FILE}: [crates.{name}] is no crate in crates/; take it out"));
        missing.chain(gone).collect()
    }

    /// The modules right below the root of each package, where it has any.
    pub(crate) fn tops(&self) -> impl Iterator<Item = (&str, &Level)> {
        let mut seen = Vec::new();
        self.levels.iter().filter_map(move |(package, levels)| {
            let first = !seen.contains(&package);
            seen.push(package);
            first.then(|| Some((package.as_str(), levels.first()?))).flatten()
        })
    }

    pub(crate) fn circles(&self) -> Vec<Circle<'_>> {
        self.levels.iter().flat_map(|(_, levels)| levels).flat_map(arrows::circles_of).collect()
    }

    /// Rooms and arrows, for people.
    pub(crate) fn text(&self, plan: &Plan) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write_rooms(&mut text, plan);
        let _ = self.write_arrows(&mut text, plan);
        let _ = self.write_sums(&mut text, plan);
        text
    }

    fn write_rooms(&self, text: &mut String, plan: &Plan) -> std::fmt::Result {
        let all: usize = self.lines.values().map(|lines| lines.all).sum();
        let src: usize = self.lines.values().map(|lines| lines.src).sum();
        writeln!(
            text,
            "Rooms                  src   with tests    share   stands on: what it is for"
        )?;
        let mut rooms: Vec<_> = plan.crates.iter().collect();
        rooms.sort_by(|a, b| b.1.floor.cmp(&a.1.floor).then(a.0.cmp(b.0)));
        let mut floor = None;
        for (name, room) in rooms {
            if floor != Some(room.floor) {
                floor = Some(room.floor);
                writeln!(text, "  floor {}", room.floor)?;
            }
            let lines = self.lines.get(name).copied().unwrap_or_default();
            let below: Vec<&str> =
                room.on.iter().map(|on| on.strip_prefix("razz-").unwrap_or(on)).collect();
            writeln!(
                text,
                "    {name:<16}{:>6} {:>12} {:>6.1} %   {}: {}{}",
                lines.src,
                lines.all,
                sizes::percent(lines.all, all),
                if below.is_empty() { "–".to_owned() } else { below.join(" ") },
                room.why,
                if room.pure { " (pure)" } else { "" },
            )?;
        }
        writeln!(text, "    {:<16}{src:>6} {all:>12}", "together")?;
        writeln!(text)
    }

    fn write_arrows(&self, text: &mut String, plan: &Plan) -> std::fmt::Result {
        writeln!(text, "Arrows between the modules of a crate")?;
        for (package, level) in self.tops().filter(|(name, _)| plan.crates.contains_key(*name)) {
            writeln!(text, "  {package}: {} modules", level.members.len() - 1)?;
            for (from, to) in arrows::table(level) {
                let to = if to.is_empty() { "–".to_owned() } else { to.join(" ") };
                writeln!(text, "    {from} → {to}")?;
            }
        }
        writeln!(text)
    }

    fn write_sums(&self, text: &mut String, plan: &Plan) -> std::fmt::Result {
        let limits = &plan.limits;
        writeln!(text, "Files of more than {} lines: {}", limits.long_file, self.long_files.len())?;
        for (lines, file) in &self.long_files {
            writeln!(text, "  {lines} {file}")?;
        }
        let all: usize = self.lines.values().map(|lines| lines.all).sum();
        if let Some((name, lines)) = self.lines.iter().max_by_key(|(_, lines)| lines.all) {
            let share = sizes::percent(lines.all, all);
            writeln!(
                text,
                "The largest crate is {name} with {share:.1} % of the lines; {} % is the most.",
                limits.largest_crate_percent
            )?;
        }
        let circles = self.circles();
        let longest = circles.iter().map(|circle| circle.members.len()).max().unwrap_or(0);
        writeln!(text, "The longest module cycle is {longest}.")?;
        for circle in &circles {
            let members: Vec<&str> = circle.members.iter().copied().collect();
            writeln!(text, "  {}: {}", circle.level, members.join(", "))?;
        }
        let (circles, words) = (plan.circles.not_yet.len(), plan.words.not_yet.len());
        let large = limits.too_large_not_yet.len();
        if circles + words + large > 0 {
            writeln!(
                text,
                "Not yet as they should be: {circles} folders with circles, {words} files with banned \
                 words, {large} crates too large."
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
