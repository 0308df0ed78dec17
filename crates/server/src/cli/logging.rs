//! The log: to stderr, a line an event, credentials masked.

use std::env;
use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;
use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

use crate::redact;

/// How much razz itself logs; of its libraries only warnings are heard.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum LogLevel {
    /// What failed.
    Error,
    /// And what is about to.
    Warn,
    /// And what happens: cameras that come and go, viewers.
    Info,
    /// And how.
    Debug,
    /// And every step.
    Trace,
}

/// Why there can be no log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoggingError {
    /// The environment asks for what cannot be understood.
    #[error("RUST_LOG is not understood ({0}); write it like \"warn,razz=debug\"")]
    RustLog(#[from] tracing_subscriber::filter::ParseError),
    /// It was begun before.
    #[error("the log cannot be begun: {0}")]
    Begun(#[from] tracing_subscriber::util::TryInitError),
}

/// Begins the log, at `level`, else as the environment variable `RUST_LOG` says, else at `info`.
/// To be called once, before anything is logged.
///
/// # Errors
/// Where `RUST_LOG` is not understood, or the log was begun before.
pub(crate) fn start(level: Option<LogLevel>) -> Result<(), LoggingError> {
    let directives = directives(level, env::var("RUST_LOG").ok());
    let filter = EnvFilter::builder().parse(directives)?;
    Ok(subscriber(filter, || Masked(io::stderr()), io::stderr().is_terminal()).try_init()?)
}

fn directives(level: Option<LogLevel>, rust_log: Option<String>) -> String {
    let own = match level {
        None => match rust_log.filter(|text| !text.trim().is_empty()) {
            Some(text) => return text,
            None => "info",
        },
        Some(LogLevel::Error) => return "error".to_owned(),
        Some(LogLevel::Warn) => "warn",
        Some(LogLevel::Info) => "info",
        Some(LogLevel::Debug) => "debug",
        Some(LogLevel::Trace) => "trace",
    };
    format!("warn,razz={own}")
}

fn subscriber<W>(filter: EnvFilter, writer: W, colour: bool) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    tracing_subscriber::fmt()
        .compact()
        .with_env_filter(filter)
        .with_ansi(colour)
        .with_writer(writer)
        .finish()
}

/// Masks the credentials in what is written to it. An event comes in one piece.
struct Masked<W>(W);

impl<W: Write> Write for Masked<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_all(redact::text(&String::from_utf8_lossy(bytes)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_flag_wins_over_the_environment() {
        for (level, rust_log, expected) in [
            (None, None, "warn,razz=info"),
            (None, Some(""), "warn,razz=info"),
            (None, Some("debug"), "debug"),
            (Some(LogLevel::Trace), Some("debug"), "warn,razz=trace"),
            (Some(LogLevel::Error), None, "error"),
        ] {
            assert_eq!(directives(level, rust_log.map(str::to_owned)), expected);
        }
    }

    #[test]
    fn events_are_one_line_without_credentials() {
        let page = Page::default();
        let writer = page.clone();
        let filter = EnvFilter::builder().parse(directives(None, None)).unwrap();
        let log = subscriber(filter, move || Masked(writer.clone()), false);
        tracing::subscriber::with_default(log, || {
            tracing::info!(target: "razz", url = "rtsp://u:hunter2@h/s", "dialling");
            tracing::debug!(target: "razz", "not heard");
            tracing::info!(target: "retina", "not heard");
            tracing::warn!(target: "retina", "rtsp://u:hunter2@h/s refused");
        });
        let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(lines[0].contains("INFO razz: dialling url=\"rtsp://***@h/s\""), "{text}");
        assert!(lines[1].contains("WARN retina: rtsp://***@h/s refused"), "{text}");
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        let error = EnvFilter::builder().parse("razz=loud").map_err(LoggingError::from);
        let message = error.unwrap_err().to_string();
        assert!(message.starts_with("RUST_LOG is not understood (") && !message.contains('\n'));
    }
}
