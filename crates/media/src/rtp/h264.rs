//! Headers of H.264's payloads (RFC 6184, packetization-mode 1).

use super::Format;
use crate::h264::{NalType, nal_type};

pub(super) struct H264;

/// `STAP-A` and `FU-A`: NAL unit types that exist in RTP only (RFC 6184 table 1).
const STAP_A: u8 = 24;
const FU_A: u8 = 28;

impl Format for H264 {
    const HEADER: usize = 1;

    fn is_sent(nal: &[u8]) -> bool {
        let well_formed = nal.first().is_some_and(|header| header & 0x80 == 0);
        well_formed
            && match nal_type(nal) {
                Some(
                    NalType::Aud | NalType::EndOfSequence | NalType::EndOfStream | NalType::Filler,
                ) => false,
                Some(kind) => matches!(kind.as_u8(), 1..=23),
                None => false,
            }
    }

    fn is_grouped(nal: &[u8]) -> bool {
        matches!(nal_type(nal), Some(NalType::Sps | NalType::Pps | NalType::Sei))
    }

    fn write_group_header(nals: &[&[u8]], out: &mut Vec<u8>) {
        // The highest importance of those inside (section 5.7).
        let importance = nals.iter().map(|nal| nal[0] & 0x60).max().unwrap_or(0);
        out.push(importance | STAP_A);
    }

    fn write_fragment_header(header: &[u8], out: &mut Vec<u8>) {
        // FU indicator and FU header (section 5.8).
        out.extend_from_slice(&[header[0] & 0xE0 | FU_A, header[0] & 0x1F]);
    }
}

#[cfg(test)]
mod tests {
    use razz_base::Codec;

    use crate::rtp::Payload;
    use crate::rtp::tests::{Row, annex_b, bytes_of, check_payloads};

    fn packetize(annex_b: &[u8], max: usize) -> std::sync::Arc<[Payload]> {
        crate::rtp::packetize(Codec::H264, annex_b, max)
    }

    #[test]
    fn payloads_of_small_access_units() {
        let (sps, pps, sei, idr): (&[u8], &[u8], &[u8], &[u8]) =
            (&[0x67, 1, 2], &[0x28, 3], &[0x06, 4], &[0x65, 5, 6]);
        let rows: &[Row<'_>] = &[
            (&[], &[]),
            (&[idr], &[idr]),
            (&[sps, pps, idr], &[&[0x60 | 24, 0, 3, 0x67, 1, 2, 0, 2, 0x28, 3], idr]),
            (&[sps, idr], &[sps, idr]),
            (&[sps, pps, sei, idr], {
                &[&[0x60 | 24, 0, 3, 0x67, 1, 2, 0, 2, 0x28, 3, 0, 2, 0x06, 4], idr]
            }),
            // Order is kept when a parameter set follows a slice.
            (&[idr, pps, sei], &[idr, &[0x20 | 24, 0, 2, 0x28, 3, 0, 2, 0x06, 4]]),
            // Delimiter, filler, end of sequence and of stream say nothing.
            (&[&[0x09, 0xF0], idr, &[0x0C, 0xFF], &[0x0A], &[0x0B]], &[idr]),
            // What RTP uses for itself, and damage.
            (&[&[0x78, 1], &[0x7C, 0x85, 1], &[0x7F], &[0x60, 1], &[0xE5, 1], idr], &[idr]),
            (&[&[0x09, 0xF0]], &[]),
        ];
        check_payloads(Codec::H264, rows);
    }

    #[test]
    fn large_nal_units_are_cut_in_equal_parts() {
        // (bytes of NAL unit, bytes of each payload)
        for (length, expected) in [
            (1180, &[1180][..]),
            (1181, &[592, 592]),
            (2357, &[1180, 1180]),
            (2358, &[788, 788, 787]),
        ] {
            let nal: Vec<u8> = [0x65].into_iter().chain((1..length).map(|_| 0xAA)).collect();
            let payloads = packetize(&annex_b(&[&nal]), 1180);
            let lengths: Vec<usize> = payloads.iter().map(|payload| payload.data.len()).collect();
            assert_eq!(lengths, expected, "{length}");
        }
        let nal: Vec<u8> = [0x65].into_iter().chain(1..=40).collect();
        let payloads = bytes_of(&packetize(&annex_b(&[&nal]), 16));
        let headers: Vec<[u8; 2]> = payloads.iter().map(|bytes| [bytes[0], bytes[1]]).collect();
        assert_eq!(headers, [[0x7C, 0x85], [0x7C, 0x05], [0x7C, 0x45]]);
        assert_eq!(payloads.iter().flat_map(|bytes| bytes[2..].to_vec()).collect::<Vec<_>>(), {
            (1..=40).collect::<Vec<u8>>()
        });
    }

    #[test]
    fn parameter_sets_that_do_not_fit_together_travel_apart() {
        let sps = [&[0x67][..], &[1; 9]].concat();
        let pps = [&[0x68][..], &[2; 9]].concat();
        let payloads = packetize(&annex_b(&[&sps, &pps]), 16);
        assert_eq!(bytes_of(&payloads), [sps.clone(), pps.clone()]);
        // 1 + 2 + 10 + 2 + 10 = 25.
        assert_eq!(packetize(&annex_b(&[&sps, &pps]), 25).len(), 1);
        assert_eq!(packetize(&annex_b(&[&sps, &pps]), 24).len(), 2);
    }
}
