//! ONNX Runtime, loaded at run time, with one of its execution providers.

use std::sync::OnceLock;

use half::f16;
use half::slice::HalfFloatSliceExt as _;
use ort::environment::Environment;
use ort::ep::{
    ArbitrarilyConfigurableExecutionProvider, CUDA, ExecutionProvider, ExecutionProviderDispatch,
    OpenVINO, TensorRT,
};
use ort::logging::LogLevel;
use ort::session::builder::SessionBuilder;
use ort::session::{Session, SessionInputValue};
use ort::value::{DynValue, Outlet, TensorElementType, TensorRef};

use super::{
    Device, Element, Elements, Engine, EngineError, EngineOptions, Port, Precision, Tensor,
    cpu_has_bf16, guarded, library,
};

const NAME: &str = "ort";
/// Pictures in a run on a GPU, where the model leaves it open: small enough that none waits long.
const GPU_BATCH: usize = 4;

/// What runs inside ONNX Runtime.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Provider {
    Cpu,
    OpenVino,
    Cuda,
    TensorRt,
}

impl Provider {
    fn name(self) -> &'static str {
        match self {
            Self::Cpu => "ort/cpu",
            Self::OpenVino => "ort/openvino",
            Self::Cuda => "ort/cuda",
            Self::TensorRt => "ort/tensorrt",
        }
    }

    fn on_gpu(self) -> bool {
        matches!(self, Self::Cuda | Self::TensorRt)
    }

    /// An error where the library was built without it.
    fn check(self) -> Result<(), EngineError> {
        let name = self.name();
        let (provider, available) = match self {
            Self::Cpu => return Ok(()),
            Self::OpenVino => ("OpenVINO", guarded(name, || asked(OpenVINO::is_available()))?),
            Self::Cuda => ("CUDA", guarded(name, || asked(CUDA::is_available()))?),
            Self::TensorRt => ("TensorRT", guarded(name, || asked(TensorRT::is_available()))?),
        };
        let missing =
            || EngineError::missing(name, format!("this ONNX Runtime has no {provider} provider"));
        if available { Ok(()) } else { Err(missing()) }
    }

    /// The precision that it computes in when that of the options is asked for.
    fn precision(self, EngineOptions { precision, device, .. }: &EngineOptions) -> Precision {
        let on_cpu = *device == Device::Usual;
        match (self, *precision) {
            (Self::OpenVino, Precision::Bf16) if on_cpu && cpu_has_bf16() => Precision::Bf16,
            (Self::TensorRt, Precision::Bf16) => Precision::Bf16,
            _ => Precision::F32,
        }
    }

    /// What to register with the session, first come first served; the CPU is always behind it.
    fn dispatch(
        self,
        precision: Precision,
        &EngineOptions { threads, device, .. }: &EngineOptions,
    ) -> Vec<ExecutionProviderDispatch> {
        let number = if let Device::Number(number) = device { i32::from(number) } else { 0 };
        let cuda = || {
            // TensorFloat-32 keeps 10 bits of each factor, which is not the f32 that was asked for.
            let tf32 = CUDA::default().with_arbitrary_config("use_tf32", "0");
            tf32.with_device_id(number).build().error_on_failure()
        };
        match self {
            Self::Cpu => Vec::new(),
            // Left to itself OpenVINO takes bf16 where the CPU has it, which moves boxes and scores; and
            // ties its threads to cores, those of two models to the same one, and decoding is there too.
            Self::OpenVino => {
                let cpu = format!(
                    r#"{{"CPU":{{"INFERENCE_PRECISION_HINT":"{precision}","PERFORMANCE_HINT":"LATENCY","INFERENCE_NUM_THREADS":"{threads}","ENABLE_CPU_PINNING":"NO"}}}}"#
                );
                let gpu =
                    r#"{"GPU":{"INFERENCE_PRECISION_HINT":"f32","PERFORMANCE_HINT":"LATENCY"}}"#;
                let (name, config) = match device {
                    Device::Usual => ("CPU".to_owned(), Some(cpu)),
                    Device::Gpu => ("GPU".to_owned(), Some(gpu.to_owned())),
                    Device::Number(_) => (format!("GPU.{number}"), Some(gpu.to_owned())),
                    // They know best what they are good at.
                    Device::Npu => ("NPU".to_owned(), None),
                    Device::Auto => ("AUTO".to_owned(), None),
                };
                let mut provider = OpenVINO::default().with_device_type(name);
                if let Some(config) = config {
                    provider = provider.with_arbitrary_config("load_config", config);
                }
                vec![provider.build().error_on_failure()]
            }
            Self::Cuda => vec![cuda()],
            Self::TensorRt => {
                let mut provider = TensorRT::default()
                    .with_device_id(number)
                    .with_bf16(precision == Precision::Bf16);
                // What it compiles in a minute or more is kept for the next start.
                let cache = library::cache_folder().map(|folder| folder.with_file_name("tensorrt"));
                if let Some(cache) = cache.filter(|cache| std::fs::create_dir_all(cache).is_ok()) {
                    provider = provider
                        .with_engine_cache(true)
                        .with_engine_cache_path(cache.display())
                        .with_timing_cache(true)
                        .with_timing_cache_path(cache.display());
                }
                vec![provider.build().error_on_failure(), cuda()]
            }
        }
    }
}

struct OnnxRuntime {
    provider: Provider,
    precision: Precision,
    session: Session,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
    /// The shapes of the last outputs.
    shapes: Vec<Vec<usize>>,
    /// Inputs and outputs of 16-bit floats, on their way to and from 32 bits; empty for others.
    halves: Vec<Vec<f16>>,
    floats: Vec<Vec<f32>>,
}

/// Loads a model with a provider.
pub(super) fn open(
    model: &[u8],
    provider: Provider,
    options: &EngineOptions,
) -> Result<Box<dyn Engine>, EngineError> {
    let environment = environment(provider)?;
    provider.check()?;
    let (name, precision) = (provider.name(), provider.precision(options));
    let session = guarded(name, || {
        builder(environment, options.threads, name)?
            .with_execution_providers(provider.dispatch(precision, options))
            .map_err(said(name))?
            .commit_from_memory(model)
            .map_err(said(name))
    })?;
    let (inputs, outputs) = (ports(session.inputs()), ports(session.outputs()));
    if inputs.is_empty() || outputs.is_empty() {
        return Err(EngineError::new(name, "the model has no input or no output"));
    }
    Ok(Box::new(OnnxRuntime {
        provider,
        precision,
        session,
        inputs,
        outputs,
        shapes: Vec::new(),
        halves: Vec::new(),
        floats: Vec::new(),
    }))
}

/// One environment per process, as ONNX Runtime asks; made with the first library that loads.
/// `provider` is the one that is wanted at that time.
fn environment(provider: Provider) -> Result<&'static Environment, EngineError> {
    static ENVIRONMENT: OnceLock<Result<Environment, EngineError>> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| guarded(NAME, || start(provider))).as_ref().map_err(Clone::clone)
}

fn start(provider: Provider) -> Result<Environment, EngineError> {
    let mut candidates = library::library_candidates();
    if provider.on_gpu() {
        // Stable: among equals the order stays.
        candidates.sort_by_key(|path| !library::has_provider(path, "cuda"));
    }
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
                    .inspect(|environment| environment.set_log_level(LogLevel::Fatal))
                    .map_err(said(NAME));
            }
            Err(error) => refused.push(error.to_string()),
        }
    }
    if refused.is_empty() {
        let cache = library::cache_folder().map(|path| path.display().to_string());
        return Err(EngineError::missing(
            NAME,
            format!(
                "no ONNX Runtime library (libonnxruntime.so) is in the system's library folders or \
                 in {}, and ORT_DYLIB_PATH is not set",
                cache.as_deref().unwrap_or("a cache folder")
            ),
        ));
    }
    Err(EngineError::new(NAME, refused.join("; ")))
}

/// What all have in common. Threads that wait do not spin: video needs the cores. What goes wrong is
/// returned as an error, so it is not said on stderr as well.
fn builder(
    environment: &Environment,
    threads: usize,
    name: &str,
) -> Result<SessionBuilder, EngineError> {
    Session::builder(environment)
        .map_err(said(name))?
        .with_log_level(LogLevel::Fatal)
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

/// Their errors are not `Send`, whatever they carry: kept as text.
fn said<T>(name: &str) -> impl FnOnce(ort::Error<T>) -> EngineError {
    move |error| EngineError::new(name, gist(&error.to_string()))
}

/// What ONNX Runtime says, without the place in its source, as in
/// `/src/session.cc:12 void onnxruntime::f() [ONNXRuntimeError] : 1 : FAIL : what is wrong`.
fn gist(text: &str) -> &str {
    let Some((_, rest)) = text.rsplit_once("[ONNXRuntimeError] : ") else { return text };
    rest.splitn(3, " : ").nth(2).unwrap_or(rest)
}

fn asked(answer: ort::Result<bool>) -> Result<bool, EngineError> {
    answer.map_err(said(NAME))
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
            element: outlet.dtype().tensor_type().map(|kind| match kind {
                TensorElementType::Float32 => Element::F32,
                TensorElementType::Float16 => Element::F16,
                TensorElementType::Int64 => Element::I64,
                TensorElementType::Int32 => Element::I32,
                _ => Element::Other,
            }),
        })
        .collect()
}

impl Engine for OnnxRuntime {
    fn name(&self) -> &str {
        self.provider.name()
    }

    fn precision(&self) -> Precision {
        self.precision
    }

    fn batch(&self) -> usize {
        if self.provider.on_gpu() { GPU_BATCH } else { 1 }
    }

    fn inputs(&self) -> &[Port] {
        &self.inputs
    }

    fn outputs(&self) -> &[Port] {
        &self.outputs
    }

    fn run(
        &mut self,
        inputs: &[Tensor<'_>],
        read: &mut dyn FnMut(&[Tensor<'_>]),
    ) -> Result<(), EngineError> {
        let name = self.provider.name();
        let Self { session, shapes, halves, floats, inputs: ports, .. } = self;
        guarded(name, || {
            halves.resize_with(inputs.len(), Vec::new);
            let inputs: Vec<SessionInputValue<'_>> = inputs
                .iter()
                .zip(ports.iter())
                .zip(halves.iter_mut())
                .map(|((input, port), halves)| taken(input, port, halves, name))
                .collect::<Result<_, _>>()?;
            let outputs = session.run(inputs.as_slice()).map_err(said(name))?;
            shapes.resize_with(outputs.len(), Vec::new);
            floats.resize_with(outputs.len(), Vec::new);
            let given = shapes
                .iter_mut()
                .zip(floats.iter_mut())
                .enumerate()
                .map(|(at, (shape, floats))| given(&outputs[at], shape, floats, name))
                .collect::<Result<Vec<_>, _>>()?;
            read(&given);
            Ok(())
        })
    }
}

/// An input as ONNX Runtime takes it, not copied but for `halves` where it takes 16-bit floats.
fn taken<'a>(
    input: &Tensor<'a>,
    port: &Port,
    halves: &'a mut Vec<f16>,
    name: &str,
) -> Result<SessionInputValue<'a>, EngineError> {
    let shape = input.shape.to_vec();
    let value = match input.values {
        Elements::F32(values) if port.element == Some(Element::F16) => {
            halves.resize(values.len(), f16::ZERO);
            halves.convert_from_f32_slice(values);
            TensorRef::from_array_view((shape, halves.as_slice())).map(Into::into)
        }
        Elements::F32(values) => TensorRef::from_array_view((shape, values)).map(Into::into),
        Elements::I64(values) => TensorRef::from_array_view((shape, values)).map(Into::into),
        Elements::I32(values) => TensorRef::from_array_view((shape, values)).map(Into::into),
        Elements::Other => return Err(EngineError::new(name, "an input without values")),
    };
    value.map_err(said(name))
}

/// An output where it lies, or in `floats` where it has 16 bits; `shape` takes its dimensions.
fn given<'a>(
    value: &'a DynValue,
    shape: &'a mut Vec<usize>,
    floats: &'a mut Vec<f32>,
    name: &str,
) -> Result<Tensor<'a>, EngineError> {
    let dtype = value.dtype();
    let kind = dtype.tensor_type();
    shape.clear();
    if let Some(sizes) = dtype.tensor_shape() {
        shape.extend(sizes.iter().map(|size| *size as usize));
    }
    let values = match kind {
        Some(TensorElementType::Float32) => {
            Elements::F32(value.try_extract_tensor().map_err(said(name))?.1)
        }
        Some(TensorElementType::Float16) => {
            let halves: &[f16] = value.try_extract_tensor().map_err(said(name))?.1;
            floats.resize(halves.len(), 0.0);
            halves.convert_to_f32_slice(floats);
            Elements::F32(floats)
        }
        Some(TensorElementType::Int64) => {
            Elements::I64(value.try_extract_tensor().map_err(said(name))?.1)
        }
        Some(TensorElementType::Int32) => {
            Elements::I32(value.try_extract_tensor().map_err(said(name))?.1)
        }
        _ => Elements::Other,
    };
    Ok(Tensor { shape, values })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gist_of_what_it_says() {
        for (text, gist_of_it) in [
            (
                "/onnxruntime_src/provider.cc:2043 P& onnxruntime::Get() [ONNXRuntimeError] : 1 : \
                 FAIL : Failed to load library x.so with error: y.so: cannot open",
                "Failed to load library x.so with error: y.so: cannot open",
            ),
            ("[ONNXRuntimeError] : 2 : INVALID_ARGUMENT : a : b", "a : b"),
            ("[ONNXRuntimeError] : odd", "odd"),
            ("something else", "something else"),
            ("", ""),
        ] {
            assert_eq!(gist(text), gist_of_it);
        }
    }
}
