//! The config file on the disk: read anew when it changes, written by nobody halfway.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use razz_alert::Draft;
use razz_base::DetectFrom;
use toml_edit::DocumentMut;

use super::edit::{self, AreaEdit, CameraEdit, DetectorEdit, EditError};
use super::problem::ConfigErrors;
use super::resolved::Config;
use super::source::Source;
use crate::atomic;

/// The file that the server was started with.
pub struct ConfigFile {
    path: PathBuf,
    /// The text that is in force. Held while the file is changed, so that changes come one by one.
    in_force: Mutex<String>,
}

/// Why the file was not changed. It is as it was.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Not possible in this file.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// It was wrong before: someone is at it with an editor.
    #[error("the config file has errors; correct them first: {0}")]
    WrongBefore(ConfigErrors),
    /// It would be wrong afterwards.
    #[error("{0}")]
    WrongAfter(ConfigErrors),
    /// The disk.
    #[error("{0} cannot be written ({1}); the settings are as they were")]
    Disk(String, io::Error),
}

impl ConfigFile {
    /// Reads the file at `path` for the first time.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn open(path: &Path) -> Result<(Self, Config), ConfigErrors> {
        let (config, text) = Config::load_text(path)?;
        Ok((Self { path: path.to_owned(), in_force: Mutex::new(text) }, config))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The settings, if the file is another than the one in force.
    ///
    /// # Errors
    /// As [`Config::load`]; what is in force stays.
    pub fn reload(&self) -> Result<Option<Config>, ConfigErrors> {
        let mut in_force = self.in_force.lock().unwrap_or_else(PoisonError::into_inner);
        let (config, text) = Config::load_text(&self.path)?;
        if *in_force == text {
            return Ok(None);
        }
        *in_force = text;
        Ok(Some(config))
    }

    /// Adds a camera; answers its number and the settings as they are now. The number is above
    /// `highest`, the highest that a camera had so far, unless `camera` has one.
    ///
    /// # Errors
    /// See [`WriteError`].
    pub fn add_camera(
        &self,
        camera: &CameraEdit,
        highest: u32,
    ) -> Result<(u32, Config), WriteError> {
        self.edit(|document| edit::add(document, camera, highest))
    }

    /// Changes a camera.
    ///
    /// # Errors
    /// See [`WriteError`].
    pub fn change_camera(&self, id: u32, camera: &CameraEdit) -> Result<Config, WriteError> {
        self.edit(|document| edit::change(document, id, camera)).map(|((), config)| config)
    }

    /// Takes a camera out.
    ///
    /// # Errors
    /// See [`WriteError`].
    pub fn remove_camera(&self, id: u32) -> Result<Config, WriteError> {
        self.edit(|document| edit::remove(document, id)).map(|((), config)| config)
    }

    /// Makes the areas of a camera these.
    ///
    /// # Errors
    /// See [`WriteError`].
    pub fn set_areas(&self, camera: u32, areas: &[AreaEdit]) -> Result<Config, WriteError> {
        self.edit(|document| edit::set_areas(document, camera, areas)).map(|((), config)| config)
    }

    /// Makes the rules these.
    ///
    /// # Errors
    /// See [`WriteError`].
    pub fn set_rules(&self, rules: &[Draft]) -> Result<Config, WriteError> {
        self.edit(|document| edit::set_rules(document, rules)).map(|((), config)| config)
    }

    /// Changes the detector.
    ///
    /// # Errors
    /// See [`WriteError`].
    pub fn change_detector(&self, detector: &DetectorEdit) -> Result<Config, WriteError> {
        self.edit(|document| edit::change_detector(document, detector)).map(|((), config)| config)
    }

    /// Where a stream of a camera would be found after a change, which is not made: of a new one, or of
    /// the one whose number is in `camera`.
    ///
    /// # Errors
    /// See [`WriteError`].
    pub fn source_of(&self, camera: &CameraEdit, stream: DetectFrom) -> Result<Source, WriteError> {
        let (_, text) = Config::load_text(&self.path).map_err(WriteError::WrongBefore)?;
        let mut document = understood(&text)?;
        let id = match camera.id.map(|id| (id, edit::change(&mut document, id, camera))) {
            Some((id, Ok(()))) => id,
            _ => edit::add(&mut document, camera, 0)?,
        };
        let config = Config::parse_beside(&document.to_string(), &self.path);
        let cameras = config.map_err(WriteError::WrongAfter)?.cameras;
        let found = cameras.into_iter().find(|camera| camera.id.as_u32() == id);
        let found = found.ok_or(WriteError::Edit(EditError::Unknown(id)))?;
        match stream {
            DetectFrom::Main => Ok(found.source),
            DetectFrom::Sub => found.sub.ok_or(WriteError::Edit(EditError::NoSub)),
        }
    }

    fn edit<T>(
        &self,
        work: impl FnOnce(&mut DocumentMut) -> Result<T, EditError>,
    ) -> Result<(T, Config), WriteError> {
        let mut in_force = self.in_force.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, before) = Config::load_text(&self.path).map_err(WriteError::WrongBefore)?;
        let mut document = understood(&before)?;
        let outcome = work(&mut document)?;
        let text = document.to_string();
        let config = Config::parse_beside(&text, &self.path).map_err(WriteError::WrongAfter)?;
        let written = self.backup(&before).and_then(|()| replace(&self.path, &text));
        written.map_err(|error| WriteError::Disk(self.path.display().to_string(), error))?;
        *in_force = text;
        Ok((outcome, config))
    }

    /// Keeps the last good text beside the file, as `razz.toml.bak`.
    fn backup(&self, text: &str) -> io::Result<()> {
        let mut name = self.path.as_os_str().to_owned();
        name.push(".bak");
        replace_as(Path::new(&name), text, &self.path)
    }
}

/// What the server could read, this can as well.
fn understood(text: &str) -> Result<DocumentMut, EditError> {
    text.parse().map_err(|_| EditError::Form("it is not understood a second time"))
}

/// Replaces a file as a whole.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    replace_as(path, text, path)
}

/// As [`replace`], with the permissions of the file `like`: a config may hold passwords.
fn replace_as(path: &Path, text: &str, like: &Path) -> io::Result<()> {
    atomic::replace(path, text, fs::metadata(like)?.permissions())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::WrittenFps;

    /// A folder of its own that goes with it.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("razz-{name}-{}", std::process::id()));
            fs::create_dir_all(&folder).unwrap();
            Self(folder)
        }

        fn file(&self, text: &str) -> PathBuf {
            let path = self.0.join("razz.toml");
            fs::write(&path, text).unwrap();
            path
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    const TEXT: &str = "# mine\n[[camera]]\nid = 1\nurl = \"rtsp://u:hunter2@h/s\"\n";

    fn named(name: &str) -> CameraEdit {
        CameraEdit { name: Some(Some(name.to_owned())), ..CameraEdit::default() }
    }

    fn at(url: Option<&str>) -> CameraEdit {
        CameraEdit { url: Some(url.map(str::to_owned)), ..CameraEdit::default() }
    }

    #[test]
    fn a_change_is_on_the_disk_with_a_backup_and_the_old_permissions() {
        let folder = Folder::new("write");
        let path = folder.file(TEXT);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let (file, config) = ConfigFile::open(&path).unwrap();
        assert_eq!(config.cameras.len(), 1);
        let (id, config) = file.add_camera(&at(Some("rtsp://h/2")), 6).unwrap();
        assert_eq!((id, config.cameras.len()), (7, 2));
        assert_eq!(fs::read_to_string(folder.0.join("razz.toml.bak")).unwrap(), TEXT);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with(TEXT) && text.contains("rtsp://h/2"), "{text}");
        for name in ["razz.toml", "razz.toml.bak"] {
            let mode = fs::metadata(folder.0.join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        assert!(file.reload().unwrap().is_none(), "our own change is no news");
        assert_eq!(file.remove_camera(1).unwrap().cameras.len(), 1);
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 2, "nothing is left lying about");
    }

    #[test]
    fn what_would_be_wrong_is_not_written() {
        let folder = Folder::new("wrong");
        let path = folder.file(TEXT);
        let (file, _) = ConfigFile::open(&path).unwrap();
        let often = |fps| CameraEdit { detect_fps: Some(Some(fps)), ..CameraEdit::default() };
        let backwards = often(WrittenFps::Number(-1.0));
        let word = often(WrittenFps::Word("often".to_owned()));
        let sctp = Some(Some("sctp".to_owned()));
        let sctp = CameraEdit { transport: sctp, ..CameraEdit::default() };
        for edit in [at(Some("http://h/")), backwards, word, sctp, at(None)] {
            let error = file.change_camera(1, &edit).unwrap_err();
            assert!(matches!(error, WriteError::WrongAfter(_)), "{error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
        assert!(matches!(file.remove_camera(5), Err(WriteError::Edit(EditError::Unknown(5)))));
        assert_eq!(fs::read_to_string(&path).unwrap(), TEXT);
        folder.file("[[camera]\n");
        let error = file.remove_camera(1).unwrap_err();
        assert!(matches!(error, WriteError::WrongBefore(_)), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "[[camera]\n");
    }

    #[test]
    fn an_edited_file_is_read_anew_and_a_broken_one_changes_nothing() {
        let folder = Folder::new("reload");
        let path = folder.file(TEXT);
        let (file, _) = ConfigFile::open(&path).unwrap();
        assert!(file.reload().unwrap().is_none());
        folder.file("nonsense");
        assert!(file.reload().is_err());
        folder.file(&TEXT.replace("/s", "/t"));
        assert_eq!(file.reload().unwrap().unwrap().cameras.len(), 1);
        assert!(file.reload().unwrap().is_none());
    }

    #[test]
    fn a_link_stays_a_link() {
        let folder = Folder::new("link");
        let real = folder.0.join("real.toml");
        fs::write(&real, TEXT).unwrap();
        let link = folder.0.join("razz.toml");
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let (file, _) = ConfigFile::open(&link).unwrap();
        file.change_camera(1, &named("A")).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert!(fs::read_to_string(&real).unwrap().contains("name = \"A\""));
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_said_and_nothing_changes() {
        let folder = Folder::new("disk");
        let path = folder.file(TEXT);
        let (file, _) = ConfigFile::open(&path).unwrap();
        // Root writes everywhere, but not over a folder.
        fs::create_dir(folder.0.join("razz.toml.bak")).unwrap();
        fs::write(folder.0.join("razz.toml.bak/x"), "").unwrap();
        let error = file.change_camera(1, &named("A")).unwrap_err();
        assert!(matches!(error, WriteError::Disk(..)), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), TEXT);
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 2);
    }
}
