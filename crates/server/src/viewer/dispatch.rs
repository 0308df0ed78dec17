//! An access unit on its way to all shards, and what is measured of it on the way out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use razz_media::ring::Unit;

/// An access unit, handed to every shard.
pub(super) struct Dispatch {
    pub(super) unit: Arc<Unit>,
    /// Whether a viewer of any shard has been sent something of it.
    begun: AtomicBool,
    /// Shards that are not done with it.
    waiting: AtomicUsize,
}

impl Dispatch {
    /// For so many shards; each calls [`Self::finish`] once.
    pub(super) fn new(unit: &Arc<Unit>, shards: usize) -> Self {
        Self {
            unit: Arc::clone(unit),
            begun: AtomicBool::new(false),
            waiting: AtomicUsize::new(shards),
        }
    }

    /// A packet of it has left a shard; true for the first of all.
    pub(super) fn begin(&self) -> bool {
        !self.begun.swap(true, Ordering::AcqRel)
    }

    /// A shard is done with it; true for the last of all.
    pub(super) fn finish(&self) -> bool {
        self.waiting.fetch_sub(1, Ordering::AcqRel) == 1
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

    #[test]
    fn one_shard_is_the_first_and_one_the_last() {
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
        for shards in 1..4 {
            let dispatch = Dispatch::new(&unit, shards);
            let first: Vec<bool> = (0..shards).map(|_| dispatch.begin()).collect();
            let last: Vec<bool> = (0..shards).map(|_| dispatch.finish()).collect();
            assert_eq!(first.iter().position(|is| *is), Some(0), "{first:?}");
            assert_eq!(last.iter().position(|is| *is), Some(shards - 1), "{last:?}");
            assert_eq!([&first, &last].map(|all| all.iter().filter(|is| **is).count()), [1, 1]);
        }
    }
}
