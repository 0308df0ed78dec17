//! Inference engines: something that runs an ONNX model.
//!
//! `rten` (pure Rust) is always there. ONNX Runtime, with its OpenVINO provider where the library
//! has it, is used when its shared library is found at run time; see [`library_candidates`] for
//! where it is looked for. One process loads one such library, for good.

mod library;
mod onnxruntime;
mod pure;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;

pub use library::library_candidates;

/// Runs a model. One call at a time; several engines may live side by side.
pub trait Engine: Send {
    /// Which one: `"rten"`, `"ort/cpu"`, `"ort/openvino"`.
    fn name(&self) -> &str;

    /// What the model takes.
    fn inputs(&self) -> &[Port];

    /// What it gives.
    fn outputs(&self) -> &[Port];

    /// Runs the model on one input, row-major (for pictures NCHW), and shows `read` its first
    /// output. The output is not copied; it is gone when `read` returns.
    ///
    /// # Errors
    /// When the input does not fit the model, or the engine fails.
    fn run(
        &mut self,
        input: &[f32],
        shape: [usize; 4],
        read: &mut dyn FnMut(Output<'_>),
    ) -> Result<(), EngineError>;
}

/// One input or output of a model.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Port {
    /// Its name in the model.
    pub name: String,
    /// Its dimensions, `None` where the model leaves one open; `None` as a whole when it says
    /// nothing.
    pub shape: Option<Vec<Option<usize>>>,
    /// Whether its elements are 32-bit floats; `None` when the model does not say.
    pub is_f32: Option<bool>,
}

impl std::fmt::Display for Port {
    /// `images [1, 3, 640, 640]`, with `?` for open dimensions.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ", self.name)?;
        match &self.shape {
            None => write!(f, "of unknown shape")?,
            Some(shape) => {
                let dimension = |d: &Option<usize>| d.map_or("?".to_owned(), |d| d.to_string());
                write!(f, "[{}]", shape.iter().map(dimension).collect::<Vec<_>>().join(", "))?;
            }
        }
        if self.is_f32 == Some(false) { write!(f, ", not f32") } else { Ok(()) }
    }
}

/// What a model gave: f32 values in row-major order.
#[derive(Clone, Copy, Debug)]
pub struct Output<'a> {
    /// Its dimensions.
    pub shape: &'a [usize],
    /// Its values.
    pub data: &'a [f32],
}

/// Why an engine failed, in its own words.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{engine}: {message}")]
pub struct EngineError {
    /// Which engine.
    pub engine: String,
    /// What it said, on one line.
    pub message: String,
}

impl EngineError {
    fn new(engine: &str, message: impl std::fmt::Display) -> Self {
        let message = message.to_string();
        let lines: Vec<&str> = message.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
        Self { engine: engine.to_owned(), message: lines.join("; ") }
    }
}

/// Which engine to use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum EngineChoice {
    /// ONNX Runtime with OpenVINO, else ONNX Runtime on the CPU, else rten: the first that works.
    #[default]
    Auto,
    /// ONNX Runtime, with OpenVINO or on the CPU; an error where its library is not found.
    Ort,
    /// rten.
    Rten,
}

/// What is not an engine's name.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("there is no engine \"{0}\"; it is \"auto\", \"ort\" or \"rten\"")]
pub struct ParseEngineError(String);

impl FromStr for EngineChoice {
    type Err = ParseEngineError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "ort" => Ok(Self::Ort),
            "rten" => Ok(Self::Rten),
            other => Err(ParseEngineError(other.to_owned())),
        }
    }
}

/// The number of inference threads where nothing is said: one less than the cores, so that one
/// stays free for video, and at least one.
pub fn default_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).saturating_sub(1).max(1)
}

/// One way to run a model, in the order in which they are tried.
type Opener = fn(&[u8], usize) -> Result<Box<dyn Engine>, EngineError>;

/// Loads `model`, the bytes of an ONNX file, into the first engine that `accept` takes, with so
/// many threads. Reasons why a better one was passed over are added to `notes`, one line each.
///
/// `accept` sees the engine loaded, e.g. to run it once; what it refuses is passed over as well.
///
/// # Errors
/// The failure of each engine that was tried.
pub fn open(
    model: &[u8],
    choice: EngineChoice,
    threads: usize,
    notes: &mut Vec<String>,
    mut accept: impl FnMut(&mut dyn Engine) -> Result<(), EngineError>,
) -> Result<Box<dyn Engine>, Vec<EngineError>> {
    let openers: &[Opener] = match choice {
        EngineChoice::Auto => &[onnxruntime::openvino, onnxruntime::cpu, pure::open],
        EngineChoice::Ort => &[onnxruntime::openvino, onnxruntime::cpu],
        EngineChoice::Rten => &[pure::open],
    };
    let mut errors: Vec<EngineError> = Vec::new();
    for opener in openers {
        let opened = guarded("engine", || {
            let mut engine = opener(model, threads.max(1))?;
            accept(engine.as_mut())?;
            Ok(engine)
        });
        match opened {
            Ok(engine) => {
                for error in &errors {
                    notes.push(format!("{} is used, since {error}", engine.name()));
                }
                return Ok(engine);
            }
            // The two ONNX Runtime attempts share their reasons.
            Err(error) if errors.contains(&error) => {}
            Err(error) => errors.push(error),
        }
    }
    Err(errors)
}

/// Calls into an engine; a panic inside becomes an error.
fn guarded<T>(name: &str, call: impl FnOnce() -> Result<T, EngineError>) -> Result<T, EngineError> {
    // What the call may have left half done is dropped with it.
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| {
        let said = panic
            .downcast_ref::<&str>()
            .map(|s| (*s).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned());
        Err(EngineError::new(name, said.unwrap_or_else(|| "it panicked".to_owned())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_have_names() {
        for (text, choice) in [
            ("auto", Some(EngineChoice::Auto)),
            ("ort", Some(EngineChoice::Ort)),
            ("rten", Some(EngineChoice::Rten)),
            ("", None),
            ("Ort", None),
            ("openvino", None),
        ] {
            assert_eq!(text.parse().ok(), choice, "{text:?}");
        }
        let error = "tract".parse::<EngineChoice>().unwrap_err().to_string();
        assert!(error.contains("tract") && error.contains("rten"), "{error}");
    }

    #[test]
    fn a_panic_is_an_error() {
        let caught = guarded::<()>("some", || panic!("index out of bounds"));
        assert_eq!(caught, Err(EngineError::new("some", "index out of bounds")));
    }

    #[test]
    fn ports_read_well() {
        let port = Port {
            name: "images".to_owned(),
            shape: Some(vec![None, Some(3), Some(640)]),
            is_f32: Some(false),
        };
        assert_eq!(port.to_string(), "images [?, 3, 640], not f32");
    }
}
