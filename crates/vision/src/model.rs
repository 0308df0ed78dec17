//! Where a model comes from, and what can be wrong with it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use crate::engine::EngineError;
use crate::heads::Family;
use crate::onnx::{Malformed, Outline};
use crate::weights::{self, WeightsError};

/// A model file, or its bytes.
#[derive(Clone, Copy, Debug)]
pub enum ModelSource<'a> {
    /// An ONNX file.
    File(&'a Path),
    /// The bytes of one, e.g. built into the program.
    Bytes {
        /// What errors call it.
        name: &'a str,
        /// The whole file.
        data: &'a [u8],
    },
}

/// Why a model cannot be used; each names the model and says what to do.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum ModelError {
    /// No such file.
    #[error(
        "model {model}: there is no such file; give the path of an ONNX file, or pull one with `razz models pull`"
    )]
    Missing {
        /// The model.
        model: String,
    },
    /// It cannot be read.
    #[error("model {model}: cannot be read: {reason}; check its permissions")]
    Unreadable {
        /// The model.
        model: String,
        /// What the system says.
        reason: String,
    },
    /// Something else than ONNX.
    #[error("model {model}: this is not an ONNX model ({what}); export the model as ONNX")]
    NotAModel {
        /// The model.
        model: String,
        /// What was found.
        what: &'static str,
    },
    /// A part is missing at the end.
    #[error(
        "model {model}: the file is cut short, at least {missing} of its bytes are missing; copy or download it again"
    )]
    Truncated {
        /// The model.
        model: String,
        /// How many are missing by the file's own lengths; there may be more.
        missing: u64,
    },
    /// An input that pictures cannot be fitted into.
    #[error(
        "model {model}: takes {found}; known is one input of 32-bit or 16-bit floats [pictures, 3, height, width], alone or beside a size [pictures, 2] (RT-DETR, D-FINE); where the model prepares pictures by itself, export it without that (YOLO-NAS: preprocessing=False, postprocessing=False)"
    )]
    Input {
        /// The model.
        model: String,
        /// Its inputs.
        found: String,
    },
    /// An output that no model family here has.
    #[error("model {model}: gives {found}; {known}")]
    Output {
        /// The model.
        model: String,
        /// Its outputs.
        found: String,
        /// What is known.
        known: &'static str,
    },
    /// An output with values that are not numbers, already for an empty picture.
    #[error(
        "model {model}: its output holds NaN or infinite values for a grey picture; the file is damaged or was exported wrongly, export it again in f32"
    )]
    NotFinite {
        /// The model.
        model: String,
    },
    /// Scores that are none, already for pictures of razz's own.
    #[error(
        "model {model}: output {output} has scores from {least} to {most} where {family} has scores from 0 to 1; it was exported without its last step (sigmoid or softmax), or is of a family that razz does not know: export it with its scores from 0 to 1, or use a model of a known family; {known}", known = crate::heads::KNOWN
    )]
    Scores {
        /// The model.
        model: String,
        /// Which output.
        output: String,
        /// The least.
        least: f32,
        /// The largest.
        most: f32,
        /// What it was taken for.
        family: Family,
    },
    /// Weights that are in files of their own cannot be read.
    #[error("model {model}: {reason}")]
    Weights {
        /// The model.
        model: String,
        /// Which file, and what to do.
        reason: WeightsError,
    },
    /// None of the classes asked for is one of its own.
    #[error(
        "model {model}: knows none of the classes asked for ({wanted}); it knows {known}; an empty list (`classes = []`) asks for all"
    )]
    Classes {
        /// The model.
        model: String,
        /// The classes asked for.
        wanted: String,
        /// The first of its own.
        known: String,
    },
    /// No engine could load or run it.
    #[error("model {model}: no inference engine can run it: {reason}")]
    Engine {
        /// The model.
        model: String,
        /// What each engine said.
        reason: String,
    },
}

impl ModelError {
    /// No engine could.
    pub(crate) fn engine(model: &str, errors: &[EngineError]) -> Self {
        let reasons: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Self::Engine { model: model.to_owned(), reason: reasons.join("; ") }
    }
}

/// A whole ONNX file in memory.
#[derive(Debug)]
pub(crate) struct ModelFile<'a> {
    pub(crate) name: String,
    pub(crate) data: Cow<'a, [u8]>,
    pub(crate) metadata: BTreeMap<String, String>,
}

impl<'a> ModelFile<'a> {
    /// Reads it and makes sure that it is ONNX and whole.
    /// Weights that lie in files beside it (ONNX external data) are put into it, so that every
    /// engine gets one whole model.
    pub(crate) fn read(source: ModelSource<'a>) -> Result<Self, ModelError> {
        let path = match source {
            ModelSource::File(path) => Some(path),
            ModelSource::Bytes { .. } => None,
        };
        let (model, data) = match source {
            ModelSource::File(path) => {
                let model = path.display().to_string();
                match std::fs::read(path) {
                    Ok(data) => (model, Cow::Owned(data)),
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                        return Err(ModelError::Missing { model });
                    }
                    Err(error) => {
                        return Err(ModelError::Unreadable { model, reason: error.to_string() });
                    }
                }
            }
            ModelSource::Bytes { name, data } => (name.to_owned(), Cow::Borrowed(data)),
        };
        match Outline::read(&data) {
            Ok(outline) => {
                let whole = weights::embed(&data, path)
                    .map_err(|reason| ModelError::Weights { model: model.clone(), reason })?;
                let data = whole.map_or(data, Cow::Owned);
                Ok(Self { name: model, data, metadata: outline.metadata })
            }
            Err(Malformed::Truncated { missing }) => Err(ModelError::Truncated { model, missing }),
            Err(Malformed::Empty) => Err(ModelError::NotAModel { model, what: "it is empty" }),
            Err(Malformed::NotOnnx) => Err(ModelError::NotAModel { model, what: kind(&data) }),
        }
    }
}

/// What a file that is no ONNX model looks like.
fn kind(data: &[u8]) -> &'static str {
    let start = &data[..data.len().min(512)];
    if start.starts_with(b"version https://git-lfs") {
        "it is a Git LFS pointer, the real file was not downloaded"
    } else if start.starts_with(b"PK\x03\x04") {
        "it is a zip archive, perhaps a PyTorch file"
    } else if start.starts_with(b"<") {
        "it is a web page"
    } else if start.iter().all(|b| *b == 0) {
        "it begins with zeros"
    } else if start.iter().all(|b| matches!(b, b'\t' | b'\n' | b'\r' | 0x20..=0x7e)) {
        "it is text"
    } else {
        "its structure is another"
    }
}
