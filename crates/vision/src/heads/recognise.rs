//! Which head a model has, by its outputs on a first run and by its metadata.

use std::collections::BTreeMap;

use razz_base::Size;

use super::beside::Beside;
use super::dense::Dense;
use super::end_to_end::{COLUMNS, EndToEnd};
use super::nas::Nas;
use super::query::Query;
use super::yolox::{Yolox, cells};
use super::{Family, Head};
use crate::engine::{Elements, Port, Tensor};

/// What is said about heads of another kind.
pub(crate) const KNOWN: &str = "known are YOLO11 and YOLOv8 ([1, 4 + classes, candidates]), \
    YOLO26 and YOLOv10 ([1, boxes, 6]), both also with masks, key points or angles behind them, YOLOX \
    ([1, cells, 5 + classes], not decoded), YOLO-NAS (boxes [1, cells, 4] before scores \
    [1, cells, classes]; export it with preprocessing=False, postprocessing=False), and RT-DETR, D-FINE and RF-DETR (logits [1, queries, classes] and boxes [1, queries, 4], or \
    [1, queries, 4 + classes], or [1, boxes, 6], or labels, boxes and scores)";

/// More boxes than this are cells of a grid, not queries.
const MOST_QUERIES: usize = 1000;

/// What a run on an empty picture showed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FirstRun<'a> {
    /// The size of the model input, in a batch of one.
    pub(crate) input: Size,
    /// The model's outputs as it declares them.
    pub(crate) ports: &'a [Port],
    /// What it gave.
    pub(crate) outputs: &'a [Tensor<'a>],
    /// The file's metadata properties.
    pub(crate) metadata: &'a BTreeMap<String, String>,
    /// How many class names are among them.
    pub(crate) names: Option<usize>,
}

/// The head; `None` when it is none that is known.
pub(crate) fn recognise(run: &FirstRun<'_>) -> Option<Head> {
    // Ultralytics' `task`.
    let task = run.metadata.get("task").map_or("detect", String::as_str);
    match (task, run.outputs) {
        ("detect", [output]) => single(run, output),
        ("detect", outputs) => masked(outputs).or_else(|| several(run, outputs)),
        ("segment", outputs) => masked(outputs),
        ("pose", [output]) => {
            let numbers = key_point_numbers(run.metadata);
            with_beside(0, output, numbers.map(Beside::KeyPoints)?)
        }
        ("obb", [output]) => with_beside(0, output, Beside::Angle),
        // Whole pictures are classified, and what may come.
        _ => None,
    }
}

/// Of Ultralytics' `kpt_shape`, such as "[17, 3]", the product.
fn key_point_numbers(metadata: &BTreeMap<String, String>) -> Option<usize> {
    let shape = metadata.get("kpt_shape")?.trim().trim_matches(['[', ']', '(', ')']);
    let sizes = shape.split(',').map(|size| size.trim().parse::<usize>().ok());
    let sizes = sizes.collect::<Option<Vec<usize>>>()?;
    matches!(sizes[..], [1..=1000, 2 | 3]).then(|| sizes.iter().product())
}

/// Boxes beside the shapes from which masks are made, `[1, numbers, height, width]`.
fn masked(outputs: &[Tensor<'_>]) -> Option<Head> {
    let is_shapes = |output: &Tensor<'_>| matches!(output.shape, [1, _, _, _]);
    let [first, second] = outputs else { return None };
    let (at, shapes) = match (is_shapes(first), is_shapes(second)) {
        (false, true) => (0, second),
        (true, false) => (1, first),
        _ => return None,
    };
    with_beside(at, &outputs[at], Beside::Masks(shapes.shape[1]))
}

/// The heads of Ultralytics with something behind each candidate's box and scores.
fn with_beside(at: usize, output: &Tensor<'_>, beside: Beside) -> Option<Head> {
    let &[1, rows, columns] = output.shape else { return None };
    output.as_f32()?;
    if columns == COLUMNS + beside.numbers() && rows <= MOST_QUERIES {
        return Some(Head::EndToEnd(EndToEnd { output: at, beside: Some(beside) }));
    }
    Dense::with(at, rows, columns, beside).map(Head::Dense)
}

/// What stands behind the scores of a head `[1, rows, columns]` by its values, where the metadata does
/// not tell: the rows from the first whose values are no scores.
fn beside_by_values(
    run: &FirstRun<'_>,
    data: &[f32],
    rows: usize,
    columns: usize,
) -> Option<Beside> {
    let row = |at: usize| data[at * columns..][..columns].iter();
    let is_score = |v: &f32| (-0.01..=1.01).contains(v) || !v.is_finite();
    let first = (4..rows).find(|at| !row(*at).all(is_score))?;
    let (classes, numbers) = (first - 4, rows - first);
    // Where there are names they tell how many classes there are.
    if classes == 0 || run.names.is_some_and(|names| names != classes) {
        return None;
    }
    // From -45 to 135 degrees, or in any half turn.
    let is_angle = |v: &f32| v.abs() <= std::f32::consts::PI || !v.is_finite();
    // Of the x of a key point at least one cell's lies beyond a pixel.
    match numbers {
        1 if row(first).all(is_angle) => Some(Beside::Angle),
        1 => None,
        numbers if numbers % 3 == 0 || numbers % 2 == 0 => Some(Beside::KeyPoints(numbers)),
        _ => None,
    }
}

fn single(run: &FirstRun<'_>, output: &Tensor<'_>) -> Option<Head> {
    let (&[1, rows, columns], Some(data)) = (output.shape, output.as_f32()) else { return None };
    let joined = || {
        let classes = columns.checked_sub(4).filter(|classes| (1..=65535).contains(classes))?;
        (rows <= MOST_QUERIES).then_some(Head::Query(Query::Joined { classes }))
    };
    let rtdetr = says_rtdetr(run.metadata);
    if columns == COLUMNS {
        let rows_of = || data.as_chunks::<COLUMNS>().0.iter();
        // RT-DETR with two classes has six columns as well; its last one is a score.
        if !rows_of().all(|row| row[5].fract() == 0.0 || !row[5].is_finite()) {
            return joined();
        }
        // Its boxes are parts of the picture, others are pixels.
        let corners = || rows_of().flat_map(|row| &row[..4]).copied();
        let parts = corners().all(|v| (0.0..=1.0).contains(&v)) && corners().any(|v| v > 0.0);
        let ranked = rtdetr || parts;
        let end_to_end = || Head::EndToEnd(EndToEnd::default());
        return Some(if ranked { Head::Query(Query::Ranked) } else { end_to_end() });
    }
    if rtdetr {
        return joined();
    }
    if let Some(yolox) = Yolox::new(data, rows, columns, run.input) {
        // YOLO11's head transposed has one column less.
        let transposed = run.names.is_some_and(|names| names != yolox.classes());
        return (!transposed).then_some(Head::Yolox(yolox));
    }
    if let Some(dense) = Dense::new(rows, columns) {
        return match beside_by_values(run, data, rows, columns) {
            Some(beside) => with_beside(0, output, beside),
            None => Some(Head::Dense(dense)),
        };
    }
    // Final boxes with 17 key points of a person, or with an angle.
    if rows <= MOST_QUERIES
        && let Some(beside) = match columns - COLUMNS.min(columns) {
            51 => Some(Beside::KeyPoints(51)),
            1 => Some(Beside::Angle),
            _ => None,
        }
        && data
            .chunks_exact(columns)
            .all(|row| (-0.01..=1.01).contains(&row[4]) && row[5].fract() == 0.0 && row[5] >= 0.0)
        && data.iter().any(|v| *v > 1.5)
    {
        return with_beside(0, output, beside);
    }
    // Parts of the picture and scores: all from 0 to 1, which no cell's pixels are.
    let normalised = data.iter().all(|v| (0.0..=1.0).contains(v) || !v.is_finite());
    if normalised && rows > columns { joined() } else { None }
}

/// Ultralytics' `head`, or in older files `description`, such as "Ultralytics rtdetr-l model trained
/// on coco.yaml".
fn says_rtdetr(metadata: &BTreeMap<String, String>) -> bool {
    if let Some(head) = metadata.get("head") {
        return head == "RTDETRDecoder";
    }
    let description = metadata.get("description").map(|text| text.to_lowercase());
    description.is_some_and(|text| text.contains("rtdetr") || text.contains("rt-detr"))
}

/// Query heads: which output is which.
fn several(run: &FirstRun<'_>, outputs: &[Tensor<'_>]) -> Option<Head> {
    let named = |names: &[&str]| run.ports.iter().position(|p| names.contains(&p.name.as_str()));
    let boxes = named(&["boxes", "pred_boxes", "dets"])
        .or_else(|| only(outputs, |output| matches!(output.shape, [1, _, 4])))?;
    let &[1, queries, 4] = outputs.get(boxes)?.shape else { return None };
    outputs[boxes].as_f32()?;
    let is_line = |output: &Tensor<'_>| output.shape == [1, queries];
    if outputs.len() == 3 && outputs.iter().filter(|output| is_line(output)).count() == 2 {
        let is_whole =
            |output: &Tensor<'_>| matches!(output.values, Elements::I64(_) | Elements::I32(_));
        let labels = named(&["labels"]).or_else(|| only(outputs, is_whole))?;
        let scores = (0..3).find(|at| ![boxes, labels].contains(at))?;
        outputs[scores].as_f32()?;
        return Some(Head::Query(Query::Selected { labels, boxes, scores }));
    }
    let has_masks = outputs.iter().any(|output| matches!(output.shape, [1, _, _, _]));
    let logits = match outputs.len() {
        2 => 1 - boxes,
        // RF-DETR for masks, which stand behind the two.
        3 if has_masks => named(&["labels", "logits", "pred_logits"])?,
        // Exports of transformers give what lies between the layers as well.
        _ => named(&["logits", "pred_logits"])?,
    };
    let &[1, rows, classes] = outputs.get(logits)?.shape else { return None };
    let scores = outputs[logits].as_f32()?;
    if let Some(nas) = nas(run, outputs, boxes, logits) {
        return Some(nas);
    }
    // DETR itself: 91 classes and "nothing", by softmax.
    let softmax = (queries, classes) == (100, 92);
    let many = queries > MOST_QUERIES;
    if rows != queries || !(1..=65535).contains(&classes) || softmax || many {
        return None;
    }
    // What `rfdetr` exports has these names, and nobody else's does; and of those who were trained
    // on COCO only it and DETR's elder kin, fed likewise, count classes by category id.
    let names = (run.ports[boxes].name.as_str(), run.ports[logits].name.as_str());
    let rf = names == ("dets", "labels") || classes == 91;
    let family = if rf { Family::RfDetr } else { Family::RtDetr };
    // Logits of a picture with nothing on it lie far below 0.
    let is_score = |v: &f32| (0.0..=1.0).contains(v);
    let scored = scores.iter().all(is_score) && scores.iter().any(|v| *v > 0.0 && *v < 1.0);
    let beside = has_masks.then_some(Beside::Masks(0));
    Some(Head::Query(Query::Raw { logits, boxes, classes, family, scored, beside }))
}

/// YOLO-NAS: a row for each cell, boxes in pixels. DAMO-YOLO has the same outputs in the other order,
/// and is fed otherwise.
fn nas(run: &FirstRun<'_>, outputs: &[Tensor<'_>], boxes: usize, scores: usize) -> Option<Head> {
    let &[1, rows, classes] = outputs[scores].shape else { return None };
    let in_pixels = outputs[boxes].as_f32()?.iter().any(|v| *v > 2.0);
    let name = |at: usize| run.ports.get(at).map_or("", |port| port.name.as_str());
    let named = name(boxes).contains("box") && name(scores).contains("score");
    let is_one = outputs.len() == 2
        && outputs[boxes].shape[1] == rows
        && rows == cells(run.input)
        && in_pixels
        && (boxes < scores || named)
        && (1..=65535).contains(&classes);
    is_one.then_some(Head::Nas(Nas { boxes, scores, classes }))
}

/// The place of the one output for which it holds.
fn only(outputs: &[Tensor<'_>], holds: impl Fn(&Tensor<'_>) -> bool) -> Option<usize> {
    let mut places = (0..outputs.len()).filter(|at| holds(&outputs[*at]));
    places.next().filter(|_| places.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Element;

    /// What a model of the tests gives: name, shape, values by index.
    enum Given {
        F32(&'static str, Vec<usize>, fn(usize) -> f32),
        I64(&'static str, Vec<usize>),
    }

    use Given::{F32, I64};

    fn zero(_: usize) -> f32 {
        0.0
    }

    fn halves(_: usize) -> f32 {
        0.5
    }

    /// What no head of queries and no undecoded cell has.
    fn pixels(i: usize) -> f32 {
        (i % 640) as f32
    }

    /// Between the whole numbers, from 0 to 1.
    fn parts(i: usize) -> f32 {
        (i % 7) as f32 / 8.0 + 0.0625
    }

    /// The family and the classes of a model.
    fn see(outputs: &[Given], metadata: &[(&str, &str)]) -> Option<(Family, Option<usize>)> {
        head(outputs, metadata).map(|head| (head.family(), head.classes()))
    }

    /// The head of a model.
    fn head(outputs: &[Given], metadata: &[(&str, &str)]) -> Option<Head> {
        let metadata: BTreeMap<String, String> =
            metadata.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let (mut ports, mut floats) = (Vec::new(), Vec::new());
        for output in outputs {
            let (name, shape, element) = match output {
                F32(name, shape, value) => {
                    floats.push((0..shape.iter().product()).map(value).collect::<Vec<f32>>());
                    (name, shape, Element::F32)
                }
                I64(name, shape) => {
                    floats.push(Vec::new());
                    (name, shape, Element::I64)
                }
            };
            let shape = Some(shape.iter().map(|d| Some(*d)).collect());
            ports.push(Port { name: (*name).to_owned(), shape, element: Some(element) });
        }
        let zeros = vec![0; 300 * 80];
        let tensors: Vec<Tensor<'_>> = outputs
            .iter()
            .zip(&floats)
            .map(|(output, floats)| match output {
                F32(_, shape, _) => Tensor::f32(shape, floats),
                I64(_, shape) => {
                    Tensor { shape, values: Elements::I64(&zeros[..shape.iter().product()]) }
                }
            })
            .collect();
        let names = crate::classes::own(&metadata).map(|names| names.len());
        // Inputs by the number of cells.
        let has = |cells: usize| {
            tensors.iter().any(|output| output.shape.iter().skip(1).any(|d| *d == cells))
        };
        let side = [(8400, 640), (3549, 416)].iter().find(|(cells, _)| has(*cells));
        let side = side.map_or(64, |(_, side)| *side);
        let input = Size::new(side, side);
        let run = FirstRun { input, ports: &ports, outputs: &tensors, metadata: &metadata, names };
        recognise(&run)
    }

    #[test]
    fn heads_of_one_output() {
        let rtdetr = ("description", "Ultralytics rtdetr-l model trained on coco.yaml");
        let two = ("names", "{0: 'a', 1: 'b'}");
        type Row = (&'static [usize], fn(usize) -> f32, Option<(Family, Option<usize>)>);
        let rows: [Row; 20] = [
            (&[1, 84, 8400], zero, Some((Family::Yolo11, Some(80)))),
            (&[1, 5, 2100], pixels, Some((Family::Yolo11, Some(1)))),
            (&[1, 6, 84], pixels, Some((Family::Yolo11, Some(2)))),
            (&[1, 300, 6], zero, Some((Family::EndToEnd, None))),
            (&[1, 300, 6], |i| [1.0, 2.0, 30.5, 40.5, 0.3, 7.0][i % 6], {
                Some((Family::EndToEnd, None))
            }),
            // The same columns, but parts of the picture.
            (&[1, 300, 6], |i| [0.1, 0.2, 0.3, 0.4, 0.3, 7.0][i % 6], {
                Some((Family::RtDetr, None))
            }),
            // 64 + 16 + 4 cells at 64x64.
            (&[1, 84, 85], zero, Some((Family::Yolox, Some(80)))),
            (&[1, 84, 85], parts, Some((Family::Yolox, Some(80)))),
            // Decoded, or YOLO11's transposed, or of another size of input.
            (&[1, 3549, 85], zero, Some((Family::Yolox, Some(80)))),
            (&[1, 3549, 85], pixels, None),
            (&[1, 8400, 84], pixels, None),
            (&[1, 25200, 85], zero, None),
            (&[1, 300, 84], parts, Some((Family::RtDetr, Some(80)))),
            (&[1, 300, 84], pixels, None),
            // The sixth column is a score, not a class.
            (&[1, 300, 6], parts, Some((Family::RtDetr, Some(2)))),
            (&[1, 4, 8400], pixels, None),
            (&[2, 84, 8400], zero, None),
            (&[84, 8400], zero, None),
            (&[1, 512], zero, None),
            (&[1, 6, 50, 1], zero, None),
        ];
        for (shape, value, want) in rows {
            let outputs = [F32("output0", shape.to_vec(), value)];
            assert_eq!(see(&outputs, &[]), want, "{shape:?}");
        }
        // More classes than queries: only the metadata tells it from YOLO11's.
        let objects = || [F32("output0", vec![1, 300, 369], zero)];
        assert_eq!(see(&objects(), &[]), Some((Family::Yolo11, Some(296))));
        assert_eq!(see(&objects(), &[rtdetr]), Some((Family::RtDetr, Some(365))));
        let six = || [F32("output0", vec![1, 300, 6], zero)];
        assert_eq!(see(&six(), &[rtdetr]), Some((Family::RtDetr, None)));
        assert_eq!(see(&six(), &[("head", "RTDETRDecoder")]), Some((Family::RtDetr, None)));
        assert_eq!(see(&six(), &[rtdetr, ("head", "Detect")]), Some((Family::EndToEnd, None)));
        assert_eq!(see(&six(), &[two]), Some((Family::EndToEnd, None)));
        assert_eq!(see(&six(), &[("task", "detect")]), Some((Family::EndToEnd, None)));
        // Without the number of its key points, and for whole pictures.
        assert_eq!(see(&six(), &[("task", "pose")]), None);
        assert_eq!(see(&six(), &[("task", "classify")]), None);
        // Seven columns at 84 cells may be YOLOX with two classes or a transposed YOLO11 with three.
        let seven = || [F32("output0", vec![1, 84, 7], zero)];
        assert_eq!(see(&seven(), &[two]), Some((Family::Yolox, Some(2))));
        assert_eq!(see(&seven(), &[("names", "['a', 'b', 'c']")]), None);
        assert_eq!(see(&[I64("output0", vec![1, 6, 84])], &[]), None);
        assert_eq!(see(&[], &[]), None);
    }

    #[test]
    fn heads_of_several_outputs() {
        let f = |name, shape: &[usize]| F32(name, shape.to_vec(), zero);
        let i = |name, shape: &[usize]| I64(name, shape.to_vec());
        let (q, b) = (&[1, 300, 80][..], &[1, 300, 4][..]);
        let line = &[1, 300][..];
        for (outputs, want) in [
            (vec![f("pred_logits", q), f("pred_boxes", b)], Some((Family::RtDetr, Some(80)))),
            (vec![f("boxes", b), f("logits", q)], Some((Family::RtDetr, Some(80)))),
            (vec![f("a", q), f("b", b)], Some((Family::RtDetr, Some(80)))),
            (vec![f("dets", b), f("labels", &[1, 300, 91])], Some((Family::RfDetr, Some(91)))),
            (vec![f("dets", b), f("labels", &[1, 300, 5])], Some((Family::RfDetr, Some(5)))),
            (vec![f("logits", &[1, 300, 91]), f("boxes", b)], Some((Family::RfDetr, Some(91)))),
            (
                vec![f("logits", q), f("pred_boxes", b), f("last_hidden_state", &[1, 300, 256])],
                Some((Family::RtDetr, Some(80))),
            ),
            (
                vec![i("labels", line), f("boxes", b), f("scores", line)],
                Some((Family::RtDetr, None)),
            ),
            (vec![f("scores", line), i("x", line), f("y", b)], Some((Family::RtDetr, None))),
            // Four classes: the names say which is which.
            (vec![f("logits", b), f("pred_boxes", b)], Some((Family::RtDetr, Some(4)))),
            (vec![f("a", b), f("b", b)], None),
            // DETR's softmax, MMDetection's.
            (
                vec![f("dets", b), f("labels", &[1, 300, 91]), f("masks", &[1, 300, 9, 9])],
                Some((Family::RfDetr, Some(91))),
            ),
            (vec![f("logits", &[1, 100, 92]), f("pred_boxes", &[1, 100, 4])], None),
            (vec![f("dets", &[1, 300, 5]), i("labels", line)], None),
            (
                vec![f("output0", &[1, 116, 8400]), f("output1", &[1, 32, 160, 160])],
                Some((Family::Yolo11, Some(80))),
            ),
            // As many queries as a grid has cells, and none of its pixels.
            (vec![f("a", &[1, 8400, 4]), f("b", &[1, 8400, 80])], None),
            (vec![f("logits", &[1, 200, 80]), f("pred_boxes", b)], None),
            (vec![i("logits", q), f("pred_boxes", b)], None),
            (vec![f("labels", line), f("boxes", b), i("scores", line)], None),
        ] {
            let names: Vec<&str> = outputs
                .iter()
                .map(|output| match output {
                    F32(name, ..) | I64(name, _) => *name,
                })
                .collect();
            assert_eq!(see(&outputs, &[]), want, "{names:?}");
        }
    }

    /// Values of an output, by row and column.
    type Value = fn(usize) -> f32;

    /// Boxes of 84 candidates in pixels, then this many rows of 0.5, and these behind.
    const CELLS: usize = 84;

    fn angles(i: usize) -> f32 {
        match i / CELLS {
            0..4 => 20.0,
            7 => -0.5 + (i % CELLS) as f32 / 50.0,
            _ => 0.5,
        }
    }

    fn poses(i: usize) -> f32 {
        match i / CELLS {
            0..4 => 20.0,
            // x, y and whether it is seen.
            row if row > 4 && row % 3 != 1 => 30.0,
            _ => 0.5,
        }
    }

    fn logits(i: usize) -> f32 {
        if i / CELLS < 4 { 20.0 } else { -4.0 }
    }

    #[test]
    fn heads_for_other_tasks_give_their_boxes() {
        const KEYS: Option<Beside> = Some(Beside::KeyPoints(51));
        const ANGLE: Option<Beside> = Some(Beside::Angle);
        const MASKS: Option<Beside> = Some(Beside::Masks(32));
        let person = ("names", "{0: 'person'}");
        let three = ("names", "{0: 'a', 1: 'b', 2: 'c'}");
        let (pose, points) = (("task", "pose"), ("kpt_shape", "[17, 3]"));
        let obb = ("task", "obb");
        let row57: Value = |i| [1.0, 2.0, 30.0, 40.0, 0.5, 0.0].get(i % 57).copied().unwrap_or(9.0);
        let row7: Value = |i| [20.0, 20.0, 9.0, 5.0, 0.5, 2.0, -1.25][i % 7];
        let yolo = Family::Yolo11;
        type Case<'a> = (&'a [usize], Value, &'a [(&'a str, &'a str)]);
        type Head = Option<(Family, Option<usize>, Option<Beside>)>;
        let cases: [(Case<'_>, Head); 17] = [
            // By its metadata.
            ((&[1, 56, CELLS], zero, &[pose, points, person]), Some((yolo, Some(1), KEYS))),
            ((&[1, 300, 57], zero, &[pose, points, person]), Some((Family::EndToEnd, None, KEYS))),
            ((&[1, 8, CELLS], zero, &[obb, three]), Some((yolo, Some(3), ANGLE))),
            ((&[1, 300, 7], zero, &[obb, three]), Some((Family::EndToEnd, None, ANGLE))),
            // By its values.
            ((&[1, 56, CELLS], poses, &[]), Some((yolo, Some(1), KEYS))),
            ((&[1, 56, CELLS], poses, &[person]), Some((yolo, Some(1), KEYS))),
            ((&[1, 8, CELLS], angles, &[]), Some((yolo, Some(3), ANGLE))),
            ((&[1, 8, CELLS], angles, &[three]), Some((yolo, Some(3), ANGLE))),
            ((&[1, 300, 57], row57, &[]), Some((Family::EndToEnd, None, KEYS))),
            ((&[1, 300, 7], row7, &[]), Some((Family::EndToEnd, None, ANGLE))),
            // Classes and nothing else, or classes that are no scores.
            ((&[1, 56, CELLS], halves, &[]), Some((yolo, Some(52), None))),
            ((&[1, 8, CELLS], angles, &[person]), Some((yolo, Some(4), None))),
            ((&[1, 8, CELLS], logits, &[]), Some((yolo, Some(4), None))),
            // What the metadata says and the shape denies.
            ((&[1, 5, CELLS], zero, &[obb, person]), None),
            ((&[1, 50, CELLS], zero, &[pose, points]), None),
            ((&[1, 56, CELLS], zero, &[pose, ("kpt_shape", "seventeen")]), None),
            ((&[1, 56, CELLS], zero, &[pose, ("kpt_shape", "[17, 9]")]), None),
        ];
        for ((shape, value, metadata), want) in cases {
            let found = head(&[F32("output0", shape.to_vec(), value)], metadata);
            let found = found.map(|head| (head.family(), head.classes(), head.beside()));
            assert_eq!(found, want, "{shape:?} {metadata:?}");
        }
        let protos = || F32("output1", vec![1, 32, 16, 16], zero);
        for (shape, metadata, want) in [
            (vec![1, 39, CELLS], &[][..], Some((yolo, Some(3), MASKS))),
            (vec![1, 39, CELLS], &[("task", "segment"), three], Some((yolo, Some(3), MASKS))),
            (vec![1, 300, 38], &[("task", "segment")], Some((Family::EndToEnd, None, MASKS))),
            (vec![1, 36, CELLS], &[("task", "segment")], None),
            (vec![1, 39, CELLS], &[("task", "pose")], None),
        ] {
            for swapped in [false, true] {
                let mut outputs = vec![F32("output0", shape.clone(), zero), protos()];
                if swapped {
                    outputs.reverse();
                }
                let found = head(&outputs, metadata);
                let found = found.map(|head| (head.family(), head.classes(), head.beside()));
                assert_eq!(found, want, "{shape:?} {metadata:?}");
            }
        }
    }

    #[test]
    fn boxes_and_scores_of_cells_are_yolo_nas() {
        let boxes = |name| F32(name, vec![1, 8400, 4], pixels);
        let scores = |name| F32(name, vec![1, 8400, 80], halves);
        let nas = Some((Family::YoloNas, Some(80)));
        for (outputs, want) in [
            (vec![boxes("913"), scores("904")], nas),
            (vec![scores("pred_scores"), boxes("pred_bboxes")], nas),
            // DAMO-YOLO's order.
            (vec![scores("output"), boxes("948")], None),
            // Of another size of input, and of no pixels.
            (vec![F32("a", vec![1, 8000, 4], pixels), F32("b", vec![1, 8000, 80], halves)], None),
            (vec![F32("a", vec![1, 8400, 4], halves), scores("b")], None),
            // Few queries, with scores in place of logits.
            (
                vec![
                    F32("boxes", vec![1, 300, 4], halves),
                    F32("logits", vec![1, 300, 80], halves),
                ],
                Some((Family::RtDetr, Some(80))),
            ),
        ] {
            assert_eq!(see(&outputs, &[]), want);
        }
    }
}
