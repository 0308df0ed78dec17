//! Payloads of H.265 (RFC 7798), with and without decoding order numbers.
//!
//! Where `sprop-max-don-diff` is above 0, those stand in front of NAL units (DONL, DOND). Cameras put
//! them in without saying so; what shows it is a parameter set or an aggregation packet that makes
//! sense only with them.

use bytes::Bytes;

use super::fragments::Fragment;
use super::{NalSink, Output};
use crate::h265::{self, NalType};
use crate::rtp::receive::counts::Oddity;

/// The types of packets that hold several NAL units, a part of one, or more about one (section 4.4).
const AP: u8 = 48;
const FU: u8 = 49;
const PACI: u8 = 50;

/// Bytes of the payload header, which is a NAL unit's.
const HEADER: usize = 2;

pub(super) fn handle(payload: Bytes, numbered: &mut bool, output: &mut Output<'_, impl NalSink>) {
    let Some(&header) = payload.first_chunk::<HEADER>() else {
        return output.count(Oddity::EmptyNal);
    };
    match header[0] >> 1 & 0x3F {
        PACI => unwrapped(header, payload.slice(HEADER..), numbered, output),
        _ => packet(header, payload.slice(HEADER..), Some(payload), numbered, output),
    }
}

/// Takes what is in a PACI packet (section 4.4.4): after the header A, cType, PHSsize and flags, then
/// the header extension, then what cType says.
fn unwrapped(
    [first, second]: [u8; HEADER],
    body: Bytes,
    numbered: &mut bool,
    output: &mut Output<'_, impl NalSink>,
) {
    let Some(&fields) = body.first_chunk::<2>() else {
        return output.count(Oddity::FragmentTooShort);
    };
    let fields = u16::from_be_bytes(fields);
    let start = 2 + usize::from(fields >> 4 & 0x1F);
    if start >= body.len() {
        return output.count(Oddity::FragmentTooShort);
    }
    // A is F of the NAL unit, cType its type; layer and temporal id are the packet's.
    let (forbidden, kind) = ((fields >> 15) as u8, (fields >> 9 & 0x3F) as u8);
    let header = [forbidden << 7 | kind << 1 | first & 1, second];
    packet(header, body.slice(start..), None, numbered, output);
}

/// Takes a packet of any other kind: `body` is what follows the header, `whole` both where they stand
/// together.
fn packet(
    header: [u8; HEADER],
    body: Bytes,
    whole: Option<Bytes>,
    numbered: &mut bool,
    output: &mut Output<'_, impl NalSink>,
) {
    match header[0] >> 1 & 0x3F {
        AP => aggregate(&body, numbered, output),
        FU => fragment(header, body, *numbered, output),
        PACI => output.count(Oddity::UnknownNalType),
        _ => {
            if NalType::from_header(header[0]) == NalType::Sps {
                learn(header, &body, numbered);
            }
            match whole {
                _ if *numbered && body.len() > 2 => {
                    output.count(Oddity::DecodingOrderNumber);
                    output.whole(output.timestamp, &header, body.slice(2..));
                }
                Some(whole) => output.whole(output.timestamp, &[], whole),
                None => output.whole(output.timestamp, &header, body),
            }
        }
    }
}

/// Sees by a sequence parameter set whether a number stands in front of NAL units (section 4.4.1).
fn learn(header: [u8; HEADER], body: &[u8], numbered: &mut bool) {
    let reads = |body: &[u8]| h265::Sps::parse(&[&header[..], body].concat()).is_ok();
    if reads(body) {
        *numbered = false;
    } else if body.len() > 2 && reads(&body[2..]) {
        *numbered = true;
    }
}

/// Takes an aggregation packet apart (section 4.4.2).
fn aggregate(body: &Bytes, numbered: &mut bool, output: &mut Output<'_, impl NalSink>) {
    let plain = units(body, false);
    let found = match plain.cut {
        true => {
            let with_numbers = units(body, true);
            *numbered |= !with_numbers.cut;
            if *numbered { with_numbers } else { plain }
        }
        false => plain,
    };
    if found.numbered {
        output.count(Oddity::DecodingOrderNumber);
    }
    for (start, end) in found.places {
        match end - start {
            0 => output.count(Oddity::EmptyNal),
            _ => output.whole(output.timestamp, &[], body.slice(start..end)),
        }
    }
    if found.cut {
        output.count(Oddity::AggregateCut);
    }
}

/// Where the NAL units of an aggregation packet are.
struct Units {
    places: Vec<(usize, usize)>,
    numbered: bool,
    /// It does not come out even, or something in it is no NAL unit.
    cut: bool,
}

/// Reads an aggregation packet's body: before each NAL unit its size, and before that a number of two
/// bytes (DONL) at the first and of one byte (DOND) at the others, where there are numbers.
fn units(body: &[u8], numbered: bool) -> Units {
    let (mut places, mut cut) = (Vec::new(), false);
    let mut at = 0;
    while at < body.len() {
        let number = match places.is_empty() {
            _ if !numbered => 0,
            true => 2,
            false => 1,
        };
        let Some(&[high, low]) = body.get(at + number..at + number + 2) else {
            cut = true;
            break;
        };
        let start = at + number + 2;
        let end = start + usize::from(u16::from_be_bytes([high, low]));
        let Some(nal) = body.get(start..end) else {
            cut = true;
            break;
        };
        cut |= !h265::is_well_formed(nal);
        places.push((start, end));
        at = end;
    }
    Units { cut: cut || places.is_empty(), places, numbered }
}

/// Takes a fragmentation unit (section 4.4.3). A number stands in the first of a NAL unit.
fn fragment(
    [first, second]: [u8; HEADER],
    body: Bytes,
    numbered: bool,
    output: &mut Output<'_, impl NalSink>,
) {
    let Some(&header) = body.first() else {
        return output.count(Oddity::FragmentTooShort);
    };
    let (start, end) = (header & 0x80 != 0, header & 0x40 != 0);
    let mut skipped = 1;
    if numbered && start && body.len() > 3 {
        output.count(Oddity::DecodingOrderNumber);
        skipped += 2;
    }
    let nal_header = [first & 0x81 | (header & 0x3F) << 1, second];
    output.fragment(&Fragment { header: &nal_header, start, end, body: body.slice(skipped..) });
}

#[cfg(test)]
mod tests {
    use razz_base::Codec;

    use super::super::testing::{Case, check};

    /// x265, 640x360.
    const SPS: &[u8] = &[
        0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00,
        0x03, 0x00, 0x3f, 0xa0, 0x05, 0x02, 0x01, 0x71, 0xf2, 0xe5, 0xba, 0x4a, 0x4c, 0x2f,
    ];

    #[test]
    fn payloads_as_they_come() {
        let idr: &[u8] = &[0x26, 1, 0xAF, 1, 2, 3];
        let (start, middle, end): (&[u8], &[u8], &[u8]) =
            (&[0x62, 1, 0x93, 0xAF, 1], &[0x62, 1, 0x13, 2], &[0x62, 1, 0x53, 3]);
        let p: &[u8] = &[0x02, 1, 0xD0];
        let (vps, pps): (&[u8], &[u8]) = (&[0x40, 1, 1], &[0x44, 1, 3]);
        let rows: &[Case<'_>] = &[
            (&[Some(idr)], &[idr], 0, &[]),
            // Aggregation packets: whole, cut off, with something empty.
            (&[Some(&[0x60, 1, 0, 3, 0x40, 1, 1, 0, 3, 0x44, 1, 3])], &[vps, pps], 0, &[]),
            (
                &[Some(&[0x60, 1, 0, 3, 0x40, 1, 1, 0, 4, 0x44, 1, 3])],
                &[vps],
                0,
                &[("aggregate_cut", 1)],
            ),
            (&[Some(&[0x60, 1, 0, 3, 0x40, 1, 1, 0])], &[vps], 0, &[("aggregate_cut", 1)]),
            (&[Some(&[0x60, 1])], &[], 0, &[("aggregate_cut", 1)]),
            // With DONL and DOND; one that fits both ways is taken without.
            (
                &[Some(&[0x60, 1, 0, 7, 0, 3, 0x40, 1, 1, 0, 0, 3, 0x44, 1, 3])],
                &[vps, pps],
                0,
                &[("decoding_order_number", 1)],
            ),
            // Fragments: whole; alone; tail; no end; loss; another type; too short.
            (&[Some(start), Some(middle), Some(end)], &[idr], 0, &[]),
            (&[Some(&[0x62, 1, 0xD3, 0xAF, 1, 2, 3])], &[idr], 0, &[("fragment_alone", 1)]),
            (&[Some(middle), Some(end), Some(p)], &[p], 2, &[("fragment_without_start", 2)]),
            (&[Some(start), Some(p)], &[p], 1, &[("fragment_unfinished", 1)]),
            (&[Some(start), None, Some(p)], &[p], 1, &[]),
            (
                &[Some(start), Some(&[0x62, 1, 0x01, 2]), Some(end), Some(p)],
                &[idr, p],
                0,
                &[("fragment_changed", 1)],
            ),
            (&[Some(&[0x62, 1])], &[], 0, &[("fragment_too_short", 1)]),
            (&[Some(&[0x62])], &[], 0, &[("empty_nal", 1)]),
            // PACI around a NAL unit (cType 19, two bytes of extension), a fragment, a PACI; cut off.
            (&[Some(&[0x64, 1, 0x26, 0x20, 9, 9, 0xAF, 1, 2, 3])], &[idr], 0, &[]),
            (
                &[Some(&[0x64, 1, 0x62, 0x00, 0x93, 0xAF, 1]), Some(middle), Some(end)],
                &[idr],
                0,
                &[],
            ),
            (&[Some(&[0x64, 1, 0x64, 0x00, 1, 1])], &[], 0, &[("unknown_nal_type", 1)]),
            (&[Some(&[0x64, 1, 0x26, 0x20, 9, 9])], &[], 0, &[("fragment_too_short", 1)]),
            (&[Some(&[0x64, 1, 0x26])], &[], 0, &[("fragment_too_short", 1)]),
            // Byte streams.
            (
                &[Some(&[0, 0, 0, 1, 0x40, 1, 1, 0, 0, 1, 0x44, 1, 3])],
                &[vps, pps],
                0,
                &[("start_code_inside", 1)],
            ),
            (
                &[
                    Some(&[0x62, 0, 0x80, 0, 1, 0x40, 1]),
                    Some(&[0x62, 0, 0x40, 1, 0, 0, 1, 0x44, 1, 3]),
                ],
                &[vps, pps],
                0,
                &[("start_code_inside", 1)],
            ),
        ];
        check(Codec::H265, rows);
    }

    #[test]
    fn numbers_that_nobody_agreed_on() {
        let numbered = [&SPS[..2], &[0, 9], &SPS[2..]].concat();
        let idr: &[u8] = &[0x26, 1, 0xAF, 1, 2, 3];
        let rows: &[Case<'_>] = &[
            // Single NAL units and the first fragments have them from the parameter set on.
            (
                &[
                    Some(&numbered),
                    Some(&[0x26, 1, 0, 10, 0xAF, 1, 2, 3]),
                    Some(&[0x62, 1, 0x93, 0, 11, 0xAF, 1]),
                    Some(&[0x62, 1, 0x53, 2, 3]),
                ],
                &[SPS, idr, idr],
                0,
                &[("decoding_order_number", 3)],
            ),
            (
                &[Some(&numbered), Some(SPS), Some(idr)],
                &[SPS, SPS, idr],
                0,
                &[("decoding_order_number", 1)],
            ),
            (&[Some(SPS), Some(idr)], &[SPS, idr], 0, &[]),
        ];
        check(Codec::H265, rows);
    }
}
