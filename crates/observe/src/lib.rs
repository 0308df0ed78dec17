//! What razz knows of itself: the clocks, what the process and its stages cost, the log, traces.
//!
//! [`clock`] is the one place that reads clocks; everything else is handed time as an argument.

pub mod clock;
pub mod cpu_usage;
pub mod http_client;
pub mod logging;
pub mod process;
pub mod telemetry;
