//! The schemas of `openapi.json`, from the structs of this folder.

use std::collections::BTreeMap;

use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::Value;
use ts_rs::TS;

use super::types::{Visitor, visit};

/// Name to schema, as OpenAPI 3.0 has them.
pub(crate) fn schemas() -> BTreeMap<String, Value> {
    let settings = || {
        SchemaSettings::openapi3().with(|settings| {
            settings.transforms.insert(0, Box::new(RecursiveTransform(fitted)));
        })
    };
    let mut generators = Generators {
        answers: settings().for_serialize().into_generator(),
        requests: settings().into_generator(),
    };
    visit(&mut generators);
    let mut schemas: BTreeMap<_, _> =
        generators.answers.take_definitions(true).into_iter().collect();
    for (name, schema) in generators.requests.take_definitions(true) {
        let other = schemas.entry(name.clone()).or_insert_with(|| schema.clone());
        assert_eq!(*other, schema, "{name} is read otherwise than it is written");
    }
    schemas
}

struct Generators {
    answers: SchemaGenerator,
    requests: SchemaGenerator,
}

impl Visitor for Generators {
    fn answer<T: TS + JsonSchema + 'static>(&mut self) {
        self.answers.subschema_for::<T>();
    }

    fn request<T: TS + JsonSchema + 'static>(&mut self) {
        self.requests.subschema_for::<T>();
    }
}

/// What OpenAPI 3.0 and the structs mean, where JSON Schema says it in other words.
fn fitted(schema: &mut Schema) {
    // Null is OpenAPI's `nullable`, not one of several types.
    if let Some(Value::Array(kinds)) = schema.get_mut("anyOf") {
        let null = |kind: &Value| kind.get("type").is_some_and(|kind| kind == "null");
        let all = kinds.len();
        kinds.retain(|kind| !null(kind));
        if kinds.len() < all
            && let Some(kinds) = schema.remove("anyOf")
        {
            schema.insert("allOf".to_owned(), kinds);
            schema.insert("nullable".to_owned(), true.into());
        }
    }
    // An absent key of an edit is not as good as null.
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    // A width that depends on the machine is no format.
    if schema.get("format").is_some_and(|format| format == "uint") {
        schema.remove("format");
    }
    // Line breaks of the source mean nothing.
    if let Some(Value::String(words)) = schema.get_mut("description") {
        *words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Calls `look` for `schema` and every schema in it.
    fn each<'a>(schema: &'a Value, look: &mut impl FnMut(&'a Value)) {
        look(schema);
        for (key, inner) in schema.as_object().unwrap() {
            match (key.as_str(), inner) {
                ("properties", Value::Object(named)) => {
                    named.values().for_each(|one| each(one, look));
                }
                ("allOf" | "anyOf" | "oneOf", Value::Array(all)) => {
                    all.iter().for_each(|one| each(one, look));
                }
                ("items" | "additionalProperties", Value::Object(_)) => each(inner, look),
                _ => {}
            }
        }
    }

    #[test]
    fn the_schemas_keep_to_words_of_openapi_3_0() {
        const WORDS: [&str; 17] = [
            "$ref",
            "additionalProperties",
            "allOf",
            "description",
            "enum",
            "format",
            "items",
            "maxItems",
            "maximum",
            "minItems",
            "minimum",
            "nullable",
            "oneOf",
            "properties",
            "required",
            "type",
            "uniqueItems",
        ];
        let schemas = schemas();
        let mut words = BTreeSet::new();
        for (name, schema) in &schemas {
            each(schema, &mut |schema| {
                let schema = schema.as_object().unwrap();
                words.extend(schema.keys().map(String::as_str));
                // There a reference stands alone, and there is one type at most.
                assert!(!schema.contains_key("$ref") || schema.len() == 1, "{name}: {schema:?}");
                assert!(schema.get("type").is_none_or(|kind| kind.is_string()), "{name}");
                assert!(schema.get("type").is_none_or(|kind| kind != "null"), "{name}");
            });
        }
        assert_eq!(words, BTreeSet::from(WORDS));
    }

    #[test]
    fn null_and_absent_are_said_apart() {
        let schemas = schemas();
        for (name, key, required, nullable) in [
            ("CameraEdit", "transport", false, true),
            ("CameraEdit", "name", false, true),
            ("CameraStatus", "codec", true, true),
            ("CameraStatus", "latency_ms", true, true),
            ("CameraStatus", "first_packet_us", false, false),
            ("CameraProbe", "picture", false, false),
            ("NewUser", "cameras", false, true),
            ("NewUser", "role", true, false),
            ("Problem", "errors", false, false),
            ("Problem", "detail", true, true),
            ("TokenInfo", "token", false, false),
        ] {
            let schema = &schemas[name];
            let names = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
            assert_eq!(names.iter().any(|one| one == key), required, "{name}.{key}");
            let property = &schema["properties"][key];
            assert_eq!(property["nullable"] == true, nullable, "{name}.{key}: {property}");
        }
    }
}
