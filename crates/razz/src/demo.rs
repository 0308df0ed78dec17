//! `razz demo`: the built-in cameras over real RTSP, and the server watching them like any other.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::ExitCode;

use razz_scene::camera::{CameraOptions, Credentials, Mount, RtspCamera};
use razz_scene::{Cache, Footage, Progress};
use serde_json::json;
use tracing::{info, warn};

use crate::{cli, serve};
use razz_config::Config;

/// What the built-in cameras ask for: the demo signs in as one does at a camera on the wall.
const USER: &str = "demo";

/// What the demo records at most, in the cache: some hours of its cameras.
const RECORDED: &str = "2GB";

/// Runs the demo until it is told to stop.
pub(crate) fn run(options: &cli::Demo) -> ExitCode {
    let password = format!("{:016x}", rand::random::<u64>());
    let cameras = match start_cameras(options.cameras, &password) {
        Ok(cameras) => cameras,
        Err(error) => return cli::fail(&format!("razz demo: the built-in cameras: {error}")),
    };
    let urls: Vec<String> =
        (1..=options.cameras).filter_map(|n| cameras.url(&format!("camera{n}"))).collect();
    // Several demos can run side by side; one whose port nobody knows is a script's, which wants no recordings.
    let folder = Cache::find().filter(|_| options.port > 0);
    let folder = folder.map(|cache| cache.folder().join(format!("recordings-{}", options.port)));
    let text = settings(options.port, &urls, &password, folder.as_deref());
    let config = match Config::parse(&text, "demo", Path::new("."), &|_| None) {
        Ok(config) => config,
        Err(errors) => return cli::fail(&errors),
    };
    let code = serve::run(config, None, None, &json!({"cameras": urls}));
    cameras.stop();
    code
}

fn start_cameras(count: u32, password: &str) -> std::io::Result<RtspCamera> {
    let mounts = (1..=count).map(|n| {
        let footage = Footage::street(u64::from(n), Cache::find(), tell(n))?;
        Ok(Mount::new(format!("camera{n}"), footage))
    });
    let mounts = mounts.collect::<std::io::Result<Vec<_>>>()?;
    let options = CameraOptions {
        credentials: Some(Credentials { user: USER.to_owned(), password: password.to_owned() }),
        ..CameraOptions::default()
    };
    RtspCamera::start(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?, mounts, options)
}

/// Says how far a camera's street is, every tenth of the way.
fn tell(camera: u32) -> impl FnMut(Progress) {
    let mut told = 0;
    move |progress| match progress {
        Progress::Encoded(done, all) => {
            let tenths = 10 * done / all.max(1);
            if tenths > told {
                told = tenths;
                info!("demo camera {camera}: street painted and encoded to {}0 %", tenths);
            }
        }
        Progress::Reused(file) => {
            info!("demo camera {camera}: street taken from {}", file.display());
        }
        Progress::Kept(file) => info!("demo camera {camera}: street kept in {}", file.display()),
        Progress::NotKept(why) => warn!("demo camera {camera}: street not kept: {why}"),
        Progress::Failed(why) => warn!("demo camera {camera}: street ends early: {why}"),
    }
}

/// The demo's razz.toml. Another port than the usual one moves all others along with it, so that
/// several demos can run side by side.
fn settings(port: u16, urls: &[String], password: &str, recordings: Option<&Path>) -> String {
    let beside = |offset: u16| if port == 0 { 0 } else { port.checked_add(offset).unwrap_or(0) };
    let mut text = format!(
        "[server]\nlisten = \"127.0.0.1:{port}\"\ncompat_listen = \"127.0.0.1:{}\"\n\
         webrtc_udp = \"127.0.0.1:{}\"\n[detector]\nmodel = \"demo\"\nclasses = []\n",
        beside(80),
        beside(186),
    );
    if let Some(folder) = recordings.and_then(Path::to_str) {
        let _ = writeln!(
            text,
            "[record]\npath = {folder:?}\nmax_bytes = \"{RECORDED}\"\nkeep_free = \"2GB\""
        );
    }
    for (n, url) in (1_usize..).zip(urls) {
        let _ = write!(
            text,
            "[[camera]]\nid = {n}\nname = \"Demo camera {n}\"\nurl = \"{url}\"\n\
             username = \"{USER}\"\npassword = \"{password}\"\ndetect_fps = 10\n",
        );
        text.push_str(&drawn(n));
    }
    text.push_str(RULE);
    text
}

/// What is counted in the street of each camera: all of them have the road and the pavements in the same places.
fn drawn(camera: usize) -> String {
    let area = |name: &str, drawn: &str, classes: &str| {
        format!("[[area]]\ncamera = {camera}\nname = \"{name}\"\n{drawn}\nclasses = [{classes}]\n")
    };
    let vehicles = "\"car\", \"bus\", \"truck\", \"motorcycle\", \"bicycle\"";
    [
        area("Road", "line = [[0.5, 0.56], [0.5, 0.8]]", vehicles),
        area("Pavement", "line = [[0.5, 0.8], [0.5, 1.0]]", "\"person\""),
        area(
            "Shops",
            "zone = [[0.25, 0.46], [0.95, 0.46], [0.95, 0.565], [0.25, 0.565]]",
            "\"person\"",
        ),
    ]
    .concat()
}

/// Something that happens now and then.
const RULE: &str = "[[rule]]\nname = \"Many at the shops\"\nwhen = \"occupancy\"\narea = \"Shops\"\nabove = 5\nfor = \"5s\"\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_stays_on_loopback_and_its_settings_are_right() {
        let urls = ["rtsp://127.0.0.1:5001/camera1", "rtsp://127.0.0.1:5001/camera2"];
        for (port, ports) in [
            (8003, [8003, 8083, 8189]),
            (0, [0, 0, 0]),
            (9000, [9000, 9080, 9186]),
            (65500, [65500, 0, 0]),
        ] {
            let text =
                settings(port, &urls.map(str::to_owned), "secret", Some(Path::new("/c/a \"b\"")));
            let config = Config::parse(&text, "demo", Path::new("."), &|_| None).unwrap();
            assert!(config.is_loopback_only().is_ok());
            let server = &config.server;
            let compat = server.compat_listen.unwrap();
            let got = [server.listen.port(), compat.port(), server.webrtc_udp.port()];
            assert_eq!(got, ports, "{port}");
            assert_eq!((config.cameras.len(), config.areas.len(), config.rules.len()), (2, 6, 1));
            let record = config.record.unwrap();
            assert_eq!(
                (record.path.to_str(), record.max_bytes),
                (Some("/c/a \"b\""), Some(2_000_000_000))
            );
        }
    }
}
