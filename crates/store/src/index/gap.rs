//! Times in which nothing was recorded, and why.

use razz_base::MediaTime;

/// Why nothing was recorded for a while.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum GapReason {
    /// The camera sent nothing.
    CameraGone,
    /// No key picture came to begin with.
    NoKey,
    /// The stream cannot be written as MP4.
    Format,
    /// The disk was slower than the camera.
    DiskSlow,
    /// The disk was full.
    DiskFull,
    /// The disk could not be written, or was not there.
    DiskGone,
    /// Nothing was to be recorded.
    Off,
    /// razz was not running.
    NotRunning,
    /// razz ended without a word: what was not on the disk yet.
    Crash,
    /// It was recorded, and has given way to newer footage.
    Deleted,
    /// Nobody was there, and only visits were to be recorded.
    Quiet,
    /// The index was lost, and with it the reason.
    Unknown,
}

impl GapReason {
    /// All of them, by their numbers in the tables.
    pub const ALL: [Self; 12] = [
        Self::CameraGone,
        Self::NoKey,
        Self::Format,
        Self::DiskSlow,
        Self::DiskFull,
        Self::DiskGone,
        Self::Off,
        Self::NotRunning,
        Self::Crash,
        Self::Deleted,
        Self::Quiet,
        Self::Unknown,
    ];

    /// In words, behind "is not recorded:".
    pub const fn words(self) -> &'static str {
        match self {
            Self::CameraGone => "the camera sends nothing",
            Self::NoKey => "no key picture has come to begin with",
            Self::Format => "its stream cannot be written as MP4",
            Self::DiskSlow => "the disk is slower than the cameras",
            Self::DiskFull => "the disk is full",
            Self::DiskGone => "the disk cannot be written, or is not there",
            Self::Off => "it is not to be",
            Self::NotRunning => "razz was not running",
            Self::Crash => "razz had ended without a word",
            Self::Deleted => "it has given way to newer footage",
            Self::Quiet => "nobody is there",
            Self::Unknown => "the index was lost, and with it the reason",
        }
    }

    /// Its name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CameraGone => "camera_gone",
            Self::NoKey => "no_key_picture",
            Self::Format => "format",
            Self::DiskSlow => "disk_slow",
            Self::DiskFull => "disk_full",
            Self::DiskGone => "disk_gone",
            Self::Off => "off",
            Self::NotRunning => "not_running",
            Self::Crash => "crash",
            Self::Deleted => "deleted",
            Self::Quiet => "quiet",
            Self::Unknown => "unknown",
        }
    }
}

/// A time in which nothing was recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gap {
    /// From then on.
    pub from: MediaTime,
    /// Until what was recorded next.
    pub until: MediaTime,
    /// Why.
    pub reason: GapReason,
}
