//! What is so now: of each camera whether it is online, and how many of what are before it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use razz_base::CameraId;

/// One camera.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct CameraSummary {
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
pub(crate) struct Summary(Mutex<BTreeMap<CameraId, CameraSummary>>);

impl Summary {
    /// Changes the entry of a camera, which is made if there is none.
    pub(crate) fn change(&self, camera: CameraId, work: impl FnOnce(&mut CameraSummary)) {
        work(self.lock().entry(camera).or_default());
    }

    /// Forgets every camera but these.
    pub(crate) fn keep(&self, cameras: &[CameraId]) {
        self.lock().retain(|id, _| cameras.contains(id));
    }

    /// All rows as they are now.
    pub(crate) fn read(&self) -> BTreeMap<CameraId, CameraSummary> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<CameraId, CameraSummary>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
