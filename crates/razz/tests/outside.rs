//! `razz detect` and `razz track` on real pictures, clips and sequences, which are no part of the
//! repository: `docs/testing.md` says where they come from.

#[path = "support/detect.rs"]
mod detect;
#[path = "../../track/tests/mot/mod.rs"]
mod mot;
#[path = "support/track.rs"]
mod track;

use std::path::{Path, PathBuf};

use detect::{Agreement, EXACT, WITH_ROOM, detected, read_json, rows};
use track::assert_originals;

const ENGINES: [&str; 2] = ["rten", "ort/cpu"];

#[test]
#[ignore = "needs RAZZ_TESTDATA and ONNX Runtime: YOLO11, clips, and sequences with references"]
fn the_commands_agree_with_the_references_on_outside_data() {
    let compared = assert_originals(&mot::outside_cases());
    let counts: Vec<usize> = compared.values().copied().collect();
    assert!(counts.len() == 3 && counts[0] >= 20 && counts[2] >= 2, "{compared:?}");
    let data = std::env::var_os("RAZZ_TESTDATA").map(PathBuf::from).unwrap();
    the_boxes_of_the_pictures_are_the_references(&data);
    the_boxes_of_the_clips_are_the_references_with_room(&data);
}

fn the_boxes_of_the_pictures_are_the_references(data: &Path) {
    let reference = read_json(&data.join("frames/yolo11n.json"));
    for engine in ENGINES {
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

/// On ONNX Runtime every frame of the clips is looked at, on rten every tenth, since it is slower; with
/// `RAZZ_WHOLE_CLIPS=1` every frame there too.
fn the_boxes_of_the_clips_are_the_references_with_room(data: &Path) {
    let whole = std::env::var_os("RAZZ_WHOLE_CLIPS").is_some();
    for engine in ENGINES {
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
