//! RTP packets before they are bytes (RFC 3550 section 5.1).

use std::time::Duration;

/// How a packet gets its sequence number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Numbering {
    /// The next one.
    #[default]
    Next,
    /// That of the packet before.
    Before,
    /// One that has nothing to do with the others'.
    Own(u16),
}

/// An RTP packet that is not yet numbered.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Draft {
    pub(crate) payload: Vec<u8>,
    pub(crate) marker: bool,
    pub(crate) timestamp: u32,
    /// `None`: the stream's.
    pub(crate) payload_type: Option<u8>,
    /// `None`: the stream's.
    pub(crate) ssrc: Option<u32>,
    pub(crate) numbering: Numbering,
    /// Bytes behind the payload, of which the last says how many they are.
    pub(crate) padding: Option<u8>,
    pub(crate) extended: bool,
    pub(crate) contributors: bool,
    /// A receiver needs it for its picture.
    pub(crate) of_picture: bool,
}

impl Draft {
    /// The bytes of a packet of version 2.
    pub(crate) fn to_bytes(&self, payload_type: u8, sequence: u16, ssrc: u32) -> Vec<u8> {
        let contributors: &[u32] =
            if self.contributors { &[0x0102_0304, 0x0506_0708] } else { &[] };
        let padded = if self.padding.is_some() { 0x20 } else { 0 };
        let extended = if self.extended { 0x10 } else { 0 };
        let marker = if self.marker { 0x80 } else { 0 };
        let mut out = vec![
            0x80 | padded | extended | contributors.len() as u8,
            self.payload_type.unwrap_or(payload_type) | marker,
        ];
        out.extend_from_slice(&sequence.to_be_bytes());
        out.extend_from_slice(&self.timestamp.to_be_bytes());
        out.extend_from_slice(&self.ssrc.unwrap_or(ssrc).to_be_bytes());
        contributors.iter().for_each(|source| out.extend_from_slice(&source.to_be_bytes()));
        if self.extended {
            // The one that ONVIF's replay uses: NTP time, flags (ONVIF Streaming Specification 6.3).
            out.extend_from_slice(&[0xAB, 0xAC, 0, 3, 0xE9, 1, 2, 3, 4, 5, 6, 7, 0xE0, 9, 0, 0]);
        }
        out.extend_from_slice(&self.payload);
        if let Some(said) = self.padding {
            // Where it says more than there is, a byte or two have to do.
            let length = if usize::from(said) > 64 { 2 } else { usize::from(said.max(1)) };
            out.resize(out.len() + length - 1, 0);
            out.push(said);
        }
        out
    }
}

/// Bytes for the client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Packet {
    pub(crate) kind: Kind,
    pub(crate) bytes: Vec<u8>,
    /// So much later than the others of its picture.
    pub(crate) delay: Duration,
    /// A receiver needs it for its picture.
    pub(crate) of_picture: bool,
}

/// RTP or RTCP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Rtp,
    Rtcp,
}

impl Packet {
    pub(crate) fn rtp(bytes: Vec<u8>) -> Self {
        Self { kind: Kind::Rtp, bytes, delay: Duration::ZERO, of_picture: false }
    }

    pub(crate) fn rtcp(bytes: Vec<u8>) -> Self {
        Self { kind: Kind::Rtcp, ..Self::rtp(bytes) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_laid_out_as_section_5_1_draws_them() {
        let plain = Draft { payload: vec![0x65, 9], timestamp: 0x0102_0304, ..Draft::default() };
        let fixed = [0x01, 0x02, 1, 2, 3, 4, 0xA, 0xB, 0xC, 0xD];
        for (what, draft, head, tail) in [
            ("plain", plain.clone(), [0x80, 96], vec![0x65, 9]),
            ("marker", Draft { marker: true, ..plain.clone() }, [0x80, 224], vec![0x65, 9]),
            (
                "padding",
                Draft { padding: Some(3), ..plain.clone() },
                [0xA0, 96],
                vec![0x65, 9, 0, 0, 3],
            ),
            (
                "too much padding",
                Draft { padding: Some(200), ..plain.clone() },
                [0xA0, 96],
                vec![0x65, 9, 0, 200],
            ),
            (
                "contributors",
                Draft { contributors: true, ..plain.clone() },
                [0x82, 96],
                vec![1, 2, 3, 4, 5, 6, 7, 8, 0x65, 9],
            ),
            (
                "extension",
                Draft { extended: true, ..plain.clone() },
                [0x90, 96],
                vec![0xAB, 0xAC, 0, 3, 0xE9, 1, 2, 3, 4, 5, 6, 7, 0xE0, 9, 0, 0, 0x65, 9],
            ),
            ("other type", Draft { payload_type: Some(98), ..plain }, [0x80, 98], vec![0x65, 9]),
        ] {
            let bytes = draft.to_bytes(96, 0x0102, 0x0A0B_0C0D);
            assert_eq!(bytes, [&head[..], &fixed, &tail].concat(), "{what}");
        }
    }
}
