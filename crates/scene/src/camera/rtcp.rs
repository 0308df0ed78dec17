//! RTCP of a sender: a sender report with a canonical name (RFC 3550 sections 6.4.1 and 6.5).

use std::time::{SystemTime, UNIX_EPOCH};

use super::packet::Packet;
use super::quirk::{Quirk, Quirks};

/// Seconds from 1900, where NTP counts from, to 1970.
const NTP_OFFSET: u64 = 2_208_988_800;

/// What a sender report says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SenderReport {
    pub(crate) ssrc: u32,
    /// NTP time: seconds since 1900 and their fractions in 2^32.
    pub(crate) ntp: u64,
    /// The RTP timestamp of that same instant.
    pub(crate) rtp_timestamp: u32,
    pub(crate) packets: u32,
    pub(crate) octets: u32,
}

/// An instant as NTP writes it.
pub(crate) fn ntp(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let fraction = (u64::from(since.subsec_nanos()) << 32) / 1_000_000_000;
    (since.as_secs() + NTP_OFFSET) << 32 | fraction
}

impl SenderReport {
    /// A compound packet, as section 6.1 asks: the report, then a source description.
    pub(crate) fn to_bytes(self, canonical_name: &str) -> Vec<u8> {
        let mut out = vec![0x80, 200, 0, 6];
        out.extend_from_slice(&self.ssrc.to_be_bytes());
        out.extend_from_slice(&self.ntp.to_be_bytes());
        out.extend_from_slice(&self.rtp_timestamp.to_be_bytes());
        out.extend_from_slice(&self.packets.to_be_bytes());
        out.extend_from_slice(&self.octets.to_be_bytes());

        let name = &canonical_name.as_bytes()[..canonical_name.len().min(255)];
        let mut chunk = self.ssrc.to_be_bytes().to_vec();
        chunk.extend_from_slice(&[1, name.len() as u8]);
        chunk.extend_from_slice(name);
        // At least one zero ends the list; the chunk fills whole words.
        chunk.resize((chunk.len() + 1).next_multiple_of(4), 0);
        out.extend_from_slice(&[0x81, 202]);
        out.extend_from_slice(&((chunk.len() / 4) as u16).to_be_bytes());
        out.extend_from_slice(&chunk);
        out
    }
}

/// Whether any quirk concerns reports, which then come oftener.
pub(crate) fn is_odd(quirks: Quirks) -> bool {
    use Quirk as Q;
    quirks.has_any(&[Q::RtcpShort, Q::RtcpEmpty, Q::RtcpLengthTooLarge, Q::RtcpLengthTooSmall])
        || quirks.has_any(&[Q::RtcpVersion, Q::RtcpSdesFirst, Q::RtcpApp, Q::RtcpBye])
}

/// The packets that a report becomes: odd ones, and the report itself.
pub(crate) fn packets(quirks: Quirks, report: &[u8], ssrc: u32) -> Vec<Packet> {
    let has = |quirk| quirks.has(quirk);
    let mut out = Vec::new();
    if has(Quirk::RtcpShort) {
        out.push(report[..6].to_vec());
    }
    if has(Quirk::RtcpEmpty) {
        out.push(Vec::new());
    }
    let changed = |at: usize, to: u8| {
        let mut bytes = report.to_vec();
        bytes[at] = to;
        bytes
    };
    if has(Quirk::RtcpLengthTooLarge) {
        out.push(changed(3, 40));
    }
    if has(Quirk::RtcpLengthTooSmall) {
        out.push(changed(3, 2));
    }
    if has(Quirk::RtcpVersion) {
        out.push(changed(0, 0x40));
    }
    if has(Quirk::RtcpApp) {
        let name = [&ssrc.to_be_bytes()[..], b"razz", &[1, 2, 3, 4]].concat();
        out.push([&[0x80, 204, 0, 3][..], &name].concat());
    }
    if has(Quirk::RtcpBye) {
        out.push([&[0x81, 203, 0, 1][..], &ssrc.to_be_bytes()].concat());
    }
    if has(Quirk::RtcpSdesFirst) {
        let (sender, description) = report.split_at(28);
        out.push([description, sender].concat());
    } else {
        out.push(report.to_vec());
    }
    out.into_iter().map(Packet::rtcp).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn odd_packets_come_before_the_report_and_in_its_place_where_only_the_order_is_odd() {
        let report = SenderReport { ssrc: 7, ntp: 1, rtp_timestamp: 2, packets: 3, octets: 4 }
            .to_bytes("abc");
        for (quirk, first, count) in [
            (None, &[0x80, 200, 0, 6][..], 1),
            (Some(Quirk::RtcpShort), &[0x80, 200, 0, 6, 0, 0], 2),
            (Some(Quirk::RtcpEmpty), &[], 2),
            (Some(Quirk::RtcpLengthTooLarge), &[0x80, 200, 0, 40], 2),
            (Some(Quirk::RtcpLengthTooSmall), &[0x80, 200, 0, 2], 2),
            (Some(Quirk::RtcpVersion), &[0x40, 200, 0, 6], 2),
            (Some(Quirk::RtcpApp), &[0x80, 204, 0, 3, 0, 0, 0, 7, b'r', b'a', b'z', b'z'], 2),
            (Some(Quirk::RtcpBye), &[0x81, 203, 0, 1, 0, 0, 0, 7], 2),
            (Some(Quirk::RtcpSdesFirst), &[0x81, 202, 0, 3, 0, 0, 0, 7, 1, 3], 1),
        ] {
            let quirks: Quirks = quirk.into_iter().collect();
            assert_eq!(is_odd(quirks), quirk.is_some());
            let packets = packets(quirks, &report, 7);
            assert_eq!(packets.len(), count, "{quirks:?}");
            let bytes = &packets[0].bytes;
            assert_eq!(&bytes[..first.len()], first, "{quirks:?}");
            let exact = matches!(quirk, Some(Quirk::RtcpShort | Quirk::RtcpEmpty));
            assert!(!exact || bytes.len() == first.len(), "{quirks:?}");
            let last = &packets[count - 1].bytes;
            assert_eq!(last.len(), report.len());
            assert!(*last == report || quirk == Some(Quirk::RtcpSdesFirst));
        }
    }

    #[test]
    fn ntp_counts_from_1900() {
        assert_eq!(ntp(UNIX_EPOCH) >> 32, NTP_OFFSET);
        let half = ntp(UNIX_EPOCH + Duration::from_millis(1500));
        assert_eq!((half >> 32, half as u32), (NTP_OFFSET + 1, 1 << 31));
    }

    #[test]
    fn a_report_is_laid_out_as_section_6_4_1_draws_it() {
        let report = SenderReport {
            ssrc: 0x0102_0304,
            ntp: 0x1112_1314_2122_2324,
            rtp_timestamp: 0x3132_3334,
            packets: 5,
            octets: 600,
        };
        let bytes = report.to_bytes("abc");
        assert_eq!(&bytes[..8], [0x80, 200, 0, 6, 1, 2, 3, 4]);
        assert_eq!(&bytes[8..16], 0x1112_1314_2122_2324u64.to_be_bytes());
        assert_eq!(&bytes[16..28], [0x31, 0x32, 0x33, 0x34, 0, 0, 0, 5, 0, 0, 2, 88]);
        assert_eq!(&bytes[28..32], [0x81, 202, 0, 3]);
        assert_eq!(&bytes[32..], [1, 2, 3, 4, 1, 3, b'a', b'b', b'c', 0, 0, 0]);
    }
}
