//! `razz doctor`: what this machine offers, what a camera sends, and what a model is.

use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::json;

use super::Doctor;
use super::capacity::Capacity;
use super::decoders::FoundDecoders;
use crate::cli;
use razz_api::wire;
use razz_base::{PixelAspect, Size};
use razz_config::{CameraNetworks, ModelChoice, Source, Transport};
use razz_ingest::probe;
use razz_ingest::report::Recorder;
use razz_observe::clock::Clock;
use razz_observe::process;
use razz_vision::{Detector, DetectorSettings, ModelSource};

/// Looks, and prints what was found.
pub(crate) fn run(options: &Doctor) -> ExitCode {
    let machine = Machine::look(options.decoders);
    let camera = match &options.camera {
        None => None,
        Some(url) => match look_at(url, options) {
            Ok(camera) => Some(camera),
            Err(code) => return code,
        },
    };
    let model = options.model.as_deref().map(|name| Model::look(name, &machine));
    if options.json {
        let model_json = model.as_ref().map(Model::to_json);
        let all = json!({"machine": machine.to_json(), "camera": camera, "model": model_json});
        cli::print(&all);
    } else {
        cli::print(&machine.to_text());
        if let Some(model) = &model {
            cli::print(&format!("\n{}", model.to_text()));
        }
        if let Some(camera) = &camera {
            cli::print(&format!("\n{}", camera_text(camera)));
        }
    }
    let decoders_ok = machine.decoders.all_right();
    let camera_ok = camera.is_none_or(|camera| camera.ok);
    let model_ok = model.is_none_or(|model| model.found.is_ok());
    if camera_ok && model_ok && decoders_ok { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

/// An address may come from the environment, so that no password is seen among the processes.
fn look_at(url: &str, options: &Doctor) -> Result<wire::CameraProbe, ExitCode> {
    if let Some(file) = &options.report {
        check_writable(file)?;
    }
    let url = match url.strip_prefix("env:") {
        None => url.to_owned(),
        Some(name) => std::env::var(name)
            .map_err(|_| cli::refuse(&format!("--camera: {name} is not set in the environment")))?,
    };
    let transport = match (options.udp, options.http) {
        (true, _) => Transport::Udp,
        (false, true) => Transport::Http,
        (false, false) => Transport::Tcp,
    };
    let source = Source::new(&url, None, None, transport)
        .map_err(|error| cli::refuse(&format!("--camera: {error}")))?;
    let source = Source { reach: CameraNetworks::with(options.allow_network.clone()), ..source };
    if !options.json {
        cli::say(&format!("looking at {source} for up to {} s …", probe::LOOK.as_secs()));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| cli::fail(&format!("cannot start: {error}")))?;
    let clock = Clock::start();
    let recorder = options.report.as_ref().map(|_| Arc::new(Recorder::new(&source, clock)));
    let probe = runtime.block_on(wire::CameraProbe::look(
        source,
        recorder.clone(),
        razz_vision::Decoders::at_hand(),
        clock,
    ));
    if let (Some(file), Some(recorder)) = (&options.report, recorder) {
        // Without the picture: a report shows nothing of what the camera sees.
        let found = wire::CameraProbe { picture: None, ..probe.clone() };
        let found = serde_json::to_value(found).unwrap_or_default();
        std::fs::write(file, recorder.report(found).to_text())
            .map_err(|error| cli::fail(&format!("{}: {error}", file.display())))?;
        let path = file.display();
        cli::say(&format!(
            "the report is in {path}: the dialogue with credentials masked, and the headers of some \
             seconds of packets; read it before you attach it. `razz replay {path}` plays it"
        ));
    }
    Ok(probe)
}

/// Nobody waits for a camera to learn that there is no room for the report.
fn check_writable(file: &Path) -> Result<(), ExitCode> {
    let opened = std::fs::OpenOptions::new().create(true).append(true).open(file);
    let refuse = |error| cli::refuse(&format!("--report {}: {error}", file.display()));
    opened.map(drop).map_err(refuse)
}

/// What this machine offers.
struct Machine {
    cores: usize,
    features: Vec<&'static str>,
    libraries: Vec<String>,
    decoders: FoundDecoders,
    ports: Vec<(&'static str, u16, bool)>,
    /// Open files that this shell allows, and that razz may raise that to.
    files: Option<(u64, u64)>,
}

impl Machine {
    fn look(try_decoders: bool) -> Self {
        let tcp = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
        let udp = |port| UdpSocket::bind(("127.0.0.1", port)).is_ok();
        Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            features: cpu_features(),
            decoders: FoundDecoders::look(try_decoders),
            libraries: razz_vision::engine::library_candidates()
                .iter()
                .map(|path| path.display().to_string())
                .collect(),
            ports: vec![
                ("app, API, WHEP (TCP)", 8003, tcp(8003)),
                ("RTSPtoWebRTC (TCP)", 8083, tcp(8083)),
                ("WebRTC (UDP)", 8189, udp(8189)),
            ],
            files: process::open_files(),
        }
    }

    fn to_json(&self) -> serde_json::Value {
        let ports = self
            .ports
            .iter()
            .map(|(what, port, free)| json!({"for": what, "port": port, "free": free}));
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "cores": self.cores,
            "cpu_features": self.features,
            "engines": {"rten": true, "onnxruntime_libraries": self.libraries},
            "decoders": self.decoders.to_json(),
            "ports": ports.collect::<Vec<_>>(),
            "open_files": self.files.map(|(now, most)| json!({"now": now, "most": most})),
        })
    }

    fn to_text(&self) -> String {
        let library = match self.libraries.first() {
            Some(library) => library.clone(),
            None => "not found; with it detection takes half the time: `make onnxruntime`, or set \
                     ORT_DYLIB_PATH"
                .to_owned(),
        };
        let mut lines = vec![
            format!("razz {}", env!("CARGO_PKG_VERSION")),
            format!("CPU      {} cores; {}", self.cores, self.features.join(", ")),
        ];
        lines.extend(self.decoders.lines());
        lines.extend([
            "engine   rten (built in)".to_owned(),
            format!("engine   ONNX Runtime: {library}"),
        ]);
        for (what, port, free) in &self.ports {
            let state = if *free { "free" } else { "taken (by razz itself, or another program)" };
            lines.push(format!("port     {port} for {what}: {state}"));
        }
        lines.extend(self.files.map(|(now, most)| files_text(now, most)));
        lines.join("\n")
    }
}

/// Open files, and whether they are enough for as many connections as razz takes unless it is told
/// otherwise.
fn files_text(now: u64, most: u64) -> String {
    const ENOUGH: u64 = 4096 + 256;
    let raised =
        if now < most { format!(", which razz raises from {now} itself") } else { String::new() };
    let advice = if most < ENOUGH {
        "; too few for 4096 connections: raise that (LimitNOFILE=65536 in the unit, ulimits in Docker)"
    } else {
        ""
    };
    format!("files    {most} may be open{raised}{advice}")
}

/// A model, and what becomes of it here.
struct Model {
    name: String,
    /// Or what is wrong with it, and what to do.
    found: Result<FoundModel, String>,
}

struct FoundModel {
    family: String,
    engine: String,
    remarks: Vec<String>,
    /// Or why that could not be measured.
    capacity: Result<Capacity, String>,
}

impl Model {
    /// Loads it, with everything that a server would find out about it.
    fn look(name: &str, machine: &Machine) -> Self {
        let load = || {
            let choice = ModelChoice::parse(name, Path::new("")).ok_or_else(|| {
                format!(
                    "--model {name:?} is no model; give an .onnx file, the name of a model that was \
                     pulled, or demo"
                )
            })?;
            let path = choice.path().map_err(|error| error.to_string())?;
            let source = match &path {
                Some(path) => ModelSource::File(path),
                None => ModelSource::Bytes { name: "demo", data: razz_scene::DEMO_MODEL },
            };
            let mut detector = Detector::load(source, &DetectorSettings::default())
                .map_err(|error| error.to_string())?;
            let has_libavcodec = machine.decoders.has_ffmpeg();
            let has_onnx_runtime = !machine.libraries.is_empty();
            let capacity =
                Capacity::measure(&mut detector, machine.cores, has_libavcodec, has_onnx_runtime);
            Ok(FoundModel {
                capacity,
                family: detector.family().to_string(),
                engine: detector.engine_name().to_owned(),
                remarks: detector.remarks(),
            })
        };
        Self { name: name.to_owned(), found: load() }
    }

    fn to_json(&self) -> serde_json::Value {
        match &self.found {
            Ok(FoundModel { family, engine, remarks, capacity }) => json!({
                "model": self.name, "family": family, "engine": engine, "notes": remarks,
                "capacity": capacity.as_ref().ok().map(Capacity::to_json),
                "capacity_error": capacity.as_ref().err(),
            }),
            Err(error) => json!({"model": self.name, "error": error}),
        }
    }

    fn to_text(&self) -> String {
        let mut lines = vec![format!("model    {}", self.name)];
        match &self.found {
            Ok(FoundModel { family, engine, remarks, capacity }) => {
                lines.push(format!("family   {family}, on {engine}"));
                lines.extend(remarks.iter().map(|remark| format!("note     {remark}")));
                match capacity {
                    Ok(capacity) => lines.extend(capacity.lines()),
                    Err(error) => {
                        lines.push(format!("problem  what it costs is not known: {error}"))
                    }
                }
            }
            Err(error) => lines.push(format!("problem  {error}")),
        }
        lines.join("\n")
    }
}

/// What the fast paths of decoding, preprocessing and inference look for.
fn cpu_features() -> Vec<&'static str> {
    #[cfg(target_arch = "x86_64")]
    {
        let found = [
            ("avx2", std::is_x86_feature_detected!("avx2")),
            ("fma", std::is_x86_feature_detected!("fma")),
            ("avx512f", std::is_x86_feature_detected!("avx512f")),
            ("avx512_vnni", std::is_x86_feature_detected!("avx512vnni")),
            ("avx512_bf16", std::is_x86_feature_detected!("avx512bf16")),
        ];
        found.into_iter().filter(|(_, there)| *there).map(|(name, _)| name).collect()
    }
    #[cfg(target_arch = "aarch64")]
    {
        vec!["neon"]
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    {
        Vec::new()
    }
}

pub(super) fn camera_text(camera: &wire::CameraProbe) -> String {
    let mut lines = vec![format!("camera   {}", camera.url)];
    let mut say = |what: &str, value: Option<String>| {
        lines.extend(value.map(|value| format!("{what:8} {value}")));
    };
    let codec = camera.codec.as_ref().map(|codec| match &camera.profile {
        Some(profile) => format!("{codec}, {profile} profile"),
        None => codec.clone(),
    });
    say("codec", codec);
    say("size", camera.size.map(|[width, height]| format!("{width} x {height}")));
    say(
        "pixels",
        camera.size.zip(camera.pixel_aspect).map(|([width, height], [wide, high])| {
            let aspect = PixelAspect::new(wide, high).unwrap_or_default();
            let shown = aspect.shown(Size::new(width, height));
            format!(
                "{wide} wide and {high} high: shown as {} x {}; boxes are in the pixels sent",
                shown.width, shown.height
            )
        }),
    );
    say("rate", camera.fps.map(|fps| format!("{fps:.1} frames a second")));
    say("bitrate", camera.bitrate_kbps.map(|kbps| format!("{kbps} kbit/s")));
    let gop = |frames: u32| match camera.fps {
        Some(fps) if fps > 0.0 => {
            format!("{frames} frames ({:.1} s)", f64::from(frames) / fps)
        }
        _ => format!("{frames} frames"),
    };
    say("GOP", camera.gop_frames.map(gop));
    let yes = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    say("B-frames", camera.b_frames.map(yes));
    say(
        "clock",
        camera.sender_reports.map(|sent| match sent {
            true => "sends RTCP sender reports".to_owned(),
            false => "sends no RTCP sender reports".to_owned(),
        }),
    );
    say("lost", (camera.lost_packets > 0).then(|| format!("{} packets", camera.lost_packets)));
    say("TLS", camera.certificate.as_ref().map(|one| format!("its certificate is {one}")));
    for quirk in &camera.quirks {
        let times = if quirk.count == 1 { "once".into() } else { format!("{} times", quirk.count) };
        say("quirk", Some(format!("{} ({times}): {}", quirk.name, quirk.meaning)));
    }
    say("problem", camera.error.clone());
    for advice in &camera.advice {
        say("advice", Some(advice.clone()));
    }
    if camera.ok && camera.advice.is_empty() {
        say("fine", Some("nothing to change".to_owned()));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_open_files_are_said() {
        for (now, most, text) in [
            (1024, 1_048_576, "files    1048576 may be open, which razz raises from 1024 itself"),
            (20_000, 20_000, "files    20000 may be open"),
        ] {
            assert_eq!(files_text(now, most), text);
        }
        let few = files_text(1024, 4096);
        assert!(few.contains("raises from 1024") && few.contains("LimitNOFILE=65536"), "{few}");
    }
}
