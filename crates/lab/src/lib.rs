//! Measuring and trying things out without a server: `razz bench`, `razz detect`, `razz track`, `razz count`, `razz site`.
//!
//! Nothing of the running server depends on this crate. It starts one as a child process where a
//! whole server is to be measured.

pub mod bench;
mod clip;
pub mod count;
pub mod detect;
pub mod model;
pub mod progress;
pub mod site;
pub mod terminal;
pub mod track;
