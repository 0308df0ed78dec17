//! One camera as it runs: its intake, that of its sub-stream, its analysis, and what they publish.

use std::sync::Arc;

use razz_analysis::{AnalysisSettings, CameraAnalysis, TrackIds};
use razz_base::Decodable;
use razz_config as config;
use razz_hub::{Camera, CameraSettings};
use razz_ingest::{Certificates, Intake, MediaTimes};
use razz_observe::clock::Clock;
use tokio::sync::oneshot;

use crate::intake::{CameraSink, begin_anew};
use crate::state::CameraMarks;
use crate::sub_intake::SubIntake;

/// A camera that runs. Dropping it ends its work.
pub(crate) struct Running {
    settings: config::Camera,
    camera: Arc<Camera>,
    intake: RunningIntake,
    /// Where there is a sub-stream; it is dialled while analysis wants it.
    sub: Option<SubIntake>,
    marks: Arc<CameraMarks>,
    decodable: Decodable,
    analysis: CameraAnalysis,
}

/// An intake that runs, until it is dropped.
struct RunningIntake {
    sink: Arc<CameraSink>,
    _stop: oneshot::Sender<()>,
}

impl Running {
    /// Starts the camera's analysis and connects to it.
    pub(crate) fn start(
        settings: config::Camera,
        ring_bytes: usize,
        analysis: AnalysisSettings,
        marks: CameraMarks,
        clock: Clock,
    ) -> Self {
        let shown = shown(&settings);
        let camera = Camera::new(settings.id, shown, ring_bytes, clock.wall_us());
        let marks = Arc::new(marks);
        let track_ids = Arc::clone(&marks) as Arc<dyn TrackIds>;
        let decodable = analysis.decoders.decodable();
        let analysis = CameraAnalysis::start(&camera, analysis, track_ids, clock);
        let intake = RunningIntake::start(&settings, &camera, Arc::clone(&marks), decodable, clock);
        let sub = SubIntake::start(&settings, &camera, &marks, decodable, clock);
        Self { settings, camera, intake, sub, marks, decodable, analysis }
    }

    /// What is published of it.
    pub(crate) fn camera(&self) -> &Arc<Camera> {
        &self.camera
    }

    /// Where it is.
    pub(crate) fn source(&self) -> &config::Source {
        &self.settings.source
    }

    /// Changes what can be changed without touching the video.
    pub(crate) fn reconfigure(
        &mut self,
        settings: config::Camera,
        analysis: AnalysisSettings,
        clock: Clock,
    ) {
        self.camera.set_settings(shown(&settings));
        if settings.sub != self.settings.sub {
            self.sub = None;
            self.sub =
                SubIntake::start(&settings, &self.camera, &self.marks, self.decodable, clock);
        }
        self.settings = settings;
        self.analysis.reconfigure(analysis);
    }

    /// Connects to the camera at another address. Those who watch go on with what comes from there.
    pub(crate) fn move_to(
        &mut self,
        settings: config::Camera,
        analysis: AnalysisSettings,
        marks: CameraMarks,
        clock: Clock,
    ) {
        self.intake.sink.close();
        begin_anew(&self.camera, clock);
        self.camera.set_settings(shown(&settings));
        let marks = Arc::new(marks);
        let track_ids = Arc::clone(&marks) as Arc<dyn TrackIds>;
        let decodable = analysis.decoders.decodable();
        self.analysis = CameraAnalysis::start(&self.camera, analysis, track_ids, clock);
        self.intake =
            RunningIntake::start(&settings, &self.camera, Arc::clone(&marks), decodable, clock);
        self.sub = None;
        self.sub = SubIntake::start(&settings, &self.camera, &marks, decodable, clock);
        (self.settings, self.marks, self.decodable) = (settings, marks, decodable);
    }
}

impl RunningIntake {
    fn start(
        settings: &config::Camera,
        camera: &Arc<Camera>,
        marks: Arc<CameraMarks>,
        decodable: Decodable,
        clock: Clock,
    ) -> Self {
        let sink = CameraSink::new(Arc::clone(camera), clock);
        let (context, told) = (camera.context.clone(), Arc::clone(&sink));
        let certificates = Arc::clone(&marks) as Arc<dyn Certificates>;
        let times = marks as Arc<dyn MediaTimes>;
        let source = settings.source.clone();
        let intake = Intake::new(source, context, told, times, certificates, decodable, clock);
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(intake.supervise(async {
            let _ = stopped.await;
        }));
        Self { sink, _stop: stop }
    }
}

impl Drop for RunningIntake {
    fn drop(&mut self) {
        self.sink.close();
    }
}

/// What everybody may know of a camera's settings.
fn shown(settings: &config::Camera) -> CameraSettings {
    CameraSettings {
        name: settings.name.clone(),
        address: settings.source.to_string(),
        transport: settings.source.transport,
        certificate: settings.source.is_tls().then(|| settings.source.certificate.to_string()),
        credentials: settings.source.credentials.is_some(),
        sub_address: settings.sub.as_ref().map(ToString::to_string),
        detect_from: settings.detect_from,
        detect_rate: settings.detect_fps,
        priority: settings.priority,
        record: settings.record,
        around_us: settings.around_us,
    }
}
