//! A camera's audio: silence in G.711 A-law (RFC 3551 section 4.5.14), for clients that set it up.

use super::packet::{Draft, Kind};
use super::transport::Transport;
use crate::dice::Dice;

/// The static payload type of PCMA (RFC 3551 section 6).
const PAYLOAD_TYPE: u8 = 8;
const SAMPLES_PER_SECOND: u32 = 8000;
/// A-law's zero.
const SILENCE: u8 = 0xD5;

/// One client's audio.
pub(crate) struct Audio {
    transport: Transport,
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
}

impl Audio {
    pub(crate) fn new(transport: Transport, mut dice: Dice) -> Self {
        let (ssrc, sequence, timestamp) =
            (dice.next() as u32, dice.next() as u16, dice.next() as u32);
        Self { transport, ssrc, sequence, timestamp }
    }

    /// Sends what there is to hear during a picture of `fps`.
    pub(crate) fn send(&mut self, fps: u32, connection: &mut Vec<u8>) {
        let samples = SAMPLES_PER_SECOND / fps.max(1);
        let payload = vec![SILENCE; samples as usize];
        let draft = Draft { payload, timestamp: self.timestamp, ..Draft::default() };
        let bytes = draft.to_bytes(PAYLOAD_TYPE, self.sequence, self.ssrc);
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(samples);
        self.transport.send(Kind::Rtp, &bytes, connection);
    }
}
