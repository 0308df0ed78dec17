//! What is recorded.

use std::collections::BTreeMap;

use razz_recorder::{CameraRecording, RecorderStatus, Recording};
use razz_store::archive::{Coverage, Dated, Hole, Stretch};
use razz_store::index::{Density, GapReason, Lock, StoredVisit};
use razz_store::tracks::Recorded;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::round::round;
use super::track::{TrackMessage, TrackStats};

/// What of a camera is recorded, where anything is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export_to = "RecordMode.ts")]
pub enum RecordMode {
    /// All that it sends.
    Always,
    /// While somebody is seen.
    Visits,
    /// Nothing.
    Off,
}

impl From<razz_base::RecordMode> for RecordMode {
    fn from(mode: razz_base::RecordMode) -> Self {
        match mode {
            razz_base::RecordMode::Always => Self::Always,
            razz_base::RecordMode::Visits => Self::Visits,
            razz_base::RecordMode::Off => Self::Off,
        }
    }
}

/// A moment by both of its names.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "Moment.ts")]
pub struct Moment {
    /// UNIX seconds.
    pub unix: f64,
    /// The frame's time by the camera's clock, in 90 kHz ticks, as track messages have it.
    pub media_time: String,
}

impl From<Dated> for Moment {
    fn from(dated: Dated) -> Self {
        let unix = round(dated.wall_us as f64 / 1e6, 3);
        Self { unix, media_time: dated.time.as_90k().to_string() }
    }
}

/// `GET /api/recordings`.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "Recordings.ts")]
pub struct Recordings {
    /// The server's clock, in UNIX seconds.
    pub now: f64,
    /// Why nothing at all can be recorded; null while it can.
    pub error: Option<String>,
    /// The public key that recordings are signed with, in 64 hexadecimal digits, for `razz record verify`; null where they
    /// are not.
    pub key: Option<String>,
    /// How full it is.
    pub room: RecordingRoom,
    /// Those that were asked for and are in sight, by id.
    pub cameras: Vec<CameraRecordings>,
}

impl Recordings {
    /// Nothing is to be recorded.
    pub fn none(now_us: i64) -> Self {
        let room = (&RecorderStatus::default()).into();
        Self {
            now: round(now_us as f64 / 1e6, 3),
            error: None,
            key: None,
            room,
            cameras: Vec::new(),
        }
    }
}

/// How full the folder of recordings is.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "RecordingRoom.ts")]
pub struct RecordingRoom {
    /// What recordings take, in bytes.
    #[ts(type = "number")]
    pub used: u64,
    /// What is free on the disk, in bytes.
    #[ts(type = "number")]
    pub free: u64,
    /// For how many days there is room at the rate of the last one; null where that is not known.
    pub days: Option<f64>,
}

impl From<&RecorderStatus> for RecordingRoom {
    fn from(status: &RecorderStatus) -> Self {
        let room = status.kept.room;
        let days = status.kept.days.map(|days| round(days, 1));
        Self { used: room.used, free: room.free, days }
    }
}

/// What becomes of a camera's footage now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export_to = "RecordingState.ts")]
pub enum RecordingState {
    /// It is written.
    Recording,
    /// Only visits are, and nobody is there.
    Waiting,
    /// It should be, and is not.
    Stopped,
    /// Nothing is to be recorded.
    Off,
}

/// What is recorded of a camera between two moments.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "CameraRecordings.ts")]
pub struct CameraRecordings {
    /// Its number.
    pub camera_id: u32,
    /// What becomes of its footage now.
    pub state: RecordingState,
    /// Why nothing is recorded, as gaps have it; null unless it is stopped.
    pub reason: Option<Reason>,
    /// What the disk says; null where that is not why.
    pub error: Option<String>,
    /// The first picture that is kept of it; null where there is none.
    pub oldest: Option<Moment>,
    /// Behind the last picture that is kept of it.
    pub newest: Option<Moment>,
    /// What the footage takes, in bytes, by whole files.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Where there is footage without a hole, oldest first.
    pub spans: Vec<RecordedSpan>,
    /// Where there is none, and why, oldest first.
    pub gaps: Vec<RecordedGap>,
    /// What of it never gives way, oldest first.
    pub locks: Vec<RecordingLock>,
    /// How many tracks there were over time.
    pub density: TrackDensity,
}

/// Footage that never gives way until somebody unlocks it.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "RecordingLock.ts")]
pub struct RecordingLock {
    /// Its number, which no other lock ever has.
    #[ts(type = "number")]
    pub id: i64,
    /// From then on.
    pub from: Moment,
    /// Until before then.
    pub to: Moment,
    /// Why; empty where nobody said.
    pub note: String,
    /// Who locked it; null where nobody has to sign in.
    pub by: Option<String>,
    /// When, in UNIX seconds.
    pub made: f64,
}

impl From<&Lock> for RecordingLock {
    fn from(lock: &Lock) -> Self {
        Self {
            id: lock.id,
            from: lock.from.into(),
            to: lock.until.into(),
            note: lock.note.clone(),
            by: (!lock.by.is_empty()).then(|| lock.by.clone()),
            made: round(lock.made_us as f64 / 1e6, 3),
        }
    }
}

/// What never gives way from now on: `POST /api/recordings/{camera}/locks`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "NewLock.ts")]
pub struct NewLock {
    /// From then on: UNIX seconds, or `90k:` and a media time.
    pub from: String,
    /// Until before then, likewise.
    pub to: String,
    /// Why, in 500 characters at most; absent: nothing is said.
    #[serde(default)]
    #[ts(optional)]
    pub note: Option<String>,
}

/// How many tracks there were over time.
#[derive(Clone, PartialEq, Debug, Default, Serialize, TS, JsonSchema)]
#[ts(export_to = "TrackDensity.ts")]
pub struct TrackDensity {
    /// When the first bucket begins, in UNIX seconds.
    #[ts(type = "number")]
    pub from: i64,
    /// How long each bucket is, in seconds: a minute at least.
    #[ts(type = "number")]
    pub step: i64,
    /// Of each class that was seen the tracks in each bucket. One that goes on through several is counted in each.
    pub classes: BTreeMap<String, Vec<u32>>,
}

impl From<Density> for TrackDensity {
    fn from(density: Density) -> Self {
        Self { from: density.from, step: density.step, classes: density.classes }
    }
}

/// `GET /api/visits`.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "Visits.ts")]
pub struct Visits {
    /// Oldest first.
    pub visits: Vec<RecordedVisit>,
}

/// Somebody who was there: the life of a track.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "RecordedVisit.ts")]
pub struct RecordedVisit {
    /// Names it: camera, first frame and track.
    pub id: String,
    /// Where.
    pub camera_id: u32,
    /// As in every track message.
    #[ts(type = "number")]
    pub track_id: u64,
    /// The class that it was taken for most.
    pub class: String,
    /// The first frame that it was seen on.
    pub from: Moment,
    /// The last one.
    pub to: Moment,
    /// The frame that shows it best.
    pub best: Moment,
    /// Where it is on that: left, top, right, bottom in pixels of `frame_size`.
    pub bbox: [f64; 4],
    /// Width and height that `bbox` refers to.
    pub frame_size: [u32; 2],
    /// The best score, 0 to 1.
    pub confidence: f64,
    /// Its footage never gives way.
    pub locked: bool,
}

impl From<&StoredVisit> for RecordedVisit {
    fn from(stored: &StoredVisit) -> Self {
        let visit = &stored.visit;
        let moment = |at: razz_store::tracks::Moment| -> Moment {
            Dated { time: at.time, wall_us: at.wall_us }.into()
        };
        let (camera, first) = (visit.camera.as_u32(), visit.from.time.as_90k());
        Self {
            id: format!("{camera}-{first}-{}", visit.track.0),
            camera_id: camera,
            track_id: visit.track.0,
            class: visit.class.clone(),
            from: moment(visit.from),
            to: moment(visit.until),
            best: moment(visit.best),
            bbox: visit.bbox.to_array().map(|edge| round(edge, 1)),
            frame_size: [visit.size.width, visit.size.height],
            confidence: round(visit.confidence, 3),
            locked: stored.locked,
        }
    }
}

impl CameraRecordings {
    /// Of `coverage`, while the recorder says `now` of the camera.
    pub fn new<'a>(
        camera_id: u32,
        coverage: &Coverage,
        locks: impl IntoIterator<Item = &'a Lock>,
        density: TrackDensity,
        now: Option<CameraRecording>,
    ) -> Self {
        let now = now.unwrap_or_default();
        let (state, reason) = match now.state {
            Recording::Off => (RecordingState::Off, None),
            Recording::Recording => (RecordingState::Recording, None),
            Recording::Waiting => (RecordingState::Waiting, None),
            Recording::Stopped(reason) => (RecordingState::Stopped, Some(reason.into())),
        };
        let [oldest, newest] = match coverage.kept {
            Some(kept) => kept.map(|dated| Some(dated.into())),
            None => [None, None],
        };
        Self {
            camera_id,
            state,
            reason,
            error: now.error,
            oldest,
            newest,
            bytes: coverage.stretches.iter().map(|stretch| stretch.bytes).sum(),
            spans: coverage.stretches.iter().map(Into::into).collect(),
            gaps: coverage.holes.iter().map(Into::into).collect(),
            locks: locks.into_iter().map(Into::into).collect(),
            density,
        }
    }
}

/// Footage without a hole.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "RecordedSpan.ts")]
pub struct RecordedSpan {
    /// Its first picture.
    pub from: Moment,
    /// Behind its last one.
    pub to: Moment,
    /// What it takes, in bytes, by whole files.
    #[ts(type = "number")]
    pub bytes: u64,
}

impl From<&Stretch> for RecordedSpan {
    fn from(stretch: &Stretch) -> Self {
        Self { from: stretch.from.into(), to: stretch.until.into(), bytes: stretch.bytes }
    }
}

/// A time without footage.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "RecordedGap.ts")]
pub struct RecordedGap {
    /// From then on.
    pub from: Moment,
    /// Until the next picture.
    pub to: Moment,
    /// Why.
    pub reason: Reason,
}

impl From<&Hole> for RecordedGap {
    fn from(hole: &Hole) -> Self {
        let reason = hole.reason.into();
        Self { from: hole.from.into(), to: hole.until.into(), reason }
    }
}

/// `GET /api/recordings/{camera}/tracks`.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "RecordedTracks.ts")]
pub struct RecordedTracks {
    /// Those of detections, in the order of time.
    pub frames: Vec<TrackMessage>,
}

impl RecordedTracks {
    /// Of these frames.
    pub fn new(frames: &[Recorded]) -> Self {
        let message =
            |one: &Recorded| TrackMessage::new(&one.frame, &one.classes, TrackStats::default());
        Self { frames: frames.iter().map(message).collect() }
    }
}

/// Why nothing was recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "Reason.ts")]
pub enum Reason {
    /// The camera sent nothing.
    CameraGone,
    /// No key picture came to begin with.
    NoKeyPicture,
    /// The stream cannot be written as MP4.
    Format,
    /// The disk was slower than the cameras.
    DiskSlow,
    /// The disk was full.
    DiskFull,
    /// The disk could not be written, or was not there.
    DiskGone,
    /// Nothing was to be recorded.
    Off,
    /// razz was not running.
    NotRunning,
    /// razz ended without a word.
    Crash,
    /// It has given way to newer footage.
    Deleted,
    /// Nobody was there, and only visits were to be recorded.
    Quiet,
    /// The index was lost, and with it the reason.
    Unknown,
}

impl From<GapReason> for Reason {
    fn from(reason: GapReason) -> Self {
        match reason {
            GapReason::CameraGone => Self::CameraGone,
            GapReason::NoKey => Self::NoKeyPicture,
            GapReason::Format => Self::Format,
            GapReason::DiskSlow => Self::DiskSlow,
            GapReason::DiskFull => Self::DiskFull,
            GapReason::DiskGone => Self::DiskGone,
            GapReason::Off => Self::Off,
            GapReason::NotRunning => Self::NotRunning,
            GapReason::Crash => Self::Crash,
            GapReason::Deleted => Self::Deleted,
            GapReason::Quiet => Self::Quiet,
            GapReason::Unknown => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use razz_base::MediaTime;

    use super::*;

    #[test]
    fn recordings_read_as_the_contract_says() {
        let at = |seconds: i64| Dated {
            time: MediaTime::from_90k(158_805_900_000_000 + seconds * 90_000),
            wall_us: 1_764_510_000_123_456 + seconds * 1_000_000,
        };
        let coverage = Coverage {
            stretches: vec![Stretch { from: at(0), until: at(60), bytes: 3000 }],
            holes: vec![Hole { from: at(60), until: at(70), reason: GapReason::CameraGone }],
            kept: Some([at(-600), at(90)]),
        };
        let classes = [("person".to_owned(), vec![0, 2])].into();
        let density = TrackDensity { from: 1_764_509_940, step: 60, classes };
        let (note, by) = ("theft".to_owned(), "ann".to_owned());
        let made_us = 1_764_510_100_000_000;
        let camera = razz_base::CameraId::new(1).unwrap();
        let lock = Lock { id: 7, camera, from: at(10), until: at(20), note, by, made_us };
        let now = CameraRecording {
            state: Recording::Stopped(GapReason::DiskFull),
            error: Some("the disk of /r is full".to_owned()),
            ..CameraRecording::default()
        };
        let shown = serde_json::to_string(&CameraRecordings::new(
            1,
            &coverage,
            &[lock],
            density,
            Some(now),
        ))
        .unwrap();
        assert_eq!(
            shown,
            concat!(
                r#"{"camera_id":1,"state":"stopped","reason":"disk_full","error":"the disk of /r is full","#,
                r#""oldest":{"unix":1764509400.123,"media_time":"158805846000000"},"#,
                r#""newest":{"unix":1764510090.123,"media_time":"158805908100000"},"bytes":3000,"#,
                r#""spans":[{"from":{"unix":1764510000.123,"media_time":"158805900000000"},"#,
                r#""to":{"unix":1764510060.123,"media_time":"158805905400000"},"bytes":3000}],"#,
                r#""gaps":[{"from":{"unix":1764510060.123,"media_time":"158805905400000"},"#,
                r#""to":{"unix":1764510070.123,"media_time":"158805906300000"},"reason":"camera_gone"}],"#,
                r#""locks":[{"id":7,"from":{"unix":1764510010.123,"media_time":"158805900900000"},"#,
                r#""to":{"unix":1764510020.123,"media_time":"158805901800000"},"#,
                r#""note":"theft","by":"ann","made":1764510100.0}],"#,
                r#""density":{"from":1764509940,"step":60,"classes":{"person":[0,2]}}}"#,
            )
        );
    }

    #[test]
    fn every_reason_has_its_name() {
        for reason in GapReason::ALL {
            let shown = serde_json::to_value(Reason::from(reason)).unwrap();
            assert_eq!(shown, reason.name(), "{reason:?}");
        }
    }
}
