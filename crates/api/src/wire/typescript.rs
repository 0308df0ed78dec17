//! `web/src/wire`, written from the structs of this folder, one file per type.

use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs};

use schemars::JsonSchema;
use ts_rs::{Config, TS};

use super::types::{Visitor, visit};

const HEAD: &str =
    "// Written from the structs in crates/api/src/wire; what is changed here is overwritten.\n";
const REFRESH: &str = "RAZZ_UPDATE=1 cargo test -p razz-api wire_types_are_current";

/// File name to content.
#[derive(Default)]
struct Files(BTreeMap<String, String>);

impl Files {
    fn add<T: TS + 'static>(&mut self) {
        let config = Config::new().with_large_int("number");
        let text = T::export_to_string(&config).unwrap();
        let name = format!("{}.ts", T::name(&config));
        self.0.insert(name, format!("{HEAD}{}", laid_out(&text)));
    }
}

impl Visitor for Files {
    fn answer<T: TS + JsonSchema + 'static>(&mut self) {
        self.add::<T>();
    }

    fn request<T: TS + JsonSchema + 'static>(&mut self) {
        self.add::<T>();
    }
}

fn files() -> BTreeMap<String, String> {
    let mut files = Files::default();
    visit(&mut files);
    let Files(mut files) = files;
    let mut index = format!("{HEAD}\n");
    for file in files.keys() {
        let name = file.trim_end_matches(".ts");
        index.push_str(&format!("export type {{ {name} }} from \"./{name}\";\n"));
    }
    files.insert("index.ts".to_owned(), index);
    files
}

/// ts-rs puts everything at the left margin, three lines to a comment, and a note of its own on
/// top; this lays it out as the rest of the web code is.
fn laid_out(text: &str) -> String {
    let mut out = String::new();
    let mut comment: Vec<&str> = Vec::new();
    let mut indent = "";
    for line in text.lines().skip_while(|line| line.starts_with("//")).map(str::trim) {
        match line {
            "/**" => comment.clear(),
            "*/" => match comment[..] {
                [one] => out.push_str(&format!("{indent}/** {one} */\n")),
                _ => {
                    out.push_str(&format!("{indent}/**\n"));
                    for line in &comment {
                        out.push_str(format!("{indent} * {line}").trim_end());
                        out.push('\n');
                    }
                    out.push_str(&format!("{indent} */\n"));
                }
            },
            _ if line.starts_with('*') => comment.push(line.trim_start_matches('*').trim()),
            _ => {
                let last = line.strip_suffix(", };");
                let field = last.or_else(|| line.strip_suffix(','));
                out.push_str(indent);
                out.push_str(field.unwrap_or(line));
                out.push_str(if field.is_some() { ";\n" } else { "\n" });
                if last.is_some() {
                    out.push_str("};\n");
                }
                if line.ends_with('{') {
                    indent = "  ";
                }
            }
        }
    }
    format!("{}\n", out.trim_end())
}

#[test]
fn wire_types_are_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/src/wire");
    let files = files();
    if env::var_os("RAZZ_UPDATE").is_some() {
        fs::create_dir_all(&folder).unwrap();
        for (name, content) in &files {
            fs::write(folder.join(name), content).unwrap();
        }
    }
    for (name, content) in &files {
        let written = fs::read_to_string(folder.join(name)).unwrap_or_default();
        assert!(written == *content, "web/src/wire/{name} is not current; run {REFRESH}");
    }
    for entry in fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(files.contains_key(&name), "web/src/wire/{name} has no struct; delete it");
    }
}
