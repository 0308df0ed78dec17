//! Rules looked at as things happen: what they find becomes alerts, which are kept, and told.
//!
//! ```text
//! facts ────────────► thread `rules`: the machine of `razz-alert` ─► hub: alerts ─► notify, api
//! cameras' states ──►                        └─► inbox (SQLite), with where looking goes on
//! ```
//!
//! [`Rules`] is the handle; `watch` is what the thread does, [`occasions`] what happened as rules are told of it, also
//! for rehearsals; [`Inbox`] is what is kept.

mod inbox;
pub mod occasions;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use razz_alert::Rule;
use razz_hub::alerts::Alerts;
use razz_hub::{Cameras, lock};
use razz_observe::clock::Clock;
use tracing::error;

pub use crate::inbox::{Inbox, InboxError, Kept, Wanted};

/// What failed is tried again after so long.
const TRY_AGAIN: Duration = Duration::from_secs(2);

pub(crate) struct Shared {
    stop: AtomicBool,
    path: PathBuf,
    /// How often they have changed, and the rules.
    rules: Mutex<(u64, Arc<Vec<Rule>>)>,
    feed: Arc<razz_hub::facts::Facts>,
    told: Arc<Alerts>,
    /// Whether anything is recorded.
    records: bool,
    /// For those who ask; `None` before it could be opened.
    inbox: Mutex<Option<Inbox>>,
    clock: Clock,
}

/// Looks at what happens, until it is stopped.
pub struct Rules {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What rules look at, and where what they find goes.
pub struct Sources {
    /// What is counted.
    pub feed: Arc<razz_hub::facts::Facts>,
    /// Where alerts are told.
    pub told: Arc<Alerts>,
    /// Whether anything is recorded.
    pub records: bool,
}

impl Rules {
    /// Begins to look by `rules`, and keeps what they find in the database at `path`.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        path: &Path,
        rules: Vec<Rule>,
        cameras: Arc<Cameras>,
        sources: Sources,
        clock: Clock,
    ) -> std::io::Result<Arc<Self>> {
        let Sources { feed, told, records } = sources;
        let shared = Arc::new(Shared {
            stop: AtomicBool::new(false),
            path: path.to_owned(),
            rules: Mutex::new((0, Arc::new(rules))),
            feed,
            told,
            records,
            inbox: Mutex::default(),
            clock,
        });
        let looking = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("rules".to_owned()).spawn(move || {
            let mut said = String::new();
            while !looking.stop.load(Ordering::Acquire) {
                let turn = || watch::Watch::run(&looking, &cameras);
                match std::panic::catch_unwind(std::panic::AssertUnwindSafe(turn)) {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => {
                        let error = error.to_string();
                        if said != error {
                            error!("rules are not looked at: {error}");
                            said = error;
                        }
                        std::thread::sleep(TRY_AGAIN);
                    }
                    Err(_) => error!("looking at rules failed by a fault of razz; it begins anew"),
                }
            }
        })?;
        Ok(Arc::new(Self { shared, thread: Mutex::new(Some(thread)) }))
    }

    /// The rules are these from now on.
    pub fn set_rules(&self, rules: Vec<Rule>) {
        let mut all = lock(&self.shared.rules);
        if *all.1 != rules {
            *all = (all.0 + 1, Arc::new(rules));
        }
    }

    /// The rules in force.
    pub fn rules(&self) -> Arc<Vec<Rule>> {
        Arc::clone(&lock(&self.shared.rules).1)
    }

    /// Where alerts are told.
    pub fn told(&self) -> &Arc<Alerts> {
        &self.shared.told
    }

    /// Asks what is kept; `None` before it could be opened.
    ///
    /// # Errors
    /// What `ask` says.
    pub fn inbox<T>(
        &self,
        ask: impl FnOnce(&Inbox) -> Result<T, InboxError>,
    ) -> Result<Option<T>, InboxError> {
        lock(&self.shared.inbox).as_ref().map(ask).transpose()
    }

    /// Keeps where looking goes on, and ends.
    pub fn stop(&self) {
        self.shared.stop.store(true, Ordering::Release);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            error!("looking at rules ended by a fault of razz");
        }
    }
}

impl Drop for Rules {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
    }
}
