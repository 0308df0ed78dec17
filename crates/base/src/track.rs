//! What the tracker says, per frame.

use std::sync::Arc;

use crate::{ClassId, FrameKey, Rect, Size, TrackId, WallTime};

/// How a track is kept alive.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TrackSource {
    /// By motion and overlap.
    ByteTrack,
    /// By re-identification, until motion and overlap alone match it again.
    DeepSort,
}

/// How the box of a track on one frame was obtained; not the track's life cycle.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TrackState {
    /// A detection of this very frame.
    Matched,
    /// The motion model.
    Predicted,
}

/// One object on one frame.
#[derive(Clone, PartialEq, Debug)]
pub struct Track {
    /// The same object has the same id.
    pub id: TrackId,
    /// Where, in pixels of the frame.
    pub bbox: Rect,
    /// What.
    pub class: ClassId,
    /// The score of the last matched detection.
    pub confidence: f64,
    /// How it is kept alive.
    pub source: TrackSource,
    /// Matched on this frame, or predicted.
    pub state: TrackState,
    /// Microseconds of media time since it was last matched.
    pub age_us: i64,
    /// Pixels per second of the left, top, right and bottom edge.
    pub velocity: [f64; 4],
}

/// All tracks for one frame key, as published.
#[derive(Clone, PartialEq, Debug)]
pub struct TrackFrame {
    /// The frame.
    pub key: FrameKey,
    /// When the camera took it.
    pub wall: WallTime,
    /// The size that boxes refer to.
    pub size: Size,
    /// Whether detection ran on this frame.
    pub detected: bool,
    /// The objects.
    pub tracks: Arc<[Track]>,
}
