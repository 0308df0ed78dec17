//! The names of a model's classes: its own, else COCO's.

use std::collections::BTreeMap;

use razz_base::{ClassId, ClassNames};

use crate::engine::Note;
use crate::model::ModelError;

/// The names that the file itself has (Ultralytics' `names`).
pub(crate) fn own(metadata: &BTreeMap<String, String>) -> Option<Vec<String>> {
    metadata.get("names").and_then(|text| parse(text))
}

/// What names there are without any of its own: COCO's for 80 classes and where the model does not
/// show how many it has, by COCO's category ids for 90 and 91, else numbers.
pub(crate) fn usual(classes: Option<usize>) -> ClassNames {
    match classes {
        None | Some(80) => ClassNames::coco(),
        // RF-DETR and others that never renumbered: 1 is the person, 0 and ten others are unused.
        Some(classes @ (90 | 91)) => ClassNames::new(by_category_id(classes)),
        Some(classes) => ClassNames::new((0..classes).map(|class| class.to_string())),
    }
}

/// The category ids between 1 and 90 that COCO has no objects of.
const UNUSED: [usize; 10] = [12, 26, 29, 30, 45, 66, 68, 69, 71, 83];

fn by_category_id(classes: usize) -> Vec<String> {
    let coco = ClassNames::coco();
    let mut names = coco.iter();
    let name = |id: usize| match id {
        0 => None,
        id if UNUSED.contains(&id) => None,
        _ => names.next(),
    };
    (0..classes)
        .map(name)
        .zip(0..)
        .map(|(name, id)| match name {
            Some(name) => name.to_owned(),
            None => format!("unused {id}"),
        })
        .collect()
}

/// For each class whether it counts; empty for all.
///
/// # Errors
/// When none of those wanted is known. One of several that is not is noted.
pub(crate) fn allowed(
    model: &str,
    names: &ClassNames,
    wanted: Option<&[String]>,
    notes: &mut Vec<Note>,
) -> Result<Vec<bool>, ModelError> {
    let Some(wanted) = wanted else { return Ok(Vec::new()) };
    let mut allowed = vec![false; names.len()];
    for name in wanted {
        match names.find(name) {
            Some(ClassId(id)) => allowed[usize::from(id)] = true,
            None => notes.push(Note::warning(format!(
                "model {model} has no class \"{name}\"; it is passed over"
            ))),
        }
    }
    if allowed.contains(&true) {
        return Ok(allowed);
    }
    let mut known: Vec<&str> = names.iter().take(10).collect();
    if names.len() > known.len() {
        known.push("...");
    }
    Err(ModelError::Classes {
        model: model.to_owned(),
        wanted: wanted.join(", "),
        known: known.join(", "),
    })
}

/// Reads `{0: 'person', 1: "traffic light"}`, as Python prints a dictionary and JSON an object, in any
/// order and with or without quotes, or `['a', 'b']`. `None` when it is something else, or the numbers
/// are not all of those from 0.
fn parse(text: &str) -> Option<Vec<String>> {
    let text = text.trim();
    let numbered = text.starts_with('{');
    let mut rest = match numbered {
        true => text.strip_prefix('{')?.strip_suffix('}')?,
        false => text.strip_prefix('[')?.strip_suffix(']')?,
    }
    .trim_start();
    let mut names = BTreeMap::new();
    while !rest.is_empty() {
        let mut number = names.len();
        if numbered {
            let (key, after) = rest.split_once(':')?;
            number = key.trim().trim_matches(['\'', '"']).parse().ok()?;
            rest = after.trim_start();
        }
        let (name, after) = if rest.starts_with(['\'', '"']) { quoted(rest)? } else { bare(rest)? };
        if names.insert(number, name).is_some() {
            return None;
        }
        rest = after.trim_start();
        rest = match rest.strip_prefix(',') {
            Some(after) => after.trim_start(),
            None if rest.is_empty() => rest,
            None => return None,
        };
    }
    let whole = !names.is_empty() && names.keys().copied().eq(0..names.len());
    whole.then(|| names.into_values().collect())
}

/// A name without quotes at the start, up to the next comma, and what follows.
fn bare(text: &str) -> Option<(String, &str)> {
    let (name, rest) = text.split_at(text.find(',').unwrap_or(text.len()));
    let name = name.trim();
    let plain = !name.is_empty() && !name.contains(['\'', '"', ':', '{', '[']);
    plain.then(|| (name.to_owned(), rest))
}

/// A quoted string at the start, without its quotes, and what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let mut name = String::new();
    let mut rest = text[1..].chars();
    loop {
        match rest.next()? {
            '\\' => match rest.next()? {
                'n' | 'r' | 't' => name.push(' '),
                // Python's `\x..`, and `\u....` of both.
                escape @ ('x' | 'u') => {
                    let digits = if escape == 'x' { 2 } else { 4 };
                    let code: String = rest.by_ref().take(digits).collect();
                    name.push(char::from_u32(u32::from_str_radix(&code, 16).ok()?)?);
                }
                other => name.push(other),
            },
            c if c == quote => return Some((name, rest.as_str())),
            c => name.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_by_category_id() {
        let names = usual(Some(91));
        assert_eq!(names.len(), 91);
        for (id, name) in [
            (0, "unused 0"),
            (1, "person"),
            (3, "car"),
            (12, "unused 12"),
            (13, "stop sign"),
            (44, "bottle"),
            (90, "toothbrush"),
        ] {
            assert_eq!(names.name(ClassId(id)), name, "{id}");
        }
        assert_eq!(usual(Some(90)).len(), 90);
        assert_eq!(usual(None), ClassNames::coco());
        assert_eq!(usual(Some(2)).iter().collect::<Vec<_>>(), ["0", "1"]);
    }

    #[test]
    fn class_names_as_python_prints_them() {
        for (text, want) in [
            ("{0: 'person', 1: 'bicycle'}", Some(&["person", "bicycle"][..])),
            ("{0: \"driver's cab\", 1: 'a, b: c'}", Some(&["driver's cab", "a, b: c"])),
            ("{'0': 'a', '1': 'b'}", Some(&["a", "b"])),
            (r"{0: 'o\'clock'}", Some(&["o'clock"])),
            ("['a', 'b',]", Some(&["a", "b"])),
            // Others print them otherwise.
            ("{0: person, 1: traffic light}", Some(&["person", "traffic light"])),
            (r#"{"1": "b", "0": "a"}"#, Some(&["a", "b"])),
            (r"{0: 'caf\xe9', 1: 'k\u00e4se', 2: 'a\\b'}", Some(&["café", "käse", r"a\b"])),
            ("{1: 'a'}", None),
            ("{0: 'a', 2: 'c'}", None),
            ("{0: 'a', 0: 'b'}", None),
            ("{0: }", None),
            ("{0: 'a', 1: {2: 'b'}}", None),
            (r"{0: '\u12'}", None),
            ("{0: 'person'", None),
            ("{0: 'person}", None),
            ("{0: 'a' 1: 'b'}", None),
            ("{}", None),
            ("", None),
        ] {
            assert_eq!(
                parse(text).as_deref(),
                want.map(|w| w.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>()).as_deref(),
                "{text}"
            );
        }
    }
}
