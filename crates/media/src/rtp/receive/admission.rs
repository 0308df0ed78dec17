//! Which packets are the video's: by their payload type and their source (SSRC).

use bytes::Bytes;
use razz_base::MonoTime;

use super::counts::{Counts, Oddity};
use super::packet::Packet;

/// So many packets in a row of another payload type or source are no stray ones.
const IN_A_ROW: usize = 4;

/// And so many where one single packet came before.
const AFTER_ONE: usize = 2;

/// Steps of sequence numbers that count as rising (RFC 3550 section A.1, MAX_DROPOUT).
const RISING: std::ops::Range<u16> = 1..3000;

/// Decides which packets are the video's.
#[derive(Debug)]
pub(super) struct Admission {
    /// By the SDP.
    expected: u8,
    /// Whether a packet of it ever came.
    expected_came: bool,
    /// What is taken.
    taken: u8,
    /// Of the packets that are taken; `None` before the first.
    ssrc: Option<u32>,
    /// How many packets of it came, as far as it matters.
    came: usize,
    /// The source said that it ends, and has sent nothing since.
    ended: bool,
    /// Packets of another payload type or source, in a row.
    candidates: Vec<(MonoTime, Packet)>,
}

/// What becomes of a packet.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Admitted {
    /// It is held until more is known.
    No,
    /// It is dropped: it has a number of the video's source, and another payload type.
    OtherType,
    /// It is the video's.
    Packet(Packet),
    /// These are the video's, which were held, the newest included; of a new source or not, before which
    /// one single packet came, or more.
    Held { packets: Vec<(MonoTime, Packet)>, new_source: bool, stray_before: bool },
}

impl Admission {
    pub(super) fn new(payload_type: u8) -> Self {
        Self {
            expected: payload_type,
            expected_came: false,
            taken: payload_type,
            ssrc: None,
            came: 0,
            ended: false,
            candidates: Vec::new(),
        }
    }

    /// The payload type that is taken.
    pub(super) fn payload_type(&self) -> u8 {
        self.taken
    }

    /// The source whose packets are taken; `None` before the first.
    pub(super) fn ssrc(&self) -> Option<u32> {
        self.ssrc
    }

    /// The source said that it ends: what comes of another is a new one without further proof.
    pub(super) fn handle_bye(&mut self, ssrc: u32, counts: &mut Counts) {
        if self.ssrc == Some(ssrc) {
            self.ended = true;
            counts.add(Oddity::Bye);
        }
    }

    pub(super) fn admit(&mut self, now: MonoTime, packet: Packet, counts: &mut Counts) -> Admitted {
        let mut sure = false;
        if packet.payload_type == self.expected {
            self.expected_came = true;
            // What was taken so far was something else.
            sure = self.taken != self.expected;
            self.taken = self.expected;
        } else if packet.payload_type != self.taken {
            if self.expected_came {
                counts.add(Oddity::UnknownPayloadType);
                let numbered = self.ssrc == Some(packet.ssrc);
                return if numbered { Admitted::OtherType } else { Admitted::No };
            }
            if !self.offer(now, packet, counts) {
                return Admitted::No;
            }
            counts.add(Oddity::PayloadTypeAdopted);
            self.taken = self.candidates[0].1.payload_type;
            return self.take_candidates(counts);
        }
        match self.ssrc {
            Some(ssrc) if ssrc != packet.ssrc => {
                if sure || self.ended {
                    self.drop_candidates(counts);
                    self.candidates.push((now, packet));
                } else if !self.offer(now, packet, counts) {
                    return Admitted::No;
                }
                self.take_candidates(counts)
            }
            _ => {
                self.ssrc = Some(packet.ssrc);
                self.ended = false;
                self.came = (self.came + 1).min(IN_A_ROW);
                self.drop_candidates(counts);
                Admitted::Packet(packet)
            }
        }
    }

    /// Keeps a packet of another kind; whether enough of its kind came in a row.
    fn offer(&mut self, now: MonoTime, packet: Packet, counts: &mut Counts) -> bool {
        if let Some((_, last)) = self.candidates.last() {
            let step = packet.sequence.wrapping_sub(last.sequence);
            if (packet.ssrc, packet.payload_type) != (last.ssrc, last.payload_type)
                || !RISING.contains(&step)
            {
                self.drop_candidates(counts);
            }
        }
        self.candidates.push((now, packet));
        // The very first packet may have been a stray one itself.
        let needed = if self.came == 1 { AFTER_ONE } else { IN_A_ROW };
        self.candidates.len() >= needed
    }

    fn take_candidates(&mut self, counts: &mut Counts) -> Admitted {
        let packets = std::mem::take(&mut self.candidates);
        let ssrc = packets[0].1.ssrc;
        let new_source = self.ssrc.replace(ssrc).is_some_and(|before| before != ssrc);
        self.ended = false;
        let stray_before = self.came == 1;
        self.came = packets.len();
        if new_source && stray_before {
            counts.add(Oddity::ForeignSsrc);
        } else if new_source {
            counts.add(Oddity::NewSource);
        }
        Admitted::Held { packets, new_source, stray_before }
    }

    fn drop_candidates(&mut self, counts: &mut Counts) {
        for (_, packet) in self.candidates.drain(..) {
            counts.add(if packet.payload_type == self.taken {
                Oddity::ForeignSsrc
            } else {
                Oddity::UnknownPayloadType
            });
        }
    }

    /// Bytes of payload that are held.
    pub(super) fn held_bytes(&self) -> usize {
        self.candidates.iter().map(|(_, packet)| Bytes::len(&packet.payload)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (payload type, source, sequence number), or a BYE of the source.
    #[derive(Clone, Copy, Debug)]
    enum Event {
        Packet(u8, u32, u16),
        Bye(u32),
    }
    use Event::{Bye, Packet as P};

    /// What is taken: the sequence numbers, 0 where a new source began.
    fn taken(events: &[Event]) -> (Vec<u16>, Vec<(&'static str, u64)>) {
        let mut admission = Admission::new(96);
        let mut counts = Counts::default();
        let mut taken = Vec::new();
        for event in events {
            let (payload_type, ssrc, sequence) = match *event {
                Bye(ssrc) => {
                    admission.handle_bye(ssrc, &mut counts);
                    continue;
                }
                P(payload_type, ssrc, sequence) => (payload_type, ssrc, sequence),
            };
            let payload = Bytes::from_static(&[1]);
            let (marker, timestamp, padded) = (false, 0, false);
            let packet =
                Packet { marker, payload_type, sequence, timestamp, ssrc, payload, padded };
            match admission.admit(MonoTime::from_us(0), packet, &mut counts) {
                Admitted::No | Admitted::OtherType => {}
                Admitted::Packet(packet) => taken.push(packet.sequence),
                Admitted::Held { packets, new_source, .. } => {
                    taken.extend(new_source.then_some(0));
                    taken.extend(packets.iter().map(|(_, packet)| packet.sequence));
                }
            }
            assert!(admission.held_bytes() < IN_A_ROW);
        }
        let counted = counts.iter();
        (taken, counted.map(|(oddity, count)| (oddity.name(), count)).collect())
    }

    #[test]
    fn stray_packets_are_dropped_and_changes_for_good_are_followed() {
        type Row<'a> = (&'a [Event], &'a [u16], &'a [(&'static str, u64)]);
        let rows: &[Row<'_>] = &[
            (&[P(96, 1, 10), P(96, 1, 11)], &[10, 11], &[]),
            // A stray packet of another source, and three.
            (
                &[P(96, 1, 9), P(96, 1, 10), P(96, 2, 90), P(96, 1, 11)],
                &[9, 10, 11],
                &[("foreign_ssrc", 1)],
            ),
            (
                &[
                    P(96, 1, 9),
                    P(96, 1, 10),
                    P(96, 2, 90),
                    P(96, 2, 91),
                    P(96, 2, 92),
                    P(96, 1, 11),
                ],
                &[9, 10, 11],
                &[("foreign_ssrc", 3)],
            ),
            // A change for good; four that do not rise, or are of several sources, are none.
            (
                &[
                    P(96, 1, 9),
                    P(96, 1, 10),
                    P(96, 2, 90),
                    P(96, 2, 91),
                    P(96, 2, 93),
                    P(96, 2, 94),
                    P(96, 2, 95),
                ],
                &[9, 10, 0, 90, 91, 93, 94, 95],
                &[("new_source", 1)],
            ),
            (
                &[
                    P(96, 1, 9),
                    P(96, 1, 10),
                    P(96, 2, 90),
                    P(96, 2, 90),
                    P(96, 2, 80),
                    P(96, 2, 81),
                    P(96, 1, 11),
                ],
                &[9, 10, 11],
                &[("foreign_ssrc", 4)],
            ),
            (
                &[
                    P(96, 1, 9),
                    P(96, 1, 10),
                    P(96, 2, 1),
                    P(96, 3, 2),
                    P(96, 2, 3),
                    P(96, 3, 4),
                    P(96, 1, 11),
                ],
                &[9, 10, 11],
                &[("foreign_ssrc", 4)],
            ),
            // Over the wrap of sequence numbers.
            (
                &[
                    P(96, 1, 9),
                    P(96, 1, 10),
                    P(96, 2, 65534),
                    P(96, 2, 65535),
                    P(96, 2, 1),
                    P(96, 2, 2),
                ],
                &[9, 10, 0, 65534, 65535, 1, 2],
                &[("new_source", 1)],
            ),
            // After a BYE a new source needs no proof; a BYE of another, or one that did not end, says
            // nothing.
            (
                &[P(96, 1, 9), P(96, 1, 10), Bye(1), P(96, 2, 90)],
                &[9, 10, 0, 90],
                &[("new_source", 1), ("bye", 1)],
            ),
            (&[P(96, 1, 9), P(96, 1, 10), Bye(3), P(96, 2, 90)], &[9, 10], &[]),
            (
                &[P(96, 1, 9), P(96, 1, 10), Bye(1), P(96, 1, 11), P(96, 2, 90)],
                &[9, 10, 11],
                &[("bye", 1)],
            ),
            // The very first was the stray one.
            (&[P(96, 2, 90), P(96, 1, 10), P(96, 1, 11)], &[90, 0, 10, 11], &[("foreign_ssrc", 1)]),
            // Another payload type: stray, consistent from the start, and given up for the right one.
            (
                &[P(96, 1, 10), P(97, 1, 11), P(97, 1, 12), P(97, 1, 13), P(97, 1, 14)],
                &[10],
                &[("unknown_payload_type", 4)],
            ),
            (
                &[P(97, 1, 10), P(97, 1, 11), P(97, 1, 12), P(97, 1, 13), P(97, 1, 14)],
                &[10, 11, 12, 13, 14],
                &[("payload_type_adopted", 1)],
            ),
            (
                &[P(97, 1, 10), P(97, 1, 11), P(96, 2, 70), P(97, 1, 12), P(97, 1, 13)],
                &[70],
                &[("unknown_payload_type", 4)],
            ),
            (
                &[P(0, 1, 10), P(0, 1, 11), P(0, 1, 12), P(0, 1, 13), P(96, 2, 70), P(0, 1, 14)],
                &[10, 11, 12, 13, 0, 70],
                &[("unknown_payload_type", 1), ("payload_type_adopted", 1), ("new_source", 1)],
            ),
            // Two other types in turn prove nothing.
            (
                &[P(97, 1, 10), P(8, 2, 20), P(97, 1, 11), P(8, 2, 21), P(97, 1, 12)],
                &[],
                &[("unknown_payload_type", 4)],
            ),
        ];
        for (events, expected, counted) in rows {
            let (taken, counts) = taken(events);
            assert_eq!(taken, *expected, "{events:?}");
            assert_eq!(counts, *counted, "{events:?}");
        }
    }
}
