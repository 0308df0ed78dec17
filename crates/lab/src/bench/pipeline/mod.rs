//! `razz bench pipeline`: cameras over RTSP at their real pace into a server of its own process, as
//! many as it carries.
//!
//! [`footage`] is what the cameras show, [`server`] the process that is measured, [`report`] what
//! comes out.

mod footage;
mod report;
mod server;

use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use clap::Args;
use razz_scene::Footage;
use razz_scene::camera::{CameraOptions, Mount, RtspCamera};
use razz_track::Kind;

use self::report::{Load, Report};
use self::server::Server;
use super::track;
use crate::model::Which;
use crate::progress::Progress;
use crate::terminal::{Failure, end};

/// Options of `razz bench pipeline`.
#[derive(Clone, PartialEq, Debug, Args)]
pub struct Options {
    #[command(flatten)]
    which: Which,
    /// An MP4 file with H.264 that every camera shows, over and over [default: the demo's street]
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// An MP4 file with H.264 that every camera sends besides, smaller: it is decoded and detected on, and
    /// the video of --input is received and handed on
    #[arg(long, value_name = "FILE")]
    sub_input: Option<PathBuf>,
    /// How many cameras; several numbers are measured one after the other [default: 1, 2, 3 ...
    /// until they do not get what they want]
    #[arg(long, value_name = "N,N", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=256))]
    cameras: Vec<u32>,
    /// Detections per second and camera, or max for every frame
    #[arg(long, value_name = "FPS", default_value = "5", value_parser = parse_rate)]
    detect_fps: Rate,
    /// Which tracker
    #[arg(long, value_name = "KIND", default_value = "hybrid")]
    tracker: Kind,
    /// What decodes: auto, ffmpeg or openh264, as `decoder.engine` of the config
    #[arg(long, value_name = "DECODER", default_value = "auto", value_parser = ["auto", "ffmpeg", "openh264"])]
    decoder: String,
    /// Nothing moves: cameras show a street that stands still [or --input, a clip in which nothing moves],
    /// and a detection counts as got where the last one was repeated, as `detector.idle` does
    #[arg(long)]
    idle: bool,
    /// How long each number of cameras is measured, in seconds
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    seconds: u32,
    /// The result as JSON
    #[arg(long)]
    json: bool,
}

/// What a camera wants.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Rate {
    PerSecond(f64),
    Max,
}

/// More than any machine carries.
const MOST_CAMERAS: u32 = 256;
/// A camera that gets this share of what it wants gets what it wants: the rest is where a window
/// begins and ends.
const ENOUGH: f64 = 0.97;

/// Measures, and prints what came of it.
pub(super) fn run(options: &Options) -> ExitCode {
    end("bench pipeline", bench(options))
}

fn bench(options: &Options) -> Result<(), Failure> {
    // Before the street is painted.
    options.which.path()?;
    let footage = match &options.input {
        Some(path) => footage::of_clip(path)?,
        None if options.idle => footage::of_still_street()?,
        None => footage::of_street()?,
    };
    let sub = options.sub_input.as_deref().map(footage::of_clip).transpose()?;
    let climbing = options.cameras.is_empty();
    let counts: Vec<u32> =
        if climbing { (1..=MOST_CAMERAS).collect() } else { options.cameras.clone() };
    let mut report = Report::new(&options.which.name(), &footage, sub.as_ref(), options.seconds);
    let mut failed = None;
    let mut progress = Progress::new("measuring", "loads", counts.len() as u64);
    for (done, count) in counts.into_iter().enumerate() {
        progress.step(done as u64);
        match measure(options, (&footage, sub.as_ref()), count, &mut report.engine) {
            Ok(load) => {
                let fits = load.fits();
                report.loads.push(load);
                if climbing && !fits {
                    break;
                }
            }
            // What was measured before is not lost for it.
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
    }
    drop(progress);
    if report.loads.is_empty()
        && let Some(error) = failed
    {
        return Err(error);
    }
    let text = if options.json { report.json().to_string() } else { report.text() };
    // A closed stdout is nobody's problem.
    let _ = writeln!(io::stdout(), "{text}");
    failed.map_or(Ok(()), Err)
}

/// Takes a server through a number of cameras.
fn measure(
    options: &Options,
    (main, sub): (&footage::Film, Option<&footage::Film>),
    count: u32,
    engine: &mut String,
) -> Result<Load, Failure> {
    let cameras = start_cameras(&main.footage, sub.map(|sub| &sub.footage), count)
        .map_err(|error| Failure::Failed(format!("the cameras: {error}")))?;
    let urls: Vec<String> = cameras.iter().filter_map(|camera| camera.url("clip")).collect();
    let subs: Vec<Option<String>> = cameras.iter().map(|camera| camera.url("sub")).collect();
    let server = Server::start(&settings(options, &urls, &subs))?;
    *engine = server.wait_until_ready(count, sub.is_some())?;
    if options.idle {
        server.wait_until_idle(count)?;
    }
    let window = server.watch(count, Duration::from_secs(options.seconds.into()))?;
    server.stop();
    for camera in cameras {
        camera.stop();
    }
    let fps = sub.unwrap_or(main).footage.fps().into();
    let wanted = match options.detect_fps {
        Rate::PerSecond(rate) => rate.min(fps),
        Rate::Max => fps,
    };
    Ok(Load::new(wanted, sub.is_some(), &window))
}

/// Cameras of their own clocks: were all to send at the same instant, each would wait for all. So do
/// their GOPs begin one after the other, as those of cameras do that nobody switched on together.
fn start_cameras(
    footage: &Footage,
    sub: Option<&Footage>,
    count: u32,
) -> io::Result<Vec<RtspCamera>> {
    let idr = |index: &u32| footage.frame(*index as usize).is_none_or(|frame| frame.idr);
    let gop = (1..4 * footage.fps()).find(idr).unwrap_or(1);
    let between = Duration::from_secs((gop + 1).into()) / footage.fps() / count;
    let start = |_| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let mut mounts = vec![Mount::new("clip", footage.clone())];
        mounts.extend(sub.map(|sub| Mount::new("sub", sub.clone())));
        let camera = RtspCamera::start(listener, mounts, CameraOptions::default());
        thread::sleep(between);
        camera
    };
    (0..count).map(start).collect()
}

/// The server's razz.toml.
fn settings(options: &Options, urls: &[String], subs: &[Option<String>]) -> toml::Table {
    let mut detector = toml::Table::new();
    let Which { model, engine, precision } = &options.which;
    // The file is elsewhere: a path that leads somewhere from here is made to lead there from there.
    let model = std::fs::canonicalize(model)
        .map_or_else(|_| model.clone(), |path| path.display().to_string());
    detector.insert("model".to_owned(), model.into());
    detector.insert("engine".to_owned(), engine.to_string().into());
    detector.insert("precision".to_owned(), precision.to_string().into());
    detector.insert("idle".to_owned(), options.idle.into());
    detector.insert("classes".to_owned(), toml::Value::Array(Vec::new()));
    let decoder = [("engine".to_owned(), options.decoder.as_str().into())];
    let tracker =
        toml::Table::from_iter([("kind".to_owned(), track::name(options.tracker).into())]);
    let server = ["listen", "webrtc_udp"].map(|key| (key.to_owned(), "127.0.0.1:0".into()));
    let mut server = toml::Table::from_iter(server);
    server.insert("compat_listen".to_owned(), "".into());
    let rate = match options.detect_fps {
        Rate::PerSecond(rate) => rate.into(),
        Rate::Max => "max".into(),
    };
    let camera = |(id, (url, sub)): (i64, (&String, &Option<String>))| {
        let mut camera = toml::Table::from_iter([
            ("id".to_owned(), id.into()),
            ("name".to_owned(), format!("Camera {id}").into()),
            ("url".to_owned(), url.as_str().into()),
            ("detect_fps".to_owned(), toml::Value::clone(&rate)),
        ]);
        if let Some(sub) = sub {
            camera.insert("sub_url".to_owned(), sub.as_str().into());
            camera.insert("detect_from".to_owned(), "sub".into());
        }
        toml::Value::Table(camera)
    };
    toml::Table::from_iter([
        ("server".to_owned(), toml::Value::Table(server)),
        ("decoder".to_owned(), toml::Value::Table(toml::Table::from_iter(decoder))),
        ("detector".to_owned(), toml::Value::Table(detector)),
        ("tracker".to_owned(), toml::Value::Table(tracker)),
        (
            "camera".to_owned(),
            toml::Value::Array((1..).zip(urls.iter().zip(subs)).map(camera).collect()),
        ),
    ])
}

fn parse_rate(text: &str) -> Result<Rate, String> {
    if text == "max" {
        return Ok(Rate::Max);
    }
    let rate = text.parse().ok().filter(|rate| (0.01..=240.0).contains(rate));
    rate.map(Rate::PerSecond).ok_or_else(|| "expected 0.01 to 240 per second, or max".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use razz_config::Config;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    #[test]
    fn the_server_understands_its_settings() {
        for (rate, tracker) in [("5", "hybrid"), ("max", "bytetrack"), ("2.5", "deepsort")] {
            let line = [
                "x",
                "--model=demo",
                "--engine=ort/cpu",
                "--precision=bf16",
                "--detect-fps",
                rate,
                "--tracker",
                tracker,
            ];
            let options = Line::parse_from(line).options;
            let urls = ["rtsp://127.0.0.1:1/clip".to_owned(), "rtsp://127.0.0.1:2/clip".to_owned()];
            let subs = [None, Some("rtsp://127.0.0.1:2/sub".to_owned())];
            let text = settings(&options, &urls, &subs).to_string();
            let config = Config::parse(&text, "x", std::path::Path::new("/"), &|_| None);
            let config = config.unwrap_or_else(|error| panic!("{error}\n{text}"));
            let from: Vec<_> = config.cameras.iter().map(|camera| camera.detect_from).collect();
            assert_eq!(from, [razz_base::DetectFrom::Main, razz_base::DetectFrom::Sub]);
            assert!(!config.detector.idle, "{rate}");
            assert_eq!(config.detector.precision, razz_vision::Precision::Bf16);
            let idle = Options { idle: true, ..options };
            let text = settings(&idle, &urls, &subs).to_string();
            let config = Config::parse(&text, "x", std::path::Path::new("/"), &|_| None);
            assert!(config.unwrap().detector.idle, "{rate}");
        }
    }
}
