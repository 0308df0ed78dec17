//! The video of one stream: published once, with the GOP at hand for who comes later.

use std::sync::{Arc, Mutex};

use razz_base::{AccessUnit, MediaTime, StreamFormat, StreamId};
use razz_media::ring::{GopRing, NoReplay, Unit};
use razz_media::rtp::MAX_PAYLOAD;

use crate::lock;
use crate::queue::{Item, Policy, Received, Subscriber};
use crate::topic::{Attachment, Topic};

impl Item for Unit {
    type Source = StreamId;

    fn time(&self) -> MediaTime {
        self.au.key.time
    }

    fn bytes(&self) -> usize {
        Self::bytes(self)
    }

    fn is_key(&self) -> bool {
        self.au.idr
    }
}

/// One stream of a camera.
pub struct Stream {
    /// Locked while a unit goes from the ring to the subscribers, so that who subscribes meanwhile
    /// gets each unit once.
    ring: Mutex<GopRing>,
    topic: Topic<Unit>,
    format: Mutex<Option<Arc<StreamFormat>>>,
}

impl Stream {
    /// A stream that nothing was published on. `ring_bytes` bounds the GOP that is kept at hand.
    pub fn new(id: StreamId, ring_bytes: usize) -> Self {
        Self {
            ring: Mutex::new(GopRing::new(ring_bytes)),
            topic: Topic::new(id),
            format: Mutex::new(None),
        }
    }

    /// Which stream it is.
    pub fn id(&self) -> StreamId {
        self.topic.source()
    }

    /// Publishes the next access unit, in decode order, packetised once for everybody. Waits for
    /// nobody.
    pub fn publish(&self, au: AccessUnit) {
        {
            let mut format = lock(&self.format);
            if !format.as_ref().is_some_and(|known| Arc::ptr_eq(known, &au.format)) {
                *format = Some(Arc::clone(&au.format));
            }
        }
        let unit = Arc::new(Unit::new(au, MAX_PAYLOAD));
        let mut ring = lock(&self.ring);
        ring.push(Arc::clone(&unit));
        self.topic.publish(&unit);
    }

    /// The run is over: its pictures are not what new subscribers came for.
    pub fn end_run(&self) {
        lock(&self.ring).clear();
    }

    /// What it sends; `None` before the first access unit.
    pub fn format(&self) -> Option<Arc<StreamFormat>> {
        lock(&self.format).clone()
    }

    /// The current GOP from its IDR on, if it is whole and undamaged.
    pub fn replay(&self) -> Option<Vec<Arc<Unit>>> {
        lock(&self.ring).replay()
    }

    /// Why there is no replay; `None` when there is one.
    pub fn no_replay(&self) -> Option<NoReplay> {
        lock(&self.ring).no_replay()
    }

    /// Frames from one IDR to the next, by the last whole GOP.
    pub fn gop_frames(&self) -> Option<u32> {
        lock(&self.ring).gop_frames()
    }

    /// µs of media time until the next IDR is due, if known.
    pub fn next_idr_in(&self, now: MediaTime) -> Option<i64> {
        lock(&self.ring).next_idr_in(now)
    }

    /// Subscribes. Who wants every unit from a key frame on gets the current GOP at once, if it is
    /// whole, and otherwise what comes from the next key frame on.
    pub fn subscribe(&self, policy: Policy) -> Subscription {
        let subscriber = Subscriber::new(policy);
        let attachment = self.attach_with_replay(&subscriber);
        Subscription { subscriber, _attachment: attachment }
    }

    /// As [`Self::subscribe`] with a subscriber that may have other streams besides.
    pub fn attach_with_replay(&self, subscriber: &Subscriber<Unit>) -> Attachment<Unit> {
        let ring = lock(&self.ring);
        let attachment = self.topic.attach(subscriber, true);
        for unit in ring.replay().unwrap_or_default() {
            subscriber.queue.push(self.id(), &unit);
        }
        attachment
    }

    /// What comes from now on goes to `subscriber`, wherever in a GOP it begins.
    pub fn attach_live(&self, subscriber: &Subscriber<Unit>) -> Attachment<Unit> {
        self.topic.attach(subscriber, false)
    }

    /// How many subscribe.
    pub fn subscribers(&self) -> usize {
        self.topic.subscribers()
    }
}

/// A subscriber of one stream.
pub struct Subscription {
    subscriber: Subscriber<Unit>,
    _attachment: Attachment<Unit>,
}

impl Subscription {
    /// Waits for the next unit; `None` once the stream is gone.
    pub async fn next(&self) -> Option<Received<Unit>> {
        self.subscriber.next().await
    }

    /// The next unit, if one waits.
    pub fn try_next(&self) -> Option<Received<Unit>> {
        self.subscriber.try_next()
    }

    /// The queue itself: how much waits in it and what was missed.
    pub fn subscriber(&self) -> &Subscriber<Unit> {
        &self.subscriber
    }
}

#[cfg(test)]
mod tests;
