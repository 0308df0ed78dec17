//! The options by which commands name a model and how it is run.

use std::path::{Path, PathBuf};

use clap::Args;
use razz_base::Size;
use razz_vision::{Detector, DetectorSettings, EngineChoice, ModelSource, NoteLevel, Precision};

use crate::terminal::{Failure, note};
use razz_config::ModelChoice;
use razz_observe::clock::Clock;

/// Which model, and what runs it.
#[derive(Clone, PartialEq, Debug, Args)]
pub struct Which {
    /// An .onnx file, the name of a model that was pulled, or demo
    #[arg(long, value_name = "MODEL")]
    pub model: String,
    /// What runs it: auto, ort, ort/cpu, ort/openvino, ort/cuda, ort/tensorrt or rten
    #[arg(long, value_name = "ENGINE", default_value = "auto")]
    pub engine: EngineChoice,
    /// How exactly: f32, or bf16 where engine and CPU have it
    #[arg(long, value_name = "PRECISION", default_value = "f32")]
    pub precision: Precision,
}

/// Which model, and how.
#[derive(Clone, PartialEq, Debug, Args)]
pub struct ModelOptions {
    /// The model, and what runs it.
    #[command(flatten)]
    pub which: Which,
    /// Input of a model that leaves it open, in pixels: 640, or 640x384 as width x height
    /// [default: 640]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub size: Option<Size>,
    /// Threads of an engine on the CPU [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Scores above this count
    #[arg(long, value_name = "0-1", default_value_t = 0.25, value_parser = parse_share)]
    pub confidence: f32,
    /// Of two boxes of a class that overlap by more than this, the better one stays
    #[arg(long, value_name = "0-1", default_value_t = 0.7, value_parser = parse_share)]
    pub iou: f32,
}

impl ModelOptions {
    /// Loads the model; what is to be said about it is said on stderr as `command`'s.
    ///
    /// # Errors
    /// When there is no such model, or it cannot be run as asked for.
    pub fn load(&self, command: &str) -> Result<Detector, Failure> {
        let detector = self.load_quietly(self.which.engine, self.which.precision)?;
        for said in detector.notes() {
            match said.level {
                NoteLevel::Warning => note(command, said),
                NoteLevel::Info => tracing::debug!("{said}"),
            }
        }
        Ok(detector)
    }

    /// The same with another engine or precision, and nothing said.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn load_quietly(
        &self,
        engine: EngineChoice,
        precision: Precision,
    ) -> Result<Detector, Failure> {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let settings = DetectorSettings {
            engine,
            precision,
            confidence: self.confidence,
            iou: self.iou,
            threads: self.threads.map_or_else(cores, usize::from),
            input_size: self.size.unwrap_or(Size::new(640, 640)),
            ..DetectorSettings::default()
        };
        let path = self.which.path()?;
        let source = match &path {
            Some(path) => ModelSource::File(path),
            None => ModelSource::Bytes { name: "demo", data: razz_scene::DEMO_MODEL },
        };
        let clock = Clock::start();
        let detector = Detector::load_fastest(source, &settings, &|| clock.mono())
            .map_err(|error| Failure::Refused(error.to_string()))?;
        if let Some(asked) = self.size
            && detector.input_size() != asked
        {
            let Size { width, height } = detector.input_size();
            return Err(Failure::Refused(format!(
                "--size {}x{}: model {} takes {width}x{height} only; leave --size out, or export \
                 the model with dynamic=True",
                asked.width,
                asked.height,
                self.which.name()
            )));
        }
        Ok(detector)
    }
}

impl Which {
    /// What files and tables call the model: its file's name.
    pub fn name(&self) -> String {
        let name = Path::new(&self.model).file_name();
        name.map_or_else(|| self.model.clone(), |name| name.to_string_lossy().into_owned())
    }

    /// The model's file; `None` for the one that is built in.
    ///
    /// # Errors
    /// When there is no such model.
    pub fn path(&self) -> Result<Option<PathBuf>, Failure> {
        let choice = ModelChoice::parse(&self.model, Path::new("")).ok_or_else(|| {
            Failure::Refused(format!(
                "--model {:?} is no model; give an .onnx file, the name of a model that was \
                 pulled, or demo",
                self.model
            ))
        });
        choice?.path().map_err(|error| Failure::Refused(error.to_string()))
    }
}

/// `640`, or `640x384`.
pub(super) fn parse_size(text: &str) -> Result<Size, String> {
    let side = |text: &str| text.parse().ok().filter(|side| (32..=8192).contains(side));
    let size = match text.split_once('x') {
        Some((width, height)) => side(width).zip(side(height)),
        None => side(text).map(|side| (side, side)),
    };
    let (width, height) =
        size.ok_or("expected a side in pixels, 32 to 8192, or two of them as in 640x384")?;
    Ok(Size::new(width, height))
}

/// From 0 to 1.
fn parse_share(text: &str) -> Result<f32, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "expected a number from 0 to 1".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_shares() {
        for (text, size) in [
            ("640", Some(Size::new(640, 640))),
            ("640x384", Some(Size::new(640, 384))),
            ("31", None),
            ("640x", None),
            ("0x640", None),
            ("99999", None),
            ("-640", None),
        ] {
            assert_eq!(parse_size(text).ok(), size, "{text}");
        }
        for (text, share) in
            [("0", Some(0.0)), ("0.25", Some(0.25)), ("1", Some(1.0)), ("1.1", None), ("nan", None)]
        {
            assert_eq!(parse_share(text).ok(), share, "{text}");
        }
    }
}
