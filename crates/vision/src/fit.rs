//! Whether a detection model is one that can be used, and what it is: found out by a first run.

use razz_base::{ClassNames, Size};

use crate::classes;
use crate::engine::{Engine, EngineError, Port, Tensor, Trial};
use crate::feed::{Batch, Feed, InputSize};
use crate::heads::{FirstRun, Head, KNOWN, Outside, Place, Reader, Rules, recognise};
use crate::input::{GREY, Geometry, InputFormat, Placement};
use crate::model::{ModelError, ModelFile};

/// Sides of open inputs are multiples of this, the largest stride of all families.
const STEP: u32 = 32;
/// More values than this in a declared output are nothing that a detector gives.
const MOST_VALUES: usize = 1 << 28;

/// The first runs of a model in an engine.
pub(crate) struct Fit<'a> {
    file: &'a ModelFile<'a>,
    /// The largest input where the model leaves that open.
    open: Size,
    /// Whether an open input shall follow the picture's shape.
    rectangular: bool,
    verdict: Option<Result<Fitted, ModelError>>,
    /// An empty picture.
    canvas: Vec<f32>,
}

/// A model that fits.
pub(crate) struct Fitted {
    pub(crate) feed: Feed,
    pub(crate) reader: Reader,
    pub(crate) names: ClassNames,
    /// Whether the file has names that cannot be read, and `names` are the usual ones.
    pub(crate) unreadable_names: bool,
    /// Whether its input may follow the picture's shape.
    pub(crate) rectangular: bool,
}

impl<'a> Fit<'a> {
    /// Sides of `open` are rounded up to whole strides.
    pub(crate) fn new(file: &'a ModelFile<'a>, open: Size, rectangular: bool) -> Self {
        let [width, height] =
            [open.width, open.height].map(|side| side.max(1).next_multiple_of(STEP));
        Self {
            file,
            open: Size::new(width, height),
            rectangular,
            verdict: None,
            canvas: Vec::new(),
        }
    }

    /// What came out for the engine that was chosen at last.
    pub(crate) fn verdict(self, engine: &dyn Engine) -> Result<Fitted, ModelError> {
        let Some(verdict) = self.verdict else {
            unreachable!("an engine is only opened once it was checked");
        };
        let mut fitted = verdict?;
        // Engines differ in the integers that they take.
        if let Some(feed) = Feed::new(engine.inputs(), self.open) {
            fitted.feed = feed;
        }
        Ok(fitted)
    }

    /// The outer error is the engine's, the inner one the model's.
    fn first_runs(
        &mut self,
        engine: &mut dyn Engine,
    ) -> Result<Result<Fitted, ModelError>, EngineError> {
        let file = self.file;
        let model = || file.name.clone();
        let refused = |found| Ok(Err(ModelError::Output { model: model(), found, known: KNOWN }));
        let Some(mut feed) = Feed::new(engine.inputs(), self.open) else {
            let found = listed(engine.inputs());
            return Ok(Err(ModelError::Input { model: model(), found }));
        };
        if engine.outputs().iter().any(is_huge) {
            return refused(listed(engine.outputs()));
        }
        let size = feed.size().largest();
        self.canvas.resize(3 * size.width as usize * size.height as usize, GREY);
        let canvas = &self.canvas;
        let own = classes::own(&file.metadata);
        let ports = engine.outputs().to_vec();
        let batch = feed.batch();
        let (mut head, mut found, mut finite, mut outside) = (None, String::new(), true, None);
        feed.run(engine, canvas, 1, size, &mut |outputs| {
            let mut shapes = Vec::new();
            let of_one = first_picture(outputs, batch, &mut shapes);
            head = recognise(&FirstRun {
                input: size,
                ports: &ports,
                outputs: &of_one,
                metadata: &file.metadata,
                names: own.as_ref().map(Vec::len),
            });
            found = given(&ports, outputs);
            finite = outputs.iter().all(Tensor::is_finite);
            outside = head.as_ref().and_then(|head: &Head| head.scores_outside(&of_one));
        })?;
        let Some(head) = head else {
            let task = file.metadata.get("task").filter(|task| *task != "detect");
            let task = task.map(|task| format!(" for the task \"{task}\"")).unwrap_or_default();
            return refused(found + &task);
        };
        if !finite {
            return Ok(Err(ModelError::NotFinite { model: model() }));
        }
        // A grey picture may leave a model cold that a picture with things on it does not.
        let family = head.family();
        if outside.is_none() {
            let probe = probe(size, family.input_format());
            feed.run(engine, &probe, 1, size, &mut |outputs| {
                finite = outputs.iter().all(Tensor::is_finite);
                outside = head.scores_outside(&first_picture(outputs, batch, &mut Vec::new()));
            })?;
        }
        if !finite {
            return Ok(Err(ModelError::NotFinite { model: model() }));
        }
        if let Some(Outside { output, least, most }) = outside {
            let output = ports.get(output).map(|port| port.name.clone()).unwrap_or_default();
            return Ok(Err(ModelError::Scores { model: model(), output, least, most, family }));
        }
        let unreadable_names = own.is_none() && file.metadata.contains_key("names");
        let names = match (own, head.classes()) {
            // E.g. masks or key points behind the classes.
            (Some(names), Some(classes)) if names.len() != classes => {
                let count = names.len();
                return refused(format!(
                    "{classes} values after each box, and names {count} classes"
                ));
            }
            (Some(names), _) => ClassNames::new(names),
            (None, classes) => classes::usual(classes),
        };
        let stretched = head.family().input_format().placement == Placement::Stretched;
        let mut reader = Reader::new(head);
        let open = matches!(feed.size(), InputSize::Open(_));
        let rectangular = self.rectangular
            && open
            && !stretched
            && takes_rectangles(&mut feed, engine, &mut reader, canvas);
        Ok(Ok(Fitted { feed, reader, names, unreadable_names, rectangular }))
    }
}

impl Trial for Fit<'_> {
    fn check(&mut self, engine: &mut dyn Engine) -> Result<bool, EngineError> {
        let verdict = self.first_runs(engine)?;
        let fits = verdict.is_ok();
        self.verdict = Some(verdict);
        Ok(fits)
    }

    fn run(&mut self, engine: &mut dyn Engine) -> Result<(), EngineError> {
        let Some(Ok(Fitted { feed, .. })) = &mut self.verdict else {
            unreachable!("only what was checked is run again");
        };
        let size = feed.size().largest();
        feed.run(engine, &self.canvas, 1, size, &mut |_| ())
    }
}

/// Tries the shape that most cameras have: 16 to 9.
fn takes_rectangles(
    feed: &mut Feed,
    engine: &mut dyn Engine,
    reader: &mut Reader,
    canvas: &[f32],
) -> bool {
    let input = rectangle(Size::new(1280, 720), feed.size().largest());
    let geometry = Geometry::new(input, input, Placement::Stretched);
    let place = Place { index: 0, geometry, input, picture: input };
    let nothing = Rules { confidence: 1.0, iou: 1.0, classes: Vec::new(), candidates: false };
    let canvas = &canvas[..3 * input.width as usize * input.height as usize];
    let mut read = false;
    let run = feed.run(engine, canvas, 1, input, &mut |outputs| {
        read = reader.read(outputs, &place, &nothing, &mut Vec::new()).is_ok();
    });
    run.is_ok() && read
}

/// A picture with edges, ramps and colours at every scale, as the model wants its values: something
/// that a model may see things in.
fn probe(size: Size, format: InputFormat) -> Vec<f32> {
    let (width, height) = (size.width as usize, size.height as usize);
    let (scale, offset) = format.values.scale_and_offset();
    let mut canvas = vec![0.0; 3 * width * height];
    for (colour, plane) in format.planes().into_iter().enumerate() {
        let values = &mut canvas[plane * width * height..][..width * height];
        for (y, row) in values.chunks_exact_mut(width.max(1)).enumerate() {
            for (x, value) in row.iter_mut().enumerate() {
                let blocks = [64, 24, 9].map(|side| (x / side + y / side + colour) % 2);
                let ramp = (x * 3 + y * 2 + colour * 85) % 256;
                let share = match blocks {
                    [0, 0, _] => 0.0,
                    [1, 1, _] => 1.0,
                    [_, _, 0] => ramp as f32 / 255.0,
                    _ => 1.0 - ramp as f32 / 255.0,
                };
                *value = share * scale[colour] + offset[colour];
            }
        }
    }
    canvas
}

/// The outputs as if the first picture of the batch were alone in it; `shapes` takes their dimensions.
fn first_picture<'a>(
    outputs: &[Tensor<'a>],
    batch: Batch,
    shapes: &'a mut Vec<Vec<usize>>,
) -> Vec<Tensor<'a>> {
    let whole = match batch {
        Batch::Fixed(whole) if whole > 1 => whole,
        _ => return outputs.to_vec(),
    };
    *shapes = outputs.iter().map(|output| output.shape.to_vec()).collect();
    let alone = |(output, shape): (&Tensor<'a>, &'a mut Vec<usize>)| match shape.first_mut() {
        Some(first) if *first == whole => {
            *first = 1;
            let len = shape.iter().product();
            Tensor { shape, values: output.values.first(len) }
        }
        _ => *output,
    };
    outputs.iter().zip(shapes.iter_mut()).map(alone).collect()
}

/// The smallest input in whole strides that holds a picture scaled to fit into `largest`.
pub(crate) fn rectangle(picture: Size, largest: Size) -> Size {
    let Geometry { width, height, .. } = Geometry::new(picture, largest, Placement::Centred);
    Size::new((width as u32).next_multiple_of(STEP), (height as u32).next_multiple_of(STEP))
}

/// Whether an output's declared dimensions are beyond reason.
fn is_huge(port: &Port) -> bool {
    let sizes = port.shape.iter().flatten().flatten();
    sizes.copied().try_fold(1usize, usize::checked_mul).is_none_or(|values| values > MOST_VALUES)
}

fn listed(ports: &[Port]) -> String {
    match ports {
        [] => "nothing".to_owned(),
        ports => ports.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and "),
    }
}

/// Names and shapes of what a run gave.
fn given(ports: &[Port], outputs: &[Tensor<'_>]) -> String {
    let named = ports.iter().zip(outputs);
    named.map(|(p, o)| format!("{} {:?}", p.name, o.shape)).collect::<Vec<_>>().join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rectangles_hold_the_picture() {
        for (picture, largest, want) in [
            ((1280, 720), (640, 640), (640, 384)),
            ((1920, 1080), (640, 640), (640, 384)),
            ((720, 1280), (640, 640), (384, 640)),
            ((640, 480), (640, 640), (640, 480)),
            ((500, 500), (640, 640), (640, 640)),
            ((1280, 720), (416, 416), (416, 256)),
            ((4000, 10), (640, 640), (640, 32)),
            ((1280, 720), (640, 320), (576, 320)),
        ] {
            let [picture, largest, want] = [picture, largest, want].map(|(w, h)| Size::new(w, h));
            assert_eq!(rectangle(picture, largest), want, "{picture:?} in {largest:?}");
        }
    }

    #[test]
    fn outputs_beyond_reason() {
        for (shape, huge) in [
            (Some(vec![Some(1), Some(84), Some(8400)]), false),
            (Some(vec![None, Some(84), None]), false),
            (None, false),
            (Some(vec![Some(1), Some(84), Some(1 << 40)]), true),
            (Some(vec![Some(usize::MAX), Some(usize::MAX)]), true),
        ] {
            let port = Port { name: "output0".to_owned(), shape, element: None };
            assert_eq!(is_huge(&port), huge, "{port}");
        }
    }
}
