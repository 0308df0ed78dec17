//! `floor-plan --write`: the tables of arrows as the code has them, exceptions that are no longer
//! needed left out. The rest of the file stays as it is, and what changed is seen in its diff.

use crate::check::House;
use crate::plan::{FILE, Plan, Table};

/// The text of the plan, with the tables of arrows as the code has them. `unneeded` are the lines that
/// the checks complained of.
pub(crate) fn rewritten(text: &str, plan: &Plan, house: &House, broken: &[String]) -> String {
    let mut text = text.to_owned();
    for (package, level) in house.tops() {
        let Some(room) = plan.crates.get(package) else { continue };
        if room.modules.is_some() || level.members.len() > plan.limits.table_from_modules {
            text = with_table(&text, package, &crate::arrows::table(level));
        }
    }
    without_exceptions(&text, plan, house, broken)
}

/// Puts the section `[crates.PACKAGE.modules]` in place of the one that is there, or behind
/// `[crates.PACKAGE]`.
fn with_table(text: &str, package: &str, table: &Table) -> String {
    let header = format!("[crates.{package}.modules]");
    let mut section = vec![header.clone()];
    section.extend(table.iter().map(|(module, to)| assignment(module, to)));
    let lines: Vec<&str> = text.lines().collect();
    let (start, end) = match section_of(&lines, &header) {
        Some(found) => found,
        None => match section_of(&lines, &format!("[crates.{package}]")) {
            Some((_, end)) => (end, end),
            None => return text.to_owned(),
        },
    };
    let mut new: Vec<&str> = lines[..start].to_vec();
    if start == end {
        new.push("");
    }
    new.extend(section.iter().map(String::as_str));
    new.extend(&lines[end..]);
    new.join("\n") + "\n"
}

/// The lines of a section: from its header to its last line that says something. Comments and empty
/// lines before the next header belong to that one.
fn section_of(lines: &[&str], header: &str) -> Option<(usize, usize)> {
    let start = lines.iter().position(|line| line.trim() == header)?;
    let next = lines[start + 1..]
        .iter()
        .position(|line| line.starts_with('['))
        .map_or(lines.len(), |length| start + 1 + length);
    let last = (start..next)
        .rev()
        .find(|&at| !lines[at].trim().is_empty() && !lines[at].starts_with('#'))
        .unwrap_or(start);
    Some((start, last + 1))
}

fn assignment(key: &str, values: &[String]) -> String {
    let bare = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    let key = if bare { key.to_owned() } else { format!("\"{key}\"") };
    let values: Vec<String> = values.iter().map(|value| format!("\"{value}\"")).collect();
    format!("{key} = [{}]", values.join(", "))
}

fn without_exceptions(text: &str, plan: &Plan, house: &House, broken: &[String]) -> String {
    let circles = house.circles();
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let word = plan.words.not_yet.iter().find(|entry| line.trim() == format!("\"{entry}\","));
        if word.is_some_and(|entry| {
            let complaint = format!("{FILE}: words.not_yet: {entry} ");
            broken.iter().any(|line| line.starts_with(&complaint))
        }) {
            continue;
        }
        let level = plan
            .circles
            .not_yet
            .iter()
            .find(|(level, _)| line.starts_with(&format!("\"{level}\" = [")));
        let Some((level, excepted)) = level else {
            lines.push(line.to_owned());
            continue;
        };
        let needed: Vec<String> = excepted
            .iter()
            .filter(|member| {
                circles
                    .iter()
                    .any(|circle| circle.level == level && circle.members.contains(member.as_str()))
            })
            .cloned()
            .collect();
        if !needed.is_empty() {
            lines.push(assignment(level, &needed));
        }
    }
    lines.join("\n") + "\n"
}
