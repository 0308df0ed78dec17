//! `razz doctor`: what this machine offers, and what a camera sends.

use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::json;

use super::Doctor;
use crate::cli;
use razz_api::wire;
use razz_config::{CameraNetworks, Source, Transport};
use razz_ingest::probe;
use razz_ingest::report::Recorder;
use razz_observe::clock::Clock;

/// Looks, and prints what was found.
pub(crate) fn run(options: &Doctor) -> ExitCode {
    let machine = Machine::look();
    let camera = match &options.camera {
        None => None,
        Some(url) => match look_at(url, options) {
            Ok(camera) => Some(camera),
            Err(code) => return code,
        },
    };
    if options.json {
        let all = json!({"machine": machine.to_json(), "camera": camera});
        cli::print(&all);
    } else {
        cli::print(&machine.to_text());
        if let Some(camera) = &camera {
            cli::print(&format!("\n{}", camera_text(camera)));
        }
    }
    match camera {
        Some(camera) if !camera.ok => ExitCode::from(1),
        _ => ExitCode::SUCCESS,
    }
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
    let probe = runtime.block_on(wire::CameraProbe::look(source, recorder.clone(), clock));
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
    ports: Vec<(&'static str, u16, bool)>,
}

impl Machine {
    fn look() -> Self {
        let tcp = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
        let udp = |port| UdpSocket::bind(("127.0.0.1", port)).is_ok();
        Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            features: cpu_features(),
            libraries: razz_vision::engine::library_candidates()
                .iter()
                .map(|path| path.display().to_string())
                .collect(),
            ports: vec![
                ("app, API, WHEP (TCP)", 8003, tcp(8003)),
                ("RTSPtoWebRTC (TCP)", 8083, tcp(8083)),
                ("WebRTC (UDP)", 8189, udp(8189)),
            ],
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
            "decoders": ["openh264"],
            "ports": ports.collect::<Vec<_>>(),
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
            "decoder  openh264 (H.264)".to_owned(),
            "engine   rten (built in)".to_owned(),
            format!("engine   ONNX Runtime: {library}"),
        ];
        for (what, port, free) in &self.ports {
            let state = if *free { "free" } else { "taken (by razz itself, or another program)" };
            lines.push(format!("port     {port} for {what}: {state}"));
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
