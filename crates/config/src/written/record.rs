//! What is recorded, and for how long.

use super::{At, Group, Key, Limit, Table};
use crate::document::FromToml;

/// Days that something may be kept: for ever is what `0` says.
pub(crate) const DAYS: (i64, i64) = (0, 36_500);
/// A number of bytes as people write it, or nothing.
const BYTES: &str = r"^$|^[0-9]+(\.[0-9]+)? ?([kKMGT]i?)?B$";
/// A time as people write it.
pub(super) const SECONDS: &str = r"^[0-9]+(\.[0-9]+)? ?(s|m|min|h)$";
/// How the disk takes what is written.
pub(crate) const DISKS: [&str; 3] = ["auto", "ssd", "hdd"];
/// When a camera is recorded.
pub(super) const MODES: [&str; 3] = ["always", "visits", "off"];

group! {
    /// What cameras send is kept, with its tracks, and can be played again. See the guide to recordings.
    Record = "[record]" {
        /// The folder that recordings are kept in, relative to this file; `""`: nothing is recorded. It has to be
        /// empty or new at first: an empty folder that was not is taken for a disk that is not mounted.
        path: String = r#""""#,
        /// So much is kept at most, as `"200GB"` or `"1.5TB"`; `""`: as much as there is room for. The oldest gives way,
        /// what nobody is seen in first.
        max_bytes: String [Limit::Pattern(BYTES)] = r#""""#,
        /// So much is left free on the disk, for whatever else there is.
        keep_free: String [Limit::Pattern(BYTES)] = r#""10GB""#,
        /// Days for which footage is kept in which nobody was seen, 0 to 36500; 0: while there is room.
        keep_days: i64 [Limit::Whole(DAYS.0, DAYS.1)] = "14",
        /// The same of footage in which somebody was.
        visits_days: i64 [Limit::Whole(DAYS.0, DAYS.1)] = "60",
        /// The same of tracks, visits and what was counted, which outlive the footage: they take a hundredth of its room.
        tracks_days: i64 [Limit::Whole(DAYS.0, DAYS.1)] = "400",
        /// Days for which exported files are kept, 0 to 36500; 0: until somebody deletes them.
        exports_days: i64 [Limit::Whole(DAYS.0, DAYS.1)] = "7",
        /// What kind of disk it is: on an `"ssd"` each second is made durable as it is written, on an `"hdd"`, whose arm has to
        /// move for that, every five seconds; `"auto"`: as the system says.
        disk: String [Limit::Words(&DISKS)] = r#""auto""#,
    }
}
