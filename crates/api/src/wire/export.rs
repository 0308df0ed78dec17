//! Recorded footage as files to hand out.

use razz_base::CameraId;
use razz_export::{Export, Format, PEOPLE, State};
use razz_store::archive::Dated;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::recording::Moment;
use super::round::round;

/// What kind of file an export is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export_to = "ExportFormat.ts")]
pub enum ExportFormat {
    /// Video as the camera sent it; of several cameras a ZIP with an MP4 of each.
    Mp4,
    /// One MP4, encoded anew: boxes burned in, people made unrecognisable, several cameras side by side.
    Rendered,
    /// A ZIP that plays with its boxes in any browser, without a server.
    Player,
    /// Tracks as MOTChallenge text.
    Mot,
    /// Tracks as COCO JSON.
    Coco,
    /// Tracks as WebVTT.
    Vtt,
    /// Tracks as a table.
    Csv,
}

impl From<ExportFormat> for Format {
    fn from(format: ExportFormat) -> Self {
        match format {
            ExportFormat::Mp4 => Self::Mp4,
            ExportFormat::Rendered => Self::Rendered,
            ExportFormat::Player => Self::Player,
            ExportFormat::Mot => Self::Mot,
            ExportFormat::Coco => Self::Coco,
            ExportFormat::Vtt => Self::Vtt,
            ExportFormat::Csv => Self::Csv,
        }
    }
}

impl From<Format> for ExportFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Mp4 => Self::Mp4,
            Format::Rendered => Self::Rendered,
            Format::Player => Self::Player,
            Format::Mot => Self::Mot,
            Format::Coco => Self::Coco,
            Format::Vtt => Self::Vtt,
            Format::Csv => Self::Csv,
        }
    }
}

/// A track that stays as it is where others are made unrecognisable.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "BlurException.ts")]
pub struct BlurException {
    /// Its camera.
    pub camera_id: u32,
    /// As in every track message.
    #[ts(type = "number")]
    pub track_id: u64,
}

/// Who is made unrecognisable.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "Blur.ts")]
pub struct Blur {
    /// Everybody of these classes; absent: people.
    #[serde(default)]
    #[ts(optional)]
    pub classes: Option<Vec<String>>,
    /// But these.
    #[serde(default)]
    #[ts(optional)]
    pub except: Option<Vec<BlurException>>,
}

/// What is to be exported: `POST /api/exports`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "NewExport.ts")]
pub struct NewExport {
    /// Of which cameras, 1 to 16, in this order.
    pub cameras: Vec<u32>,
    /// The first moment: UNIX seconds, or `90k:` and a media time of the first camera.
    pub from: String,
    /// Behind the last moment, likewise.
    pub to: String,
    /// As what.
    pub format: ExportFormat,
    /// Boxes are burned in; absent: they are. Only of `rendered`.
    #[serde(default)]
    #[ts(optional)]
    pub boxes: Option<bool>,
    /// And what stands at them; absent: it is. Only of `rendered`.
    #[serde(default)]
    #[ts(optional)]
    pub labels: Option<bool>,
    /// Who is made unrecognisable; null or absent: nobody. Only of `rendered` and `player`.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub blur: Option<Blur>,
    /// What people call it; names its file, too.
    #[serde(default)]
    #[ts(optional)]
    pub name: Option<String>,
}

impl NewExport {
    /// Who is made unrecognisable; `None` inside: an exception names no camera that can be.
    pub fn blur(&self) -> Option<Option<razz_export::Blur>> {
        let blur = self.blur.as_ref()?;
        let classes = blur.classes.clone().unwrap_or_else(|| vec![PEOPLE.to_owned()]);
        let except = blur.except.iter().flatten();
        let except = except.map(|one| Some((CameraId::new(one.camera_id)?, one.track_id)));
        Some(except.collect::<Option<_>>().map(|except| razz_export::Blur { classes, except }))
    }
}

/// How far an export has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export_to = "ExportState.ts")]
pub enum ExportState {
    /// Others are before it.
    Waiting,
    /// It is being made.
    Running,
    /// The file is there.
    Done,
    /// It could not be made.
    Failed,
}

/// An export.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "ExportInfo.ts")]
pub struct ExportInfo {
    /// Names it in addresses.
    pub id: String,
    /// What people call it; empty where nobody said.
    pub name: String,
    /// How far it has come.
    pub state: ExportState,
    /// The share of it that is made, 0 to 1.
    pub progress: f64,
    /// Seconds until it is done at the rate so far; null where that is not known.
    pub remaining_s: Option<f64>,
    /// Its cameras.
    pub cameras: Vec<u32>,
    /// Its first moment.
    pub from: Moment,
    /// Behind its last one.
    pub to: Moment,
    /// What kind of file.
    pub format: ExportFormat,
    /// Somebody is unrecognisable in it.
    pub blurred: bool,
    /// When it was asked for, in UNIX seconds.
    pub made: f64,
    /// By whom; null where nobody has to sign in.
    pub by: Option<String>,
    /// Why it failed.
    pub error: Option<String>,
    /// How large the file is; 0 before it is there.
    #[ts(type = "number")]
    pub bytes: u64,
    /// What it is called; null before it is there.
    pub file: Option<String>,
    /// When it goes, in UNIX seconds; null where it stays.
    pub expires: Option<f64>,
}

impl From<&Export> for ExportInfo {
    fn from(export: &Export) -> Self {
        let request = &export.request;
        let moment = |us| -> Moment {
            Dated { time: razz_base::MediaTime::from_wall_us(us), wall_us: us }.into()
        };
        let seconds = |us: i64| round(us as f64 / 1e6, 3);
        let state = match export.state {
            State::Waiting => ExportState::Waiting,
            State::Running => ExportState::Running,
            State::Done => ExportState::Done,
            State::Failed => ExportState::Failed,
        };
        Self {
            id: export.id.to_string(),
            name: request.name.clone(),
            state,
            progress: round(export.progress, 4),
            remaining_s: export.remaining_s.map(|seconds| round(seconds, 1)),
            cameras: request.cameras.iter().map(|camera| camera.as_u32()).collect(),
            from: moment(request.from_us),
            to: moment(request.until_us),
            format: request.format.into(),
            blurred: request.blur.is_some(),
            made: seconds(export.made_us),
            by: request.by.clone(),
            error: export.error.clone(),
            bytes: export.bytes,
            file: (state == ExportState::Done).then(|| export.file.clone()),
            expires: export.expires_us.map(seconds),
        }
    }
}

/// `GET /api/exports`.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "Exports.ts")]
pub struct Exports {
    /// Newest first.
    pub exports: Vec<ExportInfo>,
}
