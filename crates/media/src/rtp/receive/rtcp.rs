//! Compound RTCP packets (RFC 3550 section 6): sender reports and BYE.

use super::counts::{Counts, Oddity};
use crate::rtp::rtcp::{BYE, Malformed, SENDER_REPORT, packets};

/// What an RTCP packet says that matters here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Report {
    /// At the time `ntp` (seconds since 1900, and 2^-32 of them) the timestamp was `timestamp`
    /// (section 6.4.1).
    Sender { ssrc: u32, ntp: u64, timestamp: u32 },
    /// The source ends (section 6.6).
    Bye { ssrc: u32 },
}

/// Hands `report` what the packets of a compound packet say, up to the first that is malformed.
pub(super) fn read(compound: &[u8], counts: &mut Counts, mut report: impl FnMut(Report)) {
    for packet in packets(compound) {
        let packet = match packet {
            Ok(packet) => packet,
            Err(Malformed::TooShort) => return counts.add(Oddity::RtcpTooShort),
            Err(Malformed::Version) => return counts.add(Oddity::RtcpVersion),
            Err(Malformed::Length) => return counts.add(Oddity::RtcpLength),
        };
        match packet.kind {
            SENDER_REPORT => match sender_report(packet.bytes) {
                Some(Report::Sender { ntp: 0, .. }) => counts.add(Oddity::ReportWithoutTime),
                Some(sender) => report(sender),
                None => counts.add(Oddity::RtcpTooShort),
            },
            BYE => {
                let sources = packet.bytes[4..].chunks_exact(4).take(usize::from(packet.count));
                sources.for_each(|ssrc| report(Report::Bye { ssrc: word(ssrc) }));
            }
            _ => {}
        }
    }
}

fn sender_report(packet: &[u8]) -> Option<Report> {
    let sender: &[u8; 28] = packet.first_chunk()?;
    let ntp = u64::from(word(&sender[8..12])) << 32 | u64::from(word(&sender[12..16]));
    Some(Report::Sender { ssrc: word(&sender[4..8]), ntp, timestamp: word(&sender[16..20]) })
}

/// Four bytes as a number.
fn word(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |word, byte| word << 8 | u32::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENDER: [u8; 28] = [
        0x80, 200, 0, 6, 0, 0, 0, 7, 0xE0, 0, 0, 1, 0x80, 0, 0, 0, 0, 0, 0x30, 0, 0, 0, 0, 1, 0, 0,
        0, 2,
    ];
    const BYE: [u8; 8] = [0x81, 203, 0, 1, 0, 0, 0, 7];

    #[test]
    fn the_good_part_counts() {
        let sender = Report::Sender { ssrc: 7, ntp: 0xE000_0001_8000_0000, timestamp: 0x3000 };
        let bye = Report::Bye { ssrc: 7 };
        let description = [0x81, 202, 0, 1, 0, 0, 0, 7];
        let with_byte = |at: usize, value: u8| {
            let mut sender = SENDER;
            sender[at] = value;
            sender.to_vec()
        };
        let no_time = [&SENDER[..8], &[0; 8], &SENDER[16..]].concat();
        let rows: &[(Vec<u8>, &[Report], Option<Oddity>)] = &[
            (SENDER.to_vec(), &[sender], None),
            ([&SENDER[..], &description, &BYE].concat(), &[sender, bye], None),
            // A receiver report, an application's packet.
            (vec![0x80, 201, 0, 1, 0, 0, 0, 7], &[], None),
            (vec![0x80, 204, 0, 2, 0, 0, 0, 7, b'A', b'B', b'C', b'D'], &[], None),
            // A BYE that names more sources than it has, and none.
            (vec![0x83, 203, 0, 1, 0, 0, 0, 7], &[bye], None),
            (vec![0x80, 203, 0, 0], &[], None),
            // Garbage after a good report.
            ([&SENDER[..], &[1, 2, 3]].concat(), &[sender], Some(Oddity::RtcpTooShort)),
            ([&SENDER[..], &[1, 2, 3, 4, 5, 6]].concat(), &[sender], Some(Oddity::RtcpVersion)),
            ([&SENDER[..], &[0x80, 200, 0, 6]].concat(), &[sender], Some(Oddity::RtcpLength)),
            // Six bytes; nothing; wrong lengths; wrong versions; no time.
            (vec![0x80, 200, 0, 1, 0, 0], &[], Some(Oddity::RtcpLength)),
            (vec![], &[], Some(Oddity::RtcpTooShort)),
            (vec![0x80, 200, 0], &[], Some(Oddity::RtcpTooShort)),
            (with_byte(3, 7), &[], Some(Oddity::RtcpLength)),
            (with_byte(2, 0xFF), &[], Some(Oddity::RtcpLength)),
            (SENDER[..24].to_vec(), &[], Some(Oddity::RtcpLength)),
            (vec![0x80, 200, 0, 1, 0, 0, 0, 7], &[], Some(Oddity::RtcpTooShort)),
            (with_byte(0, 0x40), &[], Some(Oddity::RtcpVersion)),
            (with_byte(0, 0xC0), &[], Some(Oddity::RtcpVersion)),
            (no_time, &[], Some(Oddity::ReportWithoutTime)),
        ];
        for (bytes, expected, oddity) in rows {
            let mut counts = Counts::default();
            let mut reports = Vec::new();
            read(bytes, &mut counts, |report| reports.push(report));
            assert_eq!(reports, *expected, "{bytes:?}");
            let counted: Vec<_> = counts.iter().filter(|(_, count)| *count > 0).collect();
            let one: Vec<_> = oddity.iter().map(|oddity| (*oddity, 1)).collect();
            assert_eq!(counted, one, "{bytes:?}");
        }
    }
}
