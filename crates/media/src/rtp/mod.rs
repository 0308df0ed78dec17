//! Cuts an access unit into RTP payloads: H.264 over RTP, packetization-mode 1 (RFC 6184), and H.265
//! over RTP in a single stream without interleaving (RFC 7798, `tx-mode=SRST`).
//!
//! It is done once per camera; the payloads are shared by all viewers and by their retransmission
//! caches. A viewer's packets differ in their header and encryption only.
//!
//! The two ways are one but for their headers, which `h264` and `h265` know.
//!
//! The other direction, from a camera's packets to access units, is [`receive`]. [`rtcp`] is what
//! cameras, razz and viewers have in common of RTCP.

mod h264;
mod h265;
pub mod receive;
pub mod rtcp;

use std::sync::Arc;

use razz_base::Codec;

use crate::h264::nal_units;

/// What every payload fits in, in bytes: with RTP header and extensions, SRTP tag, UDP and IPv6
/// headers it stays below the 1280 bytes that every IPv6 path carries (RFC 8200 section 5).
pub const MAX_PAYLOAD: usize = 1180;

/// The least that [`packetize`] takes as maximum; smaller values count as this one.
pub const MIN_MAX_PAYLOAD: usize = 16;

/// One RTP packet's payload.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Payload {
    /// A single NAL unit, or a STAP-A or FU-A of H.264, an AP or FU of H.265.
    pub data: Arc<[u8]>,
    /// The RTP marker bit: the last packet of its access unit (RFC 6184 section 5.1, RFC 7798
    /// section 4.1).
    pub marker: bool,
}

/// How a codec's NAL units go into payloads.
trait Format {
    /// Bytes of a NAL unit's header.
    const HEADER: usize;

    /// Whether a NAL unit may and need be sent.
    fn is_sent(nal: &[u8]) -> bool;

    /// Whether it is of a kind that travels with its neighbours: parameter sets and SEI.
    fn is_grouped(nal: &[u8]) -> bool;

    /// Writes the header of a payload in which these travel together, as long as a NAL unit's.
    fn write_group_header(nals: &[&[u8]], out: &mut Vec<u8>);

    /// Writes the header of a payload with a part of a NAL unit of this header, and of what follows
    /// it in the byte with the start and end bits, which are still clear.
    fn write_fragment_header(header: &[u8], out: &mut Vec<u8>);
}

/// The payloads of an access unit, in sending order; none when it holds nothing to send.
///
/// - Neighbouring parameter sets and SEI travel together where they fit (RFC 6184 section 5.7.1, RFC
///   7798 section 4.4.2);
/// - a NAL unit that fits travels alone (5.6, 4.4.1), others in parts of nearly the same size (5.8,
///   4.4.3);
/// - access unit delimiters, end markers and filler are left out: they say nothing that the marker
///   bit does not. Malformed NAL units (forbidden bit set, of H.265 also those of other layers) and
///   types that RTP uses for itself or that are not defined are never sent.
///
/// `max_payload` is usually [`MAX_PAYLOAD`]; raising it makes fewer packets, which some network
/// path may then drop.
pub fn packetize(codec: Codec, annex_b: &[u8], max_payload: usize) -> Arc<[Payload]> {
    match codec {
        Codec::H264 => packetize_as::<h264::H264>(annex_b, max_payload),
        Codec::H265 => packetize_as::<h265::H265>(annex_b, max_payload),
        // No viewer takes it.
        Codec::Mjpeg => Arc::default(),
    }
}

fn packetize_as<F: Format>(annex_b: &[u8], max_payload: usize) -> Arc<[Payload]> {
    let max = max_payload.max(MIN_MAX_PAYLOAD);
    let mut out: Vec<Payload> = Vec::with_capacity(annex_b.len() / max + 4);
    let mut group = Group { nals: Vec::new(), max, length: F::HEADER };
    for nal in nal_units(annex_b).filter(|nal| F::is_sent(nal)) {
        if group.takes::<F>(nal) {
            group.add(nal);
            continue;
        }
        group.flush::<F>(&mut out);
        if group.takes::<F>(nal) {
            group.add(nal);
        } else if nal.len() <= max {
            out.push(payload(nal));
        } else {
            fragment::<F>(nal, max, &mut out);
        }
    }
    group.flush::<F>(&mut out);
    if let Some(last) = out.last_mut() {
        last.marker = true;
    }
    out.into()
}

fn payload(data: &[u8]) -> Payload {
    Payload { data: data.into(), marker: false }
}

/// Neighbouring small NAL units on their way into one payload.
struct Group<'a> {
    nals: Vec<&'a [u8]>,
    max: usize,
    /// Bytes of the payload so far.
    length: usize,
}

impl<'a> Group<'a> {
    /// Whether `nal` belongs into it, and fits.
    fn takes<F: Format>(&self, nal: &[u8]) -> bool {
        // 16 bits of length stand before each NAL unit.
        F::is_grouped(nal)
            && nal.len() <= usize::from(u16::MAX)
            && self.length + 2 + nal.len() <= self.max
    }

    fn add(&mut self, nal: &'a [u8]) {
        self.length += 2 + nal.len();
        self.nals.push(nal);
    }

    fn flush<F: Format>(&mut self, out: &mut Vec<Payload>) {
        match self.nals[..] {
            [] => {}
            // Alone, a NAL unit needs no frame around it.
            [nal] => out.push(payload(nal)),
            _ => {
                let mut data = Vec::with_capacity(self.length);
                F::write_group_header(&self.nals, &mut data);
                for nal in &self.nals {
                    data.extend_from_slice(&(nal.len() as u16).to_be_bytes());
                    data.extend_from_slice(nal);
                }
                out.push(payload(&data));
            }
        }
        self.nals.clear();
        self.length = F::HEADER;
    }
}

/// Splits a NAL unit that does not fit.
fn fragment<F: Format>(nal: &[u8], max: usize, out: &mut Vec<Payload>) {
    let (header, body) = nal.split_at(F::HEADER);
    // The byte with the start and end bits stands behind the header.
    let headers = F::HEADER + 1;
    let count = body.len().div_ceil(max - headers);
    // Nearly equal parts: a short last packet costs as much to send as a full one, and error
    // correction and pacing like equal sizes.
    let size = body.len().div_ceil(count);
    let mut data = Vec::with_capacity(headers + size);
    let mut parts = body.chunks(size).peekable();
    let mut start = 0x80;
    while let Some(part) = parts.next() {
        let end = if parts.peek().is_none() { 0x40 } else { 0 };
        data.clear();
        F::write_fragment_header(header, &mut data);
        data[F::HEADER] |= start | end;
        data.extend_from_slice(part);
        out.push(payload(&data));
        start = 0;
    }
}

#[cfg(test)]
mod tests {
    //! What the tests of both formats need.

    use razz_base::Codec;

    use super::{MAX_PAYLOAD, Payload, packetize};

    /// NAL units, and the payloads they become.
    pub(super) type Row<'a> = (&'a [&'a [u8]], &'a [&'a [u8]]);

    /// Each row's NAL units become its payloads, of which the last and no other has the marker.
    pub(super) fn check_payloads(codec: Codec, rows: &[Row<'_>]) {
        for (nals, expected) in rows {
            let payloads = packetize(codec, &annex_b(nals), MAX_PAYLOAD);
            assert_eq!(bytes_of(&payloads), *expected, "{nals:02x?}");
            let markers = payloads.iter().filter(|payload| payload.marker).count();
            assert_eq!(markers, payloads.len().min(1));
            assert!(payloads.last().is_none_or(|payload| payload.marker));
        }
    }

    /// The NAL units with start codes of four bytes.
    pub(super) fn annex_b(nals: &[&[u8]]) -> Vec<u8> {
        nals.iter().flat_map(|nal| [&[0, 0, 0, 1], *nal].concat()).collect()
    }

    pub(super) fn bytes_of(payloads: &[Payload]) -> Vec<Vec<u8>> {
        payloads.iter().map(|payload| payload.data.to_vec()).collect()
    }
}
