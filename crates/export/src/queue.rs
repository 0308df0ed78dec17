//! The exports of a server: made one after the other by a thread of low priority, kept for some days, and gone on with
//! after a restart.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use razz_base::{CameraId, MonoTime};
use razz_observe::clock::Clock;
use razz_observe::process;
use razz_store::archive::Archive;
use razz_store::disk::Root;
use razz_vision::Decoders;
use tracing::{error, info, warn};

use crate::error::{ExportError, bytes};
use crate::job::{Export, State, read_all};
use crate::journal::{self, Entry};
use crate::make::{Materials, Presentation, estimate, make};
use crate::request::{Format, Request, RequestError};

/// The folder of exports, in that of the recordings.
const FOLDER: &str = "exports";
/// Exports that wait at most: each can take hours.
const MOST_WAITING: usize = 100;
/// Nothing happens for so long at most.
const LOOK: Duration = Duration::from_secs(1);
/// The room on the disk is looked at anew after so long, in µs.
const ROOM_US: i64 = 1_000_000;
/// A day.
const DAY_US: i64 = 86_400_000_000;
/// Downloads of the same by the same within this are one: players ask for many ranges.
const SAME_US: i64 = 600_000_000;

/// Where exports are kept, and for how long.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExportSettings {
    /// The folder of the recordings.
    pub recordings: PathBuf,
    /// Days that files are kept; `None`: until somebody deletes them.
    pub keep_days: Option<u32>,
    /// What recordings leave free on the disk, in bytes. Exports may take half of that, and the oldest footage gives way.
    pub keep_free: u64,
}

/// What exports are made from.
pub struct Sources {
    /// The recordings, once they can be read.
    pub archive: Box<dyn Fn() -> Option<Arc<Archive>> + Send + Sync>,
    /// What decodes them.
    pub decoders: Decoders,
    /// What cameras are called.
    pub names: Box<dyn Fn(CameraId) -> String + Send + Sync>,
    /// How players show it.
    pub presentation: Presentation,
}

/// Why an export is not taken on.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// It cannot be meant so.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// It could not be made.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// Too much is to be done before it.
    #[error("{MOST_WAITING} exports are waiting already; cancel some, or wait")]
    Busy,
    /// The folder of recordings cannot be read yet.
    #[error("recordings cannot be read now")]
    NotReady,
}

/// The exports of a server.
pub struct Exports {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    settings: ExportSettings,
    folder: PathBuf,
    sources: Sources,
    clock: Clock,
    stop: AtomicBool,
    state: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    /// Oldest first; `None` before they were read.
    exports: Option<Vec<Export>>,
    /// The one that is made, when it was begun, and whether it shall end.
    running: Option<(u64, MonoTime, Arc<AtomicBool>)>,
    /// Downloads that were noted, and when.
    downloads: HashMap<String, MonoTime>,
}

impl Exports {
    /// Goes on with what is on the disk, and takes on more.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        settings: ExportSettings,
        sources: Sources,
        clock: Clock,
    ) -> std::io::Result<Arc<Self>> {
        let folder = settings.recordings.join(FOLDER);
        let (state, changed) = (Mutex::default(), Condvar::new());
        let stop = AtomicBool::new(false);
        let shared = Arc::new(Shared { settings, folder, sources, clock, stop, state, changed });
        let working = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("export".to_owned()).spawn(move || {
            process::yield_to_video();
            working.run();
        })?;
        Ok(Arc::new(Self { shared, thread: Mutex::new(Some(thread)) }))
    }

    /// All of them, newest first.
    pub fn list(&self) -> Vec<Export> {
        let queue = self.shared.queue();
        let exports = queue.exports.iter().flatten().rev();
        exports.map(|export| self.shared.shown(&queue, export)).collect()
    }

    /// One of them.
    pub fn get(&self, id: u64) -> Option<Export> {
        let queue = self.shared.queue();
        let export = queue.exports.iter().flatten().find(|export| export.id == id)?;
        Some(self.shared.shown(&queue, export))
    }

    /// Where the file of a finished one is.
    pub fn file(&self, id: u64) -> Option<PathBuf> {
        let export = self.get(id).filter(|export| export.state == State::Done)?;
        Some(export.folder(&self.shared.folder).join(export.file))
    }

    /// Takes one on.
    ///
    /// # Errors
    /// When it cannot be made: nothing is recorded then, or there is no room.
    pub fn add(&self, request: Request) -> Result<Export, AddError> {
        request.check()?;
        let shared = &self.shared;
        let archive = (shared.sources.archive)().ok_or(AddError::NotReady)?;
        let wanted = estimate(&request, &archive)?;
        shared.check_room(wanted)?;
        if request.format == Format::Player && (shared.sources.presentation.page)().is_none() {
            return Err(ExportError::NoPlayer.into());
        }
        let now_us = shared.clock.wall_us();
        let mut queue = shared.queue();
        let exports = queue.exports.as_mut().ok_or(AddError::NotReady)?;
        let waiting = exports.iter().filter(|export| export.state == State::Waiting).count();
        if waiting >= MOST_WAITING {
            return Err(AddError::Busy);
        }
        let after = exports.last().map_or(0, |last| last.id + 1);
        let export = Export {
            id: u64::try_from(now_us / 1000).unwrap_or_default().max(after),
            file: request.file_name(&shared.sources.names),
            request,
            made_us: now_us,
            state: State::Waiting,
            progress: 0.0,
            remaining_s: None,
            error: None,
            bytes: 0,
            expires_us: None,
        };
        let written = export.write(&shared.folder);
        written.map_err(ExportError::write(&shared.folder))?;
        exports.push(export.clone());
        drop(queue);
        shared.note(&entry("export", &export));
        shared.changed.notify_all();
        Ok(export)
    }

    /// Ends one that is made, and deletes what there is of it; `false`: there is none such.
    pub fn remove(&self, id: u64, by: Option<&str>) -> bool {
        let shared = &self.shared;
        let mut queue = shared.queue();
        let running = queue.running.as_ref().filter(|(running, ..)| *running == id);
        if let Some((_, _, cancel)) = running {
            cancel.store(true, Ordering::Release);
        }
        let Some(exports) = &mut queue.exports else { return false };
        let Some(at) = exports.iter().position(|export| export.id == id) else { return false };
        let export = exports.remove(at);
        drop(queue);
        shared.delete(&export);
        shared.note(&Entry { by, ..entry("delete", &export) });
        true
    }

    /// Somebody takes footage out.
    pub fn note_download(&self, entry: &Entry<'_>) {
        let key = format!("{:?}", entry);
        let now = self.shared.clock.mono();
        let mut queue = self.shared.queue();
        queue.downloads.retain(|_, at| now.since_us(*at) < SAME_US);
        if queue.downloads.insert(key, now).is_none() {
            drop(queue);
            self.shared.note(entry);
        }
    }

    /// Ends the thread; what was being made is made anew after the next start.
    pub fn stop(&self) {
        self.shared.stop.store(true, Ordering::Release);
        self.shared.changed.notify_all();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            error!("exports ended by a fault of razz");
        }
    }
}

fn entry<'a>(what: &'static str, export: &'a Export) -> Entry<'a> {
    let request = &export.request;
    let format = request.format.name();
    let span_us = [request.from_us, request.until_us];
    Entry { what, by: request.by.as_deref(), cameras: &request.cameras, span_us, format }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// With what only the clock knows.
    fn shown(&self, queue: &Queue, export: &Export) -> Export {
        let mut shown = export.clone();
        if export.state == State::Done {
            let days = self.settings.keep_days.map(i64::from);
            shown.expires_us = days.map(|days| export.made_us + days * DAY_US);
        }
        let running = queue.running.as_ref().filter(|(id, ..)| *id == export.id);
        if let Some((_, begun, _)) = running {
            let seconds = self.clock.mono().since_us(*begun) as f64 / 1e6;
            // Before that it is a guess of nothing.
            let known = export.progress > 0.02 && seconds > 1.0;
            shown.remaining_s = known.then(|| seconds * (1.0 - export.progress) / export.progress);
        }
        shown
    }

    fn note(&self, entry: &Entry<'_>) {
        let by = entry.by.unwrap_or("somebody who need not sign in");
        info!(cameras = ?entry.cameras.iter().map(|camera| camera.as_u32()).collect::<Vec<_>>(), format = entry.format, "{} of recordings by {by}", entry.what);
        if let Err(error) = journal::append(&self.folder, entry, self.clock.wall_us()) {
            error!("the journal of exports cannot be written: {error}");
        }
    }

    fn delete(&self, export: &Export) {
        if let Err(error) = export.delete(&self.folder) {
            warn!("export {} cannot be deleted: {error}", export.id);
        }
    }

    /// On the disk, in bytes; `None` where it does not say.
    fn free(&self) -> Option<u64> {
        Root::open(&self.settings.recordings).and_then(|root| root.free()).ok()
    }

    fn check_room(&self, wanted: u64) -> Result<(), ExportError> {
        let Some(free) = self.free() else { return Ok(()) };
        let room = free.saturating_sub(self.settings.keep_free / 2);
        if wanted > room {
            return Err(ExportError::Room { free: bytes(room), wanted: bytes(wanted) });
        }
        Ok(())
    }

    fn run(&self) {
        while !self.is_stopped() {
            // The folder is ours where the recordings are.
            let archive = (self.sources.archive)();
            let next = match archive {
                None => None,
                Some(archive) => {
                    self.read();
                    self.expire();
                    self.begin().map(|export| (archive, export))
                }
            };
            if let Some((archive, export)) = next {
                self.carry_out(&archive, export);
                continue;
            }
            let queue = self.queue();
            let waited = self.changed.wait_timeout(queue, LOOK);
            drop(waited.unwrap_or_else(PoisonError::into_inner));
        }
    }

    fn read(&self) {
        if self.queue().exports.is_some() {
            return;
        }
        match read_all(&self.folder) {
            Ok(found) => self.queue().exports = Some(found),
            Err(error) => {
                error!("{}: exports cannot be read: {error}", self.folder.display());
                self.queue().exports = Some(Vec::new());
            }
        }
    }

    fn expire(&self) {
        let Some(days) = self.settings.keep_days else { return };
        let before = self.clock.wall_us() - i64::from(days) * DAY_US;
        let old = |export: &Export| {
            export.made_us < before && matches!(export.state, State::Done | State::Failed)
        };
        let mut queue = self.queue();
        let Some(exports) = &mut queue.exports else { return };
        let gone: Vec<Export> = exports.extract_if(.., |export| old(export)).collect();
        drop(queue);
        gone.iter().for_each(|export| self.delete(export));
    }

    /// The next that waits, which is running from now on.
    fn begin(&self) -> Option<(Export, Arc<AtomicBool>)> {
        let mut queue = self.queue();
        let waiting = |export: &&mut Export| export.state == State::Waiting;
        let export = queue.exports.iter_mut().flatten().find(waiting)?;
        export.state = State::Running;
        let export = export.clone();
        let cancel = Arc::new(AtomicBool::new(false));
        queue.running = Some((export.id, self.clock.mono(), Arc::clone(&cancel)));
        Some((export, cancel))
    }

    fn carry_out(&self, archive: &Archive, (export, cancel): (Export, Arc<AtomicBool>)) {
        let path = export.folder(&self.folder).join(&export.file);
        let mut looked = self.clock.mono();
        let mut full = None;
        let mut progress = |share: f64| {
            let now = self.clock.mono();
            if now.since_us(looked) >= ROOM_US {
                looked = now;
                full = self.is_full();
            }
            self.change(export.id, |export| export.progress = share);
            let ends = cancel.load(Ordering::Acquire) || self.is_stopped() || full.is_some();
            if ends { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let materials = Materials {
            archive,
            decoders: &self.sources.decoders,
            names: &self.sources.names,
            presentation: self.sources.presentation,
            now_us: self.clock.wall_us(),
        };
        let made = catch_unwind(AssertUnwindSafe(|| {
            make(&export.request, materials, &path, &mut progress)
        }));
        let made = made.unwrap_or_else(|_| {
            Err(ExportError::Footage("razz failed; its log says where".to_owned()))
        });
        let made = match (made, full) {
            (Err(ExportError::Cancelled), Some(full)) => Err(full),
            (made, _) => made,
        };
        let stopped = self.is_stopped() && matches!(made, Err(ExportError::Cancelled));
        self.change(export.id, |export| match &made {
            Ok(bytes) => (export.state, export.progress, export.bytes) = (State::Done, 1.0, *bytes),
            // It waits for the next start.
            Err(_) if stopped => export.state = State::Waiting,
            Err(error) => (export.state, export.error) = (State::Failed, Some(error.to_string())),
        });
        self.queue().running = None;
        match self.queue().exports.iter().flatten().find(|one| one.id == export.id) {
            Some(export) => {
                if let Err(error) = export.write(&self.folder) {
                    warn!("export {} cannot be written down: {error}", export.id);
                }
            }
            // Somebody has deleted it meanwhile.
            None => self.delete(&export),
        }
        match made {
            Ok(size) => info!("export {} is done: {}, {}", export.id, export.file, bytes(size)),
            Err(ExportError::Cancelled) => {}
            Err(error) => warn!("export {}: {error}", export.id),
        }
    }

    /// Nearly nothing is left on the disk.
    fn is_full(&self) -> Option<ExportError> {
        let free = self.free()?;
        let least = self.settings.keep_free / 4;
        (free < least).then(|| ExportError::Room { free: bytes(0), wanted: bytes(least) })
    }

    fn change(&self, id: u64, change: impl FnOnce(&mut Export)) {
        let mut queue = self.queue();
        if let Some(export) = queue.exports.iter_mut().flatten().find(|one| one.id == id) {
            change(export);
        }
    }
}
