//! RTCP as cameras, razz and viewers have it in common (RFC 3550 section 6): where a compound packet's packets
//! begin and end, and the report of a sender.

/// A sender report (section 6.4.1).
pub const SENDER_REPORT: u8 = 200;
/// A receiver report (section 6.4.2).
pub const RECEIVER_REPORT: u8 = 201;
/// A source description (section 6.5).
pub const SOURCE_DESCRIPTION: u8 = 202;
/// A source ends (section 6.6).
pub const BYE: u8 = 203;
/// The canonical name in a source description (section 6.5.1).
const CNAME: u8 = 1;

/// One packet of a compound packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Packet<'a> {
    /// Its type.
    pub kind: u8,
    /// The five bits behind the version: how many blocks it has, or its format.
    pub count: u8,
    /// Whether its last byte says how many bytes of padding it ends with.
    pub padded: bool,
    /// All of it, its header of four bytes too.
    pub bytes: &'a [u8],
}

/// Why what is left of a compound packet is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Malformed {
    /// Shorter than a header.
    TooShort,
    /// Of another version than 2.
    Version,
    /// It says to be longer than it is.
    Length,
}

/// The packets of a compound packet, or of one alone (RFC 5506), up to the first that is malformed.
pub fn packets(compound: &[u8]) -> impl Iterator<Item = Result<Packet<'_>, Malformed>> {
    // Nothing at all is no packet either.
    let mut rest = Some(compound);
    std::iter::from_fn(move || {
        let left = rest.take()?;
        let Some(&[flags, kind, high, low]) = left.first_chunk::<4>() else {
            return Some(Err(Malformed::TooShort));
        };
        if flags >> 6 != 2 {
            return Some(Err(Malformed::Version));
        }
        // The length is in words, less one.
        let length = 4 + 4 * usize::from(u16::from_be_bytes([high, low]));
        let Some((bytes, after)) = left.split_at_checked(length) else {
            return Some(Err(Malformed::Length));
        };
        rest = Some(after).filter(|after| !after.is_empty());
        Some(Ok(Packet { kind, count: flags & 0x1F, padded: flags & 0x20 != 0, bytes }))
    })
}

/// What a sender reports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SenderReport {
    /// The stream's.
    pub ssrc: u32,
    /// Seconds since 1900, and 2^-32 of them.
    pub ntp: u64,
    /// The RTP timestamp of that same instant.
    pub rtp_timestamp: u32,
    /// Packets sent so far.
    pub packets: u32,
    /// Bytes of payload sent so far.
    pub octets: u32,
}

impl SenderReport {
    /// Appends a compound packet, as section 6.1 asks: the report, then a source description with the canonical
    /// name, of which 255 bytes are taken.
    pub fn write(self, canonical_name: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(&[0x80, SENDER_REPORT, 0, 6]);
        out.extend_from_slice(&self.ssrc.to_be_bytes());
        out.extend_from_slice(&self.ntp.to_be_bytes());
        for word in [self.rtp_timestamp, self.packets, self.octets] {
            out.extend_from_slice(&word.to_be_bytes());
        }
        let name = &canonical_name.as_bytes()[..canonical_name.len().min(255)];
        // At least one zero ends the list; the chunk fills whole words.
        let item = (2 + name.len() + 1).next_multiple_of(4);
        out.extend_from_slice(&[0x81, SOURCE_DESCRIPTION]);
        out.extend_from_slice(&((1 + item / 4) as u16).to_be_bytes());
        out.extend_from_slice(&self.ssrc.to_be_bytes());
        let end = out.len() + item;
        out.extend_from_slice(&[CNAME, name.len() as u8]);
        out.extend_from_slice(name);
        out.resize(end, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_laid_out_as_section_6_4_1_draws_it() {
        let report = SenderReport {
            ssrc: 0x0102_0304,
            ntp: 0x1112_1314_2122_2324,
            rtp_timestamp: 0x3132_3334,
            packets: 5,
            octets: 600,
        };
        let mut bytes = Vec::new();
        report.write("abc", &mut bytes);
        assert_eq!(&bytes[..8], [0x80, 200, 0, 6, 1, 2, 3, 4]);
        assert_eq!(&bytes[8..16], 0x1112_1314_2122_2324u64.to_be_bytes());
        assert_eq!(&bytes[16..28], [0x31, 0x32, 0x33, 0x34, 0, 0, 0, 5, 0, 0, 2, 88]);
        assert_eq!(&bytes[28..32], [0x81, 202, 0, 3]);
        assert_eq!(&bytes[32..], [1, 2, 3, 4, 1, 3, b'a', b'b', b'c', 0, 0, 0]);
    }
}
