//! Cuts what comes over the connection into messages and interleaved packets (RFC 2326 section 10.12),
//! and finds its place again where a camera puts in what is neither.

use bytes::{Buf as _, Bytes, BytesMut};

use crate::message::Message;

/// The longest head of a message, in bytes.
const MAX_HEAD: usize = 64 << 10;
/// The longest body, in bytes. Session descriptions have a few thousand.
const MAX_BODY: usize = 1 << 20;
/// The longest method, in bytes.
const MAX_WORD: usize = 32;
/// The longest first line, in bytes.
const MAX_START_LINE: usize = 4096;

/// One piece of the connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Frame {
    Message(Message),
    Packet { channel: u8, data: Bytes },
}

/// What the bytes at hand begin with.
enum Beginning {
    Frame(Frame),
    /// So far it may be a frame; more has to come.
    Unfinished,
    Nothing,
}

/// The bytes that came in and were not read yet.
#[derive(Debug, Default)]
pub(crate) struct Framing {
    pub(crate) buffer: BytesMut,
    /// The last byte read belonged to no frame.
    lost: bool,
    skipped: u64,
}

impl Framing {
    /// The next whole frame.
    pub(crate) fn next(&mut self) -> Option<Frame> {
        loop {
            match self.beginning() {
                Beginning::Frame(frame) => {
                    self.lost = false;
                    return Some(frame);
                }
                Beginning::Unfinished => return None,
                Beginning::Nothing => self.skip(),
            }
        }
    }

    /// Bytes that belonged to no frame since the last call.
    pub(crate) fn take_skipped(&mut self) -> u64 {
        std::mem::take(&mut self.skipped)
    }

    /// On to where the next frame may begin.
    fn skip(&mut self) {
        self.lost = true;
        let may_begin = |byte: &u8| *byte == b'$' || byte.is_ascii_uppercase();
        let rest = self.buffer.get(1..).unwrap_or_default();
        let count = 1 + rest.iter().position(may_begin).unwrap_or(rest.len());
        self.skipped += count as u64;
        self.buffer.advance(count.min(self.buffer.len()));
    }

    fn beginning(&mut self) -> Beginning {
        let blank = self.buffer.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        self.buffer.advance(blank);
        match self.buffer.first() {
            None => Beginning::Unfinished,
            Some(b'$') => self.packet(),
            Some(byte) if byte.is_ascii_uppercase() => self.message(),
            Some(_) => Beginning::Nothing,
        }
    }

    fn packet(&mut self) -> Beginning {
        let Some(&[_, channel, high, low]) = self.buffer.first_chunk() else {
            return Beginning::Unfinished;
        };
        let length = usize::from(u16::from_be_bytes([high, low]));
        let whole = 4 + length;
        if self.lost {
            // A dollar sign alone proves little. RTP and RTCP have version 2 in their first byte (RFC
            // 3550 sections 5.1 and 6.4.1), and behind a packet something else begins.
            match self.buffer.get(4) {
                None => return Beginning::Unfinished,
                Some(first) if first >> 6 != 2 || length < 8 => return Beginning::Nothing,
                Some(_) => {}
            }
            match self.buffer.get(whole) {
                Some(b'$' | b'\r' | b'\n' | b'A'..=b'Z') => {}
                Some(_) => return Beginning::Nothing,
                None if self.buffer.len() < whole => return Beginning::Unfinished,
                None => {}
            }
        }
        if self.buffer.len() < whole {
            return Beginning::Unfinished;
        }
        let mut data = self.buffer.split_to(whole);
        data.advance(4);
        Beginning::Frame(Frame::Packet { channel, data: data.freeze() })
    }

    fn message(&mut self) -> Beginning {
        if !may_be_first_word(&self.buffer) {
            return Beginning::Nothing;
        }
        let line_end = self.buffer.iter().take(MAX_START_LINE).position(|byte| *byte == b'\n');
        let line = &self.buffer[..line_end.unwrap_or(self.buffer.len().min(MAX_START_LINE))];
        if !is_printable(line) || (line_end.is_none() && line.len() == MAX_START_LINE) {
            return Beginning::Nothing;
        }
        let Some((head, begin_of_body)) = head(&self.buffer[..self.buffer.len().min(MAX_HEAD)])
        else {
            let too_long = self.buffer.len() >= MAX_HEAD;
            return if too_long { Beginning::Nothing } else { Beginning::Unfinished };
        };
        let Some(mut message) = Message::parse(&self.buffer[..head]) else {
            return Beginning::Nothing;
        };
        let length = message.content_length();
        if length > MAX_BODY {
            return Beginning::Nothing;
        }
        if self.buffer.len() < begin_of_body + length {
            return Beginning::Unfinished;
        }
        self.buffer.advance(begin_of_body);
        message.body = self.buffer.split_to(length).freeze();
        Beginning::Frame(Frame::Message(message))
    }
}

/// Whether these bytes may begin with a method or a version. Nonsense is told from a message by its
/// first bytes, so that no packets are taken for its rest.
fn may_be_first_word(bytes: &[u8]) -> bool {
    let in_word = |byte: &&u8| {
        let other = matches!(byte, b'_' | b'/' | b'.');
        byte.is_ascii_uppercase() || byte.is_ascii_digit() || other
    };
    let length = bytes.iter().take(MAX_WORD + 1).take_while(in_word).count();
    length <= MAX_WORD && matches!(bytes.get(length), None | Some(b' ' | b'\r' | b'\n'))
}

/// Whether these bytes may be a line, or a part of one.
fn is_printable(line: &[u8]) -> bool {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    line.iter().all(|byte| *byte >= b' ' || *byte == b'\t')
}

/// Where the head ends, and where the body begins. Lines end with CR LF, or with LF alone.
fn head(bytes: &[u8]) -> Option<(usize, usize)> {
    let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at);
    for at in ends {
        match bytes.get(at + 1..)? {
            [b'\n', ..] => return Some((at, at + 2)),
            [b'\r', b'\n', ..] => return Some((at, at + 3)),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A short name of each frame, and how many bytes were skipped; the bytes come in pieces.
    fn cut(bytes: &[u8], piece: usize) -> (Vec<String>, u64) {
        let mut framing = Framing::default();
        let mut found = Vec::new();
        for piece in bytes.chunks(piece) {
            framing.buffer.extend_from_slice(piece);
            while let Some(frame) = framing.next() {
                found.push(match frame {
                    Frame::Message(message) => {
                        format!("{:?} {}", message.cseq(), message.body.len())
                    }
                    Frame::Packet { channel, data } => format!("${channel} {}", data.len()),
                });
            }
        }
        (found, framing.take_skipped())
    }

    #[test]
    fn messages_and_packets_are_cut_whatever_the_pieces() {
        let packet = |channel: u8, length: usize| {
            let mut bytes = vec![b'$', channel, 0, length as u8];
            bytes.extend(std::iter::once(0x80).chain(std::iter::repeat(7)).take(length));
            bytes
        };
        let answer = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 3\r\n\r\nv=0".to_vec();
        let bare = b"RTSP/1.0 200 OK\nCSeq: 2\n\n".to_vec();
        let request = b"OPTIONS * RTSP/1.0\r\nCSeq: 3\r\n\r\n".to_vec();
        let nonsense = vec![0xFF, 0x90, b'$', 0xA0, b'Q', 0xEE, b'R', b'T', 0x00];
        for (name, bytes, expected, skipped) in [
            ("a message", answer.clone(), &["Some(1) 3"][..], 0),
            ("line feeds alone", bare.clone(), &["Some(2) 0"], 0),
            ("a packet", packet(0, 12), &["$0 12"], 0),
            ("an empty packet", packet(1, 0), &["$1 0"], 0),
            (
                "all of them",
                [packet(0, 20), answer.clone(), packet(1, 9), request, packet(0, 4)].concat(),
                &["$0 20", "Some(1) 3", "$1 9", "Some(3) 0", "$0 4"],
                0,
            ),
            (
                "blank lines between them",
                [&b"\r\n\r\n"[..], &answer, b"\r\n", &packet(0, 8), b"\n", &bare].concat(),
                &["Some(1) 3", "$0 8", "Some(2) 0"],
                0,
            ),
            (
                "nonsense between packets",
                [packet(0, 12), nonsense.clone(), packet(0, 13), packet(0, 14)].concat(),
                &["$0 12", "$0 13", "$0 14"],
                9,
            ),
            ("nonsense before a message", [nonsense, bare].concat(), &["Some(2) 0"], 9),
        ] {
            for piece in [1, 2, 3, 7, 1000] {
                let (found, count) = cut(&bytes, piece);
                assert_eq!(found, expected, "{name} in pieces of {piece}");
                assert_eq!(count, skipped, "{name} in pieces of {piece}");
            }
        }
    }

    #[test]
    fn what_has_no_end_is_given_up() {
        for endless in [b"A", b"$", b"\xFF"] {
            let mut framing = Framing::default();
            for _ in 0..100 {
                framing.buffer.extend_from_slice(&endless.repeat(4096));
                while framing.next().is_some() {}
                assert!(framing.buffer.len() <= 70_000, "{}", framing.buffer.len());
            }
        }
        let mut framing = Framing::default();
        framing.buffer.extend_from_slice(b"RTSP/1.0 200 OK\r\n");
        for _ in 0..100 {
            framing.buffer.extend_from_slice(&b"X: y\r\n".repeat(1000));
            assert_eq!(framing.next(), None);
            assert!(framing.buffer.len() <= 70_000, "{}", framing.buffer.len());
        }
    }
}
