//! What goes in: what happened at a camera, with its time on the wall.

use std::sync::Arc;

use razz_base::{CameraId, Direction, MediaTime, TrackId};

/// Something that happened, or that is so from now on. Areas and classes go by their names.
///
/// Each has its own time, in UTC µs since 1970, which may lie a little before that at which it is handed
/// over. One that is told again, such as the correction of a fact or what is so after a restart, changes
/// only what is different about it.
#[derive(Clone, PartialEq, Debug)]
pub enum Occasion {
    /// Somebody crossed a line.
    Crossing {
        /// At which camera.
        camera: CameraId,
        /// Over which line.
        area: Arc<str>,
        /// What crossed.
        class: Arc<str>,
        /// Which way.
        direction: Direction,
        /// When.
        at_us: i64,
        /// The fact's place on the camera's timeline; with the track it tells this crossing from others.
        media: MediaTime,
        /// Who.
        track: TrackId,
        /// Nobody saw it: counted elsewhere, and no alarm.
        bridged: bool,
        /// How fast, in metres a second, where that is known.
        speed_mps: Option<f64>,
    },
    /// Somebody is in a zone, or was.
    Visit {
        /// At which camera.
        camera: CameraId,
        /// In which zone.
        area: Arc<str>,
        /// What is there.
        class: Arc<str>,
        /// Who.
        track: TrackId,
        /// The fact's place on the camera's timeline; with the track it tells this visit from others.
        media: MediaTime,
        /// Since when.
        from_us: i64,
        /// Whether it came in over the edge; otherwise it was there when it was first seen.
        entered: bool,
        /// Until when; `None` while it goes on.
        until_us: Option<i64>,
        /// Whether it left over the edge; otherwise it was lost there. Of a visit that is over.
        left: bool,
    },
    /// How many are in a zone from now on.
    Occupancy {
        /// At which camera.
        camera: CameraId,
        /// In which zone.
        area: Arc<str>,
        /// Since when.
        at_us: i64,
        /// That, on the camera's timeline.
        media: MediaTime,
        /// By class.
        classes: Vec<(Arc<str>, u32)>,
        /// All together.
        total: u32,
    },
    /// Something came into a camera's picture.
    Appeared {
        /// At which camera.
        camera: CameraId,
        /// What.
        class: Arc<str>,
        /// Which.
        track: TrackId,
        /// When.
        at_us: i64,
        /// That, on the camera's timeline.
        media: MediaTime,
    },
    /// A camera is reached from now on, or is not.
    CameraState {
        /// Which.
        camera: CameraId,
        /// Since when.
        at_us: i64,
        /// Whether it is.
        online: bool,
    },
    /// A camera that should be recorded is from now on, or is not. One that should not be is not told.
    RecordingState {
        /// Which.
        camera: CameraId,
        /// Since when.
        at_us: i64,
        /// Whether it is.
        recording: bool,
    },
    /// A crossing or visit was told wrongly: there was none.
    Retracted {
        /// At which camera.
        camera: CameraId,
        /// Over which line or in which zone.
        area: Arc<str>,
        /// Whose it was.
        track: TrackId,
        /// Its place on the camera's timeline, as it was told.
        media: MediaTime,
        /// When that was found, not when it would have been.
        at_us: i64,
    },
    /// A camera or an area is no more, or what is known of it begins anew: nothing is so there now.
    Gone {
        /// Which camera.
        camera: CameraId,
        /// Which line or zone; `None` the camera and all of them.
        area: Option<Arc<str>>,
        /// Since when.
        at_us: i64,
    },
}

impl Occasion {
    /// Its own time, by which it is judged: that of a visit's end where it is over.
    pub fn at_us(&self) -> i64 {
        match self {
            Self::Visit { from_us, until_us, .. } => until_us.unwrap_or(*from_us),
            Self::Crossing { at_us, .. }
            | Self::Occupancy { at_us, .. }
            | Self::Appeared { at_us, .. }
            | Self::CameraState { at_us, .. }
            | Self::RecordingState { at_us, .. }
            | Self::Retracted { at_us, .. }
            | Self::Gone { at_us, .. } => *at_us,
        }
    }

    /// At which camera.
    pub fn camera(&self) -> CameraId {
        match self {
            Self::Crossing { camera, .. }
            | Self::Visit { camera, .. }
            | Self::Occupancy { camera, .. }
            | Self::Appeared { camera, .. }
            | Self::CameraState { camera, .. }
            | Self::RecordingState { camera, .. }
            | Self::Retracted { camera, .. }
            | Self::Gone { camera, .. } => *camera,
        }
    }

    /// Whether it says what is so from then on, for which the order of times matters: it waits until
    /// nothing before it is expected any more.
    pub(crate) fn waits(&self) -> bool {
        !matches!(self, Self::Crossing { .. } | Self::Appeared { .. })
    }
}
