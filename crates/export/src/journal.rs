//! Who took what footage out, and when: a line of JSON each, in a file that is only ever appended to.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use razz_base::CameraId;
use serde::Serialize;

use crate::moments::rfc3339;

/// The file, in the folder of exports.
const FILE: &str = "journal.jsonl";

/// What somebody did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry<'a> {
    /// "export", "download", "delete".
    pub what: &'static str,
    /// Who; `None`: nobody has to say who they are.
    pub by: Option<&'a str>,
    /// Of which cameras.
    pub cameras: &'a [CameraId],
    /// From when to when, in µs of UTC since 1970.
    pub span_us: [i64; 2],
    /// As what kind of file.
    pub format: &'a str,
}

#[derive(Serialize)]
struct Line<'a> {
    at: String,
    what: &'static str,
    by: Option<&'a str>,
    cameras: Vec<u32>,
    from: String,
    to: String,
    format: &'a str,
}

/// Appends it.
pub(crate) fn append(exports: &Path, entry: &Entry<'_>, now_us: i64) -> io::Result<()> {
    let line = Line {
        at: rfc3339(now_us),
        what: entry.what,
        by: entry.by,
        cameras: entry.cameras.iter().map(|camera| camera.as_u32()).collect(),
        from: rfc3339(entry.span_us[0]),
        to: rfc3339(entry.span_us[1]),
        format: entry.format,
    };
    let mut text = serde_json::to_string(&line).map_err(io::Error::other)?;
    text.push('\n');
    std::fs::create_dir_all(exports)?;
    let mut file = OpenOptions::new().create(true).append(true).open(exports.join(FILE))?;
    file.write_all(text.as_bytes())
}
