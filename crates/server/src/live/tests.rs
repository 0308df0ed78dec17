//! The cameras of a config together: what happens to one happens to no other.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::Path;

use razz_base::{MediaTime, Size, TrackId};
use razz_media::ring::Unit;
use razz_scene::Footage;
use razz_scene::camera::{CameraOptions, Mount, RtspCamera};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::*;
use crate::camera::Published;

const WITHIN: Duration = Duration::from_secs(60);
/// One frame of the street's 30 a second, in 90 kHz ticks.
const STEP: i64 = 3000;

/// Every track frame of a camera from now on, whose reader may take its time.
fn follow(camera: &Camera) -> mpsc::UnboundedReceiver<Arc<Published>> {
    let (sender, frames) = mpsc::unbounded_channel();
    let mut published = camera.subscribe_frames();
    tokio::spawn(async move {
        while let Ok(frame) = published.recv().await {
            let _ = sender.send(frame);
        }
    });
    frames
}

/// The time and the ids of the next frame with tracks that `fits`.
async fn with_tracks(
    frames: &mut mpsc::UnboundedReceiver<Arc<Published>>,
    fits: impl Fn(MediaTime) -> bool,
) -> (MediaTime, BTreeSet<TrackId>) {
    let found = timeout(WITHIN, async {
        loop {
            let frame = &frames.recv().await.expect("the camera goes on").frame;
            if !frame.tracks.is_empty() && fits(frame.key.time) {
                return (frame.key.time, frame.tracks.iter().map(|track| track.id).collect());
            }
        }
    });
    found.await.expect("a frame with tracks")
}

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_in_one_cameras_thread_disturbs_no_other_camera_and_no_video() {
    // With a loop's end far away: the street jumps there, media time does not.
    let footage = Footage::clip(1, 0, 60, Size::new(640, 360)).unwrap();
    let mounts = ["one", "two"].map(|name| Mount::new(name.to_owned(), footage.clone())).into();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let rtsp = RtspCamera::start(listener, mounts, CameraOptions::default()).unwrap();
    let mut text = "[detector]\nmodel = \"demo\"\nengine = \"rten\"\nidle = false\n".to_owned();
    for (id, name) in [(1, "one"), (2, "two")] {
        let url = rtsp.url(name).unwrap();
        text.push_str(&format!("[[camera]]\nid = {id}\nurl = \"{url}\"\ndetect_fps = 4\n"));
    }
    let config = Config::parse(&text, "test", Path::new("/"), &|_| None).unwrap();
    let (sender, mut units) = mpsc::unbounded_channel();
    let sink = UnitSink::new(move |unit: &Arc<Unit>| drop(sender.send(Arc::clone(unit))));
    let live = Live::start(config, None, sink, Telemetry::default(), Clock::start());
    let find = |id| live.cameras().find(CameraId::new(id).unwrap()).unwrap();
    let (one, two) = (find(1), find(2));
    let tracked = |camera: &Camera| {
        camera.subscribe_newest().borrow().as_ref().is_some_and(|p| !p.frame.tracks.is_empty())
    };
    until("tracks of both", || tracked(&one) && tracked(&two)).await;

    // From here on somebody watches both, and hears of every frame.
    for camera in [&one, &two] {
        camera.viewers().fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }
    let (mut of_one, mut of_two) = (follow(&one), follow(&two));
    let (last_before, ids_before) = with_tracks(&mut of_one, |_| true).await;
    let before = one.status().restarts;
    let looked = one.status().frame_count;
    one.panic();
    until("the panic noticed", || one.status().restarts == before + 1).await;
    until("detection again", || one.status().frame_count >= looked + 4).await;
    // What was published right around the panic may be of either life.
    let now = one.subscribe_newest().borrow().as_ref().unwrap().frame.key.time;
    let (_, ids_after) = with_tracks(&mut of_one, |time| time > now.max(last_before)).await;
    assert!(ids_before.is_disjoint(&ids_after), "{ids_before:?} {ids_after:?}: used twice");
    live.stop();

    let mut times = Vec::new();
    while let Ok(published) = of_two.try_recv() {
        times.push(published.frame.key.time.as_90k());
    }
    assert!(times.len() > 30 && are_whole(&times), "tracks of camera 2: {times:?}");
    // The video of both is whole, and so are their sessions.
    let mut sent = [Vec::new(), Vec::new()];
    while let Ok(unit) = units.try_recv() {
        let key = unit.au.key;
        sent[key.camera.as_u32() as usize - 1].push(key.time.as_90k());
    }
    for (camera, sent) in [&one, &two].into_iter().zip(&sent) {
        assert!(sent.len() > 30 && are_whole(sent), "video of camera {}: {sent:?}", camera.id);
        assert_eq!(camera.status().runs, 1, "camera {} was dialled once", camera.id);
    }
    assert_eq!(two.status().restarts, 0);
}
