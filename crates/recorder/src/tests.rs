use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use razz_base::{
    AccessUnit, CameraId, ClassId, ClassNames, Codec, DetectFrom, DetectRate, FrameKey, MediaTime,
    MonoTime, RecordMode, Rect, RunId, Size, StreamFormat, Track, TrackFrame, TrackId, TrackSource,
    TrackState, Transport, WallQuality, WallTime,
};
use razz_config::{Disk, Record};
use razz_hub::tracks::Frames;
use razz_hub::{Camera, CameraSettings, Cameras, Published};
use razz_observe::clock::Clock;
use razz_store::archive::Moment;
use razz_store::index::GapReason;

use super::*;

/// x264, 640x360, High; and its picture parameter set.
const SETS: &[u8] = &[
    0, 0, 0, 1, 0x67, 0x64, 0, 0x1E, 0xAC, 0xD9, 0x40, 0xA0, 0x2F, 0xF9, 0x70, 0x11, 0, 0, 3, 0, 1,
    0, 0, 3, 0, 0x3C, 0x0F, 0x16, 0x2D, 0x96, 0, 0, 0, 1, 0x68, 0xEB, 0xE3, 0xCB, 0x22, 0xC0,
];
/// 2026-11-30 14:03 UTC, in µs.
const BEGIN_US: i64 = 1_796_047_380_000_000;

fn camera_id() -> CameraId {
    CameraId::new(1).unwrap()
}

/// Of picture `n`.
pub(crate) fn time(n: i64) -> MediaTime {
    MediaTime::from_90k(BEGIN_US / 100 * 9 + n * 9000)
}

/// Picture `n` of ten a second.
pub(crate) fn unit_at(n: i64, idr: bool) -> AccessUnit {
    let slice: &[u8] = if idr { &[0, 0, 0, 1, 0x65] } else { &[0, 0, 0, 1, 0x41] };
    let format = (*StreamFormat::new(Codec::H264, Size::new(640, 360))).clone();
    let wall = WallTime { us: BEGIN_US + n * 100_000, quality: WallQuality::Arrival };
    AccessUnit {
        key: FrameKey { camera: camera_id(), time: time(n) },
        run: RunId(1),
        format: Arc::new(StreamFormat { parameter_sets: Bytes::from_static(SETS), ..format }),
        data: [if idr { SETS } else { &[] }, slice, &[n as u8 | 0x80; 40]].concat().into(),
        idr,
        lost_packets: 0,
        wall,
        received: MonoTime::from_us(0),
    }
}

/// A folder that is gone at the end.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("razz-recorder-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn footage(&self) -> PathBuf {
        self.0.join("footage")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// From and to, by the numbers of pictures, and why.
type Hole = (i64, i64, GapReason);

/// One camera and its recorder.
struct Site {
    cameras: Arc<Cameras>,
    camera: Arc<Camera>,
    recorder: Arc<Recorder>,
}

fn settings(record: RecordMode) -> CameraSettings {
    CameraSettings {
        name: "Gate".to_owned(),
        address: "rtsp://10.0.0.5/".to_owned(),
        transport: Transport::Tcp,
        certificate: None,
        credentials: false,
        sub_address: None,
        detect_from: DetectFrom::Main,
        detect_rate: DetectRate::PerSecond(5.0),
        priority: 1.0,
        record,
        around_us: [1_000_000, 2_000_000],
    }
}

impl Site {
    fn new(path: &Path, record: RecordMode) -> Self {
        let clock = Clock::start();
        let cameras = Arc::<Cameras>::default();
        let camera = Camera::new(camera_id(), settings(record), 1 << 24, 0);
        cameras.insert(Arc::clone(&camera));
        let record = Record {
            path: path.to_owned(),
            max_bytes: None,
            keep_free: 0,
            keep_days: None,
            visits_days: None,
            tracks_days: None,
            exports_days: None,
            disk: Disk::Ssd,
        };
        let recorder = Recorder::start(record, None, Arc::clone(&cameras), clock).unwrap();
        Self { cameras, camera, recorder }
    }

    /// The camera sends these pictures, a key picture every second.
    fn send(&self, pictures: std::ops::Range<i64>) {
        for n in pictures {
            self.camera.stream.publish(unit_at(n, n % 10 == 0));
        }
    }

    /// Somebody is in this picture.
    fn see(&self, n: i64) {
        let track = Track {
            id: TrackId(7),
            bbox: Rect::new(10.0, 10.0, 50.0, 90.0),
            class: ClassId(0),
            confidence: 0.9,
            source: TrackSource::ByteTrack,
            state: TrackState::Matched,
            age_us: 0,
            velocity: [0.0; 4],
        };
        let frame = TrackFrame {
            key: FrameKey { camera: camera_id(), time: time(n) },
            wall: WallTime { us: BEGIN_US + n * 100_000, quality: WallQuality::Arrival },
            size: Size::new(640, 360),
            detected: true,
            tracks: vec![track].into(),
        };
        let published = Published {
            frame,
            received: MonoTime::from_us(0),
            fps: 5.0,
            frame_count: 1,
            near_ms: None,
            names: ClassNames::coco(),
            encoded: OnceLock::new(),
        };
        self.camera.tracks.publish(&Arc::new(published), Frames::Detected);
    }

    fn until(&self, what: &str, holds: impl Fn(&Recorder) -> bool) {
        for _ in 0..400 {
            if holds(&self.recorder) {
                return;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        panic!("{what}: {:?}", self.recorder.status());
    }

    fn state(&self) -> Option<Recording> {
        self.recorder.camera(camera_id()).map(|camera| camera.state)
    }

    fn frames(&self) -> u64 {
        self.recorder.camera(camera_id()).map_or(0, |camera| camera.frames)
    }

    /// Footage and gaps, by the numbers of pictures.
    fn recorded(&self) -> (Vec<(i64, i64)>, Vec<Hole>) {
        let beyond = [time(-1000), time(100_000)].map(Moment::Media);
        let archive = self.recorder.archive().unwrap();
        let coverage = archive.coverage(camera_id(), beyond[0], beyond[1]).unwrap();
        let n = |time_: MediaTime| time_.since_90k(time(0)) / 9000;
        let stretches = coverage.stretches.iter();
        let holes = coverage.holes.iter();
        (
            stretches.map(|one| (n(one.from.time), n(one.until.time))).collect(),
            holes.map(|one| (n(one.from.time), n(one.until.time), one.reason)).collect(),
        )
    }
}

#[test]
fn what_a_camera_sends_is_on_the_disk() {
    let place = Place::new("all");
    let site = Site::new(&place.footage(), RecordMode::Always);
    site.until("attached", |_| site.state().is_some());
    site.send(0..300);
    site.until("recording", |_| site.state() == Some(Recording::Recording));
    site.recorder.stop();
    assert_eq!(site.recorded(), (vec![(0, 300)], vec![]));
    assert_eq!(site.cameras.list().len(), 1);
}

#[test]
fn a_camera_that_is_not_to_be_recorded_is_not_and_may_begin_and_end() {
    let place = Place::new("off");
    let site = Site::new(&place.footage(), RecordMode::Off);
    site.until("known", |_| site.state() == Some(Recording::Off));
    site.send(0..30);
    site.camera.set_settings(settings(RecordMode::Always));
    // What is at hand of the stream is recorded as well: it begins with a whole picture.
    site.until("recording", |_| site.frames() > 0 || site.state() == Some(Recording::Recording));
    site.send(30..100);
    site.until("written", |_| site.frames() >= 70);
    site.camera.set_settings(settings(RecordMode::Off));
    site.until("off", |_| site.state() == Some(Recording::Off));
    site.send(100..200);
    site.camera.set_settings(settings(RecordMode::Always));
    site.until("attached", |_| site.state() != Some(Recording::Off));
    site.send(200..250);
    site.until("on again", |_| site.frames() >= 110);
    site.recorder.stop();
    let (stretches, gaps) = site.recorded();
    assert_eq!(stretches, [(20, 100), (190, 250)]);
    assert_eq!(gaps, [(100, 190, GapReason::Off)]);
}

#[test]
fn visits_alone_are_recorded_with_what_was_before_them() {
    let place = Place::new("visits");
    let site = Site::new(&place.footage(), RecordMode::Visits);
    site.until("waiting", |_| site.state() == Some(Recording::Waiting));
    site.send(0..105);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(site.frames(), 0);
    site.see(103);
    site.send(105..110);
    site.until("recording", |_| site.state() == Some(Recording::Recording));
    site.send(110..300);
    site.until("waiting again", |_| site.state() == Some(Recording::Waiting));
    site.recorder.stop();
    // A second before, from the key picture on, and two after, up to one.
    assert_eq!(site.recorded().0, [(90, 130)]);
}

#[test]
fn a_folder_with_other_things_in_it_is_said_and_taken_once_it_is_empty() {
    let place = Place::new("theirs");
    std::fs::create_dir_all(place.footage().join("photos")).unwrap();
    let site = Site::new(&place.footage(), RecordMode::Always);
    site.until("said", |recorder| {
        recorder.status().error.is_some_and(|error| error.contains("is its disk mounted"))
    });
    assert_eq!(site.state(), Some(Recording::Stopped(GapReason::DiskGone)));
    std::fs::remove_dir(place.footage().join("photos")).unwrap();
    site.until("opened", |recorder| recorder.status().error.is_none());
    site.send(0..50);
    site.until("written", |_| site.frames() > 0);
    site.recorder.stop();
    assert_eq!(site.recorded().0, [(0, 50)]);
}
