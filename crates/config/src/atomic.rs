//! Files replaced as a whole: at no moment is there half of one, also when the power fails.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Puts `contents` in the place of the file at `path`, which need not be there, with `permissions`. A
/// symbolic link stays one: the file behind it is replaced.
///
/// # Errors
/// The disk's; the file is as it was then, and nothing is left lying about.
pub fn replace(
    path: &Path,
    contents: impl AsRef<[u8]>,
    permissions: Permissions,
) -> io::Result<()> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = target.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let temporary = folder.join(format!(".{name}.{}.tmp", std::process::id()));
    let written = (|| {
        // Nobody else may read it, not even before its permissions are set.
        let mut options = OpenOptions::new();
        let mut file =
            options.write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.set_permissions(permissions)?;
        file.write_all(contents.as_ref())?;
        file.sync_all()?;
        fs::rename(&temporary, &target)?;
        // The rename itself is on the disk once the folder is.
        File::open(folder)?.sync_all()
    })();
    if written.is_err() {
        // Of no use to anyone, and the disk may be full.
        let _ = fs::remove_file(&temporary);
    }
    written
}
