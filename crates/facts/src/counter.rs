//! Counts at the areas of one camera: frames in, what is to be kept out. It is the same for what comes and for
//! what is recorded, so that both say the same.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use razz_analytics::{Analytics, Event, EventKey, Fact, Plane, Settings, SnapshotError};
use razz_base::{CameraId, ClassId, ClassNames, MediaTime, TrackFrame};
use razz_hub::facts::{self, Moment, What};
use razz_store::tracks::Recorded;

use crate::drawing::Version;
use crate::names::Names;

/// Time between two frames that is longer than this was not watched: whoever was there last is thought to be there
/// for so long.
const WATCHED_90K: i64 = 10 * razz_base::CLOCK_RATE;
/// A quarter of an hour, in µs: what is added up is added up by it, which fits every time zone.
pub(crate) const QUARTER_US: i64 = 900_000_000;

/// What an event says, with its times told in UTC as well.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct DatedEvent {
    /// The event.
    pub(crate) event: Event,
    /// When it happened.
    pub(crate) at: Moment,
    /// When a visit ended.
    pub(crate) end: Option<Moment>,
    /// The frame that it was told with.
    pub(crate) frame: MediaTime,
}

/// Time that was spent, by version of an area (its row), quarter of an hour, and how many were there: in ticks.
pub(crate) type Spent = BTreeMap<(i64, i64, u32), i64>;

/// A span of time that somebody looked, as it grows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Watched {
    pub(crate) from: Moment,
    pub(crate) until: Moment,
}

/// The machine of a camera, and what it has found that is not kept yet.
#[derive(Clone, Debug)]
pub(crate) struct Counter {
    camera: CameraId,
    analytics: Analytics,
    versions: HashMap<(u32, u32), Version>,
    /// The last frame, and how many are in each zone since: by row.
    last: Option<Moment>,
    inside: BTreeMap<i64, u32>,
    told: Vec<DatedEvent>,
    spent: Spent,
    watched: Vec<Watched>,
}

impl Counter {
    /// Counts at these areas from now on.
    pub(crate) fn new(camera: CameraId, versions: Vec<Version>, names: &mut Names) -> Self {
        let areas = versions.iter().filter_map(|version| version.area(names).ok()).collect();
        Self::of(camera, Analytics::new(camera, areas, Settings::default()), versions, None)
    }

    /// Goes on from a snapshot, whose last frame was `last`.
    pub(crate) fn restore(
        camera: CameraId,
        versions: Vec<Version>,
        names: &mut Names,
        snapshot: &[u8],
        last: Option<Moment>,
    ) -> Result<Self, SnapshotError> {
        let areas = versions.iter().filter_map(|version| version.area(names).ok()).collect();
        let settings = Settings::default();
        let analytics = Analytics::restore(camera, areas, settings, None::<Plane>, snapshot)?;
        Ok(Self::of(camera, analytics, versions, last))
    }

    fn of(
        camera: CameraId,
        analytics: Analytics,
        versions: Vec<Version>,
        last: Option<Moment>,
    ) -> Self {
        let mut counter = Self {
            camera,
            analytics,
            versions: HashMap::new(),
            last,
            inside: BTreeMap::new(),
            told: Vec::new(),
            spent: Spent::new(),
            watched: Vec::new(),
        };
        counter.inside = counter.zones(&versions);
        let key = |version: &Version| (version.area, version.version);
        counter.versions = versions.into_iter().map(|version| (key(&version), version)).collect();
        counter
    }

    /// How many are in the zones that are in force.
    fn zones(&self, versions: &[Version]) -> BTreeMap<i64, u32> {
        let in_force = |version: &&Version| {
            version.is_zone() && self.last.is_some_and(|last| version.holds(last.time))
        };
        let count = |version: &Version| {
            let classes = self.analytics.occupancy(razz_analytics::AreaId(version.area));
            (version.row, classes.iter().map(|(_, count)| count).sum())
        };
        versions.iter().filter(in_force).map(count).collect()
    }

    /// The areas are others from now on. The objects stay what they are.
    pub(crate) fn change(&mut self, versions: Vec<Version>, names: &mut Names) {
        let camera = self.camera;
        let snapshot = self.analytics.snapshot();
        let restored = Self::restore(camera, versions.clone(), names, &snapshot, self.last);
        // Our own snapshot is read; were it not, counting would begin anew.
        let mut next = restored.unwrap_or_else(|_| Self::new(camera, versions, names));
        next.told = std::mem::take(&mut self.told);
        next.spent = std::mem::take(&mut self.spent);
        next.watched = std::mem::take(&mut self.watched);
        next.last = self.last;
        *self = next;
    }

    /// Takes a frame as it comes; of one that is not later than the last nothing is taken. Answers whether it was.
    pub(crate) fn take(&mut self, names: &mut Names, frame: &TrackFrame, of: &ClassNames) -> bool {
        let frame = names.of_live(frame, of);
        self.take_numbered(&frame)
    }

    /// Takes a frame of the record, likewise.
    pub(crate) fn take_recorded(&mut self, names: &mut Names, recorded: &Recorded) -> bool {
        let frame = names.of_recorded(recorded);
        self.take_numbered(&frame)
    }

    fn take_numbered(&mut self, frame: &TrackFrame) -> bool {
        if self.analytics.handle(frame).is_err() {
            return false;
        }
        let now = Moment { time: frame.key.time, wall_us: frame.wall.us };
        self.pass(now);
        self.collect(now);
        true
    }

    /// Nothing came for a while, and nothing is known to be there any more: who was there is gone. What is answered is
    /// what this machine would say; it goes on as if it had not been asked, since late frames may come yet.
    pub(crate) fn silence(&self, time: MediaTime) -> Vec<DatedEvent> {
        let Some(last) = self.last else { return Vec::new() };
        let mut ahead = self.analytics.clone();
        if ahead.handle_time(time).is_err() {
            return Vec::new();
        }
        let now = moment(last, time);
        std::iter::from_fn(|| ahead.poll_event()).map(|event| tell(event, now)).collect()
    }

    /// Nothing comes any more: what waited for what comes next is decided.
    pub(crate) fn finish(&mut self) {
        self.analytics.finish();
        if let Some(last) = self.last {
            self.collect(last);
        }
    }

    /// The time since the last frame was spent as it was then.
    fn pass(&mut self, now: Moment) {
        let before = self.last.replace(now);
        let watched = before.filter(|before| now.time.since_90k(before.time) <= WATCHED_90K);
        let Some(before) = watched else {
            self.watched.push(Watched { from: now, until: now });
            return;
        };
        match self.watched.last_mut() {
            Some(span) => span.until = now,
            // It goes on from what is kept.
            None => self.watched.push(Watched { from: before, until: now }),
        }
        // By media time, which runs evenly, in the quarter in which it ended.
        let ticks = now.time.since_90k(before.time);
        let quarter = now.wall_us.div_euclid(QUARTER_US);
        for (row, count) in &self.inside {
            *self.spent.entry((*row, quarter, *count)).or_default() += ticks;
        }
    }

    fn collect(&mut self, now: Moment) {
        while let Some(event) = self.analytics.poll_event() {
            if let Fact::Occupancy(occupancy) = &event.fact
                && let Some(version) = self.version(&event.key)
            {
                let row = version.row;
                self.inside.insert(row, occupancy.count);
            }
            self.told.push(tell(event, now));
        }
        let holds = |row| self.versions.values().any(|one| one.row == row && one.holds(now.time));
        self.inside.retain(|row, _| holds(*row));
    }

    /// The version that an event is about.
    pub(crate) fn version(&self, key: &EventKey) -> Option<&Version> {
        self.versions.get(&(key.area.0, key.version))
    }

    /// The rows of the areas that are in force at the last frame.
    pub(crate) fn rows(&self) -> Vec<i64> {
        let Some(last) = self.last else { return Vec::new() };
        let in_force = self.versions.values().filter(|version| version.holds(last.time));
        let mut rows: Vec<i64> = in_force.map(|version| version.row).collect();
        rows.sort_unstable();
        rows
    }

    /// Whose picture.
    pub(crate) fn camera(&self) -> CameraId {
        self.camera
    }

    /// The last frame.
    pub(crate) fn last(&self) -> Option<Moment> {
        self.last
    }

    /// How many are in an area's zone, by class.
    pub(crate) fn inside(&self, area: u32) -> &[(ClassId, u32)] {
        self.analytics.occupancy(razz_analytics::AreaId(area))
    }

    /// The state, to go on from.
    pub(crate) fn snapshot(&self) -> Vec<u8> {
        self.analytics.snapshot()
    }

    /// What was told since this was asked last.
    pub(crate) fn take_told(&mut self) -> Vec<DatedEvent> {
        std::mem::take(&mut self.told)
    }

    /// How time was spent since this was asked last, and the spans that were watched: the first may go on from the last
    /// one before.
    pub(crate) fn take_time(&mut self) -> (Spent, Vec<Watched>) {
        let watched = std::mem::take(&mut self.watched);
        (std::mem::take(&mut self.spent), watched)
    }
}

/// A moment near another, by media time.
fn moment(near: Moment, time: MediaTime) -> Moment {
    Moment { time, wall_us: near.wall_us.saturating_add(time.since_us(near.time)) }
}

fn tell(event: Event, now: Moment) -> DatedEvent {
    let end = match &event.fact {
        Fact::Visit(visit) => visit.end.map(|(end, _)| moment(now, end)),
        Fact::Crossing(_) | Fact::Occupancy(_) | Fact::Retracted => None,
    };
    let at = moment(now, event.key.time);
    DatedEvent { at, end, frame: now.time, event }
}

/// What was found of each crossing and visit, with all corrections.
#[derive(Default)]
pub(crate) struct Found(HashMap<EventKey, facts::Fact>);

impl Found {
    /// Takes what the counter has told.
    pub(crate) fn take(&mut self, counter: &mut Counter, names: &Names) {
        for told in counter.take_told() {
            let key = told.event.key;
            if let Some(fact) = fact(&told, names, self.0.get(&key)) {
                self.0.insert(key, fact);
            }
        }
    }

    /// Those that were not retracted, in no order.
    pub(crate) fn into_facts(self) -> impl Iterator<Item = facts::Fact> {
        self.0.into_values().filter(|fact| !fact.retracted)
    }
}

/// For those who listen; `None` for what is no crossing and no visit. `before`: what was told of it until now.
pub(crate) fn fact(
    told: &DatedEvent,
    names: &Names,
    before: Option<&facts::Fact>,
) -> Option<facts::Fact> {
    let event = &told.event;
    let (class, what) = match &event.fact {
        Fact::Crossing(crossing) => {
            let (direction, place, bridged) =
                (crossing.direction, crossing.place, crossing.bridged);
            let what = What::Crossing { direction, place, bridged, speed: crossing.speed };
            (names.name(crossing.class), what)
        }
        Fact::Visit(visit) => {
            let end = told.end.zip(visit.end).map(|(moment, (_, why))| (moment, why));
            (names.name(visit.class), What::Visit { entered: visit.entered, end })
        }
        Fact::Occupancy(_) => return None,
        Fact::Retracted => {
            let before = before?;
            return Some(facts::Fact {
                revision: event.revision,
                retracted: true,
                ..before.clone()
            });
        }
    };
    Some(facts::Fact {
        camera: event.key.camera,
        area: Arc::clone(&event.area_name),
        at: told.at,
        track: event.key.track?,
        class,
        revision: event.revision,
        retracted: false,
        what,
    })
}
