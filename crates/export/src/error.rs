//! Why an export fails.

use std::io;
use std::path::{Path, PathBuf};

use razz_base::CameraId;
use razz_store::archive::ReadError;
use razz_vision::RenditionError;

/// Why an export fails. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Nothing is recorded then.
    #[error("nothing is recorded of these cameras in that time")]
    Nothing,
    /// Nothing was tracked then.
    #[error(
        "nothing was detected in that time, so there are no tracks; detection may have been off"
    )]
    NoTracks,
    /// The index or a file of footage or tracks.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Footage that is no footage.
    #[error("recorded footage cannot be read: {0}")]
    Footage(String),
    /// No decoder takes it.
    #[error("camera {camera}: {why}; export it untouched instead")]
    NotDecodable {
        /// Whose.
        camera: CameraId,
        /// What the decoder says.
        why: String,
    },
    /// The encoder.
    #[error(transparent)]
    Encode(#[from] RenditionError),
    /// The file cannot be written.
    #[error("{path}: {error}")]
    Write {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// It does not fit.
    #[error(
        "the disk has {free} left for exports and this takes about {wanted}; choose less, or delete old exports"
    )]
    Room {
        /// In words, such as "1.5 GB".
        free: String,
        /// Likewise.
        wanted: String,
    },
    /// For a player it is too much.
    #[error(
        "a player holds {most} of video at most and this has {wanted}; choose a shorter time, or MP4"
    )]
    TooLarge {
        /// In words.
        most: String,
        /// Likewise.
        wanted: String,
    },
    /// razz was built without the page.
    #[error("this razz has no offline player in it; build it with its pages (`make web`)")]
    NoPlayer,
    /// Somebody has cancelled it.
    #[error("it was cancelled")]
    Cancelled,
}

impl ExportError {
    /// Of the file at `path`.
    pub(crate) fn write(path: &Path) -> impl Fn(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::Write { path: path.clone(), error }
    }
}

/// Bytes in words: "1.5 GB".
pub(crate) fn bytes(count: u64) -> String {
    let count = count as f64;
    match count {
        count if count >= 1e9 => format!("{:.1} GB", count / 1e9),
        count if count >= 1e6 => format!("{:.0} MB", count / 1e6),
        _ => format!("{:.0} kB", (count / 1e3).ceil()),
    }
}
