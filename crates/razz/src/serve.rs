//! The server put together: cameras, viewers, model, HTTP, from the settings to the shutdown.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::net::TcpListener;
use tracing::{info, warn};

use crate::reconfigure::{Identity, RunningServer};
use crate::state::{Removed, State, StateFile};
use crate::{cli, pictures, revocation, set_up_link, shutdown};
use razz_access::hosts::Hosts;
use razz_access::{Access, Store};
use razz_api::connections::{self, Limits};
use razz_api::{App, Control as _, tls, wire};
use razz_config::{Config, ConfigFile};
use razz_delivery::{self as delivery, Viewers};
use razz_export::{ExportSettings, Exports, Sources};
use razz_facts::{Facts, Recordings};
use razz_hub::Cameras;
use razz_hub::facts::Moment;
use razz_observe::clock::Clock;
use razz_observe::process::{self, Usage};
use razz_observe::telemetry;
use razz_recorder::Recorder;
use razz_rules::Rules;
use razz_store::seal::Signer;
use razz_vision::{Decoders, View};

/// How long what runs off the runtime's threads may still take when the server stops.
const LAST_WORK: Duration = Duration::from_millis(500);

/// Descriptors that are kept for all but clients: cameras, files, brokers.
const OWN_DESCRIPTORS: usize = 256;

/// Runs the server until it is told to stop, following the config file if there is one and keeping
/// its state beside it. Clients are the `users` and sign in; without any nobody is asked. `extra` is printed beside the addresses when any of them
/// was left to the system.
pub(crate) fn run(
    config: Config,
    files: Option<(ConfigFile, StateFile)>,
    users: Option<Store>,
    extra: &serde_json::Value,
) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return cli::fail(&format!("cannot start: {error}")),
    };
    let outcome = runtime.block_on(serve(config, files, users, extra));
    // A file or a picture that is being worked on may take longer than anyone wants to wait.
    runtime.shutdown_timeout(LAST_WORK);
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => cli::fail(&error),
    }
}

async fn serve(
    config: Config,
    files: Option<(ConfigFile, StateFile)>,
    users: Option<Store>,
    extra: &serde_json::Value,
) -> Result<(), String> {
    // Before anything is opened: most of it is for clients, who come later.
    if let Err(error) = process::raise_open_files() {
        warn!("the number of open files cannot be raised: {error}");
    }
    let clock = Clock::start();
    let access = match users {
        Some(users) => Access::on(config.access.clone(), users, clock),
        None => Access::off(clock),
    };
    // All ports first: what is taken is said before anything else is begun.
    let listener = listen("listen", config.server.listen).await?;
    let compat_listener = match config.server.compat_listen {
        Some(address) => Some(listen("compat_listen", address).await?),
        None => None,
    };
    let ports = delivery::bind(config.server.webrtc_udp)
        .map_err(|error| taken("webrtc_udp", config.server.webrtc_udp, &error))?;

    let tls = match &config.server.tls {
        Some(tls) => Some(tls::start(&config.server, tls, clock)?),
        None => None,
    };
    let hosts = Arc::new(hosts(&config)?);
    let compat_tls = tls.clone().filter(|_| config.server.compat_tls);

    let decoders = open_decoders(&config)?;
    let telemetry = telemetry::start(config.telemetry.as_ref(), clock)?;
    let (advertise, limits) = (&config.server.advertise, config.viewers.clone());
    let viewers = Viewers::start(ports, advertise, limits, telemetry.clone(), clock)
        .map_err(|error| format!("cannot serve viewers: {error}"))?;
    let facts_file = match (&config.record, &files) {
        (Some(record), _) => record.path.join(razz_facts::DATABASE),
        (None, Some((_, state))) => state.facts_file(),
        // Of a demo that records nothing.
        (None, None) => std::env::temp_dir().join(format!("razz-{}.facts", std::process::id())),
    };
    // Not on the disk of the recordings: that it is full or gone is what alerts tell.
    let alerts_file = match (&files, &config.record) {
        (Some((_, state)), _) => state.alerts_file(),
        // Of the demo.
        (None, Some(record)) => record.path.with_extension("alerts.sqlite"),
        (None, None) => facts_file.with_extension("alerts"),
    };
    let key_file = match (&files, &config.record) {
        (Some((_, state)), _) => state.key_file(),
        // Of the demo.
        (None, Some(record)) => record.path.with_extension("key"),
        (None, None) => PathBuf::new(),
    };
    // Another razz that keeps the same file has these ports, and this one has not come so far.
    let (file, state) = match files {
        Some((file, state)) => (Some(file), State::start(state, &config.camera_ids(), clock)),
        None => (None, State::unkept(clock)),
    };
    state.note_camera(access.highest_camera());
    tokio::spawn(Arc::clone(&state).keep());
    let forget = {
        let access = Arc::clone(&access);
        move |removed: &Removed| access.forget_cameras(&removed.lately, &removed.grants)
    };
    let identity = Identity { state: Arc::clone(&state), forget: Box::new(forget) };
    let server = RunningServer::start(
        config.clone(),
        file,
        decoders.clone(),
        telemetry.clone(),
        identity,
        clock,
    );
    tokio::spawn(Arc::clone(&server).follow_file());
    tokio::spawn(Arc::clone(&server).drop_idle_ad_hoc());
    tokio::spawn(revocation::follow(Arc::clone(&access), viewers.clone()));

    let wanted = {
        let server = Arc::clone(&server);
        move || server.wanted_cameras()
    };
    let pictures = Arc::new(pictures::NewestPictures(Arc::clone(server.pictures())));
    let feed = Arc::<razz_hub::facts::Facts>::default();
    let told = Arc::<razz_hub::alerts::Alerts>::default();
    let events = {
        let (feed, told) = (Arc::clone(&feed), Arc::clone(&told));
        razz_notify::start(&config, server.cameras(), wanted, pictures, feed, told, clock)?
    };

    let recorder = match &config.record {
        Some(record) => {
            let signer = signer(&key_file);
            let cameras = Arc::clone(server.cameras());
            let started = Recorder::start(record.clone(), signer, cameras, clock);
            Some(started.map_err(|error| format!("cannot record: {error}"))?)
        }
        None => None,
    };
    let exports = match (&config.record, &recorder) {
        (Some(record), Some(recorder)) => {
            let started = start_exports(record, recorder, server.cameras(), &decoders, clock);
            Some(started.map_err(|error| format!("cannot export recordings: {error}"))?)
        }
        _ => None,
    };
    let cameras = server.cameras();
    let seen = Arc::clone(server.pictures());
    let facts = start_facts(&facts_file, &config, feed, recorder.clone(), seen, cameras, clock)
        .map_err(|error| format!("cannot count: {error}"))?;
    let rules = start_rules(&alerts_file, &config, &facts, told, cameras, clock)
        .map_err(|error| format!("cannot look at rules: {error}"))?;
    server.count_with(&facts, &rules);
    let usage = Usage::default();
    tokio::spawn(usage.clone().watch(clock));
    let local = listener.local_addr().map_err(|error| error.to_string())?;
    let compat_local = compat_listener.as_ref().and_then(|listener| listener.local_addr().ok());
    let app = App {
        cameras: Arc::clone(server.cameras()),
        control: Arc::clone(&server) as _,
        pictures: Arc::clone(server.pictures()),
        decoders,
        recorder: recorder.clone(),
        exports: exports.clone(),
        facts: Arc::clone(&facts),
        rules: Arc::clone(&rules),
        viewers: viewers.clone(),
        viewer_limits: config.viewers.clone(),
        usage,
        events: events.clone(),
        open: !access.is_on() && config.is_loopback_only().is_err(),
        compat: config.compat.clone(),
        compat_port: compat_local
            .map(|local| wire::CompatPort { port: local.port(), tls: compat_tls.is_some() }),
        turn: config.viewers.turn.clone().into(),
        clock,
        access: Arc::clone(&access),
        hosts,
        embed_origins: config.access.embed_origins.clone().into(),
        tls: config.server.tls.is_some(),
        hsts_s: config.server.hsts_s,
        port: local.port(),
        base: config.server.base.clone(),
        telemetry: telemetry.clone(),
    };
    announce(&config, local, compat_local, viewers.udp, extra);
    tokio::spawn(set_up_link::offer(Arc::clone(&access), config.server.clone(), local));
    let descriptors = process::open_files().and_then(|(soft, _)| usize::try_from(soft).ok());
    let limits = connection_limits(&config, descriptors);
    if let Some(listener) = compat_listener {
        // Which may speak plainly beside it.
        let router = razz_api::compat_router(App { tls: compat_tls.is_some(), ..app.clone() });
        tokio::spawn(connections::serve(listener, compat_tls, router, Arc::clone(&limits)));
    }
    tokio::select! {
        () = connections::serve(listener, tls, razz_api::router(app), limits) => {}
        () = shutdown::requested() => info!("stopping"),
    }
    events.stop().await;
    if let Some(exports) = exports {
        // It does not panic, and ends at the next picture.
        let _ = tokio::task::spawn_blocking(move || exports.stop()).await;
    }
    if let Some(recorder) = recorder {
        // Before the cameras are gone: what they sent last is on the disk then. It does not panic.
        let _ = tokio::task::spawn_blocking(move || recorder.stop()).await;
    }
    // After the recorder: what is counted is kept as far as the record goes.
    let _ = tokio::task::spawn_blocking(move || {
        facts.stop();
        rules.stop();
    })
    .await;
    server.stop();
    // An error cannot be: it does not panic, and the runtime is here.
    let _ = tokio::task::spawn_blocking(move || state.stop()).await;
    viewers.stop().await;
    telemetry.stop().await;
    Ok(())
}

/// Signs what is recorded. Without it recordings are made all the same.
fn signer(path: &Path) -> Option<Signer> {
    match Signer::at(path) {
        Ok(signer) => {
            info!("recordings are signed by the key {}", signer.public());
            Some(signer)
        }
        Err(error) => {
            warn!("recordings are not signed, so nobody can prove what they show: {error}");
            None
        }
    }
}

/// Files are made of what the recorder has recorded.
fn start_exports(
    record: &razz_config::Record,
    recorder: &Arc<Recorder>,
    cameras: &Arc<Cameras>,
    decoders: &Decoders,
    clock: Clock,
) -> std::io::Result<Arc<Exports>> {
    let settings = ExportSettings {
        recordings: record.path.clone(),
        keep_days: record.exports_days,
        keep_free: record.keep_free,
    };
    let (recorder, cameras) = (Arc::clone(recorder), Arc::clone(cameras));
    let sources = Sources {
        archive: Box::new(move || recorder.archive().cloned()),
        decoders: decoders.clone(),
        names: Box::new(move |id| cameras.name_of(id)),
        presentation: razz_api::presentation(),
    };
    Exports::start(settings, sources, clock)
}

/// Facts are kept for so many days where nothing is recorded; elsewhere for as long as tracks are.
const FACTS_DAYS: u32 = 400;

/// Counts at lines and zones.
fn start_facts(
    file: &Path,
    config: &Config,
    feed: Arc<razz_hub::facts::Facts>,
    recorder: Option<Arc<Recorder>>,
    pictures: Arc<razz_analysis::Pictures>,
    cameras: &Arc<Cameras>,
    clock: Clock,
) -> std::io::Result<Arc<Facts>> {
    let recordings = move || match &recorder {
        None => Recordings::None,
        // Where the folder is not there, not yet or not any more, nothing is written in its place.
        Some(recorder) => match recorder.archive() {
            Some(archive) if archive.is_there() => Recordings::At(Arc::clone(archive)),
            _ => Recordings::Waiting,
        },
    };
    let settings = razz_facts::Settings {
        path: file.to_owned(),
        areas: config.areas.clone(),
        recordings: Box::new(recordings),
        views: Box::new(move |camera| {
            let picture = pictures.newest(camera)?;
            let at = Moment { time: picture.key.time, wall_us: picture.wall.us };
            Some(razz_facts::Seen { at, view: View::of(picture.luma()) })
        }),
        days: config.record.as_ref().map_or(Some(FACTS_DAYS), |record| record.tracks_days),
    };
    Facts::start(settings, Arc::clone(cameras), feed, clock)
}

/// Looks at what is counted by the rules.
fn start_rules(
    file: &Path,
    config: &Config,
    facts: &Arc<Facts>,
    told: Arc<razz_hub::alerts::Alerts>,
    cameras: &Arc<Cameras>,
    clock: Clock,
) -> std::io::Result<Arc<Rules>> {
    let sources = razz_rules::Sources {
        feed: Arc::clone(facts.feed()),
        told,
        records: config.record.is_some(),
    };
    Rules::start(file, config.rules.clone(), Arc::clone(cameras), sources, clock)
}

async fn listen(key: &str, address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|error| taken(key, address, &error))
}

fn taken(key: &str, address: SocketAddr, error: &std::io::Error) -> String {
    format!(
        "cannot listen at {address} (server.{key}): {error}; choose another port or end the other program"
    )
}

/// By which names the app is asked: those of the settings and of the certificate, and by every address
/// where other machines reach it.
fn hosts(config: &Config) -> Result<Hosts, String> {
    let certified = config.server.tls.as_ref().map(tls::names).transpose()?.unwrap_or_default();
    let listed = config.access.hosts.iter().chain(&config.server.advertise).chain(&certified);
    let reachable = !config.server.listen.ip().to_canonical().is_loopback();
    Ok(Hosts::new(listed, reachable))
}

/// How many connections there may be, where the process may open so many files.
fn connection_limits(config: &Config, descriptors: Option<usize>) -> Arc<Limits> {
    let wanted = config.server.connections;
    let room = descriptors.map_or(wanted, |all| all.saturating_sub(OWN_DESCRIPTORS).max(all / 2));
    if room < wanted {
        warn!(
            "{room} connections at a time instead of {wanted} (server.connections): the system allows \
             {} open files; raise that (ulimit -n, LimitNOFILE=)",
            descriptors.unwrap_or_default()
        );
    }
    let proxies = config.access.trusted_proxies.clone();
    Limits::new(wanted.min(room), config.server.connections_per_address, proxies)
}

fn scheme(tls: bool) -> &'static str {
    if tls { "https" } else { "http" }
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
    let server = &config.server;
    let app = scheme(server.tls.is_some());
    info!("razz {} at {app}://{listen}{}", env!("CARGO_PKG_VERSION"), server.base);
    if let Some(compat) = compat {
        info!("RTSPtoWebRTC endpoints at {}://{compat}/", scheme(server.compat_tls));
    }
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

/// Loads what decodes the video, and says what is odd about it.
fn open_decoders(config: &Config) -> Result<Decoders, String> {
    let razz_config::Decoder { engine, hardware } = &config.decoder;
    let decoders = Decoders::open(*engine, hardware)
        .map_err(|error| format!("[decoder] cannot be had as set: {error}"))?;
    for notice in decoders.notices() {
        warn!("{notice}");
    }
    match decoders.ffmpeg() {
        Some(ffmpeg) => info!("video is decoded by {ffmpeg}"),
        None => info!(
            "video is decoded by openh264, rusty_h265 and zune-jpeg, which are built in; with FFmpeg's libavcodec it takes half \
             the time (on Debian and Ubuntu `apt install libavcodec-extra`)"
        ),
    }
    Ok(decoders)
}
