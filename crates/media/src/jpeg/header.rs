//! The headers of a JPEG file: read as far as a stream needs it, and written for a scan that came without.

use razz_base::Size;

use super::QuantizationTables;
use super::marker::{APP0, DHT, DQT, DRI, EOI, SOF0, SOI, SOS};
use super::tables::{CHROMA_AC, CHROMA_DC, HuffmanTable, LUMA_AC, LUMA_DC};

/// What a JPEG's frame header says (section B.2.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// Width and height in pixels.
    pub size: Size,
    /// As H.264 counts it: 0 grey, 1 for 4:2:0, 2 for 4:2:2, 3 for 4:4:4 and anything else.
    pub chroma_format: u8,
    /// Bits per sample.
    pub bit_depth: u8,
    /// Whether it is coded as most are: baseline or extended sequential with Huffman codes; else
    /// progressively, without loss, or by arithmetic coding.
    pub sequential: bool,
    /// Where the first scan's own bytes begin; `None` where there is no whole scan header.
    pub scan: Option<usize>,
}

/// Whether `data` begins as a JPEG file does.
pub fn is_jpeg(data: &[u8]) -> bool {
    matches!(data, [0xFF, SOI, 0xFF, ..])
}

impl Header {
    /// Reads the frame header, and where the scan begins; `None` where there is no frame header that makes
    /// sense.
    pub fn read(data: &[u8]) -> Option<Self> {
        if !is_jpeg(data) {
            return None;
        }
        let mut header: Option<Self> = None;
        let mut at = 2;
        while let Some((kind, segment, next)) = segment_at(data, at) {
            match kind {
                SOS => return header.map(|header| Self { scan: Some(next), ..header }),
                EOI | SOI => break,
                // 0xC4, 0xC8 and 0xCC are no frame headers.
                DHT | 0xC8 | 0xCC => {}
                0xC0..=0xCF if header.is_none() => header = Some(Self::of_frame(kind, segment)?),
                _ => {}
            }
            at = next;
        }
        header
    }

    fn of_frame(kind: u8, segment: &[u8]) -> Option<Self> {
        let (&[bit_depth, high, low, left, right, components], rest) =
            segment.split_first_chunk()?;
        let height = u16::from_be_bytes([high, low]);
        let width = u16::from_be_bytes([left, right]);
        if width == 0 || height == 0 {
            return None;
        }
        let factors: Vec<(u8, u8)> = rest
            .chunks_exact(3)
            .take(usize::from(components))
            .map(|component| (component[1] >> 4, component[1] & 15))
            .collect();
        let chroma_format = match factors[..] {
            [_] => 0,
            [(2, 2), (1, 1), (1, 1)] => 1,
            [(2, 1), (1, 1), (1, 1)] | [(2, 2), (1, 2), (1, 2)] => 2,
            [_, _, _] => 3,
            _ => return None,
        };
        let size = Size::new(u32::from(width), u32::from(height));
        let sequential = matches!(kind, SOF0 | 0xC1);
        Some(Self { size, chroma_format, bit_depth, sequential, scan: None })
    }
}

/// The marker segment at `at`: its kind, what is in it, and where the next one begins.
pub(super) fn segment_at(data: &[u8], mut at: usize) -> Option<(u8, &[u8], usize)> {
    loop {
        let &[first, kind] = data.get(at..)?.first_chunk()?;
        match (first, kind) {
            // Section B.1.1.2: any marker may be preceded by fill bytes.
            (0xFF, 0xFF) => at += 1,
            (0xFF, SOI | EOI) => return Some((kind, &[], at + 2)),
            (0xFF, _) => {
                let length = usize::from(u16::from_be_bytes(*data.get(at + 2..)?.first_chunk()?));
                let segment = data.get(at + 4..at + 2 + length)?;
                return Some((kind, segment, at + 2 + length));
            }
            _ => return None,
        }
    }
}

/// What headers are written for: a scan with the Huffman tables of Rec. ITU-T T.81 section K.3, in YCbCr.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scan<'a> {
    /// Width and height in pixels, 1 to 65535.
    pub size: (u16, u16),
    /// Whether chroma has half as many rows as luma (4:2:0); else only half as many columns (4:2:2).
    pub half_rows: bool,
    /// How its values are scaled.
    pub tables: &'a QuantizationTables,
    /// So many blocks of pixels (MCUs) lie between two restart markers; 0: there are none.
    pub restart_interval: u16,
}

/// Writes the beginning of a JPEG file (JFIF) up to the scan's own bytes, which follow with an EOI.
pub fn write_headers(scan: &Scan<'_>, out: &mut Vec<u8>) {
    let (width, height) = (scan.size.0.to_be_bytes(), scan.size.1.to_be_bytes());
    out.extend_from_slice(&[0xFF, SOI]);
    // JFIF 1.02, no density, no thumbnail: says that the samples are full-range BT.601.
    segment(out, APP0, &[b"JFIF\0\x01\x02\0", &[0, 1, 0, 1, 0, 0]]);
    segment(out, DQT, &[&[0], &scan.tables.luma]);
    segment(out, DQT, &[&[1], &scan.tables.chroma]);
    let luma = if scan.half_rows { 0x22 } else { 0x21 };
    let components = [1, luma, 0, 2, 0x11, 1, 3, 0x11, 1];
    segment(out, SOF0, &[&[8], &height, &width, &[3], &components]);
    for (class_and_place, HuffmanTable { lengths, values }) in
        [(0x00, LUMA_DC), (0x10, LUMA_AC), (0x01, CHROMA_DC), (0x11, CHROMA_AC)]
    {
        segment(out, DHT, &[&[class_and_place], &lengths, values]);
    }
    if scan.restart_interval > 0 {
        segment(out, DRI, &[&scan.restart_interval.to_be_bytes()]);
    }
    segment(out, SOS, &[&[3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0]]);
}

/// A marker segment (section B.1.1.4); it is shorter than 64 KiB.
fn segment(out: &mut Vec<u8>, kind: u8, parts: &[&[u8]]) {
    let length = 2 + parts.iter().map(|part| part.len()).sum::<usize>();
    out.extend_from_slice(&[0xFF, kind]);
    out.extend_from_slice(&(length as u16).to_be_bytes());
    parts.iter().for_each(|part| out.extend_from_slice(part));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jpeg::tables_by_quality;

    #[test]
    fn what_is_written_is_read() {
        for (size, half_rows, chroma_format, restart_interval) in
            [((640, 360), true, 1, 0), ((2592, 1944), false, 2, 40), ((65_535, 8), true, 1, 0)]
        {
            let tables = tables_by_quality(75);
            let mut data = Vec::new();
            write_headers(&Scan { size, half_rows, tables: &tables, restart_interval }, &mut data);
            let header = Header::read(&data).unwrap();
            let size = Size::new(u32::from(size.0), u32::from(size.1));
            let scan = Some(data.len());
            let expected = Header { size, chroma_format, bit_depth: 8, sequential: true, scan };
            assert_eq!(header, expected);
            for length in 0..data.len() {
                let cut = Header::read(&data[..length]);
                assert!(cut.is_none_or(|cut| cut.scan.is_none()), "{length}");
            }
        }
    }

    #[test]
    fn frame_headers_of_other_files() {
        let frame = |kind: u8, rest: &[u8]| {
            let length = (2 + rest.len()) as u8;
            [&[0xFF, SOI, 0xFF, 0xE1, 0, 4, 9, 9, 0xFF, 0xFF, kind, 0, length], rest].concat()
        };
        let size = [8, 0, 16, 0, 32];
        let of = |factors: &[u8]| {
            let components = factors.iter().flat_map(|factors| [1, *factors, 0]);
            let components: Vec<u8> = components.collect();
            [&size[..], &[factors.len() as u8], &components].concat()
        };
        for (kind, rest, expected) in [
            (SOF0, of(&[0x11]), Some((0, true))),
            (SOF0, of(&[0x22, 0x11, 0x11]), Some((1, true))),
            (0xC1, of(&[0x21, 0x11, 0x11]), Some((2, true))),
            (SOF0, of(&[0x22, 0x12, 0x12]), Some((2, true))),
            (0xC2, of(&[0x11, 0x11, 0x11]), Some((3, false))),
            (SOF0, of(&[0x11, 0x11]), None),
            // Four components (CMYK) are no camera's.
            (SOF0, of(&[0x11, 0x11, 0x11, 0x11]), None),
            (SOF0, vec![8, 0, 0, 0, 32, 1, 1, 0x11, 0], None),
            (SOF0, vec![8, 0], None),
            (DHT, of(&[0x11]), None),
            (SOS, of(&[0x11]), None),
        ] {
            let found = Header::read(&frame(kind, &rest));
            let found = found.map(|header| {
                assert_eq!(header.size, Size::new(32, 16));
                (header.chroma_format, header.sequential)
            });
            assert_eq!(found, expected, "{kind:02x} {rest:02x?}");
        }
        assert_eq!(Header::read(b"\xFF\xD9"), None);
        assert_eq!(Header::read(b""), None);
    }
}
