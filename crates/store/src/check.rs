//! What files and index say of one another: files that the index does not know are read, rows whose files are gone go.
//!
//! Looking lists names alone, so that it can be done before anything is written; what it found can be taken in while
//! recording goes on.

use std::collections::HashSet;

use razz_base::CameraId;
use tracing::warn;

use crate::disk::{DiskError, Root};
use crate::index::{Entry, Index, IndexError};
use crate::name::FileName;

/// Where files and index differ.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Differences {
    /// Files that the index does not know.
    pub unknown: Vec<(CameraId, FileName)>,
    /// Rows without a file.
    pub missing: Vec<(CameraId, FileName)>,
}

/// What was done about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Done {
    /// Files that are in the index now.
    pub added: usize,
    /// Rows that are gone.
    pub removed: usize,
    /// Files that could not be read; the log says why.
    pub unreadable: usize,
}

/// Why files could not be looked through.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The disk.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The index.
    #[error(transparent)]
    Index(#[from] IndexError),
}

impl Differences {
    /// Compares names.
    ///
    /// # Errors
    /// When a folder cannot be read, or the index does not answer.
    pub fn look(root: &Root, index: &Index) -> Result<Self, CheckError> {
        let mut found = Self::default();
        let mut known: HashSet<(CameraId, FileName)> =
            index.all()?.into_iter().map(|(camera, span)| (camera, span.name)).collect();
        for camera in root.cameras()? {
            for name in root.files(camera)? {
                if !known.remove(&(camera, name)) {
                    found.unknown.push((camera, name));
                }
            }
        }
        found.missing = known.into_iter().collect();
        Ok(found)
    }

    /// Reads the files that the index does not know, and forgets rows without a file. `progress` is told after each.
    ///
    /// # Errors
    /// When the index does not take them. A file that cannot be read is passed over, with a word in the log.
    pub fn take_in(
        &self,
        root: &Root,
        index: &Index,
        mut progress: impl FnMut(Done),
    ) -> Result<Done, IndexError> {
        let mut done = Done::default();
        for (camera, name) in &self.missing {
            index.remove(*camera, *name)?;
            done.removed += 1;
        }
        for (camera, name) in &self.unknown {
            // Somebody else may have taken it in meanwhile.
            if index.entry(*camera, *name)?.is_some() {
                continue;
            }
            match root.mend(*camera, *name) {
                Ok(scanned) => {
                    if let Some(entry) = scanned.and_then(|scanned| Entry::of(*name, &scanned)) {
                        index.put(*camera, &entry)?;
                        done.added += 1;
                    }
                }
                Err(error) if error.is_missing() => {}
                Err(error) => {
                    warn!(%camera, "a recording cannot be read: {error}");
                    done.unreadable += 1;
                }
            }
            progress(done);
        }
        if done != Done::default() {
            // They are right already, unless somebody else has written the rows.
            index.rebuild_stretches()?;
        }
        Ok(done)
    }
}

/// Lists visits and counts from the files of tracks: an index that is new has none. Of a camera whose files cannot be read
/// it says so in the log.
pub fn rebuild_visits(root: &Root, index: &Index) {
    for camera in root.cameras().unwrap_or_default() {
        if let Err(error) = index.rebuild_tracks(root, camera) {
            warn!(%camera, "visits could not be listed from the files of tracks: {error}");
        }
    }
}

/// Ends the files that a process before left without an end: cut behind what is whole of them. Answers whose they were.
///
/// # Errors
/// When the index does not answer. A file that cannot be mended is left, and said in the log.
pub fn end_unfinished(root: &Root, index: &Index) -> Result<Vec<CameraId>, IndexError> {
    let mut ended = Vec::new();
    for (camera, name) in index.not_ended()? {
        match root.mend(camera, name) {
            Ok(Some(scanned)) => {
                if let Some(entry) = Entry::of(name, &scanned) {
                    index.put(camera, &entry)?;
                }
            }
            Ok(None) => index.remove(camera, name)?,
            Err(error) if error.is_missing() => index.remove(camera, name)?,
            Err(error) => warn!(%camera, "a recording is not whole: {error}"),
        }
        ended.push(camera);
    }
    Ok(ended)
}
