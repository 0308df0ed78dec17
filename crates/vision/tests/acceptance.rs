//! Models that come otherwise than most: heads with more than boxes, scores that are none, weights in
//! files of their own, 16-bit floats, a fixed batch. On every engine.

mod support;

use std::path::{Path, PathBuf};

use razz_base::{PixelAspect, Size};
use razz_media::Orientation;
use razz_vision::{
    Beside, Detector, DetectorSettings, EngineChoice, Family, ModelError, ModelSource, NoteLevel,
    OnnxEmbedder, Picture, WeightsError,
};
use support::onnx::{F16, F32, Graph};
use support::{found, on_each_engine, plain_picture, rows};

on_each_engine!(
    yolo_nas_is_read_as_its_authors_read_it,
    boxes_of_heads_for_other_tasks,
    scores_that_are_none_are_refused,
    weights_beside_the_file,
    weights_that_are_not_to_be_had,
    an_embedder_with_weights_beside_it,
    floats_of_16_bits,
    a_fixed_batch,
    anamorphic_and_turned_pictures,
);

/// Grids of 8x8, 4x4 and 2x2 cells.
const CELLS: usize = 84;
/// Letterboxed into 64x64 it has half its size and lies 8 pixels below the top.
const PICTURE: Size = Size::new(128, 96);

fn settings(engine: EngineChoice) -> DetectorSettings {
    DetectorSettings { engine, threads: 1, ..DetectorSettings::default() }
}

fn load(data: &[u8], engine: EngineChoice) -> Result<Detector, ModelError> {
    Detector::load(ModelSource::Bytes { name: "some.onnx", data }, &settings(engine))
}

/// An input `images` of 64x64, and outputs with these values whatever comes in.
fn planted(outputs: &[(&str, &[usize], &[f32])]) -> Graph {
    outputs.iter().fold(Graph::default().input("images", F32, &[1, 3, 64, 64]), |graph, output| {
        let (name, shape, values) = output;
        let declared: Vec<i64> = shape.iter().map(|d| *d as i64).collect();
        let data = format!("{name} data");
        graph
            .f32(&data, shape, values)
            .node("Identity", &[&data], name, &[])
            .output(name, F32, &declared)
    })
}

/// A head `[1, rows, cells]`, zeros but for candidate 7.
fn candidate(values: &[f32]) -> Vec<f32> {
    let mut data = vec![0.0; values.len() * CELLS];
    for (row, value) in values.iter().enumerate() {
        data[row * CELLS + 7] = *value;
    }
    data
}

/// The texts of notes that are no matter of engines.
fn notes(detector: &Detector) -> Vec<(NoteLevel, String)> {
    let notes = detector.notes().iter().filter(|note| note.text.starts_with("the model"));
    notes.map(|note| (note.level, note.text.clone())).collect()
}

fn yolo_nas_is_read_as_its_authors_read_it(engine: EngineChoice) {
    let (mut boxes, mut scores) = (vec![0.0; CELLS * 4], vec![0.01; CELLS * 80]);
    for (cell, bbox, class, score) in [
        (3, [24.0, 28.0, 40.0, 36.0], 2, 0.75),
        // The same again, and less sure: suppressed.
        (4, [24.0, 28.0, 41.0, 36.0], 2, 0.5),
        (83, [0.0, 0.0, 16.0, 16.0], 0, 0.6),
    ] {
        boxes[cell * 4..][..4].copy_from_slice(&bbox);
        scores[cell * 80 + class] = score;
    }
    let model =
        planted(&[("913", &[1, CELLS, 4], &boxes), ("904", &[1, CELLS, 80], &scores)]).model();
    let mut detector = load(&model, engine).unwrap();
    assert_eq!((detector.family(), detector.family().to_string().as_str()), {
        (Family::YoloNas, "YOLO-NAS")
    });
    assert_eq!(detector.class_names().iter().nth(2), Some("car"));
    assert_eq!(
        found(&mut detector, PICTURE, 90),
        [(2, 750, [48, 40, 80, 56]), (0, 600, [0, 0, 32, 16])]
    );
}

fn boxes_of_heads_for_other_tasks(engine: EngineChoice) {
    let pose = candidate(&[&[32.0, 32.0, 16.0, 8.0, 0.75][..], &[40.0; 51]].concat());
    let masks = candidate(&[&[32.0, 32.0, 16.0, 8.0, 0.1, 0.75][..], &[-3.0; 4]].concat());
    let protos = vec![0.5; 4 * 16 * 16];
    // 8 wide and 16 high, turned by a quarter: 16 wide and 8 high.
    let quarter = std::f32::consts::FRAC_PI_2;
    let obb = candidate(&[32.0, 32.0, 8.0, 16.0, 0.1, 0.75, quarter]);
    let mut final_boxes = vec![0.0; 5 * 7];
    final_boxes[..7].copy_from_slice(&[32.0, 32.0, 8.0, 16.0, 0.75, 1.0, quarter]);
    let (pose_shape, masks_shape) = ([1, 56, CELLS], [1, 10, CELLS]);
    let two = "{0: 'a', 1: 'b'}";
    for (graph, beside, class, says) in [
        (
            planted(&[("output0", &pose_shape, &pose)])
                .metadata("task", "pose")
                .metadata("kpt_shape", "[17, 3]")
                .metadata("names", "{0: 'person'}"),
            Beside::KeyPoints(51),
            0,
            "key points are not",
        ),
        (planted(&[("output0", &pose_shape, &pose)]), Beside::KeyPoints(51), 0, "key points"),
        (
            planted(&[("output0", &masks_shape, &masks), ("output1", &[1, 4, 16, 16], &protos)])
                .metadata("task", "segment")
                .metadata("names", two),
            Beside::Masks(4),
            1,
            "masks are not",
        ),
        (
            planted(&[("output0", &[1, 7, CELLS], &obb)])
                .metadata("task", "obb")
                .metadata("names", two),
            Beside::Angle,
            1,
            "the upright box around it",
        ),
        (
            planted(&[("output0", &[1, 5, 7], &final_boxes)])
                .metadata("task", "obb")
                .metadata("names", two),
            Beside::Angle,
            1,
            "the upright box around it",
        ),
    ] {
        let mut detector = load(&graph.model(), engine).unwrap();
        assert_eq!(detector.beside(), Some(beside));
        assert_eq!(found(&mut detector, PICTURE, 90), [(class, 750, [48, 40, 80, 56])], "{says}");
        let notes = notes(&detector);
        assert_eq!(detector.remarks(), [notes[0].1.as_str()]);
        assert!(
            notes.len() == 1 && notes[0].0 == NoteLevel::Info && notes[0].1.contains(says),
            "{says}: {notes:?}"
        );
    }
}

fn scores_that_are_none_are_refused(engine: EngineChoice) {
    let bbox = [32.0, 32.0, 16.0, 8.0];
    let dense = |scores: [f32; 2]| candidate(&[&bbox[..], &scores].concat());
    let [logits, percent, fine, near] =
        [[-4.5, 2.5], [1.0, 97.0], [0.0, 1.0], [-0.001, 1.001]].map(dense);
    let mut rows = vec![0.0; 5 * 6];
    rows[..6].copy_from_slice(&[1.0, 1.0, 9.0, 9.0, 55.0, 1.0]);
    let boxes = vec![9.0; CELLS * 4];
    let mut classes = vec![0.0; CELLS * 2];
    classes[9] = -7.5;
    let mut yolox = vec![0.0; CELLS * 7];
    yolox[3 * 7 + 6] = 3.0;
    let head = &[1, 6, CELLS][..];
    for (graph, says) in [
        (
            planted(&[("output0", head, &logits)]),
            "output0 has scores from -4.5 to 2.5 where YOLO11",
        ),
        (planted(&[("output0", head, &percent)]), "from 0 to 97"),
        (planted(&[("output0", &[1, 5, 6], &rows)]), "from 0 to 55 where YOLO26"),
        (
            planted(&[("a", &[1, CELLS, 4], &boxes), ("b", &[1, CELLS, 2], &classes)]),
            "b has scores from -7.5 to 0 where YOLO-NAS",
        ),
        (planted(&[("output", &[1, CELLS, 7], &yolox)]), "from 0 to 3 where YOLOX"),
        (planted(&[("output0", head, &fine)]), ""),
        // As 16-bit floats round.
        (planted(&[("output0", head, &near)]), ""),
        // Only a picture with something on it shows it: 10 times a corner's red.
        (
            Graph::default()
                .input("images", F32, &[1, 3, 64, 64])
                .f32("data", head, &fine)
                .f32("ten", &[1], &[20.0])
                .f32("grey", &[1], &[114.0 / 255.0])
                .node("Sub", &["images", "grey"], "difference", &[])
                .node("ReduceMax", &["difference"], "most", &[("axes", &[1, 2, 3])])
                .node("Mul", &["most", "ten"], "scaled", &[])
                .node("Squeeze", &["scaled"], "one", &[("axes", &[3])])
                .node("Add", &["data", "one"], "output0", &[])
                .output("output0", F32, &[1, 6, CELLS as i64]),
            "output0 has scores from",
        ),
    ] {
        match load(&graph.model(), engine) {
            Ok(_) => assert_eq!(says, "", "a model was accepted"),
            Err(error) => {
                assert!(matches!(error, ModelError::Scores { .. }), "{error}");
                let error = error.to_string();
                let told = error.contains("some.onnx") && error.contains("export it with");
                assert!(!says.is_empty() && error.contains(says) && told, "{says}: {error}");
            }
        }
    }
}

/// A folder of its own that goes when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("razz-{}-{}", std::process::id(), name.replace('/', "-"));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(path.join("weights")).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, data: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, data).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

/// A model whose output is what lies beside it.
fn beside(entries: &[(&str, &str)], as_node: bool) -> Vec<u8> {
    let graph = Graph::default().input("images", F32, &[1, 3, 64, 64]);
    let graph = match as_node {
        true => graph.constant_beside("data", &[1, 6, CELLS], entries),
        false => graph.f32_beside("data", &[1, 6, CELLS], entries),
    };
    graph
        .node("Identity", &["data"], "output0", &[])
        .output("output0", F32, &[1, 6, CELLS as i64])
        .metadata("names", "{0: 'a', 1: 'b'}")
        .model()
}

fn from_file(path: &Path, engine: EngineChoice) -> Result<Detector, ModelError> {
    Detector::load(ModelSource::File(path), &settings(engine))
}

fn weights_beside_the_file(engine: EngineChoice) {
    let folder = Folder::new(&format!("beside-{engine}"));
    let data = bytes(&candidate(&[32.0, 32.0, 16.0, 8.0, 0.1, 0.75]));
    let length = data.len().to_string();
    folder.write("some.onnx.data", &data);
    folder.write("weights/all.bin", &[&[0xff; 4096][..], &data, &[0xff; 9]].concat());
    let part = [("location", "weights/all.bin"), ("offset", "4096"), ("length", length.as_str())];
    for (entries, as_node) in [
        (&[("location", "some.onnx.data")][..], false),
        (&[("location", "./some.onnx.data"), ("checksum", "0123")], false),
        (&part, false),
        (&part, true),
    ] {
        let path = folder.write("some.onnx", &beside(entries, as_node));
        let mut detector = from_file(&path, engine).unwrap();
        assert_eq!(detector.class_names().iter().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(found(&mut detector, PICTURE, 90), [(1, 750, [48, 40, 80, 56])], "{entries:?}");
    }
    // As caches of models keep them: both behind links into a folder of blobs.
    let (store, shown) = (folder.0.join("store"), folder.0.join("shown"));
    std::fs::create_dir_all(&store).unwrap();
    std::fs::create_dir_all(&shown).unwrap();
    std::fs::write(store.join("0123"), beside(&[("location", "model.data")], false)).unwrap();
    std::fs::write(store.join("4567"), &data).unwrap();
    std::os::unix::fs::symlink("../store/0123", shown.join("model.onnx")).unwrap();
    std::os::unix::fs::symlink("../store/4567", shown.join("model.data")).unwrap();
    assert!(from_file(&shown.join("model.onnx"), engine).is_ok());
}

fn weights_that_are_not_to_be_had(engine: EngineChoice) {
    let folder = Folder::new(&format!("not-beside-{engine}"));
    let data = bytes(&candidate(&[32.0, 32.0, 16.0, 8.0, 0.1, 0.75]));
    folder.write("short.data", &data[..100]);
    let elsewhere = Folder::new(&format!("elsewhere-{engine}"));
    let secret = elsewhere.write("secret", &data);
    std::os::unix::fs::symlink(&secret, folder.0.join("link.data")).unwrap();
    let length = data.len().to_string();
    let up = format!("../{}/secret", elsewhere.0.file_name().unwrap().to_str().unwrap());
    let outside = |location: &str| WeightsError::Outside { location: location.to_owned() };
    let missing = |location: &str| WeightsError::Missing {
        location: location.to_owned(),
        folder: folder.0.canonicalize().unwrap().display().to_string(),
    };
    let short =
        |wanted| WeightsError::Truncated { location: "short.data".to_owned(), wanted, have: 100 };
    let no_file = WeightsError::Unreadable {
        location: "weights".to_owned(),
        reason: "it is no file".to_owned(),
    };
    for (entries, want) in [
        (vec![("location", "gone.data")], missing("gone.data")),
        (vec![("location", "weights/gone.data")], missing("weights/gone.data")),
        (vec![("location", "short.data"), ("length", &length)], short(data.len() as u64)),
        (vec![("location", "short.data"), ("offset", "101")], short(101)),
        (vec![("location", up.as_str())], outside(&up)),
        (vec![("location", secret.to_str().unwrap())], outside(secret.to_str().unwrap())),
        (vec![("location", "weights/../../x")], outside("weights/../../x")),
        (vec![("location", "link.data")], outside("link.data")),
        (vec![("location", "")], outside("")),
        (vec![("location", "weights")], no_file),
        (vec![("offset", "0")], WeightsError::Nowhere),
        (vec![("location", "short.data"), ("offset", "-1")], WeightsError::Nowhere),
    ] {
        let path = folder.write("some.onnx", &beside(&entries, false));
        let error = from_file(&path, engine).err().unwrap();
        let model = path.display().to_string();
        assert_eq!(
            error,
            ModelError::Weights { model: model.clone(), reason: want },
            "{entries:?}"
        );
        let error = error.to_string();
        assert!(error.contains(&model) && !error.contains('\n'), "{error}");
    }
    let error = load(&beside(&[("location", "gone.data")], false), engine).err().unwrap();
    let model = "some.onnx".to_owned();
    assert_eq!(error, ModelError::Weights { model, reason: WeightsError::NoFolder });
}

fn an_embedder_with_weights_beside_it(engine: EngineChoice) {
    let folder = Folder::new(&format!("embedder-{engine}"));
    folder.write("all.bin", &bytes(&[0.5; 16]));
    let model = Graph::default()
        .input("images", F32, &[1, 3, 256, 128])
        .f32_beside("data", &[1, 16], &[("location", "all.bin")])
        .node("Identity", &["data"], "output0", &[])
        .output("output0", F32, &[1, 16])
        .model();
    let path = folder.write("some.onnx", &model);
    assert!(OnnxEmbedder::load(&path, engine, 1).is_ok());
    std::fs::remove_file(folder.0.join("all.bin")).unwrap();
    let error = OnnxEmbedder::load(&path, engine, 1).err().unwrap().to_string();
    assert!(error.contains("all.bin, which is not in"), "{error}");
}

/// A box whose score is the picture's brightness, from an input of `kind` to an output of it.
fn brightness(kind: u64, batch: i64) -> Vec<u8> {
    let pictures = batch as usize;
    let mut data = Vec::new();
    for _ in 0..pictures {
        data.extend(candidate(&[32.0, 32.0, 16.0, 8.0, 0.0]));
    }
    let mut mask = vec![0.0; 5 * CELLS];
    mask[4 * CELLS + 7] = 1.0;
    Graph::default()
        .input("images", kind, &[batch, 3, 64, 64])
        .f32("data", &[pictures, 5, CELLS], &data)
        .f32("mask", &[1, 5, CELLS], &mask)
        .node("Cast", &["images"], "floats", &[("to=", &[1])])
        .node("ReduceMean", &["floats"], "mean", &[("axes", &[1, 2, 3])])
        .node("Squeeze", &["mean"], "means", &[("axes", &[3])])
        .node("Mul", &["means", "mask"], "scores", &[])
        .node("Add", &["data", "scores"], "all", &[])
        .node("Cast", &["all"], "output0", &[("to=", &[kind as i64])])
        .output("output0", kind, &[batch, 5, CELLS as i64])
        .model()
}

fn floats_of_16_bits(engine: EngineChoice) {
    let mut detector = load(&brightness(F16, 1), engine).unwrap();
    let mut whole = load(&brightness(F32, 1), engine).unwrap();
    let square = Size::new(64, 64);
    for colour in [80, 128, 200, 255] {
        let [half, whole] = [&mut detector, &mut whole].map(|d| found(d, square, colour));
        assert_eq!((half.len(), half[0].2), (1, [24, 28, 40, 36]));
        let want = (f64::from(colour) / 0.255).round() as u32;
        assert!(whole[0].1.abs_diff(want) <= 1, "{whole:?}");
        assert!(half[0].1.abs_diff(want) <= 2, "{half:?} for {whole:?}");
    }
}

fn a_fixed_batch(engine: EngineChoice) {
    let mut detector = load(&brightness(F32, 3), engine).unwrap();
    assert_eq!((detector.batch(), detector.has_open_batch()), (3, false));
    let notes = notes(&detector);
    assert!(
        notes.len() == 1
            && notes[0].0 == NoteLevel::Info
            && notes[0].1.contains("takes 3 pictures at a time"),
        "{notes:?}"
    );
    // One picture, and what fills the batch is not read.
    let square = Size::new(64, 64);
    assert_eq!(found(&mut detector, square, 255), [(0, 1000, [24, 28, 40, 36])]);
    // Two, three, and one more than a run takes.
    for count in [2, 3, 4] {
        let pictures: Vec<_> = (0..count).map(|i| plain_picture(square, 120 + 30 * i)).collect();
        let pictures: Vec<_> = pictures.iter().collect();
        let mut out = vec![Vec::new(); pictures.len()];
        detector.detect_batch(&pictures, &mut out, &mut |_| ()).unwrap();
        for (i, (picture, out)) in pictures.iter().zip(&out).enumerate() {
            let mut alone = Vec::new();
            detector.detect(picture, &mut alone).unwrap();
            let luma = 120.0 + 30.0 * i as f64;
            assert_eq!(rows(out), rows(&alone));
            assert!((out[0].score - (luma - 16.0) / 219.0).abs() < 0.01, "{out:?}");
        }
    }
}

/// A picture of 64x96 whose pixels are twice as wide as high lies in the model's input as one of
/// 128x96, and its boxes are in its own pixels.
fn anamorphic_and_turned_pictures(engine: EngineChoice) {
    let mut detector = load(&brightness(F32, 1), engine).unwrap();
    let mut found = |picture: &Picture| {
        let mut out = Vec::new();
        detector.detect(picture, &mut out).unwrap();
        rows(&out).iter().map(|row| row.2).collect::<Vec<_>>()
    };
    let wide = plain_picture(PICTURE, 200);
    assert_eq!(found(&wide), [[48, 40, 80, 56]]);
    let aspect = PixelAspect { width: 2, height: 1 };
    let mut stored = plain_picture(Size::new(64, 96), 200);
    stored.pixel_aspect = aspect;
    assert_eq!(found(&stored), [[24, 40, 40, 56]]);
    // Turned by a quarter they are higher than wide, and shown as 96x128.
    let turned = stored.turned(Orientation::Turned90);
    assert_eq!((turned.size, turned.pixel_aspect), (Size::new(96, 64), aspect.swapped()));
    assert_eq!(found(&turned), [[32, 28, 64, 36]]);
}
