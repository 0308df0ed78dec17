//! The inference pool: a few threads at low priority that take the newest picture of the camera
//! whose turn it is.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use razz_base::{CameraId, ClassNames, Detection, MediaTime, MonoTime};
use razz_engine::Scheduler;
use razz_vision::{Detector, NoteLevel, Picture, Step};
use tracing::{Span, error, info, warn};

use super::driver::Mailbox;
use super::lock;
use crate::clock::Clock;
use crate::metrics;
use crate::work::{INFERENCE_THREAD, Stage, Work};

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
    /// How long the detector takes and for how many pictures, once there is one.
    inference: OnceLock<metrics::Inference>,
    /// What the API calls the model.
    model_name: String,
    work: Work,
    clock: Clock,
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
    /// Of the camera's run.
    span: Span,
}

/// Loads a detector; called in a thread of the pool.
pub(crate) type Load = Box<dyn FnOnce() -> Result<Detector, String> + Send>;

impl Pool {
    /// A pool that loads its model in its own thread, so that nothing waits for it. Without `load`
    /// there is no detection.
    pub(crate) fn start(model_name: String, load: Option<Load>, clock: Clock) -> Arc<Self> {
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
            work: Work::default(),
            clock,
        });
        if let Some(load) = load {
            let worker = Arc::clone(&pool);
            thread::Builder::new()
                .name(INFERENCE_THREAD.to_owned())
                .spawn(move || worker.serve(load))
                .expect("the system gives us a thread at start");
        }
        pool
    }

    /// What the API calls the model.
    pub(crate) fn model_name(&self) -> &str {
        &self.model_name
    }

    /// What the CPU time of the model and of the cameras that use it goes into.
    pub(crate) fn work(&self) -> &Work {
        &self.work
    }

    /// How far the model is.
    pub(crate) fn state(&self) -> ModelState {
        lock(&self.queue).state.clone()
    }

    /// The names of the model's classes, once it is ready; they do not change.
    pub(crate) fn names(&self) -> Option<&ClassNames> {
        self.names.get()
    }

    /// How long the detector takes and for how many pictures, once it is ready.
    pub(crate) fn inference(&self) -> Option<metrics::Inference> {
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
        queue
            .slots
            .insert(camera, Slot { picture, mailbox: mailbox.clone(), span: Span::current() });
        queue.scheduler.offer(camera, wanted);
        drop(queue);
        self.news.notify_one();
    }

    /// Ends the threads.
    pub(crate) fn close(&self) {
        lock(&self.queue).closed = true;
        self.news.notify_all();
    }

    fn serve(&self, load: Load) {
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
        let mut slots = Vec::new();
        let mut found = Vec::new();
        while self.next(detector.batch(), &mut slots) {
            for slot in &slots {
                slot.mailbox.detection_started(slot.time());
            }
            found.resize(slots.len(), Vec::new());
            let looked_from = self.clock.mono();
            let begun = inference.seconds.start_timer();
            let together = self.look(&mut detector, &slots, &mut found);
            // Those of a batch share its time.
            let count = slots.len();
            inference.batch.observe(count as f64);
            let each = begun.stop_and_discard() / count as f64;
            for (slot, found) in slots.drain(..).zip(&mut found) {
                inference.seconds.observe(each);
                let _in = slot.span.clone().entered();
                let outcome = match &together {
                    // So that a bad picture does not cost the others theirs.
                    Err(_) if count > 1 => {
                        let alone = std::slice::from_ref(&slot);
                        self.look(&mut detector, alone, std::slice::from_mut(found))
                    }
                    together => together.clone(),
                };
                match outcome {
                    Ok(()) => {
                        let looked = (looked_from, self.clock.mono());
                        slot.mailbox.detections(slot.picture, found.clone(), looked);
                    }
                    Err(error) => {
                        warn!(frame = %slot.picture.key, "{error}");
                        slot.mailbox.detection_failed(slot.time());
                    }
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

    /// Lets the detector look at pictures together; a list of detections for each.
    fn look(
        &self,
        detector: &mut Detector,
        slots: &[Slot],
        found: &mut [Vec<Detection>],
    ) -> Result<(), String> {
        let mut at = self.clock.thread_cpu_nanos();
        let mut watch = |step| {
            let spent = self.clock.thread_cpu_nanos() - at;
            at += spent;
            match step {
                Step::Prepared => self.work.add(Stage::Prepare, spent),
                Step::Read => self.work.add(Stage::Read, spent),
                // In part in threads of the engine's own.
                Step::Inferred => {}
            }
        };
        let looked = catch_unwind(AssertUnwindSafe(|| match (slots, &mut *found) {
            ([slot], [found]) => detector.detect_watched(&slot.picture, found, &mut watch),
            _ => {
                let pictures: Vec<&Picture> = slots.iter().map(|slot| &slot.picture).collect();
                detector.detect_batch(&pictures, found, &mut watch)
            }
        }));
        match looked {
            Ok(done) => done.map_err(|error| format!("detection failed: {error}")),
            Err(_) => Err("the detector panicked on this picture".to_owned()),
        }
    }

    /// Waits for the next picture and takes others that wait as well into `slots`, `most` in all;
    /// `false` when the pool is closed.
    fn next(&self, most: usize, slots: &mut Vec<Slot>) -> bool {
        let mut queue = lock(&self.queue);
        loop {
            if queue.closed {
                return false;
            }
            while slots.len() < most
                && let Some(camera) = queue.scheduler.take()
            {
                slots.extend(queue.slots.remove(&camera));
            }
            if !slots.is_empty() {
                return true;
            }
            let waited = self.news.wait_timeout(queue, Duration::from_secs(1));
            queue = waited.unwrap_or_else(std::sync::PoisonError::into_inner).0;
        }
    }
}

impl Slot {
    fn time(&self) -> MediaTime {
        self.picture.key.time
    }
}

/// What the detector found on a picture, as it travels to the camera's thread, and from when to when
/// it looked.
pub(super) type Found = (Picture, Vec<Detection>, (MonoTime, MonoTime));

/// Lowers this thread's priority: video is served first. Threads that it starts inherit it.
pub(crate) fn yield_to_video() {
    // SAFETY: setpriority takes no pointers; with PRIO_PROCESS and 0 Linux changes the calling
    // thread alone.
    #[allow(unsafe_code)]
    let outcome = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, 10) };
    if outcome != 0 {
        warn!("cannot lower the priority of inference: {}", std::io::Error::last_os_error());
    }
}

#[cfg(test)]
mod tests {
    use razz_base::{FrameKey, Size, WallQuality, WallTime};
    use razz_vision::{Colour, Matrix, Plane};

    use super::super::driver::mailbox;
    use super::*;

    /// A grey picture of a camera.
    fn picture(camera: u32) -> Picture {
        let key = FrameKey { camera: CameraId::new(camera).unwrap(), time: MediaTime::from_90k(7) };
        let wall = WallTime { us: 0, quality: WallQuality::Arrival };
        let colour = Colour { matrix: Matrix::Bt709, full_range: false, stated: true };
        let plane = |side| Plane { data: &[128; 16], stride: side, width: side, height: side };
        let (now, size) = (MonoTime::from_us(0), Size::new(4, 4));
        let planes = [plane(4), plane(2), plane(2)];
        Picture::from_planes(key, wall, now, size, colour, planes).unwrap()
    }

    #[test]
    fn a_batch_takes_one_picture_of_each_camera_that_waits() {
        let pool = Pool::start("test".to_owned(), None, Clock::start());
        lock(&pool.queue).state = ModelState::Ready { engine: "test".to_owned() };
        let (mailbox, _inbox) = mailbox();
        let mut slots = Vec::new();
        for (offered, most, runs) in [
            (&[1, 2, 3, 4][..], 3, &[3, 1][..]),
            // The newest picture of a camera only.
            (&[5, 5, 6], 3, &[2]),
            (&[1, 2], 1, &[1, 1]),
        ] {
            offered.iter().for_each(|camera| pool.offer(picture(*camera), 6.0, &mailbox));
            let mut served = Vec::new();
            for run in runs {
                assert!(pool.next(most, &mut slots));
                assert_eq!(slots.len(), *run, "{offered:?}");
                served.extend(slots.drain(..).map(|slot| slot.picture.key.camera.as_u32()));
            }
            // Whose turn it is is the scheduler's to say.
            served.sort_unstable();
            let mut wanted = offered.to_vec();
            wanted.dedup();
            assert_eq!(served, wanted);
        }
        pool.close();
        assert!(!pool.next(3, &mut slots));
    }
}
