//! Counts frames in a stream of RTP packets of H.264 (RFC 6184): whole ones, and those with a gap.

use std::collections::BTreeMap;

use razz_base::MonoTime;

use super::timing::Timing;

/// A packet that did not come in this time does not come any more.
const GIVE_UP_US: i64 = 500_000;

/// What a packet says about its frame.
#[derive(Clone, Copy, Debug)]
struct Packet {
    timestamp: u32,
    marker: bool,
    idr: bool,
    /// It has the parameter sets with which a key picture begins.
    begins_key: bool,
    at: MonoTime,
}

/// What was counted.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Counted {
    /// Frames all of whose packets came.
    pub(super) frames: u64,
    /// Of these, IDRs.
    pub(super) idrs: u64,
    /// Frames that lack packets.
    pub(super) broken: u64,
    /// Places where packets are missing.
    pub(super) gaps: u64,
    /// Packets that never came.
    pub(super) lost: u64,
    /// Packets that came.
    pub(super) packets: u64,
    /// Bytes of their payloads.
    pub(super) bytes: u64,
}

/// Puts packets in order and counts frames.
#[derive(Default)]
pub(super) struct Frames {
    counted: Counted,
    next: Option<u64>,
    waiting: BTreeMap<u64, Packet>,
    current: Option<Packet>,
    broken: bool,
    /// When those that are whole came.
    pub(super) timing: Timing,
}

impl Frames {
    /// What was counted so far.
    pub(super) fn counted(&self) -> Counted {
        self.counted
    }

    /// Takes a packet with its unwrapped sequence number.
    pub(super) fn handle_packet(
        &mut self,
        now: MonoTime,
        sequence: u64,
        timestamp: u32,
        marker: bool,
        payload: &[u8],
    ) {
        let next = *self.next.get_or_insert(sequence);
        if sequence < next {
            return; // Too late, or twice.
        }
        let (idr, begins_key) = (has(payload, 5), has(payload, 7));
        let packet = Packet { timestamp, marker, idr, begins_key, at: now };
        if self.waiting.insert(sequence, packet).is_none() {
            self.counted.packets += 1;
            self.counted.bytes += payload.len() as u64;
        }
        self.advance(now);
        self.give_up(now);
        if let Some(key) = self.whole_key() {
            self.go_on_at(now, key);
        }
    }

    /// Goes on behind what is missing for too long.
    pub(super) fn give_up(&mut self, now: MonoTime) {
        while let Some((&first, packet)) = self.waiting.first_key_value()
            && now.since_us(packet.at) > GIVE_UP_US
        {
            self.go_on_at(now, first);
        }
    }

    /// Where the newest key picture that waits begins, if it is whole: nothing before it is needed any more.
    fn whole_key(&self) -> Option<u64> {
        let (&key, first) = self.waiting.iter().rev().find(|(_, packet)| packet.begins_key)?;
        for ((&sequence, packet), expected) in self.waiting.range(key..).zip(key..) {
            if sequence != expected || packet.timestamp != first.timestamp {
                return None;
            }
            if packet.marker {
                return Some(key);
            }
        }
        None
    }

    /// What is missing before `sequence` will not come, and nobody waits for what did.
    fn go_on_at(&mut self, now: MonoTime, sequence: u64) {
        let after = self.waiting.split_off(&sequence);
        let skipped = std::mem::replace(&mut self.waiting, after);
        self.counted.gaps += 1;
        self.counted.lost += sequence - self.next.unwrap_or(sequence) - skipped.len() as u64;
        self.counted.broken += skipped.values().filter(|packet| packet.marker).count() as u64;
        self.next = Some(sequence);
        if self.waiting.get(&sequence).is_some_and(|packet| packet.begins_key) {
            self.counted.broken += u64::from(self.current.take().is_some());
            self.broken = false;
        } else {
            self.broken = true;
        }
        self.advance(now);
    }

    fn advance(&mut self, now: MonoTime) {
        while let Some(next) = self.next
            && let Some(packet) = self.waiting.remove(&next)
        {
            self.next = Some(next + 1);
            self.take(now, packet);
        }
    }

    fn take(&mut self, now: MonoTime, packet: Packet) {
        match &mut self.current {
            Some(current) if current.timestamp == packet.timestamp => current.idr |= packet.idr,
            // The frame before lost its end.
            Some(_) => {
                self.counted.broken += 1;
                self.current = Some(packet);
            }
            None => self.current = Some(packet),
        }
        if packet.marker {
            let idr = self.current.take().is_some_and(|current| current.idr);
            if self.broken {
                self.counted.broken += 1;
            } else {
                self.counted.frames += 1;
                self.counted.idrs += u64::from(idr);
                self.timing.handle_frame(now, packet.timestamp);
            }
            self.broken = false;
        }
    }
}

/// Whether a payload has a NAL unit of this type, or a fragment of one: 5 a slice of an IDR, 7 a sequence parameter
/// set (RFC 6184 section 5.2).
fn has(payload: &[u8], nal_type: u8) -> bool {
    match payload {
        [header, ..] if header & 0x1F == nal_type => true,
        // FU-A: the type is in the second byte.
        [header, fu, ..] if header & 0x1F == 28 => fu & 0x1F == nal_type,
        // STAP-A: the first unit stands behind its length.
        [header, _, _, first, ..] if header & 0x1F == 24 => first & 0x1F == nal_type,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packets as `sequence:timestamp`, `!` behind the last of a frame, `i` before one of an IDR, `k` before one with
    /// which a key picture begins.
    fn counted(packets: &str, end_us: i64) -> Counted {
        let mut frames = Frames::default();
        for (n, packet) in packets.split_whitespace().enumerate() {
            let marker = packet.ends_with('!');
            let (sequence, timestamp) =
                packet.trim_matches(['i', 'k', '!']).split_once(':').expect("a colon");
            let payload = [match packet.chars().next() {
                Some('i') => 0x65,
                Some('k') => 0x67,
                _ => 0x41,
            }];
            let now = MonoTime::from_us(n as i64);
            let sequence = sequence.parse().unwrap();
            frames.handle_packet(now, sequence, timestamp.parse().unwrap(), marker, &payload);
        }
        frames.give_up(MonoTime::from_us(end_us));
        frames.give_up(MonoTime::from_us(2 * end_us));
        frames.counted()
    }

    #[test]
    fn frames_are_counted() {
        // (packets, frames, IDRs, broken, gaps, lost)
        for (packets, expected) in [
            ("i1:0 i2:0! 3:1 4:1! 5:2!", (3, 1, 0, 0, 0)),
            ("2:0 1:0", (0, 0, 0, 0, 0)),
            ("1:0 3:0! 2:0 4:1!", (2, 0, 0, 0, 0)),
            ("1:0 2:0! 2:0! 3:1!", (2, 0, 0, 0, 0)),
            ("1:0! 3:1! 4:2!", (2, 0, 1, 1, 1)),
            ("1:0! 2:1 4:2! 5:3!", (2, 0, 2, 1, 1)),
            // Gaps are given up together.
            ("1:0! 3:1! 5:2! 7:3! 8:4!", (2, 0, 3, 3, 3)),
            // A whole key picture is gone on at at once, however much is missing before it.
            ("1:0! 2:1 4:2! 6:3! k8:4 i9:4! 10:5!", (3, 1, 3, 1, 3)),
            ("1:0! k3:1 i5:1! 4:1 6:2!", (3, 1, 0, 1, 1)),
        ] {
            let got = counted(packets, 600_000);
            let got = (got.frames, got.idrs, got.broken, got.gaps, got.lost);
            assert_eq!(got, expected, "{packets}");
        }
    }

    #[test]
    fn payloads_of_idrs() {
        for (payload, idr, parameters) in [
            (&[0x65, 1][..], true, false),
            (&[0x7C, 0x85], true, false),
            (&[0x7C, 0x81], false, false),
            (&[0x78, 0, 3, 0x65], true, false),
            (&[0x78, 0, 3, 0x67], false, true),
            (&[0x67], false, true),
            (&[0x41], false, false),
            (&[], false, false),
        ] {
            assert_eq!((has(payload, 5), has(payload, 7)), (idr, parameters), "{payload:x?}");
        }
    }
}
