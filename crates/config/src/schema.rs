//! The JSON Schema of `razz.toml` (draft 2020-12), by which editors complete and check it.
//!
//! It follows from the declarations in `written.rs`. What it lets pass may still be refused by
//! `razz check`, which also looks at what the values mean together; what it refuses is wrong.

use serde_json::{Map, Value, json};

use super::document::of_group;
use super::written::GROUPS;

/// The schema of a whole file.
pub fn schema() -> Value {
    let groups = GROUPS.iter().map(|(header, doc, keys)| {
        let name = header.trim_matches(['[', ']']).to_owned();
        let group = of_group(doc, keys);
        match header.starts_with("[[") {
            true => (name, json!({"type": "array", "items": group})),
            false => (name, group),
        }
    });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "razz.toml",
        "description": format!("Settings of razz {}.", env!("CARGO_PKG_VERSION")),
        "type": "object",
        "properties": groups.collect::<Map<_, _>>(),
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};
    use std::{env, fs};

    use jsonschema::Validator;

    use super::super::reference::repository;
    use super::*;
    use crate::Config;
    use crate::document::{Key, Limit};

    fn validator() -> Validator {
        let schema = schema();
        jsonschema::draft202012::meta::validate(&schema).expect("it is a schema itself");
        jsonschema::draft202012::new(&schema).unwrap()
    }

    fn as_json(text: &str) -> Value {
        toml::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    /// Every settings file of the repository, and every piece of one that its pages show.
    fn examples() -> Vec<(String, String)> {
        let mut pending: Vec<PathBuf> =
            vec![repository().join("docs"), repository().join("packaging")];
        let mut found = Vec::new();
        for name in ["razz.example.toml", "README.md"] {
            pending.push(repository().join(name));
        }
        while let Some(path) = pending.pop() {
            let name = path.display().to_string();
            if path.is_dir() {
                pending.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            } else if name.ends_with(".toml") {
                found.push((name, fs::read_to_string(&path).unwrap()));
            } else if name.ends_with(".md") {
                let page = fs::read_to_string(&path).unwrap();
                let pieces =
                    page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
                found.extend(pieces.map(|piece| (name.clone(), piece.to_owned())));
            }
        }
        found
    }

    #[test]
    fn every_example_in_the_repository_fits() {
        let (validator, examples) = (validator(), examples());
        assert!(examples.iter().any(|(name, _)| name.ends_with("razz.example.toml")));
        for (name, text) in examples {
            let errors: Vec<String> =
                validator.iter_errors(&as_json(&text)).map(|e| e.to_string()).collect();
            assert!(errors.is_empty(), "{name}: {errors:?}\n{text}");
        }
    }

    /// What is wrong by its type, its name or its range is refused by both; what is right is taken
    /// by both.
    #[test]
    fn the_schema_and_the_reader_agree() {
        let validator = validator();
        let camera = |line: &str| format!("[[camera]]\nid = 1\nurl = \"rtsp://h/s\"\n{line}");
        for (text, fine) in [
            (String::new(), true),
            (camera(""), true),
            (camera("detect_fps = 0"), true),
            (camera("detect_fps = 0.5"), true),
            (camera("detect_fps = \"max\""), true),
            (camera("transport = \"udp\"\nname = \"Gate\""), true),
            (camera("username = \"u\"\npassword = \"p\""), true),
            (camera("transport = \"http\"\ncertificate = \"checked\""), true),
            (camera(&format!("certificate = \"sha256{}\"", ":0a".repeat(32))), true),
            (camera("certificate = \"sha256:0a\""), false),
            ("[server]\nlisten = \"[::1]:0\"\ncompat_listen = \"\"".into(), true),
            ("[server]\nbase = \"/razz/\"".into(), true),
            ("[server]\nbase = \"/a/b.c/\"".into(), true),
            ("[viewers]\nturn = [{url = \"turns:h\", secret = \"s\"}]".into(), true),
            ("[detector]\nengine = \"ort/openvino\"\nconfidence = 1\nclasses = []".into(), true),
            ("[tracker]\nembedder = \"a/b.onnx\"\npublish_lost_ms = 0".into(), true),
            ("[access]\nopen_networks = [\"10.0.0.0/8\"]".into(), true),
            (camera("detect_fps = 0.001"), false),
            (camera("detect_fps = 241"), false),
            (camera("detect_fps = \"all\""), false),
            (camera("detect_fps = true"), false),
            (camera("transport = \"tpc\""), false),
            (camera("pasword = \"p\""), false),
            (camera(&format!("name = \"{}\"", "x".repeat(101))), false),
            ("[[camera]]\nid = 1".into(), false),
            ("[[camera]]\nurl = \"rtsp://h/s\"".into(), false),
            ("[[camera]]\nid = 0\nurl = \"rtsp://h/s\"".into(), false),
            ("[[camera]]\nid = 4294967296\nurl = \"rtsp://h/s\"".into(), false),
            ("[[camera]]\nid = 1.5\nurl = \"rtsp://h/s\"".into(), false),
            ("[[camera]]\nid = 1\nurl = \"http://h/s\"".into(), false),
            ("[camera]\nid = 1\nurl = \"rtsp://h/s\"".into(), false),
            ("[server]\nlisten = \"localhost:8003\"".into(), false),
            ("[server]\nlisten = \"127.0.0.1\"".into(), false),
            ("[server]\nlisten = 8003".into(), false),
            ("[server]\nbase = \"\"".into(), false),
            ("[server]\nbase = \"/razz\"".into(), false),
            ("[server]\nbase = \"/../\"".into(), false),
            ("[serwer]".into(), false),
            ("[viewers]\nmax = 0".into(), false),
            ("[viewers]\nring_bytes = 1048575".into(), false),
            ("[viewers]\nturn = [{url = \"turn:h\"}]".into(), false),
            ("[viewers]\nturn = [{url = \"stun:h\", secret = \"s\"}]".into(), false),
            ("[detector]\nengine = \"onnx\"".into(), false),
            ("[detector]\nprecision = \"f16\"".into(), false),
            ("[detector]\niou = 1.1".into(), false),
            ("[detector]\nclasses = [1]".into(), false),
            ("[tracker]\nkind = \"sort\"".into(), false),
            ("[tracker]\nembedder = \"a.pt\"".into(), false),
            ("[compat]\nallow_adhoc = \"yes\"".into(), false),
            ("[telemetry]\notlp = \"http://h:4318\"\nframes = 1\nrequests = 0".into(), true),
            ("[telemetry]\notlp = \"\"".into(), true),
            (
                "[mqtt]\nurl = \"mqtts://h:8883/\"\nprefix = \"home/razz\"\ndiscovery = \"\""
                    .into(),
                true,
            ),
            ("[mqtt]\nurl = \"\"".into(), true),
            ("[[webhook]]\nurl = \"https://h/x?y=z\"\nevents = []".into(), true),
            ("[mqtt]\nurl = \"http://h\"".into(), false),
            ("[mqtt]\nurl = \"mqtt://u:p@h\"".into(), false),
            ("[mqtt]\nurl = \"mqtt://h/x\"".into(), false),
            ("[mqtt]\nurl = \"mqtt://h\"\nprefix = \"\"".into(), false),
            ("[mqtt]\nurl = \"mqtt://h\"\nprefix = \"/razz\"".into(), false),
            ("[mqtt]\nurl = \"mqtt://h\"\ndiscovery = \"a/#\"".into(), false),
            ("[[webhook]]\nurl = \"ftp://h/\"".into(), false),
            ("[[webhook]]\nevents = []".into(), false),
            ("[webhook]\nurl = \"http://h/\"".into(), false),
            ("[telemetry]\notlp = \"h:4318\"".into(), false),
            ("[telemetry]\nframes = 1.5".into(), false),
        ] {
            assert_eq!(validator.is_valid(&as_json(&text)), fine, "the schema on {text}");
            let read = Config::parse(&text, "razz.toml", Path::new("/"), &|_| None);
            assert_eq!(read.is_ok(), fine, "the reader on {text}: {read:?}");
        }
    }

    /// A file in which `key` of this group is `value`, and nothing is missing.
    fn with_key(header: &str, keys: &[Key], key: &Key, value: &str) -> String {
        let mut text = format!("{header}\n{} = {value}\n", key.name);
        let needed = [("id", "1"), ("url", "\"rtsp://h/s\""), ("camera", "1"), ("name", "\"A\"")];
        for (name, fits) in needed {
            let needed =
                |other: &Key| other.name == name && other.default.is_empty() && !other.optional;
            if key.name != name && keys.iter().any(needed) {
                let fits = if header == "[[webhook]]" { "\"http://h/\"" } else { fits };
                text.push_str(&format!("{name} = {fits}\n"));
            }
        }
        if key.name == "detect_from" {
            text.push_str("sub_url = \"rtsp://h/2\"\n");
        }
        if header == "[[rule]]" {
            text.push_str(&rest_of_rule(key.name, value));
        }
        if header == "[[area]]" {
            let camera = value.parse().ok().filter(|id| key.name == "camera" && *id > 0);
            let camera = camera.unwrap_or(1_u32);
            text.push_str(&format!(
                "line = [[0, 0], [1, 1]]\n[[camera]]\nid = {camera}\nurl = \"rtsp://h/s\"\n"
            ));
        }
        text
    }

    /// What a rule needs besides, and what it names.
    fn rest_of_rule(key: &str, value: &str) -> String {
        let when = match key {
            "when" => value.trim_matches('"'),
            "area" | "direction" => "crossing",
            "above" | "below" => "occupancy",
            _ => "appears",
        };
        let mut text = String::new();
        if key != "when" {
            text.push_str(&format!("when = \"{when}\"\n"));
        }
        let is_anywhere = ["appears", "camera_offline", "recording_stopped"].contains(&when);
        if key != "area" && !is_anywhere {
            text.push_str("area = \"A\"\n");
        }
        text.push_str(match when {
            "dwell" | "speed" if key != "above" => "above = 1\n",
            "occupancy" if key == "when" => "above = 2\n",
            "absence" => "for = \"1s\"\n",
            _ => "",
        });
        let area = if key == "area" { value } else { "\"A\"" };
        let camera = value.parse().ok().filter(|id| key == "camera" && *id > 0).unwrap_or(1_u32);
        let ways = "mail = { server = \"smtps://h\", to = [\"a@b.c\"] }\nntfy = { url = \"http://h/t\" }\n\
                    telegram = { token = \"t\", chat = \"1\" }\napprise = { url = \"http://h/n\" }\n";
        text.push_str(&format!(
            "[[camera]]\nid = {camera}\nurl = \"rtsp://h/s\"\n[[area]]\ncamera = {camera}\nname = {area}\n\
             line = [[0, 0], [1, 1]]\n[alert]\n{ways}"
        ));
        text
    }

    /// The values at the edges of what a key may have, and those just beyond.
    fn edges(limit: Limit) -> (Vec<String>, Vec<String>) {
        let quoted = |text: &str| format!("\"{text}\"");
        match limit {
            Limit::Whole(low, high) => (
                vec![low.to_string(), high.to_string()],
                vec![(low - 1).to_string(), (high + 1).to_string(), format!("{low}.5")],
            ),
            Limit::Number(low, high) => (
                vec![low.to_string(), high.to_string(), ((low + high) / 2.0).to_string()],
                vec![(low - 0.01).to_string(), (high + 0.01).to_string()],
            ),
            Limit::Words(words) => (
                words.iter().map(|word| quoted(word)).collect(),
                vec![quoted(""), quoted("nonsense"), quoted(&words[0].to_uppercase())],
            ),
            Limit::Length(most) => {
                (vec![quoted(&"ä".repeat(most))], vec![quoted(&"ä".repeat(most + 1))])
            }
            Limit::Any | Limit::Pattern(_) => (Vec::new(), Vec::new()),
        }
    }

    #[test]
    fn the_schema_and_the_reader_agree_at_every_edge() {
        let validator = validator();
        let mut walked = 0;
        for (header, _, keys) in GROUPS {
            for key in keys {
                let schema = (key.schema)();
                let kind = schema["type"].as_str().unwrap_or_default();
                let numeric = matches!(kind, "integer" | "number");
                assert!(!numeric || !matches!(key.limit, Limit::Any), "{header} {}", key.name);
                let (fine, wrong) = edges(key.limit);
                walked += fine.len() + wrong.len();
                let fine = fine.into_iter().map(|value| (value, true));
                for (value, fits) in fine.chain(wrong.into_iter().map(|value| (value, false))) {
                    let value = if kind == "array" { format!("[{value}]") } else { value };
                    let text = with_key(header, keys, key, &value);
                    assert_eq!(validator.is_valid(&as_json(&text)), fits, "the schema on {text}");
                    let read = Config::parse(&text, "razz.toml", Path::new("/"), &|_| None);
                    assert_eq!(read.is_ok(), fits, "the reader on {text}: {read:?}");
                }
            }
        }
        assert!(walked > 80, "{walked} values");
    }

    #[test]
    fn every_key_has_its_default_and_meaning() {
        let schema = schema();
        assert_eq!(schema["properties"]["viewers"]["properties"]["max"]["default"], 500);
        assert_eq!(
            schema["properties"]["detector"]["properties"]["classes"]["default"][1],
            "bicycle"
        );
        assert_eq!(schema["properties"]["camera"]["items"]["required"], json!(["id", "url"]));
        let groups = schema["properties"].as_object().unwrap();
        for group in groups.values() {
            let table = group.get("items").unwrap_or(group);
            for (name, key) in table["properties"].as_object().unwrap() {
                assert!(key["description"].as_str().is_some_and(|d| d.len() > 10), "{name}");
            }
        }
    }

    #[test]
    fn schema_file_is_current() {
        let path = repository().join("docs/reference/razz.schema.json");
        let text = format!("{:#}\n", schema());
        if env::var_os("RAZZ_UPDATE").is_some() {
            fs::write(&path, &text).unwrap();
        }
        assert!(
            fs::read_to_string(&path).unwrap_or_default() == text,
            "docs/reference/razz.schema.json differs from config/written.rs; run RAZZ_UPDATE=1 \
             cargo test -p razz-config schema_file_is_current"
        );
    }
}
