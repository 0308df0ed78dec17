//! `docs/reference/config.md`, written from the declarations in `written.rs`.

use std::path::{Path, PathBuf};
use std::{env, fs};

use super::document::prose;
use super::document::{Group, Key};
use super::written::{
    Access, Acme, Alert, Apprise, Area, Camera, Compat, Decoder, Detector, Log, Mail, Mqtt, Ntfy,
    Record, Rule, Server, Telegram, Telemetry, Tls, Tracker, Turn, Viewers, Webhook,
};

const INTRODUCTION: &str = "\
# `razz.toml`

Every key with its default and what it means. Relative paths start from the file's folder. Unknown
keys are refused; `razz check --config razz.toml` says what is wrong, with line and column. A
complete example is [`razz.example.toml`](../../razz.example.toml).

An address, user name, password or TURN secret written as `env:NAME` is taken from that environment
variable, written as `credential:NAME` from that systemd credential (`LoadCredential=` of the unit).

Editors that know JSON Schema complete and check the file: `razz check --schema > razz.schema.json`
beside it, and `#:schema ./razz.schema.json` as its first line (taplo, Even Better TOML).

<!-- Written from crates/config/src/written.rs; refresh with
     RAZZ_UPDATE=1 cargo test -p razz-config config_reference_is_current -->
";

fn section<G: Group>(page: &mut String) {
    page.push_str(&format!("\n## `{}`\n\n{}\n\n", G::HEADER, prose(G::DOC)));
    page.push_str("| key | default | meaning |\n|---|---|---|\n");
    for Key { name, default, doc, .. } in G::KEYS {
        // A key without default is optional where its text says what happens without it.
        let default = if default.is_empty() { "–".to_owned() } else { format!("`{default}`") };
        let meaning = prose(doc).replace('|', "\\|");
        page.push_str(&format!("| `{name}` | {default} | {meaning} |\n"));
    }
}

fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    section::<Server>(&mut page);
    section::<Tls>(&mut page);
    section::<Acme>(&mut page);
    section::<Access>(&mut page);
    section::<Viewers>(&mut page);
    section::<Turn>(&mut page);
    section::<Compat>(&mut page);
    section::<Log>(&mut page);
    section::<Telemetry>(&mut page);
    section::<Decoder>(&mut page);
    section::<Detector>(&mut page);
    section::<Tracker>(&mut page);
    section::<Record>(&mut page);
    section::<Mqtt>(&mut page);
    section::<Webhook>(&mut page);
    section::<Camera>(&mut page);
    section::<Area>(&mut page);
    section::<Rule>(&mut page);
    section::<Alert>(&mut page);
    section::<Mail>(&mut page);
    section::<Ntfy>(&mut page);
    section::<Telegram>(&mut page);
    section::<Apprise>(&mut page);
    page
}

pub(super) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn config_reference_is_current() {
    let path = repository().join("docs/reference/config.md");
    if env::var_os("RAZZ_UPDATE").is_some() {
        fs::write(&path, page()).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page(),
        "docs/reference/config.md differs from config/written.rs; run \
         RAZZ_UPDATE=1 cargo test -p razz-config config_reference_is_current"
    );
}
