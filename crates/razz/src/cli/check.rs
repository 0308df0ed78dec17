//! `razz check`: is this config file right?

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use razz_base::ClassNames;

use super::Check;
use crate::cli::{self, refuse, say};
use razz_api::tls;
use razz_base::DetectRate;
use razz_config::{self as config, Config, EmbedderChoice, ModelChoice, Tls, closest};
use razz_notify::mqtt;
use razz_observe::clock::Clock;

/// Reads the file at `path` and says on stdout that it is fine, or on stderr what is wrong. What
/// is right as such but will surprise is said on stderr as a warning.
pub(crate) fn run(options: &Check) -> ExitCode {
    if options.schema {
        cli::print(&format!("{:#}", config::schema()));
        return ExitCode::SUCCESS;
    }
    check(&options.config)
}

fn check(path: &Path) -> ExitCode {
    let config = match Config::load(path) {
        Ok(config) => config,
        Err(errors) => return refuse(&errors),
    };
    let untimely = match files(&config, Clock::start().wall_us() / 1_000_000) {
        Ok(untimely) => untimely,
        Err(error) => return refuse(&format!("{}: {error}", path.display())),
    };
    for warning in warnings(&config).into_iter().chain(untimely) {
        say(&format!("{}: warning: {warning}", path.display()));
    }
    // A closed stdout does not make the file wrong.
    let _ = writeln!(io::stdout(), "{} is fine: {}", path.display(), summary(&config));
    ExitCode::SUCCESS
}

/// The config in a line.
fn summary(config: &Config) -> String {
    let count = config.cameras.len();
    let cameras = if count == 1 { "camera" } else { "cameras" };
    let detecting = config.cameras.iter().filter(|c| c.detect_fps != DetectRate::Off).count();
    format!(
        "{count} {cameras} ({detecting} with detection), model {}, on {}",
        config.detector.model, config.server.listen
    )
}

/// Opens the certificates that the settings name; a warning where one is not for today.
///
/// # Errors
/// What would keep razz from starting: a file that is not there or not PEM, or a key of another
/// certificate.
fn files(config: &Config, now_s: i64) -> Result<Option<String>, String> {
    if let Some(mqtt) = &config.mqtt {
        mqtt::check_authorities(mqtt)?;
    }
    match &config.server.tls {
        Some(Tls::Files { cert, key }) => tls::untimely(cert, key, now_s),
        Some(Tls::SelfSigned { .. } | Tls::Acme(_)) | None => Ok(None),
    }
}

/// What is right as such but will surprise.
fn warnings(config: &Config) -> Vec<String> {
    let mut warnings = Vec::new();
    match config.wants_sign_in(false) {
        Err(error) => warnings.push(format!("`razz serve` will refuse this: {error}")),
        Ok(false) if !config.access.open_networks.is_empty() => warnings.push(
            "`open_networks` changes nothing: nobody signs in here anyway (`access.mode`)"
                .to_owned(),
        ),
        Ok(_) => {}
    }
    let server = &config.server;
    let pages = server.compat_listen.iter().chain([&server.listen]);
    let is_outside = |ip: std::net::IpAddr| !ip.to_canonical().is_loopback();
    if pages.map(|address| address.ip()).any(is_outside) && !is_outside(server.webrtc_udp.ip()) {
        warnings.push(format!(
            "other machines reach the pages, and no video: set `webrtc_udp` in [server] to an \
             address that they reach as well, such as \"0.0.0.0:{}\"",
            server.webrtc_udp.port()
        ));
    }
    if config.cameras.is_empty() {
        warnings.push("there is no camera; add a [[camera]]".to_owned());
    }
    if config.cameras.iter().any(|camera| camera.detect_fps != DetectRate::Off)
        && let Err(error) = config.detector.model.path()
    {
        warnings.push(format!("nothing will be detected: {error}"));
    }
    if let EmbedderChoice::File(path) = &config.tracker.embedder
        && !path.is_file()
    {
        warnings.push(format!(
            "there is no embedder file {}; put it there, or set `embedder` in [tracker] to \
             \"builtin\"",
            path.display()
        ));
    }
    // The classes of a model given by path are its own; all others have COCO's.
    if !matches!(config.detector.model, ModelChoice::File(_)) {
        let coco = ClassNames::coco();
        for class in config.detector.classes.iter().filter(|class| coco.find(class).is_none()) {
            let meant = match closest(class, &coco.iter().collect::<Vec<_>>()) {
                Some(meant) => format!("; did you mean \"{meant}\"?"),
                None => String::new(),
            };
            warnings.push(format!("the model knows no class \"{class}\"{meant}"));
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn config(text: &str) -> Config {
        Config::parse(text, "razz.toml", Path::new("/nonexistent"), &|_| None).unwrap()
    }

    const CAMERAS: &str = "[[camera]]\nid = 1\nurl = \"rtsp://h/s\"\n\
                           [[camera]]\nid = 2\nurl = \"rtsp://h/s\"\ndetect_fps = 0\n";

    #[test]
    fn a_fine_file_is_summed_up() {
        let demo = config(&format!("[detector]\nmodel = \"demo\"\n{CAMERAS}"));
        assert_eq!(summary(&demo), "2 cameras (1 with detection), model demo, on 127.0.0.1:8003");
        assert_eq!(warnings(&demo), Vec::<String>::new());
    }

    #[test]
    fn surprises_are_warned_of() {
        for (text, said) in [
            ("", &["there is no camera; add a [[camera]]"][..]),
            (
                "[server]\nlisten = \"0.0.0.0:1\"\n[detector]\nmodel = \"demo\"\nCAMERAS",
                &["other machines reach the pages, and no video: set `webrtc_udp` in [server]"],
            ),
            (
                "[server]\nlisten = \"0.0.0.0:1\"\nwebrtc_udp = \"0.0.0.0:2\"\n[access]\nmode = \"off\"\n[detector]\nmodel = \"demo\"\nCAMERAS",
                &[
                    "`razz serve` will refuse this: listen = \"0.0.0.0:1\", webrtc_udp = \"0.0.0.0:2\" can",
                ],
            ),
            (
                "[detector]\nmodel = \"m.onnx\"\nclasses = [\"widget\"]\nCAMERAS",
                &[
                    "nothing will be detected: there is no model file /nonexistent/m.onnx; put it there",
                ],
            ),
            (
                "[detector]\nmodel = \"demo\"\n[access]\nopen_networks = [\"10.0.0.0/8\"]\n\
                 [viewers]\nturn = [{url = \"turn:h\", secret = \"s\"}]\nCAMERAS",
                &["`open_networks` changes nothing"],
            ),
            (
                "[detector]\nmodel = \"demo\"\n[tracker]\nembedder = \"e.onnx\"\nCAMERAS",
                &["there is no embedder file /nonexistent/e.onnx; put it there"],
            ),
            (
                "[detector]\nmodel = \"demo\"\nclasses = [\"car\", \"persn\", \"widget\"]\nCAMERAS",
                &[
                    "the model knows no class \"persn\"; did you mean \"person\"?",
                    "the model knows no class \"widget\"",
                ],
            ),
        ] {
            let warnings = warnings(&config(&text.replace("CAMERAS", CAMERAS)));
            assert_eq!(warnings.len(), said.len(), "{text}: {warnings:?}");
            for (warning, start) in warnings.iter().zip(said) {
                assert!(warning.starts_with(start), "{text}: {warning}");
            }
        }
    }

    #[test]
    fn the_exit_code_says_whether_the_file_is_fine() {
        let example =
            PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../razz.example.toml"));
        let code = |path: &Path| format!("{:?}", check(path));
        assert_eq!(code(&example), format!("{:?}", ExitCode::SUCCESS));
        let no_config = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        assert_eq!(code(&no_config), format!("{:?}", ExitCode::from(2)));
        assert_eq!(code(Path::new("/nonexistent")), format!("{:?}", ExitCode::from(2)));
    }
}
