//! Small scenes: objects that move as a function says, on a picture of 1000x1000.
#![allow(dead_code, unreachable_pub, reason = "each test uses its own part")]

use std::collections::BTreeMap;
use std::ops::Range;

use razz_analytics::{
    Analytics, Area, AreaId, Direction, Event, EventKey, Fact, InSide, Settings, Visit,
};
use razz_base::{
    CameraId, ClassId, FrameKey, MediaTime, Rect, Size, Track, TrackFrame, TrackId, TrackSource,
    TrackState, WallQuality, WallTime,
};

pub const PERSON: ClassId = ClassId(0);
pub const CAR: ClassId = ClassId(2);
pub const SIZE: Size = Size::new(1000, 1000);

pub fn camera() -> CameraId {
    CameraId::new(1).unwrap()
}

/// Frames from 0 on, each with its tracks.
#[derive(Clone)]
pub struct Scene {
    pub fps: i64,
    pub frames: BTreeMap<i64, Vec<Track>>,
    pub length: i64,
}

pub fn track(id: u64, class: ClassId, bbox: Rect) -> Track {
    Track {
        id: TrackId::new(1, id),
        bbox,
        class,
        confidence: 0.9,
        source: TrackSource::ByteTrack,
        state: TrackState::Matched,
        age_us: 0,
        velocity: [0.0; 4],
    }
}

impl Scene {
    pub fn new(fps: i64, length: i64) -> Self {
        Self { fps, frames: BTreeMap::new(), length }
    }

    /// An object 100 high and 40 wide, whose foot is where the function says.
    #[must_use]
    pub fn with(self, id: u64, frames: Range<i64>, foot: impl Fn(i64) -> [f64; 2]) -> Self {
        self.with_box(id, PERSON, frames, |frame| {
            let [x, y] = foot(frame);
            Rect::new(x - 20.0, y - 100.0, x + 20.0, y)
        })
    }

    /// An object whose box is as the function says.
    #[must_use]
    pub fn with_box(
        mut self,
        id: u64,
        class: ClassId,
        frames: Range<i64>,
        bbox: impl Fn(i64) -> Rect,
    ) -> Self {
        for frame in frames {
            self.frames.entry(frame).or_default().push(track(id, class, bbox(frame)));
        }
        self
    }

    /// Boxes of these frames are predicted.
    #[must_use]
    pub fn predicted(mut self, id: u64, frames: Range<i64>) -> Self {
        for (_, tracks) in self.frames.range_mut(frames) {
            for track in tracks.iter_mut().filter(|track| track.id.short() == id) {
                track.state = TrackState::Predicted;
            }
        }
        self
    }

    pub fn time(&self, frame: i64) -> MediaTime {
        MediaTime::from_90k(frame * 90_000 / self.fps)
    }

    pub fn frames(&self) -> Vec<TrackFrame> {
        let frame = |frame: i64| {
            let mut tracks = self.frames.get(&frame).cloned().unwrap_or_default();
            tracks.sort_by_key(|track| track.id);
            TrackFrame {
                key: FrameKey { camera: camera(), time: self.time(frame) },
                wall: WallTime { us: 0, quality: WallQuality::Arrival },
                size: SIZE,
                detected: true,
                tracks: tracks.into(),
            }
        };
        (0..self.length).map(frame).collect()
    }

    /// Everything that is told of it.
    pub fn told(&self, areas: Vec<Area>) -> Vec<Event> {
        let mut analytics = Analytics::new(camera(), areas, Settings::default());
        let mut told = Vec::new();
        for frame in self.frames() {
            analytics.handle(&frame).unwrap();
            told.extend(std::iter::from_fn(|| analytics.poll_event()));
        }
        analytics.finish();
        told.extend(std::iter::from_fn(|| analytics.poll_event()));
        told
    }

    /// In and out over a line through these points.
    pub fn crossings(&self, line: &[[f64; 2]]) -> (usize, usize) {
        in_and_out(&final_facts(&self.told(vec![door(line)])))
    }

    /// The visits of a zone, with their seconds of beginning and end.
    pub fn visits(&self, zone: &[[f64; 2]]) -> Vec<[f64; 2]> {
        let facts = final_facts(&self.told(vec![hall(zone)]));
        visits(&facts).into_iter().map(|visit| span(&visit)).collect()
    }
}

pub fn door(line: &[[f64; 2]]) -> Area {
    Area::line(AreaId(1), "door", line.to_vec(), InSide::Right).unwrap()
}

pub fn hall(zone: &[[f64; 2]]) -> Area {
    Area::zone(AreaId(2), "hall", zone.to_vec()).unwrap()
}

/// What a store has in the end: the highest revision of every key; revisions count up without a gap.
pub fn final_facts(told: &[Event]) -> BTreeMap<EventKey, Event> {
    let mut facts: BTreeMap<EventKey, Event> = BTreeMap::new();
    for event in told {
        if let Some(before) = facts.insert(event.key, event.clone()) {
            assert_eq!(event.revision, before.revision + 1, "{before:?}, then {event:?}");
        } else {
            assert!(event.revision <= 1, "{event:?}");
        }
    }
    facts.retain(|_, event| event.fact != Fact::Retracted);
    facts
}

pub fn in_and_out(facts: &BTreeMap<EventKey, Event>) -> (usize, usize) {
    let count = |wanted: Direction| {
        let crossed = |event: &&Event| match &event.fact {
            Fact::Crossing(crossing) => crossing.direction == wanted,
            _ => false,
        };
        facts.values().filter(crossed).count()
    };
    (count(Direction::In), count(Direction::Out))
}

pub fn visits(facts: &BTreeMap<EventKey, Event>) -> Vec<Visit> {
    let visit = |event: &Event| match &event.fact {
        Fact::Visit(visit) => Some(visit.clone()),
        _ => None,
    };
    facts.values().filter_map(visit).collect()
}

pub fn span(visit: &Visit) -> [f64; 2] {
    let secs = |time: MediaTime| (time.as_90k() as f64 / 900.0).round() / 100.0;
    [secs(visit.from), visit.end.map_or(f64::NAN, |end| secs(end.0))]
}
