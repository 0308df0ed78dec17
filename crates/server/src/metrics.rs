//! Everything that is counted, in Prometheus' text format. This is the one place where a metric has
//! its name; `docs/reference/metrics.md` follows from it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus::core::Collector;
use prometheus::{Encoder as _, Gauge, Histogram, HistogramOpts, IntCounter, Opts, Registry};

use crate::camera::{Camera, Cameras, ModelState, Pool};
use crate::events::Queue;
use crate::viewer::{Counters, Viewers};
use razz_base::CameraState;
use razz_observe::clock::Clock;
use razz_observe::process;

const FIRST_PACKET: &str = "razz_camera_first_packet_seconds";
const TRACKS: &str = "razz_camera_tracks_seconds";
const INFERENCE: &str = "razz_inference_seconds";
const BATCH: &str = "razz_inference_batch_pictures";
const CPU: &str = "razz_cpu_seconds_total";

/// From a frame's last packet in to its first packet out to the first of its viewers: 50 µs to 0.2 s.
pub(crate) fn first_packet(camera: razz_base::CameraId) -> Histogram {
    histogram(FIRST_PACKET, &[("camera", &camera.to_string())], 50e-6, 13)
}

/// From a detected frame's last packet in to its tracks out: 2 ms to 4 s.
pub(crate) fn tracks(camera: razz_base::CameraId) -> Histogram {
    histogram(TRACKS, &[("camera", &camera.to_string())], 2e-3, 12)
}

/// What one engine's inference is measured by.
#[derive(Clone)]
pub(crate) struct Inference {
    /// What the detector takes for a picture: 1 ms to 2 s.
    pub(crate) seconds: Histogram,
    /// How many pictures it takes at once: 1 to 32.
    pub(crate) batch: Histogram,
}

/// The measures of an engine.
pub(crate) fn inference(engine: &str) -> Inference {
    Inference {
        seconds: histogram(INFERENCE, &[("engine", engine)], 1e-3, 12),
        batch: histogram(BATCH, &[("engine", engine)], 1.0, 6),
    }
}

/// So many buckets, the first to `least`, each twice as wide as the one before.
fn histogram(name: &str, labels: &[(&str, &str)], least: f64, buckets: usize) -> Histogram {
    let camera = PER_CAMERA.iter().map(|(name, help, _)| (name, help));
    let overall = OVERALL.iter().map(|(name, help, _)| (name, help));
    let help =
        camera.chain(overall).find(|(known, _)| **known == name).map_or("", |(_, help)| help);
    let mut options = HistogramOpts::new(name, help)
        .buckets(prometheus::exponential_buckets(least, 2.0, buckets).expect("they grow"));
    for (label, value) in labels {
        options = options.const_label(*label, *value);
    }
    Histogram::with_opts(options).expect("the names are those of this file")
}

/// What a metric of one camera is read from.
enum Read {
    /// Grows for as long as the camera is not changed.
    Counter(fn(&Camera) -> u64),
    /// Goes up and down.
    Gauge(fn(&Camera) -> f64),
    /// Durations.
    Histogram(fn(&Camera) -> Histogram),
}

/// A metric of one camera: name, meaning, value.
type PerCamera = (&'static str, &'static str, Read);

/// Every metric that carries the label `camera`.
const PER_CAMERA: &[PerCamera] = &[
    (
        "razz_camera_online",
        "1 while video comes in, else 0.",
        Read::Gauge(|camera| f64::from(camera.status().state == CameraState::Online)),
    ),
    (
        "razz_camera_frames_received_total",
        "Frames that came from the camera.",
        Read::Counter(|camera| camera.status().received.total()),
    ),
    (
        "razz_camera_received_bytes_total",
        "Bytes of video that came from the camera.",
        Read::Counter(|camera| camera.status().bytes_total),
    ),
    (
        "razz_camera_lost_packets_total",
        "RTP packets that were lost on the way from the camera.",
        Read::Counter(|camera| camera.status().lost_packets),
    ),
    (
        "razz_camera_reconnects_total",
        "RTSP sessions after the first that brought pictures.",
        Read::Counter(|camera| u64::from(camera.status().runs.saturating_sub(1))),
    ),
    (
        "razz_camera_gop_frames",
        "Frames from one IDR to the next, by the last whole GOP; 0 before that.",
        Read::Gauge(|camera| f64::from(camera.status().gop_frames.unwrap_or(0))),
    ),
    (
        "razz_camera_frames_decoded_total",
        "Frames decoded for detection.",
        Read::Counter(|camera| camera.status().decoded.total()),
    ),
    (
        "razz_camera_frames_detected_total",
        "Frames that the detector looked at.",
        Read::Counter(|camera| camera.status().frame_count),
    ),
    (
        "razz_camera_frames_unchanged_total",
        "Frames due for detection on which nothing had moved since the last one.",
        Read::Counter(|camera| camera.status().unchanged.total()),
    ),
    (
        "razz_camera_frames_skipped_total",
        "Frames due for detection that gave way to newer ones for want of capacity.",
        Read::Counter(|camera| camera.status().skipped.total()),
    ),
    (
        "razz_camera_tracks",
        "Objects in the newest track frame.",
        Read::Gauge(|camera| {
            camera.subscribe_newest().borrow().as_ref().map_or(0, |p| p.frame.tracks.len()) as f64
        }),
    ),
    ("razz_camera_viewers", "Viewer sessions.", Read::Gauge(|camera| camera.viewer_count() as f64)),
    (
        "razz_camera_viewer_sent_bytes_total",
        "Bytes of datagrams to this camera's viewers.",
        Read::Counter(|camera| camera.delivery().bytes.load(Ordering::Relaxed)),
    ),
    (
        "razz_camera_viewer_nacks_total",
        "Requests of viewers to send packets again (generic NACK).",
        Read::Counter(|camera| camera.delivery().nacks.load(Ordering::Relaxed)),
    ),
    (
        "razz_camera_viewer_plis_total",
        "Picture loss indications of viewers (PLI).",
        Read::Counter(|camera| camera.delivery().plis.load(Ordering::Relaxed)),
    ),
    (
        "razz_camera_viewer_keyframe_requests_total",
        "Key frames that viewers asked for, by PLI or FIR.",
        Read::Counter(|camera| camera.delivery().keyframe_requests.load(Ordering::Relaxed)),
    ),
    (
        "razz_camera_viewer_replays_total",
        "GOPs sent again to viewers, the first of each session included.",
        Read::Counter(|camera| camera.delivery().replays.load(Ordering::Relaxed)),
    ),
    (
        "razz_camera_viewer_waits_total",
        "Times that a viewer was made to wait for the next key frame.",
        Read::Counter(|camera| camera.delivery().waits.load(Ordering::Relaxed)),
    ),
    (
        "razz_camera_restarts_total",
        "Panics in this camera's own work, each followed by its restart.",
        Read::Counter(|camera| u64::from(camera.status().restarts)),
    ),
    (
        FIRST_PACKET,
        "From a frame's last packet in to its first packet out to the first of its viewers.",
        Read::Histogram(|camera| camera.status().first_packet_us.all.clone()),
    ),
    (
        TRACKS,
        "From a detected frame's last packet in to its tracks out.",
        Read::Histogram(|camera| camera.status().tracks_us.all.clone()),
    ),
];

/// A metric of one who is told what happens: name, meaning, value.
type PerQueue = (&'static str, &'static str, ReadQueue);

/// What such a metric is read from.
enum ReadQueue {
    /// Grows for as long as the process lives.
    Counter(fn(&Queue) -> u64),
    /// Goes up and down.
    Gauge(fn(&Queue) -> f64),
}

/// Every metric that carries the label `to`: `mqtt`, `webhook1` and so on.
const PER_QUEUE: &[PerQueue] = &[
    (
        "razz_events_up",
        "1 while the broker is connected, or when a webhook's last delivery succeeded, else 0.",
        ReadQueue::Gauge(|queue| f64::from(queue.tally.up.load(Ordering::Relaxed))),
    ),
    (
        "razz_events_waiting",
        "Events that wait to be told.",
        ReadQueue::Gauge(|queue| queue.len() as f64),
    ),
    (
        "razz_events_delivered_total",
        "Events that were told, and acknowledged.",
        ReadQueue::Counter(|queue| queue.tally.delivered.load(Ordering::Relaxed)),
    ),
    (
        "razz_events_dropped_total",
        "Events that were given up: too many waited, or all tries failed.",
        ReadQueue::Counter(|queue| queue.tally.dropped.load(Ordering::Relaxed)),
    ),
    (
        "razz_events_failures_total",
        "Tries to connect or to deliver that failed.",
        ReadQueue::Counter(|queue| queue.tally.failures.load(Ordering::Relaxed)),
    ),
];

/// What the metrics of the whole are read from.
pub(crate) struct Whole<'a> {
    pub(crate) cameras: &'a Cameras,
    pub(crate) pool: &'a Pool,
    pub(crate) viewers: &'a Viewers,
    /// Those who are told what happens.
    pub(crate) told: &'a [Arc<Queue>],
    pub(crate) clock: Clock,
}

/// What a metric of the whole is read from.
enum ReadWhole {
    /// Grows for as long as the process lives.
    Counter(fn(&Whole<'_>, &process::Now) -> f64),
    /// Goes up and down.
    Gauge(fn(&Whole<'_>, &process::Now) -> f64),
    /// By engine, once there is one.
    Histogram(fn(&Pool) -> Option<Histogram>),
    /// CPU seconds, by stage.
    Stages,
    /// 1, and labels that tell.
    Info,
}

/// A datagram counter of the viewers.
fn datagrams(whole: &Whole<'_>, counter: fn(&Counters) -> &AtomicU64) -> f64 {
    counter(whole.viewers.counters()).load(Ordering::Relaxed) as f64
}

/// The metrics of the process as a whole: name, meaning, value.
const OVERALL: &[(&str, &str, ReadWhole)] = &[
    ("razz_build_info", "1; the version, engine and model are its labels.", ReadWhole::Info),
    (
        "razz_cameras",
        "Cameras, online or not.",
        ReadWhole::Gauge(|whole, _| whole.cameras.list().len() as f64),
    ),
    (
        "razz_detector_ready",
        "1 when the model is loaded or none is wanted, else 0.",
        ReadWhole::Gauge(|whole, _| {
            f64::from(matches!(whole.pool.state(), ModelState::Ready { .. } | ModelState::Off))
        }),
    ),
    (
        INFERENCE,
        "Time that the detector took for a picture, by engine.",
        ReadWhole::Histogram(|pool| Some(pool.inference()?.seconds)),
    ),
    (
        BATCH,
        "Pictures that the detector took at once, by engine.",
        ReadWhole::Histogram(|pool| Some(pool.inference()?.batch)),
    ),
    (
        CPU,
        "CPU time by what it went into, since the model was chosen: decode, motion (of the camera), \
         prepare (pixels for the model), infer, read (boxes from its output), embed (looks), track, \
         viewers, runtime (network and the rest).",
        ReadWhole::Stages,
    ),
    (
        "razz_viewers",
        "Viewer sessions, all cameras together.",
        ReadWhole::Gauge(|whole, _| whole.viewers.count() as f64),
    ),
    (
        "razz_viewer_datagrams_sent_total",
        "Datagrams to viewers that the system took.",
        ReadWhole::Counter(|whole, _| datagrams(whole, |counters| &counters.sent)),
    ),
    (
        "razz_viewer_datagrams_refused_total",
        "Datagrams to viewers that the system, or a viewer's TCP connection, did not take.",
        ReadWhole::Counter(|whole, _| datagrams(whole, |counters| &counters.unsent)),
    ),
    (
        "razz_viewer_send_calls_total",
        "System calls that sending to viewers took; one may carry many datagrams.",
        ReadWhole::Counter(|whole, _| datagrams(whole, |counters| &counters.sends)),
    ),
    (
        "razz_viewer_datagrams_stray_total",
        "Datagrams received that were for no session.",
        ReadWhole::Counter(|whole, _| datagrams(whole, |counters| &counters.strays)),
    ),
    (
        "razz_viewer_datagrams_dropped_total",
        "Datagrams from viewers that were dropped because too many waited.",
        ReadWhole::Counter(|whole, _| datagrams(whole, |counters| &counters.dropped)),
    ),
    (
        "razz_inference_workers",
        "Copies of the model that look at pictures at the same time.",
        ReadWhole::Gauge(|whole, _| whole.pool.workers() as f64),
    ),
    (
        "process_cpu_seconds_total",
        "User and system CPU time.",
        ReadWhole::Counter(|_, usage| usage.cpu_seconds),
    ),
    (
        "process_resident_memory_bytes",
        "Resident memory.",
        ReadWhole::Gauge(|_, usage| usage.resident_bytes as f64),
    ),
    (
        "process_open_fds",
        "Open file descriptors.",
        ReadWhole::Gauge(|_, usage| usage.open_files as f64),
    ),
    ("process_threads", "Threads.", ReadWhole::Gauge(|_, usage| usage.threads as f64)),
    (
        "process_start_time_seconds",
        "Start of the process in UNIX seconds.",
        ReadWhole::Gauge(|whole, _| {
            whole.clock.wall_us() as f64 / 1e6 - whole.clock.uptime().as_secs_f64()
        }),
    ),
];

/// The media type of [`render`].
pub(crate) const MEDIA_TYPE: &str = prometheus::TEXT_FORMAT;

/// All metrics as they are now.
///
/// # Errors
/// Where a camera's settings made a metric that cannot be: none is known.
pub(crate) fn render(whole: &Whole<'_>) -> prometheus::Result<Vec<u8>> {
    let registry = Registry::new();
    let register = |metric: Box<dyn Collector>| registry.register(metric);
    for camera in whole.cameras.list() {
        for (name, help, read) in PER_CAMERA {
            let labelled = || Opts::new(*name, *help).const_label("camera", camera.id.to_string());
            register(match read {
                Read::Counter(read) => Box::new(counter(labelled(), read(&camera))?),
                Read::Gauge(read) => Box::new(gauge(labelled(), read(&camera))?),
                Read::Histogram(read) => Box::new(read(&camera)),
            })?;
        }
    }
    for queue in whole.told {
        for (name, help, read) in PER_QUEUE {
            let labelled = Opts::new(*name, *help).const_label("to", queue.name.as_str());
            register(match read {
                ReadQueue::Counter(read) => Box::new(counter(labelled, read(queue))?),
                ReadQueue::Gauge(read) => Box::new(gauge(labelled, read(queue))?),
            })?;
        }
    }
    let engine = match whole.pool.state() {
        ModelState::Ready { engine } => engine,
        ModelState::Off | ModelState::Loading | ModelState::Failed { .. } => String::new(),
    };
    let usage = process::now();
    for (name, help, read) in OVERALL {
        let opts = Opts::new(*name, *help);
        match read {
            ReadWhole::Counter(read) => {
                let counter = prometheus::Counter::with_opts(opts)?;
                counter.inc_by(read(whole, &usage).max(0.0));
                register(Box::new(counter))?;
            }
            ReadWhole::Gauge(read) => register(Box::new(gauge(opts, read(whole, &usage))?))?,
            ReadWhole::Histogram(read) => {
                if let Some(histogram) = read(whole.pool) {
                    register(Box::new(histogram))?;
                }
            }
            ReadWhole::Stages => {
                for (stage, seconds) in whole.pool.work().seconds() {
                    let opts = Opts::new(*name, *help).const_label("stage", stage);
                    let counter = prometheus::Counter::with_opts(opts)?;
                    counter.inc_by(seconds);
                    register(Box::new(counter))?;
                }
            }
            ReadWhole::Info => {
                let opts = opts
                    .const_label("version", env!("CARGO_PKG_VERSION"))
                    .const_label("engine", engine.as_str())
                    .const_label("model", whole.pool.model_name());
                register(Box::new(gauge(opts, 1.0)?))?;
            }
        }
    }
    let mut text = Vec::new();
    prometheus::TextEncoder::new().encode(&registry.gather(), &mut text)?;
    Ok(text)
}

fn counter(opts: Opts, value: u64) -> prometheus::Result<IntCounter> {
    let counter = IntCounter::with_opts(opts)?;
    counter.inc_by(value);
    Ok(counter)
}

fn gauge(opts: Opts, value: f64) -> prometheus::Result<Gauge> {
    let gauge = Gauge::with_opts(opts)?;
    gauge.set(value);
    Ok(gauge)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every name there is.
    fn known() -> impl Iterator<Item = &'static str> {
        let camera = PER_CAMERA.iter().map(|(name, ..)| *name);
        let queue = PER_QUEUE.iter().map(|(name, ..)| *name);
        camera.chain(queue).chain(OVERALL.iter().map(|(name, ..)| *name))
    }

    #[test]
    fn the_reference_is_current() {
        let mut page = String::from(
            "# Metrics\n\
             <!-- Written from crates/server/src/metrics.rs: RAZZ_UPDATE=1 cargo test -p razz \
             metrics. What is changed here is overwritten. -->\n\n\
             `GET /metrics` on `server.listen`, in Prometheus' text format.\n\n\
             | metric | type | labels | meaning |\n|---|---|---|---|\n",
        );
        for (name, help, read) in PER_CAMERA {
            let kind = match read {
                Read::Counter(_) => "counter",
                Read::Gauge(_) => "gauge",
                Read::Histogram(_) => "histogram",
            };
            page += &format!("| `{name}` | {kind} | `camera` | {help} |\n");
        }
        for (name, help, read) in PER_QUEUE {
            let kind = match read {
                ReadQueue::Counter(_) => "counter",
                ReadQueue::Gauge(_) => "gauge",
            };
            page += &format!("| `{name}` | {kind} | `to` | {help} |\n");
        }
        for (name, help, read) in OVERALL {
            let (kind, labels) = match read {
                ReadWhole::Histogram(_) => ("histogram", "`engine`"),
                ReadWhole::Stages => ("counter", "`stage`"),
                ReadWhole::Info => ("gauge", "`version`, `engine`, `model`"),
                ReadWhole::Counter(_) => ("counter", ""),
                ReadWhole::Gauge(_) => ("gauge", ""),
            };
            page += &format!("| `{name}` | {kind} | {labels} | {help} |\n");
        }
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../docs/reference/metrics.md");
        if std::env::var_os("RAZZ_UPDATE").is_some() {
            std::fs::write(&file, &page).unwrap();
        }
        let found = std::fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(found, page, "renew it with RAZZ_UPDATE=1 cargo test -p razz metrics");
    }

    #[test]
    fn buckets_hold_what_they_say() {
        let histogram = inference("rten").seconds;
        for seconds in [0.0005, 0.02, 0.02, 9.0] {
            histogram.observe(seconds);
        }
        assert_eq!(histogram.get_sample_count(), 4);
        let registry = Registry::new();
        registry.register(Box::new(histogram)).unwrap();
        let text = prometheus::TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
        for line in [
            "# TYPE razz_inference_seconds histogram",
            "razz_inference_seconds_bucket{engine=\"rten\",le=\"0.001\"} 1",
            "razz_inference_seconds_bucket{engine=\"rten\",le=\"0.032\"} 3",
            "razz_inference_seconds_count{engine=\"rten\"} 4",
        ] {
            assert!(text.contains(line), "{line} in\n{text}");
        }
    }

    /// Names that look like ours or the process's, as PromQL has them.
    fn names(text: &str) -> impl Iterator<Item = &str> {
        text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .filter(|word| word.starts_with("razz_") || word.starts_with("process_"))
    }

    #[test]
    fn the_dashboard_asks_for_what_there_is() {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../packaging/grafana/razz.json");
        let text = std::fs::read_to_string(&file).unwrap();
        let dashboard: serde_json::Value = serde_json::from_str(&text).unwrap();
        let panels = dashboard["panels"].as_array().unwrap();
        let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
        let mut shown = std::collections::BTreeSet::new();
        for expression in targets.map(|target| target["expr"].as_str().unwrap()) {
            shown.extend(names(expression).map(|name| {
                // A histogram is asked for by its parts.
                let parts = ["_bucket", "_sum", "_count"];
                let whole = parts.iter().find_map(|part| name.strip_suffix(part));
                whole.filter(|whole| known().any(|known| known == *whole)).unwrap_or(name)
            }));
        }
        let unknown: Vec<_> =
            shown.iter().filter(|name| !known().any(|known| known == **name)).collect();
        assert!(unknown.is_empty(), "not among the metrics: {unknown:?}");
        let hidden: Vec<_> = known().filter(|name| !shown.contains(name)).collect();
        assert_eq!(hidden, ["process_start_time_seconds"], "metrics that no panel shows");
        let variables = dashboard["templating"]["list"].as_array().unwrap();
        for query in variables.iter().filter_map(|variable| variable["definition"].as_str()) {
            assert!(names(query).all(|name| known().any(|known| known == name)), "{query}");
        }
    }
}
