//! An export on its way, and what of it is on the disk: a folder with `export.json` and, in the end, the file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use razz_base::CameraId;
use serde::{Deserialize, Serialize};

use crate::request::{Blur, Format, Request};

/// What is on the disk of it.
const RECORD: &str = "export.json";

/// How far it has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Others are before it.
    Waiting,
    /// It is being made.
    Running,
    /// The file is there.
    Done,
    /// It could not be made.
    Failed,
}

/// An export.
#[derive(Clone, PartialEq, Debug)]
pub struct Export {
    /// Names it.
    pub id: u64,
    /// What was wanted.
    pub request: Request,
    /// When, in µs of UTC since 1970.
    pub made_us: i64,
    /// How far it has come.
    pub state: State,
    /// The share of it that is made, 0 to 1.
    pub progress: f64,
    /// Seconds until it is done, at the rate so far; `None` while that is not known.
    pub remaining_s: Option<f64>,
    /// Why it failed.
    pub error: Option<String>,
    /// What the file is called.
    pub file: String,
    /// Its size; 0 before it is there.
    pub bytes: u64,
    /// When the file goes, in µs of UTC since 1970; `None`: it stays.
    pub expires_us: Option<i64>,
}

/// As it is written down.
#[derive(Serialize, Deserialize)]
struct Record {
    id: u64,
    name: String,
    by: Option<String>,
    cameras: Vec<u32>,
    from_us: i64,
    until_us: i64,
    format: Format,
    boxes: bool,
    labels: bool,
    blur: Option<BlurRecord>,
    made_us: i64,
    state: State,
    error: Option<String>,
    file: String,
    bytes: u64,
}

#[derive(Serialize, Deserialize)]
struct BlurRecord {
    classes: Vec<String>,
    except: Vec<(u32, u64)>,
}

impl From<&Export> for Record {
    fn from(export: &Export) -> Self {
        let request = &export.request;
        let blur = request.blur.as_ref().map(|blur| BlurRecord {
            classes: blur.classes.clone(),
            except: blur.except.iter().map(|(camera, track)| (camera.as_u32(), *track)).collect(),
        });
        Self {
            id: export.id,
            name: request.name.clone(),
            by: request.by.clone(),
            cameras: request.cameras.iter().map(|camera| camera.as_u32()).collect(),
            from_us: request.from_us,
            until_us: request.until_us,
            format: request.format,
            boxes: request.boxes,
            labels: request.labels,
            blur,
            made_us: export.made_us,
            state: export.state,
            error: export.error.clone(),
            file: export.file.clone(),
            bytes: export.bytes,
        }
    }
}

impl Record {
    fn export(self) -> Option<Export> {
        let camera = |id: u32| CameraId::new(id);
        let blur = match self.blur {
            None => None,
            Some(blur) => {
                let except = blur.except.into_iter();
                let except = except.map(|(id, track)| Some((camera(id)?, track)));
                Some(Blur { classes: blur.classes, except: except.collect::<Option<_>>()? })
            }
        };
        let request = Request {
            cameras: self.cameras.into_iter().map(camera).collect::<Option<_>>()?,
            from_us: self.from_us,
            until_us: self.until_us,
            format: self.format,
            boxes: self.boxes,
            labels: self.labels,
            blur,
            name: self.name,
            by: self.by,
        };
        // Whoever may write here may name no file elsewhere.
        let plain = !self.file.contains('/') && !self.file.starts_with('.');
        // What was being made when razz ended is made anew.
        let state = if self.state == State::Running { State::Waiting } else { self.state };
        plain.then_some(Export {
            id: self.id,
            request,
            made_us: self.made_us,
            state,
            progress: if state == State::Done { 1.0 } else { 0.0 },
            remaining_s: None,
            error: self.error,
            file: self.file,
            bytes: self.bytes,
            expires_us: None,
        })
    }
}

impl Export {
    /// Its folder among the exports.
    pub(crate) fn folder(&self, exports: &Path) -> PathBuf {
        exports.join(self.id.to_string())
    }

    /// Writes it down, whole or not at all.
    pub(crate) fn write(&self, exports: &Path) -> io::Result<()> {
        let folder = self.folder(exports);
        fs::create_dir_all(&folder)?;
        let text = serde_json::to_vec_pretty(&Record::from(self)).map_err(io::Error::other)?;
        let new = folder.join("export.json.new");
        fs::write(&new, text)?;
        fs::rename(new, folder.join(RECORD))
    }

    /// Nothing is left of it.
    pub(crate) fn delete(&self, exports: &Path) -> io::Result<()> {
        match fs::remove_dir_all(self.folder(exports)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            outcome => outcome,
        }
    }
}

/// Those that are written down, oldest first; what is no export is passed over.
pub(crate) fn read_all(exports: &Path) -> io::Result<Vec<Export>> {
    let mut found = Vec::new();
    let entries = match fs::read_dir(exports) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        entries => entries?,
    };
    for entry in entries {
        let folder = entry?.path();
        let Ok(text) = fs::read(folder.join(RECORD)) else { continue };
        let record: Option<Record> = serde_json::from_slice(&text).ok();
        let export = record.and_then(Record::export);
        let named = |export: &Export| export.folder(exports) == folder;
        found.extend(export.filter(named));
    }
    found.sort_by_key(|export| export.id);
    Ok(found)
}
