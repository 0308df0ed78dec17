//! `razz`: RTSP cameras in, WebRTC video and its tracks out.
//!
//! Read from the top: [`cli`] says what was asked for, [`config`] how, [`serve`] puts the server
//! together. `ingest` brings access units to `camera`; `viewer` and `feed` take video and tracks to
//! browsers; `http` lets them in. These folders know `camera` and `wire`, not each other.

mod camera;
mod cli;
mod clock;
mod config;
mod demo;
mod feed;
mod http;
mod ingest;
mod live;
mod metrics;
mod models;
mod probe;
mod process;
mod redact;
mod serve;
mod shutdown;
mod viewer;
mod wire;

use std::process::ExitCode;

use crate::cli::Command;
use crate::config::ConfigFile;

fn main() -> ExitCode {
    let cli = match cli::parse() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    if let Err(error) = cli::logging::start(cli.log_level) {
        return cli::refuse(&error);
    }
    match cli.command {
        Command::Check(check) => cli::check::run(&check.config),
        Command::Serve(serve) => {
            let (file, config) = match ConfigFile::open(&serve.config) {
                Ok(opened) => opened,
                Err(errors) => return cli::refuse(&errors),
            };
            if let Err(error) = config.is_loopback_only() {
                if !serve.open {
                    return cli::refuse(&error);
                }
                tracing::warn!("started with --open: anyone who reaches these addresses can watch");
            }
            serve::run(config, Some(file), &serde_json::Value::Null)
        }
        Command::Models(options) => cli::models::run(&options),
        Command::Doctor(doctor) => cli::doctor::run(&doctor),
        Command::Bench(bench) => cli::bench::run(&bench),
        Command::Demo(demo) => demo::run(&demo),
        Command::Detect(options) => cli::detect::run(&options),
        Command::Track(options) => cli::track::run(&options),
    }
}
