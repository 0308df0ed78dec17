//! The log: to stderr, a line an event, as text or as JSON, credentials masked.

use std::io::{self, IsTerminal, Write};
use std::{env, fmt, panic, thread};

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber, error};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{JsonFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormattedFields, MakeWriter};
use tracing_subscriber::registry::{LookupSpan, Scope};
use tracing_subscriber::util::SubscriberInitExt;

use razz_config::LogFormat;
use razz_config::redact;

/// How much razz itself logs; of its libraries only warnings are heard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogLevel {
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

impl LogLevel {
    /// Every level by its name on the command line.
    pub const ALL: [(&'static str, Self); 5] = [
        ("error", Self::Error),
        ("warn", Self::Warn),
        ("info", Self::Info),
        ("debug", Self::Debug),
        ("trace", Self::Trace),
    ];
}

/// Why there can be no log.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    /// The environment asks for what cannot be understood.
    #[error("RUST_LOG is not understood ({0}); write it like \"warn,razz=debug\"")]
    RustLog(#[from] tracing_subscriber::filter::ParseError),
    /// It was begun before.
    #[error("the log cannot be begun: {0}")]
    Begun(#[from] tracing_subscriber::util::TryInitError),
}

/// Begins the log, at `level`, else as the environment variable `RUST_LOG` says, else at `info`.
/// Panics are logged as well. To be called once, before anything is logged.
///
/// # Errors
/// Where `RUST_LOG` is not understood, or the log was begun before.
pub fn start(level: Option<LogLevel>, format: LogFormat) -> Result<(), LoggingError> {
    let directives = directives(level, env::var("RUST_LOG").ok());
    let filter = EnvFilter::builder().parse(directives)?;
    let stderr = || Masked(io::stderr());
    match format {
        LogFormat::Text => text(filter, stderr, io::stderr().is_terminal()).try_init()?,
        LogFormat::Json => json(filter, stderr).try_init()?,
    }
    // The standard hook writes lines of its own, which no collector could read and which carry no
    // camera.
    panic::set_hook(Box::new(|panic| {
        let thread = thread::current();
        let at = panic.location().map(ToString::to_string).unwrap_or_default();
        let why = panic.payload_as_str().unwrap_or("no words");
        error!(thread = thread.name().unwrap_or_default(), at, "panicked: {why}");
    }));
    Ok(())
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

fn text<W>(filter: EnvFilter, writer: W, colour: bool) -> impl Subscriber + Send + Sync
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

fn json<W>(filter: EnvFilter, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    tracing_subscriber::fmt()
        .fmt_fields(JsonFields::new())
        .event_format(JsonLine)
        .with_env_filter(filter)
        .with_writer(writer)
        .finish()
}

/// An event as one flat JSON object: `timestamp`, `level`, `target`, `message`, then the fields of
/// its spans, outermost first, and its own, which win.
struct JsonLine;

impl<S> FormatEvent<S, JsonFields> for JsonLine
where
    S: Subscriber + for<'l> LookupSpan<'l>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut now = String::new();
        SystemTime.format_time(&mut Writer::new(&mut now))?;
        let mut line = Map::new();
        line.insert("timestamp".to_owned(), now.into());
        line.insert("level".to_owned(), event.metadata().level().as_str().into());
        line.insert("target".to_owned(), event.metadata().target().into());
        for span in context.event_scope().into_iter().flat_map(Scope::from_root) {
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<JsonFields>>();
            // They were written as an object; what is not one has no fields to give.
            if let Some(Ok(Value::Object(fields))) = fields.map(|f| serde_json::from_str(&f.fields))
            {
                line.extend(fields);
            }
        }
        event.record(&mut Fields(&mut line));
        writeln!(writer, "{}", Value::Object(line))
    }
}

/// Puts an event's fields into an object.
struct Fields<'a>(&'a mut Map<String, Value>);

impl Fields<'_> {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }
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
        let log = text(filter, move || Masked(writer.clone()), false);
        tracing::subscriber::with_default(log, || {
            tracing::info!(target: "razz", url = "rtsp://u:hunter2@h/s", "dialling");
            tracing::debug!(target: "razz", "not heard");
            tracing::info!(target: "rumqttc", "not heard");
            tracing::warn!(target: "rumqttc", "rtsp://u:hunter2@h/s refused");
        });
        let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(lines[0].contains("INFO razz: dialling url=\"rtsp://***@h/s\""), "{text}");
        assert!(lines[1].contains("WARN rumqttc: rtsp://***@h/s refused"), "{text}");
    }

    #[test]
    fn a_json_line_is_flat_and_names_its_camera_and_run() {
        let page = Page::default();
        let writer = page.clone();
        let filter = EnvFilter::builder().parse(directives(None, None)).unwrap();
        let log = json(filter, move || Masked(writer.clone()));
        tracing::subscriber::with_default(log, || {
            let span = tracing::error_span!("run", camera = 7, run = 3);
            let _in = span.enter();
            tracing::warn!(target: "razz", url = "rtsp://u:hunter2@h/s", frames = 5, "a \"word\"\n");
            tracing::warn!(target: "rumqttc", run = 4, "its own field wins");
        });
        let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2, "{text}");
        for (line, level, target, message, run) in [
            (&lines[0], "WARN", "razz", "a \"word\"\n", 3),
            (&lines[1], "WARN", "rumqttc", "its own field wins", 4),
        ] {
            assert_eq!(line["level"], level);
            assert_eq!(line["target"], target);
            assert_eq!(line["message"], message);
            assert_eq!((&line["camera"], &line["run"]), (&7.into(), &run.into()));
            assert!(line["timestamp"].as_str().unwrap().ends_with('Z'), "{line}");
        }
        assert_eq!((&lines[0]["url"], &lines[0]["frames"]), (&"rtsp://***@h/s".into(), &5.into()));
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        let error = EnvFilter::builder().parse("razz=loud").map_err(LoggingError::from);
        let message = error.unwrap_err().to_string();
        assert!(message.starts_with("RUST_LOG is not understood (") && !message.contains('\n'));
    }
}
