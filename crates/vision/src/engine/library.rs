//! Where ONNX Runtime's shared library may lie.

use std::env;
use std::path::{Path, PathBuf};

/// The libraries to try, best first.
///
/// `ORT_DYLIB_PATH` alone where it is set. Else what is found in `/usr/lib`,
/// `/usr/lib/x86_64-linux-gnu`, `/usr/lib/aarch64-linux-gnu`, `/usr/local/lib` and, three folders
/// deep, in the project's cache: `$RAZZ_CACHE/onnxruntime`, else `$XDG_CACHE_HOME/razz/onnxruntime`,
/// else `~/.cache/razz/onnxruntime`. Those with the CUDA provider beside them come first where there
/// is an NVIDIA GPU, then those with OpenVINO's, and among equals the project's cache. A library is
/// a file `libonnxruntime.so*`.
pub fn library_candidates() -> Vec<PathBuf> {
    if let Some(path) = env::var_os("ORT_DYLIB_PATH").filter(|path| !path.is_empty()) {
        return vec![path.into()];
    }
    let mut found = Vec::new();
    if let Some(cache) = cache_folder() {
        search(&cache, 3, &mut found);
    }
    for folder in SYSTEM_FOLDERS {
        search(Path::new(folder), 0, &mut found);
    }
    let gpu = Path::new("/dev/nvidiactl").exists();
    found.sort_by_key(|path| {
        (!(gpu && has_provider(path, "cuda")), !has_provider(path, "openvino"))
    });
    found
}

const SYSTEM_FOLDERS: [&str; 4] =
    ["/usr/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/local/lib"];

/// The folder in which set-up puts ONNX Runtime; it need not exist.
pub(super) fn cache_folder() -> Option<PathBuf> {
    let folder = |name: &str| env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let cache = folder("RAZZ_CACHE")
        .or_else(|| folder("XDG_CACHE_HOME").map(|cache| cache.join("razz")))
        .or_else(|| folder("HOME").map(|home| home.join(".cache/razz")))?;
    Some(cache.join("onnxruntime"))
}

/// Whether this provider of the library lies beside it: `cuda`, `openvino`.
pub(super) fn has_provider(library: &Path, provider: &str) -> bool {
    library.with_file_name(format!("libonnxruntime_providers_{provider}.so")).exists()
}

/// Adds one library of `folder`, if it has one, and those of folders inside it, `depth` deep.
fn search(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    let Ok(entries) = folder.read_dir() else { return };
    let mut entries: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
    entries.sort();
    // The plain name, the major version and the full version are links to one file.
    let library = entries.iter().rev().find(|path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with("libonnxruntime.so") && path.is_file()
    });
    if let Some(path) = library {
        found.push(path.clone());
    }
    if depth > 0 {
        for folder in entries.iter().filter(|path| path.is_dir()) {
            search(folder, depth - 1, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_library_a_folder_two_folders_deep() {
        let root = env::temp_dir().join(format!("razz-library-{}", std::process::id()));
        for file in [
            "plain/capi/libonnxruntime.so.1.31.1",
            "plain/capi/libonnxruntime_providers_shared.so",
            "vino/capi/libonnxruntime.so",
            "vino/capi/libonnxruntime.so.1.24.1",
            "vino/capi/libonnxruntime_providers_openvino.so",
            "other/libonnx.so",
            "too/deep/by/libonnxruntime.so",
        ] {
            let path = root.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let mut found = Vec::new();
        search(&root, 2, &mut found);
        std::fs::remove_dir_all(&root).unwrap();
        let want = ["plain/capi/libonnxruntime.so.1.31.1", "vino/capi/libonnxruntime.so.1.24.1"];
        assert_eq!(found, want.map(|path| root.join(path)));
    }
}
