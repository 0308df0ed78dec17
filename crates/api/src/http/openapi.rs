//! `/api/openapi.json`: the API as OpenAPI 3.0 has it. What is said of each route stands in
//! `openapi.json` beside this file; the shapes in it follow from the structs in `wire`.

use axum::http::header;
use axum::response::IntoResponse;

/// The document.
const DOCUMENT: &str = include_str!("openapi.json");

/// `GET /api/openapi.json`.
pub(super) async fn get() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};
    use std::{env, fs};

    use serde_json::{Map, Value, json};

    use super::*;

    fn document() -> Value {
        serde_json::from_str(DOCUMENT).unwrap()
    }

    fn here() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
    }

    /// A type as TypeScript has it, such as `Array<[number, number]> | null`, as a schema.
    fn schema(text: &str) -> Value {
        let text = text.trim();
        let union = parts(text, '|');
        if union.iter().any(|part| part == "null") {
            let rest: Vec<_> = union.into_iter().filter(|part| part != "null").collect();
            let mut inner = schema(&rest.join(" | "));
            if inner.get("$ref").is_some() {
                inner = json!({"allOf": [inner]});
            }
            inner["nullable"] = true.into();
            return inner;
        }
        if union.len() > 1 {
            if union.iter().all(|part| part.starts_with('"')) {
                let words: Vec<_> = union.iter().map(|part| part.trim_matches('"')).collect();
                return json!({"type": "string", "enum": words});
            }
            let each: Vec<_> = union.iter().map(|part| schema(part)).collect();
            return json!({"oneOf": each});
        }
        let inside = |head: &str, tail: &str| text.strip_prefix(head)?.strip_suffix(tail);
        if let Some(item) = inside("Array<", ">") {
            return json!({"type": "array", "items": schema(item)});
        }
        if let Some(items) = inside("[", "]") {
            let items = parts(items, ',');
            assert!(items.iter().all(|item| *item == items[0]), "{text}");
            let count = items.len();
            let item = schema(&items[0]);
            return json!({"type": "array", "items": item, "minItems": count, "maxItems": count});
        }
        if let Some(values) = inside("{ [key in string]: ", " }") {
            return json!({"type": "object", "additionalProperties": schema(values)});
        }
        match text {
            "string" | "number" | "boolean" => json!({"type": text}),
            word if word.starts_with('"') => {
                json!({"type": "string", "enum": [word.trim_matches('"')]})
            }
            name => {
                assert!(name.chars().all(char::is_alphanumeric), "no type: {name}");
                json!({"$ref": format!("#/components/schemas/{name}")})
            }
        }
    }

    /// `text` cut at `by`, where it does not stand within brackets.
    fn parts(text: &str, by: char) -> Vec<String> {
        let (mut parts, mut depth) = (vec![String::new()], 0);
        for c in text.chars() {
            match c {
                '<' | '[' | '{' => depth += 1,
                '>' | ']' | '}' => depth -= 1,
                _ => {}
            }
            if c == by && depth == 0 {
                parts.push(String::new());
            } else if let Some(last) = parts.last_mut() {
                last.push(c);
            }
        }
        parts.into_iter().map(|part| part.trim().to_owned()).collect()
    }

    /// Name and schema of the type in a file of `web/src/wire`.
    fn declared(text: &str) -> Option<(String, Value)> {
        let at = text.find("export type ")?;
        let (name, body) = text[at + "export type ".len()..].split_once(" = ")?;
        let before = &text[..at];
        let description = before.rfind("/**").map(|at| words(&before[at..])).unwrap_or_default();
        let body = body.trim().trim_end_matches(';');
        let Some(fields) = body.strip_prefix("{\n") else {
            let mut schema = schema(body);
            schema["description"] = description.into();
            return Some((name.to_owned(), schema));
        };
        let (mut properties, mut required, mut said) = (Map::new(), Vec::new(), String::new());
        for line in fields.lines().map(str::trim) {
            if line.starts_with("/**") || line.starts_with('*') {
                said.push_str(line);
                said.push('\n');
            } else if let Some((field, kind)) = line.trim_end_matches(';').split_once(": ") {
                let mut property = schema(kind);
                if property.get("$ref").is_some() {
                    property = json!({"allOf": [property]});
                }
                property["description"] = words(&std::mem::take(&mut said)).into();
                if !field.ends_with('?') {
                    required.push(field.to_owned());
                }
                properties.insert(field.trim_end_matches('?').to_owned(), property);
            }
        }
        let schema = json!({
            "type": "object",
            "description": description,
            "required": required,
            "properties": properties,
        });
        Some((name.to_owned(), schema))
    }

    /// A comment without what makes it one.
    fn words(comment: &str) -> String {
        let lines = comment.lines().map(|line| {
            line.trim().trim_start_matches("/**").trim_end_matches("*/").trim_matches([' ', '*'])
        });
        lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_shapes_are_those_of_the_wire() {
        let mut wanted = document();
        let schemas = wanted["components"]["schemas"].as_object_mut().unwrap();
        for file in fs::read_dir(here().join("../../web/src/wire")).unwrap() {
            let text = fs::read_to_string(file.unwrap().path()).unwrap();
            schemas.extend(declared(&text));
        }
        let text = format!("{}\n", serde_json::to_string_pretty(&wanted).unwrap());
        let file = here().join("src/http/openapi.json");
        if env::var_os("RAZZ_UPDATE").is_some() {
            fs::write(&file, &text).unwrap();
        }
        let found = fs::read_to_string(&file).unwrap();
        assert!(
            found == text,
            "openapi.json differs from web/src/wire; run RAZZ_UPDATE=1 cargo test -p razz openapi"
        );
    }

    #[test]
    fn every_type_has_its_schema() {
        let null = json!({"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2, "nullable": true});
        for (text, expected) in [
            ("string", json!({"type": "string"})),
            ("[number, number] | null", null),
            ("\"a\" | \"b\"", json!({"type": "string", "enum": ["a", "b"]})),
            (
                "number | \"max\"",
                json!({"oneOf": [{"type": "number"}, {"type": "string", "enum": ["max"]}]}),
            ),
            (
                "Me | null",
                json!({"allOf": [{"$ref": "#/components/schemas/Me"}], "nullable": true}),
            ),
            (
                "{ [key in string]: Array<Me> }",
                json!({"type": "object", "additionalProperties":
                    {"type": "array", "items": {"$ref": "#/components/schemas/Me"}}}),
            ),
        ] {
            assert_eq!(schema(text), expected, "{text}");
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_operations_have_their_own_names() {
        fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
            match value {
                Value::Object(object) => {
                    found.extend(object.get("$ref").and_then(Value::as_str));
                    object.values().for_each(|value| references(value, found));
                }
                Value::Array(array) => array.iter().for_each(|value| references(value, found)),
                _ => {}
            }
        }
        let document = document();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 20);
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
        assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
        let paths = document["paths"].as_object().unwrap();
        let mut names = BTreeSet::new();
        for (path, operations) in paths {
            let operations = operations.as_object().unwrap().iter();
            for (_, operation) in operations.filter(|(key, _)| *key != "servers") {
                assert!(names.insert(operation["operationId"].as_str().unwrap()), "{path}");
                let parameters = operation["parameters"].as_array().map_or(0, Vec::len);
                assert!(parameters >= path.matches('{').count(), "{path}");
            }
        }
        // By another's reading of the specification.
        serde_json::from_value::<openapiv3::OpenAPI>(document.clone()).unwrap();
    }

    #[test]
    fn every_route_is_described_and_nothing_else() {
        let (app, compat) = (super::super::app_routes(), super::super::compat::routes());
        let rules = app.rules.iter().chain(&compat.rules);
        let routed: BTreeSet<_> =
            rules.map(|rule| format!("{} {}", rule.method, rule.path)).collect();
        let mut described = BTreeSet::new();
        for (path, operations) in document()["paths"].as_object().unwrap() {
            for method in operations.as_object().unwrap().keys().filter(|key| *key != "servers") {
                described.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
        assert_eq!(described, routed);
    }
}
