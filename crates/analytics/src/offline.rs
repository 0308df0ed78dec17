//! Counts over a file of tracks: the machine that runs live, fed with the past.
//!
//! Tracks are MOTChallenge text: `frame,id,left,top,width,height,confidence,…`, frames from 1, one box a line.
//! ```
//! use razz_analytics::offline::{Clip, count, parse_rows};
//! use razz_analytics::{Area, AreaId, Direction, InSide, Settings};
//! use razz_base::Size;
//!
//! // Somebody walks down through a line in the middle of the picture.
//! let walk = (1..=60).map(|frame| format!("{frame},7,300,{},40,100,0.9\n", 4 * frame));
//! let rows = parse_rows(&walk.collect::<String>())?;
//! let door = Area::line(AreaId(1), "door", vec![[0.0, 0.5], [1.0, 0.5]], InSide::Right)?;
//! let clip = Clip { rows: &rows, size: Size::new(640, 480), fps: 30.0 };
//! let counts = count(clip, vec![door], Settings::default())?;
//! assert_eq!(counts.crossings.len(), 1);
//! assert_eq!((counts.crossings[0].frame, counts.crossings[0].direction), (35, Direction::In));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use razz_base::{
    CameraId, ClassId, FrameKey, MediaTime, Rect, Size, Track, TrackFrame, TrackId, TrackSource,
    TrackState, WallQuality, WallTime,
};

use crate::{Analytics, Area, Direction, Event, EventKey, Fact, Settings, Shape};

/// One box of one track on one frame.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct TrackRow {
    /// From 1.
    pub frame: u32,
    /// The same object has the same id.
    pub id: u64,
    /// Where, in pixels.
    pub bbox: Rect,
    /// How sure, 0 to 1. Where others are more, 0 says that the box is to be left out of account.
    pub confidence: f64,
}

/// Why tracks cannot be counted.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum OfflineError {
    /// A line that is no box of a track.
    #[error(
        "line {line}: {found:?} is not `frame,id,left,top,width,height,confidence` with a frame from 1 and an id from 0"
    )]
    Row {
        /// From 1.
        line: usize,
        /// The line, or its beginning.
        found: String,
    },
    /// A picture without pixels.
    #[error("pictures of {width}x{height} have no pixels: give the size that the boxes refer to")]
    Size {
        /// As given.
        width: u32,
        /// As given.
        height: u32,
    },
    /// A frame so late that no clip has it.
    #[error("frame {frame} is past {most}: number the frames of the clip from 1")]
    TooLong {
        /// The last frame.
        frame: u32,
        /// The last that a clip may have.
        most: u32,
    },
    /// Not a number of frames per second.
    #[error("{0} frames per second are not between 0.01 and 1000")]
    Rate(f64),
}

/// Reads MOTChallenge text; empty lines are skipped, what follows the confidence is not looked at.
pub fn parse_rows(text: &str) -> Result<Vec<TrackRow>, OfflineError> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(index, line)| {
            parse_row(line).ok_or_else(|| OfflineError::Row {
                line: index + 1,
                found: line.chars().take(80).collect(),
            })
        })
        .collect()
}

fn parse_row(line: &str) -> Option<TrackRow> {
    let mut numbers = line.split(',').map(|field| field.trim().parse::<f64>().ok());
    let mut next = || numbers.next().flatten().filter(|v| v.is_finite());
    let (frame, id) = (next()?, next()?);
    let whole = |v: f64, least: f64, most: f64| v.fract() == 0.0 && v >= least && v <= most;
    if !whole(frame, 1.0, f64::from(u32::MAX)) || !whole(id, 0.0, 9e15) {
        return None;
    }
    let (left, top, width, height) = (next()?, next()?, next()?, next()?);
    // Some tools leave the confidence away.
    let confidence = next().unwrap_or(1.0);
    let bbox = Rect::new(left, top, left + width, top + height);
    Some(TrackRow { frame: frame as u32, id: id as u64, bbox, confidence })
}

/// Tracks of a clip.
#[derive(Clone, Copy, Debug)]
pub struct Clip<'a> {
    /// In any order.
    pub rows: &'a [TrackRow],
    /// Of the pictures.
    pub size: Size,
    /// Frames per second.
    pub fps: f64,
}

/// Most frames of a clip: 92 hours at 30 a second.
pub const MAX_FRAMES: u32 = 10_000_000;

/// One crossing.
#[derive(Clone, PartialEq, Debug)]
pub struct CountedCrossing {
    /// The line's name.
    pub area: Arc<str>,
    /// The frame nearest to the moment of crossing.
    pub frame: u32,
    /// Who.
    pub track_id: u64,
    /// Which way.
    pub direction: Direction,
    /// Where, in shares of the picture.
    pub place: [f64; 2],
    /// Whether nobody saw it.
    pub bridged: bool,
}

/// One visit; one that lasts until the end of the clip ends there.
#[derive(Clone, PartialEq, Debug)]
pub struct CountedVisit {
    /// The zone's name.
    pub area: Arc<str>,
    /// Who; where tracks were joined, the first.
    pub track_id: u64,
    /// The frame nearest to its beginning.
    pub from_frame: u32,
    /// The frame nearest to its end.
    pub to_frame: u32,
}

/// How many are in a zone on a frame.
#[derive(Clone, PartialEq, Debug)]
pub struct CountedOccupancy {
    /// The zone's name.
    pub area: Arc<str>,
    /// On which frame.
    pub frame: u32,
    /// How many.
    pub count: u32,
}

/// What is counted in a clip, with all corrections applied.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Counts {
    /// In the order of time.
    pub crossings: Vec<CountedCrossing>,
    /// In the order of their beginnings.
    pub visits: Vec<CountedVisit>,
    /// For every zone and every frame, from 1 to the last one that has a track.
    pub occupancy: Vec<CountedOccupancy>,
}

/// Counts crossings, visits and occupancy in a clip.
///
/// Every frame is taken as looked at on which the detector could have run: where all tracks are on every
/// fifth frame, these.
pub fn count(clip: Clip<'_>, areas: Vec<Area>, settings: Settings) -> Result<Counts, OfflineError> {
    let facts = facts(clip, areas.clone(), settings)?;
    let frame = |time: MediaTime| {
        let frame = (time.as_90k() as f64 * clip.fps / 90_000.0).round();
        frame.clamp(1.0, f64::from(u32::MAX)) as u32
    };
    let mut counts = Counts::default();
    let mut changes: BTreeMap<EventKey, u32> = BTreeMap::new();
    for (key, event) in facts {
        let track_id = key.track.map_or(0, |track| track.0);
        let area = event.area_name;
        match event.fact {
            Fact::Crossing(crossing) => counts.crossings.push(CountedCrossing {
                area,
                frame: frame(key.time),
                track_id,
                direction: crossing.direction,
                place: crossing.place,
                bridged: crossing.bridged,
            }),
            Fact::Visit(visit) => counts.visits.push(CountedVisit {
                area,
                track_id,
                from_frame: frame(visit.from),
                to_frame: frame(visit.end.map_or(visit.from, |end| end.0)),
            }),
            Fact::Occupancy(occupancy) => {
                changes.insert(key, occupancy.count);
            }
            Fact::Retracted => {}
        }
    }
    counts.crossings.sort_by_key(|c| (c.frame, c.track_id));
    counts.visits.sort_by_key(|v| (v.from_frame, v.track_id));
    counts.occupancy = occupancy_by_frame(clip, &areas, &changes);
    Ok(counts)
}

/// The facts of a clip by their keys, each with its last revision, as a store would have them in the end.
pub fn facts(
    clip: Clip<'_>,
    areas: Vec<Area>,
    settings: Settings,
) -> Result<BTreeMap<EventKey, Event>, OfflineError> {
    let mut analytics = Analytics::new(camera(), areas, settings);
    let mut facts: BTreeMap<EventKey, Event> = BTreeMap::new();
    let mut take = |analytics: &mut Analytics| {
        while let Some(event) = analytics.poll_event() {
            facts.insert(event.key, event);
        }
    };
    for frame in frames(clip)? {
        analytics.handle(&frame).expect("frames are made in order, of this camera");
        take(&mut analytics);
    }
    analytics.finish();
    take(&mut analytics);
    facts.retain(|_, event| event.fact != Fact::Retracted);
    Ok(facts)
}

fn camera() -> CameraId {
    CameraId::new(1).expect("1 is a camera's number")
}

fn time_of(frame: u32, fps: f64) -> MediaTime {
    MediaTime::from_90k((f64::from(frame) * 90_000.0 / fps).round() as i64)
}

/// The frames of a clip that were looked at, as the tracker would have published them; of those without any
/// track in a row the first.
pub fn frames(clip: Clip<'_>) -> Result<Vec<TrackFrame>, OfflineError> {
    let Size { width, height } = clip.size;
    if width == 0 || height == 0 {
        return Err(OfflineError::Size { width, height });
    }
    if !(0.01..=1000.0).contains(&clip.fps) {
        return Err(OfflineError::Rate(clip.fps));
    }
    // In ground truth a confidence of 0 marks what is to be left out; tools that know none may write
    // 0 everywhere.
    let marks = clip.rows.iter().any(|row| row.confidence != 0.0);
    let mut by_frame: BTreeMap<u32, Vec<Track>> = BTreeMap::new();
    for row in clip.rows.iter().filter(|row| !marks || row.confidence != 0.0) {
        by_frame.entry(row.frame).or_default().push(Track {
            id: TrackId(row.id),
            bbox: row.bbox,
            class: ClassId(0),
            confidence: row.confidence,
            source: TrackSource::ByteTrack,
            state: TrackState::Matched,
            age_us: 0,
            velocity: [0.0; 4],
        });
    }
    let Some((&first, &last)) = by_frame.keys().next().zip(by_frame.keys().next_back()) else {
        return Ok(Vec::new());
    };
    if last > MAX_FRAMES {
        return Err(OfflineError::TooLong { frame: last, most: MAX_FRAMES });
    }
    let step = by_frame.keys().fold(0, |step, frame| greatest_common_divisor(step, frame - first));
    // Of the frames on which nobody was, the first says all: who is gone is gone from then on.
    let after = |frame: &u32| (frame + step).min(last);
    let looked_at: BTreeSet<u32> =
        by_frame.keys().flat_map(|frame| [*frame, after(frame)]).collect();
    let make = |frame: u32| {
        let time = time_of(frame, clip.fps);
        let mut tracks = by_frame.remove(&frame).unwrap_or_default();
        tracks.sort_by_key(|track| track.id);
        TrackFrame {
            key: FrameKey { camera: camera(), time },
            wall: WallTime { us: time.as_90k() * 100 / 9, quality: WallQuality::Arrival },
            size: clip.size,
            detected: true,
            tracks: tracks.into(),
        }
    };
    Ok(looked_at.into_iter().map(make).collect())
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

fn occupancy_by_frame(
    clip: Clip<'_>,
    areas: &[Area],
    changes: &BTreeMap<EventKey, u32>,
) -> Vec<CountedOccupancy> {
    let last = clip.rows.iter().map(|row| row.frame).max().unwrap_or(0);
    let mut out = Vec::new();
    for area in areas.iter().filter(|area| matches!(area.shape(), Shape::Zone { .. })) {
        let of_area = |key: &EventKey| (key.area, key.version) == (area.id(), area.version);
        let mut changes = changes.iter().filter(|(key, _)| of_area(key)).peekable();
        let mut now = 0;
        for frame in 1..=last {
            let time = time_of(frame, clip.fps);
            while let Some((_, count)) = changes.next_if(|(key, _)| key.time <= time) {
                now = *count;
            }
            out.push(CountedOccupancy { area: area.name().clone(), frame, count: now });
        }
    }
    out
}
