//! Headers of H.265's payloads (RFC 7798), without decoding order numbers: what leaves here leaves in
//! decoding order (`sprop-max-don-diff` 0).

use super::Format;
use crate::h265::{NalType, is_well_formed, nal_type};

pub(super) struct H265;

/// Aggregation packet and fragmentation unit: NAL unit types that exist in RTP only (RFC 7798
/// sections 4.4.2 and 4.4.3).
const AP: u8 = 48;
const FU: u8 = 49;

impl Format for H265 {
    const HEADER: usize = 2;

    fn is_sent(nal: &[u8]) -> bool {
        is_well_formed(nal)
            && match nal_type(nal) {
                Some(NalType::Aud | NalType::Other(_)) | None => false,
                Some(_) => true,
            }
    }

    fn is_grouped(nal: &[u8]) -> bool {
        let kind = nal_type(nal);
        matches!(kind, Some(NalType::Vps | NalType::Sps | NalType::Pps | NalType::Sei(_)))
    }

    fn write_group_header(nals: &[&[u8]], out: &mut Vec<u8>) {
        // Layer and temporal id are the lowest of those inside (section 4.4.2); all are of layer 0.
        let temporal = nals.iter().map(|nal| nal[1] & 7).min().unwrap_or(1);
        out.extend_from_slice(&[AP << 1, temporal]);
    }

    fn write_fragment_header(header: &[u8], out: &mut Vec<u8>) {
        // The NAL unit's header with another type, then the FU header with its own (section 4.4.3).
        out.extend_from_slice(&[header[0] & 0x81 | FU << 1, header[1], header[0] >> 1 & 0x3F]);
    }
}

#[cfg(test)]
mod tests {
    use razz_base::Codec;

    use crate::rtp::Payload;
    use crate::rtp::tests::{Row, annex_b, bytes_of, check_payloads};

    fn packetize(annex_b: &[u8], max: usize) -> std::sync::Arc<[Payload]> {
        crate::rtp::packetize(Codec::H265, annex_b, max)
    }

    #[test]
    fn payloads_of_small_access_units() {
        let (vps, sps, pps): (&[u8], &[u8], &[u8]) =
            (&[0x40, 1, 1], &[0x42, 1, 2, 2], &[0x44, 1, 3]);
        let (sei, idr, late): (&[u8], &[u8], &[u8]) =
            (&[0x4E, 1, 4], &[0x26, 1, 0xAF], &[0x02, 3, 0xD0]);
        let sets =
            [&[0x60, 1][..], &[0, 3, 0x40, 1, 1, 0, 4, 0x42, 1, 2, 2, 0, 3, 0x44, 1, 3]].concat();
        let rows: &[Row<'_>] = &[
            (&[], &[]),
            (&[idr], &[idr]),
            (&[late], &[late]),
            (&[vps, sps, pps, idr], &[&sets, idr]),
            (&[sei, idr], &[sei, idr]),
            // Order is kept when SEI follows the slices; the lowest temporal id counts.
            (
                &[idr, &[0x50, 3, 9], &[0x50, 2, 9]],
                &[idr, &[0x60, 2, 0, 3, 0x50, 3, 9, 0, 3, 0x50, 2, 9]],
            ),
            // Delimiter, ends of sequence and of stream, filler say nothing.
            (&[&[0x46, 1, 0x50], idr, &[0x48, 1], &[0x4A, 1], &[0x4C, 1, 0xFF]], &[idr]),
            // What RTP uses for itself, what is reserved, and damage.
            (&[&[0x60, 1, 1], &[0x62, 1, 0x93], &[0x64, 1, 1], &[0x52, 1, 1], &[0x14, 1, 1]], &[]),
            (&[&[0xA6, 1, 1], &[0x27, 1, 1], &[0x26, 9, 1], &[0x26], &[0x26, 1], idr], &[idr]),
        ];
        check_payloads(Codec::H265, rows);
    }

    #[test]
    fn large_nal_units_are_cut_in_equal_parts() {
        // (bytes of NAL unit, bytes of each payload)
        for (length, expected) in [
            (1180, &[1180][..]),
            (1181, &[593, 592]),
            (2356, &[1180, 1180]),
            (2357, &[788, 788, 788]),
        ] {
            let nal: Vec<u8> = [0x26, 1].into_iter().chain((2..length).map(|_| 0xAA)).collect();
            let payloads = packetize(&annex_b(&[&nal]), 1180);
            let lengths: Vec<usize> = payloads.iter().map(|payload| payload.data.len()).collect();
            assert_eq!(lengths, expected, "{length}");
        }
        let nal: Vec<u8> = [0x02, 3].into_iter().chain(1..=39).collect();
        let payloads = bytes_of(&packetize(&annex_b(&[&nal]), 16));
        let headers: Vec<&[u8]> = payloads.iter().map(|bytes| &bytes[..3]).collect();
        assert_eq!(headers, [[0x62, 3, 0x81], [0x62, 3, 0x01], [0x62, 3, 0x41]]);
        let whole: Vec<u8> = payloads.iter().flat_map(|bytes| bytes[3..].to_vec()).collect();
        assert_eq!(whole, (1..=39).collect::<Vec<u8>>());
    }
}
