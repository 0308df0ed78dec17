//! Exports of footage that was recorded here: a bright square that goes to the right, four pixels a picture.

use std::fs::{self, File};
use std::io::{BufReader, Read as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use razz_base::{
    AccessUnit, CameraId, ClassId, ClassNames, FrameKey, MediaTime, MonoTime, Rect, RunId, Size,
    StreamFormat, Track, TrackFrame, TrackId, TrackSource, TrackState, WallQuality, WallTime,
};
use razz_media::h264::{Matrix, nal_units};
use razz_media::mp4::Mp4;
use razz_observe::clock::Clock;
use razz_store::archive::Archive;
use razz_store::disk::Root;
use razz_store::index::Index;
use razz_store::now_written::NowWritten;
use razz_store::tracks::{Recorded, TrackWriter};
use razz_store::writer::{Durability, Writer};
use razz_vision::{Canvas, Decoders, Picture, VideoEncoder};

use crate::render::format_of;
use crate::request::tests::request;
use crate::{
    AddError, Blur, Export, ExportError, ExportSettings, Exports, Format, Materials, Presentation,
    Request, Sources, State, make,
};

/// 2026-11-30 14:03 UTC, in µs.
const BEGIN_US: i64 = 1_796_047_380_000_000;
const SIZE: Size = Size { width: 640, height: 360 };
const SIDE: usize = 60;
const PAGE: &[u8] = b"<!doctype html>";

fn id(id: u32) -> CameraId {
    CameraId::new(id).unwrap()
}

fn time(n: i64) -> MediaTime {
    MediaTime::from_90k(BEGIN_US / 100 * 9 + n * 3000)
}

fn us(n: i64) -> i64 {
    BEGIN_US + n * 100_000 / 3
}

/// Where the square is on picture `n`.
fn left(n: i64) -> usize {
    20 + 4 * n as usize
}

/// A folder of recordings that is gone at the end.
struct Place {
    path: PathBuf,
    archive: Arc<Archive>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// `count` pictures of each camera, tracked on every fifth.
fn record(name: &str, cameras: &[u32], count: i64) -> Place {
    let path = std::env::temp_dir().join(format!("razz-export-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    let root = Root::open(&path).unwrap();
    let database = path.join(razz_store::INDEX);
    let index = Index::open(&database).unwrap().0;
    let now = MonoTime::from_us(0);
    let (mut writer, _) =
        Writer::open(root.clone(), index, Durability::Every(1 << 40), now).unwrap();
    let mut tracks = TrackWriter::new(root.clone());
    for camera in cameras {
        for unit in units(*camera, count) {
            writer.take(now, &unit);
        }
        for n in (0..count).step_by(5) {
            tracks.take(now, &tracked(*camera, n));
        }
    }
    writer.stop(now);
    tracks.stop();
    let index = Index::open(&database).unwrap().0;
    let archive = Archive::new(root, index, NowWritten::default());
    Place { path, archive: Arc::new(archive) }
}

fn units(camera: u32, count: i64) -> Vec<AccessUnit> {
    let mut canvas = Canvas::new(SIZE, Matrix::Bt709);
    let mut encoder = VideoEncoder::new(&canvas, 30.0, 90_000).unwrap();
    let mut format = None;
    let units = (0..count).map(|n| {
        canvas.clear();
        let luma = &mut *canvas.planes_mut()[0];
        for y in 100..100 + SIDE {
            for x in left(n)..left(n) + SIDE {
                // Stripes, so that a mosaic is seen.
                luma[y * 640 + x] = if x % 8 < 4 { 220 } else { 90 };
            }
        }
        let encoded = encoder.encode(&canvas, time(n)).unwrap().unwrap();
        let format = format.get_or_insert_with(|| format_of(&encoded));
        AccessUnit {
            key: FrameKey { camera: id(camera), time: time(n) },
            run: RunId(1),
            format: Arc::clone(format),
            data: encoded.annex_b.into(),
            idr: encoded.idr,
            lost_packets: 0,
            wall: WallTime { us: us(n), quality: WallQuality::Arrival },
            received: MonoTime::from_us(0),
        }
    });
    units.collect()
}

fn tracked(camera: u32, n: i64) -> Recorded {
    let x = left(n) as f64;
    let track = Track {
        id: TrackId(7),
        bbox: Rect { left: x, top: 100.0, right: x + SIDE as f64, bottom: 100.0 + SIDE as f64 },
        class: ClassId(0),
        confidence: 0.9,
        source: TrackSource::ByteTrack,
        state: TrackState::Matched,
        age_us: 0,
        velocity: [120.0, 0.0, 120.0, 0.0],
    };
    let frame = TrackFrame {
        key: FrameKey { camera: id(camera), time: time(n) },
        wall: WallTime { us: us(n), quality: WallQuality::Arrival },
        size: SIZE,
        detected: true,
        tracks: [track].into(),
    };
    Recorded { frame, classes: ClassNames::coco() }
}

fn presentation() -> Presentation {
    Presentation { page: || Some(PAGE.into()), tracks: |frames| format!("[{}]", frames.len()) }
}

/// Makes it, and answers where it is.
fn made(place: &Place, request: &Request) -> Result<PathBuf, ExportError> {
    let path = place.path.join(format!("{:?}.out", request.format));
    let decoders = Decoders::builtin();
    let names = |camera: CameraId| format!("Gate {camera}");
    let materials = Materials {
        archive: &place.archive,
        decoders: &decoders,
        names: &names,
        presentation: presentation(),
        now_us: us(0),
    };
    let mut shares = Vec::new();
    let bytes = make(request, materials, &path, &mut |share| {
        shares.push(share);
        ControlFlow::Continue(())
    })?;
    assert_eq!(fs::metadata(&path).unwrap().len(), bytes);
    assert!(
        shares.iter().all(|share| (0.0..=1.0).contains(share)) && shares.is_sorted(),
        "{shares:?}"
    );
    assert!(!path.with_extension("part").exists());
    Ok(path)
}

fn pictures(path: &Path) -> Vec<Picture> {
    let mut mp4 = Mp4::open(BufReader::new(File::open(path).unwrap())).unwrap();
    let mut decoder = Decoders::builtin().decoder();
    let format = StreamFormat::new(mp4.codec(), mp4.size());
    let mut pictures = Vec::new();
    for (n, sample) in mp4.samples().to_vec().into_iter().enumerate() {
        let mut data = Vec::new();
        mp4.read(n, &mut data).unwrap();
        let unit = AccessUnit {
            key: FrameKey { camera: id(1), time: MediaTime::from_90k(sample.time_90k) },
            run: RunId(0),
            format: Arc::clone(&format),
            data: data.into(),
            idr: sample.sync,
            lost_packets: 0,
            wall: WallTime { us: 0, quality: WallQuality::Arrival },
            received: MonoTime::from_us(0),
        };
        pictures.extend(decoder.decode(&unit, true).unwrap());
    }
    pictures
}

fn of(from: i64, until: i64, request: Request) -> Request {
    Request { from_us: us(from), until_us: us(until), ..request }
}

/// Whether a pixel is as green as boxes are.
fn is_green(picture: &Picture, x: usize, y: usize) -> bool {
    picture.luma().row(y)[x] > 130
        && picture.cb().row(y / 2)[x / 2] < 90
        && picture.cr().row(y / 2)[x / 2] < 80
}

#[test]
fn boxes_are_burned_into_the_very_frames_that_they_belong_to() {
    let place = record("boxes", &[1], 90);
    // From between two key pictures to behind the last detection.
    let request = Request { labels: false, ..of(10, 80, request(Format::Rendered)) };
    let pictures = pictures(&made(&place, &request).unwrap());
    assert_eq!(pictures.len(), 70);
    for (at, picture) in pictures.iter().enumerate() {
        let n = 10 + at as i64;
        assert_eq!(picture.key.time.as_90k(), at as i64 * 3000);
        assert_eq!(picture.size, SIZE);
        // The lines of the box stand on the square's edges, to two pixels: one picture on they stand four further.
        let x = left(n);
        let columns: Vec<usize> = (0..640).filter(|x| is_green(picture, *x, 130)).collect();
        for edge in [x, x + SIDE] {
            let near = columns.iter().filter(|column| column.abs_diff(edge) <= 2).count();
            assert!(near > 0, "picture {n}: no line at {edge} in {columns:?}");
        }
        let far = columns.iter().find(|c| c.abs_diff(x) > 3 && c.abs_diff(x + SIDE) > 3);
        assert_eq!(far, None, "picture {n}: {columns:?} and {x}");
        // The picture beneath is the one of the box: its stripes begin inside.
        let inside =
            picture.luma().row(130)[x + 8..x + SIDE - 8].iter().filter(|s| **s > 150).count();
        assert!(inside > 10, "picture {n}");
    }
    let plain = Request { boxes: false, ..request };
    let plain = self::pictures(&made(&place, &plain).unwrap());
    assert!(!is_green(&plain[30], left(40), 130));
}

#[test]
fn who_is_not_to_be_recognised_is_not_and_the_chosen_track_is() {
    let place = record("blur", &[1], 60);
    let stripes = |except: Vec<(CameraId, u64)>, classes: &[&str]| {
        let classes = classes.iter().map(|class| (*class).to_owned()).collect();
        let blur = Some(Blur { classes, except });
        let request = Request { boxes: false, blur, ..of(0, 60, request(Format::Rendered)) };
        // How much neighbours differ, in the middle of the square.
        let contrast = |(n, picture): (usize, &Picture)| {
            let x = left(n as i64);
            let row = &picture.luma().row(130)[x + 4..x + SIDE - 4];
            row.windows(2).map(|pair| pair[0].abs_diff(pair[1])).filter(|by| *by > 40).count()
        };
        let pictures = pictures(&made(&place, &request).unwrap());
        pictures.iter().enumerate().map(contrast).max().unwrap()
    };
    // On frames between detections, and on the first and the last, too.
    let hidden = stripes(Vec::new(), &["person"]);
    assert!(hidden <= 6, "{hidden}");
    assert!(stripes(vec![(id(1), 7)], &["person"]) >= 10);
    assert!(stripes(vec![(id(1), 8)], &["person"]) <= 6);
    assert!(stripes(Vec::new(), &["car"]) >= 10);
}

#[test]
fn several_cameras_stand_side_by_side() {
    let place = record("wall", &[1, 2, 3], 30);
    let cameras = vec![id(1), id(3), id(9), id(2)];
    let request = Request { cameras, ..of(0, 30, request(Format::Rendered)) };
    let pictures = pictures(&made(&place, &request).unwrap());
    assert_eq!(pictures.len(), 30);
    assert_eq!(pictures[0].size, Size::new(1920, 1080));
    for picture in &pictures {
        for (column, row, is_there) in [(0, 0, true), (1, 0, true), (0, 1, false), (1, 1, true)] {
            let bright = |y: usize| {
                picture.luma().row(y)[column * 960..][..960].iter().filter(|s| **s > 180).count()
            };
            assert_eq!(bright(row * 540 + 200) > 20, is_there, "{column}, {row}");
        }
    }
}

#[test]
fn untouched_video_and_tracks_of_one_or_several() {
    let place = record("files", &[1, 2], 60);
    let both = |format| Request { cameras: vec![id(1), id(2)], ..of(0, 60, request(format)) };
    let one = made(&place, &of(0, 60, request(Format::Mp4))).unwrap();
    let mut mp4 = Mp4::open(BufReader::new(File::open(one).unwrap())).unwrap();
    for (n, unit) in units(1, 60).iter().enumerate() {
        let mut data = Vec::new();
        mp4.read(n, &mut data).unwrap();
        let same = nal_units(&data).eq(nal_units(&unit.data));
        assert!(same, "picture {n} is as it was sent");
    }
    let zip = made(&place, &both(Format::Mp4)).unwrap();
    let zip = zip::ZipArchive::new(File::open(zip).unwrap()).unwrap();
    let names: Vec<_> = zip.file_names().map(Result::unwrap).collect();
    assert_eq!(names, ["1 Gate 1 2026-11-30 14-03-00.mp4", "2 Gate 2 2026-11-30 14-03-00.mp4"]);
    let lines = |path: &Path| fs::read_to_string(path).unwrap().lines().count();
    assert_eq!(lines(&made(&place, &of(0, 60, request(Format::Csv))).unwrap()), 13);
    assert_eq!(lines(&made(&place, &of(3, 31, request(Format::Mot))).unwrap()), 6);
    let mut zip =
        zip::ZipArchive::new(File::open(made(&place, &both(Format::Coco)).unwrap()).unwrap())
            .unwrap();
    let mut text = String::new();
    zip.by_index(1).unwrap().read_to_string(&mut text).unwrap();
    let coco: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(coco["annotations"].as_array().unwrap().len(), 12);
}

#[test]
fn a_player_has_all_of_the_footage() {
    let place = record("player", &[1, 2], 120);
    let plain = Request { cameras: vec![id(1), id(2)], ..of(0, 120, request(Format::Player)) };
    let blur = Some(Blur { classes: vec!["person".to_owned()], except: Vec::new() });
    for request in [plain.clone(), Request { blur, ..plain }] {
        let mut zip =
            zip::ZipArchive::new(File::open(made(&place, &request).unwrap()).unwrap()).unwrap();
        let mut read = |name: &str| {
            let mut text = String::new();
            zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
            text
        };
        assert_eq!(read("index.html").as_bytes(), PAGE);
        assert_eq!(read("data/2-tracks-0000.js"), "razzTracks(2,0,[24])");
        let said = read("export.js");
        let said = &said["razzExport(".len()..said.len() - 1];
        let said: serde_json::Value = serde_json::from_str(said).unwrap();
        assert_eq!(said["blurred"], request.blur.is_some());
        let camera = &said["cameras"][1];
        assert_eq!(camera["from"]["media_time"], time(0).as_90k().to_string());
        assert_eq!(camera["chunks"][0]["from"], time(0).as_90k().to_string());
        let text = read(camera["chunks"][0]["file"].as_str().unwrap());
        let coded = text.split('"').nth(1).unwrap();
        use base64::Engine as _;
        let bytes = base64::engine::general_purpose::STANDARD.decode(coded).unwrap();
        let mp4 = Mp4::open(std::io::Cursor::new(bytes)).unwrap();
        // The times of the frames, which their boxes are found by.
        let times: Vec<i64> = mp4.samples().iter().map(|sample| sample.time_90k).collect();
        let expected: Vec<i64> = (0..120).map(|n| time(n).as_90k()).collect();
        assert_eq!(times, expected);
    }
}

#[test]
fn nothing_is_said_and_nothing_is_left() {
    let place = record("nothing", &[1], 30);
    for format in [Format::Mp4, Format::Rendered, Format::Player] {
        let later = of(9000, 9030, request(format));
        assert!(matches!(made(&place, &later), Err(ExportError::Nothing)), "{format:?}");
    }
    let later = of(9000, 9030, request(Format::Csv));
    assert!(matches!(made(&place, &later), Err(ExportError::NoTracks)));
    let left: Vec<_> = fs::read_dir(&place.path)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "out" || end == "part"))
        .collect();
    assert_eq!(left, Vec::<PathBuf>::new());
}

/// A queue over a place.
fn queue(place: &Place) -> Arc<Exports> {
    let archive = Arc::clone(&place.archive);
    let settings =
        ExportSettings { recordings: place.path.clone(), keep_days: Some(7), keep_free: 0 };
    let sources = Sources {
        archive: Box::new(move || Some(Arc::clone(&archive))),
        decoders: Decoders::builtin(),
        names: Box::new(|camera| format!("Gate {camera}")),
        presentation: presentation(),
    };
    Exports::start(settings, sources, Clock::start()).unwrap()
}

/// Waits until it is so.
fn until(what: &str, so: impl Fn() -> bool) {
    let clock = Clock::start();
    while !so() {
        assert!(clock.uptime() < Duration::from_secs(60), "{what} within a minute");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn add(exports: &Exports, request: Request) -> Export {
    // Before it has looked at its folder it takes nothing on.
    let added = std::cell::Cell::new(None);
    until("it is taken on", || match exports.add(request.clone()) {
        Ok(export) => {
            added.set(Some(export));
            true
        }
        Err(AddError::NotReady) => false,
        Err(error) => panic!("{error}"),
    });
    added.take().unwrap()
}

#[test]
fn a_queue_makes_one_after_the_other_and_survives_a_restart() {
    let place = record("queue", &[1], 240);
    let exports = queue(&place);
    let first = add(&exports, of(0, 60, request(Format::Csv)));
    let second = add(&exports, of(0, 240, request(Format::Rendered)));
    assert!(second.id > first.id);
    until("the first is done", || exports.get(first.id).unwrap().state == State::Done);
    let done = exports.get(first.id).unwrap();
    assert_eq!((done.file.as_str(), done.progress), ("Gate 1 2026-11-30 14-03-00.csv", 1.0));
    assert_eq!(done.expires_us.unwrap() - done.made_us, 7 * 86_400_000_000);
    assert_eq!(fs::metadata(exports.file(first.id).unwrap()).unwrap().len(), done.bytes);
    // Ended in the midst of it, the second is made anew.
    until("the second has begun", || exports.get(second.id).unwrap().progress > 0.0);
    exports.stop();
    let again = queue(&place);
    until("both are known", || again.list().len() == 2);
    until("the second is done", || again.get(second.id).unwrap().state == State::Done);
    assert_eq!(pictures(&again.file(second.id).unwrap()).len(), 240);
    // One that is being made is cancelled, one that is done deleted.
    let third = add(&again, of(0, 240, request(Format::Rendered)));
    until("the third has begun", || again.get(third.id).is_some_and(|one| one.progress > 0.0));
    let file = again.file(second.id).unwrap();
    assert!(again.remove(third.id, Some("ann")) && again.remove(second.id, None));
    assert!(!again.remove(third.id, None), "it is gone");
    until("its file is gone", || {
        !file.exists() && !place.path.join(format!("exports/{}", third.id)).exists()
    });
    let fourth = add(&again, of(0, 30, request(Format::Mot)));
    until("the queue goes on", || again.get(fourth.id).unwrap().state == State::Done);
    let journal = fs::read_to_string(place.path.join("exports/journal.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> =
        journal.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let what: Vec<&str> = lines.iter().map(|line| line["what"].as_str().unwrap()).collect();
    assert_eq!(what, ["export", "export", "export", "delete", "delete", "export"]);
    assert_eq!(lines[3]["by"], "ann");
    again.stop();
}

#[test]
fn what_cannot_be_done_is_refused_at_once() {
    let place = record("refused", &[1], 30);
    let exports = queue(&place);
    add(&exports, of(0, 30, request(Format::Csv)));
    for (request, expected) in [
        (of(0, 0, request(Format::Csv)), "`to`: expects a moment after `from`"),
        (of(9000, 9030, request(Format::Mp4)), "nothing is recorded of these cameras in that time"),
    ] {
        assert_eq!(exports.add(request).unwrap_err().to_string(), expected);
    }
    exports.stop();
}
