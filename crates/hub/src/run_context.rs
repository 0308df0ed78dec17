//! Which camera, stream and RTSP session a line in the log is about.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use razz_base::{CameraId, RunId, StreamKind};
use tracing::{Span, error_span};

/// What names the work on a camera's stream in the log.
#[derive(Clone, Debug)]
pub struct RunContext {
    camera: CameraId,
    kind: StreamKind,
    run: Arc<AtomicU32>,
}

impl RunContext {
    /// Of the main stream of a camera that was not connected to yet.
    pub fn new(camera: CameraId) -> Self {
        Self { camera, kind: StreamKind::Main, run: Arc::default() }
    }

    /// The same of its sub-stream.
    pub fn sub(camera: CameraId) -> Self {
        Self { kind: StreamKind::Sub, ..Self::new(camera) }
    }

    /// Which of the camera's streams it is.
    pub fn kind(&self) -> StreamKind {
        self.kind
    }

    /// The camera.
    pub fn camera(&self) -> CameraId {
        self.camera
    }

    /// The RTSP session under way or tried last, from 1; 0 before the first.
    pub fn run(&self) -> u32 {
        self.run.load(Ordering::Relaxed)
    }

    /// An RTSP session is about to be tried.
    pub fn begin(&self, run: RunId) {
        self.run.store(run.0, Ordering::Relaxed);
    }

    /// What is logged in here carries the camera's id and run.
    pub fn span(&self) -> Span {
        // Of the highest level, so that no filter takes the id away from a line that it lets pass.
        let (camera, run) = (self.camera.as_u32(), self.run());
        match self.kind {
            StreamKind::Sub => error_span!("run", camera, run, stream = "sub"),
            StreamKind::Main | StreamKind::Rendition(_) => error_span!("run", camera, run),
        }
    }
}
