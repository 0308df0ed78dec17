//! Which quantisation tables a picture has (RFC 2435 sections 3.1.4 and 3.1.8).

use std::collections::BTreeMap;

use super::fragment::{IN_BAND, TableData};
use crate::jpeg::{QuantizationTables, tables_by_quality};
use crate::rtp::receive::counts::Oddity;

/// Q whose tables may be others in each picture, so that they are in each.
const DYNAMIC: u8 = 255;
/// The highest quality factor; those up to [`IN_BAND`] are reserved.
const BEST: u8 = 99;

/// The tables that came for each Q from 128 to 254: they stay while a session lasts.
#[derive(Debug, Default)]
pub(super) struct KnownTables(BTreeMap<u8, QuantizationTables>);

impl KnownTables {
    /// The tables of a picture with this Q and, if its first packet had any, these tables; and what is odd
    /// about it.
    pub(super) fn of(
        &mut self,
        quality: u8,
        came: Option<&TableData>,
    ) -> Result<(QuantizationTables, Option<Oddity>), Oddity> {
        if quality < IN_BAND {
            return match quality {
                0 => Err(Oddity::JpegQuality),
                quality => {
                    let odd = (quality > BEST).then_some(Oddity::JpegQuality);
                    Ok((tables_by_quality(quality), odd))
                }
            };
        }
        let Some(came) = came.filter(|came| !came.data.is_empty()) else {
            let known = self.0.get(&quality).filter(|_| quality != DYNAMIC);
            return known.cloned().map(|tables| (tables, None)).ok_or(Oddity::JpegWithoutTables);
        };
        let tables = read(came)?;
        if quality != DYNAMIC {
            self.0.insert(quality, tables.clone());
        }
        Ok((tables, None))
    }
}

/// One table for luma and chroma, or one for each; those behind them are of no component.
fn read(came: &TableData) -> Result<QuantizationTables, Oddity> {
    let count = if came.data.len() < 128 { 1 } else { 2 };
    // Values of 16 bits are none of baseline JPEG's (section B.2.4.1 of Rec. ITU-T T.81).
    if came.precision & ((1 << count) - 1) != 0 {
        return Err(Oddity::JpegType);
    }
    let Some(luma) = came.data.first_chunk::<64>() else { return Err(Oddity::JpegWithoutTables) };
    let chroma = came.data[64..].first_chunk::<64>().unwrap_or(luma);
    if luma.contains(&0) || chroma.contains(&0) {
        return Err(Oddity::JpegWithoutTables);
    }
    Ok(QuantizationTables { luma: *luma, chroma: *chroma })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(precision: u8, values: &[u8]) -> TableData {
        let data: Vec<u8> = values.iter().flat_map(|value| [*value; 64]).collect();
        TableData { precision, data: data.into() }
    }

    #[test]
    fn tables_stay_for_the_q_that_they_came_with() {
        let mut known = KnownTables::default();
        let none = TableData { precision: 0, data: bytes::Bytes::new() };
        let short = TableData { precision: 0, data: vec![1; 63].into() };
        // Q, what came; the first values of both tables.
        for (quality, came, expected) in [
            (50, None, Ok((16, 17, None))),
            (100, None, Ok((1, 1, Some(Oddity::JpegQuality)))),
            (0, None, Err(Oddity::JpegQuality)),
            (128, Some(none.clone()), Err(Oddity::JpegWithoutTables)),
            (128, Some(data(0, &[5, 6])), Ok((5, 6, None))),
            (128, Some(none.clone()), Ok((5, 6, None))),
            (129, Some(none.clone()), Err(Oddity::JpegWithoutTables)),
            (254, Some(data(0, &[9])), Ok((9, 9, None))),
            (254, Some(none.clone()), Ok((9, 9, None))),
            (128, Some(data(0, &[7, 8, 9])), Ok((7, 8, None))),
            (128, None, Ok((7, 8, None))),
            // Dynamic ones do not stay.
            (255, Some(data(0, &[3, 4])), Ok((3, 4, None))),
            (255, Some(none), Err(Oddity::JpegWithoutTables)),
            (128, Some(data(1, &[0, 3, 0, 3])), Err(Oddity::JpegType)),
            (128, Some(data(2, &[1, 0, 3])), Err(Oddity::JpegType)),
            (128, Some(data(4, &[1, 2, 0, 3])), Ok((1, 2, None))),
            (128, Some(data(0, &[0, 1])), Err(Oddity::JpegWithoutTables)),
            (128, Some(short), Err(Oddity::JpegWithoutTables)),
            (128, None, Ok((1, 2, None))),
        ] {
            let found = known.of(quality, came.as_ref());
            let found = found.map(|(tables, odd)| (tables.luma[0], tables.chroma[0], odd));
            assert_eq!(found, expected, "{quality} {came:?}");
        }
    }
}
