//! Small trees on disk for the unit tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::plan::Plan;

/// A folder with these files, gone when the value is dropped.
pub(crate) struct Tree(PathBuf);

impl Tree {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = format!("razz-xtask-{}-{number}", std::process::id());
        let tree = Self(std::env::temp_dir().join(folder));
        for (file, text) in files {
            tree.write(file, text);
        }
        tree
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        let path = self.0.join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a writable folder");
        fs::write(path, text).expect("a writable file");
    }

    pub(crate) fn root(&self) -> &Path {
        &self.0
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

/// A plan with these crates and the usual limits.
pub(crate) fn plan(crates: &str) -> Plan {
    let text = format!(
        "[limits]\nlargest_crate_percent = 20\nlongest_file = 700\nlong_file = 600\n\
         table_from_modules = 3\n[clock]\nreaders = []\n[world]\npackages = [\"tokio\", \"str0m\"]\n\
         {crates}"
    );
    Plan::parse(&text).expect("a plan")
}
