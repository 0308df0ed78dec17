//! What of a block is compressed: a column for each kind of number, one behind the other.
//!
//! Numbers of one kind are alike, so that together they compress better than mixed. Small ones are a byte, which is
//! what zstd counts.

use super::header::BlockError;
use crate::varint;

/// What a column holds. The order is that in the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Of {
    /// Of each frame, how much longer than the interval before is the one before it, in ticks.
    Times,
    /// Of each frame, how much later its wall time is than by the media time since the frame before it, in µs.
    Walls,
    /// Of each frame its flags.
    Frames,
    /// Width and height of each frame whose size is another than that of the one before.
    Sizes,
    /// Of each frame: how many tracks it lacks that the one before had, and their places among those.
    Ends,
    /// Of each frame: how many tracks it has that the one before lacked, and which.
    Begins,
    /// The id of each track that is new, less that of the new one before.
    Ids,
    /// Of each box how far its left edge is from where it was expected, in quarter pixels.
    Left,
    /// The same of the top edge.
    Top,
    /// The same of the width.
    Width,
    /// The same of the height.
    Height,
    /// Of each box how much larger its confidence is than the track's last, in 1/256.
    Confidences,
    /// Of each box that is predicted or otherwise special: how many before it are not, and its flags.
    Boxes,
    /// The place among the names of each class that is another than the track's last.
    Classes,
    /// Of each predicted box how much older it is than by the frames of the block, in µs.
    Ages,
}

/// How many columns there are.
const COUNT: usize = Of::Ages as usize + 1;

/// Numbers from here on are two bytes, and those from there on the byte 255 and a varint of the rest.
const MIDDLE: u64 = 224;
const LARGE: u64 = MIDDLE + (MOST - MIDDLE) * 256;
const MOST: u64 = 255;

/// Columns that are written.
#[derive(Default)]
pub(super) struct Columns([Vec<u8>; COUNT]);

impl Columns {
    /// Adds a number to a column.
    pub(super) fn put(&mut self, of: Of, number: u64) {
        let column = &mut self.0[of as usize];
        match number {
            0..MIDDLE => column.push(number as u8),
            MIDDLE..LARGE => {
                let rest = number - MIDDLE;
                column.extend_from_slice(&[(MIDDLE + rest / 256) as u8, rest as u8]);
            }
            LARGE.. => {
                column.push(u8::MAX);
                varint::put(number - LARGE, column);
            }
        }
    }

    /// Adds a number that may be negative.
    pub(super) fn put_signed(&mut self, of: Of, number: i64) {
        // "Zigzag": numbers near 0 are few bits, whichever their sign.
        self.put(of, (number << 1 ^ number >> 63) as u64);
    }

    /// All columns, their lengths in front.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.0.iter().for_each(|column| varint::put(column.len() as u64, &mut bytes));
        self.0.iter().for_each(|column| bytes.extend_from_slice(column));
        bytes
    }
}

/// Columns that are read.
pub(super) struct ColumnReader<'a>([&'a [u8]; COUNT]);

impl<'a> ColumnReader<'a> {
    /// Of what [`Columns::bytes`] has written.
    pub(super) fn new(mut bytes: &'a [u8]) -> Result<Self, BlockError> {
        const LENGTHS: BlockError = BlockError::Damaged("its columns are longer than the block");
        let mut lengths = [0; COUNT];
        for length in &mut lengths {
            *length = varint::take(&mut bytes).ok_or(LENGTHS)?;
        }
        let mut columns = [&[][..]; COUNT];
        for (column, length) in columns.iter_mut().zip(lengths) {
            let length = usize::try_from(length).map_err(|_| LENGTHS)?;
            (*column, bytes) = bytes.split_at_checked(length).ok_or(LENGTHS)?;
        }
        Ok(Self(columns))
    }

    /// Whether nothing is left of a column.
    pub(super) fn is_empty(&self, of: Of) -> bool {
        self.0[of as usize].is_empty()
    }

    /// The next number of a column.
    pub(super) fn take(&mut self, of: Of) -> Result<u64, BlockError> {
        const ENDS: BlockError = BlockError::Damaged("a column ends too early");
        let column = &mut self.0[of as usize];
        let (first, rest) = column.split_first().ok_or(ENDS)?;
        *column = rest;
        match u64::from(*first) {
            small @ 0..MIDDLE => Ok(small),
            MIDDLE..MOST => {
                let (second, rest) = column.split_first().ok_or(ENDS)?;
                *column = rest;
                Ok(MIDDLE + (u64::from(*first) - MIDDLE) * 256 + u64::from(*second))
            }
            MOST.. => Ok(varint::take(column).ok_or(ENDS)?.saturating_add(LARGE)),
        }
    }

    /// The next number of a column, which may be negative.
    pub(super) fn take_signed(&mut self, of: Of) -> Result<i64, BlockError> {
        let number = self.take(of)?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBERS: [i64; 12] =
        [0, 1, -1, 111, 112, -112, -113, 4079, 4080, -4081, i64::MAX, i64::MIN];

    #[test]
    fn what_was_put_into_a_column_is_taken_from_it() {
        let mut columns = Columns::default();
        for number in NUMBERS {
            columns.put_signed(Of::Left, number);
            columns.put(Of::Ages, number as u64);
        }
        let bytes = columns.bytes();
        let mut reader = ColumnReader::new(&bytes).unwrap();
        for number in NUMBERS {
            assert_eq!(reader.take_signed(Of::Left), Ok(number));
            assert_eq!(reader.take(Of::Ages), Ok(number as u64));
        }
        assert!(reader.take(Of::Left).is_err() && reader.take(Of::Times).is_err());
        assert!(ColumnReader::new(&bytes[..bytes.len() - 1]).is_err());
        assert!(ColumnReader::new(&bytes[..COUNT - 1]).is_err());
    }
}
