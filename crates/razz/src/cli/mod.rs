//! The command line: what may be asked of `razz`, and how it answers on the terminal.
//!
//! Exit codes: 0 fine, 1 failed while running, 2 wrong usage or config. Errors go to stderr, one
//! line each, saying what, where and what to do.

mod capacity;
pub(crate) mod check;
pub(crate) mod completions;
mod decoders;
pub(crate) mod doctor;
pub(crate) mod facts;
pub(crate) mod models;
pub(crate) mod record;
pub(crate) mod replay;
pub(crate) mod users;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};

use razz_config::{LogFormat, Network};
pub(crate) use razz_lab::terminal::{Failure, end, fail, print, refuse, say};
use razz_lab::{bench, count, detect, site, track};
use razz_observe::logging::LogLevel;

/// Reads a word as the value that it names in `table`.
fn one_of<T: Copy + Send + Sync + 'static, const N: usize>(
    table: [(&'static str, T); N],
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(table.map(|(name, _)| name)).map(move |word| {
        let named = table.iter().find(|(name, _)| *name == word);
        named.expect("clap lets only the words of the table pass").1
    })
}

/// RTSP cameras in the browser, with tracks that belong to the frame they are drawn on.
#[derive(Clone, PartialEq, Debug, Parser)]
#[command(name = "razz", version, arg_required_else_help = false)]
pub(crate) struct Cli {
    /// How much to log: error, warn, info, debug, trace [default: info, or what RUST_LOG says]
    #[arg(long, global = true, value_parser = one_of(LogLevel::ALL), value_name = "LEVEL", hide_possible_values = true)]
    pub(crate) log_level: Option<LogLevel>,
    /// How to write the log: text or json [default: text, or what `[log]` of the config says]
    #[arg(long, global = true, value_parser = one_of(LogFormat::ALL), value_name = "FORMAT", hide_possible_values = true)]
    pub(crate) log_format: Option<LogFormat>,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Clone, PartialEq, Debug, Subcommand)]
pub(crate) enum Command {
    /// Show built-in cameras with the built-in model; needs no file and no network
    Demo(Demo),
    /// Watch the cameras of a config file
    Serve(Serve),
    /// Say whether a config file is right, and if not, where
    Check(Check),
    /// Detect what is on the pictures of a clip, or on pictures
    Detect(detect::Options),
    /// Track the detections of a file
    Track(track::Options),
    /// Count what crosses lines and is in zones, in a file of tracks
    Count(count::Options),
    /// Say who is who across cameras, in files of tracks
    Site(site::Options),
    /// List the models that razz knows, fetch one, or say what a model file is
    Models(models::Options),
    /// Say what is recorded, write footage as a file, or put the index of recordings right
    Record(record::Options),
    /// Say whether what was counted is what the recorded tracks say
    Facts(facts::Options),
    /// Add, list and remove who may sign in, or give someone another password
    Users(users::Options),
    /// Say what this machine offers, and what a camera sends and should be set to
    Doctor(Doctor),
    /// Play a report that `razz doctor --camera … --report FILE` wrote: no camera, no network
    Replay(Replay),
    /// Print what completes razz's commands in a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page razz(1)
    Man,
    /// Measure
    #[command(subcommand)]
    Bench(bench::Bench),
}

/// Options of `razz demo`.
#[derive(Clone, PartialEq, Eq, Debug, Args)]
pub(crate) struct Demo {
    /// Port on 127.0.0.1; 0 lets the system choose every port and prints them as a line of JSON
    #[arg(long, default_value_t = 8003)]
    pub(crate) port: u16,
    /// How many cameras
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=16))]
    pub(crate) cameras: u32,
}

/// Options of `razz serve`.
#[derive(Clone, PartialEq, Eq, Debug, Args)]
pub(crate) struct Serve {
    /// The config file
    #[arg(long, value_name = "FILE", default_value = "razz.toml")]
    pub(crate) config: PathBuf,
    /// Let anyone who reaches razz watch and change settings, without signing in
    #[arg(long)]
    pub(crate) open: bool,
}

/// Options of `razz check`.
#[derive(Clone, PartialEq, Eq, Debug, Args)]
pub(crate) struct Check {
    /// The config file
    #[arg(long, value_name = "FILE", default_value = "razz.toml")]
    pub(crate) config: PathBuf,
    /// Print the JSON Schema of config files instead, by which editors complete and check them
    #[arg(long, conflicts_with = "config")]
    pub(crate) schema: bool,
}

/// Options of `razz doctor`.
#[derive(Clone, PartialEq, Eq, Debug, Args)]
pub(crate) struct Doctor {
    /// A camera's address to look at, or env:NAME, which keeps its password out of the list of
    /// processes
    #[arg(long, value_name = "URL")]
    pub(crate) camera: Option<String>,
    /// Connect even if the camera is in this network, such as 169.254.0.0/16; as `camera_networks`
    /// of the config file
    #[arg(long, value_name = "NETWORK", requires = "camera")]
    pub(crate) allow_network: Vec<Network>,
    /// Ask the camera for UDP instead of TCP
    #[arg(long, requires = "camera", conflicts_with = "http")]
    pub(crate) udp: bool,
    /// Reach the camera through HTTP, or HTTPS of an rtsps:// address; as `transport = "http"`
    #[arg(long, requires = "camera")]
    pub(crate) http: bool,
    /// Write what was said to a file that can be attached to an issue: credentials masked, no pictures
    #[arg(long, value_name = "FILE", requires = "camera")]
    pub(crate) report: Option<PathBuf>,
    /// A model to look at as the server would, and how many cameras this machine carries with it: an
    /// .onnx file, the name of one that was pulled, or demo
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Option<String>,
    /// Decode built-in clips with every decoder that is found, and compare each picture with what it
    /// has to be
    #[arg(long)]
    pub(crate) decoders: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Options of `razz replay`.
#[derive(Clone, PartialEq, Eq, Debug, Args)]
pub(crate) struct Replay {
    /// The report
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Reads the command line of this process. `Err`: all is said (help, version, wrong usage), and
/// the process is to end with that code.
pub(crate) fn parse() -> Result<Cli, ExitCode> {
    parse_from(std::env::args_os()).map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // A closed stdout is nobody's problem.
            let _ = error.print();
            ExitCode::SUCCESS
        }
        _ => refuse(&one_line(&error)),
    })
}

fn parse_from(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(arguments)
}

/// clap's words about wrong usage, which are spread over several lines, on one.
fn one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let said = text.lines().map(str::trim).take_while(|line| !line.starts_with("Usage:"));
    let mut line = String::from("razz:");
    for part in said.filter(|part| !part.is_empty() && !part.starts_with("For more information")) {
        line.push_str(if line.ends_with(':') { " " } else { "; " });
        line.push_str(part.strip_prefix("error: ").unwrap_or(part));
    }
    line.push_str("; see `razz --help`");
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        parse_from(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn commands_have_their_defaults() {
        let serve = |config: &str, open| Command::Serve(Serve { config: config.into(), open });
        for (line, command) in [
            ("razz demo", Command::Demo(Demo { port: 8003, cameras: 2 })),
            ("razz demo --port 0 --cameras 4", Command::Demo(Demo { port: 0, cameras: 4 })),
            ("razz serve", serve("razz.toml", false)),
            ("razz serve --config /etc/razz.toml --open", serve("/etc/razz.toml", true)),
            (
                "razz check --config a.toml",
                Command::Check(Check { config: "a.toml".into(), schema: false }),
            ),
        ] {
            assert_eq!(
                parse(line).unwrap(),
                Cli { command, log_level: None, log_format: None },
                "{line}"
            );
        }
        for line in ["razz --log-level debug demo", "razz demo --log-level debug"] {
            assert_eq!(parse(line).unwrap().log_level, Some(LogLevel::Debug), "{line}");
        }
        let json = parse("razz serve --log-format json").unwrap();
        assert_eq!(json.log_format, Some(LogFormat::Json));
    }

    #[test]
    fn wrong_usage_is_one_line() {
        for (line, said) in [
            ("razz", "razz: 'razz' requires a subcommand but one was not provided; "),
            (
                "razz srve",
                "razz: unrecognized subcommand 'srve'; tip: a similar subcommand exists: 'serve'; ",
            ),
            (
                "razz demo --prot 1",
                "razz: unexpected argument '--prot' found; tip: a similar argument exists: '--port'; ",
            ),
            (
                "razz demo --port x",
                "razz: invalid value 'x' for '--port <PORT>': invalid digit found in string; ",
            ),
            (
                "razz demo --cameras 0",
                "razz: invalid value '0' for '--cameras <CAMERAS>': 0 is not in 1..=16; ",
            ),
            (
                "razz serve --config",
                "razz: a value is required for '--config <FILE>' but none was supplied; ",
            ),
        ] {
            let line_said = one_line(&parse(line).unwrap_err());
            assert!(line_said.starts_with(said), "{line}: {line_said}");
            assert!(line_said.ends_with("; see `razz --help`") && !line_said.contains('\n'));
        }
    }

    #[test]
    fn help_names_every_command() {
        let help = parse("razz --help").unwrap_err();
        assert_eq!(help.kind(), ErrorKind::DisplayHelp);
        for command in [
            "demo", "serve", "check", "detect", "track", "record", "users", "doctor", "replay",
            "bench",
        ] {
            assert!(help.to_string().contains(&format!("\n  {command} ")), "{help}");
        }
    }
}
