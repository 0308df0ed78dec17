//! Where video and track frames are published, and where anyone subscribes to them.
//!
//! ```text
//! ingest ──► Stream ──┬─► viewers' shards    from the key frame at hand
//!                     ├─► analysis           likewise, bounded
//!                     └─► …                  newest only, or lossless and bounded
//! analysis ─► Tracks ─┬─► WebSockets, MQTT, webhooks
//!                     └─► …
//! ```
//!
//! Whoever publishes does not know who subscribes, and never waits: each [`Subscriber`] has a bounded
//! queue of its own and a [`Policy`] that says what it loses when it is slow. What it has lost comes
//! as a [`Gap`] in front of what it gets next.
//!
//! Read in this order: [`queue`] is one subscriber, [`topic`] many of them, [`stream`] a topic of video
//! with the GOP at hand, [`sub`] the smaller stream of a camera, [`renditions`] the encodings that razz makes
//! itself, [`tracks`] the track frames of a camera, [`recording`] whether it is recorded. [`health`] holds the numbers of a camera, [`cameras`] the
//! cameras by their ids, [`facts`] what was counted in their pictures, [`alerts`] what rules
//! have found in that.

pub mod alerts;
pub mod cameras;
pub mod facts;
pub mod health;
pub mod queue;
pub mod recording;
pub mod renditions;
mod run_context;
pub mod stream;
pub mod sub;
pub mod topic;
pub mod tracks;
mod window;

pub use cameras::{Camera, CameraSettings, Cameras};
pub use health::Health;
pub use queue::{Gap, Item, Policy, Received, Subscriber};
pub use renditions::Renditions;
pub use run_context::RunContext;
pub use stream::Stream;
pub use sub::{SubDetection, SubStream};
pub use topic::{Attachment, Topic};
pub use tracks::{Published, Tracks};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks; a panic elsewhere while the lock was held leaves values that are still good to read.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
