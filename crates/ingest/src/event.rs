//! What ingest tells of a camera, and whom.

use std::sync::{Arc, Mutex};

use razz_base::{AccessUnit, CameraState, StreamKind};
use razz_hub::lock;
use tracing::{info, warn};

/// What happens at a camera.
#[derive(Debug)]
pub enum Event {
    /// An RTSP session brings its first access unit.
    RunBegun,
    /// The next access unit, in decode order.
    Unit(AccessUnit),
    /// An RTCP sender report came.
    SenderReport,
    /// The camera offers no video but of this codec, which razz cannot take.
    Refused {
        /// Such as `MPEG-4`.
        codec: Option<String>,
    },
    /// An RTSP session is over.
    RunEnded,
    /// The camera is in this state now.
    State {
        /// What it is doing.
        state: CameraState,
        /// Whether it was doing something else before.
        changed: bool,
        /// What went wrong, without credentials, if anything did.
        error: Option<String>,
        /// What to change on the camera or in its settings.
        advice: Vec<String>,
    },
    /// What the camera did that RTSP, RTP or its codec do not allow, by kind, and how often since this
    /// was told last. Each cost itself and no more.
    Oddities(Vec<(&'static str, u64)>),
    /// A panic ended the work on this camera, which begins anew.
    Restarted,
}

/// Takes what happens at a camera. It must not wait.
pub trait Sink: Send + Sync {
    /// Takes the next event.
    fn handle(&self, event: Event);
}

/// Tells the sink, and the log of changes of state.
pub(crate) struct Reporter {
    sink: Arc<dyn Sink>,
    /// What is in a state, as the log calls it.
    subject: &'static str,
    known: Mutex<(CameraState, Vec<String>)>,
}

impl Reporter {
    pub(crate) fn new(sink: Arc<dyn Sink>, kind: StreamKind) -> Self {
        let subject = match kind {
            StreamKind::Sub => "sub-stream",
            StreamKind::Main | StreamKind::Rendition(_) => "camera",
        };
        Self { sink, subject, known: Mutex::default() }
    }

    pub(crate) fn send(&self, event: Event) {
        self.sink.handle(event);
    }

    /// The state that was told last.
    pub(crate) fn known(&self) -> CameraState {
        lock(&self.known).0
    }

    /// As [`Self::state`], where it is something new.
    pub(crate) fn update(&self, state: CameraState, error: Option<String>, advice: Vec<String>) {
        let is_known = {
            let known = lock(&self.known);
            known.0 == state && known.1 == advice
        };
        if !is_known {
            self.state(state, error, advice);
        }
    }

    pub(crate) fn state(&self, state: CameraState, error: Option<String>, advice: Vec<String>) {
        let known = std::mem::replace(&mut *lock(&self.known), (state, advice.clone()));
        let changed = known.0 != state;
        if changed {
            match &error {
                Some(error) => warn!(state = state.name(), "{error}"),
                None => info!("{} is {}", self.subject, state.name()),
            }
        }
        self.send(Event::State { state, changed, error, advice });
    }
}
