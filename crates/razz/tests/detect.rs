//! `razz detect` as its users meet it: the reference's boxes with every engine, and an answer to
//! every wrong file. Pictures and clips are streets that are painted here.

#[path = "support/detect.rs"]
mod commands;
#[path = "support/street.rs"]
mod street;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use commands::{Agreement, Bar, EXACT, Found, detected, razz_detect, read_json, rows};
use razz_base::PixelAspect;
use razz_media::Orientation;
use razz_scene::{DEMO_MODEL, Street};
use razz_vision::{Decoder, Detector, DetectorSettings, EngineChoice, ModelSource, encode_jpeg};
use serde_json::Value;
use street::{Folder, encoded, write_clip, write_picture};

/// What the demo's model finds without razz: `crates/vision/tests/data/reference.py` made it.
fn reference() -> Value {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    read_json(&crates.join("vision/tests/data/street.json"))
}

fn assert_pictures_are_the_references(engine: &str) {
    let folder = Folder::new(&format!("pictures-{}", engine.replace('/', "-")));
    let reference = reference();
    let theirs = reference["images"].as_object().unwrap();
    for name in theirs.keys() {
        let numbers: Vec<u64> =
            name.trim_end_matches(".png").split('-').skip(1).map(|n| n.parse().unwrap()).collect();
        write_picture(&Street::new(numbers[0]), numbers[1], &folder.0.join(name));
    }
    let options = ["--engine", engine, "--confidence=0.1", "--iou=0.7"];
    let ours = detected(Path::new("demo"), &folder.0, &options);
    assert_eq!(ours["engine"], engine);
    for key in ["imgsz", "conf", "iou", "columns"] {
        assert_eq!(ours[key], reference[key], "{key}");
    }
    assert_eq!(ours["images"].as_object().unwrap().len(), theirs.len());
    let mut agreement = Agreement::default();
    for (name, theirs) in theirs {
        agreement.add(&rows(&ours["images"][name]), &rows(theirs), EXACT);
    }
    agreement.assert(&format!("{engine}, pictures"), 0.995);
}

/// A clip gives the boxes that the detector finds on its pictures, decoded here.
fn assert_clips_have_their_pictures_boxes(engine: &str, choice: EngineChoice) {
    let folder = Folder::new(&format!("clip-{}", engine.replace('/', "-")));
    let clip = folder.0.join("street.mp4");
    let frames = encoded(&Street::new(1), 100..161);
    write_clip(&frames, &clip);
    let options = ["--engine", engine, "--confidence=0.1", "--iou=0.7", "--stride=10"];
    let ours = detected(Path::new("demo"), &clip, &options);
    assert_eq!((&ours["clip"], &ours["frame_rate"]), (&"street.mp4".into(), &30.0.into()));
    let found = ours["frames"].as_array().unwrap();
    assert_eq!(found.len(), frames.len());

    let settings = DetectorSettings { engine: choice, confidence: 0.1, ..Default::default() };
    let model = ModelSource::Bytes { name: "demo.onnx", data: DEMO_MODEL };
    let mut detector = Detector::load(model, &settings).unwrap();
    let mut decoder = Decoder::new();
    let (mut agreement, mut out) = (Agreement::default(), Vec::new());
    for (index, (frame, ours)) in frames.iter().zip(found).enumerate() {
        let unit = street::access_unit(frame, 3000 * index as i64);
        let picture = decoder.decode(&unit, true).unwrap().unwrap();
        assert_eq!(ours.is_null(), index % 10 != 0, "{index}");
        if !ours.is_null() {
            detector.detect(&picture, &mut out).unwrap();
            let theirs: Vec<Found> = out
                .iter()
                .map(|d| Found { class: d.class.0.into(), confidence: d.score, bbox: d.bbox })
                .collect();
            agreement.add(&rows(ours), &theirs, EXACT);
        }
    }
    agreement.assert(&format!("{engine}, every tenth frame of a clip"), 1.0);
}

#[test]
fn the_boxes_of_the_pictures_are_the_references_on_rten() {
    assert_pictures_are_the_references("rten");
}

#[test]
#[ignore = "needs ONNX Runtime: scripts/onnxruntime.sh fetches it"]
fn the_boxes_of_the_pictures_are_the_references_on_onnx_runtime() {
    assert_pictures_are_the_references("ort/cpu");
}

#[test]
fn the_boxes_of_a_clip_are_its_pictures_on_rten() {
    assert_clips_have_their_pictures_boxes("rten", EngineChoice::Rten);
}

#[test]
#[ignore = "needs ONNX Runtime: scripts/onnxruntime.sh fetches it"]
fn the_boxes_of_a_clip_are_its_pictures_on_onnx_runtime() {
    assert_clips_have_their_pictures_boxes("ort/cpu", EngineChoice::OrtCpu);
}

#[test]
fn a_jpeg_shows_what_its_png_shows() {
    let folder = Folder::new("jpeg");
    let picture = street::picture(&Street::new(1), 100);
    let png = folder.0.join("street.png");
    let mut rgb = Vec::new();
    picture.write_rgb(&mut rgb);
    street::write_png(picture.size, &rgb, &png);
    // Its content says what it is, not its name.
    let file = folder.0.join("picture");
    fs::write(&file, encode_jpeg(&picture, 95).unwrap()).unwrap();
    let done = razz_detect("demo", &[png, file], &["--engine=rten", "--confidence=0.1"]);
    let found: Value = serde_json::from_slice(&done.stdout).unwrap();
    let (a, b) = (&found["images"]["street.png"], &found["images"]["picture"]);
    assert!(a.as_array().unwrap().len() > 3);
    let mut agreement = Agreement::default();
    agreement.add(&rows(a), &rows(b), Bar { iou: 0.9, confidence: 0.1 });
    assert!(agreement.partners * 10 >= agreement.boxes * 9, "{agreement:?}");
}

/// A clip's boxes are those of its pictures as players show them: mirrored or turned, in their true
/// proportions, and of a file that is cut off those that are there.
#[test]
fn the_boxes_of_a_clip_are_those_of_what_is_shown() {
    let folder = Folder::new("shown");
    let clip = folder.0.join("street.mp4");
    let frames = encoded(&Street::new(1), 100..103);
    write_clip(&frames, &clip);
    let plain = fs::read(&clip).unwrap();
    let header = plain.windows(4).position(|kind| kind == b"tkhd").unwrap();
    // Behind the type: flags, five words, and 16 bytes; then a, b, u, c, d, v, x, y, w and the size.
    let word = |index: usize| header + 4 + 40 + 4 * index;
    let put = |data: &mut Vec<u8>, index: usize, value: i32| {
        data[word(index)..word(index) + 4].copy_from_slice(&(value << 16).to_be_bytes());
    };
    let settings =
        DetectorSettings { engine: EngineChoice::Rten, confidence: 0.1, ..Default::default() };
    let model = ModelSource::Bytes { name: "demo.onnx", data: DEMO_MODEL };
    let mut detector = Detector::load(model, &settings).unwrap();
    let (mirrored, wide) = (Orientation::Mirrored, PixelAspect { width: 3, height: 2 });
    for (orientation, aspect) in
        [(mirrored, PixelAspect::default()), (Orientation::Upright, wide), (mirrored, wide)]
    {
        let mut data = plain.clone();
        if orientation == mirrored {
            put(&mut data, 0, -1);
        }
        if aspect == wide {
            put(&mut data, 9, 1280 * 3 / 2);
        }
        fs::write(&clip, data).unwrap();
        let ours = detected(Path::new("demo"), &clip, &["--engine=rten", "--confidence=0.1"]);
        let mut decoder = Decoder::new();
        let (mut agreement, mut out) = (Agreement::default(), Vec::new());
        for (index, (frame, ours)) in
            frames.iter().zip(ours["frames"].as_array().unwrap()).enumerate()
        {
            let unit = street::access_unit(frame, 3000 * index as i64);
            let mut picture = decoder.decode(&unit, true).unwrap().unwrap();
            picture.pixel_aspect = aspect;
            detector.detect(&picture.turned(orientation), &mut out).unwrap();
            let theirs: Vec<Found> = out
                .iter()
                .map(|d| Found { class: d.class.0.into(), confidence: d.score, bbox: d.bbox })
                .collect();
            assert!(theirs.len() > 2);
            agreement.add(&rows(ours), &theirs, EXACT);
        }
        agreement.assert(&format!("{orientation:?}, {aspect:?}"), 1.0);
    }
    // The index in front, and the last picture cut off.
    let movie = plain.windows(4).position(|kind| kind == b"moov").unwrap() - 4;
    let mut index = plain[movie..].to_vec();
    let offsets = index.windows(4).position(|kind| kind == b"stco").unwrap();
    let at = u32::from_be_bytes(index[offsets + 12..offsets + 16].try_into().unwrap());
    let moved = at + index.len() as u32;
    index[offsets + 12..offsets + 16].copy_from_slice(&moved.to_be_bytes());
    let head = at as usize - 8;
    let cut = [&plain[..head], &index, &plain[head..movie - 1]].concat();
    fs::write(&clip, cut).unwrap();
    let done = razz_detect("demo", std::slice::from_ref(&clip), &["--engine=rten"]);
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success() && said.contains("1 of its 3 pictures are missing"), "{said}");
    let found: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(found["frames"].as_array().unwrap().len(), 2);
}

#[test]
fn what_is_detected_can_be_tracked() {
    let folder = Folder::new("tracked");
    let clip = folder.0.join("street.mp4");
    write_clip(&encoded(&Street::new(1), 100..161), &clip);
    let file = folder.0.join("detected.json");
    let done = Command::new(env!("CARGO_BIN_EXE_razz"))
        .args(["detect", "--model=demo", "--engine=rten", "--stride=10", "--confidence=0.1"])
        .args([Path::new("--input"), &clip, Path::new("--output"), &file])
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let track = |options: &[&str]| {
        let arguments = [Path::new("--detections"), &file, Path::new("--output"), Path::new("-")];
        let mut command = Command::new(env!("CARGO_BIN_EXE_razz"));
        command.arg("track").args(arguments).args(options).output().unwrap()
    };
    let done = track(&["--fill"]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(String::from_utf8_lossy(&done.stdout).lines().count() > 60, "{done:?}");
    let done = track(&["--stride=15"]);
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.code() == Some(2) && said.contains("every 10th frame"), "{said}");
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
