//! The modules of one crate and which of them names which.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::source::{self, Source};

/// The modules of one crate, as its root file declares them. Those of tests are left out.
pub(crate) struct Modules {
    all: Vec<Module>,
}

struct Module {
    /// Names from the root on; empty for the root.
    path: Vec<String>,
    parent: Option<usize>,
    /// Where it stands, relative to the root of the repository.
    file: String,
    children: BTreeMap<String, usize>,
    source: Source,
}

/// One module names another, with every place where it does.
#[derive(Debug, PartialEq)]
pub(crate) struct Arrow {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) places: Vec<Place>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) file: String,
    pub(crate) line: usize,
    /// The path as it is written there.
    pub(crate) names: String,
}

/// A module with modules inside and the arrows between those, and between them and its own file.
#[derive(Debug)]
pub(crate) struct Level {
    /// The folder it stands for, such as `crates/delivery/src`.
    pub(crate) name: String,
    pub(crate) members: Vec<String>,
    pub(crate) arrows: Vec<Arrow>,
}

impl Modules {
    /// Reads the crate whose root is the file `root_file` of `repository`.
    pub(crate) fn read(repository: &Path, root_file: &str) -> io::Result<Self> {
        let mut modules = Self { all: Vec::new() };
        let source = read_source(repository, root_file)?;
        let folder = Path::new(root_file).parent().map(Path::to_path_buf).unwrap_or_default();
        modules.add(repository, Vec::new(), None, root_file.to_owned(), &folder, source)?;
        Ok(modules)
    }

    /// `folder` is where the files of its children stand.
    fn add(
        &mut self,
        repository: &Path,
        path: Vec<String>,
        parent: Option<usize>,
        file: String,
        folder: &Path,
        mut source: Source,
    ) -> io::Result<usize> {
        let children = std::mem::take(&mut source.children);
        let own = self.all.len();
        self.all.push(Module {
            path: path.clone(),
            parent,
            file,
            children: BTreeMap::new(),
            source,
        });
        for child in children {
            if child.test || child.name == "tests" {
                continue;
            }
            let mut child_path = path.clone();
            child_path.push(child.name.clone());
            let (file, child_folder, source) = match child.body {
                Some(body) => (self.all[own].file.clone(), folder.join(&child.name), body),
                None => {
                    let (file, child_folder) =
                        self.file_of(repository, own, folder, &child.name, child.file.as_deref())?;
                    let source = read_source(repository, &file)?;
                    (file, child_folder, source)
                }
            };
            if source.test {
                continue;
            }
            let index = self.add(repository, child_path, Some(own), file, &child_folder, source)?;
            self.all[own].children.insert(child.name, index);
        }
        Ok(own)
    }

    /// The file of a declared module, and the folder of its own children.
    fn file_of(
        &self,
        repository: &Path,
        parent: usize,
        folder: &Path,
        name: &str,
        given: Option<&str>,
    ) -> io::Result<(String, PathBuf)> {
        let beside = Path::new(&self.all[parent].file).parent().unwrap_or(Path::new(""));
        let candidates = match given {
            Some(given) => vec![(beside.join(given), beside.to_path_buf())],
            None => vec![
                (folder.join(format!("{name}.rs")), folder.join(name)),
                (folder.join(name).join("mod.rs"), folder.join(name)),
            ],
        };
        candidates
            .into_iter()
            .find(|(file, _)| repository.join(file).is_file())
            .map(|(file, folder)| (file.display().to_string(), folder))
            .ok_or_else(|| {
                let file = &self.all[parent].file;
                io::Error::other(format!("{file} declares the module {name}, which has no file"))
            })
    }

    /// The root first, then every module that has modules inside.
    pub(crate) fn levels(&self) -> Vec<Level> {
        (0..self.all.len())
            .filter(|&index| !self.all[index].children.is_empty())
            .map(|scope| self.level(scope))
            .collect()
    }

    fn level(&self, scope: usize) -> Level {
        let own = self.own_name(scope);
        let mut found: BTreeMap<(String, String), BTreeSet<Place>> = BTreeMap::new();
        for index in 0..self.all.len() {
            let Some(from) = self.member(scope, index) else { continue };
            for path in self.references(index) {
                let Some(to) = self.target(scope, index, &path.segments) else { continue };
                if from == to {
                    continue;
                }
                let name = |member: Option<usize>| match member {
                    None => own.clone(),
                    Some(child) => self.all[child].path.last().cloned().unwrap_or_default(),
                };
                let place = Place {
                    file: self.all[index].file.clone(),
                    line: path.line,
                    names: path.segments.join("::"),
                };
                found.entry((name(from), name(to))).or_default().insert(place);
            }
        }
        let arrows = found
            .into_iter()
            .map(|((from, to), places)| Arrow { from, to, places: places.into_iter().collect() })
            .collect();
        let mut members: Vec<String> = self.all[scope].children.keys().cloned().collect();
        members.push(own);
        Level { name: self.folder_of(scope), members, arrows }
    }

    /// Which member of the level `scope` the module `index` belongs to: `None` in it is the file of
    /// `scope` itself. Answers nothing where the module is not inside.
    #[allow(clippy::option_option, reason = "inside or not, and then which: two questions")]
    fn member(&self, scope: usize, index: usize) -> Option<Option<usize>> {
        if index == scope {
            return Some(None);
        }
        let mut at = index;
        loop {
            let parent = self.all[at].parent?;
            if parent == scope {
                return Some(Some(at));
            }
            at = parent;
        }
    }

    /// Where the path that stands in module `index` leads, as a member of the level `scope`.
    #[allow(clippy::option_option, reason = "as for `member`")]
    fn target(&self, scope: usize, index: usize, segments: &[String]) -> Option<Option<usize>> {
        let mut trail = Vec::new();
        let absolute = self.absolute(index, segments)?;
        self.follow(&absolute, &mut trail, 0)?;
        // What a module hands on from elsewhere is looked for there: a re-export is no stop.
        trail
            .iter()
            .find_map(|&stop| match self.member(scope, stop) {
                Some(Some(child)) => Some(Some(child)),
                _ => None,
            })
            .or_else(|| (trail.last() == Some(&scope)).then_some(None))
    }

    /// The path from the root on; nothing for a path into another crate.
    fn absolute(&self, index: usize, segments: &[String]) -> Option<Vec<String>> {
        let (first, rest) = segments.split_first()?;
        let mut base = self.all[index].path.clone();
        match first.as_str() {
            "crate" => return Some(rest.to_vec()),
            "self" => base.extend_from_slice(rest),
            "super" => {
                let ups = segments.iter().take_while(|segment| *segment == "super").count();
                base.truncate(base.len().checked_sub(ups)?);
                base.extend_from_slice(&segments[ups..]);
            }
            name if self.all[index].children.contains_key(name) => {
                base.extend_from_slice(segments);
            }
            _ => return None,
        }
        Some(base)
    }

    /// Walks down from the root and notes every module on the way, through re-exports too. Answers
    /// nothing where the path leaves the crate.
    fn follow(&self, absolute: &[String], trail: &mut Vec<usize>, depth: usize) -> Option<()> {
        const DEEPEST: usize = 12;
        if depth > DEEPEST {
            return None;
        }
        let mut at = 0;
        for (position, segment) in absolute.iter().enumerate() {
            if let Some(&child) = self.all[at].children.get(segment) {
                at = child;
                trail.push(at);
                continue;
            }
            if self.all[at].source.defines.contains(segment) {
                break;
            }
            let rest = &absolute[position + 1..];
            let mut imports = self.all[at].source.imports.iter().filter(|i| i.of_module);
            if let Some(import) = imports.clone().find(|import| import.name == *segment) {
                let mut target = self.through_imports(at, &import.path.segments, depth)?;
                target.extend_from_slice(rest);
                return self.follow(&target, trail, depth + 1);
            }
            let through_glob = imports.find_map(|import| {
                if import.name != "*" {
                    return None;
                }
                let mut target = self.absolute(at, &import.path.segments)?;
                let mut inside = vec![0];
                self.follow(&target, &mut inside, depth + 1)?;
                let source = &self.all[*inside.last()?];
                let known = source.source.defines.contains(segment)
                    || source.children.contains_key(segment)
                    || source.source.imports.iter().any(|i| i.of_module && i.name == *segment);
                target.push(segment.clone());
                target.extend_from_slice(rest);
                known.then_some(target)
            });
            if let Some(target) = through_glob {
                return self.follow(&target, trail, depth + 1);
            }
            break;
        }
        trail.push(at);
        Some(())
    }

    /// As [`Self::absolute`], where the first segment may itself be an imported module.
    fn through_imports(
        &self,
        index: usize,
        segments: &[String],
        depth: usize,
    ) -> Option<Vec<String>> {
        if let Some(absolute) = self.absolute(index, segments) {
            return Some(absolute);
        }
        let (first, rest) = segments.split_first()?;
        let import = self.all[index].source.imports.iter().find(|import| {
            import.of_module && import.name == *first && import.path.segments != segments
        })?;
        if depth > 8 {
            return None;
        }
        let mut target = self.through_imports(index, &import.path.segments, depth + 1)?;
        target.extend_from_slice(rest);
        Some(target)
    }

    /// The paths outside tests, and the imports that are used here and not only handed on.
    fn references(&self, index: usize) -> impl Iterator<Item = &source::Path> {
        let source = &self.all[index].source;
        let imports = source
            .imports
            .iter()
            .filter(|import| !import.public || source.identifiers.contains(&import.name))
            .map(|import| &import.path);
        source.paths.iter().chain(imports).filter(|path| !path.test)
    }

    /// How the file of the module itself is called among its members.
    fn own_name(&self, scope: usize) -> String {
        let file = Path::new(&self.all[scope].file);
        file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    fn folder_of(&self, scope: usize) -> String {
        let file = Path::new(&self.all[scope].file);
        let folder = file.parent().unwrap_or(file).display().to_string();
        match file.file_name().and_then(|name| name.to_str()) {
            Some("mod.rs" | "lib.rs" | "main.rs") => folder,
            _ => file.with_extension("").display().to_string(),
        }
    }
}

fn read_source(repository: &Path, file: &str) -> io::Result<Source> {
    let text = fs::read_to_string(repository.join(file))
        .map_err(|error| io::Error::other(format!("{file}: {error}")))?;
    Source::read(&text).map_err(|error| io::Error::other(format!("{file}: {error}")))
}

#[cfg(test)]
mod tests;
