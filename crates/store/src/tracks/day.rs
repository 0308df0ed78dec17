//! Files of blocks: one a day and camera, beside the folders of its footage. Blocks are only ever added.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use razz_base::CameraId;
use tracing::warn;

use super::Recorded;
use super::block;
use super::blocks::{Blocks, Placed};
use crate::disk::{DiskError, Root, entries, read_at, sync_folder};
use crate::name::FileName;

const SUFFIX: &str = ".tracks";
const DAY_US: i64 = 86_400_000_000;

/// A day by UTC, and what its file is called. A block is in the file of the day that its first frame was taken on.
///
/// ```
/// use razz_store::tracks::day::Day;
///
/// let day = Day::at_us(1_796_047_380_120_999);
/// assert_eq!(day.to_string(), "2026-11-30.tracks");
/// assert_eq!(Day::parse("2026-11-30.tracks"), Some(day));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Day(FileName);

impl Day {
    /// The day of a time in UTC µs since 1970.
    pub const fn at_us(us: i64) -> Self {
        Self(FileName::at_us(us - us.rem_euclid(DAY_US)))
    }

    /// When it begins, in UTC µs since 1970.
    pub const fn begin_us(self) -> i64 {
        self.0.as_ms().saturating_mul(1000)
    }

    /// When it ends, in UTC µs since 1970.
    pub const fn end_us(self) -> i64 {
        self.begin_us().saturating_add(DAY_US)
    }

    /// Reads a file's name; `None` where it is none of ours.
    pub fn parse(file: &str) -> Option<Self> {
        FileName::midnight(file.strip_suffix(SUFFIX)?).map(Self)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{SUFFIX}", self.0.day())
    }
}

/// The days that there are tracks of, oldest first.
///
/// # Errors
/// When the camera's folder cannot be read; none is no error.
pub fn days(root: &Root, camera: CameraId) -> Result<Vec<Day>, DiskError> {
    let names = entries(&root.camera(camera))?;
    let mut days: Vec<Day> = names.iter().filter_map(|name| Day::parse(name)).collect();
    days.sort_unstable();
    Ok(days)
}

/// Takes away the files of the days that ended at `us` (UTC, µs since 1970) or before; how many.
///
/// # Errors
/// When one cannot be taken away.
pub fn remove_before(root: &Root, camera: CameraId, us: i64) -> Result<usize, DiskError> {
    remove_if(root, camera, |day| day.end_us() <= us)
}

/// Takes away the files of the days that `goes` says; how many.
pub(crate) fn remove_if(
    root: &Root,
    camera: CameraId,
    goes: impl Fn(Day) -> bool,
) -> Result<usize, DiskError> {
    let mut removed = 0;
    for day in days(root, camera)?.into_iter().filter(|day| goes(*day)) {
        let path = DayFile::of(root, camera, day).path;
        fs::remove_file(&path).map_err(|error| DiskError::of(&path, error))?;
        removed += 1;
    }
    Ok(removed)
}

/// The file of a day, which need not be there.
#[derive(Clone, Debug)]
pub struct DayFile {
    path: PathBuf,
    camera: CameraId,
}

impl DayFile {
    /// Of a camera.
    pub fn of(root: &Root, camera: CameraId, day: Day) -> Self {
        Self { path: root.camera(camera).join(day.to_string()), camera }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a block and waits until it is on the disk; where it begins, in bytes. One that is not written as a whole is
    /// taken away again.
    ///
    /// # Errors
    /// When the folder is not ours any more, or the disk does not take it.
    pub fn append(&self, root: &Root, block: &[u8]) -> Result<u64, DiskError> {
        if !root.is_ours() {
            return Err(DiskError::Gone(root.path().to_owned()));
        }
        let of = |error| DiskError::of(&self.path, error);
        let folder = self.path.parent().unwrap_or(root.path());
        if !folder.is_dir() {
            fs::create_dir_all(folder).map_err(|error| DiskError::of(folder, error))?;
            sync_folder(root.path())?;
        }
        let mut file = OpenOptions::new().create(true).append(true).open(&self.path).map_err(of)?;
        let offset = file.metadata().map_err(of)?.len();
        let written = file.write_all(block).and_then(|()| file.sync_data());
        if let Err(error) = written {
            // What is left of it has no checksum that fits, and is cut away later if it cannot be now.
            let _ = file.set_len(offset);
            return Err(of(error));
        }
        if offset == 0 {
            sync_folder(folder)?;
        }
        Ok(offset)
    }

    /// Its blocks, by their headers, in the order in which they were written. Those that are damaged are left out.
    ///
    /// # Errors
    /// When it cannot be read; where it is not there it has none.
    pub fn blocks(&self) -> Result<Vec<Placed>, DiskError> {
        let Some(mut blocks) = self.open()? else { return Ok(Vec::new()) };
        let all = std::iter::from_fn(|| blocks.next_block().transpose());
        all.collect::<io::Result<_>>().map_err(|error| DiskError::of(&self.path, error))
    }

    /// Reads the frames of a block; none, and a word in the log, where it is damaged.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn frames(&self, block: &Placed) -> Result<Vec<Recorded>, DiskError> {
        let mut bytes = vec![0; block.header.block_bytes()];
        read_at(&self.path, block.offset, &mut bytes)
            .map_err(|error| DiskError::of(&self.path, error))?;
        Ok(block::decode(&bytes, self.camera).unwrap_or_else(|error| {
            let (path, offset) = (self.path.display(), block.offset);
            warn!(camera = %self.camera, "{path} at byte {offset}: {error}");
            Vec::new()
        }))
    }

    /// Cuts away what a crash has left at the end that is no whole block; how many bytes.
    ///
    /// # Errors
    /// When it cannot be read or cut; where it is not there nothing is to be done.
    pub fn repair(&self) -> Result<u64, DiskError> {
        let of = |error| DiskError::of(&self.path, error);
        let Some(blocks) = self.open()? else { return Ok(0) };
        let (length, mut whole) = (blocks.length(), 0);
        drop(blocks);
        for block in self.blocks()?.iter().rev() {
            // The header may be on the disk, and what is behind it not.
            if !self.frames(block)?.is_empty() {
                whole = block.end();
                break;
            }
        }
        if whole < length {
            let file = OpenOptions::new().write(true).open(&self.path).map_err(of)?;
            file.set_len(whole).and_then(|()| file.sync_all()).map_err(of)?;
        }
        Ok(length - whole)
    }

    /// `None` where it is not there.
    pub(super) fn open(&self) -> Result<Option<Blocks<File>>, DiskError> {
        match File::open(&self.path).and_then(Blocks::new) {
            Ok(blocks) => Ok(Some(blocks)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(DiskError::of(&self.path, error)),
        }
    }
}
