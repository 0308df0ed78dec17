//! The quantisation tables of a quality factor, and the Huffman tables of every JPEG that comes by RTP.

/// The tables of luma and of chroma, 64 values each, in the order in which a JPEG file has them (zigzag).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QuantizationTables {
    /// Of luma.
    pub luma: [u8; 64],
    /// Of chroma.
    pub chroma: [u8; 64],
}

/// Table K.1 of Rec. ITU-T T.81, row by row.
#[rustfmt::skip]
const LUMA: [u8; 64] = [
    16, 11, 10, 16,  24,  40,  51,  61,
    12, 12, 14, 19,  26,  58,  60,  55,
    14, 13, 16, 24,  40,  57,  69,  56,
    14, 17, 22, 29,  51,  87,  80,  62,
    18, 22, 37, 56,  68, 109, 103,  77,
    24, 35, 55, 64,  81, 104, 113,  92,
    49, 64, 78, 87, 103, 121, 120, 101,
    72, 92, 95, 98, 112, 100, 103,  99,
];

/// Table K.2.
#[rustfmt::skip]
const CHROMA: [u8; 64] = [
    17, 18, 24, 47, 99, 99, 99, 99,
    18, 21, 26, 66, 99, 99, 99, 99,
    24, 26, 56, 99, 99, 99, 99, 99,
    47, 66, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99,
];

/// The tables of a quality factor, 1 to 99 (RFC 2435 section 4.2 and appendix A); what is above is taken for
/// 99.
pub fn tables_by_quality(factor: u8) -> QuantizationTables {
    let factor = u32::from(factor.clamp(1, 99));
    let percent = if factor < 50 { 5000 / factor } else { 200 - factor * 2 };
    let scaled = |table: &[u8; 64]| {
        ZIGZAG.map(|place| {
            let value = (u32::from(table[usize::from(place)]) * percent + 50) / 100;
            value.clamp(1, 255) as u8
        })
    };
    QuantizationTables { luma: scaled(&LUMA), chroma: scaled(&CHROMA) }
}

/// Which value of a table, row by row, comes when in a file (figure A.6).
#[rustfmt::skip]
const ZIGZAG: [u8; 64] = [
     0,  1,  8, 16,  9,  2,  3, 10, 17, 24, 32, 25, 18, 11,  4,  5,
    12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13,  6,  7, 14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
    58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// A Huffman table: how many codes there are of each length, and what they stand for.
pub(super) struct HuffmanTable {
    pub(super) lengths: [u8; 16],
    pub(super) values: &'static [u8],
}

/// Tables K.3 to K.6: the only ones that pictures by RTP have (RFC 2435 section 3.1.9, appendix B).
pub(super) const LUMA_DC: HuffmanTable = HuffmanTable {
    lengths: [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0],
    values: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
};
pub(super) const CHROMA_DC: HuffmanTable = HuffmanTable {
    lengths: [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0],
    values: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
};
#[rustfmt::skip]
pub(super) const LUMA_AC: HuffmanTable = HuffmanTable {
    lengths: [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7D],
    values: &[
        0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07,
        0x22, 0x71, 0x14, 0x32, 0x81, 0x91, 0xA1, 0x08, 0x23, 0x42, 0xB1, 0xC1, 0x15, 0x52, 0xD1, 0xF0,
        0x24, 0x33, 0x62, 0x72, 0x82, 0x09, 0x0A, 0x16, 0x17, 0x18, 0x19, 0x1A, 0x25, 0x26, 0x27, 0x28,
        0x29, 0x2A, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3A, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49,
        0x4A, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5A, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69,
        0x6A, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7A, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89,
        0x8A, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7,
        0xA8, 0xA9, 0xAA, 0xB2, 0xB3, 0xB4, 0xB5, 0xB6, 0xB7, 0xB8, 0xB9, 0xBA, 0xC2, 0xC3, 0xC4, 0xC5,
        0xC6, 0xC7, 0xC8, 0xC9, 0xCA, 0xD2, 0xD3, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8, 0xD9, 0xDA, 0xE1, 0xE2,
        0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xEA, 0xF1, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8,
        0xF9, 0xFA,
    ],
};
#[rustfmt::skip]
pub(super) const CHROMA_AC: HuffmanTable = HuffmanTable {
    lengths: [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77],
    values: &[
        0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61, 0x71,
        0x13, 0x22, 0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xA1, 0xB1, 0xC1, 0x09, 0x23, 0x33, 0x52, 0xF0,
        0x15, 0x62, 0x72, 0xD1, 0x0A, 0x16, 0x24, 0x34, 0xE1, 0x25, 0xF1, 0x17, 0x18, 0x19, 0x1A, 0x26,
        0x27, 0x28, 0x29, 0x2A, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3A, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48,
        0x49, 0x4A, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5A, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68,
        0x69, 0x6A, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7A, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87,
        0x88, 0x89, 0x8A, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0xA2, 0xA3, 0xA4, 0xA5,
        0xA6, 0xA7, 0xA8, 0xA9, 0xAA, 0xB2, 0xB3, 0xB4, 0xB5, 0xB6, 0xB7, 0xB8, 0xB9, 0xBA, 0xC2, 0xC3,
        0xC4, 0xC5, 0xC6, 0xC7, 0xC8, 0xC9, 0xCA, 0xD2, 0xD3, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8, 0xD9, 0xDA,
        0xE2, 0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xEA, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8,
        0xF9, 0xFA,
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quality_factor_scales_the_tables() {
        // The factor, and the first four values of both tables in a file's order.
        for (factor, luma, chroma) in [
            (50, [16, 11, 12, 14], [17, 18, 18, 24]),
            (75, [8, 6, 6, 7], [9, 9, 9, 12]),
            (25, [32, 22, 24, 28], [34, 36, 36, 48]),
            (1, [255, 255, 255, 255], [255, 255, 255, 255]),
            (99, [1, 1, 1, 1], [1, 1, 1, 1]),
            // Reserved: as close as there is.
            (0, [255, 255, 255, 255], [255, 255, 255, 255]),
            (120, [1, 1, 1, 1], [1, 1, 1, 1]),
        ] {
            let tables = tables_by_quality(factor);
            assert_eq!(
                (&tables.luma[..4], &tables.chroma[..4]),
                (&luma[..], &chroma[..]),
                "{factor}"
            );
        }
        assert_eq!(tables_by_quality(50).luma[63], 99, "the last stays the last");
        assert_eq!(tables_by_quality(50).luma[62], 103);
    }

    #[test]
    fn the_huffman_tables_have_as_many_values_as_codes() {
        for table in [LUMA_DC, CHROMA_DC, LUMA_AC, CHROMA_AC] {
            let codes: usize = table.lengths.iter().map(|count| usize::from(*count)).sum();
            assert_eq!(table.values.len(), codes);
            let mut values = table.values.to_vec();
            values.sort_unstable();
            values.dedup();
            assert_eq!(values.len(), codes, "no value has two codes");
        }
    }
}
