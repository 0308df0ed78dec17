//! What can be wrong with a model, and what is said about it.

mod support;

use std::path::{Path, PathBuf};

use razz_base::{Detection, Rect, Size};
use razz_scene::DEMO_MODEL;
use razz_vision::{
    DetectError, Detector, DetectorSettings, EngineChoice, ModelError, ModelSource, OnnxEmbedder,
};
use support::onnx::{F32, Graph, I64};
use support::{on_each_engine, onnx};

on_each_engine!(
    torn_models_never_crash,
    a_real_model_cut_short,
    shapes_that_are_not_known,
    outputs_that_make_no_sense,
    a_scribbled_real_model_never_crashes,
    values_that_are_not_numbers,
    a_small_model_works,
    a_detector_is_no_embedder,
);

fn settings(engine: EngineChoice) -> DetectorSettings {
    DetectorSettings { engine, threads: 1, ..Default::default() }
}

fn load(data: &[u8], engine: EngineChoice) -> Result<Detector, ModelError> {
    Detector::load(ModelSource::Bytes { name: "some.onnx", data }, &settings(engine))
}

/// A head of two classes and 50 candidates; the 7th is a box of class 1.
fn head() -> Vec<f32> {
    let mut data = vec![0.0; 6 * 50];
    for (row, value) in [32.0, 32.0, 16.0, 8.0, 0.1, 0.75].into_iter().enumerate() {
        data[row * 50 + 7] = value;
    }
    data
}

const INPUT: [usize; 4] = [1, 3, 64, 64];

struct TempFile(PathBuf);

impl TempFile {
    fn new(name: &str, data: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("razz-{}-{name}", std::process::id()));
        std::fs::write(&path, data).unwrap();
        Self(path)
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn files_that_are_no_models() {
    let text = TempFile::new("text.onnx", b"weights are at https://example.com\n");
    let zeros = TempFile::new("zeros.onnx", &[0; 5000]);
    let empty = TempFile::new("empty.onnx", b"");
    let page = TempFile::new("page.onnx", b"<!DOCTYPE html>\n<html>not found</html>");
    for (path, says) in [
        (Path::new("/nowhere/yolo.onnx"), "no such file"),
        (text.0.as_path(), "it is text"),
        (zeros.0.as_path(), "it begins with zeros"),
        (empty.0.as_path(), "it is empty"),
        (page.0.as_path(), "it is a web page"),
        (Path::new("/"), "cannot be read"),
    ] {
        let error = Detector::load(ModelSource::File(path), &settings(EngineChoice::Auto))
            .err()
            .unwrap()
            .to_string();
        let named = error.contains(&path.display().to_string());
        assert!(named && error.contains(says) && !error.contains('\n'), "{error}");
        let error = OnnxEmbedder::load(path, EngineChoice::Auto, 1).err().unwrap().to_string();
        assert!(error.contains(says), "{error}");
    }
}

fn torn_models_never_crash(engine: EngineChoice) {
    let whole = onnx::with_names(&onnx::constant(&INPUT, 1, &[1, 6, 50], &head()), "{0:'a',1:'b'}");
    assert!(load(&whole, engine).is_ok());
    for end in (0..whole.len()).step_by(7) {
        if let Err(error) = load(&whole[..end], engine) {
            assert!(error.to_string().contains("some.onnx"), "{error}");
        }
    }
    let error = load(&whole[..whole.len() / 2], engine).err().unwrap();
    assert!(matches!(error, ModelError::Truncated { .. }), "{error}");
    // Not torn, but scribbled over: whatever happens, it is no crash.
    for at in (0..whole.len()).step_by(5) {
        let mut scribbled = whole.clone();
        scribbled[at] ^= 0xff;
        let _ = load(&scribbled, engine);
    }
}

fn a_real_model_cut_short(engine: EngineChoice) {
    let model = DEMO_MODEL;
    for part in [100, model.len() / 2, model.len() - 1] {
        let error = load(&model[..part], engine).err().unwrap();
        assert!(matches!(error, ModelError::Truncated { .. }), "{part}: {error}");
        assert!(error.to_string().contains("cut short"), "{error}");
    }
}

fn shapes_that_are_not_known(engine: EngineChoice) {
    let output =
        |shape: &[usize]| onnx::constant(&INPUT, 1, shape, &vec![0.0; shape.iter().product()]);
    let input = |shape: &[usize], kind| onnx::constant(shape, kind, &[1, 6, 50], &head());
    for (model, says) in [
        (input(&[1, 1, 64, 64], 1), "images [1, 1, 64, 64]"),
        (input(&[1, 64, 64, 3], 1), "images [1, 64, 64, 3]"),
        (input(&[65, 3, 64, 64], 1), "images [65, 3, 64, 64]"),
        // Bytes.
        (input(&[1, 3, 64, 64], 2), "not of floats"),
        (input(&[1, 3], 1), "images [1, 3]"),
        (input(&[1, 3, 64, 64], 7), "of integers"),
        (output(&[1, 2000, 7]), "output0 [1, 2000, 7]"),
        (output(&[1, 512]), "output0 [1, 512]"),
        (output(&[1, 4, 50]), "output0 [1, 4, 50]"),
        (output(&[1, 6, 50, 1]), "output0 [1, 6, 50, 1]"),
        (onnx::identity(&INPUT), "output0 [1, 3, 64, 64]"),
    ] {
        let error = load(&model, engine).err().unwrap_or_else(|| panic!("{says} is taken"));
        let shape = matches!(error, ModelError::Input { .. } | ModelError::Output { .. });
        let error = error.to_string();
        assert!(shape && error.contains(says) && error.contains("known "), "{says}: {error}");
    }
    let names = onnx::with_names(&output(&[1, 6, 50]), "{0: 'person'}");
    let error = load(&names, engine).err().unwrap().to_string();
    assert!(error.contains("2 values after each box, and names 1"), "{error}");
}

/// Outputs that no picture has, or of no type that is read here, or none at all.
fn outputs_that_make_no_sense(engine: EngineChoice) {
    let graph = || Graph::default().input("images", F32, &[1, 3, 64, 64]);
    let zeros = [0.0; 6 * 84];
    for (what, model, says) in [
        (
            "integers",
            graph()
                .i64("data", &[1, 6, 84], &[0; 6 * 84])
                .node("Identity", &["data"], "output0", &[])
                .output("output0", I64, &[1, 6, 84]),
            "output0 [1, 6, 84]",
        ),
        (
            "empty",
            graph()
                .f32("data", &[1, 0, 84], &[])
                .node("Identity", &["data"], "output0", &[])
                .output("output0", F32, &[1, 0, 84]),
            "some.onnx",
        ),
        ("none", graph().f32("data", &[1], &[0.0]), "some.onnx"),
        (
            "no input",
            Graph::default()
                .f32("data", &[1, 6, 84], &zeros)
                .node("Identity", &["data"], "output0", &[])
                .output("output0", F32, &[1, 6, 84]),
            "some.onnx",
        ),
        (
            "three inputs",
            graph()
                .input("a", F32, &[1, 2])
                .input("b", F32, &[1, 2])
                .node("Identity", &["a"], "output0", &[])
                .output("output0", F32, &[1, 2]),
            "takes images [1, 3, 64, 64]",
        ),
        (
            "an operator that nobody has",
            graph().node("Frobnicate", &["images"], "output0", &[]).output(
                "output0",
                F32,
                &[1, 6, 84],
            ),
            "Frobnicate",
        ),
        (
            "too much memory",
            graph()
                .i64("size", &[3], &[1, 6, 1 << 44])
                .node("ConstantOfShape", &["size"], "output0", &[])
                .output("output0", F32, &[1, 6, -1]),
            "some.onnx",
        ),
    ] {
        // Where memory runs out Rust ends the process: docs/guide/models.md says to trust one's models.
        if engine == EngineChoice::Rten && what == "too much memory" {
            continue;
        }
        let error = load(&model.model(), engine);
        let error = error.err().unwrap_or_else(|| panic!("{what} is taken by {engine}"));
        let error = error.to_string();
        assert!(error.contains(says) && !error.contains('\n'), "{what}: {error}");
    }
}

/// Whatever the bytes of a real model say, it is a model or an error.
fn a_scribbled_real_model_never_crashes(engine: EngineChoice) {
    let whole = DEMO_MODEL.to_vec();
    let mut state = 7u32;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % below
    };
    for round in 0..12 {
        let mut scribbled = whole.clone();
        for _ in 0..1 << random(8) {
            // The structure is all over the file; most of it lies at both ends.
            let at = if random(2) == 0 { random(4000) } else { whole.len() - 1 - random(40_000) };
            scribbled[at] = random(256) as u8;
        }
        if let Err(error) = load(&scribbled, engine) {
            let error = error.to_string();
            assert!(error.contains("some.onnx") && !error.contains('\n'), "{round}: {error}");
        }
    }
}

fn values_that_are_not_numbers(engine: EngineChoice) {
    for (row, value) in [(4, f32::NAN), (0, f32::INFINITY), (5, f32::NEG_INFINITY)] {
        let mut data = head();
        data[row * 50 + 7] = value;
        let error = load(&onnx::constant(&INPUT, 1, &[1, 6, 50], &data), engine).err().unwrap();
        assert_eq!(error, ModelError::NotFinite { model: "some.onnx".to_owned() });
    }
}

fn a_small_model_works(engine: EngineChoice) {
    let model = onnx::constant(&INPUT, 1, &[1, 6, 50], &head());
    let named = onnx::with_names(&model, "{0: 'dog', 1: \"lion's cub\"}");
    let mut detector = load(&named, engine).unwrap();
    assert_eq!(detector.class_names().iter().collect::<Vec<_>>(), ["dog", "lion's cub"]);
    assert_eq!(detector.input_size(), Size::new(64, 64));
    let mut out = vec![Detection { bbox: Rect::default(), class: Default::default(), score: 0.0 }];
    let picture = vec![0; 128 * 128 * 3];
    detector.detect_rgb(&picture, Size::new(128, 128), &mut out).unwrap();
    assert_eq!(out.len(), 1);
    assert_eq!(out[0].bbox, Rect::new(48.0, 56.0, 80.0, 72.0));
    assert_eq!((out[0].class.0, out[0].score), (1, 0.75));
    let error = detector.detect_rgb(&picture, Size::new(128, 127), &mut out).unwrap_err();
    assert!(matches!(error, DetectError::Rgb { .. }) && out.is_empty());
    let numbered = load(&model, engine).unwrap();
    assert_eq!(numbered.class_names().iter().collect::<Vec<_>>(), ["0", "1"]);
}

#[test]
fn classes_asked_for() {
    let model =
        onnx::with_names(&onnx::constant(&INPUT, 1, &[1, 6, 50], &head()), "{0: 'dog', 1: 'cat'}");
    let load = |classes: &[&str]| {
        let classes = Some(classes.iter().map(|name| (*name).to_owned()).collect());
        let settings = DetectorSettings { classes, ..settings(EngineChoice::Rten) };
        Detector::load(ModelSource::Bytes { name: "some.onnx", data: &model }, &settings)
    };
    let picture = vec![0; 64 * 64 * 3];
    for (classes, found) in [(&["cat"][..], 1), (&["dog"], 0), (&["dog", "cat", "cow"], 1)] {
        let mut detector = load(classes).unwrap();
        let mut out = Vec::new();
        detector.detect_rgb(&picture, Size::new(64, 64), &mut out).unwrap();
        assert_eq!(out.len(), found, "{classes:?}");
        let noted = detector.notes().iter().any(|note| note.text.contains("\"cow\""));
        assert_eq!(noted, classes.contains(&"cow"), "{:?}", detector.notes());
    }
    let error = load(&["cow"]).err().unwrap().to_string();
    assert!(error.contains("cow") && error.contains("dog, cat"), "{error}");
}

/// Nor is an embedder a detector: `shapes_that_are_not_known` has its output.
fn a_detector_is_no_embedder(engine: EngineChoice) {
    let demo = TempFile::new(&format!("demo-{engine}.onnx").replace('/', "-"), DEMO_MODEL);
    let error = OnnxEmbedder::load(&demo.0, engine, 1).err().unwrap().to_string();
    assert!(error.contains("demo-") && error.contains("[batch, values]"), "{error}");
}
