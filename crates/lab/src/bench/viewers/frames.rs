//! Counts frames in a stream of RTP packets of H.264 (RFC 6184): whole ones, and those with a gap.

use std::collections::BTreeMap;

use razz_base::MonoTime;

/// A packet that did not come in this time does not come any more.
const GIVE_UP_US: i64 = 500_000;

/// What a packet says about its frame.
#[derive(Clone, Copy, Debug)]
struct Packet {
    timestamp: u32,
    marker: bool,
    idr: bool,
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
    /// Since when the packet `next` is waited for.
    missing_since: Option<MonoTime>,
    current: Option<Packet>,
    broken: bool,
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
        let packet = Packet { timestamp, marker, idr: is_of_idr(payload) };
        if self.waiting.insert(sequence, packet).is_none() {
            self.counted.packets += 1;
            self.counted.bytes += payload.len() as u64;
        }
        self.advance();
        self.give_up(now);
    }

    /// Goes on behind what is missing for too long.
    pub(super) fn give_up(&mut self, now: MonoTime) {
        let Some((&first, _)) = self.waiting.first_key_value() else {
            self.missing_since = None;
            return;
        };
        let since = *self.missing_since.get_or_insert(now);
        if now.since_us(since) > GIVE_UP_US {
            self.counted.gaps += 1;
            self.counted.lost += first - self.next.unwrap_or(first);
            self.broken = true;
            self.next = Some(first);
            self.missing_since = None;
            self.advance();
        }
    }

    fn advance(&mut self) {
        while let Some(next) = self.next
            && let Some(packet) = self.waiting.remove(&next)
        {
            self.next = Some(next + 1);
            self.missing_since = None;
            self.take(packet);
        }
    }

    fn take(&mut self, packet: Packet) {
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
            }
            self.broken = false;
        }
    }
}

/// Whether a payload belongs to an IDR: a slice of one, alone or in fragments, or parameter sets.
fn is_of_idr(payload: &[u8]) -> bool {
    match payload {
        [header, ..] if header & 0x1F == 5 => true,
        // FU-A: the type is in the second byte.
        [header, fu, ..] if header & 0x1F == 28 => fu & 0x1F == 5,
        // STAP-A: the first unit stands behind its length.
        [header, _, _, first, ..] if header & 0x1F == 24 => first & 0x1F == 5,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packets as `sequence:timestamp`, `!` behind the last of a frame, `i` before one of an IDR.
    fn counted(packets: &str, end_us: i64) -> Counted {
        let mut frames = Frames::default();
        for (n, packet) in packets.split_whitespace().enumerate() {
            let marker = packet.ends_with('!');
            let idr = packet.starts_with('i');
            let (sequence, timestamp) =
                packet.trim_matches(['i', '!']).split_once(':').expect("a colon");
            let payload = [if idr { 0x65 } else { 0x41 }];
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
        ] {
            let got = counted(packets, 600_000);
            let got = (got.frames, got.idrs, got.broken, got.gaps, got.lost);
            assert_eq!(got, expected, "{packets}");
        }
    }

    #[test]
    fn payloads_of_idrs() {
        for (payload, idr) in [
            (&[0x65, 1][..], true),
            (&[0x7C, 0x85], true),
            (&[0x7C, 0x81], false),
            (&[0x78, 0, 3, 0x65], true),
            (&[0x78, 0, 3, 0x67], false),
            (&[0x41], false),
            (&[], false),
        ] {
            assert_eq!(is_of_idr(payload), idr, "{payload:x?}");
        }
    }
}
