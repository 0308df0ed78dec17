//! One camera that is counted at.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use jiff::tz::TimeZone;
use razz_analytics::{AreaId, EventKey, Fact as Said};
use razz_base::{CLOCK_RATE, CameraId, MediaTime, MonoTime, RecordMode};
use razz_hub::facts::{AreaNow, Fact, Facts as Feed, Moment};
use razz_hub::{Attachment, Camera, Published};
use razz_store::archive::Archive;
use tracing::{info, warn};

use super::today::{Today, midnight_us};
use crate::counter::{self, Counter, DatedEvent};
use crate::database::{Commit, Database, FactsError, Filter, State, TimeSpent};
use crate::drawing::{Drawing, Version};
use crate::names::Names;
use crate::record;

/// The state is kept so often, in ticks of media time: so much of the record is gone through again after a kill.
const STATE_90K: i64 = 10 * CLOCK_RATE;
/// Frames of a camera that should be recorded wait so long to hear that they are, in µs.
const WAIT_US: i64 = 10_000_000;
/// After so long without a frame, in µs, nobody is known to be there.
const SILENT_US: i64 = 13_000_000;
/// What is said then holds so long after the last frame, in ticks.
const SILENCE_90K: i64 = 11 * CLOCK_RATE;
/// Frames wait for the recorder at most; of more the oldest are given up.
const MOST_HELD: usize = 2_000;

/// What is counted at one camera, and what of it is to be kept.
pub(super) struct Live {
    pub(super) camera: Arc<Camera>,
    /// Its frames come while this is held.
    _attachment: Attachment<Published>,
    versions: Vec<Version>,
    counter: Counter,
    today: Today,
    /// Frames of which it is not known whether they are recorded.
    held: VecDeque<Arc<Published>>,
    is_settled: bool,
    began: MonoTime,
    heard: MonoTime,
    /// Nothing came for so long that everybody is gone.
    is_silent: bool,
    /// What was told and is not kept yet, with the rows of its areas.
    told: VecDeque<(i64, DatedEvent)>,
    /// A state that is to be kept once the record is as far.
    time: Option<TimeSpent>,
    state_at: Option<MediaTime>,
}

/// What a camera is begun with.
pub(super) struct Begin<'a> {
    pub(super) camera: Arc<Camera>,
    pub(super) attachment: Attachment<Published>,
    pub(super) database: &'a mut Database,
    pub(super) names: &'a mut Names,
    pub(super) archive: Option<&'a Archive>,
    pub(super) wanted: &'a [(String, Drawing)],
    pub(super) now: MonoTime,
}

impl Live {
    /// Goes on from the state that is kept, over what was recorded since.
    pub(super) fn begin(begin: Begin<'_>) -> Result<Self, FactsError> {
        let Begin { camera, attachment, database, names, archive, wanted, now } = begin;
        let id = camera.id;
        let state = database.state(id)?;
        let before = database.versions(Some(id))?;
        let mut counter = match &state {
            Some(State { last, snapshot }) => {
                let restored = Counter::restore(id, before.clone(), names, snapshot, Some(*last));
                restored.unwrap_or_else(|error| {
                    warn!(camera = %id, "counting begins anew: {error}");
                    Counter::new(id, before.clone(), names)
                })
            }
            None => Counter::new(id, before.clone(), names),
        };
        // By the areas as they were: how they are now begins after what was recorded.
        if let (Some(archive), Some(state)) = (archive, &state) {
            let from = state.last.time.plus_90k(1);
            replay(archive, from, &mut counter, database, names, id)?;
        }
        let recorded = archive.and_then(|archive| record::newest(archive, id).ok()).flatten();
        let last = counter.last().map(|last| last.time).max(recorded);
        database.set_areas(id, wanted, last.map(|last| last.plus_90k(1)))?;
        let versions = database.versions(Some(id))?;
        if versions != before {
            counter.change(versions.clone(), names);
        }
        Ok(Self {
            camera,
            _attachment: attachment,
            versions,
            counter,
            today: Today::default(),
            held: VecDeque::new(),
            is_settled: false,
            began: now,
            heard: now,
            is_silent: false,
            told: VecDeque::new(),
            time: None,
            state_at: state.map(|state| state.last.time),
        })
    }

    /// The areas are others from now on; whether they are.
    pub(super) fn set_areas(
        &mut self,
        database: &mut Database,
        names: &mut Names,
        wanted: &[(String, Drawing)],
    ) -> Result<bool, FactsError> {
        let now = self.counter.last().map(|last| last.time.plus_90k(1));
        if !database.set_areas(self.camera.id, wanted, now)? {
            return Ok(false);
        }
        self.versions = database.versions(Some(self.camera.id))?;
        self.counter.change(self.versions.clone(), names);
        Ok(true)
    }

    /// Versions whose past is to be counted.
    pub(super) fn uncounted(&self) -> impl Iterator<Item = &Version> {
        self.versions.iter().filter(|version| !version.counted)
    }

    /// The names of the areas that are in force, with their numbers.
    pub(super) fn areas(&self) -> BTreeMap<u32, &Version> {
        let open = self.versions.iter().filter(|version| version.until.is_none());
        open.map(|version| (version.area, version)).collect()
    }

    /// A frame came. It is counted once it is known whether it is recorded.
    pub(super) fn take(
        &mut self,
        published: Arc<Published>,
        names: &mut Names,
        feed: &Feed,
        now: MonoTime,
    ) {
        self.heard = now;
        if !published.frame.detected {
            return;
        }
        if self.held.len() == MOST_HELD {
            self.held.pop_front();
        }
        self.held.push_back(published);
        self.go_on(names, feed, now);
    }

    /// Counts what waits, if it may.
    fn go_on(&mut self, names: &mut Names, feed: &Feed, now: MonoTime) {
        if !self.is_settled {
            let kept = self.camera.recording.tracks_kept();
            let is_wanted = self.camera.settings().record != RecordMode::Off;
            let waits = is_wanted
                && kept.is_none()
                && self.camera.recording.not_recorded().is_none()
                && now.since_us(self.began) < WAIT_US;
            if waits {
                return;
            }
            self.is_settled = true;
            // What came before recording began is not in the record, and is not counted.
            if let Some(kept) = kept {
                self.held.retain(|one| one.frame.key.time >= kept.from);
            }
        }
        while let Some(published) = self.held.pop_front() {
            if self.counter.take(names, &published.frame, &published.names) {
                self.is_silent = false;
                let told = self.counter.take_told();
                self.tell(told, names, feed, true);
            }
        }
    }

    /// Tells who listens, and notes what is to be kept.
    fn tell(&mut self, all: Vec<DatedEvent>, names: &Names, feed: &Feed, keep_occupancy: bool) {
        if all.is_empty() {
            return;
        }
        let mut changed: Vec<u32> = Vec::new();
        for told in all {
            let key = told.event.key;
            let Some(row) = self.counter.version(&key).map(|version| version.row) else { continue };
            changed.push(key.area.0);
            let before = self.today.before(&key).map(|before| &**before);
            if let Some(fact) = counter::fact(&told, names, before) {
                let fact = Arc::new(fact);
                self.today.count(key, &fact);
                feed.publish(fact);
            }
            if keep_occupancy || !matches!(told.event.fact, Said::Occupancy(_)) {
                self.told.push_back((row, told));
            }
        }
        changed.sort_unstable();
        changed.dedup();
        let areas = self.areas();
        for area in changed {
            if let Some(version) = areas.get(&area) {
                feed.set_now(self.now(version, names));
            }
        }
    }

    fn now(&self, version: &Version, names: &Names) -> AreaNow {
        let inside = match (version.is_zone(), self.is_silent) {
            (true, false) => self.counter.inside(version.area),
            // Where nobody looks nobody is known to be.
            (true, true) | (false, _) => &[],
        };
        AreaNow {
            camera: version.camera,
            area: Arc::clone(&version.name),
            is_zone: version.is_zone(),
            inside: inside.iter().map(|(class, count)| (names.name(*class), *count)).collect(),
            today: self.today.of(version.area),
            at: self.counter.last(),
        }
    }

    /// Time passed.
    pub(super) fn look(
        &mut self,
        database: &Database,
        names: &mut Names,
        feed: &Feed,
        now: MonoTime,
        wall_us: i64,
        zone: &TimeZone,
    ) -> Result<(), FactsError> {
        self.go_on(names, feed, now);
        self.today.forget(wall_us);
        let midnight = midnight_us(wall_us, zone);
        if self.today.since_us() != midnight && self.told.is_empty() {
            self.begin_day(database, names, feed, midnight, wall_us)?;
        }
        if !self.is_silent && now.since_us(self.heard) >= SILENT_US {
            self.is_silent = true;
            if let Some(last) = self.counter.last() {
                let told = self.counter.silence(last.time.plus_90k(SILENCE_90K));
                self.tell(told, names, feed, false);
                self.show(names, feed);
            }
        }
        Ok(())
    }

    /// Counts from midnight on, beginning with what is kept.
    fn begin_day(
        &mut self,
        database: &Database,
        names: &Names,
        feed: &Feed,
        midnight: i64,
        wall_us: i64,
    ) -> Result<(), FactsError> {
        let filter = Filter {
            from_us: midnight,
            until_us: wall_us.max(midnight + 1),
            class: None,
            kind: None,
            before: None,
            limit: usize::MAX,
        };
        let told = database.with_areas(&self.versions, &filter)?.rows;
        let with_key = |(row, fact): (i64, Fact)| {
            let version = self.versions.iter().find(|version| version.row == row)?;
            let key = EventKey {
                camera: version.camera,
                area: AreaId(version.area),
                version: version.version,
                time: fact.at.time,
                track: Some(fact.track),
            };
            Some((key, fact))
        };
        self.today.begin(midnight, told.into_iter().filter_map(with_key));
        self.today.forget(wall_us);
        self.show(names, feed);
        Ok(())
    }

    /// Tells how it is now at every area.
    pub(super) fn show(&self, names: &Names, feed: &Feed) {
        self.areas().values().for_each(|version| feed.set_now(self.now(version, names)));
    }

    /// What can be kept now: nothing is kept that rests on frames which the record does not have yet.
    pub(super) fn commit(&mut self, is_last: bool) -> Option<Commit> {
        let last = self.counter.last()?;
        let is_due = self.state_at.is_none_or(|at| last.time.since_90k(at) >= STATE_90K);
        if self.time.is_none() && (is_due || is_last) && self.state_at != Some(last.time) {
            self.time = Some(time_spent(&mut self.counter, last));
            self.state_at = Some(last.time);
        }
        let kept = self.camera.recording.tracks_kept();
        let until = match kept {
            Some(kept) => kept.until,
            None => MediaTime::from_90k(i64::MAX),
        };
        let mut told = Vec::new();
        while self.told.front().is_some_and(|(_, told)| told.frame <= until) {
            told.extend(self.told.pop_front());
        }
        let state_time =
            |time: &mut TimeSpent| time.state.as_ref().is_none_or(|state| state.last.time <= until);
        let time = self.time.take_if(state_time);
        let is_empty = told.is_empty() && time.is_none();
        (!is_empty).then_some(Commit { camera: self.camera.id, told, time })
    }

    /// What could not be written is tried again.
    pub(super) fn put_back(&mut self, commit: Commit) {
        for told in commit.told.into_iter().rev() {
            self.told.push_front(told);
        }
        if self.time.is_none() {
            self.time = commit.time;
        }
    }
}

/// How time was spent until `last`, with the state after it.
pub(crate) fn time_spent(counter: &mut Counter, last: Moment) -> TimeSpent {
    let (spent, watched) = counter.take_time();
    let rows = counter.rows();
    let each = |span| rows.iter().map(move |row| (*row, span));
    let watched = watched.into_iter().flat_map(each).collect();
    let state = Some(State { last, snapshot: counter.snapshot() });
    TimeSpent { state, spent, watched }
}

/// With the row of its area.
pub(crate) fn with_rows(counter: &mut Counter) -> Vec<(i64, DatedEvent)> {
    let told = counter.take_told();
    let row = |told: &DatedEvent| counter.version(&told.event.key).map(|version| version.row);
    told.into_iter().filter_map(|told| row(&told).map(|row| (row, told))).collect()
}

/// Counts what was recorded from `from` on, and keeps it.
fn replay(
    archive: &Archive,
    from: MediaTime,
    counter: &mut Counter,
    database: &mut Database,
    names: &mut Names,
    camera: CameraId,
) -> Result<(), FactsError> {
    let mut failed = None;
    let mut frames = 0;
    let read = record::walk(archive, camera, from, MediaTime::from_90k(i64::MAX), |piece| {
        for one in piece {
            frames += usize::from(counter.take_recorded(names, one));
        }
        let Some(last) = counter.last() else { return true };
        let told = with_rows(counter);
        let time = Some(time_spent(counter, last));
        failed = database.commit(&[Commit { camera, told, time }], names).err();
        failed.is_none()
    });
    if let Err(error) = read {
        warn!(%camera, "what was recorded since the last start cannot be counted: {error}");
    } else if frames > 0 {
        info!(%camera, "counting goes on over {frames} recorded frames");
    }
    failed.map_or(Ok(()), Err)
}
