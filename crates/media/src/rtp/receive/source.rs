//! Packets of one source in the order in which they were sent: sequence numbers, the reorder buffer,
//! timestamps.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use razz_base::MonoTime;

use super::counts::{Counts, Oddity};
use super::packet::Packet;

/// How long packets wait for one that is missing before them. Raising it saves more packets of
/// networks that change their order, and delays the picture by as much at each one that is lost.
const REORDER_US: i64 = 50_000;

/// So many packets wait at most, and bytes of their payloads.
const MAX_HELD: usize = 500;
const MAX_HELD_BYTES: usize = 4 << 20;

/// RFC 3550 section A.1: steps ahead up to this are a loss, steps back up to that a change of places;
/// anything else is a jump.
const MAX_DROPOUT: u16 = 3000;
const MAX_MISORDER: u16 = 100;

/// Within this time from one packet to the next no thousands of packets are lost.
const MAX_MOMENT_US: i64 = 500_000;

/// A packet in its place.
#[derive(Debug)]
pub(super) struct InOrder {
    /// How many packets before it were lost.
    pub(super) lost: u32,
    /// The sequence numbers went on from far away here.
    pub(super) jumped: bool,
    pub(super) marker: bool,
    /// Unwrapped, in ticks of the source's clock.
    pub(super) timestamp: i64,
    pub(super) payload: Bytes,
    pub(super) padded: bool,
    pub(super) received: MonoTime,
}

/// One source of RTP packets.
#[derive(Debug)]
pub(super) struct Source {
    /// The highest sequence number that came, unwrapped.
    highest: i64,
    /// The one that is due.
    next: i64,
    /// Which of the 128 before `next` came: bit 0 is the one before.
    came: u128,
    /// Packets that came before their turn, and since when one has been missing.
    held: BTreeMap<i64, (MonoTime, Packet)>,
    held_bytes: usize,
    waiting_since: Option<MonoTime>,
    /// Numbers that packets have which are none of the video's: nobody waits for those.
    taken: BTreeSet<i64>,
    /// When the last packet in order arrived.
    received: MonoTime,
    /// A packet from far away, which the next may prove to be right.
    stray: Option<(MonoTime, Packet)>,
    /// The timestamp of the packet that was handed on last.
    timestamp: i64,
    /// Lost since then.
    lost: u32,
    jumped: bool,
    lost_total: u64,
    ready: VecDeque<InOrder>,
}

impl Source {
    /// A source whose first packet is `first`, which is not yet handed to it.
    pub(super) fn new(first: &Packet) -> Self {
        let next = i64::from(first.sequence);
        Self {
            highest: next - 1,
            next,
            came: 0,
            held: BTreeMap::new(),
            held_bytes: 0,
            waiting_since: None,
            taken: BTreeSet::new(),
            received: MonoTime::default(),
            stray: None,
            timestamp: i64::from(first.timestamp),
            lost: 0,
            jumped: false,
            lost_total: 0,
            ready: VecDeque::new(),
        }
    }

    /// Packets that were given up as lost.
    pub(super) fn lost_packets(&self) -> u64 {
        self.lost_total
    }

    /// Whether packets wait for one before them.
    pub(super) fn is_waiting(&self) -> bool {
        self.waiting_since.is_some()
    }

    /// Bytes of payload that wait.
    pub(super) fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    /// A timestamp of 32 bits, unwrapped to the place nearest to the newest packet's.
    pub(super) fn extend(&self, timestamp: u32) -> i64 {
        let step = timestamp.wrapping_sub(self.timestamp as u32) as i32;
        self.timestamp + i64::from(step)
    }

    /// The place of a sequence number, unwrapped; `None` when it is far from all that came.
    fn place(&self, sequence: u16) -> Option<i64> {
        let ahead = sequence.wrapping_sub(self.highest as u16);
        if ahead < MAX_DROPOUT {
            Some(self.highest + i64::from(ahead))
        } else if ahead > u16::MAX - MAX_MISORDER {
            Some(self.highest - i64::from(ahead.wrapping_neg()))
        } else {
            None
        }
    }

    pub(super) fn handle(&mut self, now: MonoTime, packet: Packet, counts: &mut Counts) {
        let Some(sequence) = self.place(packet.sequence) else {
            return self.handle_far(now, packet, counts);
        };
        if self.stray.take().is_some() {
            counts.add(Oddity::StraySequence);
        }
        if sequence < self.next {
            let age = self.next - 1 - sequence;
            let came = age < 128 && self.came >> age & 1 == 1;
            return counts.add(if came { Oddity::Duplicate } else { Oddity::LatePacket });
        }
        if self.held.contains_key(&sequence) {
            return counts.add(Oddity::Duplicate);
        }
        if sequence < self.highest {
            counts.add(Oddity::Reordered);
        }
        self.highest = self.highest.max(sequence);
        self.taken.remove(&sequence);
        if sequence == self.next {
            self.hand_on(now, packet);
            if !self.held.is_empty() {
                self.hand_on_held();
            }
            return;
        }
        self.held_bytes += packet.payload.len();
        self.held.insert(sequence, (now, packet));
        self.waiting_since.get_or_insert(now);
        if !self.taken.is_empty() {
            self.hand_on_held();
        }
        if self.held.len() > MAX_HELD || self.held_bytes > MAX_HELD_BYTES {
            self.give_up();
        }
    }

    /// A packet that is none of the video's has this number, which then is missing from the video's and
    /// not lost, unless one of the video's comes with it. Some cameras number everything in one row.
    pub(super) fn handle_taken(&mut self, sequence: u16) {
        let Some(sequence) = self.place(sequence).filter(|place| *place >= self.next) else {
            return;
        };
        // Those of another row are anywhere.
        if sequence - self.next > MAX_HELD as i64 || self.held.contains_key(&sequence) {
            return;
        }
        self.taken.insert(sequence);
        self.hand_on_held();
    }

    /// Two packets in a row from far away are where the source goes on (RFC 3550 section A.1).
    fn handle_far(&mut self, now: MonoTime, packet: Packet, counts: &mut Counts) {
        match self.stray.take() {
            Some((came, stray)) if stray.sequence.wrapping_add(1) == packet.sequence => {
                self.hand_on_all();
                counts.add(Oddity::SequenceJump);
                // How many were lost cannot be told. In a moment not as many as the numbers say: then they
                // were only counted anew.
                if came.since_us(self.received) > MAX_MOMENT_US {
                    self.lost = self.lost.saturating_add(1);
                    self.lost_total += 1;
                }
                self.taken.clear();
                self.jumped = true;
                self.next = (self.highest | 0xFFFF) + 1 + i64::from(stray.sequence);
                self.came = 0;
                self.hand_on(came, stray);
                self.hand_on(now, packet);
                self.highest = self.next - 1;
            }
            stray => {
                if stray.is_some() {
                    counts.add(Oddity::StraySequence);
                }
                self.stray = Some((now, packet));
            }
        }
    }

    /// When what waits for a missing packet waits no longer.
    pub(super) fn deadline(&self) -> Option<MonoTime> {
        self.waiting_since.map(|since| since.plus_us(REORDER_US))
    }

    pub(super) fn handle_timeout(&mut self, now: MonoTime) {
        while self.deadline().is_some_and(|deadline| deadline <= now) {
            self.give_up();
        }
    }

    /// Hands on whatever is held.
    pub(super) fn hand_on_all(&mut self) {
        while !self.held.is_empty() {
            self.give_up();
        }
    }

    /// The next packet in order.
    pub(super) fn poll(&mut self) -> Option<InOrder> {
        self.ready.pop_front()
    }

    /// Takes the packets before the first that is held for lost.
    fn give_up(&mut self) {
        let Some((&first, _)) = self.held.first_key_value() else { return };
        let taken = self.taken.range(self.next..first).count() as i64;
        let missing = first - self.next - taken;
        self.lost = self.lost.saturating_add(missing as u32);
        self.lost_total += missing as u64;
        self.came = self.came.checked_shl((first - self.next) as u32).unwrap_or(0);
        self.next = first;
        self.hand_on_held();
    }

    /// Hands on what is held and due.
    fn hand_on_held(&mut self) {
        loop {
            if let Some((came, packet)) = self.held.remove(&self.next) {
                self.held_bytes -= packet.payload.len();
                self.hand_on(came, packet);
            } else if !self.held.is_empty() && self.taken.remove(&self.next) {
                self.next += 1;
                self.came = self.came << 1 | 1;
            } else {
                break;
            }
        }
        self.taken = self.taken.split_off(&self.next);
        self.waiting_since = self.held.values().map(|(came, _)| *came).min();
    }

    fn hand_on(&mut self, received: MonoTime, packet: Packet) {
        self.timestamp = self.extend(packet.timestamp);
        self.next += 1;
        self.came = self.came << 1 | 1;
        let Packet { marker, payload, padded, .. } = packet;
        self.received = received;
        self.ready.push_back(InOrder {
            lost: std::mem::take(&mut self.lost),
            jumped: std::mem::take(&mut self.jumped),
            marker,
            timestamp: self.timestamp,
            payload,
            padded,
            received,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(sequence: u16, timestamp: u32) -> Packet {
        let payload = Bytes::from_static(&[1]);
        let (marker, payload_type, ssrc, padded) = (false, 96, 1, false);
        Packet { marker, payload_type, sequence, timestamp, ssrc, payload, padded }
    }

    /// What is handed on by when (ms, sequence number, lost before), and counts.
    type Outcome = (Vec<(i64, u16, u32)>, Vec<(&'static str, u64)>);

    /// What comes of packets (ms, sequence number).
    fn run(packets: &[(i64, u16)]) -> Outcome {
        let mut counts = Counts::default();
        let mut source = Source::new(&packet(packets[0].1, 0));
        let mut out = Vec::new();
        let mut drain = |ms: i64, source: &mut Source| {
            while let Some(got) = source.poll() {
                // The timestamp says which it was.
                out.push((ms, got.timestamp as u16, got.lost));
            }
        };
        for (ms, sequence) in packets {
            let now = MonoTime::from_us(ms * 1000);
            while let Some(deadline) = source.deadline().filter(|deadline| *deadline <= now) {
                source.handle_timeout(deadline);
                drain(deadline.as_us() / 1000, &mut source);
            }
            source.handle(now, packet(*sequence, u32::from(*sequence)), &mut counts);
            drain(*ms, &mut source);
        }
        while let Some(deadline) = source.deadline() {
            source.handle_timeout(deadline);
            drain(deadline.as_us() / 1000, &mut source);
        }
        let counted = counts.iter();
        (out, counted.map(|(oddity, count)| (oddity.name(), count)).collect())
    }

    #[test]
    fn packets_are_put_in_order() {
        type Case<'a> = (&'a [(i64, u16)], &'a [(i64, u16, u32)], &'a [(&'static str, u64)]);
        let rows: &[Case<'_>] = &[
            // In order nothing waits.
            (&[(0, 7), (1, 8), (2, 9)], &[(0, 7, 0), (1, 8, 0), (2, 9, 0)], &[]),
            // Two change places; the wrap of 16 bits.
            (
                &[(0, 65534), (1, 0), (2, 65535), (3, 1)],
                &[(0, 65534, 0), (2, 65535, 0), (2, 0, 0), (3, 1, 0)],
                &[("reordered", 1)],
            ),
            // Doubles: of one handed on, and of one held.
            (
                &[(0, 7), (1, 7), (2, 9), (3, 9), (4, 8), (5, 8)],
                &[(0, 7, 0), (4, 8, 0), (4, 9, 0)],
                &[("duplicate", 3), ("reordered", 1)],
            ),
            // A loss: 50 ms from the first packet behind it on.
            (
                &[(0, 7), (10, 9), (20, 10), (70, 11)],
                &[(0, 7, 0), (60, 9, 1), (60, 10, 0), (70, 11, 0)],
                &[],
            ),
            // Two losses, each with its own 50 ms; the second ends first by what it waited for.
            (
                &[(0, 7), (10, 9), (30, 12), (90, 13)],
                &[(0, 7, 0), (60, 9, 1), (80, 12, 2), (90, 13, 0)],
                &[],
            ),
            // Too late: not a double.
            (
                &[(0, 7), (10, 9), (70, 8), (71, 10)],
                &[(0, 7, 0), (60, 9, 1), (71, 10, 0)],
                &[("late_packet", 1)],
            ),
            // One from far away is dropped; two in a row are where it goes on.
            (&[(0, 7), (1, 30_000), (2, 8)], &[(0, 7, 0), (2, 8, 0)], &[("stray_sequence", 1)]),
            (
                &[(0, 7), (1, 30_000), (2, 40_000), (3, 8)],
                &[(0, 7, 0), (3, 8, 0)],
                &[("stray_sequence", 2)],
            ),
            (
                &[(0, 7), (1, 30_000), (2, 30_001), (3, 30_002)],
                &[(0, 7, 0), (2, 30_000, 0), (2, 30_001, 0), (3, 30_002, 0)],
                &[("sequence_jump", 1)],
            ),
            // After a silence some are lost.
            (
                &[(0, 7), (900, 30_000), (901, 30_001)],
                &[(0, 7, 0), (901, 30_000, 1), (901, 30_001, 0)],
                &[("sequence_jump", 1)],
            ),
            // Back: what was held before goes first.
            (
                &[(0, 20_000), (1, 20_002), (2, 5), (3, 6)],
                &[(0, 20_000, 0), (3, 20_002, 1), (3, 5, 0), (3, 6, 0)],
                &[("sequence_jump", 1)],
            ),
        ];
        for (packets, expected, counted) in rows {
            let (out, counts) = run(packets);
            assert_eq!(out, *expected, "{packets:?}");
            assert_eq!(counts, *counted, "{packets:?}");
        }
    }

    #[test]
    fn numbers_of_other_packets_are_not_waited_for() {
        // (packets, `true` where the number is taken by another; handed on: number, lost before)
        type Case<'a> = (&'a [(u16, bool)], &'a [(u16, u32)]);
        let rows: &[Case<'_>] = &[
            (&[(7, false), (8, true), (9, false)], &[(7, 0), (9, 0)]),
            (&[(7, false), (9, false), (8, true)], &[(7, 0), (9, 0)]),
            // Before its turn, over the wrap, of another row, and with the number of one that came.
            (
                &[(65534, false), (0, true), (65535, false), (1, false)],
                &[(65534, 0), (65535, 0), (1, 0)],
            ),
            (&[(7, false), (2000, true), (40_000, true), (7, true), (8, false)], &[(7, 0), (8, 0)]),
            // The video's own counts.
            (&[(7, false), (9, true), (8, false), (10, false)], &[(7, 0), (8, 0), (10, 0)]),
            (&[(7, false), (9, true), (9, false), (8, false)], &[(7, 0), (8, 0), (9, 0)]),
            (&[(7, false), (8, true), (8, false), (9, false)], &[(7, 0), (8, 0), (9, 0)]),
            // Among others that are lost.
            (&[(7, false), (9, true), (11, false)], &[(7, 0), (11, 2)]),
        ];
        for (packets, expected) in rows {
            let mut counts = Counts::default();
            let mut source = Source::new(&packet(packets[0].0, 0));
            for (sequence, taken) in *packets {
                match taken {
                    true => source.handle_taken(*sequence),
                    false => {
                        let packet = packet(*sequence, u32::from(*sequence));
                        source.handle(MonoTime::from_us(0), packet, &mut counts);
                    }
                }
            }
            source.handle_timeout(MonoTime::from_us(REORDER_US));
            let out = std::iter::from_fn(|| source.poll());
            let out: Vec<_> = out.map(|got| (got.timestamp as u16, got.lost)).collect();
            assert_eq!(out, *expected, "{packets:?}");
            assert!(counts.iter().all(|(oddity, _)| oddity == Oddity::Reordered));
        }
    }

    #[test]
    fn the_buffer_is_bounded() {
        let mut counts = Counts::default();
        let mut source = Source::new(&packet(0, 0));
        let now = MonoTime::from_us(0);
        source.handle(now, packet(0, 0), &mut counts);
        for sequence in 2..3000 {
            source.handle(now, packet(sequence, 0), &mut counts);
            assert!(source.held.len() <= MAX_HELD);
        }
        assert_eq!(std::iter::from_fn(|| source.poll()).count(), 2999);
        assert_eq!((source.lost_packets(), source.is_waiting()), (1, false));
        // The same by bytes.
        for sequence in 3001..3200 {
            let payload = Bytes::from(vec![0; 60_000]);
            source.handle(now, Packet { payload, ..packet(sequence, 0) }, &mut counts);
            assert!(source.held_bytes <= MAX_HELD_BYTES);
        }
    }

    #[test]
    fn timestamps_are_unwrapped() {
        let mut counts = Counts::default();
        let mut source = Source::new(&packet(0, u32::MAX - 1000));
        let steps = [
            (u32::MAX - 1000, 0),
            (1999, 3000),
            // One glitch and back; a step back of B-frames; a jump.
            (900_000_000, 899_998_001 + 3000),
            (4999, 6000),
            (3000, 4001),
            (0x8000_0000, 0x8000_0000 + 1001),
        ];
        for (sequence, (timestamp, expected)) in steps.into_iter().enumerate() {
            let packet = packet(sequence as u16, timestamp);
            source.handle(MonoTime::from_us(0), packet, &mut counts);
            let got = source.poll().unwrap().timestamp;
            assert_eq!(got - i64::from(u32::MAX - 1000), expected, "{timestamp}");
        }
        assert_eq!(source.extend(0x8000_0001), source.timestamp + 1);
    }
}
