//! ASCII ids for names in any language: levels of topics and ids of Home Assistant's entities, which
//! may have letters, digits, underscores and hyphens alone.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::digest;

/// Longest id that is a name's letters alone: Home Assistant's entity ids end at 255 characters.
const MAX_PLAIN: usize = 64;
/// Longest readable part of an id that ends with a digest.
const MAX_READABLE: usize = 40;
/// Digits of the digest at the end of an id.
const DIGEST: usize = 8;

/// The id of a name that shares it with nobody: always the same for the same name. Names in ASCII keep
/// their letters and digits, in lower case; all others end with a digest of the name.
pub(super) fn id(name: &str) -> String {
    plain(name).unwrap_or_else(|| digested(name, DIGEST))
}

/// The ids of several names, each a different one. Where the letters of two are the same ("car" and
/// "Car"), the one that is spelled as its id has it alone, else the first by the alphabet; the others end
/// with a digest of their name. So an id depends on the names that there are, and not on their order.
pub(super) fn ids<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeMap<&'a str, String> {
    let names: BTreeSet<&str> = names.into_iter().collect();
    let mut owners: BTreeMap<String, &str> = BTreeMap::new();
    for name in &names {
        let Some(plain) = plain(name) else { continue };
        if *name == plain || !owners.contains_key(&plain) {
            owners.insert(plain, name);
        }
    }
    let mut taken: BTreeSet<String> = owners.keys().cloned().collect();
    let mut ids: BTreeMap<&str, String> = owners.into_iter().map(|(id, name)| (name, id)).collect();
    for name in names {
        ids.entry(name).or_insert_with(|| {
            // A name may be spelled like another's digest: then more digits tell them apart.
            let id = [DIGEST, 2 * DIGEST, 4 * DIGEST, 8 * DIGEST]
                .into_iter()
                .map(|digits| digested(name, digits))
                .find(|id| !taken.contains(id))
                .expect("a whole SHA-256 is nobody's name by chance");
            taken.insert(id.clone());
            id
        });
    }
    ids
}

/// A name in ASCII with an underscore for everything but letters and digits; `None` where that would
/// leave nothing, or lose letters of other alphabets.
fn plain(name: &str) -> Option<String> {
    let fits = name.is_ascii()
        && name.len() <= MAX_PLAIN
        && name.bytes().any(|byte| byte.is_ascii_alphanumeric());
    fits.then(|| name.chars().map(letter).collect())
}

/// What of a name is ASCII, and the beginning of its digest.
fn digested(name: &str, digits: usize) -> String {
    let letters: String = name.chars().map(letter).collect();
    let words: Vec<&str> = letters.split('_').filter(|word| !word.is_empty()).collect();
    let mut readable = words.join("_");
    readable.truncate(MAX_READABLE);
    if readable.is_empty() {
        readable.push_str("id");
    }
    let sha256 = digest::digest(&digest::SHA256, name.as_bytes());
    let hex = base16ct::lower::encode_string(sha256.as_ref());
    format!("{readable}_{}", &hex[..digits])
}

fn letter(c: char) -> char {
    if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_any_language_have_ids_in_ascii() {
        let long = "x".repeat(65);
        for (name, expected) in [
            ("person", "person"),
            ("traffic light", "traffic_light"),
            ("Traffic-Light", "traffic_light"),
            ("home/razz", "home_razz"),
            ("люди", "id_e85da55f"),
            ("歩行者", "id_270d8155"),
            ("Fußgänger", "fu_g_nger_d1e14a20"),
            ("sécurité 2", "s_curit_2_e3a32d93"),
            ("", "id_e3b0c442"),
            ("--", "id_d8156bae"),
            (&long, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx_9537c5fd"),
        ] {
            let id = id(name);
            assert!(id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'), "{name}: {id}");
            assert_eq!(id, expected, "{name}");
        }
    }

    #[test]
    fn names_that_map_to_one_id_are_told_apart_in_any_order() {
        let light = digested("Traffic Light", DIGEST);
        let dashed = digested("traffic-light", DIGEST);
        let squatter = digested("Car", DIGEST);
        for (names, expected) in [
            // The one that is spelled as the id has it.
            (vec!["Car", "car"], vec![("Car", squatter.as_str()), ("car", "car")]),
            // Where none is, the first by the alphabet.
            (
                vec!["traffic-light", "traffic light", "Traffic Light"],
                vec![
                    ("Traffic Light", "traffic_light"),
                    ("traffic light", &digested("traffic light", DIGEST)),
                    ("traffic-light", &dashed),
                ],
            ),
            (
                vec!["Traffic Light", "traffic_light", "люди", "人"],
                vec![
                    ("Traffic Light", &light),
                    ("traffic_light", "traffic_light"),
                    ("люди", "id_e85da55f"),
                    ("人", &digested("人", DIGEST)),
                ],
            ),
            (
                vec!["car", "Car", &squatter],
                vec![("Car", &digested("Car", 2 * DIGEST)), ("car", "car"), (&squatter, &squatter)],
            ),
        ] {
            let there = ids(names.iter().copied());
            let expected: BTreeMap<&str, String> =
                expected.into_iter().map(|(name, id)| (name, id.to_owned())).collect();
            assert_eq!(there, expected);
            assert_eq!(ids(names.iter().rev().copied()), expected, "in any order");
            let distinct: BTreeSet<&String> = there.values().collect();
            assert_eq!(distinct.len(), names.len());
        }
    }
}
