//! RTCP of a sender: its report as it should be, and as odd cameras send it.

use std::time::{SystemTime, UNIX_EPOCH};

use super::packet::Packet;
use super::quirk::{Quirk, Quirks};

/// An instant as NTP writes it.
pub(crate) fn ntp(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    razz_base::ntp::from_unix_us(since.as_micros() as i64)
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

    use razz_media::rtp::rtcp::SenderReport;

    /// Seconds from 1900, where NTP counts from, to 1970.
    const NTP_OFFSET: u64 = 2_208_988_800;

    #[test]
    fn odd_packets_come_before_the_report_and_in_its_place_where_only_the_order_is_odd() {
        let mut report = Vec::new();
        SenderReport { ssrc: 7, ntp: 1, rtp_timestamp: 2, packets: 3, octets: 4 }
            .write("abc", &mut report);
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
}
