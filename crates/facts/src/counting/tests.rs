//! What is counted live is what the record says, however often razz ends in between.

use std::sync::{Mutex, OnceLock};

use proptest::prelude::*;
use razz_base::{DetectFrom, DetectRate, MediaTime, MonoTime, RecordMode, Transport};
use razz_hub::facts::News;
use razz_hub::tracks::Frames;
use razz_hub::{CameraSettings, Published};
use razz_observe::clock::Clock;
use razz_store::disk::Root;
use razz_store::index::Index;
use razz_store::now_written::NowWritten;
use razz_store::tracks::{Recorded, TrackWriter};

use super::*;
use crate::past::{PreviewRequest, check, count_past, preview};
use crate::testing::{BEGIN_US, Folder, camera, door, hall, names, walkers};

/// razz as far as it is about counting, with a recorder that lags behind.
struct World {
    folder: Folder,
    cameras: Arc<Cameras>,
    camera: Arc<Camera>,
    shared: Arc<Shared>,
    archive: Arc<Archive>,
    now_written: NowWritten,
    writer: TrackWriter,
    /// Frames that came and are not written yet.
    lag: Vec<Recorded>,
    now: MonoTime,
}

fn area(name: &str, drawing: &Drawing) -> razz_config::Area {
    let Drawing { shape, anchor, classes } = drawing.clone();
    razz_config::Area { camera: camera(), name: name.to_owned(), shape, anchor, classes }
}

fn settings() -> CameraSettings {
    CameraSettings {
        name: "Gate".to_owned(),
        address: String::new(),
        transport: Transport::Tcp,
        certificate: None,
        credentials: false,
        sub_address: None,
        detect_from: DetectFrom::Main,
        detect_rate: DetectRate::PerSecond(5.0),
        priority: 1.0,
        record: RecordMode::Always,
        around_us: [0; 2],
    }
}

/// It cannot be read twice in a process, as tests do.
fn clock() -> Clock {
    static CLOCK: OnceLock<Mutex<Clock>> = OnceLock::new();
    *lock(CLOCK.get_or_init(|| Mutex::new(Clock::start())))
}

impl World {
    fn new(areas: Vec<razz_config::Area>) -> Self {
        let folder = Folder::new();
        let root = Root::open(&folder.path().join("footage")).unwrap();
        let (index, _) = Index::open(&root.path().join("index.sqlite")).unwrap();
        let now_written = NowWritten::default();
        let archive = Arc::new(Archive::new(root.clone(), index, now_written.clone()));
        let path = folder.path().join("facts.sqlite");
        let none = Box::new(|| Recordings::None);
        let views: crate::AskView = Box::new(|_| None);
        let counted = crate::Settings { path, areas, recordings: none, views, days: None };
        let shared = Arc::new(Shared::new(counted, Arc::default(), clock()));
        let cameras = Arc::new(Cameras::default());
        let camera = Camera::new(camera(), settings(), 1 << 20, BEGIN_US);
        cameras.insert(Arc::clone(&camera));
        let writer = TrackWriter::new(root);
        let now = MonoTime::from_us(0);
        Self { folder, cameras, camera, shared, archive, now_written, writer, lag: Vec::new(), now }
    }

    /// Everything in memory is gone; what was written to files is there.
    fn kill(&mut self) {
        self.lag.clear();
        let root = Root::open(&self.folder.path().join("footage")).unwrap();
        let (index, _) = Index::open(&root.path().join("index.sqlite")).unwrap();
        self.now_written = NowWritten::default();
        self.archive = Arc::new(Archive::new(root.clone(), index, self.now_written.clone()));
        self.writer = TrackWriter::new(root);
        self.writer.recover().unwrap();
        self.cameras.remove(camera());
        self.camera = Camera::new(camera(), settings(), 1 << 20, BEGIN_US);
        self.cameras.insert(Arc::clone(&self.camera));
        self.now = MonoTime::from_us(0);
    }

    /// The recorder gets to what has come.
    fn record(&mut self) {
        for recorded in self.lag.drain(..) {
            let time = recorded.frame.key.time;
            self.writer.take(self.now, &recorded);
            self.camera.recording.keep_tracks(time);
            self.now_written.add_tracks(recorded);
        }
    }

    fn publish(&mut self, frame: &razz_base::TrackFrame) {
        let published = Arc::new(Published {
            frame: frame.clone(),
            received: self.now,
            fps: 5.0,
            frame_count: 0,
            near_ms: None,
            names: names(),
            encoded: OnceLock::new(),
        });
        self.camera.tracks.publish(&published, Frames::Detected);
        self.lag.push(Recorded { frame: frame.clone(), classes: names() });
    }
}

/// Runs over the frames; at each of `kills` everything ends without notice, and the recorder gets its turn every `lag`
/// frames only.
fn run(world: &mut World, frames: &[razz_base::TrackFrame], kills: &[usize], lag: usize) {
    let (shared, cameras) = (Arc::clone(&world.shared), Arc::clone(&world.cameras));
    let mut next = 0;
    let mut ends: Vec<usize> = kills.iter().copied().chain([frames.len()]).collect();
    ends.sort_unstable();
    ends.dedup();
    for end in ends {
        let archive = Arc::clone(&world.archive);
        let mut counting = Counting::open(&shared, &cameras).unwrap();
        let wall_us = BEGIN_US + next as i64 * 200_000;
        counting.turn(None, Some(&archive), world.now, wall_us).unwrap();
        while next < end {
            let frame = &frames[next];
            world.now = world.now.plus_us(200_000);
            world.publish(frame);
            next += 1;
            if next % lag == 0 {
                world.record();
            }
            let first = counting.subscriber.try_next();
            counting.turn(first, Some(&archive), world.now, frame.wall.us).unwrap();
        }
        if end == frames.len() {
            world.record();
            counting.keep(true).unwrap();
        } else {
            drop(counting);
            world.kill();
        }
    }
}

fn checked(world: &World) -> crate::past::Check {
    let database = Database::open(&world.shared.path).unwrap();
    let ends = [i64::MIN, i64::MAX].map(MediaTime::from_90k);
    check(&database, &world.archive, camera(), ends[0], ends[1]).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn however_often_razz_is_killed_the_facts_are_those_of_the_record(
        kills in prop::collection::vec(1..900_usize, 0..12),
        lag in 1..9_usize,
    ) {
        let mut world = World::new(vec![area("Door", &door()), area("Hall", &hall())]);
        run(&mut world, &walkers(0, 180), &kills, lag);
        let found = checked(&world);
        prop_assert_eq!(&found.differences, &[]);
        // Where somebody was lost in a gap, fewer.
        prop_assert!(found.alike + 4 * kills.len() as u64 >= 50, "{:?}", found);
        prop_assert!(found.frames + 9 * kills.len() as u64 >= 890, "{:?}", found);
    }
}

#[test]
fn who_listens_is_told_at_once_and_counts_go_on_over_a_restart() {
    let mut world = World::new(vec![area("Door", &door()), area("Hall", &hall())]);
    let mut news = world.shared.feed.listen();
    let frames = walkers(0, 120);
    run(&mut world, &frames, &[333], 1);
    let (mut crossings, mut most) = (0, 0);
    loop {
        match news.try_recv() {
            Ok(News::Fact(fact)) if fact.revision == 0 => {
                crossings +=
                    usize::from(matches!(fact.what, razz_hub::facts::What::Crossing { .. }));
            }
            Ok(News::Occupancy(now)) => most = most.max(now.inside.values().sum()),
            Ok(_) => {}
            Err(tokio::sync::broadcast::error::TryRecvError::Empty) => break,
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!((crossings, most), (23, 1));
    let now = world.shared.feed.now();
    let door = now.iter().find(|now| &*now.area == "Door").unwrap();
    assert_eq!((door.today.ins, door.today.outs, door.is_zone), (12, 11, false));
    let hall = now.iter().find(|now| &*now.area == "Hall").unwrap();
    assert_eq!((hall.today.visits, hall.inside.get("person").copied()), (12, Some(1)));
}

#[test]
fn a_new_area_has_a_past_and_a_preview_says_the_same_before() {
    let mut world = World::new(vec![area("Hall", &hall())]);
    let frames = walkers(0, 240);
    run(&mut world, &frames[..600], &[], 2);
    let request = PreviewRequest {
        camera: camera(),
        drawing: door(),
        from: razz_store::archive::Moment::Wall(BEGIN_US - 1),
        until: razz_store::archive::Moment::Media(MediaTime::from_90k(i64::MAX - 1)),
    };
    let seen = preview(&world.archive, &request, |_| true).unwrap();
    assert_eq!((seen.counts.ins, seen.counts.outs, seen.complete), (12, 11, true));
    assert_eq!((seen.examples.len(), seen.tracks), (23, 12));
    assert!((seen.searched_s - 119.8).abs() < 0.1, "{}", seen.searched_s);
    // It is drawn now.
    let areas = vec![area("Hall", &hall()), area("Door", &door())];
    *lock(&world.shared.areas) = crate::Wanted { list: Arc::new(areas), ..Default::default() };
    world.kill();
    run(&mut world, &frames[600..], &[], 2);
    let rows: Vec<i64> = lock(&world.shared.past).iter().copied().collect();
    let mut database = Database::open(&world.shared.path).unwrap();
    for row in rows {
        let mut names = world.shared.names(&database).unwrap();
        count_past(&mut database, &mut names, &world.archive, row, &|| false, &|| false).unwrap();
    }
    let versions = database.versions(None).unwrap();
    assert!(versions.iter().all(|version| version.counted));
    let range = crate::database::Range {
        from_us: BEGIN_US,
        until_us: BEGIN_US + 3_600_000_000,
        step_us: 900_000_000,
    };
    let facts = database.facts(&versions, range).unwrap();
    let door = facts.iter().find(|facts| &*facts.area == "Door").unwrap();
    // Twelve before it was drawn and twelve after; who was inside then is known by no side of the line.
    assert_eq!(door.counts[0], 24);
    assert!((22..=23).contains(&door.counts[1]), "{:?}", door.counts);
    assert_eq!(checked(&world).differences, []);
}
