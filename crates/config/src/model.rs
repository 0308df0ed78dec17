//! Which model is meant, and where its file is.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::models::{self, Known};

/// The detector's model.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ModelChoice {
    /// The embedded one, which knows the demo's world only.
    Demo,
    /// By name: a file in the folder of models.
    Named(String),
    /// By path.
    File(PathBuf),
}

/// There is no file where the model's is expected.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MissingModel {
    /// One that razz can fetch.
    #[error(
        "there is no model file {}; `razz models pull {name}` brings it", .path.display()
    )]
    Known {
        /// Its name.
        name: String,
        /// Where it should be.
        path: PathBuf,
    },
    /// Any other.
    #[error(
        "there is no model file {}; put it there, or set `model` in [detector] to one that \
         `razz models list` names, to the path of an .onnx file, or to \"demo\"",
        .0.display()
    )]
    Unknown(PathBuf),
}

impl ModelChoice {
    /// From what is written: `demo`, a path (it has a slash or ends in `.onnx`; relative to
    /// `base_dir`), or a name. `None` where it can be neither.
    pub fn parse(text: &str, base_dir: &Path) -> Option<Self> {
        let name_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        match text {
            "demo" => Some(Self::Demo),
            path if path.contains(['/', '\\']) || path.ends_with(".onnx") => {
                Some(Self::File(base_dir.join(path)))
            }
            name if !name.is_empty() && !name.starts_with('.') && name.chars().all(name_char) => {
                Some(Self::Named(name.to_owned()))
            }
            _ => None,
        }
    }

    /// As it may be written in the config file.
    pub fn written(&self) -> String {
        match self {
            Self::Demo | Self::Named(_) => self.to_string(),
            Self::File(path) => path.display().to_string(),
        }
    }

    /// The file to read, `None` for the embedded model. A name means `NAME.onnx` in the folder of
    /// models ([`models::folder`]).
    ///
    /// # Errors
    /// Where there is no such file.
    pub fn path(&self) -> Result<Option<PathBuf>, MissingModel> {
        self.path_in(&models::folder())
    }

    fn path_in(&self, folder: &Path) -> Result<Option<PathBuf>, MissingModel> {
        let path = match self {
            Self::Demo => return Ok(None),
            Self::Named(name) => models::file(folder, name),
            Self::File(path) => path.clone(),
        };
        if path.is_file() {
            return Ok(Some(path));
        }
        match self {
            Self::Named(name) if Known::find(name).is_some() => {
                Err(MissingModel::Known { name: name.clone(), path })
            }
            _ => Err(MissingModel::Unknown(path)),
        }
    }
}

/// The name that users know it by.
impl fmt::Display for ModelChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Demo => f.write_str("demo"),
            Self::Named(name) => f.write_str(name),
            Self::File(path) => match path.file_stem() {
                Some(stem) => f.write_str(&stem.to_string_lossy()),
                None => path.display().fmt(f),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_the_demo_a_name_or_a_path() {
        let file = |path: &str| Some(ModelChoice::File(PathBuf::from(path)));
        for (text, choice) in [
            ("demo", Some(ModelChoice::Demo)),
            ("yolo11n", Some(ModelChoice::Named("yolo11n".to_owned()))),
            ("yolo11n.onnx", file("/etc/razz/yolo11n.onnx")),
            ("models/m", file("/etc/razz/models/m")),
            ("/opt/m.onnx", file("/opt/m.onnx")),
            ("", None),
            (".", None),
            ("..", None),
            ("yolo 11", None),
        ] {
            assert_eq!(ModelChoice::parse(text, Path::new("/etc/razz")), choice, "{text}");
        }
    }

    #[test]
    fn a_missing_model_says_where_it_should_be() {
        let nowhere = Path::new("/nonexistent");
        assert_eq!(ModelChoice::Demo.path_in(nowhere), Ok(None));
        for (name, said) in [
            ("yolo11n", "/nonexistent/yolo11n.onnx; `razz models pull yolo11n` brings it"),
            ("mine", "/nonexistent/mine.onnx; put it there"),
        ] {
            let error = ModelChoice::Named(name.to_owned()).path_in(nowhere).unwrap_err();
            assert!(error.to_string().contains(said), "{error}");
        }
        let this = ModelChoice::File(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
        assert!(this.path_in(nowhere).unwrap().is_some());
    }
}
