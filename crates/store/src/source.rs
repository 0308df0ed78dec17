//! A file of footage, for those who read spans of it.

use std::path::PathBuf;

use razz_base::MediaTime;

use crate::index::{Entry, Place};

/// A file, where it is and what the index knows of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Source {
    /// Where it is.
    pub path: PathBuf,
    /// What is in it.
    pub entry: Entry,
}

/// The fragment that a player has to begin with to show `from`: the key picture at or before it, else the first there is.
pub(crate) fn first_of(places: &[Place], from: MediaTime) -> Option<usize> {
    let begins = |place: &Place| place.key && place.from <= from;
    places.iter().rposition(begins).or_else(|| places.iter().position(|place| place.key))
}
