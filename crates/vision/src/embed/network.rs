//! Embeddings by a re-identification network (OSNet and its like) from an ONNX file.

use std::path::Path;

use razz_base::{Embedding, Rect, Size};

use super::{Embedder, pixels};
use crate::colour::YuvToRgb;
use crate::engine::{
    self, Device, Engine, EngineChoice, EngineError, EngineOptions, Note, Port, Precision, Tensor,
    Trial,
};
use crate::feed::picture_size;
use crate::input::{InputFormat, Values};
use crate::model::{ModelError, ModelFile, ModelSource};
use crate::picture::Picture;
use crate::resample::{Columns, Rows, Sampler, Window};

/// OSNet's input where the file leaves it open.
const USUAL_SIZE: Size = Size::new(128, 256);
/// At most so many crops a run where the file leaves the batch open: enough to keep threads busy,
/// and little memory.
const OPEN_BATCH: usize = 8;
/// A crop with fewer pixels in a direction says nothing.
const LEAST_PX: usize = 8;
const KNOWN: &str = "known is one f32 output [batch, values] with at least two values";

/// A re-identification network.
pub struct OnnxEmbedder {
    engine: Box<dyn Engine>,
    size: Size,
    /// Crops per run, and whether the file fixes it.
    batch: usize,
    fixed: bool,
    input: Vec<f32>,
    columns: Columns,
    rows: Rows,
    sampler: Sampler,
    notes: Vec<Note>,
}

impl OnnxEmbedder {
    /// Loads a network that takes `[batch, 3, height, width]` (RGB, normalised as ImageNet) and
    /// gives `[batch, values]`, and runs it once. A batch the file fixes is filled up.
    ///
    /// # Errors
    /// As [`Detector::load`](crate::Detector::load), for those shapes.
    pub fn load(path: &Path, choice: EngineChoice, threads: usize) -> Result<Self, ModelError> {
        let file = ModelFile::read(ModelSource::File(path))?;
        let mut notes = Vec::new();
        let options =
            EngineOptions { choice, precision: Precision::F32, threads, device: Device::Usual };
        let mut first = FirstRun { name: &file.name, verdict: None };
        let engine = engine::open(&file.data, &options, None, &mut notes, &mut first)
            .map_err(|errors| ModelError::engine(&file.name, &errors))?;
        let Some(fit) = first.verdict else {
            unreachable!("an engine is only opened once it was checked");
        };
        let Fit { size, batch, fixed } = fit?;
        let input = vec![0.0; batch * 3 * (size.width * size.height) as usize];
        Ok(Self {
            engine,
            size,
            batch,
            fixed,
            input,
            columns: Columns::default(),
            rows: Rows::default(),
            sampler: Sampler::default(),
            notes,
        })
    }

    /// What runs it: `"rten"`, `"ort/cpu"`, `"ort/openvino"`, `"ort/cuda"` or `"ort/tensorrt"`.
    pub fn engine_name(&self) -> &str {
        self.engine.name()
    }

    /// The size of its crops, in pixels.
    pub fn input_size(&self) -> Size {
        self.size
    }

    /// What the network takes.
    pub fn inputs(&self) -> &[Port] {
        self.engine.inputs()
    }

    /// What it gives.
    pub fn outputs(&self) -> &[Port] {
        self.engine.outputs()
    }

    /// What a log should say about how it was loaded.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// As [`Embedder::embed`], with the engine's error.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn try_embed(
        &mut self,
        picture: &Picture,
        boxes: &[Rect],
    ) -> Result<Vec<Option<Embedding>>, EngineError> {
        let mut embeddings = vec![None; boxes.len()];
        let crops: Vec<_> = boxes
            .iter()
            .enumerate()
            .filter_map(|(i, bbox)| Some((i, pixels(picture, bbox, LEAST_PX)?)))
            .collect();
        for crops in crops.chunks(self.batch) {
            for (slot, (_, crop)) in crops.iter().enumerate() {
                self.fill(picture, *crop, slot);
            }
            let batch = if self.fixed { self.batch } else { crops.len() };
            let (width, height) = (self.size.width as usize, self.size.height as usize);
            let shape = [batch, 3, height, width];
            let input = Tensor::f32(&shape, &self.input[..batch * 3 * width * height]);
            self.engine.run(&[input], &mut |outputs| {
                let values = outputs.first().and_then(Tensor::as_f32).unwrap_or_default();
                let vectors = values.chunks_exact((values.len() / batch).max(1));
                for ((i, _), vector) in crops.iter().zip(vectors) {
                    embeddings[*i] = Embedding::normalised(vector);
                }
            })?;
        }
        Ok(embeddings)
    }

    /// Samples one crop into its place in the batch.
    fn fill(&mut self, picture: &Picture, crop: [(usize, usize); 2], slot: usize) {
        let [(left, crop_width), (top, crop_height)] = crop;
        let (width, height) = (self.size.width as usize, self.size.height as usize);
        self.columns.fit(left, crop_width, picture.size.width as usize, width);
        self.rows.fit(top, crop_height, picture.size.height as usize, height);
        let format = InputFormat { values: Values::ImageNet, ..InputFormat::default() };
        let colour = YuvToRgb::in_format(picture.colour, format);
        let area = 3 * width * height;
        let canvas = &mut self.input[slot * area..][..area];
        let window = Window { left: 0, top: 0, width, height };
        self.sampler.picture(picture, &self.columns, &self.rows, &colour, canvas, window);
    }
}

impl Embedder for OnnxEmbedder {
    /// As of OSNet, which the limits of DeepSORT fit as well.
    fn same_within(&self) -> f64 {
        0.2
    }

    fn embed(&mut self, picture: &Picture, boxes: &[Rect]) -> Vec<Option<Embedding>> {
        self.try_embed(picture, boxes).unwrap_or_else(|_| vec![None; boxes.len()])
    }
}

/// The first run of a network in an engine.
struct FirstRun<'a> {
    name: &'a str,
    verdict: Option<Result<Fit, ModelError>>,
}

impl Trial for FirstRun<'_> {
    fn check(&mut self, engine: &mut dyn Engine) -> Result<bool, EngineError> {
        let verdict = Fit::check(engine, self.name)?;
        let fits = verdict.is_ok();
        self.verdict = Some(verdict);
        Ok(fits)
    }

    fn run(&mut self, engine: &mut dyn Engine) -> Result<(), EngineError> {
        self.check(engine).map(drop)
    }
}

/// What the network takes.
struct Fit {
    size: Size,
    batch: usize,
    fixed: bool,
}

impl Fit {
    /// The outer error is the engine's, the inner one the model's.
    fn check(
        engine: &mut dyn Engine,
        model: &str,
    ) -> Result<Result<Self, ModelError>, EngineError> {
        let model = || model.to_owned();
        let [input] = engine.inputs() else {
            let found = format!("{} inputs", engine.inputs().len());
            return Ok(Err(ModelError::Input { model: model(), found }));
        };
        // As for detection, but the batch may be anything.
        let fixed = input.shape.as_ref().and_then(|shape| *shape.first()?);
        let mut one = Port { shape: input.shape.clone(), ..input.clone() };
        if let Some(first) = one.shape.as_mut().and_then(|shape| shape.first_mut()) {
            *first = None;
        }
        let sane = fixed.is_none_or(|batch| (1..=256).contains(&batch));
        let Some(size) = picture_size(&one, USUAL_SIZE).filter(|_| sane) else {
            return Ok(Err(ModelError::Input { model: model(), found: input.to_string() }));
        };
        let batch = fixed.unwrap_or(OPEN_BATCH);
        let (width, height) = (size.width as usize, size.height as usize);
        let grey = vec![0.0; batch * 3 * width * height];
        let (mut shape, mut finite) = (Vec::new(), true);
        let grey_shape = [batch, 3, height, width];
        engine.run(&[Tensor::f32(&grey_shape, &grey)], &mut |outputs| {
            // Values that are no floats are as good as no output.
            if let Some(output) = outputs.first().filter(|output| output.as_f32().is_some()) {
                shape = output.shape.to_vec();
                finite = output.is_finite();
            }
        })?;
        // Some exports keep the 1x1 that pooling left.
        let plain = shape.len() >= 2 && shape[0] == batch && shape[1] >= 2;
        if !plain || shape[2..].iter().any(|d| *d != 1) {
            let found = format!("{} {shape:?}", engine.outputs()[0].name);
            return Ok(Err(ModelError::Output { model: model(), found, known: KNOWN }));
        }
        if !finite {
            return Ok(Err(ModelError::NotFinite { model: model() }));
        }
        Ok(Ok(Self { size, batch, fixed: fixed.is_some() }))
    }
}
