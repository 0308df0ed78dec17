//! RTP payloads to NAL units: H.264 (RFC 6184) and H.265 (RFC 7798), as cameras send them.

mod fragments;
mod h264;
mod h265;

use bytes::Bytes;
use razz_base::Codec;

use super::counts::{Counts, Oddity};
use fragments::Fragments;

/// How much of a NAL unit is looked at to say what it is: more than the numbers of a slice header take.
const HEAD: usize = 48;

/// Where NAL units go.
pub(super) trait NalSink {
    /// A NAL unit begins, all or a first part of which is there.
    fn begin(&mut self, timestamp: i64, head: &Head, counts: &mut Counts);

    /// The NAL unit that began last, whole.
    fn nal(&mut self, timestamp: i64, nal: Nal<'_>, counts: &mut Counts);

    /// A NAL unit of this time, begun or not, was dropped since it is not whole.
    fn broken(&mut self, timestamp: i64);
}

/// The first bytes of a NAL unit, its header included.
#[derive(Debug)]
pub(super) struct Head {
    bytes: [u8; HEAD],
    length: usize,
}

impl Head {
    /// Those of a NAL unit of this header, which may also be in the pieces.
    pub(super) fn of(prefix: &[u8], pieces: &[Bytes]) -> Self {
        let mut head = Self { bytes: [0; HEAD], length: 0 };
        head.add(prefix);
        for piece in pieces {
            if head.length == HEAD {
                break;
            }
            head.add(piece);
        }
        head
    }

    fn add(&mut self, bytes: &[u8]) {
        let taken = bytes.len().min(HEAD - self.length);
        self.bytes[self.length..self.length + taken].copy_from_slice(&bytes[..taken]);
        self.length += taken;
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// A NAL unit in pieces, as packets had it; whoever takes it takes the pieces.
#[derive(Debug)]
pub(super) struct Nal<'a> {
    /// Its header, or nothing where the first piece has it.
    pub(super) prefix: &'a [u8],
    pub(super) pieces: &'a mut Vec<Bytes>,
}

impl Nal<'_> {
    /// It in one piece: copied only when it is in several.
    pub(super) fn joined(&self) -> Bytes {
        match &self.pieces[..] {
            [piece] if self.prefix.is_empty() => piece.clone(),
            pieces => {
                let length = pieces.iter().map(Bytes::len).sum::<usize>();
                let mut joined = Vec::with_capacity(self.prefix.len() + length);
                joined.extend_from_slice(self.prefix);
                pieces.iter().for_each(|piece| joined.extend_from_slice(piece));
                joined.into()
            }
        }
    }
}

/// Takes the payloads of one source apart, in order.
#[derive(Debug)]
pub(super) struct Depacketizer {
    codec: Codec,
    fragments: Fragments,
    /// The packets of H.265 have decoding order numbers (DONL), though nobody agreed on that.
    numbered: bool,
}

impl Depacketizer {
    pub(super) fn new(codec: Codec) -> Self {
        Self { codec, fragments: Fragments::default(), numbered: false }
    }

    /// Whether a NAL unit was begun and has not ended.
    pub(super) fn is_unfinished(&self) -> bool {
        self.fragments.is_unfinished()
    }

    /// Bytes of the NAL unit that was begun.
    pub(super) fn held_bytes(&self) -> usize {
        self.fragments.bytes()
    }

    /// Packets before the next one are missing.
    pub(super) fn handle_loss(&mut self, sink: &mut impl NalSink) {
        self.fragments.handle_loss(sink);
    }

    /// Takes the payload of the next packet, which is not empty.
    pub(super) fn handle(
        &mut self,
        timestamp: i64,
        marker: bool,
        payload: Bytes,
        sink: &mut impl NalSink,
        counts: &mut Counts,
    ) {
        let Self { codec, fragments, numbered } = self;
        let mut output = Output { timestamp, marker, fragments, sink, counts };
        match codec {
            Codec::H264 => h264::handle(payload, &mut output),
            Codec::H265 => h265::handle(payload, numbered, &mut output),
            // It has no NAL units; see `video`.
            Codec::Mjpeg => {}
        }
    }
}

/// What becomes of a payload.
struct Output<'a, S> {
    timestamp: i64,
    marker: bool,
    fragments: &'a mut Fragments,
    sink: &'a mut S,
    counts: &'a mut Counts,
}

impl<S: NalSink> Output<'_, S> {
    fn count(&mut self, oddity: Oddity) {
        self.counts.add(oddity);
    }

    /// A whole NAL unit: its header, if that is not in `body`, and the rest.
    fn whole(&mut self, timestamp: i64, prefix: &[u8], body: Bytes) {
        self.fragments.whole(timestamp, prefix, body, self.sink, self.counts);
    }

    fn fragment(&mut self, fragment: &fragments::Fragment<'_>) {
        self.fragments.handle(self.timestamp, self.marker, fragment, self.sink, self.counts);
    }
}

#[cfg(test)]
mod testing {
    //! What the tests of both formats need.

    use std::collections::BTreeSet;

    use super::*;

    /// Writes down what it gets.
    #[derive(Default)]
    pub(super) struct Log {
        pub(super) nals: Vec<Vec<u8>>,
        pub(super) timestamps: Vec<i64>,
        pub(super) begun: usize,
        pub(super) broken: usize,
    }

    impl NalSink for Log {
        fn begin(&mut self, _: i64, head: &Head, _: &mut Counts) {
            assert!(!head.bytes().is_empty());
            self.begun += 1;
        }

        fn nal(&mut self, timestamp: i64, nal: Nal<'_>, _: &mut Counts) {
            self.nals.push(nal.joined().to_vec());
            self.timestamps.push(timestamp);
            nal.pieces.clear();
        }

        fn broken(&mut self, _: i64) {
            self.broken += 1;
        }
    }

    /// What comes of payloads: NAL units, how many were broken, counts. `None` is a loss; the payload
    /// behind one that ends in a marker has the next timestamp.
    pub(super) fn depacketized(
        codec: Codec,
        payloads: &[Option<&[u8]>],
    ) -> (Log, Vec<(&'static str, u64)>) {
        let mut depacketizer = Depacketizer::new(codec);
        let (mut log, mut counts) = (Log::default(), Counts::default());
        for payload in payloads {
            match payload {
                None => depacketizer.handle_loss(&mut log),
                Some(payload) => {
                    let payload = Bytes::copy_from_slice(payload);
                    depacketizer.handle(90, false, payload, &mut log, &mut counts);
                }
            }
        }
        let counted = counts.iter();
        (log, counted.map(|(oddity, count)| (oddity.name(), count)).collect())
    }

    /// Payloads (`None` is a loss), NAL units, how many are broken, counts.
    pub(super) type Case<'a> =
        (&'a [Option<&'a [u8]>], &'a [&'a [u8]], usize, &'a [(&'static str, u64)]);

    pub(super) fn check(codec: Codec, rows: &[Case<'_>]) {
        for (payloads, nals, broken, counted) in rows {
            let (log, counts) = depacketized(codec, payloads);
            assert_eq!(log.nals, *nals, "{payloads:02x?}");
            assert_eq!(log.broken, *broken, "{payloads:02x?}");
            let (found, expected): (BTreeSet<_>, BTreeSet<_>) =
                (counts.into_iter().collect(), counted.iter().copied().collect());
            assert_eq!(found, expected, "{payloads:02x?}");
            assert!(log.begun >= log.nals.len(), "{payloads:02x?}");
        }
    }
}
