//! The server put together: cameras, viewers, model, HTTP, from the settings to the shutdown.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use axum::Router;
use serde_json::json;
use tokio::net::TcpListener;
use tracing::{error, info};

use crate::camera::{self, Analysis, Camera, Cameras, Load, Pool};
use crate::clock::Clock;
use crate::config::{self, Config, DetectFps, ModelChoice};
use crate::http::{self, App, StartCamera};
use crate::process::Usage;
use crate::viewer::{self, Viewers};
use crate::{cli, ingest, shutdown};

/// Runs the server until it is told to stop. `extra` is printed beside the addresses when any of
/// them was left to the system.
pub(crate) fn run(config: Config, extra: &serde_json::Value) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return cli::fail(&format!("cannot start: {error}")),
    };
    match runtime.block_on(serve(config, extra)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => cli::fail(&error),
    }
}

async fn serve(config: Config, extra: &serde_json::Value) -> Result<(), String> {
    let clock = Clock::start();
    // All ports first: what is taken is said before anything else is begun.
    let listener = listen("listen", config.server.listen).await?;
    let compat_listener = match config.server.compat_listen {
        Some(address) => Some(listen("compat_listen", address).await?),
        None => None,
    };
    let udp = viewer::bind(config.server.webrtc_udp)
        .map_err(|error| taken("webrtc_udp", config.server.webrtc_udp, &error))?;

    let (unit_sink, unit_source) = camera::units();
    let viewers =
        Viewers::start(udp, &config.server.advertise, config.viewers.clone(), unit_source, clock)
            .map_err(|error| format!("cannot serve viewers: {error}"))?;
    let pool = start_pool(&config);
    let cameras = Arc::new(Cameras::default());
    let start_camera: StartCamera = {
        let (cameras, pool) = (Arc::clone(&cameras), Arc::clone(&pool));
        let ring_bytes = config.viewers.ring_bytes;
        let analysis = Analysis { tracker: config.tracker.clone(), idle: config.detector.idle };
        Arc::new(move |settings| {
            let camera = Camera::start(
                settings,
                ring_bytes,
                analysis.clone(),
                &pool,
                unit_sink.clone(),
                clock,
            );
            cameras.insert(Arc::clone(&camera));
            tokio::spawn(ingest::supervise(Arc::clone(&camera), clock));
            camera
        })
    };
    for settings in &config.cameras {
        start_camera(settings.clone());
    }

    let usage = Usage::default();
    tokio::spawn(usage.clone().watch(clock));
    let app = App {
        cameras: Arc::clone(&cameras),
        viewers: viewers.clone(),
        pool: Arc::clone(&pool),
        usage,
        compat: config.compat.clone(),
        start_camera,
        clock,
    };
    let local = listener.local_addr().map_err(|error| error.to_string())?;
    let compat_local = compat_listener.as_ref().and_then(|listener| listener.local_addr().ok());
    announce(&config, local, compat_local, viewers.udp, extra);
    if let Some(listener) = compat_listener {
        tokio::spawn(answer(listener, http::compat_router(app.clone())));
    }
    tokio::select! {
        () = answer(listener, http::router(app)) => {}
        () = shutdown::requested() => info!("stopping"),
    }
    for camera in cameras.list() {
        cameras.remove(camera.id);
    }
    pool.close();
    viewers.stop().await;
    Ok(())
}

async fn listen(key: &str, address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|error| taken(key, address, &error))
}

fn taken(key: &str, address: SocketAddr, error: &std::io::Error) -> String {
    format!(
        "cannot listen at {address} (server.{key}): {error}; choose another port or end the other program"
    )
}

async fn answer(listener: TcpListener, router: Router) {
    let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
        // Track messages are small and want to leave at once.
        let _ = stream.set_nodelay(true);
    });
    if let Err(error) = axum::serve(listener, router).await {
        error!("HTTP ends: {error}");
    }
}

/// With a port left to the system the addresses go out as one line of JSON, for scripts; they are
/// in the log in any case.
fn announce(
    config: &Config,
    listen: SocketAddr,
    compat: Option<SocketAddr>,
    udp: SocketAddr,
    extra: &serde_json::Value,
) {
    info!("razz {} at http://{listen}/", env!("CARGO_PKG_VERSION"));
    if let Some(compat) = compat {
        info!("RTSPtoWebRTC endpoints at http://{compat}/");
    }
    let server = &config.server;
    let chosen = [Some(server.listen), server.compat_listen, Some(server.webrtc_udp)];
    if chosen.iter().flatten().any(|address| address.port() == 0) {
        let mut line = json!({
            "listen": listen.to_string(),
            "compat_listen": compat.map(|address| address.to_string()).unwrap_or_default(),
            "webrtc_udp": udp.to_string(),
        });
        if let (Some(line), Some(extra)) = (line.as_object_mut(), extra.as_object()) {
            line.extend(extra.clone());
        }
        let mut out = std::io::stdout();
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    }
}

/// The pool loads the model in its own thread. No model is loaded when no camera wants detection.
fn start_pool(config: &Config) -> Arc<Pool> {
    let name = config.detector.model.to_string();
    let wanted = config.cameras.iter().any(|camera| camera.detect_fps != DetectFps::Off);
    let load = wanted.then(|| {
        let detector = config.detector.clone();
        Box::new(move || load_detector(&detector)) as Load
    });
    Pool::start(name, load)
}

fn load_detector(settings: &config::Detector) -> Result<razz_vision::Detector, String> {
    let engine = match settings.engine {
        config::EngineChoice::Auto => razz_vision::EngineChoice::Auto,
        config::EngineChoice::Ort => razz_vision::EngineChoice::Ort,
        config::EngineChoice::Rten => razz_vision::EngineChoice::Rten,
    };
    let detector_settings = razz_vision::DetectorSettings {
        engine,
        confidence: settings.confidence as f32,
        iou: settings.iou as f32,
        classes: (!settings.classes.is_empty()).then(|| settings.classes.clone()),
        ..razz_vision::DetectorSettings::default()
    };
    let path = settings.model.path().map_err(|error| error.to_string())?;
    let source = match (&settings.model, &path) {
        (ModelChoice::Demo, _) | (_, None) => {
            razz_vision::ModelSource::Bytes { name: "demo", data: razz_scene::DEMO_MODEL }
        }
        (_, Some(path)) => razz_vision::ModelSource::File(path),
    };
    razz_vision::Detector::load(source, &detector_settings).map_err(|error| error.to_string())
}
