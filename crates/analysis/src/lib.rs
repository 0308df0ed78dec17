//! Decoding, detection and tracking of the running server's cameras.
//!
//! ```text
//! hub: stream ─► CameraAnalysis (a thread per camera) ─► hub: track frames
//!                   │  ▲
//!                   ▼  │ what was found
//!                 Pool ─► workers, each with a copy of the model
//! ```
//!
//! Beside it, while viewers want smaller encodings of a camera, `renditions` has a thread that makes them.
//!
//! [`CameraAnalysis`] subscribes to a stream and drives that camera's machine of crate `engine` with
//! `hands` made of a decoder, the pool and the hub. The [`Pool`] holds at most one waiting picture of
//! each camera, and a few threads that take the newest picture of the camera whose turn it is.

mod alive;
mod camera;
pub mod detector;
#[cfg(test)]
mod doze_tests;
mod hands;
mod inbox;
mod masks;
mod pictures;
mod pool;
mod renditions;
mod settings;
mod sub;
#[cfg(test)]
mod tests;
mod track_ids;
mod trackers;

pub use camera::CameraAnalysis;
pub use pictures::Pictures;
pub use pool::{Inference, Load, ModelState, Pool, WorkerShare};
pub use settings::AnalysisSettings;
pub use track_ids::{Given, TrackIds};
