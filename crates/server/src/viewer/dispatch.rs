//! An access unit on its way to all shards, and what is measured of it on the way out.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use razz_base::MonoTime;
use razz_media::ring::Unit;

use crate::camera::{Camera, lock};

/// An access unit, handed to every shard.
pub(super) struct Dispatch {
    pub(super) unit: Arc<Unit>,
    /// Whether a viewer of any shard has been sent something of it.
    begun: AtomicBool,
    /// Shards that are not done with it.
    waiting: AtomicUsize,
    /// When the last packet of it left those that are, and its camera.
    sent: Mutex<Option<Sent>>,
}

/// When the last packet of an access unit left, and its camera.
pub(super) type Sent = (MonoTime, Arc<Camera>);

impl Dispatch {
    /// For so many shards; each calls [`Self::finish`] once.
    pub(super) fn new(unit: &Arc<Unit>, shards: usize) -> Self {
        Self {
            unit: Arc::clone(unit),
            begun: AtomicBool::new(false),
            waiting: AtomicUsize::new(shards),
            sent: Mutex::new(None),
        }
    }

    /// A packet of it has left a shard; true for the first of all.
    pub(super) fn begin(&self) -> bool {
        !self.begun.swap(true, Ordering::AcqRel)
    }

    /// A shard is done with it; `sent` if it sent anything. With the last of all shards the camera's
    /// status hears when the last packet of all left, whoever sent it.
    pub(super) fn finish(&self, sent: Option<Sent>) {
        let mut latest = lock(&self.sent);
        if let Some(sent) = sent
            && latest.as_ref().is_none_or(|(at, _)| *at < sent.0)
        {
            *latest = Some(sent);
        }
        // Under the lock, so that the last one sees what all have sent.
        if self.waiting.fetch_sub(1, Ordering::AcqRel) == 1
            && let Some((at, camera)) = latest.take()
        {
            camera.status().last_packet_us.add(at.since_us(self.unit.au.received) as f64);
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use razz_base::{
        AccessUnit, CameraId, Codec, FrameKey, MediaTime, MonoTime, RunId, Size, WallQuality,
        WallTime,
    };

    use super::*;
    use crate::camera::UnitSink;
    use razz_config::{Source, Transport};
    use razz_observe::clock::Clock;

    #[test]
    fn the_first_and_the_last_packet_of_all_shards_count() {
        let au = AccessUnit {
            key: FrameKey {
                camera: CameraId::new(1).expect("1 is an id"),
                time: MediaTime::from_90k(0),
            },
            run: RunId(1),
            codec: Codec::H264,
            data: Bytes::from_static(b"\0\0\0\x01\x41\x9a"),
            idr: false,
            lost_packets: 0,
            size: Size::new(640, 360),
            wall: WallTime { us: 0, quality: WallQuality::Arrival },
            received: MonoTime::from_us(0),
        };
        let unit = Arc::new(Unit::new(au, 1180));
        let source = Source::new("rtsp://127.0.0.1/", None, None, Transport::Tcp).expect("a URL");
        // The second of three sends last, or is done before the others, or sends nothing.
        for (sent_us, want_us) in [
            ([Some(300), Some(900), None], Some(900.0)),
            ([Some(900), None, Some(300)], Some(900.0)),
            ([None, Some(500), None], Some(500.0)),
            ([None, None, None], None),
        ] {
            let camera = Camera::blind(source.clone(), UnitSink::nowhere(), Clock::start());
            let dispatch = Dispatch::new(&unit, sent_us.len());
            let mut firsts = 0;
            for us in sent_us {
                assert_eq!(camera.status().last_packet_us.at([0.5]), None, "{sent_us:?}");
                firsts += usize::from(us.is_some() && dispatch.begin());
                dispatch.finish(us.map(|us| (MonoTime::from_us(us), Arc::clone(&camera))));
            }
            let last = camera.status().last_packet_us.at([0.5]).map(|[us]| us);
            assert_eq!(last, want_us, "{sent_us:?}");
            assert_eq!(firsts, usize::from(want_us.is_some()));
        }
    }
}
