//! Recordings on disk.
//!
//! ```text
//! access units ─► Segmenter ─► steps: a file begins, a fragment, the file ends
//!                                └─► files under ROOT/CAMERA/2026-11-29/14-03-00.120Z.mp4
//! after a crash: scan ─► what is whole of a file
//! ```
//!
//! Files are plain fragmented MP4 ([`razz_media::mp4::write`]), one a minute. A sample's time is the frame's media
//! time, so that a frame's name in the recording is its name everywhere, and no index is needed to know it.

pub mod archive;
pub mod check;
pub mod clip;
pub mod disk;
pub mod footage;
pub mod index;
pub mod keep;
pub mod name;
pub mod now_written;
pub mod scan;
pub mod seal;
pub mod segmenter;
mod source;
pub mod space;
#[cfg(test)]
mod temporary;
pub mod tracks;
mod varint;
pub mod writer;

/// The index, in the folder of the recordings.
pub const INDEX: &str = "recordings.db";
