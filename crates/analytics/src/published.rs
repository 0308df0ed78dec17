//! What subscribers know of a fact.

use razz_base::ClassId;

use crate::VisitEnd;

/// The last event about a fact whose class, and end, may still change.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(crate) enum Published {
    /// There was none.
    #[default]
    Nothing,
    /// A crossing, or a visit that goes on.
    Open { revision: u32, class: ClassId },
    /// A visit that is over.
    Ended { revision: u32, class: ClassId, end: (i64, VisitEnd) },
    /// That it was wrong.
    Retracted { revision: u32 },
}

impl Published {
    /// The number of the next event about it: corrections have 1 and more.
    pub(crate) fn next_revision(&self) -> u32 {
        match self {
            Self::Nothing => 0,
            Self::Open { revision, .. }
            | Self::Ended { revision, .. }
            | Self::Retracted { revision } => revision.saturating_add(1),
        }
    }
}
