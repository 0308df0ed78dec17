//! Cuts a copy of what came over a connection into pieces, for who wants to keep or show it. Every byte
//! is in one of them, in order.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use crate::framing::{Frame, Framing};

/// A piece of a connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Piece {
    /// A whole message, head and body.
    Message(Bytes),
    /// An interleaved packet, without the four bytes in front of it.
    Packet {
        /// Its channel.
        channel: u8,
        /// From the RTP or RTCP header on.
        data: Bytes,
    },
    /// What belongs to neither.
    Skipped(Bytes),
}

/// Cuts one direction of a connection.
#[derive(Debug, Default)]
pub struct Pieces {
    framing: Framing,
    raw: BytesMut,
    ready: VecDeque<Piece>,
}

impl Pieces {
    /// More has come.
    pub fn push(&mut self, bytes: &[u8]) {
        self.framing.buffer.extend_from_slice(bytes);
        self.raw.extend_from_slice(bytes);
    }

    /// The next piece that is whole.
    pub fn pop(&mut self) -> Option<Piece> {
        if self.ready.is_empty() {
            self.cut();
        }
        self.ready.pop_front()
    }

    /// What came last and is no whole piece.
    pub fn rest(self) -> Bytes {
        self.raw.freeze()
    }

    fn cut(&mut self) {
        let before = self.framing.buffer.len();
        let frame = self.framing.next();
        let mut raw = self.raw.split_to(before - self.framing.buffer.len()).freeze();
        let skipped = self.framing.take_skipped() as usize;
        let of_frame = match &frame {
            None => 0,
            Some(Frame::Packet { data, .. }) => 4 + data.len(),
            Some(Frame::Message(_)) => raw.len().saturating_sub(skipped),
        };
        let skipped = raw.split_to(raw.len() - of_frame.min(raw.len()));
        if !skipped.is_empty() {
            self.ready.push_back(Piece::Skipped(skipped));
        }
        match frame {
            Some(Frame::Packet { channel, data }) => {
                self.ready.push_back(Piece::Packet { channel, data });
            }
            Some(Frame::Message(_)) => self.ready.push_back(Piece::Message(raw)),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONNECTION: &[u8] = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 3\r\n\r\nv=0\
          $\x00\x00\x02ab\x01\x02$\x01\x00\x08\x80cdefghi\r\nOPTIONS * RTSP/1.0\r\nCSeq: 2\r\n\r\n$\x00\x00\x09d";

    fn pieces(at_once: usize) -> (Vec<Piece>, Bytes) {
        let mut pieces = Pieces::default();
        let mut found = Vec::new();
        for bytes in CONNECTION.chunks(at_once) {
            pieces.push(bytes);
            while let Some(piece) = pieces.pop() {
                found.push(piece);
            }
        }
        (found, pieces.rest())
    }

    fn bytes(piece: &Piece) -> Vec<u8> {
        match piece {
            Piece::Message(raw) | Piece::Skipped(raw) => raw.to_vec(),
            Piece::Packet { channel, data } => {
                let [high, low] = (data.len() as u16).to_be_bytes();
                [&[b'$', *channel, high, low], &data[..]].concat()
            }
        }
    }

    #[test]
    fn every_byte_is_in_one_piece_however_they_come() {
        for at_once in [CONNECTION.len(), 1, 7] {
            let (found, rest) = pieces(at_once);
            let mut all: Vec<u8> = found.iter().flat_map(bytes).collect();
            all.extend(&rest);
            assert_eq!(all, CONNECTION, "{at_once} at once");
            let packets = found.iter().filter(|piece| matches!(piece, Piece::Packet { .. }));
            assert_eq!(packets.count(), 2, "{found:?}");
            let messages = found.iter().filter(|piece| matches!(piece, Piece::Message(_)));
            assert_eq!(messages.count(), 2, "{found:?}");
            assert_eq!(&rest[..], b"$\x00\x00\x09d");
        }
    }
}
