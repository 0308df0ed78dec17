//! Reads groups of keys out of a parsed TOML document, and says exactly what does not fit.
//!
//! serde would stop at the first error; here every key is looked at, so that one run of
//! `razz check` names everything that is to be corrected.

use serde_json::{Map, Value, json};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::Problems;
use crate::redact::Secret;

/// A value and where it stands.
#[derive(Clone)]
pub(super) struct At<T> {
    /// What is written there.
    pub(super) value: T,
    /// Byte offset in the file; of the enclosing table where the key is absent.
    pub(super) at: usize,
}

/// One key of a group, as declared in `written.rs`.
pub(super) struct Key {
    /// As written in the file.
    pub(super) name: &'static str,
    /// In TOML; empty where there is none.
    pub(super) default: &'static str,
    /// The lines of its documentation.
    pub(super) doc: &'static [&'static str],
    /// What its type leaves open.
    pub(super) limit: Limit,
    /// Whether it may be left out although it has no default.
    pub(super) optional: bool,
    /// The JSON Schema of its type.
    pub(super) schema: fn() -> serde_json::Value,
}

/// Which values of a key's type may stand there, for the JSON Schema; of a list, which items.
/// `resolve.rs`, which knows more, has the last word.
#[derive(Clone, Copy)]
pub(super) enum Limit {
    /// All of them, as far as a schema can say.
    Any,
    /// Whole numbers from the first to the second.
    Whole(i64, i64),
    /// Numbers from the first to the second.
    Number(f64, f64),
    /// One of a few words.
    Words(&'static [&'static str]),
    /// Text that this regular expression (ECMA-262) finds.
    Pattern(&'static str),
    /// Text of at most so many characters.
    Length(usize),
}

/// A group as declared: its header, the lines of its documentation, its keys.
pub(super) type Declared = (&'static str, &'static [&'static str], &'static [Key]);

/// A table with a fixed set of keys.
pub(super) trait Group: Sized {
    /// As written in the file, with brackets.
    const HEADER: &'static str;
    /// The lines of its documentation.
    const DOC: &'static [&'static str];
    /// Its keys in reading order.
    const KEYS: &'static [Key];

    /// Takes every key; `None` where a required one is missing or wrong.
    fn take(table: &mut Table<'_, '_, '_>) -> Option<Self>;
}

/// A type that values have in the file.
pub(super) trait FromToml: Sized {
    /// Completes "expects …".
    const EXPECTED: &'static str;
    /// Whether the key may be left out although it has no default.
    const OPTIONAL: bool = false;

    /// Its JSON Schema.
    fn schema() -> serde_json::Value;

    /// The value; where it does not fit, `None`, with the problem noted where it stands.
    fn read(key: &Key, value: &Spanned<DeValue<'_>>, problems: &mut Problems<'_>) -> Option<Self>;

    /// The value where the key is absent and has no default; `None`: the key is required.
    fn absent() -> Option<Self> {
        None
    }
}

/// A table while its keys are taken out of it.
pub(super) struct Table<'t, 'p, 'a> {
    table: &'t DeTable<'t>,
    at: usize,
    header: &'static str,
    problems: &'p mut Problems<'a>,
}

impl Table<'_, '_, '_> {
    /// The value of `key`, or its default. A wrong type is noted, and the default stands in so
    /// that reading goes on.
    pub(super) fn take<T: FromToml>(&mut self, key: &Key) -> Option<At<T>> {
        let found = self.table.iter().find(|(name, _)| name.get_ref() == key.name);
        if let Some((_, value)) = found
            && let Some(read) = T::read(key, value, self.problems)
        {
            return Some(At { value: read, at: value.span().start });
        }
        let value = if !key.default.is_empty() {
            let default = DeValue::parse(key.default).expect("defaults are TOML");
            T::read(key, &default, self.problems)
        } else {
            let absent = T::absent();
            if absent.is_none() && found.is_none() {
                let message = format!("`{}` is missing in {}; add it", key.name, self.header);
                self.problems.add(self.at, message);
            }
            absent
        }?;
        Some(At { value, at: self.at })
    }
}

/// Reads a group from `table`, which stands at byte offset `at`. `elsewhere` lists the keys of
/// other groups with their headers, to point out a key in the wrong place.
pub(super) fn read_group<G: Group>(
    table: &DeTable<'_>,
    at: usize,
    elsewhere: &[Declared],
    problems: &mut Problems<'_>,
) -> Option<G> {
    for (name, _) in table {
        if G::KEYS.iter().all(|key| key.name != name.get_ref()) {
            let known: Vec<&str> = G::KEYS.iter().map(|key| key.name).collect();
            let message = unknown("key", name.get_ref(), &known, elsewhere);
            problems.add(name.span().start, message);
        }
    }
    G::take(&mut Table { table, at, header: G::HEADER, problems })
}

/// Says that `name` is not known, and what may have been meant.
pub(super) fn unknown(what: &str, name: &str, known: &[&str], elsewhere: &[Declared]) -> String {
    // What does not look like a key may be anything, a pasted address with a password as well.
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if name.len() > 40 || !name.chars().all(plain) {
        return format!("unknown {what}; known here: {}", known.join(", "));
    }
    if let Some(meant) = closest(name, known) {
        return format!("unknown {what} `{name}`; did you mean `{meant}`?");
    }
    match elsewhere.iter().find(|(_, _, keys)| keys.iter().any(|key| key.name == name)) {
        Some((header, ..)) => format!("unknown {what} `{name}` here; it belongs in {header}"),
        None => format!("unknown {what} `{name}`; known here: {}", known.join(", ")),
    }
}

/// The most similar of `known`, if any is similar enough to be a slip.
pub fn closest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let name = name.to_ascii_lowercase();
    known
        .iter()
        .map(|known| (strsim::jaro_winkler(&name, known), *known))
        .filter(|(similarity, _)| *similarity >= 0.85)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}

/// What a value is, for people.
pub(super) fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a decimal number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// A value that is not made of others.
pub(super) trait Scalar: Sized {
    /// Completes "expects …".
    const EXPECTED: &'static str;

    /// Its JSON Schema.
    fn schema() -> serde_json::Value;

    /// The value, `None` where it is of another type.
    fn from_value(value: &DeValue<'_>) -> Option<Self>;
}

impl<T: Scalar> FromToml for T {
    const EXPECTED: &'static str = <T as Scalar>::EXPECTED;

    fn schema() -> serde_json::Value {
        <T as Scalar>::schema()
    }

    fn read(key: &Key, value: &Spanned<DeValue<'_>>, problems: &mut Problems<'_>) -> Option<Self> {
        let read = T::from_value(value.get_ref());
        if read.is_none() {
            wrong_type::<T>(key, value, problems);
        }
        read
    }
}

fn wrong_type<T: FromToml>(key: &Key, value: &Spanned<DeValue<'_>>, problems: &mut Problems<'_>) {
    let example = match key.default {
        "" => String::new(),
        default => format!(", such as {default}"),
    };
    let found = kind(value.get_ref());
    let size = if found == T::EXPECTED { " this large" } else { "" };
    let message = format!("`{}` expects {}{example}, not {found}{size}", key.name, T::EXPECTED);
    problems.add(value.span().start, message);
}

impl Scalar for String {
    const EXPECTED: &'static str = "a string in quotes";

    fn schema() -> serde_json::Value {
        json!({"type": "string"})
    }

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }
}

impl Scalar for Secret {
    const EXPECTED: &'static str = <String as Scalar>::EXPECTED;

    fn schema() -> serde_json::Value {
        <String as Scalar>::schema()
    }

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        value.as_str().map(Secret::new)
    }
}

impl Scalar for bool {
    const EXPECTED: &'static str = "true or false";

    fn schema() -> serde_json::Value {
        json!({"type": "boolean"})
    }

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        value.as_bool()
    }
}

impl Scalar for i64 {
    const EXPECTED: &'static str = "a whole number";

    fn schema() -> serde_json::Value {
        json!({"type": "integer"})
    }

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        let integer = value.as_integer()?;
        i64::from_str_radix(integer.as_str(), integer.radix()).ok()
    }
}

impl Scalar for f64 {
    const EXPECTED: &'static str = "a number";

    fn schema() -> serde_json::Value {
        json!({"type": "number"})
    }

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        match value {
            DeValue::Integer(_) => i64::from_value(value).map(|whole| whole as f64),
            DeValue::Float(float) => float.as_str().parse().ok(),
            _ => None,
        }
    }
}

impl<T: Scalar> FromToml for Option<T> {
    const EXPECTED: &'static str = <T as Scalar>::EXPECTED;
    const OPTIONAL: bool = true;

    fn schema() -> serde_json::Value {
        <T as Scalar>::schema()
    }

    fn read(key: &Key, value: &Spanned<DeValue<'_>>, problems: &mut Problems<'_>) -> Option<Self> {
        T::read(key, value, problems).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl FromToml for Vec<At<String>> {
    const EXPECTED: &'static str = "a list of strings";

    fn schema() -> serde_json::Value {
        json!({"type": "array", "items": {"type": "string"}})
    }

    fn read(key: &Key, value: &Spanned<DeValue<'_>>, problems: &mut Problems<'_>) -> Option<Self> {
        let Some(list) = value.get_ref().as_array() else {
            wrong_type::<Self>(key, value, problems);
            return None;
        };
        let mut items = Vec::new();
        for item in list.iter() {
            let at = item.span().start;
            match item.get_ref().as_str() {
                Some(text) => items.push(At { value: text.to_owned(), at }),
                None => {
                    let found = kind(item.get_ref());
                    let message =
                        format!("`{}` expects strings in its list, not {found}", key.name);
                    problems.add(at, message);
                }
            }
        }
        Some(items)
    }
}

/// A group inside another; `None` where it is not written.
pub(super) struct Inner<G>(pub(super) Option<G>);

impl<G: Group> FromToml for Inner<G> {
    const EXPECTED: &'static str = "a table";
    const OPTIONAL: bool = true;

    fn schema() -> serde_json::Value {
        of_group(G::DOC, G::KEYS)
    }

    fn read(key: &Key, value: &Spanned<DeValue<'_>>, problems: &mut Problems<'_>) -> Option<Self> {
        let Some(table) = value.get_ref().as_table() else {
            wrong_type::<Self>(key, value, problems);
            return None;
        };
        read_group(table, value.span().start, &[], problems).map(|group| Self(Some(group)))
    }

    fn absent() -> Option<Self> {
        Some(Self(None))
    }
}

/// A list of tables, each read as a group.
impl<G: Group> FromToml for Vec<At<G>> {
    const EXPECTED: &'static str = "a list of tables";

    fn schema() -> serde_json::Value {
        json!({"type": "array", "items": of_group(G::DOC, G::KEYS)})
    }

    fn read(key: &Key, value: &Spanned<DeValue<'_>>, problems: &mut Problems<'_>) -> Option<Self> {
        let Some(list) = value.get_ref().as_array() else {
            wrong_type::<Self>(key, value, problems);
            return None;
        };
        let mut groups = Vec::new();
        for item in list.iter() {
            let at = item.span().start;
            match item.get_ref().as_table() {
                Some(table) => {
                    groups
                        .extend(read_group(table, at, &[], problems).map(|value| At { value, at }));
                }
                None => {
                    problems.add(at, format!("`{}` expects tables like {}", key.name, G::HEADER))
                }
            }
        }
        Some(groups)
    }
}

// The JSON Schema of what was declared ---------------------------------------------------------------

/// The schema of a table with these keys.
pub(super) fn of_group(doc: &[&str], keys: &[Key]) -> Value {
    let properties = keys.iter().map(|key| (key.name.to_owned(), of_key(key)));
    let required = |key: &&Key| key.default.is_empty() && !key.optional;
    json!({
        "description": prose(doc),
        "type": "object",
        "properties": properties.collect::<Map<_, _>>(),
        "required": keys.iter().filter(required).map(|key| key.name).collect::<Vec<_>>(),
        "additionalProperties": false,
    })
}

fn of_key(key: &Key) -> Value {
    let mut schema = (key.schema)();
    let limited = match schema.get_mut("items") {
        Some(items) if items["type"] == "string" => items,
        _ => &mut schema,
    };
    let limits = match key.limit {
        Limit::Any => json!({}),
        Limit::Whole(low, high) => json!({"minimum": low, "maximum": high}),
        Limit::Number(low, high) => json!({"minimum": low, "maximum": high}),
        Limit::Words(words) => json!({"enum": words}),
        Limit::Pattern(pattern) => json!({"pattern": pattern}),
        Limit::Length(characters) => json!({"maxLength": characters}),
    };
    extend(limited, limits);
    extend(&mut schema, json!({"description": prose(key.doc)}));
    if !key.default.is_empty() {
        let default: Value = toml::from_str::<Map<String, Value>>(&format!("it = {}", key.default))
            .map(|mut table| table["it"].take())
            .expect("defaults are TOML");
        extend(&mut schema, json!({"default": default}));
    }
    schema
}

fn extend(schema: &mut Value, more: Value) {
    if let (Value::Object(schema), Value::Object(more)) = (schema, more) {
        schema.extend(more);
    }
}

/// The lines of a documentation comment as one.
pub(super) fn prose(doc: &[&str]) -> String {
    doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_the_rest_is_not() {
        let known = ["id", "name", "url", "detect_fps", "transport"];
        for (name, meant) in [
            ("detect_fsp", Some("detect_fps")),
            ("detectfps", Some("detect_fps")),
            ("Name", Some("name")),
            ("transprot", Some("transport")),
            ("port", None),
            ("", None),
        ] {
            assert_eq!(closest(name, &known), meant, "{name}");
        }
    }
}
