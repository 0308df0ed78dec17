//! The high-water marks: how far each camera's media time and track ids, and the cameras' own ids,
//! have come, so that none is given twice. Pure: times are arguments, and what is kept on the disk
//! goes out and comes in as a value.

use std::collections::{BTreeMap, BTreeSet};

use razz_analysis::Given;
use razz_base::{CLOCK_RATE, CameraId, MediaTime, MonoTime, TrackId};
use razz_config::Fingerprint;
use serde::{Deserialize, Serialize};

/// How far ahead of its last frame a camera's media time is reserved on the disk. A process that is
/// killed leaves as much of a gap in it at most.
pub(super) const RESERVED_90K: i64 = 20 * CLOCK_RATE;

/// A reservation that reaches less far ahead is renewed at once.
const NEARLY_USED_90K: i64 = 5 * CLOCK_RATE;

/// From one process to the next, media time goes on by one frame at least.
const FRAME_90K: i64 = CLOCK_RATE / 30;

/// Past this number of a track a fresh epoch is laid by for the camera...
const LAY_BY_AT: u64 = TrackId::PER_EPOCH / 10 * 9;

/// ...and past this one it is taken. The rest of the epoch is for tracks that the tracker has
/// numbered and not yet shown.
const CHANGE_AT: u64 = TrackId::PER_EPOCH / 100 * 99;

/// For how long a removed camera is remembered, in seconds: no view token lives longer.
const REMEMBERED_S: i64 = 86_400;

/// What a kept media time stays below: some 400,000 years.
const MOST_90K: i64 = 1 << 60;

/// The number of a process in track ids: no two processes that keep one state file have the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Epoch(u64);

impl Epoch {
    /// Of the first process of all, and of one that keeps nothing.
    pub(super) const FIRST: Self = Self(0);

    /// Largest that the state file may hold: ids stay below 2^53.
    const MOST: u64 = 9_000_000_000;

    /// The one after it.
    pub(super) fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// One for a process that cannot know of the others: the seconds since 1970, which go faster
    /// than processes are started one by one.
    pub(super) fn of_wall(wall_us: i64) -> Self {
        Self(u64::try_from(wall_us / 1_000_000).unwrap_or(0).min(Self::MOST))
    }
}

/// What the state file holds.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Kept {
    /// The format's version.
    pub(super) version: u32,
    /// The highest epoch given.
    epoch: u64,
    /// The highest id that a camera of the config ever had.
    highest_camera: u32,
    /// The cameras of the config.
    configured: BTreeSet<u32>,
    /// By camera.
    cameras: BTreeMap<u32, KeptCamera>,
    /// Cameras that were removed a short while ago, and when, in UNIX seconds.
    removed: BTreeMap<u32, i64>,
    /// Cameras that were removed, and users and tokens may still list them.
    grants_to_forget: BTreeSet<u32>,
    /// By camera and host, the certificate that was pinned, as the key `certificate` has it.
    certificates: BTreeMap<u32, BTreeMap<String, String>>,
}

/// What is kept of a camera.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct KeptCamera {
    /// No frame has a higher media time than this, in 90 kHz ticks.
    media_time: i64,
}

impl Kept {
    /// The version that this razz writes.
    pub(super) const VERSION: u32 = 1;

    /// The highest epoch given.
    pub(super) fn epoch(&self) -> Epoch {
        Epoch(self.epoch)
    }

    /// Whether every number is one that razz may have written.
    pub(super) fn is_sound(&self) -> bool {
        let times = self.cameras.values().map(|camera| camera.media_time);
        self.epoch <= Epoch::MOST
            && self.highest_camera < CameraId::FIRST_AD_HOC
            && times.into_iter().all(|time| (0..MOST_90K).contains(&time))
    }
}

/// Cameras that are gone from the config.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Removed {
    /// Those of the last day, and when they were removed, in UNIX seconds.
    pub(crate) lately: BTreeMap<u32, i64>,
    /// Those that users and tokens may still list.
    pub(crate) grants: BTreeSet<u32>,
}

/// One camera's marks.
#[derive(Clone, Debug)]
struct Marks {
    /// Who may give times and ids of this camera: the newest lease alone. From 1.
    lease: u64,
    /// The highest media time issued, or reserved by an earlier process.
    last: Option<MediaTime>,
    /// When a media time was issued last, in this process.
    issued: Option<MonoTime>,
    /// What is reserved on the disk.
    reserved: Option<MediaTime>,
    /// The epoch of its tracks, and the highest number in it.
    epoch: Epoch,
    number: u64,
    /// Taken when the numbers of `epoch` are used up.
    next_epoch: Option<Epoch>,
}

/// All marks of a process.
#[derive(Clone, Debug)]
pub(crate) struct HighWaterMarks {
    /// Of the process.
    epoch: Epoch,
    /// The highest one given, to the process or a camera in it.
    highest_epoch: Epoch,
    highest_camera: u32,
    configured: BTreeSet<u32>,
    cameras: BTreeMap<CameraId, Marks>,
    removed: Removed,
    certificates: BTreeMap<u32, BTreeMap<String, String>>,
    /// Nothing is given any more.
    closed: bool,
}

impl HighWaterMarks {
    /// Those of a process of `epoch` that goes on from what an earlier one has kept.
    pub(super) fn new(epoch: Epoch, kept: &Kept) -> Self {
        let mut marks = Self {
            epoch,
            highest_epoch: epoch.max(kept.epoch()),
            highest_camera: kept.highest_camera,
            configured: kept.configured.clone(),
            cameras: BTreeMap::new(),
            removed: Removed {
                lately: kept.removed.clone(),
                grants: kept.grants_to_forget.clone(),
            },
            certificates: kept.certificates.clone(),
            closed: false,
        };
        for (id, camera) in &kept.cameras {
            if let Some(id) = CameraId::new(*id) {
                let time = Some(MediaTime::from_90k(camera.media_time));
                let marks = marks.marks(id);
                (marks.last, marks.reserved) = (time, time);
            }
        }
        marks
    }

    /// The process's epoch is another: the one that it began with may be another process's too.
    pub(super) fn begin_epoch(&mut self, epoch: Epoch) {
        self.epoch = epoch;
        self.highest_epoch = self.highest_epoch.max(epoch);
        self.cameras.values_mut().for_each(|marks| marks.epoch = epoch);
    }

    fn marks(&mut self, camera: CameraId) -> &mut Marks {
        let epoch = self.epoch;
        self.cameras.entry(camera).or_insert_with(|| Marks {
            lease: 0,
            last: None,
            issued: None,
            reserved: None,
            epoch,
            number: 0,
            next_epoch: None,
        })
    }

    // ---- cameras ----

    /// The config has these cameras now, at `now_s` UNIX seconds. Says whether that is news.
    pub(super) fn configure(&mut self, cameras: &BTreeSet<u32>, now_s: i64) -> bool {
        self.removed.lately.retain(|_, at| now_s.saturating_sub(*at) <= REMEMBERED_S);
        if self.configured == *cameras {
            return false;
        }
        for gone in self.configured.difference(cameras) {
            self.removed.lately.insert(*gone, now_s);
            self.removed.grants.insert(*gone);
            self.certificates.remove(gone);
        }
        self.configured.clone_from(cameras);
        self.note_camera(cameras.last().copied().unwrap_or(0));
        for id in cameras.iter().copied().filter_map(CameraId::new) {
            self.marks(id);
        }
        true
    }

    /// This camera id is or was in use.
    pub(super) fn note_camera(&mut self, id: u32) {
        if id < CameraId::FIRST_AD_HOC {
            self.highest_camera = self.highest_camera.max(id);
        }
    }

    /// The highest id that a camera of the config ever had; 0 before the first.
    pub(super) fn highest_camera(&self) -> u32 {
        self.highest_camera
    }

    /// Cameras that are gone from the config.
    pub(super) fn removed(&self) -> &Removed {
        &self.removed
    }

    /// No user and no token lists these cameras any more.
    pub(super) fn note_forgotten(&mut self, cameras: &BTreeSet<u32>) {
        self.removed.grants.retain(|id| !cameras.contains(id));
    }

    /// The number under which someone may give times and ids of `camera` from now on, and nobody
    /// else any more.
    pub(super) fn lease(&mut self, camera: CameraId) -> u64 {
        let marks = self.marks(camera);
        marks.lease += 1;
        marks.lease
    }

    /// Forgets a camera that will not come again.
    pub(super) fn forget(&mut self, camera: CameraId) {
        self.cameras.remove(&camera);
        self.certificates.remove(&camera.as_u32());
    }

    fn holds(&self, camera: CameraId, lease: u64) -> bool {
        let newest = self.cameras.get(&camera).map(|marks| marks.lease);
        !self.closed && newest == Some(lease)
    }

    // ---- certificates ----

    /// The certificate that was pinned of a camera at a host and port.
    pub(super) fn pinned(&self, camera: CameraId, host: &str) -> Option<Fingerprint> {
        self.certificates.get(&camera.as_u32())?.get(host)?.parse().ok()
    }

    /// From now on this one.
    pub(super) fn pin(&mut self, camera: CameraId, host: &str, certificate: Fingerprint) {
        let of_camera = self.certificates.entry(camera.as_u32()).or_default();
        of_camera.insert(host.to_owned(), certificate.to_string());
    }

    // ---- media time ----

    /// Where the media time of a camera begins whose first frame is here: at the wall clock, or
    /// after all that was there before, whichever is later.
    pub(super) fn start(&mut self, camera: CameraId, wall_us: i64) -> MediaTime {
        let wall = MediaTime::from_wall_us(wall_us);
        self.marks(camera).last.map_or(wall, |last| wall.max(last.plus_90k(FRAME_90K)))
    }

    /// Gives a frame its media time; false where another has taken the camera over.
    pub(super) fn issue(
        &mut self,
        camera: CameraId,
        lease: u64,
        time: MediaTime,
        now: MonoTime,
    ) -> bool {
        if !self.holds(camera, lease) {
            return false;
        }
        let marks = self.marks(camera);
        marks.last = marks.last.max(Some(time));
        marks.issued = Some(now);
        true
    }

    /// Whether what is reserved of a camera reaches far enough ahead of the frame that would come
    /// now.
    pub(super) fn is_reserved(&self, camera: CameraId, wall_us: i64, now: MonoTime) -> bool {
        let Some(marks) = self.cameras.get(&camera) else { return true };
        let next = marks.next(wall_us, now).plus_90k(NEARLY_USED_90K);
        camera.is_ad_hoc() || marks.reserved.is_some_and(|reserved| reserved >= next)
    }

    // ---- track ids ----

    /// The id before the first one that the camera's next tracker may give.
    pub(super) fn ids_after(&mut self, camera: CameraId) -> TrackId {
        let marks = self.marks(camera);
        TrackId::new(marks.epoch.0, marks.number)
    }

    /// Gives track ids up to `highest`.
    pub(super) fn give(&mut self, camera: CameraId, lease: u64, highest: TrackId) -> Given {
        if !self.holds(camera, lease) {
            return Given::Refused;
        }
        let mut newest = self.highest_epoch;
        let marks = self.marks(camera);
        let after = TrackId::new(marks.epoch.0, marks.number);
        if highest > after {
            marks.number = highest.0 - TrackId::new(marks.epoch.0, 0).0;
        }
        if marks.number >= LAY_BY_AT && marks.next_epoch.is_none() {
            newest = newest.next();
            marks.next_epoch = Some(newest);
        }
        let last = marks.number >= CHANGE_AT;
        if let Some(next) = marks.next_epoch.take_if(|_| last) {
            (marks.epoch, marks.number) = (next, 0);
        }
        self.highest_epoch = newest;
        if last { Given::Last } else { Given::Yes }
    }

    // ---- the disk ----

    /// What to keep now, so that a process that begins after this one was killed gives nothing
    /// twice.
    pub(super) fn to_keep(&self, wall_us: i64, now: MonoTime) -> Kept {
        let kept = |(id, marks): (&CameraId, &Marks)| {
            let id = id.as_u32();
            let reserved = match (self.closed, self.configured.contains(&id)) {
                (true, _) => marks.last?,
                (false, true) => marks.next(wall_us, now).plus_90k(RESERVED_90K),
                (false, false) => marks.last.max(marks.reserved)?,
            };
            Some((id, KeptCamera { media_time: reserved.as_90k().clamp(0, MOST_90K - 1) }))
        };
        let lasting = self.cameras.iter().filter(|(id, _)| !id.is_ad_hoc());
        Kept {
            version: Kept::VERSION,
            epoch: self.highest_epoch.0,
            highest_camera: self.highest_camera,
            configured: self.configured.clone(),
            cameras: lasting.filter_map(kept).collect(),
            removed: self.removed.lately.clone(),
            grants_to_forget: self.removed.grants.clone(),
            certificates: {
                let lasting = |id: u32| CameraId::new(id).is_some_and(|id| !id.is_ad_hoc());
                let mut kept = self.certificates.clone();
                kept.retain(|id, _| lasting(*id));
                kept
            },
        }
    }

    /// `kept` is on the disk.
    pub(super) fn note_kept(&mut self, kept: &Kept) {
        for (id, camera) in &kept.cameras {
            if let Some(id) = CameraId::new(*id) {
                self.marks(id).reserved = Some(MediaTime::from_90k(camera.media_time));
            }
        }
    }

    /// Nothing is given any more: what is kept from now on is exact.
    pub(super) fn close(&mut self) {
        self.closed = true;
    }
}

impl Marks {
    /// The media time of a frame that would come now.
    fn next(&self, wall_us: i64, now: MonoTime) -> MediaTime {
        match (self.last, self.issued) {
            // Media time goes on by the monotonic time that passes.
            (Some(last), Some(issued)) => {
                last.plus_90k(MediaTime::from_wall_us(now.since_us(issued)).as_90k())
            }
            (last, _) => MediaTime::from_wall_us(wall_us).max(last.unwrap_or_default()),
        }
    }
}
