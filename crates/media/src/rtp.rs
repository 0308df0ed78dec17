//! Cuts an access unit into RTP payloads: H.264 over RTP, packetization-mode 1 (RFC 6184).
//!
//! It is done once per camera; the payloads are shared by all viewers and by their retransmission
//! caches. A viewer's packets differ in their header and encryption only.

use std::sync::Arc;

use crate::h264::{NalType, nal_type, nal_units};

/// What every payload fits in, in bytes: with RTP header and extensions, SRTP tag, UDP and IPv6
/// headers it stays below the 1280 bytes that every IPv6 path carries (RFC 8200 section 5).
pub const MAX_PAYLOAD: usize = 1180;

/// The least that [`packetize`] takes as maximum; smaller values count as this one.
pub const MIN_MAX_PAYLOAD: usize = 16;

/// One RTP packet's payload.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Payload {
    /// A single NAL unit, a STAP-A or an FU-A.
    pub data: Arc<[u8]>,
    /// The RTP marker bit: the last packet of its access unit (RFC 6184 section 5.1).
    pub marker: bool,
}

/// `STAP-A` and `FU-A`: NAL unit types that exist in RTP only (RFC 6184 table 1).
const STAP_A: u8 = 24;
const FU_A: u8 = 28;

/// The payloads of an access unit, in sending order; none when it holds nothing to send.
///
/// - Neighbouring SPS, PPS and SEI travel together as STAP-A where they fit (section 5.7.1);
/// - a NAL unit that fits travels alone (section 5.6), others as FU-A in parts of nearly the same
///   size (section 5.8);
/// - access unit delimiters, end markers and filler are left out: they say nothing that the marker
///   bit does not. Malformed NAL units (forbidden bit set) and types that RTP uses for itself (0
///   and 24 to 31) are never sent.
///
/// `max_payload` is usually [`MAX_PAYLOAD`]; raising it makes fewer packets, which some network
/// path may then drop.
pub fn packetize(annex_b: &[u8], max_payload: usize) -> Arc<[Payload]> {
    let max = max_payload.max(MIN_MAX_PAYLOAD);
    let mut out: Vec<Payload> = Vec::with_capacity(annex_b.len() / max + 4);
    let mut group = Group { nals: Vec::new(), max, length: 1 };
    for nal in nal_units(annex_b).filter(|nal| is_sent(nal)) {
        if group.takes(nal) {
            group.add(nal);
            continue;
        }
        group.flush(&mut out);
        if group.takes(nal) {
            group.add(nal);
        } else if nal.len() <= max {
            out.push(payload(nal));
        } else {
            fragment(nal, max, &mut out);
        }
    }
    group.flush(&mut out);
    if let Some(last) = out.last_mut() {
        last.marker = true;
    }
    out.into()
}

fn payload(data: &[u8]) -> Payload {
    Payload { data: data.into(), marker: false }
}

/// Whether a NAL unit may and need be sent.
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

/// Neighbouring small NAL units on their way into one STAP-A.
struct Group<'a> {
    nals: Vec<&'a [u8]>,
    max: usize,
    /// Bytes of the STAP-A so far.
    length: usize,
}

impl<'a> Group<'a> {
    /// Whether `nal` belongs into a STAP-A, and fits.
    fn takes(&self, nal: &[u8]) -> bool {
        // 16 bits of length stand before each NAL unit (section 5.7.1).
        matches!(nal_type(nal), Some(NalType::Sps | NalType::Pps | NalType::Sei))
            && nal.len() <= usize::from(u16::MAX)
            && self.length + 2 + nal.len() <= self.max
    }

    fn add(&mut self, nal: &'a [u8]) {
        self.length += 2 + nal.len();
        self.nals.push(nal);
    }

    fn flush(&mut self, out: &mut Vec<Payload>) {
        match self.nals[..] {
            [] => {}
            // Alone, a NAL unit needs no frame around it.
            [nal] => out.push(payload(nal)),
            _ => {
                // The highest importance of those inside (section 5.7).
                let importance = self.nals.iter().map(|nal| nal[0] & 0x60).max().unwrap_or(0);
                let mut data = Vec::with_capacity(self.length);
                data.push(importance | STAP_A);
                for nal in &self.nals {
                    data.extend_from_slice(&(nal.len() as u16).to_be_bytes());
                    data.extend_from_slice(nal);
                }
                out.push(payload(&data));
            }
        }
        self.nals.clear();
        self.length = 1;
    }
}

/// Splits a NAL unit that does not fit (section 5.8).
fn fragment(nal: &[u8], max: usize, out: &mut Vec<Payload>) {
    const HEADERS: usize = 2;
    let (header, body) = (nal[0], &nal[1..]);
    let count = body.len().div_ceil(max - HEADERS);
    // Nearly equal parts: a short last packet costs as much to send as a full one, and error
    // correction and pacing like equal sizes.
    let size = body.len().div_ceil(count);
    let indicator = header & 0xE0 | FU_A;
    let mut data = Vec::with_capacity(HEADERS + size);
    let mut parts = body.chunks(size).peekable();
    let mut start = 0x80;
    while let Some(part) = parts.next() {
        let end = if parts.peek().is_none() { 0x40 } else { 0 };
        data.clear();
        data.extend_from_slice(&[indicator, start | end | header & 0x1F]);
        data.extend_from_slice(part);
        out.push(payload(&data));
        start = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn annex_b(nals: &[&[u8]]) -> Vec<u8> {
        nals.iter().flat_map(|nal| [&[0, 0, 0, 1], *nal].concat()).collect()
    }

    fn bytes_of(payloads: &[Payload]) -> Vec<Vec<u8>> {
        payloads.iter().map(|payload| payload.data.to_vec()).collect()
    }

    #[test]
    fn payloads_of_small_access_units() {
        let (sps, pps, sei, idr): (&[u8], &[u8], &[u8], &[u8]) =
            (&[0x67, 1, 2], &[0x28, 3], &[0x06, 4], &[0x65, 5, 6]);
        // (NAL units, payloads)
        type Row<'a> = (&'a [&'a [u8]], &'a [&'a [u8]]);
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
        for (nals, expected) in rows {
            let payloads = packetize(&annex_b(nals), MAX_PAYLOAD);
            assert_eq!(bytes_of(&payloads), *expected, "{nals:02x?}");
            let markers = payloads.iter().filter(|payload| payload.marker).count();
            assert_eq!(markers, payloads.len().min(1));
            assert!(payloads.last().is_none_or(|payload| payload.marker));
        }
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
