//! What runs, and how it follows the config file: only what changed is touched.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use razz_base::{CameraId, DetectRate};
use razz_vision::{DetectorSettings, EngineChoice};
use tokio::signal::unix::{SignalKind, signal};
use tracing::{error, info, warn};

use crate::camera::{Analysis, Camera, Cameras, Load, ModelState, Pool, UnitSink};
use crate::detector;
use crate::ingest;
use razz_config::{
    self as config, CameraEdit, Config, ConfigFile, DetectorEdit, ModelChoice, Reach, WriteError,
};
use razz_observe::clock::Clock;
use razz_observe::telemetry::Telemetry;

/// How often the config file is looked at. It is small, and a look costs microseconds.
const LOOK_EVERY: Duration = Duration::from_secs(2);

const MODEL_EXPECTS: &str = "`model` expects \"demo\" or the name of a model that is in razz's \
                             folder; the path of any other is set in the config file itself";

/// The cameras and their detector, as the settings in force want them.
pub(crate) struct Live {
    cameras: Arc<Cameras>,
    units: UnitSink,
    clock: Clock,
    /// `None`: there is no file, as in the demo.
    file: Option<ConfigFile>,
    state: Mutex<State>,
}

struct State {
    config: Config,
    pool: Arc<Pool>,
    /// The model's file when the pool was started, and when it was looked at last.
    tried: Option<Stamp>,
    seen: Option<Stamp>,
    telemetry: Telemetry,
}

/// Why the settings cannot be changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChangeError {
    /// Nothing to write to.
    #[error(
        "this server runs without a config file, so its settings are fixed; start it with `razz serve --config razz.toml`"
    )]
    NoFile,
    /// The file.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The model; what is wrong with it.
    #[error("{0}")]
    Model(String),
}

impl Live {
    /// Starts the model and every camera of `config`.
    pub(crate) fn start(
        config: Config,
        file: Option<ConfigFile>,
        units: UnitSink,
        telemetry: Telemetry,
        clock: Clock,
    ) -> Arc<Self> {
        let tried = Stamp::of(&config);
        let pool = start_pool(&config, clock);
        let live = Arc::new(Self {
            cameras: Arc::default(),
            units,
            clock,
            file,
            state: Mutex::new(State { config, pool, tried, seen: tried, telemetry }),
        });
        {
            let state = live.state();
            for settings in &state.config.cameras {
                live.start_camera(settings.clone(), &state);
            }
        }
        live
    }

    /// The cameras.
    pub(crate) fn cameras(&self) -> &Arc<Cameras> {
        &self.cameras
    }

    /// The detector.
    pub(crate) fn pool(&self) -> Arc<Pool> {
        Arc::clone(&self.state().pool)
    }

    /// The cameras that the settings in force name.
    pub(crate) fn wanted_cameras(&self) -> Vec<CameraId> {
        self.state().config.cameras.iter().map(|camera| camera.id).collect()
    }

    /// Where cameras may be that are not in the file.
    pub(crate) fn reach(&self) -> Reach {
        self.state().config.access.cameras.clone()
    }

    /// Starts a camera that is not in the file.
    pub(crate) fn start_adhoc(&self, settings: config::Camera) -> Arc<Camera> {
        let state = self.state();
        self.start_camera(settings, &state)
    }

    /// Writes a new camera into the file and starts it.
    ///
    /// # Errors
    /// When there is no file, or it cannot be changed so; nothing is changed then.
    pub(crate) fn add_camera(&self, camera: &CameraEdit) -> Result<u32, ChangeError> {
        let (id, config) = self.file()?.add_camera(camera)?;
        self.apply(config);
        Ok(id)
    }

    /// Changes a camera in the file and as it runs.
    ///
    /// # Errors
    /// As [`Self::add_camera`].
    pub(crate) fn change_camera(&self, id: u32, camera: &CameraEdit) -> Result<(), ChangeError> {
        let config = self.file()?.change_camera(id, camera)?;
        self.apply(config);
        Ok(())
    }

    /// Takes a camera out of the file and stops it.
    ///
    /// # Errors
    /// As [`Self::add_camera`].
    pub(crate) fn remove_camera(&self, id: u32) -> Result<(), ChangeError> {
        let config = self.file()?.remove_camera(id)?;
        self.apply(config);
        Ok(())
    }

    /// Where a camera would be found after a change, which is not made.
    ///
    /// # Errors
    /// As [`Self::add_camera`].
    pub(crate) fn source_of(&self, camera: &CameraEdit) -> Result<config::Source, ChangeError> {
        Ok(self.file()?.source_of(camera)?)
    }

    /// The detector's settings.
    pub(crate) fn detector(&self) -> config::Detector {
        self.state().config.detector.clone()
    }

    /// Whether there is a file to write changes into.
    pub(crate) fn has_file(&self) -> bool {
        self.file.is_some()
    }

    /// Changes the detector in the file and as it runs: the model is loaded anew, and until it is
    /// ready pictures have no detections.
    ///
    /// # Errors
    /// As [`Self::add_camera`], and when the model is not one that [`Self::detector_with`] takes.
    pub(crate) fn change_detector(&self, edit: &DetectorEdit) -> Result<(), ChangeError> {
        let file = self.file()?;
        if let Some(model) = edit.model() {
            self.detector_with(model)?;
        }
        self.apply(file.change_detector(edit)?);
        Ok(())
    }

    /// The detector's settings with another model, by name, in the engine that is at work where the
    /// settings leave the choice.
    ///
    /// # Errors
    /// When there is no such model here. The paths of others are for the file to name.
    pub(crate) fn detector_with(&self, model: &str) -> Result<config::Detector, ChangeError> {
        let state = self.state();
        let mut detector = state.config.detector.clone();
        if detector.model.written() != model {
            detector.model = match ModelChoice::parse(model, Path::new("")) {
                Some(choice @ (ModelChoice::Demo | ModelChoice::Named(_))) => choice,
                _ => return Err(ChangeError::Model(MODEL_EXPECTS.to_owned())),
            };
        }
        let said = |error: config::MissingModel| ChangeError::Model(format!("`model`: {error}"));
        detector.model.path().map_err(said)?;
        if let (EngineChoice::Auto, ModelState::Ready { engine }) =
            (detector.engine, state.pool.state())
        {
            let known = EngineChoice::ALL.iter().find(|(name, _)| *name == engine);
            detector.engine = known.map_or(detector.engine, |(_, choice)| *choice);
        }
        Ok(detector)
    }

    fn file(&self) -> Result<&ConfigFile, ChangeError> {
        self.file.as_ref().ok_or(ChangeError::NoFile)
    }

    /// Follows the file for ever: a changed one is taken over, a wrong one is said once and changes
    /// nothing. SIGHUP looks at once.
    pub(crate) async fn follow_file(self: Arc<Self>) {
        let Some(file) = &self.file else { return };
        let mut hangup = signal(SignalKind::hangup()).ok();
        let mut said = String::new();
        loop {
            let asked = async {
                match &mut hangup {
                    Some(hangup) => hangup.recv().await.is_some(),
                    None => std::future::pending().await,
                }
            };
            let asked = tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => false,
                asked = asked => asked,
            };
            match file.reload() {
                Ok(Some(config)) => {
                    said.clear();
                    info!("{} has changed", file.path().display());
                    self.apply(config);
                }
                Ok(None) => {
                    if asked {
                        info!("{} has not changed", file.path().display());
                    }
                    said.clear();
                    self.take_up_model();
                }
                Err(errors) => {
                    let errors = errors.to_string();
                    if asked || said != errors {
                        error!("the settings stay as they were: {errors}");
                        said = errors;
                    }
                }
            }
        }
    }

    /// Loads the model that could not be loaded before, once its file is another and has stopped
    /// growing.
    fn take_up_model(&self) {
        let config = {
            let mut state = self.state();
            let now = Stamp::of(&state.config);
            let settled = std::mem::replace(&mut state.seen, now) == now;
            (settled && state.may_load_now(now)).then(|| state.config.clone())
        };
        if let Some(config) = config {
            info!("model {} is here now", config.detector.model);
            self.apply(config);
        }
    }

    /// Makes what runs what `new` wants.
    fn apply(&self, new: Config) {
        let mut state = self.state();
        let old = &state.config;
        for (section, same) in [
            ("[server]", old.server == new.server),
            ("[access]", old.access.is_same_but_for_cameras(&new.access)),
            ("[viewers]", old.viewers == new.viewers),
            ("[compat]", old.compat == new.compat),
            ("[log]", old.log == new.log),
            ("[telemetry]", old.telemetry == new.telemetry),
            ("[mqtt]", old.mqtt == new.mqtt),
            ("[[webhook]]", old.webhooks == new.webhooks),
        ] {
            if !same {
                warn!("{section} has changed; it takes effect when razz is started again");
            }
        }
        let stamp = Stamp::of(&new);
        let is_off = matches!(state.pool.state(), ModelState::Off);
        let needs_model = wants_model(&new) && (is_off || state.may_load_now(stamp));
        let new_pool =
            (old.detector != new.detector || needs_model).then(|| start_pool(&new, self.clock));
        let analysis_changed = new_pool.is_some() || old.tracker != new.tracker;
        let before = std::mem::replace(&mut state.config, new);
        if let Some(pool) = new_pool {
            std::mem::replace(&mut state.pool, pool).close();
            state.tried = stamp;
        }
        for camera in &before.cameras {
            if state.config.cameras.iter().all(|kept| kept.id != camera.id) {
                let run = self.cameras.find(camera.id).map_or(0, |camera| camera.run());
                info!(camera = camera.id.as_u32(), run, "camera is removed");
                self.cameras.remove(camera.id);
            }
        }
        for camera in &state.config.cameras {
            let was = before.cameras.iter().find(|was| was.id == camera.id);
            let running = self.cameras.find(camera.id);
            match (was, running) {
                (Some(was), Some(running)) if was.source == camera.source => {
                    if was != camera || analysis_changed {
                        running.reconfigure(camera.clone(), analysis(&state));
                    }
                }
                _ => {
                    let what = if was.is_some() { "has another address" } else { "is added" };
                    let run = self.cameras.find(camera.id).map_or(0, |camera| camera.run());
                    info!(camera = camera.id.as_u32(), run, "camera {what}");
                    self.start_camera(camera.clone(), &state);
                }
            }
        }
    }

    fn start_camera(&self, settings: config::Camera, state: &State) -> Arc<Camera> {
        let camera = Camera::start(
            settings,
            state.config.viewers.ring_bytes,
            analysis(state),
            self.units.clone(),
            self.clock,
        );
        self.cameras.insert(Arc::clone(&camera));
        tokio::spawn(ingest::supervise(Arc::clone(&camera), self.clock));
        camera
    }

    /// Stops every camera and the detector.
    pub(crate) fn stop(&self) {
        for camera in self.cameras.list() {
            self.cameras.remove(camera.id);
        }
        self.pool().close();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn analysis(state: &State) -> Analysis {
    Analysis {
        tracker: state.config.tracker.clone(),
        idle: state.config.detector.idle,
        pool: Arc::clone(&state.pool),
        telemetry: state.telemetry.clone(),
    }
}

fn wants_model(config: &Config) -> bool {
    config.cameras.iter().any(|camera| camera.detect_fps != DetectRate::Off)
}

/// Which state of a file it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Stamp {
    bytes: u64,
    changed: Option<SystemTime>,
}

impl Stamp {
    /// Of the model's file, if there is one.
    fn of(config: &Config) -> Option<Self> {
        let metadata = config.detector.model.path().ok()??.metadata().ok()?;
        Some(Self { bytes: metadata.len(), changed: metadata.modified().ok() })
    }
}

impl State {
    /// Whether the model failed, and its file, which is now as `stamp` says, is another than then.
    fn may_load_now(&self, stamp: Option<Stamp>) -> bool {
        let failed = matches!(self.pool.state(), ModelState::Failed { .. });
        failed && stamp.is_some() && stamp != self.tried
    }
}

/// The pool loads the model in its own thread. No model is loaded when no camera wants detection.
fn start_pool(config: &Config, clock: Clock) -> Arc<Pool> {
    let name = config.detector.model.to_string();
    let load = wants_model(config).then(|| {
        let detector = config.detector.clone();
        Arc::new(move |part| detector::load(&detector, part, clock)) as Load
    });
    let threads = config.detector.threads.unwrap_or(DetectorSettings::default().threads);
    Pool::start(name, load, threads, clock)
}

#[cfg(test)]
mod tests;
