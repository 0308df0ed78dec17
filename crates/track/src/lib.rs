//! Detections to tracks: which box on this picture is which object of the pictures before.
//!
//! Three trackers behind one door, [`Tracker`]:
//! - [`Kind::Hybrid`], razz's own: ByteTrack's stages on a filter that knows how much time passed
//!   and how the camera moved, and re-identification only when a track was lost and something new
//!   stands where it could be. `docs/design/tracking.md` has its costs, gates and measured tables.
//! - [`Kind::ByteTrack`]: the original, id for id ([`ByteTrack`] is it without the clock).
//! - [`Kind::DeepSort`]: the original, id for id ([`DeepSort`]).
//!
//! Nothing here does I/O, waits or looks at a clock. The run loop:
//!
//! ```
//! use razz_base::{ClassId, Detection, Embedding, MediaTime, Rect, TrackState};
//! use razz_track::{Kind, Settings, Update, build};
//!
//! let mut tracker = build(Kind::Hybrid, &Settings::default());
//! // Someone walks to the right; the detector runs on every third frame of 30 per second.
//! for frame in (0..30).step_by(3) {
//!     let at = MediaTime::from_90k(frame * 3000);
//!     let bbox = Rect::from_center(200.0 + 2.0 * frame as f64, 300.0, 60.0, 150.0);
//!     let detections = [Detection { bbox, class: ClassId(0), score: 0.9 }];
//!     if let Update::NeedEmbeddings(wanted) = tracker.update(at, &detections) {
//!         // A real driver embeds the crops of the picture that it still holds.
//!         let looks = |_: &usize| Embedding::normalised(&[0.2, 0.8, 0.5]);
//!         tracker.resume(&wanted.iter().map(looks).collect::<Vec<_>>());
//!     }
//! }
//! // Two frames later, between detections, the box is predicted.
//! let tracks = tracker.peek(MediaTime::from_90k(29 * 3000));
//! assert_eq!(tracks.len(), 1);
//! assert_eq!(tracks[0].state, TrackState::Predicted);
//! assert!((tracks[0].bbox.center()[0] - 258.0).abs() < 2.0);
//! ```

pub mod assignment;
mod bytetrack;
mod deepsort;
mod hybrid;
pub mod kalman;
pub mod overlap;
mod publish;
mod settings;
mod tracker;

pub use bytetrack::{ByteTrack, ByteTrackTracker, Output};
pub use deepsort::{DeepSort, DeepSortTracker};
pub use hybrid::Hybrid;
pub use settings::{
    ClassRule, DeepSortSettings, HybridSettings, Kind, ParseKindError, Reid, Settings,
    SettingsError,
};
pub use tracker::{Counts, MAX_DETECTIONS, Tracker, Update};

/// A tracker of the kind. Numbers out of their range ([`Settings::check`]) are tolerated: they
/// make poor tracks, never a panic.
pub fn build(kind: Kind, settings: &Settings) -> Box<dyn Tracker> {
    match kind {
        Kind::Hybrid => Box::new(Hybrid::new(settings)),
        Kind::ByteTrack => Box::new(ByteTrackTracker::new(settings)),
        Kind::DeepSort => Box::new(DeepSortTracker::new(settings)),
    }
}
