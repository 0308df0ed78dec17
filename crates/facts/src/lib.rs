//! Facts: who crossed which line, who was in which zone, how many are there; counted as it happens and over what is
//! recorded, by the same machine (`razz-analytics`), and kept.
//!
//! ```text
//! track frames ─► counting ► feed: WebSockets, MQTT, rules        at once
//!                   └────► database: facts, sums, state         once the frames are in the record
//! recorded tracks ─► past ─► database (new areas) · previews · check
//! ```
//!
//! What comes is counted as the record will have it, and nothing is kept that rests on frames which the record does not
//! have yet. After a restart counting goes on from the last state over what was recorded since, so that what is kept is
//! what the record says, however razz ended. [`check`] compares the two.
//!
//! [`Facts`] is the handle, `counter` one camera's machine, [`database`] what is kept, `counting` the thread that counts what
//! comes, `past` what counts over the record.

mod counter;
mod counting;
pub mod database;
mod drawing;
mod names;
mod past;
mod record;
#[cfg(test)]
mod testing;
mod views;

use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;

use razz_base::CameraId;
use razz_hub::facts::Moment;
use razz_hub::{Cameras, lock};
use razz_observe::clock::Clock;
use razz_store::archive::Archive;
use razz_vision::View;
use tracing::error;

use crate::database::Database;
pub use crate::database::FactsError;
pub use crate::drawing::{Drawing, Version};
use crate::names::Names;
pub use crate::past::{
    Check, Difference, Example, HeatMap, PastError, Preview, PreviewRequest, check, heat, preview,
};

/// The name of the database in its folder.
pub const DATABASE: &str = "facts.sqlite";

/// What is recorded, for those who count over it.
pub enum Recordings {
    /// It is not known yet.
    Waiting,
    /// Nothing is recorded.
    None,
    /// They.
    At(Arc<Archive>),
}

/// Asks what is recorded.
pub type AskRecordings = Box<dyn Fn() -> Recordings + Send + Sync>;
/// Asks what a camera sees now.
pub type AskView = Box<dyn Fn(CameraId) -> Option<Seen> + Send + Sync>;

/// What a camera saw.
#[derive(Clone, Debug)]
pub struct Seen {
    /// On which frame.
    pub at: Moment,
    /// What.
    pub view: View,
}

/// What counting begins with.
pub struct Settings {
    /// The database that facts are kept in.
    pub path: PathBuf,
    /// Where is counted.
    pub areas: Vec<razz_config::Area>,
    /// What is recorded.
    pub recordings: AskRecordings,
    /// What cameras see now.
    pub views: AskView,
    /// For so many days facts are kept; `None`: for good.
    pub days: Option<u32>,
}

/// What the threads share.
pub(crate) struct Shared {
    stop: AtomicBool,
    path: PathBuf,
    recordings: AskRecordings,
    areas: Mutex<Wanted>,
    feed: Arc<razz_hub::facts::Facts>,
    /// For those who ask; `None` before the database could be opened.
    reader: Mutex<Option<Arc<Mutex<Database>>>>,
    error: Mutex<Option<String>>,
    /// Versions of areas whose past is to be counted: their rows.
    past: Mutex<VecDeque<i64>>,
    past_woken: Condvar,
    /// For so many days facts are kept; `None`: for good.
    days: Option<u32>,
    /// What cameras see now.
    views: AskView,
    /// Cameras whose areas somebody has found right as they are.
    right: Mutex<BTreeSet<CameraId>>,
    /// The numbers of classes, for all who write to the database.
    names: OnceLock<Names>,
    clock: Clock,
}

impl Shared {
    fn new(settings: Settings, feed: Arc<razz_hub::facts::Facts>, clock: Clock) -> Self {
        let Settings { path, areas, recordings, views, days } = settings;
        Self {
            stop: AtomicBool::new(false),
            path,
            recordings,
            areas: Mutex::new(Wanted { list: Arc::new(areas), ..Wanted::default() }),
            feed,
            reader: Mutex::default(),
            error: Mutex::default(),
            past: Mutex::default(),
            past_woken: Condvar::new(),
            days,
            views,
            right: Mutex::default(),
            names: OnceLock::new(),
            clock,
        }
    }

    /// The numbers of classes, as the database has them.
    pub(crate) fn names(&self, database: &Database) -> Result<Names, FactsError> {
        if let Some(names) = self.names.get() {
            return Ok(names.clone());
        }
        let names = database.names()?;
        Ok(self.names.get_or_init(|| names).clone())
    }

    /// Their past is to be counted.
    pub(crate) fn count_past(&self, rows: Vec<i64>) {
        let mut waiting = lock(&self.past);
        for row in rows {
            if !waiting.contains(&row) {
                waiting.push_back(row);
            }
        }
        self.past_woken.notify_one();
    }
}

/// The areas of the settings in force.
#[derive(Default)]
struct Wanted {
    generation: u64,
    list: Arc<Vec<razz_config::Area>>,
    /// Camera, what an area was called, and what it is called now.
    renamed: Vec<(CameraId, String, String)>,
}

/// Counts, until it is stopped.
pub struct Facts {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Facts {
    /// Begins to count.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        settings: Settings,
        cameras: Arc<Cameras>,
        feed: Arc<razz_hub::facts::Facts>,
        clock: Clock,
    ) -> std::io::Result<Arc<Self>> {
        let shared = Arc::new(Shared::new(settings, feed, clock));
        let counting = Arc::clone(&shared);
        let live = move || {
            // A panic loses what was not kept; the next turn goes on from what was.
            while !counting.is_stopped() {
                let turn = || counting::Counting::run(&counting, &cameras);
                if std::panic::catch_unwind(std::panic::AssertUnwindSafe(turn)).is_err() {
                    error!("counting failed by a fault of razz; it goes on from what is kept");
                }
            }
        };
        let counting = Arc::clone(&shared);
        let past = move || {
            razz_observe::process::yield_to_video();
            while !counting.is_stopped() {
                let turn = || past::work(&counting);
                if std::panic::catch_unwind(std::panic::AssertUnwindSafe(turn)).is_err() {
                    error!("counting the past of an area failed by a fault of razz");
                }
            }
        };
        let named = |name: &str| std::thread::Builder::new().name(name.to_owned());
        let threads = vec![named("facts").spawn(live)?, named("facts-past").spawn(past)?];
        Ok(Arc::new(Self { shared, threads: Mutex::new(threads) }))
    }

    /// The areas are these from now on; `renamed` says which were called otherwise: camera, before, now.
    pub fn set_areas(
        &self,
        areas: Vec<razz_config::Area>,
        renamed: Vec<(CameraId, String, String)>,
    ) {
        let mut wanted = lock(&self.shared.areas);
        if *wanted.list != areas || !renamed.is_empty() {
            wanted.generation += 1;
            wanted.list = Arc::new(areas);
            wanted.renamed.extend(renamed);
        }
    }

    /// The areas of a camera are right as they are, though it was moved.
    pub fn find_right(&self, camera: CameraId) {
        lock(&self.shared.right).insert(camera);
        self.shared.past_woken.notify_one();
    }

    /// The areas of the settings in force.
    pub fn areas(&self) -> Arc<Vec<razz_config::Area>> {
        Arc::clone(&lock(&self.shared.areas).list)
    }

    /// What is counted, as it happens.
    pub fn feed(&self) -> &Arc<razz_hub::facts::Facts> {
        &self.shared.feed
    }

    /// Why nothing is kept, as long as that lasts.
    pub fn error(&self) -> Option<String> {
        lock(&self.shared.error).clone()
    }

    /// Asks the database, beside the thread that writes; `None` before it could be opened.
    ///
    /// # Errors
    /// What `ask` says.
    pub fn read<T>(
        &self,
        ask: impl FnOnce(&Database) -> Result<T, FactsError>,
    ) -> Result<Option<T>, FactsError> {
        let Some(reader) = lock(&self.shared.reader).clone() else { return Ok(None) };
        let answer = match reader.try_lock() {
            Ok(reader) => ask(&reader),
            // A page asks for several things at once, each of which may take a tenth of a second.
            Err(_) => ask(&Database::open_to_read(&self.shared.path)?),
        };
        answer.map(Some)
    }

    /// Keeps what is counted, and ends.
    pub fn stop(&self) {
        self.shared.stop.store(true, Ordering::Release);
        self.shared.past_woken.notify_all();
        let threads =
            std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.join().is_err() {
                error!("counting ended by a fault of razz");
            }
        }
    }
}

impl Drop for Facts {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        self.shared.past_woken.notify_all();
    }
}
