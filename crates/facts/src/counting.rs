//! The thread that counts what comes.

mod camera;
mod today;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::tz::TimeZone;
use razz_base::{CameraId, MonoTime};
use razz_hub::tracks::Frames;
use razz_hub::{Camera, Cameras, Policy, Published, Received, Subscriber, lock};
use razz_store::archive::Archive;
use tracing::{error, warn};

use self::camera::{Begin, Live};
pub(crate) use self::camera::{time_spent, with_rows};
use crate::database::{Commit, Database, FactsError};
use crate::drawing::Drawing;
use crate::names::Names;
use crate::{Recordings, Shared};

/// What may wait of all cameras' frames, in bytes.
const QUEUE: usize = 64 << 20;
/// How long the thread waits for frames before it looks at everything else.
const WAIT: Duration = Duration::from_millis(50);
const LOOK_US: i64 = 250_000;
/// What was told is kept so often, in µs, where it may be.
const KEEP_US: i64 = 100_000;
/// Frames that are taken before anything else is looked at.
const AT_ONCE: usize = 64;
/// What failed is tried again after so long.
const TRY_AGAIN: Duration = Duration::from_secs(2);

/// Everything that is counted.
pub(crate) struct Counting<'a> {
    shared: &'a Shared,
    cameras: &'a Cameras,
    database: Database,
    names: Names,
    zone: TimeZone,
    subscriber: Subscriber<Published>,
    live: BTreeMap<CameraId, Live>,
    /// Which settings are followed, and the areas that they want.
    generation: Option<u64>,
    wanted: BTreeMap<CameraId, Vec<(String, Drawing)>>,
    looked: Option<MonoTime>,
    kept: Option<MonoTime>,
}

impl<'a> Counting<'a> {
    /// Counts until it is told to stop, or the database fails.
    pub(crate) fn run(shared: &'a Shared, cameras: &'a Cameras) {
        let archive = loop {
            match (shared.recordings)() {
                Recordings::Waiting if !shared.is_stopped() => std::thread::sleep(WAIT),
                Recordings::Waiting => return,
                Recordings::None => break None,
                Recordings::At(archive) => break Some(archive),
            }
        };
        if let Err(error) = Self::open(shared, cameras).and_then(|mut all| all.count(archive)) {
            shared.say("nothing is counted", &error);
            if !shared.is_stopped() {
                std::thread::sleep(TRY_AGAIN);
            }
        }
    }

    fn open(shared: &'a Shared, cameras: &'a Cameras) -> Result<Self, FactsError> {
        let database = Database::open(&shared.path)?;
        let names = shared.names(&database)?;
        *lock(&shared.error) = None;
        *lock(&shared.reader) =
            Some(Arc::new(std::sync::Mutex::new(Database::open_to_read(&shared.path)?)));
        Ok(Self {
            shared,
            cameras,
            database,
            names,
            zone: TimeZone::system(),
            subscriber: Subscriber::new(Policy::Lossless { max_bytes: QUEUE }),
            live: BTreeMap::new(),
            generation: None,
            wanted: BTreeMap::new(),
            looked: None,
            kept: None,
        })
    }

    fn count(&mut self, archive: Option<Arc<Archive>>) -> Result<(), FactsError> {
        let clock = self.shared.clock;
        while !self.shared.is_stopped() {
            let first = self.subscriber.next_within(WAIT);
            self.turn(first, archive.as_deref(), clock.mono(), clock.wall_us())?;
        }
        while let Some(received) = self.subscriber.try_next() {
            self.take(received, clock.mono());
        }
        self.keep(true)
    }

    /// A frame came.
    fn take(&mut self, received: Received<Published>, now: MonoTime) {
        let id = received.item.frame.key.camera;
        if let Some(gap) = &received.gap {
            warn!(camera = %id, "{} track frames were not counted: they came too fast", gap.items);
        }
        if let Some(live) = self.live.get_mut(&id) {
            live.take(received.item, &mut self.names, &self.shared.feed, now);
        }
    }

    /// Counts what has come, and looks at everything else when it is time.
    fn turn(
        &mut self,
        first: Option<Received<Published>>,
        archive: Option<&Archive>,
        now: MonoTime,
        wall_us: i64,
    ) -> Result<(), FactsError> {
        let mut next = first;
        for _ in 0..AT_ONCE {
            let Some(received) = next else { break };
            self.take(received, now);
            next = self.subscriber.try_next();
        }
        if self.looked.is_none_or(|looked| now.since_us(looked) >= LOOK_US) {
            self.looked = Some(now);
            self.follow(archive, now)?;
            for live in self.live.values_mut() {
                let (names, feed) = (&mut self.names, &self.shared.feed);
                live.look(&self.database, names, feed, now, wall_us, &self.zone)?;
            }
        }
        if self.kept.is_none_or(|kept| now.since_us(kept) >= KEEP_US) {
            self.kept = Some(now);
            self.keep(false)?;
        }
        Ok(())
    }

    /// Counts at the cameras that the settings have areas of.
    fn follow(&mut self, archive: Option<&Archive>, now: MonoTime) -> Result<(), FactsError> {
        let (generation, areas) = {
            let areas = lock(&self.shared.areas);
            (areas.generation, Arc::clone(&areas.list))
        };
        let here: BTreeMap<CameraId, Arc<Camera>> =
            self.cameras.list().into_iter().map(|camera| (camera.id, camera)).collect();
        let is_same = |id: &CameraId, live: &Live| {
            here.get(id).is_some_and(|camera| Arc::ptr_eq(camera, &live.camera))
        };
        let gone: Vec<CameraId> =
            self.live.iter().filter(|(id, live)| !is_same(id, live)).map(|(id, _)| *id).collect();
        if !gone.is_empty() {
            self.keep(true)?;
            gone.iter().for_each(|id| drop(self.live.remove(id)));
        }
        let is_news = self.generation != Some(generation);
        if is_news {
            self.wanted.clear();
            for area in areas.iter() {
                let drawn = (area.name.clone(), Drawing::from(area));
                self.wanted.entry(area.camera).or_default().push(drawn);
            }
            for (camera, was, name) in std::mem::take(&mut lock(&self.shared.areas).renamed) {
                self.database.rename(camera, &was, &name)?;
            }
            self.close_left(archive)?;
        }
        let mut changed = is_news || !gone.is_empty();
        for (id, camera) in here {
            let drawn = self.wanted.get(&id).map_or(&[][..], Vec::as_slice);
            match self.live.get_mut(&id) {
                Some(live) if is_news => {
                    live.set_areas(&mut self.database, &mut self.names, drawn)?;
                }
                Some(_) => {}
                None if drawn.is_empty() => {}
                None => {
                    let attachment = camera.tracks.attach(&self.subscriber, Frames::Detected);
                    let (database, names) = (&mut self.database, &mut self.names);
                    let begin =
                        Begin { camera, attachment, database, names, archive, wanted: drawn, now };
                    self.live.insert(id, Live::begin(begin)?);
                    changed = true;
                }
            }
        }
        self.generation = Some(generation);
        if changed {
            self.say_areas();
        }
        Ok(())
    }

    /// The areas of cameras that none are wanted of any more are closed; a camera that is away may come again.
    fn close_left(&mut self, archive: Option<&Archive>) -> Result<(), FactsError> {
        let versions = self.database.versions(None)?;
        let open = versions.iter().filter(|version| version.until.is_none());
        let left: BTreeSet<CameraId> = open.map(|version| version.camera).collect();
        for id in left {
            if self.wanted.contains_key(&id) || self.live.contains_key(&id) {
                continue;
            }
            let state = self.database.state(id)?.map(|state| state.last.time);
            let newest = archive.and_then(|archive| crate::record::newest(archive, id).ok());
            let last = state.max(newest.flatten());
            self.database.set_areas(id, &[], last.map(|last| last.plus_90k(1)))?;
        }
        Ok(())
    }

    fn say_areas(&self) {
        let names: BTreeSet<(CameraId, Arc<str>)> = self
            .live
            .values()
            .flat_map(|live| live.areas().into_values())
            .map(|version| (version.camera, Arc::clone(&version.name)))
            .collect();
        let feed = &self.shared.feed;
        feed.keep(|camera, area| names.contains(&(camera, area.into())));
        self.live.values().for_each(|live| live.show(&self.names, feed));
        let past: Vec<i64> = self
            .live
            .values()
            .flat_map(|live| live.uncounted())
            .map(|version| version.row)
            .collect();
        self.shared.count_past(past);
    }

    /// Writes what can be kept.
    fn keep(&mut self, is_last: bool) -> Result<(), FactsError> {
        let commits: Vec<Commit> =
            self.live.values_mut().filter_map(|live| live.commit(is_last)).collect();
        if commits.is_empty() {
            return Ok(());
        }
        match self.database.commit(&commits, &self.names) {
            Ok(()) => *lock(&self.shared.error) = None,
            Err(error) => {
                self.shared.say("what is counted is not kept, and tried again", &error);
                for commit in commits {
                    if let Some(live) = self.live.get_mut(&commit.camera) {
                        live.put_back(commit);
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

impl Shared {
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// Says what fails, once as long as it is the same.
    fn say(&self, what: &str, error: &FactsError) {
        let said = error.to_string();
        let before = lock(&self.error).replace(said.clone());
        if before.as_ref() != Some(&said) {
            error!("{what}: {said}");
        }
    }
}
