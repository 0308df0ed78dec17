//! `web/src/wire`, written from the structs of this folder, one file per type.

use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs};

use ts_rs::{Config, TS};

use super::access::{KnownBy, Role};
use super::camera::DetectFps;
use super::clock::Pong;
use super::problem::KeyProblem;
use super::track::{TrackEntry, TrackSource, TrackState};
use super::*;

const HEAD: &str =
    "// Written from the structs in crates/api/src/wire; what is changed here is overwritten.\n";
const REFRESH: &str = "RAZZ_UPDATE=1 cargo test -p razz-api wire_types_are_current";

/// File name to content.
fn files() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    add::<CameraInfo>(&mut files);
    add::<Candidate>(&mut files);
    add::<DetectorInfo>(&mut files);
    add::<DetectorPreview>(&mut files);
    add::<CameraProbe>(&mut files);
    add::<CameraState>(&mut files);
    add::<CameraStatus>(&mut files);
    add::<Delivery>(&mut files);
    add::<DetectFps>(&mut files);
    add::<FirstPacket>(&mut files);
    add::<FrameRates>(&mut files);
    add::<KeyProblem>(&mut files);
    add::<Latency>(&mut files);
    add::<ModelState>(&mut files);
    add::<Me>(&mut files);
    add::<Ping>(&mut files);
    add::<Pong>(&mut files);
    add::<Problem>(&mut files);
    add::<Role>(&mut files);
    add::<Stats>(&mut files);
    add::<TokenInfo>(&mut files);
    add::<TrackEntry>(&mut files);
    add::<TrackMessage>(&mut files);
    add::<TrackSource>(&mut files);
    add::<TrackState>(&mut files);
    add::<TrackStats>(&mut files);
    add::<UserInfo>(&mut files);
    add::<CompatPort>(&mut files);
    add::<ViewToken>(&mut files);
    add::<ViewerSession>(&mut files);
    add::<KnownBy>(&mut files);
    let mut index = format!("{HEAD}\n");
    for file in files.keys() {
        let name = file.trim_end_matches(".ts");
        index.push_str(&format!("export type {{ {name} }} from \"./{name}\";\n"));
    }
    files.insert("index.ts".to_owned(), index);
    files
}

fn add<T: TS + 'static>(files: &mut BTreeMap<String, String>) {
    let config = Config::new().with_large_int("number");
    let text = T::export_to_string(&config).unwrap();
    files.insert(format!("{}.ts", T::name(&config)), format!("{HEAD}{}", laid_out(&text)));
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
