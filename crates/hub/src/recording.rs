//! Whether a camera's footage is kept, for those who tell of it: the recorder writes it, others look.

use std::sync::Mutex;

use crate::lock;

/// That a camera should be recorded and is not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotRecorded {
    /// Why, in words for people.
    pub why: String,
    /// Since when, in UTC µs since 1970.
    pub since_us: i64,
}

/// How a camera's recording fares.
#[derive(Debug, Default)]
pub struct RecordingHealth(Mutex<Option<NotRecorded>>);

impl RecordingHealth {
    /// It should be recorded and is not, for this reason.
    pub fn stopped(&self, why: &str, now_us: i64) {
        let mut state = lock(&self.0);
        let since_us = state.as_ref().map_or(now_us, |before| before.since_us);
        *state = Some(NotRecorded { why: why.to_owned(), since_us });
    }

    /// It is recorded, or is not to be.
    pub fn fine(&self) {
        *lock(&self.0) = None;
    }

    /// What was told last.
    pub fn not_recorded(&self) -> Option<NotRecorded> {
        lock(&self.0).clone()
    }
}
