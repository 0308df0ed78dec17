//! Puts fragmented NAL units together, and takes apart what has start codes inside.

use bytes::Bytes;

use super::{Head, Nal, NalSink};
use crate::h264::find_start_code;
use crate::rtp::receive::counts::{Counts, Oddity};
use crate::rtp::receive::{MAX_PIECES, MAX_UNIT};

/// So many fragmented NAL units in a row without an end make a camera one that never says it.
const ENDS_MISSING: u8 = 3;

/// A start with less of the NAL unit than this says too little of it: the sink learns of it when it is
/// whole, which for the picture before it is later than need be.
const MIN_START: usize = 8;

/// A fragment as its packet has it.
pub(super) struct Fragment<'a> {
    /// The NAL unit's header, put together from the packet's: 1 or 2 bytes.
    pub(super) header: &'a [u8],
    pub(super) start: bool,
    pub(super) end: bool,
    pub(super) body: Bytes,
}

/// The NAL unit that is being put together.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    /// The timestamp of its start; `None` when there is none.
    open: Option<i64>,
    /// The sink knows of it.
    begun: bool,
    prefix: [u8; 2],
    prefix_length: usize,
    pieces: Vec<Bytes>,
    bytes: usize,
    /// The end of one was said once, so that one without is not whole.
    ends_said: bool,
    /// How many in a row had no end, and no loss to explain it.
    without_end: u8,
}

impl Fragments {
    pub(super) fn is_unfinished(&self) -> bool {
        self.open.is_some()
    }

    pub(super) fn bytes(&self) -> usize {
        self.open.map_or(0, |_| self.bytes)
    }

    /// A NAL unit that was begun is not whole any more.
    pub(super) fn handle_loss(&mut self, sink: &mut impl NalSink) {
        self.drop_open(sink);
    }

    /// A NAL unit in one packet: its header, if that is not in `body`, and the rest.
    pub(super) fn whole(
        &mut self,
        timestamp: i64,
        prefix: &[u8],
        body: Bytes,
        sink: &mut impl NalSink,
        counts: &mut Counts,
    ) {
        self.handle_other(sink, counts);
        self.set_prefix(prefix);
        self.pieces.push(body);
        self.deliver(timestamp, false, sink, counts);
    }

    pub(super) fn handle(
        &mut self,
        timestamp: i64,
        marker: bool,
        fragment: &Fragment<'_>,
        sink: &mut impl NalSink,
        counts: &mut Counts,
    ) {
        let Fragment { header, start, end, ref body } = *fragment;
        if start {
            self.handle_other(sink, counts);
            if end {
                counts.add(Oddity::FragmentAlone);
            }
            self.set_prefix(header);
            self.bytes = 0;
            self.open = Some(timestamp);
            self.begun = body.len() >= MIN_START;
            if self.begun {
                sink.begin(timestamp, &Head::of(header, std::slice::from_ref(body)), counts);
            }
        } else if self.open.is_none() {
            counts.add(Oddity::FragmentWithoutStart);
            return sink.broken(timestamp);
        } else if self.prefix[..self.prefix_length] != *header && self.changes_type(header) {
            // Whatever it says, it is the next of a NAL unit that is under way: nothing was lost in
            // between, or that would not be under way any more.
            counts.add(Oddity::FragmentChanged);
        }
        if !body.is_empty() {
            self.bytes += body.len();
            self.pieces.push(body.clone());
        }
        if self.bytes > MAX_UNIT || self.pieces.len() > MAX_PIECES {
            counts.add(Oddity::UnitTooLarge);
            return self.drop_open(sink);
        }
        if end {
            self.ends_said |= !start;
            self.without_end = 0;
            self.finish(sink, counts);
        } else if marker && self.never_ends() {
            counts.add(Oddity::FragmentEndUnsaid);
            self.finish(sink, counts);
        }
    }

    /// Importance (H.264) and temporal id (H.265) may differ among the fragments; they say nothing.
    fn changes_type(&self, header: &[u8]) -> bool {
        let mask = if header.len() == 1 { 0x1F } else { 0x7E };
        (self.prefix[0] ^ header[0]) & mask != 0
    }

    /// Some cameras never set the bit for the end; what they send is whole when the next one begins.
    fn never_ends(&self) -> bool {
        !self.ends_said && self.without_end >= ENDS_MISSING
    }

    /// Another NAL unit comes: the one that was begun has no end.
    fn handle_other(&mut self, sink: &mut impl NalSink, counts: &mut Counts) {
        if self.open.is_none() {
            return;
        }
        if self.never_ends() {
            counts.add(Oddity::FragmentEndUnsaid);
            self.finish(sink, counts);
        } else {
            self.without_end += 1;
            counts.add(Oddity::FragmentUnfinished);
            self.drop_open(sink);
        }
    }

    fn drop_open(&mut self, sink: &mut impl NalSink) {
        if let Some(timestamp) = self.open.take() {
            self.pieces.clear();
            sink.broken(timestamp);
        }
    }

    fn finish(&mut self, sink: &mut impl NalSink, counts: &mut Counts) {
        if let Some(timestamp) = self.open.take() {
            self.deliver(timestamp, self.begun, sink, counts);
        }
    }

    fn set_prefix(&mut self, prefix: &[u8]) {
        self.prefix_length = prefix.len();
        self.prefix[..prefix.len()].copy_from_slice(prefix);
    }

    /// Hands on what is in `pieces`, which the sink knows of or not.
    fn deliver(
        &mut self,
        timestamp: i64,
        begun: bool,
        sink: &mut impl NalSink,
        counts: &mut Counts,
    ) {
        let Self { prefix, prefix_length, pieces, .. } = self;
        let prefix = &prefix[..*prefix_length];
        if !has_start_code(prefix, pieces) {
            if !begun {
                sink.begin(timestamp, &Head::of(prefix, pieces), counts);
            }
            sink.nal(timestamp, Nal { prefix, pieces }, counts);
        } else {
            counts.add(Oddity::StartCodeInside);
            let all = Nal { prefix, pieces }.joined();
            pieces.clear();
            for (at, nal) in split(&all) {
                if at > 0 || !begun {
                    sink.begin(timestamp, &Head::of(&nal, &[]), counts);
                }
                pieces.push(nal);
                sink.nal(timestamp, Nal { prefix: &[], pieces }, counts);
                pieces.clear();
            }
        }
        pieces.clear();
    }
}

/// Whether there is a start code in a NAL unit, which none has that is well-formed (section 7.4.1 of
/// both standards).
fn has_start_code(prefix: &[u8], pieces: &[Bytes]) -> bool {
    // The last two bytes before a piece, and its first two.
    let mut edge = [0xFF; 4];
    edge[2 - prefix.len()..2].copy_from_slice(prefix);
    pieces.iter().any(|piece| {
        let first = piece.len().min(2);
        edge[2..2 + first].copy_from_slice(&piece[..first]);
        let across = find_start_code(&edge[..2 + first]).is_some();
        match piece[..] {
            [.., last_but_one, last] => (edge[0], edge[1]) = (last_but_one, last),
            [only] => (edge[0], edge[1]) = (edge[1], only),
            [] => {}
        }
        across || find_start_code(piece).is_some()
    })
}

/// The NAL units in `all` and where they begin: before the first start code, between, and after the
/// last, without the zeros that stand before start codes (Annex B of both standards).
fn split(all: &Bytes) -> impl Iterator<Item = (usize, Bytes)> + '_ {
    let mut rest = Some(0);
    std::iter::from_fn(move || {
        let start = rest?;
        let end = find_start_code(&all[start..]).map(|at| start + at);
        rest = end.map(|end| end + 3);
        let nal = &all[start..end.unwrap_or(all.len())];
        let length = nal.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        Some((start, all.slice(start..start + length)))
    })
    .filter(|(_, nal)| !nal.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_codes_are_found_across_pieces() {
        let bytes = [0x67, 1, 0, 0, 0, 1, 0x68, 2];
        let plain = [0x67, 1, 0, 0, 3, 1, 0x68, 2];
        for cut in 0..=bytes.len() {
            for second in cut..=bytes.len() {
                for prefix in 0..=cut.min(2) {
                    let pieces = |bytes: &[u8]| {
                        [&bytes[prefix..cut], &bytes[cut..second], &bytes[second..]]
                            .map(Bytes::copy_from_slice)
                    };
                    assert!(has_start_code(&bytes[..prefix], &pieces(&bytes)), "{cut} {second}");
                    assert!(!has_start_code(&plain[..prefix], &pieces(&plain)), "{cut} {second}");
                }
            }
        }
    }

    #[test]
    fn byte_streams_are_split() {
        for (bytes, expected) in [
            (&[9, 1][..], &[(0, &[9, 1][..])][..]),
            (&[0, 0, 0, 1, 9, 1], &[(4, &[9, 1])]),
            (&[9, 1, 0, 0, 1, 8, 0, 0, 0, 1, 7], &[(0, &[9, 1]), (5, &[8]), (10, &[7])]),
            (&[0, 0, 1, 0, 0, 1, 7, 0, 0], &[(6, &[7])]),
            (&[0, 0, 1], &[]),
        ] {
            let all = Bytes::copy_from_slice(bytes);
            let found: Vec<_> = split(&all).collect();
            let found: Vec<_> = found.iter().map(|(at, nal)| (*at, &nal[..])).collect();
            assert_eq!(found, expected, "{bytes:?}");
        }
    }
}
