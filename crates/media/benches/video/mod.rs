//! Access units that look like coded video, for the benchmarks.

use razz_media::h264::with_emulation_prevention;

/// An access unit of `nals` (header byte, length) filled with bytes that look like coded video:
/// evenly spread, with the emulation prevention that zeros need.
pub(crate) fn access_unit(nals: &[(u8, usize)]) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut out = Vec::new();
    for (header, length) in nals {
        // 0xB8: first_mb_in_slice 0, slice_type 5 (P), of the parameter set 0; a fine first byte for
        // the others as well.
        let mut nal = vec![*header, 0xB8];
        nal.resize_with(*length, || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        });
        nal.push(0x80);
        out.extend_from_slice(&[0, 0, 0, 1]);
        out.extend(with_emulation_prevention(&nal));
    }
    out
}
