//! What was counted at lines and zones.

use razz_analytics::{Direction, VisitEnd};
use razz_facts::database::{self, BUCKETS_S};
use razz_hub::facts::{self as feed, What};
use schemars::JsonSchema;
use serde::Serialize;
use ts_rs::TS;

use super::recording::Moment;
use super::round::round;

/// A moment by both of its names.
pub(crate) fn moment(at: feed::Moment) -> Moment {
    let unix = round(at.wall_us as f64 / 1e6, 3);
    Moment { unix, media_time: at.time.as_90k().to_string() }
}

/// A line or a zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export_to = "AreaKind.ts")]
pub enum AreaKind {
    /// It is crossed.
    Line,
    /// It is visited.
    Zone,
}

impl AreaKind {
    fn of(is_zone: bool) -> Self {
        if is_zone { Self::Zone } else { Self::Line }
    }
}

/// Which way a line was crossed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, serde::Deserialize, TS, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export_to = "FactDirection.ts")]
pub enum FactDirection {
    /// To the side that counts as in.
    In,
    /// Away from it.
    Out,
}

impl From<Direction> for FactDirection {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::In => Self::In,
            Direction::Out => Self::Out,
        }
    }
}

impl From<FactDirection> for Direction {
    fn from(direction: FactDirection) -> Self {
        match direction {
            FactDirection::In => Self::In,
            FactDirection::Out => Self::Out,
        }
    }
}

/// What kind of fact.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export_to = "FactKind.ts")]
pub enum FactKind {
    /// Somebody crossed a line.
    Crossing,
    /// Somebody was in a zone.
    Visit,
}

/// Why a visit is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export_to = "FactEnd.ts")]
pub enum FactEnd {
    /// It left over the edge.
    Left,
    /// It was not seen any more.
    Lost,
    /// The zone was drawn anew, or taken away.
    Closed,
}

/// A crossing or a visit.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "FactRow.ts")]
pub struct FactRow {
    /// Which of them.
    pub kind: FactKind,
    /// Whose picture.
    pub camera_id: u32,
    /// What people call the line or zone.
    pub area: String,
    /// When; of a visit, its beginning.
    pub at: Moment,
    /// When a visit ended; null while it goes on, and for a crossing.
    pub to: Option<Moment>,
    /// Which way a line was crossed.
    pub direction: Option<FactDirection>,
    /// What it was.
    pub class: String,
    /// As in every track message.
    pub track_id: u64,
    /// Where the line was crossed, in shares of the picture.
    pub place: Option<[f64; 2]>,
    /// How long a visit took, in seconds.
    pub dwell_s: Option<f64>,
    /// Why it is over.
    pub end: Option<FactEnd>,
    /// Whether it came in over the edge; false: it was there when it was first seen.
    pub entered: Option<bool>,
    /// Nobody saw the crossing itself: it was between two sightings far apart.
    pub bridged: bool,
    /// How fast, in m/s, where that is known well enough.
    pub speed_mps: Option<f64>,
    /// One standard deviation of it.
    pub speed_error_mps: Option<f64>,
    /// 0: as it was seen. Of the same fact (kind, camera, area, media time, track) the highest is the truth.
    pub revision: u32,
}

impl From<&feed::Fact> for FactRow {
    fn from(fact: &feed::Fact) -> Self {
        let mut row = Self {
            kind: FactKind::Crossing,
            camera_id: fact.camera.as_u32(),
            area: fact.area.to_string(),
            at: moment(fact.at),
            to: None,
            direction: None,
            class: fact.class.to_string(),
            track_id: fact.track.0,
            place: None,
            dwell_s: None,
            end: None,
            entered: None,
            bridged: false,
            speed_mps: None,
            speed_error_mps: None,
            revision: fact.revision,
        };
        match &fact.what {
            What::Crossing { direction, place, bridged, speed } => {
                row.direction = Some((*direction).into());
                row.place = Some(place.map(|share| round(share, 5)));
                row.bridged = *bridged;
                row.speed_mps = speed.map(|speed| round(speed.mps, 2));
                row.speed_error_mps = speed.map(|speed| round(speed.error_mps, 2));
            }
            What::Visit { entered, end } => {
                row.kind = FactKind::Visit;
                row.entered = Some(*entered);
                if let Some((end, why)) = end {
                    row.to = Some(moment(*end));
                    row.dwell_s = Some(round(end.time.since_secs(fact.at.time), 2));
                    row.end = Some(match why {
                        VisitEnd::Left => FactEnd::Left,
                        VisitEnd::Lost => FactEnd::Lost,
                        VisitEnd::AreaClosed => FactEnd::Closed,
                    });
                }
            }
        }
        row
    }
}

/// `GET /api/facts/rows`.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "FactRows.ts")]
pub struct FactRows {
    /// The newest first.
    pub rows: Vec<FactRow>,
    /// What `before` is for the ones before them; null: there are none.
    pub next: Option<String>,
}

/// `GET /api/facts`.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "Facts.ts")]
pub struct Facts {
    /// From when, in UNIX seconds: of ranges of more than two days the quarter of an hour.
    pub from: f64,
    /// Until when.
    pub to: f64,
    /// Length of a step, in seconds.
    pub step_s: u32,
    /// By area.
    pub areas: Vec<AreaFacts>,
}

/// What was counted at an area.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "AreaFacts.ts")]
pub struct AreaFacts {
    /// Whose picture.
    pub camera_id: u32,
    /// What people call it.
    pub area: String,
    /// A line or a zone.
    pub kind: AreaKind,
    /// Crossed to the side that counts as in.
    #[serde(rename = "in")]
    pub ins: u64,
    /// And away from it.
    #[serde(rename = "out")]
    pub outs: u64,
    /// Visits that began.
    pub visits: u64,
    /// How long visits took; null for a line, and where none is over.
    pub dwell: Option<Dwell>,
    /// How many were there; null for a line, and where nobody looked.
    pub occupancy: Option<OccupancyFacts>,
    /// By class.
    pub classes: Vec<ClassFacts>,
    /// In steps.
    pub series: FactSeries,
}

/// How long the visits took that are over.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "Dwell.ts")]
pub struct Dwell {
    /// How many.
    pub count: u64,
    /// Their mean, in seconds.
    pub mean_s: f64,
    /// Half of them took no longer.
    pub p50_s: f64,
    /// Nine of ten took no longer.
    pub p90_s: f64,
    /// How many took how long.
    pub histogram: Vec<DwellBucket>,
}

/// Visits of about the same length.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "DwellBucket.ts")]
pub struct DwellBucket {
    /// From so many seconds.
    pub from_s: f64,
    /// To less than so many; null: any.
    pub to_s: Option<f64>,
    /// How many.
    pub count: u64,
}

/// How many were there, by time.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "OccupancyFacts.ts")]
pub struct OccupancyFacts {
    /// On average.
    pub mean: f64,
    /// No more for 95 of 100 s.
    pub p95: u32,
    /// The most.
    pub most: u32,
    /// So long somebody looked, in seconds.
    pub watched_s: f64,
}

/// Counts of a class.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "ClassFacts.ts")]
pub struct ClassFacts {
    /// Its name.
    pub class: String,
    /// Crossed to the side that counts as in.
    #[serde(rename = "in")]
    pub ins: u64,
    /// And away from it.
    #[serde(rename = "out")]
    pub outs: u64,
    /// Visits.
    pub visits: u64,
}

/// Counts in steps: one value of each for every step.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "FactSeries.ts")]
pub struct FactSeries {
    /// When it begins, in UNIX seconds.
    pub at: Vec<i64>,
    /// Crossed to the side that counts as in.
    #[serde(rename = "in")]
    pub ins: Vec<u64>,
    /// And away from it.
    #[serde(rename = "out")]
    pub outs: Vec<u64>,
    /// Visits that began.
    pub visits: Vec<u64>,
    /// How many were in the zone on average; null where nobody looked, and for a line.
    pub mean: Vec<Option<f64>>,
    /// The most.
    pub most: Vec<Option<u32>>,
    /// The share of the step in which somebody looked, 0 to 1.
    pub watched: Vec<f64>,
}

impl From<&database::AreaFacts> for AreaFacts {
    fn from(facts: &database::AreaFacts) -> Self {
        let [ins, outs, visits] = facts.counts;
        let bucket = |(at, count): (usize, &u64)| DwellBucket {
            from_s: if at == 0 { 0.0 } else { BUCKETS_S[at - 1] },
            to_s: BUCKETS_S.get(at).copied(),
            count: *count,
        };
        let dwell = facts.dwell.as_ref().map(|dwell| Dwell {
            count: dwell.count,
            mean_s: round(dwell.mean_s, 2),
            p50_s: round(dwell.p50_s, 2),
            p90_s: round(dwell.p90_s, 2),
            histogram: dwell.histogram.iter().enumerate().map(bucket).collect(),
        });
        let occupancy = facts.occupancy.map(|occupancy| OccupancyFacts {
            mean: round(occupancy.mean, 3),
            p95: occupancy.p95,
            most: occupancy.most,
            watched_s: round(occupancy.watched_s, 1),
        });
        let class = |(class, counts): (&std::sync::Arc<str>, &[u64; 3])| {
            let [ins, outs, visits] = *counts;
            ClassFacts { class: class.to_string(), ins, outs, visits }
        };
        let [series_ins, series_outs, series_visits] = facts.series.counts.clone();
        let series = FactSeries {
            at: facts.series.at_us.iter().map(|at_us| at_us / 1_000_000).collect(),
            ins: series_ins,
            outs: series_outs,
            visits: series_visits,
            mean: facts.series.mean.iter().map(|mean| mean.map(|mean| round(mean, 3))).collect(),
            most: facts.series.most.clone(),
            watched: facts.series.watched.iter().map(|share| round(*share, 3)).collect(),
        };
        Self {
            camera_id: facts.camera.as_u32(),
            area: facts.area.to_string(),
            kind: AreaKind::of(facts.is_zone),
            ins,
            outs,
            visits,
            dwell,
            occupancy,
            classes: facts.classes.iter().map(class).collect(),
            series,
        }
    }
}

/// How it is at an area now.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "AreaNow.ts")]
pub struct AreaNow {
    /// Whose picture.
    pub camera_id: u32,
    /// What people call it.
    pub area: String,
    /// A line or a zone.
    pub kind: AreaKind,
    /// How many are in the zone; null for a line.
    pub occupancy: Option<u32>,
    /// By class.
    pub classes: Vec<NowClass>,
    /// Crossings to the side that counts as in, since midnight where the server is.
    pub in_today: u64,
    /// And away from it.
    pub out_today: u64,
    /// Visits that began since midnight.
    pub visits_today: u64,
    /// As of which frame; null before the first.
    pub at: Option<Moment>,
}

/// How many of a class are there.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "NowClass.ts")]
pub struct NowClass {
    /// Its name.
    pub class: String,
    /// How many.
    pub count: u32,
}

impl From<&feed::AreaNow> for AreaNow {
    fn from(now: &feed::AreaNow) -> Self {
        let class = |(class, count): (&std::sync::Arc<str>, &u32)| NowClass {
            class: class.to_string(),
            count: *count,
        };
        Self {
            camera_id: now.camera.as_u32(),
            area: now.area.to_string(),
            kind: AreaKind::of(now.is_zone),
            occupancy: now.is_zone.then(|| now.inside.values().sum()),
            classes: now.inside.iter().map(class).collect(),
            in_today: now.today.ins,
            out_today: now.today.outs,
            visits_today: now.today.visits,
            at: now.at.map(moment),
        }
    }
}

/// `GET /api/heat`.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "Heat.ts")]
pub struct Heat {
    /// Cells across the picture.
    pub columns: u32,
    /// Cells down the picture.
    pub rows: u32,
    /// How long objects stood in each cell, in seconds; row by row from the upper left.
    pub seconds: Vec<f64>,
    /// How many different tracks were in each.
    pub tracks: Vec<u32>,
}
