//! The API that pages and scripts read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use razz_base::{Codec, MonoTime, WallTime};
use razz_media::ring::{NoReplay, Unit};
use razz_vision::{Decoders, Picture};

use super::App;
use super::problem::Problem;
use crate::metrics;
use crate::track_feed;
use crate::wire;
use razz_access::Grant;
use razz_analysis::{ModelState, Pictures};
use razz_base::CameraState;
use razz_base::{DetectFrom, DetectRate};
use razz_delivery::Counters;
use razz_hub::Camera;

/// JPEG quality of snapshots: no visible loss, a tenth of the raw size.
const SNAPSHOT_QUALITY: u8 = 85;

/// A decoded picture older than this is not the newest one when access units still come.
const FRESH_US: i64 = 1_000_000;

/// Said while the current GOP does not fit the ring.
const LONG_GOP: &str = "the time between key frames is longer than `viewers.ring_bytes` of video: \
                        new viewers wait for the next key frame; set a shorter key frame interval \
                        (I-frame interval, GOP) on the camera, or raise `ring_bytes`";

pub(super) async fn cameras(
    State(app): State<App>,
    Extension(grant): Extension<Grant>,
) -> Json<Vec<wire::CameraInfo>> {
    let cameras = app.cameras.list();
    let visible = cameras.iter().filter(|camera| grant.scope.sees(camera.id));
    Json(visible.map(|camera| info(camera)).collect())
}

pub(super) async fn camera(
    State(app): State<App>,
    Path(camera): Path<String>,
) -> Result<Json<wire::CameraInfo>, Problem> {
    Ok(Json(info(&*app.camera(&camera)?)))
}

pub(super) async fn status(
    State(app): State<App>,
    Path(camera): Path<String>,
) -> Result<Json<wire::CameraStatus>, Problem> {
    Ok(Json(camera_status(&app, &*app.camera(&camera)?)))
}

/// The newest track frame: the WebSocket's object.
pub(super) async fn tracks(
    State(app): State<App>,
    Path(camera): Path<String>,
) -> Result<Json<wire::TrackMessage>, Problem> {
    let camera = app.camera(&camera)?;
    let newest = camera.tracks.newest();
    let now = app.clock.mono();
    Ok(Json(match newest {
        Some(published) => track_feed::message(&published, &camera, now),
        None => track_feed::idle_message(&camera, app.clock),
    }))
}

/// The newest picture, with the RTP timestamp that names its frame. A camera's own JPEG is handed on as it
/// came.
pub(super) async fn snapshot(
    State(app): State<App>,
    Path(camera): Path<String>,
) -> Result<Response, Problem> {
    let camera = app.camera(&camera)?;
    if let Some(unit) = own_jpeg(&camera) {
        let (time, wall) = (unit.au.key.time, unit.au.wall);
        return Ok(jpeg_answer(unit.au.data.clone().into(), time.rtp_timestamp(), wall));
    }
    let (now, pictures) = (app.clock.mono(), Arc::clone(&app.pictures));
    let decoders = app.decoders.clone();
    let encoded = tokio::task::spawn_blocking(move || {
        let picture = newest(&camera, &pictures, &decoders, now)?;
        let jpeg = razz_vision::encode_jpeg(&picture, SNAPSHOT_QUALITY).map_err(|e| e.to_string());
        Some(jpeg.map(|jpeg| (jpeg, picture.key.time.rtp_timestamp(), picture.wall)))
    });
    let encoded = encoded.await.map_err(|_| Problem::internal("the picture cannot be encoded"))?;
    let (jpeg, rtp_timestamp, wall) =
        encoded.ok_or_else(no_picture)?.map_err(|error| Problem::internal(&error))?;
    Ok(jpeg_answer(jpeg.into(), rtp_timestamp, wall))
}

/// The newest picture of a camera that sends JPEG; `None` of any other.
fn own_jpeg(camera: &Camera) -> Option<Arc<Unit>> {
    camera.stream.format().filter(|format| format.codec == Codec::Mjpeg)?;
    camera.stream.replay()?.pop().filter(|newest| newest.au.codec() == Codec::Mjpeg)
}

fn jpeg_answer(jpeg: Body, rtp_timestamp: u32, wall: WallTime) -> Response {
    let headers = [
        (header::CONTENT_TYPE.as_str(), "image/jpeg".to_owned()),
        (header::CACHE_CONTROL.as_str(), "no-store".to_owned()),
        ("x-rtp-timestamp", rtp_timestamp.to_string()),
        ("x-timestamp", format!("{:.6}", WallTime::as_secs(wall))),
    ];
    (headers, jpeg).into_response()
}

/// The newest picture of a camera, decoded now where nobody else does it; not for the runtime's
/// threads.
pub(super) fn newest(
    camera: &Camera,
    pictures: &Pictures,
    decoders: &Decoders,
    now: MonoTime,
) -> Option<Picture> {
    let decoded = pictures.newest(camera.id);
    let fresh = |picture: &Picture| now.since_us(picture.received) < FRESH_US;
    if decoded.as_ref().is_some_and(fresh) {
        return decoded;
    }
    let gop = camera.stream.replay().unwrap_or_default();
    razz_vision::decode_newest(decoders, gop.iter().map(|unit| &unit.au)).or(decoded)
}

pub(super) fn no_picture() -> Problem {
    Problem::not_ready("no picture of this camera has been decoded yet; its /status says why")
}

pub(super) async fn stats(
    State(app): State<App>,
    Extension(grant): Extension<Grant>,
) -> Json<wire::Stats> {
    let mut model_notes = Vec::new();
    let (model_state, engine, model_error) = match app.control.pool().state() {
        ModelState::Off => (wire::ModelState::Off, None, None),
        ModelState::Loading => (wire::ModelState::Loading, None, None),
        ModelState::Ready { engine, remarks } => {
            model_notes = remarks;
            (wire::ModelState::Ready, Some(engine), None)
        }
        ModelState::Failed { error } => (wire::ModelState::Failed, None, Some(error)),
    };
    let cameras = app.cameras.list();
    let usage = app.usage.read();
    Json(wire::Stats {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        uptime_s: app.clock.uptime().as_secs(),
        engine,
        model: app.control.pool().model_name().to_owned(),
        model_state,
        model_error,
        model_notes,
        viewers: app.viewers.count(),
        delivery: delivery(app.viewers.counters()),
        cpu_percent: usage.cpu_percent,
        memory_bytes: usage.memory_bytes,
        cameras_that_fit: app.control.pool().cameras_that_fit(),
        cameras: cameras
            .iter()
            .filter(|camera| grant.scope.sees(camera.id))
            .map(|camera| (camera.id.as_u32(), camera_status(&app, camera)))
            .collect(),
    })
}

/// Everything that is counted.
pub(super) async fn metrics(State(app): State<App>) -> Result<Response, Problem> {
    let pool = app.control.pool();
    let whole = metrics::Whole {
        cameras: &app.cameras,
        recordings: app
            .recorder
            .as_ref()
            .map(|recorder| recorder.status().kept.room)
            .unwrap_or_default(),
        pool: &pool,
        viewers: &app.viewers,
        queues: app.events.queues(),
        facts: app.facts.feed(),
        clock: app.clock,
    };
    let text = metrics::render(&whole).map_err(|error| Problem::internal(&error.to_string()))?;
    Ok(([(header::CONTENT_TYPE, metrics::MEDIA_TYPE)], text).into_response())
}

fn delivery(counters: &Counters) -> wire::Delivery {
    let now = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    wire::Delivery {
        sent: now(&counters.sent),
        sends: now(&counters.sends),
        unsent: now(&counters.unsent),
        strays: now(&counters.strays),
        dropped: now(&counters.dropped),
        replays: now(&counters.replays),
        waits: now(&counters.waits),
        keyframe_requests: now(&counters.keyframe_requests),
    }
}

/// The process lives.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// Ready when everything that was asked for is at work: the model is loaded or none is wanted, and
/// every camera of the config was begun and has been dialled once. That all addresses are bound is
/// so before anybody can ask. What is missing is said, all of it, to who is let in.
pub(super) async fn readyz(
    State(app): State<App>,
    grant: Option<Extension<Grant>>,
) -> Result<&'static str, Problem> {
    let mut missing = Vec::new();
    match app.control.pool().state() {
        ModelState::Loading => missing.push("the model is being loaded".to_owned()),
        ModelState::Failed { error } => missing.push(error),
        ModelState::Off | ModelState::Ready { .. } => {}
    }
    for id in app.control.wanted_cameras() {
        match app.cameras.find(id) {
            None => missing.push(format!("camera {id} is being started")),
            Some(camera) => {
                let ingest = camera.health.ingest();
                if ingest.state == CameraState::Connecting && ingest.runs == 0 {
                    missing.push(format!("camera {id} is being connected"));
                }
            }
        }
    }
    match (missing.as_slice(), grant) {
        ([], _) => Ok("ready\n"),
        (_, None) => Err(Problem::not_ready("not yet")),
        (missing, Some(_)) => Err(Problem::not_ready(&missing.join("; "))),
    }
}

pub(super) fn info(camera: &Camera) -> wire::CameraInfo {
    wire::CameraInfo::new(camera.id, &camera.settings(), camera.health.state())
}

fn camera_status(app: &App, camera: &Camera) -> wire::CameraStatus {
    let now = app.clock.mono();
    let settings = camera.settings();
    let health = camera.health.snapshot(now);
    let wanted = match settings.detect_rate {
        DetectRate::Off => 0.0,
        DetectRate::PerSecond(rate) => rate,
        DetectRate::Max => health.received.per_second,
    };
    let got = health.detected.per_second + health.unchanged.per_second;
    let skipped = health.skipped.per_second;
    let mut advice = health.advice.clone();
    let short = health.load.short;
    if matches!(settings.detect_rate, DetectRate::PerSecond(_)) && short && got < 0.9 * wanted {
        let decoding = health.load.decode_cores.map_or_else(String::new, |cores| {
            format!(" (decoding this camera alone takes {:.0} % of a core)", 100.0 * cores)
        });
        let built_in = health.decoder.as_deref().is_some_and(|name| !name.starts_with("ffmpeg"));
        let library = match built_in {
            true => {
                " FFmpeg's libavcodec decodes in half the time (`apt install libavcodec-extra`)."
            }
            false => "",
        };
        let smaller = match settings.detect_from {
            DetectFrom::Main => {
                "The camera's smaller stream takes a fraction (`sub_url` and `detect_from = \"sub\"`); fewer"
            }
            DetectFrom::Sub => "Fewer",
        };
        advice.push(format!(
            "this machine cannot do all that its cameras want{decoding}: {got:.1} of {wanted} \
             detections a second are left for this one.{library} {smaller} detect_fps, a smaller model or a faster engine leave more for it, \
             and so does a higher priority"
        ));
    } else if matches!(settings.detect_rate, DetectRate::PerSecond(_))
        && is_short(wanted, got, skipped)
    {
        advice.push(format!(
            "detection reaches {got:.1} of the {wanted} pictures a second that are wanted: lower \
             detect_fps, take a smaller model, or a faster engine"
        ));
    }
    if camera.stream.no_replay() == Some(NoReplay::TooLong) {
        advice.push(LONG_GOP.to_owned());
    }
    let sub = sub_status(camera, now);
    if let Some(sub) = &sub
        && sub.wanted
        && !sub.used
    {
        let why = sub.error.as_ref().map_or_else(String::new, |error| format!(" ({error})"));
        advice.push(format!(
            "the smaller stream of `sub_url` does not come{why}: the main stream is detected on until it \
             does, which takes more of the machine"
        ));
    }
    let microseconds = |[p50, p99]: [f64; 2]| wire::FirstPacket { p50, p99 };
    wire::CameraStatus {
        state: health.state.into(),
        since: health.since_us as f64 / 1e6,
        codec: health.codec().map(str::to_owned),
        profile: health.format.as_ref().map(|format| format.profile.to_owned()),
        size: health.size().map(|size| [size.width, size.height]),
        pixel_aspect: health.format.as_ref().and_then(|format| format.stated_aspect()),
        gop_frames: health.gop_frames,
        b_frames: health.codec().is_some().then_some(health.reorders()),
        decoder: health.decoder.clone(),
        fps: wire::FrameRates {
            received: health.received.per_second,
            decoded: health.decoded.per_second,
            detected: health.detected.per_second,
            wanted,
            skipped,
            unchanged: health.unchanged.per_second,
        },
        detect_fps_wanted: wanted,
        detect_fps_got: got,
        short,
        decode_ms: health.load.decode_cores.map(|cores| 1e3 * cores),
        idle: health.idle.map(Into::into),
        latency_ms: health
            .tracks_us
            .map(|[p50, p95]| wire::Latency { p50: p50 / 1e3, p95: p95 / 1e3 }),
        first_packet_us: health.first_packet_us.map(microseconds),
        last_packet_us: health.last_packet_us.map(microseconds),
        reconnects: health.runs.saturating_sub(1),
        lost_packets: health.lost_packets,
        oddities: health.oddities,
        bitrate_kbps: (health.bitrate / 1e3).round() as u32,
        viewers: health.viewers,
        last_error: health.last_error,
        advice,
        sub,
        renditions: wire::RenditionsStatus::of(camera.renditions.snapshot(now)),
    }
}

/// How the camera's sub-stream fares, where there is one.
fn sub_status(camera: &Camera, now: MonoTime) -> Option<wire::SubStatus> {
    camera.settings().sub_address.as_ref()?;
    let sub = camera.sub.snapshot(now);
    let mapping = sub.detection.mapping;
    Some(wire::SubStatus {
        wanted: sub.wanted,
        online: sub.state == CameraState::Online,
        used: sub.detection.used,
        error: sub.error,
        advice: sub.advice,
        codec: sub.format.as_ref().map(|format| format.codec.name().to_owned()),
        size: sub.format.as_ref().map(|format| [format.size.width, format.size.height]),
        fps: sub.received,
        reconnects: sub.reconnects,
        lost_packets: sub.lost_packets,
        mapping: mapping.map(|(by, error_ms)| wire::SubMapping { by, error_ms }),
    })
}

/// Whether detection falls behind what is wanted for want of capacity: pictures give way to newer
/// ones. A camera that sends fewer pictures than are wanted has none that give way.
fn is_short(wanted: f64, got: f64, skipped: f64) -> bool {
    got < 0.9 * wanted && skipped > 0.05 * wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacity_is_short_when_pictures_give_way() {
        for (wanted, got, skipped, short) in [
            (6.0, 6.0, 0.0, false),
            (6.0, 3.1, 2.9, true),
            (6.0, 5.8, 0.2, false),
            // The camera sends no more.
            (30.0, 15.0, 0.0, false),
            (0.0, 0.0, 0.0, false),
        ] {
            assert_eq!(
                is_short(wanted, got, skipped),
                short,
                "{got} of {wanted}, {skipped} skipped"
            );
        }
    }
}
