//! Everything that is counted, in Prometheus' text format. This is the one place where a metric has
//! its name; `docs/reference/metrics.md` follows from it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus::Encoder as _;
use prometheus::proto::{Metric, MetricType};

use razz_analysis::{Inference, ModelState, Pool};
use razz_base::CameraState;
use razz_delivery::{Counters, Viewers};
use razz_hub::facts::Facts;
use razz_hub::health::{Histogram, Idle, Snapshot};
use razz_hub::recording::Kept;
use razz_hub::renditions::RenditionsSnapshot;
use razz_hub::{Camera, Cameras};
use razz_notify::Queue;
use razz_observe::clock::Clock;
use razz_observe::process;
use razz_store::space::Room;

mod area;
mod family;
mod rendition;

use area::PER_AREA;
use family::{counter, family, gauge, histogram};
use rendition::{PER_RENDITION, ReadRendition};

const FIRST_PACKET: &str = "razz_camera_first_packet_seconds";
const TRACKS: &str = "razz_camera_tracks_seconds";
const INFERENCE: &str = "razz_inference_seconds";
const BATCH: &str = "razz_inference_batch_pictures";
const CPU: &str = "razz_cpu_seconds_total";

/// One camera at one moment: every metric of a scrape is read from the same.
struct CameraNow {
    health: Snapshot,
    /// Objects in the newest track frame.
    tracks: usize,
    renditions: RenditionsSnapshot,
    not_recorded: bool,
    recorded: Kept,
}

impl CameraNow {
    fn of(camera: &Camera, clock: Clock) -> Self {
        let tracks = camera.tracks.newest().map_or(0, |newest| newest.frame.tracks.len());
        let now = clock.mono();
        let (health, renditions) = (camera.health.snapshot(now), camera.renditions.snapshot(now));
        let not_recorded = camera.recording.not_recorded().is_some();
        Self { health, tracks, renditions, not_recorded, recorded: camera.recording.kept() }
    }
}

/// What a metric of one camera is read from.
enum Read {
    /// Grows for as long as the camera is not changed.
    Counter(fn(&CameraNow) -> u64),
    /// CPU time, which grows likewise.
    Seconds(fn(&CameraNow) -> f64),
    /// Goes up and down.
    Gauge(fn(&CameraNow) -> f64),
    /// Durations.
    Histogram(fn(&CameraNow) -> &Histogram),
    /// Grow for as long as the camera is not changed, one for each kind that there was.
    Kinds(fn(&CameraNow) -> &BTreeMap<&'static str, u64>),
}

/// A metric of one camera: name, meaning, value.
type PerCamera = (&'static str, &'static str, Read);

/// Every metric that carries the label `camera`.
const PER_CAMERA: &[PerCamera] = &[
    (
        "razz_camera_online",
        "1 while video comes in, else 0.",
        Read::Gauge(|camera| f64::from(camera.health.state == CameraState::Online)),
    ),
    (
        "razz_camera_decode_cores",
        "Cores that decoding all of its pictures takes; 0 while that is not known.",
        Read::Gauge(|camera| camera.health.load.decode_cores.unwrap_or_default()),
    ),
    (
        "razz_camera_short",
        "1 while it gets less than it wants, since the machine cannot do all that cameras want.",
        Read::Gauge(|camera| f64::from(u8::from(camera.health.load.short))),
    ),
    (
        "razz_camera_dozes",
        "1 while only its key frames are decoded, since nothing moves.",
        Read::Gauge(|camera| f64::from(u8::from(camera.health.idle == Some(Idle::KeyFrames)))),
    ),
    (
        "razz_camera_frames_received_total",
        "Frames that came from the camera.",
        Read::Counter(|camera| camera.health.received.total),
    ),
    (
        "razz_camera_received_bytes_total",
        "Bytes of video that came from the camera.",
        Read::Counter(|camera| camera.health.received_bytes),
    ),
    (
        "razz_camera_lost_packets_total",
        "RTP packets that were lost on the way from the camera.",
        Read::Counter(|camera| camera.health.lost_packets),
    ),
    (
        "razz_camera_oddities_total",
        "What the camera did that RTSP, RTP or its codec do not allow, by kind; each cost itself alone.",
        Read::Kinds(|camera| &camera.health.oddities),
    ),
    (
        "razz_camera_reconnects_total",
        "RTSP sessions after the first that brought pictures.",
        Read::Counter(|camera| u64::from(camera.health.runs.saturating_sub(1))),
    ),
    (
        "razz_camera_gop_frames",
        "Frames from one IDR to the next, by the last whole GOP; 0 before that.",
        Read::Gauge(|camera| f64::from(camera.health.gop_frames.unwrap_or(0))),
    ),
    (
        "razz_camera_frames_decoded_total",
        "Frames decoded for detection.",
        Read::Counter(|camera| camera.health.decoded.total),
    ),
    (
        "razz_camera_frames_detected_total",
        "Frames that the detector looked at.",
        Read::Counter(|camera| camera.health.detected.total),
    ),
    (
        "razz_camera_frames_unchanged_total",
        "Frames due for detection on which nothing had moved since the last one.",
        Read::Counter(|camera| camera.health.unchanged.total),
    ),
    (
        "razz_camera_frames_skipped_total",
        "Frames due for detection that gave way to newer ones for want of capacity.",
        Read::Counter(|camera| camera.health.skipped.total),
    ),
    (
        "razz_camera_tracks",
        "Objects in the newest track frame.",
        Read::Gauge(|camera| camera.tracks as f64),
    ),
    ("razz_camera_viewers", "Viewer sessions.", Read::Gauge(|camera| camera.health.viewers as f64)),
    (
        "razz_camera_viewer_sent_bytes_total",
        "Bytes of datagrams to this camera's viewers.",
        Read::Counter(|camera| camera.health.sent_bytes),
    ),
    (
        "razz_camera_viewer_nacks_total",
        "Requests of viewers to send packets again (generic NACK).",
        Read::Counter(|camera| camera.health.nacks),
    ),
    (
        "razz_camera_viewer_plis_total",
        "Picture loss indications of viewers (PLI).",
        Read::Counter(|camera| camera.health.plis),
    ),
    (
        "razz_camera_viewer_keyframe_requests_total",
        "Key frames that viewers asked for, by PLI or FIR.",
        Read::Counter(|camera| camera.health.keyframe_requests),
    ),
    (
        "razz_camera_viewer_replays_total",
        "GOPs sent again to viewers, the first of each session included.",
        Read::Counter(|camera| camera.health.replays),
    ),
    (
        "razz_camera_viewer_waits_total",
        "Times that a viewer was made to wait for the next key frame.",
        Read::Counter(|camera| camera.health.waits),
    ),
    (
        "razz_camera_restarts_total",
        "Panics in this camera's own work, each followed by its restart.",
        Read::Counter(|camera| u64::from(camera.health.restarts)),
    ),
    (
        FIRST_PACKET,
        "From a frame's last packet in to its first packet out to the first of its viewers.",
        Read::Histogram(|camera| &camera.health.first_packet),
    ),
    (
        TRACKS,
        "From a detected frame's last packet in to its tracks out.",
        Read::Histogram(|camera| &camera.health.tracks),
    ),
    (
        "razz_camera_recording_stopped",
        "1 while it should be recorded and is not, else 0.",
        Read::Gauge(|camera| f64::from(u8::from(camera.not_recorded))),
    ),
    (
        "razz_camera_recorded_bytes_total",
        "Bytes of footage that were written.",
        Read::Counter(|camera| camera.recorded.bytes),
    ),
    (
        "razz_camera_recorded_frames_total",
        "Frames that were recorded.",
        Read::Counter(|camera| camera.recorded.frames),
    ),
    (
        "razz_camera_recording_given_up_frames_total",
        "Frames that were not recorded because the disk was slower than the cameras.",
        Read::Counter(|camera| camera.recorded.given_up),
    ),
    (
        "razz_camera_rendition_decode_cpu_seconds_total",
        "CPU time of decoding for other encodings, beside that for detection.",
        Read::Seconds(|camera| camera.renditions.decode_cpu_seconds),
    ),
];

/// A metric of one subscriber to events: name, meaning, value.
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
        ReadQueue::Gauge(|queue| queue.waiting() as f64),
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
    pub(crate) recordings: Room,
    pub(crate) pool: &'a Pool,
    pub(crate) viewers: &'a Viewers,
    /// Of those who subscribe to events.
    pub(crate) queues: &'a [Arc<Queue>],
    /// What is counted at lines and zones.
    pub(crate) facts: &'a Facts,
    pub(crate) clock: Clock,
}

/// What a metric of the whole is read from.
enum ReadWhole {
    /// Grows for as long as the process lives.
    Counter(fn(&Whole<'_>, &process::Now) -> f64),
    /// Goes up and down.
    Gauge(fn(&Whole<'_>, &process::Now) -> f64),
    /// By engine, once there is one.
    Histogram(fn(Inference) -> Histogram),
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
        ReadWhole::Histogram(|inference| inference.seconds),
    ),
    (
        BATCH,
        "Pictures that the detector took at once, by engine.",
        ReadWhole::Histogram(|inference| inference.batch),
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
        "razz_cameras_that_fit",
        "Cameras like those that send now that would get all the detections they want; 0 while it is \
         not known what they cost.",
        ReadWhole::Gauge(|whole, _| whole.pool.cameras_that_fit().unwrap_or_default()),
    ),
    (
        "razz_recordings_bytes",
        "What all recordings take on the disk; 0 where nothing is recorded.",
        ReadWhole::Gauge(|whole, _| whole.recordings.used as f64),
    ),
    (
        "razz_recordings_free_bytes",
        "What is free on the disk of the recordings; 0 where nothing is recorded.",
        ReadWhole::Gauge(|whole, _| whole.recordings.free as f64),
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
/// Where they cannot be written as text: no such case is known.
pub(crate) fn render(whole: &Whole<'_>) -> prometheus::Result<Vec<u8>> {
    let mut families = Vec::new();
    let cameras = whole.cameras.list();
    let now: Vec<_> = cameras
        .iter()
        .map(|camera| (camera.id.to_string(), CameraNow::of(camera, whole.clock)))
        .collect();
    for (name, help, read) in PER_CAMERA {
        let metrics = now.iter().flat_map(|(id, camera)| {
            let labels = [("camera", id.as_str())];
            match read {
                Read::Counter(read) => vec![counter(&labels, read(camera) as f64)],
                Read::Seconds(read) => vec![counter(&labels, read(camera))],
                Read::Gauge(read) => vec![gauge(&labels, read(camera))],
                Read::Histogram(read) => vec![histogram(&labels, read(camera))],
                Read::Kinds(read) => {
                    let of_kind = |(kind, count): (&&str, &u64)| {
                        counter(&[("camera", id), ("kind", kind)], *count as f64)
                    };
                    read(camera).iter().map(of_kind).collect()
                }
            }
        });
        families.extend(family(name, help, read.kind(), metrics.collect()));
    }
    for (name, help, read) in PER_RENDITION {
        let metrics = now.iter().flat_map(|(id, camera)| {
            camera.renditions.rungs.iter().map(move |rung| {
                let labels = [("camera", id.as_str()), ("rendition", rung.rung.name())];
                match read {
                    ReadRendition::Counter(read) => counter(&labels, read(rung)),
                    ReadRendition::Gauge(read) => gauge(&labels, read(rung)),
                }
            })
        });
        families.extend(family(name, help, read.kind(), metrics.collect()));
    }
    for (name, help, read) in PER_QUEUE {
        let metrics = whole.queues.iter().map(|queue| {
            let labels = [("to", queue.name.as_str())];
            match read {
                ReadQueue::Counter(read) => counter(&labels, read(queue) as f64),
                ReadQueue::Gauge(read) => gauge(&labels, read(queue)),
            }
        });
        families.extend(family(name, help, read.kind(), metrics.collect()));
    }
    for (name, help, read) in PER_AREA {
        families.extend(family(name, help, read.kind, (read.read)(whole.facts)));
    }
    let usage = process::now();
    for (name, help, read) in OVERALL {
        families.extend(family(name, help, read.kind(), read.metrics(whole, &usage)));
    }
    families.sort_by(|a, b| a.name().cmp(b.name()));
    let mut text = Vec::new();
    prometheus::TextEncoder::new().encode(&families, &mut text)?;
    Ok(text)
}

impl Read {
    fn kind(&self) -> MetricType {
        match self {
            Self::Counter(_) | Self::Seconds(_) | Self::Kinds(_) => MetricType::COUNTER,
            Self::Gauge(_) => MetricType::GAUGE,
            Self::Histogram(_) => MetricType::HISTOGRAM,
        }
    }
}

impl ReadQueue {
    fn kind(&self) -> MetricType {
        match self {
            Self::Counter(_) => MetricType::COUNTER,
            Self::Gauge(_) => MetricType::GAUGE,
        }
    }
}

impl ReadWhole {
    fn kind(&self) -> MetricType {
        match self {
            Self::Counter(_) | Self::Stages => MetricType::COUNTER,
            Self::Gauge(_) | Self::Info => MetricType::GAUGE,
            Self::Histogram(_) => MetricType::HISTOGRAM,
        }
    }

    fn metrics(&self, whole: &Whole<'_>, usage: &process::Now) -> Vec<Metric> {
        match self {
            Self::Counter(read) => vec![counter(&[], read(whole, usage).max(0.0))],
            Self::Gauge(read) => vec![gauge(&[], read(whole, usage))],
            Self::Histogram(read) => {
                let inference = whole.pool.inference();
                let metrics = inference.map(|inference| {
                    let engine = inference.engine.clone();
                    histogram(&[("engine", &engine)], &read(inference))
                });
                metrics.into_iter().collect()
            }
            Self::Stages => {
                let stages = whole.pool.stage_times().seconds();
                stages.map(|(stage, seconds)| counter(&[("stage", stage)], seconds)).to_vec()
            }
            Self::Info => {
                let engine = match whole.pool.state() {
                    ModelState::Ready { engine, .. } => engine,
                    ModelState::Off | ModelState::Loading | ModelState::Failed { .. } => {
                        String::new()
                    }
                };
                let labels = [
                    ("version", env!("CARGO_PKG_VERSION")),
                    ("engine", &engine),
                    ("model", whole.pool.model_name()),
                ];
                vec![gauge(&labels, 1.0)]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every name there is.
    fn known() -> impl Iterator<Item = &'static str> {
        let camera = PER_CAMERA.iter().map(|(name, ..)| *name);
        let queue = PER_QUEUE.iter().map(|(name, ..)| *name);
        let rendition = PER_RENDITION.iter().map(|(name, ..)| *name);
        let area = PER_AREA.iter().map(|(name, ..)| *name);
        camera
            .chain(rendition)
            .chain(queue)
            .chain(area)
            .chain(OVERALL.iter().map(|(name, ..)| *name))
    }

    #[test]
    fn the_reference_is_current() {
        let mut page = String::from(
            "# Metrics\n\
             <!-- Written from crates/api/src/metrics.rs: RAZZ_UPDATE=1 cargo test -p razz-api \
             metrics. What is changed here is overwritten. -->\n\n\
             `GET /metrics` on `server.listen`, in Prometheus' text format.\n\n\
             | metric | type | labels | meaning |\n|---|---|---|---|\n",
        );
        for (name, help, read) in PER_CAMERA {
            let (kind, labels) = match read {
                Read::Counter(_) | Read::Seconds(_) => ("counter", "`camera`"),
                Read::Gauge(_) => ("gauge", "`camera`"),
                Read::Histogram(_) => ("histogram", "`camera`"),
                Read::Kinds(_) => ("counter", "`camera`, `kind`"),
            };
            page += &format!("| `{name}` | {kind} | {labels} | {help} |\n");
        }
        for (name, help, read) in PER_RENDITION {
            let kind = match read {
                ReadRendition::Counter(_) => "counter",
                ReadRendition::Gauge(_) => "gauge",
            };
            page += &format!("| `{name}` | {kind} | `camera`, `rendition` | {help} |\n");
        }
        for (name, help, read) in PER_QUEUE {
            let kind = match read {
                ReadQueue::Counter(_) => "counter",
                ReadQueue::Gauge(_) => "gauge",
            };
            page += &format!("| `{name}` | {kind} | `to` | {help} |\n");
        }
        for (name, help, read) in PER_AREA {
            let kind = if read.kind == MetricType::GAUGE { "gauge" } else { "counter" };
            page += &format!("| `{name}` | {kind} | {} | {help} |\n", read.labels);
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
        assert_eq!(found, page, "renew it with RAZZ_UPDATE=1 cargo test -p razz-api metrics");
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
