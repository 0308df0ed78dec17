//! Where a picture can be held on to: the best corner of each cell of a grid.
//!
//! Shi and Tomasi, "Good Features to Track" (1994): the smaller eigenvalue of the sum of gradient
//! products over a window says how well the window's place can be told in its worst direction.

use razz_base::Rect;

use super::flow::{MARGIN, WINDOW};
use super::gray::Pyramid;
use crate::simd::vectorised;

/// Corners lie on a lattice of half a window.
const STEP: usize = WINDOW / 2;
/// Lattice steps of a cell, across and down; each cell gives its best corner.
const CELL: usize = 4;
/// The least worth of a corner: 64 pixels whose brightness changes by a level of 255 from one to
/// the next. Noise of three levels at full size makes a third of it.
const LEAST: f32 = 4.0 * (WINDOW * WINDOW) as f32;

/// Finds corners; keep it, so that it allocates once.
#[derive(Clone, Debug, Default)]
pub(super) struct Corners {
    /// For each block of a step squared the sums of gx², gx gy and gy².
    blocks: Vec<[f32; 3]>,
}

impl Corners {
    /// Replaces `out` with the middles of windows (in pixels of the finest level, pixel corners at
    /// whole numbers) that are worth holding on to, outside of `objects` (in pixels of the
    /// picture). At most one for each 16 by 16 pixels.
    pub(super) fn find(&mut self, picture: &Pyramid, objects: &[Rect], out: &mut Vec<[usize; 2]>) {
        out.clear();
        let gray = &picture.levels[0];
        let (columns, rows) = (gray.width / STEP, gray.height / STEP);
        if columns < 4 || rows < 4 {
            return;
        }
        self.blocks.clear();
        self.blocks.resize(columns * rows, [0.0; 3]);
        // Gradients need neighbours: the outermost rows and columns have none, and no corner is
        // taken near them.
        for y in 1..gray.height.min(rows * STEP) - 1 {
            let blocks = &mut self.blocks[y / STEP * columns..][..columns];
            add_products(gray.row(y - 1), gray.row(y), gray.row(y + 1), blocks);
        }
        let unit = picture.unit();
        // Differences span two pixels.
        let least = LEAST * unit * unit;
        for top in (1..rows - 1).step_by(CELL) {
            for left in (1..columns - 1).step_by(CELL) {
                let mut best = (least, None);
                for row in top..(top + CELL).min(rows - 1) {
                    for column in left..(left + CELL).min(columns - 1) {
                        let worth = self.worth(columns, column, row);
                        let middle = [column * STEP, row * STEP];
                        let free = || {
                            inside(gray.width, gray.height, middle)
                                && !covered(middle, picture.factor, objects)
                        };
                        if worth > best.0 && free() {
                            best = (worth, Some(middle));
                        }
                    }
                }
                out.extend(best.1);
            }
        }
    }

    /// The smaller eigenvalue over the window in whose middle block (column, row) begins.
    fn worth(&self, columns: usize, column: usize, row: usize) -> f32 {
        let at = row * columns + column;
        let four = [at, at - 1, at - columns, at - columns - 1];
        let [xx, xy, yy] =
            [0, 1, 2].map(|i| four.iter().map(|at| self.blocks[*at][i]).sum::<f32>());
        let (mean, half) = ((xx + yy) / 2.0, (xx - yy) / 2.0);
        mean - (half * half + xy * xy).sqrt()
    }
}

/// Whether the window around `middle` and its gradients lie inside the picture, with some room.
fn inside(width: usize, height: usize, [x, y]: [usize; 2]) -> bool {
    let room = WINDOW / 2 + MARGIN;
    x >= room && y >= room && x + room <= width && y + room <= height
}

/// Whether the window around `middle` touches an object.
pub(super) fn covered([x, y]: [usize; 2], factor: usize, objects: &[Rect]) -> bool {
    let half = (factor * WINDOW / 2) as f64;
    let [x, y] = [x, y].map(|v| (v * factor) as f64);
    objects.iter().any(|object| {
        (object.left - half..object.right + half).contains(&x)
            && (object.top - half..object.bottom + half).contains(&y)
    })
}

vectorised! {
    /// Adds a row's gradient products to the blocks it belongs to.
    fn add_products(above: &[u16], row: &[u16], below: &[u16], blocks: &mut [[f32; 3]]) {
        for (i, block) in blocks.iter_mut().enumerate() {
            // The first and the last block are never asked.
            let from = (i * STEP).max(1);
            let until = ((i + 1) * STEP).min(row.len() - 1);
            for x in from..until {
                let gx = f32::from(row[x + 1]) - f32::from(row[x - 1]);
                let gy = f32::from(below[x]) - f32::from(above[x]);
                block[0] += gx * gx;
                block[1] += gx * gy;
                block[2] += gy * gy;
            }
        }
    }
}
