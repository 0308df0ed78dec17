//! Access units to pictures, pictures to detections and embeddings.
//!
//! A camera's thread owns a [`Decoder`]; what it hands out are [`Picture`]s, cheap to clone, which
//! carry the [frame key](razz_base::FrameKey) of the access unit they were decoded from. An
//! inference thread owns a [`Detector`] (and perhaps an [`Embedder`]) and works on pictures of all
//! cameras. Nothing here reads a clock, opens a socket or starts a thread, except those that an
//! inference engine starts for itself while a model loads; they inherit the priority of the thread
//! that called `load`.
//!
//! In reading order: [`Picture`] and [`Colour`], [`Decoder`], [`Letterbox`] and its
//! [`InputFormat`], [`engine`] (rten, ONNX Runtime), [`Detector`], [`Embedder`], [`encode_jpeg`].

mod canvas;
mod classes;
mod colour;
mod decode;
mod detector;
mod embed;
pub mod engine;
mod feed;
mod fit;
mod glance;
mod heads;
mod input;
#[doc(hidden)]
pub mod inside;
mod jpeg;
mod letterbox;
mod model;
mod moment;
mod motion;
mod onnx;
mod picture;
mod rendition;
mod resample;
mod simd;
mod weights;

pub use canvas::{Canvas, Scaling, VideoEncoder};
pub use decode::{
    DecodeError, Decoder, DecoderCheck, DecoderCounts, DecoderEngine, Decoders, FfmpegError,
    Hardware, check_decoders, decode_newest,
};
pub use detector::{DetectError, Detector, DetectorSettings, Step};
pub use embed::{Embedder, HistogramEmbedder, OnnxEmbedder, builtin_embedder};
pub use engine::{Device, EngineChoice, Note, NoteLevel, Precision};
pub use glance::Glance;
pub use heads::{Beside, Family, MOST_DETECTIONS};
pub use input::{ChannelOrder, Geometry, InputFormat, Placement, Values};
pub use jpeg::{JpegError, encode_jpeg};
pub use letterbox::Letterbox;
pub use model::{ModelError, ModelSource};
pub use moment::Moments;
pub use motion::{CameraMotion, MotionEstimator, MotionUnknown, View};
pub use picture::{Picture, Plane};
pub use razz_media::h264::{Colour, Matrix};
pub use rendition::{Encoded, Rendition, RenditionError};
pub use weights::WeightsError;
