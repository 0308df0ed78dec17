//! ONNX Runtime, loaded at run time; on the CPU, or with its OpenVINO provider.

use std::sync::OnceLock;

use ort::environment::Environment;
use ort::ep::{ArbitrarilyConfigurableExecutionProvider, ExecutionProvider, OpenVINO};
use ort::logging::LogLevel;
use ort::session::Session;
use ort::session::builder::SessionBuilder;
use ort::value::{Outlet, TensorElementType, TensorRef};

use super::{Engine, EngineError, Output, Port, guarded, library};

const NAME: &str = "ort";
const CPU: &str = "ort/cpu";
const OPENVINO: &str = "ort/openvino";

struct OnnxRuntime {
    name: &'static str,
    session: Session,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
    /// The shape of the last output.
    shape: Vec<usize>,
}

/// Loads a model with the OpenVINO provider, in f32.
pub(super) fn openvino(model: &[u8], threads: usize) -> Result<Box<dyn Engine>, EngineError> {
    let environment = environment()?;
    if !guarded(OPENVINO, || OpenVINO::is_available().map_err(said(OPENVINO)))? {
        return Err(EngineError::new(OPENVINO, "this ONNX Runtime has no OpenVINO provider"));
    }
    // bf16 is faster where the CPU has it, but moves boxes and scores.
    let load_config = format!(
        r#"{{"CPU":{{"INFERENCE_PRECISION_HINT":"f32","PERFORMANCE_HINT":"LATENCY","INFERENCE_NUM_THREADS":"{threads}"}}}}"#
    );
    let provider = OpenVINO::default()
        .with_device_type("CPU")
        .with_arbitrary_config("load_config", load_config)
        .build()
        .error_on_failure();
    load(OPENVINO, model, || {
        builder(environment, threads, OPENVINO)?
            .with_execution_providers([provider])
            .map_err(said(OPENVINO))
    })
}

/// Loads a model on the CPU.
pub(super) fn cpu(model: &[u8], threads: usize) -> Result<Box<dyn Engine>, EngineError> {
    let environment = environment()?;
    load(CPU, model, || builder(environment, threads, CPU))
}

/// One environment per process, as ONNX Runtime asks; made with the first library that loads.
fn environment() -> Result<&'static Environment, EngineError> {
    static ENVIRONMENT: OnceLock<Result<Environment, EngineError>> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| guarded(NAME, start)).as_ref().map_err(Clone::clone)
}

fn start() -> Result<Environment, EngineError> {
    let candidates = library::library_candidates();
    let mut refused = Vec::new();
    for path in &candidates {
        // Looked at first, since the loader's own message is long and hides the reason.
        if !path.is_file() {
            refused.push(format!("{} does not exist", path.display()));
            continue;
        }
        match ort::init_from(path) {
            Ok(builder) => {
                return builder
                    .with_name("razz")
                    .with_telemetry(false)
                    .build()
                    .inspect(|environment| environment.set_log_level(LogLevel::Error))
                    .map_err(said(NAME));
            }
            Err(error) => refused.push(error.to_string()),
        }
    }
    if refused.is_empty() {
        let cache = library::cache_folder().map(|path| path.display().to_string());
        refused.push(format!(
            "no ONNX Runtime library (libonnxruntime.so) is in the system's library folders or in \
             {}, and ORT_DYLIB_PATH is not set",
            cache.as_deref().unwrap_or("a cache folder")
        ));
    }
    Err(EngineError::new(NAME, refused.join("; ")))
}

/// What both have in common. Threads that wait do not spin: video needs the cores.
fn builder(
    environment: &Environment,
    threads: usize,
    name: &str,
) -> Result<SessionBuilder, EngineError> {
    Session::builder(environment)
        .map_err(said(name))?
        .with_log_level(LogLevel::Error)
        .map_err(said(name))?
        .with_intra_threads(threads)
        .map_err(said(name))?
        .with_inter_threads(1)
        .map_err(said(name))?
        .with_intra_op_spinning(false)
        .map_err(said(name))?
        .with_inter_op_spinning(false)
        .map_err(said(name))
}

fn load(
    name: &'static str,
    model: &[u8],
    builder: impl FnOnce() -> Result<SessionBuilder, EngineError>,
) -> Result<Box<dyn Engine>, EngineError> {
    let session = guarded(name, || builder()?.commit_from_memory(model).map_err(said(name)))?;
    let (inputs, outputs) = (ports(session.inputs()), ports(session.outputs()));
    if inputs.is_empty() || outputs.is_empty() {
        return Err(EngineError::new(name, "the model has no input or no output"));
    }
    Ok(Box::new(OnnxRuntime { name, session, inputs, outputs, shape: Vec::new() }))
}

/// Their errors are not `Send`, whatever they carry: kept as text.
fn said<T>(name: &str) -> impl FnOnce(ort::Error<T>) -> EngineError {
    move |error| EngineError::new(name, error)
}

fn ports(outlets: &[Outlet]) -> Vec<Port> {
    outlets
        .iter()
        .map(|outlet| Port {
            name: outlet.name().to_owned(),
            // Open dimensions are -1.
            shape: outlet
                .dtype()
                .tensor_shape()
                .map(|shape| shape.iter().map(|size| usize::try_from(*size).ok()).collect()),
            is_f32: Some(outlet.dtype().tensor_type() == Some(TensorElementType::Float32)),
        })
        .collect()
}

impl Engine for OnnxRuntime {
    fn name(&self) -> &str {
        self.name
    }

    fn inputs(&self) -> &[Port] {
        &self.inputs
    }

    fn outputs(&self) -> &[Port] {
        &self.outputs
    }

    fn run(
        &mut self,
        input: &[f32],
        shape: [usize; 4],
        read: &mut dyn FnMut(Output<'_>),
    ) -> Result<(), EngineError> {
        let name = self.name;
        let (session, last_shape) = (&mut self.session, &mut self.shape);
        guarded(name, || {
            let tensor = TensorRef::from_array_view((shape, input)).map_err(said(name))?;
            let outputs = session.run(ort::inputs![tensor]).map_err(said(name))?;
            let value = outputs
                .values()
                .next()
                .ok_or_else(|| EngineError::new(name, "the model gave no output"))?;
            let (shape, data) = value.try_extract_tensor::<f32>().map_err(said(name))?;
            last_shape.clear();
            last_shape.extend(shape.iter().map(|size| *size as usize));
            read(Output { shape: last_shape, data });
            Ok(())
        })
    }
}
