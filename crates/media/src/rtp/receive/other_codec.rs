//! Notices packets of H.265 where the SDP says H.264, and the reverse. Those of MJPEG nobody mistakes.

use razz_base::Codec;

use crate::{h264, h265};

/// So many payloads in a row that are of the other coding and not of the SDP's make it plain.
const IN_A_ROW: u8 = 8;

/// Looks at payloads until the answer is plain.
#[derive(Debug)]
pub(super) struct OtherCodec {
    /// By the SDP.
    codec: Codec,
    in_a_row: u8,
    found: bool,
}

impl OtherCodec {
    pub(super) fn new(codec: Codec) -> Self {
        Self { codec, in_a_row: 0, found: false }
    }

    /// The coding that the packets have, once.
    pub(super) fn look(&mut self, payload: &[u8]) -> Option<Codec> {
        if self.found {
            return None;
        }
        let (is_own, is_other, other) = match self.codec {
            Codec::H264 => (is_h264(payload), is_h265(payload), Codec::H265),
            Codec::H265 => (is_h265(payload), is_h264(payload), Codec::H264),
            Codec::Mjpeg => return None,
        };
        match (is_own, is_other) {
            (true, _) => self.in_a_row = 0,
            (false, true) => self.in_a_row += 1,
            (false, false) => {}
        }
        let is_sps = || match other {
            Codec::H264 => h264::Sps::parse(payload).is_ok(),
            Codec::H265 => h265::Sps::parse(payload).is_ok(),
            Codec::Mjpeg => false,
        };
        // A parameter set that makes sense is proof alone.
        self.found = self.in_a_row >= IN_A_ROW || !is_own && is_other && is_sps();
        self.found.then_some(other)
    }
}

/// Whether a payload can only be H.264's: slices, parameter sets, fragments and aggregates with the
/// headers that cameras write. As H.265's all of them would be of a high layer, or of no defined type.
fn is_h264(payload: &[u8]) -> bool {
    match *payload {
        [header, _, ..] if header & 0x81 == 1 => matches!(header & 0x1F, 1 | 5 | 7),
        // STAP-A and FU-A.
        [header, _, ..] if header & 0x9F == 24 => true,
        [header, fragment, ..] if header & 0x9F == 28 => matches!(fragment & 0x1F, 1 | 5),
        _ => false,
    }
}

/// Whether a payload can only be H.265's. As H.264's they would be of reserved types, data partitions,
/// and SEI or PPS that make no sense.
fn is_h265(payload: &[u8]) -> bool {
    let [first, second, third, ..] = *payload else { return false };
    if first & 0x81 != 0 || !(1..=7).contains(&second) {
        return false;
    }
    match first >> 1 {
        // Trailing pictures, IDR without leading pictures, CRA, parameter sets, aggregates. Types 0 and
        // 19 could be H.264's, a byte stream or a SEI.
        1 | 20 | 21 | 32..=34 | 48 => true,
        49 => matches!(third & 0x3F, 0 | 1 | 19..=21 | 32..=34),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const H264_SPS: &[u8] = b"\x67\x42\xc0\x1f\x8c\x8d\x40\x50\x1e\x80";
    const H265_SPS: &[u8] = &[
        0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00,
        0x03, 0x00, 0x3f, 0xa0, 0x05, 0x02, 0x01, 0x71, 0xf2, 0xe5, 0xba, 0x4a, 0x4c, 0x2f,
    ];

    #[test]
    fn the_other_coding_is_said_once_when_it_is_plain() {
        let h264: &[&[u8]] =
            &[&[0x7C, 0x85, 0x88], &[0x7C, 0x05, 1], &[0x41, 0x9A], &[0x78, 0, 2, 9]];
        let h265: &[&[u8]] =
            &[&[0x62, 1, 0x93], &[0x62, 1, 0x13], &[0x02, 1, 0xD0], &[0x60, 1, 0, 3]];
        let sei: &[&[u8]] = &[&[0x06, 1, 4, 1], &[0x06, 5, 9, 1], &[0x68, 0xCE, 1], &[0x09, 0xF0]];
        // (SDP's, payloads, how often in a row, after how many it is said)
        for (codec, payloads, said) in [
            (Codec::H264, h264.repeat(5), None),
            (Codec::H265, h265.repeat(5), None),
            (Codec::H264, sei.repeat(5), None),
            (Codec::H264, h265.repeat(5), Some((8, Codec::H265))),
            (Codec::H265, h264.repeat(5), Some((8, Codec::H264))),
            // What may be both is no proof against either.
            (Codec::H264, [sei, h265].concat().repeat(5), Some((16, Codec::H265))),
            // Mixed, nothing is plain.
            (Codec::H264, [h264, h265].concat().repeat(5), None),
            // A parameter set is proof.
            (Codec::H264, [&[H265_SPS], h265].concat(), Some((1, Codec::H265))),
            (Codec::H265, [&[H264_SPS], h264].concat(), Some((1, Codec::H264))),
            (Codec::H264, [&[H264_SPS], h264].concat(), None),
            (Codec::H265, [&[H265_SPS], h265].concat(), None),
            (Codec::H264, vec![&[], &[0x42], &[0x42, 1], &[0x62, 1]], None),
        ] {
            let mut check = OtherCodec::new(codec);
            let found: Vec<_> = payloads
                .iter()
                .enumerate()
                .filter_map(|(index, payload)| Some((index + 1, check.look(payload)?)))
                .collect();
            assert_eq!(found, Vec::from_iter(said), "{codec:?} {payloads:02x?}");
        }
    }
}
