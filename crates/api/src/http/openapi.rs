//! `/api/openapi.json`: the API as OpenAPI 3.0 has it. What is said of each route stands in
//! `openapi.json` beside this file; the schemas in it are written from the structs in `wire`.

use std::borrow::Cow;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use razz_config::Base;

use super::App;

/// The document.
const DOCUMENT: &str = include_str!("openapi.json");

/// The one server of its routes, as the document names it.
const SERVER: &str = r#""url": "/""#;

/// `GET /api/openapi.json`.
pub(super) async fn get(State(app): State<App>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], in_folder(&app.base))
}

/// The document of a razz whose clients see it in this folder. Generators put the server's address
/// before each path.
fn in_folder(base: &Base) -> Cow<'static, str> {
    if base.is_root() {
        return Cow::Borrowed(DOCUMENT);
    }
    Cow::Owned(DOCUMENT.replace(SERVER, &format!(r#""url": "{}""#, base.prefix())))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;
    use std::{env, fs};

    use serde_json::{Value, json};

    use super::*;
    use crate::wire;

    fn document() -> Value {
        serde_json::from_str(DOCUMENT).unwrap()
    }

    #[test]
    fn the_shapes_are_those_of_the_wire() {
        let mut wanted = document();
        wanted["components"]["schemas"] = json!(wire::schemas());
        let text = format!("{}\n", serde_json::to_string_pretty(&wanted).unwrap());
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/openapi.json");
        if env::var_os("RAZZ_UPDATE").is_some() {
            fs::write(&file, &text).unwrap();
        }
        let found = fs::read_to_string(&file).unwrap();
        assert!(
            found == text,
            "openapi.json differs from crates/api/src/wire; run RAZZ_UPDATE=1 cargo test -p razz-api openapi"
        );
    }

    #[test]
    fn the_servers_address_is_the_folder() {
        let mut expected = document();
        assert_eq!(expected["servers"], json!([{"url": "/"}]));
        assert_eq!(in_folder(&Base::default()), DOCUMENT);
        expected["servers"] = json!([{"url": "/home/razz"}]);
        let told = in_folder(&Base::parse("/home/razz/").unwrap());
        assert_eq!(serde_json::from_str::<Value>(&told).unwrap(), expected);
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
