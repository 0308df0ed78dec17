//! Payloads of H.264 (RFC 6184), of all packetization modes. The order is that of the packets, also
//! where decoding order numbers stand, since cameras do not interleave.

use bytes::Bytes;

use super::fragments::Fragment;
use super::{NalSink, Output};
use crate::h264::find_start_code;
use crate::rtp::receive::counts::Oddity;

/// The types of packets that hold several NAL units, or a part of one (table 1).
const STAP_A: u8 = 24;
const STAP_B: u8 = 25;
const MTAP16: u8 = 26;
const MTAP24: u8 = 27;
const FU_A: u8 = 28;
const FU_B: u8 = 29;

pub(super) fn handle(payload: Bytes, output: &mut Output<'_, impl NalSink>) {
    let Some(indicator) = payload.first().copied() else { return };
    match indicator & 0x1F {
        1..=23 => output.whole(output.timestamp, &[], payload),
        STAP_A => aggregate(payload, 1, 0, output),
        STAP_B => {
            output.count(Oddity::DecodingOrderNumber);
            aggregate(payload, 3, 0, output);
        }
        kind @ (MTAP16 | MTAP24) => {
            output.count(Oddity::DecodingOrderNumber);
            aggregate(payload, 3, if kind == MTAP16 { 2 } else { 3 }, output);
        }
        kind @ (FU_A | FU_B) => fragment(payload, kind == FU_B, output),
        // A byte stream, beginning with its start code.
        0 if find_start_code(&payload).is_some() => output.whole(output.timestamp, &[], payload),
        _ => output.count(Oddity::UnknownNalType),
    }
}

/// Takes an aggregation packet apart (section 5.7). Before each NAL unit stands its size, and in those
/// of several times a number for its order and the distance of its time, in `offset_bytes`.
fn aggregate(
    payload: Bytes,
    headers: usize,
    offset_bytes: usize,
    output: &mut Output<'_, impl NalSink>,
) {
    let between = if offset_bytes > 0 { 1 + offset_bytes } else { 0 };
    let mut at = headers;
    while at < payload.len() {
        let start = at + 2 + between;
        let Some(&[high, low, ref rest @ ..]) = payload.get(at..start) else {
            return output.count(Oddity::AggregateCut);
        };
        let size = usize::from(u16::from_be_bytes([high, low]));
        let offset = rest.iter().skip(1).fold(0, |offset, byte| offset << 8 | i64::from(*byte));
        at = start + size;
        if at > payload.len() {
            return output.count(Oddity::AggregateCut);
        }
        match size {
            0 => output.count(Oddity::EmptyNal),
            _ => output.whole(output.timestamp + offset, &[], payload.slice(start..at)),
        }
    }
}

/// Takes a fragmentation unit (section 5.8). In an FU-B, which is the first of its NAL unit, a number
/// for the order stands in between.
fn fragment(payload: Bytes, numbered: bool, output: &mut Output<'_, impl NalSink>) {
    let [indicator, header, ..] = payload[..] else {
        return output.count(Oddity::FragmentTooShort);
    };
    let (start, end) = (header & 0x80 != 0, header & 0x40 != 0);
    let mut body = 2;
    if numbered && start {
        output.count(Oddity::DecodingOrderNumber);
        body += 2;
    }
    if payload.len() < body {
        return output.count(Oddity::FragmentTooShort);
    }
    let nal_header = [indicator & 0xE0 | header & 0x1F];
    output.fragment(&Fragment { header: &nal_header, start, end, body: payload.slice(body..) });
}

#[cfg(test)]
mod tests {
    use razz_base::Codec;

    use super::super::testing::{Case, check, depacketized};

    #[test]
    fn payloads_as_they_come() {
        let idr: &[u8] = &[0x65, 0x88, 1, 2, 3, 4];
        let (start, middle, end): (&[u8], &[u8], &[u8]) =
            (&[0x7C, 0x85, 0x88, 1], &[0x7C, 0x05, 2], &[0x7C, 0x45, 3, 4]);
        let p: &[u8] = &[0x41, 0x9A];
        let rows: &[Case<'_>] = &[
            (&[Some(idr)], &[idr], 0, &[]),
            // STAP-A; cut off in the second size, in the second NAL unit; with a size of zero.
            (&[Some(&[0x78, 0, 2, 0x67, 1, 0, 2, 0x68, 2])], &[&[0x67, 1], &[0x68, 2]], 0, &[]),
            (&[Some(&[0x78, 0, 2, 0x67, 1, 0])], &[&[0x67, 1]], 0, &[("aggregate_cut", 1)]),
            (
                &[Some(&[0x78, 0, 2, 0x67, 1, 0, 3, 0x68, 2])],
                &[&[0x67, 1]],
                0,
                &[("aggregate_cut", 1)],
            ),
            (&[Some(&[0x78, 0, 0, 0, 2, 0x68, 2])], &[&[0x68, 2]], 0, &[("empty_nal", 1)]),
            (&[Some(&[0x78])], &[], 0, &[]),
            // STAP-B, MTAP16, MTAP24, FU-B.
            (
                &[Some(&[0x79, 0, 7, 0, 2, 0x67, 1, 0, 2, 0x68, 2])],
                &[&[0x67, 1], &[0x68, 2]],
                0,
                &[("decoding_order_number", 1)],
            ),
            (
                &[Some(&[0x7A, 0, 7, 0, 2, 0, 0, 0, 0x67, 1, 0, 2, 1, 0, 5, 0x68, 2])],
                &[&[0x67, 1], &[0x68, 2]],
                0,
                &[("decoding_order_number", 1)],
            ),
            (
                &[Some(&[0x7B, 0, 7, 0, 2, 0, 0, 0, 0, 0x67, 1, 0, 2, 1, 0])],
                &[&[0x67, 1]],
                0,
                &[("decoding_order_number", 1), ("aggregate_cut", 1)],
            ),
            (
                &[Some(&[0x7D, 0x85, 0, 7, 0x88, 1]), Some(middle), Some(end)],
                &[idr],
                0,
                &[("decoding_order_number", 1)],
            ),
            (
                &[Some(&[0x7D, 0x85, 0])],
                &[],
                0,
                &[("decoding_order_number", 1), ("fragment_too_short", 1)],
            ),
            // FU-A: whole; alone; the tail without its start; a start without an end; a loss inside.
            (&[Some(start), Some(middle), Some(end)], &[idr], 0, &[]),
            (&[Some(&[0x7C, 0xC5, 0x88, 1, 2, 3, 4])], &[idr], 0, &[("fragment_alone", 1)]),
            (&[Some(middle), Some(end), Some(p)], &[p], 2, &[("fragment_without_start", 2)]),
            (&[Some(start), Some(middle), Some(p)], &[p], 1, &[("fragment_unfinished", 1)]),
            (
                &[Some(start), Some(start), Some(middle), Some(end)],
                &[idr],
                1,
                &[("fragment_unfinished", 1)],
            ),
            (&[Some(start), None, Some(end), Some(p)], &[p], 2, &[("fragment_without_start", 1)]),
            (&[Some(start), None, Some(p)], &[p], 1, &[]),
            // Another type in the middle; another importance, which says nothing; no body; too short.
            (
                &[Some(start), Some(&[0x7C, 0x01, 2]), Some(end), Some(p)],
                &[idr, p],
                0,
                &[("fragment_changed", 1)],
            ),
            (&[Some(start), Some(&[0x1C, 0x05, 2]), Some(end)], &[idr], 0, &[]),
            (&[Some(start), Some(middle), Some(&[0x7C, 0x05]), Some(end)], &[idr], 0, &[]),
            (&[Some(&[0x7C, 0x85]), Some(&[0x7C, 0x45, 0x88, 1, 2, 3, 4])], &[idr], 0, &[]),
            (&[Some(&[0x7C])], &[], 0, &[("fragment_too_short", 1)]),
            // What is no type of a packet.
            (
                &[Some(&[0x60, 1]), Some(&[0x7E, 1]), Some(&[0x7F, 1]), Some(&[0]), Some(p)],
                &[p],
                0,
                &[("unknown_nal_type", 4)],
            ),
            // Byte streams: with a start code in front, with several inside, in fragments.
            (&[Some(&[0, 0, 0, 1, 0x67, 1])], &[&[0x67, 1]], 0, &[("start_code_inside", 1)]),
            (
                &[Some(&[0x67, 1, 0, 0, 0, 1, 0x68, 2, 0, 0, 1, 0x65, 0x88])],
                &[&[0x67, 1], &[0x68, 2], &[0x65, 0x88]],
                0,
                &[("start_code_inside", 1)],
            ),
            (
                &[
                    Some(&[0x7C, 0x87, 1, 0, 0]),
                    Some(&[0x7C, 0x07, 0, 1, 0x68]),
                    Some(&[0x7C, 0x47, 2]),
                ],
                &[&[0x67, 1], &[0x68, 2]],
                0,
                &[("start_code_inside", 1)],
            ),
            (
                &[Some(&[0x1C, 0x80, 0, 0, 1, 0x67, 1, 0]), Some(&[0x1C, 0x40, 0, 1, 0x68, 2])],
                &[&[0x67, 1], &[0x68, 2]],
                0,
                &[("start_code_inside", 1)],
            ),
        ];
        check(Codec::H264, rows);
    }

    #[test]
    fn the_times_of_a_multi_time_packet() {
        let payload = [0x7A, 0, 7, 0, 2, 0, 0, 0, 0x41, 1, 0, 2, 1, 0x0B, 0xB8, 0x41, 2];
        let (log, _) = depacketized(Codec::H264, &[Some(&payload)]);
        assert_eq!(log.timestamps, [90, 3090]);
    }

    #[test]
    fn a_camera_that_never_says_where_a_nal_unit_ends() {
        let (start, middle): (&[u8], &[u8]) = (&[0x7C, 0x85, 0x88, 1], &[0x7C, 0x05, 2]);
        let nal: &[u8] = &[0x65, 0x88, 1, 2];
        let payloads: Vec<_> =
            std::iter::repeat_n([Some(start), Some(middle)], 6).flatten().collect();
        let (log, counts) = depacketized(Codec::H264, &payloads);
        // Three are given up, two are whole when the next begins, one is not over yet.
        assert_eq!(log.nals, [nal, nal]);
        assert_eq!(counts, [("fragment_unfinished", 3), ("fragment_end_unsaid", 2)]);
        // One that said it once is believed.
        let end: &[u8] = &[0x7C, 0x45, 3];
        let said = [&[Some(start), Some(end)], &payloads[..]].concat();
        let (log, counts) = depacketized(Codec::H264, &said);
        assert_eq!((log.nals.len(), &counts[..]), (1, &[("fragment_unfinished", 5)][..]));
    }
}
