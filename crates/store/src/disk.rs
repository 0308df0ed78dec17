//! Files on one disk, and what is done for them to be there after a power cut.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use razz_base::CameraId;

use crate::name::FileName;
use crate::scan::{self, ScanError, Scanned};
use crate::segmenter::{Begin, Fragment};

/// In every folder of recordings: one without it is not written to, since a disk that is not mounted leaves an empty
/// folder of the same name, and with it the disk of the system.
const MARKER: &str = "razz-recordings";
/// What stands in it.
const MARKER_TEXT: &str = "razz keeps recordings here. Without this file it writes nothing.\n";
/// Names that are tried where others have the first.
const NAMES: usize = 1000;

/// Why nothing is written.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// The folder is there without being one of ours.
    #[error(
        "{0} has files but no recordings of razz: is its disk mounted? An empty folder, or a new one, is taken"
    )]
    NotOurs(PathBuf),
    /// It was ours when we began, and is not any more.
    #[error("{0} is not what it was: has its disk been unmounted?")]
    Gone(PathBuf),
    /// Another process writes there.
    #[error("another razz records into {0}; give each a folder of its own")]
    Taken(PathBuf),
    /// The disk is full.
    #[error("the disk of {0} is full")]
    Full(PathBuf),
    /// Something else.
    #[error("{path}: {error}")]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

impl DiskError {
    /// Whether what was looked for is not there.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Io { error, .. } if error.kind() == io::ErrorKind::NotFound)
    }

    pub(crate) fn of(path: &Path, error: io::Error) -> Self {
        let path = path.to_owned();
        if error.kind() == io::ErrorKind::StorageFull
            || error.kind() == io::ErrorKind::QuotaExceeded
        {
            Self::Full(path)
        } else {
            Self::Io { path, error }
        }
    }
}

/// A folder of recordings.
#[derive(Clone, Debug)]
pub struct Root(PathBuf);

impl Root {
    /// The folder at `path`, which is made where it is not there.
    ///
    /// # Errors
    /// When it cannot be made, or has something in it and is none of ours.
    pub fn open(path: &Path) -> Result<Self, DiskError> {
        let of = |error| DiskError::of(path, error);
        fs::create_dir_all(path).map_err(of)?;
        let root = Self(path.to_owned());
        if !root.is_ours() {
            // A new file system has this one folder.
            let has = |entry: &fs::DirEntry| entry.file_name() != "lost+found";
            if fs::read_dir(path).map_err(of)?.flatten().any(|entry| has(&entry)) {
                return Err(DiskError::NotOurs(path.to_owned()));
            }
            let marker = path.join(MARKER);
            let mut file = File::create_new(&marker).map_err(of)?;
            file.write_all(MARKER_TEXT.as_bytes()).map_err(of)?;
            file.sync_all().map_err(of)?;
            sync_folder(path)?;
        }
        Ok(root)
    }

    /// Whether there is one at `path`.
    pub fn is_at(path: &Path) -> bool {
        path.join(MARKER).is_file()
    }

    /// Sees to it that nobody else writes here, as long as what is answered is kept.
    ///
    /// # Errors
    /// When somebody else does, or the folder is not what it was.
    pub fn lock(&self) -> Result<File, DiskError> {
        let marker = self.0.join(MARKER);
        let file = File::open(&marker).map_err(|error| DiskError::of(&marker, error))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(fs::TryLockError::WouldBlock) => Err(DiskError::Taken(self.0.clone())),
            Err(fs::TryLockError::Error(error)) => Err(DiskError::of(&marker, error)),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn is_ours(&self) -> bool {
        Self::is_at(&self.0)
    }

    /// The folder of a camera.
    pub(crate) fn camera(&self, camera: CameraId) -> PathBuf {
        self.0.join(camera.to_string())
    }

    /// The cameras that have a folder.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn cameras(&self) -> Result<Vec<CameraId>, DiskError> {
        let names = entries(&self.0)?;
        let mut cameras: Vec<CameraId> =
            names.iter().filter_map(|name| name.parse().ok()).collect();
        cameras.sort_unstable();
        cameras.dedup();
        Ok(cameras)
    }

    /// The files of a camera, oldest first by their names; those of its tracks stand beside the folders of the days.
    ///
    /// # Errors
    /// When the folder cannot be read; none is no error.
    pub fn files(&self, camera: CameraId) -> Result<Vec<FileName>, DiskError> {
        let folder = self.camera(camera);
        let mut names = Vec::new();
        for day in entries(&folder)? {
            for file in entries(&folder.join(&day))? {
                names.extend(FileName::parse(&day, &file));
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Where a file is.
    pub fn path_of(&self, camera: CameraId, name: FileName) -> PathBuf {
        self.camera(camera).join(name.to_string())
    }

    /// Reads what is whole of a file.
    ///
    /// # Errors
    /// When it cannot be read or has nothing.
    pub fn scan(&self, camera: CameraId, name: FileName) -> Result<Scanned, ScanError> {
        scan::scan(&mut File::open(self.path_of(camera, name))?)
    }

    /// Cuts a file that was not ended behind what is whole of it, or takes it away where that is nothing. Answers what is
    /// left.
    ///
    /// # Errors
    /// When it cannot be read or cut.
    pub fn mend(&self, camera: CameraId, name: FileName) -> Result<Option<Scanned>, DiskError> {
        let path = self.path_of(camera, name);
        let of = |error| DiskError::of(&path, error);
        let mut file = OpenOptions::new().read(true).write(true).open(&path).map_err(of)?;
        let scanned = match scan::scan(&mut file) {
            Ok(scanned) if !scanned.fragments.is_empty() => scanned,
            Err(ScanError::Io(error)) => return Err(of(error)),
            Ok(_) | Err(ScanError::NoHeader) => {
                fs::remove_file(&path).map_err(of)?;
                return Ok(None);
            }
        };
        if scanned.whole < scanned.length {
            file.set_len(scanned.whole).map_err(of)?;
            file.sync_all().map_err(of)?;
        }
        Ok(Some(Scanned { length: scanned.whole, ..scanned }))
    }

    /// Takes a file away; one that is not there is gone already.
    ///
    /// # Errors
    /// When the system does not let it go.
    pub fn remove(&self, camera: CameraId, name: FileName) -> Result<(), DiskError> {
        let path = self.path_of(camera, name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(DiskError::of(&path, error))
            }
            _ => {
                // The last of its day takes the folder along.
                let _ = path.parent().map(fs::remove_dir);
                Ok(())
            }
        }
    }

    /// What is free on the disk for whoever writes here, in bytes.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn free(&self) -> Result<u64, DiskError> {
        let stat = rustix::fs::statvfs(&self.0);
        let stat = stat.map_err(|error| DiskError::of(&self.0, error.into()))?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }

    /// Whether the disk has an arm to move, as the system says; `None` where it does not, as of a network's.
    pub fn is_rotational(&self) -> Option<bool> {
        let device = fs::metadata(&self.0).ok()?.dev();
        let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
        let block = PathBuf::from(format!("/sys/dev/block/{major}:{minor}"));
        // A partition has it from the disk that it is on.
        let said = [block.join("queue/rotational"), block.join("../queue/rotational")];
        let said = said.iter().find_map(|file| fs::read_to_string(file).ok())?;
        match said.trim() {
            "0" => Some(false),
            "1" => Some(true),
            _ => None,
        }
    }

    /// Begins a file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(&self, camera: CameraId, begin: &Begin) -> Result<Recording, DiskError> {
        if !self.is_ours() {
            return Err(DiskError::Gone(self.0.clone()));
        }
        let mut name = begin.name;
        for _ in 0..NAMES {
            let path = self.path_of(camera, name);
            let folder = path.parent().unwrap_or(&self.0);
            if !folder.is_dir() {
                fs::create_dir_all(folder).map_err(|error| DiskError::of(folder, error))?;
                sync_folder(folder.parent().unwrap_or(&self.0))?;
                sync_folder(&self.0)?;
            }
            match File::create_new(&path) {
                Ok(file) => {
                    let mut recording = Recording { file, path, name, bytes: 0 };
                    recording.write(&begin.header)?;
                    sync_folder(recording.path.parent().unwrap_or(&self.0))?;
                    return Ok(recording);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => name = name.next(),
                Err(error) => return Err(DiskError::of(&path, error)),
            }
        }
        let error = io::Error::from(io::ErrorKind::AlreadyExists);
        Err(DiskError::of(&self.path_of(camera, name), error))
    }
}

/// A file that is written.
#[derive(Debug)]
pub struct Recording {
    file: File,
    path: PathBuf,
    /// As it is called.
    pub name: FileName,
    /// What is written of it.
    pub bytes: u64,
}

impl Recording {
    /// Adds a fragment; where it begins, in bytes. One that is not written as a whole is taken away again.
    ///
    /// # Errors
    /// When the system does not take it.
    pub fn append(&mut self, fragment: &Fragment) -> Result<u64, DiskError> {
        let offset = self.bytes;
        if let Err(error) = self.write(&fragment.bytes) {
            // What is left of it has no checksum, and is cut away later if it cannot be now.
            let _ = self.file.set_len(offset);
            self.bytes = offset;
            return Err(error);
        }
        Ok(offset)
    }

    /// Waits until what was written is on the disk.
    ///
    /// # Errors
    /// When the disk does not take it. What was written since the last time may be gone.
    pub fn sync(&self) -> Result<(), DiskError> {
        self.file.sync_data().map_err(|error| DiskError::of(&self.path, error))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), DiskError> {
        self.file.write_all(bytes).map_err(|error| DiskError::of(&self.path, error))?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }
}

/// A name in a folder is there after a power cut when the folder is.
pub(crate) fn sync_folder(path: &Path) -> Result<(), DiskError> {
    let folder = File::open(path).and_then(|folder| folder.sync_all());
    folder.map_err(|error| DiskError::of(path, error))
}

/// The names in a folder; none where it is not there, or no folder.
pub(crate) fn entries(folder: &Path) -> Result<Vec<String>, DiskError> {
    match fs::read_dir(folder) {
        Ok(entries) => {
            let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
            Ok(names.collect())
        }
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            Ok(Vec::new())
        }
        Err(error) => Err(DiskError::of(folder, error)),
    }
}

/// Reads `out` from a file, from `offset` on.
///
/// # Errors
/// When it cannot be read, or is shorter.
pub(crate) fn read_at(path: &Path, offset: u64, out: &mut [u8]) -> io::Result<()> {
    let mut file = File::open(path)?;
    file.seek(io::SeekFrom::Start(offset))?;
    file.read_exact(out)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::segmenter::tests::{recorded, units};
    use crate::segmenter::{EndReason, Segmenter, Step};
    use crate::temporary::Folder;

    fn camera() -> CameraId {
        CameraId::new(1).unwrap()
    }

    /// Records so many pictures; the names of the files.
    fn record(root: &Root, count: i64) -> Vec<FileName> {
        let (mut segmenter, mut steps) = (Segmenter::default(), Vec::new());
        units(count, 30).iter().for_each(|unit| segmenter.push(unit, 0, &mut steps));
        segmenter.stop(EndReason::Stopped, &mut steps);
        let (mut open, mut names) = (None, Vec::new());
        for step in steps {
            match step {
                Step::Begin(begin) => {
                    let recording = root.begin(camera(), &begin).unwrap();
                    names.push(recording.name);
                    open = Some(recording);
                }
                Step::Append(fragment) => {
                    open.as_mut().unwrap().append(&fragment).unwrap();
                }
                Step::End(_) => open.take().unwrap().sync().unwrap(),
                Step::NotTaken(why) => panic!("{why:?}"),
            }
        }
        names
    }

    #[test]
    fn what_was_recorded_is_found_under_its_name() {
        let folder = Folder::new("found");
        let root = Root::open(folder.path()).unwrap();
        assert_eq!(root.files(camera()).unwrap(), []);
        let names = record(&root, 90);
        assert_eq!(root.files(camera()).unwrap(), names);
        let file = fs::read(root.path_of(camera(), names[0])).unwrap();
        assert_eq!(file, recorded(&units(90, 30)));
        let scanned = root.scan(camera(), names[0]).unwrap();
        let found = scanned.fragments[1];
        let mut range = vec![0; found.summary.bytes];
        read_at(&root.path_of(camera(), names[0]), found.offset, &mut range).unwrap();
        assert_eq!(range, file[found.offset as usize..][..found.summary.bytes]);
        // The clock was set back: the same times again.
        let again = record(&root, 60);
        assert_eq!(again, [names[0].next()]);
        assert_eq!(root.files(camera()).unwrap(), [names[0], again[0]]);
        // Open once more, and with other things in it.
        fs::write(folder.path().join("1/2026-11-30/notes.txt"), "x").unwrap();
        let root = Root::open(folder.path()).unwrap();
        assert_eq!(root.files(camera()).unwrap().len(), 2);
    }

    #[test]
    fn a_file_that_was_not_ended_is_mended() {
        let folder = Folder::new("mended");
        let root = Root::open(folder.path()).unwrap();
        let name = record(&root, 90)[0];
        let path = root.path_of(camera(), name);
        let whole = fs::read(&path).unwrap();
        // Half a fragment at the end, as a crash leaves it; then nothing but zeros, as a power cut may.
        for rest in [&whole[1000..1500], &[0; 4096]] {
            OpenOptions::new().append(true).open(&path).unwrap().write_all(rest).unwrap();
            let left = root.mend(camera(), name).unwrap().unwrap();
            assert_eq!((left.fragments.len(), left.length), (6, whole.len() as u64));
            assert_eq!(fs::read(&path).unwrap(), whole);
        }
        // Not even the first fragment.
        OpenOptions::new().write(true).open(&path).unwrap().set_len(800).unwrap();
        assert_eq!(root.mend(camera(), name).unwrap(), None);
        assert!(!path.exists());
    }

    #[test]
    fn a_folder_that_is_not_ours_is_left_alone() {
        let folder = Folder::new("other");
        fs::create_dir_all(folder.path().join("photos")).unwrap();
        let error = Root::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("is its disk mounted"), "{error}");
        fs::remove_dir(folder.path().join("photos")).unwrap();
        fs::create_dir(folder.path().join("lost+found")).unwrap();
        let root = Root::open(folder.path()).unwrap();
        // Its disk is unmounted: an empty folder is left.
        fs::remove_file(folder.path().join(MARKER)).unwrap();
        let (mut segmenter, mut steps) = (Segmenter::default(), Vec::new());
        segmenter.push(&units(1, 1)[0], 0, &mut steps);
        let Some(Step::Begin(begin)) = steps.first() else { panic!("{steps:?}") };
        let error = root.begin(camera(), begin).unwrap_err();
        assert!(matches!(error, DiskError::Gone(_)), "{error}");
        assert!(!folder.path().join("1").exists(), "nothing was written");
    }

    #[test]
    fn one_process_writes_to_a_folder() {
        let folder = Folder::new("lock");
        let root = Root::open(folder.path()).unwrap();
        let lock = root.lock().unwrap();
        let error = root.lock().unwrap_err();
        assert!(matches!(error, DiskError::Taken(_)), "{error}");
        drop(lock);
        root.lock().unwrap();
    }

    #[test]
    fn a_full_disk_has_a_name_of_its_own() {
        // Every write to this device finds it full.
        let Ok(file) = OpenOptions::new().write(true).open("/dev/full") else { return };
        let (path, name) = (PathBuf::from("/dev/full"), FileName::at_us(0));
        let mut recording = Recording { file, path, name, bytes: 7 };
        let (mut segmenter, mut steps) = (Segmenter::default(), Vec::new());
        units(40, 30).iter().for_each(|unit| segmenter.push(unit, 0, &mut steps));
        let fragment = steps.iter().find_map(|step| match step {
            Step::Append(fragment) => Some(fragment),
            _ => None,
        });
        let error = recording.append(fragment.unwrap()).unwrap_err();
        assert!(matches!(error, DiskError::Full(_)), "{error}");
        assert_eq!(recording.bytes, 7);
    }
}
