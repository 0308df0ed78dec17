//! `razz bench`: what this machine, or another server, can carry.

mod agreement;
mod detect;
mod pipeline;
mod quantiles;
mod table;
mod track;
pub mod viewers;

use clap::Subcommand;

/// What to measure.
#[derive(Clone, PartialEq, Debug, Subcommand)]
pub enum Bench {
    /// What detection costs with each engine, and what reduced precision changes
    Detect(detect::Options),
    /// How many cameras this machine carries, from RTSP to tracks
    Pipeline(pipeline::Options),
    /// What an update of the trackers costs
    Track(track::Options),
    /// Watch a WHEP server as many viewers at once, and say what they get
    Viewers(viewers::Viewers),
}

/// Runs the benchmark.
pub fn run(bench: &Bench) -> std::process::ExitCode {
    match bench {
        Bench::Detect(options) => detect::run(options),
        Bench::Pipeline(options) => pipeline::run(options),
        Bench::Track(options) => track::run(options),
        Bench::Viewers(options) => viewers::run(options),
    }
}
