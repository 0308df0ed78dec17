//! The test data of the end-to-end tests: clips with their frames' numbers in their pixels, the truth
//! about every frame, and the models that find what is in them.
//!
//! `crossing FOLDER [SEED] [STRIDE]` writes
//!
//! - `street` and `road` (`.h264`, `.json`): the streets of two seeds at the pace of life, as an
//!   ordinary camera sends them: 1280x720, 30 frames a second, High profile, a key frame every 2 s.
//!   Both are loops without a seam.
//! - `crossing`: a street of which each frame of the clip is the next but STRIDE: at 2, cars cross
//!   the picture in two seconds, and people swing their legs twice as fast as people do. The clip
//!   closes into a loop if STRIDE divides [`Street::PERIOD`].
//! - `lanes`: all is rigid and of a plain colour. There the boxes of its detector, `lanes.onnx`, are
//!   right, and what is measured is what follows it.
//! - `demo.onnx`, the demo's detector as a file, for streets; `looks.onnx`, a model whose output is
//!   no detector's.
#![expect(clippy::print_stdout, reason = "a command-line example")]

#[path = "../../vision/tests/support/onnx.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the tests of vision")]
mod onnx;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use onnx::{F32, Graph};
use razz_scene::{Canvas, DEMO_MODEL, Encoder, Lanes, Rate, Street, Truth};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Frames from one IDR to the next where all is fast: 1 second.
const FAST_GOP_FRAMES: u32 = 30;
/// The same for the ordinary cameras: 2 seconds.
const GOP_FRAMES: u32 = 60;

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (folder, rest) = args.split_first().ok_or("usage: crossing FOLDER [SEED] [STRIDE]")?;
    let number = |at: usize, usual: u64| rest.get(at).map_or(Ok(usual), |text| text.parse());
    let (seed, stride) = (number(0, 1)?, number(1, 2)?.max(1));
    let folder = PathBuf::from(folder);
    fs::create_dir_all(&folder)?;

    // Each clip has a thread of its own: together they take a while.
    std::thread::scope(|scope| {
        let clips = [
            scope.spawn(|| write_street(&folder, "street", seed, 1)),
            scope.spawn(|| write_street(&folder, "road", seed + 1, 1)),
            scope.spawn(|| write_street(&folder, "crossing", seed, stride)),
            scope.spawn(|| write_lanes(&folder)),
        ];
        clips.into_iter().try_for_each(|clip| clip.join().expect("no clip panics"))
    })?;
    fs::write(folder.join("lanes.onnx"), colour_detector(640, 384))?;
    fs::write(folder.join("demo.onnx"), DEMO_MODEL)?;
    let looks = onnx::constant(&[1, 3, 256, 128], F32, &[1, 512], &[0.0; 512]);
    fs::write(folder.join("looks.onnx"), looks)?;
    // Last, so that an interrupted run is seen to be incomplete.
    fs::write(folder.join("complete"), "")?;
    Ok(())
}

/// A street of which every `stride`-th frame is shown.
fn write_street(folder: &Path, name: &str, seed: u64, stride: u64) -> Result<(), Failure> {
    let street = Street::new(seed);
    let encoder = if stride == 1 {
        Encoder::high(Rate::Constant, GOP_FRAMES)?
    } else {
        Encoder::new(Rate::Constant, FAST_GOP_FRAMES)?
    };
    write_clip(folder, name, encoder, Street::PERIOD / stride, |frame, canvas| {
        street.render(frame * stride, canvas);
        street.truth(frame * stride)
    })
}

fn write_lanes(folder: &Path) -> Result<(), Failure> {
    let lanes = Lanes::new();
    let encoder = Encoder::new(Rate::Constant, FAST_GOP_FRAMES)?;
    write_clip(folder, "lanes", encoder, Lanes::PERIOD, |frame, canvas| {
        lanes.render(frame, canvas);
        lanes.truth(frame)
    })
}

/// `render` paints a frame and says what is on it.
fn write_clip(
    folder: &Path,
    name: &str,
    mut encoder: Encoder,
    frames: u64,
    render: impl Fn(u64, &mut Canvas) -> Vec<Truth>,
) -> Result<(), Failure> {
    let mut canvas = Canvas::new();
    let (mut video, mut truths) = (Vec::new(), Vec::new());
    for frame in 0..frames {
        let objects: Vec<String> = render(frame, &mut canvas).iter().map(json).collect();
        canvas.write_number(u16::try_from(frame)?);
        video.extend_from_slice(&encoder.encode(&canvas)?.annex_b);
        truths.push(format!("[{}]", objects.join(",")));
    }
    let size = Street::SIZE;
    let text = format!(
        "{{\"fps\":{},\"size\":[{},{}],\"frames\":[\n{}\n]}}\n",
        Street::FPS,
        size.width,
        size.height,
        truths.join(",\n")
    );
    fs::write(folder.join(format!("{name}.h264")), video)?;
    fs::write(folder.join(format!("{name}.json")), text)?;
    println!("{frames} frames of {name} in {}", folder.display());
    Ok(())
}

/// A detector in YOLO26's layout, `[1, boxes, 6]` of corners, score and class: for each colour of
/// [`Lanes`] the box around all pixels that have it, to the pixel of its input.
fn colour_detector(width: usize, height: usize) -> Vec<u8> {
    let counting =
        |count: usize, from: f32| (0..count).map(|v| v as f32 + from).collect::<Vec<_>>();
    let mut graph = Graph::default()
        .input("images", F32, &[1, 3, height as i64, width as i64])
        .f32("near", &[], &[0.16])
        // A row or column with fewer pixels is a smear of the codec's.
        .f32("few", &[], &[10.0])
        .f32("none", &[], &[0.0])
        .f32("score", &[], &[0.9])
        .f32("far", &[], &[10_000.0])
        .f32("before", &[], &[-10_000.0])
        .f32("class", &[1, 1], &[2.0])
        .f32("left of x", &[1, width], &counting(width, 0.0))
        .f32("right of x", &[1, width], &counting(width, 1.0))
        .f32("top of y", &[1, height], &counting(height, 0.0))
        .f32("bottom of y", &[1, height], &counting(height, 1.0));
    let mut rows = Vec::new();
    for (index, colour) in Lanes::colours().enumerate() {
        let name = |what: &str| format!("{what} {index}");
        let rgb = colour.map(|v| f32::from(v) / 255.0);
        let node = |graph: Graph, op: &str, inputs: &[&str], output: &str, axis: Option<i64>| {
            let axes = axis.map_or(vec![], |axis| vec![axis]);
            let mut ints: Vec<(&str, &[i64])> = vec![];
            if axis.is_some() {
                ints.extend([("axes", axes.as_slice()), ("keepdims=", &[0][..])]);
            }
            graph.node(op, inputs, output, &ints)
        };
        graph = graph.f32(&name("colour"), &[1, 3, 1, 1], &rgb);
        graph = node(graph, "Sub", &["images", &name("colour")], &name("off"), None);
        graph = node(graph, "Abs", &[&name("off")], &name("distance"), None);
        graph = node(graph, "ReduceMax", &[&name("distance")], &name("furthest"), Some(1));
        graph = node(graph, "Less", &[&name("furthest"), "near"], &name("is"), None);
        graph = graph.node("Cast", &[&name("is")], &name("mask"), &[("to=", &[1])]);
        let mut edges = Vec::new();
        for (along, summed, first, last) in
            [("columns", 1, "left of x", "right of x"), ("rows", 2, "top of y", "bottom of y")]
        {
            let along = name(along);
            let (has, with) = (format!("{along} has"), |edge: &str| format!("{along} {edge}"));
            graph = node(graph, "ReduceSum", &[&name("mask")], &along, Some(summed));
            graph = node(graph, "Greater", &[&along, "few"], &has, None);
            for (edge, reduce, outside) in
                [(first, "ReduceMin", "far"), (last, "ReduceMax", "before")]
            {
                graph = node(graph, "Where", &[&has, edge, outside], &with(edge), None);
                let found = format!("{} found", with(edge));
                graph = graph.node(
                    reduce,
                    &[&with(edge)],
                    &found,
                    &[("axes", &[1]), ("keepdims=", &[1])],
                );
                edges.push(found);
            }
        }
        let sides = format!("{} {} {} {}", edges[0], edges[2], edges[1], edges[3]);
        let order = [&edges[0], &edges[2], &edges[1], &edges[3]].map(String::as_str);
        // Any row at all: the lowest edge is below the picture's top.
        graph = node(graph, "Greater", &[order[3], "none"], &name("there"), None);
        graph = node(graph, "Where", &[&name("there"), "score", "none"], &name("scored"), None);
        let scored = name("scored");
        let inputs = [&order[..], &[&scored, "class"]].concat();
        graph = graph.node("Concat", &inputs, &sides, &[("axis=", &[1])]);
        rows.push(sides);
    }
    let inputs: Vec<&str> = rows.iter().map(String::as_str).collect();
    let boxes = inputs.len();
    graph
        .node("Concat", &inputs, "flat", &[("axis=", &[0])])
        .i64("shape", &[3], &[1, boxes as i64, 6])
        .node("Reshape", &["flat", "shape"], "output0", &[])
        .output("output0", F32, &[1, boxes as i64, 6])
        .model()
}

fn json(truth: &Truth) -> String {
    let mut text = String::new();
    let [left, top, right, bottom] = truth.bbox.to_array();
    // Writing to a string does not fail.
    let _ = write!(
        text,
        "{{\"object\":{},\"class\":{},\"bbox\":[{left:.1},{top:.1},{right:.1},{bottom:.1}],\
         \"visible\":{:.3},\"inside\":{:.3}}}",
        truth.object, truth.class.0, truth.visible, truth.inside
    );
    text
}
