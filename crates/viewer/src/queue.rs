//! What is on its way to a viewer: access units, and how far the first of them has gone out.

use std::collections::VecDeque;
use std::sync::Arc;

use razz_base::MonoTime;
use razz_media::ring::Unit;

/// Access units in the order in which they go out, packet by packet.
#[derive(Default)]
pub(crate) struct Queue {
    units: VecDeque<Queued>,
    bytes: usize,
    /// The next packet of the first unit.
    next: usize,
}

struct Queued {
    unit: Arc<Unit>,
    since: MonoTime,
    due: MonoTime,
}

impl Queue {
    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// Bytes of the units that are not out as a whole.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// By when the first unit has to be out, or the viewer is too far behind.
    pub(crate) fn due(&self) -> Option<MonoTime> {
        self.units.front().map(|queued| queued.due)
    }

    /// How long the first unit has waited, in µs.
    pub(crate) fn waiting_us(&self, now: MonoTime) -> i64 {
        self.units.front().map_or(0, |queued| now.since_us(queued.since))
    }

    /// Adds a unit that came at `now` and has to be out by `due`.
    pub(crate) fn push(&mut self, unit: Arc<Unit>, now: MonoTime, due: MonoTime) {
        self.bytes += unit.bytes();
        self.units.push_back(Queued { unit, since: now, due });
    }

    /// Takes the next packet: its unit, and its place among that unit's payloads, which a unit without
    /// any does not have.
    pub(crate) fn next(&mut self) -> Option<(Arc<Unit>, usize)> {
        let unit = Arc::clone(&self.units.front()?.unit);
        let n = self.next;
        self.next += 1;
        if self.next >= unit.payloads.len() {
            self.units.pop_front();
            self.bytes -= unit.bytes();
            self.next = 0;
        }
        Some((unit, n))
    }

    /// Forgets all of it.
    pub(crate) fn clear(&mut self) {
        self.units.clear();
        self.bytes = 0;
        self.next = 0;
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use razz_base::{
        AccessUnit, CameraId, Codec, FrameKey, MediaTime, RunId, Size, StreamFormat, WallQuality,
        WallTime,
    };

    use super::*;

    fn unit(n: i64, length: usize) -> Arc<Unit> {
        let mut data = b"\0\0\0\x01\x41\x9a".to_vec();
        data.resize(length, 0x55);
        let au = AccessUnit {
            key: FrameKey {
                camera: CameraId::new(1).expect("1 is an id"),
                time: MediaTime::from_90k(n),
            },
            run: RunId(1),
            format: StreamFormat::new(Codec::H264, Size::new(640, 360)),
            data: Bytes::from(data),
            idr: false,
            lost_packets: 0,
            wall: WallTime { us: 0, quality: WallQuality::Arrival },
            received: MonoTime::from_us(0),
        };
        Arc::new(Unit::new(au, 1000))
    }

    #[test]
    fn packets_come_out_in_order_and_their_bytes_leave_with_the_last() {
        let mut queue = Queue::default();
        let units = [unit(1, 2500), unit(2, 300)];
        for (n, unit) in units.iter().enumerate() {
            queue.push(Arc::clone(unit), MonoTime::from_us(-5), MonoTime::from_us(n as i64));
        }
        let whole = units[0].bytes() + units[1].bytes();
        // (unit, packet, bytes that wait once it is taken, who is due next)
        for (time, packet, bytes, due) in [
            (1, 0, whole, Some(0)),
            (1, 1, whole, Some(0)),
            (1, 2, units[1].bytes(), Some(1)),
            (2, 0, 0, None),
        ] {
            let (unit, n) = queue.next().expect("there is one");
            assert_eq!((unit.au.key.time, n), (MediaTime::from_90k(time), packet));
            assert_eq!((queue.bytes(), queue.due()), (bytes, due.map(MonoTime::from_us)));
        }
        assert!(queue.is_empty() && queue.next().is_none());
        let (now, due) = (MonoTime::from_us(1), MonoTime::from_us(9));
        queue.push(Arc::clone(&units[0]), now, due);
        assert_eq!(queue.waiting_us(now.plus_us(7)), 7);
        queue.next();
        queue.clear();
        queue.push(Arc::clone(&units[1]), now, due);
        assert_eq!(
            queue.next().map(|(unit, n)| (unit.au.key.time, n)),
            Some((MediaTime::from_90k(2), 0))
        );
        assert_eq!(queue.bytes(), 0);
    }
}
