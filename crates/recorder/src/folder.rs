//! What the recorder's thread does.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use razz_base::{CameraId, MediaTime, MonoTime, RecordMode, TrackState};
use razz_config::{Disk, Record};
use razz_hub::recording;
use razz_hub::tracks::{Frames, Subscription};
use razz_hub::{Attachment, Camera, Cameras, Policy, Received, Subscriber, lock};
use razz_media::ring::Unit;
use razz_observe::clock::Clock;
use razz_store::archive::Archive;
use razz_store::check::{self, Differences};
use razz_store::disk::Root;
use razz_store::index::{GapReason, Index};
use razz_store::keep::{self, Kept};
use razz_store::space::Limits;
use razz_store::tracks::{self, TrackWriter, Written};
use razz_store::writer::{Durability, Writer};
use tracing::{error, info, warn};

use crate::Shared;
use crate::status::{CameraRecording, Recording};
use crate::window::{Taken, Window};

/// What may wait for the disk, of all cameras together, in bytes: 50 MB/s for five seconds.
const QUEUE: usize = 256 << 20;
/// What may wait of a camera's track frames, in bytes.
const TRACKS: usize = 8 << 20;
/// How long the thread waits for pictures before it looks at everything else.
const LOOK: Duration = Duration::from_millis(100);
const LOOK_US: i64 = 250_000;
/// A folder that could not be opened is tried again after so long.
const TRY_AGAIN: Duration = Duration::from_secs(2);
/// A camera that sends nothing for so long is gone, in µs.
const GONE_US: i64 = 5_000_000;
/// How often room is made, in µs; at once when the disk is full, but not more often than the second.
const ROOM_US: i64 = 60_000_000;
const ROOM_NOW_US: i64 = 2_000_000;
/// How often old tracks are looked for, in µs.
const FORGET_US: i64 = 3_600_000_000;
const DAY_US: i64 = 86_400_000_000;
/// How often what was written is made durable on a disk with an arm, in µs.
const ARM_US: i64 = 5_000_000;
/// How long the disk may take over what still waits at the end, in µs.
const LAST_US: i64 = 2_000_000;

/// One folder that is written to.
pub(crate) struct FolderRecorder<'a> {
    settings: &'a Record,
    shared: &'a Shared,
    clock: Clock,
    root: Root,
    /// Nobody else writes here.
    _lock: File,
    writer: Writer,
    tracks: TrackWriter,
    subscriber: Subscriber<Unit>,
    cameras: HashMap<CameraId, Recorded>,
    looked: MonoTime,
    made_room: Option<MonoTime>,
    forgot: Option<MonoTime>,
    kept: Kept,
}

/// A camera that the recorder knows.
struct Recorded {
    camera: Arc<Camera>,
    attachment: Option<Attachment<Unit>>,
    /// Its track frames, while it is recorded.
    tracks: Option<Subscription>,
    mode: RecordMode,
    around_us: [i64; 2],
    window: Window,
    /// When the newest access unit came, or it was begun with.
    heard: MonoTime,
    given_up: u64,
    state: Recording,
}

impl<'a> FolderRecorder<'a> {
    /// Records until it is told to stop, or the folder is not there.
    pub(crate) fn run(settings: &'a Record, cameras: &Cameras, shared: &'a Shared, clock: Clock) {
        let mut recorder = match Self::open(settings, shared, clock) {
            Ok(recorder) => recorder,
            Err(said) => {
                Self::say_closed(cameras, shared, said, clock.wall_us());
                std::thread::sleep(TRY_AGAIN);
                return;
            }
        };
        recorder.follow(cameras);
        while !shared.is_stopped() {
            if let Some(received) = recorder.subscriber.next_within(LOOK) {
                recorder.take(&received);
            }
            let now = clock.mono();
            if now.since_us(recorder.looked) >= LOOK_US {
                recorder.looked = now;
                recorder.follow(cameras);
                recorder.look(now);
            }
        }
        // What has come is kept, unless the disk takes too long over it.
        let end = clock.mono().plus_us(LAST_US);
        while let Some(received) = recorder.subscriber.try_next()
            && clock.mono() < end
        {
            recorder.take(&received);
        }
        recorder.take_tracks(clock.mono());
        let written = recorder.tracks.stop();
        recorder.put_tracks(&written);
        recorder.writer.stop(clock.mono());
    }

    fn open(settings: &'a Record, shared: &'a Shared, clock: Clock) -> Result<Self, String> {
        let root = Root::open(&settings.path).map_err(|error| error.to_string())?;
        let held = root.lock().map_err(|error| error.to_string())?;
        let database = root.path().join(razz_store::INDEX);
        let (index, is_new) = Index::open(&database).map_err(|error| error.to_string())?;
        let durability = match settings.disk {
            Disk::Ssd => Durability::Each,
            Disk::Hdd => Durability::Every(ARM_US),
            Disk::Auto if root.is_rotational() == Some(true) => Durability::Every(ARM_US),
            Disk::Auto => Durability::Each,
        };
        let now = clock.mono();
        let opened = Writer::open(root.clone(), index, durability, now);
        let (mut writer, mended) = opened.map_err(|error| error.to_string())?;
        if mended > 0 {
            info!("{mended} recordings had not been ended and are whole up to their last second");
        }
        let mut tracks = TrackWriter::new(root.clone());
        let recovered = tracks.recover().map_err(|error| error.to_string())?;
        check_beside(&root, writer.index(), is_new);
        writer.tell(shared.now_written.clone());
        if let Some(signer) = &shared.signer {
            writer.sign(Arc::clone(signer));
        }
        if shared.archive.get().is_none() {
            let reader = writer.index().another().map_err(|error| error.to_string())?;
            let archive = Archive::new(root.clone(), reader, shared.now_written.clone());
            let _ = shared.archive.set(Arc::new(archive));
        }
        info!("recordings are kept in {}", root.path().display());
        lock(&shared.status).error = None;
        let recorder = Self {
            settings,
            shared,
            clock,
            root,
            _lock: held,
            writer,
            tracks,
            subscriber: Subscriber::new(Policy::Lossless { max_bytes: QUEUE }),
            cameras: HashMap::new(),
            looked: now,
            made_room: None,
            forgot: None,
            kept: Kept::default(),
        };
        recorder.put_tracks(&recovered);
        Ok(recorder)
    }

    /// Nothing can be recorded.
    fn say_closed(cameras: &Cameras, shared: &Shared, said: String, now_us: i64) {
        let mut status = lock(&shared.status);
        if status.error.as_ref() != Some(&said) {
            error!("nothing is recorded: {said}");
        }
        let stopped = |camera: &Arc<Camera>| {
            camera.recording.drop_tracks();
            let state = match camera.settings().record {
                RecordMode::Off => Recording::Off,
                RecordMode::Always | RecordMode::Visits => {
                    camera.recording.stopped(&said, now_us);
                    Recording::Stopped(GapReason::DiskGone)
                }
            };
            let recording =
                CameraRecording { state, error: Some(said.clone()), ..Default::default() };
            (camera.id, recording)
        };
        status.cameras = cameras.list().iter().map(stopped).collect();
        status.error = Some(said);
    }

    /// Subscribes to what the settings want.
    fn follow(&mut self, cameras: &Cameras) {
        let now = self.clock.mono();
        let here: BTreeMap<CameraId, Arc<Camera>> =
            cameras.list().into_iter().map(|camera| (camera.id, camera)).collect();
        let gone = |recorded: &Recorded| {
            here.get(&recorded.camera.id)
                .is_none_or(|camera| !Arc::ptr_eq(camera, &recorded.camera))
        };
        let lost: Vec<CameraId> =
            self.cameras.values().filter(|one| gone(one)).map(|one| one.camera.id).collect();
        let mut off = Vec::new();
        for id in lost {
            self.cameras.remove(&id);
            self.writer.stop_camera(now, id, GapReason::CameraGone);
            off.push(id);
        }
        for (id, camera) in here {
            let settings = camera.settings();
            let recorded = self.cameras.entry(id).or_insert_with(|| Recorded::new(camera, now));
            let (mode, around_us) = (settings.record, settings.around_us);
            if recorded.mode == mode && recorded.around_us == around_us {
                continue;
            }
            (recorded.mode, recorded.around_us) = (mode, around_us);
            recorded.window = Window::new(around_us);
            if mode == RecordMode::Off {
                (recorded.attachment, recorded.tracks) = (None, None);
                recorded.camera.recording.drop_tracks();
                off.push(id);
                self.writer.stop_camera(now, id, GapReason::Off);
                continue;
            }
            recorded.heard = now;
            if recorded.attachment.is_none() {
                let stream = &recorded.camera.stream;
                recorded.attachment = Some(stream.attach_with_replay(&self.subscriber));
                let policy = Policy::Lossless { max_bytes: TRACKS };
                recorded.tracks = Some(recorded.camera.tracks.subscribe(Frames::Detected, policy));
            }
        }
        let ended: Vec<Written> =
            off.into_iter().filter_map(|id| self.tracks.stop_camera(id)).collect();
        self.put_tracks(&ended);
    }

    fn take(&mut self, received: &Received<Unit>) {
        let now = self.clock.mono();
        let id = received.item.au.key.camera;
        let Some(recorded) = self.cameras.get_mut(&id) else { return };
        if recorded.mode == RecordMode::Off {
            return;
        }
        recorded.heard = now;
        if let Some(gap) = &received.gap {
            recorded.given_up += gap.items;
            recorded.window.clear();
            self.writer.skip(now, id, GapReason::DiskSlow);
        }
        if recorded.mode == RecordMode::Always {
            self.writer.take(now, &received.item.au);
            return;
        }
        if let Some(seen) = recorded.seen() {
            recorded.window.see(seen);
        }
        let mut out = Vec::new();
        if recorded.window.push(Arc::clone(&received.item), &mut out) == Taken::Ended {
            self.writer.stop_camera(now, id, GapReason::Quiet);
        }
        for unit in out {
            self.writer.take(now, &unit.au);
        }
    }

    /// Everything that is not a picture.
    fn look(&mut self, now: MonoTime) {
        for recorded in self.cameras.values_mut() {
            let is_silent = now.since_us(recorded.heard) >= GONE_US;
            let id = recorded.camera.id;
            let stopped = self.writer.status(id).and_then(|status| status.stopped);
            if is_silent && recorded.mode != RecordMode::Off && stopped.is_none() {
                recorded.window.clear();
                self.writer.stop_camera(now, id, GapReason::CameraGone);
            }
        }
        self.writer.tick(now);
        self.take_tracks(now);
        self.make_room(now);
        self.forget_tracks(now);
        self.tell(now);
    }

    fn take_tracks(&mut self, now: MonoTime) {
        let mut written = Vec::new();
        for recorded in self.cameras.values() {
            let Some(tracks) = &recorded.tracks else { continue };
            while let Some(received) = tracks.try_next() {
                let (frame, classes) = (received.item.frame.clone(), received.item.names.clone());
                let frame = tracks::Recorded { frame, classes };
                let time = frame.frame.key.time;
                written.extend(self.tracks.take(now, &frame));
                recorded.camera.recording.keep_tracks(time);
                self.shared.now_written.add_tracks(frame);
            }
        }
        written.extend(self.tracks.tick(now));
        self.put_tracks(&written);
    }

    fn put_tracks(&self, written: &[Written]) {
        for Written { camera, seen, .. } in written {
            if let Err(error) = self.writer.index().put_seen(*camera, seen) {
                warn!(%camera, "visits are not listed: {error}");
            }
        }
    }

    fn make_room(&mut self, now: MonoTime) {
        let is_full =
            |recorded: &Recorded| recorded.state == Recording::Stopped(GapReason::DiskFull);
        let due = if self.cameras.values().any(is_full) { ROOM_NOW_US } else { ROOM_US };
        if self.made_room.is_some_and(|made| now.since_us(made) < due) {
            return;
        }
        self.made_room = Some(now);
        let days = [self.settings.keep_days, self.settings.visits_days, self.settings.visits_days];
        let limits = Limits {
            max_bytes: self.settings.max_bytes,
            keep_free: self.settings.keep_free,
            keep_days: days,
        };
        let index = self.writer.index();
        match keep::make_room(&self.root, index, &limits, self.clock.wall_us()) {
            Ok(kept) => {
                if kept.removed > 0 {
                    info!("{} old recordings have given way to new ones", kept.removed);
                }
                if kept.lacking > 0 && self.kept.lacking == 0 {
                    warn!(
                        "recordings lack {} MB of room, and nothing may give way",
                        kept.lacking / 1_000_000
                    );
                }
                self.kept = kept;
            }
            Err(error) => warn!("no room can be made for recordings: {error}"),
        }
    }

    /// Tracks outlive the footage, and end as well.
    fn forget_tracks(&mut self, now: MonoTime) {
        let Some(days) = self.settings.tracks_days else { return };
        if self.forgot.is_some_and(|forgot| now.since_us(forgot) < FORGET_US) {
            return;
        }
        self.forgot = Some(now);
        let before_us = self.clock.wall_us() - i64::from(days) * DAY_US;
        let forget = |camera| {
            let forgotten = self.writer.index().forget_tracks(&self.root, camera, before_us);
            forgotten.map(drop).map_err(|error| error.to_string())
        };
        let cameras = self.root.cameras().map_err(|error| error.to_string());
        if let Err(error) = cameras.and_then(|cameras| cameras.into_iter().try_for_each(forget)) {
            warn!("tracks of more than {days} days ago could not be taken away: {error}");
        }
    }

    /// Tells how it fares; what has changed goes into the log.
    fn tell(&mut self, now: MonoTime) {
        let mut cameras = BTreeMap::new();
        for (id, recorded) in &mut self.cameras {
            let written = self.writer.status(*id).cloned().unwrap_or_default();
            let stopped = written.stopped.map(|(reason, _)| reason);
            let is_silent = now.since_us(recorded.heard) >= GONE_US;
            let state = match (recorded.mode, stopped) {
                (RecordMode::Off, _) => Recording::Off,
                (RecordMode::Visits, None | Some(GapReason::Quiet))
                    if !recorded.window.is_open() && !is_silent =>
                {
                    Recording::Waiting
                }
                (_, Some(reason)) => Recording::Stopped(reason),
                (_, None) if is_silent => Recording::Stopped(GapReason::CameraGone),
                (_, None) => Recording::Recording,
            };
            recorded.note(state, written.error.as_deref(), self.clock.wall_us());
            let recording = CameraRecording {
                state,
                error: written.error.filter(|_| matches!(state, Recording::Stopped(_))),
                bytes: written.bytes,
                frames: written.frames,
                given_up: recorded.given_up,
            };
            let CameraRecording { bytes, frames, given_up, .. } = recording;
            recorded.camera.recording.count(recording::Kept { bytes, frames, given_up });
            cameras.insert(*id, recording);
        }
        let mut status = lock(&self.shared.status);
        (status.cameras, status.kept) = (cameras, self.kept);
    }
}

impl Recorded {
    fn new(camera: Arc<Camera>, now: MonoTime) -> Self {
        Self {
            camera,
            attachment: None,
            tracks: None,
            mode: RecordMode::Off,
            around_us: [0; 2],
            window: Window::new([0; 2]),
            heard: now,
            given_up: 0,
            state: Recording::Off,
        }
    }

    /// When somebody was seen last.
    fn seen(&self) -> Option<MediaTime> {
        let newest = self.camera.tracks.newest()?;
        let is_there = newest.frame.tracks.iter().any(|track| track.state == TrackState::Matched);
        is_there.then_some(newest.frame.key.time)
    }

    /// Says what has changed. The writer itself says what the disk does.
    fn note(&mut self, state: Recording, error: Option<&str>, now_us: i64) {
        match state {
            Recording::Stopped(reason) => {
                self.camera.recording.stopped(error.unwrap_or(reason.words()), now_us);
            }
            _ => self.camera.recording.fine(),
        }
        let before = std::mem::replace(&mut self.state, state);
        if before == state {
            return;
        }
        let (camera, run) = (self.camera.id.as_u32(), self.camera.context.run());
        match state {
            Recording::Stopped(reason) if error.is_none() => {
                warn!(camera, run, "is not recorded: {}", reason.words());
            }
            Recording::Recording if matches!(before, Recording::Stopped(_)) => {
                info!(camera, run, "is recorded again");
            }
            _ => {}
        }
    }
}

/// What files and index do not have of one another is put right beside recording. Only names are compared here, so that
/// no file of ours is among them.
fn check_beside(root: &Root, index: &Index, is_new: bool) {
    let differences = match Differences::look(root, index) {
        Ok(differences) => differences,
        Err(error) => {
            warn!("recordings could not be compared with their index: {error}");
            return;
        }
    };
    if differences == Differences::default() {
        return;
    }
    if is_new {
        let files = differences.unknown.len();
        info!("the index of recordings is made from {files} files; until then some are not listed");
    }
    let (root, index) = (root.clone(), index.another());
    let work = move || {
        let done = index.and_then(|index| {
            if is_new {
                check::rebuild_visits(&root, &index);
            }
            differences.take_in(&root, &index, |_| {})
        });
        match done {
            Ok(done) => info!(
                "recordings and their index agree again: {} files taken in, {} rows without a file gone",
                done.added, done.removed
            ),
            Err(error) => warn!("the index of recordings could not be made whole: {error}"),
        }
    };
    if let Err(error) = std::thread::Builder::new().name("record-check".to_owned()).spawn(work) {
        warn!("the index of recordings could not be made whole: {error}");
    }
}
