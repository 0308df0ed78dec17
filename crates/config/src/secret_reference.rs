//! References to secrets of this machine. They count in the config file alone: from anybody else they
//! would hand the secret to whatever host is named beside them.

/// What stands before the name of an environment variable.
pub(super) const ENV: &str = "env:";
/// What stands before the name of a systemd credential.
pub(super) const CREDENTIAL: &str = "credential:";

/// Whether the config file would take `text` for a reference, a broken one included.
pub(super) fn is_one(text: &str) -> bool {
    [ENV, CREDENTIAL].iter().any(|mark| text.starts_with(mark))
}
