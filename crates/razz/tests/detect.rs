//! `razz detect` as its users meet it: the reference's boxes with every engine, and an answer to
//! every wrong file.
//!
//! On ONNX Runtime's CPU provider, where the library is found, every frame of the clips is looked
//! at, on rten every tenth, since it is slower; with `RAZZ_WHOLE_CLIPS=1` every frame there too.
#![allow(clippy::print_stderr, reason = "tests report to people")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use razz_base::Rect;
use razz_vision::engine::library_candidates;
use serde_json::Value;

const RAZZ: &str = env!("CARGO_BIN_EXE_razz");

/// The folder of the test data, or `None`, which is said.
fn testdata(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("RAZZ_TESTDATA").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("{test}: skipped, since RAZZ_TESTDATA does not name the test data's folder");
    }
    folder
}

/// rten, and ONNX Runtime on the CPU where it is found.
fn engines() -> Vec<&'static str> {
    let mut engines = vec!["rten"];
    if library_candidates().is_empty() {
        eprintln!("no ONNX Runtime library is found here, only rten is tested");
    } else {
        engines.push("ort/cpu");
    }
    engines
}

/// `razz detect` to stdout.
fn razz_detect(model: &str, inputs: &[PathBuf], options: &[&str]) -> Output {
    let mut command = Command::new(RAZZ);
    command.args(["detect", "--output", "-", "--model", model]).args(options);
    for input in inputs {
        command.arg("--input").arg(input);
    }
    command.output().unwrap()
}

fn detected(model: &Path, input: &Path, options: &[&str]) -> Value {
    let done = razz_detect(&model.display().to_string(), &[input.to_owned()], options);
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{input:?} {options:?}: {said}");
    serde_json::from_slice(&done.stdout).unwrap()
}

fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

struct Found {
    class: i64,
    confidence: f64,
    bbox: Rect,
}

fn rows(rows: &Value) -> Vec<Found> {
    let row = |row: &Value| {
        let row: Vec<f64> = row.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
        let bbox = Rect::new(row[2], row[3], row[4], row[5]);
        Found { class: row[0] as i64, confidence: row[1], bbox }
    };
    rows.as_array().unwrap().iter().map(row).collect()
}

/// How closely two boxes have to agree.
#[derive(Clone, Copy)]
struct Bar {
    iou: f64,
    confidence: f64,
}

const EXACT: Bar = Bar { iou: 0.99, confidence: 0.005 };
/// The clips' reference was decoded elsewhere, with other chroma.
const WITH_ROOM: Bar = Bar { iou: 0.9, confidence: 0.05 };

/// Boxes of confidence 0.25 and more, and how many of them have a partner on the other side.
#[derive(Clone, Copy, Default, Debug)]
struct Agreement {
    boxes: usize,
    partners: usize,
}

impl Agreement {
    /// Adds a picture, both ways round; each box is somebody's partner once.
    fn add(&mut self, ours: &[Found], theirs: &[Found], bar: Bar) {
        for (a, b) in [(ours, theirs), (theirs, ours)] {
            let mut free = vec![true; b.len()];
            for one in a.iter().filter(|one| one.confidence >= 0.25) {
                let partner = (0..b.len()).find(|&i| {
                    free[i]
                        && b[i].class == one.class
                        && (b[i].confidence - one.confidence).abs() <= bar.confidence
                        && b[i].bbox.iou(&one.bbox) >= bar.iou
                });
                self.boxes += 1;
                if let Some(partner) = partner {
                    free[partner] = false;
                    self.partners += 1;
                }
            }
        }
    }

    fn assert(&self, what: &str, least: f64) {
        let share = self.partners as f64 / self.boxes as f64;
        eprintln!(
            "{what}: {} of {} boxes agree, {:.2} %",
            self.partners,
            self.boxes,
            100.0 * share
        );
        assert!(self.boxes >= 40, "{what}: {self:?}");
        assert!(share >= least, "{what}: {self:?}, at least {least} wanted");
    }
}

#[test]
fn the_boxes_of_the_pictures_are_the_references() {
    let Some(data) = testdata("the_boxes_of_the_pictures_are_the_references") else { return };
    let reference = read_json(&data.join("frames/yolo11n.json"));
    for engine in engines() {
        let options = ["--engine", engine, "--confidence=0.1", "--iou=0.7"];
        let ours = detected(&data.join("models/yolo11n.onnx"), &data.join("frames"), &options);
        assert_eq!(ours["engine"], engine);
        for key in ["model", "imgsz", "conf", "iou", "columns"] {
            assert_eq!(ours[key], reference[key], "{key}");
        }
        let mut agreement = Agreement::default();
        let (ours, theirs) = (&ours["images"], reference["images"].as_object().unwrap());
        assert_eq!(ours.as_object().unwrap().len(), theirs.len());
        for (name, theirs) in theirs {
            agreement.add(&rows(&ours[name]), &rows(theirs), EXACT);
        }
        agreement.assert(&format!("{engine}, pictures"), 0.995);
    }
}

#[test]
fn the_boxes_of_the_clips_are_the_references_with_room() {
    let test = "the_boxes_of_the_clips_are_the_references_with_room";
    let Some(data) = testdata(test) else { return };
    let whole = std::env::var_os("RAZZ_WHOLE_CLIPS").is_some();
    for engine in engines() {
        let stride = if engine == "rten" && !whole { 10 } else { 1 };
        let mut agreement = Agreement::default();
        for clip in ["people-walking", "cars"] {
            let reference = read_json(&data.join(format!("clips/{clip}.yolo11n.json")));
            let stride_option = format!("--stride={stride}");
            let options = ["--engine", engine, "--confidence=0.1", "--iou=0.7", &stride_option];
            let input = data.join(format!("clips/{clip}.mp4"));
            let ours = detected(&data.join("models/yolo11n.onnx"), &input, &options);
            assert_eq!((&ours["clip"], &ours["frame_rate"]), (&reference["clip"], &30.0.into()));
            let (ours, theirs) = (ours["frames"].as_array().unwrap(), &reference["frames"]);
            assert_eq!(ours.len(), theirs.as_array().unwrap().len());
            for (index, frame) in ours.iter().enumerate() {
                assert_eq!(frame.is_null(), index % stride != 0, "{clip} {index}");
                if !frame.is_null() {
                    agreement.add(&rows(frame), &rows(&theirs[index]), WITH_ROOM);
                }
            }
        }
        // A part of the clips may lie a little beside the whole.
        let least = if stride == 1 { 0.98 } else { 0.975 };
        agreement.assert(&format!("{engine}, frames 1, {}, ... of the clips", 1 + stride), least);
    }
}

/// A JPEG of a picture, by the encoder that razz's snapshots come from.
fn jpeg(png: &Path) -> Option<Vec<u8>> {
    let args = ["-v", "error", "-i", png.to_str()?, "-q:v", "2", "-f", "mjpeg", "-"];
    let done = Command::new("ffmpeg").args(args).output().ok()?;
    done.status.success().then_some(done.stdout)
}

#[test]
fn a_jpeg_shows_what_its_png_shows() {
    let Some(data) = testdata("a_jpeg_shows_what_its_png_shows") else { return };
    let png = data.join("frames/people-walking-1.png");
    let Some(jpeg) = jpeg(&png) else {
        return eprintln!("skipped: ffmpeg, which makes the JPEG, cannot be started");
    };
    let folder = std::env::temp_dir().join(format!("razz-detect-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    // Its content says what it is, not its name.
    let file = folder.join("picture");
    fs::write(&file, jpeg).unwrap();
    let model = data.join("models/yolo11n.onnx").display().to_string();
    let done = razz_detect(&model, &[png, file], &["--engine=rten", "--confidence=0.5"]);
    let found: Value = serde_json::from_slice(&done.stdout).unwrap();
    let (a, b) = (&found["images"]["people-walking-1.png"], &found["images"]["picture"]);
    assert!(a.as_array().unwrap().len() > 3);
    let mut agreement = Agreement::default();
    agreement.add(&rows(a), &rows(b), Bar { iou: 0.9, confidence: 0.1 });
    assert!(agreement.partners * 10 >= agreement.boxes * 9, "{agreement:?}");
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn what_is_detected_can_be_tracked() {
    let Some(data) = testdata("what_is_detected_can_be_tracked") else { return };
    let file = std::env::temp_dir().join(format!("razz-detected-{}.json", std::process::id()));
    let done = Command::new(RAZZ)
        .args(["detect", "--model=demo", "--engine=rten", "--stride=10", "--confidence=0.1"])
        .args([Path::new("--input"), &data.join("clips/cars.mp4"), Path::new("--output"), &file])
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let track = |options: &[&str]| {
        let arguments = [Path::new("--detections"), &file, Path::new("--output"), Path::new("-")];
        Command::new(RAZZ).arg("track").args(arguments).args(options).output().unwrap()
    };
    let done = track(&["--fill"]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let done = track(&["--stride=15"]);
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.code() == Some(2) && said.contains("every 10th frame"), "{said}");
    fs::remove_file(&file).unwrap();
}

#[test]
fn wrong_files_and_options_are_refused_in_a_line() {
    let folder = std::env::temp_dir().join(format!("razz-refused-{}", std::process::id()));
    fs::create_dir_all(folder.join("empty")).unwrap();
    let file = |name: &str, content: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, content).unwrap();
        path
    };
    let text = file("notes.txt", b"no clip, no picture");
    let png = file("cut.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    let jpeg = file("cut.jpg", &[0xFF, 0xD8, 0xFF, 0xE0, 0, 16]);
    let mp4 = file("cut.mp4", b"\0\0\0\x10ftypisom\0\0\0\0\0\0\x10\0moov");
    let model = file("model.onnx", b"PK\x03\x04 a zip archive");
    let (missing, empty) = (folder.join("none.mp4"), folder.join("empty"));
    for (model, inputs, options, code, said) in [
        ("demo", vec![&missing], &[][..], 2, "none.mp4: cannot be read"),
        ("demo", vec![&empty], &[], 2, "there is no .png, .jpg or .jpeg in this folder"),
        ("demo", vec![&text], &[], 2, "notes.txt: this is not an MP4 file; convert it"),
        ("demo", vec![&mp4], &[], 2, "cut.mp4: the file is cut short"),
        ("demo", vec![&png, &mp4], &[], 2, "cut.mp4: this is no PNG or JPEG; a clip has to be"),
        ("demo", vec![&png], &["--engine=rten"], 2, "cut.png: this picture cannot be decoded"),
        ("demo", vec![&jpeg], &["--engine=rten"], 2, "cut.jpg: this picture cannot be decoded"),
        ("demo", vec![&png], &["--engine=tract"], 2, "there is no engine \"tract\""),
        ("demo", vec![&png], &["--confidence=2"], 2, "expected a number from 0 to 1"),
        ("demo", vec![&png], &["--size=1"], 2, "expected a side in pixels"),
        ("demo", vec![&png], &["--engine=rten", "--size=320"], 2, "takes 640x384 only"),
        ("", vec![&png], &[], 2, "is no model"),
        ("nowhere/m.onnx", vec![&png], &[], 2, "there is no model file nowhere/m.onnx"),
        (&model.display().to_string(), vec![&png], &[], 2, "it is a zip archive"),
    ] {
        let inputs: Vec<PathBuf> = inputs.into_iter().cloned().collect();
        let done = razz_detect(model, &inputs, options);
        let stderr = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(code), "{model} {inputs:?} {options:?}: {stderr}");
        assert!(stderr.contains(said) && stderr.lines().count() == 1, "{options:?}: {stderr}");
        assert!(done.stdout.is_empty());
    }
    fs::remove_dir_all(&folder).unwrap();
}
