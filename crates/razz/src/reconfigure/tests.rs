//! The cameras of a config together: what happens to one happens to no other.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::Path;

use razz_access::testing::Folder;
use razz_api::wire;
use razz_base::{Size, TrackId};
use razz_hub::tracks::{self, Frames};
use razz_hub::{Policy, stream};
use razz_scene::Footage;
use razz_scene::camera::{CameraOptions, Mount, RtspCamera};
use razz_vision::Decoders;
use tokio::time::{sleep, timeout};

use super::*;
use crate::state::StateFile;

const WITHIN: Duration = Duration::from_secs(60);
/// One frame of the street's 30 a second, in 90 kHz ticks.
const STEP: i64 = 3000;
const EVERYTHING: Policy = Policy::Lossless { max_bytes: 1 << 28 };

async fn until(what: &str, fits: impl Fn() -> bool) {
    let waited = timeout(WITHIN, async {
        while !fits() {
            sleep(Duration::from_millis(20)).await;
        }
    });
    assert!(waited.await.is_ok(), "waited in vain for {what}");
}

/// Media times that have come, in 90 kHz ticks, and whether none between them is missing.
fn are_whole(times: &[i64]) -> bool {
    times.windows(2).all(|pair| pair[1] - pair[0] == STEP)
}

fn video_times(units: &stream::Subscription) -> Vec<i64> {
    let units = std::iter::from_fn(|| units.try_next());
    units.map(|unit| unit.item.au.key.time.as_90k()).collect()
}

fn track_ids(frames: &tracks::Subscription) -> BTreeSet<TrackId> {
    let frames = std::iter::from_fn(|| frames.try_next());
    frames.flat_map(|frame| frame.item.frame.tracks.to_vec()).map(|track| track.id).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_becomes_of_one_camera_disturbs_no_other_and_who_watches_it_goes_on() {
    // With a loop's end far away: the street jumps there, media time does not.
    let footage = Footage::clip(1, 0, 60, Size::new(640, 360)).unwrap();
    let mount = |name: &str| Mount::new(name.to_owned(), footage.clone());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mounts = ["one", "two", "three"].map(mount).into();
    let rtsp = RtspCamera::start(listener, mounts, CameraOptions::default()).unwrap();
    let config = |cameras: &[(u32, &str, u32)]| {
        let mut text = "[detector]\nmodel = \"demo\"\nengine = \"rten\"\nidle = false\n".to_owned();
        for (id, name, fps) in cameras {
            let url = rtsp.url(name).unwrap();
            text.push_str(&format!("[[camera]]\nid = {id}\nurl = \"{url}\"\ndetect_fps = {fps}\n"));
        }
        Config::parse(&text, "test", Path::new("/"), &|_| None).unwrap()
    };
    let (clock, telemetry) = (Clock::start(), Telemetry::default());
    let both = config(&[(1, "one", 4), (2, "two", 4)]);
    let server = RunningServer::start(
        both,
        None,
        Decoders::builtin(),
        telemetry,
        Identity::unkept(clock),
        clock,
    );
    let find = |id| server.cameras().find(CameraId::new(id).unwrap()).unwrap();
    let (one, two) = (find(1), find(2));
    let tracked = |camera: &Camera| {
        camera.tracks.newest().is_some_and(|newest| !newest.frame.tracks.is_empty())
    };
    until("tracks of both", || tracked(&one) && tracked(&two)).await;

    let (video_of_one, video_of_two) =
        (one.stream.subscribe(EVERYTHING), two.stream.subscribe(EVERYTHING));
    let ids_of_one = one.tracks.subscribe(Frames::Every, EVERYTHING);
    let detected = |camera: &Camera| camera.health.analysis().detected.total();
    until("ids", || tracked(&one) && ids_of_one.try_next().is_some()).await;
    let first_ids: BTreeSet<TrackId> =
        one.tracks.newest().unwrap().frame.tracks.iter().map(|track| track.id).collect();

    // Looked at more often: its video goes on untouched.
    server.apply(config(&[(1, "one", 6), (2, "two", 4)]));
    let before = detected(&one);
    until("detection anew", || detected(&one) >= before + 4).await;
    assert_eq!(one.health.ingest().runs, 1, "it was not connected to again");
    assert!(are_whole(&video_times(&video_of_one)));

    // Somewhere else: it is the same camera for those who watch, and its media time goes on.
    track_ids(&ids_of_one);
    server.apply(config(&[(1, "three", 6), (2, "two", 4)]));
    assert!(Arc::ptr_eq(&one, &find(1)), "who watches goes on");
    let before = detected(&one);
    until("detection there", || detected(&one) >= before + 4).await;
    let times = video_times(&video_of_one);
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
    let ids = track_ids(&ids_of_one);
    assert!(!ids.is_empty() && first_ids.is_disjoint(&ids), "{first_ids:?} {ids:?}");

    // Gone, and back under its number: another camera, and no id is given twice.
    server.apply(config(&[(2, "two", 4)]));
    assert!(one.is_stopped() && server.cameras().find(one.id).is_none());
    server.apply(config(&[(1, "one", 6), (2, "two", 4)]));
    let again = find(1);
    assert!(!Arc::ptr_eq(&one, &again));
    until("tracks again", || tracked(&again)).await;
    let anew: BTreeSet<TrackId> =
        again.tracks.newest().unwrap().frame.tracks.iter().map(|track| track.id).collect();
    assert!(anew.is_disjoint(&ids) && anew.is_disjoint(&first_ids), "{ids:?} {anew:?}");
    server.stop();

    let times = video_times(&video_of_two);
    assert!(times.len() > 60 && are_whole(&times), "video of camera 2: {times:?}");
    let runs = two.health.ingest().runs;
    assert_eq!((runs, two.health.snapshot(clock.mono()).restarts), (1, 0));
}

/// A config file with cameras that are nowhere.
fn config_with(ids: &[u32]) -> String {
    let mut text = "[detector]\nmodel = \"demo\"\n".to_owned();
    for id in ids {
        text.push_str(&format!(
            "[[camera]]\nid = {id}\nurl = \"rtsp://127.0.0.1:1/{id}\"\ndetect_fps = 0\n"
        ));
    }
    text
}

/// What is started for a config file in `folder`, and what was told of cameras that are gone.
fn server_of(folder: &Folder) -> (Arc<RunningServer>, Arc<Mutex<Vec<Removed>>>) {
    let clock = Clock::start();
    let path = folder.path("razz.toml");
    let (file, config) = ConfigFile::open(&path).unwrap();
    let state = StateFile::open(&StateFile::beside(&path)).unwrap();
    let state = state::State::start(state, &config.camera_ids(), clock);
    let removals = Arc::new(Mutex::new(Vec::new()));
    let forget = {
        let removals = Arc::clone(&removals);
        move |removed: &Removed| {
            removals.lock().unwrap().push(removed.clone());
            true
        }
    };
    let identity = Identity { state, forget: Box::new(forget) };
    let telemetry = Telemetry::default();
    let server =
        RunningServer::start(config, Some(file), Decoders::builtin(), telemetry, identity, clock);
    (server, removals)
}

#[tokio::test]
async fn a_cameras_number_is_given_once_and_rights_to_see_it_go_with_it() {
    let folder = Folder::new("numbers");
    std::fs::write(folder.path("razz.toml"), config_with(&[1, 3])).unwrap();
    let grants =
        |removals: &Mutex<Vec<Removed>>| removals.lock().unwrap().last().unwrap().grants.clone();
    let add = |server: &RunningServer, json: &str| {
        server.add_camera(&serde_json::from_str::<wire::CameraEdit>(json).unwrap().into())
    };
    {
        let (server, removals) = server_of(&folder);
        assert_eq!(add(&server, r#"{"url": "rtsp://127.0.0.1:1/4"}"#).unwrap(), 4);
        server.remove_camera(4).unwrap();
        assert_eq!(grants(&removals), [4].into());
        assert_eq!(add(&server, r#"{"url": "rtsp://127.0.0.1:1/5"}"#).unwrap(), 5);
        assert!(grants(&removals).is_empty(), "once is enough");
        // By an editor, as the file is looked at anew.
        std::fs::write(folder.path("razz.toml"), config_with(&[1, 5])).unwrap();
        server.apply(server.file().unwrap().reload().unwrap().unwrap());
        assert_eq!(grants(&removals), [3].into());
        server.stop();
        // The process is killed: nothing more is written.
    }
    std::fs::write(folder.path("razz.toml"), config_with(&[5])).unwrap();
    let (server, removals) = server_of(&folder);
    assert_eq!(grants(&removals), [1].into(), "it went while razz was away");
    assert_eq!(add(&server, r#"{"url": "rtsp://127.0.0.1:1/6"}"#).unwrap(), 6);
    // Who writes an old number means it.
    assert_eq!(add(&server, r#"{"id": 4, "url": "rtsp://127.0.0.1:1/4"}"#).unwrap(), 4);
    server.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ad_hoc_cameras_asked_for_at_once_have_a_number_each() {
    let folder = Folder::new("ad-hoc");
    std::fs::write(folder.path("razz.toml"), config_with(&[1])).unwrap();
    let (server, _) = server_of(&folder);
    let source = |n: u32| {
        let url = format!("rtsp://127.0.0.1:1/{n}");
        config::Source::new(&url, None, None, config::Transport::Tcp).unwrap()
    };
    let starts: Vec<_> = (0..200)
        .map(|n| {
            let (server, source) = (Arc::clone(&server), source(n));
            tokio::task::spawn_blocking(move || server.start_adhoc(source))
        })
        .collect();
    let mut started = Vec::new();
    for start in starts {
        started.extend(start.await.unwrap());
    }
    // As many as there may be, and no fewer.
    assert_eq!(started.len(), MAX_AD_HOC);
    let ids: BTreeSet<CameraId> = started.iter().map(|camera| camera.id).collect();
    assert!(ids.len() == MAX_AD_HOC && ids.iter().all(|id| id.is_ad_hoc()), "{ids:?}");
    for camera in &started {
        let there = server.cameras().find(camera.id).unwrap();
        assert!(Arc::ptr_eq(&there, camera), "one has taken another's place");
    }
    // A number that is free again is not given again.
    server.remove(started[0].id, &mut server.state());
    let next = server.start_adhoc(source(1)).unwrap();
    assert!(!ids.contains(&next.id));
    server.stop();
}
