//! Which files there are: the workspace's packages, their sources, the documents.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A package of the workspace.
#[derive(Debug, PartialEq)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// From the root of the repository.
    pub(crate) folder: String,
}

impl Package {
    /// The files that cargo compiles first, `src/lib.rs` before `src/main.rs`.
    pub(crate) fn roots(&self, repository: &Path) -> Vec<String> {
        ["src/lib.rs", "src/main.rs"]
            .into_iter()
            .map(|file| format!("{}/{file}", self.folder))
            .filter(|file| repository.join(file).is_file())
            .collect()
    }

    /// Whether it stands in `crates/`, where every package is a room of the plan.
    pub(crate) fn is_room(&self) -> bool {
        self.folder.starts_with("crates/")
    }
}

/// The members of the workspace, by folder.
pub(crate) fn packages(repository: &Path) -> io::Result<Vec<Package>> {
    let manifest = read_manifest(&repository.join("Cargo.toml"))?;
    let members = manifest
        .get("workspace")
        .and_then(|workspace| workspace.get("members"))
        .and_then(toml::Value::as_array)
        .ok_or_else(|| io::Error::other("Cargo.toml names no members of the workspace"))?;
    let mut packages = Vec::new();
    for member in members.iter().filter_map(toml::Value::as_str) {
        let folders = match member.strip_suffix("/*") {
            Some(folder) => sub_folders(repository, folder)?,
            None => vec![member.to_owned()],
        };
        for folder in folders {
            let manifest = repository.join(&folder).join("Cargo.toml");
            if !manifest.is_file() {
                continue;
            }
            let name = read_manifest(&manifest)?
                .get("package")
                .and_then(|package| package.get("name"))
                .and_then(toml::Value::as_str)
                .ok_or_else(|| io::Error::other(format!("{folder}/Cargo.toml has no name")))?
                .to_owned();
            packages.push(Package { name, folder });
        }
    }
    packages.sort_by(|a, b| a.folder.cmp(&b.folder));
    Ok(packages)
}

/// Every file with this ending below `folder`, as paths from the root of the repository. What is
/// built or fetched is left out, and a folder that is not there has none.
pub(crate) fn below(repository: &Path, folder: &str, ending: &str) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut waiting = vec![PathBuf::from(folder)];
    while let Some(folder) = waiting.pop() {
        let Ok(entries) = fs::read_dir(repository.join(&folder)) else { continue };
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let path = folder.join(&name);
            if entry.path().is_dir() {
                if name != "target" && name != "node_modules" && name != "dist" && name != ".git" {
                    waiting.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == ending) {
                found.push(path.display().to_string());
            }
        }
    }
    found.sort();
    Ok(found)
}

fn sub_folders(repository: &Path, folder: &str) -> io::Result<Vec<String>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(repository.join(folder))? {
        let entry = entry?;
        if entry.path().is_dir() {
            folders.push(format!("{folder}/{}", entry.file_name().to_string_lossy()));
        }
    }
    Ok(folders)
}

fn read_manifest(file: &Path) -> io::Result<toml::Table> {
    let text = fs::read_to_string(file)?;
    text.parse().map_err(|error| io::Error::other(format!("{}: {error}", file.display())))
}
