//! Everything that is counted, in Prometheus' text format. This is the one place where a metric has
//! its name; `docs/reference/metrics.md` follows from it.

use prometheus::core::Collector;
use prometheus::{Encoder as _, Gauge, Histogram, HistogramOpts, IntCounter, Opts, Registry};

use crate::camera::{Camera, Cameras, ModelState, Pool};
use crate::clock::Clock;
use crate::process;
use crate::wire::CameraState;

const FIRST_PACKET: &str = "razz_camera_first_packet_seconds";
const TRACKS: &str = "razz_camera_tracks_seconds";
const INFERENCE: &str = "razz_inference_seconds";

/// From a frame's last packet in to its first packet out to a viewer: 50 µs to 0.2 s.
pub(crate) fn first_packet(camera: razz_base::CameraId) -> Histogram {
    histogram(FIRST_PACKET, &[("camera", &camera.to_string())], 50e-6, 13)
}

/// From a detected frame's last packet in to its tracks out: 2 ms to 4 s.
pub(crate) fn tracks(camera: razz_base::CameraId) -> Histogram {
    histogram(TRACKS, &[("camera", &camera.to_string())], 2e-3, 12)
}

/// What the detector takes for a picture: 1 ms to 2 s.
pub(crate) fn inference(engine: &str) -> Histogram {
    histogram(INFERENCE, &[("engine", engine)], 1e-3, 12)
}

/// So many buckets, the first to `least` seconds, each twice as wide as the one before.
fn histogram(name: &str, labels: &[(&str, &str)], least: f64, buckets: usize) -> Histogram {
    let camera = PER_CAMERA.iter().map(|(name, help, _)| (name, help));
    let overall = OVERALL.iter().map(|(name, help)| (name, help));
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
        "Bytes of H.264 that came from the camera.",
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
        "razz_camera_restarts_total",
        "Panics in this camera's own work, each followed by its restart.",
        Read::Counter(|camera| u64::from(camera.status().restarts)),
    ),
    (
        FIRST_PACKET,
        "From a frame's last packet in to its first packet out to a viewer.",
        Read::Histogram(|camera| camera.status().first_packet_us.all.clone()),
    ),
    (
        TRACKS,
        "From a detected frame's last packet in to its tracks out.",
        Read::Histogram(|camera| camera.status().tracks_us.all.clone()),
    ),
];

/// The metrics of the process as a whole: name and meaning.
const OVERALL: &[(&str, &str)] = &[
    ("razz_build_info", "1; the version, engine and model are its labels."),
    ("razz_viewers", "Viewer sessions, all cameras together."),
    ("razz_cameras", "Cameras, online or not."),
    (INFERENCE, "Time that the detector took for a picture, by engine."),
    ("process_cpu_seconds_total", "User and system CPU time."),
    ("process_resident_memory_bytes", "Resident memory."),
    ("process_open_fds", "Open file descriptors."),
    ("process_threads", "Threads."),
    ("process_start_time_seconds", "Start of the process in UNIX seconds."),
];

/// The media type of [`render`].
pub(crate) const MEDIA_TYPE: &str = prometheus::TEXT_FORMAT;

/// All metrics as they are now.
///
/// # Errors
/// Where a camera's settings made a metric that cannot be: none is known.
pub(crate) fn render(
    cameras: &Cameras,
    pool: &Pool,
    viewers: usize,
    clock: Clock,
) -> prometheus::Result<Vec<u8>> {
    let registry = Registry::new();
    let register = |metric: Box<dyn Collector>| registry.register(metric);
    for camera in cameras.list() {
        for (name, help, read) in PER_CAMERA {
            let labelled = || Opts::new(*name, *help).const_label("camera", camera.id.to_string());
            register(match read {
                Read::Counter(read) => Box::new(counter(labelled(), read(&camera))?),
                Read::Gauge(read) => Box::new(gauge(labelled(), read(&camera))?),
                Read::Histogram(read) => Box::new(read(&camera)),
            })?;
        }
    }
    let engine = match pool.state() {
        ModelState::Ready { engine } => engine,
        ModelState::Off | ModelState::Loading | ModelState::Failed { .. } => String::new(),
    };
    let usage = process::now();
    for (name, help) in OVERALL {
        let opts = Opts::new(*name, *help);
        let value = match *name {
            "razz_build_info" => {
                let opts = opts
                    .const_label("version", env!("CARGO_PKG_VERSION"))
                    .const_label("engine", engine.as_str())
                    .const_label("model", pool.model_name());
                register(Box::new(gauge(opts, 1.0)?))?;
                continue;
            }
            INFERENCE => {
                if let Some(inference) = pool.inference() {
                    register(Box::new(inference))?;
                }
                continue;
            }
            "process_cpu_seconds_total" => {
                let counter = prometheus::Counter::with_opts(opts)?;
                counter.inc_by(usage.cpu_seconds.max(0.0));
                register(Box::new(counter))?;
                continue;
            }
            "razz_viewers" => viewers as f64,
            "razz_cameras" => cameras.list().len() as f64,
            "process_resident_memory_bytes" => usage.resident_bytes as f64,
            "process_open_fds" => usage.open_files as f64,
            "process_threads" => usage.threads as f64,
            "process_start_time_seconds" => {
                clock.wall_us() as f64 / 1e6 - clock.uptime().as_secs_f64()
            }
            other => unreachable!("{other} has a name and no value"),
        };
        register(Box::new(gauge(opts, value)?))?;
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
        for (name, help) in OVERALL {
            let (kind, labels) = match *name {
                INFERENCE => ("histogram", "`engine`"),
                "razz_build_info" => ("gauge", "`version`, `engine`, `model`"),
                name if name.ends_with("_total") => ("counter", ""),
                _ => ("gauge", ""),
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
        let histogram = inference("rten");
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
}
