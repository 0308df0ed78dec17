//! `razz bench`: that what it measures is there and adds up. How fast anything is, is not tested.

#[path = "support/street.rs"]
mod street;

use std::path::Path;
use std::process::{Command, Output};

use razz_scene::Street;
use serde_json::Value;

fn razz_bench(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_razz")).arg("bench").args(arguments).output().unwrap()
}

fn json(arguments: &[&str]) -> Value {
    let done = razz_bench(&[arguments, &["--json"]].concat());
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{arguments:?}: {said}");
    serde_json::from_slice(&done.stdout).unwrap()
}

fn table(arguments: &[&str]) -> String {
    let done = razz_bench(arguments);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// Quantiles ascend.
fn assert_quantiles(value: &Value) {
    let all = ["min", "p50", "p95", "p99", "max"].map(|key| number(&value[key]));
    assert!(all.is_sorted() && all[4] > 0.0, "{value}");
}

#[test]
fn trackers_are_timed_on_people_made_up() {
    let arguments =
        ["track", "--boxes=5,20", "--updates=50", "--trackers=bytetrack,hybrid,deepsort"];
    let found = json(&arguments);
    let found = found.as_array().unwrap();
    assert_eq!(found.len(), 6);
    for one in found {
        let people = if one["scene"].as_str().unwrap().starts_with("5 ") { 5.0 } else { 20.0 };
        assert!((0.9 * people..=people).contains(&number(&one["boxes"])), "{one}");
        assert!(number(&one["updates"]) >= 50.0);
        assert_quantiles(&one["update_us"]);
        assert_quantiles(&one["look_us"]);
        // A box that is matched is where its detection is, give or take what the filter smooths.
        assert!((0.8..=1.0).contains(&number(&one["iou"])), "{one}");
    }
    let text = table(&arguments);
    assert_eq!(text.lines().count(), 7, "{text}");
}

#[test]
fn trackers_are_timed_on_sequences() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folder = crates.join("track/tests/data/corners").display().to_string();
    let found = json(&["track", "--sequences", &folder, "--updates=10"]);
    let scenes: Vec<&str> =
        found.as_array().unwrap().iter().map(|one| one["scene"].as_str().unwrap()).collect();
    assert!(scenes.contains(&"gap_31") && scenes.is_sorted(), "{scenes:?}");
}

#[test]
fn steps_of_detection_add_up() {
    let arguments =
        ["detect", "--model=demo", "--engine=rten", "--rounds=4", "--pictures=2", "--threads=1"];
    let found = json(&arguments);
    assert_eq!((&found["model"], &found["pictures"][0]), (&"demo".into(), &1280.into()));
    let engines = found["engines"].as_array().unwrap();
    assert_eq!(engines.len(), 1, "{found}");
    let one = &engines[0];
    assert_eq!((&one["engine"], &one["precision"]), (&"rten".into(), &"f32".into()));
    for key in ["prepare_ms", "infer_ms", "read_ms", "whole_ms", "bare_ms", "cpu_ms"] {
        assert_quantiles(&one[key]);
    }
    // The steps of the fastest whole detection are no faster than the fastest steps.
    let least = |key: &str| number(&one[key]["min"]);
    let steps = least("prepare_ms") + least("infer_ms") + least("read_ms");
    assert!(steps <= least("whole_ms") + 0.1, "{one}");
    assert!(number(&one["whole_to_bare"]) > 0.5, "{one}");
    let text = table(&arguments);
    assert!(text.contains("rten f32"), "{text}");
}

#[test]
fn a_camera_is_carried_from_rtsp_to_tracks() {
    let folder = street::Folder::new("pipeline");
    let clip = folder.0.join("street.mp4");
    street::write_clip(&street::encoded(&Street::new(1), 0..150), &clip);
    let clip = clip.display().to_string();
    let arguments = ["--model=demo", "--engine=rten", "--detect-fps=2", "--seconds=4"];
    let found = json(&[&["pipeline", "--input", &clip, "--cameras=1,2"], &arguments[..]].concat());
    assert_eq!((&found["size"][0], &found["fps"]), (&1280.into(), &30.into()));
    let loads = found["loads"].as_array().unwrap();
    assert_eq!(loads.len(), 2);
    for (load, cameras) in loads.iter().zip(1..) {
        assert_eq!((&load["cameras"], &load["wanted"]), (&cameras.into(), &2.0.into()));
        for key in ["got", "received", "decoded", "skipped"] {
            assert_eq!(load[key].as_array().unwrap().len(), cameras as usize, "{key}");
        }
        // However busy the machine: video comes in, and some of it is detected on.
        assert!(number(&load["got"][0]) > 0.0 && number(&load["received"][0]) > 1.0, "{load}");
        assert_quantiles(&load["delay_ms"]);
        let cpu = load["cpu_ms_per_s"].as_object().unwrap();
        for stage in ["decode", "prepare", "infer", "read", "track", "runtime"] {
            assert!(number(&cpu[stage]) > 0.0, "{stage}: {load}");
        }
        let sum: f64 = cpu.values().map(number).sum();
        assert!((sum / 10.0 - number(&load["cpu_percent"])).abs() < 2.0, "{load}");
        assert!(number(&load["memory_bytes"]) > 1e7, "{load}");
    }
}

#[test]
fn what_cannot_be_measured_is_refused_in_a_line() {
    for (arguments, code, said) in [
        (&["track", "--sequences=/nonexistent"][..], 2, "/nonexistent: No such file"),
        (&["track", "--trackers=sort"], 2, "unknown tracker \"sort\""),
        (&["track", "--boxes=x"], 2, "invalid value 'x' for '--boxes"),
        (&["detect", "--model=nowhere.onnx"], 2, "there is no model file nowhere.onnx"),
        (&["detect", "--model=demo", "--input=/nonexistent"], 2, "/nonexistent: cannot be read"),
        (&["pipeline", "--model=nowhere.onnx"], 2, "there is no model file nowhere.onnx"),
        (&["pipeline", "--model=demo", "--input=/nonexistent"], 2, "/nonexistent: cannot be read"),
        (&["pipeline", "--model=demo", "--detect-fps=0"], 2, "expected 0.01 to 240 per second"),
        (&["pipeline", "--model=demo", "--cameras=0"], 2, "0 is not in 1..=256"),
    ] {
        let done = razz_bench(arguments);
        let stderr = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(code), "{arguments:?}: {stderr}");
        assert!(stderr.contains(said) && stderr.lines().count() == 1, "{arguments:?}: {stderr}");
    }
}
