//! What is so now: of each camera whether it is online, and how many of what are before it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use razz_base::CameraId;

/// One camera.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Row {
    /// What people call it.
    pub(crate) name: String,
    /// Whether video comes in.
    pub(crate) online: bool,
    /// How many are there, by the class's name; a class of which nobody is there has 0.
    pub(crate) counts: BTreeMap<String, usize>,
    /// Who came last.
    pub(crate) snapshot: Option<Bytes>,
}

/// All cameras. What reads it sees the newest, however rarely it looks.
#[derive(Default)]
pub(crate) struct Board(Mutex<BTreeMap<CameraId, Row>>);

impl Board {
    /// Changes the row of a camera, which is made if there is none.
    pub(super) fn change(&self, camera: CameraId, work: impl FnOnce(&mut Row)) {
        work(self.lock().entry(camera).or_default());
    }

    /// Forgets every camera but these.
    pub(super) fn keep(&self, cameras: &[CameraId]) {
        self.lock().retain(|id, _| cameras.contains(id));
    }

    /// All rows as they are now.
    pub(crate) fn read(&self) -> BTreeMap<CameraId, Row> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<CameraId, Row>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
