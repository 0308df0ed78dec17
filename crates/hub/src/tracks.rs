//! The track frames of one camera.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use razz_base::{CameraId, ClassNames, MediaTime, MonoTime, TrackFrame};
use tokio::sync::watch;

use crate::queue::{Item, Policy, Received, Subscriber};
use crate::topic::{Attachment, Topic};

/// A track frame as it is published.
#[derive(Clone, Debug)]
pub struct Published {
    /// The tracks, and the frame that they belong to.
    pub frame: TrackFrame,
    /// When the frame's last packet was in.
    pub received: MonoTime,
    /// Detections per second over the last five seconds.
    pub fps: f64,
    /// Frames detected since start.
    pub frame_count: u64,
    /// How near the frame the tracks are, in ms, where they were found in the camera's sub-stream; `None`:
    /// they are of this very frame.
    pub near_ms: Option<f64>,
    /// The names of the classes in `frame`.
    pub names: ClassNames,
    /// The frame as a message, encoded once for all who send it.
    pub encoded: OnceLock<Bytes>,
}

impl Item for Published {
    type Source = CameraId;

    fn time(&self) -> MediaTime {
        self.frame.key.time
    }

    fn bytes(&self) -> usize {
        size_of::<Self>() + size_of_val(&*self.frame.tracks)
    }

    /// Every track frame stands for itself.
    fn is_key(&self) -> bool {
        true
    }
}

/// Which track frames a subscriber wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Frames {
    /// Those of detections.
    Detected,
    /// Those of every video frame, predictions between detections included.
    Every,
}

/// Where the track frames of a camera are published, each once and in media-time order.
pub struct Tracks {
    detected: Topic<Published>,
    every: Topic<Published>,
    newest: watch::Sender<Option<Arc<Published>>>,
}

impl Tracks {
    /// Of `camera`, without any frame yet.
    pub fn new(camera: CameraId) -> Self {
        Self {
            detected: Topic::new(camera),
            every: Topic::new(camera),
            newest: watch::channel(None).0,
        }
    }

    /// Publishes to those who want `frames` of this kind.
    pub fn publish(&self, published: &Arc<Published>, frames: Frames) {
        match frames {
            Frames::Every => self.every.publish(published),
            Frames::Detected => {
                self.newest.send_replace(Some(Arc::clone(published)));
                self.detected.publish(published);
            }
        }
    }

    /// The newest track frame of a detection.
    pub fn newest(&self) -> Option<Arc<Published>> {
        self.newest.borrow().clone()
    }

    /// Subscribes to the track frames from now on.
    pub fn subscribe(&self, frames: Frames, policy: Policy) -> Subscription {
        let subscriber = Subscriber::new(policy);
        let attachment = self.attach(&subscriber, frames);
        Subscription { subscriber, _attachment: attachment }
    }

    /// The track frames from now on go to `subscriber`, who may be one of several cameras.
    pub fn attach(
        &self,
        subscriber: &Subscriber<Published>,
        frames: Frames,
    ) -> Attachment<Published> {
        let topic = match frames {
            Frames::Every => &self.every,
            Frames::Detected => &self.detected,
        };
        topic.attach(subscriber, false)
    }
}

/// A subscriber of one camera's track frames.
pub struct Subscription {
    subscriber: Subscriber<Published>,
    _attachment: Attachment<Published>,
}

impl Subscription {
    /// Waits for the next track frame; `None` once the camera is gone.
    pub async fn next(&self) -> Option<Received<Published>> {
        self.subscriber.next().await
    }

    /// How many track frames it did not get, since it began.
    pub fn missed(&self) -> u64 {
        self.subscriber.missed()
    }

    /// The next track frame, if one waits.
    pub fn try_next(&self) -> Option<Received<Published>> {
        self.subscriber.try_next()
    }

    /// As [`Self::next`] for a thread, for at most `longest`.
    pub fn next_within(&self, longest: std::time::Duration) -> Option<Received<Published>> {
        self.subscriber.next_within(longest)
    }
}
