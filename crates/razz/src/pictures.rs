//! The cameras' newest pictures, for snapshots of what comes.

use std::sync::Arc;

use razz_analysis::Pictures;
use razz_base::{CameraId, FrameKey};
use razz_notify::PictureSource;
use razz_vision::Picture;

/// The pictures that analysis keeps.
pub(crate) struct NewestPictures(pub(crate) Arc<Pictures>);

impl PictureSource for NewestPictures {
    fn of(&self, frame: FrameKey) -> Option<Picture> {
        self.0.of(frame)
    }

    fn newest(&self, camera: CameraId) -> Option<Picture> {
        self.0.newest(camera).or_else(|| self.0.newest_detected(camera))
    }
}
