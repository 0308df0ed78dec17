//! The newest pictures of every camera, for those who show or describe one.

use std::collections::HashMap;
use std::sync::Mutex;

use razz_base::{CameraId, FrameKey};
use razz_hub::lock;
use razz_vision::Picture;

/// Of each camera, the picture decoded last and the one whose detections came last.
#[derive(Default)]
pub struct Pictures(Mutex<HashMap<CameraId, Kept>>);

#[derive(Default)]
struct Kept {
    decoded: Option<Picture>,
    detected: Option<Picture>,
}

impl Pictures {
    /// The picture of a camera decoded last, if any.
    pub fn newest(&self, camera: CameraId) -> Option<Picture> {
        lock(&self.0).get(&camera)?.decoded.clone()
    }

    /// The picture of a camera whose detections came last, if any: one of its sub-stream, where that is
    /// detected on.
    pub fn newest_detected(&self, camera: CameraId) -> Option<Picture> {
        lock(&self.0).get(&camera)?.detected.clone()
    }

    /// The picture of this very frame, if it is one of the newest.
    pub fn of(&self, frame: FrameKey) -> Option<Picture> {
        let all = lock(&self.0);
        let kept = all.get(&frame.camera)?;
        let of_frame = |picture: &&Picture| picture.key == frame;
        [&kept.detected, &kept.decoded].into_iter().flatten().find(of_frame).cloned()
    }

    pub(crate) fn keep_decoded(&self, picture: Picture) {
        let camera = picture.key.camera;
        lock(&self.0).entry(camera).or_default().decoded = Some(picture);
    }

    pub(crate) fn keep_detected(&self, picture: Picture) {
        let camera = picture.key.camera;
        lock(&self.0).entry(camera).or_default().detected = Some(picture);
    }

    /// A camera is gone.
    pub fn forget(&self, camera: CameraId) {
        lock(&self.0).remove(&camera);
    }
}
