//! The frames of a block that is not full yet, on the disk as they come.
//!
//! A block is written every 10 s, and a process may end before that. Each frame is therefore appended at once, as a
//! block of its own, to `open.journal` beside the days' files. It is not waited for until it is on the disk: what a
//! power cut takes is the last seconds, but what the system took from a process that is killed stays. When the block is
//! written the journal is emptied; what is in it at start becomes a block first of all.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;

use razz_base::CameraId;

use super::Recorded;
use super::block::{decode, encode};
use super::header::Header;
use crate::disk::Root;

/// Beside the days' files, whose names end otherwise.
const NAME: &str = "open.journal";

/// Of one camera.
#[derive(Debug)]
pub(super) struct Journal {
    root: Root,
    path: PathBuf,
    camera: CameraId,
    file: Option<File>,
}

impl Journal {
    pub(super) fn of(root: &Root, camera: CameraId) -> Self {
        let path = root.camera(camera).join(NAME);
        Self { root: root.clone(), path, camera, file: None }
    }

    /// The frames in it, in the order of their times. What was cut short is left out.
    pub(super) fn frames(&self) -> io::Result<Vec<Recorded>> {
        let mut bytes = Vec::new();
        match File::open(&self.path) {
            Ok(mut file) => file.read_to_end(&mut bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let (mut frames, mut rest) = (Vec::new(), &bytes[..]);
        while let Some(block) = Header::parse(rest).ok().map(|header| header.block_bytes())
            && let Some((block, behind)) = rest.split_at_checked(block)
            && let Ok(found) = decode(block, self.camera)
        {
            frames.extend(found);
            rest = behind;
        }
        Ok(frames)
    }

    /// Adds a frame.
    pub(super) fn append(&mut self, recorded: &Recorded) -> io::Result<()> {
        let Ok((_, bytes)) = encode(std::slice::from_ref(recorded)) else { return Ok(()) };
        let file = match &mut self.file {
            Some(file) => file,
            // A folder that is not there may be a disk that is not: nothing is written in its place.
            None if !self.root.is_ours() => return Err(io::ErrorKind::NotFound.into()),
            None => {
                let folder = self.path.parent().map(std::fs::create_dir_all);
                folder.transpose()?;
                let file = OpenOptions::new().create(true).append(true).open(&self.path)?;
                self.file.insert(file)
            }
        };
        file.write_all(&bytes)
    }

    /// Everything in it stands elsewhere now.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        match &self.file {
            Some(file) => file.set_len(0),
            None if self.path.exists() => std::fs::remove_file(&self.path),
            None => Ok(()),
        }
    }
}
