//! `razz bench`: what this machine, or another server, can carry.

pub(crate) mod viewers;

use clap::Subcommand;

/// What to measure.
#[derive(Clone, PartialEq, Debug, Subcommand)]
pub(crate) enum Bench {
    /// Watch a WHEP server as many viewers at once, and say what they get
    Viewers(viewers::Viewers),
}

/// Runs the benchmark.
pub(crate) fn run(bench: &Bench) -> std::process::ExitCode {
    match bench {
        Bench::Viewers(options) => viewers::run(options),
    }
}
