//! The state file: what has to outlive the process so that no frame, track or camera ever gets a
//! name that another one had. It stands beside the config, as `razz.state.json` for `razz.toml`;
//! the demo has none.
//!
//! [`marks`] is what is counted and reserved, and looks at no clock and no file. Here is the file,
//! and what the cameras hold of it: a [`CameraMarks`] each. Nothing waits for the disk but the first
//! dial of a camera, a second at most. A camera that runs ahead of its reservation, which takes a
//! clock that goes several times too fast, is not held up: its reservation is renewed at once.

mod marks;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use razz_analysis::{Given, TrackIds};
use razz_base::{CameraId, MediaTime, MonoTime, TrackId};
use razz_ingest::{Certificates, MediaTimes};
use serde_json::Value;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use self::marks::Kept;
pub(crate) use self::marks::{Epoch, HighWaterMarks, Removed};
use razz_config::{Fingerprint, atomic};
use razz_observe::clock::Clock;

/// How often the file is written. Half of what is reserved is used up by then.
const SAVE_EVERY: Duration = Duration::from_secs(10);

/// How long a camera's first dial waits for its reservation.
const WAIT_AT_MOST: Duration = Duration::from_secs(1);

/// Who may read the file: its owner. It names cameras that are gone.
const MODE: u32 = 0o600;

/// Why razz does not start on a state file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateError {
    /// What it does not know of it might give twice.
    #[error(
        "the state file {path} is of version {version}, and this razz knows version {} at most; \
         run the razz that wrote it, or a newer one, or move the file away (track ids and, where \
         the clock was set back, frames may then be named as earlier ones were)",
        Kept::VERSION
    )]
    Newer { path: String, version: u64 },
}

/// A state file that has been read.
pub(crate) struct StateFile {
    path: PathBuf,
    found: Found,
}

/// What there was.
enum Found {
    Nothing,
    Kept(Kept),
    /// Something, which is put aside.
    Broken,
}

impl StateFile {
    /// Where it is, for the config file at `config`.
    pub(crate) fn beside(config: &Path) -> PathBuf {
        config.with_extension("state.json")
    }

    /// The file beside it with the key that recordings are signed with.
    pub(crate) fn key_file(&self) -> PathBuf {
        key_beside(&self.path)
    }

    /// The database beside it with what is counted, where nothing is recorded.
    pub(crate) fn facts_file(&self) -> PathBuf {
        self.path.with_extension("").with_extension("facts.sqlite")
    }

    /// The database beside it with what rules found.
    pub(crate) fn alerts_file(&self) -> PathBuf {
        self.path.with_extension("").with_extension("alerts.sqlite")
    }

    /// Reads the file at `path`, which need not be there. One that cannot be understood is renamed,
    /// and the log says so: cameras go on, from the wall clock.
    ///
    /// # Errors
    /// When a newer razz has written it.
    pub(crate) fn open(path: &Path) -> Result<Self, StateError> {
        let found = match fs::read_to_string(path) {
            Ok(text) => match understood(path, &text)? {
                Some(kept) => Found::Kept(kept),
                None => put_aside(path, "it is not a state file"),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Found::Nothing,
            Err(error) => put_aside(path, &error.to_string()),
        };
        Ok(Self { path: path.to_owned(), found })
    }
}

/// What the file says; `None` where it says nothing that razz has written.
/// `razz.key` beside `razz.state.json` and `razz.toml`.
pub(crate) fn key_beside(file: &Path) -> PathBuf {
    file.with_extension("").with_extension("key")
}

fn understood(path: &Path, text: &str) -> Result<Option<Kept>, StateError> {
    let Ok(Value::Object(object)) = serde_json::from_str(text) else { return Ok(None) };
    let version = object.get("version").map_or(Some(0), Value::as_u64);
    if let Some(version) = version.filter(|version| *version > u64::from(Kept::VERSION)) {
        return Err(StateError::Newer { path: path.display().to_string(), version });
    }
    Ok(serde_json::from_value(Value::Object(object)).ok().filter(Kept::is_sound))
}

fn put_aside(path: &Path, why: &str) -> Found {
    let aside = path.with_extension("json.broken");
    let outcome = fs::rename(path, &aside);
    let path = path.display();
    match outcome {
        Ok(()) => warn!(
            "the state file {path} cannot be used ({why}) and is now {}; razz goes on from the \
             wall clock. Put a copy of the file back and start razz again if the clock was set back",
            aside.display()
        ),
        Err(error) => warn!(
            "the state file {path} cannot be used ({why}) and cannot be put aside ({error}); remove \
             it. razz goes on from the wall clock"
        ),
    }
    Found::Broken
}

/// The marks of this process, and the file that keeps them.
pub(crate) struct State {
    marks: Mutex<HighWaterMarks>,
    clock: Clock,
    /// `None`: nothing is kept.
    path: Option<PathBuf>,
    /// Held while the file is written, so that no older state comes after a newer one. What was said
    /// of the disk last.
    writing: Mutex<Option<String>>,
    /// The file is to be written before its time.
    wanted: Notify,
    /// The file was written, or could not be.
    tried: Notify,
}

impl State {
    /// Goes on from `file` with the cameras of the config, and writes it: the process has its epoch,
    /// and its cameras their reservations, before the first of them is dialled.
    pub(crate) fn start(file: StateFile, cameras: &BTreeSet<u32>, clock: Clock) -> Arc<Self> {
        let StateFile { path, found } = file;
        let by_clock = Epoch::of_wall(clock.wall_us());
        let (epoch, kept) = match found {
            Found::Nothing => (Epoch::FIRST, Kept::default()),
            Found::Kept(kept) => (kept.epoch().next(), kept),
            Found::Broken => (by_clock, Kept::default()),
        };
        let mut marks = HighWaterMarks::new(epoch, &kept);
        marks.configure(cameras, clock.wall_us() / 1_000_000);
        let state = Self::new(marks, Some(path), clock);
        if !state.save() {
            // What cannot be counted up is told apart by time.
            state.marks().begin_epoch(by_clock.max(epoch));
        }
        Arc::new(state)
    }

    /// One that keeps nothing.
    pub(crate) fn unkept(clock: Clock) -> Arc<Self> {
        let marks = HighWaterMarks::new(Epoch::FIRST, &Kept::default());
        Arc::new(Self::new(marks, None, clock))
    }

    fn new(marks: HighWaterMarks, path: Option<PathBuf>, clock: Clock) -> Self {
        Self {
            marks: Mutex::new(marks),
            clock,
            path,
            writing: Mutex::default(),
            wanted: Notify::new(),
            tried: Notify::new(),
        }
    }

    /// The right to give times and ids of `camera`, from now on and alone.
    pub(crate) fn take_over(self: &Arc<Self>, camera: CameraId) -> CameraMarks {
        let lease = self.marks().lease(camera);
        CameraMarks { state: Arc::clone(self), camera, lease }
    }

    /// The config has these cameras now. Blocks where that is news: it is on the disk afterwards.
    pub(crate) fn configure(&self, cameras: &BTreeSet<u32>) {
        let news = self.marks().configure(cameras, self.clock.wall_us() / 1_000_000);
        if news {
            self.save();
        }
    }

    /// The highest id that a camera of the config ever had; 0 before the first.
    pub(crate) fn highest_camera(&self) -> u32 {
        self.marks().highest_camera()
    }

    /// This camera id is or was in use.
    pub(crate) fn note_camera(&self, id: u32) {
        self.marks().note_camera(id);
    }

    /// Cameras that are gone from the config.
    pub(crate) fn removed(&self) -> Removed {
        self.marks().removed().clone()
    }

    /// No user and no token lists these cameras any more. Blocks.
    pub(crate) fn note_forgotten(&self, cameras: &BTreeSet<u32>) {
        self.marks().note_forgotten(cameras);
        self.save();
    }

    /// Keeps the file, for ever.
    pub(crate) async fn keep(self: Arc<Self>) {
        if self.path.is_none() {
            return;
        }
        loop {
            let _ = timeout(SAVE_EVERY, self.wanted.notified()).await;
            let state = Arc::clone(&self);
            match tokio::task::spawn_blocking(move || state.save()).await {
                Ok(true) => {}
                // However much is wanted, a disk that fails is not tried again and again.
                Ok(false) => sleep(SAVE_EVERY).await,
                // The runtime ends.
                Err(_) => return,
            }
        }
    }

    /// Gives nothing any more, and keeps where everything has ended. Blocks.
    pub(crate) fn stop(&self) {
        self.marks().close();
        self.save();
    }

    /// Writes the file. Blocks. Says whether nothing is wanting on the disk.
    fn save(&self) -> bool {
        let Some(path) = &self.path else { return true };
        let mut said = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = self.marks().to_keep(self.clock.wall_us(), self.clock.mono());
        let text = serde_json::to_string_pretty(&kept).expect("numbers always serialise");
        let written = atomic::replace(path, format!("{text}\n"), Permissions::from_mode(MODE));
        let error = written.err().map(|error| error.to_string());
        match &error {
            None => self.marks().note_kept(&kept),
            Some(error) if said.as_ref() != Some(error) => warn!(
                "the state file {} cannot be written ({error}); give razz the right to write there. \
                 Until then a restart may name frames and tracks as earlier ones were",
                path.display()
            ),
            Some(_) => {}
        }
        if error.is_none() && said.is_some() {
            info!("the state file {} is written again", path.display());
        }
        *said = error;
        self.tried.notify_waiters();
        said.is_none()
    }

    fn marks(&self) -> MutexGuard<'_, HighWaterMarks> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to give times and ids of one camera. Who has an older one of the same camera is refused.
pub(crate) struct CameraMarks {
    state: Arc<State>,
    camera: CameraId,
    lease: u64,
}

impl CameraMarks {
    fn is_reserved(&self, now: MonoTime) -> bool {
        let wall_us = || self.state.clock.wall_us();
        self.state.path.is_none() || self.state.marks().is_reserved(self.camera, wall_us(), now)
    }

    async fn wait_for_reservation(&self) {
        let mut tried = std::pin::pin!(self.state.tried.notified());
        tried.as_mut().enable();
        if !self.is_reserved(self.state.clock.mono()) {
            self.state.wanted.notify_one();
            let _ = timeout(WAIT_AT_MOST, tried).await;
        }
    }
}

impl MediaTimes for CameraMarks {
    fn start(&self) -> MediaTime {
        let wall_us = self.state.clock.wall_us();
        self.state.marks().start(self.camera, wall_us)
    }

    fn issue(&self, time: MediaTime, now: MonoTime) -> bool {
        let issued = self.state.marks().issue(self.camera, self.lease, time, now);
        if issued && !self.is_reserved(now) {
            self.state.wanted.notify_one();
        }
        issued
    }

    /// Times are nearly always reserved for a while to come: not so where a camera is new or the
    /// clock was set. A disk that does not answer holds nothing up for longer than a second.
    fn reserved(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.wait_for_reservation())
    }
}

impl Certificates for CameraMarks {
    fn pinned(&self, host: &str) -> Option<Fingerprint> {
        self.state.marks().pinned(self.camera, host)
    }

    fn pin(&self, host: &str, certificate: Fingerprint) {
        self.state.marks().pin(self.camera, host, certificate);
        info!(camera = self.camera.as_u32(), "the certificate of {host} is pinned: {certificate}");
        self.state.wanted.notify_one();
    }
}

impl TrackIds for CameraMarks {
    fn after(&self) -> TrackId {
        self.state.marks().ids_after(self.camera)
    }

    fn give(&self, highest: TrackId) -> Given {
        self.state.marks().give(self.camera, self.lease, highest)
    }
}

impl Drop for CameraMarks {
    fn drop(&mut self) {
        // The number of an ad-hoc camera does not come again.
        if self.camera.is_ad_hoc() {
            self.state.marks().forget(self.camera);
        }
    }
}
