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
    /// All classes that may be counted: those of the config, else those that the model finds; empty
    /// while that is not known.
    pub(crate) classes: Vec<String>,
    /// Who came last.
    pub(crate) snapshot: Option<Bytes>,
}

/// What is so at one moment.
#[derive(Clone, Default)]
pub(crate) struct Snapshot {
    /// Each camera that is watched.
    pub(crate) rows: BTreeMap<CameraId, CameraSummary>,
    /// The cameras that there are to be; `None` while that is not known.
    pub(crate) wanted: Option<Vec<CameraId>>,
}

/// All cameras. What reads it sees the newest, however rarely it looks.
#[derive(Default)]
pub(crate) struct Summary(Mutex<Snapshot>);

impl Summary {
    /// Changes the entry of a camera, which is made if there is none.
    pub(crate) fn change(&self, camera: CameraId, work: impl FnOnce(&mut CameraSummary)) {
        work(self.lock().rows.entry(camera).or_default());
    }

    /// Forgets every camera but these.
    pub(crate) fn keep(&self, cameras: &[CameraId]) {
        let mut snapshot = self.lock();
        snapshot.rows.retain(|id, _| cameras.contains(id));
        snapshot.wanted = Some(cameras.to_vec());
    }

    /// All as it is now.
    pub(crate) fn read(&self) -> Snapshot {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Snapshot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
