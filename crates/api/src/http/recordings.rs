//! What is recorded: where there is footage, and the footage itself.

use std::io;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use futures_util::stream;
use razz_access::Grant;
use razz_base::CameraId;
use razz_export::{Entry, plain_name};
use razz_recorder::Recorder;
use razz_store::archive::{Archive, Moment, NoMoment, ReadError};
use razz_store::clip::Clip;
use razz_store::footage::{Footage, Wanted};
use razz_store::name::FileName;
use serde::Deserialize;
use tokio::sync::Semaphore;

use super::App;
use super::problem::{Problem, QueryParameters};
use super::ranges::{self, ReadAt};
use crate::wire::{self, ProblemKind};

/// Without `from` and `to` a timeline shows the last day.
const DAY_US: i64 = 86_400_000_000;
/// Tracks are answered of so long at most, in µs of media time.
const LONGEST_US: i64 = 3_600_000_000;
/// JPEG quality of recorded pictures, which are looked at small.
const PICTURE_QUALITY: u8 = 75;
/// How many recorded pictures are decoded at a time: viewers come first.
static PICTURES: Semaphore = Semaphore::const_new(2);
/// Buckets of the density where nothing else is said, and visits.
const POINTS: usize = 400;
const VISITS: usize = 200;

/// What `GET /api/recordings` is asked for.
#[derive(Deserialize)]
pub(super) struct ListQuery {
    /// Ids with commas between; all of them where it is left out.
    camera: Option<String>,
    from: Option<String>,
    to: Option<String>,
    /// Buckets of the density.
    points: Option<usize>,
    /// Of visits.
    class: Option<String>,
    limit: Option<usize>,
}

impl ListQuery {
    /// The span, which is the last day where nothing else is said.
    fn span(&self, now_us: i64) -> Result<[Moment; 2], Problem> {
        let from = moment_or("from", self.from.as_deref(), now_us - DAY_US)?;
        Ok([from, moment_or("to", self.to.as_deref(), now_us)?])
    }
}

/// What span of a camera.
#[derive(Deserialize)]
pub(super) struct SpanQuery {
    from: String,
    to: String,
    /// `1`: key pictures alone.
    keys: Option<String>,
}

/// `GET /api/recordings`.
pub(super) async fn list(
    State(app): State<App>,
    Extension(grant): Extension<Grant>,
    QueryParameters(query): QueryParameters<ListQuery>,
) -> Result<Json<wire::Recordings>, Problem> {
    let now_us = app.clock.wall_us();
    let [from, to] = query.span(now_us)?;
    // That nothing is recorded is no error: pages ask, and show what there is.
    let Some(recorder) = app.recorder.clone() else {
        return Ok(Json(wire::Recordings::none(now_us)));
    };
    let ids = app.in_sight(&grant, query.camera.as_deref())?;
    let points = query.points.unwrap_or(POINTS).clamp(1, 2000);
    let status = recorder.status();
    let room = (&status).into();
    let work = move |archive: Option<&Archive>| {
        let locks = archive.map(|archive| archive.all_locks(from, to)).transpose()?;
        let each = |id: CameraId| {
            let (coverage, density) = match archive {
                Some(archive) => {
                    let unix = [from, to].map(|moment| moment.near_us().div_euclid(1_000_000));
                    let density = archive.density(id, unix, points)?.into();
                    (archive.coverage(id, from, to)?, density)
                }
                None => Default::default(),
            };
            let now = status.cameras.get(&id).cloned();
            let locks = locks.iter().flatten().filter(|lock| lock.camera == id);
            Ok(wire::CameraRecordings::new(id.as_u32(), &coverage, locks, density, now))
        };
        let cameras: Result<Vec<_>, ReadError> = ids.into_iter().map(each).collect();
        Ok((cameras?, status.error))
    };
    let (cameras, error) = off_thread(&recorder, work).await?;
    let key = recorder.key().map(|key| key.to_string());
    Ok(Json(wire::Recordings { now: (now_us / 1000) as f64 / 1e3, error, key, room, cameras }))
}

/// `GET /api/visits`.
pub(super) async fn visits(
    State(app): State<App>,
    Extension(grant): Extension<Grant>,
    QueryParameters(query): QueryParameters<ListQuery>,
) -> Result<Json<wire::Visits>, Problem> {
    let span = query.span(app.clock.wall_us())?;
    let Some(recorder) = app.recorder.clone() else {
        return Ok(Json(wire::Visits { visits: Vec::new() }));
    };
    let ids = app.in_sight(&grant, query.camera.as_deref())?;
    let limit = query.limit.unwrap_or(VISITS).clamp(1, 1000);
    let work = move |archive: &Archive| {
        let mut visits = Vec::new();
        for id in ids {
            visits.extend(archive.visits(id, query.class.as_deref(), span, limit)?);
        }
        visits.sort_by_key(|one| (one.visit.until.wall_us, one.visit.from.wall_us));
        let older = visits.len().saturating_sub(limit);
        Ok(visits.split_off(older))
    };
    let visits = read(&recorder, work).await?;
    Ok(Json(wire::Visits { visits: visits.iter().map(Into::into).collect() }))
}

/// `GET /api/recordings/{camera}/fragments`: as they stand in the files.
pub(super) async fn fragments(
    State(app): State<App>,
    Path(camera): Path<String>,
    QueryParameters(query): QueryParameters<SpanQuery>,
) -> Result<Response, Problem> {
    let (recorder, id) = (recorder(&app)?, app.camera(&camera)?.id);
    let (from, to) = (moment("from", &query.from)?, moment("to", &query.to)?);
    let wanted = match query.keys.as_deref() {
        None | Some("0") => Wanted::All,
        Some("1") => Wanted::Keys,
        Some(_) => return Err(Problem::bad_request("`keys` is 0 or 1")),
    };
    let plan = move |archive: &Archive| archive.footage(id, from, to, wanted);
    let footage = read(&recorder, plan).await?.ok_or_else(nothing)?;
    let headers = [
        (header::CONTENT_TYPE.as_str(), "video/mp4".to_owned()),
        (header::CONTENT_LENGTH.as_str(), footage.bytes().to_string()),
        // What is written still grows.
        (header::CACHE_CONTROL.as_str(), "no-store".to_owned()),
        ("razz-from", footage.from.as_90k().to_string()),
        ("razz-until", footage.until.as_90k().to_string()),
    ];
    Ok((headers, Body::from_stream(parts(footage))).into_response())
}

/// Each part, read when the one before has been taken.
fn parts(footage: Footage) -> impl stream::Stream<Item = io::Result<Bytes>> {
    stream::try_unfold((Arc::new(footage), 0), |(footage, at)| async move {
        if at >= footage.parts() {
            return Ok(None);
        }
        let reading = Arc::clone(&footage);
        let part = tokio::task::spawn_blocking(move || reading.part(at)).await;
        let part = part.map_err(io::Error::other)??;
        Ok(Some((Bytes::from(part), (footage, at + 1))))
    })
}

/// `GET /api/recordings/{camera}/video.mp4`: one file, with byte ranges.
pub(super) async fn video(
    State(app): State<App>,
    Extension(grant): Extension<Grant>,
    Path(camera): Path<String>,
    QueryParameters(query): QueryParameters<SpanQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (recorder, camera) = (recorder(&app)?, app.camera(&camera)?);
    let (from, to) = (moment("from", &query.from)?, moment("to", &query.to)?);
    let id = camera.id;
    let plan = move |archive: &Archive| {
        let clip = archive.clip(id, from, to)?;
        Ok(clip.map(|clip| (archive.wall_us(id, clip.from).ok(), clip)))
    };
    let (wall_us, clip) = read(&recorder, plan).await?.ok_or_else(nothing)?;
    if let Some(exports) = &app.exports {
        let span_us = [from, to].map(Moment::near_us);
        let by = grant.who.noted();
        let cameras = &[id][..];
        exports.note_download(&Entry {
            what: "download",
            by: by.as_deref(),
            cameras,
            span_us,
            format: "mp4",
        });
    }
    let name = file_name(&camera.settings().name, wall_us.unwrap_or_default());
    let said = [
        (header::CONTENT_TYPE.as_str(), "video/mp4".to_owned()),
        (header::CONTENT_DISPOSITION.as_str(), format!("inline; filename=\"{name}\"")),
        ("razz-from", clip.from.as_90k().to_string()),
        ("razz-until", clip.until.as_90k().to_string()),
    ];
    let all = clip.bytes;
    Ok(ranges::answer(&headers, clip, all, &said))
}

impl ReadAt for Clip {
    fn read_at(&self, at: u64, out: &mut [u8]) -> io::Result<usize> {
        self.read(at, out)
    }
}

/// `GET /api/recordings/{camera}/tracks`.
pub(super) async fn tracks(
    State(app): State<App>,
    Path(camera): Path<String>,
    QueryParameters(query): QueryParameters<SpanQuery>,
) -> Result<Json<wire::RecordedTracks>, Problem> {
    let (recorder, id) = (recorder(&app)?, app.camera(&camera)?.id);
    let (from, to) = (moment("from", &query.from)?, moment("to", &query.to)?);
    let within = move |archive: &Archive| {
        let (from, to) = (archive.media_time(id, from)?, archive.media_time(id, to)?);
        if to.since_us(from) > LONGEST_US {
            return Ok((true, Vec::new()));
        }
        Ok((false, archive.tracks(id, Moment::Media(from), Moment::Media(to))?))
    };
    let (too_long, frames) = read(&recorder, within).await?;
    if too_long {
        return Err(Problem::bad_request("tracks are answered of an hour at most; ask for parts"));
    }
    Ok(Json(wire::RecordedTracks::new(&frames)))
}

/// What `GET /api/recordings/{camera}/picture.jpg` is asked for.
#[derive(Deserialize)]
pub(super) struct PictureQuery {
    at: String,
    width: Option<u32>,
}

/// `GET /api/recordings/{camera}/picture.jpg`: the key picture at or before a moment, `width` pixels wide or up to twice
/// that.
pub(super) async fn picture(
    State(app): State<App>,
    Path(camera): Path<String>,
    QueryParameters(query): QueryParameters<PictureQuery>,
) -> Result<Response, Problem> {
    let (recorder, id) = (recorder(&app)?, app.camera(&camera)?.id);
    let at = moment("at", &query.at)?;
    if query.width.is_some_and(|width| !(16..=1920).contains(&width)) {
        return Err(Problem::bad_request("`width` is a whole number from 16 to 1920"));
    }
    // Each decodes a picture.
    let _turn =
        PICTURES.acquire().await.map_err(|_| Problem::internal("no picture can be read"))?;
    let decoders = app.decoders.clone();
    let picture = read(&recorder, move |archive| archive.key_picture(id, at)).await?;
    let unit = picture.ok_or_else(nothing)?;
    let time = unit.key.time;
    let decoded = tokio::task::spawn_blocking(move || {
        let mut picture = razz_vision::decode_newest(&decoders, std::iter::once(&unit))?;
        while query.width.is_some_and(|width| picture.size.width / 2 >= width) {
            picture = picture.halved();
        }
        razz_vision::encode_jpeg(&picture, PICTURE_QUALITY).ok()
    });
    let jpeg = decoded.await.ok().flatten();
    let jpeg = jpeg.ok_or_else(|| Problem::internal("the picture cannot be decoded"))?;
    let headers = [
        (header::CONTENT_TYPE.as_str(), "image/jpeg".to_owned()),
        // The past does not change.
        (header::CACHE_CONTROL.as_str(), "private, max-age=3600".to_owned()),
        ("razz-time", time.as_90k().to_string()),
    ];
    Ok((headers, Body::from(jpeg)).into_response())
}

/// Such as `Gate 2026-11-30 14-03-00.120Z.mp4`, of letters that file systems and headers take.
fn file_name(camera: &str, wall_us: i64) -> String {
    let time = FileName::at_us(wall_us).to_string().replace('/', " ");
    format!("{} {time}", plain_name(camera))
}

pub(super) fn recorder(app: &App) -> Result<Arc<Recorder>, Problem> {
    app.recorder.clone().ok_or_else(|| {
        let detail = "nothing is recorded: name a folder as `path` in [record] of the config file and \
                      start razz anew";
        Problem::new(ProblemKind::NotFound, detail)
    })
}

pub(super) fn nothing() -> Problem {
    Problem::new(ProblemKind::NotFound, "nothing is recorded of the camera in that time")
}

/// As [`off_thread`]: nothing where the folder of the recordings could not be opened yet.
pub(super) async fn read<T: Default + Send + 'static>(
    recorder: &Arc<Recorder>,
    work: impl FnOnce(&Archive) -> Result<T, ReadError> + Send + 'static,
) -> Result<T, Problem> {
    off_thread(recorder, |archive| archive.map_or_else(|| Ok(T::default()), work)).await
}

/// Files and databases are read, and the runtime's threads have sockets to serve.
async fn off_thread<T: Send + 'static>(
    recorder: &Arc<Recorder>,
    work: impl FnOnce(Option<&Archive>) -> Result<T, ReadError> + Send + 'static,
) -> Result<T, Problem> {
    let recorder = Arc::clone(recorder);
    let done =
        tokio::task::spawn_blocking(move || work(recorder.archive().map(AsRef::as_ref))).await;
    let done = done.map_err(|_| Problem::internal("the recordings could not be read"))?;
    done.map_err(|error| Problem::internal(&error.to_string()))
}

/// UNIX seconds, or `90k:` and media time.
pub(super) fn moment(name: &str, text: &str) -> Result<Moment, Problem> {
    text.parse().map_err(|error: NoMoment| Problem::bad_request(&format!("`{name}` is {error}")))
}

/// The same; where nothing is said a time in UTC, in µs since 1970.
pub(super) fn moment_or(name: &str, text: Option<&str>, or_us: i64) -> Result<Moment, Problem> {
    text.map_or(Ok(Moment::Wall(or_us)), |text| moment(name, text))
}

#[cfg(test)]
mod tests {
    use razz_base::MediaTime;

    use super::*;

    #[test]
    fn moments_are_seconds_or_ticks() {
        for (text, expected) in [
            ("1764510000.5", Some(Moment::Wall(1_764_510_000_500_000))),
            ("-1", Some(Moment::Wall(-1_000_000))),
            ("90k:158805900045000", Some(Moment::Media(MediaTime::from_90k(158_805_900_045_000)))),
            ("90k:", None),
            ("90k:1.5", None),
            ("now", None),
            ("", None),
            ("NaN", None),
            ("1e99", None),
        ] {
            assert_eq!(moment("from", text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn a_file_is_named_by_camera_and_time() {
        let us = 1_796_047_380_120_000;
        assert_eq!(file_name("Gate", us), "Gate 2026-11-30 14-03-00.120Z.mp4");
        assert_eq!(file_name("Tür \"1\"/x", us), "T_r _1__x 2026-11-30 14-03-00.120Z.mp4");
    }
}
