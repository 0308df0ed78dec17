//! The recorder: what cameras send is written to disk, and what could not be is said.
//!
//! ```text
//! streams ─► one queue, lossless and bounded ─► thread `recorder` ─► store: files, index
//! tracks  ─► one queue a camera ──────────────►                  ─► track blocks, visits
//! ```
//!
//! Nothing here is waited for: when the disk is slower than the cameras the queue is full, and what is given up becomes
//! a gap with that reason. A folder that cannot be written, a full disk, a panic: each is said, and tried again.
//!
//! [`Recorder`] is the handle; `folder` is what the thread does, `window` which access units are recorded where only visits
//! are.

mod folder;
mod status;
mod window;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;

use razz_base::CameraId;
use razz_config::Record;
use razz_hub::{Cameras, lock};
use razz_observe::clock::Clock;
use razz_store::archive::Archive;
use razz_store::now_written::NowWritten;
use razz_store::seal::{PublicKey, Signer};
use tracing::error;

use crate::folder::FolderRecorder;
pub use crate::status::{CameraRecording, RecorderStatus, Recording};

/// Records, until it is stopped.
#[derive(Debug)]
pub struct Recorder {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What the thread tells.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    stop: AtomicBool,
    archive: OnceLock<Arc<Archive>>,
    now_written: NowWritten,
    /// `None`: recordings are not signed.
    signer: Option<Arc<Signer>>,
    status: Mutex<RecorderStatus>,
}

impl Shared {
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }
}

impl Recorder {
    /// Begins to record `cameras` as their settings say, and signs what it records where there is a signer.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        settings: Record,
        signer: Option<Signer>,
        cameras: Arc<Cameras>,
        clock: Clock,
    ) -> std::io::Result<Arc<Self>> {
        let signer = signer.map(Arc::new);
        let shared = Arc::new(Shared { signer, ..Shared::default() });
        let told = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("recorder".to_owned()).spawn(move || {
            // A panic leaves files that the next turn ends as after a crash.
            while !told.is_stopped() {
                let turn = || FolderRecorder::run(&settings, &cameras, &told, clock);
                if std::panic::catch_unwind(std::panic::AssertUnwindSafe(turn)).is_err() {
                    error!("recording failed by a fault of razz; it begins anew");
                }
            }
        })?;
        Ok(Arc::new(Self { shared, thread: Mutex::new(Some(thread)) }))
    }

    /// What is recorded; `None` before the folder could be opened.
    pub fn archive(&self) -> Option<&Arc<Archive>> {
        self.shared.archive.get()
    }

    /// By which key others can tell that what is recorded is what was; `None` where nothing is signed.
    pub fn key(&self) -> Option<PublicKey> {
        self.shared.signer.as_ref().map(|signer| signer.public())
    }

    /// How it fares.
    pub fn status(&self) -> RecorderStatus {
        lock(&self.shared.status).clone()
    }

    /// How a camera's recording fares; `None` where the recorder does not know it.
    pub fn camera(&self, id: CameraId) -> Option<CameraRecording> {
        lock(&self.shared.status).cameras.get(&id).cloned()
    }

    /// Ends all files and waits for that.
    pub fn stop(&self) {
        self.shared.stop.store(true, Ordering::Release);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            error!("the recorder ended by a fault of razz");
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests;
