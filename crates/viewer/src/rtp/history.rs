//! What was sent, for as long as it may be asked for again.

use std::collections::VecDeque;
use std::sync::Arc;

use razz_base::MonoTime;
use razz_media::ring::Unit;
use razz_media::rtp::Payload;

/// So long: it covers the five requests that browsers make for a packet at 200 ms of round trip.
const WITHIN_US: i64 = 1_200_000;
/// The most access units.
const MOST: usize = 512;

/// Packets of an access unit that were sent one after the other.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) unit: Arc<Unit>,
    /// The first of them, by its place in the unit.
    pub(super) n: usize,
    /// Its number.
    pub(super) first: u64,
    /// Whether the unit's first packet has the extensions for times.
    pub(super) times: bool,
    pub(super) at: MonoTime,
}

impl Kept {
    /// Nobody waits for it any more.
    fn is_late(&self, now: MonoTime) -> bool {
        now.since_us(self.at) > WITHIN_US
    }
}

/// The newest access units, or parts of them.
#[derive(Default)]
pub(super) struct History {
    kept: VecDeque<Kept>,
    /// One more than the newest number.
    end: u64,
}

impl History {
    /// Whether the newest is of another unit.
    pub(super) fn is_other(&self, unit: &Arc<Unit>) -> bool {
        self.kept.back().is_none_or(|kept| !Arc::ptr_eq(&kept.unit, unit))
    }

    pub(super) fn push(&mut self, kept: Kept) {
        self.kept.push_back(kept);
        if self.kept.len() > MOST {
            self.kept.pop_front();
        }
    }

    /// A packet of the newest was sent as `index`.
    pub(super) fn extend(&mut self, index: u64) {
        self.end = index + 1;
    }

    /// What a packet was part of, while it may be asked for.
    pub(super) fn find(&self, now: MonoTime, index: u64) -> Option<&Kept> {
        let place = self.kept.partition_point(|kept| kept.first <= index).checked_sub(1)?;
        let kept = self.kept.get(place).filter(|kept| index < self.end && !kept.is_late(now))?;
        // What of it was sent ends where the next begins.
        let n = kept.n + (index - kept.first) as usize;
        (n < kept.unit.payloads.len()).then_some(kept)
    }

    /// The newest packet that is `wanted`, and its number.
    pub(super) fn newest(&self, wanted: impl Fn(&Payload) -> bool) -> Option<(Kept, u64)> {
        let mut end = self.end;
        for kept in self.kept.iter().rev() {
            let sent = kept.n..kept.n + (end - kept.first) as usize;
            let payloads = kept.unit.payloads.get(sent).unwrap_or_default();
            if let Some(n) = payloads.iter().rposition(&wanted) {
                return Some((kept.clone(), kept.first + n as u64));
            }
            end = kept.first;
        }
        None
    }

    /// What is late is forgotten: from time to time, since looking costs more than keeping.
    pub(super) fn expire(&mut self, now: MonoTime) {
        while self.kept.front().is_some_and(|kept| kept.is_late(now)) {
            self.kept.pop_front();
        }
    }

    pub(super) fn clear(&mut self) {
        self.kept.clear();
    }
}
