//! No name is given twice: by tables, over a thousand restarts of simulated processes, and with
//! files on a disk.

use std::collections::{BTreeMap, HashSet};

use proptest::prelude::*;
use razz_media::timeline::Timeline;

use super::*;
use razz_access::Store;
use razz_access::testing::{Folder, access};
use razz_config::ConfigFile;

const HOUR_US: i64 = 3_600_000_000;
/// Some time in 2023.
const WALL_US: i64 = 1_700_000_000_000_000;

fn camera(id: u32) -> CameraId {
    CameraId::new(id).unwrap()
}

fn first() -> HighWaterMarks {
    HighWaterMarks::new(Epoch::FIRST, &Kept::default())
}

#[test]
fn media_time_begins_at_the_wall_clock_or_after_all_that_was() {
    let wall = MediaTime::from_wall_us(WALL_US);
    for (issued, expected) in [
        (None, wall),
        (Some(wall.plus_90k(-5 * 90_000)), wall),
        (Some(wall.plus_90k(-1)), wall.plus_90k(2999)),
        (Some(wall), wall.plus_90k(3000)),
        (Some(wall.plus_90k(3600 * 90_000)), wall.plus_90k(3600 * 90_000 + 3000)),
    ] {
        let mut marks = first();
        let lease = marks.lease(camera(1));
        if let Some(time) = issued {
            assert!(marks.issue(camera(1), lease, time, MonoTime::from_us(0)));
        }
        assert_eq!(marks.start(camera(1), WALL_US), expected, "{issued:?}");
        marks.close();
        // The next process, after a clean stop.
        let kept = marks.to_keep(0, MonoTime::from_us(0));
        let mut next = HighWaterMarks::new(kept.epoch().next(), &kept);
        assert_eq!(next.start(camera(1), WALL_US), expected, "{issued:?}, after a restart");
    }
}

#[test]
fn a_reservation_reaches_ahead_of_the_frame_that_may_come() {
    let wall = MediaTime::from_wall_us(WALL_US);
    let mono = |s: i64| MonoTime::from_us(s * 1_000_000);
    // Seconds since the start at which a frame was issued, and then now; the reservation in seconds
    // after the start. The wall clock stands still, for it counts before the first frame only.
    for (issued, now, reserved) in [(None, 100, 20), (Some(0), 0, 20), (Some(3), 60, 3 + 57 + 20)] {
        let mut marks = first();
        marks.configure(&[1].into(), 0);
        let lease = marks.lease(camera(1));
        if let Some(at) = issued {
            assert!(marks.issue(camera(1), lease, wall.plus_90k(at * 90_000), mono(at)));
        }
        assert!(!marks.is_reserved(camera(1), WALL_US, mono(now)), "nothing is on the disk");
        let kept = marks.to_keep(WALL_US, mono(now));
        marks.note_kept(&kept);
        let mut next = HighWaterMarks::new(Epoch::FIRST, &kept);
        assert_eq!(next.start(camera(1), 0), wall.plus_90k(reserved * 90_000 + 3000), "{issued:?}");
        let wall_at = |s: i64| WALL_US + s * 1_000_000;
        for (later, is) in [(0, true), (14, true), (16, false)] {
            let is_reserved = marks.is_reserved(camera(1), wall_at(later), mono(now + later));
            assert_eq!(is_reserved, is, "{issued:?}, {later} s later");
        }
    }
}

#[test]
fn certificates_stay_pinned_for_as_long_as_their_camera_is_there() {
    let mut marks = first();
    marks.configure(&[1, 2].into(), 0);
    let ad_hoc = camera(CameraId::FIRST_AD_HOC);
    for (camera, host, byte) in [
        (camera(1), "a:322", 1),
        (camera(1), "b:322", 2),
        (camera(2), "a:322", 3),
        (ad_hoc, "a:322", 4),
    ] {
        marks.pin(camera, host, Fingerprint([byte; 32]));
    }
    let text = serde_json::to_string(&marks.to_keep(0, MonoTime::from_us(0))).unwrap();
    let kept: Kept = serde_json::from_str(&text).unwrap();
    let mut next = HighWaterMarks::new(Epoch::FIRST, &kept);
    let pinned = |marks: &HighWaterMarks, id, host| marks.pinned(id, host).map(|print| print.0[0]);
    assert_eq!(pinned(&next, camera(1), "a:322"), Some(1));
    assert_eq!(pinned(&next, camera(1), "b:322"), Some(2));
    assert_eq!(pinned(&next, camera(1), "c:322"), None);
    assert_eq!(pinned(&next, camera(2), "a:322"), Some(3));
    assert_eq!(pinned(&next, ad_hoc, "a:322"), None, "its number does not come again");
    next.configure(&[2].into(), 0);
    assert_eq!(pinned(&next, camera(1), "a:322"), None);
    assert_eq!(pinned(&next, camera(2), "a:322"), Some(3));
}

#[test]
fn who_was_replaced_gives_nothing_any_more() {
    let mut marks = first();
    let (old, now) = (marks.lease(camera(1)), MonoTime::from_us(0));
    let (at, other) = (MediaTime::from_90k, camera(2));
    let other_lease = marks.lease(other);
    assert!(marks.issue(camera(1), old, at(7), now));
    assert_eq!(marks.give(camera(1), old, TrackId(5)), Given::Yes);
    let new = marks.lease(camera(1));
    assert_eq!(marks.ids_after(camera(1)), TrackId(5));
    assert!(!marks.issue(camera(1), old, at(8), now));
    assert_eq!(marks.give(camera(1), old, TrackId(6)), Given::Refused);
    assert_eq!(marks.ids_after(camera(1)), TrackId(5));
    assert!(marks.issue(camera(1), new, at(8), now) && marks.issue(other, other_lease, at(8), now));
    marks.close();
    assert!(
        !marks.issue(camera(1), new, at(9), now) && !marks.issue(other, other_lease, at(9), now)
    );
    assert_eq!(marks.give(camera(1), new, TrackId(6)), Given::Refused);
}

#[test]
fn a_camera_whose_numbers_are_used_up_takes_another_epoch() {
    let mut marks = HighWaterMarks::new(Epoch::FIRST.next(), &Kept::default());
    let (one, two) = (marks.lease(camera(1)), marks.lease(camera(2)));
    let kept_epoch = |marks: &HighWaterMarks| marks.to_keep(0, MonoTime::from_us(0)).epoch();
    let first = kept_epoch(&marks);
    for (number, ids, after, laid_by) in [
        (1, Given::Yes, TrackId::new(1, 1), false),
        (899_999, Given::Yes, TrackId::new(1, 899_999), false),
        (900_000, Given::Yes, TrackId::new(1, 900_000), true),
        (989_999, Given::Yes, TrackId::new(1, 989_999), true),
        (990_003, Given::Last, TrackId::new(2, 0), true),
    ] {
        assert_eq!(marks.give(camera(1), one, TrackId::new(1, number)), ids, "{number}");
        assert_eq!(marks.ids_after(camera(1)), after, "{number}");
        // On the disk long before it is used.
        assert_eq!(kept_epoch(&marks) > first, laid_by, "{number}");
    }
    assert_eq!(marks.give(camera(1), one, TrackId::new(2, 3)), Given::Yes);
    assert_eq!(marks.ids_after(camera(2)), TrackId::new(1, 0));
    assert_eq!(marks.give(camera(2), two, TrackId::new(1, 999_999)), Given::Last);
    assert_eq!(marks.ids_after(camera(2)), TrackId::new(3, 0));
}

#[test]
fn cameras_that_go_are_remembered_and_their_numbers_are_not_used_again() {
    let mut marks = first();
    let set = |ids: &[u32]| ids.iter().copied().collect::<BTreeSet<u32>>();
    assert!(marks.configure(&set(&[1, 2, 7]), 100));
    assert!(!marks.configure(&set(&[1, 2, 7]), 200));
    assert!(marks.removed() == &Removed::default());
    assert!(marks.configure(&set(&[1]), 300));
    assert_eq!(marks.highest_camera(), 7);
    assert_eq!(marks.removed().lately, BTreeMap::from([(2, 300), (7, 300)]));
    assert_eq!(marks.removed().grants, set(&[2, 7]));
    marks.note_forgotten(&set(&[2]));
    // What is left to do is left to the next process.
    let kept = marks.to_keep(0, MonoTime::from_us(0));
    let mut next = HighWaterMarks::new(kept.epoch().next(), &kept);
    assert_eq!((next.highest_camera(), &next.removed().grants), (7, &set(&[7])));
    // While that one was away camera 1 went.
    assert!(next.configure(&set(&[3]), 400));
    assert_eq!(next.removed().grants, set(&[1, 7]));
    next.configure(&set(&[3]), 300 + 86_401);
    assert_eq!(next.removed().lately, BTreeMap::from([(1, 400)]), "no view token is as old");
    next.note_camera(CameraId::FIRST_AD_HOC);
    assert_eq!(next.highest_camera(), 7, "ad-hoc cameras do not count");
}

// ---- a thousand restarts ----

/// What happens to a process.
#[derive(Clone, Debug)]
enum Event {
    /// Half seconds pass, each with a frame of every camera.
    Frames(u8),
    /// Nothing comes for so many seconds.
    Silence(u16),
    /// The wall clock is set.
    SetClock(i64),
    /// A camera is dialled anew.
    Dial(u8),
    /// A camera's tracker starts anew.
    Track(u8),
    /// A camera has another address; its old run brings one more frame.
    Replace(u8),
    /// A camera is added, with a number of its own.
    Add,
    /// One is added by hand, with a number that may have been another's.
    AddByHand(u8),
    Remove(u8),
}

/// A process and how it ends.
#[derive(Clone, Debug)]
struct Life {
    /// Of the wall clock, from the end of the one before.
    after_us: i64,
    events: Vec<Event>,
    killed: bool,
}

fn life() -> impl Strategy<Value = Life> {
    let some_hours = || -9 * HOUR_US..9 * HOUR_US;
    let event = prop_oneof![
        6 => (1..50u8).prop_map(Event::Frames),
        1 => (1..100u16).prop_map(Event::Silence),
        1 => some_hours().prop_map(Event::SetClock),
        1 => any::<u8>().prop_map(Event::Dial),
        1 => any::<u8>().prop_map(Event::Track),
        1 => any::<u8>().prop_map(Event::Replace),
        1 => Just(Event::Add),
        1 => (1..9u8).prop_map(Event::AddByHand),
        1 => any::<u8>().prop_map(Event::Remove),
    ];
    let after_us = prop_oneof![some_hours(), 0..10_000_000i64];
    (after_us, prop::collection::vec(event, 0..6), prop::bool::weighted(0.7))
        .prop_map(|(after_us, events, killed)| Life { after_us, events, killed })
}

/// A camera as it runs.
struct Running {
    lease: u64,
    timeline: Option<Timeline>,
    /// The camera's clock is off by so much.
    rtp: i64,
    /// The tracker's ids so far.
    track: TrackId,
}

/// The disk, the clocks, and every name that was ever given.
#[derive(Default)]
struct World {
    disk: Option<Kept>,
    config: BTreeSet<u32>,
    wall_us: i64,
    mono_us: i64,
    frames: HashSet<(CameraId, MediaTime)>,
    tracks: HashSet<(CameraId, TrackId)>,
    /// Numbers that razz itself gave to cameras, or that were written by hand.
    numbers: BTreeSet<u32>,
}

impl World {
    fn live(&mut self, life: &Life) {
        self.wall_us = (self.wall_us + life.after_us).max(0);
        let kept = self.disk.clone().unwrap_or_default();
        let epoch = self.disk.as_ref().map_or(Epoch::FIRST, |kept| kept.epoch().next());
        let mut marks = HighWaterMarks::new(epoch, &kept);
        marks.configure(&self.config, self.wall_us / 1_000_000);
        let mut running = BTreeMap::new();
        self.save(&mut marks);
        for id in self.config.clone() {
            self.dial(&mut marks, &mut running, camera(id));
        }
        let mut saved_us = self.mono_us;
        for event in &life.events {
            self.happens(event, &mut marks, &mut running, &mut saved_us);
        }
        if !life.killed {
            marks.close();
            self.save(&mut marks);
        }
    }

    fn save(&mut self, marks: &mut HighWaterMarks) {
        let kept = marks.to_keep(self.wall_us, MonoTime::from_us(self.mono_us));
        // As it is read back.
        let text = serde_json::to_string(&kept).unwrap();
        self.disk = understood(Path::new("state"), &text).unwrap();
        assert_eq!(self.disk.as_ref(), Some(&kept));
        marks.note_kept(&kept);
    }

    fn dial(
        &mut self,
        marks: &mut HighWaterMarks,
        running: &mut BTreeMap<CameraId, Running>,
        id: CameraId,
    ) {
        if !marks.is_reserved(id, self.wall_us, MonoTime::from_us(self.mono_us)) {
            self.save(marks);
        }
        // Another start of the camera's timestamps.
        let rtp = (self.mono_us ^ i64::from(id.as_u32())) % 1_000_000_007 * 90;
        match running.get_mut(&id) {
            Some(camera) => {
                camera.timeline.iter_mut().for_each(Timeline::start_run);
                camera.rtp = rtp;
            }
            None => {
                let (lease, track) = (marks.lease(id), marks.ids_after(id));
                running.insert(id, Running { lease, timeline: None, rtp, track });
            }
        }
    }

    fn frame(&mut self, marks: &mut HighWaterMarks, id: CameraId, running: &mut Running) -> bool {
        let now = MonoTime::from_us(self.mono_us);
        let first = running.timeline.is_none();
        let timeline =
            running.timeline.get_or_insert_with(|| Timeline::new(marks.start(id, self.wall_us)));
        let time = timeline.place(running.rtp + self.mono_us * 9 / 100, now).time;
        if !marks.issue(id, running.lease, time, now) {
            return false;
        }
        assert!(self.frames.insert((id, time)), "camera {id} had a frame at {time} before");
        // Every frame has a track more.
        running.track = TrackId(running.track.0 + 1);
        assert_eq!(marks.give(id, running.lease, running.track), Given::Yes);
        let track = running.track;
        assert!(self.tracks.insert((id, track)), "camera {id} had a track {track} before");
        if !marks.is_reserved(id, self.wall_us, now) {
            assert!(first, "camera {id} ran out of what is reserved");
            // The clock was set between dial and frame: what the frame asks for is on the disk well
            // before the next half second.
            self.save(marks);
        }
        true
    }

    fn happens(
        &mut self,
        event: &Event,
        marks: &mut HighWaterMarks,
        running: &mut BTreeMap<CameraId, Running>,
        saved_us: &mut i64,
    ) {
        let chosen = |at: &u8| {
            let ids: Vec<CameraId> = running.keys().copied().collect();
            ids.get(usize::from(*at) % ids.len().max(1)).copied()
        };
        match event {
            Event::Frames(count) => {
                for _ in 0..*count {
                    self.pass(500_000, marks, saved_us);
                    for (id, camera) in running.iter_mut() {
                        assert!(self.frame(marks, *id, camera));
                    }
                }
            }
            Event::Silence(seconds) => {
                for _ in 0..*seconds {
                    self.pass(1_000_000, marks, saved_us);
                }
            }
            Event::SetClock(by_us) => self.wall_us = (self.wall_us + by_us).max(0),
            Event::Dial(at) => {
                if let Some(id) = chosen(at) {
                    self.dial(marks, running, id);
                }
            }
            Event::Track(at) => {
                if let Some(id) = chosen(at) {
                    let after = marks.ids_after(id);
                    running.entry(id).and_modify(|camera| camera.track = after);
                }
            }
            Event::Replace(at) => {
                let Some(id) = chosen(at) else { return };
                let mut old = running.remove(&id).unwrap();
                self.dial(marks, running, id);
                assert!(!self.frame(marks, id, &mut old), "it is replaced");
            }
            Event::Add => {
                let id = marks.highest_camera() + 1;
                assert!(!self.numbers.contains(&id), "camera {id} was there before");
                self.add(id, marks, running);
            }
            Event::AddByHand(id) => self.add(u32::from(*id), marks, running),
            Event::Remove(at) => {
                let Some(id) = chosen(at) else { return };
                running.remove(&id);
                self.config.remove(&id.as_u32());
                self.configure(marks);
            }
        }
    }

    fn add(
        &mut self,
        id: u32,
        marks: &mut HighWaterMarks,
        running: &mut BTreeMap<CameraId, Running>,
    ) {
        // More are not needed, and cost time.
        if self.config.len() >= 4 || !self.config.insert(id) {
            return;
        }
        self.numbers.insert(id);
        self.configure(marks);
        self.dial(marks, running, camera(id));
    }

    fn configure(&mut self, marks: &mut HighWaterMarks) {
        assert!(marks.configure(&self.config, self.wall_us / 1_000_000));
        self.save(marks);
    }

    fn pass(&mut self, us: i64, marks: &mut HighWaterMarks, saved_us: &mut i64) {
        self.mono_us += us;
        self.wall_us += us;
        if self.mono_us - *saved_us >= SAVE_EVERY.as_micros() as i64 {
            *saved_us = self.mono_us;
            self.save(marks);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(10) })]

    #[test]
    fn no_name_is_given_twice_in_a_thousand_restarts(
        lives in prop::collection::vec(life(), 1000),
    ) {
        let mut world = World { wall_us: WALL_US, config: [1, 2].into(), ..World::default() };
        world.numbers.extend([1, 2]);
        for life in &lives {
            world.live(life);
        }
        prop_assert!(world.frames.len() > 10_000, "{} frames", world.frames.len());
    }
}

// ---- the file ----

fn start(path: &Path, cameras: &[u32]) -> Arc<State> {
    let cameras = cameras.iter().copied().collect();
    State::start(StateFile::open(path).unwrap(), &cameras, Clock::start())
}

fn epoch_of(state: &Arc<State>) -> u64 {
    state.take_over(camera(1)).after().epoch()
}

#[test]
fn every_start_has_its_epoch_and_goes_on_where_the_last_one_stopped() {
    let folder = Folder::new("state");
    let path = folder.path("razz.state.json");
    let now = MonoTime::from_us(0);
    let far = MediaTime::from_wall_us(2 * WALL_US);
    for epoch in 0..3 {
        let state = start(&path, &[1]);
        let marks = state.take_over(camera(1));
        assert_eq!(marks.after(), TrackId::new(epoch, 0));
        let begins = far.plus_90k(3000 * epoch as i64);
        if epoch > 0 {
            assert_eq!(marks.start(), begins);
        }
        assert!(marks.issue(begins, now));
        state.stop();
        assert!(!marks.issue(begins.plus_90k(3000), now), "it has stopped");
    }
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = fs::read_to_string(&path).unwrap();
    let kept: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&kept["version"], &kept["epoch"]), (&1.into(), &2.into()));
    let last = far.plus_90k(6000).as_90k();
    assert_eq!(kept["cameras"]["1"]["media_time"], last, "a clean stop keeps the last frame");
}

#[test]
fn a_file_that_is_none_is_put_aside_and_cameras_go_on() {
    for (name, text) in [
        ("empty", ""),
        ("text", "hunter2"),
        ("half", r#"{"version": 1, "epoch": 3, "camer"#),
        ("list", "[]"),
        ("strange", r#"{"version": 1, "cameras": 7}"#),
        ("negative", r#"{"version": 1, "cameras": {"1": {"media_time": -1}}}"#),
        ("huge", r#"{"version": 1, "epoch": 18446744073709551615}"#),
        ("bytes", "\u{0}"),
    ] {
        let folder = Folder::new(&format!("state-{name}"));
        let path = folder.path("razz.state.json");
        fs::write(&path, text).unwrap();
        let state = start(&path, &[1]);
        let aside = folder.path("razz.state.json.broken");
        assert_eq!(fs::read_to_string(aside).unwrap(), text, "{name}");
        // No earlier process had this one, whatever the file said.
        assert!(epoch_of(&state) > 1_700_000_000, "{name}");
        state.stop();
        assert_eq!(epoch_of(&start(&path, &[1])), epoch_of(&state) + 1, "{name}");
    }
}

#[test]
fn a_file_of_a_newer_razz_is_refused_and_stays_and_an_older_one_is_taken_over() {
    let folder = Folder::new("state-newer");
    let path = folder.path("razz.state.json");
    let newer = r#"{"version": 2, "epoch": "another shape"}"#;
    fs::write(&path, newer).unwrap();
    let Err(error) = StateFile::open(&path) else { panic!("taken over") };
    let said = error.to_string();
    assert!(said.contains("razz.state.json is of version 2") && said.contains("newer"), "{said}");
    assert_eq!(fs::read_to_string(&path).unwrap(), newer);
    for (older, epoch) in [("{}", 1), (r#"{"epoch": 6, "more": 1}"#, 7)] {
        fs::write(&path, older).unwrap();
        assert_eq!(epoch_of(&start(&path, &[1])), epoch, "{older}");
    }
}

#[test]
fn where_nothing_can_be_written_epochs_are_told_apart_by_the_clock() {
    let folder = Folder::new("state-disk");
    let state = start(&folder.path("nowhere/razz.state.json"), &[1]);
    assert!(epoch_of(&state) > 1_700_000_000);
    assert_eq!(epoch_of(&State::unkept(Clock::start())), 0);
}

#[tokio::test]
async fn a_cameras_first_dial_finds_its_times_reserved() {
    let folder = Folder::new("state-reserved");
    let path = folder.path("razz.state.json");
    let state = start(&path, &[1]);
    let kept = || match StateFile::open(&path).unwrap().found {
        Found::Kept(kept) => kept,
        _ => panic!("it was written"),
    };
    // That of the config is reserved before anything runs.
    timeout(WAIT_AT_MOST / 2, state.take_over(camera(1)).reserved()).await.unwrap();
    let keeping = tokio::spawn(Arc::clone(&state).keep());
    // Here the clock has been set ahead, so to speak: a frame is where nothing is reserved.
    let marks = state.take_over(camera(1));
    let far = MediaTime::from_wall_us(2 * WALL_US);
    assert!(marks.issue(far, state.clock.mono()));
    marks.reserved().await;
    let mut next = HighWaterMarks::new(Epoch::FIRST, &kept());
    assert!(next.start(camera(1), 0) > far.plus_90k(marks::RESERVED_90K));
    keeping.abort();
}

#[test]
fn an_old_config_and_an_old_users_file_are_taken_over() {
    let folder = Folder::new("state-upgrade");
    let config = folder.path("razz.toml");
    let text =
        "[[camera]]\nid = 1\nurl = \"rtsp://h/1\"\n[[camera]]\nid = 3\nurl = \"rtsp://h/3\"\n";
    fs::write(&config, text).unwrap();
    // Camera 5 was removed when nobody kept a state file; camera 1 is there.
    let users = r#"{"users": [{"name": "ann", "role": "admin", "cameras": null, "password": null},
        {"name": "bob", "role": "viewer", "cameras": [1, 5], "password": null}],
        "tokens": [], "sign_ins": [], "view_key": "AAAA"}"#;
    let users_file = folder.path("razz.users.json");
    fs::write(&users_file, users).unwrap();
    fs::set_permissions(&users_file, Permissions::from_mode(0o600)).unwrap();
    let (file, resolved) = ConfigFile::open(&config).unwrap();
    let access = access(&folder, resolved.access.clone());
    let path = StateFile::beside(&config);
    assert_eq!(path, folder.path("razz.state.json"));
    let opened = StateFile::open(&path).unwrap();
    let state = State::start(opened, &resolved.camera_ids(), Clock::start());
    state.note_camera(access.highest_camera());
    assert!(path.exists() && epoch_of(&state) == 0);
    let removed = state.removed();
    assert!(access.forget_cameras(&removed.lately, &removed.grants));
    assert_eq!(fs::read_to_string(&users_file).unwrap(), users, "nothing is taken from anybody");
    assert_eq!(fs::read_to_string(&config).unwrap(), text);
    assert_eq!(Store::open(&users_file).unwrap().users().len(), 2);
    // The new camera is none that bob was given.
    let url = Some(Some("rtsp://h/6".to_owned()));
    let new = razz_config::CameraEdit { url, ..razz_config::CameraEdit::default() };
    assert_eq!(file.add_camera(&new, state.highest_camera()).unwrap().0, 6);
}
