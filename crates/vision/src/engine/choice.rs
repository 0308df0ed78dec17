//! Which engine to use, and how exactly it computes.

use std::fmt;
use std::str::FromStr;

/// Which engine to use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum EngineChoice {
    /// The fastest of ONNX Runtime's providers that work here, as measured where a clock is given,
    /// else in the order CUDA, OpenVINO, CPU; rten where ONNX Runtime is not found.
    #[default]
    Auto,
    /// The same without rten: an error where ONNX Runtime is not found.
    Ort,
    /// ONNX Runtime on the CPU.
    OrtCpu,
    /// ONNX Runtime with its OpenVINO provider, on the CPU.
    OrtOpenVino,
    /// ONNX Runtime with its CUDA provider.
    OrtCuda,
    /// ONNX Runtime with its TensorRT provider, CUDA for what TensorRT cannot do. It compiles the
    /// model when it is loaded, for a minute or more, so it is never chosen by itself.
    OrtTensorRt,
    /// rten, built in.
    Rten,
}

impl EngineChoice {
    /// Every choice with its name in settings.
    pub const ALL: [(&'static str, Self); 7] = [
        ("auto", Self::Auto),
        ("ort", Self::Ort),
        ("ort/cpu", Self::OrtCpu),
        ("ort/openvino", Self::OrtOpenVino),
        ("ort/cuda", Self::OrtCuda),
        ("ort/tensorrt", Self::OrtTensorRt),
        ("rten", Self::Rten),
    ];

    /// Whether it needs a GPU.
    pub fn on_gpu(self) -> bool {
        matches!(self, Self::OrtCuda | Self::OrtTensorRt)
    }
}

impl fmt::Display for EngineChoice {
    /// Its name in settings.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_name(f, &Self::ALL, *self)
    }
}

/// What is not an engine's name.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("there is no engine \"{0}\"; it is one of {list}", list = names(&EngineChoice::ALL))]
pub struct ParseEngineError(String);

impl FromStr for EngineChoice {
    type Err = ParseEngineError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        find(&Self::ALL, text).ok_or_else(|| ParseEngineError(text.to_owned()))
    }
}

/// On which of a machine's devices an engine computes, where it leaves the choice.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Device {
    /// OpenVINO on the CPU, CUDA and TensorRT on the first GPU.
    #[default]
    Usual,
    /// OpenVINO on an Intel GPU.
    Gpu,
    /// OpenVINO on an Intel NPU.
    Npu,
    /// OpenVINO on what it thinks best.
    Auto,
    /// The GPU of this number, from 0: OpenVINO's, or NVIDIA's for CUDA and TensorRT.
    Number(u8),
}

impl Device {
    /// Every device that has a name in settings.
    pub const ALL: [(&'static str, Self); 4] =
        [("", Self::Usual), ("gpu", Self::Gpu), ("npu", Self::Npu), ("auto", Self::Auto)];
}

impl fmt::Display for Device {
    /// Its name in settings.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            named => write_name(f, &Self::ALL, *named),
        }
    }
}

/// What is no device's name.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "there is no device \"{0}\"; it is \"gpu\", \"npu\", \"auto\", a GPU's number, or \"\" for the usual one"
)]
pub struct ParseDeviceError(String);

impl FromStr for Device {
    type Err = ParseDeviceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = || text.parse().ok().map(Self::Number);
        find(&Self::ALL, text).or_else(number).ok_or_else(|| ParseDeviceError(text.to_owned()))
    }
}

/// With how many bits an engine computes; what goes in and comes out is f32 in any case.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Precision {
    /// 32-bit floats, as the model was trained.
    #[default]
    F32,
    /// 16-bit "brain" floats, where engine and CPU have them: faster, and scores and boxes move a
    /// little. Elsewhere f32 is used, and a note says so.
    Bf16,
}

impl Precision {
    /// Every precision with its name in settings.
    pub const ALL: [(&'static str, Self); 2] = [("f32", Self::F32), ("bf16", Self::Bf16)];
}

impl fmt::Display for Precision {
    /// Its name in settings.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_name(f, &Self::ALL, *self)
    }
}

/// What is not a precision's name.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "there is no precision \"{0}\"; it is one of {list} (for int8, name a model file that was quantised to int8)",
    list = names(&Precision::ALL)
)]
pub struct ParsePrecisionError(String);

impl FromStr for Precision {
    type Err = ParsePrecisionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        find(&Self::ALL, text).ok_or_else(|| ParsePrecisionError(text.to_owned()))
    }
}

/// Whether this CPU computes with bf16 (AVX-512 BF16, AMX-BF16, or Arm's BF16).
pub fn cpu_has_bf16() -> bool {
    // `is_x86_feature_detected!` knows no AMX yet; every CPU with AMX-BF16 has AVX-512 BF16.
    #[cfg(target_arch = "x86_64")]
    let has = std::arch::is_x86_feature_detected!("avx512bf16");
    #[cfg(target_arch = "aarch64")]
    let has = std::arch::is_aarch64_feature_detected!("bf16");
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let has = false;
    has
}

fn find<T: Copy>(all: &[(&str, T)], name: &str) -> Option<T> {
    all.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

fn write_name<T: PartialEq>(
    f: &mut fmt::Formatter<'_>,
    all: &[(&str, T)],
    value: T,
) -> fmt::Result {
    all.iter().filter(|(_, known)| *known == value).try_for_each(|(name, _)| f.write_str(name))
}

fn names<T>(all: &[(&str, T)]) -> String {
    all.iter().map(|(name, _)| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

/// How to run a model.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EngineOptions {
    /// On what.
    pub choice: EngineChoice,
    /// How exactly, where the engine can.
    pub precision: Precision,
    /// Threads of an engine on the CPU; at least one.
    pub threads: usize,
    /// On which device, where the engine leaves the choice.
    pub device: Device,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_have_names() {
        for (name, choice) in EngineChoice::ALL {
            assert_eq!((name.parse(), choice.to_string()), (Ok(choice), name.to_owned()));
        }
        for (name, precision) in Precision::ALL {
            assert_eq!((name.parse(), precision.to_string()), (Ok(precision), name.to_owned()));
        }
        for wrong in ["", "Ort", "openvino", "tract"] {
            let error = wrong.parse::<EngineChoice>().unwrap_err().to_string();
            assert!(error.contains(&format!("{wrong:?};")) && error.contains("\"ort/cuda\""));
        }
        for (name, device) in
            Device::ALL.into_iter().chain([("0", Device::Number(0)), ("12", Device::Number(12))])
        {
            assert_eq!((name.parse(), device.to_string()), (Ok(device), name.to_owned()));
        }
        for wrong in ["cpu ", "GPU", "-1", "256"] {
            assert!(wrong.parse::<Device>().is_err(), "{wrong}");
        }
        let error = "int8".parse::<Precision>().unwrap_err().to_string();
        assert!(error.contains("\"int8\"") && error.contains("quantised"), "{error}");
    }
}
