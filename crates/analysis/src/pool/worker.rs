//! A thread of the inference pool with its detector.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use razz_base::Detection;
use razz_vision::{Detector, EngineChoice, Picture, Step};
use tracing::{debug, warn};

use super::{Load, Pool, Slot, WorkerShare};
use crate::inbox::Result as Found;
use razz_observe::cpu_usage::{INFERENCE_THREAD, Stage};
use razz_observe::process::{self, yield_to_video};

/// What a worker is hired for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Task {
    /// The number of its crew.
    pub(crate) crew: u64,
    /// Its own.
    pub(crate) worker: u64,
    pub(crate) part: WorkerShare,
}

/// Threads of an engine that has been dropped may take so long to end.
const ENDED_WITHIN: Duration = Duration::from_millis(500);
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Starts a worker: it loads its detector, waits for its crew, and serves until that is over.
pub(crate) fn start(pool: Arc<Pool>, task: Task, load: Load) -> io::Result<()> {
    // Threads of the engine inherit the name.
    let name = format!("{INFERENCE_THREAD}{}", task.worker);
    thread::Builder::new().name(name.clone()).spawn(move || {
        yield_to_video();
        match catch_unwind(AssertUnwindSafe(|| load(task.part))) {
            Ok(Ok(mut detector)) => {
                if pool.join(task.crew, &detector) {
                    serve(&pool, task.crew, &mut detector);
                }
                retire(&pool, detector, &name);
            }
            Ok(Err(error)) => pool.fail(task.crew, &error),
            Err(_) => pool.fail(task.crew, "the model's engine panicked while loading it"),
        }
    })?;
    Ok(())
}

/// After so many pictures in a row on which it failed an engine counts as lost.
const LOST_AFTER: u32 = 10;

fn serve(pool: &Arc<Pool>, crew: u64, detector: &mut Detector) {
    let clock = pool.clock();
    // A GPU looks at several pictures in one run instead.
    let engine: Option<EngineChoice> = detector.engine_name().parse().ok();
    let copied = engine.filter(|engine| !engine.on_gpu());
    let mut slots = Vec::new();
    let mut found = Vec::new();
    // Pictures in a row on which it failed.
    let mut failed = 0;
    while pool.next(crew, detector.batch(), copied, &mut slots) {
        for slot in &slots {
            (slot.reply)(Found::Started(slot.time()));
        }
        found.resize(slots.len(), Vec::new());
        let looked_from = clock.mono();
        let together = look(pool, detector, &slots, &mut found);
        let count = slots.len();
        let cameras: Vec<_> = slots.iter().map(|slot| slot.picture.key.camera).collect();
        for (slot, found) in slots.drain(..).zip(&mut found) {
            let _in = slot.span.clone().entered();
            let outcome = match &together {
                // So that a bad picture does not cost the others theirs.
                Err(_) if count > 1 => {
                    let alone = std::slice::from_ref(&slot);
                    look(pool, detector, alone, std::slice::from_mut(found))
                }
                together => together.clone(),
            };
            match outcome {
                Ok(()) => {
                    failed = 0;
                    let looked = (looked_from, clock.mono());
                    let detections = found.clone();
                    let picture = slot.picture;
                    (slot.reply)(Found::Done { picture, detections, looked });
                }
                Err(error) => {
                    failed += 1;
                    // What is wrong with one picture is said; what is wrong with all, once.
                    match failed {
                        1 => warn!(frame = %slot.picture.key, "{error}"),
                        _ => debug!(frame = %slot.picture.key, "{error}"),
                    }
                    (slot.reply)(Found::Failed(slot.time()));
                    if failed % LOST_AFTER == 0 {
                        pool.lost(crew, detector.engine_name(), &error);
                    }
                }
            }
        }
        pool.looked(&cameras, clock.mono().since_us(looked_from));
    }
}

/// Lets the detector look at pictures together; a list of detections for each.
fn look(
    pool: &Pool,
    detector: &mut Detector,
    slots: &[Slot],
    found: &mut [Vec<Detection>],
) -> Result<(), String> {
    let (clock, work) = (pool.clock(), pool.stage_times());
    let mut at = clock.thread_cpu_nanos();
    let mut watch = |step| {
        let spent = clock.thread_cpu_nanos() - at;
        at += spent;
        match step {
            Step::Prepared => work.add(Stage::Prepare, spent),
            Step::Read => work.add(Stage::Read, spent),
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

/// Drops a detector, and keeps count of what its threads used: they end with it, but for those that
/// its engine has for all its models.
fn retire(pool: &Pool, detector: Detector, name: &str) {
    let clock = pool.clock();
    let named = || process::threads().into_iter().filter(|thread| thread.name == name);
    let before: Vec<process::Thread> = named().collect();
    drop(detector);
    let dropped = clock.uptime();
    let mut living: Vec<u32> = named().map(|thread| thread.id).collect();
    while living.len() > 1 && clock.uptime() - dropped < ENDED_WITHIN {
        thread::sleep(LOOK_EVERY);
        living = named().map(|thread| thread.id).collect();
    }
    let ended = before.iter().filter(|thread| !living.contains(&thread.id));
    let spent: u64 = ended.map(|thread| thread.cpu_nanos).sum();
    pool.stage_times().inference_ended(spent + clock.thread_cpu_nanos());
}
