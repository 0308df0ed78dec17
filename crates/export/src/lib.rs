//! Recorded footage as files to hand out.
//!
//! ```text
//! request ─► queue on the disk ─► thread `export`, one at a time: make ─┬─ mp4: clips as they are
//!                                                                      ├─ rendered: decode, draw, encode
//!                                                                      ├─ player: a page with footage and tracks
//!                                                                      └─ tracks: MOT, COCO, WebVTT, CSV
//! ```
//!
//! [`make`] makes one file and is all that the command line needs; [`Exports`] is the queue of a server, which survives
//! its restarts. Each export has a folder of its own beside the recordings.

mod boxes;
mod draw;
mod error;
mod footage;
mod job;
mod journal;
mod make;
mod moments;
mod player;
mod queue;
mod render;
mod request;
mod track_files;

pub use error::ExportError;
pub use job::{Export, State};
pub use journal::Entry;
pub use make::{Materials, Presentation, estimate, make, plain_name};
pub use moments::rfc3339;
pub use queue::{AddError, ExportSettings, Exports, Sources};
pub use request::{Blur, Format, MOST_CAMERAS, PEOPLE, Request, RequestError};

#[cfg(test)]
mod tests;
