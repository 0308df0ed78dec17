//! Which model is meant, and where its file is.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};

/// The detector's model.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum ModelChoice {
    /// The embedded one, which knows the demo's world only.
    Demo,
    /// By name: a file in the cache.
    Named(String),
    /// By path.
    File(PathBuf),
}

/// There is no file where the model's is expected.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "there is no model file {}; put it there, or set `model` in [detector] to the path of an \
     .onnx file, or to \"demo\"",
    .0.display()
)]
pub(crate) struct MissingModel(PathBuf);

impl ModelChoice {
    /// From what is written: `demo`, a path (it has a slash or ends in `.onnx`; relative to
    /// `base_dir`), or a name. `None` where it can be neither.
    pub(crate) fn parse(text: &str, base_dir: &Path) -> Option<Self> {
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

    /// The file to read, `None` for the embedded model. A name means `models/NAME.onnx` in the
    /// cache: `$RAZZ_CACHE`, else `$XDG_CACHE_HOME/razz`, else `~/.cache/razz`.
    ///
    /// # Errors
    /// Where there is no such file.
    pub(crate) fn path(&self) -> Result<Option<PathBuf>, MissingModel> {
        self.path_in(&cache_dir(&|name| env::var(name).ok()))
    }

    fn path_in(&self, cache: &Path) -> Result<Option<PathBuf>, MissingModel> {
        let path = match self {
            Self::Demo => return Ok(None),
            Self::Named(name) => cache.join("models").join(format!("{name}.onnx")),
            Self::File(path) => path.clone(),
        };
        if path.is_file() { Ok(Some(path)) } else { Err(MissingModel(path)) }
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

fn cache_dir(env: &dyn Fn(&str) -> Option<String>) -> PathBuf {
    let set = |name| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("RAZZ_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|dir| dir.join("razz")))
        .or_else(|| set("HOME").map(|dir| dir.join(".cache/razz")))
        .unwrap_or_else(|| PathBuf::from(".cache"))
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
    fn the_cache_is_where_the_environment_says() {
        for (set, dir) in [
            (&[("RAZZ_CACHE", "/c"), ("HOME", "/h")][..], "/c"),
            (&[("RAZZ_CACHE", ""), ("XDG_CACHE_HOME", "/x"), ("HOME", "/h")], "/x/razz"),
            (&[("HOME", "/h")], "/h/.cache/razz"),
            (&[], ".cache"),
        ] {
            let env = |name: &str| {
                set.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(cache_dir(&env), Path::new(dir), "{set:?}");
        }
    }

    #[test]
    fn a_missing_model_says_where_it_should_be() {
        let nowhere = Path::new("/nonexistent");
        assert_eq!(ModelChoice::Demo.path_in(nowhere), Ok(None));
        let error = ModelChoice::Named("yolo11n".to_owned()).path_in(nowhere).unwrap_err();
        assert!(
            error.to_string().contains("/nonexistent/models/yolo11n.onnx; put it there"),
            "{error}"
        );
        let this = ModelChoice::File(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
        assert!(this.path_in(nowhere).unwrap().is_some());
    }
}
