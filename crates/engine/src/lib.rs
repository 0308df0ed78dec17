//! What to decode, when to detect, what to publish.
//!
//! One [`Camera`] machine per camera, with one way in ([`Camera::handle`]) and one way out
//! ([`Camera::poll`]), a small [`Scheduler`] that shares the detector between them, a [`Crew`]
//! that says by how many copies of it they are served, and a [`Budget`] that says how much of each
//! camera is decoded and detected on when the machine cannot do all of it. No clock, no socket, no pixel: the [`Driver`]
//! hands in frames, pictures' detections and the time, and does what [`Output`] says with the
//! [`Hands`] that it was given.
//!
//! ```text
//! access unit ─► handle(AccessUnit) ─► Decode ─► handle(Decoded) ─► Offer ─► detector slot
//!                      │                             │ nothing moves           │
//!                      ▼ every frame, in order       ▼ Unchanged               ▼
//!                   Publish (predicted) ◄───── tracker ◄──── handle(Detections) / Embeddings
//! ```
//!
//! [`presence`] goes on from there: from published tracks to visits that begin and end.
//!
//! Before `Decoded` the driver may say how the camera moved since the frame before
//! ([`Input::Moved`]); the tracker is taken to the view of each frame that it is asked or told about.

pub mod budget;
mod camera;
mod crew;
mod driver;
pub mod presence;
mod scheduler;

pub use budget::{Allowance, Budget, GopShare};
pub use camera::{Audience, Camera, Frame, Idle, Idling, Input, Output, Settings};
pub use crew::Crew;
pub use driver::{Counted, Decoded, Driver, Event, Hands};
pub use scheduler::Scheduler;
