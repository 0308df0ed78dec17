//! The right to give track ids.

use razz_base::TrackId;

/// Who gives a camera's tracks their ids, so that none is ever given twice.
pub trait TrackIds: Send + Sync {
    /// The id before the first one that the next tracker may give.
    fn after(&self) -> TrackId;

    /// Gives ids up to `highest`.
    fn give(&self, highest: TrackId) -> Given;
}

/// Whether track ids that were to be published may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Given {
    /// They are the camera's from now on.
    Yes,
    /// As before, and the camera's numbers are nearly used up: its tracker shall start anew.
    Last,
    /// They are not: another analysis has taken the camera over.
    Refused,
}
