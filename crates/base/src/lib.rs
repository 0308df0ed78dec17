//! The words everyone in razz shares: ids, clocks, geometry, access units, detections, tracks.
//!
//! Nothing here does I/O or looks at a clock. A frame is named by its [`FrameKey`], a camera and a
//! [`MediaTime`]; that key joins the access unit, the decoded picture, the detections and the
//! tracks, and its low 32 bits are the RTP timestamp that browsers see.

mod access_unit;
mod affine;
mod backoff;
mod camera;
mod detection;
mod direction;
mod geometry;
mod id;
pub mod ntp;
mod oddities;
pub mod plain;
mod rung;
mod stream;
mod time;
mod track;

pub use access_unit::AccessUnit;
pub use affine::Affine;
pub use backoff::Backoff;
pub use camera::{CameraState, DetectFrom, DetectRate, EventKind, RecordMode, Transport};
pub use detection::{ClassId, ClassNames, Detection, Embedding};
pub use direction::Direction;
pub use geometry::{PixelAspect, Rect, Size};
pub use id::{CameraId, FrameKey, ParseCameraIdError, RunId, TrackId};
pub use rung::{Quality, Rung, RungFormat};
pub use stream::{Codec, Decodable, Samples, StreamFormat, StreamId, StreamKind};
pub use time::{CLOCK_RATE, MediaTime, MonoTime, WallQuality, WallTime};
pub use track::{Track, TrackFrame, TrackSource, TrackState};
