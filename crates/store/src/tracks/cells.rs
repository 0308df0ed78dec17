//! Where in the picture something was, roughly: so that a search by zone skips most of what is recorded.

use razz_base::{Rect, Size};

/// Cells from left to right, and from top to bottom.
const COLUMNS: usize = 16;
const ROWS: usize = 9;

/// A picture cut into 16 by 9 cells: those that the foot points of boxes (the middle of the lower edge) were in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct Cells([u8; Self::BYTES]);

impl Cells {
    /// How many bytes it takes.
    pub const BYTES: usize = COLUMNS * ROWS / 8;

    /// From its bytes: bit `n % 8` of byte `n / 8` stands for the cell `n`, counted from the top left, row by row.
    pub const fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    /// Adds the cell of a box's foot point; one beyond the picture's edge counts as at the edge.
    pub fn add(&mut self, bbox: &Rect, size: Size) {
        let cell = |at: f64, all: u32, cells: usize| {
            ((at / f64::from(all.max(1)) * cells as f64).max(0.0) as usize).min(cells - 1)
        };
        let column = cell((bbox.left + bbox.right) / 2.0, size.width, COLUMNS);
        let n = cell(bbox.bottom, size.height, ROWS) * COLUMNS + column;
        self.0[n / 8] |= 1 << (n % 8);
    }

    /// Adds all cells of another.
    pub fn merge(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(byte, other)| *byte |= other);
    }

    /// Whether both have a cell in common.
    pub fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).any(|(byte, other)| byte & other != 0)
    }

    /// How many cells it has.
    pub fn count(&self) -> u32 {
        self.0.iter().map(|byte| byte.count_ones()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_where_its_feet_are() {
        let size = Size::new(1600, 900);
        for (bbox, column, row) in [
            (Rect::new(0.0, 0.0, 10.0, 10.0), 0, 0),
            (Rect::new(90.0, 0.0, 130.0, 99.0), 1, 0),
            (Rect::new(90.0, 0.0, 130.0, 101.0), 1, 1),
            (Rect::new(1500.0, 500.0, 1600.0, 900.0), 15, 8),
            (Rect::new(-500.0, -90.0, -400.0, -1.0), 0, 0),
            (Rect::new(9000.0, 9000.0, 9001.0, 9001.0), 15, 8),
            (Rect::new(f64::NAN, 0.0, 5.0, f64::INFINITY), 0, 8),
        ] {
            let mut cells = Cells::default();
            cells.add(&bbox, size);
            let n = row * 16 + column;
            assert_eq!(cells.count(), 1);
            assert_eq!(cells.as_bytes()[n / 8], 1 << (n % 8), "{bbox:?}");
        }
    }

    #[test]
    fn cells_meet_where_both_were() {
        let of = |lefts: &[f64]| {
            let mut cells = Cells::default();
            for left in lefts {
                cells.add(&Rect::new(*left, 0.0, *left, 1.0), Size::new(160, 90));
            }
            cells
        };
        assert!(of(&[5.0, 25.0]).meets(&of(&[22.0])));
        assert!(!of(&[5.0, 25.0]).meets(&of(&[15.0, 35.0])));
        let mut all = of(&[5.0]);
        all.merge(&of(&[25.0]));
        assert_eq!(all, of(&[25.0, 5.0]));
    }
}
