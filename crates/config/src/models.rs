//! The models that razz knows by name: where they come from, and where they lie on this machine.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::{env, fs};

use aws_lc_rs::digest::{Context, SHA256};

/// A model that razz can fetch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Known {
    /// What users call it; its file is `NAME.onnx`.
    pub name: &'static str,
    /// What it does.
    pub about: &'static str,
    /// Where its makers publish it.
    pub url: &'static str,
    /// The size of the file.
    pub bytes: u64,
    /// The SHA-256 of the file, in hexadecimal.
    pub sha256: &'static str,
    /// Its licence, in a word.
    pub licence: &'static str,
    /// The licence itself.
    pub licence_url: &'static str,
    /// What the licence asks of those who use it, where that must be accepted first.
    pub terms: Option<&'static str>,
}

/// Every model that razz knows. None is part of razz: each belongs to its makers.
pub const KNOWN: [Known; 5] = [
    Known {
        name: "yolo11n",
        about: "detector, YOLO11 nano, 80 COCO classes, any input size (Ultralytics)",
        url: "https://github.com/ultralytics/assets/releases/download/v8.3.0/yolo11n.onnx",
        bytes: 10_930_182,
        sha256: "634279b40c07c6391472c51ad45b81ebc48706a9a1fe72dd3396322acd0c053b",
        licence: "AGPL-3.0",
        licence_url: "https://ultralytics.com/license",
        terms: Some(
            "the AGPL asks those who let others use the model over a network to offer the source \
             of their whole program; Ultralytics sells other terms",
        ),
    },
    Known {
        name: "yolox_nano",
        about: "detector, YOLOX nano, 80 COCO classes, 416x416 (Megvii)",
        url: "https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0/yolox_nano.onnx",
        bytes: 3_659_407,
        sha256: "c789161ed43c8269fcd4e67c67eeeb4e80c622da2eb296a20bc6007bd18a0b7d",
        ..YOLOX
    },
    Known {
        name: "yolox_tiny",
        about: "detector, YOLOX tiny, 80 COCO classes, 416x416 (Megvii)",
        url: "https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0/yolox_tiny.onnx",
        bytes: 20_219_662,
        sha256: "427cc366d34e27ff7a03e2899b5e3671425c262ea2291f88bb942bc1cc70b0f7",
        ..YOLOX
    },
    Known {
        name: "yolox_s",
        about: "detector, YOLOX small, 80 COCO classes, 640x640 (Megvii)",
        url: "https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0/yolox_s.onnx",
        bytes: 35_858_002,
        sha256: "c5c2d13e59ae883e6af3b45daea64af4833a4951c92d116ec270d9ddbe998063",
        ..YOLOX
    },
    Known {
        name: "osnet_x0_25_msmt17",
        about: "embedder for re-identification of people, OSNet x0.25 (Kornia's export)",
        url: "https://huggingface.co/kornia/osnet/resolve/main/osnet_x0_25_msmt17.onnx",
        bytes: 907_169,
        sha256: "e78604f4ccda49b8f41cd0f8f7303800ce75d2361895ebb0729513c1bf53d277",
        licence: "MIT code, research-only data",
        licence_url: "https://github.com/KaiyangZhou/deep-person-reid/blob/master/LICENSE",
        terms: Some("its weights were trained on MSMT17, which is given out for research only"),
    },
];

/// What the YOLOX models share.
const YOLOX: Known = Known {
    name: "",
    about: "",
    url: "",
    bytes: 0,
    sha256: "",
    licence: "Apache-2.0",
    licence_url: "https://github.com/Megvii-BaseDetection/YOLOX/blob/0.1.1rc0/LICENSE",
    terms: None,
};

impl Known {
    /// The model of that name.
    pub fn find(name: &str) -> Option<&'static Self> {
        KNOWN.iter().find(|known| known.name == name)
    }

    /// The model with that SHA-256.
    pub fn with_sha256(sha256: &str) -> Option<&'static Self> {
        KNOWN.iter().find(|known| known.sha256 == sha256)
    }

    /// Its file in `folder`.
    pub fn file(&self, folder: &Path) -> PathBuf {
        file(folder, self.name)
    }

    /// What is there of it while it is fetched, in `folder`.
    pub fn part(&self, folder: &Path) -> PathBuf {
        folder.join(format!(".{}.onnx.part", self.name))
    }
}

/// The file of a model, known or not, in `folder`.
pub fn file(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.onnx"))
}

/// The names of the models in `folder`, sorted, without those that are no detectors.
pub fn detectors(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = files
        .filter_map(|file| Some(file.file_name().to_str()?.strip_suffix(".onnx")?.to_owned()))
        .filter(|name| !name.starts_with('.'))
        .filter(|name| Known::find(name).is_none_or(|known| known.about.starts_with("detector")))
        .collect();
    names.sort();
    names
}

/// The folder in which models are by their names: `$RAZZ_MODELS`, else `models` in the cache, which
/// is `$RAZZ_CACHE`, else `$XDG_CACHE_HOME/razz`, else `~/.cache/razz`.
pub fn folder() -> PathBuf {
    folder_by(&|name| env::var_os(name).map(PathBuf::from))
}

fn folder_by(env: &dyn Fn(&str) -> Option<PathBuf>) -> PathBuf {
    let set = |name| env(name).filter(|value| !value.as_os_str().is_empty());
    if let Some(models) = set("RAZZ_MODELS") {
        return models;
    }
    set("RAZZ_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|dir| dir.join("razz")))
        .or_else(|| set("HOME").map(|dir| dir.join(".cache/razz")))
        .unwrap_or_else(|| PathBuf::from(".cache"))
        .join("models")
}

/// The SHA-256 of a file, in hexadecimal.
pub fn sha256(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut digest = Context::new(&SHA256);
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            read => digest.update(&buffer[..read]),
        }
    }
    Ok(base16ct::lower::encode_string(digest.finish().as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_where_the_environment_says() {
        for (set, dir) in [
            (&[("RAZZ_MODELS", "/m"), ("RAZZ_CACHE", "/c")][..], "/m"),
            (&[("RAZZ_CACHE", "/c"), ("HOME", "/h")], "/c/models"),
            (&[("RAZZ_CACHE", ""), ("XDG_CACHE_HOME", "/x"), ("HOME", "/h")], "/x/razz/models"),
            (&[("HOME", "/h")], "/h/.cache/razz/models"),
            (&[], ".cache/models"),
        ] {
            let env = |name: &str| {
                set.iter().find(|(n, _)| *n == name).map(|(_, value)| PathBuf::from(value))
            };
            assert_eq!(folder_by(&env), Path::new(dir), "{set:?}");
        }
    }

    #[test]
    fn every_model_is_declared_in_full() {
        for (i, known) in KNOWN.iter().enumerate() {
            let hex = known.sha256.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            assert!(hex && known.sha256.len() == 64, "{known:?}");
            assert!(known.bytes > 500_000 && !known.about.is_empty(), "{known:?}");
            assert!(!known.licence.is_empty() && known.licence_url.starts_with("https://"));
            assert!(known.url.starts_with("https://"), "{known:?}");
            assert!(known.url.ends_with(&format!("/{}.onnx", known.name)), "{known:?}");
            let (name, sha256) = (Known::find(known.name), Known::with_sha256(known.sha256));
            assert_eq!(
                (name, sha256),
                (Some(&KNOWN[i]), Some(&KNOWN[i])),
                "names and hashes differ"
            );
        }
    }
}
