//! The inference pool: a few threads at low priority that take the newest picture of the camera
//! whose turn it is.
//!
//! It begins with one worker, whose detector has all the threads; [`Crew`] says when there should
//! be another number. A new crew loads its detectors while the old one goes on, and takes over when
//! the last of them is ready.

mod capacity;
#[cfg(test)]
mod tests;
mod worker;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use razz_base::{AccessUnit, CameraId, ClassNames, DetectRate, MediaTime};
use razz_engine::{Allowance, Crew, Scheduler};
use razz_vision::{Detector, EngineChoice, NoteLevel, Picture};
use tracing::{Span, error, info, warn};

pub(crate) use self::capacity::Capacity;
use self::worker::Task;
use crate::inbox::{Reply, Result as Found};
use razz_hub::health::{CameraLoad, Histogram};
use razz_hub::lock;
use razz_observe::clock::Clock;
use razz_observe::cpu_usage::StageTimes;

/// How far the model is.
#[derive(Clone, Debug)]
pub enum ModelState {
    /// No camera wants detection.
    Off,
    /// On its way from the disk into an engine.
    Loading,
    /// Detecting.
    Ready {
        /// Which engine runs it.
        engine: String,
        /// What its user should know of it.
        remarks: Vec<String>,
    },
    /// Cannot be used; video goes on without tracks.
    Failed {
        /// What, where and what to do.
        error: String,
    },
}

/// What takes the place of an engine that is lost, the first that is not lost itself: both run
/// anywhere.
const INSTEAD: [EngineChoice; 2] = [EngineChoice::OrtCpu, EngineChoice::Rten];

/// A camera that is allowed less than this share of what it wants gets less.
const SHORT: f64 = 0.95;

/// How long one engine's inference takes, and for how many pictures at once.
#[derive(Clone, Debug)]
pub struct Inference {
    /// The engine.
    pub engine: String,
    /// What the detector takes for a picture, in seconds: 1 ms to 2 s.
    pub seconds: Histogram,
    /// How many pictures it takes at once: 1 to 32.
    pub batch: Histogram,
}

impl Inference {
    fn new(engine: String) -> Self {
        let (seconds, batch) = (Histogram::doubling(1e-3, 12), Histogram::doubling(1.0, 6));
        Self { engine, seconds, batch }
    }
}

/// The pictures that wait, at most one per camera, and the threads that serve them.
pub struct Pool {
    queue: Mutex<Queue>,
    news: Condvar,
    names: OnceLock<ClassNames>,
    /// What the API calls the model.
    model_name: String,
    load: Option<Load>,
    stage_times: StageTimes,
    capacity: Capacity,
    clock: Clock,
}

struct Queue {
    scheduler: Scheduler,
    slots: HashMap<CameraId, Slot>,
    /// Cameras of which a worker has a picture: the next would overtake it.
    looked_at: HashSet<CameraId>,
    state: ModelState,
    /// Whether the detector runs on the cores that decode.
    on_cpu: bool,
    /// How long the detector takes and for how many pictures, once there is one.
    inference: Option<Inference>,
    /// Engines that failed on every picture.
    lost: Vec<EngineChoice>,
    crew: Crew,
    /// The number of the crew that serves; 0 before the first.
    on_duty: u64,
    /// The crew that gets ready.
    forming: Option<Forming>,
    /// Crews so far.
    formed: u64,
    /// Workers so far: each has a name of its own, by which the time of its threads is counted.
    hired: u64,
    closed: bool,
}

#[derive(Clone, Copy)]
struct Forming {
    number: u64,
    workers: usize,
    ready: usize,
}

/// A picture that waits.
pub(crate) struct Slot {
    pub(crate) picture: Picture,
    pub(crate) reply: Reply,
    /// Of the camera's run.
    pub(crate) span: Span,
}

/// What a worker's detector is to be.
#[derive(Clone, Copy, Debug)]
pub struct WorkerShare {
    /// The engine; `None` for the one of the settings.
    pub engine: Option<EngineChoice>,
    /// How many threads it has.
    pub threads: usize,
}

/// Loads a detector; called in each worker's own thread.
pub type Load = Arc<dyn Fn(WorkerShare) -> Result<Detector, String> + Send + Sync>;

impl Pool {
    /// A pool with `threads` for the model, that loads it in a thread of its own, so that nothing
    /// waits for it. Without `load` there is no detection.
    pub fn start(
        model_name: String,
        load: Option<Load>,
        threads: usize,
        clock: Clock,
    ) -> Arc<Self> {
        let capacity = Capacity::of_this_machine(threads, clock);
        Self::start_with(model_name, load, threads, capacity, clock)
    }

    /// The same, on a machine with another capacity.
    pub(crate) fn start_with(
        model_name: String,
        load: Option<Load>,
        threads: usize,
        capacity: Capacity,
        clock: Clock,
    ) -> Arc<Self> {
        let state = if load.is_some() { ModelState::Loading } else { ModelState::Off };
        let pool = Arc::new(Self {
            queue: Mutex::new(Queue {
                scheduler: Scheduler::new(),
                slots: HashMap::new(),
                looked_at: HashSet::new(),
                state,
                on_cpu: true,
                inference: None,
                lost: Vec::new(),
                crew: Crew::new(threads, clock.mono()),
                on_duty: 0,
                forming: None,
                formed: 0,
                hired: 0,
                closed: false,
            }),
            news: Condvar::new(),
            names: OnceLock::new(),
            model_name,
            load,
            stage_times: StageTimes::default(),
            capacity,
            clock,
        });
        pool.form(&mut lock(&pool.queue), 1, None);
        pool
    }

    /// What the API calls the model.
    pub fn model_name(&self) -> &str {
        &self.model_name
    }

    /// What the CPU time of the model and of the cameras that use it goes into.
    pub fn stage_times(&self) -> &StageTimes {
        &self.stage_times
    }

    /// How far the model is.
    pub fn state(&self) -> ModelState {
        lock(&self.queue).state.clone()
    }

    /// Whether there is a detector, or will be in a moment.
    pub fn has_detector(&self) -> bool {
        matches!(lock(&self.queue).state, ModelState::Loading | ModelState::Ready { .. })
    }

    /// Into how many workers the threads of the model are divided.
    pub fn workers(&self) -> usize {
        lock(&self.queue).crew.workers()
    }

    /// The names of the model's classes, once it is ready; they do not change.
    pub fn names(&self) -> Option<&ClassNames> {
        self.names.get()
    }

    /// How long the detector takes and for how many pictures, once it is ready.
    pub fn inference(&self) -> Option<Inference> {
        lock(&self.queue).inference.clone()
    }

    pub(crate) fn clock(&self) -> Clock {
        self.clock
    }

    /// A camera takes part that wants so many detections and weighs so much while capacity is short.
    pub(crate) fn admit(&self, camera: CameraId, wanted: DetectRate, priority: f64) {
        self.capacity.budget().join(camera, wanted, priority);
    }

    /// How much of a camera may be decoded and detected on from `au` on, behind which `queued` access
    /// units wait.
    pub(crate) fn allowance(&self, au: &AccessUnit, queued: usize) -> Allowance {
        let now = self.clock.mono();
        let (allowance, plan_is_due) = {
            let mut budget = self.capacity.budget();
            budget.arrived(au, queued, now);
            (budget.allowance(au.key.camera), budget.is_due(now))
        };
        if !plan_is_due {
            return allowance;
        }
        let loading = lock(&self.queue).forming.is_some();
        let is_short = self.capacity.plan(&self.stage_times, loading, now);
        if is_short {
            lock(&self.queue).crew.rationed();
        }
        self.capacity.budget().allowance(au.key.camera)
    }

    /// A picture of a camera was due, and nothing had moved on it.
    pub(crate) fn unchanged(&self, camera: CameraId) {
        self.capacity.budget().unchanged(camera);
    }

    /// Whether only key frames of a camera are decoded from now on.
    pub(crate) fn dozes(&self, camera: CameraId, dozes: bool) {
        self.capacity.budget().dozes(camera, dozes);
    }

    /// Whether a camera may decode what it kept while it dozed.
    pub(crate) fn may_catch_up(&self, camera: CameraId) -> bool {
        self.capacity.budget().may_catch_up(camera, self.clock.mono())
    }

    /// A camera has done so.
    pub(crate) fn caught_up(&self, camera: CameraId) {
        self.capacity.budget().caught_up(camera);
    }

    /// What a camera costs, and whether it gets less than it wants.
    pub(crate) fn load(&self, camera: CameraId, wanted: f64) -> CameraLoad {
        let budget = self.capacity.budget();
        CameraLoad {
            decode_cores: budget.decode_cores(camera, self.clock.mono()),
            short: budget.allowance(camera).rate < SHORT * wanted,
        }
    }

    /// How many cameras like those that send now would get all that they want; `None` while it is not known what they cost.
    pub fn cameras_that_fit(&self) -> Option<f64> {
        self.capacity.budget().cameras_that_fit(self.clock.mono())
    }

    /// An access unit was decoded for so much CPU time.
    pub(crate) fn decoded(&self, au: &AccessUnit, nanos: u64) {
        self.capacity.budget().decoded(au.key.camera, au.idr, nanos as f64 / 1e3);
    }

    /// Puts a picture into its camera's slot, in place of any that waits there; says whether one
    /// did. The outcome goes to `reply`. `weight` is the camera's share of the detector.
    pub(crate) fn offer(&self, picture: Picture, weight: f64, reply: &Reply) -> bool {
        let camera = picture.key.camera;
        let time = picture.key.time;
        let mut queue = lock(&self.queue);
        if !matches!(queue.state, ModelState::Ready { .. }) {
            drop(queue);
            reply(Found::Failed(time));
            return false;
        }
        let slot = Slot { picture, reply: Arc::clone(reply), span: Span::current() };
        let lost = queue.slots.insert(camera, slot).is_some();
        queue.scheduler.offer(camera, weight);
        queue.crew.offered(camera, lost);
        let on_cpu = queue.on_cpu;
        drop(queue);
        // A GPU that has too much to do says nothing of the CPU.
        if on_cpu {
            self.capacity.budget().offered(lost);
        }
        // All, since one may be of a crew that only forms, and would go on sleeping.
        self.news.notify_all();
        lost
    }

    /// Puts a newer picture in place of its camera's of the time `waiting`, if that one still waits;
    /// answers whether it did.
    pub(crate) fn freshen(&self, waiting: MediaTime, picture: Picture) -> bool {
        match lock(&self.queue).slots.get_mut(&picture.key.camera) {
            Some(slot) if slot.time() == waiting => {
                slot.picture = picture;
                true
            }
            _ => false,
        }
    }

    /// A camera is gone: its picture is not looked at any more.
    pub fn withdraw(&self, camera: CameraId) {
        let mut queue = lock(&self.queue);
        queue.slots.remove(&camera);
        queue.scheduler.withdraw(camera);
        drop(queue);
        self.capacity.budget().leave(camera);
    }

    /// Ends the threads.
    pub fn close(&self) {
        lock(&self.queue).closed = true;
        self.news.notify_all();
    }

    /// Hires another crew, which takes over when all of it is ready.
    fn form(
        self: &Arc<Self>,
        queue: &mut MutexGuard<'_, Queue>,
        workers: usize,
        engine: Option<EngineChoice>,
    ) {
        let Some(load) = &self.load else { return };
        queue.formed += 1;
        let number = queue.formed;
        queue.forming = Some(Forming { number, workers, ready: 0 });
        let part = WorkerShare { engine, threads: queue.crew.threads_each(workers) };
        for _ in 0..workers {
            queue.hired += 1;
            let task = Task { crew: number, worker: queue.hired, part };
            if let Err(error) = worker::start(Arc::clone(self), task, Arc::clone(load)) {
                // Those that began find that there is no such crew.
                return self.disband(queue, &format!("no thread for it: {error}"));
            }
        }
    }

    /// The detector of a worker of crew `number` is ready. Waits for the rest of it; answers whether
    /// the crew serves.
    pub(crate) fn join(&self, number: u64, detector: &Detector) -> bool {
        let mut queue = lock(&self.queue);
        if let Some(forming) = queue.forming.as_mut().filter(|forming| forming.number == number) {
            forming.ready += 1;
            if forming.ready == forming.workers {
                let workers = forming.workers;
                self.take_over(&mut queue, number, workers, detector);
            }
        }
        while queue.forming.is_some_and(|forming| forming.number == number) && !queue.closed {
            queue = self.wait(queue);
        }
        queue.on_duty == number && !queue.closed
    }

    fn take_over(
        &self,
        queue: &mut MutexGuard<'_, Queue>,
        number: u64,
        workers: usize,
        detector: &Detector,
    ) {
        let threads = queue.crew.threads_each(workers);
        let engine = detector.engine_name().to_owned();
        queue.on_cpu = engine.parse::<EngineChoice>().is_ok_and(|engine| !engine.on_gpu());
        let is_new =
            !matches!(&queue.state, ModelState::Ready { engine: old, .. } if *old == engine);
        if is_new {
            self.introduce(detector);
            queue.inference = Some(Inference::new(engine.clone()));
            queue.state = ModelState::Ready { engine, remarks: detector.remarks() };
        } else {
            info!(
                workers,
                threads, "inference is divided anew: so many workers, so many threads each"
            );
        }
        queue.forming = None;
        queue.on_duty = number;
        queue.crew.changed(workers, self.clock.mono());
        self.news.notify_all();
    }

    /// Says what the first detector of an engine is.
    fn introduce(&self, detector: &Detector) {
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
    }

    /// The engine of crew `number` fails on every picture: another takes its place, if one is left.
    pub(crate) fn lost(self: &Arc<Self>, number: u64, engine: &str, error: &str) {
        let mut queue = lock(&self.queue);
        if queue.on_duty != number || queue.forming.is_some() {
            return;
        }
        queue.lost.extend(engine.parse::<EngineChoice>());
        let Some(next) = INSTEAD.into_iter().find(|engine| !queue.lost.contains(engine)) else {
            error!("{engine} fails on every picture, and there is no other engine: {error}");
            return;
        };
        warn!("{engine} fails on every picture, {next} takes its place: {error}");
        let workers = queue.crew.workers();
        self.form(&mut queue, workers, Some(next));
    }

    /// A worker of crew `number` got no detector.
    pub(crate) fn fail(&self, number: u64, error: &str) {
        let mut queue = lock(&self.queue);
        if queue.forming.is_some_and(|forming| forming.number == number) {
            self.disband(&mut queue, error);
        }
    }

    /// The crew that forms does not come about: without a detector there is no detection, a further
    /// copy can be done without.
    fn disband(&self, queue: &mut MutexGuard<'_, Queue>, error: &str) {
        queue.forming = None;
        if queue.on_duty == 0 {
            error!("no detection: {error}");
            queue.state = ModelState::Failed { error: error.to_owned() };
            for (_, slot) in queue.slots.drain() {
                (slot.reply)(Found::Failed(slot.time()));
            }
        } else {
            warn!("inference stays as it is: {error}");
            queue.crew.stay();
        }
        self.news.notify_all();
    }

    /// Waits for the next picture and takes others that wait as well into `slots`, `most` in all;
    /// `false` when crew `number` is to serve no more. `engine` is what a crew of another size would
    /// run; `None` where there is to be none.
    pub(crate) fn next(
        self: &Arc<Self>,
        number: u64,
        most: usize,
        engine: Option<EngineChoice>,
        slots: &mut Vec<Slot>,
    ) -> bool {
        let mut queue = lock(&self.queue);
        loop {
            if queue.closed || queue.on_duty != number {
                return false;
            }
            if let (Some(_), None) = (engine, queue.forming)
                && let Some(workers) = queue.crew.wanted(self.clock.mono())
            {
                self.form(&mut queue, workers, engine);
            }
            let Queue { scheduler, looked_at, slots: waiting, .. } = &mut *queue;
            while slots.len() < most
                && let Some(camera) = scheduler.take(|camera| !looked_at.contains(&camera))
            {
                looked_at.insert(camera);
                slots.extend(waiting.remove(&camera));
            }
            if !slots.is_empty() {
                return true;
            }
            queue = self.wait(queue);
        }
    }

    /// A worker was busy with pictures of `cameras` for so long.
    pub(crate) fn looked(&self, cameras: &[CameraId], busy_us: i64) {
        self.capacity.looked(cameras);
        let mut queue = lock(&self.queue);
        let count = cameras.len();
        if let Some(inference) = &mut queue.inference {
            inference.batch.add(count as f64);
            // Those of a batch share its time.
            let each = busy_us as f64 / 1e6 / count as f64;
            (0..count).for_each(|_| inference.seconds.add(each));
        }
        for camera in cameras {
            queue.looked_at.remove(camera);
        }
        queue.crew.worked(busy_us);
    }

    fn wait<'q>(&self, queue: MutexGuard<'q, Queue>) -> MutexGuard<'q, Queue> {
        let waited = self.news.wait_timeout(queue, Duration::from_secs(1));
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

impl Slot {
    pub(crate) fn time(&self) -> MediaTime {
        self.picture.key.time
    }
}
