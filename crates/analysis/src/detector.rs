//! The detector that the settings ask for: loaded to serve the cameras, or for a look at what other
//! settings would find.

use razz_base::{ClassNames, Detection, Size};
use razz_vision::{
    DetectError, Detector, DetectorSettings, EngineChoice, JpegError, ModelError, ModelSource,
    Picture,
};
use tracing::warn;

use crate::pool::WorkerShare;
use razz_config::{self as config, MissingModel, ModelChoice};
use razz_observe::clock::Clock;
use razz_observe::process::yield_to_video;

/// The name of threads that run [`preview`].
pub const PREVIEW_THREAD: &str = "preview";

/// The lowest score that a preview knows of: what scores less is noise.
const LEAST_CONFIDENCE: f32 = 0.05;

const PREVIEW_QUALITY: u8 = 80;

/// Loads the model that the settings name, into the fastest engine that they leave, or into that of
/// `part`. Where the settings name one that does not work here, another takes its place, and the log
/// says so.
pub fn load(
    settings: &config::Detector,
    part: WorkerShare,
    clock: Clock,
) -> Result<Detector, String> {
    let path = settings.model.path().map_err(|error| error.to_string())?;
    let source = source(&settings.model, path.as_deref());
    let wanted = DetectorSettings { threads: part.threads, ..vision_settings(settings) };
    let loaded = match part.engine {
        Some(engine) => Detector::load(source, &DetectorSettings { engine, ..wanted }),
        None => with_another_engine(settings, &wanted, |settings| {
            Detector::load_fastest(source, settings, &|| clock.mono())
        }),
    };
    loaded.map_err(|error| error.to_string())
}

/// Why a picture cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// The model.
    #[error("`model`: {0}")]
    Model(String),
    /// The detector.
    #[error(transparent)]
    Picture(#[from] DetectError),
    /// Its JPEG.
    #[error(transparent)]
    Jpeg(#[from] JpegError),
}

impl From<MissingModel> for PreviewError {
    fn from(error: MissingModel) -> Self {
        Self::Model(error.to_string())
    }
}

impl From<ModelError> for PreviewError {
    fn from(error: ModelError) -> Self {
        Self::Model(error.to_string())
    }
}

/// What a detector finds on one picture, before any threshold but the least.
#[derive(Debug)]
pub struct Preview {
    /// What ran the model, such as `ort/cpu`.
    pub engine: String,
    /// The picture as a JPEG.
    pub jpeg: Vec<u8>,
    /// All of the model's classes.
    pub classes: ClassNames,
    /// Whether the limit on overlaps decides anything: some models leave no doubles.
    pub overlaps: bool,
    /// The score from which there are candidates.
    pub least: f32,
    /// Best first.
    pub candidates: Vec<Detection>,
}

/// Loads the model for this one picture, and answers all that thresholds decide about. Takes the
/// time of loading, at low priority from here on in this thread.
///
/// # Errors
/// When the model cannot be loaded, or fails on this picture.
pub fn preview(settings: &config::Detector, picture: &Picture) -> Result<Preview, PreviewError> {
    yield_to_video();
    let path = settings.model.path()?;
    let source = source(&settings.model, path.as_deref());
    let wanted = DetectorSettings {
        confidence: LEAST_CONFIDENCE,
        classes: None,
        batch: Some(1),
        candidates: true,
        ..vision_settings(settings)
    };
    let mut detector =
        with_another_engine(settings, &wanted, |settings| Detector::load(source, settings))?;
    let mut found = Vec::new();
    detector.detect(picture, &mut found)?;
    let names = detector.class_names();
    Ok(Preview {
        engine: detector.engine_name().to_owned(),
        jpeg: razz_vision::encode_jpeg(picture, PREVIEW_QUALITY)?,
        classes: names.clone(),
        overlaps: detector.family().leaves_doubles(),
        least: LEAST_CONFIDENCE,
        candidates: found,
    })
}

/// What the settings say, as crate `vision` takes it.
fn vision_settings(settings: &config::Detector) -> DetectorSettings {
    DetectorSettings {
        engine: settings.engine,
        precision: settings.precision,
        device: settings.device,
        input_size: Size::new(settings.input_size, settings.input_size),
        confidence: settings.confidence as f32,
        iou: settings.iou as f32,
        classes: (!settings.classes.is_empty()).then(|| settings.classes.clone()),
        ..DetectorSettings::default()
    }
}

fn source<'p>(model: &ModelChoice, path: Option<&'p std::path::Path>) -> ModelSource<'p> {
    match (model, path) {
        (ModelChoice::Demo, _) | (_, None) => {
            ModelSource::Bytes { name: "demo", data: razz_scene::DEMO_MODEL }
        }
        (_, Some(path)) => ModelSource::File(path),
    }
}

/// Loads, and where the engine that the settings name does not work, with any other.
fn with_another_engine(
    settings: &config::Detector,
    wanted: &DetectorSettings,
    load: impl Fn(&DetectorSettings) -> Result<Detector, ModelError>,
) -> Result<Detector, ModelError> {
    match load(wanted) {
        Err(error @ ModelError::Engine { .. }) if wanted.engine != EngineChoice::Auto => {
            warn!("{error}; engine \"{}\" gives way to \"auto\"", settings.engine);
            load(&DetectorSettings { engine: EngineChoice::Auto, ..wanted.clone() })
        }
        loaded => loaded,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use razz_config::Config;

    #[test]
    fn an_engine_or_a_device_that_is_not_here_gives_way() {
        for wanted in [
            "engine = \"ort/cuda\"",
            "engine = \"ort/tensorrt\"\nprecision = \"bf16\"",
            "engine = \"ort/cuda\"\ndevice = \"3\"",
            "engine = \"ort/openvino\"\ndevice = \"npu\"",
        ] {
            let text =
                format!("[detector]\nmodel = \"demo\"\nclasses = []\nthreads = 1\n{wanted}\n");
            let config = Config::parse(&text, "test", Path::new("/"), &|_| None).unwrap();
            let part = WorkerShare { engine: None, threads: 1 };
            let detector = load(&config.detector, part, Clock::start()).unwrap();
            let engine = detector.engine_name();
            // On a machine that has what is wanted, that is what it gets.
            let named = config.detector.engine.to_string();
            assert!(engine == "rten" || engine == "ort/cpu" || engine.contains(&named), "{engine}");
        }
    }
}
