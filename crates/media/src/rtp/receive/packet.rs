//! The header of an RTP packet (RFC 3550 section 5.1).

use bytes::Bytes;

use super::counts::Oddity;

/// Bytes of the fixed header.
const HEADER: usize = 12;

/// An RTP packet, as far as it is read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Packet {
    pub(super) marker: bool,
    pub(super) payload_type: u8,
    pub(super) sequence: u16,
    pub(super) timestamp: u32,
    pub(super) ssrc: u32,
    /// Without padding; may be empty.
    pub(super) payload: Bytes,
    /// Whether there was padding.
    pub(super) padded: bool,
}

impl Packet {
    /// Reads a packet; the payload is a slice of it. With an oddity behind the fixed header the packet has
    /// no payload, yet it is one, with its sequence number.
    pub(super) fn parse(packet: Bytes) -> Result<(Self, Option<Oddity>), Oddity> {
        let Some(header) = packet.first_chunk::<HEADER>() else {
            return Err(Oddity::RtpTooShort);
        };
        let [flags, second, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3] = *header;
        if flags >> 6 != 2 {
            return Err(Oddity::RtpVersion);
        }
        let (payload, padded, oddity) = match payload(flags, &packet) {
            Ok((payload, padded)) => (payload, padded, None),
            Err(oddity) => (Bytes::new(), false, Some(oddity)),
        };
        let packet = Self {
            marker: second & 0x80 != 0,
            payload_type: second & 0x7F,
            sequence: u16::from_be_bytes([s0, s1]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            ssrc: u32::from_be_bytes([c0, c1, c2, c3]),
            payload,
            padded,
        };
        Ok((packet, oddity))
    }
}

/// The payload of a packet with these flags, and whether there was padding behind it.
fn payload(flags: u8, packet: &Bytes) -> Result<(Bytes, bool), Oddity> {
    // CC: contributing sources of four bytes each.
    let mut start = HEADER + 4 * usize::from(flags & 0x0F);
    if start > packet.len() {
        return Err(Oddity::RtpCsrc);
    }
    // X (section 5.3.1): a profile's number, the length in words, and those.
    if flags & 0x10 != 0 {
        let Some([_, _, high, low]) = packet[start..].first_chunk::<4>() else {
            return Err(Oddity::RtpExtension);
        };
        start += 4 + 4 * usize::from(u16::from_be_bytes([*high, *low]));
        if start > packet.len() {
            return Err(Oddity::RtpExtension);
        }
    }
    // P: the last byte says how many there are, itself included.
    let padded = flags & 0x20 != 0;
    let mut end = packet.len();
    if padded {
        let padding = usize::from(packet[end - 1]);
        if padding == 0 || padding > end - start {
            return Err(Oddity::RtpPadding);
        }
        end -= padding;
    }
    let payload = packet.slice(start..end);
    // A few bytes shall not keep a large buffer alive.
    let payload = if payload.len() * 4 < packet.len() && packet.len() > 256 {
        Bytes::copy_from_slice(&payload)
    } else {
        payload
    };
    Ok((payload, padded))
}

/// Whether a packet that came among RTP packets is RTCP: version 2, and one of RTCP's packet types
/// where a marker and a payload type would stand (RFC 5761 section 4), which is not the video's.
pub(super) fn is_rtcp(packet: &[u8], payload_type: u8) -> bool {
    matches!(packet, [first, kind @ 200..=207, ..]
        if first >> 6 == 2 && kind & 0x7F != payload_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Version and flags, then the usual header: marker, 96, sequence 0x1234, and so on.
    fn packet(flags: u8, rest: &[u8]) -> Bytes {
        let header = [flags, 0xE0, 0x12, 0x34, 0, 0, 0x56, 0x78, 0xAA, 0xBB, 0xCC, 0xDD];
        [&header[..], rest].concat().into()
    }

    #[test]
    fn headers_are_read_or_refused() {
        for (flags, rest, expected) in [
            (0x80, &[0x65, 1][..], Ok(&[0x65, 1][..])),
            (0x80, &[], Ok(&[])),
            // Two contributing sources, an extension of one word, padding; each alone and together.
            (0x82, &[0, 0, 0, 1, 0, 0, 0, 2, 9], Ok(&[9])),
            (0x90, &[0xBE, 0xDE, 0, 1, 7, 7, 7, 7, 9], Ok(&[9])),
            (0x90, &[0xBE, 0xDE, 0, 0, 9], Ok(&[9])),
            (0xA0, &[9, 0, 0, 3], Ok(&[9])),
            (0xB1, &[0, 0, 0, 1, 0, 0, 0, 1, 7, 7, 7, 7, 9, 0, 2], Ok(&[9])),
            // Nothing but padding.
            (0xA0, &[0, 0, 0, 4], Ok(&[])),
            (0x00, &[9], Err(Oddity::RtpVersion)),
            (0x40, &[9], Err(Oddity::RtpVersion)),
            (0xC0, &[9], Err(Oddity::RtpVersion)),
            (0x81, &[0, 0, 0], Err(Oddity::RtpCsrc)),
            (0x8F, &[9], Err(Oddity::RtpCsrc)),
            (0x90, &[0xBE, 0xDE, 0], Err(Oddity::RtpExtension)),
            (0x90, &[0xBE, 0xDE, 0, 1, 7, 7, 7], Err(Oddity::RtpExtension)),
            (0x90, &[0xBE, 0xDE, 0xFF, 0xFF, 7], Err(Oddity::RtpExtension)),
            (0xA0, &[9, 0], Err(Oddity::RtpPadding)),
            (0xA0, &[9, 3], Err(Oddity::RtpPadding)),
            (0xA0, &[], Err(Oddity::RtpPadding)),
            // Padding that would reach into the extension.
            (0xB0, &[0xBE, 0xDE, 0, 1, 7, 7, 7, 7, 9, 3], Err(Oddity::RtpPadding)),
        ] {
            let parsed = Packet::parse(packet(flags, rest));
            let found = match &parsed {
                Ok((packet, None)) => Ok(&packet.payload[..]),
                Ok((_, Some(oddity))) | Err(oddity) => Err(*oddity),
            };
            assert_eq!(found, expected, "{flags:02x} {rest:?}");
            if let Ok((parsed, oddity)) = parsed {
                assert!(oddity.is_none() || parsed.payload.is_empty());
                assert!(parsed.marker);
                assert_eq!((parsed.payload_type, parsed.sequence), (96, 0x1234));
                assert_eq!((parsed.timestamp, parsed.ssrc), (0x5678, 0xAABB_CCDD));
                assert_eq!(parsed.padded, flags & 0x20 != 0 && oddity.is_none());
            }
        }
        for length in 0..HEADER {
            let short = packet(0x80, &[]).slice(..length);
            assert_eq!(Packet::parse(short), Err(Oddity::RtpTooShort), "{length}");
        }
    }

    #[test]
    fn rtcp_is_told_from_rtp() {
        for (bytes, payload_type, expected) in [
            (&[0x80, 200][..], 96, true),
            (&[0x81, 203, 0, 1], 96, true),
            (&[0x80, 207], 96, true),
            (&[0x80, 96], 96, false),
            (&[0x80, 0xE0], 96, false),
            (&[0x40, 200], 96, false),
            // The marker and payload type 72, when that is the video's.
            (&[0x80, 200], 72, false),
            (&[0x80], 96, false),
            (&[], 96, false),
        ] {
            assert_eq!(is_rtcp(bytes, payload_type), expected, "{bytes:?} {payload_type}");
        }
    }
}
