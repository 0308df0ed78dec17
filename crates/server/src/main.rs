//! The `razz` binary.
fn main() {}
