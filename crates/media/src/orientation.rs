//! How a stored picture is turned for showing: the orientation of a photo's EXIF block (EXIF 2.32
//! section 4.6.4, tag 274), and the matrix of an MP4 track (ISO/IEC 14496-12 section 8.3.2).

use razz_base::Size;

/// One of the eight ways to turn and mirror a picture by right angles.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Orientation {
    /// As it is stored.
    #[default]
    Upright,
    /// Left and right change places.
    Mirrored,
    /// By half a turn.
    Turned180,
    /// Top and bottom change places.
    Flipped,
    /// Rows become columns.
    Transposed,
    /// By a quarter, clockwise.
    Turned90,
    /// Rows become columns, and that by half a turn.
    Transversed,
    /// By three quarters, clockwise.
    Turned270,
}

/// In the order of EXIF's numbers, from 1.
const ALL: [Orientation; 8] = [
    Orientation::Upright,
    Orientation::Mirrored,
    Orientation::Turned180,
    Orientation::Flipped,
    Orientation::Transposed,
    Orientation::Turned90,
    Orientation::Transversed,
    Orientation::Turned270,
];

impl Orientation {
    /// By EXIF's number, 1 to 8; others are no orientation.
    pub fn from_exif_number(number: u16) -> Option<Self> {
        ALL.get(usize::from(number).checked_sub(1)?).copied()
    }

    /// By the signs of a, b, c and d of a matrix that takes (x, y) to (ax + cy, bx + dy). A matrix that
    /// turns by other than right angles is none, as for browsers.
    pub fn from_matrix([a, b, c, d]: [i64; 4]) -> Option<Self> {
        Some(match [a, b, c, d].map(i64::signum) {
            [1, 0, 0, 1] => Self::Upright,
            [-1, 0, 0, 1] => Self::Mirrored,
            [-1, 0, 0, -1] => Self::Turned180,
            [1, 0, 0, -1] => Self::Flipped,
            [0, 1, 1, 0] => Self::Transposed,
            [0, 1, -1, 0] => Self::Turned90,
            [0, -1, -1, 0] => Self::Transversed,
            [0, -1, 1, 0] => Self::Turned270,
            _ => return None,
        })
    }

    /// By a photo's EXIF block, from its TIFF header on; upright where it says nothing.
    pub fn from_exif(block: &[u8]) -> Self {
        exif_number(block).and_then(Self::from_exif_number).unwrap_or_default()
    }

    /// Whether width and height change places.
    pub fn swaps_sides(self) -> bool {
        matches!(self, Self::Transposed | Self::Turned90 | Self::Transversed | Self::Turned270)
    }

    /// The size that is shown of a picture of this size.
    pub fn shown(self, stored: Size) -> Size {
        if self.swaps_sides() { Size::new(stored.height, stored.width) } else { stored }
    }

    /// Where the pixel of the shown picture is stored, in a picture of `stored`, width and height.
    fn source(self, [x, y]: [usize; 2], [width, height]: [usize; 2]) -> [usize; 2] {
        match self {
            Self::Upright => [x, y],
            Self::Mirrored => [width - 1 - x, y],
            Self::Turned180 => [width - 1 - x, height - 1 - y],
            Self::Flipped => [x, height - 1 - y],
            Self::Transposed => [y, x],
            Self::Turned90 => [y, height - 1 - x],
            Self::Transversed => [width - 1 - y, height - 1 - x],
            Self::Turned270 => [width - 1 - y, x],
        }
    }

    /// The pixels as they are shown, of `bytes` each; rows of the stored ones begin every `stride`
    /// bytes.
    ///
    /// # Panics
    /// If `data` is shorter than a picture of `stored`.
    pub fn turn(self, data: &[u8], stride: usize, stored: Size, bytes: usize) -> Vec<u8> {
        let sides = [stored.width as usize, stored.height as usize];
        let shown = self.shown(stored);
        let mut out = Vec::with_capacity(sides[0] * sides[1] * bytes);
        for y in 0..shown.height as usize {
            for x in 0..shown.width as usize {
                let [x, y] = self.source([x, y], sides);
                out.extend_from_slice(&data[y * stride + x * bytes..][..bytes]);
            }
        }
        out
    }
}

/// Tag 274 of the first directory of a TIFF block (TIFF 6.0 section 2).
fn exif_number(block: &[u8]) -> Option<u16> {
    const ORIENTATION: u16 = 274;
    const SHORT: u16 = 3;
    let little = match block.get(..4)? {
        b"II\x2A\0" => true,
        b"MM\0\x2A" => false,
        _ => return None,
    };
    let short = |at: usize| -> Option<u16> {
        let bytes = [*block.get(at)?, *block.get(at.checked_add(1)?)?];
        Some(if little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let word = |at: usize| -> Option<usize> {
        let (first, second) = (usize::from(short(at)?), usize::from(short(at.checked_add(2)?)?));
        Some(if little { second << 16 | first } else { first << 16 | second })
    };
    let directory = word(4)?;
    let entries = usize::from(short(directory)?);
    (0..entries).find_map(|index| {
        let entry = directory.checked_add(2 + 12 * index)?;
        let is_it = short(entry)? == ORIENTATION && short(entry + 2)? == SHORT;
        // One short lies in the entry itself, at the front of its four bytes.
        if is_it { short(entry + 8) } else { None }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_turns_as_viewers_of_photos_do() {
        // a b c
        // d e f
        let stored = b"abcdef";
        for (number, matrix, want) in [
            (1, [1, 0, 0, 1], &b"abcdef"[..]),
            (2, [-1, 0, 0, 1], b"cbafed"),
            (3, [-1, 0, 0, -1], b"fedcba"),
            (4, [1, 0, 0, -1], b"defabc"),
            (5, [0, 1, 1, 0], b"adbecf"),
            (6, [0, 1, -1, 0], b"daebfc"),
            (7, [0, -1, -1, 0], b"fcebda"),
            (8, [0, -1, 1, 0], b"cfbead"),
        ] {
            let orientation = Orientation::from_exif_number(number).unwrap();
            // Scaled, as in 16.16 fixed point.
            let scaled = matrix.map(|v: i64| v << 16);
            assert_eq!(Orientation::from_matrix(scaled), Some(orientation), "{number}");
            assert_eq!(orientation.turn(stored, 3, Size::new(3, 2), 1), want, "{number}");
            let sides = if number > 4 { Size::new(2, 3) } else { Size::new(3, 2) };
            assert_eq!(orientation.shown(Size::new(3, 2)), sides);
            // With a stride, and three bytes a pixel.
            let wide: Vec<u8> = stored
                .chunks(3)
                .flat_map(|row| {
                    let row = row.iter().flat_map(|byte| [*byte; 3]).collect::<Vec<u8>>();
                    [row, vec![0; 5]].concat()
                })
                .collect();
            let turned = orientation.turn(&wide, 14, Size::new(3, 2), 3);
            let triple: Vec<u8> = want.iter().flat_map(|byte| [*byte; 3]).collect();
            assert_eq!(turned, triple, "{number}");
        }
        for number in [0, 9, u16::MAX] {
            assert_eq!(Orientation::from_exif_number(number), None);
        }
        for matrix in [[0; 4], [1, 1, -1, 1], [1, 0, 0, 0], [i64::MAX, 1, 0, i64::MIN]] {
            assert_eq!(Orientation::from_matrix(matrix), None);
        }
    }

    /// A TIFF block with one tag before the orientation.
    fn block(little: bool, number: u16, kind: u16) -> Vec<u8> {
        let short = |v: u16| if little { v.to_le_bytes() } else { v.to_be_bytes() };
        let word = |v: u32| if little { v.to_le_bytes() } else { v.to_be_bytes() };
        let mut block = if little { b"II\x2A\0".to_vec() } else { b"MM\0\x2A".to_vec() };
        block.extend(word(10));
        block.extend([9, 9]);
        block.extend(short(2));
        for (tag, kind, value) in [(271, 3, 7), (274, kind, number)] {
            block.extend(short(tag));
            block.extend(short(kind));
            block.extend(word(1));
            block.extend(short(value));
            block.extend([0, 0]);
        }
        block
    }

    #[test]
    fn exif_blocks_of_both_byte_orders_and_torn_ones() {
        for little in [false, true] {
            for (number, kind, want) in [
                (6, 3, Orientation::Turned90),
                (3, 3, Orientation::Turned180),
                (0, 3, Orientation::Upright),
                (99, 3, Orientation::Upright),
                (6, 2, Orientation::Upright),
            ] {
                let whole = block(little, number, kind);
                assert_eq!(Orientation::from_exif(&whole), want, "{number}");
                for end in 0..whole.len() {
                    // A block that ends within the value's padding is whole enough.
                    let cut = Orientation::from_exif(&whole[..end]);
                    assert!(cut == Orientation::Upright || end >= whole.len() - 2);
                }
            }
        }
        let mut far = block(true, 6, 3);
        far[4..8].copy_from_slice(&[0xFF; 4]);
        assert_eq!(Orientation::from_exif(&far), Orientation::Upright);
        assert_eq!(Orientation::from_exif(b"Exif"), Orientation::Upright);
    }
}
