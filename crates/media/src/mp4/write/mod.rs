//! Writes video as fragmented MP4 (ISO/IEC 14496-12 and -15): untouched access units, each at its own media time.
//!
//! 1. [`header`] is everything before the first fragment: what is in the file, and no picture;
//! 2. [`FragmentWriter`] gathers access units and writes them as one fragment: `prft`, `moof`, `mdat`, and a `free`
//!    box with a checksum, by which a file that was cut short is known to be whole up to there;
//! 3. who signs recordings puts a box of theirs into both ([`add_user_box`]).
//!
//! A sample's time on the file's timeline is its [`MediaTime`](razz_base::MediaTime), at 90 kHz since 1970: **a
//! frame's name in the recording is its name everywhere.** NAL units are unchanged, parameter sets and SEI
//! included; only what stands between them is another (start codes there, lengths here).

mod boxes;
mod fragment;
mod header;
mod user_box;

pub use fragment::{Checked, FragmentWriter, Summary, TIME_AT, TIME_BYTES, checked};
pub use header::{CannotHold, header};
pub use user_box::{Parts, add_user_box, add_user_box_to_header, user_box_of_header};

/// The one track.
const TRACK: u32 = 1;

#[cfg(test)]
mod tests;
