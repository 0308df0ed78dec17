//! The inference pool: a few threads at low priority that take the newest picture of the camera
//! whose turn it is.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use razz_base::{CameraId, ClassNames, Detection, MediaTime};
use razz_engine::Scheduler;
use razz_vision::{Detector, NoteLevel, Picture};
use tracing::{error, info, warn};

use super::driver::Mailbox;
use super::lock;
use crate::metrics;

/// How far the model is.
#[derive(Clone, Debug)]
pub(crate) enum ModelState {
    /// No camera wants detection.
    Off,
    /// On its way from the disk into an engine.
    Loading,
    /// Detecting.
    Ready {
        /// Which engine runs it.
        engine: String,
    },
    /// Cannot be used; video goes on without tracks.
    Failed {
        /// What, where and what to do.
        error: String,
    },
}

/// The pictures that wait, at most one per camera, and the threads that serve them.
pub(crate) struct Pool {
    queue: Mutex<Queue>,
    news: Condvar,
    names: OnceLock<ClassNames>,
    /// How long the detector takes for a picture, once there is one.
    inference: OnceLock<prometheus::Histogram>,
    /// What the API calls the model.
    model_name: String,
}

struct Queue {
    scheduler: Scheduler,
    slots: HashMap<CameraId, Slot>,
    state: ModelState,
    closed: bool,
}

struct Slot {
    picture: Picture,
    mailbox: Mailbox,
}

/// Loads a detector; called in a thread of the pool.
pub(crate) type Load = Box<dyn FnOnce() -> Result<Detector, String> + Send>;

impl Pool {
    /// A pool that loads its model in its own thread, so that nothing waits for it. Without `load`
    /// there is no detection.
    pub(crate) fn start(model_name: String, load: Option<Load>) -> Arc<Self> {
        let state = if load.is_some() { ModelState::Loading } else { ModelState::Off };
        let pool = Arc::new(Self {
            queue: Mutex::new(Queue {
                scheduler: Scheduler::new(),
                slots: HashMap::new(),
                state,
                closed: false,
            }),
            news: Condvar::new(),
            names: OnceLock::new(),
            inference: OnceLock::new(),
            model_name,
        });
        if let Some(load) = load {
            let worker = Arc::clone(&pool);
            thread::Builder::new()
                .name("inference".to_owned())
                .spawn(move || worker.work(load))
                .expect("the system gives us a thread at start");
        }
        pool
    }

    /// What the API calls the model.
    pub(crate) fn model_name(&self) -> &str {
        &self.model_name
    }

    /// How far the model is.
    pub(crate) fn state(&self) -> ModelState {
        lock(&self.queue).state.clone()
    }

    /// The names of the model's classes, once it is ready; they do not change.
    pub(crate) fn names(&self) -> Option<&ClassNames> {
        self.names.get()
    }

    /// How long the detector takes for a picture, once it is ready.
    pub(crate) fn inference(&self) -> Option<prometheus::Histogram> {
        self.inference.get().cloned()
    }

    /// Puts a picture into its camera's slot, in place of any that waits there. The outcome goes
    /// into `mailbox`. `wanted` is the camera's rate.
    pub(crate) fn offer(&self, picture: Picture, wanted: f64, mailbox: &Mailbox) {
        let camera = picture.key.camera;
        let time = picture.key.time;
        let mut queue = lock(&self.queue);
        if !matches!(queue.state, ModelState::Ready { .. }) {
            drop(queue);
            mailbox.detection_failed(time);
            return;
        }
        queue.slots.insert(camera, Slot { picture, mailbox: mailbox.clone() });
        queue.scheduler.offer(camera, wanted);
        drop(queue);
        self.news.notify_one();
    }

    /// Ends the threads.
    pub(crate) fn close(&self) {
        lock(&self.queue).closed = true;
        self.news.notify_all();
    }

    fn work(&self, load: Load) {
        yield_to_video();
        let mut detector = match catch_unwind(AssertUnwindSafe(load)) {
            Ok(Ok(detector)) => detector,
            Ok(Err(error)) => return self.fail(error),
            Err(_) => return self.fail("the model's engine panicked while loading it".to_owned()),
        };
        for note in detector.notes() {
            match note.level {
                NoteLevel::Info => info!("{note}"),
                NoteLevel::Warning => warn!("{note}"),
            }
        }
        info!(
            engine = detector.engine_name(),
            model = self.model_name,
            input = ?detector.input_size(),
            "model is ready"
        );
        self.names.get_or_init(|| detector.class_names().clone());
        let engine = detector.engine_name().to_owned();
        let inference = self.inference.get_or_init(|| metrics::inference(&engine));
        lock(&self.queue).state = ModelState::Ready { engine };
        let mut detections = Vec::new();
        while let Some((time, slot)) = self.next() {
            slot.mailbox.detection_started(time);
            detections.clear();
            let begun = inference.start_timer();
            let outcome =
                catch_unwind(AssertUnwindSafe(|| detector.detect(&slot.picture, &mut detections)));
            begun.observe_duration();
            match outcome {
                Ok(Ok(())) => slot.mailbox.detections(slot.picture, detections.clone()),
                Ok(Err(error)) => {
                    warn!(frame = %slot.picture.key, "detection failed: {error}");
                    slot.mailbox.detection_failed(time);
                }
                Err(_) => {
                    error!(frame = %slot.picture.key, "the detector panicked on this picture");
                    slot.mailbox.detection_failed(time);
                }
            }
        }
    }

    fn fail(&self, error: String) {
        error!("no detection: {error}");
        let mut queue = lock(&self.queue);
        queue.state = ModelState::Failed { error };
        for (_, slot) in queue.slots.drain() {
            slot.mailbox.detection_failed(slot.picture.key.time);
        }
    }

    /// Waits for the next picture; `None` when the pool is closed.
    fn next(&self) -> Option<(MediaTime, Slot)> {
        let mut queue = lock(&self.queue);
        loop {
            if queue.closed {
                return None;
            }
            if let Some(camera) = queue.scheduler.take()
                && let Some(slot) = queue.slots.remove(&camera)
            {
                return Some((slot.picture.key.time, slot));
            }
            let waited = self.news.wait_timeout(queue, Duration::from_secs(1));
            queue = waited.unwrap_or_else(std::sync::PoisonError::into_inner).0;
        }
    }
}

/// What the detector found on a picture, as it travels to the camera's thread.
pub(super) type Found = (Picture, Vec<Detection>);

/// Lowers this thread's priority: video is served first. Threads that it starts inherit it.
fn yield_to_video() {
    // SAFETY: setpriority takes no pointers; with PRIO_PROCESS and 0 Linux changes the calling
    // thread alone.
    #[allow(unsafe_code)]
    let outcome = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, 10) };
    if outcome != 0 {
        warn!("cannot lower the priority of inference: {}", std::io::Error::last_os_error());
    }
}
