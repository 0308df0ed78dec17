//! The arrows between modules: against the plan's table, and none in a circle.

use std::collections::BTreeSet;

use crate::circles::circles;
use crate::modules::{Arrow, Level, Place};
use crate::plan::{FILE, Table};

/// How many places of one arrow are named.
const PLACES: usize = 5;

/// The arrows of the level as a table: every module, those that name no other as well.
pub(crate) fn table(level: &Level) -> Table {
    let root = root_file(level);
    let mut table: Table = level
        .members
        .iter()
        .filter(|member| **member != root)
        .map(|member| (member.clone(), Vec::new()))
        .collect();
    for arrow in &level.arrows {
        if let Some(to) = table.get_mut(&arrow.from) {
            to.push(arrow.to.clone());
        }
    }
    table
}

/// What differs between the crate and its table. The root file declares every module and may name
/// each; that a module names something of the root file stands in the table like any other arrow.
pub(crate) fn against_table(package: &str, level: &Level, allowed: Option<&Table>) -> Vec<String> {
    let section = format!("{FILE}: [crates.{package}.modules]");
    let Some(allowed) = allowed else {
        return vec![format!(
            "{section} is missing; the crate has {} modules (cargo run -p xtask -- floor-plan --write)",
            level.members.len() - 1
        )];
    };
    let mut broken = Vec::new();
    let found = table(level);
    for module in found.keys().filter(|module| !allowed.contains_key(*module)) {
        broken.push(format!("{section} has no line for the module {module}"));
    }
    for arrow in &level.arrows {
        let Some(line) = allowed.get(&arrow.from) else { continue };
        if !line.contains(&arrow.to) {
            broken.push(format!(
                "{package}: the table has no arrow {} -> {}; {}",
                arrow.from,
                arrow.to,
                places(&arrow.places)
            ));
        }
    }
    for (from, line) in allowed {
        let Some(used) = found.get(from) else {
            broken.push(format!("{section} has the module {from}, which does not exist"));
            continue;
        };
        for to in line.iter().filter(|to| !used.contains(to)) {
            broken
                .push(format!("{section} allows {from} -> {to}, which nothing uses; take it out"));
        }
    }
    broken
}

/// The circles of one level, its own file left out: a module may use the modules inside it, and they
/// may use what it declares for all of them.
#[derive(Debug, PartialEq)]
pub(crate) struct Circle<'a> {
    pub(crate) level: &'a str,
    pub(crate) members: BTreeSet<&'a str>,
    arrows: Vec<&'a Arrow>,
}

pub(crate) fn circles_of(level: &Level) -> Vec<Circle<'_>> {
    let root = root_file(level);
    let inner: Vec<&Arrow> =
        level.arrows.iter().filter(|arrow| arrow.from != root && arrow.to != root).collect();
    circles(&inner)
        .into_iter()
        .map(|members| {
            let within = |name: &String| members.contains(name.as_str());
            let arrows = inner
                .iter()
                .copied()
                .filter(|arrow| within(&arrow.from) && within(&arrow.to))
                .collect();
            Circle { level: &level.name, members, arrows }
        })
        .collect()
}

/// The circles that the plan does not bear with, and its exceptions that are no longer needed.
pub(crate) fn against_exceptions(found: &[Circle<'_>], not_yet: &Table) -> Vec<String> {
    let mut broken = Vec::new();
    for circle in found {
        let excepted = not_yet.get(circle.level).map_or(&[][..], Vec::as_slice);
        if circle.members.iter().all(|member| excepted.iter().any(|entry| entry == member)) {
            continue;
        }
        let members: Vec<&str> = circle.members.iter().copied().collect();
        let mut line = format!("{}: a circle of {}", circle.level, members.join(", "));
        for arrow in &circle.arrows {
            line.push_str(&format!(
                "\n    {} -> {}; {}",
                arrow.from,
                arrow.to,
                places(&arrow.places)
            ));
        }
        broken.push(line);
    }
    for (level, excepted) in not_yet {
        for member in excepted {
            let needed = found
                .iter()
                .any(|circle| circle.level == level && circle.members.contains(member.as_str()));
            if !needed {
                broken.push(format!(
                    "{FILE}: circles.not_yet: {member} of {level} stands in no circle any more; take it out"
                ));
            }
        }
    }
    broken
}

/// The file of the module itself is its last member.
pub(crate) fn root_file(level: &Level) -> &str {
    level.members.last().map_or("", String::as_str)
}

fn places(places: &[Place]) -> String {
    let mut text: Vec<String> = places
        .iter()
        .take(PLACES)
        .map(|place| format!("{}:{} ({})", place.file, place.line, place.names))
        .collect();
    if places.len() > PLACES {
        text.push(format!("{} more", places.len() - PLACES));
    }
    text.join(", ")
}
