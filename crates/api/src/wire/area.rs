//! Lines and zones in the pictures of cameras.

use std::collections::BTreeMap;

use razz_analytics::{Anchor, InSide as Side, Shape};
use razz_base::{CLOCK_RATE, CameraId, MediaTime};
use razz_facts::{self as facts, Drawing, Preview, Version};
use razz_hub::facts::{Counts, Moment as Now, Moved};
use razz_store::archive;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::fact::{ClassFacts, FactDirection, moment};
use super::recording::Moment;
use super::round::round;

/// Which side of a line counts as in, seen on the way from its first point to its last.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export_to = "InSide.ts")]
pub enum InSide {
    /// The left one.
    Left,
    /// The right one.
    #[default]
    Right,
}

impl From<InSide> for Side {
    fn from(side: InSide) -> Self {
        match side {
            InSide::Left => Self::Left,
            InSide::Right => Self::Right,
        }
    }
}

/// The point of a box that says where its object is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export_to = "AreaAnchor.ts")]
pub enum AreaAnchor {
    /// The middle of its lower edge.
    #[default]
    Foot,
    /// Its middle.
    Center,
    /// The middle of its upper edge.
    Head,
}

impl From<AreaAnchor> for Anchor {
    fn from(anchor: AreaAnchor) -> Self {
        match anchor {
            AreaAnchor::Foot => Self::Foot,
            AreaAnchor::Center => Self::Center,
            AreaAnchor::Head => Self::Head,
        }
    }
}

impl From<Anchor> for AreaAnchor {
    fn from(anchor: Anchor) -> Self {
        match anchor {
            Anchor::Foot => Self::Foot,
            Anchor::Center => Self::Center,
            Anchor::Head => Self::Head,
        }
    }
}

/// A line, zone or mask of a camera.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "AreaInfo.ts")]
pub struct AreaInfo {
    /// Whose picture.
    pub camera_id: u32,
    /// What people call it; another for each area of a camera.
    pub name: String,
    /// A line's points, in shares of the picture from its upper left corner; absent for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub line: Option<Vec<[f64; 2]>>,
    /// A zone's corners; absent for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub zone: Option<Vec<[f64; 2]>>,
    /// A mask's corners: nothing is detected in it. Absent for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub mask: Option<Vec<[f64; 2]>>,
    /// Of a line: the side that counts as in.
    #[serde(rename = "in")]
    pub inside: InSide,
    /// The classes that count, or that a mask drops; none: all.
    pub classes: Vec<String>,
    /// Where an object is.
    pub anchor: AreaAnchor,
    /// Which drawing of it, from 1; 0 until counting has begun.
    pub version: u32,
    /// Since when this drawing counts; null: as long as there have been pictures.
    pub since: Option<Moment>,
}

impl AreaInfo {
    /// As the settings have it, with what is known of its drawing.
    pub(crate) fn new(area: &razz_config::Area, version: Option<&Version>) -> Self {
        let (line, zone, inside) = match &area.shape {
            Shape::Line { points, inside } => {
                let inside = if *inside == Side::Left { InSide::Left } else { InSide::Right };
                (Some(points.clone()), None, inside)
            }
            Shape::Zone { points } => (None, Some(points.clone()), InSide::Right),
        };
        let since = version.and_then(|version| version.from).map(|from| Moment {
            // Media time begins at the time of day, and is near it.
            unix: round(from.as_90k() as f64 / CLOCK_RATE as f64, 3),
            media_time: from.as_90k().to_string(),
        });
        Self {
            camera_id: area.camera.as_u32(),
            name: area.name.clone(),
            line,
            zone,
            mask: None,
            inside,
            classes: area.classes.clone(),
            anchor: area.anchor.into(),
            version: version.map_or(0, |version| version.version),
            since,
        }
    }

    /// A mask as the settings have it. It counts nothing, and has no drawings to tell apart.
    pub(crate) fn mask(area: &razz_config::Area) -> Self {
        let mut info = Self::new(area, None);
        info.mask = info.zone.take();
        info
    }
}

/// `GET /api/areas`.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "Areas.ts")]
pub struct Areas {
    /// Those of the cameras in sight.
    pub areas: Vec<AreaInfo>,
    /// Whether who asks may change them: there is a config file, and the right.
    pub editable: bool,
    /// Cameras that were moved since their areas were drawn, so that those are not where they were meant.
    pub moved: Vec<CameraMoved>,
}

/// A camera that somebody has moved.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "CameraMoved.ts")]
pub struct CameraMoved {
    /// Which.
    pub camera_id: u32,
    /// Since when, in UNIX seconds.
    pub since: f64,
    /// How far the picture's corner went that went farthest, in shares of the picture's width.
    pub by: f64,
    /// Where a point of an area is now: a11, a12, tx, a21, a22, ty of x' = a11 x + a12 y + tx, y' = a21 x + a22 y + ty, in
    /// shares of the picture's width and height.
    pub motion: [f64; 6],
}

impl CameraMoved {
    pub(crate) fn new(camera: CameraId, moved: &Moved) -> Self {
        Self {
            camera_id: camera.as_u32(),
            since: round(moved.since_us as f64 / 1e6, 3),
            by: round(moved.by, 4),
            motion: moved.motion.rows.map(|value| round(value, 6)),
        }
    }
}

/// What an area is to be.
#[derive(Clone, PartialEq, Debug, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "AreaEdit.ts")]
pub struct AreaEdit {
    /// What people call it, 1 to 60 characters.
    pub name: String,
    /// A line's points, 2 to 64, in shares of the picture; or `zone` or `mask`.
    #[serde(default)]
    #[ts(optional)]
    pub line: Option<Vec<[f64; 2]>>,
    /// A zone's corners, 3 to 64.
    #[serde(default)]
    #[ts(optional)]
    pub zone: Option<Vec<[f64; 2]>>,
    /// A mask's corners, 3 to 64: nothing is detected in it.
    #[serde(default)]
    #[ts(optional)]
    pub mask: Option<Vec<[f64; 2]>>,
    /// Of a line: the side that counts as in; absent: the right one.
    #[serde(default, rename = "in")]
    #[ts(optional)]
    pub inside: Option<InSide>,
    /// The classes that count; absent or none: all.
    #[serde(default)]
    #[ts(optional)]
    pub classes: Option<Vec<String>>,
    /// Where an object is; absent: at its foot.
    #[serde(default)]
    #[ts(optional)]
    pub anchor: Option<AreaAnchor>,
    /// What people called it before, where that was something else: it keeps its counts.
    #[serde(default)]
    #[ts(optional)]
    pub was: Option<String>,
}

impl AreaEdit {
    /// What is drawn; an error says what is missing.
    pub(crate) fn drawing(&self) -> Result<Drawing, String> {
        let shape = match (&self.line, &self.zone, &self.mask) {
            (Some(points), None, None) => {
                let inside = self.inside.unwrap_or_default().into();
                Shape::Line { points: points.clone(), inside }
            }
            (None, Some(points), None) | (None, None, Some(points)) => {
                Shape::Zone { points: points.clone() }
            }
            _ => {
                return Err(format!(
                    "area {:?} expects one of three: `line` with two points or more, `zone` with three corners \
                     or more, or `mask` with as many",
                    self.name
                ));
            }
        };
        let anchor = self.anchor.unwrap_or_default().into();
        Ok(Drawing { shape, anchor, classes: self.classes.clone().unwrap_or_default() })
    }
}

/// `PUT /api/areas/{camera}`: all areas of the camera.
#[derive(Clone, PartialEq, Debug, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "AreasEdit.ts")]
pub struct AreasEdit {
    /// Those that are not among them are gone.
    pub areas: Vec<AreaEdit>,
}

/// `POST /api/areas/preview`.
#[derive(Clone, PartialEq, Debug, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "AreaPreviewRequest.ts")]
pub struct AreaPreviewRequest {
    /// Whose picture.
    pub camera_id: u32,
    /// What is drawn.
    pub area: AreaEdit,
    /// From when: UNIX seconds, or `90k:` and a media time.
    pub from: String,
    /// Until when.
    pub to: String,
}

/// What an area would have counted.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "AreaPreview.ts")]
pub struct AreaPreview {
    /// From when was asked for.
    pub from: Moment,
    /// Until when.
    pub to: Moment,
    /// Whether all of that was looked at.
    pub complete: bool,
    /// How much of it has tracks, in seconds.
    pub searched_s: f64,
    /// Different tracks in it.
    pub tracks: u64,
    /// Crossed to the side that counts as in.
    #[serde(rename = "in")]
    pub ins: u64,
    /// And away from it.
    #[serde(rename = "out")]
    pub outs: u64,
    /// Visits of the zone.
    pub visits: u64,
    /// Half of the visits took no longer, in seconds.
    pub dwell_p50_s: Option<f64>,
    /// Most in the zone at a time.
    pub most_at_once: u32,
    /// By class.
    pub classes: Vec<ClassFacts>,
    /// By hour.
    pub hours: Vec<PreviewHour>,
    /// Who was counted, the newest first, 50 at most.
    pub examples: Vec<PreviewExample>,
    /// How long it took, in ms.
    pub took_ms: f64,
}

/// Counts of an hour.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "PreviewHour.ts")]
pub struct PreviewHour {
    /// When it begins, in UNIX seconds.
    pub at: i64,
    /// Crossed to the side that counts as in.
    #[serde(rename = "in")]
    pub ins: u64,
    /// And away from it.
    #[serde(rename = "out")]
    pub outs: u64,
    /// Visits.
    pub visits: u64,
}

/// Somebody who was counted.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "PreviewExample.ts")]
pub struct PreviewExample {
    /// When.
    pub at: Moment,
    /// Who.
    pub track_id: u64,
    /// What it is.
    pub class: String,
    /// Which way a line was crossed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub direction: Option<FactDirection>,
    /// Where a line was crossed, in shares of the picture.
    pub place: Option<[f64; 2]>,
}

impl AreaPreview {
    /// What was counted so far of a span, and in how many ms.
    pub(crate) fn new(preview: &Preview, span: [archive::Moment; 2], took_ms: f64) -> Self {
        let [from, to] = span.map(|asked| {
            let wall_us = asked.near_us();
            let time = match asked {
                archive::Moment::Media(time) => time,
                archive::Moment::Wall(us) => MediaTime::from_wall_us(us),
            };
            moment(Now { time, wall_us })
        });
        let Counts { ins, outs, visits } = preview.counts;
        let class = |(class, counts): (&std::sync::Arc<str>, &Counts)| ClassFacts {
            class: class.to_string(),
            ins: counts.ins,
            outs: counts.outs,
            visits: counts.visits,
        };
        let hour = |(at_us, counts): (&i64, &Counts)| PreviewHour {
            at: at_us / 1_000_000,
            ins: counts.ins,
            outs: counts.outs,
            visits: counts.visits,
        };
        let example = |example: &facts::Example| PreviewExample {
            at: moment(example.at),
            track_id: example.track.0,
            class: example.class.to_string(),
            direction: example.direction.map(Into::into),
            place: example.place.map(|place| place.map(|share| round(share, 5))),
        };
        let by_class: &BTreeMap<_, _> = &preview.classes;
        Self {
            from,
            to,
            complete: preview.complete,
            searched_s: round(preview.searched_s, 1),
            tracks: preview.tracks,
            ins,
            outs,
            visits,
            dwell_p50_s: preview.dwell_p50_s().map(|seconds| round(seconds, 1)),
            most_at_once: preview.most,
            classes: by_class.iter().map(class).collect(),
            hours: preview.hours.iter().map(hour).collect(),
            examples: preview.examples.iter().map(example).collect(),
            took_ms: round(took_ms, 1),
        }
    }
}
