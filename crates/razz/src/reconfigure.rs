//! What runs, and how it follows the config file: only what changed is touched.

mod plan;
mod running;

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use razz_alert::Draft;
use razz_analysis::{AnalysisSettings, Load, ModelState, Pictures, Pool, detector};
use razz_api::{ChangeError, Control};
use razz_base::{CameraId, DetectFrom, DetectRate, RecordMode};
use razz_config::{
    self as config, AreaEdit, CameraEdit, CameraNetworks, Channel, Config, ConfigFile,
    DetectorEdit, ModelChoice,
};
use razz_facts::Facts;
use razz_hub::{Camera, Cameras};
use razz_observe::clock::Clock;
use razz_observe::telemetry::Telemetry;
use razz_rules::Rules;
use razz_vision::{Decoders, DetectorSettings, EngineChoice};
use tokio::signal::unix::{SignalKind, signal};
use tracing::{error, info, warn};

use self::plan::{CameraChange, Plan};
use self::running::Running;
use crate::state::{self, Removed};

/// How often the config file is looked at. It is small, and a look costs microseconds.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// At most so many ad-hoc cameras at a time.
const MAX_AD_HOC: usize = 64;
/// An ad-hoc camera that nobody has watched for so long is dropped.
const AD_HOC_IDLE: Duration = Duration::from_secs(60);

const MODEL_EXPECTS: &str = "`model` expects \"demo\" or the name of a model that is in razz's \
                             folder; the path of any other is set in the config file itself";

/// The cameras and their detector, as the settings in force want them.
pub(crate) struct RunningServer {
    cameras: Arc<Cameras>,
    pictures: Arc<Pictures>,
    decoders: Decoders,
    clock: Clock,
    /// `None`: there is no file, as in the demo.
    file: Option<ConfigFile>,
    state: Mutex<State>,
    identity: Identity,
    /// Counts at the areas of the settings in force.
    facts: OnceLock<Arc<Facts>>,
    /// Looks at that by the rules of the settings in force.
    rules: OnceLock<Arc<Rules>>,
    /// The id of the next ad-hoc camera.
    next_ad_hoc: AtomicU32,
}

/// What sees to it that no name of a camera, a frame or a track is given twice.
pub(crate) struct Identity {
    pub(crate) state: Arc<state::State>,
    /// Takes cameras that are gone from all users and tokens; false where it could not.
    pub(crate) forget: Box<dyn Fn(&Removed) -> bool + Send + Sync>,
}

struct State {
    config: Config,
    pool: Arc<Pool>,
    running: Vec<Running>,
    /// The model's file when the pool was started, and when it was looked at last.
    tried: Option<FileState>,
    seen: Option<FileState>,
    telemetry: Telemetry,
}

impl RunningServer {
    /// Starts the model and every camera of `config`.
    pub(crate) fn start(
        config: Config,
        file: Option<ConfigFile>,
        decoders: Decoders,
        telemetry: Telemetry,
        identity: Identity,
        clock: Clock,
    ) -> Arc<Self> {
        let tried = FileState::of(&config);
        let pool = start_pool(&config, clock);
        let running = Vec::new();
        let state = State { config, pool, running, tried, seen: tried, telemetry };
        let server = Arc::new(Self {
            cameras: Arc::default(),
            pictures: Arc::default(),
            decoders,
            clock,
            file,
            state: Mutex::new(state),
            identity,
            facts: OnceLock::new(),
            rules: OnceLock::new(),
            next_ad_hoc: AtomicU32::new(CameraId::FIRST_AD_HOC),
        });
        server.identity.forget_removed();
        {
            let mut state = server.state();
            for settings in state.config.cameras.clone() {
                server.start_camera(settings, &mut state);
            }
        }
        server
    }

    /// `facts` counts at the areas of the settings in force, and `rules` looks by their rules, from now on.
    pub(crate) fn count_with(&self, facts: &Arc<Facts>, rules: &Arc<Rules>) {
        let state = self.state();
        facts.set_areas(state.config.areas.clone(), Vec::new());
        rules.set_rules(state.config.rules.clone());
        // It is called once.
        let _ = self.facts.set(Arc::clone(facts));
        let _ = self.rules.set(Arc::clone(rules));
    }

    /// The cameras.
    pub(crate) fn cameras(&self) -> &Arc<Cameras> {
        &self.cameras
    }

    /// The newest pictures of every camera.
    pub(crate) fn pictures(&self) -> &Arc<Pictures> {
        &self.pictures
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
                    // It writes files.
                    let server = Arc::clone(&self);
                    let applied = tokio::task::spawn_blocking(move || server.apply(config)).await;
                    if applied.is_err() {
                        error!("the settings could not be taken over whole; start razz again");
                    }
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
            let now = FileState::of(&state.config);
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
        self.apply_with(new, Vec::new());
    }

    /// As [`Self::apply`], where areas were renamed: camera, name before, name now.
    fn apply_with(&self, new: Config, renamed: Vec<(CameraId, String, String)>) {
        let mut state = self.state();
        let stamp = FileState::of(&new);
        let is_off = matches!(state.pool.state(), ModelState::Off);
        let needs_model = wants_model(&new) && (is_off || state.may_load_now(stamp));
        let Plan { restart_only, new_pool, cameras } =
            Plan::between(&state.config, &new, needs_model);
        for section in restart_only {
            warn!("{section} has changed; it takes effect when razz is started again");
        }
        state.config = new;
        if let Some(facts) = self.facts.get() {
            facts.set_areas(state.config.areas.clone(), renamed);
        }
        if let Some(rules) = self.rules.get() {
            rules.set_rules(state.config.rules.clone());
        }
        if new_pool {
            let pool = start_pool(&state.config, self.clock);
            std::mem::replace(&mut state.pool, pool).close();
            state.tried = stamp;
        }
        let (gone, here): (Vec<_>, Vec<_>) =
            cameras.into_iter().partition(|change| matches!(change, CameraChange::Remove(_)));
        for change in gone {
            if let CameraChange::Remove(id) = change {
                self.remove(id, &mut state);
            }
        }
        self.identity.state.configure(&state.config.camera_ids());
        self.identity.forget_removed();
        for change in here {
            match change {
                CameraChange::Remove(_) => {}
                CameraChange::Add(camera) => {
                    info!(camera = camera.id.as_u32(), run = 0, "camera is added");
                    self.start_camera(camera, &mut state);
                }
                CameraChange::Move(camera) => {
                    let analysis = self.analysis(&camera, &state);
                    let marks = self.identity.state.take_over(camera.id);
                    if let Some(running) = state.find(camera.id) {
                        let run = running.camera().context.run();
                        info!(camera = camera.id.as_u32(), run, "camera has another address");
                        running.move_to(camera, analysis, marks, self.clock);
                    }
                }
                CameraChange::Settings(camera) => {
                    let analysis = self.analysis(&camera, &state);
                    if let Some(running) = state.find(camera.id) {
                        running.reconfigure(camera, analysis, self.clock);
                    }
                }
            }
        }
    }

    fn start_camera(&self, settings: config::Camera, state: &mut State) -> Arc<Camera> {
        let analysis = self.analysis(&settings, state);
        let marks = self.identity.state.take_over(settings.id);
        let ring_bytes = state.config.viewers.ring_bytes;
        let running = Running::start(settings, ring_bytes, analysis, marks, self.clock);
        let camera = Arc::clone(running.camera());
        self.cameras.insert(Arc::clone(&camera));
        state.running.push(running);
        camera
    }

    fn remove(&self, id: CameraId, state: &mut State) {
        if let Some(at) = state.running.iter().position(|running| running.camera().id == id) {
            let running = state.running.remove(at);
            info!(camera = id.as_u32(), run = running.camera().context.run(), "camera is removed");
            self.cameras.remove(id);
            self.pictures.forget(id);
            state.pool.withdraw(id);
        }
    }

    /// Drops ad-hoc cameras that nobody has watched for a while, for ever.
    pub(crate) async fn drop_idle_ad_hoc(self: Arc<Self>) {
        let mut idle: Vec<CameraId> = Vec::new();
        loop {
            tokio::time::sleep(AD_HOC_IDLE / 2).await;
            let mut state = self.state();
            let watched = |running: &&Running| running.camera().viewer_count() == 0;
            let ad_hoc = state.running.iter().filter(|one| one.camera().id.is_ad_hoc());
            let unwatched: Vec<CameraId> =
                ad_hoc.filter(watched).map(|running| running.camera().id).collect();
            // Those that were so at the last look as well.
            for id in unwatched.iter().filter(|id| idle.contains(id)) {
                info!(camera = id.as_u32(), "ad-hoc camera dropped: nobody watches");
                self.remove(*id, &mut state);
            }
            idle = unwatched;
        }
    }

    fn analysis(&self, camera: &config::Camera, state: &State) -> AnalysisSettings {
        AnalysisSettings {
            rate: camera.detect_fps,
            from: camera.detect_from,
            priority: camera.priority,
            masks: camera.masks.clone(),
            tracker: state.config.tracker.clone(),
            idle: state.config.detector.idle,
            decoders: self.decoders.clone(),
            pool: Arc::clone(&state.pool),
            telemetry: state.telemetry.clone(),
            pictures: Arc::clone(&self.pictures),
        }
    }

    /// Stops every camera and the detector.
    pub(crate) fn stop(&self) {
        let mut state = self.state();
        while let Some(running) = state.running.pop() {
            self.cameras.remove(running.camera().id);
        }
        state.pool.close();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Control for RunningServer {
    fn pool(&self) -> Arc<Pool> {
        Arc::clone(&self.state().pool)
    }

    fn wanted_cameras(&self) -> Vec<CameraId> {
        self.state().config.cameras.iter().map(|camera| camera.id).collect()
    }

    fn reach(&self) -> CameraNetworks {
        self.state().config.access.cameras.clone()
    }

    fn cameras_at(&self, source: &config::Source) -> Vec<CameraId> {
        let state = self.state();
        let mut here: Vec<_> =
            state.running.iter().filter(|running| running.source().is_at(&source.url)).collect();
        here.sort_by_key(|running| running.source().url != source.url);
        here.iter().map(|running| running.camera().id).collect()
    }

    fn start_adhoc(&self, source: config::Source) -> Option<Arc<Camera>> {
        let camera = {
            let mut state = self.state();
            let there = state.running.iter().filter(|one| one.camera().id.is_ad_hoc()).count();
            if there >= MAX_AD_HOC {
                return None;
            }
            // Four billion less one billion: more than are ever asked for.
            let id = CameraId::new(self.next_ad_hoc.fetch_add(1, Ordering::Relaxed))?;
            let name = format!("Ad hoc {}", source.url.host_str().unwrap_or_default());
            info!(camera = id.as_u32(), run = 0, url = %source, "ad-hoc camera");
            let settings = config::Camera {
                id,
                name,
                source,
                sub: None,
                detect_from: DetectFrom::Main,
                detect_fps: DetectRate::Off,
                priority: 1.0,
                record: RecordMode::Off,
                around_us: [0; 2],
                masks: Vec::new(),
            };
            self.start_camera(settings, &mut state)
        };
        Some(camera)
    }

    fn add_camera(&self, camera: &CameraEdit) -> Result<u32, ChangeError> {
        let highest = self.identity.state.highest_camera();
        let (id, config) = self.file()?.add_camera(camera, highest)?;
        self.apply(config);
        Ok(id)
    }

    fn change_camera(&self, id: u32, camera: &CameraEdit) -> Result<(), ChangeError> {
        let config = self.file()?.change_camera(id, camera)?;
        self.apply(config);
        Ok(())
    }

    fn remove_camera(&self, id: u32) -> Result<(), ChangeError> {
        let config = self.file()?.remove_camera(id)?;
        self.apply(config);
        Ok(())
    }

    fn set_areas(&self, camera: CameraId, areas: &[AreaEdit]) -> Result<(), ChangeError> {
        let config = self.file()?.set_areas(camera.as_u32(), areas)?;
        let renamed =
            |area: &AreaEdit| area.was.clone().map(|was| (camera, was, area.name.clone()));
        self.apply_with(config, areas.iter().filter_map(renamed).collect());
        Ok(())
    }

    fn masks(&self) -> Vec<config::Area> {
        let state = self.state();
        state.config.cameras.iter().flat_map(|camera| camera.masks.iter().cloned()).collect()
    }

    fn set_rules(&self, rules: &[Draft]) -> Result<(), ChangeError> {
        self.apply(self.file()?.set_rules(rules)?);
        Ok(())
    }

    fn channels(&self) -> Vec<Channel> {
        let config = &self.state().config;
        let is_set = |channel: &Channel| match channel {
            Channel::Mqtt => config.mqtt.is_some(),
            Channel::Webhook => !config.webhooks.is_empty(),
            other => config.alert.has(*other),
        };
        Channel::ALL.into_iter().map(|(_, channel)| channel).filter(is_set).collect()
    }

    fn source_of(
        &self,
        camera: &CameraEdit,
        stream: DetectFrom,
    ) -> Result<config::Source, ChangeError> {
        Ok(self.file()?.source_of(camera, stream)?)
    }

    fn detector(&self) -> config::Detector {
        self.state().config.detector.clone()
    }

    fn has_file(&self) -> bool {
        self.file.is_some()
    }

    fn change_detector(&self, edit: &DetectorEdit) -> Result<(), ChangeError> {
        let file = self.file()?;
        if let Some(model) = edit.model() {
            self.detector_with(model)?;
        }
        self.apply(file.change_detector(edit)?);
        Ok(())
    }

    fn detector_with(&self, model: &str) -> Result<config::Detector, ChangeError> {
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
        if let (EngineChoice::Auto, ModelState::Ready { engine, .. }) =
            (detector.engine, state.pool.state())
        {
            let known = EngineChoice::ALL.iter().find(|(name, _)| *name == engine);
            detector.engine = known.map_or(detector.engine, |(_, choice)| *choice);
        }
        Ok(detector)
    }
}

impl Identity {
    /// Keeps nothing, as in the demo.
    #[cfg(test)]
    pub(crate) fn unkept(clock: Clock) -> Self {
        Self { state: state::State::unkept(clock), forget: Box::new(|_| false) }
    }

    fn forget_removed(&self) {
        let removed = self.state.removed();
        if (self.forget)(&removed) && !removed.grants.is_empty() {
            self.state.note_forgotten(&removed.grants);
        }
    }
}

fn wants_model(config: &Config) -> bool {
    config.cameras.iter().any(|camera| camera.detect_fps != DetectRate::Off)
}

/// Which state of a file it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct FileState {
    bytes: u64,
    changed: Option<SystemTime>,
}

impl FileState {
    /// Of the model's file, if there is one.
    fn of(config: &Config) -> Option<Self> {
        let metadata = config.detector.model.path().ok()??.metadata().ok()?;
        Some(Self { bytes: metadata.len(), changed: metadata.modified().ok() })
    }
}

impl State {
    fn find(&mut self, id: CameraId) -> Option<&mut Running> {
        self.running.iter_mut().find(|running| running.camera().id == id)
    }

    /// Whether the model failed, and its file, which is now as `stamp` says, is another than then.
    fn may_load_now(&self, stamp: Option<FileState>) -> bool {
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
