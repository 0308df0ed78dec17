//! A synthetic street with exact ground truth, its encoder, and an RTSP camera that shows it.
//!
//! 1. [`Street`] paints every frame of a seed's street and knows what is where;
//! 2. [`Encoder`] makes H.264 of it, [`Footage`] keeps the loop ready, in memory and in a
//!    [`Cache`];
//! 3. [`camera::RtspCamera`] serves footage over RTSP as a camera on the wall would, with its
//!    faults on demand.
//!
//! [`Link`] is the network to a viewer, as bad as is wished.
//!
//! [`Lanes`] is plainer and all in a hurry, for what shall be measured without a detector's doubts.
//!
//! [`DEMO_MODEL`] is a detector that knows this world and no other.

mod cache;
pub mod camera;
mod canvas;
mod dice;
mod encode;
mod footage;
mod lanes;
mod link;
mod street;
mod yuv;

pub use cache::Cache;
pub use canvas::Canvas;
pub use encode::{EncodeError, EncodedFrame, Encoder, Rate};
pub use footage::{Footage, Progress};
pub use lanes::Lanes;
pub use link::{Link, LinkQuality};
pub use street::{Street, Truth};

/// The demo's detector as ONNX, in YOLO11's layout: input `images` [1, 3, 384, 640], output
/// `output0` [1, 84, 5040]. It knows people, bicycles, cars, buses and dogs of [`Street`]s, and
/// nothing of the real world. See `model/README.md`.
pub const DEMO_MODEL: &[u8] = include_bytes!("../model/demo.onnx");
