//! Weights that lie in files beside a model (ONNX external data), put into the model's own bytes: the
//! engines then have one whole file to load, and none of them opens a path that a model names.
//!
//! A `TensorProto` (onnx/onnx.proto) whose `data_location` (field 14) is 1 has its values in a file:
//! `external_data` (field 13) holds the entries `location`, relative to the model's folder, `offset`
//! and `length`. Put in, they are its `raw_data` (field 9). Tensors stand in graphs as initializers, in
//! attributes of nodes, and in graphs and functions inside these.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};

use crate::onnx::{Fields, Value, string_pair};

/// The largest message that protobuf knows.
const LARGEST: usize = (1 << 31) - 1;
/// Graphs inside graphs: more than any model has, and few enough for the stack.
const DEEPEST: usize = 32;

/// Why weights beside a model cannot be had; says what to do.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WeightsError {
    /// No such file.
    #[error(
        "its weights are in the file {location}, which is not in {folder}; copy it there from where the model comes from, or export the model as one file"
    )]
    Missing {
        /// Which file, as the model names it.
        location: String,
        /// The model's folder.
        folder: String,
    },
    /// A path that leads elsewhere.
    #[error(
        "it asks for weights in {location:?}, which is outside its own folder; that is not opened: put model and weights into one folder, and export the model again so that it names them so"
    )]
    Outside {
        /// The path.
        location: String,
    },
    /// A file that ends too early.
    #[error(
        "its weights file {location} is cut short: {wanted} bytes are needed and it has {have}; copy or download it again"
    )]
    Truncated {
        /// Which file.
        location: String,
        /// How long it has to be at least.
        wanted: u64,
        /// How long it is.
        have: u64,
    },
    /// A file that cannot be read.
    #[error("its weights file {location} cannot be read: {reason}; check its permissions")]
    Unreadable {
        /// Which file.
        location: String,
        /// What the system says.
        reason: String,
    },
    /// Weights beside a model that is nowhere.
    #[error(
        "it has weights in files of their own, but no folder to find them in; export it as one file"
    )]
    NoFolder,
    /// More than fits.
    #[error("it has more than 2 GiB of weights; use a smaller model, or one with 16-bit weights")]
    TooLarge,
    /// A tensor that says nothing of where its values are.
    #[error("it does not say where its weights are; export it again")]
    Nowhere,
}

/// The model with its weights inside; `None` where it has them already. `path` is where it lies.
pub(crate) fn embed(model: &[u8], path: Option<&Path>) -> Result<Option<Vec<u8>>, WeightsError> {
    if !has_external(model, Message::Model, 0) {
        return Ok(None);
    }
    let mut files = SideFiles { path, open: BTreeMap::new(), left: LARGEST };
    files.take(model.len())?;
    let mut whole = Vec::new();
    copy(model, Message::Model, &mut files, 0, &mut whole)?;
    Ok(Some(whole))
}

/// The messages of onnx.proto that tensors stand in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Message {
    Model,
    Graph,
    Function,
    Node,
    Attribute,
    SparseTensor,
    Tensor,
}

impl Message {
    /// The message in a field, if tensors stand in it.
    fn inside(self, field: u64) -> Option<Self> {
        match (self, field) {
            (Self::Model, 7) => Some(Self::Graph),
            (Self::Model, 25) => Some(Self::Function),
            (Self::Graph, 1) | (Self::Function, 7) => Some(Self::Node),
            (Self::Graph, 5) | (Self::SparseTensor, 1 | 2) => Some(Self::Tensor),
            (Self::Graph, 15) => Some(Self::SparseTensor),
            (Self::Node, 5) | (Self::Function, 11) => Some(Self::Attribute),
            (Self::Attribute, 5 | 10) => Some(Self::Tensor),
            (Self::Attribute, 6 | 11) => Some(Self::Graph),
            (Self::Attribute, 22 | 23) => Some(Self::SparseTensor),
            _ => None,
        }
    }
}

const RAW_DATA: u64 = 9;
const EXTERNAL_DATA: u64 = 13;
const DATA_LOCATION: u64 = 14;
const EXTERNAL: u64 = 1;

fn has_external(data: &[u8], message: Message, depth: usize) -> bool {
    if message == Message::Tensor {
        return is_external(data);
    }
    depth < DEEPEST
        && Fields(data).any(|field| match field {
            Ok((field, Value::Bytes(value))) => {
                message.inside(field).is_some_and(|inner| has_external(value, inner, depth + 1))
            }
            _ => false,
        })
}

fn is_external(tensor: &[u8]) -> bool {
    Fields(tensor)
        .any(|field| matches!(field, Ok((DATA_LOCATION, Value::Number(location))) if location == EXTERNAL))
}

/// Copies a message to `out`, with what lies outside put in. What is broken is left to the engine.
fn copy(
    data: &[u8],
    message: Message,
    files: &mut SideFiles<'_>,
    depth: usize,
    out: &mut Vec<u8>,
) -> Result<(), WeightsError> {
    if message == Message::Tensor && is_external(data) {
        return copy_tensor(data, files, out);
    }
    let mut fields = Fields(data);
    while let Some((field, value, bytes)) = fields.next_whole() {
        match (message.inside(field), value) {
            (Some(inner), Value::Bytes(value)) if has_external(value, inner, depth + 1) => {
                let mut whole = Vec::new();
                copy(value, inner, files, depth + 1, &mut whole)?;
                put(field, &whole, out);
            }
            _ => out.extend_from_slice(bytes),
        }
    }
    Ok(())
}

fn copy_tensor(
    data: &[u8],
    files: &mut SideFiles<'_>,
    out: &mut Vec<u8>,
) -> Result<(), WeightsError> {
    let mut entries = BTreeMap::new();
    let mut fields = Fields(data);
    while let Some((field, value, bytes)) = fields.next_whole() {
        match (field, value) {
            (EXTERNAL_DATA, Value::Bytes(entry)) => entries.extend(string_pair(entry)),
            (RAW_DATA | DATA_LOCATION, _) => {}
            _ => out.extend_from_slice(bytes),
        }
    }
    let location = entries.get("location").ok_or(WeightsError::Nowhere)?;
    let number = |key: &str| match entries.get(key) {
        None => Ok(None),
        Some(text) => text.trim().parse::<u64>().map(Some).map_err(|_| WeightsError::Nowhere),
    };
    let offset = number("offset")?.unwrap_or(0);
    put(RAW_DATA, &files.read(location, offset, number("length")?)?, out);
    Ok(())
}

/// Appends a field of bytes.
fn put(field: u64, bytes: &[u8], out: &mut Vec<u8>) {
    for mut value in [field << 3 | 2, bytes.len() as u64] {
        while value >= 0x80 {
            out.push(value as u8 | 0x80);
            value >>= 7;
        }
        out.push(value as u8);
    }
    out.extend_from_slice(bytes);
}

/// The files beside a model.
struct SideFiles<'a> {
    path: Option<&'a Path>,
    open: BTreeMap<String, (File, u64)>,
    /// How many bytes the model may still grow by.
    left: usize,
}

impl SideFiles<'_> {
    fn take(&mut self, bytes: usize) -> Result<(), WeightsError> {
        self.left = self.left.checked_sub(bytes).ok_or(WeightsError::TooLarge)?;
        Ok(())
    }

    /// A part of a file; up to its end where no length is given.
    fn read(
        &mut self,
        location: &str,
        offset: u64,
        length: Option<u64>,
    ) -> Result<Vec<u8>, WeightsError> {
        if !self.open.contains_key(location) {
            let opened = self.open(location)?;
            self.open.insert(location.to_owned(), opened);
        }
        let Some((file, have)) = self.open.get_mut(location) else {
            unreachable!("it was opened right above");
        };
        let have = *have;
        let wanted = offset.saturating_add(length.unwrap_or(0));
        let length = length.unwrap_or_else(|| have.saturating_sub(offset));
        if wanted > have {
            return Err(WeightsError::Truncated { location: location.to_owned(), wanted, have });
        }
        let length = usize::try_from(length).map_err(|_| WeightsError::TooLarge)?;
        self.left = self.left.checked_sub(length).ok_or(WeightsError::TooLarge)?;
        let mut bytes = vec![0; length];
        file.seek(SeekFrom::Start(offset))
            .and_then(|_| file.read_exact(&mut bytes))
            .map_err(|error| unreadable(location, &error))?;
        Ok(bytes)
    }

    /// A file, and its length. Only one that lies where the model lies, or where the file lies that the
    /// model's name links to.
    fn open(&self, location: &str) -> Result<(File, u64), WeightsError> {
        let model = self.path.ok_or(WeightsError::NoFolder)?;
        let folder = match model.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let outside = || WeightsError::Outside { location: location.to_owned() };
        let relative = Path::new(location);
        let mut parts = relative.components();
        if location.is_empty()
            || location.contains('\0')
            || !parts.all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
        {
            return Err(outside());
        }
        let whole = |path: &Path| path.canonicalize();
        let path = whole(&folder.join(relative)).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => WeightsError::Missing {
                location: location.to_owned(),
                folder: whole(folder).unwrap_or_else(|_| folder.into()).display().to_string(),
            },
            _ => unreadable(location, &error),
        })?;
        // Caches keep model and weights elsewhere, both behind links.
        let linked = whole(model).ok().and_then(|model| model.parent().map(PathBuf::from));
        let homes = [whole(folder).ok(), linked];
        if !homes.iter().flatten().any(|home| path.starts_with(home)) {
            return Err(outside());
        }
        // Looked at first: to open a pipe is to wait for who writes into it.
        let about = std::fs::metadata(&path).map_err(|error| unreadable(location, &error))?;
        if !about.is_file() {
            let reason = "it is no file".to_owned();
            return Err(WeightsError::Unreadable { location: location.to_owned(), reason });
        }
        let file = File::open(&path).map_err(|error| unreadable(location, &error))?;
        Ok((file, about.len()))
    }
}

fn unreadable(location: &str, error: &std::io::Error) -> WeightsError {
    WeightsError::Unreadable { location: location.to_owned(), reason: error.to_string() }
}
