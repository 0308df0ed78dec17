//! `razz`: RTSP cameras in, WebRTC video and its tracks out.
//!
//! The roof: the command line, and the one place where the rooms of the server are plugged together.
//! Read from the top: [`cli`] says what was asked for, [`serve`] starts the rooms and hands each what
//! it needs, [`reconfigure`] keeps the cameras as the config file wants them, [`state`] what outlives
//! the process.

mod cli;
mod demo;
mod intake;
mod model_download;
mod pictures;
mod reconfigure;
mod revocation;
mod serve;
mod set_up_link;
mod shutdown;
mod state;
mod sub_intake;

use std::process::ExitCode;

use crate::cli::Command;
use crate::state::StateFile;
use razz_access::Store;
use razz_config::ConfigFile;

fn main() -> ExitCode {
    let cli = match cli::parse() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    // The config file may say how the log is written, so it is read first.
    let opened = match &cli.command {
        Command::Serve(serve) => match ConfigFile::open(&serve.config) {
            Ok(opened) => Some(opened),
            Err(errors) => return cli::refuse(&errors),
        },
        _ => None,
    };
    let configured = opened.as_ref().map(|(_, config)| config.log.format);
    let format = cli.log_format.or(configured).unwrap_or_default();
    if let Err(error) = razz_observe::logging::start(cli.log_level, format) {
        return cli::refuse(&error);
    }
    match (cli.command, opened) {
        (Command::Serve(serve), Some((file, config))) => {
            let sign_in = match config.wants_sign_in(serve.open) {
                Ok(sign_in) => sign_in,
                Err(error) => return cli::refuse(&error),
            };
            if serve.open && config.is_loopback_only().is_err() {
                tracing::warn!(
                    "started with --open: anyone who reaches these addresses can watch, and change \
                     the settings"
                );
            }
            let path = config.access.users_file(&serve.config);
            let users = match sign_in.then(|| Store::open(&path)).transpose() {
                Ok(users) => users,
                Err(error) => return cli::refuse(&error),
            };
            let state = match StateFile::open(&StateFile::beside(&serve.config)) {
                Ok(state) => state,
                Err(error) => return cli::refuse(&error),
            };
            serve::run(config, Some((file, state)), users, &serde_json::Value::Null)
        }
        (Command::Serve(_), None) => unreachable!("its config was opened above"),
        (Command::Check(check), _) => cli::check::run(&check),
        (Command::Models(options), _) => cli::models::run(&options),
        (Command::Count(options), _) => razz_lab::count::run(&options),
        (Command::Site(options), _) => razz_lab::site::run(&options),
        (Command::Record(options), _) => cli::record::run(&options),
        (Command::Facts(options), _) => cli::facts::run(&options),
        (Command::Users(options), _) => cli::users::run(&options),
        (Command::Completions { shell }, _) => cli::completions::completions(shell),
        (Command::Man, _) => cli::completions::man(),
        (Command::Doctor(doctor), _) => cli::doctor::run(&doctor),
        (Command::Replay(replay), _) => cli::replay::run(&replay),
        (Command::Bench(bench), _) => razz_lab::bench::run(&bench),
        (Command::Demo(demo), _) => demo::run(&demo),
        (Command::Detect(options), _) => razz_lab::detect::run(&options),
        (Command::Track(options), _) => razz_lab::track::run(&options),
    }
}
