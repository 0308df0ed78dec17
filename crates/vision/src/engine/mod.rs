//! Inference engines: something that runs an ONNX model.
//!
//! `rten` (pure Rust) is always there. ONNX Runtime, with its CUDA, TensorRT and OpenVINO providers
//! where the library has them, is used when its shared library is found at run time; see
//! [`library_candidates`] for where it is looked for. One process loads one such library, for good.

mod choice;
mod library;
mod onnxruntime;
mod open;
mod pure;
mod tensor;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use choice::{
    Device, EngineChoice, EngineOptions, ParseDeviceError, ParseEngineError, ParsePrecisionError,
    Precision, cpu_has_bf16,
};
pub use library::library_candidates;
pub use open::{Note, NoteLevel, Trial, open};
pub use tensor::{Element, Elements, Port, Tensor};

/// Runs a model. One call at a time; several engines may live side by side.
pub trait Engine: Send {
    /// Which one: `"rten"`, `"ort/cpu"`, `"ort/openvino"`, `"ort/cuda"`, `"ort/tensorrt"`.
    fn name(&self) -> &str;

    /// With how many bits it computes.
    fn precision(&self) -> Precision;

    /// Pictures that it likes to get in one run, where the model leaves the batch open: 1 on a CPU,
    /// where a batch takes as long as its pictures one by one, more on a GPU.
    fn batch(&self) -> usize;

    /// What the model takes.
    fn inputs(&self) -> &[Port];

    /// What it gives.
    fn outputs(&self) -> &[Port];

    /// Runs the model on `inputs`, one for each of [`inputs`](Self::inputs), and shows `read` what
    /// it gave, one for each of [`outputs`](Self::outputs). Pictures of a batch lie one after the
    /// other. Outputs are not copied; they are gone when `read` returns.
    ///
    /// # Errors
    /// When the inputs do not fit the model, or the engine fails.
    fn run(
        &mut self,
        inputs: &[Tensor<'_>],
        read: &mut dyn FnMut(&[Tensor<'_>]),
    ) -> Result<(), EngineError>;
}

/// Why an engine failed, in its own words.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{engine}: {message}")]
pub struct EngineError {
    /// Which engine.
    pub engine: String,
    /// What it said, on one line.
    pub message: String,
    /// Whether it is simply not there: no library, or one without this provider. Else it is there
    /// and failed.
    pub missing: bool,
}

impl EngineError {
    fn new(engine: &str, message: impl std::fmt::Display) -> Self {
        let message = message.to_string();
        let lines: Vec<&str> = message.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
        Self { engine: engine.to_owned(), message: lines.join("; "), missing: false }
    }

    fn missing(engine: &str, message: impl std::fmt::Display) -> Self {
        Self { missing: true, ..Self::new(engine, message) }
    }
}

/// The number of inference threads where nothing is said: one less than the cores, so that decoding
/// rarely takes a core away from threads that wait for each other; but both of two, since one thread
/// alone takes twice as long.
pub fn default_threads() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    (cores - 1).max(2).min(cores)
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
    fn a_panic_is_an_error() {
        let caught = guarded::<()>("some", || panic!("index out of bounds"));
        assert_eq!(caught, Err(EngineError::new("some", "index out of bounds")));
    }
}
