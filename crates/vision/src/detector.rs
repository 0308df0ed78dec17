//! Pictures to detections: letterbox, model, head.

use razz_base::{ClassNames, Detection, MonoTime, Size};

use crate::classes;
use crate::engine::{
    self, Device, Engine, EngineChoice, EngineError, EngineOptions, Note, Port, Precision, Tensor,
};
use crate::feed::{Batch, Feed, InputSize};
use crate::fit::{Fit, Fitted, rectangle};
use crate::heads::{Beside, Family, Place, Reader, Rules, Unreadable};
use crate::input::{GREY, Geometry, InputFormat, Placement};
use crate::letterbox::Letterbox;
use crate::model::{ModelError, ModelFile, ModelSource};
use crate::picture::Picture;

/// How to detect.
#[derive(Clone, PartialEq, Debug)]
pub struct DetectorSettings {
    /// Which engine runs the model.
    pub engine: EngineChoice,
    /// With how many bits the engine computes, where it can.
    pub precision: Precision,
    /// Detections with a score above this count, 0 to 1. Lower finds more and is wrong more often.
    pub confidence: f32,
    /// Of two detections of a class that overlap by more than this (intersection over union, 0 to
    /// 1), the better one stays. Higher keeps more of a crowd, and more doubles. Models that leave
    /// no doubles (YOLO26, RT-DETR and their kin) pay no heed to it.
    pub iou: f32,
    /// Only these classes, by name; `None` for all the model knows. Names it does not know are
    /// noted and passed over.
    pub classes: Option<Vec<String>>,
    /// Threads of the engine. More make one picture faster and leave less for video.
    pub threads: usize,
    /// On which device, where the engine leaves the choice.
    pub device: Device,
    /// Width and height of the input of a model that leaves them open.
    pub input_size: Size,
    /// Whether such a model gets an input of each picture's shape, as small as fits into
    /// `input_size` in whole steps of 32: 640x384 for 1280x720. Less to compute, and next to no
    /// border.
    pub rectangular: bool,
    /// At most so many pictures in one run of a model that leaves that open; `None` for as many as
    /// the engine gains from.
    pub batch: Option<usize>,
    /// Give what would be looked at instead of what is found: everything above `confidence`, best
    /// first, with its doubles and as the model places it, at most 4000. For a look at what other
    /// thresholds would find.
    pub candidates: bool,
}

impl Default for DetectorSettings {
    /// Automatic engine, f32, confidence 0.25, IoU 0.7, all classes, one thread less than cores (both
    /// of two), 640x640 or less by the picture's shape, batches as the engine likes, what is found.
    fn default() -> Self {
        Self {
            engine: EngineChoice::Auto,
            precision: Precision::F32,
            confidence: 0.25,
            iou: 0.7,
            classes: None,
            threads: engine::default_threads(),
            device: Device::Usual,
            input_size: Size::new(640, 640),
            rectangular: true,
            batch: None,
            candidates: false,
        }
    }
}

/// Why a picture could not be searched.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum DetectError {
    /// The engine failed.
    #[error("inference failed: {0}")]
    Engine(#[from] EngineError),
    /// The model's output holds values that are not numbers.
    #[error("inference failed: the model's output holds NaN or infinite values")]
    NotFinite,
    /// The model's output changed its shape.
    #[error("inference failed: the model gave {found}, at load time it was another shape")]
    Shape {
        /// The shapes it gave.
        found: String,
    },
    /// Not three bytes for each pixel of a picture.
    #[error("{bytes} bytes are not an RGB picture of {width}x{height}")]
    Rgb {
        /// How many there are.
        bytes: usize,
        /// The width.
        width: u32,
        /// The height.
        height: u32,
    },
}

/// A step of detection that is done; see [`Detector::detect_watched`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// The picture is in the model's input.
    Prepared,
    /// The engine has run the model.
    Inferred,
    /// Its output is read, doubles are dropped.
    Read,
}

/// A loaded detection model. One thread uses it at a time; pictures may come from all cameras.
pub struct Detector {
    engine: Box<dyn Engine>,
    feed: Feed,
    reader: Reader,
    rules: Rules,
    names: ClassNames,
    notes: Vec<Note>,
    rectangular: bool,
    batch: usize,
    letterboxes: Letterboxes,
    /// The inputs of a batch of several, one after the other, and where their pictures lie.
    joined: Vec<f32>,
    places: Vec<Place>,
}

impl Detector {
    /// Loads a model and runs it once, so that what is wrong with it shows now and the first
    /// picture is as fast as the others. Of several engines that work, the first is used.
    ///
    /// # Errors
    /// When the file is not there, not a model, cut short, takes or gives shapes that are not
    /// known here, gives NaN or scores outside 0 to 1, knows none of the classes, or no engine can run it.
    pub fn load(model: ModelSource<'_>, settings: &DetectorSettings) -> Result<Self, ModelError> {
        Self::load_with(model, settings, None)
    }

    /// The same, and of several engines that work, the fastest is used, by a few runs each. They
    /// take some seconds; `now` tells the time.
    ///
    /// # Errors
    /// As [`Detector::load`].
    pub fn load_fastest(
        model: ModelSource<'_>,
        settings: &DetectorSettings,
        now: &dyn Fn() -> MonoTime,
    ) -> Result<Self, ModelError> {
        Self::load_with(model, settings, Some(now))
    }

    fn load_with(
        model: ModelSource<'_>,
        settings: &DetectorSettings,
        now: Option<&dyn Fn() -> MonoTime>,
    ) -> Result<Self, ModelError> {
        let file = ModelFile::read(model)?;
        let mut notes = Vec::new();
        let options = EngineOptions {
            choice: settings.engine,
            precision: settings.precision,
            threads: settings.threads,
            device: settings.device,
        };
        let mut fit = Fit::new(&file, settings.input_size, settings.rectangular);
        let engine = engine::open(&file.data, &options, now, &mut notes, &mut fit)
            .map_err(|errors| ModelError::engine(&file.name, &errors))?;
        let Fitted { feed, reader, names, unreadable_names, rectangular } =
            fit.verdict(engine.as_ref())?;
        if unreadable_names {
            notes.push(Note::warning(format!(
                "model {}: its class names cannot be read; it is taken for one of {} ...",
                file.name,
                names.iter().take(3).collect::<Vec<_>>().join(", ")
            )));
        }
        if settings.rectangular && !rectangular && matches!(feed.size(), InputSize::Open(_)) {
            let Size { width, height } = feed.size().largest();
            notes.push(Note::info(format!(
                "every picture is given to the model as {width}x{height}"
            )));
        }
        let wanted = settings.classes.as_deref();
        let classes = classes::allowed(&file.name, &names, wanted, &mut notes)?;
        let batch = match feed.batch() {
            Batch::Open => settings.batch.unwrap_or_else(|| engine.batch()).max(1),
            Batch::Fixed(batch) => batch,
        };
        let mut detector = Self {
            batch,
            engine,
            letterboxes: Letterboxes::new(reader.family().input_format()),
            feed,
            reader,
            rules: Rules {
                confidence: settings.confidence,
                iou: settings.iou,
                classes,
                candidates: settings.candidates,
            },
            names,
            notes,
            rectangular,
            joined: Vec::new(),
            places: Vec::new(),
        };
        detector.try_batch();
        let remarks = detector.remarks();
        detector.notes.extend(remarks.into_iter().map(Note::info));
        Ok(detector)
    }

    /// Finds what is in `picture`. `out` is overwritten: best first, at most 300, boxes in pixels of
    /// the picture and inside it.
    ///
    /// # Errors
    /// When the engine fails or gives NaN; `out` is empty then.
    pub fn detect(
        &mut self,
        picture: &Picture,
        out: &mut Vec<Detection>,
    ) -> Result<(), DetectError> {
        self.detect_watched(picture, out, &mut |_| ())
    }

    /// The same; `watch` hears of each step when it is done, to measure it.
    ///
    /// # Errors
    /// As [`Detector::detect`].
    pub fn detect_watched(
        &mut self,
        picture: &Picture,
        out: &mut Vec<Detection>,
        watch: &mut dyn FnMut(Step),
    ) -> Result<(), DetectError> {
        let shown = picture.pixel_aspect.shown(picture.size);
        self.one(picture.size, shown, |letterbox| letterbox.picture(picture), out, watch)
    }

    /// The same for an 8-bit RGB picture, three bytes a pixel, row after row.
    ///
    /// # Errors
    /// As [`Detector::detect`], and when `rgb` is not a picture of `size`.
    pub fn detect_rgb(
        &mut self,
        rgb: &[u8],
        size: Size,
        out: &mut Vec<Detection>,
    ) -> Result<(), DetectError> {
        let Size { width, height } = size;
        if rgb.is_empty() || rgb.len() as u64 != 3 * u64::from(width) * u64::from(height) {
            out.clear();
            return Err(DetectError::Rgb { bytes: rgb.len(), width, height });
        }
        self.one(size, size, |letterbox| letterbox.rgb(rgb, size), out, &mut |_| ())
    }

    /// The same for several pictures, with as many as [`batch`](Self::batch) in one run where their
    /// shapes allow it; `out` has one list for each, `watch` hears of each run's steps.
    ///
    /// # Errors
    /// As [`Detector::detect`]; what was found until then stays, the other lists are empty.
    ///
    /// # Panics
    /// If there are not as many lists as pictures.
    pub fn detect_batch(
        &mut self,
        pictures: &[&Picture],
        out: &mut [Vec<Detection>],
        watch: &mut dyn FnMut(Step),
    ) -> Result<(), DetectError> {
        assert_eq!(pictures.len(), out.len(), "one list for each picture");
        out.iter_mut().for_each(Vec::clear);
        let (mut pictures, mut out) = (pictures, out);
        while let Some(first) = pictures.first() {
            let input_for = |p: &Picture| self.input_size_for(p.pixel_aspect.shown(p.size));
            let input = input_for(first);
            let alike = |p: &&&Picture| input_for(p) == input;
            let count = pictures.iter().take(self.batch).take_while(alike).count().max(1);
            let (now, later) = pictures.split_at(count);
            let (lists, rest) = std::mem::take(&mut out).split_at_mut(count);
            match (now, lists) {
                ([picture], [list]) => self.detect_watched(picture, list, watch)?,
                (now, lists) => self.several(now, input, lists, watch)?,
            }
            (pictures, out) = (later, rest);
        }
        Ok(())
    }

    /// Runs the model on what its input holds and looks at nothing that it gives: what inference
    /// costs by itself, for measuring.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn infer_only(&mut self) -> Result<(), DetectError> {
        let largest = self.feed.size().largest();
        let letterbox = match self.letterboxes.kept.last() {
            Some((_, letterbox)) => letterbox,
            None => self.letterboxes.take(largest, largest),
        };
        let (engine, input) = (self.engine.as_mut(), letterbox.target());
        Ok(self.feed.run(engine, letterbox.canvas(), 1, input, &mut |_| ())?)
    }

    /// The model's classes.
    pub fn class_names(&self) -> &ClassNames {
        &self.names
    }

    /// What kin the model is of.
    pub fn family(&self) -> Family {
        self.reader.family()
    }

    /// What it gives beside boxes, classes and scores.
    pub fn beside(&self) -> Option<Beside> {
        self.reader.beside()
    }

    /// What its user should know of the model, whatever runs it: what of its outputs is not used,
    /// and that it takes a fixed number of pictures. They are among [`notes`](Self::notes) as well.
    pub fn remarks(&self) -> Vec<String> {
        let beside = self.beside().map(|beside| beside.to_string());
        let batch = match self.feed.batch() {
            Batch::Fixed(batch @ 2..) => Some(format!(
                "the model takes {batch} pictures at a time, no fewer: where fewer wait the rest is \
                 grey, and costs as much; a model that was exported with a batch of 1 is quicker"
            )),
            Batch::Fixed(_) | Batch::Open => None,
        };
        beside.into_iter().chain(batch).collect()
    }

    /// What runs it: `"rten"`, `"ort/cpu"`, `"ort/openvino"`, `"ort/cuda"` or `"ort/tensorrt"`.
    pub fn engine_name(&self) -> &str {
        self.engine.name()
    }

    /// With how many bits it computes.
    pub fn precision(&self) -> Precision {
        self.engine.precision()
    }

    /// What the model takes.
    pub fn inputs(&self) -> &[Port] {
        self.engine.inputs()
    }

    /// What it gives.
    pub fn outputs(&self) -> &[Port] {
        self.engine.outputs()
    }

    /// The model's input, in pixels; the largest where that follows the picture.
    pub fn input_size(&self) -> Size {
        self.feed.size().largest()
    }

    /// The model's input for pictures of a size, in square pixels.
    pub fn input_size_for(&self, picture: Size) -> Size {
        match self.feed.size() {
            InputSize::Open(largest) if self.rectangular => rectangle(picture, largest),
            size => size.largest(),
        }
    }

    /// Whether the model's input follows the picture's shape.
    pub fn is_rectangular(&self) -> bool {
        self.rectangular
    }

    /// Whether the model leaves open how many pictures it takes in one run.
    pub fn has_open_batch(&self) -> bool {
        self.feed.batch() == Batch::Open
    }

    /// Pictures in one run of [`detect_batch`](Self::detect_batch), at most.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// What a log should say about how it was loaded: which engines were passed over and why, their
    /// times where they were measured, unknown classes.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    fn one(
        &mut self,
        size: Size,
        shown: Size,
        fill: impl FnOnce(&mut Letterbox) -> Geometry,
        out: &mut Vec<Detection>,
        watch: &mut dyn FnMut(Step),
    ) -> Result<(), DetectError> {
        out.clear();
        let input = self.input_size_for(shown);
        let letterbox = self.letterboxes.take(size, input);
        let geometry = fill(letterbox);
        watch(Step::Prepared);
        let place = Place { index: 0, geometry, input, picture: size };
        let (reader, rules) = (&mut self.reader, &self.rules);
        let mut result = Ok(());
        self.feed.run(self.engine.as_mut(), letterbox.canvas(), 1, input, &mut |outputs| {
            watch(Step::Inferred);
            result = reader.read(outputs, &place, rules, out).map_err(|e| unreadable(e, outputs));
            watch(Step::Read);
        })?;
        result
    }

    /// Pictures of one input size, in one run.
    fn several(
        &mut self,
        pictures: &[&Picture],
        input: Size,
        out: &mut [Vec<Detection>],
        watch: &mut dyn FnMut(Step),
    ) -> Result<(), DetectError> {
        self.joined.clear();
        self.places.clear();
        for (index, picture) in pictures.iter().enumerate() {
            let letterbox = self.letterboxes.take(picture.size, input);
            let geometry = letterbox.picture(picture);
            self.joined.extend_from_slice(letterbox.canvas());
            self.places.push(Place { index, geometry, input, picture: picture.size });
        }
        watch(Step::Prepared);
        let (reader, rules, places) = (&mut self.reader, &self.rules, &self.places);
        let mut result = Ok(());
        let (engine, batch) = (self.engine.as_mut(), pictures.len());
        self.feed.run(engine, &self.joined, batch, input, &mut |outputs| {
            watch(Step::Inferred);
            result = places.iter().zip(&mut *out).try_for_each(|(place, out)| {
                reader.read(outputs, place, rules, out).map_err(|e| unreadable(e, outputs))
            });
            watch(Step::Read);
        })?;
        result
    }

    /// Runs a full batch once; if the model cannot take it after all, pictures go one by one.
    fn try_batch(&mut self) {
        let input = self.feed.size().largest();
        let (batch, largest) = (self.batch, Geometry::new(input, input, Placement::Stretched));
        if batch == 1 {
            return;
        }
        let canvas = vec![GREY; batch * 3 * input.width as usize * input.height as usize];
        let place = Place { index: batch - 1, geometry: largest, input, picture: input };
        let (reader, rules) = (&mut self.reader, &self.rules);
        let mut read = Ok(());
        let run = self.feed.run(self.engine.as_mut(), &canvas, batch, input, &mut |outputs| {
            read = reader.read(outputs, &place, rules, &mut Vec::new());
        });
        if run.is_err() || read.is_err() {
            let text = format!("the model takes no batch of {batch}, pictures go one by one");
            self.notes.push(Note::warning(text));
            self.batch = 1;
        }
    }
}

fn unreadable(error: Unreadable, outputs: &[Tensor<'_>]) -> DetectError {
    match error {
        Unreadable::NotFinite => DetectError::NotFinite,
        Unreadable::Shape => {
            let shapes: Vec<String> = outputs.iter().map(|o| format!("{:?}", o.shape)).collect();
            DetectError::Shape { found: shapes.join(" and ") }
        }
    }
}

/// Letterboxes for the sizes that pictures came in lately, so that cameras of different sizes do
/// not rebuild each other's tables.
struct Letterboxes {
    format: InputFormat,
    /// The one used last at the end.
    kept: Vec<(Size, Letterbox)>,
}

impl Letterboxes {
    const MOST: usize = 16;

    fn new(format: InputFormat) -> Self {
        Self { format, kept: Vec::new() }
    }

    /// The one for pictures of `source` in a model input of `target`.
    fn take(&mut self, source: Size, target: Size) -> &mut Letterbox {
        match self.kept.iter().position(|(size, l)| (*size, l.target()) == (source, target)) {
            Some(at) => self.kept[at..].rotate_left(1),
            None => {
                if self.kept.len() == Self::MOST {
                    self.kept.remove(0);
                }
                self.kept.push((source, Letterbox::new(target, self.format)));
            }
        }
        let last = self.kept.len() - 1;
        &mut self.kept[last].1
    }
}
