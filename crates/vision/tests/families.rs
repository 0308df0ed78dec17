//! Every family of models, end to end on every engine: what a file is taken for, what
//! it is fed, and where its boxes lie on the picture.

mod support;

use razz_base::Size;
use razz_vision::{
    Detector, DetectorSettings, EngineChoice, Family, ModelSource, Picture, Precision, Step,
};
use support::onnx::{F32, Graph, I64};
use support::{Row, found, on_each_engine, rows};

on_each_engine!(
    families_by_their_outputs,
    queries_with_post_processing_inside,
    an_open_size_follows_the_picture,
    an_open_batch_takes_several_pictures,
);

fn settings(engine: EngineChoice) -> DetectorSettings {
    DetectorSettings {
        engine,
        threads: 1,
        input_size: Size::new(128, 128),
        ..DetectorSettings::default()
    }
}

fn load(data: &[u8], settings: &DetectorSettings) -> Detector {
    Detector::load(ModelSource::Bytes { name: "some.onnx", data }, settings).unwrap()
}

/// Whatever the head: from planes to the model's input, and from its output to boxes, nothing is
/// allocated once the lists have grown. (The engine between the two does as it pleases.)
fn assert_frugal(detector: &mut Detector, size: Size, what: &str) {
    let mut out = Vec::new();
    for round in 0..4 {
        let picture = picture(size, 60 + 40 * round);
        let begun = razz_counting::so_far();
        let (mut prepared, mut inferred, mut read) = (0, 0, 0);
        let mut watch = |step| match step {
            Step::Prepared => prepared = razz_counting::so_far() - begun,
            Step::Inferred => inferred = razz_counting::so_far(),
            Step::Read => read = razz_counting::so_far() - inferred,
        };
        detector.detect_watched(&picture, &mut out, &mut watch).unwrap();
        assert!(round < 2 || (prepared, read) == (0, 0), "{what}: {prepared} and {read}");
    }
}

const IMAGE: [i64; 4] = [1, 3, 64, 64];

/// An input `images` of 64x64, and outputs with these values whatever comes in.
fn planted(outputs: &[(&str, &[usize], &[f32])]) -> Graph {
    outputs.iter().fold(Graph::default().input("images", F32, &IMAGE), |graph, output| {
        let (name, shape, values) = output;
        let declared: Vec<i64> = shape.iter().map(|d| *d as i64).collect();
        let data = format!("{name} data");
        graph
            .f32(&data, shape, values)
            .node("Identity", &[&data], name, &[])
            .output(name, F32, &declared)
    })
}

/// Zeros but for these runs of values.
fn zeros(len: usize, set: &[(usize, &[f32])]) -> Vec<f32> {
    let mut values = vec![0.0; len];
    for (at, run) in set {
        values[*at..at + run.len()].copy_from_slice(run);
    }
    values
}

/// On a picture of 128x96: letterboxed, it has half its size and lies 8 pixels below the top.
const PICTURE: Size = Size::new(128, 96);

fn families_by_their_outputs(engine: EngineChoice) {
    let dense: Vec<f32> = {
        let mut data = vec![0.0; 6 * 84];
        for (row, value) in [32.0, 32.0, 16.0, 8.0, 0.1, 0.75].into_iter().enumerate() {
            data[row * 84 + 7] = value;
        }
        data
    };
    let end_to_end = zeros(
        5 * 6,
        &[(0, &[24.0, 28.0, 40.0, 36.0, 0.75, 1.0]), (6, &[0.0, 0.0, 9.0, 9.0, 0.2, 0.0])],
    );
    // Column 3, row 3 of 8x8 cells: centre 4 strides, 2 strides wide and 1 high.
    let yolox = zeros(84 * 7, &[(27 * 7, &[1.0, 1.0, 2f32.ln(), 0.0, 0.75, 0.0, 1.0])]);
    let boxes = zeros(9 * 4, &[(4, &[0.5, 0.5, 0.25, 0.125])]);
    let mut logits = vec![-9.0; 9 * 2];
    logits[3] = 3f32.ln();
    let mut detr_logits = vec![-9.0; 9 * 91];
    detr_logits[91 + 1] = 3f32.ln();
    let mut joined = vec![0.03; 9 * 7];
    joined[7..14].copy_from_slice(&[0.5, 0.5, 0.25, 0.125, 0.1, 0.75, 0.2]);

    let ranked = zeros(5 * 6, &[(0, &[0.5, 0.5, 0.25, 0.125, 0.75, 1.0])]);

    // Letterboxed: (24, 28)-(40, 36) less 8 rows, doubled. Top left: not lowered. Stretched: by 2
    // and 1.5.
    let centred = (1, 750, [48, 40, 80, 56]);
    let top_left = (1, 750, [48, 56, 80, 72]);
    let stretched = (1, 750, [48, 42, 80, 54]);
    let b = ("pred_boxes", &[1, 9, 4][..], &boxes[..]);
    for (graph, family, names, want) in [
        (
            planted(&[("output0", &[1, 6, 84], &dense)])
                .metadata("names", "{0: 'dog', 1: 'cat'}")
                .metadata("task", "detect"),
            Family::Yolo11,
            &["dog", "cat"][..],
            centred,
        ),
        (planted(&[("output0", &[1, 6, 84], &dense)]), Family::Yolo11, &["0", "1"], centred),
        (
            planted(&[("output0", &[1, 5, 6], &end_to_end)])
                .metadata("names", "{0: 'dog', 1: 'cat', 2: 'cow'}"),
            Family::EndToEnd,
            &["dog", "cat", "cow"],
            centred,
        ),
        (planted(&[("output", &[1, 84, 7], &yolox)]), Family::Yolox, &["0", "1"], top_left),
        (
            planted(&[("pred_logits", &[1, 9, 2], &logits), b]),
            Family::RtDetr,
            &["0", "1"],
            stretched,
        ),
        (
            planted(&[("a", &[1, 9, 4], &boxes), ("z", &[1, 9, 2], &logits)]),
            Family::RtDetr,
            &["0", "1"],
            stretched,
        ),
        (
            planted(&[("output0", &[1, 9, 7], &joined)])
                .metadata("description", "Ultralytics rtdetr-l model trained on my.yaml")
                .metadata("names", "['dog', 'cat', 'cow']"),
            Family::RtDetr,
            &["dog", "cat", "cow"],
            stretched,
        ),
        (
            planted(&[("output0", &[1, 5, 6], &ranked)])
                .metadata("head", "RTDETRDecoder")
                .metadata("names", "['dog', 'cat', 'cow']"),
            Family::RtDetr,
            &["dog", "cat", "cow"],
            stretched,
        ),
        (
            planted(&[("dets", &[1, 9, 4], &boxes), ("labels", &[1, 9, 91], &detr_logits)]),
            Family::RfDetr,
            &["unused 0", "person", "bicycle"],
            stretched,
        ),
    ] {
        let model = graph.model();
        let mut detector = load(&model, &settings(engine));
        let what = format!("{family} on {}", detector.engine_name());
        assert_eq!(detector.family(), family, "{what}");
        let known: Vec<&str> = detector.class_names().iter().take(names.len()).collect();
        assert_eq!(known, names, "{what}");
        assert_eq!(detector.input_size(), Size::new(64, 64), "{what}");
        assert_eq!(found(&mut detector, PICTURE, 90), [want], "{what}");
        let none = DetectorSettings { confidence: 0.76, ..settings(engine) };
        assert_eq!(found(&mut load(&model, &none), PICTURE, 90), [], "{what}");
        detector.infer_only().unwrap();
        assert_frugal(&mut detector, PICTURE, &what);
    }
}

/// The authors' own post-processing inside, which asks for a size: boxes come in its pixels.
fn queries_with_post_processing_inside(engine: EngineChoice) {
    let boxes = zeros(9 * 4, &[(4, &[0.375, 0.4375, 0.625, 0.5625])]);
    for (kind, order) in [(I64, false), (I64, true), (F32, false)] {
        let (images, sizes) =
            (("images", F32, &IMAGE[..]), ("orig_target_sizes", kind, &[1, 2][..]));
        let [first, second] = if order { [sizes, images] } else { [images, sizes] };
        let model = Graph::default()
            .input(first.0, first.1, first.2)
            .input(second.0, second.1, second.2)
            .i64("labels data", &[1, 9], &[0, 2, 0, 0, 0, 0, 0, 0, 0])
            .f32("parts", &[1, 9, 4], &boxes)
            .f32("scores data", &[1, 9], &zeros(9, &[(0, &[0.2, 0.75])]))
            .node("Identity", &["labels data"], "labels", &[])
            .node("Cast", &["orig_target_sizes"], "sizes", &[("to=", &[1])])
            .node("Concat", &["sizes", "sizes"], "corners", &[("axis=", &[1])])
            .node("Mul", &["parts", "corners"], "boxes", &[])
            .node("Identity", &["scores data"], "scores", &[])
            .output("labels", I64, &[1, 9])
            .output("boxes", F32, &[1, 9, 4])
            .output("scores", F32, &[1, 9])
            .model();
        let mut detector = load(&model, &settings(engine));
        assert_eq!(detector.family(), Family::RtDetr);
        assert_eq!(detector.class_names().len(), 80);
        assert_eq!(found(&mut detector, PICTURE, 0), [(2, 750, [48, 42, 80, 54])]);
        assert_frugal(&mut detector, PICTURE, "labels, boxes and scores");
    }
}

/// A network that takes any size and any number of pictures: a candidate for each cell of 8, 16 and
/// 32 pixels, all with the same box, scored by how red the cell is; and a second class that scores
/// 0.5 and 0.1 for each picture of the batch.
fn any_size() -> Vec<u8> {
    let mut graph = Graph::default()
        .input("images", F32, &[-1, 3, -1, -1])
        // Rows cx, cy, w, h, red, batch from R, G, B.
        .f32("weights", &[6, 3, 1, 1], &zeros(18, &[(12, &[1.0])]))
        .f32("bias", &[6], &[32.0, 32.0, 16.0, 8.0, 0.0, 0.0])
        .i64("rows", &[3], &[0, 6, -1])
        .i64("first", &[1], &[0])
        .f32("tenth", &[1], &[0.1])
        .f32("base", &[1], &[0.5])
        .f32("mask", &[1, 6, 1], &[0.0, 0.0, 0.0, 0.0, 0.0, 1.0])
        .node("Shape", &["images"], "shape", &[])
        .node("Gather", &["shape", "first"], "count", &[])
        .node("Cast", &["count"], "float count", &[("to=", &[1])])
        .node("Mul", &["float count", "tenth"], "tenths", &[])
        .node("Add", &["tenths", "base"], "score", &[])
        .node("Mul", &["mask", "score"], "scores", &[]);
    for stride in [8, 16, 32] {
        let name = |what: &str| format!("{what} {stride}");
        graph = graph
            .node(
                "AveragePool",
                &["images"],
                &name("pooled"),
                &[("kernel_shape", &[stride, stride]), ("strides", &[stride, stride])],
            )
            .node(
                "Conv",
                &[&name("pooled"), "weights", "bias"],
                &name("cells"),
                &[("kernel_shape", &[1, 1]), ("strides", &[1, 1])],
            )
            .node("Reshape", &[&name("cells"), "rows"], &name("line"), &[]);
    }
    graph
        .node("Concat", &["line 8", "line 16", "line 32"], "lines", &[("axis=", &[2])])
        .node("Add", &["lines", "scores"], "output0", &[])
        .output("output0", F32, &[-1, 6, -1])
        .model()
}

fn an_open_size_follows_the_picture(engine: EngineChoice) {
    let model = any_size();
    let only_red = DetectorSettings { classes: Some(vec!["0".to_owned()]), ..settings(engine) };
    let mut detector = load(&model, &only_red);
    assert!(detector.is_rectangular() && detector.notes().is_empty(), "{:?}", detector.notes());
    for (picture, input, lowered) in [
        // 12 rows of grey above, 4 beside, none.
        ((128, 72), (128, 96), (0, 12)),
        ((120, 128), (128, 128), (4, 0)),
        ((96, 128), (96, 128), (0, 0)),
    ] {
        let [picture, input] = [picture, input].map(|(w, h)| Size::new(w, h));
        assert_eq!(detector.input_size_for(picture), input);
        let (x, y) = lowered;
        let want = (0, 1000, [24 - x, 28 - y, 40 - x, 36 - y]);
        assert_eq!(found(&mut detector, picture, 255), [want], "{picture:?}");
        // Grey borders are less than half red.
        let half = DetectorSettings { confidence: 0.5, ..only_red.clone() };
        assert_eq!(found(&mut load(&model, &half), picture, 0), [], "{picture:?}");
    }
    let square = DetectorSettings { rectangular: false, ..only_red };
    let mut detector = load(&model, &square);
    let picture = Size::new(128, 72);
    assert_eq!(detector.input_size_for(picture), Size::new(128, 128));
    assert_eq!(found(&mut detector, picture, 255), [(0, 1000, [24, 0, 40, 8])]);
}

/// Pictures of one colour, as a decoder hands them out.
fn picture(size: Size, luma: u8) -> Picture {
    support::plain_picture(size, luma)
}

fn an_open_batch_takes_several_pictures(engine: EngineChoice) {
    let model = any_size();
    let (wide, tall) = (Size::new(128, 72), Size::new(72, 128));
    let red = |rows: &[Row]| rows.iter().filter(|row| row.0 == 0).count();
    // The score of class 1 tells how many pictures were in the run.
    let in_run = |rows: &[Row]| rows.iter().find(|row| row.0 == 1).map(|row| row.1 / 100 - 5);
    for (most, runs) in
        [(None, [1, 1, 1, 1, 1]), (Some(2), [2, 2, 1, 1, 1]), (Some(3), [3, 3, 3, 1, 1])]
    {
        // Grey borders are less than half red.
        let settings = DetectorSettings { batch: most, confidence: 0.5, ..settings(engine) };
        let mut detector = load(&model, &settings);
        assert_eq!(detector.batch(), most.unwrap_or(1), "{:?}", detector.notes());
        // The fourth has another shape, and ends the run.
        let pictures = [
            picture(wide, 235),
            picture(wide, 16),
            picture(wide, 235),
            picture(tall, 16),
            picture(wide, 235),
        ];
        let pictures: Vec<&Picture> = pictures.iter().collect();
        let mut out = vec![Vec::new(); 5];
        detector.detect_batch(&pictures, &mut out, &mut |_| ()).unwrap();
        let out: Vec<Vec<Row>> = out.iter().map(|list| rows(list)).collect();
        let whites: Vec<usize> = out.iter().map(|rows| red(rows)).collect();
        assert_eq!(whites, [1, 0, 1, 0, 1], "{engine} {most:?}");
        let runs = runs.map(Some);
        assert_eq!(out.iter().map(|rows| in_run(rows)).collect::<Vec<_>>(), runs, "{most:?}");
        for (picture, together) in pictures.iter().zip(&out) {
            let mut alone = Vec::new();
            detector.detect(picture, &mut alone).unwrap();
            let same = |rows: &[Row]| -> Vec<Row> {
                rows.iter().filter(|row| row.0 == 0).copied().collect()
            };
            assert_eq!(same(together), same(&rows(&alone)));
        }
    }
    // A batch that the file fixes at one stays one.
    let fixed = planted(&[("output0", &[1, 6, 84], &vec![0.0; 6 * 84])]).model();
    let settings = DetectorSettings { batch: Some(8), ..settings(EngineChoice::Rten) };
    let mut detector = load(&fixed, &settings);
    assert_eq!((detector.batch(), detector.has_open_batch()), (1, false));
    let picture = picture(wide, 16);
    let mut out = vec![Vec::new(); 2];
    detector.detect_batch(&[&picture, &picture], &mut out, &mut |_| ()).unwrap();
}

/// bf16 is asked for and not to be had: f32 is used, and it is said.
#[test]
fn a_precision_that_is_not_there_is_said() {
    let model = planted(&[("output0", &[1, 6, 84], &vec![0.0; 6 * 84])]).model();
    let wanted = DetectorSettings { precision: Precision::Bf16, ..settings(EngineChoice::Rten) };
    let detector = load(&model, &wanted);
    assert_eq!(detector.precision(), Precision::F32);
    let notes: Vec<String> = detector.notes().iter().map(ToString::to_string).collect();
    assert!(notes.len() == 1 && notes[0].contains("rten computes in f32"), "{notes:?}");
}
