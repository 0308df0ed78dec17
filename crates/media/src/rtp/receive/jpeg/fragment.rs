//! The headers in front of a part of a scan (RFC 2435 section 3.1).

use bytes::Bytes;
use razz_base::Size;

use crate::rtp::receive::counts::Oddity;

/// The main header, and that of restart markers.
const MAIN: usize = 8;
const RESTART: usize = 4;
/// Where types with restart markers begin (section 3.1.3).
const WITH_RESTARTS: u8 = 64;
/// From this Q on the tables are in the packets (section 3.1.4).
pub(super) const IN_BAND: u8 = 128;
/// The widest and highest that the header has room for.
const MOST: u32 = 255 * 8;

/// What all packets of a picture say alike.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Shape {
    /// Type 1 (4:2:0) rather than 0 (4:2:2), with restart markers or without.
    pub(super) half_rows: bool,
    /// Q.
    pub(super) quality: u8,
    /// In units of 8 pixels.
    width: u8,
    height: u8,
    /// In MCUs; 0: there are none.
    pub(super) restart_interval: u16,
}

/// A part of a picture's scan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Fragment {
    /// Where in the scan it belongs, in bytes.
    pub(super) offset: usize,
    pub(super) shape: Shape,
    /// Of the first part, where Q says so: the tables as they stand in the packet.
    pub(super) tables: Option<TableData>,
    pub(super) scan: Bytes,
}

/// Quantisation tables of a packet (section 3.1.8).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct TableData {
    /// A bit for each table, the lowest for the first: its values have 16 bits rather than 8.
    pub(super) precision: u8,
    pub(super) data: Bytes,
}

impl Fragment {
    /// Reads a payload.
    pub(super) fn parse(payload: Bytes) -> Result<Self, Oddity> {
        let Some(&[specific, o1, o2, o3, kind, quality, width, height]) =
            payload.first_chunk::<MAIN>()
        else {
            return Err(Oddity::JpegTooShort);
        };
        let offset = u32::from_be_bytes([0, o1, o2, o3]) as usize;
        // Section 3.1.3: 0 and 1, and the same with restart markers. 2 to 5 are those of RFC 2035, others
        // are nobody's.
        let half_rows = match kind & !WITH_RESTARTS {
            0 => false,
            1 => true,
            _ => return Err(Oddity::JpegType),
        };
        // Section 4.1: 1 and 2 are the fields of a frame, 3 is a field to be shown as a frame.
        if matches!(specific, 1 | 2) {
            return Err(Oddity::JpegField);
        }
        let mut at = MAIN;
        let mut restart_interval = 0;
        if kind & WITH_RESTARTS != 0 {
            let Some(&[high, low, _, _]) = payload[at..].first_chunk::<RESTART>() else {
                return Err(Oddity::JpegTooShort);
            };
            // The other two bytes are for who shows a picture of which parts are missing.
            restart_interval = u16::from_be_bytes([high, low]);
            at += RESTART;
        }
        let mut tables = None;
        if quality >= IN_BAND && offset == 0 {
            let Some(&[_, precision, high, low]) = payload[at..].first_chunk::<4>() else {
                return Err(Oddity::JpegTooShort);
            };
            at += 4;
            let end = at + usize::from(u16::from_be_bytes([high, low]));
            if end > payload.len() {
                return Err(Oddity::JpegTooShort);
            }
            tables = Some(TableData { precision, data: payload.slice(at..end) });
            at = end;
        }
        let shape = Shape { half_rows, quality, width, height, restart_interval };
        Ok(Self { offset, shape, tables, scan: payload.slice(at..) })
    }
}

impl Shape {
    /// Width and height in pixels, by the header or, where that has no room for it or rounds it up, by the
    /// SDP; `None` where neither says it.
    pub(super) fn pixels(&self, told: Option<Size>) -> Option<(u16, u16)> {
        let told = told.filter(|told| told.width > 0 && told.height > 0);
        let side = |units: u8, told: Option<u32>| {
            let units = u32::from(units);
            // What is too large is left to the SDP (width and height 0), or wrapped by who never thought of
            // that.
            let is_told = |told: &u32| {
                let told_units = told.div_ceil(8);
                units == told_units || (*told > MOST && (units == 0 || units == told_units & 0xFF))
            };
            let pixels = told.filter(is_told).unwrap_or(8 * units);
            u16::try_from(pixels).ok().filter(|pixels| *pixels > 0)
        };
        // Who says 0 for one side says it for both.
        let (width, height) = if self.width == 0 || self.height == 0 {
            let told = told?;
            (u16::try_from(told.width).ok(), u16::try_from(told.height).ok())
        } else {
            (
                side(self.width, told.map(|told| told.width)),
                side(self.height, told.map(|told| told.height)),
            )
        };
        width.zip(height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_or_refused() {
        // Type, Q, what follows the main header; restart interval, tables, scan.
        type Expected<'a> = Result<(u16, Option<&'a [u8]>, &'a [u8]), Oddity>;
        let rows: &[(u8, u8, u32, &[u8], Expected<'_>)] = &[
            (0, 75, 0, &[7, 8], Ok((0, None, &[7, 8]))),
            (1, 75, 1400, &[7], Ok((0, None, &[7]))),
            (64, 75, 0, &[0, 40, 0xFF, 0xFF, 7], Ok((40, None, &[7]))),
            (65, 255, 0, &[1, 0, 0xFF, 0xFF, 0, 0, 0, 2, 5, 6, 7], Ok((256, Some(&[5, 6]), &[7]))),
            (0, 128, 0, &[0, 0, 0, 0, 7], Ok((0, Some(&[]), &[7]))),
            // Only the first part has tables.
            (0, 255, 8, &[0, 0, 0, 0, 7], Ok((0, None, &[0, 0, 0, 0, 7]))),
            (2, 75, 0, &[7], Err(Oddity::JpegType)),
            (66, 75, 0, &[0, 1, 0, 0, 7], Err(Oddity::JpegType)),
            (128, 75, 0, &[7], Err(Oddity::JpegType)),
            (64, 75, 0, &[0, 40, 0xFF], Err(Oddity::JpegTooShort)),
            (0, 255, 0, &[0, 0, 0], Err(Oddity::JpegTooShort)),
            (0, 255, 0, &[0, 0, 0, 9, 1], Err(Oddity::JpegTooShort)),
        ];
        for (kind, quality, offset, rest, expected) in rows {
            let [_, o1, o2, o3] = offset.to_be_bytes();
            let payload = [&[0, o1, o2, o3, *kind, *quality, 80, 45][..], rest].concat();
            let found = Fragment::parse(payload.into());
            let found = found.as_ref().map_err(|oddity| *oddity).map(|fragment| {
                assert_eq!(fragment.offset, *offset as usize);
                assert_eq!(fragment.shape.half_rows, kind & 1 == 1);
                let tables = fragment.tables.as_ref().map(|tables| &tables.data[..]);
                (fragment.shape.restart_interval, tables, &fragment.scan[..])
            });
            assert_eq!(found, *expected, "{kind} {quality} {rest:?}");
        }
        assert_eq!(Fragment::parse(Bytes::from_static(&[0; 7])), Err(Oddity::JpegTooShort));
        for (specific, expected) in [(1, true), (2, true), (3, false), (0, false)] {
            let parsed = Fragment::parse(vec![specific, 0, 0, 0, 1, 50, 8, 8, 1].into());
            assert_eq!(parsed == Err(Oddity::JpegField), expected);
        }
    }

    #[test]
    fn the_size_is_the_headers_or_the_sdps() {
        for (header, told, expected) in [
            ((80, 45), None, Some((640, 360))),
            ((80, 45), Some((640, 360)), Some((640, 360))),
            // Rounded up by the header.
            ((80, 46), Some((640, 362)), Some((640, 362))),
            // The SDP speaks of something else.
            ((80, 45), Some((1920, 1080)), Some((640, 360))),
            // Too large for the header: 0 in one or both, or wrapped.
            ((0, 0), Some((2592, 1944)), Some((2592, 1944))),
            ((0, 243), Some((2592, 1944)), Some((2592, 1944))),
            ((68, 243), Some((2592, 1944)), Some((2592, 1944))),
            ((0, 0), None, None),
            ((0, 45), None, None),
            ((0, 0), Some((0, 1944)), None),
            ((0, 0), Some((70_000, 1944)), None),
        ] {
            let (width, height) = header;
            let shape = Shape { half_rows: true, quality: 50, width, height, restart_interval: 0 };
            let told = told.map(|(width, height)| Size::new(width, height));
            assert_eq!(shape.pixels(told), expected, "{header:?} {told:?}");
        }
    }
}
