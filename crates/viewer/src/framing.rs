//! Datagrams on a TCP connection: each behind its length in 16 bits (RFC 4571 section 2).

/// The largest datagram that can be framed.
pub const MAX_FRAME: usize = 65_535;

/// Appends `datagram` with its length before it; false, and nothing appended, when it is too large.
pub fn frame(datagram: &[u8], out: &mut Vec<u8>) -> bool {
    let Ok(length) = u16::try_from(datagram.len()) else { return false };
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(datagram);
    true
}

/// Puts frames together that arrive in pieces.
#[derive(Debug)]
pub struct Deframer {
    buffer: Vec<u8>,
    max: usize,
}

/// A frame larger than this end takes: the connection is of no use any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a frame of {0} bytes, more than are taken")]
pub struct TooLarge(pub usize);

impl Deframer {
    /// Takes frames of up to `max` bytes; as much is buffered.
    pub fn new(max: usize) -> Self {
        Self { buffer: Vec::new(), max: max.min(MAX_FRAME) }
    }

    /// Takes what came and hands out every frame that is whole now. Empty frames are passed over.
    ///
    /// # Errors
    /// When a frame announces itself as larger than the maximum.
    pub fn push(&mut self, bytes: &[u8], mut take: impl FnMut(&[u8])) -> Result<(), TooLarge> {
        self.buffer.extend_from_slice(bytes);
        let mut at = 0;
        while let Some((head, rest)) = self.buffer[at..].split_at_checked(2) {
            let length = usize::from(u16::from_be_bytes([head[0], head[1]]));
            if length > self.max {
                return Err(TooLarge(length));
            }
            let Some(datagram) = rest.get(..length) else { break };
            if !datagram.is_empty() {
                take(datagram);
            }
            at += 2 + length;
        }
        self.buffer.drain(..at);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn too_large_is_an_error() {
        let mut deframer = Deframer::new(10);
        assert_eq!(deframer.push(&[0, 10], |_| ()), Ok(()));
        assert_eq!(Deframer::new(10).push(&[0, 11], |_| ()), Err(TooLarge(11)));
        let mut out = Vec::new();
        assert!(!frame(&vec![0; MAX_FRAME + 1], &mut out));
        assert!(out.is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_was_framed_comes_out_whatever_the_pieces(
            datagrams in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..20),
            cuts in prop::collection::vec(1..50usize, 1..40),
        ) {
            let mut wire = Vec::new();
            for datagram in &datagrams {
                prop_assert!(frame(datagram, &mut wire));
            }
            let mut deframer = Deframer::new(40);
            let (mut got, mut rest, mut cuts) = (Vec::new(), &wire[..], cuts.iter().cycle());
            while !rest.is_empty() {
                let (piece, later) = rest.split_at((*cuts.next().unwrap()).min(rest.len()));
                deframer.push(piece, |datagram| got.push(datagram.to_vec())).unwrap();
                rest = later;
            }
            prop_assert_eq!(got, datagrams);
        }
    }
}
